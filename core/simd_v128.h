/* simd_v128: the profile `v128`, in the vocabulary of WASM SIMD: 4 lanes. SIMDe carries it
 * elsewhere. */
#ifndef NGI_SIMD_V128_H
#define NGI_SIMD_V128_H

#include "simd_scalar.h"

#if NGI_HAS_V128

#if defined(__wasm_simd128__)
#define NGI_WASM(name) wasm_##name
typedef v128_t ngi_v128;
#else
#define NGI_WASM(name) simde_wasm_##name
typedef simde_v128_t ngi_v128;
#endif

typedef ngi_v128 ngi_f32x4;
typedef ngi_v128 ngi_i32x4;
typedef ngi_v128 ngi_u32x4;
typedef struct ngi_f64x4 {
    ngi_v128 lo, hi;
} ngi_f64x4;
typedef struct ngi_i64x4 {
    ngi_v128 lo, hi;
} ngi_i64x4;
typedef ngi_i64x4 ngi_u64x4;
typedef ngi_v128 ngi_m4; /* 32-bit lanes, all ones or all zeros */

/* The compilers' own vectors, for the arithmetic that must obey this file's settings, and for
 * shifts by a number of each lane's own, which become one instruction where all are the same
 * constant. */
typedef float ngi_v128_f32 __attribute__((vector_size(16)));
typedef double ngi_v128_f64 __attribute__((vector_size(16)));
typedef int32_t ngi_v128_i32 __attribute__((vector_size(16)));
typedef uint32_t ngi_v128_u32 __attribute__((vector_size(16)));
typedef int64_t ngi_v128_i64 __attribute__((vector_size(16)));
typedef uint64_t ngi_v128_u64 __attribute__((vector_size(16)));

#if NGI_X86
#define NGI_VECTOR_KIND "x"
#else
#define NGI_VECTOR_KIND "w"
#endif

/* Where roundings and conversions are instructions; SIMDe would call libm, or loop, or (u32 from
 * f32) lose bits for them on x86. */
#if defined(__wasm__) || defined(__aarch64__)
#define NGI_V128_CONVERTS 1
#else
#define NGI_V128_CONVERTS 0
#endif

#define NGI_FN NGI_V128_INLINE

/* `x op y` in lanes of the type `lane`. */
#define NGI_V128_OP(lane, x, op, y) ((ngi_v128)((ngi_v128_##lane)(x)op(ngi_v128_##lane)(y)))

/* ---- masks, also of 64-bit lanes ------------------------------------------------------------- */

NGI_FN ngi_v128 ngi_v128_low_m(ngi_m4 m) { return NGI_WASM(i64x2_extend_low_i32x4)(m); }
NGI_FN ngi_v128 ngi_v128_high_m(ngi_m4 m) { return NGI_WASM(i64x2_extend_high_i32x4)(m); }
/* The low 32 bits of each 64-bit lane. */
NGI_FN ngi_v128 ngi_v128_narrow(ngi_v128 lo, ngi_v128 hi) {
    return NGI_WASM(i32x4_shuffle)(lo, hi, 0, 2, 4, 6);
}

NGI_2(m4, m4, and, NGI_WASM(v128_and)(a, b))
NGI_2(m4, m4, or, NGI_WASM(v128_or)(a, b))
NGI_2(m4, m4, xor, NGI_WASM(v128_xor)(a, b))
NGI_2(m4, m4, andnot, NGI_WASM(v128_andnot)(a, b))
NGI_1(m4, m4, not, NGI_WASM(v128_not)(a))
NGI_SET(m4, bool, NGI_WASM(i32x4_splat)(v ? -1 : 0))
NGI_ACROSS(uint32_t, m4, bits, (uint32_t)NGI_WASM(i32x4_bitmask)(a))
/* Four bits of this number for each of the sixteen masks. */
NGI_ACROSS(uint32_t, m4, count, (uint32_t)(0x4332322132212110u >> 4 * ngi_m4_bits(a) & 7))
NGI_ACROSS(bool, m4, any, NGI_WASM(v128_any_true)(a))
NGI_ACROSS(bool, m4, all, NGI_WASM(i32x4_all_true)(a))
NGI_FN ngi_m4 ngi_m4_first(size_t n) {
    const ngi_v128 lanes = NGI_WASM(i32x4_make)(0, 1, 2, 3);
    return NGI_WASM(i32x4_lt)(lanes, NGI_WASM(i32x4_splat)(n < 4 ? (int32_t)n : 4));
}
NGI_FN ngi_m4 ngi_m4_from_bits(uint32_t bits) {
    const ngi_v128 place = NGI_WASM(i32x4_make)(1, 2, 4, 8);
    const ngi_v128 all = NGI_WASM(i32x4_splat)((int32_t)bits);
    return NGI_WASM(i32x4_eq)(NGI_WASM(v128_and)(all, place), place);
}

/* ---- what all types have --------------------------------------------------------------------- */

