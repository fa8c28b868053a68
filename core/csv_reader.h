/* csv_reader: CSV text of any size to columns, in constant memory.
 *
 * It reads RFC 4180 and its relatives: fields in quotes, in which separators and line ends stand
 * for themselves and a quote is written twice; lines that end in LF, CRLF or a lone CR; a UTF-8
 * byte order mark at the front. Three things that the RFC leaves open:
 *
 * - A quote inside a field that does not begin with one is text: `5" pipe` is what it says.
 * - Blank lines are skipped. But where a row has a single field, a blank line is a row whose field
 *   is empty (blank lines before the header, or before the first row, are skipped there too).
 * - Spaces belong to the field. They are allowed around numbers, bools, timestamps and their nulls.
 *
 * Only the fields that are asked for are read; the others are stepped over. A text that means null
 * does so where it is not quoted and the field is nullable; a `utf8` field that is not nullable
 * takes it as text, and an empty field of any other type is then a bad one.
 *
 * Do this:
 *
 *     ng_csv_field fields[] = {{"celsius", "Temp (C)", 0, NG_F32, true}};
 *     ng_csv_options options = ng_csv_defaults();
 *     size_t size = ng_csv_reader_size(1, &options);
 *     ng_csv_reader reader;
 *     ng_status status = ng_csv_reader_init(&reader, malloc(size), size, fields, 1, &options,
 *                                           read_file, file);
 *     while (status >= 0 && status != NG_END) {
 *         size_t rows;
 *         status = ng_csv_reader_next(&reader, columns, capacity, &rows);
 *         ... use the rows ...
 *     }
 *     if (status < 0) {
 *         ng_csv_error_text(&reader.error, "sensors.csv", text, sizeof text);
 *         ... show the text ...
 *     }
 *
 * A reader belongs to one thread. */
#ifndef NGI_CSV_READER_H
#define NGI_CSV_READER_H

#include "base.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* What happens at a bad field (one that is not a value of its type, or not UTF-8). A quote that is
 * never closed and a row beyond the limit are always errors, since what they hide is not known. */
typedef enum ng_csv_on_error {
    NG_CSV_FAIL = 0, /* the stream ends with an error */
    NG_CSV_NULL = 1, /* a nullable field becomes null; elsewhere it is an error */
    NG_CSV_SKIP = 2, /* its row is dropped, as are rows with too few or too many fields, or with
                      * text behind a closing quote */
} ng_csv_on_error;

/* A column to be read. */
typedef struct ng_csv_field {
    const char *name;  /* what messages call it */
    const char *label; /* what the header calls it; NULL: it is found by `index` */
    uint32_t index;    /* its place in the row, from 0, where there is no label */
    ng_type type;
    bool nullable;
} ng_csv_field;

typedef struct ng_csv_options {
    char separator; /* any ASCII character but a line end */
    char quote;     /* likewise, and another one */
    bool header;    /* the first line is labels; otherwise all fields go by index */
    ng_csv_on_error on_error;
    const char *const *nulls; /* texts that mean null where they are not quoted */
    size_t null_count;
    size_t record_limit; /* the most bytes a row may have, its line end included */
    size_t chunk;        /* the most bytes that are asked for at once */
} ng_csv_options;

/* `,` and `"`, with a header, fails at the first bad field, an empty field is null, rows of up to
 * 1 MiB, chunks of 128 KiB. Any thread. */
ng_csv_options ng_csv_defaults(void);

/* Where bytes come from: puts up to `room` of them into `into` and answers how many. `*status` is
 * NG_OK before the call. No bytes: the end, or, with `*status` set, NG_AGAIN: none at the moment,
 * below 0: failed. With bytes NG_END may be set: these are the last. */
typedef size_t (*ng_csv_read)(void *ctx, void *into, size_t room, ng_status *status);

/* What went wrong and where. Lines and columns count from 1, columns in characters; 0: nowhere in
 * the text. */
