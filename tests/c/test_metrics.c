/* test_metrics: histograms, counters, accounts and their text. Without an argument it runs its own
 * checks; with one it answers lines: `histogram` about values, `text` about lists of metrics;
 * `case` prints the text of metrics_case.h. */
#include "check.h"
#include "metrics_case.h"

#include <stdlib.h>
#include <string.h>

/* ---- random numbers -------------------------------------------------------------------------- */

static uint64_t random_state = 88172645463325252U;

static uint64_t random_u64(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* As often of one size as of another. */
static uint64_t random_size(void) { return random_u64() >> (random_u64() % 64); }

/* ---- histograms ------------------------------------------------------------------------------ */

static void check_edges(uint64_t value) {
    const uint64_t edge = ng_histogram_edge(value);
    CHECK(edge >= value && edge - value <= value / 32);
    CHECK(ngi_histogram_index(edge) == ngi_histogram_index(value));
    CHECK(ng_histogram_edge(edge) == edge);
    CHECK(edge == UINT64_MAX || ngi_histogram_index(edge + 1) == ngi_histogram_index(edge) + 1);
    CHECK(value >= 64 || edge == value);
}

static void check_buckets(void) {
    for (uint64_t value = 0; value < 5000; value++) {
        check_edges(value);
        check_edges(UINT64_MAX - value);
    }
    for (unsigned bit = 0; bit < 64; bit++) {
        for (unsigned near = 0; near < 3; near++) {
            check_edges((UINT64_C(1) << bit) - 1 + near);
        }
    }
    for (int i = 0; i < 10000; i++) {
        check_edges(random_size());
    }
    CHECK(ngi_histogram_index(0) == 0);
    CHECK(ngi_histogram_index(UINT64_MAX) == NG_HISTOGRAM_BUCKETS - 1);
    CHECK(sizeof(ng_histogram) == 15392);
}

static void check_empty(const ng_histogram *h) {
    CHECK(ng_histogram_min(h) == 0 && ng_histogram_max(h) == 0);
    CHECK(ng_histogram_quantile(h, 0.5) == 0 && ng_histogram_quantile(h, 1) == 0);
    CHECK(ng_histogram_mean(h) >= 0 && ng_histogram_mean(h) <= 0);
    CHECK(ng_histogram_count_to(h, UINT64_MAX) == 0);
}

static void check_histogram_limits(void) {
    static ng_histogram h, other;
    check_empty(NULL);
    check_empty(&h);
    ng_histogram_record(NULL, 1);
    ng_histogram_record_many(NULL, 1, 1);
    ng_histogram_reset(NULL);
    ng_histogram_record_many(&h, 7, 0);
    check_empty(&h);
    CHECK(ng_histogram_merge(NULL, &h) == NG_INVALID);
    CHECK(ng_histogram_merge(&h, NULL) == NG_INVALID);
    ng_histogram_record(&h, UINT64_MAX);
    CHECK(ng_histogram_min(&h) == UINT64_MAX && ng_histogram_max(&h) == UINT64_MAX);
    CHECK(ng_histogram_quantile(&h, 0) == UINT64_MAX);
    ng_histogram_record(&h, 1);
    CHECK(h.sum == UINT64_MAX && h.count == 2);
    ng_histogram_record_many(&h, 0, UINT64_MAX);
    ng_histogram_record(&h, 0);
    CHECK(h.buckets[0] == UINT64_MAX && h.count == UINT64_MAX && ng_histogram_min(&h) == 0);
    CHECK(ng_histogram_quantile(&h, 0.999) == 0 && ng_histogram_quantile(&h, 2) == 0);
    CHECK(ng_histogram_count_to(&h, 0) == UINT64_MAX);
    ng_histogram_reset(&h);
    CHECK(memcmp(&h, &other, sizeof h) == 0);
    ng_histogram_record_many(&h, UINT64_C(1) << 40, UINT64_C(1) << 24);
    CHECK(h.sum == UINT64_MAX);
    /* What was counted without being in a bucket is looked for in vain, but not for ever. */
    ng_histogram_reset(&h);
    h.count = 10;
    CHECK(ng_histogram_quantile(&h, 1) == 0);
}

static void fill(ng_histogram *h, bool saturate) {
    ng_histogram_reset(h);
    for (int i = 0; i < 200; i++) {
        ng_histogram_record(h, random_size());
        ng_histogram_record_many(h, random_size(), random_size() >> (saturate ? 0 : 40));
    }
}

static bool merged(ng_histogram *into, const ng_histogram *from) {
    return ng_histogram_merge(into, from) == NG_OK;
}

static void check_merge(bool saturate) {
    static ng_histogram a, b, c, left, right, none;
    for (int i = 0; i < 20; i++) {
        fill(&a, saturate);
        fill(&b, saturate);
        fill(&c, saturate);
        left = a; /* (a + b) + c */
        CHECK(merged(&left, &b) && merged(&left, &c));
        right = c; /* a + (c + b) */
        CHECK(merged(&right, &b));
        b = a;
        CHECK(merged(&b, &right));
        CHECK(memcmp(&left, &b, sizeof b) == 0);
        CHECK(merged(&b, &none));
        CHECK(memcmp(&left, &b, sizeof b) == 0);
    }
}

/* Recording many is recording often, and merging is recording in one. */
static void check_ways_to_record(void) {
    static ng_histogram once, many, parts[2];
    for (int i = 0; i < 500; i++) {
        const uint64_t value = random_size(), n = random_u64() % 5;
        for (uint64_t j = 0; j < n; j++) {
            ng_histogram_record(&once, value);
            ng_histogram_record(&parts[j % 2], value);
        }
        ng_histogram_record_many(&many, value, n);
    }
    CHECK(memcmp(&once, &many, sizeof once) == 0);
    CHECK(merged(&parts[0], &parts[1]));
    CHECK(memcmp(&once, &parts[0], sizeof once) == 0);
}

/* ---- counters, gauges, accounts -------------------------------------------------------------- */

static void check_counters(void) {
    ng_counter counter = {{0}};
    ng_gauge gauge = {{0}};
    uint64_t sum = 0;
    CHECK(ng_counter_read(&counter) == 0 && ng_counter_read(NULL) == 0);
    ng_counter_add(NULL, 1);
    for (int i = 0; i < 1000; i++) {
        const uint64_t n = random_size() >> 12;
        ng_counter_add(&counter, n);
        sum += n;
        CHECK(ng_counter_read(&counter) == sum);
    }
    ng_counter_add(&counter, UINT64_MAX - sum);
    CHECK(ng_counter_read(&counter) == UINT64_MAX);
    ng_counter_add(&counter, 1);
    CHECK(ng_counter_read(&counter) == UINT64_MAX);
    CHECK(ng_gauge_read(&gauge) == 0.0 && ng_gauge_read(NULL) == 0.0);
    ng_gauge_set(NULL, 1);
    ng_gauge_add(NULL, 1);
    ng_gauge_set(&gauge, 1.5);
    ng_gauge_add(&gauge, -4);
    CHECK(ng_gauge_read(&gauge) == -2.5);
}

static uint64_t *account_field(ng_account *account, size_t field) {
    uint64_t *const fields[NG_ACCOUNT_METRICS] = {
        &account->in,      &account->out,    &account->filtered, &account->late,
        &account->dropped, &account->failed, &account->held,     &account->in_flight};
    return fields[field];
}

static void check_accounts(void) {
    ng_account none, all, sum;
    memset(&none, 0, sizeof none);
    CHECK(ng_account_holds(&none) && !ng_account_holds(NULL));
    sum = none;
    for (size_t i = 1; i < NG_ACCOUNT_METRICS; i++) {
        ng_account one = none;
        *account_field(&one, i) = 10 + i;
        CHECK(!ng_account_holds(&one));
        one.in = 10 + i;
        CHECK(ng_account_holds(&one));
        CHECK(ng_account_add(&sum, &one) == NG_OK && ng_account_holds(&sum));
        one.in++;
        CHECK(!ng_account_holds(&one));
        CHECK(*account_field(&sum, i) == 10 + i);
        /* A sum that would wrap to `in` is no proof. */
        one = none;
        one.out = *account_field(&one, i) = UINT64_MAX;
        one.filtered++;
        CHECK(!ng_account_holds(&one));
    }
    CHECK(sum.in == 98);
    for (size_t i = 0; i < NG_ACCOUNT_METRICS; i++) {
        all = sum;
        *account_field(&all, i) = UINT64_MAX;
        const ng_account before = all;
        CHECK(ng_account_add(&all, &sum) == NG_TOO_LARGE);
        CHECK(memcmp(&all, &before, sizeof all) == 0);
    }
    CHECK(ng_account_add(NULL, &sum) == NG_INVALID && ng_account_add(&sum, NULL) == NG_INVALID);
    ng_label labels[NG_ACCOUNT_METRICS][2];
    ng_metric metrics[NG_ACCOUNT_METRICS];
    CHECK(ng_account_metrics(NULL, "a", labels, metrics) == NG_INVALID);
    CHECK(ng_account_metrics(&sum, NULL, labels, metrics) == NG_INVALID);
    CHECK(ng_account_metrics(&sum, "a", NULL, metrics) == NG_INVALID);
    CHECK(ng_account_metrics(&sum, "a", labels, NULL) == NG_INVALID);
}

/* ---- text ------------------------------------------------------------------------------------ */

#define TEXT_ROOM 262144

static char whole[TEXT_ROOM], pieces[TEXT_ROOM];

/* Writes all of the text in pieces of at most `room` bytes. */
static size_t write_all(ng_metrics *metrics, char *text, size_t room) {
    size_t size = 0, written;
    ng_status status;
    do {
        /* Behind each piece lies a byte that must stay. */
        char *const piece = (char *)malloc(room + 1);
        CHECK(piece != NULL);
        piece[room] = '!';
        status = ng_metrics_write(metrics, piece, room, &written);
        CHECK(written == room || (status == NG_OK && written < room));
        CHECK(piece[room] == '!' && size + written < TEXT_ROOM);
        memcpy(text + size, piece, written);
        size += written;
        free(piece);
    } while (status == NG_AGAIN);
    CHECK(status == NG_OK);
    CHECK(ng_metrics_write(metrics, text + size, 1, &written) == NG_OK && written == 0);
    return size;
}

/* The text is the same however it is cut; its size. */
static size_t write_in_every_way(ng_metrics *metrics, size_t most) {
    const size_t size = write_all(metrics, whole, TEXT_ROOM);
    for (size_t room = 1; room <= size + 1; room += room < most ? 1 : 1 + size / 7) {
        ng_metrics_rewind(metrics);
        const bool same =
            write_all(metrics, pieces, room) == size && memcmp(whole, pieces, size) == 0;
        CHECK(same);
    }
    return size;
}

static void check_every_cut(void) {
    ng_metrics metrics;
    CHECK(ng_metrics_init(&metrics, metrics_case_list, METRICS_CASE_COUNT, metrics_case_order) ==
          NG_OK);
    CHECK(metrics.error.status == NG_OK && metrics.error.message == NULL);
    const size_t size = write_in_every_way(&metrics, TEXT_ROOM);
    CHECK(size > 2000);
    /* Going back in the middle of a line begins from the front. */
    size_t written;
    ng_metrics_rewind(&metrics);
    CHECK(ng_metrics_write(&metrics, pieces, 333, &written) == NG_AGAIN && written == 333);
    ng_metrics_rewind(&metrics);
    CHECK(write_all(&metrics, pieces, 99) == size && memcmp(whole, pieces, size) == 0);
    ng_metrics_rewind(NULL);
}

/* A number is that of its line's beginning, and buckets that grow meanwhile never go down. */
static void check_growing(void) {
    static ng_histogram h;
    static char text[4096];
    ng_counter counter = {{0}};
    ng_metric list[2] = {metrics_case_metric("b", "B.", NG_METRIC_HISTOGRAM, &h),
                         metrics_case_metric("a_total", "A.", NG_METRIC_COUNTER, &counter)};
    size_t order[2], size = 0, written;
    ng_metrics metrics;
    ng_status status = ng_metrics_init(&metrics, list, 2, order);
    CHECK(status == NG_OK);
    ng_counter_add(&counter, 999);
    do {
        status = ng_metrics_write(&metrics, text + size, 1, &written);
        size += written;
        ng_histogram_record_many(&h, random_size(), 1000);
        ng_counter_add(&counter, size < 50 ? 0 : 1000000);
    } while (status == NG_AGAIN && size + 2 < sizeof text);
    text[size] = '\0';
    CHECK(status == NG_OK);
    CHECK(strstr(text, "\na_total 999\n") != NULL);
    unsigned long long before = 0, now = 0;
    size_t buckets = 0;
    for (const char *at = strstr(text, "b_bucket{"); at != NULL; at = strstr(at, "b_bucket{")) {
        at = strstr(at, "} ") + 2;
        now = strtoull(at, NULL, 10);
        CHECK(now >= before);
        before = now;
        buckets++;
    }
    CHECK(buckets == NG_METRIC_EDGES + 1 && now > 0);
    CHECK(strtoull(strstr(text, "b_count ") + 8, NULL, 10) == now);
}

static const char *message_of(const ng_metric *list, size_t count, size_t *metric) {
    static size_t order[4];
    static char out[8];
    size_t written = 1;
    ng_metrics metrics;
    const ng_status status = ng_metrics_init(&metrics, list, count, order);
    CHECK(status == metrics.error.status);
    if (status == NG_OK) {
        return NULL;
    }
    CHECK(status == NG_INVALID);
    CHECK(ng_metrics_write(&metrics, out, sizeof out, &written) == NG_INVALID && written == 0);
    *metric = metrics.error.metric;
    return metrics.error.message;
}

/* The second of three metrics is wrong in this way. */
static void check_refused(const ng_metric *wrong, const char *message) {
    static uint64_t n;
    const ng_metric list[3] = {metrics_case_metric("z", "Z.", NG_METRIC_LEVEL, &n), *wrong,
                               metrics_case_metric("a", "A.", NG_METRIC_LEVEL, &n)};
    size_t metric = 9;
    const char *const said = message_of(list, 3, &metric);
    CHECK_CASE(said != NULL && strcmp(said, message) == 0, message);
    CHECK_CASE(metric == 1, message);
}

static void check_wrong_names(const ng_metric *fine) {
    static const char *const names[] = {NULL,  "",         "1a",  "a b", "a-b", "a:b",
                                        "a\n", "\xc3\xa4", "a{}", "a@",  "a[",  "`"};
    static const char *const endings[] = {"a_bucket", "a_sum", "a_count", "seconds_sum"};
    static const char *const units[] = {"seconds", "", "otal", "b c", "m_n_o", "n_o"};
    ng_metric metric = *fine;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        metric.name = names[i];
        check_refused(&metric, "the name is not made of letters, digits and underscores");
    }
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        metric.name = endings[i];
        check_refused(&metric, "the name ends in what histograms add to theirs");
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        metric.name = "n_o";
        metric.unit = units[i];
        check_refused(&metric, "the name does not end in the unit");
    }
    metric = *fine;
    metric.name = "a_total";
    check_refused(&metric, "counters, and only they, have a name that ends in _total");
    metric.name = "atotal";
    metric.kind = NG_METRIC_TOTAL;
    check_refused(&metric, "counters, and only they, have a name that ends in _total");
    metric.name = "_total";
    check_refused(&metric, "counters, and only they, have a name that ends in _total");
    metric.name = "a_count_total_";
    check_refused(&metric, "counters, and only they, have a name that ends in _total");
    metric = *fine;
    metric.kind = (ng_metric_kind)0;
    check_refused(&metric, "the kind is none of NG_METRIC_*");
}

