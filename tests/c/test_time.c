/* Operators that go by the clock, as diagrams in virtual time: a tick is a millisecond. */
#include "nagare.h"

#include "marbles.h"

#define MS ((int64_t)MARBLE_TICK)

static ng_status digit(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, '0' + ng_get_i64(in, 0));
    return NG_OK;
}

/* Lets a row through every `ticks`. */
static ng_river slowly(ng_river river, int64_t ticks) {
    const ng_rate rate = {1, ticks * MS, 1, false};
    return ng_rate_limit(river, &rate);
}

/* A river in front of `slowly` that takes one row at a time. */
static ng_river narrow(ng_river river) {
    ng_link_options options = river.graph->options.link;
    options.batches = 1;
    options.high_rows = 1;
    options.low_rows = 0;
    return ng_bound(river, &options);
}

static ng_status count_rows(ng_row in, void *ctx) {
    (void)in;
    ++*(int64_t *)ctx;
    return NG_OK;
}

/* ---- steps by number ------------------------------------------------------------------------- */

enum {
    SAMPLE,
    THROTTLE_FIRST,
    THROTTLE_LAST,
    THROTTLE_BOTH,
    DEBOUNCE,
    DELAY,
    DELAY_FEW,
    TIMEOUT,
    BUFFER,
    BUFFER_TIME,
    BUFFER_BYTES,
    RATE,
    RATE_DROP,
    STEPS
};

static ng_river step_of(ng_river river, int step) {
    const ng_buffer_options rows = {3, 0, 0}, time = {0, 0, 3 * MS}, bytes = {4, 16, 2 * MS};
    const ng_rate rate = {2, 5 * MS, 2, false}, drop = {2, 5 * MS, 2, true};
    switch (step) {
    case SAMPLE:
        return ng_sample_time(river, 4 * MS);
    case THROTTLE_FIRST:
        return ng_throttle(river, 3 * MS, NG_THROTTLE_LEADING);
    case THROTTLE_LAST:
        return ng_throttle(river, 3 * MS, NG_THROTTLE_TRAILING);
    case THROTTLE_BOTH:
        return ng_throttle(river, 3 * MS, NG_THROTTLE_LEADING | NG_THROTTLE_TRAILING);
    case DEBOUNCE:
        return ng_debounce(river, 2 * MS);
    case DELAY:
        return ng_delay(river, 3 * MS, 100);
    case DELAY_FEW:
        return ng_delay(river, 3 * MS, 2);
    case TIMEOUT:
        return ng_timeout(river, 3 * MS);
    case BUFFER:
        return ng_buffer(river, &rows);
    case BUFFER_TIME:
        return ng_buffer(river, &time);
    case BUFFER_BYTES:
        return ng_buffer(river, &bytes);
    case RATE:
        return ng_rate_limit(river, &rate);
    default:
        return ng_rate_limit(river, &drop);
    }
}

