/* ops_csv: a source around a csv_reader and a sink around a csv_writer. */
#include "ops_csv.h"

#include "sizes.h"

/* ---- reading --------------------------------------------------------------------------------- */

/* Followed by the fields, where they are made here, and the reader's arena. */
typedef struct ngi_csv_source {
    ng_csv_reader reader;
} ngi_csv_source;

/* Blocks are filled from their first row on, as a reader wants it. */
static ng_step ngi_csv_source_push(void *state, ng_context *context, const ng_batch *in,
                                   const ng_room *out) {
    ngi_csv_source *const source = (ngi_csv_source *)state;
    ng_room room = *out;
    size_t rows = 0;
    (void)in;
    if (room.at != 0) {
        ng_context_renew(context, 0);
        if (!ng_context_room(context, 0, &room)) {
            return ng_step_of(0, 0, NG_AGAIN);
        }
    }
    const ng_status status = ng_csv_reader_next(&source->reader, room.columns, room.rows, &rows);
    ng_context_count(context, NG_MADE, (int64_t)rows);
    return ng_step_of(0, rows, status);
}

static const ng_operator ngi_csv_source_calls = {
    "csv_source", NULL, ngi_csv_source_push, NULL, NULL, NULL, NULL, false};

/* Whether the fields are those of a schema. */
static bool ngi_csv_fields_fit(const ng_schema *schema, const ng_csv_field *fields) {
    bool fit = true;
    for (size_t i = 0; i < schema->count; i++) {
        fit = fit && fields[i].type == schema->fields[i].type &&
              fields[i].nullable == schema->fields[i].nullable;
    }
    return fit;
}

ng_river ng_csv_source(ng_graph *graph, const ng_schema *schema, const ng_csv_field *fields,
                       const ng_csv_options *options, ng_csv_read read, void *ctx) {
    const ng_csv_options plain = ng_csv_defaults(), *const o = options == NULL ? &plain : options;
    const char *const name = ngi_csv_source_calls.name;
    if (read == NULL || ng_schema_check(schema) != NG_OK) {
        return ng_refuse(graph, name, NG_INVALID);
    }
    if (fields != NULL && !ngi_csv_fields_fit(schema, fields)) {
        return ng_refuse(graph, name, NG_MISMATCH);
    }
    const size_t made = fields == NULL ? ngi_size_times(schema->count, sizeof(ng_csv_field)) : 0;
    const size_t head = ngi_size_plus(sizeof(ngi_csv_source), made);
    const size_t arena = ng_csv_reader_size(schema->count, o);
    const size_t size = ngi_size_plus(ngi_size_round(head, 64), arena);
    const ng_stage stage = {&ngi_csv_source_calls, size, NULL, schema, 1, false, 0};
    const ng_river river = ng_apply(graph, NULL, 0, &stage);
    ngi_csv_source *const source = (ngi_csv_source *)ng_state(river);
    if (source == NULL) {
        return river;
    }
    ng_csv_field *const own = (ng_csv_field *)(void *)(source + 1);
    for (size_t i = 0; i < schema->count && fields == NULL; i++) {
        const ng_field *const field = &schema->fields[i];
        const ng_csv_field named = {field->name, field->name, 0, field->type, field->nullable};
        own[i] = named;
    }
    const ng_status status =
        ng_csv_reader_init(&source->reader, (uint8_t *)source + ngi_size_round(head, 64), arena,
                           fields == NULL ? own : fields, schema->count, o, read, ctx);
    return status == NG_OK ? river : ng_refuse(graph, name, status);
}

const ng_csv_reader *ng_csv_source_reader(ng_river river) {
    const ngi_csv_source *const source = (const ngi_csv_source *)ng_state(river);
    return source == NULL ? NULL : &source->reader;
}

/* ---- writing --------------------------------------------------------------------------------- */

#define NGI_CSV_SINK_BUFFER 65536

/* Followed by the columns as the writer wants them, their places in the river, and its buffer. */
typedef struct ngi_csv_sink {
    ng_csv_writer writer;
    size_t count, *places;
    ng_column *columns;
} ngi_csv_sink;

static ng_step ngi_csv_sink_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    ngi_csv_sink *const sink = (ngi_csv_sink *)state;
    (void)context;
    (void)out;
    for (size_t i = 0; i < sink->count; i++) {
        sink->columns[i] = in->block->columns[sink->places[i]];
    }
    const ng_status status = ng_csv_writer_rows(&sink->writer, sink->columns, in->offset, in->rows);
    return ng_step_of(status == NG_OK ? in->rows : 0, 0, status);
}

static ng_step ngi_csv_sink_end(void *state, ng_context *context, const ng_room *out) {
    (void)context;
    (void)out;
    return ng_step_of(0, 0, ng_csv_writer_finish(&((ngi_csv_sink *)state)->writer));
}

static void ngi_csv_sink_close(void *state) {
    (void)!ng_csv_writer_flush(&((ngi_csv_sink *)state)->writer);
}

static const ng_operator ngi_csv_sink_calls = {
    "csv_sink", NULL, ngi_csv_sink_push, ngi_csv_sink_end, NULL, NULL, ngi_csv_sink_close, false};

static bool ngi_csv_columns_fit(const ng_schema *river, const ng_schema *wanted) {
    bool fit = true;
    for (size_t i = 0; i < wanted->count; i++) {
        const size_t place = ng_schema_find(river, wanted->fields[i].name);
        fit = fit && place < river->count && river->fields[place].type == wanted->fields[i].type;
    }
    return fit;
}

ng_river ng_csv_sink(ng_river river, const ng_schema *schema, char separator, char quote,
                     ng_csv_write write, void *ctx) {
    const ng_schema *const columns = ng_columns(river);
    const ng_schema *const wanted = schema == NULL ? columns : schema;
    const char *const name = ngi_csv_sink_calls.name;
    if (columns == NULL || write == NULL || ng_schema_check(wanted) != NG_OK) {
        return ng_refuse(river.graph, name, NG_INVALID);
    }
    if (!ngi_csv_columns_fit(columns, wanted)) {
        return ng_refuse(river.graph, name, NG_MISMATCH);
    }
    const size_t each = sizeof(ng_column) + sizeof(size_t);
    const size_t head = sizeof(ngi_csv_sink) + NGI_CSV_SINK_BUFFER;
    const size_t size = ngi_size_plus(head, ngi_size_times(wanted->count, each));
    const ng_stage stage = {&ngi_csv_sink_calls, size, NULL, NULL, 0, false, 0};
    const ng_river end = ng_apply(river.graph, &river, 1, &stage);
    ngi_csv_sink *const sink = (ngi_csv_sink *)ng_state(end);
    if (sink == NULL) {
        return end;
    }
    sink->count = wanted->count;
    sink->columns = (ng_column *)(void *)(sink + 1);
    sink->places = (size_t *)(void *)(sink->columns + wanted->count);
    for (size_t i = 0; i < wanted->count; i++) {
        sink->places[i] = ng_schema_find(columns, wanted->fields[i].name);
    }
    const ng_status status =
        ng_csv_writer_init(&sink->writer, sink->places + wanted->count, NGI_CSV_SINK_BUFFER,
                           wanted->fields, wanted->count, separator, quote, write, ctx);
    return status == NG_OK ? end : ng_refuse(river.graph, name, status);
}
