/* ops_guard: what becomes of bad rows; circuit breakers, rates. */
#include "ops_guard.h"

#include "graph_parts.h"

typedef struct ngi_retry {
    ng_retry_options options;
    ng_ask_fn *ask; /* NULL: the options decide */
    void *ctx;
    uint64_t row;   /* that was tried last, by its number */
    uint32_t tries; /* of it, so far */
    int64_t delay;  /* of the next try, before chance */
    uint64_t random;
} ngi_retry;

typedef struct ngi_breaker {
    ng_breaker_options options;
    ng_circuit circuit;
    uint32_t good;         /* probes that went well */
    uint32_t failures, at; /* failures that are remembered, and where the next one goes */
    size_t size;           /* of this, with all of `times` */
    int64_t times[1];      /* of the last options.failures failures, round and round */
} ngi_breaker;

/* ---- circuit breakers ------------------------------------------------------------------------ */

static void ngi_breaker_open(ngi_breaker *breaker, int64_t now) {
    breaker->circuit.state = NG_CIRCUIT_OPEN;
    breaker->circuit.until = ngi_time_after(now, breaker->options.open_time);
    breaker->circuit.opened++;
    breaker->failures = 0;
}

/* A breaker that has been open for long enough is half open. */
static void ngi_breaker_look(ngi_breaker *breaker, int64_t now) {
    if (breaker->circuit.state == NG_CIRCUIT_OPEN && now >= breaker->circuit.until) {
        breaker->circuit.state = NG_CIRCUIT_HALF_OPEN;
        breaker->good = 0;
    }
}

/* How many of so many rows the operator may be offered; 0: it is open. */
static size_t ngi_breaker_admits(ngi_breaker *breaker, int64_t now, size_t rows) {
    ngi_breaker_look(breaker, now);
    switch (breaker->circuit.state) {
    case NG_CIRCUIT_OPEN:
        return 0;
    case NG_CIRCUIT_HALF_OPEN: {
        const size_t probes = breaker->options.probes - breaker->good;
        return rows < probes ? rows : probes;
    }
    default:
        return rows;
    }
}

static void ngi_guard_good(const ngi_node *node, size_t rows) {
    ngi_breaker *const breaker = node->breaker;
    if (breaker != NULL && breaker->circuit.state == NG_CIRCUIT_HALF_OPEN) {
        breaker->good += (uint32_t)rows;
        if (breaker->good >= breaker->options.probes) {
            breaker->circuit.state = NG_CIRCUIT_CLOSED;
        }
    }
}

static void ngi_breaker_failed(ngi_breaker *breaker, int64_t now) {
    const ng_breaker_options *const o = &breaker->options;
    if (breaker->circuit.state == NG_CIRCUIT_HALF_OPEN) {
        ngi_breaker_open(breaker, now);
        return;
    }
    breaker->times[breaker->at] = now;
    breaker->at = breaker->at + 1 == o->failures ? 0 : breaker->at + 1;
    breaker->failures += breaker->failures < o->failures;
    /* Once all are there, the next place holds the oldest. */
    if (breaker->failures == o->failures &&
        (uint64_t)now - (uint64_t)breaker->times[breaker->at] < (uint64_t)o->window) {
        ngi_breaker_open(breaker, now);
    }
}

/* ---- bad rows -------------------------------------------------------------------------------- */

/* What is to be done about a bad row, the first of `in`. It may turn the status into NG_MISUSED. */
static ng_strategy ngi_guard_decide(const ng_graph *graph, const ngi_node *node, const ng_batch *in,
                                    ng_status *status) {
    const ngi_retry *const retry = node->retry;
    ng_strategy strategy = node->strategy;
    if (strategy == NG_ASK) {
        strategy = retry->ask(ng_batch_row(in, 0), *status, retry->tries, retry->ctx);
        if (strategy < NG_STOP || strategy > NG_RETRY ||
            (strategy == NG_RETRY && graph->options.clock.now == NULL)) {
            *status = NG_MISUSED;
            return NG_STOP;
        }
    }
    if (strategy == NG_RETRY && retry->tries >= retry->options.attempts) {
        strategy = retry->options.then;
    }
    if (strategy == NG_DEAD_LETTER && !node->dead_letters) {
        *status = NG_MISUSED;
        return NG_STOP;
    }
    return strategy;
}

static uint64_t ngi_retry_random(uint64_t *state) {
    *state += 0x9e3779b97f4a7c15u;
    uint64_t r = *state;
    r = (r ^ r >> 30) * 0xbf58476d1ce4e5b9u;
    r = (r ^ r >> 27) * 0x94d049bb133111ebu;
    return r ^ r >> 31;
}

