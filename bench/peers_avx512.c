/* What an expert with AVX-512 writes, for these workloads and no others: contracted multiply-adds,
 * one unsigned compare for the band because both its bounds are positive, sums in f32 over runs of
 * RUN rows and in f64 beyond, and no tails, since the number of rows is a multiple of RUN. */
#include "bench.h"

#include <immintrin.h>
#include <string.h>

#define V512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi2,popcnt,fma")))
#define V512_INLINE V512 static inline __attribute__((always_inline))

enum { LANES = 16, STEP = 64, RUN = 8192, STAGED = 1024 };

/* Rows ahead (8 KiB) of which lines are asked for: some machines need it, others do not care. Each
 * loop is compiled both ways; an entry's variant says which it runs. */
enum { AHEAD = 2048 };

V512_INLINE void prefetch(const float *x, int ahead) {
    for (int line = 0; ahead > 0 && line < STEP; line += LANES) {
        _mm_prefetch((const char *)(x + ahead + line), _MM_HINT_T0);
    }
}

static bool usable(int variant) {
    (void)variant;
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
}

/* Floats that are not negative are ordered like their bits, and all others have larger bits than
 * any bound: `first <= bits <= last` is one subtraction and one unsigned compare. */
typedef struct band {
    __m512i first, width;
} band;

V512_INLINE uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

V512_INLINE float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

V512_INLINE band band_of(uint32_t first, uint32_t last) {
    return (band){_mm512_set1_epi32((int)first), _mm512_set1_epi32((int)(last - first))};
}

/* Strictly between the bounds, as the workload says. */
V512_INLINE band band_of_y(void) { return band_of(bits_of(BENCH_LO) + 1, bits_of(BENCH_HI) - 1); }

V512_INLINE __mmask16 in_band(band within, __m512 value) {
    const __m512i from_first = _mm512_sub_epi32(_mm512_castps_si512(value), within.first);
    return _mm512_cmple_epu32_mask(from_first, within.width);
}

/* The same for y with two compares, which keep one execution port busier and need one step less. */
V512_INLINE __mmask16 between(__m512 y) {
    const __mmask16 above = _mm512_cmp_ps_mask(y, _mm512_set1_ps(BENCH_LO), _CMP_GT_OQ);
    return _mm512_mask_cmp_ps_mask(above, y, _mm512_set1_ps(BENCH_HI), _CMP_LT_OQ);
}

V512_INLINE __m512 fahrenheit(const float *x) {
    return _mm512_fmadd_ps(_mm512_loadu_ps(x), _mm512_set1_ps(BENCH_SCALE),
                           _mm512_set1_ps(BENCH_SHIFT));
}

V512_INLINE __m512 sum_of_four(const __m512 part[4]) {
    return _mm512_add_ps(_mm512_add_ps(part[0], part[1]), _mm512_add_ps(part[2], part[3]));
}

V512_INLINE __m512d add_f32(__m512d sum, __m512 part) {
    const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(part));
    const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(part, 1));
    return _mm512_add_pd(sum, _mm512_add_pd(low, high));
}

/* Sum and count of the values in the band; `mapped` says whether to test and add y, or x itself. */
V512_INLINE void total_of(bench_task *task, band within, bool mapped, int ahead) {
    __m512d sum = _mm512_setzero_pd();
    int64_t count = 0;
    for (size_t start = 0; start < task->rows; start += RUN) {
        const float *x = task->x + start;
        __m512 part[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(),
                          _mm512_setzero_ps()};
        for (int row = 0; row < RUN; row += STEP) {
            __mmask16 in[4];
            prefetch(x + row, ahead);
            for (int at = 0; at < 4; at++) {
                const float *from = x + row + at * LANES;
                const __m512 value = mapped ? fahrenheit(from) : _mm512_loadu_ps(from);
                in[at] = in_band(within, value);
                part[at] = _mm512_mask_add_ps(part[at], in[at], part[at], value);
            }
            const __mmask32 low = _mm512_kunpackw(in[1], in[0]);
            const __mmask32 high = _mm512_kunpackw(in[3], in[2]);
            count += _mm_popcnt_u64(_mm512_kunpackd(high, low));
        }
        sum = add_f32(sum, sum_of_four(part));
    }
    task->sum = _mm512_reduce_add_pd(sum);
    task->count = count;
}

