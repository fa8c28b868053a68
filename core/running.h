/* running: values that go on from row to row, in kernels: over all rows so far, or over the last N.
 *
 * Both rest on one tree by row number, so that nothing depends on a profile or a cut. With `op` the
 * operation and x[i] its identity before the first row:
 *
 *   t2[i] = x[i] op x[i-1]    t4[i] = t2[i] op t2[i-2]    t8[i] = t4[i] op t4[i-4]
 *   t16[i] = t8[i] op t8[i-8]                             p[i] = p[i-16] op t16[i]
 *
 * so p[i] is the result over all rows up to i. A window of N rows stands on blocks of N rows by row
 * number: it is the end of the block before, which the same tree gives backwards, op what there is
 * of this one. So a row costs the same whatever N is, and nothing is ever taken away again. */
#ifndef NGI_RUNNING_H
#define NGI_RUNNING_H

#include "kernel.h"
#include "slide.h"

NGI_EXACT_BEGIN

/* Where the end of one row's tree is another's beginning: the last 16 values and results. `T` is
 * the type of values, `A` of results. */
#define NGI_TRAIL_TYPE(name, T, A)                                                                 \
    typedef struct ngi_trail_##name {                                                              \
        T x[16];                                                                                   \
        A p[16];                                                                                   \
    } ngi_trail_##name;
NGI_TRAIL_TYPE(sum_f32, float, double)
NGI_TRAIL_TYPE(sum_f64, double, double)
NGI_TRAIL_TYPE(sum_i32, int32_t, int32_t)
NGI_TRAIL_TYPE(sum_i64, int64_t, int64_t)
NGI_TRAIL_TYPE(product_f64, double, double)
NGI_TRAIL_TYPE(product_i64, int64_t, int64_t)
NGI_TRAIL_TYPE(min_i32, int32_t, int32_t)
NGI_TRAIL_TYPE(min_u32, uint32_t, uint32_t)
NGI_TRAIL_TYPE(min_i64, int64_t, int64_t)
NGI_TRAIL_TYPE(min_u64, uint64_t, uint64_t)
NGI_TRAIL_TYPE(max_i32, int32_t, int32_t)
NGI_TRAIL_TYPE(max_u32, uint32_t, uint32_t)
NGI_TRAIL_TYPE(max_i64, int64_t, int64_t)
NGI_TRAIL_TYPE(max_u64, uint64_t, uint64_t)
#undef NGI_TRAIL_TYPE

/* Where a window stands in its blocks: the rows of this block so far, and whether there is a block
 * before it. */
typedef struct ngi_block {
    uint32_t rows, begun;
} ngi_block;

#define NGI_SAME(x) (x)

/* Goes before a loop of at most 16 rounds whose vectors are to stay in registers. */
#define NGI_UNROLL _Pragma("GCC unroll 16")

/* Functions that all kernels of a program share. */
#define NGI_ONCE static __attribute__((noinline, unused))

/* ---- keys: floats as integers in the same order, -0 before 0; a NaN behind or before all --------
 */

#define NGI_KEYS(PROFILE, W, F, I, U, C, bits_of, magnitude, least)                                \
    NGI_##PROFILE##_INLINE ngi_##I##x##W ngi_##F##x##W##_top_key(ngi_##F##x##W a) {                \
        const ngi_##I##x##W bits =                                                                 \
            ngi_##I##x##W##_from_##U(ngi_##U##x##W##_##bits_of(ngi_##F##x##W##_canon(a)));         \
        return ngi_##I##x##W##_pick(ngi_##I##x##W##_lt(bits, ngi_##I##x##W##_set(0)),              \
                                    ngi_##I##x##W##_xor(bits, ngi_##I##x##W##_set(magnitude)),     \
                                    bits);                                                         \
    }                                                                                              \
    NGI_##PROFILE##_INLINE ngi_##I##x##W ngi_##F##x##W##_low_key(ngi_##F##x##W a) {                \
        return ngi_##I##x##W##_pick(ngi_##F##x##W##_nan(a), ngi_##I##x##W##_set(least),            \
                                    ngi_##F##x##W##_top_key(a));                                   \
    }                                                                                              \
    NGI_##PROFILE##_INLINE ngi_##F##x##W ngi_##I##x##W##_of_key(ngi_##I##x##W a) {                 \
        const ngi_##I##x##W bits =                                                                 \
            ngi_##I##x##W##_pick(ngi_##I##x##W##_lt(a, ngi_##I##x##W##_set(0)),                    \
                                 ngi_##I##x##W##_xor(a, ngi_##I##x##W##_set(magnitude)), a);       \
        return ngi_##F##x##W##_of_bits(ngi_##U##x##W##_from_##I(bits));                            \
    }
