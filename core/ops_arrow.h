/* ops_arrow: Arrow's C stream interface as the ends of rivers. */
#ifndef NGI_OPS_ARROW_H
#define NGI_OPS_ARROW_H

#include "arrow.h"
#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *stream, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *stream, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *stream);
    void (*release)(struct ArrowArrayStream *stream);
    void *private_data;
};

#endif

/* ---- in -------------------------------------------------------------------------------------- */

/* A stream that comes in. All fields are private but those marked. */
typedef struct ng_arrow_input {
    ng_arrow_schema columns; /* read-only: its schema; `columns.column`: what was refused */
    struct ArrowArrayStream stream;
    ng_allocator allocator;
    ng_batch batch; /* what has come and has not gone on */
} ng_arrow_input;

/* Takes a stream over (moved on NG_OK; the caller's otherwise) and asks for its schema. The
 * allocator is asked for a little for each array. As ng_arrow_import_schema, and NG_IO where the
 * stream fails. */
NG_NODISCARD ng_status ng_arrow_input_open(ng_arrow_input *input, struct ArrowArrayStream *stream,
                                           ng_allocator allocator);

/* The rows of a stream, without copying them. Fails with NG_IO where the stream does, and as
 * ng_arrow_import. `input` outlives the graph, and goes through one graph once. */
ng_river ng_arrow_source(ng_graph *graph, ng_arrow_input *input);

/* What the stream says about its last failure, or NULL; as long as nothing more is asked of it. */
const char *ng_arrow_input_error(ng_arrow_input *input);

/* Releases the stream, after the graph has been closed. Any number of times. */
void ng_arrow_input_close(ng_arrow_input *input);

/* ---- out ------------------------------------------------------------------------------------- */

/* A river that goes out as a stream. All fields are private. It stays where it is. */
typedef struct ng_arrow_output {
    ng_river river;
    const ng_schema *schema;
    ng_allocator allocator;
    ng_batch batch;
    bool prepared;        /* the batch can go out as it is */
    uint32_t keeps, kept; /* kept: atomic */
    ng_status status;     /* how the river ended, NG_OK: it has not */
    ng_status why;        /* what the last call failed with */
} ng_arrow_output;

/* Ends a river in a stream. Up to `keeps` arrays at a time are handed out without copying: they are
 * blocks of the graph, and must be released before it is closed. What is more than that is copied,
 * and stays as long as it likes; so `keeps` 0 is for those who collect arrays. `output` outlives
 * the graph. */
ng_river ng_arrow_sink(ng_river river, ng_arrow_output *output, uint32_t keeps,
                       ng_allocator allocator);

/* Makes the stream, once the graph has been started. Who asks it for the next array runs the graph
 * until there is one, on its own thread. Its calls answer 0, or as errno: EINVAL, ENOMEM, EIO, and
 * EAGAIN where the graph waits for something outside. `release` cancels the river; closing the
 * graph is the caller's, and comes after. */
void ng_arrow_stream(ng_arrow_output *output, struct ArrowArrayStream *out);

#if defined(__cplusplus)
}
#endif

#endif
