/* simd_v512: the profile `v512`, AVX-512 with F, BW, DQ and VL: 16 lanes. */
#ifndef NGI_SIMD_V512_H
#define NGI_SIMD_V512_H

#include "simd_scalar.h"

#if NGI_HAS_V512

/* gcc 12 warns of its own intrinsics here: unoptimised, some are macros that convert signs; in C++
 * it takes the registers they leave undefined for mistakes. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wuninitialized"

typedef __m512 ngi_f32x16;
typedef __m512i ngi_i32x16;
typedef __m512i ngi_u32x16;
typedef struct ngi_f64x16 {
    __m512d lo, hi;
} ngi_f64x16;
typedef struct ngi_i64x16 {
    __m512i lo, hi;
} ngi_i64x16;
typedef ngi_i64x16 ngi_u64x16;
typedef __mmask16 ngi_m16;

#define NGI_FN NGI_V512_INLINE

/* ---- masks ----------------------------------------------------------------------------------- */

NGI_2(m16, m16, and, (ngi_m16)(a &b))
NGI_2(m16, m16, or, (ngi_m16)(a | b))
NGI_2(m16, m16, xor, (ngi_m16)(a ^ b))
NGI_2(m16, m16, andnot, (ngi_m16)(a & ~b))
NGI_1(m16, m16, not, (ngi_m16)~a)
NGI_SET(m16, bool, (ngi_m16)(v ? 0xffff : 0))
NGI_ACROSS(uint32_t, m16, bits, a)
NGI_ACROSS(uint32_t, m16, count, (uint32_t)__builtin_popcount(a))
NGI_ACROSS(bool, m16, any, a != 0)
NGI_ACROSS(bool, m16, all, a == 0xffff)
NGI_FN ngi_m16 ngi_m16_first(size_t n) { return (ngi_m16)(n >= 16 ? 0xffff : (1u << n) - 1); }
NGI_FN ngi_m16 ngi_m16_from_bits(uint32_t bits) { return (ngi_m16)(bits & 0xffff); }

/* ---- halves ---------------------------------------------------------------------------------- */

NGI_FN __m256i ngi_v512_low(__m512i a) { return _mm512_castsi512_si256(a); }
NGI_FN __m256i ngi_v512_high(__m512i a) { return _mm512_extracti64x4_epi64(a, 1); }
NGI_FN __m256 ngi_v512_low_f32(__m512 a) { return _mm512_castps512_ps256(a); }
NGI_FN __m256 ngi_v512_high_f32(__m512 a) { return _mm512_extractf32x8_ps(a, 1); }
NGI_FN __m512i ngi_v512_join(__m256i lo, __m256i hi) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(lo), hi, 1);
}
NGI_FN __m512 ngi_v512_join_f32(__m256 lo, __m256 hi) {
    return _mm512_insertf32x8(_mm512_castps256_ps512(lo), hi, 1);
}
NGI_FN __m512d ngi_v512_join_f64(__m256d lo, __m256d hi) {
    return _mm512_insertf64x4(_mm512_castpd256_pd512(lo), hi, 1);
}
NGI_FN __mmask8 ngi_v512_low_m(ngi_m16 m) { return (__mmask8)(m & 0xff); }
NGI_FN __mmask8 ngi_v512_high_m(ngi_m16 m) { return (__mmask8)(m >> 8); }
NGI_FN ngi_m16 ngi_v512_join_m(__mmask8 lo, __mmask8 hi) {
    return (ngi_m16)(lo | (unsigned)hi << 8);
}
#define NGI_PAIR_MASK_2(T, name, half)                                                             \
    NGI_2(m16, T, name, ngi_v512_join_m(half(a.lo, b.lo), half(a.hi, b.hi)))

/* ---- f32 ------------------------------------------------------------------------------------- */

