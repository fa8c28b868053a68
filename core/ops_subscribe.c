/* ops_subscribe: demand at the end of a river. */
#include "ops_subscribe.h"

static ng_subscription *ngi_subscription_of(void *state) { return *(ng_subscription **)state; }

static void ngi_subscription_fail(ng_subscription *s, ng_status status) {
    if (s->over) {
        return;
    }
    s->over = true;
    if (s->calls->on_error != NULL) {
        s->calls->on_error(status, s->ctx);
    }
}

static ng_status ngi_subscribe_open(void *state, ng_context *context) {
    ng_subscription *const s = ngi_subscription_of(state);
    (void)context;
    if (s->calls->on_subscribe != NULL) {
        s->calls->on_subscribe(s, s->ctx);
    }
    return s->over ? NG_END : NG_OK;
}

static ng_step ngi_subscribe_push(void *state, ng_context *context, const ng_batch *in,
                                  const ng_room *out) {
    ng_subscription *const s = ngi_subscription_of(state);
    size_t done = 0;
    (void)context;
    (void)out;
    while (done < in->rows && s->demand != 0 && !s->over) {
        s->demand -= s->demand != UINT64_MAX;
        if (s->calls->on_next != NULL) {
            s->calls->on_next(s, ng_batch_row(in, done), s->ctx);
        }
        done++;
    }
    return ng_step_of(done, 0, s->over ? NG_END : NG_OK);
}

static ng_step ngi_subscribe_end(void *state, ng_context *context, const ng_room *out) {
    ng_subscription *const s = ngi_subscription_of(state);
    (void)context;
    (void)out;
    if (!s->over && s->calls->on_complete != NULL) {
        s->over = true;
        s->calls->on_complete(s->ctx);
    }
    s->over = true;
    return ng_step_of(0, 0, NG_OK);
}

static ng_status ngi_subscribe_fail(void *state, ng_context *context, ng_status status) {
    (void)context;
    ngi_subscription_fail(ngi_subscription_of(state), status);
    return NG_OK;
}

static const ng_operator ngi_subscribe_calls = {"subscribe",
                                                ngi_subscribe_open,
                                                ngi_subscribe_push,
                                                ngi_subscribe_end,
                                                NULL,
                                                ngi_subscribe_fail,
                                                NULL,
                                                false};

ng_river ng_subscribe(ng_river river, ng_subscription *subscription, const ng_subscriber *calls,
                      void *ctx) {
    if (subscription == NULL || calls == NULL) {
        return ng_refuse(river.graph, ngi_subscribe_calls.name, NG_INVALID);
    }
    const ng_stage stage = {
        &ngi_subscribe_calls, sizeof subscription, (void *)&subscription, NULL, 0, false, 0};
    subscription->calls = calls;
    subscription->ctx = ctx;
    subscription->demand = 0;
    subscription->over = false;
    subscription->river = ng_apply(river.graph, &river, 1, &stage);
    return subscription->river;
}

void ng_request(ng_subscription *s, uint64_t rows) {
    if (s->over) {
        return;
    }
    if (rows == 0) {
        ngi_subscription_fail(s, NG_INVALID);
        ng_cancel(s->river);
        return;
    }
    s->demand = rows > UINT64_MAX - s->demand ? UINT64_MAX : s->demand + rows;
    ng_graph_wake(s->river);
}

void ng_subscription_cancel(ng_subscription *s) {
    s->over = true;
    ng_cancel(s->river);
}
