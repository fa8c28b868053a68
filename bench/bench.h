/* What a competitor looks like to the harness. Each competitor is a shared object that exports
 * `bench_entries`; one source can so be built by several compilers and raced against itself. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers of the workloads, in one place for every competitor in C. */
#define BENCH_SCALE 1.8f
#define BENCH_SHIFT 32.0f
#define BENCH_LO 50.0f
#define BENCH_HI 90.0f
#define BENCH_WINDOW 100
#define BENCH_TRAIL 1000

/* Floats that may be written beyond the results in each `out`, as vector code likes to. */
#define BENCH_SLACK 64

/* One run of one workload: what goes in, and where its results go. */
typedef struct bench_task {
    const float *x; /* 64-byte aligned */
    const int32_t *n;
    int32_t *sums; /* W3i32: its results */
    size_t rows;
    int variant;   /* the entry's own */
    float *out[3]; /* W2: the survivors in out[0]; W4: mean, min and max of each window; W3, W5: a
                      value for each row in out[0] */
    size_t made;   /* W2: survivors; W4: windows; the limits of W2 are told how many to write */
    int64_t count; /* W1 and W6, and the rest W6 alone but for `sum` */
    double sum, mean, variance;
    float low, high;
} bench_task;

typedef struct bench_entry {
    const char *workload; /* as in native.c; "read" and "write" are the limits */
    const char *kind;     /* "ours", "plain", "expert", "halide" or "limit" */
    const char *name;
    void (*run)(bench_task *task);
    bool (*usable)(int variant); /* can this machine run it? NULL: always */
    int variant;
} bench_entry;

/* What a shared object exports: its entries, ended by one whose `run` is NULL, and how it was
 * built, which the build passes as BENCH_BUILD. */
#define BENCH_EXPORT __attribute__((visibility("default")))
extern BENCH_EXPORT const bench_entry bench_entries[];
extern BENCH_EXPORT const char *const bench_build;

#endif
