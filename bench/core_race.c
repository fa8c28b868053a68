/* core_race: what the parts of the core cost, beside Concurrency Kit's ring and libuv.
 *
 *     core_race ROUNDS
 *
 * bench/core.py builds and runs it. All contestants take turns, round by round; each prints a line
 * of JSON: its case, its name, and nanoseconds an operation in each round. Rows of graphs count as
 * operations. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(HAVE_CK)
#include <ck_ring.h>
#endif
#if defined(HAVE_UV)
#include <uv.h>
#endif

#define NAGARE_IMPLEMENTATION
#include "flow.h"

enum { HOPS = 1 << 20, RING = 1024, TASKS = 4096, TIMERS = 1000000, ROWS = 1 << 22, MOST = 64 };

static double now(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void must(bool holds, const char *what) {
    if (!holds) {
        (void)fprintf(stderr, "core_race: %s\n", what);
        exit(1);
    }
}

static void *heap(void *ctx, void *block, size_t old_size, size_t size) {
    (void)ctx;
    (void)old_size;
    if (size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, size);
}

static const ng_allocator allocator = {heap, NULL};

/* ---- a batch from one side of a link to the other -------------------------------------------- */

static const ng_field x_field[] = {NG_FIELD("x", NG_F32)};
static const ng_schema x_schema = {x_field, 1};
static float values[4096];
static ng_column column = {values, NULL, NULL, 0};
static ng_block blocks[256];
static ng_batch slots[RING];
static ng_link shared_link;

static void link_begin(void) {
    const ng_link_options options = {RING, RING, RING / 2, 0, NG_OVERFLOW_BLOCK};
    for (size_t i = 0; i < 256; i++) {
        ng_block_init(&blocks[i], &column, 4096, NULL, NULL);
    }
    must(ng_link_init(&shared_link, &options, slots) == NG_OK, "no link");
}

static bool link_put(size_t i) {
    ng_block *const block = &blocks[i % 256];
    ng_batch batch = {&x_schema, block, 0, 1};
    if (ng_link_credit(&shared_link) == 0) {
        return false;
    }
    ng_block_hold(block);
    return ng_link_send(&shared_link, &batch) == NG_OK;
}

static bool link_get(void) {
    return ng_link_first(&shared_link) != NULL && ng_link_take(&shared_link, 1) == NG_OK;
}

static double link_alone(void) {
    link_begin();
    const double start = now();
    for (size_t i = 0; i < HOPS; i++) {
        must(link_put(i) && link_get(), "a hop failed");
    }
    return (now() - start) / HOPS;
}

static void *link_taker(void *unused) {
    for (size_t i = 0; i < HOPS;) {
        i += link_get();
    }
    return unused;
}

static double link_between(void) {
    pthread_t taker;
    link_begin();
    must(pthread_create(&taker, NULL, link_taker, NULL) == 0, "no thread");
    const double start = now();
    for (size_t i = 0; i < HOPS;) {
        i += link_put(i);
    }
    (void)pthread_join(taker, NULL);
    return (now() - start) / HOPS;
}

#if defined(HAVE_CK)
static ck_ring_t ring;
static ck_ring_buffer_t ring_slots[RING];

static double ck_alone(void) {
    void *got;
    ck_ring_init(&ring, RING);
    const double start = now();
    for (size_t i = 0; i < HOPS; i++) {
        must(ck_ring_enqueue_spsc(&ring, ring_slots, &blocks[i % 256]) &&
                 ck_ring_dequeue_spsc(&ring, ring_slots, &got),
             "a hop failed");
    }
    return (now() - start) / HOPS;
}

static void *ck_taker(void *unused) {
    void *got;
    for (size_t i = 0; i < HOPS;) {
        i += ck_ring_dequeue_spsc(&ring, ring_slots, &got);
    }
    return unused;
}

static double ck_between(void) {
    pthread_t taker;
    ck_ring_init(&ring, RING);
    must(pthread_create(&taker, NULL, ck_taker, NULL) == 0, "no thread");
    const double start = now();
    for (size_t i = 0; i < HOPS;) {
        i += ck_ring_enqueue_spsc(&ring, ring_slots, &blocks[i % 256]);
    }
    (void)pthread_join(taker, NULL);
    return (now() - start) / HOPS;
}

static double ck_channel(void) {
    void *got;
    ck_ring_init(&ring, RING);
    const double start = now();
    for (size_t i = 0; i < HOPS; i++) {
        must(ck_ring_enqueue_mpsc(&ring, ring_slots, &blocks[i % 256]) &&
                 ck_ring_dequeue_mpsc(&ring, ring_slots, &got),
             "a hop failed");
    }
    return (now() - start) / HOPS;
}
#endif

