/* program: rounds of batches through a table of nodes. */
#include "program.h"

#include "bits.h"
#include "fields.h"

/* Rows of a node's columns that are there for its consumers: [first, first + rows). */
typedef struct ngi_program_node {
    ng_column *columns; /* by `fields` */
    uint64_t *ticks; /* of a merge and of a kernel that feeds one: the source row behind each row */
    size_t first, rows, capacity;
    size_t available;     /* of a source: rows read, from `first` on; this round's are among them */
    uint64_t total;       /* rows brought out, these included */
    uint16_t *columns_in; /* of a kernel and a sink: where its columns are among its input's */
    const ng_field *fields;
    size_t field_count;
    size_t ng_row; /* the place of the hidden column among `fields`, or SIZE_MAX */
    void *state, *in, *out;
    size_t *heads; /* of a merge: how far each input is taken */
    bool ended;
    ng_csv_reader *reader;
    ng_csv_writer *writer;
    const ng_program_port *port;
} ngi_program_node;

/* ---- the arena: measured first, then laid out
 * ------------------------------------------------------ */

typedef struct ngi_arena {
    char *base; /* NULL while measuring */
    size_t used;
} ngi_arena;

static void *ngi_arena_take(ngi_arena *arena, size_t size) {
    void *const at = arena->base == NULL ? NULL : arena->base + arena->used;
    arena->used +=
        (size + 63) / 64 * 64 + 64; /* 64 more: columns do not share their cache lines' sets */
    return at;
}

static size_t ngi_program_capacity(const ng_program_spec *spec, size_t node) {
    const ng_program_node *const n = &spec->nodes[node];
    if (n->kind == NG_PROGRAM_SOURCE) {
        return spec->batch_rows;
    }
    size_t rows = 0;
    for (size_t i = 0; i < n->input_count; i++) {
        rows += ngi_program_capacity(spec, n->inputs[i]);
    }
    return rows;
}

/* Text bytes that one column of a node can hold: no less than all text that can come in. */
static size_t ngi_program_text(const ng_program_spec *spec, size_t node) {
    const ng_program_node *const n = &spec->nodes[node];
    if (n->kind == NG_PROGRAM_SOURCE) {
        size_t texts = 0;
        for (size_t i = 0; i < n->field_count; i++) {
            texts += n->fields[i].type == NG_UTF8;
        }
        return texts * spec->batch_bytes;
    }
    size_t bytes = n->kind == NG_PROGRAM_KERNEL ? n->literal * ngi_program_capacity(spec, node) : 0;
    for (size_t i = 0; i < n->input_count; i++) {
        bytes += ngi_program_text(spec, n->inputs[i]);
    }
    return bytes;
}

static void ngi_program_columns(ngi_arena *arena, ng_column *columns, const ng_field *fields,
                                size_t count, size_t rows, size_t text) {
    for (size_t i = 0; i < count; i++) {
        ng_column column = {NULL, NULL, NULL, 0};
        if (fields[i].type == NG_UTF8) {
            column.values = ngi_arena_take(arena, (rows + 1) * sizeof(int32_t));
            column.bytes = (uint8_t *)ngi_arena_take(arena, text);
            column.bytes_size = text;
        } else if (fields[i].type == NG_BOOL) {
            column.values = ngi_arena_take(arena, rows / 8 + 1);
        } else {
            column.values = ngi_arena_take(arena, rows * ng_type_size(fields[i].type));
        }
        if (fields[i].nullable) {
            column.valid = (uint8_t *)ngi_arena_take(arena, rows / 8 + 1);
        }
        if (columns != NULL) {
            columns[i] = column;
        }
    }
}

#define NGI_PROGRAM_WRITER_BUFFER 65536

