/* graph: rivers of rows from sources through operators to sinks.
 *
 * A graph is built once, from its sources downwards, each step giving a river: a small value that
 * the next step takes. Mistakes are kept until ng_graph_start, which names the first. All memory
 * that flows need is taken there, in one piece whose size ng_graph_memory tells before; after that
 * nothing is allocated.
 *
 *     ng_graph graph;
 *     ng_graph_init(&graph, NULL);
 *     ng_observe(ng_filter(ng_map(ng_range(&graph, 0, 100, 1), square, 0), even, 0), print, 0);
 *     ng_status status = ng_graph_start(&graph);
 *     while (status == NG_OK) {
 *         status = ng_graph_step(&graph, NG_ALL);
 *     }
 *     ng_graph_close(&graph);
 *
 * Each river is used once; ng_fork makes several of one. Rivers exist before they are used, so they
 * cannot flow in a circle. A graph belongs to one thread. */
#ifndef NGI_GRAPH_H
#define NGI_GRAPH_H

#include "link.h"
#include "operator.h"
#include "pool.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Where nanoseconds come from. */
typedef struct ng_clock {
    int64_t (*now)(void *ctx);
    void *ctx;
} ng_clock;

/* Which call of an operator. */
typedef enum ng_call {
    NG_CALL_PUSH = 1,
    NG_CALL_END = 2,
    NG_CALL_TIMER = 3,
} ng_call;

/* A call of an operator, for tracing. What is below `data` is known when it has ended. */
typedef struct ng_span {
    const char *calls; /* the operator's name */
    const char *river; /* the name that ng_name gave it, or NULL */
    uint32_t node;     /* the operator's, as in its rivers */
    ng_call call;
    int64_t begin; /* by the graph's clock */
    void *data;    /* the tracer's: NULL at first */
    int64_t end;
    uint64_t rows_in, rows_out; /* taken and sent */
    ng_status status;           /* what the operator answered */
} ng_span;

/* Who is told of each call, on the graph's thread; no call of the graph is allowed then. */
typedef struct ng_tracer {
    void (*begin)(void *ctx, ng_span *span); /* may be NULL */
    void (*end)(void *ctx, const ng_span *span);
    void *ctx;
} ng_tracer;

typedef struct ng_graph_options {
    ng_allocator allocator;
    ng_clock clock;       /* `now` NULL: time stands still at 0, and timers are refused */
    size_t batch_rows;    /* rows of a block, at least 1 */
    size_t batch_text;    /* bytes of text in each utf8 column of a block, at least 1 */
    ng_link_options link; /* of every river that ng_bound does not give others */
} ng_graph_options;

/* 4096 rows and 64 KiB of text a block, four batches in flight. */
ng_graph_options ng_graph_defaults(ng_allocator allocator);

struct ngi_node;

/* Why a graph, or a part of it, failed. */
typedef struct ng_error {
    ng_status status;  /* NG_OK: it did not */
    const char *calls; /* the operator's name */
    const char *river; /* the name that ng_name gave it, or NULL */
    uint64_t row;      /* of its input, from 0; of a source: how many rows it has made */
    uint32_t node;     /* the operator's, as in its rivers; UINT32_MAX: none */
} ng_error;

/* All fields are private. */
typedef struct ng_graph {
    ng_graph_options options;
    ng_tracer tracer;
    struct ngi_node **nodes;
    const struct ngi_tracing *tracing;   /* what graph_trace sees to; NULL: no one is told */
    const struct ngi_timing *timing;     /* graph_timers; NULL: no operator has waited for a time */
    const struct ngi_ordering *ordering; /* graph_order; NULL: there is no ordered merge */
    uint32_t count, room, live;
    uint32_t timers; /* nodes in the heap */
    uint32_t *heap;  /* nodes that wait for a time, the first to come first */
    uint64_t *ready; /* a bit for each node, sources first */
    uint8_t *memory;
    size_t memory_size;
    ng_error error;
    void (*woken)(void *ctx); /* who runs it hears that something came from outside; NULL: no one */
    void *woken_ctx;
    int state;
    bool busy, cancelling;
} ng_graph;

/* A step's result, to be taken by the next step. */
typedef struct ng_river {
    ng_graph *graph;
    uint32_t node, output;
} ng_river;

/* Starts building. `options` are copied. NG_INVALID: one is not allowed. */
NG_NODISCARD ng_status ng_graph_init(ng_graph *graph, const ng_graph_options *options);

/* Has a tracer, which is copied, told of each call from now on. NG_INVALID: it has no `end`. */
NG_NODISCARD ng_status ng_graph_trace(ng_graph *graph, const ng_tracer *tracer);

/* ---- building -------------------------------------------------------------------------------- */

