/* graph_parts: what graphs are made of. */
#ifndef NGI_GRAPH_PARTS_H
#define NGI_GRAPH_PARTS_H

#include "graph.h"
#include "sizes.h"

#define NGI_NOWHERE UINT32_MAX

/* A graph's life. */
enum { NGI_BUILDING = 0, NGI_RUNNING = 1, NGI_ENDED = 2, NGI_CLOSED = 3 };

typedef struct ngi_input {
    uint32_t node, output; /* where it comes from */
    uint64_t received;     /* rows taken */
    uint64_t discarded;    /* rows that were queued when it was cancelled */
    bool done;             /* its end has been seen to */
} ngi_input;

typedef struct ngi_output {
    ng_link link;
    ng_link_options options;
    ng_pool pool;
    ng_block *filling; /* the block that is written to, or NULL */
    size_t filled;     /* its rows that have been sent */
    uint64_t sent;     /* rows, those that a policy dropped included */
    uint32_t to, to_input;
    uint32_t blocks; /* of its pool */
} ngi_output;

/* One allocation each: the node, its state, inputs and outputs. */
typedef struct ngi_node {
    ng_stage stage;
    const ng_schema *schema, *schema_in;
    const char *name;
    void *state;
    ngi_input *inputs;
    ngi_output *outputs; /* those of the stage, then the one for dead letters */
    uint32_t input_count;
    uint32_t self;       /* its number */
    uint32_t next_input; /* whose turn it is */
    ng_strategy strategy;
    ng_account account;
    int64_t when;     /* its operator's timer, INT64_MAX: none */
    int64_t retry_at; /* when its first row is tried again, INT64_MAX: no row waits for that */
    int64_t wakes;    /* the first of both */
    uint32_t heap_place;
    size_t size;
    bool has_text, opened, closed, blocked, due;
} ngi_node;

struct ng_context {
    ng_graph *graph;
    ngi_node *node;
    uint32_t input;
};

/* How many outputs a node has, that for dead letters included where it is used. */
static inline uint32_t ngi_output_count(const ngi_node *node) {
    return node->stage.outputs + (node->strategy == NG_DEAD_LETTER);
}

/* Whether a node's rows lie in blocks of its own. */
static inline bool ngi_has_pool(const ngi_node *node, uint32_t output) {
    return output < node->stage.outputs && !node->stage.forwards;
}

static inline ngi_output *ngi_source_of(const ng_graph *graph, const ngi_input *input) {
    return &graph->nodes[input->node]->outputs[input->output];
}

static inline void ngi_make_ready(ng_graph *graph, uint32_t node) {
    graph->ready[node / 64] |= (uint64_t)1 << (node % 64);
}

/* Keeps the first failure. */
static inline void ngi_graph_blame(ng_graph *graph, ng_status status, const char *calls,
                                   const char *river, uint64_t row) {
    if (graph->error.status == NG_OK) {
        graph->error.status = status;
        graph->error.calls = calls;
        graph->error.river = river;
        graph->error.row = row;
    }
}

/* `when` or `retry_at` has changed. */
void ngi_timer_update(ng_graph *graph, ngi_node *node);

/* Makes the nodes whose time has come ready. */
void ngi_timers_ring(ng_graph *graph, int64_t now);

/* Ends a node: its outputs with `how`, its inputs by cancelling them. */
void ngi_node_finish(ng_graph *graph, ngi_node *node, ng_status how);

#endif
