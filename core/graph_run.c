/* graph_run: calls operators, the one furthest down that has something to do first, so that rows
 * leave as soon as they can. */
#include "graph.h"

#include "graph_parts.h"

/* ---- sending --------------------------------------------------------------------------------- */

static void ngi_fill_stop(ngi_output *output) {
    if (output->filling != NULL) {
        (void)ng_block_release(output->filling);
        output->filling = NULL;
    }
}

static bool ngi_node_room(const ng_graph *graph, ngi_node *node, uint32_t i, ng_room *room) {
    ngi_output *const output = &node->outputs[i];
    const size_t credit = ng_link_credit(&output->link);
    if (credit == 0) {
        return false;
    }
    if (output->filling == NULL) {
        output->filling = ng_pool_take(&output->pool);
        output->filled = 0;
        if (output->filling == NULL) {
            return false;
        }
    }
    const size_t left = graph->options.batch_rows - output->filled;
    room->columns = output->filling->columns;
    room->at = output->filled;
    room->rows = left < credit ? left : credit;
    return true;
}

static ng_status ngi_node_send(ng_graph *graph, ngi_node *node, uint32_t i, ng_batch *batch) {
    ngi_output *const output = &node->outputs[i];
    const size_t rows = batch->rows;
    if (node->ordered) {
        graph->ordering->sent(node, batch);
    }
    const ng_status status = ng_link_send(&output->link, batch);
    if (status == NG_OK) {
        output->sent += rows;
        node->account.out += rows;
        ngi_make_ready(graph, output->to);
    }
    return status;
}

/* Sends the rows that were written behind those sent before. */
static void ngi_node_send_made(ng_graph *graph, ngi_node *node, uint32_t i, size_t rows) {
    ngi_output *const output = &node->outputs[i];
    if (rows == 0) {
        return;
    }
    ng_batch batch = {node->schema, output->filling, output->filled, rows};
    output->filled += rows;
    if (output->filled == graph->options.batch_rows) {
        output->filling = NULL; /* its hold is the batch's now */
    } else {
        ng_block_hold(output->filling);
    }
    if (ngi_node_send(graph, node, i, &batch) !=
        NG_OK) { /* cancelled: credit was asked for before */
        node->account.dropped += rows;
        (void)ng_batch_release(&batch);
    }
}

/* ---- ending ---------------------------------------------------------------------------------- */

/* Lets go of what waits at an input, and of what would. */
static void ngi_input_cancel(ng_graph *graph, ngi_input *input) {
    ng_link *const link = &ngi_source_of(graph, input)->link;
    if (!ng_link_is_cancelled(link)) {
        input->discarded += ng_link_queued(link);
        ng_link_cancel(link);
        ngi_make_ready(graph, input->node);
    }
    input->over = true;
}

void ngi_node_finish(ng_graph *graph, ngi_node *node, ng_status how) {
    if (node->closed) {
        return;
    }
    node->closed = true;
    node->how = how;
    for (uint32_t i = 0; i < ngi_output_count(node); i++) {
        ngi_output *const output = &node->outputs[i];
        ngi_fill_stop(output);
        (void)ng_link_end(&output->link, how);
        ngi_make_ready(graph, output->to);
    }
    for (uint32_t i = 0; i < node->input_count; i++) {
        ngi_input_cancel(graph, &node->inputs[i]);
        node->inputs[i].done = true;
    }
    if (node->opened && node->stage.calls->close != NULL) {
        node->stage.calls->close(node->state);
    }
    node->account.dropped += node->account.held;
    node->account.held = 0;
    if (node->wakes != INT64_MAX) {
        node->when = node->retry_at = INT64_MAX;
        graph->timing->update(graph, node);
    }
    graph->live--;
}

static void ngi_node_fail(ng_graph *graph, ngi_node *node, ng_status status, uint64_t row) {
    ngi_graph_blame(graph, status, node->stage.calls->name, node->name, row, node->self);
    ngi_node_finish(graph, node, status);
}

