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
    NGI_TASK_IDLE = 0,
    NGI_TASK_QUEUED = 1,
    NGI_TASK_RUNNING = 2,
    NGI_TASK_PARKED = 3,
    NGI_TASK_JOINING = 4,
    NGI_TASK_FINISHED = 5,
    NGI_TASK_ENDED_EARLY = 6 /* `after` of a task that was cancelled while it ran */
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

/* A bell that no one waits for. */
void ngi_bell_init(ngi_bell *bell, ng_loop *loop, void (*rung)(ngi_bell *bell));

/* Waits. What it waits for must be looked at once more after this: it is either seen then, or the
 * one who changes it sees that the bell is armed. */
static inline void ngi_bell_arm(ngi_bell *bell) {
    (void)__atomic_exchange_n(&bell->armed, 1, __ATOMIC_SEQ_CST);
}

static inline void ngi_bell_disarm(ngi_bell *bell) {
    __atomic_store_n(&bell->armed, 0, __ATOMIC_SEQ_CST);
}

/* Something has changed, by a sequentially consistent store: tells the one who waits, once each
 * time that it has begun to wait. Any thread. */
void ngi_bell_ring(ngi_bell *bell);

/* The same after stores of any order. */
static inline void ngi_bell_ring_after(ngi_bell *bell) {
    if (__atomic_fetch_or(&bell->armed, 0, __ATOMIC_SEQ_CST) != 0) {
        ngi_bell_ring(bell);
    }
}

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
