/* ops_file: a source that splits bytes into lines, and a sink that puts them together. */
#include "ops_file.h"

#include "loop_parts.h"
#include "sizes.h"
#include "utf8.h"

/* A file that is looked at only while there is something to wait for. */
typedef struct ngi_file {
    ng_loop *loop;
    ng_watch watch;
    ng_river river;
    bool ready;  /* bytes can be moved without waiting */
    bool always; /* as with files on disks */
} ngi_file;

static void ngi_file_ready(ng_watch *watch, unsigned events) {
    ngi_file *const file = (ngi_file *)watch->ctx;
    (void)events;
    ng_watch_stop(watch);
    file->ready = true;
    ng_graph_wake(file->river);
}

static void ngi_file_init(ngi_file *file, ng_loop *loop, int descriptor, unsigned events,
                          ng_river river) {
    file->loop = loop;
    file->watch.ready = ngi_file_ready;
    file->watch.ctx = file;
    file->watch.file = descriptor;
    file->watch.events = events;
    file->river = river;
}

/* NG_OK: bytes can be moved now; NG_AGAIN: the river will be woken. */
static ng_status ngi_file_await(ngi_file *file) {
    if (file->ready || file->always) {
        file->ready = false;
        return NG_OK;
    }
    const ng_status status =
        file->watch.loop != NULL ? NG_OK : ng_watch_start(file->loop, &file->watch);
    file->always = status == NG_UNSUPPORTED;
    return file->always ? NG_OK : status == NG_OK ? NG_AGAIN : status;
}

static bool ngi_file_is_possible(const ng_loop *loop, int file) {
    return file >= 0 && loop->port.read != NULL && loop->port.write != NULL &&
           loop->port.watch != NULL;
}

/* Bytes of a buffer, from `at` up to before `end`. */
typedef struct ngi_span {
    size_t at, end, size;
} ngi_span;

/* ---- reading --------------------------------------------------------------------------------- */

static const ng_field ngi_line_field[] = {NG_FIELD("line", NG_UTF8)};
static const ng_schema ngi_line_schema = {ngi_line_field, 1};

typedef struct ngi_read_lines {
    ngi_file file;
    ngi_span span;
    size_t seen; /* bytes of the span that have no line's end */
    bool over;   /* the file has ended */
    char bytes[1];
} ngi_read_lines;

/* The size of the first line with its end, 0: it is not there as a whole. */
static size_t ngi_line_size(ngi_read_lines *lines) {
    const char *const begin = lines->bytes + lines->span.at;
    const size_t size = lines->span.end - lines->span.at;
    while (lines->seen < size) {
        if (begin[lines->seen++] == '\n') {
            return lines->seen;
        }
    }
    return lines->over ? size : 0;
}

/* Fills the buffer once. NG_END: nothing more comes. */
static ng_status ngi_lines_fill(ngi_read_lines *lines) {
    ngi_span *const span = &lines->span;
    const ng_port *const port = &lines->file.loop->port;
    size_t done = 0;
    if (lines->over) {
        return NG_END;
    }
    if (span->at != 0) {
        __builtin_memmove(lines->bytes, lines->bytes + span->at, span->end - span->at);
        span->end -= span->at;
        span->at = 0;
    }
    if (span->end == span->size) {
        return NG_TOO_LARGE;
    }
    ng_status status = ngi_file_await(&lines->file);
    if (status == NG_OK) {
        status = port->read(port->ctx, lines->file.watch.file, lines->bytes + span->end,
                            span->size - span->end, &done);
    }
    span->end += done;
    lines->over = status == NG_END;
    return lines->over ? NG_OK : status;
}

/* Makes the first line a row. NG_AGAIN: it does not fit behind the others. */
static ng_status ngi_line_set(ngi_read_lines *lines, size_t size, ng_row row, bool first) {
    const char *const begin = lines->bytes + lines->span.at;
    size_t text = size;
    text -= text != 0 && begin[text - 1] == '\n';
    text -= text != size && text != 0 && begin[text - 1] == '\r';
    if (!ngi_utf8_is_valid(begin, begin + text)) {
        return NG_BAD_INPUT;
    }
    const ng_status status = ng_set_text(row, 0, begin, text);
    if (status == NG_OK) {
        lines->span.at += size;
        lines->seen = 0;
    }
    return status == NG_TOO_LARGE && !first ? NG_AGAIN : status;
}

static ng_step ngi_read_lines_push(void *state, ng_context *context, const ng_batch *in,
                                   const ng_room *out) {
    ngi_read_lines *const lines = (ngi_read_lines *)state;
    ng_status status = NG_OK;
    size_t made = 0;
    (void)in;
    while (made < out->rows && status == NG_OK) {
        const size_t size = ngi_line_size(lines);
        if (size == 0) {
            status = ngi_lines_fill(lines);
        } else {
            status = ngi_line_set(lines, size, ng_room_row(out, made), out->at + made == 0);
            made += status == NG_OK;
            lines->seen = status == NG_AGAIN ? size - 1 : lines->seen;
        }
    }
    ng_context_count(context, NG_MADE, (int64_t)made);
    return ng_step_of(0, made, status == NG_AGAIN ? NG_OK : status);
}

static void ngi_read_lines_close(void *state) {
    ng_watch_stop(&((ngi_read_lines *)state)->file.watch);
}

