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

#include "base.h"
#include "number.h"
#include "value.h"
#include "batch.h"
#include "pool.h"
#include "arrow.h"
#include "row.h"
#include "link.h"
#include "graph.h"
#include "health.h"
#include "ops_source.h"
#include "ops_rows.h"
#include "ops_kernel.h"
#include "ops_cut.h"
#include "ops_distinct.h"
#include "ops_collect.h"
#include "ops_sort.h"
#include "ops_join.h"
#include "ops_split.h"
#include "ops_order.h"
#include "ops_time.h"
#include "ops_guard.h"
#include "ops_subscribe.h"
#include "csv_reader.h"
#include "csv_writer.h"
#include "ops_csv.h"
#include "ops_arrow.h"
#include "histogram.h"
#include "counter.h"
#include "metrics.h"
#include "account.h"

#if !NG_NO_RUNTIME
#include "runtime.h"
#include "loop.h"
#include "channel.h"
#include "graph_loop.h"
#include "lane.h"
#include "ops_channel.h"
#include "ops_file.h"
#include "runtime_posix.h"
#include "runtime_wasm.h"
#include "runtime_sim.h"
#endif

#endif

/* What the library's code and the kernels' share. */
#if defined(NAGARE_KERNELS) || defined(NAGARE_IMPLEMENTATION)
#ifndef NGI_SHARED_SECTION
#define NGI_SHARED_SECTION

#include "exact.h"
#include "profile.h"
#include "bits.h"

#endif
#endif

/* What kernels are written in. A later include may add it. */
#if defined(NAGARE_KERNELS)
#ifndef NGI_KERNEL_SECTION
#define NGI_KERNEL_SECTION

#include "simd.h"
#include "reduce.h"
#include "kernel.h"
#include "slide.h"
#include "running.h"

#endif
#endif

/* The library's code, in one file of a program. */
#if defined(NAGARE_IMPLEMENTATION)
#ifndef NGI_IMPLEMENTATION_SECTION
#define NGI_IMPLEMENTATION_SECTION

#include "base.c"
#include "number.c"
#include "value.c"
#include "batch.c"
#include "pool.c"
#include "arrow.c"
#include "link.c"
#include "graph_build.c"
#include "graph_start.c"
#include "graph_timers.c"
#include "graph_trace.c"
#include "graph_order.c"
#include "graph_run.c"
#include "graph_books.c"
#include "health.c"
#include "ops_source.c"
#include "ops_rows.c"
#include "ops_kernel.c"
#include "ops_cut.c"
#include "row_keys.c"
#include "ops_distinct.c"
#include "ops_collect.c"
#include "ops_sort.c"
#include "ops_join.c"
#include "ops_split.c"
#include "ops_order.c"
#include "ops_time.c"
#include "ops_guard.c"
#include "ops_subscribe.c"
#include "csv_reader.c"
#include "csv_writer.c"
#include "ops_csv.c"
#include "ops_arrow.c"
#include "histogram.c"
#include "counter.c"
#include "metrics.c"
#include "account.c"

#if !NG_NO_RUNTIME
#include "loop.c"
#include "loop_tasks.c"
#include "loop_timers.c"
#include "channel.c"
#include "graph_loop.c"
#include "lane.c"
#include "ops_channel.c"
#include "ops_file.c"
#include "runtime_posix.c"
#include "runtime_sim.c"
#endif

#endif
#endif
