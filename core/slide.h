/* slide: the W lanes that begin at lane K of two vectors side by side, for the distances by which
 * trees over rows go back (W - 1, W - 2, W - 4, W - 8) and ahead (1, 2, 4, 8). A profile with fewer
 * lanes goes further by whole vectors. */
#ifndef NGI_SLIDE_H
#define NGI_SLIDE_H

#include "simd.h"

#define NGI_SLIDE(T, K, value)                                                                     \
    NGI_FN ngi_##T ngi_##T##_slide_##K(ngi_##T a, ngi_##T b) { return value; }
/* Of 64-bit lanes, in two registers: their contents. */
#define NGI_SLIDE_PAIR(T, K, low, high)                                                            \
    NGI_FN ngi_##T ngi_##T##_slide_##K(ngi_##T a, ngi_##T b) {                                     \
        const ngi_##T both = {low, high};                                                          \
        return both;                                                                               \
    }

#if NGI_HAS_V128
#define NGI_FN NGI_V128_INLINE
#if defined(__wasm_simd128__)
#define NGI_WASM(name) wasm_##name
#else
#define NGI_WASM(name) simde_wasm_##name
#endif
#define NGI_SLIDES(T)                                                                              \
    NGI_SLIDE(T, 1, NGI_WASM(i32x4_shuffle)(a, b, 1, 2, 3, 4))                                     \
    NGI_SLIDE(T, 2, NGI_WASM(i32x4_shuffle)(a, b, 2, 3, 4, 5))                                     \
    NGI_SLIDE(T, 3, NGI_WASM(i32x4_shuffle)(a, b, 3, 4, 5, 6))
#define NGI_SLIDE_PAIRS(T)                                                                         \
    NGI_SLIDE_PAIR(T, 1, NGI_WASM(i64x2_shuffle)(a.lo, a.hi, 1, 2),                                \
                   NGI_WASM(i64x2_shuffle)(a.hi, b.lo, 1, 2))                                      \
    NGI_SLIDE_PAIR(T, 2, a.hi, b.lo)                                                               \
    NGI_SLIDE_PAIR(T, 3, NGI_WASM(i64x2_shuffle)(a.hi, b.lo, 1, 2),                                \
                   NGI_WASM(i64x2_shuffle)(b.lo, b.hi, 1, 2))
NGI_SLIDES(f32x4)
NGI_SLIDES(i32x4)
NGI_SLIDES(u32x4)
NGI_SLIDE_PAIRS(f64x4)
NGI_SLIDE_PAIRS(i64x4)
NGI_SLIDE_PAIRS(u64x4)
#undef NGI_SLIDES
#undef NGI_SLIDE_PAIRS
#undef NGI_WASM
#undef NGI_FN
#endif

#if NGI_HAS_V256
#define NGI_FN NGI_V256_INLINE
#define NGI_AS_INT(x) _mm256_castps_si256(x)
#define NGI_AS_F32(x) _mm256_castsi256_ps(x)
#define NGI_AS_LONG(x) _mm256_castpd_si256(x)
#define NGI_AS_F64(x) _mm256_castsi256_pd(x)
#define NGI_SAME(x) (x)
#define NGI_MIDDLE(a, b) _mm256_permute2x128_si256(a, b, 0x21)
/* `shift` bytes into a register and the one half a register behind it. */
#define NGI_SHIFTED(high, low, shift) _mm256_alignr_epi8(high, low, shift)
#define NGI_SLIDES(T, in, out)                                                                     \
    NGI_SLIDE(T, 1, out(NGI_SHIFTED(NGI_MIDDLE(in(a), in(b)), in(a), 4)))                          \
    NGI_SLIDE(T, 2, out(NGI_SHIFTED(NGI_MIDDLE(in(a), in(b)), in(a), 8)))                          \
    NGI_SLIDE(T, 4, out(NGI_MIDDLE(in(a), in(b))))                                                 \
    NGI_SLIDE(T, 6, out(NGI_SHIFTED(in(b), NGI_MIDDLE(in(a), in(b)), 8)))                          \
    NGI_SLIDE(T, 7, out(NGI_SHIFTED(in(b), NGI_MIDDLE(in(a), in(b)), 12)))
#define NGI_BY_1(in, out, a, b) out(NGI_SHIFTED(NGI_MIDDLE(in(a), in(b)), in(a), 8))
#define NGI_BY_2(in, out, a, b) out(NGI_MIDDLE(in(a), in(b)))
#define NGI_BY_3(in, out, a, b) out(NGI_SHIFTED(in(b), NGI_MIDDLE(in(a), in(b)), 8))
#define NGI_SLIDE_PAIRS(T, in, out)                                                                \
    NGI_SLIDE_PAIR(T, 1, NGI_BY_1(in, out, a.lo, a.hi), NGI_BY_1(in, out, a.hi, b.lo))             \
    NGI_SLIDE_PAIR(T, 2, NGI_BY_2(in, out, a.lo, a.hi), NGI_BY_2(in, out, a.hi, b.lo))             \
    NGI_SLIDE_PAIR(T, 4, a.hi, b.lo)                                                               \
    NGI_SLIDE_PAIR(T, 6, NGI_BY_2(in, out, a.hi, b.lo), NGI_BY_2(in, out, b.lo, b.hi))             \
    NGI_SLIDE_PAIR(T, 7, NGI_BY_3(in, out, a.hi, b.lo), NGI_BY_3(in, out, b.lo, b.hi))