V512_INLINE void total_by(bench_task *task, int ahead) { total_of(task, band_of_y(), true, ahead); }

/* y grows with x, so the least and the greatest x in the band can be found beforehand, and the sum
 * of y is a multiple of the sum of x: no multiplication is left in the loop. */
V512_INLINE void total_on_x_by(bench_task *task, int ahead) {
    uint32_t first = bits_of((BENCH_LO - BENCH_SHIFT) / BENCH_SCALE) - 4;
    uint32_t last = bits_of((BENCH_HI - BENCH_SHIFT) / BENCH_SCALE) + 4;
    while (float_of(first) * BENCH_SCALE + BENCH_SHIFT <= BENCH_LO) {
        first++;
    }
    while (float_of(last) * BENCH_SCALE + BENCH_SHIFT >= BENCH_HI) {
        last--;
    }
    total_of(task, band_of(first, last), false, ahead);
    task->sum = (double)BENCH_SCALE * task->sum + (double)BENCH_SHIFT * (double)task->count;
}

/* Compressing in a register and storing all of it is many times faster than compressing to memory,
 * which is microcode on some processors. All is loaded before anything is stored: the compiler
 * cannot know that `out` is not `x`. */
V512_INLINE size_t compact_step(const float *x, bool one_compare, float *out) {
    const band within = band_of_y();
    __m512 packed[4];
    size_t kept[4];
    for (int at = 0; at < 4; at++) {
        const __m512 y = fahrenheit(x + at * LANES);
        const __mmask16 in = one_compare ? in_band(within, y) : between(y);
        packed[at] = _mm512_maskz_compress_ps(in, y);
        kept[at] = (size_t)_mm_popcnt_u32(in);
    }
    size_t made = 0;
    for (int at = 0; at < 4; at++) {
        _mm512_storeu_ps(out + made, packed[at]);
        made += kept[at];
    }
    return made;
}

V512_INLINE void compact_all(bench_task *task, bool one_compare, int ahead) {
    const float *end = task->x + task->rows;
    float *out = task->out[0];
    for (const float *x = task->x; x < end; x += STEP) {
        prefetch(x, ahead);
        out += compact_step(x, one_compare, out);
    }
    task->made = (size_t)(out - task->out[0]);
}

V512_INLINE void compact_by(bench_task *task, int ahead) { compact_all(task, true, ahead); }

V512 static void compact_two_compares(bench_task *task) { compact_all(task, false, 0); }

/* Survivors gather in the cache and go to memory as whole lines that are not read first. The stage
 * begins where the output's first whole line does. */
V512 static void compact_past_cache(bench_task *task) {
    float stage[STAGED + 2 * STEP] __attribute__((aligned(64)));
    const size_t unaligned = ((size_t)(uintptr_t)task->out[0] & 63) / sizeof(float);
    float *line = task->out[0] - unaligned;
    size_t waiting = unaligned;
    bool first = true;
    for (size_t row = 0; row < task->rows; row += STEP) {
        prefetch(task->x + row, AHEAD);
        waiting += compact_step(task->x + row, true, stage + waiting);
        if (waiting < STAGED) {
            continue;
        }
        if (first) {
            memcpy(line + unaligned, stage + unaligned, (LANES - unaligned) * sizeof(float));
        }
        for (int at = first ? LANES : 0; at < STAGED; at += LANES) {
            _mm512_stream_ps(line + at, _mm512_load_ps(stage + at));
        }
        first = false;
        line += STAGED;
        waiting -= STAGED;
        memcpy(stage, stage + STAGED, STEP * sizeof(float));
    }
    _mm_sfence();
    const size_t done = first ? unaligned : 0;
    memcpy(line + done, stage + done, (waiting - done) * sizeof(float));
    task->made = (size_t)(line + waiting - task->out[0]);
}

typedef enum fold { ADD, LEAST, MOST } fold;

