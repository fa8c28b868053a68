/* ops_kernel: hands a kernel its columns and takes what it brings out. */
#include "ops_kernel.h"

#include "fields.h"
#include "graph_parts.h"
#include "ops_order.h"
#include "sizes.h"

/* Followed by the kernel's state, `in` and `out`, and the places of its columns in the river. */
typedef struct ngi_through {
    const ng_kernel *kernel;
    void *state, *in, *out;
    size_t *places;
    size_t row_in, row_out; /* the columns of positions, NGI_NO_COLUMN: none */
    uint64_t taken;
} ngi_through;

static void ngi_through_connect(const ngi_through *t, const ng_batch *batch) {
    const ng_kernel *const kernel = t->kernel;
    for (size_t i = 0; i < kernel->in.count; i++) {
        const ng_field *const field = &kernel->in.fields[i];
        const ng_column *const column = &batch->block->columns[t->places[i]];
        ngi_field_put_pointer(t->in, field->values, column->values);
        ngi_field_put_pointer(t->in, field->valid, column->valid);
        ngi_field_put_pointer(t->in, field->bytes, column->bytes);
    }
    ngi_field_put_size(t->in, kernel->in_offset, batch->offset);
}

static void ngi_through_open(const ngi_through *t, const ng_room *room) {
    const ng_kernel *const kernel = t->kernel;
    for (size_t i = 0; i < kernel->out.count; i++) {
        const ng_field *const field = &kernel->out.fields[i];
        const ng_column *const column = &room->columns[i];
        ngi_field_put_pointer(t->out, field->values, column->values);
        ngi_field_put_pointer(t->out, field->valid, column->valid);
        ngi_field_put_pointer(t->out, field->bytes, column->bytes);
        ngi_field_put_size(t->out, field->room, column->bytes_size);
    }
    ngi_field_put_size(t->out, kernel->out_capacity, room->at + room->rows);
    ngi_field_put_size(t->out, kernel->out_rows, room->at);
}

/* Makes positions of the numbers that a kernel gave to `rows` rows, from row `at` on. */
static void ngi_through_place(const ngi_through *t, ng_context *context, const ng_batch *in,
                              const ng_room *out, size_t rows) {
    if (t->row_out == NGI_NO_COLUMN) {
        return;
    }
    uint64_t *const numbers = (uint64_t *)out->columns[t->row_out].values + out->at;
    const uint64_t *positions = NULL;
    if (in != NULL && t->row_in != NGI_NO_COLUMN) {
        positions = (const uint64_t *)in->block->columns[t->row_in].values + in->offset;
    }
    for (size_t i = 0; i < rows; i++) {
        if (numbers[i] == UINT64_MAX) {
            numbers[i] = ngi_order_end(context->node, 1);
        } else if (positions != NULL) {
            numbers[i] = positions[numbers[i] - t->taken];
        }
    }
}

static void ngi_through_count(ng_context *context, ng_step step) {
    const int64_t gone = (int64_t)step.consumed - (int64_t)step.produced;
    ng_context_count(context, gone < 0 ? NG_MADE : NG_FILTERED, gone < 0 ? -gone : gone);
}

static ng_step ngi_through_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    ngi_through *const t = (ngi_through *)state;
    ngi_through_connect(t, in);
    ngi_through_open(t, out);
    ng_step step = t->kernel->push(t->state, t->in, in->rows, t->out);
    ngi_through_count(context, step);
    ngi_through_place(t, context, in, out, step.produced);
    t->taken += step.consumed;
    if (step.status == NG_END) {
        ng_context_cancel(context, 0);
        step.status = NG_OK;
    }
    if (step.status == NG_OK && step.consumed == 0 && step.produced == 0 && out->at == 0) {
        step.status = NG_TOO_LARGE; /* an empty block has no room for the text of one row */
    }
    return step;
}

static ng_step ngi_through_end(void *state, ng_context *context, const ng_room *out) {
    const ngi_through *const t = (const ngi_through *)state;
    ngi_through_open(t, out);
    const ng_step step = t->kernel->flush(t->state, t->out);
    ngi_through_count(context, step);
    ngi_through_place(t, context, NULL, out, step.produced);
    return step;
}

static const ng_operator ngi_through_calls = {
    "kernel", NULL, ngi_through_push, ngi_through_end, NULL, NULL, NULL, false};

/* NG_OK if the river has a kernel's columns. */
static ng_status ngi_through_check(const ng_schema *river, const ng_schema *in) {
    for (size_t i = 0; i < in->count; i++) {
        const size_t place = ng_schema_find(river, in->fields[i].name);
        if (place == river->count || river->fields[place].type != in->fields[i].type ||
            (river->fields[place].nullable && !in->fields[i].nullable)) {
            return NG_MISMATCH;
        }
    }
    return NG_OK;
}

/* The part behind `at`; and moves on behind it. */
static uint8_t *ngi_through_part(uint8_t **at, size_t size) {
    uint8_t *const part = *at;
    *at += ngi_size_round(size, 64);
    return part;
}

static size_t ngi_through_find(const ng_schema *schema, const char *name) {
    const size_t place = ng_schema_find(schema, name);
    return place == schema->count ? NGI_NO_COLUMN : place;
}

static void ngi_through_lay_out(ngi_through *t, const ng_kernel *kernel, const ng_schema *river) {
    uint8_t *at = (uint8_t *)t + ngi_size_round(sizeof *t, 64);
    t->kernel = kernel;
    t->row_in = ngi_through_find(river, NG_ROW_COLUMN);
    t->row_out = ngi_through_find(&kernel->out, NG_ROW_COLUMN);
    t->state = ngi_through_part(&at, kernel->state_size);
    t->in = ngi_through_part(&at, kernel->in_size);
    t->out = ngi_through_part(&at, kernel->out_size);
    t->places = (size_t *)(void *)at;
    for (size_t i = 0; i < kernel->in.count; i++) {
        t->places[i] = ng_schema_find(river, kernel->in.fields[i].name);
    }
}

ng_river ng_through(ng_river river, const ng_kernel *kernel, const void *params,
                    ng_profile profile) {
    const ng_schema *const columns = ng_columns(river);
    if (columns == NULL || kernel == NULL) {
        return ng_refuse(river.graph, ngi_through_calls.name, NG_INVALID);
    }
    const ng_status fits = ngi_through_check(columns, &kernel->in);
    if (fits != NG_OK) {
        return ng_refuse(river.graph, kernel->name, fits);
    }
    const size_t structures = ngi_size_round(sizeof(ngi_through), 64) +
                              ngi_size_round(kernel->in_size, 64) +
                              ngi_size_round(kernel->out_size, 64);
    const size_t size = ngi_size_plus(ngi_size_plus(structures, kernel->in.count * sizeof(size_t)),
                                      ngi_size_round(kernel->state_size, 64));
    const ng_stage stage = {&ngi_through_calls, size, NULL, &kernel->out, 1, false, 0};
    const ng_river through = ng_name(ng_apply(river.graph, &river, 1, &stage), kernel->name);
    ngi_through *const t = (ngi_through *)ng_state(through);
    if (t != NULL) {
        ngi_through_lay_out(t, kernel, columns);
        kernel->init(t->state, params);
        (void)(profile == NG_AUTO ? profile : kernel->force(t->state, profile));
    }
    return through;
}
