/* ops_arrow: a source that asks a stream, and a sink that a stream asks. */
#include "ops_arrow.h"

#include "pool.h"
#include "sizes.h"

/* Numbers that all systems' errno.h agree on, but for EAGAIN, which is Linux's. */
enum { NGI_EIO = 5, NGI_EAGAIN = 11, NGI_ENOMEM = 12, NGI_EINVAL = 22 };

/* ---- in -------------------------------------------------------------------------------------- */

ng_status ng_arrow_input_open(ng_arrow_input *input, struct ArrowArrayStream *stream,
                              ng_allocator allocator) {
    struct ArrowSchema schema;
    __builtin_memset(input, 0, sizeof *input);
    __builtin_memset(&schema, 0, sizeof schema);
    input->columns.column = SIZE_MAX;
    if (stream == NULL || stream->release == NULL) {
        return NG_INVALID;
    }
    if (stream->get_schema(stream, &schema) != 0) {
        return NG_IO;
    }
    const ng_status status = ng_arrow_import_schema(&schema, allocator, &input->columns);
    if (schema.release != NULL) {
        schema.release(&schema);
    }
    if (status == NG_OK) {
        input->allocator = allocator;
        input->stream = *stream;
        stream->release = NULL;
    }
    return status;
}

/* Asks for the next array that has rows. NG_END: there is none. */
static ng_status ngi_arrow_ask(ng_arrow_input *input) {
    ng_status status = NG_OK;
    while (status == NG_OK && input->batch.block == NULL) {
        struct ArrowArray array;
        __builtin_memset(&array, 0, sizeof array);
        if (input->stream.get_next(&input->stream, &array) != 0) {
            return NG_IO;
        }
        if (array.release == NULL) {
            return NG_END;
        }
        status = ng_arrow_import(&array, &input->columns.schema, input->allocator, &input->batch);
        if (status != NG_OK) {
            array.release(&array);
        } else if (input->batch.rows == 0) {
            (void)ng_batch_release(&input->batch);
        }
    }
    return status;
}

static ng_arrow_input *ngi_arrow_input_of(void *state) { return *(ng_arrow_input **)state; }

static ng_step ngi_arrow_source_push(void *state, ng_context *context, const ng_batch *in,
                                     const ng_room *out) {
    ng_arrow_input *const input = ngi_arrow_input_of(state);
    ng_batch *const batch = &input->batch;
    const size_t credit = ng_context_credit(context, 0);
    (void)in;
    (void)out;
    if (credit == 0) {
        return ng_step_of(0, 0, NG_OK);
    }
    ng_status status = ngi_arrow_ask(input);
    if (status == NG_OK) {
        const size_t rows = batch->rows < credit ? batch->rows : credit;
        status = ng_context_forward(context, 0, batch, 0, rows);
        if (status == NG_OK) {
            ng_context_count(context, NG_MADE, (int64_t)rows);
            batch->offset += rows;
            batch->rows -= rows;
        }
    }
    if (batch->block != NULL && batch->rows == 0) {
        (void)ng_batch_release(batch);
    }
    return ng_step_of(0, 0, status);
}

static void ngi_arrow_source_close(void *state) {
    ng_batch *const batch = &ngi_arrow_input_of(state)->batch;
    if (batch->block != NULL) {
        (void)ng_batch_release(batch);
    }
}

static const ng_operator ngi_arrow_source_calls = {
    "arrow_source", NULL, ngi_arrow_source_push, NULL, NULL, NULL, ngi_arrow_source_close, false};

ng_river ng_arrow_source(ng_graph *graph, ng_arrow_input *input) {
    if (input == NULL || input->stream.release == NULL) {
        return ng_refuse(graph, ngi_arrow_source_calls.name, NG_INVALID);
    }
    const ng_stage stage = {
        &ngi_arrow_source_calls, sizeof input, &input, &input->columns.schema, 1, true, 0};
    return ng_apply(graph, NULL, 0, &stage);
}

const char *ng_arrow_input_error(ng_arrow_input *input) {
    return input->stream.release == NULL ? NULL : input->stream.get_last_error(&input->stream);
}

void ng_arrow_input_close(ng_arrow_input *input) {
    if (input->stream.release != NULL) {
        input->stream.release(&input->stream);
    }
    input->stream.release = NULL;
    ng_arrow_schema_close(&input->columns);
}

/* ---- out ------------------------------------------------------------------------------------- */

static ng_arrow_output *ngi_arrow_output_of(void *state) { return *(ng_arrow_output **)state; }

