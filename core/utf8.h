/* utf8: whether bytes are UTF-8. Internal. */
#ifndef NGI_UTF8_H
#define NGI_UTF8_H

#include "base.h"

static inline uint64_t ngi_utf8_load(const char *p) {
    uint64_t word;
    __builtin_memcpy(&word, p, sizeof word);
    return word;
}

/* The size of the UTF-8 character at `p`, from 1 to 4; 0 if there is none. */
static size_t ngi_utf8_size(const char *p, const char *end) {
    const unsigned first = (unsigned char)*p;
    if (first < 0x80) {
        return 1;
    }
    const size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first < 0xc2 || first > 0xf4 || (size_t)(end - p) < size) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* Not written longer than need be, no surrogates, nothing above U+10FFFF. */
    const unsigned second = (unsigned char)p[1];
    const bool wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) ||
                       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90);
    return wrong ? 0 : size;
}

static bool ngi_utf8_is_valid(const char *p, const char *end) {
    while (p < end) {
        while (end - p >= 8 && (ngi_utf8_load(p) & UINT64_C(0x8080808080808080)) == 0) {
            p += 8;
        }
        if (p == end) {
            break;
        }
        const size_t size = ngi_utf8_size(p, end);
        if (size == 0) {
            return false;
        }
        p += size;
    }
    return true;
}

#endif