/* ---- taking ---------------------------------------------------------------------------------- */

void ngi_node_take(ng_graph *graph, ngi_node *node, uint32_t i, size_t rows) {
    ngi_input *const input = &node->inputs[i];
    if (rows == 0) {
        return;
    }
    (void)ng_link_take(&ngi_source_of(graph, input)->link, rows);
    input->received += rows;
    node->account.in += rows;
    if (graph->nodes[input->node]->blocked) {
        ngi_make_ready(graph, input->node);
    }
}

/* The number of the row that waits first at an input; of a source, of the one it makes next. */
static uint64_t ngi_node_row(const ngi_node *node, uint32_t input) {
    return input < node->input_count  ? node->inputs[input].received
           : node->stage.outputs != 0 ? node->outputs[0].sent
                                      : 0;
}

void ngi_node_stop(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *in,
                   ng_status status) {
    const uint64_t row = ngi_node_row(node, input);
    if (node->ordered) { /* the bad row is where it ends */
        graph->ordering->update(graph, node);
    }
    if (in != NULL) {
        ngi_node_take(graph, node, input, 1);
        node->account.failed++;
    }
    ngi_node_fail(graph, node, status, row);
}

/* ---- one call -------------------------------------------------------------------------------- */

ng_step ngi_operator_call(ng_context *context, ng_call call, const ng_batch *in,
                          const ng_room *out) {
    const ngi_node *const node = context->node;
    const ng_operator *const calls = node->stage.calls;
    switch (call) {
    case NG_CALL_END:
        return calls->end(node->state, context, out);
    case NG_CALL_TIMER:
        return calls->timer(node->state, context, out);
    default:
        return calls->push(node->state, context, in, out);
    }
}

/* The same, counted and told. */
static ng_step ngi_call_now(ng_context *context, ng_call call, const ng_batch *in,
                            const ng_room *out) {
    const ngi_tracing *const tracing = context->graph->tracing;
    context->node->calls++;
    return tracing == NULL ? ngi_operator_call(context, call, in, out)
                           : tracing->call(context, call, in, out);
}

/* A text that did not fit behind those of other rows may fit into a block of its own. An operator
 * without rows before it says NG_AGAIN where it has more to make. */
static bool ngi_wants_fresh_block(const ngi_node *node, ng_step step, const ng_batch *in,
                                  const ng_room *out) {
    const ng_status waits = in == NULL && node->input_count != 0 ? NG_AGAIN : NG_OK;
    return node->has_text && out != NULL && out->at != 0 && step.consumed == 0 &&
           step.produced == 0 && (step.status == NG_OK || step.status == waits);
}

bool ngi_node_call(ng_graph *graph, ngi_node *node, ng_call call, uint32_t input,
                   const ng_batch *in) {
    ng_context context = {graph, node, input};
    const bool writes = node->stage.outputs != 0 && !node->stage.forwards;
    const uint64_t before = node->account.in + node->account.out;
    ng_room room, *const out = writes ? &room : NULL;
    node->answer = NG_AGAIN;
    if (writes && !ngi_node_room(graph, node, 0, &room)) {
        return false;
    }
    graph->busy = true;
    ng_step step = ngi_call_now(&context, call, in, out);
    if (ngi_wants_fresh_block(node, step, in, out)) {
        ngi_fill_stop(&node->outputs[0]);
        if (ngi_node_room(graph, node, 0, &room)) {
            step = ngi_call_now(&context, call, in, out);
        }
    }
    graph->busy = false;
    const size_t rows = in == NULL ? 0 : in->rows;
    const size_t space = writes && ngi_node_room(graph, node, 0, &room) ? room.rows : 0;
    if (step.consumed > rows || step.produced > space) {
        ngi_node_fail(graph, node, NG_MISUSED, ngi_node_row(node, input));
        node->answer = NG_MISUSED;
        return true;
    }
    node->answer = step.status;
    ngi_node_send_made(graph, node, 0, step.produced);
    ngi_node_take(graph, node, input, step.consumed);
    node->account.out += node->stage.outputs == 0 ? step.consumed : 0;
    if (node->guarding != NULL) {
        node->guarding->good(node, step.consumed);
    }
    if (step.status < NG_OK) {
        const ng_batch *const bad = step.consumed < rows ? ng_context_first(&context, input) : NULL;
        if (bad != NULL && node->guarding != NULL) {
            return node->guarding->bad(graph, node, input, bad, step.status);
        }
        ngi_node_stop(graph, node, input, bad, step.status);
        return true;
    }
    if (step.status == NG_END) {
        ngi_node_finish(graph, node, NG_END);
        return true;
    }
    return node->account.in + node->account.out != before;
}

