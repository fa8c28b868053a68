/* Declarations alone: nothing is emitted, nothing needs linking. */
#include "nagare.h"

int main(void) { return NG_OK; }
