/* Graphs in loops: runners, channels and lanes in simulated worlds, and under real threads. */
#include "nagare.h"

#include "check.h"
#include "heap.h"

#include <string.h>

static heap memory;
static ng_sim sim;
static ng_sim_loop worlds[2];

static void begin_with(uint64_t seed) {
    memset(&memory, 0, sizeof memory);
    ng_sim_init(&sim, seed);
    for (size_t i = 0; i < 2; i++) {
        CHECK(ng_sim_loop_init(&sim, &worlds[i]) == NG_OK);
    }
}

static ng_graph_options options_of(ng_loop *loop) {
    ng_graph_options options = ng_graph_defaults(heap_allocator(&memory));
    options.clock = ng_loop_clock(loop);
    options.batch_rows = 4;
    options.link.batches = 4;
    options.link.high_rows = 8;
    options.link.low_rows = 4;
    return options;
}

static ng_status ended[4];

static void done(ng_runner *runner, ng_status status) { *(ng_status *)runner->ctx = status; }

static void runner_init(ng_runner *runner, size_t number) {
    memset(runner, 0, sizeof *runner);
    ended[number] = NG_AGAIN;
    runner->done = done;
    runner->ctx = &ended[number];
}

typedef struct tally {
    uint64_t rows, sum;
    int64_t last;
    bool in_order;
    uint64_t fail_at;
} tally;

static ng_status count(ng_row row, void *ctx) {
    tally *const t = (tally *)ctx;
    const int64_t value = ng_get_i64(row, 0);
    t->in_order = (t->rows == 0 || value > t->last) && (t->rows == 0 || t->in_order);
    t->last = value;
    t->rows++;
    t->sum += (uint64_t)value;
    ng_sim_note(&sim, (uint64_t)value);
    return t->rows == t->fail_at ? NG_FAILED : NG_OK;
}

static void audit(ng_graph *graph) {
    ng_account all;
    ng_error at;
    CHECK(ng_audit(graph, &all, &at) == NG_OK);
}

/* ---- runners --------------------------------------------------------------------------------- */

static void test_two_graphs_share_a_loop(void) {
    ng_graph graphs[2];
    ng_runner runners[2];
    tally tallies[2];
    begin_with(1);
    memset(tallies, 0, sizeof tallies);
    for (size_t i = 0; i < 2; i++) {
        const ng_graph_options options = options_of(&worlds[0].loop);
        runner_init(&runners[i], i);
        CHECK(ng_graph_init(&graphs[i], &options) == NG_OK);
        ng_observe(ng_range(&graphs[i], 0, 10000, 1), count, &tallies[i]);
        CHECK(ng_runner_start(&runners[i], &worlds[0].loop, &graphs[i]) == NG_MISUSED);
        CHECK(ng_graph_start(&graphs[i]) == NG_OK);
        CHECK(ng_runner_start(&runners[i], &worlds[0].loop, &graphs[i]) == NG_OK);
        CHECK(ng_runner_start(&runners[i], &worlds[0].loop, &graphs[i]) == NG_MISUSED);
    }
    CHECK(ng_sim_run(&sim, NG_FOREVER) == NG_OK);
    for (size_t i = 0; i < 2; i++) {
        CHECK(ended[i] == NG_END);
        CHECK(tallies[i].rows == 10000 && tallies[i].in_order);
        audit(&graphs[i]);
        ng_graph_close(&graphs[i]);
    }
    CHECK(memory.blocks == 0);
}

static void test_timers_of_a_graph(void) {
    ng_graph graph;
    ng_runner runner;
    tally t;
    begin_with(2);
    memset(&t, 0, sizeof t);
    const ng_graph_options options = options_of(&worlds[0].loop);
    runner_init(&runner, 0);
    CHECK(ng_graph_init(&graph, &options) == NG_OK);
    const ng_river ticks = ng_interval(&graph, 10 * NG_MILLISECOND);
    ng_observe(ng_take(ticks, 5), count, &t);
    CHECK(ng_graph_start(&graph) == NG_OK);
    CHECK(ng_runner_start(&runner, &worlds[0].loop, &graph) == NG_OK);
    CHECK(ng_sim_run(&sim, 15 * NG_MILLISECOND) == NG_AGAIN);
    CHECK(t.rows == 2); /* at 0 and 10 ms */
    ng_runner_stop(&runner);
    ng_runner_stop(&runner);
    ng_runner_stop(NULL);
    CHECK(ng_sim_run(&sim, 25 * NG_MILLISECOND) == NG_OK); /* nothing runs it */
    CHECK(t.rows == 2 && ended[0] == NG_AGAIN);
    CHECK(ng_runner_start(&runner, &worlds[0].loop, &graph) == NG_OK);
    CHECK(ng_sim_run(&sim, NG_FOREVER) == NG_OK);
    CHECK(t.rows == 5 && ended[0] == NG_END);
    ng_graph_close(&graph);
    CHECK(memory.blocks == 0);
}

