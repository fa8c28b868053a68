/* graph_loop: graphs that run in an event loop.
 *
 *     ng_loop loop;
 *     ng_runner runner = {when_done, my_own};
 *     options.clock = ng_loop_clock(&loop);
 *     ... build a graph with these options, and start it ...
 *     if (ng_runner_start(&runner, &loop, &graph) == NG_OK) {
 *         status = ng_loop_run(&loop);
 *     }
 *
 * Several graphs share a loop by turns. A program that has one graph and no loop says ng_run. */
#ifndef NGI_GRAPH_LOOP_H
#define NGI_GRAPH_LOOP_H

#include "graph.h"
#include "loop.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* How many calls of operators a graph makes before others in its loop have their turn. */
#define NG_RUNNER_CALLS 1024

/* Keeps a graph running. The caller's, all zeros but for the first two; it must stay where it is
 * until `done` was called or it was stopped. */
typedef struct ng_runner {
    /* The graph has ended: NG_END, or how it failed. It may be closed here, and the runner reused.
     * May be NULL. */
    void (*done)(struct ng_runner *runner, ng_status status);
    void *ctx;

    ng_graph *graph; /* private from here on; NULL: it does not run */
    ng_task task;
    ng_timer timer;
} ng_runner;

/* Runs a started graph in the turns of a loop, whenever it has something to do: rows, timers, and
 * what ng_graph_wake says. The graph's thread is the loop's from now on. NG_MISUSED: the graph was
 * not started, is run already, or the runner runs another. */
NG_NODISCARD ng_status ng_runner_start(ng_runner *runner, ng_loop *loop, ng_graph *graph);

/* The graph is not run any more, and `done` not called. The graph itself goes on where it was when
 * it is run again. Idempotent. */
void ng_runner_stop(ng_runner *runner);

/* A graph's clock that is the loop's. */
ng_clock ng_loop_clock(ng_loop *loop);

#if defined(__cplusplus)
}
#endif

#endif
