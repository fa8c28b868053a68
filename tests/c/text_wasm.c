/* text_wasm: number, csv_reader and csv_writer in a module with no imports at all. A caller puts
 * text at `text()`, calls, and finds the answer there. */
#include "../../core/csv_reader.c"
#include "../../core/csv_writer.c"
#include "../../core/number.c"

#define TEXT_WASM_EXPORT(name) __attribute__((export_name(name)))

#define TEXT_ROOM 65536
#define ROWS 16

static char text[TEXT_ROOM], written[TEXT_ROOM];
static size_t written_size;

TEXT_WASM_EXPORT("text") char *text_wasm_text(void);
TEXT_WASM_EXPORT("readF64") double text_wasm_read_f64(size_t size);
TEXT_WASM_EXPORT("readF32") float text_wasm_read_f32(size_t size);
TEXT_WASM_EXPORT("writeF64") size_t text_wasm_write_f64(double value);
TEXT_WASM_EXPORT("writeF32") size_t text_wasm_write_f32(float value);
TEXT_WASM_EXPORT("rewrite") int32_t text_wasm_rewrite(size_t size);

char *text_wasm_text(void) { return text; }

/* -1 if it is no number. */
double text_wasm_read_f64(size_t size) {
    double value;
    return ng_read_f64(text, size, &value) ? value : -1;
}

float text_wasm_read_f32(size_t size) {
    float value;
    return ng_read_f32(text, size, &value) ? value : -1;
}

size_t text_wasm_write_f64(double value) { return ng_write_f64(text, value); }

size_t text_wasm_write_f32(float value) { return ng_write_f32(text, value); }

typedef struct text_wasm_source {
    const char *at, *end;
} text_wasm_source;

/* Seven bytes at a time, so that rows are cut. */
static size_t text_wasm_read(void *ctx, void *into, size_t room, ng_status *status) {
    text_wasm_source *source = (text_wasm_source *)ctx;
    const size_t left = (size_t)(source->end - source->at);
    const size_t most = room < 7 ? room : 7, size = left < most ? left : most;
    (void)status;
    __builtin_memcpy(into, source->at, size);
    source->at += size;
    return size;
}

static ng_status text_wasm_write(void *ctx, const void *bytes, size_t size) {
    (void)ctx;
    if (size > TEXT_ROOM - written_size) {
        return NG_CLOSED;
    }
    __builtin_memcpy(written + written_size, bytes, size);
    written_size += size;
    return NG_OK;
}

/* Reads `time,name,value` and writes it again. Answers the size of what is then the text: the rows,
 * or, as a negative number, the error's. */
int32_t text_wasm_rewrite(size_t size) {
    static uint64_t arena[2048];
    static int64_t times[ROWS];
    static int32_t offsets[ROWS + 1];
    static float values[ROWS];
    static uint8_t names[1024], valid[ROWS / 8];
    static char buffer[NG_CSV_WRITER_BUFFER_MIN];
    static const ng_csv_field fields[3] = {{"time", "time", 0, NG_TIMESTAMP_MS, false},
                                           {"name", "name", 0, NG_UTF8, false},
                                           {"value", "value", 0, NG_F32, true}};
    ng_column columns[3] = {
        {times, NULL, NULL, 0}, {offsets, NULL, names, sizeof names}, {values, valid, NULL, 0}};
    ng_field outputs[3];
    text_wasm_source source = {text, text + size};
    ng_csv_options options = ng_csv_defaults();
    ng_csv_reader reader;
    ng_csv_writer writer;
    size_t rows;
    options.record_limit = 1024;
    options.chunk = 256;
    __builtin_memset(outputs, 0, sizeof outputs);
    for (size_t i = 0; i < 3; i++) {
        outputs[i].name = fields[i].name;
        outputs[i].type = fields[i].type;
    }
    written_size = 0;
    ng_status status = ng_csv_reader_init(&reader, arena, sizeof arena, fields, 3, &options,
                                          text_wasm_read, &source);
    ng_status writing = ng_csv_writer_init(&writer, buffer, sizeof buffer, outputs, 3, ',', '"',
                                           text_wasm_write, NULL);
    while (status == NG_OK && writing == NG_OK) {
        status = ng_csv_reader_next(&reader, columns, ROWS, &rows);
        writing = ng_csv_writer_rows(&writer, columns, 0, rows);
    }
    if (status < 0) {
        return -(int32_t)ng_csv_error_text(&reader.error, "in.csv", text, TEXT_ROOM);
    }
    if (writing != NG_OK || ng_csv_writer_finish(&writer) != NG_OK) {
        return 0;
    }
    __builtin_memcpy(text, written, written_size);
    return (int32_t)written_size;
}
