/* ops_time: sources and operators that go by the clock. */
#include "ops_time.h"

#include "graph_parts.h"
#include "sizes.h"

static const ng_field ngi_tick_field[] = {NG_FIELD("value", NG_I64)};
static const ng_schema ngi_tick_schema = {ngi_tick_field, 1};

/* NG_OK, or why a step cannot be: a number is not allowed, or there is no clock. */
static ng_status ngi_timed(const ng_graph *graph, bool allowed) {
    if (!allowed) {
        return NG_INVALID;
    }
    return graph->options.clock.now == NULL ? NG_UNSUPPORTED : NG_OK;
}

static ng_river ngi_timed_apply(ng_graph *graph, const ng_river *river, bool allowed,
                                const ng_stage *stage) {
    const ng_status status = ngi_timed(graph, allowed);
    return status == NG_OK ? ng_apply(graph, river, river != NULL, stage)
                           : ng_refuse(graph, stage->calls->name, status);
}

/* How long it is since `start`, 0 if that is still to come. */
static uint64_t ngi_time_since(int64_t start, int64_t now) {
    return now > start ? (uint64_t)now - (uint64_t)start : 0;
}

/* The end of the period that `now` lies in; periods follow one another from `start` on. */
static int64_t ngi_period_end(int64_t start, int64_t period, int64_t now) {
    const uint64_t gone = ngi_time_since(start, now) % (uint64_t)period;
    return ngi_time_after(now, period - (int64_t)gone);
}

/* ---- interval, after ------------------------------------------------------------------------- */

typedef struct ngi_ticks {
    int64_t start, period;
    uint64_t next; /* the number of the next tick */
} ngi_ticks;

static ng_status ngi_interval_open(void *state, ng_context *context) {
    ((ngi_ticks *)state)->start = ng_context_now(context);
    return NG_OK;
}

static ng_step ngi_interval_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    ngi_ticks *const ticks = (ngi_ticks *)state;
    const int64_t now = ng_context_now(context);
    const uint64_t due = ngi_time_since(ticks->start, now) / (uint64_t)ticks->period;
    const bool tick = due >= ticks->next;
    (void)in;
    if (tick) {
        ng_set_i64(ng_room_row(out, 0), 0, (int64_t)due);
        ng_context_count(context, NG_MADE, (int64_t)(due - ticks->next + 1));
        ng_context_count(context, NG_DROPPED, (int64_t)(due - ticks->next));
        ticks->next = due + 1;
    }
    ng_context_call_at(context, ngi_period_end(ticks->start, ticks->period, now));
    return ng_step_of(0, tick, NG_OK);
}

static ng_step ngi_interval_timer(void *state, ng_context *context, const ng_room *out) {
    return ngi_interval_push(state, context, NULL, out);
}

static const ng_operator ngi_interval_calls = {
    "interval", ngi_interval_open, ngi_interval_push, NULL, ngi_interval_timer, NULL, NULL, false};

ng_river ng_interval(ng_graph *graph, int64_t period) {
    ngi_ticks ticks = {0, period, 0};
    const ng_stage stage = {
        &ngi_interval_calls, sizeof ticks, &ticks, &ngi_tick_schema, 1, false, 0};
    return ngi_timed_apply(graph, NULL, period > 0, &stage);
}

/* `start` is when, here. */
static ng_status ngi_after_open(void *state, ng_context *context) {
    ngi_ticks *const ticks = (ngi_ticks *)state;
    ticks->start = ngi_time_after(ng_context_now(context), ticks->period);
    return NG_OK;
}

static ng_step ngi_after_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    const ngi_ticks *const ticks = (const ngi_ticks *)state;
    (void)in;
    if (ng_context_now(context) < ticks->start) {
        ng_context_call_at(context, ticks->start);
        return ng_step_of(0, 0, NG_OK);
    }
    ng_set_i64(ng_room_row(out, 0), 0, 0);
    ng_context_count(context, NG_MADE, 1);
    return ng_step_of(0, 1, NG_END);
}

