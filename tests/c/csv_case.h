/* csv_case: reads one CSV text with a csv_reader and tells what came out as a text that can be
 * compared: a line for each row, and what the reader said at the end. The rows go through a
 * csv_writer as well. Every buffer has exactly the size it needs, so that a sanitizer sees a byte
 * too many. */
#ifndef CSV_CASE_H
#define CSV_CASE_H

#include "../../core/csv_reader.h"
#include "../../core/csv_writer.h"
#include "../../core/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASE_FIELDS 16

/* A text that grows. */
typedef struct text_buffer {
    char *bytes;
    size_t size, room;
} text_buffer;

/* A promise was broken on which all checks rest. */
static void give_up(const char *why) {
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

static void *must_allocate(size_t size) {
    void *memory = malloc(size > 0 ? size : 1);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static void text_add(text_buffer *text, const void *bytes, size_t size) {
    if (text->size + size > text->room) {
        text->room = 2 * (text->size + size);
        char *grown = (char *)realloc(text->bytes, text->room);
        if (grown == NULL) {
            abort();
        }
        text->bytes = grown;
    }
    if (size > 0) {
        memcpy(text->bytes + text->size, bytes, size);
    }
    text->size += size;
}

static void text_say(text_buffer *text, const char *words) { text_add(text, words, strlen(words)); }

static void text_say_count(text_buffer *text, const char *words, unsigned long long count) {
    char line[96];
    (void)snprintf(line, sizeof line, "%s%llu\n", words, count);
    text_say(text, line);
}

/* What to read, and how. */
typedef struct csv_case {
    ng_csv_options options;
    ng_csv_field fields[CASE_FIELDS];
    size_t field_count;
    size_t capacity, text_room;
    const char *content;
    size_t size;
} csv_case;

/* How a source gives its bytes. */
typedef struct csv_source {
    const char *at, *end;
    size_t step;    /* at most so many at a time */
    bool hesitates; /* says NG_AGAIN before each read */
    bool hesitated;
    bool announces;  /* says NG_END with the last bytes */
    ng_status fails; /* instead of ending */
} csv_source;

static size_t read_source(void *ctx, void *into, size_t room, ng_status *status) {
    csv_source *source = (csv_source *)ctx;
    size_t size = (size_t)(source->end - source->at);
    if (source->hesitates && !source->hesitated) {
        source->hesitated = true;
        *status = NG_AGAIN;
        return 0;
    }
    source->hesitated = false;
    size = size < source->step ? size : source->step;
    size = size < room ? size : room;
    if (size > 0) {
        memcpy(into, source->at, size);
    }
    source->at += size;
    if (source->at == source->end && (source->announces || source->fails < 0)) {
        *status = source->fails < 0 ? source->fails : NG_END;
    }
    return size;
}

static ng_status write_text(void *ctx, const void *bytes, size_t size) {
    text_add((text_buffer *)ctx, bytes, size);
    return NG_OK;
}

static size_t width_of(ng_type type) {
    switch (type) {
    case NG_I8:
    case NG_U8:
        return 1;
    case NG_I16:
    case NG_U16:
        return 2;
    case NG_I32:
    case NG_U32:
    case NG_F32:
        return 4;
    default:
        return 8;
    }
}

static void columns_make(const csv_case *c, ng_column *columns) {
    for (size_t i = 0; i < c->field_count; i++) {
        const ng_type type = c->fields[i].type;
        const size_t bits = (c->capacity + 7) / 8;
        const size_t size = type == NG_BOOL   ? bits
                            : type == NG_UTF8 ? 4 * (c->capacity + 1)
                                              : width_of(type) * c->capacity;
        columns[i].values = must_allocate(size);
        memset(columns[i].values, 0xa5, size);
        columns[i].valid = NULL;
        if (c->fields[i].nullable) {
            columns[i].valid = (uint8_t *)must_allocate(bits);
            memset(columns[i].valid, 0xa5, bits);
        }
        columns[i].bytes = type == NG_UTF8 ? (uint8_t *)must_allocate(c->text_room) : NULL;
        columns[i].bytes_size = type == NG_UTF8 ? c->text_room : 0;
    }
}

static void columns_free(const csv_case *c, ng_column *columns) {
    for (size_t i = 0; i < c->field_count; i++) {
        free(columns[i].values);
        free(columns[i].valid);
        free(columns[i].bytes);
    }
}

static void tell_text(text_buffer *out, const char *text, size_t size) {
    text_say(out, "'");
    for (size_t i = 0; i < size; i++) {
        char escape[8];
        const unsigned c = (unsigned char)text[i];
        (void)snprintf(escape, sizeof escape, c < 0x20 || c == '\'' ? "\\x%02x" : "%c", c);
        text_add(out, escape, c == 0 ? 4 : strlen(escape));
    }
    text_say(out, "'");
}

static void tell_value(text_buffer *out, ng_type type, const ng_column *column, size_t row) {
    char text[NG_NUMBER_TEXT_MAX];
    const void *values = column->values;
    size_t size = 0;
    if (column->valid != NULL && !(column->valid[row / 8] >> (row % 8) & 1)) {
        text_say(out, "null");
        return;
    }
    switch (type) {
    case NG_BOOL:
        text_say(out, ((const uint8_t *)values)[row / 8] >> (row % 8) & 1 ? "true" : "false");
        return;
    case NG_UTF8: {
        const int32_t *offsets = (const int32_t *)values + row;
        tell_text(out, (const char *)column->bytes + offsets[0], (size_t)(offsets[1] - offsets[0]));
        return;
    }
    case NG_F32:
        size = ng_write_f32(text, ((const float *)values)[row]);
        break;
    case NG_F64:
        size = ng_write_f64(text, ((const double *)values)[row]);
        break;
    case NG_I8:
        size = ng_write_i64(text, ((const int8_t *)values)[row]);
        break;
    case NG_I16:
        size = ng_write_i64(text, ((const int16_t *)values)[row]);
        break;
    case NG_I32:
        size = ng_write_i64(text, ((const int32_t *)values)[row]);
        break;
    case NG_U8:
        size = ng_write_u64(text, ((const uint8_t *)values)[row]);
        break;
    case NG_U16:
        size = ng_write_u64(text, ((const uint16_t *)values)[row]);
        break;
    case NG_U32:
        size = ng_write_u64(text, ((const uint32_t *)values)[row]);
        break;
    case NG_U64:
        size = ng_write_u64(text, ((const uint64_t *)values)[row]);
        break;
    default:
        size = ng_write_i64(text, ((const int64_t *)values)[row]);
        break;
    }
    text_add(out, text, size);
}

static void tell_rows(text_buffer *out, const csv_case *c, const ng_column *columns, size_t rows) {
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < c->field_count; i++) {
            text_say(out, i > 0 ? "|" : "");
            tell_value(out, c->fields[i].type, &columns[i], row);
        }
        text_say(out, "\n");
    }
}

