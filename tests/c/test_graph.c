/* Graphs: building, running, ending, failing, and the books. */
#include "nagare.h"

#include "marbles.h"

/* ---- functions --------------------------------------------------------------------------------
 */

static ng_status upper(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0) - 'a' + 'A');
    return NG_OK;
}

static int is_not(ng_row in, void *ctx) { return ng_get_i64(in, 0) != *(const char *)ctx; }

/* Fails at `x`. */
static ng_status no_x(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0));
    return ng_get_i64(in, 0) == 'x' ? NG_FAILED : NG_OK;
}

static int test_no_x(ng_row in, void *ctx) {
    (void)ctx;
    return ng_get_i64(in, 0) == 'x' ? (int)NG_BAD_INPUT : 1;
}

static ng_status twice(ng_row in, size_t k, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0));
    return k == 2 ? NG_END : NG_OK;
}

static ng_status count_rows(ng_row in, void *ctx) {
    (void)in;
    ++*(int64_t *)ctx;
    return NG_OK;
}

static ng_status tell_count(ng_row out, void *ctx) {
    ng_set_i64(out, 0, '0' + *(int64_t *)ctx);
    return NG_OK;
}

/* ---- operators in diagrams --------------------------------------------------------------------
 */

static void test_steps(void) {
    static const struct {
        const char *name, *in, *out;
    } cases[] = {
        {"map", "-a-b-(cd)-|", "-A-B-(CD)-|"},
        {"map", "|", "|"},
        {"map", "#", "#"},
        {"map", "ab#", "AB#"},
        {"map", "(abcdefghijkl|)", "(ABCDEFGHIJKL|)"},
        {"filter", "-a-b-(cb)-|", "-a---c-|"},
        {"filter", "(bbbbbbbbbbbbbbbbab|)", "(a|)"},
        {"flat_map", "-a--(bcdefg)|", "-(aa)--(bbccddeeffgg)|"},
        {"tap", "(abcdefghij)--|", "(abcdefghij)--|"},
        {"reduce", "-a--(bcdefg)-|", "------(7|)"},
        {"reduce", "-|", "-(0|)"},
        {"reduce", "-a#", "--#"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static char b = 'b';
        int64_t count = 0;
        marbles m;
        marbles_begin(&m);
        ng_river river = marble_source(&m, cases[i].in);
        if (strcmp(cases[i].name, "map") == 0) {
            river = ng_map(river, upper, NULL);
        } else if (strcmp(cases[i].name, "filter") == 0) {
            river = ng_filter(river, is_not, &b);
        } else if (strcmp(cases[i].name, "flat_map") == 0) {
            river = ng_flat_map(river, NULL, twice, NULL);
        } else if (strcmp(cases[i].name, "tap") == 0) {
            river = ng_tap(river, count_rows, &count);
        } else {
            river = ng_reduce(river, NULL, count_rows, tell_count, &count);
        }
        const size_t sink = marble_sink(&m, river);
        const ng_status status = marbles_run(&m);
        CHECK_CASE(status == (strchr(cases[i].in, '#') == NULL ? NG_END : NG_FAILED),
                   cases[i].name);
        CHECK_SEEN(&m, sink, cases[i].out);
        marbles_end(&m);
    }
}

/* ---- bad rows ---------------------------------------------------------------------------------
 */

static void test_stopping(void) {
    marbles m;
    marbles_begin(&m);
    const ng_river safe = ng_name(ng_map(marble_source(&m, "-a-(bxc)-|"), no_x, NULL), "safe");
    const size_t sink = marble_sink(&m, safe);
    CHECK(marbles_run(&m) == NG_FAILED);
    CHECK_SEEN(&m, sink, "-a-(b#)");
    const ng_error error = ng_graph_error(&m.graph);
    CHECK(error.status == NG_FAILED && error.row == 2);
    CHECK(strcmp(error.calls, "map") == 0 && strcmp(error.river, "safe") == 0);
    CHECK(ng_river_account(safe).failed == 1);
    CHECK(ng_graph_step(&m.graph, NG_ALL) == NG_FAILED);
    marbles_end(&m);
}

static void test_skipping(void) {
    marbles m;
    marbles_begin(&m);
    ng_river river = ng_on_error(ng_map(marble_source(&m, "x-(xbxxcx)-|"), no_x, NULL), NG_SKIP);
    const ng_river kept = ng_on_error(ng_filter(river, test_no_x, NULL), NG_SKIP);
    const size_t sink = marble_sink(&m, kept);
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, sink, "--(bc)-|");
    CHECK(ng_river_account(river).failed == 5 && ng_river_account(kept).failed == 0);
    marbles_end(&m);
}

static void test_dead_letters(void) {
    marbles m;
    marbles_begin(&m);
    const ng_river river = ng_on_error(
        ng_map(marble_source(&m, "x-(xbxxxxxxxxxxxxxxcx)-|"), no_x, NULL), NG_DEAD_LETTER);
    const size_t good = marble_sink(&m, river);
    const size_t bad = marble_sink(&m, ng_dead_letters(river));
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, good, "--(bc)-|");
    CHECK_SEEN(&m, bad, "x-(xxxxxxxxxxxxxxxx)-|");
    marbles_end(&m);
}

/* ---- sources ----------------------------------------------------------------------------------
 */

static void test_sources(void) {
    static int64_t values[] = {'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z'};
    ng_column column = {values, NULL, NULL, 0};
    marbles m;
    marbles_begin(&m);
    const size_t range = marble_sink(&m, ng_range(&m.graph, 'a', 'a' + 20, 2));
    const size_t down = marble_sink(&m, ng_range(&m.graph, 'e', 'a', -1));
    const size_t none = marble_sink(&m, ng_range(&m.graph, 5, 5, 1));
    const size_t of = marble_sink(&m, ng_of(&m.graph, values, 3));
    const size_t nothing = marble_sink(&m, ng_of(&m.graph, NULL, 0));
    const size_t array = marble_sink(&m, ng_array(&m.graph, &marble_schema, &column, 11));
    const size_t empty = marble_sink(&m, ng_array(&m.graph, &marble_schema, &column, 0));
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, range, "(acegikmoqs|)");
    CHECK_SEEN(&m, down, "(edcb|)");
    CHECK_SEEN(&m, none, "|");
    CHECK_SEEN(&m, of, "(pqr|)");
    CHECK_SEEN(&m, nothing, "|");
    CHECK_SEEN(&m, array, "(pqrstuvwxyz|)");
    CHECK_SEEN(&m, empty, "|");
    marbles_end(&m);
}

int main(void) {
    test_steps();
    test_stopping();
    test_skipping();
    test_dead_letters();
    test_sources();
    return check_report();
}