static const ng_operator ngi_read_lines_calls = {"read_lines", NULL, ngi_read_lines_push,  NULL,
                                                 NULL,         NULL, ngi_read_lines_close, false};

ng_river ng_read_lines(ng_graph *graph, ng_loop *loop, int file, size_t longest) {
    const size_t size = ngi_size_plus(sizeof(ngi_read_lines) + 2, longest);
    const ng_stage stage = {&ngi_read_lines_calls, size, NULL, &ngi_line_schema, 1, false, 0};
    if (loop == NULL || !ngi_file_is_possible(loop, file)) {
        return ng_refuse(graph, stage.calls->name, loop == NULL ? NG_INVALID : NG_UNSUPPORTED);
    }
    const ng_river river = ng_apply(graph, NULL, 0, &stage);
    ngi_read_lines *const lines = (ngi_read_lines *)ng_state(river);
    if (lines != NULL) {
        ngi_file_init(&lines->file, loop, file, NG_READABLE, river);
        lines->span.size = longest + 2;
    }
    return river;
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct ngi_write_lines {
    ngi_file file;
    size_t column;
    ngi_span span;
    char bytes[1];
} ngi_write_lines;

/* Puts rows into the buffer, as many as fit. */
static size_t ngi_lines_put(ngi_write_lines *lines, const ng_batch *in, ng_status *status) {
    size_t taken = 0;
    for (; taken < in->rows; taken++) {
        const ng_row row = ng_batch_row(in, taken);
        size_t size = 0;
        const char *const text =
            ng_is_null(row, lines->column) ? "" : ng_get_text(row, lines->column, &size);
        if (size >= lines->span.size) {
            *status = NG_TOO_LARGE;
            break;
        }
        if (size >= lines->span.size - lines->span.end) {
            break;
        }
        __builtin_memcpy(lines->bytes + lines->span.end, text, size);
        lines->bytes[lines->span.end + size] = '\n';
        lines->span.end += size + 1;
    }
    return taken;
}

/* Writes what is in the buffer. NG_AGAIN: not all of it yet. */
static ng_status ngi_lines_drain(ngi_write_lines *lines) {
    const ng_port *const port = &lines->file.loop->port;
    ngi_span *const span = &lines->span;
    ng_status status = NG_OK;
    while (span->at != span->end && status == NG_OK) {
        size_t done = 0;
        status = port->write(port->ctx, lines->file.watch.file, lines->bytes + span->at,
                             span->end - span->at, &done);
        span->at += done;
        status = status == NG_AGAIN ? ngi_file_await(&lines->file) : status;
    }
    if (span->at == span->end) {
        span->at = span->end = 0;
    }
    return status;
}

/* A buffer that was written is filled again, until the file has no room. */
static ng_step ngi_write_lines_push(void *state, ng_context *context, const ng_batch *in,
                                    const ng_room *out) {
    ngi_write_lines *const lines = (ngi_write_lines *)state;
    ng_status status = ngi_lines_drain(lines), bad = NG_OK;
    (void)context;
    (void)out;
    if (status != NG_OK) {
        return ng_step_of(0, 0, status == NG_AGAIN ? NG_OK : status);
    }
    const size_t taken = ngi_lines_put(lines, in, &bad);
    status = ngi_lines_drain(lines);
    return ng_step_of(taken, 0, bad != NG_OK ? bad : status == NG_AGAIN ? NG_OK : status);
}

static ng_step ngi_write_lines_end(void *state, ng_context *context, const ng_room *out) {
    (void)context;
    (void)out;
    return ng_step_of(0, 0, ngi_lines_drain((ngi_write_lines *)state));
}

static void ngi_write_lines_close(void *state) {
    ng_watch_stop(&((ngi_write_lines *)state)->file.watch);
}

static const ng_operator ngi_write_lines_calls = {"write_lines",         NULL, ngi_write_lines_push,
                                                  ngi_write_lines_end,   NULL, NULL,
                                                  ngi_write_lines_close, true};

ng_river ng_write_lines(ng_river river, const char *column, ng_loop *loop, int file,
                        size_t longest) {
    const ng_schema *const schema = ng_columns(river);
    const size_t size = ngi_size_plus(sizeof(ngi_write_lines) + 1, longest);
    const ng_stage stage = {&ngi_write_lines_calls, size, NULL, NULL, 0, false, 0};
    if (column == NULL || loop == NULL || !ngi_file_is_possible(loop, file)) {
        return ng_refuse(river.graph, stage.calls->name,
                         column == NULL || loop == NULL ? NG_INVALID : NG_UNSUPPORTED);
    }
    const size_t at = schema == NULL ? 0 : ng_schema_find(schema, column);
    if (schema != NULL && (at == schema->count || schema->fields[at].type != NG_UTF8)) {
        return ng_refuse(river.graph, stage.calls->name, NG_MISMATCH);
    }
    const ng_river sink = ng_apply(river.graph, &river, 1, &stage);
    ngi_write_lines *const lines = (ngi_write_lines *)ng_state(sink);
    if (lines != NULL) {
        ngi_file_init(&lines->file, loop, file, NG_WRITABLE, sink);
        lines->column = at;
        lines->span.size = longest + 1;
    }
    return sink;
}