static void tell_error(text_buffer *out, const char *words, const ng_csv_error *error) {
    char text[512];
    char head[48];
    (void)snprintf(head, sizeof head, "%s (%d) ", words, (int)error->status);
    text_say(out, head);
    text_add(out, text, ng_csv_error_text(error, "in.csv", text, sizeof text));
}

/* Reads the case's text from the source. `*csv` gets what a writer makes of the rows. */
static text_buffer csv_case_run(const csv_case *c, csv_source source, text_buffer *csv) {
    text_buffer out = {NULL, 0, 0};
    ng_column columns[CASE_FIELDS];
    ng_field written[CASE_FIELDS];
    char buffer[NG_CSV_WRITER_BUFFER_MIN];
    ng_csv_reader reader;
    ng_csv_writer writer;
    const size_t size = ng_csv_reader_size(c->field_count, &c->options);
    void *arena = must_allocate(size);
    source.at = c->content;
    source.end = c->content + c->size;
    columns_make(c, columns);
    memset(written, 0, sizeof written);
    for (size_t i = 0; i < c->field_count; i++) {
        written[i].name = c->fields[i].name;
        written[i].type = c->fields[i].type;
    }
    memset(&reader, 0xa5, sizeof reader);
    ng_status status = ng_csv_reader_init(&reader, arena, size, c->fields, c->field_count,
                                          &c->options, read_source, &source);
    ng_status writing = ng_csv_writer_init(&writer, buffer, sizeof buffer, written, c->field_count,
                                           c->options.separator, c->options.quote, write_text, csv);
    while (status == NG_OK || status == NG_AGAIN) {
        size_t rows = 0;
        status = ng_csv_reader_next(&reader, columns, c->capacity, &rows);
        if ((rows > 0) != (status == NG_OK) || rows > c->capacity) {
            give_up("rows without NG_OK, or NG_OK without rows");
        }
        tell_rows(&out, c, columns, rows);
        if (writing == NG_OK) {
            writing = ng_csv_writer_rows(&writer, columns, 0, rows);
        }
    }
    if (writing == NG_OK) {
        writing = ng_csv_writer_finish(&writer);
    }
    size_t rows = 1;
    if (ng_csv_reader_next(&reader, columns, c->capacity, &rows) != status || rows != 0) {
        give_up("it did not stay ended");
    }
    text_say_count(&out, "rows ", reader.rows);
    if (reader.skipped > 0) {
        text_say_count(&out, "skipped ", reader.skipped);
    }
    if (reader.nulled > 0) {
        text_say_count(&out, "nulled ", reader.nulled);
    }
    if (reader.tolerated.status != NG_OK) {
        tell_error(&out, "tolerated", &reader.tolerated);
    }
    if (status < 0) {
        tell_error(&out, "failed", &reader.error);
    }
    columns_free(c, columns);
    free(arena);
    return out;
}

