/* ops_join: one operator with several inputs each. */
#include "ops_join.h"

/* NG_OK if there are rivers, with the same columns where `same`. */
static ng_status ngi_join_check(const ng_river *rivers, uint32_t count, bool same) {
    if (rivers == NULL || count == 0) {
        return NG_INVALID;
    }
    for (uint32_t i = 0; i < count; i++) {
        const ng_schema *const columns = ng_columns(rivers[i]);
        if (columns == NULL || rivers[i].graph != rivers[0].graph) {
            return NG_INVALID;
        }
        if (same && !ng_schema_equal(columns, ng_columns(rivers[0]))) {
            return NG_MISMATCH;
        }
    }
    return NG_OK;
}

/* Whether `schema` has the columns of all rivers, one behind the other. */
static ng_status ngi_join_check_beside(const ng_river *rivers, uint32_t count,
                                       const ng_schema *schema) {
    size_t at = 0;
    const ng_status status = schema == NULL ? NG_INVALID : ngi_join_check(rivers, count, false);
    for (uint32_t i = 0; i < count && status == NG_OK; i++) {
        const ng_schema *const columns = ng_columns(rivers[i]);
        for (size_t k = 0; k < columns->count; k++, at++) {
            if (at >= schema->count || schema->fields[at].type != columns->fields[k].type ||
                schema->fields[at].nullable != columns->fields[k].nullable) {
                return NG_MISMATCH;
            }
        }
    }
    return status == NG_OK && at != schema->count ? NG_MISMATCH : status;
}

static ng_river ngi_join(const ng_river *rivers, uint32_t count, ng_status checked,
                         const ng_stage *stage) {
    if (checked == NG_OK) {
        return ng_apply(NULL, rivers, count, stage);
    }
    ng_river nowhere = {NULL, UINT32_MAX, 0};
    return rivers == NULL || rivers[0].graph == NULL
               ? nowhere
               : ng_refuse(rivers[0].graph, stage->calls->name, checked);
}

/* ---- merge, concat --------------------------------------------------------------------------- */

static ng_step ngi_merge_rows(ng_context *context, const ng_batch *in) {
    const size_t credit = ng_context_credit(context, 0);
    const size_t n = in->rows < credit ? in->rows : credit;
    const ng_status sent = n == 0 ? NG_OK : ng_context_forward(context, 0, in, 0, n);
    return sent == NG_OK ? ng_step_of(n, 0, NG_OK) : ng_step_of(0, 0, NG_END);
}

static ng_step ngi_merge_operator_push(void *state, ng_context *context, const ng_batch *in,
                                       const ng_room *out) {
    (void)state;
    (void)out;
    return ngi_merge_rows(context, in);
}

static const ng_operator ngi_merge_calls = {
    "merge", NULL, ngi_merge_operator_push, NULL, NULL, NULL, NULL, false};

ng_river ng_merge(const ng_river *rivers, uint32_t count) {
    const ng_stage stage = {&ngi_merge_calls, 0, NULL, NULL, 1, true, 0};
    return ngi_join(rivers, count, ngi_join_check(rivers, count, true), &stage);
}

/* Followed by a byte for each input: whether it has ended. */
typedef struct ngi_concat {
    uint32_t current;
} ngi_concat;

static uint8_t *ngi_concat_ended(void *state) { return (uint8_t *)state + sizeof(ngi_concat); }

static ng_step ngi_concat_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    const ngi_concat *const concat = (const ngi_concat *)state;
    (void)out;
    return ng_context_input(context) == concat->current ? ngi_merge_rows(context, in)
                                                        : ng_step_of(0, 0, NG_OK);
}

static ng_step ngi_concat_end(void *state, ng_context *context, const ng_room *out) {
    ngi_concat *const concat = (ngi_concat *)state;
    (void)out;
    ngi_concat_ended(state)[ng_context_input(context)] = 1;
    while (ngi_concat_ended(state)[concat->current] == 1) { /* a 2 stands behind the last */
        concat->current++;
    }
    return ng_step_of(0, 0, NG_OK);
}

static const ng_operator ngi_concat_calls = {
    "concat", NULL, ngi_concat_push, ngi_concat_end, NULL, NULL, NULL, false};

ng_river ng_concat(const ng_river *rivers, uint32_t count) {
    const size_t size = sizeof(ngi_concat) + (size_t)count + 1;
    const ng_stage stage = {&ngi_concat_calls, size, NULL, NULL, 1, true, 0};
    const ng_river river = ngi_join(rivers, count, ngi_join_check(rivers, count, true), &stage);
    if (ng_state(river) != NULL) {
        ngi_concat_ended(ng_state(river))[count] = 2;
    }
    return river;
}

/* ---- switch_latest --------------------------------------------------------------------------- */

typedef struct ngi_switch {
    uint32_t current; /* the input that began last, */
    bool begun;       /* if one has */
} ngi_switch;

static ng_step ngi_switch_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    ngi_switch *const s = (ngi_switch *)state;
    const uint32_t input = ng_context_input(context);
    (void)out;
    if (s->begun && s->current != input) {
        ng_context_cancel(context, s->current);
    }
    s->begun = true;
    s->current = input;
    return ngi_merge_rows(context, in);
}

static const ng_operator ngi_switch_calls = {
    "switch_latest", NULL, ngi_switch_push, NULL, NULL, NULL, NULL, false};

ng_river ng_switch_latest(const ng_river *rivers, uint32_t count) {
    ngi_switch s = {0, false};
    const ng_stage stage = {&ngi_switch_calls, sizeof s, &s, NULL, 1, true, 0};
    return ngi_join(rivers, count, ngi_join_check(rivers, count, true), &stage);
}