NGI_SLIDES(f32x8, NGI_AS_INT, NGI_AS_F32)
NGI_SLIDES(i32x8, NGI_SAME, NGI_SAME)
NGI_SLIDES(u32x8, NGI_SAME, NGI_SAME)
NGI_SLIDE_PAIRS(f64x8, NGI_AS_LONG, NGI_AS_F64)
NGI_SLIDE_PAIRS(i64x8, NGI_SAME, NGI_SAME)
NGI_SLIDE_PAIRS(u64x8, NGI_SAME, NGI_SAME)
#undef NGI_SLIDES
#undef NGI_SLIDE_PAIRS
#undef NGI_BY_1
#undef NGI_BY_2
#undef NGI_BY_3
#undef NGI_MIDDLE
#undef NGI_SHIFTED
#undef NGI_AS_INT
#undef NGI_AS_F32
#undef NGI_AS_LONG
#undef NGI_AS_F64
#undef NGI_SAME
#undef NGI_FN
#endif

#if NGI_HAS_V512
#define NGI_FN NGI_V512_INLINE
#define NGI_AS_INT(x) _mm512_castps_si512(x)
#define NGI_AS_F32(x) _mm512_castsi512_ps(x)
#define NGI_AS_LONG(x) _mm512_castpd_si512(x)
#define NGI_AS_F64(x) _mm512_castsi512_pd(x)
#define NGI_SAME(x) (x)
#define NGI_BY(in, out, a, b, k) out(_mm512_alignr_epi32(in(b), in(a), k))
#define NGI_SLIDES(T, in, out)                                                                     \
    NGI_SLIDE(T, 1, NGI_BY(in, out, a, b, 1))                                                      \
    NGI_SLIDE(T, 2, NGI_BY(in, out, a, b, 2))                                                      \
    NGI_SLIDE(T, 4, NGI_BY(in, out, a, b, 4))                                                      \
    NGI_SLIDE(T, 8, NGI_BY(in, out, a, b, 8))                                                      \
    NGI_SLIDE(T, 12, NGI_BY(in, out, a, b, 12))                                                    \
    NGI_SLIDE(T, 14, NGI_BY(in, out, a, b, 14))                                                    \
    NGI_SLIDE(T, 15, NGI_BY(in, out, a, b, 15))
#define NGI_BY_PAIR(in, out, a, b, k) out(_mm512_alignr_epi64(in(b), in(a), k))
#define NGI_LOW(T, in, out, K)                                                                     \
    NGI_SLIDE_PAIR(T, K, NGI_BY_PAIR(in, out, a.lo, a.hi, K), NGI_BY_PAIR(in, out, a.hi, b.lo, K))
#define NGI_HIGH(T, in, out, K, k)                                                                 \
    NGI_SLIDE_PAIR(T, K, NGI_BY_PAIR(in, out, a.hi, b.lo, k), NGI_BY_PAIR(in, out, b.lo, b.hi, k))
#define NGI_SLIDE_PAIRS(T, in, out)                                                                \
    NGI_LOW(T, in, out, 1)                                                                         \
    NGI_LOW(T, in, out, 2)                                                                         \
    NGI_LOW(T, in, out, 4)                                                                         \
    NGI_SLIDE_PAIR(T, 8, a.hi, b.lo)                                                               \
    NGI_HIGH(T, in, out, 12, 4)                                                                    \
    NGI_HIGH(T, in, out, 14, 6)                                                                    \
    NGI_HIGH(T, in, out, 15, 7)
NGI_SLIDES(f32x16, NGI_AS_INT, NGI_AS_F32)
NGI_SLIDES(i32x16, NGI_SAME, NGI_SAME)
NGI_SLIDES(u32x16, NGI_SAME, NGI_SAME)
NGI_SLIDE_PAIRS(f64x16, NGI_AS_LONG, NGI_AS_F64)
NGI_SLIDE_PAIRS(i64x16, NGI_SAME, NGI_SAME)
NGI_SLIDE_PAIRS(u64x16, NGI_SAME, NGI_SAME)
#undef NGI_SLIDES
#undef NGI_SLIDE_PAIRS
#undef NGI_LOW
#undef NGI_HIGH
#undef NGI_BY
#undef NGI_BY_PAIR
#undef NGI_AS_INT
#undef NGI_AS_F32
#undef NGI_AS_LONG
#undef NGI_AS_F64
#undef NGI_SAME
#undef NGI_FN
#endif

#undef NGI_SLIDE
#undef NGI_SLIDE_PAIR

#endif
