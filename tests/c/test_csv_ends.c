/* CSV text as the ends of rivers: what comes in goes out, in any pieces, and what was good before a
 * failure is written. */
#include "marbles.h"

static const ng_field sensor_fields[] = {NG_FIELD("id", NG_I64), NG_NULLABLE("name", NG_UTF8),
                                         NG_NULLABLE("ok", NG_BOOL)};
static const ng_schema sensors = {sensor_fields, 3};
static const ng_field two_fields[] = {NG_NULLABLE("ok", NG_BOOL), NG_FIELD("id", NG_I64)};
static const ng_schema two = {two_fields, 2};

/* ---- bytes in and out ------------------------------------------------------------------------ */

typedef struct tape {
    const char *text;
    size_t size, at;
    size_t piece;      /* the most bytes at once */
    bool pauses, idle; /* before each piece there is nothing at first */
    size_t fails_at;   /* reading fails there, SIZE_MAX: nowhere */
} tape;

static tape tape_of(const char *text, size_t piece, bool pauses) {
    tape t = {text, strlen(text), 0, piece, pauses, false, SIZE_MAX};
    return t;
}

static size_t read_tape(void *ctx, void *into, size_t room, ng_status *status) {
    tape *const t = (tape *)ctx;
    size_t n = t->size - t->at < t->piece ? t->size - t->at : t->piece;
    n = n < room ? n : room;
    t->idle = t->pauses && !t->idle;
    if (t->idle) {
        *status = NG_AGAIN;
        return 0;
    }
    if (t->at >= t->fails_at) {
        *status = NG_IO;
        return 0;
    }
    memcpy(into, t->text + t->at, n);
    t->at += n;
    return n;
}

typedef struct paper {
    char text[1 << 17];
    size_t size;
    size_t room; /* writing fails with `full` beyond it */
    ng_status full;
} paper;

static paper sheet;

static ng_status write_paper(void *ctx, const void *bytes, size_t size) {
    paper *const p = (paper *)ctx;
    if (size > p->room - p->size) {
        return p->full;
    }
    memcpy(p->text + p->size, bytes, size);
    p->size += size;
    p->text[p->size] = '\0';
    return NG_OK;
}

static void clean(size_t room, ng_status full) {
    sheet.size = 0;
    sheet.text[0] = '\0';
    sheet.room = room;
    sheet.full = full;
}

/* ---- the runs -------------------------------------------------------------------------------- */

typedef struct sizes {
    size_t rows, text, high;
} sizes;

static void begin(marbles *m, sizes s) {
    memset(m, 0, sizeof *m);
    ng_graph_options options = marbles_options(m);
    options.batch_rows = s.rows;
    options.batch_text = s.text;
    options.link.high_rows = s.high;
    options.link.low_rows = s.high / 2;
    marbles_begin_with(m, &options);
}

/* Runs it to its end, waking the source where that has nothing. */
static ng_status run(marbles *m, ng_river source) {
    ng_status status = ng_graph_start(&m->graph);
    while (status == NG_OK || status == NG_AGAIN) {
        ng_graph_wake(source);
        status = ng_graph_step(&m->graph, NG_ALL);
    }
    return status;
}

static const char plain[] = "id,name,ok\n1,north,true\n2,,false\n3,\"a \"\"b\"\", c\",\n"
                            "4,\"\",true\n-5,\"line\nbreak\",false\n6,x,true\n7,,\n";

static void test_text_to_text(void) {
    static const sizes cases[] = {{1, 16, 1}, {2, 16, 3}, {3, 40, 8}, {64, 4096, 256}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t piece = 1; piece < 64; piece = piece * 2 + 1) {
            tape t = tape_of(plain, piece, piece % 3 == 0);
            marbles m;
            clean(sizeof sheet.text - 1, NG_IO);
            begin(&m, cases[i]);
            const ng_river source = ng_csv_source(&m.graph, &sensors, NULL, NULL, read_tape, &t);
            (void)ng_csv_sink(source, NULL, ',', '"', write_paper, &sheet);
            CHECK(run(&m, source) == NG_END);
            CHECK(strcmp(sheet.text, plain) == 0);
            CHECK(ng_csv_source_reader(source)->rows == 7);
            ng_account all;
            ng_error at;
            CHECK(ng_audit(&m.graph, &all, &at) == NG_OK && all.in == 7 && all.out == 7);
            marbles_end(&m);
        }
    }
}

