/* ops_split: one river into several. `rivers` gets `count` of them, which all must be used. A river
 * that is cancelled is left out, the others go on. */
#ifndef NGI_OPS_SPLIT_H
#define NGI_OPS_SPLIT_H

#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Every row into every river, without copying it. The slowest sets the pace, unless ng_bound gives
 * its river another policy. */
void ng_fork(ng_river river, ng_river *rivers, uint32_t count);

/* Says into which river a row goes, from 0; below 0: a failure. Rows for a river there is not are
 * filtered out. */
typedef int ng_route_fn(ng_row row, void *ctx);

/* Every row into one river, in order. A river that is full holds up those behind. */
void ng_route(ng_river river, ng_route_fn *route, void *ctx, ng_river *rivers, uint32_t count);

/* Every row into one river, all rows of a key into the same, on every machine and in every run:
 * keys are columns by their names, at most 16, or all with `names` NULL, as in ops_distinct.
 * NG_MISMATCH: there is no such column; NG_TOO_LARGE: there are too many. */
void ng_partition(ng_river river, const char *const *names, size_t name_count, ng_river *rivers,
                  uint32_t count);

/* One row after the other into one river after the other. */
void ng_round_robin(ng_river river, ng_river *rivers, uint32_t count);

/* Batches to whichever river has most credit, without copying them. */
void ng_balance(ng_river river, ng_river *rivers, uint32_t count);

#if defined(__cplusplus)
}
#endif

#endif
