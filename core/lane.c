/* lane: two operators on both ends of a link, and what tells them about each other. */
#include "lane.h"

#include "loop_parts.h"
#include "sizes.h"

static size_t ngi_lane_slots(const ng_link_options *options) {
    return ngi_size_round(ng_link_size(options), 64);
}

size_t ng_lane_size(const ng_link_options *options) {
    if (options == NULL || options->overflow != NG_OVERFLOW_BLOCK || ng_link_size(options) == 0) {
        return 0;
    }
    const size_t size = ngi_size_plus(ngi_lane_slots(options),
                                      ngi_size_times(options->batches, sizeof(ngi_parcel)));
    return size == SIZE_MAX ? 0 : size;
}

/* The last hold of a parcel is gone; on the thread that had it. */
static void ngi_parcel_return(ng_block *block) {
    ngi_parcel *const parcel = (ngi_parcel *)block->owner;
    ng_lane *const lane = parcel->lane;
    (void)ng_batch_release(&parcel->batch);
    block->next = __atomic_load_n(&lane->returned, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&lane->returned, &block->next, block, true,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
    }
    ngi_bell_ring_after(&lane->sender.bell);
}

static ngi_parcel *ngi_parcel_take(ng_lane *lane) {
    if (lane->idle == NULL) {
        ng_block *const back =
            __atomic_exchange_n(&lane->returned, (ng_block *)NULL, __ATOMIC_SEQ_CST);
        lane->idle = back == NULL ? NULL : (ngi_parcel *)back->owner;
    }
    ngi_parcel *const parcel = lane->idle;
    if (parcel != NULL) {
        ng_block *const next = parcel->block.next;
        lane->idle = next == NULL ? NULL : (ngi_parcel *)next->owner;
    }
    return parcel;
}

static void ngi_parcel_put(ng_lane *lane, ngi_parcel *parcel) {
    parcel->block.next = lane->idle == NULL ? NULL : &lane->idle->block;
    lane->idle = parcel;
}

static void ngi_lane_rung(ngi_bell *bell) {
    ng_graph_wake(((ngi_lane_side *)(void *)bell)->river); /* the bell is its first field */
}

static void ngi_lane_side_init(ngi_lane_side *side) {
    ngi_bell_init(&side->bell, NULL, ngi_lane_rung);
    side->river.graph = NULL;
    side->river.node = side->river.output = 0;
}

ng_status ng_lane_init(ng_lane *lane, const ng_link_options *options, const ng_schema *schema,
                       void *memory) {
    if (lane == NULL || memory == NULL || ng_lane_size(options) == 0 ||
        ng_schema_check(schema) != NG_OK) {
        return NG_INVALID;
    }
    lane->schema = schema;
    lane->parcels = (ngi_parcel *)(void *)((uint8_t *)memory + ngi_lane_slots(options));
    lane->idle = NULL;
    lane->returned = NULL;
    for (size_t i = options->batches; i-- > 0;) {
        ngi_parcel *const parcel = &lane->parcels[i];
        parcel->lane = lane;
        parcel->batch.block = NULL;
        parcel->block.owner = parcel;
        ngi_parcel_put(lane, parcel);
    }
    ngi_lane_side_init(&lane->sender);
    ngi_lane_side_init(&lane->taker);
    return ng_link_init(&lane->link, options, memory);
}

/* An open lane is what its loops wait for. */
static ng_status ngi_lane_open(ngi_lane_side *side) {
    side->bell.loop->channels++;
    return NG_OK;
}

static void ngi_lane_leave(ngi_lane_side *side) {
    side->bell.loop->channels--;
    side->river.graph = NULL;
}

/* Makes the operator a side of the lane, unless there is one. */
static ng_river ngi_lane_take_side(ng_lane *lane, ngi_lane_side *side, ng_loop *loop,
                                   ng_graph *graph, const ng_river *from, const ng_stage *stage) {
    if (lane == NULL || loop == NULL) {
        return ng_refuse(graph, stage->calls->name, NG_INVALID);
    }
    if (side->bell.loop != NULL) {
        return ng_refuse(graph, stage->calls->name, NG_MISUSED);
    }
    side->bell.loop = loop;
    side->river = ng_apply(graph, from, from != NULL, stage);
    return side->river;
}

/* ---- sending --------------------------------------------------------------------------------- */

static ng_lane *ngi_lane_of(void *state) { return *(ng_lane **)state; }

static ng_status ngi_to_lane_open(void *state, ng_context *context) {
    (void)context;
    return ngi_lane_open(&ngi_lane_of(state)->sender);
}

/* Sends what there is credit and a parcel for. */
static ng_step ngi_to_lane_send(ng_lane *lane, const ng_batch *in) {
    if (ng_link_is_cancelled(&lane->link)) {
        return ng_step_of(0, 0, NG_END);
    }
    const size_t credit = ng_link_credit(&lane->link);
    const size_t rows = in->rows < credit ? in->rows : credit;
    ngi_parcel *const parcel = rows == 0 ? NULL : ngi_parcel_take(lane);
    if (parcel == NULL) {
        return ng_step_of(0, 0, NG_OK);
    }
    ng_status status = ng_batch_slice(in, 0, rows, &parcel->batch);
    if (status == NG_OK) {
        ng_block_init(&parcel->block, in->block->columns, in->block->capacity, ngi_parcel_return,
                      parcel);
        ng_batch batch = {in->schema, &parcel->block, parcel->batch.offset, rows};
        status = ng_link_send(&lane->link, &batch);
    }
    if (status != NG_OK) { /* cancelled since */
        (void)ng_batch_release(&parcel->batch);
        ngi_parcel_put(lane, parcel);
        return ng_step_of(0, 0, NG_END);
    }
    ngi_bell_ring_after(&lane->taker.bell);
    return ng_step_of(rows, 0, NG_OK);
}

