/* arrow: pointers into blocks as arrays, and arrays as blocks. */
#include "arrow.h"

#include "bits.h"
#include "sizes.h"

/* ---- formats --------------------------------------------------------------------------------- */

/* By type. */
static const char *const ngi_arrow_formats[] = {
    "",  "b", "c", "s",       "i",       "l",       "C",       "S", "I",
    "L", "f", "g", "tss:UTC", "tsm:UTC", "tsu:UTC", "tsn:UTC", "u"};

/* How much of a format says the type: a timestamp's zone does not. */
static bool ngi_arrow_same_format(const char *ours, const char *theirs) {
    while (*ours != '\0' && *ours == *theirs) {
        if (*ours == ':') {
            return true;
        }
        ours++;
        theirs++;
    }
    return *ours == *theirs;
}

/* 0: none. */
static uint32_t ngi_arrow_type(const char *format) {
    for (uint32_t type = NG_BOOL; type <= NG_UTF8 && format != NULL; type++) {
        if (ngi_arrow_same_format(ngi_arrow_formats[type], format)) {
            return type;
        }
    }
    return 0;
}

static size_t ngi_text_size(const char *text) {
    size_t size = 0;
    while (text[size] != '\0') {
        size++;
    }
    return size;
}

/* ---- schemas out ----------------------------------------------------------------------------- */

/* What is in `private_data` of a struct; its children have none. Followed by the children, pointers
 * to them, and their names. */
typedef struct ngi_arrow_described {
    ng_allocator allocator;
    size_t size;
} ngi_arrow_described;

/* Names are the columns' own, which a child that was moved away keeps: so each has a copy. */
typedef struct ngi_arrow_name {
    ng_allocator allocator;
    size_t size;
    char text[1];
} ngi_arrow_name;

static void ngi_arrow_release_column(struct ArrowSchema *column) {
    ngi_arrow_name *const name = (ngi_arrow_name *)column->private_data;
    const ng_allocator allocator = name->allocator;
    (void)allocator.resize(allocator.ctx, name, name->size, 0);
    column->release = NULL;
}

static void ngi_arrow_release_schema(struct ArrowSchema *schema) {
    ngi_arrow_described *const described = (ngi_arrow_described *)schema->private_data;
    const ng_allocator allocator = described->allocator;
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release != NULL) {
            schema->children[i]->release(schema->children[i]);
        }
    }
    (void)allocator.resize(allocator.ctx, described, described->size, 0);
    schema->release = NULL;
}

static bool ngi_arrow_describe(const ng_field *field, ng_allocator allocator,
                               struct ArrowSchema *out) {
    const size_t text = ngi_text_size(field->name) + 1, size = sizeof(ngi_arrow_name) + text;
    ngi_arrow_name *const name = (ngi_arrow_name *)allocator.resize(allocator.ctx, NULL, 0, size);
    if (name == NULL) {
        return false;
    }
    name->allocator = allocator;
    name->size = size;
    __builtin_memcpy(name->text, field->name, text);
    out->format = ngi_arrow_formats[field->type];
    out->name = name->text;
    out->flags = field->nullable ? ARROW_FLAG_NULLABLE : 0;
    out->release = ngi_arrow_release_column;
    out->private_data = name;
    return true;
}

ng_status ng_arrow_export_schema(const ng_schema *schema, ng_allocator allocator,
                                 struct ArrowSchema *out) {
    __builtin_memset(out, 0, sizeof *out);
    if (ng_schema_check(schema) != NG_OK) {
        return NG_INVALID;
    }
    const size_t each = sizeof(struct ArrowSchema) + sizeof(struct ArrowSchema *);
    const size_t size =
        ngi_size_plus(sizeof(ngi_arrow_described), ngi_size_times(schema->count, each));
    ngi_arrow_described *const described =
        size == SIZE_MAX ? NULL
                         : (ngi_arrow_described *)allocator.resize(allocator.ctx, NULL, 0, size);
    if (described == NULL) {
        return NG_NO_MEMORY;
    }
    __builtin_memset(described, 0, size);
    described->allocator = allocator;
    described->size = size;
    struct ArrowSchema *const columns = (struct ArrowSchema *)(void *)(described + 1);
    out->format = "+s";
    out->name = "";
    out->children = (struct ArrowSchema **)(void *)(columns + schema->count);
    out->private_data = described;
    out->release = ngi_arrow_release_schema;
    for (size_t i = 0; i < schema->count; i++) {
        out->children[i] = &columns[i];
        out->n_children++;
        if (!ngi_arrow_describe(&schema->fields[i], allocator, &columns[i])) {
            out->release(out);
            return NG_NO_MEMORY;
        }
    }
    return NG_OK;
}

