/* The one file of a program that holds the library's code. */
#define NAGARE_IMPLEMENTATION
#include "nagare.h"
