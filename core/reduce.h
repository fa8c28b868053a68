/* reduce: adding up the rows that count, in the way each profile does it best.
 *
 * `add_kept(a, m, b)` is a + b in the lanes of m and a elsewhere, up to the sign of a zero: the
 * sums built of it start from +0, which takes that sign away. A tally counts the rows of up to 32
 * masks, each added once, at its own place `at`; `sum` counts the first `masks` of them. */
#ifndef NGI_REDUCE_H
#define NGI_REDUCE_H

#include "exact.h"
#include "profile.h"
#include "simd.h"

NGI_EXACT_BEGIN

#define NGI_REDUCE_KEPT(PROFILE, T, M)                                                             \
    NGI_##PROFILE##_INLINE T T##_add_kept(T a, M m, T b) { return T##_add(a, T##_keep(m, b)); }
#define NGI_REDUCE_TALLY(PROFILE, W)                                                               \
    typedef struct ngi_tallyx##W {                                                                 \
        ngi_i32x##W lanes;                                                                         \
    } ngi_tallyx##W;                                                                               \
    NGI_##PROFILE##_INLINE void ngi_tallyx##W##_clear(ngi_tallyx##W *tally) {                      \
        tally->lanes = ngi_i32x##W##_set(0);                                                       \
    }                                                                                              \
    NGI_##PROFILE##_INLINE void ngi_tallyx##W##_add(ngi_tallyx##W *tally, size_t at, ngi_m##W m) { \
        (void)at;                                                                                  \
        tally->lanes = ngi_i32x##W##_count(tally->lanes, m);                                       \
    }                                                                                              \
    NGI_##PROFILE##_INLINE int64_t ngi_tallyx##W##_sum(const ngi_tallyx##W *tally, size_t masks) { \
        (void)masks;                                                                               \
        return ngi_i32x##W##_sum(tally->lanes);                                                    \
    }

NGI_REDUCE_KEPT(SCALAR, ngi_f32x1, ngi_m1)
NGI_REDUCE_KEPT(SCALAR, ngi_f64x1, ngi_m1)
NGI_REDUCE_TALLY(SCALAR, 1)
#if NGI_HAS_V128
NGI_REDUCE_KEPT(V128, ngi_f32x4, ngi_m4)
NGI_REDUCE_KEPT(V128, ngi_f64x4, ngi_m4)
NGI_REDUCE_TALLY(V128, 4)
#endif
#if NGI_HAS_V256
NGI_REDUCE_KEPT(V256, ngi_f32x8, ngi_m8)
NGI_REDUCE_KEPT(V256, ngi_f64x8, ngi_m8)
NGI_REDUCE_TALLY(V256, 8)
#endif
#if NGI_HAS_V512
NGI_V512_INLINE ngi_f32x16 ngi_f32x16_add_kept(ngi_f32x16 a, ngi_m16 m, ngi_f32x16 b) {
    return _mm512_mask_add_ps(a, m, a, b);
}
NGI_REDUCE_KEPT(V512, ngi_f64x16, ngi_m16)
/* Masks go to memory and are counted there: neither needs the two ports that all 512-bit operations
 * share, which is what such loops wait for. */
typedef struct ngi_tallyx16 {
    uint16_t masks[32];
} ngi_tallyx16;
NGI_V512_INLINE void ngi_tallyx16_clear(ngi_tallyx16 *tally) { (void)tally; }
NGI_V512_INLINE void ngi_tallyx16_add(ngi_tallyx16 *tally, size_t at, ngi_m16 m) {
    /* Said in assembly, or compilers gather four masks in a general register first. */
    __asm__("kmovw %1, %0" : "=m"(tally->masks[at]) : "k"(m));
}
NGI_V512_INLINE int64_t ngi_tallyx16_sum(const ngi_tallyx16 *tally, size_t masks) {
    int64_t rows = 0;
    size_t at = 0;
    for (; at + 4 <= masks; at += 4) {
        uint64_t four;
        __builtin_memcpy(&four, tally->masks + at, sizeof(four));
        rows += __builtin_popcountll(four);
    }
    for (; at < masks; at++) {
        rows += __builtin_popcount(tally->masks[at]);
    }
    return rows;
}
#endif
#undef NGI_REDUCE_KEPT
#undef NGI_REDUCE_TALLY

NGI_EXACT_END

#endif
