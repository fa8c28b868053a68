/* Times every competitor in one process. Each answer is checked against a plain f64 loop before it
 * is timed; then all competitors of a case take turns, round by round, so that what disturbs one
 * disturbs all, and a ratio can be taken within a round. Prints a line of JSON per competitor. */
#define _GNU_SOURCE
#include "bench.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { SMALL = 16 * 1024, LARGE = 32 * 1024 * 1024, MAX_ROUNDS = 64, MAX_RACERS = 256 };

/* Buffers that share an offset in their pages make loads wait for stores: out[k] begins at
 * (k + 1) times this. */
enum { STAGGER = 2112, PAGE = 2 * 1024 * 1024 };

typedef struct bench_case {
    const char *workload;
    const char *limit; /* the workload of the loops that are its limit */
    int survivors;     /* per cent that the filter keeps */
} bench_case;

static const bench_case cases[] = {
    {"W1", "read", 50},      {"W2", "write", 5},     {"W2", "write", 50}, {"W2", "write", 95},
    {"W3f32", "write", 50},  {"W3i32", "write", 50}, {"W4", "read", 50},  {"W5max", "write", 50},
    {"W5mean", "write", 50}, {"W6", "read", 50},
};

/* A competitor from one of the shared objects, with what it took in each round. */
typedef struct racer {
    const bench_entry *entry;
    const char *build;
    bool right;
    double sum_error, variance_error;
    double ns[MAX_ROUNDS]; /* per row */
    size_t repeats;
} racer;

typedef struct answer {
    bench_task task;
    float *out[3];
} answer;

static double now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Memory on huge pages where the system gives them, `stagger` bytes behind the start of one. */
static float *allocate(size_t floats, size_t stagger) {
    const size_t bytes = floats * sizeof(float) + stagger + 2 * PAGE;
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("native: mmap");
        exit(1);
    }
    memory += (PAGE - ((uintptr_t)memory & (PAGE - 1))) & (PAGE - 1);
    (void)madvise(memory, bytes - PAGE, MADV_HUGEPAGE); /* a wish: without it pages are small */
    memset(memory, 0, floats * sizeof(float) + stagger);
    return (float *)(void *)(memory + stagger);
}

/* A counter, hashed: 24 random bits a row, the same as in wasm.mjs. */
static uint32_t hashed(uint32_t counter) {
    uint32_t bits = counter * 0x9e3779b9u + 0x7f4a7c15u;
    bits = (bits ^ (bits >> 16)) * 0x21f0aaadu;
    bits = (bits ^ (bits >> 15)) * 0x735a2d97u;
    return (bits ^ (bits >> 15)) >> 8;
}

static bool inside(double y) { return (double)BENCH_LO < y && y < (double)BENCH_HI; }

/* Uniform around the middle of the band, so wide that `survivors` per cent fall into it. No value
 * comes so near a bound that rounding could decide, so everyone must keep the very same rows. */
static void fill(float *x, size_t rows, int survivors) {
    const double width = (90.0 - 50.0) / 1.8 * 100.0 / survivors;
    const double low = (70.0 - 32.0) / 1.8 - width / 2;
    for (size_t row = 0; row < rows; row++) {
        x[row] = (float)(low + width * (hashed((uint32_t)row) * 0x1p-24));
        const double y = (double)x[row] * 1.8 + 32;
        if (fabs(y - 50) < 1e-3 || fabs(y - 90) < 1e-3) {
            x[row] += 0.01f;
        }
    }
}

static void reference_band(answer *expected) {
    bench_task *task = &expected->task;
    for (size_t row = 0; row < task->rows; row++) {
        const double y = (double)task->x[row] * 1.8 + 32;
        if (inside(y)) {
            expected->out[0][task->made++] = (float)y;
            task->sum += y;
        }
    }
    task->count = (int64_t)task->made;
}