static void test_diagrams(void) {
    static const struct {
        int step;
        const char *in, *out;
        ng_status status;
    } cases[] = {
        {SAMPLE, "-abc-d---------e|", "----c---d-------(e|)", NG_END},
        {SAMPLE, "----a(bc)-|", "-------(c|)", NG_END},
        {SAMPLE, "-a--bc---|", "----a---c|", NG_END},
        {SAMPLE, "a#", "-#", NG_FAILED},
        {SAMPLE, "|", "|", NG_END},
        {SAMPLE, "-abc-d---|", "----c---d|", NG_END},
        {THROTTLE_BOTH, "-abc---d|", "-a--c--d|", NG_END},
        {DEBOUNCE, "-ab-----|", "----b---|", NG_END},
        {DELAY, "-ab-----|", "----ab--|", NG_END},
        {BUFFER, "-a-b-c--|", "-----(abc)--|", NG_END},
        {THROTTLE_FIRST, "-abcdefg----h|", "-a--d--g----h|", NG_END},
        {THROTTLE_FIRST, "(abc)-d|", "a--|", NG_END},
        {THROTTLE_FIRST, "(abc)--d|", "a--d|", NG_END},
        {THROTTLE_LAST, "-abcdefg----h|", "----c--f--g--(h|)", NG_END},
        {THROTTLE_BOTH, "-abc---d----|", "-a--c--d----|", NG_END},
        {THROTTLE_BOTH, "-a-b---d-e--f|", "-a--b--d--e--(f|)", NG_END},
        {THROTTLE_BOTH, "(ab)#", "a#", NG_FAILED},
        {THROTTLE_BOTH, "|", "|", NG_END},
        {DEBOUNCE, "-a-bcd----e|", "---a---d---(e|)", NG_END},
        {DEBOUNCE, "-a--(bc)---|", "---a--c-|", NG_END},
        {DEBOUNCE, "-a#", "--#", NG_FAILED},
        {DEBOUNCE, "|", "|", NG_END},
        {DELAY, "-a-(bc)---|", "----a-(bc)|", NG_END},
        {DELAY, "ab|", "---a(b|)", NG_END},
        {DELAY, "(abcdefghijklmnop)----|", "---(abcdefghijklmnop)-|", NG_END},
        {DELAY, "-a#", "--#", NG_FAILED},
        {DELAY, "|", "|", NG_END},
        {DELAY_FEW, "abcde---|", "---ab-cd-(e|)", NG_END},
        {TIMEOUT, "-a-b-(cd)-e-|", "-a-b-(cd)-e-|", NG_END},
        {TIMEOUT, "-a---b|", "-a--#", NG_TIMEOUT},
        {TIMEOUT, "---a|", "---#", NG_TIMEOUT},
        {TIMEOUT, "a#", "a#", NG_FAILED},
        {TIMEOUT, "(abcdefghijklm|)", "(abcdefghijklm|)", NG_END},
        {BUFFER, "-a-b-c-(defg)-h|", "-----(abc)-(def)--(gh|)", NG_END},
        {BUFFER, "-a-b#", "----#", NG_FAILED},
        {BUFFER, "|", "|", NG_END},
        {BUFFER_TIME, "-a-b-c----defgh|", "----(ab)---c----(def)-(gh|)", NG_END},
        {BUFFER_BYTES, "-a--bc-d|", "---a-(bc)--(d|)", NG_END},
        {RATE, "(abcde)----|", "(ab)-c--d-(e|)", NG_END},
        {RATE, "-a-bc-----d(efg)|", "-a-bc-----def--(g|)", NG_END},
        {RATE_DROP, "(abcde)---f-|", "(ab)---f-|", NG_END},
        {RATE, "|", "|", NG_END},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        marbles m;
        marbles_begin(&m);
        const size_t sink = marble_sink(&m, step_of(marble_source(&m, cases[i].in), cases[i].step));
        CHECK_CASE(marbles_run(&m) == cases[i].status, cases[i].in);
        CHECK_SEEN(&m, sink, cases[i].out);
        marbles_end(&m);
    }
}

/* ---- sources --------------------------------------------------------------------------------- */

static void test_interval(void) {
    marbles m;
    marbles_begin(&m);
    const ng_river ticks = ng_interval(&m.graph, 2 * MS);
    const size_t sink = marble_sink(&m, ng_take(ng_map(ticks, digit, NULL), 4));
    const size_t after = marble_sink(&m, ng_map(ng_after(&m.graph, 3 * MS), digit, NULL));
    const size_t slow = marble_sink(&m, slowly(marble_source(&m, "(abc)----|"), 2));
    const size_t at_once = marble_sink(&m, ng_map(ng_after(&m.graph, 0), digit, NULL));
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, sink, "0-1-2-(3|)");
    CHECK_SEEN(&m, after, "---(0|)");
    CHECK_SEEN(&m, at_once, "(0|)");
    CHECK_SEEN(&m, slow, "a-b-c|");
    CHECK(ng_river_account(ticks).in == 4 && ng_river_account(ticks).dropped == 0);
    marbles_end(&m);
}