/* Has a bad row wait until it is tried again. */
static void ngi_guard_wait(ng_graph *graph, ngi_node *node, int64_t now) {
    ngi_retry *const retry = node->retry;
    const ng_retry_options *const o = &retry->options;
    const int64_t delay = retry->delay;
    const int64_t span = delay / 100 * o->jitter + delay % 100 * o->jitter / 100;
    const uint64_t less = ngi_retry_random(&retry->random) % ((uint64_t)span + 1);
    int64_t at = ngi_time_after(now, delay - (int64_t)less);
    if (node->breaker != NULL && node->breaker->circuit.state == NG_CIRCUIT_OPEN &&
        node->breaker->circuit.until > at) {
        at = node->breaker->circuit.until;
    }
    retry->tries++;
    retry->delay = delay > o->max_delay / o->factor ? o->max_delay : delay * o->factor;
    node->retry_at = at;
    ngi_timer_update(graph, node);
}

/* Leaves the first row that waits to the dead letters. False: they have no credit for it yet. */
static bool ngi_guard_bury(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *in) {
    ng_context context = {graph, node, input};
    const ng_status sent = ng_context_forward(&context, node->stage.outputs, in, 0, 1);
    node->buries = sent == NG_AGAIN;
    if (!node->buries) {
        node->account.dropped += sent != NG_OK;
        ngi_node_take(graph, node, input, 1);
    }
    return !node->buries;
}

/* What is done about a bad row, the first that waits. Answers whether the node has got on. */
static bool ngi_guard_see_to(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *in,
                             ng_status status) {
    const ng_context context = {graph, node, input};
    if (node->retry != NULL && node->retry->row != ng_context_row(&context, input)) {
        node->retry->row = ng_context_row(&context, input);
        node->retry->tries = 0;
        node->retry->delay = node->retry->options.first_delay;
    }
    switch (ngi_guard_decide(graph, node, in, &status)) {
    case NG_SKIP:
        node->account.failed++;
        ngi_node_take(graph, node, input, 1);
        return true;
    case NG_DEAD_LETTER:
        return ngi_guard_bury(graph, node, input, in);
    case NG_RETRY:
        ngi_guard_wait(graph, node, ngi_graph_now(graph));
        return false;
    default:
        ngi_node_stop(graph, node, input, in, status);
        return true;
    }
}

static bool ngi_guard_bad(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *in,
                          ng_status status) {
    if (node->breaker != NULL) {
        ngi_breaker_failed(node->breaker, ngi_graph_now(graph));
    }
    return ngi_guard_see_to(graph, node, input, in, status);
}

static bool ngi_guard_offer(ng_graph *graph, ngi_node *node, uint32_t input,
                            const ng_batch *first) {
    if (node->retry_at != INT64_MAX) {
        return false;
    }
    if (node->buries) {
        return ngi_guard_bury(graph, node, input, first);
    }
    ng_batch some = *first;
    if (node->breaker != NULL) {
        some.rows = ngi_breaker_admits(node->breaker, ngi_graph_now(graph), first->rows);
    }
    if (some.rows == 0) {
        return ngi_guard_see_to(graph, node, input, first, NG_OPEN);
    }
    const ng_batch *const in = some.rows == first->rows ? first : &some;
    return ngi_node_call(graph, node, NG_CALL_PUSH, input, in);
}

static void ngi_guard_close(const ng_graph *graph, const ngi_node *node) {
    const ng_allocator *const a = &graph->options.allocator;
    if (node->retry != NULL) {
        (void)a->resize(a->ctx, node->retry, sizeof(ngi_retry), 0);
    }
    if (node->breaker != NULL) {
        (void)a->resize(a->ctx, node->breaker, node->breaker->size, 0);
    }
}

static const ngi_guarding ngi_guard_guarding = {ngi_guard_offer, ngi_guard_good, ngi_guard_bad,
                                                ngi_guard_close};

/* ---- what is to be done ---------------------------------------------------------------------- */

static ngi_node *ngi_node_to_guard(ng_river river, const char *calls, bool timed) {
    ngi_node *const node = ngi_node_to_change(river, calls);
    if (node == NULL) {
        return NULL;
    }
    const bool resumes = node->stage.calls->resumes && node->input_count == 1;
    if (!resumes || (timed && river.graph->options.clock.now == NULL)) {
        (void)ng_refuse(river.graph, node->stage.calls->name, NG_UNSUPPORTED);
        return NULL;
    }
    if (node->outputs[node->stage.outputs].to != NGI_NOWHERE) {
        (void)ng_refuse(river.graph, calls, NG_MISUSED);
        return NULL;
    }
    node->guarding = &ngi_guard_guarding;
    return node;
}

