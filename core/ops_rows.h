/* ops_rows: functions that are called row by row.
 *
 * A function answers NG_OK or a failure, which is handled as ng_on_error says. One that writes text
 * answers what ng_set_text did; where the text did not fit behind that of other rows, it is called
 * for the same row again with more room. `ctx` is handed through. */
#ifndef NGI_OPS_ROWS_H
#define NGI_OPS_ROWS_H

#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Reads a row and sets every column of another. */
typedef ng_status ng_map_fn(ng_row in, ng_row out, void *ctx);

/* Reads a row; 1: yes, 0: no, below 0: a failure. */
typedef int ng_test_fn(ng_row in, void *ctx);

/* Reads a row. */
typedef ng_status ng_look_fn(ng_row in, void *ctx);

/* Sets every column of the `k`th row, from 0, that comes of `in`; NG_END: there are no more. */
typedef ng_status ng_flat_fn(ng_row in, size_t k, ng_row out, void *ctx);

/* Every row becomes another, with the same columns or, by ng_map_to, with those of `schema`. */
ng_river ng_map(ng_river river, ng_map_fn *map, void *ctx);
ng_river ng_map_to(ng_river river, const ng_schema *schema, ng_map_fn *map, void *ctx);

/* The rows for which a test says yes. */
ng_river ng_filter(ng_river river, ng_test_fn *keep, void *ctx);

/* Every row becomes any number of rows. */
ng_river ng_flat_map(ng_river river, const ng_schema *schema, ng_flat_fn *flat, void *ctx);

/* Calls a function for every row, which goes on as it is. */
ng_river ng_tap(ng_river river, ng_look_fn *look, void *ctx);

/* Folds a row into the state `ctx`, and sets the columns of what is to be told of it. */
typedef ng_status ng_fold_fn(ng_row in, void *ctx);
typedef ng_status ng_told_fn(ng_row out, void *ctx);

/* Every row is folded into `ctx` and followed by what is told of it then. */
ng_river ng_scan(ng_river river, const ng_schema *schema, ng_map_fn *scan, void *ctx);

/* All rows are folded into `ctx`; what is told at the end is one row. */
ng_river ng_reduce(ng_river river, const ng_schema *schema, ng_fold_fn *fold, ng_told_fn *tell,
                   void *ctx);

/* The end of a river: a function sees every row. It may answer NG_AGAIN: not now, the row is
 * offered again after ng_graph_wake; and NG_END: this one was enough. */
ng_river ng_observe(ng_river river, ng_look_fn *look, void *ctx);

/* For other operators that leave rows out: copies those of `in` that `pick` says 1 to, asked once
 * or more for each; it answers 0 for others, below 0: the row is bad. */
typedef int ngi_pick_fn(const void *state, const ng_batch *in, size_t row);
ng_step ngi_pick_rows(ng_context *context, const ng_batch *in, const ng_room *out,
                      ngi_pick_fn *pick, const void *state);

#if defined(__cplusplus)
}
#endif

#endif
