/* Batches, pools and rows through functions: what is refused, and what happens at the edges. */
#include "marbles.h"

static const ng_field text_fields[] = {NG_FIELD("text", NG_UTF8)};
static const ng_schema texts = {text_fields, 1};
static const ng_field value_fields[] = {NG_FIELD("value", NG_I64)};
static const ng_schema values = {value_fields, 1};

/* ---- schemas, blocks, batches, pools --------------------------------------------------------- */

static void test_schemas(void) {
    static const ng_field no_name[] = {NG_FIELD(NULL, NG_I64)}, empty[] = {NG_FIELD("", NG_I64)};
    static const ng_field twice[] = {NG_FIELD("a", NG_I64), NG_FIELD("a", NG_F32)};
    static const ng_field no_type[] = {NG_FIELD("a", (ng_type)0)};
    static const ng_field beyond[] = {NG_FIELD("a", (ng_type)(NG_UTF8 + 1))};
    static const ng_field null_values[] = {NG_NULLABLE("value", NG_I64)};
    static const ng_field other[] = {NG_FIELD("valve", NG_I64)},
                          floats[] = {NG_FIELD("value", NG_F64)};
    const ng_schema wrong[] = {{NULL, 1},  {value_fields, 0}, {no_name, 1}, {empty, 1},
                               {twice, 2}, {no_type, 1},      {beyond, 1}};
    const ng_schema unequal[] = {{null_values, 1}, {other, 1}, {floats, 1}, {twice, 2}};
    CHECK(ng_schema_check(NULL) == NG_INVALID && ng_schema_check(&values) == NG_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(ng_schema_check(&wrong[i]) == NG_INVALID);
        CHECK(ng_pool_size(&wrong[i], 1, 1, 1) == 0);
    }
    for (size_t i = 0; i < sizeof unequal / sizeof *unequal; i++) {
        CHECK(!ng_schema_equal(&values, &unequal[i]));
    }
    CHECK(ng_schema_equal(&values, &marble_schema));
}

static void test_holds(void) {
    int64_t numbers[4] = {1, 2, 3, 4};
    ng_column column = {numbers, NULL, NULL, 0};
    ng_block block;
    ng_batch batch = {&values, &block, 0, 4}, slice;
    ng_block_init(&block, &column, 4, NULL, NULL);
    CHECK(ng_batch_slice(&batch, 5, 0, &slice) == NG_INVALID);
    CHECK(ng_batch_slice(&batch, 1, 4, &slice) == NG_INVALID);
    CHECK(ng_batch_slice(&batch, 1, 3, &slice) == NG_OK && ng_block_holders(&block) == 2);
    CHECK(ng_get_i64(ng_batch_row(&slice, 0), 0) == 2 && ng_batch_bytes(&slice) == 24);
    CHECK(ng_batch_release(&slice) == NG_OK && ng_batch_release(&slice) == NG_MISUSED);
    CHECK(ng_batch_slice(&slice, 0, 0, &batch) == NG_MISUSED);
    CHECK(ng_batch_release(&batch) == NG_OK && ng_block_holders(&block) == 0);
    CHECK(ng_block_release(&block) == NG_MISUSED && ng_block_holders(&block) == 0);
    CHECK(ng_block_release(NULL) == NG_INVALID);
}

static void test_pools(void) {
    static uint8_t memory[4096];
    ng_pool pool;
    CHECK(ng_pool_size(&values, 0, 1, 1) == 0 && ng_pool_size(&values, 1, 0, 1) == 0);
    CHECK(ng_pool_size(&values, SIZE_MAX / 2, 64, 1) == 0);
    CHECK(ng_pool_size(&texts, 1, 1, 0) == 0 &&
          ng_pool_size(&texts, 1, 1, (size_t)INT32_MAX + 1) == 0);
    CHECK(ng_pool_size(&values, 2, 8, 0) <= sizeof memory); /* no text, so none is asked for */
    CHECK(ng_pool_init(&pool, NULL, &values, 2, 8, 1) == NG_INVALID);
    CHECK(ng_pool_init(NULL, memory, &values, 2, 8, 1) == NG_INVALID);
    CHECK(ng_pool_init(&pool, memory, &values, 2, 0, 1) == NG_INVALID);
    CHECK(ng_pool_init(&pool, memory + 1, &values, 2, 8, 1) == NG_OK);
    ng_block *const one = ng_pool_take(&pool), *const two = ng_pool_take(&pool);
    CHECK(one != NULL && two != NULL && ng_pool_take(&pool) == NULL);
    CHECK(ng_block_release(one) == NG_OK && ng_pool_take(&pool) == one);
    CHECK(ng_pool_in_use(&pool) == 2);
}

