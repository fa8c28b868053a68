/* A freestanding WebAssembly module: a graph with a clock, run by the host's event loop. The module
 * has no libc and imports six functions: four of the runtime, which wasm/runtime.mjs brings, and
 * two of the program.
 *
 *     clang-19 --target=wasm32 -O2 -ffreestanding -nostdlib -mbulk-memory -I. \
 *         -Wl,--no-entry -Wl,--strip-all examples/streams/wasm_ticks.c -o build/wasm_ticks.wasm &&
 *     node examples/streams/wasm_ticks.mjs build/wasm_ticks.wasm
 *
 * prints
 *
 *     tick 0
 *     tick 1
 *     tick 2
 *     the stream has ended
 */
#define NAGARE_IMPLEMENTATION
#include "nagare.h"

#define IMPORT(name) __attribute__((import_module("program"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

IMPORT("tick") void host_tick(int64_t number);
IMPORT("end") void host_end(const char *text);
EXPORT("start") ng_status start(void);
EXPORT("turn") void turn(void);

static uint64_t arena[16384];
static size_t arena_used;
static ng_platform platform;
static ng_port port;
static ng_loop loop;
static ng_graph graph;
static ng_runner runner;

/* Memory from front to back, never given back: the graph takes it once. */
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

static ng_status show(ng_row row, void *ctx) {
    (void)ctx;
    host_tick(ng_get_i64(row, 0));
    return NG_OK;
}

static void done(ng_runner *ended, ng_status status) {
    (void)ended;
    host_end(ng_status_text(status));
}

ng_status start(void) {
    const ng_allocator allocator = {take, NULL};
    ng_graph_options options = ng_graph_defaults(allocator);
    options.clock = ng_loop_clock(&loop);
    options.batch_rows = 64;
    runner.done = done;
    ng_status status = ng_default_port(&port, &platform);
    status = status == NG_OK ? ng_loop_init(&loop, &port) : status;
    status = status == NG_OK ? ng_graph_init(&graph, &options) : status;
    ng_observe(ng_take(ng_interval(&graph, 20 * NG_MILLISECOND), 3), show, NULL);
    status = status == NG_OK ? ng_graph_start(&graph) : status;
    return status == NG_OK ? ng_runner_start(&runner, &loop, &graph) : status;
}

void turn(void) { (void)!ng_loop_turn(&loop, NG_FOREVER); }