/* ---- zip ------------------------------------------------------------------------------------- */

typedef struct ngi_zip {
    uint32_t count;
} ngi_zip;

/* Copies rows into the columns from `column` on. Answers how many had room. */
static size_t ngi_zip_copy(const ng_batch *from, size_t first, size_t rows, const ng_room *out,
                           size_t made, size_t column) {
    ng_block into;
    ng_block_init(&into, out->columns + column, out->at + out->rows, NULL, NULL);
    return ng_batch_copy(from, first, rows, &into, out->at + made);
}

static ng_step ngi_zip_push(void *state, ng_context *context, const ng_batch *in,
                            const ng_room *out) {
    const uint32_t count = ((const ngi_zip *)state)->count;
    size_t n = in->rows < out->rows ? in->rows : out->rows, column = 0;
    for (uint32_t i = 0; i < count; i++) {
        const ng_batch *const first = ng_context_first(context, i);
        n = first == NULL ? 0 : first->rows < n ? first->rows : n;
    }
    for (uint32_t i = 0; i < count && n != 0; i++) {
        const ng_batch *const first = ng_context_first(context, i);
        n = ngi_zip_copy(first, 0, n, out, 0, column);
        column += first->schema->count;
    }
    for (uint32_t i = 0; i < count && n != 0; i++) {
        if (i != ng_context_input(context)) {
            (void)ng_context_take(context, i, n);
        }
    }
    ng_context_count(context, NG_FILTERED, (int64_t)(n * (count - 1)));
    return ng_step_of(n, n, NG_OK);
}

static ng_step ngi_zip_end(void *state, ng_context *context, const ng_room *out) {
    (void)state;
    (void)context;
    (void)out;
    return ng_step_of(0, 0, NG_END);
}

static const ng_operator ngi_zip_calls = {"zip", NULL, ngi_zip_push, ngi_zip_end,
                                          NULL,  NULL, NULL,         false};

ng_river ng_zip(const ng_river *rivers, uint32_t count, const ng_schema *schema) {
    ngi_zip zip = {count};
    const ng_stage stage = {&ngi_zip_calls, sizeof zip, &zip, schema, 1, false, 0};
    return ngi_join(rivers, count, ngi_join_check_beside(rivers, count, schema), &stage);
}

/* ---- combine_latest -------------------------------------------------------------------------- */

/* Followed by the latest row of each input, a batch of one row, or gone. */
typedef struct ngi_latest {
    uint32_t count;
    uint32_t there; /* how many inputs have had a row */
} ngi_latest;

static ng_batch *ngi_latest_rows(void *state) {
    return (ng_batch *)(void *)((uint8_t *)state + 64);
}

static ng_status ngi_latest_keep(ngi_latest *latest, ng_batch *row, const ng_batch *in, size_t i) {
    const bool had_one = row->block != NULL;
    ng_batch next;
    const ng_status status = ng_batch_slice(in, i, 1, &next);
    latest->there += !had_one;
    (void)(had_one && ng_batch_release(row) == NG_OK);
    *row = next;
    return status;
}

/* Writes the latest rows side by side. Whether there was room. */
static bool ngi_latest_write(const ngi_latest *latest, const ng_batch *rows, const ng_room *out,
                             size_t made) {
    size_t column = 0;
    bool fits = made < out->rows;
    for (uint32_t i = 0; i < latest->count && fits; i++) {
        fits = ngi_zip_copy(&rows[i], 0, 1, out, made, column) == 1;
        column += rows[i].schema->count;
    }
    return fits;
}

static ng_step ngi_latest_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    ngi_latest *const latest = (ngi_latest *)state;
    ng_batch *const rows = ngi_latest_rows(state), *const mine = &rows[ng_context_input(context)];
    size_t done = 0, made = 0;
    for (; done < in->rows; done++) {
        const ng_status kept = ngi_latest_keep(latest, mine, in, done);
        if (kept != NG_OK) {
            return ng_step_of(done, made, kept);
        }
        if (latest->there == latest->count) {
            if (!ngi_latest_write(latest, rows, out, made)) {
                break;
            }
            made++;
        }
    }
    ng_context_count(context, NG_FILTERED, (int64_t)(done - made));
    return ng_step_of(done, made, NG_OK);
}

static ng_step ngi_latest_end(void *state, ng_context *context, const ng_room *out) {
    const ng_batch *const row = &ngi_latest_rows(state)[ng_context_input(context)];
    (void)out;
    return ng_step_of(0, 0, row->block == NULL ? NG_END : NG_OK);
}

static void ngi_latest_close(void *state) {
    for (uint32_t i = 0; i < ((const ngi_latest *)state)->count; i++) {
        if (ngi_latest_rows(state)[i].block != NULL) {
            (void)ng_batch_release(&ngi_latest_rows(state)[i]);
        }
    }
}

static const ng_operator ngi_latest_calls = {
    "combine_latest", NULL, ngi_latest_push, ngi_latest_end, NULL, NULL, ngi_latest_close, false};

ng_river ng_combine_latest(const ng_river *rivers, uint32_t count, const ng_schema *schema) {
    const size_t size = 64 + (size_t)count * sizeof(ng_batch);
    const ng_stage stage = {&ngi_latest_calls, size, NULL, schema, 1, false, 1};
    const ng_river river =
        ngi_join(rivers, count, ngi_join_check_beside(rivers, count, schema), &stage);
    ngi_latest *const latest = (ngi_latest *)ng_state(river);
    if (latest != NULL) {
        latest->count = count;
    }
    return river;
}
