/* Retries, questions about bad rows, and circuit breakers, as diagrams in virtual time. */
#include "nagare.h"

#include "marbles.h"

#define MS ((int64_t)MARBLE_TICK)

/* A service that fails on capital letters so many times each, and always on `x`. */
typedef struct service {
    int failures; /* of a capital letter */
    int tries;    /* of the row so far */
    int calls;
    bool down; /* everything fails */
} service;

static ng_status serve(ng_row in, ng_row out, void *ctx) {
    service *const s = (service *)ctx;
    const int64_t value = ng_get_i64(in, 0);
    s->calls++;
    ng_set_i64(out, 0, value);
    if (s->down || value == 'x') {
        return NG_FAILED;
    }
    if (value >= 'A' && value <= 'Z' && s->tries < s->failures) {
        s->tries++;
        return NG_IO;
    }
    s->tries = 0;
    return NG_OK;
}

/* After 1, 2, 4 and 4 milliseconds. */
static ng_retry_options patient(ng_strategy then) {
    ng_retry_options options = ng_retry_defaults();
    options.attempts = 4;
    options.first_delay = MS;
    options.max_delay = 4 * MS;
    options.jitter = 0;
    options.then = then;
    return options;
}

static ng_status look(ng_row in, void *ctx) {
    (void)in;
    (void)ctx;
    return NG_OK;
}

/* ---- trying again ---------------------------------------------------------------------------- */

static void test_retries(void) {
    static const struct {
        const char *in, *out;
        int failures;
        ng_strategy then;
        ng_status status;
    } cases[] = {
        {"-ab-c|", "-ab-c|", 1, NG_STOP, NG_END},
        {"-a-Xb-c----|", "-a----(Xbc)----|", 2, NG_STOP, NG_END},
        {"Abc-|", "-(Ab)c-|", 1, NG_STOP, NG_END},
        {"-Ab-c-|", "----(Abc)-|", 2, NG_STOP, NG_END},
        {"AB|", "-------A------(B|)", 3, NG_STOP, NG_END},
        {"aAb|", "a-----------(Ab|)", 4, NG_STOP, NG_END},
        {"aAb|", "a-----------#", 5, NG_STOP, NG_IO},
        {"axb|", "a-----------#", 0, NG_STOP, NG_FAILED},
        {"axbc|", "a-----------(bc|)", 0, NG_SKIP, NG_END},
        {"(xAx)--b#", "------------A----------(b#)", 1, NG_SKIP, NG_FAILED},
        {"x|", "-----------|", 0, NG_SKIP, NG_END},
        {"|", "|", 0, NG_SKIP, NG_END},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        marbles m;
        service s = {cases[i].failures, 0, 0, false};
        const ng_retry_options options = patient(cases[i].then);
        marbles_begin(&m);
        const ng_river river = ng_map(marble_source(&m, cases[i].in), serve, &s);
        const size_t sink = marble_sink(&m, ng_on_error_retry(river, &options));
        CHECK_CASE(marbles_run(&m) == cases[i].status, cases[i].in);
        CHECK_SEEN(&m, sink, cases[i].out);
        marbles_end(&m);
    }
}

static void test_retry_then_dead_letter(void) {
    marbles m;
    service s = {1, 0, 0, false};
    const ng_retry_options options = patient(NG_DEAD_LETTER);
    marbles_begin(&m);
    const ng_river river =
        ng_on_error_retry(ng_map(marble_source(&m, "axbA|"), serve, &s), &options);
    const size_t good = marble_sink(&m, river), bad = marble_sink(&m, ng_dead_letters(river));
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, good, "a-----------b(A|)");
    CHECK_SEEN(&m, bad, "------------x|");
    CHECK(s.calls == 1 + 5 + 1 + 2);
    marbles_end(&m);
}