/* ---- an item through a channel --------------------------------------------------------------- */

typedef struct item {
    uint64_t a, b;
} item;

static double channel(void) {
    static size_t block[16384];
    ng_channel c;
    item in = {1, 2}, out;
    must(ng_channel_init(&c, block, sizeof block, RING, sizeof(item), NULL, NULL) == NG_OK,
         "no channel");
    const double start = now();
    for (size_t i = 0; i < HOPS; i++) {
        must(ng_send(&c, &in) == NG_OK && ng_receive(&c, &out) == NG_OK, "a hop failed");
    }
    return (now() - start) / HOPS;
}

/* ---- tasks, timers, wakes -------------------------------------------------------------------- */

static ng_platform platform;
static ng_loop loop;
static ng_task tasks[TASKS];
static size_t ran;

static void loop_begin(void) {
    ng_port port;
    must(ng_default_port(&port, &platform) == NG_OK && ng_loop_init(&loop, &port) == NG_OK,
         "no loop");
    ran = 0;
}

static void run_task(ng_task *task) {
    (void)task;
    ran++;
}

static double spawn(void) {
    loop_begin();
    const double start = now();
    for (size_t round = 0; round < 64; round++) {
        for (size_t i = 0; i < TASKS; i++) {
            tasks[i].run = run_task;
            must(ng_spawn(&loop, &tasks[i]) == NG_OK, "a task was not spawned");
        }
        must(ng_loop_turn(&loop, NG_NOW) >= NG_OK, "a turn failed");
    }
    const double took = now() - start;
    must(ran == 64 * (size_t)TASKS, "tasks did not run");
    ng_default_close(&platform);
    return took / (64.0 * TASKS);
}

static uint32_t random_state;

/* Nanoseconds below ten milliseconds. */
static uint32_t a_delay(void) {
    random_state = random_state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)random_state * 10000000 >> 32);
}

static void fire(ng_timer *timer) {
    (void)timer;
    ran++;
}

static double timers(void) {
    static ng_timer all[TIMERS];
    loop_begin();
    memset(all, 0, sizeof all);
    random_state = 1;
    const double start = now();
    for (size_t i = 0; i < TIMERS; i++) {
        all[i].fire = fire;
        must(ng_timer_after(&loop, &all[i], 10000000 + a_delay()) == NG_OK, "no timer");
    }
    must(ng_loop_run(&loop) == NG_OK && ran == TIMERS, "timers did not fire");
    const double took = now() - start;
    ng_default_close(&platform);
    return took / TIMERS;
}

static double wake(void) {
    loop_begin();
    const double start = now();
    for (size_t i = 0; i < HOPS; i++) {
        ng_wake(&loop);
    }
    const double took = now() - start;
    must(ng_loop_turn(&loop, NG_NOW) >= NG_OK, "a turn failed");
    ng_default_close(&platform);
    return took / HOPS;
}

#if defined(HAVE_UV)
static void uv_fired(uv_timer_t *timer) {
    (void)timer;
    ran++;
}

static double uv_timers(void) {
    static uv_timer_t all[TIMERS];
    uv_loop_t uv;
    must(uv_loop_init(&uv) == 0, "no loop");
    ran = 0;
    random_state = 1;
    const double start = now();
    for (size_t i = 0; i < TIMERS; i++) {
        (void)uv_timer_init(&uv, &all[i]);
        (void)uv_timer_start(&all[i], uv_fired, 10 + a_delay() / 1000000, 0);
    }
    (void)uv_run(&uv, UV_RUN_DEFAULT);
    const double took = now() - start;
    must(ran == TIMERS, "timers did not fire");
    for (size_t i = 0; i < TIMERS; i++) {
        uv_close((uv_handle_t *)&all[i], NULL);
    }
    (void)uv_run(&uv, UV_RUN_DEFAULT);
    must(uv_loop_close(&uv) == 0, "a loop that is not done");
    return took / TIMERS;
}

static void uv_woken(uv_async_t *async) { uv_close((uv_handle_t *)async, NULL); }

static double uv_wake(void) {
    uv_loop_t uv;
    uv_async_t async;
    must(uv_loop_init(&uv) == 0 && uv_async_init(&uv, &async, uv_woken) == 0, "no loop");
    const double start = now();
    for (size_t i = 0; i < HOPS; i++) {
        (void)uv_async_send(&async);
    }
    const double took = now() - start;
    (void)uv_run(&uv, UV_RUN_DEFAULT);
    (void)uv_loop_close(&uv);
    return took / HOPS;
}
#endif

