/* Random worlds: graphs drawn from a seed, run in random steps into sinks that take what they like.
 *
 *     test_worlds [SEED [COUNT]]
 *
 * In each world, whatever it is made of: it comes to its end; every sink sees one end or error and
 * nothing after it; all rows are accounted for at every step; all memory is given back. Where no
 * operator takes rows in the order in which they happen to come, two runs in different steps bring
 * out the same rows. */
#include <inttypes.h>

#include "marbles.h"

enum { RIVERS_MAX = 12, SINKS_MAX = 40, NODES_MAX = 24, STEPS_MAX = 100000 };

/* ---- chance ---------------------------------------------------------------------------------- */

static uint64_t chance_next(uint64_t *chance) {
    uint64_t z = *chance += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint32_t below(uint64_t *chance, uint32_t n) { return (uint32_t)(chance_next(chance) % n); }

/* ---- sinks that take what they like ---------------------------------------------------------- */

typedef struct moody {
    uint64_t chance, rows, digest;
    uint32_t ends; /* of either kind */
    bool late;     /* rows came after the end */
} moody;

static ng_step moody_push(void *state, ng_context *context, const ng_batch *in,
                          const ng_room *out) {
    moody *const sink = *(moody **)state;
    const size_t n = below(&sink->chance, (uint32_t)in->rows + 1);
    (void)context;
    (void)out;
    for (size_t i = 0; i < n; i++) {
        sink->digest =
            (sink->digest ^ (uint64_t)ng_get_i64(ng_batch_row(in, i), 0)) * 0x100000001b3u;
    }
    sink->rows += n;
    sink->late = sink->late || sink->ends != 0;
    return ng_step_of(n, 0, NG_OK);
}

static ng_step moody_end(void *state, ng_context *context, const ng_room *out) {
    (void)context;
    (void)out;
    (*(moody **)state)->ends++;
    return ng_step_of(0, 0, NG_OK);
}

static ng_status moody_fail(void *state, ng_context *context, ng_status status) {
    (void)context;
    (void)status;
    (*(moody **)state)->ends++;
    return NG_OK;
}

static const ng_operator moody_calls = {"moody", NULL,       moody_push, moody_end,
                                        NULL,    moody_fail, NULL,       false};

/* ---- a world --------------------------------------------------------------------------------- */

typedef struct world {
    marbles m;
    uint64_t chance;
    ng_river rivers[RIVERS_MAX]; /* that are still to be used */
    uint32_t parts[RIVERS_MAX];  /* which ones hang together */
    uint32_t count, part_count;
    ng_river ends[SINKS_MAX];
    moody sinks[SINKS_MAX];
    uint32_t sink_count;
    bool ordered; /* what comes out does not depend on when rows come */
    bool stops;   /* an operator may end in an error */
} world;

static ng_status odd_fails(ng_row in, ng_row out, void *ctx) {
    const int64_t value = ng_get_i64(in, 0);
    ng_set_i64(out, 0, value * 3 + 1);
    return ctx != NULL && value % 7 == 3 ? NG_FAILED : NG_OK;
}

static int not_third(ng_row in, void *ctx) {
    (void)ctx;
    return ng_get_i64(in, 0) % 3 != 0;
}

static int below_400(ng_row in, void *ctx) {
    (void)ctx;
    return ng_get_i64(in, 0) < 400;
}

static int by_value(ng_row in, void *ctx) {
    (void)ctx;
    return (int)((uint64_t)ng_get_i64(in, 0) % 4);
}

static ng_status up_to_three(ng_row in, size_t k, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0));
    return k == (uint64_t)ng_get_i64(in, 0) % 4 ? NG_END : NG_OK;
}

static ng_status sum_of_two(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0) ^ ng_get_i64(in, 1));
    return NG_OK;
}

static ng_status fold_sum(ng_row in, void *ctx) {
    *(int64_t *)ctx ^= ng_get_i64(in, 0);
    return NG_OK;
}

static ng_status tell_sum(ng_row out, void *ctx) {
    ng_set_i64(out, 0, *(int64_t *)ctx);
    return NG_OK;
}

static ng_link_options any_bounds(world *w) {
    ng_link_options options;
    options.batches = (size_t)1 << below(&w->chance, 4);
    options.high_rows = 1 + below(&w->chance, 20);
    options.low_rows = below(&w->chance, (uint32_t)options.high_rows);
    options.high_bytes = below(&w->chance, 4) == 0 ? 16 : 0;
    options.overflow = NG_OVERFLOW_BLOCK;
    if (below(&w->chance, 12) == 0) {
        options.overflow = (ng_overflow)(1 + below(&w->chance, 4));
        w->ordered = false;
    }
    return options;
}