/* ---- row by row ------------------------------------------------------------------------------ */

/* The letter, or a failure at an `x`. */
static int wanted(ng_row row, void *ctx) {
    (void)ctx;
    return ng_get_i64(row, 0) == 'x' ? (int)NG_BAD_INPUT : ng_get_i64(row, 0) < 'q';
}

static ng_status next_letter(ng_row in, ng_row out, void *ctx) {
    int64_t *const shift = (int64_t *)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0) + (*shift)++);
    return NG_OK;
}

/* A letter twice; `x` fails at its second. */
static ng_status twice(ng_row in, size_t k, ng_row out, void *ctx) {
    (void)ctx;
    if (k == 2) {
        return NG_END;
    }
    ng_set_i64(out, 0, ng_get_i64(in, 0));
    return k == 1 && ng_get_i64(in, 0) == 'x' ? NG_BAD_INPUT : NG_OK;
}

static ng_river filtered(ng_river river) { return ng_filter(river, wanted, NULL); }
static ng_river skipped(ng_river river) { return ng_on_error(filtered(river), NG_SKIP); }
static ng_river doubled(ng_river river) {
    return ng_on_error(ng_flat_map(river, &marble_schema, twice, NULL), NG_SKIP);
}

static const struct {
    ng_river (*step)(ng_river river);
    const char *in, *out;
} steps[] = {
    {filtered, "(abrsc)-x|", "(abc)-#"}, {filtered, "(abxc)|", "(ab#)"},
    {skipped, "(abxcrxd)|", "(abcd)|"},  {skipped, "(xxxxxxxxx)a|", "-a|"},
    {doubled, "(abxc)|", "(aabbxcc)|"},  {doubled, "(xxa)|", "(xxaa)|"},
};

static void test_steps(void) {
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        marbles m;
        marbles_begin(&m);
        const size_t sink = marble_sink(&m, steps[i].step(marble_source(&m, steps[i].in)));
        (void)marbles_run(&m);
        CHECK_SEEN(&m, sink, steps[i].out);
        marbles_end(&m);
    }
}

static void test_scan(void) {
    marbles m;
    int64_t shift = 0;
    marbles_begin(&m);
    const ng_river scanned =
        ng_scan(marble_source(&m, "-a-a(aaa)|"), &marble_schema, next_letter, &shift);
    const size_t sink = marble_sink(&m, scanned);
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, sink, "-a-b(cde)|");
    marbles_end(&m);
    marbles_begin(&m);
    (void)ng_scan(marble_source(&m, "|"), &marble_schema, NULL, NULL);
    CHECK(ng_graph_error(&m.graph).status == NG_INVALID);
    marbles_end(&m);
}

/* ---- text through forks ---------------------------------------------------------------------- */

typedef struct writer {
    size_t row, rows;
} writer;

static size_t size_of(size_t row) { return row * 7 % 23; }

static ng_status write_text(ng_row out, void *ctx) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    writer *const w = (writer *)ctx;
    if (w->row == w->rows) {
        return NG_END;
    }
    const ng_status status = ng_set_text(out, 0, letters, size_of(w->row));
    w->row += status == NG_OK;
    return status;
}

static int by_size(ng_row row, void *ctx) {
    size_t size;
    (void)ng_get_text(row, 0, &size);
    (void)ctx;
    return (int)(size % 3);
}

static ng_status count_text(ng_row row, void *ctx) {
    size_t *const sums = (size_t *)ctx, size;
    const char *const text = ng_get_text(row, 0, &size);
    sums[0]++;
    sums[1] += size;
    CHECK(size == 0 || text[size - 1] == "abcdefghijklmnopqrstuvwxyz"[size - 1]);
    return NG_OK;
}

