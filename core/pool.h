/* pool: a fixed number of equal blocks in one piece of memory. One thread takes, any thread gives
 * back, by letting go of the last hold. */
#ifndef NGI_POOL_H
#define NGI_POOL_H

#include "batch.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* All fields are private. */
typedef struct ng_pool {
    const ng_schema *schema;
    ng_block *blocks;
    size_t count;
    ng_block *idle;     /* of the thread that takes */
    ng_block *returned; /* atomic: what came back since */
} ng_pool;

/* How many bytes a pool of `count` blocks needs, each of `rows` rows and `text_bytes` of text in
 * each utf8 column; 0 where a number is 0 that must not be (`text_bytes` must not where there is
 * text), where text exceeds the 2 GiB that offsets reach, and where the sum does not fit into a
 * size_t. Any thread. */
size_t ng_pool_size(const ng_schema *schema, size_t count, size_t rows, size_t text_bytes);

/* Lays a pool out in `memory`, of ng_pool_size bytes and any alignment, which must outlive all
 * holds of its blocks. Columns are aligned to 64. NG_INVALID where ng_pool_size says 0, or
 * something is NULL. */
NG_NODISCARD ng_status ng_pool_init(ng_pool *pool, void *memory, const ng_schema *schema,
                                    size_t count, size_t rows, size_t text_bytes);

/* A block with no rows in it, held once; NULL: all are in use. */
ng_block *ng_pool_take(ng_pool *pool);

/* How many blocks are held by someone. Exact while no other thread lets go of one. */
size_t ng_pool_in_use(const ng_pool *pool);

#if defined(__cplusplus)
}
#endif

#endif