/* Keeps the first batch until the stream's owner asks for it. */
static ng_step ngi_arrow_sink_push(void *state, ng_context *context, const ng_batch *in,
                                   const ng_room *out) {
    ng_arrow_output *const output = ngi_arrow_output_of(state);
    (void)context;
    (void)out;
    if (output->batch.block != NULL) {
        return ng_step_of(0, 0, NG_AGAIN);
    }
    const ng_status status = ng_batch_slice(in, 0, in->rows, &output->batch);
    return ng_step_of(status == NG_OK ? in->rows : 0, 0, status);
}

static ng_step ngi_arrow_sink_end(void *state, ng_context *context, const ng_room *out) {
    (void)context;
    (void)out;
    ngi_arrow_output_of(state)->status = NG_END;
    return ng_step_of(0, 0, NG_OK);
}

static ng_status ngi_arrow_sink_fail(void *state, ng_context *context, ng_status status) {
    (void)context;
    ngi_arrow_output_of(state)->status = status;
    return NG_OK;
}

static void ngi_arrow_sink_close(void *state) {
    ng_arrow_output *const output = ngi_arrow_output_of(state);
    output->status = output->status == NG_OK ? NG_CANCELLED : output->status;
}

static const ng_operator ngi_arrow_sink_calls = {"arrow_sink",         NULL, ngi_arrow_sink_push,
                                                 ngi_arrow_sink_end,   NULL, ngi_arrow_sink_fail,
                                                 ngi_arrow_sink_close, false};

ng_river ng_arrow_sink(ng_river river, ng_arrow_output *output, uint32_t keeps,
                       ng_allocator allocator) {
    if (output == NULL || ng_columns(river) == NULL || keeps >= UINT32_MAX / 2) {
        return ng_refuse(river.graph, ngi_arrow_sink_calls.name, NG_INVALID);
    }
    __builtin_memset(output, 0, sizeof *output);
    output->schema = ng_columns(river);
    output->keeps = keeps;
    output->allocator = allocator;
    const ng_stage stage = {
        &ngi_arrow_sink_calls, sizeof output, &output, NULL, 0, false, keeps + 1};
    output->river = ng_apply(river.graph, &river, 1, &stage);
    return output->river;
}

/* ---- batches that are handed out ------------------------------------------------------------- */

/* A block that stands for a block of the graph, and counts that it is kept. */
typedef struct ngi_arrow_lent {
    ng_block block;
    ng_batch batch;
    ng_arrow_output *output;
} ngi_arrow_lent;

static void ngi_arrow_lent_back(ng_block *block) {
    ngi_arrow_lent *const lent = (ngi_arrow_lent *)block->owner;
    ng_arrow_output *const output = lent->output;
    const ng_allocator allocator = output->allocator;
    (void)ng_batch_release(&lent->batch);
    (void)allocator.resize(allocator.ctx, lent, sizeof *lent, 0);
    __atomic_sub_fetch(&output->kept, 1, __ATOMIC_RELEASE);
}

/* Has a batch count as kept, until it is let go of. */
static ng_status ngi_arrow_lend(ng_arrow_output *output, ng_batch *batch) {
    const ng_allocator *const a = &output->allocator;
    ngi_arrow_lent *const lent = (ngi_arrow_lent *)a->resize(a->ctx, NULL, 0, sizeof *lent);
    if (lent == NULL) {
        return NG_NO_MEMORY;
    }
    lent->batch = *batch;
    lent->output = output;
    ng_block_init(&lent->block, batch->block->columns, batch->block->capacity, ngi_arrow_lent_back,
                  lent);
    batch->block = &lent->block;
    __atomic_add_fetch(&output->kept, 1, __ATOMIC_RELAXED);
    return NG_OK;
}

/* A copy of a batch: a pool with one block, and what takes it back. */
typedef struct ngi_arrow_copy {
    ng_pool pool;
    ng_block block;
    ng_allocator allocator;
    size_t size;
} ngi_arrow_copy;

static void ngi_arrow_copy_back(ng_block *block) {
    ngi_arrow_copy *const copy = (ngi_arrow_copy *)block->owner;
    const ng_allocator allocator = copy->allocator;
    (void)allocator.resize(allocator.ctx, copy, copy->size, 0);
}

/* The longest text of a column in a batch, in bytes, at least 1. */
static size_t ngi_arrow_text(const ng_batch *batch) {
    size_t most = 1;
    for (size_t i = 0; i < batch->schema->count; i++) {
        if (batch->schema->fields[i].type == NG_UTF8) {
            const int32_t *const offsets = (const int32_t *)batch->block->columns[i].values;
            const size_t bytes =
                (size_t)(offsets[batch->offset + batch->rows] - offsets[batch->offset]);
            most = bytes > most ? bytes : most;
        }
    }
    return most;
}

