/* Arrow's C interfaces: out and in again, from a producer of its own, in streams between graphs;
 * everything is released once, also where memory fails. */
#include "marbles.h"

enum { TYPES = NG_UTF8, ROWS = 200 };

static char names[TYPES][8];
static ng_field all_fields[TYPES];
static ng_schema all = {all_fields, TYPES};

static void make_schema(void) {
    for (size_t i = 0; i < TYPES; i++) {
        (void)sprintf(names[i], "c%zu", i);
        const ng_field field = NG_FIELD(names[i], (ng_type)(NG_BOOL + i));
        all_fields[i] = field;
        all_fields[i].nullable = i % 2 == 0 || i == TYPES - 1;
    }
}

/* ---- rows of all types ----------------------------------------------------------------------- */

static uint64_t value_of(uint64_t row, size_t column) {
    return (row + 1) * 0x9e3779b97f4a7c15u ^ column * 0x517cc1b727220a95u;
}

static bool is_null(uint64_t row, size_t column) {
    return all_fields[column].nullable && (row * 7 + column) % 5 == 0;
}

static size_t text_of(uint64_t row, char *text) {
    const size_t size = (size_t)(row % 11);
    memset(text, 'a' + (int)(row % 26), size);
    return size;
}

static ng_status write_row(ng_row out, uint64_t row) {
    char text[16];
    for (size_t i = 0; i < TYPES; i++) {
        const ng_type type = all_fields[i].type;
        if (type == NG_UTF8) {
            const ng_status status = ng_set_text(out, i, text, text_of(row, text));
            if (status != NG_OK) {
                return status;
            }
        } else if (type == NG_BOOL) {
            ng_set_bool(out, i, value_of(row, i) % 2 == 1);
        } else {
            const uint64_t bits = value_of(row, i);
            const size_t size = ng_type_size(type);
            memcpy((char *)out.columns[i].values + out.at * size, &bits, size);
        }
        ng_set_null(out, i, is_null(row, i));
    }
    return NG_OK;
}

static bool row_is(ng_row in, uint64_t row) {
    char text[16];
    bool right = true;
    for (size_t i = 0; i < TYPES; i++) {
        const ng_type type = all_fields[i].type;
        right = right && ng_is_null(in, i) == is_null(row, i);
        if (!right || is_null(row, i)) {
            continue;
        }
        if (type == NG_UTF8) {
            size_t size;
            const char *const seen = ng_get_text(in, i, &size);
            right = size == text_of(row, text) && memcmp(seen, text, size) == 0;
        } else if (type == NG_BOOL) {
            right = ng_get_bool(in, i) == (value_of(row, i) % 2 == 1);
        } else {
            const uint64_t bits = value_of(row, i);
            const size_t size = ng_type_size(type);
            right = memcmp((const char *)in.columns[i].values + in.at * size, &bits, size) == 0;
        }
    }
    return right;
}

/* A pool with one block of ROWS rows, all written. */
typedef struct pooled {
    ng_pool pool;
    void *memory;
    ng_batch batch;
} pooled;

static void rows_begin(pooled *r) {
    const size_t size = ng_pool_size(&all, 1, ROWS, 4096);
    r->memory = malloc(size);
    CHECK(r->memory != NULL && ng_pool_init(&r->pool, r->memory, &all, 1, ROWS, 4096) == NG_OK);
    r->batch.schema = &all;
    r->batch.block = ng_pool_take(&r->pool);
    r->batch.offset = 0;
    r->batch.rows = ROWS;
    for (size_t i = 0; i < ROWS; i++) {
        CHECK(write_row(ng_batch_row(&r->batch, i), i) == NG_OK);
    }
}

static void rows_end(pooled *r) {
    (void)ng_batch_release(&r->batch);
    CHECK(ng_pool_in_use(&r->pool) == 0);
    free(r->memory);
}

/* ---- schemas --------------------------------------------------------------------------------- */

