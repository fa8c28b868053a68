/* Graphs: building, running, ending, failing, and the books. */
#include "nagare.h"

#include "marbles.h"

/* ---- functions ------------------------------------------------------------------------------- */

static ng_status upper(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0) - 'a' + 'A');
    return NG_OK;
}

static int is_not(ng_row in, void *ctx) { return ng_get_i64(in, 0) != *(const char *)ctx; }

/* Fails at `x`. */
static ng_status no_x(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0));
    return ng_get_i64(in, 0) == 'x' ? NG_FAILED : NG_OK;
}

static int test_no_x(ng_row in, void *ctx) {
    (void)ctx;
    return ng_get_i64(in, 0) == 'x' ? (int)NG_BAD_INPUT : 1;
}

static ng_status twice(ng_row in, size_t k, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0));
    return k == 2 ? NG_END : NG_OK;
}

static ng_status count_rows(ng_row in, void *ctx) {
    (void)in;
    ++*(int64_t *)ctx;
    return NG_OK;
}

static ng_status tell_count(ng_row out, void *ctx) {
    ng_set_i64(out, 0, '0' + *(int64_t *)ctx);
    return NG_OK;
}

/* ---- operators in diagrams ------------------------------------------------------------------- */

static void test_steps(void) {
    static const struct {
        const char *name, *in, *out;
    } cases[] = {
        {"map", "-a-b-(cd)-|", "-A-B-(CD)-|"},
        {"map", "|", "|"},
        {"map", "#", "#"},
        {"map", "ab#", "AB#"},
        {"map", "(abcdefghijkl|)", "(ABCDEFGHIJKL|)"},
        {"filter", "-a-b-(cb)-|", "-a---c-|"},
        {"filter", "(bbbbbbbbbbbbbbbbab|)", "(a|)"},
        {"flat_map", "-a--(bcdefg)|", "-(aa)--(bbccddeeffgg)|"},
        {"tap", "(abcdefghij)--|", "(abcdefghij)--|"},
        {"reduce", "-a--(bcdefg)-|", "------(7|)"},
        {"reduce", "-|", "-(0|)"},
        {"reduce", "-a#", "--#"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static char b = 'b';
        int64_t count = 0;
        marbles m;
        marbles_begin(&m);
        ng_river river = marble_source(&m, cases[i].in);
        if (strcmp(cases[i].name, "map") == 0) {
            river = ng_map(river, upper, NULL);
        } else if (strcmp(cases[i].name, "filter") == 0) {
            river = ng_filter(river, is_not, &b);
        } else if (strcmp(cases[i].name, "flat_map") == 0) {
            river = ng_flat_map(river, NULL, twice, NULL);
        } else if (strcmp(cases[i].name, "tap") == 0) {
            river = ng_tap(river, count_rows, &count);
        } else {
            river = ng_reduce(river, NULL, count_rows, tell_count, &count);
        }
        const size_t sink = marble_sink(&m, river);
        const ng_status status = marbles_run(&m);
        CHECK_CASE(status == (strchr(cases[i].in, '#') == NULL ? NG_END : NG_FAILED),
                   cases[i].name);
        CHECK_SEEN(&m, sink, cases[i].out);
        marbles_end(&m);
    }
}

/* ---- bad rows -------------------------------------------------------------------------------- */

static void test_stopping(void) {
    marbles m;
    marbles_begin(&m);
    const ng_river safe = ng_name(ng_map(marble_source(&m, "-a-(bxc)-|"), no_x, NULL), "safe");
    const size_t sink = marble_sink(&m, safe);
    CHECK(marbles_run(&m) == NG_FAILED);
    CHECK_SEEN(&m, sink, "-a-(b#)");
    const ng_error error = ng_graph_error(&m.graph);
    CHECK(error.status == NG_FAILED && error.row == 2);
    CHECK(strcmp(error.calls, "map") == 0 && strcmp(error.river, "safe") == 0);
    CHECK(ng_river_account(safe).failed == 1);
    CHECK(ng_graph_step(&m.graph, NG_ALL) == NG_FAILED);
    marbles_end(&m);
}

static void test_skipping(void) {
    marbles m;
    marbles_begin(&m);
    ng_river river = ng_on_error(ng_map(marble_source(&m, "x-(xbxxcx)-|"), no_x, NULL), NG_SKIP);
    const ng_river kept = ng_on_error(ng_filter(river, test_no_x, NULL), NG_SKIP);
    const size_t sink = marble_sink(&m, kept);
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, sink, "--(bc)-|");
    CHECK(ng_river_account(river).failed == 5 && ng_river_account(kept).failed == 0);
    marbles_end(&m);
}

