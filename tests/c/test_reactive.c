/* The rules of Reactive Streams 1.0.4, each by its number. A publisher is a river, a subscriber the
 * calls of ng_subscribe, a processor an operator. docs/flow.md says how they map. */
#include "marbles.h"

/* ---- a subscriber that writes down what it is told ------------------------------------------- */

typedef struct witness {
    marbles m;
    ng_subscription subscription;
    size_t subscribed, rows, ends, errors;
    size_t after_end;   /* calls after the last one allowed */
    size_t deep, depth; /* the deepest nesting of calls, and the present one */
    int64_t last;
    ng_status error;
    uint64_t first_request, each_request; /* asked for at the start and at each row */
    size_t cancel_at;                     /* at this row; 0: never */
} witness;

static void enter(witness *w) {
    w->depth++;
    w->deep = w->depth > w->deep ? w->depth : w->deep;
    w->after_end += w->ends + w->errors != 0;
}

static void on_subscribe(ng_subscription *s, void *ctx) {
    witness *const w = (witness *)ctx;
    enter(w);
    w->subscribed++;
    w->after_end += w->rows != 0;
    if (w->first_request != 0) {
        ng_request(s, w->first_request);
    }
    w->depth--;
}

static void on_next(ng_subscription *s, ng_row row, void *ctx) {
    witness *const w = (witness *)ctx;
    enter(w);
    w->rows++;
    w->last = ng_get_i64(row, 0);
    if (w->rows == w->cancel_at) {
        ng_subscription_cancel(s);
        ng_subscription_cancel(s);
        ng_request(s, 5);
    } else if (w->each_request != 0) {
        ng_request(s, w->each_request);
    }
    w->depth--;
}

static void on_complete(void *ctx) {
    witness *const w = (witness *)ctx;
    enter(w);
    w->ends++;
    w->depth--;
}

static void on_error(ng_status status, void *ctx) {
    witness *const w = (witness *)ctx;
    enter(w);
    w->errors++;
    w->error = status;
    w->depth--;
}

static const ng_subscriber calls = {on_subscribe, on_next, on_complete, on_error};

static void begin(witness *w) {
    memset(w, 0, sizeof *w);
    marbles_begin(&w->m);
}

static void start(witness *w, ng_river river) {
    (void)ng_subscribe(river, &w->subscription, &calls, w);
    CHECK(ng_graph_start(&w->m.graph) == NG_OK);
}

/* Runs until everything waits. */
static ng_status settle(witness *w) { return marbles_run_until(&w->m, 1000); }

static ng_status ask(witness *w, uint64_t rows) {
    ng_request(&w->subscription, rows);
    return settle(w);
}

static void end(witness *w) {
    ng_account all;
    ng_error at;
    CHECK(ng_audit(&w->m.graph, &all, &at) == NG_OK && ng_account_holds(&all));
    CHECK(w->subscribed == 1 && w->ends + w->errors <= 1 && w->after_end == 0);
    marbles_end(&w->m);
}

static ng_river numbers(witness *w, int64_t count) { return ng_range(&w->m.graph, 0, count, 1); }

/* ---- publishers ------------------------------------------------------------------------------ */

static void rule_1_1_no_more_than_asked_for(void) {
    witness w;
    begin(&w);
    start(&w, numbers(&w, 100));
    CHECK(settle(&w) == NG_OK && w.rows == 0);
    CHECK(ask(&w, 1) == NG_OK && w.rows == 1);
    CHECK(ask(&w, 41) == NG_OK && w.rows == 42 && w.last == 41);
    end(&w);
}

static void rule_1_2_fewer_and_then_the_end(void) {
    witness w;
    begin(&w);
    start(&w, numbers(&w, 3));
    CHECK(ask(&w, 10) == NG_END && w.rows == 3 && w.ends == 1);
    end(&w);
}

static void rule_1_3_one_call_at_a_time(void) {
    witness w;
    begin(&w);
    w.first_request = w.each_request = 1;
    start(&w, numbers(&w, 1000));
    CHECK(settle(&w) == NG_END && w.rows == 1000 && w.deep == 1);
    end(&w);
}

