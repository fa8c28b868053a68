/* runtime_posix: the port for Linux: its clocks, epoll, and POSIX threads.
 *
 * The code needs names that a compiler hides from programs in strict C99 which have included a
 * system header before nagare.h. Then it is left out, and using it is a compile error that says
 * what to do. Other files of the program only need these declarations. */
#ifndef NGI_RUNTIME_POSIX_H
#define NGI_RUNTIME_POSIX_H

#include "graph_loop.h"

#if defined(__linux__)

#if defined(NAGARE_IMPLEMENTATION)
#include <time.h>
#endif

#if defined(NAGARE_IMPLEMENTATION) && !(defined(CLOCK_MONOTONIC) && defined(TIMER_ABSTIME))
#define NGI_POSIX_HIDDEN                                                                           \
    __attribute__((error("the system's names are hidden: include nagare.h before system headers, " \
                         "or compile with -D_POSIX_C_SOURCE=200809L")))
#else
#define NGI_POSIX_HIDDEN
#endif

#if defined(__cplusplus)
extern "C" {
#endif

/* All fields are private. */
typedef struct ng_posix {
    int poll;     /* an epoll, which looks at the two below and at what is watched */
    int woken;    /* an eventfd */
    int alarm;    /* a timerfd */
    ng_time set;  /* what the alarm is set to */
    size_t files; /* that are watched */
    uint64_t random;
} ng_posix;

/* Opens what the port needs, three file descriptors, and fills in `port` for one loop. `posix` is
 * kept. NG_IO: the system does not give them. */
NG_NODISCARD NGI_POSIX_HIDDEN ng_status ng_posix_open(ng_posix *posix, ng_port *port);

/* Closes them. Threads have been joined by then, and no one wakes the loop any more. */
void ng_posix_close(ng_posix *posix);

/* What is there without being named: on Linux this port. */
typedef ng_posix ng_platform;
NG_NODISCARD NGI_POSIX_HIDDEN ng_status ng_default_port(ng_port *port, ng_platform *platform);
void ng_default_close(ng_platform *platform);

/* A graph's clock without a loop: this system's, which never goes back. */
NGI_POSIX_HIDDEN ng_clock ng_default_clock(void);

/* Starts a graph, unless it is, and runs it in a loop of its own until it ends. NG_OK: it has
 * ended; NG_DANGLING and the like: it was not started; else how it failed. NG_MISUSED: it waits for
 * something that no one in this loop can bring. The caller closes it. */
NG_NODISCARD NGI_POSIX_HIDDEN ng_status ng_run(ng_graph *graph);

#if defined(__cplusplus)
}
#endif

#endif

#endif
