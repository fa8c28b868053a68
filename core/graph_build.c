/* graph_build: nodes and how they hang together, until the graph is started. */
#include "graph.h"

#include "graph_parts.h"

ng_graph_options ng_graph_defaults(ng_allocator allocator) {
    ng_graph_options options;
    __builtin_memset(&options, 0, sizeof options);
    options.allocator = allocator;
    options.batch_rows = 4096;
    options.batch_text = 65536;
    options.link.batches = 4;
    options.link.high_rows = 4 * options.batch_rows;
    options.link.low_rows = 2 * options.batch_rows;
    return options;
}

ng_status ng_graph_init(ng_graph *graph, const ng_graph_options *options) {
    if (graph == NULL || options == NULL || options->allocator.resize == NULL ||
        options->batch_rows == 0 || options->batch_text == 0 || options->batch_text > INT32_MAX ||
        ng_link_size(&options->link) == 0) {
        return NG_INVALID;
    }
    __builtin_memset(graph, 0, sizeof *graph);
    graph->options = *options;
    graph->error.node = NGI_NOWHERE;
    return NG_OK;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static ng_river ngi_nowhere(ng_graph *graph) {
    ng_river river = {graph, NGI_NOWHERE, 0};
    return river;
}

ng_river ng_refuse(ng_graph *graph, const char *calls, ng_status status) {
    if (graph->state == NGI_BUILDING) {
        ngi_graph_blame(graph, status, calls, NULL, 0, NGI_NOWHERE);
    }
    return ngi_nowhere(graph);
}

/* The node that gave a river, or NULL: building has failed, or is over. */
static ngi_node *ngi_node_of(ng_river river) {
    const bool there = river.graph != NULL && river.node < river.graph->count;
    return there ? river.graph->nodes[river.node] : NULL;
}

ngi_node *ngi_node_to_change(ng_river river, const char *calls) {
    ngi_node *const node = ngi_node_of(river);
    const bool building = node != NULL && river.graph->state == NGI_BUILDING;
    if (river.graph != NULL && !building) {
        (void)ng_refuse(river.graph, calls, NG_MISUSED);
    }
    return building ? node : NULL;
}

/* Lays out a node with its state, inputs and outputs, or, without it, only tells their size. */
static size_t ngi_node_lay_out(ngi_node *node, const ng_stage *stage, uint32_t inputs) {
    ngi_layout layout = {(uint8_t *)node, 0};
    (void)ngi_layout_part(&layout, 1, sizeof(ngi_node));
    void *const state = ngi_layout_part(&layout, 1, stage->state_size);
    void *const ins = ngi_layout_part(&layout, inputs, sizeof(ngi_input));
    void *const outs = ngi_layout_part(&layout, (size_t)stage->outputs + 1, sizeof(ngi_output));
    if (node != NULL) {
        node->state = stage->state_size == 0 ? stage->state : state;
        node->inputs = (ngi_input *)ins;
        node->outputs = (ngi_output *)outs;
    }
    return layout.size;
}

static bool ngi_nodes_grow(ng_graph *graph) {
    if (graph->count < graph->room) {
        return true;
    }
    const uint32_t room = graph->room == 0 ? 16 : 2 * graph->room;
    const ng_allocator *const a = &graph->options.allocator;
    void *const moved = a->resize(a->ctx, graph->nodes, graph->room * sizeof(ngi_node *),
                                  room * sizeof(ngi_node *));
    if (moved == NULL) {
        return false;
    }
    graph->nodes = (ngi_node **)moved;
    graph->room = room;
    return true;
}

static ngi_node *ngi_node_new(ng_graph *graph, const ng_stage *stage, uint32_t inputs) {
    const ng_allocator *const a = &graph->options.allocator;
    const size_t size = ngi_node_lay_out(NULL, stage, inputs);
    ngi_node *const node = size == SIZE_MAX || !ngi_nodes_grow(graph)
                               ? NULL
                               : (ngi_node *)a->resize(a->ctx, NULL, 0, size);
    if (node == NULL) {
        return NULL;
    }
    __builtin_memset(node, 0, size);
    (void)ngi_node_lay_out(node, stage, inputs);
    node->size = size;
    node->stage = *stage;
    node->input_count = inputs;
    if (stage->state_size != 0 && stage->state != NULL) {
        __builtin_memcpy(node->state, stage->state, stage->state_size);
    }
    for (uint32_t i = 0; i <= stage->outputs; i++) {
        node->outputs[i].options = graph->options.link;
        node->outputs[i].to = NGI_NOWHERE;
    }
    node->when = node->retry_at = node->wakes = INT64_MAX;
    node->self = graph->count;
    graph->nodes[graph->count++] = node;
    return node;
}

static bool ngi_has_text(const ng_schema *schema) {
    bool text = false;
    for (size_t i = 0; i < schema->count; i++) {
        text = text || schema->fields[i].type == NG_UTF8;
    }
    return text;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* Makes a river an input of a node. NG_INVALID: it is no river of what was built before;
 * NG_MISUSED: it is another input already. */
static ng_status ngi_connect(const ng_graph *graph, ngi_node *node, uint32_t i, ng_river river) {
    if (river.graph != graph || river.node >= node->self ||
        river.output >= ngi_output_count(graph->nodes[river.node])) {
        return NG_INVALID;
    }
    ngi_output *const from = &graph->nodes[river.node]->outputs[river.output];
    if (from->to != NGI_NOWHERE) {
        return NG_MISUSED;
    }
    node->inputs[i].node = river.node;
    node->inputs[i].output = river.output;
    from->to = node->self;
    from->to_input = i;
    return NG_OK;
}

static const ng_schema *ngi_river_schema(ng_river river) {
    const ngi_node *const node = ngi_node_of(river);
    if (node == NULL) {
        return NULL;
    }
    return river.output < node->stage.outputs ? node->schema : node->schema_in;
}

ng_river ng_apply(ng_graph *graph, const ng_river *rivers, uint32_t count, const ng_stage *stage) {
    ng_graph *const g = count != 0 ? rivers[0].graph : graph;
    const char *const name = stage->calls->name;
    if (g->state != NGI_BUILDING || g->error.status != NG_OK) {
        return ngi_nowhere(g);
    }
    const ng_schema *const in = count != 0 ? ngi_river_schema(rivers[0]) : NULL;
    const ng_schema *const schema = stage->schema != NULL ? stage->schema : in;
    if (stage->calls->push == NULL || count >= NGI_NOWHERE / 2 ||
        stage->outputs >= NGI_NOWHERE / 2 ||
        (stage->outputs != 0 && ng_schema_check(schema) != NG_OK)) {
        return ng_refuse(g, name, NG_INVALID);
    }
    ngi_node *const node = ngi_node_new(g, stage, count);
    if (node == NULL) {
        return ng_refuse(g, name, NG_NO_MEMORY);
    }
    node->schema = schema;
    node->schema_in = in;
    node->has_text = schema != NULL && ngi_has_text(schema);
    for (uint32_t i = 0; i < count; i++) {
        const ng_status connected = ngi_connect(g, node, i, rivers[i]);
        if (connected != NG_OK) {
            return ng_refuse(g, name, connected);
        }
    }
    ng_river river = {g, node->self, 0};
    return river;
}

ng_river ng_output(ng_river river, uint32_t output) {
    river.output = output;
    return river;
}

void *ng_state(ng_river river) {
    const ngi_node *const node = ngi_node_of(river);
    return node == NULL ? NULL : node->state;
}

const ng_schema *ng_columns(ng_river river) { return ngi_river_schema(river); }

ng_river ng_name(ng_river river, const char *name) {
    ngi_node *const node = ngi_node_to_change(river, "name");
    if (node != NULL) {
        node->name = name;
    }
    return river;
}

ng_river ng_bound(ng_river river, const ng_link_options *options) {
    ngi_node *const node = ngi_node_to_change(river, "bound");
    if (node == NULL) {
        return river;
    }
    if (ng_link_size(options) == 0 || river.output >= ngi_output_count(node)) {
        return ng_refuse(river.graph, "bound", NG_INVALID);
    }
    node->outputs[river.output].options = *options;
    return river;
}
