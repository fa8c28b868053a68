/* ops_time: when rows go on.
 *
 * All times are nanoseconds of the graph's clock; a step that needs one is refused with
 * NG_UNSUPPORTED where the graph has none, and with NG_INVALID where a time or a number is not
 * allowed. Rows go on at exactly the times stated, if the graph is stepped then; one that is
 * stepped late, or has no credit, is late by that much.
 *
 * A river that ends has what is held sent first. One that fails passes the failure on at once, and
 * what is held is counted as dropped. */
#ifndef NGI_OPS_TIME_H
#define NGI_OPS_TIME_H

#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* ---- sources --------------------------------------------------------------------------------- */

/* Ticks, without end: tick k, from 0, is due at start + k * period, and is a row with k in its one
 * column `value` of NG_I64. Where several are due at once, since there was no credit or the graph
 * was not stepped, the last of them is sent and the others are skipped, and counted as dropped. */
ng_river ng_interval(ng_graph *graph, int64_t period);

/* One row, 0 in a column `value` of NG_I64, a while after the start; then the end. */
ng_river ng_after(ng_graph *graph, int64_t delay);

/* ---- fewer rows ------------------------------------------------------------------------------ */

/* Of these, rows that are left out are counted as filtered. One that is to go on but has no credit
 * is waited for: rows behind it are taken after that. */

/* The last row of each period, at its end; periods are [start + k * period, start + (k + 1) *
 * period). The last period may be cut short by the end. */
ng_river ng_sample_time(ng_river river, int64_t period);

/* Which rows ng_throttle lets through; one of them or both. */
#define NG_THROTTLE_LEADING 1u
#define NG_THROTTLE_TRAILING 2u

/* At most one row in a period. A row that comes while no period runs starts one; with
 * NG_THROTTLE_LEADING it goes on at once. With NG_THROTTLE_TRAILING the last of the other rows goes
 * on at the period's end, or the river's, and starts the next one. */
ng_river ng_throttle(ng_river river, int64_t period, unsigned edges);

/* A row goes on once no other has come for a while, or the river has ended. */
ng_river ng_debounce(ng_river river, int64_t quiet);

/* ---- the same rows --------------------------------------------------------------------------- */

/* Every row goes on a while after it was taken, in order; the end comes after the last. It holds at
 * most `max_rows` rows, from at most max_rows / batch_rows + 8 blocks, and takes no more until some
 * have gone on. */
ng_river ng_delay(ng_river river, int64_t delay, size_t max_rows);

/* Fails with NG_TIMEOUT when no row has come for `limit` since the start or the row before; one
 * that comes at that very time is too late. A river whose rows wait for credit has not gone silent.
 */
ng_river ng_timeout(ng_river river, int64_t limit);

/* When ng_buffer releases what it has gathered. */
typedef struct ng_buffer_options {
    size_t rows;    /* so many rows, at most a block's; 0: as many as a block has */
    uint64_t bytes; /* at least so many bytes, as ng_batch_bytes counts them; 0: any number */
    int64_t time;   /* so long after the first of them was taken; 0: they wait for ever */
} ng_buffer_options;

/* Gathers rows and releases them as one batch, by rows, bytes or time, whichever comes first; also
 * before a row whose text does not fit into a block with theirs, and at the end. Needs a clock only
 * with `time`. NG_TOO_LARGE: `rows` is more than a block has. ng_graph_start answers NG_NO_CREDIT
 * where the river's high-water mark is below `rows`. */
ng_river ng_buffer(ng_river river, const ng_buffer_options *options);

#if defined(__cplusplus)
}
#endif

#endif
