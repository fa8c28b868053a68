/* csv_cells: where fields and rows end in a csv_reader's buffer. Internal. */
#ifndef NGI_CSV_CELLS_H
#define NGI_CSV_CELLS_H

#include "csv_reader.h"

/* Readable bytes behind `end`: a line end of our own, and the rest of a word. */
#define NGI_CSV_PAD 8

#define NGI_CSV_NEWLINES UINT64_C(0x0a0a0a0a0a0a0a0a)
#define NGI_CSV_RETURNS UINT64_C(0x0d0d0d0d0d0d0d0d)
#define NGI_CSV_POINTS UINT64_C(0x2e2e2e2e2e2e2e2e)
#define NGI_CSV_ZEROS UINT64_C(0x3030303030303030)
#define NGI_CSV_ONES UINT64_C(0x0101010101010101)

/* Where a used field stands: `skip` fields behind the one before it, or in its place (`again`). */
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

/* Finds the end of the field in quotes at `p`. Line ends in it are added to `lines_inside`. Where
 * the last quote there is may turn out to be the first of two, the row has no end yet either. */
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

static bool ngi_csv_equals(const char *text, size_t size, const char *words) {
    for (size_t i = 0; i < size; i++) {
        if (words[i] == '\0' || words[i] != text[i]) {
            return false;
        }
    }
    return words[size] == '\0';
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

#endif
