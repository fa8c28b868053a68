/* All of it on a machine without a C library. */
#define NAGARE_KERNELS 1
#define NAGARE_IMPLEMENTATION
#include "nagare.h"
