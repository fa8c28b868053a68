/* ops_sort: all rows of a river in an order, also where they are more than memory holds. */
#ifndef NGI_OPS_SORT_H
#define NGI_OPS_SORT_H

#include "graph.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* A column by which rows are ordered. Text goes by bytes, which is the order of its characters'
 * numbers; NaN is above all numbers. */
typedef struct ng_sort_key {
    const char *column;
    bool descending;
    bool nulls_first; /* nulls come first, whatever the direction; else last */
} ng_sort_key;

/* Bytes that lie outside of memory, such as in a file. Both calls move all bytes, which lie one
 * behind the other from `at` on, or fail with a status below 0. What is read was written before.
 * They are made on the graph's thread, and the graph waits for them. */
typedef struct ng_storage {
    ng_status (*write)(void *ctx, uint64_t at, const void *bytes, size_t size);
    ng_status (*read)(void *ctx, uint64_t at, void *into, size_t size);
    void *ctx;
} ng_storage;

/* The memory of a sort, which is taken when the graph is built: for so many rows and texts, 8 bytes
 * a row besides, and half as much again where there is storage. */
typedef struct ng_sort_options {
    size_t rows;         /* that are sorted in memory, at least 16 and at most 2^30 */
    size_t text;         /* bytes of text in each utf8 column among them */
    size_t longest_text; /* of a row; one with more is bad, with NG_TOO_LARGE */
    ng_storage storage;  /* for rows beyond that; `write` NULL: there is none, they are bad, with
                            NG_FULL */
} ng_sort_options;

/* All rows, in the order of the first key, of rows equal by it in that of the second, and so on;
 * equal ones in the order in which they came. Nothing comes out before the river has ended. Each
 * row is written and read about log(rows / options.rows) / log(16) times, at least once where there
 * are more than fit. NG_INVALID: options, no key; NG_MISMATCH: there is no such column;
 * NG_TOO_LARGE: there are more than 16 keys. */
ng_river ng_sort(ng_river river, const ng_sort_key *keys, size_t count,
                 const ng_sort_options *options);

#if defined(__cplusplus)
}
#endif

#endif
