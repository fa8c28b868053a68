/* The least program that is a river: numbers, their squares, and a sink in the host. bench/sizes.py
 * measures it. */
#define NAGARE_IMPLEMENTATION
#include "nagare.h"

__attribute__((import_module("program"), import_name("show"))) void host_show(int64_t number);
__attribute__((export_name("run"))) ng_status run(void);

static uint64_t arena[16384];
static size_t arena_used;

/* Memory from front to back, given back with the module. */
static void *take(void *ctx, void *block, size_t old_size, size_t size) {
    const size_t words = (size + 63) / 64 * 8;
    (void)ctx;
    if (size == 0 || words > sizeof arena / sizeof arena[0] - arena_used) {
        return NULL;
    }
    uint64_t *const made = &arena[arena_used];
    arena_used += words;
    return block == NULL ? made : __builtin_memcpy(made, block, old_size < size ? old_size : size);
}

static ng_status square(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0) * ng_get_i64(in, 0));
    return NG_OK;
}

static ng_status show(ng_row row, void *ctx) {
    (void)ctx;
    host_show(ng_get_i64(row, 0));
    return NG_OK;
}

ng_status run(void) {
    const ng_allocator allocator = {take, NULL};
    ng_graph_options options = ng_graph_defaults(allocator);
    ng_graph graph;
    options.batch_rows = 64;
    ng_status status = ng_graph_init(&graph, &options);
    ng_observe(ng_map(ng_range(&graph, 0, 5, 1), square, NULL), show, NULL);
    status = status == NG_OK ? ng_graph_start(&graph) : status;
    while (status == NG_OK) {
        status = ng_graph_step(&graph, NG_ALL);
    }
    ng_graph_close(&graph);
    return status;
}
