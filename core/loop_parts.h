/* loop_parts: what the files of the loop need of each other. */
#ifndef NGI_LOOP_PARTS_H
#define NGI_LOOP_PARTS_H

#include "loop.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* States of a loop. */
enum { NGI_OUTSIDE = 0, NGI_AWAKE = 1, NGI_WOKEN = 2 };

/* States of a task. */
enum {
    NGI_IDLE = 0,
    NGI_QUEUED = 1,
    NGI_RUNNING = 2,
    NGI_PARKED = 3,
    NGI_JOINING = 4,
    NGI_FINISHED = 5,
    NGI_ENDED_EARLY = 6 /* `after` of a task that was cancelled while it ran */
};

/* Runs the tasks that were queued before this call. */
void ngi_tasks_run(ng_loop *loop);

/* Makes the task run soon if it is idle, finished or resting. */
void ngi_task_notify(ng_loop *loop, ng_task *task);

void ngi_timers_init(ng_loop *loop);

/* Fires what is due at the loop's present. */
void ngi_timers_run(ng_loop *loop);

/* When the first timer is due, or, if it was stopped, would have been. */
ng_time ngi_timers_next(ng_loop *loop);

/* Leaves something at the loop, to be delivered in its next turn. Any thread. */
void ngi_loop_post(ng_loop *loop, ngi_post *post);

/* The owner has given the loop something to do: between turns, what waits must know. */
static inline void ngi_loop_changed(ng_loop *loop) {
    if (!loop->in_turn) {
        ng_wake(loop);
    }
}

#if defined(__cplusplus)
}
#endif

#endif
