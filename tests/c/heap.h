/* heap: an allocator over malloc for tests, which counts what is out and fails on demand. */
#ifndef HEAP_H
#define HEAP_H

#include <stdlib.h>

#include "nagare.h"

typedef struct heap {
    size_t blocks, bytes; /* that are out */
    size_t requests;      /* for memory, so far */
    size_t fail_at;       /* the number of the request that fails, from 1; 0: none */
    size_t mistakes;      /* sizes that were told wrong */
} heap;

/* Each block begins with its size. */
static inline void *heap_resize(void *ctx, void *block, size_t old_size, size_t size) {
    heap *const h = (heap *)ctx;
    size_t *const old = block == NULL ? NULL : (size_t *)block - 2;
    h->mistakes += old != NULL && old[0] != old_size;
    if (size == 0) {
        if (old != NULL) {
            h->blocks--;
            h->bytes -= old[0];
            free(old);
        }
        return NULL;
    }
    if (++h->requests == h->fail_at) {
        return NULL;
    }
    const size_t had = old == NULL ? 0 : old[0];
    size_t *const made = (size_t *)realloc(old, size + 2 * sizeof(size_t));
    if (made == NULL) {
        return NULL;
    }
    h->blocks += old == NULL;
    h->bytes += size - had;
    made[0] = size;
    return made + 2;
}

static inline ng_allocator heap_allocator(heap *h) {
    ng_allocator allocator;
    allocator.resize = heap_resize;
    allocator.ctx = h;
    return allocator;
}

#endif
