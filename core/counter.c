/* counter: gauges, whose arithmetic is that of doubles everywhere. */
#include "counter.h"
#include "exact.h"

NGI_EXACT_BEGIN

void ng_gauge_set(ng_gauge *gauge, double value) {
    uint64_t bits;
    if (gauge != NULL) {
        __builtin_memcpy(&bits, &value, sizeof bits);
        ngi_cell_store(&gauge->cell, bits);
    }
}

double ng_gauge_read(const ng_gauge *gauge) {
    double value = 0;
    if (gauge != NULL) {
        const uint64_t bits = ngi_cell_load(&gauge->cell);
        __builtin_memcpy(&value, &bits, sizeof value);
    }
    return value;
}

void ng_gauge_add(ng_gauge *gauge, double value) {
    ng_gauge_set(gauge, ng_gauge_read(gauge) + value);
}

NGI_EXACT_END