#define NGI_V128_MEMORY_32(T, C)                                                                   \
    NGI_LOAD(T, load, C, NGI_WASM(v128_load)(p))                                                   \
    NGI_STORE(T, store, C, NGI_WASM(v128_store)(p, v))                                             \
    NGI_PICK(T, m4, NGI_WASM(v128_bitselect)(a, b, m))                                             \
    NGI_KEEP(T, m4, NGI_WASM(v128_and)(m, a))
#define NGI_V128_MEMORY_64(T, C, splat)                                                            \
    NGI_FN ngi_##T ngi_##T##_set(C v) {                                                            \
        const ngi_##T both = {splat, splat};                                                       \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_load(const C *p) {                                                    \
        const ngi_##T both = {NGI_WASM(v128_load)(p), NGI_WASM(v128_load)(p + 2)};                 \
        return both;                                                                               \
    }                                                                                              \
    NGI_STORE(T, store, C, NGI_WASM(v128_store)(p, v.lo); NGI_WASM(v128_store)(p + 2, v.hi))       \
    NGI_FN ngi_##T ngi_##T##_pick(ngi_m4 m, ngi_##T a, ngi_##T b) {                                \
        const ngi_##T both = {NGI_WASM(v128_bitselect)(a.lo, b.lo, ngi_v128_low_m(m)),             \
                              NGI_WASM(v128_bitselect)(a.hi, b.hi, ngi_v128_high_m(m))};           \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_keep(ngi_m4 m, ngi_##T a) {                                           \
        const ngi_##T both = {NGI_WASM(v128_and)(ngi_v128_low_m(m), a.lo),                         \
                              NGI_WASM(v128_and)(ngi_v128_high_m(m), a.hi)};                       \
        return both;                                                                               \
    }
NGI_V128_MEMORY_32(f32x4, float)
NGI_V128_MEMORY_32(i32x4, int32_t)
NGI_V128_MEMORY_32(u32x4, uint32_t)
NGI_V128_MEMORY_64(f64x4, double, NGI_WASM(f64x2_splat)(v))
NGI_V128_MEMORY_64(i64x4, int64_t, NGI_WASM(i64x2_splat)(v))
NGI_V128_MEMORY_64(u64x4, uint64_t, NGI_WASM(i64x2_splat)((int64_t)v))
#undef NGI_V128_MEMORY_32
#undef NGI_V128_MEMORY_64

/* ---- packing: two lanes at a time, the second in the place of the first where that is gone --- */

NGI_FN ngi_v128 ngi_v128_second_half(ngi_v128 a) { return NGI_WASM(i64x2_shuffle)(a, a, 1, 1); }
NGI_FN ngi_v128 ngi_v128_pack_pairs(ngi_m4 m, ngi_v128 v) {
    return NGI_WASM(v128_bitselect)(v, NGI_WASM(i32x4_shuffle)(v, v, 1, 1, 3, 3),
                                    NGI_WASM(i32x4_shuffle)(m, m, 0, 0, 2, 2));
}
NGI_FN ngi_v128 ngi_v128_pack_pair(ngi_v128 m, ngi_v128 v) {
    return NGI_WASM(v128_bitselect)(v, ngi_v128_second_half(v),
                                    NGI_WASM(i64x2_shuffle)(m, m, 0, 0));
}
/* How many of the first two lanes are in the mask. */
NGI_FN uint32_t ngi_v128_first_count(ngi_m4 m) {
    const uint32_t bits = ngi_m4_bits(m);
    return (bits & 1) + (bits >> 1 & 1);
}
#define NGI_V128_PACK_32(T, C)                                                                     \
    NGI_FN void ngi_##T##_pack(C *out, ngi_m4 m, ngi_##T v) {                                      \
        const ngi_v128_u64 pairs = (ngi_v128_u64)ngi_v128_pack_pairs(m, v);                        \
        const uint64_t first = pairs[0], second = pairs[1];                                        \
        __builtin_memcpy(out, &first, 8);                                                          \
        __builtin_memcpy(out + ngi_v128_first_count(m), &second, 8);                               \
    }
#define NGI_V128_PACK_64(T, C)                                                                     \
    NGI_FN void ngi_##T##_pack(C *out, ngi_m4 m, ngi_##T v) {                                      \
        NGI_WASM(v128_store)(out, ngi_v128_pack_pair(ngi_v128_low_m(m), v.lo));                    \
        NGI_WASM(v128_store)                                                                       \
        (out + ngi_v128_first_count(m), ngi_v128_pack_pair(ngi_v128_high_m(m), v.hi));             \
    }
NGI_V128_PACK_32(f32x4, float)
NGI_V128_PACK_32(i32x4, int32_t)
NGI_V128_PACK_32(u32x4, uint32_t)
NGI_V128_PACK_64(f64x4, double)
NGI_V128_PACK_64(i64x4, int64_t)
NGI_V128_PACK_64(u64x4, uint64_t)
#undef NGI_V128_PACK_32
#undef NGI_V128_PACK_64

/* ---- floats ---------------------------------------------------------------------------------- */

