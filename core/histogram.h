/* histogram: how values are spread, in constant memory: counts in buckets that are exact below 64
 * and from there on at most 1/32 of their values wide.
 *
 * It takes any uint64_t, say a latency in nanoseconds. Each power of two is cut into 32 buckets of
 * one width, so a bucket from `low` to `high`, both included, has high - low < low / 32: what is
 * read from a bucket is never below the value that was recorded, and above it by less than 1/32 of
 * it (3.125 %). Smallest, largest, number and sum are exact.
 *
 * Do this:
 *
 *     static ng_histogram latency;                 (all-zero is an empty one)
 *     ng_histogram_record(&latency, nanoseconds);
 *     uint64_t p99 = ng_histogram_quantile(&latency, 0.99);
 *
 * It is plain data without pointers, 15,392 bytes: copying it is a snapshot. What is counted
 * saturates at UINT64_MAX and never wraps. A histogram belongs to one thread; to gather from many,
 * give each its own and merge copies. Where NULL is given for one, nothing happens and the answer
 * is that of an empty one. */
#ifndef NGI_HISTOGRAM_H
#define NGI_HISTOGRAM_H

#include "base.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* A power of two has 2^5 buckets. */
#define NG_HISTOGRAM_BITS 5
#define NG_HISTOGRAM_BUCKETS ((65 - NG_HISTOGRAM_BITS) << NG_HISTOGRAM_BITS)

/* All fields are read-only. */
typedef struct ng_histogram {
    uint64_t count; /* of all values */
    uint64_t sum;   /* of all values */
    uint64_t max;
    uint64_t min_complement; /* ~min, so that all-zero is empty */
    uint64_t buckets[NG_HISTOGRAM_BUCKETS];
} ng_histogram;

/* Internal: by how many bits the values of a bucket differ; its number; a sum that stays at its
 * end. */
static inline unsigned ngi_histogram_shift(uint64_t value) {
    return 63 - NG_HISTOGRAM_BITS -
           (unsigned)__builtin_clzll((unsigned long long)(value | 1u << NG_HISTOGRAM_BITS));
}
static inline size_t ngi_histogram_index(uint64_t value) {
    const unsigned shift = ngi_histogram_shift(value);
    return ((size_t)shift << NG_HISTOGRAM_BITS) + (size_t)(value >> shift);
}
static inline uint64_t ngi_histogram_add(uint64_t a, uint64_t b) {
    const uint64_t sum = a + b;
    return sum < a ? UINT64_MAX : sum;
}

/* Takes one value. A few nanoseconds; no loop, no division. */
static inline void ng_histogram_record(ng_histogram *histogram, uint64_t value) {
    if (histogram == NULL) {
        return;
    }
    uint64_t *const bucket = &histogram->buckets[ngi_histogram_index(value)];
    *bucket = ngi_histogram_add(*bucket, 1);
    histogram->count = ngi_histogram_add(histogram->count, 1);
    histogram->sum = ngi_histogram_add(histogram->sum, value);
    histogram->max = value > histogram->max ? value : histogram->max;
    histogram->min_complement =
        ~value > histogram->min_complement ? ~value : histogram->min_complement;
}

/* Takes the same value `n` times, which may be none. */
void ng_histogram_record_many(ng_histogram *histogram, uint64_t value, uint64_t n);

/* Adds what `from` has (borrowed) to `into`, as if all its values had been recorded there. The
 * order and the grouping of merges do not change the result, to the last bit. NG_INVALID: one of
 * them is NULL. */
NG_NODISCARD ng_status ng_histogram_merge(ng_histogram *into, const ng_histogram *from);

/* Makes it empty. */
void ng_histogram_reset(ng_histogram *histogram);

/* The value that the share `q` of all values does not exceed: of `count` values in order the one at
 * place ceil(q * count), from 1 (the product is rounded to the nearest double first; NumPy calls
 * this method "inverted_cdf"). The answer is at least that value, less than 1/32 of it above it,
 * and never above the largest; at the first place and at the last it is exact. `q` below 0 or NaN
 * is taken as 0, above 1 as 1. 0 where there are no values. Walks over the buckets. */
uint64_t ng_histogram_quantile(const ng_histogram *histogram, double q);

/* The smallest and the largest value; 0 where there are none. */
uint64_t ng_histogram_min(const ng_histogram *histogram);
uint64_t ng_histogram_max(const ng_histogram *histogram);

/* sum / count, too small once the sum has saturated; 0 where there are no values. */
double ng_histogram_mean(const ng_histogram *histogram);

/* The largest value that falls into one bucket with `value`; UINT64_MAX for the last. Values up to
 * an edge, the edge included, can be counted exactly. Any thread. */
uint64_t ng_histogram_edge(uint64_t value);

/* How many values are at most `edge`, exactly; `edge` is widened by ng_histogram_edge. */
uint64_t ng_histogram_count_to(const ng_histogram *histogram, uint64_t edge);

#if defined(__cplusplus)
}
#endif

#endif
