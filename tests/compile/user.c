/* Another file of the same program, which uses the library. */
#define NAGARE_KERNELS 1
#include "nagare.h"

int main(void) { return ng_type_size(NG_F64) == 8 ? 0 : 1; }