V512_INLINE __m512 folded(fold how, __m512 a, __m512 b) {
    return how == ADD     ? _mm512_add_ps(a, b)
           : how == LEAST ? _mm512_min_ps(a, b)
                          : _mm512_max_ps(a, b);
}

/* The three aggregates of what a vector's lanes have seen so far. */
typedef struct trio {
    __m512 sum, low, high;
} trio;

V512_INLINE __m512 fold_seven(fold how, const __m512 part[7]) {
    const __m512 left = folded(how, folded(how, part[0], part[1]), folded(how, part[2], part[3]));
    return folded(how, left, folded(how, folded(how, part[4], part[5]), part[6]));
}

/* A window of 100: six vectors, and a seventh that overlaps the sixth by twelve rows, which minimum
 * and maximum do not mind and the sum masks out. */
V512_INLINE trio one_window(const float *x, int ahead) {
    trio window;
    __m512 part[7];
    prefetch(x, ahead);
    prefetch(x + STEP, ahead);
    for (int at = 0; at < 6; at++) {
        part[at] = _mm512_loadu_ps(x + at * LANES);
    }
    part[6] = _mm512_loadu_ps(x + BENCH_WINDOW - LANES);
    window.low = fold_seven(LEAST, part);
    window.high = fold_seven(MOST, part);
    part[6] = _mm512_maskz_mov_ps(0xf000, part[6]);
    window.sum = fold_seven(ADD, part);
    return window;
}

/* Each round halves the lanes that belong to one window, and puts two vectors into one. */
#define FOLD_ROUND(name, shuffle, low_half, high_half)                                             \
    V512_INLINE trio name(trio a, trio b) {                                                        \
        return (trio){                                                                             \
            folded(ADD, shuffle(a.sum, b.sum, low_half), shuffle(a.sum, b.sum, high_half)),        \
            folded(LEAST, shuffle(a.low, b.low, low_half), shuffle(a.low, b.low, high_half)),      \
            folded(MOST, shuffle(a.high, b.high, low_half), shuffle(a.high, b.high, high_half)),   \
        };                                                                                         \
    }

FOLD_ROUND(halves, _mm512_shuffle_f32x4, 0x44, 0xee)
FOLD_ROUND(quarters, _mm512_shuffle_f32x4, 0x88, 0xdd)
FOLD_ROUND(pairs, _mm512_shuffle_ps, 0x44, 0xee)
FOLD_ROUND(lanes, _mm512_shuffle_ps, 0x88, 0xdd)

/* Windows 0, 8, 4 and 12 after `x`. Folding each four at once leaves few vectors alive. */
V512_INLINE trio four_windows(const float *x, int ahead) {
    const float *eighth = x + 8 * BENCH_WINDOW;
    const trio left = halves(one_window(x, ahead), one_window(eighth, ahead));
    const trio right = halves(one_window(x + 4 * BENCH_WINDOW, ahead),
                              one_window(eighth + 4 * BENCH_WINDOW, ahead));
    return quarters(left, right);
}

V512_INLINE void sixteen_windows(const float *x, float *mean, float *low, float *high, int ahead) {
    const __m512i order = _mm512_setr_epi32(0, 2, 1, 3, 8, 10, 9, 11, 4, 6, 5, 7, 12, 14, 13, 15);
    const __m512 share = _mm512_set1_ps(1.0f / BENCH_WINDOW);
    const trio even = pairs(four_windows(x, ahead), four_windows(x + 2 * BENCH_WINDOW, ahead));
    const float *next = x + BENCH_WINDOW;
    const trio odd = pairs(four_windows(next, ahead), four_windows(next + 2 * BENCH_WINDOW, ahead));
    const trio all = lanes(even, odd);
    _mm512_storeu_ps(mean, _mm512_mul_ps(_mm512_permutexvar_ps(order, all.sum), share));
    _mm512_storeu_ps(low, _mm512_permutexvar_ps(order, all.low));
    _mm512_storeu_ps(high, _mm512_permutexvar_ps(order, all.high));
}

