/* Timers without a graph: an interval, a deadline that is met and one that is missed, in virtual
 * time; with ng_default_port in place of the world they keep to the clock on the wall.
 *
 *     cc -I. examples/streams/timers.c -o build/timers && build/timers
 *
 * prints
 *
 *        0 ms: tick
 *       50 ms: the short job is done: ok
 *      100 ms: tick
 *      150 ms: the long job is late: it took too long
 *      200 ms: tick
 */
#include <stdio.h>
#define NAGARE_IMPLEMENTATION
#include "nagare.h"

static ng_sim sim;
static ng_sim_loop world;
static ng_loop *const loop = &world.loop;

static void say(const char *what, const char *more) {
    (void)printf("%4d ms: %s%s\n", (int)(ng_loop_now(loop) / NG_MILLISECOND), what, more);
}

static void tick(ng_timer *timer) {
    int *const left = (int *)timer->ctx;
    say("tick", "");
    if (--*left == 0) {
        ng_timer_stop(timer);
    }
}

/* A job that sleeps once, and is done when it wakes up. */
typedef struct job {
    ng_task task;
    ng_timer nap;
    ng_time duration;
    bool began;
} job;

static void work(ng_task *task) {
    job *const j = (job *)task;
    if (!j->began) {
        j->began = true;
        (void)!ng_task_sleep(task, &j->nap, j->duration);
    }
}

static void done(ng_deadline *deadline, ng_status status) {
    say((const char *)deadline->ctx, ng_status_text(status));
    if (status == NG_TIMEOUT) {
        ng_task_cancel(deadline->task);
    }
}

int main(void) {
    static job shorter = {{work}, {NULL}, 50 * NG_MILLISECOND, false};
    static job longer = {{work}, {NULL}, 60 * NG_SECOND, false};
    static ng_deadline met = {done, (void *)"the short job is done: "};
    static ng_deadline missed = {done, (void *)"the long job is late: "};
    int ticks = 3;
    ng_timer timer = {tick, &ticks};
    ng_sim_init(&sim, 1);
    ng_status status = ng_sim_loop_init(&sim, &world);
    status = status < 0 ? status : ng_timer_every(loop, &timer, 100 * NG_MILLISECOND);
    status = status < 0 ? status : ng_spawn(loop, &shorter.task);
    status = status < 0 ? status : ng_spawn(loop, &longer.task);
    status = status < 0 ? status : ng_deadline_start(&met, &shorter.task, 150 * NG_MILLISECOND);
    status = status < 0 ? status : ng_deadline_start(&missed, &longer.task, 150 * NG_MILLISECOND);
    status = status < 0 ? status : ng_loop_run(loop);
    return status != NG_OK;
}