static void test_dead_letters(void) {
    marbles m;
    marbles_begin(&m);
    const ng_river river = ng_on_error(
        ng_map(marble_source(&m, "x-(xbxxxxxxxxxxxxxxcx)-|"), no_x, NULL), NG_DEAD_LETTER);
    const size_t good = marble_sink(&m, river);
    const size_t bad = marble_sink(&m, ng_dead_letters(river));
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, good, "--(bc)-|");
    CHECK_SEEN(&m, bad, "x-(xxxxxxxxxxxxxxxx)-|");
    marbles_end(&m);
}

/* ---- sources --------------------------------------------------------------------------------- */

static void test_sources(void) {
    static int64_t values[] = {'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z'};
    ng_column column = {values, NULL, NULL, 0};
    marbles m;
    marbles_begin(&m);
    const size_t range = marble_sink(&m, ng_range(&m.graph, 'a', 'a' + 20, 2));
    const size_t down = marble_sink(&m, ng_range(&m.graph, 'e', 'a', -1));
    const size_t none = marble_sink(&m, ng_range(&m.graph, 5, 5, 1));
    const size_t of = marble_sink(&m, ng_of(&m.graph, values, 3));
    const size_t nothing = marble_sink(&m, ng_of(&m.graph, NULL, 0));
    const size_t array = marble_sink(&m, ng_array(&m.graph, &marble_schema, &column, 11));
    const size_t empty = marble_sink(&m, ng_array(&m.graph, &marble_schema, &column, 0));
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, range, "(acegikmoqs|)");
    CHECK_SEEN(&m, down, "(edcb|)");
    CHECK_SEEN(&m, none, "|");
    CHECK_SEEN(&m, of, "(pqr|)");
    CHECK_SEEN(&m, nothing, "|");
    CHECK_SEEN(&m, array, "(pqrstuvwxyz|)");
    CHECK_SEEN(&m, empty, "|");
    marbles_end(&m);
}

/* ---- building and running wrongly ------------------------------------------------------------ */

/* Every request for memory fails once; nothing is lost, and the graph says so. */
static void test_memory_runs_out(void) {
    ng_status status = NG_NO_MEMORY;
    for (size_t fail_at = 1; status == NG_NO_MEMORY; fail_at++) {
        marbles m;
        ng_river rivers[20];
        memset(&m, 0, sizeof m);
        m.memory.fail_at = fail_at;
        const ng_graph_options options = marbles_options(&m);
        marbles_begin_with(&m, &options);
        ng_fork(ng_map(ng_range(&m.graph, 'a', 'e', 1), upper, NULL), rivers, 20);
        for (size_t i = 0; i < 20; i++) {
            marble_sink_state state = {m.seen[i % 16], 0, 0, 0, 0, 0};
            const ng_stage stage = {&marble_sink_calls, sizeof state, &state, NULL, 0, false, 0};
            (void)ng_apply(&m.graph, &rivers[i], 1, &stage);
        }
        status = ng_graph_start(&m.graph);
        CHECK(status == NG_OK ||
              (status == NG_NO_MEMORY && ng_graph_error(&m.graph).status == status));
        CHECK(status == NG_NO_MEMORY || fail_at > 20);
        marbles_end(&m);
    }
    CHECK(status == NG_OK);
}

