/* csv_values: how one field of CSV text becomes a value in its column. Internal. */
#ifndef NGI_CSV_VALUES_H
#define NGI_CSV_VALUES_H

#include "csv_errors.h"

static inline void ngi_csv_put_bit(uint8_t *bits, size_t row, bool on) {
    const unsigned bit = 1U << (row & 7);
    bits[row >> 3] = (uint8_t)((bits[row >> 3] & ~bit) | (on ? bit : 0));
}

/* Stores an integer; false if it does not fit into its type. */
static inline bool ngi_csv_store_signed(ng_type type, void *values, size_t row, int64_t value) {
    switch (type) {
    case NG_I8:
        ((int8_t *)values)[row] = (int8_t)value;
        return value >= INT8_MIN && value <= INT8_MAX;
    case NG_I16:
        ((int16_t *)values)[row] = (int16_t)value;
        return value >= INT16_MIN && value <= INT16_MAX;
    case NG_I32:
        ((int32_t *)values)[row] = (int32_t)value;
        return value >= INT32_MIN && value <= INT32_MAX;
    default:
        ((int64_t *)values)[row] = value;
        return true;
    }
}

static inline bool ngi_csv_store_unsigned(ng_type type, void *values, size_t row, uint64_t value) {
    switch (type) {
    case NG_U8:
        ((uint8_t *)values)[row] = (uint8_t)value;
        return value <= UINT8_MAX;
    case NG_U16:
        ((uint16_t *)values)[row] = (uint16_t)value;
        return value <= UINT16_MAX;
    case NG_U32:
        ((uint32_t *)values)[row] = (uint32_t)value;
        return value <= UINT32_MAX;
    default:
        ((uint64_t *)values)[row] = value;
        return true;
    }
}

/* A number of up to eight characters: -? digits [. digits]. */
typedef struct ngi_csv_brief {
    uint32_t digits; /* all of them, as one integer */
    int places;      /* how many stand after the point */
    bool negative, pointed;
    const char *stop;
} ngi_csv_brief;

/* Most numbers in the world are brief. Their digits are brought together in one word and made an
 * integer in three multiplications, without a branch on how many there are. */
