/* The kernels generated from rivers/samples.toml, each forced to each instruction set in turn. A
 * kernel is opened once, as a program would; every run starts from a copy of the fresh state, and
 * the copy, the push and the flush are all counted. */
#define NAGARE_IMPLEMENTATION
#include "samples.h"

#include "bench.h"

/* Whether a kernel could be forced to a profile, for each river and profile. */
#define OPENED(river)                                                                              \
    static river fresh_##river[NG_V512 + 1];                                                       \
    static bool open_##river(int profile) {                                                        \
        river##_init(&fresh_##river[profile], NULL);                                               \
        return river##_force(&fresh_##river[profile], (ng_profile)profile) == (ng_profile)profile; \
    }

OPENED(warm)
OPENED(warm_total)
OPENED(by_hundred)
OPENED(summary)
OPENED(prefix)
OPENED(prefix_whole)
OPENED(highest)
OPENED(average)

/* Pushes all rows of the task and flushes; true where the kernel took all and kept nothing back. */
#define RUN(river, task, out) RUN_ON(river, task, x, out)
#define RUN_ON(river, task, column, out)                                                           \
    river kernel = fresh_##river[(task)->variant];                                                 \
    const river##_in in = {.column = (task)->column, .offset = 0};                                 \
    const ng_step pushed = river##_push(&kernel, &in, (task)->rows, &(out));                       \
    const ng_step flushed = river##_flush(&kernel, &(out));                                        \
    const bool complete = pushed.consumed == (task)->rows && pushed.status == NG_OK &&             \
                          (flushed.status == NG_OK || flushed.status == NG_END)

static void total(bench_task *task) {
    uint8_t valid = 0;
    warm_total_out out = {
        .total = &task->sum, .total_valid = &valid, .n = &task->count, .capacity = 1};
    RUN(warm_total, task, out);
    if (!complete || out.rows != 1 || !valid) {
        task->count = -1;
    }
}

static void compact(bench_task *task) {
    warm_out out = {.f = task->out[0], .capacity = task->rows};
    RUN(warm, task, out);
    task->made = complete ? out.rows : 0;
}

/* Room for one window more than there are: a kernel whose output is full takes no more rows, though
 * these would not fill a window. */
static void windows(bench_task *task) {
    by_hundred_out out = {.mean = task->out[0],
                          .low = task->out[1],
                          .high = task->out[2],
                          .capacity = task->rows / BENCH_WINDOW + 1};
    RUN(by_hundred, task, out);
    task->made = complete ? out.rows : 0;
}

static void prefixes(bench_task *task) {
    prefix_out out = {.total = task->out[0], .capacity = task->rows};
    RUN(prefix, task, out);
    task->made = complete ? out.rows : 0;
}

static void whole_prefixes(bench_task *task) {
    prefix_whole_out out = {.total = task->sums, .capacity = task->rows};
    RUN_ON(prefix_whole, task, n, out);
    task->made = complete ? out.rows : 0;
}

static void maxima(bench_task *task) {
    highest_out out = {.high = task->out[0], .capacity = task->rows};
    RUN(highest, task, out);
    task->made = complete ? out.rows : 0;
}

static void means(bench_task *task) {
    average_out out = {.mean = task->out[0], .capacity = task->rows};
    RUN(average, task, out);
    task->made = complete ? out.rows : 0;
}

static void all_six(bench_task *task) {
    uint8_t valid[5] = {0};
    summary_out out = {.n = &task->count,
                       .total = &task->sum,
                       .total_valid = &valid[0],
                       .low = &task->low,
                       .low_valid = &valid[1],
                       .high = &task->high,
                       .high_valid = &valid[2],
                       .mean = &task->mean,
                       .mean_valid = &valid[3],
                       .variance = &task->variance,
                       .variance_valid = &valid[4],
                       .capacity = 1};
    RUN(summary, task, out);
    if (!complete || out.rows != 1 || !(valid[0] & valid[1] & valid[2] & valid[3] & valid[4])) {
        task->count = -1;
    }
}

/* The weakest first: the last one that is usable is what a kernel picks for itself. */
#define PROFILES(workload, run, river)                                                             \
    {workload, "ours", "scalar", run, open_##river, NG_SCALAR},                                    \
        {workload, "ours", "v128", run, open_##river, NG_V128},                                    \
        {workload, "ours", "v256", run, open_##river, NG_V256}, {                                  \
        workload, "ours", "v512", run, open_##river, NG_V512                                       \
    }

const char *const bench_build = BENCH_BUILD;
const bench_entry bench_entries[] = {
    PROFILES("W1", total, warm_total),   PROFILES("W2", compact, warm),
    PROFILES("W3f32", prefixes, prefix), PROFILES("W3i32", whole_prefixes, prefix_whole),
    PROFILES("W4", windows, by_hundred), PROFILES("W5max", maxima, highest),
    PROFILES("W5mean", means, average),  PROFILES("W6", all_six, summary),
    {NULL, NULL, NULL, NULL, NULL, 0},
};
