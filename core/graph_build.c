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

/* The part of a node's memory that is its state begins here. */
static size_t ngi_node_head(void) { return ngi_size_round(sizeof(ngi_node), 64); }

static size_t ngi_node_size(const ng_stage *stage, uint32_t inputs) {
    const size_t state = ngi_size_round(stage->state_size, 64);
    const size_t ins = ngi_size_round(ngi_size_times(inputs, sizeof(ngi_input)), 64);
    const size_t outs = ngi_size_times((size_t)stage->outputs + 1, sizeof(ngi_output));
    return ngi_size_plus(ngi_size_plus(ngi_node_head(), state), ngi_size_plus(ins, outs));
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
    const size_t size = ngi_node_size(stage, inputs);
    uint8_t *const memory = size == SIZE_MAX || !ngi_nodes_grow(graph)
                                ? NULL
                                : (uint8_t *)a->resize(a->ctx, NULL, 0, size);
    if (memory == NULL) {
        return NULL;
    }
    __builtin_memset(memory, 0, size);
    ngi_node *const node = (ngi_node *)(void *)memory;
    uint8_t *const state = memory + ngi_node_head();
    uint8_t *const ins = state + ngi_size_round(stage->state_size, 64);
    node->size = size;
    node->stage = *stage;
    node->state = stage->state_size == 0 ? stage->state : state;
    if (stage->state_size != 0 && stage->state != NULL) {
        __builtin_memcpy(state, stage->state, stage->state_size);
    }
    node->inputs = (ngi_input *)(void *)ins;
    node->input_count = inputs;
    node->outputs = (ngi_output *)(void *)(ins + ngi_size_round(inputs * sizeof(ngi_input), 64));
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

/* NG_OK, or why these rivers cannot be an operator's inputs. */
static ng_status ngi_check_inputs(const ng_graph *graph, const ng_river *rivers, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const ngi_node *const from = ngi_node_of(rivers[i]);
        if (from == NULL || rivers[i].graph != graph) {
            return NG_INVALID;
        }
        if (rivers[i].output >= ngi_output_count(from)) {
            return NG_INVALID;
        }
        if (from->outputs[rivers[i].output].to != NGI_NOWHERE) {
            return NG_MISUSED;
        }
        for (uint32_t other = 0; other < i; other++) {
            if (rivers[other].node == rivers[i].node && rivers[other].output == rivers[i].output) {
                return NG_MISUSED;
            }
        }
    }
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
    const ng_status inputs = ngi_check_inputs(g, rivers, count);
    const ng_schema *const in = count != 0 ? ngi_river_schema(rivers[0]) : NULL;
    const ng_schema *const schema = stage->schema != NULL ? stage->schema : in;
    if (inputs != NG_OK) {
        return ng_refuse(g, name, inputs);
    }
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
        ngi_output *const from = &g->nodes[rivers[i].node]->outputs[rivers[i].output];
        node->inputs[i].node = rivers[i].node;
        node->inputs[i].output = rivers[i].output;
        from->to = g->count - 1;
        from->to_input = i;
    }
    ng_river river = {g, g->count - 1, 0};
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
