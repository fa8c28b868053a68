/* graph_timers: a heap of the nodes that wait for a time, the first to come at its root. */
#include "graph.h"

#include "graph_parts.h"

static void ngi_heap_put(ng_graph *graph, uint32_t place, ngi_node *node) {
    graph->heap[place] = node->self;
    node->heap_place = place;
}

static ngi_node *ngi_heap_at(const ng_graph *graph, uint32_t place) {
    return graph->nodes[graph->heap[place]];
}

/* Puts a node where it belongs on the way from `place` to the root. */
static void ngi_heap_up(ng_graph *graph, uint32_t place, ngi_node *node) {
    while (place != 0) {
        ngi_node *const above = ngi_heap_at(graph, (place - 1) / 2);
        if (above->wakes <= node->wakes) {
            break;
        }
        const uint32_t free = above->heap_place;
        ngi_heap_put(graph, place, above);
        place = free;
    }
    ngi_heap_put(graph, place, node);
}

/* Puts a node where it belongs on the way from `place` to the leaves. */
static void ngi_heap_down(ng_graph *graph, uint32_t place, ngi_node *node) {
    for (uint32_t next = 2 * place + 1; next < graph->timers; next = 2 * place + 1) {
        const bool right = next + 1 < graph->timers &&
                           ngi_heap_at(graph, next + 1)->wakes < ngi_heap_at(graph, next)->wakes;
        ngi_node *const below = ngi_heap_at(graph, next + right);
        if (node->wakes <= below->wakes) {
            break;
        }
        ngi_heap_put(graph, place, below);
        place = next + right;
    }
    ngi_heap_put(graph, place, node);
}

/* A node at `place` may be too early or too late for it. */
static void ngi_heap_settle(ng_graph *graph, uint32_t place, ngi_node *node) {
    ngi_heap_up(graph, place, node);
    ngi_heap_down(graph, node->heap_place, node);
}

int64_t ng_graph_next(const ng_graph *graph) {
    return graph->timers == 0 ? INT64_MAX : ngi_heap_at(graph, 0)->wakes;
}

static void ngi_timers_ring(ng_graph *graph, int64_t now) {
    while (ng_graph_next(graph) <= now && graph->timers != 0) {
        ngi_node *const node = ngi_heap_at(graph, 0);
        if (node->when <= now) {
            node->when = INT64_MAX;
            node->due = true;
        }
        node->retry_at = node->retry_at <= now ? INT64_MAX : node->retry_at;
        ngi_timer_update(graph, node);
        ngi_make_ready(graph, node->self);
    }
}

static bool ngi_timer_run(ng_graph *graph, ngi_node *node) {
    if (node->stage.calls->timer == NULL) {
        node->due = false;
        return false;
    }
    const bool progress = ngi_node_call(graph, node, NG_CALL_TIMER, 0, NULL);
    node->due = node->answer == NG_AGAIN;
    return progress;
}

static const ngi_timing ngi_timer_timing = {ngi_timer_update, ngi_timers_ring, ngi_timer_run};

void ngi_timer_update(ng_graph *graph, ngi_node *node) {
    graph->timing = &ngi_timer_timing;
    const bool waited = node->wakes != INT64_MAX;
    node->wakes = node->when < node->retry_at ? node->when : node->retry_at;
    if (node->wakes != INT64_MAX) {
        ngi_heap_settle(graph, waited ? node->heap_place : graph->timers++, node);
    } else if (waited) {
        ngi_node *const last = ngi_heap_at(graph, --graph->timers);
        if (last != node) {
            ngi_heap_settle(graph, node->heap_place, last);
        }
    }
}
