/* Numbers, their squares, the even ones.
 *
 *     cc -I. examples/streams/hello_river.c -o build/hello_river && build/hello_river
 *
 * prints
 *
 *     0
 *     4
 *     16
 *     the stream has ended
 */
#include <stdio.h>
#define NAGARE_IMPLEMENTATION
#include "nagare.h"

#include "heap.h"

static ng_status square(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0) * ng_get_i64(in, 0));
    return NG_OK;
}

static int even(ng_row row, void *ctx) {
    (void)ctx;
    return ng_get_i64(row, 0) % 2 == 0;
}

static ng_status print(ng_row row, void *ctx) {
    (void)ctx;
    (void)printf("%d\n", (int)ng_get_i64(row, 0));
    return NG_OK;
}

int main(void) {
    const ng_graph_options options = ng_graph_defaults(heap);
    ng_graph graph;
    ng_status status = ng_graph_init(&graph, &options);
    ng_observe(ng_filter(ng_map(ng_range(&graph, 0, 6, 1), square, NULL), even, NULL), print, NULL);
    if (status == NG_OK) {
        status = ng_graph_start(&graph);
    }
    while (status == NG_OK) {
        status = ng_graph_step(&graph, NG_ALL);
    }
    (void)printf("%s\n", ng_status_text(status));
    ng_graph_close(&graph);
    return status != NG_END;
}
