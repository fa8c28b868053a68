/* ops_split: one operator with several outputs each. */
#include "ops_split.h"

#include "graph_parts.h"
#include "row_keys.h"
#include "sizes.h"

static void ngi_split(ng_river river, const ng_stage *stage, bool complete, ng_river *rivers) {
    const uint32_t count = stage->outputs;
    const ng_river first = !complete || count == 0
                               ? ng_refuse(river.graph, stage->calls->name, NG_INVALID)
                               : ng_apply(river.graph, &river, 1, stage);
    for (uint32_t i = 0; i < count && rivers != NULL; i++) {
        rivers[i] = ng_output(first, i);
    }
}

typedef struct ngi_splitting {
    uint32_t count;
} ngi_splitting;

/* ---- fork ------------------------------------------------------------------------------------ */

static ng_step ngi_fork_push(void *state, ng_context *context, const ng_batch *in,
                             const ng_room *out) {
    const uint32_t count = ((const ngi_splitting *)state)->count;
    size_t n = in->rows;
    uint32_t wanted = 0;
    (void)out;
    for (uint32_t i = 0; i < count; i++) {
        if (!ng_context_is_cancelled(context, i)) {
            const size_t credit = ng_context_credit(context, i);
            n = credit < n ? credit : n;
            wanted++;
        }
    }
    for (uint32_t i = 0; i < count && n != 0; i++) {
        const ng_status sent = ng_context_forward(context, i, in, 0, n);
        if (sent != NG_OK && sent != NG_CANCELLED) {
            return ng_step_of(0, 0, sent);
        }
    }
    ng_context_count(context, NG_MADE, (int64_t)(n * (wanted - 1)));
    return ng_step_of(n, 0, NG_OK);
}

static const ng_operator ngi_fork_calls = {"fork", NULL, ngi_fork_push, NULL,
                                           NULL,   NULL, NULL,          false};

bool ngi_is_fork(const ngi_node *node) { return node->stage.calls == &ngi_fork_calls; }

void ng_fork(ng_river river, ng_river *rivers, uint32_t count) {
    ngi_splitting splitting = {count};
    const ng_stage stage = {&ngi_fork_calls, sizeof splitting, &splitting, NULL, count, true, 0};
    ngi_split(river, &stage, rivers != NULL, rivers);
}

/* ---- balance --------------------------------------------------------------------------------- */

static ng_step ngi_balance_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    const uint32_t count = ((const ngi_splitting *)state)->count;
    size_t most = 0;
    uint32_t to = 0;
    (void)out;
    for (uint32_t i = 0; i < count; i++) {
        const size_t credit =
            ng_context_is_cancelled(context, i) ? 0 : ng_context_credit(context, i);
        to = credit > most ? i : to;
        most = credit > most ? credit : most;
    }
    const size_t n = in->rows < most ? in->rows : most;
    const ng_status sent = n == 0 ? NG_OK : ng_context_forward(context, to, in, 0, n);
    return ng_step_of(sent == NG_OK ? n : 0, 0, sent);
}

static const ng_operator ngi_balance_calls = {"balance", NULL, ngi_balance_push, NULL, NULL, NULL,
                                              NULL,      false};

void ng_balance(ng_river river, ng_river *rivers, uint32_t count) {
    ngi_splitting splitting = {count};
    const ng_stage stage = {&ngi_balance_calls, sizeof splitting, &splitting, NULL, count, true, 0};
    ngi_split(river, &stage, rivers != NULL, rivers);
}

/* ---- route, partition, round_robin
 * ---------------------------------------------------------------------- */

/* Where rows for one output go during a call. */
typedef struct ngi_lane {
    ng_room room;
    size_t made;
    bool asked, there;
} ngi_lane;

/* Followed by a lane for each output. */
typedef struct ngi_routing {
    ng_route_fn *route; /* NULL: by keys, */
    void *ctx;
    uint32_t count, turn;
    ngi_keys keys; /* or, where there are none, in turns */
} ngi_routing;

static ngi_lane *ngi_routing_lanes(ngi_routing *routing) {
    return (ngi_lane *)(void *)((uint8_t *)routing + ngi_size_round(sizeof *routing, 64));
}

/* Copies a row into a lane. Whether there was room. */
static bool ngi_lane_put(ng_context *context, ngi_lane *lane, uint32_t to, const ng_batch *in,
                         size_t row) {
    if (!lane->asked) {
        lane->asked = true;
        lane->there = ng_context_room(context, to, &lane->room);
    }
    if (!lane->there || lane->made == lane->room.rows) {
        return false;
    }
    ng_block into;
    ng_block_init(&into, lane->room.columns, lane->room.at + lane->room.rows, NULL, NULL);
    if (ng_batch_copy(in, row, 1, &into, lane->room.at + lane->made) == 1) {
        lane->made++;
        return true;
    }
    if (to != 0 && lane->made == 0) { /* no room for its text: the next call finds an empty block */
        ng_context_renew(context, to);
    }
    return false;
}

