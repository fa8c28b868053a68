/* drive: the operators that a driver program was built with. */
#ifndef DRIVE_H
#define DRIVE_H

#include "nagare.h"

extern const ng_kernel *const drive_operators[];
extern const size_t drive_operator_count;

#endif
