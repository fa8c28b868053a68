/* What an expert writes for WASM SIMD: the ideas of peers_avx512.c on four lanes. A run of rows is
 * added in f32; wasm.mjs calls once per block of rows and adds the blocks in f64. */
#include <stddef.h>
#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))

enum { LANES = 4, STEP = 16, WINDOW = 100 };

static inline v128_t fahrenheit(const float *x) {
    const v128_t scaled = wasm_f32x4_mul(wasm_v128_load(x), wasm_f32x4_const_splat(1.8f));
    return wasm_f32x4_add(scaled, wasm_f32x4_const_splat(32.0f));
}

static inline v128_t between(v128_t y) {
    return wasm_v128_and(wasm_f32x4_gt(y, wasm_f32x4_const_splat(50.0f)),
                         wasm_f32x4_lt(y, wasm_f32x4_const_splat(90.0f)));
}

static inline double lanes_f64(const v128_t part[4]) {
    const v128_t all =
        wasm_f32x4_add(wasm_f32x4_add(part[0], part[1]), wasm_f32x4_add(part[2], part[3]));
    const v128_t low = wasm_f64x2_promote_low_f32x4(all);
    const v128_t high = wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle(all, all, 2, 3, 2, 3));
    const v128_t sums = wasm_f64x2_add(low, high);
    return wasm_f64x2_extract_lane(sums, 0) + wasm_f64x2_extract_lane(sums, 1);
}

typedef struct totals {
    double sum;
    int32_t count;
} totals;

EXPORT(total) void total(const float *x, size_t rows, totals *result) {
    v128_t part[4] = {{0}};
    v128_t kept[4] = {{0}};
    for (size_t row = 0; row < rows; row += STEP) {
        for (int at = 0; at < 4; at++) {
            const v128_t y = fahrenheit(x + row + at * LANES);
            const v128_t in = between(y);
            part[at] = wasm_f32x4_add(part[at], wasm_v128_and(in, y));
            kept[at] = wasm_i32x4_sub(kept[at], in);
        }
    }
    const v128_t count =
        wasm_i32x4_add(wasm_i32x4_add(kept[0], kept[1]), wasm_i32x4_add(kept[2], kept[3]));
    result->sum = lanes_f64(part);
    result->count = wasm_i32x4_extract_lane(count, 0) + wasm_i32x4_extract_lane(count, 1) +
                    wasm_i32x4_extract_lane(count, 2) + wasm_i32x4_extract_lane(count, 3);
}

/* For each set of lanes, the bytes that pack it to the front, and how many lanes it has. */
static uint8_t packing[16][16];
static uint8_t set_size[16];

EXPORT(prepare) void prepare(void) {
    for (int set = 0; set < 16; set++) {
        int taken = 0;
        for (int lane = 0; lane < LANES; lane++) {
            if ((set >> lane) & 1) {
                for (int byte = 0; byte < 4; byte++) {
                    packing[set][4 * taken + byte] = (uint8_t)(4 * lane + byte);
                }
                taken++;
            }
        }
        set_size[set] = (uint8_t)taken;
    }
}

/* Writes up to three floats beyond the last survivor; returns how many there are. */
EXPORT(compact) size_t compact(const float *x, size_t rows, float *out) {
    const float *start = out;
    for (size_t row = 0; row < rows; row += LANES) {
        const v128_t y = fahrenheit(x + row);
        const uint32_t set = wasm_i32x4_bitmask(between(y));
        wasm_v128_store(out, wasm_i8x16_swizzle(y, wasm_v128_load(packing[set])));
        out += set_size[set];
    }
    return (size_t)(out - start);
}

typedef struct trio {
    v128_t sum, low, high;
} trio;

static inline trio joined(trio a, trio b) {
    return (trio){wasm_f32x4_add(a.sum, b.sum), wasm_f32x4_pmin(a.low, b.low),
                  wasm_f32x4_pmax(a.high, b.high)};
}

