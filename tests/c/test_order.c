/* Ordered merges: what comes out is what a simple model says, whatever the sizes of blocks, links
 * and steps, through forks, kernels and merges of merges, to the end and beyond failures. */
#include "marbles.h"

#include <stddef.h>

static const ng_field numbered_fields[] = {NG_FIELD("ng_row", NG_U64), NG_FIELD("value", NG_I64)};
static const ng_schema numbered = {numbered_fields, 2};

/* ---- a kernel written by hand ---------------------------------------------------------------- */

typedef struct sieve_params {
    int64_t modulus, remainder; /* the rows that are kept */
    uint64_t limit;             /* rows after which it ends by itself */
    uint64_t bad;               /* the row that fails */
    int64_t tail;               /* rows that the end brings out */
} sieve_params;

typedef struct sieve {
    sieve_params p;
    uint64_t row;
    int64_t told;
} sieve;

typedef struct sieve_in {
    const int64_t *x;
    size_t offset;
} sieve_in;

typedef struct sieve_out {
    int64_t *x;
    uint64_t *ng_row;
    size_t capacity, rows;
} sieve_out;

static void sieve_init(void *state, const void *params) {
    sieve *const s = (sieve *)state;
    s->p = *(const sieve_params *)params;
    s->row = 0;
    s->told = 0;
}

static ng_step sieve_push(void *state, const void *input, size_t rows, void *output) {
    sieve *const s = (sieve *)state;
    const sieve_in *const in = (const sieve_in *)input;
    sieve_out *const out = (sieve_out *)output;
    const size_t before = out->rows;
    for (size_t i = 0; i < rows; i++) {
        const int64_t x = in->x[in->offset + i];
        if (out->rows == out->capacity) {
            return ng_step_of(i, out->rows - before, NG_OK);
        }
        if (s->row == s->p.bad) {
            return ng_step_of(i, out->rows - before, NG_BAD_INPUT);
        }
        if (x % s->p.modulus == s->p.remainder) {
            out->x[out->rows] = x;
            out->ng_row[out->rows++] = s->row;
        }
        if (++s->row == s->p.limit) {
            return ng_step_of(rows, out->rows - before, NG_END);
        }
    }
    return ng_step_of(rows, out->rows - before, NG_OK);
}

static ng_step sieve_flush(void *state, void *output) {
    sieve *const s = (sieve *)state;
    sieve_out *const out = (sieve_out *)output;
    const size_t before = out->rows;
    for (; s->told < s->p.tail && out->rows < out->capacity; s->told++) {
        out->x[out->rows] = 1000 + s->told;
        out->ng_row[out->rows++] = UINT64_MAX;
    }
    return ng_step_of(0, out->rows - before, s->told < s->p.tail ? NG_AGAIN : NG_OK);
}

static ng_profile sieve_force(void *state, ng_profile profile) {
    (void)state;
    (void)profile;
    return NG_SCALAR;
}

static uint64_t sieve_failed_row(const void *state) { return ((const sieve *)state)->p.bad; }

static const ng_field sieve_ins[] = {
    {"value", NG_I64, false, offsetof(sieve_in, x), NG_NONE, NG_NONE, NG_NONE}};
static const ng_field sieve_outs[] = {
    {"value", NG_I64, false, offsetof(sieve_out, x), NG_NONE, NG_NONE, NG_NONE},
    {"ng_row", NG_U64, false, offsetof(sieve_out, ng_row), NG_NONE, NG_NONE, NG_NONE}};
static const ng_kernel sieve_kernel = {"sieve",
                                       "",
                                       sizeof(sieve),
                                       sizeof(sieve_params),
                                       sizeof(sieve_in),
                                       sizeof(sieve_out),
                                       offsetof(sieve_in, offset),
                                       offsetof(sieve_out, capacity),
                                       offsetof(sieve_out, rows),
                                       {sieve_ins, 1},
                                       {sieve_outs, 2},
                                       {NULL, 0},
                                       sieve_init,
                                       sieve_push,
                                       sieve_flush,
                                       sieve_force,
                                       sieve_failed_row};

/* ---- the model ------------------------------------------------------------------------------- */

enum { LONGEST = 4000, STREAMS = 12 };

typedef struct stream {
    uint64_t at[LONGEST];
    int64_t x[LONGEST];
    size_t rows;
    bool fails;
    uint64_t fails_at;
} stream;

static void put(stream *s, uint64_t at, int64_t x) {
    s->at[s->rows] = at;
    s->x[s->rows++] = x;
}

