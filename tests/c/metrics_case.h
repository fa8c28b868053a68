/* metrics_case: one list of metrics of every kind, for programs that must all write the same text
 * about it. */
#ifndef METRICS_CASE_H
#define METRICS_CASE_H

#include "../../core/account.h"

#define METRICS_CASE_COUNT (6 + NG_ACCOUNT_METRICS)

static ng_counter metrics_case_bytes[2];
static ng_gauge metrics_case_gauges[2];
static ng_histogram metrics_case_latency, metrics_case_sizes;
static ng_account metrics_case_account;
static ng_label metrics_case_labels[NG_ACCOUNT_METRICS][2];
static ng_metric metrics_case_list[METRICS_CASE_COUNT];
static size_t metrics_case_order[METRICS_CASE_COUNT];

static ng_metric metrics_case_metric(const char *name, const char *help, ng_metric_kind kind,
                                     const void *value) {
    ng_metric metric;
    __builtin_memset(&metric, 0, sizeof metric);
    metric.name = name;
    metric.help = help;
    metric.kind = kind;
    metric.value = value;
    return metric;
}

/* Fills in the list. */
static ng_status metrics_case_init(void) {
    static const ng_label in[2] = {{"from", "C:\\data\n\"x\""}, {"path", "流"}};
    static const ng_label out[1] = {{"path", "out"}};
    static const uint64_t edges[3] = {0, 100, 5000};
    ng_metric *const list = metrics_case_list;
    const ng_account account = {1000, 700, 200, 30, 20, 10, 25, 15};
    metrics_case_account = account;
    const ng_status status =
        ng_account_metrics(&metrics_case_account, "join", metrics_case_labels, list + 6);
    list[0] = metrics_case_metric("io_bytes_total", "Bytes moved.", NG_METRIC_COUNTER,
                                  &metrics_case_bytes[0]);
    list[0].unit = "bytes";
    list[0].labels = in;
    list[0].label_count = 2;
    list[1] = list[0];
    list[1].labels = out;
    list[1].label_count = 1;
    list[1].value = &metrics_case_bytes[1];
    list[2] = metrics_case_metric("delay_seconds", "From a \\ to\nb.", NG_METRIC_GAUGE,
                                  &metrics_case_gauges[0]);
    list[2].unit = "seconds";
    list[2].divisor = 1000;
    list[3] = metrics_case_metric("a_ratio", "Of one to another.", NG_METRIC_GAUGE,
                                  &metrics_case_gauges[1]);
    list[4] = metrics_case_metric("latency_seconds", "How long it took.", NG_METRIC_HISTOGRAM,
                                  &metrics_case_latency);
    list[4].divisor = 1000000000;
    list[4].unit = "seconds";
    list[5] = metrics_case_metric("batch_rows", "Rows in a batch.", NG_METRIC_HISTOGRAM,
                                  &metrics_case_sizes);
    list[5].edges = edges;
    list[5].edge_count = 3;
    list[5].labels = out;
    list[5].label_count = 1;
    ng_counter_add(&metrics_case_bytes[0], UINT64_MAX);
    ng_counter_add(&metrics_case_bytes[1], 4294967296);
    ng_gauge_set(&metrics_case_gauges[0], -2.5);
    ng_gauge_set(&metrics_case_gauges[1], 0.1);
    ng_gauge_add(&metrics_case_gauges[1], 0.2);
    for (uint64_t i = 0, value = 1; i < 60; i++, value += value / 2 + 7) {
        ng_histogram_record(&metrics_case_latency, value);
        ng_histogram_record_many(&metrics_case_sizes, value, i);
    }
    return status;
}

#endif