static void rule_1_4_failing_is_told(void) {
    witness w;
    begin(&w);
    start(&w, marble_source(&w.m, "a-b-#"));
    CHECK(ask(&w, 10) == NG_FAILED && w.rows == 2 && w.errors == 1 && w.error == NG_FAILED);
    end(&w);
}

static void rule_1_5_ending_is_told(void) {
    witness w;
    begin(&w);
    start(&w, numbers(&w, 2));
    CHECK(ask(&w, 2) == NG_END && w.ends == 1 && w.errors == 0);
    end(&w);
}

static void rule_1_6_the_end_cancels(void) {
    witness w;
    begin(&w);
    start(&w, numbers(&w, 2));
    CHECK(ask(&w, 2) == NG_END && w.subscription.over);
    end(&w);
}

static void rule_1_7_nothing_after_the_end(void) {
    static const char *const rivers[] = {"a|", "a#"};
    for (size_t i = 0; i < 2; i++) {
        witness w;
        begin(&w);
        start(&w, marble_source(&w.m, rivers[i]));
        CHECK(ask(&w, 9) != NG_OK);
        CHECK(ask(&w, 9) != NG_OK && w.rows == 1 && w.ends + w.errors == 1 && w.after_end == 0);
        end(&w);
    }
}

static void rule_1_8_cancelling_stops_it(void) {
    witness w;
    begin(&w);
    start(&w, numbers(&w, INT64_MAX));
    CHECK(ask(&w, 7) == NG_OK && w.rows == 7);
    ng_subscription_cancel(&w.subscription);
    CHECK(settle(&w) == NG_END && w.rows == 7 && w.ends + w.errors == 0);
    end(&w);
}

static void rule_1_9_being_subscribed_comes_first(void) {
    witness w;
    begin(&w);
    w.first_request = 5;
    (void)ng_subscribe(numbers(&w, 5), &w.subscription, &calls, &w);
    CHECK(w.subscribed == 0 && w.rows == 0);
    CHECK(ng_graph_start(&w.m.graph) == NG_OK && w.subscribed == 1);
    CHECK(settle(&w) == NG_END && w.rows == 5);
    end(&w);

    begin(&w); /* NULL is refused, and told by the graph */
    CHECK(ng_subscribe(numbers(&w, 5), NULL, &calls, &w).node == UINT32_MAX);
    CHECK(ng_graph_start(&w.m.graph) == NG_INVALID);
    marbles_end(&w.m);
    begin(&w);
    CHECK(ng_subscribe(numbers(&w, 5), &w.subscription, NULL, &w).node == UINT32_MAX);
    marbles_end(&w.m);
}

static void rule_1_10_and_11_many_subscribers_by_a_fork(void) {
    witness a, b;
    ng_river rivers[2];
    begin(&a);
    memset(&b, 0, sizeof b);
    ng_fork(numbers(&a, 20), rivers, 2);
    (void)ng_subscribe(rivers[0], &a.subscription, &calls, &a);
    (void)ng_subscribe(rivers[1], &b.subscription, &calls, &b);
    CHECK(ng_graph_start(&a.m.graph) == NG_OK);
    ng_request(&b.subscription, 20);
    CHECK(ask(&a, 3) == NG_OK && a.rows == 3);
    CHECK(b.rows < 20); /* the slower one sets the pace */
    CHECK(ask(&a, 17) == NG_END && a.rows == 20 && b.rows == 20 && a.ends == 1 && b.ends == 1);
    end(&a);

    begin(&a); /* the same river twice is refused */
    const ng_river once = numbers(&a, 20);
    (void)ng_subscribe(once, &a.subscription, &calls, &a);
    (void)ng_subscribe(once, &b.subscription, &calls, &b);
    CHECK(ng_graph_start(&a.m.graph) == NG_MISUSED);
    marbles_end(&a.m);
}

/* ---- subscribers ----------------------------------------------------------------------------- */

