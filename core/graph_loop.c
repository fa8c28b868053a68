/* graph_loop: a graph's steps as a task. */
#include "graph_loop.h"

#include "graph_parts.h"

static int64_t ngi_loop_clock_now(void *ctx) { return ng_loop_now((ng_loop *)ctx); }

ng_clock ng_loop_clock(ng_loop *loop) {
    ng_clock clock = {ngi_loop_clock_now, loop};
    return clock;
}

static void ngi_runner_timer(ng_timer *timer) {
    (void)ng_task_resume(&((ng_runner *)timer->ctx)->task);
}

/* Something came from outside the graph. During a step the graph sees to it itself. */
static void ngi_runner_woken(void *ctx) {
    ng_runner *const runner = (ng_runner *)ctx;
    if (ng_task_is_pending(&runner->task)) {
        (void)ng_task_resume(&runner->task);
    }
}

static void ngi_runner_end(ng_runner *runner) {
    ng_timer_stop(&runner->timer);
    runner->graph->woken = NULL;
    runner->graph = NULL;
}

/* The graph's clock need not be the loop's, but goes at its pace. */
static ng_status ngi_runner_rest(ng_runner *runner) {
    ng_graph *const graph = runner->graph;
    const int64_t next = ng_graph_next(graph);
    if (next == INT64_MAX) {
        ng_timer_stop(&runner->timer);
        return NG_OK;
    }
    const int64_t now = ngi_graph_now(graph);
    return ng_timer_after(runner->task.loop, &runner->timer, next > now ? next - now : 0);
}

static void ngi_runner_run(ng_task *task) {
    ng_runner *const runner = (ng_runner *)task->ctx;
    ng_status status = ng_graph_step(runner->graph, NG_RUNNER_CALLS);
    if (runner->graph == NULL) {
        return; /* stopped from within */
    }
    if (status == NG_AGAIN) {
        (void)ng_yield(task);
        return;
    }
    if (status == NG_OK) {
        (void)ngi_runner_rest(runner);
        (void)ng_task_park(task);
        return;
    }
    ngi_runner_end(runner);
    if (runner->done != NULL) {
        runner->done(runner, status);
    }
}

ng_status ng_runner_start(ng_runner *runner, ng_loop *loop, ng_graph *graph) {
    if (runner == NULL || loop == NULL || graph == NULL) {
        return NG_INVALID;
    }
    if (runner->graph != NULL || graph->woken != NULL ||
        (graph->state != NGI_RUNNING && graph->state != NGI_ENDED)) {
        return NG_MISUSED;
    }
    runner->task.run = ngi_runner_run;
    runner->task.ctx = runner;
    runner->timer.fire = ngi_runner_timer;
    runner->timer.ctx = runner;
    const ng_status status = ng_spawn(loop, &runner->task);
    if (status == NG_OK) {
        runner->graph = graph;
        graph->woken = ngi_runner_woken;
        graph->woken_ctx = runner;
    }
    return status;
}

void ng_runner_stop(ng_runner *runner) {
    if (runner != NULL && runner->graph != NULL) {
        ngi_runner_end(runner);
        ng_task_cancel(&runner->task);
    }
}