/* Ticks 2, 4 and 5 find no credit. */
static void test_interval_skips(void) {
    marbles m;
    marbles_begin(&m);
    const ng_river ticks = narrow(ng_interval(&m.graph, MS));
    const size_t sink = marble_sink(&m, ng_take(ng_map(slowly(ticks, 3), digit, NULL), 4));
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, sink, "0--1--3--(6|)");
    CHECK(ng_river_account(ticks).in == 7 && ng_river_account(ticks).dropped == 3);
    marbles_end(&m);
}

/* A graph that is stepped late gets the last of the ticks that were due. */
static void test_interval_late(void) {
    marbles m;
    marbles_begin(&m);
    m.now = -7;
    const ng_river ticks = ng_interval(&m.graph, 10);
    const size_t sink = marble_sink(&m, ng_map(ticks, digit, NULL));
    CHECK(ng_graph_start(&m.graph) == NG_OK && ng_graph_step(&m.graph, NG_ALL) == NG_OK);
    CHECK(ng_graph_next(&m.graph) == 3);
    m.now = 32;
    CHECK(ng_graph_step(&m.graph, NG_ALL) == NG_OK && ng_graph_next(&m.graph) == 33);
    ng_graph_wake(ticks);
    CHECK(ng_graph_step(&m.graph, NG_ALL) == NG_OK && ng_graph_next(&m.graph) == 33);
    CHECK(ng_river_account(ticks).out == 2 && ng_river_account(ticks).dropped == 2);
    CHECK_SEEN(&m, sink, "(03)");
    marbles_end(&m);
}

/* Times that do not fit are never. */
static void test_never(void) {
    marbles m;
    marbles_begin(&m);
    m.now = 5;
    const size_t ticks = marble_sink(&m, ng_map(ng_interval(&m.graph, INT64_MAX), digit, NULL));
    const size_t after = marble_sink(&m, ng_after(&m.graph, INT64_MAX));
    const size_t late = marble_sink(&m, ng_delay(ng_range(&m.graph, 0, 3, 1), INT64_MAX, 2));
    CHECK(marbles_run(&m) == NG_OK);
    CHECK_SEEN(&m, ticks, "0");
    CHECK_SEEN(&m, after, "");
    CHECK_SEEN(&m, late, "");
    CHECK(ng_graph_next(&m.graph) == INT64_MAX);
    marbles_end(&m);
}

/* ---- ends from below, and waiting for credit ------------------------------------------------- */

static void test_cancelled(void) {
    for (int step = 0; step < STEPS; step++) {
        marbles m;
        marbles_begin(&m);
        const ng_river river = step_of(marble_source(&m, "(ab)-c-defgh--(ij)--klm---n|"), step);
        const size_t sink = marble_sink(&m, ng_take(river, 2));
        CHECK(marbles_run(&m) == NG_END);
        const char *const end = strrchr(m.seen[sink], '|');
        CHECK(end != NULL && m.now < 27 * MS);
        marbles_end(&m);
    }
}

/* Twenty rows, each seven ticks after the one before. */
#define ALL                                                                                        \
    "a------b------c------d------e------f------g------h------i------j------k------l------m------"  \
    "n------o------p------q------r------s------(t|)"

