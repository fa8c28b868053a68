/* operator: the one interface of sources, transforms, kernels, sinks and a program's own operators.
 *
 * An operator is a table of calls over a state. It is asked the question that kernels are asked:
 * given these rows and this room, how much did you take and make? It takes and makes as much as it
 * likes, at its own pace; what it leaves is offered again. A call that neither takes nor makes
 * waits until something changes: more rows, more room, a timer, a wake.
 *
 * Only `push` must be there. All calls come from the graph's thread, one at a time. */
#ifndef NGI_OPERATOR_H
#define NGI_OPERATOR_H

#include "account.h"
#include "batch.h"
#include "row.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* What becomes of rows that a graph cannot see. */
typedef enum ng_fate {
    NG_FILTERED = 0,   /* not wanted, or folded into others */
    NG_LATE = 1,       /* came after their window had closed */
    NG_DROPPED = 2,    /* gave way, or no one wanted them any more */
    NG_ROW_FAILED = 3, /* were bad */
    NG_HELD = 4,       /* wait in the operator; goes up and down */
    NG_MADE = 5,       /* began here */
} ng_fate;

/* The graph as an operator sees it during a call. */
typedef struct ng_context ng_context;

/* Room for rows behind those that are there. */
typedef struct ng_room {
    ng_column *columns;
    size_t at;   /* the first row that may be written */
    size_t rows; /* how many may be; written in order from `at` on */
} ng_room;

/* Row `i` of the room, to be written. */
static inline ng_row ng_room_row(const ng_room *room, size_t i) {
    ng_row row = {room->columns, room->at + i};
    return row;
}

/* What a call answers. */
static inline ng_step ng_step_of(size_t consumed, size_t produced, ng_status status) {
    ng_step step = {consumed, produced, status};
    return step;
}

typedef struct ng_operator {
    const char *name;
    /* Before the first push. NG_END: there is nothing to do, its rivers end. May be NULL. */
    ng_status (*open)(void *state, ng_context *context);
    /* Rows of input ng_context_input(context) and room in output 0; `in` is NULL for an operator
     * without inputs, `out` for one without outputs or one that only forwards. NG_OK; NG_AGAIN:
     * waits for something else than room; NG_END: wants no more and makes no more, all that it
     * holds is done with; below 0: row `consumed` of `in` is bad, or, without rows, the operator
     * is. */
    ng_step (*push)(void *state, ng_context *context, const ng_batch *in, const ng_room *out);
    /* An input has ended and is drained. `consumed` is 0. NG_AGAIN: there is more to make, call
     * again; NG_OK: this input is done with; NG_END: so are the others. NULL: NG_OK. */
    ng_step (*end)(void *state, ng_context *context, const ng_room *out);
    /* The time asked for by ng_context_call_at has come. NULL: `push` sees to it. */
    ng_step (*timer)(void *state, ng_context *context, const ng_room *out);
    /* An input has ended with an error. NG_OK: it goes on to all outputs; NG_AGAIN: rows of other
     * inputs come before, ask again. NULL: NG_OK. */
    ng_status (*fail)(void *state, ng_context *context, ng_status status);
    /* After the last call, however it came to it; once if `open` was called. May be NULL. */
    void (*close)(void *state);
    bool resumes; /* after a bad row it can go on with the next */
} ng_operator;

/* ---- what an operator may ask ---------------------------------------------------------------- */

/* Which input this call is about. */
uint32_t ng_context_input(const ng_context *context);

/* The number of the first row that waits at an input, from 0, those that gave way to others
 * included: the same number is the same row. */
uint64_t ng_context_row(const ng_context *context, uint32_t input);

/* The first rows that wait at an input, or NULL; and takes some of them besides those that the
 * step says. NG_INVALID: there is no such input, or it has not that many rows. */
const ng_batch *ng_context_first(ng_context *context, uint32_t input);
ng_status ng_context_take(ng_context *context, uint32_t input, size_t rows);

/* Wants no more rows of an input: those that wait after this call are let go of, and `end` is
 * called as if it had ended. */
void ng_context_cancel(ng_context *context, uint32_t input);

/* The place in the order of all rows (ops_order says which) of the first row that waits at an
 * input; where none waits, one that no row to come is before; UINT64_MAX: none will come. Only for
 * inputs of which ng_merge_ordered has some. */
uint64_t ng_context_position(const ng_context *context, uint32_t input);

/* How many rows may go to an output at once; 0: none at the moment. */
size_t ng_context_credit(ng_context *context, uint32_t output);

/* Whether no one wants an output's rows any more. */
bool ng_context_is_cancelled(const ng_context *context, uint32_t output);

/* Passes rows of a batch on to an output without copying them. NG_AGAIN: there is no credit for so
 * many; NG_CANCELLED: no one wants them; NG_INVALID: there is no such output, or there are no such
 * rows. */
NG_NODISCARD ng_status ng_context_forward(ng_context *context, uint32_t output,
                                          const ng_batch *batch, size_t from, size_t rows);

/* Room in another output than 0, which `push` is given, or false: there is none at the moment. */
bool ng_context_room(ng_context *context, uint32_t output, ng_room *room);

/* Has the next room in an output lie in an empty block; for text that did not fit. */
void ng_context_renew(ng_context *context, uint32_t output);

/* So many rows were written to the room of an output other than 0. NG_INVALID: it had less. */
ng_status ng_context_made(ng_context *context, uint32_t output, size_t rows);

/* Counts rows whose fate the graph cannot see: each that comes in or is made goes out, or has one.
 */
void ng_context_count(ng_context *context, ng_fate fate, int64_t rows);

/* Nanoseconds of the graph's clock. */
int64_t ng_context_now(const ng_context *context);

/* Asks for `timer` at a time; again replaces. INT64_MAX takes it back. */
void ng_context_call_at(ng_context *context, int64_t when);

#if defined(__cplusplus)
}
#endif

#endif
