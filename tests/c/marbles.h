/* marbles: graphs in virtual time, written as diagrams.
 *
 * A character is a tick of one millisecond: `-` nothing happens, a letter or digit is a row whose
 * column `value` is its character, `|` the end, `#` an error (NG_FAILED). What stands in
 * parentheses happens in one tick, which they take together: "a-(bc)--|". What a sink saw is
 * written the same way; `~` stands for a value that is no letter or digit. */
#ifndef MARBLES_H
#define MARBLES_H

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "heap.h"

#define MARBLE_TICK 1000000

typedef struct marbles {
    heap memory;
    ng_graph graph;
    int64_t now;
    char seen[16][256]; /* what each sink saw */
    size_t sinks;
} marbles;

static int64_t marbles_now(void *ctx) { return ((marbles *)ctx)->now; }

static const ng_field marble_fields[] = {NG_FIELD("value", NG_I64)};
static const ng_schema marble_schema = {marble_fields, 1};

static inline ng_graph_options marbles_options(marbles *m) {
    ng_graph_options options = ng_graph_defaults(heap_allocator(&m->memory));
    options.clock.now = marbles_now;
    options.clock.ctx = m;
    options.batch_rows = 4;
    options.link.batches = 4;
    options.link.high_rows = 8;
    options.link.low_rows = 4;
    return options;
}

static inline void marbles_begin_with(marbles *m, const ng_graph_options *options) {
    CHECK(ng_graph_init(&m->graph, options) == NG_OK);
}

/* Small blocks and links, so that diagrams meet their bounds. */
static inline void marbles_begin(marbles *m) {
    memset(m, 0, sizeof *m);
    const ng_graph_options options = marbles_options(m);
    marbles_begin_with(m, &options);
}

/* ---- sources --------------------------------------------------------------------------------- */

typedef struct marble_source_state {
    const char *at;
    int64_t tick; /* of `at` */
    bool together;
} marble_source_state;

/* Steps over what takes time only, up to now. Whether something happens now. */
static bool marble_due(marble_source_state *s, int64_t now) {
    while (*s->at != '\0' && s->tick <= now) {
        const char c = *s->at;
        if (c != '-' && c != '(' && c != ')') {
            return true;
        }
        s->at++;
        s->together = c == '(' || (s->together && c != ')');
        s->tick += c == '(' ? 0 : 1;
    }
    return false;
}

static ng_step marble_source_push(void *state, ng_context *context, const ng_batch *in,
                                  const ng_room *out) {
    marble_source_state *const s = (marble_source_state *)state;
    const int64_t now = ng_context_now(context) / MARBLE_TICK;
    size_t made = 0;
    (void)in;
    while (marble_due(s, now)) {
        const char c = *s->at;
        if (c == '|' || c == '#') {
            ng_context_count(context, NG_MADE, (int64_t)made);
            return ng_step_of(0, made, c == '|' ? NG_END : NG_FAILED);
        }
        if (made == out->rows) {
            break;
        }
        ng_set_i64(ng_room_row(out, made++), 0, c);
        s->at++;
        s->tick += s->together ? 0 : 1;
    }
    ng_context_count(context, NG_MADE, (int64_t)made);
    ng_context_call_at(context,
                       *s->at == '\0' || s->tick <= now ? INT64_MAX : s->tick * MARBLE_TICK);
    return ng_step_of(0, made, NG_OK);
}

static ng_step marble_source_timer(void *state, ng_context *context, const ng_room *out) {
    return marble_source_push(state, context, NULL, out);
}

static const ng_operator marble_source_calls = {
    "marbles", NULL, marble_source_push, NULL, marble_source_timer, NULL, NULL, false};

static inline ng_river marble_source(marbles *m, const char *diagram) {
    marble_source_state state = {diagram, 0, false};
    const ng_stage stage = {
        &marble_source_calls, sizeof state, &state, &marble_schema, 1, false, 0};
    return ng_apply(&m->graph, NULL, 0, &stage);
}

/* ---- sinks ----------------------------------------------------------------------------------- */

typedef struct marble_sink_state {
    char *seen;
    size_t at; /* characters written */
    int64_t tick,
        same; /* of the next character; where the last event stands, and how many it has */
    int64_t last;
    size_t last_at;
} marble_sink_state;

