/* Reads doubles, and writes `exp` of each as an f64 and, rounded first, as an f32 that is widened.
 */
#define NAGARE_KERNELS 1
#include "../../core/simd.h"

#include <stdio.h>

int main(void) {
    double x;
    while (fread(&x, sizeof x, 1, stdin) == 1) {
        const double results[2] = {ngi_f64x1_exp(x),
                                   ngi_f64x1_from_f32(ngi_f32x1_exp(ngi_f32x1_from_f64(x)))};
        if (fwrite(results, sizeof results, 1, stdout) != 1) {
            return 1;
        }
    }
    return 0;
}