static void model_sieve(const stream *in, const sieve_params *p, uint32_t node, stream *out) {
    out->rows = 0;
    out->fails = in->fails;
    out->fails_at = in->fails_at;
    for (size_t i = 0; i < in->rows; i++) {
        if (i == p->bad) {
            out->fails = true;
            out->fails_at = in->at[i];
            return;
        }
        if (in->x[i] % p->modulus == p->remainder) {
            put(out, in->at[i], in->x[i]);
        }
        if (i + 1 == p->limit) {
            out->fails = false;
            break;
        }
    }
    for (int64_t k = 0; k < p->tail && !out->fails; k++) {
        put(out, NG_ROWS_OF_THE_END + ((uint64_t)node << 40) + (uint64_t)k, 1000 + k);
    }
}

static void model_merge(const stream *const *ins, uint32_t count, stream *out) {
    size_t heads[STREAMS] = {0};
    out->rows = 0;
    out->fails = false;
    for (;;) {
        uint32_t best = STREAMS;
        uint64_t least = 0;
        bool fails = false;
        for (uint32_t i = 0; i < count; i++) {
            const bool row = heads[i] < ins[i]->rows;
            if (row || ins[i]->fails) {
                const uint64_t at = row ? ins[i]->at[heads[i]] : ins[i]->fails_at;
                if (best == STREAMS || at < least) {
                    best = i;
                    least = at;
                    fails = !row;
                }
            }
        }
        if (best == STREAMS) {
            return;
        }
        if (fails) {
            out->fails = true;
            out->fails_at = least;
            return;
        }
        put(out, least, ins[best]->x[heads[best]++]);
    }
}

/* ---- random graphs --------------------------------------------------------------------------- */

static uint32_t random_state;

static uint32_t pick(uint32_t below) {
    random_state = random_state * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)random_state * below) >> 32);
}

static stream streams[STREAMS];

/* A source, a kernel or a merge, and who takes from it. */
typedef struct plan {
    uint32_t inputs[3], input_count;
    uint32_t uses, used;
    sieve_params p;
    int64_t rows;
    size_t most; /* rows that may come out */
    ng_river outs[3 * STREAMS];
} plan;

static plan plans[STREAMS];

static void make_plans(uint32_t count) {
    memset(plans, 0, sizeof plans);
    for (uint32_t i = 0; i < count; i++) {
        plan *const p = &plans[i];
        if (i == 0 || (i == 1 && pick(2) == 0)) {
            p->rows = pick(8) == 0 ? 0 : pick(120);
            p->most = (size_t)p->rows;
            continue;
        }
        p->input_count = pick(2) == 0 ? 1 : 2 + pick(2);
        p->input_count = p->input_count < i ? p->input_count : i;
        p->p.tail = pick(2) == 0 ? pick(60) : 0;
        p->most = (size_t)p->p.tail;
        for (uint32_t k = 0; k < p->input_count; k++) {
            p->inputs[k] = pick(i);
            if (p->most + plans[p->inputs[k]].most > LONGEST) {
                p->inputs[k] = 0;
            }
            p->most += plans[p->inputs[k]].most;
            plans[p->inputs[k]].uses++;
        }
        p->p.modulus = 1 + pick(4);
        p->p.remainder = pick(5) == 0 ? 9 : pick((uint32_t)p->p.modulus);
        p->p.limit = pick(4) == 0 ? pick(100) + 1 : UINT64_MAX;
        p->p.bad = pick(6) == 0 ? pick(100) : UINT64_MAX;
    }
}

typedef struct told {
    const stream *expected;
    size_t rows, wrong;
    size_t value, position; /* columns; of `position` SIZE_MAX: it is not there */
    ng_status end;
} told;

static void compare(told *t, ng_row row) {
    const stream *const s = t->expected;
    const size_t i = t->rows++;
    t->wrong += i >= s->rows || ng_get_i64(row, t->value) != s->x[i];
    t->wrong +=
        t->position != SIZE_MAX && (i >= s->rows || ng_get_u64(row, t->position) != s->at[i]);
}

static ng_step compare_push(void *state, ng_context *context, const ng_batch *in,
                            const ng_room *out) {
    (void)context;
    (void)out;
    for (size_t i = 0; i < in->rows; i++) {
        compare((told *)state, ng_batch_row(in, i));
    }
    return ng_step_of(in->rows, 0, NG_OK);
}

static ng_step compare_end(void *state, ng_context *context, const ng_room *out) {
    (void)context;
    (void)out;
    ((told *)state)->end = NG_END;
    return ng_step_of(0, 0, NG_OK);
}