/* Whatever waits for credit is sent later, in order, and the books hold. */
static void test_backpressure(void) {
    static const char *const seen[STEPS] = {
        "----g------p------r------s------(t|)",
        "a------g------q------(s|)",
        "---f------p------q------r------(t|)",
        "a------f------p------r------(t|)",
        "-------p------r------s------(t|)",
        "---" ALL,
        "---" ALL,
        ALL,
        ALL,
        ALL,
        ALL,
        ALL,
        ("a------b------g------h------i------j------k------l------m------n------o------p------q----"
         "--r------s------(t|)"),
    };
    for (int step = 0; step < STEPS; step++) {
        marbles m;
        marbles_begin(&m);
        const ng_river river = step_of(marble_source(&m, "(abcd)efgh(ijklmnop)--qr----s-t|"), step);
        const bool gathers = step >= BUFFER && step <= BUFFER_BYTES;
        const size_t sink = marble_sink(&m, slowly(gathers ? river : narrow(river), 7));
        CHECK(marbles_run(&m) == NG_END);
        CHECK_SEEN(&m, sink, seen[step]);
        marbles_end(&m);
    }
}

typedef struct beats {
    marbles *m;
    int64_t row, wrong;
} beats;

/* Row k is due at 10 k / 3 nanoseconds, rounded up. */
static ng_status beat(ng_row in, void *ctx) {
    beats *const b = (beats *)ctx;
    (void)in;
    b->wrong += b->m->now != (10 * b->row + 2) / 3;
    b->row++;
    return NG_OK;
}

static void test_rate_does_not_drift(void) {
    const ng_rate rate = {3, 10, 1, false};
    marbles m;
    beats b = {&m, 0, 0};
    marbles_begin(&m);
    (void)ng_observe(ng_rate_limit(ng_range(&m.graph, 0, 1000, 1), &rate), beat, &b);
    CHECK(marbles_run(&m) == NG_END);
    CHECK(b.row == 1000 && b.wrong == 0);
    marbles_end(&m);
}

/* A row that comes while another waits for credit is taken after it. */
static void test_waiting_in_line(void) {
    marbles m;
    marbles_begin(&m);
    const ng_river first = step_of(marble_source(&m, "a--b--c--d--|"), THROTTLE_FIRST);
    const ng_river quiet = step_of(marble_source(&m, "a--b--c-d-----|"), DEBOUNCE);
    const char *const spread = "a--b--c-----------d-------|";
    const ng_river alone = step_of(marble_source(&m, spread), DEBOUNCE);
    const ng_river late = step_of(marble_source(&m, spread), DELAY);
    const size_t debounced_alone = marble_sink(&m, slowly(narrow(alone), 7));
    const size_t delayed = marble_sink(&m, slowly(narrow(late), 7));
    const size_t throttled = marble_sink(&m, slowly(narrow(first), 7));
    const size_t debounced = marble_sink(&m, slowly(narrow(quiet), 7));
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, debounced_alone, "--a------b------c------d--|");
    CHECK_SEEN(&m, delayed, "---a------b------c------d-|");
    CHECK_SEEN(&m, throttled, "a------b------(c|)");
    CHECK_SEEN(&m, debounced, "--a------b------c------(d|)");
    marbles_end(&m);
}

/* What is delayed lies in no more blocks than were counted on: here in 33, of 3 rows each. */
static void test_delay_of_scattered_rows(void) {
    const ng_buffer_options options = {3, 0, 0};
    int64_t count = 0;
    marbles m;
    marbles_begin(&m);
    ng_river river = ng_buffer(ng_range(&m.graph, 0, 200, 1), &options);
    river = ng_delay(river, 5 * MS, 100);
    (void)ng_observe(river, count_rows, &count);
    CHECK(ng_graph_start(&m.graph) == NG_OK);
    CHECK(marbles_run_until(&m, 4) == NG_OK);
    CHECK(count == 0 && ng_river_account(river).held == 99);
    CHECK(marbles_run_until(&m, 5) == NG_OK && count == 99);
    CHECK(marbles_run_until(&m, 20) == NG_END && count == 200);
    marbles_end(&m);
}

