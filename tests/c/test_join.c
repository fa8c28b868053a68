/* Several rivers into one, and one into several, in diagrams. */
#include "marbles.h"

static const ng_field two_fields[] = {NG_FIELD("left", NG_I64), NG_FIELD("right", NG_I64)};
static const ng_schema two = {two_fields, 2};

/* Two values as one: the right one, or the left one where they stand for each other's case. */
static ng_status both(ng_row in, ng_row out, void *ctx) {
    char *const seen = (char *)ctx;
    const size_t at = strlen(seen);
    seen[at] = (char)ng_get_i64(in, 0);
    seen[at + 1] = (char)ng_get_i64(in, 1);
    ng_set_i64(out, 0, ng_get_i64(in, 1));
    return NG_OK;
}

/* ---- joining --------------------------------------------------------------------------------- */

typedef ng_river join(const ng_river *rivers, uint32_t count);
typedef ng_river beside(const ng_river *rivers, uint32_t count, const ng_schema *schema);

static const struct {
    join *join;
    const char *a, *b, *c, *out;
} joins[] = {
    {ng_merge, "-a---b---|", "--c-|", "----d-----|", "-ac-db----|"},
    {ng_merge, "(ab)|", "(cd)|", "|", "(cdab)|"},
    {ng_merge, "-a-----|", "--#", "|", "-a#"},
    {ng_merge, "|", "|", "|", "|"},
    {ng_concat, "-a-b|", "(cdefghijklmn)-|", "o-|", "-a-b(cdefghijklmno|)"},
    {ng_concat, "-a--|", "|", "--b|", "-a--(b|)"},
    {ng_concat, "-a--#", "b|", "c|", "-a--#"},
    {ng_concat, "-a------|", "b#", "c|", "-a------(b#)"},
};

static void test_joins(void) {
    for (size_t i = 0; i < sizeof joins / sizeof *joins; i++) {
        marbles m;
        marbles_begin(&m);
        const ng_river rivers[] = {marble_source(&m, joins[i].a), marble_source(&m, joins[i].b),
                                   marble_source(&m, joins[i].c)};
        const size_t sink = marble_sink(&m, joins[i].join(rivers, 3));
        (void)marbles_run(&m);
        CHECK_SEEN(&m, sink, joins[i].out);
        marbles_end(&m);
    }
}

static const struct {
    beside *beside;
    const char *a, *b, *out, *pairs;
} pairings[] = {
    {ng_zip, "-a-(bc)-d--|", "(ABCDEFGHIJKLMN)---|", "-A-(BC)-D--|", "aAbBcCdD"},
    {ng_zip, "-a-b-|", "----A---B-|", "----A---(B|)", "aAbB"},
    {ng_zip, "|", "A-|", "|", ""},
    {ng_zip, "-a-#", "AB-|", "-A-#", "aA"},
    {ng_combine_latest, "-a--b--|", "--A--(BC)--|", "--A-A(BC)--|", "aAbAbBbC"},
    {ng_combine_latest, "--|", "A-B-|", "--|", ""},
    {ng_combine_latest, "-a|", "A---#", "-A--#", "aA"},
    {ng_combine_latest, "a|", "-(ABCDEFGHIJKLMN)|", "-(ABCDEFGHIJKLMN)|",
     "aAaBaCaDaEaFaGaHaIaJaKaLaMaN"},
};

static void test_pairings(void) {
    for (size_t i = 0; i < sizeof pairings / sizeof *pairings; i++) {
        marbles m;
        char seen[128] = "";
        marbles_begin(&m);
        const ng_river rivers[] = {marble_source(&m, pairings[i].a),
                                   marble_source(&m, pairings[i].b)};
        const ng_river pairs = pairings[i].beside(rivers, 2, &two);
        const size_t sink = marble_sink(&m, ng_map_to(pairs, &marble_schema, both, seen));
        (void)marbles_run(&m);
        CHECK_SEEN(&m, sink, pairings[i].out);
        CHECK_CASE(strcmp(seen, pairings[i].pairs) == 0, pairings[i].pairs);
        marbles_end(&m);
    }
}

static void test_joins_refused(void) {
    static const ng_field other_fields[] = {NG_FIELD("left", NG_I64), NG_FIELD("right", NG_F64)};
    static const ng_schema other = {other_fields, 2}, one = {other_fields, 1};
    for (int which = 0; which < 6; which++) {
        marbles m;
        marbles_begin(&m);
        const ng_river a = marble_source(&m, "|"), b = marble_source(&m, "|");
        const ng_river same[] = {a, b}, twice[] = {a, a};
        const ng_river pair[] = {ng_zip(same, 2, &two), marble_source(&m, "|")};
        (void)marble_sink(&m, which == 0   ? ng_merge(pair, 2)
                              : which == 1 ? ng_zip(pair, 2, &other)
                              : which == 2 ? ng_zip(pair, 1, &one)
                              : which == 3 ? ng_combine_latest(pair, 2, NULL)
                              : which == 4 ? ng_concat(pair, 0)
                                           : ng_merge(twice, 2));
        const ng_status status = marbles_run(&m);
        CHECK(status == (which < 3 ? NG_MISMATCH : which < 5 ? NG_INVALID : NG_MISUSED));
        marbles_end(&m);
    }
    CHECK(ng_merge(NULL, 0).graph == NULL);
}

