/* What those who watch a graph are told: each call, and how the operators are. */
#include "marbles.h"

/* ---- tracing --------------------------------------------------------------------------------- */

typedef struct trace {
    uint64_t begun, ended, in[8], out[8], calls[8];
    int64_t last;
    bool nested, lost;
    int marks[2];
    int pushes, ends, timers, bad;
} trace;

static void begin(void *ctx, ng_span *span) {
    trace *const t = (trace *)ctx;
    t->nested = t->nested || t->begun != t->ended;
    t->lost = t->lost || span->data != NULL;
    span->data = &t->marks[t->begun++ % 2];
}

static void end(void *ctx, const ng_span *span) {
    trace *const t = (trace *)ctx;
    t->lost = t->lost || span->data != &t->marks[t->ended % 2];
    t->ended++;
    t->in[span->node] += span->rows_in;
    t->out[span->node] += span->rows_out;
    t->calls[span->node]++;
    t->nested = t->nested || span->begin < t->last || span->end < span->begin;
    t->last = span->end;
    t->pushes += span->call == NG_CALL_PUSH;
    t->ends += span->call == NG_CALL_END;
    t->timers += span->call == NG_CALL_TIMER;
    t->bad += span->status < NG_OK;
}

static int odd(ng_row row, void *ctx) {
    (void)ctx;
    return ng_get_i64(row, 0) % 2 != 0;
}

static ng_status fail_at_w(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0));
    return ng_get_i64(in, 0) == 'w' ? NG_BAD_INPUT : NG_OK;
}

static void test_tracing(void) {
    for (int with_begin = 0; with_begin < 2; with_begin++) {
        trace t;
        marbles m;
        memset(&m, 0, sizeof m);
        memset(&t, 0, sizeof t);
        const ng_tracer tracer = {with_begin ? begin : NULL, end, &t}, deaf = {begin, NULL, &t};
        marbles_begin(&m);
        CHECK(ng_graph_trace(&m.graph, &deaf) == NG_INVALID);
        CHECK(ng_graph_trace(&m.graph, NULL) == NG_INVALID);
        CHECK(ng_graph_trace(NULL, &tracer) == NG_INVALID);
        CHECK(ng_graph_trace(&m.graph, &tracer) == NG_OK);
        t.marks[0] = 0;
        const ng_river source = marble_source(&m, "-abc-(stuvw)-x|");
        const ng_river odds = ng_filter(source, odd, NULL);
        const ng_river mapped = ng_on_error(ng_map(odds, fail_at_w, NULL), NG_SKIP);
        const size_t sink = marble_sink(&m, mapped);
        CHECK(marbles_run(&m) == NG_END);
        CHECK_SEEN(&m, sink, "-a-c-(su)--|");
        CHECK(with_begin ? t.begun == t.ended && !t.lost : t.begun == 0);
        CHECK(t.ended != 0 && !t.nested && t.ends != 0 && t.timers != 0 && t.bad == 1);
        const ng_river rivers[] = {source, odds, mapped};
        for (size_t i = 0; i < 3; i++) { /* what is skipped was not taken by the operator itself */
            const ng_account a = ng_river_account(rivers[i]);
            CHECK(t.out[i] == a.out && (i == 0 || t.in[i] == a.in - a.failed));
        }
        ng_health list[4];
        CHECK(ng_graph_health(&m.graph, list, 4) == 4);
        for (size_t i = 0; i < 4; i++) {
            CHECK(list[i].called == t.calls[i]);
        }
        marbles_end(&m);
    }
}

/* ---- health ---------------------------------------------------------------------------------- */

static ng_status never(ng_row row, void *ctx) {
    (void)row;
    (void)ctx;
    return NG_AGAIN;
}

