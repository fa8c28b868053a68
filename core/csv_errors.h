/* csv_errors: what is wrong with CSV text, in words for people. Internal. */
#ifndef NGI_CSV_ERRORS_H
#define NGI_CSV_ERRORS_H

#include "csv_cells.h"
#include "number.h"
#include "utf8.h"

/* A text that grows within its room, and is cut at its end. */
typedef struct ngi_csv_text {
    char *at, *end; /* `end` leaves room for a NUL */
} ngi_csv_text;

static void ngi_csv_put_bytes(ngi_csv_text *text, const char *bytes, size_t size) {
    const size_t room = (size_t)(text->end - text->at);
    const size_t fitting = size < room ? size : room;
    __builtin_memcpy(text->at, bytes, fitting);
    text->at += fitting;
    *text->at = '\0';
}

static void ngi_csv_put(ngi_csv_text *text, const char *words) {
    while (*words != '\0' && text->at < text->end) {
        *text->at++ = *words++;
    }
    *text->at = '\0';
}

static void ngi_csv_put_number(ngi_csv_text *text, uint64_t number) {
    char digits[NG_NUMBER_TEXT_MAX];
    ngi_csv_put_bytes(text, digits, ng_write_u64(digits, number));
}

static void ngi_csv_put_count(ngi_csv_text *text, uint64_t count, const char *noun) {
    ngi_csv_put_number(text, count);
    ngi_csv_put(text, " ");
    ngi_csv_put(text, noun);
    if (count != 1) {
        ngi_csv_put(text, "s");
    }
}

