/* ops_collect: a sink that copies. */
#include "ops_collect.h"

static ng_step ngi_collect_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    ng_collected *const to = *(ng_collected **)state;
    ng_block into;
    (void)context;
    (void)out;
    ng_block_init(&into, to->columns, to->capacity, NULL, NULL);
    const size_t copied = ng_batch_copy(in, 0, in->rows, &into, to->rows);
    to->rows += copied;
    return ng_step_of(copied, 0, copied == in->rows ? NG_OK : NG_FULL);
}

static const ng_operator ngi_collect_calls = {"collect", NULL, ngi_collect_push, NULL, NULL, NULL,
                                              NULL,      true};

ng_river ng_collect(ng_river river, ng_collected *to) {
    const ng_stage stage = {&ngi_collect_calls, sizeof to, &to, NULL, 0, false, 0};
    const ng_schema *const schema = ng_columns(river);
    if (to == NULL || to->columns == NULL || to->rows > to->capacity || schema == NULL) {
        return ng_refuse(river.graph, ngi_collect_calls.name, NG_INVALID);
    }
    for (size_t i = 0; i < schema->count && to->rows == 0; i++) {
        if (schema->fields[i].type == NG_UTF8) {
            ((int32_t *)to->columns[i].values)[0] = 0;
        }
    }
    return ng_apply(river.graph, &river, 1, &stage);
}
