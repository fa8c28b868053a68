/* profile: which instruction sets kernels are compiled for, and which of them the machine has. */
#ifndef NGI_PROFILE_H
#define NGI_PROFILE_H

#include "base.h"
#include "exact.h"

#if !defined(NG_NO_SIMDE)
#define NG_NO_SIMDE 0
#endif

#if defined(__x86_64__) || defined(__i386__)
#define NGI_X86 1
#else
#define NGI_X86 0
#endif

/* The wide profiles are for 64-bit code: clang 19 miscompiles masks of AVX-512 in 32-bit code.
 * Where floats live in x87 registers only `scalar` is left, since vector code that the includer's
 * headers brought in earlier cannot be inlined into ours. */
#if defined(__x86_64__) && !NGI_X87
#define NGI_HAS_V256 1
#define NGI_HAS_V512 1
#else
#define NGI_HAS_V256 0
#define NGI_HAS_V512 0
#endif

#if defined(__wasm_simd128__)
#define NGI_HAS_V128 1
#elif !NG_NO_SIMDE && ((NGI_X86 && !NGI_X87) || (defined(__aarch64__) && !defined(__AARCH64EB__)))
#if defined(__has_include)
#if __has_include(<simde/wasm/simd128.h>)
#define NGI_HAS_V128 1
#endif
#endif
#endif
#if !defined(NGI_HAS_V128)
#define NGI_HAS_V128 0
#endif

/* NGI_V512 and the like make a function one of the profile; it may then call the profile's
 * operations. NGI_V512_INLINE is for small static functions that vanish in their callers. */
#define NGI_SCALAR
#define NGI_V128
#define NGI_V256 __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))
#define NGI_V512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt,lzcnt")))

#define NGI_ALWAYS_INLINE static inline __attribute__((always_inline, unused))
#define NGI_SCALAR_INLINE NGI_SCALAR NGI_ALWAYS_INLINE
#define NGI_V128_INLINE NGI_V128 NGI_ALWAYS_INLINE
#define NGI_V256_INLINE NGI_V256 NGI_ALWAYS_INLINE
#define NGI_V512_INLINE NGI_V512 NGI_ALWAYS_INLINE

#if NGI_HAS_V256
/* eax, ebx, ecx and edx of the processor's description `leaf`, or zeros if it has no such leaf. */
NGI_ALWAYS_INLINE void ngi_cpuid(uint32_t leaf, uint32_t r[4]) {
    uint32_t last, b, c, d;
    __asm__ __volatile__("cpuid" : "=a"(last), "=b"(b), "=c"(c), "=d"(d) : "a"(0), "c"(0));
    r[0] = r[1] = r[2] = r[3] = 0;
    if (leaf <= last) {
        __asm__ __volatile__("cpuid"
                             : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
                             : "a"(leaf), "c"(0));
    }
}

NGI_ALWAYS_INLINE ng_profile ngi_best_x86_profile(void) {
    /* Bits of cpuid: leaf 1 ecx, leaf 7 ebx, leaf 0x80000001 ecx. */
    const uint32_t osxsave_avx_popcnt = 1u << 27 | 1u << 28 | 1u << 23;
    const uint32_t bmi_avx2_bmi2 = 1u << 3 | 1u << 5 | 1u << 8;
    const uint32_t avx512_f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
    const uint32_t lzcnt = 1u << 5;
    const ng_profile least = NGI_HAS_V128 ? NG_V128 : NG_SCALAR;
    uint32_t basic[4], more[4], extended[4], saved, saved_high;
    ngi_cpuid(1, basic);
    ngi_cpuid(7, more);
    __asm__ __volatile__("cpuid"
                         : "=a"(extended[0]), "=b"(extended[1]), "=c"(extended[2]),
                           "=d"(extended[3])
                         : "a"(0x80000001u), "c"(0));
    if ((basic[2] & osxsave_avx_popcnt) != osxsave_avx_popcnt ||
        (more[1] & bmi_avx2_bmi2) != bmi_avx2_bmi2 || (extended[2] & lzcnt) == 0) {
        return least;
    }
    /* What the system saves when it switches threads: xmm and ymm, then k and zmm. */
    __asm__ __volatile__("xgetbv" : "=a"(saved), "=d"(saved_high) : "c"(0));
    if ((saved & 0x06) != 0x06) {
        return least;
    }
    if ((saved & 0xe0) != 0xe0 || (more[1] & avx512_f_dq_bw_vl) != avx512_f_dq_bw_vl) {
        return NG_V256;
    }
    return NG_V512;
}
#endif

/* The widest profile that this machine runs and this compilation has. Any thread. */
NGI_ALWAYS_INLINE ng_profile ng_best_profile(void) {
#if NGI_HAS_V256
    return ngi_best_x86_profile();
#elif NGI_HAS_V128
    return NG_V128;
#else
    return NG_SCALAR;
#endif
}

#endif
