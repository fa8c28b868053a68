/* ops_distinct: rows whose key is new. A key is some columns of a row, at most 16, by their names;
 * with `names` NULL all columns. Nulls are equal to each other, and floats go by value: zeros are
 * equal, and so are all NaN. */
#ifndef NGI_OPS_DISTINCT_H
#define NGI_OPS_DISTINCT_H

#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* The rows whose key is another than that of the row before. NG_MISMATCH: there is no such column;
 * NG_TOO_LARGE: there are too many. */
ng_river ng_distinct_until_changed(ng_river river, const char *const *names, size_t count);

/* What a distinct remembers, in memory that the graph takes for it when it is built: about 8 bytes
 * a key and what its columns take, times a power of two that is at most 2. */
typedef struct ng_distinct_options {
    size_t keys;  /* how many it remembers, at least 1 and at most 2^30 */
    size_t text;  /* bytes of text in each utf8 column of all keys, at least 1 */
    bool forgets; /* where one more does not fit: forgets the older half of the keys. Otherwise the
                     row is bad, with NG_FULL (see ng_on_error). */
} ng_distinct_options;

/* The first row of each key. Where keys are forgotten, a row may come out again, once at least
 * keys / 2 others, or half the text, have come between. NG_INVALID: options; as above. */
ng_river ng_distinct(ng_river river, const char *const *names, size_t count,
                     const ng_distinct_options *options);

#if defined(__cplusplus)
}
#endif

#endif