/* How an operator stands in a graph. */
typedef struct ng_stage {
    const ng_operator *calls;
    size_t state_size;       /* of a state that the graph keeps, zeroed; 0: `state` is used */
    void *state;             /* the caller's, which outlives the graph; or, with `state_size`, what
                                the kept state begins as, or NULL */
    const ng_schema *schema; /* of all outputs; NULL: as the first input's. Kept. */
    uint32_t outputs;
    bool forwards;  /* only passes on rows that came in, so it needs no room of its own */
    uint32_t holds; /* how many batches it holds between calls at most */
} ng_stage;

/* Puts an operator behind `count` rivers, which become its inputs in this order, and gives its
 * first output. With `count` 0 it is a source of `graph`; else `graph` is theirs. */
ng_river ng_apply(ng_graph *graph, const ng_river *rivers, uint32_t count, const ng_stage *stage);

/* Output `output` of the operator that gave `river`. */
ng_river ng_output(ng_river river, uint32_t output);

/* The state that the graph keeps for the operator that gave `river`, or NULL. */
void *ng_state(ng_river river);

/* The columns of a river, or NULL where building has failed. */
const ng_schema *ng_columns(ng_river river);

/* Names a river in errors and figures. The name is kept. */
ng_river ng_name(ng_river river, const char *name);

/* Bounds a river by other marks, or another policy, than the graph's. */
ng_river ng_bound(ng_river river, const ng_link_options *options);

/* Has building fail with a status, unless it has failed before; for those who write steps. */
ng_river ng_refuse(ng_graph *graph, const char *calls, ng_status status);

/* What happens at a bad row. */
typedef enum ng_strategy {
    NG_STOP = 0,        /* the river ends with the error */
    NG_SKIP = 1,        /* the row is counted as failed, and left out */
    NG_DEAD_LETTER = 2, /* the row goes to ng_dead_letters */
    NG_RETRY = 3,       /* the row is tried again later, as ng_on_error_retry says */
    NG_ASK = 4,         /* the function of ng_on_error_ask decides */
} ng_strategy;

/* Sets what the operator that gave `river` does at a bad row. Refused with NG_UNSUPPORTED for other
 * than NG_STOP where it cannot go on after one, and for NG_RETRY without a clock; with NG_MISUSED
 * once its dead letters are taken. NG_RETRY is ng_on_error_retry with ng_retry_defaults. */
ng_river ng_on_error(ng_river river, ng_strategy strategy);

/* The river of the bad rows of an operator that may leave some to it, in its input's columns. */
ng_river ng_dead_letters(ng_river river);

/* ---- running --------------------------------------------------------------------------------- */

/* How many bytes ng_graph_start will take; 0: building has failed, or they do not fit. */
size_t ng_graph_memory(const ng_graph *graph);

/* Checks the whole and takes the memory. NG_DANGLING, NG_TOO_LARGE, NG_NO_MEMORY, or what a step
 * was refused for; ng_graph_error tells where. */
NG_NODISCARD ng_status ng_graph_start(ng_graph *graph);

/* As many calls as there may be. */
#define NG_ALL SIZE_MAX

/* Makes at most `calls` calls of operators. NG_AGAIN: there are more to make; NG_OK: all wait for
 * something outside; NG_END: all has ended; below 0: all has ended, and this is how the first
 * operator failed. NG_MISUSED: it has not been started, or this is a call from within. */
NG_NODISCARD ng_status ng_graph_step(ng_graph *graph, size_t calls);

/* The operator that gave `river` has something to do: rows came in from outside, or room. The
 * graph's thread only. */
void ng_graph_wake(ng_river river);

/* The operator that gave `river` wants no more and makes no more: it ends, and what it takes from
 * is cancelled, in the next step. Any number of times; the graph's thread only. */
void ng_cancel(ng_river river);

/* When the next timer is due, INT64_MAX if none is. */
int64_t ng_graph_next(const ng_graph *graph);

/* Ends it from outside: sources are cancelled, what is in flight is let go of and counted as
 * dropped. */
void ng_graph_cancel(ng_graph *graph);

/* Gives all memory back. What is in flight is let go of. Any number of times. */
void ng_graph_close(ng_graph *graph);

/* The first failure. */
ng_error ng_graph_error(const ng_graph *graph);

/* The books of the operator that gave `river`; `in_flight` are rows in its outputs' queues that are
 * counted in `out` too, so it is 0 here. */
ng_account ng_river_account(ng_river river);

/* Checks every operator's and every link's books. NG_OK, or NG_FAILED and `*at` tells the first
 * operator whose rows do not add up. `*all`: the graph's own, from sources to sinks. */
NG_NODISCARD ng_status ng_audit(const ng_graph *graph, ng_account *all, ng_error *at);

#if defined(__cplusplus)
}
#endif

#endif
