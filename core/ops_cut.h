/* ops_cut: the beginning of a river, or what comes after it. No rows are copied, but for a sample.
 */
#ifndef NGI_OPS_CUT_H
#define NGI_OPS_CUT_H

#include "ops_rows.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* The first `rows` rows. Ends, and cancels upstream, right behind the last of them. */
ng_river ng_take(ng_river river, uint64_t rows);

/* All but the first `rows` rows. */
ng_river ng_skip(ng_river river, uint64_t rows);

/* The rows before the first for which a test says no; ends there. */
ng_river ng_take_while(ng_river river, ng_test_fn *test, void *ctx);

/* The rows from the first on for which a test says no. */
ng_river ng_skip_while(ng_river river, ng_test_fn *test, void *ctx);

/* Every `n`th row, beginning with the first. Refused with NG_INVALID if `n` is 0. */
ng_river ng_every(ng_river river, uint64_t n);

/* Each row with a probability, from 0 to 1. Which rows they are follows from the seed and their
 * numbers alone. Refused with NG_INVALID if `probability` is none. */
ng_river ng_sample(ng_river river, double probability, uint64_t seed);

#if defined(__cplusplus)
}
#endif

#endif
