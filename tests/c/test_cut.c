/* take, skip and their kin, in diagrams. */
#include "marbles.h"

static int before_e(ng_row row, void *ctx) {
    (void)ctx;
    return ng_get_i64(row, 0) == 'x' ? (int)NG_BAD_INPUT : ng_get_i64(row, 0) < 'e';
}

typedef ng_river step(ng_river river, uint64_t n);

static ng_river taking_while(ng_river river, uint64_t n) {
    (void)n;
    return ng_take_while(river, before_e, NULL);
}

static ng_river skipping_while(ng_river river, uint64_t n) {
    (void)n;
    return ng_skip_while(river, before_e, NULL);
}

static ng_river skipping_bad_rows(ng_river river, uint64_t n) {
    return ng_on_error(n == 0 ? taking_while(river, 0) : skipping_while(river, 0), NG_SKIP);
}

static const struct {
    const char *name;
    step *step;
    uint64_t n;
    const char *in, *out;
} cases[] = {
    {"take", ng_take, 3, "-a-b-c-d-|", "-a-b-(c|)"},
    {"take", ng_take, 3, "(abcdefghij)-|", "(abc|)"},
    {"take", ng_take, 3, "-a-|", "-a-|"},
    {"take", ng_take, 3, "-a#", "-a#"},
    {"take", ng_take, 0, "-a-|", "|"},
    {"take", ng_take, 100, "(abcdefghijklmnopqrstuvw)-|", "(abcdefghijklmnopqrstuvw)-|"},
    {"skip", ng_skip, 2, "-a-b-c-d-|", "-----c-d-|"},
    {"skip", ng_skip, 2, "(abcdefghijklmn|)", "(cdefghijklmn|)"},
    {"skip", ng_skip, 9, "(abcde)-|", "--|"},
    {"skip", ng_skip, 0, "(ab)-|", "(ab)-|"},
    {"take_while", taking_while, 0, "-a-(bcdefabc)-|", "-a-(bcd|)"},
    {"take_while", taking_while, 0, "-a-(bcdabcdabcd)-|", "-a-(bcdabcdabcd)-|"},
    {"take_while", taking_while, 0, "-e-a-|", "-|"},
    {"take_while", taking_while, 0, "-a-(bx)-|", "-a-(b#)"},
    {"take_while", skipping_bad_rows, 0, "-a-(bxce)-|", "-a-(bc|)"},
    {"skip_while", skipping_while, 0, "-a-(bcdefabcdefgh)-|", "---(efabcdefgh)-|"},
    {"skip_while", skipping_while, 0, "-a-(bc)-|", "-----|"},
    {"skip_while", skipping_while, 0, "-a-(bx)-|", "---#"},
    {"skip_while", skipping_bad_rows, 1, "-a-(bxcef)-|", "---(ef)-|"},
    {"every", ng_every, 1, "-a-b-|", "-a-b-|"},
    {"every", ng_every, 3, "-a-(bcdefghijklmnopq)-|", "-a-(dgjmp)-|"},
    {"every", ng_every, 3, "#", "#"},
};

static void test_cases(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        marbles m;
        marbles_begin(&m);
        const ng_river river = cases[i].step(marble_source(&m, cases[i].in), cases[i].n);
        const size_t sink = marble_sink(&m, river);
        const ng_status status = marbles_run(&m);
        CHECK_CASE(status == (strchr(cases[i].out, '#') == NULL ? NG_END
                                                                : ng_graph_error(&m.graph).status),
                   cases[i].name);
        CHECK_SEEN(&m, sink, cases[i].out);
        marbles_end(&m);
    }
}

/* A step that ends early reaches the source at once, through all between them. */
static void test_cancelling(void) {
    marbles m;
    marbles_begin(&m);
    const ng_river source = ng_range(&m.graph, 'a', INT64_MAX, 1);
    const ng_river every = ng_every(ng_skip(source, 1), 1);
    const size_t sink = marble_sink(&m, ng_take(every, 3));
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, sink, "(bcd|)");
    CHECK(ng_river_account(source).in <= 16);
    marbles_end(&m);
}

static void test_refusals(void) {
    for (int which = 0; which < 3; which++) {
        marbles m;
        marbles_begin(&m);
        const ng_river source = marble_source(&m, "|");
        (void)marble_sink(&m, which == 0   ? ng_every(source, 0)
                              : which == 1 ? ng_take_while(source, NULL, NULL)
                                           : ng_skip_while(source, NULL, NULL));
        CHECK(marbles_run(&m) == NG_INVALID);
        marbles_end(&m);
    }
}

int main(void) {
    test_cases();
    test_cancelling();
    test_refusals();
    return check_report();
}
