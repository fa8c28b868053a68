/* The simulated world: its chance, delays, clocks, wakes and memory, and how its runs end. */
#include "nagare.h"

#include "check.h"
#include "heap.h"

#include <string.h>

static ng_sim sim;
static ng_sim_loop worlds[2];

static void begin(uint64_t seed, size_t loops) {
    ng_sim_init(&sim, seed);
    for (size_t i = 0; i < loops; i++) {
        CHECK(ng_sim_loop_init(&sim, &worlds[i]) == NG_OK);
    }
}

/* ---- chance ---------------------------------------------------------------------------------- */

static void test_chance_follows_from_the_seed(void) {
    static ng_sim other;
    /* SplitMix64's first numbers for the seed 1234567; they are part of the interface. */
    const uint64_t expected[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                 UINT64_C(9817491932198370423)};
    ng_sim_init(&sim, 1234567);
    for (size_t i = 0; i < 3; i++) {
        CHECK(ng_sim_random(&sim) == expected[i]);
    }
    ng_sim_init(&sim, 5);
    ng_sim_init(&other, 5);
    CHECK(!ng_sim_chance(&sim, 0)); /* draws nothing */
    CHECK(ng_sim_delay(&sim, 0) == 0 && ng_sim_delay(&sim, -7) == 0);
    CHECK(ng_sim_random(&sim) == ng_sim_random(&other));
    CHECK(ng_sim_chance(&sim, 1)); /* draws one */
    CHECK(ng_sim_random(&sim) != ng_sim_random(&other));
    unsigned hits = 0;
    bool longest = false, none = false;
    for (int i = 0; i < 10000; i++) {
        const ng_time delay = ng_sim_delay(&sim, 3);
        CHECK(delay >= 0 && delay <= 3);
        longest = longest || delay == 3;
        none = none || delay == 0;
        hits += ng_sim_chance(&sim, 10);
    }
    CHECK(longest && none && hits > 800 && hits < 1200);
    CHECK(ng_sim_delay(&sim, INT64_MAX) >= 0);
}

static void test_traces_depend_on_the_order(void) {
    static ng_sim other;
    ng_sim_init(&sim, 1);
    ng_sim_init(&other, 2);
    ng_sim_note(&sim, 1);
    ng_sim_note(&sim, 2);
    ng_sim_note(&other, 1);
    ng_sim_note(&other, 2);
    CHECK(sim.trace == other.trace && sim.trace != 0); /* of the notes alone, not of the seed */
    ng_sim_init(&other, 1);
    ng_sim_note(&other, 2);
    ng_sim_note(&other, 1);
    CHECK(sim.trace != other.trace);
}

