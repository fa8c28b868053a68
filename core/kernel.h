/* kernel: what generated loops share and no instruction set changes: steps that count rows, text in
 * flight, carries of sums and variances, groups. Every function here is defined once, for all
 * profiles. */
#ifndef NGI_KERNEL_H
#define NGI_KERNEL_H

#include "base.h"
#include "bits.h"
#include "exact.h"
#include "reduce.h"
#include "simd.h"

NGI_EXACT_BEGIN

#define NGI_INLINE static inline __attribute__((always_inline, unused))

/* Has a vector that was read stay in its register for all its uses. gcc reads it anew for each, and
 * reads across two cache lines are slow. */
#if (defined(__x86_64__) || defined(__i386__)) && !defined(__clang__)
#define NGI_HOLD(vector) __asm__("" : "+v"(vector))
#else
#define NGI_HOLD(vector) ((void)0)
#endif

/* Rows of a run: the unit in which reductions are folded (docs/rivers.md). */
#define NGI_RUN 512

/* Goes before the arrays that a tree's leaves are stored to and read back from, whole vectors at a
 * time: none of those lies across two cache lines. */
#define NGI_LEAVES __attribute__((aligned(64)))

/* ---- steps that count rows ----------------------------------------------------------------------
 * They see the rows of one block that are still alive, lowest bit first, and return those kept. */

NGI_INLINE uint32_t ngi_take(uint64_t *left, uint32_t alive) {
    uint32_t kept = 0;
    while (alive != 0 && *left != 0) {
        const uint32_t lowest = alive & (0U - alive);
        kept |= lowest;
        alive ^= lowest;
        *left -= 1;
    }
    return kept;
}

NGI_INLINE uint32_t ngi_skip(uint64_t *left, uint32_t alive) {
    while (alive != 0 && *left != 0) {
        alive &= alive - 1;
        *left -= 1;
    }
    return alive;
}

NGI_INLINE uint32_t ngi_take_while(uint64_t *ended, uint32_t alive, uint32_t pass) {
    const uint32_t fails = alive & ~pass;
    if (*ended != 0) {
        return 0;
    }
    if (fails == 0) {
        return alive;
    }
    *ended = 1;
    return alive & ((fails & (0U - fails)) - 1);
}

NGI_INLINE uint32_t ngi_skip_while(uint64_t *begun, uint32_t alive, uint32_t pass) {
    const uint32_t fails = alive & ~pass;
    if (*begun != 0) {
        return alive;
    }
    if (fails == 0) {
        return 0;
    }
    *begun = 1;
    return alive & ~((fails & (0U - fails)) - 1);
}

/* ---- nulls
 * --------------------------------------------------------------------------------------- */

/* Validity bits of `rows` rows (at most 32) from bit `at`; all ones where the column has no bitmap.
 */
NGI_INLINE uint32_t ngi_valid(const uint8_t *bits, size_t at, unsigned rows) {
    return bits == NULL ? 0xffffffffU : (uint32_t)ngi_bits_load(bits, at, rows);
}

NGI_INLINE void ngi_bits_copy(uint8_t *to, size_t to_at, const uint8_t *from, size_t at,
                              size_t rows) {
    while (rows != 0) {
        const unsigned some = rows < 64 ? (unsigned)rows : 64;
        ngi_bits_store(to, to_at, ngi_bits_load(from, at, some), some);
        to_at += some;
        at += some;
        rows -= some;
    }
}

/* As above for validity bits, where no bitmap means that no row is null. */
NGI_INLINE void ngi_valid_copy(uint8_t *to, size_t to_at, const uint8_t *from, size_t at,
                               size_t rows) {
    if (from != NULL) {
        ngi_bits_copy(to, to_at, from, at, rows);
        return;
    }
    for (size_t row = 0; row < rows; row += 64) {
        const unsigned some = rows - row < 64 ? (unsigned)(rows - row) : 64;
        ngi_bits_store(to, to_at + row, UINT64_MAX, some);
    }
}