NGI_SET(f32x16, float, _mm512_set1_ps(v))
NGI_LOAD(f32x16, load, float, _mm512_loadu_ps(p))
NGI_STORE(f32x16, store, float, _mm512_storeu_ps(p, v))
NGI_2(f32x16, f32x16, add, a + b)
NGI_2(f32x16, f32x16, sub, a - b)
NGI_MUL(f32x16, "v", a *b)
NGI_2(f32x16, f32x16, div, a / b)
NGI_1(f32x16, f32x16, sqrt, _mm512_sqrt_ps(a))
NGI_1(f32x16, f32x16, round, _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT))
NGI_1(f32x16, f32x16, floor, _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF))
NGI_1(f32x16, f32x16, ceil, _mm512_roundscale_ps(a, _MM_FROUND_TO_POS_INF))
NGI_1(f32x16, f32x16, trunc, _mm512_roundscale_ps(a, _MM_FROUND_TO_ZERO))
NGI_1(f32x16, f32x16, abs, _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a))
NGI_1(f32x16, f32x16, neg, _mm512_xor_ps(_mm512_set1_ps(-0.0f), a))
NGI_2(f32x16, f32x16, min, _mm512_min_ps(a, b))
NGI_2(f32x16, f32x16, max, _mm512_max_ps(a, b))
NGI_2(m16, f32x16, lt, _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ))
NGI_2(m16, f32x16, le, _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ))
NGI_2(m16, f32x16, eq, _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ))
NGI_2(m16, f32x16, either_nan, _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q))
NGI_1(m16, f32x16, nan, _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q))
NGI_PICK(f32x16, m16, _mm512_mask_mov_ps(b, m, a))
NGI_KEEP(f32x16, m16, _mm512_maskz_mov_ps(m, a))
NGI_PACK(f32x16, m16, pack, float, _mm512_storeu_ps(out, _mm512_maskz_compress_ps(m, v)))
NGI_FN ngi_f32x16 ngi_f32x16_canon(ngi_f32x16 a) {
    return _mm512_mask_mov_ps(_mm512_castsi512_ps(_mm512_set1_epi32(0x7fc00000)),
                              _mm512_cmp_ps_mask(a, a, _CMP_ORD_Q), a);
}
NGI_FN ngi_f32x16 ngi_f32x16_sign(ngi_f32x16 a) {
    const __m512 sign = _mm512_and_ps(a, _mm512_set1_ps(-0.0f));
    return _mm512_mask_or_ps(a, _mm512_cmp_ps_mask(a, _mm512_setzero_ps(), _CMP_NEQ_OQ), sign,
                             _mm512_set1_ps(1.0f));
}

/* ---- f64 ------------------------------------------------------------------------------------- */

#define NGI_ADD(x, y) ((x) + (y))
#define NGI_SUB(x, y) ((x) - (y))
#define NGI_TIMES(x, y) ((x) * (y))
#define NGI_OVER(x, y) ((x) / (y))
#define NGI_ROUND(x) _mm512_roundscale_pd(x, _MM_FROUND_TO_NEAREST_INT)
#define NGI_FLOOR(x) _mm512_roundscale_pd(x, _MM_FROUND_TO_NEG_INF)
#define NGI_CEIL(x) _mm512_roundscale_pd(x, _MM_FROUND_TO_POS_INF)
#define NGI_TRUNC(x) _mm512_roundscale_pd(x, _MM_FROUND_TO_ZERO)
#define NGI_ABS(x) _mm512_andnot_pd(_mm512_set1_pd(-0.0), x)
#define NGI_NEG(x) _mm512_xor_pd(_mm512_set1_pd(-0.0), x)
#define NGI_LT(x, y) _mm512_cmp_pd_mask(x, y, _CMP_LT_OQ)
#define NGI_LE(x, y) _mm512_cmp_pd_mask(x, y, _CMP_LE_OQ)
#define NGI_EQ(x, y) _mm512_cmp_pd_mask(x, y, _CMP_EQ_OQ)
#define NGI_UNORDERED(x, y) _mm512_cmp_pd_mask(x, y, _CMP_UNORD_Q)
NGI_PAIR_2(f64x16, f64x16, add, NGI_ADD)
NGI_PAIR_2(f64x16, f64x16, sub, NGI_SUB)
NGI_PAIR_MUL(f64x16, "v", NGI_TIMES)
NGI_PAIR_2(f64x16, f64x16, div, NGI_OVER)
NGI_PAIR_1(f64x16, f64x16, sqrt, _mm512_sqrt_pd)
NGI_PAIR_1(f64x16, f64x16, round, NGI_ROUND)
NGI_PAIR_1(f64x16, f64x16, floor, NGI_FLOOR)
NGI_PAIR_1(f64x16, f64x16, ceil, NGI_CEIL)
NGI_PAIR_1(f64x16, f64x16, trunc, NGI_TRUNC)
NGI_PAIR_1(f64x16, f64x16, abs, NGI_ABS)
NGI_PAIR_1(f64x16, f64x16, neg, NGI_NEG)
NGI_PAIR_2(f64x16, f64x16, min, _mm512_min_pd)
NGI_PAIR_2(f64x16, f64x16, max, _mm512_max_pd)
NGI_PAIR_MASK_2(f64x16, lt, NGI_LT)
NGI_PAIR_MASK_2(f64x16, le, NGI_LE)
NGI_PAIR_MASK_2(f64x16, eq, NGI_EQ)
NGI_PAIR_MASK_2(f64x16, either_nan, NGI_UNORDERED)
NGI_1(m16, f64x16, nan, ngi_f64x16_either_nan(a, a))
#undef NGI_ADD
#undef NGI_SUB
#undef NGI_TIMES
#undef NGI_OVER
#undef NGI_ROUND
#undef NGI_FLOOR
#undef NGI_CEIL
#undef NGI_TRUNC
#undef NGI_ABS
#undef NGI_NEG
#undef NGI_LT
#undef NGI_LE
#undef NGI_EQ
#undef NGI_UNORDERED