static void test_columns(void) {
    static const char text[] = "7;true;here\n-8;false;there\n";
    static const ng_csv_field fields[] = {{"ok", NULL, 1, NG_BOOL, true},
                                          {"id", NULL, 0, NG_I64, false}};
    ng_csv_options options = ng_csv_defaults();
    options.separator = ';';
    options.header = false;
    tape t = tape_of(text, 1000, false);
    marbles m;
    clean(sizeof sheet.text - 1, NG_IO);
    begin(&m, (sizes){8, 64, 16});
    const ng_river source = ng_csv_source(&m.graph, &two, fields, &options, read_tape, &t);
    static const ng_field id_fields[] = {NG_FIELD("id", NG_I64)};
    static const ng_schema id = {id_fields, 1};
    (void)ng_csv_sink(source, &id, ',', '"', write_paper, &sheet);
    CHECK(run(&m, source) == NG_END);
    CHECK(strcmp(sheet.text, "id\n7\n-8\n") == 0);
    marbles_end(&m);
}

static void test_no_rows(void) {
    tape t = tape_of("id,name,ok\n", 3, true);
    marbles m;
    clean(sizeof sheet.text - 1, NG_IO);
    begin(&m, (sizes){8, 64, 16});
    const ng_river source = ng_csv_source(&m.graph, &sensors, NULL, NULL, read_tape, &t);
    (void)ng_csv_sink(source, NULL, ';', '\'', write_paper, &sheet);
    CHECK(run(&m, source) == NG_END && strcmp(sheet.text, "id;name;ok\n") == 0);
    marbles_end(&m);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void test_bad_row(void) {
    tape t = tape_of("id,name,ok\n1,a,true\n2,b,true\nthree,c,true\n4,d,true\n", 1000, false);
    marbles m;
    clean(sizeof sheet.text - 1, NG_IO);
    begin(&m, (sizes){1, 64, 16});
    const ng_river source =
        ng_name(ng_csv_source(&m.graph, &sensors, NULL, NULL, read_tape, &t), "sensors");
    (void)ng_csv_sink(source, NULL, ',', '"', write_paper, &sheet);
    CHECK(run(&m, source) == NG_BAD_INPUT);
    const ng_error error = ng_graph_error(&m.graph);
    CHECK(strcmp(error.calls, "csv_source") == 0 && strcmp(error.river, "sensors") == 0);
    CHECK(error.row == 2 && error.node == source.node);
    CHECK(ng_csv_source_reader(source)->error.line == 4);
    CHECK(strcmp(sheet.text, "id,name,ok\n1,a,true\n2,b,true\n") == 0);
    marbles_end(&m);
}

static void test_reading_fails(void) {
    tape t = tape_of(plain, 24, false);
    t.fails_at = 24;
    marbles m;
    clean(sizeof sheet.text - 1, NG_IO);
    begin(&m, (sizes){8, 64, 16});
    const ng_river source = ng_csv_source(&m.graph, &sensors, NULL, NULL, read_tape, &t);
    (void)ng_csv_sink(source, NULL, ',', '"', write_paper, &sheet);
    CHECK(run(&m, source) == NG_IO);
    CHECK(strcmp(sheet.text, "id,name,ok\n1,north,true\n") == 0);
    marbles_end(&m);
}

static void test_writing_fails(void) {
    static char many[1 << 17];
    size_t size = (size_t)sprintf(many, "id,name,ok\n");
    while (size < sizeof many - 64) {
        size += (size_t)sprintf(many + size, "%zu,name,true\n", size);
    }
    static const ng_status why[] = {NG_CLOSED, NG_IO};
    for (size_t i = 0; i < 2; i++) {
        tape t = tape_of(many, 5000, false);
        marbles m;
        clean(1000, why[i]);
        begin(&m, (sizes){64, 4096, 256});
        const ng_river source = ng_csv_source(&m.graph, &sensors, NULL, NULL, read_tape, &t);
        const ng_river sink = ng_csv_sink(source, NULL, ',', '"', write_paper, &sheet);
        CHECK(run(&m, source) == why[i]);
        CHECK(ng_graph_error(&m.graph).node == sink.node && t.at < t.size);
        marbles_end(&m);
    }
    tape t = tape_of(plain, 5000, false); /* it fails as late as at the end */
    marbles m;
    clean(3, NG_IO);
    begin(&m, (sizes){64, 4096, 256});
    const ng_river source = ng_csv_source(&m.graph, &sensors, NULL, NULL, read_tape, &t);
    (void)ng_csv_sink(source, NULL, ',', '"', write_paper, &sheet);
    CHECK(run(&m, source) == NG_IO && sheet.size == 0);
    marbles_end(&m);
}

static void test_cancelling(void) {
    tape t = tape_of(plain, 30, true);
    marbles m;
    clean(sizeof sheet.text - 1, NG_IO);
    begin(&m, (sizes){8, 64, 16});
    const ng_river source = ng_csv_source(&m.graph, &sensors, NULL, NULL, read_tape, &t);
    (void)ng_csv_sink(source, NULL, ',', '"', write_paper, &sheet);
    CHECK(ng_graph_start(&m.graph) == NG_OK);
    for (size_t i = 0; i < 3; i++) {
        ng_graph_wake(source);
        CHECK(ng_graph_step(&m.graph, NG_ALL) == NG_OK);
    }
    ng_graph_cancel(&m.graph);
    CHECK(strncmp(sheet.text, plain, 24) == 0 && strncmp(sheet.text, plain, sheet.size) == 0);
    CHECK(sheet.size < sizeof plain - 1 && sheet.text[sheet.size - 1] == '\n');
    marbles_end(&m);
}

/* A text that no block has room for. */
static void test_text_too_large(void) {
    tape t = tape_of("id,name,ok\n1,short,true\n2,a name of twenty four,true\n", 1000, false);
    marbles m;
    clean(sizeof sheet.text - 1, NG_IO);
    begin(&m, (sizes){8, 8, 16});
    const ng_river source = ng_csv_source(&m.graph, &sensors, NULL, NULL, read_tape, &t);
    (void)ng_csv_sink(source, NULL, ',', '"', write_paper, &sheet);
    CHECK(run(&m, source) < NG_OK);
    CHECK(strcmp(sheet.text, "id,name,ok\n1,short,true\n") == 0);
    marbles_end(&m);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static ng_status refused_source(const ng_schema *schema, const ng_csv_field *fields,
                                const ng_csv_options *options, ng_csv_read read) {
    marbles m;
    marbles_begin(&m);
    const ng_river river = ng_csv_source(&m.graph, schema, fields, options, read, NULL);
    const ng_status status = ng_graph_error(&m.graph).status;
    CHECK(ng_csv_source_reader(river) == NULL);
    marbles_end(&m);
    return status;
}

static ng_status refused_sink(const ng_schema *schema, char separator, ng_csv_write write) {
    marbles m;
    marbles_begin(&m);
    (void)ng_csv_sink(ng_range(&m.graph, 0, 3, 1), schema, separator, '"', write, NULL);
    const ng_status status = ng_graph_error(&m.graph).status;
    marbles_end(&m);
    return status;
}

static void test_refusals(void) {
    static const ng_csv_field wrong_type[] = {{"ok", "ok", 0, NG_I64, true},
                                              {"id", "id", 0, NG_I64, false}};
    static const ng_csv_field wrong_null[] = {{"ok", "ok", 0, NG_BOOL, true},
                                              {"id", "id", 0, NG_I64, true}};
    ng_csv_options wrong = ng_csv_defaults();
    wrong.separator = '"';
    CHECK(refused_source(NULL, NULL, NULL, read_tape) == NG_INVALID);
    CHECK(refused_source(&two, NULL, NULL, NULL) == NG_INVALID);
    CHECK(refused_source(&two, NULL, &wrong, read_tape) == NG_INVALID);
    CHECK(refused_source(&two, wrong_type, NULL, read_tape) == NG_MISMATCH);
    CHECK(refused_source(&two, wrong_null, NULL, read_tape) == NG_MISMATCH);
    static const ng_field float_fields[] = {NG_FIELD("value", NG_F64)};
    static const ng_schema floats = {float_fields, 1}, none = {NULL, 0};
    CHECK(refused_sink(&floats, ',', write_paper) == NG_MISMATCH);
    CHECK(refused_sink(&two, ',', write_paper) == NG_MISMATCH);
    CHECK(refused_sink(&none, ',', write_paper) == NG_INVALID);
    CHECK(refused_sink(NULL, '"', write_paper) == NG_INVALID);
    CHECK(refused_sink(NULL, ',', NULL) == NG_INVALID);
}

static void test_memory_fails(void) {
    ng_status status = NG_NO_MEMORY;
    for (size_t fail_at = 1; status == NG_NO_MEMORY; fail_at++) {
        tape t = tape_of(plain, 1000, false);
        marbles m;
        clean(sizeof sheet.text - 1, NG_IO);
        begin(&m, (sizes){8, 64, 16});
        m.memory.fail_at = fail_at;
        const ng_river source = ng_csv_source(&m.graph, &sensors, NULL, NULL, read_tape, &t);
        (void)ng_csv_sink(source, NULL, ',', '"', write_paper, &sheet);
        status = run(&m, source);
        CHECK(status == NG_NO_MEMORY || status == NG_END);
        marbles_end(&m);
    }
    CHECK(strcmp(sheet.text, plain) == 0);
}

int main(void) {
    test_text_to_text();
    test_columns();
    test_no_rows();
    test_bad_row();
    test_reading_fails();
    test_writing_fails();
    test_cancelling();
    test_text_too_large();
    test_refusals();
    test_memory_fails();
    return check_report();
}