static void test_options(void) {
    heap memory;
    memset(&memory, 0, sizeof memory);
    const ng_graph_options good = ng_graph_defaults(heap_allocator(&memory));
    ng_graph_options bad[6] = {good, good, good, good, good, good};
    ng_graph graph;
    bad[0].allocator.resize = NULL;
    bad[1].batch_rows = 0;
    bad[2].batch_text = 0;
    bad[3].batch_text = (size_t)INT32_MAX + 1;
    bad[4].link.batches = 3;
    bad[5].link.high_rows = 0;
    for (size_t i = 0; i < 6; i++) {
        CHECK(ng_graph_init(&graph, &bad[i]) == NG_INVALID);
    }
    CHECK(ng_graph_init(NULL, &good) == NG_INVALID && ng_graph_init(&graph, NULL) == NG_INVALID);
    CHECK(ng_graph_start(NULL) == NG_INVALID && ng_graph_step(NULL, 1) == NG_INVALID);
    CHECK(ng_graph_init(&graph, &good) == NG_OK);
    CHECK(ng_graph_memory(&graph) == 0 && ng_graph_start(&graph) == NG_INVALID);
    ng_graph_close(&graph);
    ng_graph_close(&graph);
    CHECK(ng_graph_init(&graph, &good) == NG_OK);
    CHECK(ng_graph_step(&graph, 1) == NG_MISUSED);
    ng_graph_cancel(&graph);
    ng_graph_close(&graph);
}

static ng_step take_too_much(void *state, ng_context *context, const ng_batch *in,
                             const ng_room *out) {
    (void)state;
    (void)context;
    (void)out;
    return ng_step_of(in->rows + 1, 0, NG_OK);
}

static ng_status open_fails(void *state, ng_context *context) {
    (void)state;
    (void)context;
    return NG_IO;
}

static const ng_operator greedy = {"greedy", NULL, take_too_much, NULL, NULL, NULL, NULL, false};
static const ng_operator broken = {"broken", open_fails, take_too_much, NULL,
                                   NULL,     NULL,       NULL,          false};
static const ng_operator without_push = {"without_push", NULL, NULL, NULL, NULL, NULL, NULL, false};

static void test_operators_that_do_wrong(void) {
    static const struct {
        const ng_operator *calls;
        ng_status status;
    } wrong[] = {{&greedy, NG_MISUSED}, {&broken, NG_IO}, {&without_push, NG_INVALID}};
    for (size_t i = 0; i < 3; i++) {
        marbles m;
        marbles_begin(&m);
        const ng_stage stage = {wrong[i].calls, 0, NULL, NULL, 1, false, 0};
        ng_river river = marble_source(&m, "-a-|");
        river = ng_apply(&m.graph, &river, 1, &stage);
        (void)marble_sink(&m, river);
        CHECK(marbles_run(&m) == wrong[i].status);
        CHECK(strcmp(ng_graph_error(&m.graph).calls, wrong[i].calls->name) == 0);
        marbles_end(&m);
    }
}

/* Steps that cannot be built, each with what it is refused for. */
static ng_status build(int which, marbles *m) {
    static const ng_field twice_fields[] = {NG_FIELD("a", NG_I64), NG_FIELD("a", NG_I64)};
    static const ng_schema twice_named = {twice_fields, 2};
    static const ng_link_options bounds = {3, 1, 0, 0, NG_OVERFLOW_BLOCK};
    const ng_link_options fine = marbles_options(m).link;
    const ng_river source = marble_source(m, "|");
    const ng_river map = ng_map(source, upper, NULL);
    marbles other;
    memset(&other, 0, sizeof other);
    switch (which) {
    case 0:
        (void)ng_map(source, upper, NULL); /* used twice */
        return NG_MISUSED;
    case 1:
        (void)ng_map_to(map, &twice_named, upper, NULL);
        return NG_INVALID;
    case 2:
        (void)ng_map(map, NULL, NULL);
        return NG_INVALID;
    case 3:
        (void)ng_bound(map, &bounds);
        return NG_INVALID;
    case 4:
        (void)ng_bound(ng_output(map, 1), &fine);
        return NG_INVALID;
    case 5:
        (void)ng_on_error(source, NG_SKIP);
        return NG_UNSUPPORTED;
    case 6:
        (void)ng_on_error(map, (ng_strategy)9);
        return NG_INVALID;
    case 7:
        (void)ng_dead_letters(map);
        return NG_MISUSED;
    case 8:
        (void)ng_map(ng_output(map, 1), upper, NULL);
        return NG_INVALID;
    case 9:
        (void)ng_range(&m->graph, 0, 1, 0);
        return NG_INVALID;
    case 10:
        (void)ng_of(&m->graph, NULL, 1);
        return NG_INVALID;
    case 11:
        (void)ng_of(&m->graph, (const int64_t *)m, 4097);
        return NG_TOO_LARGE;
    case 12:
        (void)ng_array(&m->graph, &marble_schema, NULL, 1);
        return NG_INVALID;
    case 13:
        (void)ng_generate(&m->graph, &marble_schema, NULL, NULL);
        return NG_INVALID;
    case 14: {
        const ng_stage huge = {&greedy, SIZE_MAX - 100, NULL, NULL, 1, false, 0};
        (void)ng_apply(&m->graph, &map, 1, &huge);
        return NG_NO_MEMORY;
    }
    case 15: {
        marbles_begin(&other);
        const ng_river rivers[] = {map, marble_source(&other, "|")};
        const ng_stage stage = {&greedy, 0, NULL, NULL, 1, false, 0};
        (void)ng_apply(NULL, rivers, 2, &stage);
        marbles_end(&other);
        return NG_INVALID;
    }
    default:
        return NG_DANGLING; /* the map's river ends nowhere */
    }
}