static const ng_operator ngi_after_calls = {"after", ngi_after_open, ngi_after_push, NULL,
                                            NULL,    NULL,           NULL,           false};

ng_river ng_after(ng_graph *graph, int64_t delay) {
    ngi_ticks ticks = {0, delay, 0};
    const ng_stage stage = {&ngi_after_calls, sizeof ticks, &ticks, &ngi_tick_schema, 1, false, 0};
    return ngi_timed_apply(graph, NULL, delay >= 0, &stage);
}

/* ---- sample_time, throttle, debounce: the latest row is kept --------------------------------- */

typedef struct ngi_paced {
    ng_batch row;  /* its block is NULL where none is kept */
    int64_t due;   /* when the row goes on; of a throttle, when its period ends */
    int64_t start; /* of the first period */
    int64_t period;
    unsigned edges; /* of a throttle, else 0 */
} ngi_paced;

static bool ngi_paced_kept(const ngi_paced *paced) { return paced->row.block != NULL; }

static void ngi_paced_close(void *state) { (void)ng_batch_release(&((ngi_paced *)state)->row); }

/* Keeps the last of the rows from `from` on, in place of the one before. */
static void ngi_paced_keep(ngi_paced *paced, ng_context *context, const ng_batch *in, size_t from) {
    const int64_t rows = (int64_t)(in->rows - from);
    const int64_t before = ng_batch_release(&paced->row) == NG_OK;
    const int64_t held = (ng_batch_slice(in, in->rows - 1, 1, &paced->row) == NG_OK) - before;
    ng_context_count(context, NG_HELD, held);
    ng_context_count(context, NG_FILTERED, rows - held);
}

/* Sends the row that is kept, if there is credit. */
static bool ngi_paced_send(ngi_paced *paced, ng_context *context) {
    if (ng_context_forward(context, 0, &paced->row, 0, 1) != NG_OK) {
        return false;
    }
    (void)ng_batch_release(&paced->row);
    ng_context_count(context, NG_HELD, -1);
    return true;
}

/* Sends the row that is kept, if its time has come. False: it waits for credit. */
static bool ngi_paced_ring(ngi_paced *paced, ng_context *context, int64_t now) {
    if (!ngi_paced_kept(paced) || now < paced->due) {
        return true;
    }
    if (!ngi_paced_send(paced, context)) {
        return false;
    }
    paced->due = paced->edges != 0 ? ngi_time_after(now, paced->period) : INT64_MAX;
    return true;
}

static ng_step ngi_paced_timer(void *state, ng_context *context, const ng_room *out) {
    const bool rang = ngi_paced_ring((ngi_paced *)state, context, ng_context_now(context));
    (void)out;
    return ng_step_of(0, 0, rang ? NG_OK : NG_AGAIN);
}

static ng_step ngi_paced_end(void *state, ng_context *context, const ng_room *out) {
    ngi_paced *const paced = (ngi_paced *)state;
    const bool sent = !ngi_paced_kept(paced) || ngi_paced_send(paced, context);
    (void)out;
    return ng_step_of(0, 0, sent ? NG_OK : NG_AGAIN);
}

static ng_river ngi_paced_behind(ng_river river, const ng_operator *calls, ngi_paced *paced,
                                 bool allowed) {
    const ng_stage stage = {calls, sizeof *paced, paced, NULL, 1, true, 1};
    return ngi_timed_apply(river.graph, &river, allowed, &stage);
}

static ng_status ngi_sample_time_open(void *state, ng_context *context) {
    ((ngi_paced *)state)->start = ng_context_now(context);
    return NG_OK;
}

static ng_step ngi_sample_time_push(void *state, ng_context *context, const ng_batch *in,
                                    const ng_room *out) {
    ngi_paced *const paced = (ngi_paced *)state;
    const int64_t now = ng_context_now(context);
    (void)out;
    if (!ngi_paced_ring(paced, context, now)) {
        return ng_step_of(0, 0, NG_OK);
    }
    if (!ngi_paced_kept(paced)) {
        paced->due = ngi_period_end(paced->start, paced->period, now);
        ng_context_call_at(context, paced->due);
    }
    ngi_paced_keep(paced, context, in, 0);
    return ng_step_of(in->rows, 0, NG_OK);
}

