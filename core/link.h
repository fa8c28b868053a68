/* link: batches on their way from one operator to the next, bounded, with credit.
 *
 * One side sends and one side takes; the two may be different threads. What may be under way is
 * bounded in rows, the high-water mark, and in batches; a sender has credit for high-water minus
 * queued rows and nothing goes beyond it. A link that has become full gives credit again once it
 * has drained to its low-water mark, so that its sides do not take turns row by row.
 *
 * A link ends once, by its sender, with NG_END or an error, after the rows sent before. Its taker
 * may cancel it, any number of times; what is under way is let go of then. */
#ifndef NGI_LINK_H
#define NGI_LINK_H

#include "batch.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* What becomes of rows for which there is no credit. The policies that take rows back out of the
 * queue are for links within one thread. */
typedef enum ng_overflow {
    NG_OVERFLOW_BLOCK = 0,       /* the sender waits */
    NG_OVERFLOW_DROP_OLDEST = 1, /* whole batches make room at the front, and are counted */
    NG_OVERFLOW_DROP_NEWEST = 2, /* what has no credit is dropped, and counted */
    NG_OVERFLOW_LATEST = 3,      /* only the batch sent last is kept; what it replaces is counted */
    NG_OVERFLOW_FAIL = 4,        /* NG_FULL */
} ng_overflow;

typedef struct ng_link_options {
    size_t batches;      /* that may be queued: a power of two */
    size_t high_rows;    /* high-water mark, at least 1 and at most SIZE_MAX / 2 */
    size_t low_rows;     /* low-water mark, below high_rows */
    uint64_t high_bytes; /* no credit while this many bytes or more are queued; 0: not counted */
    ng_overflow overflow;
} ng_link_options;

/* All fields are private. Those of the sender and of the taker stand apart. */
typedef struct ng_link {
    ng_batch *slots;
    ng_link_options options;
    /* Written by the sender: */
    size_t tail, sent_rows, sent_bytes;
    uint64_t dropped_rows; /* by the policy, */
    uint64_t front_rows;   /* and those of them that had been queued */
    int32_t ended;         /* ng_status: NG_OK while open */
    bool throttled;
    /* Written by the taker: */
    size_t head, taken_rows, taken_bytes;

    bool cancelled;
} ng_link;

/* How many bytes of slots a link needs; 0: the options are not allowed. Any thread. */
size_t ng_link_size(const ng_link_options *options);

/* Starts a link; `slots` is kept. NG_INVALID: something is NULL or not allowed. */
NG_NODISCARD ng_status ng_link_init(ng_link *link, const ng_link_options *options, void *slots);

/* ---- the sender's side ----------------------------------------------------------------------- */

/* High-water mark minus queued rows, as `desiredSize` of WHATWG Streams. Either side. */
size_t ng_link_desired(const ng_link *link);

/* How many rows may be sent in one batch now; 0: none. A link that drops what is too much always
 * takes some. */
size_t ng_link_credit(ng_link *link);

/* Sends a batch, which is moved on NG_OK and stays with the sender otherwise. NG_OK: it is queued,
 * or was dropped as the policy says; NG_AGAIN: no credit for so many rows now; NG_NO_CREDIT: there
 * can never be, it has more rows than the high-water mark; NG_FULL; NG_CANCELLED: no one takes any
 * more; NG_MISUSED: the link has ended; NG_INVALID: the batch is gone or has no rows. */
NG_NODISCARD ng_status ng_link_send(ng_link *link, ng_batch *batch);

/* Ends the link with NG_END or an error. NG_MISUSED: it has ended before; NG_INVALID: `how` is
 * neither. */
ng_status ng_link_end(ng_link *link, ng_status how);

/* ---- the taker's side ------------------------------------------------------------------------ */

/* The first batch that is queued, or NULL. It stays the link's. */
const ng_batch *ng_link_first(const ng_link *link);

/* Takes the first `rows` rows of the first batch, which is let go of when none is left. NG_INVALID:
 * it has not that many. */
ng_status ng_link_take(ng_link *link, size_t rows);

/* NG_OK: open, or there is something to take still; else how the link ended. */
ng_status ng_link_state(const ng_link *link);

/* Rows that are queued. Either side. */
size_t ng_link_queued(const ng_link *link);

/* Wants no more. What is queued is let go of; sending answers NG_CANCELLED from now on. */
void ng_link_cancel(ng_link *link);

/* Whether it was cancelled. Either side. */
bool ng_link_is_cancelled(const ng_link *link);

/* Lets go of what is queued, once neither side uses the link any more. */
void ng_link_close(ng_link *link);

#if defined(__cplusplus)
}
#endif

#endif
