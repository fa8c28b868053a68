/* exact: keeps floating point exact in kernels, whatever flags their includer compiles with. */
#ifndef NGI_EXACT_H
#define NGI_EXACT_H

#include "base.h"

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "kernels must see NaN and infinity: compile without -ffast-math, -Ofast, -ffinite-math-only"
#endif

/* gcc's -fsingle-precision-constant rounds 0.1 to float before any code of ours runs. */
typedef char ngi_double_constants_are_double[sizeof(0.1) == sizeof(double) ? 1 : -1];

/* x86 that adds in 80-bit registers, which round twice. */
#if (defined(__i386__) || defined(__x86_64__)) && !defined(__SSE2_MATH__)
#define NGI_X87 1
#else
#define NGI_X87 0
#endif

/* Between these two, each operation is rounded by itself and in its place: a * b + c rounds twice,
 * sums keep their order, divisions divide, and zeros keep their signs. The includer's own settings
 * hold again behind the end. Both stand at file scope. */
#if defined(__wasm__)
/* clang saves no settings on this target, and has no fused operation to leave on again. */
#define NGI_EXACT_BEGIN _Pragma("clang fp contract(off) reassociate(off)")
#define NGI_EXACT_END _Pragma("clang fp contract(on)")
#elif defined(__clang__) && NGI_X87
#define NGI_EXACT_BEGIN                                                                            \
    _Pragma("float_control(precise, on, push)") _Pragma("clang fp contract(off)")                  \
        _Pragma("clang attribute push(__attribute__((target(\"sse2\"))), apply_to = function)")
#define NGI_EXACT_END _Pragma("clang attribute pop") _Pragma("float_control(pop)")
#elif defined(__clang__)
#define NGI_EXACT_BEGIN                                                                            \
    _Pragma("float_control(precise, on, push)") _Pragma("clang fp contract(off)")
#define NGI_EXACT_END _Pragma("float_control(pop)")
#else
#define NGI_EXACT_OPTIONS                                                                          \
    _Pragma("GCC push_options")                                                                    \
        _Pragma("GCC optimize(\"fp-contract=off,no-unsafe-math-optimizations\")")                  \
            _Pragma("GCC optimize(\"no-associative-math,no-reciprocal-math,signed-zeros\")")
#if NGI_X87
#define NGI_EXACT_BEGIN NGI_EXACT_OPTIONS _Pragma("GCC target(\"sse2,fpmath=sse\")")
#else
#define NGI_EXACT_BEGIN NGI_EXACT_OPTIONS
#endif
#define NGI_EXACT_END _Pragma("GCC pop_options")
#endif

/* Rounds `x`, a product, before it can be fused with a sum. Only clang's -ffp-contract=fast needs
 * it: it overrules the pragma, and no macro tells of it. `kind` is the register class of the
 * target. */
#if defined(__clang__) && !defined(__wasm__)
#define NGI_ROUND_NOW(kind, x) __asm__("" : "+" kind(x))
#else
#define NGI_ROUND_NOW(kind, x) ((void)0)
#endif

/* The processor's own settings: a program linked with -ffast-math, or a library it loads, flushes
 * tiny numbers to zero for everyone, and fesetround rounds them differently. A kernel takes them
 * back for the length of a call: `enter` gives what `leave` restores. What stands between is
 * compiled as usual, but nothing that goes through memory moves past them. */
#define NGI_SETTINGS_INLINE static inline __attribute__((always_inline, unused))
#if defined(__aarch64__)
typedef uint64_t ngi_settings;
#else
typedef uint32_t ngi_settings;
#endif
#if defined(__x86_64__) || defined(__i386__)
#define NGI_SETTINGS_EXACT                                                                         \
    0x1f80u /* all exceptions masked, round to nearest; bits 0 to 5 only tell */
NGI_SETTINGS_INLINE ngi_settings ngi_exact_enter(void) {
    ngi_settings settings;
    const uint32_t exact = NGI_SETTINGS_EXACT;
    __asm__ __volatile__("stmxcsr %0" : "=m"(settings) : : "memory");
    if ((settings & ~0x3fu) != exact) {
        __asm__ __volatile__("ldmxcsr %0" : : "m"(exact) : "memory");
    }
    return settings;
}
NGI_SETTINGS_INLINE void ngi_exact_leave(ngi_settings settings) {
    if ((settings & ~0x3fu) != NGI_SETTINGS_EXACT) {
        __asm__ __volatile__("ldmxcsr %0" : : "m"(settings) : "memory");
    }
}
#elif defined(__aarch64__)
NGI_SETTINGS_INLINE ngi_settings ngi_exact_enter(void) {
    ngi_settings settings;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(settings) : : "memory");
    if (settings != 0) {
        __asm__ __volatile__("msr fpcr, %0" : : "r"((uint64_t)0) : "memory");
    }
    return settings;
}
NGI_SETTINGS_INLINE void ngi_exact_leave(ngi_settings settings) {
    if (settings != 0) {
        __asm__ __volatile__("msr fpcr, %0" : : "r"(settings) : "memory");
    }
}
#else
NGI_SETTINGS_INLINE ngi_settings ngi_exact_enter(void) { return 0; }
NGI_SETTINGS_INLINE void ngi_exact_leave(ngi_settings settings) { (void)settings; }
#endif

#endif