static ng_graph cancelled_graph;

static void cancel_graph(ng_timer *timer) {
    (void)timer;
    ng_graph_cancel(&cancelled_graph);
}

static void test_cancelling_wakes_the_runner(void) {
    ng_runner runner;
    ng_timer timer;
    tally t;
    begin_with(3);
    memset(&t, 0, sizeof t);
    memset(&timer, 0, sizeof timer);
    timer.fire = cancel_graph;
    const ng_graph_options options = options_of(&worlds[0].loop);
    runner_init(&runner, 0);
    CHECK(ng_graph_init(&cancelled_graph, &options) == NG_OK);
    ng_observe(ng_interval(&cancelled_graph, NG_SECOND), count, &t);
    CHECK(ng_graph_start(&cancelled_graph) == NG_OK);
    CHECK(ng_runner_start(&runner, &worlds[0].loop, &cancelled_graph) == NG_OK);
    CHECK(ng_timer_at(&worlds[0].loop, &timer, 1500 * NG_MILLISECOND) == NG_OK);
    CHECK(ng_sim_run(&sim, NG_FOREVER) == NG_OK);
    CHECK(ended[0] == NG_END);
    CHECK(sim.now == 1500 * NG_MILLISECOND);
    CHECK(t.rows == 2);
    ng_graph_close(&cancelled_graph);
    CHECK(ng_runner_start(NULL, &worlds[0].loop, &cancelled_graph) == NG_INVALID);
    CHECK(ng_runner_start(&runner, NULL, &cancelled_graph) == NG_INVALID);
    CHECK(ng_runner_start(&runner, &worlds[0].loop, NULL) == NG_INVALID);
}

/* ---- channels -------------------------------------------------------------------------------- */

static const ng_field value_fields[] = {NG_FIELD("value", NG_I64)};
static const ng_schema values = {value_fields, 1};

static ng_status unpack(const void *item, ng_row out, void *ctx) {
    const int64_t *const value = (const int64_t *)item;
    (void)ctx;
    ng_set_i64(out, 0, *value);
    return *value == 666 ? NG_FAILED : NG_OK;
}

static ng_status pack(ng_row row, void *item, void *ctx) {
    (void)ctx;
    *(int64_t *)item = ng_get_i64(row, 0);
    return NG_OK;
}

/* A graph sends into a channel that another, in another loop, receives from. */
typedef struct pair {
    ng_graph from, to;
    ng_runner runners[2];
    ng_channel channel;
    ng_channel_wait wait;
    tally tally;
    size_t block[64];
} pair;

static pair p;

static void pair_begin(int64_t rows, size_t room) {
    memset(&p, 0, sizeof p);
    const ng_graph_options first = options_of(&worlds[0].loop);
    const ng_graph_options second = options_of(&worlds[1].loop);
    CHECK(ng_channel_init(&p.channel, p.block, sizeof p.block, room, sizeof(int64_t), NULL, NULL) ==
          NG_OK);
    CHECK(ng_graph_init(&p.from, &first) == NG_OK);
    CHECK(ng_graph_init(&p.to, &second) == NG_OK);
    ng_to_channel(ng_range(&p.from, 0, rows, 1), &p.channel, &p.wait, &worlds[0].loop, pack, NULL,
                  true);
    ng_observe(ng_from_channel(&p.to, &values, &p.channel, &worlds[1].loop, unpack, NULL), count,
               &p.tally);
    runner_init(&p.runners[0], 0);
    runner_init(&p.runners[1], 1);
}