/* Puts a copy in a batch's place. */
static ng_status ngi_arrow_copy_batch(const ng_arrow_output *output, ng_batch *batch) {
    const ng_allocator *const a = &output->allocator;
    const size_t text = ngi_arrow_text(batch);
    const size_t head = ngi_size_round(sizeof(ngi_arrow_copy), 64);
    const size_t size = ngi_size_plus(head, ng_pool_size(batch->schema, 1, batch->rows, text));
    ngi_arrow_copy *const copy = (ngi_arrow_copy *)a->resize(a->ctx, NULL, 0, size);
    if (copy == NULL) {
        return NG_NO_MEMORY;
    }
    copy->allocator = *a;
    copy->size = size;
    ng_status status =
        ng_pool_init(&copy->pool, (uint8_t *)copy + head, batch->schema, 1, batch->rows, text);
    if (status != NG_OK) {
        (void)a->resize(a->ctx, copy, size, 0);
        return status;
    }
    ng_block *const block = ng_pool_take(&copy->pool);
    (void)ng_batch_copy(batch, 0, batch->rows, block, 0);
    ng_block_init(&copy->block, block->columns, batch->rows, ngi_arrow_copy_back, copy);
    ng_batch made = {batch->schema, &copy->block, 0, batch->rows};
    (void)ng_batch_release(batch);
    *batch = made;
    return NG_OK;
}

/* ---- the stream ------------------------------------------------------------------------------ */

static ng_arrow_output *ngi_arrow_output_in(const struct ArrowArrayStream *stream) {
    return (ng_arrow_output *)stream->private_data;
}

static int ngi_arrow_answer(ng_arrow_output *output, ng_status status) {
    output->why = status;
    return status == NG_OK || status == NG_END ? 0
           : status == NG_AGAIN                ? NGI_EAGAIN
           : status == NG_NO_MEMORY            ? NGI_ENOMEM
           : status == NG_INVALID              ? NGI_EINVAL
                                               : NGI_EIO;
}

static int ngi_arrow_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    ng_arrow_output *const output = ngi_arrow_output_in(stream);
    return ngi_arrow_answer(output, ng_arrow_export_schema(output->schema, output->allocator, out));
}

/* Runs the graph until the sink has a batch. NG_AGAIN: it waits for something outside; else how the
 * river ended. */
static ng_status ngi_arrow_run(ng_arrow_output *output) {
    ng_status status = NG_AGAIN;
    ng_graph_wake(output->river);
    while (status == NG_AGAIN && output->batch.block == NULL && output->status == NG_OK) {
        status = ng_graph_step(output->river.graph, 1);
    }
    return output->batch.block != NULL ? NG_OK
           : output->status != NG_OK   ? output->status
           : status == NG_OK           ? NG_AGAIN
                                       : status;
}

/* Makes the batch one that may leave the graph. */
static ng_status ngi_arrow_prepare(ng_arrow_output *output) {
    const bool lends = __atomic_load_n(&output->kept, __ATOMIC_ACQUIRE) < output->keeps;
    ng_status status = NG_OK;
    if (!output->prepared) {
        status = lends ? ngi_arrow_lend(output, &output->batch)
                       : ngi_arrow_copy_batch(output, &output->batch);
        output->prepared = status == NG_OK;
    }
    return status;
}

static int ngi_arrow_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    ng_arrow_output *const output = ngi_arrow_output_in(stream);
    __builtin_memset(out, 0, sizeof *out);
    ng_status status = ngi_arrow_run(output);
    if (status == NG_OK) {
        status = ngi_arrow_prepare(output);
    }
    if (status == NG_OK) {
        status = ng_arrow_export(&output->batch, output->allocator, out);
        output->prepared = status != NG_OK;
    }
    return ngi_arrow_answer(output, status);
}

static const char *ngi_arrow_get_last_error(struct ArrowArrayStream *stream) {
    const ng_status why = ngi_arrow_output_in(stream)->why;
    return why == NG_AGAIN ? "the graph waits for something outside"
           : why < NG_OK   ? ng_status_text(why)
                           : NULL;
}

static void ngi_arrow_release_stream(struct ArrowArrayStream *stream) {
    ng_arrow_output *const output = ngi_arrow_output_in(stream);
    if (output->batch.block != NULL) {
        (void)ng_batch_release(&output->batch);
    }
    ng_cancel(output->river);
    stream->release = NULL;
}

void ng_arrow_stream(ng_arrow_output *output, struct ArrowArrayStream *out) {
    out->get_schema = ngi_arrow_get_schema;
    out->get_next = ngi_arrow_get_next;
    out->get_last_error = ngi_arrow_get_last_error;
    out->release = ngi_arrow_release_stream;
    out->private_data = output;
}
