/* ops_kernel: generated kernels as operators. */
#ifndef NGI_OPS_KERNEL_H
#define NGI_OPS_KERNEL_H

#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* A river through a kernel, whose columns it must have by name and type, in any order; NG_MISMATCH
 * if it has not. What can be null in the river must be allowed to be in the kernel. `params` are
 * the kernel's own structure, copied at once; NULL: its defaults. `profile` is NG_AUTO but for
 * tests. Of what a call takes and makes the difference counts as filtered, or as made. A kernel
 * that ends by itself (`take 10`) cancels the river and brings out what it still holds. A kernel
 * with a column `ng_row` numbers the rows of its input there; the graph makes positions of that. */
ng_river ng_through(ng_river river, const ng_kernel *kernel, const void *params,
                    ng_profile profile);

#if defined(__cplusplus)
}
#endif

#endif