#define NGI_BOTH_KEYS(PROFILE, W)                                                                  \
    NGI_KEYS(PROFILE, W, f32, i32, u32, float, bits_of_f32, INT32_MAX, INT32_MIN)                  \
    NGI_KEYS(PROFILE, W, f64, i64, u64, double, bits_of_f64, INT64_MAX, INT64_MIN)
NGI_BOTH_KEYS(SCALAR, 1)
#if NGI_HAS_V128
NGI_BOTH_KEYS(V128, 4)
#endif
#if NGI_HAS_V256
NGI_BOTH_KEYS(V256, 8)
#endif
#if NGI_HAS_V512
NGI_BOTH_KEYS(V512, 16)
#endif
#undef NGI_BOTH_KEYS
#undef NGI_KEYS

/* ---- the last vectors of each step of the tree
 * ---------------------------------------------------
 *
 * `rise` gives t16 of the next W rows, `fall` the same backwards, of the W rows before. */
#define NGI_STEPS_TYPE(T, W)                                                                       \
    typedef struct ngi_steps_##T##x##W {                                                           \
        ngi_##T##x##W x, twos, fours, eights, older;                                               \
    } ngi_steps_##T##x##W;
#define NGI_STEPS_16(FN, T, op)                                                                    \
    FN ngi_##T##x16 ngi_##T##x16_##op##_rise(ngi_steps_##T##x16 *s, ngi_##T##x16 x) {              \
        const ngi_##T##x16 twos = ngi_##T##x16_##op(x, ngi_##T##x16_slide_15(s->x, x));            \
        const ngi_##T##x16 fours = ngi_##T##x16_##op(twos, ngi_##T##x16_slide_14(s->twos, twos));  \
        const ngi_##T##x16 eights =                                                                \
            ngi_##T##x16_##op(fours, ngi_##T##x16_slide_12(s->fours, fours));                      \
        const ngi_##T##x16 all =                                                                   \
            ngi_##T##x16_##op(eights, ngi_##T##x16_slide_8(s->eights, eights));                    \
        s->x = x;                                                                                  \
        s->twos = twos;                                                                            \
        s->fours = fours;                                                                          \
        s->eights = eights;                                                                        \
        return all;                                                                                \
    }                                                                                              \
    FN ngi_##T##x16 ngi_##T##x16_##op##_fall(ngi_steps_##T##x16 *s, ngi_##T##x16 x) {              \
        const ngi_##T##x16 twos = ngi_##T##x16_##op(x, ngi_##T##x16_slide_1(x, s->x));             \
        const ngi_##T##x16 fours = ngi_##T##x16_##op(twos, ngi_##T##x16_slide_2(twos, s->twos));   \
        const ngi_##T##x16 eights =                                                                \
            ngi_##T##x16_##op(fours, ngi_##T##x16_slide_4(fours, s->fours));                       \
        const ngi_##T##x16 all =                                                                   \
            ngi_##T##x16_##op(eights, ngi_##T##x16_slide_8(eights, s->eights));                    \
        s->x = x;                                                                                  \
        s->twos = twos;                                                                            \
        s->fours = fours;                                                                          \
        s->eights = eights;                                                                        \
        return all;                                                                                \
    }
#define NGI_STEPS_8(FN, T, op)                                                                     \
    FN ngi_##T##x8 ngi_##T##x8_##op##_rise(ngi_steps_##T##x8 *s, ngi_##T##x8 x) {                  \
        const ngi_##T##x8 twos = ngi_##T##x8_##op(x, ngi_##T##x8_slide_7(s->x, x));                \
        const ngi_##T##x8 fours = ngi_##T##x8_##op(twos, ngi_##T##x8_slide_6(s->twos, twos));      \
        const ngi_##T##x8 eights = ngi_##T##x8_##op(fours, ngi_##T##x8_slide_4(s->fours, fours));  \
        const ngi_##T##x8 all = ngi_##T##x8_##op(eights, s->eights);                               \
        s->x = x;                                                                                  \
        s->twos = twos;                                                                            \
        s->fours = fours;                                                                          \
        s->eights = eights;                                                                        \
        return all;                                                                                \
    }                                                                                              \
    FN ngi_##T##x8 ngi_##T##x8_##op##_fall(ngi_steps_##T##x8 *s, ngi_##T##x8 x) {                  \
        const ngi_##T##x8 twos = ngi_##T##x8_##op(x, ngi_##T##x8_slide_1(x, s->x));                \
        const ngi_##T##x8 fours = ngi_##T##x8_##op(twos, ngi_##T##x8_slide_2(twos, s->twos));      \
        const ngi_##T##x8 eights = ngi_##T##x8_##op(fours, ngi_##T##x8_slide_4(fours, s->fours));  \
        const ngi_##T##x8 all = ngi_##T##x8_##op(eights, s->eights);                               \
        s->x = x;                                                                                  \
        s->twos = twos;                                                                            \
        s->fours = fours;                                                                          \
        s->eights = eights;                                                                        \
        return all;                                                                                \
    }
