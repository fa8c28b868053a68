/* simd_v256: the profile `v256`, AVX2 with BMI2: 8 lanes. */
#ifndef NGI_SIMD_V256_H
#define NGI_SIMD_V256_H

#include "simd_scalar.h"

#if NGI_HAS_V256

typedef __m256 ngi_f32x8;
typedef __m256i ngi_i32x8;
typedef __m256i ngi_u32x8;
typedef struct ngi_f64x8 {
    __m256d lo, hi;
} ngi_f64x8;
typedef struct ngi_i64x8 {
    __m256i lo, hi;
} ngi_i64x8;
typedef ngi_i64x8 ngi_u64x8;
typedef __m256i ngi_m8; /* 32-bit lanes, all ones or all zeros */

#define NGI_FN NGI_V256_INLINE

/* ---- halves, and masks of 64-bit lanes ------------------------------------------------------- */

NGI_FN __m128i ngi_v256_low(__m256i a) { return _mm256_castsi256_si128(a); }
NGI_FN __m128i ngi_v256_high(__m256i a) { return _mm256_extracti128_si256(a, 1); }
NGI_FN __m256i ngi_v256_join(__m128i lo, __m128i hi) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(lo), hi, 1);
}
NGI_FN __m128 ngi_v256_low_f32(__m256 a) { return _mm256_castps256_ps128(a); }
NGI_FN __m128 ngi_v256_high_f32(__m256 a) { return _mm256_extractf128_ps(a, 1); }
NGI_FN __m256 ngi_v256_join_f32(__m128 lo, __m128 hi) {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(lo), hi, 1);
}
NGI_FN __m256i ngi_v256_low_m(ngi_m8 m) { return _mm256_cvtepi32_epi64(ngi_v256_low(m)); }
NGI_FN __m256i ngi_v256_high_m(ngi_m8 m) { return _mm256_cvtepi32_epi64(ngi_v256_high(m)); }
/* The low 32 bits of each 64-bit lane. */
NGI_FN __m256i ngi_v256_narrow(__m256i lo, __m256i hi) {
    const __m256 both = _mm256_shuffle_ps(_mm256_castsi256_ps(lo), _mm256_castsi256_ps(hi), 0x88);
    return _mm256_permute4x64_epi64(_mm256_castps_si256(both), 0xd8);
}
NGI_FN __m256i ngi_v256_narrow_f64(__m256d lo, __m256d hi) {
    return ngi_v256_narrow(_mm256_castpd_si256(lo), _mm256_castpd_si256(hi));
}
NGI_FN __m256i ngi_v256_not(__m256i a) { return _mm256_xor_si256(a, _mm256_set1_epi32(-1)); }
/* By lanes of 32 bits: of a blend by bytes with a mask that was negated gcc 12 makes the opposite
 * where it may use AVX-512BW. */
NGI_FN __m256i ngi_v256_pick(__m256i m, __m256i a, __m256i b) {
    return _mm256_castps_si256(
        _mm256_blendv_ps(_mm256_castsi256_ps(b), _mm256_castsi256_ps(a), _mm256_castsi256_ps(m)));
}
NGI_FN __m256d ngi_v256_pick_f64(__m256i m, __m256d a, __m256d b) {
    return _mm256_blendv_pd(b, a, _mm256_castsi256_pd(m));
}
NGI_FN __m256d ngi_v256_keep_f64(__m256i m, __m256d a) {
    return _mm256_and_pd(_mm256_castsi256_pd(m), a);
}

/* ---- masks ----------------------------------------------------------------------------------- */

NGI_2(m8, m8, and, _mm256_and_si256(a, b))
NGI_2(m8, m8, or, _mm256_or_si256(a, b))
NGI_2(m8, m8, xor, _mm256_xor_si256(a, b))
NGI_2(m8, m8, andnot, _mm256_andnot_si256(b, a))
NGI_1(m8, m8, not, ngi_v256_not(a))
NGI_SET(m8, bool, _mm256_set1_epi32(v ? -1 : 0))
NGI_ACROSS(uint32_t, m8, bits, (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(a)))
NGI_ACROSS(uint32_t, m8, count, (uint32_t)__builtin_popcount(ngi_m8_bits(a)))
NGI_ACROSS(bool, m8, any, !_mm256_testz_si256(a, a))
NGI_ACROSS(bool, m8, all, ngi_m8_bits(a) == 0xff)
NGI_FN ngi_m8 ngi_m8_first(size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < 8 ? (int)n : 8),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
NGI_FN ngi_m8 ngi_m8_from_bits(uint32_t bits) {
    const __m256i place = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)bits), place), place);
}

/* ---- packing: four lanes at a time, by what stands in the low four bits of a mask ------------ */