static void reference_windows(answer *expected) {
    bench_task *task = &expected->task;
    for (const float *x = task->x; x + BENCH_WINDOW <= task->x + task->rows; x += BENCH_WINDOW) {
        double sum = 0;
        float low = x[0];
        float high = x[0];
        for (int row = 0; row < BENCH_WINDOW; row++) {
            sum += (double)x[row];
            low = x[row] < low ? x[row] : low;
            high = x[row] > high ? x[row] : high;
        }
        expected->out[0][task->made] = (float)(sum / BENCH_WINDOW);
        expected->out[1][task->made] = low;
        expected->out[2][task->made] = high;
        task->made++;
    }
}

static void reference_summary(answer *expected) {
    bench_task *task = &expected->task;
    task->count = (int64_t)task->rows;
    task->low = task->high = task->x[0];
    for (size_t row = 0; row < task->rows; row++) {
        const float x = task->x[row];
        task->sum += (double)x;
        task->low = x < task->low ? x : task->low;
        task->high = x > task->high ? x : task->high;
    }
    task->mean = task->sum / (double)task->rows;
    for (size_t row = 0; row < task->rows; row++) {
        const double from_mean = (double)task->x[row] - task->mean;
        task->variance += from_mean * from_mean;
    }
    task->variance /= (double)(task->rows - 1);
}

/* Of W3 and W5. A value for each row: the sum so far, or what the last rows come to. */
static void reference_rows(answer *expected, const char *workload) {
    bench_task *task = &expected->task;
    const bool is_max = strcmp(workload, "W5max") == 0, is_scan = workload[1] == '3';
    uint32_t whole = 0;
    size_t best = 0;
    for (size_t row = 0; row < task->rows; row++) {
        const bool full = !is_scan && row >= BENCH_TRAIL;
        task->sum += (double)task->x[row] - (full ? (double)task->x[row - BENCH_TRAIL] : 0);
        whole += (uint32_t)task->n[row];
        if (full && best + BENCH_TRAIL <= row) {
            best = row - BENCH_TRAIL + 1;
            for (size_t other = best; other <= row; other++) {
                best = task->x[other] > task->x[best] ? other : best;
            }
        }
        best = task->x[row] >= task->x[best] ? row : best;
        const double rows = (double)(full ? BENCH_TRAIL : row + 1);
        const double value = is_max    ? (double)task->x[best]
                             : is_scan ? task->sum
                                       : task->sum / rows;
        if (strcmp(workload, "W3i32") == 0) {
            task->sums[row] = (int32_t)whole;
        } else {
            expected->out[0][row] = (float)value;
        }
    }
    task->made = task->rows;
}

static double worst_error(const float *got, const float *expected, size_t count) {
    double worst = 0;
    for (size_t row = 0; row < count; row++) {
        const double wanted = (double)expected[row];
        worst = fmax(worst, fabs((double)got[row] - wanted) / fabs(wanted));
    }
    return worst;
}

static bool all_near(const float *got, const float *expected, size_t count, double tolerance) {
    for (size_t row = 0; row < count; row++) {
        const double wanted = (double)expected[row];
        if (!(fabs((double)got[row] - wanted) <= tolerance * (1 + fabs(wanted)))) {
            return false;
        }
    }
    return true;
}

static double relative_error(double got, double expected) {
    return fabs(got - expected) / fabs(expected);
}

/* Counts, minima, maxima and the choice of rows must be equal, and each float within rounding. Long
 * sums may be rough: how rough is reported, and the tables say which of them count as accurate. */