/* ---- batches out ----------------------------------------------------------------------------- */

/* What all arrays of a batch share: the batch's hold, given back by the last of them. */
typedef struct ngi_arrow_given {
    ng_batch batch;
    ng_allocator allocator;
    size_t size;
    uint32_t holders; /* atomic: arrays that have not been released */
} ngi_arrow_given;

/* A column's array, with its buffers: validity, values or offsets, text. */
typedef struct ngi_arrow_column {
    struct ArrowArray array;
    const void *buffers[3];
} ngi_arrow_column;

static void ngi_arrow_let_go(struct ArrowArray *array) {
    ngi_arrow_given *const given = (ngi_arrow_given *)array->private_data;
    array->release = NULL;
    if (__atomic_sub_fetch(&given->holders, 1, __ATOMIC_ACQ_REL) == 0) {
        const ng_allocator allocator = given->allocator;
        (void)ng_batch_release(&given->batch);
        (void)allocator.resize(allocator.ctx, given, given->size, 0);
    }
}

static void ngi_arrow_release_array(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL) {
            array->children[i]->release(array->children[i]);
        }
    }
    ngi_arrow_let_go(array);
}

static void ngi_arrow_fill(const ngi_arrow_given *given, size_t i, ngi_arrow_column *to) {
    const ng_column *const column = &given->batch.block->columns[i];
    const bool text = given->batch.schema->fields[i].type == NG_UTF8;
    struct ArrowArray *const array = &to->array;
    __builtin_memset(to, 0, sizeof *to);
    to->buffers[0] = column->valid;
    to->buffers[1] = column->values;
    to->buffers[2] = text ? column->bytes : NULL;
    array->length = (int64_t)given->batch.rows;
    array->offset = (int64_t)given->batch.offset;
    array->null_count = column->valid == NULL ? 0 : -1;
    array->n_buffers = text ? 3 : 2;
    array->buffers = to->buffers;
    array->release = ngi_arrow_let_go;
}

ng_status ng_arrow_export(ng_batch *batch, ng_allocator allocator, struct ArrowArray *out) {
    __builtin_memset(out, 0, sizeof *out);
    if (batch->block == NULL) {
        return NG_MISUSED;
    }
    const size_t count = batch->schema->count;
    const size_t head = ngi_size_round(sizeof(ngi_arrow_given) + sizeof(void *), 16);
    const size_t each = sizeof(ngi_arrow_column) + sizeof(struct ArrowArray *);
    const size_t size = ngi_size_plus(head, ngi_size_times(count, each));
    ngi_arrow_given *const given =
        size == SIZE_MAX ? NULL : (ngi_arrow_given *)allocator.resize(allocator.ctx, NULL, 0, size);
    if (given == NULL) {
        return NG_NO_MEMORY;
    }
    ngi_arrow_column *const columns = (ngi_arrow_column *)(void *)((uint8_t *)given + head);
    const void **const none = (const void **)(void *)(given + 1); /* a struct without nulls */
    given->batch = *batch;
    given->allocator = allocator;
    given->size = size;
    given->holders = (uint32_t)count + 1;
    *none = NULL;
    out->length = (int64_t)batch->rows;
    out->n_buffers = 1;
    out->buffers = none;
    out->n_children = (int64_t)count;
    out->children = (struct ArrowArray **)(void *)(columns + count);
    out->private_data = given;
    out->release = ngi_arrow_release_array;
    for (size_t i = 0; i < count; i++) {
        ngi_arrow_fill(given, i, &columns[i]);
        columns[i].array.private_data = given;
        out->children[i] = &columns[i].array;
    }
    batch->block = NULL;
    batch->rows = 0;
    return NG_OK;
}

/* ---- schemas in ------------------------------------------------------------------------------ */

/* NG_OK, and the bytes of all names with their ends. */
static ng_status ngi_arrow_measure(const struct ArrowSchema *from, size_t *names, size_t *refused) {
    *names = 0;
    if (from->release == NULL || from->format == NULL ||
        !ngi_arrow_same_format("+s", from->format) || from->n_children <= 0 ||
        (uint64_t)from->n_children > SIZE_MAX / sizeof(ng_field)) {
        return NG_INVALID;
    }
    for (size_t i = 0; i < (size_t)from->n_children; i++) {
        const struct ArrowSchema *const column = from->children[i];
        *refused = i;
        if (column->name == NULL) {
            return NG_INVALID;
        }
        if (ngi_arrow_type(column->format) == 0 || column->dictionary != NULL) {
            return NG_UNSUPPORTED;
        }
        *names = ngi_size_plus(*names, ngi_text_size(column->name) + 1);
    }
    *refused = SIZE_MAX;
    return NG_OK;
}

