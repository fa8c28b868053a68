/* program: sources, kernels, merges and sinks, run batch by batch in constant memory.
 *
 * A program is a table of nodes in which every node comes after its inputs. All sources advance in
 * step: in each round every source brings the same number of rows (fewer only at its end), every
 * node handles what its inputs brought, and nothing is left over. A merge takes rows in the order
 * of the source rows that brought them out, and for one source row in the order of its inputs, so
 * its result does not depend on the size of the rounds. All memory is one arena, whose size is
 * known beforehand. */
#ifndef NGI_PROGRAM_H
#define NGI_PROGRAM_H

#include "base.h"
#include "csv_reader.h"
#include "csv_writer.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef enum ng_program_node_kind {
    NG_PROGRAM_SOURCE = 1, /* reads CSV */
    NG_PROGRAM_KERNEL = 2, /* has one input */
    NG_PROGRAM_MERGE = 3,  /* inputs whose columns have the same names and types, in this order */
    NG_PROGRAM_SINK = 4,   /* writes CSV, has one input */
} ng_program_node_kind;

/* A node. Everything is kept, not copied. */
typedef struct ng_program_node {
    ng_program_node_kind kind;
    uint16_t input_count;
    const uint16_t *inputs; /* places in the table, all before this node */
    const char *name;
    const ng_field *fields; /* columns: of a source and a merge all, of a sink those written */
    size_t field_count;
    const ng_kernel *kernel;       /* of a kernel */
    const void *params;            /* of a kernel: its parameters, NULL: the defaults */
    size_t literal;                /* of a kernel: bytes of its longest text literal */
    const ng_csv_field *csv;       /* of a source: `field_count` of them, as `fields` */
    const ng_csv_options *options; /* of a source */
} ng_program_node;

/* The hidden column of a kernel that feeds a merge: the number of the input row that brought a row
 * out, UINT64_MAX for rows brought out by the end of the stream. */
#define NG_ROW_COLUMN "ng_row"

typedef struct ng_program_spec {
    const ng_program_node *nodes;
    size_t node_count;
    const uint16_t
        *finish; /* the kernels in the order in which the end of the input reaches them */
    size_t finish_count;
    size_t batch_rows;  /* rows of a round, at least 1 */
    size_t batch_bytes; /* text bytes of a column in a round, at least the longest field */
    ng_profile profile;
} ng_program_spec;

/* Where a source's bytes come from, where a sink's bytes go. One for each node; others are ignored.
 */
typedef struct ng_program_port {
    ng_csv_read read;
    ng_csv_write write;
    void *ctx;
} ng_program_port;

/* All fields are private but those marked. */
typedef struct ng_program {
    const ng_program_spec *spec;
    ng_status status;    /* read-only: NG_OK, NG_END, or why it failed, */
    size_t failed_node;  /* read-only: in which node, */
    uint64_t failed_row; /* read-only: and at which row of a kernel's input, from 0 */
    uint64_t tick;
    struct ngi_program_node *nodes;
} ng_program;

/* How many bytes a program needs. Any thread. */
size_t ng_program_size(const ng_program_spec *spec);

/* Lays a program out in `arena` (aligned to 64, of ng_program_size bytes). `spec`, `ports` and
 * `arena` are kept. NG_INVALID if a source's options are wrong or a column is missing. */
NG_NODISCARD ng_status ng_program_init(ng_program *program, const ng_program_spec *spec,
                                       const ng_program_port *ports, void *arena);

/* Runs one round. NG_OK: there is more to do. NG_END: all sinks are complete. Below 0: failed; what
 * came before has been written. */
NG_NODISCARD ng_status ng_program_step(ng_program *program);

/* The reader of a source, for its error and counts; NULL for other nodes. */
const ng_csv_reader *ng_program_reader(const ng_program *program, size_t node);

/* Rows that a node has brought out so far. */
uint64_t ng_program_rows(const ng_program *program, size_t node);

#if defined(__cplusplus)
}
#endif

#endif