static inline bool ngi_csv_take_brief(const ng_csv_reader *r, const char *p, ngi_csv_brief *brief) {
    uint64_t word = ngi_csv_load(p);
    const uint64_t stops = ngi_csv_stops(word, r->separators);
    unsigned size = stops != 0 ? (unsigned)__builtin_ctzll(stops) >> 3 : 8;
    brief->stop = p + size;
    brief->negative = size > 0 && (word & 0xff) == '-'; /* it may also be the separator */
    size -= brief->negative;
    if (stops == 0 || size == 0) {
        return false;
    }
    /* The text to the top, where its last character is the last digit; zeros fill the rest. */
    word = (word >> (8 * brief->negative)) << (64 - 8 * size);
    const uint64_t points = ngi_csv_zero_bytes(word ^ NGI_CSV_POINTS);
    brief->places = 0;
    brief->pointed = points != 0;
    if (points != 0) {
        const unsigned at = (unsigned)__builtin_ctzll(points) >> 3;
        const uint64_t before = (UINT64_C(1) << (8 * at)) - 1;
        word = ((word & before) << 8) | (word & ~(before << 8 | 0xff));
        brief->places = 7 - (int)at;
        size--;
        if (size == 0) {
            return false;
        }
    }
    word |= NGI_CSV_ZEROS >> (8 * size - 8) >> 8;
    const uint64_t high = NGI_CSV_ONES * 0xf0;
    if ((word & high) != NGI_CSV_ZEROS || ((word + NGI_CSV_ONES * 6) & high) != NGI_CSV_ZEROS) {
        return false;
    }
    /* Pairs, then fours, then all eight, the first byte being the most significant. */
    word = (word & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561 >> 8;
    word = (word & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
    word = (word & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32;
    brief->digits = (uint32_t)word;
    return true;
}

/* Stores a number that is brief and not null; false if it wants a closer look. */
static inline bool ngi_csv_store_brief(const ng_csv_reader *r, ng_type type, const char *p,
                                       void *values, size_t row, const char **stop) {
    ngi_csv_brief brief;
    if (r->numbers_need_care || !ngi_csv_take_brief(r, p, &brief)) {
        return false;
    }
    *stop = brief.stop;
    if (type == NG_F32) {
        const float value = ngi_number_f32(brief.digits, -brief.places);
        ((float *)values)[row] = brief.negative ? -value : value;
        return true;
    }
    if (type == NG_F64) {
        const double value = ngi_number_f64(brief.digits, -brief.places);
        ((double *)values)[row] = brief.negative ? -value : value;
        return true;
    }
    if (brief.pointed) {
        return false;
    }
    if (type >= NG_U8 && type <= NG_U64) {
        return !brief.negative && ngi_csv_store_unsigned(type, values, row, brief.digits);
    }
    const int64_t value = brief.negative ? -(int64_t)brief.digits : (int64_t)brief.digits;
    return ngi_csv_store_signed(type, values, row, value);
}

/* Stores the value that a text says; false if it says none. */
static bool ngi_csv_store_value(ng_type type, const char *text, size_t size, void *values,
                                size_t row) {
    switch (type) {
    case NG_BOOL: {
        bool value;
        if (!ng_read_bool(text, size, &value)) {
            return false;
        }
        ngi_csv_put_bit((uint8_t *)values, row, value);
        return true;
    }
    case NG_F32:
        return ng_read_f32(text, size, (float *)values + row);
    case NG_F64:
        return ng_read_f64(text, size, (double *)values + row);
    case NG_U8:
    case NG_U16:
    case NG_U32:
    case NG_U64: {
        uint64_t value;
        return ng_read_u64(text, size, &value) && ngi_csv_store_unsigned(type, values, row, value);
    }
    case NG_I8:
    case NG_I16:
    case NG_I32:
    case NG_I64: {
        int64_t value;
        return ng_read_i64(text, size, &value) && ngi_csv_store_signed(type, values, row, value);
    }
    default:
        return ng_read_timestamp(text, size, type, (int64_t *)values + row);
    }
}

/* What stands where a row is null: zero, so that the same text gives the same bytes. */
static void ngi_csv_store_nothing(ng_type type, ng_column *column, size_t row) {
    if (type == NG_UTF8) {
        int32_t *offsets = (int32_t *)column->values;
        offsets[row + 1] = offsets[row];
    } else if (type == NG_BOOL) {
        ngi_csv_put_bit((uint8_t *)column->values, row, false);
    } else if (type == NG_F32) {
        ((float *)column->values)[row] = 0;
    } else if (type == NG_F64) {
        ((double *)column->values)[row] = 0;
    } else if (type >= NG_U8 && type <= NG_U64) {
        (void)ngi_csv_store_unsigned(type, column->values, row, 0);
    } else {
        (void)ngi_csv_store_signed(type, column->values, row, 0);
    }
}

/* Copies what a field in quotes says, each of its doubled quotes once. */
static void ngi_csv_copy_plain(const ng_csv_reader *r, const ngi_csv_cell *cell, char *out) {
    if (cell->doubled == 0) {
        __builtin_memcpy(out, cell->text, cell->size);
        return;
    }
    for (const char *p = cell->text; p < cell->text + cell->size; p++) {
        *out++ = *p;
        p += *p == r->options.quote; /* the second of two */
    }
}

static ngi_csv_outcome ngi_csv_store_text(const ng_csv_reader *r, const ngi_csv_cell *cell,
                                          ng_column *column, size_t row) {
    int32_t *offsets = (int32_t *)column->values;
    const size_t used = (size_t)offsets[row], size = cell->size - cell->doubled;
    const size_t limit = column->bytes_size < INT32_MAX ? column->bytes_size : INT32_MAX;
    if (size > limit - used) {
        return NGI_CSV_FULL;
    }
    ngi_csv_copy_plain(r, cell, (char *)column->bytes + used);
    offsets[row + 1] = (int32_t)(used + size);
    return NGI_CSV_TAKEN;
}

/* The longest value that may have doubled quotes in it: that a quote is part of a number at all
 * takes a quote like `-`, and a timestamp in it. */
#define NGI_CSV_LONGEST_DOUBLED 64

/* Stores the value of a field that is not a text. */
static bool ngi_csv_store_cell(const ng_csv_reader *r, ng_type type, const ngi_csv_cell *cell,
                               void *values, size_t row) {
    char plain[NGI_CSV_LONGEST_DOUBLED];
    if (cell->doubled == 0) {
        return ngi_csv_store_value(type, cell->text, cell->size, values, row);
    }
    const size_t size = cell->size - cell->doubled;
    if (size > sizeof plain) {
        return false;
    }
    ngi_csv_copy_plain(r, cell, plain);
    return ngi_csv_store_value(type, plain, size, values, row);
}

static bool ngi_csv_is_one_of_nulls(const ng_csv_options *options, const char *text, size_t size) {
    for (size_t i = 0; i < options->null_count; i++) {
        if (ngi_csv_equals(text, size, options->nulls[i])) {
            return true;
        }
    }
    return false;
}

static bool ngi_csv_is_null(const ng_csv_options *options, ng_type type, const ngi_csv_cell *cell) {
    const char *text = cell->text;
    size_t size = cell->size;
    if (cell->quoted) {
        return false;
    }
    if (ngi_csv_is_one_of_nulls(options, text, size)) {
        return true;
    }
    if (type == NG_UTF8) {
        return false;
    }
    ngi_csv_trim(&text, &size);
    return size < cell->size && ngi_csv_is_one_of_nulls(options, text, size);
}

/* Why a text is no value of its type. */
static ngi_csv_trouble ngi_csv_diagnose(const ng_csv_field *field, const ngi_csv_cell *cell) {
    const ng_type type = field->type;
    const char *text = cell->text;
    size_t size = cell->size;
    if (type == NG_UTF8) {
        return NGI_CSV_NOT_UTF8;
    }
    ngi_csv_trim(&text, &size);
    if (size == 0 && !field->nullable) {
        return NGI_CSV_EMPTY;
    }
    if (type < NG_I8 || type > NG_U64) {
        return NGI_CSV_NOT_A_VALUE;
    }
    const size_t sign = *text == '-' || *text == '+';
    for (size_t i = sign; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return NGI_CSV_NOT_A_VALUE;
        }
    }
    return size > sign ? NGI_CSV_OUT_OF_RANGE : NGI_CSV_NOT_A_VALUE;
}

/* A field that is no value of its type: a null where that is asked for, else bad. Only a row that
 * is there as a whole may be tolerated, since the others are taken again. */
static ngi_csv_outcome ngi_csv_take_bad(ng_csv_reader *r, const ng_csv_field *field,
                                        const ngi_csv_cell *cell, ng_column *column, size_t row) {
    (void)ngi_csv_note(r, ngi_csv_diagnose(field, cell), cell->text - cell->quoted);
    r->bad_field = field;
    r->bad_text = cell->text;
    r->bad_size = cell->size;
    if (r->options.on_error != NG_CSV_NULL || !field->nullable || !r->complete) {
        return NGI_CSV_BAD;
    }
    if (r->nulled == 0 && r->pending_nulls == 0) {
        ngi_csv_describe(r, &r->tolerated);
    }
    r->pending_nulls++;
    ngi_csv_store_nothing(field->type, column, row);
    ngi_csv_put_bit(column->valid, row, false);
    return NGI_CSV_TAKEN;
}

/* Takes the field at `p` whatever it is. */
static ngi_csv_outcome ngi_csv_take_any(ng_csv_reader *r, const ng_csv_field *field, const char *p,
                                        ng_column *column, size_t row, const char **stop) {
    ngi_csv_cell cell;
    ngi_csv_outcome outcome = ngi_csv_find_cell(r, p, &cell);
    if (outcome != NGI_CSV_TAKEN) {
        return outcome;
    }
    *stop = cell.stop;
    if (field->nullable && ngi_csv_is_null(&r->options, field->type, &cell)) {
        ngi_csv_store_nothing(field->type, column, row);
        ngi_csv_put_bit(column->valid, row, false);
        return NGI_CSV_TAKEN;
    }
    if (field->type != NG_UTF8) {
        if (!ngi_csv_store_cell(r, field->type, &cell, column->values, row)) {
            return ngi_csv_take_bad(r, field, &cell, column, row);
        }
    } else {
        if (!ngi_utf8_is_valid(cell.text, cell.text + cell.size)) {
            return ngi_csv_take_bad(r, field, &cell, column, row);
        }
        outcome = ngi_csv_store_text(r, &cell, column, row);
        if (outcome == NGI_CSV_FULL) {
            (void)ngi_csv_note(r, NGI_CSV_NO_ROOM, p);
            r->bad_field = field;
            r->bad_size = cell.size - cell.doubled;
            return outcome;
        }
    }
    if (field->nullable) {
        ngi_csv_put_bit(column->valid, row, true);
    }
    return NGI_CSV_TAKEN;
}

#endif