static const ng_operator ngi_sample_time_calls = {"sample_time",        ngi_sample_time_open,
                                                  ngi_sample_time_push, ngi_paced_end,
                                                  ngi_paced_timer,      NULL,
                                                  ngi_paced_close,      false};

ng_river ng_sample_time(ng_river river, int64_t period) {
    ngi_paced paced = {{NULL, NULL, 0, 0}, INT64_MAX, 0, period, 0};
    return ngi_paced_behind(river, &ngi_sample_time_calls, &paced, period > 0);
}

static ng_step ngi_throttle_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    ngi_paced *const paced = (ngi_paced *)state;
    const int64_t now = ng_context_now(context);
    size_t from = 0;
    (void)out;
    if (!ngi_paced_ring(paced, context, now)) {
        return ng_step_of(0, 0, NG_OK);
    }
    if (now >= paced->due) {
        if ((paced->edges & NG_THROTTLE_LEADING) != 0) {
            if (ng_context_forward(context, 0, in, 0, 1) != NG_OK) {
                return ng_step_of(0, 0, NG_OK);
            }
            from = 1;
        }
        paced->due = ngi_time_after(now, paced->period);
    }
    if ((paced->edges & NG_THROTTLE_TRAILING) == 0) {
        ng_context_count(context, NG_FILTERED, (int64_t)(in->rows - from));
    } else if (from < in->rows) {
        ngi_paced_keep(paced, context, in, from);
        ng_context_call_at(context, paced->due);
    }
    return ng_step_of(in->rows, 0, NG_OK);
}

static const ng_operator ngi_throttle_calls = {
    "throttle",      NULL, ngi_throttle_push, ngi_paced_end,
    ngi_paced_timer, NULL, ngi_paced_close,   false};

ng_river ng_throttle(ng_river river, int64_t period, unsigned edges) {
    const unsigned both = NG_THROTTLE_LEADING | NG_THROTTLE_TRAILING;
    ngi_paced paced = {{NULL, NULL, 0, 0}, INT64_MIN, 0, period, edges};
    return ngi_paced_behind(river, &ngi_throttle_calls, &paced,
                            period > 0 && edges != 0 && edges <= both);
}

static ng_step ngi_debounce_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    ngi_paced *const paced = (ngi_paced *)state;
    const int64_t now = ng_context_now(context);
    (void)out;
    if (!ngi_paced_ring(paced, context, now)) {
        return ng_step_of(0, 0, NG_OK);
    }
    ngi_paced_keep(paced, context, in, 0);
    paced->due = ngi_time_after(now, paced->period);
    ng_context_call_at(context, paced->due);
    return ng_step_of(in->rows, 0, NG_OK);
}

static const ng_operator ngi_debounce_calls = {
    "debounce",      NULL, ngi_debounce_push, ngi_paced_end,
    ngi_paced_timer, NULL, ngi_paced_close,   false};

ng_river ng_debounce(ng_river river, int64_t quiet) {
    ngi_paced paced = {{NULL, NULL, 0, 0}, INT64_MAX, 0, quiet, 0};
    return ngi_paced_behind(river, &ngi_debounce_calls, &paced, quiet > 0);
}

/* ---- delay ----------------------------------------------------------------------------------- */

/* Followed by `room` times, then by `slots` batches; both are rings. */
typedef struct ngi_delay {
    int64_t delay;
    size_t room, rows, at;     /* rows there may be, there are, and the place of the first's time */
    size_t slots, used, first; /* batches that they lie in */
    ng_batch *batches;
    int64_t *times; /* when each row was taken */
} ngi_delay;

static void ngi_delay_close(void *state) {
    ngi_delay *const d = (ngi_delay *)state;
    for (; d->used != 0; d->used--) {
        (void)ng_batch_release(&d->batches[d->first]);
        d->first = d->first + 1 == d->slots ? 0 : d->first + 1;
    }
}

static int64_t ngi_delay_due(const ngi_delay *d) {
    return d->rows == 0 ? INT64_MAX : ngi_time_after(d->times[d->at], d->delay);
}