/* Cancelled from outside with rows held. */
static void test_cancelled_while_holding(void) {
    for (int step = 0; step < STEPS; step++) {
        marbles m;
        ng_account all;
        ng_error at;
        marbles_begin(&m);
        const ng_river river = step_of(marble_source(&m, "(abcde)----|"), step);
        (void)marble_sink(&m, river);
        CHECK(ng_graph_start(&m.graph) == NG_OK && ng_graph_step(&m.graph, NG_ALL) == NG_OK);
        ng_graph_cancel(&m.graph);
        CHECK(ng_audit(&m.graph, &all, &at) == NG_OK && all.held == 0 && ng_account_holds(&all));
        marbles_end(&m);
    }
}

/* ---- refusals and failures ------------------------------------------------------------------- */

/* What building one step is refused for. */
static ng_status refused(int what, bool clock) {
    marbles m;
    memset(&m, 0, sizeof m);
    ng_graph_options options = marbles_options(&m);
    if (!clock) {
        options.clock.now = NULL;
    }
    marbles_begin_with(&m, &options);
    const ng_river r = ng_range(&m.graph, 0, 9, 1);
    const ng_buffer_options large = {5, 0, 0}, past = {0, 0, -1}, timed = {0, 0, 1},
                            plain = {0, 0, 0};
    const ng_rate rates[] = {{0, 1, 1, false}, {1, 0, 1, false},
                             {1, 1, 0, false}, {1, 2, INT64_MAX / 2, false},
                             {1, 1, 1, false}, {2, 1, 1, false}};
    ng_river river = r;
    switch (what) {
    case 0:
        river = ng_interval(&m.graph, 0);
        break;
    case 1:
        river = ng_after(&m.graph, -1);
        break;
    case 2:
        river = ng_sample_time(r, 0);
        break;
    case 3:
        river = ng_throttle(r, 1, 0);
        break;
    case 4:
        river = ng_throttle(r, 1, 4);
        break;
    case 5:
        river = ng_throttle(r, 0, 1);
        break;
    case 6:
        river = ng_debounce(r, 0);
        break;
    case 7:
        river = ng_delay(r, 0, 1);
        break;
    case 8:
        river = ng_delay(r, 1, 0);
        break;
    case 9:
        river = ng_delay(r, 1, SIZE_MAX);
        break;
    case 10:
        river = ng_timeout(r, 0);
        break;
    case 11:
        river = ng_buffer(r, &large);
        break;
    case 12:
        river = ng_buffer(r, &past);
        break;
    case 13:
        river = ng_buffer(r, NULL);
        break;
    case 14:
        river = ng_rate_limit(r, NULL);
        break;
    case 15:
        river = ng_rate_limit(r, &rates[0]);
        break;
    case 16:
        river = ng_rate_limit(r, &rates[1]);
        break;
    case 17:
        river = ng_rate_limit(r, &rates[2]);
        break;
    case 18:
        river = ng_rate_limit(r, &rates[3]);
        break;
    case 19:
        river = ng_rate_limit(r, &rates[4]);
        break;
    case 20:
        river = ng_buffer(r, &timed);
        break;
    case 21:
        river = ng_interval(&m.graph, 1);
        break;
    case 22:
        river = ng_delay(r, 1, 1);
        break;
    case 24:
        river = ng_rate_limit(r, &rates[5]);
        break;
    default:
        river = ng_buffer(r, &plain);
        break;
    }
    (void)ng_state(river);
    const ng_status status = ng_graph_error(&m.graph).status;
    marbles_end(&m);
    return status;
}

static void test_refusals(void) {
    for (int what = 0; what <= 17; what++) {
        const bool large = what == 9 || what == 11;
        CHECK(refused(what, true) == (large ? NG_TOO_LARGE : NG_INVALID));
    }
    CHECK(refused(18, true) == NG_TOO_LARGE && refused(24, true) == NG_INVALID);
    for (int what = 19; what <= 23; what++) {
        CHECK(refused(what, true) == NG_OK);
        CHECK(refused(what, false) == (what == 23 ? NG_OK : NG_UNSUPPORTED));
    }
}

