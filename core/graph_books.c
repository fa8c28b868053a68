/* graph_books: whether all rows of a graph are accounted for. */
#include "graph.h"

#include "graph_parts.h"

ng_account ng_river_account(ng_river river) {
    ng_account none;
    __builtin_memset(&none, 0, sizeof none);
    const bool there = river.graph != NULL && river.node < river.graph->count;
    return there ? river.graph->nodes[river.node]->account : none;
}

/* What an output sent was taken, waits, was let go of, or gave way to other rows. */
static bool ngi_link_holds(const ng_graph *graph, const ngi_output *output) {
    const ngi_input *const to = &graph->nodes[output->to]->inputs[output->to_input];
    return output->sent ==
           to->received + to->discarded + output->link.dropped_rows + ng_link_queued(&output->link);
}

static void ngi_account_collect(const ng_graph *graph, const ngi_node *node, ng_account *all) {
    const ng_account *const a = &node->account;
    const uint64_t dead = node->dead_letters ? node->outputs[node->stage.outputs].sent : 0;
    all->in += a->in;
    for (uint32_t i = 0; i < node->input_count; i++) {
        all->in -= node->inputs[i].received;
    }
    all->out += node->stage.outputs == 0 ? a->out - dead : 0;
    all->filtered += a->filtered;
    all->late += a->late;
    all->dropped += a->dropped;
    all->failed += a->failed;
    all->held += a->held;
    for (uint32_t i = 0; i < ngi_output_count(node) && graph->memory != NULL; i++) {
        const ngi_output *const output = &node->outputs[i];
        all->in_flight += ng_link_queued(&output->link);
        all->dropped += output->link.dropped_rows +
                        graph->nodes[output->to]->inputs[output->to_input].discarded;
    }
}

ng_status ng_audit(const ng_graph *graph, ng_account *all, ng_error *at) {
    __builtin_memset(all, 0, sizeof *all);
    __builtin_memset(at, 0, sizeof *at);
    for (uint32_t i = 0; i < graph->count; i++) {
        const ngi_node *const node = graph->nodes[i];
        const ng_account *const account = &node->account;
        bool holds = ng_account_holds(account);
        for (uint32_t k = 0; k < ngi_output_count(node) && graph->memory != NULL; k++) {
            holds = holds && ngi_link_holds(graph, &node->outputs[k]);
        }
        if (!holds && at->status == NG_OK) {
            at->status = NG_FAILED;
            at->calls = node->stage.calls->name;
            at->river = node->name;
            at->row = account->in;
            at->node = node->self;
        }
        ngi_account_collect(graph, node, all);
    }
    return at->status;
}
