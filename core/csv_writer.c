/* csv_writer: how columns become CSV text. */
#include "csv_writer.h"
#include "number.h"

/* The most that is put into the buffer without looking at the room again: a number. */
#define NGI_CSV_WRITER_PIECE NG_NUMBER_TEXT_MAX

static inline bool ngi_csv_writer_bit(const uint8_t *bits, size_t row) {
    return bits[row >> 3] >> (row & 7) & 1;
}

static void ngi_csv_writer_empty(ng_csv_writer *w) {
    if (w->status == NG_OK && w->at > w->buffer) {
        const ng_status status = w->write(w->ctx, w->buffer, (size_t)(w->at - w->buffer));
        w->status = status < 0 ? status : NG_OK;
    }
    w->at = w->buffer;
}

/* Makes room for a piece. */
static inline void ngi_csv_writer_make_room(ng_csv_writer *w) {
    if ((size_t)(w->end - w->at) < NGI_CSV_WRITER_PIECE) {
        ngi_csv_writer_empty(w);
    }
}

static void ngi_csv_writer_put_bytes(ng_csv_writer *w, const char *bytes, size_t size) {
    while (size > 0) {
        const size_t room = (size_t)(w->end - w->at);
        const size_t fitting = size < room ? size : room;
        __builtin_memcpy(w->at, bytes, fitting);
        w->at += fitting;
        bytes += fitting;
        size -= fitting;
        if (size > 0) {
            ngi_csv_writer_empty(w);
        }
    }
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Whether a byte of the word is the one that fills `pattern`. */
static inline bool ngi_csv_writer_holds(uint64_t word, uint64_t pattern) {
    const uint64_t ones = UINT64_C(0x0101010101010101), x = word ^ pattern;
    return ((x - ones) & ~x & (ones << 7)) != 0;
}

static bool ngi_csv_writer_needs_quotes(const ng_csv_writer *w, const char *text, size_t size) {
    const uint64_t newlines = UINT64_C(0x0a0a0a0a0a0a0a0a), returns = UINT64_C(0x0d0d0d0d0d0d0d0d);
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t word;
        __builtin_memcpy(&word, text + i, sizeof word);
        if (ngi_csv_writer_holds(word, w->separators) || ngi_csv_writer_holds(word, w->quotes) ||
            ngi_csv_writer_holds(word, newlines) || ngi_csv_writer_holds(word, returns)) {
            return true;
        }
    }
    for (; i < size; i++) {
        const char c = text[i];
        if (c == w->separator || c == w->quote || c == '\n' || c == '\r') {
            return true;
        }
    }
    /* At the very front of a file these bytes would be a byte order mark. */
    return size == 0 || (size >= 3 && text[0] == '\xef' && text[1] == '\xbb' && text[2] == '\xbf');
}

static void ngi_csv_writer_put_text(ng_csv_writer *w, const char *text, size_t size) {
    if (!ngi_csv_writer_needs_quotes(w, text, size)) {
        ngi_csv_writer_put_bytes(w, text, size);
        return;
    }
    ngi_csv_writer_put_bytes(w, &w->quote, 1);
    size_t from = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == w->quote) {
            /* All up to the quote, and then again from the quote on: so it stands twice. */
            ngi_csv_writer_put_bytes(w, text + from, i + 1 - from);
            from = i;
        }
    }
    ngi_csv_writer_put_bytes(w, text + from, size - from);
    ngi_csv_writer_put_bytes(w, &w->quote, 1);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Writes what is not a text. */
static inline size_t ngi_csv_writer_value(char *out, ng_type type, const void *values, size_t row) {
    switch (type) {
    case NG_BOOL: {
        const bool value = ngi_csv_writer_bit((const uint8_t *)values, row);
        __builtin_memcpy(out, value ? "true" : "false", 5);
        return value ? 4 : 5;
    }
    case NG_I8:
        return ng_write_i64(out, ((const int8_t *)values)[row]);
    case NG_I16:
        return ng_write_i64(out, ((const int16_t *)values)[row]);
    case NG_I32:
        return ng_write_i64(out, ((const int32_t *)values)[row]);
    case NG_I64:
        return ng_write_i64(out, ((const int64_t *)values)[row]);
    case NG_U8:
        return ng_write_u64(out, ((const uint8_t *)values)[row]);
    case NG_U16:
        return ng_write_u64(out, ((const uint16_t *)values)[row]);
    case NG_U32:
        return ng_write_u64(out, ((const uint32_t *)values)[row]);
    case NG_U64:
        return ng_write_u64(out, ((const uint64_t *)values)[row]);
    case NG_F32:
        return ng_write_f32(out, ((const float *)values)[row]);
    case NG_F64:
        return ng_write_f64(out, ((const double *)values)[row]);
    default:
        return ng_write_timestamp(out, ((const int64_t *)values)[row], type);
    }
}

