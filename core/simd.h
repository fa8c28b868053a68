/* simd: the operations that kernels are written in, for every profile of this compilation.
 *
 * A profile has W lanes: scalar 1, v128 4, v256 8, v512 16. Every type has W lanes, whatever its
 * width: ngi_f32xW ngi_f64xW ngi_i32xW ngi_u32xW ngi_i64xW ngi_u64xW, and the masks ngi_mW. So
 * kernels are the same text for each profile but for the number in the names. simd_scalar.h lists
 * the operations and defines each. */
#ifndef NGI_SIMD_H
#define NGI_SIMD_H

#include "bits.h"
#include "profile.h"

#if NGI_HAS_V256
#include <immintrin.h>
#endif
#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#elif NGI_HAS_V128
/* It warns where it is not taken for a system's header. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wfloat-conversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wundef"
#include <simde/wasm/simd128.h>
#pragma GCC diagnostic pop
#endif

NGI_EXACT_BEGIN

#include "simd_scalar.h"
#include "simd_v128.h"
#include "simd_v256.h"
#include "simd_v512.h"

#include "math_exp.h"

NGI_EXACT_END

#endif