typedef struct ng_csv_error {
    ng_status status;    /* NG_OK: nothing went wrong */
    uint64_t line;       /* where the row begins */
    uint64_t field_line; /* where the field begins, which quoted line ends may put further down */
    uint64_t column;     /* where the field begins in its line */
    const char *field;   /* the name of the field, or NULL; as long as the `fields` given */
    const char *remedy;  /* what to do about it, static */
    char message[256];   /* a phrase without the place */
} ng_csv_error;

/* All fields are private but those marked. */
typedef struct ng_csv_reader {
    ng_csv_error error;     /* read-only: why it failed */
    ng_csv_error tolerated; /* read-only: the first thing that was skipped or made null */
    uint64_t rows;          /* read-only: rows delivered */
    uint64_t skipped;       /* read-only: rows dropped by NG_CSV_SKIP */
    uint64_t nulled;        /* read-only: bad fields made null by NG_CSV_NULL */

    const ng_csv_field *fields;
    size_t field_count;
    ng_csv_options options;
    ng_csv_read read;
    void *ctx;
    ng_status status, source; /* ours, and what the source has said for later */
    bool past_mark, opened, ended;

    struct ngi_csv_place *places; /* of the used fields, by their order in a row */
    size_t fields_in_row, unused_at_end;
    uint64_t separators, quotes; /* the character in each byte */
    bool numbers_need_care;      /* a quote or a text that means null can look like one */

    char *buffer;
    const char *at; /* the next row */
    char *end;      /* of what has been read */
    uint64_t line;  /* of `at` */

    bool complete;      /* the end of the row at `at` is known: */
    size_t record_size; /* its size with its line end */
    size_t scanned;     /* how far that end was looked for, */
    int scan_state;     /* and what stood there */
    uint64_t lines_inside;
    uint64_t pending_nulls;

    int bad; /* what is wrong with the row at `at` */
    const char *bad_at, *bad_text;
    size_t bad_size;
    const ng_csv_field *bad_field;
} ng_csv_reader;

/* How many bytes a reader of `field_count` fields needs; a bit more than twice the record limit.
 * Any thread. */
size_t ng_csv_reader_size(size_t field_count, const ng_csv_options *options);

/* Starts a reader in `reader` (its contents do not matter). Kept, not copied: `arena` (of
 * `arena_size` bytes, at least ng_csv_reader_size), `fields`, the texts in them and in the options,
 * `ctx`. Nothing is read yet. NG_INVALID, with `reader->error` filled in, if an argument is wrong.
 */
NG_NODISCARD ng_status ng_csv_reader_init(ng_csv_reader *reader, void *arena, size_t arena_size,
                                          const ng_csv_field *fields, size_t field_count,
                                          const ng_csv_options *options, ng_csv_read read,
                                          void *ctx);

/* Fills `columns`, one for each field and in their order, with up to `capacity` rows and says how
 * many.
 *
 * A column needs `values` for `capacity` rows (NG_UTF8: capacity + 1 offsets, and `bytes`), and
 * `valid` if the field is nullable (it is left alone otherwise). The batch ends early where the
 * text room of a column is used up, and where the next row would have to be waited for.
 *
 * NG_OK: there are rows. NG_AGAIN: none yet, since the source has nothing at the moment. NG_END:
 * there are no more. Below 0: failed, `reader->error` says why; rows before the bad one have been
 * delivered by then. Ended and failed readers keep saying so. */
NG_NODISCARD ng_status ng_csv_reader_next(ng_csv_reader *reader, ng_column *columns,
                                          size_t capacity, size_t *rows);

/* Writes an error for people, as several lines that each end in LF, and a NUL. Answers the size
 * without the NUL; a text that does not fit into `room` (at least 1) is cut. Any thread. */
size_t ng_csv_error_text(const ng_csv_error *error, const char *path, char *out, size_t room);

#if defined(__cplusplus)
}
#endif

#endif
