/* csv_reader: how CSV text becomes columns.
 *
 * The buffer always holds whole bytes of the stream from `at` (the next row) to `end`, behind which
 * stands a line end of our own, so that a search for the end of a field needs no other bound. A row
 * is first taken as it stands, on the assumption that all of it is there and all is well. Where
 * that turns out to be wrong, its end is looked for (across as many reads as it takes, each byte
 * once), and then it is taken again, and what is wrong with it can be said. So the bytes that a
 * source gives at a time never change what comes out. */
#include "csv_reader.h"
#include "csv_labels.h"
#include "csv_values.h"

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

/* ---- the beginning --------------------------------------------------------------------------- */

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

static bool ngi_csv_can_begin_number(char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* Whether what begins like a number may be something else: a field in quotes, or a null. */
static bool ngi_csv_numbers_need_care(const ng_csv_options *options) {
    bool need_care = ngi_csv_can_begin_number(options->quote);
    for (size_t i = 0; i < options->null_count; i++) {
        need_care |= ngi_csv_can_begin_number(options->nulls[i][0]);
    }
    return need_care;
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
    r->numbers_need_care = ngi_csv_numbers_need_care(options);
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