/* ---- text in flight: a borrowed slice of the bytes of an input column, or a literal
 * --------------- */

typedef struct ngi_text {
    const uint8_t *at;
    uint32_t size;
} ngi_text;

NGI_INLINE ngi_text ngi_text_at(const int32_t *offsets, const uint8_t *bytes, size_t row) {
    ngi_text text;
    text.at = bytes + offsets[row];
    text.size = (uint32_t)(offsets[row + 1] - offsets[row]);
    return text;
}

NGI_INLINE ngi_text ngi_text_of(const uint8_t *at, uint32_t size) {
    ngi_text text;
    text.at = at;
    text.size = size;
    return text;
}

NGI_INLINE ngi_text ngi_text_literal(const char *chars, uint32_t size) {
    return ngi_text_of((const uint8_t *)chars, size);
}

/* -1, 0 or 1 as a comes before, equals or comes after b, byte by byte. */
NGI_INLINE int ngi_text_order(ngi_text a, ngi_text b) {
    const uint32_t both = a.size < b.size ? a.size : b.size;
    for (uint32_t i = 0; i < both; i++) {
        if (a.at[i] != b.at[i]) {
            return a.at[i] < b.at[i] ? -1 : 1;
        }
    }
    return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
}

NGI_INLINE bool ngi_text_equal(ngi_text a, ngi_text b) {
    return a.size == b.size && ngi_text_order(a, b) == 0;
}

/* Appends to an Arrow text column whose offset `row` is already there. */
NGI_INLINE void ngi_text_append(int32_t *offsets, uint8_t *bytes, size_t row, ngi_text text) {
    const int32_t from = offsets[row];
    for (uint32_t i = 0; i < text.size; i++) {
        bytes[(size_t)from + i] = text.at[i];
    }
    offsets[row + 1] = from + (int32_t)text.size;
}

