/* Tests of core/csv_reader and core/csv_writer. Without arguments it runs its own checks. With the
 * argument `cases` it reads cases from its input and answers each with what came out and with what
 * the writer made of it; both are preceded by their size. Each case is run in many ways of cutting
 * its bytes and its rows, and where these differ, the answer says so. */
#include "csv_case.h"
#include "check.h"

/* ---- cases from outside ---------------------------------------------------------------------- */

static bool get_number(size_t *number) {
    uint32_t value;
    if (fread(&value, sizeof value, 1, stdin) != 1) {
        return false;
    }
    *number = value;
    return true;
}

static size_t must_get_number(void) {
    size_t number;
    if (!get_number(&number)) {
        abort();
    }
    return number;
}

/* A text, followed by a NUL. */
static char *get_text(size_t *size) {
    *size = must_get_number();
    char *text = (char *)must_allocate(*size + 1);
    if (*size > 0 && fread(text, *size, 1, stdin) != 1) {
        abort();
    }
    text[*size] = '\0';
    return text;
}

static void put_text(const text_buffer *text) {
    const uint32_t size = (uint32_t)text->size;
    (void)fwrite(&size, sizeof size, 1, stdout);
    (void)fwrite(text->bytes, 1, text->size, stdout);
}

#define CASE_NULLS 8

/* A case and the texts it is made of. */
typedef struct outside_case {
    csv_case c;
    char *texts[2 * CASE_FIELDS + CASE_NULLS + 1];
    const char *nulls[CASE_NULLS];
    size_t text_count;
} outside_case;

static char *keep_text(outside_case *outside, size_t *size) {
    return outside->texts[outside->text_count++] = get_text(size);
}

static bool get_case(outside_case *outside) {
    csv_case *c = &outside->c;
    size_t separator, size;
    memset(outside, 0, sizeof *outside);
    if (!get_number(&separator)) {
        return false;
    }
    c->options = ng_csv_defaults();
    c->options.separator = (char)separator;
    c->options.quote = (char)must_get_number();
    c->options.header = must_get_number() != 0;
    c->options.on_error = (ng_csv_on_error)must_get_number();
    c->options.record_limit = must_get_number();
    c->options.chunk = must_get_number();
    c->capacity = must_get_number();
    c->text_room = must_get_number();
    c->options.null_count = must_get_number();
    for (size_t i = 0; i < c->options.null_count; i++) {
        outside->nulls[i] = keep_text(outside, &size);
    }
    c->options.nulls = outside->nulls;
    c->field_count = must_get_number();
    for (size_t i = 0; i < c->field_count; i++) {
        ng_csv_field *field = &c->fields[i];
        field->type = (ng_type)must_get_number();
        field->nullable = must_get_number() != 0;
        field->index = (uint32_t)must_get_number();
        field->name = keep_text(outside, &size);
        field->label = keep_text(outside, &size);
        if (size == 0) {
            field->label = NULL;
        }
    }
    c->content = keep_text(outside, &c->size);
    return true;
}

static void answer_case(const csv_case *c) {
    csv_source whole = {NULL, NULL, SIZE_MAX, false, false, false, NG_OK};
    text_buffer csv = {NULL, 0, 0};
    text_buffer out = csv_case_run(c, whole, &csv);
    const size_t most = c->size < 40 ? c->size + 1 : 40;
    for (size_t step = 1; step <= most; step++) {
        csv_source pieces = whole;
        pieces.step = step;
        pieces.hesitates = step % 3 == 0;
        pieces.announces = step % 2 == 0;
        if (!csv_case_same(c, pieces, 1 + step % 5, &out, &csv)) {
            text_say_count(&out, "DIFFERENT in steps of ", step);
        }
    }
    if (!csv_case_reads_back(c, &out, &csv)) {
        text_say(&out, "DIFFERENT when what was written is read\n");
    }
    put_text(&out);
    put_text(&csv);
    free(out.bytes);
    free(csv.bytes);
}

static int answer_cases(void) {
    static outside_case outside;
    while (get_case(&outside)) {
        answer_case(&outside.c);
        for (size_t i = 0; i < outside.text_count; i++) {
            free(outside.texts[i]);
        }
    }
    return 0;
}