/* The upper half of the hash, scaled to the number of rivers. */
static int ngi_route_by_key(const ngi_routing *routing, ng_row row) {
    return (int)((ngi_keys_hash(&routing->keys, row) >> 32) * routing->count >> 32);
}

/* What a row is: put, in the way, filtered, unwanted. */
static ng_status ngi_route_row(ngi_routing *routing, ng_context *context, const ng_batch *in,
                               size_t row) {
    const ng_row what = ng_batch_row(in, row);
    const int to = routing->route != NULL     ? routing->route(what, routing->ctx)
                   : routing->keys.count != 0 ? ngi_route_by_key(routing, what)
                                              : (int)routing->turn;
    if (to < 0) {
        return (ng_status)to;
    }
    if ((uint32_t)to >= routing->count) {
        ng_context_count(context, NG_FILTERED, 1);
    } else if (ng_context_is_cancelled(context, (uint32_t)to)) {
        ng_context_count(context, NG_DROPPED, 1);
    } else if (!ngi_lane_put(context, &ngi_routing_lanes(routing)[to], (uint32_t)to, in, row)) {
        return NG_AGAIN;
    }
    routing->turn = routing->turn + 1 == routing->count ? 0 : routing->turn + 1;
    return NG_OK;
}

static ng_step ngi_route_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    ngi_routing *const routing = (ngi_routing *)state;
    ngi_lane *const lanes = ngi_routing_lanes(routing);
    ng_status status = NG_OK;
    size_t done = 0;
    for (uint32_t i = 0; i < routing->count; i++) {
        lanes[i].made = 0;
        lanes[i].asked = lanes[i].there = i == 0;
    }
    lanes[0].room = *out;
    while (done < in->rows && status == NG_OK) {
        status = ngi_route_row(routing, context, in, done);
        done += status == NG_OK;
    }
    for (uint32_t i = 1; i < routing->count; i++) {
        if (lanes[i].made != 0) {
            (void)ng_context_made(context, i, lanes[i].made);
        }
    }
    return ng_step_of(done, lanes[0].made, status == NG_AGAIN ? NG_OK : status);
}

static const ng_operator ngi_route_calls = {"route", NULL, ngi_route_push, NULL,
                                            NULL,    NULL, NULL,           true};

static void ngi_routes(ng_river river, const ngi_routing *as, const ng_operator *calls,
                       bool complete, ng_river *rivers) {
    const size_t size =
        ngi_size_plus(ngi_size_round(sizeof *as, 64), ngi_size_times(as->count, sizeof(ngi_lane)));
    const ng_stage stage = {calls, size, NULL, NULL, as->count, false, 0};
    ngi_split(river, &stage, complete, rivers);
    ngi_routing *const routing =
        complete && as->count != 0 ? (ngi_routing *)ng_state(rivers[0]) : NULL;
    if (routing != NULL) {
        *routing = *as;
    }
}

void ng_route(ng_river river, ng_route_fn *route, void *ctx, ng_river *rivers, uint32_t count) {
    const ngi_routing routing = {route, ctx, count, 0, {NULL, 0, {0}}};
    ngi_routes(river, &routing, &ngi_route_calls, rivers != NULL && route != NULL, rivers);
}

static const ng_operator ngi_partition_calls = {"partition", NULL, ngi_route_push, NULL,
                                                NULL,        NULL, NULL,           false};

void ng_partition(ng_river river, const char *const *names, size_t name_count, ng_river *rivers,
                  uint32_t count) {
    ngi_routing routing = {NULL, NULL, count, 0, {NULL, 0, {0}}};
    const ng_schema *const schema = ng_columns(river);
    ng_status found = schema == NULL || (names != NULL && name_count == 0) ? NG_INVALID : NG_OK;
    if (found == NG_OK) {
        found = ngi_keys_find(&routing.keys, schema, names, name_count);
    }
    if (found != NG_OK) {
        (void)ng_refuse(river.graph, ngi_partition_calls.name, found);
    }
    ngi_routes(river, &routing, &ngi_partition_calls, rivers != NULL, rivers);
}

static const ng_operator ngi_round_robin_calls = {"round_robin", NULL, ngi_route_push, NULL,
                                                  NULL,          NULL, NULL,           false};

void ng_round_robin(ng_river river, ng_river *rivers, uint32_t count) {
    const ngi_routing routing = {NULL, NULL, count, 0, {NULL, 0, {0}}};
    ngi_routes(river, &routing, &ngi_round_robin_calls, rivers != NULL, rivers);
}