#define NGI_STEPS_4(FN, T, op)                                                                     \
    FN ngi_##T##x4 ngi_##T##x4_##op##_rise(ngi_steps_##T##x4 *s, ngi_##T##x4 x) {                  \
        const ngi_##T##x4 twos = ngi_##T##x4_##op(x, ngi_##T##x4_slide_3(s->x, x));                \
        const ngi_##T##x4 fours = ngi_##T##x4_##op(twos, ngi_##T##x4_slide_2(s->twos, twos));      \
        const ngi_##T##x4 eights = ngi_##T##x4_##op(fours, s->fours);                              \
        const ngi_##T##x4 all = ngi_##T##x4_##op(eights, s->older);                                \
        s->x = x;                                                                                  \
        s->twos = twos;                                                                            \
        s->fours = fours;                                                                          \
        s->older = s->eights;                                                                      \
        s->eights = eights;                                                                        \
        return all;                                                                                \
    }                                                                                              \
    FN ngi_##T##x4 ngi_##T##x4_##op##_fall(ngi_steps_##T##x4 *s, ngi_##T##x4 x) {                  \
        const ngi_##T##x4 twos = ngi_##T##x4_##op(x, ngi_##T##x4_slide_1(x, s->x));                \
        const ngi_##T##x4 fours = ngi_##T##x4_##op(twos, ngi_##T##x4_slide_2(twos, s->twos));      \
        const ngi_##T##x4 eights = ngi_##T##x4_##op(fours, s->fours);                              \
        const ngi_##T##x4 all = ngi_##T##x4_##op(eights, s->older);                                \
        s->x = x;                                                                                  \
        s->twos = twos;                                                                            \
        s->fours = fours;                                                                          \
        s->older = s->eights;                                                                      \
        s->eights = eights;                                                                        \
        return all;                                                                                \
    }
/* One lane at a time, the earlier results of a step in a ring. */
#define NGI_STEPS_1(FN, T, op)                                                                     \
    FN ngi_##T##x1 ngi_##T##x1_##op##_rise(ngi_steps_##T##x1 *s, ngi_##T##x1 x) {                  \
        const unsigned i = s->row++;                                                               \
        const ngi_##T##x1 twos = ngi_##T##x1_##op(x, s->x);                                        \
        const ngi_##T##x1 fours = ngi_##T##x1_##op(twos, s->twos[i & 1]);                          \
        const ngi_##T##x1 eights = ngi_##T##x1_##op(fours, s->fours[i & 3]);                       \
        const ngi_##T##x1 all = ngi_##T##x1_##op(eights, s->eights[i & 7]);                        \
        s->x = x;                                                                                  \
        s->twos[i & 1] = twos;                                                                     \
        s->fours[i & 3] = fours;                                                                   \
        s->eights[i & 7] = eights;                                                                 \
        return all;                                                                                \
    }                                                                                              \
    FN ngi_##T##x1 ngi_##T##x1_##op##_fall(ngi_steps_##T##x1 *s, ngi_##T##x1 x) {                  \
        return ngi_##T##x1_##op##_rise(s, x);                                                      \
    }
#define NGI_STEPS_TYPE_1(T)                                                                        \
    typedef struct ngi_steps_##T##x1 {                                                             \
        ngi_##T##x1 x, twos[2], fours[4], eights[8];                                               \
        unsigned row;                                                                              \
    } ngi_steps_##T##x1;
#define NGI_ALL_STEPS(PROFILE, W)                                                                  \
    NGI_STEPS_##W(NGI_##PROFILE##_INLINE, f32, add) NGI_STEPS_##W(                                 \
        NGI_##PROFILE##_INLINE, f64, add) NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i32, add)          \
        NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i64, add)                                            \
            NGI_STEPS_##W(NGI_##PROFILE##_INLINE, f64, mul)                                        \
                NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i64, mul)                                    \
                    NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i32, min)                                \
                        NGI_STEPS_##W(NGI_##PROFILE##_INLINE, u32, min)                            \
                            NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i64, min)                        \
                                NGI_STEPS_##W(NGI_##PROFILE##_INLINE, u64, min)                    \
                                    NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i32, max)                \
                                        NGI_STEPS_##W(NGI_##PROFILE##_INLINE, u32, max)            \
                                            NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i64, max)        \
                                                NGI_STEPS_##W(NGI_##PROFILE##_INLINE, u64, max)
#define NGI_ALL_STEP_TYPES(W)                                                                      \
    NGI_STEPS_TYPE(f32, W)                                                                         \
    NGI_STEPS_TYPE(f64, W)                                                                         \
    NGI_STEPS_TYPE(i32, W)                                                                         \
    NGI_STEPS_TYPE(u32, W)                                                                         \
    NGI_STEPS_TYPE(i64, W)                                                                         \
    NGI_STEPS_TYPE(u64, W)