static void check_wrong_labels(const ng_metric *fine) {
    ng_label labels[2] = {{"a", "1"}, {"b", "2"}};
    size_t metric_number = 0;
    ng_metric metric = *fine;
    metric.label_count = 2;
    check_refused(&metric, "there are no labels behind the pointer");
    metric.labels = labels;
    CHECK(message_of(&metric, 1, &metric_number) == NULL);
    labels[1].name = "a.b";
    check_refused(&metric, "a label's name is not made of letters, digits and underscores");
    labels[1].name = NULL;
    check_refused(&metric, "a label's name is not made of letters, digits and underscores");
    labels[1].name = "a";
    check_refused(&metric, "the labels are not in ascending order of their names");
    labels[0].name = "b";
    check_refused(&metric, "the labels are not in ascending order of their names");
    labels[0].name = "__a";
    check_refused(&metric, "a label's name begins with two underscores");
    labels[0].name = "_a";
    labels[1].value = "";
    check_refused(&metric, "a label's value is empty, which means no label; leave it out");
    labels[1].value = "\xff";
    check_refused(&metric, "a label's value is not UTF-8");
    labels[1].value = NULL;
    check_refused(&metric, "a label's value is not UTF-8");
    labels[1].value = "2";
    labels[1].name = "le";
    CHECK(message_of(&metric, 1, &metric_number) == NULL);
    metric.kind = NG_METRIC_HISTOGRAM;
    check_refused(&metric, "a histogram's label is named le");
}