static ng_step ngi_to_lane_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    ng_lane *const lane = ngi_lane_of(state);
    (void)context;
    (void)out;
    ng_step step = ngi_to_lane_send(lane, in);
    if (step.consumed == 0 && step.status == NG_OK) {
        ngi_bell_arm(&lane->sender.bell);
        step = ngi_to_lane_send(lane, in);
    }
    return step;
}

static void ngi_to_lane_finish(ng_lane *lane, ng_status how) {
    if (ng_link_end(&lane->link, how) == NG_OK) {
        ngi_bell_ring_after(&lane->taker.bell);
    }
}

static ng_step ngi_to_lane_end(void *state, ng_context *context, const ng_room *out) {
    (void)context;
    (void)out;
    ngi_to_lane_finish(ngi_lane_of(state), NG_END);
    return ng_step_of(0, 0, NG_OK);
}

static ng_status ngi_to_lane_fail(void *state, ng_context *context, ng_status status) {
    (void)context;
    ngi_to_lane_finish(ngi_lane_of(state), status);
    return NG_OK;
}

static void ngi_to_lane_close(void *state) {
    ng_lane *const lane = ngi_lane_of(state);
    ngi_to_lane_finish(lane, NG_CANCELLED);
    ngi_lane_leave(&lane->sender);
}

static const ng_operator ngi_to_lane_calls = {
    "to_lane", ngi_to_lane_open, ngi_to_lane_push,  ngi_to_lane_end,
    NULL,      ngi_to_lane_fail, ngi_to_lane_close, false};

ng_river ng_to_lane(ng_river river, ng_lane *lane, ng_loop *loop) {
    const ng_schema *const columns = ng_columns(river);
    ng_stage stage = {&ngi_to_lane_calls, sizeof lane, (void *)&lane, NULL, 0, false, 0};
    if (lane != NULL && columns != NULL && !ng_schema_equal(columns, lane->schema)) {
        return ng_refuse(river.graph, stage.calls->name, NG_MISMATCH);
    }
    stage.holds = lane == NULL ? 0 : (uint32_t)lane->link.options.batches;
    return ngi_lane_take_side(lane, lane == NULL ? NULL : &lane->sender, loop, river.graph, &river,
                              &stage);
}

/* ---- taking ---------------------------------------------------------------------------------- */

static ng_status ngi_from_lane_open(void *state, ng_context *context) {
    (void)context;
    return ngi_lane_open(&ngi_lane_of(state)->taker);
}

static ng_step ngi_from_lane_push(void *state, ng_context *context, const ng_batch *in,
                                  const ng_room *out) {
    ng_lane *const lane = ngi_lane_of(state);
    const ng_batch *first = ng_link_first(&lane->link);
    (void)in;
    (void)out;
    if (first == NULL) {
        ngi_bell_arm(&lane->taker.bell);
        const ng_status how = ng_link_state(&lane->link);
        first = ng_link_first(&lane->link);
        if (first == NULL) {
            return ng_step_of(0, 0, how);
        }
    }
    const size_t credit = ng_context_credit(context, 0);
    const size_t rows = first->rows < credit ? first->rows : credit;
    if (rows == 0) {
        return ng_step_of(0, 0, NG_OK);
    }
    const ng_status status = ng_context_forward(context, 0, first, 0, rows);
    if (status != NG_OK) {
        return ng_step_of(0, 0, status == NG_AGAIN ? NG_OK : NG_END);
    }
    ng_context_count(context, NG_MADE, (int64_t)rows);
    (void)ng_link_take(&lane->link, rows);
    ngi_bell_ring_after(&lane->sender.bell);
    return ng_step_of(0, 0, NG_OK);
}

static void ngi_from_lane_close(void *state) {
    ng_lane *const lane = ngi_lane_of(state);
    ng_link_cancel(&lane->link);
    ngi_bell_ring_after(&lane->sender.bell);
    ngi_lane_leave(&lane->taker);
}

static const ng_operator ngi_from_lane_calls = {
    "from_lane", ngi_from_lane_open, ngi_from_lane_push, NULL, NULL, NULL, ngi_from_lane_close,
    false};

ng_river ng_from_lane(ng_graph *graph, ng_lane *lane, ng_loop *loop) {
    const ng_stage stage = {&ngi_from_lane_calls,
                            sizeof lane,
                            (void *)&lane,
                            lane == NULL ? NULL : lane->schema,
                            1,
                            true,
                            0};
    return ngi_lane_take_side(lane, lane == NULL ? NULL : &lane->taker, loop, graph, NULL, &stage);
}

void ng_lane_close(ng_lane *lane) {
    if (lane != NULL && lane->schema != NULL) {
        ng_link_close(&lane->link);
        lane->schema = NULL;
    }
}