/* Blocks with room for two or three texts: many do not fit behind those before. */
static void test_routes_of_text(void) {
    for (size_t room = 22; room < 90; room += 11) {
        writer w = {0, 200};
        size_t sums[3][2] = {{0, 0}}, rows[3] = {0}, bytes[3] = {0};
        ng_river rivers[3];
        marbles m;
        memset(&m, 0, sizeof m);
        ng_graph_options options = marbles_options(&m);
        options.batch_text = room;
        marbles_begin_with(&m, &options);
        ng_route(ng_generate(&m.graph, &texts, write_text, &w), by_size, NULL, rivers, 3);
        for (size_t i = 0; i < 3; i++) {
            (void)ng_observe(rivers[i], count_text, sums[i]);
        }
        CHECK(marbles_run(&m) == NG_END);
        for (size_t row = 0; row < 200; row++) {
            rows[size_of(row) % 3]++;
            bytes[size_of(row) % 3] += size_of(row);
        }
        for (size_t i = 0; i < 3; i++) {
            CHECK(sums[i][0] == rows[i] && sums[i][1] == bytes[i]);
        }
        marbles_end(&m);
    }
}

/* ---- books ----------------------------------------------------------------------------------- */

/* An operator that loses a row. */
static ng_step lose_push(void *state, ng_context *context, const ng_batch *in, const ng_room *out) {
    (void)state;
    (void)out;
    const ng_status sent = ng_context_forward(context, 0, in, 1, in->rows - 1);
    return ng_step_of(in->rows, 0, sent);
}

static const ng_operator lose_calls = {"lose", NULL, lose_push, NULL, NULL, NULL, NULL, false};

static void test_books_that_do_not_add_up(void) {
    const ng_stage stage = {&lose_calls, 0, NULL, NULL, 1, true, 0};
    ng_account sum, other = {0, 0, 0, 0, 0, 0, 0, 0};
    ng_error at;
    marbles m;
    marbles_begin(&m);
    const ng_river source = ng_range(&m.graph, 0, 4, 1);
    const ng_river lost = ng_name(ng_apply(&m.graph, &source, 1, &stage), "sieve");
    (void)marble_sink(&m, lost);
    CHECK(ng_graph_start(&m.graph) == NG_OK && marbles_run_until(&m, 9) == NG_END);
    CHECK(ng_audit(&m.graph, &sum, &at) == NG_FAILED && !ng_account_holds(&sum));
    CHECK(strcmp(at.calls, "lose") == 0 && strcmp(at.river, "sieve") == 0);
    CHECK(at.node == lost.node && at.row == 4);
    const ng_river nowhere = {NULL, 0, 0}, beyond = {&m.graph, 99, 0};
    CHECK(ng_river_account(nowhere).in == 0 && ng_river_account(beyond).in == 0);
    marbles_end(&m);

    other.in = other.out = UINT64_MAX;
    CHECK(ng_account_holds(&other) && ng_account_add(&sum, NULL) == NG_INVALID);
    CHECK(ng_account_add(NULL, &sum) == NG_INVALID);
    CHECK(ng_account_add(&sum, &other) == NG_TOO_LARGE); /* it stands as it was */
    CHECK(sum.in == 4 && ng_account_add(&sum, &sum) == NG_OK && sum.in == 8);
    CHECK(!ng_account_holds(NULL));
}

static void test_memory_of_what_dangles(void) {
    marbles m;
    marbles_begin(&m);
    CHECK(ng_graph_memory(&m.graph) == 0);
    const ng_river range = ng_range(&m.graph, 0, 4, 1);
    CHECK(ng_graph_memory(&m.graph) == 0);
    (void)marble_sink(&m, range);
    CHECK(ng_graph_memory(&m.graph) != 0);
    marbles_end(&m);
    marbles_begin(&m); /* more than there is anywhere */
    ng_link_options wide = {(size_t)1 << (sizeof(size_t) * 8 - 6), SIZE_MAX / 4, 1, 0,
                            NG_OVERFLOW_BLOCK};
    for (size_t i = 0; i < 4; i++) {
        (void)marble_sink(&m, ng_bound(ng_range(&m.graph, 0, 4, 1), &wide));
    }
    CHECK(ng_graph_memory(&m.graph) == 0 && ng_graph_start(&m.graph) < NG_OK);
    marbles_end(&m);
}

int main(void) {
    test_schemas();
    test_holds();
    test_pools();
    test_steps();
    test_scan();
    test_routes_of_text();
    test_books_that_do_not_add_up();
    test_memory_of_what_dangles();
    return check_report();
}
