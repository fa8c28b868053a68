/* bits: rows of bits in Arrow's order, the least significant bit of each byte first. */
#ifndef NGI_BITS_H
#define NGI_BITS_H

#include "base.h"
#include "profile.h"

/* The lowest `n` bits set; n <= 64. */
NGI_ALWAYS_INLINE uint64_t ngi_bits_low(unsigned n) {
    return n >= 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1;
}

/* Bits [at, at + n) as a number, bit `at` lowest; n <= 64. Reads only the bytes that hold them. */
NGI_ALWAYS_INLINE uint64_t ngi_bits_load(const uint8_t *bits, size_t at, unsigned n) {
    const uint8_t *from = bits + at / 8;
    const unsigned skip = (unsigned)(at % 8);
    const unsigned bytes = n == 0 ? 0 : (skip + n + 7) / 8;
    uint64_t v = 0;
    if (bytes >= 8) {
        __builtin_memcpy(&v, from, 8);
        v >>= skip;
        if (bytes > 8) { /* so skip is not 0 */
            v |= (uint64_t)from[8] << (64 - skip);
        }
    } else {
        for (unsigned i = 0; i < bytes; i++) {
            v |= (uint64_t)from[i] << (8 * i);
        }
        v >>= skip;
    }
    return v & ngi_bits_low(n);
}

/* Writes `bits` of `*byte` where `mask` is set. */
NGI_ALWAYS_INLINE void ngi_bits_blend(uint8_t *byte, unsigned bits, unsigned mask) {
    *byte = (uint8_t)((*byte & ~mask) | (bits & mask));
}

/* Makes bits [at, at + n) the low bits of `v`; n <= 64. Their neighbours stay, and no byte but
 * those that hold the n bits is read or written. */
NGI_ALWAYS_INLINE void ngi_bits_store(uint8_t *bits, size_t at, uint64_t v, unsigned n) {
    uint8_t *to = bits + at / 8;
    const unsigned skip = (unsigned)(at % 8);
    if (skip == 0 && n == 64) {
        __builtin_memcpy(to, &v, 8);
        return;
    }
    if (skip != 0 && n != 0) { /* the first byte, from `skip` on */
        const unsigned first = n < 8 - skip ? n : 8 - skip;
        ngi_bits_blend(to, (unsigned)(v & 0xff) << skip, (unsigned)ngi_bits_low(first) << skip);
        v >>= first;
        n -= first;
        to++;
    }
    for (unsigned whole = 0; whole < 8 && n >= 8;
         whole++, n -= 8) { /* at most 8, as gcc must see */
        *to++ = (uint8_t)(v & 0xff);
        v >>= 8;
    }
    if (n != 0) {
        ngi_bits_blend(to, (unsigned)(v & 0xff), (unsigned)ngi_bits_low(n));
    }
}

NGI_ALWAYS_INLINE bool ngi_bits_get(const uint8_t *bits, size_t at) {
    return (bits[at / 8] >> (at % 8) & 1) != 0;
}

NGI_ALWAYS_INLINE void ngi_bits_put(uint8_t *bits, size_t at, bool v) {
    ngi_bits_blend(bits + at / 8, (unsigned)v << (at % 8), 1u << (at % 8));
}

/* How many bits are set. Written out, since a processor that need not have the instruction would
 * make the builtin a call into the compiler's library. */
NGI_ALWAYS_INLINE uint32_t ngi_bits_count(uint64_t v) {
#if defined(__POPCNT__) || defined(__wasm__) || defined(__aarch64__)
    return (uint32_t)__builtin_popcountll(v);
#else
    v -= v >> 1 & 0x5555555555555555u;
    v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
    v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (uint32_t)(v * 0x0101010101010101u >> 56);
#endif
}

/* The bits of `v` at the places where `mask` is set, moved together at the low end, the others
 * gone. In six rounds each kept bit moves down by 1, 2, 4, ... where the number of gaps below it
 * says so. */
NGI_ALWAYS_INLINE uint64_t ngi_bits_pack(uint64_t v, uint64_t mask) {
    uint64_t gaps = ~mask << 1; /* bit i: the place below i is a gap */
    v &= mask;
    for (unsigned shift = 1; shift < 64; shift *= 2) {
        uint64_t odd = gaps; /* parity of the gaps at and below each place */
        for (unsigned by = 1; by < 64; by *= 2) {
            odd ^= odd << by;
        }
        const uint64_t moving = odd & mask;
        const uint64_t bits = v & moving;
        mask = (mask ^ moving) | moving >> shift;
        v = (v ^ bits) | bits >> shift;
        gaps &= ~odd;
    }
    return v;
}

#endif
