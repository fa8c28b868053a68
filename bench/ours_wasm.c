/* The generated kernels as a WASM module of a few exports: a stream is started, pushed block by
 * block from the module's memory, and finished. */
#define NAGARE_IMPLEMENTATION
#include "samples.h"

#define EXPORT(name) __attribute__((export_name(#name)))

/* What the streams that end in one row come to; wasm_ours.mjs reads it by these offsets. */
typedef struct results {
    double sum, mean, variance;
    int64_t count;
    float low, high;
    uint8_t valid[5];
} results;

static warm warm_fresh, warm_stream;
static warm_total total_fresh, total_stream;
static by_hundred windows_fresh, windows_stream;
static summary summary_fresh, summary_stream;

EXPORT(prepare) void prepare(void) {
    warm_init(&warm_fresh, NULL);
    warm_total_init(&total_fresh, NULL);
    by_hundred_init(&windows_fresh, NULL);
    summary_init(&summary_fresh, NULL);
}

EXPORT(start) void start(void) {
    warm_stream = warm_fresh;
    total_stream = total_fresh;
    windows_stream = windows_fresh;
    summary_stream = summary_fresh;
}

/* Takes all rows and says how many came out, or -1 where that failed. */
static int32_t made(ng_step step, size_t rows) {
    return step.consumed == rows && step.status >= 0 ? (int32_t)step.produced : -1;
}

EXPORT(compact) int32_t compact(const float *x, size_t rows, float *out, size_t capacity) {
    const warm_in in = {.x = x};
    warm_out to = {.f = out, .capacity = capacity};
    return made(warm_push(&warm_stream, &in, rows, &to), rows);
}

EXPORT(windows)
int32_t windows(const float *x, size_t rows, float *mean, float *low, float *high,
                size_t capacity) {
    const by_hundred_in in = {.x = x};
    by_hundred_out to = {.mean = mean, .low = low, .high = high, .capacity = capacity};
    return made(by_hundred_push(&windows_stream, &in, rows, &to), rows);
}

EXPORT(total) int32_t total(const float *x, size_t rows) {
    const warm_total_in in = {.x = x};
    warm_total_out to = {.capacity = 0};
    return made(warm_total_push(&total_stream, &in, rows, &to), rows);
}

EXPORT(finish_total) int32_t finish_total(results *result) {
    warm_total_out to = {
        .total = &result->sum, .total_valid = result->valid, .n = &result->count, .capacity = 1};
    return made(warm_total_flush(&total_stream, &to), 0);
}

EXPORT(summarise) int32_t summarise(const float *x, size_t rows) {
    const summary_in in = {.x = x};
    summary_out to = {.capacity = 0};
    return made(summary_push(&summary_stream, &in, rows, &to), rows);
}

EXPORT(finish_summary) int32_t finish_summary(results *result) {
    summary_out to = {.n = &result->count,
                      .total = &result->sum,
                      .total_valid = &result->valid[0],
                      .low = &result->low,
                      .low_valid = &result->valid[1],
                      .high = &result->high,
                      .high_valid = &result->valid[2],
                      .mean = &result->mean,
                      .mean_valid = &result->valid[3],
                      .variance = &result->variance,
                      .variance_valid = &result->valid[4],
                      .capacity = 1};
    return made(summary_flush(&summary_stream, &to), 0);
}