/* The last sixteen windows may overlap those before: some are then made twice. */
V512_INLINE void windows_by(bench_task *task, int ahead) {
    const size_t count = task->rows / BENCH_WINDOW;
    for (size_t done = 0; done < count; done += 16) {
        const size_t window = done + 16 <= count ? done : count - 16;
        sixteen_windows(task->x + window * BENCH_WINDOW, task->out[0] + window,
                        task->out[1] + window, task->out[2] + window, ahead);
    }
    task->made = count;
}

/* Sums of x and x squared lose the variance of values far from zero: so both are taken of the
 * distance to the first value. */
V512_INLINE void summary_by(bench_task *task, int ahead) {
    const float origin = task->x[0];
    const __m512 origins = _mm512_set1_ps(origin);
    __m512 low[4] = {origins, origins, origins, origins};
    __m512 high[4] = {origins, origins, origins, origins};
    __m512d sum = _mm512_setzero_pd();
    __m512d squares = _mm512_setzero_pd();
    for (size_t start = 0; start < task->rows; start += RUN) {
        const float *x = task->x + start;
        __m512 part[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(),
                          _mm512_setzero_ps()};
        __m512 square[4] = {part[0], part[0], part[0], part[0]};
        for (int row = 0; row < RUN; row += STEP) {
            prefetch(x + row, ahead);
            for (int at = 0; at < 4; at++) {
                const __m512 value = _mm512_loadu_ps(x + row + at * LANES);
                const __m512 distance = _mm512_sub_ps(value, origins);
                low[at] = _mm512_min_ps(low[at], value);
                high[at] = _mm512_max_ps(high[at], value);
                part[at] = _mm512_add_ps(part[at], distance);
                square[at] = _mm512_fmadd_ps(distance, distance, square[at]);
            }
        }
        sum = add_f32(sum, sum_of_four(part));
        squares = add_f32(squares, sum_of_four(square));
    }
    const double rows = (double)task->rows;
    const double distance = _mm512_reduce_add_pd(sum);
    task->count = (int64_t)task->rows;
    task->sum = (double)origin * rows + distance;
    task->mean = (double)origin + distance / rows;
    task->variance = (_mm512_reduce_add_pd(squares) - distance * distance / rows) / (rows - 1);
    task->low = _mm512_reduce_min_ps(
        _mm512_min_ps(_mm512_min_ps(low[0], low[1]), _mm512_min_ps(low[2], low[3])));
    task->high = _mm512_reduce_max_ps(
        _mm512_max_ps(_mm512_max_ps(high[0], high[1]), _mm512_max_ps(high[2], high[3])));
}

#define BOTH_WAYS(name)                                                                            \
    V512 static void name(bench_task *task) {                                                      \
        if (task->variant > 0) {                                                                   \
            name##_by(task, AHEAD);                                                                \
        } else {                                                                                   \
            name##_by(task, 0);                                                                    \
        }                                                                                          \
    }

BOTH_WAYS(total)
BOTH_WAYS(total_on_x)
BOTH_WAYS(compact)
BOTH_WAYS(windows)
BOTH_WAYS(summary)

const char *const bench_build = BENCH_BUILD;
const bench_entry bench_entries[] = {
    {"W1", "expert", "AVX-512", total, usable, 0},
    {"W1", "expert", "AVX-512, prefetching", total, usable, AHEAD},
    {"W1", "expert", "AVX-512, on x", total_on_x, usable, 0},
    {"W1", "expert", "AVX-512, on x, prefetching", total_on_x, usable, AHEAD},
    {"W2", "expert", "AVX-512", compact, usable, 0},
    {"W2", "expert", "AVX-512, two compares", compact_two_compares, usable, 0},
    {"W2", "expert", "AVX-512, prefetching", compact, usable, AHEAD},
    {"W2", "expert", "AVX-512, prefetching, past the cache", compact_past_cache, usable, 0},
    {"W4", "expert", "AVX-512", windows, usable, 0},
    {"W4", "expert", "AVX-512, prefetching", windows, usable, AHEAD},
    {"W6", "expert", "AVX-512", summary, usable, 0},
    {"W6", "expert", "AVX-512, prefetching", summary, usable, AHEAD},
    {NULL, NULL, NULL, NULL, NULL, 0},
};
