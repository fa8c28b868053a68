/* runtime: what the event loop needs of a platform, as a value: a port. Code other than the ports
 * knows no platform.
 *
 * Three ports come along: runtime_posix.h, runtime_wasm.h, and runtime_sim.h, a world whose time
 * and chance come from a seed. A program that embeds the loop elsewhere fills in its own. */
#ifndef NGI_RUNTIME_H
#define NGI_RUNTIME_H

#include "base.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Nanoseconds. */
typedef int64_t ng_time;

#define NG_FOREVER INT64_MAX /* later than all */
#define NG_NOW INT64_MIN     /* earlier than all: as a time to wait until, not to wait */

#define NG_MICROSECOND ((ng_time)1000)
#define NG_MILLISECOND ((ng_time)1000000)
#define NG_SECOND ((ng_time)1000000000)

/* a + b for b >= 0, and NG_FOREVER where that is too much. Any thread. */
static inline ng_time ng_time_add(ng_time a, ng_time b) {
    return a > 0 && b > NG_FOREVER - a ? NG_FOREVER : a + b;
}

/* A thread of the platform. All zero: not started. */
typedef struct ng_thread {
    void (*run)(void *ctx);
    void *ctx;
    uintptr_t handle; /* private, the port's */
    bool started;     /* read-only */
} ng_thread;

struct ng_watch;

/* A platform. All functions get `ctx` and are called by the thread that the loop belongs to, but
 * for `wake`, `now` and `wall`, which any thread may call. */
typedef struct ng_port {
    /* The time since some moment, which never goes back. */
    ng_time (*now)(void *ctx);

    /* The time since 1970-01-01T00:00:00Z, as far as the platform knows it. */
    ng_time (*wall)(void *ctx);

    /* Returns at `until`, after a wake, or when a file is ready, and may also return early. NG_NOW:
     * looks at the files and returns at once. NG_AGAIN: nothing waits here, the host will run the
     * loop's next turn at `until`. NG_END: nothing will ever end this wait. Below 0: failed. */
    ng_status (*wait)(void *ctx, ng_time until);

    /* Ends the wait, or the next one if there is none at the moment. */
    void (*wake)(void *ctx);

    /* 64 random bits. */
    uint64_t (*random)(void *ctx);

    /* Starts and ends looking at the file of a watch; `wait` reports by ng_watch_ready. NULL: there
     * are no files. */
    ng_status (*watch)(void *ctx, struct ng_watch *watch);
    void (*unwatch)(void *ctx, struct ng_watch *watch);

    /* Reads at most `size` bytes, and writes at most so many; `*done` is how many it were.
     * NG_AGAIN: none at the moment; NG_END: there will be none; NG_CLOSED: no one reads what is
     * written. NULL: there are no files. */
    ng_status (*read)(void *ctx, int file, void *bytes, size_t size, size_t *done);
    ng_status (*write)(void *ctx, int file, const void *bytes, size_t size, size_t *done);

    /* Runs the thread's function in a new thread, and waits for its end. NULL: there are none. */
    ng_status (*start_thread)(void *ctx, ng_thread *thread);
    ng_status (*join_thread)(void *ctx, ng_thread *thread);

    void *ctx;
} ng_port;

/* Runs `thread->run(thread->ctx)` in a new thread; the structure is kept until it is joined.
 * NG_MISUSED: it is started and not joined yet. NG_UNSUPPORTED: the port has no threads. NG_IO: the
 * system gives none. */
NG_NODISCARD ng_status ng_thread_start(const ng_port *port, ng_thread *thread);

/* Waits until the function has returned. NG_MISUSED: it was not started, or joined already. */
NG_NODISCARD ng_status ng_thread_join(const ng_port *port, ng_thread *thread);

#if defined(__cplusplus)
}
#endif

#endif