static void check_wrong_rest(const ng_metric *fine) {
    uint64_t edges[3] = {10, 1000, 1005};
    size_t metric_number = 0;
    ng_metric metric = *fine;
    metric.help = NULL;
    check_refused(&metric, "there is no help, or it is not UTF-8");
    metric.help = "\xc3";
    check_refused(&metric, "there is no help, or it is not UTF-8");
    metric = *fine;
    metric.value = NULL;
    check_refused(&metric, "there is no value behind the pointer");
    metric = *fine;
    metric.edges = edges;
    metric.edge_count = 3;
    check_refused(&metric, "only histograms have edges");
    metric.kind = NG_METRIC_HISTOGRAM;
    check_refused(&metric, "the edges are not ascending, or two of them are the same bucket's");
    edges[2] = 1024;
    CHECK(message_of(&metric, 1, &metric_number) == NULL);
    edges[0] = 2000;
    check_refused(&metric, "the edges are not ascending, or two of them are the same bucket's");
    metric.edges = NULL;
    check_refused(&metric, "there are no edges behind the pointer");
}

static void check_wrong_families(const ng_metric *fine) {
    static const ng_label one[1] = {{"a", "1"}}, two[2] = {{"a", "1"}, {"b", "1"}};
    static ng_gauge gauge;
    size_t metric = 9;
    ng_metric list[3] = {*fine, *fine, *fine};
    list[1].labels = one;
    list[1].label_count = 1;
    list[2].labels = two;
    list[2].label_count = 2;
    CHECK(message_of(list, 3, &metric) == NULL);
    list[1].kind = NG_METRIC_GAUGE; /* is shown in the same way */
    list[1].value = &gauge;
    list[1].divisor = 1;
    CHECK(message_of(list, 3, &metric) == NULL);
    list[2].kind = NG_METRIC_HISTOGRAM;
    CHECK(strcmp(message_of(list, 3, &metric), "it has the name of a metric of another kind") == 0);
    CHECK(metric == 2);
    list[2].kind = NG_METRIC_GAUGE;
    list[2].help = "Something else.";
    CHECK(strcmp(message_of(list, 3, &metric),
                 "it has the name of a metric with another help or divisor") == 0);
    list[2].help = fine->help;
    list[2].divisor = 2;
    CHECK(strcmp(message_of(list, 3, &metric),
                 "it has the name of a metric with another help or divisor") == 0);
    list[2] = list[1];
    CHECK(strcmp(message_of(list, 3, &metric), "another metric has its name and labels") == 0);
    CHECK(metric == 1 || metric == 2);
}

