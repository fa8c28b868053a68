/* Compares every operation of every profile with its scalar definition, bit by bit. With an
 * argument it prints the names of the operations instead. */
#define NAGARE_KERNELS 1
#include "../../core/simd.h"

#include "values.h"
#include "operations.h"

typedef enum comparison { SAME, NUMBER } comparison;

typedef struct operation {
    const char *names;
    value_kind from;
    unsigned from_count;
    value_kind to;
    unsigned to_count;
    comparison compared_as;
    void (*run)(void *out, const void *a, const void *b, uint64_t mask);
} operation;

typedef int8_t i8_value;
typedef int16_t i16_value;
typedef uint8_t u8_value;
typedef uint16_t u16_value;

NGI_EXACT_BEGIN

#define P scalar
#define W 1
#define FN NGI_SCALAR
#include "profile_table.h"

#if NGI_HAS_V128
#define P v128
#define W 4
#define FN NGI_V128
#include "profile_table.h"
#endif

#if NGI_HAS_V256
#define P v256
#define W 8
#define FN NGI_V256
#include "profile_table.h"
#endif

#if NGI_HAS_V512
#define P v512
#define W 16
#define FN NGI_V512
#include "profile_table.h"
#endif

NGI_EXACT_END

#define OPERATIONS (sizeof table_scalar / sizeof *table_scalar)

typedef struct block {
    uint64_t before, values[256], after;
} block;

static uint64_t value_at(const block *from, value_kind kind, unsigned at) {
    uint64_t v = 0;
    __builtin_memcpy(&v, (const char *)from->values + at * lane_bytes[kind], lane_bytes[kind]);
    return v;
}

static int is_nan(value_kind kind, uint64_t bits) {
    return kind == f32_lane ? (bits & 0x7fffffff) > 0x7f800000
                            : (bits & 0x7fffffffffffffff) > 0x7ff0000000000000;
}

static void report(const char *profile, const operation *of, unsigned at, const uint64_t shown[4]) {
    static const char *const titles[] = {": a ", " b ", " expected ", " got "};
    put("FAILED ");
    put(profile);
    put(" ");
    put(of->names);
    put(" lane ");
    put_number(at, 10);
    for (int i = 0; i < 4; i++) {
        put(titles[i]);
        put_number(shown[i], 16);
    }
    put("\n");
}

static unsigned popcount(uint64_t v) {
    unsigned count = 0;
    for (; v != 0; v &= v - 1) {
        count++;
    }
    return count;
}

static int is_pack(const operation *of) {
    const char *names = of->names;
    return names[3] == '_' && names[4] == 'p' && names[5] == 'a' && names[6] == 'c';
}

/* One block through both; 1 if they differ. */
static int differs(const char *profile, const operation *wanted, const operation *tried,
                   const block *a, const block *b, uint64_t mask) {
    static block want, got;
    const unsigned count = is_pack(wanted) ? popcount(mask & 0xffff) : wanted->to_count;
    want.before = want.after = got.before = got.after = 0xabcdef0123456789u;
    wanted->run(want.values, a->values, b->values, mask);
    tried->run(got.values, a->values, b->values, mask);
    for (unsigned i = 0; i < count; i++) {
        const uint64_t x = value_at(&want, wanted->to, i), y = value_at(&got, wanted->to, i);
        if (x != y &&
            !(wanted->compared_as == NUMBER && is_nan(wanted->to, x) && is_nan(wanted->to, y))) {
            const uint64_t shown[4] = {value_at(a, wanted->from, i), value_at(b, wanted->from, i),
                                       x, y};
            report(profile, wanted, i, shown);
            return 1;
        }
    }
    if (got.before != want.before || got.after != want.after) {
        const uint64_t shown[4] = {0, 0, want.before, got.before};
        report(profile, wanted, 0, shown);
        return 1;
    }
    return 0;
}

/* All pairs of edges, then random blocks. */
static int check_operation(const char *profile, const operation *wanted, const operation *tried) {
    static block a, b;
    const unsigned edges = edge_count(wanted->from), size = lane_bytes[wanted->from];
    int failures = 0;
    for (unsigned step = 0; step < edges && failures < 5; step++) {
        for (unsigned first = 0; first < edges; first += 16) {
            for (unsigned i = 0; i < wanted->from_count; i++) {
                const uint64_t x = edge_value(wanted->from, first + i);
                const uint64_t y = edge_value(wanted->from, first + i + step);
                __builtin_memcpy((char *)a.values + i * size, &x, size);
                __builtin_memcpy((char *)b.values + i * size, &y, size);
            }
            failures += differs(profile, wanted, tried, &a, &b, random_bits());
        }
    }
    for (unsigned trial = 0; trial < 600 && failures < 5; trial++) {
        const uint64_t mask = trial < 40 ? trial : random_bits() & (trial < 80 ? 0xff : UINT64_MAX);
        fill_values(a.values, wanted->from, wanted->from_count);
        fill_values(b.values, wanted->from, wanted->from_count);
        failures += differs(profile, wanted, tried, &a, &b, mask);
    }
    return failures;
}

__attribute__((unused)) static int check_profile(const char *profile, const operation *table,
                                                 ng_profile number) {
    int failures = 0;
    put(profile);
    if (number > ng_best_profile()) {
        put(": SKIPPED, this machine does not have it\n");
        return 0;
    }
    for (unsigned i = 0; i < OPERATIONS; i++) {
        failures += check_operation(profile, &table_scalar[i], &table[i]);
    }
    put(": ");
    put_number(OPERATIONS, 10);
    put(" operations, ");
    put_number((uint64_t)failures, 10);
    put(" failures\n");
    return failures;
}

static int check(int argument_count) {
    int failures = 0;
    if (argument_count > 1) {
        for (unsigned i = 0; i < OPERATIONS; i++) {
            put(table_scalar[i].names);
            put("\n");
        }
        return 0;
    }
#if NGI_HAS_V128
    failures += check_profile("v128", table_v128, NG_V128);
#endif
#if NGI_HAS_V256
    failures += check_profile("v256", table_v256, NG_V256);
#endif
#if NGI_HAS_V512
    failures += check_profile("v512", table_v512, NG_V512);
#endif
    put("done\n");
    return failures;
}