NGI_STEPS_TYPE_1(f32)
NGI_STEPS_TYPE_1(f64)
NGI_STEPS_TYPE_1(i32)
NGI_STEPS_TYPE_1(u32)
NGI_STEPS_TYPE_1(i64)
NGI_STEPS_TYPE_1(u64)
NGI_ALL_STEPS(SCALAR, 1)
#if NGI_HAS_V128
NGI_ALL_STEP_TYPES(4)
NGI_ALL_STEPS(V128, 4)
#endif
#if NGI_HAS_V256
NGI_ALL_STEP_TYPES(8)
NGI_ALL_STEPS(V256, 8)
#endif
#if NGI_HAS_V512
NGI_ALL_STEP_TYPES(16)
NGI_ALL_STEPS(V512, 16)
#endif
#undef NGI_STEPS_TYPE
#undef NGI_STEPS_TYPE_1
#undef NGI_STEPS_16
#undef NGI_STEPS_8
#undef NGI_STEPS_4
#undef NGI_STEPS_1
#undef NGI_ALL_STEPS
#undef NGI_ALL_STEP_TYPES

/* ---- the tree, forwards and backwards
 * ------------------------------------------------------------
 *
 * `name` is an operation `op` with the types `T` of values and `A` of results (`TC`, `AC` in C);
 * `widen` leads from one to the other, `none` is the identity.
 *
 *   along  the next n results; joined with `ends`, the ends of the windows in the block before,
 *          unless that is NULL; the values are kept in `held` unless that is
 *   back   of each of the `rows` values in `held`: the result from it to the block's end; both
 *          arrays hold rows + 16 values and may be the same
 *   scan   the next n results
 *   roll   the next n results over the last `rows` rows
 *
 * All may read and write up to 15 rows more than they say. */
