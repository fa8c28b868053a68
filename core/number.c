/* number: how values become text and text becomes values.
 *
 * Printing follows R. Giulietti, "The Schubfach way to render doubles" (2020). Reading follows D.
 * Lemire, "Number parsing at a gigabyte per second", Software: Practice and Experience 51 (2021),
 * with its own bound on the error of the product, and decides what that bound leaves open with
 * exact integers. Days are counted as by E. G. Richards, "Calendars", in eras of 400 years from
 * March on. */
#include "number.h"
#include "powers_of_ten.h"

/* ---- words ---------------------------------------------------------------------------------- */

typedef struct ngi_number_wide {
    uint64_t hi, lo;
} ngi_number_wide;

#if defined(__SIZEOF_INT128__) && !defined(__wasm__)

__extension__ typedef unsigned __int128 ngi_number_native_wide;

static inline ngi_number_wide ngi_number_multiply(uint64_t a, uint64_t b) {
    const ngi_number_native_wide product = (ngi_number_native_wide)a * b;
    const ngi_number_wide wide = {(uint64_t)(product >> 64), (uint64_t)product};
    return wide;
}

#else

/* On wasm32 a native 128-bit product would call the compiler's library. */
static inline ngi_number_wide ngi_number_multiply(uint64_t a, uint64_t b) {
    const uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    const uint64_t low = a0 * b0;
    const uint64_t cross = a1 * b0 + (low >> 32);
    const uint64_t middle = a0 * b1 + (uint32_t)cross;
    const ngi_number_wide wide = {a1 * b1 + (cross >> 32) + (middle >> 32),
                                  (middle << 32) | (uint32_t)low};
    return wide;
}

#endif

/* floor(log2(10^q)), for |q| up to 345. */
static inline int ngi_number_log2_of_power(int q) { return (q * 217706) >> 16; }

static inline ngi_number_wide ngi_number_power(int q) {
    const uint64_t *entry = ngi_number_powers[q - NGI_NUMBER_LOWEST_POWER];
    const ngi_number_wide wide = {entry[0], entry[1]};
    return wide;
}

static inline bool ngi_number_power_is_exact(int q) {
    return q >= 0 && q <= NGI_NUMBER_LAST_EXACT_POWER;
}

/* ---- writing integers ----------------------------------------------------------------------- */

static const char ngi_number_pairs[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

static const uint64_t ngi_number_tens[20] = {UINT64_C(1),
                                             UINT64_C(10),
                                             UINT64_C(100),
                                             UINT64_C(1000),
                                             UINT64_C(10000),
                                             UINT64_C(100000),
                                             UINT64_C(1000000),
                                             UINT64_C(10000000),
                                             UINT64_C(100000000),
                                             UINT64_C(1000000000),
                                             UINT64_C(10000000000),
                                             UINT64_C(100000000000),
                                             UINT64_C(1000000000000),
                                             UINT64_C(10000000000000),
                                             UINT64_C(100000000000000),
                                             UINT64_C(1000000000000000),
                                             UINT64_C(10000000000000000),
                                             UINT64_C(100000000000000000),
                                             UINT64_C(1000000000000000000),
                                             UINT64_C(10000000000000000000)};

/* How many decimal digits `value` has; 1 for 0. */
static inline unsigned ngi_number_count_digits(uint64_t value) {
    const unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);
    const unsigned guess = bits * 1233 >> 12; /* bits * log10(2): exact or one too few */
    return guess + (guess < 20 && value >= ngi_number_tens[guess]) + (value == 0);
}

