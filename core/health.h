/* health: how each operator of a graph is at a moment, for those who watch it.
 *
 * A snapshot is taken on the graph's thread, between steps, and is plain data from then on. Two of
 * them tell what stands still: where `calls` has not moved, nothing was done. */
#ifndef NGI_HEALTH_H
#define NGI_HEALTH_H

#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef enum ng_condition {
    NG_READY = 0,     /* it will be called in the next step */
    NG_IDLE = 1,      /* nothing waits for it: no rows, or, for a source, no word from outside */
    NG_BLOCKED = 2,   /* rows wait, but it has no room, or waits for other rivers or a time */
    NG_DONE = 3,      /* it has ended */
    NG_BROKEN = 4,    /* it has ended with an error, its own or one from above */
    NG_ABANDONED = 5, /* it was cancelled from outside */
} ng_condition;

typedef struct ng_health {
    const char *calls; /* the operator's name */
    const char *river; /* the name that ng_name gave it, or NULL */
    uint32_t node;     /* the operator's, as in its rivers */
    ng_condition condition;
    ng_status status; /* how it has ended, NG_OK: it has not */
    uint64_t called;  /* how often it was called */
    uint64_t queued;  /* rows that wait at its inputs */
    uint64_t desired; /* rows that all of its rivers would take now; UINT64_MAX: it has none */
    ng_account account;
} ng_health;

/* The operators of a graph in the order in which they were built, up to `room` of them. Answers how
 * many there are; 0 before it is started, and after it is closed. */
size_t ng_graph_health(const ng_graph *graph, ng_health *list, size_t room);

/* "ready", "idle", "blocked", "done", "broken", "abandoned". Any thread. */
const char *ng_condition_text(ng_condition condition);

/* Writes one as a line of JSON with an LF and a NUL, with the accounts' fields by their names.
 * Answers the size without the NUL; a text that does not fit into `room` (at least 1) is cut. Any
 * thread. */
size_t ng_health_json(const ng_health *health, char *out, size_t room);

#if defined(__cplusplus)
}
#endif

#endif
