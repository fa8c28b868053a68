/* exact: keeps floating point exact in kernels, whatever flags their includer compiles with. */
#ifndef NGI_EXACT_H
#define NGI_EXACT_H

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

/* Between these two, a * b + c rounds twice, sums keep their order and divisions divide. The
 * includer's own settings hold again behind the end. Both stand at file scope. */
#if defined(__clang__)
#if NGI_X87
#define NGI_EXACT_BEGIN                                                                            \
    _Pragma("float_control(precise, on, push)") _Pragma("clang fp contract(off)")                  \
        _Pragma("clang attribute push(__attribute__((target(\"sse2\"))), apply_to = function)")
#define NGI_EXACT_END _Pragma("clang attribute pop") _Pragma("float_control(pop)")
#elif defined(__x86_64__) || defined(__i386__) || defined(__aarch64__)
#define NGI_EXACT_BEGIN                                                                            \
    _Pragma("float_control(precise, on, push)") _Pragma("clang fp contract(off)")
#define NGI_EXACT_END _Pragma("float_control(pop)")
#else
/* No saved state on these targets: what follows the end keeps clang's default, which is `on`. */
#define NGI_EXACT_BEGIN _Pragma("clang fp contract(off)")
#define NGI_EXACT_END _Pragma("clang fp contract(on)")
#endif
#elif NGI_X87
#define NGI_EXACT_BEGIN                                                                            \
    _Pragma("GCC push_options") _Pragma("GCC optimize(\"fp-contract=off\")")                       \
        _Pragma("GCC target(\"sse2,fpmath=sse\")")
#define NGI_EXACT_END _Pragma("GCC pop_options")
#else
#define NGI_EXACT_BEGIN _Pragma("GCC push_options") _Pragma("GCC optimize(\"fp-contract=off\")")
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

#endif