#define NGI_TREE(PROFILE, profile, W, name, T, TC, A, AC, op, widen, none)                         \
    NGI_SCALAR_INLINE void ngi_##profile##_##name##_reset(ngi_trail_##name *s) {                   \
        for (int i = 0; i < 16; i++) {                                                             \
            s->x[i] = none;                                                                        \
            s->p[i] = none;                                                                        \
        }                                                                                          \
    }                                                                                              \
    NGI_##PROFILE##_INLINE void ngi_##profile##_##name##_rise(ngi_steps_##T##x##W *s,              \
                                                              ngi_##A##x##W *p, const TC *x,       \
                                                              const AC *ends, TC *held, AC *out) { \
        const ngi_##T##x##W v = ngi_##T##x##W##_load(x);                                           \
        if (held != NULL) {                                                                        \
            ngi_##T##x##W##_store(held, v);                                                        \
        }                                                                                          \
        *p = ngi_##A##x##W##_##op(*p, widen(ngi_##T##x##W##_##op##_rise(s, v)));                   \
        ngi_##A##x##W##_store(                                                                     \
            out, ends == NULL ? *p : ngi_##A##x##W##_##op(ngi_##A##x##W##_load(ends), *p));        \
    }                                                                                              \
    /* 16 rows. */                                                                                 \
    NGI_##PROFILE##_INLINE void ngi_##profile##_##name##_rise_16(                                  \
        ngi_steps_##T##x##W *s, ngi_##A##x##W *p, const TC *x, const AC *ends, TC *held,           \
        AC *out) {                                                                                 \
        NGI_UNROLL                                                                                 \
        for (int j = 0; j < 16; j += W) {                                                          \
            ngi_##profile##_##name##_rise(s, p + j / W, x + j, ends == NULL ? NULL : ends + j,     \
                                          held == NULL ? NULL : held + j, out + j);                \
        }                                                                                          \
    }                                                                                              \
    NGI_##PROFILE##_INLINE void ngi_##profile##_##name##_along(                                    \
        ngi_trail_##name *s, const TC *x, const AC *ends, TC *held, AC *out, size_t n) {           \
        ngi_steps_##T##x##W steps;                                                                 \
        ngi_##A##x##W p[16 / W];                                                                   \
        __builtin_memset(&steps, 0, sizeof(steps));                                                \
        for (int j = 0; j < 16; j += W) { /* what has no value yet leaves again with these rows */ \
            (void)ngi_##T##x##W##_##op##_rise(&steps, ngi_##T##x##W##_load(s->x + j));             \
            p[j / W] = ngi_##A##x##W##_load(s->p + j);                                             \
        }                                                                                          \
        size_t i = 0;                                                                              \
        for (; i + 16 <= n; i += 16) {                                                             \
            ngi_##profile##_##name##_rise_16(&steps, p, x + i, ends == NULL ? NULL : ends + i,     \
                                             held == NULL ? NULL : held + i, out + i);             \
        }                                                                                          \
        AC last[32];                                                                               \
        for (int j = 0; j < 16; j += W) {                                                          \
            ngi_##A##x##W##_store(last + j, p[j / W]);                                             \
        }                                                                                          \
        if (i < n) { /* nothing is added behind the last row */                                    \
            TC rest[16];                                                                           \
            for (int j = 0; j < 16; j++) {                                                         \
                rest[j] = none;                                                                    \
            }                                                                                      \
            __builtin_memcpy(rest, x + i, (n - i) * sizeof(*x));                                   \
            ngi_##profile##_##name##_rise_16(&steps, p, rest, ends == NULL ? NULL : ends + i,      \
                                             held == NULL ? NULL : held + i, out + i);             \
            for (int j = 0; j < 16; j += W) {                                                      \
                ngi_##A##x##W##_store(last + 16 + j, p[j / W]);                                    \
            }                                                                                      \
        }                                                                                          \
        __builtin_memcpy(s->p, last + (n - i), sizeof(s->p));                                      \
        if (n >= 16) {                                                                             \
            __builtin_memcpy(s->x, x + n - 16, sizeof(s->x));                                      \
        } else {                                                                                   \
            TC both[32];                                                                           \
            __builtin_memcpy(both, s->x, sizeof(s->x));                                            \
            __builtin_memcpy(both + 16, x, n * sizeof(*x));                                        \
            __builtin_memcpy(s->x, both + n, sizeof(s->x));                                        \
        }                                                                                          \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_##name##_scan(ngi_trail_##name *s, const TC *x,    \
                                                              AC *out, size_t n) {                 \
        ngi_##profile##_##name##_along(s, x, NULL, NULL, out, n);                                  \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_##name##_back(AC *part, TC *held, size_t rows) {   \
        ngi_trail_##name behind;                                                                   \
        ngi_##profile##_##name##_reset(&behind);                                                   \
        __builtin_memcpy(held + rows, behind.x, sizeof(behind.x));                                 \
        ngi_steps_##T##x##W steps;                                                                 \
        ngi_##A##x##W p[16 / W];                                                                   \
        __builtin_memset(&steps, 0, sizeof(steps));                                                \
        for (int j = 0; j < 16; j += W) {                                                          \
            (void)ngi_##T##x##W##_##op##_fall(&steps, ngi_##T##x##W##_load(behind.x));             \
            p[j / W] = ngi_##A##x##W##_load(behind.p);                                             \
        }                                                                                          \
        for (size_t i = (rows + 15) / 16 * 16; i != 0;) {                                          \
            i -= 16;                                                                               \
            NGI_UNROLL                                                                             \
            for (int j = 16 - W; j >= 0; j -= W) {                                                 \
                const ngi_##T##x##W v =                                                            \
                    ngi_##T##x##W##_##op##_fall(&steps, ngi_##T##x##W##_load(held + i + j));       \
                p[j / W] = ngi_##A##x##W##_##op(p[j / W], widen(v));                               \
                ngi_##A##x##W##_store(part + i + j, p[j / W]);                                     \
            }                                                                                      \
        }                                                                                          \
        __builtin_memcpy(part + rows, behind.p, sizeof(behind.p));                                 \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_##name##_roll(                                     \
        ngi_trail_##name *s, ngi_block *block, AC *part, TC *held, size_t rows, const TC *x,       \
        AC *out, size_t n) {                                                                       \
        while (n != 0) {                                                                           \
            const size_t at = block->rows, left = rows - at, some = n < left ? n : left;           \
            if (block->begun == 0) {                                                               \
                ngi_##profile##_##name##_along(s, x, NULL, held + at, out, some);                  \
            } else {                                                                               \
                ngi_##profile##_##name##_along(s, x, part + at + 1, held + at, out, some);         \
            }                                                                                      \
            block->rows += (uint32_t)some;                                                         \
            if (block->rows == rows) {                                                             \
                ngi_##profile##_##name##_back(part, held, rows);                                   \
                ngi_##profile##_##name##_reset(s);                                                 \
                block->rows = 0;                                                                   \
                block->begun = 1;                                                                  \
            }                                                                                      \
            x += some;                                                                             \
            out += some;                                                                           \
            n -= some;                                                                             \
        }                                                                                          \
    }

/* The sums of deviations from a pivot, and of their squares, over the last `rows` rows: the pivot
 * is the mean of the block before, or the first value. `there` is 0 where there is no value. */
typedef struct ngi_deviations {
    ngi_trail_sum_f64 sums, squares;
    double pivot;
    uint64_t values; /* in this block */
    ngi_block block;
    uint32_t begun; /* whether the pivot is known */
    uint32_t unused;
} ngi_deviations;

