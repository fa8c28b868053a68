/* arrow: schemas and batches to and from other libraries, by Arrow's C data interface.
 *
 * Batches lie in memory as Arrow's arrays do, so what goes in or out is a handful of pointers, not
 * the rows. Whoever gets an ArrowArray calls its `release` once; until then it keeps the batch's
 * block, as a batch does.
 *
 * | nagare | Arrow | format |
 * | bool, i8 ... u64, f32, f64, utf8 | Boolean, Int8 ... UInt64, Float32, Float64, Utf8 | b c ... u
 * | | timestamp[s] ... timestamp[ns] | Timestamp with the zone UTC | tss:UTC ... tsn:UTC |
 *
 * A timestamp that comes in with another zone is the same instant, and one without any is taken as
 * UTC. Other types are refused. The structures are those of the interface's specification, version
 * of Arrow 1.0; a program that has them from elsewhere already keeps those. */
#ifndef NGI_ARROW_H
#define NGI_ARROW_H

#include "batch.h"

#if defined(__cplusplus)
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *schema);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *array);
    void *private_data;
};

#endif

/* Describes the columns as a struct. Names are copied. The caller, or whom it is handed to, calls
 * `out->release`, with which memory goes back to the allocator. NG_INVALID, NG_NO_MEMORY: `out` is
 * released. */
NG_NODISCARD ng_status ng_arrow_export_schema(const ng_schema *schema, ng_allocator allocator,
                                              struct ArrowSchema *out);

/* Hands a batch on as a struct array: its hold is the array's on NG_OK, and stays the batch's
 * otherwise. Children may be moved out of the array and live on by themselves. `release`, from any
 * thread that the allocator bears, lets go of the block. NG_MISUSED: the batch is gone;
 * NG_NO_MEMORY. */
NG_NODISCARD ng_status ng_arrow_export(ng_batch *batch, ng_allocator allocator,
                                       struct ArrowArray *out);

/* A schema that came in. */
typedef struct ng_arrow_schema {
    ng_schema schema;
    ng_allocator allocator; /* private */
    size_t size;            /* private */
    size_t column;          /* the one that was refused, SIZE_MAX: none by itself */
} ng_arrow_schema;

/* Makes a schema of the description of a struct, which stays the caller's. NG_INVALID: it is
 * released, no struct, has no columns, or a name is missing or there twice; NG_UNSUPPORTED: nagare
 * has no such type, `out->column` says where; NG_NO_MEMORY. */
NG_NODISCARD ng_status ng_arrow_import_schema(const struct ArrowSchema *from,
                                              ng_allocator allocator, ng_arrow_schema *out);

/* Gives the memory back. Any number of times. */
void ng_arrow_schema_close(ng_arrow_schema *schema);

/* Makes a batch of a struct array of these columns. On NG_OK the array is moved, and is released
 * when the last hold of the batch's block is let go of, on that thread; `schema` outlives that.
 * Columns are not copied, but for those that begin at another bit of a byte than the others, or are
 * not aligned to their type. NG_INVALID: the array is released or has another shape;
 * NG_UNSUPPORTED: whole rows are null; NG_BAD_INPUT: a column has nulls that the schema does not
 * allow, or offsets of text that fall; NG_TOO_LARGE; NG_NO_MEMORY. It stays the caller's then. */
NG_NODISCARD ng_status ng_arrow_import(struct ArrowArray *array, const ng_schema *schema,
                                       ng_allocator allocator, ng_batch *out);

#if defined(__cplusplus)
}
#endif

#endif
