/* Generated kernels as operators: what they bring out does not depend on blocks, links and steps.
 */
#include "marbles.h"

#define NAGARE_KERNELS
#include "kernels/changes.h"
#include "kernels/summary.h"
#include "kernels/thermo.h"
#include "kernels/windows.h"

enum { ROWS = 5000 };

static float celsius[ROWS];
static uint8_t there[ROWS / 8 + 1];

static void fill(void) {
    uint32_t random = 1;
    for (size_t i = 0; i < ROWS; i++) {
        random = random * 1664525 + 1013904223;
        celsius[i] = (float)(random >> 8) / 400000.0F - 5.0F;
        there[i / 8] = (uint8_t)(there[i / 8] | (random % 7 != 0) << (i % 8));
    }
}

/* A digest of the rows a sink saw, and how many. */
typedef struct digest {
    uint64_t rows, sum;
    const ng_schema *schema; /* of fixed width */
} digest;

static ng_status digest_row(ng_row row, void *ctx) {
    digest *const d = (digest *)ctx;
    d->rows++;
    for (size_t i = 0; i < d->schema->count; i++) {
        const size_t size = ng_type_size(d->schema->fields[i].type);
        uint64_t bits = 1;
        if (!ng_is_null(row, i)) {
            memcpy(&bits, (const char *)row.columns[i].values + row.at * size, size);
        }
        d->sum = (d->sum ^ bits) * 0x9e3779b97f4a7c15u;
        d->sum ^= d->sum >> 29;
    }
    return NG_OK;
}

static const ng_field celsius_fields[] = {NG_FIELD("other", NG_F32),
                                          NG_NULLABLE("celsius", NG_F32)};
static const ng_schema celsius_schema = {celsius_fields, 2};
static const ng_field x_fields[] = {NG_FIELD("x", NG_F32)};
static const ng_schema x_schema = {x_fields, 1};

static digest run(const ng_schema *schema, const ng_kernel *kernel, size_t block_rows,
                  size_t high_rows, size_t calls, ng_profile profile) {
    ng_column of_celsius[2] = {{celsius, NULL, NULL, 0}, {celsius, there, NULL, 0}};
    digest seen = {0, 0, &kernel->out};
    marbles m;
    memset(&m, 0, sizeof m);
    ng_graph_options options = marbles_options(&m);
    options.batch_rows = block_rows;
    options.link.high_rows = high_rows;
    options.link.low_rows = high_rows / 2;
    marbles_begin_with(&m, &options);
    const ng_river rows = ng_array(&m.graph, schema, of_celsius, ROWS);
    (void)ng_observe(ng_through(rows, kernel, NULL, profile), digest_row, &seen);
    ng_status status = ng_graph_start(&m.graph);
    CHECK(status == NG_OK);
    while (status == NG_OK || status == NG_AGAIN) {
        status = ng_graph_step(&m.graph, calls);
    }
    CHECK(status == NG_END);
    ng_account all;
    ng_error at;
    CHECK(ng_audit(&m.graph, &all, &at) == NG_OK && all.in >= ROWS && all.out == seen.rows);
    marbles_end(&m);
    return seen;
}

static void check_kernel(const ng_schema *schema, const ng_kernel *kernel) {
    static const size_t blocks[] = {1, 3, 64, 4096};
    const digest whole = run(schema, kernel, 2 * ROWS, 4 * ROWS, NG_ALL, NG_SCALAR);
    CHECK(whole.rows != 0);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        for (size_t links = 1; links <= 1000; links *= 10) {
            const digest cut = run(schema, kernel, blocks[i], links, i + 1, NG_AUTO);
            CHECK_CASE(cut.rows == whole.rows && cut.sum == whole.sum, kernel->name);
        }
    }
}

static void test_results(void) {
    check_kernel(&celsius_schema, &thermo_band_kernel);
    check_kernel(&x_schema, &windows_by_100_kernel);
    check_kernel(&x_schema, &summary_kernel);
}

static void test_refusals(void) {
    static const ng_field wrong_type[] = {NG_FIELD("x", NG_F64)},
                          nulls[] = {NG_NULLABLE("x", NG_F32)};
    static const ng_field wrong_name[] = {NG_FIELD("y", NG_F32)};
    static const ng_schema schemas[] = {{wrong_type, 1}, {nulls, 1}, {wrong_name, 1}};
    ng_column column = {celsius, there, NULL, 0};
    for (size_t i = 0; i < 3; i++) {
        marbles m;
        marbles_begin(&m);
        const ng_river rows = ng_array(&m.graph, &schemas[i], &column, ROWS);
        (void)marble_sink(&m, ng_through(rows, &windows_by_100_kernel, NULL, NG_AUTO));
        CHECK(marbles_run(&m) == NG_MISMATCH);
        CHECK(strcmp(ng_graph_error(&m.graph).calls, "windows_by_100") == 0);
        marbles_end(&m);
    }
    marbles m;
    marbles_begin(&m);
    (void)ng_through(ng_range(&m.graph, 0, 1, 1), NULL, NULL, NG_AUTO);
    CHECK(marbles_run(&m) == NG_INVALID);
    marbles_end(&m);
}

int main(void) {
    fill();
    test_results();
    test_refusals();
    return check_report();
}
