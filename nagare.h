/* nagare 0.1: streams of typed rows through fused SIMD kernels, in one header.
 *
 * Assembled from core/ by tools/amalgamate.py; change things there.
 * MIT licence; its text stands in LICENSE.
 *
 * WHAT IT IS
 *
 *   Nagare turns a chain of stream operators, written as a *river file*, into one SIMD loop in
 * plain C. The generator (`nagare gen rivers.toml -o rivers.h`) writes that loop as a readable
 * header; this file is everything the loop needs, and the pieces around it: columns in Arrow's
 * layout, text to columns and back, statuses, and the contract by which a kernel is driven. There
 * is no other dependency: no libc at run time, no allocation, no globals that change, no threads of
 * its own.
 *
 * DO THIS
 *
 *   1. Put nagare.h where your compiler finds it.
 *   2. In exactly one C or C++ file, before the include:
 *
 *          #define NAGARE_IMPLEMENTATION
 *          #include "nagare.h"
 *
 *   3. Everywhere else: #include "nagare.h". It may be included any number of times and in any
 *      order, also before and after a generated header.
 *   4. A generated header includes nagare.h by itself. The same file that defines
 *      NAGARE_IMPLEMENTATION before including it gets its kernels' code too; other files that
 *      include it get the declarations.
 *
 *   It needs gcc 12 or clang 15, or later, as C99 or C++17 (or later), on a machine with 8-bit
 * bytes, little-endian, 32 or 64 bits wide; also as freestanding wasm32. Any optimisation level
 * will do and no -m flag is needed: kernels for wider vectors carry their own target attributes and
 * are chosen when they are opened. -ffast-math is refused, since results are exact.
 *
 * MACROS (define them before the include)
 *
 *   NAGARE_IMPLEMENTATION  not defined  In one file: compiles the library's code there.
 *   NAGARE_KERNELS         not defined  Adds the vector operations kernels are written in, which
 *                                       takes the compiler a moment; generated headers ask for it
 *                                       where they need it.
 *   NG_NO_RUNTIME          0            1: leaves out loops, channels and their ports.
 *   NG_NO_SIMDE            0            1: never include SIMDe. Without it the profile v128 is
 * there on WASM only; the profile scalar stands in for it.
 *
 * A KERNEL IN FIFTEEN LINES
 *
 *   From this rivers.toml, by `nagare gen rivers.toml -o rivers.h`:
 *
 *       [river.readings]
 *       schema = { celsius = "f32" }
 *
 *       [river.safe]
 *       from   = "readings"
 *       params = { lo = "f32 = 50", hi = "f32 = 90" }
 *       steps  = ["map f = celsius * 1.8 + 32", "filter lo < f and f < hi", "select f"]
 *
 *   this program, which prints 68 and 86:
 *
 *       #include <stdio.h>
 *       #define NAGARE_IMPLEMENTATION
 *       #include "rivers.h"
 *
 *       int main(void) {
 *           const float celsius[4] = {5, 20, 30, 99};
 *           float f[4];
 *           static safe river;
 *           safe_in in = {.celsius = celsius};
 *           safe_out out = {.f = f, .capacity = 4};
 *           safe_init(&river, NULL);
 *           const ng_step step = safe_push(&river, &in, 4, &out);
 *           for (size_t row = 0; row < out.rows; row++) {
 *               printf("%g\n", (double)f[row]);
 *           }
 *           return step.status < 0;
 *       }
 *
 * COLUMNS
 *
 *   A batch is a number of rows in columns, laid out as Arrow lays them out, so buffers of other
 *   libraries can be passed as they are. Fixed-width values stand in an array. Bools are bits,
 * least significant first. Text is an array of int32_t offsets, one more than there are rows, and
 * the UTF-8 bytes they point into. Where a column can be null it has a second array of bits, 1
 * where the row has a value; what stands in the values of a null row does not matter. All pointers
 * are borrowed for the call. A kernel reads the rows [offset, offset + rows) and nothing around
 * them, and writes no more than `capacity` rows; no alignment is asked for.
 *
 * PUSH, FLUSH AND BACKPRESSURE
 *
 *   A kernel NAME is a plain structure and four functions:
 *
 *       NAME_init(&k, &params)           starts it; params NULL: the defaults of the river file
 *       NAME_push(&k, &in, rows, &out)   takes rows, appends what they bring out
 *       NAME_flush(&k, &out)             at the end of the stream: what was still held
 *       NAME_force(&k, profile)          pins an instruction set; says which one is in use
 *
 *   `push` answers {consumed, produced, status}. It stops early when `out` is full: take the rows
 *   out, set out.rows to 0, and push the rest by moving in.offset on by `consumed`. That is all the
 *   backpressure there is: a kernel never holds rows that no one has made room for. `flush` is
 *   called until it no longer answers NG_AGAIN. NG_END from a push says that the river has ended by
 *   itself (`take 10`) and needs no more input.
 *
 *   All state is in the structure, without pointers: copying its bytes is a snapshot of the stream,
 *   which goes on from the copy on the same kind of machine with the same kernel.
 *
 *   For code that is written once for all kernels there is `extern const ng_kernel
 * NAME_kernel`, which describes the columns and parameters by name, type and offset.
 *
 * STATUSES
 *
 *   0 is fine, above 0 says how the flow goes on, below 0 has failed. What has failed stays failed
 * and keeps answering its first code. The rows before a bad one have been taken and delivered.
 *   ng_status_text() gives a sentence; functions that can say more have their own place for it.
 *
 * THE SAME BITS EVERYWHERE
 *
 *   The profile, the target, the compiler, its optimisation level and the way in which rows are cut
 *   into batches never change a result, to the last bit. Floats are never contracted or reordered
 * but for one tree that is fixed by row number; every NaN that is computed is the one quiet NaN;
 *   integers wrap; casts saturate; nulls follow SQL. docs/rivers.md says it all exactly. Where a
 *   compiler's flags would break this, the code defends itself or refuses to compile.
 *
 * PROFILES
 *
 *   scalar  one row at a time; the definition of all others; everywhere
 *   v128    WASM SIMD; elsewhere through SIMDe (NEON, SSE, POWER, RISC-V, s390x)
 *   v256    AVX2
 *   v512    AVX-512 (F, BW, DQ, VL)
 *
 *   The best one that the machine has and the kernel was made for is taken, unless one is forced.
 *
 * THREADS AND MEMORY
 *
 *   An object belongs to one thread at a time; functions marked "any thread" may be called from
 * all. Nothing here allocates: what needs memory says how many bytes, and takes one block from the
 *   caller.
 *
 * METRICS
 *
 *   ng_counter and ng_gauge are numbers that one thread writes and any reads; ng_histogram keeps
 * how values are spread, with an error below 1/32; ng_account says what became of rows. A list of
 * ng_metric shows them as text for Prometheus. docs/metrics.md has an example.
 *
 * WASM
 *
 *   Freestanding wasm32 works as it stands:
 *
 *       clang --target=wasm32 -O2 -ffreestanding -msimd128 -mbulk-memory -c kernels.c
 *       wasm-ld --no-entry --export=safe_push ... kernels.o -o kernels.wasm
 *
 *   `nagare build rivers.toml --target wasm` does it for you, with a loader and types beside it.
 *
 * NAMES
 *
 *   ng_ and NG_ are for users. ngi_ and NGI_ are internal and change without notice.
 */

/* The port for Linux needs names that strict C hides unless they are asked for. */
#if defined(NAGARE_IMPLEMENTATION) && defined(__STRICT_ANSI__) && !defined(_POSIX_C_SOURCE) &&     \
    !defined(_XOPEN_SOURCE) && !defined(_DEFAULT_SOURCE) && !defined(_GNU_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif

#ifndef NG_NAGARE_H
#define NG_NAGARE_H

#if !defined(NG_NO_RUNTIME)
#define NG_NO_RUNTIME 0
#endif

/* ---- base.h ---------------------------------------------------------------------------------- */

/* base: configuration, types, status codes, and the contract between kernels and those who drive
 * them. */

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

/* ---- number.h -------------------------------------------------------------------------------- */

/* number: values to text and back, free of locale, libc and allocation.
 *
 * What is written reads back to the same value, and it is the shortest text that does. What is read
 * is rounded correctly, to the nearest value and ties to even, whatever the number of digits.
 *
 * The writers put at most NG_NUMBER_TEXT_MAX characters into `out`, without a NUL behind them, and
 * answer how many. The readers take the whole of `text` (`size` bytes, borrowed, no NUL needed),
 * with spaces and tabs around it allowed; they answer false, and leave `*out` alone, if it is not a
 * value of the type. All of them may be called from any thread. */

#if defined(__cplusplus)
extern "C" {
#endif

/* Room for any text that is written here. */
#define NG_NUMBER_TEXT_MAX 32

/* The shortest decimal that reads back to the same value of its own type, and of those the closest
 * one: `0.1`, `100`, `-0`, `1e+16`, `1e-05`, `nan`, `inf`, `-inf`. Exponents appear where Python's
 * repr writes them, below 0.0001 and from 10^16 on; whole numbers have no `.0`. */
size_t ng_write_f64(char out[NG_NUMBER_TEXT_MAX], double value);
size_t ng_write_f32(char out[NG_NUMBER_TEXT_MAX], float value);

size_t ng_write_i64(char out[NG_NUMBER_TEXT_MAX], int64_t value);
size_t ng_write_u64(char out[NG_NUMBER_TEXT_MAX], uint64_t value);

/* ISO 8601 in UTC, `2014-07-01T00:00:00Z`, with 0, 3, 6 or 9 digits of fraction by the unit (one of
 * NG_TIMESTAMP_*); outside the years 0001 to 9999, the plain count. */
size_t ng_write_timestamp(char out[NG_NUMBER_TEXT_MAX], int64_t value, ng_type unit);

/* Decimal digits with an optional sign, point and exponent; `nan`, `inf` and `infinity` in any
 * case. What is too large becomes infinite, what is too small zero. NaN is the canonical one. */
NG_NODISCARD bool ng_read_f64(const char *text, size_t size, double *out);
NG_NODISCARD bool ng_read_f32(const char *text, size_t size, float *out);

/* Decimal digits with an optional sign; refused where they do not fit. */
NG_NODISCARD bool ng_read_i64(const char *text, size_t size, int64_t *out);
NG_NODISCARD bool ng_read_u64(const char *text, size_t size, uint64_t *out);

/* `true` and `false` in any case, `1` and `0`. */
NG_NODISCARD bool ng_read_bool(const char *text, size_t size, bool *out);

/* An integer count of the unit, or ISO 8601: `2014-07-01`, then perhaps `T` or a space and `12:30`,
 * `12:30:59` or `12:30:59.25`, and after a time perhaps `Z`, `+02:00`, `-02:00` or `+0200`. Without
 * these it is UTC. Digits finer than the unit are dropped, which rounds down; days that are not in
 * the calendar, leap seconds, and moments that the unit cannot count are refused. */
NG_NODISCARD bool ng_read_timestamp(const char *text, size_t size, ng_type unit, int64_t *out);

/* Internal: `digits` times ten to the `exponent`, rounded once to the type. */
double ngi_number_f64(uint64_t digits, int exponent);
float ngi_number_f32(uint64_t digits, int exponent);

#if defined(__cplusplus)
}
#endif

/* ---- value.h --------------------------------------------------------------------------------- */

/* value: a value of any fixed-width type from text, as parameters are given on a command line. */

#if defined(__cplusplus)
extern "C" {
#endif

/* Reads the whole text as a value of `type` into `*out` (a bool, for NG_BOOL). False, and nothing
 * written, if it is none or out of the type's range; NG_UTF8 has no value here. Any thread. */
NG_NODISCARD bool ng_read_value(const char *text, size_t size, ng_type type, void *out);

#if defined(__cplusplus)
}
#endif

/* ---- batch.h --------------------------------------------------------------------------------- */

/* batch: rows in Arrow's columns, and the counted memory they lie in.
 *
 * A block is memory laid out as columns; whoever needs it holds it, and the last to let go of it
 * gives it back to where it came from. A batch is some rows of a block. It is a small value: it is
 * handed on by copying it, together with its one hold of the block. Slicing a batch copies no rows.
 *
 * What is in a batch is not changed any more. Rows may still be written behind those that batches
 * show, by the one that filled the block. */

#if defined(__cplusplus)
extern "C" {
#endif

/* A field of a schema that is written by hand:
 *     static const ng_field fields[] = {NG_FIELD("ts", NG_I64), NG_NULLABLE("x", NG_F64)}; */
#define NG_FIELD(name, type) {name, type, false, NG_NONE, NG_NONE, NG_NONE, NG_NONE}
#define NG_NULLABLE(name, type) {name, type, true, NG_NONE, NG_NONE, NG_NONE, NG_NONE}

/* NG_OK, or NG_INVALID: there is no column, a name is missing, empty or there twice, or a type is
 * none. Any thread. */
NG_NODISCARD ng_status ng_schema_check(const ng_schema *schema);

/* Whether two schemas have the same names, types and nulls in the same order. Any thread. */
bool ng_schema_equal(const ng_schema *a, const ng_schema *b);

/* The place of a column, or schema->count if there is none of that name. Any thread. */
size_t ng_schema_find(const ng_schema *schema, const char *name);

/* Memory laid out as columns. */
typedef struct ng_block {
    ng_column *columns;                      /* one for each field of its schema */
    size_t capacity;                         /* rows that fit into it */
    uint32_t holders;                        /* private; counted atomically */
    void (*release)(struct ng_block *block); /* called by the last holder, on its thread; NULL: the
                                                block stays where it is */
    void *owner;                             /* for `release` */
    struct ng_block *next;                   /* for its owner while no one holds it */
} ng_block;

/* A block over columns that the caller owns, held once. `release` may be NULL. */
void ng_block_init(ng_block *block, ng_column *columns, size_t capacity,
                   void (*release)(ng_block *block), void *owner);

/* One more holder; only for those who hold the block already. Any thread. */
void ng_block_hold(ng_block *block);

/* Lets go of a hold. NG_INVALID: there is no block; NG_MISUSED: no one held it. Any thread. */
ng_status ng_block_release(ng_block *block);

/* How many hold it at the moment. Any thread. */
uint32_t ng_block_holders(const ng_block *block);

/* Rows [offset, offset + rows) of a block. */
typedef struct ng_batch {
    const ng_schema *schema;
    ng_block *block; /* held once by the batch; NULL: the batch is gone */
    size_t offset, rows;
} ng_batch;

/* Lets go of the batch, which is gone then. NG_MISUSED: it was gone already. Any thread. */
ng_status ng_batch_release(ng_batch *batch);

/* Makes `*slice` the rows [from, from + rows) of a batch, with a hold of its own. NG_INVALID: the
 * batch has not that many; NG_MISUSED: it is gone. `slice` must not be `batch`. Any thread. */
NG_NODISCARD ng_status ng_batch_slice(const ng_batch *batch, size_t from, size_t rows,
                                      ng_batch *slice);

/* How many bytes the rows take, without padding. Any thread. */
uint64_t ng_batch_bytes(const ng_batch *batch);

/* Copies rows of a batch behind the `at` rows that a block of the same schema has. Answers how many
 * were copied: fewer than `rows` where the block has no more room for rows or text. */
size_t ng_batch_copy(const ng_batch *batch, size_t from, size_t rows, ng_block *to, size_t at);

/* The parts of that, for those who put columns together themselves: how many of `rows` rows' text
 * fits behind the `at` rows of a utf8 column; and the copying of rows that fit. */
size_t ngi_text_fitting(const ng_column *from, size_t first, size_t rows, const ng_column *to,
                        size_t at);
void ngi_copy_column(ng_type type, const ng_column *from, size_t first, size_t rows, ng_column *to,
                     size_t at);

#if defined(__cplusplus)
}
#endif

/* ---- pool.h ---------------------------------------------------------------------------------- */

/* pool: a fixed number of equal blocks in one piece of memory. One thread takes, any thread gives
 * back, by letting go of the last hold. */

#if defined(__cplusplus)
extern "C" {
#endif

/* All fields are private. */
typedef struct ng_pool {
    const ng_schema *schema;
    ng_block *blocks;
    size_t count;
    ng_block *idle;     /* of the thread that takes */
    ng_block *returned; /* atomic: what came back since */
} ng_pool;

/* How many bytes a pool of `count` blocks needs, each of `rows` rows and `text_bytes` of text in
 * each utf8 column; 0 where a number is 0 that must not be (`text_bytes` must not where there is
 * text), where text exceeds the 2 GiB that offsets reach, and where the sum does not fit into a
 * size_t. Any thread. */
size_t ng_pool_size(const ng_schema *schema, size_t count, size_t rows, size_t text_bytes);

/* Lays a pool out in `memory`, of ng_pool_size bytes and any alignment, which must outlive all
 * holds of its blocks. Columns are aligned to 64. NG_INVALID where ng_pool_size says 0, or
 * something is NULL. */
NG_NODISCARD ng_status ng_pool_init(ng_pool *pool, void *memory, const ng_schema *schema,
                                    size_t count, size_t rows, size_t text_bytes);

/* A block with no rows in it, held once; NULL: all are in use. */
ng_block *ng_pool_take(ng_pool *pool);

/* How many blocks are held by someone. Exact while no other thread lets go of one. */
size_t ng_pool_in_use(const ng_pool *pool);

#if defined(__cplusplus)
}
#endif

/* ---- arrow.h --------------------------------------------------------------------------------- */

/* arrow: schemas and batches to and from other libraries, by Arrow's C data interface.
 *
 * Batches lie in memory as Arrow's arrays do, so what goes in or out is a handful of pointers, not
 * the rows. Whoever gets an ArrowArray calls its `release` once; until then it keeps the batch's
 * block, as a batch does.
 *
 * | nagare | Arrow | format |
 * | bool, i8 ... u64, f32, f64, utf8 | Boolean, Int8 ... UInt64, Float32, Float64, Utf8 | b c ... u
 * | | timestamp[s] ... timestamp[ns] | Timestamp with the zone UTC | tss:UTC ... tsn:UTC |
 *
 * A timestamp that comes in with another zone is the same instant, and one without any is taken as
 * UTC. Other types are refused. The structures are those of the interface's specification, version
 * of Arrow 1.0; a program that has them from elsewhere already keeps those. */

#if defined(__cplusplus)
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *schema);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *array);
    void *private_data;
};

#endif

/* Describes the columns as a struct. Names are copied. The caller, or whom it is handed to, calls
 * `out->release`, with which memory goes back to the allocator. NG_INVALID, NG_NO_MEMORY: `out` is
 * released. */
NG_NODISCARD ng_status ng_arrow_export_schema(const ng_schema *schema, ng_allocator allocator,
                                              struct ArrowSchema *out);

/* Hands a batch on as a struct array: its hold is the array's on NG_OK, and stays the batch's
 * otherwise. Children may be moved out of the array and live on by themselves. `release`, from any
 * thread that the allocator bears, lets go of the block. NG_MISUSED: the batch is gone;
 * NG_NO_MEMORY. */
NG_NODISCARD ng_status ng_arrow_export(ng_batch *batch, ng_allocator allocator,
                                       struct ArrowArray *out);

/* A schema that came in. */
typedef struct ng_arrow_schema {
    ng_schema schema;
    ng_allocator allocator; /* private */
    size_t size;            /* private */
    size_t column;          /* the one that was refused, SIZE_MAX: none by itself */
} ng_arrow_schema;

/* Makes a schema of the description of a struct, which stays the caller's. NG_INVALID: it is
 * released, no struct, has no columns, or a name is missing or there twice; NG_UNSUPPORTED: nagare
 * has no such type, `out->column` says where; NG_NO_MEMORY. */
NG_NODISCARD ng_status ng_arrow_import_schema(const struct ArrowSchema *from,
                                              ng_allocator allocator, ng_arrow_schema *out);

/* Gives the memory back. Any number of times. */
void ng_arrow_schema_close(ng_arrow_schema *schema);

/* Makes a batch of a struct array of these columns. On NG_OK the array is moved, and is released
 * when the last hold of the batch's block is let go of, on that thread; `schema` outlives that.
 * Columns are not copied, but for those that begin at another bit of a byte than the others, or are
 * not aligned to their type. NG_INVALID: the array is released or has another shape;
 * NG_UNSUPPORTED: whole rows are null; NG_BAD_INPUT: a column has nulls that the schema does not
 * allow, or offsets of text that fall; NG_TOO_LARGE; NG_NO_MEMORY. It stays the caller's then. */
NG_NODISCARD ng_status ng_arrow_import(struct ArrowArray *array, const ng_schema *schema,
                                       ng_allocator allocator, ng_batch *out);

#if defined(__cplusplus)
}
#endif

/* ---- row.h ----------------------------------------------------------------------------------- */

/* row: one row of a batch or of the room behind it, for functions that are called row by row.
 *
 * Reading a null gives whatever stands there; ask ng_is_null first. A row that is written starts
 * out as it happens to lie: every column must be set, in any order. Types are the caller's care, as
 * with plain C variables: the column of an ng_get_i64 must be an NG_I64 or a timestamp. */

/* ---- bits.h ---------------------------------------------------------------------------------- */

/* bits: rows of bits in Arrow's order, the least significant bit of each byte first. */

/* ---- profile.h ------------------------------------------------------------------------------- */

/* profile: which instruction sets kernels are compiled for, and which of them the machine has. */

/* ---- exact.h --------------------------------------------------------------------------------- */

/* exact: keeps floating point exact in kernels, whatever flags their includer compiles with. */

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "kernels must see NaN and infinity: compile without -ffast-math, -Ofast, -ffinite-math-only"
#endif

/* gcc's -fsingle-precision-constant rounds 0.1 to float before any code of ours runs. */
typedef char ngi_double_constants_are_double[sizeof(0.1) == sizeof(double) ? 1 : -1];

/* x86 that adds in 80-bit registers, which round twice. */
#if (defined(__i386__) || defined(__x86_64__)) && !defined(__SSE2_MATH__)
#define NGI_X87 1
#else
#define NGI_X87 0
#endif

/* Between these two, each operation is rounded by itself and in its place: a * b + c rounds twice,
 * sums keep their order, divisions divide, and zeros keep their signs. The includer's own settings
 * hold again behind the end. Both stand at file scope. */
#if defined(__wasm__)
/* clang saves no settings on this target, and has no fused operation to leave on again. */
#define NGI_EXACT_BEGIN _Pragma("clang fp contract(off) reassociate(off)")
#define NGI_EXACT_END _Pragma("clang fp contract(on)")
#elif defined(__clang__) && NGI_X87
#define NGI_EXACT_BEGIN                                                                            \
    _Pragma("float_control(precise, on, push)") _Pragma("clang fp contract(off)")                  \
        _Pragma("clang attribute push(__attribute__((target(\"sse2\"))), apply_to = function)")
#define NGI_EXACT_END _Pragma("clang attribute pop") _Pragma("float_control(pop)")
#elif defined(__clang__)
#define NGI_EXACT_BEGIN                                                                            \
    _Pragma("float_control(precise, on, push)") _Pragma("clang fp contract(off)")
#define NGI_EXACT_END _Pragma("float_control(pop)")
#else
#define NGI_EXACT_OPTIONS                                                                          \
    _Pragma("GCC push_options")                                                                    \
        _Pragma("GCC optimize(\"fp-contract=off,no-unsafe-math-optimizations\")")                  \
            _Pragma("GCC optimize(\"no-associative-math,no-reciprocal-math,signed-zeros\")")
#if NGI_X87
#define NGI_EXACT_BEGIN NGI_EXACT_OPTIONS _Pragma("GCC target(\"sse2,fpmath=sse\")")
#else
#define NGI_EXACT_BEGIN NGI_EXACT_OPTIONS
#endif
#define NGI_EXACT_END _Pragma("GCC pop_options")
#endif

/* Rounds `x`, a product, before it can be fused with a sum. Only clang's -ffp-contract=fast needs
 * it: it overrules the pragma, and no macro tells of it. `kind` is the register class of the
 * target. */
#if defined(__clang__) && !defined(__wasm__)
#define NGI_ROUND_NOW(kind, x) __asm__("" : "+" kind(x))
#else
#define NGI_ROUND_NOW(kind, x) ((void)0)
#endif

/* The processor's own settings: a program linked with -ffast-math, or a library it loads, flushes
 * tiny numbers to zero for everyone, and fesetround rounds them differently. A kernel takes them
 * back for the length of a call: `enter` gives what `leave` restores. What stands between is
 * compiled as usual, but nothing that goes through memory moves past them. */
#define NGI_SETTINGS_INLINE static inline __attribute__((always_inline, unused))
#if defined(__aarch64__)
typedef uint64_t ngi_settings;
#else
typedef uint32_t ngi_settings;
#endif
#if defined(__x86_64__) || defined(__i386__)
#define NGI_SETTINGS_EXACT                                                                         \
    0x1f80u /* all exceptions masked, round to nearest; bits 0 to 5 only tell */
NGI_SETTINGS_INLINE ngi_settings ngi_exact_enter(void) {
    ngi_settings settings;
    const uint32_t exact = NGI_SETTINGS_EXACT;
    __asm__ __volatile__("stmxcsr %0" : "=m"(settings) : : "memory");
    if ((settings & ~0x3fu) != exact) {
        __asm__ __volatile__("ldmxcsr %0" : : "m"(exact) : "memory");
    }
    return settings;
}
NGI_SETTINGS_INLINE void ngi_exact_leave(ngi_settings settings) {
    if ((settings & ~0x3fu) != NGI_SETTINGS_EXACT) {
        __asm__ __volatile__("ldmxcsr %0" : : "m"(settings) : "memory");
    }
}
#elif defined(__aarch64__)
NGI_SETTINGS_INLINE ngi_settings ngi_exact_enter(void) {
    ngi_settings settings;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(settings) : : "memory");
    if (settings != 0) {
        __asm__ __volatile__("msr fpcr, %0" : : "r"((uint64_t)0) : "memory");
    }
    return settings;
}
NGI_SETTINGS_INLINE void ngi_exact_leave(ngi_settings settings) {
    if (settings != 0) {
        __asm__ __volatile__("msr fpcr, %0" : : "r"(settings) : "memory");
    }
}
#else
NGI_SETTINGS_INLINE ngi_settings ngi_exact_enter(void) { return 0; }
NGI_SETTINGS_INLINE void ngi_exact_leave(ngi_settings settings) { (void)settings; }
#endif

#if !defined(NG_NO_SIMDE)
#define NG_NO_SIMDE 0
#endif

#if defined(__x86_64__) || defined(__i386__)
#define NGI_X86 1
#else
#define NGI_X86 0
#endif

/* The wide profiles are for 64-bit code: clang 19 miscompiles masks of AVX-512 in 32-bit code.
 * Where floats live in x87 registers only `scalar` is left, since vector code that the includer's
 * headers brought in earlier cannot be inlined into ours. */
#if defined(__x86_64__) && !NGI_X87
#define NGI_HAS_V256 1
#define NGI_HAS_V512 1
#else
#define NGI_HAS_V256 0
#define NGI_HAS_V512 0
#endif

#if defined(__wasm_simd128__)
#define NGI_HAS_V128 1
#elif !NG_NO_SIMDE && ((NGI_X86 && !NGI_X87) || (defined(__aarch64__) && !defined(__AARCH64EB__)))
#if defined(__has_include)
#if __has_include(<simde/wasm/simd128.h>)
#define NGI_HAS_V128 1
#endif
#endif
#endif
#if !defined(NGI_HAS_V128)
#define NGI_HAS_V128 0
#endif

/* NGI_V512 and the like make a function one of the profile; it may then call the profile's
 * operations. NGI_V512_INLINE is for small static functions that vanish in their callers. */
#define NGI_SCALAR
#define NGI_V128
#define NGI_V256 __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))
#define NGI_V512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt,lzcnt")))

#define NGI_ALWAYS_INLINE static inline __attribute__((always_inline, unused))
#define NGI_SCALAR_INLINE NGI_SCALAR NGI_ALWAYS_INLINE
#define NGI_V128_INLINE NGI_V128 NGI_ALWAYS_INLINE
#define NGI_V256_INLINE NGI_V256 NGI_ALWAYS_INLINE
#define NGI_V512_INLINE NGI_V512 NGI_ALWAYS_INLINE

#if NGI_HAS_V256
/* eax, ebx, ecx and edx of the processor's description `leaf`, or zeros if it has no such leaf. */
NGI_ALWAYS_INLINE void ngi_cpuid(uint32_t leaf, uint32_t r[4]) {
    uint32_t last, b, c, d;
    __asm__ __volatile__("cpuid" : "=a"(last), "=b"(b), "=c"(c), "=d"(d) : "a"(0), "c"(0));
    r[0] = r[1] = r[2] = r[3] = 0;
    if (leaf <= last) {
        __asm__ __volatile__("cpuid"
                             : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
                             : "a"(leaf), "c"(0));
    }
}

NGI_ALWAYS_INLINE ng_profile ngi_best_x86_profile(void) {
    /* Bits of cpuid: leaf 1 ecx, leaf 7 ebx, leaf 0x80000001 ecx. */
    const uint32_t osxsave_avx_popcnt = 1u << 27 | 1u << 28 | 1u << 23;
    const uint32_t bmi_avx2_bmi2 = 1u << 3 | 1u << 5 | 1u << 8;
    const uint32_t avx512_f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
    const uint32_t lzcnt = 1u << 5;
    const ng_profile least = NGI_HAS_V128 ? NG_V128 : NG_SCALAR;
    uint32_t basic[4], more[4], extended[4], saved, saved_high;
    ngi_cpuid(1, basic);
    ngi_cpuid(7, more);
    __asm__ __volatile__("cpuid"
                         : "=a"(extended[0]), "=b"(extended[1]), "=c"(extended[2]),
                           "=d"(extended[3])
                         : "a"(0x80000001u), "c"(0));
    if ((basic[2] & osxsave_avx_popcnt) != osxsave_avx_popcnt ||
        (more[1] & bmi_avx2_bmi2) != bmi_avx2_bmi2 || (extended[2] & lzcnt) == 0) {
        return least;
    }
    /* What the system saves when it switches threads: xmm and ymm, then k and zmm. */
    __asm__ __volatile__("xgetbv" : "=a"(saved), "=d"(saved_high) : "c"(0));
    if ((saved & 0x06) != 0x06) {
        return least;
    }
    if ((saved & 0xe0) != 0xe0 || (more[1] & avx512_f_dq_bw_vl) != avx512_f_dq_bw_vl) {
        return NG_V256;
    }
    return NG_V512;
}
#endif

/* The widest profile that this machine runs and this compilation has. Any thread. */
NGI_ALWAYS_INLINE ng_profile ng_best_profile(void) {
#if NGI_HAS_V256
    return ngi_best_x86_profile();
#elif NGI_HAS_V128
    return NG_V128;
#else
    return NG_SCALAR;
#endif
}

/* The lowest `n` bits set; n <= 64. */
NGI_ALWAYS_INLINE uint64_t ngi_bits_low(unsigned n) {
    return n >= 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1;
}

/* Bits [at, at + n) as a number, bit `at` lowest; n <= 64. Reads only the bytes that hold them. */
NGI_ALWAYS_INLINE uint64_t ngi_bits_load(const uint8_t *bits, size_t at, unsigned n) {
    const uint8_t *from = bits + at / 8;
    const unsigned skip = (unsigned)(at % 8);
    const unsigned bytes = n == 0 ? 0 : (skip + n + 7) / 8;
    uint64_t v = 0;
    if (bytes >= 8) {
        __builtin_memcpy(&v, from, 8);
        v >>= skip;
        if (bytes > 8) { /* so skip is not 0 */
            v |= (uint64_t)from[8] << (64 - skip);
        }
    } else {
        for (unsigned i = 0; i < bytes; i++) {
            v |= (uint64_t)from[i] << (8 * i);
        }
        v >>= skip;
    }
    return v & ngi_bits_low(n);
}

/* Writes `bits` of `*byte` where `mask` is set. */
NGI_ALWAYS_INLINE void ngi_bits_blend(uint8_t *byte, unsigned bits, unsigned mask) {
    *byte = (uint8_t)((*byte & ~mask) | (bits & mask));
}

/* Makes bits [at, at + n) the low bits of `v`; n <= 64. Their neighbours stay, and no byte but
 * those that hold the n bits is read or written. */
NGI_ALWAYS_INLINE void ngi_bits_store(uint8_t *bits, size_t at, uint64_t v, unsigned n) {
    uint8_t *to = bits + at / 8;
    const unsigned skip = (unsigned)(at % 8);
    if (skip == 0 && n == 64) {
        __builtin_memcpy(to, &v, 8);
        return;
    }
    if (skip != 0 && n != 0) { /* the first byte, from `skip` on */
        const unsigned first = n < 8 - skip ? n : 8 - skip;
        ngi_bits_blend(to, (unsigned)(v & 0xff) << skip, (unsigned)ngi_bits_low(first) << skip);
        v >>= first;
        n -= first;
        to++;
    }
    for (unsigned whole = 0; whole < 8 && n >= 8;
         whole++, n -= 8) { /* at most 8, as gcc must see */
        *to++ = (uint8_t)(v & 0xff);
        v >>= 8;
    }
    if (n != 0) {
        ngi_bits_blend(to, (unsigned)(v & 0xff), (unsigned)ngi_bits_low(n));
    }
}

NGI_ALWAYS_INLINE bool ngi_bits_get(const uint8_t *bits, size_t at) {
    return (bits[at / 8] >> (at % 8) & 1) != 0;
}

NGI_ALWAYS_INLINE void ngi_bits_put(uint8_t *bits, size_t at, bool v) {
    ngi_bits_blend(bits + at / 8, (unsigned)v << (at % 8), 1u << (at % 8));
}

/* How many bits are set. Written out, since a processor that need not have the instruction would
 * make the builtin a call into the compiler's library. */
NGI_ALWAYS_INLINE uint32_t ngi_bits_count(uint64_t v) {
#if defined(__POPCNT__) || defined(__wasm__) || defined(__aarch64__)
    return (uint32_t)__builtin_popcountll(v);
#else
    v -= v >> 1 & 0x5555555555555555u;
    v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
    v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (uint32_t)(v * 0x0101010101010101u >> 56);
#endif
}

/* The bits of `v` at the places where `mask` is set, moved together at the low end, the others
 * gone. In six rounds each kept bit moves down by 1, 2, 4, ... where the number of gaps below it
 * says so. */
NGI_ALWAYS_INLINE uint64_t ngi_bits_pack(uint64_t v, uint64_t mask) {
    uint64_t gaps = ~mask << 1; /* bit i: the place below i is a gap */
    v &= mask;
    for (unsigned shift = 1; shift < 64; shift *= 2) {
        uint64_t odd = gaps; /* parity of the gaps at and below each place */
        for (unsigned by = 1; by < 64; by *= 2) {
            odd ^= odd << by;
        }
        const uint64_t moving = odd & mask;
        const uint64_t bits = v & moving;
        mask = (mask ^ moving) | moving >> shift;
        v = (v ^ bits) | bits >> shift;
        gaps &= ~odd;
    }
    return v;
}

typedef struct ng_row {
    ng_column *columns;
    size_t at;
} ng_row;

/* Row `i` of a batch, to be read. */
static inline ng_row ng_batch_row(const ng_batch *batch, size_t i) {
    ng_row row = {batch->block->columns, batch->offset + i};
    return row;
}

static inline bool ng_is_null(ng_row row, size_t column) {
    const uint8_t *const valid = row.columns[column].valid;
    return valid != NULL && !ngi_bits_get(valid, row.at);
}

/* Makes the column's value null, or not. Only columns that can be null have the bits for it. */
static inline void ng_set_null(ng_row row, size_t column, bool null) {
    if (row.columns[column].valid != NULL) {
        ngi_bits_put(row.columns[column].valid, row.at, !null);
    }
}

/* ng_get_TYPE and ng_set_TYPE for each type of fixed width. Setting a value makes it not null. */
#define NGI_ROW_ACCESS(suffix, type)                                                               \
    static inline type ng_get_##suffix(ng_row row, size_t column) {                                \
        return ((const type *)row.columns[column].values)[row.at];                                 \
    }                                                                                              \
    static inline void ng_set_##suffix(ng_row row, size_t column, type value) {                    \
        ((type *)row.columns[column].values)[row.at] = value;                                      \
        ng_set_null(row, column, false);                                                           \
    }

NGI_ROW_ACCESS(i8, int8_t)
NGI_ROW_ACCESS(i16, int16_t)
NGI_ROW_ACCESS(i32, int32_t)
NGI_ROW_ACCESS(i64, int64_t)
NGI_ROW_ACCESS(u8, uint8_t)
NGI_ROW_ACCESS(u16, uint16_t)
NGI_ROW_ACCESS(u32, uint32_t)
NGI_ROW_ACCESS(u64, uint64_t)
NGI_ROW_ACCESS(f32, float)
NGI_ROW_ACCESS(f64, double)
#undef NGI_ROW_ACCESS

static inline bool ng_get_bool(ng_row row, size_t column) {
    return ngi_bits_get((const uint8_t *)row.columns[column].values, row.at);
}

static inline void ng_set_bool(ng_row row, size_t column, bool value) {
    ngi_bits_put((uint8_t *)row.columns[column].values, row.at, value);
    ng_set_null(row, column, false);
}

/* The text of a utf8 column, not ended by a zero; `*size` is how many bytes it has. */
static inline const char *ng_get_text(ng_row row, size_t column, size_t *size) {
    const int32_t *const offsets = (const int32_t *)row.columns[column].values;
    *size = (size_t)offsets[row.at + 1] - (size_t)offsets[row.at];
    return (const char *)row.columns[column].bytes + offsets[row.at];
}

/* Copies text into a column, whose rows before this one are written. NG_TOO_LARGE, and the row's
 * text is empty: it does not fit. */
static inline ng_status ng_set_text(ng_row row, size_t column, const char *text, size_t size) {
    ng_column *const into = &row.columns[column];
    int32_t *const offsets = (int32_t *)into->values;
    const size_t used = (size_t)offsets[row.at];
    const bool fits = size <= into->bytes_size - used;
    if (fits && size != 0) {
        __builtin_memcpy(into->bytes + used, text, size);
    }
    offsets[row.at + 1] = offsets[row.at] + (fits ? (int32_t)size : 0);
    ng_set_null(row, column, false);
    return fits ? NG_OK : NG_TOO_LARGE;
}

/* ---- link.h ---------------------------------------------------------------------------------- */

/* link: batches on their way from one operator to the next, bounded, with credit.
 *
 * One side sends and one side takes; the two may be different threads. What may be under way is
 * bounded in rows, the high-water mark, and in batches; a sender has credit for high-water minus
 * queued rows and nothing goes beyond it. A link that has become full gives credit again once it
 * has drained to its low-water mark, so that its sides do not take turns row by row.
 *
 * A link ends once, by its sender, with NG_END or an error, after the rows sent before. Its taker
 * may cancel it, any number of times; what is under way is let go of then. */

#if defined(__cplusplus)
extern "C" {
#endif

/* What becomes of rows for which there is no credit. The policies that take rows back out of the
 * queue are for links within one thread. */
typedef enum ng_overflow {
    NG_OVERFLOW_BLOCK = 0,       /* the sender waits */
    NG_OVERFLOW_DROP_OLDEST = 1, /* whole batches make room at the front, and are counted */
    NG_OVERFLOW_DROP_NEWEST = 2, /* what has no credit is dropped, and counted */
    NG_OVERFLOW_LATEST = 3,      /* only the batch sent last is kept; what it replaces is counted */
    NG_OVERFLOW_FAIL = 4,        /* NG_FULL */
} ng_overflow;

typedef struct ng_link_options {
    size_t batches;      /* that may be queued: a power of two */
    size_t high_rows;    /* high-water mark, at least 1 and at most SIZE_MAX / 2 */
    size_t low_rows;     /* low-water mark, below high_rows */
    uint64_t high_bytes; /* no credit while this many bytes or more are queued; 0: not counted */
    ng_overflow overflow;
} ng_link_options;

/* All fields are private. Those of the sender and of the taker stand apart. */
typedef struct ng_link {
    ng_batch *slots;
    ng_link_options options;
    /* Written by the sender: */
    size_t tail, sent_rows, sent_bytes;
    uint64_t dropped_rows; /* by the policy, */
    uint64_t front_rows;   /* and those of them that had been queued */
    int32_t ended;         /* ng_status: NG_OK while open */
    bool throttled;
    /* Written by the taker: */
    size_t head, taken_rows, taken_bytes;

    bool cancelled;
} ng_link;

/* How many bytes of slots a link needs; 0: the options are not allowed. Any thread. */
size_t ng_link_size(const ng_link_options *options);

/* Starts a link; `slots` is kept. NG_INVALID: something is NULL or not allowed. */
NG_NODISCARD ng_status ng_link_init(ng_link *link, const ng_link_options *options, void *slots);

/* ---- the sender's side ----------------------------------------------------------------------- */

/* High-water mark minus queued rows, as `desiredSize` of WHATWG Streams. Either side. */
size_t ng_link_desired(const ng_link *link);

/* How many rows may be sent in one batch now; 0: none. A link that drops what is too much always
 * takes some. */
size_t ng_link_credit(ng_link *link);

/* Sends a batch, which is moved on NG_OK and stays with the sender otherwise. NG_OK: it is queued,
 * or was dropped as the policy says; NG_AGAIN: no credit for so many rows now; NG_NO_CREDIT: there
 * can never be, it has more rows than the high-water mark; NG_FULL; NG_CANCELLED: no one takes any
 * more; NG_MISUSED: the link has ended; NG_INVALID: the batch is gone or has no rows. */
NG_NODISCARD ng_status ng_link_send(ng_link *link, ng_batch *batch);

/* Ends the link with NG_END or an error. NG_MISUSED: it has ended before; NG_INVALID: `how` is
 * neither. */
ng_status ng_link_end(ng_link *link, ng_status how);

/* ---- the taker's side ------------------------------------------------------------------------ */

/* The first batch that is queued, or NULL. It stays the link's. */
const ng_batch *ng_link_first(const ng_link *link);

/* Takes the first `rows` rows of the first batch, which is let go of when none is left. NG_INVALID:
 * it has not that many. */
ng_status ng_link_take(ng_link *link, size_t rows);

/* NG_OK: open, or there is something to take still; else how the link ended. */
ng_status ng_link_state(const ng_link *link);

/* Rows that are queued. Either side. */
size_t ng_link_queued(const ng_link *link);

/* Wants no more. What is queued is let go of; sending answers NG_CANCELLED from now on. */
void ng_link_cancel(ng_link *link);

/* Whether it was cancelled. Either side. */
bool ng_link_is_cancelled(const ng_link *link);

/* Lets go of what is queued, once neither side uses the link any more. */
void ng_link_close(ng_link *link);

#if defined(__cplusplus)
}
#endif

/* ---- graph.h --------------------------------------------------------------------------------- */

/* graph: rivers of rows from sources through operators to sinks.
 *
 * A graph is built once, from its sources downwards, each step giving a river: a small value that
 * the next step takes. Mistakes are kept until ng_graph_start, which names the first. All memory
 * that flows need is taken there, in one piece whose size ng_graph_memory tells before; after that
 * nothing is allocated.
 *
 *     ng_graph graph;
 *     ng_graph_init(&graph, NULL);
 *     ng_observe(ng_filter(ng_map(ng_range(&graph, 0, 100, 1), square, 0), even, 0), print, 0);
 *     ng_status status = ng_graph_start(&graph);
 *     while (status == NG_OK) {
 *         status = ng_graph_step(&graph, NG_ALL);
 *     }
 *     ng_graph_close(&graph);
 *
 * Each river is used once; ng_fork makes several of one. Rivers exist before they are used, so they
 * cannot flow in a circle. A graph belongs to one thread. */

/* ---- operator.h ------------------------------------------------------------------------------ */

/* operator: the one interface of sources, transforms, kernels, sinks and a program's own operators.
 *
 * An operator is a table of calls over a state. It is asked the question that kernels are asked:
 * given these rows and this room, how much did you take and make? It takes and makes as much as it
 * likes, at its own pace; what it leaves is offered again. A call that neither takes nor makes
 * waits until something changes: more rows, more room, a timer, a wake.
 *
 * Only `push` must be there. All calls come from the graph's thread, one at a time. */

/* ---- account.h ------------------------------------------------------------------------------- */

/* account: what became of the rows that an operator was given. Nothing is lost unaccounted:
 *
 *     in = out + filtered + late + dropped + failed + held + in_flight
 *
 * Rows that begin with an operator, a source's or those it makes of others, count as given to it.
 * An account is plain data that belongs to one thread; all-zero is a valid one. */

/* ---- metrics.h ------------------------------------------------------------------------------- */

/* metrics: counters, gauges and histograms as text for Prometheus (text exposition format 0.0.4).
 *
 * There is no registry. A program lists what it wants to show in an array of ng_metric, and the
 * text is written into a buffer of any size, piece by piece; where the pieces are cut does not
 * change it. Metrics of one name make a family, whose HELP and TYPE come once. Families are sorted
 * by name and their metrics by labels, whatever their order in the array.
 *
 * Do this:
 *
 *     static ng_counter rows;
 *     static const ng_label labels[] = {{"operator", "parse"}};
 *     static const ng_metric list[] = {{"app_rows_total", "Rows parsed.", NULL, labels, 1,
 *                                       NG_METRIC_COUNTER, &rows, 0, NULL, 0}};
 *     size_t order[1], size;
 *     char text[512];
 *     ng_metrics metrics;
 *     ng_status status = ng_metrics_init(&metrics, list, 1, order);
 *     do {
 *         status = ng_metrics_write(&metrics, text, sizeof text, &size);
 *         ... send `size` bytes of `text` ...
 *     } while (status == NG_AGAIN);
 *
 * Names are letters, digits and underscores and do not begin with a digit; a metric's name is given
 * in full: a counter's ends in `_total`, no other's does, and none ends in `_bucket`, `_sum` or
 * `_count`. A `unit` is checked against the name, which ends in it (before `_total`). Labels stand
 * in ascending order of their names, which do not begin with two underscores; their values are
 * UTF-8 and not empty. A histogram has no label `le`, which is its own.
 *
 * A number is written as it was when its line was begun. Counters and gauges may be written by
 * other threads meanwhile; plain numbers and histograms may not, so show copies of those that do
 * not belong to this thread. Whatever is recorded between two pieces, the buckets of a histogram
 * never go down, and the last one equals its count. */

/* ---- counter.h ------------------------------------------------------------------------------- */

/* counter: numbers that one thread writes and any thread reads, without locks.
 *
 * A counter only grows, a gauge goes up and down. Each has one thread that writes it; reading one
 * from any thread gives a value that it had, whole, and one reader never sees a counter go back.
 * Nothing more is ordered by it: what another counter says may be older or newer.
 *
 * Where a pointer has 64 bits the value is one atomic word. Elsewhere no such word can be relied
 * on: there the value stands twice, in halves, and a turn says which of the two is whole. The
 * writer fills the other one and then moves the turn on, so it never waits; a reader begins again
 * only if the writer has gone on meanwhile, so it never waits for a writer that stands still (as
 * one does that an interrupt has stopped). A reader that sleeps in the middle of a read for exactly
 * 2^32 writes, or a multiple, could take halves that do not belong together.
 *
 * All-zero is a counter at 0 and a gauge at 0. NULL: nothing happens, and it reads as 0. */

#if defined(__cplusplus)
extern "C" {
#endif

/* Whether 64-bit values stand in halves. */
#if !defined(NGI_CELL_HALVES)
#if UINTPTR_MAX > UINT32_MAX
#define NGI_CELL_HALVES 0
#else
#define NGI_CELL_HALVES 1
#endif
#endif

/* Internal: 64 bits that one thread writes and any thread reads. */
typedef struct ngi_cell {
#if NGI_CELL_HALVES
    uint32_t turn;         /* its lowest bit is the whole one of */
    uint32_t halves[2][2]; /* the value, low half first */
#else
    uint64_t word;
#endif
} ngi_cell;

/* Private inside. */
typedef struct ng_counter {
    ngi_cell cell;
} ng_counter;
typedef struct ng_gauge {
    ngi_cell cell; /* the bits of a double */
} ng_gauge;

#if NGI_CELL_HALVES
static inline uint64_t ngi_cell_load(const ngi_cell *cell) {
    uint32_t turn, low, high;
    /* A half of a later turn is read only together with the turn that was there before it. */
    do {
        turn = __atomic_load_n(&cell->turn, __ATOMIC_ACQUIRE);
        low = __atomic_load_n(&cell->halves[turn & 1][0], __ATOMIC_ACQUIRE);
        high = __atomic_load_n(&cell->halves[turn & 1][1], __ATOMIC_ACQUIRE);
    } while (__atomic_load_n(&cell->turn, __ATOMIC_RELAXED) != turn);
    return (uint64_t)high << 32 | low;
}
static inline void ngi_cell_store(ngi_cell *cell, uint64_t value) {
    const uint32_t turn = __atomic_load_n(&cell->turn, __ATOMIC_RELAXED) + 1;
    __atomic_store_n(&cell->halves[turn & 1][0], (uint32_t)value, __ATOMIC_RELEASE);
    __atomic_store_n(&cell->halves[turn & 1][1], (uint32_t)(value >> 32), __ATOMIC_RELEASE);
    __atomic_store_n(&cell->turn, turn, __ATOMIC_RELEASE);
}
#else
static inline uint64_t ngi_cell_load(const ngi_cell *cell) {
    return __atomic_load_n(&cell->word, __ATOMIC_RELAXED);
}
static inline void ngi_cell_store(ngi_cell *cell, uint64_t value) {
    __atomic_store_n(&cell->word, value, __ATOMIC_RELAXED);
}
#endif

/* Adds `n`; the count stays at UINT64_MAX once it is there. The thread that writes it. */
static inline void ng_counter_add(ng_counter *counter, uint64_t n) {
    if (counter != NULL) {
        const uint64_t sum = ngi_cell_load(&counter->cell) + n;
        ngi_cell_store(&counter->cell, sum < n ? UINT64_MAX : sum);
    }
}

/* What it has counted. Any thread. */
static inline uint64_t ng_counter_read(const ng_counter *counter) {
    return counter != NULL ? ngi_cell_load(&counter->cell) : 0;
}

/* Gives it a value, or adds to the one it has. The thread that writes it. */
void ng_gauge_set(ng_gauge *gauge, double value);
void ng_gauge_add(ng_gauge *gauge, double value);

/* Its value. Any thread. */
double ng_gauge_read(const ng_gauge *gauge);

#if defined(__cplusplus)
}
#endif

/* ---- histogram.h ----------------------------------------------------------------------------- */

/* histogram: how values are spread, in constant memory: counts in buckets that are exact below 64
 * and from there on at most 1/32 of their values wide.
 *
 * It takes any uint64_t, say a latency in nanoseconds. Each power of two is cut into 32 buckets of
 * one width, so a bucket from `low` to `high`, both included, has high - low < low / 32: what is
 * read from a bucket is never below the value that was recorded, and above it by less than 1/32 of
 * it (3.125 %). Smallest, largest, number and sum are exact.
 *
 * Do this:
 *
 *     static ng_histogram latency;                 (all-zero is an empty one)
 *     ng_histogram_record(&latency, nanoseconds);
 *     uint64_t p99 = ng_histogram_quantile(&latency, 0.99);
 *
 * It is plain data without pointers, 15,392 bytes: copying it is a snapshot. What is counted
 * saturates at UINT64_MAX and never wraps. A histogram belongs to one thread; to gather from many,
 * give each its own and merge copies. Where NULL is given for one, nothing happens and the answer
 * is that of an empty one. */

#if defined(__cplusplus)
extern "C" {
#endif

/* A power of two has 2^5 buckets. */
#define NG_HISTOGRAM_BITS 5
#define NG_HISTOGRAM_BUCKETS ((65 - NG_HISTOGRAM_BITS) << NG_HISTOGRAM_BITS)

/* All fields are read-only. */
typedef struct ng_histogram {
    uint64_t count; /* of all values */
    uint64_t sum;   /* of all values */
    uint64_t max;
    uint64_t min_complement; /* ~min, so that all-zero is empty */
    uint64_t buckets[NG_HISTOGRAM_BUCKETS];
} ng_histogram;

/* Internal: by how many bits the values of a bucket differ; its number; a sum that stays at its
 * end. */
static inline unsigned ngi_histogram_shift(uint64_t value) {
    return 63 - NG_HISTOGRAM_BITS -
           (unsigned)__builtin_clzll((unsigned long long)(value | 1u << NG_HISTOGRAM_BITS));
}
static inline size_t ngi_histogram_index(uint64_t value) {
    const unsigned shift = ngi_histogram_shift(value);
    return ((size_t)shift << NG_HISTOGRAM_BITS) + (size_t)(value >> shift);
}
static inline uint64_t ngi_histogram_add(uint64_t a, uint64_t b) {
    const uint64_t sum = a + b;
    return sum < a ? UINT64_MAX : sum;
}

/* Takes one value. A few nanoseconds; no loop, no division. */
static inline void ng_histogram_record(ng_histogram *histogram, uint64_t value) {
    if (histogram == NULL) {
        return;
    }
    uint64_t *const bucket = &histogram->buckets[ngi_histogram_index(value)];
    *bucket = ngi_histogram_add(*bucket, 1);
    histogram->count = ngi_histogram_add(histogram->count, 1);
    histogram->sum = ngi_histogram_add(histogram->sum, value);
    histogram->max = value > histogram->max ? value : histogram->max;
    histogram->min_complement =
        ~value > histogram->min_complement ? ~value : histogram->min_complement;
}

/* Takes the same value `n` times, which may be none. */
void ng_histogram_record_many(ng_histogram *histogram, uint64_t value, uint64_t n);

/* Adds what `from` has (borrowed) to `into`, as if all its values had been recorded there. The
 * order and the grouping of merges do not change the result, to the last bit. NG_INVALID: one of
 * them is NULL. */
NG_NODISCARD ng_status ng_histogram_merge(ng_histogram *into, const ng_histogram *from);

/* Makes it empty. */
void ng_histogram_reset(ng_histogram *histogram);

/* The value that the share `q` of all values does not exceed: of `count` values in order the one at
 * place ceil(q * count), from 1 (the product is rounded to the nearest double first; NumPy calls
 * this method "inverted_cdf"). The answer is at least that value, less than 1/32 of it above it,
 * and never above the largest; at the first place and at the last it is exact. `q` below 0 or NaN
 * is taken as 0, above 1 as 1. 0 where there are no values. Walks over the buckets. */
uint64_t ng_histogram_quantile(const ng_histogram *histogram, double q);

/* The smallest and the largest value; 0 where there are none. */
uint64_t ng_histogram_min(const ng_histogram *histogram);
uint64_t ng_histogram_max(const ng_histogram *histogram);

/* sum / count, too small once the sum has saturated; 0 where there are no values. */
double ng_histogram_mean(const ng_histogram *histogram);

/* The largest value that falls into one bucket with `value`; UINT64_MAX for the last. Values up to
 * an edge, the edge included, can be counted exactly. Any thread. */
uint64_t ng_histogram_edge(uint64_t value);

/* How many values are at most `edge`, exactly; `edge` is widened by ng_histogram_edge. */
uint64_t ng_histogram_count_to(const ng_histogram *histogram, uint64_t edge);

#if defined(__cplusplus)
}
#endif

#if defined(__cplusplus)
extern "C" {
#endif

/* What `value` points to. */
typedef enum ng_metric_kind {
    NG_METRIC_COUNTER = 1,   /* an ng_counter */
    NG_METRIC_GAUGE = 2,     /* an ng_gauge */
    NG_METRIC_HISTOGRAM = 3, /* an ng_histogram */
    NG_METRIC_TOTAL = 4,     /* a uint64_t that only grows: shown as a counter */
    NG_METRIC_LEVEL = 5,     /* a uint64_t that goes up and down: shown as a gauge */
} ng_metric_kind;

typedef struct ng_label {
    const char *name;
    const char *value;
} ng_label;

/* A metric to be shown. Texts end in NUL. */
typedef struct ng_metric {
    const char *name;
    const char *help;       /* what it means, for people; the same in all of a family */
    const char *unit;       /* `seconds`, `bytes`; NULL: it has none */
    const ng_label *labels; /* NULL where there are none */
    size_t label_count;
    ng_metric_kind kind;
    const void *value;
    uint64_t divisor;      /* the value is divided by it: 1000000000 for nanoseconds in `seconds`;
                              0 and 1: it is written as it is. The same in all of a family */
    const uint64_t *edges; /* NG_METRIC_HISTOGRAM: where the text cuts it, ascending, not divided;
                              each is widened by ng_histogram_edge, so that the counts are exact */
    size_t edge_count;     /* 0: NG_METRIC_EDGES edges, 4^k - 1 from 3 on */
} ng_metric;

/* 4^20 - 1 nanoseconds are 18 minutes. */
#define NG_METRIC_EDGES 20

/* What is wrong with the list. */
typedef struct ng_metrics_error {
    ng_status status;    /* NG_OK: nothing */
    size_t metric;       /* its place in the list */
    const char *message; /* static; NULL: nothing is wrong, or an argument is NULL */
} ng_metrics_error;

/* A list on its way to text. All fields are private but `error`. All-zero shows nothing. */
typedef struct ng_metrics {
    ng_metrics_error error; /* read-only */
    const ng_metric *metrics;
    const size_t *order; /* the places in `metrics`, sorted */
    size_t count;
    size_t at;         /* of the current line's metric, in `order` */
    int line;          /* which of its lines it is */
    bool begun;        /* the line's number is in `number` */
    size_t given;      /* bytes of the line that are out */
    size_t edge;       /* histogram: which edge the line is about, */
    size_t bucket;     /* the first bucket that is not in */
    uint64_t gathered; /* this */
    size_t number_size;
    char number[NG_NUMBER_TEXT_MAX];
} ng_metrics;

/* Checks and sorts the list. Kept, not copied: `list` and everything it points to, and `order`,
 * room for `count` numbers (both may be NULL if that is 0). NG_INVALID: an argument is NULL, or
 * `metrics->error` says which metric is wrong and why. */
NG_NODISCARD ng_status ng_metrics_init(ng_metrics *metrics, const ng_metric *list, size_t count,
                                       size_t *order);

/* Writes as much of the text as goes into `room` bytes, without a NUL, and says how much.
 * NG_AGAIN: there is more. NG_OK: that was all of it; from then on there is none. NG_INVALID: an
 * argument is NULL or `room` is 0, or the list was wrong. */
NG_NODISCARD ng_status ng_metrics_write(ng_metrics *metrics, char *out, size_t room,
                                        size_t *written);

/* The next text begins from the front, with the numbers of then; nothing is checked again. */
void ng_metrics_rewind(ng_metrics *metrics);

#if defined(__cplusplus)
}
#endif

#if defined(__cplusplus)
extern "C" {
#endif

/* Rows. The first six only grow; `held` and `in_flight` go up and down. */
typedef struct ng_account {
    uint64_t in;        /* taken, or begun here */
    uint64_t out;       /* delivered, or contained in what was */
    uint64_t filtered;  /* not wanted */
    uint64_t late;      /* came after their window was closed */
    uint64_t dropped;   /* given up by a policy, say of a full queue */
    uint64_t failed;    /* could not be processed */
    uint64_t held;      /* kept in state, say in an open window */
    uint64_t in_flight; /* on their way, say in a queue */
} ng_account;

/* Whether the law holds; false for NULL, and where the right side exceeds UINT64_MAX. Any thread
 * that may read the account. */
bool ng_account_holds(const ng_account *account);

/* Adds each field of `from` (borrowed) to that of `into`; if the law holds for both it then holds
 * for the sum. NG_TOO_LARGE: a field would exceed UINT64_MAX, and `into` stays as it was.
 * NG_INVALID: one of them is NULL. */
NG_NODISCARD ng_status ng_account_add(ng_account *into, const ng_account *from);

#define NG_ACCOUNT_METRICS 8

/* The metrics that show an account:
 *
 *     nagare_rows_in_total{operator="NAME"}                 in
 *     nagare_rows_total{operator="NAME",outcome="OUTCOME"}  out, filtered, late, dropped, failed
 *     nagare_rows_waiting{operator="NAME",place="PLACE"}    held, in_flight (a gauge)
 *
 * so that the first is the sum of the others. Kept: `account`, `name` and `labels`, which must
 * outlive the metrics. NG_INVALID: one of them is NULL. */
NG_NODISCARD ng_status ng_account_metrics(const ng_account *account, const char *name,
                                          ng_label labels[NG_ACCOUNT_METRICS][2],
                                          ng_metric metrics[NG_ACCOUNT_METRICS]);

#if defined(__cplusplus)
}
#endif

#if defined(__cplusplus)
extern "C" {
#endif

/* What becomes of rows that a graph cannot see. */
typedef enum ng_fate {
    NG_FILTERED = 0,   /* not wanted, or folded into others */
    NG_LATE = 1,       /* came after their window had closed */
    NG_DROPPED = 2,    /* gave way, or no one wanted them any more */
    NG_ROW_FAILED = 3, /* were bad */
    NG_HELD = 4,       /* wait in the operator; goes up and down */
    NG_MADE = 5,       /* began here */
} ng_fate;

/* The graph as an operator sees it during a call. */
typedef struct ng_context ng_context;

/* Room for rows behind those that are there. */
typedef struct ng_room {
    ng_column *columns;
    size_t at;   /* the first row that may be written */
    size_t rows; /* how many may be; written in order from `at` on */
} ng_room;

/* Row `i` of the room, to be written. */
static inline ng_row ng_room_row(const ng_room *room, size_t i) {
    ng_row row = {room->columns, room->at + i};
    return row;
}

/* What a call answers. */
static inline ng_step ng_step_of(size_t consumed, size_t produced, ng_status status) {
    ng_step step = {consumed, produced, status};
    return step;
}

typedef struct ng_operator {
    const char *name;
    /* Before the first push. NG_END: there is nothing to do, its rivers end. May be NULL. */
    ng_status (*open)(void *state, ng_context *context);
    /* Rows of input ng_context_input(context) and room in output 0; `in` is NULL for an operator
     * without inputs, `out` for one without outputs or one that only forwards. NG_OK; NG_AGAIN:
     * waits for something else than room; NG_END: wants no more and makes no more, all that it
     * holds is done with; below 0: row `consumed` of `in` is bad, or, without rows, the operator
     * is. */
    ng_step (*push)(void *state, ng_context *context, const ng_batch *in, const ng_room *out);
    /* An input has ended and is drained. `consumed` is 0. NG_AGAIN: there is more to make, call
     * again; NG_OK: this input is done with; NG_END: so are the others. NULL: NG_OK. */
    ng_step (*end)(void *state, ng_context *context, const ng_room *out);
    /* The time asked for by ng_context_call_at has come. NULL: `push` sees to it. */
    ng_step (*timer)(void *state, ng_context *context, const ng_room *out);
    /* An input has ended with an error. NG_OK: it goes on to all outputs; NG_AGAIN: rows of other
     * inputs come before, ask again. NULL: NG_OK. */
    ng_status (*fail)(void *state, ng_context *context, ng_status status);
    /* After the last call, however it came to it; once if `open` was called. May be NULL. */
    void (*close)(void *state);
    bool resumes; /* after a bad row it can go on with the next */
} ng_operator;

/* ---- what an operator may ask ---------------------------------------------------------------- */

/* Which input this call is about. */
uint32_t ng_context_input(const ng_context *context);

/* The number of the first row that waits at an input, from 0, those that gave way to others
 * included: the same number is the same row. */
uint64_t ng_context_row(const ng_context *context, uint32_t input);

/* The first rows that wait at an input, or NULL; and takes some of them besides those that the
 * step says. NG_INVALID: there is no such input, or it has not that many rows. */
const ng_batch *ng_context_first(ng_context *context, uint32_t input);
ng_status ng_context_take(ng_context *context, uint32_t input, size_t rows);

/* Wants no more rows of an input: those that wait after this call are let go of, and `end` is
 * called as if it had ended. */
void ng_context_cancel(ng_context *context, uint32_t input);

/* The place in the order of all rows (ops_order says which) of the first row that waits at an
 * input; where none waits, one that no row to come is before; UINT64_MAX: none will come. Only for
 * inputs of which ng_merge_ordered has some. */
uint64_t ng_context_position(const ng_context *context, uint32_t input);

/* How many rows may go to an output at once; 0: none at the moment. */
size_t ng_context_credit(ng_context *context, uint32_t output);

/* Whether no one wants an output's rows any more. */
bool ng_context_is_cancelled(const ng_context *context, uint32_t output);

/* Passes rows of a batch on to an output without copying them. NG_AGAIN: there is no credit for so
 * many; NG_CANCELLED: no one wants them; NG_INVALID: there is no such output, or there are no such
 * rows. */
NG_NODISCARD ng_status ng_context_forward(ng_context *context, uint32_t output,
                                          const ng_batch *batch, size_t from, size_t rows);

/* Room in another output than 0, which `push` is given, or false: there is none at the moment. */
bool ng_context_room(ng_context *context, uint32_t output, ng_room *room);

/* Has the next room in an output lie in an empty block; for text that did not fit. */
void ng_context_renew(ng_context *context, uint32_t output);

/* So many rows were written to the room of an output other than 0. NG_INVALID: it had less. */
ng_status ng_context_made(ng_context *context, uint32_t output, size_t rows);

/* Counts rows whose fate the graph cannot see: each that comes in or is made goes out, or has one.
 */
void ng_context_count(ng_context *context, ng_fate fate, int64_t rows);

/* Nanoseconds of the graph's clock. */
int64_t ng_context_now(const ng_context *context);

/* Asks for `timer` at a time; again replaces. INT64_MAX takes it back. */
void ng_context_call_at(ng_context *context, int64_t when);

#if defined(__cplusplus)
}
#endif

#if defined(__cplusplus)
extern "C" {
#endif

/* Where nanoseconds come from. */
typedef struct ng_clock {
    int64_t (*now)(void *ctx);
    void *ctx;
} ng_clock;

/* Which call of an operator. */
typedef enum ng_call {
    NG_CALL_PUSH = 1,
    NG_CALL_END = 2,
    NG_CALL_TIMER = 3,
} ng_call;

/* A call of an operator, for tracing. What is below `data` is known when it has ended. */
typedef struct ng_span {
    const char *calls; /* the operator's name */
    const char *river; /* the name that ng_name gave it, or NULL */
    uint32_t node;     /* the operator's, as in its rivers */
    ng_call call;
    int64_t begin; /* by the graph's clock */
    void *data;    /* the tracer's: NULL at first */
    int64_t end;
    uint64_t rows_in, rows_out; /* taken and sent */
    ng_status status;           /* what the operator answered */
} ng_span;

/* Who is told of each call, on the graph's thread; no call of the graph is allowed then. */
typedef struct ng_tracer {
    void (*begin)(void *ctx, ng_span *span); /* may be NULL */
    void (*end)(void *ctx, const ng_span *span);
    void *ctx;
} ng_tracer;

typedef struct ng_graph_options {
    ng_allocator allocator;
    ng_clock clock;       /* `now` NULL: time stands still at 0, and timers are refused */
    size_t batch_rows;    /* rows of a block, at least 1 */
    size_t batch_text;    /* bytes of text in each utf8 column of a block, at least 1 */
    ng_link_options link; /* of every river that ng_bound does not give others */
} ng_graph_options;

/* 4096 rows and 64 KiB of text a block, four batches in flight. */
ng_graph_options ng_graph_defaults(ng_allocator allocator);

struct ngi_node;

/* Why a graph, or a part of it, failed. */
typedef struct ng_error {
    ng_status status;  /* NG_OK: it did not */
    const char *calls; /* the operator's name */
    const char *river; /* the name that ng_name gave it, or NULL */
    uint64_t row;      /* of its input, from 0; of a source: how many rows it has made */
    uint32_t node;     /* the operator's, as in its rivers; UINT32_MAX: none */
} ng_error;

/* All fields are private. */
typedef struct ng_graph {
    ng_graph_options options;
    ng_tracer tracer;
    struct ngi_node **nodes;
    const struct ngi_tracing *tracing;   /* what graph_trace sees to; NULL: no one is told */
    const struct ngi_timing *timing;     /* graph_timers; NULL: no operator has waited for a time */
    const struct ngi_ordering *ordering; /* graph_order; NULL: there is no ordered merge */
    uint32_t count, room, live;
    uint32_t timers; /* nodes in the heap */
    uint32_t *heap;  /* nodes that wait for a time, the first to come first */
    uint64_t *ready; /* a bit for each node, sources first */
    uint8_t *memory;
    size_t memory_size;
    ng_error error;
    void (*woken)(void *ctx); /* who runs it hears that something came from outside; NULL: no one */
    void *woken_ctx;
    int state;
    bool busy, cancelling;
} ng_graph;

/* A step's result, to be taken by the next step. */
typedef struct ng_river {
    ng_graph *graph;
    uint32_t node, output;
} ng_river;

/* Starts building. `options` are copied. NG_INVALID: one is not allowed. */
NG_NODISCARD ng_status ng_graph_init(ng_graph *graph, const ng_graph_options *options);

/* Has a tracer, which is copied, told of each call from now on. NG_INVALID: it has no `end`. */
NG_NODISCARD ng_status ng_graph_trace(ng_graph *graph, const ng_tracer *tracer);

/* ---- building -------------------------------------------------------------------------------- */

/* How an operator stands in a graph. */
typedef struct ng_stage {
    const ng_operator *calls;
    size_t state_size;       /* of a state that the graph keeps, zeroed; 0: `state` is used */
    void *state;             /* the caller's, which outlives the graph; or, with `state_size`, what
                                the kept state begins as, or NULL */
    const ng_schema *schema; /* of all outputs; NULL: as the first input's. Kept. */
    uint32_t outputs;
    bool forwards;  /* only passes on rows that came in, so it needs no room of its own */
    uint32_t holds; /* how many batches it holds between calls at most */
} ng_stage;

/* Puts an operator behind `count` rivers, which become its inputs in this order, and gives its
 * first output. With `count` 0 it is a source of `graph`; else `graph` is theirs. */
ng_river ng_apply(ng_graph *graph, const ng_river *rivers, uint32_t count, const ng_stage *stage);

/* Output `output` of the operator that gave `river`. */
ng_river ng_output(ng_river river, uint32_t output);

/* The state that the graph keeps for the operator that gave `river`, or NULL. */
void *ng_state(ng_river river);

/* The columns of a river, or NULL where building has failed. */
const ng_schema *ng_columns(ng_river river);

/* Names a river in errors and figures. The name is kept. */
ng_river ng_name(ng_river river, const char *name);

/* Bounds a river by other marks, or another policy, than the graph's. */
ng_river ng_bound(ng_river river, const ng_link_options *options);

/* Has building fail with a status, unless it has failed before; for those who write steps. */
ng_river ng_refuse(ng_graph *graph, const char *calls, ng_status status);

/* What happens at a bad row. */
typedef enum ng_strategy {
    NG_STOP = 0,        /* the river ends with the error */
    NG_SKIP = 1,        /* the row is counted as failed, and left out */
    NG_DEAD_LETTER = 2, /* the row goes to ng_dead_letters */
    NG_RETRY = 3,       /* the row is tried again later, as ng_on_error_retry says */
    NG_ASK = 4,         /* the function of ng_on_error_ask decides */
} ng_strategy;

/* Sets what the operator that gave `river` does at a bad row. Refused with NG_UNSUPPORTED for other
 * than NG_STOP where it cannot go on after one, and for NG_RETRY without a clock; with NG_MISUSED
 * once its dead letters are taken. NG_RETRY is ng_on_error_retry with ng_retry_defaults. */
ng_river ng_on_error(ng_river river, ng_strategy strategy);

/* The river of the bad rows of an operator that may leave some to it, in its input's columns. */
ng_river ng_dead_letters(ng_river river);

/* ---- running --------------------------------------------------------------------------------- */

/* How many bytes ng_graph_start will take; 0: building has failed, or they do not fit. */
size_t ng_graph_memory(const ng_graph *graph);

/* Checks the whole and takes the memory. NG_DANGLING, NG_TOO_LARGE, NG_NO_MEMORY, or what a step
 * was refused for; ng_graph_error tells where. */
NG_NODISCARD ng_status ng_graph_start(ng_graph *graph);

/* As many calls as there may be. */
#define NG_ALL SIZE_MAX

/* Makes at most `calls` calls of operators. NG_AGAIN: there are more to make; NG_OK: all wait for
 * something outside; NG_END: all has ended; below 0: all has ended, and this is how the first
 * operator failed. NG_MISUSED: it has not been started, or this is a call from within. */
NG_NODISCARD ng_status ng_graph_step(ng_graph *graph, size_t calls);

/* The operator that gave `river` has something to do: rows came in from outside, or room. The
 * graph's thread only. */
void ng_graph_wake(ng_river river);

/* The operator that gave `river` wants no more and makes no more: it ends, and what it takes from
 * is cancelled, in the next step. Any number of times; the graph's thread only. */
void ng_cancel(ng_river river);

/* When the next timer is due, INT64_MAX if none is. */
int64_t ng_graph_next(const ng_graph *graph);

/* Ends it from outside: sources are cancelled, what is in flight is let go of and counted as
 * dropped. */
void ng_graph_cancel(ng_graph *graph);

/* Gives all memory back. What is in flight is let go of. Any number of times. */
void ng_graph_close(ng_graph *graph);

/* The first failure. */
ng_error ng_graph_error(const ng_graph *graph);

/* The books of the operator that gave `river`; `in_flight` are rows in its outputs' queues that are
 * counted in `out` too, so it is 0 here. */
ng_account ng_river_account(ng_river river);

/* Checks every operator's and every link's books. NG_OK, or NG_FAILED and `*at` tells the first
 * operator whose rows do not add up. `*all`: the graph's own, from sources to sinks. */
NG_NODISCARD ng_status ng_audit(const ng_graph *graph, ng_account *all, ng_error *at);

#if defined(__cplusplus)
}
#endif

/* ---- health.h -------------------------------------------------------------------------------- */

/* health: how each operator of a graph is at a moment, for those who watch it.
 *
 * A snapshot is taken on the graph's thread, between steps, and is plain data from then on. Two of
 * them tell what stands still: where `calls` has not moved, nothing was done. */

#if defined(__cplusplus)
extern "C" {
#endif

typedef enum ng_condition {
    NG_READY = 0,     /* it will be called in the next step */
    NG_IDLE = 1,      /* nothing waits for it: no rows, or, for a source, no word from outside */
    NG_BLOCKED = 2,   /* rows wait, but it has no room, or waits for other rivers or a time */
    NG_DONE = 3,      /* it has ended */
    NG_BROKEN = 4,    /* it has ended with an error, its own or one from above */
    NG_ABANDONED = 5, /* it was cancelled from outside */
} ng_condition;

typedef struct ng_health {
    const char *calls; /* the operator's name */
    const char *river; /* the name that ng_name gave it, or NULL */
    uint32_t node;     /* the operator's, as in its rivers */
    ng_condition condition;
    ng_status status; /* how it has ended, NG_OK: it has not */
    uint64_t called;  /* how often it was called */
    uint64_t queued;  /* rows that wait at its inputs */
    uint64_t desired; /* rows that all of its rivers would take now; UINT64_MAX: it has none */
    ng_account account;
} ng_health;

/* The operators of a graph in the order in which they were built, up to `room` of them. Answers how
 * many there are; 0 before it is started, and after it is closed. */
size_t ng_graph_health(const ng_graph *graph, ng_health *list, size_t room);

/* "ready", "idle", "blocked", "done", "broken", "abandoned". Any thread. */
const char *ng_condition_text(ng_condition condition);

/* Writes one as a line of JSON with an LF and a NUL, with the accounts' fields by their names.
 * Answers the size without the NUL; a text that does not fit into `room` (at least 1) is cut. Any
 * thread. */
size_t ng_health_json(const ng_health *health, char *out, size_t room);

#if defined(__cplusplus)
}
#endif

/* ---- ops_source.h ---------------------------------------------------------------------------- */

/* ops_source: where rows begin. */

#if defined(__cplusplus)
extern "C" {
#endif

/* Integers in one column `value` of NG_I64: from `from` on, by `by`, up to before `to`. Refused
 * with NG_INVALID if `by` is 0. */
ng_river ng_range(ng_graph *graph, int64_t from, int64_t to, int64_t by);

/* One column `value` of NG_I64 with these numbers, which are copied when the graph is built; at
 * most 4096. */
ng_river ng_of(ng_graph *graph, const int64_t *values, size_t count);

/* The rows of an array of columns, without copying them: `columns` and what they point to stay as
 * they are until the graph is closed. */
ng_river ng_array(ng_graph *graph, const ng_schema *schema, ng_column *columns, size_t rows);

/* Rows that a function makes: it sets every column of `out` and answers NG_OK; NG_AGAIN: there is
 * none at the moment, ng_graph_wake says when to ask again; NG_END: there will be none; below 0: it
 * failed. Where a text does not fit it may answer what ng_set_text said, and is asked for the same
 * row again with more room. The schema is kept. */
typedef ng_status ng_generate_fn(ng_row out, void *ctx);
ng_river ng_generate(ng_graph *graph, const ng_schema *schema, ng_generate_fn *make, void *ctx);

#if defined(__cplusplus)
}
#endif

/* ---- ops_rows.h ------------------------------------------------------------------------------ */

/* ops_rows: functions that are called row by row.
 *
 * A function answers NG_OK or a failure, which is handled as ng_on_error says. One that writes text
 * answers what ng_set_text did; where the text did not fit behind that of other rows, it is called
 * for the same row again with more room. `ctx` is handed through. */

#if defined(__cplusplus)
extern "C" {
#endif

/* Reads a row and sets every column of another. */
typedef ng_status ng_map_fn(ng_row in, ng_row out, void *ctx);

/* Reads a row; 1: yes, 0: no, below 0: a failure. */
typedef int ng_test_fn(ng_row in, void *ctx);

/* Reads a row. */
typedef ng_status ng_look_fn(ng_row in, void *ctx);

/* Sets every column of the `k`th row, from 0, that comes of `in`; NG_END: there are no more. */
typedef ng_status ng_flat_fn(ng_row in, size_t k, ng_row out, void *ctx);

/* Every row becomes another, with the same columns or, by ng_map_to, with those of `schema`. */
ng_river ng_map(ng_river river, ng_map_fn *map, void *ctx);
ng_river ng_map_to(ng_river river, const ng_schema *schema, ng_map_fn *map, void *ctx);

/* The rows for which a test says yes. */
ng_river ng_filter(ng_river river, ng_test_fn *keep, void *ctx);

/* Every row becomes any number of rows. */
ng_river ng_flat_map(ng_river river, const ng_schema *schema, ng_flat_fn *flat, void *ctx);

/* Calls a function for every row, which goes on as it is. */
ng_river ng_tap(ng_river river, ng_look_fn *look, void *ctx);

/* Folds a row into the state `ctx`, and sets the columns of what is to be told of it. */
typedef ng_status ng_fold_fn(ng_row in, void *ctx);
typedef ng_status ng_told_fn(ng_row out, void *ctx);

/* Every row is folded into `ctx` and followed by what is told of it then. */
ng_river ng_scan(ng_river river, const ng_schema *schema, ng_map_fn *scan, void *ctx);

/* All rows are folded into `ctx`; what is told at the end is one row. */
ng_river ng_reduce(ng_river river, const ng_schema *schema, ng_fold_fn *fold, ng_told_fn *tell,
                   void *ctx);

/* The end of a river: a function sees every row. It may answer NG_AGAIN: not now, the row is
 * offered again after ng_graph_wake; and NG_END: this one was enough. */
ng_river ng_observe(ng_river river, ng_look_fn *look, void *ctx);

/* For other operators that leave rows out: copies those of `in` that `pick` says 1 to, asked once
 * or more for each; it answers 0 for others, below 0: the row is bad. */
typedef int ngi_pick_fn(const void *state, const ng_batch *in, size_t row);
ng_step ngi_pick_rows(ng_context *context, const ng_batch *in, const ng_room *out,
                      ngi_pick_fn *pick, const void *state);

#if defined(__cplusplus)
}
#endif

/* ---- ops_kernel.h ---------------------------------------------------------------------------- */

/* ops_kernel: generated kernels as operators. */

#if defined(__cplusplus)
extern "C" {
#endif

/* A river through a kernel, whose columns it must have by name and type, in any order; NG_MISMATCH
 * if it has not. What can be null in the river must be allowed to be in the kernel. `params` are
 * the kernel's own structure, copied at once; NULL: its defaults. `profile` is NG_AUTO but for
 * tests. Of what a call takes and makes the difference counts as filtered, or as made. A kernel
 * that ends by itself (`take 10`) cancels the river and brings out what it still holds. A kernel
 * with a column `ng_row` numbers the rows of its input there; the graph makes positions of that. */
ng_river ng_through(ng_river river, const ng_kernel *kernel, const void *params,
                    ng_profile profile);

#if defined(__cplusplus)
}
#endif

/* ---- ops_cut.h ------------------------------------------------------------------------------- */

/* ops_cut: the beginning of a river, or what comes after it. No rows are copied, but for a sample.
 */

#if defined(__cplusplus)
extern "C" {
#endif

/* The first `rows` rows. Ends, and cancels upstream, right behind the last of them. */
ng_river ng_take(ng_river river, uint64_t rows);

/* All but the first `rows` rows. */
ng_river ng_skip(ng_river river, uint64_t rows);

/* The rows before the first for which a test says no; ends there. */
ng_river ng_take_while(ng_river river, ng_test_fn *test, void *ctx);

/* The rows from the first on for which a test says no. */
ng_river ng_skip_while(ng_river river, ng_test_fn *test, void *ctx);

/* Every `n`th row, beginning with the first. Refused with NG_INVALID if `n` is 0. */
ng_river ng_every(ng_river river, uint64_t n);

/* Each row with a probability, from 0 to 1. Which rows they are follows from the seed and their
 * numbers alone. Refused with NG_INVALID if `probability` is none. */
ng_river ng_sample(ng_river river, double probability, uint64_t seed);

#if defined(__cplusplus)
}
#endif

/* ---- ops_distinct.h -------------------------------------------------------------------------- */

/* ops_distinct: rows whose key is new. A key is some columns of a row, at most 16, by their names;
 * with `names` NULL all columns. Nulls are equal to each other, and floats go by value: zeros are
 * equal, and so are all NaN. */

#if defined(__cplusplus)
extern "C" {
#endif

/* The rows whose key is another than that of the row before. NG_MISMATCH: there is no such column;
 * NG_TOO_LARGE: there are too many. */
ng_river ng_distinct_until_changed(ng_river river, const char *const *names, size_t count);

/* What a distinct remembers, in memory that the graph takes for it when it is built: about 8 bytes
 * a key and what its columns take, times a power of two that is at most 2. */
typedef struct ng_distinct_options {
    size_t keys;  /* how many it remembers, at least 1 and at most 2^30 */
    size_t text;  /* bytes of text in each utf8 column of all keys, at least 1 */
    bool forgets; /* where one more does not fit: forgets the older half of the keys. Otherwise the
                     row is bad, with NG_FULL (see ng_on_error). */
} ng_distinct_options;

/* The first row of each key. Where keys are forgotten, a row may come out again, once at least
 * keys / 2 others, or half the text, have come between. NG_INVALID: options; as above. */
ng_river ng_distinct(ng_river river, const char *const *names, size_t count,
                     const ng_distinct_options *options);

#if defined(__cplusplus)
}
#endif

/* ---- ops_collect.h --------------------------------------------------------------------------- */

/* ops_collect: rows into columns of the program. */

#if defined(__cplusplus)
extern "C" {
#endif

/* Columns that are filled. */
typedef struct ng_collected {
    ng_column *columns; /* one for each of the river's, with room for `capacity` rows: values (of
                           utf8 capacity + 1 offsets), `valid` where there can be nulls, and text of
                           `bytes_size` */
    size_t capacity;
    size_t rows; /* that are there so far: 0 to begin with, or how many are to be kept */
} ng_collected;

/* Copies rows into an array of columns, behind those that it has. A row for which there is no room
 * is bad, with NG_FULL (see ng_on_error). `to` outlives the graph. */
ng_river ng_collect(ng_river river, ng_collected *to);

#if defined(__cplusplus)
}
#endif

/* ---- ops_sort.h ------------------------------------------------------------------------------ */

/* ops_sort: all rows of a river in an order, also where they are more than memory holds. */

#if defined(__cplusplus)
extern "C" {
#endif

/* A column by which rows are ordered. Text goes by bytes, which is the order of its characters'
 * numbers; NaN is above all numbers. */
typedef struct ng_sort_key {
    const char *column;
    bool descending;
    bool nulls_first; /* nulls come first, whatever the direction; else last */
} ng_sort_key;

/* Bytes that lie outside of memory, such as in a file. Both calls move all bytes, which lie one
 * behind the other from `at` on, or fail with a status below 0. What is read was written before.
 * They are made on the graph's thread, and the graph waits for them. */
typedef struct ng_storage {
    ng_status (*write)(void *ctx, uint64_t at, const void *bytes, size_t size);
    ng_status (*read)(void *ctx, uint64_t at, void *into, size_t size);
    void *ctx;
} ng_storage;

/* The memory of a sort, which is taken when the graph is built: for so many rows and texts, 8 bytes
 * a row besides, and half as much again where there is storage. */
typedef struct ng_sort_options {
    size_t rows;         /* that are sorted in memory, at least 16 and at most 2^30 */
    size_t text;         /* bytes of text in each utf8 column among them */
    size_t longest_text; /* of a row; one with more is bad, with NG_TOO_LARGE */
    ng_storage storage;  /* for rows beyond that; `write` NULL: there is none, they are bad, with
                            NG_FULL */
} ng_sort_options;

/* All rows, in the order of the first key, of rows equal by it in that of the second, and so on;
 * equal ones in the order in which they came. Nothing comes out before the river has ended. Each
 * row is written and read about log(rows / options.rows) / log(16) times, at least once where there
 * are more than fit. NG_INVALID: options, no key; NG_MISMATCH: there is no such column;
 * NG_TOO_LARGE: there are more than 16 keys. */
ng_river ng_sort(ng_river river, const ng_sort_key *keys, size_t count,
                 const ng_sort_options *options);

#if defined(__cplusplus)
}
#endif

/* ---- ops_join.h ------------------------------------------------------------------------------ */

/* ops_join: several rivers into one. A river that fails fails the whole, and the others are
 * cancelled. */

#if defined(__cplusplus)
extern "C" {
#endif

/* Rows as they come, one river's turn after the other's. Ends when all have. The rivers must have
 * the same columns, or it is refused with NG_MISMATCH. */
ng_river ng_merge(const ng_river *rivers, uint32_t count);

/* All of the first river, then all of the second, and so on. Those whose turn has not come wait. */
ng_river ng_concat(const ng_river *rivers, uint32_t count);

/* The rows of the river that began last: a river begins with its first row, which cancels the one
 * before. Ends when the last one to begin has ended, and all others have too or are cancelled;
 * those that have not begun may still do so. */
ng_river ng_switch_latest(const ng_river *rivers, uint32_t count);

/* The first rows of all, then the second rows, and so on, their columns side by side. `schema` has
 * them all in the rivers' order, with names of the caller's choice; NG_MISMATCH if types or nulls
 * differ. Ends with the shortest river. */
ng_river ng_zip(const ng_river *rivers, uint32_t count, const ng_schema *schema);

/* A row for each row of any river, beside the latest of each other one, once all have had one.
 * `schema` as for ng_zip. Ends when all have ended, or one that has had no row. */
ng_river ng_combine_latest(const ng_river *rivers, uint32_t count, const ng_schema *schema);

#if defined(__cplusplus)
}
#endif

/* ---- ops_split.h ----------------------------------------------------------------------------- */

/* ops_split: one river into several. `rivers` gets `count` of them, which all must be used. A river
 * that is cancelled is left out, the others go on. */

#if defined(__cplusplus)
extern "C" {
#endif

/* Every row into every river, without copying it. The slowest sets the pace, unless ng_bound gives
 * its river another policy. */
void ng_fork(ng_river river, ng_river *rivers, uint32_t count);

/* Says into which river a row goes, from 0; below 0: a failure. Rows for a river there is not are
 * filtered out. */
typedef int ng_route_fn(ng_row row, void *ctx);

/* Every row into one river, in order. A river that is full holds up those behind. */
void ng_route(ng_river river, ng_route_fn *route, void *ctx, ng_river *rivers, uint32_t count);

/* Every row into one river, all rows of a key into the same, on every machine and in every run:
 * keys are columns by their names, at most 16, or all with `names` NULL, as in ops_distinct.
 * NG_MISMATCH: there is no such column; NG_TOO_LARGE: there are too many. */
void ng_partition(ng_river river, const char *const *names, size_t name_count, ng_river *rivers,
                  uint32_t count);

/* One row after the other into one river after the other. */
void ng_round_robin(ng_river river, ng_river *rivers, uint32_t count);

/* Batches to whichever river has most credit, without copying them. */
void ng_balance(ng_river river, ng_river *rivers, uint32_t count);

#if defined(__cplusplus)
}
#endif

/* ---- ops_order.h ----------------------------------------------------------------------------- */

/* ops_order: several rivers into one whose order does not depend on who was faster.
 *
 * The rows of all sources are numbered, each source's from 0; the sources' rows of one number
 * belong together, in an order that the merge gives them. A row's *position* is the number of the
 * source row that brought it out. What the end of a river brings out (aggregates, partial windows)
 * has positions behind those of all rows, operator by operator in the order in which they were put
 * into the graph.
 *
 * A river of a source, or of forks of one, needs no more. Others carry positions in a column
 * `ng_row` of NG_U64: kernels have it where the generator was told that their river is merged (a
 * kernel numbers the rows of its own input, and the graph makes positions of that), operators of
 * one's own hand it on. Positions never fall from row to row. */

#if defined(__cplusplus)
extern "C" {
#endif

#define NG_ROW_COLUMN "ng_row"

/* Positions from here on belong to rows that were brought out by the end of a river. */
#define NG_ROWS_OF_THE_END ((uint64_t)1 << 63)

/* Rows by their positions, and of one position by the order of `rivers`. `schema` (kept) names the
 * columns that are taken from each, in any order there, those that can be null in one of them as
 * nullable; with `ng_row` among them the positions go on. It waits for a river that has no row yet
 * only until it is clear that none can come before; memory is that of the links. Ends when all
 * have. The river that fails first by its position ends it, after all rows before.
 *
 * Rivers of one fork fill their links at the same time. Where more rows of one position than a
 * link takes come through a fork (from another merge, or from an operator that makes many rows of
 * one), the merge may need a row that the fork cannot send any more. It fails with NG_NO_CREDIT
 * then: give the links more room.
 *
 * Refused: with NG_MISMATCH where a column is missing or has another type, with NG_UNSUPPORTED
 * where a river has no positions and is not a source's, or an operator above holds rows back. */
ng_river ng_merge_ordered(const ng_river *rivers, uint32_t count, const ng_schema *schema);

#if defined(__cplusplus)
}
#endif

/* ---- ops_time.h ------------------------------------------------------------------------------ */

/* ops_time: when rows go on.
 *
 * All times are nanoseconds of the graph's clock; a step that needs one is refused with
 * NG_UNSUPPORTED where the graph has none, and with NG_INVALID where a time or a number is not
 * allowed. Rows go on at exactly the times stated, if the graph is stepped then; one that is
 * stepped late, or has no credit, is late by that much.
 *
 * A river that ends has what is held sent first. One that fails passes the failure on at once, and
 * what is held is counted as dropped. */

#if defined(__cplusplus)
extern "C" {
#endif

/* ---- sources --------------------------------------------------------------------------------- */

/* Ticks, without end: tick k, from 0, is due at start + k * period, and is a row with k in its one
 * column `value` of NG_I64. Where several are due at once, since there was no credit or the graph
 * was not stepped, the last of them is sent and the others are skipped, and counted as dropped. */
ng_river ng_interval(ng_graph *graph, int64_t period);

/* One row, 0 in a column `value` of NG_I64, a while after the start; then the end. */
ng_river ng_after(ng_graph *graph, int64_t delay);

/* ---- fewer rows ------------------------------------------------------------------------------ */

/* Of these, rows that are left out are counted as filtered. One that is to go on but has no credit
 * is waited for: rows behind it are taken after that. */

/* The last row of each period, at its end; periods are [start + k * period, start + (k + 1) *
 * period). The last period may be cut short by the end. */
ng_river ng_sample_time(ng_river river, int64_t period);

/* Which rows ng_throttle lets through; one of them or both. */
#define NG_THROTTLE_LEADING 1u
#define NG_THROTTLE_TRAILING 2u

/* At most one row in a period. A row that comes while no period runs starts one; with
 * NG_THROTTLE_LEADING it goes on at once. With NG_THROTTLE_TRAILING the last of the other rows goes
 * on at the period's end, or the river's, and starts the next one. */
ng_river ng_throttle(ng_river river, int64_t period, unsigned edges);

/* A row goes on once no other has come for a while, or the river has ended. */
ng_river ng_debounce(ng_river river, int64_t quiet);

/* ---- the same rows --------------------------------------------------------------------------- */

/* Every row goes on a while after it was taken, in order; the end comes after the last. It holds at
 * most `max_rows` rows, from at most max_rows / batch_rows + 8 blocks, and takes no more until some
 * have gone on. */
ng_river ng_delay(ng_river river, int64_t delay, size_t max_rows);

/* Fails with NG_TIMEOUT when no row has come for `limit` since the start or the row before; one
 * that comes at that very time is too late. A river whose rows wait for credit has not gone silent.
 */
ng_river ng_timeout(ng_river river, int64_t limit);

/* When ng_buffer releases what it has gathered. */
typedef struct ng_buffer_options {
    size_t rows;    /* so many rows, at most a block's; 0: as many as a block has */
    uint64_t bytes; /* at least so many bytes, as ng_batch_bytes counts them; 0: any number */
    int64_t time;   /* so long after the first of them was taken; 0: they wait for ever */
} ng_buffer_options;

/* Gathers rows and releases them as one batch, by rows, bytes or time, whichever comes first; also
 * before a row whose text does not fit into a block with theirs, and at the end. Needs a clock only
 * with `time`. NG_TOO_LARGE: `rows` is more than a block has. ng_graph_start answers NG_NO_CREDIT
 * where the river's high-water mark is below `rows`. */
ng_river ng_buffer(ng_river river, const ng_buffer_options *options);

#if defined(__cplusplus)
}
#endif

/* ---- ops_guard.h ----------------------------------------------------------------------------- */

/* ops_guard: what is done about bad rows beyond ng_on_error, and protection of what lies behind.
 *
 * Retries and circuit breakers belong to the operator that gave a river, whichever it is: a map, a
 * filter, a sink. They keep the order of rows. All times are nanoseconds of the graph's clock. */

#if defined(__cplusplus)
extern "C" {
#endif

/* ---- trying again ---------------------------------------------------------------------------- */

/* When a bad row is tried again. Before try k, from 1, it waits for
 *
 *     d = min(first_delay * factor^(k - 1), max_delay), less r mod (d * jitter / 100 + 1)
 *
 * where r is the next number of SplitMix64 from `seed`: the same seed, the same waits. */
typedef struct ng_retry_options {
    uint32_t attempts;   /* how often a row is tried again, at least 1 */
    int64_t first_delay; /* at least 1 */
    uint32_t factor;     /* at least 1; 1: all delays are the same */
    int64_t max_delay;   /* at least first_delay */
    uint32_t jitter;     /* per cent of a delay that chance may take away, at most 100 */
    uint64_t seed;
    ng_strategy then; /* what happens to a row that stays bad: NG_STOP, NG_SKIP, NG_DEAD_LETTER */
} ng_retry_options;

/* 5 attempts after 100 ms, 200 ms, and so on, at most 10 s, less up to half; then NG_STOP. */
ng_retry_options ng_retry_defaults(void);

/* Has the operator that gave `river` try bad rows again, and after that do as `then` says. While a
 * row waits the operator takes nothing, so rows stay in order, and the graph sleeps. A flat map
 * gives what a row brought out before it failed once more. Refused as ng_on_error is, and with
 * NG_INVALID where an option is not allowed. */
ng_river ng_on_error_retry(ng_river river, const ng_retry_options *options);

/* Decides about a bad row: `in` is the row, `tries` how often it was tried again so far. Answers
 * NG_STOP, NG_SKIP, NG_DEAD_LETTER or NG_RETRY. */
typedef ng_strategy ng_ask_fn(ng_row in, ng_status status, uint32_t tries, void *ctx);

/* Has a function decide what happens at each bad row. To answer NG_DEAD_LETTER, take
 * ng_dead_letters; NG_RETRY goes by the options of an ng_on_error_retry before, or
 * ng_retry_defaults, and once its attempts are used up is what `then` says. Any other answer, and
 * NG_RETRY without a clock, ends the river with NG_MISUSED. */
ng_river ng_on_error_ask(ng_river river, ng_ask_fn *ask, void *ctx);

/* ---- circuit breakers ------------------------------------------------------------------------ */

typedef struct ng_breaker_options {
    uint32_t failures; /* so many of them within `window` open it; 1 to 4096 */
    int64_t window;    /* at least 1; the first and last of them are less than this apart */
    int64_t open_time; /* how long it stays open, at least 1 */
    uint32_t probes;   /* so many rows must go well, one after the other, to close it; at least 1 */
} ng_breaker_options;

/* Puts a circuit breaker before the operator that gave `river`. Closed, it lets rows pass and
 * counts those that fail, each try of its own. Open, rows are not tried: they fail with NG_OPEN at
 * once, and what is done about them is as for other bad rows; one to be retried waits at least
 * until the breaker is half open. Half open, rows are probes: one that fails opens it again, and
 * after `probes` good ones it is closed. Refused as ng_on_error_retry is. */
ng_river ng_circuit_breaker(ng_river river, const ng_breaker_options *options);

typedef enum ng_circuit_state {
    NG_CIRCUIT_CLOSED = 0,
    NG_CIRCUIT_OPEN = 1,
    NG_CIRCUIT_HALF_OPEN = 2,
} ng_circuit_state;

/* How a breaker stands. */
typedef struct ng_circuit {
    ng_circuit_state state;
    int64_t until;   /* open until then */
    uint64_t opened; /* how often it has opened */
} ng_circuit;

/* How the breaker of the operator that gave `river` stands; without one it is closed. */
ng_circuit ng_circuit_of(ng_river river);

/* ---- rates ----------------------------------------------------------------------------------- */

/* A token bucket: `rows` tokens in every `per` nanoseconds, evenly, up to `burst` of them; a row
 * takes one. It is full at the start. */
typedef struct ng_rate {
    uint64_t rows;  /* at least 1, at most `per` */
    int64_t per;    /* at least 1; 1000000000: rows per second */
    uint64_t burst; /* at least 1; (burst + 1) * per below 2^63 */
    bool drop;      /* rows without a token are dropped and counted; else they wait */
} ng_rate;

/* Passes rows on at no more than a rate. Tokens are counted as fractions with the denominator
 * `per`, in integers: nothing is rounded away, so there is no drift, though each row goes on at a
 * whole nanosecond. Refused with NG_INVALID or
 * NG_TOO_LARGE where a number is not allowed, with NG_UNSUPPORTED without a clock. */
ng_river ng_rate_limit(ng_river river, const ng_rate *rate);

#if defined(__cplusplus)
}
#endif

/* ---- ops_subscribe.h ------------------------------------------------------------------------- */

/* ops_subscribe: a sink that asks for as many rows as it wants, by the rules of Reactive Streams
 * 1.0.4 (docs/flow.md). */

#if defined(__cplusplus)
extern "C" {
#endif

struct ng_subscription;

/* What a subscriber is told, one call at a time, on the graph's thread. Each may be NULL. */
typedef struct ng_subscriber {
    /* First of all, once, while the graph starts. */
    void (*on_subscribe)(struct ng_subscription *subscription, void *ctx);
    /* A row, of those asked for. */
    void (*on_next)(struct ng_subscription *subscription, ng_row row, void *ctx);
    /* Last of all, once: either of them. Not after ng_subscription_cancel. */
    void (*on_complete)(void *ctx);
    void (*on_error)(ng_status status, void *ctx);
} ng_subscriber;

/* The subscriber's end of a river. It is the caller's, and outlives the graph. Private but for
 * `ctx`. */
typedef struct ng_subscription {
    const ng_subscriber *calls;
    void *ctx;
    ng_river river;
    uint64_t demand; /* rows asked for that have not come yet; UINT64_MAX: as many as there are */
    bool over;       /* cancelled, or told of the end */
} ng_subscription;

/* Ends a river in a subscriber. */
ng_river ng_subscribe(ng_river river, ng_subscription *subscription, const ng_subscriber *calls,
                      void *ctx);

/* Asks for `rows` more; UINT64_MAX, or a sum beyond it: for all. Any time from on_subscribe on,
 * also from within the calls: rows come later, not from within this one. 0 is an error, which the
 * subscriber is told. Nothing happens once it is over. */
void ng_request(ng_subscription *subscription, uint64_t rows);

/* Wants no more. Nothing is told from now on, not even an end. Any number of times. */
void ng_subscription_cancel(ng_subscription *subscription);

#if defined(__cplusplus)
}
#endif

/* ---- csv_reader.h ---------------------------------------------------------------------------- */

/* csv_reader: CSV text of any size to columns, in constant memory.
 *
 * It reads RFC 4180 and its relatives: fields in quotes, in which separators and line ends stand
 * for themselves and a quote is written twice; lines that end in LF, CRLF or a lone CR; a UTF-8
 * byte order mark at the front. Three things that the RFC leaves open:
 *
 * - A quote inside a field that does not begin with one is text: `5" pipe` is what it says.
 * - Blank lines are skipped. But where a row has a single field, a blank line is a row whose field
 *   is empty (blank lines before the header, or before the first row, are skipped there too).
 * - Spaces belong to the field. They are allowed around numbers, bools, timestamps and their nulls.
 *
 * Only the fields that are asked for are read; the others are stepped over. A text that means null
 * does so where it is not quoted and the field is nullable; a `utf8` field that is not nullable
 * takes it as text, and an empty field of any other type is then a bad one.
 *
 * Do this:
 *
 *     ng_csv_field fields[] = {{"celsius", "Temp (C)", 0, NG_F32, true}};
 *     ng_csv_options options = ng_csv_defaults();
 *     size_t size = ng_csv_reader_size(1, &options);
 *     ng_csv_reader reader;
 *     ng_status status = ng_csv_reader_init(&reader, malloc(size), size, fields, 1, &options,
 *                                           read_file, file);
 *     while (status >= 0 && status != NG_END) {
 *         size_t rows;
 *         status = ng_csv_reader_next(&reader, columns, capacity, &rows);
 *         ... use the rows ...
 *     }
 *     if (status < 0) {
 *         ng_csv_error_text(&reader.error, "sensors.csv", text, sizeof text);
 *         ... show the text ...
 *     }
 *
 * A reader belongs to one thread. */

#if defined(__cplusplus)
extern "C" {
#endif

/* What happens at a bad field (one that is not a value of its type, or not UTF-8). A quote that is
 * never closed and a row beyond the limit are always errors, since what they hide is not known. */
typedef enum ng_csv_on_error {
    NG_CSV_FAIL = 0, /* the stream ends with an error */
    NG_CSV_NULL = 1, /* a nullable field becomes null; elsewhere it is an error */
    NG_CSV_SKIP = 2, /* its row is dropped, as are rows with too few or too many fields, or with
                      * text behind a closing quote */
} ng_csv_on_error;

/* A column to be read. */
typedef struct ng_csv_field {
    const char *name;  /* what messages call it */
    const char *label; /* what the header calls it; NULL: it is found by `index` */
    uint32_t index;    /* its place in the row, from 0, where there is no label */
    ng_type type;
    bool nullable;
} ng_csv_field;

typedef struct ng_csv_options {
    char separator; /* any ASCII character but a line end */
    char quote;     /* likewise, and another one */
    bool header;    /* the first line is labels; otherwise all fields go by index */
    ng_csv_on_error on_error;
    const char *const *nulls; /* texts that mean null where they are not quoted */
    size_t null_count;
    size_t record_limit; /* the most bytes a row may have, its line end included */
    size_t chunk;        /* the most bytes that are asked for at once */
} ng_csv_options;

/* `,` and `"`, with a header, fails at the first bad field, an empty field is null, rows of up to
 * 1 MiB, chunks of 128 KiB. Any thread. */
ng_csv_options ng_csv_defaults(void);

/* Where bytes come from: puts up to `room` of them into `into` and answers how many. `*status` is
 * NG_OK before the call. No bytes: the end, or, with `*status` set, NG_AGAIN: none at the moment,
 * below 0: failed. With bytes NG_END may be set: these are the last. */
typedef size_t (*ng_csv_read)(void *ctx, void *into, size_t room, ng_status *status);

/* What went wrong and where. Lines and columns count from 1, columns in characters; 0: nowhere in
 * the text. */
typedef struct ng_csv_error {
    ng_status status;    /* NG_OK: nothing went wrong */
    uint64_t line;       /* where the row begins */
    uint64_t field_line; /* where the field begins, which quoted line ends may put further down */
    uint64_t column;     /* where the field begins in its line */
    const char *field;   /* the name of the field, or NULL; as long as the `fields` given */
    const char *remedy;  /* what to do about it, static */
    char message[256];   /* a phrase without the place */
} ng_csv_error;

/* All fields are private but those marked. */
typedef struct ng_csv_reader {
    ng_csv_error error;     /* read-only: why it failed */
    ng_csv_error tolerated; /* read-only: the first thing that was skipped or made null */
    uint64_t rows;          /* read-only: rows delivered */
    uint64_t skipped;       /* read-only: rows dropped by NG_CSV_SKIP */
    uint64_t nulled;        /* read-only: bad fields made null by NG_CSV_NULL */

    const ng_csv_field *fields;
    size_t field_count;
    ng_csv_options options;
    ng_csv_read read;
    void *ctx;
    ng_status status, source; /* ours, and what the source has said for later */
    bool past_mark, opened, ended;

    struct ngi_csv_place *places; /* of the used fields, by their order in a row */
    size_t fields_in_row, unused_at_end;
    uint64_t separators, quotes; /* the character in each byte */
    bool numbers_need_care;      /* a quote or a text that means null can look like one */

    char *buffer;
    const char *at; /* the next row */
    char *end;      /* of what has been read */
    uint64_t line;  /* of `at` */

    bool complete;      /* the end of the row at `at` is known: */
    size_t record_size; /* its size with its line end */
    size_t scanned;     /* how far that end was looked for, */
    int scan_state;     /* and what stood there */
    uint64_t lines_inside;
    uint64_t pending_nulls;

    int bad; /* what is wrong with the row at `at` */
    const char *bad_at, *bad_text;
    size_t bad_size;
    const ng_csv_field *bad_field;
} ng_csv_reader;

/* How many bytes a reader of `field_count` fields needs; a bit more than twice the record limit.
 * Any thread. */
size_t ng_csv_reader_size(size_t field_count, const ng_csv_options *options);

/* Starts a reader in `reader` (its contents do not matter). Kept, not copied: `arena` (of
 * `arena_size` bytes, at least ng_csv_reader_size), `fields`, the texts in them and in the options,
 * `ctx`. Nothing is read yet. NG_INVALID, with `reader->error` filled in, if an argument is wrong.
 */
NG_NODISCARD ng_status ng_csv_reader_init(ng_csv_reader *reader, void *arena, size_t arena_size,
                                          const ng_csv_field *fields, size_t field_count,
                                          const ng_csv_options *options, ng_csv_read read,
                                          void *ctx);

/* Fills `columns`, one for each field and in their order, with up to `capacity` rows and says how
 * many.
 *
 * A column needs `values` for `capacity` rows (NG_UTF8: capacity + 1 offsets, and `bytes`), and
 * `valid` if the field is nullable (it is left alone otherwise). The batch ends early where the
 * text room of a column is used up, and where the next row would have to be waited for.
 *
 * NG_OK: there are rows. NG_AGAIN: none yet, since the source has nothing at the moment. NG_END:
 * there are no more. Below 0: failed, `reader->error` says why; rows before the bad one have been
 * delivered by then. Ended and failed readers keep saying so. */
NG_NODISCARD ng_status ng_csv_reader_next(ng_csv_reader *reader, ng_column *columns,
                                          size_t capacity, size_t *rows);

/* Writes an error for people, as several lines that each end in LF, and a NUL. Answers the size
 * without the NUL; a text that does not fit into `room` (at least 1) is cut. Any thread. */
size_t ng_csv_error_text(const ng_csv_error *error, const char *path, char *out, size_t room);

#if defined(__cplusplus)
}
#endif

/* ---- csv_writer.h ---------------------------------------------------------------------------- */

/* csv_writer: columns to CSV text (RFC 4180, lines end in LF).
 *
 * Numbers and timestamps are written as core/number writes them, bools as `true` and `false`, nulls
 * as empty fields. Texts are put in quotes where they need them: where they hold the separator, a
 * quote or a line end, and where they are empty, so that they differ from null. What a csv_reader
 * with the same separator and quote makes of it are the same values.
 *
 * Do this:
 *
 *     ng_csv_writer writer;
 *     char buffer[65536];
 *     ng_status status = ng_csv_writer_init(&writer, buffer, sizeof buffer, fields, field_count,
 *                                           ',', '"', write_file, file);
 *     while (... there are rows ...) {
 *         status = ng_csv_writer_rows(&writer, columns, 0, rows);
 *     }
 *     status = ng_csv_writer_finish(&writer);
 *
 * A writer belongs to one thread. */

#if defined(__cplusplus)
extern "C" {
#endif

/* The least room for a writer's buffer. */
#define NG_CSV_WRITER_BUFFER_MIN 256

/* Where bytes go: takes all of them (borrowed), or fails with a status below 0; NG_CLOSED says that
 * no one reads the output any more. */
typedef ng_status (*ng_csv_write)(void *ctx, const void *bytes, size_t size);

/* All fields are private but those marked. */
typedef struct ng_csv_writer {
    uint64_t rows; /* read-only: rows taken */

    const ng_field *fields;
    size_t field_count;
    ng_csv_write write;
    void *ctx;
    ng_status status;
    char separator, quote;
    bool begun, numbers_like_texts; /* a number can hold the separator or the quote */
    char *buffer, *at, *end;
    uint64_t separators, quotes;
} ng_csv_writer;

/* Starts a writer in `writer` (its contents do not matter). Of each field it looks at the name and
 * the type. Kept, not copied: `buffer` (of `size` bytes, at least NG_CSV_WRITER_BUFFER_MIN),
 * `fields`, the names in them, `ctx`. NG_INVALID if the buffer is too small, or the separator and
 * the quote are not two different ASCII characters that are no line ends. */
NG_NODISCARD ng_status ng_csv_writer_init(ng_csv_writer *writer, void *buffer, size_t size,
                                          const ng_field *fields, size_t field_count,
                                          char separator, char quote, ng_csv_write write,
                                          void *ctx);

/* Writes the rows [first, first + rows) of `columns` (borrowed; one for each field and in their
 * order), and before the first of all the line of names. A column without `valid` has no nulls. A
 * failure of the write function is answered then and ever after. */
NG_NODISCARD ng_status ng_csv_writer_rows(ng_csv_writer *writer, const ng_column *columns,
                                          size_t first, size_t rows);

/* Hands on what is still in the buffer, for those who wait for it. */
NG_NODISCARD ng_status ng_csv_writer_flush(ng_csv_writer *writer);

/* The end: as `flush`, and the line of names where there were no rows. */
NG_NODISCARD ng_status ng_csv_writer_finish(ng_csv_writer *writer);

#if defined(__cplusplus)
}
#endif

/* ---- ops_csv.h ------------------------------------------------------------------------------- */

/* ops_csv: CSV text as the ends of rivers. csv_reader and csv_writer say what is read and written;
 * both are driven by functions that bring and take bytes. */

#if defined(__cplusplus)
extern "C" {
#endif

/* The rows of a CSV text. `schema` (kept) has the columns that are wanted, `fields` (kept) where
 * they are found, in the same order with the same types and nulls, or NG_MISMATCH; NULL: the header
 * has their names. `options` (copied) NULL: ng_csv_defaults. Where `read` answers NG_AGAIN,
 * ng_graph_wake tells when there is more. A text must fit into a block: the graph's `batch_text` is
 * at least the longest field. Bad rows are seen to as the options say; the river fails with the
 * reader's status. */
ng_river ng_csv_source(ng_graph *graph, const ng_schema *schema, const ng_csv_field *fields,
                       const ng_csv_options *options, ng_csv_read read, void *ctx);

/* The reader of a CSV source, for its error and counts; valid until the graph is closed. */
const ng_csv_reader *ng_csv_source_reader(ng_river river);

/* Writes columns of a river: those of `schema` (kept), found by name; NULL: all of them.
 * NG_MISMATCH: one is missing or has another type. The line of names comes with the first rows, or
 * with the end. What was written before a failure or a cancellation is handed on by the time the
 * graph has ended. NG_INVALID: as ng_csv_writer_init. Fails with what `write` failed with. */
ng_river ng_csv_sink(ng_river river, const ng_schema *schema, char separator, char quote,
                     ng_csv_write write, void *ctx);

#if defined(__cplusplus)
}
#endif

/* ---- ops_arrow.h ----------------------------------------------------------------------------- */

/* ops_arrow: Arrow's C stream interface as the ends of rivers. */

#if defined(__cplusplus)
extern "C" {
#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *stream, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *stream, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *stream);
    void (*release)(struct ArrowArrayStream *stream);
    void *private_data;
};

#endif

/* ---- in -------------------------------------------------------------------------------------- */

/* A stream that comes in. All fields are private but those marked. */
typedef struct ng_arrow_input {
    ng_arrow_schema columns; /* read-only: its schema; `columns.column`: what was refused */
    struct ArrowArrayStream stream;
    ng_allocator allocator;
    ng_batch batch; /* what has come and has not gone on */
} ng_arrow_input;

/* Takes a stream over (moved on NG_OK; the caller's otherwise) and asks for its schema. The
 * allocator is asked for a little for each array. As ng_arrow_import_schema, and NG_IO where the
 * stream fails. */
NG_NODISCARD ng_status ng_arrow_input_open(ng_arrow_input *input, struct ArrowArrayStream *stream,
                                           ng_allocator allocator);

/* The rows of a stream, without copying them. Fails with NG_IO where the stream does, and as
 * ng_arrow_import. `input` outlives the graph, and goes through one graph once. */
ng_river ng_arrow_source(ng_graph *graph, ng_arrow_input *input);

/* What the stream says about its last failure, or NULL; as long as nothing more is asked of it. */
const char *ng_arrow_input_error(ng_arrow_input *input);

/* Releases the stream, after the graph has been closed. Any number of times. */
void ng_arrow_input_close(ng_arrow_input *input);

/* ---- out ------------------------------------------------------------------------------------- */

/* A river that goes out as a stream. All fields are private. It stays where it is. */
typedef struct ng_arrow_output {
    ng_river river;
    const ng_schema *schema;
    ng_allocator allocator;
    ng_batch batch;
    bool prepared;        /* the batch can go out as it is */
    uint32_t keeps, kept; /* kept: atomic */
    ng_status status;     /* how the river ended, NG_OK: it has not */
    ng_status why;        /* what the last call failed with */
} ng_arrow_output;

/* Ends a river in a stream. Up to `keeps` arrays at a time are handed out without copying: they are
 * blocks of the graph, and must be released before it is closed. What is more than that is copied,
 * and stays as long as it likes; so `keeps` 0 is for those who collect arrays. `output` outlives
 * the graph. */
ng_river ng_arrow_sink(ng_river river, ng_arrow_output *output, uint32_t keeps,
                       ng_allocator allocator);

/* Makes the stream, once the graph has been started. Who asks it for the next array runs the graph
 * until there is one, on its own thread. Its calls answer 0, or as errno: EINVAL, ENOMEM, EIO, and
 * EAGAIN where the graph waits for something outside. `release` cancels the river; closing the
 * graph is the caller's, and comes after. */
void ng_arrow_stream(ng_arrow_output *output, struct ArrowArrayStream *out);

#if defined(__cplusplus)
}
#endif

#if !NG_NO_RUNTIME

/* ---- runtime.h ------------------------------------------------------------------------------- */

/* runtime: what the event loop needs of a platform, as a value: a port. Code other than the ports
 * knows no platform.
 *
 * Three ports come along: runtime_posix.h, runtime_wasm.h, and runtime_sim.h, a world whose time
 * and chance come from a seed. A program that embeds the loop elsewhere fills in its own. */

#if defined(__cplusplus)
extern "C" {
#endif

/* Nanoseconds. */
typedef int64_t ng_time;

#define NG_FOREVER INT64_MAX /* later than all */
#define NG_NOW INT64_MIN     /* earlier than all: as a time to wait until, not to wait */

#define NG_MICROSECOND ((ng_time)1000)
#define NG_MILLISECOND ((ng_time)1000000)
#define NG_SECOND ((ng_time)1000000000)

/* a + b for b >= 0, and NG_FOREVER where that is too much. Any thread. */
static inline ng_time ng_time_add(ng_time a, ng_time b) {
    return a > 0 && b > NG_FOREVER - a ? NG_FOREVER : a + b;
}

/* A thread of the platform. All zero: not started. */
typedef struct ng_thread {
    void (*run)(void *ctx);
    void *ctx;
    uintptr_t handle; /* private, the port's */
    bool started;     /* read-only */
} ng_thread;

struct ng_watch;

/* A platform. All functions get `ctx` and are called by the thread that the loop belongs to, but
 * for `wake`, `now` and `wall`, which any thread may call. */
typedef struct ng_port {
    /* The time since some moment, which never goes back. */
    ng_time (*now)(void *ctx);

    /* The time since 1970-01-01T00:00:00Z, as far as the platform knows it. */
    ng_time (*wall)(void *ctx);

    /* Returns at `until`, after a wake, or when a file is ready, and may also return early. NG_NOW:
     * looks at the files and returns at once. NG_AGAIN: nothing waits here, the host will run the
     * loop's next turn at `until`. NG_END: nothing will ever end this wait. Below 0: failed. */
    ng_status (*wait)(void *ctx, ng_time until);

    /* Ends the wait, or the next one if there is none at the moment. */
    void (*wake)(void *ctx);

    /* 64 random bits. */
    uint64_t (*random)(void *ctx);

    /* Starts and ends looking at the file of a watch; `wait` reports by ng_watch_ready. NULL: there
     * are no files. */
    ng_status (*watch)(void *ctx, struct ng_watch *watch);
    void (*unwatch)(void *ctx, struct ng_watch *watch);

    /* Reads at most `size` bytes, and writes at most so many; `*done` is how many it were.
     * NG_AGAIN: none at the moment; NG_END: there will be none; NG_CLOSED: no one reads what is
     * written. NULL: there are no files. */
    ng_status (*read)(void *ctx, int file, void *bytes, size_t size, size_t *done);
    ng_status (*write)(void *ctx, int file, const void *bytes, size_t size, size_t *done);

    /* Runs the thread's function in a new thread, and waits for its end. NULL: there are none. */
    ng_status (*start_thread)(void *ctx, ng_thread *thread);
    ng_status (*join_thread)(void *ctx, ng_thread *thread);

    void *ctx;
} ng_port;

/* Runs `thread->run(thread->ctx)` in a new thread; the structure is kept until it is joined.
 * NG_MISUSED: it is started and not joined yet. NG_UNSUPPORTED: the port has no threads. NG_IO: the
 * system gives none. */
NG_NODISCARD ng_status ng_thread_start(const ng_port *port, ng_thread *thread);

/* Waits until the function has returned. NG_MISUSED: it was not started, or joined already. */
NG_NODISCARD ng_status ng_thread_join(const ng_port *port, ng_thread *thread);

#if defined(__cplusplus)
}
#endif

/* ---- loop.h ---------------------------------------------------------------------------------- */

/* loop: tasks, timers and watches, run by one thread on a port.
 *
 * Nothing here allocates: every object is a structure of the caller's, which all zeros make a
 * valid, idle one, and which must stay where it is while the loop has it.
 *
 *     static void tick(ng_timer *timer) { ... }
 *
 *     ng_platform platform;
 *     ng_port port;
 *     ng_loop loop;
 *     ng_timer timer = {tick, my_own};
 *     if (ng_default_port(&port, &platform) == NG_OK && ng_loop_init(&loop, &port) == NG_OK &&
 *         ng_timer_every(&loop, &timer, NG_SECOND) == NG_OK) {
 *         ng_loop_run(&loop);
 *     }
 *     ng_default_close(&platform);
 *
 * The loop goes in turns. In a turn all see the same time, ng_loop_now. First those are told whose
 * channels have something, then the timers that are due fire, then the tasks run that were waiting
 * when this began. What they set off comes in the same turn only if it is a timer between the one
 * that fires and the present; everything else waits for the next turn, so no turn is endless.
 *
 * What a callback was called for may be reused in it. A timer may even be freed there; tasks,
 * watches and deadlines have to stay until the callback has returned.
 *
 * All functions are for the thread that the loop belongs to, but for those marked "any thread". */

#if defined(__cplusplus)
extern "C" {
#endif

struct ng_loop;
struct ng_timer;

struct ng_task;
typedef struct ngi_tasks {
    struct ng_task *first, *last;
} ngi_tasks;

/* Work that runs in pieces: `run` is called, and does not block. When it returns the task has
 * finished, unless it asked for more: ng_yield, ng_task_park, ng_task_sleep or ng_task_join. */
typedef struct ng_task {
    void (*run)(struct ng_task *task);
    void *ctx;
    ng_status status; /* read-only, of a task that has finished: NG_OK or NG_CANCELLED */

    struct ng_loop *loop; /* private from here on */
    struct ng_task *next, *previous;
    struct ng_task *joined;    /* the one it waits for, whose `waiters` it is in */
    struct ng_timer *sleeping; /* the timer it waits for */
    ngi_tasks waiters;
    uint32_t turn;        /* in which it was queued */
    uint8_t state, after; /* what it is in, and, while it runs, what it will be in */
} ng_task;

/* A moment at which `fire` is called, or many of them. */
typedef struct ng_timer {
    void (*fire)(struct ng_timer *timer);
    void *ctx;
    uint64_t missed; /* read-only: ticks of ng_timer_every that were skipped, since it was set */

    struct ng_loop *loop; /* private from here on; NULL: it is not set */
    struct ng_timer *next, *previous;
    uint64_t key;   /* when, shifted so that it sorts without a sign */
    ng_time period; /* 0: it fires once */
} ng_timer;

/* What a file can be ready for. An error or a hang-up counts as both. */
#define NG_READABLE 1u
#define NG_WRITABLE 2u

/* A file that `ready` is called for, once a turn, as long as it is ready for one of `events`. */
typedef struct ng_watch {
    void (*ready)(struct ng_watch *watch, unsigned events);
    void *ctx;
    int file;        /* a file descriptor; each can be watched once in a loop */
    unsigned events; /* NG_READABLE, NG_WRITABLE or both */

    struct ng_loop *loop; /* private from here on; NULL: it is not watched */
    unsigned seen;
    ng_task task;
} ng_watch;

/* `done` is called once: with NG_OK or NG_CANCELLED when the task has finished in time, or with
 * NG_TIMEOUT. */
typedef struct ng_deadline {
    void (*done)(struct ng_deadline *deadline, ng_status status);
    void *ctx;

    ng_task *task; /* private from here on */
    ng_task waiter;
    ng_timer timer;
} ng_deadline;

/* What another thread leaves at a loop. */
typedef struct ngi_post {
    struct ngi_post *next;
    void (*deliver)(struct ngi_post *post);
} ngi_post;

/* Tells a loop, from any thread, that something has changed for one who waits in it. */
typedef struct ngi_bell {
    ngi_post post;
    struct ng_loop *loop;                /* NULL: no one is told */
    void (*rung)(struct ngi_bell *bell); /* in the loop's next turn */
    uint32_t armed;                      /* atomic: it waits, and wants to be told */
    uint32_t posted;                     /* atomic: the loop will tell it in its next turn */
} ngi_bell;

/* The timers of a loop. Each level holds those whose time first differs from `now` in its digit,
 * in slots by that digit; so what stands in a lower level is due earlier. Reaching a slot moves
 * `now` to its beginning and spreads its timers, in their order, over the empty levels below, and
 * those in a slot of level 0 have the same time; so timers of equal times keep the order in which
 * they were set. `now` only moves that way, and to timers that fire, which keeps this true.
 *
 * Many timers lie anywhere in memory, and each names the next, so that reading a list waits for
 * memory once a timer. Hence whoever reads one list goes through the following ones as well, in
 * turns, to have them at hand by the time they are due. */
#define NGI_WHEEL_BITS 6
#define NGI_WHEEL_SLOTS (1u << NGI_WHEEL_BITS)
#define NGI_WHEEL_LEVELS ((64 + NGI_WHEEL_BITS - 1) / NGI_WHEEL_BITS)
#define NGI_WHEEL_AHEAD 4 /* lists that are read ahead */
typedef struct ngi_slot {
    ng_timer *first, *last; /* nothing, unless the slot's bit is set */
} ngi_slot;
typedef struct ngi_wheel {
    uint64_t now;
    uint64_t present;                  /* what is set for until then is late */
    uint64_t earliest;                 /* no timer is earlier */
    bool earliest_known;               /* unless something has fired since */
    uint32_t levels;                   /* bits: the levels that have timers */
    uint64_t filled[NGI_WHEEL_LEVELS]; /* bits: the slots that have timers */
    ngi_slot slots[NGI_WHEEL_LEVELS][NGI_WHEEL_SLOTS];
    ng_timer *ahead[NGI_WHEEL_LEVELS][NGI_WHEEL_AHEAD]; /* how far that is, by slot, or NULL */
    ngi_slot late[2];   /* what was set for a time that had come: for this turn, and the next */
    uint8_t collecting; /* which is for the next */
} ngi_wheel;

/* All fields are private. About 12 KiB, or half of that on 32 bits: no place for it on a small
 * stack. */
typedef struct ng_loop {
    ng_port port;
    ng_time now;
    ngi_tasks ready;
    size_t timers, watches, channels; /* that are set, watched, open */
    ngi_post *inbox;                  /* atomic */
    uint32_t state;                   /* atomic */
    uint32_t stopping;                /* atomic */
    uint32_t turn;
    bool in_turn;
    bool woken;   /* during its last turn */
    bool stopped; /* after it */
    ngi_wheel wheel;
} ng_loop;

/* ---- the loop ---- */

/* Starts a loop on a port, which is copied; what the port's `ctx` points to is kept. The thread
 * that calls the other functions is the one it belongs to. */
NG_NODISCARD ng_status ng_loop_init(ng_loop *loop, const ng_port *port);

/* Runs until nothing can happen any more (there are no tasks to run, timers, watches or open
 * channels) or ng_loop_stop: NG_OK. NG_AGAIN: the port cannot wait, and has arranged for the next
 * turn. NG_END: the port knows that what is waited for will never come. NG_MISUSED: it runs
 * already. Below 0 else: the port failed. */
NG_NODISCARD ng_status ng_loop_run(ng_loop *loop);

/* Runs one turn, then waits until `until`, the next timer, or a wake, if nothing is there to be
 * done at once. What was set or woken before the turn may end its wait at once. NG_NOW does not
 * wait. For hosts with a loop of their own. NG_OK: there will be more to do. NG_END: nothing can
 * happen any more, or the loop was stopped. */
NG_NODISCARD ng_status ng_loop_turn(ng_loop *loop, ng_time until);

/* When the next turn has something to do: a time that has come if at once, NG_FOREVER if only a
 * wake can tell. May be too early after a timer was stopped, never too late. NG_FOREVER for NULL.
 */
ng_time ng_loop_next(ng_loop *loop);

/* The time of this turn, or, between turns, the port's. 0 for NULL. */
ng_time ng_loop_now(ng_loop *loop);

/* Ends ng_loop_run, or the next one, after its turn. Nothing is lost: it can be run again. Any
 * thread. */
void ng_loop_stop(ng_loop *loop);

/* Makes the loop take a turn soon. Any thread. */
void ng_wake(ng_loop *loop);

/* ---- tasks ---- */

/* Runs the task soon, after those that are waiting already. NG_MISUSED: it has not finished since
 * it was last spawned. */
NG_NODISCARD ng_status ng_spawn(ng_loop *loop, ng_task *task);

/* From the task's `run` alone (as the next two): it runs again, after the others. NG_CANCELLED: it
 * was cancelled, and finishes. NG_MISUSED: it does not run now, or waits for another. */
ng_status ng_yield(ng_task *task);

/* It rests until ng_task_resume. A resting task does not keep ng_loop_run from returning. */
ng_status ng_task_park(ng_task *task);

/* It rests for `duration`, at least 0, or until ng_task_resume. `timer` is all zero or one that has
 * been used before; it is kept meanwhile. NG_MISUSED also: `timer` is set. */
NG_NODISCARD ng_status ng_task_sleep(ng_task *task, ng_timer *timer, ng_time duration);

/* Runs a task soon that was parked or asleep. NG_OK without effect if it is waiting to run anyway.
 * NG_MISUSED: it does not rest. */
ng_status ng_task_resume(ng_task *task);

/* Runs `waiter` once `task` has finished; soon, if it has already. The waiter is a task that is not
 * under way, or rests, or the one that runs now, which then goes on when the other has finished.
 * NG_MISUSED: `task` was never spawned, or `waiter` is waiting for something else. NG_INVALID: they
 * are the same, or belong to two loops. */
NG_NODISCARD ng_status ng_task_join(ng_task *task, ng_task *waiter);

/* Finishes the task without running it any further; those that joined it go on. A task that is not
 * under way is left alone. */
void ng_task_cancel(ng_task *task);

/* Whether it was spawned, or waits for another, and has not finished since. */
bool ng_task_is_pending(const ng_task *task);

/* Calls `deadline->done` when `task`, which was spawned, has finished, or at `when`; what comes
 * first. The task itself goes on: cancelling it is up to `done`. NG_MISUSED: the deadline runs
 * already. */
NG_NODISCARD ng_status ng_deadline_start(ng_deadline *deadline, ng_task *task, ng_time when);

/* Forgets it: `done` is not called. Idempotent. */
void ng_deadline_stop(ng_deadline *deadline);

/* ---- timers ---- */

/* Fires once at `when`, or, if it was set already, then instead. Timers fire in the order of their
 * times, and those of equal times in the order in which they were set. A time that has come counts
 * as the present: it fires in the next turn. */
NG_NODISCARD ng_status ng_timer_at(ng_loop *loop, ng_timer *timer, ng_time when);

/* The same `delay` from now, at least 0. */
NG_NODISCARD ng_status ng_timer_after(ng_loop *loop, ng_timer *timer, ng_time delay);

/* Fires at once, and then at this moment plus 1, 2, 3... times `period`, which is above 0, without
 * drift. Where the loop is late, one tick fires for all whose time has passed: the others are
 * counted in `timer->missed` and skipped. */
NG_NODISCARD ng_status ng_timer_every(ng_loop *loop, ng_timer *timer, ng_time period);

/* It does not fire any more. Idempotent. */
void ng_timer_stop(ng_timer *timer);

/* ---- files ---- */

/* NG_UNSUPPORTED: the port has no files, or cannot watch this one. NG_MISUSED: it is watched
 * already. NG_IO: the system refuses. */
NG_NODISCARD ng_status ng_watch_start(ng_loop *loop, ng_watch *watch);

/* `ready` is not called any more. Idempotent. Stop it before closing the file. */
void ng_watch_stop(ng_watch *watch);

/* For ports: the file of `watch` is ready for `events`. */
void ng_watch_ready(ng_watch *watch, unsigned events);

#if defined(__cplusplus)
}
#endif

/* ---- channel.h ------------------------------------------------------------------------------- */

/* channel: a bounded queue of items from any number of threads to the one thread of a loop.
 *
 *     static void read_all(ng_task *task) {
 *         reading item;
 *         while (ng_receive(task->ctx, &item) == NG_OK) {
 *             ... use it ...
 *         }
 *     }
 *
 *     ng_task reader = {read_all, &channel};
 *     ng_status status = ng_channel_init(&channel, block, sizeof block, 1024, sizeof(reading),
 *                                        &loop, &reader);
 *
 * The reader runs when there is something after ng_receive has said that there is nothing. So it
 * receives until then, or it yields and goes on in the next turn; if it stops before, no one calls
 * it again. The end of the stream is something too: the reader is called to receive NG_END. Now and
 * then it is called for nothing. */

#if defined(__cplusplus)
extern "C" {
#endif

/* All fields are private. The counts advance by 2 for an item; the lowest bit of `sent` says that
 * the channel is closed. The slots begin with a count of their own: that of the item which they are
 * free for, or that plus 1 while they hold it. */
typedef struct ng_channel {
    size_t sent; /* atomic */
    unsigned char *slots;
    size_t mask, item_size, slot_size;
    ng_task *reader;
    struct ng_channel_wait *waits; /* atomic: senders that wait for room */
    size_t apart[8];               /* keeps what senders write away from what the receiver does */
    size_t received;
    bool ended;
    ngi_bell bell; /* the receiver's */
} ng_channel;

/* A sender that waits for room. The caller's, all zeros; it stays where it is until it was told, or
 * as long as the channel does. */
typedef struct ng_channel_wait {
    ngi_bell bell; /* private */
    ng_task *task; /* NULL: no one is there any more */
    struct ng_channel_wait *next;
    bool waiting;
} ng_channel_wait;

/* Bytes of the block that a channel needs. `capacity` is a power of two, `item_size` at least 1; 0
 * if they are not, or the size does not fit. Any thread. */
size_t ng_channel_size(size_t capacity, size_t item_size);

/* Starts a channel. Kept: `block` (of `block_size` bytes, at least ng_channel_size, aligned for
 * size_t), `loop` and `reader`, a task which is not under way. The loop does not end while the
 * channel is open or has items. `loop` and `reader` both NULL: any one thread receives, and looks
 * for itself. NG_INVALID: an argument is wrong. For the thread of the loop. */
NG_NODISCARD ng_status ng_channel_init(ng_channel *channel, void *block, size_t block_size,
                                       size_t capacity, size_t item_size, ng_loop *loop,
                                       ng_task *reader);

/* Copies an item in. NG_AGAIN: the channel is full. NG_CLOSED: it is closed. What one thread sends
 * arrives in that order. Any thread. */
NG_NODISCARD ng_status ng_send(ng_channel *channel, const void *item);

/* Runs `task` in `loop`, that of this thread, as soon as there may be room, or the channel is
 * closed; once, and at once if there is. For after ng_send has said NG_AGAIN; until then `wait` may
 * not be used for another. NG_MISUSED: it waits already. Any thread. */
ng_status ng_channel_await(ng_channel *channel, ng_channel_wait *wait, ng_loop *loop,
                           ng_task *task);

/* Has the channel call another reader, or, with NULL for both, none: `loop` and `reader` as in
 * ng_channel_init. For the receiving thread, before anyone sends or after the end. */
NG_NODISCARD ng_status ng_channel_listen(ng_channel *channel, ng_loop *loop, ng_task *reader);

/* Copies the oldest item out. NG_AGAIN: there is none; the reader runs when there is. NG_END: the
 * channel is closed and empty. For the receiving thread. */
NG_NODISCARD ng_status ng_receive(ng_channel *channel, void *item);

/* The receiver wants no more: closes the channel, lets go of its items and its reader. Idempotent.
 * For the receiving thread. */
void ng_channel_leave(ng_channel *channel);

/* Nothing more can be sent; what was sent can still be received. Idempotent. Any thread, both
 * sides; no one may use the channel after its last receive has answered NG_END and the senders have
 * stopped. */
void ng_channel_close(ng_channel *channel);

#if defined(__cplusplus)
}
#endif

/* ---- graph_loop.h ---------------------------------------------------------------------------- */

/* graph_loop: graphs that run in an event loop.
 *
 *     ng_loop loop;
 *     ng_runner runner = {when_done, my_own};
 *     options.clock = ng_loop_clock(&loop);
 *     ... build a graph with these options, and start it ...
 *     if (ng_runner_start(&runner, &loop, &graph) == NG_OK) {
 *         status = ng_loop_run(&loop);
 *     }
 *
 * Several graphs share a loop by turns. A program that has one graph and no loop says ng_run. */

#if defined(__cplusplus)
extern "C" {
#endif

/* How many calls of operators a graph makes before others in its loop have their turn. */
#define NG_RUNNER_CALLS 1024

/* Keeps a graph running. The caller's, all zeros but for the first two; it must stay where it is
 * until `done` was called or it was stopped. */
typedef struct ng_runner {
    /* The graph has ended: NG_END, or how it failed. It may be closed here, and the runner reused.
     * May be NULL. */
    void (*done)(struct ng_runner *runner, ng_status status);
    void *ctx;

    ng_graph *graph; /* private from here on; NULL: it does not run */
    ng_task task;
    ng_timer timer;
} ng_runner;

/* Runs a started graph in the turns of a loop, whenever it has something to do: rows, timers, and
 * what ng_graph_wake says. The graph's thread is the loop's from now on. NG_MISUSED: the graph was
 * not started, is run already, or the runner runs another. */
NG_NODISCARD ng_status ng_runner_start(ng_runner *runner, ng_loop *loop, ng_graph *graph);

/* The graph is not run any more, and `done` not called. The graph itself goes on where it was when
 * it is run again. Idempotent. */
void ng_runner_stop(ng_runner *runner);

/* A graph's clock that is the loop's. */
ng_clock ng_loop_clock(ng_loop *loop);

#if defined(__cplusplus)
}
#endif

/* ---- lane.h ---------------------------------------------------------------------------------- */

/* lane: a river that goes on in another graph, in another loop, and so perhaps in another thread.
 *
 * One graph ends a river in a lane, another begins one with it. Batches are handed over without
 * copying them or taking a lock. What is under way is bounded by the options, and that counts until
 * the other graph has let go of it; so the blocks of the first graph suffice.
 *
 *     ng_to_lane(ng_filter(ng_range(&first, 0, 1000000, 1), even, NULL), &lane, &first_loop);
 *     ng_observe(ng_from_lane(&second, &lane, &second_loop), print, NULL);
 *
 * Ends and errors go down a lane, cancelling goes up. */

#if defined(__cplusplus)
extern "C" {
#endif

/* One side's way of being told. */
typedef struct ngi_lane_side {
    ngi_bell bell;
    ng_river river;
} ngi_lane_side;

/* A batch under way. Its block stands for that of the sender. */
typedef struct ngi_parcel {
    ng_block block;
    ng_batch batch;
    struct ng_lane *lane;
} ngi_parcel;

/* All fields are private. */
typedef struct ng_lane {
    const ng_schema *schema;
    ng_link link;
    ngi_parcel *parcels;
    ngi_parcel *idle;   /* of the sender */
    ng_block *returned; /* atomic: what came back since */
    ngi_lane_side sender, taker;
} ng_lane;

/* How many bytes a lane needs; 0: the options are not allowed. Its policy is to block. Any thread.
 */
size_t ng_lane_size(const ng_link_options *options);

/* Starts a lane for rows of a schema. Kept: `schema`, and `memory`, of ng_lane_size bytes, aligned
 * to 64. NG_INVALID: something is NULL or not allowed. Before both graphs are built. */
NG_NODISCARD ng_status ng_lane_init(ng_lane *lane, const ng_link_options *options,
                                    const ng_schema *schema, void *memory);

/* Ends a river in the lane. `loop` is where this graph will run. Refused with NG_MISMATCH if the
 * columns are others, with NG_MISUSED if another river ends here. */
ng_river ng_to_lane(ng_river river, ng_lane *lane, ng_loop *loop);

/* Begins a river with what comes through the lane. `loop` is where this graph will run. Refused
 * with NG_MISUSED if another river begins here. */
ng_river ng_from_lane(ng_graph *graph, ng_lane *lane, ng_loop *loop);

/* Lets go of what is still under way. Once both graphs have ended or are not run any more, and
 * before the first one is closed; the second one has to be closed by then. */
void ng_lane_close(ng_lane *lane);

#if defined(__cplusplus)
}
#endif

/* ---- ops_channel.h --------------------------------------------------------------------------- */

/* ops_channel: channels as the ends of rivers, for rows that other threads or tasks make or want.
 */

#if defined(__cplusplus)
extern "C" {
#endif

/* Sets every column of a row from an item: NG_OK, or below 0: it is bad, and the river ends. Where
 * a text does not fit it may answer what ng_set_text said, and is asked again with more room. */
typedef ng_status ng_unpack_fn(const void *item, ng_row out, void *ctx);

/* The items of a channel, one a row. The channel was made without a reader, and is kept, as `loop`
 * is, in which the graph will run. When the river is cancelled the channel is closed. */
ng_river ng_from_channel(ng_graph *graph, const ng_schema *schema, ng_channel *channel,
                         ng_loop *loop, ng_unpack_fn *unpack, void *ctx);

/* Makes an item of a row: NG_OK, or below 0: the row is bad. Called again for a row for which the
 * channel had no room. */
typedef ng_status ng_pack_fn(ng_row row, void *item, void *ctx);

/* Sends each row into a channel, and waits where it is full. With `close` the end of the river, and
 * its failure, close the channel. `wait` is the caller's, all zeros, and lives as long as the
 * channel. A channel that was closed by its receiver cancels the river. */
ng_river ng_to_channel(ng_river river, ng_channel *channel, ng_channel_wait *wait, ng_loop *loop,
                       ng_pack_fn *pack, void *ctx, bool close);

#if defined(__cplusplus)
}
#endif

/* ---- ops_file.h ------------------------------------------------------------------------------ */

/* ops_file: text files, pipes and sockets as the ends of rivers, a row being a line. Where bytes
 * are not there yet, or have no room yet, the loop does other things. */

#if defined(__cplusplus)
extern "C" {
#endif

/* The lines of a file descriptor, in one column `line` of utf8, without their ends ("\n" or
 * "\r\n"); the last one need not have one. The file is not closed. Ends with NG_TOO_LARGE at a line
 * of more than `longest` bytes, with NG_BAD_INPUT at one that is no UTF-8, with NG_IO where reading
 * fails. Refused with NG_UNSUPPORTED where the loop's port has no files. */
ng_river ng_read_lines(ng_graph *graph, ng_loop *loop, int file, size_t longest);

/* Writes the text of a column and "\n" for each row, nothing for null. The file is not closed, and
 * should not block (O_NONBLOCK), or a slow reader stops the loop. Text of more than `longest` bytes
 * is a bad row, NG_TOO_LARGE. Fails with NG_CLOSED where no one reads any more (have SIGPIPE
 * ignored then), with NG_IO where writing fails. Refused with NG_MISMATCH if the column is none of
 * utf8. */
ng_river ng_write_lines(ng_river river, const char *column, ng_loop *loop, int file,
                        size_t longest);

#if defined(__cplusplus)
}
#endif

/* ---- runtime_posix.h ------------------------------------------------------------------------- */

/* runtime_posix: the port for Linux: its clocks, epoll, and POSIX threads.
 *
 * The code needs names that a compiler hides from programs in strict C99 which have included a
 * system header before nagare.h. Then it is left out, and using it is a compile error that says
 * what to do. Other files of the program only need these declarations. */

#if defined(__linux__)

#if defined(NAGARE_IMPLEMENTATION)
#include <time.h>
#endif

#if defined(NAGARE_IMPLEMENTATION) && !(defined(CLOCK_MONOTONIC) && defined(TIMER_ABSTIME))
#define NGI_POSIX_HIDDEN                                                                           \
    __attribute__((error("the system's names are hidden: include nagare.h before system headers, " \
                         "or compile with -D_POSIX_C_SOURCE=200809L")))
#else
#define NGI_POSIX_HIDDEN
#endif

#if defined(__cplusplus)
extern "C" {
#endif

/* All fields are private. */
typedef struct ng_posix {
    int poll;     /* an epoll, which looks at the two below and at what is watched */
    int woken;    /* an eventfd */
    int alarm;    /* a timerfd */
    ng_time set;  /* what the alarm is set to */
    size_t files; /* that are watched */
    uint64_t random;
} ng_posix;

/* Opens what the port needs, three file descriptors, and fills in `port` for one loop. `posix` is
 * kept. NG_IO: the system does not give them. */
NG_NODISCARD NGI_POSIX_HIDDEN ng_status ng_posix_open(ng_posix *posix, ng_port *port);

/* Closes them. Threads have been joined by then, and no one wakes the loop any more. */
void ng_posix_close(ng_posix *posix);

/* What is there without being named: on Linux this port. */
typedef ng_posix ng_platform;
NG_NODISCARD NGI_POSIX_HIDDEN ng_status ng_default_port(ng_port *port, ng_platform *platform);
void ng_default_close(ng_platform *platform);

/* A graph's clock without a loop: this system's, which never goes back. */
NGI_POSIX_HIDDEN ng_clock ng_default_clock(void);

/* Starts a graph, unless it is, and runs it in a loop of its own until it ends. NG_OK: it has
 * ended; NG_DANGLING and the like: it was not started; else how it failed. NG_MISUSED: it waits for
 * something that no one in this loop can bring. The caller closes it. */
NG_NODISCARD NGI_POSIX_HIDDEN ng_status ng_run(ng_graph *graph);

#if defined(__cplusplus)
}
#endif

#endif

/* ---- runtime_wasm.h -------------------------------------------------------------------------- */

/* runtime_wasm: the port for WebAssembly, which imports four functions of its host.
 *
 * Nothing waits in a module: ng_loop_turn and ng_loop_run do what is due, tell the host when they
 * want to be called again, and return. So a program keeps its loop in static memory and exports a
 * function that the host calls then:
 *
 *     __attribute__((export_name("turn"))) void turn(void) {
 *         (void)ng_loop_turn(&loop, NG_FOREVER);
 *     }
 *
 * wasm/runtime.mjs is such a host. A module that does not use the port imports nothing. */

#if defined(__wasm__)

#if defined(__cplusplus)
extern "C" {
#endif

#define NGI_WASM_IMPORT(name) __attribute__((import_module("nagare"), import_name(name)))

NGI_WASM_IMPORT("now") ng_time ngi_wasm_host_now(void);
NGI_WASM_IMPORT("wall") ng_time ngi_wasm_host_wall(void);
NGI_WASM_IMPORT("random") uint64_t ngi_wasm_host_random(void);
NGI_WASM_IMPORT("schedule") void ngi_wasm_host_schedule(ng_time until);

#if defined(__cplusplus)
}
#endif

#define NGI_WASM_PORT static inline __attribute__((unused))

NGI_WASM_PORT ng_time ngi_wasm_now(void *ctx) {
    (void)ctx;
    return ngi_wasm_host_now();
}

NGI_WASM_PORT ng_time ngi_wasm_wall(void *ctx) {
    (void)ctx;
    return ngi_wasm_host_wall();
}

NGI_WASM_PORT uint64_t ngi_wasm_random(void *ctx) {
    (void)ctx;
    return ngi_wasm_host_random();
}

NGI_WASM_PORT ng_status ngi_wasm_wait(void *ctx, ng_time until) {
    (void)ctx;
    ngi_wasm_host_schedule(until);
    return NG_AGAIN;
}

NGI_WASM_PORT void ngi_wasm_wake(void *ctx) {
    (void)ctx;
    ngi_wasm_host_schedule(NG_NOW);
}

/* The host's port. A module has one loop on it. Any thread. */
NGI_WASM_PORT ng_port ng_wasm_port(void) {
    ng_port port;
    port.now = ngi_wasm_now;
    port.wall = ngi_wasm_wall;
    port.wait = ngi_wasm_wait;
    port.wake = ngi_wasm_wake;
    port.random = ngi_wasm_random;
    port.watch = NULL;
    port.unwatch = NULL;
    port.read = NULL;
    port.write = NULL;
    port.start_thread = NULL;
    port.join_thread = NULL;
    port.ctx = NULL;
    return port;
}

/* What is there without being named: here this port. */
typedef struct ng_platform {
    char unused;
} ng_platform;

NG_NODISCARD NGI_WASM_PORT ng_status ng_default_port(ng_port *port, ng_platform *platform) {
    if (port == NULL || platform == NULL) {
        return NG_INVALID;
    }
    *port = ng_wasm_port();
    return NG_OK;
}

/* A graph's clock without a loop: the host's. */
NGI_WASM_PORT ng_clock ng_default_clock(void) {
    ng_clock clock = {ngi_wasm_now, NULL};
    return clock;
}

NGI_WASM_PORT void ng_default_close(ng_platform *platform) { (void)platform; }

#endif

/* ---- runtime_sim.h --------------------------------------------------------------------------- */

/* runtime_sim: a world of which every detail follows from a seed.
 *
 * Time begins at 0 and passes only while all loops of the world wait, so a year takes no time, and
 * what a program does takes none. Which of several loops goes on first, how long a wake is under
 * way and how late a wait ends are drawn from the seed, and so are a program's own dice. The same
 * program with the same seed does the same, to the last detail, on every machine; ng_sim_note
 * collects what it did in one number that tells two runs apart.
 *
 *     ng_sim sim;
 *     ng_sim_loop one, other;
 *     ng_sim_init(&sim, seed);
 *     if (ng_sim_loop_init(&sim, &one) == NG_OK && ng_sim_loop_init(&sim, &other) == NG_OK) {
 *         ... set tasks, timers and channels on one.loop and other.loop ...
 *         status = ng_sim_run(&sim, NG_FOREVER);
 *     }
 *     printf("seed %llu: %016llx\n", seed, sim.trace);
 *
 * The generator is SplitMix64. It, what is drawn in which order, and the trace are part of the
 * interface: a seed that found a mistake finds it in later versions, too. A world belongs to one
 * thread, and its loops stand in for threads. */

#if defined(__cplusplus)
extern "C" {
#endif

struct ng_sim;

/* A loop in a world, with what the world knows of it. */
typedef struct ng_sim_loop {
    ng_loop loop;
    struct ng_sim *sim; /* private from here on */
    struct ng_sim_loop *next;
    ng_time wakes; /* when a wake arrives */
} ng_sim_loop;

typedef struct ng_sim {
    ng_time now;          /* read-only */
    ng_time wall_offset;  /* the wall clock is ahead of `now` by this; may be changed at any time */
    ng_time wake_delay;   /* the longest a wake is under way; 0 */
    ng_time oversleep;    /* the longest a wait lasts too long; 0 */
    uint64_t trace;       /* read-only: what was noted */
    uint64_t turns;       /* read-only: of all loops, in ng_sim_run */
    uint64_t fail_at;     /* the request for memory, from 1, that fails; 0: none */
    uint64_t fail_one_in; /* requests for memory fail once in so many, by chance; 0: none */
    uint64_t requests;    /* read-only: for memory */
    uint64_t seed;        /* private from here on */
    ng_sim_loop *loops;
    ng_allocator inner;
} ng_sim;

/* Begins a world, in which nothing is late and no memory is refused. */
void ng_sim_init(ng_sim *sim, uint64_t seed);

/* Starts a loop in the world, on a port of its own. Both are kept. NG_INVALID for NULL. */
NG_NODISCARD ng_status ng_sim_loop_init(ng_sim *sim, ng_sim_loop *loop);

/* Runs the loops, a turn of one of them at a time, until `until`: NG_AGAIN, or until nothing can
 * happen any more: NG_OK, or NG_END if a loop waits for what never comes (it has an open channel).
 * A loop that is stopped rests until the next call. Below 0: as ng_loop_turn. With a single loop
 * ng_loop_run does as well. */
NG_NODISCARD ng_status ng_sim_run(ng_sim *sim, ng_time until);

/* Mixes a number into the trace, which depends on the order. */
void ng_sim_note(ng_sim *sim, uint64_t number);

/* 64 bits of the seed. */
uint64_t ng_sim_random(ng_sim *sim);

/* True once in `one_in` times, on average; always for 1, never for 0. Draws one number, but for 0.
 */
bool ng_sim_chance(ng_sim *sim, uint64_t one_in);

/* A duration from 0 to `longest`, both included. Draws one number if `longest` is above 0. */
ng_time ng_sim_delay(ng_sim *sim, ng_time longest);

/* Memory from `inner`, and, by `fail_at` and `fail_one_in`, none. Taking memory back never fails. A
 * world has one such allocator. */
ng_allocator ng_sim_allocator(ng_sim *sim, ng_allocator inner);

#if defined(__cplusplus)
}
#endif

#endif

#endif

/* What the library's code and the kernels' share. */
#if defined(NAGARE_KERNELS) || defined(NAGARE_IMPLEMENTATION)
#ifndef NGI_SHARED_SECTION
#define NGI_SHARED_SECTION

#endif
#endif

/* What kernels are written in. A later include may add it. */
#if defined(NAGARE_KERNELS)
#ifndef NGI_KERNEL_SECTION
#define NGI_KERNEL_SECTION

/* ---- simd.h ---------------------------------------------------------------------------------- */

/* simd: the operations that kernels are written in, for every profile of this compilation.
 *
 * A profile has W lanes: scalar 1, v128 4, v256 8, v512 16. Every type has W lanes, whatever its
 * width: ngi_f32xW ngi_f64xW ngi_i32xW ngi_u32xW ngi_i64xW ngi_u64xW, and the masks ngi_mW. So
 * kernels are the same text for each profile but for the number in the names. simd_scalar.h lists
 * the operations and defines each. */

#if NGI_HAS_V256
#include <immintrin.h>
#endif
#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#elif NGI_HAS_V128
/* It warns where it is not taken for a system's header. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wfloat-conversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wundef"
#include <simde/wasm/simd128.h>
#pragma GCC diagnostic pop
#endif

NGI_EXACT_BEGIN

/* ---- simd_scalar.h --------------------------------------------------------------------------- */

/* simd_scalar: the profile `scalar`, one lane. It is the definition of every operation; the other
 * profiles give the same bits for every input, but for the payloads and signs of computed NaNs.
 *
 *   all types      set load store add sub mul lt le eq min max pick keep pack
 *   f32 f64        div sqrt floor ceil trunc round abs neg sign nan either_nan canon
 *                  exp (math_exp.h)
 *                  fold_add fold_min fold_max fold_rows_add fold_rows_min fold_rows_max
 *   i32 u32        and or xor not shl shr div rem sign least most
 *   i64 u64        the same; i32 i64 have neg and abs; i32 i64 u64 have sum
 *   i32            count; load store pack wrap of i8 and i16 (u32: of u8 and u16)
 *   R from T       ngi_RxW_from_T for each two types; bits_of_f32, of_bits, bits_of_f64, of_bits
 *   masks          and or xor not andnot set first bits from_bits any all count
 *
 * `pack` writes the lanes of the mask to the front of `out`, and may write anything up to out[W).
 */

/* ---- simd_shapes.h --------------------------------------------------------------------------- */

/* simd_shapes: the forms in which the thin headers write their operations.
 *
 * NGI_FN, the profile's function specifier, is set by each header. `T` and `R` are types without
 * their prefix: f32x16, m16. Operands are called a and b, masks m, results R. */

#define NGI_1(R, T, name, value)                                                                   \
    NGI_FN ngi_##R ngi_##T##_##name(ngi_##T a) { return value; }
#define NGI_2(R, T, name, value)                                                                   \
    NGI_FN ngi_##R ngi_##T##_##name(ngi_##T a, ngi_##T b) { return value; }
/* A product, which is rounded before anything else sees it. */
#define NGI_MUL(T, kind, value)                                                                    \
    NGI_FN ngi_##T ngi_##T##_mul(ngi_##T a, ngi_##T b) {                                           \
        ngi_##T product = value;                                                                   \
        NGI_ROUND_NOW(kind, product);                                                              \
        return product;                                                                            \
    }
#define NGI_PICK(T, M, value)                                                                      \
    NGI_FN ngi_##T ngi_##T##_pick(ngi_##M m, ngi_##T a, ngi_##T b) { return value; }
#define NGI_KEEP(T, M, value)                                                                      \
    NGI_FN ngi_##T ngi_##T##_keep(ngi_##M m, ngi_##T a) { return value; }
#define NGI_SET(T, C, value)                                                                       \
    NGI_FN ngi_##T ngi_##T##_set(C v) { return value; }
/* Memory holds values of the C type `C`; `name` is load or load_i8, store or store_i8. */
#define NGI_LOAD(T, name, C, value)                                                                \
    NGI_FN ngi_##T ngi_##T##_##name(const C *p) { return value; }
#define NGI_STORE(T, name, C, statement)                                                           \
    NGI_FN void ngi_##T##_##name(C *p, ngi_##T v) { statement; }
#define NGI_PACK(T, M, name, C, statement)                                                         \
    NGI_FN void ngi_##T##_##name(C *out, ngi_##M m, ngi_##T v) { statement; }
/* All lanes to one value: sum, least, most. */
#define NGI_ACROSS(C, T, name, value)                                                              \
    NGI_FN C ngi_##T##_##name(ngi_##T a) { return value; }

/* 64-bit lanes stand in two registers; `half` is a function of one. */
#define NGI_PAIR_1(R, T, name, half)                                                               \
    NGI_FN ngi_##R ngi_##T##_##name(ngi_##T a) {                                                   \
        const ngi_##R both = {half(a.lo), half(a.hi)};                                             \
        return both;                                                                               \
    }
#define NGI_PAIR_2(R, T, name, half)                                                               \
    NGI_FN ngi_##R ngi_##T##_##name(ngi_##T a, ngi_##T b) {                                        \
        const ngi_##R both = {half(a.lo, b.lo), half(a.hi, b.hi)};                                 \
        return both;                                                                               \
    }
#define NGI_PAIR_MUL(T, kind, half)                                                                \
    NGI_FN ngi_##T ngi_##T##_mul(ngi_##T a, ngi_##T b) {                                           \
        ngi_##T product = {half(a.lo, b.lo), half(a.hi, b.hi)};                                    \
        NGI_ROUND_NOW(kind, product.lo);                                                           \
        NGI_ROUND_NOW(kind, product.hi);                                                           \
        return product;                                                                            \
    }
/* Two registers of 32-bit lanes' worth, from the low and the high lanes of one. */
#define NGI_PAIR_OF(R, T, name, low, high)                                                         \
    NGI_FN ngi_##R ngi_##R##_##name(ngi_##T a) {                                                   \
        const ngi_##R both = {low, high};                                                          \
        return both;                                                                               \
    }

/* Lane by lane, by the scalar definition, where the instruction set has nothing better. */
#define NGI_LANES_1(R, T, W, name)                                                                 \
    NGI_FN ngi_##R##x##W ngi_##T##x##W##_##name(ngi_##T##x##W a) {                                 \
        ngi_##T##x1 x[W];                                                                          \
        ngi_##R##x1 r[W];                                                                          \
        ngi_##T##x##W##_store(x, a);                                                               \
        for (int lane = 0; lane < W; lane++) {                                                     \
            r[lane] = ngi_##T##x1_##name(x[lane]);                                                 \
        }                                                                                          \
        return ngi_##R##x##W##_load(r);                                                            \
    }
#define NGI_LANES_2(R, T, W, name)                                                                 \
    NGI_FN ngi_##R##x##W ngi_##T##x##W##_##name(ngi_##T##x##W a, ngi_##T##x##W b) {                \
        ngi_##T##x1 x[W], y[W];                                                                    \
        ngi_##R##x1 r[W];                                                                          \
        ngi_##T##x##W##_store(x, a);                                                               \
        ngi_##T##x##W##_store(y, b);                                                               \
        for (int lane = 0; lane < W; lane++) {                                                     \
            r[lane] = ngi_##T##x1_##name(x[lane], y[lane]);                                        \
        }                                                                                          \
        return ngi_##R##x##W##_load(r);                                                            \
    }
#define NGI_LANES_FROM(R, T, W)                                                                    \
    NGI_FN ngi_##R##x##W ngi_##R##x##W##_from_##T(ngi_##T##x##W a) {                               \
        ngi_##T##x1 x[W];                                                                          \
        ngi_##R##x1 r[W];                                                                          \
        ngi_##T##x##W##_store(x, a);                                                               \
        for (int lane = 0; lane < W; lane++) {                                                     \
            r[lane] = ngi_##R##x1_from_##T(x[lane]);                                               \
        }                                                                                          \
        return ngi_##R##x##W##_load(r);                                                            \
    }
/* All lanes to one, one after the other. */
#define NGI_LANES_ACROSS(T, W, name, op)                                                           \
    NGI_FN ngi_##T##x1 ngi_##T##x##W##_##name(ngi_##T##x##W a) {                                   \
        ngi_##T##x1 x[W];                                                                          \
        ngi_##T##x##W##_store(x, a);                                                               \
        for (int lane = 1; lane < W; lane++) {                                                     \
            x[0] = ngi_##T##x1_##op(x[0], x[lane]);                                                \
        }                                                                                          \
        return x[0];                                                                               \
    }

/* 1: takes nothing from the instruction set that C does not have. */
#if !defined(NGI_PORTABLE)
#define NGI_PORTABLE 0
#endif

typedef float ngi_f32x1;
typedef double ngi_f64x1;
typedef int32_t ngi_i32x1;
typedef uint32_t ngi_u32x1;
typedef int64_t ngi_i64x1;
typedef uint64_t ngi_u64x1;
typedef bool ngi_m1;

#define NGI_FN NGI_SCALAR_INLINE

/* The register class that a float is in, for NGI_ROUND_NOW. */
#if NGI_X86
#define NGI_FLOAT_KIND "x"
#elif defined(__aarch64__) || defined(__arm__)
#define NGI_FLOAT_KIND "w"
#elif defined(__riscv) || defined(__powerpc__) || defined(__s390x__)
#define NGI_FLOAT_KIND "f"
#else
#define NGI_FLOAT_KIND "m"
#endif

/* ---- masks ----------------------------------------------------------------------------------- */

NGI_2(m1, m1, and, a &&b)
NGI_2(m1, m1, or, a || b)
NGI_2(m1, m1, xor, a != b)
NGI_2(m1, m1, andnot, a && !b)
NGI_1(m1, m1, not, !a)
NGI_SET(m1, bool, v)
NGI_ACROSS(uint32_t, m1, bits, (uint32_t)a)
NGI_ACROSS(uint32_t, m1, count, (uint32_t)a)
NGI_ACROSS(bool, m1, any, a)
NGI_ACROSS(bool, m1, all, a)
NGI_FN ngi_m1 ngi_m1_first(size_t n) { return n > 0; }
NGI_FN ngi_m1 ngi_m1_from_bits(uint32_t bits) { return (bits & 1) != 0; }

/* ---- what all types have --------------------------------------------------------------------- */

/* Memory need not be aligned, and may be written as another type. */
#define NGI_SCALAR_ALL(T)                                                                          \
    typedef ngi_##T ngi_loose_##T __attribute__((aligned(1), may_alias));                          \
    NGI_SET(T, ngi_##T, v)                                                                         \
    NGI_LOAD(T, load, ngi_##T, *(const ngi_loose_##T *)p)                                          \
    NGI_STORE(T, store, ngi_##T, *(ngi_loose_##T *)p = v)                                          \
    NGI_PACK(T, m1, pack, ngi_##T, (void)m; ngi_##T##_store(out, v))                               \
    NGI_2(m1, T, lt, a < b)                                                                        \
    NGI_2(m1, T, le, a <= b)                                                                       \
    NGI_2(T, T, min, a < b ? a : b)                                                                \
    NGI_2(T, T, max, a > b ? a : b)                                                                \
    NGI_PICK(T, m1, m ? a : b)                                                                     \
    NGI_KEEP(T, m1, m ? a : 0)
NGI_SCALAR_ALL(f32x1)
NGI_SCALAR_ALL(f64x1)
NGI_SCALAR_ALL(i32x1)
NGI_SCALAR_ALL(u32x1)
NGI_SCALAR_ALL(i64x1)
NGI_SCALAR_ALL(u64x1)
#undef NGI_SCALAR_ALL

/* ---- bits of floats -------------------------------------------------------------------------- */

#define NGI_SCALAR_BITS(R, T, name)                                                                \
    NGI_FN ngi_##R ngi_##R##_##name(ngi_##T a) {                                                   \
        ngi_##R r;                                                                                 \
        __builtin_memcpy(&r, &a, sizeof r);                                                        \
        return r;                                                                                  \
    }
NGI_SCALAR_BITS(u32x1, f32x1, bits_of_f32)
NGI_SCALAR_BITS(f32x1, u32x1, of_bits)
NGI_SCALAR_BITS(u64x1, f64x1, bits_of_f64)
NGI_SCALAR_BITS(f64x1, u64x1, of_bits)
#undef NGI_SCALAR_BITS

/* ---- floats ---------------------------------------------------------------------------------- */

/* Square root, correctly rounded, by digits: used where the compiler might call libm. */
NGI_FN double ngi_sqrt_by_digits(double a) {
    const uint64_t bits = ngi_u64x1_bits_of_f64(a);
    uint64_t rest = bits & 0xfffffffffffffu, root = 0;
    int exponent = (int)(bits >> 52) - 1075;
    if (!(a > 0.0) || bits >> 52 == 0x7ff) { /* zeros, negative numbers, NaN, infinity */
        return a < 0.0 ? ngi_f64x1_of_bits(0x7ff8000000000000u) : a;
    }
    if (bits >> 52 == 0) {
        for (exponent = -1074; rest >> 52 == 0; exponent--) {
            rest <<= 1;
        }
    } else {
        rest |= (uint64_t)1 << 52;
    }
    if (exponent % 2 != 0) {
        rest <<= 1;
        exponent--;
    }
    /* a = rest * 2^exponent with rest < 2^54 and an even exponent. Each round finds one bit of the
     * root, 54 in all: 53 and one to round by. `rest` is what a square of the root so far leaves
     * over, always at most twice the root; the root is irrational or ends before the last bit, so
     * no tie occurs. */
    uint64_t digits = rest << 10;
    rest = 0;
    for (int i = 0; i < 54; i++) {
        rest = rest << 2 | digits >> 62;
        digits <<= 2;
        root <<= 1;
        if (rest >= 2 * root + 1) {
            rest -= 2 * root + 1;
            root |= 1;
        }
    }
    root = (root + 1) >> 1;
    return ngi_f64x1_of_bits(((uint64_t)(exponent / 2 + 26 + 1022) << 52) + root);
}

#if NGI_PORTABLE || !(NGI_X86 || defined(__aarch64__) || defined(__wasm__))
NGI_1(f64x1, f64x1, sqrt, ngi_sqrt_by_digits(a))
NGI_1(f32x1, f32x1, sqrt, (float)ngi_sqrt_by_digits((double)a)) /* 53 >= 2 * 24 + 2 bits */
#elif defined(__wasm__)
NGI_1(f64x1, f64x1, sqrt, __builtin_sqrt(a))
NGI_1(f32x1, f32x1, sqrt, __builtin_sqrtf(a))
#else
#if NGI_X86
#define NGI_SQRT(suffix, form) "sqrts" suffix " %1, %0"
#else
#define NGI_SQRT(suffix, form) "fsqrt %" form "0, %" form "1"
#endif
NGI_FN ngi_f64x1 ngi_f64x1_sqrt(ngi_f64x1 a) {
    ngi_f64x1 r;
    __asm__(NGI_SQRT("d", "d") : "=" NGI_FLOAT_KIND(r) : NGI_FLOAT_KIND(a));
    return r;
}
NGI_FN ngi_f32x1 ngi_f32x1_sqrt(ngi_f32x1 a) {
    ngi_f32x1 r;
    __asm__(NGI_SQRT("s", "s") : "=" NGI_FLOAT_KIND(r) : NGI_FLOAT_KIND(a));
    return r;
}
#undef NGI_SQRT
#endif

/* The sign of `b` on the magnitude of `a`. */
#define NGI_SCALAR_SIGNED(T, U, bits_of, sign)                                                     \
    NGI_FN ngi_##T ngi_signed_##T(ngi_##T a, ngi_##T b) {                                          \
        return ngi_##T##_of_bits((bits_of(a) & ~(sign)) | (bits_of(b) & (sign)));                  \
    }
NGI_SCALAR_SIGNED(f32x1, u32x1, ngi_u32x1_bits_of_f32, (uint32_t)1 << 31)
NGI_SCALAR_SIGNED(f64x1, u64x1, ngi_u64x1_bits_of_f64, (uint64_t)1 << 63)
#undef NGI_SCALAR_SIGNED

#if !NGI_PORTABLE && (defined(__wasm__) || defined(__aarch64__))
#define NGI_SCALAR_ROUNDINGS(T, f, unit)                                                           \
    NGI_1(T, T, round, __builtin_rint##f(a))                                                       \
    NGI_1(T, T, floor, __builtin_floor##f(a))                                                      \
    NGI_1(T, T, ceil, __builtin_ceil##f(a))                                                        \
    NGI_1(T, T, trunc, __builtin_trunc##f(a))
#else
/* From `unit` on (2^23, 2^52) every number is whole; below, adding and taking away `unit` rounds to
 * the nearest, ties to even. The sign is the argument's, also of a zero. */
#define NGI_SCALAR_ROUNDINGS(T, f, unit)                                                           \
    NGI_FN ngi_##T ngi_##T##_round(ngi_##T a) {                                                    \
        const ngi_##T size = ngi_signed_##T(a, 0);                                                 \
        return size < (unit) ? ngi_signed_##T((size + (unit)) - (unit), a) : a;                    \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_floor(ngi_##T a) {                                                    \
        const ngi_##T near = ngi_##T##_round(a);                                                   \
        return near > a ? ngi_signed_##T(near - 1, a) : near;                                      \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_ceil(ngi_##T a) {                                                     \
        const ngi_##T near = ngi_##T##_round(a);                                                   \
        return near < a ? ngi_signed_##T(near + 1, a) : near;                                      \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_trunc(ngi_##T a) {                                                    \
        return ngi_signed_##T(ngi_##T##_floor(ngi_signed_##T(a, 0)), a);                           \
    }
#endif
NGI_SCALAR_ROUNDINGS(f32x1, f, 8388608.0f)
NGI_SCALAR_ROUNDINGS(f64x1, , 4503599627370496.0)
#undef NGI_SCALAR_ROUNDINGS

#define NGI_SCALAR_FLOAT(T, quiet_nan)                                                             \
    NGI_2(T, T, add, a + b)                                                                        \
    NGI_2(T, T, sub, a - b)                                                                        \
    NGI_MUL(T, NGI_FLOAT_KIND, a *b)                                                               \
    NGI_2(T, T, div, a / b)                                                                        \
    NGI_2(m1, T, eq, !(a < b) && a <= b)                                                           \
    NGI_1(m1, T, nan, !(a <= a))                                                                   \
    NGI_2(m1, T, either_nan, !(a <= a) || !(b <= b))                                               \
    NGI_1(T, T, abs, ngi_signed_##T(a, 0))                                                         \
    NGI_1(T, T, canon, a <= a ? a : ngi_##T##_of_bits(quiet_nan))                                  \
    NGI_1(T, T, sign, a < 0 || a > 0 ? ngi_signed_##T(1, a) : a)
NGI_SCALAR_FLOAT(f32x1, 0x7fc00000u)
NGI_SCALAR_FLOAT(f64x1, 0x7ff8000000000000u)
#undef NGI_SCALAR_FLOAT
NGI_1(f32x1, f32x1, neg, ngi_f32x1_of_bits(ngi_u32x1_bits_of_f32(a) ^ (uint32_t)1 << 31))
NGI_1(f64x1, f64x1, neg, ngi_f64x1_of_bits(ngi_u64x1_bits_of_f64(a) ^ (uint64_t)1 << 63))

/* The fixed trees: over 128 values, and over 16 rows of 16 values each. */
#define NGI_SCALAR_FOLD(T, op)                                                                     \
    NGI_FN ngi_##T ngi_##T##_fold_##op(const ngi_##T t[128]) {                                     \
        ngi_##T r[64];                                                                             \
        for (int i = 0; i < 64; i++) {                                                             \
            r[i] = ngi_##T##_##op(t[i], t[i + 64]);                                                \
        }                                                                                          \
        for (int h = 32; h > 0; h /= 2) {                                                          \
            for (int i = 0; i < h; i++) {                                                          \
                r[i] = ngi_##T##_##op(r[i], r[i + h]);                                             \
            }                                                                                      \
        }                                                                                          \
        return r[0];                                                                               \
    }                                                                                              \
    NGI_FN void ngi_##T##_fold_rows_##op(ngi_##T out[16], const ngi_##T m[256]) {                  \
        for (int row = 0; row < 16; row++) {                                                       \
            ngi_##T r[8];                                                                          \
            for (int i = 0; i < 8; i++) {                                                          \
                r[i] = ngi_##T##_##op(m[row * 16 + i], m[row * 16 + i + 8]);                       \
            }                                                                                      \
            for (int h = 4; h > 0; h /= 2) {                                                       \
                for (int i = 0; i < h; i++) {                                                      \
                    r[i] = ngi_##T##_##op(r[i], r[i + h]);                                         \
                }                                                                                  \
            }                                                                                      \
            out[row] = r[0];                                                                       \
        }                                                                                          \
    }
NGI_SCALAR_FOLD(f32x1, add)
NGI_SCALAR_FOLD(f32x1, min)
NGI_SCALAR_FOLD(f32x1, max)
NGI_SCALAR_FOLD(f64x1, add)
NGI_SCALAR_FOLD(f64x1, min)
NGI_SCALAR_FOLD(f64x1, max)
#undef NGI_SCALAR_FOLD

/* ---- integers -------------------------------------------------------------------------------- */

/* `C` is the type, `U` the unsigned type of its width, in which nothing overflows. */
#define NGI_SCALAR_INTEGER(T, C, U)                                                                \
    NGI_2(T, T, add, (C)((U)a + (U)b))                                                             \
    NGI_2(T, T, sub, (C)((U)a - (U)b))                                                             \
    NGI_2(T, T, mul, (C)((U)a * (U)b))                                                             \
    NGI_2(m1, T, eq, a == b)                                                                       \
    NGI_2(T, T, and, a &b)                                                                         \
    NGI_2(T, T, or, a | b)                                                                         \
    NGI_2(T, T, xor, a ^ b)                                                                        \
    NGI_1(T, T, not, ~a)                                                                           \
    NGI_2(T, T, shl, (C)((U)a << b))                                                               \
    NGI_2(T, T, shr, a >> b)                                                                       \
    NGI_ACROSS(C, T, least, a)                                                                     \
    NGI_ACROSS(C, T, most, a)
#define NGI_SCALAR_SIGNED(T, C, U)                                                                 \
    NGI_SCALAR_INTEGER(T, C, U)                                                                    \
    NGI_1(T, T, neg, (C)(0 - (U)a))                                                                \
    NGI_1(T, T, abs, a < 0 ? (C)(0 - (U)a) : a)                                                    \
    NGI_1(T, T, sign, (C)((a > 0) - (a < 0)))                                                      \
    NGI_2(T, T, div, b == 0 ? 0 : b == -1 ? (C)(0 - (U)a) : a / b)                                 \
    NGI_2(T, T, rem, b == 0 || b == -1 ? 0 : a % b)
#define NGI_SCALAR_UNSIGNED(T, C, U)                                                               \
    NGI_SCALAR_INTEGER(T, C, U)                                                                    \
    NGI_1(T, T, sign, (C)(a != 0))                                                                 \
    NGI_2(T, T, div, b == 0 ? 0 : a / b)                                                           \
    NGI_2(T, T, rem, b == 0 ? 0 : a % b)
NGI_SCALAR_SIGNED(i32x1, int32_t, uint32_t)
NGI_SCALAR_SIGNED(i64x1, int64_t, uint64_t)
NGI_SCALAR_UNSIGNED(u32x1, uint32_t, uint32_t)
NGI_SCALAR_UNSIGNED(u64x1, uint64_t, uint64_t)
#undef NGI_SCALAR_SIGNED
#undef NGI_SCALAR_UNSIGNED
#undef NGI_SCALAR_INTEGER

NGI_ACROSS(int64_t, i32x1, sum, a)
NGI_ACROSS(int64_t, i64x1, sum, a)
NGI_ACROSS(uint64_t, u64x1, sum, a)
NGI_FN ngi_i32x1 ngi_i32x1_count(ngi_i32x1 a, ngi_m1 m) { return ngi_i32x1_add(a, m); }

/* Narrow in memory, 32 bits in registers. `wrap` keeps the low bits. */
#define NGI_SCALAR_NARROW(T, n, N)                                                                 \
    typedef N ngi_loose_##n __attribute__((aligned(1), may_alias));                                \
    NGI_LOAD(T, load_##n, N, *(const ngi_loose_##n *)p)                                            \
    NGI_1(T, T, wrap_##n, (N)a)                                                                    \
    NGI_STORE(T, store_##n, N, *(ngi_loose_##n *)p = (N)v)                                         \
    NGI_PACK(T, m1, pack_##n, N, (void)m; ngi_##T##_store_##n(out, v))
NGI_SCALAR_NARROW(i32x1, i8, int8_t)
NGI_SCALAR_NARROW(i32x1, i16, int16_t)
NGI_SCALAR_NARROW(u32x1, u8, uint8_t)
NGI_SCALAR_NARROW(u32x1, u16, uint16_t)
#undef NGI_SCALAR_NARROW

/* ---- conversions ----------------------------------------------------------------------------- */

#define NGI_SCALAR_FROM(R, T, value)                                                               \
    NGI_FN ngi_##R##x1 ngi_##R##x1_from_##T(ngi_##T##x1 a) { return value; }
/* Between integers the low bits stay; a wider one is filled by the sign of a signed one. From a
 * float, `below` and `above` are the powers of two at which the integer's range ends. */
#define NGI_SCALAR_FROM_FLOAT(R, T, C, least, most, below, above)                                  \
    NGI_SCALAR_FROM(R, T,                                                                          \
                    !(a > (below)) ? (a <= (below) ? (least) : 0)                                  \
                    : a >= (above) ? (most)                                                        \
                                   : (C)a)

NGI_SCALAR_FROM(i32, u32, (int32_t)a)
NGI_SCALAR_FROM(i32, i64, (int32_t)(uint32_t)a)
NGI_SCALAR_FROM(i32, u64, (int32_t)(uint32_t)a)
NGI_SCALAR_FROM_FLOAT(i32, f32, int32_t, INT32_MIN, INT32_MAX, -2147483648.0f, 2147483648.0f)
NGI_SCALAR_FROM_FLOAT(i32, f64, int32_t, INT32_MIN, INT32_MAX, -2147483648.0, 2147483648.0)
NGI_SCALAR_FROM(u32, i32, (uint32_t)a)
NGI_SCALAR_FROM(u32, i64, (uint32_t)a)
NGI_SCALAR_FROM(u32, u64, (uint32_t)a)
NGI_SCALAR_FROM_FLOAT(u32, f32, uint32_t, 0, UINT32_MAX, 0.0f, 4294967296.0f)
NGI_SCALAR_FROM_FLOAT(u32, f64, uint32_t, 0, UINT32_MAX, 0.0, 4294967296.0)
NGI_SCALAR_FROM(i64, i32, a)
NGI_SCALAR_FROM(i64, u32, a)
NGI_SCALAR_FROM(i64, u64, (int64_t)a)
NGI_SCALAR_FROM_FLOAT(i64, f32, int64_t, INT64_MIN, INT64_MAX, -9223372036854775808.0f,
                      9223372036854775808.0f)
NGI_SCALAR_FROM_FLOAT(i64, f64, int64_t, INT64_MIN, INT64_MAX, -9223372036854775808.0,
                      9223372036854775808.0)
NGI_SCALAR_FROM(u64, i32, (uint64_t)a)
NGI_SCALAR_FROM(u64, u32, a)
NGI_SCALAR_FROM(u64, i64, (uint64_t)a)
NGI_SCALAR_FROM_FLOAT(u64, f32, uint64_t, 0, UINT64_MAX, 0.0f, 18446744073709551616.0f)
NGI_SCALAR_FROM_FLOAT(u64, f64, uint64_t, 0, UINT64_MAX, 0.0, 18446744073709551616.0)
NGI_SCALAR_FROM(f32, i32, (float)a)
NGI_SCALAR_FROM(f32, u32, (float)a)
/* Made opaque one by one: clang's vectors for aarch64 convert by way of f64, which rounds twice. */
#define NGI_SCALAR_F32_FROM(T)                                                                     \
    NGI_FN ngi_f32x1 ngi_f32x1_from_##T(ngi_##T##x1 a) {                                           \
        ngi_f32x1 r = (float)a;                                                                    \
        NGI_ROUND_NOW(NGI_FLOAT_KIND, r);                                                          \
        return r;                                                                                  \
    }
NGI_SCALAR_F32_FROM(i64)
NGI_SCALAR_F32_FROM(u64)
#undef NGI_SCALAR_F32_FROM
NGI_SCALAR_FROM(f32, f64, (float)a)
NGI_SCALAR_FROM(f64, i32, (double)a)
NGI_SCALAR_FROM(f64, u32, (double)a)
NGI_SCALAR_FROM(f64, i64, (double)a)
NGI_SCALAR_FROM(f64, u64, (double)a)
NGI_SCALAR_FROM(f64, f32, (double)a)
#undef NGI_SCALAR_FROM_FLOAT
#undef NGI_SCALAR_FROM

NGI_FN uint64_t ngi_scalar_bits_pack(uint64_t v, uint64_t mask) { return ngi_bits_pack(v, mask); }

#undef NGI_FN

/* ---- simd_v128.h ----------------------------------------------------------------------------- */

/* simd_v128: the profile `v128`, in the vocabulary of WASM SIMD: 4 lanes. SIMDe carries it
 * elsewhere. */

#if NGI_HAS_V128

#if defined(__wasm_simd128__)
#define NGI_WASM(name) wasm_##name
typedef v128_t ngi_v128;
#else
#define NGI_WASM(name) simde_wasm_##name
typedef simde_v128_t ngi_v128;
#endif

typedef ngi_v128 ngi_f32x4;
typedef ngi_v128 ngi_i32x4;
typedef ngi_v128 ngi_u32x4;
typedef struct ngi_f64x4 {
    ngi_v128 lo, hi;
} ngi_f64x4;
typedef struct ngi_i64x4 {
    ngi_v128 lo, hi;
} ngi_i64x4;
typedef ngi_i64x4 ngi_u64x4;
typedef ngi_v128 ngi_m4; /* 32-bit lanes, all ones or all zeros */

/* The compilers' own vectors, for the arithmetic that must obey this file's settings, and for
 * shifts by a number of each lane's own, which become one instruction where all are the same
 * constant. */
typedef float ngi_v128_f32 __attribute__((vector_size(16)));
typedef double ngi_v128_f64 __attribute__((vector_size(16)));
typedef int32_t ngi_v128_i32 __attribute__((vector_size(16)));
typedef uint32_t ngi_v128_u32 __attribute__((vector_size(16)));
typedef int64_t ngi_v128_i64 __attribute__((vector_size(16)));
typedef uint64_t ngi_v128_u64 __attribute__((vector_size(16)));

#if NGI_X86
#define NGI_VECTOR_KIND "x"
#else
#define NGI_VECTOR_KIND "w"
#endif

/* Where roundings and conversions are instructions; SIMDe would call libm, or loop, or (u32 from
 * f32) lose bits for them on x86. */
#if defined(__wasm__) || defined(__aarch64__)
#define NGI_V128_CONVERTS 1
#else
#define NGI_V128_CONVERTS 0
#endif

#define NGI_FN NGI_V128_INLINE

/* `x op y` in lanes of the type `lane`. */
#define NGI_V128_OP(lane, x, op, y) ((ngi_v128)((ngi_v128_##lane)(x)op(ngi_v128_##lane)(y)))

/* ---- masks, also of 64-bit lanes ------------------------------------------------------------- */

NGI_FN ngi_v128 ngi_v128_low_m(ngi_m4 m) { return NGI_WASM(i64x2_extend_low_i32x4)(m); }
NGI_FN ngi_v128 ngi_v128_high_m(ngi_m4 m) { return NGI_WASM(i64x2_extend_high_i32x4)(m); }
/* The low 32 bits of each 64-bit lane. */
NGI_FN ngi_v128 ngi_v128_narrow(ngi_v128 lo, ngi_v128 hi) {
    return NGI_WASM(i32x4_shuffle)(lo, hi, 0, 2, 4, 6);
}

NGI_2(m4, m4, and, NGI_WASM(v128_and)(a, b))
NGI_2(m4, m4, or, NGI_WASM(v128_or)(a, b))
NGI_2(m4, m4, xor, NGI_WASM(v128_xor)(a, b))
NGI_2(m4, m4, andnot, NGI_WASM(v128_andnot)(a, b))
NGI_1(m4, m4, not, NGI_WASM(v128_not)(a))
NGI_SET(m4, bool, NGI_WASM(i32x4_splat)(v ? -1 : 0))
NGI_ACROSS(uint32_t, m4, bits, (uint32_t)NGI_WASM(i32x4_bitmask)(a))
/* Four bits of this number for each of the sixteen masks. */
NGI_ACROSS(uint32_t, m4, count, (uint32_t)(0x4332322132212110u >> 4 * ngi_m4_bits(a) & 7))
NGI_ACROSS(bool, m4, any, NGI_WASM(v128_any_true)(a))
NGI_ACROSS(bool, m4, all, NGI_WASM(i32x4_all_true)(a))
NGI_FN ngi_m4 ngi_m4_first(size_t n) {
    const ngi_v128 lanes = NGI_WASM(i32x4_make)(0, 1, 2, 3);
    return NGI_WASM(i32x4_lt)(lanes, NGI_WASM(i32x4_splat)(n < 4 ? (int32_t)n : 4));
}
NGI_FN ngi_m4 ngi_m4_from_bits(uint32_t bits) {
    const ngi_v128 place = NGI_WASM(i32x4_make)(1, 2, 4, 8);
    const ngi_v128 all = NGI_WASM(i32x4_splat)((int32_t)bits);
    return NGI_WASM(i32x4_eq)(NGI_WASM(v128_and)(all, place), place);
}

/* ---- what all types have --------------------------------------------------------------------- */

#define NGI_V128_MEMORY_32(T, C)                                                                   \
    NGI_LOAD(T, load, C, NGI_WASM(v128_load)(p))                                                   \
    NGI_STORE(T, store, C, NGI_WASM(v128_store)(p, v))                                             \
    NGI_PICK(T, m4, NGI_WASM(v128_bitselect)(a, b, m))                                             \
    NGI_KEEP(T, m4, NGI_WASM(v128_and)(m, a))
#define NGI_V128_MEMORY_64(T, C, splat)                                                            \
    NGI_FN ngi_##T ngi_##T##_set(C v) {                                                            \
        const ngi_##T both = {splat, splat};                                                       \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_load(const C *p) {                                                    \
        const ngi_##T both = {NGI_WASM(v128_load)(p), NGI_WASM(v128_load)(p + 2)};                 \
        return both;                                                                               \
    }                                                                                              \
    NGI_STORE(T, store, C, NGI_WASM(v128_store)(p, v.lo); NGI_WASM(v128_store)(p + 2, v.hi))       \
    NGI_FN ngi_##T ngi_##T##_pick(ngi_m4 m, ngi_##T a, ngi_##T b) {                                \
        const ngi_##T both = {NGI_WASM(v128_bitselect)(a.lo, b.lo, ngi_v128_low_m(m)),             \
                              NGI_WASM(v128_bitselect)(a.hi, b.hi, ngi_v128_high_m(m))};           \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_keep(ngi_m4 m, ngi_##T a) {                                           \
        const ngi_##T both = {NGI_WASM(v128_and)(ngi_v128_low_m(m), a.lo),                         \
                              NGI_WASM(v128_and)(ngi_v128_high_m(m), a.hi)};                       \
        return both;                                                                               \
    }
NGI_V128_MEMORY_32(f32x4, float)
NGI_V128_MEMORY_32(i32x4, int32_t)
NGI_V128_MEMORY_32(u32x4, uint32_t)
NGI_V128_MEMORY_64(f64x4, double, NGI_WASM(f64x2_splat)(v))
NGI_V128_MEMORY_64(i64x4, int64_t, NGI_WASM(i64x2_splat)(v))
NGI_V128_MEMORY_64(u64x4, uint64_t, NGI_WASM(i64x2_splat)((int64_t)v))
#undef NGI_V128_MEMORY_32
#undef NGI_V128_MEMORY_64

/* ---- packing: two lanes at a time, the second in the place of the first where that is gone --- */

NGI_FN ngi_v128 ngi_v128_second_half(ngi_v128 a) { return NGI_WASM(i64x2_shuffle)(a, a, 1, 1); }
NGI_FN ngi_v128 ngi_v128_pack_pairs(ngi_m4 m, ngi_v128 v) {
    return NGI_WASM(v128_bitselect)(v, NGI_WASM(i32x4_shuffle)(v, v, 1, 1, 3, 3),
                                    NGI_WASM(i32x4_shuffle)(m, m, 0, 0, 2, 2));
}
NGI_FN ngi_v128 ngi_v128_pack_pair(ngi_v128 m, ngi_v128 v) {
    return NGI_WASM(v128_bitselect)(v, ngi_v128_second_half(v),
                                    NGI_WASM(i64x2_shuffle)(m, m, 0, 0));
}
/* How many of the first two lanes are in the mask. */
NGI_FN uint32_t ngi_v128_first_count(ngi_m4 m) {
    const uint32_t bits = ngi_m4_bits(m);
    return (bits & 1) + (bits >> 1 & 1);
}
#define NGI_V128_PACK_32(T, C)                                                                     \
    NGI_FN void ngi_##T##_pack(C *out, ngi_m4 m, ngi_##T v) {                                      \
        const ngi_v128_u64 pairs = (ngi_v128_u64)ngi_v128_pack_pairs(m, v);                        \
        const uint64_t first = pairs[0], second = pairs[1];                                        \
        __builtin_memcpy(out, &first, 8);                                                          \
        __builtin_memcpy(out + ngi_v128_first_count(m), &second, 8);                               \
    }
#define NGI_V128_PACK_64(T, C)                                                                     \
    NGI_FN void ngi_##T##_pack(C *out, ngi_m4 m, ngi_##T v) {                                      \
        NGI_WASM(v128_store)(out, ngi_v128_pack_pair(ngi_v128_low_m(m), v.lo));                    \
        NGI_WASM(v128_store)                                                                       \
        (out + ngi_v128_first_count(m), ngi_v128_pack_pair(ngi_v128_high_m(m), v.hi));             \
    }
NGI_V128_PACK_32(f32x4, float)
NGI_V128_PACK_32(i32x4, int32_t)
NGI_V128_PACK_32(u32x4, uint32_t)
NGI_V128_PACK_64(f64x4, double)
NGI_V128_PACK_64(i64x4, int64_t)
NGI_V128_PACK_64(u64x4, uint64_t)
#undef NGI_V128_PACK_32
#undef NGI_V128_PACK_64

/* ---- floats ---------------------------------------------------------------------------------- */

/* wasm's pmin(b, a) is a < b ? a : b, and pmax(b, a) is a > b ? a : b. */
#define NGI_V128_FLOAT(lane, x)                                                                    \
    NGI_FN ngi_v128 ngi_v128_add_##lane(ngi_v128 a, ngi_v128 b) {                                  \
        return NGI_V128_OP(lane, a, +, b);                                                         \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_sub_##lane(ngi_v128 a, ngi_v128 b) {                                  \
        return NGI_V128_OP(lane, a, -, b);                                                         \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_mul_##lane(ngi_v128 a, ngi_v128 b) {                                  \
        ngi_v128_##lane product = (ngi_v128_##lane)a * (ngi_v128_##lane)b;                         \
        NGI_ROUND_NOW(NGI_VECTOR_KIND, product);                                                   \
        return (ngi_v128)product;                                                                  \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_div_##lane(ngi_v128 a, ngi_v128 b) {                                  \
        return NGI_V128_OP(lane, a, /, b);                                                         \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_min_##lane(ngi_v128 a, ngi_v128 b) {                                  \
        return NGI_WASM(x##_pmin)(b, a);                                                           \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_max_##lane(ngi_v128 a, ngi_v128 b) {                                  \
        return NGI_WASM(x##_pmax)(b, a);                                                           \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_nan_##lane(ngi_v128 a) { return NGI_WASM(x##_ne)(a, a); }             \
    NGI_FN ngi_v128 ngi_v128_either_nan_##lane(ngi_v128 a, ngi_v128 b) {                           \
        return NGI_WASM(v128_or)(NGI_WASM(x##_ne)(a, a), NGI_WASM(x##_ne)(b, b));                  \
    }                                                                                              \
    NGI_FN ngi_v128 ngi_v128_sign_##lane(ngi_v128 a) {                                             \
        const ngi_v128 zero = NGI_WASM(x##_splat)(0), top = NGI_WASM(x##_splat)(-0.0f);            \
        const ngi_v128 one =                                                                       \
            NGI_WASM(v128_or)(NGI_WASM(v128_and)(a, top), NGI_WASM(x##_splat)(1));                 \
        const ngi_v128 sided =                                                                     \
            NGI_WASM(v128_or)(NGI_WASM(x##_lt)(a, zero), NGI_WASM(x##_gt)(a, zero));               \
        return NGI_WASM(v128_bitselect)(one, a, sided);                                            \
    }
NGI_V128_FLOAT(f32, f32x4)
NGI_V128_FLOAT(f64, f64x2)
#undef NGI_V128_FLOAT
NGI_FN ngi_v128 ngi_v128_canon_f32(ngi_v128 a) {
    return NGI_WASM(v128_bitselect)(NGI_WASM(i32x4_splat)(0x7fc00000), a, ngi_v128_nan_f32(a));
}
NGI_FN ngi_v128 ngi_v128_canon_f64(ngi_v128 a) {
    return NGI_WASM(v128_bitselect)(NGI_WASM(i64x2_splat)(0x7ff8000000000000), a,
                                    ngi_v128_nan_f64(a));
}

NGI_SET(f32x4, float, NGI_WASM(f32x4_splat)(v))
#define NGI_V128_1(name, f) NGI_1(f32x4, f32x4, name, f(a))
#define NGI_V128_2(name, f) NGI_2(f32x4, f32x4, name, f(a, b))
NGI_V128_2(add, ngi_v128_add_f32)
NGI_V128_2(sub, ngi_v128_sub_f32)
NGI_V128_2(mul, ngi_v128_mul_f32)
NGI_V128_2(div, ngi_v128_div_f32)
NGI_V128_2(min, ngi_v128_min_f32)
NGI_V128_2(max, ngi_v128_max_f32)
NGI_V128_1(sqrt, NGI_WASM(f32x4_sqrt))
NGI_V128_1(abs, NGI_WASM(f32x4_abs))
NGI_V128_1(neg, NGI_WASM(f32x4_neg))
NGI_V128_1(sign, ngi_v128_sign_f32)
NGI_V128_1(canon, ngi_v128_canon_f32)
#undef NGI_V128_1
#undef NGI_V128_2
NGI_2(m4, f32x4, lt, NGI_WASM(f32x4_lt)(a, b))
NGI_2(m4, f32x4, le, NGI_WASM(f32x4_le)(a, b))
NGI_2(m4, f32x4, eq, NGI_WASM(f32x4_eq)(a, b))
NGI_2(m4, f32x4, either_nan, ngi_v128_either_nan_f32(a, b))
NGI_1(m4, f32x4, nan, ngi_v128_nan_f32(a))

NGI_PAIR_2(f64x4, f64x4, add, ngi_v128_add_f64)
NGI_PAIR_2(f64x4, f64x4, sub, ngi_v128_sub_f64)
NGI_PAIR_2(f64x4, f64x4, mul, ngi_v128_mul_f64)
NGI_PAIR_2(f64x4, f64x4, div, ngi_v128_div_f64)
NGI_PAIR_2(f64x4, f64x4, min, ngi_v128_min_f64)
NGI_PAIR_2(f64x4, f64x4, max, ngi_v128_max_f64)
NGI_PAIR_1(f64x4, f64x4, sqrt, NGI_WASM(f64x2_sqrt))
NGI_PAIR_1(f64x4, f64x4, abs, NGI_WASM(f64x2_abs))
NGI_PAIR_1(f64x4, f64x4, neg, NGI_WASM(f64x2_neg))
NGI_PAIR_1(f64x4, f64x4, sign, ngi_v128_sign_f64)
NGI_PAIR_1(f64x4, f64x4, canon, ngi_v128_canon_f64)
#define NGI_PAIR_MASK_2(T, name, half)                                                             \
    NGI_2(m4, T, name, ngi_v128_narrow(half(a.lo, b.lo), half(a.hi, b.hi)))
NGI_PAIR_MASK_2(f64x4, lt, NGI_WASM(f64x2_lt))
NGI_PAIR_MASK_2(f64x4, le, NGI_WASM(f64x2_le))
NGI_PAIR_MASK_2(f64x4, eq, NGI_WASM(f64x2_eq))
NGI_PAIR_MASK_2(f64x4, either_nan, ngi_v128_either_nan_f64)
NGI_1(m4, f64x4, nan, ngi_v128_narrow(ngi_v128_nan_f64(a.lo), ngi_v128_nan_f64(a.hi)))

#if NGI_V128_CONVERTS
#define NGI_V128_ROUNDING(name, instruction)                                                       \
    NGI_1(f32x4, f32x4, name, NGI_WASM(f32x4_##instruction)(a))                                    \
    NGI_PAIR_1(f64x4, f64x4, name, NGI_WASM(f64x2_##instruction))
#else
#define NGI_V128_ROUNDING(name, instruction)                                                       \
    NGI_LANES_1(f32, f32, 4, name)                                                                 \
    NGI_LANES_1(f64, f64, 4, name)
#endif
NGI_V128_ROUNDING(round, nearest)
NGI_V128_ROUNDING(floor, floor)
NGI_V128_ROUNDING(ceil, ceil)
NGI_V128_ROUNDING(trunc, trunc)
#undef NGI_V128_ROUNDING

/* ---- 32-bit integers ------------------------------------------------------------------------- */

#define NGI_V128_INT32(T, C, W, lane, min32, max32)                                                \
    NGI_SET(T##x4, C, NGI_WASM(i32x4_splat)((int32_t)v))                                           \
    NGI_2(T##x4, T##x4, add, NGI_V128_OP(u32, a, +, b))                                            \
    NGI_2(T##x4, T##x4, sub, NGI_V128_OP(u32, a, -, b))                                            \
    NGI_2(T##x4, T##x4, mul, NGI_V128_OP(u32, a, *, b))                                            \
    NGI_2(T##x4, T##x4, and, NGI_WASM(v128_and)(a, b))                                             \
    NGI_2(T##x4, T##x4, or, NGI_WASM(v128_or)(a, b))                                               \
    NGI_2(T##x4, T##x4, xor, NGI_WASM(v128_xor)(a, b))                                             \
    NGI_1(T##x4, T##x4, not, NGI_WASM(v128_not)(a))                                                \
    NGI_2(T##x4, T##x4, shl, NGI_V128_OP(u32, a, <<, b))                                           \
    NGI_2(T##x4, T##x4, shr, NGI_V128_OP(lane, a, >>, b))                                          \
    NGI_2(T##x4, T##x4, min, NGI_WASM(min32)(a, b))                                                \
    NGI_2(T##x4, T##x4, max, NGI_WASM(max32)(a, b))                                                \
    NGI_2(m4, T##x4, lt, NGI_WASM(W##_lt)(a, b))                                                   \
    NGI_2(m4, T##x4, le, NGI_WASM(W##_le)(a, b))                                                   \
    NGI_2(m4, T##x4, eq, NGI_WASM(i32x4_eq)(a, b))                                                 \
    NGI_LANES_2(T, T, 4, div)                                                                      \
    NGI_LANES_2(T, T, 4, rem)                                                                      \
    NGI_LANES_ACROSS(T, 4, least, min)                                                             \
    NGI_LANES_ACROSS(T, 4, most, max)
NGI_V128_INT32(i32, int32_t, i32x4, i32, i32x4_min, i32x4_max)
NGI_V128_INT32(u32, uint32_t, u32x4, u32, u32x4_min, u32x4_max)
#undef NGI_V128_INT32

NGI_1(i32x4, i32x4, neg, NGI_V128_OP(u32, NGI_WASM(i32x4_splat)(0), -, a))
NGI_FN ngi_i32x4 ngi_i32x4_abs(ngi_i32x4 a) {
    const ngi_v128 negative = NGI_WASM(i32x4_lt)(a, NGI_WASM(i32x4_splat)(0));
    return NGI_V128_OP(u32, NGI_WASM(v128_xor)(a, negative), -, negative);
}
NGI_1(i32x4, i32x4, sign,
      NGI_WASM(i32x4_max)(NGI_WASM(i32x4_min)(a, NGI_WASM(i32x4_splat)(1)),
                          NGI_WASM(i32x4_splat)(-1)))
NGI_1(u32x4, u32x4, sign, NGI_WASM(u32x4_min)(a, NGI_WASM(i32x4_splat)(1)))
NGI_FN ngi_i32x4 ngi_i32x4_count(ngi_i32x4 a, ngi_m4 m) { return NGI_WASM(i32x4_sub)(a, m); }

/* ---- narrow in memory ------------------------------------------------------------------------ */

#define NGI_V128_NARROW(T, n, N)                                                                   \
    NGI_FN void ngi_##T##_store_##n(N *p, ngi_##T v) {                                             \
        const ngi_v128_u32 lanes = (ngi_v128_u32)v;                                                \
        const N narrow[4] = {(N)lanes[0], (N)lanes[1], (N)lanes[2], (N)lanes[3]};                  \
        __builtin_memcpy(p, narrow, sizeof narrow);                                                \
    }                                                                                              \
    NGI_FN void ngi_##T##_pack_##n(N *out, ngi_m4 m, ngi_##T v) {                                  \
        const ngi_v128_u32 lanes = (ngi_v128_u32)ngi_v128_pack_pairs(m, v);                        \
        const N first[2] = {(N)lanes[0], (N)lanes[1]}, second[2] = {(N)lanes[2], (N)lanes[3]};     \
        __builtin_memcpy(out, first, sizeof first);                                                \
        __builtin_memcpy(out + ngi_v128_first_count(m), second, sizeof second);                    \
    }
NGI_V128_NARROW(i32x4, i8, int8_t)
NGI_V128_NARROW(i32x4, i16, int16_t)
NGI_V128_NARROW(u32x4, u8, uint8_t)
NGI_V128_NARROW(u32x4, u16, uint16_t)
#undef NGI_V128_NARROW
NGI_FN ngi_v128 ngi_v128_load_4(const void *p) {
    int32_t v;
    __builtin_memcpy(&v, p, sizeof v);
    return NGI_WASM(i32x4_make)(v, 0, 0, 0);
}
NGI_FN ngi_v128 ngi_v128_load_8(const void *p) {
    int64_t v;
    __builtin_memcpy(&v, p, sizeof v);
    return NGI_WASM(i64x2_make)(v, 0);
}
NGI_LOAD(i32x4, load_i8, int8_t,
         NGI_WASM(i32x4_extend_low_i16x8)(NGI_WASM(i16x8_extend_low_i8x16)(ngi_v128_load_4(p))))
NGI_LOAD(u32x4, load_u8, uint8_t,
         NGI_WASM(u32x4_extend_low_u16x8)(NGI_WASM(u16x8_extend_low_u8x16)(ngi_v128_load_4(p))))
NGI_LOAD(i32x4, load_i16, int16_t, NGI_WASM(i32x4_extend_low_i16x8)(ngi_v128_load_8(p)))
NGI_LOAD(u32x4, load_u16, uint16_t, NGI_WASM(u32x4_extend_low_u16x8)(ngi_v128_load_8(p)))
NGI_1(i32x4, i32x4, wrap_i8, NGI_WASM(i32x4_shr)(NGI_WASM(i32x4_shl)(a, 24), 24))
NGI_1(i32x4, i32x4, wrap_i16, NGI_WASM(i32x4_shr)(NGI_WASM(i32x4_shl)(a, 16), 16))
NGI_1(u32x4, u32x4, wrap_u8, NGI_WASM(v128_and)(a, NGI_WASM(i32x4_splat)(0xff)))
NGI_1(u32x4, u32x4, wrap_u16, NGI_WASM(v128_and)(a, NGI_WASM(i32x4_splat)(0xffff)))

/* ---- 64-bit integers ------------------------------------------------------------------------- */

NGI_FN ngi_v128 ngi_v128_less_i64(ngi_v128 a, ngi_v128 b) { return NGI_WASM(i64x2_lt)(a, b); }
NGI_FN ngi_v128 ngi_v128_less_u64(ngi_v128 a, ngi_v128 b) {
    const ngi_v128 top = NGI_WASM(i64x2_splat)(INT64_MIN);
    return NGI_WASM(i64x2_lt)(NGI_WASM(v128_xor)(a, top), NGI_WASM(v128_xor)(b, top));
}
#define NGI_V128_64(name, lane, op)                                                                \
    NGI_FN ngi_v128 ngi_v128_##name(ngi_v128 a, ngi_v128 b) { return NGI_V128_OP(lane, a, op, b); }
NGI_V128_64(add_64, u64, +)
NGI_V128_64(sub_64, u64, -)
NGI_V128_64(mul_64, u64, *)
NGI_V128_64(shl_64, u64, <<)
NGI_V128_64(shr_i64, i64, >>)
NGI_V128_64(shr_u64, u64, >>)
#undef NGI_V128_64
#define NGI_MIN(less, x, y) NGI_WASM(v128_bitselect)(x, y, less(x, y))
#define NGI_MAX(less, x, y) NGI_WASM(v128_bitselect)(x, y, less(y, x))
#define NGI_MIN_I(x, y) NGI_MIN(ngi_v128_less_i64, x, y)
#define NGI_MAX_I(x, y) NGI_MAX(ngi_v128_less_i64, x, y)
#define NGI_MIN_U(x, y) NGI_MIN(ngi_v128_less_u64, x, y)
#define NGI_MAX_U(x, y) NGI_MAX(ngi_v128_less_u64, x, y)
#define NGI_V128_INT64(T, less, less_of, more_of, shift_right)                                     \
    NGI_PAIR_2(T##x4, T##x4, add, ngi_v128_add_64)                                                 \
    NGI_PAIR_2(T##x4, T##x4, sub, ngi_v128_sub_64)                                                 \
    NGI_PAIR_2(T##x4, T##x4, mul, ngi_v128_mul_64)                                                 \
    NGI_PAIR_2(T##x4, T##x4, and, NGI_WASM(v128_and))                                              \
    NGI_PAIR_2(T##x4, T##x4, or, NGI_WASM(v128_or))                                                \
    NGI_PAIR_2(T##x4, T##x4, xor, NGI_WASM(v128_xor))                                              \
    NGI_PAIR_1(T##x4, T##x4, not, NGI_WASM(v128_not))                                              \
    NGI_PAIR_2(T##x4, T##x4, shl, ngi_v128_shl_64)                                                 \
    NGI_PAIR_2(T##x4, T##x4, shr, shift_right)                                                     \
    NGI_PAIR_2(T##x4, T##x4, min, less_of)                                                         \
    NGI_PAIR_2(T##x4, T##x4, max, more_of)                                                         \
    NGI_PAIR_MASK_2(T##x4, lt, less)                                                               \
    NGI_PAIR_MASK_2(T##x4, eq, NGI_WASM(i64x2_eq))                                                 \
    NGI_2(m4, T##x4, le, NGI_WASM(v128_not)(ngi_##T##x4_lt(b, a)))                                 \
    NGI_LANES_2(T, T, 4, div)                                                                      \
    NGI_LANES_2(T, T, 4, rem)                                                                      \
    NGI_LANES_ACROSS(T, 4, sum, add)                                                               \
    NGI_LANES_ACROSS(T, 4, least, min)                                                             \
    NGI_LANES_ACROSS(T, 4, most, max)
NGI_V128_INT64(i64, ngi_v128_less_i64, NGI_MIN_I, NGI_MAX_I, ngi_v128_shr_i64)
NGI_V128_INT64(u64, ngi_v128_less_u64, NGI_MIN_U, NGI_MAX_U, ngi_v128_shr_u64)
#undef NGI_V128_INT64
#undef NGI_MIN
#undef NGI_MAX
#undef NGI_MIN_I
#undef NGI_MAX_I
#undef NGI_MIN_U
#undef NGI_MAX_U

NGI_FN ngi_v128 ngi_v128_sign_i64(ngi_v128 a) {
    const ngi_v128 zero = NGI_WASM(i64x2_splat)(0);
    return NGI_WASM(i64x2_sub)(ngi_v128_less_i64(a, zero), ngi_v128_less_i64(zero, a));
}
NGI_FN ngi_v128 ngi_v128_sign_u64(ngi_v128 a) {
    return NGI_WASM(i64x2_add)(NGI_WASM(i64x2_eq)(a, NGI_WASM(i64x2_splat)(0)),
                               NGI_WASM(i64x2_splat)(1));
}
NGI_FN ngi_v128 ngi_v128_neg_64(ngi_v128 a) {
    return NGI_V128_OP(u64, NGI_WASM(i64x2_splat)(0), -, a);
}
NGI_PAIR_1(i64x4, i64x4, neg, ngi_v128_neg_64)
NGI_FN ngi_v128 ngi_v128_abs_i64(ngi_v128 a) {
    const ngi_v128 negative = ngi_v128_less_i64(a, NGI_WASM(i64x2_splat)(0));
    return ngi_v128_sub_64(NGI_WASM(v128_xor)(a, negative), negative);
}
NGI_PAIR_1(i64x4, i64x4, abs, ngi_v128_abs_i64)
NGI_PAIR_1(i64x4, i64x4, sign, ngi_v128_sign_i64)
NGI_PAIR_1(u64x4, u64x4, sign, ngi_v128_sign_u64)

/* ---- conversions ----------------------------------------------------------------------------- */

#define NGI_V128_FROM(R, T, value)                                                                 \
    NGI_FN ngi_##R##x4 ngi_##R##x4_from_##T(ngi_##T##x4 a) { return value; }
#define NGI_V128_WIDEN(R, T, low, high)                                                            \
    NGI_PAIR_OF(R##x4, T##x4, from_##T, NGI_WASM(low)(a), NGI_WASM(high)(a))

/* Two pairs of 32-bit lanes, each at the low end of its register. */
NGI_FN ngi_v128 ngi_v128_join(ngi_v128 lo, ngi_v128 hi) {
    return NGI_WASM(i64x2_shuffle)(lo, hi, 0, 2);
}
NGI_V128_FROM(i32, u32, a)
NGI_V128_FROM(i32, i64, ngi_v128_narrow(a.lo, a.hi))
NGI_V128_FROM(i32, u64, ngi_v128_narrow(a.lo, a.hi))
NGI_V128_FROM(u32, i32, a)
NGI_V128_FROM(u32, i64, ngi_v128_narrow(a.lo, a.hi))
NGI_V128_FROM(u32, u64, ngi_v128_narrow(a.lo, a.hi))
NGI_V128_WIDEN(i64, i32, i64x2_extend_low_i32x4, i64x2_extend_high_i32x4)
NGI_V128_WIDEN(i64, u32, u64x2_extend_low_u32x4, u64x2_extend_high_u32x4)
NGI_V128_FROM(i64, u64, a)
NGI_V128_WIDEN(u64, i32, i64x2_extend_low_i32x4, i64x2_extend_high_i32x4)
NGI_V128_WIDEN(u64, u32, u64x2_extend_low_u32x4, u64x2_extend_high_u32x4)
NGI_V128_FROM(u64, i64, a)
NGI_LANES_FROM(i64, f32, 4)
NGI_LANES_FROM(i64, f64, 4)
NGI_LANES_FROM(u64, f32, 4)
NGI_LANES_FROM(u64, f64, 4)
NGI_LANES_FROM(f32, i64, 4)
NGI_LANES_FROM(f32, u64, 4)
NGI_LANES_FROM(f64, i64, 4)
NGI_LANES_FROM(f64, u64, 4)
NGI_V128_FROM(f32, i32, NGI_WASM(f32x4_convert_i32x4)(a))
NGI_V128_FROM(f32, f64,
              ngi_v128_join(NGI_WASM(f32x4_demote_f64x2_zero)(a.lo),
                            NGI_WASM(f32x4_demote_f64x2_zero)(a.hi)))
NGI_V128_FROM(i32, f32, NGI_WASM(i32x4_trunc_sat_f32x4)(a))
#define NGI_V128_TO_F64(T, convert)                                                                \
    NGI_PAIR_OF(f64x4, T##x4, from_##T, NGI_WASM(convert)(a),                                      \
                NGI_WASM(convert)(ngi_v128_second_half(a)))
NGI_V128_TO_F64(f32, f64x2_promote_low_f32x4)
#if NGI_V128_CONVERTS
NGI_V128_FROM(f32, u32, NGI_WASM(f32x4_convert_u32x4)(a))
NGI_V128_FROM(u32, f32, NGI_WASM(u32x4_trunc_sat_f32x4)(a))
NGI_V128_FROM(i32, f64,
              ngi_v128_join(NGI_WASM(i32x4_trunc_sat_f64x2_zero)(a.lo),
                            NGI_WASM(i32x4_trunc_sat_f64x2_zero)(a.hi)))
NGI_V128_FROM(u32, f64,
              ngi_v128_join(NGI_WASM(u32x4_trunc_sat_f64x2_zero)(a.lo),
                            NGI_WASM(u32x4_trunc_sat_f64x2_zero)(a.hi)))
NGI_V128_TO_F64(i32, f64x2_convert_low_i32x4)
NGI_V128_TO_F64(u32, f64x2_convert_low_u32x4)
#else
NGI_LANES_FROM(f32, u32, 4)
NGI_LANES_FROM(u32, f32, 4)
NGI_LANES_FROM(i32, f64, 4)
NGI_LANES_FROM(u32, f64, 4)
NGI_LANES_FROM(f64, i32, 4)
NGI_LANES_FROM(f64, u32, 4)
#endif
#undef NGI_V128_TO_F64
#undef NGI_V128_FROM
#undef NGI_V128_WIDEN

NGI_FN ngi_u32x4 ngi_u32x4_bits_of_f32(ngi_f32x4 a) { return a; }
NGI_FN ngi_f32x4 ngi_f32x4_of_bits(ngi_u32x4 a) { return a; }
NGI_PAIR_OF(u64x4, f64x4, bits_of_f64, a.lo, a.hi)
NGI_PAIR_OF(f64x4, u64x4, of_bits, a.lo, a.hi)

NGI_ACROSS(int64_t, i32x4, sum, ngi_i64x4_sum(ngi_i64x4_from_i32(a)))

/* ---- the fixed trees ------------------------------------------------------------------------- */

#define NGI_V128_FOLD_F32(op, of)                                                                  \
    NGI_FN float ngi_f32x4_fold_##op(const float t[128]) {                                         \
        ngi_v128 r[16];                                                                            \
        for (int i = 0; i < 16; i++) {                                                             \
            r[i] = of(NGI_WASM(v128_load)(t + 4 * i), NGI_WASM(v128_load)(t + 4 * i + 64));        \
        }                                                                                          \
        for (int h = 8; h > 0; h /= 2) {                                                           \
            for (int i = 0; i < h; i++) {                                                          \
                r[i] = of(r[i], r[i + h]);                                                         \
            }                                                                                      \
        }                                                                                          \
        const ngi_v128 x = of(r[0], ngi_v128_second_half(r[0]));                                   \
        return NGI_WASM(f32x4_extract_lane)(of(x, NGI_WASM(i32x4_shuffle)(x, x, 1, 1, 1, 1)), 0);  \
    }                                                                                              \
    /* One row, 4 values left. */                                                                  \
    NGI_FN ngi_v128 ngi_v128_row_f32_##op(const float *m) {                                        \
        return of(of(NGI_WASM(v128_load)(m), NGI_WASM(v128_load)(m + 8)),                          \
                  of(NGI_WASM(v128_load)(m + 4), NGI_WASM(v128_load)(m + 12)));                    \
    }                                                                                              \
    /* Two rows, 2 values left of each. */                                                         \
    NGI_FN ngi_v128 ngi_v128_rows_f32_##op(const float *m) {                                       \
        const ngi_v128 a = ngi_v128_row_f32_##op(m), b = ngi_v128_row_f32_##op(m + 16);            \
        return of(NGI_WASM(i64x2_shuffle)(a, b, 0, 2), NGI_WASM(i64x2_shuffle)(a, b, 1, 3));       \
    }                                                                                              \
    NGI_FN void ngi_f32x4_fold_rows_##op(float out[16], const float m[256]) {                      \
        for (int row = 0; row < 16; row += 4) {                                                    \
            const ngi_v128 a = ngi_v128_rows_f32_##op(m + 16 * row);                               \
            const ngi_v128 b = ngi_v128_rows_f32_##op(m + 16 * row + 32);                          \
            NGI_WASM(v128_store)(out + row, of(NGI_WASM(i32x4_shuffle)(a, b, 0, 2, 4, 6),          \
                                               NGI_WASM(i32x4_shuffle)(a, b, 1, 3, 5, 7)));        \
        }                                                                                          \
    }
#define NGI_V128_FOLD_F64(op, of)                                                                  \
    NGI_FN double ngi_f64x4_fold_##op(const double t[128]) {                                       \
        ngi_v128 r[32];                                                                            \
        for (int i = 0; i < 32; i++) {                                                             \
            r[i] = of(NGI_WASM(v128_load)(t + 2 * i), NGI_WASM(v128_load)(t + 2 * i + 64));        \
        }                                                                                          \
        for (int h = 16; h > 0; h /= 2) {                                                          \
            for (int i = 0; i < h; i++) {                                                          \
                r[i] = of(r[i], r[i + h]);                                                         \
            }                                                                                      \
        }                                                                                          \
        return NGI_WASM(f64x2_extract_lane)(of(r[0], ngi_v128_second_half(r[0])), 0);              \
    }                                                                                              \
    /* One row, 2 values left. */                                                                  \
    NGI_FN ngi_v128 ngi_v128_row_f64_##op(const double *m) {                                       \
        ngi_v128 r[4];                                                                             \
        for (int i = 0; i < 4; i++) {                                                              \
            r[i] = of(NGI_WASM(v128_load)(m + 2 * i), NGI_WASM(v128_load)(m + 2 * i + 8));         \
        }                                                                                          \
        return of(of(r[0], r[2]), of(r[1], r[3]));                                                 \
    }                                                                                              \
    NGI_FN void ngi_f64x4_fold_rows_##op(double out[16], const double m[256]) {                    \
        for (int row = 0; row < 16; row += 2) {                                                    \
            const ngi_v128 a = ngi_v128_row_f64_##op(m + 16 * row);                                \
            const ngi_v128 b = ngi_v128_row_f64_##op(m + 16 * row + 16);                           \
            NGI_WASM(v128_store)(out + row, of(NGI_WASM(i64x2_shuffle)(a, b, 0, 2),                \
                                               NGI_WASM(i64x2_shuffle)(a, b, 1, 3)));              \
        }                                                                                          \
    }
#define NGI_V128_FOLDS(op)                                                                         \
    NGI_V128_FOLD_F32(op, ngi_v128_##op##_f32)                                                     \
    NGI_V128_FOLD_F64(op, ngi_v128_##op##_f64)
NGI_V128_FOLDS(add)
NGI_V128_FOLDS(min)
NGI_V128_FOLDS(max)
#undef NGI_V128_FOLDS
#undef NGI_V128_FOLD_F32
#undef NGI_V128_FOLD_F64

NGI_FN uint64_t ngi_v128_bits_pack(uint64_t v, uint64_t mask) { return ngi_bits_pack(v, mask); }

#undef NGI_PAIR_MASK_2
#undef NGI_V128_CONVERTS
#undef NGI_V128_OP
#undef NGI_VECTOR_KIND
#undef NGI_WASM
#undef NGI_FN

#endif

/* ---- simd_v256.h ----------------------------------------------------------------------------- */

/* simd_v256: the profile `v256`, AVX2 with BMI2: 8 lanes. */

#if NGI_HAS_V256

typedef __m256 ngi_f32x8;
typedef __m256i ngi_i32x8;
typedef __m256i ngi_u32x8;
typedef struct ngi_f64x8 {
    __m256d lo, hi;
} ngi_f64x8;
typedef struct ngi_i64x8 {
    __m256i lo, hi;
} ngi_i64x8;
typedef ngi_i64x8 ngi_u64x8;
typedef __m256i ngi_m8; /* 32-bit lanes, all ones or all zeros */

#define NGI_FN NGI_V256_INLINE

/* ---- halves, and masks of 64-bit lanes ------------------------------------------------------- */

NGI_FN __m128i ngi_v256_low(__m256i a) { return _mm256_castsi256_si128(a); }
NGI_FN __m128i ngi_v256_high(__m256i a) { return _mm256_extracti128_si256(a, 1); }
NGI_FN __m256i ngi_v256_join(__m128i lo, __m128i hi) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(lo), hi, 1);
}
NGI_FN __m128 ngi_v256_low_f32(__m256 a) { return _mm256_castps256_ps128(a); }
NGI_FN __m128 ngi_v256_high_f32(__m256 a) { return _mm256_extractf128_ps(a, 1); }
NGI_FN __m256 ngi_v256_join_f32(__m128 lo, __m128 hi) {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(lo), hi, 1);
}
NGI_FN __m256i ngi_v256_low_m(ngi_m8 m) { return _mm256_cvtepi32_epi64(ngi_v256_low(m)); }
NGI_FN __m256i ngi_v256_high_m(ngi_m8 m) { return _mm256_cvtepi32_epi64(ngi_v256_high(m)); }
/* The low 32 bits of each 64-bit lane. */
NGI_FN __m256i ngi_v256_narrow(__m256i lo, __m256i hi) {
    const __m256 both = _mm256_shuffle_ps(_mm256_castsi256_ps(lo), _mm256_castsi256_ps(hi), 0x88);
    return _mm256_permute4x64_epi64(_mm256_castps_si256(both), 0xd8);
}
NGI_FN __m256i ngi_v256_narrow_f64(__m256d lo, __m256d hi) {
    return ngi_v256_narrow(_mm256_castpd_si256(lo), _mm256_castpd_si256(hi));
}
NGI_FN __m256i ngi_v256_not(__m256i a) { return _mm256_xor_si256(a, _mm256_set1_epi32(-1)); }
/* By lanes of 32 bits: of a blend by bytes with a mask that was negated gcc 12 makes the opposite
 * where it may use AVX-512BW. */
NGI_FN __m256i ngi_v256_pick(__m256i m, __m256i a, __m256i b) {
    return _mm256_castps_si256(
        _mm256_blendv_ps(_mm256_castsi256_ps(b), _mm256_castsi256_ps(a), _mm256_castsi256_ps(m)));
}
NGI_FN __m256d ngi_v256_pick_f64(__m256i m, __m256d a, __m256d b) {
    return _mm256_blendv_pd(b, a, _mm256_castsi256_pd(m));
}
NGI_FN __m256d ngi_v256_keep_f64(__m256i m, __m256d a) {
    return _mm256_and_pd(_mm256_castsi256_pd(m), a);
}

/* ---- masks ----------------------------------------------------------------------------------- */

NGI_2(m8, m8, and, _mm256_and_si256(a, b))
NGI_2(m8, m8, or, _mm256_or_si256(a, b))
NGI_2(m8, m8, xor, _mm256_xor_si256(a, b))
NGI_2(m8, m8, andnot, _mm256_andnot_si256(b, a))
NGI_1(m8, m8, not, ngi_v256_not(a))
NGI_SET(m8, bool, _mm256_set1_epi32(v ? -1 : 0))
NGI_ACROSS(uint32_t, m8, bits, (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(a)))
NGI_ACROSS(uint32_t, m8, count, (uint32_t)__builtin_popcount(ngi_m8_bits(a)))
NGI_ACROSS(bool, m8, any, !_mm256_testz_si256(a, a))
NGI_ACROSS(bool, m8, all, ngi_m8_bits(a) == 0xff)
NGI_FN ngi_m8 ngi_m8_first(size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < 8 ? (int)n : 8),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
NGI_FN ngi_m8 ngi_m8_from_bits(uint32_t bits) {
    const __m256i place = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)bits), place), place);
}

/* ---- packing: four lanes at a time, by what stands in the low four bits of a mask ------------ */

static const int32_t ngi_v256_packed[16][4] = {
    {0, 0, 0, 0}, {0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {2, 0, 0, 0}, {0, 2, 0, 0},
    {1, 2, 0, 0}, {0, 1, 2, 0}, {3, 0, 0, 0}, {0, 3, 0, 0}, {1, 3, 0, 0}, {0, 1, 3, 0},
    {2, 3, 0, 0}, {0, 2, 3, 0}, {1, 2, 3, 0}, {0, 1, 2, 3}};

NGI_FN __m128i ngi_v256_places(uint32_t bits) {
    return _mm_loadu_si128((const __m128i *)(const void *)ngi_v256_packed[bits & 15]);
}
NGI_FN __m128 ngi_v256_pack_4(__m128 v, uint32_t bits) {
    return _mm_permutevar_ps(v, ngi_v256_places(bits));
}
NGI_FN __m256i ngi_v256_pack_4_wide(__m256i v, uint32_t bits) {
    const __m256i low = _mm256_slli_epi64(_mm256_cvtepu32_epi64(ngi_v256_places(bits)), 1);
    const __m256i high = _mm256_slli_epi64(_mm256_add_epi64(low, _mm256_set1_epi64x(1)), 32);
    return _mm256_permutevar8x32_epi32(v, _mm256_or_si256(low, high));
}
NGI_FN void ngi_v256_pack(float *out, ngi_m8 m, __m256 v) {
    const uint32_t bits = ngi_m8_bits(m);
    _mm_storeu_ps(out, ngi_v256_pack_4(ngi_v256_low_f32(v), bits));
    _mm_storeu_ps(out + __builtin_popcount(bits & 15),
                  ngi_v256_pack_4(ngi_v256_high_f32(v), bits >> 4));
}

/* ---- f32 ------------------------------------------------------------------------------------- */

NGI_SET(f32x8, float, _mm256_set1_ps(v))
NGI_LOAD(f32x8, load, float, _mm256_loadu_ps(p))
NGI_STORE(f32x8, store, float, _mm256_storeu_ps(p, v))
NGI_2(f32x8, f32x8, add, a + b)
NGI_2(f32x8, f32x8, sub, a - b)
NGI_MUL(f32x8, "x", a *b)
NGI_2(f32x8, f32x8, div, a / b)
NGI_1(f32x8, f32x8, sqrt, _mm256_sqrt_ps(a))
NGI_1(f32x8, f32x8, round, _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT))
NGI_1(f32x8, f32x8, floor, _mm256_round_ps(a, _MM_FROUND_TO_NEG_INF))
NGI_1(f32x8, f32x8, ceil, _mm256_round_ps(a, _MM_FROUND_TO_POS_INF))
NGI_1(f32x8, f32x8, trunc, _mm256_round_ps(a, _MM_FROUND_TO_ZERO))
NGI_1(f32x8, f32x8, abs, _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a))
NGI_1(f32x8, f32x8, neg, _mm256_xor_ps(_mm256_set1_ps(-0.0f), a))
NGI_2(f32x8, f32x8, min, _mm256_min_ps(a, b))
NGI_2(f32x8, f32x8, max, _mm256_max_ps(a, b))
NGI_2(m8, f32x8, lt, _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_LT_OQ)))
NGI_2(m8, f32x8, le, _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_LE_OQ)))
NGI_2(m8, f32x8, eq, _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)))
NGI_2(m8, f32x8, either_nan, _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_UNORD_Q)))
NGI_1(m8, f32x8, nan, ngi_f32x8_either_nan(a, a))
NGI_PICK(f32x8, m8, _mm256_blendv_ps(b, a, _mm256_castsi256_ps(m)))
NGI_KEEP(f32x8, m8, _mm256_and_ps(_mm256_castsi256_ps(m), a))
NGI_PACK(f32x8, m8, pack, float, ngi_v256_pack(out, m, v))
NGI_1(f32x8, f32x8, canon,
      ngi_f32x8_pick(ngi_f32x8_nan(a), _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000)), a))
NGI_FN ngi_f32x8 ngi_f32x8_sign(ngi_f32x8 a) {
    const __m256 sign = _mm256_and_ps(a, _mm256_set1_ps(-0.0f));
    return _mm256_blendv_ps(a, _mm256_or_ps(sign, _mm256_set1_ps(1.0f)),
                            _mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_NEQ_OQ));
}

/* ---- f64 ------------------------------------------------------------------------------------- */

#define NGI_PAIR_MASK_2(T, name, half)                                                             \
    NGI_2(m8, T, name, ngi_v256_narrow_f64(half(a.lo, b.lo), half(a.hi, b.hi)))
#define NGI_ADD(x, y) ((x) + (y))
#define NGI_SUB(x, y) ((x) - (y))
#define NGI_TIMES(x, y) ((x) * (y))
#define NGI_OVER(x, y) ((x) / (y))
#define NGI_ROUND(x) _mm256_round_pd(x, _MM_FROUND_TO_NEAREST_INT)
#define NGI_FLOOR(x) _mm256_round_pd(x, _MM_FROUND_TO_NEG_INF)
#define NGI_CEIL(x) _mm256_round_pd(x, _MM_FROUND_TO_POS_INF)
#define NGI_TRUNC(x) _mm256_round_pd(x, _MM_FROUND_TO_ZERO)
#define NGI_ABS(x) _mm256_andnot_pd(_mm256_set1_pd(-0.0), x)
#define NGI_NEG(x) _mm256_xor_pd(_mm256_set1_pd(-0.0), x)
#define NGI_LT(x, y) _mm256_cmp_pd(x, y, _CMP_LT_OQ)
#define NGI_LE(x, y) _mm256_cmp_pd(x, y, _CMP_LE_OQ)
#define NGI_EQ(x, y) _mm256_cmp_pd(x, y, _CMP_EQ_OQ)
#define NGI_UNORDERED(x, y) _mm256_cmp_pd(x, y, _CMP_UNORD_Q)
NGI_PAIR_2(f64x8, f64x8, add, NGI_ADD)
NGI_PAIR_2(f64x8, f64x8, sub, NGI_SUB)
NGI_PAIR_MUL(f64x8, "x", NGI_TIMES)
NGI_PAIR_2(f64x8, f64x8, div, NGI_OVER)
NGI_PAIR_1(f64x8, f64x8, sqrt, _mm256_sqrt_pd)
NGI_PAIR_1(f64x8, f64x8, round, NGI_ROUND)
NGI_PAIR_1(f64x8, f64x8, floor, NGI_FLOOR)
NGI_PAIR_1(f64x8, f64x8, ceil, NGI_CEIL)
NGI_PAIR_1(f64x8, f64x8, trunc, NGI_TRUNC)
NGI_PAIR_1(f64x8, f64x8, abs, NGI_ABS)
NGI_PAIR_1(f64x8, f64x8, neg, NGI_NEG)
NGI_PAIR_2(f64x8, f64x8, min, _mm256_min_pd)
NGI_PAIR_2(f64x8, f64x8, max, _mm256_max_pd)
NGI_PAIR_MASK_2(f64x8, lt, NGI_LT)
NGI_PAIR_MASK_2(f64x8, le, NGI_LE)
NGI_PAIR_MASK_2(f64x8, eq, NGI_EQ)
NGI_PAIR_MASK_2(f64x8, either_nan, NGI_UNORDERED)
NGI_1(m8, f64x8, nan, ngi_f64x8_either_nan(a, a))
NGI_FN __m256d ngi_v256_canon_f64(__m256d a) {
    const __m256d quiet = _mm256_castsi256_pd(_mm256_set1_epi64x(0x7ff8000000000000));
    return _mm256_blendv_pd(a, quiet, NGI_UNORDERED(a, a));
}
NGI_FN __m256d ngi_v256_sign_f64(__m256d a) {
    const __m256d sign = _mm256_and_pd(a, _mm256_set1_pd(-0.0));
    return _mm256_blendv_pd(a, _mm256_or_pd(sign, _mm256_set1_pd(1.0)),
                            _mm256_cmp_pd(a, _mm256_setzero_pd(), _CMP_NEQ_OQ));
}
NGI_PAIR_1(f64x8, f64x8, canon, ngi_v256_canon_f64)
NGI_PAIR_1(f64x8, f64x8, sign, ngi_v256_sign_f64)
#undef NGI_ADD
#undef NGI_SUB
#undef NGI_TIMES
#undef NGI_OVER
#undef NGI_ROUND
#undef NGI_FLOOR
#undef NGI_CEIL
#undef NGI_TRUNC
#undef NGI_ABS
#undef NGI_NEG
#undef NGI_LT
#undef NGI_LE
#undef NGI_EQ
#undef NGI_UNORDERED
#undef NGI_PAIR_MASK_2

/* What all pairs have. `load4` and `store4` move one register; `pick` and `keep` take one mask. */
#define NGI_V256_PAIR(T, C, set4, load4, store4, pick4, keep4)                                     \
    NGI_FN ngi_##T ngi_##T##_set(C v) {                                                            \
        const ngi_##T both = {set4, set4};                                                         \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_load(const C *p) {                                                    \
        const ngi_##T both = {load4(p), load4(p + 4)};                                             \
        return both;                                                                               \
    }                                                                                              \
    NGI_STORE(T, store, C, store4(p, v.lo); store4(p + 4, v.hi))                                   \
    NGI_FN ngi_##T ngi_##T##_pick(ngi_m8 m, ngi_##T a, ngi_##T b) {                                \
        const ngi_##T both = {pick4(ngi_v256_low_m(m), a.lo, b.lo),                                \
                              pick4(ngi_v256_high_m(m), a.hi, b.hi)};                              \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_keep(ngi_m8 m, ngi_##T a) {                                           \
        const ngi_##T both = {keep4(ngi_v256_low_m(m), a.lo), keep4(ngi_v256_high_m(m), a.hi)};    \
        return both;                                                                               \
    }
#define NGI_LOAD_4(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define NGI_STORE_4(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
NGI_V256_PAIR(f64x8, double, _mm256_set1_pd(v), _mm256_loadu_pd, _mm256_storeu_pd,
              ngi_v256_pick_f64, ngi_v256_keep_f64)
NGI_V256_PAIR(i64x8, int64_t, _mm256_set1_epi64x(v), NGI_LOAD_4, NGI_STORE_4, ngi_v256_pick,
              _mm256_and_si256)
NGI_V256_PAIR(u64x8, uint64_t, _mm256_set1_epi64x((int64_t)v), NGI_LOAD_4, NGI_STORE_4,
              ngi_v256_pick, _mm256_and_si256)
#undef NGI_V256_PAIR

#define NGI_V256_PACK_PAIR(T, C, lo, hi)                                                           \
    NGI_FN void ngi_##T##_pack(C *out, ngi_m8 m, ngi_##T v) {                                      \
        const uint32_t bits = ngi_m8_bits(m);                                                      \
        NGI_STORE_4(out, ngi_v256_pack_4_wide(lo, bits));                                          \
        NGI_STORE_4(out + __builtin_popcount(bits & 15), ngi_v256_pack_4_wide(hi, bits >> 4));     \
    }
NGI_V256_PACK_PAIR(f64x8, double, _mm256_castpd_si256(v.lo), _mm256_castpd_si256(v.hi))
NGI_V256_PACK_PAIR(i64x8, int64_t, v.lo, v.hi)
NGI_V256_PACK_PAIR(u64x8, uint64_t, v.lo, v.hi)
#undef NGI_V256_PACK_PAIR

/* ---- 32-bit integers ------------------------------------------------------------------------- */

NGI_FN __m256i ngi_v256_flip(__m256i a) { /* maps the order of unsigned numbers to signed */
    return _mm256_xor_si256(a, _mm256_set1_epi32(INT_MIN));
}
#define NGI_V256_INT32(T, C, s, more)                                                              \
    NGI_SET(T, C, _mm256_set1_epi32((int32_t)v))                                                   \
    NGI_LOAD(T, load, C, NGI_LOAD_4(p))                                                            \
    NGI_STORE(T, store, C, NGI_STORE_4(p, v))                                                      \
    NGI_2(T, T, add, _mm256_add_epi32(a, b))                                                       \
    NGI_2(T, T, sub, _mm256_sub_epi32(a, b))                                                       \
    NGI_2(T, T, mul, _mm256_mullo_epi32(a, b))                                                     \
    NGI_2(T, T, and, _mm256_and_si256(a, b))                                                       \
    NGI_2(T, T, or, _mm256_or_si256(a, b))                                                         \
    NGI_2(T, T, xor, _mm256_xor_si256(a, b))                                                       \
    NGI_1(T, T, not, ngi_v256_not(a))                                                              \
    NGI_2(T, T, shl, _mm256_sllv_epi32(a, b))                                                      \
    NGI_2(T, T, min, _mm256_min_##s(a, b))                                                         \
    NGI_2(T, T, max, _mm256_max_##s(a, b))                                                         \
    NGI_2(m8, T, lt, more(b, a))                                                                   \
    NGI_2(m8, T, le, ngi_v256_not(more(a, b)))                                                     \
    NGI_2(m8, T, eq, _mm256_cmpeq_epi32(a, b))                                                     \
    NGI_PICK(T, m8, ngi_v256_pick(m, a, b))                                                        \
    NGI_KEEP(T, m8, _mm256_and_si256(m, a))                                                        \
    NGI_PACK(T, m8, pack, C, ngi_v256_pack((float *)(void *)out, m, _mm256_castsi256_ps(v)))       \
    NGI_V256_ACROSS32(T, C, least, _mm_min_##s)                                                    \
    NGI_V256_ACROSS32(T, C, most, _mm_max_##s)
#define NGI_V256_ACROSS32(T, C, name, of)                                                          \
    NGI_FN C ngi_##T##_##name(ngi_##T a) {                                                         \
        __m128i r = of(ngi_v256_low(a), ngi_v256_high(a));                                         \
        r = of(r, _mm_shuffle_epi32(r, 0x4e));                                                     \
        return (C)_mm_cvtsi128_si32(of(r, _mm_shuffle_epi32(r, 0xb1)));                            \
    }
#define NGI_MORE_U(x, y) _mm256_cmpgt_epi32(ngi_v256_flip(x), ngi_v256_flip(y))
NGI_V256_INT32(i32x8, int32_t, epi32, _mm256_cmpgt_epi32)
NGI_V256_INT32(u32x8, uint32_t, epu32, NGI_MORE_U)
#undef NGI_V256_INT32
#undef NGI_V256_ACROSS32
#undef NGI_MORE_U

NGI_2(i32x8, i32x8, shr, _mm256_srav_epi32(a, b))
NGI_2(u32x8, u32x8, shr, _mm256_srlv_epi32(a, b))
NGI_1(i32x8, i32x8, neg, _mm256_sub_epi32(_mm256_setzero_si256(), a))
NGI_1(i32x8, i32x8, abs, _mm256_abs_epi32(a))
NGI_1(i32x8, i32x8, sign, _mm256_sign_epi32(_mm256_set1_epi32(1), a))
NGI_1(u32x8, u32x8, sign, _mm256_min_epu32(a, _mm256_set1_epi32(1)))
NGI_FN ngi_i32x8 ngi_i32x8_count(ngi_i32x8 a, ngi_m8 m) { return _mm256_sub_epi32(a, m); }

/* ---- narrow in memory ------------------------------------------------------------------------ */

#define NGI_LOAD_2(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define NGI_STORE_2(p, v) _mm_storeu_si128((__m128i *)(void *)(p), v)
NGI_FN __m128i ngi_v256_bytes(__m128i four) { /* the low byte of each of four lanes, together */
    return _mm_shuffle_epi8(
        four, _mm_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
}
NGI_FN __m128i ngi_v256_words(__m128i four) {
    return _mm_shuffle_epi8(
        four, _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1));
}
NGI_FN __m128i ngi_v256_packed_4(__m128i four, uint32_t bits) {
    return _mm_castps_si128(ngi_v256_pack_4(_mm_castsi128_ps(four), bits));
}
/* `part` leaves the values of four lanes in the low `4 * size` bytes, which are what is written. */
#define NGI_V256_NARROW(T, n, N, part, size)                                                       \
    NGI_FN void ngi_##T##_store_##n(N *p, ngi_##T v) {                                             \
        const __m128i lo = part(ngi_v256_low(v)), hi = part(ngi_v256_high(v));                     \
        __builtin_memcpy(p, &lo, 4 * size);                                                        \
        __builtin_memcpy(p + 4, &hi, 4 * size);                                                    \
    }                                                                                              \
    NGI_FN void ngi_##T##_pack_##n(N *out, ngi_m8 m, ngi_##T v) {                                  \
        const uint32_t bits = ngi_m8_bits(m);                                                      \
        const __m128i lo = part(ngi_v256_packed_4(ngi_v256_low(v), bits));                         \
        const __m128i hi = part(ngi_v256_packed_4(ngi_v256_high(v), bits >> 4));                   \
        __builtin_memcpy(out, &lo, 4 * size);                                                      \
        __builtin_memcpy(out + __builtin_popcount(bits & 15), &hi, 4 * size);                      \
    }
NGI_V256_NARROW(i32x8, i8, int8_t, ngi_v256_bytes, 1)
NGI_V256_NARROW(u32x8, u8, uint8_t, ngi_v256_bytes, 1)
NGI_V256_NARROW(i32x8, i16, int16_t, ngi_v256_words, 2)
NGI_V256_NARROW(u32x8, u16, uint16_t, ngi_v256_words, 2)
#undef NGI_V256_NARROW
NGI_LOAD(i32x8, load_i8, int8_t,
         _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)))
NGI_LOAD(u32x8, load_u8, uint8_t,
         _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)))
NGI_LOAD(i32x8, load_i16, int16_t, _mm256_cvtepi16_epi32(NGI_LOAD_2(p)))
NGI_LOAD(u32x8, load_u16, uint16_t, _mm256_cvtepu16_epi32(NGI_LOAD_2(p)))
NGI_1(i32x8, i32x8, wrap_i8, _mm256_srai_epi32(_mm256_slli_epi32(a, 24), 24))
NGI_1(i32x8, i32x8, wrap_i16, _mm256_srai_epi32(_mm256_slli_epi32(a, 16), 16))
NGI_1(u32x8, u32x8, wrap_u8, _mm256_and_si256(a, _mm256_set1_epi32(0xff)))
NGI_1(u32x8, u32x8, wrap_u16, _mm256_and_si256(a, _mm256_set1_epi32(0xffff)))

/* ---- 64-bit integers ------------------------------------------------------------------------- */

NGI_FN __m256i ngi_v256_mul_64(__m256i a, __m256i b) {
    const __m256i crossed = _mm256_mullo_epi32(a, _mm256_shuffle_epi32(b, 0xb1));
    const __m256i high = _mm256_add_epi32(_mm256_slli_epi64(crossed, 32), crossed);
    return _mm256_add_epi64(
        _mm256_mul_epu32(a, b),
        _mm256_and_si256(high, _mm256_set1_epi64x((int64_t)0xffffffff00000000u)));
}
NGI_FN __m256i ngi_v256_more_u64(__m256i a, __m256i b) {
    const __m256i top = _mm256_set1_epi64x(INT64_MIN);
    return _mm256_cmpgt_epi64(_mm256_xor_si256(a, top), _mm256_xor_si256(b, top));
}
NGI_FN __m256i ngi_v256_shr_i64(__m256i a, __m256i n) {
    const __m256i negative = _mm256_cmpgt_epi64(_mm256_setzero_si256(), a);
    return _mm256_xor_si256(_mm256_srlv_epi64(_mm256_xor_si256(a, negative), n), negative);
}
#define NGI_MIN_I(x, y) ngi_v256_pick(_mm256_cmpgt_epi64(y, x), x, y)
#define NGI_MAX_I(x, y) ngi_v256_pick(_mm256_cmpgt_epi64(x, y), x, y)
#define NGI_MIN_U(x, y) ngi_v256_pick(ngi_v256_more_u64(y, x), x, y)
#define NGI_MAX_U(x, y) ngi_v256_pick(ngi_v256_more_u64(x, y), x, y)
#define NGI_V256_INT64(T, more, less_of, more_of, shift_right)                                     \
    NGI_PAIR_2(T, T, add, _mm256_add_epi64)                                                        \
    NGI_PAIR_2(T, T, sub, _mm256_sub_epi64)                                                        \
    NGI_PAIR_2(T, T, mul, ngi_v256_mul_64)                                                         \
    NGI_PAIR_2(T, T, and, _mm256_and_si256)                                                        \
    NGI_PAIR_2(T, T, or, _mm256_or_si256)                                                          \
    NGI_PAIR_2(T, T, xor, _mm256_xor_si256)                                                        \
    NGI_PAIR_1(T, T, not, ngi_v256_not)                                                            \
    NGI_PAIR_2(T, T, shl, _mm256_sllv_epi64)                                                       \
    NGI_PAIR_2(T, T, shr, shift_right)                                                             \
    NGI_PAIR_2(T, T, min, less_of)                                                                 \
    NGI_PAIR_2(T, T, max, more_of)                                                                 \
    NGI_2(m8, T, lt, ngi_v256_narrow(more(b.lo, a.lo), more(b.hi, a.hi)))                          \
    NGI_2(m8, T, le, ngi_v256_not(ngi_v256_narrow(more(a.lo, b.lo), more(a.hi, b.hi))))            \
    NGI_2(m8, T, eq,                                                                               \
          ngi_v256_narrow(_mm256_cmpeq_epi64(a.lo, b.lo), _mm256_cmpeq_epi64(a.hi, b.hi)))
NGI_V256_INT64(i64x8, _mm256_cmpgt_epi64, NGI_MIN_I, NGI_MAX_I, ngi_v256_shr_i64)
NGI_V256_INT64(u64x8, ngi_v256_more_u64, NGI_MIN_U, NGI_MAX_U, _mm256_srlv_epi64)
#undef NGI_V256_INT64
#undef NGI_MIN_I
#undef NGI_MAX_I
#undef NGI_MIN_U
#undef NGI_MAX_U

NGI_FN __m256i ngi_v256_neg_i64(__m256i a) { return _mm256_sub_epi64(_mm256_setzero_si256(), a); }
NGI_FN __m256i ngi_v256_abs_i64(__m256i a) {
    const __m256i negative = _mm256_cmpgt_epi64(_mm256_setzero_si256(), a);
    return _mm256_sub_epi64(_mm256_xor_si256(a, negative), negative);
}
NGI_FN __m256i ngi_v256_sign_i64(__m256i a) {
    const __m256i zero = _mm256_setzero_si256();
    return _mm256_sub_epi64(_mm256_cmpgt_epi64(zero, a), _mm256_cmpgt_epi64(a, zero));
}
NGI_FN __m256i ngi_v256_sign_u64(__m256i a) {
    return _mm256_add_epi64(_mm256_cmpeq_epi64(a, _mm256_setzero_si256()), _mm256_set1_epi64x(1));
}
NGI_PAIR_1(i64x8, i64x8, neg, ngi_v256_neg_i64)
NGI_PAIR_1(i64x8, i64x8, abs, ngi_v256_abs_i64)
NGI_PAIR_1(i64x8, i64x8, sign, ngi_v256_sign_i64)
NGI_PAIR_1(u64x8, u64x8, sign, ngi_v256_sign_u64)
NGI_LANES_2(i64, i64, 8, div)
NGI_LANES_2(i64, i64, 8, rem)
NGI_LANES_2(u64, u64, 8, div)
NGI_LANES_2(u64, u64, 8, rem)
NGI_LANES_ACROSS(i64, 8, sum, add)
NGI_LANES_ACROSS(i64, 8, least, min)
NGI_LANES_ACROSS(i64, 8, most, max)
NGI_LANES_ACROSS(u64, 8, sum, add)
NGI_LANES_ACROSS(u64, 8, least, min)
NGI_LANES_ACROSS(u64, 8, most, max)

/* ---- conversions ----------------------------------------------------------------------------- */

#define NGI_V256_FROM(R, T, value)                                                                 \
    NGI_FN ngi_##R ngi_##R##_from_##T(ngi_##T##x8 a) { return value; }
#define NGI_V256_WIDEN(R, T, convert)                                                              \
    NGI_PAIR_OF(R, T##x8, from_##T, convert(ngi_v256_low(a)), convert(ngi_v256_high(a)))

/* The instruction gives the smallest number for what it cannot convert. */
NGI_FN ngi_i32x8 ngi_i32x8_from_f32(ngi_f32x8 a) {
    const __m256 too_large = _mm256_cmp_ps(a, _mm256_set1_ps(2147483648.0f), _CMP_GE_OQ);
    const __m256i r = _mm256_blendv_epi8(_mm256_cvttps_epi32(a), _mm256_set1_epi32(INT_MAX),
                                         _mm256_castps_si256(too_large));
    return _mm256_andnot_si256(ngi_f32x8_nan(a), r);
}
/* max takes its second operand where the first is NaN, so what is negative or NaN is 0 here. From
 * 2^31 on, the number less 2^31 is converted and its top bit flipped; from 2^32 on all bits are
 * set. */
NGI_FN ngi_u32x8 ngi_u32x8_from_f32(ngi_f32x8 a) {
    const __m256 half = _mm256_set1_ps(2147483648.0f), x = _mm256_max_ps(a, _mm256_setzero_ps());
    const __m256 large = _mm256_cmp_ps(x, half, _CMP_GE_OQ);
    const __m256 too_large = _mm256_cmp_ps(x, _mm256_set1_ps(4294967296.0f), _CMP_GE_OQ);
    const __m256i r = _mm256_cvttps_epi32(x - _mm256_and_ps(large, half));
    const __m256i top = _mm256_and_si256(_mm256_castps_si256(large), _mm256_set1_epi32(INT_MIN));
    return _mm256_or_si256(_mm256_xor_si256(r, top), _mm256_castps_si256(too_large));
}
NGI_FN __m128i ngi_v256_i32_from_f64(__m256d a) {
    const __m256d least = _mm256_set1_pd(-2147483648.0), most = _mm256_set1_pd(2147483647.0);
    const __m256d number = _mm256_and_pd(a, _mm256_cmp_pd(a, a, _CMP_ORD_Q));
    return _mm256_cvttpd_epi32(_mm256_min_pd(_mm256_max_pd(number, least), most));
}
NGI_FN __m128i ngi_v256_u32_from_f64(__m256d a) {
    const __m256d most = _mm256_set1_pd(4294967295.0);
    const __m256d x = _mm256_min_pd(_mm256_max_pd(a, _mm256_setzero_pd()), most);
    const __m256d whole = _mm256_round_pd(x, _MM_FROUND_TO_ZERO);
    return _mm_xor_si128(_mm256_cvttpd_epi32(whole - _mm256_set1_pd(2147483648.0)),
                         _mm_set1_epi32(INT_MIN));
}
/* Both halves of 16 bits are exact, so only their sum is rounded. */
NGI_FN ngi_f32x8 ngi_f32x8_from_u32(ngi_u32x8 a) {
    const __m256 high = _mm256_cvtepi32_ps(_mm256_srli_epi32(a, 16));
    const __m256 low = _mm256_cvtepi32_ps(_mm256_and_si256(a, _mm256_set1_epi32(0xffff)));
    return high * _mm256_set1_ps(65536.0f) + low;
}
NGI_FN __m256d ngi_v256_f64_from_u32(__m128i a) {
    return _mm256_cvtepi32_pd(_mm_xor_si128(a, _mm_set1_epi32(INT_MIN))) +
           _mm256_set1_pd(2147483648.0);
}
/* The halves of 32 bits become the low bits of 2^84 + high * 2^32 and 2^52 + low. Taking the powers
 * away, and for signed numbers the 2^63 that the flipped top bit adds, is exact but for the last
 * sum. */
NGI_FN __m256d ngi_v256_f64_of_halves(__m256i high, __m256i low, double excess) {
    const __m256i high_bits = _mm256_or_si256(high, _mm256_set1_epi64x(0x4530000000000000));
    const __m256i low_bits = _mm256_blend_epi32(_mm256_set1_epi64x(0x4330000000000000), low, 0x55);
    return (_mm256_castsi256_pd(high_bits) - _mm256_set1_pd(excess)) +
           _mm256_castsi256_pd(low_bits);
}
NGI_FN __m256d ngi_v256_f64_from_u64(__m256i a) {
    return ngi_v256_f64_of_halves(_mm256_srli_epi64(a, 32), a, 0x1p84 + 0x1p52);
}
NGI_FN __m256d ngi_v256_f64_from_i64(__m256i a) {
    const __m256i flipped = _mm256_xor_si256(a, _mm256_set1_epi64x(INT64_MIN));
    return ngi_v256_f64_of_halves(_mm256_srli_epi64(flipped, 32), a, 0x1p84 + 0x1p63 + 0x1p52);
}

NGI_V256_FROM(i32x8, u32, a)
NGI_V256_FROM(i32x8, i64, ngi_v256_narrow(a.lo, a.hi))
NGI_V256_FROM(i32x8, u64, ngi_v256_narrow(a.lo, a.hi))
NGI_V256_FROM(i32x8, f64, ngi_v256_join(ngi_v256_i32_from_f64(a.lo), ngi_v256_i32_from_f64(a.hi)))
NGI_V256_FROM(u32x8, i32, a)
NGI_V256_FROM(u32x8, i64, ngi_v256_narrow(a.lo, a.hi))
NGI_V256_FROM(u32x8, u64, ngi_v256_narrow(a.lo, a.hi))
NGI_V256_FROM(u32x8, f64, ngi_v256_join(ngi_v256_u32_from_f64(a.lo), ngi_v256_u32_from_f64(a.hi)))
NGI_V256_WIDEN(i64x8, i32, _mm256_cvtepi32_epi64)
NGI_V256_WIDEN(i64x8, u32, _mm256_cvtepu32_epi64)
NGI_V256_FROM(i64x8, u64, a)
NGI_LANES_FROM(i64, f32, 8)
NGI_LANES_FROM(i64, f64, 8)
NGI_V256_WIDEN(u64x8, i32, _mm256_cvtepi32_epi64)
NGI_V256_WIDEN(u64x8, u32, _mm256_cvtepu32_epi64)
NGI_V256_FROM(u64x8, i64, a)
NGI_LANES_FROM(u64, f32, 8)
NGI_LANES_FROM(u64, f64, 8)
NGI_V256_FROM(f32x8, i32, _mm256_cvtepi32_ps(a))
NGI_LANES_FROM(f32, i64, 8)
NGI_LANES_FROM(f32, u64, 8)
NGI_V256_FROM(f32x8, f64, ngi_v256_join_f32(_mm256_cvtpd_ps(a.lo), _mm256_cvtpd_ps(a.hi)))
NGI_V256_WIDEN(f64x8, i32, _mm256_cvtepi32_pd)
NGI_V256_WIDEN(f64x8, u32, ngi_v256_f64_from_u32)
NGI_PAIR_OF(f64x8, i64x8, from_i64, ngi_v256_f64_from_i64(a.lo), ngi_v256_f64_from_i64(a.hi))
NGI_PAIR_OF(f64x8, u64x8, from_u64, ngi_v256_f64_from_u64(a.lo), ngi_v256_f64_from_u64(a.hi))
NGI_PAIR_OF(f64x8, f32x8, from_f32, _mm256_cvtps_pd(ngi_v256_low_f32(a)),
            _mm256_cvtps_pd(ngi_v256_high_f32(a)))
#undef NGI_V256_FROM
#undef NGI_V256_WIDEN

NGI_FN ngi_u32x8 ngi_u32x8_bits_of_f32(ngi_f32x8 a) { return _mm256_castps_si256(a); }
NGI_FN ngi_f32x8 ngi_f32x8_of_bits(ngi_u32x8 a) { return _mm256_castsi256_ps(a); }
NGI_PAIR_OF(u64x8, f64x8, bits_of_f64, _mm256_castpd_si256(a.lo), _mm256_castpd_si256(a.hi))
NGI_PAIR_OF(f64x8, u64x8, of_bits, _mm256_castsi256_pd(a.lo), _mm256_castsi256_pd(a.hi))

NGI_ACROSS(int64_t, i32x8, sum, ngi_i64x8_sum(ngi_i64x8_from_i32(a)))

/* Quotients of 32-bit integers are exact in f64: a quotient that is not whole is at least 2^-32
 * away from the next whole number, and below 2^32. MIN / -1 converts to MIN. */
NGI_FN __m128i ngi_v256_div_half(__m128i a, __m128i b) {
    return _mm256_cvttpd_epi32(_mm256_cvtepi32_pd(a) / _mm256_cvtepi32_pd(b));
}
NGI_FN __m128i ngi_v256_div_half_unsigned(__m128i a, __m128i b) {
    return ngi_v256_u32_from_f64(ngi_v256_f64_from_u32(a) / ngi_v256_f64_from_u32(b));
}
#define NGI_V256_DIV(T, half)                                                                      \
    NGI_FN ngi_##T ngi_##T##_div(ngi_##T a, ngi_##T b) {                                           \
        const __m256i zero = _mm256_cmpeq_epi32(b, _mm256_setzero_si256());                        \
        return _mm256_andnot_si256(zero, ngi_v256_join(half(ngi_v256_low(a), ngi_v256_low(b)),     \
                                                       half(ngi_v256_high(a), ngi_v256_high(b)))); \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_rem(ngi_##T a, ngi_##T b) {                                           \
        const __m256i zero = _mm256_cmpeq_epi32(b, _mm256_setzero_si256());                        \
        const __m256i whole = _mm256_mullo_epi32(ngi_##T##_div(a, b), b);                          \
        return _mm256_andnot_si256(zero, _mm256_sub_epi32(a, whole));                              \
    }
NGI_V256_DIV(i32x8, ngi_v256_div_half)
NGI_V256_DIV(u32x8, ngi_v256_div_half_unsigned)
#undef NGI_V256_DIV

/* ---- the fixed trees ------------------------------------------------------------------------- */

#define NGI_V256_FOLD_F32(op, of, of128)                                                           \
    NGI_FN float ngi_f32x8_fold_##op(const float t[128]) {                                         \
        __m256 r[8];                                                                               \
        for (int i = 0; i < 8; i++) {                                                              \
            r[i] = of(_mm256_loadu_ps(t + 8 * i), _mm256_loadu_ps(t + 8 * i + 64));                \
        }                                                                                          \
        for (int i = 0; i < 4; i++) {                                                              \
            r[i] = of(r[i], r[i + 4]);                                                             \
        }                                                                                          \
        const __m256 x = of(of(r[0], r[2]), of(r[1], r[3]));                                       \
        __m128 y = of128(ngi_v256_low_f32(x), ngi_v256_high_f32(x));                               \
        y = of128(y, _mm_movehl_ps(y, y));                                                         \
        return _mm_cvtss_f32(of128(y, _mm_movehdup_ps(y)));                                        \
    }                                                                                              \
    /* Rows 0 and 4 behind `m`, 4 values left of each. */                                          \
    NGI_FN __m256 ngi_v256_rows_f32_##op(const float *m) {                                         \
        const __m256 a = ngi_v256_join_f32(_mm_loadu_ps(m), _mm_loadu_ps(m + 64));                 \
        const __m256 b = ngi_v256_join_f32(_mm_loadu_ps(m + 4), _mm_loadu_ps(m + 68));             \
        const __m256 c = ngi_v256_join_f32(_mm_loadu_ps(m + 8), _mm_loadu_ps(m + 72));             \
        const __m256 d = ngi_v256_join_f32(_mm_loadu_ps(m + 12), _mm_loadu_ps(m + 76));            \
        return of(of(a, c), of(b, d));                                                             \
    }                                                                                              \
    NGI_FN void ngi_v256_fold_8_rows_##op(float *out, const float *m) {                            \
        const __m256 a = ngi_v256_rows_f32_##op(m), b = ngi_v256_rows_f32_##op(m + 16);            \
        const __m256 c = ngi_v256_rows_f32_##op(m + 32), d = ngi_v256_rows_f32_##op(m + 48);       \
        const __m256 ab = of(_mm256_shuffle_ps(a, b, 0x44), _mm256_shuffle_ps(a, b, 0xee));        \
        const __m256 cd = of(_mm256_shuffle_ps(c, d, 0x44), _mm256_shuffle_ps(c, d, 0xee));        \
        _mm256_storeu_ps(out,                                                                      \
                         of(_mm256_shuffle_ps(ab, cd, 0x88), _mm256_shuffle_ps(ab, cd, 0xdd)));    \
    }                                                                                              \
    NGI_FN void ngi_f32x8_fold_rows_##op(float out[16], const float m[256]) {                      \
        ngi_v256_fold_8_rows_##op(out, m);                                                         \
        ngi_v256_fold_8_rows_##op(out + 8, m + 128);                                               \
    }
#define NGI_V256_FOLD_F64(op, of, of128)                                                           \
    NGI_FN double ngi_f64x8_fold_##op(const double t[128]) {                                       \
        __m256d r[16];                                                                             \
        for (int i = 0; i < 16; i++) {                                                             \
            r[i] = of(_mm256_loadu_pd(t + 4 * i), _mm256_loadu_pd(t + 4 * i + 64));                \
        }                                                                                          \
        for (int h = 8; h > 0; h /= 2) {                                                           \
            for (int i = 0; i < h; i++) {                                                          \
                r[i] = of(r[i], r[i + h]);                                                         \
            }                                                                                      \
        }                                                                                          \
        const __m128d y = of128(_mm256_castpd256_pd128(r[0]), _mm256_extractf128_pd(r[0], 1));     \
        return _mm_cvtsd_f64(of128(y, _mm_unpackhi_pd(y, y)));                                     \
    }                                                                                              \
    /* One row, 4 values left. */                                                                  \
    NGI_FN __m256d ngi_v256_row_f64_##op(const double *m) {                                        \
        return of(of(_mm256_loadu_pd(m), _mm256_loadu_pd(m + 8)),                                  \
                  of(_mm256_loadu_pd(m + 4), _mm256_loadu_pd(m + 12)));                            \
    }                                                                                              \
    /* Rows 0 and 2 behind `m`, 2 values left of each. */                                          \
    NGI_FN __m256d ngi_v256_rows_f64_##op(const double *m) {                                       \
        const __m256d a = ngi_v256_row_f64_##op(m), b = ngi_v256_row_f64_##op(m + 32);             \
        return of(_mm256_permute2f128_pd(a, b, 0x20), _mm256_permute2f128_pd(a, b, 0x31));         \
    }                                                                                              \
    NGI_FN void ngi_f64x8_fold_rows_##op(double out[16], const double m[256]) {                    \
        for (int row = 0; row < 16; row += 4) {                                                    \
            const __m256d a = ngi_v256_rows_f64_##op(m + 16 * row);                                \
            const __m256d b = ngi_v256_rows_f64_##op(m + 16 * row + 16);                           \
            _mm256_storeu_pd(out + row, of(_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b)));   \
        }                                                                                          \
    }
#define NGI_PLUS(x, y) ((x) + (y))
NGI_V256_FOLD_F32(add, NGI_PLUS, NGI_PLUS)
NGI_V256_FOLD_F32(min, _mm256_min_ps, _mm_min_ps)
NGI_V256_FOLD_F32(max, _mm256_max_ps, _mm_max_ps)
NGI_V256_FOLD_F64(add, NGI_PLUS, NGI_PLUS)
NGI_V256_FOLD_F64(min, _mm256_min_pd, _mm_min_pd)
NGI_V256_FOLD_F64(max, _mm256_max_pd, _mm_max_pd)
#undef NGI_PLUS
#undef NGI_V256_FOLD_F32
#undef NGI_V256_FOLD_F64

NGI_FN uint64_t ngi_v256_bits_pack(uint64_t v, uint64_t mask) { return _pext_u64(v, mask); }

#undef NGI_LOAD_4
#undef NGI_STORE_4
#undef NGI_LOAD_2
#undef NGI_STORE_2
#undef NGI_FN

#endif

/* ---- simd_v512.h ----------------------------------------------------------------------------- */

/* simd_v512: the profile `v512`, AVX-512 with F, BW, DQ and VL: 16 lanes. */

#if NGI_HAS_V512

/* gcc 12 warns of its own intrinsics here: unoptimised, some are macros that convert signs; in C++
 * it takes the registers they leave undefined for mistakes. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wuninitialized"

typedef __m512 ngi_f32x16;
typedef __m512i ngi_i32x16;
typedef __m512i ngi_u32x16;
typedef struct ngi_f64x16 {
    __m512d lo, hi;
} ngi_f64x16;
typedef struct ngi_i64x16 {
    __m512i lo, hi;
} ngi_i64x16;
typedef ngi_i64x16 ngi_u64x16;
typedef __mmask16 ngi_m16;

#define NGI_FN NGI_V512_INLINE

/* ---- masks ----------------------------------------------------------------------------------- */

NGI_2(m16, m16, and, (ngi_m16)(a &b))
NGI_2(m16, m16, or, (ngi_m16)(a | b))
NGI_2(m16, m16, xor, (ngi_m16)(a ^ b))
NGI_2(m16, m16, andnot, (ngi_m16)(a & ~b))
NGI_1(m16, m16, not, (ngi_m16)~a)
NGI_SET(m16, bool, (ngi_m16)(v ? 0xffff : 0))
NGI_ACROSS(uint32_t, m16, bits, a)
NGI_ACROSS(uint32_t, m16, count, (uint32_t)__builtin_popcount(a))
NGI_ACROSS(bool, m16, any, a != 0)
NGI_ACROSS(bool, m16, all, a == 0xffff)
NGI_FN ngi_m16 ngi_m16_first(size_t n) { return (ngi_m16)(n >= 16 ? 0xffff : (1u << n) - 1); }
NGI_FN ngi_m16 ngi_m16_from_bits(uint32_t bits) { return (ngi_m16)(bits & 0xffff); }

/* ---- halves ---------------------------------------------------------------------------------- */

NGI_FN __m256i ngi_v512_low(__m512i a) { return _mm512_castsi512_si256(a); }
NGI_FN __m256i ngi_v512_high(__m512i a) { return _mm512_extracti64x4_epi64(a, 1); }
NGI_FN __m256 ngi_v512_low_f32(__m512 a) { return _mm512_castps512_ps256(a); }
NGI_FN __m256 ngi_v512_high_f32(__m512 a) { return _mm512_extractf32x8_ps(a, 1); }
NGI_FN __m512i ngi_v512_join(__m256i lo, __m256i hi) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(lo), hi, 1);
}
NGI_FN __m512 ngi_v512_join_f32(__m256 lo, __m256 hi) {
    return _mm512_insertf32x8(_mm512_castps256_ps512(lo), hi, 1);
}
NGI_FN __m512d ngi_v512_join_f64(__m256d lo, __m256d hi) {
    return _mm512_insertf64x4(_mm512_castpd256_pd512(lo), hi, 1);
}
NGI_FN __mmask8 ngi_v512_low_m(ngi_m16 m) { return (__mmask8)(m & 0xff); }
NGI_FN __mmask8 ngi_v512_high_m(ngi_m16 m) { return (__mmask8)(m >> 8); }
NGI_FN ngi_m16 ngi_v512_join_m(__mmask8 lo, __mmask8 hi) {
    return (ngi_m16)(lo | (unsigned)hi << 8);
}
#define NGI_PAIR_MASK_2(T, name, half)                                                             \
    NGI_2(m16, T, name, ngi_v512_join_m(half(a.lo, b.lo), half(a.hi, b.hi)))

/* ---- f32 ------------------------------------------------------------------------------------- */

NGI_SET(f32x16, float, _mm512_set1_ps(v))
NGI_LOAD(f32x16, load, float, _mm512_loadu_ps(p))
NGI_STORE(f32x16, store, float, _mm512_storeu_ps(p, v))
NGI_2(f32x16, f32x16, add, a + b)
NGI_2(f32x16, f32x16, sub, a - b)
NGI_MUL(f32x16, "v", a *b)
NGI_2(f32x16, f32x16, div, a / b)
NGI_1(f32x16, f32x16, sqrt, _mm512_sqrt_ps(a))
NGI_1(f32x16, f32x16, round, _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT))
NGI_1(f32x16, f32x16, floor, _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF))
NGI_1(f32x16, f32x16, ceil, _mm512_roundscale_ps(a, _MM_FROUND_TO_POS_INF))
NGI_1(f32x16, f32x16, trunc, _mm512_roundscale_ps(a, _MM_FROUND_TO_ZERO))
NGI_1(f32x16, f32x16, abs, _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a))
NGI_1(f32x16, f32x16, neg, _mm512_xor_ps(_mm512_set1_ps(-0.0f), a))
NGI_2(f32x16, f32x16, min, _mm512_min_ps(a, b))
NGI_2(f32x16, f32x16, max, _mm512_max_ps(a, b))
NGI_2(m16, f32x16, lt, _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ))
NGI_2(m16, f32x16, le, _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ))
NGI_2(m16, f32x16, eq, _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ))
NGI_2(m16, f32x16, either_nan, _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q))
NGI_1(m16, f32x16, nan, _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q))
NGI_PICK(f32x16, m16, _mm512_mask_mov_ps(b, m, a))
NGI_KEEP(f32x16, m16, _mm512_maskz_mov_ps(m, a))
NGI_PACK(f32x16, m16, pack, float, _mm512_storeu_ps(out, _mm512_maskz_compress_ps(m, v)))
NGI_FN ngi_f32x16 ngi_f32x16_canon(ngi_f32x16 a) {
    return _mm512_mask_mov_ps(_mm512_castsi512_ps(_mm512_set1_epi32(0x7fc00000)),
                              _mm512_cmp_ps_mask(a, a, _CMP_ORD_Q), a);
}
NGI_FN ngi_f32x16 ngi_f32x16_sign(ngi_f32x16 a) {
    const __m512 sign = _mm512_and_ps(a, _mm512_set1_ps(-0.0f));
    return _mm512_mask_or_ps(a, _mm512_cmp_ps_mask(a, _mm512_setzero_ps(), _CMP_NEQ_OQ), sign,
                             _mm512_set1_ps(1.0f));
}

/* ---- f64 ------------------------------------------------------------------------------------- */

#define NGI_ADD(x, y) ((x) + (y))
#define NGI_SUB(x, y) ((x) - (y))
#define NGI_TIMES(x, y) ((x) * (y))
#define NGI_OVER(x, y) ((x) / (y))
#define NGI_ROUND(x) _mm512_roundscale_pd(x, _MM_FROUND_TO_NEAREST_INT)
#define NGI_FLOOR(x) _mm512_roundscale_pd(x, _MM_FROUND_TO_NEG_INF)
#define NGI_CEIL(x) _mm512_roundscale_pd(x, _MM_FROUND_TO_POS_INF)
#define NGI_TRUNC(x) _mm512_roundscale_pd(x, _MM_FROUND_TO_ZERO)
#define NGI_ABS(x) _mm512_andnot_pd(_mm512_set1_pd(-0.0), x)
#define NGI_NEG(x) _mm512_xor_pd(_mm512_set1_pd(-0.0), x)
#define NGI_LT(x, y) _mm512_cmp_pd_mask(x, y, _CMP_LT_OQ)
#define NGI_LE(x, y) _mm512_cmp_pd_mask(x, y, _CMP_LE_OQ)
#define NGI_EQ(x, y) _mm512_cmp_pd_mask(x, y, _CMP_EQ_OQ)
#define NGI_UNORDERED(x, y) _mm512_cmp_pd_mask(x, y, _CMP_UNORD_Q)
NGI_PAIR_2(f64x16, f64x16, add, NGI_ADD)
NGI_PAIR_2(f64x16, f64x16, sub, NGI_SUB)
NGI_PAIR_MUL(f64x16, "v", NGI_TIMES)
NGI_PAIR_2(f64x16, f64x16, div, NGI_OVER)
NGI_PAIR_1(f64x16, f64x16, sqrt, _mm512_sqrt_pd)
NGI_PAIR_1(f64x16, f64x16, round, NGI_ROUND)
NGI_PAIR_1(f64x16, f64x16, floor, NGI_FLOOR)
NGI_PAIR_1(f64x16, f64x16, ceil, NGI_CEIL)
NGI_PAIR_1(f64x16, f64x16, trunc, NGI_TRUNC)
NGI_PAIR_1(f64x16, f64x16, abs, NGI_ABS)
NGI_PAIR_1(f64x16, f64x16, neg, NGI_NEG)
NGI_PAIR_2(f64x16, f64x16, min, _mm512_min_pd)
NGI_PAIR_2(f64x16, f64x16, max, _mm512_max_pd)
NGI_PAIR_MASK_2(f64x16, lt, NGI_LT)
NGI_PAIR_MASK_2(f64x16, le, NGI_LE)
NGI_PAIR_MASK_2(f64x16, eq, NGI_EQ)
NGI_PAIR_MASK_2(f64x16, either_nan, NGI_UNORDERED)
NGI_1(m16, f64x16, nan, ngi_f64x16_either_nan(a, a))
#undef NGI_ADD
#undef NGI_SUB
#undef NGI_TIMES
#undef NGI_OVER
#undef NGI_ROUND
#undef NGI_FLOOR
#undef NGI_CEIL
#undef NGI_TRUNC
#undef NGI_ABS
#undef NGI_NEG
#undef NGI_LT
#undef NGI_LE
#undef NGI_EQ
#undef NGI_UNORDERED

/* What all pairs have; `s` is the suffix of their intrinsics. */
#define NGI_V512_PAIR(T, C, s, set)                                                                \
    NGI_FN ngi_##T ngi_##T##_set(C v) {                                                            \
        const ngi_##T both = {set, set};                                                           \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_load(const C *p) {                                                    \
        const ngi_##T both = {_mm512_loadu_##s(p), _mm512_loadu_##s(p + 8)};                       \
        return both;                                                                               \
    }                                                                                              \
    NGI_STORE(T, store, C, _mm512_storeu_##s(p, v.lo); _mm512_storeu_##s(p + 8, v.hi))             \
    NGI_FN ngi_##T ngi_##T##_pick(ngi_m16 m, ngi_##T a, ngi_##T b) {                               \
        const ngi_##T both = {_mm512_mask_mov_##s(b.lo, ngi_v512_low_m(m), a.lo),                  \
                              _mm512_mask_mov_##s(b.hi, ngi_v512_high_m(m), a.hi)};                \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_keep(ngi_m16 m, ngi_##T a) {                                          \
        const ngi_##T both = {_mm512_maskz_mov_##s(ngi_v512_low_m(m), a.lo),                       \
                              _mm512_maskz_mov_##s(ngi_v512_high_m(m), a.hi)};                     \
        return both;                                                                               \
    }                                                                                              \
    NGI_FN void ngi_##T##_pack(C *out, ngi_m16 m, ngi_##T v) {                                     \
        const __mmask8 low = ngi_v512_low_m(m);                                                    \
        _mm512_storeu_##s(out, _mm512_maskz_compress_##s(low, v.lo));                              \
        _mm512_storeu_##s(out + __builtin_popcount(low),                                           \
                          _mm512_maskz_compress_##s(ngi_v512_high_m(m), v.hi));                    \
    }
NGI_V512_PAIR(f64x16, double, pd, _mm512_set1_pd(v))
NGI_V512_PAIR(i64x16, int64_t, epi64, _mm512_set1_epi64(v))
NGI_V512_PAIR(u64x16, uint64_t, epi64, _mm512_set1_epi64((int64_t)v))
#undef NGI_V512_PAIR

NGI_FN ngi_f64x16 ngi_f64x16_canon(ngi_f64x16 a) {
    const ngi_m16 nan = ngi_f64x16_nan(a);
    const __m512d quiet = _mm512_castsi512_pd(_mm512_set1_epi64(0x7ff8000000000000));
    const ngi_f64x16 both = {_mm512_mask_mov_pd(a.lo, ngi_v512_low_m(nan), quiet),
                             _mm512_mask_mov_pd(a.hi, ngi_v512_high_m(nan), quiet)};
    return both;
}
NGI_FN __m512d ngi_v512_sign_f64(__m512d a) {
    const __m512d sign = _mm512_and_pd(a, _mm512_set1_pd(-0.0));
    return _mm512_mask_or_pd(a, _mm512_cmp_pd_mask(a, _mm512_setzero_pd(), _CMP_NEQ_OQ), sign,
                             _mm512_set1_pd(1.0));
}
NGI_PAIR_1(f64x16, f64x16, sign, ngi_v512_sign_f64)

/* ---- 32-bit integers ------------------------------------------------------------------------- */

#define NGI_V512_INT32(T, C, s)                                                                    \
    NGI_SET(T, C, _mm512_set1_epi32((int32_t)v))                                                   \
    NGI_LOAD(T, load, C, _mm512_loadu_si512(p))                                                    \
    NGI_STORE(T, store, C, _mm512_storeu_si512(p, v))                                              \
    NGI_2(T, T, add, _mm512_add_epi32(a, b))                                                       \
    NGI_2(T, T, sub, _mm512_sub_epi32(a, b))                                                       \
    NGI_2(T, T, mul, _mm512_mullo_epi32(a, b))                                                     \
    NGI_2(T, T, and, _mm512_and_si512(a, b))                                                       \
    NGI_2(T, T, or, _mm512_or_si512(a, b))                                                         \
    NGI_2(T, T, xor, _mm512_xor_si512(a, b))                                                       \
    NGI_1(T, T, not, _mm512_xor_si512(a, _mm512_set1_epi32(-1)))                                   \
    NGI_2(T, T, shl, _mm512_sllv_epi32(a, b))                                                      \
    NGI_2(T, T, min, _mm512_min_##s(a, b))                                                         \
    NGI_2(T, T, max, _mm512_max_##s(a, b))                                                         \
    NGI_2(m16, T, lt, _mm512_cmp_##s##_mask(a, b, _MM_CMPINT_LT))                                  \
    NGI_2(m16, T, le, _mm512_cmp_##s##_mask(a, b, _MM_CMPINT_LE))                                  \
    NGI_2(m16, T, eq, _mm512_cmpeq_epi32_mask(a, b))                                               \
    NGI_PICK(T, m16, _mm512_mask_mov_epi32(b, m, a))                                               \
    NGI_KEEP(T, m16, _mm512_maskz_mov_epi32(m, a))                                                 \
    NGI_PACK(T, m16, pack, C, _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(m, v)))         \
    NGI_ACROSS(C, T, least, (C)_mm512_reduce_min_##s(a))                                           \
    NGI_ACROSS(C, T, most, (C)_mm512_reduce_max_##s(a))
NGI_V512_INT32(i32x16, int32_t, epi32)
NGI_V512_INT32(u32x16, uint32_t, epu32)
#undef NGI_V512_INT32

NGI_2(i32x16, i32x16, shr, _mm512_srav_epi32(a, b))
NGI_2(u32x16, u32x16, shr, _mm512_srlv_epi32(a, b))
NGI_1(i32x16, i32x16, neg, _mm512_sub_epi32(_mm512_setzero_si512(), a))
NGI_1(i32x16, i32x16, abs, _mm512_abs_epi32(a))
NGI_1(i32x16, i32x16, sign,
      _mm512_max_epi32(_mm512_min_epi32(a, _mm512_set1_epi32(1)), _mm512_set1_epi32(-1)))
NGI_1(u32x16, u32x16, sign, _mm512_min_epu32(a, _mm512_set1_epi32(1)))
NGI_FN ngi_i32x16 ngi_i32x16_count(ngi_i32x16 a, ngi_m16 m) {
    return _mm512_mask_sub_epi32(a, m, a, _mm512_set1_epi32(-1));
}

/* Quotients of 32-bit integers are exact in f64: a quotient that is not whole is at least 2^-32
 * away from the next whole number, and below 2^32. MIN / -1 converts to MIN. */
NGI_FN __m256i ngi_v512_div_half(__m256i a, __m256i b) {
    return _mm512_cvttpd_epi32(_mm512_cvtepi32_pd(a) / _mm512_cvtepi32_pd(b));
}
NGI_FN __m256i ngi_v512_div_half_unsigned(__m256i a, __m256i b) {
    return _mm512_cvttpd_epu32(_mm512_cvtepu32_pd(a) / _mm512_cvtepu32_pd(b));
}
#define NGI_V512_DIV(T, half)                                                                      \
    NGI_FN ngi_##T ngi_##T##_div(ngi_##T a, ngi_##T b) {                                           \
        return _mm512_maskz_mov_epi32(_mm512_test_epi32_mask(b, b),                                \
                                      ngi_v512_join(half(ngi_v512_low(a), ngi_v512_low(b)),        \
                                                    half(ngi_v512_high(a), ngi_v512_high(b))));    \
    }                                                                                              \
    NGI_FN ngi_##T ngi_##T##_rem(ngi_##T a, ngi_##T b) {                                           \
        return _mm512_maskz_sub_epi32(_mm512_test_epi32_mask(b, b), a,                             \
                                      _mm512_mullo_epi32(ngi_##T##_div(a, b), b));                 \
    }
NGI_V512_DIV(i32x16, ngi_v512_div_half)
NGI_V512_DIV(u32x16, ngi_v512_div_half_unsigned)
#undef NGI_V512_DIV

/* ---- narrow in memory ------------------------------------------------------------------------ */

#define NGI_V512_BYTES(T, n, N, s)                                                                 \
    NGI_LOAD(T, load_##n, N,                                                                       \
             _mm512_cvt##s##_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)))             \
    NGI_STORE(T, store_##n, N, _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(v)))    \
    NGI_PACK(T, m16, pack_##n, N, ngi_##T##_store_##n(out, _mm512_maskz_compress_epi32(m, v)))
#define NGI_V512_WORDS(T, n, N, s)                                                                 \
    NGI_LOAD(T, load_##n, N,                                                                       \
             _mm512_cvt##s##_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p)))          \
    NGI_STORE(T, store_##n, N,                                                                     \
              _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtepi32_epi16(v)))                 \
    NGI_PACK(T, m16, pack_##n, N, ngi_##T##_store_##n(out, _mm512_maskz_compress_epi32(m, v)))
NGI_V512_BYTES(i32x16, i8, int8_t, epi8)
NGI_V512_BYTES(u32x16, u8, uint8_t, epu8)
NGI_V512_WORDS(i32x16, i16, int16_t, epi16)
NGI_V512_WORDS(u32x16, u16, uint16_t, epu16)
#undef NGI_V512_BYTES
#undef NGI_V512_WORDS
NGI_1(i32x16, i32x16, wrap_i8, _mm512_srai_epi32(_mm512_slli_epi32(a, 24), 24))
NGI_1(i32x16, i32x16, wrap_i16, _mm512_srai_epi32(_mm512_slli_epi32(a, 16), 16))
NGI_1(u32x16, u32x16, wrap_u8, _mm512_and_si512(a, _mm512_set1_epi32(0xff)))
NGI_1(u32x16, u32x16, wrap_u16, _mm512_and_si512(a, _mm512_set1_epi32(0xffff)))

/* ---- 64-bit integers ------------------------------------------------------------------------- */

NGI_FN __m512i ngi_v512_not(__m512i a) { return _mm512_xor_si512(a, _mm512_set1_epi32(-1)); }
NGI_FN int64_t ngi_v512_sum(__m512i a) {
    const __m256i four = _mm256_add_epi64(ngi_v512_low(a), ngi_v512_high(a));
    const __m128i two =
        _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    return _mm_cvtsi128_si64(_mm_add_epi64(two, _mm_unpackhi_epi64(two, two)));
}
#define NGI_LT_I(x, y) _mm512_cmp_epi64_mask(x, y, _MM_CMPINT_LT)
#define NGI_LE_I(x, y) _mm512_cmp_epi64_mask(x, y, _MM_CMPINT_LE)
#define NGI_LT_U(x, y) _mm512_cmp_epu64_mask(x, y, _MM_CMPINT_LT)
#define NGI_LE_U(x, y) _mm512_cmp_epu64_mask(x, y, _MM_CMPINT_LE)
#define NGI_V512_INT64(T, C, s, less, less_or_equal, shift_right)                                  \
    NGI_PAIR_2(T, T, add, _mm512_add_epi64)                                                        \
    NGI_PAIR_2(T, T, sub, _mm512_sub_epi64)                                                        \
    NGI_PAIR_2(T, T, mul, _mm512_mullo_epi64)                                                      \
    NGI_PAIR_2(T, T, and, _mm512_and_si512)                                                        \
    NGI_PAIR_2(T, T, or, _mm512_or_si512)                                                          \
    NGI_PAIR_2(T, T, xor, _mm512_xor_si512)                                                        \
    NGI_PAIR_1(T, T, not, ngi_v512_not)                                                            \
    NGI_PAIR_2(T, T, shl, _mm512_sllv_epi64)                                                       \
    NGI_PAIR_2(T, T, shr, shift_right)                                                             \
    NGI_PAIR_2(T, T, min, _mm512_min_##s)                                                          \
    NGI_PAIR_2(T, T, max, _mm512_max_##s)                                                          \
    NGI_PAIR_MASK_2(T, lt, less)                                                                   \
    NGI_PAIR_MASK_2(T, le, less_or_equal)                                                          \
    NGI_PAIR_MASK_2(T, eq, _mm512_cmpeq_epi64_mask)                                                \
    NGI_ACROSS(C, T, sum, (C)ngi_v512_sum(_mm512_add_epi64(a.lo, a.hi)))                           \
    NGI_ACROSS(C, T, least, (C)_mm512_reduce_min_##s(_mm512_min_##s(a.lo, a.hi)))                  \
    NGI_ACROSS(C, T, most, (C)_mm512_reduce_max_##s(_mm512_max_##s(a.lo, a.hi)))
NGI_V512_INT64(i64x16, int64_t, epi64, NGI_LT_I, NGI_LE_I, _mm512_srav_epi64)
NGI_V512_INT64(u64x16, uint64_t, epu64, NGI_LT_U, NGI_LE_U, _mm512_srlv_epi64)
#undef NGI_V512_INT64
#undef NGI_LT_I
#undef NGI_LE_I
#undef NGI_LT_U
#undef NGI_LE_U

NGI_FN __m512i ngi_v512_neg_i64(__m512i a) { return _mm512_sub_epi64(_mm512_setzero_si512(), a); }
NGI_FN __m512i ngi_v512_sign_i64(__m512i a) {
    return _mm512_max_epi64(_mm512_min_epi64(a, _mm512_set1_epi64(1)), _mm512_set1_epi64(-1));
}
NGI_FN __m512i ngi_v512_sign_u64(__m512i a) { return _mm512_min_epu64(a, _mm512_set1_epi64(1)); }
NGI_PAIR_1(i64x16, i64x16, neg, ngi_v512_neg_i64)
NGI_PAIR_1(i64x16, i64x16, abs, _mm512_abs_epi64)
NGI_PAIR_1(i64x16, i64x16, sign, ngi_v512_sign_i64)
NGI_PAIR_1(u64x16, u64x16, sign, ngi_v512_sign_u64)
NGI_LANES_2(i64, i64, 16, div)
NGI_LANES_2(i64, i64, 16, rem)
NGI_LANES_2(u64, u64, 16, div)
NGI_LANES_2(u64, u64, 16, rem)

/* ---- conversions ----------------------------------------------------------------------------- */

#define NGI_V512_FROM(R, T, value)                                                                 \
    NGI_FN ngi_##R ngi_##R##_from_##T(ngi_##T##x16 a) { return value; }
/* `convert` takes half a register of 32-bit lanes to a whole one of 64-bit lanes. */
#define NGI_V512_WIDEN(R, T, convert)                                                              \
    NGI_PAIR_OF(R, T##x16, from_##T, convert(ngi_v512_low(a)), convert(ngi_v512_high(a)))
#define NGI_V512_WIDEN_F32(R, convert)                                                             \
    NGI_PAIR_OF(R, f32x16, from_f32, convert(ngi_v512_low_f32(a)), convert(ngi_v512_high_f32(a)))

/* The instructions give the smallest, or the largest unsigned, number for what they cannot convert.
 */
NGI_FN ngi_i32x16 ngi_i32x16_from_f32(ngi_f32x16 a) {
    const __m512i r = _mm512_mask_mov_epi32(
        _mm512_cvttps_epi32(a), _mm512_cmp_ps_mask(a, _mm512_set1_ps(2147483648.0f), _CMP_GE_OQ),
        _mm512_set1_epi32(INT_MAX));
    return _mm512_maskz_mov_epi32(_mm512_cmp_ps_mask(a, a, _CMP_ORD_Q), r);
}
NGI_FN __m256i ngi_v512_i32_from_f64(__m512d a) {
    const __m256i r = _mm256_mask_mov_epi32(
        _mm512_cvttpd_epi32(a), _mm512_cmp_pd_mask(a, _mm512_set1_pd(2147483647.0), _CMP_GE_OQ),
        _mm256_set1_epi32(INT_MAX));
    return _mm256_maskz_mov_epi32(_mm512_cmp_pd_mask(a, a, _CMP_ORD_Q), r);
}
NGI_FN __m512i ngi_v512_i64_from_f64(__m512d a) {
    const __m512i r = _mm512_mask_mov_epi64(
        _mm512_cvttpd_epi64(a),
        _mm512_cmp_pd_mask(a, _mm512_set1_pd(9223372036854775808.0), _CMP_GE_OQ),
        _mm512_set1_epi64(INT64_MAX));
    return _mm512_maskz_mov_epi64(_mm512_cmp_pd_mask(a, a, _CMP_ORD_Q), r);
}
NGI_FN __m512i ngi_v512_i64_from_f32(__m256 a) { return ngi_v512_i64_from_f64(_mm512_cvtps_pd(a)); }
/* max takes its second operand where the first is NaN. */
NGI_FN __m256i ngi_v512_u32_from_f64(__m512d a) {
    return _mm512_cvttpd_epu32(_mm512_max_pd(a, _mm512_setzero_pd()));
}
NGI_FN __m512i ngi_v512_u64_from_f64(__m512d a) {
    return _mm512_cvttpd_epu64(_mm512_max_pd(a, _mm512_setzero_pd()));
}
NGI_FN __m512i ngi_v512_u64_from_f32(__m256 a) { return ngi_v512_u64_from_f64(_mm512_cvtps_pd(a)); }
NGI_FN ngi_i32x16 ngi_v512_narrow(ngi_i64x16 a) {
    return ngi_v512_join(_mm512_cvtepi64_epi32(a.lo), _mm512_cvtepi64_epi32(a.hi));
}

NGI_V512_FROM(i32x16, u32, a)
NGI_V512_FROM(i32x16, i64, ngi_v512_narrow(a))
NGI_V512_FROM(i32x16, u64, ngi_v512_narrow(a))
NGI_V512_FROM(i32x16, f64, ngi_v512_join(ngi_v512_i32_from_f64(a.lo), ngi_v512_i32_from_f64(a.hi)))
NGI_V512_FROM(u32x16, i32, a)
NGI_V512_FROM(u32x16, i64, ngi_v512_narrow(a))
NGI_V512_FROM(u32x16, u64, ngi_v512_narrow(a))
NGI_V512_FROM(u32x16, f32, _mm512_cvttps_epu32(_mm512_max_ps(a, _mm512_setzero_ps())))
NGI_V512_FROM(u32x16, f64, ngi_v512_join(ngi_v512_u32_from_f64(a.lo), ngi_v512_u32_from_f64(a.hi)))
NGI_V512_WIDEN(i64x16, i32, _mm512_cvtepi32_epi64)
NGI_V512_WIDEN(i64x16, u32, _mm512_cvtepu32_epi64)
NGI_V512_FROM(i64x16, u64, a)
NGI_V512_WIDEN_F32(i64x16, ngi_v512_i64_from_f32)
NGI_PAIR_OF(i64x16, f64x16, from_f64, ngi_v512_i64_from_f64(a.lo), ngi_v512_i64_from_f64(a.hi))
NGI_V512_WIDEN(u64x16, i32, _mm512_cvtepi32_epi64)
NGI_V512_WIDEN(u64x16, u32, _mm512_cvtepu32_epi64)
NGI_V512_FROM(u64x16, i64, a)
NGI_V512_WIDEN_F32(u64x16, ngi_v512_u64_from_f32)
NGI_PAIR_OF(u64x16, f64x16, from_f64, ngi_v512_u64_from_f64(a.lo), ngi_v512_u64_from_f64(a.hi))
NGI_V512_FROM(f32x16, i32, _mm512_cvtepi32_ps(a))
NGI_V512_FROM(f32x16, u32, _mm512_cvtepu32_ps(a))
NGI_V512_FROM(f32x16, i64, ngi_v512_join_f32(_mm512_cvtepi64_ps(a.lo), _mm512_cvtepi64_ps(a.hi)))
NGI_V512_FROM(f32x16, u64, ngi_v512_join_f32(_mm512_cvtepu64_ps(a.lo), _mm512_cvtepu64_ps(a.hi)))
NGI_V512_FROM(f32x16, f64, ngi_v512_join_f32(_mm512_cvtpd_ps(a.lo), _mm512_cvtpd_ps(a.hi)))
NGI_V512_WIDEN(f64x16, i32, _mm512_cvtepi32_pd)
NGI_V512_WIDEN(f64x16, u32, _mm512_cvtepu32_pd)
NGI_PAIR_OF(f64x16, i64x16, from_i64, _mm512_cvtepi64_pd(a.lo), _mm512_cvtepi64_pd(a.hi))
NGI_PAIR_OF(f64x16, u64x16, from_u64, _mm512_cvtepu64_pd(a.lo), _mm512_cvtepu64_pd(a.hi))
NGI_V512_WIDEN_F32(f64x16, _mm512_cvtps_pd)
#undef NGI_V512_FROM
#undef NGI_V512_WIDEN
#undef NGI_V512_WIDEN_F32

NGI_FN ngi_u32x16 ngi_u32x16_bits_of_f32(ngi_f32x16 a) { return _mm512_castps_si512(a); }
NGI_FN ngi_f32x16 ngi_f32x16_of_bits(ngi_u32x16 a) { return _mm512_castsi512_ps(a); }
NGI_PAIR_OF(u64x16, f64x16, bits_of_f64, _mm512_castpd_si512(a.lo), _mm512_castpd_si512(a.hi))
NGI_PAIR_OF(f64x16, u64x16, of_bits, _mm512_castsi512_pd(a.lo), _mm512_castsi512_pd(a.hi))

NGI_ACROSS(int64_t, i32x16, sum, ngi_i64x16_sum(ngi_i64x16_from_i32(a)))

/* ---- the fixed trees ------------------------------------------------------------------------- */

#define NGI_V512_FOLD_F32(op, of, of256, of128)                                                    \
    NGI_FN float ngi_f32x16_fold_##op(const float t[128]) {                                        \
        const __m512 a = of(_mm512_loadu_ps(t), _mm512_loadu_ps(t + 64));                          \
        const __m512 b = of(_mm512_loadu_ps(t + 16), _mm512_loadu_ps(t + 80));                     \
        const __m512 c = of(_mm512_loadu_ps(t + 32), _mm512_loadu_ps(t + 96));                     \
        const __m512 d = of(_mm512_loadu_ps(t + 48), _mm512_loadu_ps(t + 112));                    \
        const __m512 x = of(of(a, c), of(b, d));                                                   \
        const __m256 y = of256(ngi_v512_low_f32(x), ngi_v512_high_f32(x));                         \
        __m128 z = of128(_mm256_castps256_ps128(y), _mm256_extractf128_ps(y, 1));                  \
        z = of128(z, _mm_movehl_ps(z, z));                                                         \
        return _mm_cvtss_f32(of128(z, _mm_movehdup_ps(z)));                                        \
    }                                                                                              \
    /* Rows 0, 4, 8 and 12 behind `m`, 4 values left of each. */                                   \
    NGI_FN __m512 ngi_v512_rows_f32_##op(const float *m) {                                         \
        const __m512 a = of(ngi_v512_join_f32(_mm256_loadu_ps(m), _mm256_loadu_ps(m + 64)),        \
                            ngi_v512_join_f32(_mm256_loadu_ps(m + 8), _mm256_loadu_ps(m + 72)));   \
        const __m512 b =                                                                           \
            of(ngi_v512_join_f32(_mm256_loadu_ps(m + 128), _mm256_loadu_ps(m + 192)),              \
               ngi_v512_join_f32(_mm256_loadu_ps(m + 136), _mm256_loadu_ps(m + 200)));             \
        return of(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));             \
    }                                                                                              \
    NGI_FN void ngi_f32x16_fold_rows_##op(float out[16], const float m[256]) {                     \
        const __m512 a = ngi_v512_rows_f32_##op(m), b = ngi_v512_rows_f32_##op(m + 16);            \
        const __m512 c = ngi_v512_rows_f32_##op(m + 32), d = ngi_v512_rows_f32_##op(m + 48);       \
        const __m512 ab = of(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xee));        \
        const __m512 cd = of(_mm512_shuffle_ps(c, d, 0x44), _mm512_shuffle_ps(c, d, 0xee));        \
        _mm512_storeu_ps(out,                                                                      \
                         of(_mm512_shuffle_ps(ab, cd, 0x88), _mm512_shuffle_ps(ab, cd, 0xdd)));    \
    }
#define NGI_V512_FOLD_F64(op, of, of256, of128)                                                    \
    NGI_FN double ngi_f64x16_fold_##op(const double t[128]) {                                      \
        __m512d r[8];                                                                              \
        for (int i = 0; i < 8; i++) {                                                              \
            r[i] = of(_mm512_loadu_pd(t + 8 * i), _mm512_loadu_pd(t + 8 * i + 64));                \
        }                                                                                          \
        for (int i = 0; i < 4; i++) {                                                              \
            r[i] = of(r[i], r[i + 4]);                                                             \
        }                                                                                          \
        const __m512d x = of(of(r[0], r[2]), of(r[1], r[3]));                                      \
        const __m256d y = of256(_mm512_castpd512_pd256(x), _mm512_extractf64x4_pd(x, 1));          \
        const __m128d z = of128(_mm256_castpd256_pd128(y), _mm256_extractf128_pd(y, 1));           \
        return _mm_cvtsd_f64(of128(z, _mm_unpackhi_pd(z, z)));                                     \
    }                                                                                              \
    /* Rows 0 and 2 behind `m`, 4 values left of each. */                                          \
    NGI_FN __m512d ngi_v512_two_rows_##op(const double *m) {                                       \
        const __m512d a = ngi_v512_join_f64(_mm256_loadu_pd(m), _mm256_loadu_pd(m + 32));          \
        const __m512d b = ngi_v512_join_f64(_mm256_loadu_pd(m + 4), _mm256_loadu_pd(m + 36));      \
        const __m512d c = ngi_v512_join_f64(_mm256_loadu_pd(m + 8), _mm256_loadu_pd(m + 40));      \
        const __m512d d = ngi_v512_join_f64(_mm256_loadu_pd(m + 12), _mm256_loadu_pd(m + 44));     \
        return of(of(a, c), of(b, d));                                                             \
    }                                                                                              \
    /* Rows 0, 2, 4 and 6 behind `m`, 2 values left of each. */                                    \
    NGI_FN __m512d ngi_v512_rows_f64_##op(const double *m) {                                       \
        const __m512d a = ngi_v512_two_rows_##op(m), b = ngi_v512_two_rows_##op(m + 64);           \
        return of(_mm512_shuffle_f64x2(a, b, 0x88), _mm512_shuffle_f64x2(a, b, 0xdd));             \
    }                                                                                              \
    NGI_FN void ngi_f64x16_fold_rows_##op(double out[16], const double m[256]) {                   \
        for (int row = 0; row < 16; row += 8) {                                                    \
            const __m512d a = ngi_v512_rows_f64_##op(m + 16 * row);                                \
            const __m512d b = ngi_v512_rows_f64_##op(m + 16 * row + 16);                           \
            _mm512_storeu_pd(out + row, of(_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b)));   \
        }                                                                                          \
    }
#define NGI_PLUS(x, y) ((x) + (y))
NGI_V512_FOLD_F32(add, NGI_PLUS, NGI_PLUS, NGI_PLUS)
NGI_V512_FOLD_F32(min, _mm512_min_ps, _mm256_min_ps, _mm_min_ps)
NGI_V512_FOLD_F32(max, _mm512_max_ps, _mm256_max_ps, _mm_max_ps)
NGI_V512_FOLD_F64(add, NGI_PLUS, NGI_PLUS, NGI_PLUS)
NGI_V512_FOLD_F64(min, _mm512_min_pd, _mm256_min_pd, _mm_min_pd)
NGI_V512_FOLD_F64(max, _mm512_max_pd, _mm256_max_pd, _mm_max_pd)
#undef NGI_PLUS
#undef NGI_V512_FOLD_F32
#undef NGI_V512_FOLD_F64

NGI_FN uint64_t ngi_v512_bits_pack(uint64_t v, uint64_t mask) { return _pext_u64(v, mask); }

#undef NGI_PAIR_MASK_2
#undef NGI_FN

#pragma GCC diagnostic pop

#endif

/* ---- math_exp.h ------------------------------------------------------------------------------ */

/* math_exp: e^x, in the operations of the thin headers, so with the same bits in every profile. */

/* ---- math_exp_terms.h ------------------------------------------------------------------------ */

/* math_exp_terms: the constants of e^x.
 *
 * @generated by core/math_exp_terms.py: change it there. */

#define NGI_EXP_ONE_OVER_LN2 (1.4426950408889634)
#define NGI_EXP_LN2_HIGH (0.6931471805582987)
#define NGI_EXP_LN2_LOW (1.6465949582897082e-12)
#define NGI_EXP_TERM_1 (0.16666666666666666)
#define NGI_EXP_TERM_2 (-0.002777777777777778)
#define NGI_EXP_TERM_3 (6.613756613756614e-05)
#define NGI_EXP_TERM_4 (-1.6534391534391535e-06)
#define NGI_EXP_TERM_5 (4.17535139757362e-08)
#define NGI_EXP_TERM_6 (-1.0568380277374986e-09)

/* x = k * ln(2) + r, and e^x = 2^k * e^r. `r` is held as high - low. The power of two is applied in
 * two halves, of which the first is exact: results below the normal numbers are rounded once.
 * Beyond -746 and 710 all results are 0 and infinity. A NaN passes through as some NaN. f32 is
 * computed in f64, and so all but correctly rounded. */
#define NGI_EXP(INLINE, W)                                                                         \
    /* 2^k of whole k from -1022 to 1023: above 2^52 a number's low bits count in ones. */         \
    INLINE ngi_f64x##W ngi_exp_power_f64x##W(ngi_f64x##W k) {                                      \
        const ngi_f64x##W biased = ngi_f64x##W##_add(k, ngi_f64x##W##_set(4503599627371519.0));    \
        return ngi_f64x##W##_of_bits(                                                              \
            ngi_u64x##W##_shl(ngi_u64x##W##_bits_of_f64(biased), ngi_u64x##W##_set(52)));          \
    }                                                                                              \
    INLINE ngi_f64x##W ngi_exp_term_f64x##W(ngi_f64x##W sum, ngi_f64x##W t, double term) {         \
        return ngi_f64x##W##_add(ngi_f64x##W##_set(term), ngi_f64x##W##_mul(t, sum));              \
    }                                                                                              \
    INLINE ngi_f64x##W ngi_f64x##W##_exp(ngi_f64x##W a) {                                          \
        const ngi_f64x##W x = ngi_f64x##W##_max(ngi_f64x##W##_set(-746.0),                         \
                                                ngi_f64x##W##_min(ngi_f64x##W##_set(710.0), a));   \
        const ngi_f64x##W k =                                                                      \
            ngi_f64x##W##_round(ngi_f64x##W##_mul(x, ngi_f64x##W##_set(NGI_EXP_ONE_OVER_LN2)));    \
        const ngi_f64x##W high =                                                                   \
            ngi_f64x##W##_sub(x, ngi_f64x##W##_mul(k, ngi_f64x##W##_set(NGI_EXP_LN2_HIGH)));       \
        const ngi_f64x##W low = ngi_f64x##W##_mul(k, ngi_f64x##W##_set(NGI_EXP_LN2_LOW));          \
        const ngi_f64x##W r = ngi_f64x##W##_sub(high, low);                                        \
        const ngi_f64x##W t = ngi_f64x##W##_mul(r, r);                                             \
        ngi_f64x##W sum = ngi_f64x##W##_set(NGI_EXP_TERM_6);                                       \
        sum = ngi_exp_term_f64x##W(sum, t, NGI_EXP_TERM_5);                                        \
        sum = ngi_exp_term_f64x##W(sum, t, NGI_EXP_TERM_4);                                        \
        sum = ngi_exp_term_f64x##W(sum, t, NGI_EXP_TERM_3);                                        \
        sum = ngi_exp_term_f64x##W(sum, t, NGI_EXP_TERM_2);                                        \
        sum = ngi_exp_term_f64x##W(sum, t, NGI_EXP_TERM_1);                                        \
        /* 2r / (R - r) = r + r * c / (2 - c), where c = r - (R - 2). */                           \
        const ngi_f64x##W c = ngi_f64x##W##_sub(r, ngi_f64x##W##_mul(t, sum));                     \
        const ngi_f64x##W rest = ngi_f64x##W##_div(ngi_f64x##W##_mul(r, c),                        \
                                                   ngi_f64x##W##_sub(ngi_f64x##W##_set(2.0), c));  \
        const ngi_f64x##W e_r = ngi_f64x##W##_add(                                                 \
            ngi_f64x##W##_set(1.0), ngi_f64x##W##_add(ngi_f64x##W##_sub(rest, low), high));        \
        const ngi_f64x##W half =                                                                   \
            ngi_f64x##W##_floor(ngi_f64x##W##_mul(k, ngi_f64x##W##_set(0.5)));                     \
        return ngi_f64x##W##_mul(ngi_f64x##W##_mul(e_r, ngi_exp_power_f64x##W(half)),              \
                                 ngi_exp_power_f64x##W(ngi_f64x##W##_sub(k, half)));               \
    }                                                                                              \
    INLINE ngi_f32x##W ngi_f32x##W##_exp(ngi_f32x##W a) {                                          \
        return ngi_f32x##W##_from_f64(ngi_f64x##W##_exp(ngi_f64x##W##_from_f32(a)));               \
    }

NGI_EXP(NGI_SCALAR_INLINE, 1)
#if NGI_HAS_V128
NGI_EXP(NGI_V128_INLINE, 4)
#endif
#if NGI_HAS_V256
NGI_EXP(NGI_V256_INLINE, 8)
#endif
#if NGI_HAS_V512
NGI_EXP(NGI_V512_INLINE, 16)
#endif
#undef NGI_EXP

NGI_EXACT_END

/* ---- reduce.h -------------------------------------------------------------------------------- */

/* reduce: adding up the rows that count, in the way each profile does it best.
 *
 * `add_kept(a, m, b)` is a + b in the lanes of m and a elsewhere, up to the sign of a zero: the
 * sums built of it start from +0, which takes that sign away. A tally counts the rows of up to 32
 * masks, each added once, at its own place `at`; `sum` counts the first `masks` of them. */

NGI_EXACT_BEGIN

#define NGI_REDUCE_KEPT(PROFILE, T, M)                                                             \
    NGI_##PROFILE##_INLINE T T##_add_kept(T a, M m, T b) { return T##_add(a, T##_keep(m, b)); }
#define NGI_REDUCE_TALLY(PROFILE, W)                                                               \
    typedef struct ngi_tallyx##W {                                                                 \
        ngi_i32x##W lanes;                                                                         \
    } ngi_tallyx##W;                                                                               \
    NGI_##PROFILE##_INLINE void ngi_tallyx##W##_clear(ngi_tallyx##W *tally) {                      \
        tally->lanes = ngi_i32x##W##_set(0);                                                       \
    }                                                                                              \
    NGI_##PROFILE##_INLINE void ngi_tallyx##W##_add(ngi_tallyx##W *tally, size_t at, ngi_m##W m) { \
        (void)at;                                                                                  \
        tally->lanes = ngi_i32x##W##_count(tally->lanes, m);                                       \
    }                                                                                              \
    NGI_##PROFILE##_INLINE int64_t ngi_tallyx##W##_sum(const ngi_tallyx##W *tally, size_t masks) { \
        (void)masks;                                                                               \
        return ngi_i32x##W##_sum(tally->lanes);                                                    \
    }

NGI_REDUCE_KEPT(SCALAR, ngi_f32x1, ngi_m1)
NGI_REDUCE_KEPT(SCALAR, ngi_f64x1, ngi_m1)
NGI_REDUCE_TALLY(SCALAR, 1)
#if NGI_HAS_V128
NGI_REDUCE_KEPT(V128, ngi_f32x4, ngi_m4)
NGI_REDUCE_KEPT(V128, ngi_f64x4, ngi_m4)
NGI_REDUCE_TALLY(V128, 4)
#endif
#if NGI_HAS_V256
NGI_REDUCE_KEPT(V256, ngi_f32x8, ngi_m8)
NGI_REDUCE_KEPT(V256, ngi_f64x8, ngi_m8)
NGI_REDUCE_TALLY(V256, 8)
#endif
#if NGI_HAS_V512
NGI_V512_INLINE ngi_f32x16 ngi_f32x16_add_kept(ngi_f32x16 a, ngi_m16 m, ngi_f32x16 b) {
    return _mm512_mask_add_ps(a, m, a, b);
}
NGI_REDUCE_KEPT(V512, ngi_f64x16, ngi_m16)
/* Masks go to memory and are counted there: neither needs the two ports that all 512-bit operations
 * share, which is what such loops wait for. */
typedef struct ngi_tallyx16 {
    uint16_t masks[32];
} ngi_tallyx16;
NGI_V512_INLINE void ngi_tallyx16_clear(ngi_tallyx16 *tally) { (void)tally; }
NGI_V512_INLINE void ngi_tallyx16_add(ngi_tallyx16 *tally, size_t at, ngi_m16 m) {
    /* Said in assembly, or compilers gather four masks in a general register first. */
    __asm__("kmovw %1, %0" : "=m"(tally->masks[at]) : "k"(m));
}
NGI_V512_INLINE int64_t ngi_tallyx16_sum(const ngi_tallyx16 *tally, size_t masks) {
    int64_t rows = 0;
    size_t at = 0;
    for (; at + 4 <= masks; at += 4) {
        uint64_t four;
        __builtin_memcpy(&four, tally->masks + at, sizeof(four));
        rows += __builtin_popcountll(four);
    }
    for (; at < masks; at++) {
        rows += __builtin_popcount(tally->masks[at]);
    }
    return rows;
}
#endif
#undef NGI_REDUCE_KEPT
#undef NGI_REDUCE_TALLY

NGI_EXACT_END

/* ---- kernel.h -------------------------------------------------------------------------------- */

/* kernel: what generated loops share and no instruction set changes: steps that count rows, text in
 * flight, carries of sums and variances, groups. Every function here is defined once, for all
 * profiles. */

NGI_EXACT_BEGIN

#define NGI_INLINE static inline __attribute__((always_inline, unused))

/* Has a vector that was read stay in its register for all its uses. gcc reads it anew for each, and
 * reads across two cache lines are slow. */
#if (defined(__x86_64__) || defined(__i386__)) && !defined(__clang__)
#define NGI_HOLD(vector) __asm__("" : "+v"(vector))
#else
#define NGI_HOLD(vector) ((void)0)
#endif

/* Rows of a run: the unit in which reductions are folded (docs/rivers.md). */
#define NGI_RUN 512

/* Goes before the arrays that a tree's leaves are stored to and read back from, whole vectors at a
 * time: none of those lies across two cache lines. */
#define NGI_LEAVES __attribute__((aligned(64)))

/* ---- steps that count rows ----------------------------------------------------------------------
 * They see the rows of one block that are still alive, lowest bit first, and return those kept. */

NGI_INLINE uint32_t ngi_take(uint64_t *left, uint32_t alive) {
    uint32_t kept = 0;
    while (alive != 0 && *left != 0) {
        const uint32_t lowest = alive & (0U - alive);
        kept |= lowest;
        alive ^= lowest;
        *left -= 1;
    }
    return kept;
}

NGI_INLINE uint32_t ngi_skip(uint64_t *left, uint32_t alive) {
    while (alive != 0 && *left != 0) {
        alive &= alive - 1;
        *left -= 1;
    }
    return alive;
}

NGI_INLINE uint32_t ngi_take_while(uint64_t *ended, uint32_t alive, uint32_t pass) {
    const uint32_t fails = alive & ~pass;
    if (*ended != 0) {
        return 0;
    }
    if (fails == 0) {
        return alive;
    }
    *ended = 1;
    return alive & ((fails & (0U - fails)) - 1);
}

NGI_INLINE uint32_t ngi_skip_while(uint64_t *begun, uint32_t alive, uint32_t pass) {
    const uint32_t fails = alive & ~pass;
    if (*begun != 0) {
        return alive;
    }
    if (fails == 0) {
        return 0;
    }
    *begun = 1;
    return alive & ~((fails & (0U - fails)) - 1);
}

/* ---- nulls
 * --------------------------------------------------------------------------------------- */

/* Validity bits of `rows` rows (at most 32) from bit `at`; all ones where the column has no bitmap.
 */
NGI_INLINE uint32_t ngi_valid(const uint8_t *bits, size_t at, unsigned rows) {
    return bits == NULL ? 0xffffffffU : (uint32_t)ngi_bits_load(bits, at, rows);
}

NGI_INLINE void ngi_bits_copy(uint8_t *to, size_t to_at, const uint8_t *from, size_t at,
                              size_t rows) {
    while (rows != 0) {
        const unsigned some = rows < 64 ? (unsigned)rows : 64;
        ngi_bits_store(to, to_at, ngi_bits_load(from, at, some), some);
        to_at += some;
        at += some;
        rows -= some;
    }
}

/* As above for validity bits, where no bitmap means that no row is null. */
NGI_INLINE void ngi_valid_copy(uint8_t *to, size_t to_at, const uint8_t *from, size_t at,
                               size_t rows) {
    if (from != NULL) {
        ngi_bits_copy(to, to_at, from, at, rows);
        return;
    }
    for (size_t row = 0; row < rows; row += 64) {
        const unsigned some = rows - row < 64 ? (unsigned)(rows - row) : 64;
        ngi_bits_store(to, to_at + row, UINT64_MAX, some);
    }
}

/* ---- text in flight: a borrowed slice of the bytes of an input column, or a literal
 * --------------- */

typedef struct ngi_text {
    const uint8_t *at;
    uint32_t size;
} ngi_text;

NGI_INLINE ngi_text ngi_text_at(const int32_t *offsets, const uint8_t *bytes, size_t row) {
    ngi_text text;
    text.at = bytes + offsets[row];
    text.size = (uint32_t)(offsets[row + 1] - offsets[row]);
    return text;
}

NGI_INLINE ngi_text ngi_text_of(const uint8_t *at, uint32_t size) {
    ngi_text text;
    text.at = at;
    text.size = size;
    return text;
}

NGI_INLINE ngi_text ngi_text_literal(const char *chars, uint32_t size) {
    return ngi_text_of((const uint8_t *)chars, size);
}

/* -1, 0 or 1 as a comes before, equals or comes after b, byte by byte. */
NGI_INLINE int ngi_text_order(ngi_text a, ngi_text b) {
    const uint32_t both = a.size < b.size ? a.size : b.size;
    for (uint32_t i = 0; i < both; i++) {
        if (a.at[i] != b.at[i]) {
            return a.at[i] < b.at[i] ? -1 : 1;
        }
    }
    return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
}

NGI_INLINE bool ngi_text_equal(ngi_text a, ngi_text b) {
    return a.size == b.size && ngi_text_order(a, b) == 0;
}

/* Appends to an Arrow text column whose offset `row` is already there. */
NGI_INLINE void ngi_text_append(int32_t *offsets, uint8_t *bytes, size_t row, ngi_text text) {
    const int32_t from = offsets[row];
    for (uint32_t i = 0; i < text.size; i++) {
        bytes[(size_t)from + i] = text.at[i];
    }
    offsets[row + 1] = from + (int32_t)text.size;
}

/* W texts at a time, lane by lane: text has no vector form. */
#define NGI_TEXT_LANES(W)                                                                          \
    typedef struct ngi_textx##W {                                                                  \
        ngi_text lane[W];                                                                          \
    } ngi_textx##W;                                                                                \
    NGI_INLINE ngi_textx##W ngi_textx##W##_set(ngi_text text) {                                    \
        ngi_textx##W all;                                                                          \
        for (int i = 0; i < W; i++) {                                                              \
            all.lane[i] = text;                                                                    \
        }                                                                                          \
        return all;                                                                                \
    }                                                                                              \
    NGI_INLINE ngi_textx##W ngi_textx##W##_column(const int32_t *offsets, const uint8_t *bytes,    \
                                                  size_t row) {                                    \
        ngi_textx##W all;                                                                          \
        for (int i = 0; i < W; i++) {                                                              \
            all.lane[i] = ngi_text_at(offsets, bytes, row + (size_t)i);                            \
        }                                                                                          \
        return all;                                                                                \
    }                                                                                              \
    NGI_INLINE ngi_textx##W ngi_textx##W##_load(const ngi_text *texts) {                           \
        ngi_textx##W all;                                                                          \
        for (int i = 0; i < W; i++) {                                                              \
            all.lane[i] = texts[i];                                                                \
        }                                                                                          \
        return all;                                                                                \
    }                                                                                              \
    NGI_INLINE uint32_t ngi_textx##W##_eq_bits(ngi_textx##W a, ngi_textx##W b) {                   \
        uint32_t bits = 0;                                                                         \
        for (int i = 0; i < W; i++) {                                                              \
            bits |= (uint32_t)ngi_text_equal(a.lane[i], b.lane[i]) << i;                           \
        }                                                                                          \
        return bits;                                                                               \
    }                                                                                              \
    NGI_INLINE uint32_t ngi_textx##W##_lt_bits(ngi_textx##W a, ngi_textx##W b) {                   \
        uint32_t bits = 0;                                                                         \
        for (int i = 0; i < W; i++) {                                                              \
            bits |= (uint32_t)(ngi_text_order(a.lane[i], b.lane[i]) < 0) << i;                     \
        }                                                                                          \
        return bits;                                                                               \
    }                                                                                              \
    NGI_INLINE uint32_t ngi_textx##W##_le_bits(ngi_textx##W a, ngi_textx##W b) {                   \
        uint32_t bits = 0;                                                                         \
        for (int i = 0; i < W; i++) {                                                              \
            bits |= (uint32_t)(ngi_text_order(a.lane[i], b.lane[i]) <= 0) << i;                    \
        }                                                                                          \
        return bits;                                                                               \
    }                                                                                              \
    NGI_INLINE ngi_textx##W ngi_textx##W##_pick(uint32_t bits, ngi_textx##W a, ngi_textx##W b) {   \
        ngi_textx##W all;                                                                          \
        for (int i = 0; i < W; i++) {                                                              \
            all.lane[i] = (bits >> i & 1) != 0 ? a.lane[i] : b.lane[i];                            \
        }                                                                                          \
        return all;                                                                                \
    }                                                                                              \
    NGI_INLINE size_t ngi_textx##W##_pack(ngi_text *out, uint32_t bits, ngi_textx##W v) {          \
        size_t n = 0;                                                                              \
        for (int i = 0; i < W; i++) {                                                              \
            if ((bits >> i & 1) != 0) {                                                            \
                out[n++] = v.lane[i];                                                              \
            }                                                                                      \
        }                                                                                          \
        return n;                                                                                  \
    }                                                                                              \
    NGI_INLINE void ngi_textx##W##_append(int32_t *offsets, uint8_t *bytes, size_t row,            \
                                          uint32_t bits, uint32_t valid, ngi_textx##W v) {         \
        for (int i = 0; i < W; i++) {                                                              \
            if ((bits >> i & 1) != 0) {                                                            \
                ngi_text text = v.lane[i];                                                         \
                text.size = (valid >> i & 1) != 0 ? text.size : 0;                                 \
                ngi_text_append(offsets, bytes, row++, text);                                      \
            }                                                                                      \
        }                                                                                          \
    }
NGI_TEXT_LANES(1)
NGI_TEXT_LANES(4)
NGI_TEXT_LANES(8)
NGI_TEXT_LANES(16)
#undef NGI_TEXT_LANES

/* ---- row numbers and failures
 * ------------------------------------------------------------------------ */

/* W row numbers from `first` on. */
#define NGI_ROWS(PROFILE, W)                                                                       \
    NGI_##PROFILE##_INLINE ngi_u64x##W ngi_u64x##W##_rows(uint64_t first) {                        \
        uint64_t rows[W];                                                                          \
        for (unsigned i = 0; i < W; i++) {                                                         \
            rows[i] = first + i;                                                                   \
        }                                                                                          \
        return ngi_u64x##W##_load(rows);                                                           \
    }
NGI_ROWS(SCALAR, 1)
#if NGI_HAS_V128
NGI_ROWS(V128, 4)
#endif
#if NGI_HAS_V256
NGI_ROWS(V256, 8)
#endif
#if NGI_HAS_V512
NGI_ROWS(V512, 16)
#endif
#undef NGI_ROWS

/* The kernel fails in an input row; the first such row counts. */
NGI_INLINE void ngi_fail(int32_t *status, uint64_t *failed_row, ng_status why, uint64_t row) {
    if (*status == NG_OK || row < *failed_row) {
        *status = why;
        *failed_row = row;
    }
}

/* The same, noting the loop it happened in: a later loop may turn out to have ended before that
 * row. */
NGI_INLINE void ngi_fail_in(int32_t *status, uint64_t *failed_row, ng_status why, uint64_t row,
                            uint32_t *failed_loop, uint32_t loop) {
    if (*status == NG_OK || row < *failed_row) {
        *failed_loop = loop;
    }
    ngi_fail(status, failed_row, why, row);
}

/* ---- carries: what joins the runs of a stream
 * ------------------------------------------------------ */

NGI_INLINE bool ngi_is_finite(double x) { return x - x == 0.0; }

/* Knuth's two-sum. */
NGI_INLINE void ngi_sum_add(ngi_sum *sum, double t) {
    const double s = sum->high + t;
    const double b = s - sum->high;
    sum->low += (sum->high - (s - b)) + (t - b);
    sum->high = s;
}

NGI_INLINE double ngi_sum_value(ngi_sum sum) {
    return ngi_is_finite(sum.high) ? sum.high + sum.low : sum.high;
}

/* Joins moments as in Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for
 * computing sample variances" (1979). */
NGI_INLINE void ngi_moments_join(ngi_moments *all, double n, double mean, double m2) {
    if (all->n == 0.0) {
        all->n = n;
        all->mean = mean;
        all->m2 = m2;
        return;
    }
    const double sum = all->n + n;
    const double delta = mean - all->mean;
    const double squared = ngi_f64x1_mul(delta, delta);
    all->mean += ngi_f64x1_mul(delta, n / sum);
    all->m2 += m2 + ngi_f64x1_mul(squared, ngi_f64x1_mul(all->n, n) / sum);
    all->n = sum;
}

/* A run of `n > 0` values with pivot `c`: `s1` and `s2` are the sums of deviations and their
 * squares. */
NGI_INLINE void ngi_moments_run(ngi_moments *all, double n, double c, double s1, double s2) {
    const double m2 = s2 - ngi_f64x1_mul(s1, s1) / n;
    ngi_moments_join(all, n, c + s1 / n, m2 < 0.0 ? 0.0 : m2);
}

/* Whether the mean of the values so far can be the pivot of the next run (docs/decisions.md). */
NGI_INLINE bool ngi_spread_begun(const ngi_spread *all) { return all->n >= NGI_RUN; }

/* The pivot of the next run, once begun: the mean a run ago where that will do, so that a run need
 * not wait for the one before it to be folded. */
NGI_INLINE double ngi_spread_pivot(const ngi_spread *all) {
    return all->n_before >= NGI_RUN ? all->mean_before : all->mean;
}

/* The pivot of a run of `n > 0` values that add up to `sum`. */
NGI_INLINE double ngi_spread_pivot_of(const ngi_spread *all, double n, double sum) {
    return ngi_spread_begun(all) ? ngi_spread_pivot(all) : sum / n;
}

NGI_INLINE void ngi_spread_run(ngi_spread *all, double n, double c, double s1, double s2) {
    ngi_moments joined = {all->n, all->mean, all->m2};
    ngi_moments_run(&joined, n, c, s1, s2);
    all->n_before = all->n;
    all->mean_before = all->mean;
    all->n = joined.n;
    all->mean = joined.mean;
    all->m2 = joined.m2;
}

/* One value (Welford). */
NGI_INLINE void ngi_moments_add(ngi_moments *all, double x) {
    all->n += 1.0;
    const double delta = x - all->mean;
    all->mean += delta / all->n;
    all->m2 += ngi_f64x1_mul(delta, x - all->mean);
}

/* ---- groups
 * ------------------------------------------------------------------------------------------ */

NGI_INLINE uint64_t ngi_hash_mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 29;
}

NGI_INLINE uint64_t ngi_hash_text(uint64_t hash, ngi_text text) {
    uint64_t word = text.size;
    for (uint32_t i = 0; i < text.size; i++) {
        word = word << 8 | text.at[i];
        if ((i & 7) == 7) {
            hash = ngi_hash_mix(hash, word);
            word = 0;
        }
    }
    return ngi_hash_mix(hash, word);
}

NGI_EXACT_END

/* ---- slide.h --------------------------------------------------------------------------------- */

/* slide: the W lanes that begin at lane K of two vectors side by side, for the distances by which
 * trees over rows go back (W - 1, W - 2, W - 4, W - 8) and ahead (1, 2, 4, 8). A profile with fewer
 * lanes goes further by whole vectors. */

#define NGI_SLIDE(T, K, value)                                                                     \
    NGI_FN ngi_##T ngi_##T##_slide_##K(ngi_##T a, ngi_##T b) { return value; }
/* Of 64-bit lanes, in two registers: their contents. */
#define NGI_SLIDE_PAIR(T, K, low, high)                                                            \
    NGI_FN ngi_##T ngi_##T##_slide_##K(ngi_##T a, ngi_##T b) {                                     \
        const ngi_##T both = {low, high};                                                          \
        return both;                                                                               \
    }

#if NGI_HAS_V128
#define NGI_FN NGI_V128_INLINE
#if defined(__wasm_simd128__)
#define NGI_WASM(name) wasm_##name
#else
#define NGI_WASM(name) simde_wasm_##name
#endif
#define NGI_SLIDES(T)                                                                              \
    NGI_SLIDE(T, 1, NGI_WASM(i32x4_shuffle)(a, b, 1, 2, 3, 4))                                     \
    NGI_SLIDE(T, 2, NGI_WASM(i32x4_shuffle)(a, b, 2, 3, 4, 5))                                     \
    NGI_SLIDE(T, 3, NGI_WASM(i32x4_shuffle)(a, b, 3, 4, 5, 6))
#define NGI_SLIDE_PAIRS(T)                                                                         \
    NGI_SLIDE_PAIR(T, 1, NGI_WASM(i64x2_shuffle)(a.lo, a.hi, 1, 2),                                \
                   NGI_WASM(i64x2_shuffle)(a.hi, b.lo, 1, 2))                                      \
    NGI_SLIDE_PAIR(T, 2, a.hi, b.lo)                                                               \
    NGI_SLIDE_PAIR(T, 3, NGI_WASM(i64x2_shuffle)(a.hi, b.lo, 1, 2),                                \
                   NGI_WASM(i64x2_shuffle)(b.lo, b.hi, 1, 2))
NGI_SLIDES(f32x4)
NGI_SLIDES(i32x4)
NGI_SLIDES(u32x4)
NGI_SLIDE_PAIRS(f64x4)
NGI_SLIDE_PAIRS(i64x4)
NGI_SLIDE_PAIRS(u64x4)
#undef NGI_SLIDES
#undef NGI_SLIDE_PAIRS
#undef NGI_WASM
#undef NGI_FN
#endif

#if NGI_HAS_V256
#define NGI_FN NGI_V256_INLINE
#define NGI_AS_INT(x) _mm256_castps_si256(x)
#define NGI_AS_F32(x) _mm256_castsi256_ps(x)
#define NGI_AS_LONG(x) _mm256_castpd_si256(x)
#define NGI_AS_F64(x) _mm256_castsi256_pd(x)
#define NGI_SAME(x) (x)
#define NGI_MIDDLE(a, b) _mm256_permute2x128_si256(a, b, 0x21)
/* `shift` bytes into a register and the one half a register behind it. */
#define NGI_SHIFTED(high, low, shift) _mm256_alignr_epi8(high, low, shift)
#define NGI_SLIDES(T, in, out)                                                                     \
    NGI_SLIDE(T, 1, out(NGI_SHIFTED(NGI_MIDDLE(in(a), in(b)), in(a), 4)))                          \
    NGI_SLIDE(T, 2, out(NGI_SHIFTED(NGI_MIDDLE(in(a), in(b)), in(a), 8)))                          \
    NGI_SLIDE(T, 4, out(NGI_MIDDLE(in(a), in(b))))                                                 \
    NGI_SLIDE(T, 6, out(NGI_SHIFTED(in(b), NGI_MIDDLE(in(a), in(b)), 8)))                          \
    NGI_SLIDE(T, 7, out(NGI_SHIFTED(in(b), NGI_MIDDLE(in(a), in(b)), 12)))
#define NGI_BY_1(in, out, a, b) out(NGI_SHIFTED(NGI_MIDDLE(in(a), in(b)), in(a), 8))
#define NGI_BY_2(in, out, a, b) out(NGI_MIDDLE(in(a), in(b)))
#define NGI_BY_3(in, out, a, b) out(NGI_SHIFTED(in(b), NGI_MIDDLE(in(a), in(b)), 8))
#define NGI_SLIDE_PAIRS(T, in, out)                                                                \
    NGI_SLIDE_PAIR(T, 1, NGI_BY_1(in, out, a.lo, a.hi), NGI_BY_1(in, out, a.hi, b.lo))             \
    NGI_SLIDE_PAIR(T, 2, NGI_BY_2(in, out, a.lo, a.hi), NGI_BY_2(in, out, a.hi, b.lo))             \
    NGI_SLIDE_PAIR(T, 4, a.hi, b.lo)                                                               \
    NGI_SLIDE_PAIR(T, 6, NGI_BY_2(in, out, a.hi, b.lo), NGI_BY_2(in, out, b.lo, b.hi))             \
    NGI_SLIDE_PAIR(T, 7, NGI_BY_3(in, out, a.hi, b.lo), NGI_BY_3(in, out, b.lo, b.hi))
NGI_SLIDES(f32x8, NGI_AS_INT, NGI_AS_F32)
NGI_SLIDES(i32x8, NGI_SAME, NGI_SAME)
NGI_SLIDES(u32x8, NGI_SAME, NGI_SAME)
NGI_SLIDE_PAIRS(f64x8, NGI_AS_LONG, NGI_AS_F64)
NGI_SLIDE_PAIRS(i64x8, NGI_SAME, NGI_SAME)
NGI_SLIDE_PAIRS(u64x8, NGI_SAME, NGI_SAME)
#undef NGI_SLIDES
#undef NGI_SLIDE_PAIRS
#undef NGI_BY_1
#undef NGI_BY_2
#undef NGI_BY_3
#undef NGI_MIDDLE
#undef NGI_SHIFTED
#undef NGI_AS_INT
#undef NGI_AS_F32
#undef NGI_AS_LONG
#undef NGI_AS_F64
#undef NGI_SAME
#undef NGI_FN
#endif

#if NGI_HAS_V512
#define NGI_FN NGI_V512_INLINE
#define NGI_AS_INT(x) _mm512_castps_si512(x)
#define NGI_AS_F32(x) _mm512_castsi512_ps(x)
#define NGI_AS_LONG(x) _mm512_castpd_si512(x)
#define NGI_AS_F64(x) _mm512_castsi512_pd(x)
#define NGI_SAME(x) (x)
#define NGI_BY(in, out, a, b, k) out(_mm512_alignr_epi32(in(b), in(a), k))
#define NGI_SLIDES(T, in, out)                                                                     \
    NGI_SLIDE(T, 1, NGI_BY(in, out, a, b, 1))                                                      \
    NGI_SLIDE(T, 2, NGI_BY(in, out, a, b, 2))                                                      \
    NGI_SLIDE(T, 4, NGI_BY(in, out, a, b, 4))                                                      \
    NGI_SLIDE(T, 8, NGI_BY(in, out, a, b, 8))                                                      \
    NGI_SLIDE(T, 12, NGI_BY(in, out, a, b, 12))                                                    \
    NGI_SLIDE(T, 14, NGI_BY(in, out, a, b, 14))                                                    \
    NGI_SLIDE(T, 15, NGI_BY(in, out, a, b, 15))
#define NGI_BY_PAIR(in, out, a, b, k) out(_mm512_alignr_epi64(in(b), in(a), k))
#define NGI_LOW(T, in, out, K)                                                                     \
    NGI_SLIDE_PAIR(T, K, NGI_BY_PAIR(in, out, a.lo, a.hi, K), NGI_BY_PAIR(in, out, a.hi, b.lo, K))
#define NGI_HIGH(T, in, out, K, k)                                                                 \
    NGI_SLIDE_PAIR(T, K, NGI_BY_PAIR(in, out, a.hi, b.lo, k), NGI_BY_PAIR(in, out, b.lo, b.hi, k))
#define NGI_SLIDE_PAIRS(T, in, out)                                                                \
    NGI_LOW(T, in, out, 1)                                                                         \
    NGI_LOW(T, in, out, 2)                                                                         \
    NGI_LOW(T, in, out, 4)                                                                         \
    NGI_SLIDE_PAIR(T, 8, a.hi, b.lo)                                                               \
    NGI_HIGH(T, in, out, 12, 4)                                                                    \
    NGI_HIGH(T, in, out, 14, 6)                                                                    \
    NGI_HIGH(T, in, out, 15, 7)
NGI_SLIDES(f32x16, NGI_AS_INT, NGI_AS_F32)
NGI_SLIDES(i32x16, NGI_SAME, NGI_SAME)
NGI_SLIDES(u32x16, NGI_SAME, NGI_SAME)
NGI_SLIDE_PAIRS(f64x16, NGI_AS_LONG, NGI_AS_F64)
NGI_SLIDE_PAIRS(i64x16, NGI_SAME, NGI_SAME)
NGI_SLIDE_PAIRS(u64x16, NGI_SAME, NGI_SAME)
#undef NGI_SLIDES
#undef NGI_SLIDE_PAIRS
#undef NGI_LOW
#undef NGI_HIGH
#undef NGI_BY
#undef NGI_BY_PAIR
#undef NGI_AS_INT
#undef NGI_AS_F32
#undef NGI_AS_LONG
#undef NGI_AS_F64
#undef NGI_SAME
#undef NGI_FN
#endif

#undef NGI_SLIDE
#undef NGI_SLIDE_PAIR

/* ---- running.h ------------------------------------------------------------------------------- */

/* running: values that go on from row to row, in kernels: over all rows so far, or over the last N.
 *
 * Both rest on one tree by row number, so that nothing depends on a profile or a cut. With `op` the
 * operation and x[i] its identity before the first row:
 *
 *   t2[i] = x[i] op x[i-1]    t4[i] = t2[i] op t2[i-2]    t8[i] = t4[i] op t4[i-4]
 *   t16[i] = t8[i] op t8[i-8]                             p[i] = p[i-16] op t16[i]
 *
 * so p[i] is the result over all rows up to i. A window of N rows stands on blocks of N rows by row
 * number: it is the end of the block before, which the same tree gives backwards, op what there is
 * of this one. So a row costs the same whatever N is, and nothing is ever taken away again. */

NGI_EXACT_BEGIN

/* Where the end of one row's tree is another's beginning: the last 16 values and results. `T` is
 * the type of values, `A` of results. */
#define NGI_TRAIL_TYPE(name, T, A)                                                                 \
    typedef struct ngi_trail_##name {                                                              \
        T x[16];                                                                                   \
        A p[16];                                                                                   \
    } ngi_trail_##name;
NGI_TRAIL_TYPE(sum_f32, float, double)
NGI_TRAIL_TYPE(sum_f64, double, double)
NGI_TRAIL_TYPE(sum_i32, int32_t, int32_t)
NGI_TRAIL_TYPE(sum_i64, int64_t, int64_t)
NGI_TRAIL_TYPE(product_f64, double, double)
NGI_TRAIL_TYPE(product_i64, int64_t, int64_t)
NGI_TRAIL_TYPE(min_i32, int32_t, int32_t)
NGI_TRAIL_TYPE(min_u32, uint32_t, uint32_t)
NGI_TRAIL_TYPE(min_i64, int64_t, int64_t)
NGI_TRAIL_TYPE(min_u64, uint64_t, uint64_t)
NGI_TRAIL_TYPE(max_i32, int32_t, int32_t)
NGI_TRAIL_TYPE(max_u32, uint32_t, uint32_t)
NGI_TRAIL_TYPE(max_i64, int64_t, int64_t)
NGI_TRAIL_TYPE(max_u64, uint64_t, uint64_t)
#undef NGI_TRAIL_TYPE

/* Where a window stands in its blocks: the rows of this block so far, and whether there is a block
 * before it. */
typedef struct ngi_block {
    uint32_t rows, begun;
} ngi_block;

#define NGI_SAME(x) (x)

/* Goes before a loop of at most 16 rounds whose vectors are to stay in registers. */
#define NGI_UNROLL _Pragma("GCC unroll 16")

/* Functions that all kernels of a program share. */
#define NGI_ONCE static __attribute__((noinline, unused))

/* ---- keys: floats as integers in the same order, -0 before 0; a NaN behind or before all --------
 */

#define NGI_KEYS(PROFILE, W, F, I, U, C, bits_of, magnitude, least)                                \
    NGI_##PROFILE##_INLINE ngi_##I##x##W ngi_##F##x##W##_top_key(ngi_##F##x##W a) {                \
        const ngi_##I##x##W bits =                                                                 \
            ngi_##I##x##W##_from_##U(ngi_##U##x##W##_##bits_of(ngi_##F##x##W##_canon(a)));         \
        return ngi_##I##x##W##_pick(ngi_##I##x##W##_lt(bits, ngi_##I##x##W##_set(0)),              \
                                    ngi_##I##x##W##_xor(bits, ngi_##I##x##W##_set(magnitude)),     \
                                    bits);                                                         \
    }                                                                                              \
    NGI_##PROFILE##_INLINE ngi_##I##x##W ngi_##F##x##W##_low_key(ngi_##F##x##W a) {                \
        return ngi_##I##x##W##_pick(ngi_##F##x##W##_nan(a), ngi_##I##x##W##_set(least),            \
                                    ngi_##F##x##W##_top_key(a));                                   \
    }                                                                                              \
    NGI_##PROFILE##_INLINE ngi_##F##x##W ngi_##I##x##W##_of_key(ngi_##I##x##W a) {                 \
        const ngi_##I##x##W bits =                                                                 \
            ngi_##I##x##W##_pick(ngi_##I##x##W##_lt(a, ngi_##I##x##W##_set(0)),                    \
                                 ngi_##I##x##W##_xor(a, ngi_##I##x##W##_set(magnitude)), a);       \
        return ngi_##F##x##W##_of_bits(ngi_##U##x##W##_from_##I(bits));                            \
    }
#define NGI_BOTH_KEYS(PROFILE, W)                                                                  \
    NGI_KEYS(PROFILE, W, f32, i32, u32, float, bits_of_f32, INT32_MAX, INT32_MIN)                  \
    NGI_KEYS(PROFILE, W, f64, i64, u64, double, bits_of_f64, INT64_MAX, INT64_MIN)
NGI_BOTH_KEYS(SCALAR, 1)
#if NGI_HAS_V128
NGI_BOTH_KEYS(V128, 4)
#endif
#if NGI_HAS_V256
NGI_BOTH_KEYS(V256, 8)
#endif
#if NGI_HAS_V512
NGI_BOTH_KEYS(V512, 16)
#endif
#undef NGI_BOTH_KEYS
#undef NGI_KEYS

/* ---- the last vectors of each step of the tree
 * ---------------------------------------------------
 *
 * `rise` gives t16 of the next W rows, `fall` the same backwards, of the W rows before. */
#define NGI_STEPS_TYPE(T, W)                                                                       \
    typedef struct ngi_steps_##T##x##W {                                                           \
        ngi_##T##x##W x, twos, fours, eights, older;                                               \
    } ngi_steps_##T##x##W;
#define NGI_STEPS_16(FN, T, op)                                                                    \
    FN ngi_##T##x16 ngi_##T##x16_##op##_rise(ngi_steps_##T##x16 *s, ngi_##T##x16 x) {              \
        const ngi_##T##x16 twos = ngi_##T##x16_##op(x, ngi_##T##x16_slide_15(s->x, x));            \
        const ngi_##T##x16 fours = ngi_##T##x16_##op(twos, ngi_##T##x16_slide_14(s->twos, twos));  \
        const ngi_##T##x16 eights =                                                                \
            ngi_##T##x16_##op(fours, ngi_##T##x16_slide_12(s->fours, fours));                      \
        const ngi_##T##x16 all =                                                                   \
            ngi_##T##x16_##op(eights, ngi_##T##x16_slide_8(s->eights, eights));                    \
        s->x = x;                                                                                  \
        s->twos = twos;                                                                            \
        s->fours = fours;                                                                          \
        s->eights = eights;                                                                        \
        return all;                                                                                \
    }                                                                                              \
    FN ngi_##T##x16 ngi_##T##x16_##op##_fall(ngi_steps_##T##x16 *s, ngi_##T##x16 x) {              \
        const ngi_##T##x16 twos = ngi_##T##x16_##op(x, ngi_##T##x16_slide_1(x, s->x));             \
        const ngi_##T##x16 fours = ngi_##T##x16_##op(twos, ngi_##T##x16_slide_2(twos, s->twos));   \
        const ngi_##T##x16 eights =                                                                \
            ngi_##T##x16_##op(fours, ngi_##T##x16_slide_4(fours, s->fours));                       \
        const ngi_##T##x16 all =                                                                   \
            ngi_##T##x16_##op(eights, ngi_##T##x16_slide_8(eights, s->eights));                    \
        s->x = x;                                                                                  \
        s->twos = twos;                                                                            \
        s->fours = fours;                                                                          \
        s->eights = eights;                                                                        \
        return all;                                                                                \
    }
#define NGI_STEPS_8(FN, T, op)                                                                     \
    FN ngi_##T##x8 ngi_##T##x8_##op##_rise(ngi_steps_##T##x8 *s, ngi_##T##x8 x) {                  \
        const ngi_##T##x8 twos = ngi_##T##x8_##op(x, ngi_##T##x8_slide_7(s->x, x));                \
        const ngi_##T##x8 fours = ngi_##T##x8_##op(twos, ngi_##T##x8_slide_6(s->twos, twos));      \
        const ngi_##T##x8 eights = ngi_##T##x8_##op(fours, ngi_##T##x8_slide_4(s->fours, fours));  \
        const ngi_##T##x8 all = ngi_##T##x8_##op(eights, s->eights);                               \
        s->x = x;                                                                                  \
        s->twos = twos;                                                                            \
        s->fours = fours;                                                                          \
        s->eights = eights;                                                                        \
        return all;                                                                                \
    }                                                                                              \
    FN ngi_##T##x8 ngi_##T##x8_##op##_fall(ngi_steps_##T##x8 *s, ngi_##T##x8 x) {                  \
        const ngi_##T##x8 twos = ngi_##T##x8_##op(x, ngi_##T##x8_slide_1(x, s->x));                \
        const ngi_##T##x8 fours = ngi_##T##x8_##op(twos, ngi_##T##x8_slide_2(twos, s->twos));      \
        const ngi_##T##x8 eights = ngi_##T##x8_##op(fours, ngi_##T##x8_slide_4(fours, s->fours));  \
        const ngi_##T##x8 all = ngi_##T##x8_##op(eights, s->eights);                               \
        s->x = x;                                                                                  \
        s->twos = twos;                                                                            \
        s->fours = fours;                                                                          \
        s->eights = eights;                                                                        \
        return all;                                                                                \
    }
#define NGI_STEPS_4(FN, T, op)                                                                     \
    FN ngi_##T##x4 ngi_##T##x4_##op##_rise(ngi_steps_##T##x4 *s, ngi_##T##x4 x) {                  \
        const ngi_##T##x4 twos = ngi_##T##x4_##op(x, ngi_##T##x4_slide_3(s->x, x));                \
        const ngi_##T##x4 fours = ngi_##T##x4_##op(twos, ngi_##T##x4_slide_2(s->twos, twos));      \
        const ngi_##T##x4 eights = ngi_##T##x4_##op(fours, s->fours);                              \
        const ngi_##T##x4 all = ngi_##T##x4_##op(eights, s->older);                                \
        s->x = x;                                                                                  \
        s->twos = twos;                                                                            \
        s->fours = fours;                                                                          \
        s->older = s->eights;                                                                      \
        s->eights = eights;                                                                        \
        return all;                                                                                \
    }                                                                                              \
    FN ngi_##T##x4 ngi_##T##x4_##op##_fall(ngi_steps_##T##x4 *s, ngi_##T##x4 x) {                  \
        const ngi_##T##x4 twos = ngi_##T##x4_##op(x, ngi_##T##x4_slide_1(x, s->x));                \
        const ngi_##T##x4 fours = ngi_##T##x4_##op(twos, ngi_##T##x4_slide_2(twos, s->twos));      \
        const ngi_##T##x4 eights = ngi_##T##x4_##op(fours, s->fours);                              \
        const ngi_##T##x4 all = ngi_##T##x4_##op(eights, s->older);                                \
        s->x = x;                                                                                  \
        s->twos = twos;                                                                            \
        s->fours = fours;                                                                          \
        s->older = s->eights;                                                                      \
        s->eights = eights;                                                                        \
        return all;                                                                                \
    }
/* One lane at a time, the earlier results of a step in a ring. */
#define NGI_STEPS_1(FN, T, op)                                                                     \
    FN ngi_##T##x1 ngi_##T##x1_##op##_rise(ngi_steps_##T##x1 *s, ngi_##T##x1 x) {                  \
        const unsigned i = s->row++;                                                               \
        const ngi_##T##x1 twos = ngi_##T##x1_##op(x, s->x);                                        \
        const ngi_##T##x1 fours = ngi_##T##x1_##op(twos, s->twos[i & 1]);                          \
        const ngi_##T##x1 eights = ngi_##T##x1_##op(fours, s->fours[i & 3]);                       \
        const ngi_##T##x1 all = ngi_##T##x1_##op(eights, s->eights[i & 7]);                        \
        s->x = x;                                                                                  \
        s->twos[i & 1] = twos;                                                                     \
        s->fours[i & 3] = fours;                                                                   \
        s->eights[i & 7] = eights;                                                                 \
        return all;                                                                                \
    }                                                                                              \
    FN ngi_##T##x1 ngi_##T##x1_##op##_fall(ngi_steps_##T##x1 *s, ngi_##T##x1 x) {                  \
        return ngi_##T##x1_##op##_rise(s, x);                                                      \
    }
#define NGI_STEPS_TYPE_1(T)                                                                        \
    typedef struct ngi_steps_##T##x1 {                                                             \
        ngi_##T##x1 x, twos[2], fours[4], eights[8];                                               \
        unsigned row;                                                                              \
    } ngi_steps_##T##x1;
#define NGI_ALL_STEPS(PROFILE, W)                                                                  \
    NGI_STEPS_##W(NGI_##PROFILE##_INLINE, f32, add) NGI_STEPS_##W(                                 \
        NGI_##PROFILE##_INLINE, f64, add) NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i32, add)          \
        NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i64, add)                                            \
            NGI_STEPS_##W(NGI_##PROFILE##_INLINE, f64, mul)                                        \
                NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i64, mul)                                    \
                    NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i32, min)                                \
                        NGI_STEPS_##W(NGI_##PROFILE##_INLINE, u32, min)                            \
                            NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i64, min)                        \
                                NGI_STEPS_##W(NGI_##PROFILE##_INLINE, u64, min)                    \
                                    NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i32, max)                \
                                        NGI_STEPS_##W(NGI_##PROFILE##_INLINE, u32, max)            \
                                            NGI_STEPS_##W(NGI_##PROFILE##_INLINE, i64, max)        \
                                                NGI_STEPS_##W(NGI_##PROFILE##_INLINE, u64, max)
#define NGI_ALL_STEP_TYPES(W)                                                                      \
    NGI_STEPS_TYPE(f32, W)                                                                         \
    NGI_STEPS_TYPE(f64, W)                                                                         \
    NGI_STEPS_TYPE(i32, W)                                                                         \
    NGI_STEPS_TYPE(u32, W)                                                                         \
    NGI_STEPS_TYPE(i64, W)                                                                         \
    NGI_STEPS_TYPE(u64, W)
NGI_STEPS_TYPE_1(f32)
NGI_STEPS_TYPE_1(f64)
NGI_STEPS_TYPE_1(i32)
NGI_STEPS_TYPE_1(u32)
NGI_STEPS_TYPE_1(i64)
NGI_STEPS_TYPE_1(u64)
NGI_ALL_STEPS(SCALAR, 1)
#if NGI_HAS_V128
NGI_ALL_STEP_TYPES(4)
NGI_ALL_STEPS(V128, 4)
#endif
#if NGI_HAS_V256
NGI_ALL_STEP_TYPES(8)
NGI_ALL_STEPS(V256, 8)
#endif
#if NGI_HAS_V512
NGI_ALL_STEP_TYPES(16)
NGI_ALL_STEPS(V512, 16)
#endif
#undef NGI_STEPS_TYPE
#undef NGI_STEPS_TYPE_1
#undef NGI_STEPS_16
#undef NGI_STEPS_8
#undef NGI_STEPS_4
#undef NGI_STEPS_1
#undef NGI_ALL_STEPS
#undef NGI_ALL_STEP_TYPES

/* ---- the tree, forwards and backwards
 * ------------------------------------------------------------
 *
 * `name` is an operation `op` with the types `T` of values and `A` of results (`TC`, `AC` in C);
 * `widen` leads from one to the other, `none` is the identity.
 *
 *   along  the next n results; joined with `ends`, the ends of the windows in the block before,
 *          unless that is NULL; the values are kept in `held` unless that is
 *   back   of each of the `rows` values in `held`: the result from it to the block's end; both
 *          arrays hold rows + 16 values and may be the same
 *   scan   the next n results
 *   roll   the next n results over the last `rows` rows
 *
 * All may read and write up to 15 rows more than they say. */
#define NGI_TREE(PROFILE, profile, W, name, T, TC, A, AC, op, widen, none)                         \
    NGI_SCALAR_INLINE void ngi_##profile##_##name##_reset(ngi_trail_##name *s) {                   \
        for (int i = 0; i < 16; i++) {                                                             \
            s->x[i] = none;                                                                        \
            s->p[i] = none;                                                                        \
        }                                                                                          \
    }                                                                                              \
    NGI_##PROFILE##_INLINE void ngi_##profile##_##name##_rise(ngi_steps_##T##x##W *s,              \
                                                              ngi_##A##x##W *p, const TC *x,       \
                                                              const AC *ends, TC *held, AC *out) { \
        const ngi_##T##x##W v = ngi_##T##x##W##_load(x);                                           \
        if (held != NULL) {                                                                        \
            ngi_##T##x##W##_store(held, v);                                                        \
        }                                                                                          \
        *p = ngi_##A##x##W##_##op(*p, widen(ngi_##T##x##W##_##op##_rise(s, v)));                   \
        ngi_##A##x##W##_store(                                                                     \
            out, ends == NULL ? *p : ngi_##A##x##W##_##op(ngi_##A##x##W##_load(ends), *p));        \
    }                                                                                              \
    /* 16 rows. */                                                                                 \
    NGI_##PROFILE##_INLINE void ngi_##profile##_##name##_rise_16(                                  \
        ngi_steps_##T##x##W *s, ngi_##A##x##W *p, const TC *x, const AC *ends, TC *held,           \
        AC *out) {                                                                                 \
        NGI_UNROLL                                                                                 \
        for (int j = 0; j < 16; j += W) {                                                          \
            ngi_##profile##_##name##_rise(s, p + j / W, x + j, ends == NULL ? NULL : ends + j,     \
                                          held == NULL ? NULL : held + j, out + j);                \
        }                                                                                          \
    }                                                                                              \
    NGI_##PROFILE##_INLINE void ngi_##profile##_##name##_along(                                    \
        ngi_trail_##name *s, const TC *x, const AC *ends, TC *held, AC *out, size_t n) {           \
        ngi_steps_##T##x##W steps;                                                                 \
        ngi_##A##x##W p[16 / W];                                                                   \
        __builtin_memset(&steps, 0, sizeof(steps));                                                \
        for (int j = 0; j < 16; j += W) { /* what has no value yet leaves again with these rows */ \
            (void)ngi_##T##x##W##_##op##_rise(&steps, ngi_##T##x##W##_load(s->x + j));             \
            p[j / W] = ngi_##A##x##W##_load(s->p + j);                                             \
        }                                                                                          \
        size_t i = 0;                                                                              \
        for (; i + 16 <= n; i += 16) {                                                             \
            ngi_##profile##_##name##_rise_16(&steps, p, x + i, ends == NULL ? NULL : ends + i,     \
                                             held == NULL ? NULL : held + i, out + i);             \
        }                                                                                          \
        AC last[32];                                                                               \
        for (int j = 0; j < 16; j += W) {                                                          \
            ngi_##A##x##W##_store(last + j, p[j / W]);                                             \
        }                                                                                          \
        if (i < n) { /* nothing is added behind the last row */                                    \
            TC rest[16];                                                                           \
            for (int j = 0; j < 16; j++) {                                                         \
                rest[j] = none;                                                                    \
            }                                                                                      \
            __builtin_memcpy(rest, x + i, (n - i) * sizeof(*x));                                   \
            ngi_##profile##_##name##_rise_16(&steps, p, rest, ends == NULL ? NULL : ends + i,      \
                                             held == NULL ? NULL : held + i, out + i);             \
            for (int j = 0; j < 16; j += W) {                                                      \
                ngi_##A##x##W##_store(last + 16 + j, p[j / W]);                                    \
            }                                                                                      \
        }                                                                                          \
        __builtin_memcpy(s->p, last + (n - i), sizeof(s->p));                                      \
        if (n >= 16) {                                                                             \
            __builtin_memcpy(s->x, x + n - 16, sizeof(s->x));                                      \
        } else {                                                                                   \
            TC both[32];                                                                           \
            __builtin_memcpy(both, s->x, sizeof(s->x));                                            \
            __builtin_memcpy(both + 16, x, n * sizeof(*x));                                        \
            __builtin_memcpy(s->x, both + n, sizeof(s->x));                                        \
        }                                                                                          \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_##name##_scan(ngi_trail_##name *s, const TC *x,    \
                                                              AC *out, size_t n) {                 \
        ngi_##profile##_##name##_along(s, x, NULL, NULL, out, n);                                  \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_##name##_back(AC *part, TC *held, size_t rows) {   \
        ngi_trail_##name behind;                                                                   \
        ngi_##profile##_##name##_reset(&behind);                                                   \
        __builtin_memcpy(held + rows, behind.x, sizeof(behind.x));                                 \
        ngi_steps_##T##x##W steps;                                                                 \
        ngi_##A##x##W p[16 / W];                                                                   \
        __builtin_memset(&steps, 0, sizeof(steps));                                                \
        for (int j = 0; j < 16; j += W) {                                                          \
            (void)ngi_##T##x##W##_##op##_fall(&steps, ngi_##T##x##W##_load(behind.x));             \
            p[j / W] = ngi_##A##x##W##_load(behind.p);                                             \
        }                                                                                          \
        for (size_t i = (rows + 15) / 16 * 16; i != 0;) {                                          \
            i -= 16;                                                                               \
            NGI_UNROLL                                                                             \
            for (int j = 16 - W; j >= 0; j -= W) {                                                 \
                const ngi_##T##x##W v =                                                            \
                    ngi_##T##x##W##_##op##_fall(&steps, ngi_##T##x##W##_load(held + i + j));       \
                p[j / W] = ngi_##A##x##W##_##op(p[j / W], widen(v));                               \
                ngi_##A##x##W##_store(part + i + j, p[j / W]);                                     \
            }                                                                                      \
        }                                                                                          \
        __builtin_memcpy(part + rows, behind.p, sizeof(behind.p));                                 \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_##name##_roll(                                     \
        ngi_trail_##name *s, ngi_block *block, AC *part, TC *held, size_t rows, const TC *x,       \
        AC *out, size_t n) {                                                                       \
        while (n != 0) {                                                                           \
            const size_t at = block->rows, left = rows - at, some = n < left ? n : left;           \
            if (block->begun == 0) {                                                               \
                ngi_##profile##_##name##_along(s, x, NULL, held + at, out, some);                  \
            } else {                                                                               \
                ngi_##profile##_##name##_along(s, x, part + at + 1, held + at, out, some);         \
            }                                                                                      \
            block->rows += (uint32_t)some;                                                         \
            if (block->rows == rows) {                                                             \
                ngi_##profile##_##name##_back(part, held, rows);                                   \
                ngi_##profile##_##name##_reset(s);                                                 \
                block->rows = 0;                                                                   \
                block->begun = 1;                                                                  \
            }                                                                                      \
            x += some;                                                                             \
            out += some;                                                                           \
            n -= some;                                                                             \
        }                                                                                          \
    }

/* The sums of deviations from a pivot, and of their squares, over the last `rows` rows: the pivot
 * is the mean of the block before, or the first value. `there` is 0 where there is no value. */
typedef struct ngi_deviations {
    ngi_trail_sum_f64 sums, squares;
    double pivot;
    uint64_t values; /* in this block */
    ngi_block block;
    uint32_t begun; /* whether the pivot is known */
    uint32_t unused;
} ngi_deviations;

NGI_INLINE void ngi_find_pivot(ngi_deviations *s, const double *x, const uint32_t *there, size_t n,
                               size_t *first) {
    for (*first = 0; *first < n; ++*first) {
        if ((there == NULL || there[*first] != 0) && ngi_is_finite(x[*first])) {
            s->pivot = x[*first];
            s->begun = 1;
            return;
        }
    }
}

/* `deviate`: the deviations of n rows, 0 where there is no value, and their squares; returns how
 * many have one. `roll`: as above; `values` holds the rows of a block, and `held` which have a
 * value (NULL: all do). */
#define NGI_DEVIATIONS(PROFILE, profile, W)                                                        \
    NGI_##PROFILE##_INLINE uint64_t ngi_##profile##_deviate(double pivot, const double *x,         \
                                                            const uint32_t *there, double *d,      \
                                                            double *squares, size_t n) {           \
        uint64_t values = 0;                                                                       \
        for (size_t i = 0; i < n; i += W) {                                                        \
            ngi_f64x##W away =                                                                     \
                ngi_f64x##W##_sub(ngi_f64x##W##_load(x + i), ngi_f64x##W##_set(pivot));            \
            if (there != NULL) {                                                                   \
                const ngi_m##W is = ngi_m##W##_and(                                                \
                    ngi_m##W##_first(n - i),                                                       \
                    ngi_u32x##W##_lt(ngi_u32x##W##_set(0), ngi_u32x##W##_load(there + i)));        \
                away = ngi_f64x##W##_keep(is, away);                                               \
                values += ngi_m##W##_count(is);                                                    \
            }                                                                                      \
            ngi_f64x##W##_store(d + i, away);                                                      \
            ngi_f64x##W##_store(squares + i, ngi_f64x##W##_mul(away, away));                       \
        }                                                                                          \
        return there != NULL ? values : n;                                                         \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_deviations_turn(                                   \
        ngi_deviations *s, double *part, double *part_squares, const double *values,               \
        const uint32_t *held, size_t rows) {                                                       \
        const double mean = s->pivot + s->sums.p[15] / (double)s->values;                          \
        s->pivot = ngi_is_finite(mean) ? mean : s->pivot;                                          \
        (void)ngi_##profile##_deviate(s->pivot, values, held, part, part_squares, rows);           \
        ngi_##profile##_sum_f64_back(part, part, rows);                                            \
        ngi_##profile##_sum_f64_back(part_squares, part_squares, rows);                            \
        ngi_##profile##_sum_f64_reset(&s->sums);                                                   \
        ngi_##profile##_sum_f64_reset(&s->squares);                                                \
        s->values = 0;                                                                             \
        s->block.rows = 0;                                                                         \
        s->block.begun = 1;                                                                        \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_deviations_roll(                                   \
        ngi_deviations *s, double *part, double *part_squares, double *values, uint32_t *held,     \
        size_t rows, const double *x, const uint32_t *there, double *out, double *out_squares,     \
        size_t n) {                                                                                \
        double d[NGI_RUN + 16], squares[NGI_RUN + 16];                                             \
        while (n != 0) {                                                                           \
            const size_t at = s->block.rows, left = rows - at;                                     \
            size_t some = n < left ? n : left, first = 0;                                          \
            if (s->begun == 0) {                                                                   \
                ngi_find_pivot(s, x, there, some, &first);                                         \
                some = first == 0 ? some : first; /* those before have pivot 0 */                  \
            }                                                                                      \
            s->values +=                                                                           \
                ngi_##profile##_deviate(first == 0 ? s->pivot : 0.0, x, there, d, squares, some);  \
            if (s->block.begun == 0) {                                                             \
                ngi_##profile##_sum_f64_along(&s->sums, d, NULL, NULL, out, some);                 \
                ngi_##profile##_sum_f64_along(&s->squares, squares, NULL, NULL, out_squares,       \
                                              some);                                               \
            } else {                                                                               \
                ngi_##profile##_sum_f64_along(&s->sums, d, part + at + 1, NULL, out, some);        \
                ngi_##profile##_sum_f64_along(&s->squares, squares, part_squares + at + 1, NULL,   \
                                              out_squares, some);                                  \
            }                                                                                      \
            __builtin_memcpy(values + at, x, some * sizeof(*x));                                   \
            if (held != NULL) {                                                                    \
                __builtin_memcpy(held + at, there, some * sizeof(*there));                         \
            }                                                                                      \
            s->block.rows += (uint32_t)some;                                                       \
            if (s->block.rows == rows) {                                                           \
                ngi_##profile##_deviations_turn(s, part, part_squares, values, held, rows);        \
            }                                                                                      \
            x += some;                                                                             \
            there = there == NULL ? NULL : there + some;                                           \
            out += some;                                                                           \
            out_squares += some;                                                                   \
            n -= some;                                                                             \
        }                                                                                          \
    }

/* The means of windows of at most `rows` rows, from their sums. A quotient by a whole number of at
 * most 26 bits is rounded correctly without a division: the rest of a first guess is exact, as the
 * guess is cut into two halves, and corrects it by so much more than its own error that no sum can
 * lie too near the middle of two numbers. Where exponents leave no room, and for zeros, whose sign
 * would be lost, the processor divides. */
#define NGI_MEANS(PROFILE, profile, W)                                                             \
    NGI_##PROFILE##_INLINE ngi_f64x##W ngi_##profile##_over(ngi_f64x##W sum, double rows) {        \
        const ngi_f64x##W n = ngi_f64x##W##_set(rows), part = ngi_f64x##W##_set(1.0 / rows);       \
        const ngi_f64x##W size = ngi_f64x##W##_abs(sum);                                           \
        if (!ngi_m##W##_all(ngi_m##W##_and(ngi_f64x##W##_lt(ngi_f64x##W##_set(0x1p-900), size),    \
                                           ngi_f64x##W##_lt(size, ngi_f64x##W##_set(0x1p900))))) { \
            return ngi_f64x##W##_div(sum, n);                                                      \
        }                                                                                          \
        const ngi_f64x##W guess = ngi_f64x##W##_mul(sum, part);                                    \
        const ngi_f64x##W high = ngi_f64x##W##_of_bits(ngi_u64x##W##_and(                          \
            ngi_u64x##W##_bits_of_f64(guess), ngi_u64x##W##_set(~(uint64_t)0x7ffffff)));           \
        const ngi_f64x##W low = ngi_f64x##W##_sub(guess, high);                                    \
        const ngi_f64x##W rest = ngi_f64x##W##_sub(                                                \
            ngi_f64x##W##_sub(sum, ngi_f64x##W##_mul(high, n)), ngi_f64x##W##_mul(low, n));        \
        return ngi_f64x##W##_add(guess, ngi_f64x##W##_mul(rest, part));                            \
    }                                                                                              \
    NGI_##PROFILE NGI_ONCE void ngi_##profile##_means(uint64_t *seen, uint64_t rows,               \
                                                      const double *sums, double *out, size_t n) { \
        size_t i = 0;                                                                              \
        for (; i < n && *seen < rows; i++) {                                                       \
            *seen += 1;                                                                            \
            out[i] = sums[i] / (double)*seen;                                                      \
        }                                                                                          \
        for (; i < n; i += W) {                                                                    \
            ngi_f64x##W##_store(out + i,                                                           \
                                ngi_##profile##_over(ngi_f64x##W##_load(sums + i), (double)rows)); \
        }                                                                                          \
    }

#define NGI_TREES(PROFILE, profile, W)                                                             \
    NGI_TREE(PROFILE, profile, W, sum_f32, f32, float, f64, double, add, ngi_f64x##W##_from_f32,   \
             0)                                                                                    \
    NGI_TREE(PROFILE, profile, W, sum_f64, f64, double, f64, double, add, NGI_SAME, 0)             \
    NGI_TREE(PROFILE, profile, W, sum_i32, i32, int32_t, i32, int32_t, add, NGI_SAME, 0)           \
    NGI_TREE(PROFILE, profile, W, sum_i64, i64, int64_t, i64, int64_t, add, NGI_SAME, 0)           \
    NGI_TREE(PROFILE, profile, W, product_f64, f64, double, f64, double, mul, NGI_SAME, 1)         \
    NGI_TREE(PROFILE, profile, W, product_i64, i64, int64_t, i64, int64_t, mul, NGI_SAME, 1)       \
    NGI_TREE(PROFILE, profile, W, min_i32, i32, int32_t, i32, int32_t, min, NGI_SAME, INT32_MAX)   \
    NGI_TREE(PROFILE, profile, W, min_u32, u32, uint32_t, u32, uint32_t, min, NGI_SAME,            \
             UINT32_MAX)                                                                           \
    NGI_TREE(PROFILE, profile, W, min_i64, i64, int64_t, i64, int64_t, min, NGI_SAME, INT64_MAX)   \
    NGI_TREE(PROFILE, profile, W, min_u64, u64, uint64_t, u64, uint64_t, min, NGI_SAME,            \
             UINT64_MAX)                                                                           \
    NGI_TREE(PROFILE, profile, W, max_i32, i32, int32_t, i32, int32_t, max, NGI_SAME, INT32_MIN)   \
    NGI_TREE(PROFILE, profile, W, max_u32, u32, uint32_t, u32, uint32_t, max, NGI_SAME, 0)         \
    NGI_TREE(PROFILE, profile, W, max_i64, i64, int64_t, i64, int64_t, max, NGI_SAME, INT64_MIN)   \
    NGI_TREE(PROFILE, profile, W, max_u64, u64, uint64_t, u64, uint64_t, max, NGI_SAME, 0)         \
    NGI_DEVIATIONS(PROFILE, profile, W)                                                            \
    NGI_MEANS(PROFILE, profile, W)
NGI_TREES(SCALAR, scalar, 1)
#if NGI_HAS_V128
NGI_TREES(V128, v128, 4)
#endif
#if NGI_HAS_V256
NGI_TREES(V256, v256, 8)
#endif
#if NGI_HAS_V512
NGI_TREES(V512, v512, 16)
#endif
#undef NGI_TREES
#undef NGI_DEVIATIONS
#undef NGI_MEANS
#undef NGI_UNROLL
#undef NGI_TREE
#undef NGI_SAME
#undef NGI_ONCE

/* ---- the ends of a window, one row at a time ---------------------------------------------------
 */

/* The first value of a window: `part` and `held` keep, for each row of the block before, the first
 * value from it on, and for each row of this one the value. A row whose window has none gets
 * anything. */
#define NGI_ROLL_FIRST(name, C)                                                                    \
    typedef struct ngi_first_##name {                                                              \
        C value;                                                                                   \
        uint32_t found;                                                                            \
        ngi_block block;                                                                           \
    } ngi_first_##name;                                                                            \
    NGI_INLINE void ngi_first_##name##_roll(ngi_first_##name *s, C *part, uint8_t *held,           \
                                            size_t rows, const C *x, const uint32_t *there,        \
                                            C *out, size_t n) {                                    \
        for (size_t i = 0; i < n; i++) {                                                           \
            const size_t at = s->block.rows;                                                       \
            const bool is = there == NULL || there[i] != 0;                                        \
            if (is && s->found == 0) {                                                             \
                s->value = x[i];                                                                   \
                s->found = 1;                                                                      \
            }                                                                                      \
            const bool older = s->block.begun != 0 && at + 1 < rows && held[at + 1] != 0;          \
            out[i] = older ? part[at + 1] : s->value;                                              \
            part[at] = x[i];                                                                       \
            held[at] = is;                                                                         \
            if (++s->block.rows < rows) {                                                          \
                continue;                                                                          \
            }                                                                                      \
            for (size_t row = rows - 1; row-- > 0;) {                                              \
                part[row] = held[row] != 0 ? part[row] : part[row + 1];                            \
                held[row] = held[row] != 0 || held[row + 1] != 0;                                  \
            }                                                                                      \
            s->block.rows = 0;                                                                     \
            s->block.begun = 1;                                                                    \
            s->found = 0;                                                                          \
        }                                                                                          \
    }                                                                                              \
    /* The first or the last value so far; `found` says whether there is one. */                   \
    NGI_INLINE void ngi_first_##name##_scan(C *value, uint32_t *found, const C *x,                 \
                                            const uint32_t *there, C *out, size_t n) {             \
        for (size_t i = 0; i < n; i++) {                                                           \
            if (*found == 0 && (there == NULL || there[i] != 0)) {                                 \
                *value = x[i];                                                                     \
                *found = 1;                                                                        \
            }                                                                                      \
            out[i] = *value;                                                                       \
        }                                                                                          \
    }                                                                                              \
    NGI_INLINE void ngi_last_##name##_scan(C *value, const C *x, const uint32_t *there, C *out,    \
                                           size_t n) {                                             \
        for (size_t i = 0; i < n; i++) {                                                           \
            *value = there == NULL || there[i] != 0 ? x[i] : *value;                               \
            out[i] = *value;                                                                       \
        }                                                                                          \
    }
NGI_ROLL_FIRST(i32, int32_t)
NGI_ROLL_FIRST(u32, uint32_t)
NGI_ROLL_FIRST(i64, int64_t)
NGI_ROLL_FIRST(u64, uint64_t)
NGI_ROLL_FIRST(f32, float)
NGI_ROLL_FIRST(f64, double)
#undef NGI_ROLL_FIRST

/* How many rows there are, but for windows no more than `most` (0: all). */
NGI_INLINE void ngi_rows_scan(uint64_t *seen, uint64_t most, int64_t *out, size_t n) {
    size_t i = 0;
    for (; i < n && (most == 0 || *seen < most); i++) {
        *seen += 1;
        out[i] = (int64_t)*seen;
    }
    for (; i < n; i++) {
        out[i] = (int64_t)most;
    }
}

/* The squared distances from the mean of all values so far (Welford). */
NGI_INLINE void ngi_moments_scan(ngi_moments *all, const double *x, const uint32_t *there,
                                 double *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (there == NULL || there[i] != 0) {
            ngi_moments_add(all, x[i]);
        }
        out[i] = all->m2;
    }
}

NGI_EXACT_END

#endif
#endif

/* The library's code, in one file of a program. */
#if defined(NAGARE_IMPLEMENTATION)
#ifndef NGI_IMPLEMENTATION_SECTION
#define NGI_IMPLEMENTATION_SECTION

/* ---- base.c ---------------------------------------------------------------------------------- */

/* base: what the tables of base.h say. */

const char *ng_status_text(ng_status status) {
    switch (status) {
#define NGI_STATUS(name, value, category, text)                                                    \
    case name:                                                                                     \
        return text;
        NG_STATUSES(NGI_STATUS)
#undef NGI_STATUS
    default:
        return "unknown status";
    }
}

ng_category ng_status_category(ng_status status) {
    switch (status) {
#define NGI_STATUS(name, value, category, text)                                                    \
    case name:                                                                                     \
        return category;
        NG_STATUSES(NGI_STATUS)
#undef NGI_STATUS
    default:
        return NG_USAGE;
    }
}

size_t ng_type_size(ng_type type) {
    switch (type) {
    case NG_I8:
    case NG_U8:
        return 1;
    case NG_I16:
    case NG_U16:
        return 2;
    case NG_I32:
    case NG_U32:
    case NG_F32:
        return 4;
    case NG_I64:
    case NG_U64:
    case NG_F64:
    case NG_TIMESTAMP_S:
    case NG_TIMESTAMP_MS:
    case NG_TIMESTAMP_US:
    case NG_TIMESTAMP_NS:
        return 8;
    default:
        return 0;
    }
}

/* ---- number.c -------------------------------------------------------------------------------- */

/* number: how values become text and text becomes values.
 *
 * Printing follows R. Giulietti, "The Schubfach way to render doubles" (2020). Reading follows D.
 * Lemire, "Number parsing at a gigabyte per second", Software: Practice and Experience 51 (2021),
 * with its own bound on the error of the product, and decides what that bound leaves open with
 * exact integers. */

/* ---- number_nearest.h ------------------------------------------------------------------------ */

/* number_nearest: the float next to a decimal. Internal.
 *
 * 192 bits of the product with a power of ten tell nearly always; exact integers decide the rest.
 */

/* ---- number_powers.h ------------------------------------------------------------------------- */

/* number_powers: powers of ten, and products of words. Internal. */

/* ---- powers_of_ten.h ------------------------------------------------------------------------- */

/* powers_of_ten: the 128 most significant bits of 10^q, rounded down.
 *
 * @generated by core/powers_of_ten.py: change it there. */

#include <stdint.h>

#define NGI_NUMBER_LOWEST_POWER (-342)
#define NGI_NUMBER_HIGHEST_POWER 324

/* From 10^0 up to this one nothing was rounded away. */
#define NGI_NUMBER_LAST_EXACT_POWER 55

/* Entry q - NGI_NUMBER_LOWEST_POWER is 10^q, high word first; its top bit is set. */
static const uint64_t ngi_number_powers[667][2] = {
    {0xeef453d6923bd65a, 0x113faa2906a13b3f}, /* 1e-342 */
    {0x9558b4661b6565f8, 0x4ac7ca59a424c507}, /* 1e-341 */
    {0xbaaee17fa23ebf76, 0x5d79bcf00d2df649}, /* 1e-340 */
    {0xe95a99df8ace6f53, 0xf4d82c2c107973dc}, /* 1e-339 */
    {0x91d8a02bb6c10594, 0x79071b9b8a4be869}, /* 1e-338 */
    {0xb64ec836a47146f9, 0x9748e2826cdee284}, /* 1e-337 */
    {0xe3e27a444d8d98b7, 0xfd1b1b2308169b25}, /* 1e-336 */
    {0x8e6d8c6ab0787f72, 0xfe30f0f5e50e20f7}, /* 1e-335 */
    {0xb208ef855c969f4f, 0xbdbd2d335e51a935}, /* 1e-334 */
    {0xde8b2b66b3bc4723, 0xad2c788035e61382}, /* 1e-333 */
    {0x8b16fb203055ac76, 0x4c3bcb5021afcc31}, /* 1e-332 */
    {0xaddcb9e83c6b1793, 0xdf4abe242a1bbf3d}, /* 1e-331 */
    {0xd953e8624b85dd78, 0xd71d6dad34a2af0d}, /* 1e-330 */
    {0x87d4713d6f33aa6b, 0x8672648c40e5ad68}, /* 1e-329 */
    {0xa9c98d8ccb009506, 0x680efdaf511f18c2}, /* 1e-328 */
    {0xd43bf0effdc0ba48, 0x0212bd1b2566def2}, /* 1e-327 */
    {0x84a57695fe98746d, 0x014bb630f7604b57}, /* 1e-326 */
    {0xa5ced43b7e3e9188, 0x419ea3bd35385e2d}, /* 1e-325 */
    {0xcf42894a5dce35ea, 0x52064cac828675b9}, /* 1e-324 */
    {0x818995ce7aa0e1b2, 0x7343efebd1940993}, /* 1e-323 */
    {0xa1ebfb4219491a1f, 0x1014ebe6c5f90bf8}, /* 1e-322 */
    {0xca66fa129f9b60a6, 0xd41a26e077774ef6}, /* 1e-321 */
    {0xfd00b897478238d0, 0x8920b098955522b4}, /* 1e-320 */
    {0x9e20735e8cb16382, 0x55b46e5f5d5535b0}, /* 1e-319 */
    {0xc5a890362fddbc62, 0xeb2189f734aa831d}, /* 1e-318 */
    {0xf712b443bbd52b7b, 0xa5e9ec7501d523e4}, /* 1e-317 */
    {0x9a6bb0aa55653b2d, 0x47b233c92125366e}, /* 1e-316 */
    {0xc1069cd4eabe89f8, 0x999ec0bb696e840a}, /* 1e-315 */
    {0xf148440a256e2c76, 0xc00670ea43ca250d}, /* 1e-314 */
    {0x96cd2a865764dbca, 0x380406926a5e5728}, /* 1e-313 */
    {0xbc807527ed3e12bc, 0xc605083704f5ecf2}, /* 1e-312 */
    {0xeba09271e88d976b, 0xf7864a44c633682e}, /* 1e-311 */
    {0x93445b8731587ea3, 0x7ab3ee6afbe0211d}, /* 1e-310 */
    {0xb8157268fdae9e4c, 0x5960ea05bad82964}, /* 1e-309 */
    {0xe61acf033d1a45df, 0x6fb92487298e33bd}, /* 1e-308 */
    {0x8fd0c16206306bab, 0xa5d3b6d479f8e056}, /* 1e-307 */
    {0xb3c4f1ba87bc8696, 0x8f48a4899877186c}, /* 1e-306 */
    {0xe0b62e2929aba83c, 0x331acdabfe94de87}, /* 1e-305 */
    {0x8c71dcd9ba0b4925, 0x9ff0c08b7f1d0b14}, /* 1e-304 */
    {0xaf8e5410288e1b6f, 0x07ecf0ae5ee44dd9}, /* 1e-303 */
    {0xdb71e91432b1a24a, 0xc9e82cd9f69d6150}, /* 1e-302 */
    {0x892731ac9faf056e, 0xbe311c083a225cd2}, /* 1e-301 */
    {0xab70fe17c79ac6ca, 0x6dbd630a48aaf406}, /* 1e-300 */
    {0xd64d3d9db981787d, 0x092cbbccdad5b108}, /* 1e-299 */
    {0x85f0468293f0eb4e, 0x25bbf56008c58ea5}, /* 1e-298 */
    {0xa76c582338ed2621, 0xaf2af2b80af6f24e}, /* 1e-297 */
    {0xd1476e2c07286faa, 0x1af5af660db4aee1}, /* 1e-296 */
    {0x82cca4db847945ca, 0x50d98d9fc890ed4d}, /* 1e-295 */
    {0xa37fce126597973c, 0xe50ff107bab528a0}, /* 1e-294 */
    {0xcc5fc196fefd7d0c, 0x1e53ed49a96272c8}, /* 1e-293 */
    {0xff77b1fcbebcdc4f, 0x25e8e89c13bb0f7a}, /* 1e-292 */
    {0x9faacf3df73609b1, 0x77b191618c54e9ac}, /* 1e-291 */
    {0xc795830d75038c1d, 0xd59df5b9ef6a2417}, /* 1e-290 */
    {0xf97ae3d0d2446f25, 0x4b0573286b44ad1d}, /* 1e-289 */
    {0x9becce62836ac577, 0x4ee367f9430aec32}, /* 1e-288 */
    {0xc2e801fb244576d5, 0x229c41f793cda73f}, /* 1e-287 */
    {0xf3a20279ed56d48a, 0x6b43527578c1110f}, /* 1e-286 */
    {0x9845418c345644d6, 0x830a13896b78aaa9}, /* 1e-285 */
    {0xbe5691ef416bd60c, 0x23cc986bc656d553}, /* 1e-284 */
    {0xedec366b11c6cb8f, 0x2cbfbe86b7ec8aa8}, /* 1e-283 */
    {0x94b3a202eb1c3f39, 0x7bf7d71432f3d6a9}, /* 1e-282 */
    {0xb9e08a83a5e34f07, 0xdaf5ccd93fb0cc53}, /* 1e-281 */
    {0xe858ad248f5c22c9, 0xd1b3400f8f9cff68}, /* 1e-280 */
    {0x91376c36d99995be, 0x23100809b9c21fa1}, /* 1e-279 */
    {0xb58547448ffffb2d, 0xabd40a0c2832a78a}, /* 1e-278 */
    {0xe2e69915b3fff9f9, 0x16c90c8f323f516c}, /* 1e-277 */
    {0x8dd01fad907ffc3b, 0xae3da7d97f6792e3}, /* 1e-276 */
    {0xb1442798f49ffb4a, 0x99cd11cfdf41779c}, /* 1e-275 */
    {0xdd95317f31c7fa1d, 0x40405643d711d583}, /* 1e-274 */
    {0x8a7d3eef7f1cfc52, 0x482835ea666b2572}, /* 1e-273 */
    {0xad1c8eab5ee43b66, 0xda3243650005eecf}, /* 1e-272 */
    {0xd863b256369d4a40, 0x90bed43e40076a82}, /* 1e-271 */
    {0x873e4f75e2224e68, 0x5a7744a6e804a291}, /* 1e-270 */
    {0xa90de3535aaae202, 0x711515d0a205cb36}, /* 1e-269 */
    {0xd3515c2831559a83, 0x0d5a5b44ca873e03}, /* 1e-268 */
    {0x8412d9991ed58091, 0xe858790afe9486c2}, /* 1e-267 */
    {0xa5178fff668ae0b6, 0x626e974dbe39a872}, /* 1e-266 */
    {0xce5d73ff402d98e3, 0xfb0a3d212dc8128f}, /* 1e-265 */
    {0x80fa687f881c7f8e, 0x7ce66634bc9d0b99}, /* 1e-264 */
    {0xa139029f6a239f72, 0x1c1fffc1ebc44e80}, /* 1e-263 */
    {0xc987434744ac874e, 0xa327ffb266b56220}, /* 1e-262 */
    {0xfbe9141915d7a922, 0x4bf1ff9f0062baa8}, /* 1e-261 */
    {0x9d71ac8fada6c9b5, 0x6f773fc3603db4a9}, /* 1e-260 */
    {0xc4ce17b399107c22, 0xcb550fb4384d21d3}, /* 1e-259 */
    {0xf6019da07f549b2b, 0x7e2a53a146606a48}, /* 1e-258 */
    {0x99c102844f94e0fb, 0x2eda7444cbfc426d}, /* 1e-257 */
    {0xc0314325637a1939, 0xfa911155fefb5308}, /* 1e-256 */
    {0xf03d93eebc589f88, 0x793555ab7eba27ca}, /* 1e-255 */
    {0x96267c7535b763b5, 0x4bc1558b2f3458de}, /* 1e-254 */
    {0xbbb01b9283253ca2, 0x9eb1aaedfb016f16}, /* 1e-253 */
    {0xea9c227723ee8bcb, 0x465e15a979c1cadc}, /* 1e-252 */
    {0x92a1958a7675175f, 0x0bfacd89ec191ec9}, /* 1e-251 */
    {0xb749faed14125d36, 0xcef980ec671f667b}, /* 1e-250 */
    {0xe51c79a85916f484, 0x82b7e12780e7401a}, /* 1e-249 */
    {0x8f31cc0937ae58d2, 0xd1b2ecb8b0908810}, /* 1e-248 */
    {0xb2fe3f0b8599ef07, 0x861fa7e6dcb4aa15}, /* 1e-247 */
    {0xdfbdcece67006ac9, 0x67a791e093e1d49a}, /* 1e-246 */
    {0x8bd6a141006042bd, 0xe0c8bb2c5c6d24e0}, /* 1e-245 */
    {0xaecc49914078536d, 0x58fae9f773886e18}, /* 1e-244 */
    {0xda7f5bf590966848, 0xaf39a475506a899e}, /* 1e-243 */
    {0x888f99797a5e012d, 0x6d8406c952429603}, /* 1e-242 */
    {0xaab37fd7d8f58178, 0xc8e5087ba6d33b83}, /* 1e-241 */
    {0xd5605fcdcf32e1d6, 0xfb1e4a9a90880a64}, /* 1e-240 */
    {0x855c3be0a17fcd26, 0x5cf2eea09a55067f}, /* 1e-239 */
    {0xa6b34ad8c9dfc06f, 0xf42faa48c0ea481e}, /* 1e-238 */
    {0xd0601d8efc57b08b, 0xf13b94daf124da26}, /* 1e-237 */
    {0x823c12795db6ce57, 0x76c53d08d6b70858}, /* 1e-236 */
    {0xa2cb1717b52481ed, 0x54768c4b0c64ca6e}, /* 1e-235 */
    {0xcb7ddcdda26da268, 0xa9942f5dcf7dfd09}, /* 1e-234 */
    {0xfe5d54150b090b02, 0xd3f93b35435d7c4c}, /* 1e-233 */
    {0x9efa548d26e5a6e1, 0xc47bc5014a1a6daf}, /* 1e-232 */
    {0xc6b8e9b0709f109a, 0x359ab6419ca1091b}, /* 1e-231 */
    {0xf867241c8cc6d4c0, 0xc30163d203c94b62}, /* 1e-230 */
    {0x9b407691d7fc44f8, 0x79e0de63425dcf1d}, /* 1e-229 */
    {0xc21094364dfb5636, 0x985915fc12f542e4}, /* 1e-228 */
    {0xf294b943e17a2bc4, 0x3e6f5b7b17b2939d}, /* 1e-227 */
    {0x979cf3ca6cec5b5a, 0xa705992ceecf9c42}, /* 1e-226 */
    {0xbd8430bd08277231, 0x50c6ff782a838353}, /* 1e-225 */
    {0xece53cec4a314ebd, 0xa4f8bf5635246428}, /* 1e-224 */
    {0x940f4613ae5ed136, 0x871b7795e136be99}, /* 1e-223 */
    {0xb913179899f68584, 0x28e2557b59846e3f}, /* 1e-222 */
    {0xe757dd7ec07426e5, 0x331aeada2fe589cf}, /* 1e-221 */
    {0x9096ea6f3848984f, 0x3ff0d2c85def7621}, /* 1e-220 */
    {0xb4bca50b065abe63, 0x0fed077a756b53a9}, /* 1e-219 */
    {0xe1ebce4dc7f16dfb, 0xd3e8495912c62894}, /* 1e-218 */
    {0x8d3360f09cf6e4bd, 0x64712dd7abbbd95c}, /* 1e-217 */
    {0xb080392cc4349dec, 0xbd8d794d96aacfb3}, /* 1e-216 */
    {0xdca04777f541c567, 0xecf0d7a0fc5583a0}, /* 1e-215 */
    {0x89e42caaf9491b60, 0xf41686c49db57244}, /* 1e-214 */
    {0xac5d37d5b79b6239, 0x311c2875c522ced5}, /* 1e-213 */
    {0xd77485cb25823ac7, 0x7d633293366b828b}, /* 1e-212 */
    {0x86a8d39ef77164bc, 0xae5dff9c02033197}, /* 1e-211 */
    {0xa8530886b54dbdeb, 0xd9f57f830283fdfc}, /* 1e-210 */
    {0xd267caa862a12d66, 0xd072df63c324fd7b}, /* 1e-209 */
    {0x8380dea93da4bc60, 0x4247cb9e59f71e6d}, /* 1e-208 */
    {0xa46116538d0deb78, 0x52d9be85f074e608}, /* 1e-207 */
    {0xcd795be870516656, 0x67902e276c921f8b}, /* 1e-206 */
    {0x806bd9714632dff6, 0x00ba1cd8a3db53b6}, /* 1e-205 */
    {0xa086cfcd97bf97f3, 0x80e8a40eccd228a4}, /* 1e-204 */
    {0xc8a883c0fdaf7df0, 0x6122cd128006b2cd}, /* 1e-203 */
    {0xfad2a4b13d1b5d6c, 0x796b805720085f81}, /* 1e-202 */
    {0x9cc3a6eec6311a63, 0xcbe3303674053bb0}, /* 1e-201 */
    {0xc3f490aa77bd60fc, 0xbedbfc4411068a9c}, /* 1e-200 */
    {0xf4f1b4d515acb93b, 0xee92fb5515482d44}, /* 1e-199 */
    {0x991711052d8bf3c5, 0x751bdd152d4d1c4a}, /* 1e-198 */
    {0xbf5cd54678eef0b6, 0xd262d45a78a0635d}, /* 1e-197 */
    {0xef340a98172aace4, 0x86fb897116c87c34}, /* 1e-196 */
    {0x9580869f0e7aac0e, 0xd45d35e6ae3d4da0}, /* 1e-195 */
    {0xbae0a846d2195712, 0x8974836059cca109}, /* 1e-194 */
    {0xe998d258869facd7, 0x2bd1a438703fc94b}, /* 1e-193 */
    {0x91ff83775423cc06, 0x7b6306a34627ddcf}, /* 1e-192 */
    {0xb67f6455292cbf08, 0x1a3bc84c17b1d542}, /* 1e-191 */
    {0xe41f3d6a7377eeca, 0x20caba5f1d9e4a93}, /* 1e-190 */
    {0x8e938662882af53e, 0x547eb47b7282ee9c}, /* 1e-189 */
    {0xb23867fb2a35b28d, 0xe99e619a4f23aa43}, /* 1e-188 */
    {0xdec681f9f4c31f31, 0x6405fa00e2ec94d4}, /* 1e-187 */
    {0x8b3c113c38f9f37e, 0xde83bc408dd3dd04}, /* 1e-186 */
    {0xae0b158b4738705e, 0x9624ab50b148d445}, /* 1e-185 */
    {0xd98ddaee19068c76, 0x3badd624dd9b0957}, /* 1e-184 */
    {0x87f8a8d4cfa417c9, 0xe54ca5d70a80e5d6}, /* 1e-183 */
    {0xa9f6d30a038d1dbc, 0x5e9fcf4ccd211f4c}, /* 1e-182 */
    {0xd47487cc8470652b, 0x7647c3200069671f}, /* 1e-181 */
    {0x84c8d4dfd2c63f3b, 0x29ecd9f40041e073}, /* 1e-180 */
    {0xa5fb0a17c777cf09, 0xf468107100525890}, /* 1e-179 */
    {0xcf79cc9db955c2cc, 0x7182148d4066eeb4}, /* 1e-178 */
    {0x81ac1fe293d599bf, 0xc6f14cd848405530}, /* 1e-177 */
    {0xa21727db38cb002f, 0xb8ada00e5a506a7c}, /* 1e-176 */
    {0xca9cf1d206fdc03b, 0xa6d90811f0e4851c}, /* 1e-175 */
    {0xfd442e4688bd304a, 0x908f4a166d1da663}, /* 1e-174 */
    {0x9e4a9cec15763e2e, 0x9a598e4e043287fe}, /* 1e-173 */
    {0xc5dd44271ad3cdba, 0x40eff1e1853f29fd}, /* 1e-172 */
    {0xf7549530e188c128, 0xd12bee59e68ef47c}, /* 1e-171 */
    {0x9a94dd3e8cf578b9, 0x82bb74f8301958ce}, /* 1e-170 */
    {0xc13a148e3032d6e7, 0xe36a52363c1faf01}, /* 1e-169 */
    {0xf18899b1bc3f8ca1, 0xdc44e6c3cb279ac1}, /* 1e-168 */
    {0x96f5600f15a7b7e5, 0x29ab103a5ef8c0b9}, /* 1e-167 */
    {0xbcb2b812db11a5de, 0x7415d448f6b6f0e7}, /* 1e-166 */
    {0xebdf661791d60f56, 0x111b495b3464ad21}, /* 1e-165 */
    {0x936b9fcebb25c995, 0xcab10dd900beec34}, /* 1e-164 */
    {0xb84687c269ef3bfb, 0x3d5d514f40eea742}, /* 1e-163 */
    {0xe65829b3046b0afa, 0x0cb4a5a3112a5112}, /* 1e-162 */
    {0x8ff71a0fe2c2e6dc, 0x47f0e785eaba72ab}, /* 1e-161 */
    {0xb3f4e093db73a093, 0x59ed216765690f56}, /* 1e-160 */
    {0xe0f218b8d25088b8, 0x306869c13ec3532c}, /* 1e-159 */
    {0x8c974f7383725573, 0x1e414218c73a13fb}, /* 1e-158 */
    {0xafbd2350644eeacf, 0xe5d1929ef90898fa}, /* 1e-157 */
    {0xdbac6c247d62a583, 0xdf45f746b74abf39}, /* 1e-156 */
    {0x894bc396ce5da772, 0x6b8bba8c328eb783}, /* 1e-155 */
    {0xab9eb47c81f5114f, 0x066ea92f3f326564}, /* 1e-154 */
    {0xd686619ba27255a2, 0xc80a537b0efefebd}, /* 1e-153 */
    {0x8613fd0145877585, 0xbd06742ce95f5f36}, /* 1e-152 */
    {0xa798fc4196e952e7, 0x2c48113823b73704}, /* 1e-151 */
    {0xd17f3b51fca3a7a0, 0xf75a15862ca504c5}, /* 1e-150 */
    {0x82ef85133de648c4, 0x9a984d73dbe722fb}, /* 1e-149 */
    {0xa3ab66580d5fdaf5, 0xc13e60d0d2e0ebba}, /* 1e-148 */
    {0xcc963fee10b7d1b3, 0x318df905079926a8}, /* 1e-147 */
    {0xffbbcfe994e5c61f, 0xfdf17746497f7052}, /* 1e-146 */
    {0x9fd561f1fd0f9bd3, 0xfeb6ea8bedefa633}, /* 1e-145 */
    {0xc7caba6e7c5382c8, 0xfe64a52ee96b8fc0}, /* 1e-144 */
    {0xf9bd690a1b68637b, 0x3dfdce7aa3c673b0}, /* 1e-143 */
    {0x9c1661a651213e2d, 0x06bea10ca65c084e}, /* 1e-142 */
    {0xc31bfa0fe5698db8, 0x486e494fcff30a62}, /* 1e-141 */
    {0xf3e2f893dec3f126, 0x5a89dba3c3efccfa}, /* 1e-140 */
    {0x986ddb5c6b3a76b7, 0xf89629465a75e01c}, /* 1e-139 */
    {0xbe89523386091465, 0xf6bbb397f1135823}, /* 1e-138 */
    {0xee2ba6c0678b597f, 0x746aa07ded582e2c}, /* 1e-137 */
    {0x94db483840b717ef, 0xa8c2a44eb4571cdc}, /* 1e-136 */
    {0xba121a4650e4ddeb, 0x92f34d62616ce413}, /* 1e-135 */
    {0xe896a0d7e51e1566, 0x77b020baf9c81d17}, /* 1e-134 */
    {0x915e2486ef32cd60, 0x0ace1474dc1d122e}, /* 1e-133 */
    {0xb5b5ada8aaff80b8, 0x0d819992132456ba}, /* 1e-132 */
    {0xe3231912d5bf60e6, 0x10e1fff697ed6c69}, /* 1e-131 */
    {0x8df5efabc5979c8f, 0xca8d3ffa1ef463c1}, /* 1e-130 */
    {0xb1736b96b6fd83b3, 0xbd308ff8a6b17cb2}, /* 1e-129 */
    {0xddd0467c64bce4a0, 0xac7cb3f6d05ddbde}, /* 1e-128 */
    {0x8aa22c0dbef60ee4, 0x6bcdf07a423aa96b}, /* 1e-127 */
    {0xad4ab7112eb3929d, 0x86c16c98d2c953c6}, /* 1e-126 */
    {0xd89d64d57a607744, 0xe871c7bf077ba8b7}, /* 1e-125 */
    {0x87625f056c7c4a8b, 0x11471cd764ad4972}, /* 1e-124 */
    {0xa93af6c6c79b5d2d, 0xd598e40d3dd89bcf}, /* 1e-123 */
    {0xd389b47879823479, 0x4aff1d108d4ec2c3}, /* 1e-122 */
    {0x843610cb4bf160cb, 0xcedf722a585139ba}, /* 1e-121 */
    {0xa54394fe1eedb8fe, 0xc2974eb4ee658828}, /* 1e-120 */
    {0xce947a3da6a9273e, 0x733d226229feea32}, /* 1e-119 */
    {0x811ccc668829b887, 0x0806357d5a3f525f}, /* 1e-118 */
    {0xa163ff802a3426a8, 0xca07c2dcb0cf26f7}, /* 1e-117 */
    {0xc9bcff6034c13052, 0xfc89b393dd02f0b5}, /* 1e-116 */
    {0xfc2c3f3841f17c67, 0xbbac2078d443ace2}, /* 1e-115 */
    {0x9d9ba7832936edc0, 0xd54b944b84aa4c0d}, /* 1e-114 */
    {0xc5029163f384a931, 0x0a9e795e65d4df11}, /* 1e-113 */
    {0xf64335bcf065d37d, 0x4d4617b5ff4a16d5}, /* 1e-112 */
    {0x99ea0196163fa42e, 0x504bced1bf8e4e45}, /* 1e-111 */
    {0xc06481fb9bcf8d39, 0xe45ec2862f71e1d6}, /* 1e-110 */
    {0xf07da27a82c37088, 0x5d767327bb4e5a4c}, /* 1e-109 */
    {0x964e858c91ba2655, 0x3a6a07f8d510f86f}, /* 1e-108 */
    {0xbbe226efb628afea, 0x890489f70a55368b}, /* 1e-107 */
    {0xeadab0aba3b2dbe5, 0x2b45ac74ccea842e}, /* 1e-106 */
    {0x92c8ae6b464fc96f, 0x3b0b8bc90012929d}, /* 1e-105 */
    {0xb77ada0617e3bbcb, 0x09ce6ebb40173744}, /* 1e-104 */
    {0xe55990879ddcaabd, 0xcc420a6a101d0515}, /* 1e-103 */
    {0x8f57fa54c2a9eab6, 0x9fa946824a12232d}, /* 1e-102 */
    {0xb32df8e9f3546564, 0x47939822dc96abf9}, /* 1e-101 */
    {0xdff9772470297ebd, 0x59787e2b93bc56f7}, /* 1e-100 */
    {0x8bfbea76c619ef36, 0x57eb4edb3c55b65a}, /* 1e-99 */
    {0xaefae51477a06b03, 0xede622920b6b23f1}, /* 1e-98 */
    {0xdab99e59958885c4, 0xe95fab368e45eced}, /* 1e-97 */
    {0x88b402f7fd75539b, 0x11dbcb0218ebb414}, /* 1e-96 */
    {0xaae103b5fcd2a881, 0xd652bdc29f26a119}, /* 1e-95 */
    {0xd59944a37c0752a2, 0x4be76d3346f0495f}, /* 1e-94 */
    {0x857fcae62d8493a5, 0x6f70a4400c562ddb}, /* 1e-93 */
    {0xa6dfbd9fb8e5b88e, 0xcb4ccd500f6bb952}, /* 1e-92 */
    {0xd097ad07a71f26b2, 0x7e2000a41346a7a7}, /* 1e-91 */
    {0x825ecc24c873782f, 0x8ed400668c0c28c8}, /* 1e-90 */
    {0xa2f67f2dfa90563b, 0x728900802f0f32fa}, /* 1e-89 */
    {0xcbb41ef979346bca, 0x4f2b40a03ad2ffb9}, /* 1e-88 */
    {0xfea126b7d78186bc, 0xe2f610c84987bfa8}, /* 1e-87 */
    {0x9f24b832e6b0f436, 0x0dd9ca7d2df4d7c9}, /* 1e-86 */
    {0xc6ede63fa05d3143, 0x91503d1c79720dbb}, /* 1e-85 */
    {0xf8a95fcf88747d94, 0x75a44c6397ce912a}, /* 1e-84 */
    {0x9b69dbe1b548ce7c, 0xc986afbe3ee11aba}, /* 1e-83 */
    {0xc24452da229b021b, 0xfbe85badce996168}, /* 1e-82 */
    {0xf2d56790ab41c2a2, 0xfae27299423fb9c3}, /* 1e-81 */
    {0x97c560ba6b0919a5, 0xdccd879fc967d41a}, /* 1e-80 */
    {0xbdb6b8e905cb600f, 0x5400e987bbc1c920}, /* 1e-79 */
    {0xed246723473e3813, 0x290123e9aab23b68}, /* 1e-78 */
    {0x9436c0760c86e30b, 0xf9a0b6720aaf6521}, /* 1e-77 */
    {0xb94470938fa89bce, 0xf808e40e8d5b3e69}, /* 1e-76 */
    {0xe7958cb87392c2c2, 0xb60b1d1230b20e04}, /* 1e-75 */
    {0x90bd77f3483bb9b9, 0xb1c6f22b5e6f48c2}, /* 1e-74 */
    {0xb4ecd5f01a4aa828, 0x1e38aeb6360b1af3}, /* 1e-73 */
    {0xe2280b6c20dd5232, 0x25c6da63c38de1b0}, /* 1e-72 */
    {0x8d590723948a535f, 0x579c487e5a38ad0e}, /* 1e-71 */
    {0xb0af48ec79ace837, 0x2d835a9df0c6d851}, /* 1e-70 */
    {0xdcdb1b2798182244, 0xf8e431456cf88e65}, /* 1e-69 */
    {0x8a08f0f8bf0f156b, 0x1b8e9ecb641b58ff}, /* 1e-68 */
    {0xac8b2d36eed2dac5, 0xe272467e3d222f3f}, /* 1e-67 */
    {0xd7adf884aa879177, 0x5b0ed81dcc6abb0f}, /* 1e-66 */
    {0x86ccbb52ea94baea, 0x98e947129fc2b4e9}, /* 1e-65 */
    {0xa87fea27a539e9a5, 0x3f2398d747b36224}, /* 1e-64 */
    {0xd29fe4b18e88640e, 0x8eec7f0d19a03aad}, /* 1e-63 */
    {0x83a3eeeef9153e89, 0x1953cf68300424ac}, /* 1e-62 */
    {0xa48ceaaab75a8e2b, 0x5fa8c3423c052dd7}, /* 1e-61 */
    {0xcdb02555653131b6, 0x3792f412cb06794d}, /* 1e-60 */
    {0x808e17555f3ebf11, 0xe2bbd88bbee40bd0}, /* 1e-59 */
    {0xa0b19d2ab70e6ed6, 0x5b6aceaeae9d0ec4}, /* 1e-58 */
    {0xc8de047564d20a8b, 0xf245825a5a445275}, /* 1e-57 */
    {0xfb158592be068d2e, 0xeed6e2f0f0d56712}, /* 1e-56 */
    {0x9ced737bb6c4183d, 0x55464dd69685606b}, /* 1e-55 */
    {0xc428d05aa4751e4c, 0xaa97e14c3c26b886}, /* 1e-54 */
    {0xf53304714d9265df, 0xd53dd99f4b3066a8}, /* 1e-53 */
    {0x993fe2c6d07b7fab, 0xe546a8038efe4029}, /* 1e-52 */
    {0xbf8fdb78849a5f96, 0xde98520472bdd033}, /* 1e-51 */
    {0xef73d256a5c0f77c, 0x963e66858f6d4440}, /* 1e-50 */
    {0x95a8637627989aad, 0xdde7001379a44aa8}, /* 1e-49 */
    {0xbb127c53b17ec159, 0x5560c018580d5d52}, /* 1e-48 */
    {0xe9d71b689dde71af, 0xaab8f01e6e10b4a6}, /* 1e-47 */
    {0x9226712162ab070d, 0xcab3961304ca70e8}, /* 1e-46 */
    {0xb6b00d69bb55c8d1, 0x3d607b97c5fd0d22}, /* 1e-45 */
    {0xe45c10c42a2b3b05, 0x8cb89a7db77c506a}, /* 1e-44 */
    {0x8eb98a7a9a5b04e3, 0x77f3608e92adb242}, /* 1e-43 */
    {0xb267ed1940f1c61c, 0x55f038b237591ed3}, /* 1e-42 */
    {0xdf01e85f912e37a3, 0x6b6c46dec52f6688}, /* 1e-41 */
    {0x8b61313bbabce2c6, 0x2323ac4b3b3da015}, /* 1e-40 */
    {0xae397d8aa96c1b77, 0xabec975e0a0d081a}, /* 1e-39 */
    {0xd9c7dced53c72255, 0x96e7bd358c904a21}, /* 1e-38 */
    {0x881cea14545c7575, 0x7e50d64177da2e54}, /* 1e-37 */
    {0xaa242499697392d2, 0xdde50bd1d5d0b9e9}, /* 1e-36 */
    {0xd4ad2dbfc3d07787, 0x955e4ec64b44e864}, /* 1e-35 */
    {0x84ec3c97da624ab4, 0xbd5af13bef0b113e}, /* 1e-34 */
    {0xa6274bbdd0fadd61, 0xecb1ad8aeacdd58e}, /* 1e-33 */
    {0xcfb11ead453994ba, 0x67de18eda5814af2}, /* 1e-32 */
    {0x81ceb32c4b43fcf4, 0x80eacf948770ced7}, /* 1e-31 */
    {0xa2425ff75e14fc31, 0xa1258379a94d028d}, /* 1e-30 */
    {0xcad2f7f5359a3b3e, 0x096ee45813a04330}, /* 1e-29 */
    {0xfd87b5f28300ca0d, 0x8bca9d6e188853fc}, /* 1e-28 */
    {0x9e74d1b791e07e48, 0x775ea264cf55347d}, /* 1e-27 */
    {0xc612062576589dda, 0x95364afe032a819d}, /* 1e-26 */
    {0xf79687aed3eec551, 0x3a83ddbd83f52204}, /* 1e-25 */
    {0x9abe14cd44753b52, 0xc4926a9672793542}, /* 1e-24 */
    {0xc16d9a0095928a27, 0x75b7053c0f178293}, /* 1e-23 */
    {0xf1c90080baf72cb1, 0x5324c68b12dd6338}, /* 1e-22 */
    {0x971da05074da7bee, 0xd3f6fc16ebca5e03}, /* 1e-21 */
    {0xbce5086492111aea, 0x88f4bb1ca6bcf584}, /* 1e-20 */
    {0xec1e4a7db69561a5, 0x2b31e9e3d06c32e5}, /* 1e-19 */
    {0x9392ee8e921d5d07, 0x3aff322e62439fcf}, /* 1e-18 */
    {0xb877aa3236a4b449, 0x09befeb9fad487c2}, /* 1e-17 */
    {0xe69594bec44de15b, 0x4c2ebe687989a9b3}, /* 1e-16 */
    {0x901d7cf73ab0acd9, 0x0f9d37014bf60a10}, /* 1e-15 */
    {0xb424dc35095cd80f, 0x538484c19ef38c94}, /* 1e-14 */
    {0xe12e13424bb40e13, 0x2865a5f206b06fb9}, /* 1e-13 */
    {0x8cbccc096f5088cb, 0xf93f87b7442e45d3}, /* 1e-12 */
    {0xafebff0bcb24aafe, 0xf78f69a51539d748}, /* 1e-11 */
    {0xdbe6fecebdedd5be, 0xb573440e5a884d1b}, /* 1e-10 */
    {0x89705f4136b4a597, 0x31680a88f8953030}, /* 1e-9 */
    {0xabcc77118461cefc, 0xfdc20d2b36ba7c3d}, /* 1e-8 */
    {0xd6bf94d5e57a42bc, 0x3d32907604691b4c}, /* 1e-7 */
    {0x8637bd05af6c69b5, 0xa63f9a49c2c1b10f}, /* 1e-6 */
    {0xa7c5ac471b478423, 0x0fcf80dc33721d53}, /* 1e-5 */
    {0xd1b71758e219652b, 0xd3c36113404ea4a8}, /* 1e-4 */
    {0x83126e978d4fdf3b, 0x645a1cac083126e9}, /* 1e-3 */
    {0xa3d70a3d70a3d70a, 0x3d70a3d70a3d70a3}, /* 1e-2 */
    {0xcccccccccccccccc, 0xcccccccccccccccc}, /* 1e-1 */
    {0x8000000000000000, 0x0000000000000000}, /* 1e0 */
    {0xa000000000000000, 0x0000000000000000}, /* 1e1 */
    {0xc800000000000000, 0x0000000000000000}, /* 1e2 */
    {0xfa00000000000000, 0x0000000000000000}, /* 1e3 */
    {0x9c40000000000000, 0x0000000000000000}, /* 1e4 */
    {0xc350000000000000, 0x0000000000000000}, /* 1e5 */
    {0xf424000000000000, 0x0000000000000000}, /* 1e6 */
    {0x9896800000000000, 0x0000000000000000}, /* 1e7 */
    {0xbebc200000000000, 0x0000000000000000}, /* 1e8 */
    {0xee6b280000000000, 0x0000000000000000}, /* 1e9 */
    {0x9502f90000000000, 0x0000000000000000}, /* 1e10 */
    {0xba43b74000000000, 0x0000000000000000}, /* 1e11 */
    {0xe8d4a51000000000, 0x0000000000000000}, /* 1e12 */
    {0x9184e72a00000000, 0x0000000000000000}, /* 1e13 */
    {0xb5e620f480000000, 0x0000000000000000}, /* 1e14 */
    {0xe35fa931a0000000, 0x0000000000000000}, /* 1e15 */
    {0x8e1bc9bf04000000, 0x0000000000000000}, /* 1e16 */
    {0xb1a2bc2ec5000000, 0x0000000000000000}, /* 1e17 */
    {0xde0b6b3a76400000, 0x0000000000000000}, /* 1e18 */
    {0x8ac7230489e80000, 0x0000000000000000}, /* 1e19 */
    {0xad78ebc5ac620000, 0x0000000000000000}, /* 1e20 */
    {0xd8d726b7177a8000, 0x0000000000000000}, /* 1e21 */
    {0x878678326eac9000, 0x0000000000000000}, /* 1e22 */
    {0xa968163f0a57b400, 0x0000000000000000}, /* 1e23 */
    {0xd3c21bcecceda100, 0x0000000000000000}, /* 1e24 */
    {0x84595161401484a0, 0x0000000000000000}, /* 1e25 */
    {0xa56fa5b99019a5c8, 0x0000000000000000}, /* 1e26 */
    {0xcecb8f27f4200f3a, 0x0000000000000000}, /* 1e27 */
    {0x813f3978f8940984, 0x4000000000000000}, /* 1e28 */
    {0xa18f07d736b90be5, 0x5000000000000000}, /* 1e29 */
    {0xc9f2c9cd04674ede, 0xa400000000000000}, /* 1e30 */
    {0xfc6f7c4045812296, 0x4d00000000000000}, /* 1e31 */
    {0x9dc5ada82b70b59d, 0xf020000000000000}, /* 1e32 */
    {0xc5371912364ce305, 0x6c28000000000000}, /* 1e33 */
    {0xf684df56c3e01bc6, 0xc732000000000000}, /* 1e34 */
    {0x9a130b963a6c115c, 0x3c7f400000000000}, /* 1e35 */
    {0xc097ce7bc90715b3, 0x4b9f100000000000}, /* 1e36 */
    {0xf0bdc21abb48db20, 0x1e86d40000000000}, /* 1e37 */
    {0x96769950b50d88f4, 0x1314448000000000}, /* 1e38 */
    {0xbc143fa4e250eb31, 0x17d955a000000000}, /* 1e39 */
    {0xeb194f8e1ae525fd, 0x5dcfab0800000000}, /* 1e40 */
    {0x92efd1b8d0cf37be, 0x5aa1cae500000000}, /* 1e41 */
    {0xb7abc627050305ad, 0xf14a3d9e40000000}, /* 1e42 */
    {0xe596b7b0c643c719, 0x6d9ccd05d0000000}, /* 1e43 */
    {0x8f7e32ce7bea5c6f, 0xe4820023a2000000}, /* 1e44 */
    {0xb35dbf821ae4f38b, 0xdda2802c8a800000}, /* 1e45 */
    {0xe0352f62a19e306e, 0xd50b2037ad200000}, /* 1e46 */
    {0x8c213d9da502de45, 0x4526f422cc340000}, /* 1e47 */
    {0xaf298d050e4395d6, 0x9670b12b7f410000}, /* 1e48 */
    {0xdaf3f04651d47b4c, 0x3c0cdd765f114000}, /* 1e49 */
    {0x88d8762bf324cd0f, 0xa5880a69fb6ac800}, /* 1e50 */
    {0xab0e93b6efee0053, 0x8eea0d047a457a00}, /* 1e51 */
    {0xd5d238a4abe98068, 0x72a4904598d6d880}, /* 1e52 */
    {0x85a36366eb71f041, 0x47a6da2b7f864750}, /* 1e53 */
    {0xa70c3c40a64e6c51, 0x999090b65f67d924}, /* 1e54 */
    {0xd0cf4b50cfe20765, 0xfff4b4e3f741cf6d}, /* 1e55 */
    {0x82818f1281ed449f, 0xbff8f10e7a8921a4}, /* 1e56 */
    {0xa321f2d7226895c7, 0xaff72d52192b6a0d}, /* 1e57 */
    {0xcbea6f8ceb02bb39, 0x9bf4f8a69f764490}, /* 1e58 */
    {0xfee50b7025c36a08, 0x02f236d04753d5b4}, /* 1e59 */
    {0x9f4f2726179a2245, 0x01d762422c946590}, /* 1e60 */
    {0xc722f0ef9d80aad6, 0x424d3ad2b7b97ef5}, /* 1e61 */
    {0xf8ebad2b84e0d58b, 0xd2e0898765a7deb2}, /* 1e62 */
    {0x9b934c3b330c8577, 0x63cc55f49f88eb2f}, /* 1e63 */
    {0xc2781f49ffcfa6d5, 0x3cbf6b71c76b25fb}, /* 1e64 */
    {0xf316271c7fc3908a, 0x8bef464e3945ef7a}, /* 1e65 */
    {0x97edd871cfda3a56, 0x97758bf0e3cbb5ac}, /* 1e66 */
    {0xbde94e8e43d0c8ec, 0x3d52eeed1cbea317}, /* 1e67 */
    {0xed63a231d4c4fb27, 0x4ca7aaa863ee4bdd}, /* 1e68 */
    {0x945e455f24fb1cf8, 0x8fe8caa93e74ef6a}, /* 1e69 */
    {0xb975d6b6ee39e436, 0xb3e2fd538e122b44}, /* 1e70 */
    {0xe7d34c64a9c85d44, 0x60dbbca87196b616}, /* 1e71 */
    {0x90e40fbeea1d3a4a, 0xbc8955e946fe31cd}, /* 1e72 */
    {0xb51d13aea4a488dd, 0x6babab6398bdbe41}, /* 1e73 */
    {0xe264589a4dcdab14, 0xc696963c7eed2dd1}, /* 1e74 */
    {0x8d7eb76070a08aec, 0xfc1e1de5cf543ca2}, /* 1e75 */
    {0xb0de65388cc8ada8, 0x3b25a55f43294bcb}, /* 1e76 */
    {0xdd15fe86affad912, 0x49ef0eb713f39ebe}, /* 1e77 */
    {0x8a2dbf142dfcc7ab, 0x6e3569326c784337}, /* 1e78 */
    {0xacb92ed9397bf996, 0x49c2c37f07965404}, /* 1e79 */
    {0xd7e77a8f87daf7fb, 0xdc33745ec97be906}, /* 1e80 */
    {0x86f0ac99b4e8dafd, 0x69a028bb3ded71a3}, /* 1e81 */
    {0xa8acd7c0222311bc, 0xc40832ea0d68ce0c}, /* 1e82 */
    {0xd2d80db02aabd62b, 0xf50a3fa490c30190}, /* 1e83 */
    {0x83c7088e1aab65db, 0x792667c6da79e0fa}, /* 1e84 */
    {0xa4b8cab1a1563f52, 0x577001b891185938}, /* 1e85 */
    {0xcde6fd5e09abcf26, 0xed4c0226b55e6f86}, /* 1e86 */
    {0x80b05e5ac60b6178, 0x544f8158315b05b4}, /* 1e87 */
    {0xa0dc75f1778e39d6, 0x696361ae3db1c721}, /* 1e88 */
    {0xc913936dd571c84c, 0x03bc3a19cd1e38e9}, /* 1e89 */
    {0xfb5878494ace3a5f, 0x04ab48a04065c723}, /* 1e90 */
    {0x9d174b2dcec0e47b, 0x62eb0d64283f9c76}, /* 1e91 */
    {0xc45d1df942711d9a, 0x3ba5d0bd324f8394}, /* 1e92 */
    {0xf5746577930d6500, 0xca8f44ec7ee36479}, /* 1e93 */
    {0x9968bf6abbe85f20, 0x7e998b13cf4e1ecb}, /* 1e94 */
    {0xbfc2ef456ae276e8, 0x9e3fedd8c321a67e}, /* 1e95 */
    {0xefb3ab16c59b14a2, 0xc5cfe94ef3ea101e}, /* 1e96 */
    {0x95d04aee3b80ece5, 0xbba1f1d158724a12}, /* 1e97 */
    {0xbb445da9ca61281f, 0x2a8a6e45ae8edc97}, /* 1e98 */
    {0xea1575143cf97226, 0xf52d09d71a3293bd}, /* 1e99 */
    {0x924d692ca61be758, 0x593c2626705f9c56}, /* 1e100 */
    {0xb6e0c377cfa2e12e, 0x6f8b2fb00c77836c}, /* 1e101 */
    {0xe498f455c38b997a, 0x0b6dfb9c0f956447}, /* 1e102 */
    {0x8edf98b59a373fec, 0x4724bd4189bd5eac}, /* 1e103 */
    {0xb2977ee300c50fe7, 0x58edec91ec2cb657}, /* 1e104 */
    {0xdf3d5e9bc0f653e1, 0x2f2967b66737e3ed}, /* 1e105 */
    {0x8b865b215899f46c, 0xbd79e0d20082ee74}, /* 1e106 */
    {0xae67f1e9aec07187, 0xecd8590680a3aa11}, /* 1e107 */
    {0xda01ee641a708de9, 0xe80e6f4820cc9495}, /* 1e108 */
    {0x884134fe908658b2, 0x3109058d147fdcdd}, /* 1e109 */
    {0xaa51823e34a7eede, 0xbd4b46f0599fd415}, /* 1e110 */
    {0xd4e5e2cdc1d1ea96, 0x6c9e18ac7007c91a}, /* 1e111 */
    {0x850fadc09923329e, 0x03e2cf6bc604ddb0}, /* 1e112 */
    {0xa6539930bf6bff45, 0x84db8346b786151c}, /* 1e113 */
    {0xcfe87f7cef46ff16, 0xe612641865679a63}, /* 1e114 */
    {0x81f14fae158c5f6e, 0x4fcb7e8f3f60c07e}, /* 1e115 */
    {0xa26da3999aef7749, 0xe3be5e330f38f09d}, /* 1e116 */
    {0xcb090c8001ab551c, 0x5cadf5bfd3072cc5}, /* 1e117 */
    {0xfdcb4fa002162a63, 0x73d9732fc7c8f7f6}, /* 1e118 */
    {0x9e9f11c4014dda7e, 0x2867e7fddcdd9afa}, /* 1e119 */
    {0xc646d63501a1511d, 0xb281e1fd541501b8}, /* 1e120 */
    {0xf7d88bc24209a565, 0x1f225a7ca91a4226}, /* 1e121 */
    {0x9ae757596946075f, 0x3375788de9b06958}, /* 1e122 */
    {0xc1a12d2fc3978937, 0x0052d6b1641c83ae}, /* 1e123 */
    {0xf209787bb47d6b84, 0xc0678c5dbd23a49a}, /* 1e124 */
    {0x9745eb4d50ce6332, 0xf840b7ba963646e0}, /* 1e125 */
    {0xbd176620a501fbff, 0xb650e5a93bc3d898}, /* 1e126 */
    {0xec5d3fa8ce427aff, 0xa3e51f138ab4cebe}, /* 1e127 */
    {0x93ba47c980e98cdf, 0xc66f336c36b10137}, /* 1e128 */
    {0xb8a8d9bbe123f017, 0xb80b0047445d4184}, /* 1e129 */
    {0xe6d3102ad96cec1d, 0xa60dc059157491e5}, /* 1e130 */
    {0x9043ea1ac7e41392, 0x87c89837ad68db2f}, /* 1e131 */
    {0xb454e4a179dd1877, 0x29babe4598c311fb}, /* 1e132 */
    {0xe16a1dc9d8545e94, 0xf4296dd6fef3d67a}, /* 1e133 */
    {0x8ce2529e2734bb1d, 0x1899e4a65f58660c}, /* 1e134 */
    {0xb01ae745b101e9e4, 0x5ec05dcff72e7f8f}, /* 1e135 */
    {0xdc21a1171d42645d, 0x76707543f4fa1f73}, /* 1e136 */
    {0x899504ae72497eba, 0x6a06494a791c53a8}, /* 1e137 */
    {0xabfa45da0edbde69, 0x0487db9d17636892}, /* 1e138 */
    {0xd6f8d7509292d603, 0x45a9d2845d3c42b6}, /* 1e139 */
    {0x865b86925b9bc5c2, 0x0b8a2392ba45a9b2}, /* 1e140 */
    {0xa7f26836f282b732, 0x8e6cac7768d7141e}, /* 1e141 */
    {0xd1ef0244af2364ff, 0x3207d795430cd926}, /* 1e142 */
    {0x8335616aed761f1f, 0x7f44e6bd49e807b8}, /* 1e143 */
    {0xa402b9c5a8d3a6e7, 0x5f16206c9c6209a6}, /* 1e144 */
    {0xcd036837130890a1, 0x36dba887c37a8c0f}, /* 1e145 */
    {0x802221226be55a64, 0xc2494954da2c9789}, /* 1e146 */
    {0xa02aa96b06deb0fd, 0xf2db9baa10b7bd6c}, /* 1e147 */
    {0xc83553c5c8965d3d, 0x6f92829494e5acc7}, /* 1e148 */
    {0xfa42a8b73abbf48c, 0xcb772339ba1f17f9}, /* 1e149 */
    {0x9c69a97284b578d7, 0xff2a760414536efb}, /* 1e150 */
    {0xc38413cf25e2d70d, 0xfef5138519684aba}, /* 1e151 */
    {0xf46518c2ef5b8cd1, 0x7eb258665fc25d69}, /* 1e152 */
    {0x98bf2f79d5993802, 0xef2f773ffbd97a61}, /* 1e153 */
    {0xbeeefb584aff8603, 0xaafb550ffacfd8fa}, /* 1e154 */
    {0xeeaaba2e5dbf6784, 0x95ba2a53f983cf38}, /* 1e155 */
    {0x952ab45cfa97a0b2, 0xdd945a747bf26183}, /* 1e156 */
    {0xba756174393d88df, 0x94f971119aeef9e4}, /* 1e157 */
    {0xe912b9d1478ceb17, 0x7a37cd5601aab85d}, /* 1e158 */
    {0x91abb422ccb812ee, 0xac62e055c10ab33a}, /* 1e159 */
    {0xb616a12b7fe617aa, 0x577b986b314d6009}, /* 1e160 */
    {0xe39c49765fdf9d94, 0xed5a7e85fda0b80b}, /* 1e161 */
    {0x8e41ade9fbebc27d, 0x14588f13be847307}, /* 1e162 */
    {0xb1d219647ae6b31c, 0x596eb2d8ae258fc8}, /* 1e163 */
    {0xde469fbd99a05fe3, 0x6fca5f8ed9aef3bb}, /* 1e164 */
    {0x8aec23d680043bee, 0x25de7bb9480d5854}, /* 1e165 */
    {0xada72ccc20054ae9, 0xaf561aa79a10ae6a}, /* 1e166 */
    {0xd910f7ff28069da4, 0x1b2ba1518094da04}, /* 1e167 */
    {0x87aa9aff79042286, 0x90fb44d2f05d0842}, /* 1e168 */
    {0xa99541bf57452b28, 0x353a1607ac744a53}, /* 1e169 */
    {0xd3fa922f2d1675f2, 0x42889b8997915ce8}, /* 1e170 */
    {0x847c9b5d7c2e09b7, 0x69956135febada11}, /* 1e171 */
    {0xa59bc234db398c25, 0x43fab9837e699095}, /* 1e172 */
    {0xcf02b2c21207ef2e, 0x94f967e45e03f4bb}, /* 1e173 */
    {0x8161afb94b44f57d, 0x1d1be0eebac278f5}, /* 1e174 */
    {0xa1ba1ba79e1632dc, 0x6462d92a69731732}, /* 1e175 */
    {0xca28a291859bbf93, 0x7d7b8f7503cfdcfe}, /* 1e176 */
    {0xfcb2cb35e702af78, 0x5cda735244c3d43e}, /* 1e177 */
    {0x9defbf01b061adab, 0x3a0888136afa64a7}, /* 1e178 */
    {0xc56baec21c7a1916, 0x088aaa1845b8fdd0}, /* 1e179 */
    {0xf6c69a72a3989f5b, 0x8aad549e57273d45}, /* 1e180 */
    {0x9a3c2087a63f6399, 0x36ac54e2f678864b}, /* 1e181 */
    {0xc0cb28a98fcf3c7f, 0x84576a1bb416a7dd}, /* 1e182 */
    {0xf0fdf2d3f3c30b9f, 0x656d44a2a11c51d5}, /* 1e183 */
    {0x969eb7c47859e743, 0x9f644ae5a4b1b325}, /* 1e184 */
    {0xbc4665b596706114, 0x873d5d9f0dde1fee}, /* 1e185 */
    {0xeb57ff22fc0c7959, 0xa90cb506d155a7ea}, /* 1e186 */
    {0x9316ff75dd87cbd8, 0x09a7f12442d588f2}, /* 1e187 */
    {0xb7dcbf5354e9bece, 0x0c11ed6d538aeb2f}, /* 1e188 */
    {0xe5d3ef282a242e81, 0x8f1668c8a86da5fa}, /* 1e189 */
    {0x8fa475791a569d10, 0xf96e017d694487bc}, /* 1e190 */
    {0xb38d92d760ec4455, 0x37c981dcc395a9ac}, /* 1e191 */
    {0xe070f78d3927556a, 0x85bbe253f47b1417}, /* 1e192 */
    {0x8c469ab843b89562, 0x93956d7478ccec8e}, /* 1e193 */
    {0xaf58416654a6babb, 0x387ac8d1970027b2}, /* 1e194 */
    {0xdb2e51bfe9d0696a, 0x06997b05fcc0319e}, /* 1e195 */
    {0x88fcf317f22241e2, 0x441fece3bdf81f03}, /* 1e196 */
    {0xab3c2fddeeaad25a, 0xd527e81cad7626c3}, /* 1e197 */
    {0xd60b3bd56a5586f1, 0x8a71e223d8d3b074}, /* 1e198 */
    {0x85c7056562757456, 0xf6872d5667844e49}, /* 1e199 */
    {0xa738c6bebb12d16c, 0xb428f8ac016561db}, /* 1e200 */
    {0xd106f86e69d785c7, 0xe13336d701beba52}, /* 1e201 */
    {0x82a45b450226b39c, 0xecc0024661173473}, /* 1e202 */
    {0xa34d721642b06084, 0x27f002d7f95d0190}, /* 1e203 */
    {0xcc20ce9bd35c78a5, 0x31ec038df7b441f4}, /* 1e204 */
    {0xff290242c83396ce, 0x7e67047175a15271}, /* 1e205 */
    {0x9f79a169bd203e41, 0x0f0062c6e984d386}, /* 1e206 */
    {0xc75809c42c684dd1, 0x52c07b78a3e60868}, /* 1e207 */
    {0xf92e0c3537826145, 0xa7709a56ccdf8a82}, /* 1e208 */
    {0x9bbcc7a142b17ccb, 0x88a66076400bb691}, /* 1e209 */
    {0xc2abf989935ddbfe, 0x6acff893d00ea435}, /* 1e210 */
    {0xf356f7ebf83552fe, 0x0583f6b8c4124d43}, /* 1e211 */
    {0x98165af37b2153de, 0xc3727a337a8b704a}, /* 1e212 */
    {0xbe1bf1b059e9a8d6, 0x744f18c0592e4c5c}, /* 1e213 */
    {0xeda2ee1c7064130c, 0x1162def06f79df73}, /* 1e214 */
    {0x9485d4d1c63e8be7, 0x8addcb5645ac2ba8}, /* 1e215 */
    {0xb9a74a0637ce2ee1, 0x6d953e2bd7173692}, /* 1e216 */
    {0xe8111c87c5c1ba99, 0xc8fa8db6ccdd0437}, /* 1e217 */
    {0x910ab1d4db9914a0, 0x1d9c9892400a22a2}, /* 1e218 */
    {0xb54d5e4a127f59c8, 0x2503beb6d00cab4b}, /* 1e219 */
    {0xe2a0b5dc971f303a, 0x2e44ae64840fd61d}, /* 1e220 */
    {0x8da471a9de737e24, 0x5ceaecfed289e5d2}, /* 1e221 */
    {0xb10d8e1456105dad, 0x7425a83e872c5f47}, /* 1e222 */
    {0xdd50f1996b947518, 0xd12f124e28f77719}, /* 1e223 */
    {0x8a5296ffe33cc92f, 0x82bd6b70d99aaa6f}, /* 1e224 */
    {0xace73cbfdc0bfb7b, 0x636cc64d1001550b}, /* 1e225 */
    {0xd8210befd30efa5a, 0x3c47f7e05401aa4e}, /* 1e226 */
    {0x8714a775e3e95c78, 0x65acfaec34810a71}, /* 1e227 */
    {0xa8d9d1535ce3b396, 0x7f1839a741a14d0d}, /* 1e228 */
    {0xd31045a8341ca07c, 0x1ede48111209a050}, /* 1e229 */
    {0x83ea2b892091e44d, 0x934aed0aab460432}, /* 1e230 */
    {0xa4e4b66b68b65d60, 0xf81da84d5617853f}, /* 1e231 */
    {0xce1de40642e3f4b9, 0x36251260ab9d668e}, /* 1e232 */
    {0x80d2ae83e9ce78f3, 0xc1d72b7c6b426019}, /* 1e233 */
    {0xa1075a24e4421730, 0xb24cf65b8612f81f}, /* 1e234 */
    {0xc94930ae1d529cfc, 0xdee033f26797b627}, /* 1e235 */
    {0xfb9b7cd9a4a7443c, 0x169840ef017da3b1}, /* 1e236 */
    {0x9d412e0806e88aa5, 0x8e1f289560ee864e}, /* 1e237 */
    {0xc491798a08a2ad4e, 0xf1a6f2bab92a27e2}, /* 1e238 */
    {0xf5b5d7ec8acb58a2, 0xae10af696774b1db}, /* 1e239 */
    {0x9991a6f3d6bf1765, 0xacca6da1e0a8ef29}, /* 1e240 */
    {0xbff610b0cc6edd3f, 0x17fd090a58d32af3}, /* 1e241 */
    {0xeff394dcff8a948e, 0xddfc4b4cef07f5b0}, /* 1e242 */
    {0x95f83d0a1fb69cd9, 0x4abdaf101564f98e}, /* 1e243 */
    {0xbb764c4ca7a4440f, 0x9d6d1ad41abe37f1}, /* 1e244 */
    {0xea53df5fd18d5513, 0x84c86189216dc5ed}, /* 1e245 */
    {0x92746b9be2f8552c, 0x32fd3cf5b4e49bb4}, /* 1e246 */
    {0xb7118682dbb66a77, 0x3fbc8c33221dc2a1}, /* 1e247 */
    {0xe4d5e82392a40515, 0x0fabaf3feaa5334a}, /* 1e248 */
    {0x8f05b1163ba6832d, 0x29cb4d87f2a7400e}, /* 1e249 */
    {0xb2c71d5bca9023f8, 0x743e20e9ef511012}, /* 1e250 */
    {0xdf78e4b2bd342cf6, 0x914da9246b255416}, /* 1e251 */
    {0x8bab8eefb6409c1a, 0x1ad089b6c2f7548e}, /* 1e252 */
    {0xae9672aba3d0c320, 0xa184ac2473b529b1}, /* 1e253 */
    {0xda3c0f568cc4f3e8, 0xc9e5d72d90a2741e}, /* 1e254 */
    {0x8865899617fb1871, 0x7e2fa67c7a658892}, /* 1e255 */
    {0xaa7eebfb9df9de8d, 0xddbb901b98feeab7}, /* 1e256 */
    {0xd51ea6fa85785631, 0x552a74227f3ea565}, /* 1e257 */
    {0x8533285c936b35de, 0xd53a88958f87275f}, /* 1e258 */
    {0xa67ff273b8460356, 0x8a892abaf368f137}, /* 1e259 */
    {0xd01fef10a657842c, 0x2d2b7569b0432d85}, /* 1e260 */
    {0x8213f56a67f6b29b, 0x9c3b29620e29fc73}, /* 1e261 */
    {0xa298f2c501f45f42, 0x8349f3ba91b47b8f}, /* 1e262 */
    {0xcb3f2f7642717713, 0x241c70a936219a73}, /* 1e263 */
    {0xfe0efb53d30dd4d7, 0xed238cd383aa0110}, /* 1e264 */
    {0x9ec95d1463e8a506, 0xf4363804324a40aa}, /* 1e265 */
    {0xc67bb4597ce2ce48, 0xb143c6053edcd0d5}, /* 1e266 */
    {0xf81aa16fdc1b81da, 0xdd94b7868e94050a}, /* 1e267 */
    {0x9b10a4e5e9913128, 0xca7cf2b4191c8326}, /* 1e268 */
    {0xc1d4ce1f63f57d72, 0xfd1c2f611f63a3f0}, /* 1e269 */
    {0xf24a01a73cf2dccf, 0xbc633b39673c8cec}, /* 1e270 */
    {0x976e41088617ca01, 0xd5be0503e085d813}, /* 1e271 */
    {0xbd49d14aa79dbc82, 0x4b2d8644d8a74e18}, /* 1e272 */
    {0xec9c459d51852ba2, 0xddf8e7d60ed1219e}, /* 1e273 */
    {0x93e1ab8252f33b45, 0xcabb90e5c942b503}, /* 1e274 */
    {0xb8da1662e7b00a17, 0x3d6a751f3b936243}, /* 1e275 */
    {0xe7109bfba19c0c9d, 0x0cc512670a783ad4}, /* 1e276 */
    {0x906a617d450187e2, 0x27fb2b80668b24c5}, /* 1e277 */
    {0xb484f9dc9641e9da, 0xb1f9f660802dedf6}, /* 1e278 */
    {0xe1a63853bbd26451, 0x5e7873f8a0396973}, /* 1e279 */
    {0x8d07e33455637eb2, 0xdb0b487b6423e1e8}, /* 1e280 */
    {0xb049dc016abc5e5f, 0x91ce1a9a3d2cda62}, /* 1e281 */
    {0xdc5c5301c56b75f7, 0x7641a140cc7810fb}, /* 1e282 */
    {0x89b9b3e11b6329ba, 0xa9e904c87fcb0a9d}, /* 1e283 */
    {0xac2820d9623bf429, 0x546345fa9fbdcd44}, /* 1e284 */
    {0xd732290fbacaf133, 0xa97c177947ad4095}, /* 1e285 */
    {0x867f59a9d4bed6c0, 0x49ed8eabcccc485d}, /* 1e286 */
    {0xa81f301449ee8c70, 0x5c68f256bfff5a74}, /* 1e287 */
    {0xd226fc195c6a2f8c, 0x73832eec6fff3111}, /* 1e288 */
    {0x83585d8fd9c25db7, 0xc831fd53c5ff7eab}, /* 1e289 */
    {0xa42e74f3d032f525, 0xba3e7ca8b77f5e55}, /* 1e290 */
    {0xcd3a1230c43fb26f, 0x28ce1bd2e55f35eb}, /* 1e291 */
    {0x80444b5e7aa7cf85, 0x7980d163cf5b81b3}, /* 1e292 */
    {0xa0555e361951c366, 0xd7e105bcc332621f}, /* 1e293 */
    {0xc86ab5c39fa63440, 0x8dd9472bf3fefaa7}, /* 1e294 */
    {0xfa856334878fc150, 0xb14f98f6f0feb951}, /* 1e295 */
    {0x9c935e00d4b9d8d2, 0x6ed1bf9a569f33d3}, /* 1e296 */
    {0xc3b8358109e84f07, 0x0a862f80ec4700c8}, /* 1e297 */
    {0xf4a642e14c6262c8, 0xcd27bb612758c0fa}, /* 1e298 */
    {0x98e7e9cccfbd7dbd, 0x8038d51cb897789c}, /* 1e299 */
    {0xbf21e44003acdd2c, 0xe0470a63e6bd56c3}, /* 1e300 */
    {0xeeea5d5004981478, 0x1858ccfce06cac74}, /* 1e301 */
    {0x95527a5202df0ccb, 0x0f37801e0c43ebc8}, /* 1e302 */
    {0xbaa718e68396cffd, 0xd30560258f54e6ba}, /* 1e303 */
    {0xe950df20247c83fd, 0x47c6b82ef32a2069}, /* 1e304 */
    {0x91d28b7416cdd27e, 0x4cdc331d57fa5441}, /* 1e305 */
    {0xb6472e511c81471d, 0xe0133fe4adf8e952}, /* 1e306 */
    {0xe3d8f9e563a198e5, 0x58180fddd97723a6}, /* 1e307 */
    {0x8e679c2f5e44ff8f, 0x570f09eaa7ea7648}, /* 1e308 */
    {0xb201833b35d63f73, 0x2cd2cc6551e513da}, /* 1e309 */
    {0xde81e40a034bcf4f, 0xf8077f7ea65e58d1}, /* 1e310 */
    {0x8b112e86420f6191, 0xfb04afaf27faf782}, /* 1e311 */
    {0xadd57a27d29339f6, 0x79c5db9af1f9b563}, /* 1e312 */
    {0xd94ad8b1c7380874, 0x18375281ae7822bc}, /* 1e313 */
    {0x87cec76f1c830548, 0x8f2293910d0b15b5}, /* 1e314 */
    {0xa9c2794ae3a3c69a, 0xb2eb3875504ddb22}, /* 1e315 */
    {0xd433179d9c8cb841, 0x5fa60692a46151eb}, /* 1e316 */
    {0x849feec281d7f328, 0xdbc7c41ba6bcd333}, /* 1e317 */
    {0xa5c7ea73224deff3, 0x12b9b522906c0800}, /* 1e318 */
    {0xcf39e50feae16bef, 0xd768226b34870a00}, /* 1e319 */
    {0x81842f29f2cce375, 0xe6a1158300d46640}, /* 1e320 */
    {0xa1e53af46f801c53, 0x60495ae3c1097fd0}, /* 1e321 */
    {0xca5e89b18b602368, 0x385bb19cb14bdfc4}, /* 1e322 */
    {0xfcf62c1dee382c42, 0x46729e03dd9ed7b5}, /* 1e323 */
    {0x9e19db92b4e31ba9, 0x6c07a2c26a8346d1}, /* 1e324 */
};

static const uint64_t ngi_number_tens[20] = {UINT64_C(1),
                                             UINT64_C(10),
                                             UINT64_C(100),
                                             UINT64_C(1000),
                                             UINT64_C(10000),
                                             UINT64_C(100000),
                                             UINT64_C(1000000),
                                             UINT64_C(10000000),
                                             UINT64_C(100000000),
                                             UINT64_C(1000000000),
                                             UINT64_C(10000000000),
                                             UINT64_C(100000000000),
                                             UINT64_C(1000000000000),
                                             UINT64_C(10000000000000),
                                             UINT64_C(100000000000000),
                                             UINT64_C(1000000000000000),
                                             UINT64_C(10000000000000000),
                                             UINT64_C(100000000000000000),
                                             UINT64_C(1000000000000000000),
                                             UINT64_C(10000000000000000000)};

typedef struct ngi_number_wide {
    uint64_t hi, lo;
} ngi_number_wide;

#if defined(__SIZEOF_INT128__) && !defined(__wasm__)

__extension__ typedef unsigned __int128 ngi_number_native_wide;

static inline ngi_number_wide ngi_number_multiply(uint64_t a, uint64_t b) {
    const ngi_number_native_wide product = (ngi_number_native_wide)a * b;
    const ngi_number_wide wide = {(uint64_t)(product >> 64), (uint64_t)product};
    return wide;
}

#else

/* On wasm32 a native 128-bit product would call the compiler's library. */
static inline ngi_number_wide ngi_number_multiply(uint64_t a, uint64_t b) {
    const uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    const uint64_t low = a0 * b0;
    const uint64_t cross = a1 * b0 + (low >> 32);
    const uint64_t middle = a0 * b1 + (uint32_t)cross;
    const ngi_number_wide wide = {a1 * b1 + (cross >> 32) + (middle >> 32),
                                  (middle << 32) | (uint32_t)low};
    return wide;
}

#endif

/* floor(log2(10^q)), for |q| up to 345. */
static inline int ngi_number_log2_of_power(int q) { return (q * 217706) >> 16; }

static inline ngi_number_wide ngi_number_power(int q) {
    const uint64_t *entry = ngi_number_powers[q - NGI_NUMBER_LOWEST_POWER];
    const ngi_number_wide wide = {entry[0], entry[1]};
    return wide;
}

static inline bool ngi_number_power_is_exact(int q) {
    return q >= 0 && q <= NGI_NUMBER_LAST_EXACT_POWER;
}

/* A float type by its parameters. */
typedef struct ngi_number_format {
    int fraction_bits;
    int least_exponent, most_exponent;
} ngi_number_format;

static const ngi_number_format ngi_number_format_f64 = {52, -1022, 1023};
static const ngi_number_format ngi_number_format_f32 = {23, -126, 127};

static inline uint64_t ngi_number_infinity(const ngi_number_format *format) {
    const int exponents = format->most_exponent - format->least_exponent + 2;
    return (uint64_t)exponents << format->fraction_bits;
}

/* The value next to digits * 10^q, as bits of the format. `cut`: the true digits are more than
 * these, by less than one. Answers false where that leaves open which of two neighbours is nearer;
 * `*bits` is then the lower one. `digits` is not 0. */
static bool ngi_number_nearest(uint64_t digits, int64_t q64, bool cut,
                               const ngi_number_format *format, uint64_t *bits) {
    /* 2^64 * 10^-343 is less than half of the smallest double. */
    if (q64 < NGI_NUMBER_LOWEST_POWER) {
        *bits = 0;
        return true;
    }
    if (q64 > 308) {
        *bits = ngi_number_infinity(format);
        return true;
    }
    const int q = (int)q64;
    const int zeros = __builtin_clzll(digits);
    const uint64_t scaled = digits << zeros;
    const ngi_number_wide power = ngi_number_power(q);
    const bool exact = ngi_number_power_is_exact(q) && !cut;

    const ngi_number_wide first = ngi_number_multiply(scaled, power.hi);
    const ngi_number_wide second = ngi_number_multiply(scaled, power.lo);
    const uint64_t middle = first.lo + second.hi;
    const uint64_t high = first.hi + (middle < first.lo);

    const int top = (int)(high >> 63);
    const int exponent = ngi_number_log2_of_power(q) + 63 - zeros + top;
    if (exponent > format->most_exponent) {
        *bits = ngi_number_infinity(format);
        return true;
    }
    const int least = format->least_exponent;
    const int below_least = exponent < least ? least - exponent : 0;
    const int drop = 63 - format->fraction_bits - 1 + top + below_least;
    const uint64_t kept = drop < 64 ? high >> drop : 0;
    const uint64_t field = exponent > least ? (uint64_t)(exponent - least) : 0;
    const uint64_t lower = (field << format->fraction_bits) + kept;
    const uint64_t half = drop <= 64 ? UINT64_C(1) << (drop - 1) : 0; /* 0: it is above `high` */
    const uint64_t under_half = high & (half - 1);
    *bits = lower;
    if ((high & half) == 0) {
        /* Nearer to the lower one, unless what was rounded away carries up to the half. The power
         * is short by less than one in its last place, and so the product by less than one in
         * `middle`; cut digits are short by less than one, and the product by 2^zeros in `high`. */
        const uint64_t spare = half - 1 - under_half;
        if (cut) {
            return spare > (UINT64_C(1) << zeros) + 1;
        }
        return exact || spare > 0 || middle != UINT64_MAX;
    }
    const bool tie = exact && under_half == 0 && middle == 0 && second.lo == 0;
    *bits = lower + (tie ? lower & 1 : 1);
    return true;
}

/* Enough digits: the half between two doubles has no more than 768 of them. */
#define NGI_NUMBER_DIGITS 800

/* Both sides of the comparison below stay under 2700 bits: 800 digits are 2658, and a half that is
 * scaled by at most 10^1124 (the smallest double is about 10^-324) is 54 + 2611. */
#define NGI_NUMBER_LIMBS 96

typedef struct ngi_number_big {
    uint32_t limbs[NGI_NUMBER_LIMBS]; /* the lowest first */
    int count;
} ngi_number_big;

static void ngi_number_big_multiply_add(ngi_number_big *big, uint32_t factor, uint32_t term) {
    uint64_t carry = term;
    for (int i = 0; i < big->count; i++) {
        carry += (uint64_t)big->limbs[i] * factor;
        big->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0) {
        big->limbs[big->count++] = (uint32_t)carry;
    }
}

static void ngi_number_big_multiply_by_power_of_five(ngi_number_big *big, int64_t power) {
    for (; power >= 13; power -= 13) {
        ngi_number_big_multiply_add(big, 1220703125, 0);
    }
    for (; power > 0; power--) {
        ngi_number_big_multiply_add(big, 5, 0);
    }
}

static void ngi_number_big_shift(ngi_number_big *big, int64_t bits) {
    const int whole = (int)(bits / 32);
    for (int i = big->count; i-- > 0 && whole > 0;) {
        big->limbs[i + whole] = big->limbs[i];
    }
    for (int i = 0; i < whole; i++) {
        big->limbs[i] = 0;
    }
    big->count += whole;
    ngi_number_big_multiply_add(big, UINT32_C(1) << (bits % 32), 0);
}

static int ngi_number_big_compare(const ngi_number_big *a, const ngi_number_big *b) {
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (int i = a->count; i-- > 0;) {
        if (a->limbs[i] != b->limbs[i]) {
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
        }
    }
    return 0;
}

static void ngi_number_big_set(ngi_number_big *big, uint64_t value) {
    big->limbs[0] = (uint32_t)value;
    big->limbs[1] = (uint32_t)(value >> 32);
    big->count = big->limbs[1] > 0 ? 2 : 1;
}

/* Which of two neighbours decimal * 10^ten (and a bit more, if `left_over`) is nearer to: `lower`,
 * as bits of the format, or the next. The decimal is used up. */
static uint64_t ngi_number_decide(ngi_number_big *decimal, int64_t ten, bool left_over,
                                  uint64_t lower, const ngi_number_format *format) {
    /* The half between them is an odd integer times 2^two. */
    const uint64_t implied = UINT64_C(1) << format->fraction_bits;
    const int64_t field = (int64_t)(lower >> format->fraction_bits);
    const uint64_t fraction = lower & (implied - 1);
    const int64_t two =
        (field > 0 ? field - 1 : 0) + format->least_exponent - format->fraction_bits - 1;
    ngi_number_big half;
    ngi_number_big_set(&half, 2 * (field > 0 ? fraction | implied : fraction) + 1);

    /* Each power moves to the side on which its exponent is positive. */
    ngi_number_big_multiply_by_power_of_five(ten < 0 ? &half : decimal, ten < 0 ? -ten : ten);
    const int64_t shift = two - ten;
    ngi_number_big_shift(shift < 0 ? decimal : &half, shift < 0 ? -shift : shift);
    const int order = ngi_number_big_compare(decimal, &half);
    if (order != 0) {
        return lower + (order > 0);
    }
    return lower + (left_over ? 1 : lower & 1);
}

/* ---- number_text.h --------------------------------------------------------------------------- */

/* number_text: digits, signs and spaces, written and read. Internal. */

static const char ngi_number_pairs[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

/* How many decimal digits `value` has; 1 for 0. */
static inline unsigned ngi_number_count_digits(uint64_t value) {
    const unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);
    const unsigned guess = bits * 1233 >> 12; /* bits * log10(2): exact or one too few */
    return guess + (guess < 20 && value >= ngi_number_tens[guess]) + (value == 0);
}

/* Writes the last `count` digits of `value`, with leading zeros where it has fewer. */
static void ngi_number_put_digits(char *out, uint64_t value, unsigned count) {
    char *at = out + count;
    /* Most values fit 32 bits sooner or later, and dividing those is quicker. */
    while (value > UINT32_MAX && at - out >= 2) {
        at -= 2;
        __builtin_memcpy(at, ngi_number_pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    uint32_t rest = (uint32_t)value;
    while (at - out >= 2) {
        at -= 2;
        __builtin_memcpy(at, ngi_number_pairs + 2 * (rest % 100), 2);
        rest /= 100;
    }
    if (at > out) {
        *out = (char)('0' + rest % 10);
    }
}

static inline bool ngi_number_is_digit(char c) { return (unsigned char)(c - '0') < 10; }

static inline bool ngi_number_is_space(char c) { return c == ' ' || c == '\t'; }

static inline void ngi_number_trim(const char **text, const char **end) {
    while (*text < *end && ngi_number_is_space(**text)) {
        (*text)++;
    }
    while (*text < *end && ngi_number_is_space((*end)[-1])) {
        (*end)--;
    }
}

/* Takes a sign off the front; true for a minus. */
static inline bool ngi_number_take_sign(const char **at, const char *end) {
    if (*at < end && (**at == '-' || **at == '+')) {
        return *(*at)++ == '-';
    }
    return false;
}

/* Takes digits as long as there are any, eight at a time where it can. What they make overflows
 * silently, so the caller counts them. */
static inline uint64_t ngi_number_take_digits(const char **at, const char *end, uint64_t value) {
    const char *p = *at;
    while (end - p >= 8) {
        uint64_t eight;
        __builtin_memcpy(&eight, p, 8);
        const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0), zeros = UINT64_C(0x3030303030303030);
        if ((eight & high) != zeros || ((eight + UINT64_C(0x0606060606060606)) & high) != zeros) {
            break;
        }
        /* Pairs, then fours, then all eight, the first byte being the most significant. */
        eight = (eight & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561 >> 8;
        eight = (eight & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
        eight = (eight & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32;
        value = value * 100000000 + eight;
        p += 8;
    }
    while (p < end && ngi_number_is_digit(*p)) {
        value = value * 10 + (uint64_t)(*p++ - '0');
    }
    *at = p;
    return value;
}

/* Whether the text is this word, given in small letters, in any case. */
static bool ngi_number_is_word(const char *text, const char *end, const char *word) {
    while (text < end && *word != '\0' && (*text | 0x20) == *word) {
        text++;
        word++;
    }
    return text == end && *word == '\0';
}

/* ---- number_time.h --------------------------------------------------------------------------- */

/* number_time: timestamps to ISO 8601 and back. Internal.
 *
 * Dates follow H. Hinnant, "chrono-compatible low-level date algorithms" (2013). */

#define NGI_NUMBER_SECONDS_A_DAY 86400

/* Digits of a second's fraction in the unit. */
static unsigned ngi_number_fraction_digits(ng_type unit) {
    switch (unit) {
    case NG_TIMESTAMP_MS:
        return 3;
    case NG_TIMESTAMP_US:
        return 6;
    case NG_TIMESTAMP_NS:
        return 9;
    default:
        return 0;
    }
}

/* A calendar's year that begins in March ends with the leap day, so that the lengths of its months
 * follow a straight line: the first `m` of them have (153 * m + 2) / 5 days. Days are counted from
 * March 1st of the year 0, which is 719468 days before 1970. */
#define NGI_NUMBER_DAYS_TO_1970 719468
#define NGI_NUMBER_DAYS_AN_ERA 146097 /* 400 years */

/* Days since 1970 of a day in the years 1 to 9999. */
static int64_t ngi_number_days(int year, int month, int day) {
    const int march_year = month > 2 ? year : year - 1;
    const int march_month = month > 2 ? month - 3 : month + 9;
    const int leap_days = march_year / 4 - march_year / 100 + march_year / 400;
    return march_year * 365 + leap_days + (153 * march_month + 2) / 5 + day - 1 -
           NGI_NUMBER_DAYS_TO_1970;
}

/* The year, month and day of a day in the years 1 to 9999, as digits: 20140701. */
static uint32_t ngi_number_calendar(int32_t days) {
    const uint32_t count = (uint32_t)(days + NGI_NUMBER_DAYS_TO_1970);
    const uint32_t era = count / NGI_NUMBER_DAYS_AN_ERA, rest = count % NGI_NUMBER_DAYS_AN_ERA;
    /* Take away the leap days there have been, and every year has 365. */
    const uint32_t year_of_era = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
    const uint32_t day_of_year = rest - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
    const uint32_t march_month = (5 * day_of_year + 2) / 153;
    const uint32_t day = day_of_year - (153 * march_month + 2) / 5 + 1;
    const uint32_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    return (era * 400 + year_of_era + (month <= 2)) * 10000 + month * 100 + day;
}

/* value / by, rounded down, and the rest, which is never negative. */
static inline int64_t ngi_number_floor_divide(int64_t value, int64_t by, int64_t *rest) {
    const bool down = value % by < 0;
    *rest = value % by + (down ? by : 0);
    return value / by - down;
}

size_t ng_write_timestamp(char out[NG_NUMBER_TEXT_MAX], int64_t value, ng_type unit) {
    const unsigned digits = ngi_number_fraction_digits(unit);
    const int64_t a_second = (int64_t)ngi_number_tens[digits];
    int64_t fraction, second_of_day;
    const int64_t seconds = ngi_number_floor_divide(value, a_second, &fraction);
    const int64_t days = ngi_number_floor_divide(seconds, NGI_NUMBER_SECONDS_A_DAY, &second_of_day);
    if (days < -719162 || days > 2932896) { /* 0001-01-01 and 9999-12-31 */
        return ng_write_i64(out, value);
    }
    const uint32_t date = ngi_number_calendar((int32_t)days);
    const uint32_t second = (uint32_t)second_of_day;
    ngi_number_put_digits(out, date / 10000, 4);
    out[4] = '-';
    ngi_number_put_digits(out + 5, date / 100 % 100, 2);
    out[7] = '-';
    ngi_number_put_digits(out + 8, date % 100, 2);
    out[10] = 'T';
    ngi_number_put_digits(out + 11, second / 3600, 2);
    out[13] = ':';
    ngi_number_put_digits(out + 14, second / 60 % 60, 2);
    out[16] = ':';
    ngi_number_put_digits(out + 17, second % 60, 2);
    size_t size = 19;
    if (digits > 0) {
        out[size] = '.';
        ngi_number_put_digits(out + size + 1, (uint64_t)fraction, digits);
        size += 1 + digits;
    }
    out[size] = 'Z';
    return size + 1;
}

/* Takes exactly `count` digits; false if there are fewer. */
static bool ngi_number_take_field(const char **at, const char *end, int count, int *value) {
    *value = 0;
    for (int i = 0; i < count; i++) {
        if (*at == end || !ngi_number_is_digit(**at)) {
            return false;
        }
        *value = *value * 10 + (*(*at)++ - '0');
    }
    return true;
}

static bool ngi_number_take_char(const char **at, const char *end, char c) {
    if (*at < end && **at == c) {
        (*at)++;
        return true;
    }
    return false;
}

/* `YYYY-MM-DD`, as days since 1970. */
static bool ngi_number_take_date(const char **at, const char *end, int64_t *days) {
    int year, month, day;
    if (!ngi_number_take_field(at, end, 4, &year) || !ngi_number_take_char(at, end, '-') ||
        !ngi_number_take_field(at, end, 2, &month) || !ngi_number_take_char(at, end, '-') ||
        !ngi_number_take_field(at, end, 2, &day) || year < 1 || month < 1 || month > 12 ||
        day < 1) {
        return false;
    }
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const int thirty = month == 4 || month == 6 || month == 9 || month == 11;
    if (day > (month == 2 ? 28 + leap : 31 - thirty)) {
        return false;
    }
    *days = ngi_number_days(year, month, day);
    return true;
}

/* `hh:mm[:ss[.digits]]`, as seconds and as a count of units within the second. */
static bool ngi_number_take_time(const char **at, const char *end, unsigned digits, int *seconds,
                                 int64_t *fraction) {
    int hour, minute, second = 0;
    if (!ngi_number_take_field(at, end, 2, &hour) || !ngi_number_take_char(at, end, ':') ||
        !ngi_number_take_field(at, end, 2, &minute)) {
        return false;
    }
    if (ngi_number_take_char(at, end, ':')) {
        if (!ngi_number_take_field(at, end, 2, &second)) {
            return false;
        }
        if (ngi_number_take_char(at, end, '.')) {
            unsigned taken = 0;
            for (; *at < end && ngi_number_is_digit(**at); (*at)++, taken++) {
                if (taken < digits) {
                    *fraction = *fraction * 10 + (**at - '0');
                }
            }
            if (taken == 0) {
                return false;
            }
            *fraction *= (int64_t)ngi_number_tens[taken < digits ? digits - taken : 0];
        }
    }
    *seconds = hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second < 60;
}

/* `Z`, `+hh:mm`, `-hh:mm`, `+hhmm` or nothing, as seconds ahead of UTC. */
static bool ngi_number_take_zone(const char **at, const char *end, int *ahead) {
    int hours, minutes;
    *ahead = 0;
    if (*at == end || ngi_number_take_char(at, end, 'Z')) {
        return true;
    }
    if (**at != '+' && **at != '-') {
        return false;
    }
    const bool behind = *(*at)++ == '-';
    if (!ngi_number_take_field(at, end, 2, &hours)) {
        return false;
    }
    (void)ngi_number_take_char(at, end, ':');
    if (!ngi_number_take_field(at, end, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *ahead = (hours * 3600 + minutes * 60) * (behind ? -1 : 1);
    return true;
}

/* seconds * a_second + fraction, if an int64_t holds it. */
static bool ngi_number_count_units(int64_t seconds, int64_t a_second, int64_t fraction,
                                   int64_t *out) {
    /* Before 1970 it is counted down from the second's end, since the second's beginning may be out
     * of range where the moment itself is not. */
    if (seconds < 0) {
        seconds++;
        fraction -= a_second;
    }
    if (seconds > INT64_MAX / a_second || seconds < INT64_MIN / a_second) {
        return false;
    }
    const int64_t whole = seconds * a_second;
    if (fraction > 0 ? whole > INT64_MAX - fraction : whole < INT64_MIN - fraction) {
        return false;
    }
    *out = whole + fraction;
    return true;
}

bool ng_read_timestamp(const char *text, size_t size, ng_type unit, int64_t *out) {
    const char *at = text, *end = text + size;
    ngi_number_trim(&at, &end);
    if (end - at < 10 || at[4] != '-') {
        return ng_read_i64(text, size, out);
    }
    const unsigned digits = ngi_number_fraction_digits(unit);
    int64_t days, fraction = 0;
    int seconds = 0, ahead = 0;
    if (!ngi_number_take_date(&at, end, &days)) {
        return false;
    }
    if (ngi_number_take_char(&at, end, 'T') || ngi_number_take_char(&at, end, ' ')) {
        if (!ngi_number_take_time(&at, end, digits, &seconds, &fraction) ||
            !ngi_number_take_zone(&at, end, &ahead)) {
            return false;
        }
    }
    return at == end && ngi_number_count_units(days * NGI_NUMBER_SECONDS_A_DAY + seconds - ahead,
                                               (int64_t)ngi_number_tens[digits], fraction, out);
}

/* ---- integers and bools ---------------------------------------------------------------------- */

static size_t ngi_number_write_integer(char *out, uint64_t magnitude, bool negative) {
    const unsigned count = ngi_number_count_digits(magnitude);
    out[0] = '-';
    ngi_number_put_digits(out + negative, magnitude, count);
    return negative + count;
}

size_t ng_write_u64(char out[NG_NUMBER_TEXT_MAX], uint64_t value) {
    return ngi_number_write_integer(out, value, false);
}

size_t ng_write_i64(char out[NG_NUMBER_TEXT_MAX], int64_t value) {
    const bool negative = value < 0;
    return ngi_number_write_integer(out, negative ? 0 - (uint64_t)value : (uint64_t)value,
                                    negative);
}

/* Reads the magnitude of an integer. */
static bool ngi_number_read_integer(const char *text, size_t size, bool *negative,
                                    uint64_t *magnitude) {
    const char *at = text, *end = text + size;
    ngi_number_trim(&at, &end);
    *negative = ngi_number_take_sign(&at, end);
    const char *const first = at;
    while (at < end && *at == '0') {
        at++;
    }
    const char *const significant = at;
    const uint64_t value = ngi_number_take_digits(&at, end, 0);
    if (at != end || at == first || at - significant > 20) {
        return false;
    }
    /* Twenty digits that wrapped around are less than 10^19, or begin with more than a 1. */
    if (at - significant == 20 && (*significant > '1' || value < ngi_number_tens[19])) {
        return false;
    }
    *magnitude = value;
    return true;
}

bool ng_read_u64(const char *text, size_t size, uint64_t *out) {
    uint64_t magnitude;
    bool negative;
    if (!ngi_number_read_integer(text, size, &negative, &magnitude) ||
        (negative && magnitude > 0)) {
        return false;
    }
    *out = magnitude;
    return true;
}

bool ng_read_i64(const char *text, size_t size, int64_t *out) {
    uint64_t magnitude;
    bool negative;
    if (!ngi_number_read_integer(text, size, &negative, &magnitude) ||
        magnitude > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *out = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

bool ng_read_bool(const char *text, size_t size, bool *out) {
    const char *at = text, *end = text + size;
    ngi_number_trim(&at, &end);
    const bool one = end - at == 1 && *at == '1', zero = end - at == 1 && *at == '0';
    if (one || ngi_number_is_word(at, end, "true")) {
        *out = true;
        return true;
    }
    if (zero || ngi_number_is_word(at, end, "false")) {
        *out = false;
        return true;
    }
    return false;
}

/* ---- writing floats -------------------------------------------------------------------------- */

/* digits * 10^exponent */
typedef struct ngi_number_decimal {
    uint64_t digits;
    int exponent;
} ngi_number_decimal;

/* The integer part of g * c / 2^128, its last bit set where the product is not exact. g is too
 * large by less than one, which stays below the words looked at where the product is exact; the
 * paper shows that no other one comes so close to an integer that it matters. */
static inline uint64_t ngi_number_round_to_odd(ngi_number_wide g, uint64_t c) {
    const ngi_number_wide low = ngi_number_multiply(g.lo, c);
    const ngi_number_wide high = ngi_number_multiply(g.hi, c);
    const uint64_t rest = high.lo + low.hi;
    return (high.hi + (rest < low.hi)) | (rest > 0);
}

/* The shortest decimal within the rounding interval of c * 2^q, and of those the closest one.
 * `lopsided`: the interval is half as wide below, since c is the lowest of its power of two. */
static ngi_number_decimal ngi_number_shortest(uint64_t c, int q, bool lopsided) {
    /* 10^k is the largest power of ten that is no wider than the interval: of its multiples at
     * least one lies inside, and of the multiples of 10^(k+1) at most one does. */
    const int k = (q * 1262611 - (lopsided ? 524031 : 0)) >> 22;
    const int shift = q + ngi_number_log2_of_power(-k) + 1;
    ngi_number_wide g = ngi_number_power(-k);
    if (!ngi_number_power_is_exact(-k)) {
        g.lo += 1;
        g.hi += g.lo == 0;
    }
    /* The value and the ends of its interval, in quarters of 10^k. The ends belong to it if c is
     * even, since reading rounds ties to even. */
    const uint64_t outside = c & 1;
    const uint64_t value = ngi_number_round_to_odd(g, (4 * c) << shift);
    const uint64_t least = ngi_number_round_to_odd(g, (4 * c - 2 + lopsided) << shift) + outside;
    const uint64_t most = ngi_number_round_to_odd(g, (4 * c + 2) << shift) - outside;
    const uint64_t below = value / 4;

    ngi_number_decimal decimal;
    if (below >= 10) {
        const uint64_t tens = below / 10;
        const bool under = least <= 40 * tens, over = 40 * tens + 40 <= most;
        if (under != over) {
            decimal.digits = tens + over;
            decimal.exponent = k + 1;
            return decimal;
        }
    }
    const bool under = least <= 4 * below, over = 4 * below + 4 <= most;
    const uint64_t half = 4 * below + 2;
    const bool closer = value > half || (value == half && (below & 1));
    decimal.digits = below + (under != over ? over : closer);
    decimal.exponent = k;
    return decimal;
}

/* `point` digits stand before the decimal point. */
static size_t ngi_number_write_plain(char *out, uint64_t digits, unsigned count, int point) {
    if (point <= 0) {
        const unsigned zeros = (unsigned)-point;
        __builtin_memcpy(out, "0.000", 5);
        ngi_number_put_digits(out + 2 + zeros, digits, count);
        return 2 + zeros + count;
    }
    const unsigned whole = (unsigned)point;
    if (whole >= count) {
        ngi_number_put_digits(out, digits * ngi_number_tens[whole - count], whole);
        return whole;
    }
    const uint64_t scale = ngi_number_tens[count - whole];
    ngi_number_put_digits(out, digits / scale, whole);
    out[whole] = '.';
    ngi_number_put_digits(out + whole + 1, digits % scale, count - whole);
    return count + 1;
}

static size_t ngi_number_write_scientific(char *out, uint64_t digits, unsigned count, int point) {
    char *at = out + count;
    ngi_number_put_digits(out + 1, digits, count);
    out[0] = out[1];
    if (count > 1) {
        out[1] = '.';
        at++;
    }
    const int exponent = point - 1;
    const unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);
    *at++ = 'e';
    *at++ = exponent < 0 ? '-' : '+';
    const unsigned width = size < 100 ? 2 : 3;
    ngi_number_put_digits(at, size, width);
    return (size_t)(at - out) + width;
}

/* A finite float that is not zero, from its parts. */
static size_t ngi_number_write_float(char *out, uint64_t c, int q, bool lopsided) {
    ngi_number_decimal decimal = ngi_number_shortest(c, q, lopsided);
    while (decimal.digits % 100 == 0) {
        decimal.digits /= 100;
        decimal.exponent += 2;
    }
    if (decimal.digits % 10 == 0) {
        decimal.digits /= 10;
        decimal.exponent += 1;
    }
    const unsigned count = ngi_number_count_digits(decimal.digits);
    const int point = (int)count + decimal.exponent;
    if (point > -4 && point <= 16) {
        return ngi_number_write_plain(out, decimal.digits, count, point);
    }
    return ngi_number_write_scientific(out, decimal.digits, count, point);
}

static size_t ngi_number_write_special(char *out, bool negative, bool infinite, bool nan) {
    char *at = out;
    if (negative && !nan) {
        *at++ = '-';
    }
    if (nan || infinite) {
        __builtin_memcpy(at, nan ? "nan" : "inf", 3);
        return (size_t)(at - out) + 3;
    }
    *at++ = '0';
    return (size_t)(at - out);
}

size_t ng_write_f64(char out[NG_NUMBER_TEXT_MAX], double value) {
    uint64_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    const uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    const int exponent = (int)(bits >> 52 & 0x7ff);
    const bool negative = bits >> 63;
    if (exponent == 0x7ff || (bits << 1) == 0) {
        return ngi_number_write_special(out, negative, exponent != 0, exponent != 0 && fraction);
    }
    out[0] = '-';
    char *const at = out + negative;
    const uint64_t implied = exponent > 0 ? UINT64_C(1) << 52 : 0;
    const int q = (exponent > 0 ? exponent : 1) - 1075;
    return negative +
           ngi_number_write_float(at, fraction | implied, q, fraction == 0 && exponent > 1);
}

size_t ng_write_f32(char out[NG_NUMBER_TEXT_MAX], float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    const uint32_t fraction = bits & ((UINT32_C(1) << 23) - 1);
    const int exponent = (int)(bits >> 23 & 0xff);
    const bool negative = bits >> 31;
    if (exponent == 0xff || (bits << 1) == 0) {
        return ngi_number_write_special(out, negative, exponent != 0, exponent != 0 && fraction);
    }
    out[0] = '-';
    char *const at = out + negative;
    const uint32_t implied = exponent > 0 ? UINT32_C(1) << 23 : 0;
    const int q = (exponent > 0 ? exponent : 1) - 150;
    return negative +
           ngi_number_write_float(at, fraction | implied, q, fraction == 0 && exponent > 1);
}

/* ---- reading floats -------------------------------------------------------------------------- */

/* The text of a decimal, taken apart. */
typedef struct ngi_number_parts {
    const char *mantissa, *mantissa_end; /* digits, one of which may be a point */
    uint64_t digits;                     /* the first 19 significant ones */
    int64_t exponent;                    /* the value is digits * 10^exponent, or */
    bool cut;                            /* more: there are other digits, and not only zeros */
    int64_t last;                        /* the exponent of the mantissa's last digit */
} ngi_number_parts;

/* More than 19 digits: keeps the first 19 significant ones. */
static void ngi_number_cut(ngi_number_parts *parts) {
    int taken = 0;
    int64_t dropped = 0;
    parts->digits = 0;
    for (const char *p = parts->mantissa; p < parts->mantissa_end; p++) {
        if (*p == '.') {
            continue;
        }
        if (taken == 19) {
            dropped++;
            parts->cut |= *p != '0';
        } else if (taken > 0 || *p != '0') {
            parts->digits = parts->digits * 10 + (uint64_t)(*p - '0');
            taken++;
        }
    }
    parts->exponent = parts->last + dropped;
}

/* Takes an exponent without its `e`; beyond 10^17 it stays there, as no text makes up for that. */
static bool ngi_number_take_exponent(const char **at, const char *end, int64_t *exponent) {
    const bool negative = ngi_number_take_sign(at, end);
    int64_t value = 0;
    if (*at == end) {
        return false;
    }
    for (; *at < end; (*at)++) {
        if (!ngi_number_is_digit(**at)) {
            return false;
        }
        if (value < INT64_C(100000000000000000)) {
            value = value * 10 + (**at - '0');
        }
    }
    *exponent = negative ? -value : value;
    return true;
}

/* Takes a decimal without its sign apart. */
static bool ngi_number_take_apart(const char *at, const char *end, ngi_number_parts *parts) {
    parts->mantissa = at;
    parts->cut = false;
    parts->digits = ngi_number_take_digits(&at, end, 0);
    ptrdiff_t count = at - parts->mantissa;
    int64_t exponent = 0;
    if (at < end && *at == '.') {
        const char *const fraction = ++at;
        parts->digits = ngi_number_take_digits(&at, end, parts->digits);
        exponent = -(int64_t)(at - fraction);
        count += at - fraction;
    }
    parts->mantissa_end = at;
    if (count == 0) {
        return false;
    }
    if (at < end) {
        int64_t written = 0;
        at++;
        if ((at[-1] | 0x20) != 'e' || !ngi_number_take_exponent(&at, end, &written)) {
            return false;
        }
        exponent += written;
    }
    parts->last = parts->exponent = exponent;
    if (count > 19) {
        ngi_number_cut(parts);
    }
    return true;
}

/* `nan`, `inf` and `infinity`, without their sign. */
static bool ngi_number_take_word(const char *at, const char *end, const ngi_number_format *format,
                                 uint64_t *bits) {
    *bits = ngi_number_infinity(format);
    if (ngi_number_is_word(at, end, "nan")) {
        *bits |= UINT64_C(1) << (format->fraction_bits - 1);
        return true;
    }
    return ngi_number_is_word(at, end, "inf") || ngi_number_is_word(at, end, "infinity");
}

/* The digits of the mantissa as one integer; answers how many more there are. `*left_over`: they
 * are not only zeros. */
static int64_t ngi_number_big_read(const ngi_number_parts *parts, ngi_number_big *big,
                                   bool *left_over) {
    int taken = 0;
    int64_t dropped = 0;
    big->count = 0;
    *left_over = false;
    for (const char *p = parts->mantissa; p < parts->mantissa_end; p++) {
        if (*p == '.') {
            continue;
        }
        if (taken == NGI_NUMBER_DIGITS) {
            dropped++;
            *left_over |= *p != '0';
        } else if (taken > 0 || *p != '0') {
            ngi_number_big_multiply_add(big, 10, (uint32_t)(*p - '0'));
            taken++;
        }
    }
    return dropped;
}

/* The value next to digits * 10^exponent, as bits of the format. */
static uint64_t ngi_number_bits(uint64_t digits, int64_t exponent,
                                const ngi_number_format *format) {
    uint64_t bits = 0;
    if (digits > 0 && !ngi_number_nearest(digits, exponent, false, format, &bits)) {
        ngi_number_big big;
        ngi_number_big_set(&big, digits);
        return ngi_number_decide(&big, exponent, false, bits, format);
    }
    return bits;
}

/* The same for a text whose digits were cut. */
static uint64_t ngi_number_bits_of_text(const ngi_number_parts *parts,
                                        const ngi_number_format *format) {
    uint64_t bits;
    if (!ngi_number_nearest(parts->digits, parts->exponent, true, format, &bits)) {
        ngi_number_big big;
        bool left_over;
        const int64_t dropped = ngi_number_big_read(parts, &big, &left_over);
        return ngi_number_decide(&big, parts->last + dropped, left_over, bits, format);
    }
    return bits;
}
static double ngi_number_f64_of_bits(uint64_t bits) {
    double value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

static float ngi_number_f32_of_bits(uint64_t bits) {
    const uint32_t narrow = (uint32_t)bits;
    float value;
    __builtin_memcpy(&value, &narrow, sizeof value);
    return value;
}

/* Where the machine computes in the type itself, two exact operands make one rounding. (The x87
 * keeps excess precision and would round twice.) */
#if __FLT_EVAL_METHOD__ == 0
#define NGI_NUMBER_ROUNDS_ONCE 1
#else
#define NGI_NUMBER_ROUNDS_ONCE 0
#endif

double ngi_number_f64(uint64_t digits, int exponent) {
#if NGI_NUMBER_ROUNDS_ONCE
    static const double tens[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (digits <= UINT64_C(1) << 53 && exponent >= -22 && exponent <= 22) {
        const double value = (double)digits;
        return exponent < 0 ? value / tens[-exponent] : value * tens[exponent];
    }
#endif
    return ngi_number_f64_of_bits(ngi_number_bits(digits, exponent, &ngi_number_format_f64));
}

float ngi_number_f32(uint64_t digits, int exponent) {
#if NGI_NUMBER_ROUNDS_ONCE
    static const float tens[11] = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F,
                                   1e6F, 1e7F, 1e8F, 1e9F, 1e10F};
    if (digits <= UINT64_C(1) << 24 && exponent >= -10 && exponent <= 10) {
        const float value = (float)digits;
        return exponent < 0 ? value / tens[-exponent] : value * tens[exponent];
    }
#endif
    return ngi_number_f32_of_bits(ngi_number_bits(digits, exponent, &ngi_number_format_f32));
}

/* What a float's text says, without its sign. */
typedef enum ngi_number_kind {
    NGI_NUMBER_NONE,  /* nothing */
    NGI_NUMBER_EXACT, /* digits * 10^exponent, as `parts` has them */
    NGI_NUMBER_BITS   /* these bits of the format */
} ngi_number_kind;

static ngi_number_kind ngi_number_read(const char *text, size_t size,
                                       const ngi_number_format *format, bool *negative,
                                       ngi_number_parts *parts, uint64_t *bits) {
    const char *at = text, *end = text + size;
    ngi_number_trim(&at, &end);
    *negative = ngi_number_take_sign(&at, end);
    if (!ngi_number_take_apart(at, end, parts)) {
        const bool word = ngi_number_take_word(at, end, format, bits);
        *negative = *negative && *bits == ngi_number_infinity(format);
        return word ? NGI_NUMBER_BITS : NGI_NUMBER_NONE;
    }
    if (parts->cut) {
        *bits = ngi_number_bits_of_text(parts, format);
        return NGI_NUMBER_BITS;
    }
    /* Beyond these limits everything is infinite or zero. */
    if (parts->exponent > 400) {
        parts->exponent = 400;
    } else if (parts->exponent < -400) {
        parts->exponent = -400;
    }
    return NGI_NUMBER_EXACT;
}

bool ng_read_f64(const char *text, size_t size, double *out) {
    ngi_number_parts parts;
    uint64_t bits;
    bool negative;
    const ngi_number_kind kind =
        ngi_number_read(text, size, &ngi_number_format_f64, &negative, &parts, &bits);
    if (kind == NGI_NUMBER_NONE) {
        return false;
    }
    const double value = kind == NGI_NUMBER_EXACT
                             ? ngi_number_f64(parts.digits, (int)parts.exponent)
                             : ngi_number_f64_of_bits(bits);
    *out = negative ? -value : value;
    return true;
}

bool ng_read_f32(const char *text, size_t size, float *out) {
    ngi_number_parts parts;
    uint64_t bits;
    bool negative;
    const ngi_number_kind kind =
        ngi_number_read(text, size, &ngi_number_format_f32, &negative, &parts, &bits);
    if (kind == NGI_NUMBER_NONE) {
        return false;
    }
    const float value = kind == NGI_NUMBER_EXACT ? ngi_number_f32(parts.digits, (int)parts.exponent)
                                                 : ngi_number_f32_of_bits(bits);
    *out = negative ? -value : value;
    return true;
}

/* ---- value.c --------------------------------------------------------------------------------- */

/* value: one case for each type. */

static bool ngi_value_signed(const char *text, size_t size, int bits, int64_t *out) {
    const int64_t most = INT64_MAX >> (64 - bits);
    int64_t value;
    if (!ng_read_i64(text, size, &value) || value > most || value < -most - 1) {
        return false;
    }
    *out = value;
    return true;
}

static bool ngi_value_unsigned(const char *text, size_t size, int bits, uint64_t *out) {
    uint64_t value;
    if (!ng_read_u64(text, size, &value) || value > UINT64_MAX >> (64 - bits)) {
        return false;
    }
    *out = value;
    return true;
}

bool ng_read_value(const char *text, size_t size, ng_type type, void *out) {
    const size_t bytes = ng_type_size(type);
    int64_t integer;
    uint64_t natural;
    switch (type) {
    case NG_BOOL:
        return ng_read_bool(text, size, (bool *)out);
    case NG_F32:
        return ng_read_f32(text, size, (float *)out);
    case NG_F64:
        return ng_read_f64(text, size, (double *)out);
    case NG_I8:
    case NG_I16:
    case NG_I32:
    case NG_I64:
        if (!ngi_value_signed(text, size, (int)bytes * 8, &integer)) {
            return false;
        }
        natural = (uint64_t)integer;
        break;
    case NG_U8:
    case NG_U16:
    case NG_U32:
    case NG_U64:
        if (!ngi_value_unsigned(text, size, (int)bytes * 8, &natural)) {
            return false;
        }
        break;
    case NG_TIMESTAMP_S:
    case NG_TIMESTAMP_MS:
    case NG_TIMESTAMP_US:
    case NG_TIMESTAMP_NS:
        return ng_read_timestamp(text, size, type, (int64_t *)out);
    default:
        return false;
    }
    for (size_t i = 0; i < bytes; i++) {
        ((uint8_t *)out)[i] = (uint8_t)(natural >> (8 * i));
    }
    return true;
}

/* ---- batch.c --------------------------------------------------------------------------------- */

/* batch: rows of counted blocks. */

/* ---- schemas --------------------------------------------------------------------------------- */

static bool ngi_same_text(const char *a, const char *b) {
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

size_t ng_schema_find(const ng_schema *schema, const char *name) {
    size_t place = 0;
    while (place < schema->count && !ngi_same_text(schema->fields[place].name, name)) {
        place++;
    }
    return place;
}

ng_status ng_schema_check(const ng_schema *schema) {
    if (schema == NULL || schema->fields == NULL || schema->count == 0) {
        return NG_INVALID;
    }
    for (size_t i = 0; i < schema->count; i++) {
        const ng_field *const field = &schema->fields[i];
        const bool known = field->type >= NG_BOOL && field->type <= NG_UTF8;
        if (!known || field->name == NULL || field->name[0] == '\0' ||
            ng_schema_find(schema, field->name) != i) {
            return NG_INVALID;
        }
    }
    return NG_OK;
}

bool ng_schema_equal(const ng_schema *a, const ng_schema *b) {
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count && a->fields != b->fields; i++) {
        const ng_field *const left = &a->fields[i], *const right = &b->fields[i];
        if (left->type != right->type || left->nullable != right->nullable ||
            !ngi_same_text(left->name, right->name)) {
            return false;
        }
    }
    return true;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

void ng_block_init(ng_block *block, ng_column *columns, size_t capacity,
                   void (*release)(ng_block *block), void *owner) {
    block->columns = columns;
    block->capacity = capacity;
    block->holders = 1;
    block->release = release;
    block->owner = owner;
    block->next = NULL;
}

void ng_block_hold(ng_block *block) { __atomic_add_fetch(&block->holders, 1, __ATOMIC_RELAXED); }

ng_status ng_block_release(ng_block *block) {
    if (block == NULL) {
        return NG_INVALID;
    }
    const uint32_t before = __atomic_fetch_sub(&block->holders, 1, __ATOMIC_ACQ_REL);
    if (before == 0) {
        __atomic_store_n(&block->holders, 0, __ATOMIC_RELAXED);
        return NG_MISUSED;
    }
    if (before == 1 && block->release != NULL) {
        block->release(block);
    }
    return NG_OK;
}

uint32_t ng_block_holders(const ng_block *block) {
    return __atomic_load_n(&block->holders, __ATOMIC_ACQUIRE);
}

/* ---- batches --------------------------------------------------------------------------------- */

ng_status ng_batch_release(ng_batch *batch) {
    ng_block *const block = batch->block;
    if (block == NULL) {
        return NG_MISUSED;
    }
    batch->block = NULL;
    batch->rows = 0;
    return ng_block_release(block);
}

ng_status ng_batch_slice(const ng_batch *batch, size_t from, size_t rows, ng_batch *slice) {
    if (batch->block == NULL) {
        return NG_MISUSED;
    }
    if (from > batch->rows || rows > batch->rows - from) {
        return NG_INVALID;
    }
    ng_block_hold(batch->block);
    slice->schema = batch->schema;
    slice->block = batch->block;
    slice->offset = batch->offset + from;
    slice->rows = rows;
    return NG_OK;
}

/* The text of rows [from, from + rows) of a column, in bytes. */
static size_t ngi_text_bytes(const ng_column *column, size_t from, size_t rows) {
    const int32_t *const offsets = (const int32_t *)column->values;
    return (size_t)offsets[from + rows] - (size_t)offsets[from];
}

uint64_t ng_batch_bytes(const ng_batch *batch) {
    const uint64_t bits = (batch->rows + 7) / 8;
    uint64_t bytes = 0;
    for (size_t i = 0; i < batch->schema->count && batch->rows != 0; i++) {
        const ng_type type = batch->schema->fields[i].type;
        const ng_column *const column = &batch->block->columns[i];
        if (type == NG_UTF8) {
            bytes += 4 * ((uint64_t)batch->rows + 1) +
                     ngi_text_bytes(column, batch->offset, batch->rows);
        } else {
            bytes += type == NG_BOOL ? bits : batch->rows * (uint64_t)ng_type_size(type);
        }
        bytes += column->valid != NULL ? bits : 0;
    }
    return bytes;
}

/* ---- copying --------------------------------------------------------------------------------- */

static void ngi_copy_bits(uint8_t *to, size_t at, const uint8_t *from, size_t first, size_t rows) {
    for (size_t done = 0; done < rows; done += 64) {
        const unsigned n = rows - done < 64 ? (unsigned)(rows - done) : 64;
        const uint64_t bits = from == NULL ? UINT64_MAX : ngi_bits_load(from, first + done, n);
        ngi_bits_store(to, at + done, bits, n);
    }
}

size_t ngi_text_fitting(const ng_column *from, size_t first, size_t rows, const ng_column *to,
                        size_t at) {
    const int32_t *const offsets = (const int32_t *)from->values;
    const size_t used = (size_t)((const int32_t *)to->values)[at];
    const size_t room = to->bytes_size - used;
    size_t low = 0, high = rows;
    while (low < high) { /* `low` rows fit; more than `high` do not */
        const size_t middle = high - (high - low) / 2;
        if ((size_t)offsets[first + middle] - (size_t)offsets[first] <= room) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

static void ngi_copy_text(const ng_column *from, size_t first, size_t rows, ng_column *to,
                          size_t at) {
    const int32_t *const offsets = (const int32_t *)from->values;
    int32_t *const made = (int32_t *)to->values;
    const size_t bytes = ngi_text_bytes(from, first, rows);
    if (bytes != 0) {
        __builtin_memcpy(to->bytes + made[at], from->bytes + offsets[first], bytes);
    }
    for (size_t i = 1; i <= rows; i++) {
        made[at + i] = made[at] + (offsets[first + i] - offsets[first]);
    }
}

void ngi_copy_column(ng_type type, const ng_column *from, size_t first, size_t rows, ng_column *to,
                     size_t at) {
    if (type == NG_UTF8) {
        ngi_copy_text(from, first, rows, to, at);
    } else if (type == NG_BOOL) {
        ngi_copy_bits((uint8_t *)to->values, at, (const uint8_t *)from->values, first, rows);
    } else {
        const size_t size = ng_type_size(type);
        __builtin_memcpy((uint8_t *)to->values + at * size,
                         (const uint8_t *)from->values + first * size, rows * size);
    }
    if (to->valid != NULL) {
        ngi_copy_bits(to->valid, at, from->valid, first, rows);
    }
}

size_t ng_batch_copy(const ng_batch *batch, size_t from, size_t rows, ng_block *to, size_t at) {
    const size_t first = batch->offset + from;
    size_t fitting = to->capacity - at < rows ? to->capacity - at : rows;
    for (size_t i = 0; i < batch->schema->count && fitting != 0; i++) {
        if (batch->schema->fields[i].type == NG_UTF8) {
            fitting =
                ngi_text_fitting(&batch->block->columns[i], first, fitting, &to->columns[i], at);
        }
    }
    for (size_t i = 0; i < batch->schema->count && fitting != 0; i++) {
        ngi_copy_column(batch->schema->fields[i].type, &batch->block->columns[i], first, fitting,
                        &to->columns[i], at);
    }
    return fitting;
}

/* ---- pool.c ---------------------------------------------------------------------------------- */

/* pool: blocks laid out once, handed out and back. */

/* ---- sizes.h --------------------------------------------------------------------------------- */

/* sizes: sums of sizes that stick at SIZE_MAX, which no memory has, instead of wrapping. */

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

/* The columns of a block; of none (`columns` NULL) they are measured. */
static void ngi_pool_lay_out(ng_column *columns, const ng_schema *schema, size_t rows,
                             size_t text_bytes, ngi_layout *layout) {
    for (size_t i = 0; i < schema->count; i++) {
        const ng_field *const field = &schema->fields[i];
        const bool text = field->type == NG_UTF8, bits = field->type == NG_BOOL;
        const size_t bitmap = rows / 8 + 1;
        ng_column column = {NULL, NULL, NULL, 0};
        column.values = ngi_layout_part(layout,
                                        bits   ? bitmap
                                        : text ? ngi_size_plus(rows, 1)
                                               : rows,
                                        bits   ? 1
                                        : text ? sizeof(int32_t)
                                               : ng_type_size(field->type));
        if (field->nullable) {
            column.valid = (uint8_t *)ngi_layout_part(layout, bitmap, 1);
        }
        if (text) {
            column.bytes = (uint8_t *)ngi_layout_part(layout, text_bytes, 1);
            column.bytes_size = text_bytes;
        }
        if (columns != NULL) {
            columns[i] = column;
        }
    }
}

static bool ngi_pool_fits(const ng_schema *schema, size_t text_bytes) {
    for (size_t i = 0; i < schema->count; i++) {
        if (schema->fields[i].type == NG_UTF8 && (text_bytes == 0 || text_bytes > INT32_MAX)) {
            return false;
        }
    }
    return true;
}

size_t ng_pool_size(const ng_schema *schema, size_t count, size_t rows, size_t text_bytes) {
    if (ng_schema_check(schema) != NG_OK || count == 0 || rows == 0 ||
        !ngi_pool_fits(schema, text_bytes)) {
        return 0;
    }
    ngi_layout block = {NULL, 0}, all = {NULL, 64};
    ngi_pool_lay_out(NULL, schema, rows, text_bytes, &block);
    (void)ngi_layout_part(&all, count, sizeof(ng_block));
    (void)ngi_layout_part(&all, count, ngi_size_times(schema->count, sizeof(ng_column)));
    (void)ngi_layout_part(&all, count, block.size);
    return all.size == SIZE_MAX ? 0 : all.size;
}

static void ngi_pool_give_back(ng_block *block) {
    ng_pool *const pool = (ng_pool *)block->owner;
    ng_block *first = __atomic_load_n(&pool->returned, __ATOMIC_RELAXED);
    do {
        block->next = first;
    } while (!__atomic_compare_exchange_n(&pool->returned, &first, block, true, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED));
}

ng_status ng_pool_init(ng_pool *pool, void *memory, const ng_schema *schema, size_t count,
                       size_t rows, size_t text_bytes) {
    if (pool == NULL || memory == NULL || ng_pool_size(schema, count, rows, text_bytes) == 0) {
        return NG_INVALID;
    }
    ngi_layout layout = {(uint8_t *)memory + ngi_size_gap(memory, 64), 0};
    pool->schema = schema;
    pool->count = count;
    pool->blocks = (ng_block *)ngi_layout_part(&layout, count, sizeof(ng_block));
    pool->idle = pool->blocks;
    pool->returned = NULL;
    ng_column *columns =
        (ng_column *)ngi_layout_part(&layout, count, schema->count * sizeof(ng_column));
    for (size_t i = 0; i < count; i++, columns += schema->count) {
        ng_block *const block = &pool->blocks[i];
        ng_block_init(block, columns, rows, ngi_pool_give_back, pool);
        block->holders = 0;
        block->next = i + 1 < count ? block + 1 : NULL;
        ngi_pool_lay_out(columns, schema, rows, text_bytes, &layout);
    }
    return NG_OK;
}

ng_block *ng_pool_take(ng_pool *pool) {
    if (pool->idle == NULL) {
        pool->idle = __atomic_exchange_n(&pool->returned, (ng_block *)NULL, __ATOMIC_ACQUIRE);
    }
    ng_block *const block = pool->idle;
    if (block == NULL) {
        return NULL;
    }
    pool->idle = block->next;
    block->holders = 1;
    for (size_t i = 0; i < pool->schema->count; i++) {
        if (pool->schema->fields[i].type == NG_UTF8) {
            ((int32_t *)block->columns[i].values)[0] = 0;
        }
    }
    return block;
}

size_t ng_pool_in_use(const ng_pool *pool) {
    size_t held = 0;
    for (size_t i = 0; i < pool->count; i++) {
        held += ng_block_holders(&pool->blocks[i]) != 0;
    }
    return held;
}

/* ---- arrow.c --------------------------------------------------------------------------------- */

/* arrow: pointers into blocks as arrays, and arrays as blocks. */

/* ---- formats --------------------------------------------------------------------------------- */

/* By type. */
static const char *const ngi_arrow_formats[] = {
    "",  "b", "c", "s",       "i",       "l",       "C",       "S", "I",
    "L", "f", "g", "tss:UTC", "tsm:UTC", "tsu:UTC", "tsn:UTC", "u"};

/* How much of a format says the type: a timestamp's zone does not. */
static bool ngi_arrow_same_format(const char *ours, const char *theirs) {
    while (*ours != '\0' && *ours == *theirs) {
        if (*ours == ':') {
            return true;
        }
        ours++;
        theirs++;
    }
    return *ours == *theirs;
}

/* 0: none. */
static uint32_t ngi_arrow_type(const char *format) {
    for (uint32_t type = NG_BOOL; type <= NG_UTF8 && format != NULL; type++) {
        if (ngi_arrow_same_format(ngi_arrow_formats[type], format)) {
            return type;
        }
    }
    return 0;
}

static size_t ngi_text_size(const char *text) {
    size_t size = 0;
    while (text[size] != '\0') {
        size++;
    }
    return size;
}

/* ---- schemas out ----------------------------------------------------------------------------- */

/* What is in `private_data` of a struct; its children have none. Followed by the children, pointers
 * to them, and their names. */
typedef struct ngi_arrow_described {
    ng_allocator allocator;
    size_t size;
} ngi_arrow_described;

/* Names are the columns' own, which a child that was moved away keeps: so each has a copy. */
typedef struct ngi_arrow_name {
    ng_allocator allocator;
    size_t size;
    char text[1];
} ngi_arrow_name;

static void ngi_arrow_release_column(struct ArrowSchema *column) {
    ngi_arrow_name *const name = (ngi_arrow_name *)column->private_data;
    const ng_allocator allocator = name->allocator;
    (void)allocator.resize(allocator.ctx, name, name->size, 0);
    column->release = NULL;
}

static void ngi_arrow_release_schema(struct ArrowSchema *schema) {
    ngi_arrow_described *const described = (ngi_arrow_described *)schema->private_data;
    const ng_allocator allocator = described->allocator;
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release != NULL) {
            schema->children[i]->release(schema->children[i]);
        }
    }
    (void)allocator.resize(allocator.ctx, described, described->size, 0);
    schema->release = NULL;
}

static bool ngi_arrow_describe(const ng_field *field, ng_allocator allocator,
                               struct ArrowSchema *out) {
    const size_t text = ngi_text_size(field->name) + 1, size = sizeof(ngi_arrow_name) + text;
    ngi_arrow_name *const name = (ngi_arrow_name *)allocator.resize(allocator.ctx, NULL, 0, size);
    if (name == NULL) {
        return false;
    }
    name->allocator = allocator;
    name->size = size;
    __builtin_memcpy(name->text, field->name, text);
    out->format = ngi_arrow_formats[field->type];
    out->name = name->text;
    out->flags = field->nullable ? ARROW_FLAG_NULLABLE : 0;
    out->release = ngi_arrow_release_column;
    out->private_data = name;
    return true;
}

ng_status ng_arrow_export_schema(const ng_schema *schema, ng_allocator allocator,
                                 struct ArrowSchema *out) {
    __builtin_memset(out, 0, sizeof *out);
    if (ng_schema_check(schema) != NG_OK) {
        return NG_INVALID;
    }
    const size_t each = sizeof(struct ArrowSchema) + sizeof(struct ArrowSchema *);
    const size_t size =
        ngi_size_plus(sizeof(ngi_arrow_described), ngi_size_times(schema->count, each));
    ngi_arrow_described *const described =
        size == SIZE_MAX ? NULL
                         : (ngi_arrow_described *)allocator.resize(allocator.ctx, NULL, 0, size);
    if (described == NULL) {
        return NG_NO_MEMORY;
    }
    __builtin_memset(described, 0, size);
    described->allocator = allocator;
    described->size = size;
    struct ArrowSchema *const columns = (struct ArrowSchema *)(void *)(described + 1);
    out->format = "+s";
    out->name = "";
    out->children = (struct ArrowSchema **)(void *)(columns + schema->count);
    out->private_data = described;
    out->release = ngi_arrow_release_schema;
    for (size_t i = 0; i < schema->count; i++) {
        out->children[i] = &columns[i];
        out->n_children++;
        if (!ngi_arrow_describe(&schema->fields[i], allocator, &columns[i])) {
            out->release(out);
            return NG_NO_MEMORY;
        }
    }
    return NG_OK;
}

/* ---- batches out ----------------------------------------------------------------------------- */

/* What all arrays of a batch share: the batch's hold, given back by the last of them. */
typedef struct ngi_arrow_given {
    ng_batch batch;
    ng_allocator allocator;
    size_t size;
    uint32_t holders; /* atomic: arrays that have not been released */
} ngi_arrow_given;

/* A column's array, with its buffers: validity, values or offsets, text. */
typedef struct ngi_arrow_column {
    struct ArrowArray array;
    const void *buffers[3];
} ngi_arrow_column;

static void ngi_arrow_let_go(struct ArrowArray *array) {
    ngi_arrow_given *const given = (ngi_arrow_given *)array->private_data;
    array->release = NULL;
    if (__atomic_sub_fetch(&given->holders, 1, __ATOMIC_ACQ_REL) == 0) {
        const ng_allocator allocator = given->allocator;
        (void)ng_batch_release(&given->batch);
        (void)allocator.resize(allocator.ctx, given, given->size, 0);
    }
}

static void ngi_arrow_release_array(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL) {
            array->children[i]->release(array->children[i]);
        }
    }
    ngi_arrow_let_go(array);
}

static void ngi_arrow_fill(const ngi_arrow_given *given, size_t i, ngi_arrow_column *to) {
    const ng_column *const column = &given->batch.block->columns[i];
    const bool text = given->batch.schema->fields[i].type == NG_UTF8;
    struct ArrowArray *const array = &to->array;
    __builtin_memset(to, 0, sizeof *to);
    to->buffers[0] = column->valid;
    to->buffers[1] = column->values;
    to->buffers[2] = text ? column->bytes : NULL;
    array->length = (int64_t)given->batch.rows;
    array->offset = (int64_t)given->batch.offset;
    array->null_count = column->valid == NULL ? 0 : -1;
    array->n_buffers = text ? 3 : 2;
    array->buffers = to->buffers;
    array->release = ngi_arrow_let_go;
}

ng_status ng_arrow_export(ng_batch *batch, ng_allocator allocator, struct ArrowArray *out) {
    __builtin_memset(out, 0, sizeof *out);
    if (batch->block == NULL) {
        return NG_MISUSED;
    }
    const size_t count = batch->schema->count;
    const size_t head = ngi_size_round(sizeof(ngi_arrow_given) + sizeof(void *), 16);
    const size_t each = sizeof(ngi_arrow_column) + sizeof(struct ArrowArray *);
    const size_t size = ngi_size_plus(head, ngi_size_times(count, each));
    ngi_arrow_given *const given =
        size == SIZE_MAX ? NULL : (ngi_arrow_given *)allocator.resize(allocator.ctx, NULL, 0, size);
    if (given == NULL) {
        return NG_NO_MEMORY;
    }
    ngi_arrow_column *const columns = (ngi_arrow_column *)(void *)((uint8_t *)given + head);
    const void **const none = (const void **)(void *)(given + 1); /* a struct without nulls */
    given->batch = *batch;
    given->allocator = allocator;
    given->size = size;
    given->holders = (uint32_t)count + 1;
    *none = NULL;
    out->length = (int64_t)batch->rows;
    out->n_buffers = 1;
    out->buffers = none;
    out->n_children = (int64_t)count;
    out->children = (struct ArrowArray **)(void *)(columns + count);
    out->private_data = given;
    out->release = ngi_arrow_release_array;
    for (size_t i = 0; i < count; i++) {
        ngi_arrow_fill(given, i, &columns[i]);
        columns[i].array.private_data = given;
        out->children[i] = &columns[i].array;
    }
    batch->block = NULL;
    batch->rows = 0;
    return NG_OK;
}

/* ---- schemas in ------------------------------------------------------------------------------ */

/* NG_OK, and the bytes of all names with their ends. */
static ng_status ngi_arrow_measure(const struct ArrowSchema *from, size_t *names, size_t *refused) {
    *names = 0;
    if (from->release == NULL || from->format == NULL ||
        !ngi_arrow_same_format("+s", from->format) || from->n_children <= 0 ||
        (uint64_t)from->n_children > SIZE_MAX / sizeof(ng_field)) {
        return NG_INVALID;
    }
    for (size_t i = 0; i < (size_t)from->n_children; i++) {
        const struct ArrowSchema *const column = from->children[i];
        *refused = i;
        if (column->name == NULL) {
            return NG_INVALID;
        }
        if (ngi_arrow_type(column->format) == 0 || column->dictionary != NULL) {
            return NG_UNSUPPORTED;
        }
        *names = ngi_size_plus(*names, ngi_text_size(column->name) + 1);
    }
    *refused = SIZE_MAX;
    return NG_OK;
}

ng_status ng_arrow_import_schema(const struct ArrowSchema *from, ng_allocator allocator,
                                 ng_arrow_schema *out) {
    size_t names = 0;
    __builtin_memset(out, 0, sizeof *out);
    out->column = SIZE_MAX;
    const ng_status status = ngi_arrow_measure(from, &names, &out->column);
    if (status != NG_OK) {
        return status;
    }
    const size_t count = (size_t)from->n_children;
    const size_t size = ngi_size_plus(ngi_size_times(count, sizeof(ng_field)), names);
    ng_field *const fields =
        size == SIZE_MAX ? NULL : (ng_field *)allocator.resize(allocator.ctx, NULL, 0, size);
    if (fields == NULL) {
        return NG_NO_MEMORY;
    }
    char *name = (char *)(fields + count);
    for (size_t i = 0; i < count; i++) {
        const struct ArrowSchema *const column = from->children[i];
        const size_t bytes = ngi_text_size(column->name) + 1;
        const ng_field field = {name,
                                (ng_type)ngi_arrow_type(column->format),
                                (column->flags & ARROW_FLAG_NULLABLE) != 0,
                                NG_NONE,
                                NG_NONE,
                                NG_NONE,
                                NG_NONE};
        __builtin_memcpy(name, column->name, bytes);
        name += bytes;
        fields[i] = field;
    }
    out->schema.fields = fields;
    out->schema.count = count;
    out->allocator = allocator;
    out->size = size;
    const ng_status checked = ng_schema_check(&out->schema);
    if (checked != NG_OK) {
        ng_arrow_schema_close(out);
    }
    return checked;
}

void ng_arrow_schema_close(ng_arrow_schema *schema) {
    if (schema->size != 0) {
        (void)schema->allocator.resize(schema->allocator.ctx,
                                       (void *)(uintptr_t)schema->schema.fields, schema->size, 0);
    }
    schema->size = 0;
    schema->schema.fields = NULL;
    schema->schema.count = 0;
}

/* ---- batches in ------------------------------------------------------------------------------ */

/* A block over an array that came in. Followed by the columns, and by what had to be copied. */
typedef struct ngi_arrow_taken {
    ng_block block;
    struct ArrowArray array;
    ng_allocator allocator;
    size_t size;
} ngi_arrow_taken;

/* A column of an array: its buffers from its own first row on. */
typedef struct ngi_arrow_part {
    const uint8_t *valid, *values, *text;
    size_t first; /* the row of the buffers that is its first */
    bool copies_valid, copies_values;
} ngi_arrow_part;

static bool ngi_arrow_has_nulls(const uint8_t *valid, size_t first, size_t rows) {
    bool some = false;
    for (size_t i = 0; i < rows; i += 64) {
        const unsigned n = rows - i < 64 ? (unsigned)(rows - i) : 64;
        const uint64_t all = n == 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1;
        some = some || ngi_bits_load(valid, first + i, n) != all;
    }
    return some;
}

static size_t ngi_arrow_width(ng_type type) { return type == NG_UTF8 ? 4 : ng_type_size(type); }

/* Whether the texts of a column lie one behind the other. */
static bool ngi_arrow_offsets_rise(const ngi_arrow_part *part, size_t rows) {
    int32_t before = 0;
    for (size_t i = 0; i <= rows; i++) {
        int32_t offset;
        __builtin_memcpy(&offset, part->values + 4 * (part->first + i), sizeof offset);
        if (offset < before) {
            return false;
        }
        before = offset;
    }
    return true;
}

/* NG_OK if an array has the shape of a struct without nulls. */
static ng_status ngi_arrow_check_struct(const struct ArrowArray *array, const ng_schema *schema) {
    if (array->release == NULL || array->length < 0 || array->offset < 0 || array->n_buffers != 1 ||
        array->n_children < 0 || (uint64_t)array->n_children != schema->count ||
        array->dictionary != NULL) {
        return NG_INVALID;
    }
    if ((uint64_t)array->length > SIZE_MAX / 16 - 64 ||
        (uint64_t)array->offset > SIZE_MAX / 16 - 64) {
        return NG_TOO_LARGE;
    }
    const uint8_t *const valid = array->buffers == NULL ? NULL : (const uint8_t *)array->buffers[0];
    const bool nulls = array->null_count != 0 && valid != NULL &&
                       ngi_arrow_has_nulls(valid, (size_t)array->offset, (size_t)array->length);
    return nulls ? NG_UNSUPPORTED : NG_OK;
}

/* NG_OK if the first `rows` rows behind a struct's own offset are there and are what the field
 * says.
 */
static ng_status ngi_arrow_check_column(const struct ArrowArray *array, const ng_field *field,
                                        const ngi_arrow_part *part, size_t from, size_t rows) {
    if (array->release == NULL || array->offset < 0 || array->length < 0 ||
        array->n_buffers != (field->type == NG_UTF8 ? 3 : 2) || array->dictionary != NULL ||
        (uint64_t)array->length < (uint64_t)from + rows) {
        return NG_INVALID;
    }
    if ((uint64_t)array->offset > SIZE_MAX / 16 - 64) {
        return NG_TOO_LARGE;
    }
    if (rows != 0 && part->values == NULL) {
        return NG_INVALID;
    }
    const bool nulls = rows != 0 && part->valid != NULL && !field->nullable &&
                       ngi_arrow_has_nulls(part->valid, part->first, rows);
    const bool texts = rows == 0 || field->type != NG_UTF8 || ngi_arrow_offsets_rise(part, rows);
    return nulls || !texts ? NG_BAD_INPUT : NG_OK;
}

/* Bytes of a bitmap, or of values, that are copied to begin at row `at`, in whole words. */
static size_t ngi_arrow_bits_bytes(size_t at, size_t rows) {
    return ngi_size_round((at + rows) / 8 + 1, 8);
}

static size_t ngi_arrow_values_bytes(ng_type type, size_t at, size_t rows) {
    return type == NG_BOOL
               ? ngi_arrow_bits_bytes(at, rows)
               : ngi_size_round((at + rows + (type == NG_UTF8)) * ngi_arrow_width(type), 8);
}

/* Where a column's values lie, `from` rows of which are left out. */
static ngi_arrow_part ngi_arrow_part_of(const struct ArrowArray *array, const ng_field *field,
                                        size_t from) {
    const bool there = array->buffers != NULL && array->n_buffers >= 2;
    const bool text = there && field->type == NG_UTF8 && array->n_buffers == 3;
    ngi_arrow_part part = {NULL, NULL, NULL, from + (size_t)array->offset, false, false};
    part.valid = there && array->null_count != 0 ? (const uint8_t *)array->buffers[0] : NULL;
    part.values = there ? (const uint8_t *)array->buffers[1] : NULL;
    part.text = text ? (const uint8_t *)array->buffers[2] : NULL;
    return part;
}

/* What has to be copied of a column for its rows to begin at row `at` of its block, in bytes. */
static size_t ngi_arrow_plan(const ng_field *field, ngi_arrow_part *part, size_t at, size_t rows) {
    const size_t shift = part->first - at, width = ngi_arrow_width(field->type);
    size_t bytes = 0;
    part->valid = field->nullable ? part->valid : NULL;
    part->copies_valid = part->valid != NULL && shift % 8 != 0;
    part->copies_values =
        field->type == NG_BOOL ? shift % 8 != 0 : ngi_size_gap(part->values, width) != 0;
    bytes += part->copies_valid ? ngi_arrow_bits_bytes(at, rows) : 0;
    bytes += part->copies_values ? ngi_arrow_values_bytes(field->type, at, rows) : 0;
    return rows == 0 ? 0 : bytes;
}

static uint8_t *ngi_arrow_copy_bits(const uint8_t *from, size_t first, size_t at, size_t rows,
                                    uint8_t **room) {
    uint8_t *const to = *room;
    *room += ngi_arrow_bits_bytes(at, rows);
    for (size_t done = 0; done < rows; done += 64) {
        const unsigned n = rows - done < 64 ? (unsigned)(rows - done) : 64;
        ngi_bits_store(to, at + done, ngi_bits_load(from, first + done, n), n);
    }
    return to;
}

/* Makes a column whose rows begin at row `at`. */
static ng_column ngi_arrow_column_of(const ng_field *field, const ngi_arrow_part *part, size_t at,
                                     size_t rows, uint8_t **room) {
    const size_t shift = part->first - at, width = ngi_arrow_width(field->type);
    const bool bits = field->type == NG_BOOL;
    ng_column column = {NULL, NULL, (uint8_t *)(uintptr_t)part->text, 0};
    if (rows == 0) {
        return column;
    }
    if (part->copies_values && bits) {
        column.values = ngi_arrow_copy_bits(part->values, part->first, at, rows, room);
    } else if (part->copies_values) {
        column.values = *room;
        __builtin_memcpy(*room + at * width, part->values + part->first * width,
                         (rows + (field->type == NG_UTF8)) * width);
        *room += ngi_arrow_values_bytes(field->type, at, rows);
    } else {
        column.values = (uint8_t *)(uintptr_t)part->values + (bits ? shift / 8 : shift * width);
    }
    if (part->copies_valid) {
        column.valid = ngi_arrow_copy_bits(part->valid, part->first, at, rows, room);
    } else if (part->valid != NULL) {
        column.valid = (uint8_t *)(uintptr_t)part->valid + shift / 8;
    }
    if (field->type == NG_UTF8) {
        column.bytes_size = (size_t)((const int32_t *)column.values)[at + rows];
    }
    return column;
}

static void ngi_arrow_give_back(ng_block *block) {
    ngi_arrow_taken *const taken = (ngi_arrow_taken *)block->owner;
    const ng_allocator allocator = taken->allocator;
    taken->array.release(&taken->array);
    (void)allocator.resize(allocator.ctx, taken, taken->size, 0);
}

/* Checks all columns. `*at`: the row at which they are to begin in the block, so that as few as can
 * be are copied: that of the first one, in its byte. */
static ng_status ngi_arrow_check(const struct ArrowArray *array, const ng_schema *schema,
                                 size_t *at) {
    size_t least = SIZE_MAX;
    ng_status status = ngi_arrow_check_struct(array, schema);
    for (size_t i = 0; status == NG_OK && i < schema->count; i++) {
        const ng_field *const field = &schema->fields[i];
        const size_t from = (size_t)array->offset, rows = (size_t)array->length;
        const ngi_arrow_part part = ngi_arrow_part_of(array->children[i], field, from);
        status = ngi_arrow_check_column(array->children[i], field, &part, from, rows);
        least = part.first < least ? part.first : least;
    }
    *at = least % 8;
    return status;
}

/* How much has to be copied of all columns. */
static size_t ngi_arrow_copied(const struct ArrowArray *array, const ng_schema *schema, size_t at) {
    size_t bytes = 0;
    for (size_t i = 0; i < schema->count; i++) {
        const ng_field *const field = &schema->fields[i];
        ngi_arrow_part part = ngi_arrow_part_of(array->children[i], field, (size_t)array->offset);
        bytes = ngi_size_plus(bytes, ngi_arrow_plan(field, &part, at, (size_t)array->length));
    }
    return bytes;
}

static void ngi_arrow_columns(const struct ArrowArray *array, const ng_schema *schema, size_t at,
                              ng_column *columns, uint8_t *room) {
    const size_t rows = (size_t)array->length;
    for (size_t i = 0; i < schema->count; i++) {
        const ng_field *const field = &schema->fields[i];
        ngi_arrow_part part = ngi_arrow_part_of(array->children[i], field, (size_t)array->offset);
        (void)ngi_arrow_plan(field, &part, at, rows);
        columns[i] = ngi_arrow_column_of(field, &part, at, rows, &room);
    }
}

ng_status ng_arrow_import(struct ArrowArray *array, const ng_schema *schema, ng_allocator allocator,
                          ng_batch *out) {
    size_t at = 0;
    __builtin_memset(out, 0, sizeof *out);
    const ng_status status =
        ng_schema_check(schema) == NG_OK ? ngi_arrow_check(array, schema, &at) : NG_INVALID;
    if (status != NG_OK) {
        return status;
    }
    const size_t columns = ngi_size_times(schema->count, sizeof(ng_column));
    const size_t head = ngi_size_round(ngi_size_plus(sizeof(ngi_arrow_taken), columns), 16);
    const size_t size = ngi_size_plus(head, ngi_arrow_copied(array, schema, at));
    ngi_arrow_taken *const taken =
        size == SIZE_MAX ? NULL : (ngi_arrow_taken *)allocator.resize(allocator.ctx, NULL, 0, size);
    if (taken == NULL) {
        return NG_NO_MEMORY;
    }
    ng_column *const made = (ng_column *)(void *)(taken + 1);
    ngi_arrow_columns(array, schema, at, made, (uint8_t *)taken + head);
    ng_block_init(&taken->block, made, at + (size_t)array->length, ngi_arrow_give_back, taken);
    taken->array = *array;
    taken->allocator = allocator;
    taken->size = size;
    out->schema = schema;
    out->block = &taken->block;
    out->offset = at;
    out->rows = (size_t)array->length;
    array->release = NULL;
    return NG_OK;
}

/* ---- link.c ---------------------------------------------------------------------------------- */

/* link: a ring of batches, with what was sent and taken counted on both sides. */

/* Counters wrap around; only their distances matter, which are bounded by the marks. */

size_t ng_link_size(const ng_link_options *o) {
    const bool power = o != NULL && o->batches != 0 && (o->batches & (o->batches - 1)) == 0;
    if (!power || o->high_rows == 0 || o->high_rows > SIZE_MAX / 2 || o->low_rows >= o->high_rows ||
        o->overflow < NG_OVERFLOW_BLOCK || o->overflow > NG_OVERFLOW_FAIL) {
        return 0;
    }
    const size_t size = ngi_size_times(o->batches, sizeof(ng_batch));
    return size == SIZE_MAX ? 0 : size;
}

ng_status ng_link_init(ng_link *link, const ng_link_options *options, void *slots) {
    if (link == NULL || slots == NULL || ng_link_size(options) == 0) {
        return NG_INVALID;
    }
    link->slots = (ng_batch *)slots;
    link->options = *options;
    link->tail = link->sent_rows = link->sent_bytes = 0;
    link->dropped_rows = link->front_rows = 0;
    link->ended = NG_OK;
    link->throttled = false;
    link->head = link->taken_rows = link->taken_bytes = 0;
    link->cancelled = false;
    return NG_OK;
}

static size_t ngi_link_see(const size_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

static void ngi_link_say(size_t *counter, size_t value) {
    __atomic_store_n(counter, value, __ATOMIC_RELEASE);
}

static ng_batch *ngi_link_slot(const ng_link *link, size_t place) {
    return &link->slots[place & (link->options.batches - 1)];
}

size_t ng_link_queued(const ng_link *link) {
    const size_t taken = ngi_link_see(&link->taken_rows);
    return ngi_link_see(&link->sent_rows) - taken;
}

size_t ng_link_desired(const ng_link *link) {
    return link->options.high_rows - ng_link_queued(link);
}

bool ng_link_is_cancelled(const ng_link *link) {
    return __atomic_load_n(&link->cancelled, __ATOMIC_ACQUIRE);
}

/* ---- sending --------------------------------------------------------------------------------- */

static bool ngi_link_drops(const ng_link *link) {
    return link->options.overflow != NG_OVERFLOW_BLOCK &&
           link->options.overflow != NG_OVERFLOW_FAIL;
}

/* Rows for which there is room, whatever the low-water mark says. */
static size_t ngi_link_room(const ng_link *link) {
    const size_t queued_bytes = link->sent_bytes - ngi_link_see(&link->taken_bytes);
    const bool no_slot = link->tail - ngi_link_see(&link->head) >= link->options.batches;
    if (no_slot || (link->options.high_bytes != 0 && queued_bytes >= link->options.high_bytes)) {
        return 0;
    }
    return link->options.high_rows - (link->sent_rows - ngi_link_see(&link->taken_rows));
}

size_t ng_link_credit(ng_link *link) {
    if (ngi_link_drops(link)) {
        return link->options.high_rows;
    }
    const size_t room = ngi_link_room(link);
    if (room == 0) {
        link->throttled = true;
    } else if (link->throttled && link->options.high_rows - room <= link->options.low_rows) {
        link->throttled = false;
    }
    return link->throttled ? 0 : room;
}

static void ngi_link_put(ng_link *link, ng_batch *batch) {
    const size_t bytes = link->options.high_bytes == 0 ? 0 : (size_t)ng_batch_bytes(batch);
    *ngi_link_slot(link, link->tail) = *batch;
    batch->block = NULL;
    link->sent_bytes += bytes;
    ngi_link_say(&link->sent_rows, link->sent_rows + batch->rows);
    ngi_link_say(&link->tail, link->tail + 1);
}

static void ngi_link_pop(ng_link *link) {
    ng_batch *const first = ngi_link_slot(link, link->head);
    const size_t bytes = link->options.high_bytes == 0 ? 0 : (size_t)ng_batch_bytes(first);
    const size_t rows = first->rows;
    (void)ng_batch_release(first);
    ngi_link_say(&link->taken_bytes, link->taken_bytes + bytes);
    ngi_link_say(&link->taken_rows, link->taken_rows + rows);
    ngi_link_say(&link->head, link->head + 1);
}

static void ngi_link_drop_first(ng_link *link) {
    const size_t rows = ngi_link_slot(link, link->head)->rows;
    link->dropped_rows += rows;
    link->front_rows += rows;
    ngi_link_pop(link);
}

static ng_status ngi_link_overflow(ng_link *link, ng_batch *batch) {
    switch (link->options.overflow) {
    case NG_OVERFLOW_FAIL:
        return NG_FULL;
    case NG_OVERFLOW_DROP_NEWEST:
        link->dropped_rows += batch->rows;
        return ng_batch_release(batch);
    case NG_OVERFLOW_DROP_OLDEST:
    case NG_OVERFLOW_LATEST:
        while (ng_link_first(link) != NULL && ngi_link_room(link) < batch->rows) {
            ngi_link_drop_first(link);
        }
        ngi_link_put(link, batch);
        return NG_OK;
    default:
        return NG_AGAIN;
    }
}

ng_status ng_link_send(ng_link *link, ng_batch *batch) {
    if (batch == NULL || batch->block == NULL || batch->rows == 0) {
        return NG_INVALID;
    }
    if (link->ended != NG_OK) {
        return NG_MISUSED;
    }
    if (ng_link_is_cancelled(link)) {
        return NG_CANCELLED;
    }
    if (batch->rows > link->options.high_rows) {
        return NG_NO_CREDIT;
    }
    if (link->options.overflow == NG_OVERFLOW_LATEST) {
        while (ng_link_first(link) != NULL) {
            ngi_link_drop_first(link);
        }
    }
    if (batch->rows > ngi_link_room(link)) {
        return ngi_link_overflow(link, batch);
    }
    ngi_link_put(link, batch);
    return NG_OK;
}

ng_status ng_link_end(ng_link *link, ng_status how) {
    if (how != NG_END && how >= NG_OK) {
        return NG_INVALID;
    }
    if (link->ended != NG_OK) {
        return NG_MISUSED;
    }
    __atomic_store_n(&link->ended, (int32_t)how, __ATOMIC_RELEASE);
    return NG_OK;
}

/* ---- taking ---------------------------------------------------------------------------------- */

const ng_batch *ng_link_first(const ng_link *link) {
    return ngi_link_see(&link->tail) == link->head ? NULL : ngi_link_slot(link, link->head);
}

ng_status ng_link_take(ng_link *link, size_t rows) {
    ng_batch *const first =
        ngi_link_see(&link->tail) == link->head ? NULL : ngi_link_slot(link, link->head);
    if (first == NULL || rows > first->rows) {
        return NG_INVALID;
    }
    if (rows == first->rows) {
        ngi_link_pop(link);
        return NG_OK;
    }
    const size_t before = link->options.high_bytes == 0 ? 0 : (size_t)ng_batch_bytes(first);
    first->offset += rows;
    first->rows -= rows;
    const size_t after = link->options.high_bytes == 0 ? 0 : (size_t)ng_batch_bytes(first);
    ngi_link_say(&link->taken_bytes, link->taken_bytes + (before - after));
    ngi_link_say(&link->taken_rows, link->taken_rows + rows);
    return NG_OK;
}

ng_status ng_link_state(const ng_link *link) {
    /* The end is read before the queue: what was sent before the end is seen then. */
    const ng_status ended = (ng_status)__atomic_load_n(&link->ended, __ATOMIC_ACQUIRE);
    return ng_link_first(link) != NULL ? NG_OK : ended;
}

void ng_link_close(ng_link *link) {
    while (ng_link_first(link) != NULL) {
        ngi_link_pop(link);
    }
}

void ng_link_cancel(ng_link *link) {
    __atomic_store_n(&link->cancelled, true, __ATOMIC_RELEASE);
    ng_link_close(link);
}

/* ---- graph_build.c --------------------------------------------------------------------------- */

/* graph_build: nodes and how they hang together, until the graph is started. */

/* ---- graph_parts.h --------------------------------------------------------------------------- */

/* graph_parts: what graphs are made of. */

#define NGI_NOWHERE UINT32_MAX
#define NGI_NO_COLUMN SIZE_MAX

/* A graph's life. */
enum { NGI_BUILDING = 0, NGI_RUNNING = 1, NGI_ENDED = 2, NGI_CLOSED = 3 };

typedef struct ngi_input {
    uint32_t node, output; /* where it comes from */
    uint64_t received;     /* rows taken */
    uint64_t discarded;    /* rows that were queued when it was cancelled */
    bool done;             /* its end has been seen to */
    bool over;             /* no more of its rows are wanted, but its end is to be seen to */
    size_t positions;      /* the column of its rows' positions, or NGI_NO_COLUMN */
} ngi_input;

typedef struct ngi_output {
    ng_link link;
    ng_link_options options;
    ng_pool pool;
    ng_block *filling; /* the block that is written to, or NULL */
    size_t filled;     /* its rows that have been sent */
    uint64_t sent;     /* rows, those that a policy dropped included */
    uint32_t to, to_input;
    uint32_t blocks; /* of its pool */
} ngi_output;

/* One allocation each: the node, its state, inputs and outputs. */
typedef struct ngi_node {
    ng_stage stage;
    const ng_schema *schema, *schema_in;
    const char *name;
    void *state;
    ngi_input *inputs;
    ngi_output *outputs; /* those of the stage, then the one for dead letters */
    uint32_t input_count;
    uint32_t self;                       /* its number */
    uint32_t next_input;                 /* whose turn it is */
    const struct ngi_guarding *guarding; /* what ops_guard sees to; NULL: it stops at a bad row */
    ng_strategy strategy;
    struct ngi_retry *retry;     /* NULL: rows are not tried again */
    struct ngi_breaker *breaker; /* NULL: there is none */
    ng_account account;
    int64_t when;     /* its operator's timer, INT64_MAX: none */
    int64_t retry_at; /* when its first row is tried again, INT64_MAX: no row waits for that */
    int64_t wakes;    /* the first of both */
    uint32_t heap_place;
    ng_status answer;  /* of its operator to the last call; NG_AGAIN: there was no room for one */
    ng_status how;     /* it has ended, if `closed` */
    uint64_t calls;    /* of its operator, so far */
    bool ordered;      /* an ordered merge is further down */
    bool merges;       /* it is an ordered merge */
    uint64_t front;    /* of an ordered one: no row to come is before this position */
    uint64_t end_rows; /* that were brought out by the end of its input */
    size_t size;
    bool has_text, opened, closed, blocked, due, cancelled;
    bool dead_letters; /* has the output for them */
    bool buries;       /* the first row is to go to the dead letters once they have credit */
} ngi_node;

struct ng_context {
    ng_graph *graph;
    ngi_node *node;
    uint32_t input;
};

/* How many outputs a node has, that for dead letters included where it is used. */
static inline uint32_t ngi_output_count(const ngi_node *node) {
    return node->stage.outputs + node->dead_letters;
}

/* Whether a node's rows lie in blocks of its own. */
static inline bool ngi_has_pool(const ngi_node *node, uint32_t output) {
    return output < node->stage.outputs && !node->stage.forwards;
}

static inline ngi_output *ngi_source_of(const ng_graph *graph, const ngi_input *input) {
    return &graph->nodes[input->node]->outputs[input->output];
}

/* `by` nanoseconds, at least 0, after a time; INT64_MAX, which is never, where there is no such. */
static inline int64_t ngi_time_after(int64_t time, int64_t by) {
    return time > 0 && by > INT64_MAX - time ? INT64_MAX : time + by;
}

static inline int64_t ngi_graph_now(const ng_graph *graph) {
    const ng_clock *const clock = &graph->options.clock;
    return clock->now == NULL ? 0 : clock->now(clock->ctx);
}

static inline void ngi_make_ready(ng_graph *graph, uint32_t node) {
    graph->ready[node / 64] |= (uint64_t)1 << (node % 64);
}

/* Keeps the first failure. */
static inline void ngi_graph_blame(ng_graph *graph, ng_status status, const char *calls,
                                   const char *river, uint64_t row, uint32_t node) {
    if (graph->error.status == NG_OK) {
        graph->error.status = status;
        graph->error.calls = calls;
        graph->error.river = river;
        graph->error.row = row;
        graph->error.node = node;
    }
}

/* The node that gave a river, while building; NULL: it is refused. */
ngi_node *ngi_node_to_change(ng_river river, const char *calls);

/* Takes rows that wait at an input. */
void ngi_node_take(ng_graph *graph, ngi_node *node, uint32_t i, size_t rows);

/* Calls an operator with the rows that wait at `in` and room, and does what it answers. Whether the
 * node has got on: rows were taken or made, or it has ended. */
bool ngi_node_call(ng_graph *graph, ngi_node *node, ng_call call, uint32_t input,
                   const ng_batch *in);

/* Calls an operator, and nothing else. */
ng_step ngi_operator_call(ng_context *context, ng_call call, const ng_batch *in,
                          const ng_room *out);

/* Ends a node that cannot go on after a row, the first of `in`, or, where `in` is NULL, at all. */
void ngi_node_stop(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *in,
                   ng_status status);

/* Ends a node: its outputs with `how`, its inputs by cancelling them. */
void ngi_node_finish(ng_graph *graph, ngi_node *node, ng_status how);

/* Whether a node is a fork: all its outputs have all rows of its input. */
bool ngi_is_fork(const ngi_node *node);

/* ---- what a graph may do without -------------------------------------------------------------
 *
 * What follows is reached through a pointer only, and the function of a feature that is called
 * first sets it: so linkers leave out what a program does not use. */

/* What graph_trace sees to. */
typedef struct ngi_tracing {
    ng_step (*call)(ng_context *context, ng_call call, const ng_batch *in, const ng_room *out);
} ngi_tracing;

/* What graph_timers sees to. */
typedef struct ngi_timing {
    void (*update)(ng_graph *graph, ngi_node *node); /* ngi_timer_update */
    void (*ring)(ng_graph *graph, int64_t now);      /* nodes whose time has come are ready */
    bool (*run)(ng_graph *graph, ngi_node *node);    /* calls `timer`. Whether it got on */
} ngi_timing;

/* `when` or `retry_at` has changed. */
void ngi_timer_update(ng_graph *graph, ngi_node *node);

/* What graph_order sees to. */
typedef struct ngi_ordering {
    /* Lays out where a node finds the positions of its inputs' rows. */
    void (*start)(const ng_graph *graph, ngi_node *node);
    /* A node has made a call, or is about to fail: its front may have risen. */
    void (*update)(ng_graph *graph, ngi_node *node);
    /* An ordered node has sent rows. */
    void (*sent)(ngi_node *node, const ng_batch *batch);
    /* Where no node has anything to do: the ordered merge that waits for a row that cannot come,
     * since rows that must come later fill the links on its way; NULL: there is none. */
    ngi_node *(*stalled)(const ng_graph *graph);
} ngi_ordering;

/* A node is an ordered merge, so all that it takes from keep their fronts. */
void ngi_order_mark(ng_graph *graph, ngi_node *merge);

/* The positions of so many rows that a node brings out since its input has ended: the first of
 * them, the others follow. */
uint64_t ngi_order_end(ngi_node *node, size_t rows);

/* What ops_guard sees to. */
typedef struct ngi_guarding {
    /* Offers the rows that wait, unless the first of them waits for something. Whether the node
     * has got on. */
    bool (*offer)(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *first);
    /* So many rows went well. */
    void (*good)(const ngi_node *node, size_t rows);
    /* The first row of `in` failed. Whether the node has got on. */
    bool (*bad)(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *in,
                ng_status status);
    /* Gives back what was asked for. */
    void (*close)(const ng_graph *graph, const ngi_node *node);
} ngi_guarding;

ng_graph_options ng_graph_defaults(ng_allocator allocator) {
    ng_graph_options options;
    __builtin_memset(&options, 0, sizeof options);
    options.allocator = allocator;
    options.batch_rows = 4096;
    options.batch_text = 65536;
    options.link.batches = 4;
    options.link.high_rows = 4 * options.batch_rows;
    options.link.low_rows = 2 * options.batch_rows;
    return options;
}

ng_status ng_graph_init(ng_graph *graph, const ng_graph_options *options) {
    if (graph == NULL || options == NULL || options->allocator.resize == NULL ||
        options->batch_rows == 0 || options->batch_text == 0 || options->batch_text > INT32_MAX ||
        ng_link_size(&options->link) == 0) {
        return NG_INVALID;
    }
    __builtin_memset(graph, 0, sizeof *graph);
    graph->options = *options;
    graph->error.node = NGI_NOWHERE;
    return NG_OK;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static ng_river ngi_nowhere(ng_graph *graph) {
    ng_river river = {graph, NGI_NOWHERE, 0};
    return river;
}

ng_river ng_refuse(ng_graph *graph, const char *calls, ng_status status) {
    if (graph->state == NGI_BUILDING) {
        ngi_graph_blame(graph, status, calls, NULL, 0, NGI_NOWHERE);
    }
    return ngi_nowhere(graph);
}

/* The node that gave a river, or NULL: building has failed, or is over. */
static ngi_node *ngi_node_of(ng_river river) {
    const bool there = river.graph != NULL && river.node < river.graph->count;
    return there ? river.graph->nodes[river.node] : NULL;
}

ngi_node *ngi_node_to_change(ng_river river, const char *calls) {
    ngi_node *const node = ngi_node_of(river);
    const bool building = node != NULL && river.graph->state == NGI_BUILDING;
    if (river.graph != NULL && !building) {
        (void)ng_refuse(river.graph, calls, NG_MISUSED);
    }
    return building ? node : NULL;
}

/* Lays out a node with its state, inputs and outputs, or, without it, only tells their size. */
static size_t ngi_node_lay_out(ngi_node *node, const ng_stage *stage, uint32_t inputs) {
    ngi_layout layout = {(uint8_t *)node, 0};
    (void)ngi_layout_part(&layout, 1, sizeof(ngi_node));
    void *const state = ngi_layout_part(&layout, 1, stage->state_size);
    void *const ins = ngi_layout_part(&layout, inputs, sizeof(ngi_input));
    void *const outs = ngi_layout_part(&layout, (size_t)stage->outputs + 1, sizeof(ngi_output));
    if (node != NULL) {
        node->state = stage->state_size == 0 ? stage->state : state;
        node->inputs = (ngi_input *)ins;
        node->outputs = (ngi_output *)outs;
    }
    return layout.size;
}

static bool ngi_nodes_grow(ng_graph *graph) {
    if (graph->count < graph->room) {
        return true;
    }
    const uint32_t room = graph->room == 0 ? 16 : 2 * graph->room;
    const ng_allocator *const a = &graph->options.allocator;
    void *const moved = a->resize(a->ctx, graph->nodes, graph->room * sizeof(ngi_node *),
                                  room * sizeof(ngi_node *));
    if (moved == NULL) {
        return false;
    }
    graph->nodes = (ngi_node **)moved;
    graph->room = room;
    return true;
}

static ngi_node *ngi_node_new(ng_graph *graph, const ng_stage *stage, uint32_t inputs) {
    const ng_allocator *const a = &graph->options.allocator;
    const size_t size = ngi_node_lay_out(NULL, stage, inputs);
    ngi_node *const node = size == SIZE_MAX || !ngi_nodes_grow(graph)
                               ? NULL
                               : (ngi_node *)a->resize(a->ctx, NULL, 0, size);
    if (node == NULL) {
        return NULL;
    }
    __builtin_memset(node, 0, size);
    (void)ngi_node_lay_out(node, stage, inputs);
    node->size = size;
    node->stage = *stage;
    node->input_count = inputs;
    if (stage->state_size != 0 && stage->state != NULL) {
        __builtin_memcpy(node->state, stage->state, stage->state_size);
    }
    for (uint32_t i = 0; i <= stage->outputs; i++) {
        node->outputs[i].options = graph->options.link;
        node->outputs[i].to = NGI_NOWHERE;
    }
    node->when = node->retry_at = node->wakes = INT64_MAX;
    node->self = graph->count;
    graph->nodes[graph->count++] = node;
    return node;
}

static bool ngi_has_text(const ng_schema *schema) {
    bool text = false;
    for (size_t i = 0; i < schema->count; i++) {
        text = text || schema->fields[i].type == NG_UTF8;
    }
    return text;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* Makes a river an input of a node. NG_INVALID: it is no river of what was built before;
 * NG_MISUSED: it is another input already. */
static ng_status ngi_connect(const ng_graph *graph, ngi_node *node, uint32_t i, ng_river river) {
    if (river.graph != graph || river.node >= node->self ||
        river.output >= ngi_output_count(graph->nodes[river.node])) {
        return NG_INVALID;
    }
    ngi_output *const from = &graph->nodes[river.node]->outputs[river.output];
    if (from->to != NGI_NOWHERE) {
        return NG_MISUSED;
    }
    node->inputs[i].node = river.node;
    node->inputs[i].output = river.output;
    from->to = node->self;
    from->to_input = i;
    return NG_OK;
}

static const ng_schema *ngi_river_schema(ng_river river) {
    const ngi_node *const node = ngi_node_of(river);
    if (node == NULL) {
        return NULL;
    }
    return river.output < node->stage.outputs ? node->schema : node->schema_in;
}

ng_river ng_apply(ng_graph *graph, const ng_river *rivers, uint32_t count, const ng_stage *stage) {
    ng_graph *const g = count != 0 ? rivers[0].graph : graph;
    const char *const name = stage->calls->name;
    if (g->state != NGI_BUILDING || g->error.status != NG_OK) {
        return ngi_nowhere(g);
    }
    const ng_schema *const in = count != 0 ? ngi_river_schema(rivers[0]) : NULL;
    const ng_schema *const schema = stage->schema != NULL ? stage->schema : in;
    if (stage->calls->push == NULL || count >= NGI_NOWHERE / 2 ||
        stage->outputs >= NGI_NOWHERE / 2 ||
        (stage->outputs != 0 && ng_schema_check(schema) != NG_OK)) {
        return ng_refuse(g, name, NG_INVALID);
    }
    ngi_node *const node = ngi_node_new(g, stage, count);
    if (node == NULL) {
        return ng_refuse(g, name, NG_NO_MEMORY);
    }
    node->schema = schema;
    node->schema_in = in;
    node->has_text = schema != NULL && ngi_has_text(schema);
    for (uint32_t i = 0; i < count; i++) {
        const ng_status connected = ngi_connect(g, node, i, rivers[i]);
        if (connected != NG_OK) {
            return ng_refuse(g, name, connected);
        }
    }
    ng_river river = {g, node->self, 0};
    return river;
}

ng_river ng_output(ng_river river, uint32_t output) {
    river.output = output;
    return river;
}

void *ng_state(ng_river river) {
    const ngi_node *const node = ngi_node_of(river);
    return node == NULL ? NULL : node->state;
}

const ng_schema *ng_columns(ng_river river) { return ngi_river_schema(river); }

ng_river ng_name(ng_river river, const char *name) {
    ngi_node *const node = ngi_node_to_change(river, "name");
    if (node != NULL) {
        node->name = name;
    }
    return river;
}

ng_river ng_bound(ng_river river, const ng_link_options *options) {
    ngi_node *const node = ngi_node_to_change(river, "bound");
    if (node == NULL) {
        return river;
    }
    if (ng_link_size(options) == 0 || river.output >= ngi_output_count(node)) {
        return ng_refuse(river.graph, "bound", NG_INVALID);
    }
    node->outputs[river.output].options = *options;
    return river;
}

/* ---- graph_start.c --------------------------------------------------------------------------- */

/* graph_start: checks a graph, measures it, lays its memory out, and gives it back. */

/* Blocks that can be pinned behind an output: one in each place of its queue, and, where what takes
 * them passes them on, those behind that. Nodes come after their inputs, so the last comes first.
 */
static size_t ngi_pinned(const ng_graph *graph, const ngi_output *output) {
    const ngi_node *const to = graph->nodes[output->to];
    size_t pinned = ngi_size_plus(output->options.batches, to->stage.holds);
    for (uint32_t i = 0; i < ngi_output_count(to); i++) {
        if (!ngi_has_pool(to, i)) {
            pinned = ngi_size_plus(pinned, to->outputs[i].blocks);
        }
    }
    return pinned;
}

/* Lays out an output's queue and blocks, or measures them. */
static void ngi_output_lay_out(const ng_graph *graph, const ngi_node *node, uint32_t i,
                               ngi_layout *layout) {
    const ng_graph_options *const o = &graph->options;
    ngi_output *const output = &node->outputs[i];
    void *const slots = ngi_layout_part(layout, 1, ng_link_size(&output->options));
    if (slots != NULL) { /* they fit, so they can be laid out */
        (void)!ng_link_init(&output->link, &output->options, slots);
    }
    if (!ngi_has_pool(node, i)) {
        return;
    }
    const size_t count = (size_t)output->blocks + 1;
    const size_t size = ng_pool_size(node->schema, count, o->batch_rows, o->batch_text);
    void *const blocks = ngi_layout_part(layout, 1, size == 0 ? SIZE_MAX : size);
    if (blocks != NULL) {
        (void)!ng_pool_init(&output->pool, blocks, node->schema, count, o->batch_rows,
                            o->batch_text);
    }
}

static size_t ngi_ready_words(const ng_graph *graph) { return graph->count / 64 + 1; }

/* Lays out all that flows need, or measures it; gives the bits of `ready`, which the heap is
 * behind. */
static uint64_t *ngi_graph_lay_out(const ng_graph *graph, ngi_layout *layout) {
    const size_t halves = 2 * ngi_ready_words(graph) + graph->count;
    void *const ready = ngi_layout_part(layout, halves, sizeof(uint32_t));
    for (uint32_t node = 0; node < graph->count; node++) {
        for (uint32_t i = 0; i < ngi_output_count(graph->nodes[node]); i++) {
            ngi_output_lay_out(graph, graph->nodes[node], i, layout);
        }
    }
    return (uint64_t *)ready;
}

/* The first node of which a river ends nowhere, or NULL. */
static const ngi_node *ngi_graph_dangling(const ng_graph *graph) {
    for (uint32_t node = 0; node < graph->count; node++) {
        for (uint32_t i = 0; i < ngi_output_count(graph->nodes[node]); i++) {
            if (graph->nodes[node]->outputs[i].to == NGI_NOWHERE) {
                return graph->nodes[node];
            }
        }
    }
    return NULL;
}

size_t ng_graph_memory(const ng_graph *graph) {
    if (graph->error.status != NG_OK || graph->count == 0 || ngi_graph_dangling(graph) != NULL) {
        return 0;
    }
    for (uint32_t at = graph->count; at-- > 0;) {
        for (uint32_t i = 0; i < ngi_output_count(graph->nodes[at]); i++) {
            ngi_output *const output = &graph->nodes[at]->outputs[i];
            const size_t pinned = ngi_pinned(graph, output);
            output->blocks = pinned >= UINT32_MAX ? UINT32_MAX : (uint32_t)pinned;
        }
    }
    ngi_layout layout = {NULL, 64};
    (void)ngi_graph_lay_out(graph, &layout);
    return layout.size == SIZE_MAX ? 0 : layout.size;
}

static ng_status ngi_graph_fail(ng_graph *graph, const ngi_node *node, ng_status status) {
    ngi_graph_blame(graph, status, node == NULL ? NULL : node->stage.calls->name,
                    node == NULL ? NULL : node->name, 0, node == NULL ? NGI_NOWHERE : node->self);
    return graph->error.status;
}

static ng_status ngi_graph_open(ng_graph *graph) {
    for (uint32_t i = 0; i < graph->count; i++) {
        ngi_node *const node = graph->nodes[i];
        ng_context context = {graph, node, 0};
        const ng_operator *const calls = node->stage.calls;
        ngi_make_ready(graph, i);
        if (graph->ordering != NULL) {
            graph->ordering->start(graph, node);
        }
        node->opened = true;
        const ng_status status = calls->open == NULL ? NG_OK : calls->open(node->state, &context);
        if (status < NG_OK) {
            return ngi_graph_fail(graph, node, status);
        }
        if (status == NG_END) {
            ngi_node_finish(graph, node, NG_END);
        }
    }
    return NG_OK;
}

ng_status ng_graph_start(ng_graph *graph) {
    if (graph == NULL) {
        return NG_INVALID;
    }
    if (graph->state != NGI_BUILDING) {
        return NG_MISUSED;
    }
    if (graph->error.status != NG_OK) {
        return graph->error.status;
    }
    const ngi_node *const dangling = ngi_graph_dangling(graph);
    if (graph->count == 0 || dangling != NULL) {
        return ngi_graph_fail(graph, dangling, graph->count == 0 ? NG_INVALID : NG_DANGLING);
    }
    const ng_allocator *const a = &graph->options.allocator;
    const size_t size = ng_graph_memory(graph);
    graph->memory = size == 0 ? NULL : (uint8_t *)a->resize(a->ctx, NULL, 0, size);
    if (graph->memory == NULL) {
        return ngi_graph_fail(graph, NULL, size == 0 ? NG_TOO_LARGE : NG_NO_MEMORY);
    }
    graph->memory_size = size;
    graph->live = graph->count;
    ngi_layout layout = {graph->memory + ngi_size_gap(graph->memory, 64), 0};
    graph->ready = ngi_graph_lay_out(graph, &layout);
    graph->heap = (uint32_t *)(void *)(graph->ready + ngi_ready_words(graph));
    __builtin_memset(graph->ready, 0, ngi_ready_words(graph) * sizeof(uint64_t));
    graph->state = NGI_RUNNING;
    const ng_status status = ngi_graph_open(graph);
    if (status != NG_OK) {
        ng_graph_cancel(graph);
    }
    return status;
}

void ng_graph_close(ng_graph *graph) {
    if (graph->state == NGI_CLOSED || graph->busy) {
        return;
    }
    if (graph->state == NGI_RUNNING) {
        ng_graph_cancel(graph);
    }
    const ng_allocator *const a = &graph->options.allocator;
    for (uint32_t i = 0; i < graph->count; i++) {
        ngi_node *const node = graph->nodes[i];
        if (node->guarding != NULL) {
            node->guarding->close(graph, node);
        }
        (void)a->resize(a->ctx, node, node->size, 0);
    }
    if (graph->nodes != NULL) {
        (void)a->resize(a->ctx, graph->nodes, graph->room * sizeof(ngi_node *), 0);
    }
    if (graph->memory != NULL) {
        (void)a->resize(a->ctx, graph->memory, graph->memory_size, 0);
    }
    graph->nodes = NULL;
    graph->memory = NULL;
    graph->count = 0;
    graph->state = NGI_CLOSED;
}

ng_error ng_graph_error(const ng_graph *graph) { return graph->error; }

/* ---- graph_timers.c -------------------------------------------------------------------------- */

/* graph_timers: a heap of the nodes that wait for a time, the first to come at its root. */

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

/* ---- graph_trace.c --------------------------------------------------------------------------- */

/* graph_trace: tells a tracer of each call. */

static ng_step ngi_trace_call(ng_context *context, ng_call call, const ng_batch *in,
                              const ng_room *out) {
    const ng_graph *const graph = context->graph;
    const ngi_node *const node = context->node;
    const ng_tracer *const tracer = &graph->tracer;
    const uint64_t taken = node->account.in, sent = node->account.out;
    ng_span span;
    __builtin_memset(&span, 0, sizeof span);
    span.calls = node->stage.calls->name;
    span.river = node->name;
    span.node = node->self;
    span.call = call;
    span.begin = ngi_graph_now(graph);
    if (tracer->begin != NULL) {
        tracer->begin(tracer->ctx, &span);
    }
    const ng_step step = ngi_operator_call(context, call, in, out);
    span.end = ngi_graph_now(graph);
    span.rows_in = node->account.in - taken + step.consumed;
    span.rows_out = node->account.out - sent + step.produced;
    span.status = step.status;
    tracer->end(tracer->ctx, &span);
    return step;
}

static const ngi_tracing ngi_trace_tracing = {ngi_trace_call};

ng_status ng_graph_trace(ng_graph *graph, const ng_tracer *tracer) {
    if (graph == NULL || tracer == NULL || tracer->end == NULL) {
        return NG_INVALID;
    }
    graph->tracer = *tracer;
    graph->tracing = &ngi_trace_tracing;
    return NG_OK;
}

/* ---- graph_order.c --------------------------------------------------------------------------- */

/* graph_order: which rows may still come, by their place in the order of all rows.
 *
 * Where an ordered merge is further down, each node keeps its front: a position that no row it has
 * still to bring out is before. It follows from the fronts above it, so it moves on where rows are
 * left out, too. */

/* The position of what comes next from an input; UINT64_MAX: nothing. */
static uint64_t ngi_order_bound(const ng_graph *graph, const ngi_input *input) {
    const ng_link *const link = &ngi_source_of(graph, input)->link;
    const ng_batch *const first = ng_link_first(link);
    if (input->done || input->over || ng_link_state(link) == NG_END) {
        return UINT64_MAX;
    }
    if (input->positions == NGI_NO_COLUMN) {
        return input->received + link->front_rows;
    }
    if (first == NULL) {
        return graph->nodes[input->node]->front;
    }
    const ng_column *const column = &first->block->columns[input->positions];
    return ((const uint64_t *)column->values)[first->offset];
}

uint64_t ng_context_position(const ng_context *context, uint32_t input) {
    return input >= context->node->input_count
               ? UINT64_MAX
               : ngi_order_bound(context->graph, &context->node->inputs[input]);
}

static void ngi_order_start(const ng_graph *graph, ngi_node *node) {
    for (uint32_t i = 0; i < node->input_count; i++) {
        ngi_input *const input = &node->inputs[i];
        const ngi_node *const from = graph->nodes[input->node];
        const ng_schema *const schema =
            input->output < from->stage.outputs ? from->schema : from->schema_in;
        const size_t place = ng_schema_find(schema, NG_ROW_COLUMN);
        const bool there = place < schema->count && schema->fields[place].type == NG_U64;
        input->positions = there ? place : NGI_NO_COLUMN;
    }
}

/* The input from which an ordered merge takes the next row. */
static uint32_t ngi_order_next(const ng_graph *graph, const ngi_node *merge) {
    uint32_t next = 0;
    for (uint32_t i = 1; i < merge->input_count; i++) {
        const bool before = ngi_order_bound(graph, &merge->inputs[i]) <
                            ngi_order_bound(graph, &merge->inputs[next]);
        next = before ? i : next;
    }
    return next;
}

/* Whom a node that does nothing waits for; NULL: someone outside. */
static const ngi_node *ngi_order_awaited(const ng_graph *graph, const ngi_node *node) {
    if (node->closed) {
        return NULL;
    }
    for (uint32_t i = 0; i < ngi_output_count(node) && node->blocked; i++) {
        ng_link *const link = &node->outputs[i].link;
        if (!ng_link_is_cancelled(link) && ng_link_credit(link) == 0) {
            return graph->nodes[node->outputs[i].to];
        }
    }
    const bool known = node->merges || (node->input_count == 1 && !node->blocked);
    const uint32_t input = node->merges ? ngi_order_next(graph, node) : 0;
    return known ? graph->nodes[node->inputs[input].node] : NULL;
}

static ngi_node *ngi_order_stalled(const ng_graph *graph) {
    for (uint32_t i = 0; i < graph->count; i++) {
        const ngi_node *at = graph->nodes[i]->merges ? graph->nodes[i] : NULL;
        for (uint32_t hops = 0; at != NULL && hops <= graph->count; hops++) {
            at = ngi_order_awaited(graph, at);
        }
        for (; at != NULL; at = ngi_order_awaited(graph, at)) { /* round and round */
            if (at->merges) { /* as it goes up somewhere, and up only from a merge */
                return graph->nodes[at->self];
            }
        }
    }
    return NULL;
}

uint64_t ngi_order_end(ngi_node *node, size_t rows) {
    const uint64_t first = NG_ROWS_OF_THE_END | (uint64_t)node->self << 40 | node->end_rows;
    node->end_rows += rows;
    return first;
}

static void ngi_order_raise(ngi_node *node, uint64_t front) {
    node->front = front > node->front ? front : node->front;
}

static void ngi_order_sent(ngi_node *node, const ng_batch *batch) {
    const size_t place = ng_schema_find(batch->schema, NG_ROW_COLUMN);
    if (node->input_count == 0 && place < batch->schema->count) {
        const uint64_t *const positions = (const uint64_t *)batch->block->columns[place].values;
        ngi_order_raise(node, positions[batch->offset + batch->rows - 1]);
    }
}

static void ngi_order_update(ng_graph *graph, ngi_node *node) {
    const uint64_t before = node->front;
    if (node->closed || node->input_count == 0) {
        return;
    }
    uint64_t front = ngi_order_end(node, 0);
    for (uint32_t i = 0; i < node->input_count; i++) {
        const uint64_t bound = ngi_order_bound(graph, &node->inputs[i]);
        front = bound < front ? bound : front;
    }
    ngi_order_raise(node, front);
    for (uint32_t i = 0; i < ngi_output_count(node) && node->front != before; i++) {
        ngi_make_ready(graph, node->outputs[i].to);
    }
}

static const ngi_ordering ngi_order_ordering = {ngi_order_start, ngi_order_update, ngi_order_sent,
                                                ngi_order_stalled};

void ngi_order_mark(ng_graph *graph, ngi_node *merge) {
    graph->ordering = &ngi_order_ordering;
    merge->merges = true;
    for (uint32_t i = 0; i < merge->input_count; i++) {
        graph->nodes[merge->inputs[i].node]->ordered = true;
    }
    for (uint32_t at = merge->self; at-- > 0;) { /* nodes come after their inputs */
        const ngi_node *const above = graph->nodes[at];
        for (uint32_t i = 0; i < above->input_count && above->ordered; i++) {
            graph->nodes[above->inputs[i].node]->ordered = true;
        }
    }
}

/* ---- graph_run.c ----------------------------------------------------------------------------- */

/* graph_run: calls operators, the one furthest down that has something to do first, so that rows
 * leave as soon as they can. */

/* ---- sending --------------------------------------------------------------------------------- */

static void ngi_fill_stop(ngi_output *output) {
    if (output->filling != NULL) {
        (void)ng_block_release(output->filling);
        output->filling = NULL;
    }
}

static bool ngi_node_room(const ng_graph *graph, ngi_node *node, uint32_t i, ng_room *room) {
    ngi_output *const output = &node->outputs[i];
    const size_t credit = ng_link_credit(&output->link);
    if (credit == 0) {
        return false;
    }
    if (output->filling == NULL) {
        output->filling = ng_pool_take(&output->pool);
        output->filled = 0;
        if (output->filling == NULL) {
            return false;
        }
    }
    const size_t left = graph->options.batch_rows - output->filled;
    room->columns = output->filling->columns;
    room->at = output->filled;
    room->rows = left < credit ? left : credit;
    return true;
}

static ng_status ngi_node_send(ng_graph *graph, ngi_node *node, uint32_t i, ng_batch *batch) {
    ngi_output *const output = &node->outputs[i];
    const size_t rows = batch->rows;
    if (node->ordered) {
        graph->ordering->sent(node, batch);
    }
    const ng_status status = ng_link_send(&output->link, batch);
    if (status == NG_OK) {
        output->sent += rows;
        node->account.out += rows;
        ngi_make_ready(graph, output->to);
    }
    return status;
}

/* Sends the rows that were written behind those sent before. */
static void ngi_node_send_made(ng_graph *graph, ngi_node *node, uint32_t i, size_t rows) {
    ngi_output *const output = &node->outputs[i];
    if (rows == 0) {
        return;
    }
    ng_batch batch = {node->schema, output->filling, output->filled, rows};
    output->filled += rows;
    if (output->filled == graph->options.batch_rows) {
        output->filling = NULL; /* its hold is the batch's now */
    } else {
        ng_block_hold(output->filling);
    }
    if (ngi_node_send(graph, node, i, &batch) !=
        NG_OK) { /* cancelled: credit was asked for before */
        node->account.dropped += rows;
        (void)ng_batch_release(&batch);
    }
}

/* ---- ending ---------------------------------------------------------------------------------- */

/* Lets go of what waits at an input, and of what would. */
static void ngi_input_cancel(ng_graph *graph, ngi_input *input) {
    ng_link *const link = &ngi_source_of(graph, input)->link;
    if (!ng_link_is_cancelled(link)) {
        input->discarded += ng_link_queued(link);
        ng_link_cancel(link);
        ngi_make_ready(graph, input->node);
    }
    input->over = true;
}

void ngi_node_finish(ng_graph *graph, ngi_node *node, ng_status how) {
    if (node->closed) {
        return;
    }
    node->closed = true;
    node->how = how;
    for (uint32_t i = 0; i < ngi_output_count(node); i++) {
        ngi_output *const output = &node->outputs[i];
        ngi_fill_stop(output);
        (void)ng_link_end(&output->link, how);
        ngi_make_ready(graph, output->to);
    }
    for (uint32_t i = 0; i < node->input_count; i++) {
        ngi_input_cancel(graph, &node->inputs[i]);
        node->inputs[i].done = true;
    }
    if (node->opened && node->stage.calls->close != NULL) {
        node->stage.calls->close(node->state);
    }
    node->account.dropped += node->account.held;
    node->account.held = 0;
    if (node->wakes != INT64_MAX) {
        node->when = node->retry_at = INT64_MAX;
        graph->timing->update(graph, node);
    }
    graph->live--;
}

static void ngi_node_fail(ng_graph *graph, ngi_node *node, ng_status status, uint64_t row) {
    ngi_graph_blame(graph, status, node->stage.calls->name, node->name, row, node->self);
    ngi_node_finish(graph, node, status);
}

/* ---- taking ---------------------------------------------------------------------------------- */

void ngi_node_take(ng_graph *graph, ngi_node *node, uint32_t i, size_t rows) {
    ngi_input *const input = &node->inputs[i];
    if (rows == 0) {
        return;
    }
    (void)ng_link_take(&ngi_source_of(graph, input)->link, rows);
    input->received += rows;
    node->account.in += rows;
    if (graph->nodes[input->node]->blocked) {
        ngi_make_ready(graph, input->node);
    }
}

/* The number of the row that waits first at an input; of a source, of the one it makes next. */
static uint64_t ngi_node_row(const ngi_node *node, uint32_t input) {
    return input < node->input_count  ? node->inputs[input].received
           : node->stage.outputs != 0 ? node->outputs[0].sent
                                      : 0;
}

void ngi_node_stop(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *in,
                   ng_status status) {
    const uint64_t row = ngi_node_row(node, input);
    if (node->ordered) { /* the bad row is where it ends */
        graph->ordering->update(graph, node);
    }
    if (in != NULL) {
        ngi_node_take(graph, node, input, 1);
        node->account.failed++;
    }
    ngi_node_fail(graph, node, status, row);
}

/* ---- one call -------------------------------------------------------------------------------- */

ng_step ngi_operator_call(ng_context *context, ng_call call, const ng_batch *in,
                          const ng_room *out) {
    const ngi_node *const node = context->node;
    const ng_operator *const calls = node->stage.calls;
    switch (call) {
    case NG_CALL_END:
        return calls->end(node->state, context, out);
    case NG_CALL_TIMER:
        return calls->timer(node->state, context, out);
    default:
        return calls->push(node->state, context, in, out);
    }
}

/* The same, counted and told. */
static ng_step ngi_call_now(ng_context *context, ng_call call, const ng_batch *in,
                            const ng_room *out) {
    const ngi_tracing *const tracing = context->graph->tracing;
    context->node->calls++;
    return tracing == NULL ? ngi_operator_call(context, call, in, out)
                           : tracing->call(context, call, in, out);
}

/* A text that did not fit behind those of other rows may fit into a block of its own. An operator
 * without rows before it says NG_AGAIN where it has more to make. */
static bool ngi_wants_fresh_block(const ngi_node *node, ng_step step, const ng_batch *in,
                                  const ng_room *out) {
    const ng_status waits = in == NULL && node->input_count != 0 ? NG_AGAIN : NG_OK;
    return node->has_text && out != NULL && out->at != 0 && step.consumed == 0 &&
           step.produced == 0 && (step.status == NG_OK || step.status == waits);
}

bool ngi_node_call(ng_graph *graph, ngi_node *node, ng_call call, uint32_t input,
                   const ng_batch *in) {
    ng_context context = {graph, node, input};
    const bool writes = node->stage.outputs != 0 && !node->stage.forwards;
    const uint64_t before = node->account.in + node->account.out;
    ng_room room, *const out = writes ? &room : NULL;
    node->answer = NG_AGAIN;
    if (writes && !ngi_node_room(graph, node, 0, &room)) {
        return false;
    }
    graph->busy = true;
    ng_step step = ngi_call_now(&context, call, in, out);
    if (ngi_wants_fresh_block(node, step, in, out)) {
        ngi_fill_stop(&node->outputs[0]);
        if (ngi_node_room(graph, node, 0, &room)) {
            step = ngi_call_now(&context, call, in, out);
        }
    }
    graph->busy = false;
    const size_t rows = in == NULL ? 0 : in->rows;
    const size_t space = writes && ngi_node_room(graph, node, 0, &room) ? room.rows : 0;
    if (step.consumed > rows || step.produced > space) {
        ngi_node_fail(graph, node, NG_MISUSED, ngi_node_row(node, input));
        node->answer = NG_MISUSED;
        return true;
    }
    node->answer = step.status;
    ngi_node_send_made(graph, node, 0, step.produced);
    ngi_node_take(graph, node, input, step.consumed);
    node->account.out += node->stage.outputs == 0 ? step.consumed : 0;
    if (node->guarding != NULL) {
        node->guarding->good(node, step.consumed);
    }
    if (step.status < NG_OK) {
        const ng_batch *const bad = step.consumed < rows ? ng_context_first(&context, input) : NULL;
        if (bad != NULL && node->guarding != NULL) {
            return node->guarding->bad(graph, node, input, bad, step.status);
        }
        ngi_node_stop(graph, node, input, bad, step.status);
        return true;
    }
    if (step.status == NG_END) {
        ngi_node_finish(graph, node, NG_END);
        return true;
    }
    return node->account.in + node->account.out != before;
}

/* ---- one node -------------------------------------------------------------------------------- */

static bool ngi_is_unwanted(const ngi_node *node) {
    for (uint32_t i = 0; i < node->stage.outputs; i++) {
        if (!ng_link_is_cancelled(&node->outputs[i].link)) {
            return false;
        }
    }
    return node->stage.outputs != 0;
}

/* An input that has ended with an error. Answers whether the node has gone on. */
static bool ngi_input_failed(ng_graph *graph, ngi_node *node, uint32_t i, ng_status how) {
    ng_context context = {graph, node, i};
    ng_status status = NG_OK;
    if (node->stage.calls->fail != NULL) {
        graph->busy = true;
        status = node->stage.calls->fail(node->state, &context, how);
        graph->busy = false;
    }
    if (status != NG_AGAIN) {
        if (node->ordered) {
            graph->ordering->update(graph, node);
        }
        ngi_node_finish(graph, node, how);
    }
    return status != NG_AGAIN;
}

/* An input that has ended, with `how`. */
static bool ngi_input_ended(ng_graph *graph, ngi_node *node, uint32_t i, ng_status how) {
    if (how != NG_END) {
        return ngi_input_failed(graph, node, i, how);
    }
    if (node->stage.calls->end != NULL) {
        const bool progress = ngi_node_call(graph, node, NG_CALL_END, i, NULL);
        if (node->answer == NG_AGAIN) {
            return progress;
        }
    }
    if (node->closed) {
        return true;
    }
    node->inputs[i].done = true;
    for (uint32_t other = 0; other < node->input_count; other++) {
        if (!node->inputs[other].done) {
            return true;
        }
    }
    ngi_node_finish(graph, node, NG_END);
    return true;
}

/* Offers one input. `*waiting`: there was something to offer. */
static bool ngi_input_run(ng_graph *graph, ngi_node *node, uint32_t i, bool *waiting) {
    ng_link *const link = &ngi_source_of(graph, &node->inputs[i])->link;
    const bool over = node->inputs[i].over;
    if (node->inputs[i].done) {
        return false;
    }
    if (over) {
        ngi_input_cancel(graph, &node->inputs[i]);
    }
    const ng_batch *const first = ng_link_first(link);
    if (first != NULL) {
        *waiting = true;
        return node->guarding != NULL ? node->guarding->offer(graph, node, i, first)
                                      : ngi_node_call(graph, node, NG_CALL_PUSH, i, first);
    }
    const ng_status how = over ? NG_END : ng_link_state(link);
    if (how == NG_OK) {
        return false;
    }
    *waiting = true;
    return ngi_input_ended(graph, node, i, how);
}

/* Makes one call. Answers whether the node may have more to do. */
static bool ngi_node_run(ng_graph *graph, ngi_node *node) {
    bool waiting = node->input_count == 0;
    node->blocked = false;
    if (node->closed) {
        return false;
    }
    if (node->cancelled || ngi_is_unwanted(node)) {
        ngi_node_finish(graph, node, NG_END);
        return false;
    }
    if (node->due && graph->timing->run(graph, node)) {
        return true;
    }
    if (node->input_count == 0 && !node->closed &&
        ngi_node_call(graph, node, NG_CALL_PUSH, 0, NULL)) {
        return true;
    }
    for (uint32_t k = 0; k < node->input_count && !node->closed; k++) {
        const uint32_t i = node->next_input;
        node->next_input = i + 1 == node->input_count ? 0 : i + 1;
        if (ngi_input_run(graph, node, i, &waiting)) {
            return true;
        }
    }
    node->blocked = waiting || node->due;
    return false;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* The node furthest down that is ready, or NGI_NOWHERE. */
static uint32_t ngi_next_ready(const ng_graph *graph) {
    for (size_t word = graph->count / 64 + 1; word-- > 0;) {
        if (graph->ready[word] != 0) {
            return (uint32_t)(64 * word) + 63 - (uint32_t)__builtin_clzll(graph->ready[word]);
        }
    }
    return NGI_NOWHERE;
}

static ng_status ngi_graph_end(ng_graph *graph) {
    graph->state = NGI_ENDED;
    return graph->error.status == NG_OK ? NG_END : graph->error.status;
}

ng_status ng_graph_step(ng_graph *graph, size_t calls) {
    if (graph == NULL || graph->busy) {
        return graph == NULL ? NG_INVALID : NG_MISUSED;
    }
    if (graph->state == NGI_ENDED) {
        return ngi_graph_end(graph);
    }
    if (graph->state != NGI_RUNNING) {
        return NG_MISUSED;
    }
    if (graph->timers != 0) {
        graph->timing->ring(graph, ngi_graph_now(graph));
    }
    for (; calls != 0 && !graph->cancelling; calls--) {
        const uint32_t i = ngi_next_ready(graph);
        if (i == NGI_NOWHERE) {
            break;
        }
        if (!ngi_node_run(graph, graph->nodes[i])) {
            graph->ready[i / 64] &= ~((uint64_t)1 << (i % 64));
        }
        if (graph->nodes[i]->ordered) {
            graph->ordering->update(graph, graph->nodes[i]);
        }
    }
    if (graph->cancelling) {
        ng_graph_cancel(graph);
    }
    if (graph->live == 0) {
        return ngi_graph_end(graph);
    }
    const bool idle = ngi_next_ready(graph) == NGI_NOWHERE;
    ngi_node *const stalled =
        idle && graph->ordering != NULL ? graph->ordering->stalled(graph) : NULL;
    if (stalled != NULL) {
        ngi_node_fail(graph, stalled, NG_NO_CREDIT, stalled->account.in);
    }
    return idle && stalled == NULL ? NG_OK : NG_AGAIN;
}

static void ngi_graph_tell(ng_graph *graph) {
    if (graph->woken != NULL) {
        graph->woken(graph->woken_ctx);
    }
}

/* The node that gave a river, if it may have something to do; made ready. */
static ngi_node *ngi_wake_node(ng_river river) {
    ng_graph *const graph = river.graph;
    if (graph == NULL || river.node >= graph->count || graph->state != NGI_RUNNING) {
        return NULL;
    }
    ngi_make_ready(graph, river.node);
    ngi_graph_tell(graph);
    return graph->nodes[river.node];
}

void ng_graph_wake(ng_river river) { (void)ngi_wake_node(river); }

void ng_cancel(ng_river river) {
    ngi_node *const node = ngi_wake_node(river);
    if (node != NULL) {
        node->cancelled = true;
    }
}

void ng_graph_cancel(ng_graph *graph) {
    if (graph->state != NGI_RUNNING) {
        return;
    }
    graph->cancelling = true;
    if (graph->busy) { /* from within a call: after it */
        return;
    }
    for (uint32_t i = graph->count; i-- > 0;) {
        ngi_node_finish(graph, graph->nodes[i], NG_CANCELLED);
    }
    graph->cancelling = false;
    graph->state = NGI_ENDED;
    ngi_graph_tell(graph);
}

/* ---- what operators ask ---------------------------------------------------------------------- */

uint32_t ng_context_input(const ng_context *context) { return context->input; }

const ng_batch *ng_context_first(ng_context *context, uint32_t input) {
    return input >= context->node->input_count
               ? NULL
               : ng_link_first(&ngi_source_of(context->graph, &context->node->inputs[input])->link);
}

uint64_t ng_context_row(const ng_context *context, uint32_t input) {
    const ngi_input *const from = &context->node->inputs[input];
    return input >= context->node->input_count
               ? 0
               : from->received + ngi_source_of(context->graph, from)->link.front_rows;
}

ng_status ng_context_take(ng_context *context, uint32_t input, size_t rows) {
    const ng_batch *const first = ng_context_first(context, input);
    if (first == NULL || rows > first->rows) {
        return NG_INVALID;
    }
    ngi_node_take(context->graph, context->node, input, rows);
    context->node->account.out += context->node->stage.outputs == 0 ? rows : 0;
    return NG_OK;
}

void ng_context_cancel(ng_context *context, uint32_t input) {
    if (input < context->node->input_count) {
        context->node->inputs[input].over = true; /* seen to after the call */
    }
}

size_t ng_context_credit(ng_context *context, uint32_t output) {
    return output >= ngi_output_count(context->node)
               ? 0
               : ng_link_credit(&context->node->outputs[output].link);
}

bool ng_context_is_cancelled(const ng_context *context, uint32_t output) {
    return output >= ngi_output_count(context->node) ||
           ng_link_is_cancelled(&context->node->outputs[output].link);
}

ng_status ng_context_forward(ng_context *context, uint32_t output, const ng_batch *batch,
                             size_t from, size_t rows) {
    ng_batch slice;
    if (output >= ngi_output_count(context->node) || rows == 0) {
        return NG_INVALID;
    }
    ngi_output *const to = &context->node->outputs[output];
    if (ng_link_is_cancelled(&to->link)) {
        return NG_CANCELLED;
    }
    if (rows > ng_link_credit(&to->link)) {
        return NG_AGAIN;
    }
    ng_status status = ng_batch_slice(batch, from, rows, &slice);
    if (status == NG_OK) {
        status = ngi_node_send(context->graph, context->node, output, &slice);
    }
    return status;
}

bool ng_context_room(ng_context *context, uint32_t output, ng_room *room) {
    return ngi_has_pool(context->node, output) &&
           ngi_node_room(context->graph, context->node, output, room);
}

void ng_context_renew(ng_context *context, uint32_t output) {
    if (ngi_has_pool(context->node, output)) {
        ngi_fill_stop(&context->node->outputs[output]);
    }
}

ng_status ng_context_made(ng_context *context, uint32_t output, size_t rows) {
    ng_room room;
    if (output == 0 || !ng_context_room(context, output, &room) || rows > room.rows) {
        return NG_INVALID;
    }
    ngi_node_send_made(context->graph, context->node, output, rows);
    return NG_OK;
}

void ng_context_count(ng_context *context, ng_fate fate, int64_t rows) {
    static const uint8_t places[] = {offsetof(ng_account, filtered), offsetof(ng_account, late),
                                     offsetof(ng_account, dropped),  offsetof(ng_account, failed),
                                     offsetof(ng_account, held),     offsetof(ng_account, in)};
    uint8_t *const account = (uint8_t *)&context->node->account;
    *(uint64_t *)(void *)(account + places[fate]) += (uint64_t)rows;
}

int64_t ng_context_now(const ng_context *context) { return ngi_graph_now(context->graph); }

void ng_context_call_at(ng_context *context, int64_t when) {
    context->node->when = when;
    ngi_timer_update(context->graph, context->node);
}

/* ---- graph_books.c --------------------------------------------------------------------------- */

/* graph_books: whether all rows of a graph are accounted for. */

ng_account ng_river_account(ng_river river) {
    ng_account none;
    __builtin_memset(&none, 0, sizeof none);
    const bool there = river.graph != NULL && river.node < river.graph->count;
    return there ? river.graph->nodes[river.node]->account : none;
}

/* What an output sent was taken, waits, was let go of, or gave way to other rows. */
static bool ngi_link_holds(const ng_graph *graph, const ngi_output *output) {
    const ngi_input *const to = &graph->nodes[output->to]->inputs[output->to_input];
    return output->sent ==
           to->received + to->discarded + output->link.dropped_rows + ng_link_queued(&output->link);
}

static void ngi_account_collect(const ng_graph *graph, const ngi_node *node, ng_account *all) {
    const ng_account *const a = &node->account;
    const uint64_t dead = node->dead_letters ? node->outputs[node->stage.outputs].sent : 0;
    all->in += a->in;
    for (uint32_t i = 0; i < node->input_count; i++) {
        all->in -= node->inputs[i].received;
    }
    all->out += node->stage.outputs == 0 ? a->out - dead : 0;
    all->filtered += a->filtered;
    all->late += a->late;
    all->dropped += a->dropped;
    all->failed += a->failed;
    all->held += a->held;
    for (uint32_t i = 0; i < ngi_output_count(node) && graph->memory != NULL; i++) {
        const ngi_output *const output = &node->outputs[i];
        all->in_flight += ng_link_queued(&output->link);
        all->dropped += output->link.dropped_rows +
                        graph->nodes[output->to]->inputs[output->to_input].discarded;
    }
}

ng_status ng_audit(const ng_graph *graph, ng_account *all, ng_error *at) {
    __builtin_memset(all, 0, sizeof *all);
    __builtin_memset(at, 0, sizeof *at);
    for (uint32_t i = 0; i < graph->count; i++) {
        const ngi_node *const node = graph->nodes[i];
        const ng_account *const account = &node->account;
        bool holds = ng_account_holds(account);
        for (uint32_t k = 0; k < ngi_output_count(node) && graph->memory != NULL; k++) {
            holds = holds && ngi_link_holds(graph, &node->outputs[k]);
        }
        if (!holds && at->status == NG_OK) {
            at->status = NG_FAILED;
            at->calls = node->stage.calls->name;
            at->river = node->name;
            at->row = account->in;
            at->node = node->self;
        }
        ngi_account_collect(graph, node, all);
    }
    return at->status;
}

/* ---- health.c -------------------------------------------------------------------------------- */

/* health: looks at nodes and links, and writes what it saw. */

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

/* ---- ops_source.c ---------------------------------------------------------------------------- */

/* ops_source: sources within the program. */

static const ng_field ngi_value_field[] = {NG_FIELD("value", NG_I64)};
static const ng_schema ngi_value_schema = {ngi_value_field, 1};

/* ---- range ----------------------------------------------------------------------------------- */

typedef struct ngi_range {
    int64_t next, by;
    uint64_t left;
} ngi_range;

static ng_step ngi_range_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    ngi_range *const range = (ngi_range *)state;
    const size_t n = range->left < out->rows ? (size_t)range->left : out->rows;
    int64_t *const values = (int64_t *)out->columns[0].values + out->at;
    (void)in;
    for (size_t i = 0; i < n; i++) {
        values[i] = (int64_t)((uint64_t)range->next + (uint64_t)range->by * i);
    }
    range->next = (int64_t)((uint64_t)range->next + (uint64_t)range->by * n);
    range->left -= n;
    ng_context_count(context, NG_MADE, (int64_t)n);
    return ng_step_of(0, n, range->left == 0 ? NG_END : NG_OK);
}

static const ng_operator ngi_range_calls = {"range", NULL, ngi_range_push, NULL,
                                            NULL,    NULL, NULL,           false};

/* How many numbers there are from `from` up to before `to` by steps of `by`, rounded up. */
static uint64_t ngi_range_count(int64_t from, int64_t to, int64_t by) {
    const bool up = by > 0;
    if (up ? from >= to : from <= to) {
        return 0;
    }
    const uint64_t distance = up ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to;
    const uint64_t step = up ? (uint64_t)by : 0 - (uint64_t)by;
    return (distance - 1) / step + 1;
}

ng_river ng_range(ng_graph *graph, int64_t from, int64_t to, int64_t by) {
    if (by == 0) {
        return ng_refuse(graph, "range", NG_INVALID);
    }
    ngi_range range = {from, by, ngi_range_count(from, to, by)};
    ng_stage stage = {&ngi_range_calls, sizeof range, &range, &ngi_value_schema, 1, false, 0};
    return ng_apply(graph, NULL, 0, &stage);
}

/* ---- arrays ---------------------------------------------------------------------------------- */

typedef struct ngi_array {
    ng_block block;
    const ng_schema *schema;
    size_t at, rows;
} ngi_array;

static ng_step ngi_array_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    ngi_array *const array = (ngi_array *)state;
    const size_t credit = ng_context_credit(context, 0), left = array->rows - array->at;
    const size_t n = left < credit ? left : credit;
    ng_batch all = {array->schema, &array->block, 0, array->rows};
    (void)in;
    (void)out;
    if (n != 0) {
        const ng_status sent = ng_context_forward(context, 0, &all, array->at, n);
        if (sent != NG_OK) {
            return ng_step_of(0, 0, sent == NG_AGAIN ? NG_OK : NG_END);
        }
        array->at += n;
        ng_context_count(context, NG_MADE, (int64_t)n);
    }
    return ng_step_of(0, 0, array->at == array->rows ? NG_END : NG_OK);
}

static const ng_operator ngi_array_calls = {"array", NULL, ngi_array_push, NULL,
                                            NULL,    NULL, NULL,           false};

ng_river ng_array(ng_graph *graph, const ng_schema *schema, ng_column *columns, size_t rows) {
    if (columns == NULL) {
        return ng_refuse(graph, "array", NG_INVALID);
    }
    ngi_array array;
    ng_block_init(&array.block, columns, rows, NULL, NULL);
    array.schema = schema;
    array.at = 0;
    array.rows = rows;
    ng_stage stage = {&ngi_array_calls, sizeof array, &array, schema, 1, true, 0};
    return ng_apply(graph, NULL, 0, &stage);
}

/* ---- values ---------------------------------------------------------------------------------- */

typedef struct ngi_of {
    size_t at, count;
    int64_t values[1]; /* `count` of them */
} ngi_of;

static ng_step ngi_of_push(void *state, ng_context *context, const ng_batch *in,
                           const ng_room *out) {
    ngi_of *const of = (ngi_of *)state;
    const size_t left = of->count - of->at, n = left < out->rows ? left : out->rows;
    (void)in;
    for (size_t i = 0; i < n; i++) {
        ng_set_i64(ng_room_row(out, i), 0, of->values[of->at + i]);
    }
    of->at += n;
    ng_context_count(context, NG_MADE, (int64_t)n);
    return ng_step_of(0, n, of->at == of->count ? NG_END : NG_OK);
}

static const ng_operator ngi_of_calls = {"of", NULL, ngi_of_push, NULL, NULL, NULL, NULL, false};

ng_river ng_of(ng_graph *graph, const int64_t *values, size_t count) {
    if (count > 4096 || (values == NULL && count != 0)) {
        return ng_refuse(graph, "of", count > 4096 ? NG_TOO_LARGE : NG_INVALID);
    }
    const size_t size = sizeof(ngi_of) + count * sizeof(int64_t);
    ng_stage stage = {&ngi_of_calls, size, NULL, &ngi_value_schema, 1, false, 0};
    const ng_river river = ng_apply(graph, NULL, 0, &stage);
    ngi_of *const of = (ngi_of *)ng_state(river);
    if (of != NULL) {
        of->count = count;
        for (size_t i = 0; i < count; i++) {
            of->values[i] = values[i];
        }
    }
    return river;
}

/* ---- generate -------------------------------------------------------------------------------- */

typedef struct ngi_generate {
    ng_generate_fn *make;
    void *ctx;
} ngi_generate;

static ng_step ngi_generate_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    const ngi_generate *const generate = (const ngi_generate *)state;
    ng_status status = NG_OK;
    size_t made = 0;
    (void)in;
    while (made < out->rows && status == NG_OK) {
        status = generate->make(ng_room_row(out, made), generate->ctx);
        made += status == NG_OK;
    }
    ng_context_count(context, NG_MADE, (int64_t)made);
    const bool no_room = status == NG_TOO_LARGE && out->at + made != 0;
    return ng_step_of(0, made, status == NG_AGAIN || no_room ? NG_OK : status);
}

static const ng_operator ngi_generate_calls = {
    "generate", NULL, ngi_generate_push, NULL, NULL, NULL, NULL, false};

ng_river ng_generate(ng_graph *graph, const ng_schema *schema, ng_generate_fn *make, void *ctx) {
    ngi_generate generate = {make, ctx};
    ng_stage stage = {&ngi_generate_calls, sizeof generate, &generate, schema, 1, false, 0};
    return make == NULL ? ng_refuse(graph, "generate", NG_INVALID)
                        : ng_apply(graph, NULL, 0, &stage);
}

/* ---- ops_rows.c ------------------------------------------------------------------------------ */

/* ops_rows: rows through functions of the program. */

/* Puts a step behind a river, unless a function is missing. */
static ng_river ngi_behind(ng_river river, bool complete, const ng_stage *stage) {
    return complete ? ng_apply(river.graph, &river, 1, stage)
                    : ng_refuse(river.graph, stage->calls->name, NG_INVALID);
}

/* NG_TOO_LARGE is a failure only where the text had a block to itself. */
static ng_status ngi_or_more_room(ng_status status, const ng_room *out, size_t made) {
    return status == NG_TOO_LARGE && out->at + made != 0 ? NG_OK : status;
}

static size_t ngi_rows_fewer(size_t a, size_t b) { return a < b ? a : b; }

/* ---- map, scan ------------------------------------------------------------------------------- */

typedef struct ngi_mapping {
    ng_map_fn *map;
    void *ctx;
} ngi_mapping;

static ng_step ngi_map_push(void *state, ng_context *context, const ng_batch *in,
                            const ng_room *out) {
    const ngi_mapping *const mapping = (const ngi_mapping *)state;
    const size_t n = ngi_rows_fewer(in->rows, out->rows);
    ng_row from = ng_batch_row(in, 0), to = ng_room_row(out, 0);
    ng_status status = NG_OK;
    size_t done = 0;
    (void)context;
    for (; done < n; done++, from.at++, to.at++) {
        status = mapping->map(from, to, mapping->ctx);
        if (status != NG_OK) {
            break;
        }
    }
    return ng_step_of(done, done, ngi_or_more_room(status, out, done));
}

static const ng_operator ngi_map_calls = {"map", NULL, ngi_map_push, NULL, NULL, NULL, NULL, true};

ng_river ng_map_to(ng_river river, const ng_schema *schema, ng_map_fn *map, void *ctx) {
    ngi_mapping mapping = {map, ctx};
    const ng_stage stage = {&ngi_map_calls, sizeof mapping, &mapping, schema, 1, false, 0};
    return ngi_behind(river, map != NULL, &stage);
}

ng_river ng_map(ng_river river, ng_map_fn *map, void *ctx) {
    return ng_map_to(river, NULL, map, ctx);
}

static const ng_operator ngi_scan_calls = {"scan", NULL, ngi_map_push, NULL,
                                           NULL,   NULL, NULL,         true};

ng_river ng_scan(ng_river river, const ng_schema *schema, ng_map_fn *scan, void *ctx) {
    ngi_mapping mapping = {scan, ctx};
    const ng_stage stage = {&ngi_scan_calls, sizeof mapping, &mapping, schema, 1, false, 0};
    return ngi_behind(river, scan != NULL, &stage);
}

/* ---- filter ---------------------------------------------------------------------------------- */

typedef struct ngi_testing {
    ng_test_fn *test;
    void *ctx;
} ngi_testing;

ng_step ngi_pick_rows(ng_context *context, const ng_batch *in, const ng_room *out,
                      ngi_pick_fn *pick, const void *state) {
    size_t done = 0, made = 0, kept = 0; /* `kept` rows up to `done` are still to be copied */
    ng_block into = {out->columns, out->at + out->rows, 1, NULL, NULL, NULL};
    int answer = 1;
    while (done < in->rows && made + kept < out->rows) {
        answer = pick(state, in, done);
        if (answer < 0) {
            break;
        }
        if (answer == 0 && kept != 0) {
            const size_t copied = ng_batch_copy(in, done - kept, kept, &into, out->at + made);
            made += copied;
            if (copied != kept) { /* no more room for text: the rest is looked at again */
                done -= kept - copied;
                kept = 0;
                answer = 1;
                break;
            }
            kept = 0;
        }
        kept += answer != 0;
        done++;
    }
    const size_t copied =
        kept == 0 ? 0 : ng_batch_copy(in, done - kept, kept, &into, out->at + made);
    done -= kept - copied;
    made += copied;
    ng_context_count(context, NG_FILTERED, (int64_t)(done - made));
    return ng_step_of(done, made, answer < 0 && copied == kept ? (ng_status)answer : NG_OK);
}

static int ngi_filter_pick(const void *state, const ng_batch *in, size_t row) {
    const ngi_testing *const filter = (const ngi_testing *)state;
    return filter->test(ng_batch_row(in, row), filter->ctx);
}

static ng_step ngi_filter_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    return ngi_pick_rows(context, in, out, ngi_filter_pick, state);
}

static const ng_operator ngi_filter_calls = {"filter", NULL, ngi_filter_push, NULL, NULL, NULL,
                                             NULL,     true};

ng_river ng_filter(ng_river river, ng_test_fn *keep, void *ctx) {
    ngi_testing filter = {keep, ctx};
    const ng_stage stage = {&ngi_filter_calls, sizeof filter, &filter, NULL, 1, false, 0};
    return ngi_behind(river, keep != NULL, &stage);
}

/* ---- flat_map -------------------------------------------------------------------------------- */

typedef struct ngi_flattening {
    ng_flat_fn *flat;
    void *ctx;
    size_t k; /* rows that row `row` of the input has brought out */
    uint64_t row;
} ngi_flattening;

static ng_step ngi_flat_map_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    ngi_flattening *const f = (ngi_flattening *)state;
    ng_status status = NG_OK;
    size_t done = 0, made = 0;
    f->k = f->row == ng_context_row(context, 0) ? f->k : 0;
    while (done < in->rows && made < out->rows && status == NG_OK) {
        status = f->flat(ng_batch_row(in, done), f->k, ng_room_row(out, made), f->ctx);
        if (status == NG_OK) {
            f->k++;
            made++;
        } else if (status == NG_END) {
            status = NG_OK;
            f->k = 0;
            done++;
        }
    }
    /* Each row that came in is gone, each that goes out is new. */
    ng_context_count(context, NG_FILTERED, (int64_t)done);
    ng_context_count(context, NG_MADE, (int64_t)made);
    status = ngi_or_more_room(status, out, made);
    f->k = status < NG_OK ? 0 : f->k;
    f->row = ng_context_row(context, 0) + done;
    return ng_step_of(done, made, status);
}

static const ng_operator ngi_flat_map_calls = {
    "flat_map", NULL, ngi_flat_map_push, NULL, NULL, NULL, NULL, true};

ng_river ng_flat_map(ng_river river, const ng_schema *schema, ng_flat_fn *flat, void *ctx) {
    ngi_flattening flattening = {flat, ctx, 0, 0};
    const ng_stage stage = {
        &ngi_flat_map_calls, sizeof flattening, &flattening, schema, 1, false, 0};
    return ngi_behind(river, flat != NULL, &stage);
}

/* ---- tap, observe ---------------------------------------------------------------------------- */

typedef struct ngi_looking {
    ng_look_fn *look;
    void *ctx;
} ngi_looking;

/* Looks at up to `n` rows. */
static ng_step ngi_look_at(const ngi_looking *looking, const ng_batch *in, size_t n) {
    ng_row row = ng_batch_row(in, 0);
    ng_status status = NG_OK;
    size_t done = 0;
    for (; done < n && status == NG_OK; row.at++) {
        status = looking->look(row, looking->ctx);
        done += status == NG_OK || status == NG_END;
    }
    return ng_step_of(done, 0, status == NG_AGAIN ? NG_OK : status);
}

static ng_step ngi_tap_push(void *state, ng_context *context, const ng_batch *in,
                            const ng_room *out) {
    const size_t n = ngi_rows_fewer(in->rows, ng_context_credit(context, 0));
    ng_step step = ngi_look_at((const ngi_looking *)state, in, n);
    (void)out;
    if (step.consumed != 0) {
        const ng_status sent = ng_context_forward(context, 0, in, 0, step.consumed);
        step.status = sent < NG_OK ? NG_END : step.status;
    }
    return step;
}

static const ng_operator ngi_tap_calls = {"tap", NULL, ngi_tap_push, NULL, NULL, NULL, NULL, true};

ng_river ng_tap(ng_river river, ng_look_fn *look, void *ctx) {
    ngi_looking looking = {look, ctx};
    const ng_stage stage = {&ngi_tap_calls, sizeof looking, &looking, NULL, 1, true, 0};
    return ngi_behind(river, look != NULL, &stage);
}

static ng_step ngi_observe_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    (void)context;
    (void)out;
    return ngi_look_at((const ngi_looking *)state, in, in->rows);
}

static const ng_operator ngi_observe_calls = {"observe", NULL, ngi_observe_push, NULL, NULL, NULL,
                                              NULL,      true};

ng_river ng_observe(ng_river river, ng_look_fn *look, void *ctx) {
    ngi_looking looking = {look, ctx};
    const ng_stage stage = {&ngi_observe_calls, sizeof looking, &looking, NULL, 0, false, 0};
    return ngi_behind(river, look != NULL, &stage);
}

/* ---- reduce ---------------------------------------------------------------------------------- */

typedef struct ngi_reduction {
    ng_fold_fn *fold;
    ng_told_fn *tell;
    void *ctx;
} ngi_reduction;

static ng_step ngi_reduce_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    const ngi_reduction *const r = (const ngi_reduction *)state;
    ng_status status = NG_OK;
    size_t done = 0;
    (void)out;
    while (done < in->rows && status == NG_OK) {
        status = r->fold(ng_batch_row(in, done), r->ctx);
        done += status == NG_OK;
    }
    ng_context_count(context, NG_FILTERED, (int64_t)done);
    return ng_step_of(done, 0, status);
}

static ng_step ngi_reduce_end(void *state, ng_context *context, const ng_room *out) {
    const ngi_reduction *const r = (const ngi_reduction *)state;
    const ng_status status = r->tell(ng_room_row(out, 0), r->ctx);
    ng_context_count(context, NG_MADE, status == NG_OK);
    return ng_step_of(0, status == NG_OK, status);
}

static const ng_operator ngi_reduce_calls = {
    "reduce", NULL, ngi_reduce_push, ngi_reduce_end, NULL, NULL, NULL, true};

ng_river ng_reduce(ng_river river, const ng_schema *schema, ng_fold_fn *fold, ng_told_fn *tell,
                   void *ctx) {
    ngi_reduction reduction = {fold, tell, ctx};
    const ng_stage stage = {&ngi_reduce_calls, sizeof reduction, &reduction, schema, 1, false, 0};
    return ngi_behind(river, fold != NULL && tell != NULL, &stage);
}

/* ---- ops_kernel.c ---------------------------------------------------------------------------- */

/* ops_kernel: hands a kernel its columns and takes what it brings out. */

/* ---- fields.h -------------------------------------------------------------------------------- */

/* fields: reaches the parts of a kernel's structures by their offsets. */

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

/* Followed by the kernel's state, `in` and `out`, and the places of its columns in the river. */
typedef struct ngi_through {
    const ng_kernel *kernel;
    void *state, *in, *out;
    size_t *places;
    size_t row_in, row_out; /* the columns of positions, NGI_NO_COLUMN: none */
    uint64_t taken;
} ngi_through;

static void ngi_through_connect(const ngi_through *t, const ng_batch *batch) {
    const ng_kernel *const kernel = t->kernel;
    for (size_t i = 0; i < kernel->in.count; i++) {
        const ng_field *const field = &kernel->in.fields[i];
        const ng_column *const column = &batch->block->columns[t->places[i]];
        ngi_field_put_pointer(t->in, field->values, column->values);
        ngi_field_put_pointer(t->in, field->valid, column->valid);
        ngi_field_put_pointer(t->in, field->bytes, column->bytes);
    }
    ngi_field_put_size(t->in, kernel->in_offset, batch->offset);
}

static void ngi_through_open(const ngi_through *t, const ng_room *room) {
    const ng_kernel *const kernel = t->kernel;
    for (size_t i = 0; i < kernel->out.count; i++) {
        const ng_field *const field = &kernel->out.fields[i];
        const ng_column *const column = &room->columns[i];
        ngi_field_put_pointer(t->out, field->values, column->values);
        ngi_field_put_pointer(t->out, field->valid, column->valid);
        ngi_field_put_pointer(t->out, field->bytes, column->bytes);
        ngi_field_put_size(t->out, field->room, column->bytes_size);
    }
    ngi_field_put_size(t->out, kernel->out_capacity, room->at + room->rows);
    ngi_field_put_size(t->out, kernel->out_rows, room->at);
}

/* Makes positions of the numbers that a kernel gave to `rows` rows, from row `at` on. */
static void ngi_through_place(const ngi_through *t, ng_context *context, const ng_batch *in,
                              const ng_room *out, size_t rows) {
    if (t->row_out == NGI_NO_COLUMN) {
        return;
    }
    uint64_t *const numbers = (uint64_t *)out->columns[t->row_out].values + out->at;
    const uint64_t *positions = NULL;
    if (in != NULL && t->row_in != NGI_NO_COLUMN) {
        positions = (const uint64_t *)in->block->columns[t->row_in].values + in->offset;
    }
    for (size_t i = 0; i < rows; i++) {
        if (numbers[i] == UINT64_MAX) {
            numbers[i] = ngi_order_end(context->node, 1);
        } else if (positions != NULL) {
            numbers[i] = positions[numbers[i] - t->taken];
        }
    }
}

static void ngi_through_count(ng_context *context, ng_step step) {
    const int64_t gone = (int64_t)step.consumed - (int64_t)step.produced;
    ng_context_count(context, gone < 0 ? NG_MADE : NG_FILTERED, gone < 0 ? -gone : gone);
}

static ng_step ngi_through_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    ngi_through *const t = (ngi_through *)state;
    ngi_through_connect(t, in);
    ngi_through_open(t, out);
    ng_step step = t->kernel->push(t->state, t->in, in->rows, t->out);
    ngi_through_count(context, step);
    ngi_through_place(t, context, in, out, step.produced);
    t->taken += step.consumed;
    if (step.status == NG_END) {
        ng_context_cancel(context, 0);
        step.status = NG_OK;
    }
    if (step.status == NG_OK && step.consumed == 0 && step.produced == 0 && out->at == 0) {
        step.status = NG_TOO_LARGE; /* an empty block has no room for the text of one row */
    }
    return step;
}

static ng_step ngi_through_end(void *state, ng_context *context, const ng_room *out) {
    const ngi_through *const t = (const ngi_through *)state;
    ngi_through_open(t, out);
    const ng_step step = t->kernel->flush(t->state, t->out);
    ngi_through_count(context, step);
    ngi_through_place(t, context, NULL, out, step.produced);
    return step;
}

static const ng_operator ngi_through_calls = {
    "kernel", NULL, ngi_through_push, ngi_through_end, NULL, NULL, NULL, false};

/* NG_OK if the river has a kernel's columns. */
static ng_status ngi_through_check(const ng_schema *river, const ng_schema *in) {
    for (size_t i = 0; i < in->count; i++) {
        const size_t place = ng_schema_find(river, in->fields[i].name);
        if (place == river->count || river->fields[place].type != in->fields[i].type ||
            (river->fields[place].nullable && !in->fields[i].nullable)) {
            return NG_MISMATCH;
        }
    }
    return NG_OK;
}

/* The part behind `at`; and moves on behind it. */
static uint8_t *ngi_through_part(uint8_t **at, size_t size) {
    uint8_t *const part = *at;
    *at += ngi_size_round(size, 64);
    return part;
}

static size_t ngi_through_find(const ng_schema *schema, const char *name) {
    const size_t place = ng_schema_find(schema, name);
    return place == schema->count ? NGI_NO_COLUMN : place;
}

static void ngi_through_lay_out(ngi_through *t, const ng_kernel *kernel, const ng_schema *river) {
    uint8_t *at = (uint8_t *)t + ngi_size_round(sizeof *t, 64);
    t->kernel = kernel;
    t->row_in = ngi_through_find(river, NG_ROW_COLUMN);
    t->row_out = ngi_through_find(&kernel->out, NG_ROW_COLUMN);
    t->state = ngi_through_part(&at, kernel->state_size);
    t->in = ngi_through_part(&at, kernel->in_size);
    t->out = ngi_through_part(&at, kernel->out_size);
    t->places = (size_t *)(void *)at;
    for (size_t i = 0; i < kernel->in.count; i++) {
        t->places[i] = ng_schema_find(river, kernel->in.fields[i].name);
    }
}

ng_river ng_through(ng_river river, const ng_kernel *kernel, const void *params,
                    ng_profile profile) {
    const ng_schema *const columns = ng_columns(river);
    if (columns == NULL || kernel == NULL) {
        return ng_refuse(river.graph, ngi_through_calls.name, NG_INVALID);
    }
    const ng_status fits = ngi_through_check(columns, &kernel->in);
    if (fits != NG_OK) {
        return ng_refuse(river.graph, kernel->name, fits);
    }
    const size_t structures = ngi_size_round(sizeof(ngi_through), 64) +
                              ngi_size_round(kernel->in_size, 64) +
                              ngi_size_round(kernel->out_size, 64);
    const size_t size = ngi_size_plus(ngi_size_plus(structures, kernel->in.count * sizeof(size_t)),
                                      ngi_size_round(kernel->state_size, 64));
    const ng_stage stage = {&ngi_through_calls, size, NULL, &kernel->out, 1, false, 0};
    const ng_river through = ng_name(ng_apply(river.graph, &river, 1, &stage), kernel->name);
    ngi_through *const t = (ngi_through *)ng_state(through);
    if (t != NULL) {
        ngi_through_lay_out(t, kernel, columns);
        kernel->init(t->state, params);
        (void)(profile == NG_AUTO ? profile : kernel->force(t->state, profile));
    }
    return through;
}

/* ---- ops_cut.c ------------------------------------------------------------------------------- */

/* ops_cut: passes on some rows of a river as they are. */

typedef struct ngi_cut {
    uint64_t left; /* rows to take or skip still; until the next row of `every` */
    uint64_t n;
    ng_test_fn *test; /* NULL once it has said no */
    void *ctx;
} ngi_cut;

static ng_river ngi_cut_behind(ng_river river, const ng_operator *calls, const ngi_cut *cut) {
    ngi_cut state = *cut;
    const ng_stage stage = {calls, sizeof state, &state, NULL, 1, true, 0};
    return ng_apply(river.graph, &river, 1, &stage);
}

/* Passes on up to `n` rows from `from` on, as far as there is credit. */
static ng_step ngi_cut_pass(ng_context *context, const ng_batch *in, size_t from, size_t n) {
    const size_t credit = ng_context_credit(context, 0), rows = n < credit ? n : credit;
    const ng_status sent = rows == 0 ? NG_OK : ng_context_forward(context, 0, in, from, rows);
    return sent == NG_OK ? ng_step_of(from + rows, 0, NG_OK) : ng_step_of(from, 0, NG_END);
}

static size_t ngi_cut_fewer(uint64_t a, size_t b) { return a < b ? (size_t)a : b; }

/* ---- take, skip ------------------------------------------------------------------------------ */

static ng_status ngi_take_open(void *state, ng_context *context) {
    (void)context;
    return ((const ngi_cut *)state)->left == 0 ? NG_END : NG_OK;
}

static ng_step ngi_take_push(void *state, ng_context *context, const ng_batch *in,
                             const ng_room *out) {
    ngi_cut *const take = (ngi_cut *)state;
    ng_step step = ngi_cut_pass(context, in, 0, ngi_cut_fewer(take->left, in->rows));
    (void)out;
    take->left -= step.consumed;
    step.status = take->left == 0 ? NG_END : step.status;
    return step;
}

static const ng_operator ngi_take_calls = {"take", ngi_take_open, ngi_take_push, NULL,
                                           NULL,   NULL,          NULL,          false};

ng_river ng_take(ng_river river, uint64_t rows) {
    const ngi_cut cut = {rows, 0, NULL, NULL};
    return ngi_cut_behind(river, &ngi_take_calls, &cut);
}

static ng_step ngi_skip_push(void *state, ng_context *context, const ng_batch *in,
                             const ng_room *out) {
    ngi_cut *const skip = (ngi_cut *)state;
    const size_t skipped = ngi_cut_fewer(skip->left, in->rows);
    (void)out;
    skip->left -= skipped;
    ng_context_count(context, NG_FILTERED, (int64_t)skipped);
    return ngi_cut_pass(context, in, skipped, in->rows - skipped);
}

static const ng_operator ngi_skip_calls = {"skip", NULL, ngi_skip_push, NULL,
                                           NULL,   NULL, NULL,          false};

ng_river ng_skip(ng_river river, uint64_t rows) {
    const ngi_cut cut = {rows, 0, NULL, NULL};
    return ngi_cut_behind(river, &ngi_skip_calls, &cut);
}

/* ---- take_while, skip_while ------------------------------------------------------------------ */

/* How many rows up to `n` pass a test; `*answer` is what it said of the next one, 1 if there is
 * none. */
static size_t ngi_cut_passing(const ngi_cut *cut, const ng_batch *in, size_t n, int *answer) {
    size_t passing = 0;
    *answer = 1;
    while (passing < n) {
        *answer = cut->test(ng_batch_row(in, passing), cut->ctx);
        if (*answer <= 0) {
            break;
        }
        passing++;
    }
    return passing;
}

static ng_step ngi_take_while_push(void *state, ng_context *context, const ng_batch *in,
                                   const ng_room *out) {
    int answer;
    const size_t n = ngi_cut_fewer(ng_context_credit(context, 0), in->rows);
    const size_t passing = ngi_cut_passing((const ngi_cut *)state, in, n, &answer);
    ng_step step = ngi_cut_pass(context, in, 0, passing);
    (void)out;
    if (answer <= 0 && step.status == NG_OK) {
        step.status = answer == 0 ? NG_END : (ng_status)answer;
    }
    return step;
}

static const ng_operator ngi_take_while_calls = {
    "take_while", NULL, ngi_take_while_push, NULL, NULL, NULL, NULL, true};

ng_river ng_take_while(ng_river river, ng_test_fn *test, void *ctx) {
    const ngi_cut cut = {0, 0, test, ctx};
    return test == NULL ? ng_refuse(river.graph, "take_while", NG_INVALID)
                        : ngi_cut_behind(river, &ngi_take_while_calls, &cut);
}

static ng_step ngi_skip_while_push(void *state, ng_context *context, const ng_batch *in,
                                   const ng_room *out) {
    ngi_cut *const cut = (ngi_cut *)state;
    int answer = 0;
    const size_t skipped = cut->test == NULL ? 0 : ngi_cut_passing(cut, in, in->rows, &answer);
    (void)out;
    ng_context_count(context, NG_FILTERED, (int64_t)skipped);
    if (answer != 0) { /* none has failed the test yet, or it has failed itself */
        return ng_step_of(skipped, 0, answer < 0 ? (ng_status)answer : NG_OK);
    }
    cut->test = NULL;
    return ngi_cut_pass(context, in, skipped, in->rows - skipped);
}

static const ng_operator ngi_skip_while_calls = {
    "skip_while", NULL, ngi_skip_while_push, NULL, NULL, NULL, NULL, true};

ng_river ng_skip_while(ng_river river, ng_test_fn *test, void *ctx) {
    const ngi_cut cut = {0, 0, test, ctx};
    return test == NULL ? ng_refuse(river.graph, "skip_while", NG_INVALID)
                        : ngi_cut_behind(river, &ngi_skip_while_calls, &cut);
}

/* ---- every ----------------------------------------------------------------------------------- */

static ng_step ngi_every_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    ngi_cut *const every = (ngi_cut *)state;
    const size_t skipped = ngi_cut_fewer(every->left, in->rows);
    (void)out;
    every->left -= skipped;
    ng_context_count(context, NG_FILTERED, (int64_t)skipped);
    if (skipped == in->rows) {
        return ng_step_of(skipped, 0, NG_OK);
    }
    const ng_step step = ngi_cut_pass(context, in, skipped, 1);
    every->left = step.consumed > skipped ? every->n - 1 : 0;
    return step;
}

static const ng_operator ngi_every_calls = {"every", NULL, ngi_every_push, NULL,
                                            NULL,    NULL, NULL,           false};

ng_river ng_every(ng_river river, uint64_t n) {
    const ngi_cut cut = {0, n, NULL, NULL};
    return n == 0 ? ng_refuse(river.graph, "every", NG_INVALID)
                  : ngi_cut_behind(river, &ngi_every_calls, &cut);
}

/* ---- sample ---------------------------------------------------------------------------------- */

typedef struct ngi_sample {
    uint64_t seed, below; /* a row is taken whose number hashes to less, */
    bool all;             /* or every row */
    uint64_t first;       /* the number of the first row of a call */
} ngi_sample;

/* The SplitMix64 generator's n-th output (Steele, Lea, Flood, 2014). */
static uint64_t ngi_sample_random(uint64_t seed, uint64_t n) {
    uint64_t z = seed + (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int ngi_sample_pick(const void *state, const ng_batch *in, size_t row) {
    const ngi_sample *const sample = (const ngi_sample *)state;
    (void)in;
    return sample->all || ngi_sample_random(sample->seed, sample->first + row) < sample->below;
}

static ng_step ngi_sample_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    ngi_sample *const sample = (ngi_sample *)state;
    sample->first = ng_context_row(context, 0);
    return ngi_pick_rows(context, in, out, ngi_sample_pick, sample);
}

static const ng_operator ngi_sample_calls = {"sample", NULL, ngi_sample_push, NULL, NULL, NULL,
                                             NULL,     false};

ng_river ng_sample(ng_river river, double probability, uint64_t seed) {
    const bool valid = probability >= 0 && probability <= 1, all = probability >= 1;
    ngi_sample sample = {seed, 0, all, 0};
    if (valid && !all) {
        sample.below = (uint64_t)(probability * 18446744073709551616.0);
    }
    const ng_stage stage = {&ngi_sample_calls, sizeof sample, &sample, NULL, 1, false, 0};
    return valid ? ng_apply(river.graph, &river, 1, &stage)
                 : ng_refuse(river.graph, ngi_sample_calls.name, NG_INVALID);
}

/* ---- row_keys.c ------------------------------------------------------------------------------ */

/* row_keys: hashes and comparisons, type by type. */

/* ---- row_keys.h ------------------------------------------------------------------------------ */

/* row_keys: rows as keys: some of their columns, hashed and compared.
 *
 * Nulls are equal to each other. Floats go by value: zero is zero whatever its sign, and all NaN
 * are one, above all numbers. Text goes by bytes. Hashes are the same on every machine. */

enum { NGI_KEYS_MOST = 16 };

typedef struct ngi_keys {
    const ng_schema *schema;
    size_t count;
    size_t places[NGI_KEYS_MOST];
} ngi_keys;

/* Finds columns by their names; with none, all columns. NG_OK; NG_MISMATCH: one is not there;
 * NG_TOO_LARGE: there are more than NGI_KEYS_MOST. */
ng_status ngi_keys_find(ngi_keys *keys, const ng_schema *schema, const char *const *names,
                        size_t count);

uint64_t ngi_keys_hash(const ngi_keys *keys, ng_row row);

/* Whether two rows have the same key; the columns of `b` are the keys of `keys`, in their order. */
bool ngi_keys_equal(const ngi_keys *keys, ng_row a, ng_row b);

/* Compares a column of two rows that both have a value: below 0, 0 or above 0. */
int ngi_values_compare(ng_type type, const ng_column *a, size_t row_a, const ng_column *b,
                       size_t row_b);

ng_status ngi_keys_find(ngi_keys *keys, const ng_schema *schema, const char *const *names,
                        size_t count) {
    keys->schema = schema;
    keys->count = names == NULL ? schema->count : count;
    if (keys->count > NGI_KEYS_MOST) {
        return NG_TOO_LARGE;
    }
    for (size_t i = 0; i < keys->count; i++) {
        keys->places[i] = names == NULL ? i : ng_schema_find(schema, names[i]);
        if (keys->places[i] == schema->count) {
            return NG_MISMATCH;
        }
    }
    return NG_OK;
}

/* ---- hashes ---------------------------------------------------------------------------------- */

/* One step of a multiplicative hash: the odd constants are those of the golden ratio and of
 * Vigna's variant of Stafford's mixer. */
static uint64_t ngi_key_mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 29;
}

static uint64_t ngi_key_mix_text(uint64_t hash, const uint8_t *text, size_t size) {
    hash = ngi_key_mix(hash, size);
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        for (size_t k = 0; k < 8 && i + k < size; k++) {
            word |= (uint64_t)text[i + k] << (8 * k);
        }
        hash = ngi_key_mix(hash, word);
    }
    return hash;
}

/* A float as a number that is the same for equal ones. */
static uint64_t ngi_key_of_f64(double value) {
    uint64_t bits;
    if (value != value) {
        return UINT64_MAX;
    }
    value += 0.0; /* zero is not negative */
    __builtin_memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The value of a column of fixed width as a number that is the same for equal ones. */
static uint64_t ngi_key_value(ng_type type, const ng_column *column, size_t row) {
    const void *const values = column->values;
    switch (type) {
    case NG_BOOL:
        return ngi_bits_get((const uint8_t *)values, row);
    case NG_I8:
    case NG_U8:
        return ((const uint8_t *)values)[row];
    case NG_I16:
    case NG_U16:
        return ((const uint16_t *)values)[row];
    case NG_I32:
    case NG_U32:
        return ((const uint32_t *)values)[row];
    case NG_F32:
        return ngi_key_of_f64((double)((const float *)values)[row]);
    case NG_F64:
        return ngi_key_of_f64(((const double *)values)[row]);
    default:
        return ((const uint64_t *)values)[row];
    }
}

static const uint8_t *ngi_key_text(const ng_column *column, size_t row, size_t *size) {
    const int32_t *const offsets = (const int32_t *)column->values;
    *size = (size_t)(offsets[row + 1] - offsets[row]);
    return column->bytes + offsets[row];
}

uint64_t ngi_keys_hash(const ngi_keys *keys, ng_row row) {
    uint64_t hash = 0;
    for (size_t i = 0; i < keys->count; i++) {
        const size_t place = keys->places[i];
        const ng_type type = keys->schema->fields[place].type;
        const ng_column *const column = &row.columns[place];
        if (ng_is_null(row, place)) {
            hash = ngi_key_mix(hash, UINT64_C(0x6e756c6c));
        } else if (type == NG_UTF8) {
            size_t size;
            const uint8_t *const text = ngi_key_text(column, row.at, &size);
            hash = ngi_key_mix_text(hash, text, size);
        } else {
            hash = ngi_key_mix(hash, ngi_key_value(type, column, row.at));
        }
    }
    return hash;
}

/* ---- comparisons ----------------------------------------------------------------------------- */

static int ngi_compare_bytes(const uint8_t *a, size_t size_a, const uint8_t *b, size_t size_b) {
    const size_t common = size_a < size_b ? size_a : size_b;
    for (size_t i = 0; i < common; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return (size_a > size_b) - (size_a < size_b);
}

static int ngi_compare_f64(double a, double b) {
    const bool nan_a = a != a, nan_b = b != b;
    return nan_a || nan_b ? (int)nan_a - (int)nan_b : (a > b) - (a < b);
}

#define NGI_COMPARE(type)                                                                          \
    ((((const type *)a->values)[row_a] > ((const type *)b->values)[row_b]) -                       \
     (((const type *)a->values)[row_a] < ((const type *)b->values)[row_b]))

int ngi_values_compare(ng_type type, const ng_column *a, size_t row_a, const ng_column *b,
                       size_t row_b) {
    size_t size_a, size_b;
    const uint8_t *text_a, *text_b;
    switch (type) {
    case NG_BOOL:
        return (int)ngi_bits_get((const uint8_t *)a->values, row_a) -
               (int)ngi_bits_get((const uint8_t *)b->values, row_b);
    case NG_I8:
        return NGI_COMPARE(int8_t);
    case NG_I16:
        return NGI_COMPARE(int16_t);
    case NG_I32:
        return NGI_COMPARE(int32_t);
    case NG_U8:
        return NGI_COMPARE(uint8_t);
    case NG_U16:
        return NGI_COMPARE(uint16_t);
    case NG_U32:
        return NGI_COMPARE(uint32_t);
    case NG_U64:
        return NGI_COMPARE(uint64_t);
    case NG_F32:
        return ngi_compare_f64((double)((const float *)a->values)[row_a],
                               (double)((const float *)b->values)[row_b]);
    case NG_F64:
        return ngi_compare_f64(((const double *)a->values)[row_a],
                               ((const double *)b->values)[row_b]);
    case NG_UTF8:
        text_a = ngi_key_text(a, row_a, &size_a);
        text_b = ngi_key_text(b, row_b, &size_b);
        return ngi_compare_bytes(text_a, size_a, text_b, size_b);
    default:
        return NGI_COMPARE(int64_t);
    }
}

bool ngi_keys_equal(const ngi_keys *keys, ng_row a, ng_row b) {
    bool equal = true;
    for (size_t i = 0; i < keys->count && equal; i++) {
        const size_t place = keys->places[i];
        const bool null = ng_is_null(a, place);
        equal = null == ng_is_null(b, i) &&
                (null || ngi_values_compare(keys->schema->fields[place].type, &a.columns[place],
                                            a.at, &b.columns[i], b.at) == 0);
    }
    return equal;
}

/* ---- ops_distinct.c -------------------------------------------------------------------------- */

/* ops_distinct: tables of keys, open to the next free slot. */

/* ---- rows that are new ----------------------------------------------------------------------- */

/* 1: the row is new; 0: it is not; below 0: it is bad. */
typedef int ngi_is_new_fn(void *state, const ng_batch *in, size_t row);

/* A new row has been copied to the output. NG_OK, or what the operator fails with. */
typedef ng_status ngi_note_fn(void *state, const ng_batch *in, size_t row);

static ng_step ngi_distinct_rows(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out, ngi_is_new_fn *is_new, ngi_note_fn *note) {
    size_t done = 0, made = 0;
    ng_status status = NG_OK;
    ng_block into = {out->columns, out->at + out->rows, 1, NULL, NULL, NULL};
    for (; done < in->rows && status == NG_OK; done++) {
        const int fresh = is_new(state, in, done);
        if (fresh < 0) {
            status = (ng_status)fresh;
            break;
        }
        if (fresh != 0) {
            if (made == out->rows || ng_batch_copy(in, done, 1, &into, out->at + made) == 0) {
                break;
            }
            status = note(state, in, done);
            made++;
        }
    }
    ng_context_count(context, NG_FILTERED, (int64_t)(done - made));
    const bool never = done == 0 && status == NG_OK && out->at == 0;
    return ng_step_of(done, made, never ? NG_TOO_LARGE : status);
}

/* ---- until changed --------------------------------------------------------------------------- */

typedef struct ngi_changes {
    ngi_keys keys;
    ng_batch last; /* the row before, or gone */
} ngi_changes;

static int ngi_is_changed(void *state, const ng_batch *in, size_t row) {
    const ngi_changes *const changes = (const ngi_changes *)state;
    const ngi_keys *const keys = &changes->keys;
    const ng_row now = ng_batch_row(in, row);
    bool same = changes->last.block != NULL;
    for (size_t i = 0; i < keys->count && same; i++) {
        const ng_row before = ng_batch_row(&changes->last, 0);
        const size_t place = keys->places[i];
        const bool null = ng_is_null(now, place);
        same = null == ng_is_null(before, place) &&
               (null || ngi_values_compare(keys->schema->fields[place].type, &now.columns[place],
                                           now.at, &before.columns[place], before.at) == 0);
    }
    return !same;
}

static void ngi_changes_forget(void *state) {
    ng_batch *const last = &((ngi_changes *)state)->last;
    if (last->block != NULL) {
        (void)ng_batch_release(last);
    }
}

static ng_status ngi_change_note(void *state, const ng_batch *in, size_t row) {
    ngi_changes_forget(state);
    return ng_batch_slice(in, row, 1, &((ngi_changes *)state)->last);
}

static ng_step ngi_changes_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    return ngi_distinct_rows(state, context, in, out, ngi_is_changed, ngi_change_note);
}

static const ng_operator ngi_changes_calls = {
    "distinct_until_changed", NULL, ngi_changes_push, NULL, NULL, NULL, ngi_changes_forget, false};

ng_river ng_distinct_until_changed(ng_river river, const char *const *names, size_t count) {
    ngi_changes changes;
    const ng_schema *const schema = ng_columns(river);
    __builtin_memset(&changes, 0, sizeof changes);
    const ng_status found =
        schema == NULL ? NG_INVALID : ngi_keys_find(&changes.keys, schema, names, count);
    if (found != NG_OK) {
        return ng_refuse(river.graph, ngi_changes_calls.name, found);
    }
    const ng_stage stage = {&ngi_changes_calls, sizeof changes, &changes, NULL, 1, false, 1};
    return ng_apply(river.graph, &river, 1, &stage);
}

/* ---- distinct -------------------------------------------------------------------------------- */

/* Keys in the order in which they came, and a table of them by hash. */
typedef struct ngi_key_table {
    uint32_t *slots; /* the number of a key from 1; 0: free */
    ng_pool pool;
    ng_block *rows; /* the keys' columns */
    uint32_t count;
} ngi_key_table;

typedef struct ngi_distinct {
    ngi_keys keys;
    ng_schema columns; /* of the keys */
    ng_field fields[NGI_KEYS_MOST];
    ngi_key_table tables[2]; /* the newer keys, and, where keys are forgotten, the older ones */
    uint32_t room, mask;     /* of a table */
    bool forgets;
    uint64_t hash; /* of the row that was looked at last */
} ngi_distinct;

/* The slot of a key, which holds its number, or is free. */
static uint32_t *ngi_key_slot(const ngi_distinct *d, const ngi_key_table *table, ng_row row) {
    uint32_t at = (uint32_t)(d->hash >> 32) & d->mask;
    while (table->slots[at] != 0) {
        const ng_row key = {table->rows->columns, table->slots[at] - 1};
        if (ngi_keys_equal(&d->keys, row, key)) {
            break;
        }
        at = (at + 1) & d->mask;
    }
    return &table->slots[at];
}

/* Whether a table has room for the key of a row. */
static bool ngi_key_fits(const ngi_distinct *d, const ngi_key_table *table, ng_row row) {
    bool fits = table->count < d->room;
    for (size_t i = 0; i < d->keys.count && fits; i++) {
        fits = d->fields[i].type != NG_UTF8 ||
               ngi_text_fitting(&row.columns[d->keys.places[i]], row.at, 1,
                                &table->rows->columns[i], table->count) == 1;
    }
    return fits;
}

static void ngi_keys_forget(ngi_distinct *d) {
    ngi_key_table older = d->tables[1];
    d->tables[1] = d->tables[0];
    older.count = 0;
    __builtin_memset(older.slots, 0, ((size_t)d->mask + 1) * sizeof(uint32_t));
    d->tables[0] = older;
}

static int ngi_is_distinct(void *state, const ng_batch *in, size_t at) {
    ngi_distinct *const d = (ngi_distinct *)state;
    const ng_row row = ng_batch_row(in, at);
    d->hash = ngi_keys_hash(&d->keys, row);
    if (*ngi_key_slot(d, &d->tables[0], row) != 0 ||
        (d->forgets && *ngi_key_slot(d, &d->tables[1], row) != 0)) {
        return 0;
    }
    if (ngi_key_fits(d, &d->tables[0], row)) {
        return 1;
    }
    if (!d->forgets) {
        return NG_FULL;
    }
    ngi_keys_forget(d);
    return ngi_key_fits(d, &d->tables[0], row) ? 1 : NG_TOO_LARGE;
}

static ng_status ngi_distinct_note(void *state, const ng_batch *in, size_t at) {
    ngi_distinct *const d = (ngi_distinct *)state;
    ngi_key_table *const table = &d->tables[0];
    const ng_row row = ng_batch_row(in, at);
    *ngi_key_slot(d, table, row) = table->count + 1;
    for (size_t i = 0; i < d->keys.count; i++) {
        ngi_copy_column(d->fields[i].type, &row.columns[d->keys.places[i]], row.at, 1,
                        &table->rows->columns[i], table->count);
    }
    table->count++;
    return NG_OK;
}

static ng_step ngi_distinct_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    return ngi_distinct_rows(state, context, in, out, ngi_is_distinct, ngi_distinct_note);
}

static const ng_operator ngi_distinct_calls = {
    "distinct", NULL, ngi_distinct_push, NULL, NULL, NULL, NULL, true};

/* Slots of a table that is at most three quarters full. */
static size_t ngi_key_slots(size_t keys) {
    size_t slots = 4;
    while (slots - slots / 4 < keys + 1) {
        slots *= 2;
    }
    return slots;
}

static ng_status ngi_distinct_check(const ng_schema *schema, const char *const *names, size_t count,
                                    const ng_distinct_options *options, ngi_distinct *d) {
    __builtin_memset(d, 0, sizeof *d);
    if (schema == NULL || options == NULL || options->keys == 0 ||
        options->keys > (size_t)1 << 30 || options->text == 0 || options->text > INT32_MAX) {
        return NG_INVALID;
    }
    const ng_status found = ngi_keys_find(&d->keys, schema, names, count);
    for (size_t i = 0; i < d->keys.count && found == NG_OK; i++) {
        d->fields[i] = schema->fields[d->keys.places[i]];
    }
    return found == NG_OK && d->keys.count == 0 ? NG_INVALID : found;
}

ng_river ng_distinct(ng_river river, const char *const *names, size_t count,
                     const ng_distinct_options *options) {
    ngi_distinct like;
    const ng_status checked = ngi_distinct_check(ng_columns(river), names, count, options, &like);
    if (checked != NG_OK) {
        return ng_refuse(river.graph, ngi_distinct_calls.name, checked);
    }
    const size_t tables = options->forgets ? 2 : 1;
    const size_t keys = (options->keys + tables - 1) / tables;
    const size_t text = (options->text + tables - 1) / tables;
    const size_t slots = ngi_key_slots(keys), table_size = slots * sizeof(uint32_t);
    const ng_schema columns = {like.fields, like.keys.count};
    const size_t pool = ng_pool_size(&columns, 1, keys, text);
    const size_t head = ngi_size_round(sizeof like, 64);
    const size_t each = ngi_size_plus(ngi_size_round(table_size, 64), ngi_size_round(pool, 64));
    const ng_stage stage = {&ngi_distinct_calls,
                            ngi_size_plus(head, ngi_size_times(tables, each)),
                            NULL,
                            NULL,
                            1,
                            false,
                            0};
    if (pool == 0) {
        return ng_refuse(river.graph, ngi_distinct_calls.name, NG_INVALID);
    }
    const ng_river distinct = ng_apply(river.graph, &river, 1, &stage);
    ngi_distinct *const d = (ngi_distinct *)ng_state(distinct);
    ng_status status = NG_OK;
    if (d != NULL) {
        *d = like;
        d->columns.fields = d->fields;
        d->columns.count = d->keys.count;
        d->room = (uint32_t)keys;
        d->mask = (uint32_t)(slots - 1);
        d->forgets = options->forgets;
    }
    for (size_t i = 0; i < tables && d != NULL && status == NG_OK; i++) {
        uint8_t *const at = (uint8_t *)d + head + i * each;
        ngi_key_table *const table = &d->tables[i];
        table->slots = (uint32_t *)(void *)at;
        status = ng_pool_init(&table->pool, at + ngi_size_round(table_size, 64), &d->columns, 1,
                              keys, text);
        table->rows = status == NG_OK ? ng_pool_take(&table->pool) : NULL;
    }
    return status == NG_OK ? distinct : ng_refuse(river.graph, ngi_distinct_calls.name, status);
}

/* ---- ops_collect.c --------------------------------------------------------------------------- */

/* ops_collect: a sink that copies. */

static ng_step ngi_collect_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    ng_collected *const to = *(ng_collected **)state;
    ng_block into;
    (void)context;
    (void)out;
    ng_block_init(&into, to->columns, to->capacity, NULL, NULL);
    const size_t copied = ng_batch_copy(in, 0, in->rows, &into, to->rows);
    to->rows += copied;
    return ng_step_of(copied, 0, copied == in->rows ? NG_OK : NG_FULL);
}

static const ng_operator ngi_collect_calls = {"collect", NULL, ngi_collect_push, NULL, NULL, NULL,
                                              NULL,      true};

ng_river ng_collect(ng_river river, ng_collected *to) {
    const ng_stage stage = {&ngi_collect_calls, sizeof to, &to, NULL, 0, false, 0};
    const ng_schema *const schema = ng_columns(river);
    if (to == NULL || to->columns == NULL || to->rows > to->capacity || schema == NULL) {
        return ng_refuse(river.graph, ngi_collect_calls.name, NG_INVALID);
    }
    for (size_t i = 0; i < schema->count && to->rows == 0; i++) {
        if (schema->fields[i].type == NG_UTF8) {
            ((int32_t *)to->columns[i].values)[0] = 0;
        }
    }
    return ng_apply(river.graph, &river, 1, &stage);
}

/* ---- ops_sort.c ------------------------------------------------------------------------------ */

/* ops_sort: fills a block and sorts it; where it is full, what was sorted goes to storage as a run.
 *
 * Runs are merged as they grow in number: whenever there are sixteen of one level they become one
 * of the next, so each row moves once a level. Runs lie in the order in which their rows came, and
 * merges take equal rows from the earlier one, so equal rows stay in order. */

enum {
    NGI_SORT_WAYS = 16,  /* runs that are merged at once */
    NGI_SORT_LEVELS = 16 /* of 16^16 rows there are none */
};

/* A sorted part in storage: pages from `at` up to before `end`. */
typedef struct ngi_sorted_run {
    uint64_t at, end;
    uint32_t level;
} ngi_sorted_run;

/* Rows of a run, or what is to be one, a page at a time. */
typedef struct ngi_page {
    ng_block *block;
    uint32_t rows, at; /* that are there; of them the first one that is left */
    uint64_t next;     /* where the next page lies, */
    uint64_t end;      /* and where the run ends */
} ngi_page;

/* Followed by the two orders, the block and the pages. */
typedef struct ngi_sort {
    ngi_keys keys;
    bool descending[NGI_KEYS_MOST], nulls_first[NGI_KEYS_MOST];
    ng_storage storage;
    size_t longest, page_rows, page_text;
    ng_pool rows_pool, pages_pool;
    ng_block *rows;
    uint32_t filled, given;  /* rows in the block, and those of them that have gone out */
    uint32_t *order, *other; /* of them */
    ngi_sorted_run runs[NGI_SORT_WAYS * NGI_SORT_LEVELS];
    uint32_t run_count;
    ngi_page pages[NGI_SORT_WAYS + 1]; /* the last one is written */
    uint32_t merging;                  /* runs whose rows go out, once all are there */
    bool sorted;
    ng_status status; /* what storage failed with, and so the sort */
    uint64_t written; /* bytes of storage in use */
} ngi_sort;

/* ---- in memory ------------------------------------------------------------------------------- */

static int ngi_sort_compare(const ngi_sort *sort, ng_row a, ng_row b) {
    int result = 0;
    for (size_t i = 0; i < sort->keys.count && result == 0; i++) {
        const size_t place = sort->keys.places[i];
        const bool null_a = ng_is_null(a, place), null_b = ng_is_null(b, place);
        if (null_a || null_b) {
            result = sort->nulls_first[i] ? (int)null_b - (int)null_a : (int)null_a - (int)null_b;
        } else {
            result = ngi_values_compare(sort->keys.schema->fields[place].type, &a.columns[place],
                                        a.at, &b.columns[place], b.at);
            result = sort->descending[i] ? -result : result;
        }
    }
    return result;
}

static ng_row ngi_sort_row(const ngi_sort *sort, uint32_t at) {
    const ng_row row = {sort->rows->columns, at};
    return row;
}

/* Merges order[from, middle) and order[middle, to) into `other`. */
static void ngi_sort_merge(const ngi_sort *sort, size_t from, size_t middle, size_t to) {
    size_t a = from, b = middle;
    for (size_t i = from; i < to; i++) {
        const bool takes_a =
            b == to || (a < middle && ngi_sort_compare(sort, ngi_sort_row(sort, sort->order[a]),
                                                       ngi_sort_row(sort, sort->order[b])) <= 0);
        sort->other[i] = takes_a ? sort->order[a++] : sort->order[b++];
    }
}

/* Orders the rows of the block. */
static void ngi_sort_block(ngi_sort *sort) {
    const size_t rows = sort->filled;
    for (uint32_t i = 0; i < rows; i++) {
        sort->order[i] = i;
    }
    for (size_t width = 1; width < rows; width *= 2) {
        for (size_t from = 0; from < rows; from += 2 * width) {
            const size_t middle = from + width < rows ? from + width : rows;
            const size_t to = middle + width < rows ? middle + width : rows;
            ngi_sort_merge(sort, from, middle, to);
        }
        uint32_t *const order = sort->order;
        sort->order = sort->other;
        sort->other = order;
    }
}

/* Copies a row behind those of a block. Whether it had room. */
static bool ngi_sort_copy(const ngi_sort *sort, ng_row row, ng_column *columns, size_t capacity,
                          size_t at) {
    ng_block from, to;
    ng_block_init(&from, row.columns, row.at + 1, NULL, NULL);
    ng_block_init(&to, columns, capacity, NULL, NULL);
    const ng_batch one = {sort->keys.schema, &from, row.at, 1};
    return ng_batch_copy(&one, 0, 1, &to, at) == 1;
}

/* ---- pages in storage ------------------------------------------------------------------------ */

/* How many bytes `rows` rows of a column take, and where: validity, values, text. */
typedef struct ngi_page_part {
    void *at[3];
    size_t bytes[3];
} ngi_page_part;

static ngi_page_part ngi_page_part_of(const ng_field *field, const ng_column *column, size_t rows,
                                      size_t text) {
    const bool is_text = field->type == NG_UTF8;
    const size_t bits = rows / 8 + 1;
    ngi_page_part part = {{column->valid, column->values, column->bytes}, {0, 0, 0}};
    part.bytes[0] = column->valid == NULL ? 0 : bits;
    part.bytes[1] = field->type == NG_BOOL ? bits
                    : is_text              ? 4 * (rows + 1)
                                           : rows * ng_type_size(field->type);
    part.bytes[2] = is_text ? text : 0;
    return part;
}

/* A page begins with how many rows it has; before each text column stands how long its text is. */
static ng_status ngi_page_write(ngi_sort *sort, ngi_page *page) {
    const ng_storage *const s = &sort->storage;
    const ng_schema *const schema = sort->keys.schema;
    ng_status status = s->write(s->ctx, sort->written, &page->rows, sizeof page->rows);
    sort->written += sizeof page->rows;
    for (size_t i = 0; i < schema->count && status == NG_OK; i++) {
        const ng_column *const column = &page->block->columns[i];
        uint32_t text = 0;
        if (schema->fields[i].type == NG_UTF8) {
            text = (uint32_t)((const int32_t *)column->values)[page->rows];
            status = s->write(s->ctx, sort->written, &text, sizeof text);
            sort->written += sizeof text;
        }
        const ngi_page_part part = ngi_page_part_of(&schema->fields[i], column, page->rows, text);
        for (size_t k = 0; k < 3 && status == NG_OK; k++) {
            status = part.bytes[k] == 0
                         ? NG_OK
                         : s->write(s->ctx, sort->written, part.at[k], part.bytes[k]);
            sort->written += part.bytes[k];
        }
    }
    page->rows = 0;
    return status;
}

/* The next page of a run, none if it has ended. */
static ng_status ngi_page_read(const ngi_sort *sort, ngi_page *page) {
    const ng_storage *const s = &sort->storage;
    const ng_schema *const schema = sort->keys.schema;
    page->rows = page->at = 0;
    if (page->next == page->end) {
        return NG_OK;
    }
    ng_status status = s->read(s->ctx, page->next, &page->rows, sizeof page->rows);
    page->next += sizeof page->rows;
    for (size_t i = 0; i < schema->count && status == NG_OK; i++) {
        uint32_t text = 0;
        if (schema->fields[i].type == NG_UTF8) {
            status = s->read(s->ctx, page->next, &text, sizeof text);
            page->next += sizeof text;
        }
        if (page->rows > sort->page_rows || text > sort->page_text) {
            return NG_BAD_INPUT; /* that was not what had been written */
        }
        const ngi_page_part part =
            ngi_page_part_of(&schema->fields[i], &page->block->columns[i], page->rows, text);
        for (size_t k = 0; k < 3 && status == NG_OK; k++) {
            status =
                part.bytes[k] == 0 ? NG_OK : s->read(s->ctx, page->next, part.at[k], part.bytes[k]);
            page->next += part.bytes[k];
        }
    }
    return status;
}

/* Puts a row on the page that is written, which goes to storage when it is full. */
static ng_status ngi_sort_put(ngi_sort *sort, ng_row row) {
    ngi_page *const page = &sort->pages[NGI_SORT_WAYS];
    ng_status status = NG_OK;
    while (status == NG_OK &&
           !ngi_sort_copy(sort, row, page->block->columns, sort->page_rows, page->rows)) {
        status = ngi_page_write(sort, page);
    }
    page->rows += status == NG_OK;
    return status;
}

/* ---- runs ------------------------------------------------------------------------------------ */

/* What was put since `at` is a run. */
static ng_status ngi_run_end(ngi_sort *sort, uint64_t at, uint32_t level) {
    ngi_page *const page = &sort->pages[NGI_SORT_WAYS];
    const ng_status status = page->rows == 0 ? NG_OK : ngi_page_write(sort, page);
    ngi_sorted_run *const run = &sort->runs[sort->run_count++];
    run->at = at;
    run->end = sort->written;
    run->level = level;
    return status;
}

/* Opens the last `count` runs, which are given up. */
static ng_status ngi_runs_open(ngi_sort *sort, uint32_t count) {
    ng_status status = NG_OK;
    sort->run_count -= count;
    for (uint32_t i = 0; i < count && status == NG_OK; i++) {
        sort->pages[i].next = sort->runs[sort->run_count + i].at;
        sort->pages[i].end = sort->runs[sort->run_count + i].end;
        status = ngi_page_read(sort, &sort->pages[i]);
    }
    return status;
}

/* The page whose first row is the next, NULL: there is none. */
static ngi_page *ngi_runs_next(ngi_sort *sort, uint32_t count) {
    ngi_page *best = NULL;
    for (uint32_t i = 0; i < count; i++) {
        ngi_page *const page = &sort->pages[i];
        if (page->at < page->rows) {
            const ng_row row = {page->block->columns, page->at};
            const ng_row least = {best == NULL ? NULL : best->block->columns,
                                  best == NULL ? 0 : best->at};
            best = best == NULL || ngi_sort_compare(sort, row, least) < 0 ? page : best;
        }
    }
    return best;
}

/* The first row of a page is done with. */
static ng_status ngi_page_take(const ngi_sort *sort, ngi_page *page) {
    page->at++;
    return page->at == page->rows ? ngi_page_read(sort, page) : NG_OK;
}

/* Makes one of the last `count` runs. */
static ng_status ngi_runs_merge(ngi_sort *sort, uint32_t count, uint32_t level) {
    const uint64_t at = sort->written;
    ng_status status = ngi_runs_open(sort, count);
    for (ngi_page *page = NULL; status == NG_OK;) {
        page = ngi_runs_next(sort, count);
        if (page == NULL) {
            return ngi_run_end(sort, at, level);
        }
        const ng_row row = {page->block->columns, page->at};
        status = ngi_sort_put(sort, row);
        status = status == NG_OK ? ngi_page_take(sort, page) : status;
    }
    return status;
}

/* Sorts the block into a run, and merges runs of one level as soon as there are enough. */
static ng_status ngi_sort_spill(ngi_sort *sort) {
    const uint64_t at = sort->written;
    ng_status status = NG_OK;
    ngi_sort_block(sort);
    for (uint32_t i = 0; i < sort->filled && status == NG_OK; i++) {
        status = ngi_sort_put(sort, ngi_sort_row(sort, sort->order[i]));
    }
    status = status == NG_OK ? ngi_run_end(sort, at, 0) : status;
    sort->filled = 0;
    while (status == NG_OK && sort->run_count >= NGI_SORT_WAYS &&
           sort->runs[sort->run_count - NGI_SORT_WAYS].level ==
               sort->runs[sort->run_count - 1].level) {
        status = ngi_runs_merge(sort, NGI_SORT_WAYS, sort->runs[sort->run_count - 1].level + 1);
    }
    return status;
}

/* All rows are there: leaves at most as many runs as can be merged at once, and opens them. */
static ng_status ngi_sort_close_runs(ngi_sort *sort) {
    ng_status status = sort->filled == 0 ? NG_OK : ngi_sort_spill(sort);
    while (status == NG_OK && sort->run_count > NGI_SORT_WAYS) {
        const uint32_t ways = NGI_SORT_WAYS, over = sort->run_count - ways + 1;
        status = ngi_runs_merge(sort, over < ways ? over : ways, 0);
    }
    sort->merging = sort->run_count;
    return status == NG_OK ? ngi_runs_open(sort, sort->run_count) : status;
}

/* ---- the operator ---------------------------------------------------------------------------- */

/* Whether all texts of a row are as short as was promised. */
static bool ngi_sort_bears(const ngi_sort *sort, const ng_batch *in, size_t row) {
    bool bears = true;
    for (size_t i = 0; i < in->schema->count && bears; i++) {
        const int32_t *const offsets = (const int32_t *)in->block->columns[i].values;
        const size_t at = in->offset + row;
        bears = in->schema->fields[i].type != NG_UTF8 ||
                (size_t)(offsets[at + 1] - offsets[at]) <= sort->longest;
    }
    return bears;
}

static ng_step ngi_sort_push(void *state, ng_context *context, const ng_batch *in,
                             const ng_room *out) {
    ngi_sort *const sort = (ngi_sort *)state;
    ng_status status = sort->status;
    size_t fine = 0, done = 0;
    (void)out;
    while (fine < in->rows && ngi_sort_bears(sort, in, fine)) {
        fine++;
    }
    while (done < fine && status == NG_OK) {
        const size_t copied = ng_batch_copy(in, done, fine - done, sort->rows, sort->filled);
        done += copied;
        sort->filled += (uint32_t)copied;
        if (done < fine && sort->storage.write != NULL) {
            status = sort->status = ngi_sort_spill(sort);
        } else if (done < fine) {
            status = NG_FULL;
        }
    }
    ng_context_count(context, NG_HELD, (int64_t)done);
    status = status == NG_OK && done < in->rows ? NG_TOO_LARGE : status;
    return ng_step_of(done, 0, status);
}

/* The next row that goes out. `*there`: there is one. */
static ng_row ngi_sort_first(ngi_sort *sort, ngi_page **page, bool *there) {
    if (sort->merging == 0) {
        *there = sort->given < sort->filled;
        return ngi_sort_row(sort, *there ? sort->order[sort->given] : 0);
    }
    *page = ngi_runs_next(sort, sort->merging);
    const ng_row row = {*page == NULL ? NULL : (*page)->block->columns,
                        *page == NULL ? 0 : (*page)->at};
    *there = *page != NULL;
    return row;
}

static ng_step ngi_sort_end(void *state, ng_context *context, const ng_room *out) {
    ngi_sort *const sort = (ngi_sort *)state;
    ng_status status = sort->status;
    size_t made = 0;
    bool there = true;
    if (!sort->sorted && status == NG_OK) {
        sort->sorted = true;
        if (sort->run_count != 0) {
            status = ngi_sort_close_runs(sort);
        } else {
            ngi_sort_block(sort);
        }
    }
    while (status == NG_OK && there) {
        ngi_page *page = NULL;
        const ng_row row = ngi_sort_first(sort, &page, &there);
        if (!there || made == out->rows ||
            !ngi_sort_copy(sort, row, out->columns, out->at + out->rows, out->at + made)) {
            break;
        }
        made++;
        sort->given++;
        status = page == NULL ? NG_OK : ngi_page_take(sort, page);
    }
    ng_context_count(context, NG_HELD, -(int64_t)made);
    const bool never = status == NG_OK && there && made == 0 && out->at == 0;
    return ng_step_of(0, made, never ? NG_TOO_LARGE : status == NG_OK && there ? NG_AGAIN : status);
}

static const ng_operator ngi_sort_calls = {"sort", NULL, ngi_sort_push, ngi_sort_end,
                                           NULL,   NULL, NULL,          true};

/* ---- building -------------------------------------------------------------------------------- */

static ng_status ngi_sort_check(const ng_schema *schema, const ng_sort_key *keys, size_t count,
                                const ng_sort_options *options, ngi_sort *like) {
    __builtin_memset(like, 0, sizeof *like);
    if (schema == NULL || keys == NULL || count == 0 || options == NULL || options->rows < 16 ||
        options->rows > (size_t)1 << 30 || options->text == 0 || options->longest_text == 0 ||
        options->longest_text > options->text ||
        (options->storage.write != NULL && options->storage.read == NULL)) {
        return NG_INVALID;
    }
    if (count > NGI_KEYS_MOST) {
        return NG_TOO_LARGE;
    }
    ng_status status = NG_OK;
    for (size_t i = 0; i < count && status == NG_OK; i++) {
        ngi_keys one;
        status = ngi_keys_find(&one, schema, &keys[i].column, 1);
        like->keys.places[i] = one.places[0];
        like->descending[i] = keys[i].descending;
        like->nulls_first[i] = keys[i].nulls_first;
    }
    like->keys.schema = schema;
    like->keys.count = count;
    like->storage = options->storage;
    like->longest = options->longest_text;
    like->page_rows = options->rows / NGI_SORT_WAYS / 2 + 1;
    like->page_text = options->text / NGI_SORT_WAYS / 2 + 1;
    like->page_text = like->page_text < like->longest ? like->longest : like->page_text;
    return status;
}

/* Lays out what follows a sort's state. */
static ng_status ngi_sort_lay_out(ngi_sort *sort, const ng_sort_options *options, size_t rows_size,
                                  size_t orders_size) {
    const ng_schema *const schema = sort->keys.schema;
    uint8_t *const orders = (uint8_t *)sort + ngi_size_round(sizeof *sort, 64);
    uint8_t *const rows = orders + 2 * orders_size;
    sort->order = (uint32_t *)(void *)orders;
    sort->other = (uint32_t *)(void *)(orders + orders_size);
    ng_status status =
        ng_pool_init(&sort->rows_pool, rows, schema, 1, options->rows, options->text);
    if (status == NG_OK && options->storage.write != NULL) {
        status = ng_pool_init(&sort->pages_pool, rows + ngi_size_round(rows_size, 64), schema,
                              NGI_SORT_WAYS + 1, sort->page_rows, sort->page_text);
        for (size_t i = 0; i <= NGI_SORT_WAYS && status == NG_OK; i++) {
            sort->pages[i].block = ng_pool_take(&sort->pages_pool);
        }
    }
    sort->rows = status == NG_OK ? ng_pool_take(&sort->rows_pool) : NULL;
    return status;
}

ng_river ng_sort(ng_river river, const ng_sort_key *keys, size_t count,
                 const ng_sort_options *options) {
    ngi_sort like;
    const ng_schema *const schema = ng_columns(river);
    const ng_status checked = ngi_sort_check(schema, keys, count, options, &like);
    if (checked != NG_OK) {
        return ng_refuse(river.graph, ngi_sort_calls.name, checked);
    }
    const bool stored = options->storage.write != NULL;
    const size_t rows = ng_pool_size(schema, 1, options->rows, options->text);
    const size_t pages =
        stored ? ng_pool_size(schema, NGI_SORT_WAYS + 1, like.page_rows, like.page_text) : 0;
    const size_t orders = ngi_size_round(options->rows * sizeof(uint32_t), 64);
    size_t size = ngi_size_plus(ngi_size_round(sizeof like, 64), 2 * orders);
    size = ngi_size_plus(size, ngi_size_plus(ngi_size_round(rows, 64), pages));
    if (rows == 0 || (stored && pages == 0)) {
        return ng_refuse(river.graph, ngi_sort_calls.name, NG_INVALID);
    }
    const ng_stage stage = {&ngi_sort_calls, size, NULL, NULL, 1, false, 1};
    const ng_river sorted = ng_apply(river.graph, &river, 1, &stage);
    ngi_sort *const sort = (ngi_sort *)ng_state(sorted);
    if (sort == NULL) {
        return sorted;
    }
    *sort = like;
    const ng_status status = ngi_sort_lay_out(sort, options, rows, orders);
    return status == NG_OK ? sorted : ng_refuse(river.graph, ngi_sort_calls.name, status);
}

/* ---- ops_join.c ------------------------------------------------------------------------------ */

/* ops_join: one operator with several inputs each. */

/* NG_OK if there are rivers, with the same columns where `same`. */
static ng_status ngi_join_check(const ng_river *rivers, uint32_t count, bool same) {
    if (rivers == NULL || count == 0) {
        return NG_INVALID;
    }
    for (uint32_t i = 0; i < count; i++) {
        const ng_schema *const columns = ng_columns(rivers[i]);
        if (columns == NULL || rivers[i].graph != rivers[0].graph) {
            return NG_INVALID;
        }
        if (same && !ng_schema_equal(columns, ng_columns(rivers[0]))) {
            return NG_MISMATCH;
        }
    }
    return NG_OK;
}

/* Whether `schema` has the columns of all rivers, one behind the other. */
static ng_status ngi_join_check_beside(const ng_river *rivers, uint32_t count,
                                       const ng_schema *schema) {
    size_t at = 0;
    const ng_status status = schema == NULL ? NG_INVALID : ngi_join_check(rivers, count, false);
    for (uint32_t i = 0; i < count && status == NG_OK; i++) {
        const ng_schema *const columns = ng_columns(rivers[i]);
        for (size_t k = 0; k < columns->count; k++, at++) {
            if (at >= schema->count || schema->fields[at].type != columns->fields[k].type ||
                schema->fields[at].nullable != columns->fields[k].nullable) {
                return NG_MISMATCH;
            }
        }
    }
    return status == NG_OK && at != schema->count ? NG_MISMATCH : status;
}

static ng_river ngi_join(const ng_river *rivers, uint32_t count, ng_status checked,
                         const ng_stage *stage) {
    if (checked == NG_OK) {
        return ng_apply(NULL, rivers, count, stage);
    }
    ng_river nowhere = {NULL, UINT32_MAX, 0};
    return rivers == NULL || rivers[0].graph == NULL
               ? nowhere
               : ng_refuse(rivers[0].graph, stage->calls->name, checked);
}

/* ---- merge, concat --------------------------------------------------------------------------- */

static ng_step ngi_merge_rows(ng_context *context, const ng_batch *in) {
    const size_t credit = ng_context_credit(context, 0);
    const size_t n = in->rows < credit ? in->rows : credit;
    const ng_status sent = n == 0 ? NG_OK : ng_context_forward(context, 0, in, 0, n);
    return sent == NG_OK ? ng_step_of(n, 0, NG_OK) : ng_step_of(0, 0, NG_END);
}

static ng_step ngi_merge_operator_push(void *state, ng_context *context, const ng_batch *in,
                                       const ng_room *out) {
    (void)state;
    (void)out;
    return ngi_merge_rows(context, in);
}

static const ng_operator ngi_merge_calls = {
    "merge", NULL, ngi_merge_operator_push, NULL, NULL, NULL, NULL, false};

ng_river ng_merge(const ng_river *rivers, uint32_t count) {
    const ng_stage stage = {&ngi_merge_calls, 0, NULL, NULL, 1, true, 0};
    return ngi_join(rivers, count, ngi_join_check(rivers, count, true), &stage);
}

/* Followed by a byte for each input: whether it has ended. */
typedef struct ngi_concat {
    uint32_t current;
} ngi_concat;

static uint8_t *ngi_concat_ended(void *state) { return (uint8_t *)state + sizeof(ngi_concat); }

static ng_step ngi_concat_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    const ngi_concat *const concat = (const ngi_concat *)state;
    (void)out;
    return ng_context_input(context) == concat->current ? ngi_merge_rows(context, in)
                                                        : ng_step_of(0, 0, NG_OK);
}

static ng_step ngi_concat_end(void *state, ng_context *context, const ng_room *out) {
    ngi_concat *const concat = (ngi_concat *)state;
    (void)out;
    ngi_concat_ended(state)[ng_context_input(context)] = 1;
    while (ngi_concat_ended(state)[concat->current] == 1) { /* a 2 stands behind the last */
        concat->current++;
    }
    return ng_step_of(0, 0, NG_OK);
}

static const ng_operator ngi_concat_calls = {
    "concat", NULL, ngi_concat_push, ngi_concat_end, NULL, NULL, NULL, false};

ng_river ng_concat(const ng_river *rivers, uint32_t count) {
    const size_t size = sizeof(ngi_concat) + (size_t)count + 1;
    const ng_stage stage = {&ngi_concat_calls, size, NULL, NULL, 1, true, 0};
    const ng_river river = ngi_join(rivers, count, ngi_join_check(rivers, count, true), &stage);
    if (ng_state(river) != NULL) {
        ngi_concat_ended(ng_state(river))[count] = 2;
    }
    return river;
}

/* ---- switch_latest --------------------------------------------------------------------------- */

typedef struct ngi_switch {
    uint32_t current; /* the input that began last, */
    bool begun;       /* if one has */
} ngi_switch;

static ng_step ngi_switch_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    ngi_switch *const s = (ngi_switch *)state;
    const uint32_t input = ng_context_input(context);
    (void)out;
    if (s->begun && s->current != input) {
        ng_context_cancel(context, s->current);
    }
    s->begun = true;
    s->current = input;
    return ngi_merge_rows(context, in);
}

static const ng_operator ngi_switch_calls = {
    "switch_latest", NULL, ngi_switch_push, NULL, NULL, NULL, NULL, false};

ng_river ng_switch_latest(const ng_river *rivers, uint32_t count) {
    ngi_switch s = {0, false};
    const ng_stage stage = {&ngi_switch_calls, sizeof s, &s, NULL, 1, true, 0};
    return ngi_join(rivers, count, ngi_join_check(rivers, count, true), &stage);
}

/* ---- zip ------------------------------------------------------------------------------------- */

typedef struct ngi_zip {
    uint32_t count;
} ngi_zip;

/* Copies rows into the columns from `column` on. Answers how many had room. */
static size_t ngi_zip_copy(const ng_batch *from, size_t first, size_t rows, const ng_room *out,
                           size_t made, size_t column) {
    ng_block into;
    ng_block_init(&into, out->columns + column, out->at + out->rows, NULL, NULL);
    return ng_batch_copy(from, first, rows, &into, out->at + made);
}

static ng_step ngi_zip_push(void *state, ng_context *context, const ng_batch *in,
                            const ng_room *out) {
    const uint32_t count = ((const ngi_zip *)state)->count;
    size_t n = in->rows < out->rows ? in->rows : out->rows, column = 0;
    for (uint32_t i = 0; i < count; i++) {
        const ng_batch *const first = ng_context_first(context, i);
        n = first == NULL ? 0 : first->rows < n ? first->rows : n;
    }
    for (uint32_t i = 0; i < count && n != 0; i++) {
        const ng_batch *const first = ng_context_first(context, i);
        n = ngi_zip_copy(first, 0, n, out, 0, column);
        column += first->schema->count;
    }
    for (uint32_t i = 0; i < count && n != 0; i++) {
        if (i != ng_context_input(context)) {
            (void)ng_context_take(context, i, n);
        }
    }
    ng_context_count(context, NG_FILTERED, (int64_t)(n * (count - 1)));
    return ng_step_of(n, n, NG_OK);
}

static ng_step ngi_zip_end(void *state, ng_context *context, const ng_room *out) {
    (void)state;
    (void)context;
    (void)out;
    return ng_step_of(0, 0, NG_END);
}

static const ng_operator ngi_zip_calls = {"zip", NULL, ngi_zip_push, ngi_zip_end,
                                          NULL,  NULL, NULL,         false};

ng_river ng_zip(const ng_river *rivers, uint32_t count, const ng_schema *schema) {
    ngi_zip zip = {count};
    const ng_stage stage = {&ngi_zip_calls, sizeof zip, &zip, schema, 1, false, 0};
    return ngi_join(rivers, count, ngi_join_check_beside(rivers, count, schema), &stage);
}

/* ---- combine_latest -------------------------------------------------------------------------- */

/* Followed by the latest row of each input, a batch of one row, or gone. */
typedef struct ngi_latest {
    uint32_t count;
    uint32_t there; /* how many inputs have had a row */
} ngi_latest;

static ng_batch *ngi_latest_rows(void *state) {
    return (ng_batch *)(void *)((uint8_t *)state + 64);
}

static ng_status ngi_latest_keep(ngi_latest *latest, ng_batch *row, const ng_batch *in, size_t i) {
    const bool had_one = row->block != NULL;
    ng_batch next;
    const ng_status status = ng_batch_slice(in, i, 1, &next);
    latest->there += !had_one;
    (void)(had_one && ng_batch_release(row) == NG_OK);
    *row = next;
    return status;
}

/* Writes the latest rows side by side. Whether there was room. */
static bool ngi_latest_write(const ngi_latest *latest, const ng_batch *rows, const ng_room *out,
                             size_t made) {
    size_t column = 0;
    bool fits = made < out->rows;
    for (uint32_t i = 0; i < latest->count && fits; i++) {
        fits = ngi_zip_copy(&rows[i], 0, 1, out, made, column) == 1;
        column += rows[i].schema->count;
    }
    return fits;
}

static ng_step ngi_latest_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    ngi_latest *const latest = (ngi_latest *)state;
    ng_batch *const rows = ngi_latest_rows(state), *const mine = &rows[ng_context_input(context)];
    size_t done = 0, made = 0;
    for (; done < in->rows; done++) {
        const ng_status kept = ngi_latest_keep(latest, mine, in, done);
        if (kept != NG_OK) {
            return ng_step_of(done, made, kept);
        }
        if (latest->there == latest->count) {
            if (!ngi_latest_write(latest, rows, out, made)) {
                break;
            }
            made++;
        }
    }
    ng_context_count(context, NG_FILTERED, (int64_t)(done - made));
    return ng_step_of(done, made, NG_OK);
}

static ng_step ngi_latest_end(void *state, ng_context *context, const ng_room *out) {
    const ng_batch *const row = &ngi_latest_rows(state)[ng_context_input(context)];
    (void)out;
    return ng_step_of(0, 0, row->block == NULL ? NG_END : NG_OK);
}

static void ngi_latest_close(void *state) {
    for (uint32_t i = 0; i < ((const ngi_latest *)state)->count; i++) {
        if (ngi_latest_rows(state)[i].block != NULL) {
            (void)ng_batch_release(&ngi_latest_rows(state)[i]);
        }
    }
}

static const ng_operator ngi_latest_calls = {
    "combine_latest", NULL, ngi_latest_push, ngi_latest_end, NULL, NULL, ngi_latest_close, false};

ng_river ng_combine_latest(const ng_river *rivers, uint32_t count, const ng_schema *schema) {
    const size_t size = 64 + (size_t)count * sizeof(ng_batch);
    const ng_stage stage = {&ngi_latest_calls, size, NULL, schema, 1, false, 1};
    const ng_river river =
        ngi_join(rivers, count, ngi_join_check_beside(rivers, count, schema), &stage);
    ngi_latest *const latest = (ngi_latest *)ng_state(river);
    if (latest != NULL) {
        latest->count = count;
    }
    return river;
}

/* ---- ops_split.c ----------------------------------------------------------------------------- */

/* ops_split: one operator with several outputs each. */

static void ngi_split(ng_river river, const ng_stage *stage, bool complete, ng_river *rivers) {
    const uint32_t count = stage->outputs;
    const ng_river first = !complete || count == 0
                               ? ng_refuse(river.graph, stage->calls->name, NG_INVALID)
                               : ng_apply(river.graph, &river, 1, stage);
    for (uint32_t i = 0; i < count && rivers != NULL; i++) {
        rivers[i] = ng_output(first, i);
    }
}

typedef struct ngi_splitting {
    uint32_t count;
} ngi_splitting;

/* ---- fork ------------------------------------------------------------------------------------ */

static ng_step ngi_fork_push(void *state, ng_context *context, const ng_batch *in,
                             const ng_room *out) {
    const uint32_t count = ((const ngi_splitting *)state)->count;
    size_t n = in->rows;
    uint32_t wanted = 0;
    (void)out;
    for (uint32_t i = 0; i < count; i++) {
        if (!ng_context_is_cancelled(context, i)) {
            const size_t credit = ng_context_credit(context, i);
            n = credit < n ? credit : n;
            wanted++;
        }
    }
    for (uint32_t i = 0; i < count && n != 0; i++) {
        const ng_status sent = ng_context_forward(context, i, in, 0, n);
        if (sent != NG_OK && sent != NG_CANCELLED) {
            return ng_step_of(0, 0, sent);
        }
    }
    ng_context_count(context, NG_MADE, (int64_t)(n * (wanted - 1)));
    return ng_step_of(n, 0, NG_OK);
}

static const ng_operator ngi_fork_calls = {"fork", NULL, ngi_fork_push, NULL,
                                           NULL,   NULL, NULL,          false};

bool ngi_is_fork(const ngi_node *node) { return node->stage.calls == &ngi_fork_calls; }

void ng_fork(ng_river river, ng_river *rivers, uint32_t count) {
    ngi_splitting splitting = {count};
    const ng_stage stage = {&ngi_fork_calls, sizeof splitting, &splitting, NULL, count, true, 0};
    ngi_split(river, &stage, rivers != NULL, rivers);
}

/* ---- balance --------------------------------------------------------------------------------- */

static ng_step ngi_balance_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    const uint32_t count = ((const ngi_splitting *)state)->count;
    size_t most = 0;
    uint32_t to = 0;
    (void)out;
    for (uint32_t i = 0; i < count; i++) {
        const size_t credit =
            ng_context_is_cancelled(context, i) ? 0 : ng_context_credit(context, i);
        to = credit > most ? i : to;
        most = credit > most ? credit : most;
    }
    const size_t n = in->rows < most ? in->rows : most;
    const ng_status sent = n == 0 ? NG_OK : ng_context_forward(context, to, in, 0, n);
    return ng_step_of(sent == NG_OK ? n : 0, 0, sent);
}

static const ng_operator ngi_balance_calls = {"balance", NULL, ngi_balance_push, NULL, NULL, NULL,
                                              NULL,      false};

void ng_balance(ng_river river, ng_river *rivers, uint32_t count) {
    ngi_splitting splitting = {count};
    const ng_stage stage = {&ngi_balance_calls, sizeof splitting, &splitting, NULL, count, true, 0};
    ngi_split(river, &stage, rivers != NULL, rivers);
}

/* ---- route, partition, round_robin
 * ---------------------------------------------------------------------- */

/* Where rows for one output go during a call. */
typedef struct ngi_lane {
    ng_room room;
    size_t made;
    bool asked, there;
} ngi_lane;

/* Followed by a lane for each output. */
typedef struct ngi_routing {
    ng_route_fn *route; /* NULL: by keys, */
    void *ctx;
    uint32_t count, turn;
    ngi_keys keys; /* or, where there are none, in turns */
} ngi_routing;

static ngi_lane *ngi_routing_lanes(ngi_routing *routing) {
    return (ngi_lane *)(void *)((uint8_t *)routing + ngi_size_round(sizeof *routing, 64));
}

/* Copies a row into a lane. Whether there was room. */
static bool ngi_lane_put(ng_context *context, ngi_lane *lane, uint32_t to, const ng_batch *in,
                         size_t row) {
    if (!lane->asked) {
        lane->asked = true;
        lane->there = ng_context_room(context, to, &lane->room);
    }
    if (!lane->there || lane->made == lane->room.rows) {
        return false;
    }
    ng_block into;
    ng_block_init(&into, lane->room.columns, lane->room.at + lane->room.rows, NULL, NULL);
    if (ng_batch_copy(in, row, 1, &into, lane->room.at + lane->made) == 1) {
        lane->made++;
        return true;
    }
    if (to != 0 && lane->made == 0) { /* no room for its text: the next call finds an empty block */
        ng_context_renew(context, to);
    }
    return false;
}

/* The upper half of the hash, scaled to the number of rivers. */
static int ngi_route_by_key(const ngi_routing *routing, ng_row row) {
    return (int)((ngi_keys_hash(&routing->keys, row) >> 32) * routing->count >> 32);
}

/* What a row is: put, in the way, filtered, unwanted. */
static ng_status ngi_route_row(ngi_routing *routing, ng_context *context, const ng_batch *in,
                               size_t row) {
    const ng_row what = ng_batch_row(in, row);
    const int to = routing->route != NULL     ? routing->route(what, routing->ctx)
                   : routing->keys.count != 0 ? ngi_route_by_key(routing, what)
                                              : (int)routing->turn;
    if (to < 0) {
        return (ng_status)to;
    }
    if ((uint32_t)to >= routing->count) {
        ng_context_count(context, NG_FILTERED, 1);
    } else if (ng_context_is_cancelled(context, (uint32_t)to)) {
        ng_context_count(context, NG_DROPPED, 1);
    } else if (!ngi_lane_put(context, &ngi_routing_lanes(routing)[to], (uint32_t)to, in, row)) {
        return NG_AGAIN;
    }
    routing->turn = routing->turn + 1 == routing->count ? 0 : routing->turn + 1;
    return NG_OK;
}

static ng_step ngi_route_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    ngi_routing *const routing = (ngi_routing *)state;
    ngi_lane *const lanes = ngi_routing_lanes(routing);
    ng_status status = NG_OK;
    size_t done = 0;
    for (uint32_t i = 0; i < routing->count; i++) {
        lanes[i].made = 0;
        lanes[i].asked = lanes[i].there = i == 0;
    }
    lanes[0].room = *out;
    while (done < in->rows && status == NG_OK) {
        status = ngi_route_row(routing, context, in, done);
        done += status == NG_OK;
    }
    for (uint32_t i = 1; i < routing->count; i++) {
        if (lanes[i].made != 0) {
            (void)ng_context_made(context, i, lanes[i].made);
        }
    }
    return ng_step_of(done, lanes[0].made, status == NG_AGAIN ? NG_OK : status);
}

static const ng_operator ngi_route_calls = {"route", NULL, ngi_route_push, NULL,
                                            NULL,    NULL, NULL,           true};

static void ngi_routes(ng_river river, const ngi_routing *as, const ng_operator *calls,
                       bool complete, ng_river *rivers) {
    const size_t size =
        ngi_size_plus(ngi_size_round(sizeof *as, 64), ngi_size_times(as->count, sizeof(ngi_lane)));
    const ng_stage stage = {calls, size, NULL, NULL, as->count, false, 0};
    ngi_split(river, &stage, complete, rivers);
    ngi_routing *const routing =
        complete && as->count != 0 ? (ngi_routing *)ng_state(rivers[0]) : NULL;
    if (routing != NULL) {
        *routing = *as;
    }
}

void ng_route(ng_river river, ng_route_fn *route, void *ctx, ng_river *rivers, uint32_t count) {
    const ngi_routing routing = {route, ctx, count, 0, {NULL, 0, {0}}};
    ngi_routes(river, &routing, &ngi_route_calls, rivers != NULL && route != NULL, rivers);
}

static const ng_operator ngi_partition_calls = {"partition", NULL, ngi_route_push, NULL,
                                                NULL,        NULL, NULL,           false};

void ng_partition(ng_river river, const char *const *names, size_t name_count, ng_river *rivers,
                  uint32_t count) {
    ngi_routing routing = {NULL, NULL, count, 0, {NULL, 0, {0}}};
    const ng_schema *const schema = ng_columns(river);
    ng_status found = schema == NULL || (names != NULL && name_count == 0) ? NG_INVALID : NG_OK;
    if (found == NG_OK) {
        found = ngi_keys_find(&routing.keys, schema, names, name_count);
    }
    if (found != NG_OK) {
        (void)ng_refuse(river.graph, ngi_partition_calls.name, found);
    }
    ngi_routes(river, &routing, &ngi_partition_calls, rivers != NULL, rivers);
}

static const ng_operator ngi_round_robin_calls = {"round_robin", NULL, ngi_route_push, NULL,
                                                  NULL,          NULL, NULL,           false};

void ng_round_robin(ng_river river, ng_river *rivers, uint32_t count) {
    const ngi_routing routing = {NULL, NULL, count, 0, {NULL, 0, {0}}};
    ngi_routes(river, &routing, &ngi_round_robin_calls, rivers != NULL, rivers);
}

/* ---- ops_order.c ----------------------------------------------------------------------------- */

/* ops_order: takes from the input whose first row is the least, as far as the next input allows. */

/* Followed by the places of the merge's columns in each input, input by input. */
typedef struct ngi_order {
    const ng_schema *schema;
    uint32_t count;
    size_t places[1]; /* NGI_NO_COLUMN: the rows' own numbers */
} ngi_order;

/* The first row to come: its input, and how far it and those behind it come before all others. */
typedef struct ngi_turn {
    uint32_t input;
    uint64_t position;
    uint64_t before; /* the first position that is another input's */
} ngi_turn;

static ngi_turn ngi_order_turn(const ng_context *context, uint32_t count) {
    ngi_turn turn = {0, ng_context_position(context, 0), UINT64_MAX};
    for (uint32_t i = 1; i < count; i++) {
        const uint64_t position = ng_context_position(context, i);
        if (position < turn.position) {
            turn.input = i;
            turn.before = turn.position; /* of one position the inputs before come first */
            turn.position = position;
        } else if (position < turn.before) {
            turn.before = position == UINT64_MAX ? position : position + 1;
        }
    }
    return turn;
}

/* How many of the first `rows` rows, whose positions never fall, are before a position. */
static size_t ngi_order_count(const uint64_t *positions, size_t rows, uint64_t before) {
    size_t low = 0, step = 1;
    while (low + step < rows && positions[low + step - 1] < before) {
        low += step;
        step *= 2;
    }
    size_t high = low + step < rows ? low + step : rows;
    while (low < high) { /* those in front of `low` are before, those from `high` on are not */
        const size_t middle = low + (high - low) / 2;
        if (positions[middle] < before) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static size_t ngi_order_rows(const ng_batch *first, const ngi_input *input, const ngi_turn *turn) {
    if (input->positions != NGI_NO_COLUMN) {
        const ng_column *const column = &first->block->columns[input->positions];
        return ngi_order_count((const uint64_t *)column->values + first->offset, first->rows,
                               turn->before);
    }
    const uint64_t rows = turn->before - turn->position;
    return rows < first->rows ? (size_t)rows : first->rows;
}

/* Copies rows to those made. Answers how many had room. */
static size_t ngi_order_copy(const ngi_order *order, const ng_batch *from, const ngi_turn *turn,
                             size_t rows, const ng_room *out, size_t made) {
    const size_t *const places = &order->places[turn->input * order->schema->count];
    const size_t at = out->at + made;
    for (size_t c = 0; c < order->schema->count; c++) {
        if (order->schema->fields[c].type == NG_UTF8) {
            rows = ngi_text_fitting(&from->block->columns[places[c]], from->offset, rows,
                                    &out->columns[c], at);
        }
    }
    for (size_t c = 0; c < order->schema->count && rows != 0; c++) {
        if (places[c] != NGI_NO_COLUMN) {
            ngi_copy_column(order->schema->fields[c].type, &from->block->columns[places[c]],
                            from->offset, rows, &out->columns[c], at);
            continue;
        }
        for (size_t i = 0; i < rows; i++) {
            ((uint64_t *)out->columns[c].values)[at + i] = turn->position + i;
        }
    }
    return rows;
}

static ng_step ngi_order_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    const ngi_order *const order = (const ngi_order *)state;
    size_t made = 0;
    (void)in;
    while (made < out->rows) {
        const ngi_turn turn = ngi_order_turn(context, order->count);
        const ng_batch *const first = ng_context_first(context, turn.input);
        if (first == NULL) { /* it may still have a row that comes before all others */
            return ng_step_of(0, made, NG_AGAIN);
        }
        size_t rows = ngi_order_rows(first, &context->node->inputs[turn.input], &turn);
        rows = rows < out->rows - made ? rows : out->rows - made;
        rows = ngi_order_copy(order, first, &turn, rows, out, made);
        if (rows == 0) { /* its text has no room behind that of other rows */
            break;
        }
        (void)ng_context_take(context, turn.input, rows);
        made += rows;
    }
    const bool never = made == 0 && out->at == 0;
    return ng_step_of(0, made, never ? NG_TOO_LARGE : NG_OK);
}

static ng_status ngi_order_fail(void *state, ng_context *context, ng_status status) {
    const ngi_turn turn = ngi_order_turn(context, ((const ngi_order *)state)->count);
    (void)status;
    return turn.input == ng_context_input(context) ? NG_OK : NG_AGAIN;
}

static const ng_operator ngi_order_calls = {"merge_ordered", NULL, ngi_order_push, NULL, NULL,
                                            ngi_order_fail,  NULL, false};

/* Whether the rows of an input have numbers of their own: they are all of a source's. */
static bool ngi_order_is_source(const ng_graph *graph, const ngi_node *node) {
    while (ngi_is_fork(node)) {
        node = graph->nodes[node->inputs[0].node];
    }
    return node->input_count == 0;
}

/* Whether nothing above a node holds rows back. */
static bool ngi_order_flows(const ng_graph *graph, const ngi_node *merge) {
    bool flows = true;
    for (uint32_t at = 0; at < merge->self; at++) {
        const ngi_node *const above = graph->nodes[at];
        flows = flows && (!above->ordered || above->stage.holds == 0);
    }
    return flows;
}

/* NG_OK, and the places of the merge's columns in a river. */
static ng_status ngi_order_find(const ng_schema *schema, ng_river river, size_t *places) {
    const ng_schema *const columns = ng_columns(river);
    const ngi_node *const node = river.graph->nodes[river.node];
    const size_t row = ng_schema_find(columns, NG_ROW_COLUMN);
    const bool carries = row < columns->count;
    if (!carries && !ngi_order_is_source(river.graph, node)) {
        return NG_UNSUPPORTED;
    }
    if (carries && (columns->fields[row].type != NG_U64 || columns->fields[row].nullable)) {
        return NG_MISMATCH;
    }
    for (size_t c = 0; c < schema->count; c++) {
        const ng_field *const field = &schema->fields[c];
        const size_t place = ng_schema_find(columns, field->name);
        if (place == columns->count && ng_schema_find(schema, NG_ROW_COLUMN) == c &&
            field->type == NG_U64) {
            places[c] = NGI_NO_COLUMN;
            continue;
        }
        if (place == columns->count || columns->fields[place].type != field->type ||
            (columns->fields[place].nullable && !field->nullable)) {
            return NG_MISMATCH;
        }
        places[c] = place;
    }
    return NG_OK;
}

ng_river ng_merge_ordered(const ng_river *rivers, uint32_t count, const ng_schema *schema) {
    ng_river nowhere = {NULL, NGI_NOWHERE, 0};
    if (rivers == NULL || count == 0 || rivers[0].graph == NULL) {
        return nowhere;
    }
    ng_graph *const graph = rivers[0].graph;
    if (schema == NULL || ng_schema_check(schema) != NG_OK) {
        return ng_refuse(graph, ngi_order_calls.name, NG_INVALID);
    }
    const size_t places = ngi_size_times(count, schema->count);
    const size_t size = ngi_size_plus(sizeof(ngi_order), ngi_size_times(places, sizeof(size_t)));
    const ng_stage stage = {&ngi_order_calls, size, NULL, schema, 1, false, 0};
    const ng_river river = ng_apply(graph, rivers, count, &stage);
    ngi_order *const order = (ngi_order *)ng_state(river);
    if (order == NULL) {
        return river;
    }
    order->schema = schema;
    order->count = count;
    ng_status status = NG_OK;
    for (uint32_t i = 0; i < count && status == NG_OK; i++) {
        status = ngi_order_find(schema, rivers[i], &order->places[i * schema->count]);
    }
    ngi_node *const node = graph->nodes[river.node];
    ngi_order_mark(graph, node);
    if (status == NG_OK && !ngi_order_flows(graph, node)) {
        status = NG_UNSUPPORTED;
    }
    return status == NG_OK ? river : ng_refuse(graph, ngi_order_calls.name, status);
}

/* ---- ops_time.c ------------------------------------------------------------------------------ */

/* ops_time: sources and operators that go by the clock. */

static const ng_field ngi_tick_field[] = {NG_FIELD("value", NG_I64)};
static const ng_schema ngi_tick_schema = {ngi_tick_field, 1};

/* NG_OK, or why a step cannot be: a number is not allowed, or there is no clock. */
static ng_status ngi_timed(const ng_graph *graph, bool allowed) {
    if (!allowed) {
        return NG_INVALID;
    }
    return graph->options.clock.now == NULL ? NG_UNSUPPORTED : NG_OK;
}

static ng_river ngi_timed_apply(ng_graph *graph, const ng_river *river, bool allowed,
                                const ng_stage *stage) {
    const ng_status status = ngi_timed(graph, allowed);
    return status == NG_OK ? ng_apply(graph, river, river != NULL, stage)
                           : ng_refuse(graph, stage->calls->name, status);
}

/* How long it is since `start`, 0 if that is still to come. */
static uint64_t ngi_time_since(int64_t start, int64_t now) {
    return now > start ? (uint64_t)now - (uint64_t)start : 0;
}

/* The end of the period that `now` lies in; periods follow one another from `start` on. */
static int64_t ngi_period_end(int64_t start, int64_t period, int64_t now) {
    const uint64_t gone = ngi_time_since(start, now) % (uint64_t)period;
    return ngi_time_after(now, period - (int64_t)gone);
}

/* ---- interval, after ------------------------------------------------------------------------- */

typedef struct ngi_ticks {
    int64_t start, period;
    uint64_t next; /* the number of the next tick */
} ngi_ticks;

static ng_status ngi_interval_open(void *state, ng_context *context) {
    ((ngi_ticks *)state)->start = ng_context_now(context);
    return NG_OK;
}

static ng_step ngi_interval_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    ngi_ticks *const ticks = (ngi_ticks *)state;
    const int64_t now = ng_context_now(context);
    const uint64_t due = ngi_time_since(ticks->start, now) / (uint64_t)ticks->period;
    const bool tick = due >= ticks->next;
    (void)in;
    if (tick) {
        ng_set_i64(ng_room_row(out, 0), 0, (int64_t)due);
        ng_context_count(context, NG_MADE, (int64_t)(due - ticks->next + 1));
        ng_context_count(context, NG_DROPPED, (int64_t)(due - ticks->next));
        ticks->next = due + 1;
    }
    ng_context_call_at(context, ngi_period_end(ticks->start, ticks->period, now));
    return ng_step_of(0, tick, NG_OK);
}

static ng_step ngi_interval_timer(void *state, ng_context *context, const ng_room *out) {
    return ngi_interval_push(state, context, NULL, out);
}

static const ng_operator ngi_interval_calls = {
    "interval", ngi_interval_open, ngi_interval_push, NULL, ngi_interval_timer, NULL, NULL, false};

ng_river ng_interval(ng_graph *graph, int64_t period) {
    ngi_ticks ticks = {0, period, 0};
    const ng_stage stage = {
        &ngi_interval_calls, sizeof ticks, &ticks, &ngi_tick_schema, 1, false, 0};
    return ngi_timed_apply(graph, NULL, period > 0, &stage);
}

/* `start` is when, here. */
static ng_status ngi_after_open(void *state, ng_context *context) {
    ngi_ticks *const ticks = (ngi_ticks *)state;
    ticks->start = ngi_time_after(ng_context_now(context), ticks->period);
    return NG_OK;
}

static ng_step ngi_after_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    const ngi_ticks *const ticks = (const ngi_ticks *)state;
    (void)in;
    if (ng_context_now(context) < ticks->start) {
        ng_context_call_at(context, ticks->start);
        return ng_step_of(0, 0, NG_OK);
    }
    ng_set_i64(ng_room_row(out, 0), 0, 0);
    ng_context_count(context, NG_MADE, 1);
    return ng_step_of(0, 1, NG_END);
}

static const ng_operator ngi_after_calls = {"after", ngi_after_open, ngi_after_push, NULL,
                                            NULL,    NULL,           NULL,           false};

ng_river ng_after(ng_graph *graph, int64_t delay) {
    ngi_ticks ticks = {0, delay, 0};
    const ng_stage stage = {&ngi_after_calls, sizeof ticks, &ticks, &ngi_tick_schema, 1, false, 0};
    return ngi_timed_apply(graph, NULL, delay >= 0, &stage);
}

/* ---- sample_time, throttle, debounce: the latest row is kept --------------------------------- */

typedef struct ngi_paced {
    ng_batch row;  /* its block is NULL where none is kept */
    int64_t due;   /* when the row goes on; of a throttle, when its period ends */
    int64_t start; /* of the first period */
    int64_t period;
    unsigned edges; /* of a throttle, else 0 */
} ngi_paced;

static bool ngi_paced_kept(const ngi_paced *paced) { return paced->row.block != NULL; }

static void ngi_paced_close(void *state) { (void)ng_batch_release(&((ngi_paced *)state)->row); }

/* Keeps the last of the rows from `from` on, in place of the one before. */
static void ngi_paced_keep(ngi_paced *paced, ng_context *context, const ng_batch *in, size_t from) {
    const int64_t rows = (int64_t)(in->rows - from);
    const int64_t before = ng_batch_release(&paced->row) == NG_OK;
    const int64_t held = (ng_batch_slice(in, in->rows - 1, 1, &paced->row) == NG_OK) - before;
    ng_context_count(context, NG_HELD, held);
    ng_context_count(context, NG_FILTERED, rows - held);
}

/* Sends the row that is kept, if there is credit. */
static bool ngi_paced_send(ngi_paced *paced, ng_context *context) {
    if (ng_context_forward(context, 0, &paced->row, 0, 1) != NG_OK) {
        return false;
    }
    (void)ng_batch_release(&paced->row);
    ng_context_count(context, NG_HELD, -1);
    return true;
}

/* Sends the row that is kept, if its time has come. False: it waits for credit. */
static bool ngi_paced_ring(ngi_paced *paced, ng_context *context, int64_t now) {
    if (!ngi_paced_kept(paced) || now < paced->due) {
        return true;
    }
    if (!ngi_paced_send(paced, context)) {
        return false;
    }
    paced->due = paced->edges != 0 ? ngi_time_after(now, paced->period) : INT64_MAX;
    return true;
}

static ng_step ngi_paced_timer(void *state, ng_context *context, const ng_room *out) {
    const bool rang = ngi_paced_ring((ngi_paced *)state, context, ng_context_now(context));
    (void)out;
    return ng_step_of(0, 0, rang ? NG_OK : NG_AGAIN);
}

static ng_step ngi_paced_end(void *state, ng_context *context, const ng_room *out) {
    ngi_paced *const paced = (ngi_paced *)state;
    const bool sent = !ngi_paced_kept(paced) || ngi_paced_send(paced, context);
    (void)out;
    return ng_step_of(0, 0, sent ? NG_OK : NG_AGAIN);
}

static ng_river ngi_paced_behind(ng_river river, const ng_operator *calls, ngi_paced *paced,
                                 bool allowed) {
    const ng_stage stage = {calls, sizeof *paced, paced, NULL, 1, true, 1};
    return ngi_timed_apply(river.graph, &river, allowed, &stage);
}

static ng_status ngi_sample_time_open(void *state, ng_context *context) {
    ((ngi_paced *)state)->start = ng_context_now(context);
    return NG_OK;
}

static ng_step ngi_sample_time_push(void *state, ng_context *context, const ng_batch *in,
                                    const ng_room *out) {
    ngi_paced *const paced = (ngi_paced *)state;
    const int64_t now = ng_context_now(context);
    (void)out;
    if (!ngi_paced_ring(paced, context, now)) {
        return ng_step_of(0, 0, NG_OK);
    }
    if (!ngi_paced_kept(paced)) {
        paced->due = ngi_period_end(paced->start, paced->period, now);
        ng_context_call_at(context, paced->due);
    }
    ngi_paced_keep(paced, context, in, 0);
    return ng_step_of(in->rows, 0, NG_OK);
}

static const ng_operator ngi_sample_time_calls = {"sample_time",        ngi_sample_time_open,
                                                  ngi_sample_time_push, ngi_paced_end,
                                                  ngi_paced_timer,      NULL,
                                                  ngi_paced_close,      false};

ng_river ng_sample_time(ng_river river, int64_t period) {
    ngi_paced paced = {{NULL, NULL, 0, 0}, INT64_MAX, 0, period, 0};
    return ngi_paced_behind(river, &ngi_sample_time_calls, &paced, period > 0);
}

static ng_step ngi_throttle_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    ngi_paced *const paced = (ngi_paced *)state;
    const int64_t now = ng_context_now(context);
    size_t from = 0;
    (void)out;
    if (!ngi_paced_ring(paced, context, now)) {
        return ng_step_of(0, 0, NG_OK);
    }
    if (now >= paced->due) {
        if ((paced->edges & NG_THROTTLE_LEADING) != 0) {
            if (ng_context_forward(context, 0, in, 0, 1) != NG_OK) {
                return ng_step_of(0, 0, NG_OK);
            }
            from = 1;
        }
        paced->due = ngi_time_after(now, paced->period);
    }
    if ((paced->edges & NG_THROTTLE_TRAILING) == 0) {
        ng_context_count(context, NG_FILTERED, (int64_t)(in->rows - from));
    } else if (from < in->rows) {
        ngi_paced_keep(paced, context, in, from);
        ng_context_call_at(context, paced->due);
    }
    return ng_step_of(in->rows, 0, NG_OK);
}

static const ng_operator ngi_throttle_calls = {
    "throttle",      NULL, ngi_throttle_push, ngi_paced_end,
    ngi_paced_timer, NULL, ngi_paced_close,   false};

ng_river ng_throttle(ng_river river, int64_t period, unsigned edges) {
    const unsigned both = NG_THROTTLE_LEADING | NG_THROTTLE_TRAILING;
    ngi_paced paced = {{NULL, NULL, 0, 0}, INT64_MIN, 0, period, edges};
    return ngi_paced_behind(river, &ngi_throttle_calls, &paced,
                            period > 0 && edges != 0 && edges <= both);
}

static ng_step ngi_debounce_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    ngi_paced *const paced = (ngi_paced *)state;
    const int64_t now = ng_context_now(context);
    (void)out;
    if (!ngi_paced_ring(paced, context, now)) {
        return ng_step_of(0, 0, NG_OK);
    }
    ngi_paced_keep(paced, context, in, 0);
    paced->due = ngi_time_after(now, paced->period);
    ng_context_call_at(context, paced->due);
    return ng_step_of(in->rows, 0, NG_OK);
}

static const ng_operator ngi_debounce_calls = {
    "debounce",      NULL, ngi_debounce_push, ngi_paced_end,
    ngi_paced_timer, NULL, ngi_paced_close,   false};

ng_river ng_debounce(ng_river river, int64_t quiet) {
    ngi_paced paced = {{NULL, NULL, 0, 0}, INT64_MAX, 0, quiet, 0};
    return ngi_paced_behind(river, &ngi_debounce_calls, &paced, quiet > 0);
}

/* ---- delay ----------------------------------------------------------------------------------- */

/* Followed by `room` times, then by `slots` batches; both are rings. */
typedef struct ngi_delay {
    int64_t delay;
    size_t room, rows, at;     /* rows there may be, there are, and the place of the first's time */
    size_t slots, used, first; /* batches that they lie in */
    ng_batch *batches;
    int64_t *times; /* when each row was taken */
} ngi_delay;

static void ngi_delay_close(void *state) {
    ngi_delay *const d = (ngi_delay *)state;
    for (; d->used != 0; d->used--) {
        (void)ng_batch_release(&d->batches[d->first]);
        d->first = d->first + 1 == d->slots ? 0 : d->first + 1;
    }
}

static int64_t ngi_delay_due(const ngi_delay *d) {
    return d->rows == 0 ? INT64_MAX : ngi_time_after(d->times[d->at], d->delay);
}

/* Sends the first `n` rows of the first batch. */
static bool ngi_delay_send(ngi_delay *d, ng_context *context, size_t n) {
    ng_batch *const first = &d->batches[d->first];
    if (ng_context_forward(context, 0, first, 0, n) != NG_OK) {
        return false;
    }
    ng_context_count(context, NG_HELD, -(int64_t)n);
    first->offset += n;
    first->rows -= n;
    d->rows -= n;
    if (first->rows == 0) {
        (void)ng_batch_release(first);
        d->first = d->first + 1 == d->slots ? 0 : d->first + 1;
        d->used--;
    }
    return true;
}

/* Sends what is due. False: some of it waits for credit. */
static bool ngi_delay_ring(ngi_delay *d, ng_context *context) {
    const int64_t now = ng_context_now(context);
    while (ngi_delay_due(d) <= now && d->rows != 0) {
        const size_t credit = ng_context_credit(context, 0), rows = d->batches[d->first].rows;
        const size_t most = rows < credit ? rows : credit, before = d->at;
        size_t n = 0;
        for (; n < most && ngi_time_after(d->times[d->at], d->delay) <= now; n++) {
            d->at = d->at + 1 == d->room ? 0 : d->at + 1;
        }
        if (!ngi_delay_send(d, context, n)) {
            d->at = before;
            return false;
        }
    }
    return true;
}

/* Finds a batch for rows of `in`: the last one, if they lie right behind it, or a new one. */
static bool ngi_delay_hold(ngi_delay *d, const ng_batch *in, size_t rows) {
    if (d->used != 0) {
        const size_t place = d->first + d->used - 1;
        ng_batch *const last = &d->batches[place < d->slots ? place : place - d->slots];
        if (last->block == in->block && last->offset + last->rows == in->offset) {
            last->rows += rows;
            return true;
        }
    }
    if (d->used == d->slots) {
        return false;
    }
    const size_t place = d->first + d->used;
    d->used++;
    return ng_batch_slice(in, 0, rows, &d->batches[place < d->slots ? place : place - d->slots]) ==
           NG_OK;
}

static ng_step ngi_delay_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    ngi_delay *const d = (ngi_delay *)state;
    const int64_t now = ng_context_now(context);
    const bool rang = ngi_delay_ring(d, context);
    const size_t left = d->room - d->rows, rows = in->rows < left ? in->rows : left;
    (void)out;
    const bool taken = rows != 0 && ngi_delay_hold(d, in, rows);
    for (size_t i = 0; i < rows && taken; i++) {
        const size_t place = d->at + d->rows;
        d->times[place < d->room ? place : place - d->room] = now;
        d->rows++;
    }
    ng_context_count(context, NG_HELD, taken ? (int64_t)rows : 0);
    if (rang) { /* else the timer is still set, or has come and waits */
        ng_context_call_at(context, ngi_delay_due(d));
    }
    return ng_step_of(taken ? rows : 0, 0, NG_OK);
}

static ng_step ngi_delay_timer(void *state, ng_context *context, const ng_room *out) {
    ngi_delay *const d = (ngi_delay *)state;
    (void)out;
    if (!ngi_delay_ring(d, context)) {
        return ng_step_of(0, 0, NG_AGAIN);
    }
    ng_context_call_at(context, ngi_delay_due(d));
    return ng_step_of(0, 0, NG_OK);
}

static ng_step ngi_delay_end(void *state, ng_context *context, const ng_room *out) {
    ngi_delay *const d = (ngi_delay *)state;
    (void)ngi_delay_timer(state, context, out);
    return ng_step_of(0, 0, d->rows == 0 ? NG_OK : NG_AGAIN);
}

static const ng_operator ngi_delay_calls = {"delay",         NULL, ngi_delay_push,  ngi_delay_end,
                                            ngi_delay_timer, NULL, ngi_delay_close, false};

ng_river ng_delay(ng_river river, int64_t delay, size_t max_rows) {
    const size_t few = max_rows / river.graph->options.batch_rows + 8;
    const size_t slots = max_rows < few ? max_rows : few;
    const size_t head = ngi_size_plus(ngi_size_round(sizeof(ngi_delay), 64),
                                      ngi_size_times(max_rows, sizeof(int64_t)));
    const size_t size = ngi_size_plus(head, ngi_size_times(slots, sizeof(ng_batch)));
    if (size >= SIZE_MAX / 2 || slots >= UINT32_MAX) {
        return ng_refuse(river.graph, "delay", NG_TOO_LARGE);
    }
    const ng_stage stage = {&ngi_delay_calls, size, NULL, NULL, 1, true, (uint32_t)slots};
    const ng_river behind =
        ngi_timed_apply(river.graph, &river, delay > 0 && max_rows != 0, &stage);
    ngi_delay *const d = (ngi_delay *)ng_state(behind);
    if (d != NULL) {
        uint8_t *const times = (uint8_t *)d + ngi_size_round(sizeof(ngi_delay), 64);
        d->delay = delay;
        d->room = max_rows;
        d->slots = slots;
        d->times = (int64_t *)(void *)times;
        d->batches = (ng_batch *)(void *)((uint8_t *)d + head);
    }
    return behind;
}

/* ---- timeout --------------------------------------------------------------------------------- */

typedef struct ngi_timeout {
    int64_t limit, deadline;
} ngi_timeout;

static void ngi_timeout_start(ngi_timeout *timeout, ng_context *context) {
    timeout->deadline = ngi_time_after(ng_context_now(context), timeout->limit);
    ng_context_call_at(context, timeout->deadline);
}

static ng_status ngi_timeout_open(void *state, ng_context *context) {
    ngi_timeout_start((ngi_timeout *)state, context);
    return NG_OK;
}

static ng_step ngi_timeout_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    const size_t credit = ng_context_credit(context, 0);
    const size_t n = in->rows < credit ? in->rows : credit;
    (void)out;
    ngi_timeout_start((ngi_timeout *)state, context);
    if (n != 0 && ng_context_forward(context, 0, in, 0, n) != NG_OK) {
        return ng_step_of(0, 0, NG_END);
    }
    return ng_step_of(n, 0, NG_OK);
}

static ng_step ngi_timeout_timer(void *state, ng_context *context, const ng_room *out) {
    (void)out;
    if (ng_context_first(context, 0) == NULL) {
        return ng_step_of(0, 0, NG_TIMEOUT);
    }
    ngi_timeout_start((ngi_timeout *)state, context);
    return ng_step_of(0, 0, NG_OK);
}

static const ng_operator ngi_timeout_calls = {
    "timeout", ngi_timeout_open, ngi_timeout_push, NULL, ngi_timeout_timer, NULL, NULL, false};

ng_river ng_timeout(ng_river river, int64_t limit) {
    ngi_timeout timeout = {limit, 0};
    const ng_stage stage = {&ngi_timeout_calls, sizeof timeout, &timeout, NULL, 1, true, 0};
    return ngi_timed_apply(river.graph, &river, limit > 0, &stage);
}

/* ---- buffer ---------------------------------------------------------------------------------- */

/* Rows are gathered in the room of its output, which stays where it is while none of it is sent. */
typedef struct ngi_buffer {
    ng_buffer_options options;
    size_t capacity; /* of a block */
    size_t rows;     /* gathered */
} ngi_buffer;

static ng_status ngi_buffer_open(void *state, ng_context *context) {
    const ngi_buffer *const buffer = (const ngi_buffer *)state;
    return ng_context_credit(context, 0) < buffer->options.rows ? NG_NO_CREDIT : NG_OK;
}

/* How many of `rows` rows it takes until what is gathered has `bytes` bytes; `rows` if they do not
 * suffice. The rows have been copied to `all` behind those before. */
static size_t ngi_buffer_until(const ngi_buffer *buffer, ng_batch all, size_t rows) {
    size_t low = 0, high = rows; /* after `low` rows there are too few; `high` may be enough */
    while (buffer->options.bytes != 0 && low + 1 < high) {
        const size_t middle = low + (high - low) / 2;
        all.rows = buffer->rows + middle;
        if (ng_batch_bytes(&all) < buffer->options.bytes) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

static size_t ngi_buffer_release(ngi_buffer *buffer, ng_context *context) {
    const size_t rows = buffer->rows;
    ng_context_count(context, NG_HELD, -(int64_t)rows);
    ng_context_call_at(context, INT64_MAX);
    buffer->rows = 0;
    return rows;
}

/* Room for a whole batch: in another block where the one that is being filled has too little. */
static bool ngi_buffer_room(const ngi_buffer *buffer, ng_context *context, ng_room *room) {
    const bool fresh = buffer->rows == 0 && buffer->capacity - room->at < buffer->options.rows;
    if (fresh) {
        ng_context_renew(context, 0);
    }
    return !fresh || ng_context_room(context, 0, room);
}

/* Copies rows behind those that are gathered, as many as there may be. */
static size_t ngi_buffer_gather(ngi_buffer *buffer, ng_context *context, const ng_batch *in,
                                const ng_room *room, bool *full) {
    const size_t most = room->rows < buffer->options.rows ? room->rows : buffer->options.rows;
    const size_t left = most - buffer->rows, n = in->rows < left ? in->rows : left;
    ng_block into = {room->columns, buffer->capacity, 1, NULL, NULL, NULL};
    const size_t copied = ng_batch_copy(in, 0, n, &into, room->at + buffer->rows);
    ng_batch all = {in->schema, &into, room->at, 0};
    const size_t taken = ngi_buffer_until(buffer, all, copied);
    if (buffer->rows == 0 && taken != 0 && buffer->options.time != 0) {
        ng_context_call_at(context, ngi_time_after(ng_context_now(context), buffer->options.time));
    }
    buffer->rows += taken;
    ng_context_count(context, NG_HELD, (int64_t)taken);
    all.rows = buffer->rows;
    *full = copied < n || buffer->rows == buffer->options.rows ||
            (buffer->options.bytes != 0 && ng_batch_bytes(&all) >= buffer->options.bytes);
    return taken;
}

/* NG_OK without rows asks the graph for another block, which is for text that does not fit here;
 * NG_AGAIN without rows waits. */
static ng_step ngi_buffer_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    ngi_buffer *const buffer = (ngi_buffer *)state;
    ng_room room = *out;
    bool full = false;
    if (!ngi_buffer_room(buffer, context, &room)) {
        return ng_step_of(0, 0, NG_AGAIN);
    }
    const size_t taken = ngi_buffer_gather(buffer, context, in, &room, &full);
    if (full && buffer->rows == 0) {
        return ng_step_of(0, 0, room.at == 0 ? NG_TOO_LARGE : NG_OK);
    }
    return ng_step_of(taken, full ? ngi_buffer_release(buffer, context) : 0, NG_AGAIN);
}

/* At the end and when the time has come. */
static ng_step ngi_buffer_flush(void *state, ng_context *context, const ng_room *out) {
    (void)out;
    return ng_step_of(0, ngi_buffer_release((ngi_buffer *)state, context), NG_OK);
}

static const ng_operator ngi_buffer_calls = {
    "buffer", ngi_buffer_open, ngi_buffer_push, ngi_buffer_flush, ngi_buffer_flush, NULL, NULL,
    true};

ng_river ng_buffer(ng_river river, const ng_buffer_options *options) {
    const size_t block = river.graph->options.batch_rows;
    if (options == NULL || options->time < 0 || options->rows > block) {
        const bool large = options != NULL && options->rows > block;
        return ng_refuse(river.graph, "buffer", large ? NG_TOO_LARGE : NG_INVALID);
    }
    ngi_buffer buffer = {*options, block, 0};
    buffer.options.rows = options->rows == 0 ? block : options->rows;
    const ng_stage stage = {&ngi_buffer_calls, sizeof buffer, &buffer, NULL, 1, false, 0};
    return options->time == 0 ? ng_apply(river.graph, &river, 1, &stage)
                              : ngi_timed_apply(river.graph, &river, true, &stage);
}

/* ---- ops_guard.c ----------------------------------------------------------------------------- */

/* ops_guard: what becomes of bad rows; circuit breakers, rates. */

typedef struct ngi_retry {
    ng_retry_options options;
    ng_ask_fn *ask; /* NULL: the options decide */
    void *ctx;
    uint64_t row;   /* that was tried last, by its number */
    uint32_t tries; /* of it, so far */
    int64_t delay;  /* of the next try, before chance */
    uint64_t random;
} ngi_retry;

typedef struct ngi_breaker {
    ng_breaker_options options;
    ng_circuit circuit;
    uint32_t good;         /* probes that went well */
    uint32_t failures, at; /* failures that are remembered, and where the next one goes */
    size_t size;           /* of this, with all of `times` */
    int64_t times[1];      /* of the last options.failures failures, round and round */
} ngi_breaker;

/* ---- circuit breakers ------------------------------------------------------------------------ */

static void ngi_breaker_open(ngi_breaker *breaker, int64_t now) {
    breaker->circuit.state = NG_CIRCUIT_OPEN;
    breaker->circuit.until = ngi_time_after(now, breaker->options.open_time);
    breaker->circuit.opened++;
    breaker->failures = 0;
}

/* A breaker that has been open for long enough is half open. */
static void ngi_breaker_look(ngi_breaker *breaker, int64_t now) {
    if (breaker->circuit.state == NG_CIRCUIT_OPEN && now >= breaker->circuit.until) {
        breaker->circuit.state = NG_CIRCUIT_HALF_OPEN;
        breaker->good = 0;
    }
}

/* How many of so many rows the operator may be offered; 0: it is open. */
static size_t ngi_breaker_admits(ngi_breaker *breaker, int64_t now, size_t rows) {
    ngi_breaker_look(breaker, now);
    switch (breaker->circuit.state) {
    case NG_CIRCUIT_OPEN:
        return 0;
    case NG_CIRCUIT_HALF_OPEN: {
        const size_t probes = breaker->options.probes - breaker->good;
        return rows < probes ? rows : probes;
    }
    default:
        return rows;
    }
}

static void ngi_guard_good(const ngi_node *node, size_t rows) {
    ngi_breaker *const breaker = node->breaker;
    if (breaker != NULL && breaker->circuit.state == NG_CIRCUIT_HALF_OPEN) {
        breaker->good += (uint32_t)rows;
        if (breaker->good >= breaker->options.probes) {
            breaker->circuit.state = NG_CIRCUIT_CLOSED;
        }
    }
}

static void ngi_breaker_failed(ngi_breaker *breaker, int64_t now) {
    const ng_breaker_options *const o = &breaker->options;
    if (breaker->circuit.state == NG_CIRCUIT_HALF_OPEN) {
        ngi_breaker_open(breaker, now);
        return;
    }
    breaker->times[breaker->at] = now;
    breaker->at = breaker->at + 1 == o->failures ? 0 : breaker->at + 1;
    breaker->failures += breaker->failures < o->failures;
    /* Once all are there, the next place holds the oldest. */
    if (breaker->failures == o->failures &&
        (uint64_t)now - (uint64_t)breaker->times[breaker->at] < (uint64_t)o->window) {
        ngi_breaker_open(breaker, now);
    }
}

/* ---- bad rows -------------------------------------------------------------------------------- */

/* What is to be done about a bad row, the first of `in`. It may turn the status into NG_MISUSED. */
static ng_strategy ngi_guard_decide(const ng_graph *graph, const ngi_node *node, const ng_batch *in,
                                    ng_status *status) {
    const ngi_retry *const retry = node->retry;
    ng_strategy strategy = node->strategy;
    if (strategy == NG_ASK) {
        strategy = retry->ask(ng_batch_row(in, 0), *status, retry->tries, retry->ctx);
        if (strategy < NG_STOP || strategy > NG_RETRY ||
            (strategy == NG_RETRY && graph->options.clock.now == NULL)) {
            *status = NG_MISUSED;
            return NG_STOP;
        }
    }
    if (strategy == NG_RETRY && retry->tries >= retry->options.attempts) {
        strategy = retry->options.then;
    }
    if (strategy == NG_DEAD_LETTER && !node->dead_letters) {
        *status = NG_MISUSED;
        return NG_STOP;
    }
    return strategy;
}

static uint64_t ngi_retry_random(uint64_t *state) {
    *state += 0x9e3779b97f4a7c15u;
    uint64_t r = *state;
    r = (r ^ r >> 30) * 0xbf58476d1ce4e5b9u;
    r = (r ^ r >> 27) * 0x94d049bb133111ebu;
    return r ^ r >> 31;
}

/* Has a bad row wait until it is tried again. */
static void ngi_guard_wait(ng_graph *graph, ngi_node *node, int64_t now) {
    ngi_retry *const retry = node->retry;
    const ng_retry_options *const o = &retry->options;
    const int64_t delay = retry->delay;
    const int64_t span = delay / 100 * o->jitter + delay % 100 * o->jitter / 100;
    const uint64_t less = ngi_retry_random(&retry->random) % ((uint64_t)span + 1);
    int64_t at = ngi_time_after(now, delay - (int64_t)less);
    if (node->breaker != NULL && node->breaker->circuit.state == NG_CIRCUIT_OPEN &&
        node->breaker->circuit.until > at) {
        at = node->breaker->circuit.until;
    }
    retry->tries++;
    retry->delay = delay > o->max_delay / o->factor ? o->max_delay : delay * o->factor;
    node->retry_at = at;
    ngi_timer_update(graph, node);
}

/* Leaves the first row that waits to the dead letters. False: they have no credit for it yet. */
static bool ngi_guard_bury(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *in) {
    ng_context context = {graph, node, input};
    const ng_status sent = ng_context_forward(&context, node->stage.outputs, in, 0, 1);
    node->buries = sent == NG_AGAIN;
    if (!node->buries) {
        node->account.dropped += sent != NG_OK;
        ngi_node_take(graph, node, input, 1);
    }
    return !node->buries;
}

/* What is done about a bad row, the first that waits. Answers whether the node has got on. */
static bool ngi_guard_see_to(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *in,
                             ng_status status) {
    const ng_context context = {graph, node, input};
    if (node->retry != NULL && node->retry->row != ng_context_row(&context, input)) {
        node->retry->row = ng_context_row(&context, input);
        node->retry->tries = 0;
        node->retry->delay = node->retry->options.first_delay;
    }
    switch (ngi_guard_decide(graph, node, in, &status)) {
    case NG_SKIP:
        node->account.failed++;
        ngi_node_take(graph, node, input, 1);
        return true;
    case NG_DEAD_LETTER:
        return ngi_guard_bury(graph, node, input, in);
    case NG_RETRY:
        ngi_guard_wait(graph, node, ngi_graph_now(graph));
        return false;
    default:
        ngi_node_stop(graph, node, input, in, status);
        return true;
    }
}

static bool ngi_guard_bad(ng_graph *graph, ngi_node *node, uint32_t input, const ng_batch *in,
                          ng_status status) {
    if (node->breaker != NULL) {
        ngi_breaker_failed(node->breaker, ngi_graph_now(graph));
    }
    return ngi_guard_see_to(graph, node, input, in, status);
}

static bool ngi_guard_offer(ng_graph *graph, ngi_node *node, uint32_t input,
                            const ng_batch *first) {
    if (node->retry_at != INT64_MAX) {
        return false;
    }
    if (node->buries) {
        return ngi_guard_bury(graph, node, input, first);
    }
    ng_batch some = *first;
    if (node->breaker != NULL) {
        some.rows = ngi_breaker_admits(node->breaker, ngi_graph_now(graph), first->rows);
    }
    if (some.rows == 0) {
        return ngi_guard_see_to(graph, node, input, first, NG_OPEN);
    }
    const ng_batch *const in = some.rows == first->rows ? first : &some;
    return ngi_node_call(graph, node, NG_CALL_PUSH, input, in);
}

static void ngi_guard_close(const ng_graph *graph, const ngi_node *node) {
    const ng_allocator *const a = &graph->options.allocator;
    if (node->retry != NULL) {
        (void)a->resize(a->ctx, node->retry, sizeof(ngi_retry), 0);
    }
    if (node->breaker != NULL) {
        (void)a->resize(a->ctx, node->breaker, node->breaker->size, 0);
    }
}

static const ngi_guarding ngi_guard_guarding = {ngi_guard_offer, ngi_guard_good, ngi_guard_bad,
                                                ngi_guard_close};

/* ---- what is to be done ---------------------------------------------------------------------- */

static ngi_node *ngi_node_to_guard(ng_river river, const char *calls, bool timed) {
    ngi_node *const node = ngi_node_to_change(river, calls);
    if (node == NULL) {
        return NULL;
    }
    const bool resumes = node->stage.calls->resumes && node->input_count == 1;
    if (!resumes || (timed && river.graph->options.clock.now == NULL)) {
        (void)ng_refuse(river.graph, node->stage.calls->name, NG_UNSUPPORTED);
        return NULL;
    }
    if (node->outputs[node->stage.outputs].to != NGI_NOWHERE) {
        (void)ng_refuse(river.graph, calls, NG_MISUSED);
        return NULL;
    }
    node->guarding = &ngi_guard_guarding;
    return node;
}

ng_retry_options ng_retry_defaults(void) {
    ng_retry_options options;
    options.attempts = 5;
    options.first_delay = 100000000;
    options.factor = 2;
    options.max_delay = 10 * (int64_t)1000000000;
    options.jitter = 50;
    options.seed = 0;
    options.then = NG_STOP;
    return options;
}

static bool ngi_retry_allowed(const ng_retry_options *o) {
    return o != NULL && o->attempts != 0 && o->first_delay > 0 && o->factor != 0 &&
           o->max_delay >= o->first_delay && o->jitter <= 100 &&
           (o->then == NG_STOP || o->then == NG_SKIP || o->then == NG_DEAD_LETTER);
}

/* Memory that lasts as long as a node. */
static void *ngi_guard_new(ng_graph *graph, const ngi_node *node, size_t size) {
    const ng_allocator *const a = &graph->options.allocator;
    void *const memory = a->resize(a->ctx, NULL, 0, size);
    if (memory == NULL) {
        (void)ng_refuse(graph, node->stage.calls->name, NG_NO_MEMORY);
    } else {
        __builtin_memset(memory, 0, size);
    }
    return memory;
}

/* What a node keeps for retries, as `options` say; `options` NULL: as they said before, or the
 * defaults. NULL: there is no memory. */
static ngi_retry *ngi_retry_of(ng_graph *graph, ngi_node *node, const ng_retry_options *options) {
    const ng_retry_options defaults = ng_retry_defaults();
    const bool before = node->retry != NULL;
    if (!before) {
        node->retry = (ngi_retry *)ngi_guard_new(graph, node, sizeof(ngi_retry));
    }
    if (node->retry != NULL && (options != NULL || !before)) {
        node->retry->options = options != NULL ? *options : defaults;
        node->retry->delay = node->retry->options.first_delay;
        node->retry->random = node->retry->options.seed;
    }
    return node->retry;
}

ng_river ng_on_error(ng_river river, ng_strategy strategy) {
    if (strategy == NG_RETRY) {
        const ng_retry_options options = ng_retry_defaults();
        return ng_on_error_retry(river, &options);
    }
    ngi_node *const node = strategy == NG_STOP ? ngi_node_to_change(river, "on_error")
                                               : ngi_node_to_guard(river, "on_error", false);
    if (node == NULL) {
        return river;
    }
    if (strategy < NG_STOP || strategy > NG_DEAD_LETTER) {
        return ng_refuse(river.graph, "on_error", NG_INVALID);
    }
    if (node->outputs[node->stage.outputs].to != NGI_NOWHERE) {
        return ng_refuse(river.graph, "on_error", NG_MISUSED);
    }
    node->strategy = strategy;
    node->dead_letters = strategy == NG_DEAD_LETTER;
    return river;
}

ng_river ng_dead_letters(ng_river river) {
    ngi_node *const node = ngi_node_to_change(river, "dead_letters");
    if (node == NULL) {
        return river;
    }
    node->dead_letters = node->dead_letters || node->strategy == NG_ASK;
    if (!node->dead_letters) {
        return ng_refuse(river.graph, "dead_letters", NG_MISUSED);
    }
    return ng_output(river, node->stage.outputs);
}

ng_river ng_on_error_retry(ng_river river, const ng_retry_options *options) {
    ngi_node *const node = ngi_node_to_guard(river, "on_error_retry", true);
    if (node == NULL) {
        return river;
    }
    if (!ngi_retry_allowed(options)) {
        return ng_refuse(river.graph, "on_error_retry", NG_INVALID);
    }
    ngi_retry *const retry = ngi_retry_of(river.graph, node, options);
    if (retry != NULL) {
        retry->ask = NULL;
        node->strategy = NG_RETRY;
        node->dead_letters = options->then == NG_DEAD_LETTER;
    }
    return river;
}

ng_river ng_on_error_ask(ng_river river, ng_ask_fn *ask, void *ctx) {
    ngi_node *const node = ngi_node_to_guard(river, "on_error_ask", false);
    if (node == NULL) {
        return river;
    }
    if (ask == NULL) {
        return ng_refuse(river.graph, "on_error_ask", NG_INVALID);
    }
    ngi_retry *const retry = ngi_retry_of(river.graph, node, NULL);
    if (retry != NULL) {
        retry->ask = ask;
        retry->ctx = ctx;
        node->strategy = NG_ASK;
    }
    return river;
}

ng_river ng_circuit_breaker(ng_river river, const ng_breaker_options *options) {
    ngi_node *const node = ngi_node_to_guard(river, "circuit_breaker", true);
    if (node == NULL) {
        return river;
    }
    if (options == NULL || options->failures == 0 || options->failures > 4096 ||
        options->window <= 0 || options->open_time <= 0 || options->probes == 0) {
        return ng_refuse(river.graph, "circuit_breaker", NG_INVALID);
    }
    if (node->breaker != NULL) {
        return ng_refuse(river.graph, "circuit_breaker", NG_MISUSED);
    }
    const size_t size = sizeof(ngi_breaker) + (options->failures - 1) * sizeof(int64_t);
    node->breaker = (ngi_breaker *)ngi_guard_new(river.graph, node, size);
    if (node->breaker != NULL) {
        node->breaker->options = *options;
        node->breaker->size = size;
    }
    return river;
}

ng_circuit ng_circuit_of(ng_river river) {
    ng_circuit none = {NG_CIRCUIT_CLOSED, 0, 0};
    if (river.graph == NULL || river.node >= river.graph->count ||
        river.graph->nodes[river.node]->breaker == NULL) {
        return none;
    }
    ngi_breaker *const breaker = river.graph->nodes[river.node]->breaker;
    ngi_breaker_look(breaker, ngi_graph_now(river.graph));
    return breaker->circuit;
}

/* ---- rates ----------------------------------------------------------------------------------- */

/* A token is `per` parts; each nanosecond brings `rows` parts. A full bucket has room for what a
 * row that waits leaves of the nanosecond in which its token is complete, or rows would fall
 * behind. */
typedef struct ngi_bucket {
    ng_rate rate;
    int64_t at; /* when `parts` was counted */
    uint64_t parts, most;
} ngi_bucket;

static ng_status ngi_rate_open(void *state, ng_context *context) {
    ((ngi_bucket *)state)->at = ng_context_now(context);
    return NG_OK;
}

static void ngi_rate_refill(ngi_bucket *bucket, int64_t now) {
    if (now > bucket->at) {
        const uint64_t passed = (uint64_t)now - (uint64_t)bucket->at;
        const uint64_t missing = bucket->most - bucket->parts;
        const bool full = passed > missing / bucket->rate.rows;
        bucket->parts = full ? bucket->most : bucket->parts + passed * bucket->rate.rows;
        bucket->at = now;
    }
}

static ng_step ngi_rate_push(void *state, ng_context *context, const ng_batch *in,
                             const ng_room *out) {
    ngi_bucket *const bucket = (ngi_bucket *)state;
    const uint64_t per = (uint64_t)bucket->rate.per;
    const int64_t now = ng_context_now(context);
    const size_t credit = ng_context_credit(context, 0);
    (void)out;
    ngi_rate_refill(bucket, now);
    const uint64_t tokens = bucket->parts / per;
    const size_t wanted = tokens < in->rows ? (size_t)tokens : in->rows;
    const size_t n = wanted < credit ? wanted : credit;
    if (n != 0 && ng_context_forward(context, 0, in, 0, n) != NG_OK) {
        return ng_step_of(0, 0, NG_END);
    }
    bucket->parts -= n * per;
    if (n < wanted || n == in->rows) { /* the others wait for credit, or there are none */
        return ng_step_of(n, 0, NG_OK);
    }
    if (bucket->rate.drop) {
        ng_context_count(context, NG_DROPPED, (int64_t)(in->rows - n));
        return ng_step_of(in->rows, 0, NG_OK);
    }
    const uint64_t wait = (per - bucket->parts - 1) / bucket->rate.rows + 1;
    ng_context_call_at(context, ngi_time_after(now, (int64_t)wait));
    return ng_step_of(n, 0, NG_OK);
}

static const ng_operator ngi_rate_calls = {"rate_limit", ngi_rate_open, ngi_rate_push, NULL,
                                           NULL,         NULL,          NULL,          false};

ng_river ng_rate_limit(ng_river river, const ng_rate *rate) {
    if (rate == NULL || rate->rows == 0 || rate->per <= 0 || rate->burst == 0 ||
        rate->rows > (uint64_t)rate->per) {
        return ng_refuse(river.graph, "rate_limit", NG_INVALID);
    }
    if (rate->burst >= INT64_MAX / (uint64_t)rate->per) {
        return ng_refuse(river.graph, "rate_limit", NG_TOO_LARGE);
    }
    if (river.graph->options.clock.now == NULL) {
        return ng_refuse(river.graph, "rate_limit", NG_UNSUPPORTED);
    }
    const uint64_t parts = rate->burst * (uint64_t)rate->per;
    ngi_bucket bucket = {*rate, 0, parts, parts + rate->rows - 1};
    const ng_stage stage = {&ngi_rate_calls, sizeof bucket, &bucket, NULL, 1, true, 0};
    return ng_apply(river.graph, &river, 1, &stage);
}

/* ---- ops_subscribe.c ------------------------------------------------------------------------- */

/* ops_subscribe: demand at the end of a river. */

static ng_subscription *ngi_subscription_of(void *state) { return *(ng_subscription **)state; }

static void ngi_subscription_fail(ng_subscription *s, ng_status status) {
    if (s->over) {
        return;
    }
    s->over = true;
    if (s->calls->on_error != NULL) {
        s->calls->on_error(status, s->ctx);
    }
}

static ng_status ngi_subscribe_open(void *state, ng_context *context) {
    ng_subscription *const s = ngi_subscription_of(state);
    (void)context;
    if (s->calls->on_subscribe != NULL) {
        s->calls->on_subscribe(s, s->ctx);
    }
    return s->over ? NG_END : NG_OK;
}

static ng_step ngi_subscribe_push(void *state, ng_context *context, const ng_batch *in,
                                  const ng_room *out) {
    ng_subscription *const s = ngi_subscription_of(state);
    size_t done = 0;
    (void)context;
    (void)out;
    while (done < in->rows && s->demand != 0 && !s->over) {
        s->demand -= s->demand != UINT64_MAX;
        if (s->calls->on_next != NULL) {
            s->calls->on_next(s, ng_batch_row(in, done), s->ctx);
        }
        done++;
    }
    return ng_step_of(done, 0, s->over ? NG_END : NG_OK);
}

static ng_step ngi_subscribe_end(void *state, ng_context *context, const ng_room *out) {
    ng_subscription *const s = ngi_subscription_of(state);
    (void)context;
    (void)out;
    if (!s->over && s->calls->on_complete != NULL) {
        s->over = true;
        s->calls->on_complete(s->ctx);
    }
    s->over = true;
    return ng_step_of(0, 0, NG_OK);
}

static ng_status ngi_subscribe_fail(void *state, ng_context *context, ng_status status) {
    (void)context;
    ngi_subscription_fail(ngi_subscription_of(state), status);
    return NG_OK;
}

static const ng_operator ngi_subscribe_calls = {"subscribe",
                                                ngi_subscribe_open,
                                                ngi_subscribe_push,
                                                ngi_subscribe_end,
                                                NULL,
                                                ngi_subscribe_fail,
                                                NULL,
                                                false};

ng_river ng_subscribe(ng_river river, ng_subscription *subscription, const ng_subscriber *calls,
                      void *ctx) {
    if (subscription == NULL || calls == NULL) {
        return ng_refuse(river.graph, ngi_subscribe_calls.name, NG_INVALID);
    }
    const ng_stage stage = {
        &ngi_subscribe_calls, sizeof subscription, (void *)&subscription, NULL, 0, false, 0};
    subscription->calls = calls;
    subscription->ctx = ctx;
    subscription->demand = 0;
    subscription->over = false;
    subscription->river = ng_apply(river.graph, &river, 1, &stage);
    return subscription->river;
}

void ng_request(ng_subscription *s, uint64_t rows) {
    if (s->over) {
        return;
    }
    if (rows == 0) {
        ngi_subscription_fail(s, NG_INVALID);
        ng_cancel(s->river);
        return;
    }
    s->demand = rows > UINT64_MAX - s->demand ? UINT64_MAX : s->demand + rows;
    ng_graph_wake(s->river);
}

void ng_subscription_cancel(ng_subscription *s) {
    s->over = true;
    ng_cancel(s->river);
}

/* ---- csv_reader.c ---------------------------------------------------------------------------- */

/* csv_reader: how CSV text becomes columns.
 *
 * The buffer always holds whole bytes of the stream from `at` (the next row) to `end`, behind which
 * stands a line end of our own, so that a search for the end of a field needs no other bound. A row
 * is first taken as it stands, on the assumption that all of it is there and all is well. Where
 * that turns out to be wrong, its end is looked for (across as many reads as it takes, each byte
 * once), and then it is taken again, and what is wrong with it can be said. So the bytes that a
 * source gives at a time never change what comes out. */

/* ---- csv_labels.h ---------------------------------------------------------------------------- */

/* csv_labels: where the wanted fields stand, by the header's labels or by position. Internal. */

/* ---- csv_errors.h ---------------------------------------------------------------------------- */

/* csv_errors: what is wrong with CSV text, in words for people. Internal. */

/* ---- csv_cells.h ----------------------------------------------------------------------------- */

/* csv_cells: where fields and rows end in a csv_reader's buffer. Internal. */

/* Readable bytes behind `end`: a line end of our own, and the rest of a word. */
#define NGI_CSV_PAD 8

#define NGI_CSV_NEWLINES UINT64_C(0x0a0a0a0a0a0a0a0a)
#define NGI_CSV_RETURNS UINT64_C(0x0d0d0d0d0d0d0d0d)
#define NGI_CSV_POINTS UINT64_C(0x2e2e2e2e2e2e2e2e)
#define NGI_CSV_ZEROS UINT64_C(0x3030303030303030)
#define NGI_CSV_ONES UINT64_C(0x0101010101010101)

/* Where a used field stands: `skip` fields behind the one before it, or in its place (`again`). */
typedef struct ngi_csv_place {
    const ng_csv_field *field;
    size_t index, skip;
    size_t column; /* which of the caller's columns */
    bool again;
} ngi_csv_place;

/* What came of a row or a field. */
typedef enum ngi_csv_outcome {
    NGI_CSV_TAKEN,
    NGI_CSV_FULL, /* a column has no room for its text */
    NGI_CSV_MORE, /* its end is not there yet */
    NGI_CSV_BAD   /* something is wrong; `bad` says what */
} ngi_csv_outcome;

/* What can be wrong with a row. */
typedef enum ngi_csv_trouble {
    NGI_CSV_NOT_A_VALUE,
    NGI_CSV_OUT_OF_RANGE,
    NGI_CSV_EMPTY,
    NGI_CSV_NOT_UTF8,
    NGI_CSV_TOO_FEW,
    NGI_CSV_TOO_MANY,
    NGI_CSV_AFTER_QUOTE,
    NGI_CSV_OPEN_QUOTE,
    NGI_CSV_TOO_LONG,
    NGI_CSV_NO_ROOM
} ngi_csv_trouble;

/* A field as it stands in the buffer: between its quotes, if it has any. */
typedef struct ngi_csv_cell {
    const char *text;
    size_t size;
    const char *stop; /* the separator or line end behind it */
    size_t doubled;   /* how many quotes in it are written twice */
    bool quoted;
} ngi_csv_cell;

static inline uint64_t ngi_csv_load(const char *p) {
    uint64_t word;
    __builtin_memcpy(&word, p, sizeof word);
    return word;
}

/* The top bit of each byte that is zero; bytes above the lowest such one may be wrong. */
static inline uint64_t ngi_csv_zero_bytes(uint64_t word) {
    return (word - NGI_CSV_ONES) & ~word & (NGI_CSV_ONES << 7);
}

/* The same for the bytes that are a line end or the character that fills `pattern`. */
static inline uint64_t ngi_csv_stops(uint64_t word, uint64_t pattern) {
    return ngi_csv_zero_bytes(word ^ pattern) | ngi_csv_zero_bytes(word ^ NGI_CSV_NEWLINES) |
           ngi_csv_zero_bytes(word ^ NGI_CSV_RETURNS);
}

/* The first line end or character of `pattern` from `p` on: at the latest the one behind the end.
 */
static inline const char *ngi_csv_find_stop(const char *p, uint64_t pattern) {
    for (;; p += 8) {
        const uint64_t stops = ngi_csv_stops(ngi_csv_load(p), pattern);
        if (stops != 0) {
            return p + (__builtin_ctzll(stops) >> 3);
        }
    }
}

static inline ngi_csv_outcome ngi_csv_note(ng_csv_reader *r, ngi_csv_trouble trouble,
                                           const char *at) {
    r->bad = (int)trouble;
    r->bad_at = at;
    r->bad_field = NULL;
    return NGI_CSV_BAD;
}

/* Finds the end of the field in quotes at `p`. Line ends in it are added to `lines_inside`. Where
 * the last quote there is may turn out to be the first of two, the row has no end yet either. */
static ngi_csv_outcome ngi_csv_find_quote(ng_csv_reader *r, const char *p, ngi_csv_cell *cell) {
    const char quote = r->options.quote;
    cell->text = p + 1;
    cell->quoted = true;
    cell->doubled = 0;
    for (const char *q = p + 1;; q++) {
        q = ngi_csv_find_stop(q, r->quotes);
        if (q >= r->end) {
            return r->ended ? ngi_csv_note(r, NGI_CSV_OPEN_QUOTE, p) : NGI_CSV_MORE;
        }
        if (*q != quote) {
            /* The two characters of a CRLF are one line end. */
            r->lines_inside += *q == '\n' ? q[-1] != '\r' : 1;
            continue;
        }
        if (q + 1 < r->end && q[1] == quote) {
            cell->doubled++;
            q++;
            continue;
        }
        cell->size = (size_t)(q - cell->text);
        cell->stop = q + 1;
        const char after = q[1];
        if (after == r->options.separator || after == '\n' || after == '\r') {
            return NGI_CSV_TAKEN;
        }
        return ngi_csv_note(r, NGI_CSV_AFTER_QUOTE, q + 1);
    }
}

/* Finds the end of the field at `p`. */
static inline ngi_csv_outcome ngi_csv_find_cell(ng_csv_reader *r, const char *p,
                                                ngi_csv_cell *cell) {
    if (*p == r->options.quote) {
        return ngi_csv_find_quote(r, p, cell);
    }
    cell->text = p;
    cell->stop = ngi_csv_find_stop(p, r->separators);
    cell->size = (size_t)(cell->stop - p);
    cell->doubled = 0;
    cell->quoted = false;
    return NGI_CSV_TAKEN;
}

/* Where the next row begins, after the line end at `stop`; NULL if that is not known yet. */
static inline const char *ngi_csv_next_row(const ng_csv_reader *r, const char *stop) {
    if (stop < r->end && *stop == '\n') {
        return stop + 1;
    }
    if (stop + 1 < r->end) {
        return stop + 1 + (stop[1] == '\n');
    }
    /* Our own line end, or a CR that an LF may follow. */
    return r->ended ? r->end : NULL;
}

/* Where `ngi_csv_find_row_end` stands between two bytes. */
enum { NGI_CSV_FIELD_START, NGI_CSV_IN_FIELD, NGI_CSV_IN_QUOTES, NGI_CSV_AFTER_QUOTES };

/* Finds the end of the row at `at`, and makes `record_size` its size with its line end; false if it
 * is not there yet. Goes on where it stopped, once there are more bytes. */
static bool ngi_csv_find_row_end(ng_csv_reader *r) {
    if (r->complete) {
        return true;
    }
    const char quote = r->options.quote;
    int state = r->scan_state;
    const char *p = r->at + r->scanned;
    for (; p < r->end; p++) {
        if (state == NGI_CSV_IN_QUOTES) {
            state = *p == quote ? NGI_CSV_AFTER_QUOTES : NGI_CSV_IN_QUOTES;
        } else if (*p == quote && state != NGI_CSV_IN_FIELD) {
            state = NGI_CSV_IN_QUOTES; /* opened, or one that is written twice */
        } else if (*p == '\n' || *p == '\r') {
            const char *next = ngi_csv_next_row(r, p);
            if (next == NULL) {
                break;
            }
            r->record_size = (size_t)(next - r->at);
            r->complete = true;
            return true;
        } else {
            state = *p == r->options.separator ? NGI_CSV_FIELD_START : NGI_CSV_IN_FIELD;
        }
    }
    r->scan_state = state;
    r->scanned = (size_t)(p - r->at);
    if (p == r->end && r->ended) {
        r->record_size = r->scanned;
        r->complete = true;
    }
    return r->complete;
}

/* Moves on to the row at `next`. */
static inline void ngi_csv_move_on(ng_csv_reader *r, const char *next, uint64_t lines) {
    r->at = next;
    r->line += lines;
    r->scanned = 0;
    r->scan_state = NGI_CSV_FIELD_START;
    r->complete = false;
}

/* Line ends in a text; a CRLF is one. */
static uint64_t ngi_csv_count_lines(const char *from, const char *to) {
    uint64_t lines = 0;
    for (const char *p = from; p < to; p++) {
        lines += *p == '\r' || (*p == '\n' && (p == from || p[-1] != '\r'));
    }
    return lines;
}

static bool ngi_csv_equals(const char *text, size_t size, const char *words) {
    for (size_t i = 0; i < size; i++) {
        if (words[i] == '\0' || words[i] != text[i]) {
            return false;
        }
    }
    return words[size] == '\0';
}

/* Narrows a text to what stands between its spaces. */
static void ngi_csv_trim(const char **text, size_t *size) {
    while (*size > 0 && (**text == ' ' || **text == '\t')) {
        (*text)++;
        (*size)--;
    }
    while (*size > 0 && ((*text)[*size - 1] == ' ' || (*text)[*size - 1] == '\t')) {
        (*size)--;
    }
}

/* ---- utf8.h ---------------------------------------------------------------------------------- */

/* utf8: whether bytes are UTF-8. Internal. */

static inline uint64_t ngi_utf8_load(const char *p) {
    uint64_t word;
    __builtin_memcpy(&word, p, sizeof word);
    return word;
}

/* The size of the UTF-8 character at `p`, from 1 to 4; 0 if there is none. */
static size_t ngi_utf8_size(const char *p, const char *end) {
    const unsigned first = (unsigned char)*p;
    if (first < 0x80) {
        return 1;
    }
    const size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first < 0xc2 || first > 0xf4 || (size_t)(end - p) < size) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* Not written longer than need be, no surrogates, nothing above U+10FFFF. */
    const unsigned second = (unsigned char)p[1];
    const bool wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) ||
                       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90);
    return wrong ? 0 : size;
}

static bool ngi_utf8_is_valid(const char *p, const char *end) {
    while (p < end) {
        while (end - p >= 8 && (ngi_utf8_load(p) & UINT64_C(0x8080808080808080)) == 0) {
            p += 8;
        }
        if (p == end) {
            break;
        }
        const size_t size = ngi_utf8_size(p, end);
        if (size == 0) {
            return false;
        }
        p += size;
    }
    return true;
}

/* A text that grows within its room, and is cut at its end. */
typedef struct ngi_csv_text {
    char *at, *end; /* `end` leaves room for a NUL */
} ngi_csv_text;

static void ngi_csv_put_bytes(ngi_csv_text *text, const char *bytes, size_t size) {
    const size_t room = (size_t)(text->end - text->at);
    const size_t fitting = size < room ? size : room;
    __builtin_memcpy(text->at, bytes, fitting);
    text->at += fitting;
    *text->at = '\0';
}

static void ngi_csv_put(ngi_csv_text *text, const char *words) {
    while (*words != '\0' && text->at < text->end) {
        *text->at++ = *words++;
    }
    *text->at = '\0';
}

static void ngi_csv_put_number(ngi_csv_text *text, uint64_t number) {
    char digits[NG_NUMBER_TEXT_MAX];
    ngi_csv_put_bytes(text, digits, ng_write_u64(digits, number));
}

static void ngi_csv_put_count(ngi_csv_text *text, uint64_t count, const char *noun) {
    ngi_csv_put_number(text, count);
    ngi_csv_put(text, " ");
    ngi_csv_put(text, noun);
    if (count != 1) {
        ngi_csv_put(text, "s");
    }
}

/* A text from the input, in quotation marks and with what cannot be shown as escapes. */
static void ngi_csv_put_excerpt(ngi_csv_text *text, const char *p, size_t size) {
    static const char digits[17] = "0123456789abcdef";
    const char *const end = p + size;
    const char *const shown = size > 40 ? p + 40 : end;
    ngi_csv_put(text, "`");
    while (p < shown) {
        const size_t width = ngi_utf8_size(p, end);
        const unsigned c = (unsigned char)*p;
        if (c == '\n' || c == '\r' || c == '\t') {
            ngi_csv_put(text, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        } else if (width == 0 || c < 0x20 || c == 0x7f) {
            const char escape[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};
            ngi_csv_put_bytes(text, escape, 4);
        } else {
            ngi_csv_put_bytes(text, p, width);
        }
        p += width > 0 ? width : 1;
    }
    ngi_csv_put(text, p < end ? "`..." : "`");
}

static const char *ngi_csv_type_name(ng_type type) {
    static const char *const names[] = {"",
                                        "bool",
                                        "i8",
                                        "i16",
                                        "i32",
                                        "i64",
                                        "u8",
                                        "u16",
                                        "u32",
                                        "u64",
                                        "f32",
                                        "f64",
                                        "timestamp[s]",
                                        "timestamp[ms]",
                                        "timestamp[us]",
                                        "timestamp[ns]",
                                        "utf8"};
    return names[(int)type];
}

static ngi_csv_text ngi_csv_begin_message(ng_csv_error *error) {
    const ngi_csv_text text = {error->message, error->message + sizeof error->message - 1};
    error->message[0] = '\0';
    error->field = NULL;
    error->line = error->field_line = error->column = 0;
    return text;
}

/* Ends the stream with an error that has no place in the text. */
static ng_status ngi_csv_fail(ng_csv_reader *r, ng_status status, const char *message,
                              const char *remedy) {
    ngi_csv_text text = ngi_csv_begin_message(&r->error);
    ngi_csv_put(&text, message);
    r->error.remedy = remedy;
    r->error.status = r->status = status;
    return status;
}

/* Says where `at`, in the row at r->at, is. */
static void ngi_csv_put_place(const ng_csv_reader *r, ng_csv_error *error, const char *at) {
    const char *start = at;
    while (start > r->at && start[-1] != '\n' && start[-1] != '\r') {
        start--;
    }
    error->line = r->line;
    error->field_line = r->line + ngi_csv_count_lines(r->at, start);
    error->column = 1;
    for (const char *p = start; p < at; p++) {
        error->column += ((unsigned char)*p & 0xc0) != 0x80;
    }
}

/* Fields of the row at r->at, as far as it can be told. */
static size_t ngi_csv_count_fields(ng_csv_reader *r) {
    size_t count = 1;
    ngi_csv_cell cell;
    for (const char *p = r->at; ngi_csv_find_cell(r, p, &cell) == NGI_CSV_TAKEN;
         p = cell.stop + 1) {
        if (*cell.stop != r->options.separator) {
            break;
        }
        count++;
    }
    return count;
}

static const char *ngi_csv_bad_field_remedy(const ng_csv_reader *r) {
    if (r->options.on_error == NG_CSV_FAIL) {
        return "correct it, or set `on_error` to \"null\" or \"skip\"";
    }
    return r->options.on_error == NG_CSV_SKIP || r->bad_field->nullable
               ? "correct it"
               : "correct it, or add `?` to the field's type so that it can be null";
}

/* What to do about it; each sentence begins small and has no full stop. What is set already is not
 * advised. */
static const char *ngi_csv_remedy(const ng_csv_reader *r) {
    const bool skips = r->options.on_error == NG_CSV_SKIP;
    switch ((ngi_csv_trouble)r->bad) {
    case NGI_CSV_OUT_OF_RANGE:
        return "give the field a wider type in the schema";
    case NGI_CSV_EMPTY:
        return skips ? "add `?` to the field's type so that it can be null"
                     : "add `?` to the field's type so that it can be null, or set `on_error` to "
                       "\"skip\"";
    case NGI_CSV_NOT_UTF8:
        return "convert the file to UTF-8";
    case NGI_CSV_TOO_FEW:
    case NGI_CSV_TOO_MANY:
        return skips ? "complete the row, or put texts with separators in quotes"
                     : "complete the row, put texts with separators in quotes, or set `on_error` "
                       "to \"skip\"";
    case NGI_CSV_AFTER_QUOTE:
        return "write a quote within a quoted field twice";
    case NGI_CSV_OPEN_QUOTE:
        return "close it, or write a quote within a quoted field twice";
    case NGI_CSV_TOO_LONG:
        return "look for a quote that is never closed, or raise the limit on rows";
    case NGI_CSV_NO_ROOM:
        return "give the column more room for text";
    default:
        return ngi_csv_bad_field_remedy(r);
    }
}

static void ngi_csv_put_trouble(ng_csv_reader *r, ngi_csv_text *text) {
    const ng_csv_field *field = r->bad_field;
    switch ((ngi_csv_trouble)r->bad) {
    case NGI_CSV_NOT_A_VALUE:
        if (r->bad_size == 0) {
            ngi_csv_put(text, "an empty text");
        } else {
            ngi_csv_put_excerpt(text, r->bad_text, r->bad_size);
        }
        ngi_csv_put(text, " is not a value of ");
        ngi_csv_put(text, ngi_csv_type_name(field->type));
        break;
    case NGI_CSV_OUT_OF_RANGE:
        ngi_csv_put_excerpt(text, r->bad_text, r->bad_size);
        ngi_csv_put(text, " does not fit into ");
        ngi_csv_put(text, ngi_csv_type_name(field->type));
        break;
    case NGI_CSV_EMPTY:
        ngi_csv_put(text, "the field is empty, but as ");
        ngi_csv_put(text, ngi_csv_type_name(field->type));
        ngi_csv_put(text, " it cannot be null");
        break;
    case NGI_CSV_NOT_UTF8:
        ngi_csv_put_excerpt(text, r->bad_text, r->bad_size);
        ngi_csv_put(text, " is not UTF-8");
        break;
    case NGI_CSV_TOO_FEW:
    case NGI_CSV_TOO_MANY:
        ngi_csv_put(text, "the row has ");
        ngi_csv_put_count(text, ngi_csv_count_fields(r), "field");
        ngi_csv_put(text, r->options.header ? ", the header has " : ", the first row has ");
        ngi_csv_put_number(text, r->fields_in_row);
        break;
    case NGI_CSV_AFTER_QUOTE:
        ngi_csv_put(text, "text follows the closing quote of a field");
        break;
    case NGI_CSV_OPEN_QUOTE:
        ngi_csv_put(text, "the quote that opens here is never closed");
        break;
    case NGI_CSV_TOO_LONG:
        ngi_csv_put(text, "the row is longer than the limit of ");
        ngi_csv_put_count(text, r->options.record_limit, "byte");
        break;
    case NGI_CSV_NO_ROOM:
        ngi_csv_put(text, "a text of ");
        ngi_csv_put_count(text, r->bad_size, "byte");
        ngi_csv_put(text, " does not fit into its column, even alone");
        break;
    }
}

/* Writes down what is noted as bad. */
static void ngi_csv_describe(ng_csv_reader *r, ng_csv_error *error) {
    ngi_csv_text text = ngi_csv_begin_message(error);
    error->status = NG_BAD_INPUT;
    error->remedy = ngi_csv_remedy(r);
    ngi_csv_put_place(r, error, r->bad_at);
    if (r->bad_field != NULL) {
        error->field = r->bad_field->name;
    }
    ngi_csv_put_trouble(r, &text);
}

size_t ng_csv_error_text(const ng_csv_error *error, const char *path, char *out, size_t room) {
    ngi_csv_text text = {out, out + room - 1};
    ngi_csv_put(&text, path);
    if (error->line > 0) {
        ngi_csv_put(&text, ":");
        ngi_csv_put_number(&text, error->field_line);
        ngi_csv_put(&text, ":");
        ngi_csv_put_number(&text, error->column);
    }
    ngi_csv_put(&text, ": error: ");
    if (error->field != NULL) {
        ngi_csv_put(&text, "field `");
        ngi_csv_put(&text, error->field);
        ngi_csv_put(&text, "`: ");
    }
    ngi_csv_put(&text, error->message);
    if (error->field_line != error->line) {
        ngi_csv_put(&text, " (in the row that begins on line ");
        ngi_csv_put_number(&text, error->line);
        ngi_csv_put(&text, ")");
    }
    ngi_csv_put(&text, "\n    ");
    ngi_csv_put(&text, error->remedy);
    ngi_csv_put(&text, "\n");
    return (size_t)(text.at - out);
}

/* A label as it is written in the header, against one in plain text. */
static bool ngi_csv_is_label(const ngi_csv_cell *cell, char quote, const char *label) {
    if (cell->doubled == 0) {
        return ngi_csv_equals(cell->text, cell->size, label);
    }
    for (const char *p = cell->text; p < cell->text + cell->size; p++, label++) {
        if (*label == '\0' || *label != *p) {
            return false;
        }
        p += *p == quote; /* the second of two */
    }
    return *label == '\0';
}

#define NGI_CSV_LABEL 40 /* longer labels are compared by their beginnings */

static char ngi_csv_small_letter(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

/* How many letters must be changed, put in or taken out to make one label the other (Levenshtein).
 */
static size_t ngi_csv_distance(const char *a, size_t a_size, const char *b, size_t b_size) {
    size_t row[NGI_CSV_LABEL + 1];
    a_size = a_size < NGI_CSV_LABEL ? a_size : NGI_CSV_LABEL;
    b_size = b_size < NGI_CSV_LABEL ? b_size : NGI_CSV_LABEL;
    for (size_t j = 0; j <= b_size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            const bool same = ngi_csv_small_letter(a[i - 1]) == ngi_csv_small_letter(b[j - 1]);
            const size_t changed = diagonal + !same;
            const size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
            diagonal = row[j];
            row[j] = changed <= shorter ? changed : shorter + 1;
        }
    }
    return row[b_size];
}

static size_t ngi_csv_length(const char *words) {
    size_t size = 0;
    while (words[size] != '\0') {
        size++;
    }
    return size;
}

/* Ends a sentence about a label that is not there: with the one that was meant, or with all. */
static void ngi_csv_suggest(ng_csv_reader *r, ngi_csv_text *text, const char *label) {
    const size_t size = ngi_csv_length(label);
    const char *p = r->at;
    ngi_csv_cell cell, nearest = {NULL, 0, NULL, 0, false};
    size_t least = size / 3 + 1;
    for (size_t i = 0; i < r->fields_in_row; i++, p = cell.stop + 1) {
        (void)ngi_csv_find_cell(r, p, &cell);
        const char *trimmed = cell.text;
        size_t trimmed_size = cell.size;
        ngi_csv_trim(&trimmed, &trimmed_size);
        const size_t distance = ngi_csv_distance(trimmed, trimmed_size, label, size);
        if (distance < least || (distance == least && nearest.text == NULL)) {
            least = distance;
            nearest = cell;
        }
    }
    if (nearest.text != NULL) {
        ngi_csv_put(text, "; did you mean ");
        ngi_csv_put_excerpt(text, nearest.text, nearest.size);
        ngi_csv_put(text, "?");
        return;
    }
    ngi_csv_put(text, "; it has ");
    p = r->at;
    for (size_t i = 0; i < r->fields_in_row; i++, p = cell.stop + 1) {
        (void)ngi_csv_find_cell(r, p, &cell);
        if (text->end - text->at < 60) {
            ngi_csv_put(text, ", ...");
            break;
        }
        ngi_csv_put(text, i > 0 ? ", " : "");
        ngi_csv_put_excerpt(text, cell.text, cell.size);
    }
}

/* An error about the header, or about the first row where there is none, begins with these words.
 */
static ngi_csv_text ngi_csv_begin_header_error(ng_csv_reader *r, const ng_csv_field *field,
                                               const char *at, const char *words) {
    ngi_csv_text text = ngi_csv_begin_message(&r->error);
    ngi_csv_put_place(r, &r->error, at);
    r->error.field = field->name;
    r->error.status = r->status = NG_BAD_INPUT;
    ngi_csv_put(&text, words);
    return text;
}

/* Finds the field's label in the header. */
static bool ngi_csv_find_label(ng_csv_reader *r, const ng_csv_field *field, size_t *index) {
    const char *p = r->at;
    bool found = false;
    ngi_csv_cell cell;
    for (size_t i = 0; i < r->fields_in_row; i++, p = cell.stop + 1) {
        (void)ngi_csv_find_cell(r, p, &cell);
        if (!ngi_csv_is_label(&cell, r->options.quote, field->label)) {
            continue;
        }
        if (found) {
            ngi_csv_text text =
                ngi_csv_begin_header_error(r, field, p, "the header has two columns ");
            ngi_csv_put_excerpt(&text, field->label, ngi_csv_length(field->label));
            r->error.remedy = "say which one by its position";
            return false;
        }
        found = true;
        *index = i;
    }
    if (!found) {
        ngi_csv_text text =
            ngi_csv_begin_header_error(r, field, r->at, "the header has no column ");
        ngi_csv_put_excerpt(&text, field->label, ngi_csv_length(field->label));
        ngi_csv_suggest(r, &text, field->label);
        r->error.remedy = "name the column as the header does, or give its position";
    }
    return found;
}

/* Finds where a field stands in the rows. */
static bool ngi_csv_find_index(ng_csv_reader *r, const ng_csv_field *field, size_t *index) {
    if (field->label != NULL) {
        return ngi_csv_find_label(r, field, index);
    }
    *index = field->index;
    if (*index < r->fields_in_row) {
        return true;
    }
    ngi_csv_text text = ngi_csv_begin_header_error(r, field, r->at, "there is no column ");
    ngi_csv_put_number(&text, field->index);
    ngi_csv_put(&text, r->options.header ? ": the header has " : ": the first row has ");
    ngi_csv_put_count(&text, r->fields_in_row, "field");
    r->error.remedy = "correct the position; the first column is 0";
    return false;
}

/* Puts the used fields into the order in which they stand in a row. */
static bool ngi_csv_find_places(ng_csv_reader *r) {
    for (size_t i = 0; i < r->field_count; i++) {
        size_t index = 0;
        if (!ngi_csv_find_index(r, &r->fields[i], &index)) {
            return false;
        }
        size_t at = i;
        for (; at > 0 && r->places[at - 1].index > index; at--) {
            r->places[at] = r->places[at - 1];
        }
        r->places[at].field = &r->fields[i];
        r->places[at].column = i;
        r->places[at].index = index;
    }
    size_t next = 0; /* the first field behind those so far */
    for (size_t i = 0; i < r->field_count; i++) {
        ngi_csv_place *place = &r->places[i];
        place->again = i > 0 && place->index + 1 == next;
        place->skip = place->again ? 0 : place->index - next;
        next = place->index + 1;
    }
    r->unused_at_end = r->fields_in_row - next;
    return true;
}

/* ---- csv_values.h ---------------------------------------------------------------------------- */

/* csv_values: how one field of CSV text becomes a value in its column. Internal. */

static inline void ngi_csv_put_bit(uint8_t *bits, size_t row, bool on) {
    const unsigned bit = 1U << (row & 7);
    bits[row >> 3] = (uint8_t)((bits[row >> 3] & ~bit) | (on ? bit : 0));
}

/* Stores an integer; false if it does not fit into its type. */
static inline bool ngi_csv_store_signed(ng_type type, void *values, size_t row, int64_t value) {
    switch (type) {
    case NG_I8:
        ((int8_t *)values)[row] = (int8_t)value;
        return value >= INT8_MIN && value <= INT8_MAX;
    case NG_I16:
        ((int16_t *)values)[row] = (int16_t)value;
        return value >= INT16_MIN && value <= INT16_MAX;
    case NG_I32:
        ((int32_t *)values)[row] = (int32_t)value;
        return value >= INT32_MIN && value <= INT32_MAX;
    default:
        ((int64_t *)values)[row] = value;
        return true;
    }
}

static inline bool ngi_csv_store_unsigned(ng_type type, void *values, size_t row, uint64_t value) {
    switch (type) {
    case NG_U8:
        ((uint8_t *)values)[row] = (uint8_t)value;
        return value <= UINT8_MAX;
    case NG_U16:
        ((uint16_t *)values)[row] = (uint16_t)value;
        return value <= UINT16_MAX;
    case NG_U32:
        ((uint32_t *)values)[row] = (uint32_t)value;
        return value <= UINT32_MAX;
    default:
        ((uint64_t *)values)[row] = value;
        return true;
    }
}

/* A number of up to eight characters: -? digits [. digits]. */
typedef struct ngi_csv_brief {
    uint32_t digits; /* all of them, as one integer */
    int places;      /* how many stand after the point */
    bool negative, pointed;
    const char *stop;
} ngi_csv_brief;

/* Most numbers in the world are brief. Their digits are brought together in one word and made an
 * integer in three multiplications, without a branch on how many there are. */
static inline bool ngi_csv_take_brief(const ng_csv_reader *r, const char *p, ngi_csv_brief *brief) {
    uint64_t word = ngi_csv_load(p);
    const uint64_t stops = ngi_csv_stops(word, r->separators);
    unsigned size = stops != 0 ? (unsigned)__builtin_ctzll(stops) >> 3 : 8;
    brief->stop = p + size;
    brief->negative = size > 0 && (word & 0xff) == '-'; /* it may also be the separator */
    size -= brief->negative;
    if (stops == 0 || size == 0) {
        return false;
    }
    /* The text to the top, where its last character is the last digit; zeros fill the rest. */
    word = (word >> (8 * brief->negative)) << (64 - 8 * size);
    const uint64_t points = ngi_csv_zero_bytes(word ^ NGI_CSV_POINTS);
    brief->places = 0;
    brief->pointed = points != 0;
    if (points != 0) {
        const unsigned at = (unsigned)__builtin_ctzll(points) >> 3;
        const uint64_t before = (UINT64_C(1) << (8 * at)) - 1;
        word = ((word & before) << 8) | (word & ~(before << 8 | 0xff));
        brief->places = 7 - (int)at;
        size--;
        if (size == 0) {
            return false;
        }
    }
    word |= NGI_CSV_ZEROS >> (8 * size - 8) >> 8;
    const uint64_t high = NGI_CSV_ONES * 0xf0;
    if ((word & high) != NGI_CSV_ZEROS || ((word + NGI_CSV_ONES * 6) & high) != NGI_CSV_ZEROS) {
        return false;
    }
    /* Pairs, then fours, then all eight, the first byte being the most significant. */
    word = (word & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561 >> 8;
    word = (word & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
    word = (word & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32;
    brief->digits = (uint32_t)word;
    return true;
}

/* Stores a number that is brief and not null; false if it wants a closer look. */
static inline bool ngi_csv_store_brief(const ng_csv_reader *r, ng_type type, const char *p,
                                       void *values, size_t row, const char **stop) {
    ngi_csv_brief brief;
    if (r->numbers_need_care || !ngi_csv_take_brief(r, p, &brief)) {
        return false;
    }
    *stop = brief.stop;
    if (type == NG_F32) {
        const float value = ngi_number_f32(brief.digits, -brief.places);
        ((float *)values)[row] = brief.negative ? -value : value;
        return true;
    }
    if (type == NG_F64) {
        const double value = ngi_number_f64(brief.digits, -brief.places);
        ((double *)values)[row] = brief.negative ? -value : value;
        return true;
    }
    if (brief.pointed) {
        return false;
    }
    if (type >= NG_U8 && type <= NG_U64) {
        return !brief.negative && ngi_csv_store_unsigned(type, values, row, brief.digits);
    }
    const int64_t value = brief.negative ? -(int64_t)brief.digits : (int64_t)brief.digits;
    return ngi_csv_store_signed(type, values, row, value);
}

/* Stores the value that a text says; false if it says none. */
static bool ngi_csv_store_value(ng_type type, const char *text, size_t size, void *values,
                                size_t row) {
    switch (type) {
    case NG_BOOL: {
        bool value;
        if (!ng_read_bool(text, size, &value)) {
            return false;
        }
        ngi_csv_put_bit((uint8_t *)values, row, value);
        return true;
    }
    case NG_F32:
        return ng_read_f32(text, size, (float *)values + row);
    case NG_F64:
        return ng_read_f64(text, size, (double *)values + row);
    case NG_U8:
    case NG_U16:
    case NG_U32:
    case NG_U64: {
        uint64_t value;
        return ng_read_u64(text, size, &value) && ngi_csv_store_unsigned(type, values, row, value);
    }
    case NG_I8:
    case NG_I16:
    case NG_I32:
    case NG_I64: {
        int64_t value;
        return ng_read_i64(text, size, &value) && ngi_csv_store_signed(type, values, row, value);
    }
    default:
        return ng_read_timestamp(text, size, type, (int64_t *)values + row);
    }
}

/* What stands where a row is null: zero, so that the same text gives the same bytes. */
static void ngi_csv_store_nothing(ng_type type, ng_column *column, size_t row) {
    if (type == NG_UTF8) {
        int32_t *offsets = (int32_t *)column->values;
        offsets[row + 1] = offsets[row];
    } else if (type == NG_BOOL) {
        ngi_csv_put_bit((uint8_t *)column->values, row, false);
    } else if (type == NG_F32) {
        ((float *)column->values)[row] = 0;
    } else if (type == NG_F64) {
        ((double *)column->values)[row] = 0;
    } else if (type >= NG_U8 && type <= NG_U64) {
        (void)ngi_csv_store_unsigned(type, column->values, row, 0);
    } else {
        (void)ngi_csv_store_signed(type, column->values, row, 0);
    }
}

/* Copies what a field in quotes says, each of its doubled quotes once. */
static void ngi_csv_copy_plain(const ng_csv_reader *r, const ngi_csv_cell *cell, char *out) {
    if (cell->doubled == 0) {
        __builtin_memcpy(out, cell->text, cell->size);
        return;
    }
    for (const char *p = cell->text; p < cell->text + cell->size; p++) {
        *out++ = *p;
        p += *p == r->options.quote; /* the second of two */
    }
}

static ngi_csv_outcome ngi_csv_store_text(const ng_csv_reader *r, const ngi_csv_cell *cell,
                                          ng_column *column, size_t row) {
    int32_t *offsets = (int32_t *)column->values;
    const size_t used = (size_t)offsets[row], size = cell->size - cell->doubled;
    const size_t limit = column->bytes_size < INT32_MAX ? column->bytes_size : INT32_MAX;
    if (size > limit - used) {
        return NGI_CSV_FULL;
    }
    ngi_csv_copy_plain(r, cell, (char *)column->bytes + used);
    offsets[row + 1] = (int32_t)(used + size);
    return NGI_CSV_TAKEN;
}

/* The longest value that may have doubled quotes in it: that a quote is part of a number at all
 * takes a quote like `-`, and a timestamp in it. */
#define NGI_CSV_LONGEST_DOUBLED 64

/* Stores the value of a field that is not a text. */
static bool ngi_csv_store_cell(const ng_csv_reader *r, ng_type type, const ngi_csv_cell *cell,
                               void *values, size_t row) {
    char plain[NGI_CSV_LONGEST_DOUBLED];
    if (cell->doubled == 0) {
        return ngi_csv_store_value(type, cell->text, cell->size, values, row);
    }
    const size_t size = cell->size - cell->doubled;
    if (size > sizeof plain) {
        return false;
    }
    ngi_csv_copy_plain(r, cell, plain);
    return ngi_csv_store_value(type, plain, size, values, row);
}

static bool ngi_csv_is_one_of_nulls(const ng_csv_options *options, const char *text, size_t size) {
    for (size_t i = 0; i < options->null_count; i++) {
        if (ngi_csv_equals(text, size, options->nulls[i])) {
            return true;
        }
    }
    return false;
}

static bool ngi_csv_is_null(const ng_csv_options *options, ng_type type, const ngi_csv_cell *cell) {
    const char *text = cell->text;
    size_t size = cell->size;
    if (cell->quoted) {
        return false;
    }
    if (ngi_csv_is_one_of_nulls(options, text, size)) {
        return true;
    }
    if (type == NG_UTF8) {
        return false;
    }
    ngi_csv_trim(&text, &size);
    return size < cell->size && ngi_csv_is_one_of_nulls(options, text, size);
}

/* Why a text is no value of its type. */
static ngi_csv_trouble ngi_csv_diagnose(const ng_csv_field *field, const ngi_csv_cell *cell) {
    const ng_type type = field->type;
    const char *text = cell->text;
    size_t size = cell->size;
    if (type == NG_UTF8) {
        return NGI_CSV_NOT_UTF8;
    }
    ngi_csv_trim(&text, &size);
    if (size == 0 && !field->nullable) {
        return NGI_CSV_EMPTY;
    }
    if (type < NG_I8 || type > NG_U64) {
        return NGI_CSV_NOT_A_VALUE;
    }
    const size_t sign = *text == '-' || *text == '+';
    for (size_t i = sign; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return NGI_CSV_NOT_A_VALUE;
        }
    }
    return size > sign ? NGI_CSV_OUT_OF_RANGE : NGI_CSV_NOT_A_VALUE;
}

/* A field that is no value of its type: a null where that is asked for, else bad. Only a row that
 * is there as a whole may be tolerated, since the others are taken again. */
static ngi_csv_outcome ngi_csv_take_bad(ng_csv_reader *r, const ng_csv_field *field,
                                        const ngi_csv_cell *cell, ng_column *column, size_t row) {
    (void)ngi_csv_note(r, ngi_csv_diagnose(field, cell), cell->text - cell->quoted);
    r->bad_field = field;
    r->bad_text = cell->text;
    r->bad_size = cell->size;
    if (r->options.on_error != NG_CSV_NULL || !field->nullable || !r->complete) {
        return NGI_CSV_BAD;
    }
    if (r->nulled == 0 && r->pending_nulls == 0) {
        ngi_csv_describe(r, &r->tolerated);
    }
    r->pending_nulls++;
    ngi_csv_store_nothing(field->type, column, row);
    ngi_csv_put_bit(column->valid, row, false);
    return NGI_CSV_TAKEN;
}

/* Takes the field at `p` whatever it is. */
static ngi_csv_outcome ngi_csv_take_any(ng_csv_reader *r, const ng_csv_field *field, const char *p,
                                        ng_column *column, size_t row, const char **stop) {
    ngi_csv_cell cell;
    ngi_csv_outcome outcome = ngi_csv_find_cell(r, p, &cell);
    if (outcome != NGI_CSV_TAKEN) {
        return outcome;
    }
    *stop = cell.stop;
    if (field->nullable && ngi_csv_is_null(&r->options, field->type, &cell)) {
        ngi_csv_store_nothing(field->type, column, row);
        ngi_csv_put_bit(column->valid, row, false);
        return NGI_CSV_TAKEN;
    }
    if (field->type != NG_UTF8) {
        if (!ngi_csv_store_cell(r, field->type, &cell, column->values, row)) {
            return ngi_csv_take_bad(r, field, &cell, column, row);
        }
    } else {
        if (!ngi_utf8_is_valid(cell.text, cell.text + cell.size)) {
            return ngi_csv_take_bad(r, field, &cell, column, row);
        }
        outcome = ngi_csv_store_text(r, &cell, column, row);
        if (outcome == NGI_CSV_FULL) {
            (void)ngi_csv_note(r, NGI_CSV_NO_ROOM, p);
            r->bad_field = field;
            r->bad_size = cell.size - cell.doubled;
            return outcome;
        }
    }
    if (field->nullable) {
        ngi_csv_put_bit(column->valid, row, true);
    }
    return NGI_CSV_TAKEN;
}

/* ---- one row --------------------------------------------------------------------------------- */

/* Goes on to the field behind the separator at `stop`. */
static inline ngi_csv_outcome ngi_csv_step(ng_csv_reader *r, const char *stop, const char **p) {
    if (*stop != r->options.separator) {
        return ngi_csv_note(r, NGI_CSV_TOO_FEW, r->at);
    }
    *p = stop + 1;
    return NGI_CSV_TAKEN;
}

/* Goes over `count` fields and the separators behind them. */
static inline ngi_csv_outcome ngi_csv_skip(ng_csv_reader *r, const char **p, size_t count) {
    ngi_csv_outcome outcome = NGI_CSV_TAKEN;
    for (; count > 0 && outcome == NGI_CSV_TAKEN; count--) {
        ngi_csv_cell cell;
        outcome = ngi_csv_find_cell(r, *p, &cell);
        if (outcome == NGI_CSV_TAKEN) {
            outcome = ngi_csv_step(r, cell.stop, p);
        }
    }
    return outcome;
}

/* Takes the field at `p`; `*stop` is where it ends. */
static inline ngi_csv_outcome ngi_csv_take_field(ng_csv_reader *r, const ng_csv_field *field,
                                                 const char *p, ng_column *column, size_t row,
                                                 const char **stop) {
    if (field->type >= NG_I8 && field->type <= NG_F64 &&
        ngi_csv_store_brief(r, field->type, p, column->values, row, stop)) {
        if (field->nullable) {
            ngi_csv_put_bit(column->valid, row, true);
        }
        return NGI_CSV_TAKEN;
    }
    return ngi_csv_take_any(r, field, p, column, row, stop);
}

/* Goes over the fields behind the last one that is used, which ends at `*stop` (NULL: none is
 * used). */
static inline ngi_csv_outcome ngi_csv_skip_rest(ng_csv_reader *r, const char **stop) {
    const char *p = r->at;
    ngi_csv_cell cell;
    if (r->unused_at_end == 0) {
        return NGI_CSV_TAKEN;
    }
    ngi_csv_outcome outcome = *stop != NULL ? ngi_csv_step(r, *stop, &p) : NGI_CSV_TAKEN;
    if (outcome == NGI_CSV_TAKEN) {
        outcome = ngi_csv_skip(r, &p, r->unused_at_end - 1);
    }
    if (outcome == NGI_CSV_TAKEN) {
        outcome = ngi_csv_find_cell(r, p, &cell);
        *stop = cell.stop;
    }
    return outcome;
}

/* Takes the row at `at` into row `row` of the columns; `*next` is where the next one begins. */
static ngi_csv_outcome ngi_csv_take_row(ng_csv_reader *r, ng_column *columns, size_t row,
                                        const char **next) {
    const char *p = r->at, *stop = NULL;
    ngi_csv_outcome outcome = NGI_CSV_TAKEN;
    r->lines_inside = 0;
    r->pending_nulls = 0;
    for (size_t i = 0; i < r->field_count; i++) {
        const ngi_csv_place *place = &r->places[i];
        if (!place->again) {
            outcome = stop != NULL ? ngi_csv_step(r, stop, &p) : NGI_CSV_TAKEN;
            if (outcome == NGI_CSV_TAKEN) {
                outcome = ngi_csv_skip(r, &p, place->skip);
            }
        }
        if (outcome == NGI_CSV_TAKEN) {
            ng_column *column = &columns[place->column];
            outcome = ngi_csv_take_field(r, place->field, p, column, row, &stop);
        }
        if (outcome != NGI_CSV_TAKEN) {
            return outcome;
        }
    }
    outcome = ngi_csv_skip_rest(r, &stop);
    if (outcome != NGI_CSV_TAKEN) {
        return outcome;
    }
    if (*stop == r->options.separator) {
        return ngi_csv_note(r, NGI_CSV_TOO_MANY, stop + 1);
    }
    *next = ngi_csv_next_row(r, stop);
    return *next != NULL ? NGI_CSV_TAKEN : NGI_CSV_MORE;
}

/* ---- the stream ------------------------------------------------------------------------------ */

/* Gets more bytes behind `end`. There is room: what is left of the buffer is at most a row. */
static ng_status ngi_csv_refill(ng_csv_reader *r) {
    const size_t left = (size_t)(r->end - r->at);
    if ((size_t)(r->at - r->buffer) >= left) {
        __builtin_memcpy(r->buffer, r->at, left);
        r->at = r->buffer;
        r->end = r->buffer + left;
    }
    ng_status status = r->source;
    size_t size = 0;
    if (status == NG_OK) {
        size = r->read(r->ctx, r->end, r->options.chunk, &status);
    }
    if (size > r->options.chunk) {
        return ngi_csv_fail(r, NG_INVALID, "the source gave more bytes than there was room for",
                            "answer at most `room` in the read function");
    }
    if (size == 0 && status < 0) {
        return ngi_csv_fail(r, status, "reading failed", "see to where the file comes from");
    }
    r->source = status < 0 ? status : NG_OK;
    r->ended = status == NG_END || (size == 0 && status == NG_OK);
    r->end += size;
    const uint64_t newline = '\n';
    __builtin_memcpy(r->end, &newline, sizeof newline);
    return size == 0 && status == NG_AGAIN ? NG_AGAIN : NG_OK;
}

/* Steps over blank lines, which are rows only where a row is one field; false where nothing is
 * left. */
static inline bool ngi_csv_skip_blank_lines(ng_csv_reader *r) {
    while ((*r->at == '\n' || *r->at == '\r') && r->fields_in_row != 1 && r->at < r->end) {
        const char *next = ngi_csv_next_row(r, r->at);
        if (next == NULL) {
            return false;
        }
        ngi_csv_move_on(r, next, 1);
    }
    return r->at < r->end;
}

static ng_status ngi_csv_fail_at(ng_csv_reader *r) {
    ngi_csv_describe(r, &r->error);
    r->status = r->error.status;
    return r->status;
}

/* Whether the row at `at` is too long, as far as it is there. */
static bool ngi_csv_is_too_long(ng_csv_reader *r) {
    const size_t size = r->complete ? r->record_size : (size_t)(r->end - r->at);
    if (size > r->options.record_limit) {
        (void)ngi_csv_note(r, NGI_CSV_TOO_LONG, r->at);
        return true;
    }
    return false;
}

/* Takes a row that is there as a whole, or does what is to be done where it is bad; false where the
 * batch ends. */
static bool ngi_csv_settle(ng_csv_reader *r, ng_column *columns, size_t *row) {
    const char *next = r->at + r->record_size;
    if (!ngi_csv_is_too_long(r)) {
        const char *end_of_row;
        const ngi_csv_outcome outcome = ngi_csv_take_row(r, columns, *row, &end_of_row);
        if (outcome == NGI_CSV_TAKEN) {
            ngi_csv_move_on(r, end_of_row, 1 + r->lines_inside);
            r->nulled += r->pending_nulls;
            ++*row;
            return true;
        }
        if (outcome == NGI_CSV_FULL && *row > 0) {
            return false;
        }
        if (r->options.on_error == NG_CSV_SKIP && r->bad <= NGI_CSV_AFTER_QUOTE) {
            if (r->skipped == 0) {
                ngi_csv_describe(r, &r->tolerated);
            }
            r->skipped++;
            ngi_csv_move_on(r, next, ngi_csv_count_lines(r->at, next));
            return true;
        }
    }
    (void)ngi_csv_fail_at(r);
    return false;
}

/* Takes rows until the batch ends; answers how many. Where none could be taken, `*status` says why.
 */
static size_t ngi_csv_take_rows(ng_csv_reader *r, ng_column *columns, size_t capacity,
                                ng_status *status) {
    size_t row = 0;
    while (row < capacity) {
        bool waits = false; /* for more bytes */
        if (!ngi_csv_skip_blank_lines(r)) {
            waits = true;
            if (r->ended) {
                *status = r->status = NG_END;
                break;
            }
        } else if (r->scanned == 0 && !r->complete) {
            const char *next;
            const ngi_csv_outcome outcome = ngi_csv_take_row(r, columns, row, &next);
            if (outcome == NGI_CSV_TAKEN && (size_t)(next - r->at) <= r->options.record_limit) {
                ngi_csv_move_on(r, next, 1 + r->lines_inside);
                row++;
                continue;
            }
            if (row > 0 && (outcome == NGI_CSV_FULL || outcome == NGI_CSV_MORE)) {
                break;
            }
        }
        if (!waits && ngi_csv_find_row_end(r)) {
            if (!ngi_csv_settle(r, columns, &row)) {
                *status = r->status;
                break;
            }
            continue;
        }
        if (row > 0) {
            break;
        }
        *status = ngi_csv_is_too_long(r) ? ngi_csv_fail_at(r) : ngi_csv_refill(r);
        if (*status != NG_OK) {
            break;
        }
    }
    return row;
}

/* ---- the beginning --------------------------------------------------------------------------- */

/* Steps over a byte order mark. */
static ng_status ngi_csv_skip_mark(ng_csv_reader *r) {
    static const char mark[4] = "\xef\xbb\xbf";
    size_t size = 0;
    while (size < 3) {
        if (r->at + size == r->end) {
            if (r->ended) {
                break;
            }
            const ng_status status = ngi_csv_refill(r);
            if (status != NG_OK) {
                return status;
            }
        } else if (r->at[size] == mark[size]) {
            size++;
        } else {
            break;
        }
    }
    r->at += size == 3 ? 3 : 0;
    r->past_mark = true;
    return NG_OK;
}

/* Checks that the first row is in order and counts its fields. */
static bool ngi_csv_measure_first_row(ng_csv_reader *r) {
    ngi_csv_cell cell;
    size_t count = 0;
    const char *p = r->at;
    if (ngi_csv_is_too_long(r)) {
        return false;
    }
    do {
        if (ngi_csv_find_cell(r, p, &cell) != NGI_CSV_TAKEN) {
            return false;
        }
        count++;
        p = cell.stop + 1;
    } while (*cell.stop == r->options.separator);
    r->fields_in_row = count;
    return true;
}

/* Reads as far as the first row of values, and learns where the fields stand. */
static ng_status ngi_csv_open(ng_csv_reader *r) {
    ng_status status = r->past_mark ? NG_OK : ngi_csv_skip_mark(r);
    while (status == NG_OK) {
        if (ngi_csv_skip_blank_lines(r)) {
            if (ngi_csv_find_row_end(r)) {
                break;
            }
        } else if (r->ended && r->options.header) {
            return ngi_csv_fail(r, NG_BAD_INPUT, "the file is empty, but a header was expected",
                                "give the file a header, or set `header` to false");
        } else if (r->ended) {
            r->status = NG_END;
            return NG_END;
        }
        status = ngi_csv_is_too_long(r) ? ngi_csv_fail_at(r) : ngi_csv_refill(r);
    }
    if (status != NG_OK) {
        return status;
    }
    if (!ngi_csv_measure_first_row(r)) {
        return ngi_csv_fail_at(r);
    }
    if (!ngi_csv_find_places(r)) {
        return r->status;
    }
    if (r->options.header) {
        const char *next = r->at + r->record_size;
        ngi_csv_move_on(r, next, ngi_csv_count_lines(r->at, next));
    }
    r->opened = true;
    return NG_OK;
}

/* ---- what users call ------------------------------------------------------------------------- */

ng_csv_options ng_csv_defaults(void) {
    static const char *const nulls[1] = {""};
    ng_csv_options options;
    options.separator = ',';
    options.quote = '"';
    options.header = true;
    options.on_error = NG_CSV_FAIL;
    options.nulls = nulls;
    options.null_count = 1;
    options.record_limit = (size_t)1 << 20;
    options.chunk = (size_t)128 << 10;
    return options;
}

size_t ng_csv_reader_size(size_t field_count, const ng_csv_options *options) {
    const size_t most = SIZE_MAX / 8;
    if (field_count > most / sizeof(ngi_csv_place) || options->record_limit > most ||
        options->chunk > most) {
        return SIZE_MAX;
    }
    return field_count * sizeof(ngi_csv_place) + 2 * options->record_limit + options->chunk +
           NGI_CSV_PAD;
}

static bool ngi_csv_is_delimiter(char c) { return c > 0 && c != '\n' && c != '\r'; }

/* Refuses what no reader can be made of. */
static ng_status ngi_csv_check(ng_csv_reader *r) {
    const ng_csv_options *options = &r->options;
    if (!ngi_csv_is_delimiter(options->separator) || !ngi_csv_is_delimiter(options->quote) ||
        options->separator == options->quote) {
        return ngi_csv_fail(r, NG_INVALID, "the separator and the quote cannot be told apart",
                            "use two different ASCII characters that are not line ends");
    }
    if (options->record_limit == 0 || options->chunk == 0) {
        return ngi_csv_fail(r, NG_INVALID, "the limit on rows or the chunk is 0",
                            "begin with ng_csv_defaults()");
    }
    for (size_t i = 0; i < r->field_count; i++) {
        const ng_csv_field *field = &r->fields[i];
        if (field->type < NG_BOOL || field->type > NG_UTF8) {
            return ngi_csv_fail(r, NG_INVALID, "a field has no type", "use one of ng_type");
        }
        if (field->label != NULL && !options->header) {
            return ngi_csv_fail(r, NG_INVALID, "a field goes by its label, but there is no header",
                                "set the label to NULL and give the index");
        }
    }
    return NG_OK;
}

static bool ngi_csv_can_begin_number(char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* Whether what begins like a number may be something else: a field in quotes, or a null. */
static bool ngi_csv_numbers_need_care(const ng_csv_options *options) {
    bool need_care = ngi_csv_can_begin_number(options->quote);
    for (size_t i = 0; i < options->null_count; i++) {
        need_care |= ngi_csv_can_begin_number(options->nulls[i][0]);
    }
    return need_care;
}

ng_status ng_csv_reader_init(ng_csv_reader *reader, void *arena, size_t arena_size,
                             const ng_csv_field *fields, size_t field_count,
                             const ng_csv_options *options, ng_csv_read read, void *ctx) {
    ng_csv_reader *const r = reader;
    __builtin_memset(r, 0, sizeof *r);
    r->fields = fields;
    r->field_count = field_count;
    r->options = *options;
    r->read = read;
    r->ctx = ctx;
    r->line = 1;
    if (arena == NULL || arena_size < ng_csv_reader_size(field_count, options)) {
        return ngi_csv_fail(r, NG_INVALID, "the arena is too small",
                            "give it the bytes that ng_csv_reader_size() says");
    }
    if (ngi_csv_check(r) != NG_OK) {
        return r->status;
    }
    r->places = (ngi_csv_place *)arena;
    r->buffer = (char *)(r->places + field_count);
    r->at = r->end = r->buffer;
    *r->end = '\n';
    r->separators = NGI_CSV_ONES * (unsigned char)options->separator;
    r->quotes = NGI_CSV_ONES * (unsigned char)options->quote;
    r->numbers_need_care = ngi_csv_numbers_need_care(options);
    return NG_OK;
}

ng_status ng_csv_reader_next(ng_csv_reader *reader, ng_column *columns, size_t capacity,
                             size_t *rows) {
    ng_csv_reader *const r = reader;
    *rows = 0;
    if (r->status != NG_OK) {
        return r->status;
    }
    if (capacity == 0) {
        return NG_INVALID;
    }
    if (!r->opened) {
        const ng_status status = ngi_csv_open(r);
        if (status != NG_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < r->field_count; i++) {
        if (r->fields[i].type == NG_UTF8) {
            *(int32_t *)columns[i].values = 0;
        }
    }
    ng_status status = NG_OK;
    *rows = ngi_csv_take_rows(r, columns, capacity, &status);
    r->rows += *rows;
    return *rows > 0 ? NG_OK : status;
}

/* ---- csv_writer.c ---------------------------------------------------------------------------- */

/* csv_writer: how columns become CSV text. */

/* The most that is put into the buffer without looking at the room again: a number. */
#define NGI_CSV_WRITER_PIECE NG_NUMBER_TEXT_MAX

static inline bool ngi_csv_writer_bit(const uint8_t *bits, size_t row) {
    return bits[row >> 3] >> (row & 7) & 1;
}

static void ngi_csv_writer_empty(ng_csv_writer *w) {
    if (w->status == NG_OK && w->at > w->buffer) {
        const ng_status status = w->write(w->ctx, w->buffer, (size_t)(w->at - w->buffer));
        w->status = status < 0 ? status : NG_OK;
    }
    w->at = w->buffer;
}

/* Makes room for a piece. */
static inline void ngi_csv_writer_make_room(ng_csv_writer *w) {
    if ((size_t)(w->end - w->at) < NGI_CSV_WRITER_PIECE) {
        ngi_csv_writer_empty(w);
    }
}

static void ngi_csv_writer_put_bytes(ng_csv_writer *w, const char *bytes, size_t size) {
    while (size > 0) {
        const size_t room = (size_t)(w->end - w->at);
        const size_t fitting = size < room ? size : room;
        __builtin_memcpy(w->at, bytes, fitting);
        w->at += fitting;
        bytes += fitting;
        size -= fitting;
        if (size > 0) {
            ngi_csv_writer_empty(w);
        }
    }
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Whether a byte of the word is the one that fills `pattern`. */
static inline bool ngi_csv_writer_holds(uint64_t word, uint64_t pattern) {
    const uint64_t ones = UINT64_C(0x0101010101010101), x = word ^ pattern;
    return ((x - ones) & ~x & (ones << 7)) != 0;
}

static bool ngi_csv_writer_needs_quotes(const ng_csv_writer *w, const char *text, size_t size) {
    const uint64_t newlines = UINT64_C(0x0a0a0a0a0a0a0a0a), returns = UINT64_C(0x0d0d0d0d0d0d0d0d);
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t word;
        __builtin_memcpy(&word, text + i, sizeof word);
        if (ngi_csv_writer_holds(word, w->separators) || ngi_csv_writer_holds(word, w->quotes) ||
            ngi_csv_writer_holds(word, newlines) || ngi_csv_writer_holds(word, returns)) {
            return true;
        }
    }
    for (; i < size; i++) {
        const char c = text[i];
        if (c == w->separator || c == w->quote || c == '\n' || c == '\r') {
            return true;
        }
    }
    /* At the very front of a file these bytes would be a byte order mark. */
    return size == 0 || (size >= 3 && text[0] == '\xef' && text[1] == '\xbb' && text[2] == '\xbf');
}

static void ngi_csv_writer_put_text(ng_csv_writer *w, const char *text, size_t size) {
    if (!ngi_csv_writer_needs_quotes(w, text, size)) {
        ngi_csv_writer_put_bytes(w, text, size);
        return;
    }
    ngi_csv_writer_put_bytes(w, &w->quote, 1);
    size_t from = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == w->quote) {
            /* All up to the quote, and then again from the quote on: so it stands twice. */
            ngi_csv_writer_put_bytes(w, text + from, i + 1 - from);
            from = i;
        }
    }
    ngi_csv_writer_put_bytes(w, text + from, size - from);
    ngi_csv_writer_put_bytes(w, &w->quote, 1);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Writes what is not a text. */
static inline size_t ngi_csv_writer_value(char *out, ng_type type, const void *values, size_t row) {
    switch (type) {
    case NG_BOOL: {
        const bool value = ngi_csv_writer_bit((const uint8_t *)values, row);
        __builtin_memcpy(out, value ? "true" : "false", 5);
        return value ? 4 : 5;
    }
    case NG_I8:
        return ng_write_i64(out, ((const int8_t *)values)[row]);
    case NG_I16:
        return ng_write_i64(out, ((const int16_t *)values)[row]);
    case NG_I32:
        return ng_write_i64(out, ((const int32_t *)values)[row]);
    case NG_I64:
        return ng_write_i64(out, ((const int64_t *)values)[row]);
    case NG_U8:
        return ng_write_u64(out, ((const uint8_t *)values)[row]);
    case NG_U16:
        return ng_write_u64(out, ((const uint16_t *)values)[row]);
    case NG_U32:
        return ng_write_u64(out, ((const uint32_t *)values)[row]);
    case NG_U64:
        return ng_write_u64(out, ((const uint64_t *)values)[row]);
    case NG_F32:
        return ng_write_f32(out, ((const float *)values)[row]);
    case NG_F64:
        return ng_write_f64(out, ((const double *)values)[row]);
    default:
        return ng_write_timestamp(out, ((const int64_t *)values)[row], type);
    }
}

static inline void ngi_csv_writer_put_field(ng_csv_writer *w, ng_type type, const ng_column *column,
                                            size_t row) {
    if (column->valid != NULL && !ngi_csv_writer_bit(column->valid, row)) {
        return;
    }
    if (type == NG_UTF8) {
        const int32_t *offsets = (const int32_t *)column->values + row;
        ngi_csv_writer_put_text(w, (const char *)column->bytes + offsets[0],
                                (size_t)(offsets[1] - offsets[0]));
        return;
    }
    if (w->numbers_like_texts) {
        char text[NG_NUMBER_TEXT_MAX];
        const size_t size = ngi_csv_writer_value(text, type, column->values, row);
        ngi_csv_writer_put_text(w, text, size);
        return;
    }
    ngi_csv_writer_make_room(w);
    w->at += ngi_csv_writer_value(w->at, type, column->values, row);
}

static void ngi_csv_writer_put_names(ng_csv_writer *w) {
    if (w->begun) {
        return;
    }
    w->begun = true;
    for (size_t i = 0; i < w->field_count; i++) {
        const char *name = w->fields[i].name;
        size_t size = 0;
        while (name[size] != '\0') {
            size++;
        }
        ngi_csv_writer_put_text(w, name, size);
        ngi_csv_writer_put_bytes(w, i + 1 < w->field_count ? &w->separator : "\n", 1);
    }
}

/* ---- what users call ------------------------------------------------------------------------- */

static bool ngi_csv_writer_is_delimiter(char c) { return c > 0 && c != '\n' && c != '\r'; }

/* Whether the character can stand in what is written for a number, bool or timestamp. */
static bool ngi_csv_writer_is_in_numbers(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'T' || c == 'Z' || c == '+' ||
           c == '-' || c == '.' || c == ':';
}

ng_status ng_csv_writer_init(ng_csv_writer *writer, void *buffer, size_t size,
                             const ng_field *fields, size_t field_count, char separator, char quote,
                             ng_csv_write write, void *ctx) {
    __builtin_memset(writer, 0, sizeof *writer);
    writer->status = NG_INVALID;
    if (buffer == NULL || size < NG_CSV_WRITER_BUFFER_MIN || separator == quote ||
        !ngi_csv_writer_is_delimiter(separator) || !ngi_csv_writer_is_delimiter(quote)) {
        return NG_INVALID;
    }
    writer->status = NG_OK;
    writer->fields = fields;
    writer->field_count = field_count;
    writer->write = write;
    writer->ctx = ctx;
    writer->separator = separator;
    writer->quote = quote;
    writer->separators = UINT64_C(0x0101010101010101) * (unsigned char)separator;
    writer->quotes = UINT64_C(0x0101010101010101) * (unsigned char)quote;
    writer->numbers_like_texts =
        ngi_csv_writer_is_in_numbers(separator) || ngi_csv_writer_is_in_numbers(quote);
    writer->buffer = writer->at = (char *)buffer;
    writer->end = writer->buffer + size;
    return NG_OK;
}

ng_status ng_csv_writer_rows(ng_csv_writer *writer, const ng_column *columns, size_t first,
                             size_t rows) {
    ng_csv_writer *const w = writer;
    ngi_csv_writer_put_names(w);
    for (size_t row = first; row < first + rows && w->status == NG_OK; row++) {
        for (size_t i = 0; i < w->field_count; i++) {
            ngi_csv_writer_put_field(w, w->fields[i].type, &columns[i], row);
            ngi_csv_writer_make_room(w);
            *w->at++ = i + 1 < w->field_count ? w->separator : '\n';
        }
        w->rows++;
    }
    return w->status;
}

ng_status ng_csv_writer_flush(ng_csv_writer *writer) {
    ngi_csv_writer_empty(writer);
    return writer->status;
}

ng_status ng_csv_writer_finish(ng_csv_writer *writer) {
    ngi_csv_writer_put_names(writer);
    return ng_csv_writer_flush(writer);
}

/* ---- ops_csv.c ------------------------------------------------------------------------------- */

/* ops_csv: a source around a csv_reader and a sink around a csv_writer. */

/* ---- reading --------------------------------------------------------------------------------- */

/* Followed by the fields, where they are made here, and the reader's arena. */
typedef struct ngi_csv_source {
    ng_csv_reader reader;
} ngi_csv_source;

/* Blocks are filled from their first row on, as a reader wants it. */
static ng_step ngi_csv_source_push(void *state, ng_context *context, const ng_batch *in,
                                   const ng_room *out) {
    ngi_csv_source *const source = (ngi_csv_source *)state;
    ng_room room = *out;
    size_t rows = 0;
    (void)in;
    if (room.at != 0) {
        ng_context_renew(context, 0);
        if (!ng_context_room(context, 0, &room)) {
            return ng_step_of(0, 0, NG_AGAIN);
        }
    }
    const ng_status status = ng_csv_reader_next(&source->reader, room.columns, room.rows, &rows);
    ng_context_count(context, NG_MADE, (int64_t)rows);
    return ng_step_of(0, rows, status);
}

static const ng_operator ngi_csv_source_calls = {
    "csv_source", NULL, ngi_csv_source_push, NULL, NULL, NULL, NULL, false};

/* Whether the fields are those of a schema. */
static bool ngi_csv_fields_fit(const ng_schema *schema, const ng_csv_field *fields) {
    bool fit = true;
    for (size_t i = 0; i < schema->count; i++) {
        fit = fit && fields[i].type == schema->fields[i].type &&
              fields[i].nullable == schema->fields[i].nullable;
    }
    return fit;
}

ng_river ng_csv_source(ng_graph *graph, const ng_schema *schema, const ng_csv_field *fields,
                       const ng_csv_options *options, ng_csv_read read, void *ctx) {
    const ng_csv_options plain = ng_csv_defaults(), *const o = options == NULL ? &plain : options;
    const char *const name = ngi_csv_source_calls.name;
    if (read == NULL || ng_schema_check(schema) != NG_OK) {
        return ng_refuse(graph, name, NG_INVALID);
    }
    if (fields != NULL && !ngi_csv_fields_fit(schema, fields)) {
        return ng_refuse(graph, name, NG_MISMATCH);
    }
    const size_t made = fields == NULL ? ngi_size_times(schema->count, sizeof(ng_csv_field)) : 0;
    const size_t head = ngi_size_plus(sizeof(ngi_csv_source), made);
    const size_t arena = ng_csv_reader_size(schema->count, o);
    const size_t size = ngi_size_plus(ngi_size_round(head, 64), arena);
    const ng_stage stage = {&ngi_csv_source_calls, size, NULL, schema, 1, false, 0};
    const ng_river river = ng_apply(graph, NULL, 0, &stage);
    ngi_csv_source *const source = (ngi_csv_source *)ng_state(river);
    if (source == NULL) {
        return river;
    }
    ng_csv_field *const own = (ng_csv_field *)(void *)(source + 1);
    for (size_t i = 0; i < schema->count && fields == NULL; i++) {
        const ng_field *const field = &schema->fields[i];
        const ng_csv_field named = {field->name, field->name, 0, field->type, field->nullable};
        own[i] = named;
    }
    const ng_status status =
        ng_csv_reader_init(&source->reader, (uint8_t *)source + ngi_size_round(head, 64), arena,
                           fields == NULL ? own : fields, schema->count, o, read, ctx);
    return status == NG_OK ? river : ng_refuse(graph, name, status);
}

const ng_csv_reader *ng_csv_source_reader(ng_river river) {
    const ngi_csv_source *const source = (const ngi_csv_source *)ng_state(river);
    return source == NULL ? NULL : &source->reader;
}

/* ---- writing --------------------------------------------------------------------------------- */

#define NGI_CSV_SINK_BUFFER 65536

/* Followed by the columns as the writer wants them, their places in the river, and its buffer. */
typedef struct ngi_csv_sink {
    ng_csv_writer writer;
    size_t count, *places;
    ng_column *columns;
} ngi_csv_sink;

static ng_step ngi_csv_sink_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    ngi_csv_sink *const sink = (ngi_csv_sink *)state;
    (void)context;
    (void)out;
    for (size_t i = 0; i < sink->count; i++) {
        sink->columns[i] = in->block->columns[sink->places[i]];
    }
    const ng_status status = ng_csv_writer_rows(&sink->writer, sink->columns, in->offset, in->rows);
    return ng_step_of(status == NG_OK ? in->rows : 0, 0, status);
}

static ng_step ngi_csv_sink_end(void *state, ng_context *context, const ng_room *out) {
    (void)context;
    (void)out;
    return ng_step_of(0, 0, ng_csv_writer_finish(&((ngi_csv_sink *)state)->writer));
}

static void ngi_csv_sink_close(void *state) {
    (void)!ng_csv_writer_flush(&((ngi_csv_sink *)state)->writer);
}

static const ng_operator ngi_csv_sink_calls = {
    "csv_sink", NULL, ngi_csv_sink_push, ngi_csv_sink_end, NULL, NULL, ngi_csv_sink_close, false};

static bool ngi_csv_columns_fit(const ng_schema *river, const ng_schema *wanted) {
    bool fit = true;
    for (size_t i = 0; i < wanted->count; i++) {
        const size_t place = ng_schema_find(river, wanted->fields[i].name);
        fit = fit && place < river->count && river->fields[place].type == wanted->fields[i].type;
    }
    return fit;
}

ng_river ng_csv_sink(ng_river river, const ng_schema *schema, char separator, char quote,
                     ng_csv_write write, void *ctx) {
    const ng_schema *const columns = ng_columns(river);
    const ng_schema *const wanted = schema == NULL ? columns : schema;
    const char *const name = ngi_csv_sink_calls.name;
    if (columns == NULL || write == NULL || ng_schema_check(wanted) != NG_OK) {
        return ng_refuse(river.graph, name, NG_INVALID);
    }
    if (!ngi_csv_columns_fit(columns, wanted)) {
        return ng_refuse(river.graph, name, NG_MISMATCH);
    }
    const size_t each = sizeof(ng_column) + sizeof(size_t);
    const size_t head = sizeof(ngi_csv_sink) + NGI_CSV_SINK_BUFFER;
    const size_t size = ngi_size_plus(head, ngi_size_times(wanted->count, each));
    const ng_stage stage = {&ngi_csv_sink_calls, size, NULL, NULL, 0, false, 0};
    const ng_river end = ng_apply(river.graph, &river, 1, &stage);
    ngi_csv_sink *const sink = (ngi_csv_sink *)ng_state(end);
    if (sink == NULL) {
        return end;
    }
    sink->count = wanted->count;
    sink->columns = (ng_column *)(void *)(sink + 1);
    sink->places = (size_t *)(void *)(sink->columns + wanted->count);
    for (size_t i = 0; i < wanted->count; i++) {
        sink->places[i] = ng_schema_find(columns, wanted->fields[i].name);
    }
    const ng_status status =
        ng_csv_writer_init(&sink->writer, sink->places + wanted->count, NGI_CSV_SINK_BUFFER,
                           wanted->fields, wanted->count, separator, quote, write, ctx);
    return status == NG_OK ? end : ng_refuse(river.graph, name, status);
}

/* ---- ops_arrow.c ----------------------------------------------------------------------------- */

/* ops_arrow: a source that asks a stream, and a sink that a stream asks. */

/* Numbers that all systems' errno.h agree on, but for EAGAIN, which is Linux's. */
enum { NGI_EIO = 5, NGI_EAGAIN = 11, NGI_ENOMEM = 12, NGI_EINVAL = 22 };

/* ---- in -------------------------------------------------------------------------------------- */

ng_status ng_arrow_input_open(ng_arrow_input *input, struct ArrowArrayStream *stream,
                              ng_allocator allocator) {
    struct ArrowSchema schema;
    __builtin_memset(input, 0, sizeof *input);
    __builtin_memset(&schema, 0, sizeof schema);
    input->columns.column = SIZE_MAX;
    if (stream == NULL || stream->release == NULL) {
        return NG_INVALID;
    }
    if (stream->get_schema(stream, &schema) != 0) {
        return NG_IO;
    }
    const ng_status status = ng_arrow_import_schema(&schema, allocator, &input->columns);
    if (schema.release != NULL) {
        schema.release(&schema);
    }
    if (status == NG_OK) {
        input->allocator = allocator;
        input->stream = *stream;
        stream->release = NULL;
    }
    return status;
}

/* Asks for the next array that has rows. NG_END: there is none. */
static ng_status ngi_arrow_ask(ng_arrow_input *input) {
    ng_status status = NG_OK;
    while (status == NG_OK && input->batch.block == NULL) {
        struct ArrowArray array;
        __builtin_memset(&array, 0, sizeof array);
        if (input->stream.get_next(&input->stream, &array) != 0) {
            return NG_IO;
        }
        if (array.release == NULL) {
            return NG_END;
        }
        status = ng_arrow_import(&array, &input->columns.schema, input->allocator, &input->batch);
        if (status != NG_OK) {
            array.release(&array);
        } else if (input->batch.rows == 0) {
            (void)ng_batch_release(&input->batch);
        }
    }
    return status;
}

static ng_arrow_input *ngi_arrow_input_of(void *state) { return *(ng_arrow_input **)state; }

static ng_step ngi_arrow_source_push(void *state, ng_context *context, const ng_batch *in,
                                     const ng_room *out) {
    ng_arrow_input *const input = ngi_arrow_input_of(state);
    ng_batch *const batch = &input->batch;
    const size_t credit = ng_context_credit(context, 0);
    (void)in;
    (void)out;
    if (credit == 0) {
        return ng_step_of(0, 0, NG_OK);
    }
    ng_status status = ngi_arrow_ask(input);
    if (status == NG_OK) {
        const size_t rows = batch->rows < credit ? batch->rows : credit;
        status = ng_context_forward(context, 0, batch, 0, rows);
        if (status == NG_OK) {
            ng_context_count(context, NG_MADE, (int64_t)rows);
            batch->offset += rows;
            batch->rows -= rows;
        }
    }
    if (batch->block != NULL && batch->rows == 0) {
        (void)ng_batch_release(batch);
    }
    return ng_step_of(0, 0, status);
}

static void ngi_arrow_source_close(void *state) {
    ng_batch *const batch = &ngi_arrow_input_of(state)->batch;
    if (batch->block != NULL) {
        (void)ng_batch_release(batch);
    }
}

static const ng_operator ngi_arrow_source_calls = {
    "arrow_source", NULL, ngi_arrow_source_push, NULL, NULL, NULL, ngi_arrow_source_close, false};

ng_river ng_arrow_source(ng_graph *graph, ng_arrow_input *input) {
    if (input == NULL || input->stream.release == NULL) {
        return ng_refuse(graph, ngi_arrow_source_calls.name, NG_INVALID);
    }
    const ng_stage stage = {
        &ngi_arrow_source_calls, sizeof input, &input, &input->columns.schema, 1, true, 0};
    return ng_apply(graph, NULL, 0, &stage);
}

const char *ng_arrow_input_error(ng_arrow_input *input) {
    return input->stream.release == NULL ? NULL : input->stream.get_last_error(&input->stream);
}

void ng_arrow_input_close(ng_arrow_input *input) {
    if (input->stream.release != NULL) {
        input->stream.release(&input->stream);
    }
    input->stream.release = NULL;
    ng_arrow_schema_close(&input->columns);
}

/* ---- out ------------------------------------------------------------------------------------- */

static ng_arrow_output *ngi_arrow_output_of(void *state) { return *(ng_arrow_output **)state; }

/* Keeps the first batch until the stream's owner asks for it. */
static ng_step ngi_arrow_sink_push(void *state, ng_context *context, const ng_batch *in,
                                   const ng_room *out) {
    ng_arrow_output *const output = ngi_arrow_output_of(state);
    (void)context;
    (void)out;
    if (output->batch.block != NULL) {
        return ng_step_of(0, 0, NG_AGAIN);
    }
    const ng_status status = ng_batch_slice(in, 0, in->rows, &output->batch);
    return ng_step_of(status == NG_OK ? in->rows : 0, 0, status);
}

static ng_step ngi_arrow_sink_end(void *state, ng_context *context, const ng_room *out) {
    (void)context;
    (void)out;
    ngi_arrow_output_of(state)->status = NG_END;
    return ng_step_of(0, 0, NG_OK);
}

static ng_status ngi_arrow_sink_fail(void *state, ng_context *context, ng_status status) {
    (void)context;
    ngi_arrow_output_of(state)->status = status;
    return NG_OK;
}

static void ngi_arrow_sink_close(void *state) {
    ng_arrow_output *const output = ngi_arrow_output_of(state);
    output->status = output->status == NG_OK ? NG_CANCELLED : output->status;
}

static const ng_operator ngi_arrow_sink_calls = {"arrow_sink",         NULL, ngi_arrow_sink_push,
                                                 ngi_arrow_sink_end,   NULL, ngi_arrow_sink_fail,
                                                 ngi_arrow_sink_close, false};

ng_river ng_arrow_sink(ng_river river, ng_arrow_output *output, uint32_t keeps,
                       ng_allocator allocator) {
    if (output == NULL || ng_columns(river) == NULL || keeps >= UINT32_MAX / 2) {
        return ng_refuse(river.graph, ngi_arrow_sink_calls.name, NG_INVALID);
    }
    __builtin_memset(output, 0, sizeof *output);
    output->schema = ng_columns(river);
    output->keeps = keeps;
    output->allocator = allocator;
    const ng_stage stage = {
        &ngi_arrow_sink_calls, sizeof output, &output, NULL, 0, false, keeps + 1};
    output->river = ng_apply(river.graph, &river, 1, &stage);
    return output->river;
}

/* ---- batches that are handed out ------------------------------------------------------------- */

/* A block that stands for a block of the graph, and counts that it is kept. */
typedef struct ngi_arrow_lent {
    ng_block block;
    ng_batch batch;
    ng_arrow_output *output;
} ngi_arrow_lent;

static void ngi_arrow_lent_back(ng_block *block) {
    ngi_arrow_lent *const lent = (ngi_arrow_lent *)block->owner;
    ng_arrow_output *const output = lent->output;
    const ng_allocator allocator = output->allocator;
    (void)ng_batch_release(&lent->batch);
    (void)allocator.resize(allocator.ctx, lent, sizeof *lent, 0);
    __atomic_sub_fetch(&output->kept, 1, __ATOMIC_RELEASE);
}

/* Has a batch count as kept, until it is let go of. */
static ng_status ngi_arrow_lend(ng_arrow_output *output, ng_batch *batch) {
    const ng_allocator *const a = &output->allocator;
    ngi_arrow_lent *const lent = (ngi_arrow_lent *)a->resize(a->ctx, NULL, 0, sizeof *lent);
    if (lent == NULL) {
        return NG_NO_MEMORY;
    }
    lent->batch = *batch;
    lent->output = output;
    ng_block_init(&lent->block, batch->block->columns, batch->block->capacity, ngi_arrow_lent_back,
                  lent);
    batch->block = &lent->block;
    __atomic_add_fetch(&output->kept, 1, __ATOMIC_RELAXED);
    return NG_OK;
}

/* A copy of a batch: a pool with one block, and what takes it back. */
typedef struct ngi_arrow_copy {
    ng_pool pool;
    ng_block block;
    ng_allocator allocator;
    size_t size;
} ngi_arrow_copy;

static void ngi_arrow_copy_back(ng_block *block) {
    ngi_arrow_copy *const copy = (ngi_arrow_copy *)block->owner;
    const ng_allocator allocator = copy->allocator;
    (void)allocator.resize(allocator.ctx, copy, copy->size, 0);
}

/* The longest text of a column in a batch, in bytes, at least 1. */
static size_t ngi_arrow_text(const ng_batch *batch) {
    size_t most = 1;
    for (size_t i = 0; i < batch->schema->count; i++) {
        if (batch->schema->fields[i].type == NG_UTF8) {
            const int32_t *const offsets = (const int32_t *)batch->block->columns[i].values;
            const size_t bytes =
                (size_t)(offsets[batch->offset + batch->rows] - offsets[batch->offset]);
            most = bytes > most ? bytes : most;
        }
    }
    return most;
}

/* Puts a copy in a batch's place. */
static ng_status ngi_arrow_copy_batch(const ng_arrow_output *output, ng_batch *batch) {
    const ng_allocator *const a = &output->allocator;
    const size_t text = ngi_arrow_text(batch);
    const size_t head = ngi_size_round(sizeof(ngi_arrow_copy), 64);
    const size_t size = ngi_size_plus(head, ng_pool_size(batch->schema, 1, batch->rows, text));
    ngi_arrow_copy *const copy = (ngi_arrow_copy *)a->resize(a->ctx, NULL, 0, size);
    if (copy == NULL) {
        return NG_NO_MEMORY;
    }
    copy->allocator = *a;
    copy->size = size;
    ng_status status =
        ng_pool_init(&copy->pool, (uint8_t *)copy + head, batch->schema, 1, batch->rows, text);
    if (status != NG_OK) {
        (void)a->resize(a->ctx, copy, size, 0);
        return status;
    }
    ng_block *const block = ng_pool_take(&copy->pool);
    (void)ng_batch_copy(batch, 0, batch->rows, block, 0);
    ng_block_init(&copy->block, block->columns, batch->rows, ngi_arrow_copy_back, copy);
    ng_batch made = {batch->schema, &copy->block, 0, batch->rows};
    (void)ng_batch_release(batch);
    *batch = made;
    return NG_OK;
}

/* ---- the stream ------------------------------------------------------------------------------ */

static ng_arrow_output *ngi_arrow_output_in(const struct ArrowArrayStream *stream) {
    return (ng_arrow_output *)stream->private_data;
}

static int ngi_arrow_answer(ng_arrow_output *output, ng_status status) {
    output->why = status;
    return status == NG_OK || status == NG_END ? 0
           : status == NG_AGAIN                ? NGI_EAGAIN
           : status == NG_NO_MEMORY            ? NGI_ENOMEM
           : status == NG_INVALID              ? NGI_EINVAL
                                               : NGI_EIO;
}

static int ngi_arrow_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    ng_arrow_output *const output = ngi_arrow_output_in(stream);
    return ngi_arrow_answer(output, ng_arrow_export_schema(output->schema, output->allocator, out));
}

/* Runs the graph until the sink has a batch. NG_AGAIN: it waits for something outside; else how the
 * river ended. */
static ng_status ngi_arrow_run(ng_arrow_output *output) {
    ng_status status = NG_AGAIN;
    ng_graph_wake(output->river);
    while (status == NG_AGAIN && output->batch.block == NULL && output->status == NG_OK) {
        status = ng_graph_step(output->river.graph, 1);
    }
    return output->batch.block != NULL ? NG_OK
           : output->status != NG_OK   ? output->status
           : status == NG_OK           ? NG_AGAIN
                                       : status;
}

/* Makes the batch one that may leave the graph. */
static ng_status ngi_arrow_prepare(ng_arrow_output *output) {
    const bool lends = __atomic_load_n(&output->kept, __ATOMIC_ACQUIRE) < output->keeps;
    ng_status status = NG_OK;
    if (!output->prepared) {
        status = lends ? ngi_arrow_lend(output, &output->batch)
                       : ngi_arrow_copy_batch(output, &output->batch);
        output->prepared = status == NG_OK;
    }
    return status;
}

static int ngi_arrow_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    ng_arrow_output *const output = ngi_arrow_output_in(stream);
    __builtin_memset(out, 0, sizeof *out);
    ng_status status = ngi_arrow_run(output);
    if (status == NG_OK) {
        status = ngi_arrow_prepare(output);
    }
    if (status == NG_OK) {
        status = ng_arrow_export(&output->batch, output->allocator, out);
        output->prepared = status != NG_OK;
    }
    return ngi_arrow_answer(output, status);
}

static const char *ngi_arrow_get_last_error(struct ArrowArrayStream *stream) {
    const ng_status why = ngi_arrow_output_in(stream)->why;
    return why == NG_AGAIN ? "the graph waits for something outside"
           : why < NG_OK   ? ng_status_text(why)
                           : NULL;
}

static void ngi_arrow_release_stream(struct ArrowArrayStream *stream) {
    ng_arrow_output *const output = ngi_arrow_output_in(stream);
    if (output->batch.block != NULL) {
        (void)ng_batch_release(&output->batch);
    }
    ng_cancel(output->river);
    stream->release = NULL;
}

void ng_arrow_stream(ng_arrow_output *output, struct ArrowArrayStream *out) {
    out->get_schema = ngi_arrow_get_schema;
    out->get_next = ngi_arrow_get_next;
    out->get_last_error = ngi_arrow_get_last_error;
    out->release = ngi_arrow_release_stream;
    out->private_data = output;
}

/* ---- histogram.c ----------------------------------------------------------------------------- */

/* histogram: what is read from the buckets. */

void ng_histogram_record_many(ng_histogram *histogram, uint64_t value, uint64_t n) {
    if (histogram == NULL || n == 0) {
        return;
    }
    const uint64_t most = value > 0 ? UINT64_MAX / value : UINT64_MAX;
    uint64_t *const bucket = &histogram->buckets[ngi_histogram_index(value)];
    *bucket = ngi_histogram_add(*bucket, n);
    histogram->count = ngi_histogram_add(histogram->count, n);
    histogram->sum = ngi_histogram_add(histogram->sum, n > most ? UINT64_MAX : value * n);
    histogram->max = value > histogram->max ? value : histogram->max;
    histogram->min_complement =
        ~value > histogram->min_complement ? ~value : histogram->min_complement;
}

ng_status ng_histogram_merge(ng_histogram *into, const ng_histogram *from) {
    if (into == NULL || from == NULL) {
        return NG_INVALID;
    }
    into->count = ngi_histogram_add(into->count, from->count);
    into->sum = ngi_histogram_add(into->sum, from->sum);
    into->max = from->max > into->max ? from->max : into->max;
    into->min_complement =
        from->min_complement > into->min_complement ? from->min_complement : into->min_complement;
    for (size_t i = 0; i < NG_HISTOGRAM_BUCKETS; i++) {
        into->buckets[i] = ngi_histogram_add(into->buckets[i], from->buckets[i]);
    }
    return NG_OK;
}

void ng_histogram_reset(ng_histogram *histogram) {
    if (histogram != NULL) {
        __builtin_memset(histogram, 0, sizeof *histogram);
    }
}

uint64_t ng_histogram_min(const ng_histogram *histogram) {
    return histogram != NULL && histogram->count > 0 ? ~histogram->min_complement : 0;
}

uint64_t ng_histogram_max(const ng_histogram *histogram) {
    return histogram != NULL ? histogram->max : 0;
}

uint64_t ng_histogram_edge(uint64_t value) {
    return value | ((UINT64_C(1) << ngi_histogram_shift(value)) - 1);
}

uint64_t ng_histogram_count_to(const ng_histogram *histogram, uint64_t edge) {
    uint64_t count = 0;
    if (histogram != NULL) {
        for (size_t i = 0; i <= ngi_histogram_index(edge); i++) {
            count = ngi_histogram_add(count, histogram->buckets[i]);
        }
    }
    return count;
}

/* The largest value of a bucket. */
static uint64_t ngi_histogram_high(size_t index) {
    const size_t row = index >> NG_HISTOGRAM_BITS;
    const unsigned shift = row > 0 ? (unsigned)row - 1 : 0;
    const uint64_t first = (uint64_t)(index - ((size_t)shift << NG_HISTOGRAM_BITS)) << shift;
    return first | ((UINT64_C(1) << shift) - 1);
}

/* Doubles are rounded as doubles, also where the machine's registers are wider. */
NGI_EXACT_BEGIN

double ng_histogram_mean(const ng_histogram *histogram) {
    return histogram != NULL && histogram->count > 0
               ? (double)histogram->sum / (double)histogram->count
               : 0;
}

/* ceil(q * count), from 1 to `count`. */
static uint64_t ngi_histogram_rank(double q, uint64_t count) {
    if (q >= 1) {
        return count;
    }
    if (!(q > 0)) {
        return 1;
    }
    const double place = q * (double)count;
    const uint64_t below = (uint64_t)place;
    const uint64_t rank = below + ((double)below < place);
    return rank < count ? rank : count;
}

uint64_t ng_histogram_quantile(const ng_histogram *histogram, double q) {
    if (histogram == NULL || histogram->count == 0) {
        return 0;
    }
    const uint64_t rank = ngi_histogram_rank(q, histogram->count);
    if (rank <= 1) {
        return ng_histogram_min(histogram);
    }
    size_t index = 0;
    uint64_t count = histogram->buckets[0];
    while (count < rank && index + 1 < NG_HISTOGRAM_BUCKETS) {
        count = ngi_histogram_add(count, histogram->buckets[++index]);
    }
    const uint64_t high = ngi_histogram_high(index);
    return high < histogram->max ? high : histogram->max;
}

NGI_EXACT_END

/* ---- counter.c ------------------------------------------------------------------------------- */

/* counter: gauges, whose arithmetic is that of doubles everywhere. */

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

/* ---- metrics.c ------------------------------------------------------------------------------- */

/* metrics: checks, sorts and writes a list of metrics. */

static size_t ngi_metrics_length(const char *text) {
    size_t size = 0;
    while (text[size] != '\0') {
        size++;
    }
    return size;
}

static int ngi_metrics_compare_texts(const char *a, const char *b) {
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static const char *ngi_metrics_type(ng_metric_kind kind) {
    switch (kind) {
    case NG_METRIC_COUNTER:
    case NG_METRIC_TOTAL:
        return "counter";
    case NG_METRIC_GAUGE:
    case NG_METRIC_LEVEL:
        return "gauge";
    case NG_METRIC_HISTOGRAM:
        return "histogram";
    default:
        return NULL;
    }
}

/* ---- checks: each answers what is wrong, or NULL --------------------------------------------- */

static bool ngi_metrics_is_name(const char *name) {
    if (name == NULL || *name == '\0' || (*name >= '0' && *name <= '9')) {
        return false;
    }
    for (; *name != '\0'; name++) {
        const char letter = (char)(*name | 0x20);
        if (!(letter >= 'a' && letter <= 'z') && !(*name >= '0' && *name <= '9') && *name != '_') {
            return false;
        }
    }
    return true;
}

static bool ngi_metrics_is_utf8(const char *text) {
    return text != NULL && ngi_utf8_is_valid(text, text + ngi_metrics_length(text));
}

/* The size of `text` without `ending` and an underscore before it; 0 if it ends otherwise. */
static size_t ngi_metrics_without(const char *text, size_t size, const char *ending) {
    const size_t most = ngi_metrics_length(ending);
    if (size < most + 2 || text[size - most - 1] != '_') {
        return 0;
    }
    for (size_t i = 0; i < most; i++) {
        if (text[size - most + i] != ending[i]) {
            return 0;
        }
    }
    return size - most - 1;
}

static const char *ngi_metrics_check_name(const ng_metric *metric) {
    if (!ngi_metrics_is_name(metric->name)) {
        return "the name is not made of letters, digits and underscores";
    }
    size_t size = ngi_metrics_length(metric->name);
    const size_t total = ngi_metrics_without(metric->name, size, "total");
    const char *const type = ngi_metrics_type(metric->kind);
    if (type == NULL) {
        return "the kind is none of NG_METRIC_*";
    }
    if ((type[0] == 'c') != (total > 0)) {
        return "counters, and only they, have a name that ends in _total";
    }
    if (ngi_metrics_without(metric->name, size, "bucket") > 0 ||
        ngi_metrics_without(metric->name, size, "count") > 0 ||
        ngi_metrics_without(metric->name, size, "sum") > 0) {
        return "the name ends in what histograms add to theirs";
    }
    size = total > 0 ? total : size;
    if (metric->unit != NULL && (!ngi_metrics_is_name(metric->unit) ||
                                 ngi_metrics_without(metric->name, size, metric->unit) == 0)) {
        return "the name does not end in the unit";
    }
    return NULL;
}

static const char *ngi_metrics_check_labels(const ng_metric *metric) {
    if (metric->label_count > 0 && metric->labels == NULL) {
        return "there are no labels behind the pointer";
    }
    for (size_t i = 0; i < metric->label_count; i++) {
        const ng_label *const label = &metric->labels[i];
        if (!ngi_metrics_is_name(label->name)) {
            return "a label's name is not made of letters, digits and underscores";
        }
        if (label->name[0] == '_' && label->name[1] == '_') {
            return "a label's name begins with two underscores";
        }
        if (metric->kind == NG_METRIC_HISTOGRAM &&
            ngi_metrics_compare_texts(label->name, "le") == 0) {
            return "a histogram's label is named le";
        }
        if (i > 0 && ngi_metrics_compare_texts(label[-1].name, label->name) >= 0) {
            return "the labels are not in ascending order of their names";
        }
        if (!ngi_metrics_is_utf8(label->value)) {
            return "a label's value is not UTF-8";
        }
        if (label->value[0] == '\0') {
            return "a label's value is empty, which means no label; leave it out";
        }
    }
    return NULL;
}

static const char *ngi_metrics_check_edges(const ng_metric *metric) {
    if (metric->edge_count > 0 && metric->kind != NG_METRIC_HISTOGRAM) {
        return "only histograms have edges";
    }
    if (metric->edge_count > 0 && metric->edges == NULL) {
        return "there are no edges behind the pointer";
    }
    for (size_t i = 1; i < metric->edge_count; i++) {
        if (ng_histogram_edge(metric->edges[i - 1]) >= ng_histogram_edge(metric->edges[i])) {
            return "the edges are not ascending, or two of them are the same bucket's";
        }
    }
    return NULL;
}

static const char *ngi_metrics_check(const ng_metric *metric) {
    const char *wrong = ngi_metrics_check_name(metric);
    if (wrong == NULL) {
        wrong = ngi_metrics_check_labels(metric);
    }
    if (wrong == NULL) {
        wrong = ngi_metrics_check_edges(metric);
    }
    if (wrong == NULL && !ngi_metrics_is_utf8(metric->help)) {
        wrong = "there is no help, or it is not UTF-8";
    }
    if (wrong == NULL && metric->value == NULL) {
        wrong = "there is no value behind the pointer";
    }
    return wrong;
}

static uint64_t ngi_metrics_divisor(const ng_metric *metric) {
    return metric->divisor > 0 ? metric->divisor : 1;
}

/* Of two neighbours with the same name. */
static const char *ngi_metrics_check_family(const ng_metric *a, const ng_metric *b) {
    if (ngi_metrics_type(a->kind) != ngi_metrics_type(b->kind)) {
        return "it has the name of a metric of another kind";
    }
    if (ngi_metrics_compare_texts(a->help, b->help) != 0 ||
        ngi_metrics_divisor(a) != ngi_metrics_divisor(b)) {
        return "it has the name of a metric with another help or divisor";
    }
    return NULL;
}

/* ---- order ----------------------------------------------------------------------------------- */

/* By name and then by labels. */
static int ngi_metrics_compare(const ng_metric *a, const ng_metric *b) {
    int order = ngi_metrics_compare_texts(a->name, b->name);
    for (size_t i = 0; order == 0; i++) {
        if (i == a->label_count || i == b->label_count) {
            return (a->label_count > i) - (b->label_count > i);
        }
        order = ngi_metrics_compare_texts(a->labels[i].name, b->labels[i].name);
        if (order == 0) {
            order = ngi_metrics_compare_texts(a->labels[i].value, b->labels[i].value);
        }
    }
    return order;
}

/* Moves what stands at `at` down a heap of `count`, the greatest on top. */
static void ngi_metrics_sift(const ng_metric *list, size_t *order, size_t at, size_t count) {
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count &&
            ngi_metrics_compare(&list[order[child]], &list[order[child + 1]]) < 0) {
            child++;
        }
        if (ngi_metrics_compare(&list[order[at]], &list[order[child]]) >= 0) {
            return;
        }
        const size_t moved = order[at];
        order[at] = order[child];
        order[child] = moved;
        at = child;
    }
}

static void ngi_metrics_sort(const ng_metric *list, size_t *order, size_t count) {
    for (size_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (size_t i = count / 2; i > 0; i--) {
        ngi_metrics_sift(list, order, i - 1, count);
    }
    for (size_t left = count; left > 1; left--) {
        const size_t greatest = order[0];
        order[0] = order[left - 1];
        order[left - 1] = greatest;
        ngi_metrics_sift(list, order, 0, left - 1);
    }
}

static ng_status ngi_metrics_refuse(ng_metrics *metrics, size_t metric, const char *message) {
    metrics->error.status = NG_INVALID;
    metrics->error.metric = metric;
    metrics->error.message = message;
    return NG_INVALID;
}

ng_status ng_metrics_init(ng_metrics *metrics, const ng_metric *list, size_t count, size_t *order) {
    if (metrics == NULL) {
        return NG_INVALID;
    }
    __builtin_memset(metrics, 0, sizeof *metrics);
    if (count > 0 && (list == NULL || order == NULL)) {
        return ngi_metrics_refuse(metrics, 0, NULL);
    }
    for (size_t i = 0; i < count; i++) {
        const char *const wrong = ngi_metrics_check(&list[i]);
        if (wrong != NULL) {
            return ngi_metrics_refuse(metrics, i, wrong);
        }
    }
    ngi_metrics_sort(list, order, count);
    for (size_t i = 1; i < count; i++) {
        const ng_metric *const before = &list[order[i - 1]], *const metric = &list[order[i]];
        const char *wrong = NULL;
        if (ngi_metrics_compare(before, metric) == 0) {
            wrong = "another metric has its name and labels";
        } else if (ngi_metrics_compare_texts(before->name, metric->name) == 0) {
            wrong = ngi_metrics_check_family(before, metric);
        }
        if (wrong != NULL) {
            return ngi_metrics_refuse(metrics, order[i], wrong);
        }
    }
    metrics->metrics = list;
    metrics->order = order;
    metrics->count = count;
    return NG_OK;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* The lines of a metric; the first two are its family's. */
enum {
    NGI_METRICS_HELP,
    NGI_METRICS_TYPE,
    NGI_METRICS_SAMPLE,
    NGI_METRICS_BUCKET,
    NGI_METRICS_REST, /* the bucket without an edge */
    NGI_METRICS_SUM,
    NGI_METRICS_COUNT
};

/* Where a line goes: its first `skip` bytes are out already, and what does not fit is cut. */
typedef struct ngi_metrics_output {
    char *out;
    size_t room, used, skip;
    bool cut;
} ngi_metrics_output;

static void ngi_metrics_put_bytes(ngi_metrics_output *output, const char *bytes, size_t size) {
    if (output->skip >= size) {
        output->skip -= size;
        return;
    }
    const size_t wanted = size - output->skip, left = output->room - output->used;
    const size_t fitting = wanted < left ? wanted : left;
    __builtin_memcpy(output->out + output->used, bytes + output->skip, fitting);
    output->used += fitting;
    output->skip = 0;
    output->cut |= fitting < wanted;
}

static void ngi_metrics_put(ngi_metrics_output *output, const char *text) {
    ngi_metrics_put_bytes(output, text, ngi_metrics_length(text));
}

/* A text with backslashes before what would end it. */
static void ngi_metrics_put_escaped(ngi_metrics_output *output, const char *text, bool quoted) {
    size_t size = 0;
    for (;; size++) {
        const char c = text[size];
        if (c == '\0' || c == '\\' || c == '\n' || (quoted && c == '"')) {
            ngi_metrics_put_bytes(output, text, size);
            if (c == '\0') {
                return;
            }
            ngi_metrics_put(output, c == '\\' ? "\\\\" : c == '\n' ? "\\n" : "\\\"");
            text += size + 1;
            size = (size_t)-1; /* the next is 0 */
        }
    }
}

/* Doubles are rounded as doubles, also where the machine's registers are wider. */
NGI_EXACT_BEGIN

static size_t ngi_metrics_write_double(char *out, double value) {
    if (value != value) {
        __builtin_memcpy(out, "NaN", 3);
        return 3;
    }
    if (value - value != 0) {
        __builtin_memcpy(out, value > 0 ? "+Inf" : "-Inf", 4);
        return 4;
    }
    return ng_write_f64(out, value);
}

static size_t ngi_metrics_write_gauge(char *out, const ng_metric *metric) {
    const double value = ng_gauge_read((const ng_gauge *)metric->value);
    return ngi_metrics_write_double(out, value / (double)ngi_metrics_divisor(metric));
}

static size_t ngi_metrics_write_value(char *out, uint64_t value, const ng_metric *metric) {
    const uint64_t divisor = ngi_metrics_divisor(metric);
    return divisor > 1 ? ngi_metrics_write_double(out, (double)value / (double)divisor)
                       : ng_write_u64(out, value);
}

NGI_EXACT_END

static const ng_metric *ngi_metrics_current(const ng_metrics *metrics) {
    return &metrics->metrics[metrics->order[metrics->at]];
}

static size_t ngi_metrics_edge_count(const ng_metric *metric) {
    return metric->edge_count > 0 ? metric->edge_count : NG_METRIC_EDGES;
}

static uint64_t ngi_metrics_edge(const ng_metric *metric, size_t edge) {
    return metric->edge_count > 0 ? ng_histogram_edge(metric->edges[edge])
                                  : (UINT64_C(1) << (2 * edge + 2)) - 1;
}

static uint64_t ngi_metrics_sample(const ng_metric *metric) {
    return metric->kind == NG_METRIC_COUNTER ? ng_counter_read((const ng_counter *)metric->value)
                                             : *(const uint64_t *)metric->value;
}

/* Gathers the buckets up to `end`. */
static void ngi_metrics_gather(ng_metrics *metrics, const ng_histogram *histogram, size_t end) {
    for (; metrics->bucket < end; metrics->bucket++) {
        metrics->gathered =
            ngi_histogram_add(metrics->gathered, histogram->buckets[metrics->bucket]);
    }
}

/* Takes the number of a new line. */
static void ngi_metrics_begin_line(ng_metrics *metrics) {
    const ng_metric *const metric = ngi_metrics_current(metrics);
    const ng_histogram *const histogram = (const ng_histogram *)metric->value;
    metrics->begun = true;
    metrics->given = 0;
    switch (metrics->line) {
    case NGI_METRICS_HELP:
    case NGI_METRICS_TYPE:
        return;
    case NGI_METRICS_SAMPLE:
        metrics->number_size =
            metric->kind == NG_METRIC_GAUGE
                ? ngi_metrics_write_gauge(metrics->number, metric)
                : ngi_metrics_write_value(metrics->number, ngi_metrics_sample(metric), metric);
        return;
    case NGI_METRICS_SUM:
        metrics->number_size = ngi_metrics_write_value(metrics->number, histogram->sum, metric);
        return;
    case NGI_METRICS_BUCKET:
        ngi_metrics_gather(metrics, histogram,
                           ngi_histogram_index(ngi_metrics_edge(metric, metrics->edge)) + 1);
        break;
    case NGI_METRICS_REST:
        ngi_metrics_gather(metrics, histogram, NG_HISTOGRAM_BUCKETS);
        break;
    default: /* the count is what the last bucket has */
        break;
    }
    metrics->number_size = ng_write_u64(metrics->number, metrics->gathered);
}

static void ngi_metrics_put_labels(ngi_metrics_output *output, const ng_metric *metric,
                                   const char *edge, size_t edge_size) {
    const char *before = "{";
    for (size_t i = 0; i < metric->label_count; i++) {
        ngi_metrics_put(output, before);
        ngi_metrics_put(output, metric->labels[i].name);
        ngi_metrics_put(output, "=\"");
        ngi_metrics_put_escaped(output, metric->labels[i].value, true);
        ngi_metrics_put(output, "\"");
        before = ",";
    }
    if (edge_size > 0) {
        ngi_metrics_put(output, before);
        ngi_metrics_put(output, "le=\"");
        ngi_metrics_put_bytes(output, edge, edge_size);
        ngi_metrics_put(output, "\"");
    }
    ngi_metrics_put(output, metric->label_count > 0 || edge_size > 0 ? "} " : " ");
}

static void ngi_metrics_put_line(ngi_metrics_output *output, const ng_metrics *metrics) {
    static const char *const endings[] = {"", "", "", "_bucket", "_bucket", "_sum", "_count"};
    const ng_metric *const metric = ngi_metrics_current(metrics);
    const int line = metrics->line;
    if (line == NGI_METRICS_HELP || line == NGI_METRICS_TYPE) {
        ngi_metrics_put(output, line == NGI_METRICS_HELP ? "# HELP " : "# TYPE ");
        ngi_metrics_put(output, metric->name);
        ngi_metrics_put(output, " ");
        ngi_metrics_put_escaped(
            output, line == NGI_METRICS_HELP ? metric->help : ngi_metrics_type(metric->kind),
            false);
        ngi_metrics_put(output, "\n");
        return;
    }
    char edge[NG_NUMBER_TEXT_MAX] = "+Inf";
    size_t edge_size = line == NGI_METRICS_REST ? 4 : 0;
    if (line == NGI_METRICS_BUCKET) {
        edge_size = ngi_metrics_write_value(edge, ngi_metrics_edge(metric, metrics->edge), metric);
    }
    ngi_metrics_put(output, metric->name);
    ngi_metrics_put(output, endings[line]);
    ngi_metrics_put_labels(output, metric, edge, edge_size);
    ngi_metrics_put_bytes(output, metrics->number, metrics->number_size);
    ngi_metrics_put(output, "\n");
}

static void ngi_metrics_begin_metric(ng_metrics *metrics) {
    const bool histogram = ngi_metrics_current(metrics)->kind == NG_METRIC_HISTOGRAM;
    metrics->line = histogram ? NGI_METRICS_BUCKET : NGI_METRICS_SAMPLE;
    metrics->edge = metrics->bucket = 0;
    metrics->gathered = 0;
}

/* Goes on to the next line. */
static void ngi_metrics_end_line(ng_metrics *metrics) {
    const ng_metric *const metric = ngi_metrics_current(metrics);
    metrics->begun = false;
    switch (metrics->line) {
    case NGI_METRICS_TYPE:
        ngi_metrics_begin_metric(metrics);
        return;
    case NGI_METRICS_SAMPLE:
    case NGI_METRICS_COUNT:
        break;
    case NGI_METRICS_BUCKET:
        metrics->edge++;
        metrics->line += metrics->edge == ngi_metrics_edge_count(metric);
        return;
    default:
        metrics->line++;
        return;
    }
    metrics->at++;
    metrics->line = NGI_METRICS_HELP;
    if (metrics->at < metrics->count &&
        ngi_metrics_compare_texts(metric->name, ngi_metrics_current(metrics)->name) == 0) {
        ngi_metrics_begin_metric(metrics);
    }
}

ng_status ng_metrics_write(ng_metrics *metrics, char *out, size_t room, size_t *written) {
    if (written != NULL) {
        *written = 0;
    }
    if (metrics == NULL || out == NULL || room == 0 || written == NULL) {
        return NG_INVALID;
    }
    ngi_metrics_output output = {out, room, 0, 0, false};
    while (metrics->at < metrics->count) {
        if (!metrics->begun) {
            ngi_metrics_begin_line(metrics);
        }
        const size_t used = output.used;
        output.skip = metrics->given;
        ngi_metrics_put_line(&output, metrics);
        metrics->given += output.used - used;
        if (output.cut) {
            *written = output.used;
            return NG_AGAIN;
        }
        ngi_metrics_end_line(metrics);
    }
    *written = output.used;
    return metrics->error.status;
}

void ng_metrics_rewind(ng_metrics *metrics) {
    if (metrics != NULL) {
        metrics->at = 0;
        metrics->line = NGI_METRICS_HELP;
        metrics->begun = false;
    }
}

/* ---- account.c ------------------------------------------------------------------------------- */

/* account: the law of conservation. */

/* Adds unless that exceeds the type. */
static bool ngi_account_add_field(uint64_t *into, uint64_t n) {
    const bool fits = n <= UINT64_MAX - *into;
    *into += fits ? n : 0;
    return fits;
}

bool ng_account_holds(const ng_account *account) {
    uint64_t sum = 0;
    return account != NULL && ngi_account_add_field(&sum, account->out) &&
           ngi_account_add_field(&sum, account->filtered) &&
           ngi_account_add_field(&sum, account->late) &&
           ngi_account_add_field(&sum, account->dropped) &&
           ngi_account_add_field(&sum, account->failed) &&
           ngi_account_add_field(&sum, account->held) &&
           ngi_account_add_field(&sum, account->in_flight) && sum == account->in;
}

ng_status ng_account_add(ng_account *into, const ng_account *from) {
    if (into == NULL || from == NULL) {
        return NG_INVALID;
    }
    ng_account sum = *into;
    if (!ngi_account_add_field(&sum.in, from->in) || !ngi_account_add_field(&sum.out, from->out) ||
        !ngi_account_add_field(&sum.filtered, from->filtered) ||
        !ngi_account_add_field(&sum.late, from->late) ||
        !ngi_account_add_field(&sum.dropped, from->dropped) ||
        !ngi_account_add_field(&sum.failed, from->failed) ||
        !ngi_account_add_field(&sum.held, from->held) ||
        !ngi_account_add_field(&sum.in_flight, from->in_flight)) {
        return NG_TOO_LARGE;
    }
    *into = sum;
    return NG_OK;
}

ng_status ng_account_metrics(const ng_account *account, const char *name,
                             ng_label labels[NG_ACCOUNT_METRICS][2],
                             ng_metric metrics[NG_ACCOUNT_METRICS]) {
    static const char *const fields[NG_ACCOUNT_METRICS] = {
        "in", "out", "filtered", "late", "dropped", "failed", "held", "in_flight"};
    if (account == NULL || name == NULL || labels == NULL || metrics == NULL) {
        return NG_INVALID;
    }
    const uint64_t *const values[NG_ACCOUNT_METRICS] = {
        &account->in,      &account->out,    &account->filtered, &account->late,
        &account->dropped, &account->failed, &account->held,     &account->in_flight};
    for (size_t i = 0; i < NG_ACCOUNT_METRICS; i++) {
        ng_metric *const metric = &metrics[i];
        const bool waits = i >= 6;
        __builtin_memset(metric, 0, sizeof *metric);
        metric->name = waits    ? "nagare_rows_waiting"
                       : i == 0 ? "nagare_rows_in_total"
                                : "nagare_rows_total";
        metric->help = waits    ? "Rows that an operator still has."
                       : i == 0 ? "Rows that an operator was given."
                                : "Rows that an operator is done with, by what became of them.";
        labels[i][0].name = "operator";
        labels[i][0].value = name;
        labels[i][1].name = waits ? "place" : "outcome";
        labels[i][1].value = fields[i];
        metric->labels = labels[i];
        metric->label_count = i == 0 ? 1 : 2;
        metric->kind = waits ? NG_METRIC_LEVEL : NG_METRIC_TOTAL;
        metric->value = values[i];
    }
    return NG_OK;
}

#if !NG_NO_RUNTIME

/* ---- loop.c ---------------------------------------------------------------------------------- */

/* loop: turns, waking, what other threads leave, and watches. */

/* ---- loop_parts.h ---------------------------------------------------------------------------- */

/* loop_parts: what the files of the loop need of each other. */

#if defined(__cplusplus)
extern "C" {
#endif

/* States of a loop. */
enum { NGI_OUTSIDE = 0, NGI_AWAKE = 1, NGI_WOKEN = 2 };

/* States of a task. */
enum {
    NGI_TASK_IDLE = 0,
    NGI_TASK_QUEUED = 1,
    NGI_TASK_RUNNING = 2,
    NGI_TASK_PARKED = 3,
    NGI_TASK_JOINING = 4,
    NGI_TASK_FINISHED = 5,
    NGI_TASK_ENDED_EARLY = 6 /* `after` of a task that was cancelled while it ran */
};

/* Runs the tasks that were queued before this call. */
void ngi_tasks_run(ng_loop *loop);

/* Makes the task run soon if it is idle, finished or resting. */
void ngi_task_notify(ng_loop *loop, ng_task *task);

void ngi_timers_init(ng_loop *loop);

/* Fires what is due at the loop's present. */
void ngi_timers_run(ng_loop *loop);

/* When the first timer is due, or, if it was stopped, would have been. */
ng_time ngi_timers_next(ng_loop *loop);

/* Leaves something at the loop, to be delivered in its next turn. Any thread. */
void ngi_loop_post(ng_loop *loop, ngi_post *post);

/* A bell that no one waits for. */
void ngi_bell_init(ngi_bell *bell, ng_loop *loop, void (*rung)(ngi_bell *bell));

/* Waits. What it waits for must be looked at once more after this: it is either seen then, or the
 * one who changes it sees that the bell is armed. */
static inline void ngi_bell_arm(ngi_bell *bell) {
    (void)__atomic_exchange_n(&bell->armed, 1, __ATOMIC_SEQ_CST);
}

static inline void ngi_bell_disarm(ngi_bell *bell) {
    __atomic_store_n(&bell->armed, 0, __ATOMIC_SEQ_CST);
}

/* Something has changed, by a sequentially consistent store: tells the one who waits, once each
 * time that it has begun to wait. Any thread. */
void ngi_bell_ring(ngi_bell *bell);

/* The same after stores of any order. */
static inline void ngi_bell_ring_after(ngi_bell *bell) {
    if (__atomic_fetch_or(&bell->armed, 0, __ATOMIC_SEQ_CST) != 0) {
        ngi_bell_ring(bell);
    }
}

/* The owner has given the loop something to do: between turns, what waits must know. */
static inline void ngi_loop_changed(ng_loop *loop) {
    if (!loop->in_turn) {
        ng_wake(loop);
    }
}

#if defined(__cplusplus)
}
#endif

ng_status ng_loop_init(ng_loop *loop, const ng_port *port) {
    if (loop == NULL || port == NULL || port->now == NULL || port->wait == NULL ||
        port->wake == NULL) {
        return NG_INVALID;
    }
    loop->port = *port;
    loop->now = port->now(port->ctx);
    loop->ready.first = loop->ready.last = NULL;
    loop->timers = loop->watches = loop->channels = 0;
    loop->inbox = NULL;
    loop->state = NGI_OUTSIDE;
    loop->stopping = 0;
    loop->turn = 0;
    loop->in_turn = loop->woken = loop->stopped = false;
    ngi_timers_init(loop);
    return NG_OK;
}

ng_time ng_loop_now(ng_loop *loop) {
    if (loop == NULL) {
        return 0;
    }
    if (!loop->in_turn) {
        const ng_time now = loop->port.now(loop->port.ctx);
        if (now > loop->now) {
            loop->now = now;
        }
    }
    return loop->now;
}

/* Of those who wake a loop that is between turns the first tells the port; during a turn the loop
 * finds out at its end. */
void ng_wake(ng_loop *loop) {
    if (loop != NULL &&
        __atomic_exchange_n(&loop->state, NGI_WOKEN, __ATOMIC_SEQ_CST) == NGI_OUTSIDE) {
        loop->port.wake(loop->port.ctx);
    }
}

void ng_loop_stop(ng_loop *loop) {
    if (loop != NULL) {
        __atomic_store_n(&loop->stopping, 1, __ATOMIC_SEQ_CST);
        ng_wake(loop);
    }
}

void ngi_loop_post(ng_loop *loop, ngi_post *post) {
    ngi_post *first = __atomic_load_n(&loop->inbox, __ATOMIC_RELAXED);
    do {
        post->next = first;
    } while (!__atomic_compare_exchange_n(&loop->inbox, &first, post, true, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    ng_wake(loop);
}

void ngi_bell_init(ngi_bell *bell, ng_loop *loop, void (*rung)(ngi_bell *bell)) {
    bell->loop = loop;
    bell->rung = rung;
    bell->armed = bell->posted = 0;
}

static void ngi_bell_deliver(ngi_post *post) {
    ngi_bell *const bell = (ngi_bell *)(void *)post; /* its first field */
    (void)__atomic_exchange_n(&bell->posted, 0, __ATOMIC_SEQ_CST);
    bell->rung(bell);
}

void ngi_bell_ring(ngi_bell *bell) {
    if (bell->loop != NULL && __atomic_load_n(&bell->armed, __ATOMIC_SEQ_CST) != 0 &&
        __atomic_exchange_n(&bell->armed, 0, __ATOMIC_SEQ_CST) != 0 &&
        __atomic_exchange_n(&bell->posted, 1, __ATOMIC_SEQ_CST) == 0) {
        bell->post.deliver = ngi_bell_deliver;
        ngi_loop_post(bell->loop, &bell->post);
    }
}

/* The inbox is a stack: what was left first comes last. */
static void ngi_loop_deliver(ng_loop *loop) {
    ngi_post *post = __atomic_exchange_n(&loop->inbox, NULL, __ATOMIC_SEQ_CST), *in_order = NULL;
    while (post != NULL) {
        ngi_post *next = post->next;
        post->next = in_order;
        in_order = post;
        post = next;
    }
    while (in_order != NULL) {
        ngi_post *next = in_order->next;
        in_order->deliver(in_order);
        in_order = next;
    }
}

static bool ngi_loop_is_idle(const ng_loop *loop) {
    return loop->ready.first == NULL && loop->timers == 0 && loop->watches == 0 &&
           loop->channels == 0 && !loop->woken;
}

/* A turn without the wait. Whether there is a reason to go on. */
static bool ngi_loop_pass(ng_loop *loop) {
    ng_loop_now(loop);
    loop->in_turn = true;
    __atomic_exchange_n(&loop->state, NGI_AWAKE, __ATOMIC_SEQ_CST);
    ngi_loop_deliver(loop);
    ngi_timers_run(loop);
    ngi_tasks_run(loop);
    loop->in_turn = false;
    loop->woken = __atomic_exchange_n(&loop->state, NGI_OUTSIDE, __ATOMIC_SEQ_CST) == NGI_WOKEN;
    loop->stopped = __atomic_exchange_n(&loop->stopping, 0, __ATOMIC_SEQ_CST) != 0;
    return !loop->stopped && !ngi_loop_is_idle(loop);
}

ng_time ng_loop_next(ng_loop *loop) {
    if (loop == NULL) {
        return NG_FOREVER;
    }
    return loop->ready.first != NULL || loop->woken ? loop->now : ngi_timers_next(loop);
}

static ng_status ngi_loop_wait(ng_loop *loop, ng_time until) {
    if (loop->ready.first != NULL || loop->woken) {
        until = NG_NOW;
    } else if (until != NG_NOW) {
        const ng_time next = ngi_timers_next(loop);
        until = next < until ? next : until;
    }
    return loop->port.wait(loop->port.ctx, until);
}

ng_status ng_loop_turn(ng_loop *loop, ng_time until) {
    if (loop == NULL) {
        return NG_INVALID;
    }
    if (loop->in_turn) {
        return NG_MISUSED;
    }
    if (!ngi_loop_pass(loop)) {
        return NG_END;
    }
    const ng_status status = ngi_loop_wait(loop, until);
    return status < 0 ? status : NG_OK;
}

ng_status ng_loop_run(ng_loop *loop) {
    if (loop == NULL) {
        return NG_INVALID;
    }
    if (loop->in_turn) {
        return NG_MISUSED;
    }
    while (ngi_loop_pass(loop)) {
        const ng_status status = ngi_loop_wait(loop, NG_FOREVER);
        if (status != NG_OK) {
            return status;
        }
    }
    return NG_OK;
}

/* ---- watches ---- */

static void ngi_watch_run(ng_task *task) {
    ng_watch *watch = (ng_watch *)task->ctx;
    const unsigned seen = watch->seen;
    watch->seen = 0;
    watch->ready(watch, seen);
}

ng_status ng_watch_start(ng_loop *loop, ng_watch *watch) {
    if (loop == NULL || watch == NULL || watch->ready == NULL || watch->file < 0 ||
        watch->events == 0 || watch->events > (NG_READABLE | NG_WRITABLE)) {
        return NG_INVALID;
    }
    if (watch->loop != NULL) {
        return NG_MISUSED;
    }
    if (loop->port.watch == NULL || loop->port.unwatch == NULL) {
        return NG_UNSUPPORTED;
    }
    const ng_status status = loop->port.watch(loop->port.ctx, watch);
    if (status == NG_OK) {
        watch->loop = loop;
        watch->seen = 0;
        watch->task.run = ngi_watch_run;
        watch->task.ctx = watch;
        loop->watches++;
        ngi_loop_changed(loop);
    }
    return status;
}

void ng_watch_stop(ng_watch *watch) {
    if (watch != NULL && watch->loop != NULL) {
        watch->loop->port.unwatch(watch->loop->port.ctx, watch);
        watch->loop->watches--;
        watch->loop = NULL;
        ng_task_cancel(&watch->task);
    }
}

void ng_watch_ready(ng_watch *watch, unsigned events) {
    if (watch != NULL && watch->loop != NULL && events != 0) {
        watch->seen |= events;
        ngi_task_notify(watch->loop, &watch->task);
    }
}

/* ---- threads ---- */

ng_status ng_thread_start(const ng_port *port, ng_thread *thread) {
    if (port == NULL || thread == NULL || thread->run == NULL) {
        return NG_INVALID;
    }
    if (thread->started) {
        return NG_MISUSED;
    }
    if (port->start_thread == NULL || port->join_thread == NULL) {
        return NG_UNSUPPORTED;
    }
    const ng_status status = port->start_thread(port->ctx, thread);
    thread->started = status == NG_OK;
    return status;
}

ng_status ng_thread_join(const ng_port *port, ng_thread *thread) {
    if (port == NULL || thread == NULL) {
        return NG_INVALID;
    }
    if (!thread->started || port->join_thread == NULL) {
        return NG_MISUSED;
    }
    const ng_status status = port->join_thread(port->ctx, thread);
    thread->started = status != NG_OK;
    return status;
}

/* ---- loop_tasks.c ---------------------------------------------------------------------------- */

/* loop_tasks: tasks and deadlines. */

static void ngi_tasks_append(ngi_tasks *list, ng_task *task) {
    task->next = NULL;
    task->previous = list->last;
    if (list->last != NULL) {
        list->last->next = task;
    } else {
        list->first = task;
    }
    list->last = task;
}

static void ngi_tasks_remove(ngi_tasks *list, ng_task *task) {
    if (task->previous != NULL) {
        task->previous->next = task->next;
    } else {
        list->first = task->next;
    }
    if (task->next != NULL) {
        task->next->previous = task->previous;
    } else {
        list->last = task->previous;
    }
}

static void ngi_task_queue(ng_task *task) {
    task->state = NGI_TASK_QUEUED;
    task->turn = task->loop->turn;
    ngi_tasks_append(&task->loop->ready, task);
    ngi_loop_changed(task->loop);
}

static void ngi_task_finish(ng_task *task, ng_status status) {
    task->state = NGI_TASK_FINISHED;
    task->status = status;
    while (task->waiters.first != NULL) {
        ng_task *waiter = task->waiters.first;
        ngi_tasks_remove(&task->waiters, waiter);
        waiter->joined = NULL;
        if (waiter->state == NGI_TASK_RUNNING) {
            waiter->after = NGI_TASK_QUEUED;
        } else {
            ngi_task_queue(waiter);
        }
    }
}

static bool ngi_task_is_done(const ng_task *task) {
    return task->state == NGI_TASK_IDLE || task->state == NGI_TASK_FINISHED;
}

/* Takes the task out of whatever it waits for. */
static void ngi_task_detach(ng_task *task) {
    if (task->joined != NULL) {
        ngi_tasks_remove(&task->joined->waiters, task);
        task->joined = NULL;
    }
    if (task->sleeping != NULL) {
        ng_timer *timer = task->sleeping;
        task->sleeping = NULL;
        ng_timer_stop(timer);
    }
}

ng_status ng_spawn(ng_loop *loop, ng_task *task) {
    if (loop == NULL || task == NULL || task->run == NULL) {
        return NG_INVALID;
    }
    if (!ngi_task_is_done(task)) {
        return NG_MISUSED;
    }
    task->loop = loop;
    task->status = NG_OK;
    ngi_task_queue(task);
    return NG_OK;
}

/* What the running task does next, if nothing is decided yet. */
static ng_status ngi_task_goes_on(ng_task *task, uint8_t after) {
    if (task == NULL) {
        return NG_INVALID;
    }
    if (task->state != NGI_TASK_RUNNING) {
        return NG_MISUSED;
    }
    if (task->after == NGI_TASK_ENDED_EARLY) {
        return NG_CANCELLED;
    }
    if (task->after != NGI_TASK_FINISHED && task->after != after) {
        return NG_MISUSED;
    }
    task->after = after;
    return NG_OK;
}

ng_status ng_yield(ng_task *task) { return ngi_task_goes_on(task, NGI_TASK_QUEUED); }

ng_status ng_task_park(ng_task *task) { return ngi_task_goes_on(task, NGI_TASK_PARKED); }

static void ngi_task_slept(ng_timer *timer) {
    ng_task *task = (ng_task *)timer->ctx;
    task->sleeping = NULL;
    ngi_task_queue(task);
}

ng_status ng_task_sleep(ng_task *task, ng_timer *timer, ng_time duration) {
    if (task == NULL || timer == NULL || duration < 0) {
        return NG_INVALID;
    }
    if (timer->loop != NULL || task->sleeping != NULL) {
        return NG_MISUSED;
    }
    const ng_status status = ngi_task_goes_on(task, NGI_TASK_PARKED);
    if (status != NG_OK) {
        return status;
    }
    timer->fire = ngi_task_slept;
    timer->ctx = task;
    task->sleeping = timer;
    return ng_timer_after(task->loop, timer, duration);
}

ng_status ng_task_resume(ng_task *task) {
    if (task == NULL) {
        return NG_INVALID;
    }
    if (task->state == NGI_TASK_QUEUED ||
        (task->state == NGI_TASK_RUNNING && task->after == NGI_TASK_QUEUED)) {
        return NG_OK;
    }
    if (task->state == NGI_TASK_RUNNING && task->after == NGI_TASK_PARKED) {
        ngi_task_detach(task);
        task->after = NGI_TASK_QUEUED;
        return NG_OK;
    }
    if (task->state != NGI_TASK_PARKED) {
        return NG_MISUSED;
    }
    ngi_task_detach(task);
    ngi_task_queue(task);
    return NG_OK;
}

void ngi_task_notify(ng_loop *loop, ng_task *task) {
    if (ngi_task_is_done(task)) {
        task->loop = loop;
        task->status = NG_OK;
        ngi_task_queue(task);
    } else if (task->state == NGI_TASK_PARKED) {
        ngi_task_detach(task);
        ngi_task_queue(task);
    }
}

ng_status ng_task_join(ng_task *task, ng_task *waiter) {
    if (task == NULL || waiter == NULL || task == waiter || waiter->run == NULL) {
        return NG_INVALID;
    }
    if (task->loop == NULL) {
        return NG_MISUSED;
    }
    const bool runs = waiter->state == NGI_TASK_RUNNING;
    if (!ngi_task_is_done(waiter) && waiter->loop != task->loop) {
        return NG_INVALID;
    }
    if (runs) {
        const ng_status status = ngi_task_goes_on(waiter, NGI_TASK_JOINING);
        if (status != NG_OK || waiter->joined != NULL) {
            return status == NG_OK ? NG_MISUSED : status;
        }
    } else if (waiter->state == NGI_TASK_QUEUED || waiter->state == NGI_TASK_JOINING) {
        return NG_MISUSED;
    }
    ngi_task_detach(waiter);
    waiter->loop = task->loop;
    if (ngi_task_is_done(task)) {
        if (runs) {
            waiter->after = NGI_TASK_QUEUED;
        } else {
            ngi_task_queue(waiter);
        }
        return NG_OK;
    }
    if (!runs) {
        waiter->state = NGI_TASK_JOINING;
    }
    waiter->joined = task;
    ngi_tasks_append(&task->waiters, waiter);
    return NG_OK;
}

void ng_task_cancel(ng_task *task) {
    if (task == NULL || ngi_task_is_done(task)) {
        return;
    }
    ngi_task_detach(task);
    if (task->state == NGI_TASK_RUNNING) {
        task->after = NGI_TASK_ENDED_EARLY;
        return;
    }
    if (task->state == NGI_TASK_QUEUED) {
        ngi_tasks_remove(&task->loop->ready, task);
    }
    ngi_task_finish(task, NG_CANCELLED);
}

bool ng_task_is_pending(const ng_task *task) { return task != NULL && !ngi_task_is_done(task); }

static void ngi_task_run(ng_task *task) {
    task->state = NGI_TASK_RUNNING;
    task->after = NGI_TASK_FINISHED;
    task->run(task);
    switch (task->after) {
    case NGI_TASK_QUEUED:
        ngi_task_queue(task);
        break;
    case NGI_TASK_PARKED:
    case NGI_TASK_JOINING:
        task->state = task->after;
        break;
    default:
        ngi_task_finish(task, task->after == NGI_TASK_FINISHED ? NG_OK : NG_CANCELLED);
    }
}

void ngi_tasks_run(ng_loop *loop) {
    const uint32_t turn = ++loop->turn;
    while (loop->ready.first != NULL && loop->ready.first->turn != turn) {
        ng_task *task = loop->ready.first;
        ngi_tasks_remove(&loop->ready, task);
        ngi_task_run(task);
    }
}

/* ---- deadlines ---- */

static void ngi_deadline_joined(ng_task *waiter) {
    ng_deadline *deadline = (ng_deadline *)waiter->ctx;
    const ng_status status = deadline->task->status;
    ng_timer_stop(&deadline->timer);
    deadline->task = NULL;
    deadline->done(deadline, status);
}

/* A task that has finished in the same turn was in time. */
static void ngi_deadline_passed(ng_timer *timer) {
    ng_deadline *deadline = (ng_deadline *)timer->ctx;
    if (deadline->waiter.state == NGI_TASK_JOINING) {
        ng_deadline_stop(deadline);
        deadline->done(deadline, NG_TIMEOUT);
    }
}

ng_status ng_deadline_start(ng_deadline *deadline, ng_task *task, ng_time when) {
    if (deadline == NULL || task == NULL || deadline->done == NULL) {
        return NG_INVALID;
    }
    if (deadline->task != NULL) {
        return NG_MISUSED;
    }
    deadline->waiter.run = ngi_deadline_joined;
    deadline->waiter.ctx = deadline;
    const ng_status status = ng_task_join(task, &deadline->waiter);
    if (status != NG_OK) {
        return status;
    }
    deadline->task = task;
    deadline->timer.fire = ngi_deadline_passed;
    deadline->timer.ctx = deadline;
    return ng_timer_at(task->loop, &deadline->timer, when);
}

void ng_deadline_stop(ng_deadline *deadline) {
    if (deadline != NULL && deadline->task != NULL) {
        deadline->task = NULL;
        ng_timer_stop(&deadline->timer);
        ng_task_cancel(&deadline->waiter);
    }
}

/* ---- loop_timers.c --------------------------------------------------------------------------- */

/* loop_timers: when which timer fires. */

static uint64_t ngi_key_of(ng_time when) { return (uint64_t)when ^ (uint64_t)1 << 63; }

static ng_time ngi_time_of(uint64_t key) { return (ng_time)(key ^ (uint64_t)1 << 63); }

void ngi_timers_init(ng_loop *loop) {
    ngi_wheel *wheel = &loop->wheel;
    wheel->now = wheel->present = ngi_key_of(loop->now);
    wheel->earliest_known = false;
    wheel->earliest = UINT64_MAX;
    wheel->levels = 0;
    wheel->collecting = 0;
    for (size_t level = 0; level < NGI_WHEEL_LEVELS; level++) {
        wheel->filled[level] = 0;
        for (size_t i = 0; i < NGI_WHEEL_AHEAD; i++) {
            wheel->ahead[level][i] = NULL;
        }
    }
    for (size_t i = 0; i < 2; i++) {
        wheel->late[i].first = wheel->late[i].last = NULL;
    }
}

static unsigned ngi_digit(uint64_t key, unsigned level) {
    return (unsigned)(key >> level * NGI_WHEEL_BITS) & (NGI_WHEEL_SLOTS - 1);
}

static void ngi_slot_append(ngi_slot *slot, ng_timer *timer, bool is_empty) {
    timer->next = NULL;
    if (is_empty) {
        timer->previous = NULL;
        slot->first = timer;
    } else {
        timer->previous = slot->last;
        slot->last->next = timer;
    }
    slot->last = timer;
}

/* Where a timer stands that is not late: `now` never moves so that this changes. */
static unsigned ngi_level_of(const ngi_wheel *wheel, uint64_t key) {
    const uint64_t differs = (key ^ wheel->now) | 1;
    return (unsigned)(63 - __builtin_clzll(differs)) / NGI_WHEEL_BITS;
}

/* Puts a timer that is later than the wheel's `now` into its slot. */
static void ngi_wheel_put(ngi_wheel *wheel, ng_timer *timer) {
    const unsigned level = ngi_level_of(wheel, timer->key);
    const unsigned digit = ngi_digit(timer->key, level);
    const uint64_t bit = (uint64_t)1 << digit;
    ngi_slot_append(&wheel->slots[level][digit], timer, (wheel->filled[level] & bit) == 0);
    wheel->filled[level] |= bit;
    wheel->levels |= 1u << level;
}

/* The list that `timer` is the first or the last of. */
static ngi_slot *ngi_slot_of(ngi_wheel *wheel, const ng_timer *timer, unsigned level) {
    for (size_t i = 0; i < 2; i++) {
        if (wheel->late[i].first == timer || wheel->late[i].last == timer) {
            return &wheel->late[i];
        }
    }
    return &wheel->slots[level][ngi_digit(timer->key, level)];
}

static void ngi_wheel_emptied(ngi_wheel *wheel, unsigned level, unsigned digit) {
    wheel->filled[level] &= ~((uint64_t)1 << digit);
    if (wheel->filled[level] == 0) {
        wheel->levels &= ~(1u << level);
    }
}

static void ngi_slot_take(ngi_wheel *wheel, ng_timer *timer, unsigned level) {
    ngi_slot *const slot = ngi_slot_of(wheel, timer, level);
    if (timer->previous == NULL) {
        slot->first = timer->next;
    } else {
        timer->previous->next = NULL;
    }
    if (timer->next == NULL) {
        slot->last = timer->previous;
    } else {
        timer->next->previous = NULL;
    }
    if (slot->first == NULL && slot != &wheel->late[0] && slot != &wheel->late[1]) {
        ngi_wheel_emptied(wheel, level, ngi_digit(timer->key, level));
    }
}

static void ngi_wheel_take(ng_loop *loop, ng_timer *timer) {
    ngi_wheel *const wheel = &loop->wheel;
    const unsigned level = ngi_level_of(wheel, timer->key);
    ng_timer **const ahead = &wheel->ahead[level][ngi_digit(timer->key, level) % NGI_WHEEL_AHEAD];
    if (*ahead == timer) {
        *ahead = timer->next;
    }
    if (timer->previous != NULL && timer->next != NULL) {
        timer->previous->next = timer->next;
        timer->next->previous = timer->previous;
    } else {
        ngi_slot_take(wheel, timer, level);
    }
    timer->loop = NULL;
    loop->timers--;
}

/* Reads on in one of the lists that follow. */
static void ngi_wheel_look_ahead(ng_timer **ahead) {
    if (*ahead != NULL) {
        *ahead = (*ahead)->next;
        __builtin_prefetch(*ahead, 1);
    }
}

/* Moves what stands in a slot, of level 1 or above, to the levels below. */
static void ngi_wheel_spread(ngi_wheel *wheel, unsigned level, unsigned digit) {
    ng_timer **const ahead = wheel->ahead[level];
    ng_timer *timer = wheel->slots[level][digit].first;
    const unsigned later = digit + NGI_WHEEL_AHEAD;
    const bool follows = later < NGI_WHEEL_SLOTS && (wheel->filled[level] >> later & 1) != 0;
    ahead[digit % NGI_WHEEL_AHEAD] = follows ? wheel->slots[level][later].first : NULL;
    ngi_wheel_emptied(wheel, level, digit);
    for (unsigned turn = digit; timer != NULL; turn++) {
        ng_timer *const next = timer->next;
        ngi_wheel_look_ahead(&ahead[turn % NGI_WHEEL_AHEAD]);
        ngi_wheel_put(wheel, timer);
        timer = next;
    }
}

/* The first timer that is due at `limit`, taken out, or NULL. */
static ng_timer *ngi_wheel_pop(ng_loop *loop, uint64_t limit) {
    ngi_wheel *wheel = &loop->wheel;
    while (wheel->levels != 0) {
        const unsigned level = (unsigned)__builtin_ctz(wheel->levels);
        const unsigned digit = (unsigned)__builtin_ctzll(wheel->filled[level]);
        ng_timer *timer = wheel->slots[level][digit].first;
        /* A timer that is alone needs no way down through the levels. */
        if (level == 0 || timer->next == NULL) {
            if (timer->key > limit) {
                return NULL;
            }
            ngi_wheel_take(loop, timer);
            wheel->now = wheel->present = timer->key;
            return timer;
        }
        const uint64_t begins = timer->key >> level * NGI_WHEEL_BITS << level * NGI_WHEEL_BITS;
        if (begins > limit) {
            return NULL;
        }
        wheel->now = begins;
        ngi_wheel_spread(wheel, level, digit);
    }
    return NULL;
}

static void ngi_timer_set(ng_loop *loop, ng_timer *timer, uint64_t key) {
    ngi_wheel *wheel = &loop->wheel;
    timer->loop = loop;
    timer->key = key;
    loop->timers++;
    if (key <= wheel->present) {
        ngi_slot *late = &wheel->late[wheel->collecting];
        ngi_slot_append(late, timer, late->first == NULL);
    } else {
        ngi_wheel_put(wheel, timer);
    }
    if (key < wheel->earliest) {
        wheel->earliest = key;
    }
}

static void ngi_timer_fire(ng_loop *loop, ng_timer *timer) {
    if (timer->period > 0) {
        const ng_time due = ngi_time_of(timer->key);
        ng_time next = ng_time_add(due, timer->period);
        if (next <= loop->now) {
            const uint64_t behind = (uint64_t)loop->now - (uint64_t)next;
            const uint64_t missed = behind / (uint64_t)timer->period + 1;
            timer->missed += missed;
            next =
                ng_time_add(loop->now, timer->period - (ng_time)(behind % (uint64_t)timer->period));
        }
        ngi_timer_set(loop, timer, ngi_key_of(next));
    }
    timer->fire(timer);
}

void ngi_timers_run(ng_loop *loop) {
    ngi_wheel *wheel = &loop->wheel;
    const uint64_t limit = ngi_key_of(loop->now);
    if (wheel->earliest > limit) {
        wheel->present = limit;
        return;
    }
    wheel->earliest_known = false;
    ngi_slot *late = &wheel->late[wheel->collecting];
    wheel->collecting ^= 1;
    while (late->first != NULL) {
        ng_timer *timer = late->first;
        ngi_wheel_take(loop, timer);
        ngi_timer_fire(loop, timer);
    }
    for (;;) {
        ng_timer *timer = ngi_wheel_pop(loop, limit);
        if (timer == NULL) {
            break;
        }
        ngi_timer_fire(loop, timer);
    }
    wheel->present = limit;
}

static uint64_t ngi_wheel_earliest(const ngi_wheel *wheel) {
    if (wheel->late[wheel->collecting].first != NULL) {
        return wheel->present;
    }
    if (wheel->levels == 0) {
        return UINT64_MAX;
    }
    const unsigned level = (unsigned)__builtin_ctz(wheel->levels);
    const ng_timer *timer =
        wheel->slots[level][(unsigned)__builtin_ctzll(wheel->filled[level])].first;
    uint64_t earliest = timer->key;
    for (; timer != NULL && level > 0; timer = timer->next) {
        earliest = timer->key < earliest ? timer->key : earliest;
    }
    return earliest;
}

ng_time ngi_timers_next(ng_loop *loop) {
    ngi_wheel *wheel = &loop->wheel;
    if (!wheel->earliest_known || loop->timers == 0) {
        wheel->earliest = ngi_wheel_earliest(wheel);
        wheel->earliest_known = true;
    }
    return ngi_time_of(wheel->earliest);
}

ng_status ng_timer_at(ng_loop *loop, ng_timer *timer, ng_time when) {
    if (loop == NULL || timer == NULL || timer->fire == NULL) {
        return NG_INVALID;
    }
    if (timer->loop != NULL && timer->loop != loop) {
        return NG_MISUSED;
    }
    ng_timer_stop(timer);
    timer->period = 0;
    timer->missed = 0;
    ngi_timer_set(loop, timer, ngi_key_of(when));
    ngi_loop_changed(loop);
    return NG_OK;
}

ng_status ng_timer_after(ng_loop *loop, ng_timer *timer, ng_time delay) {
    if (delay < 0) {
        return NG_INVALID;
    }
    return ng_timer_at(loop, timer, ng_time_add(ng_loop_now(loop), delay));
}

ng_status ng_timer_every(ng_loop *loop, ng_timer *timer, ng_time period) {
    if (period <= 0) {
        return NG_INVALID;
    }
    const ng_status status = ng_timer_at(loop, timer, ng_loop_now(loop));
    if (status == NG_OK) {
        timer->period = period;
    }
    return status;
}

void ng_timer_stop(ng_timer *timer) {
    if (timer != NULL && timer->loop != NULL) {
        ngi_wheel_take(timer->loop, timer);
    }
}

/* ---- channel.c ------------------------------------------------------------------------------- */

/* channel: a ring of slots that many threads fill and one empties. */

/* A count, the item, and what aligns the next count. 0: too large. */
static size_t ngi_slot_size(size_t item_size) {
    const size_t more = 2 * sizeof(size_t) - 1;
    return item_size > SIZE_MAX - more ? 0 : (item_size + more) / sizeof(size_t) * sizeof(size_t);
}

size_t ng_channel_size(size_t capacity, size_t item_size) {
    const size_t slot_size = ngi_slot_size(item_size);
    /* Counts go up in steps of 2, and must tell a full ring from an empty one. */
    if (capacity == 0 || (capacity & (capacity - 1)) != 0 || capacity > SIZE_MAX / 8 ||
        item_size == 0 || slot_size == 0 || slot_size > SIZE_MAX / 2 / capacity) {
        return 0;
    }
    return capacity * slot_size;
}

static size_t *ngi_slot_count(const ng_channel *channel, size_t count) {
    return (size_t *)(void *)(channel->slots + (count >> 1 & channel->mask) * channel->slot_size);
}

static void ngi_channel_rung(ngi_bell *bell) {
    ng_channel *const channel =
        (ng_channel *)(void *)((unsigned char *)bell - offsetof(ng_channel, bell));
    if (channel->reader != NULL) {
        ngi_task_notify(bell->loop, channel->reader);
    }
}

static bool ngi_channel_may_listen(const ng_loop *loop, const ng_task *reader) {
    return (loop == NULL) == (reader == NULL) &&
           (reader == NULL || (reader->run != NULL && !ng_task_is_pending(reader)));
}

static void ngi_channel_set_reader(ng_channel *channel, ng_loop *loop, ng_task *reader) {
    ngi_bell_init(&channel->bell, loop, ngi_channel_rung);
    channel->bell.armed = 1;
    channel->reader = reader;
    if (loop != NULL) {
        loop->channels++;
    }
}

ng_status ng_channel_init(ng_channel *channel, void *block, size_t block_size, size_t capacity,
                          size_t item_size, ng_loop *loop, ng_task *reader) {
    const size_t size = ng_channel_size(capacity, item_size);
    if (channel == NULL || block == NULL || (uintptr_t)block % sizeof(size_t) != 0 || size == 0 ||
        block_size < size || !ngi_channel_may_listen(loop, reader)) {
        return NG_INVALID;
    }
    channel->slots = (unsigned char *)block;
    channel->mask = capacity - 1;
    channel->item_size = item_size;
    channel->slot_size = ngi_slot_size(item_size);
    channel->sent = channel->received = 0;
    channel->waits = NULL;
    channel->ended = false;
    for (size_t i = 0; i < capacity; i++) {
        *ngi_slot_count(channel, 2 * i) = 2 * i;
    }
    ngi_channel_set_reader(channel, loop, reader);
    return NG_OK;
}

static bool ngi_channel_has_item(const ng_channel *channel) {
    const size_t at = channel->received;
    return __atomic_load_n(ngi_slot_count(channel, at), __ATOMIC_SEQ_CST) == at + 1;
}

ng_status ng_channel_listen(ng_channel *channel, ng_loop *loop, ng_task *reader) {
    if (channel == NULL || !ngi_channel_may_listen(loop, reader)) {
        return NG_INVALID;
    }
    if (channel->bell.loop != NULL && !channel->ended) {
        channel->bell.loop->channels--;
    }
    ngi_channel_set_reader(channel, loop, reader);
    const bool closed = (__atomic_load_n(&channel->sent, __ATOMIC_SEQ_CST) & 1) != 0;
    if (ngi_channel_has_item(channel) || closed) {
        ngi_bell_ring(&channel->bell);
    }
    return NG_OK;
}

/* ---- sending --------------------------------------------------------------------------------- */

ng_status ng_send(ng_channel *channel, const void *item) {
    if (channel == NULL || item == NULL) {
        return NG_INVALID;
    }
    size_t at = __atomic_load_n(&channel->sent, __ATOMIC_RELAXED);
    for (;;) {
        if ((at & 1) != 0) {
            return NG_CLOSED;
        }
        size_t *count = ngi_slot_count(channel, at);
        const size_t free_for = __atomic_load_n(count, __ATOMIC_ACQUIRE);
        if (free_for == at) {
            if (__atomic_compare_exchange_n(&channel->sent, &at, at + 2, true, __ATOMIC_RELAXED,
                                            __ATOMIC_RELAXED)) {
                __builtin_memcpy(count + 1, item, channel->item_size);
                /* Sequentially consistent, as is the receiver's announcement that it waits: one of
                 * both sees the other. */
                __atomic_store_n(count, at + 1, __ATOMIC_SEQ_CST);
                ngi_bell_ring(&channel->bell);
                return NG_OK;
            }
        } else if (at - free_for <= SIZE_MAX / 2) {
            return NG_AGAIN; /* it holds an item of a round ago */
        } else {
            at = __atomic_load_n(&channel->sent, __ATOMIC_RELAXED);
        }
    }
}

static void ngi_channel_wait_rung(ngi_bell *bell) {
    ng_channel_wait *const wait = (ng_channel_wait *)(void *)bell; /* its first field */
    ng_task *const task = wait->task;
    wait->waiting = false;
    wait->task = NULL;
    if (task != NULL) {
        ngi_task_notify(bell->loop, task);
    }
}

/* There is room, or there will be none: tells all who wait for it. */
static void ngi_channel_tell_senders(ng_channel *channel) {
    if (__atomic_load_n(&channel->waits, __ATOMIC_SEQ_CST) == NULL) {
        return;
    }
    ng_channel_wait *wait =
        __atomic_exchange_n(&channel->waits, (ng_channel_wait *)NULL, __ATOMIC_SEQ_CST);
    while (wait != NULL) {
        ng_channel_wait *const next = wait->next;
        ngi_bell_ring(&wait->bell);
        wait = next;
    }
}

/* Whether ng_send would not say NG_AGAIN. */
static bool ngi_channel_has_room(const ng_channel *channel) {
    const size_t at = __atomic_load_n(&channel->sent, __ATOMIC_SEQ_CST);
    return (at & 1) != 0 || __atomic_load_n(ngi_slot_count(channel, at), __ATOMIC_SEQ_CST) == at;
}

ng_status ng_channel_await(ng_channel *channel, ng_channel_wait *wait, ng_loop *loop,
                           ng_task *task) {
    if (channel == NULL || wait == NULL || loop == NULL || task == NULL || task->run == NULL) {
        return NG_INVALID;
    }
    if (wait->waiting) {
        return NG_MISUSED;
    }
    ngi_bell_init(&wait->bell, loop, ngi_channel_wait_rung);
    wait->bell.armed = 1;
    wait->waiting = true;
    wait->task = task;
    wait->next = __atomic_load_n(&channel->waits, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&channel->waits, &wait->next, wait, true, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
    }
    if (ngi_channel_has_room(channel)) {
        ngi_channel_tell_senders(channel);
    }
    return NG_OK;
}

/* ---- receiving ------------------------------------------------------------------------------- */

static ng_status ngi_channel_ended(ng_channel *channel) {
    if (!channel->ended) {
        channel->ended = true;
        if (channel->bell.loop != NULL) {
            channel->bell.loop->channels--;
        }
    }
    return NG_END;
}

ng_status ng_receive(ng_channel *channel, void *item) {
    if (channel == NULL || item == NULL) {
        return NG_INVALID;
    }
    const size_t at = channel->received;
    size_t *count = ngi_slot_count(channel, at);
    if (__atomic_load_n(count, __ATOMIC_ACQUIRE) != at + 1) {
        ngi_bell_arm(&channel->bell);
        const size_t sent = __atomic_load_n(&channel->sent, __ATOMIC_SEQ_CST);
        if (!ngi_channel_has_item(channel)) {
            return sent == at + 1 ? ngi_channel_ended(channel) : NG_AGAIN;
        }
        ngi_bell_disarm(&channel->bell);
    }
    __builtin_memcpy(item, count + 1, channel->item_size);
    channel->received = at + 2;
    __atomic_store_n(count, at + 2 * (channel->mask + 1), __ATOMIC_SEQ_CST);
    ngi_channel_tell_senders(channel);
    return NG_OK;
}

void ng_channel_close(ng_channel *channel) {
    if (channel != NULL && (__atomic_fetch_or(&channel->sent, 1, __ATOMIC_SEQ_CST) & 1) == 0) {
        ngi_bell_ring(&channel->bell);
        ngi_channel_tell_senders(channel);
    }
}

void ng_channel_leave(ng_channel *channel) {
    if (channel != NULL) {
        channel->reader = NULL;
        ng_channel_close(channel);
        (void)ngi_channel_ended(channel);
    }
}

/* ---- graph_loop.c ---------------------------------------------------------------------------- */

/* graph_loop: a graph's steps as a task. */

static int64_t ngi_loop_clock_now(void *ctx) { return ng_loop_now((ng_loop *)ctx); }

ng_clock ng_loop_clock(ng_loop *loop) {
    ng_clock clock = {ngi_loop_clock_now, loop};
    return clock;
}

static void ngi_runner_timer(ng_timer *timer) {
    (void)ng_task_resume(&((ng_runner *)timer->ctx)->task);
}

/* Something came from outside the graph. During a step the graph sees to it itself. */
static void ngi_runner_woken(void *ctx) {
    ng_runner *const runner = (ng_runner *)ctx;
    if (ng_task_is_pending(&runner->task)) {
        (void)ng_task_resume(&runner->task);
    }
}

static void ngi_runner_end(ng_runner *runner) {
    ng_timer_stop(&runner->timer);
    runner->graph->woken = NULL;
    runner->graph = NULL;
}

/* The graph's clock need not be the loop's, but goes at its pace. */
static ng_status ngi_runner_rest(ng_runner *runner) {
    ng_graph *const graph = runner->graph;
    const int64_t next = ng_graph_next(graph);
    if (next == INT64_MAX) {
        ng_timer_stop(&runner->timer);
        return NG_OK;
    }
    const int64_t now = ngi_graph_now(graph);
    return ng_timer_after(runner->task.loop, &runner->timer, next > now ? next - now : 0);
}

static void ngi_runner_run(ng_task *task) {
    ng_runner *const runner = (ng_runner *)task->ctx;
    ng_status status = ng_graph_step(runner->graph, NG_RUNNER_CALLS);
    if (runner->graph == NULL) {
        return; /* stopped from within */
    }
    if (status == NG_AGAIN) {
        (void)ng_yield(task);
        return;
    }
    if (status == NG_OK) {
        (void)ngi_runner_rest(runner);
        (void)ng_task_park(task);
        return;
    }
    ngi_runner_end(runner);
    if (runner->done != NULL) {
        runner->done(runner, status);
    }
}

ng_status ng_runner_start(ng_runner *runner, ng_loop *loop, ng_graph *graph) {
    if (runner == NULL || loop == NULL || graph == NULL) {
        return NG_INVALID;
    }
    if (runner->graph != NULL || graph->woken != NULL ||
        (graph->state != NGI_RUNNING && graph->state != NGI_ENDED)) {
        return NG_MISUSED;
    }
    runner->task.run = ngi_runner_run;
    runner->task.ctx = runner;
    runner->timer.fire = ngi_runner_timer;
    runner->timer.ctx = runner;
    const ng_status status = ng_spawn(loop, &runner->task);
    if (status == NG_OK) {
        runner->graph = graph;
        graph->woken = ngi_runner_woken;
        graph->woken_ctx = runner;
    }
    return status;
}

void ng_runner_stop(ng_runner *runner) {
    if (runner != NULL && runner->graph != NULL) {
        ngi_runner_end(runner);
        ng_task_cancel(&runner->task);
    }
}

/* ---- lane.c ---------------------------------------------------------------------------------- */

/* lane: two operators on both ends of a link, and what tells them about each other. */

static size_t ngi_lane_slots(const ng_link_options *options) {
    return ngi_size_round(ng_link_size(options), 64);
}

size_t ng_lane_size(const ng_link_options *options) {
    if (options == NULL || options->overflow != NG_OVERFLOW_BLOCK || ng_link_size(options) == 0) {
        return 0;
    }
    const size_t size = ngi_size_plus(ngi_lane_slots(options),
                                      ngi_size_times(options->batches, sizeof(ngi_parcel)));
    return size == SIZE_MAX ? 0 : size;
}

/* The last hold of a parcel is gone; on the thread that had it. */
static void ngi_parcel_return(ng_block *block) {
    ngi_parcel *const parcel = (ngi_parcel *)block->owner;
    ng_lane *const lane = parcel->lane;
    (void)ng_batch_release(&parcel->batch);
    block->next = __atomic_load_n(&lane->returned, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&lane->returned, &block->next, block, true,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
    }
    ngi_bell_ring_after(&lane->sender.bell);
}

static ngi_parcel *ngi_parcel_take(ng_lane *lane) {
    if (lane->idle == NULL) {
        ng_block *const back =
            __atomic_exchange_n(&lane->returned, (ng_block *)NULL, __ATOMIC_SEQ_CST);
        lane->idle = back == NULL ? NULL : (ngi_parcel *)back->owner;
    }
    ngi_parcel *const parcel = lane->idle;
    if (parcel != NULL) {
        ng_block *const next = parcel->block.next;
        lane->idle = next == NULL ? NULL : (ngi_parcel *)next->owner;
    }
    return parcel;
}

static void ngi_parcel_put(ng_lane *lane, ngi_parcel *parcel) {
    parcel->block.next = lane->idle == NULL ? NULL : &lane->idle->block;
    lane->idle = parcel;
}

static void ngi_lane_rung(ngi_bell *bell) {
    ng_graph_wake(((ngi_lane_side *)(void *)bell)->river); /* the bell is its first field */
}

static void ngi_lane_side_init(ngi_lane_side *side) {
    ngi_bell_init(&side->bell, NULL, ngi_lane_rung);
    side->river.graph = NULL;
    side->river.node = side->river.output = 0;
}

ng_status ng_lane_init(ng_lane *lane, const ng_link_options *options, const ng_schema *schema,
                       void *memory) {
    if (lane == NULL || memory == NULL || ng_lane_size(options) == 0 ||
        ng_schema_check(schema) != NG_OK) {
        return NG_INVALID;
    }
    lane->schema = schema;
    lane->parcels = (ngi_parcel *)(void *)((uint8_t *)memory + ngi_lane_slots(options));
    lane->idle = NULL;
    lane->returned = NULL;
    for (size_t i = options->batches; i-- > 0;) {
        ngi_parcel *const parcel = &lane->parcels[i];
        parcel->lane = lane;
        parcel->batch.block = NULL;
        parcel->block.owner = parcel;
        ngi_parcel_put(lane, parcel);
    }
    ngi_lane_side_init(&lane->sender);
    ngi_lane_side_init(&lane->taker);
    return ng_link_init(&lane->link, options, memory);
}

/* An open lane is what its loops wait for. */
static ng_status ngi_lane_open(ngi_lane_side *side) {
    side->bell.loop->channels++;
    return NG_OK;
}

static void ngi_lane_leave(ngi_lane_side *side) {
    side->bell.loop->channels--;
    side->river.graph = NULL;
}

/* Makes the operator a side of the lane, unless there is one. */
static ng_river ngi_lane_take_side(ng_lane *lane, ngi_lane_side *side, ng_loop *loop,
                                   ng_graph *graph, const ng_river *from, const ng_stage *stage) {
    if (lane == NULL || loop == NULL) {
        return ng_refuse(graph, stage->calls->name, NG_INVALID);
    }
    if (side->bell.loop != NULL) {
        return ng_refuse(graph, stage->calls->name, NG_MISUSED);
    }
    side->bell.loop = loop;
    side->river = ng_apply(graph, from, from != NULL, stage);
    return side->river;
}

/* ---- sending --------------------------------------------------------------------------------- */

static ng_lane *ngi_lane_of(void *state) { return *(ng_lane **)state; }

static ng_status ngi_to_lane_open(void *state, ng_context *context) {
    (void)context;
    return ngi_lane_open(&ngi_lane_of(state)->sender);
}

/* Sends what there is credit and a parcel for. */
static ng_step ngi_to_lane_send(ng_lane *lane, const ng_batch *in) {
    if (ng_link_is_cancelled(&lane->link)) {
        return ng_step_of(0, 0, NG_END);
    }
    const size_t credit = ng_link_credit(&lane->link);
    const size_t rows = in->rows < credit ? in->rows : credit;
    ngi_parcel *const parcel = rows == 0 ? NULL : ngi_parcel_take(lane);
    if (parcel == NULL) {
        return ng_step_of(0, 0, NG_OK);
    }
    ng_status status = ng_batch_slice(in, 0, rows, &parcel->batch);
    if (status == NG_OK) {
        ng_block_init(&parcel->block, in->block->columns, in->block->capacity, ngi_parcel_return,
                      parcel);
        ng_batch batch = {in->schema, &parcel->block, parcel->batch.offset, rows};
        status = ng_link_send(&lane->link, &batch);
    }
    if (status != NG_OK) { /* cancelled since */
        (void)ng_batch_release(&parcel->batch);
        ngi_parcel_put(lane, parcel);
        return ng_step_of(0, 0, NG_END);
    }
    ngi_bell_ring_after(&lane->taker.bell);
    return ng_step_of(rows, 0, NG_OK);
}

static ng_step ngi_to_lane_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    ng_lane *const lane = ngi_lane_of(state);
    (void)context;
    (void)out;
    ng_step step = ngi_to_lane_send(lane, in);
    if (step.consumed == 0 && step.status == NG_OK) {
        ngi_bell_arm(&lane->sender.bell);
        step = ngi_to_lane_send(lane, in);
    }
    return step;
}

static void ngi_to_lane_finish(ng_lane *lane, ng_status how) {
    if (ng_link_end(&lane->link, how) == NG_OK) {
        ngi_bell_ring_after(&lane->taker.bell);
    }
}

static ng_step ngi_to_lane_end(void *state, ng_context *context, const ng_room *out) {
    (void)context;
    (void)out;
    ngi_to_lane_finish(ngi_lane_of(state), NG_END);
    return ng_step_of(0, 0, NG_OK);
}

static ng_status ngi_to_lane_fail(void *state, ng_context *context, ng_status status) {
    (void)context;
    ngi_to_lane_finish(ngi_lane_of(state), status);
    return NG_OK;
}

static void ngi_to_lane_close(void *state) {
    ng_lane *const lane = ngi_lane_of(state);
    ngi_to_lane_finish(lane, NG_CANCELLED);
    ngi_lane_leave(&lane->sender);
}

static const ng_operator ngi_to_lane_calls = {
    "to_lane", ngi_to_lane_open, ngi_to_lane_push,  ngi_to_lane_end,
    NULL,      ngi_to_lane_fail, ngi_to_lane_close, false};

ng_river ng_to_lane(ng_river river, ng_lane *lane, ng_loop *loop) {
    const ng_schema *const columns = ng_columns(river);
    ng_stage stage = {&ngi_to_lane_calls, sizeof lane, (void *)&lane, NULL, 0, false, 0};
    if (lane != NULL && columns != NULL && !ng_schema_equal(columns, lane->schema)) {
        return ng_refuse(river.graph, stage.calls->name, NG_MISMATCH);
    }
    stage.holds = lane == NULL ? 0 : (uint32_t)lane->link.options.batches;
    return ngi_lane_take_side(lane, lane == NULL ? NULL : &lane->sender, loop, river.graph, &river,
                              &stage);
}

/* ---- taking ---------------------------------------------------------------------------------- */

static ng_status ngi_from_lane_open(void *state, ng_context *context) {
    (void)context;
    return ngi_lane_open(&ngi_lane_of(state)->taker);
}

static ng_step ngi_from_lane_push(void *state, ng_context *context, const ng_batch *in,
                                  const ng_room *out) {
    ng_lane *const lane = ngi_lane_of(state);
    const ng_batch *first = ng_link_first(&lane->link);
    (void)in;
    (void)out;
    if (first == NULL) {
        ngi_bell_arm(&lane->taker.bell);
        const ng_status how = ng_link_state(&lane->link);
        first = ng_link_first(&lane->link);
        if (first == NULL) {
            return ng_step_of(0, 0, how);
        }
    }
    const size_t credit = ng_context_credit(context, 0);
    const size_t rows = first->rows < credit ? first->rows : credit;
    if (rows == 0) {
        return ng_step_of(0, 0, NG_OK);
    }
    const ng_status status = ng_context_forward(context, 0, first, 0, rows);
    if (status != NG_OK) {
        return ng_step_of(0, 0, status == NG_AGAIN ? NG_OK : NG_END);
    }
    ng_context_count(context, NG_MADE, (int64_t)rows);
    (void)ng_link_take(&lane->link, rows);
    ngi_bell_ring_after(&lane->sender.bell);
    return ng_step_of(0, 0, NG_OK);
}

static void ngi_from_lane_close(void *state) {
    ng_lane *const lane = ngi_lane_of(state);
    ng_link_cancel(&lane->link);
    ngi_bell_ring_after(&lane->sender.bell);
    ngi_lane_leave(&lane->taker);
}

static const ng_operator ngi_from_lane_calls = {
    "from_lane", ngi_from_lane_open, ngi_from_lane_push, NULL, NULL, NULL, ngi_from_lane_close,
    false};

ng_river ng_from_lane(ng_graph *graph, ng_lane *lane, ng_loop *loop) {
    const ng_stage stage = {&ngi_from_lane_calls,
                            sizeof lane,
                            (void *)&lane,
                            lane == NULL ? NULL : lane->schema,
                            1,
                            true,
                            0};
    return ngi_lane_take_side(lane, lane == NULL ? NULL : &lane->taker, loop, graph, NULL, &stage);
}

void ng_lane_close(ng_lane *lane) {
    if (lane != NULL && lane->schema != NULL) {
        ng_link_close(&lane->link);
        lane->schema = NULL;
    }
}

/* ---- ops_channel.c --------------------------------------------------------------------------- */

/* ops_channel: a source that receives and a sink that sends. */

/* ---- the source ------------------------------------------------------------------------------ */

typedef struct ngi_from_channel {
    ng_channel *channel;
    ng_loop *loop;
    ng_unpack_fn *unpack;
    void *ctx;
    ng_task reader;
    ng_river river;
    bool pending;     /* `item` was received, and is to become a row */
    uint64_t item[1]; /* as many as an item has bytes for */
} ngi_from_channel;

static void ngi_from_channel_wake(ng_task *task) {
    ng_graph_wake(((ngi_from_channel *)task->ctx)->river);
}

static ng_status ngi_from_channel_open(void *state, ng_context *context) {
    ngi_from_channel *const from = (ngi_from_channel *)state;
    (void)context;
    from->reader.run = ngi_from_channel_wake;
    from->reader.ctx = from;
    return ng_channel_listen(from->channel, from->loop, &from->reader);
}

static ng_step ngi_from_channel_push(void *state, ng_context *context, const ng_batch *in,
                                     const ng_room *out) {
    ngi_from_channel *const from = (ngi_from_channel *)state;
    ng_status status = NG_OK;
    size_t made = 0;
    (void)in;
    while (made < out->rows) {
        if (!from->pending) {
            status = ng_receive(from->channel, from->item);
            if (status != NG_OK) {
                break;
            }
            from->pending = true;
        }
        status = from->unpack(from->item, ng_room_row(out, made), from->ctx);
        if (status != NG_OK) {
            break;
        }
        from->pending = false;
        made++;
    }
    ng_context_count(context, NG_MADE, (int64_t)made);
    const bool no_room = status == NG_TOO_LARGE && out->at + made != 0;
    return ng_step_of(0, made, status == NG_AGAIN || no_room ? NG_OK : status);
}

static void ngi_from_channel_close(void *state) {
    ngi_from_channel *const from = (ngi_from_channel *)state;
    ng_task_cancel(&from->reader);
    ng_channel_leave(from->channel);
}

static const ng_operator ngi_from_channel_calls = {"from_channel",
                                                   ngi_from_channel_open,
                                                   ngi_from_channel_push,
                                                   NULL,
                                                   NULL,
                                                   NULL,
                                                   ngi_from_channel_close,
                                                   false};

ng_river ng_from_channel(ng_graph *graph, const ng_schema *schema, ng_channel *channel,
                         ng_loop *loop, ng_unpack_fn *unpack, void *ctx) {
    if (channel == NULL || loop == NULL || unpack == NULL) {
        return ng_refuse(graph, "from_channel", NG_INVALID);
    }
    const size_t size = ngi_size_plus(sizeof(ngi_from_channel), channel->item_size);
    const ng_stage stage = {&ngi_from_channel_calls, size, NULL, schema, 1, false, 0};
    const ng_river river = ng_apply(graph, NULL, 0, &stage);
    ngi_from_channel *const from = (ngi_from_channel *)ng_state(river);
    if (from != NULL) {
        from->channel = channel;
        from->loop = loop;
        from->unpack = unpack;
        from->ctx = ctx;
        from->river = river;
    }
    return river;
}

/* ---- the sink -------------------------------------------------------------------------------- */

typedef struct ngi_to_channel {
    ng_channel *channel;
    ng_channel_wait *wait;
    ng_loop *loop;
    ng_pack_fn *pack;
    void *ctx;
    bool closes;
    ng_task sender;
    ng_river river;
    uint64_t item[1]; /* as many as an item has bytes for */
} ngi_to_channel;

static void ngi_to_channel_wake(ng_task *task) {
    ng_graph_wake(((ngi_to_channel *)task->ctx)->river);
}

static ng_status ngi_to_channel_open(void *state, ng_context *context) {
    ngi_to_channel *const to = (ngi_to_channel *)state;
    (void)context;
    to->sender.run = ngi_to_channel_wake;
    to->sender.ctx = to;
    to->loop->channels++;
    return NG_OK;
}

static ng_step ngi_to_channel_push(void *state, ng_context *context, const ng_batch *in,
                                   const ng_room *out) {
    ngi_to_channel *const to = (ngi_to_channel *)state;
    ng_status status = NG_OK;
    size_t sent = 0;
    (void)context;
    (void)out;
    while (sent < in->rows && status == NG_OK) {
        status = to->pack(ng_batch_row(in, sent), to->item, to->ctx);
        if (status == NG_OK) {
            status = ng_send(to->channel, to->item);
            sent += status == NG_OK;
        }
    }
    if (status == NG_AGAIN) {
        /* It may be waiting already, having been woken by something else. */
        (void)ng_channel_await(to->channel, to->wait, to->loop, &to->sender);
        status = NG_OK;
    }
    return ng_step_of(sent, 0, status == NG_CLOSED ? NG_END : status);
}

static void ngi_to_channel_close(void *state) {
    ngi_to_channel *const to = (ngi_to_channel *)state;
    to->loop->channels--;
    ng_task_cancel(&to->sender);
    to->wait->task = NULL; /* who is told about room does not know this operator any more */
    if (to->closes) {
        ng_channel_close(to->channel);
    }
}

static const ng_operator ngi_to_channel_calls = {
    "to_channel", ngi_to_channel_open, ngi_to_channel_push, NULL, NULL, NULL, ngi_to_channel_close,
    true};

ng_river ng_to_channel(ng_river river, ng_channel *channel, ng_channel_wait *wait, ng_loop *loop,
                       ng_pack_fn *pack, void *ctx, bool close) {
    if (channel == NULL || wait == NULL || loop == NULL || pack == NULL) {
        return ng_refuse(river.graph, "to_channel", NG_INVALID);
    }
    const size_t size = ngi_size_plus(sizeof(ngi_to_channel), channel->item_size);
    const ng_stage stage = {&ngi_to_channel_calls, size, NULL, NULL, 0, false, 0};
    const ng_river sink = ng_apply(river.graph, &river, 1, &stage);
    ngi_to_channel *const to = (ngi_to_channel *)ng_state(sink);
    if (to != NULL) {
        to->channel = channel;
        to->wait = wait;
        to->loop = loop;
        to->pack = pack;
        to->ctx = ctx;
        to->closes = close;
        to->river = sink;
    }
    return sink;
}

/* ---- ops_file.c ------------------------------------------------------------------------------ */

/* ops_file: a source that splits bytes into lines, and a sink that puts them together. */

/* A file that is looked at only while there is something to wait for. */
typedef struct ngi_file {
    ng_loop *loop;
    ng_watch watch;
    ng_river river;
    bool ready;  /* bytes can be moved without waiting */
    bool always; /* as with files on disks */
} ngi_file;

static void ngi_file_ready(ng_watch *watch, unsigned events) {
    ngi_file *const file = (ngi_file *)watch->ctx;
    (void)events;
    ng_watch_stop(watch);
    file->ready = true;
    ng_graph_wake(file->river);
}

static void ngi_file_init(ngi_file *file, ng_loop *loop, int descriptor, unsigned events,
                          ng_river river) {
    file->loop = loop;
    file->watch.ready = ngi_file_ready;
    file->watch.ctx = file;
    file->watch.file = descriptor;
    file->watch.events = events;
    file->river = river;
}

/* NG_OK: bytes can be moved now; NG_AGAIN: the river will be woken. */
static ng_status ngi_file_await(ngi_file *file) {
    if (file->ready || file->always) {
        file->ready = false;
        return NG_OK;
    }
    const ng_status status =
        file->watch.loop != NULL ? NG_OK : ng_watch_start(file->loop, &file->watch);
    file->always = status == NG_UNSUPPORTED;
    return file->always ? NG_OK : status == NG_OK ? NG_AGAIN : status;
}

static bool ngi_file_is_possible(const ng_loop *loop, int file) {
    return file >= 0 && loop->port.read != NULL && loop->port.write != NULL &&
           loop->port.watch != NULL;
}

/* Bytes of a buffer, from `at` up to before `end`. */
typedef struct ngi_span {
    size_t at, end, size;
} ngi_span;

/* ---- reading --------------------------------------------------------------------------------- */

static const ng_field ngi_line_field[] = {NG_FIELD("line", NG_UTF8)};
static const ng_schema ngi_line_schema = {ngi_line_field, 1};

typedef struct ngi_read_lines {
    ngi_file file;
    ngi_span span;
    size_t seen; /* bytes of the span that have no line's end */
    bool over;   /* the file has ended */
    char bytes[1];
} ngi_read_lines;

/* The size of the first line with its end, 0: it is not there as a whole. */
static size_t ngi_line_size(ngi_read_lines *lines) {
    const char *const begin = lines->bytes + lines->span.at;
    const size_t size = lines->span.end - lines->span.at;
    while (lines->seen < size) {
        if (begin[lines->seen++] == '\n') {
            return lines->seen;
        }
    }
    return lines->over ? size : 0;
}

/* Fills the buffer once. NG_END: nothing more comes. */
static ng_status ngi_lines_fill(ngi_read_lines *lines) {
    ngi_span *const span = &lines->span;
    const ng_port *const port = &lines->file.loop->port;
    size_t done = 0;
    if (lines->over) {
        return NG_END;
    }
    if (span->at != 0) {
        __builtin_memmove(lines->bytes, lines->bytes + span->at, span->end - span->at);
        span->end -= span->at;
        span->at = 0;
    }
    if (span->end == span->size) {
        return NG_TOO_LARGE;
    }
    ng_status status = ngi_file_await(&lines->file);
    if (status == NG_OK) {
        status = port->read(port->ctx, lines->file.watch.file, lines->bytes + span->end,
                            span->size - span->end, &done);
    }
    span->end += done;
    lines->over = status == NG_END;
    return lines->over ? NG_OK : status;
}

/* Makes the first line a row. NG_AGAIN: it does not fit behind the others. */
static ng_status ngi_line_set(ngi_read_lines *lines, size_t size, ng_row row, bool first) {
    const char *const begin = lines->bytes + lines->span.at;
    size_t text = size;
    text -= text != 0 && begin[text - 1] == '\n';
    text -= text != size && text != 0 && begin[text - 1] == '\r';
    if (!ngi_utf8_is_valid(begin, begin + text)) {
        return NG_BAD_INPUT;
    }
    const ng_status status = ng_set_text(row, 0, begin, text);
    if (status == NG_OK) {
        lines->span.at += size;
        lines->seen = 0;
    }
    return status == NG_TOO_LARGE && !first ? NG_AGAIN : status;
}

static ng_step ngi_read_lines_push(void *state, ng_context *context, const ng_batch *in,
                                   const ng_room *out) {
    ngi_read_lines *const lines = (ngi_read_lines *)state;
    ng_status status = NG_OK;
    size_t made = 0;
    (void)in;
    while (made < out->rows && status == NG_OK) {
        const size_t size = ngi_line_size(lines);
        if (size == 0) {
            status = ngi_lines_fill(lines);
        } else {
            status = ngi_line_set(lines, size, ng_room_row(out, made), out->at + made == 0);
            made += status == NG_OK;
            lines->seen = status == NG_AGAIN ? size - 1 : lines->seen;
        }
    }
    ng_context_count(context, NG_MADE, (int64_t)made);
    return ng_step_of(0, made, status == NG_AGAIN ? NG_OK : status);
}

static void ngi_read_lines_close(void *state) {
    ng_watch_stop(&((ngi_read_lines *)state)->file.watch);
}

static const ng_operator ngi_read_lines_calls = {"read_lines", NULL, ngi_read_lines_push,  NULL,
                                                 NULL,         NULL, ngi_read_lines_close, false};

ng_river ng_read_lines(ng_graph *graph, ng_loop *loop, int file, size_t longest) {
    const size_t size = ngi_size_plus(sizeof(ngi_read_lines) + 2, longest);
    const ng_stage stage = {&ngi_read_lines_calls, size, NULL, &ngi_line_schema, 1, false, 0};
    if (loop == NULL || !ngi_file_is_possible(loop, file)) {
        return ng_refuse(graph, stage.calls->name, loop == NULL ? NG_INVALID : NG_UNSUPPORTED);
    }
    const ng_river river = ng_apply(graph, NULL, 0, &stage);
    ngi_read_lines *const lines = (ngi_read_lines *)ng_state(river);
    if (lines != NULL) {
        ngi_file_init(&lines->file, loop, file, NG_READABLE, river);
        lines->span.size = longest + 2;
    }
    return river;
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct ngi_write_lines {
    ngi_file file;
    size_t column;
    ngi_span span;
    char bytes[1];
} ngi_write_lines;

/* Puts rows into the buffer, as many as fit. */
static size_t ngi_lines_put(ngi_write_lines *lines, const ng_batch *in, ng_status *status) {
    size_t taken = 0;
    for (; taken < in->rows; taken++) {
        const ng_row row = ng_batch_row(in, taken);
        size_t size = 0;
        const char *const text =
            ng_is_null(row, lines->column) ? "" : ng_get_text(row, lines->column, &size);
        if (size >= lines->span.size) {
            *status = NG_TOO_LARGE;
            break;
        }
        if (size >= lines->span.size - lines->span.end) {
            break;
        }
        __builtin_memcpy(lines->bytes + lines->span.end, text, size);
        lines->bytes[lines->span.end + size] = '\n';
        lines->span.end += size + 1;
    }
    return taken;
}

/* Writes what is in the buffer. NG_AGAIN: not all of it yet. */
static ng_status ngi_lines_drain(ngi_write_lines *lines) {
    const ng_port *const port = &lines->file.loop->port;
    ngi_span *const span = &lines->span;
    ng_status status = NG_OK;
    while (span->at != span->end && status == NG_OK) {
        size_t done = 0;
        status = port->write(port->ctx, lines->file.watch.file, lines->bytes + span->at,
                             span->end - span->at, &done);
        span->at += done;
        status = status == NG_AGAIN ? ngi_file_await(&lines->file) : status;
    }
    if (span->at == span->end) {
        span->at = span->end = 0;
    }
    return status;
}

/* A buffer that was written is filled again, until the file has no room. */
static ng_step ngi_write_lines_push(void *state, ng_context *context, const ng_batch *in,
                                    const ng_room *out) {
    ngi_write_lines *const lines = (ngi_write_lines *)state;
    ng_status status = ngi_lines_drain(lines), bad = NG_OK;
    (void)context;
    (void)out;
    if (status != NG_OK) {
        return ng_step_of(0, 0, status == NG_AGAIN ? NG_OK : status);
    }
    const size_t taken = ngi_lines_put(lines, in, &bad);
    status = ngi_lines_drain(lines);
    return ng_step_of(taken, 0, bad != NG_OK ? bad : status == NG_AGAIN ? NG_OK : status);
}

static ng_step ngi_write_lines_end(void *state, ng_context *context, const ng_room *out) {
    (void)context;
    (void)out;
    return ng_step_of(0, 0, ngi_lines_drain((ngi_write_lines *)state));
}

static void ngi_write_lines_close(void *state) {
    ng_watch_stop(&((ngi_write_lines *)state)->file.watch);
}

static const ng_operator ngi_write_lines_calls = {"write_lines",         NULL, ngi_write_lines_push,
                                                  ngi_write_lines_end,   NULL, NULL,
                                                  ngi_write_lines_close, true};

ng_river ng_write_lines(ng_river river, const char *column, ng_loop *loop, int file,
                        size_t longest) {
    const ng_schema *const schema = ng_columns(river);
    const size_t size = ngi_size_plus(sizeof(ngi_write_lines) + 1, longest);
    const ng_stage stage = {&ngi_write_lines_calls, size, NULL, NULL, 0, false, 0};
    if (column == NULL || loop == NULL || !ngi_file_is_possible(loop, file)) {
        return ng_refuse(river.graph, stage.calls->name,
                         column == NULL || loop == NULL ? NG_INVALID : NG_UNSUPPORTED);
    }
    const size_t at = schema == NULL ? 0 : ng_schema_find(schema, column);
    if (schema != NULL && (at == schema->count || schema->fields[at].type != NG_UTF8)) {
        return ng_refuse(river.graph, stage.calls->name, NG_MISMATCH);
    }
    const ng_river sink = ng_apply(river.graph, &river, 1, &stage);
    ngi_write_lines *const lines = (ngi_write_lines *)ng_state(sink);
    if (lines != NULL) {
        ngi_file_init(&lines->file, loop, file, NG_WRITABLE, sink);
        lines->column = at;
        lines->span.size = longest + 1;
    }
    return sink;
}

/* ---- runtime_posix.c ------------------------------------------------------------------------- */

/* runtime_posix: the port for Linux, where the system's names are visible. */

#if defined(__linux__)
#include <time.h>

#if defined(CLOCK_MONOTONIC) && defined(TIMER_ABSTIME)
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NGI_POSIX_EVENTS 64

static ng_time ngi_posix_clock(clockid_t clock) {
    struct timespec time = {0, 0};
    (void)clock_gettime(clock, &time);
    return (ng_time)time.tv_sec * NG_SECOND + (ng_time)time.tv_nsec;
}

static ng_time ngi_posix_now(void *ctx) {
    (void)ctx;
    return ngi_posix_clock(CLOCK_MONOTONIC);
}

static ng_time ngi_posix_wall(void *ctx) {
    (void)ctx;
    return ngi_posix_clock(CLOCK_REALTIME);
}

/* SplitMix64, from a seed of the system's. */
static uint64_t ngi_posix_random(void *ctx) {
    ng_posix *posix = (ng_posix *)ctx;
    uint64_t mixed = posix->random += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

/* Fails only when there is a wake already that was not taken notice of. */
static void ngi_posix_wake(void *ctx) {
    const ng_posix *posix = (const ng_posix *)ctx;
    const uint64_t one = 1;
    const int before = errno;
    const ssize_t written = write(posix->woken, &one, sizeof one);
    (void)written;
    errno = before;
}

/* Lets the alarm go off at `until`. epoll's own timeout counts in milliseconds. */
static ng_status ngi_posix_set_alarm(ng_posix *posix, ng_time until) {
    struct itimerspec alarm;
    if (until == posix->set) {
        return NG_OK;
    }
    /* All zero would turn it off. */
    const ng_time at = until == NG_FOREVER ? 0 : until < 1 ? 1 : until;
    alarm.it_interval.tv_sec = 0;
    alarm.it_interval.tv_nsec = 0;
    alarm.it_value.tv_sec = (time_t)(at / NG_SECOND);
    alarm.it_value.tv_nsec = (long)(at % NG_SECOND);
    if (timerfd_settime(posix->alarm, TFD_TIMER_ABSTIME, &alarm, NULL) != 0) {
        return NG_IO;
    }
    posix->set = until;
    return NG_OK;
}

static unsigned ngi_posix_events(uint32_t seen) {
    const uint32_t broken = (uint32_t)EPOLLERR | (uint32_t)EPOLLHUP;
    unsigned events = 0;
    if ((seen & ((uint32_t)EPOLLIN | broken)) != 0) {
        events |= NG_READABLE;
    }
    if ((seen & ((uint32_t)EPOLLOUT | broken)) != 0) {
        events |= NG_WRITABLE;
    }
    return events;
}

static void ngi_posix_seen(ng_posix *posix, const struct epoll_event *event) {
    if (event->data.ptr == &posix->woken || event->data.ptr == &posix->alarm) {
        uint64_t count;
        const ssize_t size = read(*(int *)event->data.ptr, &count, sizeof count);
        (void)size;
        if (event->data.ptr == &posix->alarm) {
            posix->set = NG_FOREVER;
        }
        return;
    }
    ng_watch *watch = (ng_watch *)event->data.ptr;
    ng_watch_ready(watch, ngi_posix_events(event->events) & watch->events);
}

static ng_status ngi_posix_wait(void *ctx, ng_time until) {
    ng_posix *posix = (ng_posix *)ctx;
    struct epoll_event events[NGI_POSIX_EVENTS];
    if (until == NG_NOW) {
        if (posix->files == 0) {
            return NG_OK;
        }
    } else {
        const ng_status status = ngi_posix_set_alarm(posix, until);
        if (status != NG_OK) {
            return status;
        }
    }
    const int count = epoll_wait(posix->poll, events, NGI_POSIX_EVENTS, until == NG_NOW ? 0 : -1);
    if (count < 0) {
        return errno == EINTR ? NG_OK : NG_IO;
    }
    for (int i = 0; i < count; i++) {
        ngi_posix_seen(posix, &events[i]);
    }
    return NG_OK;
}

static ng_status ngi_posix_add(const ng_posix *posix, int file, uint32_t events, void *what) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = 0;
    event.data.ptr = what;
    if (epoll_ctl(posix->poll, EPOLL_CTL_ADD, file, &event) == 0) {
        return NG_OK;
    }
    switch (errno) {
    case EEXIST:
        return NG_MISUSED;
    case EPERM: /* as with files on disks, which are always ready */
        return NG_UNSUPPORTED;
    case EBADF:
        return NG_INVALID;
    default:
        return NG_IO;
    }
}

static ng_status ngi_posix_watch(void *ctx, ng_watch *watch) {
    ng_posix *posix = (ng_posix *)ctx;
    const uint32_t events = ((watch->events & NG_READABLE) != 0 ? (uint32_t)EPOLLIN : 0) |
                            ((watch->events & NG_WRITABLE) != 0 ? (uint32_t)EPOLLOUT : 0);
    const ng_status status = ngi_posix_add(posix, watch->file, events, watch);
    posix->files += status == NG_OK;
    return status;
}

static void ngi_posix_unwatch(void *ctx, ng_watch *watch) {
    ng_posix *posix = (ng_posix *)ctx;
    struct epoll_event unused;
    (void)epoll_ctl(posix->poll, EPOLL_CTL_DEL, watch->file, &unused);
    posix->files--;
}

static ng_status ngi_posix_moved(ssize_t size, size_t *done) {
    *done = size < 0 ? 0 : (size_t)size;
    if (size >= 0) {
        return NG_OK;
    }
    switch (errno) {
    case EINTR:
    case EAGAIN:
        return NG_AGAIN;
    case EPIPE:
        return NG_CLOSED;
    default:
        return NG_IO;
    }
}

static ng_status ngi_posix_read(void *ctx, int file, void *bytes, size_t size, size_t *done) {
    (void)ctx;
    const ng_status status = ngi_posix_moved(read(file, bytes, size), done);
    return status == NG_OK && *done == 0 && size != 0 ? NG_END : status;
}

static ng_status ngi_posix_write(void *ctx, int file, const void *bytes, size_t size,
                                 size_t *done) {
    (void)ctx;
    return ngi_posix_moved(write(file, bytes, size), done);
}

typedef char ngi_posix_thread_fits[sizeof(pthread_t) <= sizeof(uintptr_t) ? 1 : -1];

static void *ngi_posix_run_thread(void *argument) {
    const ng_thread *thread = (const ng_thread *)argument;
    thread->run(thread->ctx);
    return NULL;
}

static ng_status ngi_posix_start_thread(void *ctx, ng_thread *thread) {
    pthread_t handle;
    (void)ctx;
    if (pthread_create(&handle, NULL, ngi_posix_run_thread, thread) != 0) {
        return NG_IO;
    }
    thread->handle = (uintptr_t)handle;
    return NG_OK;
}

static ng_status ngi_posix_join_thread(void *ctx, ng_thread *thread) {
    (void)ctx;
    return pthread_join((pthread_t)thread->handle, NULL) == 0 ? NG_OK : NG_IO;
}

static ng_status ngi_posix_seed(ng_posix *posix) {
    const int file = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    const ssize_t size = file < 0 ? -1 : read(file, &posix->random, sizeof posix->random);
    if (file >= 0) {
        (void)close(file);
    }
    return size == (ssize_t)sizeof posix->random ? NG_OK : NG_IO;
}

ng_status ng_posix_open(ng_posix *posix, ng_port *port) {
    if (posix == NULL || port == NULL) {
        return NG_INVALID;
    }
    posix->set = NG_FOREVER;
    posix->files = 0;
    posix->poll = epoll_create1(EPOLL_CLOEXEC);
    posix->woken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    posix->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (posix->poll < 0 || posix->woken < 0 || posix->alarm < 0 ||
        ngi_posix_add(posix, posix->woken, (uint32_t)EPOLLIN, &posix->woken) != NG_OK ||
        ngi_posix_add(posix, posix->alarm, (uint32_t)EPOLLIN, &posix->alarm) != NG_OK ||
        ngi_posix_seed(posix) != NG_OK) {
        ng_posix_close(posix);
        return NG_IO;
    }
    port->now = ngi_posix_now;
    port->wall = ngi_posix_wall;
    port->wait = ngi_posix_wait;
    port->wake = ngi_posix_wake;
    port->random = ngi_posix_random;
    port->watch = ngi_posix_watch;
    port->unwatch = ngi_posix_unwatch;
    port->read = ngi_posix_read;
    port->write = ngi_posix_write;
    port->start_thread = ngi_posix_start_thread;
    port->join_thread = ngi_posix_join_thread;
    port->ctx = posix;
    return NG_OK;
}

static void ngi_posix_close_file(int *file) {
    if (*file >= 0) {
        (void)close(*file);
        *file = -1;
    }
}

void ng_posix_close(ng_posix *posix) {
    if (posix != NULL) {
        ngi_posix_close_file(&posix->poll);
        ngi_posix_close_file(&posix->woken);
        ngi_posix_close_file(&posix->alarm);
    }
}

ng_status ng_default_port(ng_port *port, ng_platform *platform) {
    return ng_posix_open(platform, port);
}

void ng_default_close(ng_platform *platform) { ng_posix_close(platform); }

ng_clock ng_default_clock(void) {
    ng_clock clock = {ngi_posix_now, NULL};
    return clock;
}

static void ngi_run_done(ng_runner *runner, ng_status status) {
    *(ng_status *)runner->ctx = status == NG_END ? NG_OK : status;
}

static ng_status ngi_run_in(ng_graph *graph, const ng_port *port) {
    ng_loop loop;
    ng_status result = NG_MISUSED;
    ng_runner runner;
    __builtin_memset(&runner, 0, sizeof runner);
    runner.done = ngi_run_done;
    runner.ctx = &result;
    ng_status status = ng_loop_init(&loop, port);
    if (status == NG_OK) {
        status = ng_runner_start(&runner, &loop, graph);
    }
    if (status == NG_OK) {
        status = ng_loop_run(&loop);
        ng_runner_stop(&runner);
        graph->woken_ctx = NULL; /* the runner goes, and the graph stays */
    }
    return status == NG_OK ? result : status;
}

ng_status ng_run(ng_graph *graph) {
    ng_platform platform;
    ng_port port;
    ng_status status = graph == NULL ? NG_INVALID : ng_default_port(&port, &platform);
    if (status != NG_OK) {
        return status;
    }
    if (graph->state == NGI_BUILDING) {
        status = ng_graph_start(graph);
    }
    if (status == NG_OK) {
        status = ngi_run_in(graph, &port);
    }
    ng_default_close(&platform);
    return status;
}

#endif
#endif

/* ---- runtime_sim.c --------------------------------------------------------------------------- */

/* runtime_sim: the world that follows from a seed. */

static uint64_t ngi_sim_mixed(uint64_t bits) {
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return bits ^ bits >> 31;
}

void ng_sim_init(ng_sim *sim, uint64_t seed) {
    if (sim != NULL) {
        sim->now = sim->wall_offset = sim->wake_delay = sim->oversleep = 0;
        sim->trace = sim->turns = 0;
        sim->fail_at = sim->fail_one_in = sim->requests = 0;
        sim->seed = seed;
        sim->loops = NULL;
        sim->inner.resize = NULL;
        sim->inner.ctx = NULL;
    }
}

uint64_t ng_sim_random(ng_sim *sim) {
    return sim == NULL ? 0 : ngi_sim_mixed(sim->seed += UINT64_C(0x9e3779b97f4a7c15));
}

bool ng_sim_chance(ng_sim *sim, uint64_t one_in) {
    return sim != NULL && one_in != 0 && ng_sim_random(sim) % one_in == 0;
}

ng_time ng_sim_delay(ng_sim *sim, ng_time longest) {
    return sim == NULL || longest <= 0 ? 0
                                       : (ng_time)(ng_sim_random(sim) % ((uint64_t)longest + 1));
}

void ng_sim_note(ng_sim *sim, uint64_t number) {
    if (sim != NULL) {
        sim->trace = ngi_sim_mixed((sim->trace ^ number) + UINT64_C(0x9e3779b97f4a7c15));
    }
}

/* ---- memory ---- */

static void *ngi_sim_resize(void *ctx, void *block, size_t old_size, size_t size) {
    ng_sim *sim = (ng_sim *)ctx;
    if (size > 0) {
        sim->requests++;
        if (sim->requests == sim->fail_at || ng_sim_chance(sim, sim->fail_one_in)) {
            return NULL;
        }
    }
    return sim->inner.resize(sim->inner.ctx, block, old_size, size);
}

ng_allocator ng_sim_allocator(ng_sim *sim, ng_allocator inner) {
    ng_allocator allocator = {NULL, NULL};
    if (sim != NULL && inner.resize != NULL) {
        sim->inner = inner;
        allocator.resize = ngi_sim_resize;
        allocator.ctx = sim;
    }
    return allocator;
}

/* ---- the port ---- */

static ng_time ngi_sim_now(void *ctx) { return ((const ng_sim_loop *)ctx)->sim->now; }

static ng_time ngi_sim_wall(void *ctx) {
    const ng_sim *sim = ((const ng_sim_loop *)ctx)->sim;
    return (ng_time)((uint64_t)sim->now + (uint64_t)sim->wall_offset);
}

static uint64_t ngi_sim_dice(void *ctx) { return ng_sim_random(((const ng_sim_loop *)ctx)->sim); }

static void ngi_sim_wake(void *ctx) {
    ng_sim_loop *loop = (ng_sim_loop *)ctx;
    const ng_time arrives =
        ng_time_add(loop->sim->now, ng_sim_delay(loop->sim, loop->sim->wake_delay));
    if (arrives < loop->wakes) {
        loop->wakes = arrives;
    }
}

/* Lets time pass until `until`, or a bit longer. */
static void ngi_sim_pass(ng_sim *sim, ng_time until) {
    if (until > sim->now) {
        sim->now = ng_time_add(until, ng_sim_delay(sim, sim->oversleep));
    }
}

static ng_status ngi_sim_wait(void *ctx, ng_time until) {
    ng_sim_loop *loop = (ng_sim_loop *)ctx;
    if (until == NG_NOW) {
        return NG_OK;
    }
    if (loop->sim->loops != loop || loop->next != NULL) {
        return NG_MISUSED; /* the others would stand still */
    }
    until = loop->wakes < until ? loop->wakes : until;
    if (until == NG_FOREVER) {
        return NG_END;
    }
    ngi_sim_pass(loop->sim, until);
    if (loop->wakes <= loop->sim->now) {
        loop->wakes = NG_FOREVER;
    }
    return NG_OK;
}

ng_status ng_sim_loop_init(ng_sim *sim, ng_sim_loop *loop) {
    ng_port port;
    if (sim == NULL || loop == NULL) {
        return NG_INVALID;
    }
    port.now = ngi_sim_now;
    port.wall = ngi_sim_wall;
    port.wait = ngi_sim_wait;
    port.wake = ngi_sim_wake;
    port.random = ngi_sim_dice;
    port.watch = NULL;
    port.unwatch = NULL;
    port.read = NULL;
    port.write = NULL;
    port.start_thread = NULL;
    port.join_thread = NULL;
    port.ctx = loop;
    loop->sim = sim;
    loop->wakes = NG_FOREVER;
    loop->next = NULL;
    ng_sim_loop **last = &sim->loops;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = loop;
    return ng_loop_init(&loop->loop, &port);
}

/* ---- the world ---- */

static ng_time ngi_sim_due(ng_sim_loop *loop) {
    if (loop->loop.stopped) {
        return NG_FOREVER;
    }
    const ng_time next = ng_loop_next(&loop->loop);
    return next < loop->wakes ? next : loop->wakes;
}

/* One of the loops that have something to do now, or NULL and when one will have. */
static ng_sim_loop *ngi_sim_choose(ng_sim *sim, ng_time *next) {
    uint64_t count = 0;
    *next = NG_FOREVER;
    for (ng_sim_loop *loop = sim->loops; loop != NULL; loop = loop->next) {
        const ng_time due = ngi_sim_due(loop);
        count += due <= sim->now;
        *next = due < *next ? due : *next;
    }
    if (count == 0) {
        return NULL;
    }
    uint64_t skip = ng_sim_random(sim) % count;
    for (ng_sim_loop *loop = sim->loops;; loop = loop->next) {
        if (ngi_sim_due(loop) <= sim->now && skip-- == 0) {
            return loop;
        }
    }
}

static ng_status ngi_sim_end(const ng_sim *sim) {
    for (const ng_sim_loop *loop = sim->loops; loop != NULL; loop = loop->next) {
        if (!loop->loop.stopped && (loop->loop.channels > 0 || loop->loop.timers > 0)) {
            return NG_END;
        }
    }
    return NG_OK;
}

ng_status ng_sim_run(ng_sim *sim, ng_time until) {
    if (sim == NULL) {
        return NG_INVALID;
    }
    for (ng_sim_loop *loop = sim->loops; loop != NULL; loop = loop->next) {
        loop->loop.stopped = false;
    }
    for (;;) {
        ng_time next;
        ng_sim_loop *loop = ngi_sim_choose(sim, &next);
        if (loop == NULL) {
            if (next == NG_FOREVER) {
                return ngi_sim_end(sim);
            }
            if (next > until) {
                sim->now = until > sim->now ? until : sim->now;
                return NG_AGAIN;
            }
            ngi_sim_pass(sim, next);
            continue;
        }
        if (loop->wakes <= sim->now) {
            loop->wakes = NG_FOREVER;
        }
        sim->turns++;
        const ng_status status = ng_loop_turn(&loop->loop, NG_NOW);
        if (status < 0) {
            return status;
        }
    }
}
#endif

#endif
#endif
