/* metrics_wasm: the metrics of metrics_case.h in a module with no imports at all. */
#include "metrics_case.h"

#include "../../core/account.c"
#include "../../core/counter.c"
#include "../../core/histogram.c"
#include "../../core/metrics.c"
#include "../../core/number.c"

#define METRICS_WASM_EXPORT(name) __attribute__((export_name(name)))

METRICS_WASM_EXPORT("begin") int32_t metrics_wasm_begin(void);
METRICS_WASM_EXPORT("piece") char *metrics_wasm_piece(void);
METRICS_WASM_EXPORT("write") int32_t metrics_wasm_write(size_t room);
METRICS_WASM_EXPORT("size") size_t metrics_wasm_size(void);

static ng_metrics metrics_wasm;
static char metrics_wasm_room[65536];
static size_t metrics_wasm_written;

int32_t metrics_wasm_begin(void) {
    const ng_status status = metrics_case_init();
    return status < 0 ? status
                      : ng_metrics_init(&metrics_wasm, metrics_case_list, METRICS_CASE_COUNT,
                                        metrics_case_order);
}

char *metrics_wasm_piece(void) { return metrics_wasm_room; }

/* The size of the piece is then `size()`. */
int32_t metrics_wasm_write(size_t room) {
    return ng_metrics_write(&metrics_wasm, metrics_wasm_room, room, &metrics_wasm_written);
}

size_t metrics_wasm_size(void) { return metrics_wasm_written; }