static void test_what_is_refused(void) {
    const ng_allocator none = {NULL, NULL};
    heap memory;
    memset(&memory, 0, sizeof memory);
    ng_sim_init(NULL, 1);
    ng_sim_note(NULL, 1);
    CHECK(ng_sim_random(NULL) == 0);
    CHECK(!ng_sim_chance(NULL, 1));
    CHECK(ng_sim_delay(NULL, 10) == 0);
    CHECK(ng_sim_loop_init(NULL, &worlds[0]) == NG_INVALID);
    CHECK(ng_sim_loop_init(&sim, NULL) == NG_INVALID);
    CHECK(ng_sim_run(NULL, NG_FOREVER) == NG_INVALID);
    CHECK(ng_sim_allocator(NULL, heap_allocator(&memory)).resize == NULL);
    CHECK(ng_sim_allocator(&sim, none).resize == NULL);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static ng_status nothing(ng_row row, void *ctx) {
    (void)row;
    (void)ctx;
    return NG_OK;
}

/* Builds a graph and closes it again, whatever could not be had. */
static ng_status build(ng_allocator allocator) {
    ng_graph graph;
    ng_graph_options options = ng_graph_defaults(allocator);
    options.clock = ng_loop_clock(&worlds[0].loop);
    ng_status status = ng_graph_init(&graph, &options);
    if (status == NG_OK) {
        ng_observe(ng_take(ng_range(&graph, 0, 10, 1), 3), nothing, NULL);
        status = ng_graph_start(&graph);
        ng_graph_close(&graph);
    }
    return status;
}

static void test_memory_is_refused_as_told(void) {
    heap memory;
    memset(&memory, 0, sizeof memory);
    begin(1, 1);
    const ng_allocator allocator = ng_sim_allocator(&sim, heap_allocator(&memory));
    CHECK(build(allocator) == NG_OK);
    const uint64_t requests = sim.requests;
    CHECK(requests == memory.requests && requests > 1); /* giving back is no request */
    for (uint64_t i = 1; i <= requests; i++) {
        sim.fail_at = sim.requests + i;
        CHECK(build(allocator) == NG_NO_MEMORY);
        CHECK(memory.blocks == 0 && memory.mistakes == 0);
    }
    sim.fail_at = 0;
    sim.fail_one_in = 1;
    CHECK(build(allocator) == NG_NO_MEMORY);
    sim.fail_one_in = 2 * requests;
    unsigned failed = 0;
    for (int i = 0; i < 200; i++) {
        failed += build(allocator) == NG_NO_MEMORY;
        CHECK(memory.blocks == 0 && memory.mistakes == 0);
    }
    CHECK(failed > 20 && failed < 180);
}

/* ---- clocks and wakes ------------------------------------------------------------------------ */

static ng_time fired_at;

static void note_time(ng_timer *timer) {
    (void)timer;
    fired_at = ng_loop_now(&worlds[0].loop);
}

static ng_timer timer_of(void (*fire)(ng_timer *timer)) {
    ng_timer timer;
    memset(&timer, 0, sizeof timer);
    timer.fire = fire;
    return timer;
}

static void test_clocks(void) {
    ng_timer timer = timer_of(note_time);
    begin(1, 1);
    const ng_port *const port = &worlds[0].loop.port;
    sim.wall_offset = 1000;
    CHECK(port->now(port->ctx) == 0 && port->wall(port->ctx) == 1000);
    CHECK(ng_timer_at(&worlds[0].loop, &timer, 500) == NG_OK);
    CHECK(ng_sim_run(&sim, 200) == NG_AGAIN);
    CHECK(port->now(port->ctx) == 200 && port->wall(port->ctx) == 1200);
    CHECK(ng_sim_run(&sim, 100) == NG_AGAIN); /* time does not go back */
    CHECK(port->now(port->ctx) == 200);
    sim.wall_offset = -50;
    CHECK(ng_sim_run(&sim, NG_FOREVER) == NG_OK);
    CHECK(fired_at == 500 && port->wall(port->ctx) == 450);
    ng_sim expected = sim;
    CHECK(port->random(port->ctx) == ng_sim_random(&expected)); /* its dice are the world's */
    CHECK(port->watch == NULL && port->read == NULL && port->start_thread == NULL);
}

static void test_waits_are_too_long_by_chance(void) {
    bool late = false;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        ng_timer timer = timer_of(note_time);
        begin(seed, 1);
        sim.oversleep = 10;
        CHECK(ng_timer_at(&worlds[0].loop, &timer, 500) == NG_OK);
        CHECK(ng_sim_run(&sim, NG_FOREVER) == NG_OK);
        CHECK(fired_at >= 500 && fired_at <= 510);
        late = late || fired_at > 500;
    }
    CHECK(late);
}

static void test_wakes_take_their_time(void) {
    begin(3, 1);
    ng_loop *const loop = &worlds[0].loop;
    loop->channels++; /* it waits for another thread */
    CHECK(ng_loop_run(loop) == NG_END && sim.now == 0);
    sim.wake_delay = 1000;
    ng_wake(loop);
    CHECK(ng_loop_turn(loop, NG_FOREVER) == NG_OK);
    const ng_time arrived = sim.now;
    CHECK(arrived > 0 && arrived <= 1000);          /* with this seed not at once */
    CHECK(ng_loop_turn(loop, NG_FOREVER) == NG_OK); /* and it does not come twice */
    CHECK(sim.now == arrived);
    loop->channels--;
}

/* ---- how runs end ---------------------------------------------------------------------------- */

static void stop_first(ng_timer *timer) {
    (void)timer;
    ng_loop_stop(&worlds[0].loop);
}

static void test_runs_of_several_loops(void) {
    ng_timer stopping = timer_of(stop_first), later = timer_of(note_time);
    begin(4, 2);
    CHECK(ng_sim_run(&sim, NG_FOREVER) == NG_OK); /* there is nothing to do */
    worlds[1].loop.channels++;
    CHECK(ng_sim_run(&sim, NG_FOREVER) == NG_END); /* what it waits for never comes */
    worlds[1].loop.channels--;
    CHECK(ng_timer_at(&worlds[0].loop, &stopping, 10) == NG_OK);
    CHECK(ng_timer_at(&worlds[0].loop, &later, 20) == NG_OK);
    fired_at = -1;
    CHECK(ng_sim_run(&sim, NG_FOREVER) == NG_OK); /* the stopped one rests, with its timer */
    CHECK(sim.now == 10 && fired_at == -1);
    const uint64_t turns = sim.turns;
    CHECK(ng_sim_run(&sim, NG_FOREVER) == NG_OK);
    CHECK(sim.now == 20 && fired_at == 20 && sim.turns > turns);
    CHECK(ng_loop_turn(&worlds[1].loop, 30) == NG_END);
    worlds[1].loop.channels++; /* the second of two cannot let time pass alone, nor the first */
    CHECK(ng_loop_turn(&worlds[1].loop, 30) == NG_MISUSED);
    worlds[1].loop.channels--;
}

int main(void) {
    test_chance_follows_from_the_seed();
    test_traces_depend_on_the_order();
    test_what_is_refused();
    test_memory_is_refused_as_told();
    test_clocks();
    test_waits_are_too_long_by_chance();
    test_wakes_take_their_time();
    test_runs_of_several_loops();
    return check_report();
}