ng_status ng_arrow_import_schema(const struct ArrowSchema *from, ng_allocator allocator,
                                 ng_arrow_schema *out) {
    size_t names = 0;
    __builtin_memset(out, 0, sizeof *out);
    out->column = SIZE_MAX;
    const ng_status status = ngi_arrow_measure(from, &names, &out->column);
    if (status != NG_OK) {
        return status;
    }
    const size_t count = (size_t)from->n_children;
    const size_t size = ngi_size_plus(ngi_size_times(count, sizeof(ng_field)), names);
    ng_field *const fields =
        size == SIZE_MAX ? NULL : (ng_field *)allocator.resize(allocator.ctx, NULL, 0, size);
    if (fields == NULL) {
        return NG_NO_MEMORY;
    }
    char *name = (char *)(fields + count);
    for (size_t i = 0; i < count; i++) {
        const struct ArrowSchema *const column = from->children[i];
        const size_t bytes = ngi_text_size(column->name) + 1;
        const ng_field field = {name,
                                (ng_type)ngi_arrow_type(column->format),
                                (column->flags & ARROW_FLAG_NULLABLE) != 0,
                                NG_NONE,
                                NG_NONE,
                                NG_NONE,
                                NG_NONE};
        __builtin_memcpy(name, column->name, bytes);
        name += bytes;
        fields[i] = field;
    }
    out->schema.fields = fields;
    out->schema.count = count;
    out->allocator = allocator;
    out->size = size;
    const ng_status checked = ng_schema_check(&out->schema);
    if (checked != NG_OK) {
        ng_arrow_schema_close(out);
    }
    return checked;
}

void ng_arrow_schema_close(ng_arrow_schema *schema) {
    if (schema->size != 0) {
        (void)schema->allocator.resize(schema->allocator.ctx,
                                       (void *)(uintptr_t)schema->schema.fields, schema->size, 0);
    }
    schema->size = 0;
    schema->schema.fields = NULL;
    schema->schema.count = 0;
}

/* ---- batches in ------------------------------------------------------------------------------ */

/* A block over an array that came in. Followed by the columns, and by what had to be copied. */
typedef struct ngi_arrow_taken {
    ng_block block;
    struct ArrowArray array;
    ng_allocator allocator;
    size_t size;
} ngi_arrow_taken;

/* A column of an array: its buffers from its own first row on. */
typedef struct ngi_arrow_part {
    const uint8_t *valid, *values, *text;
    size_t first; /* the row of the buffers that is its first */
    bool copies_valid, copies_values;
} ngi_arrow_part;

static bool ngi_arrow_has_nulls(const uint8_t *valid, size_t first, size_t rows) {
    bool some = false;
    for (size_t i = 0; i < rows; i += 64) {
        const unsigned n = rows - i < 64 ? (unsigned)(rows - i) : 64;
        const uint64_t all = n == 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1;
        some = some || ngi_bits_load(valid, first + i, n) != all;
    }
    return some;
}

static size_t ngi_arrow_width(ng_type type) { return type == NG_UTF8 ? 4 : ng_type_size(type); }

/* Whether the texts of a column lie one behind the other. */
static bool ngi_arrow_offsets_rise(const ngi_arrow_part *part, size_t rows) {
    int32_t before = 0;
    for (size_t i = 0; i <= rows; i++) {
        int32_t offset;
        __builtin_memcpy(&offset, part->values + 4 * (part->first + i), sizeof offset);
        if (offset < before) {
            return false;
        }
        before = offset;
    }
    return true;
}

/* NG_OK if an array has the shape of a struct without nulls. */
static ng_status ngi_arrow_check_struct(const struct ArrowArray *array, const ng_schema *schema) {
    if (array->release == NULL || array->length < 0 || array->offset < 0 || array->n_buffers != 1 ||
        array->n_children < 0 || (uint64_t)array->n_children != schema->count ||
        array->dictionary != NULL) {
        return NG_INVALID;
    }
    if ((uint64_t)array->length > SIZE_MAX / 16 - 64 ||
        (uint64_t)array->offset > SIZE_MAX / 16 - 64) {
        return NG_TOO_LARGE;
    }
    const uint8_t *const valid = array->buffers == NULL ? NULL : (const uint8_t *)array->buffers[0];
    const bool nulls = array->null_count != 0 && valid != NULL &&
                       ngi_arrow_has_nulls(valid, (size_t)array->offset, (size_t)array->length);
    return nulls ? NG_UNSUPPORTED : NG_OK;
}

