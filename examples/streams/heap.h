/* heap: the allocator of these examples, over realloc and free. */
#ifndef EXAMPLE_HEAP_H
#define EXAMPLE_HEAP_H

#include <stdlib.h>

static void *heap_resize(void *ctx, void *block, size_t old_size, size_t size) {
    (void)ctx;
    (void)old_size;
    if (size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, size);
}

static const ng_allocator heap = {heap_resize, NULL};

#endif