static void marble_saw(marble_sink_state *s, int64_t tick, char c) {
    char *const seen = s->seen;
    if (s->same != 0 && s->last == tick) { /* one more in the tick of the last one */
        if (s->same == 1) {
            memmove(seen + s->last_at + 1, seen + s->last_at, s->at - s->last_at);
            seen[s->last_at] = '(';
            s->at++;
        } else {
            s->at--; /* the closing parenthesis */
        }
        seen[s->at++] = c;
        seen[s->at++] = ')';
        s->same++;
    } else {
        while (s->tick < tick) {
            seen[s->at++] = '-';
            s->tick++;
        }
        s->last_at = s->at;
        s->last = tick;
        s->same = 1;
        s->tick = tick + 1;
        seen[s->at++] = c;
    }
    seen[s->at] = '\0';
}

static ng_step marble_sink_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    marble_sink_state *const s = (marble_sink_state *)state;
    (void)out;
    for (size_t i = 0; i < in->rows; i++) {
        const int64_t value = ng_get_i64(ng_batch_row(in, i), 0);
        const bool shown = (value >= '0' && value <= '9') || (value >= 'A' && value <= 'Z') ||
                           (value >= 'a' && value <= 'z');
        marble_saw(s, ng_context_now(context) / MARBLE_TICK, shown ? (char)value : '~');
    }
    return ng_step_of(in->rows, 0, NG_OK);
}

static ng_step marble_sink_end(void *state, ng_context *context, const ng_room *out) {
    (void)out;
    marble_saw((marble_sink_state *)state, ng_context_now(context) / MARBLE_TICK, '|');
    return ng_step_of(0, 0, NG_OK);
}

static ng_status marble_sink_fail(void *state, ng_context *context, ng_status status) {
    (void)status;
    marble_saw((marble_sink_state *)state, ng_context_now(context) / MARBLE_TICK, '#');
    return NG_OK;
}

static const ng_operator marble_sink_calls = {
    "seen", NULL, marble_sink_push, marble_sink_end, NULL, marble_sink_fail, NULL, false};

/* The number of the sink, for marbles_check. */
static inline size_t marble_sink(marbles *m, ng_river river) {
    marble_sink_state state;
    memset(&state, 0, sizeof state);
    state.seen = m->seen[m->sinks];
    const ng_stage stage = {&marble_sink_calls, sizeof state, &state, NULL, 0, false, 0};
    (void)ng_apply(&m->graph, &river, 1, &stage);
    return m->sinks++;
}

/* ---- running --------------------------------------------------------------------------------- */

/* Runs up to a tick, and answers how it stands then. */
static inline ng_status marbles_run_until(marbles *m, int64_t tick) {
    ng_status status = NG_OK;
    for (;;) {
        do {
            status = ng_graph_step(&m->graph, NG_ALL);
        } while (status == NG_AGAIN);
        const int64_t next = ng_graph_next(&m->graph);
        if (status != NG_OK || next > tick * MARBLE_TICK) {
            return status;
        }
        m->now = next > m->now ? next : m->now;
    }
}

/* Starts the graph, runs it to its end or until nothing more can happen, and checks its books. */
static inline ng_status marbles_run(marbles *m) {
    ng_account all;
    ng_error at;
    ng_status status = ng_graph_start(&m->graph);
    if (status == NG_OK) {
        status = marbles_run_until(m, INT64_MAX / MARBLE_TICK - 1);
        CHECK(ng_audit(&m->graph, &all, &at) == NG_OK);
        CHECK(ng_account_holds(&all));
    }
    return status;
}

static inline void marbles_end(marbles *m) {
    ng_graph_close(&m->graph);
    CHECK(m->memory.blocks == 0 && m->memory.bytes == 0 && m->memory.mistakes == 0);
}

/* Checks what a sink saw. */
static inline void marbles_check(const marbles *m, size_t sink, const char *diagram,
                                 const char *file, int line) {
    check_count++;
    if (strcmp(m->seen[sink], diagram) != 0) {
        check_failures++;
        (void)printf("%s:%d: failed: saw      %s\n%s:%d:         expected %s\n", file, line,
                     m->seen[sink], file, line, diagram);
    }
}
#define CHECK_SEEN(m, sink, diagram) marbles_check((m), (sink), (diagram), __FILE__, __LINE__)

#endif