/* What all pairs have; `s` is the suffix of their intrinsics. */
#define NGI_V512_PAIR(T, C, s, set)                                                                \
    NGI_FN ngi_##T ngi_##T##_set(C v) {                                                            \
        const ngi_##T both = {set, set};                                                           \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_load(const C *p) {                                                    \
        const ngi_##T both = {_mm512_loadu_##s(p), _mm512_loadu_##s(p + 8)};                       \
        return both;                                                                               \
    }                                                                                              \
    NGI_STORE(T, store, C, _mm512_storeu_##s(p, v.lo); _mm512_storeu_##s(p + 8, v.hi))             \
    NGI_FN ngi_##T ngi_##T##_pick(ngi_m16 m, ngi_##T a, ngi_##T b) {                               \
        const ngi_##T both = {_mm512_mask_mov_##s(b.lo, ngi_v512_low_m(m), a.lo),                  \
                              _mm512_mask_mov_##s(b.hi, ngi_v512_high_m(m), a.hi)};                \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_keep(ngi_m16 m, ngi_##T a) {                                          \
        const ngi_##T both = {_mm512_maskz_mov_##s(ngi_v512_low_m(m), a.lo),                       \
                              _mm512_maskz_mov_##s(ngi_v512_high_m(m), a.hi)};                     \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN void ngi_##T##_pack(C *out, ngi_m16 m, ngi_##T v) {                                     \
        const __mmask8 low = ngi_v512_low_m(m);                                                    \
        _mm512_storeu_##s(out, _mm512_maskz_compress_##s(low, v.lo));                              \
        _mm512_storeu_##s(out + __builtin_popcount(low),                                           \
                          _mm512_maskz_compress_##s(ngi_v512_high_m(m), v.hi));                    \
    }
NGI_V512_PAIR(f64x16, double, pd, _mm512_set1_pd(v))
NGI_V512_PAIR(i64x16, int64_t, epi64, _mm512_set1_epi64(v))
NGI_V512_PAIR(u64x16, uint64_t, epi64, _mm512_set1_epi64((int64_t)v))
#undef NGI_V512_PAIR

NGI_FN ngi_f64x16 ngi_f64x16_canon(ngi_f64x16 a) {
    const ngi_m16 nan = ngi_f64x16_nan(a);
    const __m512d quiet = _mm512_castsi512_pd(_mm512_set1_epi64(0x7ff8000000000000));
    const ngi_f64x16 both = {_mm512_mask_mov_pd(a.lo, ngi_v512_low_m(nan), quiet),
                             _mm512_mask_mov_pd(a.hi, ngi_v512_high_m(nan), quiet)};
    return both;
}
NGI_FN __m512d ngi_v512_sign_f64(__m512d a) {
    const __m512d sign = _mm512_and_pd(a, _mm512_set1_pd(-0.0));
    return _mm512_mask_or_pd(a, _mm512_cmp_pd_mask(a, _mm512_setzero_pd(), _CMP_NEQ_OQ), sign,
                             _mm512_set1_pd(1.0));
}
NGI_PAIR_1(f64x16, f64x16, sign, ngi_v512_sign_f64)

/* ---- 32-bit integers ------------------------------------------------------------------------- */

