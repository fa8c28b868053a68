/* number: how values become text and text becomes values.
 *
 * Printing follows R. Giulietti, "The Schubfach way to render doubles" (2020). Reading follows D.
 * Lemire, "Number parsing at a gigabyte per second", Software: Practice and Experience 51 (2021),
 * with its own bound on the error of the product, and decides what that bound leaves open with
 * exact integers. */
#include "number.h"
#include "number_nearest.h"
#include "number_text.h"
#include "number_time.h"

/* ---- integers and bools ---------------------------------------------------------------------- */

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

/* ---- writing floats -------------------------------------------------------------------------- */

/* digits * 10^exponent */
typedef struct ngi_number_decimal {
    uint64_t digits;
    int exponent;
} ngi_number_decimal;

/* The integer part of g * c / 2^128, its last bit set where the product is not exact. g is too
 * large by less than one, which stays below the words looked at where the product is exact; the
 * paper shows that no other one comes so close to an integer that it matters. */
static inline uint64_t ngi_number_round_to_odd(ngi_number_wide g, uint64_t c) {
    const ngi_number_wide low = ngi_number_multiply(g.lo, c);
    const ngi_number_wide high = ngi_number_multiply(g.hi, c);
    const uint64_t rest = high.lo + low.hi;
    return (high.hi + (rest < low.hi)) | (rest > 0);
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

/* ---- reading floats -------------------------------------------------------------------------- */

/* The text of a decimal, taken apart. */
typedef struct ngi_number_parts {
    const char *mantissa, *mantissa_end; /* digits, one of which may be a point */
    uint64_t digits;                     /* the first 19 significant ones */
    int64_t exponent;                    /* the value is digits * 10^exponent, or */
    bool cut;                            /* more: there are other digits, and not only zeros */
    int64_t last;                        /* the exponent of the mantissa's last digit */
} ngi_number_parts;

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
