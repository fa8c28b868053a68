/* Backpressure made visible: an endless source, and a sink that takes five rows at a time. However
 * often the graph runs, no more than what the queues hold is under way.
 *
 *     cc -I. examples/streams/backpressure.c -o build/backpressure && build/backpressure
 *
 * prints
 *
 *     taken  5, made 21, queued 16
 *     taken 10, made 26, queued 16
 *     taken 15, made 31, queued 16
 *     taken 20, made 31, queued 11
 */
#include <stdio.h>
#define NAGARE_IMPLEMENTATION
#include "nagare.h"

#include "heap.h"

static ng_status pass(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0));
    return NG_OK;
}

/* `ctx` is how many rows there is room for. */
static ng_status take(ng_row row, void *ctx) {
    int *const room = (int *)ctx;
    (void)row;
    if (*room == 0) {
        return NG_AGAIN;
    }
    --*room;
    return NG_OK;
}

int main(void) {
    ng_graph_options options = ng_graph_defaults(heap);
    ng_graph graph;
    int room = 0;
    options.batch_rows = 8;
    options.link.high_rows = 8; /* rows in a queue at most, */
    options.link.low_rows = 4;  /* and at which a full one asks for more */
    ng_status status = ng_graph_init(&graph, &options);
    const ng_river source = ng_range(&graph, 0, INT64_MAX, 1);
    const ng_river sink = ng_observe(ng_map(source, pass, NULL), take, &room);
    if (status == NG_OK) {
        status = ng_graph_start(&graph);
    }
    for (int round = 0; round < 4 && status == NG_OK; round++) {
        room = 5;
        ng_graph_wake(sink);
        status = ng_graph_step(&graph, NG_ALL);
        const int taken = (int)ng_river_account(sink).in, made = (int)ng_river_account(source).in;
        (void)printf("taken %2d, made %d, queued %d\n", taken, made, made - taken);
    }
    ng_graph_close(&graph);
    return status != NG_OK;
}