static void rule_2_1_demand_is_asked_for(void) {
    witness w;
    begin(&w);
    start(&w, numbers(&w, 5));
    CHECK(settle(&w) == NG_OK && w.rows == 0 && w.ends == 0);
    CHECK(ask(&w, 5) == NG_END && w.rows == 5);
    end(&w);
}

static void rule_2_2_a_slow_one_obstructs_nothing_else(void) {
    witness w;
    ng_river rivers[2];
    begin(&w);
    ng_link_options latest = marbles_options(&w.m).link;
    latest.overflow = NG_OVERFLOW_LATEST;
    ng_fork(ng_range(&w.m.graph, 'a', 'a' + 20, 1), rivers, 2);
    (void)ng_subscribe(ng_bound(rivers[0], &latest), &w.subscription, &calls, &w);
    const size_t other = marble_sink(&w.m, rivers[1]);
    CHECK(ng_graph_start(&w.m.graph) == NG_OK && settle(&w) == NG_OK);
    CHECK_SEEN(&w.m, other, "(abcdefghijklmnopqrst|)");
    CHECK(ask(&w, 20) == NG_END && w.last == 'a' + 19);
    end(&w);
}

static void on_complete_meddling(void *ctx) {
    witness *const w = (witness *)ctx;
    w->ends++;
    ng_request(&w->subscription, 1);
    ng_request(&w->subscription, 0);
    ng_subscription_cancel(&w->subscription);
}

static void on_error_meddling(ng_status status, void *ctx) {
    witness *const w = (witness *)ctx;
    w->errors++;
    w->error = status;
    ng_request(&w->subscription, 1);
    ng_request(&w->subscription, 0);
    ng_subscription_cancel(&w->subscription);
}

static void rules_2_3_and_2_4_the_subscription_is_over_at_the_end(void) {
    static const ng_subscriber meddling = {on_subscribe, on_next, on_complete_meddling,
                                           on_error_meddling};
    static const char *const rivers[] = {"a|", "a#"};
    for (size_t i = 0; i < 2; i++) {
        witness w;
        begin(&w);
        (void)ng_subscribe(marble_source(&w.m, rivers[i]), &w.subscription, &meddling, &w);
        CHECK(ng_graph_start(&w.m.graph) == NG_OK);
        CHECK(ask(&w, 9) == (i == 0 ? NG_END : NG_FAILED));
        CHECK(w.ends + w.errors == 1 && w.rows == 1);
        end(&w);
    }
}

static void rules_2_5_and_2_12_subscribed_once(void) {
    witness w;
    begin(&w);
    w.first_request = 1;
    start(&w, numbers(&w, 3));
    CHECK(ask(&w, 2) == NG_END && w.subscribed == 1);
    CHECK(ng_graph_start(&w.m.graph) == NG_MISUSED && w.subscribed == 1);
    end(&w);
}

static void rule_2_6_whoever_wants_no_more_cancels(void) {
    witness w;
    begin(&w);
    w.first_request = 100;
    w.cancel_at = 4;
    const ng_river source = numbers(&w, INT64_MAX);
    start(&w, source);
    CHECK(settle(&w) == NG_END && w.rows == 4 && w.ends + w.errors == 0);
    CHECK(ng_river_account(source).in <= 16);
    end(&w);
}

static void rule_2_7_requests_are_serial(void) {
    witness w; /* all of a graph is on one thread; requests from one call add up */
    begin(&w);
    start(&w, numbers(&w, 10));
    ng_request(&w.subscription, 2);
    ng_request(&w.subscription, 3);
    CHECK(settle(&w) == NG_OK && w.rows == 5);
    end(&w);
}

static void rule_2_8_no_row_comes_after_cancelling(void) {
    witness w; /* the rule lets some come; here rows in flight are let go of */
    begin(&w);
    start(&w, numbers(&w, 100));
    ng_request(&w.subscription, 50);
    ng_subscription_cancel(&w.subscription);
    CHECK(settle(&w) == NG_END && w.rows == 0);
    end(&w);
}