/* wasm's pmin(b, a) is a < b ? a : b, and pmax(b, a) is a > b ? a : b. */
#define NGI_V128_FLOAT(lane, x)                                                                    \
    NGI_FN ngi_v128 ngi_v128_add_##lane(ngi_v128 a, ngi_v128 b) {                                  \
        return NGI_V128_OP(lane, a, +, b);                                                         \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_sub_##lane(ngi_v128 a, ngi_v128 b) {                                  \
        return NGI_V128_OP(lane, a, -, b);                                                         \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_mul_##lane(ngi_v128 a, ngi_v128 b) {                                  \
        ngi_v128_##lane product = (ngi_v128_##lane)a * (ngi_v128_##lane)b;                         \
        NGI_ROUND_NOW(NGI_VECTOR_KIND, product);                                                   \
        return (ngi_v128)product;                                                                  \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_div_##lane(ngi_v128 a, ngi_v128 b) {                                  \
        return NGI_V128_OP(lane, a, /, b);                                                         \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_min_##lane(ngi_v128 a, ngi_v128 b) {                                  \
        return NGI_WASM(x##_pmin)(b, a);                                                           \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_max_##lane(ngi_v128 a, ngi_v128 b) {                                  \
        return NGI_WASM(x##_pmax)(b, a);                                                           \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_nan_##lane(ngi_v128 a) { return NGI_WASM(x##_ne)(a, a); }             \
    NGI_FN ngi_v128 ngi_v128_either_nan_##lane(ngi_v128 a, ngi_v128 b) {                           \
        return NGI_WASM(v128_or)(NGI_WASM(x##_ne)(a, a), NGI_WASM(x##_ne)(b, b));                  \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_sign_##lane(ngi_v128 a) {                                             \
        const ngi_v128 zero = NGI_WASM(x##_splat)(0), top = NGI_WASM(x##_splat)(-0.0f);            \
        const ngi_v128 one =                                                                       \
            NGI_WASM(v128_or)(NGI_WASM(v128_and)(a, top), NGI_WASM(x##_splat)(1));                 \
        const ngi_v128 sided =                                                                     \
            NGI_WASM(v128_or)(NGI_WASM(x##_lt)(a, zero), NGI_WASM(x##_gt)(a, zero));               \
        return NGI_WASM(v128_bitselect)(one, a, sided);                                            \
    }
NGI_V128_FLOAT(f32, f32x4)
NGI_V128_FLOAT(f64, f64x2)
#undef NGI_V128_FLOAT
NGI_FN ngi_v128 ngi_v128_canon_f32(ngi_v128 a) {
    return NGI_WASM(v128_bitselect)(NGI_WASM(i32x4_splat)(0x7fc00000), a, ngi_v128_nan_f32(a));
}
NGI_FN ngi_v128 ngi_v128_canon_f64(ngi_v128 a) {
    return NGI_WASM(v128_bitselect)(NGI_WASM(i64x2_splat)(0x7ff8000000000000), a,
                                    ngi_v128_nan_f64(a));
}

NGI_SET(f32x4, float, NGI_WASM(f32x4_splat)(v))
#define NGI_V128_1(name, f) NGI_1(f32x4, f32x4, name, f(a))
#define NGI_V128_2(name, f) NGI_2(f32x4, f32x4, name, f(a, b))
NGI_V128_2(add, ngi_v128_add_f32)
NGI_V128_2(sub, ngi_v128_sub_f32)
NGI_V128_2(mul, ngi_v128_mul_f32)
NGI_V128_2(div, ngi_v128_div_f32)
NGI_V128_2(min, ngi_v128_min_f32)
NGI_V128_2(max, ngi_v128_max_f32)
NGI_V128_1(sqrt, NGI_WASM(f32x4_sqrt))
NGI_V128_1(abs, NGI_WASM(f32x4_abs))
NGI_V128_1(neg, NGI_WASM(f32x4_neg))
NGI_V128_1(sign, ngi_v128_sign_f32)
NGI_V128_1(canon, ngi_v128_canon_f32)
#undef NGI_V128_1
#undef NGI_V128_2
NGI_2(m4, f32x4, lt, NGI_WASM(f32x4_lt)(a, b))
NGI_2(m4, f32x4, le, NGI_WASM(f32x4_le)(a, b))
NGI_2(m4, f32x4, eq, NGI_WASM(f32x4_eq)(a, b))
NGI_2(m4, f32x4, either_nan, ngi_v128_either_nan_f32(a, b))
NGI_1(m4, f32x4, nan, ngi_v128_nan_f32(a))

NGI_PAIR_2(f64x4, f64x4, add, ngi_v128_add_f64)
NGI_PAIR_2(f64x4, f64x4, sub, ngi_v128_sub_f64)
NGI_PAIR_2(f64x4, f64x4, mul, ngi_v128_mul_f64)
NGI_PAIR_2(f64x4, f64x4, div, ngi_v128_div_f64)
NGI_PAIR_2(f64x4, f64x4, min, ngi_v128_min_f64)
NGI_PAIR_2(f64x4, f64x4, max, ngi_v128_max_f64)
NGI_PAIR_1(f64x4, f64x4, sqrt, NGI_WASM(f64x2_sqrt))
NGI_PAIR_1(f64x4, f64x4, abs, NGI_WASM(f64x2_abs))
NGI_PAIR_1(f64x4, f64x4, neg, NGI_WASM(f64x2_neg))
NGI_PAIR_1(f64x4, f64x4, sign, ngi_v128_sign_f64)
NGI_PAIR_1(f64x4, f64x4, canon, ngi_v128_canon_f64)
#define NGI_PAIR_MASK_2(T, name, half)                                                             \
    NGI_2(m4, T, name, ngi_v128_narrow(half(a.lo, b.lo), half(a.hi, b.hi)))
NGI_PAIR_MASK_2(f64x4, lt, NGI_WASM(f64x2_lt))
NGI_PAIR_MASK_2(f64x4, le, NGI_WASM(f64x2_le))
NGI_PAIR_MASK_2(f64x4, eq, NGI_WASM(f64x2_eq))
NGI_PAIR_MASK_2(f64x4, either_nan, ngi_v128_either_nan_f64)
NGI_1(m4, f64x4, nan, ngi_v128_narrow(ngi_v128_nan_f64(a.lo), ngi_v128_nan_f64(a.hi)))

#if NGI_V128_CONVERTS
#define NGI_V128_ROUNDING(name, instruction)                                                       \
    NGI_1(f32x4, f32x4, name, NGI_WASM(f32x4_##instruction)(a))                                    \
    NGI_PAIR_1(f64x4, f64x4, name, NGI_WASM(f64x2_##instruction))
#else
#define NGI_V128_ROUNDING(name, instruction)                                                       \
    NGI_LANES_1(f32, f32, 4, name)                                                                 \
    NGI_LANES_1(f64, f64, 4, name)
#endif
NGI_V128_ROUNDING(round, nearest)
NGI_V128_ROUNDING(floor, floor)
NGI_V128_ROUNDING(ceil, ceil)
NGI_V128_ROUNDING(trunc, trunc)
#undef NGI_V128_ROUNDING

/* ---- 32-bit integers ------------------------------------------------------------------------- */

#define NGI_V128_INT32(T, C, W, lane, min32, max32)                                                \
    NGI_SET(T##x4, C, NGI_WASM(i32x4_splat)((int32_t)v))                                           \
    NGI_2(T##x4, T##x4, add, NGI_V128_OP(u32, a, +, b))                                            \
    NGI_2(T##x4, T##x4, sub, NGI_V128_OP(u32, a, -, b))                                            \
    NGI_2(T##x4, T##x4, mul, NGI_V128_OP(u32, a, *, b))                                            \
    NGI_2(T##x4, T##x4, and, NGI_WASM(v128_and)(a, b))                                             \
    NGI_2(T##x4, T##x4, or, NGI_WASM(v128_or)(a, b))                                               \
    NGI_2(T##x4, T##x4, xor, NGI_WASM(v128_xor)(a, b))                                             \
    NGI_1(T##x4, T##x4, not, NGI_WASM(v128_not)(a))                                                \
    NGI_2(T##x4, T##x4, shl, NGI_V128_OP(u32, a, <<, b))                                           \
    NGI_2(T##x4, T##x4, shr, NGI_V128_OP(lane, a, >>, b))                                          \
    NGI_2(T##x4, T##x4, min, NGI_WASM(min32)(a, b))                                                \
    NGI_2(T##x4, T##x4, max, NGI_WASM(max32)(a, b))                                                \
    NGI_2(m4, T##x4, lt, NGI_WASM(W##_lt)(a, b))                                                   \
    NGI_2(m4, T##x4, le, NGI_WASM(W##_le)(a, b))                                                   \
    NGI_2(m4, T##x4, eq, NGI_WASM(i32x4_eq)(a, b))                                                 \
    NGI_LANES_2(T, T, 4, div)                                                                      \
    NGI_LANES_2(T, T, 4, rem)                                                                      \
    NGI_LANES_ACROSS(T, 4, least, min)                                                             \
    NGI_LANES_ACROSS(T, 4, most, max)
NGI_V128_INT32(i32, int32_t, i32x4, i32, i32x4_min, i32x4_max)
NGI_V128_INT32(u32, uint32_t, u32x4, u32, u32x4_min, u32x4_max)
#undef NGI_V128_INT32

NGI_1(i32x4, i32x4, neg, NGI_V128_OP(u32, NGI_WASM(i32x4_splat)(0), -, a))
NGI_FN ngi_i32x4 ngi_i32x4_abs(ngi_i32x4 a) {
    const ngi_v128 negative = NGI_WASM(i32x4_lt)(a, NGI_WASM(i32x4_splat)(0));
    return NGI_V128_OP(u32, NGI_WASM(v128_xor)(a, negative), -, negative);
}
NGI_1(i32x4, i32x4, sign,
      NGI_WASM(i32x4_max)(NGI_WASM(i32x4_min)(a, NGI_WASM(i32x4_splat)(1)),
                          NGI_WASM(i32x4_splat)(-1)))
NGI_1(u32x4, u32x4, sign, NGI_WASM(u32x4_min)(a, NGI_WASM(i32x4_splat)(1)))
NGI_FN ngi_i32x4 ngi_i32x4_count(ngi_i32x4 a, ngi_m4 m) { return NGI_WASM(i32x4_sub)(a, m); }

/* ---- narrow in memory ------------------------------------------------------------------------ */

#define NGI_V128_NARROW(T, n, N)                                                                   \
    NGI_FN void ngi_##T##_store_##n(N *p, ngi_##T v) {                                             \
        const ngi_v128_u32 lanes = (ngi_v128_u32)v;                                                \
        const N narrow[4] = {(N)lanes[0], (N)lanes[1], (N)lanes[2], (N)lanes[3]};                  \
        __builtin_memcpy(p, narrow, sizeof narrow);                                                \
    }                                                                                              \
    NGI_FN void ngi_##T##_pack_##n(N *out, ngi_m4 m, ngi_##T v) {                                  \
        const ngi_v128_u32 lanes = (ngi_v128_u32)ngi_v128_pack_pairs(m, v);                        \
        const N first[2] = {(N)lanes[0], (N)lanes[1]}, second[2] = {(N)lanes[2], (N)lanes[3]};     \
        __builtin_memcpy(out, first, sizeof first);                                                \
        __builtin_memcpy(out + ngi_v128_first_count(m), second, sizeof second);                    \
    }
NGI_V128_NARROW(i32x4, i8, int8_t)
NGI_V128_NARROW(i32x4, i16, int16_t)
NGI_V128_NARROW(u32x4, u8, uint8_t)
NGI_V128_NARROW(u32x4, u16, uint16_t)
#undef NGI_V128_NARROW
NGI_FN ngi_v128 ngi_v128_load_4(const void *p) {
    int32_t v;
    __builtin_memcpy(&v, p, sizeof v);
    return NGI_WASM(i32x4_make)(v, 0, 0, 0);
}
NGI_FN ngi_v128 ngi_v128_load_8(const void *p) {
    int64_t v;
    __builtin_memcpy(&v, p, sizeof v);
    return NGI_WASM(i64x2_make)(v, 0);
}
NGI_LOAD(i32x4, load_i8, int8_t,
         NGI_WASM(i32x4_extend_low_i16x8)(NGI_WASM(i16x8_extend_low_i8x16)(ngi_v128_load_4(p))))
NGI_LOAD(u32x4, load_u8, uint8_t,
         NGI_WASM(u32x4_extend_low_u16x8)(NGI_WASM(u16x8_extend_low_u8x16)(ngi_v128_load_4(p))))
NGI_LOAD(i32x4, load_i16, int16_t, NGI_WASM(i32x4_extend_low_i16x8)(ngi_v128_load_8(p)))
NGI_LOAD(u32x4, load_u16, uint16_t, NGI_WASM(u32x4_extend_low_u16x8)(ngi_v128_load_8(p)))
NGI_1(i32x4, i32x4, wrap_i8, NGI_WASM(i32x4_shr)(NGI_WASM(i32x4_shl)(a, 24), 24))
NGI_1(i32x4, i32x4, wrap_i16, NGI_WASM(i32x4_shr)(NGI_WASM(i32x4_shl)(a, 16), 16))
NGI_1(u32x4, u32x4, wrap_u8, NGI_WASM(v128_and)(a, NGI_WASM(i32x4_splat)(0xff)))
NGI_1(u32x4, u32x4, wrap_u16, NGI_WASM(v128_and)(a, NGI_WASM(i32x4_splat)(0xffff)))

/* ---- 64-bit integers ------------------------------------------------------------------------- */

NGI_FN ngi_v128 ngi_v128_less_i64(ngi_v128 a, ngi_v128 b) { return NGI_WASM(i64x2_lt)(a, b); }
NGI_FN ngi_v128 ngi_v128_less_u64(ngi_v128 a, ngi_v128 b) {
    const ngi_v128 top = NGI_WASM(i64x2_splat)(INT64_MIN);
    return NGI_WASM(i64x2_lt)(NGI_WASM(v128_xor)(a, top), NGI_WASM(v128_xor)(b, top));
}
#define NGI_V128_64(name, lane, op)                                                                \
    NGI_FN ngi_v128 ngi_v128_##name(ngi_v128 a, ngi_v128 b) { return NGI_V128_OP(lane, a, op, b); }
NGI_V128_64(add_64, u64, +)
NGI_V128_64(sub_64, u64, -)
NGI_V128_64(mul_64, u64, *)
NGI_V128_64(shl_64, u64, <<)
NGI_V128_64(shr_i64, i64, >>)
NGI_V128_64(shr_u64, u64, >>)
#undef NGI_V128_64
#define NGI_MIN(less, x, y) NGI_WASM(v128_bitselect)(x, y, less(x, y))
#define NGI_MAX(less, x, y) NGI_WASM(v128_bitselect)(x, y, less(y, x))
#define NGI_MIN_I(x, y) NGI_MIN(ngi_v128_less_i64, x, y)
#define NGI_MAX_I(x, y) NGI_MAX(ngi_v128_less_i64, x, y)
#define NGI_MIN_U(x, y) NGI_MIN(ngi_v128_less_u64, x, y)
#define NGI_MAX_U(x, y) NGI_MAX(ngi_v128_less_u64, x, y)
#define NGI_V128_INT64(T, less, less_of, more_of, shift_right)                                     \
    NGI_PAIR_2(T##x4, T##x4, add, ngi_v128_add_64)                                                 \
    NGI_PAIR_2(T##x4, T##x4, sub, ngi_v128_sub_64)                                                 \
    NGI_PAIR_2(T##x4, T##x4, mul, ngi_v128_mul_64)                                                 \
    NGI_PAIR_2(T##x4, T##x4, and, NGI_WASM(v128_and))                                              \
    NGI_PAIR_2(T##x4, T##x4, or, NGI_WASM(v128_or))                                                \
    NGI_PAIR_2(T##x4, T##x4, xor, NGI_WASM(v128_xor))                                              \
    NGI_PAIR_1(T##x4, T##x4, not, NGI_WASM(v128_not))                                              \
    NGI_PAIR_2(T##x4, T##x4, shl, ngi_v128_shl_64)                                                 \
    NGI_PAIR_2(T##x4, T##x4, shr, shift_right)                                                     \
    NGI_PAIR_2(T##x4, T##x4, min, less_of)                                                         \
    NGI_PAIR_2(T##x4, T##x4, max, more_of)                                                         \
    NGI_PAIR_MASK_2(T##x4, lt, less)                                                               \
    NGI_PAIR_MASK_2(T##x4, eq, NGI_WASM(i64x2_eq))                                                 \
    NGI_2(m4, T##x4, le, NGI_WASM(v128_not)(ngi_##T##x4_lt(b, a)))                                 \
    NGI_LANES_2(T, T, 4, div)                                                                      \
    NGI_LANES_2(T, T, 4, rem)                                                                      \
    NGI_LANES_ACROSS(T, 4, sum, add)                                                               \
    NGI_LANES_ACROSS(T, 4, least, min)                                                             \
    NGI_LANES_ACROSS(T, 4, most, max)
NGI_V128_INT64(i64, ngi_v128_less_i64, NGI_MIN_I, NGI_MAX_I, ngi_v128_shr_i64)
NGI_V128_INT64(u64, ngi_v128_less_u64, NGI_MIN_U, NGI_MAX_U, ngi_v128_shr_u64)
#undef NGI_V128_INT64
#undef NGI_MIN
#undef NGI_MAX
#undef NGI_MIN_I
#undef NGI_MAX_I
#undef NGI_MIN_U
#undef NGI_MAX_U

NGI_FN ngi_v128 ngi_v128_sign_i64(ngi_v128 a) {
    const ngi_v128 zero = NGI_WASM(i64x2_splat)(0);
    return NGI_WASM(i64x2_sub)(ngi_v128_less_i64(a, zero), ngi_v128_less_i64(zero, a));
}
NGI_FN ngi_v128 ngi_v128_sign_u64(ngi_v128 a) {
    return NGI_WASM(i64x2_add)(NGI_WASM(i64x2_eq)(a, NGI_WASM(i64x2_splat)(0)),
                               NGI_WASM(i64x2_splat)(1));
}
NGI_FN ngi_v128 ngi_v128_neg_64(ngi_v128 a) {
    return NGI_V128_OP(u64, NGI_WASM(i64x2_splat)(0), -, a);
}
NGI_PAIR_1(i64x4, i64x4, neg, ngi_v128_neg_64)
NGI_FN ngi_v128 ngi_v128_abs_i64(ngi_v128 a) {
    const ngi_v128 negative = ngi_v128_less_i64(a, NGI_WASM(i64x2_splat)(0));
    return ngi_v128_sub_64(NGI_WASM(v128_xor)(a, negative), negative);
}
NGI_PAIR_1(i64x4, i64x4, abs, ngi_v128_abs_i64)
NGI_PAIR_1(i64x4, i64x4, sign, ngi_v128_sign_i64)
NGI_PAIR_1(u64x4, u64x4, sign, ngi_v128_sign_u64)

/* ---- conversions ----------------------------------------------------------------------------- */

#define NGI_V128_FROM(R, T, value)                                                                 \
    NGI_FN ngi_##R##x4 ngi_##R##x4_from_##T(ngi_##T##x4 a) { return value; }
#define NGI_V128_WIDEN(R, T, low, high)                                                            \
    NGI_PAIR_OF(R##x4, T##x4, from_##T, NGI_WASM(low)(a), NGI_WASM(high)(a))

/* Two pairs of 32-bit lanes, each at the low end of its register. */
NGI_FN ngi_v128 ngi_v128_join(ngi_v128 lo, ngi_v128 hi) {
    return NGI_WASM(i64x2_shuffle)(lo, hi, 0, 2);
}
NGI_V128_FROM(i32, u32, a)
NGI_V128_FROM(i32, i64, ngi_v128_narrow(a.lo, a.hi))
NGI_V128_FROM(i32, u64, ngi_v128_narrow(a.lo, a.hi))
NGI_V128_FROM(u32, i32, a)
NGI_V128_FROM(u32, i64, ngi_v128_narrow(a.lo, a.hi))
NGI_V128_FROM(u32, u64, ngi_v128_narrow(a.lo, a.hi))
NGI_V128_WIDEN(i64, i32, i64x2_extend_low_i32x4, i64x2_extend_high_i32x4)
NGI_V128_WIDEN(i64, u32, u64x2_extend_low_u32x4, u64x2_extend_high_u32x4)
NGI_V128_FROM(i64, u64, a)
NGI_V128_WIDEN(u64, i32, i64x2_extend_low_i32x4, i64x2_extend_high_i32x4)
NGI_V128_WIDEN(u64, u32, u64x2_extend_low_u32x4, u64x2_extend_high_u32x4)
NGI_V128_FROM(u64, i64, a)
NGI_LANES_FROM(i64, f32, 4)
NGI_LANES_FROM(i64, f64, 4)
NGI_LANES_FROM(u64, f32, 4)
NGI_LANES_FROM(u64, f64, 4)
NGI_LANES_FROM(f32, i64, 4)
NGI_LANES_FROM(f32, u64, 4)
NGI_LANES_FROM(f64, i64, 4)
NGI_LANES_FROM(f64, u64, 4)
NGI_V128_FROM(f32, i32, NGI_WASM(f32x4_convert_i32x4)(a))
NGI_V128_FROM(f32, f64,
              ngi_v128_join(NGI_WASM(f32x4_demote_f64x2_zero)(a.lo),
                            NGI_WASM(f32x4_demote_f64x2_zero)(a.hi)))
NGI_V128_FROM(i32, f32, NGI_WASM(i32x4_trunc_sat_f32x4)(a))
#define NGI_V128_TO_F64(T, convert)                                                                \
    NGI_PAIR_OF(f64x4, T##x4, from_##T, NGI_WASM(convert)(a),                                      \
                NGI_WASM(convert)(ngi_v128_second_half(a)))
NGI_V128_TO_F64(f32, f64x2_promote_low_f32x4)
#if NGI_V128_CONVERTS
NGI_V128_FROM(f32, u32, NGI_WASM(f32x4_convert_u32x4)(a))
NGI_V128_FROM(u32, f32, NGI_WASM(u32x4_trunc_sat_f32x4)(a))
NGI_V128_FROM(i32, f64,
              ngi_v128_join(NGI_WASM(i32x4_trunc_sat_f64x2_zero)(a.lo),
                            NGI_WASM(i32x4_trunc_sat_f64x2_zero)(a.hi)))
NGI_V128_FROM(u32, f64,
              ngi_v128_join(NGI_WASM(u32x4_trunc_sat_f64x2_zero)(a.lo),
                            NGI_WASM(u32x4_trunc_sat_f64x2_zero)(a.hi)))
NGI_V128_TO_F64(i32, f64x2_convert_low_i32x4)
NGI_V128_TO_F64(u32, f64x2_convert_low_u32x4)
#else
NGI_LANES_FROM(f32, u32, 4)
NGI_LANES_FROM(u32, f32, 4)
NGI_LANES_FROM(i32, f64, 4)
NGI_LANES_FROM(u32, f64, 4)
NGI_LANES_FROM(f64, i32, 4)
NGI_LANES_FROM(f64, u32, 4)
#endif
#undef NGI_V128_TO_F64
#undef NGI_V128_FROM
#undef NGI_V128_WIDEN

NGI_FN ngi_u32x4 ngi_u32x4_bits_of_f32(ngi_f32x4 a) { return a; }
NGI_FN ngi_f32x4 ngi_f32x4_of_bits(ngi_u32x4 a) { return a; }
NGI_PAIR_OF(u64x4, f64x4, bits_of_f64, a.lo, a.hi)
NGI_PAIR_OF(f64x4, u64x4, of_bits, a.lo, a.hi)

NGI_ACROSS(int64_t, i32x4, sum, ngi_i64x4_sum(ngi_i64x4_from_i32(a)))

/* ---- the fixed trees ------------------------------------------------------------------------- */

#define NGI_V128_FOLD_F32(op, of)                                                                  \
    NGI_FN float ngi_f32x4_fold_##op(const float t[128]) {                                         \
        ngi_v128 r[16];                                                                            \
        for (int i = 0; i < 16; i++) {                                                             \
            r[i] = of(NGI_WASM(v128_load)(t + 4 * i), NGI_WASM(v128_load)(t + 4 * i + 64));        \
        }                                                                                          \
        for (int h = 8; h > 0; h /= 2) {                                                           \
            for (int i = 0; i < h; i++) {                                                          \
                r[i] = of(r[i], r[i + h]);                                                         \
            }                                                                                      \
        }                                                                                          \
        const ngi_v128 x = of(r[0], ngi_v128_second_half(r[0]));                                   \
        return NGI_WASM(f32x4_extract_lane)(of(x, NGI_WASM(i32x4_shuffle)(x, x, 1, 1, 1, 1)), 0);  \
    }                                                                                              \
    /* One row, 4 values left. */                                                                  \
    NGI_FN ngi_v128 ngi_v128_row_f32_##op(const float *m) {                                        \
        return of(of(NGI_WASM(v128_load)(m), NGI_WASM(v128_load)(m + 8)),                          \
                  of(NGI_WASM(v128_load)(m + 4), NGI_WASM(v128_load)(m + 12)));                    \
    }                                                                                              \
    /* Two rows, 2 values left of each. */                                                         \
    NGI_FN ngi_v128 ngi_v128_rows_f32_##op(const float *m) {                                       \
        const ngi_v128 a = ngi_v128_row_f32_##op(m), b = ngi_v128_row_f32_##op(m + 16);            \
        return of(NGI_WASM(i64x2_shuffle)(a, b, 0, 2), NGI_WASM(i64x2_shuffle)(a, b, 1, 3));       \
    }                                                                                              \
    NGI_FN void ngi_f32x4_fold_rows_##op(float out[16], const float m[256]) {                      \
        for (int row = 0; row < 16; row += 4) {                                                    \
            const ngi_v128 a = ngi_v128_rows_f32_##op(m + 16 * row);                               \
            const ngi_v128 b = ngi_v128_rows_f32_##op(m + 16 * row + 32);                          \
            NGI_WASM(v128_store)(out + row, of(NGI_WASM(i32x4_shuffle)(a, b, 0, 2, 4, 6),          \
                                               NGI_WASM(i32x4_shuffle)(a, b, 1, 3, 5, 7)));        \
        }                                                                                          \
    }
#define NGI_V128_FOLD_F64(op, of)                                                                  \
    NGI_FN double ngi_f64x4_fold_##op(const double t[128]) {                                       \
        ngi_v128 r[32];                                                                            \
        for (int i = 0; i < 32; i++) {                                                             \
            r[i] = of(NGI_WASM(v128_load)(t + 2 * i), NGI_WASM(v128_load)(t + 2 * i + 64));        \
        }                                                                                          \
        for (int h = 16; h > 0; h /= 2) {                                                          \
            for (int i = 0; i < h; i++) {                                                          \
                r[i] = of(r[i], r[i + h]);                                                         \
            }                                                                                      \
        }                                                                                          \
        return NGI_WASM(f64x2_extract_lane)(of(r[0], ngi_v128_second_half(r[0])), 0);              \
    }                                                                                              \
    /* One row, 2 values left. */                                                                  \
    NGI_FN ngi_v128 ngi_v128_row_f64_##op(const double *m) {                                       \
        ngi_v128 r[4];                                                                             \
        for (int i = 0; i < 4; i++) {                                                              \
            r[i] = of(NGI_WASM(v128_load)(m + 2 * i), NGI_WASM(v128_load)(m + 2 * i + 8));         \
        }                                                                                          \
        return of(of(r[0], r[2]), of(r[1], r[3]));                                                 \
    }                                                                                              \
    NGI_FN void ngi_f64x4_fold_rows_##op(double out[16], const double m[256]) {                    \
        for (int row = 0; row < 16; row += 2) {                                                    \
            const ngi_v128 a = ngi_v128_row_f64_##op(m + 16 * row);                                \
            const ngi_v128 b = ngi_v128_row_f64_##op(m + 16 * row + 16);                           \
            NGI_WASM(v128_store)(out + row, of(NGI_WASM(i64x2_shuffle)(a, b, 0, 2),                \
                                               NGI_WASM(i64x2_shuffle)(a, b, 1, 3)));              \
        }                                                                                          \
    }
#define NGI_V128_FOLDS(op)                                                                         \
    NGI_V128_FOLD_F32(op, ngi_v128_##op##_f32)                                                     \
    NGI_V128_FOLD_F64(op, ngi_v128_##op##_f64)
NGI_V128_FOLDS(add)
NGI_V128_FOLDS(min)
NGI_V128_FOLDS(max)
#undef NGI_V128_FOLDS
#undef NGI_V128_FOLD_F32
#undef NGI_V128_FOLD_F64

NGI_FN uint64_t ngi_v128_bits_pack(uint64_t v, uint64_t mask) { return ngi_bits_pack(v, mask); }

#undef NGI_PAIR_MASK_2
#undef NGI_V128_CONVERTS
#undef NGI_V128_OP
#undef NGI_VECTOR_KIND
#undef NGI_WASM
#undef NGI_FN

#endif

#endif
