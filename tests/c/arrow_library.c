/* What tests/test_arrow.py calls: Arrow streams and batches through nagare and out again. */
#include <stdio.h>
#include <stdlib.h>

#define NAGARE_IMPLEMENTATION
#include "nagare.h"

/* Blocks that are out, to be asked for at the end. */
static long blocks;

static void *count_resize(void *ctx, void *block, size_t old_size, size_t size) {
    (void)ctx;
    (void)old_size;
    if (size == 0) {
        blocks -= block != NULL;
        free(block);
        return NULL;
    }
    blocks += block == NULL;
    return realloc(block, size);
}

static const ng_allocator allocator = {count_resize, NULL};

long blocks_out(void);
long blocks_out(void) { return blocks; }

/* A graph from a stream to a stream. */
typedef struct pipe {
    ng_graph graph;
    ng_arrow_input input;
    ng_arrow_output output;
} pipe;

const char *pipe_open(pipe **made, struct ArrowArrayStream *in, struct ArrowArrayStream *out,
                      size_t high_rows, uint32_t keeps);
void pipe_close(pipe *p);

/* NULL, or what it failed with, and then `*made` is NULL and `in` stays the caller's. */
const char *pipe_open(pipe **made, struct ArrowArrayStream *in, struct ArrowArrayStream *out,
                      size_t high_rows, uint32_t keeps) {
    static char why[64];
    pipe *const p = (pipe *)calloc(1, sizeof *p);
    ng_graph_options options = ng_graph_defaults(allocator);
    *made = NULL;
    if (p == NULL) {
        return "no memory";
    }
    options.link.high_rows = high_rows;
    options.link.low_rows = high_rows / 2;
    ng_status status = ng_arrow_input_open(&p->input, in, allocator);
    if (status != NG_OK) {
        const size_t column = p->input.columns.column;
        (void)snprintf(why, sizeof why, "column %d: %s", column == SIZE_MAX ? -1 : (int)column,
                       ng_status_text(status));
        free(p);
        return why;
    }
    status = ng_graph_init(&p->graph, &options);
    const ng_river river = ng_arrow_source(&p->graph, &p->input);
    (void)ng_arrow_sink(river, &p->output, keeps, allocator);
    status = status == NG_OK ? ng_graph_start(&p->graph) : status;
    *made = p;
    if (status != NG_OK) {
        return ng_status_text(status);
    }
    ng_arrow_stream(&p->output, out);
    return NULL;
}

void pipe_close(pipe *p) {
    ng_graph_close(&p->graph);
    ng_arrow_input_close(&p->input);
    free(p);
}

ng_status batch_through(struct ArrowSchema *schema, struct ArrowArray *array,
                        struct ArrowSchema *schema_out, struct ArrowArray *array_out,
                        ng_arrow_schema *kept);
void schema_close(ng_arrow_schema *kept);

/* One batch in and out; `kept` has room for the schema, which outlives the array. */
ng_status batch_through(struct ArrowSchema *schema, struct ArrowArray *array,
                        struct ArrowSchema *schema_out, struct ArrowArray *array_out,
                        ng_arrow_schema *kept) {
    ng_batch batch;
    ng_status status = ng_arrow_import_schema(schema, allocator, kept);
    if (status == NG_OK) {
        status = ng_arrow_import(array, &kept->schema, allocator, &batch);
    }
    if (status == NG_OK) {
        status = ng_arrow_export(&batch, allocator, array_out);
    }
    return status == NG_OK ? ng_arrow_export_schema(&kept->schema, allocator, schema_out) : status;
}

void schema_close(ng_arrow_schema *kept) { ng_arrow_schema_close(kept); }