/* ---- its own checks -------------------------------------------------------------------------- */

static const char small_file[] = "\xef\xbb\xbf"
                                 "id,\"na\"\"me\",x\r\n"
                                 "1,\"a, b\",2.5\n"
                                 "\n"
                                 "-2,\"two\r\nlines \xc3\xa9\",\n"
                                 "300,\"say \"\"hi\"\"\",1e300\r"
                                 "4,,nan\n"
                                 "5,\xe6\xb5\x81\xe3\x82\x8c,-0";

static csv_case small_case(void) {
    csv_case c;
    memset(&c, 0, sizeof c);
    c.options = ng_csv_defaults();
    c.options.record_limit = 200;
    c.options.chunk = 64;
    const ng_csv_field fields[3] = {{"id", "id", 0, NG_I16, false},
                                    {"name", "na\"me", 0, NG_UTF8, true},
                                    {"x", NULL, 2, NG_F32, true}};
    memcpy(c.fields, fields, sizeof fields);
    c.field_count = 3;
    c.capacity = 16;
    c.text_room = 256;
    c.content = small_file;
    c.size = sizeof small_file - 1;
    return c;
}

static void check_same(const csv_case *c, size_t step) {
    const csv_source whole = {NULL, NULL, SIZE_MAX, false, false, false, NG_OK};
    csv_source pieces = whole;
    pieces.step = step;
    text_buffer csv = {NULL, 0, 0};
    text_buffer out = csv_case_run(c, whole, &csv);
    CHECK(csv_case_same(c, pieces, 2, &out, &csv));
    CHECK(csv_case_reads_back(c, &out, &csv));
    free(out.bytes);
    free(csv.bytes);
}

static void test_small_file(void) {
    const csv_case c = small_case();
    const csv_source whole = {NULL, NULL, SIZE_MAX, false, false, false, NG_OK};
    text_buffer csv = {NULL, 0, 0};
    text_buffer out = csv_case_run(&c, whole, &csv);
    static const char wanted[] = "1|'a, b'|2.5\n"
                                 "-2|'two\\x0d\\x0alines \xc3\xa9'|null\n"
                                 "300|'say \"hi\"'|inf\n"
                                 "4|null|nan\n"
                                 "5|'\xe6\xb5\x81\xe3\x82\x8c'|-0\n"
                                 "rows 5\n";
    static const char wanted_csv[] = "id,name,x\n"
                                     "1,\"a, b\",2.5\n"
                                     "-2,\"two\r\nlines \xc3\xa9\",\n"
                                     "300,\"say \"\"hi\"\"\",inf\n"
                                     "4,,nan\n"
                                     "5,\xe6\xb5\x81\xe3\x82\x8c,-0\n";
    CHECK(out.size == sizeof wanted - 1 && memcmp(out.bytes, wanted, out.size) == 0);
    CHECK(csv.size == sizeof wanted_csv - 1 && memcmp(csv.bytes, wanted_csv, csv.size) == 0);
    free(out.bytes);
    free(csv.bytes);
}

/* Every beginning of the file, and every byte of it changed: no harm, and always the same answer.
 */
static void test_damage(void) {
    char copy[sizeof small_file];
    csv_case c = small_case();
    for (c.size = 0; c.size < sizeof small_file; c.size++) {
        for (size_t step = 1; step < 8; step += 2) {
            check_same(&c, step);
        }
    }
    c.size = sizeof small_file - 1;
    c.content = copy;
    for (int on_error = 0; on_error <= 2; on_error++) {
        c.options.on_error = (ng_csv_on_error)on_error;
        for (size_t at = 0; at < c.size; at++) {
            for (size_t byte = 0; byte < 256; byte++) {
                memcpy(copy, small_file, sizeof copy);
                copy[at] = (char)byte;
                check_same(&c, 1 + (at + byte) % 9);
            }
        }
    }
}

