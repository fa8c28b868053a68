/* ops_rows: rows through functions of the program. */
#include "ops_rows.h"

/* Puts a step behind a river, unless a function is missing. */
static ng_river ngi_behind(ng_river river, bool complete, const ng_stage *stage) {
    return complete ? ng_apply(river.graph, &river, 1, stage)
                    : ng_refuse(river.graph, stage->calls->name, NG_INVALID);
}

/* NG_TOO_LARGE is a failure only where the text had a block to itself. */
static ng_status ngi_or_more_room(ng_status status, const ng_room *out, size_t made) {
    return status == NG_TOO_LARGE && out->at + made != 0 ? NG_OK : status;
}

static size_t ngi_rows_fewer(size_t a, size_t b) { return a < b ? a : b; }

/* ---- map, scan ------------------------------------------------------------------------------- */

typedef struct ngi_mapping {
    ng_map_fn *map;
    void *ctx;
} ngi_mapping;

static ng_step ngi_map_push(void *state, ng_context *context, const ng_batch *in,
                            const ng_room *out) {
    const ngi_mapping *const mapping = (const ngi_mapping *)state;
    const size_t n = ngi_rows_fewer(in->rows, out->rows);
    ng_row from = ng_batch_row(in, 0), to = ng_room_row(out, 0);
    ng_status status = NG_OK;
    size_t done = 0;
    (void)context;
    for (; done < n; done++, from.at++, to.at++) {
        status = mapping->map(from, to, mapping->ctx);
        if (status != NG_OK) {
            break;
        }
    }
    return ng_step_of(done, done, ngi_or_more_room(status, out, done));
}

static const ng_operator ngi_map_calls = {"map", NULL, ngi_map_push, NULL, NULL, NULL, NULL, true};

ng_river ng_map_to(ng_river river, const ng_schema *schema, ng_map_fn *map, void *ctx) {
    ngi_mapping mapping = {map, ctx};
    const ng_stage stage = {&ngi_map_calls, sizeof mapping, &mapping, schema, 1, false, 0};
    return ngi_behind(river, map != NULL, &stage);
}

ng_river ng_map(ng_river river, ng_map_fn *map, void *ctx) {
    return ng_map_to(river, NULL, map, ctx);
}

static const ng_operator ngi_scan_calls = {"scan", NULL, ngi_map_push, NULL,
                                           NULL,   NULL, NULL,         true};

ng_river ng_scan(ng_river river, const ng_schema *schema, ng_map_fn *scan, void *ctx) {
    ngi_mapping mapping = {scan, ctx};
    const ng_stage stage = {&ngi_scan_calls, sizeof mapping, &mapping, schema, 1, false, 0};
    return ngi_behind(river, scan != NULL, &stage);
}

/* ---- filter ---------------------------------------------------------------------------------- */

typedef struct ngi_testing {
    ng_test_fn *test;
    void *ctx;
} ngi_testing;

ng_step ngi_pick_rows(ng_context *context, const ng_batch *in, const ng_room *out,
                      ngi_pick_fn *pick, const void *state) {
    size_t done = 0, made = 0, kept = 0; /* `kept` rows up to `done` are still to be copied */
    ng_block into = {out->columns, out->at + out->rows, 1, NULL, NULL, NULL};
    int answer = 1;
    while (done < in->rows && made + kept < out->rows) {
        answer = pick(state, in, done);
        if (answer < 0) {
            break;
        }
        if (answer == 0 && kept != 0) {
            const size_t copied = ng_batch_copy(in, done - kept, kept, &into, out->at + made);
            made += copied;
            if (copied != kept) { /* no more room for text: the rest is looked at again */
                done -= kept - copied;
                kept = 0;
                answer = 1;
                break;
            }
            kept = 0;
        }
        kept += answer != 0;
        done++;
    }
    const size_t copied =
        kept == 0 ? 0 : ng_batch_copy(in, done - kept, kept, &into, out->at + made);
    done -= kept - copied;
    made += copied;
    ng_context_count(context, NG_FILTERED, (int64_t)(done - made));
    return ng_step_of(done, made, answer < 0 && copied == kept ? (ng_status)answer : NG_OK);
}

static int ngi_filter_pick(const void *state, const ng_batch *in, size_t row) {
    const ngi_testing *const filter = (const ngi_testing *)state;
    return filter->test(ng_batch_row(in, row), filter->ctx);
}

static ng_step ngi_filter_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    return ngi_pick_rows(context, in, out, ngi_filter_pick, state);
}

static const ng_operator ngi_filter_calls = {"filter", NULL, ngi_filter_push, NULL, NULL, NULL,
                                             NULL,     true};

ng_river ng_filter(ng_river river, ng_test_fn *keep, void *ctx) {
    ngi_testing filter = {keep, ctx};
    const ng_stage stage = {&ngi_filter_calls, sizeof filter, &filter, NULL, 1, false, 0};
    return ngi_behind(river, keep != NULL, &stage);
}

/* ---- flat_map -------------------------------------------------------------------------------- */

typedef struct ngi_flattening {
    ng_flat_fn *flat;
    void *ctx;
    size_t k; /* rows that row `row` of the input has brought out */
    uint64_t row;
} ngi_flattening;