/* The strategy by its name goes by the defaults; the same seed gives the same waits. */
static void test_retry_defaults(void) {
    int64_t ends[4];
    for (int i = 0; i < 4; i++) {
        marbles m;
        service s = {4, 0, 0, false};
        ng_retry_options options = ng_retry_defaults();
        options.seed = i == 2;
        options.jitter = i == 3 ? 0 : options.jitter;
        marbles_begin(&m);
        ng_river river = ng_map(ng_range(&m.graph, 'A', 'B', 1), serve, &s);
        (void)ng_observe(river, look, NULL);
        (void)(i == 0 ? ng_on_error(river, NG_RETRY) : ng_on_error_retry(river, &options));
        CHECK(marbles_run(&m) == NG_END && s.calls == 5);
        ends[i] = m.now;
        marbles_end(&m);
    }
    CHECK(ends[3] == 1500 * MS); /* 100, 200, 400 and 800 */
    CHECK(ends[0] == ends[1] && ends[0] != ends[2]);
    CHECK(ends[0] >= 750 * MS && ends[0] < ends[3] && ends[2] >= 750 * MS && ends[2] < ends[3]);
    /* SplitMix64 from 0 begins with 0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f,
     * 0xf88bb8a8724c81ec. */
    const uint64_t r[] = {0xe220a8397b1dcdafu, 0x6e789e6aa1b965f4u, 0x06c45d188009454fu,
                          0xf88bb8a8724c81ecu};
    int64_t end = 0;
    for (int i = 0; i < 4; i++) {
        const int64_t d = ((int64_t)100 << i) * MS;
        end += d - (int64_t)(r[i] % ((uint64_t)d / 2 + 1));
    }
    CHECK(ends[0] == end);
}

/* Any operator that goes on after a bad row can try it again, sinks among them. */
static ng_status refuse_first(ng_row in, void *ctx) {
    int *const calls = (int *)ctx;
    (void)in;
    return ++*calls % 2 == 1 ? NG_IO : NG_OK;
}

static void test_retrying_sink(void) {
    const ng_retry_options options = patient(NG_STOP);
    int calls = 0;
    marbles m;
    marbles_begin(&m);
    const ng_river sink = ng_observe(marble_source(&m, "(abcdefghij)|"), refuse_first, &calls);
    (void)ng_on_error_retry(sink, &options);
    CHECK(marbles_run(&m) == NG_END);
    CHECK(calls == 20 && m.now == 10 * MS && ng_river_account(sink).out == 10);
    marbles_end(&m);
}

/* Delays that grow past what a time can hold end at max_delay. */
static void test_long_delays(void) {
    service s = {4, 0, 0, false};
    ng_retry_options options = patient(NG_STOP);
    marbles m;
    options.max_delay = INT64_MAX;
    options.first_delay = INT64_MAX / 2;
    options.jitter = 100;
    marbles_begin(&m);
    const ng_river river =
        ng_on_error_retry(ng_map(ng_range(&m.graph, 'A', 'B', 1), serve, &s), &options);
    (void)ng_observe(river, look, NULL);
    CHECK(ng_graph_start(&m.graph) == NG_OK);
    CHECK(ng_graph_step(&m.graph, NG_ALL) == NG_OK);
    CHECK(ng_graph_next(&m.graph) >= 0 && ng_graph_next(&m.graph) <= INT64_MAX / 2);
    m.now = INT64_MAX - 1;
    CHECK(ng_graph_step(&m.graph, NG_ALL) == NG_OK && s.calls == 2);
    CHECK(ng_graph_next(&m.graph) >= INT64_MAX - 1);
    marbles_end(&m);
}