ng_retry_options ng_retry_defaults(void) {
    ng_retry_options options;
    options.attempts = 5;
    options.first_delay = 100000000;
    options.factor = 2;
    options.max_delay = 10 * (int64_t)1000000000;
    options.jitter = 50;
    options.seed = 0;
    options.then = NG_STOP;
    return options;
}

static bool ngi_retry_allowed(const ng_retry_options *o) {
    return o != NULL && o->attempts != 0 && o->first_delay > 0 && o->factor != 0 &&
           o->max_delay >= o->first_delay && o->jitter <= 100 &&
           (o->then == NG_STOP || o->then == NG_SKIP || o->then == NG_DEAD_LETTER);
}

/* Memory that lasts as long as a node. */
static void *ngi_guard_new(ng_graph *graph, const ngi_node *node, size_t size) {
    const ng_allocator *const a = &graph->options.allocator;
    void *const memory = a->resize(a->ctx, NULL, 0, size);
    if (memory == NULL) {
        (void)ng_refuse(graph, node->stage.calls->name, NG_NO_MEMORY);
    } else {
        __builtin_memset(memory, 0, size);
    }
    return memory;
}

/* What a node keeps for retries, as `options` say; `options` NULL: as they said before, or the
 * defaults. NULL: there is no memory. */
static ngi_retry *ngi_retry_of(ng_graph *graph, ngi_node *node, const ng_retry_options *options) {
    const ng_retry_options defaults = ng_retry_defaults();
    const bool before = node->retry != NULL;
    if (!before) {
        node->retry = (ngi_retry *)ngi_guard_new(graph, node, sizeof(ngi_retry));
    }
    if (node->retry != NULL && (options != NULL || !before)) {
        node->retry->options = options != NULL ? *options : defaults;
        node->retry->delay = node->retry->options.first_delay;
        node->retry->random = node->retry->options.seed;
    }
    return node->retry;
}

ng_river ng_on_error(ng_river river, ng_strategy strategy) {
    if (strategy == NG_RETRY) {
        const ng_retry_options options = ng_retry_defaults();
        return ng_on_error_retry(river, &options);
    }
    ngi_node *const node = strategy == NG_STOP ? ngi_node_to_change(river, "on_error")
                                               : ngi_node_to_guard(river, "on_error", false);
    if (node == NULL) {
        return river;
    }
    if (strategy < NG_STOP || strategy > NG_DEAD_LETTER) {
        return ng_refuse(river.graph, "on_error", NG_INVALID);
    }
    if (node->outputs[node->stage.outputs].to != NGI_NOWHERE) {
        return ng_refuse(river.graph, "on_error", NG_MISUSED);
    }
    node->strategy = strategy;
    node->dead_letters = strategy == NG_DEAD_LETTER;
    return river;
}

ng_river ng_dead_letters(ng_river river) {
    ngi_node *const node = ngi_node_to_change(river, "dead_letters");
    if (node == NULL) {
        return river;
    }
    node->dead_letters = node->dead_letters || node->strategy == NG_ASK;
    if (!node->dead_letters) {
        return ng_refuse(river.graph, "dead_letters", NG_MISUSED);
    }
    return ng_output(river, node->stage.outputs);
}

ng_river ng_on_error_retry(ng_river river, const ng_retry_options *options) {
    ngi_node *const node = ngi_node_to_guard(river, "on_error_retry", true);
    if (node == NULL) {
        return river;
    }
    if (!ngi_retry_allowed(options)) {
        return ng_refuse(river.graph, "on_error_retry", NG_INVALID);
    }
    ngi_retry *const retry = ngi_retry_of(river.graph, node, options);
    if (retry != NULL) {
        retry->ask = NULL;
        node->strategy = NG_RETRY;
        node->dead_letters = options->then == NG_DEAD_LETTER;
    }
    return river;
}

ng_river ng_on_error_ask(ng_river river, ng_ask_fn *ask, void *ctx) {
    ngi_node *const node = ngi_node_to_guard(river, "on_error_ask", false);
    if (node == NULL) {
        return river;
    }
    if (ask == NULL) {
        return ng_refuse(river.graph, "on_error_ask", NG_INVALID);
    }
    ngi_retry *const retry = ngi_retry_of(river.graph, node, NULL);
    if (retry != NULL) {
        retry->ask = ask;
        retry->ctx = ctx;
        node->strategy = NG_ASK;
    }
    return river;
}

