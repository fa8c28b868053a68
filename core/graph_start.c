/* graph_start: checks a graph, measures it, lays its memory out, and gives it back. */
#include "graph.h"

#include "graph_parts.h"

/* Blocks that can be pinned behind an output: one in each place of its queue, and, where what takes
 * them passes them on, those behind that. Nodes come after their inputs, so the last comes first.
 */
static size_t ngi_pinned(const ng_graph *graph, const ngi_output *output) {
    const ngi_node *const to = graph->nodes[output->to];
    size_t pinned = ngi_size_plus(output->options.batches, to->stage.holds);
    for (uint32_t i = 0; i < ngi_output_count(to); i++) {
        if (!ngi_has_pool(to, i)) {
            pinned = ngi_size_plus(pinned, to->outputs[i].blocks);
        }
    }
    return pinned;
}

static size_t ngi_output_size(const ng_graph *graph, const ngi_node *node, uint32_t i) {
    const ngi_output *const output = &node->outputs[i];
    const size_t slots = ngi_size_round(ng_link_size(&output->options), 64);
    if (!ngi_has_pool(node, i)) {
        return slots;
    }
    const size_t pool = ng_pool_size(node->schema, (size_t)output->blocks + 1,
                                     graph->options.batch_rows, graph->options.batch_text);
    return pool == 0 ? SIZE_MAX : ngi_size_plus(slots, ngi_size_round(pool, 64));
}

static bool ngi_is_dangling(const ngi_node *node) {
    bool dangling = false;
    for (uint32_t i = 0; i < ngi_output_count(node); i++) {
        dangling = dangling || node->outputs[i].to == NGI_NOWHERE;
    }
    return dangling;
}

static size_t ngi_ready_words(const ng_graph *graph) { return graph->count / 64 + 1; }

size_t ng_graph_memory(const ng_graph *graph) {
    if (graph->error.status != NG_OK || graph->count == 0) {
        return 0;
    }
    size_t size = ngi_size_round(ngi_size_times(ngi_ready_words(graph), sizeof(uint64_t)), 64);
    size = ngi_size_plus(size, ngi_size_round(ngi_size_times(graph->count, sizeof(uint32_t)), 64));
    size = ngi_size_plus(size, 64);
    for (uint32_t at = graph->count; at-- > 0;) {
        ngi_node *const node = graph->nodes[at];
        if (ngi_is_dangling(node)) {
            return 0;
        }
        for (uint32_t i = 0; i < ngi_output_count(node); i++) {
            const size_t pinned = ngi_pinned(graph, &node->outputs[i]);
            node->outputs[i].blocks = pinned >= UINT32_MAX ? UINT32_MAX : (uint32_t)pinned;
            size = ngi_size_plus(size, ngi_output_size(graph, node, i));
        }
    }
    return size == SIZE_MAX ? 0 : size;
}

static ng_status ngi_graph_fail(ng_graph *graph, const ngi_node *node, ng_status status) {
    ngi_graph_blame(graph, status, node == NULL ? NULL : node->stage.calls->name,
                    node == NULL ? NULL : node->name, 0, node == NULL ? NGI_NOWHERE : node->self);
    return graph->error.status;
}

static ng_status ngi_graph_check(ng_graph *graph) {
    if (graph->error.status != NG_OK) {
        return graph->error.status;
    }
    if (graph->count == 0) {
        return ngi_graph_fail(graph, NULL, NG_INVALID);
    }
    for (uint32_t i = 0; i < graph->count; i++) {
        if (ngi_is_dangling(graph->nodes[i])) {
            return ngi_graph_fail(graph, graph->nodes[i], NG_DANGLING);
        }
    }
    return NG_OK;
}

static ng_status ngi_output_lay_out(ng_graph *graph, ngi_node *node, uint32_t i, uint8_t **at) {
    ngi_output *const output = &node->outputs[i];
    const ng_graph_options *const o = &graph->options;
    ng_status status = ng_link_init(&output->link, &output->options, *at);
    *at += ngi_size_round(ng_link_size(&output->options), 64);
    if (status == NG_OK && ngi_has_pool(node, i)) {
        const size_t count = (size_t)output->blocks + 1;
        status =
            ng_pool_init(&output->pool, *at, node->schema, count, o->batch_rows, o->batch_text);
        *at += ngi_size_round(ng_pool_size(node->schema, count, o->batch_rows, o->batch_text), 64);
    }
    return status;
}