static void test_schemas(void) {
    ng_status status = NG_NO_MEMORY;
    for (size_t fail_at = 1; status == NG_NO_MEMORY; fail_at++) {
        heap memory = {0, 0, 0, fail_at, 0};
        struct ArrowSchema described;
        ng_arrow_schema back;
        status = ng_arrow_export_schema(&all, heap_allocator(&memory), &described);
        CHECK(status == NG_OK || described.release == NULL);
        if (status == NG_OK) {
            struct ArrowSchema moved = *described.children[3];
            described.children[3]->release = NULL;
            CHECK(strcmp(moved.name, "c3") == 0 && strcmp(moved.format, "i") == 0);
            *described.children[3] = moved;
            status = ng_arrow_import_schema(&described, heap_allocator(&memory), &back);
            moved = *described.children[5];
            described.children[5]->release = NULL;
            described.release(&described);
            CHECK(described.release == NULL && strcmp(moved.name, "c5") == 0);
            moved.release(&moved); /* one that was moved away lives on */
            if (status == NG_OK) {
                CHECK(ng_schema_equal(&back.schema, &all) && back.column == SIZE_MAX);
                ng_arrow_schema_close(&back);
                ng_arrow_schema_close(&back);
            }
        }
        CHECK(memory.blocks == 0 && memory.bytes == 0 && memory.mistakes == 0);
    }
    CHECK(status == NG_OK);
}

static void keep(struct ArrowSchema *schema) { schema->release = NULL; }

static ng_status imported(const char *format, const char *name, bool dictionary, int64_t children) {
    heap memory = {0, 0, 0, 0, 0};
    struct ArrowSchema column, top, *columns[2] = {&column, &column};
    memset(&column, 0, sizeof column);
    memset(&top, 0, sizeof top);
    column.format = format;
    column.name = name;
    column.dictionary = dictionary ? &top : NULL;
    top.format = "+s";
    top.n_children = children;
    top.children = columns;
    top.release = column.release = keep;
    ng_arrow_schema out;
    const ng_status status = ng_arrow_import_schema(&top, heap_allocator(&memory), &out);
    CHECK(out.column == (status == NG_UNSUPPORTED || name == NULL ? 0 : SIZE_MAX));
    ng_arrow_schema_close(&out);
    CHECK(memory.blocks == 0);
    return status;
}

static void test_refused_schemas(void) {
    static const char *const wrong[] = {"n", "e", "U", "z", "d:9,2", "tdD", "+l", "", "ttn", "uu"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_CASE(imported(wrong[i], "x", false, 1) == NG_UNSUPPORTED, wrong[i]);
    }
    static const char *const right[] = {"tss:", "tsm:Europe/Berlin", "tsn:+01:00", "b", "u", "g"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        CHECK_CASE(imported(right[i], "x", false, 1) == NG_OK, right[i]);
    }
    CHECK(imported(NULL, "x", false, 1) == NG_UNSUPPORTED);
    CHECK(imported("l", "x", true, 1) == NG_UNSUPPORTED);
    CHECK(imported("l", NULL, false, 1) == NG_INVALID);
    CHECK(imported("l", "", false, 1) == NG_INVALID);
    CHECK(imported("l", "x", false, 2) == NG_INVALID); /* one name twice */
    CHECK(imported("l", "x", false, 0) == NG_INVALID);
    heap memory = {0, 0, 0, 0, 0};
    struct ArrowSchema described;
    ng_arrow_schema out;
    memset(&described, 0, sizeof described);
    CHECK(ng_arrow_import_schema(&described, heap_allocator(&memory), &out) == NG_INVALID);
    described.release = keep;
    CHECK(ng_arrow_import_schema(&described, heap_allocator(&memory), &out) == NG_INVALID);
    described.format = "l"; /* a column, no struct */
    CHECK(ng_arrow_import_schema(&described, heap_allocator(&memory), &out) == NG_INVALID);
    const ng_schema none = {NULL, 0};
    CHECK(ng_arrow_export_schema(&none, heap_allocator(&memory), &described) == NG_INVALID);
    CHECK(described.release == NULL);
}

/* ---- batches --------------------------------------------------------------------------------- */

