/* histogram: what is read from the buckets. */
#include "histogram.h"
#include "exact.h"

void ng_histogram_record_many(ng_histogram *histogram, uint64_t value, uint64_t n) {
    if (histogram == NULL || n == 0) {
        return;
    }
    const uint64_t most = value > 0 ? UINT64_MAX / value : UINT64_MAX;
    uint64_t *const bucket = &histogram->buckets[ngi_histogram_index(value)];
    *bucket = ngi_histogram_add(*bucket, n);
    histogram->count = ngi_histogram_add(histogram->count, n);
    histogram->sum = ngi_histogram_add(histogram->sum, n > most ? UINT64_MAX : value * n);
    histogram->max = value > histogram->max ? value : histogram->max;
    histogram->min_complement =
        ~value > histogram->min_complement ? ~value : histogram->min_complement;
}

ng_status ng_histogram_merge(ng_histogram *into, const ng_histogram *from) {
    if (into == NULL || from == NULL) {
        return NG_INVALID;
    }
    into->count = ngi_histogram_add(into->count, from->count);
    into->sum = ngi_histogram_add(into->sum, from->sum);
    into->max = from->max > into->max ? from->max : into->max;
    into->min_complement =
        from->min_complement > into->min_complement ? from->min_complement : into->min_complement;
    for (size_t i = 0; i < NG_HISTOGRAM_BUCKETS; i++) {
        into->buckets[i] = ngi_histogram_add(into->buckets[i], from->buckets[i]);
    }
    return NG_OK;
}

void ng_histogram_reset(ng_histogram *histogram) {
    if (histogram != NULL) {
        __builtin_memset(histogram, 0, sizeof *histogram);
    }
}

uint64_t ng_histogram_min(const ng_histogram *histogram) {
    return histogram != NULL && histogram->count > 0 ? ~histogram->min_complement : 0;
}

uint64_t ng_histogram_max(const ng_histogram *histogram) {
    return histogram != NULL ? histogram->max : 0;
}

uint64_t ng_histogram_edge(uint64_t value) {
    return value | ((UINT64_C(1) << ngi_histogram_shift(value)) - 1);
}

uint64_t ng_histogram_count_to(const ng_histogram *histogram, uint64_t edge) {
    uint64_t count = 0;
    if (histogram != NULL) {
        for (size_t i = 0; i <= ngi_histogram_index(edge); i++) {
            count = ngi_histogram_add(count, histogram->buckets[i]);
        }
    }
    return count;
}

/* The largest value of a bucket. */
static uint64_t ngi_histogram_high(size_t index) {
    const size_t row = index >> NG_HISTOGRAM_BITS;
    const unsigned shift = row > 0 ? (unsigned)row - 1 : 0;
    const uint64_t first = (uint64_t)(index - ((size_t)shift << NG_HISTOGRAM_BITS)) << shift;
    return first | ((UINT64_C(1) << shift) - 1);
}

/* Doubles are rounded as doubles, also where the machine's registers are wider. */
NGI_EXACT_BEGIN

double ng_histogram_mean(const ng_histogram *histogram) {
    return histogram != NULL && histogram->count > 0
               ? (double)histogram->sum / (double)histogram->count
               : 0;
}

/* ceil(q * count), from 1 to `count`. */
static uint64_t ngi_histogram_rank(double q, uint64_t count) {
    if (q >= 1) {
        return count;
    }
    if (!(q > 0)) {
        return 1;
    }
    const double place = q * (double)count;
    const uint64_t below = (uint64_t)place;
    const uint64_t rank = below + ((double)below < place);
    return rank < count ? rank : count;
}

uint64_t ng_histogram_quantile(const ng_histogram *histogram, double q) {
    if (histogram == NULL || histogram->count == 0) {
        return 0;
    }
    const uint64_t rank = ngi_histogram_rank(q, histogram->count);
    if (rank <= 1) {
        return ng_histogram_min(histogram);
    }
    size_t index = 0;
    uint64_t count = histogram->buckets[0];
    while (count < rank && index + 1 < NG_HISTOGRAM_BUCKETS) {
        count = ngi_histogram_add(count, histogram->buckets[++index]);
    }
    const uint64_t high = ngi_histogram_high(index);
    return high < histogram->max ? high : histogram->max;
}

NGI_EXACT_END
