/* batch: rows in Arrow's columns, and the counted memory they lie in.
 *
 * A block is memory laid out as columns; whoever needs it holds it, and the last to let go of it
 * gives it back to where it came from. A batch is some rows of a block. It is a small value: it is
 * handed on by copying it, together with its one hold of the block. Slicing a batch copies no rows.
 *
 * What is in a batch is not changed any more. Rows may still be written behind those that batches
 * show, by the one that filled the block. */
#ifndef NGI_BATCH_H
#define NGI_BATCH_H

#include "base.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* A field of a schema that is written by hand:
 *     static const ng_field fields[] = {NG_FIELD("ts", NG_I64), NG_NULLABLE("x", NG_F64)}; */
#define NG_FIELD(name, type) {name, type, false, NG_NONE, NG_NONE, NG_NONE, NG_NONE}
#define NG_NULLABLE(name, type) {name, type, true, NG_NONE, NG_NONE, NG_NONE, NG_NONE}

/* NG_OK, or NG_INVALID: there is no column, a name is missing, empty or there twice, or a type is
 * none. Any thread. */
NG_NODISCARD ng_status ng_schema_check(const ng_schema *schema);

/* Whether two schemas have the same names, types and nulls in the same order. Any thread. */
bool ng_schema_equal(const ng_schema *a, const ng_schema *b);

/* The place of a column, or schema->count if there is none of that name. Any thread. */
size_t ng_schema_find(const ng_schema *schema, const char *name);

/* Memory laid out as columns. */
typedef struct ng_block {
    ng_column *columns;                      /* one for each field of its schema */
    size_t capacity;                         /* rows that fit into it */
    uint32_t holders;                        /* private; counted atomically */
    void (*release)(struct ng_block *block); /* called by the last holder, on its thread; NULL: the
                                                block stays where it is */
    void *owner;                             /* for `release` */
    struct ng_block *next;                   /* for its owner while no one holds it */
} ng_block;

/* A block over columns that the caller owns, held once. `release` may be NULL. */
void ng_block_init(ng_block *block, ng_column *columns, size_t capacity,
                   void (*release)(ng_block *block), void *owner);

/* One more holder; only for those who hold the block already. Any thread. */
void ng_block_hold(ng_block *block);

/* Lets go of a hold. NG_INVALID: there is no block; NG_MISUSED: no one held it. Any thread. */
ng_status ng_block_release(ng_block *block);

/* How many hold it at the moment. Any thread. */
uint32_t ng_block_holders(const ng_block *block);

/* Rows [offset, offset + rows) of a block. */
typedef struct ng_batch {
    const ng_schema *schema;
    ng_block *block; /* held once by the batch; NULL: the batch is gone */
    size_t offset, rows;
} ng_batch;

/* Lets go of the batch, which is gone then. NG_MISUSED: it was gone already. Any thread. */
ng_status ng_batch_release(ng_batch *batch);

/* Makes `*slice` the rows [from, from + rows) of a batch, with a hold of its own. NG_INVALID: the
 * batch has not that many; NG_MISUSED: it is gone. `slice` must not be `batch`. Any thread. */
NG_NODISCARD ng_status ng_batch_slice(const ng_batch *batch, size_t from, size_t rows,
                                      ng_batch *slice);

/* How many bytes the rows take, without padding. Any thread. */
uint64_t ng_batch_bytes(const ng_batch *batch);

/* Copies rows of a batch behind the `at` rows that a block of the same schema has. Answers how many
 * were copied: fewer than `rows` where the block has no more room for rows or text. */
size_t ng_batch_copy(const ng_batch *batch, size_t from, size_t rows, ng_block *to, size_t at);

/* The parts of that, for those who put columns together themselves: how many of `rows` rows' text
 * fits behind the `at` rows of a utf8 column; and the copying of rows that fit. */
size_t ngi_text_fitting(const ng_column *from, size_t first, size_t rows, const ng_column *to,
                        size_t at);
void ngi_copy_column(ng_type type, const ng_column *from, size_t first, size_t rows, ng_column *to,
                     size_t at);

#if defined(__cplusplus)
}
#endif

#endif