static void check(const marbles *m, const char *conditions) {
    ng_health list[8];
    const size_t count = ng_graph_health(&m->graph, list, 8);
    CHECK(count == strlen(conditions));
    for (size_t i = 0; i < count && i < strlen(conditions); i++) {
        static const char letters[] = "ribdxa";
        check_count++;
        if (letters[list[i].condition] != conditions[i]) {
            check_failures++;
            (void)printf("operator %zu is %s, not %c\n", i, ng_condition_text(list[i].condition),
                         conditions[i]);
        }
    }
}

static void test_conditions(void) {
    marbles m;
    marbles_begin(&m);
    const ng_river source = marble_source(&m, "-abc-(stuvwstuvwstuvwstuvwstuvw)-x|");
    (void)ng_observe(ng_filter(source, odd, NULL), never, NULL);
    CHECK(ng_graph_health(&m.graph, NULL, 0) == 0); /* it has not been started */
    CHECK(ng_graph_start(&m.graph) == NG_OK);
    check(&m, "rrr");
    CHECK(marbles_run_until(&m, 0) == NG_OK);
    check(&m, "iii");
    CHECK(marbles_run_until(&m, 2) == NG_OK);
    check(&m, "iib");
    CHECK(marbles_run_until(&m, 9) == NG_OK);
    check(&m, "bbb");
    ng_health list[3];
    memset(list, 0xff, sizeof list);
    CHECK(ng_graph_health(&m.graph, list, 2) == 3); /* no more than there is room for */
    CHECK(list[1].queued == ng_river_account(source).out - list[1].account.in);
    CHECK(list[2].node == UINT32_MAX && ng_graph_health(&m.graph, list, 3) == 3);
    CHECK(list[1].desired == 8 - list[2].queued && list[0].status == NG_OK);
    ng_graph_cancel(&m.graph);
    check(&m, "aaa");
    marbles_end(&m);
    CHECK(ng_graph_health(&m.graph, list, 2) == 0);

    marbles_begin(&m);
    ng_river forks[2];
    ng_fork(marble_source(&m, "-a-w--|"), forks, 2);
    (void)marble_sink(&m, ng_map(forks[0], fail_at_w, NULL));
    (void)marble_sink(&m, forks[1]);
    CHECK(marbles_run(&m) == NG_BAD_INPUT);
    check(&m, "ddxxd");
    ng_health all[5];
    CHECK(ng_graph_health(&m.graph, all, 5) == 5 && all[2].status == NG_BAD_INPUT);
    CHECK(all[3].status == NG_BAD_INPUT && all[3].desired == UINT64_MAX);
    marbles_end(&m);
}

static void test_texts(void) {
    ng_health health;
    char text[512];
    memset(&health, 0, sizeof health);
    health.calls = "map";
    health.river = "a \"b\"\\\n";
    health.condition = NG_BLOCKED;
    health.queued = 8;
    health.account.in = UINT64_MAX;
    static const char expected[] =
        "{\"operator\":\"map\",\"river\":\"a \\\"b\\\"\\\\\\u000a\",\"condition\":\"blocked\","
        "\"status\":\"ok\",\"node\":0,\"called\":0,\"queued\":8,\"in\":18446744073709551615,"
        "\"out\":0,\"filtered\":0,\"late\":0,\"dropped\":0,\"failed\":0,\"held\":0,"
        "\"desired\":0}\n";
    CHECK(ng_health_json(&health, text, sizeof text) == sizeof expected - 1);
    CHECK(strcmp(text, expected) == 0);
    for (size_t room = 1; room < sizeof expected; room++) {
        memset(text, '?', sizeof text);
        CHECK(ng_health_json(&health, text, room) == room - 1 && text[room] == '?');
        CHECK(strncmp(text, expected, room - 1) == 0 && text[room - 1] == '\0');
    }
    health.river = NULL;
    health.desired = UINT64_MAX;
    (void)ng_health_json(&health, text, sizeof text);
    CHECK(strstr(text, "\"river\":null") != NULL && strstr(text, "desired") == NULL);
    CHECK(strcmp(ng_condition_text((ng_condition)99), "unknown") == 0);
}

int main(void) {
    test_tracing();
    test_conditions();
    test_texts();
    return check_report();
}