static void check_wrong_arguments(const ng_metric *fine) {
    ng_metrics metrics;
    size_t order[1], written = 7;
    char out[4];
    CHECK(ng_metrics_init(NULL, fine, 1, order) == NG_INVALID);
    CHECK(ng_metrics_init(&metrics, NULL, 1, order) == NG_INVALID);
    CHECK(metrics.error.status == NG_INVALID && metrics.error.message == NULL);
    CHECK(ng_metrics_init(&metrics, fine, 1, NULL) == NG_INVALID);
    CHECK(ng_metrics_init(&metrics, NULL, 0, NULL) == NG_OK);
    CHECK(ng_metrics_write(&metrics, out, 1, &written) == NG_OK && written == 0);
    CHECK(ng_metrics_init(&metrics, fine, 1, order) == NG_OK);
    written = 7;
    CHECK(ng_metrics_write(&metrics, out, 0, &written) == NG_INVALID && written == 0);
    CHECK(ng_metrics_write(&metrics, NULL, 1, &written) == NG_INVALID);
    CHECK(ng_metrics_write(NULL, out, 1, &written) == NG_INVALID);
    CHECK(ng_metrics_write(&metrics, out, 1, NULL) == NG_INVALID);
    /* None of these has begun the text. */
    CHECK(ng_metrics_write(&metrics, out, 4, &written) == NG_AGAIN && written == 4);
    CHECK(memcmp(out, "# HE", 4) == 0);
}

