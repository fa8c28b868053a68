/* The limit: how fast memory (or the cache) gives the bytes of a workload, and takes those of W2.
 * No loop is the fastest everywhere, so there are several and the best of them is the limit. */
#include "bench.h"

#include <immintrin.h>

#define V256 __attribute__((target("avx2")))
#define V512 __attribute__((target("avx512f")))

enum { LINE = 16, BLOCK = 64 }; /* floats in a cache line; floats read in one turn of a loop */

/* Asks for the lines `variant` floats ahead of one turn of a loop. */
static inline void prefetch(const bench_task *task, size_t row) {
    for (int line = 0; task->variant > 0 && line < BLOCK; line += LINE) {
        _mm_prefetch((const char *)(task->x + row + line + task->variant), _MM_HINT_T0);
    }
}

static bool has_v256(int variant) {
    (void)variant;
    return __builtin_cpu_supports("avx2");
}

static bool has_v512(int variant) {
    (void)variant;
    return __builtin_cpu_supports("avx512f");
}

/* `or` is the cheapest way to use what was loaded; the result goes to `count` so that it is needed.
 */
V256 static void read_v256(bench_task *task) {
    const float *x = task->x;
    __m256i seen[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                       _mm256_setzero_si256()};
    for (size_t row = 0; row + BLOCK <= task->rows; row += BLOCK) {
        prefetch(task, row);
        for (int part = 0; part < 8; part++) {
            const __m256i *from = (const __m256i *)(const void *)(x + row + 8 * part);
            seen[part & 3] = _mm256_or_si256(seen[part & 3], _mm256_loadu_si256(from));
        }
    }
    seen[0] = _mm256_or_si256(_mm256_or_si256(seen[0], seen[1]), _mm256_or_si256(seen[2], seen[3]));
    task->count = _mm256_movemask_epi8(seen[0]);
}

V512 static void read_v512(bench_task *task) {
    const float *x = task->x;
    __m512i seen[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                       _mm512_setzero_si512()};
    for (size_t row = 0; row + BLOCK <= task->rows; row += BLOCK) {
        prefetch(task, row);
        for (int part = 0; part < 4; part++) {
            seen[part] = _mm512_or_si512(seen[part], _mm512_loadu_si512(x + row + 16 * part));
        }
    }
    seen[0] = _mm512_or_si512(_mm512_or_si512(seen[0], seen[1]), _mm512_or_si512(seen[2], seen[3]));
    task->count = _mm512_reduce_or_epi32(seen[0]);
}

/* Four streams, a quarter of the rows apart, keep more of the memory's prefetchers busy. */
V512 static void read_streams(bench_task *task) {
    const size_t quarter = task->rows / 4;
    __m512i seen[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                       _mm512_setzero_si512()};
    for (size_t row = 0; row + LINE * 2 <= quarter; row += LINE * 2) {
        for (size_t stream = 0; stream < 4; stream++) {
            const float *from = task->x + stream * quarter + row;
            seen[stream] = _mm512_or_si512(seen[stream], _mm512_loadu_si512(from));
            seen[stream] = _mm512_or_si512(seen[stream], _mm512_loadu_si512(from + LINE));
        }
    }
    seen[0] = _mm512_or_si512(_mm512_or_si512(seen[0], seen[1]), _mm512_or_si512(seen[2], seen[3]));
    task->count = _mm512_reduce_or_epi32(seen[0]);
}

/* Reads every row and writes `made` floats, evenly spread: W2 without its arithmetic. The fraction
 * is kept in steps of 1/1024 so that the loop has no division. */
#define WRITE_LOOP(store)                                                                          \
    const size_t steps = task->made * 1024 / task->rows;                                           \
    size_t owed = 0;                                                                               \
    size_t written = 0;                                                                            \
    __m512i seen = _mm512_setzero_si512();                                                         \
    for (size_t row = 0; row + BLOCK <= task->rows; row += BLOCK) {                                \
        prefetch(task, row);                                                                       \
        for (int part = 0; part < 4; part++) {                                                     \
            seen = _mm512_or_si512(seen, _mm512_loadu_si512(task->x + row + 16 * part));           \
        }                                                                                          \
        for (owed += steps * BLOCK; owed >= 1024 * LINE; owed -= 1024 * LINE) {                    \
            store((void *)(task->out[0] + written), seen);                                         \
            written += LINE;                                                                       \
        }                                                                                          \
    }                                                                                              \
    _mm_sfence()

V512 static void write_v512(bench_task *task) { WRITE_LOOP(_mm512_storeu_si512); }

V512 static void write_past_cache(bench_task *task) { WRITE_LOOP(_mm512_stream_si512); }

V256 static void write_v256(bench_task *task) {
    const size_t steps = task->made * 1024 / task->rows;
    size_t owed = 0;
    size_t written = 0;
    __m256i seen = _mm256_setzero_si256();
    for (size_t row = 0; row + BLOCK <= task->rows; row += BLOCK) {
        prefetch(task, row);
        for (int part = 0; part < 8; part++) {
            const __m256i *from = (const __m256i *)(const void *)(task->x + row + 8 * part);
            seen = _mm256_or_si256(seen, _mm256_loadu_si256(from));
        }
        for (owed += steps * BLOCK; owed >= 1024 * 8; owed -= 1024 * 8) {
            _mm256_storeu_si256((__m256i *)(void *)(task->out[0] + written), seen);
            written += 8;
        }
    }
}

const char *const bench_build = BENCH_BUILD;
const bench_entry bench_entries[] = {
    {"read", "limit", "read, AVX2", read_v256, has_v256, 0},
    {"read", "limit", "read, AVX2, 2 KiB ahead", read_v256, has_v256, 512},
    {"read", "limit", "read, AVX-512", read_v512, has_v512, 0},
    {"read", "limit", "read, AVX-512, 2 KiB ahead", read_v512, has_v512, 512},
    {"read", "limit", "read, AVX-512, 8 KiB ahead", read_v512, has_v512, 2048},
    {"read", "limit", "read, AVX-512, 4 streams", read_streams, has_v512, 0},
    {"write", "limit", "read and write, AVX2", write_v256, has_v256, 0},
    {"write", "limit", "read and write, AVX2, 8 KiB ahead", write_v256, has_v256, 2048},
    {"write", "limit", "read and write, AVX-512", write_v512, has_v512, 0},
    {"write", "limit", "read and write, AVX-512, 8 KiB ahead", write_v512, has_v512, 2048},
    {"write", "limit", "read and write past the cache", write_past_cache, has_v512, 0},
    {"write", "limit", "read and write past the cache, 8 KiB ahead", write_past_cache, has_v512,
     2048},
    {NULL, NULL, NULL, NULL, NULL, 0},
};
