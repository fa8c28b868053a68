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

NGI_EXACT_BEGIN

/* Rows around the rows of a chunk: those before or behind it, and what whole vectors read besides.
 */
#define NGI_AROUND 64
#define NGI_WITH_AROUND (NGI_RUN + 2 * NGI_AROUND)

/* Where the end of one row's tree is another's beginning: the last 16 values and results. `T` is
 * the type of values, `A` of results. */
#define NGI_TRAIL_TYPE(name, T, A)                                                                 \
    typedef struct ngi_trail_##name {                                                              \
        T x[16];                                                                                   \
        A p[16];                                                                                   \
    } ngi_trail_##name;
NGI_TRAIL_TYPE(sum_f32, float, double)
NGI_TRAIL_TYPE(sum_f64, double, double)
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

/* ---- the tree, forwards and backwards
 * ------------------------------------------------------------
 *
 * `name` is an operation with the types `T` of values and `A` of results (`TC`, `AC` in C); `widen`
 * and `narrow` lead from one to the other, `none` is the identity.
 *
 *   tree   n <= 512 results q of values v, each with 16 rows around; d -1: of the rows up to each,
 *          d 1: of the rows from each on
 *   scan   the next n results
 *   back   of each row of a block: from it to the block's end, in place
 *   roll   the next n results over the last `rows` rows; `part` holds rows + 16 values
 *
 * They may write up to 15 rows more than they say, and `roll` reads as many of `part`. */
