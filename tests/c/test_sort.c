/* Sorting, in memory and with storage, against a sort of the C library; and storage that fails. */
#include "marbles.h"

enum { MOST = 12000 };

static const ng_field fields[] = {NG_NULLABLE("key", NG_I32), NG_NULLABLE("text", NG_UTF8),
                                  NG_FIELD("float", NG_F64), NG_FIELD("flag", NG_BOOL),
                                  NG_FIELD("row", NG_I64)};
static const ng_schema schema = {fields, 5};

/* ---- rows ------------------------------------------------------------------------------------ */

static uint32_t hash_of(int64_t row) {
    uint32_t h = (uint32_t)row * 2654435761u;
    h ^= h >> 15;
    return h * 2246822519u;
}

static bool key_is_null(int64_t row) { return hash_of(row) % 11 == 0; }
static int32_t key_of(int64_t row) { return (int32_t)(hash_of(row) >> 8) % 50 - 25; }
static bool text_is_null(int64_t row) { return hash_of(row + 7) % 5 == 0; }
static double float_of(int64_t row) {
    return hash_of(row) % 13 == 0 ? __builtin_nan("") : (double)(hash_of(row + 3) % 7) - 3;
}

static size_t text_of(int64_t row, char *text) {
    const size_t size = hash_of(row + 1) % 6;
    for (size_t i = 0; i < size; i++) {
        text[i] = (char)('a' + (hash_of(row + (int64_t)i) >> 9) % 3);
    }
    return size;
}

typedef struct writer {
    int64_t row, rows;
} writer;

static ng_status generate(ng_row out, void *ctx) {
    writer *const w = (writer *)ctx;
    char text[8];
    if (w->row == w->rows) {
        return NG_END;
    }
    const ng_status status = ng_set_text(out, 1, text, text_of(w->row, text));
    if (status != NG_OK) {
        return status;
    }
    ng_set_i32(out, 0, key_of(w->row));
    ng_set_null(out, 0, key_is_null(w->row));
    ng_set_null(out, 1, text_is_null(w->row));
    ng_set_f64(out, 2, float_of(w->row));
    ng_set_bool(out, 3, hash_of(w->row + 9) % 2 == 0);
    ng_set_i64(out, 4, w->row++);
    return NG_OK;
}

/* ---- the order ------------------------------------------------------------------------------- */

static const ng_sort_key by_key[] = {{"key", false, false}};
static const ng_sort_key by_key_down[] = {{"key", true, true}};
static const ng_sort_key by_text[] = {{"text", true, false}, {"flag", false, false}};
static const ng_sort_key by_float[] = {{"float", false, false}, {"key", true, false}};
static const ng_sort_key by_row_down[] = {{"row", true, false}};

static int compare_nulls(bool a, bool b, bool first) {
    return first ? (int)b - (int)a : (int)a - (int)b;
}

static int sign(int order, bool descending) { return descending ? -order : order; }

static int compare_by(const ng_sort_key *key, int64_t a, int64_t b) {
    char text_a[8] = "", text_b[8] = "";
    bool null_a = false, null_b = false;
    int order = 0;
    switch (key->column[0]) {
    case 'k':
        null_a = key_is_null(a);
        null_b = key_is_null(b);
        order = (key_of(a) > key_of(b)) - (key_of(a) < key_of(b));
        break;
    case 't':
        null_a = text_is_null(a);
        null_b = text_is_null(b);
        (void)text_of(a, text_a);
        (void)text_of(b, text_b);
        order = strcmp(text_a, text_b);
        break;
    case 'r':
        order = (a > b) - (a < b);
        break;
    default:
        if (strcmp(key->column, "flag") == 0) {
            order = (int)(hash_of(a + 9) % 2 == 0) - (int)(hash_of(b + 9) % 2 == 0);
        } else {
            const double x = float_of(a), y = float_of(b);
            order = x != x || y != y ? (int)(x != x) - (int)(y != y) : (x > y) - (x < y);
        }
        break;
    }
    return null_a || null_b ? compare_nulls(null_a, null_b, key->nulls_first)
                            : sign(order, key->descending);
}

static const ng_sort_key *sorted_by;
static size_t sorted_keys;

static int compare(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    int order = 0;
    for (size_t i = 0; i < sorted_keys && order == 0; i++) {
        order = compare_by(&sorted_by[i], x, y);
    }
    return order != 0 ? order : (x > y) - (x < y);
}

/* ---- storage --------------------------------------------------------------------------------- */

typedef struct tape {
    uint8_t *bytes;
    uint64_t size, room;
    size_t calls, fails_at;
} tape;

