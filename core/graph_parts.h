/* graph_parts: what graphs are made of. */
#ifndef NGI_GRAPH_PARTS_H
#define NGI_GRAPH_PARTS_H

#include "graph.h"
#include "sizes.h"

#define NGI_NOWHERE UINT32_MAX
#define NGI_NO_COLUMN SIZE_MAX

/* A graph's life. */
enum { NGI_BUILDING = 0, NGI_RUNNING = 1, NGI_ENDED = 2, NGI_CLOSED = 3 };

typedef struct ngi_input {
    uint32_t node, output; /* where it comes from */
    uint64_t received;     /* rows taken */
    uint64_t discarded;    /* rows that were queued when it was cancelled */
    bool done;             /* its end has been seen to */
    bool over;             /* no more of its rows are wanted, but its end is to be seen to */
    size_t positions;      /* the column of its rows' positions, or NGI_NO_COLUMN */
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
    uint32_t self;                       /* its number */
    uint32_t next_input;                 /* whose turn it is */
    const struct ngi_guarding *guarding; /* what ops_guard sees to; NULL: it stops at a bad row */
    ng_strategy strategy;
    struct ngi_retry *retry;     /* NULL: rows are not tried again */
    struct ngi_breaker *breaker; /* NULL: there is none */
    ng_account account;
    int64_t when;     /* its operator's timer, INT64_MAX: none */
    int64_t retry_at; /* when its first row is tried again, INT64_MAX: no row waits for that */
    int64_t wakes;    /* the first of both */
    uint32_t heap_place;
    ng_status answer;  /* of its operator to the last call; NG_AGAIN: there was no room for one */
    ng_status how;     /* it has ended, if `closed` */
    uint64_t calls;    /* of its operator, so far */
    bool ordered;      /* an ordered merge is further down */
    bool merges;       /* it is an ordered merge */
    uint64_t front;    /* of an ordered one: no row to come is before this position */
    uint64_t end_rows; /* that were brought out by the end of its input */
    size_t size;
    bool has_text, opened, closed, blocked, due, cancelled;
    bool dead_letters; /* has the output for them */
    bool buries;       /* the first row is to go to the dead letters once they have credit */
} ngi_node;

struct ng_context {
    ng_graph *graph;
    ngi_node *node;
    uint32_t input;
};

/* How many outputs a node has, that for dead letters included where it is used. */
static inline uint32_t ngi_output_count(const ngi_node *node) {
    return node->stage.outputs + node->dead_letters;
}

/* Whether a node's rows lie in blocks of its own. */
static inline bool ngi_has_pool(const ngi_node *node, uint32_t output) {
    return output < node->stage.outputs && !node->stage.forwards;
}

static inline ngi_output *ngi_source_of(const ng_graph *graph, const ngi_input *input) {
    return &graph->nodes[input->node]->outputs[input->output];
}

/* `by` nanoseconds, at least 0, after a time; INT64_MAX, which is never, where there is no such. */
static inline int64_t ngi_time_after(int64_t time, int64_t by) {
    return time > 0 && by > INT64_MAX - time ? INT64_MAX : time + by;
}

static inline int64_t ngi_graph_now(const ng_graph *graph) {
    const ng_clock *const clock = &graph->options.clock;
    return clock->now == NULL ? 0 : clock->now(clock->ctx);
}

static inline void ngi_make_ready(ng_graph *graph, uint32_t node) {
    graph->ready[node / 64] |= (uint64_t)1 << (node % 64);
}

/* Keeps the first failure. */
static inline void ngi_graph_blame(ng_graph *graph, ng_status status, const char *calls,
                                   const char *river, uint64_t row, uint32_t node) {
    if (graph->error.status == NG_OK) {
        graph->error.status = status;
        graph->error.calls = calls;
        graph->error.river = river;
        graph->error.row = row;
        graph->error.node = node;
    }
}

/* The node that gave a river, while building; NULL: it is refused. */
ngi_node *ngi_node_to_change(ng_river river, const char *calls);

/* Takes rows that wait at an input. */
void ngi_node_take(ng_graph *graph, ngi_node *node, uint32_t i, size_t rows);

/* Calls an operator with the rows that wait at `in` and room, and does what it answers. Whether the
 * node has got on: rows were taken or made, or it has ended. */
bool ngi_node_call(ng_graph *graph, ngi_node *node, ng_call call, uint32_t input,
                   const ng_batch *in);

/* Calls an operator, and nothing else. */
ng_step ngi_operator_call(ng_context *context, ng_call call, const ng_batch *in,
                          const ng_room *out);

/* Ends a node that cannot go on after a row, the first of `in`, or, where `in` is NULL, at all. */
void ngi_node_stop(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *in,
                   ng_status status);

/* Ends a node: its outputs with `how`, its inputs by cancelling them. */
void ngi_node_finish(ng_graph *graph, ngi_node *node, ng_status how);

/* Whether a node is a fork: all its outputs have all rows of its input. */
bool ngi_is_fork(const ngi_node *node);

/* ---- what a graph may do without -------------------------------------------------------------
 *
 * What follows is reached through a pointer only, and the function of a feature that is called
 * first sets it: so linkers leave out what a program does not use. */

/* What graph_trace sees to. */
typedef struct ngi_tracing {
    ng_step (*call)(ng_context *context, ng_call call, const ng_batch *in, const ng_room *out);
} ngi_tracing;

/* What graph_timers sees to. */
typedef struct ngi_timing {
    void (*update)(ng_graph *graph, ngi_node *node); /* ngi_timer_update */
    void (*ring)(ng_graph *graph, int64_t now);      /* nodes whose time has come are ready */
    bool (*run)(ng_graph *graph, ngi_node *node);    /* calls `timer`. Whether it got on */
} ngi_timing;

/* `when` or `retry_at` has changed. */
void ngi_timer_update(ng_graph *graph, ngi_node *node);

/* What graph_order sees to. */
typedef struct ngi_ordering {
    /* Lays out where a node finds the positions of its inputs' rows. */
    void (*start)(const ng_graph *graph, ngi_node *node);
    /* A node has made a call, or is about to fail: its front may have risen. */
    void (*update)(ng_graph *graph, ngi_node *node);
    /* An ordered node has sent rows. */
    void (*sent)(ngi_node *node, const ng_batch *batch);
    /* Where no node has anything to do: the ordered merge that waits for a row that cannot come,
     * since rows that must come later fill the links on its way; NULL: there is none. */
    ngi_node *(*stalled)(const ng_graph *graph);
} ngi_ordering;

/* A node is an ordered merge, so all that it takes from keep their fronts. */
void ngi_order_mark(ng_graph *graph, ngi_node *merge);

/* The positions of so many rows that a node brings out since its input has ended: the first of
 * them, the others follow. */
uint64_t ngi_order_end(ngi_node *node, size_t rows);

/* What ops_guard sees to. */
typedef struct ngi_guarding {
    /* Offers the rows that wait, unless the first of them waits for something. Whether the node
     * has got on. */
    bool (*offer)(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *first);
    /* So many rows went well. */
    void (*good)(const ngi_node *node, size_t rows);
    /* The first row of `in` failed. Whether the node has got on. */
    bool (*bad)(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *in,
                ng_status status);
    /* Gives back what was asked for. */
    void (*close)(const ng_graph *graph, const ngi_node *node);
} ngi_guarding;

#endif