/* A text from the input, in quotation marks and with what cannot be shown as escapes. */
static void ngi_csv_put_excerpt(ngi_csv_text *text, const char *p, size_t size) {
    static const char digits[17] = "0123456789abcdef";
    const char *const end = p + size;
    const char *const shown = size > 40 ? p + 40 : end;
    ngi_csv_put(text, "`");
    while (p < shown) {
        const size_t width = ngi_utf8_size(p, end);
        const unsigned c = (unsigned char)*p;
        if (c == '\n' || c == '\r' || c == '\t') {
            ngi_csv_put(text, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        } else if (width == 0 || c < 0x20 || c == 0x7f) {
            const char escape[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};
            ngi_csv_put_bytes(text, escape, 4);
        } else {
            ngi_csv_put_bytes(text, p, width);
        }
        p += width > 0 ? width : 1;
    }
    ngi_csv_put(text, p < end ? "`..." : "`");
}

static const char *ngi_csv_type_name(ng_type type) {
    static const char *const names[] = {"",
                                        "bool",
                                        "i8",
                                        "i16",
                                        "i32",
                                        "i64",
                                        "u8",
                                        "u16",
                                        "u32",
                                        "u64",
                                        "f32",
                                        "f64",
                                        "timestamp[s]",
                                        "timestamp[ms]",
                                        "timestamp[us]",
                                        "timestamp[ns]",
                                        "utf8"};
    return names[(int)type];
}

static ngi_csv_text ngi_csv_begin_message(ng_csv_error *error) {
    const ngi_csv_text text = {error->message, error->message + sizeof error->message - 1};
    error->message[0] = '\0';
    error->field = NULL;
    error->line = error->field_line = error->column = 0;
    return text;
}

/* Ends the stream with an error that has no place in the text. */
static ng_status ngi_csv_fail(ng_csv_reader *r, ng_status status, const char *message,
                              const char *remedy) {
    ngi_csv_text text = ngi_csv_begin_message(&r->error);
    ngi_csv_put(&text, message);
    r->error.remedy = remedy;
    r->error.status = r->status = status;
    return status;
}

/* Says where `at`, in the row at r->at, is. */
static void ngi_csv_put_place(const ng_csv_reader *r, ng_csv_error *error, const char *at) {
    const char *start = at;
    while (start > r->at && start[-1] != '\n' && start[-1] != '\r') {
        start--;
    }
    error->line = r->line;
    error->field_line = r->line + ngi_csv_count_lines(r->at, start);
    error->column = 1;
    for (const char *p = start; p < at; p++) {
        error->column += ((unsigned char)*p & 0xc0) != 0x80;
    }
}

/* Fields of the row at r->at, as far as it can be told. */
static size_t ngi_csv_count_fields(ng_csv_reader *r) {
    size_t count = 1;
    ngi_csv_cell cell;
    for (const char *p = r->at; ngi_csv_find_cell(r, p, &cell) == NGI_CSV_TAKEN;
         p = cell.stop + 1) {
        if (*cell.stop != r->options.separator) {
            break;
        }
        count++;
    }
    return count;
}

static const char *ngi_csv_bad_field_remedy(const ng_csv_reader *r) {
    if (r->options.on_error == NG_CSV_FAIL) {
        return "correct it, or set `on_error` to \"null\" or \"skip\"";
    }
    return r->options.on_error == NG_CSV_SKIP || r->bad_field->nullable
               ? "correct it"
               : "correct it, or add `?` to the field's type so that it can be null";
}

/* What to do about it; each sentence begins small and has no full stop. What is set already is not
 * advised. */
static const char *ngi_csv_remedy(const ng_csv_reader *r) {
    const bool skips = r->options.on_error == NG_CSV_SKIP;
    switch ((ngi_csv_trouble)r->bad) {
    case NGI_CSV_OUT_OF_RANGE:
        return "give the field a wider type in the schema";
    case NGI_CSV_EMPTY:
        return skips ? "add `?` to the field's type so that it can be null"
                     : "add `?` to the field's type so that it can be null, or set `on_error` to "
                       "\"skip\"";
    case NGI_CSV_NOT_UTF8:
        return "convert the file to UTF-8";
    case NGI_CSV_TOO_FEW:
    case NGI_CSV_TOO_MANY:
        return skips ? "complete the row, or put texts with separators in quotes"
                     : "complete the row, put texts with separators in quotes, or set `on_error` "
                       "to \"skip\"";
    case NGI_CSV_AFTER_QUOTE:
        return "write a quote within a quoted field twice";
    case NGI_CSV_OPEN_QUOTE:
        return "close it, or write a quote within a quoted field twice";
    case NGI_CSV_TOO_LONG:
        return "look for a quote that is never closed, or raise the limit on rows";
    case NGI_CSV_NO_ROOM:
        return "give the column more room for text";
    default:
        return ngi_csv_bad_field_remedy(r);
    }
}

static void ngi_csv_put_trouble(ng_csv_reader *r, ngi_csv_text *text) {
    const ng_csv_field *field = r->bad_field;
    switch ((ngi_csv_trouble)r->bad) {
    case NGI_CSV_NOT_A_VALUE:
        if (r->bad_size == 0) {
            ngi_csv_put(text, "an empty text");
        } else {
            ngi_csv_put_excerpt(text, r->bad_text, r->bad_size);
        }
        ngi_csv_put(text, " is not a value of ");
        ngi_csv_put(text, ngi_csv_type_name(field->type));
        break;
    case NGI_CSV_OUT_OF_RANGE:
        ngi_csv_put_excerpt(text, r->bad_text, r->bad_size);
        ngi_csv_put(text, " does not fit into ");
        ngi_csv_put(text, ngi_csv_type_name(field->type));
        break;
    case NGI_CSV_EMPTY:
        ngi_csv_put(text, "the field is empty, but as ");
        ngi_csv_put(text, ngi_csv_type_name(field->type));
        ngi_csv_put(text, " it cannot be null");
        break;
    case NGI_CSV_NOT_UTF8:
        ngi_csv_put_excerpt(text, r->bad_text, r->bad_size);
        ngi_csv_put(text, " is not UTF-8");
        break;
    case NGI_CSV_TOO_FEW:
    case NGI_CSV_TOO_MANY:
        ngi_csv_put(text, "the row has ");
        ngi_csv_put_count(text, ngi_csv_count_fields(r), "field");
        ngi_csv_put(text, r->options.header ? ", the header has " : ", the first row has ");
        ngi_csv_put_number(text, r->fields_in_row);
        break;
    case NGI_CSV_AFTER_QUOTE:
        ngi_csv_put(text, "text follows the closing quote of a field");
        break;
    case NGI_CSV_OPEN_QUOTE:
        ngi_csv_put(text, "the quote that opens here is never closed");
        break;
    case NGI_CSV_TOO_LONG:
        ngi_csv_put(text, "the row is longer than the limit of ");
        ngi_csv_put_count(text, r->options.record_limit, "byte");
        break;
    case NGI_CSV_NO_ROOM:
        ngi_csv_put(text, "a text of ");
        ngi_csv_put_count(text, r->bad_size, "byte");
        ngi_csv_put(text, " does not fit into its column, even alone");
        break;
    }
}

/* Writes down what is noted as bad. */
static void ngi_csv_describe(ng_csv_reader *r, ng_csv_error *error) {
    ngi_csv_text text = ngi_csv_begin_message(error);
    error->status = NG_BAD_INPUT;
    error->remedy = ngi_csv_remedy(r);
    ngi_csv_put_place(r, error, r->bad_at);
    if (r->bad_field != NULL) {
        error->field = r->bad_field->name;
    }
    ngi_csv_put_trouble(r, &text);
}

size_t ng_csv_error_text(const ng_csv_error *error, const char *path, char *out, size_t room) {
    ngi_csv_text text = {out, out + room - 1};
    ngi_csv_put(&text, path);
    if (error->line > 0) {
        ngi_csv_put(&text, ":");
        ngi_csv_put_number(&text, error->field_line);
        ngi_csv_put(&text, ":");
        ngi_csv_put_number(&text, error->column);
    }
    ngi_csv_put(&text, ": error: ");
    if (error->field != NULL) {
        ngi_csv_put(&text, "field `");
        ngi_csv_put(&text, error->field);
        ngi_csv_put(&text, "`: ");
    }
    ngi_csv_put(&text, error->message);
    if (error->field_line != error->line) {
        ngi_csv_put(&text, " (in the row that begins on line ");
        ngi_csv_put_number(&text, error->line);
        ngi_csv_put(&text, ")");
    }
    ngi_csv_put(&text, "\n    ");
    ngi_csv_put(&text, error->remedy);
    ngi_csv_put(&text, "\n");
    return (size_t)(text.at - out);
}

#endif