static bool tape_fails(tape *t) { return ++t->calls == t->fails_at; }

static ng_status tape_write(void *ctx, uint64_t at, const void *bytes, size_t size) {
    tape *const t = (tape *)ctx;
    if (tape_fails(t)) {
        return NG_IO;
    }
    CHECK(at == t->size); /* one behind the other */
    if (at + size > t->room) {
        t->room = 2 * (at + size);
        t->bytes = (uint8_t *)realloc(t->bytes, (size_t)t->room);
    }
    memcpy(t->bytes + at, bytes, size);
    t->size = at + size;
    return NG_OK;
}

static ng_status tape_read(void *ctx, uint64_t at, void *into, size_t size) {
    tape *const t = (tape *)ctx;
    CHECK(at + size <= t->size);
    if (tape_fails(t) || at + size > t->size) {
        return NG_IO;
    }
    memcpy(into, t->bytes + at, size);
    return NG_OK;
}

/* ---- runs ------------------------------------------------------------------------------------ */

static int64_t expected[MOST];

typedef struct seen {
    int64_t rows, wrong;
} seen;

static ng_status look(ng_row row, void *ctx) {
    seen *const s = (seen *)ctx;
    const int64_t is = ng_get_i64(row, 4);
    char text[8];
    size_t size;
    const char *const there = ng_get_text(row, 1, &size);
    s->wrong += is != expected[s->rows] || ng_is_null(row, 0) != key_is_null(is) ||
                ng_is_null(row, 1) != text_is_null(is) ||
                (!key_is_null(is) && ng_get_i32(row, 0) != key_of(is)) ||
                ng_get_bool(row, 3) != (hash_of(is + 9) % 2 == 0);
    s->wrong += !text_is_null(is) && (size != text_of(is, text) || memcmp(text, there, size) != 0);
    s->rows++;
    return NG_OK;
}

static ng_status sort(const ng_sort_key *keys, size_t count, int64_t rows, size_t memory_rows,
                      size_t batch, tape *t, seen *s, size_t fail_at) {
    writer w = {0, rows};
    marbles m;
    memset(&m, 0, sizeof m);
    memset(s, 0, sizeof *s);
    m.memory.fail_at = fail_at;
    ng_graph_options options = marbles_options(&m);
    options.batch_rows = batch;
    options.batch_text = 16;
    marbles_begin_with(&m, &options);
    ng_sort_options how = {memory_rows, memory_rows * 3 + 5, 5, {NULL, NULL, NULL}};
    if (t != NULL) {
        how.storage.write = tape_write;
        how.storage.read = tape_read;
        how.storage.ctx = t;
    }
    (void)ng_observe(ng_sort(ng_generate(&m.graph, &schema, generate, &w), keys, count, &how), look,
                     s);
    const ng_status status = marbles_run(&m);
    marbles_end(&m);
    return status;
}

static void expect(const ng_sort_key *keys, size_t count, int64_t rows) {
    for (int64_t i = 0; i < rows; i++) {
        expected[i] = i;
    }
    sorted_by = keys;
    sorted_keys = count;
    qsort(expected, (size_t)rows, sizeof *expected, compare);
}

static const struct {
    const ng_sort_key *keys;
    size_t count;
} orders[] = {{by_key, 1}, {by_key_down, 1}, {by_text, 2}, {by_float, 2}, {by_row_down, 1}};

static void test_in_memory(void) {
    static const int64_t sizes[] = {0, 1, 2, 17, 200};
    for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            seen s;
            expect(orders[o].keys, orders[o].count, sizes[i]);
            CHECK(sort(orders[o].keys, orders[o].count, sizes[i], 400, 7, NULL, &s, 0) == NG_END);
            CHECK(s.rows == sizes[i] && s.wrong == 0);
        }
    }
}

/* 12,000 rows with room for 16 make 750 runs: three levels of merges. */
static void test_with_storage(void) {
    static const int64_t sizes[] = {10, 17, 100, 900, MOST};
    for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            for (size_t memory = 16; memory < 300; memory *= 4) {
                tape t = {NULL, 0, 0, 0, 0};
                seen s;
                expect(orders[o].keys, orders[o].count, sizes[i]);
                CHECK(sort(orders[o].keys, orders[o].count, sizes[i], memory, 7, &t, &s, 0) ==
                      NG_END);
                CHECK(s.rows == sizes[i] && s.wrong == 0);
                CHECK((t.size != 0) == ((size_t)sizes[i] > memory));
                free(t.bytes);
            }
        }
    }
}