/* Sends the first `n` rows of the first batch. */
static bool ngi_delay_send(ngi_delay *d, ng_context *context, size_t n) {
    ng_batch *const first = &d->batches[d->first];
    if (ng_context_forward(context, 0, first, 0, n) != NG_OK) {
        return false;
    }
    ng_context_count(context, NG_HELD, -(int64_t)n);
    first->offset += n;
    first->rows -= n;
    d->rows -= n;
    if (first->rows == 0) {
        (void)ng_batch_release(first);
        d->first = d->first + 1 == d->slots ? 0 : d->first + 1;
        d->used--;
    }
    return true;
}

/* Sends what is due. False: some of it waits for credit. */
static bool ngi_delay_ring(ngi_delay *d, ng_context *context) {
    const int64_t now = ng_context_now(context);
    while (ngi_delay_due(d) <= now && d->rows != 0) {
        const size_t credit = ng_context_credit(context, 0), rows = d->batches[d->first].rows;
        const size_t most = rows < credit ? rows : credit, before = d->at;
        size_t n = 0;
        for (; n < most && ngi_time_after(d->times[d->at], d->delay) <= now; n++) {
            d->at = d->at + 1 == d->room ? 0 : d->at + 1;
        }
        if (!ngi_delay_send(d, context, n)) {
            d->at = before;
            return false;
        }
    }
    return true;
}

/* Finds a batch for rows of `in`: the last one, if they lie right behind it, or a new one. */
static bool ngi_delay_hold(ngi_delay *d, const ng_batch *in, size_t rows) {
    if (d->used != 0) {
        const size_t place = d->first + d->used - 1;
        ng_batch *const last = &d->batches[place < d->slots ? place : place - d->slots];
        if (last->block == in->block && last->offset + last->rows == in->offset) {
            last->rows += rows;
            return true;
        }
    }
    if (d->used == d->slots) {
        return false;
    }
    const size_t place = d->first + d->used;
    d->used++;
    return ng_batch_slice(in, 0, rows, &d->batches[place < d->slots ? place : place - d->slots]) ==
           NG_OK;
}

static ng_step ngi_delay_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    ngi_delay *const d = (ngi_delay *)state;
    const int64_t now = ng_context_now(context);
    const bool rang = ngi_delay_ring(d, context);
    const size_t left = d->room - d->rows, rows = in->rows < left ? in->rows : left;
    (void)out;
    const bool taken = rows != 0 && ngi_delay_hold(d, in, rows);
    for (size_t i = 0; i < rows && taken; i++) {
        const size_t place = d->at + d->rows;
        d->times[place < d->room ? place : place - d->room] = now;
        d->rows++;
    }
    ng_context_count(context, NG_HELD, taken ? (int64_t)rows : 0);
    if (rang) { /* else the timer is still set, or has come and waits */
        ng_context_call_at(context, ngi_delay_due(d));
    }
    return ng_step_of(taken ? rows : 0, 0, NG_OK);
}

static ng_step ngi_delay_timer(void *state, ng_context *context, const ng_room *out) {
    ngi_delay *const d = (ngi_delay *)state;
    (void)out;
    if (!ngi_delay_ring(d, context)) {
        return ng_step_of(0, 0, NG_AGAIN);
    }
    ng_context_call_at(context, ngi_delay_due(d));
    return ng_step_of(0, 0, NG_OK);
}

static ng_step ngi_delay_end(void *state, ng_context *context, const ng_room *out) {
    ngi_delay *const d = (ngi_delay *)state;
    (void)ngi_delay_timer(state, context, out);
    return ng_step_of(0, 0, d->rows == 0 ? NG_OK : NG_AGAIN);
}

static const ng_operator ngi_delay_calls = {"delay",         NULL, ngi_delay_push,  ngi_delay_end,
                                            ngi_delay_timer, NULL, ngi_delay_close, false};