static const int32_t ngi_v256_packed[16][4] = {
    {0, 0, 0, 0}, {0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {2, 0, 0, 0}, {0, 2, 0, 0},
    {1, 2, 0, 0}, {0, 1, 2, 0}, {3, 0, 0, 0}, {0, 3, 0, 0}, {1, 3, 0, 0}, {0, 1, 3, 0},
    {2, 3, 0, 0}, {0, 2, 3, 0}, {1, 2, 3, 0}, {0, 1, 2, 3}};

NGI_FN __m128i ngi_v256_places(uint32_t bits) {
    return _mm_loadu_si128((const __m128i *)(const void *)ngi_v256_packed[bits & 15]);
}
NGI_FN __m128 ngi_v256_pack_4(__m128 v, uint32_t bits) {
    return _mm_permutevar_ps(v, ngi_v256_places(bits));
}
NGI_FN __m256i ngi_v256_pack_4_wide(__m256i v, uint32_t bits) {
    const __m256i low = _mm256_slli_epi64(_mm256_cvtepu32_epi64(ngi_v256_places(bits)), 1);
    const __m256i high = _mm256_slli_epi64(_mm256_add_epi64(low, _mm256_set1_epi64x(1)), 32);
    return _mm256_permutevar8x32_epi32(v, _mm256_or_si256(low, high));
}
NGI_FN void ngi_v256_pack(float *out, ngi_m8 m, __m256 v) {
    const uint32_t bits = ngi_m8_bits(m);
    _mm_storeu_ps(out, ngi_v256_pack_4(ngi_v256_low_f32(v), bits));
    _mm_storeu_ps(out + __builtin_popcount(bits & 15),
                  ngi_v256_pack_4(ngi_v256_high_f32(v), bits >> 4));
}

/* ---- f32 ------------------------------------------------------------------------------------- */

NGI_SET(f32x8, float, _mm256_set1_ps(v))
NGI_LOAD(f32x8, load, float, _mm256_loadu_ps(p))
NGI_STORE(f32x8, store, float, _mm256_storeu_ps(p, v))
NGI_2(f32x8, f32x8, add, a + b)
NGI_2(f32x8, f32x8, sub, a - b)
NGI_MUL(f32x8, "x", a *b)
NGI_2(f32x8, f32x8, div, a / b)
NGI_1(f32x8, f32x8, sqrt, _mm256_sqrt_ps(a))
NGI_1(f32x8, f32x8, round, _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT))
NGI_1(f32x8, f32x8, floor, _mm256_round_ps(a, _MM_FROUND_TO_NEG_INF))
NGI_1(f32x8, f32x8, ceil, _mm256_round_ps(a, _MM_FROUND_TO_POS_INF))
NGI_1(f32x8, f32x8, trunc, _mm256_round_ps(a, _MM_FROUND_TO_ZERO))
NGI_1(f32x8, f32x8, abs, _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a))
NGI_1(f32x8, f32x8, neg, _mm256_xor_ps(_mm256_set1_ps(-0.0f), a))
NGI_2(f32x8, f32x8, min, _mm256_min_ps(a, b))
NGI_2(f32x8, f32x8, max, _mm256_max_ps(a, b))
NGI_2(m8, f32x8, lt, _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_LT_OQ)))
NGI_2(m8, f32x8, le, _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_LE_OQ)))
NGI_2(m8, f32x8, eq, _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)))
NGI_2(m8, f32x8, either_nan, _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_UNORD_Q)))
NGI_1(m8, f32x8, nan, ngi_f32x8_either_nan(a, a))
NGI_PICK(f32x8, m8, _mm256_blendv_ps(b, a, _mm256_castsi256_ps(m)))
NGI_KEEP(f32x8, m8, _mm256_and_ps(_mm256_castsi256_ps(m), a))
NGI_PACK(f32x8, m8, pack, float, ngi_v256_pack(out, m, v))
NGI_1(f32x8, f32x8, canon,
      ngi_f32x8_pick(ngi_f32x8_nan(a), _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000)), a))
NGI_FN ngi_f32x8 ngi_f32x8_sign(ngi_f32x8 a) {
    const __m256 sign = _mm256_and_ps(a, _mm256_set1_ps(-0.0f));
    return _mm256_blendv_ps(a, _mm256_or_ps(sign, _mm256_set1_ps(1.0f)),
                            _mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_NEQ_OQ));
}

/* ---- f64 ------------------------------------------------------------------------------------- */

#define NGI_PAIR_MASK_2(T, name, half)                                                             \
    NGI_2(m8, T, name, ngi_v256_narrow_f64(half(a.lo, b.lo), half(a.hi, b.hi)))
#define NGI_ADD(x, y) ((x) + (y))
#define NGI_SUB(x, y) ((x) - (y))
#define NGI_TIMES(x, y) ((x) * (y))
#define NGI_OVER(x, y) ((x) / (y))
#define NGI_ROUND(x) _mm256_round_pd(x, _MM_FROUND_TO_NEAREST_INT)
#define NGI_FLOOR(x) _mm256_round_pd(x, _MM_FROUND_TO_NEG_INF)
#define NGI_CEIL(x) _mm256_round_pd(x, _MM_FROUND_TO_POS_INF)
#define NGI_TRUNC(x) _mm256_round_pd(x, _MM_FROUND_TO_ZERO)
#define NGI_ABS(x) _mm256_andnot_pd(_mm256_set1_pd(-0.0), x)
#define NGI_NEG(x) _mm256_xor_pd(_mm256_set1_pd(-0.0), x)
#define NGI_LT(x, y) _mm256_cmp_pd(x, y, _CMP_LT_OQ)
#define NGI_LE(x, y) _mm256_cmp_pd(x, y, _CMP_LE_OQ)
#define NGI_EQ(x, y) _mm256_cmp_pd(x, y, _CMP_EQ_OQ)
#define NGI_UNORDERED(x, y) _mm256_cmp_pd(x, y, _CMP_UNORD_Q)
NGI_PAIR_2(f64x8, f64x8, add, NGI_ADD)
NGI_PAIR_2(f64x8, f64x8, sub, NGI_SUB)
NGI_PAIR_MUL(f64x8, "x", NGI_TIMES)
NGI_PAIR_2(f64x8, f64x8, div, NGI_OVER)
NGI_PAIR_1(f64x8, f64x8, sqrt, _mm256_sqrt_pd)
NGI_PAIR_1(f64x8, f64x8, round, NGI_ROUND)
NGI_PAIR_1(f64x8, f64x8, floor, NGI_FLOOR)
NGI_PAIR_1(f64x8, f64x8, ceil, NGI_CEIL)
NGI_PAIR_1(f64x8, f64x8, trunc, NGI_TRUNC)
NGI_PAIR_1(f64x8, f64x8, abs, NGI_ABS)
NGI_PAIR_1(f64x8, f64x8, neg, NGI_NEG)
NGI_PAIR_2(f64x8, f64x8, min, _mm256_min_pd)
NGI_PAIR_2(f64x8, f64x8, max, _mm256_max_pd)
NGI_PAIR_MASK_2(f64x8, lt, NGI_LT)
NGI_PAIR_MASK_2(f64x8, le, NGI_LE)
NGI_PAIR_MASK_2(f64x8, eq, NGI_EQ)
NGI_PAIR_MASK_2(f64x8, either_nan, NGI_UNORDERED)
NGI_1(m8, f64x8, nan, ngi_f64x8_either_nan(a, a))
NGI_FN __m256d ngi_v256_canon_f64(__m256d a) {
    const __m256d quiet = _mm256_castsi256_pd(_mm256_set1_epi64x(0x7ff8000000000000));
    return _mm256_blendv_pd(a, quiet, NGI_UNORDERED(a, a));
}
NGI_FN __m256d ngi_v256_sign_f64(__m256d a) {
    const __m256d sign = _mm256_and_pd(a, _mm256_set1_pd(-0.0));
    return _mm256_blendv_pd(a, _mm256_or_pd(sign, _mm256_set1_pd(1.0)),
                            _mm256_cmp_pd(a, _mm256_setzero_pd(), _CMP_NEQ_OQ));
}
NGI_PAIR_1(f64x8, f64x8, canon, ngi_v256_canon_f64)
NGI_PAIR_1(f64x8, f64x8, sign, ngi_v256_sign_f64)
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
#undef NGI_PAIR_MASK_2

