/* Included again and again, each time with more asked for. */
#include "nagare.h"
#include "nagare.h"
#define NAGARE_KERNELS 1
#include "nagare.h"
#define NAGARE_IMPLEMENTATION
#include "nagare.h"
#include "nagare.h"

int main(void) { return ng_status_text(NG_OK)[0] == 'o' ? 0 : 1; }