static void check(racer *each, const bench_task *got, const answer *expected) {
    const bench_task *wanted = &expected->task;
    switch (each->entry->workload[1]) {
    case '1':
        each->sum_error = relative_error(got->sum, wanted->sum);
        each->right = got->count == wanted->count && each->sum_error < 1e-2;
        break;
    case '2':
        each->right = got->made == wanted->made &&
                      all_near(got->out[0], expected->out[0], wanted->made, 1e-6);
        break;
    case '3':
    case '5':
        each->right = got->made == wanted->made;
        if (strcmp(each->entry->workload, "W3i32") == 0) {
            each->right = each->right &&
                          memcmp(got->sums, wanted->sums, wanted->made * sizeof *wanted->sums) == 0;
        } else if (strcmp(each->entry->workload, "W5max") == 0) {
            each->right = each->right && all_near(got->out[0], expected->out[0], wanted->made, 0);
        } else {
            each->sum_error = worst_error(got->out[0], expected->out[0], wanted->made);
        }
        break;
    case '4':
        each->right = got->made == wanted->made &&
                      all_near(got->out[0], expected->out[0], wanted->made, 2e-6) &&
                      all_near(got->out[1], expected->out[1], wanted->made, 0) &&
                      all_near(got->out[2], expected->out[2], wanted->made, 0);
        break;
    default:
        each->sum_error =
            fmax(relative_error(got->sum, wanted->sum), relative_error(got->mean, wanted->mean));
        each->variance_error = relative_error(got->variance, wanted->variance);
        each->right = got->count == wanted->count && got->low == wanted->low &&
                      got->high == wanted->high && each->sum_error < 1e-2 &&
                      each->variance_error < 1e-2;
        break;
    }
}

/* What a variance is worth shows where the mean is large against it, as with air pressure in hPa.
 */
enum { PRESSURE = 1000 };

static answer under_pressure(const bench_task *task, float *x) {
    for (size_t row = 0; row < task->rows; row++) {
        x[row] = task->x[row] + (float)PRESSURE;
    }
    answer expected = {.task = {.x = x, .rows = task->rows}};
    reference_summary(&expected);
    return expected;
}

static double time_ns(const racer *each, bench_task *task, size_t repeats) {
    task->variant = each->entry->variant;
    const double start = now_ns();
    for (size_t repeat = 0; repeat < repeats; repeat++) {
        each->entry->run(task);
    }
    return now_ns() - start;
}

/* Enough repeats for `sample_ns`, found with the code already warm. */
static void calibrate(racer *each, bench_task *task, double sample_ns) {
    each->repeats = 1;
    for (double took = time_ns(each, task, 1); took < sample_ns;
         took = time_ns(each, task, each->repeats)) {
        const double factor = 1.2 * sample_ns / (took + 1);
        each->repeats = (size_t)((double)each->repeats * (factor > 10 ? 10 : factor)) + 1;
    }
}

static void print_racer(const bench_case *which, char size, const racer *each, int rounds) {
    printf("{\"workload\": \"%s", which->workload);
    if (which->workload[1] == '2') {
        printf(" %d%%", which->survivors);
    }
    printf("\", \"size\": \"%c\", \"kind\": \"%s\", \"name\": \"%s\", \"build\": \"%s\", ", size,
           each->entry->kind, each->entry->name, each->build);
    printf("\"right\": %s, \"sum_error\": %.3g, \"variance_error\": %.3g, \"rounds\": [",
           each->right ? "true" : "false", isfinite(each->sum_error) ? each->sum_error : 1,
           isfinite(each->variance_error) ? each->variance_error : 1);
    for (int round = 0; round < rounds; round++) {
        printf("%s%.5g", round > 0 ? ", " : "", each->ns[round]);
    }
    printf("]}\n");
}

static void race(const bench_case *which, racer *racers, size_t count, bench_task *task,
                 const answer *expected, const answer *pressure, int rounds, double sample_ns) {
    const char size = task->rows == LARGE ? 'L' : 'S';
    racer *lined_up[MAX_RACERS];
    size_t entered = 0;
    for (size_t index = 0; index < count; index++) {
        racer *each = &racers[index];
        const bool is_limit = strcmp(each->entry->workload, which->limit) == 0;
        if (!is_limit && strcmp(each->entry->workload, which->workload) != 0) {
            continue;
        }
        if (is_limit) {
            task->made = expected->task.made;
            each->right = true;
        } else {
            memset(task->out[0], 0xff, expected->task.made * sizeof(float));
            (void)time_ns(each, task, 1);
            check(each, task, expected);
        }
        if (pressure && !is_limit) {
            bench_task again = *task;
            again.x = pressure->task.x;
            (void)time_ns(each, &again, 1);
            each->variance_error =
                fmax(each->variance_error, relative_error(again.variance, pressure->task.variance));
        }
        calibrate(each, task, sample_ns);
        lined_up[entered++] = each;
    }
    for (int round = 0; round < rounds; round++) {
        for (size_t turn = 0; turn < entered; turn++) {
            racer *each = lined_up[(turn + (size_t)round) % entered];
            task->made = expected->task.made;
            const double took = time_ns(each, task, each->repeats);
            each->ns[round] = took / (double)each->repeats / (double)task->rows;
        }
    }
    for (size_t turn = 0; turn < entered; turn++) {
        print_racer(which, size, lined_up[turn], rounds);
    }
    fflush(stdout);
}

