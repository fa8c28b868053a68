/* arrays ROWS: the river `total` over numbers in memory, as a plain loop and as a generated kernel.
 * Prints for each: who, the least of some times in seconds, readings in the band, and their mean.
 * The header is made by `nagare gen examples/rivers/sensors.toml`. */
#define _POSIX_C_SOURCE 200809L
#define NAGARE_IMPLEMENTATION
#include "sensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PASSES = 7, GAP_EVERY = 1000 };

typedef struct data {
    size_t rows;
    float *celsius;    /* NaN where there is a gap, for the plain loop */
    uint8_t *is_there; /* bits, for the kernel */
} data;

typedef struct totals {
    long long n;
    double mean, spread;
    float low, high;
} totals;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* The same numbers as in arrays.mjs: 10 to 35 degrees in steps of 1/256, and a gap now and then. */
static void fill(data *d) {
    memset(d->is_there, 0xff, (d->rows + 7) / 8);
    for (size_t row = 0; row < d->rows; row++) {
        const uint32_t mixed = (uint32_t)row * UINT32_C(2654435761) >> 16;
        d->celsius[row] = 10.0F + (float)(mixed % 6400) / 256.0F;
        if (row % GAP_EVERY == 0) {
            d->celsius[row] = NAN;
            d->is_there[row / 8] &= (uint8_t)~(1U << row % 8);
        }
    }
}

static totals plain(const data *d) {
    totals t = {0, 0, 0, INFINITY, -INFINITY};
    double sum = 0, squares = 0;
    for (size_t row = 0; row < d->rows; row++) {
        const float f = d->celsius[row] * 1.8F + 32.0F;
        if (32.0F < f && f < 100.0F) {
            const double off =
                (double)f - 66.0; /* the middle of the band, so that little is lost */
            t.n += 1;
            sum += off;
            squares += off * off;
            t.low = f < t.low ? f : t.low;
            t.high = f > t.high ? f : t.high;
        }
    }
    t.mean = 66.0 + sum / (double)t.n;
    t.spread = sqrt((squares - sum * sum / (double)t.n) / (double)(t.n - 1));
    return t;
}

static totals generated(const data *d) {
    totals t;
    int64_t n = 0;
    uint8_t valid[4];
    const total_in in = {d->celsius, d->is_there, 0};
    total_out out = {.n = &n, .mean = &t.mean, .mean_valid = &valid[0], .spread = &t.spread};
    out.spread_valid = &valid[1];
    out.low = &t.low;
    out.low_valid = &valid[2];
    out.high = &t.high;
    out.high_valid = &valid[3];
    out.capacity = 1;
    total k;
    total_init(&k, NULL);
    const ng_step pushed = total_push(&k, &in, d->rows, &out);
    const ng_step flushed = total_flush(&k, &out);
    t.n = pushed.status == NG_OK && flushed.status == NG_OK ? n : -1;
    return t;
}

static void race(const char *who, totals (*run)(const data *), const data *d) {
    totals t = {0, 0, 0, 0, 0};
    double least = INFINITY;
    for (int pass = 0; pass < PASSES; pass++) {
        const double start = now();
        t = run(d);
        const double seconds = now() - start;
        least = seconds < least ? seconds : least;
    }
    printf("%s %.6f %lld %.6f %.6f %.2f %.2f\n", who, least, t.n, t.mean, t.spread, (double)t.low,
           (double)t.high);
}

int main(int count, char **arguments) {
    data d = {count == 2 ? strtoul(arguments[1], NULL, 10) : 0, NULL, NULL};
    if (d.rows == 0) {
        fputs("usage: arrays ROWS\n", stderr);
        return 2;
    }
    d.celsius = (float *)malloc(d.rows * sizeof(float));
    d.is_there = (uint8_t *)malloc((d.rows + 7) / 8);
    if (d.celsius == NULL || d.is_there == NULL) {
        fputs("arrays: there is not enough memory\n", stderr);
        return 1;
    }
    fill(&d);
    race("plain", plain, &d);
    race("nagare", generated, &d);
    free(d.celsius);
    free(d.is_there);
    return 0;
}