/* What all pairs have. `load4` and `store4` move one register; `pick` and `keep` take one mask. */
#define NGI_V256_PAIR(T, C, set4, load4, store4, pick4, keep4)                                     \
    NGI_FN ngi_##T ngi_##T##_set(C v) {                                                            \
        const ngi_##T both = {set4, set4};                                                         \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_load(const C *p) {                                                    \
        const ngi_##T both = {load4(p), load4(p + 4)};                                             \
        return both;                                                                               \
    }                                                                                              \
    NGI_STORE(T, store, C, store4(p, v.lo); store4(p + 4, v.hi))                                   \
    NGI_FN ngi_##T ngi_##T##_pick(ngi_m8 m, ngi_##T a, ngi_##T b) {                                \
        const ngi_##T both = {pick4(ngi_v256_low_m(m), a.lo, b.lo),                                \
                              pick4(ngi_v256_high_m(m), a.hi, b.hi)};                              \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_keep(ngi_m8 m, ngi_##T a) {                                           \
        const ngi_##T both = {keep4(ngi_v256_low_m(m), a.lo), keep4(ngi_v256_high_m(m), a.hi)};    \
        return both;                                                                               \
    }
#define NGI_LOAD_4(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define NGI_STORE_4(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
NGI_V256_PAIR(f64x8, double, _mm256_set1_pd(v), _mm256_loadu_pd, _mm256_storeu_pd,
              ngi_v256_pick_f64, ngi_v256_keep_f64)
NGI_V256_PAIR(i64x8, int64_t, _mm256_set1_epi64x(v), NGI_LOAD_4, NGI_STORE_4, ngi_v256_pick,
              _mm256_and_si256)
NGI_V256_PAIR(u64x8, uint64_t, _mm256_set1_epi64x((int64_t)v), NGI_LOAD_4, NGI_STORE_4,
              ngi_v256_pick, _mm256_and_si256)
#undef NGI_V256_PAIR

#define NGI_V256_PACK_PAIR(T, C, lo, hi)                                                           \
    NGI_FN void ngi_##T##_pack(C *out, ngi_m8 m, ngi_##T v) {                                      \
        const uint32_t bits = ngi_m8_bits(m);                                                      \
        NGI_STORE_4(out, ngi_v256_pack_4_wide(lo, bits));                                          \
        NGI_STORE_4(out + __builtin_popcount(bits & 15), ngi_v256_pack_4_wide(hi, bits >> 4));     \
    }
NGI_V256_PACK_PAIR(f64x8, double, _mm256_castpd_si256(v.lo), _mm256_castpd_si256(v.hi))
NGI_V256_PACK_PAIR(i64x8, int64_t, v.lo, v.hi)
NGI_V256_PACK_PAIR(u64x8, uint64_t, v.lo, v.hi)
#undef NGI_V256_PACK_PAIR

/* ---- 32-bit integers ------------------------------------------------------------------------- */