ng_river ng_delay(ng_river river, int64_t delay, size_t max_rows) {
    const size_t few = max_rows / river.graph->options.batch_rows + 8;
    const size_t slots = max_rows < few ? max_rows : few;
    const size_t head = ngi_size_plus(ngi_size_round(sizeof(ngi_delay), 64),
                                      ngi_size_times(max_rows, sizeof(int64_t)));
    const size_t size = ngi_size_plus(head, ngi_size_times(slots, sizeof(ng_batch)));
    if (size >= SIZE_MAX / 2 || slots >= UINT32_MAX) {
        return ng_refuse(river.graph, "delay", NG_TOO_LARGE);
    }
    const ng_stage stage = {&ngi_delay_calls, size, NULL, NULL, 1, true, (uint32_t)slots};
    const ng_river behind =
        ngi_timed_apply(river.graph, &river, delay > 0 && max_rows != 0, &stage);
    ngi_delay *const d = (ngi_delay *)ng_state(behind);
    if (d != NULL) {
        uint8_t *const times = (uint8_t *)d + ngi_size_round(sizeof(ngi_delay), 64);
        d->delay = delay;
        d->room = max_rows;
        d->slots = slots;
        d->times = (int64_t *)(void *)times;
        d->batches = (ng_batch *)(void *)((uint8_t *)d + head);
    }
    return behind;
}

/* ---- timeout --------------------------------------------------------------------------------- */

typedef struct ngi_timeout {
    int64_t limit, deadline;
} ngi_timeout;

static void ngi_timeout_start(ngi_timeout *timeout, ng_context *context) {
    timeout->deadline = ngi_time_after(ng_context_now(context), timeout->limit);
    ng_context_call_at(context, timeout->deadline);
}

static ng_status ngi_timeout_open(void *state, ng_context *context) {
    ngi_timeout_start((ngi_timeout *)state, context);
    return NG_OK;
}

static ng_step ngi_timeout_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    const size_t credit = ng_context_credit(context, 0);
    const size_t n = in->rows < credit ? in->rows : credit;
    (void)out;
    ngi_timeout_start((ngi_timeout *)state, context);
    if (n != 0 && ng_context_forward(context, 0, in, 0, n) != NG_OK) {
        return ng_step_of(0, 0, NG_END);
    }
    return ng_step_of(n, 0, NG_OK);
}

static ng_step ngi_timeout_timer(void *state, ng_context *context, const ng_room *out) {
    (void)out;
    if (ng_context_first(context, 0) == NULL) {
        return ng_step_of(0, 0, NG_TIMEOUT);
    }
    ngi_timeout_start((ngi_timeout *)state, context);
    return ng_step_of(0, 0, NG_OK);
}

static const ng_operator ngi_timeout_calls = {
    "timeout", ngi_timeout_open, ngi_timeout_push, NULL, ngi_timeout_timer, NULL, NULL, false};

ng_river ng_timeout(ng_river river, int64_t limit) {
    ngi_timeout timeout = {limit, 0};
    const ng_stage stage = {&ngi_timeout_calls, sizeof timeout, &timeout, NULL, 1, true, 0};
    return ngi_timed_apply(river.graph, &river, limit > 0, &stage);
}

/* ---- buffer ---------------------------------------------------------------------------------- */

/* Rows are gathered in the room of its output, which stays where it is while none of it is sent. */
typedef struct ngi_buffer {
    ng_buffer_options options;
    size_t capacity; /* of a block */
    size_t rows;     /* gathered */
} ngi_buffer;

static ng_status ngi_buffer_open(void *state, ng_context *context) {
    const ngi_buffer *const buffer = (const ngi_buffer *)state;
    return ng_context_credit(context, 0) < buffer->options.rows ? NG_NO_CREDIT : NG_OK;
}

/* How many of `rows` rows it takes until what is gathered has `bytes` bytes; `rows` if they do not
 * suffice. The rows have been copied to `all` behind those before. */