static void rules_2_9_and_2_10_ends_without_demand(void) {
    witness w;
    begin(&w);
    start(&w, marble_source(&w.m, "-|"));
    CHECK(settle(&w) == NG_END && w.ends == 1 && w.rows == 0);
    end(&w);
    begin(&w);
    start(&w, marble_source(&w.m, "-#"));
    CHECK(settle(&w) == NG_FAILED && w.errors == 1 && w.rows == 0);
    end(&w);
}

static void rule_2_11_a_row_is_there_when_it_is_told(void) {
    witness w; /* and is read within the call */
    begin(&w);
    start(&w, marble_source(&w.m, "q-|"));
    CHECK(ask(&w, 1) == NG_END && w.last == 'q');
    end(&w);
}

static void rule_2_13_a_subscriber_may_leave_calls_out(void) {
    static const ng_subscriber silent = {NULL, NULL, NULL, NULL};
    static const char *const rivers[] = {"(abc)|", "(abc)#"};
    for (size_t i = 0; i < 2; i++) {
        witness w;
        begin(&w);
        (void)ng_subscribe(marble_source(&w.m, rivers[i]), &w.subscription, &silent, &w);
        CHECK(ng_graph_start(&w.m.graph) == NG_OK);
        CHECK(ask(&w, 9) == (i == 0 ? NG_END : NG_FAILED));
        w.subscribed = 1;
        end(&w);
    }
}

/* ---- subscriptions --------------------------------------------------------------------------- */

static void rules_3_1_to_3_4_requesting_from_within(void) {
    witness w;
    begin(&w);
    w.first_request = 1;
    w.each_request = 2;
    start(&w, numbers(&w, 100000));
    CHECK(settle(&w) == NG_END && w.rows == 100000 && w.deep == 1);
    end(&w);
}

static void rules_3_5_and_3_7_cancelling_twice(void) {
    witness w;
    begin(&w);
    start(&w, numbers(&w, 100));
    CHECK(ask(&w, 1) == NG_OK);
    ng_subscription_cancel(&w.subscription);
    ng_subscription_cancel(&w.subscription);
    CHECK(settle(&w) == NG_END);
    ng_subscription_cancel(&w.subscription);
    CHECK(w.rows == 1);
    end(&w);
}

static void rule_3_6_requests_after_cancelling_do_nothing(void) {
    witness w;
    begin(&w);
    start(&w, numbers(&w, 100));
    ng_subscription_cancel(&w.subscription);
    ng_request(&w.subscription, 0);
    CHECK(ask(&w, 10) == NG_END && w.rows == 0 && w.errors == 0);
    end(&w);
}

static void rule_3_8_requests_add_up(void) {
    witness w;
    begin(&w);
    start(&w, numbers(&w, 100));
    for (uint64_t i = 1; i <= 10; i++) {
        ng_request(&w.subscription, i);
    }
    CHECK(settle(&w) == NG_OK && w.rows == 55);
    end(&w);
}

static void rule_3_9_asking_for_nothing_is_an_error(void) {
    for (int early = 0; early < 2; early++) {
        witness w;
        begin(&w);
        start(&w, early ? numbers(&w, 100) : marble_source(&w.m, "-----a|"));
        (void)(early && ask(&w, 3) == NG_OK);
        CHECK(ask(&w, 0) == NG_END);
        CHECK(w.errors == 1 && w.error == NG_INVALID && w.rows == (early ? 3u : 0u));
        end(&w);
    }
}

static void rules_3_10_and_3_11_rows_and_ends_come_in_the_next_step(void) {
    witness w; /* the rules allow them within the request, too */
    begin(&w);
    start(&w, numbers(&w, 3));
    CHECK(settle(&w) == NG_OK);
    ng_request(&w.subscription, 3);
    CHECK(w.rows == 0 && w.ends == 0);
    CHECK(settle(&w) == NG_END && w.rows == 3 && w.ends == 1);
    end(&w);
}

static void rules_3_12_to_3_14_cancelling_lets_go_of_all(void) {
    witness w;
    begin(&w);
    start(&w, numbers(&w, INT64_MAX));
    CHECK(ask(&w, 5) == NG_OK);
    ng_subscription_cancel(&w.subscription);
    CHECK(settle(&w) == NG_END);
    ng_account all;
    ng_error at;
    CHECK(ng_audit(&w.m.graph, &all, &at) == NG_OK && all.in_flight == 0);
    CHECK(all.in == all.out + all.dropped && all.out == 5);
    end(&w);
}

