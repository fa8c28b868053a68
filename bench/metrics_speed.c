/* metrics_speed: what a metric costs where it is recorded, in ns, and its text, in MB/s.
 *
 *     cc -O2 core/{number,histogram,counter,metrics,account}.c bench/metrics_speed.c -o
 * metrics_speed
 *     ./metrics_speed [millions of values]
 */
#define _POSIX_C_SOURCE 199309L
#include "../core/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define VALUES 4096
#define METRICS 1000

static uint64_t values[VALUES];
static ng_histogram histogram;
static ng_counter counter;
static ng_gauge gauge;
static ng_metric list[METRICS];
static ng_label labels[METRICS];
static char names[METRICS][8], text[65536];
static size_t order[METRICS];

static double now(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Keeps the compiler from merging one round with the next. */
static void forget(void) { __asm__ __volatile__("" : : : "memory"); }

/* Values of all sizes from 1 to 2^bits. */
static void fill(unsigned bits) {
    uint64_t random = 88172645463325252U;
    for (size_t i = 0; i < VALUES; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        values[i] = random >> (64 - bits + random % bits);
    }
}

static void say(const char *what, double seconds, double millions) {
    (void)printf("%-36s %7.2f ns\n", what, seconds * 1e3 / millions);
}

static void time_histogram(const char *what, unsigned bits, size_t rounds, double millions) {
    fill(bits);
    const double start = now();
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < VALUES; i++) {
            ng_histogram_record(&histogram, values[i]);
        }
        forget();
    }
    say(what, now() - start, millions);
}

static void time_numbers(size_t rounds, double millions) {
    double start = now();
    for (size_t i = 0; i < rounds * VALUES; i++) {
        ng_counter_add(&counter, 1);
        forget();
    }
    say("add to a counter", now() - start, millions);
    start = now();
    for (size_t i = 0; i < rounds * VALUES; i++) {
        ng_gauge_set(&gauge, 1);
        forget();
    }
    say("set a gauge", now() - start, millions);
    start = now();
    for (size_t i = 0; i < rounds; i++) {
        values[i % VALUES] = ng_histogram_quantile(&histogram, 0.99);
        forget();
    }
    say("0.99-quantile", now() - start, millions / VALUES);
}

static void list_metrics(void) {
    for (size_t i = 0; i < METRICS; i++) {
        (void)snprintf(names[i], sizeof names[i], "op%d", (int)(i * 7919 % METRICS));
        labels[i].name = "operator";
        labels[i].value = names[i];
        list[i].name = "app_latency_seconds";
        list[i].help = "How long it took.";
        list[i].labels = &labels[i];
        list[i].label_count = 1;
        list[i].kind = NG_METRIC_HISTOGRAM;
        list[i].value = &histogram;
        list[i].divisor = 1000000000;
    }
}

static int time_text(void) {
    ng_metrics metrics;
    size_t size = 0, written;
    list_metrics();
    const double start = now();
    ng_status status = ng_metrics_init(&metrics, list, METRICS, order);
    const double ready = now();
    if (status < 0) {
        return 1;
    }
    do {
        status = ng_metrics_write(&metrics, text, sizeof text, &written);
        size += written;
    } while (status == NG_AGAIN);
    const double seconds = now() - ready;
    (void)printf("%-36s %7.2f us\n", "check and sort 1000 histograms", (ready - start) * 1e6);
    (void)printf("%-36s %7.0f MB/s\n", "write their text", (double)size / seconds / 1e6);
    return status != NG_OK;
}

int main(int count, char **arguments) {
    const size_t millions = count > 1 ? (size_t)strtoul(arguments[1], NULL, 10) : 100;
    const size_t rounds = millions * 1000000 / VALUES;
    const double done = (double)(rounds * VALUES) / 1e6;
    if (rounds == 0) {
        (void)fputs("usage: metrics_speed [millions of values, at least 1]\n", stderr);
        return 2;
    }
    time_histogram("record below 2^10", 10, rounds, done);
    time_histogram("record below 2^40", 40, rounds, done);
    time_numbers(rounds, done);
    return time_text();
}
