/* runtime_posix: the port for Linux, where the system's names are visible. */
#include "runtime_posix.h"

#include "graph_parts.h"

#if defined(__linux__)
#include <time.h>

#if defined(CLOCK_MONOTONIC) && defined(TIMER_ABSTIME)
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NGI_POSIX_EVENTS 64

static ng_time ngi_posix_clock(clockid_t clock) {
    struct timespec time = {0, 0};
    (void)clock_gettime(clock, &time);
    return (ng_time)time.tv_sec * NG_SECOND + (ng_time)time.tv_nsec;
}

static ng_time ngi_posix_now(void *ctx) {
    (void)ctx;
    return ngi_posix_clock(CLOCK_MONOTONIC);
}

static ng_time ngi_posix_wall(void *ctx) {
    (void)ctx;
    return ngi_posix_clock(CLOCK_REALTIME);
}

/* SplitMix64, from a seed of the system's. */
static uint64_t ngi_posix_random(void *ctx) {
    ng_posix *posix = (ng_posix *)ctx;
    uint64_t mixed = posix->random += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

/* Fails only when there is a wake already that was not taken notice of. */
static void ngi_posix_wake(void *ctx) {
    const ng_posix *posix = (const ng_posix *)ctx;
    const uint64_t one = 1;
    const int before = errno;
    const ssize_t written = write(posix->woken, &one, sizeof one);
    (void)written;
    errno = before;
}

/* Lets the alarm go off at `until`. epoll's own timeout counts in milliseconds. */
static ng_status ngi_posix_set_alarm(ng_posix *posix, ng_time until) {
    struct itimerspec alarm;
    if (until == posix->set) {
        return NG_OK;
    }
    /* All zero would turn it off. */
    const ng_time at = until == NG_FOREVER ? 0 : until < 1 ? 1 : until;
    alarm.it_interval.tv_sec = 0;
    alarm.it_interval.tv_nsec = 0;
    alarm.it_value.tv_sec = (time_t)(at / NG_SECOND);
    alarm.it_value.tv_nsec = (long)(at % NG_SECOND);
    if (timerfd_settime(posix->alarm, TFD_TIMER_ABSTIME, &alarm, NULL) != 0) {
        return NG_IO;
    }
    posix->set = until;
    return NG_OK;
}

static unsigned ngi_posix_events(uint32_t seen) {
    const uint32_t broken = (uint32_t)EPOLLERR | (uint32_t)EPOLLHUP;
    unsigned events = 0;
    if ((seen & ((uint32_t)EPOLLIN | broken)) != 0) {
        events |= NG_READABLE;
    }
    if ((seen & ((uint32_t)EPOLLOUT | broken)) != 0) {
        events |= NG_WRITABLE;
    }
    return events;
}

static void ngi_posix_seen(ng_posix *posix, const struct epoll_event *event) {
    if (event->data.ptr == &posix->woken || event->data.ptr == &posix->alarm) {
        uint64_t count;
        const ssize_t size = read(*(int *)event->data.ptr, &count, sizeof count);
        (void)size;
        if (event->data.ptr == &posix->alarm) {
            posix->set = NG_FOREVER;
        }
        return;
    }
    ng_watch *watch = (ng_watch *)event->data.ptr;
    ng_watch_ready(watch, ngi_posix_events(event->events) & watch->events);
}

static ng_status ngi_posix_wait(void *ctx, ng_time until) {
    ng_posix *posix = (ng_posix *)ctx;
    struct epoll_event events[NGI_POSIX_EVENTS];
    if (until == NG_NOW) {
        if (posix->files == 0) {
            return NG_OK;
        }
    } else {
        const ng_status status = ngi_posix_set_alarm(posix, until);
        if (status != NG_OK) {
            return status;
        }
    }
    const int count = epoll_wait(posix->poll, events, NGI_POSIX_EVENTS, until == NG_NOW ? 0 : -1);
    if (count < 0) {
        return errno == EINTR ? NG_OK : NG_IO;
    }
    for (int i = 0; i < count; i++) {
        ngi_posix_seen(posix, &events[i]);
    }
    return NG_OK;
}

static ng_status ngi_posix_add(const ng_posix *posix, int file, uint32_t events, void *what) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = 0;
    event.data.ptr = what;
    if (epoll_ctl(posix->poll, EPOLL_CTL_ADD, file, &event) == 0) {
        return NG_OK;
    }
    switch (errno) {
    case EEXIST:
        return NG_MISUSED;
    case EPERM: /* as with files on disks, which are always ready */
        return NG_UNSUPPORTED;
    case EBADF:
        return NG_INVALID;
    default:
        return NG_IO;
    }
}

static ng_status ngi_posix_watch(void *ctx, ng_watch *watch) {
    ng_posix *posix = (ng_posix *)ctx;
    const uint32_t events = ((watch->events & NG_READABLE) != 0 ? (uint32_t)EPOLLIN : 0) |
                            ((watch->events & NG_WRITABLE) != 0 ? (uint32_t)EPOLLOUT : 0);
    const ng_status status = ngi_posix_add(posix, watch->file, events, watch);
    posix->files += status == NG_OK;
    return status;
}

static void ngi_posix_unwatch(void *ctx, ng_watch *watch) {
    ng_posix *posix = (ng_posix *)ctx;
    struct epoll_event unused;
    (void)epoll_ctl(posix->poll, EPOLL_CTL_DEL, watch->file, &unused);
    posix->files--;
}

