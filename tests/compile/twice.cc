/* The kernels' section and the library's code first, as C++, then everything again. */
#define NAGARE_KERNELS 1
#define NAGARE_IMPLEMENTATION
#include "nagare.h"
#include "nagare.h"

int main() { return ng_status_text(NG_OK)[0] == 'o' ? 0 : 1; }