static void pair_run(void) {
    CHECK(ng_graph_start(&p.from) == NG_OK);
    CHECK(ng_graph_start(&p.to) == NG_OK);
    CHECK(ng_runner_start(&p.runners[0], &worlds[0].loop, &p.from) == NG_OK);
    CHECK(ng_runner_start(&p.runners[1], &worlds[1].loop, &p.to) == NG_OK);
    CHECK(ng_sim_run(&sim, NG_FOREVER) == NG_OK);
}

static void pair_end(void) {
    audit(&p.from);
    audit(&p.to);
    ng_graph_close(&p.to);
    ng_graph_close(&p.from);
    CHECK(memory.blocks == 0);
    CHECK(worlds[0].loop.channels == 0 && worlds[1].loop.channels == 0);
}

static void test_channels_between_graphs(uint64_t seed) {
    begin_with(seed);
    sim.wake_delay = (ng_time)(seed % 3) * 100;
    pair_begin(500, (size_t)1 << (seed % 5));
    pair_run();
    CHECK(ended[0] == NG_END && ended[1] == NG_END);
    CHECK(p.tally.rows == 500 && p.tally.in_order);
    pair_end();
}

static void test_a_channel_cancels(void) {
    begin_with(11);
    pair_begin(500, 4);
    p.tally.fail_at = 7;
    pair_run();
    CHECK(ended[0] == NG_END); /* the sender ends, too */
    CHECK(ended[1] == NG_FAILED);
    pair_end();
}

static void test_a_bad_item_ends_the_river(void) {
    begin_with(12);
    pair_begin(1000, 4);
    pair_run();
    CHECK(ended[1] == NG_FAILED);
    CHECK(p.tally.rows == 666);
    pair_end();
}

static void test_channels_that_are_refused(void) {
    begin_with(13);
    pair_begin(5, 4);
    ng_observe(ng_from_channel(&p.to, &values, NULL, &worlds[1].loop, unpack, NULL), count, NULL);
    ng_to_channel(ng_range(&p.from, 0, 1, 1), &p.channel, NULL, &worlds[0].loop, pack, NULL, true);
    CHECK(ng_graph_start(&p.from) == NG_INVALID);
    CHECK(ng_graph_start(&p.to) == NG_INVALID);
    CHECK(ng_channel_await(NULL, &p.wait, &worlds[0].loop, &p.runners[0].task) == NG_INVALID);
    CHECK(ng_channel_listen(NULL, NULL, NULL) == NG_INVALID);
    ng_channel_leave(NULL);
    ng_graph_close(&p.from);
    ng_graph_close(&p.to);
    CHECK(memory.blocks == 0);
}

/* ---- lanes ----------------------------------------------------------------------------------- */

typedef struct lanes {
    ng_graph from, to;
    ng_runner runners[2];
    ng_lane lane;
    tally tally;
    void *block;
    size_t size;
} lanes;

static lanes l;

static int most(ng_row row, void *ctx) {
    (void)ctx;
    return ng_get_i64(row, 0) % 16 != 3;
}

static ng_link_options lane_options(uint64_t seed) {
    ng_link_options options = {(size_t)1 << (seed % 4), 0, 0, 0, NG_OVERFLOW_BLOCK};
    options.high_rows = 1 + (size_t)(seed / 4 % 9);
    options.low_rows = options.high_rows / 2;
    return options;
}

static void lanes_begin(ng_loop *first, ng_loop *second, uint64_t seed, int64_t rows) {
    const ng_link_options options = lane_options(seed);
    const ng_graph_options one = options_of(first), two = options_of(second);
    memset(&l, 0, sizeof l);
    l.size = ng_lane_size(&options) + 64;
    l.block = heap_allocator(&memory).resize(&memory, NULL, 0, l.size);
    const uintptr_t gap = (64 - (uintptr_t)l.block % 64) % 64;
    CHECK(ng_lane_init(&l.lane, &options, &values, (char *)l.block + gap) == NG_OK);
    CHECK(ng_graph_init(&l.from, &one) == NG_OK);
    CHECK(ng_graph_init(&l.to, &two) == NG_OK);
    ng_to_lane(ng_filter(ng_range(&l.from, 0, rows, 1), most, NULL), &l.lane, first);
    ng_observe(ng_from_lane(&l.to, &l.lane, second), count, &l.tally);
    runner_init(&l.runners[0], 0);
    runner_init(&l.runners[1], 1);
    CHECK(ng_graph_start(&l.from) == NG_OK);
    CHECK(ng_graph_start(&l.to) == NG_OK);
    CHECK(ng_runner_start(&l.runners[0], first, &l.from) == NG_OK);
    CHECK(ng_runner_start(&l.runners[1], second, &l.to) == NG_OK);
}

