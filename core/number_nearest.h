/* number_nearest: the float next to a decimal. Internal.
 *
 * 192 bits of the product with a power of ten tell nearly always; exact integers decide the rest.
 */
#ifndef NGI_NUMBER_NEAREST_H
#define NGI_NUMBER_NEAREST_H

#include "number_powers.h"

/* A float type by its parameters. */
typedef struct ngi_number_format {
    int fraction_bits;
    int least_exponent, most_exponent;
} ngi_number_format;

static const ngi_number_format ngi_number_format_f64 = {52, -1022, 1023};
static const ngi_number_format ngi_number_format_f32 = {23, -126, 127};

static inline uint64_t ngi_number_infinity(const ngi_number_format *format) {
    const int exponents = format->most_exponent - format->least_exponent + 2;
    return (uint64_t)exponents << format->fraction_bits;
}

/* The value next to digits * 10^q, as bits of the format. `cut`: the true digits are more than
 * these, by less than one. Answers false where that leaves open which of two neighbours is nearer;
 * `*bits` is then the lower one. `digits` is not 0. */
static bool ngi_number_nearest(uint64_t digits, int64_t q64, bool cut,
                               const ngi_number_format *format, uint64_t *bits) {
    /* 2^64 * 10^-343 is less than half of the smallest double. */
    if (q64 < NGI_NUMBER_LOWEST_POWER) {
        *bits = 0;
        return true;
    }
    if (q64 > 308) {
        *bits = ngi_number_infinity(format);
        return true;
    }
    const int q = (int)q64;
    const int zeros = __builtin_clzll(digits);
    const uint64_t scaled = digits << zeros;
    const ngi_number_wide power = ngi_number_power(q);
    const bool exact = ngi_number_power_is_exact(q) && !cut;

    const ngi_number_wide first = ngi_number_multiply(scaled, power.hi);
    const ngi_number_wide second = ngi_number_multiply(scaled, power.lo);
    const uint64_t middle = first.lo + second.hi;
    const uint64_t high = first.hi + (middle < first.lo);

    const int top = (int)(high >> 63);
    const int exponent = ngi_number_log2_of_power(q) + 63 - zeros + top;
    if (exponent > format->most_exponent) {
        *bits = ngi_number_infinity(format);
        return true;
    }
    const int least = format->least_exponent;
    const int below_least = exponent < least ? least - exponent : 0;
    const int drop = 63 - format->fraction_bits - 1 + top + below_least;
    const uint64_t kept = drop < 64 ? high >> drop : 0;
    const uint64_t field = exponent > least ? (uint64_t)(exponent - least) : 0;
    const uint64_t lower = (field << format->fraction_bits) + kept;
    const uint64_t half = drop <= 64 ? UINT64_C(1) << (drop - 1) : 0; /* 0: it is above `high` */
    const uint64_t under_half = high & (half - 1);
    *bits = lower;
    if ((high & half) == 0) {
        /* Nearer to the lower one, unless what was rounded away carries up to the half. The power
         * is short by less than one in its last place, and so the product by less than one in
         * `middle`; cut digits are short by less than one, and the product by 2^zeros in `high`. */
        const uint64_t spare = half - 1 - under_half;
        if (cut) {
            return spare > (UINT64_C(1) << zeros) + 1;
        }
        return exact || spare > 0 || middle != UINT64_MAX;
    }
    const bool tie = exact && under_half == 0 && middle == 0 && second.lo == 0;
    *bits = lower + (tie ? lower & 1 : 1);
    return true;
}

/* Enough digits: the half between two doubles has no more than 768 of them. */
#define NGI_NUMBER_DIGITS 800

/* Both sides of the comparison below stay under 2700 bits: 800 digits are 2658, and a half that is
 * scaled by at most 10^1124 (the smallest double is about 10^-324) is 54 + 2611. */
#define NGI_NUMBER_LIMBS 96

typedef struct ngi_number_big {
    uint32_t limbs[NGI_NUMBER_LIMBS]; /* the lowest first */
    int count;
} ngi_number_big;

static void ngi_number_big_multiply_add(ngi_number_big *big, uint32_t factor, uint32_t term) {
    uint64_t carry = term;
    for (int i = 0; i < big->count; i++) {
        carry += (uint64_t)big->limbs[i] * factor;
        big->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0) {
        big->limbs[big->count++] = (uint32_t)carry;
    }
}

static void ngi_number_big_multiply_by_power_of_five(ngi_number_big *big, int64_t power) {
    for (; power >= 13; power -= 13) {
        ngi_number_big_multiply_add(big, 1220703125, 0);
    }
    for (; power > 0; power--) {
        ngi_number_big_multiply_add(big, 5, 0);
    }
}

static void ngi_number_big_shift(ngi_number_big *big, int64_t bits) {
    const int whole = (int)(bits / 32);
    for (int i = big->count; i-- > 0 && whole > 0;) {
        big->limbs[i + whole] = big->limbs[i];
    }
    for (int i = 0; i < whole; i++) {
        big->limbs[i] = 0;
    }
    big->count += whole;
    ngi_number_big_multiply_add(big, UINT32_C(1) << (bits % 32), 0);
}

static int ngi_number_big_compare(const ngi_number_big *a, const ngi_number_big *b) {
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (int i = a->count; i-- > 0;) {
        if (a->limbs[i] != b->limbs[i]) {
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
        }
    }
    return 0;
}

static void ngi_number_big_set(ngi_number_big *big, uint64_t value) {
    big->limbs[0] = (uint32_t)value;
    big->limbs[1] = (uint32_t)(value >> 32);
    big->count = big->limbs[1] > 0 ? 2 : 1;
}

/* Which of two neighbours decimal * 10^ten (and a bit more, if `left_over`) is nearer to: `lower`,
 * as bits of the format, or the next. The decimal is used up. */
static uint64_t ngi_number_decide(ngi_number_big *decimal, int64_t ten, bool left_over,
                                  uint64_t lower, const ngi_number_format *format) {
    /* The half between them is an odd integer times 2^two. */
    const uint64_t implied = UINT64_C(1) << format->fraction_bits;
    const int64_t field = (int64_t)(lower >> format->fraction_bits);
    const uint64_t fraction = lower & (implied - 1);
    const int64_t two =
        (field > 0 ? field - 1 : 0) + format->least_exponent - format->fraction_bits - 1;
    ngi_number_big half;
    ngi_number_big_set(&half, 2 * (field > 0 ? fraction | implied : fraction) + 1);

    /* Each power moves to the side on which its exponent is positive. */
    ngi_number_big_multiply_by_power_of_five(ten < 0 ? &half : decimal, ten < 0 ? -ten : ten);
    const int64_t shift = two - ten;
    ngi_number_big_shift(shift < 0 ? decimal : &half, shift < 0 ? -shift : shift);
    const int order = ngi_number_big_compare(decimal, &half);
    if (order != 0) {
        return lower + (order > 0);
    }
    return lower + (left_over ? 1 : lower & 1);
}

#endif