#define NGI_V512_INT32(T, C, s)                                                                    \
    NGI_SET(T, C, _mm512_set1_epi32((int32_t)v))                                                   \
    NGI_LOAD(T, load, C, _mm512_loadu_si512(p))                                                    \
    NGI_STORE(T, store, C, _mm512_storeu_si512(p, v))                                              \
    NGI_2(T, T, add, _mm512_add_epi32(a, b))                                                       \
    NGI_2(T, T, sub, _mm512_sub_epi32(a, b))                                                       \
    NGI_2(T, T, mul, _mm512_mullo_epi32(a, b))                                                     \
    NGI_2(T, T, and, _mm512_and_si512(a, b))                                                       \
    NGI_2(T, T, or, _mm512_or_si512(a, b))                                                         \
    NGI_2(T, T, xor, _mm512_xor_si512(a, b))                                                       \
    NGI_1(T, T, not, _mm512_xor_si512(a, _mm512_set1_epi32(-1)))                                   \
    NGI_2(T, T, shl, _mm512_sllv_epi32(a, b))                                                      \
    NGI_2(T, T, min, _mm512_min_##s(a, b))                                                         \
    NGI_2(T, T, max, _mm512_max_##s(a, b))                                                         \
    NGI_2(m16, T, lt, _mm512_cmp_##s##_mask(a, b, _MM_CMPINT_LT))                                  \
    NGI_2(m16, T, le, _mm512_cmp_##s##_mask(a, b, _MM_CMPINT_LE))                                  \
    NGI_2(m16, T, eq, _mm512_cmpeq_epi32_mask(a, b))                                               \
    NGI_PICK(T, m16, _mm512_mask_mov_epi32(b, m, a))                                               \
    NGI_KEEP(T, m16, _mm512_maskz_mov_epi32(m, a))                                                 \
    NGI_PACK(T, m16, pack, C, _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(m, v)))         \
    NGI_ACROSS(C, T, least, (C)_mm512_reduce_min_##s(a))                                           \
    NGI_ACROSS(C, T, most, (C)_mm512_reduce_max_##s(a))
NGI_V512_INT32(i32x16, int32_t, epi32)
NGI_V512_INT32(u32x16, uint32_t, epu32)
#undef NGI_V512_INT32

NGI_2(i32x16, i32x16, shr, _mm512_srav_epi32(a, b))
NGI_2(u32x16, u32x16, shr, _mm512_srlv_epi32(a, b))
NGI_1(i32x16, i32x16, neg, _mm512_sub_epi32(_mm512_setzero_si512(), a))
NGI_1(i32x16, i32x16, abs, _mm512_abs_epi32(a))
NGI_1(i32x16, i32x16, sign,
      _mm512_max_epi32(_mm512_min_epi32(a, _mm512_set1_epi32(1)), _mm512_set1_epi32(-1)))
NGI_1(u32x16, u32x16, sign, _mm512_min_epu32(a, _mm512_set1_epi32(1)))
NGI_FN ngi_i32x16 ngi_i32x16_count(ngi_i32x16 a, ngi_m16 m) {
    return _mm512_mask_sub_epi32(a, m, a, _mm512_set1_epi32(-1));
}

/* Quotients of 32-bit integers are exact in f64: a quotient that is not whole is at least 2^-32
 * away from the next whole number, and below 2^32. MIN / -1 converts to MIN. */
NGI_FN __m256i ngi_v512_div_half(__m256i a, __m256i b) {
    return _mm512_cvttpd_epi32(_mm512_cvtepi32_pd(a) / _mm512_cvtepi32_pd(b));
}
NGI_FN __m256i ngi_v512_div_half_unsigned(__m256i a, __m256i b) {
    return _mm512_cvttpd_epu32(_mm512_cvtepu32_pd(a) / _mm512_cvtepu32_pd(b));
}
#define NGI_V512_DIV(T, half)                                                                      \
    NGI_FN ngi_##T ngi_##T##_div(ngi_##T a, ngi_##T b) {                                           \
        return _mm512_maskz_mov_epi32(_mm512_test_epi32_mask(b, b),                                \
                                      ngi_v512_join(half(ngi_v512_low(a), ngi_v512_low(b)),        \
                                                    half(ngi_v512_high(a), ngi_v512_high(b))));    \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_rem(ngi_##T a, ngi_##T b) {                                           \
        return _mm512_maskz_sub_epi32(_mm512_test_epi32_mask(b, b), a,                             \
                                      _mm512_mullo_epi32(ngi_##T##_div(a, b), b));                 \
    }
NGI_V512_DIV(i32x16, ngi_v512_div_half)
NGI_V512_DIV(u32x16, ngi_v512_div_half_unsigned)
#undef NGI_V512_DIV

/* ---- narrow in memory ------------------------------------------------------------------------ */

#define NGI_V512_BYTES(T, n, N, s)                                                                 \
    NGI_LOAD(T, load_##n, N,                                                                       \
             _mm512_cvt##s##_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)))             \
    NGI_STORE(T, store_##n, N, _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(v)))    \
    NGI_PACK(T, m16, pack_##n, N, ngi_##T##_store_##n(out, _mm512_maskz_compress_epi32(m, v)))
#define NGI_V512_WORDS(T, n, N, s)                                                                 \
    NGI_LOAD(T, load_##n, N,                                                                       \
             _mm512_cvt##s##_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p)))          \
    NGI_STORE(T, store_##n, N,                                                                     \
              _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtepi32_epi16(v)))                 \
    NGI_PACK(T, m16, pack_##n, N, ngi_##T##_store_##n(out, _mm512_maskz_compress_epi32(m, v)))
NGI_V512_BYTES(i32x16, i8, int8_t, epi8)
NGI_V512_BYTES(u32x16, u8, uint8_t, epu8)
NGI_V512_WORDS(i32x16, i16, int16_t, epi16)
NGI_V512_WORDS(u32x16, u16, uint16_t, epu16)
#undef NGI_V512_BYTES
#undef NGI_V512_WORDS
NGI_1(i32x16, i32x16, wrap_i8, _mm512_srai_epi32(_mm512_slli_epi32(a, 24), 24))
NGI_1(i32x16, i32x16, wrap_i16, _mm512_srai_epi32(_mm512_slli_epi32(a, 16), 16))
NGI_1(u32x16, u32x16, wrap_u8, _mm512_and_si512(a, _mm512_set1_epi32(0xff)))
NGI_1(u32x16, u32x16, wrap_u16, _mm512_and_si512(a, _mm512_set1_epi32(0xffff)))

/* ---- 64-bit integers ------------------------------------------------------------------------- */

NGI_FN __m512i ngi_v512_not(__m512i a) { return _mm512_xor_si512(a, _mm512_set1_epi32(-1)); }
NGI_FN int64_t ngi_v512_sum(__m512i a) {
    const __m256i four = _mm256_add_epi64(ngi_v512_low(a), ngi_v512_high(a));
    const __m128i two =
        _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    return _mm_cvtsi128_si64(_mm_add_epi64(two, _mm_unpackhi_epi64(two, two)));
}
#define NGI_LT_I(x, y) _mm512_cmp_epi64_mask(x, y, _MM_CMPINT_LT)
#define NGI_LE_I(x, y) _mm512_cmp_epi64_mask(x, y, _MM_CMPINT_LE)
#define NGI_LT_U(x, y) _mm512_cmp_epu64_mask(x, y, _MM_CMPINT_LT)
#define NGI_LE_U(x, y) _mm512_cmp_epu64_mask(x, y, _MM_CMPINT_LE)
#define NGI_V512_INT64(T, C, s, less, less_or_equal, shift_right)                                  \
    NGI_PAIR_2(T, T, add, _mm512_add_epi64)                                                        \
    NGI_PAIR_2(T, T, sub, _mm512_sub_epi64)                                                        \
    NGI_PAIR_2(T, T, mul, _mm512_mullo_epi64)                                                      \
    NGI_PAIR_2(T, T, and, _mm512_and_si512)                                                        \
    NGI_PAIR_2(T, T, or, _mm512_or_si512)                                                          \
    NGI_PAIR_2(T, T, xor, _mm512_xor_si512)                                                        \
    NGI_PAIR_1(T, T, not, ngi_v512_not)                                                            \
    NGI_PAIR_2(T, T, shl, _mm512_sllv_epi64)                                                       \
    NGI_PAIR_2(T, T, shr, shift_right)                                                             \
    NGI_PAIR_2(T, T, min, _mm512_min_##s)                                                          \
    NGI_PAIR_2(T, T, max, _mm512_max_##s)                                                          \
    NGI_PAIR_MASK_2(T, lt, less)                                                                   \
    NGI_PAIR_MASK_2(T, le, less_or_equal)                                                          \
    NGI_PAIR_MASK_2(T, eq, _mm512_cmpeq_epi64_mask)                                                \
    NGI_ACROSS(C, T, sum, (C)ngi_v512_sum(_mm512_add_epi64(a.lo, a.hi)))                           \
    NGI_ACROSS(C, T, least, (C)_mm512_reduce_min_##s(_mm512_min_##s(a.lo, a.hi)))                  \
    NGI_ACROSS(C, T, most, (C)_mm512_reduce_max_##s(_mm512_max_##s(a.lo, a.hi)))
NGI_V512_INT64(i64x16, int64_t, epi64, NGI_LT_I, NGI_LE_I, _mm512_srav_epi64)
NGI_V512_INT64(u64x16, uint64_t, epu64, NGI_LT_U, NGI_LE_U, _mm512_srlv_epi64)
#undef NGI_V512_INT64
#undef NGI_LT_I
#undef NGI_LE_I
#undef NGI_LT_U
#undef NGI_LE_U

NGI_FN __m512i ngi_v512_neg_i64(__m512i a) { return _mm512_sub_epi64(_mm512_setzero_si512(), a); }
NGI_FN __m512i ngi_v512_sign_i64(__m512i a) {
    return _mm512_max_epi64(_mm512_min_epi64(a, _mm512_set1_epi64(1)), _mm512_set1_epi64(-1));
}
NGI_FN __m512i ngi_v512_sign_u64(__m512i a) { return _mm512_min_epu64(a, _mm512_set1_epi64(1)); }
NGI_PAIR_1(i64x16, i64x16, neg, ngi_v512_neg_i64)
NGI_PAIR_1(i64x16, i64x16, abs, _mm512_abs_epi64)
NGI_PAIR_1(i64x16, i64x16, sign, ngi_v512_sign_i64)
NGI_PAIR_1(u64x16, u64x16, sign, ngi_v512_sign_u64)
NGI_LANES_2(i64, i64, 16, div)
NGI_LANES_2(i64, i64, 16, rem)
NGI_LANES_2(u64, u64, 16, div)
NGI_LANES_2(u64, u64, 16, rem)

/* ---- conversions ----------------------------------------------------------------------------- */

#define NGI_V512_FROM(R, T, value)                                                                 \
    NGI_FN ngi_##R ngi_##R##_from_##T(ngi_##T##x16 a) { return value; }
/* `convert` takes half a register of 32-bit lanes to a whole one of 64-bit lanes. */
#define NGI_V512_WIDEN(R, T, convert)                                                              \
    NGI_PAIR_OF(R, T##x16, from_##T, convert(ngi_v512_low(a)), convert(ngi_v512_high(a)))
#define NGI_V512_WIDEN_F32(R, convert)                                                             \
    NGI_PAIR_OF(R, f32x16, from_f32, convert(ngi_v512_low_f32(a)), convert(ngi_v512_high_f32(a)))

/* The instructions give the smallest, or the largest unsigned, number for what they cannot convert.
 */
NGI_FN ngi_i32x16 ngi_i32x16_from_f32(ngi_f32x16 a) {
    const __m512i r = _mm512_mask_mov_epi32(
        _mm512_cvttps_epi32(a), _mm512_cmp_ps_mask(a, _mm512_set1_ps(2147483648.0f), _CMP_GE_OQ),
        _mm512_set1_epi32(INT_MAX));
    return _mm512_maskz_mov_epi32(_mm512_cmp_ps_mask(a, a, _CMP_ORD_Q), r);
}
NGI_FN __m256i ngi_v512_i32_from_f64(__m512d a) {
    const __m256i r = _mm256_mask_mov_epi32(
        _mm512_cvttpd_epi32(a), _mm512_cmp_pd_mask(a, _mm512_set1_pd(2147483647.0), _CMP_GE_OQ),
        _mm256_set1_epi32(INT_MAX));
    return _mm256_maskz_mov_epi32(_mm512_cmp_pd_mask(a, a, _CMP_ORD_Q), r);
}
NGI_FN __m512i ngi_v512_i64_from_f64(__m512d a) {
    const __m512i r = _mm512_mask_mov_epi64(
        _mm512_cvttpd_epi64(a),
        _mm512_cmp_pd_mask(a, _mm512_set1_pd(9223372036854775808.0), _CMP_GE_OQ),
        _mm512_set1_epi64(INT64_MAX));
    return _mm512_maskz_mov_epi64(_mm512_cmp_pd_mask(a, a, _CMP_ORD_Q), r);
}
NGI_FN __m512i ngi_v512_i64_from_f32(__m256 a) { return ngi_v512_i64_from_f64(_mm512_cvtps_pd(a)); }
/* max takes its second operand where the first is NaN. */
NGI_FN __m256i ngi_v512_u32_from_f64(__m512d a) {
    return _mm512_cvttpd_epu32(_mm512_max_pd(a, _mm512_setzero_pd()));
}
NGI_FN __m512i ngi_v512_u64_from_f64(__m512d a) {
    return _mm512_cvttpd_epu64(_mm512_max_pd(a, _mm512_setzero_pd()));
}
NGI_FN __m512i ngi_v512_u64_from_f32(__m256 a) { return ngi_v512_u64_from_f64(_mm512_cvtps_pd(a)); }
NGI_FN ngi_i32x16 ngi_v512_narrow(ngi_i64x16 a) {
    return ngi_v512_join(_mm512_cvtepi64_epi32(a.lo), _mm512_cvtepi64_epi32(a.hi));
}

NGI_V512_FROM(i32x16, u32, a)
NGI_V512_FROM(i32x16, i64, ngi_v512_narrow(a))
NGI_V512_FROM(i32x16, u64, ngi_v512_narrow(a))
NGI_V512_FROM(i32x16, f64, ngi_v512_join(ngi_v512_i32_from_f64(a.lo), ngi_v512_i32_from_f64(a.hi)))
NGI_V512_FROM(u32x16, i32, a)
NGI_V512_FROM(u32x16, i64, ngi_v512_narrow(a))
NGI_V512_FROM(u32x16, u64, ngi_v512_narrow(a))
NGI_V512_FROM(u32x16, f32, _mm512_cvttps_epu32(_mm512_max_ps(a, _mm512_setzero_ps())))
NGI_V512_FROM(u32x16, f64, ngi_v512_join(ngi_v512_u32_from_f64(a.lo), ngi_v512_u32_from_f64(a.hi)))
NGI_V512_WIDEN(i64x16, i32, _mm512_cvtepi32_epi64)
NGI_V512_WIDEN(i64x16, u32, _mm512_cvtepu32_epi64)
NGI_V512_FROM(i64x16, u64, a)
NGI_V512_WIDEN_F32(i64x16, ngi_v512_i64_from_f32)
NGI_PAIR_OF(i64x16, f64x16, from_f64, ngi_v512_i64_from_f64(a.lo), ngi_v512_i64_from_f64(a.hi))
NGI_V512_WIDEN(u64x16, i32, _mm512_cvtepi32_epi64)
NGI_V512_WIDEN(u64x16, u32, _mm512_cvtepu32_epi64)
NGI_V512_FROM(u64x16, i64, a)
NGI_V512_WIDEN_F32(u64x16, ngi_v512_u64_from_f32)
NGI_PAIR_OF(u64x16, f64x16, from_f64, ngi_v512_u64_from_f64(a.lo), ngi_v512_u64_from_f64(a.hi))
NGI_V512_FROM(f32x16, i32, _mm512_cvtepi32_ps(a))
NGI_V512_FROM(f32x16, u32, _mm512_cvtepu32_ps(a))
NGI_V512_FROM(f32x16, i64, ngi_v512_join_f32(_mm512_cvtepi64_ps(a.lo), _mm512_cvtepi64_ps(a.hi)))
NGI_V512_FROM(f32x16, u64, ngi_v512_join_f32(_mm512_cvtepu64_ps(a.lo), _mm512_cvtepu64_ps(a.hi)))
NGI_V512_FROM(f32x16, f64, ngi_v512_join_f32(_mm512_cvtpd_ps(a.lo), _mm512_cvtpd_ps(a.hi)))
NGI_V512_WIDEN(f64x16, i32, _mm512_cvtepi32_pd)
NGI_V512_WIDEN(f64x16, u32, _mm512_cvtepu32_pd)
NGI_PAIR_OF(f64x16, i64x16, from_i64, _mm512_cvtepi64_pd(a.lo), _mm512_cvtepi64_pd(a.hi))
NGI_PAIR_OF(f64x16, u64x16, from_u64, _mm512_cvtepu64_pd(a.lo), _mm512_cvtepu64_pd(a.hi))
NGI_V512_WIDEN_F32(f64x16, _mm512_cvtps_pd)
#undef NGI_V512_FROM
#undef NGI_V512_WIDEN
#undef NGI_V512_WIDEN_F32

NGI_FN ngi_u32x16 ngi_u32x16_bits_of_f32(ngi_f32x16 a) { return _mm512_castps_si512(a); }
NGI_FN ngi_f32x16 ngi_f32x16_of_bits(ngi_u32x16 a) { return _mm512_castsi512_ps(a); }
NGI_PAIR_OF(u64x16, f64x16, bits_of_f64, _mm512_castpd_si512(a.lo), _mm512_castpd_si512(a.hi))
NGI_PAIR_OF(f64x16, u64x16, of_bits, _mm512_castsi512_pd(a.lo), _mm512_castsi512_pd(a.hi))

NGI_ACROSS(int64_t, i32x16, sum, ngi_i64x16_sum(ngi_i64x16_from_i32(a)))

/* ---- the fixed trees ------------------------------------------------------------------------- */

#define NGI_V512_FOLD_F32(op, of, of256, of128)                                                    \
    NGI_FN float ngi_f32x16_fold_##op(const float t[128]) {                                        \
        const __m512 a = of(_mm512_loadu_ps(t), _mm512_loadu_ps(t + 64));                          \
        const __m512 b = of(_mm512_loadu_ps(t + 16), _mm512_loadu_ps(t + 80));                     \
        const __m512 c = of(_mm512_loadu_ps(t + 32), _mm512_loadu_ps(t + 96));                     \
        const __m512 d = of(_mm512_loadu_ps(t + 48), _mm512_loadu_ps(t + 112));                    \
        const __m512 x = of(of(a, c), of(b, d));                                                   \
        const __m256 y = of256(ngi_v512_low_f32(x), ngi_v512_high_f32(x));                         \
        __m128 z = of128(_mm256_castps256_ps128(y), _mm256_extractf128_ps(y, 1));                  \
        z = of128(z, _mm_movehl_ps(z, z));                                                         \
        return _mm_cvtss_f32(of128(z, _mm_movehdup_ps(z)));                                        \
    }                                                                                              \
    /* Rows 0, 4, 8 and 12 behind `m`, 4 values left of each. */                                   \
    NGI_FN __m512 ngi_v512_rows_f32_##op(const float *m) {                                         \
        const __m512 a = of(ngi_v512_join_f32(_mm256_loadu_ps(m), _mm256_loadu_ps(m + 64)),        \
                            ngi_v512_join_f32(_mm256_loadu_ps(m + 8), _mm256_loadu_ps(m + 72)));   \
        const __m512 b =                                                                           \
            of(ngi_v512_join_f32(_mm256_loadu_ps(m + 128), _mm256_loadu_ps(m + 192)),              \
               ngi_v512_join_f32(_mm256_loadu_ps(m + 136), _mm256_loadu_ps(m + 200)));             \
        return of(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));             \
    }                                                                                              \
    NGI_FN void ngi_f32x16_fold_rows_##op(float out[16], const float m[256]) {                     \
        const __m512 a = ngi_v512_rows_f32_##op(m), b = ngi_v512_rows_f32_##op(m + 16);            \
        const __m512 c = ngi_v512_rows_f32_##op(m + 32), d = ngi_v512_rows_f32_##op(m + 48);       \
        const __m512 ab = of(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xee));        \
        const __m512 cd = of(_mm512_shuffle_ps(c, d, 0x44), _mm512_shuffle_ps(c, d, 0xee));        \
        _mm512_storeu_ps(out,                                                                      \
                         of(_mm512_shuffle_ps(ab, cd, 0x88), _mm512_shuffle_ps(ab, cd, 0xdd)));    \
    }
#define NGI_V512_FOLD_F64(op, of, of256, of128)                                                    \
    NGI_FN double ngi_f64x16_fold_##op(const double t[128]) {                                      \
        __m512d r[8];                                                                              \
        for (int i = 0; i < 8; i++) {                                                              \
            r[i] = of(_mm512_loadu_pd(t + 8 * i), _mm512_loadu_pd(t + 8 * i + 64));                \
        }                                                                                          \
        for (int i = 0; i < 4; i++) {                                                              \
            r[i] = of(r[i], r[i + 4]);                                                             \
        }                                                                                          \
        const __m512d x = of(of(r[0], r[2]), of(r[1], r[3]));                                      \
        const __m256d y = of256(_mm512_castpd512_pd256(x), _mm512_extractf64x4_pd(x, 1));          \
        const __m128d z = of128(_mm256_castpd256_pd128(y), _mm256_extractf128_pd(y, 1));           \
        return _mm_cvtsd_f64(of128(z, _mm_unpackhi_pd(z, z)));                                     \
    }                                                                                              \
    /* Rows 0 and 2 behind `m`, 4 values left of each. */                                          \
    NGI_FN __m512d ngi_v512_two_rows_##op(const double *m) {                                       \
        const __m512d a = ngi_v512_join_f64(_mm256_loadu_pd(m), _mm256_loadu_pd(m + 32));          \
        const __m512d b = ngi_v512_join_f64(_mm256_loadu_pd(m + 4), _mm256_loadu_pd(m + 36));      \
        const __m512d c = ngi_v512_join_f64(_mm256_loadu_pd(m + 8), _mm256_loadu_pd(m + 40));      \
        const __m512d d = ngi_v512_join_f64(_mm256_loadu_pd(m + 12), _mm256_loadu_pd(m + 44));     \
        return of(of(a, c), of(b, d));                                                             \
    }                                                                                              \
    /* Rows 0, 2, 4 and 6 behind `m`, 2 values left of each. */                                    \
    NGI_FN __m512d ngi_v512_rows_f64_##op(const double *m) {                                       \
        const __m512d a = ngi_v512_two_rows_##op(m), b = ngi_v512_two_rows_##op(m + 64);           \
        return of(_mm512_shuffle_f64x2(a, b, 0x88), _mm512_shuffle_f64x2(a, b, 0xdd));             \
    }                                                                                              \
    NGI_FN void ngi_f64x16_fold_rows_##op(double out[16], const double m[256]) {                   \
        for (int row = 0; row < 16; row += 8) {                                                    \
            const __m512d a = ngi_v512_rows_f64_##op(m + 16 * row);                                \
            const __m512d b = ngi_v512_rows_f64_##op(m + 16 * row + 16);                           \
            _mm512_storeu_pd(out + row, of(_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b)));   \
        }                                                                                          \
    }
#define NGI_PLUS(x, y) ((x) + (y))
NGI_V512_FOLD_F32(add, NGI_PLUS, NGI_PLUS, NGI_PLUS)
NGI_V512_FOLD_F32(min, _mm512_min_ps, _mm256_min_ps, _mm_min_ps)
NGI_V512_FOLD_F32(max, _mm512_max_ps, _mm256_max_ps, _mm_max_ps)
NGI_V512_FOLD_F64(add, NGI_PLUS, NGI_PLUS, NGI_PLUS)
NGI_V512_FOLD_F64(min, _mm512_min_pd, _mm256_min_pd, _mm_min_pd)
NGI_V512_FOLD_F64(max, _mm512_max_pd, _mm256_max_pd, _mm_max_pd)
#undef NGI_PLUS
#undef NGI_V512_FOLD_F32
#undef NGI_V512_FOLD_F64

NGI_FN uint64_t ngi_v512_bits_pack(uint64_t v, uint64_t mask) { return _pext_u64(v, mask); }

#undef NGI_PAIR_MASK_2
#undef NGI_FN

#pragma GCC diagnostic pop

#endif

#endif