ng_river ng_circuit_breaker(ng_river river, const ng_breaker_options *options) {
    ngi_node *const node = ngi_node_to_guard(river, "circuit_breaker", true);
    if (node == NULL) {
        return river;
    }
    if (options == NULL || options->failures == 0 || options->failures > 4096 ||
        options->window <= 0 || options->open_time <= 0 || options->probes == 0) {
        return ng_refuse(river.graph, "circuit_breaker", NG_INVALID);
    }
    if (node->breaker != NULL) {
        return ng_refuse(river.graph, "circuit_breaker", NG_MISUSED);
    }
    const size_t size = sizeof(ngi_breaker) + (options->failures - 1) * sizeof(int64_t);
    node->breaker = (ngi_breaker *)ngi_guard_new(river.graph, node, size);
    if (node->breaker != NULL) {
        node->breaker->options = *options;
        node->breaker->size = size;
    }
    return river;
}

ng_circuit ng_circuit_of(ng_river river) {
    ng_circuit none = {NG_CIRCUIT_CLOSED, 0, 0};
    if (river.graph == NULL || river.node >= river.graph->count ||
        river.graph->nodes[river.node]->breaker == NULL) {
        return none;
    }
    ngi_breaker *const breaker = river.graph->nodes[river.node]->breaker;
    ngi_breaker_look(breaker, ngi_graph_now(river.graph));
    return breaker->circuit;
}

/* ---- rates ----------------------------------------------------------------------------------- */

/* A token is `per` parts; each nanosecond brings `rows` parts. A full bucket has room for what a
 * row that waits leaves of the nanosecond in which its token is complete, or rows would fall
 * behind. */
typedef struct ngi_bucket {
    ng_rate rate;
    int64_t at; /* when `parts` was counted */
    uint64_t parts, most;
} ngi_bucket;

static ng_status ngi_rate_open(void *state, ng_context *context) {
    ((ngi_bucket *)state)->at = ng_context_now(context);
    return NG_OK;
}

static void ngi_rate_refill(ngi_bucket *bucket, int64_t now) {
    if (now > bucket->at) {
        const uint64_t passed = (uint64_t)now - (uint64_t)bucket->at;
        const uint64_t missing = bucket->most - bucket->parts;
        const bool full = passed > missing / bucket->rate.rows;
        bucket->parts = full ? bucket->most : bucket->parts + passed * bucket->rate.rows;
        bucket->at = now;
    }
}

static ng_step ngi_rate_push(void *state, ng_context *context, const ng_batch *in,
                             const ng_room *out) {
    ngi_bucket *const bucket = (ngi_bucket *)state;
    const uint64_t per = (uint64_t)bucket->rate.per;
    const int64_t now = ng_context_now(context);
    const size_t credit = ng_context_credit(context, 0);
    (void)out;
    ngi_rate_refill(bucket, now);
    const uint64_t tokens = bucket->parts / per;
    const size_t wanted = tokens < in->rows ? (size_t)tokens : in->rows;
    const size_t n = wanted < credit ? wanted : credit;
    if (n != 0 && ng_context_forward(context, 0, in, 0, n) != NG_OK) {
        return ng_step_of(0, 0, NG_END);
    }
    bucket->parts -= n * per;
    if (n < wanted || n == in->rows) { /* the others wait for credit, or there are none */
        return ng_step_of(n, 0, NG_OK);
    }
    if (bucket->rate.drop) {
        ng_context_count(context, NG_DROPPED, (int64_t)(in->rows - n));
        return ng_step_of(in->rows, 0, NG_OK);
    }
    const uint64_t wait = (per - bucket->parts - 1) / bucket->rate.rows + 1;
    ng_context_call_at(context, ngi_time_after(now, (int64_t)wait));
    return ng_step_of(n, 0, NG_OK);
}

static const ng_operator ngi_rate_calls = {"rate_limit", ngi_rate_open, ngi_rate_push, NULL,
                                           NULL,         NULL,          NULL,          false};

ng_river ng_rate_limit(ng_river river, const ng_rate *rate) {
    if (rate == NULL || rate->rows == 0 || rate->per <= 0 || rate->burst == 0 ||
        rate->rows > (uint64_t)rate->per) {
        return ng_refuse(river.graph, "rate_limit", NG_INVALID);
    }
    if (rate->burst >= INT64_MAX / (uint64_t)rate->per) {
        return ng_refuse(river.graph, "rate_limit", NG_TOO_LARGE);
    }
    if (river.graph->options.clock.now == NULL) {
        return ng_refuse(river.graph, "rate_limit", NG_UNSUPPORTED);
    }
    const uint64_t parts = rate->burst * (uint64_t)rate->per;
    ngi_bucket bucket = {*rate, 0, parts, parts + rate->rows - 1};
    const ng_stage stage = {&ngi_rate_calls, sizeof bucket, &bucket, NULL, 1, true, 0};
    return ng_apply(river.graph, &river, 1, &stage);
}