/* NG_OK if the first `rows` rows behind a struct's own offset are there and are what the field
 * says.
 */
static ng_status ngi_arrow_check_column(const struct ArrowArray *array, const ng_field *field,
                                        const ngi_arrow_part *part, size_t from, size_t rows) {
    if (array->release == NULL || array->offset < 0 || array->length < 0 ||
        array->n_buffers != (field->type == NG_UTF8 ? 3 : 2) || array->dictionary != NULL ||
        (uint64_t)array->length < (uint64_t)from + rows) {
        return NG_INVALID;
    }
    if ((uint64_t)array->offset > SIZE_MAX / 16 - 64) {
        return NG_TOO_LARGE;
    }
    if (rows != 0 && part->values == NULL) {
        return NG_INVALID;
    }
    const bool nulls = rows != 0 && part->valid != NULL && !field->nullable &&
                       ngi_arrow_has_nulls(part->valid, part->first, rows);
    const bool texts = rows == 0 || field->type != NG_UTF8 || ngi_arrow_offsets_rise(part, rows);
    return nulls || !texts ? NG_BAD_INPUT : NG_OK;
}

/* Bytes of a bitmap, or of values, that are copied to begin at row `at`, in whole words. */
static size_t ngi_arrow_bits_bytes(size_t at, size_t rows) {
    return ngi_size_round((at + rows) / 8 + 1, 8);
}

static size_t ngi_arrow_values_bytes(ng_type type, size_t at, size_t rows) {
    return type == NG_BOOL
               ? ngi_arrow_bits_bytes(at, rows)
               : ngi_size_round((at + rows + (type == NG_UTF8)) * ngi_arrow_width(type), 8);
}

/* Where a column's values lie, `from` rows of which are left out. */
static ngi_arrow_part ngi_arrow_part_of(const struct ArrowArray *array, const ng_field *field,
                                        size_t from) {
    const bool there = array->buffers != NULL && array->n_buffers >= 2;
    const bool text = there && field->type == NG_UTF8 && array->n_buffers == 3;
    ngi_arrow_part part = {NULL, NULL, NULL, from + (size_t)array->offset, false, false};
    part.valid = there && array->null_count != 0 ? (const uint8_t *)array->buffers[0] : NULL;
    part.values = there ? (const uint8_t *)array->buffers[1] : NULL;
    part.text = text ? (const uint8_t *)array->buffers[2] : NULL;
    return part;
}

/* What has to be copied of a column for its rows to begin at row `at` of its block, in bytes. */
static size_t ngi_arrow_plan(const ng_field *field, ngi_arrow_part *part, size_t at, size_t rows) {
    const size_t shift = part->first - at, width = ngi_arrow_width(field->type);
    size_t bytes = 0;
    part->valid = field->nullable ? part->valid : NULL;
    part->copies_valid = part->valid != NULL && shift % 8 != 0;
    part->copies_values =
        field->type == NG_BOOL ? shift % 8 != 0 : ngi_size_gap(part->values, width) != 0;
    bytes += part->copies_valid ? ngi_arrow_bits_bytes(at, rows) : 0;
    bytes += part->copies_values ? ngi_arrow_values_bytes(field->type, at, rows) : 0;
    return rows == 0 ? 0 : bytes;
}

static uint8_t *ngi_arrow_copy_bits(const uint8_t *from, size_t first, size_t at, size_t rows,
                                    uint8_t **room) {
    uint8_t *const to = *room;
    *room += ngi_arrow_bits_bytes(at, rows);
    for (size_t done = 0; done < rows; done += 64) {
        const unsigned n = rows - done < 64 ? (unsigned)(rows - done) : 64;
        ngi_bits_store(to, at + done, ngi_bits_load(from, first + done, n), n);
    }
    return to;
}

