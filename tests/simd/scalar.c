/* The scalar definitions against what they should mean, computed another way: libm for roundings
 * and roots, bits and wider integers for the rest. */
#define NAGARE_KERNELS 1
#include "../../core/simd.h"

#include "values.h"

#if defined(__wasm__) || defined(WORLD_WITHOUT_LIBC)
/* Where these are instructions they check the portable definitions (NGI_PORTABLE) instead. */
#define floor __builtin_floor
#define floorf __builtin_floorf
#define ceil __builtin_ceil
#define ceilf __builtin_ceilf
#define trunc __builtin_trunc
#define truncf __builtin_truncf
#define rint __builtin_rint
#define rintf __builtin_rintf
/* Outside of exact code, where clang takes them for calls that may set errno. */
static double root(double v) { return __builtin_sqrt(v); }
static float rootf(float v) { return __builtin_sqrtf(v); }
#define sqrt root
#define sqrtf rootf
#else
#include <math.h>
#endif

NGI_EXACT_BEGIN

typedef struct number { /* (-1)^negative * mantissa * 2^exponent, or infinity, or NaN */
    int negative, exponent, is_infinite, is_nan;
    uint64_t mantissa;
} number;

static number number_of_f64(double v) {
    uint64_t bits;
    __builtin_memcpy(&bits, &v, 8);
    const int power = (int)(bits >> 52 & 0x7ff);
    number r = {(int)(bits >> 63), (power == 0 ? 1 : power) - 1075, 0, 0, bits & 0xfffffffffffff};
    if (power == 0x7ff) {
        r.is_nan = r.mantissa != 0;
        r.is_infinite = r.mantissa == 0;
    } else if (power != 0) {
        r.mantissa |= (uint64_t)1 << 52;
    }
    return r;
}

/* Truncated into [least, most], which are given by their magnitudes; NaN is 0. As a 64-bit pattern.
 */
static uint64_t integer_of(number v, uint64_t least_size, uint64_t most) {
    const uint64_t limit = v.negative ? least_size : most;
    uint64_t size = 0;
    if (v.is_nan) {
        return 0;
    }
    if (v.is_infinite || (v.mantissa != 0 && v.exponent > 11)) {
        size = limit;
    } else if (v.exponent >= 0) {
        size = v.mantissa << v.exponent;
    } else if (v.exponent > -64) {
        size = v.mantissa >> -v.exponent;
    }
    size = size > limit ? limit : size;
    return v.negative ? 0 - size : size;
}

/* size * 2^exponent, where that is a normal number. */
static double scaled(uint64_t size, int exponent) {
    double v = (double)size;
    for (; exponent > 0; exponent--) {
        v *= 2;
    }
    for (; exponent < 0; exponent++) {
        v /= 2;
    }
    return v;
}

/* The integer's magnitude rounded to `bits` bits, ties to even, as mantissa * 2^exponent. */
static double rounded(uint64_t size, unsigned bits, int negative) {
    int exponent = 0;
    uint64_t rest = 0, half = 0;
    while (size >> bits != 0) {
        rest |= half;
        half = size & 1;
        size >>= 1;
        exponent++;
    }
    if (half != 0 && (rest != 0 || (size & 1) != 0)) {
        size++; /* at most 2^bits, which is exact as well */
    }
    const double v = scaled(size, exponent);
    return negative ? -v : v;
}

static int same(const char *what, const void *want, const void *got, unsigned size, int any_nan) {
    uint64_t a = 0, b = 0;
    __builtin_memcpy(&a, want, size);
    __builtin_memcpy(&b, got, size);
    if (a == b || any_nan) {
        return 0;
    }
    put("FAILED ");
    put(what);
    put(" expected ");
    put_number(a, 16);
    put(" got ");
    put_number(b, 16);
    put("\n");
    return 1;
}

#define SAME(what, T, want, got)                                                                   \
    {                                                                                              \
        const T wanted = (want), gotten = (got);                                                   \
        failures += same(what, &wanted, &gotten, sizeof(T), 0);                                    \
    }
