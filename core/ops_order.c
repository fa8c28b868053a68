/* ops_order: takes from the input whose first row is the least, as far as the next input allows. */
#include "ops_order.h"

#include "graph_parts.h"
#include "sizes.h"

/* Followed by the places of the merge's columns in each input, input by input. */
typedef struct ngi_order {
    const ng_schema *schema;
    uint32_t count;
    size_t places[1]; /* NGI_NO_COLUMN: the rows' own numbers */
} ngi_order;

/* The first row to come: its input, and how far it and those behind it come before all others. */
typedef struct ngi_turn {
    uint32_t input;
    uint64_t position;
    uint64_t before; /* the first position that is another input's */
} ngi_turn;

static ngi_turn ngi_order_turn(const ng_context *context, uint32_t count) {
    ngi_turn turn = {0, ng_context_position(context, 0), UINT64_MAX};
    for (uint32_t i = 1; i < count; i++) {
        const uint64_t position = ng_context_position(context, i);
        if (position < turn.position) {
            turn.input = i;
            turn.before = turn.position; /* of one position the inputs before come first */
            turn.position = position;
        } else if (position < turn.before) {
            turn.before = position == UINT64_MAX ? position : position + 1;
        }
    }
    return turn;
}

/* How many of the first `rows` rows, whose positions never fall, are before a position. */
static size_t ngi_order_count(const uint64_t *positions, size_t rows, uint64_t before) {
    size_t low = 0, step = 1;
    while (low + step < rows && positions[low + step - 1] < before) {
        low += step;
        step *= 2;
    }
    size_t high = low + step < rows ? low + step : rows;
    while (low < high) { /* those in front of `low` are before, those from `high` on are not */
        const size_t middle = low + (high - low) / 2;
        if (positions[middle] < before) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static size_t ngi_order_rows(const ng_batch *first, const ngi_input *input, const ngi_turn *turn) {
    if (input->positions != NGI_NO_COLUMN) {
        const ng_column *const column = &first->block->columns[input->positions];
        return ngi_order_count((const uint64_t *)column->values + first->offset, first->rows,
                               turn->before);
    }
    const uint64_t rows = turn->before - turn->position;
    return rows < first->rows ? (size_t)rows : first->rows;
}

/* Copies rows to those made. Answers how many had room. */
static size_t ngi_order_copy(const ngi_order *order, const ng_batch *from, const ngi_turn *turn,
                             size_t rows, const ng_room *out, size_t made) {
    const size_t *const places = &order->places[turn->input * order->schema->count];
    const size_t at = out->at + made;
    for (size_t c = 0; c < order->schema->count; c++) {
        if (order->schema->fields[c].type == NG_UTF8) {
            rows = ngi_text_fitting(&from->block->columns[places[c]], from->offset, rows,
                                    &out->columns[c], at);
        }
    }
    for (size_t c = 0; c < order->schema->count && rows != 0; c++) {
        if (places[c] != NGI_NO_COLUMN) {
            ngi_copy_column(order->schema->fields[c].type, &from->block->columns[places[c]],
                            from->offset, rows, &out->columns[c], at);
            continue;
        }
        for (size_t i = 0; i < rows; i++) {
            ((uint64_t *)out->columns[c].values)[at + i] = turn->position + i;
        }
    }
    return rows;
}

static ng_step ngi_order_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    const ngi_order *const order = (const ngi_order *)state;
    size_t made = 0;
    (void)in;
    while (made < out->rows) {
        const ngi_turn turn = ngi_order_turn(context, order->count);
        const ng_batch *const first = ng_context_first(context, turn.input);
        if (first == NULL) { /* it may still have a row that comes before all others */
            return ng_step_of(0, made, NG_AGAIN);
        }
        size_t rows = ngi_order_rows(first, &context->node->inputs[turn.input], &turn);
        rows = rows < out->rows - made ? rows : out->rows - made;
        rows = ngi_order_copy(order, first, &turn, rows, out, made);
        if (rows == 0) { /* its text has no room behind that of other rows */
            break;
        }
        (void)ng_context_take(context, turn.input, rows);
        made += rows;
    }
    const bool never = made == 0 && out->at == 0;
    return ng_step_of(0, made, never ? NG_TOO_LARGE : NG_OK);
}

static ng_status ngi_order_fail(void *state, ng_context *context, ng_status status) {
    const ngi_turn turn = ngi_order_turn(context, ((const ngi_order *)state)->count);
    (void)status;
    return turn.input == ng_context_input(context) ? NG_OK : NG_AGAIN;
}

static const ng_operator ngi_order_calls = {"merge_ordered", NULL, ngi_order_push, NULL, NULL,
                                            ngi_order_fail,  NULL, false};

/* Whether the rows of an input have numbers of their own: they are all of a source's. */
static bool ngi_order_is_source(const ng_graph *graph, const ngi_node *node) {
    while (ngi_is_fork(node)) {
        node = graph->nodes[node->inputs[0].node];
    }
    return node->input_count == 0;
}

/* Whether nothing above a node holds rows back. */
static bool ngi_order_flows(const ng_graph *graph, const ngi_node *merge) {
    bool flows = true;
    for (uint32_t at = 0; at < merge->self; at++) {
        const ngi_node *const above = graph->nodes[at];
        flows = flows && (!above->ordered || above->stage.holds == 0);
    }
    return flows;
}

/* NG_OK, and the places of the merge's columns in a river. */
static ng_status ngi_order_find(const ng_schema *schema, ng_river river, size_t *places) {
    const ng_schema *const columns = ng_columns(river);
    const ngi_node *const node = river.graph->nodes[river.node];
    const size_t row = ng_schema_find(columns, NG_ROW_COLUMN);
    const bool carries = row < columns->count;
    if (!carries && !ngi_order_is_source(river.graph, node)) {
        return NG_UNSUPPORTED;
    }
    if (carries && (columns->fields[row].type != NG_U64 || columns->fields[row].nullable)) {
        return NG_MISMATCH;
    }
    for (size_t c = 0; c < schema->count; c++) {
        const ng_field *const field = &schema->fields[c];
        const size_t place = ng_schema_find(columns, field->name);
        if (place == columns->count && ng_schema_find(schema, NG_ROW_COLUMN) == c &&
            field->type == NG_U64) {
            places[c] = NGI_NO_COLUMN;
            continue;
        }
        if (place == columns->count || columns->fields[place].type != field->type ||
            (columns->fields[place].nullable && !field->nullable)) {
            return NG_MISMATCH;
        }
        places[c] = place;
    }
    return NG_OK;
}

ng_river ng_merge_ordered(const ng_river *rivers, uint32_t count, const ng_schema *schema) {
    ng_river nowhere = {NULL, NGI_NOWHERE, 0};
    if (rivers == NULL || count == 0 || rivers[0].graph == NULL) {
        return nowhere;
    }
    ng_graph *const graph = rivers[0].graph;
    if (schema == NULL || ng_schema_check(schema) != NG_OK) {
        return ng_refuse(graph, ngi_order_calls.name, NG_INVALID);
    }
    const size_t places = ngi_size_times(count, schema->count);
    const size_t size = ngi_size_plus(sizeof(ngi_order), ngi_size_times(places, sizeof(size_t)));
    const ng_stage stage = {&ngi_order_calls, size, NULL, schema, 1, false, 0};
    const ng_river river = ng_apply(graph, rivers, count, &stage);
    ngi_order *const order = (ngi_order *)ng_state(river);
    if (order == NULL) {
        return river;
    }
    order->schema = schema;
    order->count = count;
    ng_status status = NG_OK;
    for (uint32_t i = 0; i < count && status == NG_OK; i++) {
        status = ngi_order_find(schema, rivers[i], &order->places[i * schema->count]);
    }
    ngi_node *const node = graph->nodes[river.node];
    ngi_order_mark(graph, node);
    if (status == NG_OK && !ngi_order_flows(graph, node)) {
        status = NG_UNSUPPORTED;
    }
    return status == NG_OK ? river : ng_refuse(graph, ngi_order_calls.name, status);
}
