/* What a C user writes: plain loops, left to the compiler. Several ways of saying the same are
 * here because compilers differ wildly in which of them they vectorise. */
#include "bench.h"

enum { RUN = 4096 }; /* rows that are added in f32 before the sum moves to f64 */

static void total_branch_f32(bench_task *task) {
    const float *restrict x = task->x;
    float sum = 0;
    int64_t count = 0;
    for (size_t row = 0; row < task->rows; row++) {
        const float y = x[row] * BENCH_SCALE + BENCH_SHIFT;
        if (y > BENCH_LO && y < BENCH_HI) {
            sum += y;
            count++;
        }
    }
    task->sum = (double)sum;
    task->count = count;
}

static void total_branch_f64(bench_task *task) {
    const float *restrict x = task->x;
    double sum = 0;
    int64_t count = 0;
    for (size_t row = 0; row < task->rows; row++) {
        const float y = x[row] * BENCH_SCALE + BENCH_SHIFT;
        if (y > BENCH_LO && y < BENCH_HI) {
            sum += (double)y;
            count++;
        }
    }
    task->sum = sum;
    task->count = count;
}

static void total_select_f64(bench_task *task) {
    const float *restrict x = task->x;
    double sum = 0;
    int32_t count = 0;
    for (size_t row = 0; row < task->rows; row++) {
        const float y = x[row] * BENCH_SCALE + BENCH_SHIFT;
        const int32_t kept = (y > BENCH_LO) & (y < BENCH_HI);
        sum += (double)(kept ? y : 0.0f);
        count += kept;
    }
    task->sum = sum;
    task->count = count;
}

static void total_in_runs(bench_task *task) {
    double sum = 0;
    int32_t count = 0;
    for (size_t start = 0; start < task->rows; start += RUN) {
        const float *restrict x = task->x + start;
        const size_t rows = task->rows - start < RUN ? task->rows - start : RUN;
        float part = 0;
        for (size_t row = 0; row < rows; row++) {
            const float y = x[row] * BENCH_SCALE + BENCH_SHIFT;
            const int32_t kept = (y > BENCH_LO) & (y < BENCH_HI);
            part += kept ? y : 0.0f;
            count += kept;
        }
        sum += (double)part;
    }
    task->sum = sum;
    task->count = count;
}

static void compact_branch(bench_task *task) {
    const float *restrict x = task->x;
    float *restrict out = task->out[0];
    size_t made = 0;
    for (size_t row = 0; row < task->rows; row++) {
        const float y = x[row] * BENCH_SCALE + BENCH_SHIFT;
        if (y > BENCH_LO && y < BENCH_HI) {
            out[made++] = y;
        }
    }
    task->made = made;
}

static void compact_always_store(bench_task *task) {
    const float *restrict x = task->x;
    float *restrict out = task->out[0];
    size_t made = 0;
    for (size_t row = 0; row < task->rows; row++) {
        const float y = x[row] * BENCH_SCALE + BENCH_SHIFT;
        out[made] = y;
        made += (size_t)((y > BENCH_LO) & (y < BENCH_HI));
    }
    task->made = made;
}

static void windows(bench_task *task) {
    float *restrict mean = task->out[0];
    float *restrict low = task->out[1];
    float *restrict high = task->out[2];
    task->made = task->rows / BENCH_WINDOW;
    for (size_t window = 0; window < task->made; window++) {
        const float *restrict x = task->x + window * BENCH_WINDOW;
        float sum = 0;
        float least = x[0];
        float most = x[0];
        for (int row = 0; row < BENCH_WINDOW; row++) {
            sum += x[row];
            least = x[row] < least ? x[row] : least;
            most = x[row] > most ? x[row] : most;
        }
        mean[window] = sum / BENCH_WINDOW;
        low[window] = least;
        high[window] = most;
    }
}

/* The two sums that mean and variance need, as most people write them. */
static void summarise(bench_task *task, double sum, double squares) {
    const double rows = (double)task->rows;
    task->count = (int64_t)task->rows;
    task->sum = sum;
    task->mean = sum / rows;
    task->variance = (squares - sum * sum / rows) / (rows - 1);
}

static void summary_f32(bench_task *task) {
    const float *restrict x = task->x;
    float sum = 0;
    float squares = 0;
    float low = x[0];
    float high = x[0];
    for (size_t row = 0; row < task->rows; row++) {
        sum += x[row];
        squares += x[row] * x[row];
        low = x[row] < low ? x[row] : low;
        high = x[row] > high ? x[row] : high;
    }
    task->low = low;
    task->high = high;
    summarise(task, (double)sum, (double)squares);
}

static void summary_f64(bench_task *task) {
    const float *restrict x = task->x;
    double sum = 0;
    double squares = 0;
    float low = x[0];
    float high = x[0];
    for (size_t row = 0; row < task->rows; row++) {
        const double value = (double)x[row];
        sum += value;
        squares += value * value;
        low = x[row] < low ? x[row] : low;
        high = x[row] > high ? x[row] : high;
    }
    task->low = low;
    task->high = high;
    summarise(task, sum, squares);
}

static void summary_in_runs(bench_task *task) {
    double sum = 0;
    double squares = 0;
    float low = task->x[0];
    float high = task->x[0];
    for (size_t start = 0; start < task->rows; start += RUN) {
        const float *restrict x = task->x + start;
        const size_t rows = task->rows - start < RUN ? task->rows - start : RUN;
        float part = 0;
        float part_squares = 0;
        for (size_t row = 0; row < rows; row++) {
            part += x[row];
            part_squares += x[row] * x[row];
            low = x[row] < low ? x[row] : low;
            high = x[row] > high ? x[row] : high;
        }
        sum += (double)part;
        squares += (double)part_squares;
    }
    task->low = low;
    task->high = high;
    summarise(task, sum, squares);
}

static void summary_welford(bench_task *task) {
    const float *restrict x = task->x;
    double mean = 0;
    double squares = 0;
    float low = x[0];
    float high = x[0];
    for (size_t row = 0; row < task->rows; row++) {
        const double delta = (double)x[row] - mean;
        mean += delta / (double)(row + 1);
        squares += delta * ((double)x[row] - mean);
        low = x[row] < low ? x[row] : low;
        high = x[row] > high ? x[row] : high;
    }
    task->count = (int64_t)task->rows;
    task->sum = mean * (double)task->rows;
    task->mean = mean;
    task->variance = squares / (double)(task->rows - 1);
    task->low = low;
    task->high = high;
}

const char *const bench_build = BENCH_BUILD;
const bench_entry bench_entries[] = {
    {"W1", "plain", "if, f32 sum", total_branch_f32, NULL, 0},
    {"W1", "plain", "if, f64 sum", total_branch_f64, NULL, 0},
    {"W1", "plain", "?:, f64 sum", total_select_f64, NULL, 0},
    {"W1", "plain", "?:, f32 in runs of 4096", total_in_runs, NULL, 0},
    {"W2", "plain", "if", compact_branch, NULL, 0},
    {"W2", "plain", "always store", compact_always_store, NULL, 0},
    {"W4", "plain", "loop in loop", windows, NULL, 0},
    {"W6", "plain", "f32 sums", summary_f32, NULL, 0},
    {"W6", "plain", "f64 sums", summary_f64, NULL, 0},
    {"W6", "plain", "f32 in runs of 4096", summary_in_runs, NULL, 0},
    {"W6", "plain", "Welford", summary_welford, NULL, 0},
    {NULL, NULL, NULL, NULL, NULL, 0},
};
