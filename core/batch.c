/* batch: rows of counted blocks. */
#include "batch.h"

#include "bits.h"

/* ---- schemas --------------------------------------------------------------------------------- */

static bool ngi_same_text(const char *a, const char *b) {
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

size_t ng_schema_find(const ng_schema *schema, const char *name) {
    size_t place = 0;
    while (place < schema->count && !ngi_same_text(schema->fields[place].name, name)) {
        place++;
    }
    return place;
}

ng_status ng_schema_check(const ng_schema *schema) {
    if (schema == NULL || schema->fields == NULL || schema->count == 0) {
        return NG_INVALID;
    }
    for (size_t i = 0; i < schema->count; i++) {
        const ng_field *const field = &schema->fields[i];
        const bool known = field->type >= NG_BOOL && field->type <= NG_UTF8;
        if (!known || field->name == NULL || field->name[0] == '\0' ||
            ng_schema_find(schema, field->name) != i) {
            return NG_INVALID;
        }
    }
    return NG_OK;
}

bool ng_schema_equal(const ng_schema *a, const ng_schema *b) {
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count && a->fields != b->fields; i++) {
        const ng_field *const left = &a->fields[i], *const right = &b->fields[i];
        if (left->type != right->type || left->nullable != right->nullable ||
            !ngi_same_text(left->name, right->name)) {
            return false;
        }
    }
    return true;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

void ng_block_init(ng_block *block, ng_column *columns, size_t capacity,
                   void (*release)(ng_block *block), void *owner) {
    block->columns = columns;
    block->capacity = capacity;
    block->holders = 1;
    block->release = release;
    block->owner = owner;
    block->next = NULL;
}

void ng_block_hold(ng_block *block) { __atomic_add_fetch(&block->holders, 1, __ATOMIC_RELAXED); }

ng_status ng_block_release(ng_block *block) {
    if (block == NULL) {
        return NG_INVALID;
    }
    const uint32_t before = __atomic_fetch_sub(&block->holders, 1, __ATOMIC_ACQ_REL);
    if (before == 0) {
        __atomic_store_n(&block->holders, 0, __ATOMIC_RELAXED);
        return NG_MISUSED;
    }
    if (before == 1 && block->release != NULL) {
        block->release(block);
    }
    return NG_OK;
}

uint32_t ng_block_holders(const ng_block *block) {
    return __atomic_load_n(&block->holders, __ATOMIC_ACQUIRE);
}

/* ---- batches --------------------------------------------------------------------------------- */

ng_status ng_batch_release(ng_batch *batch) {
    ng_block *const block = batch->block;
    if (block == NULL) {
        return NG_MISUSED;
    }
    batch->block = NULL;
    batch->rows = 0;
    return ng_block_release(block);
}

ng_status ng_batch_slice(const ng_batch *batch, size_t from, size_t rows, ng_batch *slice) {
    if (batch->block == NULL) {
        return NG_MISUSED;
    }
    if (from > batch->rows || rows > batch->rows - from) {
        return NG_INVALID;
    }
    ng_block_hold(batch->block);
    slice->schema = batch->schema;
    slice->block = batch->block;
    slice->offset = batch->offset + from;
    slice->rows = rows;
    return NG_OK;
}

/* The text of rows [from, from + rows) of a column, in bytes. */
static size_t ngi_text_bytes(const ng_column *column, size_t from, size_t rows) {
    const int32_t *const offsets = (const int32_t *)column->values;
    return (size_t)offsets[from + rows] - (size_t)offsets[from];
}

uint64_t ng_batch_bytes(const ng_batch *batch) {
    const uint64_t bits = (batch->rows + 7) / 8;
    uint64_t bytes = 0;
    for (size_t i = 0; i < batch->schema->count && batch->rows != 0; i++) {
        const ng_type type = batch->schema->fields[i].type;
        const ng_column *const column = &batch->block->columns[i];
        if (type == NG_UTF8) {
            bytes += 4 * ((uint64_t)batch->rows + 1) +
                     ngi_text_bytes(column, batch->offset, batch->rows);
        } else {
            bytes += type == NG_BOOL ? bits : batch->rows * (uint64_t)ng_type_size(type);
        }
        bytes += column->valid != NULL ? bits : 0;
    }
    return bytes;
}

/* ---- copying --------------------------------------------------------------------------------- */

static void ngi_copy_bits(uint8_t *to, size_t at, const uint8_t *from, size_t first, size_t rows) {
    for (size_t done = 0; done < rows; done += 64) {
        const unsigned n = rows - done < 64 ? (unsigned)(rows - done) : 64;
        const uint64_t bits = from == NULL ? UINT64_MAX : ngi_bits_load(from, first + done, n);
        ngi_bits_store(to, at + done, bits, n);
    }
}

size_t ngi_text_fitting(const ng_column *from, size_t first, size_t rows, const ng_column *to,
                        size_t at) {
    const int32_t *const offsets = (const int32_t *)from->values;
    const size_t used = (size_t)((const int32_t *)to->values)[at];
    const size_t room = to->bytes_size - used;
    size_t low = 0, high = rows;
    while (low < high) { /* `low` rows fit; more than `high` do not */
        const size_t middle = high - (high - low) / 2;
        if ((size_t)offsets[first + middle] - (size_t)offsets[first] <= room) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

static void ngi_copy_text(const ng_column *from, size_t first, size_t rows, ng_column *to,
                          size_t at) {
    const int32_t *const offsets = (const int32_t *)from->values;
    int32_t *const made = (int32_t *)to->values;
    const size_t bytes = ngi_text_bytes(from, first, rows);
    if (bytes != 0) {
        __builtin_memcpy(to->bytes + made[at], from->bytes + offsets[first], bytes);
    }
    for (size_t i = 1; i <= rows; i++) {
        made[at + i] = made[at] + (offsets[first + i] - offsets[first]);
    }
}

void ngi_copy_column(ng_type type, const ng_column *from, size_t first, size_t rows, ng_column *to,
                     size_t at) {
    if (type == NG_UTF8) {
        ngi_copy_text(from, first, rows, to, at);
    } else if (type == NG_BOOL) {
        ngi_copy_bits((uint8_t *)to->values, at, (const uint8_t *)from->values, first, rows);
    } else {
        const size_t size = ng_type_size(type);
        __builtin_memcpy((uint8_t *)to->values + at * size,
                         (const uint8_t *)from->values + first * size, rows * size);
    }
    if (to->valid != NULL) {
        ngi_copy_bits(to->valid, at, from->valid, first, rows);
    }
}

size_t ng_batch_copy(const ng_batch *batch, size_t from, size_t rows, ng_block *to, size_t at) {
    const size_t first = batch->offset + from;
    size_t fitting = to->capacity - at < rows ? to->capacity - at : rows;
    for (size_t i = 0; i < batch->schema->count && fitting != 0; i++) {
        if (batch->schema->fields[i].type == NG_UTF8) {
            fitting =
                ngi_text_fitting(&batch->block->columns[i], first, fitting, &to->columns[i], at);
        }
    }
    for (size_t i = 0; i < batch->schema->count && fitting != 0; i++) {
        ngi_copy_column(batch->schema->fields[i].type, &batch->block->columns[i], first, fitting,
                        &to->columns[i], at);
    }
    return fitting;
}