NGI_FN __m256i ngi_v256_flip(__m256i a) { /* maps the order of unsigned numbers to signed */
    return _mm256_xor_si256(a, _mm256_set1_epi32(INT_MIN));
}
#define NGI_V256_INT32(T, C, s, more)                                                              \
    NGI_SET(T, C, _mm256_set1_epi32((int32_t)v))                                                   \
    NGI_LOAD(T, load, C, NGI_LOAD_4(p))                                                            \
    NGI_STORE(T, store, C, NGI_STORE_4(p, v))                                                      \
    NGI_2(T, T, add, _mm256_add_epi32(a, b))                                                       \
    NGI_2(T, T, sub, _mm256_sub_epi32(a, b))                                                       \
    NGI_2(T, T, mul, _mm256_mullo_epi32(a, b))                                                     \
    NGI_2(T, T, and, _mm256_and_si256(a, b))                                                       \
    NGI_2(T, T, or, _mm256_or_si256(a, b))                                                         \
    NGI_2(T, T, xor, _mm256_xor_si256(a, b))                                                       \
    NGI_1(T, T, not, ngi_v256_not(a))                                                              \
    NGI_2(T, T, shl, _mm256_sllv_epi32(a, b))                                                      \
    NGI_2(T, T, min, _mm256_min_##s(a, b))                                                         \
    NGI_2(T, T, max, _mm256_max_##s(a, b))                                                         \
    NGI_2(m8, T, lt, more(b, a))                                                                   \
    NGI_2(m8, T, le, ngi_v256_not(more(a, b)))                                                     \
    NGI_2(m8, T, eq, _mm256_cmpeq_epi32(a, b))                                                     \
    NGI_PICK(T, m8, ngi_v256_pick(m, a, b))                                                        \
    NGI_KEEP(T, m8, _mm256_and_si256(m, a))                                                        \
    NGI_PACK(T, m8, pack, C, ngi_v256_pack((float *)(void *)out, m, _mm256_castsi256_ps(v)))       \
    NGI_V256_ACROSS32(T, C, least, _mm_min_##s)                                                    \
    NGI_V256_ACROSS32(T, C, most, _mm_max_##s)
#define NGI_V256_ACROSS32(T, C, name, of)                                                          \
    NGI_FN C ngi_##T##_##name(ngi_##T a) {                                                         \
        __m128i r = of(ngi_v256_low(a), ngi_v256_high(a));                                         \
        r = of(r, _mm_shuffle_epi32(r, 0x4e));                                                     \
        return (C)_mm_cvtsi128_si32(of(r, _mm_shuffle_epi32(r, 0xb1)));                            \
    }
#define NGI_MORE_U(x, y) _mm256_cmpgt_epi32(ngi_v256_flip(x), ngi_v256_flip(y))
NGI_V256_INT32(i32x8, int32_t, epi32, _mm256_cmpgt_epi32)
NGI_V256_INT32(u32x8, uint32_t, epu32, NGI_MORE_U)
#undef NGI_V256_INT32
#undef NGI_V256_ACROSS32
#undef NGI_MORE_U

NGI_2(i32x8, i32x8, shr, _mm256_srav_epi32(a, b))
NGI_2(u32x8, u32x8, shr, _mm256_srlv_epi32(a, b))
NGI_1(i32x8, i32x8, neg, _mm256_sub_epi32(_mm256_setzero_si256(), a))
NGI_1(i32x8, i32x8, abs, _mm256_abs_epi32(a))
NGI_1(i32x8, i32x8, sign, _mm256_sign_epi32(_mm256_set1_epi32(1), a))
NGI_1(u32x8, u32x8, sign, _mm256_min_epu32(a, _mm256_set1_epi32(1)))
NGI_FN ngi_i32x8 ngi_i32x8_count(ngi_i32x8 a, ngi_m8 m) { return _mm256_sub_epi32(a, m); }

/* ---- narrow in memory ------------------------------------------------------------------------ */

#define NGI_LOAD_2(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define NGI_STORE_2(p, v) _mm_storeu_si128((__m128i *)(void *)(p), v)
NGI_FN __m128i ngi_v256_bytes(__m128i four) { /* the low byte of each of four lanes, together */
    return _mm_shuffle_epi8(
        four, _mm_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
}
NGI_FN __m128i ngi_v256_words(__m128i four) {
    return _mm_shuffle_epi8(
        four, _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1));
}
NGI_FN __m128i ngi_v256_packed_4(__m128i four, uint32_t bits) {
    return _mm_castps_si128(ngi_v256_pack_4(_mm_castsi128_ps(four), bits));
}
/* `part` leaves the values of four lanes in the low `4 * size` bytes, which are what is written. */
#define NGI_V256_NARROW(T, n, N, part, size)                                                       \
    NGI_FN void ngi_##T##_store_##n(N *p, ngi_##T v) {                                             \
        const __m128i lo = part(ngi_v256_low(v)), hi = part(ngi_v256_high(v));                     \
        __builtin_memcpy(p, &lo, 4 * size);                                                        \
        __builtin_memcpy(p + 4, &hi, 4 * size);                                                    \
    }                                                                                              \
    NGI_FN void ngi_##T##_pack_##n(N *out, ngi_m8 m, ngi_##T v) {                                  \
        const uint32_t bits = ngi_m8_bits(m);                                                      \
        const __m128i lo = part(ngi_v256_packed_4(ngi_v256_low(v), bits));                         \
        const __m128i hi = part(ngi_v256_packed_4(ngi_v256_high(v), bits >> 4));                   \
        __builtin_memcpy(out, &lo, 4 * size);                                                      \
        __builtin_memcpy(out + __builtin_popcount(bits & 15), &hi, 4 * size);                      \
    }
NGI_V256_NARROW(i32x8, i8, int8_t, ngi_v256_bytes, 1)
NGI_V256_NARROW(u32x8, u8, uint8_t, ngi_v256_bytes, 1)
NGI_V256_NARROW(i32x8, i16, int16_t, ngi_v256_words, 2)
NGI_V256_NARROW(u32x8, u16, uint16_t, ngi_v256_words, 2)
#undef NGI_V256_NARROW
NGI_LOAD(i32x8, load_i8, int8_t,
         _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)))
NGI_LOAD(u32x8, load_u8, uint8_t,
         _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)))