static void ngi_program_place(ngi_arena *arena, const ng_program_spec *spec, size_t node,
                              ngi_program_node *to) {
    const ng_program_node *const n = &spec->nodes[node];
    const size_t capacity = ngi_program_capacity(spec, node);
    const size_t text = ngi_program_text(spec, node);
    ngi_program_node made = {NULL, NULL, 0,    0,    0,    0,     0,    NULL, NULL, 0,
                             0,    NULL, NULL, NULL, NULL, false, NULL, NULL, NULL};
    made.capacity = capacity;
    made.fields = n->kind == NG_PROGRAM_KERNEL ? n->kernel->out.fields : n->fields;
    made.field_count = n->kind == NG_PROGRAM_KERNEL ? n->kernel->out.count : n->field_count;
    made.columns = (ng_column *)ngi_arena_take(arena, made.field_count * sizeof(ng_column));
    if (n->kind != NG_PROGRAM_SINK) {
        ngi_program_columns(arena, made.columns, made.fields, made.field_count, capacity, text);
    }
    if (n->kind == NG_PROGRAM_MERGE) {
        made.ticks = (uint64_t *)ngi_arena_take(arena, capacity * sizeof(uint64_t));
        made.heads = (size_t *)ngi_arena_take(arena, n->input_count * sizeof(size_t));
    }
    if (n->kind == NG_PROGRAM_KERNEL) {
        made.ticks = (uint64_t *)ngi_arena_take(arena, capacity * sizeof(uint64_t));
        made.state = ngi_arena_take(arena, n->kernel->state_size);
        made.in = ngi_arena_take(arena, n->kernel->in_size);
        made.out = ngi_arena_take(arena, n->kernel->out_size);
        made.columns_in = (uint16_t *)ngi_arena_take(arena, n->kernel->in.count * sizeof(uint16_t));
    }
    if (n->kind == NG_PROGRAM_SOURCE) {
        made.reader = (ng_csv_reader *)ngi_arena_take(arena, sizeof(ng_csv_reader));
        made.state = ngi_arena_take(arena, ng_csv_reader_size(n->field_count, n->options));
    }
    if (n->kind == NG_PROGRAM_SINK) {
        made.columns_in = (uint16_t *)ngi_arena_take(arena, n->field_count * sizeof(uint16_t));
        made.writer = (ng_csv_writer *)ngi_arena_take(arena, sizeof(ng_csv_writer));
        made.state = ngi_arena_take(arena, NGI_PROGRAM_WRITER_BUFFER);
    }
    if (to != NULL) {
        *to = made;
    }
}

size_t ng_program_size(const ng_program_spec *spec) {
    ngi_arena arena = {NULL, 0};
    (void)ngi_arena_take(&arena, spec->node_count * sizeof(ngi_program_node));
    for (size_t i = 0; i < spec->node_count; i++) {
        ngi_program_place(&arena, spec, i, NULL);
    }
    return arena.used;
}

/* ---- start
 * ------------------------------------------------------------------------------------------- */