#define NGI_TREE(PROFILE, profile, W, name, T, TC, A, AC, op, widen, narrow, none)                 \
    NGI_##PROFILE##_INLINE void ngi_##profile##_##name##_tree(const TC *v, AC *q, size_t n,        \
                                                              ptrdiff_t d) {                       \
        TC fours[NGI_WITH_AROUND], *const t = fours + NGI_AROUND;                                  \
        const ptrdiff_t rows = (ptrdiff_t)n;                                                       \
        for (ptrdiff_t i = -16; i < rows + 16; i += W) {                                           \
            const ngi_##T##x##W a = ngi_##T##x##W##_##op(ngi_##T##x##W##_load(v + i),              \
                                                         ngi_##T##x##W##_load(v + i + d));         \
            const ngi_##T##x##W b = ngi_##T##x##W##_##op(ngi_##T##x##W##_load(v + i + 2 * d),      \
                                                         ngi_##T##x##W##_load(v + i + 3 * d));     \
            ngi_##T##x##W##_store(t + i, ngi_##T##x##W##_##op(a, b));                              \
        }                                                                                          \
        for (ptrdiff_t k = 0; k < rows; k += W) {                                                  \
            const ptrdiff_t i = d < 0 ? k : rows - W - k;                                          \
            const ngi_##T##x##W a = ngi_##T##x##W##_##op(ngi_##T##x##W##_load(t + i),              \
                                                         ngi_##T##x##W##_load(t + i + 4 * d));     \
            const ngi_##T##x##W b = ngi_##T##x##W##_##op(ngi_##T##x##W##_load(t + i + 8 * d),      \
                                                         ngi_##T##x##W##_load(t + i + 12 * d));    \
            const ngi_##A##x##W before = ngi_##A##x##W##_load(q + i + 16 * d);                     \
            ngi_##A##x##W##_store(                                                                 \
                q + i, ngi_##A##x##W##_##op(before, widen(ngi_##T##x##W##_##op(a, b))));           \
        }                                                                                          \
    }                                                                                              \
    NGI_SCALAR_INLINE void ngi_##profile##_##name##_reset(ngi_trail_##name *s) {                   \
        for (int i = 0; i < 16; i++) {                                                             \
            s->x[i] = none;                                                                        \
            s->p[i] = none;                                                                        \
        }                                                                                          \
    }                                                                                              \
    NGI_SCALAR_INLINE void ngi_##profile##_##name##_empty(TC *v) {                                 \
        for (int i = 0; i < NGI_AROUND; i++) {                                                     \
            v[i] = none;                                                                           \
        }                                                                                          \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_##name##_scan(ngi_trail_##name *s, const TC *x,    \
                                                              AC *out, size_t n) {                 \
        TC values[NGI_WITH_AROUND], *const v = values + NGI_AROUND;                                \
        AC results[NGI_WITH_AROUND], *const q = results + NGI_AROUND;                              \
        ngi_##profile##_##name##_empty(values);                                                    \
        ngi_##profile##_##name##_empty(v + n);                                                     \
        __builtin_memcpy(v - 16, s->x, sizeof(s->x));                                              \
        __builtin_memcpy(v, x, n * sizeof(*v));                                                    \
        __builtin_memcpy(q - 16, s->p, sizeof(s->p));                                              \
        ngi_##profile##_##name##_tree(v, q, n, -1);                                                \
        __builtin_memcpy(out, q, n * sizeof(*q));                                                  \
        __builtin_memcpy(s->x, v + n - 16, sizeof(s->x));                                          \
        __builtin_memcpy(s->p, q + n - 16, sizeof(s->p));                                          \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_##name##_back(AC *part, size_t rows) {             \
        TC values[NGI_WITH_AROUND], *const v = values + NGI_AROUND;                                \
        AC results[NGI_WITH_AROUND], *const q = results + NGI_AROUND;                              \
        ngi_trail_##name behind;                                                                   \
        ngi_##profile##_##name##_reset(&behind);                                                   \
        ngi_##profile##_##name##_empty(values);                                                    \
        __builtin_memcpy(part + rows, behind.p, sizeof(behind.p));                                 \
        while (rows != 0) {                                                                        \
            const size_t n = rows < NGI_RUN ? rows : NGI_RUN;                                      \
            rows -= n;                                                                             \
            ngi_##profile##_##name##_empty(v + n);                                                 \
            for (size_t i = 0; i < n; i++) {                                                       \
                v[i] = narrow(part[rows + i]);                                                     \
            }                                                                                      \
            __builtin_memcpy(v + n, behind.x, sizeof(behind.x));                                   \
            __builtin_memcpy(q + n, behind.p, sizeof(behind.p));                                   \
            ngi_##profile##_##name##_tree(v, q, n, 1);                                             \
            __builtin_memcpy(part + rows, q, n * sizeof(*q));                                      \
            __builtin_memcpy(behind.x, v, sizeof(behind.x));                                       \
            __builtin_memcpy(behind.p, q, sizeof(behind.p));                                       \
        }                                                                                          \
    }                                                                                              \
    NGI_##PROFILE##_INLINE void ngi_##profile##_##name##_join(const AC *part, AC *out, size_t n) { \
        for (size_t i = 0; i < n; i += W) {                                                        \
            ngi_##A##x##W##_store(out + i, ngi_##A##x##W##_##op(ngi_##A##x##W##_load(part + i),    \
                                                                ngi_##A##x##W##_load(out + i)));   \
        }                                                                                          \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_##name##_roll(                                     \
        ngi_trail_##name *s, ngi_block *block, AC *part, size_t rows, const TC *x, AC *out,        \
        size_t n) {                                                                                \
        while (n != 0) {                                                                           \
            const size_t at = block->rows, left = rows - at, some = n < left ? n : left;           \
            ngi_##profile##_##name##_scan(s, x, out, some);                                        \
            if (block->begun != 0) {                                                               \
                ngi_##profile##_##name##_join(part + at + 1, out, some);                           \
            }                                                                                      \
            for (size_t i = 0; i < some; i++) {                                                    \
                part[at + i] = (AC)x[i];                                                           \
            }                                                                                      \
            block->rows += (uint32_t)some;                                                         \
            if (block->rows == rows) {                                                             \
                ngi_##profile##_##name##_back(part, rows);                                         \
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

NGI_INLINE void ngi_deviate(ngi_deviations *s, const double *x, const uint32_t *there, double *d,
                            double *squares, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const bool is = there == NULL || there[i] != 0;
        if (s->begun == 0 && is && ngi_is_finite(x[i])) {
            s->pivot = x[i];
            s->begun = 1;
        }
        d[i] = is ? x[i] - s->pivot : 0.0;
        squares[i] = ngi_f64x1_mul(d[i], d[i]);
        s->values += is;
    }
}

/* As `roll`; `held` keeps which rows have a value (NULL: all do). */
#define NGI_ROLL_DEVIATIONS(PROFILE, profile)                                                      \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_deviations_roll(                                   \
        ngi_deviations *s, double *part, double *part_squares, uint8_t *held, size_t rows,         \
        const double *x, const uint32_t *there, double *out, double *out_squares, size_t n) {      \
        double d[NGI_RUN], squares[NGI_RUN];                                                       \
        while (n != 0) {                                                                           \
            const size_t at = s->block.rows, left = rows - at, some = n < left ? n : left;         \
            ngi_deviate(s, x, there, d, squares, some);                                            \
            ngi_##profile##_sum_f64_scan(&s->sums, d, out, some);                                  \
            ngi_##profile##_sum_f64_scan(&s->squares, squares, out_squares, some);                 \
            if (s->block.begun != 0) {                                                             \
                ngi_##profile##_sum_f64_join(part + at + 1, out, some);                            \
                ngi_##profile##_sum_f64_join(part_squares + at + 1, out_squares, some);            \
            }                                                                                      \
            __builtin_memcpy(part + at, x, some * sizeof(*x));                                     \
            for (size_t i = 0; held != NULL && i < some; i++) {                                    \
                held[at + i] = there[i] != 0;                                                      \
            }                                                                                      \
            s->block.rows += (uint32_t)some;                                                       \
            if (s->block.rows == rows) {                                                           \
                const double mean = s->pivot + s->sums.p[15] / (double)s->values;                  \
                s->pivot = ngi_is_finite(mean) ? mean : s->pivot;                                  \
                for (size_t i = 0; i < rows; i++) {                                                \
                    const bool is = held == NULL || held[i] != 0;                                  \
                    part[i] = is ? part[i] - s->pivot : 0.0;                                       \
                    part_squares[i] = ngi_f64x1_mul(part[i], part[i]);                             \
                }                                                                                  \
                ngi_##profile##_sum_f64_back(part, rows);                                          \
                ngi_##profile##_sum_f64_back(part_squares, rows);                                  \
                ngi_##profile##_sum_f64_reset(&s->sums);                                           \
                ngi_##profile##_sum_f64_reset(&s->squares);                                        \
                s->values = 0;                                                                     \
                s->block.rows = 0;                                                                 \
                s->block.begun = 1;                                                                \
            }                                                                                      \
            x += some;                                                                             \
            there = there == NULL ? NULL : there + some;                                           \
            out += some;                                                                           \
            out_squares += some;                                                                   \
            n -= some;                                                                             \
        }                                                                                          \
    }

#define NGI_TREES(PROFILE, profile, W)                                                             \
    NGI_TREE(PROFILE, profile, W, sum_f32, f32, float, f64, double, add, ngi_f64x##W##_from_f32,   \
             (float), 0)                                                                           \
    NGI_TREE(PROFILE, profile, W, sum_f64, f64, double, f64, double, add, NGI_SAME, NGI_SAME, 0)   \
    NGI_TREE(PROFILE, profile, W, sum_i64, i64, int64_t, i64, int64_t, add, NGI_SAME, NGI_SAME, 0) \
    NGI_TREE(PROFILE, profile, W, product_f64, f64, double, f64, double, mul, NGI_SAME, NGI_SAME,  \
             1)                                                                                    \
    NGI_TREE(PROFILE, profile, W, product_i64, i64, int64_t, i64, int64_t, mul, NGI_SAME,          \
             NGI_SAME, 1)                                                                          \
    NGI_TREE(PROFILE, profile, W, min_i32, i32, int32_t, i32, int32_t, min, NGI_SAME, NGI_SAME,    \
             INT32_MAX)                                                                            \
    NGI_TREE(PROFILE, profile, W, min_u32, u32, uint32_t, u32, uint32_t, min, NGI_SAME, NGI_SAME,  \
             UINT32_MAX)                                                                           \
    NGI_TREE(PROFILE, profile, W, min_i64, i64, int64_t, i64, int64_t, min, NGI_SAME, NGI_SAME,    \
             INT64_MAX)                                                                            \
    NGI_TREE(PROFILE, profile, W, min_u64, u64, uint64_t, u64, uint64_t, min, NGI_SAME, NGI_SAME,  \
             UINT64_MAX)                                                                           \
    NGI_TREE(PROFILE, profile, W, max_i32, i32, int32_t, i32, int32_t, max, NGI_SAME, NGI_SAME,    \
             INT32_MIN)                                                                            \
    NGI_TREE(PROFILE, profile, W, max_u32, u32, uint32_t, u32, uint32_t, max, NGI_SAME, NGI_SAME,  \
             0)                                                                                    \
    NGI_TREE(PROFILE, profile, W, max_i64, i64, int64_t, i64, int64_t, max, NGI_SAME, NGI_SAME,    \
             INT64_MIN)                                                                            \
    NGI_TREE(PROFILE, profile, W, max_u64, u64, uint64_t, u64, uint64_t, max, NGI_SAME, NGI_SAME,  \
             0)                                                                                    \
    NGI_ROLL_DEVIATIONS(PROFILE, profile)
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
#undef NGI_ROLL_DEVIATIONS
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
    for (size_t i = 0; i < n; i++) {
        *seen += most == 0 || *seen < most;
        out[i] = (int64_t)*seen;
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
