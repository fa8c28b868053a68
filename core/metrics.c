/* metrics: checks, sorts and writes a list of metrics. */
#include "metrics.h"
#include "exact.h"
#include "utf8.h"

static size_t ngi_metrics_length(const char *text) {
    size_t size = 0;
    while (text[size] != '\0') {
        size++;
    }
    return size;
}

static int ngi_metrics_compare_texts(const char *a, const char *b) {
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static const char *ngi_metrics_type(ng_metric_kind kind) {
    switch (kind) {
    case NG_METRIC_COUNTER:
    case NG_METRIC_TOTAL:
        return "counter";
    case NG_METRIC_GAUGE:
    case NG_METRIC_LEVEL:
        return "gauge";
    case NG_METRIC_HISTOGRAM:
        return "histogram";
    default:
        return NULL;
    }
}

/* ---- checks: each answers what is wrong, or NULL --------------------------------------------- */

static bool ngi_metrics_is_name(const char *name) {
    if (name == NULL || *name == '\0' || (*name >= '0' && *name <= '9')) {
        return false;
    }
    for (; *name != '\0'; name++) {
        const char letter = (char)(*name | 0x20);
        if (!(letter >= 'a' && letter <= 'z') && !(*name >= '0' && *name <= '9') && *name != '_') {
            return false;
        }
    }
    return true;
}

static bool ngi_metrics_is_utf8(const char *text) {
    return text != NULL && ngi_utf8_is_valid(text, text + ngi_metrics_length(text));
}

/* The size of `text` without `ending` and an underscore before it; 0 if it ends otherwise. */
static size_t ngi_metrics_without(const char *text, size_t size, const char *ending) {
    const size_t most = ngi_metrics_length(ending);
    if (size < most + 2 || text[size - most - 1] != '_') {
        return 0;
    }
    for (size_t i = 0; i < most; i++) {
        if (text[size - most + i] != ending[i]) {
            return 0;
        }
    }
    return size - most - 1;
}

static const char *ngi_metrics_check_name(const ng_metric *metric) {
    if (!ngi_metrics_is_name(metric->name)) {
        return "the name is not made of letters, digits and underscores";
    }
    size_t size = ngi_metrics_length(metric->name);
    const size_t total = ngi_metrics_without(metric->name, size, "total");
    const char *const type = ngi_metrics_type(metric->kind);
    if (type == NULL) {
        return "the kind is none of NG_METRIC_*";
    }
    if ((type[0] == 'c') != (total > 0)) {
        return "counters, and only they, have a name that ends in _total";
    }
    if (ngi_metrics_without(metric->name, size, "bucket") > 0 ||
        ngi_metrics_without(metric->name, size, "count") > 0 ||
        ngi_metrics_without(metric->name, size, "sum") > 0) {
        return "the name ends in what histograms add to theirs";
    }
    size = total > 0 ? total : size;
    if (metric->unit != NULL && (!ngi_metrics_is_name(metric->unit) ||
                                 ngi_metrics_without(metric->name, size, metric->unit) == 0)) {
        return "the name does not end in the unit";
    }
    return NULL;
}

static const char *ngi_metrics_check_labels(const ng_metric *metric) {
    if (metric->label_count > 0 && metric->labels == NULL) {
        return "there are no labels behind the pointer";
    }
    for (size_t i = 0; i < metric->label_count; i++) {
        const ng_label *const label = &metric->labels[i];
        if (!ngi_metrics_is_name(label->name)) {
            return "a label's name is not made of letters, digits and underscores";
        }
        if (label->name[0] == '_' && label->name[1] == '_') {
            return "a label's name begins with two underscores";
        }
        if (metric->kind == NG_METRIC_HISTOGRAM &&
            ngi_metrics_compare_texts(label->name, "le") == 0) {
            return "a histogram's label is named le";
        }
        if (i > 0 && ngi_metrics_compare_texts(label[-1].name, label->name) >= 0) {
            return "the labels are not in ascending order of their names";
        }
        if (!ngi_metrics_is_utf8(label->value)) {
            return "a label's value is not UTF-8";
        }
        if (label->value[0] == '\0') {
            return "a label's value is empty, which means no label; leave it out";
        }
    }
    return NULL;
}

static const char *ngi_metrics_check_edges(const ng_metric *metric) {
    if (metric->edge_count > 0 && metric->kind != NG_METRIC_HISTOGRAM) {
        return "only histograms have edges";
    }
    if (metric->edge_count > 0 && metric->edges == NULL) {
        return "there are no edges behind the pointer";
    }
    for (size_t i = 1; i < metric->edge_count; i++) {
        if (ng_histogram_edge(metric->edges[i - 1]) >= ng_histogram_edge(metric->edges[i])) {
            return "the edges are not ascending, or two of them are the same bucket's";
        }
    }
    return NULL;
}

static const char *ngi_metrics_check(const ng_metric *metric) {
    const char *wrong = ngi_metrics_check_name(metric);
    if (wrong == NULL) {
        wrong = ngi_metrics_check_labels(metric);
    }
    if (wrong == NULL) {
        wrong = ngi_metrics_check_edges(metric);
    }
    if (wrong == NULL && !ngi_metrics_is_utf8(metric->help)) {
        wrong = "there is no help, or it is not UTF-8";
    }
    if (wrong == NULL && metric->value == NULL) {
        wrong = "there is no value behind the pointer";
    }
    return wrong;
}

static uint64_t ngi_metrics_divisor(const ng_metric *metric) {
    return metric->divisor > 0 ? metric->divisor : 1;
}

/* Of two neighbours with the same name. */
static const char *ngi_metrics_check_family(const ng_metric *a, const ng_metric *b) {
    if (ngi_metrics_type(a->kind) != ngi_metrics_type(b->kind)) {
        return "it has the name of a metric of another kind";
    }
    if (ngi_metrics_compare_texts(a->help, b->help) != 0 ||
        ngi_metrics_divisor(a) != ngi_metrics_divisor(b)) {
        return "it has the name of a metric with another help or divisor";
    }
    return NULL;
}

/* ---- order ----------------------------------------------------------------------------------- */

/* By name and then by labels. */
static int ngi_metrics_compare(const ng_metric *a, const ng_metric *b) {
    int order = ngi_metrics_compare_texts(a->name, b->name);
    for (size_t i = 0; order == 0; i++) {
        if (i == a->label_count || i == b->label_count) {
            return (a->label_count > i) - (b->label_count > i);
        }
        order = ngi_metrics_compare_texts(a->labels[i].name, b->labels[i].name);
        if (order == 0) {
            order = ngi_metrics_compare_texts(a->labels[i].value, b->labels[i].value);
        }
    }
    return order;
}

/* Moves what stands at `at` down a heap of `count`, the greatest on top. */
static void ngi_metrics_sift(const ng_metric *list, size_t *order, size_t at, size_t count) {
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count &&
            ngi_metrics_compare(&list[order[child]], &list[order[child + 1]]) < 0) {
            child++;
        }
        if (ngi_metrics_compare(&list[order[at]], &list[order[child]]) >= 0) {
            return;
        }
        const size_t moved = order[at];
        order[at] = order[child];
        order[child] = moved;
        at = child;
    }
}