static bool ngi_names_equal(const char *a, const char *b) {
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static size_t ngi_program_find(const ngi_program_node *node, const char *name) {
    for (size_t i = 0; i < node->field_count; i++) {
        if (ngi_names_equal(node->fields[i].name, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Finds the columns that a kernel or sink reads in its input. */
static bool ngi_program_connect(ng_program *program, size_t node, const ng_field *fields,
                                size_t count) {
    const ngi_program_node *const input = &program->nodes[program->spec->nodes[node].inputs[0]];
    for (size_t i = 0; i < count; i++) {
        const size_t found = ngi_program_find(input, fields[i].name);
        if (found == SIZE_MAX || input->fields[found].type != fields[i].type) {
            return false;
        }
        program->nodes[node].columns_in[i] = (uint16_t)found;
    }
    return true;
}

static ng_status ngi_program_start(ng_program *program, size_t i, const ng_program_port *port) {
    const ng_program_node *const n = &program->spec->nodes[i];
    ngi_program_node *const node = &program->nodes[i];
    node->port = port;
    node->ng_row = ngi_program_find(node, NG_ROW_COLUMN);
    if (n->kind == NG_PROGRAM_KERNEL) {
        n->kernel->init(node->state, n->params);
        (void)n->kernel->force(node->state, program->spec->profile);
        return ngi_program_connect(program, i, n->kernel->in.fields, n->kernel->in.count)
                   ? NG_OK
                   : NG_INVALID;
    }
    if (n->kind == NG_PROGRAM_SINK) {
        if (!ngi_program_connect(program, i, n->fields, n->field_count)) {
            return NG_INVALID;
        }
        return ng_csv_writer_init(node->writer, node->state, NGI_PROGRAM_WRITER_BUFFER, n->fields,
                                  n->field_count, ',', '"', port->write, port->ctx);
    }
    if (n->kind == NG_PROGRAM_SOURCE) {
        return ng_csv_reader_init(node->reader, node->state,
                                  ng_csv_reader_size(n->field_count, n->options), n->csv,
                                  n->field_count, n->options, port->read, port->ctx);
    }
    return NG_OK;
}

ng_status ng_program_init(ng_program *program, const ng_program_spec *spec,
                          const ng_program_port *ports, void *memory) {
    ngi_arena arena = {(char *)memory, 0};
    program->spec = spec;
    program->status = NG_OK;
    program->failed_node = 0;
    program->failed_row = 0;
    program->tick = 0;
    program->nodes =
        (ngi_program_node *)ngi_arena_take(&arena, spec->node_count * sizeof(ngi_program_node));
    for (size_t i = 0; i < spec->node_count; i++) {
        ngi_program_place(&arena, spec, i, &program->nodes[i]);
        const ng_status status = ngi_program_start(program, i, &ports[i]);
        if (status != NG_OK) {
            program->status = status;
            program->failed_node = i;
            return status;
        }
    }
    return NG_OK;
}

/* ---- one node
 * ------------------------------------------------------------------------------------------ */

/* The first failure counts; the other nodes finish the round, so that what was good is kept. */
static ng_status ngi_program_fail(ng_program *program, size_t node, ng_status status,
                                  uint64_t row) {
    if (program->status == NG_OK) {
        program->status = status;
        program->failed_node = node;
        program->failed_row = row;
    }
    return status;
}

/* An empty output. */
static void ngi_kernel_open(const ng_kernel *kernel, ngi_program_node *node) {
    for (size_t i = 0; i < kernel->out.count; i++) {
        const ng_field *const field = &kernel->out.fields[i];
        const ng_column *const column = &node->columns[i];
        ngi_field_put_pointer(node->out, field->values, column->values);
        ngi_field_put_pointer(node->out, field->valid, column->valid);
        ngi_field_put_pointer(node->out, field->bytes, column->bytes);
        ngi_field_put_size(node->out, field->room, column->bytes_size);
        if (field->type == NG_UTF8) {
            *(int32_t *)column->values = 0;
        }
    }
    ngi_field_put_size(node->out, kernel->out_capacity, node->capacity);
    ngi_field_put_size(node->out, kernel->out_rows, 0);
}

/* Takes over what a kernel has put out, and finds the source rows behind it. */
static void ngi_kernel_close(ng_program *program, size_t at) {
    const ng_program_node *const n = &program->spec->nodes[at];
    ngi_program_node *const node = &program->nodes[at];
    node->first = 0;
    node->rows = ngi_field_get_size(node->out, n->kernel->out_rows);
    node->total += node->rows;
    if (node->ng_row == SIZE_MAX) {
        return;
    }
    const ngi_program_node *const input = &program->nodes[n->inputs[0]];
    const uint64_t *const rows = (const uint64_t *)node->columns[node->ng_row].values;
    for (size_t i = 0; i < node->rows; i++) {
        const bool mapped = input->ticks != NULL && rows[i] != UINT64_MAX;
        node->ticks[i] = mapped ? input->ticks[rows[i] - (input->total - input->rows)] : rows[i];
    }
}

static ng_status ngi_kernel_push(ng_program *program, size_t at) {
    const ng_program_node *const n = &program->spec->nodes[at];
    ngi_program_node *const node = &program->nodes[at];
    const ngi_program_node *const input = &program->nodes[n->inputs[0]];
    ngi_kernel_open(n->kernel, node);
    ng_step step = {0, 0, NG_OK};
    if (!node->ended && input->rows != 0) {
        for (size_t i = 0; i < n->kernel->in.count; i++) {
            const ng_column *const column = &input->columns[node->columns_in[i]];
            ngi_field_put_pointer(node->in, n->kernel->in.fields[i].values, column->values);
            ngi_field_put_pointer(node->in, n->kernel->in.fields[i].valid, column->valid);
            ngi_field_put_pointer(node->in, n->kernel->in.fields[i].bytes, column->bytes);
        }
        ngi_field_put_size(node->in, n->kernel->in_offset, input->first);
        step = n->kernel->push(node->state, node->in, input->rows, node->out);
        node->ended = step.status == NG_END;
    }
    ngi_kernel_close(program, at);
    if (step.status < 0) {
        return ngi_program_fail(program, at, step.status, n->kernel->failed_row(node->state));
    }
    return NG_OK;
}

/* Copies row `from` of a column to row `to` of another of the same type. */
static void ngi_copy_value(ng_type type, const ng_column *of, size_t from, ng_column *into,
                           size_t to) {
    if (type == NG_BOOL) {
        ngi_bits_put((uint8_t *)into->values, to, ngi_bits_get((const uint8_t *)of->values, from));
    } else if (type == NG_UTF8) {
        const int32_t *const offsets = (const int32_t *)of->values;
        int32_t *const made = (int32_t *)into->values;
        const size_t size = (size_t)(offsets[from + 1] - offsets[from]);
        made[0] = to == 0 ? 0 : made[0];
        __builtin_memcpy(into->bytes + made[to], of->bytes + offsets[from], size);
        made[to + 1] = made[to] + (int32_t)size;
    } else {
        const size_t size = ng_type_size(type);
        __builtin_memcpy((char *)into->values + to * size, (const char *)of->values + from * size,
                         size);
    }
    if (into->valid != NULL) {
        ngi_bits_put(into->valid, to, of->valid == NULL || ngi_bits_get(of->valid, from));
    }
}

/* The source row behind row i of what a node has brought out. */
static uint64_t ngi_program_tick(const ng_program *program, const ngi_program_node *node,
                                 size_t i) {
    return node->ticks != NULL ? node->ticks[i] : program->tick + i;
}

static void ngi_merge_push(ng_program *program, size_t at) {
    const ng_program_node *const n = &program->spec->nodes[at];
    ngi_program_node *const node = &program->nodes[at];
    node->first = 0;
    node->rows = 0;
    for (size_t i = 0; i < n->input_count; i++) {
        node->heads[i] = 0;
    }
    for (;;) {
        size_t next = SIZE_MAX;
        uint64_t least = UINT64_MAX;
        for (size_t i = 0; i < n->input_count; i++) {
            const ngi_program_node *const input = &program->nodes[n->inputs[i]];
            if (node->heads[i] < input->rows) {
                const uint64_t tick = ngi_program_tick(program, input, node->heads[i]);
                if (next == SIZE_MAX || tick < least) {
                    next = i;
                    least = tick;
                }
            }
        }
        if (next == SIZE_MAX) {
            break;
        }
        const ngi_program_node *const input = &program->nodes[n->inputs[next]];
        for (size_t c = 0; c < n->field_count; c++) {
            ngi_copy_value(n->fields[c].type, &input->columns[c], input->first + node->heads[next],
                           &node->columns[c], node->rows);
        }
        node->heads[next]++;
        node->ticks[node->rows++] = least;
    }
    node->total += node->rows;
}

static ng_status ngi_sink_push(ng_program *program, size_t at) {
    const ng_program_node *const n = &program->spec->nodes[at];
    ngi_program_node *const node = &program->nodes[at];
    const ngi_program_node *const input = &program->nodes[n->inputs[0]];
    for (size_t i = 0; i < n->field_count; i++) {
        node->columns[i] = input->columns[node->columns_in[i]];
    }
    node->total += input->rows;
    const ng_status status =
        ng_csv_writer_rows(node->writer, node->columns, input->first, input->rows);
    return status == NG_OK ? NG_OK : ngi_program_fail(program, at, status, 0);
}

/* Lets a node handle what its inputs have brought. */
static ng_status ngi_program_push(ng_program *program, size_t at) {
    switch (program->spec->nodes[at].kind) {
    case NG_PROGRAM_KERNEL:
        return ngi_kernel_push(program, at);
    case NG_PROGRAM_MERGE:
        ngi_merge_push(program, at);
        return NG_OK;
    case NG_PROGRAM_SINK:
        return ngi_sink_push(program, at);
    default:
        return NG_OK;
    }
}

/* ---- rounds
 * ---------------------------------------------------------------------------------------------- */

/* Whether anyone still wants rows of a node. */
static bool ngi_program_wanted(const ng_program *program, size_t at) {
    for (size_t i = at + 1; i < program->spec->node_count; i++) {
        const ng_program_node *const n = &program->spec->nodes[i];
        for (size_t j = 0; j < n->input_count; j++) {
            if (n->inputs[j] == at && !program->nodes[i].ended &&
                (n->kind == NG_PROGRAM_SINK || ngi_program_wanted(program, i))) {
                return true;
            }
        }
    }
    return false;
}

/* Makes sure that a source has rows, or has ended. */
static ng_status ngi_source_fill(ng_program *program, size_t at) {
    ngi_program_node *const node = &program->nodes[at];
    if (node->available != 0) {
        return NG_OK;
    }
    if (node->ended || !ngi_program_wanted(program, at)) {
        node->ended = true;
        return NG_OK;
    }
    size_t rows = 0;
    ng_status status = ng_csv_reader_next(node->reader, node->columns, node->capacity, &rows);
    while (status == NG_AGAIN) {
        status = ng_csv_reader_next(node->reader, node->columns, node->capacity, &rows);
    }
    node->first = 0;
    node->available = rows;
    node->ended = status == NG_END;
    return status < 0 ? ngi_program_fail(program, at, status, 0) : NG_OK;
}

/* The end of the input, once all rows are through: kernels give what they hold, in a fixed order.
 */
static ng_status ngi_program_finish(ng_program *program) {
    const ng_program_spec *const spec = program->spec;
    for (size_t i = 0; i < spec->node_count; i++) {
        program->nodes[i].rows = 0;
    }
    for (size_t f = 0; f < spec->finish_count; f++) {
        const size_t at = spec->finish[f];
        const ng_kernel *const kernel = spec->nodes[at].kernel;
        ngi_program_node *const node = &program->nodes[at];
        ng_status status = NG_AGAIN;
        while (status == NG_AGAIN) {
            ngi_kernel_open(kernel, node);
            status = kernel->flush(node->state, node->out).status;
            ngi_kernel_close(program, at);
            for (size_t i = at + 1; i < spec->node_count; i++) {
                (void)ngi_program_push(program, i);
            }
            node->rows = 0;
        }
        if (status < 0) {
            (void)ngi_program_fail(program, at, status, kernel->failed_row(node->state));
        }
        if (program->status != NG_OK) {
            return program->status;
        }
    }
    for (size_t i = 0; i < spec->node_count; i++) {
        if (spec->nodes[i].kind == NG_PROGRAM_SINK) {
            const ng_status status = ng_csv_writer_finish(program->nodes[i].writer);
            if (status < 0) {
                return ngi_program_fail(program, i, status, 0);
            }
        }
    }
    program->status = NG_END;
    return NG_END;
}

/* What was good before a failure is written. */
static ng_status ngi_program_keep(ng_program *program) {
    for (size_t i = 0; i < program->spec->node_count; i++) {
        if (program->spec->nodes[i].kind == NG_PROGRAM_SINK && i != program->failed_node) {
            (void)!ng_csv_writer_flush(program->nodes[i].writer);
        }
    }
    return program->status;
}

ng_status ng_program_step(ng_program *program) {
    const ng_program_spec *const spec = program->spec;
    if (program->status != NG_OK) {
        return program->status;
    }
    size_t rows = SIZE_MAX;
    for (size_t i = 0; i < spec->node_count; i++) {
        if (spec->nodes[i].kind == NG_PROGRAM_SOURCE) {
            if (ngi_source_fill(program, i) < 0) {
                return ngi_program_keep(program);
            }
            const size_t has = program->nodes[i].available;
            rows = has != 0 && has < rows ? has : rows;
        }
    }
    if (rows == SIZE_MAX) {
        const ng_status status = ngi_program_finish(program);
        return status < 0 ? ngi_program_keep(program) : status;
    }
    for (size_t i = 0; i < spec->node_count; i++) {
        ngi_program_node *const node = &program->nodes[i];
        if (spec->nodes[i].kind == NG_PROGRAM_SOURCE) {
            node->rows = node->available < rows ? node->available : rows;
            node->total += node->rows;
        } else {
            (void)ngi_program_push(program, i);
        }
    }
    for (size_t i = 0; i < spec->node_count; i++) {
        ngi_program_node *const node = &program->nodes[i];
        if (spec->nodes[i].kind == NG_PROGRAM_SOURCE) {
            node->first += node->rows;
            node->available -= node->rows;
        }
    }
    program->tick += rows;
    return program->status == NG_OK ? NG_OK : ngi_program_keep(program);
}

const ng_csv_reader *ng_program_reader(const ng_program *program, size_t node) {
    return program->nodes[node].reader;
}

uint64_t ng_program_rows(const ng_program *program, size_t node) {
    return program->nodes[node].total;
}
