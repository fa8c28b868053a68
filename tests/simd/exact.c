/* Kernels keep their arithmetic under whatever flags this file is compiled with, and the flags hold
 * again behind them. With an argument the compiler is expected to fuse a * b + c outside of
 * kernels. */
#define NAGARE_KERNELS 1
#include "../../core/simd.h"

#include "world.h"

/* What is asked, of plain C and of every profile; each answer has one value if every operation is
 * rounded by itself, in its place. The constants are where a compiler may see them. */
typedef enum question {
    PRODUCT_AND_SUM, /* x0 * x1 + x2, which is 0 unless it is fused */
    PRODUCT_LESS,    /* x4 - x0 * x1 */
    SUM_IN_ORDER,    /* (x3 + x4) - x3, which is x4 when it is reordered */
    LESS_ZERO,       /* x5 + 0, which is not the -0 in x5 */
    ZERO_LESS,       /* 0 - x6, which is not the -0 that -x6 would be */
    QUOTIENT,        /* x7 / 49, which is not x7 * (1 / 49) */
    DENORMAL,        /* x8 * 3, which is not 0 */
    NAN_EQUAL,       /* whether x5 / x6 is a number: 0 */
    QUESTIONS
} question;

static volatile double f64_x[9] = {1 + 0x1p-30, 1 - 0x1p-30, -1, 0x1p60, 1, -0.0, 0, 5, 0x1p-1060};
static volatile float f32_x[9] = {1 + 0x1p-13f, 1 - 0x1p-13f, -1, 0x1p30f, 1, -0.0f, 0, 5,
                                  0x1p-140f};
static const double f64_expected[QUESTIONS] = {0, 0, 0, 0, 0, 0x1.a1f58d0fac688p-4, 0x3p-1060, 0};
static const float f32_expected[QUESTIONS] = {0, 0, 0, 0, 0, 0x1.a1f58ep-4f, 0x3p-140f, 0};

/* Sums, products and quotients of doubles that x87 registers would round twice. */
typedef struct rounding {
    char op;
    double a, b, expected;
} rounding;
static const volatile rounding roundings[] = {
    {'+', 0x1.8425bfa5c33f3p+0, 0x1.4b8977c6c3801p-12, 0x1.843a783d3fab7p+0},
    {'+', 0x1.8cbb642ccc998p+0, 0x1.ee73f6d016801p-12, 0x1.8cda4b6c399afp+0},
    {'*', 0x1.1fdfb8af9d966p+0, 0x1.bf6f9729013c8p+0, 0x1.f7251f76ca76fp+0},
    {'*', 0x1.a6093f703a050p+0, 0x1.4359263f9d839p+0, 0x1.0a8851a7f34b3p+1},
    {'/', 0x1.e23dae43a4d54p+0, 0x1.e1146b8780494p+0, 0x1.009e2ee5f0b37p+0},
    {'/', 0x1.cd204e0d662dcp+0, 0x1.ce37173d06becp+0, 0x1.fecb2fb345a47p-1}};

NGI_EXACT_BEGIN

#define ASK_C(T, C)                                                                                \
    static __attribute__((noinline)) void ask_c_##T(C *r, const C *x) {                            \
        ngi_##T##x1 first = x[0] * x[1], second = x[0] * x[1];                                     \
        NGI_ROUND_NOW(NGI_FLOAT_KIND, first);                                                      \
        NGI_ROUND_NOW(NGI_FLOAT_KIND, second);                                                     \
        const C number = x[5] / x[6];                                                              \
        r[PRODUCT_AND_SUM] = first + x[2];                                                         \
        r[PRODUCT_LESS] = x[4] - second;                                                           \
        r[SUM_IN_ORDER] = (x[3] + x[4]) - x[3];                                                    \
        r[LESS_ZERO] = x[5] + 0;                                                                   \
        r[ZERO_LESS] = 0 - x[6];                                                                   \
        r[QUOTIENT] = x[7] / 49;                                                                   \
        r[DENORMAL] = x[8] * 3;                                                                    \
        r[NAN_EQUAL] = number >= number ? 1 : 0;                                                   \
    }
ASK_C(f32, float)
ASK_C(f64, double)

#define ASK(P, T, C, W, FN)                                                                        \
    FN static __attribute__((noinline)) C first_##P##_##T(ngi_##T##x##W v) {                       \
        C lanes[W];                                                                                \
        ngi_##T##x##W##_store(lanes, v);                                                           \
        return lanes[0];                                                                           \
    }                                                                                              \
    FN static __attribute__((noinline)) void ask_##P##_##T(C *r, const C *x) {                     \
        ngi_##T##x##W v[9];                                                                        \
        for (int i = 0; i < 9; i++) {                                                              \
            v[i] = ngi_##T##x##W##_set(x[i]);                                                      \
        }                                                                                          \
        const ngi_##T##x##W zero = ngi_##T##x##W##_set(0), one = ngi_##T##x##W##_set(1);           \
        const ngi_##T##x##W product = ngi_##T##x##W##_mul(v[0], v[1]);                             \
        const ngi_##T##x##W number = ngi_##T##x##W##_div(v[5], v[6]);                              \
        r[PRODUCT_AND_SUM] = first_##P##_##T(ngi_##T##x##W##_add(product, v[2]));                  \
        r[PRODUCT_LESS] =                                                                          \
            first_##P##_##T(ngi_##T##x##W##_sub(v[4], ngi_##T##x##W##_mul(v[0], v[1])));           \
        r[SUM_IN_ORDER] =                                                                          \
            first_##P##_##T(ngi_##T##x##W##_sub(ngi_##T##x##W##_add(v[3], v[4]), v[3]));           \
        r[LESS_ZERO] = first_##P##_##T(ngi_##T##x##W##_add(v[5], zero));                           \
        r[ZERO_LESS] = first_##P##_##T(ngi_##T##x##W##_sub(zero, v[6]));                           \
        r[QUOTIENT] = first_##P##_##T(ngi_##T##x##W##_div(v[7], ngi_##T##x##W##_set(49)));         \
        r[DENORMAL] = first_##P##_##T(ngi_##T##x##W##_mul(v[8], ngi_##T##x##W##_set(3)));          \
        r[NAN_EQUAL] =                                                                             \
            first_##P##_##T(ngi_##T##x##W##_keep(ngi_##T##x##W##_le(number, number), one));        \
    }
