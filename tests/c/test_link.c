/* Links: credit, marks, policies, ends, cancels; and two threads on one link. */
#include <pthread.h>

#include "marbles.h"

enum { ROWS = 64, BATCHES = 4 };

static int64_t numbers[1 << 16];
static ng_column number_column = {numbers, NULL, NULL, 0};

static ng_batch rows_of(ng_block *block, size_t from, size_t rows) {
    ng_batch batch = {&marble_schema, block, from, rows};
    ng_block_hold(block);
    return batch;
}

typedef struct fixture {
    ng_block block;
    ng_link link;
    ng_batch slots[BATCHES];
} fixture;

static void begin(fixture *f, size_t high, size_t low, uint64_t high_bytes, ng_overflow overflow) {
    const ng_link_options options = {BATCHES, high, low, high_bytes, overflow};
    ng_block_init(&f->block, &number_column, 1 << 16, NULL, NULL);
    CHECK(ng_link_size(&options) == sizeof f->slots);
    CHECK(ng_link_init(&f->link, &options, f->slots) == NG_OK);
}

/* Every hold but the fixture's own has been let go of. */
static void end(fixture *f) {
    ng_link_close(&f->link);
    CHECK(ng_block_holders(&f->block) == 1);
}

static ng_status send(fixture *f, size_t from, size_t rows) {
    ng_batch batch = rows_of(&f->block, from, rows);
    const ng_status status = ng_link_send(&f->link, &batch);
    CHECK((status == NG_OK) == (batch.block == NULL));
    (void)(status == NG_OK || ng_batch_release(&batch) == NG_OK);
    return status;
}

static void test_options(void) {
    const ng_link_options good = {4, 10, 5, 0, NG_OVERFLOW_BLOCK};
    ng_link_options bad[7];
    ng_batch slots[4];
    ng_link link;
    for (size_t i = 0; i < 7; i++) {
        bad[i] = good;
    }
    bad[0].batches = 0;
    bad[1].batches = 3;
    bad[2].high_rows = 0;
    bad[3].high_rows = SIZE_MAX / 2 + 1;
    bad[4].low_rows = 10;
    bad[5].overflow = (ng_overflow)5;
    bad[6].batches = SIZE_MAX / 2 + 1;
    for (size_t i = 0; i < 7; i++) {
        CHECK(ng_link_size(&bad[i]) == 0);
        CHECK(ng_link_init(&link, &bad[i], slots) == NG_INVALID);
    }
    CHECK(ng_link_size(NULL) == 0);
    CHECK(ng_link_init(NULL, &good, slots) == NG_INVALID);
    CHECK(ng_link_init(&link, &good, NULL) == NG_INVALID);
}

static void test_credit(void) {
    fixture f;
    begin(&f, 10, 4, 0, NG_OVERFLOW_BLOCK);
    CHECK(ng_link_desired(&f.link) == 10 && ng_link_credit(&f.link) == 10);
    CHECK(send(&f, 0, 11) == NG_NO_CREDIT);
    CHECK(send(&f, 0, 0) == NG_INVALID);
    CHECK(send(&f, 0, 7) == NG_OK);
    CHECK(ng_link_desired(&f.link) == 3 && ng_link_credit(&f.link) == 3);
    CHECK(send(&f, 7, 4) == NG_AGAIN);
    CHECK(send(&f, 7, 3) == NG_OK);
    CHECK(ng_link_credit(&f.link) == 0 && send(&f, 10, 1) == NG_AGAIN);
    /* Full: no credit again before the low-water mark. */
    CHECK(ng_link_take(&f.link, 5) == NG_OK);
    CHECK(ng_link_desired(&f.link) == 5 && ng_link_credit(&f.link) == 0);
    CHECK(ng_link_take(&f.link, 3) == NG_INVALID);
    CHECK(ng_link_take(&f.link, 2) == NG_OK);
    CHECK(ng_link_queued(&f.link) == 3 && ng_link_credit(&f.link) == 7);
    CHECK(ng_link_first(&f.link)->offset == 7 && ng_link_first(&f.link)->rows == 3);
    CHECK(ng_link_take(&f.link, 3) == NG_OK);
    CHECK(ng_link_first(&f.link) == NULL && ng_link_take(&f.link, 0) == NG_INVALID);
    end(&f);
}

static void test_batches_are_bounded(void) {
    fixture f;
    begin(&f, 100, 10, 0, NG_OVERFLOW_BLOCK);
    for (size_t i = 0; i < BATCHES; i++) {
        CHECK(send(&f, i, 1) == NG_OK);
    }
    CHECK(ng_link_credit(&f.link) == 0 && send(&f, 9, 1) == NG_AGAIN);
    CHECK(ng_link_take(&f.link, 1) == NG_OK);
    CHECK(ng_link_credit(&f.link) == 97 && send(&f, 9, 1) == NG_OK);
    end(&f);
}

static void test_bytes(void) {
    fixture f;
    begin(&f, 100, 10, 80, NG_OVERFLOW_BLOCK);
    CHECK(send(&f, 0, 9) == NG_OK && ng_link_credit(&f.link) == 91);
    CHECK(send(&f, 9, 9) == NG_OK && ng_link_credit(&f.link) == 0);
    CHECK(ng_link_take(&f.link, 8) == NG_OK && ng_link_desired(&f.link) == 90);
    CHECK(ng_link_credit(&f.link) == 0); /* 10 rows: exactly 80 bytes, and at the low-water mark */
    CHECK(ng_link_take(&f.link, 1) == NG_OK && ng_link_credit(&f.link) == 91);
    end(&f);
}

