/* loop: tasks, timers and watches, run by one thread on a port.
 *
 * Nothing here allocates: every object is a structure of the caller's, which all zeros make a
 * valid, idle one, and which must stay where it is while the loop has it.
 *
 *     static void tick(ng_timer *timer) { ... }
 *
 *     ng_platform platform;
 *     ng_port port;
 *     ng_loop loop;
 *     ng_timer timer = {tick, my_own};
 *     if (ng_default_port(&port, &platform) == NG_OK && ng_loop_init(&loop, &port) == NG_OK &&
 *         ng_timer_every(&loop, &timer, NG_SECOND) == NG_OK) {
 *         ng_loop_run(&loop);
 *     }
 *     ng_default_close(&platform);
 *
 * The loop goes in turns. In a turn all see the same time, ng_loop_now. First those are told whose
 * channels have something, then the timers that are due fire, then the tasks run that were waiting
 * when this began. What they set off comes in the same turn only if it is a timer between the one
 * that fires and the present; everything else waits for the next turn, so no turn is endless.
 *
 * What a callback was called for may be reused in it. A timer may even be freed there; tasks,
 * watches and deadlines have to stay until the callback has returned.
 *
 * All functions are for the thread that the loop belongs to, but for those marked "any thread". */
#ifndef NGI_LOOP_H
#define NGI_LOOP_H

#include "runtime.h"

