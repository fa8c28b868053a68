/* csv_reader: how CSV text becomes columns.
 *
 * The buffer always holds whole bytes of the stream from `at` (the next row) to `end`, behind which
 * stands a line end of our own, so that a search for the end of a field needs no other bound. A row
 * is first taken as it stands, on the assumption that all of it is there and all is well. Where
 * that turns out to be wrong, its end is looked for (across as many reads as it takes, each byte
 * once), and then it is taken again, and what is wrong with it can be said. So the bytes that a
 * source gives at a time never change what comes out. */
#include "csv_reader.h"
#include "number.h"

/* Readable bytes behind `end`: a line end of our own, and the rest of a word. */
#define NGI_CSV_PAD 8

#define NGI_CSV_NEWLINES UINT64_C(0x0a0a0a0a0a0a0a0a)
#define NGI_CSV_RETURNS UINT64_C(0x0d0d0d0d0d0d0d0d)
#define NGI_CSV_POINTS UINT64_C(0x2e2e2e2e2e2e2e2e)
#define NGI_CSV_ZEROS UINT64_C(0x3030303030303030)
#define NGI_CSV_ONES UINT64_C(0x0101010101010101)

/* Where a used field stands: `skip` fields after the one before it, or in the same place (`again`).
 */
typedef struct ngi_csv_place {
    const ng_csv_field *field;
    size_t index, skip;
    size_t column; /* which of the caller's columns */
    bool again;
} ngi_csv_place;

/* What came of a row or a field. */
typedef enum ngi_csv_outcome {
    NGI_CSV_TAKEN,
    NGI_CSV_FULL, /* a column has no room for its text */
    NGI_CSV_MORE, /* its end is not there yet */
    NGI_CSV_BAD   /* something is wrong; `bad` says what */
} ngi_csv_outcome;

/* What can be wrong with a row. */
typedef enum ngi_csv_trouble {
    NGI_CSV_NOT_A_VALUE,
    NGI_CSV_OUT_OF_RANGE,
    NGI_CSV_EMPTY,
    NGI_CSV_NOT_UTF8,
    NGI_CSV_TOO_FEW,
    NGI_CSV_TOO_MANY,
    NGI_CSV_AFTER_QUOTE,
    NGI_CSV_OPEN_QUOTE,
    NGI_CSV_TOO_LONG,
    NGI_CSV_NO_ROOM
} ngi_csv_trouble;

/* A field as it stands in the buffer: between its quotes, if it has any. */
typedef struct ngi_csv_cell {
    const char *text;
    size_t size;
    const char *stop; /* the separator or line end behind it */
    size_t doubled;   /* how many quotes in it are written twice */
    bool quoted;
} ngi_csv_cell;

/* ---- finding the ends of fields and rows ----------------------------------------------------- */

static inline uint64_t ngi_csv_load(const char *p) {
    uint64_t word;
    __builtin_memcpy(&word, p, sizeof word);
    return word;
}

/* The top bit of each byte that is zero; bytes above the lowest such one may be wrong. */
static inline uint64_t ngi_csv_zero_bytes(uint64_t word) {
    return (word - NGI_CSV_ONES) & ~word & (NGI_CSV_ONES << 7);
}

/* The same for the bytes that are a line end or the character that fills `pattern`. */
static inline uint64_t ngi_csv_stops(uint64_t word, uint64_t pattern) {
    return ngi_csv_zero_bytes(word ^ pattern) | ngi_csv_zero_bytes(word ^ NGI_CSV_NEWLINES) |
           ngi_csv_zero_bytes(word ^ NGI_CSV_RETURNS);
}

/* The first line end or character of `pattern` from `p` on: at the latest the one behind the end.
 */
static inline const char *ngi_csv_find_stop(const char *p, uint64_t pattern) {
    for (;; p += 8) {
        const uint64_t stops = ngi_csv_stops(ngi_csv_load(p), pattern);
        if (stops != 0) {
            return p + (__builtin_ctzll(stops) >> 3);
        }
    }
}

static inline ngi_csv_outcome ngi_csv_note(ng_csv_reader *r, ngi_csv_trouble trouble,
                                           const char *at) {
    r->bad = (int)trouble;
    r->bad_at = at;
    r->bad_field = NULL;
    return NGI_CSV_BAD;
}

