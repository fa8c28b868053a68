/* account: where rows went. Nothing is lost without being counted somewhere. */
#ifndef NGI_ACCOUNT_H
#define NGI_ACCOUNT_H

#include "base.h"

/* The rows of an operator, by what became of them, or of a whole graph. Always
 *
 *     in + made = out + filtered + late + dropped + failed + held + in flight
 *
 * The fates, from `filtered` on, are numbered by ng_fate. */
typedef struct ng_account {
    uint64_t in;        /* came in */
    uint64_t made;      /* began here: a source's rows, more rows than one made of one, totals */
    uint64_t out;       /* went on */
    uint64_t filtered;  /* not wanted, or folded into others */
    uint64_t late;      /* came after their window had closed */
    uint64_t dropped;   /* gave way where a queue was full, or no one wanted them any more */
    uint64_t failed;    /* were bad */
    uint64_t held;      /* wait in an operator */
    uint64_t in_flight; /* wait between operators */
} ng_account;

typedef enum ng_fate {
    NG_FILTERED = 0,
    NG_LATE = 1,
    NG_DROPPED = 2,
    NG_ROW_FAILED = 3,
    NG_HELD = 4,
    NG_MADE = 5,
} ng_fate;

/* Whether the sum holds. Any thread that the account belongs to. */
static inline bool ng_account_holds(const ng_account *a) {
    return a->in + a->made ==
           a->out + a->filtered + a->late + a->dropped + a->failed + a->held + a->in_flight;
}

#endif
