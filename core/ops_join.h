/* ops_join: several rivers into one. A river that fails fails the whole, and the others are
 * cancelled. */
#ifndef NGI_OPS_JOIN_H
#define NGI_OPS_JOIN_H

#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Rows as they come, one river's turn after the other's. Ends when all have. The rivers must have
 * the same columns, or it is refused with NG_MISMATCH. */
ng_river ng_merge(const ng_river *rivers, uint32_t count);

/* All of the first river, then all of the second, and so on. Those whose turn has not come wait. */
ng_river ng_concat(const ng_river *rivers, uint32_t count);

/* The rows of the river that began last: a river begins with its first row, which cancels the one
 * before. Ends when the last one to begin has ended, and all others have too or are cancelled;
 * those that have not begun may still do so. */
ng_river ng_switch_latest(const ng_river *rivers, uint32_t count);

/* The first rows of all, then the second rows, and so on, their columns side by side. `schema` has
 * them all in the rivers' order, with names of the caller's choice; NG_MISMATCH if types or nulls
 * differ. Ends with the shortest river. */
ng_river ng_zip(const ng_river *rivers, uint32_t count, const ng_schema *schema);

/* A row for each row of any river, beside the latest of each other one, once all have had one.
 * `schema` as for ng_zip. Ends when all have ended, or one that has had no row. */
ng_river ng_combine_latest(const ng_river *rivers, uint32_t count, const ng_schema *schema);

#if defined(__cplusplus)
}
#endif

#endif
