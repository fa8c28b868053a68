/* simd_scalar: the profile `scalar`, one lane. It is the definition of every operation; the other
 * profiles give the same bits for every input, but for the payloads and signs of computed NaNs.
 *
 *   all types      set load store add sub mul lt le eq min max pick keep pack
 *   f32 f64        div sqrt floor ceil trunc round abs neg sign nan either_nan canon
 *                  exp (math_exp.h)
 *                  fold_add fold_min fold_max fold_rows_add fold_rows_min fold_rows_max
 *   i32 u32        and or xor not shl shr div rem sign least most
 *   i64 u64        the same; i32 i64 have neg and abs; i32 i64 u64 have sum
 *   i32            count; load store pack wrap of i8 and i16 (u32: of u8 and u16)
 *   R from T       ngi_RxW_from_T for each two types; bits_of_f32, of_bits, bits_of_f64, of_bits
 *   masks          and or xor not andnot set first bits from_bits any all count
 *
 * `pack` writes the lanes of the mask to the front of `out`, and may write anything up to out[W).
 */
#ifndef NGI_SIMD_SCALAR_H
#define NGI_SIMD_SCALAR_H

#include "bits.h"
#include "simd_shapes.h"

/* 1: takes nothing from the instruction set that C does not have. */
#if !defined(NGI_PORTABLE)
#define NGI_PORTABLE 0
#endif

typedef float ngi_f32x1;
typedef double ngi_f64x1;
typedef int32_t ngi_i32x1;
typedef uint32_t ngi_u32x1;
typedef int64_t ngi_i64x1;
typedef uint64_t ngi_u64x1;
typedef bool ngi_m1;

#define NGI_FN NGI_SCALAR_INLINE

/* The register class that a float is in, for NGI_ROUND_NOW. */
#if NGI_X86
#define NGI_FLOAT_KIND "x"
#elif defined(__aarch64__) || defined(__arm__)
#define NGI_FLOAT_KIND "w"
#elif defined(__riscv) || defined(__powerpc__) || defined(__s390x__)
#define NGI_FLOAT_KIND "f"
#else
#define NGI_FLOAT_KIND "m"
#endif

/* ---- masks ----------------------------------------------------------------------------------- */

NGI_2(m1, m1, and, a &&b)
NGI_2(m1, m1, or, a || b)
NGI_2(m1, m1, xor, a != b)
NGI_2(m1, m1, andnot, a && !b)
NGI_1(m1, m1, not, !a)
NGI_SET(m1, bool, v)
NGI_ACROSS(uint32_t, m1, bits, (uint32_t)a)
NGI_ACROSS(uint32_t, m1, count, (uint32_t)a)
NGI_ACROSS(bool, m1, any, a)
NGI_ACROSS(bool, m1, all, a)
NGI_FN ngi_m1 ngi_m1_first(size_t n) { return n > 0; }
NGI_FN ngi_m1 ngi_m1_from_bits(uint32_t bits) { return (bits & 1) != 0; }

/* ---- what all types have --------------------------------------------------------------------- */