static int run_own_checks(void) {
    static uint64_t n;
    const ng_metric fine = metrics_case_metric("m", "M.", NG_METRIC_LEVEL, &n);
    check_buckets();
    check_histogram_limits();
    check_merge(false);
    check_merge(true);
    check_ways_to_record();
    check_counters();
    check_accounts();
    check_every_cut();
    check_growing();
    check_wrong_names(&fine);
    check_wrong_labels(&fine);
    check_wrong_rest(&fine);
    check_wrong_families(&fine);
    check_wrong_arguments(&fine);
    return check_report();
}

/* ---- answers --------------------------------------------------------------------------------- */

static char line[1 << 20];

static uint64_t next_u64(char **at) { return (uint64_t)strtoull(*at, at, 10); }

/* `N q... V values...`: count, sum, min, max, mean, and the N quantiles. */
static void answer_histograms(void) {
    static ng_histogram h;
    static double q[64];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *at = line;
        const size_t quantiles = (size_t)next_u64(&at);
        for (size_t i = 0; i < quantiles; i++) {
            q[i] = strtod(at, &at);
        }
        ng_histogram_reset(&h);
        for (uint64_t left = next_u64(&at); left > 0; left--) {
            ng_histogram_record(&h, next_u64(&at));
        }
        (void)printf("%llu %llu %llu %llu %.17g", (unsigned long long)h.count,
                     (unsigned long long)h.sum, (unsigned long long)ng_histogram_min(&h),
                     (unsigned long long)ng_histogram_max(&h), ng_histogram_mean(&h));
        for (size_t i = 0; i < quantiles; i++) {
            (void)printf(" %llu", (unsigned long long)ng_histogram_quantile(&h, q[i]));
        }
        (void)printf("\n");
    }
}