/* Whether the case comes out the same in another way of giving its bytes and taking its rows. */
static bool csv_case_same(const csv_case *c, csv_source source, size_t capacity,
                          const text_buffer *wanted, const text_buffer *wanted_csv) {
    csv_case other = *c;
    text_buffer csv = {NULL, 0, 0};
    other.capacity = capacity;
    text_buffer out = csv_case_run(&other, source, &csv);
    const bool same = out.size == wanted->size && csv.size == wanted_csv->size &&
                      (out.size == 0 || memcmp(out.bytes, wanted->bytes, out.size) == 0) &&
                      (csv.size == 0 || memcmp(csv.bytes, wanted_csv->bytes, csv.size) == 0);
    free(out.bytes);
    free(csv.bytes);
    return same;
}

/* The part of an answer that tells the rows and counts them. */
static size_t csv_case_rows_size(const text_buffer *out) {
    for (size_t i = 0; i + 5 < out->size; i++) {
        if ((i == 0 || out->bytes[i - 1] == '\n') && memcmp(out->bytes + i, "rows ", 5) == 0) {
            const char *line_end = (const char *)memchr(out->bytes + i, '\n', out->size - i);
            return (size_t)(line_end - out->bytes) + 1;
        }
    }
    return 0;
}

/* Whether reading what the writer made of the rows gives the same rows. */
static bool csv_case_reads_back(const csv_case *c, const text_buffer *wanted,
                                const text_buffer *csv) {
    const csv_source whole = {NULL, NULL, SIZE_MAX, false, false, false, NG_OK};
    const ng_csv_options defaults = ng_csv_defaults();
    csv_case again = *c;
    if (c->field_count == 0) {
        return true; /* rows without fields leave no trace */
    }
    again.options = defaults;
    again.options.separator = c->options.separator;
    again.options.quote = c->options.quote;
    again.options.record_limit = 2 * csv->size + 1;
    again.content = csv->bytes;
    again.size = csv->size;
    for (size_t i = 0; i < c->field_count; i++) {
        again.fields[i].label = NULL;
        again.fields[i].index = (uint32_t)i;
    }
    text_buffer second = {NULL, 0, 0};
    text_buffer out = csv_case_run(&again, whole, &second);
    const size_t size = csv_case_rows_size(wanted);
    const bool same = out.size == size && memcmp(out.bytes, wanted->bytes, size) == 0 &&
                      second.size == csv->size &&
                      (csv->size == 0 || memcmp(second.bytes, csv->bytes, csv->size) == 0);
    free(out.bytes);
    free(second.bytes);
    return same;
}

#endif
