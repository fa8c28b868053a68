/* fields: reaches the parts of a kernel's structures by their offsets. */
#ifndef NGI_FIELDS_H
#define NGI_FIELDS_H

#include "base.h"

/* Nothing happens where the part is not there. */
static inline void ngi_field_put_pointer(void *structure, uint16_t offset, void *pointer) {
    if (offset != NG_NONE) {
        __builtin_memcpy((char *)structure + offset, &pointer, sizeof pointer);
    }
}

static inline void ngi_field_put_size(void *structure, uint16_t offset, size_t size) {
    if (offset != NG_NONE) {
        __builtin_memcpy((char *)structure + offset, &size, sizeof size);
    }
}

static inline size_t ngi_field_get_size(const void *structure, uint16_t offset) {
    size_t size;
    __builtin_memcpy(&size, (const char *)structure + offset, sizeof size);
    return size;
}

#endif