static void test_slices(void) {
    for (size_t from = 0; from < 20; from++) {
        for (size_t n = 0; n < 70; n += 23) {
            heap memory = {0, 0, 0, 0, 0};
            pooled r;
            ng_batch slice = {NULL, NULL, 0, 0}, back;
            struct ArrowArray array;
            rows_begin(&r);
            CHECK(ng_batch_slice(&r.batch, from, n, &slice) == NG_OK);
            const void *const values = slice.block->columns[3].values;
            CHECK(ng_arrow_export(&slice, heap_allocator(&memory), &array) == NG_OK);
            CHECK(slice.block == NULL && array.length == (int64_t)n && array.n_children == TYPES);
            CHECK(array.children[3]->buffers[1] == values && array.children[3]->null_count == 0);
            CHECK(ng_arrow_import(&array, &all, heap_allocator(&memory), &back) == NG_OK);
            CHECK(array.release == NULL && back.rows == n);
            for (size_t i = 0; i < n; i++) {
                CHECK(row_is(ng_batch_row(&back, i), from + i));
            }
            CHECK(ng_batch_release(&back) == NG_OK);
            CHECK(memory.blocks == 0 && memory.mistakes == 0);
            rows_end(&r);
        }
    }
}

static void test_moved_children(void) {
    heap memory = {0, 0, 0, 0, 0};
    pooled r;
    struct ArrowArray array;
    rows_begin(&r);
    CHECK(ng_arrow_export(&r.batch, heap_allocator(&memory), &array) == NG_OK);
    struct ArrowArray moved = *array.children[2];
    array.children[2]->release = NULL;
    array.release(&array);
    CHECK(ng_pool_in_use(&r.pool) == 1 && moved.length == ROWS);
    const uint64_t bits = value_of(7, 2);
    CHECK(memcmp((const char *)moved.buffers[1] + 14, &bits, 2) == 0);
    moved.release(&moved);
    CHECK(ng_pool_in_use(&r.pool) == 0 && memory.blocks == 0);
    CHECK(ng_arrow_export(&r.batch, heap_allocator(&memory), &array) == NG_MISUSED);
    rows_end(&r);
}

static void test_batch_memory_fails(void) {
    for (size_t fail_at = 1; fail_at <= 2; fail_at++) {
        heap memory = {0, 0, 0, fail_at, 0};
        pooled r;
        ng_batch back;
        struct ArrowArray array;
        rows_begin(&r);
        ng_status status = ng_arrow_export(&r.batch, heap_allocator(&memory), &array);
        CHECK(status == (fail_at == 1 ? NG_NO_MEMORY : NG_OK));
        if (status == NG_OK) {
            status = ng_arrow_import(&array, &all, heap_allocator(&memory), &back);
            CHECK(status == NG_NO_MEMORY && back.block == NULL && array.release != NULL);
            array.release(&array);
        } else {
            CHECK(r.batch.block != NULL);
        }
        CHECK(memory.blocks == 0);
        rows_end(&r);
    }
}

/* ---- a producer of its own ------------------------------------------------------------------- */

static int releases;

static void release_made(struct ArrowArray *array) {
    releases++;
    array->release = NULL;
}

static void release_part(struct ArrowArray *array) { array->release = NULL; }

/* Three columns: flags, numbers and texts, each beginning somewhere else in its buffers. */
typedef struct produced {
    struct ArrowArray top, parts[3], *children[3];
    const void *none[1], *buffers[3][3];
    uint8_t flags[64], there[64], bytes[8 * 64 + 8];
    int32_t offsets[65];
    char text[512];
} produced;

static produced m;
static const ng_field made_fields[] = {NG_FIELD("flag", NG_BOOL), NG_NULLABLE("number", NG_I64),
                                       NG_FIELD("text", NG_UTF8)};
static const ng_schema made_schema = {made_fields, 3};

