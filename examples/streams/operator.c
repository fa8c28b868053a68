/* An operator of one's own: the mean of every three rows.
 *
 *     cc -I. examples/streams/operator.c -o build/operator && build/operator
 *
 * prints
 *
 *     2
 *     5
 *     8
 *     10
 */
#include <stdio.h>
#define NAGARE_IMPLEMENTATION
#include "nagare.h"

#include "heap.h"

typedef struct means { /* the state, which the graph keeps: all-zero to begin with */
    int64_t sum;
    int64_t held; /* rows in `sum` */
} means;

/* Writes the mean of what is held, and counts what becomes of it: rows folded into a new one. */
static void write_mean(means *m, ng_context *context, ng_row row) {
    ng_set_i64(row, 0, m->sum / m->held);
    ng_context_count(context, NG_HELD, -m->held);
    ng_context_count(context, NG_FILTERED, m->held);
    ng_context_count(context, NG_MADE, 1);
    m->sum = m->held = 0;
}

static ng_step push(void *state, ng_context *context, const ng_batch *in, const ng_room *out) {
    means *const m = (means *)state;
    size_t taken = 0, made = 0;
    while (taken < in->rows && made < out->rows) {
        m->sum += ng_get_i64(ng_batch_row(in, taken++), 0);
        ng_context_count(context, NG_HELD, 1);
        if (++m->held == 3) {
            write_mean(m, context, ng_room_row(out, made++));
        }
    }
    return ng_step_of(taken, made, NG_OK);
}

static ng_step end(void *state, ng_context *context, const ng_room *out) {
    means *const m = (means *)state;
    const bool some = m->held != 0;
    if (some) {
        write_mean(m, context, ng_room_row(out, 0));
    }
    return ng_step_of(0, some, NG_OK);
}

static const ng_operator means_calls = {"means", NULL, push, end, NULL, NULL, NULL, false};

static ng_river means_of_three(ng_river river) {
    const ng_stage stage = {&means_calls, sizeof(means), NULL, NULL, 1, false, 0};
    return ng_apply(river.graph, &river, 1, &stage);
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
    ng_observe(means_of_three(ng_range(&graph, 1, 11, 1)), print, NULL);
    if (status == NG_OK) {
        status = ng_graph_start(&graph);
    }
    while (status == NG_OK) {
        status = ng_graph_step(&graph, NG_ALL);
    }
    ng_graph_close(&graph);
    return status != NG_END;
}
