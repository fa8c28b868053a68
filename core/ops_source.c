/* ops_source: sources within the program. */
#include "ops_source.h"

static const ng_field ngi_value_field[] = {NG_FIELD("value", NG_I64)};
static const ng_schema ngi_value_schema = {ngi_value_field, 1};

/* ---- range ----------------------------------------------------------------------------------- */

typedef struct ngi_range {
    int64_t next, by;
    uint64_t left;
} ngi_range;

static ng_step ngi_range_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    ngi_range *const range = (ngi_range *)state;
    const size_t n = range->left < out->rows ? (size_t)range->left : out->rows;
    int64_t *const values = (int64_t *)out->columns[0].values + out->at;
    (void)in;
    for (size_t i = 0; i < n; i++) {
        values[i] = (int64_t)((uint64_t)range->next + (uint64_t)range->by * i);
    }
    range->next = (int64_t)((uint64_t)range->next + (uint64_t)range->by * n);
    range->left -= n;
    ng_context_count(context, NG_MADE, (int64_t)n);
    return ng_step_of(0, n, range->left == 0 ? NG_END : NG_OK);
}

static const ng_operator ngi_range_calls = {"range", NULL, ngi_range_push, NULL,
                                            NULL,    NULL, NULL,           false};

/* How many numbers there are from `from` up to before `to` by steps of `by`, rounded up. */
static uint64_t ngi_range_count(int64_t from, int64_t to, int64_t by) {
    const bool up = by > 0;
    if (up ? from >= to : from <= to) {
        return 0;
    }
    const uint64_t distance = up ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to;
    const uint64_t step = up ? (uint64_t)by : 0 - (uint64_t)by;
    return (distance - 1) / step + 1;
}

ng_river ng_range(ng_graph *graph, int64_t from, int64_t to, int64_t by) {
    if (by == 0) {
        return ng_refuse(graph, "range", NG_INVALID);
    }
    ngi_range range = {from, by, ngi_range_count(from, to, by)};
    ng_stage stage = {&ngi_range_calls, sizeof range, &range, &ngi_value_schema, 1, false, 0};
    return ng_apply(graph, NULL, 0, &stage);
}

/* ---- arrays ---------------------------------------------------------------------------------- */

typedef struct ngi_array {
    ng_block block;
    const ng_schema *schema;
    size_t at, rows;
} ngi_array;

static ng_step ngi_array_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    ngi_array *const array = (ngi_array *)state;
    const size_t credit = ng_context_credit(context, 0), left = array->rows - array->at;
    const size_t n = left < credit ? left : credit;
    ng_batch all = {array->schema, &array->block, 0, array->rows};
    (void)in;
    (void)out;
    if (n != 0) {
        const ng_status sent = ng_context_forward(context, 0, &all, array->at, n);
        if (sent != NG_OK) {
            return ng_step_of(0, 0, sent == NG_AGAIN ? NG_OK : NG_END);
        }
        array->at += n;
        ng_context_count(context, NG_MADE, (int64_t)n);
    }
    return ng_step_of(0, 0, array->at == array->rows ? NG_END : NG_OK);
}

static const ng_operator ngi_array_calls = {"array", NULL, ngi_array_push, NULL,
                                            NULL,    NULL, NULL,           false};

ng_river ng_array(ng_graph *graph, const ng_schema *schema, ng_column *columns, size_t rows) {
    if (columns == NULL) {
        return ng_refuse(graph, "array", NG_INVALID);
    }
    ngi_array array;
    ng_block_init(&array.block, columns, rows, NULL, NULL);
    array.schema = schema;
    array.at = 0;
    array.rows = rows;
    ng_stage stage = {&ngi_array_calls, sizeof array, &array, schema, 1, true, 0};
    return ng_apply(graph, NULL, 0, &stage);
}

/* ---- values ---------------------------------------------------------------------------------- */

typedef struct ngi_of {
    size_t at, count;
    int64_t values[1]; /* `count` of them */
} ngi_of;

static ng_step ngi_of_push(void *state, ng_context *context, const ng_batch *in,
                           const ng_room *out) {
    ngi_of *const of = (ngi_of *)state;
    const size_t left = of->count - of->at, n = left < out->rows ? left : out->rows;
    (void)in;
    for (size_t i = 0; i < n; i++) {
        ng_set_i64(ng_room_row(out, i), 0, of->values[of->at + i]);
    }
    of->at += n;
    ng_context_count(context, NG_MADE, (int64_t)n);
    return ng_step_of(0, n, of->at == of->count ? NG_END : NG_OK);
}

static const ng_operator ngi_of_calls = {"of", NULL, ngi_of_push, NULL, NULL, NULL, NULL, false};

ng_river ng_of(ng_graph *graph, const int64_t *values, size_t count) {
    if (count > 4096 || (values == NULL && count != 0)) {
        return ng_refuse(graph, "of", count > 4096 ? NG_TOO_LARGE : NG_INVALID);
    }
    const size_t size = sizeof(ngi_of) + count * sizeof(int64_t);
    ng_stage stage = {&ngi_of_calls, size, NULL, &ngi_value_schema, 1, false, 0};
    const ng_river river = ng_apply(graph, NULL, 0, &stage);
    ngi_of *const of = (ngi_of *)ng_state(river);
    if (of != NULL) {
        of->count = count;
        for (size_t i = 0; i < count; i++) {
            of->values[i] = values[i];
        }
    }
    return river;
}

/* ---- generate -------------------------------------------------------------------------------- */

typedef struct ngi_generate {
    ng_generate_fn *make;
    void *ctx;
} ngi_generate;

static ng_step ngi_generate_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    const ngi_generate *const generate = (const ngi_generate *)state;
    ng_status status = NG_OK;
    size_t made = 0;
    (void)in;
    while (made < out->rows && status == NG_OK) {
        status = generate->make(ng_room_row(out, made), generate->ctx);
        made += status == NG_OK;
    }
    ng_context_count(context, NG_MADE, (int64_t)made);
    const bool no_room = status == NG_TOO_LARGE && out->at + made != 0;
    return ng_step_of(0, made, status == NG_AGAIN || no_room ? NG_OK : status);
}

static const ng_operator ngi_generate_calls = {
    "generate", NULL, ngi_generate_push, NULL, NULL, NULL, NULL, false};

ng_river ng_generate(ng_graph *graph, const ng_schema *schema, ng_generate_fn *make, void *ctx) {
    ngi_generate generate = {make, ctx};
    ng_stage stage = {&ngi_generate_calls, sizeof generate, &generate, schema, 1, false, 0};
    return make == NULL ? ng_refuse(graph, "generate", NG_INVALID)
                        : ng_apply(graph, NULL, 0, &stage);
}