/* Row `i` of column `c` is row `i + offsets[c]` of its buffers; numbers lie `skew` bytes off. */
static void make(int64_t top, int64_t flags, int64_t numbers, int64_t texts, size_t skew,
                 int64_t length) {
    const int64_t offsets[3] = {flags, numbers, texts};
    memset(&m, 0, sizeof m);
    for (size_t c = 0; c < 3; c++) {
        struct ArrowArray *const part = &m.parts[c];
        part->offset = offsets[c];
        part->length = length + top;
        part->null_count = c == 1 ? -1 : 0;
        part->n_buffers = c == 2 ? 3 : 2;
        part->buffers = m.buffers[c];
        part->release = release_part;
        m.children[c] = part;
    }
    m.buffers[0][1] = m.flags;
    m.buffers[1][0] = m.there;
    m.buffers[1][1] = m.bytes + skew;
    m.buffers[2][1] = m.offsets;
    m.buffers[2][2] = m.text;
    for (int64_t i = 0; i < length; i++) {
        const int64_t at = i + top, number = 1000 - i * i;
        m.flags[(at + flags) / 8] |= (uint8_t)((i % 3 == 0) << ((at + flags) % 8));
        m.there[(at + numbers) / 8] |= (uint8_t)((i % 4 != 0) << ((at + numbers) % 8));
        memcpy(m.bytes + skew + 8 * (at + numbers), &number, 8);
        m.text[3 * i] = (char)('a' + i % 26);
        m.offsets[at + texts] = (int32_t)(3 * i);
        m.offsets[at + texts + 1] = (int32_t)(3 * i + 1 + i % 3);
        m.text[3 * i + 1] = m.text[3 * i + 2] = m.text[3 * i];
    }
    for (int64_t i = 0; i < length; i++) { /* texts lie one behind the other */
        m.offsets[i + top + texts] = (int32_t)(3 * i);
    }
    m.offsets[length + top + texts] = (int32_t)(3 * length);
    m.top.length = length;
    m.top.offset = top;
    m.top.n_buffers = 1;
    m.top.n_children = 3;
    m.top.buffers = m.none;
    m.top.children = m.children;
    m.top.release = release_made;
    releases = 0;
}

static bool made_row_is(ng_row row, int64_t i) {
    size_t size;
    const char *const text = ng_get_text(row, 2, &size);
    return ng_get_bool(row, 0) == (i % 3 == 0) && ng_is_null(row, 1) == (i % 4 == 0) &&
           (i % 4 == 0 || ng_get_i64(row, 1) == 1000 - i * i) && size == 3 &&
           text[0] == (char)('a' + i % 26) && text[2] == text[0];
}

static void test_offsets(void) {
    static const int64_t offsets[] = {0, 1, 5, 8, 13};
    for (size_t a = 0; a < 5; a++) {
        for (size_t b = 0; b < 5; b++) {
            for (size_t c = 0; c < 5; c++) {
                heap memory = {0, 0, 0, 0, 0};
                ng_batch batch;
                const size_t skew = (a + b + c) % 2 == 0 ? 0 : 3;
                make(offsets[(a + b) % 5], offsets[a], offsets[b], offsets[c], skew, 24);
                const ng_status status =
                    ng_arrow_import(&m.top, &made_schema, heap_allocator(&memory), &batch);
                CHECK(status == NG_OK && m.top.release == NULL && releases == 0);
                for (int64_t i = 0; i < 24; i++) {
                    CHECK(made_row_is(ng_batch_row(&batch, (size_t)i), i));
                }
                CHECK(ng_batch_release(&batch) == NG_OK && releases == 1);
                CHECK(memory.blocks == 0 && memory.mistakes == 0);
            }
        }
    }
}

typedef void spoil(void);
static void gone(void) { m.top.release = NULL; }
static void short_length(void) { m.top.length = -1; }
static void wrong_offset(void) { m.top.offset = -1; }
static void wrong_buffers(void) { m.top.n_buffers = 0; }
static void wrong_count(void) { m.top.n_children = 2; }
static void less_than_none(void) { m.top.n_children = -3; }
static void dictionary(void) { m.top.dictionary = &m.parts[0]; }
static void huge(void) { m.top.length = INT64_MAX; }
static void column_gone(void) { m.parts[1].release = NULL; }
static void column_short(void) { m.parts[1].length = 3; }
static void column_back(void) { m.parts[1].offset = -1; }
static void column_far(void) { m.parts[1].offset = INT64_MAX; }
static void column_buffers(void) { m.parts[2].n_buffers = 2; }
static void column_dictionary(void) { m.parts[0].dictionary = &m.parts[1]; }
static void column_empty(void) { m.buffers[1][1] = NULL; }
static void column_bare(void) { m.parts[1].buffers = NULL; }
static void null_rows(void) { m.none[0] = m.there, m.top.null_count = -1; }
static void null_flags(void) { m.buffers[0][0] = m.there, m.parts[0].null_count = -1; }
static void falling(void) { m.offsets[7] = 0; }
static void below_zero(void) { m.offsets[0] = -1; }

