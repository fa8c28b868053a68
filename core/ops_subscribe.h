/* ops_subscribe: a sink that asks for as many rows as it wants, by the rules of Reactive Streams
 * 1.0.4 (docs/flow.md). */
#ifndef NGI_OPS_SUBSCRIBE_H
#define NGI_OPS_SUBSCRIBE_H

#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

struct ng_subscription;

/* What a subscriber is told, one call at a time, on the graph's thread. Each may be NULL. */
typedef struct ng_subscriber {
    /* First of all, once, while the graph starts. */
    void (*on_subscribe)(struct ng_subscription *subscription, void *ctx);
    /* A row, of those asked for. */
    void (*on_next)(struct ng_subscription *subscription, ng_row row, void *ctx);
    /* Last of all, once: either of them. Not after ng_subscription_cancel. */
    void (*on_complete)(void *ctx);
    void (*on_error)(ng_status status, void *ctx);
} ng_subscriber;

/* The subscriber's end of a river. It is the caller's, and outlives the graph. Private but for
 * `ctx`. */
typedef struct ng_subscription {
    const ng_subscriber *calls;
    void *ctx;
    ng_river river;
    uint64_t demand; /* rows asked for that have not come yet; UINT64_MAX: as many as there are */
    bool over;       /* cancelled, or told of the end */
} ng_subscription;

/* Ends a river in a subscriber. */
ng_river ng_subscribe(ng_river river, ng_subscription *subscription, const ng_subscriber *calls,
                      void *ctx);

/* Asks for `rows` more; UINT64_MAX, or a sum beyond it: for all. Any time from on_subscribe on,
 * also from within the calls: rows come later, not from within this one. 0 is an error, which the
 * subscriber is told. Nothing happens once it is over. */
void ng_request(ng_subscription *subscription, uint64_t rows);

/* Wants no more. Nothing is told from now on, not even an end. Any number of times. */
void ng_subscription_cancel(ng_subscription *subscription);

#if defined(__cplusplus)
}
#endif

#endif