ASK(scalar, f32, float, 1, NGI_SCALAR)
ASK(scalar, f64, double, 1, NGI_SCALAR)
#if NGI_HAS_V128
ASK(v128, f32, float, 4, NGI_V128)
ASK(v128, f64, double, 4, NGI_V128)
#endif
#if NGI_HAS_V256
ASK(v256, f32, float, 8, NGI_V256)
ASK(v256, f64, double, 8, NGI_V256)
#endif
#if NGI_HAS_V512
ASK(v512, f32, float, 16, NGI_V512)
ASK(v512, f64, double, 16, NGI_V512)
#endif

static __attribute__((noinline)) double operate(char op, double a, double b) {
    return op == '+' ? a + b : op == '*' ? a * b : a / b;
}

/* Comparing is a kernel's affair as well: outside, -0 and 0 or NaN may be taken for the same. */
static int bits_differ(const void *a, const void *b, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (((const unsigned char *)a)[i] != ((const unsigned char *)b)[i]) {
            return 1;
        }
    }
    return 0;
}

static int check_roundings(void) {
    int failures = 0;
    for (unsigned i = 0; i < sizeof roundings / sizeof *roundings; i++) {
        const double expected = roundings[i].expected;
        const double got = operate(roundings[i].op, roundings[i].a, roundings[i].b);
        failures += bits_differ(&expected, &got, sizeof got);
    }
    return failures;
}

NGI_EXACT_END

/* Sets the processor to flush tiny numbers and to round towards zero, where it can. */
static void disturb(void) {
#if defined(__x86_64__) || defined(__i386__)
    const uint32_t settings = 0xffc0;
    __asm__ __volatile__("ldmxcsr %0" : : "m"(settings) : "memory");
#elif defined(__aarch64__)
    const uint64_t settings = 3u << 22 | 1u << 24;
    __asm__ __volatile__("msr fpcr, %0" : : "r"(settings) : "memory");
#endif
}

/* Whether leaving brings back what was found on entering, and entering has found what was set. */
static int check_settings(void) {
    disturb();
    const uint64_t set = ngi_exact_enter();
    ngi_exact_leave((uint32_t)set);
    const uint64_t found = ngi_exact_enter();
#if defined(__x86_64__) || defined(__i386__) || defined(__aarch64__)
    return set != found || set == 0x1f80 || set == 0;
#else
    return set != found;
#endif
}

/* With the includer's flags. */
static __attribute__((noinline)) double outside(double a, double b, double c) { return a * b + c; }

static void tell(const char *who, int failures) {
    put(who);
    put(": ");
    put_number((uint64_t)failures, 10);
    put(" failures\n");
}

#define CHECK(P, T, C)                                                                             \
    {                                                                                              \
        C x[9], r[QUESTIONS];                                                                      \
        int wrong = 0;                                                                             \
        for (int i = 0; i < 9; i++) {                                                              \
            x[i] = T##_x[i];                                                                       \
        }                                                                                          \
        ask_##P##_##T(r, x);                                                                       \
        for (unsigned i = 0; i < QUESTIONS; i++) {                                                 \
            if (bits_differ(&r[i], &T##_expected[i], sizeof r[i])) {                               \
                put("FAILED " #P " " #T " question ");                                             \
                put_number(i, 10);                                                                 \
                put("\n");                                                                         \
                wrong++;                                                                           \
            }                                                                                      \
        }                                                                                          \
        tell(#P " " #T, wrong);                                                                    \
        failures += wrong;                                                                         \
    }
#define CHECK_PROFILE(P, number)                                                                   \
    if ((number) > ng_best_profile()) {                                                            \
        put(#P ": SKIPPED, this machine does not have it\n");                                      \
    } else {                                                                                       \
        CHECK(P, f32, float)                                                                       \
        CHECK(P, f64, double)                                                                      \
    }

static int check(int argument_count) {
    int failures = check_settings(); /* from here on as in a kernel */
    tell("settings", failures);
    const int wrong_roundings = check_roundings();
    tell("doubles", wrong_roundings);
    failures += wrong_roundings;
    CHECK(c, f32, float)
    CHECK(c, f64, double)
    CHECK_PROFILE(scalar, NG_SCALAR)
#if NGI_HAS_V128
    CHECK_PROFILE(v128, NG_V128)
#endif
#if NGI_HAS_V256
    CHECK_PROFILE(v256, NG_V256)
#endif
#if NGI_HAS_V512
    CHECK_PROFILE(v512, NG_V512)
#endif
    if (argument_count > 1) {
        const int is_fused = outside(f64_x[0], f64_x[1], f64_x[2]) != 0;
        tell("outside", !is_fused);
        failures += !is_fused;
    }
    put("done\n");
    return failures;
}