static ng_step ngi_flat_map_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    ngi_flattening *const f = (ngi_flattening *)state;
    ng_status status = NG_OK;
    size_t done = 0, made = 0;
    f->k = f->row == ng_context_row(context, 0) ? f->k : 0;
    while (done < in->rows && made < out->rows && status == NG_OK) {
        status = f->flat(ng_batch_row(in, done), f->k, ng_room_row(out, made), f->ctx);
        if (status == NG_OK) {
            f->k++;
            made++;
        } else if (status == NG_END) {
            status = NG_OK;
            f->k = 0;
            done++;
        }
    }
    /* Each row that came in is gone, each that goes out is new. */
    ng_context_count(context, NG_FILTERED, (int64_t)done);
    ng_context_count(context, NG_MADE, (int64_t)made);
    status = ngi_or_more_room(status, out, made);
    f->k = status < NG_OK ? 0 : f->k;
    f->row = ng_context_row(context, 0) + done;
    return ng_step_of(done, made, status);
}

static const ng_operator ngi_flat_map_calls = {
    "flat_map", NULL, ngi_flat_map_push, NULL, NULL, NULL, NULL, true};

ng_river ng_flat_map(ng_river river, const ng_schema *schema, ng_flat_fn *flat, void *ctx) {
    ngi_flattening flattening = {flat, ctx, 0, 0};
    const ng_stage stage = {
        &ngi_flat_map_calls, sizeof flattening, &flattening, schema, 1, false, 0};
    return ngi_behind(river, flat != NULL, &stage);
}

/* ---- tap, observe ---------------------------------------------------------------------------- */

typedef struct ngi_looking {
    ng_look_fn *look;
    void *ctx;
} ngi_looking;

/* Looks at up to `n` rows. */
static ng_step ngi_look_at(const ngi_looking *looking, const ng_batch *in, size_t n) {
    ng_row row = ng_batch_row(in, 0);
    ng_status status = NG_OK;
    size_t done = 0;
    for (; done < n && status == NG_OK; row.at++) {
        status = looking->look(row, looking->ctx);
        done += status == NG_OK || status == NG_END;
    }
    return ng_step_of(done, 0, status == NG_AGAIN ? NG_OK : status);
}

static ng_step ngi_tap_push(void *state, ng_context *context, const ng_batch *in,
                            const ng_room *out) {
    const size_t n = ngi_rows_fewer(in->rows, ng_context_credit(context, 0));
    ng_step step = ngi_look_at((const ngi_looking *)state, in, n);
    (void)out;
    if (step.consumed != 0) {
        const ng_status sent = ng_context_forward(context, 0, in, 0, step.consumed);
        step.status = sent < NG_OK ? NG_END : step.status;
    }
    return step;
}

static const ng_operator ngi_tap_calls = {"tap", NULL, ngi_tap_push, NULL, NULL, NULL, NULL, true};

ng_river ng_tap(ng_river river, ng_look_fn *look, void *ctx) {
    ngi_looking looking = {look, ctx};
    const ng_stage stage = {&ngi_tap_calls, sizeof looking, &looking, NULL, 1, true, 0};
    return ngi_behind(river, look != NULL, &stage);
}

static ng_step ngi_observe_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    (void)context;
    (void)out;
    return ngi_look_at((const ngi_looking *)state, in, in->rows);
}

static const ng_operator ngi_observe_calls = {"observe", NULL, ngi_observe_push, NULL, NULL, NULL,
                                              NULL,      true};

ng_river ng_observe(ng_river river, ng_look_fn *look, void *ctx) {
    ngi_looking looking = {look, ctx};
    const ng_stage stage = {&ngi_observe_calls, sizeof looking, &looking, NULL, 0, false, 0};
    return ngi_behind(river, look != NULL, &stage);
}

/* ---- reduce ---------------------------------------------------------------------------------- */

typedef struct ngi_reduction {
    ng_fold_fn *fold;
    ng_told_fn *tell;
    void *ctx;
} ngi_reduction;

static ng_step ngi_reduce_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    const ngi_reduction *const r = (const ngi_reduction *)state;
    ng_status status = NG_OK;
    size_t done = 0;
    (void)out;
    while (done < in->rows && status == NG_OK) {
        status = r->fold(ng_batch_row(in, done), r->ctx);
        done += status == NG_OK;
    }
    ng_context_count(context, NG_FILTERED, (int64_t)done);
    return ng_step_of(done, 0, status);
}

static ng_step ngi_reduce_end(void *state, ng_context *context, const ng_room *out) {
    const ngi_reduction *const r = (const ngi_reduction *)state;
    const ng_status status = r->tell(ng_room_row(out, 0), r->ctx);
    ng_context_count(context, NG_MADE, status == NG_OK);
    return ng_step_of(0, status == NG_OK, status);
}

static const ng_operator ngi_reduce_calls = {
    "reduce", NULL, ngi_reduce_push, ngi_reduce_end, NULL, NULL, NULL, true};

ng_river ng_reduce(ng_river river, const ng_schema *schema, ng_fold_fn *fold, ng_told_fn *tell,
                   void *ctx) {
    ngi_reduction reduction = {fold, tell, ctx};
    const ng_stage stage = {&ngi_reduce_calls, sizeof reduction, &reduction, schema, 1, false, 0};
    return ngi_behind(river, fold != NULL && tell != NULL, &stage);
}
