/* Prints the traces of so many worlds from a seed on: `sim_trace SEED COUNT`. */
#include "sim_trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    const uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    for (uint64_t i = 0; i < count; i++) {
        (void)printf("%016" PRIx64 "\n", trace_of(seed + i));
    }
    return 0;
}