NGI_LOAD(i32x8, load_i16, int16_t, _mm256_cvtepi16_epi32(NGI_LOAD_2(p)))
NGI_LOAD(u32x8, load_u16, uint16_t, _mm256_cvtepu16_epi32(NGI_LOAD_2(p)))
NGI_1(i32x8, i32x8, wrap_i8, _mm256_srai_epi32(_mm256_slli_epi32(a, 24), 24))
NGI_1(i32x8, i32x8, wrap_i16, _mm256_srai_epi32(_mm256_slli_epi32(a, 16), 16))
NGI_1(u32x8, u32x8, wrap_u8, _mm256_and_si256(a, _mm256_set1_epi32(0xff)))
NGI_1(u32x8, u32x8, wrap_u16, _mm256_and_si256(a, _mm256_set1_epi32(0xffff)))

/* ---- 64-bit integers ------------------------------------------------------------------------- */

NGI_FN __m256i ngi_v256_mul_64(__m256i a, __m256i b) {
    const __m256i crossed = _mm256_mullo_epi32(a, _mm256_shuffle_epi32(b, 0xb1));
    const __m256i high = _mm256_add_epi32(_mm256_slli_epi64(crossed, 32), crossed);
    return _mm256_add_epi64(
        _mm256_mul_epu32(a, b),
        _mm256_and_si256(high, _mm256_set1_epi64x((int64_t)0xffffffff00000000u)));
}
NGI_FN __m256i ngi_v256_more_u64(__m256i a, __m256i b) {
    const __m256i top = _mm256_set1_epi64x(INT64_MIN);
    return _mm256_cmpgt_epi64(_mm256_xor_si256(a, top), _mm256_xor_si256(b, top));
}
NGI_FN __m256i ngi_v256_shr_i64(__m256i a, __m256i n) {
    const __m256i negative = _mm256_cmpgt_epi64(_mm256_setzero_si256(), a);
    return _mm256_xor_si256(_mm256_srlv_epi64(_mm256_xor_si256(a, negative), n), negative);
}
#define NGI_MIN_I(x, y) ngi_v256_pick(_mm256_cmpgt_epi64(y, x), x, y)
#define NGI_MAX_I(x, y) ngi_v256_pick(_mm256_cmpgt_epi64(x, y), x, y)
#define NGI_MIN_U(x, y) ngi_v256_pick(ngi_v256_more_u64(y, x), x, y)
#define NGI_MAX_U(x, y) ngi_v256_pick(ngi_v256_more_u64(x, y), x, y)
#define NGI_V256_INT64(T, more, less_of, more_of, shift_right)                                     \
    NGI_PAIR_2(T, T, add, _mm256_add_epi64)                                                        \
    NGI_PAIR_2(T, T, sub, _mm256_sub_epi64)                                                        \
    NGI_PAIR_2(T, T, mul, ngi_v256_mul_64)                                                         \
    NGI_PAIR_2(T, T, and, _mm256_and_si256)                                                        \
    NGI_PAIR_2(T, T, or, _mm256_or_si256)                                                          \
    NGI_PAIR_2(T, T, xor, _mm256_xor_si256)                                                        \
    NGI_PAIR_1(T, T, not, ngi_v256_not)                                                            \
    NGI_PAIR_2(T, T, shl, _mm256_sllv_epi64)                                                       \
    NGI_PAIR_2(T, T, shr, shift_right)                                                             \
    NGI_PAIR_2(T, T, min, less_of)                                                                 \
    NGI_PAIR_2(T, T, max, more_of)                                                                 \
    NGI_2(m8, T, lt, ngi_v256_narrow(more(b.lo, a.lo), more(b.hi, a.hi)))                          \
    NGI_2(m8, T, le, ngi_v256_not(ngi_v256_narrow(more(a.lo, b.lo), more(a.hi, b.hi))))            \
    NGI_2(m8, T, eq,                                                                               \
          ngi_v256_narrow(_mm256_cmpeq_epi64(a.lo, b.lo), _mm256_cmpeq_epi64(a.hi, b.hi)))
NGI_V256_INT64(i64x8, _mm256_cmpgt_epi64, NGI_MIN_I, NGI_MAX_I, ngi_v256_shr_i64)
NGI_V256_INT64(u64x8, ngi_v256_more_u64, NGI_MIN_U, NGI_MAX_U, _mm256_srlv_epi64)
#undef NGI_V256_INT64
#undef NGI_MIN_I
#undef NGI_MAX_I
#undef NGI_MIN_U
#undef NGI_MAX_U

NGI_FN __m256i ngi_v256_neg_i64(__m256i a) { return _mm256_sub_epi64(_mm256_setzero_si256(), a); }
NGI_FN __m256i ngi_v256_abs_i64(__m256i a) {
    const __m256i negative = _mm256_cmpgt_epi64(_mm256_setzero_si256(), a);
    return _mm256_sub_epi64(_mm256_xor_si256(a, negative), negative);
}
NGI_FN __m256i ngi_v256_sign_i64(__m256i a) {
    const __m256i zero = _mm256_setzero_si256();
    return _mm256_sub_epi64(_mm256_cmpgt_epi64(zero, a), _mm256_cmpgt_epi64(a, zero));
}
NGI_FN __m256i ngi_v256_sign_u64(__m256i a) {
    return _mm256_add_epi64(_mm256_cmpeq_epi64(a, _mm256_setzero_si256()), _mm256_set1_epi64x(1));
}
NGI_PAIR_1(i64x8, i64x8, neg, ngi_v256_neg_i64)
NGI_PAIR_1(i64x8, i64x8, abs, ngi_v256_abs_i64)
NGI_PAIR_1(i64x8, i64x8, sign, ngi_v256_sign_i64)
NGI_PAIR_1(u64x8, u64x8, sign, ngi_v256_sign_u64)
NGI_LANES_2(i64, i64, 8, div)
NGI_LANES_2(i64, i64, 8, rem)
NGI_LANES_2(u64, u64, 8, div)
NGI_LANES_2(u64, u64, 8, rem)
NGI_LANES_ACROSS(i64, 8, sum, add)
NGI_LANES_ACROSS(i64, 8, least, min)
NGI_LANES_ACROSS(i64, 8, most, max)
NGI_LANES_ACROSS(u64, 8, sum, add)
NGI_LANES_ACROSS(u64, 8, least, min)
NGI_LANES_ACROSS(u64, 8, most, max)

