/* graph: sources, kernels, merges and sinks, run batch by batch in constant memory.
 *
 * A graph is a table of nodes in which every node comes after its inputs. All sources advance in
 * step: in each round every source brings the same number of rows (fewer only at its end), every
 * node handles what its inputs brought, and nothing is left over. A merge takes rows in the order
 * of the source rows that brought them out, and for one source row in the order of its inputs, so
 * its result does not depend on the size of the rounds. All memory is one arena, whose size is
 * known beforehand. */
#ifndef NGI_GRAPH_H
#define NGI_GRAPH_H

#include "base.h"
#include "csv_reader.h"
#include "csv_writer.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef enum ng_node_kind {
    NG_NODE_SOURCE = 1, /* reads CSV */
    NG_NODE_KERNEL = 2, /* has one input */
    NG_NODE_MERGE = 3,  /* inputs whose columns have the same names and types, in this order */
    NG_NODE_SINK = 4,   /* writes CSV, has one input */
} ng_node_kind;

/* A node. Everything is kept, not copied. */
typedef struct ng_node {
    ng_node_kind kind;
    uint16_t input_count;
    const uint16_t *inputs; /* places in the table, all before this node */
    const char *name;
    const ng_field *fields; /* columns: of a source and a merge all, of a sink those written */
    size_t field_count;
    const ng_operator *kernel;     /* of a kernel */
    const void *params;            /* of a kernel: its parameters, NULL: the defaults */
    size_t literal;                /* of a kernel: bytes of its longest text literal */
    const ng_csv_field *csv;       /* of a source: `field_count` of them, as `fields` */
    const ng_csv_options *options; /* of a source */
} ng_node;

/* The hidden column of a kernel that feeds a merge: the number of the input row that brought a row
 * out, UINT64_MAX for rows brought out by the end of the stream. */
#define NG_ROW_COLUMN "ng_row"

typedef struct ng_graph_spec {
    const ng_node *nodes;
    size_t node_count;
    const uint16_t
        *finish; /* the kernels in the order in which the end of the input reaches them */
    size_t finish_count;
    size_t batch_rows;  /* rows of a round, at least 1 */
    size_t batch_bytes; /* text bytes of a column in a round, at least the longest field */
    ng_profile profile;
} ng_graph_spec;

/* Where a source's bytes come from, where a sink's bytes go. One for each node; others are ignored.
 */
typedef struct ng_port {
    ng_csv_read read;
    ng_csv_write write;
    void *ctx;
} ng_port;

/* All fields are private but those marked. */
typedef struct ng_graph {
    const ng_graph_spec *spec;
    ng_status status;    /* read-only: NG_OK, NG_END, or why it failed, */
    size_t failed_node;  /* read-only: in which node, */
    uint64_t failed_row; /* read-only: and at which row of a kernel's input, from 0 */
    uint64_t tick;
    struct ngi_graph_node *nodes;
} ng_graph;

/* How many bytes a graph needs. Any thread. */
size_t ng_graph_size(const ng_graph_spec *spec);

/* Lays a graph out in `arena` (aligned to 64, of ng_graph_size bytes). `spec`, `ports` and `arena`
 * are kept. NG_INVALID if a source's options are wrong or a column is missing. */
NG_NODISCARD ng_status ng_graph_init(ng_graph *graph, const ng_graph_spec *spec,
                                     const ng_port *ports, void *arena);

/* Runs one round. NG_OK: there is more to do. NG_END: all sinks are complete. Below 0: failed; what
 * came before has been written. */
NG_NODISCARD ng_status ng_graph_step(ng_graph *graph);

/* The reader of a source, for its error and counts; NULL for other nodes. */
const ng_csv_reader *ng_graph_reader(const ng_graph *graph, size_t node);

/* Rows that a node has brought out so far. */
uint64_t ng_graph_rows(const ng_graph *graph, size_t node);

#if defined(__cplusplus)
}
#endif

#endif
