/* Declarations alone, as C++. */
#include "nagare.h"

int main() { return NG_OK; }
