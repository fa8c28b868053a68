/* Rows by their keys: distinct, until changed, partitions; samples, switches and collected rows. */
#include "marbles.h"

/* ---- diagrams -------------------------------------------------------------------------------- */

static ng_river changes(ng_river river) { return ng_distinct_until_changed(river, NULL, 0); }

static ng_river distinct_of(ng_river river, size_t keys, bool forgets) {
    const ng_distinct_options options = {keys, 1, forgets};
    return ng_distinct(river, NULL, 0, &options);
}

static ng_river distinct(ng_river river) { return distinct_of(river, 100, false); }
static ng_river distinct_three(ng_river river) { return distinct_of(river, 3, false); }
static ng_river distinct_skip(ng_river river) {
    return ng_on_error(distinct_three(river), NG_SKIP);
}
static ng_river forgetful(ng_river river) { return distinct_of(river, 4, true); }

static const struct {
    ng_river (*step)(ng_river river);
    const char *in, *out;
} steps[] = {
    {changes, "-aa-b(bbaa)-b|", "-a--ba-b|"},
    {changes, "(aaaaaaaaaaaaaaaaaaaab)|", "(ab)|"},
    {changes, "|", "|"},
    {changes, "aa#", "a-#"},
    {distinct, "-ab-a(abc)-d|", "-ab--c-d|"},
    {distinct, "(abcdefghijklmnopqrstuvwxyzabc)-a|", "(abcdefghijklmnopqrstuvwxyz)--|"},
    {distinct_three, "abcacbd-|", "abc---#"},
    {distinct_skip, "abcacbde-a|", "abc-------|"},
    {forgetful, "ab-cd-abcd-ef-ab-ef|", "ab-cd------ef-ab---|"},
};

static void test_diagrams(void) {
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        marbles m;
        marbles_begin(&m);
        const size_t sink = marble_sink(&m, steps[i].step(marble_source(&m, steps[i].in)));
        (void)marbles_run(&m);
        CHECK_SEEN(&m, sink, steps[i].out);
        marbles_end(&m);
    }
}

static const struct {
    const char *a, *b, *c, *out;
} switches[] = {
    {"-a-b---c-d|", "----e--f|", "|", "-a-be--f|"},
    {"-a-b|", "------c-d|", "---------e-f|", "-a-b--c-de-f|"},
    {"-a|", "--|", "------b|", "-a----b|"},
    {"(abcdefghijklmnop)|", "-xyz|", "--|", "(abcdefghijklmnop)xyz|"},
    {"-a----#", "--b----|", "|", "-ab----|"}, /* a river that was left cannot fail any more */
    {"-a-#", "----b|", "|", "-a-#"},
    {"|", "|", "|", "|"},
};

static void test_switches(void) {
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        marbles m;
        marbles_begin(&m);
        const ng_river rivers[] = {marble_source(&m, switches[i].a),
                                   marble_source(&m, switches[i].b),
                                   marble_source(&m, switches[i].c)};
        const size_t sink = marble_sink(&m, ng_switch_latest(rivers, 3));
        (void)marbles_run(&m);
        CHECK_SEEN(&m, sink, switches[i].out);
        marbles_end(&m);
    }
}

/* ---- keys of all types ----------------------------------------------------------------------- */

enum { TYPES = NG_UTF8, ROWS = 600, KEYS = 7 };

static char names[TYPES][8];
static ng_field all_fields[TYPES];
static ng_schema all = {all_fields, TYPES};

static void make_schema(void) {
    for (size_t i = 0; i < TYPES; i++) {
        (void)sprintf(names[i], "c%zu", i);
        const ng_field field = NG_NULLABLE(names[i], (ng_type)(NG_BOOL + i));
        all_fields[i] = field;
    }
}

/* Row `i` has key `i * i % KEYS`, or another where one column alone is asked; 0 is null. Of floats
 * 1 is zero, now and then a negative one, and 2 is not a number. */
static uint64_t key_of(uint64_t row) { return row * row % KEYS; }

static double float_of(uint64_t key, uint64_t row) {
    if (key == 1) {
        return row % 2 == 0 ? 0.0 : -0.0;
    }
    return key == 2 ? __builtin_nan("") : (double)key * 1.5;
}

static ng_status generate(ng_row out, void *ctx) {
    uint64_t *const row = (uint64_t *)ctx;
    const uint64_t key = key_of(*row);
    if (*row == ROWS) {
        return NG_END;
    }
    for (size_t i = 0; i < TYPES; i++) {
        const ng_type type = all_fields[i].type;
        if (type == NG_BOOL) {
            ng_set_bool(out, i, key % 2 == 0);
        } else if (type == NG_F32) {
            ng_set_f32(out, i, (float)float_of(key, *row));
        } else if (type == NG_F64) {
            ng_set_f64(out, i, float_of(key, *row));
        } else if (type == NG_UTF8) {
            const ng_status status = ng_set_text(out, i, "a long key, longer", (size_t)key * 3);
            if (status != NG_OK) {
                return status;
            }
        } else {
            memcpy((char *)out.columns[i].values + out.at * ng_type_size(type), &key,
                   ng_type_size(type));
        }
        ng_set_null(out, i, key == 0);
    }
    ++*row;
    return NG_OK;
}