static size_t ngi_buffer_until(const ngi_buffer *buffer, ng_batch all, size_t rows) {
    size_t low = 0, high = rows; /* after `low` rows there are too few; `high` may be enough */
    while (buffer->options.bytes != 0 && low + 1 < high) {
        const size_t middle = low + (high - low) / 2;
        all.rows = buffer->rows + middle;
        if (ng_batch_bytes(&all) < buffer->options.bytes) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

static size_t ngi_buffer_release(ngi_buffer *buffer, ng_context *context) {
    const size_t rows = buffer->rows;
    ng_context_count(context, NG_HELD, -(int64_t)rows);
    ng_context_call_at(context, INT64_MAX);
    buffer->rows = 0;
    return rows;
}

/* Room for a whole batch: in another block where the one that is being filled has too little. */
static bool ngi_buffer_room(const ngi_buffer *buffer, ng_context *context, ng_room *room) {
    const bool fresh = buffer->rows == 0 && buffer->capacity - room->at < buffer->options.rows;
    if (fresh) {
        ng_context_renew(context, 0);
    }
    return !fresh || ng_context_room(context, 0, room);
}

/* Copies rows behind those that are gathered, as many as there may be. */
static size_t ngi_buffer_gather(ngi_buffer *buffer, ng_context *context, const ng_batch *in,
                                const ng_room *room, bool *full) {
    const size_t most = room->rows < buffer->options.rows ? room->rows : buffer->options.rows;
    const size_t left = most - buffer->rows, n = in->rows < left ? in->rows : left;
    ng_block into = {room->columns, buffer->capacity, 1, NULL, NULL, NULL};
    const size_t copied = ng_batch_copy(in, 0, n, &into, room->at + buffer->rows);
    ng_batch all = {in->schema, &into, room->at, 0};
    const size_t taken = ngi_buffer_until(buffer, all, copied);
    if (buffer->rows == 0 && taken != 0 && buffer->options.time != 0) {
        ng_context_call_at(context, ngi_time_after(ng_context_now(context), buffer->options.time));
    }
    buffer->rows += taken;
    ng_context_count(context, NG_HELD, (int64_t)taken);
    all.rows = buffer->rows;
    *full = copied < n || buffer->rows == buffer->options.rows ||
            (buffer->options.bytes != 0 && ng_batch_bytes(&all) >= buffer->options.bytes);
    return taken;
}

/* NG_OK without rows asks the graph for another block, which is for text that does not fit here;
 * NG_AGAIN without rows waits. */
static ng_step ngi_buffer_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    ngi_buffer *const buffer = (ngi_buffer *)state;
    ng_room room = *out;
    bool full = false;
    if (!ngi_buffer_room(buffer, context, &room)) {
        return ng_step_of(0, 0, NG_AGAIN);
    }
    const size_t taken = ngi_buffer_gather(buffer, context, in, &room, &full);
    if (full && buffer->rows == 0) {
        return ng_step_of(0, 0, room.at == 0 ? NG_TOO_LARGE : NG_OK);
    }
    return ng_step_of(taken, full ? ngi_buffer_release(buffer, context) : 0, NG_AGAIN);
}

/* At the end and when the time has come. */
static ng_step ngi_buffer_flush(void *state, ng_context *context, const ng_room *out) {
    (void)out;
    return ng_step_of(0, ngi_buffer_release((ngi_buffer *)state, context), NG_OK);
}

static const ng_operator ngi_buffer_calls = {
    "buffer", ngi_buffer_open, ngi_buffer_push, ngi_buffer_flush, ngi_buffer_flush, NULL, NULL,
    true};

ng_river ng_buffer(ng_river river, const ng_buffer_options *options) {
    const size_t block = river.graph->options.batch_rows;
    if (options == NULL || options->time < 0 || options->rows > block) {
        const bool large = options != NULL && options->rows > block;
        return ng_refuse(river.graph, "buffer", large ? NG_TOO_LARGE : NG_INVALID);
    }
    ngi_buffer buffer = {*options, block, 0};
    buffer.options.rows = options->rows == 0 ? block : options->rows;
    const ng_stage stage = {&ngi_buffer_calls, sizeof buffer, &buffer, NULL, 1, false, 0};
    return options->time == 0 ? ng_apply(river.graph, &river, 1, &stage)
                              : ngi_timed_apply(river.graph, &river, true, &stage);
}