/* W texts at a time, lane by lane: text has no vector form. */
#define NGI_TEXT_LANES(W)                                                                          \
    typedef struct ngi_textx##W {                                                                  \
        ngi_text lane[W];                                                                          \
    } ngi_textx##W;                                                                                \
    NGI_INLINE ngi_textx##W ngi_textx##W##_set(ngi_text text) {                                    \
        ngi_textx##W all;                                                                          \
        for (int i = 0; i < W; i++) {                                                              \
            all.lane[i] = text;                                                                    \
        }                                                                                          \
        return all;                                                                                \
    }                                                                                              \
    NGI_INLINE ngi_textx##W ngi_textx##W##_column(const int32_t *offsets, const uint8_t *bytes,    \
                                                  size_t row) {                                    \
        ngi_textx##W all;                                                                          \
        for (int i = 0; i < W; i++) {                                                              \
            all.lane[i] = ngi_text_at(offsets, bytes, row + (size_t)i);                            \
        }                                                                                          \
        return all;                                                                                \
    }                                                                                              \
    NGI_INLINE ngi_textx##W ngi_textx##W##_load(const ngi_text *texts) {                           \
        ngi_textx##W all;                                                                          \
        for (int i = 0; i < W; i++) {                                                              \
            all.lane[i] = texts[i];                                                                \
        }                                                                                          \
        return all;                                                                                \
    }                                                                                              \
    NGI_INLINE uint32_t ngi_textx##W##_eq_bits(ngi_textx##W a, ngi_textx##W b) {                   \
        uint32_t bits = 0;                                                                         \
        for (int i = 0; i < W; i++) {                                                              \
            bits |= (uint32_t)ngi_text_equal(a.lane[i], b.lane[i]) << i;                           \
        }                                                                                          \
        return bits;                                                                               \
    }                                                                                              \
    NGI_INLINE uint32_t ngi_textx##W##_lt_bits(ngi_textx##W a, ngi_textx##W b) {                   \
        uint32_t bits = 0;                                                                         \
        for (int i = 0; i < W; i++) {                                                              \
            bits |= (uint32_t)(ngi_text_order(a.lane[i], b.lane[i]) < 0) << i;                     \
        }                                                                                          \
        return bits;                                                                               \
    }                                                                                              \
    NGI_INLINE uint32_t ngi_textx##W##_le_bits(ngi_textx##W a, ngi_textx##W b) {                   \
        uint32_t bits = 0;                                                                         \
        for (int i = 0; i < W; i++) {                                                              \
            bits |= (uint32_t)(ngi_text_order(a.lane[i], b.lane[i]) <= 0) << i;                    \
        }                                                                                          \
        return bits;                                                                               \
    }                                                                                              \
    NGI_INLINE ngi_textx##W ngi_textx##W##_pick(uint32_t bits, ngi_textx##W a, ngi_textx##W b) {   \
        ngi_textx##W all;                                                                          \
        for (int i = 0; i < W; i++) {                                                              \
            all.lane[i] = (bits >> i & 1) != 0 ? a.lane[i] : b.lane[i];                            \
        }                                                                                          \
        return all;                                                                                \
    }                                                                                              \
    NGI_INLINE size_t ngi_textx##W##_pack(ngi_text *out, uint32_t bits, ngi_textx##W v) {          \
        size_t n = 0;                                                                              \
        for (int i = 0; i < W; i++) {                                                              \
            if ((bits >> i & 1) != 0) {                                                            \
                out[n++] = v.lane[i];                                                              \
            }                                                                                      \
        }                                                                                          \
        return n;                                                                                  \
    }                                                                                              \
    NGI_INLINE void ngi_textx##W##_append(int32_t *offsets, uint8_t *bytes, size_t row,            \
                                          uint32_t bits, uint32_t valid, ngi_textx##W v) {         \
        for (int i = 0; i < W; i++) {                                                              \
            if ((bits >> i & 1) != 0) {                                                            \
                ngi_text text = v.lane[i];                                                         \
                text.size = (valid >> i & 1) != 0 ? text.size : 0;                                 \
                ngi_text_append(offsets, bytes, row++, text);                                      \
            }                                                                                      \
        }                                                                                          \
    }
NGI_TEXT_LANES(1)
NGI_TEXT_LANES(4)
NGI_TEXT_LANES(8)
NGI_TEXT_LANES(16)
#undef NGI_TEXT_LANES

/* ---- row numbers and failures
 * ------------------------------------------------------------------------ */

/* W row numbers from `first` on. */
#define NGI_ROWS(PROFILE, W)                                                                       \
    NGI_##PROFILE##_INLINE ngi_u64x##W ngi_u64x##W##_rows(uint64_t first) {                        \
        uint64_t rows[W];                                                                          \
        for (unsigned i = 0; i < W; i++) {                                                         \
            rows[i] = first + i;                                                                   \
        }                                                                                          \
        return ngi_u64x##W##_load(rows);                                                           \
    }
NGI_ROWS(SCALAR, 1)
#if NGI_HAS_V128
NGI_ROWS(V128, 4)
#endif
#if NGI_HAS_V256
NGI_ROWS(V256, 8)
#endif
#if NGI_HAS_V512
NGI_ROWS(V512, 16)
#endif
#undef NGI_ROWS

/* The kernel fails in an input row; the first such row counts. */
NGI_INLINE void ngi_fail(int32_t *status, uint64_t *failed_row, ng_status why, uint64_t row) {
    if (*status == NG_OK || row < *failed_row) {
        *status = why;
        *failed_row = row;
    }
}

/* The same, noting the loop it happened in: a later loop may turn out to have ended before that
 * row. */
NGI_INLINE void ngi_fail_in(int32_t *status, uint64_t *failed_row, ng_status why, uint64_t row,
                            uint32_t *failed_loop, uint32_t loop) {
    if (*status == NG_OK || row < *failed_row) {
        *failed_loop = loop;
    }
    ngi_fail(status, failed_row, why, row);
}

