/* The plain values that all else stands on: statuses, types, and accounts of rows. */
#include "nagare.h"

#include "check.h"

#include <string.h>

/* ---- statuses -------------------------------------------------------------------------------- */

typedef struct listed {
    ng_status status;
    const char *name, *text;
    ng_category category;
} listed;

static const listed all[] = {
#define ONE(name, value, category, text) {name, #name, text, category},
    NG_STATUSES(ONE)
#undef ONE
};
enum { STATUSES = sizeof all / sizeof all[0] };

static void test_statuses(void) {
    for (size_t i = 0; i < STATUSES; i++) {
        const listed *const one = &all[i];
        CHECK_CASE(strcmp(ng_status_text(one->status), one->text) == 0, one->name);
        CHECK_CASE(ng_status_category(one->status) == one->category, one->name);
        /* Programs test the sign, so it must say the same as the category. */
        CHECK_CASE((one->status < 0) == (one->category != NG_FLOW), one->name);
        for (size_t k = 0; k < i; k++) {
            CHECK_CASE(strcmp(all[k].text, one->text) != 0, one->name);
        }
    }
    const ng_status none[] = {(ng_status)3, (ng_status)-100, (ng_status)100};
    for (size_t i = 0; i < 3; i++) {
        CHECK(strcmp(ng_status_text(none[i]), "unknown status") == 0);
        CHECK(ng_status_category(none[i]) == NG_USAGE);
    }
}

/* ---- types ----------------------------------------------------------------------------------- */

static void test_types(void) {
    static const struct {
        ng_type type;
        size_t size;
    } sizes[] = {
        {NG_BOOL, 0},         {NG_I8, 1},           {NG_U8, 1},           {NG_I16, 2},
        {NG_U16, 2},          {NG_I32, 4},          {NG_U32, 4},          {NG_F32, 4},
        {NG_I64, 8},          {NG_U64, 8},          {NG_F64, 8},          {NG_TIMESTAMP_S, 8},
        {NG_TIMESTAMP_MS, 8}, {NG_TIMESTAMP_US, 8}, {NG_TIMESTAMP_NS, 8}, {NG_UTF8, 0},
        {(ng_type)0, 0},      {(ng_type)17, 0},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        CHECK(ng_type_size(sizes[i].type) == sizes[i].size);
    }
}

/* ---- accounts -------------------------------------------------------------------------------- */

enum { FIELDS = 8 };

/* The first is `in`, the others are what became of it. */
static uint64_t *field_of(ng_account *account, size_t i) {
    uint64_t *const fields[FIELDS] = {&account->in,   &account->out,      &account->filtered,
                                      &account->late, &account->dropped,  &account->failed,
                                      &account->held, &account->in_flight};
    return fields[i];
}

static void test_the_law_has_every_field(void) {
    ng_account account;
    CHECK(!ng_account_holds(NULL));
    memset(&account, 0, sizeof account);
    CHECK(ng_account_holds(&account));
    for (size_t i = 1; i < FIELDS; i++) {
        memset(&account, 0, sizeof account);
        *field_of(&account, i) = 5;
        CHECK(!ng_account_holds(&account)); /* five rows out of nothing */
        account.in = 5;
        CHECK(ng_account_holds(&account));
        account.in = 6;
        CHECK(!ng_account_holds(&account)); /* one is lost */
        account.in = 4;
        *field_of(&account, i) = UINT64_MAX;
        *field_of(&account, i == 1 ? 2 : 1) = 5; /* together 4, where sums wrap around */
        CHECK(!ng_account_holds(&account));
    }
}

static void test_adding_accounts(void) {
    ng_account sum, more, before;
    memset(&sum, 0, sizeof sum);
    memset(&more, 0, sizeof more);
    CHECK(ng_account_add(NULL, &more) == NG_INVALID);
    CHECK(ng_account_add(&sum, NULL) == NG_INVALID);
    for (size_t i = 0; i < FIELDS; i++) {
        *field_of(&sum, i) = i == 0 ? 28 : i;
        *field_of(&more, i) = i == 0 ? 280 : 10 * i;
    }
    CHECK(ng_account_holds(&sum) && ng_account_holds(&more));
    CHECK(ng_account_add(&sum, &more) == NG_OK);
    CHECK(ng_account_holds(&sum) && sum.in == 308 && sum.in_flight == 77);
    before = sum;
    for (size_t i = 0; i < FIELDS; i++) { /* what does not fit leaves all as it was */
        const uint64_t had = *field_of(&more, i);
        *field_of(&more, i) = UINT64_MAX;
        CHECK(ng_account_add(&sum, &more) == NG_TOO_LARGE);
        CHECK(memcmp(&sum, &before, sizeof sum) == 0);
        *field_of(&more, i) = had;
    }
}

static void test_metrics_of_an_account(void) {
    ng_account account;
    ng_label labels[NG_ACCOUNT_METRICS][2];
    ng_metric metrics[NG_ACCOUNT_METRICS];
    uint64_t outcomes = 0;
    memset(&account, 0, sizeof account);
    for (size_t i = 0; i < FIELDS; i++) {
        *field_of(&account, i) = i == 0 ? 28 : i;
    }
    CHECK(ng_account_metrics(NULL, "op", labels, metrics) == NG_INVALID);
    CHECK(ng_account_metrics(&account, NULL, labels, metrics) == NG_INVALID);
    CHECK(ng_account_metrics(&account, "op", NULL, metrics) == NG_INVALID);
    CHECK(ng_account_metrics(&account, "op", labels, NULL) == NG_INVALID);
    CHECK(ng_account_metrics(&account, "op", labels, metrics) == NG_OK);
    for (size_t i = 0; i < NG_ACCOUNT_METRICS; i++) {
        CHECK(metrics[i].value == field_of(&account, i));
        CHECK(strcmp(metrics[i].labels[0].name, "operator") == 0);
        CHECK(strcmp(metrics[i].labels[0].value, "op") == 0);
        outcomes += i == 0 ? 0 : *(const uint64_t *)metrics[i].value;
    }
    CHECK(*(const uint64_t *)metrics[0].value == outcomes); /* what comes in is the others' sum */
    CHECK(strcmp(metrics[0].name, "nagare_rows_in_total") == 0 && metrics[0].label_count == 1);
    CHECK(strcmp(metrics[5].name, "nagare_rows_total") == 0);
    CHECK(metrics[5].label_count == 2 && metrics[5].kind == NG_METRIC_TOTAL);
    CHECK(strcmp(metrics[5].labels[1].name, "outcome") == 0);
    CHECK(strcmp(metrics[5].labels[1].value, "failed") == 0);
    CHECK(strcmp(metrics[7].name, "nagare_rows_waiting") == 0);
    CHECK(metrics[7].kind == NG_METRIC_LEVEL);
    CHECK(strcmp(metrics[7].labels[1].name, "place") == 0);
    CHECK(strcmp(metrics[7].labels[1].value, "in_flight") == 0);
}

int main(void) {
    test_statuses();
    test_types();
    test_the_law_has_every_field();
    test_adding_accounts();
    test_metrics_of_an_account();
    return check_report();
}
