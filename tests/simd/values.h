/* Values for the tests: edges, small numbers, random bits, and floats near what integers can hold.
 */
#include "random.h"
#include "world.h"

typedef enum value_kind {
    f32_lane,
    f64_lane,
    i32_lane,
    u32_lane,
    i64_lane,
    u64_lane,
    i8_lane,
    u8_lane,
    i16_lane,
    u16_lane
} value_kind;

static const unsigned lane_bytes[] = {4, 8, 4, 4, 8, 8, 1, 1, 2, 2};

/* Zero, the denormals, 1, halves at which rounding ties, the ends of the integer types and their
 * neighbours, the largest, infinity, NaNs quiet and signalling; their negatives are added. */
static const uint32_t f32_edges[] = {
    0x00000000, 0x00000001, 0x007fffff, 0x00800000, 0x3effffff, 0x3f000000, 0x3f000001, 0x3f7fffff,
    0x3f800000, 0x3f800001, 0x3fbfffff, 0x3fc00000, 0x3fffffff, 0x40000000, 0x40200000, 0x40600000,
    0x42fe0000, 0x437f0000, 0x46fffe00, 0x4a7fffff, 0x4affffff, 0x4b000000, 0x4b000001, 0x4b7fffff,
    0x4b800000, 0x4effffff, 0x4f000000, 0x4f000001, 0x4f7fffff, 0x4f800000, 0x5effffff, 0x5f000000,
    0x5f7fffff, 0x5f800000, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x7fc12345, 0x7f800001, 0x7fbfffff};
static const uint64_t f64_edges[] = {
    0x0000000000000000, 0x0000000000000001, 0x000fffffffffffff, 0x0010000000000000,
    0x3690000000000000, 0x36a0000000000000, 0x36a0000000000001, 0x380fffffe0000000,
    0x380fffffffffffff, 0x3810000000000000, 0x3fdfffffffffffff, 0x3fe0000000000000,
    0x3fe0000000000001, 0x3fefffffffffffff, 0x3ff0000000000000, 0x3ff0000010000000,
    0x3ff0000010000001, 0x3ff0000030000000, 0x3ff8000000000000, 0x4000000000000000,
    0x4004000000000000, 0x400c000000000000, 0x41dfffffffbfffff, 0x41dfffffffc00000,
    0x41dfffffffffffff, 0x41e0000000000000, 0x41e0000000100000, 0x41e0000000200000,
    0x41efffffffe00000, 0x41efffffffffffff, 0x41f0000000000000, 0x4320000000000001,
    0x432fffffffffffff, 0x4330000000000000, 0x4330000000000001, 0x433fffffffffffff,
    0x4340000000000000, 0x43dfffffffffffff, 0x43e0000000000000, 0x43efffffffffffff,
    0x43f0000000000000, 0x47efffffe0000000, 0x47efffffefffffff, 0x47effffff0000000,
    0x47f0000000000000, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff8000000000000,
    0x7ff8000012345678, 0x7ff0000000000001, 0x7ff7ffffffffffff};
/* Powers of two and their neighbours, cut to the type's width; their negatives are added. The two
 * last round up to and down from a tie in f32 and f64. */
static const uint64_t integer_edges[] = {0,
                                         1,
                                         2,
                                         3,
                                         5,
                                         7,
                                         10,
                                         0x7f,
                                         0x80,
                                         0xff,
                                         0x100,
                                         0x7fff,
                                         0x8000,
                                         0xffff,
                                         0x10000,
                                         0xffffff,
                                         0x1000000,
                                         0x1000001,
                                         0x1000003,
                                         0x7fffffff,
                                         0x80000000,
                                         0x80000001,
                                         0xffffffff,
                                         0x100000000,
                                         0x1fffffffffffff,
                                         0x20000000000000,
                                         0x20000000000001,
                                         0x20000000000003,
                                         0x7fffffffffffffff,
                                         0x8000000000000000,
                                         0x8000000000000001,
                                         0x4000004000000001,
                                         0x4000003fffffffff};

static unsigned edge_count(value_kind kind) {
    if (kind == f32_lane) {
        return 2 * (unsigned)(sizeof f32_edges / sizeof *f32_edges);
    }
    if (kind == f64_lane) {
        return 2 * (unsigned)(sizeof f64_edges / sizeof *f64_edges);
    }
    return 2 * (unsigned)(sizeof integer_edges / sizeof *integer_edges);
}

static uint64_t edge_value(value_kind kind, unsigned at) {
    at %= edge_count(kind);
    if (kind == f32_lane) {
        return f32_edges[at / 2] ^ (uint32_t)(at % 2) << 31;
    }
    if (kind == f64_lane) {
        return f64_edges[at / 2] ^ (uint64_t)(at % 2) << 63;
    }
    return at % 2 != 0 ? 0 - integer_edges[at / 2] : integer_edges[at / 2];
}

/* A number of moderate size: whole, or with a half or some fraction, and below 2^66. */
static uint64_t moderate_value(value_kind kind) {
    const uint64_t random = random_bits();
    const uint64_t sign = random & 1, exponent = random >> 1 & 63;
    if (kind == f32_lane) {
        const uint64_t mantissa = random >> 8 & 0x7fffff & (random >> 7 & 1 ? 0x7fffff : 0x700000);
        return sign << 31 | (exponent + 125) << 23 | mantissa;
    }
    if (kind == f64_lane) {
        const uint64_t all = 0xfffffffffffff;
        const uint64_t mantissa = random >> 8 & (random >> 7 & 1 ? all : (uint64_t)0xf << 48);
        return sign << 63 | (exponent + 1021) << 52 | mantissa;
    }
    return sign != 0 ? 0 - (random >> 8 & 0xf) : (random >> 8) >> exponent % 56;
}

static uint64_t some_value(value_kind kind, unsigned style) {
    switch (style % 4) {
    case 0:
        return edge_value(kind, (unsigned)(random_bits() % 1000));
    case 1:
        return random_bits();
    default:
        return moderate_value(kind);
    }
}

/* `count` values of one style, or of all mixed. */
static void fill_values(void *to, value_kind kind, unsigned count) {
    const unsigned style = (unsigned)(random_bits() % 6);
    for (unsigned i = 0; i < count; i++) {
        const uint64_t v = some_value(kind, style < 4 ? style : (unsigned)(random_bits() % 4));
        __builtin_memcpy((char *)to + i * lane_bytes[kind], &v, lane_bytes[kind]);
    }
}