static ng_status try_init(const csv_case *c, void *arena, size_t size, ng_csv_error *error) {
    csv_source source = {NULL, NULL, 1, false, false, false, NG_OK};
    ng_csv_reader reader;
    const ng_status status = ng_csv_reader_init(&reader, arena, size, c->fields, c->field_count,
                                                &c->options, read_source, &source);
    *error = reader.error;
    if (status != NG_OK) {
        size_t rows = 7;
        ng_column columns[CASE_FIELDS];
        CHECK(ng_csv_reader_next(&reader, columns, 1, &rows) == status && rows == 0);
    }
    return status;
}

static void check_init_error(const csv_case *c, const char *message, const char *remedy) {
    static uint64_t arena[1024];
    ng_csv_error error;
    CHECK_CASE(try_init(c, arena, sizeof arena, &error) == NG_INVALID, message);
    CHECK_CASE(error.status == NG_INVALID && strcmp(error.message, message) == 0, message);
    CHECK_CASE(strcmp(error.remedy, remedy) == 0 && error.line == 0, remedy);
}

static void test_arguments(void) {
    static const char *const bad_pairs[] = {",,", "\n\"", ",\r", "\x80\"", ",\xff"};
    uint64_t arena[1024];
    ng_csv_error error;
    csv_case c = small_case();
    const size_t size = ng_csv_reader_size(c.field_count, &c.options);
    CHECK(size <= sizeof arena);
    CHECK(try_init(&c, arena, size, &error) == NG_OK && error.status == NG_OK);
    CHECK(try_init(&c, arena, size - 1, &error) == NG_INVALID);
    CHECK(strcmp(error.message, "the arena is too small") == 0);
    CHECK(try_init(&c, NULL, size, &error) == NG_INVALID);
    for (size_t i = 0; i < sizeof bad_pairs / sizeof *bad_pairs; i++) {
        c.options.separator = bad_pairs[i][0];
        c.options.quote = bad_pairs[i][1];
        check_init_error(&c, "the separator and the quote cannot be told apart",
                         "use two different ASCII characters that are not line ends");
    }
    c = small_case();
    c.options.separator = '\0';
    check_init_error(&c, "the separator and the quote cannot be told apart",
                     "use two different ASCII characters that are not line ends");
    c = small_case();
    c.options.record_limit = 0;
    check_init_error(&c, "the limit on rows or the chunk is 0", "begin with ng_csv_defaults()");
    c.options.record_limit = SIZE_MAX / 2;
    CHECK(ng_csv_reader_size(1, &c.options) == SIZE_MAX);
    check_init_error(&c, "the arena is too small",
                     "give it the bytes that ng_csv_reader_size() says");
    c = small_case();
    c.options.chunk = 0;
    check_init_error(&c, "the limit on rows or the chunk is 0", "begin with ng_csv_defaults()");
    c = small_case();
    c.fields[1].type = (ng_type)17;
    check_init_error(&c, "a field has no type", "use one of ng_type");
    c = small_case();
    c.options.header = false;
    check_init_error(&c, "a field goes by its label, but there is no header",
                     "set the label to NULL and give the index");
}

static void test_no_capacity(void) {
    csv_source source = {
        small_file, small_file + sizeof small_file - 1, SIZE_MAX, false, false, false, NG_OK};
    uint64_t arena[1024];
    ng_csv_reader reader;
    ng_column columns[CASE_FIELDS];
    const csv_case c = small_case();
    size_t rows = 7;
    CHECK(ng_csv_reader_init(&reader, arena, sizeof arena, c.fields, c.field_count, &c.options,
                             read_source, &source) == NG_OK);
    CHECK(ng_csv_reader_next(&reader, columns, 0, &rows) == NG_INVALID && rows == 0);
    columns_make(&c, columns);
    CHECK(ng_csv_reader_next(&reader, columns, c.capacity, &rows) == NG_OK && rows > 0);
    columns_free(&c, columns);
}

