/* graph_trace: tells a tracer of each call. */
#include "graph.h"

#include "graph_parts.h"

static ng_step ngi_trace_call(ng_context *context, ng_call call, const ng_batch *in,
                              const ng_room *out) {
    const ng_graph *const graph = context->graph;
    const ngi_node *const node = context->node;
    const ng_tracer *const tracer = &graph->tracer;
    const uint64_t taken = node->account.in, sent = node->account.out;
    ng_span span;
    __builtin_memset(&span, 0, sizeof span);
    span.calls = node->stage.calls->name;
    span.river = node->name;
    span.node = node->self;
    span.call = call;
    span.begin = ngi_graph_now(graph);
    if (tracer->begin != NULL) {
        tracer->begin(tracer->ctx, &span);
    }
    const ng_step step = ngi_operator_call(context, call, in, out);
    span.end = ngi_graph_now(graph);
    span.rows_in = node->account.in - taken + step.consumed;
    span.rows_out = node->account.out - sent + step.produced;
    span.status = step.status;
    tracer->end(tracer->ctx, &span);
    return step;
}

static const ngi_tracing ngi_trace_tracing = {ngi_trace_call};

ng_status ng_graph_trace(ng_graph *graph, const ng_tracer *tracer) {
    if (graph == NULL || tracer == NULL || tracer->end == NULL) {
        return NG_INVALID;
    }
    graph->tracer = *tracer;
    graph->tracing = &ngi_trace_tracing;
    return NG_OK;
}
