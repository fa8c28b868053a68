/* Channels: bounds, order, ends and wake-ups in a simulated world, and under real threads. */
#include "nagare.h"

#include "check.h"

#include <string.h>

typedef struct item {
    uint32_t producer, number;
} item;

static ng_channel channel;
static size_t block[16 * 4];

/* ---- without a loop -------------------------------------------------------------------------- */

static void test_bounds_and_order(void) {
    item in = {0, 0}, out = {0, 0};
    const size_t size = ng_channel_size(4, sizeof(item));
    CHECK(size != 0 && size <= sizeof block);
    CHECK(ng_channel_init(&channel, block, sizeof block, 4, sizeof(item), NULL, NULL) == NG_OK);
    CHECK(ng_receive(&channel, &out) == NG_AGAIN);
    for (uint32_t round = 0; round < 100; round++) {
        for (uint32_t i = 0; i < 4; i++) {
            in.number = 4 * round + i;
            CHECK(ng_send(&channel, &in) == NG_OK);
        }
        CHECK(ng_send(&channel, &in) == NG_AGAIN);
        for (uint32_t i = 0; i < 4; i++) {
            CHECK(ng_receive(&channel, &out) == NG_OK);
            CHECK(out.number == 4 * round + i);
        }
        CHECK(ng_receive(&channel, &out) == NG_AGAIN);
    }
    CHECK(ng_send(&channel, &in) == NG_OK);
    ng_channel_close(&channel);
    ng_channel_close(&channel);
    CHECK(ng_send(&channel, &in) == NG_CLOSED);
    CHECK(ng_receive(&channel, &out) == NG_OK); /* what was sent arrives */
    CHECK(ng_receive(&channel, &out) == NG_END);
    CHECK(ng_receive(&channel, &out) == NG_END);
}

static void test_one_slot_and_odd_sizes(void) {
    unsigned char in[13], out[13];
    for (size_t size = 1; size <= 13; size++) {
        CHECK(ng_channel_init(&channel, block, sizeof block, 1, size, NULL, NULL) == NG_OK);
        for (unsigned round = 0; round < 5; round++) {
            memset(in, (int)(size + round), sizeof in);
            memset(out, 0, sizeof out);
            CHECK(ng_send(&channel, in) == NG_OK);
            CHECK(ng_send(&channel, in) == NG_AGAIN);
            CHECK(ng_receive(&channel, out) == NG_OK);
            CHECK(memcmp(in, out, size) == 0);
            CHECK(size == 13 || out[size] == 0);
        }
    }
}

static void nothing(ng_task *task) { (void)task; }

static void test_what_is_refused(void) {
    ng_task reader;
    item one = {0, 0};
    memset(&reader, 0, sizeof reader);
    CHECK(ng_channel_size(0, 8) == 0);
    CHECK(ng_channel_size(3, 8) == 0);
    CHECK(ng_channel_size(4, 0) == 0);
    CHECK(ng_channel_size(4, SIZE_MAX) == 0);
    CHECK(ng_channel_size(4, SIZE_MAX / 4) == 0);
    CHECK(ng_channel_size(SIZE_MAX / 2 + 1, 1) == 0);
    CHECK(ng_channel_size((size_t)1 << 20, SIZE_MAX >> 18) == 0);
    CHECK(ng_channel_init(NULL, block, sizeof block, 4, 8, NULL, NULL) == NG_INVALID);
    CHECK(ng_channel_init(&channel, NULL, sizeof block, 4, 8, NULL, NULL) == NG_INVALID);
    CHECK(ng_channel_init(&channel, block, 3, 4, 8, NULL, NULL) == NG_INVALID);
    CHECK(ng_channel_init(&channel, block, sizeof block, 3, 8, NULL, NULL) == NG_INVALID);
    CHECK(ng_channel_init(&channel, (char *)block + 1, sizeof block - 1, 4, 8, NULL, NULL) ==
          NG_INVALID);
    CHECK(ng_channel_init(&channel, block, sizeof block, 4, 8, NULL, &reader) == NG_INVALID);
    CHECK(ng_send(NULL, &one) == NG_INVALID);
    CHECK(ng_send(&channel, NULL) == NG_INVALID);
    CHECK(ng_receive(NULL, &one) == NG_INVALID);
    CHECK(ng_receive(&channel, NULL) == NG_INVALID);
    ng_channel_close(NULL);
}

/* ---- with a loop ----------------------------------------------------------------------------- */

typedef struct reading {
    ng_task task;
    char seen[64];
    size_t count, calls;
} reading;

static void read_all(ng_task *task) {
    reading *const r = (reading *)task;
    item one;
    ng_status status = NG_OK;
    r->calls++;
    while (status == NG_OK) {
        status = ng_receive(&channel, &one);
        if (status == NG_OK) {
            r->seen[r->count++] = (char)('a' + one.number);
        }
    }
    if (status == NG_END) {
        r->seen[r->count++] = '|';
    }
}