/* Finds the end of the field in quotes at `p`. Line ends in it are added to `lines_inside`. */
static ngi_csv_outcome ngi_csv_find_quote(ng_csv_reader *r, const char *p, ngi_csv_cell *cell) {
    const char quote = r->options.quote;
    cell->text = p + 1;
    cell->quoted = true;
    cell->doubled = 0;
    for (const char *q = p + 1;; q++) {
        q = ngi_csv_find_stop(q, r->quotes);
        if (q >= r->end) {
            return r->ended ? ngi_csv_note(r, NGI_CSV_OPEN_QUOTE, p) : NGI_CSV_MORE;
        }
        if (*q != quote) {
            /* The two characters of a CRLF are one line end. */
            r->lines_inside += *q == '\n' ? q[-1] != '\r' : 1;
            continue;
        }
        if (q + 1 == r->end && !r->ended) {
            return NGI_CSV_MORE;
        }
        if (q + 1 < r->end && q[1] == quote) {
            cell->doubled++;
            q++;
            continue;
        }
        cell->size = (size_t)(q - cell->text);
        cell->stop = q + 1;
        const char after = q[1];
        if (after == r->options.separator || after == '\n' || after == '\r') {
            return NGI_CSV_TAKEN;
        }
        return ngi_csv_note(r, NGI_CSV_AFTER_QUOTE, q + 1);
    }
}

/* Finds the end of the field at `p`. */
static inline ngi_csv_outcome ngi_csv_find_cell(ng_csv_reader *r, const char *p,
                                                ngi_csv_cell *cell) {
    if (*p == r->options.quote) {
        return ngi_csv_find_quote(r, p, cell);
    }
    cell->text = p;
    cell->stop = ngi_csv_find_stop(p, r->separators);
    cell->size = (size_t)(cell->stop - p);
    cell->doubled = 0;
    cell->quoted = false;
    return NGI_CSV_TAKEN;
}

/* Where the next row begins, after the line end at `stop`; NULL if that is not known yet. */
static inline const char *ngi_csv_next_row(const ng_csv_reader *r, const char *stop) {
    if (stop < r->end && *stop == '\n') {
        return stop + 1;
    }
    if (stop + 1 < r->end) {
        return stop + 1 + (stop[1] == '\n');
    }
    /* Our own line end, or a CR that an LF may follow. */
    return r->ended ? r->end : NULL;
}

/* Where `ngi_csv_find_row_end` stands between two bytes. */
enum { NGI_CSV_FIELD_START, NGI_CSV_IN_FIELD, NGI_CSV_IN_QUOTES, NGI_CSV_AFTER_QUOTES };

/* Finds the end of the row at `at`, and makes `record_size` its size with its line end; false if it
 * is not there yet. Goes on where it stopped, once there are more bytes. */
static bool ngi_csv_find_row_end(ng_csv_reader *r) {
    if (r->complete) {
        return true;
    }
    const char quote = r->options.quote;
    int state = r->scan_state;
    const char *p = r->at + r->scanned;
    for (; p < r->end; p++) {
        if (state == NGI_CSV_IN_QUOTES) {
            state = *p == quote ? NGI_CSV_AFTER_QUOTES : NGI_CSV_IN_QUOTES;
        } else if (*p == quote && state != NGI_CSV_IN_FIELD) {
            state = NGI_CSV_IN_QUOTES; /* opened, or one that is written twice */
        } else if (*p == '\n' || *p == '\r') {
            const char *next = ngi_csv_next_row(r, p);
            if (next == NULL) {
                break;
            }
            r->record_size = (size_t)(next - r->at);
            r->complete = true;
            return true;
        } else {
            state = *p == r->options.separator ? NGI_CSV_FIELD_START : NGI_CSV_IN_FIELD;
        }
    }
    r->scan_state = state;
    r->scanned = (size_t)(p - r->at);
    if (p == r->end && r->ended) {
        r->record_size = r->scanned;
        r->complete = true;
    }
    return r->complete;
}

/* Moves on to the row at `next`. */
static inline void ngi_csv_move_on(ng_csv_reader *r, const char *next, uint64_t lines) {
    r->at = next;
    r->line += lines;
    r->scanned = 0;
    r->scan_state = NGI_CSV_FIELD_START;
    r->complete = false;
}

/* Line ends in a text; a CRLF is one. */
static uint64_t ngi_csv_count_lines(const char *from, const char *to) {
    uint64_t lines = 0;
    for (const char *p = from; p < to; p++) {
        lines += *p == '\r' || (*p == '\n' && (p == from || p[-1] != '\r'));
    }
    return lines;
}

/* ---- words for people ------------------------------------------------------------------------ */

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

/* The size of the UTF-8 character at `p`, from 1 to 4; 0 if there is none. */
static size_t ngi_csv_character_size(const char *p, const char *end) {
    const unsigned first = (unsigned char)*p;
    if (first < 0x80) {
        return 1;
    }
    const size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first < 0xc2 || first > 0xf4 || (size_t)(end - p) < size) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* Not written longer than need be, no surrogates, nothing above U+10FFFF. */
    const unsigned second = (unsigned char)p[1];
    const bool wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) ||
                       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90);
    return wrong ? 0 : size;
}