static ng_status count_row(ng_row row, void *ctx) {
    (void)row;
    ++*(size_t *)ctx;
    return NG_OK;
}

/* How many keys there are, and how often they change, by some columns. */
static void check_keys(const char *const *by, size_t count, size_t keys, bool whole) {
    for (size_t batch = 1; batch < 100; batch = batch * 4 + 3) {
        marbles m;
        uint64_t row = 0;
        size_t distinct_rows = 0, changed_rows = 0, expected = 1;
        ng_river forks[2];
        memset(&m, 0, sizeof m);
        ng_graph_options options = marbles_options(&m);
        options.batch_rows = batch;
        options.batch_text = 19;
        marbles_begin_with(&m, &options);
        ng_fork(ng_generate(&m.graph, &all, generate, &row), forks, 2);
        const ng_distinct_options few = {KEYS, 64, false};
        (void)ng_observe(ng_distinct(forks[0], by, count, &few), count_row, &distinct_rows);
        (void)ng_observe(ng_distinct_until_changed(forks[1], by, count), count_row, &changed_rows);
        CHECK(marbles_run(&m) == NG_END);
        for (uint64_t i = 1; i < ROWS; i++) {
            expected += key_of(i) != key_of(i - 1);
        }
        CHECK(distinct_rows == keys);
        CHECK(!whole || changed_rows == expected);
        marbles_end(&m);
    }
}

static void test_keys(void) {
    size_t seen = 0;
    bool there[KEYS] = {false};
    for (uint64_t i = 0; i < ROWS; i++) {
        seen += !there[key_of(i)];
        there[key_of(i)] = true;
    }
    check_keys(NULL, 0, seen, true);
    for (size_t i = 0; i < TYPES; i++) {
        const char *const one[] = {names[i]};
        check_keys(one, 1, i == 0 ? 3 : seen, i != 0); /* of a bool: yes, no, null */
        const char *const two[] = {names[i], names[(i + 5) % TYPES]};
        check_keys(two, 2, seen, true);
    }
}

/* ---- many keys ------------------------------------------------------------------------------- */

static void test_many_keys(void) {
    enum { MANY = 200000 };
    for (size_t forgets = 0; forgets < 2; forgets++) {
        marbles m;
        size_t rows = 0;
        memset(&m, 0, sizeof m);
        ng_graph_options options = ng_graph_defaults(heap_allocator(&m.memory));
        marbles_begin_with(&m, &options);
        const ng_river rivers[] = {ng_range(&m.graph, 0, MANY, 1), ng_range(&m.graph, 0, MANY, 1)};
        const ng_distinct_options some = {forgets == 0 ? MANY : MANY / 4, 1, forgets != 0};
        (void)ng_observe(ng_distinct(ng_concat(rivers, 2), NULL, 0, &some), count_row, &rows);
        CHECK(marbles_run(&m) == NG_END);
        CHECK(rows == (forgets == 0 ? MANY : 2 * MANY));
        marbles_end(&m);
    }
}

/* The text of one key is more than there is room for. */
static void test_text_beyond_all(void) {
    for (size_t forgets = 0; forgets < 2; forgets++) {
        marbles m;
        uint64_t row = 0;
        size_t rows = 0;
        marbles_begin(&m);
        static const char *const by[] = {"c15"};
        const ng_distinct_options options = {100, 16, forgets != 0};
        (void)ng_observe(ng_distinct(ng_generate(&m.graph, &all, generate, &row), by, 1, &options),
                         count_row, &rows);
        CHECK(marbles_run(&m) == (forgets == 0 ? NG_FULL : NG_TOO_LARGE));
        CHECK(rows != 0 && ng_graph_error(&m.graph).row != 0);
        marbles_end(&m);
    }
}

/* ---- partitions ------------------------------------------------------------------------------ */

enum { PARTS = 4 };

typedef struct part {
    size_t rows, keys[KEYS];
} part;

static ng_status see_part(ng_row row, void *ctx) {
    part *const p = (part *)ctx;
    p->rows++;
    p->keys[ng_is_null(row, 4) ? 0 : ng_get_i64(row, 4)]++;
    return NG_OK;
}

