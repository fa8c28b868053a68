/* base: configuration, types, status codes, and the contract between kernels and those who drive
 * them. */
#ifndef NGI_BASE_H
#define NGI_BASE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NG_VERSION "0.1.0"

/* Changes when a generated kernel and this header no longer fit together. */
#define NG_KERNEL_ABI 1

#if defined(__GNUC__)
#define NG_NODISCARD __attribute__((warn_unused_result))
#else
#error "nagare needs gcc or clang"
#endif

#if defined(__FAST_MATH__)
#error "nagare's results are exact: compile without -ffast-math (and without -Ofast)"
#endif

#if defined(__cplusplus)
extern "C" {
#endif

/* Statuses: 0 is fine, > 0 says how the flow goes on, < 0 has failed. One list makes the codes,
 * their names, categories and texts. */
#define NG_STATUSES(X)                                                                             \
    X(NG_OK, 0, NG_FLOW, "ok")                                                                     \
    X(NG_AGAIN, 1, NG_FLOW, "not finished: call again")                                            \
    X(NG_END, 2, NG_FLOW, "the stream has ended")                                                  \
    X(NG_INVALID, -1, NG_USAGE, "an argument is wrong")                                            \
    X(NG_NO_MEMORY, -2, NG_MEMORY, "memory is exhausted")                                          \
    X(NG_DIVIDED_BY_ZERO, -3, NG_DATA,                                                             \
      "an integer was divided by zero; make an operand nullable to get null instead")              \
    X(NG_TOO_MANY_GROUPS, -4, NG_MEMORY,                                                           \
      "there are more groups than `max_groups`; raise it in the river file")                       \
    X(NG_TEXT_FULL, -5, NG_MEMORY,                                                                 \
      "the text of the group keys exceeds its budget; raise `max_groups`")                         \
    X(NG_BAD_INPUT, -6, NG_DATA, "the input is malformed")                                         \
    X(NG_IO, -7, NG_OUTSIDE, "reading or writing failed")                                          \
    X(NG_CLOSED, -8, NG_OUTSIDE, "the reader of the output has gone away")                         \
    X(NG_MISUSED, -9, NG_USAGE, "the object is not in a state that allows this call")              \
    X(NG_TOO_LARGE, -10, NG_USAGE, "a size does not fit into memory or its type")                  \
    X(NG_MISMATCH, -11, NG_USAGE, "columns do not have the types that are needed here")            \
    X(NG_DANGLING, -12, NG_USAGE, "a river ends nowhere; end it in a sink, or fork fewer")         \
    X(NG_UNSUPPORTED, -13, NG_USAGE, "this cannot be done here")                                   \
    X(NG_FULL, -14, NG_MEMORY, "a queue is full, and its policy is to fail")                       \
    X(NG_NO_CREDIT, -15, NG_USAGE, "more was sent than had been asked for")                        \
    X(NG_TIMEOUT, -16, NG_OUTSIDE, "it took too long")                                             \
    X(NG_CANCELLED, -17, NG_OUTSIDE, "it was cancelled")                                           \
    X(NG_FAILED, -18, NG_OUTSIDE, "a function of the program failed")                              \
    X(NG_OPEN, -19, NG_OUTSIDE, "a circuit breaker is open, so it was not tried")

/* What a failure is about, and so who can do something about it. */
typedef enum ng_category {
    NG_FLOW = 0,    /* no failure */
    NG_USAGE = 1,   /* the program calls what it should not */
    NG_MEMORY = 2,  /* memory or a budget of it is used up */
    NG_DATA = 3,    /* a row is bad */
    NG_OUTSIDE = 4, /* what lies outside failed: files, peers, time, functions of the program */
} ng_category;

typedef enum ng_status {
#define NGI_STATUS(name, value, category, text) name = (value),
    NG_STATUSES(NGI_STATUS)
#undef NGI_STATUS
} ng_status;

/* The text of a status, static; "unknown status" for any other number. Any thread. */
const char *ng_status_text(ng_status status);

/* The category of a status; NG_USAGE for a number that is none. Any thread. */
ng_category ng_status_category(ng_status status);

/* Where memory comes from. `resize` gives, moves, and takes back: `block` NULL gives `size` bytes
 * aligned for any type, `size` 0 takes the block back and returns NULL, and else the block's first
 * min(old_size, size) bytes are kept. NULL for a `size` above 0: there is none, and `block` stands
 * as it was. `old_size` is what the block was asked for with. Called by the thread that the object
 * asking belongs to. */
typedef struct ng_allocator {
    void *(*resize)(void *ctx, void *block, size_t old_size, size_t size);
    void *ctx;
} ng_allocator;

/* Types of columns. The numbers are stable. */
typedef enum ng_type {
    NG_BOOL = 1, /* one bit a row, LSB first */
    NG_I8 = 2,
    NG_I16 = 3,
    NG_I32 = 4,
    NG_I64 = 5,
    NG_U8 = 6,
    NG_U16 = 7,
    NG_U32 = 8,
    NG_U64 = 9,
    NG_F32 = 10,
    NG_F64 = 11,
    NG_TIMESTAMP_S = 12, /* timestamps: int64_t, counts of the unit since 1970-01-01T00:00:00Z */
    NG_TIMESTAMP_MS = 13,
    NG_TIMESTAMP_US = 14,
    NG_TIMESTAMP_NS = 15,
    NG_UTF8 = 16, /* int32_t offsets (rows + 1) and bytes */
} ng_type;

/* Bytes of one value of a fixed-width type: 1, 2, 4 or 8; 0 for NG_BOOL (a bit) and NG_UTF8. */
size_t ng_type_size(ng_type type);

/* What one call took and made. After a failure (`status < 0`) the rows before the bad one have been
 * taken, and the object keeps returning that status. */
typedef struct ng_step {
    size_t consumed;  /* rows of `in` that are done with */
    size_t produced;  /* rows appended to `out` */
    ng_status status; /* NG_OK; from a flush NG_AGAIN while there is more; NG_END once a stream
                         needs no more input */
} ng_step;

/* A column of a batch, in Arrow's layout. Everything is borrowed. */
typedef struct ng_column {
    void *values;      /* fixed width: the values; NG_BOOL: bits; NG_UTF8: int32_t offsets */
    uint8_t *valid;    /* bit i is 1 where row i is not null; NULL: no column of nulls */
    uint8_t *bytes;    /* NG_UTF8: the text, else NULL */
    size_t bytes_size; /* NG_UTF8: room behind `bytes` */
} ng_column;

/* One field of a kernel's in, out or params structure, found by its offset: how code that was not
 * generated with the kernel reaches its columns. `NG_NONE` marks a part that is not there. */
#define NG_NONE ((uint16_t)0xffff)
typedef struct ng_field {
    const char *name;
    ng_type type;
    bool nullable;
    uint16_t values; /* offset of the pointer to the values, or, in params, of the value */
    uint16_t valid;  /* offset of the pointer to the validity bits, or NG_NONE */
    uint16_t bytes;  /* NG_UTF8: offset of the pointer to the text, else NG_NONE */
    uint16_t
        room; /* NG_UTF8 in `out`: offset of the size_t with the text's capacity, else NG_NONE */
} ng_field;

/* Names and types of columns. Borrowed: it outlives all that uses it. */
typedef struct ng_schema {
    const ng_field *fields; /* NULL where there are none */
    size_t count;
} ng_schema;

/* What kernels carry: a sum with its compensation; count, mean and the sum of squared deviations,
 * from run to run with the count and mean that were there a run ago. Parts of their state. */
typedef struct ngi_sum {
    double high, low;
} ngi_sum;
typedef struct ngi_moments {
    double n, mean, m2;
} ngi_moments;
typedef struct ngi_spread {
    double n, mean, m2, n_before, mean_before;
} ngi_spread;

/* Instruction sets a kernel is emitted for. */
typedef enum ng_profile {
    NG_AUTO = 0,
    NG_SCALAR = 1,
    NG_V128 = 2,
    NG_V256 = 3,
    NG_V512 = 4
} ng_profile;

/* A kernel as a value. `in` and `out` are the kernel's own structures (`NAME_in`, `NAME_out`);
 * every `in` has `size_t offset` and every `out` `size_t capacity` and `size_t rows` at the offsets
 * given. */
typedef struct ng_kernel {
    const char *name;
    const char *spec; /* SHA-256 of what it was generated from, in hex */
    size_t state_size, params_size, in_size, out_size;
    uint16_t in_offset, out_capacity, out_rows;
    ng_schema in, out, params;
    void (*init)(void *state, const void *params); /* params NULL: the defaults */
    ng_step (*push)(void *state, const void *in, size_t rows, void *out);
    ng_step (*flush)(void *state, void *out);
    ng_profile (*force)(void *state, ng_profile profile); /* the profile in use after the call */
    uint64_t (*failed_row)(const void *state); /* after a failure: the input row, from 0 */
} ng_kernel;

#if defined(__cplusplus)
}
#endif

#endif