static inline void ngi_csv_writer_put_field(ng_csv_writer *w, ng_type type, const ng_column *column,
                                            size_t row) {
    if (column->valid != NULL && !ngi_csv_writer_bit(column->valid, row)) {
        return;
    }
    if (type == NG_UTF8) {
        const int32_t *offsets = (const int32_t *)column->values + row;
        ngi_csv_writer_put_text(w, (const char *)column->bytes + offsets[0],
                                (size_t)(offsets[1] - offsets[0]));
        return;
    }
    if (w->numbers_like_texts) {
        char text[NG_NUMBER_TEXT_MAX];
        const size_t size = ngi_csv_writer_value(text, type, column->values, row);
        ngi_csv_writer_put_text(w, text, size);
        return;
    }
    ngi_csv_writer_make_room(w);
    w->at += ngi_csv_writer_value(w->at, type, column->values, row);
}

static void ngi_csv_writer_put_names(ng_csv_writer *w) {
    if (w->begun) {
        return;
    }
    w->begun = true;
    for (size_t i = 0; i < w->field_count; i++) {
        const char *name = w->fields[i].name;
        size_t size = 0;
        while (name[size] != '\0') {
            size++;
        }
        ngi_csv_writer_put_text(w, name, size);
        ngi_csv_writer_put_bytes(w, i + 1 < w->field_count ? &w->separator : "\n", 1);
    }
}

/* ---- what users call ------------------------------------------------------------------------- */

static bool ngi_csv_writer_is_delimiter(char c) { return c > 0 && c != '\n' && c != '\r'; }

/* Whether the character can stand in what is written for a number, bool or timestamp. */
static bool ngi_csv_writer_is_in_numbers(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'T' || c == 'Z' || c == '+' ||
           c == '-' || c == '.' || c == ':';
}

ng_status ng_csv_writer_init(ng_csv_writer *writer, void *buffer, size_t size,
                             const ng_field *fields, size_t field_count, char separator, char quote,
                             ng_csv_write write, void *ctx) {
    __builtin_memset(writer, 0, sizeof *writer);
    writer->status = NG_INVALID;
    if (buffer == NULL || size < NG_CSV_WRITER_BUFFER_MIN || separator == quote ||
        !ngi_csv_writer_is_delimiter(separator) || !ngi_csv_writer_is_delimiter(quote)) {
        return NG_INVALID;
    }
    writer->status = NG_OK;
    writer->fields = fields;
    writer->field_count = field_count;
    writer->write = write;
    writer->ctx = ctx;
    writer->separator = separator;
    writer->quote = quote;
    writer->separators = UINT64_C(0x0101010101010101) * (unsigned char)separator;
    writer->quotes = UINT64_C(0x0101010101010101) * (unsigned char)quote;
    writer->numbers_like_texts =
        ngi_csv_writer_is_in_numbers(separator) || ngi_csv_writer_is_in_numbers(quote);
    writer->buffer = writer->at = (char *)buffer;
    writer->end = writer->buffer + size;
    return NG_OK;
}

ng_status ng_csv_writer_rows(ng_csv_writer *writer, const ng_column *columns, size_t first,
                             size_t rows) {
    ng_csv_writer *const w = writer;
    ngi_csv_writer_put_names(w);
    for (size_t row = first; row < first + rows && w->status == NG_OK; row++) {
        for (size_t i = 0; i < w->field_count; i++) {
            ngi_csv_writer_put_field(w, w->fields[i].type, &columns[i], row);
            ngi_csv_writer_make_room(w);
            *w->at++ = i + 1 < w->field_count ? w->separator : '\n';
        }
        w->rows++;
    }
    return w->status;
}

ng_status ng_csv_writer_flush(ng_csv_writer *writer) {
    ngi_csv_writer_empty(writer);
    return writer->status;
}

ng_status ng_csv_writer_finish(ng_csv_writer *writer) {
    ngi_csv_writer_put_names(writer);
    return ng_csv_writer_flush(writer);
}
