/* A graph in two threads: one makes numbers and keeps the primes, the other adds them up. The lane
 * between them hands batches over without copying or locking, and has the first one wait where the
 * second is behind.
 *
 *     cc -I. examples/streams/threads.c -o build/threads && build/threads
 *
 * prints
 *
 *     17984 primes below 200000, their sum is 1709600813
 */
#include <stdio.h>
#define NAGARE_IMPLEMENTATION
#include "nagare.h"

#include "heap.h"

/* A loop, in a thread, with a graph. */
typedef struct worker {
    ng_platform platform;
    ng_port port;
    ng_loop loop;
    ng_graph graph;
    ng_runner runner;
    ng_status status;
} worker;

static int64_t sums[2];

static int is_prime(ng_row row, void *ctx) {
    const int64_t n = ng_get_i64(row, 0);
    (void)ctx;
    for (int64_t d = 2; d * d <= n; d++) {
        if (n % d == 0) {
            return 0;
        }
    }
    return n > 1;
}

static ng_status add(ng_row row, void *ctx) {
    int64_t *const sum = (int64_t *)ctx;
    sum[0]++;
    sum[1] += ng_get_i64(row, 0);
    return NG_OK;
}

static ng_status open_worker(worker *w) {
    ng_status status = ng_default_port(&w->port, &w->platform);
    status = status < 0 ? status : ng_loop_init(&w->loop, &w->port);
    const ng_graph_options options = ng_graph_defaults(heap);
    return status < 0 ? status : ng_graph_init(&w->graph, &options);
}

static void run(void *ctx) {
    worker *const w = (worker *)ctx;
    w->status = ng_graph_start(&w->graph);
    w->status = w->status < 0 ? w->status : ng_runner_start(&w->runner, &w->loop, &w->graph);
    w->status = w->status < 0 ? w->status : ng_loop_run(&w->loop);
}

int main(void) {
    static worker first, second;
    static ng_lane lane;
    static _Alignas(64) char memory[1024];
    const ng_field fields[] = {NG_FIELD("value", NG_I64)};
    const ng_schema schema = {fields, 1};
    const ng_link_options options = {4, 16384, 8192, 0, NG_OVERFLOW_BLOCK};
    ng_thread thread = {run, &second};
    ng_status status = open_worker(&first);
    status = status < 0 ? status : open_worker(&second);
    status = status < 0 ? status : ng_lane_init(&lane, &options, &schema, memory);
    ng_to_lane(ng_filter(ng_range(&first.graph, 0, 200000, 1), is_prime, NULL), &lane, &first.loop);
    ng_observe(ng_from_lane(&second.graph, &lane, &second.loop), add, sums);
    status = status < 0 ? status : ng_thread_start(&first.port, &thread);
    run(&first);
    status = status < 0 ? status : ng_thread_join(&first.port, &thread);
    (void)printf("%d primes below 200000, their sum is %lld\n", (int)sums[0], (long long)sums[1]);
    return status != NG_OK || first.status != NG_OK || second.status != NG_OK;
}