/* ---- conversions ----------------------------------------------------------------------------- */

#define NGI_V256_FROM(R, T, value)                                                                 \
    NGI_FN ngi_##R ngi_##R##_from_##T(ngi_##T##x8 a) { return value; }
#define NGI_V256_WIDEN(R, T, convert)                                                              \
    NGI_PAIR_OF(R, T##x8, from_##T, convert(ngi_v256_low(a)), convert(ngi_v256_high(a)))

/* The instruction gives the smallest number for what it cannot convert. */
NGI_FN ngi_i32x8 ngi_i32x8_from_f32(ngi_f32x8 a) {
    const __m256 too_large = _mm256_cmp_ps(a, _mm256_set1_ps(2147483648.0f), _CMP_GE_OQ);
    const __m256i r = _mm256_blendv_epi8(_mm256_cvttps_epi32(a), _mm256_set1_epi32(INT_MAX),
                                         _mm256_castps_si256(too_large));
    return _mm256_andnot_si256(ngi_f32x8_nan(a), r);
}
/* max takes its second operand where the first is NaN, so what is negative or NaN is 0 here. From
 * 2^31 on, the number less 2^31 is converted and its top bit flipped; from 2^32 on all bits are
 * set. */
NGI_FN ngi_u32x8 ngi_u32x8_from_f32(ngi_f32x8 a) {
    const __m256 half = _mm256_set1_ps(2147483648.0f), x = _mm256_max_ps(a, _mm256_setzero_ps());
    const __m256 large = _mm256_cmp_ps(x, half, _CMP_GE_OQ);
    const __m256 too_large = _mm256_cmp_ps(x, _mm256_set1_ps(4294967296.0f), _CMP_GE_OQ);
    const __m256i r = _mm256_cvttps_epi32(x - _mm256_and_ps(large, half));
    const __m256i top = _mm256_and_si256(_mm256_castps_si256(large), _mm256_set1_epi32(INT_MIN));
    return _mm256_or_si256(_mm256_xor_si256(r, top), _mm256_castps_si256(too_large));
}
NGI_FN __m128i ngi_v256_i32_from_f64(__m256d a) {
    const __m256d least = _mm256_set1_pd(-2147483648.0), most = _mm256_set1_pd(2147483647.0);
    const __m256d number = _mm256_and_pd(a, _mm256_cmp_pd(a, a, _CMP_ORD_Q));
    return _mm256_cvttpd_epi32(_mm256_min_pd(_mm256_max_pd(number, least), most));
}
NGI_FN __m128i ngi_v256_u32_from_f64(__m256d a) {
    const __m256d most = _mm256_set1_pd(4294967295.0);
    const __m256d x = _mm256_min_pd(_mm256_max_pd(a, _mm256_setzero_pd()), most);
    const __m256d whole = _mm256_round_pd(x, _MM_FROUND_TO_ZERO);
    return _mm_xor_si128(_mm256_cvttpd_epi32(whole - _mm256_set1_pd(2147483648.0)),
                         _mm_set1_epi32(INT_MIN));
}
/* Both halves of 16 bits are exact, so only their sum is rounded. */
NGI_FN ngi_f32x8 ngi_f32x8_from_u32(ngi_u32x8 a) {
    const __m256 high = _mm256_cvtepi32_ps(_mm256_srli_epi32(a, 16));
    const __m256 low = _mm256_cvtepi32_ps(_mm256_and_si256(a, _mm256_set1_epi32(0xffff)));
    return high * _mm256_set1_ps(65536.0f) + low;
}
NGI_FN __m256d ngi_v256_f64_from_u32(__m128i a) {
    return _mm256_cvtepi32_pd(_mm_xor_si128(a, _mm_set1_epi32(INT_MIN))) +
           _mm256_set1_pd(2147483648.0);
}
/* The halves of 32 bits become the low bits of 2^84 + high * 2^32 and 2^52 + low. Taking the powers
 * away, and for signed numbers the 2^63 that the flipped top bit adds, is exact but for the last
 * sum. */
NGI_FN __m256d ngi_v256_f64_of_halves(__m256i high, __m256i low, double excess) {
    const __m256i high_bits = _mm256_or_si256(high, _mm256_set1_epi64x(0x4530000000000000));
    const __m256i low_bits = _mm256_blend_epi32(_mm256_set1_epi64x(0x4330000000000000), low, 0x55);
    return (_mm256_castsi256_pd(high_bits) - _mm256_set1_pd(excess)) +
           _mm256_castsi256_pd(low_bits);
}
NGI_FN __m256d ngi_v256_f64_from_u64(__m256i a) {
    return ngi_v256_f64_of_halves(_mm256_srli_epi64(a, 32), a, 0x1p84 + 0x1p52);
}
NGI_FN __m256d ngi_v256_f64_from_i64(__m256i a) {
    const __m256i flipped = _mm256_xor_si256(a, _mm256_set1_epi64x(INT64_MIN));
    return ngi_v256_f64_of_halves(_mm256_srli_epi64(flipped, 32), a, 0x1p84 + 0x1p63 + 0x1p52);
}

NGI_V256_FROM(i32x8, u32, a)
NGI_V256_FROM(i32x8, i64, ngi_v256_narrow(a.lo, a.hi))
NGI_V256_FROM(i32x8, u64, ngi_v256_narrow(a.lo, a.hi))
NGI_V256_FROM(i32x8, f64, ngi_v256_join(ngi_v256_i32_from_f64(a.lo), ngi_v256_i32_from_f64(a.hi)))
NGI_V256_FROM(u32x8, i32, a)
NGI_V256_FROM(u32x8, i64, ngi_v256_narrow(a.lo, a.hi))
NGI_V256_FROM(u32x8, u64, ngi_v256_narrow(a.lo, a.hi))
NGI_V256_FROM(u32x8, f64, ngi_v256_join(ngi_v256_u32_from_f64(a.lo), ngi_v256_u32_from_f64(a.hi)))
NGI_V256_WIDEN(i64x8, i32, _mm256_cvtepi32_epi64)
NGI_V256_WIDEN(i64x8, u32, _mm256_cvtepu32_epi64)
NGI_V256_FROM(i64x8, u64, a)
NGI_LANES_FROM(i64, f32, 8)
NGI_LANES_FROM(i64, f64, 8)
NGI_V256_WIDEN(u64x8, i32, _mm256_cvtepi32_epi64)
NGI_V256_WIDEN(u64x8, u32, _mm256_cvtepu32_epi64)
NGI_V256_FROM(u64x8, i64, a)
NGI_LANES_FROM(u64, f32, 8)
NGI_LANES_FROM(u64, f64, 8)
NGI_V256_FROM(f32x8, i32, _mm256_cvtepi32_ps(a))
NGI_LANES_FROM(f32, i64, 8)
NGI_LANES_FROM(f32, u64, 8)
NGI_V256_FROM(f32x8, f64, ngi_v256_join_f32(_mm256_cvtpd_ps(a.lo), _mm256_cvtpd_ps(a.hi)))
NGI_V256_WIDEN(f64x8, i32, _mm256_cvtepi32_pd)
NGI_V256_WIDEN(f64x8, u32, ngi_v256_f64_from_u32)
NGI_PAIR_OF(f64x8, i64x8, from_i64, ngi_v256_f64_from_i64(a.lo), ngi_v256_f64_from_i64(a.hi))
NGI_PAIR_OF(f64x8, u64x8, from_u64, ngi_v256_f64_from_u64(a.lo), ngi_v256_f64_from_u64(a.hi))
NGI_PAIR_OF(f64x8, f32x8, from_f32, _mm256_cvtps_pd(ngi_v256_low_f32(a)),
            _mm256_cvtps_pd(ngi_v256_high_f32(a)))
#undef NGI_V256_FROM
#undef NGI_V256_WIDEN

NGI_FN ngi_u32x8 ngi_u32x8_bits_of_f32(ngi_f32x8 a) { return _mm256_castps_si256(a); }
NGI_FN ngi_f32x8 ngi_f32x8_of_bits(ngi_u32x8 a) { return _mm256_castsi256_ps(a); }
NGI_PAIR_OF(u64x8, f64x8, bits_of_f64, _mm256_castpd_si256(a.lo), _mm256_castpd_si256(a.hi))
NGI_PAIR_OF(f64x8, u64x8, of_bits, _mm256_castsi256_pd(a.lo), _mm256_castsi256_pd(a.hi))

NGI_ACROSS(int64_t, i32x8, sum, ngi_i64x8_sum(ngi_i64x8_from_i32(a)))

/* Quotients of 32-bit integers are exact in f64: a quotient that is not whole is at least 2^-32
 * away from the next whole number, and below 2^32. MIN / -1 converts to MIN. */
NGI_FN __m128i ngi_v256_div_half(__m128i a, __m128i b) {
    return _mm256_cvttpd_epi32(_mm256_cvtepi32_pd(a) / _mm256_cvtepi32_pd(b));
}
NGI_FN __m128i ngi_v256_div_half_unsigned(__m128i a, __m128i b) {
    return ngi_v256_u32_from_f64(ngi_v256_f64_from_u32(a) / ngi_v256_f64_from_u32(b));
}
#define NGI_V256_DIV(T, half)                                                                      \
    NGI_FN ngi_##T ngi_##T##_div(ngi_##T a, ngi_##T b) {                                           \
        const __m256i zero = _mm256_cmpeq_epi32(b, _mm256_setzero_si256());                        \
        return _mm256_andnot_si256(zero, ngi_v256_join(half(ngi_v256_low(a), ngi_v256_low(b)),     \
                                                       half(ngi_v256_high(a), ngi_v256_high(b)))); \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_rem(ngi_##T a, ngi_##T b) {                                           \
        const __m256i zero = _mm256_cmpeq_epi32(b, _mm256_setzero_si256());                        \
        const __m256i whole = _mm256_mullo_epi32(ngi_##T##_div(a, b), b);                          \
        return _mm256_andnot_si256(zero, _mm256_sub_epi32(a, whole));                              \
    }
NGI_V256_DIV(i32x8, ngi_v256_div_half)
NGI_V256_DIV(u32x8, ngi_v256_div_half_unsigned)
#undef NGI_V256_DIV

/* ---- the fixed trees ------------------------------------------------------------------------- */

#define NGI_V256_FOLD_F32(op, of, of128)                                                           \
    NGI_FN float ngi_f32x8_fold_##op(const float t[128]) {                                         \
        __m256 r[8];                                                                               \
        for (int i = 0; i < 8; i++) {                                                              \
            r[i] = of(_mm256_loadu_ps(t + 8 * i), _mm256_loadu_ps(t + 8 * i + 64));                \
        }                                                                                          \
        for (int i = 0; i < 4; i++) {                                                              \
            r[i] = of(r[i], r[i + 4]);                                                             \
        }                                                                                          \
        const __m256 x = of(of(r[0], r[2]), of(r[1], r[3]));                                       \
        __m128 y = of128(ngi_v256_low_f32(x), ngi_v256_high_f32(x));                               \
        y = of128(y, _mm_movehl_ps(y, y));                                                         \
        return _mm_cvtss_f32(of128(y, _mm_movehdup_ps(y)));                                        \
    }                                                                                              \
    /* Rows 0 and 4 behind `m`, 4 values left of each. */                                          \
    NGI_FN __m256 ngi_v256_rows_f32_##op(const float *m) {                                         \
        const __m256 a = ngi_v256_join_f32(_mm_loadu_ps(m), _mm_loadu_ps(m + 64));                 \
        const __m256 b = ngi_v256_join_f32(_mm_loadu_ps(m + 4), _mm_loadu_ps(m + 68));             \
        const __m256 c = ngi_v256_join_f32(_mm_loadu_ps(m + 8), _mm_loadu_ps(m + 72));             \
        const __m256 d = ngi_v256_join_f32(_mm_loadu_ps(m + 12), _mm_loadu_ps(m + 76));            \
        return of(of(a, c), of(b, d));                                                             \
    }                                                                                              \
    NGI_FN void ngi_v256_fold_8_rows_##op(float *out, const float *m) {                            \
        const __m256 a = ngi_v256_rows_f32_##op(m), b = ngi_v256_rows_f32_##op(m + 16);            \
        const __m256 c = ngi_v256_rows_f32_##op(m + 32), d = ngi_v256_rows_f32_##op(m + 48);       \
        const __m256 ab = of(_mm256_shuffle_ps(a, b, 0x44), _mm256_shuffle_ps(a, b, 0xee));        \
        const __m256 cd = of(_mm256_shuffle_ps(c, d, 0x44), _mm256_shuffle_ps(c, d, 0xee));        \
        _mm256_storeu_ps(out,                                                                      \
                         of(_mm256_shuffle_ps(ab, cd, 0x88), _mm256_shuffle_ps(ab, cd, 0xdd)));    \
    }                                                                                              \
    NGI_FN void ngi_f32x8_fold_rows_##op(float out[16], const float m[256]) {                      \
        ngi_v256_fold_8_rows_##op(out, m);                                                         \
        ngi_v256_fold_8_rows_##op(out + 8, m + 128);                                               \
    }
