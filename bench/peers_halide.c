/* Calls what peers_halide.py compiled. */
#include "bench.h"

#include <HalideRuntime.h>

enum { RUN = 8192 }; /* as in peers_halide.py */

typedef struct halide_buffer_t buffer;

int halide_warm_total(buffer *x, buffer *sum, buffer *count);
int halide_summary(buffer *x, buffer *sum, buffer *squares, buffer *low, buffer *high);

static buffer scalar(void *value, halide_type_code_t code, uint8_t bits) {
    return (buffer){.host = value, .type = {.code = (uint8_t)code, .bits = bits, .lanes = 1}};
}

static buffer matrix(const bench_task *task, halide_dimension_t dimensions[2]) {
    dimensions[0] = (halide_dimension_t){.extent = RUN, .stride = 1};
    dimensions[1] = (halide_dimension_t){.extent = (int32_t)(task->rows / RUN), .stride = RUN};
    return (buffer){.host = (uint8_t *)(uintptr_t)task->x,
                    .type = {.code = halide_type_float, .bits = 32, .lanes = 1},
                    .dimensions = 2,
                    .dim = dimensions};
}

static void total(bench_task *task) {
    halide_dimension_t dimensions[2];
    buffer x = matrix(task, dimensions);
    buffer sum = scalar(&task->sum, halide_type_float, 64);
    buffer count = scalar(&task->count, halide_type_int, 64);
    if (halide_warm_total(&x, &sum, &count) != 0) {
        task->count = -1;
    }
}

static void summary(bench_task *task) {
    const double rows = (double)task->rows;
    double squares = 0;
    halide_dimension_t dimensions[2];
    buffer x = matrix(task, dimensions);
    buffer sum = scalar(&task->sum, halide_type_float, 64);
    buffer square = scalar(&squares, halide_type_float, 64);
    buffer low = scalar(&task->low, halide_type_float, 32);
    buffer high = scalar(&task->high, halide_type_float, 32);
    const int failed = halide_summary(&x, &sum, &square, &low, &high);
    task->count = failed != 0 ? -1 : (int64_t)task->rows;
    task->mean = task->sum / rows;
    task->variance = (squares - task->sum * task->sum / rows) / (rows - 1);
}

const char *const bench_build = BENCH_BUILD;
const bench_entry bench_entries[] = {
    {"W1", "halide", "Halide", total, NULL, 0},
    {"W6", "halide", "Halide", summary, NULL, 0},
    {NULL, NULL, NULL, NULL, NULL, 0},
};