/* While a row waits the graph sleeps, and a wake does not end that. */
static void test_sleeping(void) {
    marbles m;
    service s = {1, 0, 0, false};
    const ng_retry_options options = patient(NG_STOP);
    marbles_begin(&m);
    const ng_river river =
        ng_on_error_retry(ng_map(ng_range(&m.graph, 'A', 'C', 1), serve, &s), &options);
    const size_t sink = marble_sink(&m, river);
    CHECK(ng_graph_start(&m.graph) == NG_OK);
    CHECK(marbles_run_until(&m, 0) == NG_OK && s.calls == 1 && ng_graph_next(&m.graph) == MS);
    ng_graph_wake(river);
    CHECK(marbles_run_until(&m, 0) == NG_OK && s.calls == 1 && ng_graph_next(&m.graph) == MS);
    CHECK(marbles_run_until(&m, 1) == NG_OK && s.calls == 3);
    CHECK(marbles_run_until(&m, 2) == NG_END && s.calls == 4);
    CHECK_SEEN(&m, sink, "-A(B|)");
    marbles_end(&m);
}

/* A row that waits is let go of when no one wants it any more. */
static void test_cancelled_while_waiting(void) {
    for (int outside = 0; outside < 2; outside++) {
        marbles m;
        ng_account all;
        ng_error at;
        service s = {0, 0, 0, false};
        const ng_retry_options options = patient(NG_STOP);
        marbles_begin(&m);
        const ng_river bad =
            ng_on_error_retry(ng_map(marble_source(&m, "x|"), serve, &s), &options);
        const ng_river rivers[] = {bad, ng_after(&m.graph, 2 * MS)};
        const size_t sink = marble_sink(&m, ng_take(ng_merge(rivers, 2), 1));
        CHECK(ng_graph_start(&m.graph) == NG_OK);
        CHECK(marbles_run_until(&m, 1) == NG_OK && s.calls == 2);
        if (outside) {
            ng_graph_cancel(&m.graph);
        } else {
            CHECK(marbles_run_until(&m, 2) == NG_END);
            CHECK_SEEN(&m, sink, "--(~|)");
        }
        CHECK(ng_graph_next(&m.graph) == INT64_MAX && s.calls == 2);
        CHECK(ng_audit(&m.graph, &all, &at) == NG_OK && ng_account_holds(&all));
        marbles_end(&m);
    }
}

/* ---- asking ---------------------------------------------------------------------------------- */

typedef struct judge {
    ng_strategy x, io;
    int asked;
    uint32_t last_tries;
} judge;

static ng_strategy decide(ng_row in, ng_status status, uint32_t tries, void *ctx) {
    judge *const j = (judge *)ctx;
    j->asked++;
    j->last_tries = tries;
    if (status == NG_FAILED) {
        return ng_get_i64(in, 0) == 'x' ? j->x : NG_STOP;
    }
    return j->io;
}

static void test_asking(void) {
    static const struct {
        ng_strategy x, io;
        bool buries;
        const char *good, *bad;
        ng_status status;
    } cases[] = {
        {NG_SKIP, NG_SKIP, false, "a---b-|", NULL, NG_END},
        {NG_SKIP, NG_RETRY, false, "a----(Ab)|", NULL, NG_END},
        {NG_DEAD_LETTER, NG_RETRY, true, "a----(Ab)|", "-x---x|", NG_END},
        {NG_DEAD_LETTER, NG_DEAD_LETTER, true, "a---b-|", "-xAx--|", NG_END},
        {NG_STOP, NG_RETRY, true, "a#", "-#", NG_FAILED},
        {NG_RETRY, NG_RETRY, false, "a-----------#", NULL, NG_FAILED},
        {NG_DEAD_LETTER, NG_SKIP, false, "a#", NULL, NG_MISUSED},
        {NG_ASK, NG_SKIP, false, "a#", NULL, NG_MISUSED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        marbles m;
        service s = {2, 0, 0, false};
        judge j = {cases[i].x, cases[i].io, 0, 0};
        const ng_retry_options options = patient(NG_STOP);
        marbles_begin(&m);
        ng_river river = ng_map(marble_source(&m, "axAxb-|"), serve, &s);
        river = ng_on_error_ask(ng_on_error_retry(river, &options), decide, &j);
        const size_t good = marble_sink(&m, river);
        const size_t bad = cases[i].buries ? marble_sink(&m, ng_dead_letters(river)) : 0;
        CHECK(marbles_run(&m) == cases[i].status);
        CHECK_SEEN(&m, good, cases[i].good);
        if (cases[i].buries) {
            CHECK_SEEN(&m, bad, cases[i].bad);
        }
        marbles_end(&m);
    }
}

/* Each failure is asked about once, however long the dead letters take. */
static void test_asking_once(void) {
    marbles m;
    service s = {0, 0, 0, false};
    judge j = {NG_DEAD_LETTER, NG_STOP, 0, 0};
    const ng_rate rate = {1, 2 * MS, 1, false};
    marbles_begin(&m);
    ng_river river = ng_map(marble_source(&m, "(xxxxxxxxxxxxxxxxxxxa)|"), serve, &s);
    river = ng_on_error_ask(river, decide, &j);
    const size_t good = marble_sink(&m, river);
    const size_t bad = marble_sink(&m, ng_rate_limit(ng_dead_letters(river), &rate));
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, good, "----------------------------(a|)");
    CHECK_SEEN(&m, bad, "x-x-x-x-x-x-x-x-x-x-x-x-x-x-x-x-x-x-(x|)");
    CHECK(j.asked == 19 && s.calls == 20 && j.last_tries == 0);
    marbles_end(&m);
}

