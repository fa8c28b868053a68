/* What an expert with AVX2 writes; the ideas are those of peers_avx512.c, on half the lanes. */
#include "bench.h"

#include <immintrin.h>

#define V256 __attribute__((target("avx2,bmi2,popcnt,fma")))
#define V256_INLINE V256 static inline __attribute__((always_inline))

enum { LANES = 8, STEP = 32, RUN = 8192, LINE = 16 };

/* Rows ahead of which lines are asked for, where an entry's variant says so. */
enum { AHEAD = 2048 };

V256_INLINE void prefetch(const float *x, int ahead) {
    for (int line = 0; ahead > 0 && line < STEP; line += LINE) {
        _mm_prefetch((const char *)(x + ahead + line), _MM_HINT_T0);
    }
}

static bool usable(int variant) {
    (void)variant;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi2");
}

V256_INLINE __m256 fahrenheit(const float *x) {
    return _mm256_fmadd_ps(_mm256_loadu_ps(x), _mm256_set1_ps(BENCH_SCALE),
                           _mm256_set1_ps(BENCH_SHIFT));
}

V256_INLINE __m256 in_band(__m256 y) {
    return _mm256_and_ps(_mm256_cmp_ps(y, _mm256_set1_ps(BENCH_LO), _CMP_GT_OQ),
                         _mm256_cmp_ps(y, _mm256_set1_ps(BENCH_HI), _CMP_LT_OQ));
}

V256_INLINE __m256 sum_of_four(const __m256 part[4]) {
    return _mm256_add_ps(_mm256_add_ps(part[0], part[1]), _mm256_add_ps(part[2], part[3]));
}

V256_INLINE __m256d add_f32(__m256d sum, __m256 part) {
    const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(part));
    const __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(part, 1));
    return _mm256_add_pd(sum, _mm256_add_pd(low, high));
}

