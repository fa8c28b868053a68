/* ops_csv: CSV text as the ends of rivers. csv_reader and csv_writer say what is read and written;
 * both are driven by functions that bring and take bytes. */
#ifndef NGI_OPS_CSV_H
#define NGI_OPS_CSV_H

#include "csv_reader.h"
#include "csv_writer.h"
#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* The rows of a CSV text. `schema` (kept) has the columns that are wanted, `fields` (kept) where
 * they are found, in the same order with the same types and nulls, or NG_MISMATCH; NULL: the header
 * has their names. `options` (copied) NULL: ng_csv_defaults. Where `read` answers NG_AGAIN,
 * ng_graph_wake tells when there is more. A text must fit into a block: the graph's `batch_text` is
 * at least the longest field. Bad rows are seen to as the options say; the river fails with the
 * reader's status. */
ng_river ng_csv_source(ng_graph *graph, const ng_schema *schema, const ng_csv_field *fields,
                       const ng_csv_options *options, ng_csv_read read, void *ctx);

/* The reader of a CSV source, for its error and counts; valid until the graph is closed. */
const ng_csv_reader *ng_csv_source_reader(ng_river river);

/* Writes columns of a river: those of `schema` (kept), found by name; NULL: all of them.
 * NG_MISMATCH: one is missing or has another type. The line of names comes with the first rows, or
 * with the end. What was written before a failure or a cancellation is handed on by the time the
 * graph has ended. NG_INVALID: as ng_csv_writer_init. Fails with what `write` failed with. */
ng_river ng_csv_sink(ng_river river, const ng_schema *schema, char separator, char quote,
                     ng_csv_write write, void *ctx);

#if defined(__cplusplus)
}
#endif

#endif