/* What is left in a link of 4 rows after batches of 2 rows from 0, 2, 4 and 6 on. */
static void test_policies(void) {
    static const struct {
        ng_overflow overflow;
        ng_status third;
        size_t first, queued;
        uint64_t dropped;
    } cases[] = {
        {NG_OVERFLOW_BLOCK, NG_AGAIN, 0, 4, 0},    {NG_OVERFLOW_FAIL, NG_FULL, 0, 4, 0},
        {NG_OVERFLOW_DROP_NEWEST, NG_OK, 0, 4, 4}, {NG_OVERFLOW_DROP_OLDEST, NG_OK, 4, 4, 4},
        {NG_OVERFLOW_LATEST, NG_OK, 6, 2, 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture f;
        begin(&f, 4, 1, 0, cases[i].overflow);
        CHECK(send(&f, 0, 2) == NG_OK && send(&f, 2, 2) == NG_OK);
        CHECK(send(&f, 4, 2) == cases[i].third && send(&f, 6, 2) == cases[i].third);
        CHECK(ng_link_first(&f.link)->offset == cases[i].first);
        CHECK(ng_link_queued(&f.link) == cases[i].queued);
        CHECK(f.link.dropped_rows == cases[i].dropped);
        end(&f);
    }
}

static void test_ends(void) {
    fixture f;
    begin(&f, 10, 4, 0, NG_OVERFLOW_BLOCK);
    CHECK(ng_link_end(&f.link, NG_OK) == NG_INVALID &&
          ng_link_end(&f.link, NG_AGAIN) == NG_INVALID);
    CHECK(send(&f, 0, 1) == NG_OK);
    CHECK(ng_link_state(&f.link) == NG_OK);
    CHECK(ng_link_end(&f.link, NG_FAILED) == NG_OK);
    CHECK(ng_link_end(&f.link, NG_END) == NG_MISUSED);
    CHECK(send(&f, 1, 1) == NG_MISUSED);
    CHECK(ng_link_state(&f.link) == NG_OK); /* what was sent before comes first */
    CHECK(ng_link_take(&f.link, 1) == NG_OK);
    CHECK(ng_link_state(&f.link) == NG_FAILED);
    end(&f);
}

static void test_cancels(void) {
    fixture f;
    ng_batch gone = {&marble_schema, NULL, 0, 1};
    begin(&f, 10, 4, 0, NG_OVERFLOW_BLOCK);
    CHECK(send(&f, 0, 3) == NG_OK && send(&f, 3, 3) == NG_OK);
    CHECK(!ng_link_is_cancelled(&f.link));
    ng_link_cancel(&f.link);
    ng_link_cancel(&f.link);
    CHECK(ng_link_is_cancelled(&f.link));
    CHECK(ng_block_holders(&f.block) == 1);
    CHECK(send(&f, 6, 1) == NG_CANCELLED);
    CHECK(ng_link_send(&f.link, NULL) == NG_INVALID && ng_link_send(&f.link, &gone) == NG_INVALID);
    end(&f);
}

/* ---- two threads ----------------------------------------------------------------------------- */

typedef struct crossing {
    ng_link *link;
    ng_pool pool;
    uint64_t sent;
} crossing;

static void *send_all(void *ctx) {
    crossing *const c = (crossing *)ctx;
    int64_t next = 0;
    while (next < 200000) {
        const size_t credit = ng_link_credit(c->link);
        ng_block *const block = credit == 0 ? NULL : ng_pool_take(&c->pool);
        if (block == NULL) {
            continue;
        }
        ng_batch batch = {&marble_schema, block, 0, credit < ROWS ? credit : ROWS};
        for (size_t i = 0; i < batch.rows; i++) {
            ((int64_t *)block->columns[0].values)[i] = next + (int64_t)i;
        }
        const size_t rows = batch.rows;
        CHECK(ng_link_send(c->link, &batch) == NG_OK);
        next += (int64_t)rows;
    }
    c->sent = (uint64_t)next;
    CHECK(ng_link_end(c->link, NG_END) == NG_OK);
    return NULL;
}

static void test_threads(void) {
    static const ng_link_options options = {8, 300, 100, 0, NG_OVERFLOW_BLOCK};
    static uint8_t memory[1 << 16];
    ng_batch slots[8];
    ng_link link;
    crossing c;
    pthread_t sender;
    int64_t next = 0;
    bool in_order = true;
    c.link = &link;
    CHECK(ng_pool_size(&marble_schema, 10, ROWS, 1) <= sizeof memory);
    CHECK(ng_pool_init(&c.pool, memory, &marble_schema, 10, ROWS, 1) == NG_OK);
    CHECK(ng_link_init(&link, &options, slots) == NG_OK);
    CHECK(pthread_create(&sender, NULL, send_all, &c) == 0);
    while (ng_link_state(&link) == NG_OK) {
        const ng_batch *const first = ng_link_first(&link);
        const size_t rows = first == NULL ? 0 : (first->rows + 1) / 2;
        for (size_t i = 0; i < rows; i++) {
            in_order = in_order && ng_get_i64(ng_batch_row(first, i), 0) == next++;
        }
        (void)(rows != 0 && ng_link_take(&link, rows) == NG_OK);
    }
    CHECK(pthread_join(sender, NULL) == 0);
    CHECK(in_order && (uint64_t)next == c.sent && ng_pool_in_use(&c.pool) == 0);
}

int main(void) {
    test_options();
    test_credit();
    test_batches_are_bounded();
    test_bytes();
    test_policies();
    test_ends();
    test_cancels();
    test_threads();
    return check_report();
}
