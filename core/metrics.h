/* metrics: counters, gauges and histograms as text for Prometheus (text exposition format 0.0.4).
 *
 * There is no registry. A program lists what it wants to show in an array of ng_metric, and the
 * text is written into a buffer of any size, piece by piece; where the pieces are cut does not
 * change it. Metrics of one name make a family, whose HELP and TYPE come once. Families are sorted
 * by name and their metrics by labels, whatever their order in the array.
 *
 * Do this:
 *
 *     static ng_counter rows;
 *     static const ng_label labels[] = {{"operator", "parse"}};
 *     static const ng_metric list[] = {{"app_rows_total", "Rows parsed.", NULL, labels, 1,
 *                                       NG_METRIC_COUNTER, &rows, 0, NULL, 0}};
 *     size_t order[1], size;
 *     char text[512];
 *     ng_metrics metrics;
 *     ng_status status = ng_metrics_init(&metrics, list, 1, order);
 *     do {
 *         status = ng_metrics_write(&metrics, text, sizeof text, &size);
 *         ... send `size` bytes of `text` ...
 *     } while (status == NG_AGAIN);
 *
 * Names are letters, digits and underscores and do not begin with a digit; a metric's name is given
 * in full: a counter's ends in `_total`, no other's does, and none ends in `_bucket`, `_sum` or
 * `_count`. A `unit` is checked against the name, which ends in it (before `_total`). Labels stand
 * in ascending order of their names, which do not begin with two underscores; their values are
 * UTF-8 and not empty. A histogram has no label `le`, which is its own.
 *
 * A number is written as it was when its line was begun. Counters and gauges may be written by
 * other threads meanwhile; plain numbers and histograms may not, so show copies of those that do
 * not belong to this thread. Whatever is recorded between two pieces, the buckets of a histogram
 * never go down, and the last one equals its count. */
#ifndef NGI_METRICS_H
#define NGI_METRICS_H

#include "base.h"
#include "number.h"
#include "counter.h"
#include "histogram.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* What `value` points to. */
typedef enum ng_metric_kind {
    NG_METRIC_COUNTER = 1,   /* an ng_counter */
    NG_METRIC_GAUGE = 2,     /* an ng_gauge */
    NG_METRIC_HISTOGRAM = 3, /* an ng_histogram */
    NG_METRIC_TOTAL = 4,     /* a uint64_t that only grows: shown as a counter */
    NG_METRIC_LEVEL = 5,     /* a uint64_t that goes up and down: shown as a gauge */
} ng_metric_kind;

typedef struct ng_label {
    const char *name;
    const char *value;
} ng_label;

/* A metric to be shown. Texts end in NUL. */
typedef struct ng_metric {
    const char *name;
    const char *help;       /* what it means, for people; the same in all of a family */
    const char *unit;       /* `seconds`, `bytes`; NULL: it has none */
    const ng_label *labels; /* NULL where there are none */
    size_t label_count;
    ng_metric_kind kind;
    const void *value;
    uint64_t divisor;      /* the value is divided by it: 1000000000 for nanoseconds in `seconds`;
                              0 and 1: it is written as it is. The same in all of a family */
    const uint64_t *edges; /* NG_METRIC_HISTOGRAM: where the text cuts it, ascending, not divided;
                              each is widened by ng_histogram_edge, so that the counts are exact */
    size_t edge_count;     /* 0: NG_METRIC_EDGES edges, 4^k - 1 from 3 on */
} ng_metric;

/* 4^20 - 1 nanoseconds are 18 minutes. */
#define NG_METRIC_EDGES 20

/* What is wrong with the list. */
typedef struct ng_metrics_error {
    ng_status status;    /* NG_OK: nothing */
    size_t metric;       /* its place in the list */
    const char *message; /* static; NULL: nothing is wrong, or an argument is NULL */
} ng_metrics_error;

/* A list on its way to text. All fields are private but `error`. All-zero shows nothing. */
typedef struct ng_metrics {
    ng_metrics_error error; /* read-only */
    const ng_metric *metrics;
    const size_t *order; /* the places in `metrics`, sorted */
    size_t count;
    size_t at;         /* of the current line's metric, in `order` */
    int line;          /* which of its lines it is */
    bool begun;        /* the line's number is in `number` */
    size_t given;      /* bytes of the line that are out */
    size_t edge;       /* histogram: which edge the line is about, */
    size_t bucket;     /* the first bucket that is not in */
    uint64_t gathered; /* this */
    size_t number_size;
    char number[NG_NUMBER_TEXT_MAX];
} ng_metrics;

/* Checks and sorts the list. Kept, not copied: `list` and everything it points to, and `order`,
 * room for `count` numbers (both may be NULL if that is 0). NG_INVALID: an argument is NULL, or
 * `metrics->error` says which metric is wrong and why. */
NG_NODISCARD ng_status ng_metrics_init(ng_metrics *metrics, const ng_metric *list, size_t count,
                                       size_t *order);

/* Writes as much of the text as goes into `room` bytes, without a NUL, and says how much.
 * NG_AGAIN: there is more. NG_OK: that was all of it; from then on there is none. NG_INVALID: an
 * argument is NULL or `room` is 0, or the list was wrong. */
NG_NODISCARD ng_status ng_metrics_write(ng_metrics *metrics, char *out, size_t room,
                                        size_t *written);

/* The next text begins from the front, with the numbers of then; nothing is checked again. */
void ng_metrics_rewind(ng_metrics *metrics);

#if defined(__cplusplus)
}
#endif

#endif