#define LIST_ROOM 64

static struct list {
    ng_metric metrics[LIST_ROOM];
    size_t order[LIST_ROOM];
    ng_counter counters[LIST_ROOM];
    ng_gauge gauges[LIST_ROOM];
    uint64_t plain[LIST_ROOM];
    ng_histogram histograms[LIST_ROOM];
    ng_label labels[LIST_ROOM][8];
    uint64_t edges[LIST_ROOM][32];
    char texts[1 << 18];
    size_t count, texts_size;
} list;

/* The next word, which is a text in hex; `-` is NULL. */
static const char *next_text(char **at) {
    char *const text = list.texts + list.texts_size;
    size_t size = 0;
    for (; **at == ' '; (*at)++) {
    }
    if (**at == '-') {
        (*at)++;
        return NULL;
    }
    for (; **at > ' '; *at += 2) {
        const char digits[3] = {(*at)[0], (*at)[1], '\0'};
        text[size++] = (char)strtoul(digits, NULL, 16);
    }
    text[size] = '\0';
    list.texts_size += size + 1;
    return text;
}

/* `M KIND DIVISOR NAME HELP UNIT VALUE` */
static void read_metric(char *at) {
    const size_t i = list.count++;
    ng_metric *const metric = &list.metrics[i];
    metric->kind = (ng_metric_kind)next_u64(&at);
    metric->divisor = next_u64(&at);
    metric->name = next_text(&at);
    metric->help = next_text(&at);
    metric->unit = next_text(&at);
    metric->labels = list.labels[i];
    metric->edges = list.edges[i];
    if (metric->kind == NG_METRIC_COUNTER) {
        metric->value = &list.counters[i];
        ng_counter_add(&list.counters[i], next_u64(&at));
    } else if (metric->kind == NG_METRIC_GAUGE) {
        metric->value = &list.gauges[i];
        ng_gauge_set(&list.gauges[i], strtod(at, &at));
    } else if (metric->kind == NG_METRIC_HISTOGRAM) {
        metric->value = &list.histograms[i];
    } else {
        metric->value = &list.plain[i];
        list.plain[i] = next_u64(&at);
    }
}