static void rules_3_15_and_3_16_calls_return(void) {
    witness w; /* they have no result: what they cause is told in calls */
    begin(&w);
    start(&w, numbers(&w, 1));
    CHECK(ask(&w, 1) == NG_END);
    ng_request(&w.subscription, 1);
    ng_subscription_cancel(&w.subscription);
    CHECK(w.rows == 1 && w.ends == 1);
    end(&w);
}

static void rule_3_17_demand_without_end(void) {
    witness w;
    begin(&w);
    start(&w, numbers(&w, 100000));
    ng_request(&w.subscription, UINT64_MAX - 5);
    ng_request(&w.subscription, 10);
    CHECK(w.subscription.demand == UINT64_MAX);
    CHECK(settle(&w) == NG_END && w.rows == 100000 && w.subscription.demand == UINT64_MAX);
    end(&w);
}

/* ---- processors ------------------------------------------------------------------------------ */

static ng_status same(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0));
    return ng_get_i64(in, 0) == 'x' ? NG_FAILED : NG_OK;
}

static void rule_4_1_an_operator_obeys_both_sides(void) {
    witness w;
    begin(&w);
    const ng_river source = numbers(&w, 1000);
    start(&w, ng_map(source, same, NULL));
    CHECK(ask(&w, 10) == NG_OK && w.rows == 10);
    CHECK(ng_river_account(source).out <= 10 + 16);
    CHECK(ask(&w, 990) == NG_FAILED || w.rows == 'x');
    end(&w);
}

static void rule_4_2_errors_go_on_or_are_recovered_from(void) {
    witness w;
    begin(&w);
    start(&w, ng_map(marble_source(&w.m, "axb|"), same, NULL));
    CHECK(ask(&w, 9) == NG_FAILED && w.rows == 1 && w.errors == 1);
    end(&w);
    begin(&w);
    start(&w, ng_on_error(ng_map(marble_source(&w.m, "axb|"), same, NULL), NG_SKIP));
    CHECK(ask(&w, 9) == NG_END && w.rows == 2 && w.ends == 1);
    end(&w);
}

int main(void) {
    rule_1_1_no_more_than_asked_for();
    rule_1_2_fewer_and_then_the_end();
    rule_1_3_one_call_at_a_time();
    rule_1_4_failing_is_told();
    rule_1_5_ending_is_told();
    rule_1_6_the_end_cancels();
    rule_1_7_nothing_after_the_end();
    rule_1_8_cancelling_stops_it();
    rule_1_9_being_subscribed_comes_first();
    rule_1_10_and_11_many_subscribers_by_a_fork();
    rule_2_1_demand_is_asked_for();
    rule_2_2_a_slow_one_obstructs_nothing_else();
    rules_2_3_and_2_4_the_subscription_is_over_at_the_end();
    rules_2_5_and_2_12_subscribed_once();
    rule_2_6_whoever_wants_no_more_cancels();
    rule_2_7_requests_are_serial();
    rule_2_8_no_row_comes_after_cancelling();
    rules_2_9_and_2_10_ends_without_demand();
    rule_2_11_a_row_is_there_when_it_is_told();
    rule_2_13_a_subscriber_may_leave_calls_out();
    rules_3_1_to_3_4_requesting_from_within();
    rules_3_5_and_3_7_cancelling_twice();
    rule_3_6_requests_after_cancelling_do_nothing();
    rule_3_8_requests_add_up();
    rule_3_9_asking_for_nothing_is_an_error();
    rules_3_10_and_3_11_rows_and_ends_come_in_the_next_step();
    rules_3_12_to_3_14_cancelling_lets_go_of_all();
    rules_3_15_and_3_16_calls_return();
    rule_3_17_demand_without_end();
    rule_4_1_an_operator_obeys_both_sides();
    rule_4_2_errors_go_on_or_are_recovered_from();
    return check_report();
}