static const struct {
    spoil *spoil;
    ng_status status;
} spoilt[] = {
    {gone, NG_INVALID},           {short_length, NG_INVALID},
    {wrong_offset, NG_INVALID},   {wrong_buffers, NG_INVALID},
    {wrong_count, NG_INVALID},    {less_than_none, NG_INVALID},
    {dictionary, NG_INVALID},     {huge, NG_TOO_LARGE},
    {column_gone, NG_INVALID},    {column_short, NG_INVALID},
    {column_back, NG_INVALID},    {column_far, NG_TOO_LARGE},
    {column_buffers, NG_INVALID}, {column_dictionary, NG_INVALID},
    {column_empty, NG_INVALID},   {column_bare, NG_INVALID},
    {null_rows, NG_UNSUPPORTED},  {null_flags, NG_BAD_INPUT},
    {falling, NG_BAD_INPUT},      {below_zero, NG_BAD_INPUT},
};

static void test_spoilt_arrays(void) {
    for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
        heap memory = {0, 0, 0, 0, 0};
        ng_batch batch;
        char which[24];
        (void)sprintf(which, "case %zu", i);
        make(0, 0, 0, 0, 0, 24);
        spoilt[i].spoil();
        const ng_status status =
            ng_arrow_import(&m.top, &made_schema, heap_allocator(&memory), &batch);
        CHECK_CASE(status == spoilt[i].status, which);
        CHECK_CASE(batch.block == NULL && releases == 0 && memory.blocks == 0, which);
    }
    const ng_schema none = {NULL, 0};
    heap memory = {0, 0, 0, 0, 0};
    ng_batch batch;
    make(0, 0, 0, 0, 0, 24);
    CHECK(ng_arrow_import(&m.top, &none, heap_allocator(&memory), &batch) == NG_INVALID);
    /* no row is null although it might be; no rows at all, of which there need be no buffers */
    m.none[0] = memset(m.there, 0xff, sizeof m.there);
    m.top.null_count = -1;
    CHECK(ng_arrow_import(&m.top, &made_schema, heap_allocator(&memory), &batch) == NG_OK);
    CHECK(ng_batch_release(&batch) == NG_OK && releases == 1);
    make(0, 0, 0, 0, 0, 0);
    m.parts[0].buffers = m.parts[1].buffers = m.parts[2].buffers = NULL;
    CHECK(ng_arrow_import(&m.top, &made_schema, heap_allocator(&memory), &batch) == NG_OK);
    CHECK(batch.rows == 0 && ng_batch_release(&batch) == NG_OK && releases == 1);
    make(0, 3, 0, 0, 0, 24);
    memory.fail_at = memory.requests + 1;
    CHECK(ng_arrow_import(&m.top, &made_schema, heap_allocator(&memory), &batch) == NG_NO_MEMORY);
    CHECK(releases == 0 && m.top.release != NULL && memory.blocks == 0);
}

/* ---- streams between graphs ------------------------------------------------------------------ */

typedef struct writer {
    uint64_t row, rows, fails_at;
    bool waits;
} writer;

static ng_status generate(ng_row out, void *ctx) {
    writer *const w = (writer *)ctx;
    if (w->waits) {
        return NG_AGAIN;
    }
    if (w->row == w->fails_at) {
        return NG_BAD_INPUT;
    }
    if (w->row == w->rows) {
        return NG_END;
    }
    const ng_status status = write_row(out, w->row);
    w->row += status == NG_OK;
    return status;
}

