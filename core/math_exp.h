/* math_exp: e^x, in the operations of the thin headers, so with the same bits in every profile. */
#ifndef NGI_MATH_EXP_H
#define NGI_MATH_EXP_H

#include "math_exp_terms.h"
#include "simd_scalar.h"
#include "simd_v128.h"
#include "simd_v256.h"
#include "simd_v512.h"

/* x = k * ln(2) + r, and e^x = 2^k * e^r. `r` is held as high - low. The power of two is applied in
 * two halves, of which the first is exact: results below the normal numbers are rounded once.
 * Beyond -746 and 710 all results are 0 and infinity. A NaN passes through as some NaN. f32 is
 * computed in f64, and so all but correctly rounded. */
#define NGI_EXP(INLINE, W)                                                                         \
    /* 2^k of whole k from -1022 to 1023: above 2^52 a number's low bits count in ones. */         \
    INLINE ngi_f64x##W ngi_exp_power_f64x##W(ngi_f64x##W k) {                                      \
        const ngi_f64x##W biased = ngi_f64x##W##_add(k, ngi_f64x##W##_set(4503599627371519.0));    \
        return ngi_f64x##W##_of_bits(                                                              \
            ngi_u64x##W##_shl(ngi_u64x##W##_bits_of_f64(biased), ngi_u64x##W##_set(52)));          \
    }                                                                                              \
    INLINE ngi_f64x##W ngi_exp_term_f64x##W(ngi_f64x##W sum, ngi_f64x##W t, double term) {         \
        return ngi_f64x##W##_add(ngi_f64x##W##_set(term), ngi_f64x##W##_mul(t, sum));              \
    }                                                                                              \
    INLINE ngi_f64x##W ngi_f64x##W##_exp(ngi_f64x##W a) {                                          \
        const ngi_f64x##W x = ngi_f64x##W##_max(ngi_f64x##W##_set(-746.0),                         \
                                                ngi_f64x##W##_min(ngi_f64x##W##_set(710.0), a));   \
        const ngi_f64x##W k =                                                                      \
            ngi_f64x##W##_round(ngi_f64x##W##_mul(x, ngi_f64x##W##_set(NGI_EXP_ONE_OVER_LN2)));    \
        const ngi_f64x##W high =                                                                   \
            ngi_f64x##W##_sub(x, ngi_f64x##W##_mul(k, ngi_f64x##W##_set(NGI_EXP_LN2_HIGH)));       \
        const ngi_f64x##W low = ngi_f64x##W##_mul(k, ngi_f64x##W##_set(NGI_EXP_LN2_LOW));          \
        const ngi_f64x##W r = ngi_f64x##W##_sub(high, low);                                        \
        const ngi_f64x##W t = ngi_f64x##W##_mul(r, r);                                             \
        ngi_f64x##W sum = ngi_f64x##W##_set(NGI_EXP_TERM_6);                                       \
        sum = ngi_exp_term_f64x##W(sum, t, NGI_EXP_TERM_5);                                        \
        sum = ngi_exp_term_f64x##W(sum, t, NGI_EXP_TERM_4);                                        \
        sum = ngi_exp_term_f64x##W(sum, t, NGI_EXP_TERM_3);                                        \
        sum = ngi_exp_term_f64x##W(sum, t, NGI_EXP_TERM_2);                                        \
        sum = ngi_exp_term_f64x##W(sum, t, NGI_EXP_TERM_1);                                        \
        /* 2r / (R - r) = r + r * c / (2 - c), where c = r - (R - 2). */                           \
        const ngi_f64x##W c = ngi_f64x##W##_sub(r, ngi_f64x##W##_mul(t, sum));                     \
        const ngi_f64x##W rest = ngi_f64x##W##_div(ngi_f64x##W##_mul(r, c),                        \
                                                   ngi_f64x##W##_sub(ngi_f64x##W##_set(2.0), c));  \
        const ngi_f64x##W e_r = ngi_f64x##W##_add(                                                 \
            ngi_f64x##W##_set(1.0), ngi_f64x##W##_add(ngi_f64x##W##_sub(rest, low), high));        \
        const ngi_f64x##W half =                                                                   \
            ngi_f64x##W##_floor(ngi_f64x##W##_mul(k, ngi_f64x##W##_set(0.5)));                     \
        return ngi_f64x##W##_mul(ngi_f64x##W##_mul(e_r, ngi_exp_power_f64x##W(half)),              \
                                 ngi_exp_power_f64x##W(ngi_f64x##W##_sub(k, half)));               \
    }                                                                                              \
    INLINE ngi_f32x##W ngi_f32x##W##_exp(ngi_f32x##W a) {                                          \
        return ngi_f32x##W##_from_f64(ngi_f64x##W##_exp(ngi_f64x##W##_from_f32(a)));               \
    }

NGI_EXP(NGI_SCALAR_INLINE, 1)
#if NGI_HAS_V128
NGI_EXP(NGI_V128_INLINE, 4)
#endif
#if NGI_HAS_V256
NGI_EXP(NGI_V256_INLINE, 8)
#endif
#if NGI_HAS_V512
NGI_EXP(NGI_V512_INLINE, 16)
#endif
#undef NGI_EXP

#endif