static void test_partitions(void) {
    part first[PARTS];
    for (size_t batch = 1; batch < 100; batch = batch * 4 + 3) {
        part parts[PARTS];
        marbles m;
        uint64_t row = 0;
        ng_river rivers[PARTS];
        static const char *const by[] = {"c4", "c15"};
        memset(&m, 0, sizeof m);
        memset(parts, 0, sizeof parts);
        ng_graph_options options = marbles_options(&m);
        options.batch_rows = batch;
        marbles_begin_with(&m, &options);
        ng_partition(ng_generate(&m.graph, &all, generate, &row), by, 2, rivers, PARTS);
        for (size_t i = 0; i < PARTS; i++) {
            (void)ng_observe(rivers[i], see_part, &parts[i]);
        }
        CHECK(marbles_run(&m) == NG_END);
        for (uint64_t key = 0; key < KEYS; key++) { /* all rows of a key are in one part */
            size_t in = 0;
            for (size_t i = 0; i < PARTS; i++) {
                in += parts[i].keys[key] != 0;
            }
            CHECK(in <= 1);
        }
        CHECK(parts[0].rows + parts[1].rows + parts[2].rows + parts[3].rows == ROWS);
        CHECK(batch == 1 || memcmp(first, parts, sizeof parts) == 0);
        memcpy(first, parts, sizeof parts);
        marbles_end(&m);
    }
}

/* Keys spread evenly, and in the same way for ever. */
static ng_status see_value(ng_row row, void *ctx) {
    part *const p = (part *)ctx;
    p->keys[0] = (p->keys[0] * 31 + (size_t)ng_get_i64(row, 0)) & 0xffff;
    p->rows++;
    return NG_OK;
}

static void test_partition_is_stable(void) {
    part parts[PARTS];
    marbles m;
    ng_river rivers[PARTS];
    marbles_begin(&m);
    memset(parts, 0, sizeof parts);
    ng_partition(ng_range(&m.graph, 0, 10000, 1), NULL, 0, rivers, PARTS);
    for (size_t i = 0; i < PARTS; i++) {
        (void)ng_observe(rivers[i], see_value, &parts[i]);
    }
    CHECK(marbles_run(&m) == NG_END);
    for (size_t i = 0; i < PARTS; i++) {
        CHECK(parts[i].rows > 2400 && parts[i].rows < 2600);
    }
    CHECK(parts[0].keys[0] == 1276 && parts[3].keys[0] == 54176);
    marbles_end(&m);
}

/* ---- samples --------------------------------------------------------------------------------- */

static ng_status fold_value(ng_row row, void *ctx) {
    uint64_t *const digest = (uint64_t *)ctx;
    digest[0]++;
    digest[1] = digest[1] * 31 + (uint64_t)ng_get_i64(row, 0);
    return NG_OK;
}

static void sample(double probability, uint64_t seed, size_t batch, uint64_t *digest) {
    marbles m;
    memset(&m, 0, sizeof m);
    digest[0] = digest[1] = 0;
    ng_graph_options options = marbles_options(&m);
    options.batch_rows = batch;
    marbles_begin_with(&m, &options);
    const ng_river rows = ng_range(&m.graph, 0, 20000, 1);
    (void)ng_observe(ng_sample(rows, probability, seed), fold_value, digest);
    CHECK(marbles_run(&m) == NG_END);
    marbles_end(&m);
}

static void test_samples(void) {
    uint64_t whole[2], cut[2], other[2];
    sample(0.25, 7, 1000, whole);
    CHECK(whole[0] > 4800 && whole[0] < 5200);
    for (size_t batch = 1; batch < 30; batch = batch * 3 + 1) {
        sample(0.25, 7, batch, cut);
        CHECK(cut[0] == whole[0] && cut[1] == whole[1]);
    }
    sample(0.25, 8, 1000, other);
    CHECK(other[1] != whole[1]);
    sample(0, 7, 64, cut);
    CHECK(cut[0] == 0);
    sample(1, 7, 64, cut);
    CHECK(cut[0] == 20000);
}

/* ---- collected ------------------------------------------------------------------------------- */

static void test_collecting(void) {
    int64_t values[10] = {-1, -2};
    ng_column column = {values, NULL, NULL, 0};
    ng_collected to = {&column, 10, 2};
    marbles m;
    marbles_begin(&m);
    (void)ng_collect(ng_range(&m.graph, 0, 8, 1), &to);
    CHECK(marbles_run(&m) == NG_END);
    CHECK(to.rows == 10 && values[1] == -2 && values[2] == 0 && values[9] == 7);
    marbles_end(&m);

    to.rows = 5; /* there is no room for the last three of eight */
    marbles_begin(&m);
    const ng_river sink = ng_collect(ng_range(&m.graph, 0, 8, 1), &to);
    (void)ng_on_error(sink, NG_SKIP);
    CHECK(marbles_run(&m) == NG_END);
    CHECK(to.rows == 10 && values[9] == 4 && ng_river_account(sink).failed == 3);
    marbles_end(&m);
}