#if defined(__cplusplus)
extern "C" {
#endif

struct ng_loop;
struct ng_timer;

struct ng_task;
typedef struct ngi_tasks {
    struct ng_task *first, *last;
} ngi_tasks;

/* Work that runs in pieces: `run` is called, and does not block. When it returns the task has
 * finished, unless it asked for more: ng_yield, ng_task_park, ng_task_sleep or ng_task_join. */
typedef struct ng_task {
    void (*run)(struct ng_task *task);
    void *ctx;
    ng_status status; /* read-only, of a task that has finished: NG_OK or NG_CANCELLED */

    struct ng_loop *loop; /* private from here on */
    struct ng_task *next, *previous;
    struct ng_task *joined;    /* the one it waits for, whose `waiters` it is in */
    struct ng_timer *sleeping; /* the timer it waits for */
    ngi_tasks waiters;
    uint32_t turn;        /* in which it was queued */
    uint8_t state, after; /* what it is in, and, while it runs, what it will be in */
} ng_task;

/* A moment at which `fire` is called, or many of them. */
typedef struct ng_timer {
    void (*fire)(struct ng_timer *timer);
    void *ctx;
    uint64_t missed; /* read-only: ticks of ng_timer_every that were skipped, since it was set */

    struct ng_loop *loop; /* private from here on; NULL: it is not set */
    struct ng_timer *next, *previous;
    uint64_t key;   /* when, shifted so that it sorts without a sign */
    ng_time period; /* 0: it fires once */
} ng_timer;

/* What a file can be ready for. An error or a hang-up counts as both. */
#define NG_READABLE 1u
#define NG_WRITABLE 2u

/* A file that `ready` is called for, once a turn, as long as it is ready for one of `events`. */
typedef struct ng_watch {
    void (*ready)(struct ng_watch *watch, unsigned events);
    void *ctx;
    int file;        /* a file descriptor; each can be watched once in a loop */
    unsigned events; /* NG_READABLE, NG_WRITABLE or both */

    struct ng_loop *loop; /* private from here on; NULL: it is not watched */
    unsigned seen;
    ng_task task;
} ng_watch;

/* `done` is called once: with NG_OK or NG_CANCELLED when the task has finished in time, or with
 * NG_TIMEOUT. */
typedef struct ng_deadline {
    void (*done)(struct ng_deadline *deadline, ng_status status);
    void *ctx;

    ng_task *task; /* private from here on */
    ng_task waiter;
    ng_timer timer;
} ng_deadline;

/* What another thread leaves at a loop. */
typedef struct ngi_post {
    struct ngi_post *next;
    void (*deliver)(struct ngi_post *post);
} ngi_post;

/* Tells a loop, from any thread, that something has changed for one who waits in it. */
typedef struct ngi_bell {
    ngi_post post;
    struct ng_loop *loop;                /* NULL: no one is told */
    void (*rung)(struct ngi_bell *bell); /* in the loop's next turn */
    uint32_t armed;                      /* atomic: it waits, and wants to be told */
    uint32_t posted;                     /* atomic: the loop will tell it in its next turn */
} ngi_bell;

/* The timers of a loop. Each level holds those whose time first differs from `now` in its digit,
 * in slots by that digit; so what stands in a lower level is due earlier. Reaching a slot moves
 * `now` to its beginning and spreads its timers, in their order, over the empty levels below, and
 * those in a slot of level 0 have the same time; so timers of equal times keep the order in which
 * they were set. `now` only moves that way, and to timers that fire, which keeps this true.
 *
 * Many timers lie anywhere in memory, and each names the next, so that reading a list waits for
 * memory once a timer. Hence whoever reads one list goes through the following ones as well, in
 * turns, to have them at hand by the time they are due. */
#define NGI_WHEEL_BITS 6
#define NGI_WHEEL_SLOTS (1u << NGI_WHEEL_BITS)
#define NGI_WHEEL_LEVELS ((64 + NGI_WHEEL_BITS - 1) / NGI_WHEEL_BITS)
#define NGI_WHEEL_AHEAD 4 /* lists that are read ahead */
typedef struct ngi_slot {
    ng_timer *first, *last; /* nothing, unless the slot's bit is set */
} ngi_slot;
typedef struct ngi_wheel {
    uint64_t now;
    uint64_t present;                  /* what is set for until then is late */
    uint64_t earliest;                 /* no timer is earlier */
    bool earliest_known;               /* unless something has fired since */
    uint32_t levels;                   /* bits: the levels that have timers */
    uint64_t filled[NGI_WHEEL_LEVELS]; /* bits: the slots that have timers */
    ngi_slot slots[NGI_WHEEL_LEVELS][NGI_WHEEL_SLOTS];
    ng_timer *ahead[NGI_WHEEL_LEVELS][NGI_WHEEL_AHEAD]; /* how far that is, by slot, or NULL */
    ngi_slot late[2];   /* what was set for a time that had come: for this turn, and the next */
    uint8_t collecting; /* which is for the next */
} ngi_wheel;

/* All fields are private. About 12 KiB, or half of that on 32 bits: no place for it on a small
 * stack. */
typedef struct ng_loop {
    ng_port port;
    ng_time now;
    ngi_tasks ready;
    size_t timers, watches, channels; /* that are set, watched, open */
    ngi_post *inbox;                  /* atomic */
    uint32_t state;                   /* atomic */
    uint32_t stopping;                /* atomic */
    uint32_t turn;
    bool in_turn;
    bool woken;   /* during its last turn */
    bool stopped; /* after it */
    ngi_wheel wheel;
} ng_loop;

/* ---- the loop ---- */

/* Starts a loop on a port, which is copied; what the port's `ctx` points to is kept. The thread
 * that calls the other functions is the one it belongs to. */
NG_NODISCARD ng_status ng_loop_init(ng_loop *loop, const ng_port *port);

/* Runs until nothing can happen any more (there are no tasks to run, timers, watches or open
 * channels) or ng_loop_stop: NG_OK. NG_AGAIN: the port cannot wait, and has arranged for the next
 * turn. NG_END: the port knows that what is waited for will never come. NG_MISUSED: it runs
 * already. Below 0 else: the port failed. */
NG_NODISCARD ng_status ng_loop_run(ng_loop *loop);

/* Runs one turn, then waits until `until`, the next timer, or a wake, if nothing is there to be
 * done at once. What was set or woken before the turn may end its wait at once. NG_NOW does not
 * wait. For hosts with a loop of their own. NG_OK: there will be more to do. NG_END: nothing can
 * happen any more, or the loop was stopped. */
NG_NODISCARD ng_status ng_loop_turn(ng_loop *loop, ng_time until);

/* When the next turn has something to do: a time that has come if at once, NG_FOREVER if only a
 * wake can tell. May be too early after a timer was stopped, never too late. NG_FOREVER for NULL.
 */
ng_time ng_loop_next(ng_loop *loop);

/* The time of this turn, or, between turns, the port's. 0 for NULL. */
ng_time ng_loop_now(ng_loop *loop);

/* Ends ng_loop_run, or the next one, after its turn. Nothing is lost: it can be run again. Any
 * thread. */
void ng_loop_stop(ng_loop *loop);

/* Makes the loop take a turn soon. Any thread. */
void ng_wake(ng_loop *loop);

/* ---- tasks ---- */

/* Runs the task soon, after those that are waiting already. NG_MISUSED: it has not finished since
 * it was last spawned. */
NG_NODISCARD ng_status ng_spawn(ng_loop *loop, ng_task *task);

/* From the task's `run` alone (as the next two): it runs again, after the others. NG_CANCELLED: it
 * was cancelled, and finishes. NG_MISUSED: it does not run now, or waits for another. */
ng_status ng_yield(ng_task *task);

/* It rests until ng_task_resume. A resting task does not keep ng_loop_run from returning. */
ng_status ng_task_park(ng_task *task);

/* It rests for `duration`, at least 0, or until ng_task_resume. `timer` is all zero or one that has
 * been used before; it is kept meanwhile. NG_MISUSED also: `timer` is set. */
NG_NODISCARD ng_status ng_task_sleep(ng_task *task, ng_timer *timer, ng_time duration);

/* Runs a task soon that was parked or asleep. NG_OK without effect if it is waiting to run anyway.
 * NG_MISUSED: it does not rest. */
ng_status ng_task_resume(ng_task *task);

/* Runs `waiter` once `task` has finished; soon, if it has already. The waiter is a task that is not
 * under way, or rests, or the one that runs now, which then goes on when the other has finished.
 * NG_MISUSED: `task` was never spawned, or `waiter` is waiting for something else. NG_INVALID: they
 * are the same, or belong to two loops. */
NG_NODISCARD ng_status ng_task_join(ng_task *task, ng_task *waiter);

/* Finishes the task without running it any further; those that joined it go on. A task that is not
 * under way is left alone. */
void ng_task_cancel(ng_task *task);

/* Whether it was spawned, or waits for another, and has not finished since. */
bool ng_task_is_pending(const ng_task *task);

/* Calls `deadline->done` when `task`, which was spawned, has finished, or at `when`; what comes
 * first. The task itself goes on: cancelling it is up to `done`. NG_MISUSED: the deadline runs
 * already. */
NG_NODISCARD ng_status ng_deadline_start(ng_deadline *deadline, ng_task *task, ng_time when);

/* Forgets it: `done` is not called. Idempotent. */
void ng_deadline_stop(ng_deadline *deadline);

/* ---- timers ---- */

/* Fires once at `when`, or, if it was set already, then instead. Timers fire in the order of their
 * times, and those of equal times in the order in which they were set. A time that has come counts
 * as the present: it fires in the next turn. */
NG_NODISCARD ng_status ng_timer_at(ng_loop *loop, ng_timer *timer, ng_time when);

/* The same `delay` from now, at least 0. */
NG_NODISCARD ng_status ng_timer_after(ng_loop *loop, ng_timer *timer, ng_time delay);

/* Fires at once, and then at this moment plus 1, 2, 3... times `period`, which is above 0, without
 * drift. Where the loop is late, one tick fires for all whose time has passed: the others are
 * counted in `timer->missed` and skipped. */
NG_NODISCARD ng_status ng_timer_every(ng_loop *loop, ng_timer *timer, ng_time period);

/* It does not fire any more. Idempotent. */
void ng_timer_stop(ng_timer *timer);

/* ---- files ---- */

/* NG_UNSUPPORTED: the port has no files, or cannot watch this one. NG_MISUSED: it is watched
 * already. NG_IO: the system refuses. */
NG_NODISCARD ng_status ng_watch_start(ng_loop *loop, ng_watch *watch);

/* `ready` is not called any more. Idempotent. Stop it before closing the file. */
void ng_watch_stop(ng_watch *watch);

/* For ports: the file of `watch` is ready for `events`. */
void ng_watch_ready(ng_watch *watch, unsigned events);

#if defined(__cplusplus)
}
#endif

#endif