static void test_no_memory(void) {
    for (int step = 0; step < STEPS + 2; step++) {
        ng_status status = NG_NO_MEMORY;
        for (size_t fail_at = 1; status == NG_NO_MEMORY; fail_at++) {
            marbles m;
            marbles_begin(&m);
            m.memory.fail_at = fail_at;
            const ng_river river = step == STEPS       ? ng_interval(&m.graph, MS)
                                   : step == STEPS + 1 ? ng_after(&m.graph, MS)
                                                       : step_of(ng_range(&m.graph, 0, 9, 1), step);
            (void)marble_sink(&m, river);
            status = ng_graph_start(&m.graph);
            CHECK(status == NG_NO_MEMORY || (status == NG_OK && fail_at >= 4));
            marbles_end(&m);
        }
    }
}

/* A buffer that could never be released. */
static void test_buffer_without_credit(void) {
    const ng_buffer_options options = {4, 0, 0};
    marbles m;
    marbles_begin(&m);
    (void)marble_sink(&m, narrow(ng_buffer(ng_range(&m.graph, 0, 9, 1), &options)));
    CHECK(ng_graph_start(&m.graph) == NG_NO_CREDIT);
    CHECK(strcmp(ng_graph_error(&m.graph).calls, "buffer") == 0);
    marbles_end(&m);
}

/* ---- text and nulls, in batches -------------------------------------------------------------- */

static const ng_field note_fields[] = {NG_NULLABLE("note", NG_UTF8), NG_NULLABLE("n", NG_I64)};
static const ng_schema notes = {note_fields, 2};

typedef struct writer {
    const char *const *texts;
    int at;
} writer;

/* Every third note is null, and every n but the third's. */
static ng_status write_note(ng_row out, void *ctx) {
    writer *const w = (writer *)ctx;
    const char *const text = w->texts[w->at];
    if (text == NULL) {
        return NG_END;
    }
    const ng_status status = ng_set_text(out, 0, text, strlen(text));
    ng_set_i64(out, 1, w->at);
    ng_set_null(out, 0, w->at % 3 == 2);
    ng_set_null(out, 1, w->at % 3 != 2);
    w->at += status == NG_OK;
    return status;
}

typedef struct reader {
    char batches[64]; /* a digit for the rows of each batch */
    size_t count;
    const char *const *texts;
    int at, wrong;
} reader;

static ng_step read_notes(void *state, ng_context *context, const ng_batch *in,
                          const ng_room *out) {
    reader *const r = (reader *)state;
    (void)context;
    (void)out;
    r->batches[r->count++] = (char)('0' + in->rows);
    for (size_t i = 0; i < in->rows; i++, r->at++) {
        size_t size = 0;
        const ng_row row = ng_batch_row(in, i);
        const bool third = r->at % 3 == 2;
        const char *const text = ng_get_text(row, 0, &size), *const wanted = r->texts[r->at];
        const bool same = size == strlen(wanted) && memcmp(text, wanted, size) == 0;
        r->wrong += ng_is_null(row, 0) != third || (!third && !same);
        r->wrong += ng_is_null(row, 1) == third || (third && ng_get_i64(row, 1) != r->at);
    }
    return ng_step_of(in->rows, 0, NG_OK);
}

static const ng_operator read_calls = {"read", NULL, read_notes, NULL, NULL, NULL, NULL, false};