/* A source that fails: first come the rows that were there, then its status. */
static void test_failing_source(void) {
    csv_case c = small_case();
    for (c.size = 0; c.size < sizeof small_file; c.size++) {
        for (size_t step = 1; step < 100; step += 33) {
            csv_source source = {NULL, NULL, step, false, false, false, NG_CLOSED};
            text_buffer csv = {NULL, 0, 0};
            text_buffer out = csv_case_run(&c, source, &csv);
            text_add(&out, "", 1);
            CHECK(strstr(out.bytes, "failed (-8) in.csv: error: reading failed\n"
                                    "    see to where the file comes from\n") != NULL);
            CHECK(c.size < 60 || strstr(out.bytes, "1|'a, b'|2.5\n") == out.bytes);
            free(out.bytes);
            free(csv.bytes);
        }
    }
}

static size_t read_too_much(void *ctx, void *into, size_t room, ng_status *status) {
    (void)ctx;
    (void)into;
    (void)status;
    return room + 1;
}

static void test_source_out_of_bounds(void) {
    uint64_t arena[1024];
    ng_csv_reader reader;
    ng_column columns[CASE_FIELDS];
    const csv_case c = small_case();
    size_t rows = 7;
    CHECK(ng_csv_reader_init(&reader, arena, sizeof arena, c.fields, c.field_count, &c.options,
                             read_too_much, NULL) == NG_OK);
    CHECK(ng_csv_reader_next(&reader, columns, 1, &rows) == NG_INVALID && rows == 0);
    CHECK(strcmp(reader.error.message, "the source gave more bytes than there was room for") == 0);
    CHECK(strcmp(reader.error.remedy, "answer at most `room` in the read function") == 0);
}

/* An error's text is cut where its room ends, and always ends in a NUL. */
static void test_error_text_room(void) {
    ng_csv_error error;
    memset(&error, 0, sizeof error);
    memcpy(error.message, "it is bad", 10);
    error.line = 3;
    error.field_line = 4;
    error.column = 5;
    error.field = "x";
    error.remedy = "mend it";
    static const char wanted[] =
        "f.csv:4:5: error: field `x`: it is bad (in the row that begins on "
        "line 3)\n    mend it\n";
    for (size_t room = 1; room <= sizeof wanted + 1; room++) {
        char *out = (char *)must_allocate(room);
        const size_t size = ng_csv_error_text(&error, "f.csv", out, room);
        CHECK(size == (room - 1 < sizeof wanted - 1 ? room - 1 : sizeof wanted - 1));
        CHECK(memcmp(out, wanted, size) == 0 && out[size] == '\0');
        free(out);
    }
}

/* ---- the writer ------------------------------------------------------------------------------ */

typedef struct closing_sink {
    size_t calls, closes_after;
} closing_sink;

static ng_status write_and_close(void *ctx, const void *bytes, size_t size) {
    closing_sink *sink = (closing_sink *)ctx;
    (void)bytes;
    (void)size;
    return sink->calls++ < sink->closes_after ? NG_OK : NG_CLOSED;
}

static void test_closed_sink(void) {
    int64_t values[64] = {0};
    ng_column column = {values, NULL, NULL, 0};
    ng_field field;
    memset(&field, 0, sizeof field);
    field.name = "n";
    field.type = NG_TIMESTAMP_NS;
    for (size_t closes = 0; closes < 4; closes++) {
        closing_sink sink = {0, closes};
        char buffer[NG_CSV_WRITER_BUFFER_MIN];
        ng_csv_writer writer;
        CHECK(ng_csv_writer_init(&writer, buffer, sizeof buffer, &field, 1, ',', '"',
                                 write_and_close, &sink) == NG_OK);
        CHECK(ng_csv_writer_rows(&writer, &column, 0, 64) == NG_CLOSED);
        CHECK(ng_csv_writer_rows(&writer, &column, 0, 64) == NG_CLOSED);
        CHECK(ng_csv_writer_flush(&writer) == NG_CLOSED);
        CHECK(ng_csv_writer_finish(&writer) == NG_CLOSED);
        CHECK(sink.calls == closes + 1);
    }
}

static void check_written(const text_buffer *text, const char *wanted) {
    CHECK_CASE(text->size == strlen(wanted) &&
                   (text->size == 0 || memcmp(text->bytes, wanted, text->size) == 0),
               wanted);
}

