/* ops_guard: what is done about bad rows beyond ng_on_error, and protection of what lies behind.
 *
 * Retries and circuit breakers belong to the operator that gave a river, whichever it is: a map, a
 * filter, a sink. They keep the order of rows. All times are nanoseconds of the graph's clock. */
#ifndef NGI_OPS_GUARD_H
#define NGI_OPS_GUARD_H

#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* ---- trying again ---------------------------------------------------------------------------- */

/* When a bad row is tried again. Before try k, from 1, it waits for
 *
 *     d = min(first_delay * factor^(k - 1), max_delay), less r mod (d * jitter / 100 + 1)
 *
 * where r is the next number of SplitMix64 from `seed`: the same seed, the same waits. */
typedef struct ng_retry_options {
    uint32_t attempts;   /* how often a row is tried again, at least 1 */
    int64_t first_delay; /* at least 1 */
    uint32_t factor;     /* at least 1; 1: all delays are the same */
    int64_t max_delay;   /* at least first_delay */
    uint32_t jitter;     /* per cent of a delay that chance may take away, at most 100 */
    uint64_t seed;
    ng_strategy then; /* what happens to a row that stays bad: NG_STOP, NG_SKIP, NG_DEAD_LETTER */
} ng_retry_options;

/* 5 attempts after 100 ms, 200 ms, and so on, at most 10 s, less up to half; then NG_STOP. */
ng_retry_options ng_retry_defaults(void);

/* Has the operator that gave `river` try bad rows again, and after that do as `then` says. While a
 * row waits the operator takes nothing, so rows stay in order, and the graph sleeps. A flat map
 * gives what a row brought out before it failed once more. Refused as ng_on_error is, and with
 * NG_INVALID where an option is not allowed. */
ng_river ng_on_error_retry(ng_river river, const ng_retry_options *options);

/* Decides about a bad row: `in` is the row, `tries` how often it was tried again so far. Answers
 * NG_STOP, NG_SKIP, NG_DEAD_LETTER or NG_RETRY. */
typedef ng_strategy ng_ask_fn(ng_row in, ng_status status, uint32_t tries, void *ctx);

/* Has a function decide what happens at each bad row. To answer NG_DEAD_LETTER, take
 * ng_dead_letters; NG_RETRY goes by the options of an ng_on_error_retry before, or
 * ng_retry_defaults, and once its attempts are used up is what `then` says. Any other answer, and
 * NG_RETRY without a clock, ends the river with NG_MISUSED. */
ng_river ng_on_error_ask(ng_river river, ng_ask_fn *ask, void *ctx);

/* ---- circuit breakers ------------------------------------------------------------------------ */

typedef struct ng_breaker_options {
    uint32_t failures; /* so many of them within `window` open it; 1 to 4096 */
    int64_t window;    /* at least 1; the first and last of them are less than this apart */
    int64_t open_time; /* how long it stays open, at least 1 */
    uint32_t probes;   /* so many rows must go well, one after the other, to close it; at least 1 */
} ng_breaker_options;

/* Puts a circuit breaker before the operator that gave `river`. Closed, it lets rows pass and
 * counts those that fail, each try of its own. Open, rows are not tried: they fail with NG_OPEN at
 * once, and what is done about them is as for other bad rows; one to be retried waits at least
 * until the breaker is half open. Half open, rows are probes: one that fails opens it again, and
 * after `probes` good ones it is closed. Refused as ng_on_error_retry is. */
ng_river ng_circuit_breaker(ng_river river, const ng_breaker_options *options);

typedef enum ng_circuit_state {
    NG_CIRCUIT_CLOSED = 0,
    NG_CIRCUIT_OPEN = 1,
    NG_CIRCUIT_HALF_OPEN = 2,
} ng_circuit_state;

/* How a breaker stands. */
typedef struct ng_circuit {
    ng_circuit_state state;
    int64_t until;   /* open until then */
    uint64_t opened; /* how often it has opened */
} ng_circuit;

/* How the breaker of the operator that gave `river` stands; without one it is closed. */
ng_circuit ng_circuit_of(ng_river river);

/* ---- rates ----------------------------------------------------------------------------------- */

/* A token bucket: `rows` tokens in every `per` nanoseconds, evenly, up to `burst` of them; a row
 * takes one. It is full at the start. */
typedef struct ng_rate {
    uint64_t rows;  /* at least 1, at most `per` */
    int64_t per;    /* at least 1; 1000000000: rows per second */
    uint64_t burst; /* at least 1; (burst + 1) * per below 2^63 */
    bool drop;      /* rows without a token are dropped and counted; else they wait */
} ng_rate;

/* Passes rows on at no more than a rate. Tokens are counted as fractions with the denominator
 * `per`, in integers: nothing is rounded away, so there is no drift, though each row goes on at a
 * whole nanosecond. Refused with NG_INVALID or
 * NG_TOO_LARGE where a number is not allowed, with NG_UNSUPPORTED without a clock. */
ng_river ng_rate_limit(ng_river river, const ng_rate *rate);

#if defined(__cplusplus)
}
#endif

#endif
