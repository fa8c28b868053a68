/* total FILE: what the river `total` of examples/rivers/sensors.toml computes, as one would write
 * it by hand for CSV without quotes: getline, strtof, and one loop. Seconds go to standard error.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct totals {
    long n;
    double mean, squares; /* Welford's: squares of the deviations from the mean */
    float low, high;
} totals;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void add(totals *t, float f) {
    const double delta = (double)f - t->mean;
    t->n += 1;
    t->mean += delta / (double)t->n;
    t->squares += delta * ((double)f - t->mean);
    t->low = f < t->low ? f : t->low;
    t->high = f > t->high ? f : t->high;
}

int main(int count, char **arguments) {
    FILE *const file = count == 2 ? fopen(arguments[1], "r") : NULL;
    if (file == NULL) {
        fputs("usage: total FILE\n", stderr);
        return 2;
    }
    const double start = now();
    totals t = {0, 0, 0, INFINITY, -INFINITY};
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) > 0) {
        const char *const field = strrchr(line, ',') + 1;
        char *end;
        const float f = strtof(field, &end) * 1.8F + 32.0F;
        if (end != field && 32.0F < f && f < 100.0F) {
            add(&t, f);
        }
    }
    free(line);
    fclose(file);
    printf("n,mean,spread,low,high\n%ld,%.17g,%.17g,%.9g,%.9g\n", t.n, t.mean,
           sqrt(t.squares / (double)(t.n - 1)), (double)t.low, (double)t.high);
    fprintf(stderr, "%.3f\n", now() - start);
    return 0;
}