static bool ngi_csv_is_utf8(const char *p, const char *end) {
    while (p < end) {
        while (end - p >= 8 && (ngi_csv_load(p) & (NGI_CSV_ONES << 7)) == 0) {
            p += 8;
        }
        if (p == end) {
            break;
        }
        const size_t size = ngi_csv_character_size(p, end);
        if (size == 0) {
            return false;
        }
        p += size;
    }
    return true;
}

/* A text from the input, in quotation marks and with what cannot be shown as escapes. */
static void ngi_csv_put_excerpt(ngi_csv_text *text, const char *p, size_t size) {
    static const char digits[17] = "0123456789abcdef";
    const char *const end = p + size;
    const char *const shown = size > 40 ? p + 40 : end;
    ngi_csv_put(text, "`");
    while (p < shown) {
        const size_t width = ngi_csv_character_size(p, end);
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

static const char *ngi_csv_bad_field_remedy(ng_csv_on_error on_error) {
    return on_error == NG_CSV_NULL
               ? "correct it, or add `?` to the field's type so that it can be null"
               : "correct it, or set `on_error` to \"null\" or \"skip\"";
}

/* What to do about it; each sentence begins small and has no full stop. */
static const char *ngi_csv_remedy(const ng_csv_reader *r) {
    switch ((ngi_csv_trouble)r->bad) {
    case NGI_CSV_OUT_OF_RANGE:
        return "give the field a wider type in the schema";
    case NGI_CSV_EMPTY:
        return "add `?` to the field's type so that it can be null, or set `on_error` to \"skip\"";
    case NGI_CSV_NOT_UTF8:
        return "convert the file to UTF-8";
    case NGI_CSV_TOO_FEW:
    case NGI_CSV_TOO_MANY:
        return "complete the row, put texts with separators in quotes, or set `on_error` to "
               "\"skip\"";
    case NGI_CSV_AFTER_QUOTE:
        return "write a quote within a quoted field twice";
    case NGI_CSV_OPEN_QUOTE:
        return "close it, or write a quote within a quoted field twice";
    case NGI_CSV_TOO_LONG:
        return "look for a quote that is never closed, or raise the limit on rows";
    case NGI_CSV_NO_ROOM:
        return "give the column more room for text";
    default:
        return ngi_csv_bad_field_remedy(r->options.on_error);
    }
}

static void ngi_csv_put_trouble(ng_csv_reader *r, ngi_csv_text *text) {
    const ng_csv_field *field = r->bad_field;
    switch ((ngi_csv_trouble)r->bad) {
    case NGI_CSV_NOT_A_VALUE:
    case NGI_CSV_OUT_OF_RANGE:
        ngi_csv_put_excerpt(text, r->bad_text, r->bad_size);
        ngi_csv_put(text, r->bad == NGI_CSV_OUT_OF_RANGE ? " does not fit into " : " is not a ");
        ngi_csv_put(text, r->bad == NGI_CSV_OUT_OF_RANGE ? "" : "value of ");
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

/* ---- one field into its column --------------------------------------------------------------- */

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
    brief->negative = (word & 0xff) == '-';
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
    if (r->nulls_like_numbers || !ngi_csv_take_brief(r, p, &brief)) {
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

static ngi_csv_outcome ngi_csv_store_text(const ng_csv_reader *r, const ngi_csv_cell *cell,
                                          ng_column *column, size_t row) {
    int32_t *offsets = (int32_t *)column->values;
    const size_t used = (size_t)offsets[row], size = cell->size - cell->doubled;
    const size_t limit = column->bytes_size < INT32_MAX ? column->bytes_size : INT32_MAX;
    if (size > limit - used) {
        return NGI_CSV_FULL;
    }
    uint8_t *out = column->bytes + used;
    if (cell->doubled == 0) {
        __builtin_memcpy(out, cell->text, size);
    } else {
        for (const char *p = cell->text; p < cell->text + cell->size; p++) {
            *out++ = (uint8_t)*p;
            p += *p == r->options.quote; /* the second of two */
        }
    }
    offsets[row + 1] = (int32_t)(used + size);
    return NGI_CSV_TAKEN;
}

static bool ngi_csv_equals(const char *text, size_t size, const char *words) {
    for (size_t i = 0; i < size; i++) {
        if (words[i] == '\0' || words[i] != text[i]) {
            return false;
        }
    }
    return words[size] == '\0';
}

static bool ngi_csv_is_one_of_nulls(const ng_csv_options *options, const char *text, size_t size) {
    for (size_t i = 0; i < options->null_count; i++) {
        if (ngi_csv_equals(text, size, options->nulls[i])) {
            return true;
        }
    }
    return false;
}

/* Narrows a text to what stands between its spaces. */
static void ngi_csv_trim(const char **text, size_t *size) {
    while (*size > 0 && (**text == ' ' || **text == '\t')) {
        (*text)++;
        (*size)--;
    }
    while (*size > 0 && ((*text)[*size - 1] == ' ' || (*text)[*size - 1] == '\t')) {
        (*size)--;
    }
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
static ngi_csv_trouble ngi_csv_diagnose(ng_type type, const ngi_csv_cell *cell) {
    const char *text = cell->text;
    size_t size = cell->size;
    if (type == NG_UTF8) {
        return NGI_CSV_NOT_UTF8;
    }
    ngi_csv_trim(&text, &size);
    if (size == 0) {
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
    (void)ngi_csv_note(r, ngi_csv_diagnose(field->type, cell), cell->text - cell->quoted);
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
    if (cell.stop == r->end && !r->ended) {
        return NGI_CSV_MORE;
    }
    if (field->nullable && ngi_csv_is_null(&r->options, field->type, &cell)) {
        ngi_csv_store_nothing(field->type, column, row);
        ngi_csv_put_bit(column->valid, row, false);
        return NGI_CSV_TAKEN;
    }
    if (field->type != NG_UTF8) {
        if (!ngi_csv_store_value(field->type, cell.text, cell.size, column->values, row)) {
            return ngi_csv_take_bad(r, field, &cell, column, row);
        }
    } else {
        if (!ngi_csv_is_utf8(cell.text, cell.text + cell.size)) {
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

/* ---- one row --------------------------------------------------------------------------------- */

/* Goes on to the field behind the separator at `stop`. */
static inline ngi_csv_outcome ngi_csv_step(ng_csv_reader *r, const char *stop, const char **p) {
    if (*stop != r->options.separator) {
        return ngi_csv_note(r, NGI_CSV_TOO_FEW, r->at);
    }
    *p = stop + 1;
    return NGI_CSV_TAKEN;
}

/* Goes over `count` fields and the separators behind them. */
static inline ngi_csv_outcome ngi_csv_skip(ng_csv_reader *r, const char **p, size_t count) {
    ngi_csv_outcome outcome = NGI_CSV_TAKEN;
    for (; count > 0 && outcome == NGI_CSV_TAKEN; count--) {
        ngi_csv_cell cell;
        outcome = ngi_csv_find_cell(r, *p, &cell);
        if (outcome == NGI_CSV_TAKEN) {
            outcome = ngi_csv_step(r, cell.stop, p);
        }
    }
    return outcome;
}

/* Takes the field at `p`; `*stop` is where it ends. */
static inline ngi_csv_outcome ngi_csv_take_field(ng_csv_reader *r, const ng_csv_field *field,
                                                 const char *p, ng_column *column, size_t row,
                                                 const char **stop) {
    if (field->type >= NG_I8 && field->type <= NG_F64 &&
        ngi_csv_store_brief(r, field->type, p, column->values, row, stop)) {
        if (field->nullable) {
            ngi_csv_put_bit(column->valid, row, true);
        }
        return NGI_CSV_TAKEN;
    }
    return ngi_csv_take_any(r, field, p, column, row, stop);
}

/* Goes over the fields behind the last one that is used, which ends at `*stop` (NULL: none is
 * used). */
static inline ngi_csv_outcome ngi_csv_skip_rest(ng_csv_reader *r, const char **stop) {
    const char *p = r->at;
    ngi_csv_cell cell;
    if (r->unused_at_end == 0) {
        return NGI_CSV_TAKEN;
    }
    ngi_csv_outcome outcome = *stop != NULL ? ngi_csv_step(r, *stop, &p) : NGI_CSV_TAKEN;
    if (outcome == NGI_CSV_TAKEN) {
        outcome = ngi_csv_skip(r, &p, r->unused_at_end - 1);
    }
    if (outcome == NGI_CSV_TAKEN) {
        outcome = ngi_csv_find_cell(r, p, &cell);
        *stop = cell.stop;
    }
    return outcome;
}

/* Takes the row at `at` into row `row` of the columns; `*next` is where the next one begins. */
static ngi_csv_outcome ngi_csv_take_row(ng_csv_reader *r, ng_column *columns, size_t row,
                                        const char **next) {
    const char *p = r->at, *stop = NULL;
    ngi_csv_outcome outcome = NGI_CSV_TAKEN;
    r->lines_inside = 0;
    r->pending_nulls = 0;
    for (size_t i = 0; i < r->field_count; i++) {
        const ngi_csv_place *place = &r->places[i];
        if (!place->again) {
            outcome = stop != NULL ? ngi_csv_step(r, stop, &p) : NGI_CSV_TAKEN;
            if (outcome == NGI_CSV_TAKEN) {
                outcome = ngi_csv_skip(r, &p, place->skip);
            }
        }
        if (outcome == NGI_CSV_TAKEN) {
            ng_column *column = &columns[place->column];
            outcome = ngi_csv_take_field(r, place->field, p, column, row, &stop);
        }
        if (outcome != NGI_CSV_TAKEN) {
            return outcome;
        }
    }
    outcome = ngi_csv_skip_rest(r, &stop);
    if (outcome != NGI_CSV_TAKEN) {
        return outcome;
    }
    if (*stop == r->options.separator) {
        return ngi_csv_note(r, NGI_CSV_TOO_MANY, stop + 1);
    }
    *next = ngi_csv_next_row(r, stop);
    return *next != NULL ? NGI_CSV_TAKEN : NGI_CSV_MORE;
}

/* ---- the stream ------------------------------------------------------------------------------ */

/* Gets more bytes behind `end`. There is room: what is left of the buffer is at most a row. */
static ng_status ngi_csv_refill(ng_csv_reader *r) {
    const size_t left = (size_t)(r->end - r->at);
    if ((size_t)(r->at - r->buffer) >= left) {
        __builtin_memcpy(r->buffer, r->at, left);
        r->at = r->buffer;
        r->end = r->buffer + left;
    }
    ng_status status = r->source;
    size_t size = 0;
    if (status == NG_OK) {
        size = r->read(r->ctx, r->end, r->options.chunk, &status);
    }
    if (size > r->options.chunk) {
        return ngi_csv_fail(r, NG_INVALID, "the source gave more bytes than there was room for",
                            "answer at most `room` in the read function");
    }
    if (size == 0 && status < 0) {
        return ngi_csv_fail(r, status, "reading failed", "see to where the file comes from");
    }
    r->source = status < 0 ? status : NG_OK;
    r->ended = status == NG_END || (size == 0 && status == NG_OK);
    r->end += size;
    const uint64_t newline = '\n';
    __builtin_memcpy(r->end, &newline, sizeof newline);
    return size == 0 && status == NG_AGAIN ? NG_AGAIN : NG_OK;
}

/* Steps over blank lines, which are rows only where a row is one field; false where nothing is
 * left. */
static inline bool ngi_csv_skip_blank_lines(ng_csv_reader *r) {
    while ((*r->at == '\n' || *r->at == '\r') && r->fields_in_row != 1 && r->at < r->end) {
        const char *next = ngi_csv_next_row(r, r->at);
        if (next == NULL) {
            return false;
        }
        ngi_csv_move_on(r, next, 1);
    }
    return r->at < r->end;
}

static ng_status ngi_csv_fail_at(ng_csv_reader *r) {
    ngi_csv_describe(r, &r->error);
    r->status = r->error.status;
    return r->status;
}

/* Whether the row at `at` is too long, as far as it is there. */
static bool ngi_csv_is_too_long(ng_csv_reader *r) {
    const size_t size = r->complete ? r->record_size : (size_t)(r->end - r->at);
    if (size > r->options.record_limit) {
        (void)ngi_csv_note(r, NGI_CSV_TOO_LONG, r->at);
        return true;
    }
    return false;
}

/* Takes a row that is there as a whole, or does what is to be done where it is bad; false where the
 * batch ends. */
static bool ngi_csv_settle(ng_csv_reader *r, ng_column *columns, size_t *row) {
    const char *next = r->at + r->record_size;
    if (!ngi_csv_is_too_long(r)) {
        const char *end_of_row;
        const ngi_csv_outcome outcome = ngi_csv_take_row(r, columns, *row, &end_of_row);
        if (outcome == NGI_CSV_TAKEN) {
            ngi_csv_move_on(r, end_of_row, 1 + r->lines_inside);
            r->nulled += r->pending_nulls;
            ++*row;
            return true;
        }
        if (outcome == NGI_CSV_FULL && *row > 0) {
            return false;
        }
        if (r->options.on_error == NG_CSV_SKIP && r->bad <= NGI_CSV_AFTER_QUOTE) {
            if (r->skipped == 0) {
                ngi_csv_describe(r, &r->tolerated);
            }
            r->skipped++;
            ngi_csv_move_on(r, next, ngi_csv_count_lines(r->at, next));
            return true;
        }
    }
    (void)ngi_csv_fail_at(r);
    return false;
}

/* Takes rows until the batch ends; answers how many. Where none could be taken, `*status` says why.
 */
static size_t ngi_csv_take_rows(ng_csv_reader *r, ng_column *columns, size_t capacity,
                                ng_status *status) {
    size_t row = 0;
    while (row < capacity) {
        bool waits = false; /* for more bytes */
        if (!ngi_csv_skip_blank_lines(r)) {
            waits = true;
            if (r->ended) {
                *status = r->status = NG_END;
                break;
            }
        } else if (r->scanned == 0 && !r->complete) {
            const char *next;
            const ngi_csv_outcome outcome = ngi_csv_take_row(r, columns, row, &next);
            if (outcome == NGI_CSV_TAKEN && (size_t)(next - r->at) <= r->options.record_limit) {
                ngi_csv_move_on(r, next, 1 + r->lines_inside);
                row++;
                continue;
            }
            if (row > 0 && (outcome == NGI_CSV_FULL || outcome == NGI_CSV_MORE)) {
                break;
            }
        }
        if (!waits && ngi_csv_find_row_end(r)) {
            if (!ngi_csv_settle(r, columns, &row)) {
                *status = r->status;
                break;
            }
            continue;
        }
        if (row > 0) {
            break;
        }
        *status = ngi_csv_is_too_long(r) ? ngi_csv_fail_at(r) : ngi_csv_refill(r);
        if (*status != NG_OK) {
            break;
        }
    }
    return row;
}

/* ---- the header ------------------------------------------------------------------------------ */

/* A label as it is written in the header, against one in plain text. */
static bool ngi_csv_is_label(const ngi_csv_cell *cell, char quote, const char *label) {
    if (cell->doubled == 0) {
        return ngi_csv_equals(cell->text, cell->size, label);
    }
    for (const char *p = cell->text; p < cell->text + cell->size; p++, label++) {
        if (*label == '\0' || *label != *p) {
            return false;
        }
        p += *p == quote; /* the second of two */
    }
    return *label == '\0';
}

#define NGI_CSV_LABEL 40 /* longer labels are compared by their beginnings */

static char ngi_csv_small_letter(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

/* How many letters must be changed, put in or taken out to make one label the other (Levenshtein).
 */
static size_t ngi_csv_distance(const char *a, size_t a_size, const char *b, size_t b_size) {
    size_t row[NGI_CSV_LABEL + 1];
    a_size = a_size < NGI_CSV_LABEL ? a_size : NGI_CSV_LABEL;
    b_size = b_size < NGI_CSV_LABEL ? b_size : NGI_CSV_LABEL;
    for (size_t j = 0; j <= b_size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            const bool same = ngi_csv_small_letter(a[i - 1]) == ngi_csv_small_letter(b[j - 1]);
            const size_t changed = diagonal + !same;
            const size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
            diagonal = row[j];
            row[j] = changed <= shorter ? changed : shorter + 1;
        }
    }
    return row[b_size];
}

static size_t ngi_csv_length(const char *words) {
    size_t size = 0;
    while (words[size] != '\0') {
        size++;
    }
    return size;
}

/* Ends a sentence about a label that is not there: with the one that was meant, or with all. */
static void ngi_csv_suggest(ng_csv_reader *r, ngi_csv_text *text, const char *label) {
    const size_t size = ngi_csv_length(label);
    const char *p = r->at;
    ngi_csv_cell cell, nearest = {NULL, 0, NULL, 0, false};
    size_t least = size / 3 + 1;
    for (size_t i = 0; i < r->fields_in_row; i++, p = cell.stop + 1) {
        (void)ngi_csv_find_cell(r, p, &cell);
        const char *trimmed = cell.text;
        size_t trimmed_size = cell.size;
        ngi_csv_trim(&trimmed, &trimmed_size);
        const size_t distance = ngi_csv_distance(trimmed, trimmed_size, label, size);
        if (distance < least || (distance == least && nearest.text == NULL)) {
            least = distance;
            nearest = cell;
        }
    }
    if (nearest.text != NULL) {
        ngi_csv_put(text, "; did you mean ");
        ngi_csv_put_excerpt(text, nearest.text, nearest.size);
        ngi_csv_put(text, "?");
        return;
    }
    ngi_csv_put(text, "; it has ");
    p = r->at;
    for (size_t i = 0; i < r->fields_in_row; i++, p = cell.stop + 1) {
        (void)ngi_csv_find_cell(r, p, &cell);
        if (text->end - text->at < 60) {
            ngi_csv_put(text, ", ...");
            break;
        }
        ngi_csv_put(text, i > 0 ? ", " : "");
        ngi_csv_put_excerpt(text, cell.text, cell.size);
    }
}

/* An error about the header, or about the first row where there is none, begins with these words.
 */
static ngi_csv_text ngi_csv_begin_header_error(ng_csv_reader *r, const ng_csv_field *field,
                                               const char *at, const char *words) {
    ngi_csv_text text = ngi_csv_begin_message(&r->error);
    ngi_csv_put_place(r, &r->error, at);
    r->error.field = field->name;
    r->error.status = r->status = NG_BAD_INPUT;
    ngi_csv_put(&text, words);
    return text;
}

/* Finds the field's label in the header. */
static bool ngi_csv_find_label(ng_csv_reader *r, const ng_csv_field *field, size_t *index) {
    const char *p = r->at;
    bool found = false;
    ngi_csv_cell cell;
    for (size_t i = 0; i < r->fields_in_row; i++, p = cell.stop + 1) {
        (void)ngi_csv_find_cell(r, p, &cell);
        if (!ngi_csv_is_label(&cell, r->options.quote, field->label)) {
            continue;
        }
        if (found) {
            ngi_csv_text text =
                ngi_csv_begin_header_error(r, field, p, "the header has two columns ");
            ngi_csv_put_excerpt(&text, field->label, ngi_csv_length(field->label));
            r->error.remedy = "say which one by its position";
            return false;
        }
        found = true;
        *index = i;
    }
    if (!found) {
        ngi_csv_text text =
            ngi_csv_begin_header_error(r, field, r->at, "the header has no column ");
        ngi_csv_put_excerpt(&text, field->label, ngi_csv_length(field->label));
        ngi_csv_suggest(r, &text, field->label);
        r->error.remedy = "name the column as the header does, or give its position";
    }
    return found;
}

/* Finds where a field stands in the rows. */
static bool ngi_csv_find_index(ng_csv_reader *r, const ng_csv_field *field, size_t *index) {
    if (field->label != NULL) {
        return ngi_csv_find_label(r, field, index);
    }
    *index = field->index;
    if (*index < r->fields_in_row) {
        return true;
    }
    ngi_csv_text text = ngi_csv_begin_header_error(r, field, r->at, "there is no column ");
    ngi_csv_put_number(&text, field->index);
    ngi_csv_put(&text, r->options.header ? ": the header has " : ": the first row has ");
    ngi_csv_put_count(&text, r->fields_in_row, "field");
    r->error.remedy = "correct the position; the first column is 0";
    return false;
}

/* Puts the used fields into the order in which they stand in a row. */
static bool ngi_csv_find_places(ng_csv_reader *r) {
    for (size_t i = 0; i < r->field_count; i++) {
        size_t index = 0;
        if (!ngi_csv_find_index(r, &r->fields[i], &index)) {
            return false;
        }
        size_t at = i;
        for (; at > 0 && r->places[at - 1].index > index; at--) {
            r->places[at] = r->places[at - 1];
        }
        r->places[at].field = &r->fields[i];
        r->places[at].column = i;
        r->places[at].index = index;
    }
    size_t next = 0; /* the first field behind those so far */
    for (size_t i = 0; i < r->field_count; i++) {
        ngi_csv_place *place = &r->places[i];
        place->again = i > 0 && place->index + 1 == next;
        place->skip = place->again ? 0 : place->index - next;
        next = place->index + 1;
    }
    r->unused_at_end = r->fields_in_row - next;
    return true;
}

/* Steps over a byte order mark. */
static ng_status ngi_csv_skip_mark(ng_csv_reader *r) {
    static const char mark[4] = "\xef\xbb\xbf";
    size_t size = 0;
    while (size < 3) {
        if (r->at + size == r->end) {
            if (r->ended) {
                break;
            }
            const ng_status status = ngi_csv_refill(r);
            if (status != NG_OK) {
                return status;
            }
        } else if (r->at[size] == mark[size]) {
            size++;
        } else {
            break;
        }
    }
    r->at += size == 3 ? 3 : 0;
    r->past_mark = true;
    return NG_OK;
}

/* Checks that the first row is in order and counts its fields. */
static bool ngi_csv_measure_first_row(ng_csv_reader *r) {
    ngi_csv_cell cell;
    size_t count = 0;
    const char *p = r->at;
    if (ngi_csv_is_too_long(r)) {
        return false;
    }
    do {
        if (ngi_csv_find_cell(r, p, &cell) != NGI_CSV_TAKEN) {
            return false;
        }
        count++;
        p = cell.stop + 1;
    } while (*cell.stop == r->options.separator);
    r->fields_in_row = count;
    return true;
}

/* Reads as far as the first row of values, and learns where the fields stand. */
static ng_status ngi_csv_open(ng_csv_reader *r) {
    ng_status status = r->past_mark ? NG_OK : ngi_csv_skip_mark(r);
    while (status == NG_OK) {
        if (ngi_csv_skip_blank_lines(r)) {
            if (ngi_csv_find_row_end(r)) {
                break;
            }
        } else if (r->ended && r->options.header) {
            return ngi_csv_fail(r, NG_BAD_INPUT, "the file is empty, but a header was expected",
                                "give the file a header, or set `header` to false");
        } else if (r->ended) {
            r->status = NG_END;
            return NG_END;
        }
        status = ngi_csv_is_too_long(r) ? ngi_csv_fail_at(r) : ngi_csv_refill(r);
    }
    if (status != NG_OK) {
        return status;
    }
    if (!ngi_csv_measure_first_row(r)) {
        return ngi_csv_fail_at(r);
    }
    if (!ngi_csv_find_places(r)) {
        return r->status;
    }
    if (r->options.header) {
        const char *next = r->at + r->record_size;
        ngi_csv_move_on(r, next, ngi_csv_count_lines(r->at, next));
    }
    r->opened = true;
    return NG_OK;
}

/* ---- what users call ------------------------------------------------------------------------- */

ng_csv_options ng_csv_defaults(void) {
    static const char *const nulls[1] = {""};
    ng_csv_options options;
    options.separator = ',';
    options.quote = '"';
    options.header = true;
    options.on_error = NG_CSV_FAIL;
    options.nulls = nulls;
    options.null_count = 1;
    options.record_limit = (size_t)1 << 20;
    options.chunk = (size_t)128 << 10;
    return options;
}

size_t ng_csv_reader_size(size_t field_count, const ng_csv_options *options) {
    const size_t most = SIZE_MAX / 8;
    if (field_count > most / sizeof(ngi_csv_place) || options->record_limit > most ||
        options->chunk > most) {
        return SIZE_MAX;
    }
    return field_count * sizeof(ngi_csv_place) + 2 * options->record_limit + options->chunk +
           NGI_CSV_PAD;
}

static bool ngi_csv_is_delimiter(char c) { return c > 0 && c != '\n' && c != '\r'; }

/* Refuses what no reader can be made of. */
static ng_status ngi_csv_check(ng_csv_reader *r) {
    const ng_csv_options *options = &r->options;
    if (!ngi_csv_is_delimiter(options->separator) || !ngi_csv_is_delimiter(options->quote) ||
        options->separator == options->quote) {
        return ngi_csv_fail(r, NG_INVALID, "the separator and the quote cannot be told apart",
                            "use two different ASCII characters that are not line ends");
    }
    if (options->record_limit == 0 || options->chunk == 0) {
        return ngi_csv_fail(r, NG_INVALID, "the limit on rows or the chunk is 0",
                            "begin with ng_csv_defaults()");
    }
    for (size_t i = 0; i < r->field_count; i++) {
        const ng_csv_field *field = &r->fields[i];
        if (field->type < NG_BOOL || field->type > NG_UTF8) {
            return ngi_csv_fail(r, NG_INVALID, "a field has no type", "use one of ng_type");
        }
        if (field->label != NULL && !options->header) {
            return ngi_csv_fail(r, NG_INVALID, "a field goes by its label, but there is no header",
                                "set the label to NULL and give the index");
        }
    }
    return NG_OK;
}

/* Whether a text that means null could also be taken for a number. */
static bool ngi_csv_has_null_like_a_number(const ng_csv_options *options) {
    for (size_t i = 0; i < options->null_count; i++) {
        const char first = options->nulls[i][0];
        if ((first >= '0' && first <= '9') || first == '-' || first == '.') {
            return true;
        }
    }
    return false;
}

ng_status ng_csv_reader_init(ng_csv_reader *reader, void *arena, size_t arena_size,
                             const ng_csv_field *fields, size_t field_count,
                             const ng_csv_options *options, ng_csv_read read, void *ctx) {
    ng_csv_reader *const r = reader;
    __builtin_memset(r, 0, sizeof *r);
    r->fields = fields;
    r->field_count = field_count;
    r->options = *options;
    r->read = read;
    r->ctx = ctx;
    r->line = 1;
    if (arena == NULL || arena_size < ng_csv_reader_size(field_count, options)) {
        return ngi_csv_fail(r, NG_INVALID, "the arena is too small",
                            "give it the bytes that ng_csv_reader_size() says");
    }
    if (ngi_csv_check(r) != NG_OK) {
        return r->status;
    }
    r->places = (ngi_csv_place *)arena;
    r->buffer = (char *)(r->places + field_count);
    r->at = r->end = r->buffer;
    *r->end = '\n';
    r->separators = NGI_CSV_ONES * (unsigned char)options->separator;
    r->quotes = NGI_CSV_ONES * (unsigned char)options->quote;
    r->nulls_like_numbers = ngi_csv_has_null_like_a_number(options);
    return NG_OK;
}

ng_status ng_csv_reader_next(ng_csv_reader *reader, ng_column *columns, size_t capacity,
                             size_t *rows) {
    ng_csv_reader *const r = reader;
    *rows = 0;
    if (r->status != NG_OK) {
        return r->status;
    }
    if (capacity == 0) {
        return NG_INVALID;
    }
    if (!r->opened) {
        const ng_status status = ngi_csv_open(r);
        if (status != NG_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < r->field_count; i++) {
        if (r->fields[i].type == NG_UTF8) {
            *(int32_t *)columns[i].values = 0;
        }
    }
    ng_status status = NG_OK;
    *rows = ngi_csv_take_rows(r, columns, capacity, &status);
    r->rows += *rows;
    return *rows > 0 ? NG_OK : status;
}