/* ---- carries: what joins the runs of a stream
 * ------------------------------------------------------ */

NGI_INLINE bool ngi_is_finite(double x) { return x - x == 0.0; }

/* Knuth's two-sum. */
NGI_INLINE void ngi_sum_add(ngi_sum *sum, double t) {
    const double s = sum->high + t;
    const double b = s - sum->high;
    sum->low += (sum->high - (s - b)) + (t - b);
    sum->high = s;
}

NGI_INLINE double ngi_sum_value(ngi_sum sum) {
    return ngi_is_finite(sum.high) ? sum.high + sum.low : sum.high;
}

/* Joins moments as in Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for
 * computing sample variances" (1979). */
NGI_INLINE void ngi_moments_join(ngi_moments *all, double n, double mean, double m2) {
    if (all->n == 0.0) {
        all->n = n;
        all->mean = mean;
        all->m2 = m2;
        return;
    }
    const double sum = all->n + n;
    const double delta = mean - all->mean;
    const double squared = ngi_f64x1_mul(delta, delta);
    all->mean += ngi_f64x1_mul(delta, n / sum);
    all->m2 += m2 + ngi_f64x1_mul(squared, ngi_f64x1_mul(all->n, n) / sum);
    all->n = sum;
}

/* A run of `n > 0` values with pivot `c`: `s1` and `s2` are the sums of deviations and their
 * squares. */
NGI_INLINE void ngi_moments_run(ngi_moments *all, double n, double c, double s1, double s2) {
    const double m2 = s2 - ngi_f64x1_mul(s1, s1) / n;
    ngi_moments_join(all, n, c + s1 / n, m2 < 0.0 ? 0.0 : m2);
}

/* Whether the mean of the values so far can be the pivot of the next run (docs/decisions.md). */
NGI_INLINE bool ngi_spread_begun(const ngi_spread *all) { return all->n >= NGI_RUN; }

/* The pivot of the next run, once begun: the mean a run ago where that will do, so that a run need
 * not wait for the one before it to be folded. */
NGI_INLINE double ngi_spread_pivot(const ngi_spread *all) {
    return all->n_before >= NGI_RUN ? all->mean_before : all->mean;
}

/* The pivot of a run of `n > 0` values that add up to `sum`. */
NGI_INLINE double ngi_spread_pivot_of(const ngi_spread *all, double n, double sum) {
    return ngi_spread_begun(all) ? ngi_spread_pivot(all) : sum / n;
}

NGI_INLINE void ngi_spread_run(ngi_spread *all, double n, double c, double s1, double s2) {
    ngi_moments joined = {all->n, all->mean, all->m2};
    ngi_moments_run(&joined, n, c, s1, s2);
    all->n_before = all->n;
    all->mean_before = all->mean;
    all->n = joined.n;
    all->mean = joined.mean;
    all->m2 = joined.m2;
}

/* One value (Welford). */
NGI_INLINE void ngi_moments_add(ngi_moments *all, double x) {
    all->n += 1.0;
    const double delta = x - all->mean;
    all->mean += delta / all->n;
    all->m2 += ngi_f64x1_mul(delta, x - all->mean);
}

/* ---- groups
 * ------------------------------------------------------------------------------------------ */

NGI_INLINE uint64_t ngi_hash_mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 29;
}

NGI_INLINE uint64_t ngi_hash_text(uint64_t hash, ngi_text text) {
    uint64_t word = text.size;
    for (uint32_t i = 0; i < text.size; i++) {
        word = word << 8 | text.at[i];
        if ((i & 7) == 7) {
            hash = ngi_hash_mix(hash, word);
            word = 0;
        }
    }
    return ngi_hash_mix(hash, word);
}

NGI_EXACT_END

#endif