static ng_status compare_fail(void *state, ng_context *context, ng_status status) {
    (void)context;
    ((told *)state)->end = status;
    return NG_OK;
}

static const ng_operator compare_calls = {"compare", NULL,         compare_push, compare_end,
                                          NULL,      compare_fail, NULL,         false};

/* Whether a sink saw what the model says, or what comes before a merge gave up. */
static bool is_right(const told *t, bool ample) {
    const stream *const s = t->expected;
    if (t->end == NG_NO_CREDIT) {
        return !ample && t->wrong == 0;
    }
    return t->wrong == 0 && t->rows == s->rows && t->end == (s->fails ? NG_BAD_INPUT : NG_END);
}

static uint32_t stalls; /* graphs that gave up */

static ng_river take_from(uint32_t i) { return plans[i].outs[plans[i].used++]; }

/* Puts an operator into the graph, and what it brings out into the model. */
static ng_river build(ng_graph *graph, uint32_t i) {
    plan *const p = &plans[i];
    ng_river ins[3], river;
    const stream *models[3];
    for (uint32_t k = 0; k < p->input_count; k++) {
        ins[k] = take_from(p->inputs[k]);
        models[k] = &streams[p->inputs[k]];
    }
    streams[i].rows = 0;
    if (p->input_count == 0) {
        streams[i].fails = false;
        for (int64_t x = 0; x < p->rows; x++) {
            put(&streams[i], (uint64_t)x, x);
        }
        river = ng_range(graph, 0, p->rows, 1);
    } else if (p->input_count == 1) {
        river = ng_through(ins[0], &sieve_kernel, &p->p, NG_AUTO);
        model_sieve(models[0], &p->p, river.node, &streams[i]);
    } else {
        river = ng_merge_ordered(ins, p->input_count, &numbered);
        model_merge(models, p->input_count, &streams[i]);
    }
    return river;
}

/* Without `ample` room in the links a merge may have to give up; what came before is right then. */
static void random_graph(uint32_t seed, bool ample) {
    marbles m;
    told tellings[STREAMS];
    random_state = seed;
    const uint32_t count = 2 + pick(STREAMS - 2);
    make_plans(count);
    memset(&m, 0, sizeof m);
    ng_graph_options options = marbles_options(&m);
    options.batch_rows = 1 + pick(7);
    options.link.batches = (size_t)1 << (ample ? 9 : pick(3));
    options.link.high_rows = ample ? 2000 : 1 + pick(12);
    options.link.low_rows = options.link.high_rows / 2;
    marbles_begin_with(&m, &options);
    size_t sinks = 0;
    for (uint32_t i = 0; i < count; i++) {
        plan *const p = &plans[i];
        ng_river river = build(&m.graph, i);
        if (p->uses == 0) {
            told *const t = &tellings[sinks++];
            t->expected = &streams[i];
            t->rows = t->wrong = 0;
            t->value = p->input_count > 1;
            t->position = p->input_count == 0 ? SIZE_MAX : p->input_count == 1;
            t->end = NG_OK;
            const ng_stage stage = {&compare_calls, 0, t, NULL, 0, false, 0};
            (void)ng_apply(&m.graph, &river, 1, &stage);
        } else if (p->uses == 1) {
            p->outs[0] = river;
        } else {
            ng_fork(river, p->outs, p->uses);
        }
    }
    ng_status status = ng_graph_start(&m.graph);
    CHECK(status == NG_OK);
    const size_t calls = pick(3) == 0 ? 1 + pick(5) : NG_ALL;
    do {
        status = ng_graph_step(&m.graph, calls);
    } while (status == NG_AGAIN);
    bool gave_up = false;
    for (size_t i = 0; i < sinks; i++) {
        const told *const t = &tellings[i];
        gave_up = gave_up || t->end == NG_NO_CREDIT;
        if (!is_right(t, ample)) {
            (void)printf("seed %u, sink %zu: %zu rows, %zu of them wrong, %zu expected; end %d\n",
                         seed, i, t->rows, t->wrong, t->expected->rows, (int)t->end);
        }
        CHECK(is_right(t, ample));
    }
    stalls += gave_up;
    CHECK(status == NG_END || status < NG_OK);
    ng_account all;
    ng_error at;
    CHECK(ng_audit(&m.graph, &all, &at) == NG_OK && ng_account_holds(&all));
    marbles_end(&m);
}

static void test_random_graphs(uint32_t seed, uint32_t graphs) {
    for (uint32_t i = 0; i < graphs; i++) {
        random_graph(seed + i * 7919, (seed + i) % 2 == 0);
    }
    CHECK(stalls < graphs / 4);
}

