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

/* Lays out an output's queue and blocks, or measures them. */
static void ngi_output_lay_out(const ng_graph *graph, const ngi_node *node, uint32_t i,
                               ngi_layout *layout) {
    const ng_graph_options *const o = &graph->options;
    ngi_output *const output = &node->outputs[i];
    void *const slots = ngi_layout_part(layout, 1, ng_link_size(&output->options));
    if (slots != NULL) { /* they fit, so they can be laid out */
        (void)!ng_link_init(&output->link, &output->options, slots);
    }
    if (!ngi_has_pool(node, i)) {
        return;
    }
    const size_t count = (size_t)output->blocks + 1;
    const size_t size = ng_pool_size(node->schema, count, o->batch_rows, o->batch_text);
    void *const blocks = ngi_layout_part(layout, 1, size == 0 ? SIZE_MAX : size);
    if (blocks != NULL) {
        (void)!ng_pool_init(&output->pool, blocks, node->schema, count, o->batch_rows,
                            o->batch_text);
    }
}

static size_t ngi_ready_words(const ng_graph *graph) { return graph->count / 64 + 1; }

/* Lays out all that flows need, or measures it; gives the bits of `ready`, which the heap is
 * behind. */
static uint64_t *ngi_graph_lay_out(const ng_graph *graph, ngi_layout *layout) {
    const size_t halves = 2 * ngi_ready_words(graph) + graph->count;
    void *const ready = ngi_layout_part(layout, halves, sizeof(uint32_t));
    for (uint32_t node = 0; node < graph->count; node++) {
        for (uint32_t i = 0; i < ngi_output_count(graph->nodes[node]); i++) {
            ngi_output_lay_out(graph, graph->nodes[node], i, layout);
        }
    }
    return (uint64_t *)ready;
}

/* The first node of which a river ends nowhere, or NULL. */
static const ngi_node *ngi_graph_dangling(const ng_graph *graph) {
    for (uint32_t node = 0; node < graph->count; node++) {
        for (uint32_t i = 0; i < ngi_output_count(graph->nodes[node]); i++) {
            if (graph->nodes[node]->outputs[i].to == NGI_NOWHERE) {
                return graph->nodes[node];
            }
        }
    }
    return NULL;
}

size_t ng_graph_memory(const ng_graph *graph) {
    if (graph->error.status != NG_OK || graph->count == 0 || ngi_graph_dangling(graph) != NULL) {
        return 0;
    }
    for (uint32_t at = graph->count; at-- > 0;) {
        for (uint32_t i = 0; i < ngi_output_count(graph->nodes[at]); i++) {
            ngi_output *const output = &graph->nodes[at]->outputs[i];
            const size_t pinned = ngi_pinned(graph, output);
            output->blocks = pinned >= UINT32_MAX ? UINT32_MAX : (uint32_t)pinned;
        }
    }
    ngi_layout layout = {NULL, 64};
    (void)ngi_graph_lay_out(graph, &layout);
    return layout.size == SIZE_MAX ? 0 : layout.size;
}

static ng_status ngi_graph_fail(ng_graph *graph, const ngi_node *node, ng_status status) {
    ngi_graph_blame(graph, status, node == NULL ? NULL : node->stage.calls->name,
                    node == NULL ? NULL : node->name, 0, node == NULL ? NGI_NOWHERE : node->self);
    return graph->error.status;
}

static ng_status ngi_graph_open(ng_graph *graph) {
    for (uint32_t i = 0; i < graph->count; i++) {
        ngi_node *const node = graph->nodes[i];
        ng_context context = {graph, node, 0};
        const ng_operator *const calls = node->stage.calls;
        ngi_make_ready(graph, i);
        if (graph->ordering != NULL) {
            graph->ordering->start(graph, node);
        }
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
    if (graph->error.status != NG_OK) {
        return graph->error.status;
    }
    const ngi_node *const dangling = ngi_graph_dangling(graph);
    if (graph->count == 0 || dangling != NULL) {
        return ngi_graph_fail(graph, dangling, graph->count == 0 ? NG_INVALID : NG_DANGLING);
    }
    const ng_allocator *const a = &graph->options.allocator;
    const size_t size = ng_graph_memory(graph);
    graph->memory = size == 0 ? NULL : (uint8_t *)a->resize(a->ctx, NULL, 0, size);
    if (graph->memory == NULL) {
        return ngi_graph_fail(graph, NULL, size == 0 ? NG_TOO_LARGE : NG_NO_MEMORY);
    }
    graph->memory_size = size;
    graph->live = graph->count;
    ngi_layout layout = {graph->memory + ngi_size_gap(graph->memory, 64), 0};
    graph->ready = ngi_graph_lay_out(graph, &layout);
    graph->heap = (uint32_t *)(void *)(graph->ready + ngi_ready_words(graph));
    __builtin_memset(graph->ready, 0, ngi_ready_words(graph) * sizeof(uint64_t));
    graph->state = NGI_RUNNING;
    const ng_status status = ngi_graph_open(graph);
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