/* Which batches come of notes, in blocks with room for 16 bytes of text. */
static void check_notes(const char *const *texts, const ng_buffer_options *options, int delay,
                        const char *batches, ng_status ends) {
    marbles m;
    reader r;
    writer w = {texts, 0};
    memset(&m, 0, sizeof m);
    memset(&r, 0, sizeof r);
    r.texts = texts;
    ng_graph_options graph_options = marbles_options(&m);
    graph_options.batch_rows = 8;
    graph_options.batch_text = 16;
    graph_options.link.high_rows = 16;
    marbles_begin_with(&m, &graph_options);
    ng_river river = ng_generate(&m.graph, &notes, write_note, &w);
    river = delay != 0 ? ng_delay(river, delay, 3) : ng_buffer(river, options);
    const ng_stage stage = {&read_calls, 0, &r, NULL, 0, false, 0};
    (void)ng_apply(&m.graph, &river, 1, &stage);
    CHECK(marbles_run(&m) == ends);
    CHECK(r.wrong == 0);
    CHECK_CASE(strcmp(r.batches, batches) == 0, r.batches);
    marbles_end(&m);
}

static void test_text(void) {
    static const char *const some[] = {"a", "bb", "", "dddd", "", "f", "g", "hh", "i", "jj", NULL};
    static const char *const wide[] = {"0123456789", "0123456789ab",     "",  "0123",
                                       "01234567",   "0123456789abcdef", "x", NULL};
    static const char *const none[] = {NULL};
    const ng_buffer_options three = {3, 0, 0}, five = {5, 0, 0}, all = {0, 0, 0}, few = {0, 30, 0};
    check_notes(some, &three, 0, "3331", NG_END);
    check_notes(some, &five, 0, "55", NG_END);
    check_notes(some, &all, 0, "82", NG_END);
    check_notes(some, &few, 0, "22222", NG_END);
    check_notes(wide, &all, 0, "13111", NG_END);
    check_notes(none, &all, 0, "", NG_END);
    check_notes(some, NULL, 5, "33211", NG_END);
    check_notes(wide, NULL, 5, "121111", NG_END);
}

/* A text of an array that is longer than a block's room for text is a bad row. */
static void test_too_much_text(void) {
    static const ng_field field[] = {NG_FIELD("note", NG_UTF8)};
    static const ng_schema schema = {field, 1};
    static int32_t offsets[] = {0, 2, 22, 23};
    static uint8_t text[] = "ab01234567890123456789c";
    for (int skips = 0; skips < 2; skips++) {
        ng_column column = {offsets, NULL, text, 23};
        const ng_buffer_options options = {2, 0, 0};
        int64_t count = 0;
        marbles m;
        memset(&m, 0, sizeof m);
        ng_graph_options graph_options = marbles_options(&m);
        graph_options.batch_text = 16;
        marbles_begin_with(&m, &graph_options);
        ng_river river = ng_buffer(ng_array(&m.graph, &schema, &column, 3), &options);
        river = ng_on_error(river, skips ? NG_SKIP : NG_STOP);
        (void)ng_observe(river, count_rows, &count);
        CHECK(marbles_run(&m) == (skips ? NG_END : NG_TOO_LARGE));
        CHECK(count == (skips ? 2 : 1) && ng_river_account(river).failed == 1);
        marbles_end(&m);
    }
}

/* ---- many timers ----------------------------------------------------------------------------- */

#define TIMERS 500

typedef struct ringing {
    marbles *m;
    int64_t wanted, rang, wrong;
} ringing;

/* Counts the rows that do not come at the time they were to come at. */
static ng_status ring(ng_row in, void *ctx) {
    ringing *const r = (ringing *)ctx;
    (void)in;
    r->wrong += r->m->now != r->wanted;
    r->rang++;
    return NG_OK;
}

/* All timers ring at their times, those that are put off and taken back too. */
static void test_many_timers(void) {
    static ringing rings[TIMERS];
    marbles m;
    uint32_t random = 1;
    marbles_begin(&m);
    for (uint32_t i = 0; i < TIMERS; i++) {
        random = random * 1664525u + 1013904223u;
        rings[i].m = &m;
        rings[i].wanted = (int64_t)(random >> 8) % 100 + 50;
        ng_river river = ng_after(&m.graph, rings[i].wanted);
        if (i % 5 == 0) {
            river = ng_timeout(river, 1000);
        } else if (i % 3 == 0) {
            rings[i].wanted += 20;
            river = ng_delay(river, 20, 1);
        }
        (void)ng_observe(river, ring, &rings[i]);
    }
    CHECK(marbles_run(&m) == NG_END);
    for (uint32_t i = 0; i < TIMERS; i++) {
        CHECK(rings[i].rang == 1 && rings[i].wrong == 0);
    }
    marbles_end(&m);
}