static ng_status check_row(ng_row in, void *ctx) {
    uint64_t *const seen = (uint64_t *)ctx;
    CHECK(row_is(in, *seen));
    ++*seen;
    return NG_OK;
}

/* From one graph as a stream into another. */
typedef struct passage {
    marbles from, to;
    ng_arrow_output output;
    ng_arrow_input input;
    struct ArrowArrayStream stream;
    writer writer;
    uint64_t seen;
} passage;

static ng_status pass(passage *p, uint32_t keeps, size_t batch_rows, uint64_t rows,
                      uint64_t fails_at, size_t fail_at) {
    memset(p, 0, sizeof *p);
    p->writer.rows = rows;
    p->writer.fails_at = fails_at;
    p->from.memory.fail_at = fail_at;
    ng_graph_options options = marbles_options(&p->from);
    options.batch_rows = batch_rows;
    marbles_begin_with(&p->from, &options);
    options = marbles_options(&p->to);
    marbles_begin_with(&p->to, &options);
    const ng_allocator allocator = heap_allocator(&p->from.memory);
    const ng_river made = ng_generate(&p->from.graph, &all, generate, &p->writer);
    (void)ng_arrow_sink(made, &p->output, keeps, allocator);
    ng_status status = ng_graph_start(&p->from.graph);
    if (status == NG_OK) {
        ng_arrow_stream(&p->output, &p->stream);
        status = ng_arrow_input_open(&p->input, &p->stream, allocator);
        if (status != NG_OK) {
            p->stream.release(&p->stream);
        }
    }
    if (status == NG_OK) {
        (void)ng_observe(ng_arrow_source(&p->to.graph, &p->input), check_row, &p->seen);
        status = marbles_run(&p->to);
    }
    return status;
}

static void passed(passage *p) {
    marbles_end(&p->to);
    ng_arrow_input_close(&p->input);
    ng_arrow_input_close(&p->input);
    marbles_end(&p->from);
}

static void test_streams(void) {
    static passage p;
    for (uint32_t keeps = 0; keeps < 4; keeps++) {
        for (size_t batch = 1; batch < 40; batch = batch * 3 + 1) {
            CHECK(pass(&p, keeps, batch, 150, UINT64_MAX, 0) == NG_END && p.seen == 150);
            CHECK(p.output.kept == 0 && ng_arrow_input_error(&p.input) == NULL);
            passed(&p);
        }
        CHECK(pass(&p, keeps, 4, 0, UINT64_MAX, 0) == NG_END && p.seen == 0);
        passed(&p);
        CHECK(pass(&p, keeps, 4, 150, 30, 0) == NG_IO && p.seen == 30);
        CHECK(strcmp(ng_arrow_input_error(&p.input), ng_status_text(NG_BAD_INPUT)) == 0);
        passed(&p);
    }
}

static void test_stream_memory_fails(void) {
    static passage p;
    for (uint32_t keeps = 0; keeps < 2; keeps++) {
        ng_status status = NG_NO_MEMORY;
        for (size_t fail_at = 1; status != NG_END; fail_at++) {
            status = pass(&p, keeps, 4, 20, UINT64_MAX, fail_at);
            CHECK(status == NG_END || status == NG_NO_MEMORY || status == NG_IO);
            passed(&p);
            CHECK(fail_at < 300);
        }
    }
}

/* One who keeps all arrays, beyond the graph where they were copied. */
static void test_collecting(void) {
    static struct ArrowArray arrays[60];
    for (uint32_t keeps = 0; keeps < 8; keeps += 7) {
        marbles graph;
        ng_arrow_output output;
        struct ArrowArrayStream stream;
        writer w = {0, 90, UINT64_MAX, false};
        size_t count = 0, rows = 0;
        marbles_begin(&graph);
        const ng_allocator allocator = heap_allocator(&graph.memory);
        (void)ng_arrow_sink(ng_generate(&graph.graph, &all, generate, &w), &output, keeps,
                            allocator);
        CHECK(ng_graph_start(&graph.graph) == NG_OK);
        ng_arrow_stream(&output, &stream);
        while (stream.get_next(&stream, &arrays[count]) == 0 && arrays[count].release != NULL) {
            rows += (size_t)arrays[count++].length;
        }
        CHECK(rows == 90 && output.kept == keeps && count > 20);
        stream.release(&stream);
        for (size_t i = 0; i < count; i++) {

            if (i == keeps) { /* the others are copies */
                ng_graph_close(&graph.graph);
            }
            ng_batch batch;
            CHECK(ng_arrow_import(&arrays[i], &all, allocator, &batch) == NG_OK);
            CHECK(row_is(ng_batch_row(&batch, 0), 4 * i));
            (void)ng_batch_release(&batch);
        }
        CHECK(output.kept == 0);
        marbles_end(&graph);
    }
}

