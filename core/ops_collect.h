/* ops_collect: rows into columns of the program. */
#ifndef NGI_OPS_COLLECT_H
#define NGI_OPS_COLLECT_H

#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Columns that are filled. */
typedef struct ng_collected {
    ng_column *columns; /* one for each of the river's, with room for `capacity` rows: values (of
                           utf8 capacity + 1 offsets), `valid` where there can be nulls, and text of
                           `bytes_size` */
    size_t capacity;
    size_t rows; /* that are there so far: 0 to begin with, or how many are to be kept */
} ng_collected;

/* Copies rows into an array of columns, behind those that it has. A row for which there is no room
 * is bad, with NG_FULL (see ng_on_error). `to` outlives the graph. */
ng_river ng_collect(ng_river river, ng_collected *to);

#if defined(__cplusplus)
}
#endif

#endif