/* ---- what comes when ------------------------------------------------------------------------- */

static const struct {
    const char *a, *b, *c, *out;
} cases[] = {
    {"-a--b|", "--c-d-e|", "|", "-ac-(bd)-e|"}, /* row 0 of each, then row 1 of each */
    {"(ab)|", "(cd)|", "(ef)|", "(acebdf)|"},
    {"-a------b|", "cd---|", "-e|", "-(ace)------(bd)|"},
    {"ab--#", "cdefg|", "|", "(ac)(bd)--#"}, /* its row 2 would come before e */
    {"ab--|", "cd-#", "efghi|", "(ace)(bdf)--#"},
    {"ab--|", "cd-#", "ef-----|", "(ace)(bdf)--#"},
    {"|", "|", "|", "|"},
};

static void test_diagrams(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        marbles m;
        marbles_begin(&m);
        const ng_river rivers[] = {marble_source(&m, cases[i].a), marble_source(&m, cases[i].b),
                                   marble_source(&m, cases[i].c)};
        const size_t sink = marble_sink(&m, ng_merge_ordered(rivers, 3, &marble_schema));
        (void)marbles_run(&m);
        CHECK_SEEN(&m, sink, cases[i].out);
        marbles_end(&m);
    }
}

/* ---- texts and nulls ------------------------------------------------------------------------- */

static const ng_field text_fields[] = {NG_FIELD("flag", NG_BOOL), NG_FIELD("text", NG_UTF8)};
static const ng_schema texts = {text_fields, 2};
static const ng_field null_fields[] = {NG_NULLABLE("text", NG_UTF8), NG_FIELD("flag", NG_BOOL)};
static const ng_schema nulls = {null_fields, 2};

/* Text number `i` of a river; longer ones now and then. */
static size_t text_of(char *text, char river, uint64_t i) {
    const size_t size = (size_t)(i * 7 % 19);
    memset(text, river, size);
    return size;
}

typedef struct writer {
    const ng_schema *schema;
    uint64_t rows, made;
    char river;
} writer;

static ng_status write_text(ng_row out, void *ctx) {
    writer *const w = (writer *)ctx;
    const size_t text_column = w->schema == &texts ? 1 : 0;
    char text[32];
    if (w->made == w->rows) {
        return NG_END;
    }
    const ng_status status = ng_set_text(out, text_column, text, text_of(text, w->river, w->made));
    if (status != NG_OK) {
        return status;
    }
    ng_set_bool(out, 1 - text_column, w->made % 3 == 0);
    if (w->schema == &nulls) {
        ng_set_null(out, text_column, w->made % 5 == 0);
    }
    w->made++;
    return NG_OK;
}

static ng_status read_text(ng_row row, void *ctx) {
    told *const t = (told *)ctx;
    const uint64_t i = t->rows / 2;
    const char river = t->rows % 2 == 0 ? 'a' : 'b';
    char text[32];
    size_t size = 0;
    const char *const seen = ng_get_text(row, 0, &size);
    const bool null = river == 'b' && i % 5 == 0;
    t->wrong += ng_get_bool(row, 1) != (i % 3 == 0) || ng_is_null(row, 0) != null;
    t->wrong += !null && (size != text_of(text, river, i) || memcmp(seen, text, size) != 0);
    t->rows++;
    return NG_OK;
}

static void test_texts(void) {
    for (size_t room = 18; room < 200; room += 7) {
        writer a = {&texts, 200, 0, 'a'}, b = {&nulls, 200, 0, 'b'};
        told t = {NULL, 0, 0, 0, 0, NG_OK};
        marbles m;
        memset(&m, 0, sizeof m);
        ng_graph_options options = marbles_options(&m);
        options.batch_rows = 16;
        options.batch_text = room;
        marbles_begin_with(&m, &options);
        const ng_river rivers[] = {ng_generate(&m.graph, &texts, write_text, &a),
                                   ng_generate(&m.graph, &nulls, write_text, &b)};
        (void)ng_observe(ng_merge_ordered(rivers, 2, &nulls), read_text, &t);
        CHECK(marbles_run(&m) == NG_END);
        CHECK(t.rows == 400 && t.wrong == 0);
        marbles_end(&m);
    }
}

/* ---- sources with positions of their own ----------------------------------------------------- */

typedef struct sparse {
    uint64_t next, by;
    int64_t left;
} sparse;