static void lanes_end(void) {
    audit(&l.from);
    audit(&l.to);
    ng_graph_close(&l.to);
    ng_lane_close(&l.lane);
    ng_lane_close(&l.lane);
    ng_graph_close(&l.from);
    (void)heap_allocator(&memory).resize(&memory, l.block, l.size, 0);
    CHECK(memory.blocks == 0);
}

static void test_lanes(uint64_t seed) {
    begin_with(seed);
    sim.wake_delay = (ng_time)(seed % 5) * 10;
    lanes_begin(&worlds[0].loop, &worlds[1].loop, seed, 800);
    CHECK(ng_sim_run(&sim, NG_FOREVER) == NG_OK);
    CHECK(ended[0] == NG_END && ended[1] == NG_END);
    CHECK(l.tally.rows == 750 && l.tally.in_order);
    lanes_end();
}

static void test_lanes_cancel_and_fail(uint64_t seed) {
    begin_with(seed);
    sim.wake_delay = (ng_time)(seed % 5) * 10;
    lanes_begin(&worlds[0].loop, &worlds[1].loop, seed, INT64_MAX);
    l.tally.fail_at = 1 + seed * 3;
    CHECK(ng_sim_run(&sim, NG_FOREVER) == NG_OK);
    CHECK(ended[0] == NG_END && ended[1] == NG_FAILED);
    CHECK(l.tally.rows == l.tally.fail_at);
    lanes_end();
    begin_with(seed);
    lanes_begin(&worlds[0].loop, &worlds[1].loop, seed, INT64_MAX);
    for (size_t turn = 0; turn < 8; turn++) {
        CHECK(ng_loop_turn(&worlds[turn % 2].loop, NG_NOW) >= NG_OK);
    }
    ng_graph_cancel(&l.from); /* what it had sent arrives, and then that it was cancelled */
    CHECK(ng_sim_run(&sim, NG_FOREVER) == NG_OK);
    CHECK(ended[1] == NG_CANCELLED);
    lanes_end();
}

static void test_lanes_that_are_refused(void) {
    static const ng_field others_fields[] = {NG_FIELD("other", NG_I64)};
    static const ng_schema others = {others_fields, 1};
    ng_link_options options = lane_options(3);
    ng_lane lane;
    ng_graph graph;
    size_t block[64];
    begin_with(1);
    CHECK(ng_lane_size(NULL) == 0);
    CHECK(ng_lane_init(NULL, &options, &values, block) == NG_INVALID);
    CHECK(ng_lane_init(&lane, &options, NULL, block) == NG_INVALID);
    CHECK(ng_lane_init(&lane, &options, &values, NULL) == NG_INVALID);
    options.overflow = NG_OVERFLOW_LATEST;
    CHECK(ng_lane_size(&options) == 0);
    options.overflow = NG_OVERFLOW_BLOCK;
    void *const room = heap_allocator(&memory).resize(&memory, NULL, 0, ng_lane_size(&options));
    CHECK(ng_lane_init(&lane, &options, &others, room) == NG_OK);
    const ng_graph_options o = options_of(&worlds[0].loop);
    const ng_status expected[] = {NG_MISMATCH, NG_INVALID, NG_INVALID, NG_MISUSED};
    for (int i = 0; i < 4; i++) {
        CHECK(ng_graph_init(&graph, &o) == NG_OK);
        if (i == 0) {
            ng_to_lane(ng_range(&graph, 0, 1, 1), &lane, &worlds[0].loop);
        } else if (i == 1) {
            ng_to_lane(ng_range(&graph, 0, 1, 1), NULL, &worlds[0].loop);
        } else if (i == 2) {
            ng_observe(ng_from_lane(&graph, &lane, NULL), count, NULL);
        } else {
            ng_observe(ng_from_lane(&graph, &lane, &worlds[0].loop), count, NULL);
            ng_observe(ng_from_lane(&graph, &lane, &worlds[0].loop), count, NULL);
        }
        CHECK(ng_graph_start(&graph) == expected[i]);
        ng_graph_close(&graph);
    }
    (void)heap_allocator(&memory).resize(&memory, room, ng_lane_size(&options), 0);
    CHECK(memory.blocks == 0);
}