#define SAME_NUMBER(what, T, want, got)                                                            \
    {                                                                                              \
        const T wanted = (want), gotten = (got);                                                   \
        const int are_nan = wanted != wanted && gotten != gotten;                                  \
        failures += same(what, &wanted, &gotten, sizeof(T), are_nan);                              \
    }

/* Floats by their bits: U is the unsigned type, I the signed one, in which non-NaNs are in order.
 */
#define CHECK_FLOAT(T, C, U, I, f, quiet, top)                                                     \
    static int is_nan_##T(U bits) {                                                                \
        return (bits & ~(top)) > ((quiet) & ~((quiet) & (0 - (quiet))));                           \
    }                                                                                              \
    static I order_##T(U bits) {                                                                   \
        return (bits & (top)) != 0 ? (I)(0 - (bits & ~(top))) : (I)bits;                           \
    }                                                                                              \
    static int check_##T(U x, U y) {                                                               \
        const C a = ngi_##T##x1_of_bits(x), b = ngi_##T##x1_of_bits(y);                            \
        const int unordered = is_nan_##T(x) || is_nan_##T(y);                                      \
        int failures = 0;                                                                          \
        SAME_NUMBER(#T " floor", C, floor##f(a), ngi_##T##x1_floor(a))                             \
        SAME_NUMBER(#T " ceil", C, ceil##f(a), ngi_##T##x1_ceil(a))                                \
        SAME_NUMBER(#T " trunc", C, trunc##f(a), ngi_##T##x1_trunc(a))                             \
        SAME_NUMBER(#T " round", C, rint##f(a), ngi_##T##x1_round(a))                              \
        SAME_NUMBER(#T " sqrt", C, sqrt##f(a), ngi_##T##x1_sqrt(a))                                \
        SAME_NUMBER(#T " sqrt", C, sqrt##f(a), (C)ngi_sqrt_by_digits((double)a))                   \
        SAME(#T " abs", U, x & ~(top), ngi_u_bits_##T(ngi_##T##x1_abs(a)))                         \
        SAME(#T " neg", U, x ^ (top), ngi_u_bits_##T(ngi_##T##x1_neg(a)))                          \
        SAME(#T " canon", U, is_nan_##T(x) ? (quiet) : x, ngi_u_bits_##T(ngi_##T##x1_canon(a)))    \
        SAME_NUMBER(#T " sign", C,                                                                 \
                    is_nan_##T(x) || order_##T(x) == 0 ? a                                         \
                    : order_##T(x) < 0                 ? -1                                        \
                                                       : 1,                                                        \
                    ngi_##T##x1_sign(a))                                                           \
        SAME(#T " nan", int, is_nan_##T(x), ngi_##T##x1_nan(a))                                    \
        SAME(#T " either_nan", int, unordered, ngi_##T##x1_either_nan(a, b))                       \
        SAME(#T " lt", int, !unordered && order_##T(x) < order_##T(y), ngi_##T##x1_lt(a, b))       \
        SAME(#T " le", int, !unordered && order_##T(x) <= order_##T(y), ngi_##T##x1_le(a, b))      \
        SAME(#T " eq", int, !unordered && order_##T(x) == order_##T(y), ngi_##T##x1_eq(a, b))      \
        SAME(#T " min", U, !unordered && order_##T(x) < order_##T(y) ? x : y,                      \
             ngi_u_bits_##T(ngi_##T##x1_min(a, b)))                                                \
        SAME(#T " max", U, !unordered && order_##T(x) > order_##T(y) ? x : y,                      \
             ngi_u_bits_##T(ngi_##T##x1_max(a, b)))                                                \
        SAME(#T " pick", U, x, ngi_u_bits_##T(ngi_##T##x1_pick(true, a, b)))                       \
        SAME(#T " pick", U, y, ngi_u_bits_##T(ngi_##T##x1_pick(false, a, b)))                      \
        SAME(#T " keep", U, x, ngi_u_bits_##T(ngi_##T##x1_keep(true, a)))                          \
        SAME(#T " keep", U, 0, ngi_u_bits_##T(ngi_##T##x1_keep(false, a)))                         \
        const number v = number_of_f64((double)a);                                                 \
        SAME("i32 from " #T, int32_t, (int32_t)integer_of(v, 1u << 31, INT32_MAX),                 \
             ngi_i32x1_from_##T(a))                                                                \
        SAME("u32 from " #T, uint32_t, (uint32_t)integer_of(v, 0, UINT32_MAX),                     \
             ngi_u32x1_from_##T(a))                                                                \
        SAME("i64 from " #T, int64_t,                                                              \
             (int64_t)integer_of(v, (uint64_t)1 << 63, (uint64_t)INT64_MAX),                       \
             ngi_i64x1_from_##T(a))                                                                \
        SAME("u64 from " #T, uint64_t, integer_of(v, 0, UINT64_MAX), ngi_u64x1_from_##T(a))        \
        return failures;                                                                           \
    }
#define ngi_u_bits_f32 ngi_u32x1_bits_of_f32
#define ngi_u_bits_f64 ngi_u64x1_bits_of_f64
CHECK_FLOAT(f32, float, uint32_t, int32_t, f, (uint32_t)0x7fc00000, (uint32_t)1 << 31)
CHECK_FLOAT(f64, double, uint64_t, int64_t, , (uint64_t)0x7ff8000000000000, (uint64_t)1 << 63)

/* In f64 the sum, product and quotient of two f32 are rounded so finely that rounding them again is
 * as good as rounding once. */
static int check_f32_arithmetic(float a, float b) {
    const volatile double x = (double)a, y = (double)b;
    int failures = 0;
    SAME_NUMBER("f32 add", float, (float)(x + y), ngi_f32x1_add(a, b))
    SAME_NUMBER("f32 sub", float, (float)(x - y), ngi_f32x1_sub(a, b))
    SAME_NUMBER("f32 mul", float, (float)(x * y), ngi_f32x1_mul(a, b))
    SAME_NUMBER("f32 div", float, (float)(x / y), ngi_f32x1_div(a, b))
    return failures;
}

/* The product by adding shifted copies, the quotient by long division, of magnitudes. */
static uint64_t product(uint64_t a, uint64_t b) {
    uint64_t r = 0;
    for (unsigned i = 0; i < 64; i++) {
        r += (b >> i & 1) != 0 ? a << i : 0;
    }
    return r;
}
static uint64_t quotient(uint64_t a, uint64_t b) {
    uint64_t r = 0, rest = 0;
    for (unsigned i = 64; b != 0 && i-- > 0;) {
        const uint64_t carry = rest >> 63;
        rest = rest << 1 | (a >> i & 1);
        if (carry != 0 || rest >= b) {
            rest -= b;
            r |= (uint64_t)1 << i;
        }
    }
    return r;
}

/* The bits of each type cut from 64: `S` is signed, or the type itself. */
#define CHECK_INTEGER(T, C, U, width, is_signed)                                                   \
    static int check_##T(uint64_t x, uint64_t y) {                                                 \
        const C a = (C)x, b = (C)y;                                                                \
        const U u = (U)x, v = (U)y;                                                                \
        const int x_negative = (is_signed) && (u >> (width - 1)) != 0;                             \
        const int y_negative = (is_signed) && (v >> (width - 1)) != 0;                             \
        const uint64_t x_size = x_negative ? (U)(0 - u) : u, y_size = y_negative ? (U)(0 - v) : v; \
        const uint64_t size = quotient(x_size, y_size);                                            \
        const U divided = (U)(x_negative != y_negative ? 0 - size : size);                         \
        const U left = (U)(x_size - product(size, y_size));                                        \
        const int is_less = x_negative != y_negative ? x_negative : u < v;                         \
        const unsigned n = (unsigned)(y % width);                                                  \
        const U fill = x_negative ? (U) ~((U)UINT64_MAX >> n) : 0;                                 \
        int failures = 0;                                                                          \
        SAME(#T " add", U, (U)(u + v), (U)ngi_##T##x1_add(a, b))                                   \
        SAME(#T " sub", U, (U)(u - v), (U)ngi_##T##x1_sub(a, b))                                   \
        SAME(#T " mul", U, (U)product(u, v), (U)ngi_##T##x1_mul(a, b))                             \
        SAME(#T " div", U, divided, (U)ngi_##T##x1_div(a, b))                                      \
        SAME(#T " rem", U, v == 0 ? 0 : (U)(x_negative ? 0 - left : left),                         \
             (U)ngi_##T##x1_rem(a, b))                                                             \
        SAME(#T " and", U, u &v, (U)ngi_##T##x1_and(a, b))                                         \
        SAME(#T " or", U, u | v, (U)ngi_##T##x1_or(a, b))                                          \
        SAME(#T " xor", U, u ^ v, (U)ngi_##T##x1_xor(a, b))                                        \
        SAME(#T " not", U, (U)~u, (U)ngi_##T##x1_not(a))                                           \
        SAME(#T " shl", U, (U)(u << n), (U)ngi_##T##x1_shl(a, (C)n))                               \
        SAME(#T " shr", U, (U)(u >> n | fill), (U)ngi_##T##x1_shr(a, (C)n))                        \
        SAME(#T " lt", int, is_less, ngi_##T##x1_lt(a, b))                                         \
        SAME(#T " le", int, is_less || u == v, ngi_##T##x1_le(a, b))                               \
        SAME(#T " eq", int, u == v, ngi_##T##x1_eq(a, b))                                          \
        SAME(#T " min", U, is_less ? u : v, (U)ngi_##T##x1_min(a, b))                              \
        SAME(#T " max", U, is_less || u == v ? v : u, (U)ngi_##T##x1_max(a, b))                    \
        SAME(#T " sign", U, (U)(u == 0 ? 0 : x_negative ? -1 : 1), (U)ngi_##T##x1_sign(a))         \
        SAME(#T " pick", U, u, (U)ngi_##T##x1_pick(true, a, b))                                    \
        SAME(#T " pick", U, v, (U)ngi_##T##x1_pick(false, a, b))                                   \
        SAME(#T " keep", U, u, (U)ngi_##T##x1_keep(true, a))                                       \
        SAME(#T " keep", U, 0, (U)ngi_##T##x1_keep(false, a))                                      \
        SAME("f32 from " #T, float, (float)rounded(x_size, 24, x_negative), ngi_f32x1_from_##T(a)) \
        SAME("f64 from " #T, double, rounded(x_size, 53, x_negative), ngi_f64x1_from_##T(a))       \
        return failures;                                                                           \
    }
CHECK_INTEGER(i32, int32_t, uint32_t, 32, 1)
CHECK_INTEGER(u32, uint32_t, uint32_t, 32, 0)
CHECK_INTEGER(i64, int64_t, uint64_t, 64, 1)
CHECK_INTEGER(u64, uint64_t, uint64_t, 64, 0)

static int check_signed_only(uint64_t x) {
    const uint32_t low = (uint32_t)x;
    const uint64_t low_extended = low | (low >> 31 != 0 ? 0xffffffff00000000u : 0);
    int failures = 0;
    SAME("i32 neg", uint32_t, 0 - low, (uint32_t)ngi_i32x1_neg((int32_t)low))
    SAME("i64 neg", uint64_t, 0 - x, (uint64_t)ngi_i64x1_neg((int64_t)x))
    SAME("i32 abs", uint32_t, low >> 31 != 0 ? 0 - low : low, (uint32_t)ngi_i32x1_abs((int32_t)low))
    SAME("i64 abs", uint64_t, x >> 63 != 0 ? 0 - x : x, (uint64_t)ngi_i64x1_abs((int64_t)x))
    SAME("i32 wrap_i8", uint32_t, (low & 0xff) - (low & 0x80) * 2,
         (uint32_t)ngi_i32x1_wrap_i8((int32_t)low))
    SAME("i32 wrap_i16", uint32_t, (low & 0xffff) - (low & 0x8000) * 2,
         (uint32_t)ngi_i32x1_wrap_i16((int32_t)low))
    SAME("u32 wrap_u8", uint32_t, low & 0xff, ngi_u32x1_wrap_u8(low))
    SAME("u32 wrap_u16", uint32_t, low & 0xffff, ngi_u32x1_wrap_u16(low))
    SAME("i64 from i32", uint64_t, low_extended, (uint64_t)ngi_i64x1_from_i32((int32_t)low))
    SAME("u64 from i32", uint64_t, low_extended, ngi_u64x1_from_i32((int32_t)low))
    SAME("i64 from u32", uint64_t, low, (uint64_t)ngi_i64x1_from_u32(low))
    SAME("u64 from u32", uint64_t, low, ngi_u64x1_from_u32(low))
    SAME("i32 from i64", uint32_t, low, (uint32_t)ngi_i32x1_from_i64((int64_t)x))
    SAME("i32 from u64", uint32_t, low, (uint32_t)ngi_i32x1_from_u64(x))
    SAME("u32 from i64", uint32_t, low, ngi_u32x1_from_i64((int64_t)x))
    SAME("u32 from u64", uint32_t, low, ngi_u32x1_from_u64(x))
    SAME("i32 from u32", uint32_t, low, (uint32_t)ngi_i32x1_from_u32(low))
    SAME("u32 from i32", uint32_t, low, ngi_u32x1_from_i32((int32_t)low))
    SAME("i64 from u64", uint64_t, x, (uint64_t)ngi_i64x1_from_u64(x))
    SAME("u64 from i64", uint64_t, x, ngi_u64x1_from_i64((int64_t)x))
    SAME("i32 sum", uint64_t, low_extended, (uint64_t)ngi_i32x1_sum((int32_t)low))
    SAME("i32 count", uint32_t, low + 1, (uint32_t)ngi_i32x1_count((int32_t)low, true))
    SAME("i32 count", uint32_t, low, (uint32_t)ngi_i32x1_count((int32_t)low, false))
    SAME("f32 of_bits", uint32_t, low, ngi_u32x1_bits_of_f32(ngi_f32x1_of_bits(low)))
    SAME("f64 of_bits", uint64_t, x, ngi_u64x1_bits_of_f64(ngi_f64x1_of_bits(x)))
    return failures;
}

/* f64 to f32 by bits: the magnitude in units of the result's last place, rounded to even. */
static int check_narrowing(double a) {
    const number v = number_of_f64(a);
    float want;
    uint32_t bits = 0x7fc00000;
    if (!v.is_nan) {
        uint64_t mantissa = v.mantissa, lost = 0;
        int exponent = v.exponent;
        while (mantissa != 0 && (mantissa >> 24 != 0 || exponent < -149)) {
            lost = (lost >> 1) | (lost & 1) | (mantissa & 1) << 63;
            mantissa >>= 1;
            exponent++;
        }
        mantissa += lost > (uint64_t)1 << 63 || (lost == (uint64_t)1 << 63 && (mantissa & 1) != 0);
        want = (float)scaled(mantissa, exponent);
        want = v.is_infinite ? __builtin_inff() : want;
        want = v.negative ? -want : want;
        bits = ngi_u32x1_bits_of_f32(want);
    }
    int failures = 0;
    SAME("f32 from f64", uint32_t, bits,
         ngi_u32x1_bits_of_f32(ngi_f32x1_canon(ngi_f32x1_from_f64(a))))
    return failures;
}

/* The tree as docs/rivers.md writes it. */
#define CHECK_TREE(T, C, op, expression)                                                           \
    static int check_tree_##T##_##op(const C *values) {                                            \
        C t[128], rows[16];                                                                        \
        int failures = 0;                                                                          \
        for (int i = 0; i < 128; i++) {                                                            \
            t[i] = values[i];                                                                      \
        }                                                                                          \
        for (int h = 64; h >= 1; h /= 2) {                                                         \
            for (int i = 0; i < h; i++) {                                                          \
                const C a = t[i], b = t[i + h];                                                    \
                t[i] = (expression);                                                               \
            }                                                                                      \
        }                                                                                          \
        SAME_NUMBER(#T " fold_" #op, C, t[0], ngi_##T##x1_fold_##op(values))                       \
        ngi_##T##x1_fold_rows_##op(rows, values);                                                  \
        for (int row = 0; row < 16; row++) {                                                       \
            for (int i = 0; i < 16; i++) {                                                         \
                t[i] = values[row * 16 + i];                                                       \
            }                                                                                      \
            for (int h = 8; h >= 1; h /= 2) {                                                      \
                for (int i = 0; i < h; i++) {                                                      \
                    const C a = t[i], b = t[i + h];                                                \
                    t[i] = (expression);                                                           \
                }                                                                                  \
            }                                                                                      \
            SAME_NUMBER(#T " fold_rows_" #op, C, t[0], rows[row])                                  \
        }                                                                                          \
        return failures;                                                                           \
    }
#define CHECK_TREES(T, C)                                                                          \
    CHECK_TREE(T, C, add, a + b)                                                                   \
    CHECK_TREE(T, C, min, a < b ? a : b)                                                           \
    CHECK_TREE(T, C, max, a > b ? a : b)
CHECK_TREES(f32, float)
CHECK_TREES(f64, double)

static int check_trees(void) {
    static float x[256];
    static double y[256];
    int failures = 0;
    for (unsigned trial = 0; trial < 300; trial++) {
        fill_values(x, f32_lane, 256);
        fill_values(y, f64_lane, 256);
        failures += check_tree_f32_add(x) + check_tree_f32_min(x) + check_tree_f32_max(x);
        failures += check_tree_f64_add(y) + check_tree_f64_min(y) + check_tree_f64_max(y);
    }
    return failures;
}

static int check_masks(void) {
    int failures = 0;
    for (unsigned bits = 0; bits < 4; bits++) {
        const bool a = (bits & 1) != 0, b = bits > 1;
        SAME("m and", int, (bits == 3), ngi_m1_and(a, b))
        SAME("m or", int, (bits != 0), ngi_m1_or(a, b))
        SAME("m xor", int, (bits == 1 || bits == 2), ngi_m1_xor(a, b))
        SAME("m andnot", int, (bits == 1), ngi_m1_andnot(a, b))
        SAME("m not", int, (bits == 0 || bits == 2), ngi_m1_not(a))
        SAME("m first", int, (bits != 0), ngi_m1_first(bits))
        SAME("m from_bits", int, (bits == 1 || bits == 3), ngi_m1_from_bits(bits))
        SAME("m tells", uint32_t, a ? 4 : 0,
             ngi_m1_bits(a) + ngi_m1_count(a) + ngi_m1_any(a) + ngi_m1_all(ngi_m1_set(a)))
    }
    return failures;
}

static int check_pair(const uint64_t f32[2], const uint64_t f64[2], const uint64_t integers[2]) {
    int failures = check_f32((uint32_t)f32[0], (uint32_t)f32[1]);
    failures += check_f32_arithmetic(ngi_f32x1_of_bits((uint32_t)f32[0]),
                                     ngi_f32x1_of_bits((uint32_t)f32[1]));
    failures += check_f64(f64[0], f64[1]);
    failures += check_narrowing(ngi_f64x1_of_bits(f64[0]));
    failures += check_i32(integers[0], integers[1]) + check_u32(integers[0], integers[1]);
    failures += check_i64(integers[0], integers[1]) + check_u64(integers[0], integers[1]);
    return failures + check_signed_only(integers[0]);
}

static int check(int argument_count) {
    int failures = check_masks() + check_trees();
    (void)argument_count;
    for (unsigned i = 0; i < 110 * 110 && failures < 20; i++) {
        const uint64_t x[2] = {edge_value(f32_lane, i % 110), edge_value(f32_lane, i / 110)};
        const uint64_t y[2] = {edge_value(f64_lane, i % 110), edge_value(f64_lane, i / 110)};
        const uint64_t z[2] = {edge_value(i64_lane, i % 110), edge_value(i64_lane, i / 110)};
        failures += check_pair(x, y, z);
    }
    for (unsigned i = 0; i < 40000 && failures < 20; i++) {
        const uint64_t x[2] = {some_value(f32_lane, i), some_value(f32_lane, i / 4)};
        const uint64_t y[2] = {some_value(f64_lane, i), some_value(f64_lane, i / 4)};
        const uint64_t z[2] = {some_value(i64_lane, i), some_value(i64_lane, i / 4)};
        failures += check_pair(x, y, z);
    }
    put("scalar: ");
    put_number((uint64_t)failures, 10);
    put(" failures\ndone\n");
    return failures;
}

NGI_EXACT_END
