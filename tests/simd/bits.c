/* Rows of bits against a bit at a time: every place and length, with the neighbours watched. */
#include "../../core/bits.h"

#include "random.h"
#include "world.h"

#define BYTES 20

/* The definition: bit `at` is in byte at / 8, the least significant first. */
static unsigned bit_at(const uint8_t *bits, size_t at) {
    return (unsigned)bits[at >> 3] >> (at & 7) & 1;
}

static int wrong(const char *what, size_t at, unsigned n) {
    put("FAILED ");
    put(what);
    put(" at ");
    put_number(at, 10);
    put(" of ");
    put_number(n, 10);
    put("\n");
    return 1;
}

static void fill(uint8_t *bytes) {
    for (unsigned i = 0; i < BYTES; i++) {
        bytes[i] = (uint8_t)random_bits();
    }
}

/* Copies to arrays of exactly the bytes that may be touched, so that a sanitizer sees one more. */
static int check_range(size_t at, unsigned n) {
    uint8_t old_bytes[BYTES], new_bytes[BYTES], room[BYTES];
    const uint64_t v = random_bits();
    uint64_t expected = 0;
    int failures = 0;
    fill(old_bytes);
    for (unsigned i = 0; i < n; i++) {
        expected |= (uint64_t)bit_at(old_bytes, at + i) << i;
    }
    /* The bytes that hold the bits stand at the end of `room`. */
    const size_t first = at / 8, count = n == 0 ? 0 : (at + n - 1) / 8 - first + 1;
    uint8_t *const tight = room + BYTES - count;
    for (size_t i = 0; i < count; i++) {
        tight[i] = old_bytes[first + i];
    }
    if (ngi_bits_load(tight, at % 8, n) != expected) {
        failures += wrong("load", at, n);
    }
    __builtin_memcpy(new_bytes, old_bytes, BYTES);
    ngi_bits_store(new_bytes, at, v, n);
    ngi_bits_store(tight, at % 8, v, n);
    for (unsigned i = 0; i < 8 * BYTES; i++) {
        const int is_inside = i >= at && i < at + n;
        const unsigned want = is_inside ? (unsigned)(v >> (i - at) & 1) : bit_at(old_bytes, i);
        if (bit_at(new_bytes, i) != want) {
            return failures + wrong("store", at, n);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (tight[i] != new_bytes[first + i]) {
            return failures + wrong("store within bytes", at, n);
        }
    }
    return failures;
}

static int check_single(size_t at) {
    uint8_t bytes[BYTES], old[BYTES];
    int failures = 0;
    fill(bytes);
    __builtin_memcpy(old, bytes, BYTES);
    if (ngi_bits_get(bytes, at) != (bit_at(bytes, at) != 0)) {
        failures += wrong("get", at, 1);
    }
    for (unsigned v = 0; v < 2; v++) {
        ngi_bits_put(bytes, at, v != 0);
        for (unsigned i = 0; i < 8 * BYTES; i++) {
            if (bit_at(bytes, i) != (i == at ? v : bit_at(old, i))) {
                return failures + wrong("put", at, 1);
            }
        }
    }
    return failures;
}

static int check_words(void) {
    for (unsigned trial = 0; trial < 4000; trial++) {
        const uint64_t v = random_bits();
        uint64_t mask = trial % 3 == 0   ? random_bits()
                        : trial % 3 == 1 ? random_bits() & random_bits() & random_bits()
                                         : random_bits() | random_bits() | random_bits();
        mask = trial == 0 ? 0 : trial == 1 ? UINT64_MAX : mask;
        uint64_t packed = 0;
        unsigned count = 0;
        for (unsigned i = 0; i < 64; i++) {
            if (mask >> i & 1) {
                packed |= (v >> i & 1) << count++;
            }
        }
        if (ngi_bits_pack(v, mask) != packed) {
            return wrong("pack", trial, 64);
        }
        if (ngi_bits_count(mask) != count) {
            return wrong("count", trial, 64);
        }
    }
    return 0;
}

static int check(int argument_count) {
    int failures = 0;
    (void)argument_count;
    for (size_t at = 0; at < 80 && failures < 5; at++) {
        for (unsigned n = 0; n <= 64; n++) {
            failures += check_range(at, n);
        }
        failures += check_single(at);
    }
    for (unsigned n = 0; n <= 64; n++) {
        const uint64_t low = n == 0 ? 0 : UINT64_MAX >> (64 - n);
        failures += ngi_bits_low(n) != low ? wrong("low", 0, n) : 0;
    }
    failures += check_words();
    put("bits: ");
    put_number((uint64_t)failures, 10);
    put(" failures\ndone\n");
    return failures;
}