static void test_storage_fails(void) {
    ng_status status = NG_IO;
    size_t fails = 0;
    expect(by_text, 2, 400);
    for (size_t fails_at = 1; status == NG_IO; fails_at += 1 + fails_at / 16) {
        tape t = {NULL, 0, 0, 0, fails_at};
        seen s;
        status = sort(by_text, 2, 400, 16, 7, &t, &s, 0);
        CHECK(status == NG_IO || status == NG_END);
        CHECK(s.wrong == 0 && s.rows <= 400 && (status == NG_IO || s.rows == 400));
        fails += status == NG_IO;
        free(t.bytes);
    }
    CHECK(fails > 50);
}

static void test_memory_fails(void) {
    ng_status status = NG_NO_MEMORY;
    expect(by_key, 1, 50);
    for (size_t fail_at = 1; status == NG_NO_MEMORY; fail_at++) {
        seen s;
        status = sort(by_key, 1, 50, 100, 7, NULL, &s, fail_at);
        CHECK(status == NG_NO_MEMORY || (status == NG_END && s.rows == 50));
    }
}

/* ---- rows that do not fit -------------------------------------------------------------------- */

static void test_bad_rows(void) {
    for (int skips = 0; skips < 2; skips++) {
        marbles m;
        marbles_begin(&m);
        static const ng_sort_key by_value[] = {{"value", true, false}};
        const ng_sort_options how = {16, 1, 1, {NULL, NULL, NULL}};
        const ng_river sorted = ng_sort(ng_range(&m.graph, 'a', 'a' + 20, 1), by_value, 1, &how);
        if (skips) {
            (void)ng_on_error(sorted, NG_SKIP);
        }
        const size_t sink = marble_sink(&m, sorted);
        CHECK(marbles_run(&m) == (skips ? NG_END : NG_FULL));
        CHECK_SEEN(&m, sink, skips ? "(ponmlkjihgfedcba|)" : "#");
        CHECK(ng_river_account(sorted).failed == (skips ? 4 : 1));
        marbles_end(&m);
    }
    writer w = {0, 100};
    marbles m;
    seen s = {0, 0};
    marbles_begin(&m);
    const ng_sort_options how = {200, 1000, 3, {NULL, NULL, NULL}};
    const ng_river sorted = ng_sort(ng_generate(&m.graph, &schema, generate, &w), by_key, 1, &how);
    (void)ng_on_error(sorted, NG_SKIP);
    (void)ng_observe(sorted, look, &s);
    size_t longer = 0;
    for (int64_t i = 0; i < 100; i++) {
        char text[8];
        longer += text_of(i, text) > 3;
    }
    CHECK(marbles_run(&m) == NG_END);
    CHECK(longer != 0 && ng_river_account(sorted).failed == longer &&
          s.rows == 100 - (int64_t)longer);
    marbles_end(&m);
}

static ng_status refused(const ng_sort_key *keys, size_t count, const ng_sort_options *options) {
    marbles m;
    marbles_begin(&m);
    (void)ng_sort(ng_range(&m.graph, 0, 9, 1), keys, count, options);
    const ng_status status = ng_graph_error(&m.graph).status;
    marbles_end(&m);
    return status;
}

static void test_refusals(void) {
    static const ng_sort_key value[17] = {{"value", false, false}};
    static const ng_sort_key other[] = {{"other", false, false}};
    const ng_sort_options fine = {16, 16, 16, {NULL, NULL, NULL}};
    CHECK(refused(value, 1, &fine) == NG_OK);
    CHECK(refused(NULL, 1, &fine) == NG_INVALID);
    CHECK(refused(value, 0, &fine) == NG_INVALID);
    CHECK(refused(value, 17, &fine) == NG_TOO_LARGE);
    CHECK(refused(other, 1, &fine) == NG_MISMATCH);
    CHECK(refused(value, 1, NULL) == NG_INVALID);
    const ng_sort_options wrong[] = {
        {15, 16, 16, {NULL, NULL, NULL}}, {((size_t)1 << 30) + 1, 16, 16, {NULL, NULL, NULL}},
        {16, 0, 16, {NULL, NULL, NULL}},  {16, 16, 0, {NULL, NULL, NULL}},
        {16, 16, 17, {NULL, NULL, NULL}}, {16, 16, 16, {tape_write, NULL, NULL}}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(refused(value, 1, &wrong[i]) == NG_INVALID);
    }
}

int main(void) {
    test_in_memory();
    test_with_storage();
    test_storage_fails();
    test_memory_fails();
    test_bad_rows();
    test_refusals();
    return check_report();
}
