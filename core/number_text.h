/* number_text: digits, signs and spaces, written and read. Internal. */
#ifndef NGI_NUMBER_TEXT_H
#define NGI_NUMBER_TEXT_H

#include "number_powers.h"

static const char ngi_number_pairs[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

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

#endif
