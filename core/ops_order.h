/* ops_order: several rivers into one whose order does not depend on who was faster.
 *
 * The rows of all sources are numbered, each source's from 0; the sources' rows of one number
 * belong together, in an order that the merge gives them. A row's *position* is the number of the
 * source row that brought it out. What the end of a river brings out (aggregates, partial windows)
 * has positions behind those of all rows, operator by operator in the order in which they were put
 * into the graph.
 *
 * A river of a source, or of forks of one, needs no more. Others carry positions in a column
 * `ng_row` of NG_U64: kernels have it where the generator was told that their river is merged (a
 * kernel numbers the rows of its own input, and the graph makes positions of that), operators of
 * one's own hand it on. Positions never fall from row to row. */
#ifndef NGI_OPS_ORDER_H
#define NGI_OPS_ORDER_H

#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

#define NG_ROW_COLUMN "ng_row"

/* Positions from here on belong to rows that were brought out by the end of a river. */
#define NG_ROWS_OF_THE_END ((uint64_t)1 << 63)

/* Rows by their positions, and of one position by the order of `rivers`. `schema` (kept) names the
 * columns that are taken from each, in any order there, those that can be null in one of them as
 * nullable; with `ng_row` among them the positions go on. It waits for a river that has no row yet
 * only until it is clear that none can come before; memory is that of the links. Ends when all
 * have. The river that fails first by its position ends it, after all rows before.
 *
 * Rivers of one fork fill their links at the same time. Where more rows of one position than a
 * link takes come through a fork (from another merge, or from an operator that makes many rows of
 * one), the merge may need a row that the fork cannot send any more. It fails with NG_NO_CREDIT
 * then: give the links more room.
 *
 * Refused: with NG_MISMATCH where a column is missing or has another type, with NG_UNSUPPORTED
 * where a river has no positions and is not a source's, or an operator above holds rows back. */
ng_river ng_merge_ordered(const ng_river *rivers, uint32_t count, const ng_schema *schema);

#if defined(__cplusplus)
}
#endif

#endif