static void test_waiting_and_cancelling(void) {
    marbles graph;
    ng_arrow_output output;
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    writer w = {0, 90, UINT64_MAX, true};
    marbles_begin(&graph);
    const ng_river made = ng_generate(&graph.graph, &all, generate, &w);
    (void)ng_arrow_sink(made, &output, 0, heap_allocator(&graph.memory));
    ng_arrow_stream(&output, &stream);
    CHECK(stream.get_next(&stream, &array) == 5); /* it has not been started */
    CHECK(strcmp(stream.get_last_error(&stream), ng_status_text(NG_MISUSED)) == 0);
    CHECK(ng_graph_start(&graph.graph) == NG_OK);
    CHECK(stream.get_next(&stream, &array) == 11 && array.release == NULL);
    CHECK(strstr(stream.get_last_error(&stream), "outside") != NULL);
    w.waits = false;
    ng_graph_wake(made);
    CHECK(stream.get_next(&stream, &array) == 0 && array.length == 4);
    CHECK(stream.get_last_error(&stream) == NULL);
    array.release(&array);
    CHECK(ng_graph_step(&graph.graph, NG_ALL) == NG_OK); /* one more batch waits */
    stream.release(&stream);
    CHECK(stream.release == NULL && ng_graph_step(&graph.graph, NG_ALL) == NG_END);
    ng_account sum;
    ng_error at;
    CHECK(ng_audit(&graph.graph, &sum, &at) == NG_OK);
    marbles_end(&graph);
}

/* ---- streams that are wrong ------------------------------------------------------------------ */

static int no_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    (void)stream;
    (void)out;
    return 5;
}

static void stream_gone(struct ArrowArrayStream *stream) { stream->release = NULL; }

static void test_wrong_streams(void) {
    heap memory = {0, 0, 0, 0, 0};
    ng_arrow_input input;
    struct ArrowArrayStream stream = {no_schema, NULL, NULL, stream_gone, NULL};
    CHECK(ng_arrow_input_open(&input, &stream, heap_allocator(&memory)) == NG_IO);
    CHECK(stream.release != NULL && ng_arrow_input_error(&input) == NULL);
    stream.release(&stream);
    CHECK(ng_arrow_input_open(&input, &stream, heap_allocator(&memory)) == NG_INVALID);
    CHECK(ng_arrow_input_open(&input, NULL, heap_allocator(&memory)) == NG_INVALID);
    marbles graph;
    marbles_begin(&graph);
    (void)marble_sink(&graph, ng_arrow_source(&graph.graph, &input));
    CHECK(ng_graph_start(&graph.graph) == NG_INVALID);
    marbles_end(&graph);
    marbles_begin(&graph);
    (void)ng_arrow_source(&graph.graph, NULL);
    CHECK(ng_graph_error(&graph.graph).status == NG_INVALID);
    marbles_end(&graph);
    marbles_begin(&graph);
    (void)ng_arrow_sink(ng_range(&graph.graph, 0, 1, 1), NULL, 0, heap_allocator(&memory));
    CHECK(ng_graph_start(&graph.graph) == NG_INVALID);
    marbles_end(&graph);
}

int main(void) {
    make_schema();
    test_schemas();
    test_refused_schemas();
    test_slices();
    test_moved_children();
    test_batch_memory_fails();
    test_offsets();
    test_spoilt_arrays();
    test_streams();
    test_stream_memory_fails();
    test_collecting();
    test_waiting_and_cancelling();
    test_wrong_streams();
    return check_report();
}