static void test_collecting_text(void) {
    int32_t offsets[11] = {99};
    uint8_t valid[2] = {0}, bytes[40];
    ng_column columns[TYPES];
    uint64_t values[TYPES][16];
    ng_collected to = {columns, 10, 0};
    for (size_t i = 0; i < TYPES; i++) {
        const ng_column column = {values[i], valid, NULL, 0};
        columns[i] = column;
    }
    columns[TYPES - 1].values = offsets;
    columns[TYPES - 1].bytes = bytes;
    columns[TYPES - 1].bytes_size = sizeof bytes;
    marbles m;
    uint64_t row = 0;
    marbles_begin(&m);
    (void)ng_collect(ng_generate(&m.graph, &all, generate, &row), &to);
    CHECK(marbles_run(&m) == NG_FULL);
    size_t rows = 0, text = 0; /* as many as there is room for the text of */
    while (rows < 10 && text + 3 * key_of(rows) <= sizeof bytes) {
        text += 3 * (size_t)key_of(rows++);
    }
    CHECK(to.rows == rows && offsets[rows] == (int32_t)text && offsets[0] == 0);
    marbles_end(&m);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static ng_status refused(size_t which) {
    static const char *const missing[] = {"value", "other"};
    static const char *const many[17] = {"value", "value", "value", "value", "value", "value",
                                         "value", "value", "value", "value", "value", "value",
                                         "value", "value", "value", "value", "value"};
    static const ng_distinct_options fine = {10, 10, false},
                                     wrong[] = {{0, 10, false},
                                                {10, 0, false},
                                                {((size_t)1 << 30) + 1, 1, false},
                                                {10, SIZE_MAX, false}};
    marbles m;
    marbles_begin(&m);
    const ng_river range = ng_range(&m.graph, 0, 9, 1);
    ng_river rivers[2];
    ng_collected to = {NULL, 0, 0};
    switch (which) {
    case 0:
        (void)ng_distinct(range, missing, 2, &fine);
        break;
    case 1:
        (void)ng_distinct(range, many, 17, &fine);
        break;
    case 2:
        (void)ng_distinct(range, many, 0, &fine);
        break;
    case 3:
        (void)ng_distinct(range, NULL, 0, NULL);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        (void)ng_distinct(range, NULL, 0, &wrong[which - 4]);
        break;
    case 8:
        (void)ng_distinct_until_changed(range, missing, 2);
        break;
    case 9:
        (void)ng_sample(range, 1.5, 0);
        break;
    case 10:
        (void)ng_sample(range, __builtin_nan(""), 0);
        break;
    case 11:
        ng_partition(range, missing, 2, rivers, 2);
        break;
    case 12:
        ng_partition(range, many, 17, rivers, 2);
        break;
    case 13:
        ng_partition(range, missing, 0, rivers, 2);
        break;
    case 14:
        ng_partition(range, missing, 1, NULL, 2);
        break;
    case 15:
        (void)ng_switch_latest(NULL, 0);
        (void)ng_collect(range, NULL);
        break;
    default:
        (void)ng_collect(range, &to);
        break;
    }
    const ng_status status = ng_graph_error(&m.graph).status;
    marbles_end(&m);
    return status;
}

static void test_refusals(void) {
    static const ng_status expected[] = {
        NG_MISMATCH,  NG_TOO_LARGE, NG_INVALID,  NG_INVALID, NG_INVALID, NG_INVALID,
        NG_INVALID,   NG_INVALID,   NG_MISMATCH, NG_INVALID, NG_INVALID, NG_MISMATCH,
        NG_TOO_LARGE, NG_INVALID,   NG_INVALID,  NG_INVALID, NG_INVALID};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        char which[24];
        (void)sprintf(which, "case %zu", i);
        CHECK_CASE(refused(i) == expected[i], which);
    }
}

static void test_memory_fails(void) {
    ng_status status = NG_NO_MEMORY;
    for (size_t fail_at = 1; status == NG_NO_MEMORY; fail_at++) {
        marbles m;
        ng_river rivers[2];
        marbles_begin(&m);
        m.memory.fail_at = fail_at;
        ng_partition(distinct(changes(ng_range(&m.graph, 0, 9, 1))), NULL, 0, rivers, 2);
        (void)marble_sink(&m, ng_switch_latest(rivers, 2));
        status = marbles_run(&m);
        CHECK(status == NG_NO_MEMORY || status == NG_END);
        marbles_end(&m);
    }
}

int main(void) {
    make_schema();
    test_diagrams();
    test_switches();
    test_keys();
    test_many_keys();
    test_text_beyond_all();
    test_partitions();
    test_partition_is_stable();
    test_samples();
    test_collecting();
    test_collecting_text();
    test_refusals();
    test_memory_fails();
    return check_report();
}