/* Two chains of each operation hide their latencies. */
static inline trio one_window(const float *x) {
    const v128_t first = wasm_v128_load(x);
    trio even = {first, first, first};
    const v128_t second = wasm_v128_load(x + LANES);
    trio odd = {second, second, second};
    for (int at = 2; at < WINDOW / LANES; at++) {
        const v128_t value = wasm_v128_load(x + at * LANES);
        if (at & 1) {
            odd = joined(odd, (trio){value, value, value});
        } else {
            even = joined(even, (trio){value, value, value});
        }
    }
    return joined(even, odd);
}

/* Lane w of the result is window w folded to one value: a transposition of 4 x 4 lanes, folded on
 * the way. */
#define FOLD_WINDOWS(name, op)                                                                     \
    static inline v128_t name(v128_t a, v128_t b, v128_t c, v128_t d) {                            \
        const v128_t left =                                                                        \
            op(wasm_i32x4_shuffle(a, b, 0, 1, 4, 5), wasm_i32x4_shuffle(a, b, 2, 3, 6, 7));        \
        const v128_t right =                                                                       \
            op(wasm_i32x4_shuffle(c, d, 0, 1, 4, 5), wasm_i32x4_shuffle(c, d, 2, 3, 6, 7));        \
        return op(wasm_i32x4_shuffle(left, right, 0, 2, 4, 6),                                     \
                  wasm_i32x4_shuffle(left, right, 1, 3, 5, 7));                                    \
    }

FOLD_WINDOWS(fold_add, wasm_f32x4_add)
FOLD_WINDOWS(fold_low, wasm_f32x4_pmin)
FOLD_WINDOWS(fold_high, wasm_f32x4_pmax)

/* The last four windows may overlap those before; `count` is at least four. */
EXPORT(windows) void windows(const float *x, size_t count, float *mean, float *low, float *high) {
    for (size_t done = 0; done < count; done += 4) {
        const size_t window = done + 4 <= count ? done : count - 4;
        const float *from = x + window * WINDOW;
        const trio a = one_window(from);
        const trio b = one_window(from + WINDOW);
        const trio c = one_window(from + 2 * WINDOW);
        const trio d = one_window(from + 3 * WINDOW);
        const v128_t sum = fold_add(a.sum, b.sum, c.sum, d.sum);
        wasm_v128_store(mean + window, wasm_f32x4_mul(sum, wasm_f32x4_const_splat(0.01f)));
        wasm_v128_store(low + window, fold_low(a.low, b.low, c.low, d.low));
        wasm_v128_store(high + window, fold_high(a.high, b.high, c.high, d.high));
    }
}

typedef struct sums {
    double distance, squares; /* from `origin` */
    float low, high;
} sums;

EXPORT(summary) void summary(const float *x, size_t rows, float origin, sums *result) {
    const v128_t origins = wasm_f32x4_splat(origin);
    v128_t part[4] = {{0}};
    v128_t square[4] = {{0}};
    v128_t low[2] = {origins, origins};
    v128_t high[2] = {origins, origins};
    for (size_t row = 0; row < rows; row += STEP) {
        for (int at = 0; at < 4; at++) {
            const v128_t value = wasm_v128_load(x + row + at * LANES);
            const v128_t distance = wasm_f32x4_sub(value, origins);
            low[at & 1] = wasm_f32x4_pmin(low[at & 1], value);
            high[at & 1] = wasm_f32x4_pmax(high[at & 1], value);
            part[at] = wasm_f32x4_add(part[at], distance);
            square[at] = wasm_f32x4_add(square[at], wasm_f32x4_mul(distance, distance));
        }
    }
    const v128_t least = wasm_f32x4_pmin(low[0], low[1]);
    const v128_t most = wasm_f32x4_pmax(high[0], high[1]);
    const v128_t lowest = fold_low(least, least, least, least);
    const v128_t highest = fold_high(most, most, most, most);
    result->distance = lanes_f64(part);
    result->squares = lanes_f64(square);
    result->low = wasm_f32x4_extract_lane(lowest, 0);
    result->high = wasm_f32x4_extract_lane(highest, 0);
}