/* Memory need not be aligned, and may be written as another type. */
#define NGI_SCALAR_ALL(T)                                                                          \
    typedef ngi_##T ngi_loose_##T __attribute__((aligned(1), may_alias));                          \
    NGI_SET(T, ngi_##T, v)                                                                         \
    NGI_LOAD(T, load, ngi_##T, *(const ngi_loose_##T *)p)                                          \
    NGI_STORE(T, store, ngi_##T, *(ngi_loose_##T *)p = v)                                          \
    NGI_PACK(T, m1, pack, ngi_##T, (void)m; ngi_##T##_store(out, v))                               \
    NGI_2(m1, T, lt, a < b)                                                                        \
    NGI_2(m1, T, le, a <= b)                                                                       \
    NGI_2(T, T, min, a < b ? a : b)                                                                \
    NGI_2(T, T, max, a > b ? a : b)                                                                \
    NGI_PICK(T, m1, m ? a : b)                                                                     \
    NGI_KEEP(T, m1, m ? a : 0)
NGI_SCALAR_ALL(f32x1)
NGI_SCALAR_ALL(f64x1)
NGI_SCALAR_ALL(i32x1)
NGI_SCALAR_ALL(u32x1)
NGI_SCALAR_ALL(i64x1)
NGI_SCALAR_ALL(u64x1)
#undef NGI_SCALAR_ALL

/* ---- bits of floats -------------------------------------------------------------------------- */

#define NGI_SCALAR_BITS(R, T, name)                                                                \
    NGI_FN ngi_##R ngi_##R##_##name(ngi_##T a) {                                                   \
        ngi_##R r;                                                                                 \
        __builtin_memcpy(&r, &a, sizeof r);                                                        \
        return r;                                                                                  \
    }
NGI_SCALAR_BITS(u32x1, f32x1, bits_of_f32)
NGI_SCALAR_BITS(f32x1, u32x1, of_bits)
NGI_SCALAR_BITS(u64x1, f64x1, bits_of_f64)
NGI_SCALAR_BITS(f64x1, u64x1, of_bits)
#undef NGI_SCALAR_BITS

/* ---- floats ---------------------------------------------------------------------------------- */

/* Square root, correctly rounded, by digits: used where the compiler might call libm. */
NGI_FN double ngi_sqrt_by_digits(double a) {
    const uint64_t bits = ngi_u64x1_bits_of_f64(a);
    uint64_t rest = bits & 0xfffffffffffffu, root = 0;
    int exponent = (int)(bits >> 52) - 1075;
    if (!(a > 0.0) || bits >> 52 == 0x7ff) { /* zeros, negative numbers, NaN, infinity */
        return a < 0.0 ? ngi_f64x1_of_bits(0x7ff8000000000000u) : a;
    }
    if (bits >> 52 == 0) {
        for (exponent = -1074; rest >> 52 == 0; exponent--) {
            rest <<= 1;
        }
    } else {
        rest |= (uint64_t)1 << 52;
    }
    if (exponent % 2 != 0) {
        rest <<= 1;
        exponent--;
    }
    /* a = rest * 2^exponent with rest < 2^54 and an even exponent. Each round finds one bit of the
     * root, 54 in all: 53 and one to round by. `rest` is what a square of the root so far leaves
     * over, always at most twice the root; the root is irrational or ends before the last bit, so
     * no tie occurs. */
    uint64_t digits = rest << 10;
    rest = 0;
    for (int i = 0; i < 54; i++) {
        rest = rest << 2 | digits >> 62;
        digits <<= 2;
        root <<= 1;
        if (rest >= 2 * root + 1) {
            rest -= 2 * root + 1;
            root |= 1;
        }
    }
    root = (root + 1) >> 1;
    return ngi_f64x1_of_bits(((uint64_t)(exponent / 2 + 26 + 1022) << 52) + root);
}

#if NGI_PORTABLE || !(NGI_X86 || defined(__aarch64__) || defined(__wasm__))
NGI_1(f64x1, f64x1, sqrt, ngi_sqrt_by_digits(a))
NGI_1(f32x1, f32x1, sqrt, (float)ngi_sqrt_by_digits((double)a)) /* 53 >= 2 * 24 + 2 bits */
#elif defined(__wasm__)
NGI_1(f64x1, f64x1, sqrt, __builtin_sqrt(a))
NGI_1(f32x1, f32x1, sqrt, __builtin_sqrtf(a))
#else
#if NGI_X86
#define NGI_SQRT(suffix, form) "sqrts" suffix " %1, %0"
#else
#define NGI_SQRT(suffix, form) "fsqrt %" form "0, %" form "1"
#endif
NGI_FN ngi_f64x1 ngi_f64x1_sqrt(ngi_f64x1 a) {
    ngi_f64x1 r;
    __asm__(NGI_SQRT("d", "d") : "=" NGI_FLOAT_KIND(r) : NGI_FLOAT_KIND(a));
    return r;
}
NGI_FN ngi_f32x1 ngi_f32x1_sqrt(ngi_f32x1 a) {
    ngi_f32x1 r;
    __asm__(NGI_SQRT("s", "s") : "=" NGI_FLOAT_KIND(r) : NGI_FLOAT_KIND(a));
    return r;
}
#undef NGI_SQRT
#endif

/* The sign of `b` on the magnitude of `a`. */
#define NGI_SCALAR_SIGNED(T, U, bits_of, sign)                                                     \
    NGI_FN ngi_##T ngi_signed_##T(ngi_##T a, ngi_##T b) {                                          \
        return ngi_##T##_of_bits((bits_of(a) & ~(sign)) | (bits_of(b) & (sign)));                  \
    }
NGI_SCALAR_SIGNED(f32x1, u32x1, ngi_u32x1_bits_of_f32, (uint32_t)1 << 31)
NGI_SCALAR_SIGNED(f64x1, u64x1, ngi_u64x1_bits_of_f64, (uint64_t)1 << 63)
#undef NGI_SCALAR_SIGNED

#if !NGI_PORTABLE && (defined(__wasm__) || defined(__aarch64__))
#define NGI_SCALAR_ROUNDINGS(T, f, unit)                                                           \
    NGI_1(T, T, round, __builtin_rint##f(a))                                                       \
    NGI_1(T, T, floor, __builtin_floor##f(a))                                                      \
    NGI_1(T, T, ceil, __builtin_ceil##f(a))                                                        \
    NGI_1(T, T, trunc, __builtin_trunc##f(a))
#else
/* From `unit` on (2^23, 2^52) every number is whole; below, adding and taking away `unit` rounds to
 * the nearest, ties to even. The sign is the argument's, also of a zero. */
#define NGI_SCALAR_ROUNDINGS(T, f, unit)                                                           \
    NGI_FN ngi_##T ngi_##T##_round(ngi_##T a) {                                                    \
        const ngi_##T size = ngi_signed_##T(a, 0);                                                 \
        return size < (unit) ? ngi_signed_##T((size + (unit)) - (unit), a) : a;                    \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_floor(ngi_##T a) {                                                    \
        const ngi_##T near = ngi_##T##_round(a);                                                   \
        return near > a ? ngi_signed_##T(near - 1, a) : near;                                      \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_ceil(ngi_##T a) {                                                     \
        const ngi_##T near = ngi_##T##_round(a);                                                   \
        return near < a ? ngi_signed_##T(near + 1, a) : near;                                      \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_trunc(ngi_##T a) {                                                    \
        return ngi_signed_##T(ngi_##T##_floor(ngi_signed_##T(a, 0)), a);                           \
    }
#endif
NGI_SCALAR_ROUNDINGS(f32x1, f, 8388608.0f)
NGI_SCALAR_ROUNDINGS(f64x1, , 4503599627370496.0)
#undef NGI_SCALAR_ROUNDINGS

#define NGI_SCALAR_FLOAT(T, quiet_nan)                                                             \
    NGI_2(T, T, add, a + b)                                                                        \
    NGI_2(T, T, sub, a - b)                                                                        \
    NGI_MUL(T, NGI_FLOAT_KIND, a *b)                                                               \
    NGI_2(T, T, div, a / b)                                                                        \
    NGI_2(m1, T, eq, !(a < b) && a <= b)                                                           \
    NGI_1(m1, T, nan, !(a <= a))                                                                   \
    NGI_2(m1, T, either_nan, !(a <= a) || !(b <= b))                                               \
    NGI_1(T, T, abs, ngi_signed_##T(a, 0))                                                         \
    NGI_1(T, T, canon, a <= a ? a : ngi_##T##_of_bits(quiet_nan))                                  \
    NGI_1(T, T, sign, a < 0 || a > 0 ? ngi_signed_##T(1, a) : a)
NGI_SCALAR_FLOAT(f32x1, 0x7fc00000u)
NGI_SCALAR_FLOAT(f64x1, 0x7ff8000000000000u)
#undef NGI_SCALAR_FLOAT
NGI_1(f32x1, f32x1, neg, ngi_f32x1_of_bits(ngi_u32x1_bits_of_f32(a) ^ (uint32_t)1 << 31))
NGI_1(f64x1, f64x1, neg, ngi_f64x1_of_bits(ngi_u64x1_bits_of_f64(a) ^ (uint64_t)1 << 63))

/* The fixed trees: over 128 values, and over 16 rows of 16 values each. */
#define NGI_SCALAR_FOLD(T, op)                                                                     \
    NGI_FN ngi_##T ngi_##T##_fold_##op(const ngi_##T t[128]) {                                     \
        ngi_##T r[64];                                                                             \
        for (int i = 0; i < 64; i++) {                                                             \
            r[i] = ngi_##T##_##op(t[i], t[i + 64]);                                                \
        }                                                                                          \
        for (int h = 32; h > 0; h /= 2) {                                                          \
            for (int i = 0; i < h; i++) {                                                          \
                r[i] = ngi_##T##_##op(r[i], r[i + h]);                                             \
            }                                                                                      \
        }                                                                                          \
        return r[0];                                                                               \
    }                                                                                              \
    NGI_FN void ngi_##T##_fold_rows_##op(ngi_##T out[16], const ngi_##T m[256]) {                  \
        for (int row = 0; row < 16; row++) {                                                       \
            ngi_##T r[8];                                                                          \
            for (int i = 0; i < 8; i++) {                                                          \
                r[i] = ngi_##T##_##op(m[row * 16 + i], m[row * 16 + i + 8]);                       \
            }                                                                                      \
            for (int h = 4; h > 0; h /= 2) {                                                       \
                for (int i = 0; i < h; i++) {                                                      \
                    r[i] = ngi_##T##_##op(r[i], r[i + h]);                                         \
                }                                                                                  \
            }                                                                                      \
            out[row] = r[0];                                                                       \
        }                                                                                          \
    }
NGI_SCALAR_FOLD(f32x1, add)
NGI_SCALAR_FOLD(f32x1, min)
NGI_SCALAR_FOLD(f32x1, max)
NGI_SCALAR_FOLD(f64x1, add)
NGI_SCALAR_FOLD(f64x1, min)
NGI_SCALAR_FOLD(f64x1, max)
#undef NGI_SCALAR_FOLD

/* ---- integers -------------------------------------------------------------------------------- */

/* `C` is the type, `U` the unsigned type of its width, in which nothing overflows. */
#define NGI_SCALAR_INTEGER(T, C, U)                                                                \
    NGI_2(T, T, add, (C)((U)a + (U)b))                                                             \
    NGI_2(T, T, sub, (C)((U)a - (U)b))                                                             \
    NGI_2(T, T, mul, (C)((U)a * (U)b))                                                             \
    NGI_2(m1, T, eq, a == b)                                                                       \
    NGI_2(T, T, and, a &b)                                                                         \
    NGI_2(T, T, or, a | b)                                                                         \
    NGI_2(T, T, xor, a ^ b)                                                                        \
    NGI_1(T, T, not, ~a)                                                                           \
    NGI_2(T, T, shl, (C)((U)a << b))                                                               \
    NGI_2(T, T, shr, a >> b)                                                                       \
    NGI_ACROSS(C, T, least, a)                                                                     \
    NGI_ACROSS(C, T, most, a)
#define NGI_SCALAR_SIGNED(T, C, U)                                                                 \
    NGI_SCALAR_INTEGER(T, C, U)                                                                    \
    NGI_1(T, T, neg, (C)(0 - (U)a))                                                                \
    NGI_1(T, T, abs, a < 0 ? (C)(0 - (U)a) : a)                                                    \
    NGI_1(T, T, sign, (C)((a > 0) - (a < 0)))                                                      \
    NGI_2(T, T, div, b == 0 ? 0 : b == -1 ? (C)(0 - (U)a) : a / b)                                 \
    NGI_2(T, T, rem, b == 0 || b == -1 ? 0 : a % b)
#define NGI_SCALAR_UNSIGNED(T, C, U)                                                               \
    NGI_SCALAR_INTEGER(T, C, U)                                                                    \
    NGI_1(T, T, sign, (C)(a != 0))                                                                 \
    NGI_2(T, T, div, b == 0 ? 0 : a / b)                                                           \
    NGI_2(T, T, rem, b == 0 ? 0 : a % b)
NGI_SCALAR_SIGNED(i32x1, int32_t, uint32_t)
NGI_SCALAR_SIGNED(i64x1, int64_t, uint64_t)
NGI_SCALAR_UNSIGNED(u32x1, uint32_t, uint32_t)
NGI_SCALAR_UNSIGNED(u64x1, uint64_t, uint64_t)
#undef NGI_SCALAR_SIGNED
#undef NGI_SCALAR_UNSIGNED
#undef NGI_SCALAR_INTEGER

NGI_ACROSS(int64_t, i32x1, sum, a)
NGI_ACROSS(int64_t, i64x1, sum, a)
NGI_ACROSS(uint64_t, u64x1, sum, a)
NGI_FN ngi_i32x1 ngi_i32x1_count(ngi_i32x1 a, ngi_m1 m) { return ngi_i32x1_add(a, m); }

/* Narrow in memory, 32 bits in registers. `wrap` keeps the low bits. */
#define NGI_SCALAR_NARROW(T, n, N)                                                                 \
    typedef N ngi_loose_##n __attribute__((aligned(1), may_alias));                                \
    NGI_LOAD(T, load_##n, N, *(const ngi_loose_##n *)p)                                            \
    NGI_1(T, T, wrap_##n, (N)a)                                                                    \
    NGI_STORE(T, store_##n, N, *(ngi_loose_##n *)p = (N)v)                                         \
    NGI_PACK(T, m1, pack_##n, N, (void)m; ngi_##T##_store_##n(out, v))
NGI_SCALAR_NARROW(i32x1, i8, int8_t)
NGI_SCALAR_NARROW(i32x1, i16, int16_t)
NGI_SCALAR_NARROW(u32x1, u8, uint8_t)
NGI_SCALAR_NARROW(u32x1, u16, uint16_t)
#undef NGI_SCALAR_NARROW

/* ---- conversions ----------------------------------------------------------------------------- */

#define NGI_SCALAR_FROM(R, T, value)                                                               \
    NGI_FN ngi_##R##x1 ngi_##R##x1_from_##T(ngi_##T##x1 a) { return value; }
/* Between integers the low bits stay; a wider one is filled by the sign of a signed one. From a
 * float, `below` and `above` are the powers of two at which the integer's range ends. */
#define NGI_SCALAR_FROM_FLOAT(R, T, C, least, most, below, above)                                  \
    NGI_SCALAR_FROM(R, T,                                                                          \
                    !(a > (below)) ? (a <= (below) ? (least) : 0)                                  \
                    : a >= (above) ? (most)                                                        \
                                   : (C)a)

NGI_SCALAR_FROM(i32, u32, (int32_t)a)
NGI_SCALAR_FROM(i32, i64, (int32_t)(uint32_t)a)
NGI_SCALAR_FROM(i32, u64, (int32_t)(uint32_t)a)
NGI_SCALAR_FROM_FLOAT(i32, f32, int32_t, INT32_MIN, INT32_MAX, -2147483648.0f, 2147483648.0f)
NGI_SCALAR_FROM_FLOAT(i32, f64, int32_t, INT32_MIN, INT32_MAX, -2147483648.0, 2147483648.0)
NGI_SCALAR_FROM(u32, i32, (uint32_t)a)
NGI_SCALAR_FROM(u32, i64, (uint32_t)a)
NGI_SCALAR_FROM(u32, u64, (uint32_t)a)
NGI_SCALAR_FROM_FLOAT(u32, f32, uint32_t, 0, UINT32_MAX, 0.0f, 4294967296.0f)
NGI_SCALAR_FROM_FLOAT(u32, f64, uint32_t, 0, UINT32_MAX, 0.0, 4294967296.0)
NGI_SCALAR_FROM(i64, i32, a)
NGI_SCALAR_FROM(i64, u32, a)
NGI_SCALAR_FROM(i64, u64, (int64_t)a)
NGI_SCALAR_FROM_FLOAT(i64, f32, int64_t, INT64_MIN, INT64_MAX, -9223372036854775808.0f,
                      9223372036854775808.0f)
NGI_SCALAR_FROM_FLOAT(i64, f64, int64_t, INT64_MIN, INT64_MAX, -9223372036854775808.0,
                      9223372036854775808.0)
NGI_SCALAR_FROM(u64, i32, (uint64_t)a)
NGI_SCALAR_FROM(u64, u32, a)
NGI_SCALAR_FROM(u64, i64, (uint64_t)a)
NGI_SCALAR_FROM_FLOAT(u64, f32, uint64_t, 0, UINT64_MAX, 0.0f, 18446744073709551616.0f)
NGI_SCALAR_FROM_FLOAT(u64, f64, uint64_t, 0, UINT64_MAX, 0.0, 18446744073709551616.0)
NGI_SCALAR_FROM(f32, i32, (float)a)
NGI_SCALAR_FROM(f32, u32, (float)a)
/* Made opaque one by one: clang's vectors for aarch64 convert by way of f64, which rounds twice. */
#define NGI_SCALAR_F32_FROM(T)                                                                     \
    NGI_FN ngi_f32x1 ngi_f32x1_from_##T(ngi_##T##x1 a) {                                           \
        ngi_f32x1 r = (float)a;                                                                    \
        NGI_ROUND_NOW(NGI_FLOAT_KIND, r);                                                          \
        return r;                                                                                  \
    }
NGI_SCALAR_F32_FROM(i64)
NGI_SCALAR_F32_FROM(u64)
#undef NGI_SCALAR_F32_FROM
NGI_SCALAR_FROM(f32, f64, (float)a)
NGI_SCALAR_FROM(f64, i32, (double)a)
NGI_SCALAR_FROM(f64, u32, (double)a)
NGI_SCALAR_FROM(f64, i64, (double)a)
NGI_SCALAR_FROM(f64, u64, (double)a)
NGI_SCALAR_FROM(f64, f32, (double)a)
#undef NGI_SCALAR_FROM_FLOAT
#undef NGI_SCALAR_FROM

NGI_FN uint64_t ngi_scalar_bits_pack(uint64_t v, uint64_t mask) { return ngi_bits_pack(v, mask); }

#undef NGI_FN

#endif
