/* account: what became of the rows that an operator was given. Nothing is lost unaccounted:
 *
 *     in = out + filtered + late + dropped + failed + held + in_flight
 *
 * Rows that begin with an operator, a source's or those it makes of others, count as given to it.
 * An account is plain data that belongs to one thread; all-zero is a valid one. */
#ifndef NGI_ACCOUNT_H
#define NGI_ACCOUNT_H

#include "base.h"
#include "metrics.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Rows. The first six only grow; `held` and `in_flight` go up and down. */
typedef struct ng_account {
    uint64_t in;        /* taken, or begun here */
    uint64_t out;       /* delivered, or contained in what was */
    uint64_t filtered;  /* not wanted */
    uint64_t late;      /* came after their window was closed */
    uint64_t dropped;   /* given up by a policy, say of a full queue */
    uint64_t failed;    /* could not be processed */
    uint64_t held;      /* kept in state, say in an open window */
    uint64_t in_flight; /* on their way, say in a queue */
} ng_account;

/* Whether the law holds; false for NULL, and where the right side exceeds UINT64_MAX. Any thread
 * that may read the account. */
bool ng_account_holds(const ng_account *account);

/* Adds each field of `from` (borrowed) to that of `into`; if the law holds for both it then holds
 * for the sum. NG_TOO_LARGE: a field would exceed UINT64_MAX, and `into` stays as it was.
 * NG_INVALID: one of them is NULL. */
NG_NODISCARD ng_status ng_account_add(ng_account *into, const ng_account *from);

#define NG_ACCOUNT_METRICS 8

/* The metrics that show an account:
 *
 *     nagare_rows_in_total{operator="NAME"}                 in
 *     nagare_rows_total{operator="NAME",outcome="OUTCOME"}  out, filtered, late, dropped, failed
 *     nagare_rows_waiting{operator="NAME",place="PLACE"}    held, in_flight (a gauge)
 *
 * so that the first is the sum of the others. Kept: `account`, `name` and `labels`, which must
 * outlive the metrics. NG_INVALID: one of them is NULL. */
NG_NODISCARD ng_status ng_account_metrics(const ng_account *account, const char *name,
                                          ng_label labels[NG_ACCOUNT_METRICS][2],
                                          ng_metric metrics[NG_ACCOUNT_METRICS]);

#if defined(__cplusplus)
}
#endif

#endif