static ng_river world_take(world *w, uint32_t *part) {
    const uint32_t i = below(&w->chance, w->count);
    const ng_river river = w->rivers[i];
    *part = w->parts[i];
    w->count--;
    w->rivers[i] = w->rivers[w->count];
    w->parts[i] = w->parts[w->count];
    return river;
}

static void world_put(world *w, ng_river river, uint32_t part) {
    if (below(&w->chance, 3) == 0) {
        const ng_link_options options = any_bounds(w);
        (void)ng_bound(river, &options);
    }
    w->rivers[w->count] = river;
    w->parts[w->count] = part;
    w->count++;
}

static void world_unite(world *w, uint32_t a, uint32_t b) {
    for (uint32_t i = 0; i < w->count; i++) {
        w->parts[i] = w->parts[i] == b ? a : w->parts[i];
    }
}

static ng_river step_of_one(world *w, ng_river river) {
    static int64_t sums[64];
    static uint32_t next_sum;
    int64_t *const sum = &sums[next_sum++ % 64];
    switch (below(&w->chance, 9)) {
    case 0:
        return ng_map(river, odd_fails, NULL);
    case 1:
        return ng_filter(river, not_third, NULL);
    case 2:
        return ng_flat_map(river, NULL, up_to_three, NULL);
    case 3:
        return ng_take(river, below(&w->chance, 60));
    case 4:
        return ng_skip(river, below(&w->chance, 60));
    case 5:
        return ng_every(river, 1 + below(&w->chance, 5));
    case 6:
        return ng_take_while(river, below_400, NULL);
    case 7:
        return ng_skip_while(river, below_400, NULL);
    default:
        *sum = 0;
        return ng_reduce(river, NULL, fold_sum, tell_sum, sum);
    }
}

/* A step in which rows fail, with what is done about it. */
static void add_failing(world *w) {
    uint32_t part;
    ng_river river = ng_map(world_take(w, &part), odd_fails, w);
    const ng_strategy strategy = (ng_strategy)below(&w->chance, 3);
    river = ng_on_error(river, strategy);
    w->stops = w->stops || strategy == NG_STOP;
    world_put(w, river, part);
    if (strategy == NG_DEAD_LETTER) {
        w->ordered = false; /* how many there are depends on when no one wants good rows any more */
        world_put(w, ng_dead_letters(river), part);
    }
}

static void add_join(world *w) {
    static const ng_field fields[] = {NG_FIELD("a", NG_I64), NG_FIELD("b", NG_I64)};
    static const ng_schema pair = {fields, 2};
    uint32_t a, b;
    ng_river rivers[2];
    rivers[0] = world_take(w, &a);
    rivers[1] = world_take(w, &b);
    /* What comes from the same source may wait for itself in a queue that is full, unless it is
     * taken as it comes. */
    const uint32_t how = a == b ? 0 : below(&w->chance, 4);
    ng_river joined = how == 0   ? ng_merge(rivers, 2)
                      : how == 1 ? ng_concat(rivers, 2)
                      : how == 2 ? ng_zip(rivers, 2, &pair)
                                 : ng_combine_latest(rivers, 2, &pair);
    w->ordered = w->ordered && (how == 1 || how == 2);
    if (how >= 2) {
        joined = ng_map_to(joined, ng_columns(rivers[0]), sum_of_two, NULL);
    }
    world_unite(w, a, b);
    world_put(w, joined, a);
}

static void add_split(world *w) {
    uint32_t part;
    ng_river rivers[3];
    const ng_river river = world_take(w, &part);
    const uint32_t n = 1 + below(&w->chance, 3);
    switch (below(&w->chance, 4)) {
    case 0:
        ng_fork(river, rivers, n);
        break;
    case 1:
        ng_route(river, by_value, NULL, rivers, n);
        break;
    case 2:
        ng_round_robin(river, rivers, n);
        break;
    default:
        ng_balance(river, rivers, n);
        w->ordered = false;
        break;
    }
    for (uint32_t i = 0; i < n; i++) {
        world_put(w, rivers[i], part);
    }
}

