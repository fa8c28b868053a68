/* graph_order: which rows may still come, by their place in the order of all rows.
 *
 * Where an ordered merge is further down, each node keeps its front: a position that no row it has
 * still to bring out is before. It follows from the fronts above it, so it moves on where rows are
 * left out, too. */
#include "graph.h"

#include "graph_parts.h"
#include "ops_order.h"

/* The position of what comes next from an input; UINT64_MAX: nothing. */
static uint64_t ngi_order_bound(const ng_graph *graph, const ngi_input *input) {
    const ng_link *const link = &ngi_source_of(graph, input)->link;
    const ng_batch *const first = ng_link_first(link);
    if (input->done || input->over || ng_link_state(link) == NG_END) {
        return UINT64_MAX;
    }
    if (input->positions == NGI_NO_COLUMN) {
        return input->received + link->front_rows;
    }
    if (first == NULL) {
        return graph->nodes[input->node]->front;
    }
    const ng_column *const column = &first->block->columns[input->positions];
    return ((const uint64_t *)column->values)[first->offset];
}

uint64_t ng_context_position(const ng_context *context, uint32_t input) {
    return input >= context->node->input_count
               ? UINT64_MAX
               : ngi_order_bound(context->graph, &context->node->inputs[input]);
}

static void ngi_order_start(const ng_graph *graph, ngi_node *node) {
    for (uint32_t i = 0; i < node->input_count; i++) {
        ngi_input *const input = &node->inputs[i];
        const ngi_node *const from = graph->nodes[input->node];
        const ng_schema *const schema =
            input->output < from->stage.outputs ? from->schema : from->schema_in;
        const size_t place = ng_schema_find(schema, NG_ROW_COLUMN);
        const bool there = place < schema->count && schema->fields[place].type == NG_U64;
        input->positions = there ? place : NGI_NO_COLUMN;
    }
}

/* The input from which an ordered merge takes the next row. */
static uint32_t ngi_order_next(const ng_graph *graph, const ngi_node *merge) {
    uint32_t next = 0;
    for (uint32_t i = 1; i < merge->input_count; i++) {
        const bool before = ngi_order_bound(graph, &merge->inputs[i]) <
                            ngi_order_bound(graph, &merge->inputs[next]);
        next = before ? i : next;
    }
    return next;
}

/* Whom a node that does nothing waits for; NULL: someone outside. */
static const ngi_node *ngi_order_awaited(const ng_graph *graph, const ngi_node *node) {
    if (node->closed) {
        return NULL;
    }
    for (uint32_t i = 0; i < ngi_output_count(node) && node->blocked; i++) {
        ng_link *const link = &node->outputs[i].link;
        if (!ng_link_is_cancelled(link) && ng_link_credit(link) == 0) {
            return graph->nodes[node->outputs[i].to];
        }
    }
    const bool known = node->merges || (node->input_count == 1 && !node->blocked);
    const uint32_t input = node->merges ? ngi_order_next(graph, node) : 0;
    return known ? graph->nodes[node->inputs[input].node] : NULL;
}

static ngi_node *ngi_order_stalled(const ng_graph *graph) {
    for (uint32_t i = 0; i < graph->count; i++) {
        const ngi_node *at = graph->nodes[i]->merges ? graph->nodes[i] : NULL;
        for (uint32_t hops = 0; at != NULL && hops <= graph->count; hops++) {
            at = ngi_order_awaited(graph, at);
        }
        for (; at != NULL; at = ngi_order_awaited(graph, at)) { /* round and round */
            if (at->merges) { /* as it goes up somewhere, and up only from a merge */
                return graph->nodes[at->self];
            }
        }
    }
    return NULL;
}

uint64_t ngi_order_end(ngi_node *node, size_t rows) {
    const uint64_t first = NG_ROWS_OF_THE_END | (uint64_t)node->self << 40 | node->end_rows;
    node->end_rows += rows;
    return first;
}

static void ngi_order_raise(ngi_node *node, uint64_t front) {
    node->front = front > node->front ? front : node->front;
}

static void ngi_order_sent(ngi_node *node, const ng_batch *batch) {
    const size_t place = ng_schema_find(batch->schema, NG_ROW_COLUMN);
    if (node->input_count == 0 && place < batch->schema->count) {
        const uint64_t *const positions = (const uint64_t *)batch->block->columns[place].values;
        ngi_order_raise(node, positions[batch->offset + batch->rows - 1]);
    }
}

static void ngi_order_update(ng_graph *graph, ngi_node *node) {
    const uint64_t before = node->front;
    if (node->closed || node->input_count == 0) {
        return;
    }
    uint64_t front = ngi_order_end(node, 0);
    for (uint32_t i = 0; i < node->input_count; i++) {
        const uint64_t bound = ngi_order_bound(graph, &node->inputs[i]);
        front = bound < front ? bound : front;
    }
    ngi_order_raise(node, front);
    for (uint32_t i = 0; i < ngi_output_count(node) && node->front != before; i++) {
        ngi_make_ready(graph, node->outputs[i].to);
    }
}

static const ngi_ordering ngi_order_ordering = {ngi_order_start, ngi_order_update, ngi_order_sent,
                                                ngi_order_stalled};

void ngi_order_mark(ng_graph *graph, ngi_node *merge) {
    graph->ordering = &ngi_order_ordering;
    merge->merges = true;
    for (uint32_t i = 0; i < merge->input_count; i++) {
        graph->nodes[merge->inputs[i].node]->ordered = true;
    }
    for (uint32_t at = merge->self; at-- > 0;) { /* nodes come after their inputs */
        const ngi_node *const above = graph->nodes[at];
        for (uint32_t i = 0; i < above->input_count && above->ordered; i++) {
            graph->nodes[above->inputs[i].node]->ordered = true;
        }
    }
}
