/* health: looks at nodes and links, and writes what it saw. */
#include "health.h"

#include "graph_parts.h"
#include "number.h"

static ng_condition ngi_health_of(const ng_graph *graph, const ngi_node *node) {
    if (node->closed) {
        return node->how == NG_END ? NG_DONE : node->how == NG_CANCELLED ? NG_ABANDONED : NG_BROKEN;
    }
    if ((graph->ready[node->self / 64] >> (node->self % 64) & 1) != 0) {
        return NG_READY;
    }
    return node->blocked && node->input_count != 0 ? NG_BLOCKED : NG_IDLE;
}

static void ngi_health_take(const ng_graph *graph, const ngi_node *node, ng_health *health) {
    health->calls = node->stage.calls->name;
    health->river = node->name;
    health->node = node->self;
    health->condition = ngi_health_of(graph, node);
    health->status = node->closed ? node->how : NG_OK;
    health->called = node->calls;
    health->queued = 0;
    health->desired = UINT64_MAX;
    health->account = node->account;
    for (uint32_t i = 0; i < node->input_count; i++) {
        health->queued += ng_link_queued(&ngi_source_of(graph, &node->inputs[i])->link);
    }
    for (uint32_t i = 0; i < ngi_output_count(node); i++) {
        const uint64_t desired = ng_link_desired(&node->outputs[i].link);
        health->desired = desired < health->desired ? desired : health->desired;
    }
    if (health->condition == NG_IDLE && health->desired == 0) {
        health->condition = NG_BLOCKED; /* a source that has no credit */
    }
}

size_t ng_graph_health(const ng_graph *graph, ng_health *list, size_t room) {
    if (graph->memory == NULL) {
        return 0;
    }
    for (uint32_t i = 0; i < graph->count && i < room; i++) {
        ngi_health_take(graph, graph->nodes[i], &list[i]);
    }
    return graph->count;
}

const char *ng_condition_text(ng_condition condition) {
    static const char *const texts[] = {"ready", "idle", "blocked", "done", "broken", "abandoned"};
    const bool known = condition >= NG_READY && condition <= NG_ABANDONED;
    return known ? texts[condition] : "unknown";
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* A text that is cut where there is no more room. */
typedef struct ngi_json {
    char *out;
    size_t room, size;
} ngi_json;

static void ngi_json_char(ngi_json *json, char c) {
    if (json->size + 1 < json->room) {
        json->out[json->size++] = c;
    }
}

static void ngi_json_plain(ngi_json *json, const char *text) {
    while (*text != '\0') {
        ngi_json_char(json, *text++);
    }
}

/* A string, or null. */
static void ngi_json_string(ngi_json *json, const char *text) {
    static const char digits[] = "0123456789abcdef";
    if (text == NULL) {
        ngi_json_plain(json, "null");
        return;
    }
    ngi_json_char(json, '"');
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c < ' ') {
            ngi_json_plain(json, "\\u00");
            ngi_json_char(json, digits[c >> 4]);
            ngi_json_char(json, digits[c & 15]);
        } else {
            if (c == '"' || c == '\\') {
                ngi_json_char(json, '\\');
            }
            ngi_json_char(json, *text);
        }
    }
    ngi_json_char(json, '"');
}

static void ngi_json_number(ngi_json *json, const char *name, uint64_t value) {
    char text[NG_NUMBER_TEXT_MAX];
    const size_t size = ng_write_u64(text, value);
    ngi_json_plain(json, ",\"");
    ngi_json_plain(json, name);
    ngi_json_plain(json, "\":");
    for (size_t i = 0; i < size; i++) {
        ngi_json_char(json, text[i]);
    }
}

size_t ng_health_json(const ng_health *health, char *out, size_t room) {
    ngi_json json = {out, room, 0};
    const ng_account *const a = &health->account;
    ngi_json_plain(&json, "{\"operator\":");
    ngi_json_string(&json, health->calls);
    ngi_json_plain(&json, ",\"river\":");
    ngi_json_string(&json, health->river);
    ngi_json_plain(&json, ",\"condition\":");
    ngi_json_string(&json, ng_condition_text(health->condition));
    ngi_json_plain(&json, ",\"status\":");
    ngi_json_string(&json, ng_status_text(health->status));
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {{"node", health->node},
                   {"called", health->called},
                   {"queued", health->queued},
                   {"in", a->in},
                   {"out", a->out},
                   {"filtered", a->filtered},
                   {"late", a->late},
                   {"dropped", a->dropped},
                   {"failed", a->failed},
                   {"held", a->held}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        ngi_json_number(&json, numbers[i].name, numbers[i].value);
    }
    if (health->desired != UINT64_MAX) {
        ngi_json_number(&json, "desired", health->desired);
    }
    ngi_json_plain(&json, "}\n");
    out[json.size] = '\0';
    return json.size;
}
