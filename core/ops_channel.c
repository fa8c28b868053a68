/* ops_channel: a source that receives and a sink that sends. */
#include "ops_channel.h"

#include "sizes.h"

/* ---- the source ------------------------------------------------------------------------------ */

typedef struct ngi_from_channel {
    ng_channel *channel;
    ng_loop *loop;
    ng_unpack_fn *unpack;
    void *ctx;
    ng_task reader;
    ng_river river;
    bool pending;     /* `item` was received, and is to become a row */
    uint64_t item[1]; /* as many as an item has bytes for */
} ngi_from_channel;

static void ngi_from_channel_wake(ng_task *task) {
    ng_graph_wake(((ngi_from_channel *)task->ctx)->river);
}

static ng_status ngi_from_channel_open(void *state, ng_context *context) {
    ngi_from_channel *const from = (ngi_from_channel *)state;
    (void)context;
    from->reader.run = ngi_from_channel_wake;
    from->reader.ctx = from;
    return ng_channel_listen(from->channel, from->loop, &from->reader);
}

static ng_step ngi_from_channel_push(void *state, ng_context *context, const ng_batch *in,
                                     const ng_room *out) {
    ngi_from_channel *const from = (ngi_from_channel *)state;
    ng_status status = NG_OK;
    size_t made = 0;
    (void)in;
    while (made < out->rows) {
        if (!from->pending) {
            status = ng_receive(from->channel, from->item);
            if (status != NG_OK) {
                break;
            }
            from->pending = true;
        }
        status = from->unpack(from->item, ng_room_row(out, made), from->ctx);
        if (status != NG_OK) {
            break;
        }
        from->pending = false;
        made++;
    }
    ng_context_count(context, NG_MADE, (int64_t)made);
    const bool no_room = status == NG_TOO_LARGE && out->at + made != 0;
    return ng_step_of(0, made, status == NG_AGAIN || no_room ? NG_OK : status);
}

static void ngi_from_channel_close(void *state) {
    ngi_from_channel *const from = (ngi_from_channel *)state;
    ng_task_cancel(&from->reader);
    ng_channel_leave(from->channel);
}

static const ng_operator ngi_from_channel_calls = {"from_channel",
                                                   ngi_from_channel_open,
                                                   ngi_from_channel_push,
                                                   NULL,
                                                   NULL,
                                                   NULL,
                                                   ngi_from_channel_close,
                                                   false};

ng_river ng_from_channel(ng_graph *graph, const ng_schema *schema, ng_channel *channel,
                         ng_loop *loop, ng_unpack_fn *unpack, void *ctx) {
    if (channel == NULL || loop == NULL || unpack == NULL) {
        return ng_refuse(graph, "from_channel", NG_INVALID);
    }
    const size_t size = ngi_size_plus(sizeof(ngi_from_channel), channel->item_size);
    const ng_stage stage = {&ngi_from_channel_calls, size, NULL, schema, 1, false, 0};
    const ng_river river = ng_apply(graph, NULL, 0, &stage);
    ngi_from_channel *const from = (ngi_from_channel *)ng_state(river);
    if (from != NULL) {
        from->channel = channel;
        from->loop = loop;
        from->unpack = unpack;
        from->ctx = ctx;
        from->river = river;
    }
    return river;
}

/* ---- the sink -------------------------------------------------------------------------------- */

typedef struct ngi_to_channel {
    ng_channel *channel;
    ng_channel_wait *wait;
    ng_loop *loop;
    ng_pack_fn *pack;
    void *ctx;
    bool closes;
    ng_task sender;
    ng_river river;
    uint64_t item[1]; /* as many as an item has bytes for */
} ngi_to_channel;

static void ngi_to_channel_wake(ng_task *task) {
    ng_graph_wake(((ngi_to_channel *)task->ctx)->river);
}

static ng_status ngi_to_channel_open(void *state, ng_context *context) {
    ngi_to_channel *const to = (ngi_to_channel *)state;
    (void)context;
    to->sender.run = ngi_to_channel_wake;
    to->sender.ctx = to;
    to->loop->channels++;
    return NG_OK;
}

static ng_step ngi_to_channel_push(void *state, ng_context *context, const ng_batch *in,
                                   const ng_room *out) {
    ngi_to_channel *const to = (ngi_to_channel *)state;
    ng_status status = NG_OK;
    size_t sent = 0;
    (void)context;
    (void)out;
    while (sent < in->rows && status == NG_OK) {
        status = to->pack(ng_batch_row(in, sent), to->item, to->ctx);
        if (status == NG_OK) {
            status = ng_send(to->channel, to->item);
            sent += status == NG_OK;
        }
    }
    if (status == NG_AGAIN) {
        /* It may be waiting already, having been woken by something else. */
        (void)ng_channel_await(to->channel, to->wait, to->loop, &to->sender);
        status = NG_OK;
    }
    return ng_step_of(sent, 0, status == NG_CLOSED ? NG_END : status);
}

static void ngi_to_channel_close(void *state) {
    ngi_to_channel *const to = (ngi_to_channel *)state;
    to->loop->channels--;
    ng_task_cancel(&to->sender);
    to->wait->task = NULL; /* who is told about room does not know this operator any more */
    if (to->closes) {
        ng_channel_close(to->channel);
    }
}

static const ng_operator ngi_to_channel_calls = {
    "to_channel", ngi_to_channel_open, ngi_to_channel_push, NULL, NULL, NULL, ngi_to_channel_close,
    true};

ng_river ng_to_channel(ng_river river, ng_channel *channel, ng_channel_wait *wait, ng_loop *loop,
                       ng_pack_fn *pack, void *ctx, bool close) {
    if (channel == NULL || wait == NULL || loop == NULL || pack == NULL) {
        return ng_refuse(river.graph, "to_channel", NG_INVALID);
    }
    const size_t size = ngi_size_plus(sizeof(ngi_to_channel), channel->item_size);
    const ng_stage stage = {&ngi_to_channel_calls, size, NULL, NULL, 0, false, 0};
    const ng_river sink = ng_apply(river.graph, &river, 1, &stage);
    ngi_to_channel *const to = (ngi_to_channel *)ng_state(sink);
    if (to != NULL) {
        to->channel = channel;
        to->wait = wait;
        to->loop = loop;
        to->pack = pack;
        to->ctx = ctx;
        to->closes = close;
        to->river = sink;
    }
    return sink;
}