static void test_writer_arguments(void) {
    text_buffer text = {NULL, 0, 0};
    char buffer[NG_CSV_WRITER_BUFFER_MIN];
    ng_csv_writer writer;
    ng_field field;
    memset(&field, 0, sizeof field);
    field.name = "n";
    field.type = NG_I8;
    CHECK(ng_csv_writer_init(&writer, buffer, sizeof buffer - 1, &field, 1, ',', '"', write_text,
                             &text) == NG_INVALID);
    CHECK(ng_csv_writer_finish(&writer) == NG_INVALID);
    CHECK(ng_csv_writer_init(&writer, NULL, sizeof buffer, &field, 1, ',', '"', write_text,
                             &text) == NG_INVALID);
    CHECK(ng_csv_writer_init(&writer, buffer, sizeof buffer, &field, 1, '"', '"', write_text,
                             &text) == NG_INVALID);
    CHECK(ng_csv_writer_init(&writer, buffer, sizeof buffer, &field, 1, '\n', '"', write_text,
                             &text) == NG_INVALID);
    check_written(&text, "");
}

/* Rows from the middle of columns, every type, and quotes where the separator asks for them. */
static void test_writer_rows(void) {
    uint8_t bools[1] = {0x2}, valid[1] = {0x6};
    int8_t bytes[3] = {1, -128, 127};
    double doubles[3] = {1, 2.5, -1e100};
    int64_t times[3] = {0, INT64_C(1404172800123), -1};
    int32_t offsets[4] = {0, 1, 1, 9};
    char letters[] = "xa;\"b\"\n5c";
    ng_column columns[5] = {{bools, NULL, NULL, 0},
                            {bytes, valid, NULL, 0},
                            {doubles, NULL, NULL, 0},
                            {times, NULL, NULL, 0},
                            {offsets, NULL, (uint8_t *)letters, 9}};
    ng_field fields[5];
    static const char *const names[5] = {"b", "i", "a;b", "t", ""};
    static const ng_type types[5] = {NG_BOOL, NG_I8, NG_F64, NG_TIMESTAMP_MS, NG_UTF8};
    memset(fields, 0, sizeof fields);
    for (size_t i = 0; i < 5; i++) {
        fields[i].name = names[i];
        fields[i].type = types[i];
    }
    text_buffer text = {NULL, 0, 0};
    char buffer[NG_CSV_WRITER_BUFFER_MIN];
    ng_csv_writer writer;
    CHECK(ng_csv_writer_init(&writer, buffer, sizeof buffer, fields, 5, ';', '"', write_text,
                             &text) == NG_OK);
    CHECK(ng_csv_writer_rows(&writer, columns, 1, 2) == NG_OK);
    CHECK(ng_csv_writer_rows(&writer, columns, 0, 1) == NG_OK && writer.rows == 3);
    CHECK(ng_csv_writer_flush(&writer) == NG_OK);
    check_written(&text, "b;i;\"a;b\";t;\"\"\n"
                         "true;-128;2.5;2014-07-01T00:00:00.123Z;\"\"\n"
                         "false;127;-1e+100;1969-12-31T23:59:59.999Z;\"a;\"\"b\"\"\n5c\"\n"
                         "false;;1;1970-01-01T00:00:00.000Z;x\n");
    text.size = 0;
    CHECK(ng_csv_writer_finish(&writer) == NG_OK);
    check_written(&text, "");
    CHECK(ng_csv_writer_init(&writer, buffer, sizeof buffer, fields, 4, '.', '1', write_text,
                             &text) == NG_OK);
    CHECK(ng_csv_writer_rows(&writer, columns, 1, 1) == NG_OK);
    CHECK(ng_csv_writer_finish(&writer) == NG_OK);
    check_written(&text, "b.i.a;b.t\n"
                         "true.1-11281.12.51.120114-07-011T00:00:00.1123Z1\n");
    free(text.bytes);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "cases") == 0) {
        return answer_cases();
    }
    test_small_file();
    test_damage();
    test_arguments();
    test_no_capacity();
    test_failing_source();
    test_source_out_of_bounds();
    test_error_text_room();
    test_closed_sink();
    test_writer_arguments();
    test_writer_rows();
    return check_report();
}