/* ---- rows through graphs --------------------------------------------------------------------- */

static ng_step count_push(void *state, ng_context *context, const ng_batch *in,
                          const ng_room *out) {
    (void)context;
    (void)out;
    *(uint64_t *)state += in->rows;
    return ng_step_of(in->rows, 0, NG_OK);
}

static const ng_operator count_calls = {"count", NULL, count_push, NULL, NULL, NULL, NULL, false};

static double run_graph(ng_graph *graph) {
    must(ng_graph_start(graph) == NG_OK, "a graph did not start");
    const double start = now();
    while (ng_graph_step(graph, NG_ALL) == NG_OK) {
    }
    const double took = now() - start;
    must(ng_graph_error(graph).status == NG_OK, "a graph failed");
    ng_graph_close(graph);
    return took / ROWS;
}

static double five_operators(void) {
    static float *rows;
    static ng_column whole;
    const ng_graph_options options = ng_graph_defaults(allocator);
    ng_graph graph;
    if (rows == NULL) {
        rows = (float *)malloc(ROWS * sizeof *rows);
        must(rows != NULL, "no memory");
        for (size_t i = 0; i < ROWS; i++) {
            rows[i] = (float)(i % 1000);
        }
        whole.values = rows;
    }
    must(ng_graph_init(&graph, &options) == NG_OK, "no graph");
    ng_river river = ng_array(&graph, &x_schema, &whole, ROWS);
    river = ng_through(river, &flow_first_kernel, NULL, NG_AUTO);
    river = ng_through(river, &flow_second_kernel, NULL, NG_AUTO);
    river = ng_through(river, &flow_third_kernel, NULL, NG_AUTO);
    const ng_stage stage = {&count_calls, sizeof(uint64_t), NULL, NULL, 0, false, 0};
    (void)ng_apply(&graph, &river, 1, &stage);
    return run_graph(&graph);
}

static ng_status add_one(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0) + 1);
    return NG_OK;
}

static double callbacks(void) {
    const ng_graph_options options = ng_graph_defaults(allocator);
    ng_graph graph;
    must(ng_graph_init(&graph, &options) == NG_OK, "no graph");
    const ng_river river = ng_map(ng_range(&graph, 0, ROWS, 1), add_one, NULL);
    const ng_stage stage = {&count_calls, sizeof(uint64_t), NULL, NULL, 0, false, 0};
    (void)ng_apply(&graph, &river, 1, &stage);
    return run_graph(&graph);
}

/* ---- the race -------------------------------------------------------------------------------- */

static const struct {
    const char *what, *name;
    double (*sample)(void);
} contestants[] = {
    {"link, one thread", "nagare", link_alone},
    {"link, two threads", "nagare", link_between},
    {"channel", "nagare", channel},
    {"spawn", "nagare", spawn},
    {"timer", "nagare", timers},
    {"wake", "nagare", wake},
    {"graph of kernels, a row", "nagare", five_operators},
    {"callback, a row", "nagare", callbacks},
#if defined(HAVE_CK)
    {"link, one thread", "ck_ring spsc", ck_alone},
    {"link, two threads", "ck_ring spsc", ck_between},
    {"channel", "ck_ring mpsc", ck_channel},
#endif
#if defined(HAVE_UV)
    {"timer", "libuv", uv_timers},
    {"wake", "libuv", uv_wake},
#endif
};

enum { CONTESTANTS = sizeof contestants / sizeof *contestants };

int main(int argc, char **argv) {
    static double took[CONTESTANTS][MOST];
    const int rounds = argc == 2 ? atoi(argv[1]) : 0;
    if (rounds < 1 || rounds > MOST) {
        (void)fprintf(stderr, "usage: core_race ROUNDS, 1 to %d\n", MOST);
        return 2;
    }
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < CONTESTANTS; i++) {
            const int turn = (i + round) % CONTESTANTS;
            took[turn][round] = contestants[turn].sample();
        }
    }
    for (int i = 0; i < CONTESTANTS; i++) {
        (void)printf("{\"case\": \"%s\", \"name\": \"%s\", \"rounds\": [", contestants[i].what,
                     contestants[i].name);
        for (int round = 0; round < rounds; round++) {
            (void)printf("%s%.3f", round == 0 ? "" : ", ", took[i][round]);
        }
        (void)printf("]}\n");
    }
    return 0;
}
