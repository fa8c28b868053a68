/* A graph in one static block of memory: nothing is taken from anywhere else, and nothing at all
 * once it runs.
 *
 *     cc -I. examples/streams/allocator.c -o build/allocator && build/allocator
 *
 * prints
 *
 *     building has taken memory
 *     running has taken 0 bytes more
 *     499999500000
 */
#include <stdio.h>
#define NAGARE_IMPLEMENTATION
#include "nagare.h"

/* A stack: blocks are given back all at once. */
typedef struct stack {
    _Alignas(64) unsigned char bytes[1 << 20];
    size_t used;
} stack;

static void *stack_resize(void *ctx, void *block, size_t old_size, size_t size) {
    stack *const s = (stack *)ctx;
    const size_t rounded = (size + 63) / 64 * 64;
    if (size == 0 || rounded > sizeof s->bytes - s->used) {
        return NULL;
    }
    unsigned char *const made = s->bytes + s->used;
    s->used += rounded;
    for (size_t i = 0; i < old_size; i++) {
        made[i] = ((unsigned char *)block)[i];
    }
    return made;
}

static ng_status add(ng_row row, void *ctx) {
    *(int64_t *)ctx += ng_get_i64(row, 0);
    return NG_OK;
}

int main(void) {
    static stack memory;
    const ng_allocator allocator = {stack_resize, &memory};
    const ng_graph_options options = ng_graph_defaults(allocator);
    ng_graph graph;
    int64_t sum = 0;
    ng_status status = ng_graph_init(&graph, &options);
    ng_observe(ng_range(&graph, 0, 1000000, 1), add, &sum);
    if (status == NG_OK) {
        status = ng_graph_start(&graph);
    }
    const size_t before = memory.used;
    (void)printf("building has taken %s\n", before == 0 ? "nothing" : "memory");
    while (status == NG_OK) {
        status = ng_graph_step(&graph, NG_ALL);
    }
    (void)printf("running has taken %zu bytes more\n", memory.used - before);
    (void)printf("%lld\n", (long long)sum);
    ng_graph_close(&graph);
    return status != NG_END;
}