static void test_the_reader_is_called(void) {
    static ng_sim sim;
    static ng_sim_loop world;
    reading r;
    item one = {0, 0};
    memset(&r, 0, sizeof r);
    r.task.run = read_all;
    ng_sim_init(&sim, 3);
    CHECK(ng_sim_loop_init(&sim, &world) == NG_OK);
    CHECK(ng_channel_init(&channel, block, sizeof block, 4, sizeof(item), &world.loop, &r.task) ==
          NG_OK);
    CHECK(ng_loop_run(&world.loop) == NG_END); /* it is open, but no one will send */
    CHECK(r.calls == 0);
    CHECK(ng_send(&channel, &one) == NG_OK);
    one.number++;
    CHECK(ng_send(&channel, &one) == NG_OK);
    CHECK(ng_loop_run(&world.loop) == NG_END);
    CHECK(r.calls == 1); /* once for both */
    CHECK(strcmp(r.seen, "ab") == 0);
    one.number++;
    CHECK(ng_send(&channel, &one) == NG_OK);
    ng_channel_close(&channel);
    CHECK(ng_loop_run(&world.loop) == NG_OK);
    CHECK_CASE(strcmp(r.seen, "abc|") == 0, r.seen);
    CHECK(ng_channel_init(&channel, block, sizeof block, 4, sizeof(item), &world.loop, &r.task) ==
          NG_OK);
    ng_channel_close(&channel); /* the end alone is news, too */
    CHECK(ng_loop_run(&world.loop) == NG_OK);
    CHECK_CASE(strcmp(r.seen, "abc||") == 0, r.seen);
    r.task.run = NULL;
    CHECK(ng_channel_init(&channel, block, sizeof block, 4, sizeof(item), &world.loop, &r.task) ==
          NG_INVALID);
    r.task.run = nothing;
    CHECK(ng_spawn(&world.loop, &r.task) == NG_OK);
    CHECK(ng_channel_init(&channel, block, sizeof block, 4, sizeof(item), &world.loop, &r.task) ==
          NG_INVALID); /* it is under way */
}

/* ---- with threads ---------------------------------------------------------------------------- */

#if defined(__linux__)

enum { PRODUCERS = 3, ITEMS = 30000 };

typedef struct gathering {
    ng_task task;
    uint32_t next[PRODUCERS];
    uint32_t sum;
    bool ended, in_order;
} gathering;

static void gather(ng_task *task) {
    gathering *const g = (gathering *)task;
    item one;
    ng_status status;
    while ((status = ng_receive(&channel, &one)) == NG_OK) {
        g->in_order = g->in_order && one.number == g->next[one.producer];
        g->next[one.producer] = one.number + 1;
        g->sum++;
    }
    g->ended = status == NG_END;
}

static uint32_t producers_left;

static void produce(void *ctx) {
    item one = {(uint32_t)(uintptr_t)ctx, 0};
    while (one.number < ITEMS) {
        one.number += ng_send(&channel, &one) == NG_OK;
    }
    if (__atomic_sub_fetch(&producers_left, 1, __ATOMIC_SEQ_CST) == 0) {
        ng_channel_close(&channel);
    }
}

static void test_threads(void) {
    static ng_platform platform;
    static ng_port port;
    static ng_loop loop;
    ng_thread threads[PRODUCERS];
    gathering g;
    memset(&g, 0, sizeof g);
    memset(threads, 0, sizeof threads);
    g.task.run = gather;
    g.in_order = true;
    producers_left = PRODUCERS;
    CHECK(ng_default_port(&port, &platform) == NG_OK);
    CHECK(ng_loop_init(&loop, &port) == NG_OK);
    CHECK(ng_channel_init(&channel, block, sizeof block, 8, sizeof(item), &loop, &g.task) == NG_OK);
    for (uintptr_t i = 0; i < PRODUCERS; i++) {
        threads[i].run = produce;
        threads[i].ctx = (void *)i;
        CHECK(ng_thread_start(&port, &threads[i]) == NG_OK);
        CHECK(ng_thread_start(&port, &threads[i]) == NG_MISUSED);
    }
    CHECK(ng_loop_run(&loop) == NG_OK); /* no wake-up is lost, or this would not return */
    CHECK(g.ended && g.in_order && g.sum == (uint32_t)PRODUCERS * ITEMS);
    for (size_t i = 0; i < PRODUCERS; i++) {
        CHECK(ng_thread_join(&port, &threads[i]) == NG_OK);
        CHECK(ng_thread_join(&port, &threads[i]) == NG_MISUSED);
    }
    ng_default_close(&platform);
}

#endif

int main(void) {
    test_bounds_and_order();
    test_one_slot_and_odd_sizes();
    test_what_is_refused();
    test_the_reader_is_called();
#if defined(__linux__)
    test_threads();
#endif
    return check_report();
}