static void ngi_metrics_sort(const ng_metric *list, size_t *order, size_t count) {
    for (size_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (size_t i = count / 2; i > 0; i--) {
        ngi_metrics_sift(list, order, i - 1, count);
    }
    for (size_t left = count; left > 1; left--) {
        const size_t greatest = order[0];
        order[0] = order[left - 1];
        order[left - 1] = greatest;
        ngi_metrics_sift(list, order, 0, left - 1);
    }
}

static ng_status ngi_metrics_refuse(ng_metrics *metrics, size_t metric, const char *message) {
    metrics->error.status = NG_INVALID;
    metrics->error.metric = metric;
    metrics->error.message = message;
    return NG_INVALID;
}

ng_status ng_metrics_init(ng_metrics *metrics, const ng_metric *list, size_t count, size_t *order) {
    if (metrics == NULL) {
        return NG_INVALID;
    }
    __builtin_memset(metrics, 0, sizeof *metrics);
    if (count > 0 && (list == NULL || order == NULL)) {
        return ngi_metrics_refuse(metrics, 0, NULL);
    }
    for (size_t i = 0; i < count; i++) {
        const char *const wrong = ngi_metrics_check(&list[i]);
        if (wrong != NULL) {
            return ngi_metrics_refuse(metrics, i, wrong);
        }
    }
    ngi_metrics_sort(list, order, count);
    for (size_t i = 1; i < count; i++) {
        const ng_metric *const before = &list[order[i - 1]], *const metric = &list[order[i]];
        const char *wrong = NULL;
        if (ngi_metrics_compare(before, metric) == 0) {
            wrong = "another metric has its name and labels";
        } else if (ngi_metrics_compare_texts(before->name, metric->name) == 0) {
            wrong = ngi_metrics_check_family(before, metric);
        }
        if (wrong != NULL) {
            return ngi_metrics_refuse(metrics, order[i], wrong);
        }
    }
    metrics->metrics = list;
    metrics->order = order;
    metrics->count = count;
    return NG_OK;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* The lines of a metric; the first two are its family's. */
enum {
    NGI_METRICS_HELP,
    NGI_METRICS_TYPE,
    NGI_METRICS_SAMPLE,
    NGI_METRICS_BUCKET,
    NGI_METRICS_REST, /* the bucket without an edge */
    NGI_METRICS_SUM,
    NGI_METRICS_COUNT
};

/* Where a line goes: its first `skip` bytes are out already, and what does not fit is cut. */
typedef struct ngi_metrics_output {
    char *out;
    size_t room, used, skip;
    bool cut;
} ngi_metrics_output;

static void ngi_metrics_put_bytes(ngi_metrics_output *output, const char *bytes, size_t size) {
    if (output->skip >= size) {
        output->skip -= size;
        return;
    }
    const size_t wanted = size - output->skip, left = output->room - output->used;
    const size_t fitting = wanted < left ? wanted : left;
    __builtin_memcpy(output->out + output->used, bytes + output->skip, fitting);
    output->used += fitting;
    output->skip = 0;
    output->cut |= fitting < wanted;
}

static void ngi_metrics_put(ngi_metrics_output *output, const char *text) {
    ngi_metrics_put_bytes(output, text, ngi_metrics_length(text));
}

/* A text with backslashes before what would end it. */
static void ngi_metrics_put_escaped(ngi_metrics_output *output, const char *text, bool quoted) {
    size_t size = 0;
    for (;; size++) {
        const char c = text[size];
        if (c == '\0' || c == '\\' || c == '\n' || (quoted && c == '"')) {
            ngi_metrics_put_bytes(output, text, size);
            if (c == '\0') {
                return;
            }
            ngi_metrics_put(output, c == '\\' ? "\\\\" : c == '\n' ? "\\n" : "\\\"");
            text += size + 1;
            size = (size_t)-1; /* the next is 0 */
        }
    }
}

/* Doubles are rounded as doubles, also where the machine's registers are wider. */
NGI_EXACT_BEGIN

static size_t ngi_metrics_write_double(char *out, double value) {
    if (value != value) {
        __builtin_memcpy(out, "NaN", 3);
        return 3;
    }
    if (value - value != 0) {
        __builtin_memcpy(out, value > 0 ? "+Inf" : "-Inf", 4);
        return 4;
    }
    return ng_write_f64(out, value);
}

static size_t ngi_metrics_write_gauge(char *out, const ng_metric *metric) {
    const double value = ng_gauge_read((const ng_gauge *)metric->value);
    return ngi_metrics_write_double(out, value / (double)ngi_metrics_divisor(metric));
}

static size_t ngi_metrics_write_value(char *out, uint64_t value, const ng_metric *metric) {
    const uint64_t divisor = ngi_metrics_divisor(metric);
    return divisor > 1 ? ngi_metrics_write_double(out, (double)value / (double)divisor)
                       : ng_write_u64(out, value);
}

NGI_EXACT_END

static const ng_metric *ngi_metrics_current(const ng_metrics *metrics) {
    return &metrics->metrics[metrics->order[metrics->at]];
}

static size_t ngi_metrics_edge_count(const ng_metric *metric) {
    return metric->edge_count > 0 ? metric->edge_count : NG_METRIC_EDGES;
}

static uint64_t ngi_metrics_edge(const ng_metric *metric, size_t edge) {
    return metric->edge_count > 0 ? ng_histogram_edge(metric->edges[edge])
                                  : (UINT64_C(1) << (2 * edge + 2)) - 1;
}

static uint64_t ngi_metrics_sample(const ng_metric *metric) {
    return metric->kind == NG_METRIC_COUNTER ? ng_counter_read((const ng_counter *)metric->value)
                                             : *(const uint64_t *)metric->value;
}

/* Gathers the buckets up to `end`. */
static void ngi_metrics_gather(ng_metrics *metrics, const ng_histogram *histogram, size_t end) {
    for (; metrics->bucket < end; metrics->bucket++) {
        metrics->gathered =
            ngi_histogram_add(metrics->gathered, histogram->buckets[metrics->bucket]);
    }
}

/* Takes the number of a new line. */
static void ngi_metrics_begin_line(ng_metrics *metrics) {
    const ng_metric *const metric = ngi_metrics_current(metrics);
    const ng_histogram *const histogram = (const ng_histogram *)metric->value;
    metrics->begun = true;
    metrics->given = 0;
    switch (metrics->line) {
    case NGI_METRICS_HELP:
    case NGI_METRICS_TYPE:
        return;
    case NGI_METRICS_SAMPLE:
        metrics->number_size =
            metric->kind == NG_METRIC_GAUGE
                ? ngi_metrics_write_gauge(metrics->number, metric)
                : ngi_metrics_write_value(metrics->number, ngi_metrics_sample(metric), metric);
        return;
    case NGI_METRICS_SUM:
        metrics->number_size = ngi_metrics_write_value(metrics->number, histogram->sum, metric);
        return;
    case NGI_METRICS_BUCKET:
        ngi_metrics_gather(metrics, histogram,
                           ngi_histogram_index(ngi_metrics_edge(metric, metrics->edge)) + 1);
        break;
    case NGI_METRICS_REST:
        ngi_metrics_gather(metrics, histogram, NG_HISTOGRAM_BUCKETS);
        break;
    default: /* the count is what the last bucket has */
        break;
    }
    metrics->number_size = ng_write_u64(metrics->number, metrics->gathered);
}

static void ngi_metrics_put_labels(ngi_metrics_output *output, const ng_metric *metric,
                                   const char *edge, size_t edge_size) {
    const char *before = "{";
    for (size_t i = 0; i < metric->label_count; i++) {
        ngi_metrics_put(output, before);
        ngi_metrics_put(output, metric->labels[i].name);
        ngi_metrics_put(output, "=\"");
        ngi_metrics_put_escaped(output, metric->labels[i].value, true);
        ngi_metrics_put(output, "\"");
        before = ",";
    }
    if (edge_size > 0) {
        ngi_metrics_put(output, before);
        ngi_metrics_put(output, "le=\"");
        ngi_metrics_put_bytes(output, edge, edge_size);
        ngi_metrics_put(output, "\"");
    }
    ngi_metrics_put(output, metric->label_count > 0 || edge_size > 0 ? "} " : " ");
}

static void ngi_metrics_put_line(ngi_metrics_output *output, const ng_metrics *metrics) {
    static const char *const endings[] = {"", "", "", "_bucket", "_bucket", "_sum", "_count"};
    const ng_metric *const metric = ngi_metrics_current(metrics);
    const int line = metrics->line;
    if (line == NGI_METRICS_HELP || line == NGI_METRICS_TYPE) {
        ngi_metrics_put(output, line == NGI_METRICS_HELP ? "# HELP " : "# TYPE ");
        ngi_metrics_put(output, metric->name);
        ngi_metrics_put(output, " ");
        ngi_metrics_put_escaped(
            output, line == NGI_METRICS_HELP ? metric->help : ngi_metrics_type(metric->kind),
            false);
        ngi_metrics_put(output, "\n");
        return;
    }
    char edge[NG_NUMBER_TEXT_MAX] = "+Inf";
    size_t edge_size = line == NGI_METRICS_REST ? 4 : 0;
    if (line == NGI_METRICS_BUCKET) {
        edge_size = ngi_metrics_write_value(edge, ngi_metrics_edge(metric, metrics->edge), metric);
    }
    ngi_metrics_put(output, metric->name);
    ngi_metrics_put(output, endings[line]);
    ngi_metrics_put_labels(output, metric, edge, edge_size);
    ngi_metrics_put_bytes(output, metrics->number, metrics->number_size);
    ngi_metrics_put(output, "\n");
}

static void ngi_metrics_begin_metric(ng_metrics *metrics) {
    const bool histogram = ngi_metrics_current(metrics)->kind == NG_METRIC_HISTOGRAM;
    metrics->line = histogram ? NGI_METRICS_BUCKET : NGI_METRICS_SAMPLE;
    metrics->edge = metrics->bucket = 0;
    metrics->gathered = 0;
}

/* Goes on to the next line. */
static void ngi_metrics_end_line(ng_metrics *metrics) {
    const ng_metric *const metric = ngi_metrics_current(metrics);
    metrics->begun = false;
    switch (metrics->line) {
    case NGI_METRICS_TYPE:
        ngi_metrics_begin_metric(metrics);
        return;
    case NGI_METRICS_SAMPLE:
    case NGI_METRICS_COUNT:
        break;
    case NGI_METRICS_BUCKET:
        metrics->edge++;
        metrics->line += metrics->edge == ngi_metrics_edge_count(metric);
        return;
    default:
        metrics->line++;
        return;
    }
    metrics->at++;
    metrics->line = NGI_METRICS_HELP;
    if (metrics->at < metrics->count &&
        ngi_metrics_compare_texts(metric->name, ngi_metrics_current(metrics)->name) == 0) {
        ngi_metrics_begin_metric(metrics);
    }
}

ng_status ng_metrics_write(ng_metrics *metrics, char *out, size_t room, size_t *written) {
    if (written != NULL) {
        *written = 0;
    }
    if (metrics == NULL || out == NULL || room == 0 || written == NULL) {
        return NG_INVALID;
    }
    ngi_metrics_output output = {out, room, 0, 0, false};
    while (metrics->at < metrics->count) {
        if (!metrics->begun) {
            ngi_metrics_begin_line(metrics);
        }
        const size_t used = output.used;
        output.skip = metrics->given;
        ngi_metrics_put_line(&output, metrics);
        metrics->given += output.used - used;
        if (output.cut) {
            *written = output.used;
            return NG_AGAIN;
        }
        ngi_metrics_end_line(metrics);
    }
    *written = output.used;
    return metrics->error.status;
}

void ng_metrics_rewind(ng_metrics *metrics) {
    if (metrics != NULL) {
        metrics->at = 0;
        metrics->line = NGI_METRICS_HELP;
        metrics->begun = false;
    }
}