V256_INLINE double lanes_f64(__m256d value) {
    double lane[4];
    _mm256_storeu_pd(lane, value);
    return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

V256_INLINE int64_t lanes_i32(__m256i value) {
    int32_t lane[LANES];
    int64_t sum = 0;
    _mm256_storeu_si256((__m256i *)(void *)lane, value);
    for (int at = 0; at < LANES; at++) {
        sum += lane[at];
    }
    return sum;
}

V256_INLINE void total_by(bench_task *task, int ahead) {
    __m256d sum = _mm256_setzero_pd();
    __m256i count = _mm256_setzero_si256();
    for (size_t start = 0; start < task->rows; start += RUN) {
        const float *x = task->x + start;
        __m256 part[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                          _mm256_setzero_ps()};
        __m256i kept[4] = {count, _mm256_setzero_si256(), _mm256_setzero_si256(),
                           _mm256_setzero_si256()};
        for (int row = 0; row < RUN; row += STEP) {
            prefetch(x + row, ahead);
            for (int at = 0; at < 4; at++) {
                const __m256 y = fahrenheit(x + row + at * LANES);
                const __m256 in = in_band(y);
                part[at] = _mm256_add_ps(part[at], _mm256_and_ps(in, y));
                kept[at] = _mm256_sub_epi32(kept[at], _mm256_castps_si256(in));
            }
        }
        sum = add_f32(sum, sum_of_four(part));
        count = _mm256_add_epi32(_mm256_add_epi32(kept[0], kept[1]),
                                 _mm256_add_epi32(kept[2], kept[3]));
    }
    task->sum = lanes_f64(sum);
    task->count = lanes_i32(count);
}

/* For each of the 256 sets of lanes, the order that packs it. */
static int32_t packed_order[256][LANES];

static bool usable_with_order(int variant) {
    for (int set = 0; set < 256; set++) {
        int taken = 0;
        for (int lane = 0; lane < LANES; lane++) {
            if ((set >> lane) & 1) {
                packed_order[set][taken++] = lane;
            }
        }
    }
    return usable(variant);
}

V256_INLINE void compact_by(bench_task *task, int ahead) {
    const float *end = task->x + task->rows;
    float *out = task->out[0];
    for (const float *x = task->x; x < end; x += STEP) {
        __m256 packed[4];
        int kept[4];
        prefetch(x, ahead);
        for (int at = 0; at < 4; at++) {
            const __m256 y = fahrenheit(x + at * LANES);
            const int set = _mm256_movemask_ps(in_band(y));
            const __m256i *order = (const __m256i *)(const void *)packed_order[set];
            packed[at] = _mm256_permutevar8x32_ps(y, _mm256_loadu_si256(order));
            kept[at] = _mm_popcnt_u32((uint32_t)set);
        }
        for (int at = 0; at < 4; at++) {
            _mm256_storeu_ps(out, packed[at]);
            out += kept[at];
        }
    }
    task->made = (size_t)(out - task->out[0]);
}

typedef enum fold { ADD, LEAST, MOST } fold;

V256_INLINE __m256 folded(fold how, __m256 a, __m256 b) {
    return how == ADD     ? _mm256_add_ps(a, b)
           : how == LEAST ? _mm256_min_ps(a, b)
                          : _mm256_max_ps(a, b);
}

V256_INLINE __m256 fold_windows(fold how, __m256 row[8]) {
    for (int at = 0; at < 4; at++) {
        row[at] = folded(how, _mm256_permute2f128_ps(row[at], row[at + 4], 0x20),
                         _mm256_permute2f128_ps(row[at], row[at + 4], 0x31));
    }
    for (int at = 0; at < 2; at++) {
        row[at] = folded(how, _mm256_shuffle_ps(row[at], row[at + 2], 0x44),
                         _mm256_shuffle_ps(row[at], row[at + 2], 0xee));
    }
    const __m256 last = folded(how, _mm256_shuffle_ps(row[0], row[1], 0x88),
                               _mm256_shuffle_ps(row[0], row[1], 0xdd));
    return _mm256_permutevar8x32_ps(last, _mm256_setr_epi32(0, 2, 1, 3, 4, 6, 5, 7));
}

V256_INLINE __m256 fold_thirteen(fold how, const __m256 part[13]) {
    __m256 three[3];
    for (int at = 0; at < 3; at++) {
        three[at] = folded(how, folded(how, part[at], part[at + 3]),
                           folded(how, part[at + 6], part[at + 9]));
    }
    return folded(how, folded(how, three[0], three[1]), folded(how, three[2], part[12]));
}

V256_INLINE void eight_windows(const float *x, float *mean, float *low, float *high, int ahead) {
    __m256 sums[8];
    __m256 least[8];
    __m256 most[8];
    for (int window = 0; window < 8; window++, x += BENCH_WINDOW) {
        __m256 part[13];
        for (int at = 0; at < BENCH_WINDOW; at += STEP) {
            prefetch(x + at, ahead);
        }
        for (int at = 0; at < 12; at++) {
            part[at] = _mm256_loadu_ps(x + at * LANES);
        }
        part[12] = _mm256_loadu_ps(x + BENCH_WINDOW - LANES);
        least[window] = fold_thirteen(LEAST, part);
        most[window] = fold_thirteen(MOST, part);
        part[12] = _mm256_blend_ps(_mm256_setzero_ps(), part[12], 0xf0);
        sums[window] = fold_thirteen(ADD, part);
    }
    const __m256 share = _mm256_set1_ps(1.0f / BENCH_WINDOW);
    _mm256_storeu_ps(mean, _mm256_mul_ps(fold_windows(ADD, sums), share));
    _mm256_storeu_ps(low, fold_windows(LEAST, least));
    _mm256_storeu_ps(high, fold_windows(MOST, most));
}

V256_INLINE void windows_by(bench_task *task, int ahead) {
    const size_t count = task->rows / BENCH_WINDOW;
    for (size_t done = 0; done < count; done += 8) {
        const size_t window = done + 8 <= count ? done : count - 8;
        eight_windows(task->x + window * BENCH_WINDOW, task->out[0] + window, task->out[1] + window,
                      task->out[2] + window, ahead);
    }
    task->made = count;
}

V256_INLINE void summary_by(bench_task *task, int ahead) {
    const float origin = task->x[0];
    const __m256 origins = _mm256_set1_ps(origin);
    __m256 low[2] = {origins, origins};
    __m256 high[2] = {origins, origins};
    __m256d sum = _mm256_setzero_pd();
    __m256d squares = _mm256_setzero_pd();
    for (size_t start = 0; start < task->rows; start += RUN) {
        const float *x = task->x + start;
        __m256 part[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                          _mm256_setzero_ps()};
        __m256 square[4] = {part[0], part[0], part[0], part[0]};
        for (int row = 0; row < RUN; row += STEP) {
            prefetch(x + row, ahead);
            for (int at = 0; at < 4; at++) {
                const __m256 value = _mm256_loadu_ps(x + row + at * LANES);
                const __m256 distance = _mm256_sub_ps(value, origins);
                low[at & 1] = _mm256_min_ps(low[at & 1], value);
                high[at & 1] = _mm256_max_ps(high[at & 1], value);
                part[at] = _mm256_add_ps(part[at], distance);
                square[at] = _mm256_fmadd_ps(distance, distance, square[at]);
            }
        }
        sum = add_f32(sum, sum_of_four(part));
        squares = add_f32(squares, sum_of_four(square));
    }
    float lows[LANES];
    float highs[LANES];
    _mm256_storeu_ps(lows, _mm256_min_ps(low[0], low[1]));
    _mm256_storeu_ps(highs, _mm256_max_ps(high[0], high[1]));
    task->low = task->high = origin;
    for (int at = 0; at < LANES; at++) {
        task->low = lows[at] < task->low ? lows[at] : task->low;
        task->high = highs[at] > task->high ? highs[at] : task->high;
    }
    const double rows = (double)task->rows;
    const double distance = lanes_f64(sum);
    task->count = (int64_t)task->rows;
    task->sum = (double)origin * rows + distance;
    task->mean = (double)origin + distance / rows;
    task->variance = (lanes_f64(squares) - distance * distance / rows) / (rows - 1);
}

#define BOTH_WAYS(name)                                                                            \
    V256 static void name(bench_task *task) {                                                      \
        if (task->variant > 0) {                                                                   \
            name##_by(task, AHEAD);                                                                \
        } else {                                                                                   \
            name##_by(task, 0);                                                                    \
        }                                                                                          \
    }

BOTH_WAYS(total)
BOTH_WAYS(compact)
BOTH_WAYS(windows)
BOTH_WAYS(summary)

const char *const bench_build = BENCH_BUILD;
const bench_entry bench_entries[] = {
    {"W1", "expert", "AVX2", total, usable, 0},
    {"W1", "expert", "AVX2, prefetching", total, usable, AHEAD},
    {"W2", "expert", "AVX2", compact, usable_with_order, 0},
    {"W2", "expert", "AVX2, prefetching", compact, usable_with_order, AHEAD},
    {"W4", "expert", "AVX2", windows, usable, 0},
    {"W4", "expert", "AVX2, prefetching", windows, usable, AHEAD},
    {"W6", "expert", "AVX2", summary, usable, 0},
    {"W6", "expert", "AVX2, prefetching", summary, usable, AHEAD},
    {NULL, NULL, NULL, NULL, NULL, 0},
};
