/* ops_source: where rows begin. */
#ifndef NGI_OPS_SOURCE_H
#define NGI_OPS_SOURCE_H

#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Integers in one column `value` of NG_I64: from `from` on, by `by`, up to before `to`. Refused
 * with NG_INVALID if `by` is 0. */
ng_river ng_range(ng_graph *graph, int64_t from, int64_t to, int64_t by);

/* One column `value` of NG_I64 with these numbers, which are copied when the graph is built; at
 * most 4096. */
ng_river ng_of(ng_graph *graph, const int64_t *values, size_t count);

/* The rows of an array of columns, without copying them: `columns` and what they point to stay as
 * they are until the graph is closed. */
ng_river ng_array(ng_graph *graph, const ng_schema *schema, ng_column *columns, size_t rows);

/* Rows that a function makes: it sets every column of `out` and answers NG_OK; NG_AGAIN: there is
 * none at the moment, ng_graph_wake says when to ask again; NG_END: there will be none; below 0: it
 * failed. Where a text does not fit it may answer what ng_set_text said, and is asked for the same
 * row again with more room. The schema is kept. */
typedef ng_status ng_generate_fn(ng_row out, void *ctx);
ng_river ng_generate(ng_graph *graph, const ng_schema *schema, ng_generate_fn *make, void *ctx);

#if defined(__cplusplus)
}
#endif

#endif
