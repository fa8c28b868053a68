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

static void prefix_f32(bench_task *task) {
    const float *restrict x = task->x;
    float *restrict out = task->out[0];
    float sum = 0;
    for (size_t row = 0; row < task->rows; row++) {
        sum += x[row];
        out[row] = sum;
    }
    task->made = task->rows;
}

static void prefix_f64(bench_task *task) {
    const float *restrict x = task->x;
    float *restrict out = task->out[0];
    double sum = 0;
    for (size_t row = 0; row < task->rows; row++) {
        sum += (double)x[row];
        out[row] = (float)sum;
    }
    task->made = task->rows;
}

static void prefix_i32(bench_task *task) {
    const int32_t *restrict n = task->n;
    int32_t *restrict out = task->sums;
    uint32_t sum = 0;
    for (size_t row = 0; row < task->rows; row++) {
        sum += (uint32_t)n[row];
        out[row] = (int32_t)sum;
    }
    task->made = task->rows;
}

/* Of four rows at once, in two steps. */
static void prefix_i32_blocks(bench_task *task) {
    const int32_t *restrict n = task->n;
    int32_t *restrict out = task->sums;
    uint32_t sum = 0;
    size_t row = 0;
    for (; row + 4 <= task->rows; row += 4) {
        const uint32_t a = (uint32_t)n[row], b = (uint32_t)n[row + 1];
        const uint32_t c = (uint32_t)n[row + 2], d = (uint32_t)n[row + 3];
        const uint32_t ab = a + b, cd = c + d;
        out[row] = (int32_t)(sum + a);
        out[row + 1] = (int32_t)(sum + ab);
        out[row + 2] = (int32_t)(sum + ab + c);
        out[row + 3] = (int32_t)(sum + ab + cd);
        sum += ab + cd;
    }
    for (; row < task->rows; row++) {
        sum += (uint32_t)n[row];
        out[row] = (int32_t)sum;
    }
    task->made = task->rows;
}

/* Blocks of as many rows as a window has: the maxima of one read backwards, of the next forwards.
 */
static void maxima_of_blocks(bench_task *task) {
    const float *restrict x = task->x;
    float *restrict out = task->out[0];
    float ends[BENCH_TRAIL + 1];
    for (size_t start = 0; start < task->rows; start += BENCH_TRAIL) {
        const size_t left = task->rows - start;
        const size_t rows = left < BENCH_TRAIL ? left : BENCH_TRAIL;
        float most = x[start];
        for (size_t row = 0; row < rows; row++) {
            const float value = x[start + row];
            most = value > most ? value : most;
            out[start + row] = most;
        }
        for (size_t row = 0; start > 0 && row < rows && row + 1 < BENCH_TRAIL; row++) {
            const float so_far = out[start + row], end = ends[row + 1];
            out[start + row] = end > so_far ? end : so_far;
        }
        most = x[start + rows - 1];
        for (size_t row = rows; row-- > 0;) {
            most = x[start + row] > most ? x[start + row] : most;
            ends[row] = most;
        }
    }
    task->made = task->rows;
}

/* The rows that may still become the maximum, in a ring. */
static void maxima_of_a_queue(bench_task *task) {
    enum { RING = 1024 };
    const float *restrict x = task->x;
    float *restrict out = task->out[0];
    size_t queue[RING], first = 0, end = 0;
    for (size_t row = 0; row < task->rows; row++) {
        while (end != first && x[queue[(end - 1) % RING]] <= x[row]) {
            end--;
        }
        queue[end++ % RING] = row;
        if (queue[first % RING] + BENCH_TRAIL <= row) {
            first++;
        }
        out[row] = x[queue[first % RING]];
    }
    task->made = task->rows;
}

static void means_f32(bench_task *task) {
    const float *restrict x = task->x;
    float *restrict out = task->out[0];
    float sum = 0;
    for (size_t row = 0; row < task->rows; row++) {
        sum += row < BENCH_TRAIL ? x[row] : x[row] - x[row - BENCH_TRAIL];
        out[row] = sum / (float)(row < BENCH_TRAIL ? row + 1 : BENCH_TRAIL);
    }
    task->made = task->rows;
}

static void means_f64(bench_task *task) {
    const float *restrict x = task->x;
    float *restrict out = task->out[0];
    double sum = 0;
    size_t row = 0;
    for (; row < task->rows && row < BENCH_TRAIL; row++) {
        sum += (double)x[row];
        out[row] = (float)(sum / (double)(row + 1));
    }
    for (; row < task->rows; row++) {
        sum += (double)x[row] - (double)x[row - BENCH_TRAIL];
        out[row] = (float)(sum * (1.0 / BENCH_TRAIL));
    }
    task->made = task->rows;
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
    {"W3f32", "plain", "f32 sum", prefix_f32, NULL, 0},
    {"W3f32", "plain", "f64 sum", prefix_f64, NULL, 0},
    {"W3i32", "plain", "one by one", prefix_i32, NULL, 0},
    {"W3i32", "plain", "four by four", prefix_i32_blocks, NULL, 0},
    {"W4", "plain", "loop in loop", windows, NULL, 0},
    {"W5max", "plain", "van Herk", maxima_of_blocks, NULL, 0},
    {"W5max", "plain", "queue", maxima_of_a_queue, NULL, 0},
    {"W5mean", "plain", "f32 sum, what goes taken away", means_f32, NULL, 0},
    {"W5mean", "plain", "f64 sum, what goes taken away", means_f64, NULL, 0},
    {"W6", "plain", "f32 sums", summary_f32, NULL, 0},
    {"W6", "plain", "f64 sums", summary_f64, NULL, 0},
    {"W6", "plain", "f32 in runs of 4096", summary_in_runs, NULL, 0},
    {"W6", "plain", "Welford", summary_welford, NULL, 0},
    {NULL, NULL, NULL, NULL, NULL, 0},
};