static size_t load(const char *path, racer *racers, size_t count) {
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const bench_entry *entry = object ? dlsym(object, "bench_entries") : NULL;
    const char *const *build = object ? dlsym(object, "bench_build") : NULL;
    if (!entry || !build) {
        fprintf(stderr, "native: %s\n", dlerror());
        exit(1);
    }
    for (; entry->run; entry++) {
        if (entry->usable && !entry->usable(entry->variant)) {
            fprintf(stderr, "SKIPPED: %s, %s (%s): not on this CPU\n", entry->workload, entry->name,
                    *build);
            continue;
        }
        if (count == MAX_RACERS) {
            fprintf(stderr, "native: more than %d competitors\n", MAX_RACERS);
            exit(1);
        }
        racers[count++] = (racer){.entry = entry, .build = *build};
    }
    return count;
}

/* Arguments: ROUNDS SAMPLE_NS SIZES WORKLOADS OBJECT... with SIZES as `SL`, WORKLOADS as `W1,W4`.
 */
int main(int argc, char **argv) {
    static racer racers[MAX_RACERS];
    const int rounds = argc > 5 ? atoi(argv[1]) : 0;
    if (rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf(stderr, "usage: native ROUNDS SAMPLE_NS SIZES WORKLOADS OBJECT...\n");
        return 2;
    }
    size_t count = 0;
    for (int index = 5; index < argc; index++) {
        count = load(argv[index], racers, count);
    }
    const size_t rows = strchr(argv[3], 'L') ? LARGE : SMALL;
    float *x = allocate(rows, 0);
    float *numbers = allocate(rows, 0);
    for (size_t row = 0; row < rows; row++) {
        const int32_t number = (int32_t)(hashed((uint32_t)row) & 0xff) - 100;
        memcpy(numbers + row, &number, sizeof number);
    }
    float *out[6];
    for (size_t index = 0; index < 6; index++) {
        out[index] = allocate(rows + BENCH_SLACK, (index + 1) * STAGGER);
    }
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        const bench_case *which = &cases[index];
        if (!strstr(argv[4], which->workload)) {
            continue;
        }
        fill(x, rows, which->survivors);
        for (const char *size = argv[3]; *size; size++) {
            bench_task task = {.x = x,
                               .n = (const int32_t *)(const void *)numbers,
                               .rows = *size == 'L' ? LARGE : SMALL};
            answer expected = {.task = task};
            for (size_t column = 0; column < 3; column++) {
                task.out[column] = out[column];
                expected.out[column] = out[3 + column];
            }
            task.sums = (int32_t *)(void *)out[0];
            expected.task.sums = (int32_t *)(void *)out[3];
            answer pressure;
            const bool is_summary = which->workload[1] == '6';
            switch (which->workload[1]) {
            case '3':
            case '5':
                reference_rows(&expected, which->workload);
                break;
            case '4':
                reference_windows(&expected);
                break;
            case '6':
                reference_summary(&expected);
                pressure = under_pressure(&task, out[3]);
                break;
            default:
                reference_band(&expected);
                break;
            }
            race(which, racers, count, &task, &expected, is_summary ? &pressure : NULL, rounds,
                 atof(argv[2]));
        }
    }
    return 0;
}