/* Writes the last `count` digits of `value`, with leading zeros where it has fewer. */
static void ngi_number_put_digits(char *out, uint64_t value, unsigned count) {
    char *at = out + count;
    /* Most values fit 32 bits sooner or later, and dividing those is quicker. */
    while (value > UINT32_MAX && at - out >= 2) {
        at -= 2;
        __builtin_memcpy(at, ngi_number_pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    uint32_t rest = (uint32_t)value;
    while (at - out >= 2) {
        at -= 2;
        __builtin_memcpy(at, ngi_number_pairs + 2 * (rest % 100), 2);
        rest /= 100;
    }
    if (at > out) {
        *out = (char)('0' + rest % 10);
    }
}

static size_t ngi_number_write_integer(char *out, uint64_t magnitude, bool negative) {
    const unsigned count = ngi_number_count_digits(magnitude);
    out[0] = '-';
    ngi_number_put_digits(out + negative, magnitude, count);
    return negative + count;
}

size_t ng_write_u64(char out[NG_NUMBER_TEXT_MAX], uint64_t value) {
    return ngi_number_write_integer(out, value, false);
}

size_t ng_write_i64(char out[NG_NUMBER_TEXT_MAX], int64_t value) {
    const bool negative = value < 0;
    return ngi_number_write_integer(out, negative ? 0 - (uint64_t)value : (uint64_t)value,
                                    negative);
}

/* ---- writing floats ------------------------------------------------------------------------- */

/* digits * 10^exponent */
typedef struct ngi_number_decimal {
    uint64_t digits;
    int exponent;
} ngi_number_decimal;

/* The high word of g * c / 2^64, its last bit set where the rest is not (nearly) zero: g is rounded
 * up, so a rest of 0 or 1 means that the exact product ends there. */
static inline uint64_t ngi_number_round_to_odd(ngi_number_wide g, uint64_t c) {
    const ngi_number_wide low = ngi_number_multiply(g.lo, c);
    const ngi_number_wide high = ngi_number_multiply(g.hi, c);
    const uint64_t rest = high.lo + low.hi;
    return (high.hi + (rest < low.hi)) | (rest > 1);
}

/* The shortest decimal within the rounding interval of c * 2^q, and of those the closest one.
 * `lopsided`: the interval is half as wide below, since c is the lowest of its power of two. */
static ngi_number_decimal ngi_number_shortest(uint64_t c, int q, bool lopsided) {
    /* 10^k is the largest power of ten that is no wider than the interval: of its multiples at
     * least one lies inside, and of the multiples of 10^(k+1) at most one does. */
    const int k = (q * 1262611 - (lopsided ? 524031 : 0)) >> 22;
    const int shift = q + ngi_number_log2_of_power(-k) + 1;
    ngi_number_wide g = ngi_number_power(-k);
    if (!ngi_number_power_is_exact(-k)) {
        g.lo += 1;
        g.hi += g.lo == 0;
    }
    /* The value and the ends of its interval, in quarters of 10^k. The ends belong to it if c is
     * even, since reading rounds ties to even. */
    const uint64_t outside = c & 1;
    const uint64_t value = ngi_number_round_to_odd(g, (4 * c) << shift);
    const uint64_t least = ngi_number_round_to_odd(g, (4 * c - 2 + lopsided) << shift) + outside;
    const uint64_t most = ngi_number_round_to_odd(g, (4 * c + 2) << shift) - outside;
    const uint64_t below = value / 4;

    ngi_number_decimal decimal;
    if (below >= 10) {
        const uint64_t tens = below / 10;
        const bool under = least <= 40 * tens, over = 40 * tens + 40 <= most;
        if (under != over) {
            decimal.digits = tens + over;
            decimal.exponent = k + 1;
            return decimal;
        }
    }
    const bool under = least <= 4 * below, over = 4 * below + 4 <= most;
    const uint64_t half = 4 * below + 2;
    const bool closer = value > half || (value == half && (below & 1));
    decimal.digits = below + (under != over ? over : closer);
    decimal.exponent = k;
    return decimal;
}

/* `point` digits stand before the decimal point. */
static size_t ngi_number_write_plain(char *out, uint64_t digits, unsigned count, int point) {
    if (point <= 0) {
        const unsigned zeros = (unsigned)-point;
        __builtin_memcpy(out, "0.000", 5);
        ngi_number_put_digits(out + 2 + zeros, digits, count);
        return 2 + zeros + count;
    }
    const unsigned whole = (unsigned)point;
    if (whole >= count) {
        ngi_number_put_digits(out, digits * ngi_number_tens[whole - count], whole);
        return whole;
    }
    const uint64_t scale = ngi_number_tens[count - whole];
    ngi_number_put_digits(out, digits / scale, whole);
    out[whole] = '.';
    ngi_number_put_digits(out + whole + 1, digits % scale, count - whole);
    return count + 1;
}

static size_t ngi_number_write_scientific(char *out, uint64_t digits, unsigned count, int point) {
    char *at = out + count;
    ngi_number_put_digits(out + 1, digits, count);
    out[0] = out[1];
    if (count > 1) {
        out[1] = '.';
        at++;
    }
    const int exponent = point - 1;
    const unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);
    *at++ = 'e';
    *at++ = exponent < 0 ? '-' : '+';
    const unsigned width = size < 100 ? 2 : 3;
    ngi_number_put_digits(at, size, width);
    return (size_t)(at - out) + width;
}

/* A finite float that is not zero, from its parts. */
static size_t ngi_number_write_float(char *out, uint64_t c, int q, bool lopsided) {
    ngi_number_decimal decimal = ngi_number_shortest(c, q, lopsided);
    while (decimal.digits % 100 == 0) {
        decimal.digits /= 100;
        decimal.exponent += 2;
    }
    if (decimal.digits % 10 == 0) {
        decimal.digits /= 10;
        decimal.exponent += 1;
    }
    const unsigned count = ngi_number_count_digits(decimal.digits);
    const int point = (int)count + decimal.exponent;
    if (point > -4 && point <= 16) {
        return ngi_number_write_plain(out, decimal.digits, count, point);
    }
    return ngi_number_write_scientific(out, decimal.digits, count, point);
}

static size_t ngi_number_write_special(char *out, bool negative, bool infinite, bool nan) {
    char *at = out;
    if (negative && !nan) {
        *at++ = '-';
    }
    if (nan || infinite) {
        __builtin_memcpy(at, nan ? "nan" : "inf", 3);
        return (size_t)(at - out) + 3;
    }
    *at++ = '0';
    return (size_t)(at - out);
}

size_t ng_write_f64(char out[NG_NUMBER_TEXT_MAX], double value) {
    uint64_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    const uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    const int exponent = (int)(bits >> 52 & 0x7ff);
    const bool negative = bits >> 63;
    if (exponent == 0x7ff || (bits << 1) == 0) {
        return ngi_number_write_special(out, negative, exponent != 0, exponent != 0 && fraction);
    }
    out[0] = '-';
    char *const at = out + negative;
    const uint64_t implied = exponent > 0 ? UINT64_C(1) << 52 : 0;
    const int q = (exponent > 0 ? exponent : 1) - 1075;
    return negative +
           ngi_number_write_float(at, fraction | implied, q, fraction == 0 && exponent > 1);
}

size_t ng_write_f32(char out[NG_NUMBER_TEXT_MAX], float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    const uint32_t fraction = bits & ((UINT32_C(1) << 23) - 1);
    const int exponent = (int)(bits >> 23 & 0xff);
    const bool negative = bits >> 31;
    if (exponent == 0xff || (bits << 1) == 0) {
        return ngi_number_write_special(out, negative, exponent != 0, exponent != 0 && fraction);
    }
    out[0] = '-';
    char *const at = out + negative;
    const uint32_t implied = exponent > 0 ? UINT32_C(1) << 23 : 0;
    const int q = (exponent > 0 ? exponent : 1) - 150;
    return negative +
           ngi_number_write_float(at, fraction | implied, q, fraction == 0 && exponent > 1);
}

/* ---- reading: the pieces -------------------------------------------------------------------- */

static inline bool ngi_number_is_digit(char c) { return (unsigned char)(c - '0') < 10; }

static inline bool ngi_number_is_space(char c) { return c == ' ' || c == '\t'; }

static inline void ngi_number_trim(const char **text, const char **end) {
    while (*text < *end && ngi_number_is_space(**text)) {
        (*text)++;
    }
    while (*text < *end && ngi_number_is_space((*end)[-1])) {
        (*end)--;
    }
}

/* Takes a sign off the front; true for a minus. */
static inline bool ngi_number_take_sign(const char **at, const char *end) {
    if (*at < end && (**at == '-' || **at == '+')) {
        return *(*at)++ == '-';
    }
    return false;
}

/* Takes digits as long as there are any, eight at a time where it can. What they make overflows
 * silently, so the caller counts them. */
static inline uint64_t ngi_number_take_digits(const char **at, const char *end, uint64_t value) {
    const char *p = *at;
    while (end - p >= 8) {
        uint64_t eight;
        __builtin_memcpy(&eight, p, 8);
        const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0), zeros = UINT64_C(0x3030303030303030);
        if ((eight & high) != zeros || ((eight + UINT64_C(0x0606060606060606)) & high) != zeros) {
            break;
        }
        /* Pairs, then fours, then all eight, the first byte being the most significant. */
        eight = (eight & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561 >> 8;
        eight = (eight & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
        eight = (eight & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32;
        value = value * 100000000 + eight;
        p += 8;
    }
    while (p < end && ngi_number_is_digit(*p)) {
        value = value * 10 + (uint64_t)(*p++ - '0');
    }
    *at = p;
    return value;
}

/* Whether the text is this word, given in small letters, in any case. */
static bool ngi_number_is_word(const char *text, const char *end, const char *word) {
    while (text < end && *word != '\0' && (*text | 0x20) == *word) {
        text++;
        word++;
    }
    return text == end && *word == '\0';
}

/* ---- reading floats: the nearest value, where 192 bits can tell ------------------------------ */

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

/* ---- reading floats: exact integers decide the rest ----------------------------------------- */

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

/* The text of a decimal, taken apart. */
typedef struct ngi_number_parts {
    const char *mantissa, *mantissa_end; /* digits, one of which may be a point */
    uint64_t digits;                     /* the first 19 significant ones */
    int64_t exponent;                    /* the value is digits * 10^exponent, or */
    bool cut;                            /* more: there are other digits, and not only zeros */
    int64_t last;                        /* the exponent of the mantissa's last digit */
} ngi_number_parts;

/* The digits of the mantissa as one integer; answers how many more there are. `*left_over`: they
 * are not only zeros. */
static int64_t ngi_number_big_read(const ngi_number_parts *parts, ngi_number_big *big,
                                   bool *left_over) {
    int taken = 0;
    int64_t dropped = 0;
    big->count = 0;
    *left_over = false;
    for (const char *p = parts->mantissa; p < parts->mantissa_end; p++) {
        if (*p == '.') {
            continue;
        }
        if (taken == NGI_NUMBER_DIGITS) {
            dropped++;
            *left_over |= *p != '0';
        } else if (taken > 0 || *p != '0') {
            ngi_number_big_multiply_add(big, 10, (uint32_t)(*p - '0'));
            taken++;
        }
    }
    return dropped;
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

/* The value next to digits * 10^exponent, as bits of the format. */
static uint64_t ngi_number_bits(uint64_t digits, int64_t exponent,
                                const ngi_number_format *format) {
    uint64_t bits = 0;
    if (digits > 0 && !ngi_number_nearest(digits, exponent, false, format, &bits)) {
        ngi_number_big big;
        ngi_number_big_set(&big, digits);
        return ngi_number_decide(&big, exponent, false, bits, format);
    }
    return bits;
}

/* The same for a text whose digits were cut. */
static uint64_t ngi_number_bits_of_text(const ngi_number_parts *parts,
                                        const ngi_number_format *format) {
    uint64_t bits;
    if (!ngi_number_nearest(parts->digits, parts->exponent, true, format, &bits)) {
        ngi_number_big big;
        bool left_over;
        const int64_t dropped = ngi_number_big_read(parts, &big, &left_over);
        return ngi_number_decide(&big, parts->last + dropped, left_over, bits, format);
    }
    return bits;
}

/* ---- reading floats: the text --------------------------------------------------------------- */

/* More than 19 digits: keeps the first 19 significant ones. */
static void ngi_number_cut(ngi_number_parts *parts) {
    int taken = 0;
    int64_t dropped = 0;
    parts->digits = 0;
    for (const char *p = parts->mantissa; p < parts->mantissa_end; p++) {
        if (*p == '.') {
            continue;
        }
        if (taken == 19) {
            dropped++;
            parts->cut |= *p != '0';
        } else if (taken > 0 || *p != '0') {
            parts->digits = parts->digits * 10 + (uint64_t)(*p - '0');
            taken++;
        }
    }
    parts->exponent = parts->last + dropped;
}

/* Takes an exponent without its `e`; beyond 10^17 it stays there, as no text makes up for that. */
static bool ngi_number_take_exponent(const char **at, const char *end, int64_t *exponent) {
    const bool negative = ngi_number_take_sign(at, end);
    int64_t value = 0;
    if (*at == end) {
        return false;
    }
    for (; *at < end; (*at)++) {
        if (!ngi_number_is_digit(**at)) {
            return false;
        }
        if (value < INT64_C(100000000000000000)) {
            value = value * 10 + (**at - '0');
        }
    }
    *exponent = negative ? -value : value;
    return true;
}

/* Takes a decimal without its sign apart. */
static bool ngi_number_take_apart(const char *at, const char *end, ngi_number_parts *parts) {
    parts->mantissa = at;
    parts->cut = false;
    parts->digits = ngi_number_take_digits(&at, end, 0);
    ptrdiff_t count = at - parts->mantissa;
    int64_t exponent = 0;
    if (at < end && *at == '.') {
        const char *const fraction = ++at;
        parts->digits = ngi_number_take_digits(&at, end, parts->digits);
        exponent = -(int64_t)(at - fraction);
        count += at - fraction;
    }
    parts->mantissa_end = at;
    if (count == 0) {
        return false;
    }
    if (at < end) {
        int64_t written = 0;
        at++;
        if ((at[-1] | 0x20) != 'e' || !ngi_number_take_exponent(&at, end, &written)) {
            return false;
        }
        exponent += written;
    }
    parts->last = parts->exponent = exponent;
    if (count > 19) {
        ngi_number_cut(parts);
    }
    return true;
}

/* `nan`, `inf` and `infinity`, without their sign. */
static bool ngi_number_take_word(const char *at, const char *end, const ngi_number_format *format,
                                 uint64_t *bits) {
    *bits = ngi_number_infinity(format);
    if (ngi_number_is_word(at, end, "nan")) {
        *bits |= UINT64_C(1) << (format->fraction_bits - 1);
        return true;
    }
    return ngi_number_is_word(at, end, "inf") || ngi_number_is_word(at, end, "infinity");
}

static double ngi_number_f64_of_bits(uint64_t bits) {
    double value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

static float ngi_number_f32_of_bits(uint64_t bits) {
    const uint32_t narrow = (uint32_t)bits;
    float value;
    __builtin_memcpy(&value, &narrow, sizeof value);
    return value;
}

/* Where the machine computes in the type itself, two exact operands make one rounding. (The x87
 * keeps excess precision and would round twice.) */
#if __FLT_EVAL_METHOD__ == 0
#define NGI_NUMBER_ROUNDS_ONCE 1
#else
#define NGI_NUMBER_ROUNDS_ONCE 0
#endif

double ngi_number_f64(uint64_t digits, int exponent) {
#if NGI_NUMBER_ROUNDS_ONCE
    static const double tens[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (digits <= UINT64_C(1) << 53 && exponent >= -22 && exponent <= 22) {
        const double value = (double)digits;
        return exponent < 0 ? value / tens[-exponent] : value * tens[exponent];
    }
#endif
    return ngi_number_f64_of_bits(ngi_number_bits(digits, exponent, &ngi_number_format_f64));
}

float ngi_number_f32(uint64_t digits, int exponent) {
#if NGI_NUMBER_ROUNDS_ONCE
    static const float tens[11] = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F,
                                   1e6F, 1e7F, 1e8F, 1e9F, 1e10F};
    if (digits <= UINT64_C(1) << 24 && exponent >= -10 && exponent <= 10) {
        const float value = (float)digits;
        return exponent < 0 ? value / tens[-exponent] : value * tens[exponent];
    }
#endif
    return ngi_number_f32_of_bits(ngi_number_bits(digits, exponent, &ngi_number_format_f32));
}

/* What a float's text says, without its sign. */
typedef enum ngi_number_kind {
    NGI_NUMBER_NONE,  /* nothing */
    NGI_NUMBER_EXACT, /* digits * 10^exponent, as `parts` has them */
    NGI_NUMBER_BITS   /* these bits of the format */
} ngi_number_kind;

static ngi_number_kind ngi_number_read(const char *text, size_t size,
                                       const ngi_number_format *format, bool *negative,
                                       ngi_number_parts *parts, uint64_t *bits) {
    const char *at = text, *end = text + size;
    ngi_number_trim(&at, &end);
    *negative = ngi_number_take_sign(&at, end);
    if (!ngi_number_take_apart(at, end, parts)) {
        const bool word = ngi_number_take_word(at, end, format, bits);
        *negative = *negative && *bits == ngi_number_infinity(format);
        return word ? NGI_NUMBER_BITS : NGI_NUMBER_NONE;
    }
    if (parts->cut) {
        *bits = ngi_number_bits_of_text(parts, format);
        return NGI_NUMBER_BITS;
    }
    /* Beyond these limits everything is infinite or zero. */
    if (parts->exponent > 400) {
        parts->exponent = 400;
    } else if (parts->exponent < -400) {
        parts->exponent = -400;
    }
    return NGI_NUMBER_EXACT;
}

bool ng_read_f64(const char *text, size_t size, double *out) {
    ngi_number_parts parts;
    uint64_t bits;
    bool negative;
    const ngi_number_kind kind =
        ngi_number_read(text, size, &ngi_number_format_f64, &negative, &parts, &bits);
    if (kind == NGI_NUMBER_NONE) {
        return false;
    }
    const double value = kind == NGI_NUMBER_EXACT
                             ? ngi_number_f64(parts.digits, (int)parts.exponent)
                             : ngi_number_f64_of_bits(bits);
    *out = negative ? -value : value;
    return true;
}

bool ng_read_f32(const char *text, size_t size, float *out) {
    ngi_number_parts parts;
    uint64_t bits;
    bool negative;
    const ngi_number_kind kind =
        ngi_number_read(text, size, &ngi_number_format_f32, &negative, &parts, &bits);
    if (kind == NGI_NUMBER_NONE) {
        return false;
    }
    const float value = kind == NGI_NUMBER_EXACT ? ngi_number_f32(parts.digits, (int)parts.exponent)
                                                 : ngi_number_f32_of_bits(bits);
    *out = negative ? -value : value;
    return true;
}

/* ---- reading integers and bools ------------------------------------------------------------- */

/* Reads the magnitude of an integer. */
static bool ngi_number_read_integer(const char *text, size_t size, bool *negative,
                                    uint64_t *magnitude) {
    const char *at = text, *end = text + size;
    ngi_number_trim(&at, &end);
    *negative = ngi_number_take_sign(&at, end);
    const char *const first = at;
    while (at < end && *at == '0') {
        at++;
    }
    const char *const significant = at;
    const uint64_t value = ngi_number_take_digits(&at, end, 0);
    if (at != end || at == first || at - significant > 20) {
        return false;
    }
    /* Twenty digits that wrapped around are less than 10^19, or begin with more than a 1. */
    if (at - significant == 20 && (*significant > '1' || value < ngi_number_tens[19])) {
        return false;
    }
    *magnitude = value;
    return true;
}

bool ng_read_u64(const char *text, size_t size, uint64_t *out) {
    uint64_t magnitude;
    bool negative;
    if (!ngi_number_read_integer(text, size, &negative, &magnitude) ||
        (negative && magnitude > 0)) {
        return false;
    }
    *out = magnitude;
    return true;
}

bool ng_read_i64(const char *text, size_t size, int64_t *out) {
    uint64_t magnitude;
    bool negative;
    if (!ngi_number_read_integer(text, size, &negative, &magnitude) ||
        magnitude > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *out = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

bool ng_read_bool(const char *text, size_t size, bool *out) {
    const char *at = text, *end = text + size;
    ngi_number_trim(&at, &end);
    const bool one = end - at == 1 && *at == '1', zero = end - at == 1 && *at == '0';
    if (one || ngi_number_is_word(at, end, "true")) {
        *out = true;
        return true;
    }
    if (zero || ngi_number_is_word(at, end, "false")) {
        *out = false;
        return true;
    }
    return false;
}

/* ---- timestamps ----------------------------------------------------------------------------- */

#define NGI_NUMBER_SECONDS_A_DAY 86400

/* Digits of a second's fraction in the unit. */
static unsigned ngi_number_fraction_digits(ng_type unit) {
    switch (unit) {
    case NG_TIMESTAMP_MS:
        return 3;
    case NG_TIMESTAMP_US:
        return 6;
    case NG_TIMESTAMP_NS:
        return 9;
    default:
        return 0;
    }
}

/* A calendar's year that begins in March ends with the leap day, so that the lengths of its months
 * follow a straight line: the first `m` of them have (153 * m + 2) / 5 days. Days are counted from
 * March 1st of the year 0, which is 719468 days before 1970. */
#define NGI_NUMBER_DAYS_TO_1970 719468
#define NGI_NUMBER_DAYS_AN_ERA 146097 /* 400 years */

/* Days since 1970 of a day in the years 1 to 9999. */
static int64_t ngi_number_days(int year, int month, int day) {
    const int march_year = month > 2 ? year : year - 1;
    const int march_month = month > 2 ? month - 3 : month + 9;
    const int leap_days = march_year / 4 - march_year / 100 + march_year / 400;
    return march_year * 365 + leap_days + (153 * march_month + 2) / 5 + day - 1 -
           NGI_NUMBER_DAYS_TO_1970;
}

/* The year, month and day of a day in the years 1 to 9999, as digits: 20140701. */
static uint32_t ngi_number_calendar(int32_t days) {
    const uint32_t count = (uint32_t)(days + NGI_NUMBER_DAYS_TO_1970);
    const uint32_t era = count / NGI_NUMBER_DAYS_AN_ERA, rest = count % NGI_NUMBER_DAYS_AN_ERA;
    /* Take away the leap days there have been, and every year has 365. */
    const uint32_t year_of_era = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
    const uint32_t day_of_year = rest - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
    const uint32_t march_month = (5 * day_of_year + 2) / 153;
    const uint32_t day = day_of_year - (153 * march_month + 2) / 5 + 1;
    const uint32_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    return (era * 400 + year_of_era + (month <= 2)) * 10000 + month * 100 + day;
}

/* value / by, rounded down, and the rest, which is never negative. */
static inline int64_t ngi_number_floor_divide(int64_t value, int64_t by, int64_t *rest) {
    const bool down = value % by < 0;
    *rest = value % by + (down ? by : 0);
    return value / by - down;
}

size_t ng_write_timestamp(char out[NG_NUMBER_TEXT_MAX], int64_t value, ng_type unit) {
    const unsigned digits = ngi_number_fraction_digits(unit);
    const int64_t a_second = (int64_t)ngi_number_tens[digits];
    int64_t fraction, second_of_day;
    const int64_t seconds = ngi_number_floor_divide(value, a_second, &fraction);
    const int64_t days = ngi_number_floor_divide(seconds, NGI_NUMBER_SECONDS_A_DAY, &second_of_day);
    if (days < -719162 || days > 2932896) { /* 0001-01-01 and 9999-12-31 */
        return ng_write_i64(out, value);
    }
    const uint32_t date = ngi_number_calendar((int32_t)days);
    const uint32_t second = (uint32_t)second_of_day;
    ngi_number_put_digits(out, date / 10000, 4);
    out[4] = '-';
    ngi_number_put_digits(out + 5, date / 100 % 100, 2);
    out[7] = '-';
    ngi_number_put_digits(out + 8, date % 100, 2);
    out[10] = 'T';
    ngi_number_put_digits(out + 11, second / 3600, 2);
    out[13] = ':';
    ngi_number_put_digits(out + 14, second / 60 % 60, 2);
    out[16] = ':';
    ngi_number_put_digits(out + 17, second % 60, 2);
    size_t size = 19;
    if (digits > 0) {
        out[size] = '.';
        ngi_number_put_digits(out + size + 1, (uint64_t)fraction, digits);
        size += 1 + digits;
    }
    out[size] = 'Z';
    return size + 1;
}

/* Takes exactly `count` digits; false if there are fewer. */
static bool ngi_number_take_field(const char **at, const char *end, int count, int *value) {
    *value = 0;
    for (int i = 0; i < count; i++) {
        if (*at == end || !ngi_number_is_digit(**at)) {
            return false;
        }
        *value = *value * 10 + (*(*at)++ - '0');
    }
    return true;
}

static bool ngi_number_take_char(const char **at, const char *end, char c) {
    if (*at < end && **at == c) {
        (*at)++;
        return true;
    }
    return false;
}

/* `YYYY-MM-DD`, as days since 1970. */
static bool ngi_number_take_date(const char **at, const char *end, int64_t *days) {
    int year, month, day;
    if (!ngi_number_take_field(at, end, 4, &year) || !ngi_number_take_char(at, end, '-') ||
        !ngi_number_take_field(at, end, 2, &month) || !ngi_number_take_char(at, end, '-') ||
        !ngi_number_take_field(at, end, 2, &day) || year < 1 || month < 1 || month > 12 ||
        day < 1) {
        return false;
    }
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const int thirty = month == 4 || month == 6 || month == 9 || month == 11;
    if (day > (month == 2 ? 28 + leap : 31 - thirty)) {
        return false;
    }
    *days = ngi_number_days(year, month, day);
    return true;
}

/* `hh:mm[:ss[.digits]]`, as seconds and as a count of units within the second. */
static bool ngi_number_take_time(const char **at, const char *end, unsigned digits, int *seconds,
                                 int64_t *fraction) {
    int hour, minute, second = 0;
    if (!ngi_number_take_field(at, end, 2, &hour) || !ngi_number_take_char(at, end, ':') ||
        !ngi_number_take_field(at, end, 2, &minute)) {
        return false;
    }
    if (ngi_number_take_char(at, end, ':')) {
        if (!ngi_number_take_field(at, end, 2, &second)) {
            return false;
        }
        if (ngi_number_take_char(at, end, '.')) {
            unsigned taken = 0;
            for (; *at < end && ngi_number_is_digit(**at); (*at)++, taken++) {
                if (taken < digits) {
                    *fraction = *fraction * 10 + (**at - '0');
                }
            }
            if (taken == 0) {
                return false;
            }
            *fraction *= (int64_t)ngi_number_tens[taken < digits ? digits - taken : 0];
        }
    }
    *seconds = hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second < 60;
}

/* `Z`, `+hh:mm`, `-hh:mm`, `+hhmm` or nothing, as seconds ahead of UTC. */
static bool ngi_number_take_zone(const char **at, const char *end, int *ahead) {
    int hours, minutes;
    *ahead = 0;
    if (*at == end || ngi_number_take_char(at, end, 'Z')) {
        return true;
    }
    if (**at != '+' && **at != '-') {
        return false;
    }
    const bool behind = *(*at)++ == '-';
    if (!ngi_number_take_field(at, end, 2, &hours)) {
        return false;
    }
    (void)ngi_number_take_char(at, end, ':');
    if (!ngi_number_take_field(at, end, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *ahead = (hours * 3600 + minutes * 60) * (behind ? -1 : 1);
    return true;
}

/* seconds * a_second + fraction, if an int64_t holds it. */
static bool ngi_number_count_units(int64_t seconds, int64_t a_second, int64_t fraction,
                                   int64_t *out) {
    /* Before 1970 it is counted down from the second's end, since the second's beginning may be out
     * of range where the moment itself is not. */
    if (seconds < 0) {
        seconds++;
        fraction -= a_second;
    }
    if (seconds > INT64_MAX / a_second || seconds < INT64_MIN / a_second) {
        return false;
    }
    const int64_t whole = seconds * a_second;
    if (fraction > 0 ? whole > INT64_MAX - fraction : whole < INT64_MIN - fraction) {
        return false;
    }
    *out = whole + fraction;
    return true;
}

bool ng_read_timestamp(const char *text, size_t size, ng_type unit, int64_t *out) {
    const char *at = text, *end = text + size;
    ngi_number_trim(&at, &end);
    if (end - at < 10 || at[4] != '-') {
        return ng_read_i64(text, size, out);
    }
    const unsigned digits = ngi_number_fraction_digits(unit);
    int64_t days, fraction = 0;
    int seconds = 0, ahead = 0;
    if (!ngi_number_take_date(&at, end, &days)) {
        return false;
    }
    if (ngi_number_take_char(&at, end, 'T') || ngi_number_take_char(&at, end, ' ')) {
        if (!ngi_number_take_time(&at, end, digits, &seconds, &fraction) ||
            !ngi_number_take_zone(&at, end, &ahead)) {
            return false;
        }
    }
    return at == end && ngi_number_count_units(days * NGI_NUMBER_SECONDS_A_DAY + seconds - ahead,
                                               (int64_t)ngi_number_tens[digits], fraction, out);
}