/* ---- one node -------------------------------------------------------------------------------- */

static bool ngi_is_unwanted(const ngi_node *node) {
    for (uint32_t i = 0; i < node->stage.outputs; i++) {
        if (!ng_link_is_cancelled(&node->outputs[i].link)) {
            return false;
        }
    }
    return node->stage.outputs != 0;
}

/* An input that has ended with an error. Answers whether the node has gone on. */
static bool ngi_input_failed(ng_graph *graph, ngi_node *node, uint32_t i, ng_status how) {
    ng_context context = {graph, node, i};
    ng_status status = NG_OK;
    if (node->stage.calls->fail != NULL) {
        graph->busy = true;
        status = node->stage.calls->fail(node->state, &context, how);
        graph->busy = false;
    }
    if (status != NG_AGAIN) {
        if (node->ordered) {
            graph->ordering->update(graph, node);
        }
        ngi_node_finish(graph, node, how);
    }
    return status != NG_AGAIN;
}

/* An input that has ended, with `how`. */
static bool ngi_input_ended(ng_graph *graph, ngi_node *node, uint32_t i, ng_status how) {
    if (how != NG_END) {
        return ngi_input_failed(graph, node, i, how);
    }
    if (node->stage.calls->end != NULL) {
        const bool progress = ngi_node_call(graph, node, NG_CALL_END, i, NULL);
        if (node->answer == NG_AGAIN) {
            return progress;
        }
    }
    if (node->closed) {
        return true;
    }
    node->inputs[i].done = true;
    for (uint32_t other = 0; other < node->input_count; other++) {
        if (!node->inputs[other].done) {
            return true;
        }
    }
    ngi_node_finish(graph, node, NG_END);
    return true;
}

/* Offers one input. `*waiting`: there was something to offer. */
static bool ngi_input_run(ng_graph *graph, ngi_node *node, uint32_t i, bool *waiting) {
    ng_link *const link = &ngi_source_of(graph, &node->inputs[i])->link;
    const bool over = node->inputs[i].over;
    if (node->inputs[i].done) {
        return false;
    }
    if (over) {
        ngi_input_cancel(graph, &node->inputs[i]);
    }
    const ng_batch *const first = ng_link_first(link);
    if (first != NULL) {
        *waiting = true;
        return node->guarding != NULL ? node->guarding->offer(graph, node, i, first)
                                      : ngi_node_call(graph, node, NG_CALL_PUSH, i, first);
    }
    const ng_status how = over ? NG_END : ng_link_state(link);
    if (how == NG_OK) {
        return false;
    }
    *waiting = true;
    return ngi_input_ended(graph, node, i, how);
}