static void add_sink(world *w, ng_river river) {
    moody *const sink = &w->sinks[w->sink_count];
    sink->chance = chance_next(&w->chance);
    const ng_stage stage = {
        &moody_calls, sizeof(moody *), (void *)&(moody *){sink}, NULL, 0, false, 0};
    w->ends[w->sink_count++] = ng_apply(&w->m.graph, &river, 1, &stage);
}

static void world_build(world *w, uint64_t seed) {
    memset(w, 0, sizeof *w);
    w->chance = seed;
    w->ordered = true;
    marbles_begin(&w->m);
    for (uint32_t sources = 1 + below(&w->chance, 4); w->part_count < sources; w->part_count++) {
        const int64_t from = (int64_t)below(&w->chance, 500);
        world_put(w, ng_range(&w->m.graph, from, from + below(&w->chance, 400), 1), w->part_count);
    }
    const uint32_t steps = below(&w->chance, NODES_MAX);
    for (uint32_t i = 0; i < steps; i++) {
        uint32_t part;
        const uint32_t what = below(&w->chance, 10);
        if (what < 2 && w->count >= 2) {
            add_join(w);
        } else if (what < 4 && w->count + 3 < RIVERS_MAX) {
            add_split(w);
        } else if (what < 5 && w->count + 1 < RIVERS_MAX) {
            add_failing(w);
        } else {
            const ng_river river = world_take(w, &part);
            world_put(w, step_of_one(w, river), part);
        }
    }
    while (w->count != 0) {
        uint32_t part;
        const ng_river river = world_take(w, &part);
        add_sink(w, river);
    }
}

/* Runs a world to its end in steps drawn from `chance`. */
static bool world_run(world *w, uint64_t chance, bool cancelling) {
    ng_account all;
    ng_error at;
    ng_status status = ng_graph_start(&w->m.graph);
    bool good = status == NG_OK;
    uint32_t steps = 0;
    for (uint32_t i = 0; i < w->sink_count; i++) {
        w->sinks[i].chance = chance_next(&chance);
    }
    while (good && (status == NG_OK || status == NG_AGAIN) && steps++ < STEPS_MAX) {
        status = ng_graph_step(&w->m.graph, 1 + below(&chance, 30));
        good = ng_audit(&w->m.graph, &all, &at) == NG_OK && ng_account_holds(&all);
        for (uint32_t i = 0; i < w->sink_count; i++) {
            ng_graph_wake(w->ends[i]);
        }
        if (cancelling && below(&chance, 40) == 0) {
            ng_graph_cancel(&w->m.graph);
        }
    }
    good = good && steps < STEPS_MAX && (status == NG_END || status < NG_OK);
    for (uint32_t i = 0; i < w->sink_count; i++) {
        good = good && !w->sinks[i].late && (cancelling || w->sinks[i].ends == 1);
    }
    ng_graph_close(&w->m.graph);
    return good && w->m.memory.blocks == 0 && w->m.memory.bytes == 0 && w->m.memory.mistakes == 0;
}

static bool same_rows(const world *a, const world *b) {
    bool same = true;
    for (uint32_t i = 0; i < a->sink_count; i++) {
        same = same && a->sinks[i].rows == b->sinks[i].rows &&
               a->sinks[i].digest == b->sinks[i].digest;
    }
    return same;
}

static void check_world(uint64_t seed, uint64_t *compared, uint64_t *rows) {
    static world first, second;
    uint64_t chance = seed;
    const uint64_t one = chance_next(&chance), other = chance_next(&chance);
    const bool cancelling = below(&chance, 6) == 0;
    char name[64];
    (void)snprintf(name, sizeof name, "world %" PRIu64, seed);
    world_build(&first, seed);
    CHECK_CASE(world_run(&first, one, cancelling), name);
    world_build(&second, seed);
    CHECK_CASE(world_run(&second, other, cancelling), name);
    if (first.ordered && !first.stops && !cancelling) {
        CHECK_CASE(same_rows(&first, &second), name);
        ++*compared;
    }
    for (uint32_t i = 0; i < first.sink_count; i++) {
        *rows += first.sinks[i].rows;
    }
}

int main(int argc, char **argv) {
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    const uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 500;
    uint64_t compared = 0, rows = 0;
    for (uint64_t i = 0; i < count; i++) {
        check_world(seed + i, &compared, &rows);
    }
    CHECK(count < 100 || (compared > count / 20 && rows > 10 * count));
    (void)printf("%" PRIu64 " worlds from seed %" PRIu64 ", %" PRIu64 " rows, %" PRIu64
                 " compared\n",
                 count, seed, rows, compared);
    return check_report();
}
