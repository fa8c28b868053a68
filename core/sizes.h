/* sizes: sums of sizes that stick at SIZE_MAX, which no memory has, instead of wrapping. */
#ifndef NGI_SIZES_H
#define NGI_SIZES_H

#include "base.h"

static inline size_t ngi_size_plus(size_t a, size_t b) {
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

static inline size_t ngi_size_times(size_t a, size_t b) {
    return b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

/* Up to a multiple of `to`, a power of two. */
static inline size_t ngi_size_round(size_t a, size_t to) {
    return a > SIZE_MAX - (to - 1) ? SIZE_MAX : (a + (to - 1)) & ~(to - 1);
}

/* Parts that are laid out one behind the other, each from a multiple of 64 on. `base` NULL: they
 * are only measured, so that the one walk over them that lays them out tells their size, too. */
typedef struct ngi_layout {
    uint8_t *base;
    size_t size;
} ngi_layout;

/* The next part, of `count` things; NULL: it was measured. */
static inline void *ngi_layout_part(ngi_layout *layout, size_t count, size_t size_of_one) {
    void *const part = layout->base == NULL ? NULL : layout->base + layout->size;
    const size_t size = ngi_size_round(ngi_size_times(count, size_of_one), 64);
    layout->size = ngi_size_plus(layout->size, size);
    return part;
}

/* How far an address is from the next multiple of `to`. */
static inline size_t ngi_size_gap(const void *at, size_t to) {
    return (size_t)(0 - (uintptr_t)at) & (to - 1);
}

#endif
