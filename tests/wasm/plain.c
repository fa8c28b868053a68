/* Kernels in a module that needs no JavaScript: its exports run them over rows that they make. */
#define NAGARE_IMPLEMENTATION
#include "kernels.h"

#define EXPORT(name) __attribute__((export_name(#name)))
enum { ROWS = 4000 };

static float x[ROWS], f[ROWS];
static warm warm_stream;
static warm_total total_stream;

static void make_rows(void) {
    for (size_t row = 0; row < ROWS; row++) {
        x[row] = (float)(row * 37 % 256) / 4 - 8;
    }
}

static uint64_t bits_of(double value) {
    uint64_t bits;
    __builtin_memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* How many of `rows` rows stay, pushed in pieces of `cut`. */
EXPORT(kept) int32_t kept(int32_t rows, int32_t cut) {
    warm_in in = {.x = x};
    warm_out out = {.f = f, .capacity = ROWS};
    make_rows();
    warm_init(&warm_stream, NULL);
    while (in.offset < (size_t)rows) {
        const size_t left = (size_t)rows - in.offset;
        const ng_step step =
            warm_push(&warm_stream, &in, left < (size_t)cut ? left : (size_t)cut, &out);
        if (step.status != NG_OK) {
            return step.status;
        }
        in.offset += step.consumed;
    }
    return (int32_t)out.rows;
}

/* The bits of a value that stayed. */
EXPORT(value) uint32_t value(int32_t row) {
    uint32_t bits;
    __builtin_memcpy(&bits, f + row, sizeof(bits));
    return bits;
}

/* The bits of the total of all rows, pushed in pieces of `cut`. */
EXPORT(total) uint64_t total(int32_t cut) {
    warm_total_in in = {.x = x};
    double sum = 0;
    int64_t n = 0;
    uint8_t valid = 0;
    warm_total_out out = {.total = &sum, .total_valid = &valid, .n = &n, .capacity = 1};
    make_rows();
    warm_total_init(&total_stream, NULL);
    while (in.offset < ROWS) {
        const size_t left = ROWS - in.offset;
        const ng_step step =
            warm_total_push(&total_stream, &in, left < (size_t)cut ? left : (size_t)cut, &out);
        in.offset += step.consumed;
    }
    const ng_step step = warm_total_flush(&total_stream, &out);
    return step.status == NG_OK && valid == 1 ? bits_of(sum) : 0;
}