NGI_INLINE void ngi_find_pivot(ngi_deviations *s, const double *x, const uint32_t *there, size_t n,
                               size_t *first) {
    for (*first = 0; *first < n; ++*first) {
        if ((there == NULL || there[*first] != 0) && ngi_is_finite(x[*first])) {
            s->pivot = x[*first];
            s->begun = 1;
            return;
        }
    }
}

/* `deviate`: the deviations of n rows, 0 where there is no value, and their squares; returns how
 * many have one. `roll`: as above; `values` holds the rows of a block, and `held` which have a
 * value (NULL: all do). */
#define NGI_DEVIATIONS(PROFILE, profile, W)                                                        \
    NGI_##PROFILE##_INLINE uint64_t ngi_##profile##_deviate(double pivot, const double *x,         \
                                                            const uint32_t *there, double *d,      \
                                                            double *squares, size_t n) {           \
        uint64_t values = 0;                                                                       \
        for (size_t i = 0; i < n; i += W) {                                                        \
            ngi_f64x##W away =                                                                     \
                ngi_f64x##W##_sub(ngi_f64x##W##_load(x + i), ngi_f64x##W##_set(pivot));            \
            if (there != NULL) {                                                                   \
                const ngi_m##W is = ngi_m##W##_and(                                                \
                    ngi_m##W##_first(n - i),                                                       \
                    ngi_u32x##W##_lt(ngi_u32x##W##_set(0), ngi_u32x##W##_load(there + i)));        \
                away = ngi_f64x##W##_keep(is, away);                                               \
                values += ngi_m##W##_count(is);                                                    \
            }                                                                                      \
            ngi_f64x##W##_store(d + i, away);                                                      \
            ngi_f64x##W##_store(squares + i, ngi_f64x##W##_mul(away, away));                       \
        }                                                                                          \
        return there != NULL ? values : n;                                                         \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_deviations_turn(                                   \
        ngi_deviations *s, double *part, double *part_squares, const double *values,               \
        const uint32_t *held, size_t rows) {                                                       \
        const double mean = s->pivot + s->sums.p[15] / (double)s->values;                          \
        s->pivot = ngi_is_finite(mean) ? mean : s->pivot;                                          \
        (void)ngi_##profile##_deviate(s->pivot, values, held, part, part_squares, rows);           \
        ngi_##profile##_sum_f64_back(part, part, rows);                                            \
        ngi_##profile##_sum_f64_back(part_squares, part_squares, rows);                            \
        ngi_##profile##_sum_f64_reset(&s->sums);                                                   \
        ngi_##profile##_sum_f64_reset(&s->squares);                                                \
        s->values = 0;                                                                             \
        s->block.rows = 0;                                                                         \
        s->block.begun = 1;                                                                        \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_deviations_roll(                                   \
        ngi_deviations *s, double *part, double *part_squares, double *values, uint32_t *held,     \
        size_t rows, const double *x, const uint32_t *there, double *out, double *out_squares,     \
        size_t n) {                                                                                \
        double d[NGI_RUN + 16], squares[NGI_RUN + 16];                                             \
        while (n != 0) {                                                                           \
            const size_t at = s->block.rows, left = rows - at;                                     \
            size_t some = n < left ? n : left, first = 0;                                          \
            if (s->begun == 0) {                                                                   \
                ngi_find_pivot(s, x, there, some, &first);                                         \
                some = first == 0 ? some : first; /* those before have pivot 0 */                  \
            }                                                                                      \
            s->values +=                                                                           \
                ngi_##profile##_deviate(first == 0 ? s->pivot : 0.0, x, there, d, squares, some);  \
            if (s->block.begun == 0) {                                                             \
                ngi_##profile##_sum_f64_along(&s->sums, d, NULL, NULL, out, some);                 \
                ngi_##profile##_sum_f64_along(&s->squares, squares, NULL, NULL, out_squares,       \
                                              some);                                               \
            } else {                                                                               \
                ngi_##profile##_sum_f64_along(&s->sums, d, part + at + 1, NULL, out, some);        \
                ngi_##profile##_sum_f64_along(&s->squares, squares, part_squares + at + 1, NULL,   \
                                              out_squares, some);                                  \
            }                                                                                      \
            __builtin_memcpy(values + at, x, some * sizeof(*x));                                   \
            if (held != NULL) {                                                                    \
                __builtin_memcpy(held + at, there, some * sizeof(*there));                         \
            }                                                                                      \
            s->block.rows += (uint32_t)some;                                                       \
            if (s->block.rows == rows) {                                                           \
                ngi_##profile##_deviations_turn(s, part, part_squares, values, held, rows);        \
            }                                                                                      \
            x += some;                                                                             \
            there = there == NULL ? NULL : there + some;                                           \
            out += some;                                                                           \
            out_squares += some;                                                                   \
            n -= some;                                                                             \
        }                                                                                          \
    }

