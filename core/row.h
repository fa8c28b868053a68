/* row: one row of a batch or of the room behind it, for functions that are called row by row.
 *
 * Reading a null gives whatever stands there; ask ng_is_null first. A row that is written starts
 * out as it happens to lie: every column must be set, in any order. Types are the caller's care, as
 * with plain C variables: the column of an ng_get_i64 must be an NG_I64 or a timestamp. */
#ifndef NGI_ROW_H
#define NGI_ROW_H

#include "batch.h"
#include "bits.h"

typedef struct ng_row {
    ng_column *columns;
    size_t at;
} ng_row;

/* Row `i` of a batch, to be read. */
static inline ng_row ng_batch_row(const ng_batch *batch, size_t i) {
    ng_row row = {batch->block->columns, batch->offset + i};
    return row;
}

static inline bool ng_is_null(ng_row row, size_t column) {
    const uint8_t *const valid = row.columns[column].valid;
    return valid != NULL && !ngi_bits_get(valid, row.at);
}

/* Makes the column's value null, or not. Only columns that can be null have the bits for it. */
static inline void ng_set_null(ng_row row, size_t column, bool null) {
    if (row.columns[column].valid != NULL) {
        ngi_bits_put(row.columns[column].valid, row.at, !null);
    }
}

/* ng_get_TYPE and ng_set_TYPE for each type of fixed width. Setting a value makes it not null. */
#define NGI_ROW_ACCESS(suffix, type)                                                               \
    static inline type ng_get_##suffix(ng_row row, size_t column) {                                \
        return ((const type *)row.columns[column].values)[row.at];                                 \
    }                                                                                              \
    static inline void ng_set_##suffix(ng_row row, size_t column, type value) {                    \
        ((type *)row.columns[column].values)[row.at] = value;                                      \
        ng_set_null(row, column, false);                                                           \
    }

NGI_ROW_ACCESS(i8, int8_t)
NGI_ROW_ACCESS(i16, int16_t)
NGI_ROW_ACCESS(i32, int32_t)
NGI_ROW_ACCESS(i64, int64_t)
NGI_ROW_ACCESS(u8, uint8_t)
NGI_ROW_ACCESS(u16, uint16_t)
NGI_ROW_ACCESS(u32, uint32_t)
NGI_ROW_ACCESS(u64, uint64_t)
NGI_ROW_ACCESS(f32, float)
NGI_ROW_ACCESS(f64, double)
#undef NGI_ROW_ACCESS

static inline bool ng_get_bool(ng_row row, size_t column) {
    return ngi_bits_get((const uint8_t *)row.columns[column].values, row.at);
}

static inline void ng_set_bool(ng_row row, size_t column, bool value) {
    ngi_bits_put((uint8_t *)row.columns[column].values, row.at, value);
    ng_set_null(row, column, false);
}

/* The text of a utf8 column, not ended by a zero; `*size` is how many bytes it has. */
static inline const char *ng_get_text(ng_row row, size_t column, size_t *size) {
    const int32_t *const offsets = (const int32_t *)row.columns[column].values;
    *size = (size_t)offsets[row.at + 1] - (size_t)offsets[row.at];
    return (const char *)row.columns[column].bytes + offsets[row.at];
}

/* Copies text into a column, whose rows before this one are written. NG_TOO_LARGE, and the row's
 * text is empty: it does not fit. */
static inline ng_status ng_set_text(ng_row row, size_t column, const char *text, size_t size) {
    ng_column *const into = &row.columns[column];
    int32_t *const offsets = (int32_t *)into->values;
    const size_t used = (size_t)offsets[row.at];
    const bool fits = size <= into->bytes_size - used;
    if (fits && size != 0) {
        __builtin_memcpy(into->bytes + used, text, size);
    }
    offsets[row.at + 1] = offsets[row.at] + (fits ? (int32_t)size : 0);
    ng_set_null(row, column, false);
    return fits ? NG_OK : NG_TOO_LARGE;
}

#endif