static ng_status ngi_posix_moved(ssize_t size, size_t *done) {
    *done = size < 0 ? 0 : (size_t)size;
    if (size >= 0) {
        return NG_OK;
    }
    switch (errno) {
    case EINTR:
    case EAGAIN:
        return NG_AGAIN;
    case EPIPE:
        return NG_CLOSED;
    default:
        return NG_IO;
    }
}

static ng_status ngi_posix_read(void *ctx, int file, void *bytes, size_t size, size_t *done) {
    (void)ctx;
    const ng_status status = ngi_posix_moved(read(file, bytes, size), done);
    return status == NG_OK && *done == 0 && size != 0 ? NG_END : status;
}

static ng_status ngi_posix_write(void *ctx, int file, const void *bytes, size_t size,
                                 size_t *done) {
    (void)ctx;
    return ngi_posix_moved(write(file, bytes, size), done);
}

typedef char ngi_posix_thread_fits[sizeof(pthread_t) <= sizeof(uintptr_t) ? 1 : -1];

static void *ngi_posix_run_thread(void *argument) {
    const ng_thread *thread = (const ng_thread *)argument;
    thread->run(thread->ctx);
    return NULL;
}

static ng_status ngi_posix_start_thread(void *ctx, ng_thread *thread) {
    pthread_t handle;
    (void)ctx;
    if (pthread_create(&handle, NULL, ngi_posix_run_thread, thread) != 0) {
        return NG_IO;
    }
    thread->handle = (uintptr_t)handle;
    return NG_OK;
}

static ng_status ngi_posix_join_thread(void *ctx, ng_thread *thread) {
    (void)ctx;
    return pthread_join((pthread_t)thread->handle, NULL) == 0 ? NG_OK : NG_IO;
}

static ng_status ngi_posix_seed(ng_posix *posix) {
    const int file = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    const ssize_t size = file < 0 ? -1 : read(file, &posix->random, sizeof posix->random);
    if (file >= 0) {
        (void)close(file);
    }
    return size == (ssize_t)sizeof posix->random ? NG_OK : NG_IO;
}

ng_status ng_posix_open(ng_posix *posix, ng_port *port) {
    if (posix == NULL || port == NULL) {
        return NG_INVALID;
    }
    posix->set = NG_FOREVER;
    posix->files = 0;
    posix->poll = epoll_create1(EPOLL_CLOEXEC);
    posix->woken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    posix->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (posix->poll < 0 || posix->woken < 0 || posix->alarm < 0 ||
        ngi_posix_add(posix, posix->woken, (uint32_t)EPOLLIN, &posix->woken) != NG_OK ||
        ngi_posix_add(posix, posix->alarm, (uint32_t)EPOLLIN, &posix->alarm) != NG_OK ||
        ngi_posix_seed(posix) != NG_OK) {
        ng_posix_close(posix);
        return NG_IO;
    }
    port->now = ngi_posix_now;
    port->wall = ngi_posix_wall;
    port->wait = ngi_posix_wait;
    port->wake = ngi_posix_wake;
    port->random = ngi_posix_random;
    port->watch = ngi_posix_watch;
    port->unwatch = ngi_posix_unwatch;
    port->read = ngi_posix_read;
    port->write = ngi_posix_write;
    port->start_thread = ngi_posix_start_thread;
    port->join_thread = ngi_posix_join_thread;
    port->ctx = posix;
    return NG_OK;
}

static void ngi_posix_close_file(int *file) {
    if (*file >= 0) {
        (void)close(*file);
        *file = -1;
    }
}

void ng_posix_close(ng_posix *posix) {
    if (posix != NULL) {
        ngi_posix_close_file(&posix->poll);
        ngi_posix_close_file(&posix->woken);
        ngi_posix_close_file(&posix->alarm);
    }
}

ng_status ng_default_port(ng_port *port, ng_platform *platform) {
    return ng_posix_open(platform, port);
}

void ng_default_close(ng_platform *platform) { ng_posix_close(platform); }

ng_clock ng_default_clock(void) {
    ng_clock clock = {ngi_posix_now, NULL};
    return clock;
}

static void ngi_run_done(ng_runner *runner, ng_status status) {
    *(ng_status *)runner->ctx = status == NG_END ? NG_OK : status;
}

static ng_status ngi_run_in(ng_graph *graph, const ng_port *port) {
    ng_loop loop;
    ng_status result = NG_MISUSED;
    ng_runner runner;
    __builtin_memset(&runner, 0, sizeof runner);
    runner.done = ngi_run_done;
    runner.ctx = &result;
    ng_status status = ng_loop_init(&loop, port);
    if (status == NG_OK) {
        status = ng_runner_start(&runner, &loop, graph);
    }
    if (status == NG_OK) {
        status = ng_loop_run(&loop);
        ng_runner_stop(&runner);
        graph->woken_ctx = NULL; /* the runner goes, and the graph stays */
    }
    return status == NG_OK ? result : status;
}

ng_status ng_run(ng_graph *graph) {
    ng_platform platform;
    ng_port port;
    ng_status status = graph == NULL ? NG_INVALID : ng_default_port(&port, &platform);
    if (status != NG_OK) {
        return status;
    }
    if (graph->state == NGI_BUILDING) {
        status = ng_graph_start(graph);
    }
    if (status == NG_OK) {
        status = ngi_run_in(graph, &port);
    }
    ng_default_close(&platform);
    return status;
}

#endif
#endif