/* The means of windows of at most `rows` rows, from their sums. A quotient by a whole number of at
 * most 26 bits is rounded correctly without a division: the rest of a first guess is exact, as the
 * guess is cut into two halves, and corrects it by so much more than its own error that no sum can
 * lie too near the middle of two numbers. Where exponents leave no room, and for zeros, whose sign
 * would be lost, the processor divides. */
#define NGI_MEANS(PROFILE, profile, W)                                                             \
    NGI_##PROFILE##_INLINE ngi_f64x##W ngi_##profile##_over(ngi_f64x##W sum, double rows) {        \
        const ngi_f64x##W n = ngi_f64x##W##_set(rows), part = ngi_f64x##W##_set(1.0 / rows);       \
        const ngi_f64x##W size = ngi_f64x##W##_abs(sum);                                           \
        if (!ngi_m##W##_all(ngi_m##W##_and(ngi_f64x##W##_lt(ngi_f64x##W##_set(0x1p-900), size),    \
                                           ngi_f64x##W##_lt(size, ngi_f64x##W##_set(0x1p900))))) { \
            return ngi_f64x##W##_div(sum, n);                                                      \
        }                                                                                          \
        const ngi_f64x##W guess = ngi_f64x##W##_mul(sum, part);                                    \
        const ngi_f64x##W high = ngi_f64x##W##_of_bits(ngi_u64x##W##_and(                          \
            ngi_u64x##W##_bits_of_f64(guess), ngi_u64x##W##_set(~(uint64_t)0x7ffffff)));           \
        const ngi_f64x##W low = ngi_f64x##W##_sub(guess, high);                                    \
        const ngi_f64x##W rest = ngi_f64x##W##_sub(                                                \
            ngi_f64x##W##_sub(sum, ngi_f64x##W##_mul(high, n)), ngi_f64x##W##_mul(low, n));        \
        return ngi_f64x##W##_add(guess, ngi_f64x##W##_mul(rest, part));                            \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_means(uint64_t *seen, uint64_t rows,               \
                                                      const double *sums, double *out, size_t n) { \
        size_t i = 0;                                                                              \
        for (; i < n && *seen < rows; i++) {                                                       \
            *seen += 1;                                                                            \
            out[i] = sums[i] / (double)*seen;                                                      \
        }                                                                                          \
        for (; i < n; i += W) {                                                                    \
            ngi_f64x##W##_store(out + i,                                                           \
                                ngi_##profile##_over(ngi_f64x##W##_load(sums + i), (double)rows)); \
        }                                                                                          \
    }

#define NGI_TREES(PROFILE, profile, W)                                                             \
    NGI_TREE(PROFILE, profile, W, sum_f32, f32, float, f64, double, add, ngi_f64x##W##_from_f32,   \
             0)                                                                                    \
    NGI_TREE(PROFILE, profile, W, sum_f64, f64, double, f64, double, add, NGI_SAME, 0)             \
    NGI_TREE(PROFILE, profile, W, sum_i32, i32, int32_t, i32, int32_t, add, NGI_SAME, 0)           \
    NGI_TREE(PROFILE, profile, W, sum_i64, i64, int64_t, i64, int64_t, add, NGI_SAME, 0)           \
    NGI_TREE(PROFILE, profile, W, product_f64, f64, double, f64, double, mul, NGI_SAME, 1)         \
    NGI_TREE(PROFILE, profile, W, product_i64, i64, int64_t, i64, int64_t, mul, NGI_SAME, 1)       \
    NGI_TREE(PROFILE, profile, W, min_i32, i32, int32_t, i32, int32_t, min, NGI_SAME, INT32_MAX)   \
    NGI_TREE(PROFILE, profile, W, min_u32, u32, uint32_t, u32, uint32_t, min, NGI_SAME,            \
             UINT32_MAX)                                                                           \
    NGI_TREE(PROFILE, profile, W, min_i64, i64, int64_t, i64, int64_t, min, NGI_SAME, INT64_MAX)   \
    NGI_TREE(PROFILE, profile, W, min_u64, u64, uint64_t, u64, uint64_t, min, NGI_SAME,            \
             UINT64_MAX)                                                                           \
    NGI_TREE(PROFILE, profile, W, max_i32, i32, int32_t, i32, int32_t, max, NGI_SAME, INT32_MIN)   \
    NGI_TREE(PROFILE, profile, W, max_u32, u32, uint32_t, u32, uint32_t, max, NGI_SAME, 0)         \
    NGI_TREE(PROFILE, profile, W, max_i64, i64, int64_t, i64, int64_t, max, NGI_SAME, INT64_MIN)   \
    NGI_TREE(PROFILE, profile, W, max_u64, u64, uint64_t, u64, uint64_t, max, NGI_SAME, 0)         \
    NGI_DEVIATIONS(PROFILE, profile, W)                                                            \
    NGI_MEANS(PROFILE, profile, W)