#define NGI_V256_FOLD_F64(op, of, of128)                                                           \
    NGI_FN double ngi_f64x8_fold_##op(const double t[128]) {                                       \
        __m256d r[16];                                                                             \
        for (int i = 0; i < 16; i++) {                                                             \
            r[i] = of(_mm256_loadu_pd(t + 4 * i), _mm256_loadu_pd(t + 4 * i + 64));                \
        }                                                                                          \
        for (int h = 8; h > 0; h /= 2) {                                                           \
            for (int i = 0; i < h; i++) {                                                          \
                r[i] = of(r[i], r[i + h]);                                                         \
            }                                                                                      \
        }                                                                                          \
        const __m128d y = of128(_mm256_castpd256_pd128(r[0]), _mm256_extractf128_pd(r[0], 1));     \
        return _mm_cvtsd_f64(of128(y, _mm_unpackhi_pd(y, y)));                                     \
    }                                                                                              \
    /* One row, 4 values left. */                                                                  \
    NGI_FN __m256d ngi_v256_row_f64_##op(const double *m) {                                        \
        return of(of(_mm256_loadu_pd(m), _mm256_loadu_pd(m + 8)),                                  \
                  of(_mm256_loadu_pd(m + 4), _mm256_loadu_pd(m + 12)));                            \
    }                                                                                              \
    /* Rows 0 and 2 behind `m`, 2 values left of each. */                                          \
    NGI_FN __m256d ngi_v256_rows_f64_##op(const double *m) {                                       \
        const __m256d a = ngi_v256_row_f64_##op(m), b = ngi_v256_row_f64_##op(m + 32);             \
        return of(_mm256_permute2f128_pd(a, b, 0x20), _mm256_permute2f128_pd(a, b, 0x31));         \
    }                                                                                              \
    NGI_FN void ngi_f64x8_fold_rows_##op(double out[16], const double m[256]) {                    \
        for (int row = 0; row < 16; row += 4) {                                                    \
            const __m256d a = ngi_v256_rows_f64_##op(m + 16 * row);                                \
            const __m256d b = ngi_v256_rows_f64_##op(m + 16 * row + 16);                           \
            _mm256_storeu_pd(out + row, of(_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b)));   \
        }                                                                                          \
    }
#define NGI_PLUS(x, y) ((x) + (y))
NGI_V256_FOLD_F32(add, NGI_PLUS, NGI_PLUS)
NGI_V256_FOLD_F32(min, _mm256_min_ps, _mm_min_ps)
NGI_V256_FOLD_F32(max, _mm256_max_ps, _mm_max_ps)
NGI_V256_FOLD_F64(add, NGI_PLUS, NGI_PLUS)
NGI_V256_FOLD_F64(min, _mm256_min_pd, _mm_min_pd)
NGI_V256_FOLD_F64(max, _mm256_max_pd, _mm_max_pd)
#undef NGI_PLUS
#undef NGI_V256_FOLD_F32
#undef NGI_V256_FOLD_F64

NGI_FN uint64_t ngi_v256_bits_pack(uint64_t v, uint64_t mask) { return _pext_u64(v, mask); }

#undef NGI_LOAD_4
#undef NGI_STORE_4
#undef NGI_LOAD_2
#undef NGI_STORE_2
#undef NGI_FN

#endif

#endif