static ng_status write_sparse(ng_row out, void *ctx) {
    sparse *const s = (sparse *)ctx;
    if (s->left == 0) {
        return NG_END;
    }
    ng_set_u64(out, 0, s->next);
    ng_set_i64(out, 1, (int64_t)(s->next * 10 + s->by));
    s->next += s->by;
    s->left--;
    return NG_OK;
}

static ng_status read_sparse(ng_row row, void *ctx) {
    told *const t = (told *)ctx;
    const int64_t key = ng_get_i64(row, 1);
    t->wrong += key <= (int64_t)t->value || (uint64_t)key / 10 != ng_get_u64(row, 0);
    t->value = (size_t)key;
    t->rows++;
    return NG_OK;
}

static void test_sparse_sources(void) {
    sparse twos = {0, 2, 300}, fives = {0, 5, 100};
    told t = {NULL, 0, 0, 0, 0, NG_OK};
    marbles m;
    marbles_begin(&m);
    const ng_river rivers[] = {ng_generate(&m.graph, &numbered, write_sparse, &twos),
                               ng_generate(&m.graph, &numbered, write_sparse, &fives)};
    (void)ng_observe(ng_merge_ordered(rivers, 2, &numbered), read_sparse, &t);
    CHECK(marbles_run(&m) == NG_END);
    CHECK(t.rows == 400 && t.wrong == 0);
    marbles_end(&m);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static int all_rows(ng_row row, void *ctx) {
    (void)row;
    (void)ctx;
    return 1;
}

enum { REFUSALS = 9 };

static ng_status refused(size_t which) {
    static const ng_field wrong_fields[] = {NG_FIELD("value", NG_F64)};
    static const ng_field missing_fields[] = {NG_FIELD("other", NG_I64)};
    static const ng_field null_row_fields[] = {NG_NULLABLE("ng_row", NG_U64),
                                               NG_FIELD("value", NG_I64)};
    static const ng_schema wrong = {wrong_fields, 1}, missing = {missing_fields, 1};
    static const ng_schema null_row = {null_row_fields, 2}, none = {NULL, 0};
    static writer w = {&nulls, 0, 0, 'a'};
    static sparse s = {0, 1, 0};
    marbles m;
    marbles_begin(&m);
    const ng_river range = ng_range(&m.graph, 0, 9, 1), other = ng_range(&m.graph, 0, 9, 1);
    ng_river rivers[] = {range, other};
    const ng_schema *schema = &marble_schema;
    switch (which) {
    case 0:
        schema = NULL;
        break;
    case 1:
        schema = &none;
        break;
    case 2:
        schema = &wrong;
        break;
    case 3:
        schema = &missing;
        break;
    case 4: /* rows that were left out have no numbers */
        rivers[1] = ng_filter(other, all_rows, NULL);
        break;
    case 5:
        rivers[1] = ng_delay(ng_generate(&m.graph, &numbered, write_sparse, &s), 5, 8);
        break;
    case 6:
        rivers[1] = ng_generate(&m.graph, &null_row, write_sparse, &s);
        break;
    case 7: /* the merge's text cannot be null */
        rivers[0] = rivers[1] = ng_generate(&m.graph, &nulls, write_text, &w);
        schema = &texts;
        rivers[1] = other;
        break;
    default:
        rivers[1] = range;
        break;
    }
    (void)marble_sink(&m, ng_merge_ordered(rivers, 2, schema));
    (void)ng_graph_memory(&m.graph);
    const ng_status status = ng_graph_error(&m.graph).status;
    marbles_end(&m);
    return status;
}

static void test_refusals(void) {
    static const ng_status expected[REFUSALS] = {NG_INVALID,  NG_INVALID,     NG_MISMATCH,
                                                 NG_MISMATCH, NG_UNSUPPORTED, NG_UNSUPPORTED,
                                                 NG_MISMATCH, NG_MISMATCH,    NG_MISUSED};
    for (size_t i = 0; i < REFUSALS; i++) {
        CHECK(refused(i) == expected[i]);
    }
    ng_river nowhere = {NULL, 0, 0};
    CHECK(ng_merge_ordered(NULL, 1, &marble_schema).graph == NULL);
    CHECK(ng_merge_ordered(&nowhere, 0, &marble_schema).graph == NULL);
    CHECK(ng_merge_ordered(&nowhere, 1, &marble_schema).graph == NULL);
}

int main(int argc, char **argv) {
    const uint32_t seed = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;
    test_diagrams();
    test_texts();
    test_sparse_sources();
    test_refusals();
    test_random_graphs(seed, argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 3000);
    return check_report();
}