/* Lines describe a metric (M), its labels (L NAME VALUE), edges (E EDGE) and values (V VALUE N).
 * `W` asks for the text: a line with its size, and it. */
static void answer_texts(void) {
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *at = line + 1;
        ng_metric *const metric = &list.metrics[list.count > 0 ? list.count - 1 : 0];
        if (line[0] == 'M') {
            read_metric(at);
        } else if (line[0] == 'L') {
            ng_label *const label = &list.labels[list.count - 1][metric->label_count++];
            label->name = next_text(&at);
            label->value = next_text(&at);
        } else if (line[0] == 'E') {
            list.edges[list.count - 1][metric->edge_count++] = next_u64(&at);
        } else if (line[0] == 'V') {
            const uint64_t value = next_u64(&at);
            ng_histogram_record_many(&list.histograms[list.count - 1], value, next_u64(&at));
        } else {
            ng_metrics metrics;
            const ng_status status =
                ng_metrics_init(&metrics, list.metrics, list.count, list.order);
            const size_t size = status == NG_OK ? write_in_every_way(&metrics, 40) : 0;
            (void)printf("%lu %d %lu %s\n", (unsigned long)size, (int)status, check_failures,
                         status == NG_OK ? "" : metrics.error.message);
            (void)fwrite(whole, 1, size, stdout);
            memset(&list, 0, sizeof list);
        }
    }
}

int main(int count, char **arguments) {
    CHECK(metrics_case_init() == NG_OK);
    if (count == 1) {
        return run_own_checks();
    }
    if (strcmp(arguments[1], "histogram") == 0) {
        answer_histograms();
    } else if (strcmp(arguments[1], "text") == 0) {
        answer_texts();
    } else {
        ng_metrics metrics;
        const ng_status status =
            ng_metrics_init(&metrics, metrics_case_list, METRICS_CASE_COUNT, metrics_case_order);
        CHECK(status == NG_OK);
        (void)fwrite(whole, 1, write_all(&metrics, whole, TEXT_ROOM), stdout);
    }
    return check_failures > 0;
}
