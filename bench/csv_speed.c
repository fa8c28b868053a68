/* csv_speed: how fast CSV text becomes columns and columns become CSV text, in MB/s.
 *
 *     cc -O2 core/number.c core/csv_reader.c core/csv_writer.c bench/csv_speed.c -o csv_speed
 *     ./csv_speed [megabytes]
 */
#define _POSIX_C_SOURCE 199309L
#include "../core/csv_reader.h"
#include "../core/csv_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS 8192
#define TEXT_ROOM ((size_t)1 << 20)

static double now(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void *must_allocate(size_t size) {
    void *memory = malloc(size);
    if (memory == NULL) {
        (void)fputs("csv_speed: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

typedef struct memory_source {
    const char *at, *end;
} memory_source;

static size_t read_memory(void *ctx, void *into, size_t room, ng_status *status) {
    memory_source *source = (memory_source *)ctx;
    const size_t left = (size_t)(source->end - source->at);
    const size_t size = left < room ? left : room;
    (void)status;
    memcpy(into, source->at, size);
    source->at += size;
    return size;
}

static ng_status write_nowhere(void *ctx, const void *bytes, size_t size) {
    (void)bytes;
    *(size_t *)ctx += size;
    return NG_OK;
}

/* Lines of `ts,sensor,value`, the value with one decimal. */
static size_t make_sensors(char *out, size_t size) {
    uint64_t state = 1;
    char *at = out + sprintf(out, "ts,sensor,value\n");
    for (unsigned long long ts = 1700000000123; at + 64 < out + size; ts += 250) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        const unsigned noise = (unsigned)(state >> 40);
        at += sprintf(at, "%llu,s%u,%d.%u\n", ts, noise % 100, (int)(noise % 47) - 6,
                      noise / 64 % 10);
    }
    return (size_t)(at - out);
}

/* The same, with values of up to 17 digits and texts in quotes. */
static size_t make_notes(char *out, size_t size) {
    uint64_t state = 1;
    char *at = out + sprintf(out, "ts,note,value\n");
    for (unsigned long long ts = 1700000000123; at + 96 < out + size; ts += 250) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        at += sprintf(at, "%llu,\"pump %u, hall %u\",%.17g\n", ts, (unsigned)(state >> 60),
                      (unsigned)(state >> 50 & 7), (double)(state >> 11) * 1e-13);
    }
    return (size_t)(at - out);
}

/* Columns for up to three fields. */
static void make_columns(ng_column *columns) {
    for (size_t i = 0; i < 3; i++) {
        columns[i].values = must_allocate(8 * (ROWS + 1));
        columns[i].valid = (uint8_t *)must_allocate(ROWS / 8);
        columns[i].bytes = (uint8_t *)must_allocate(TEXT_ROOM);
        columns[i].bytes_size = TEXT_ROOM;
    }
}

/* Reads the text once and, if `writer` is given, writes each batch. Answers the rows. */
static uint64_t read_once(const char *text, size_t size, const ng_csv_field *fields, size_t count,
                          void *arena, size_t arena_size, ng_column *columns,
                          ng_csv_writer *writer) {
    memory_source source = {text, text + size};
    const ng_csv_options options = ng_csv_defaults();
    ng_csv_reader reader;
    ng_status status = ng_csv_reader_init(&reader, arena, arena_size, fields, count, &options,
                                          read_memory, &source);
    while (status == NG_OK) {
        size_t rows;
        status = ng_csv_reader_next(&reader, columns, ROWS, &rows);
        if (writer != NULL && ng_csv_writer_rows(writer, columns, 0, rows) != NG_OK) {
            exit(1);
        }
    }
    if (status != NG_END) {
        char message[512];
        (void)ng_csv_error_text(&reader.error, "csv_speed", message, sizeof message);
        (void)fputs(message, stderr);
        exit(1);
    }
    return reader.rows;
}

static void race(const char *name, const char *text, size_t size, const ng_csv_field *fields,
                 size_t count, bool write) {
    const ng_csv_options options = ng_csv_defaults();
    const size_t arena_size = ng_csv_reader_size(count, &options);
    void *arena = must_allocate(arena_size);
    static char buffer[65536];
    ng_column columns[3];
    ng_field names[3];
    double best = 1e9;
    uint64_t rows = 0;
    memset(names, 0, sizeof names);
    for (size_t i = 0; i < count; i++) {
        names[i].name = fields[i].name;
        names[i].type = fields[i].type;
    }
    make_columns(columns);
    for (int round = 0; round < 5; round++) {
        size_t written = 0;
        ng_csv_writer writer;
        if (ng_csv_writer_init(&writer, buffer, sizeof buffer, names, count, ',', '"',
                               write_nowhere, &written) != NG_OK) {
            exit(1);
        }
        const double start = now();
        rows = read_once(text, size, fields, count, arena, arena_size, columns,
                         write ? &writer : NULL);
        const double took = now() - start;
        best = took < best ? took : best;
    }
    (void)printf("%-44s %7.0f MB/s %7.1f ns a row\n", name, (double)size / best * 1e-6,
                 best * 1e9 / (double)rows);
    for (size_t i = 0; i < 3; i++) {
        free(columns[i].values);
        free(columns[i].valid);
        free(columns[i].bytes);
    }
    free(arena);
}

int main(int argc, char **argv) {
    const size_t megabytes = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 64;
    const size_t room = (megabytes > 0 ? megabytes : 1) << 20;
    char *text = (char *)must_allocate(room);
    static const ng_csv_field value[1] = {{"value", "value", 0, NG_F32, false}};
    static const ng_csv_field nullable[1] = {{"value", "value", 0, NG_F32, true}};
    static const ng_csv_field wide[1] = {{"value", "value", 0, NG_F64, false}};
    static const ng_csv_field all[3] = {{"ts", "ts", 0, NG_TIMESTAMP_MS, false},
                                        {"sensor", NULL, 1, NG_UTF8, false},
                                        {"value", "value", 0, NG_F32, false}};
    size_t size = make_sensors(text, room);
    race("ts,sensor,value: rows only", text, size, value, 0, false);
    race("ts,sensor,value: value as f32", text, size, value, 1, false);
    race("ts,sensor,value: value as f32?", text, size, nullable, 1, false);
    race("ts,sensor,value: all three", text, size, all, 3, false);
    race("ts,sensor,value: all three, written again", text, size, all, 3, true);
    size = make_notes(text, room);
    race("quotes and 17 digits: value as f64", text, size, wide, 1, false);
    race("quotes and 17 digits: all three", text, size, all, 3, false);
    free(text);
    return 0;
}
