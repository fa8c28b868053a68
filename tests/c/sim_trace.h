/* sim_trace: a small simulated world whose trace is the same wherever it is compiled: two loops
 * with graphs, a lane between them, timers and tasks, wakes under way, memory that is refused. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "nagare.h"

typedef struct trace_world {
    ng_sim sim;
    ng_sim_loop loops[2];
    ng_graph graphs[2];
    ng_runner runners[2];
    ng_lane lane;
    ng_timer timer;
    ng_task task;
    uint64_t rows;
} trace_world;

static trace_world trace;
static uint64_t trace_lane[2048];

/* Memory that is taken from front to back, and given back as a whole. */
static uint64_t trace_memory[65536];
static size_t trace_used;

static void *trace_resize(void *ctx, void *block, size_t old_size, size_t size) {
    (void)ctx;
    const size_t words = (size + 63) / 64 * 8;
    if (size == 0 || words > sizeof trace_memory / sizeof trace_memory[0] - trace_used) {
        return NULL;
    }
    uint64_t *const made = &trace_memory[trace_used];
    trace_used += words;
    if (block != NULL) {
        __builtin_memcpy(made, block, old_size < size ? old_size : size);
    }
    return made;
}

static ng_status trace_row(ng_row row, void *ctx) {
    (void)ctx;
    trace.rows++;
    ng_sim_note(&trace.sim, (uint64_t)ng_get_i64(row, 0));
    ng_sim_note(&trace.sim, (uint64_t)trace.sim.now);
    return ng_sim_chance(&trace.sim, 900) ? NG_FAILED : NG_OK;
}

static int trace_some(ng_row row, void *ctx) {
    (void)row;
    (void)ctx;
    return !ng_sim_chance(&trace.sim, 3);
}

static void trace_tick(ng_timer *timer) {
    ng_sim_note(&trace.sim, (uint64_t)ng_loop_now(&trace.loops[0].loop) + timer->missed);
    if (ng_sim_chance(&trace.sim, 40)) {
        ng_timer_stop(timer);
    }
    (void)ng_task_resume(&trace.task);
}

static void trace_work(ng_task *task) {
    ng_sim_note(&trace.sim, 42);
    (void)ng_task_park(task);
}

static void trace_done(ng_runner *runner, ng_status status) {
    (void)runner;
    ng_sim_note(&trace.sim, (uint64_t)(int64_t)status);
}

static ng_status trace_build(ng_allocator allocator) {
    static const ng_field fields[] = {NG_FIELD("value", NG_I64)};
    static const ng_schema schema = {fields, 1};
    ng_link_options link = {4, 12, 6, 0, NG_OVERFLOW_BLOCK};
    ng_graph_options options = ng_graph_defaults(allocator);
    options.batch_rows = 4;
    options.link = link;
    ng_status status = ng_lane_init(&trace.lane, &link, &schema, trace_lane);
    for (size_t i = 0; i < 2 && status == NG_OK; i++) {
        ng_loop *const loop = &trace.loops[i].loop;
        options.clock = ng_loop_clock(loop);
        status = ng_graph_init(&trace.graphs[i], &options);
        if (i == 0) {
            const ng_river numbers = ng_range(&trace.graphs[0], 0, 300, 1);
            const ng_river ticks = ng_interval(&trace.graphs[0], 7 * NG_MILLISECOND);
            const ng_river both[] = {ng_filter(numbers, trace_some, NULL), ng_take(ticks, 50)};
            ng_to_lane(ng_merge(both, 2), &trace.lane, loop);
        } else {
            ng_observe(ng_from_lane(&trace.graphs[1], &trace.lane, loop), trace_row, NULL);
        }
    }
    for (size_t i = 0; i < 2 && status == NG_OK; i++) {
        status = ng_graph_start(&trace.graphs[i]);
        trace.runners[i].done = trace_done;
        if (status == NG_OK) {
            status = ng_runner_start(&trace.runners[i], &trace.loops[i].loop, &trace.graphs[i]);
        }
    }
    return status;
}

/* One world from a seed. */
static uint64_t trace_of(uint64_t seed) {
    const ng_allocator arena = {trace_resize, NULL};
    __builtin_memset(&trace, 0, sizeof trace);
    trace_used = 0;
    ng_sim_init(&trace.sim, seed);
    trace.sim.wake_delay = ng_sim_delay(&trace.sim, 3 * NG_MILLISECOND);
    trace.sim.oversleep = ng_sim_delay(&trace.sim, NG_MILLISECOND);
    trace.sim.fail_one_in = ng_sim_chance(&trace.sim, 4) ? 10 : 0;
    ng_status status = NG_OK;
    for (size_t i = 0; i < 2; i++) {
        status = ng_sim_loop_init(&trace.sim, &trace.loops[i]);
    }
    trace.timer.fire = trace_tick;
    trace.task.run = trace_work;
    if (status == NG_OK) {
        status = ng_timer_every(&trace.loops[0].loop, &trace.timer, 5 * NG_MILLISECOND);
    }
    if (status == NG_OK) {
        status = ng_spawn(&trace.loops[0].loop, &trace.task);
    }
    if (status == NG_OK) {
        status = trace_build(ng_sim_allocator(&trace.sim, arena));
    }
    ng_sim_note(&trace.sim, (uint64_t)(int64_t)status);
    if (status == NG_OK) {
        ng_sim_note(&trace.sim, (uint64_t)(int64_t)ng_sim_run(&trace.sim, 2 * NG_SECOND));
    }
    ng_sim_note(&trace.sim, trace.rows);
    ng_sim_note(&trace.sim, trace.sim.turns);
    ng_graph_close(&trace.graphs[1]);
    ng_lane_close(&trace.lane);
    ng_graph_close(&trace.graphs[0]);
    return trace.sim.trace;
}

#endif
