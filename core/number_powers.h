/* number_powers: powers of ten, and products of words. Internal. */
#ifndef NGI_NUMBER_POWERS_H
#define NGI_NUMBER_POWERS_H

#include "base.h"
#include "powers_of_ten.h"

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

#endif
