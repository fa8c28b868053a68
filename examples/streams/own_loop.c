/* A graph inside a loop of the program's own: it runs a little at each turn, in virtual time here,
 * and says itself when it will have something to do again.
 *
 *     cc -I. examples/streams/own_loop.c -o build/own_loop && build/own_loop
 *
 * prints
 *
 *     at  0 ms: tick 0
 *     at 25 ms: tick 1
 *     at 50 ms: tick 2
 *     slept 2 times
 */
#include <stdio.h>
#define NAGARE_IMPLEMENTATION
#include "nagare.h"

#include "heap.h"

enum { MS = 1000000 };

static int64_t now;

static int64_t clock_now(void *ctx) {
    (void)ctx;
    return now;
}

/* A source that makes a row every 25 ms, three in all. */
static ng_step ticks_push(void *state, ng_context *context, const ng_batch *in,
                          const ng_room *out) {
    int64_t *const made = (int64_t *)state;
    (void)in;
    if (ng_context_now(context) < *made * 25 * MS) {
        ng_context_call_at(context, *made * 25 * MS);
        return ng_step_of(0, 0, NG_OK);
    }
    ng_set_i64(ng_room_row(out, 0), 0, (*made)++);
    ng_context_count(context, NG_MADE, 1);
    return ng_step_of(0, 1, *made == 3 ? NG_END : NG_OK);
}

static const ng_operator ticks_calls = {"ticks", NULL, ticks_push, NULL, NULL, NULL, NULL, false};

static ng_status print(ng_row row, void *ctx) {
    (void)ctx;
    (void)printf("at %2d ms: tick %d\n", (int)(now / MS), (int)ng_get_i64(row, 0));
    return NG_OK;
}

int main(void) {
    static const ng_field fields[] = {NG_FIELD("tick", NG_I64)};
    static const ng_schema schema = {fields, 1};
    static const ng_stage ticks = {&ticks_calls, sizeof(int64_t), NULL, &schema, 1, false, 0};
    ng_graph_options options = ng_graph_defaults(heap);
    ng_graph graph;
    int slept = 0;
    options.clock.now = clock_now;
    ng_status status = ng_graph_init(&graph, &options);
    ng_observe(ng_apply(&graph, NULL, 0, &ticks), print, NULL);
    if (status == NG_OK) {
        status = ng_graph_start(&graph);
    }
    while (status == NG_OK || status == NG_AGAIN) {
        status = ng_graph_step(&graph, 100); /* other work has its turn after 100 calls */
        if (status == NG_OK) {
            now = ng_graph_next(&graph); /* a real loop would wait until then */
            slept++;
        }
    }
    (void)printf("slept %d times\n", slept);
    ng_graph_close(&graph);
    return status != NG_END;
}