static void test_refusals(void) {
    for (int which = 0; which <= 16; which++) {
        marbles m;
        char name[32];
        marbles_begin(&m);
        const ng_status wanted = build(which, &m);
        (void)snprintf(name, sizeof name, "case %d", which);
        CHECK_CASE(ng_graph_start(&m.graph) == wanted, name);
        CHECK_CASE(ng_graph_error(&m.graph).status == wanted, name);
        ng_account all;
        ng_error at;
        CHECK_CASE(ng_audit(&m.graph, &all, &at) == NG_OK && all.in == 0, name);
        CHECK_CASE(ng_graph_error(&m.graph).calls != NULL, name);
        CHECK_CASE(ng_graph_memory(&m.graph) == 0, name);
        marbles_end(&m);
    }
}

/* ---- from within ----------------------------------------------------------------------------- */

typedef struct meddler {
    marbles *m;
    int what;
    ng_status said;
} meddler;

static ng_status meddle(ng_row row, void *ctx) {
    meddler *const me = (meddler *)ctx;
    (void)row;
    if (me->what == 0) {
        me->said = ng_graph_step(&me->m->graph, 1);
    } else if (me->what == 1) {
        ng_graph_cancel(&me->m->graph);
    } else if (me->what == 2) {
        ng_graph_close(&me->m->graph);
    } else {
        me->said =
            ng_map((ng_river){&me->m->graph, 0, 0}, upper, NULL).node == UINT32_MAX ? NG_OK : NG_IO;
    }
    return NG_OK;
}

static void test_calls_from_within(void) {
    for (int what = 0; what < 4; what++) {
        marbles m;
        meddler me = {&m, what, NG_OK};
        marbles_begin(&m);
        (void)ng_observe(marble_source(&m, "-a-b-|"), meddle, &me);
        CHECK(marbles_run(&m) == NG_END);
        CHECK(me.said == (what == 0 ? NG_MISUSED : NG_OK));
        marbles_end(&m);
    }
}

/* ---- sinks that say when --------------------------------------------------------------------- */

typedef struct reader {
    size_t seen, room;
} reader;

static ng_status read_row(ng_row row, void *ctx) {
    reader *const r = (reader *)ctx;
    if (r->room == 0) {
        return NG_AGAIN;
    }
    r->room--;
    r->seen++;
    return ng_get_i64(row, 0) == 99 ? NG_END : NG_OK;
}