/* Makes one call. Answers whether the node may have more to do. */
static bool ngi_node_run(ng_graph *graph, ngi_node *node) {
    bool waiting = node->input_count == 0;
    node->blocked = false;
    if (node->closed) {
        return false;
    }
    if (node->cancelled || ngi_is_unwanted(node)) {
        ngi_node_finish(graph, node, NG_END);
        return false;
    }
    if (node->due && graph->timing->run(graph, node)) {
        return true;
    }
    if (node->input_count == 0 && !node->closed &&
        ngi_node_call(graph, node, NG_CALL_PUSH, 0, NULL)) {
        return true;
    }
    for (uint32_t k = 0; k < node->input_count && !node->closed; k++) {
        const uint32_t i = node->next_input;
        node->next_input = i + 1 == node->input_count ? 0 : i + 1;
        if (ngi_input_run(graph, node, i, &waiting)) {
            return true;
        }
    }
    node->blocked = waiting || node->due;
    return false;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* The node furthest down that is ready, or NGI_NOWHERE. */
static uint32_t ngi_next_ready(const ng_graph *graph) {
    for (size_t word = graph->count / 64 + 1; word-- > 0;) {
        if (graph->ready[word] != 0) {
            return (uint32_t)(64 * word) + 63 - (uint32_t)__builtin_clzll(graph->ready[word]);
        }
    }
    return NGI_NOWHERE;
}

static ng_status ngi_graph_end(ng_graph *graph) {
    graph->state = NGI_ENDED;
    return graph->error.status == NG_OK ? NG_END : graph->error.status;
}

ng_status ng_graph_step(ng_graph *graph, size_t calls) {
    if (graph == NULL || graph->busy) {
        return graph == NULL ? NG_INVALID : NG_MISUSED;
    }
    if (graph->state == NGI_ENDED) {
        return ngi_graph_end(graph);
    }
    if (graph->state != NGI_RUNNING) {
        return NG_MISUSED;
    }
    if (graph->timers != 0) {
        graph->timing->ring(graph, ngi_graph_now(graph));
    }
    for (; calls != 0 && !graph->cancelling; calls--) {
        const uint32_t i = ngi_next_ready(graph);
        if (i == NGI_NOWHERE) {
            break;
        }
        if (!ngi_node_run(graph, graph->nodes[i])) {
            graph->ready[i / 64] &= ~((uint64_t)1 << (i % 64));
        }
        if (graph->nodes[i]->ordered) {
            graph->ordering->update(graph, graph->nodes[i]);
        }
    }
    if (graph->cancelling) {
        ng_graph_cancel(graph);
    }
    if (graph->live == 0) {
        return ngi_graph_end(graph);
    }
    const bool idle = ngi_next_ready(graph) == NGI_NOWHERE;
    ngi_node *const stalled =
        idle && graph->ordering != NULL ? graph->ordering->stalled(graph) : NULL;
    if (stalled != NULL) {
        ngi_node_fail(graph, stalled, NG_NO_CREDIT, stalled->account.in);
    }
    return idle && stalled == NULL ? NG_OK : NG_AGAIN;
}

static void ngi_graph_tell(ng_graph *graph) {
    if (graph->woken != NULL) {
        graph->woken(graph->woken_ctx);
    }
}

/* The node that gave a river, if it may have something to do; made ready. */
static ngi_node *ngi_wake_node(ng_river river) {
    ng_graph *const graph = river.graph;
    if (graph == NULL || river.node >= graph->count || graph->state != NGI_RUNNING) {
        return NULL;
    }
    ngi_make_ready(graph, river.node);
    ngi_graph_tell(graph);
    return graph->nodes[river.node];
}

void ng_graph_wake(ng_river river) { (void)ngi_wake_node(river); }

void ng_cancel(ng_river river) {
    ngi_node *const node = ngi_wake_node(river);
    if (node != NULL) {
        node->cancelled = true;
    }
}

void ng_graph_cancel(ng_graph *graph) {
    if (graph->state != NGI_RUNNING) {
        return;
    }
    graph->cancelling = true;
    if (graph->busy) { /* from within a call: after it */
        return;
    }
    for (uint32_t i = graph->count; i-- > 0;) {
        ngi_node_finish(graph, graph->nodes[i], NG_CANCELLED);
    }
    graph->cancelling = false;
    graph->state = NGI_ENDED;
    ngi_graph_tell(graph);
}

/* ---- what operators ask ---------------------------------------------------------------------- */

uint32_t ng_context_input(const ng_context *context) { return context->input; }

const ng_batch *ng_context_first(ng_context *context, uint32_t input) {
    return input >= context->node->input_count
               ? NULL
               : ng_link_first(&ngi_source_of(context->graph, &context->node->inputs[input])->link);
}

uint64_t ng_context_row(const ng_context *context, uint32_t input) {
    const ngi_input *const from = &context->node->inputs[input];
    return input >= context->node->input_count
               ? 0
               : from->received + ngi_source_of(context->graph, from)->link.front_rows;
}

ng_status ng_context_take(ng_context *context, uint32_t input, size_t rows) {
    const ng_batch *const first = ng_context_first(context, input);
    if (first == NULL || rows > first->rows) {
        return NG_INVALID;
    }
    ngi_node_take(context->graph, context->node, input, rows);
    context->node->account.out += context->node->stage.outputs == 0 ? rows : 0;
    return NG_OK;
}

void ng_context_cancel(ng_context *context, uint32_t input) {
    if (input < context->node->input_count) {
        context->node->inputs[input].over = true; /* seen to after the call */
    }
}

size_t ng_context_credit(ng_context *context, uint32_t output) {
    return output >= ngi_output_count(context->node)
               ? 0
               : ng_link_credit(&context->node->outputs[output].link);
}

bool ng_context_is_cancelled(const ng_context *context, uint32_t output) {
    return output >= ngi_output_count(context->node) ||
           ng_link_is_cancelled(&context->node->outputs[output].link);
}

ng_status ng_context_forward(ng_context *context, uint32_t output, const ng_batch *batch,
                             size_t from, size_t rows) {
    ng_batch slice;
    if (output >= ngi_output_count(context->node) || rows == 0) {
        return NG_INVALID;
    }
    ngi_output *const to = &context->node->outputs[output];
    if (ng_link_is_cancelled(&to->link)) {
        return NG_CANCELLED;
    }
    if (rows > ng_link_credit(&to->link)) {
        return NG_AGAIN;
    }
    ng_status status = ng_batch_slice(batch, from, rows, &slice);
    if (status == NG_OK) {
        status = ngi_node_send(context->graph, context->node, output, &slice);
    }
    return status;
}

bool ng_context_room(ng_context *context, uint32_t output, ng_room *room) {
    return ngi_has_pool(context->node, output) &&
           ngi_node_room(context->graph, context->node, output, room);
}

void ng_context_renew(ng_context *context, uint32_t output) {
    if (ngi_has_pool(context->node, output)) {
        ngi_fill_stop(&context->node->outputs[output]);
    }
}

ng_status ng_context_made(ng_context *context, uint32_t output, size_t rows) {
    ng_room room;
    if (output == 0 || !ng_context_room(context, output, &room) || rows > room.rows) {
        return NG_INVALID;
    }
    ngi_node_send_made(context->graph, context->node, output, rows);
    return NG_OK;
}

void ng_context_count(ng_context *context, ng_fate fate, int64_t rows) {
    static const uint8_t places[] = {offsetof(ng_account, filtered), offsetof(ng_account, late),
                                     offsetof(ng_account, dropped),  offsetof(ng_account, failed),
                                     offsetof(ng_account, held),     offsetof(ng_account, in)};
    uint8_t *const account = (uint8_t *)&context->node->account;
    *(uint64_t *)(void *)(account + places[fate]) += (uint64_t)rows;
}

int64_t ng_context_now(const ng_context *context) { return ngi_graph_now(context->graph); }

void ng_context_call_at(ng_context *context, int64_t when) {
    context->node->when = when;
    ngi_timer_update(context->graph, context->node);
}