/* ---- splitting ------------------------------------------------------------------------------- */

/* Letters in turn into 0 and 1, capitals nowhere, `x` fails. */
static int by_letter(ng_row row, void *ctx) {
    const int64_t value = ng_get_i64(row, 0);
    (void)ctx;
    return value == 'x' ? (int)NG_FAILED : value < 'a' ? 7 : (int)(value % 2);
}

static void split(int how, ng_river river, ng_river *two_rivers) {
    switch (how) {
    case 0:
        ng_fork(river, two_rivers, 2);
        break;
    case 1:
        ng_route(river, by_letter, NULL, two_rivers, 2);
        break;
    case 2:
        ng_round_robin(river, two_rivers, 2);
        break;
    default:
        ng_balance(river, two_rivers, 2);
        break;
    }
}

static const struct {
    int how;
    const char *in, *left, *right;
} splits[] = {
    {0, "-a-(bcdefghijklmnop)-|", "-a-(bcdefghijklmnop)-|", "-a-(bcdefghijklmnop)-|"},
    {0, "-a#", "-a#", "-a#"},
    {1, "-a-(bcdXefgh)-|", "---(bdfh)-|", "-a-(ceg)-|"},
    {1, "(acegikmoqsuwy)b|", "-b|", "(acegikmoqsuwy)-|"},
    {1, "abx-|", "-b#", "a-#"},
    {2, "-a-(bcdef)-|", "-a-(ce)-|", "---(bdf)-|"},
    {3, "-a-(bcd)-|", "-a-(bcd)-|", "-----|"},
};

static void test_splits(void) {
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
        marbles m;
        ng_river rivers[2];
        marbles_begin(&m);
        split(splits[i].how, marble_source(&m, splits[i].in), rivers);
        const size_t left = marble_sink(&m, rivers[0]), right = marble_sink(&m, rivers[1]);
        (void)marbles_run(&m);
        CHECK_SEEN(&m, left, splits[i].left);
        CHECK_SEEN(&m, right, splits[i].right);
        marbles_end(&m);
    }
}

/* Where one branch wants no more, the other goes on. */
static void test_branches_end_by_themselves(void) {
    static const char *const others[] = {"-a-b-c-d-|", "---b---d-|", "---b---d-|", "-----c-d-|"};
    static const char *const firsts[] = {"-(a|)", "-(a|)", "-(a|)", "-(a|)"};
    for (int how = 0; how < 4; how++) {
        marbles m;
        ng_river rivers[2];
        marbles_begin(&m);
        split(how, marble_source(&m, "-a-b-c-d-|"), rivers);
        const int taken = how == 1 ? 1 : 0; /* where `a` goes */
        const size_t one = marble_sink(&m, ng_take(rivers[taken], 1));
        const size_t other = marble_sink(&m, rivers[1 - taken]);
        CHECK(marbles_run(&m) == NG_END);
        CHECK_SEEN(&m, one, firsts[how]);
        CHECK_SEEN(&m, other, how == 3 ? "---b-c-d-|" : others[how]);
        marbles_end(&m);
    }
}

/* A diamond: what is forked comes together again. */
static void test_diamond(void) {
    marbles m;
    ng_river rivers[2];
    marbles_begin(&m);
    ng_fork(marble_source(&m, "-a-(bcd)-|"), rivers, 2);
    const size_t sink = marble_sink(&m, ng_merge(rivers, 2));
    CHECK(marbles_run(&m) == NG_END);
    CHECK_SEEN(&m, sink, "-(aa)-(bcdbcd)-|");
    marbles_end(&m);
}

static void test_splits_refused(void) {
    for (int which = 0; which < 3; which++) {
        marbles m;
        ng_river rivers[2];
        marbles_begin(&m);
        const ng_river source = marble_source(&m, "|");
        if (which == 0) {
            ng_fork(source, rivers, 0);
        } else if (which == 1) {
            ng_route(source, NULL, NULL, rivers, 2);
        } else {
            ng_fork(source, rivers, 2);
            (void)marble_sink(&m, rivers[0]);
        }
        CHECK(marbles_run(&m) == (which == 2 ? NG_DANGLING : NG_INVALID));
        marbles_end(&m);
    }
}

int main(void) {
    test_joins();
    test_pairings();
    test_joins_refused();
    test_splits();
    test_branches_end_by_themselves();
    test_diamond();
    test_splits_refused();
    return check_report();
}