static void test_slow_sink(void) {
    marbles m;
    reader r = {0, 0};
    marbles_begin(&m);
    const ng_river source = ng_range(&m.graph, 0, 1000000, 1);
    const ng_river map = ng_tap(source, count_rows, &(int64_t){0});
    const ng_river sink = ng_observe(map, read_row, &r);
    CHECK(ng_graph_start(&m.graph) == NG_OK);
    for (size_t round = 0; round < 10; round++) {
        r.room = 10;
        ng_graph_wake(sink);
        CHECK(ng_graph_step(&m.graph, NG_ALL) == (round == 9 ? NG_END : NG_OK));
        CHECK(r.seen == 10 * (round + 1));
        CHECK(ng_river_account(source).out - r.seen <= 16); /* two links of 8 rows */
    }
    CHECK(ng_graph_step(&m.graph, NG_ALL) == NG_END);
    CHECK(ng_river_account((ng_river){NULL, 0, 0}).in == 0 &&
          ng_state((ng_river){NULL, 0, 0}) == NULL);
    marbles_end(&m);
}

/* ---- text ------------------------------------------------------------------------------------ */

static const ng_field word_fields[] = {NG_FIELD("n", NG_I64), NG_NULLABLE("word", NG_UTF8),
                                       NG_NULLABLE("flag", NG_BOOL)};
static const ng_schema word_schema = {word_fields, 3};
enum { WORDS = 100, WORD_ROOM = 32 };

/* Row `i` has a word of i % 40 letters; every fifth has none. */
static ng_status make_word(ng_row out, void *ctx) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    int64_t *const next = (int64_t *)ctx;
    if (*next == WORDS) {
        return NG_END;
    }
    ng_set_i64(out, 0, *next);
    ng_set_bool(out, 2, *next % 2 == 0);
    const ng_status status = ng_set_text(out, 1, letters, (size_t)(*next % (WORD_ROOM + 1)));
    ng_set_null(out, 1, *next % 5 == 0);
    ng_set_null(out, 2, *next % 3 == 0);
    *next += status == NG_OK;
    return status;
}

static ng_status same_word(ng_row in, ng_row out, void *ctx) {
    size_t size;
    const char *const text = ng_get_text(in, 1, &size);
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0));
    ng_set_bool(out, 2, ng_get_bool(in, 2));
    ng_set_null(out, 2, ng_is_null(in, 2));
    const ng_status status = ng_set_text(out, 1, text, size);
    ng_set_null(out, 1, ng_is_null(in, 1));
    return status;
}

static int keep_word(ng_row in, void *ctx) {
    (void)ctx;
    return ng_get_i64(in, 0) % 10 != 7;
}

static ng_status check_word(ng_row in, void *ctx) {
    int64_t *const next = (int64_t *)ctx;
    size_t size;
    *next += *next % 10 == 7;
    (void)ng_get_text(in, 1, &size);
    CHECK(ng_get_i64(in, 0) == *next && size == (size_t)(*next % (WORD_ROOM + 1)));
    CHECK(ng_is_null(in, 1) == (*next % 5 == 0) && ng_is_null(in, 2) == (*next % 3 == 0));
    CHECK(ng_get_bool(in, 2) == (*next % 2 == 0));
    ++*next;
    return NG_OK;
}

/* Blocks in which a few words fit: rows move to the next block where a text has no room. */
static void test_text(void) {
    for (size_t room = WORD_ROOM - 1; room < 4 * WORD_ROOM; room += 11) {
        marbles m;
        int64_t made = 0, seen = 0;
        memset(&m, 0, sizeof m);
        ng_graph_options options = marbles_options(&m);
        options.batch_text = room;
        marbles_begin_with(&m, &options);
        const ng_river words = ng_generate(&m.graph, &word_schema, make_word, &made);
        const ng_river kept = ng_filter(ng_map(words, same_word, NULL), keep_word, NULL);
        (void)ng_observe(kept, check_word, &seen);
        const ng_status status = marbles_run(&m);
        CHECK(status == (room < WORD_ROOM ? NG_TOO_LARGE : NG_END));
        CHECK(room < WORD_ROOM || seen == WORDS);
        marbles_end(&m);
    }
}

int main(void) {
    test_memory_runs_out();
    test_options();
    test_operators_that_do_wrong();
    test_refusals();
    test_calls_from_within();
    test_slow_sink();
    test_text();
    test_steps();
    test_stopping();
    test_skipping();
    test_dead_letters();
    test_sources();
    return check_report();
}