NGI_TREES(SCALAR, scalar, 1)
#if NGI_HAS_V128
NGI_TREES(V128, v128, 4)
#endif
#if NGI_HAS_V256
NGI_TREES(V256, v256, 8)
#endif
#if NGI_HAS_V512
NGI_TREES(V512, v512, 16)
#endif
#undef NGI_TREES
#undef NGI_DEVIATIONS
#undef NGI_MEANS
#undef NGI_UNROLL
#undef NGI_TREE
#undef NGI_SAME
#undef NGI_ONCE

/* ---- the ends of a window, one row at a time ---------------------------------------------------
 */

/* The first value of a window: `part` and `held` keep, for each row of the block before, the first
 * value from it on, and for each row of this one the value. A row whose window has none gets
 * anything. */
#define NGI_ROLL_FIRST(name, C)                                                                    \
    typedef struct ngi_first_##name {                                                              \
        C value;                                                                                   \
        uint32_t found;                                                                            \
        ngi_block block;                                                                           \
    } ngi_first_##name;                                                                            \
    NGI_INLINE void ngi_first_##name##_roll(ngi_first_##name *s, C *part, uint8_t *held,           \
                                            size_t rows, const C *x, const uint32_t *there,        \
                                            C *out, size_t n) {                                    \
        for (size_t i = 0; i < n; i++) {                                                           \
            const size_t at = s->block.rows;                                                       \
            const bool is = there == NULL || there[i] != 0;                                        \
            if (is && s->found == 0) {                                                             \
                s->value = x[i];                                                                   \
                s->found = 1;                                                                      \
            }                                                                                      \
            const bool older = s->block.begun != 0 && at + 1 < rows && held[at + 1] != 0;          \
            out[i] = older ? part[at + 1] : s->value;                                              \
            part[at] = x[i];                                                                       \
            held[at] = is;                                                                         \
            if (++s->block.rows < rows) {                                                          \
                continue;                                                                          \
            }                                                                                      \
            for (size_t row = rows - 1; row-- > 0;) {                                              \
                part[row] = held[row] != 0 ? part[row] : part[row + 1];                            \
                held[row] = held[row] != 0 || held[row + 1] != 0;                                  \
            }                                                                                      \
            s->block.rows = 0;                                                                     \
            s->block.begun = 1;                                                                    \
            s->found = 0;                                                                          \
        }                                                                                          \
    }                                                                                              \
    /* The first or the last value so far; `found` says whether there is one. */                   \
    NGI_INLINE void ngi_first_##name##_scan(C *value, uint32_t *found, const C *x,                 \
                                            const uint32_t *there, C *out, size_t n) {             \
        for (size_t i = 0; i < n; i++) {                                                           \
            if (*found == 0 && (there == NULL || there[i] != 0)) {                                 \
                *value = x[i];                                                                     \
                *found = 1;                                                                        \
            }                                                                                      \
            out[i] = *value;                                                                       \
        }                                                                                          \
    }                                                                                              \
    NGI_INLINE void ngi_last_##name##_scan(C *value, const C *x, const uint32_t *there, C *out,    \
                                           size_t n) {                                             \
        for (size_t i = 0; i < n; i++) {                                                           \
            *value = there == NULL || there[i] != 0 ? x[i] : *value;                               \
            out[i] = *value;                                                                       \
        }                                                                                          \
    }
NGI_ROLL_FIRST(i32, int32_t)
NGI_ROLL_FIRST(u32, uint32_t)
NGI_ROLL_FIRST(i64, int64_t)
NGI_ROLL_FIRST(u64, uint64_t)
NGI_ROLL_FIRST(f32, float)
NGI_ROLL_FIRST(f64, double)
#undef NGI_ROLL_FIRST

/* How many rows there are, but for windows no more than `most` (0: all). */
NGI_INLINE void ngi_rows_scan(uint64_t *seen, uint64_t most, int64_t *out, size_t n) {
    size_t i = 0;
    for (; i < n && (most == 0 || *seen < most); i++) {
        *seen += 1;
        out[i] = (int64_t)*seen;
    }
    for (; i < n; i++) {
        out[i] = (int64_t)most;
    }
}

/* The squared distances from the mean of all values so far (Welford). */
NGI_INLINE void ngi_moments_scan(ngi_moments *all, const double *x, const uint32_t *there,
                                 double *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (there == NULL || there[i] != 0) {
            ngi_moments_add(all, x[i]);
        }
        out[i] = all->m2;
    }
}

NGI_EXACT_END

#endif