static ng_status ngi_graph_lay_out(ng_graph *graph) {
    uint8_t *at = graph->memory + ngi_size_gap(graph->memory, 64);
    graph->ready = (uint64_t *)(void *)at;
    for (size_t i = 0; i < ngi_ready_words(graph); i++) {
        graph->ready[i] = 0;
    }
    at += ngi_size_round(ngi_ready_words(graph) * sizeof(uint64_t), 64);
    graph->heap = (uint32_t *)(void *)at;
    at += ngi_size_round(graph->count * sizeof(uint32_t), 64);
    ng_status status = NG_OK;
    for (uint32_t node = 0; node < graph->count; node++) {
        if (graph->ordering != NULL) {
            graph->ordering->start(graph, graph->nodes[node]);
        }
        for (uint32_t i = 0; i < ngi_output_count(graph->nodes[node]) && status == NG_OK; i++) {
            status = ngi_output_lay_out(graph, graph->nodes[node], i, &at);
        }
        ngi_make_ready(graph, node);
    }
    return status;
}

static ng_status ngi_graph_open(ng_graph *graph) {
    for (uint32_t i = 0; i < graph->count; i++) {
        ngi_node *const node = graph->nodes[i];
        ng_context context = {graph, node, 0};
        const ng_operator *const calls = node->stage.calls;
        node->opened = true;
        const ng_status status = calls->open == NULL ? NG_OK : calls->open(node->state, &context);
        if (status < NG_OK) {
            return ngi_graph_fail(graph, node, status);
        }
        if (status == NG_END) {
            ngi_node_finish(graph, node, NG_END);
        }
    }
    return NG_OK;
}

ng_status ng_graph_start(ng_graph *graph) {
    if (graph == NULL) {
        return NG_INVALID;
    }
    if (graph->state != NGI_BUILDING) {
        return NG_MISUSED;
    }
    ng_status status = ngi_graph_check(graph);
    if (status != NG_OK) {
        return status;
    }
    const ng_allocator *const a = &graph->options.allocator;
    const size_t size = ng_graph_memory(graph);
    graph->memory = size == 0 ? NULL : (uint8_t *)a->resize(a->ctx, NULL, 0, size);
    if (graph->memory == NULL) {
        return ngi_graph_fail(graph, NULL, size == 0 ? NG_TOO_LARGE : NG_NO_MEMORY);
    }
    graph->memory_size = size;
    graph->live = graph->count;
    status = ngi_graph_lay_out(graph);
    if (status != NG_OK) {
        return ngi_graph_fail(graph, NULL, status);
    }
    graph->state = NGI_RUNNING;
    status = ngi_graph_open(graph);
    if (status != NG_OK) {
        ng_graph_cancel(graph);
    }
    return status;
}

void ng_graph_close(ng_graph *graph) {
    if (graph->state == NGI_CLOSED || graph->busy) {
        return;
    }
    if (graph->state == NGI_RUNNING) {
        ng_graph_cancel(graph);
    }
    const ng_allocator *const a = &graph->options.allocator;
    for (uint32_t i = 0; i < graph->count; i++) {
        ngi_node *const node = graph->nodes[i];
        if (node->guarding != NULL) {
            node->guarding->close(graph, node);
        }
        (void)a->resize(a->ctx, node, node->size, 0);
    }
    if (graph->nodes != NULL) {
        (void)a->resize(a->ctx, graph->nodes, graph->room * sizeof(ngi_node *), 0);
    }
    if (graph->memory != NULL) {
        (void)a->resize(a->ctx, graph->memory, graph->memory_size, 0);
    }
    graph->nodes = NULL;
    graph->memory = NULL;
    graph->count = 0;
    graph->state = NGI_CLOSED;
}

ng_error ng_graph_error(const ng_graph *graph) { return graph->error; }
