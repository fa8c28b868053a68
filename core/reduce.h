/* reduce: adding up the rows that count, in the way each profile does it best.
 *
 * `add_kept(a, m, b)` is a + b in the lanes of m and a elsewhere, up to the sign of a zero: the sums
 * built of it start from +0, which takes that sign away. A tally counts rows. */
#ifndef NGI_REDUCE_H
#define NGI_REDUCE_H

#include "exact.h"
#include "profile.h"
#include "simd.h"

NGI_EXACT_BEGIN

#define NGI_REDUCE_KEPT(PROFILE, T, M)                                                              \
    NGI_##PROFILE##_INLINE T T##_add_kept(T a, M m, T b) {                                          \
        return T##_add(a, T##_keep(m, b));                                                          \
    }
#define NGI_REDUCE_TALLY(PROFILE, W)                                                                \
    typedef ngi_i32x##W ngi_tallyx##W;                                                              \
    NGI_##PROFILE##_INLINE ngi_tallyx##W ngi_tallyx##W##_none(void) {                               \
        return ngi_i32x##W##_set(0);                                                                \
    }                                                                                               \
    NGI_##PROFILE##_INLINE ngi_tallyx##W ngi_tallyx##W##_add(ngi_tallyx##W tally, ngi_m##W m) {     \
        return ngi_i32x##W##_count(tally, m);                                                       \
    }                                                                                               \
    NGI_##PROFILE##_INLINE int64_t ngi_tallyx##W##_sum(ngi_tallyx##W tally) {                       \
        return ngi_i32x##W##_sum(tally);                                                            \
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
/* Masks go to a general register for one instruction and are counted there. */
typedef uint64_t ngi_tallyx16;
NGI_V512_INLINE ngi_tallyx16 ngi_tallyx16_none(void) {
    return 0;
}
NGI_V512_INLINE ngi_tallyx16 ngi_tallyx16_add(ngi_tallyx16 tally, ngi_m16 m) {
    return tally + ngi_m16_count(m);
}
NGI_V512_INLINE int64_t ngi_tallyx16_sum(ngi_tallyx16 tally) {
    return (int64_t)tally;
}
#endif
#undef NGI_REDUCE_KEPT
#undef NGI_REDUCE_TALLY

NGI_EXACT_END

#endif