/* Makes a column whose rows begin at row `at`. */
static ng_column ngi_arrow_column_of(const ng_field *field, const ngi_arrow_part *part, size_t at,
                                     size_t rows, uint8_t **room) {
    const size_t shift = part->first - at, width = ngi_arrow_width(field->type);
    const bool bits = field->type == NG_BOOL;
    ng_column column = {NULL, NULL, (uint8_t *)(uintptr_t)part->text, 0};
    if (rows == 0) {
        return column;
    }
    if (part->copies_values && bits) {
        column.values = ngi_arrow_copy_bits(part->values, part->first, at, rows, room);
    } else if (part->copies_values) {
        column.values = *room;
        __builtin_memcpy(*room + at * width, part->values + part->first * width,
                         (rows + (field->type == NG_UTF8)) * width);
        *room += ngi_arrow_values_bytes(field->type, at, rows);
    } else {
        column.values = (uint8_t *)(uintptr_t)part->values + (bits ? shift / 8 : shift * width);
    }
    if (part->copies_valid) {
        column.valid = ngi_arrow_copy_bits(part->valid, part->first, at, rows, room);
    } else if (part->valid != NULL) {
        column.valid = (uint8_t *)(uintptr_t)part->valid + shift / 8;
    }
    if (field->type == NG_UTF8) {
        column.bytes_size = (size_t)((const int32_t *)column.values)[at + rows];
    }
    return column;
}

static void ngi_arrow_give_back(ng_block *block) {
    ngi_arrow_taken *const taken = (ngi_arrow_taken *)block->owner;
    const ng_allocator allocator = taken->allocator;
    taken->array.release(&taken->array);
    (void)allocator.resize(allocator.ctx, taken, taken->size, 0);
}

/* Checks all columns. `*at`: the row at which they are to begin in the block, so that as few as can
 * be are copied: that of the first one, in its byte. */
static ng_status ngi_arrow_check(const struct ArrowArray *array, const ng_schema *schema,
                                 size_t *at) {
    size_t least = SIZE_MAX;
    ng_status status = ngi_arrow_check_struct(array, schema);
    for (size_t i = 0; status == NG_OK && i < schema->count; i++) {
        const ng_field *const field = &schema->fields[i];
        const size_t from = (size_t)array->offset, rows = (size_t)array->length;
        const ngi_arrow_part part = ngi_arrow_part_of(array->children[i], field, from);
        status = ngi_arrow_check_column(array->children[i], field, &part, from, rows);
        least = part.first < least ? part.first : least;
    }
    *at = least % 8;
    return status;
}

/* How much has to be copied of all columns. */
static size_t ngi_arrow_copied(const struct ArrowArray *array, const ng_schema *schema, size_t at) {
    size_t bytes = 0;
    for (size_t i = 0; i < schema->count; i++) {
        const ng_field *const field = &schema->fields[i];
        ngi_arrow_part part = ngi_arrow_part_of(array->children[i], field, (size_t)array->offset);
        bytes = ngi_size_plus(bytes, ngi_arrow_plan(field, &part, at, (size_t)array->length));
    }
    return bytes;
}

static void ngi_arrow_columns(const struct ArrowArray *array, const ng_schema *schema, size_t at,
                              ng_column *columns, uint8_t *room) {
    const size_t rows = (size_t)array->length;
    for (size_t i = 0; i < schema->count; i++) {
        const ng_field *const field = &schema->fields[i];
        ngi_arrow_part part = ngi_arrow_part_of(array->children[i], field, (size_t)array->offset);
        (void)ngi_arrow_plan(field, &part, at, rows);
        columns[i] = ngi_arrow_column_of(field, &part, at, rows, &room);
    }
}

ng_status ng_arrow_import(struct ArrowArray *array, const ng_schema *schema, ng_allocator allocator,
                          ng_batch *out) {
    size_t at = 0;
    __builtin_memset(out, 0, sizeof *out);
    const ng_status status =
        ng_schema_check(schema) == NG_OK ? ngi_arrow_check(array, schema, &at) : NG_INVALID;
    if (status != NG_OK) {
        return status;
    }
    const size_t columns = ngi_size_times(schema->count, sizeof(ng_column));
    const size_t head = ngi_size_round(ngi_size_plus(sizeof(ngi_arrow_taken), columns), 16);
    const size_t size = ngi_size_plus(head, ngi_arrow_copied(array, schema, at));
    ngi_arrow_taken *const taken =
        size == SIZE_MAX ? NULL : (ngi_arrow_taken *)allocator.resize(allocator.ctx, NULL, 0, size);
    if (taken == NULL) {
        return NG_NO_MEMORY;
    }
    ng_column *const made = (ng_column *)(void *)(taken + 1);
    ngi_arrow_columns(array, schema, at, made, (uint8_t *)taken + head);
    ng_block_init(&taken->block, made, at + (size_t)array->length, ngi_arrow_give_back, taken);
    taken->array = *array;
    taken->allocator = allocator;
    taken->size = size;
    out->schema = schema;
    out->block = &taken->block;
    out->offset = at;
    out->rows = (size_t)array->length;
    array->release = NULL;
    return NG_OK;
}
