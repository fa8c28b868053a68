/* csv_writer: columns to CSV text (RFC 4180, lines end in LF).
 *
 * Numbers and timestamps are written as core/number writes them, bools as `true` and `false`, nulls
 * as empty fields. Texts are put in quotes where they need them: where they hold the separator, a
 * quote or a line end, and where they are empty, so that they differ from null. What a csv_reader
 * with the same separator and quote makes of it are the same values.
 *
 * Do this:
 *
 *     ng_csv_writer writer;
 *     char buffer[65536];
 *     ng_status status = ng_csv_writer_init(&writer, buffer, sizeof buffer, fields, field_count,
 *                                           ',', '"', write_file, file);
 *     while (... there are rows ...) {
 *         status = ng_csv_writer_rows(&writer, columns, 0, rows);
 *     }
 *     status = ng_csv_writer_finish(&writer);
 *
 * A writer belongs to one thread. */
#ifndef NGI_CSV_WRITER_H
#define NGI_CSV_WRITER_H

#include "base.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* The least room for a writer's buffer. */
#define NG_CSV_WRITER_BUFFER_MIN 256

/* Where bytes go: takes all of them (borrowed), or fails with a status below 0; NG_CLOSED says that
 * no one reads the output any more. */
typedef ng_status (*ng_csv_write)(void *ctx, const void *bytes, size_t size);

/* All fields are private but those marked. */
typedef struct ng_csv_writer {
    uint64_t rows; /* read-only: rows taken */

    const ng_field *fields;
    size_t field_count;
    ng_csv_write write;
    void *ctx;
    ng_status status;
    char separator, quote;
    bool begun, numbers_like_texts; /* a number can hold the separator or the quote */
    char *buffer, *at, *end;
    uint64_t separators, quotes;
} ng_csv_writer;

/* Starts a writer in `writer` (its contents do not matter). Of each field it looks at the name and
 * the type. Kept, not copied: `buffer` (of `size` bytes, at least NG_CSV_WRITER_BUFFER_MIN),
 * `fields`, the names in them, `ctx`. NG_INVALID if the buffer is too small, or the separator and
 * the quote are not two different ASCII characters that are no line ends. */
NG_NODISCARD ng_status ng_csv_writer_init(ng_csv_writer *writer, void *buffer, size_t size,
                                          const ng_field *fields, size_t field_count,
                                          char separator, char quote, ng_csv_write write,
                                          void *ctx);

/* Writes the rows [first, first + rows) of `columns` (borrowed; one for each field and in their
 * order), and before the first of all the line of names. A column without `valid` has no nulls. A
 * failure of the write function is answered then and ever after. */
NG_NODISCARD ng_status ng_csv_writer_rows(ng_csv_writer *writer, const ng_column *columns,
                                          size_t first, size_t rows);

/* Hands on what is still in the buffer, for those who wait for it. */
NG_NODISCARD ng_status ng_csv_writer_flush(ng_csv_writer *writer);

/* The end: as `flush`, and the line of names where there were no rows. */
NG_NODISCARD ng_status ng_csv_writer_finish(ng_csv_writer *writer);

#if defined(__cplusplus)
}
#endif

#endif