/* ---- with threads ---------------------------------------------------------------------------- */

#if defined(__linux__)

typedef struct side {
    ng_platform platform;
    ng_port port;
    ng_loop loop;
    ng_status status;
} side;

static side sides[2];

static void run_side(void *ctx) {
    side *const s = (side *)ctx;
    s->status = ng_loop_run(&s->loop);
}

static void test_lanes_between_threads(uint64_t seed, uint64_t fail_at) {
    ng_thread thread = {run_side, &sides[1], 0, false};
    begin_with(seed);
    for (size_t i = 0; i < 2; i++) {
        CHECK(ng_default_port(&sides[i].port, &sides[i].platform) == NG_OK);
        CHECK(ng_loop_init(&sides[i].loop, &sides[i].port) == NG_OK);
    }
    const int64_t rows = fail_at == 0 ? 64000 : INT64_MAX;
    lanes_begin(&sides[0].loop, &sides[1].loop, seed, rows);
    l.tally.fail_at = fail_at;
    CHECK(ng_thread_start(&sides[0].port, &thread) == NG_OK);
    run_side(&sides[0]);
    CHECK(ng_thread_join(&sides[0].port, &thread) == NG_OK);
    CHECK(sides[0].status == NG_OK && sides[1].status == NG_OK);
    CHECK(ended[0] == NG_END && ended[1] == (fail_at == 0 ? NG_END : NG_FAILED));
    CHECK(l.tally.rows == (fail_at == 0 ? 60000 : fail_at) && l.tally.in_order);
    lanes_end();
    for (size_t i = 0; i < 2; i++) {
        ng_default_close(&sides[i].platform);
    }
}

static void test_a_run_of_its_own(void) {
    ng_graph graph;
    tally t;
    begin_with(1);
    memset(&t, 0, sizeof t);
    ng_graph_options options = options_of(&worlds[0].loop);
    options.clock = ng_default_clock();
    CHECK(ng_graph_init(&graph, &options) == NG_OK);
    ng_observe(ng_take(ng_interval(&graph, NG_MILLISECOND), 3), count, &t);
    CHECK(ng_run(&graph) == NG_OK);
    CHECK(t.rows == 3);
    CHECK(ng_run(&graph) == NG_OK); /* it has ended already */
    ng_graph_close(&graph);
    CHECK(ng_run(&graph) == NG_MISUSED);
    CHECK(ng_run(NULL) == NG_INVALID);
    CHECK(ng_graph_init(&graph, &options) == NG_OK);
    t.fail_at = t.rows + 2;
    ng_observe(ng_range(&graph, 0, 10, 1), count, &t);
    CHECK(ng_run(&graph) == NG_FAILED);
    ng_graph_close(&graph);
    CHECK(ng_graph_init(&graph, &options) == NG_OK);
    ng_range(&graph, 0, 10, 1);
    CHECK(ng_run(&graph) == NG_DANGLING);
    ng_graph_close(&graph);
    CHECK(memory.blocks == 0);
}

#endif

int main(void) {
    test_two_graphs_share_a_loop();
    test_timers_of_a_graph();
    test_cancelling_wakes_the_runner();
    for (uint64_t seed = 1; seed <= 40; seed++) {
        test_channels_between_graphs(seed);
    }
    test_a_channel_cancels();
    test_a_bad_item_ends_the_river();
    test_channels_that_are_refused();
    for (uint64_t seed = 1; seed <= 60; seed++) {
        test_lanes(seed);
        test_lanes_cancel_and_fail(seed);
    }
    test_lanes_that_are_refused();
#if defined(__linux__)
    for (uint64_t seed = 1; seed <= 8; seed++) {
        test_lanes_between_threads(seed, 0);
        test_lanes_between_threads(seed, 1000 * seed);
    }
    test_a_run_of_its_own();
#endif
    return check_report();
}
