#include "guarded.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PATTERN = 0xa5, LIVE_MAX = 4096, TOUCHED = 3 };

static guarded live[LIVE_MAX];
static size_t live_count;

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static void die(const char *why) {
    fprintf(stderr, "drive: %s\n", why);
    exit(2);
}

guarded guarded_new(size_t size, guarded_side side, const char *what) {
    const size_t page = page_size();
    const size_t usable = (size + page - 1) / page * page;
    guarded g;
    g.size = size;
    g.what = what;
    g.map_size = usable + 2 * page;
    g.map = (unsigned char *)mmap(NULL, g.map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g.map == MAP_FAILED) {
        die("no memory for a guarded buffer");
    }
    if (usable > 0 && mprotect(g.map + page, usable, PROT_READ | PROT_WRITE) != 0) {
        die("cannot open a guarded buffer");
    }
    memset(g.map + page, PATTERN, usable);
    g.bytes = g.map + page + (side == GUARDED_BEHIND ? usable - size : 0);
    if (live_count == LIVE_MAX) {
        die("too many guarded buffers");
    }
    live[live_count] = g;
    live_count += 1;
    return g;
}

static void protect(const guarded *g, int protection) {
    const size_t page = page_size();
    if (g->map_size > 2 * page &&
        mprotect(g->map + page, g->map_size - 2 * page, protection) != 0) {
        die("cannot protect a guarded buffer");
    }
}

void guarded_seal(const guarded *g) { protect(g, PROT_READ); }

void guarded_forbid(const guarded *g) {
    protect(g, PROT_NONE);
    for (size_t i = 0; i < live_count; i += 1) {
        if (live[i].map == g->map) {
            live[i].what = g->what;
        }
    }
}

bool guarded_intact(const guarded *g) {
    const size_t page = page_size();
    const unsigned char *end = g->map + g->map_size - page;
    for (const unsigned char *at = g->map + page; at < g->bytes; at += 1) {
        if (*at != PATTERN) {
            return false;
        }
    }
    for (const unsigned char *at = g->bytes + g->size; at < end; at += 1) {
        if (*at != PATTERN) {
            return false;
        }
    }
    return true;
}

void guarded_free(guarded *g) {
    for (size_t i = 0; i < live_count; i += 1) {
        if (live[i].map == g->map) {
            live_count -= 1;
            live[i] = live[live_count];
            break;
        }
    }
    munmap(g->map, g->map_size);
    memset(g, 0, sizeof *g);
}

/* Only what is safe in a signal handler; `snprintf` into a local buffer is, where it is used here.
 */
static void on_fault(int number, siginfo_t *info, void *context) {
    char text[256];
    const uintptr_t at = (uintptr_t)info->si_addr;
    int size = snprintf(text, sizeof text, "signal %d at an address that is no guarded buffer's\n",
                        number);
    for (size_t i = 0; i < live_count; i += 1) {
        const uintptr_t map = (uintptr_t)live[i].map;
        if (at >= map && at < map + live[i].map_size) {
            const long long from = (long long)at - (long long)(uintptr_t)live[i].bytes;
            size = snprintf(text, sizeof text, "touched byte %lld of the %llu of %s\n", from,
                            (unsigned long long)live[i].size, live[i].what);
        }
    }
    (void)context;
    if (write(STDERR_FILENO, text, (size_t)size) < 0) {
        _exit(TOUCHED + 1);
    }
    _exit(TOUCHED);
}

void guarded_watch(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
}