/* Without a clock a function may be asked, but there is no trying again. */
static void test_asking_without_a_clock(void) {
    for (int retries = 0; retries < 2; retries++) {
        marbles m;
        service s = {0, 0, 0, false};
        judge j = {retries ? NG_RETRY : NG_SKIP, NG_STOP, 0, 0};
        memset(&m, 0, sizeof m);
        ng_graph_options options = marbles_options(&m);
        options.clock.now = NULL;
        marbles_begin_with(&m, &options);
        ng_river river = ng_map(ng_range(&m.graph, 'w', 'z', 1), serve, &s);
        const size_t sink = marble_sink(&m, ng_on_error_ask(river, decide, &j));
        CHECK(marbles_run(&m) == (retries ? NG_MISUSED : NG_END));
        CHECK_SEEN(&m, sink, retries ? "(w#)" : "(wy|)");
        marbles_end(&m);
    }
}

/* ---- circuit breakers ------------------------------------------------------------------------ */

static ng_breaker_options breaker(void) {
    ng_breaker_options options = {2, 3 * MS, 5 * MS, 2};
    return options;
}

static void test_breaker(void) {
    static const struct {
        const char *in, *out;
        int calls;
        uint64_t opened;
    } cases[] = {
        {"a-b-(cd)-|", "a-b-(cd)-|", 4, 0},
        {"xaxbc-----d|", "-a--------d|", 4, 1},
        {"x--x--xa|", "-------a|", 4, 0},
        {"(xx)abcdefgh|", "-----efgh|", 6, 1},
        {"(xx)----(xab)----(cx)----(defgh)|", "----------c----(defgh)|", 10, 3},
        {"|", "|", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        marbles m;
        service s = {0, 0, 0, false};
        const ng_breaker_options options = breaker();
        marbles_begin(&m);
        ng_river river = ng_map(marble_source(&m, cases[i].in), serve, &s);
        river = ng_on_error(ng_circuit_breaker(river, &options), NG_SKIP);
        const size_t sink = marble_sink(&m, river);
        CHECK(marbles_run(&m) == NG_END);
        CHECK_SEEN(&m, sink, cases[i].out);
        CHECK_CASE(s.calls == cases[i].calls, cases[i].in);
        CHECK_CASE(ng_circuit_of(river).opened == cases[i].opened, cases[i].in);
        marbles_end(&m);
    }
}

/* A breaker as it is seen from outside, and with retries that wait for it. */
static void test_breaker_and_retries(void) {
    marbles m;
    service s = {0, 0, 0, true};
    const ng_retry_options options = patient(NG_STOP);
    const ng_breaker_options guard = breaker();
    marbles_begin(&m);
    ng_river river = ng_map(marble_source(&m, "abcd|"), serve, &s);
    CHECK(ng_circuit_of(river).state == NG_CIRCUIT_CLOSED);
    river = ng_on_error_retry(ng_circuit_breaker(river, &guard), &options);
    const size_t sink = marble_sink(&m, river);
    CHECK(ng_graph_start(&m.graph) == NG_OK);
    CHECK(marbles_run_until(&m, 0) == NG_OK);
    CHECK(ng_circuit_of(river).state == NG_CIRCUIT_CLOSED && s.calls == 1);
    CHECK(marbles_run_until(&m, 1) == NG_OK); /* tried again, and open until 6 */
    CHECK(ng_circuit_of(river).state == NG_CIRCUIT_OPEN && ng_circuit_of(river).until == 6 * MS);
    CHECK(marbles_run_until(&m, 5) == NG_OK && s.calls == 2 && ng_graph_next(&m.graph) == 6 * MS);
    s.down = false;
    m.now = 6 * MS;
    CHECK(ng_circuit_of(river).state == NG_CIRCUIT_HALF_OPEN);
    CHECK(marbles_run_until(&m, 6) == NG_END);
    CHECK(ng_circuit_of(river).state == NG_CIRCUIT_CLOSED && ng_circuit_of(river).opened == 1);
    CHECK_SEEN(&m, sink, "------(abcd|)");
    marbles_end(&m);
}

/* Rows that are not tried go to the dead letters, or end the river, with NG_OPEN. */
static ng_strategy stop_when_open(ng_row in, ng_status status, uint32_t tries, void *ctx) {
    (void)in;
    (void)tries;
    *(ng_status *)ctx = status;
    return status == NG_OPEN ? NG_STOP : NG_SKIP;
}

static void test_open(void) {
    const ng_breaker_options guard = breaker();
    for (int asks = 0; asks < 2; asks++) {
        marbles m;
        service s = {0, 0, 0, false};
        ng_status last = NG_OK;
        marbles_begin(&m);
        ng_river river = ng_map(marble_source(&m, "a(xxx)bcdef|"), serve, &s);
        river = ng_circuit_breaker(river, &guard);
        river = asks ? ng_on_error_ask(river, stop_when_open, &last)
                     : ng_on_error(river, NG_DEAD_LETTER);
        const size_t good = marble_sink(&m, river);
        const size_t bad = asks ? good : marble_sink(&m, ng_dead_letters(river));
        CHECK(marbles_run(&m) == (asks ? NG_OPEN : NG_END));
        CHECK_SEEN(&m, good, asks ? "a#" : "a-----f|");
        CHECK(!asks || (last == NG_OPEN && ng_graph_error(&m.graph).row == 3));
        if (!asks) {
            CHECK_SEEN(&m, bad, "-(xxx)bcde-|");
        }
        marbles_end(&m);
    }
}

/* ---- refusals and failures ------------------------------------------------------------------- */

static ng_status refused(int what) {
    marbles m;
    service s = {0, 0, 0, false};
    ng_retry_options retry = patient(NG_STOP);
    ng_breaker_options guard = breaker();
    memset(&m, 0, sizeof m);
    ng_graph_options options = marbles_options(&m);
    if (what >= 100) {
        options.clock.now = NULL;
    }
    marbles_begin_with(&m, &options);
    const ng_river range = ng_range(&m.graph, 'A', 'C', 1), r = ng_map(range, serve, &s);
    switch (what % 100) {
    case 0:
        retry.attempts = 0;
        break;
    case 1:
        retry.first_delay = 0;
        break;
    case 2:
        retry.factor = 0;
        break;
    case 3:
        retry.max_delay = retry.first_delay - 1;
        break;
    case 4:
        retry.jitter = 101;
        break;
    case 5:
        retry.then = NG_RETRY;
        break;
    case 6:
        guard.failures = 0;
        break;
    case 7:
        guard.failures = 4097;
        break;
    case 8:
        guard.window = 0;
        break;
    case 9:
        guard.open_time = 0;
        break;
    case 10:
        guard.probes = 0;
        break;
    default:
        break;
    }
    switch (what % 100) {
    case 11:
        (void)ng_on_error_ask(r, NULL, NULL);
        break;
    case 12:
        (void)ng_on_error(r, NG_ASK);
        break;
    case 13:
        (void)ng_on_error_retry(r, NULL);
        break;
    case 14:
        (void)ng_circuit_breaker(r, NULL);
        break;
    case 20: /* sources cannot go on */
        (void)ng_on_error_retry(range, &retry);
        break;
    case 21:
        (void)ng_on_error_ask(range, decide, NULL);
        break;
    case 22:
        (void)ng_circuit_breaker(range, &guard);
        break;
    case 30: /* twice, or too late */
        (void)ng_circuit_breaker(ng_circuit_breaker(r, &guard), &guard);
        break;
    case 31:
        (void)ng_observe(ng_dead_letters(ng_on_error(r, NG_DEAD_LETTER)), look, NULL);
        (void)ng_on_error(r, NG_STOP);
        break;
    case 32:
        (void)ng_observe(ng_dead_letters(ng_on_error(r, NG_DEAD_LETTER)), look, NULL);
        (void)ng_on_error_retry(r, &retry);
        break;
    case 33:
        (void)ng_dead_letters(ng_on_error_retry(r, &retry));
        break;
    default:
        (void)ng_circuit_breaker(ng_on_error_retry(ng_on_error_retry(r, &retry), &retry), &guard);
        break;
    }
    const ng_status status = ng_graph_error(&m.graph).status;
    marbles_end(&m);
    return status;
}

static void test_refusals(void) {
    for (int what = 0; what <= 14; what++) {
        CHECK(refused(what) == NG_INVALID);
    }
    for (int what = 20; what <= 22; what++) {
        CHECK(refused(what) == NG_UNSUPPORTED);
    }
    for (int what = 30; what <= 33; what++) {
        CHECK(refused(what) == NG_MISUSED);
    }
    CHECK(refused(40) == NG_OK && refused(140) == NG_UNSUPPORTED);
    CHECK(refused(114) == NG_UNSUPPORTED && refused(111) == NG_INVALID);
}

static void test_no_memory(void) {
    ng_status status = NG_NO_MEMORY;
    for (size_t fail_at = 1; status == NG_NO_MEMORY; fail_at++) {
        marbles m;
        service s = {0, 0, 0, false};
        judge j = {NG_SKIP, NG_SKIP, 0, 0};
        const ng_breaker_options guard = breaker();
        const ng_retry_options retry = patient(NG_SKIP);
        marbles_begin(&m);
        m.memory.fail_at = fail_at;
        ng_river river = ng_map(ng_range(&m.graph, 'a', 'f', 1), serve, &s);
        river = ng_on_error_ask(ng_circuit_breaker(river, &guard), decide, &j);
        river = ng_on_error_retry(ng_map(river, serve, &s), &retry);
        (void)marble_sink(&m, river);
        status = ng_graph_start(&m.graph);
        CHECK(status == NG_NO_MEMORY || (status == NG_OK && fail_at == 10));
        marbles_end(&m);
    }
}

int main(void) {
    test_retries();
    test_retry_then_dead_letter();
    test_retry_defaults();
    test_retrying_sink();
    test_long_delays();
    test_sleeping();
    test_cancelled_while_waiting();
    test_asking();
    test_asking_once();
    test_asking_without_a_clock();
    test_breaker();
    test_breaker_and_retries();
    test_open();
    test_refusals();
    test_no_memory();
    return check_report();
}
