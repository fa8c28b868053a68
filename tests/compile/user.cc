/* A C++ file that uses the library's code compiled as C. */
#define NAGARE_KERNELS 1
#include "nagare.h"

int main() { return ng_type_size(NG_F64) == 8 ? 0 : 1; }