/* ---- chains -----------------------------------------------------------------------------------
 */

static uint32_t chance;

static uint32_t draw(uint32_t below) {
    chance = chance * 1664525u + 1013904223u;
    return (chance >> 8) % below;
}

static void draw_diagram(char *diagram, size_t size) {
    size_t at = 0;
    while (at + 24 < size) {
        const uint32_t burst = draw(4) == 0 ? draw(16) : 1;
        diagram[at++] = '(';
        for (uint32_t i = 0; i <= burst; i++) {
            diagram[at++] = (char)('a' + draw(26));
        }
        diagram[at++] = ')';
        for (uint32_t gap = draw(3) == 0 ? draw(5) : 0; gap != 0; gap--) {
            diagram[at++] = '-';
        }
    }
    diagram[at++] = '|';
    diagram[at] = '\0';
}

/* Now and then a row is bad. */
static ng_status sometimes(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0));
    return draw(7) == 0 ? NG_IO : NG_OK;
}

static ng_river guarded(ng_river river) {
    ng_retry_options retry = ng_retry_defaults();
    const ng_breaker_options breaker = {1 + draw(3), 4 * MS, (1 + (int64_t)draw(6)) * MS, 2};
    retry.first_delay = MS / 2;
    retry.attempts = 1 + draw(3);
    retry.then = NG_SKIP;
    river = ng_on_error_retry(ng_map(river, sometimes, NULL), &retry);
    return draw(2) == 0 ? ng_circuit_breaker(river, &breaker) : river;
}

/* Steps behind one another, with slow and narrow rivers between them: all rows arrive at the end or
 * are counted where they went, and nothing waits for ever. */
static void test_chains(void) {
    for (uint32_t seed = 1; seed <= 1500; seed++) {
        marbles m;
        char diagram[120];
        ng_account all;
        ng_error at;
        int64_t count = 0;
        bool fails = false;
        chance = seed;
        marbles_begin(&m);
        draw_diagram(diagram, sizeof diagram);
        ng_river river = marble_source(&m, diagram);
        for (uint32_t steps = 1 + draw(4); steps != 0; steps--) {
            const int step = (int)draw(STEPS + 1);
            fails = fails || step == TIMEOUT;
            river = step == STEPS ? guarded(river) : step_of(river, step);
            if (draw(3) == 0 && (step < BUFFER || step > BUFFER_BYTES)) {
                river = narrow(river);
            }
            river = draw(4) == 0 ? slowly(river, 1 + draw(5)) : river;
        }
        (void)ng_observe(river, count_rows, &count);
        const ng_status status = marbles_run(&m);
        CHECK_CASE(status == NG_END || (fails && status == NG_TIMEOUT), diagram);
        CHECK(ng_audit(&m.graph, &all, &at) == NG_OK && all.out == (uint64_t)count);
        CHECK(all.held == 0 && all.in_flight == 0);
        marbles_end(&m);
    }
}

int main(void) {
    test_diagrams();
    test_interval();
    test_interval_skips();
    test_interval_late();
    test_never();
    test_cancelled();
    test_backpressure();
    test_rate_does_not_drift();
    test_waiting_in_line();
    test_delay_of_scattered_rows();
    test_cancelled_while_holding();
    test_refusals();
    test_no_memory();
    test_buffer_without_credit();
    test_text();
    test_too_much_text();
    test_many_timers();
    test_chains();
    return check_report();
}
