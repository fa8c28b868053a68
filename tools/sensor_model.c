/* sensor_model ROWS [SEED]: readings of 40 made-up thermometers as CSV on standard output.
 *
 * Every sensor reports every ten seconds: a daily cycle, its own drift, noise, now and then a
 * spike, and gaps during which the value is empty. It counts in integers only, so that a seed gives
 * the same bytes on every machine: thousandths of a degree, and milliseconds since 1970.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SENSORS = 40,
    ROW_INTERVAL_MS = 250,
    JITTER_MS = 100,
    DAY_MS = 86400000,
    FIRST_DAY = 19675, /* 2023-11-14 */
    LINE_MAX_BYTES = 64,
    BUFFER_BYTES = 1 << 20,
};

typedef struct sensor {
    int32_t base;     /* what it shows on average, in thousandths of a degree */
    int32_t swing;    /* how far the day takes it up and down */
    int32_t drift;    /* a random walk that is drawn back to 0 */
    int32_t gap_left; /* empty readings still to come */
} sensor;

typedef struct model {
    uint64_t random;
    int64_t row;
    sensor sensors[SENSORS];
} model;

/* splitmix64: 64 fresh bits for each step of a counter (Steele, Lea and Flood, 2014). */
static uint64_t next_random(model *m) {
    m->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = m->random;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int32_t below(uint64_t bits, int32_t limit) {
    return (int32_t)(((bits & UINT32_MAX) * (uint64_t)limit) >> 32);
}

static int32_t between(model *m, int32_t least, int32_t most) {
    return least + below(next_random(m), most - least + 1);
}

/* A day's wave, from -1000 to 1000: two parabolas, lowest at four and highest at sixteen o'clock.
 */
static int32_t daily_wave(int64_t time_ms) {
    const int64_t half = DAY_MS / 2;
    const int64_t phase = (time_ms + DAY_MS - DAY_MS * INT64_C(10) / 24) % DAY_MS;
    const int64_t x = phase % half;
    const int64_t bow = x * (half - x) / (half * half / 4000);
    return (int32_t)(phase < half ? bow : -bow);
}

/* Close to normal: the sum of four uniform parts; standard deviation about 0.29 degrees. */
static int32_t noise(uint64_t bits) {
    int32_t sum = -1000;
    for (int part = 0; part < 4; part++) {
        sum += (int32_t)((bits >> (16 * part)) & 0xffff) * 500 / 65535;
    }
    return sum;
}

static void start(model *m, uint64_t seed) {
    m->random = seed;
    m->row = 0;
    for (int i = 0; i < SENSORS; i++) {
        m->sensors[i].base = between(m, 8000, 24000);
        m->sensors[i].swing = between(m, 2000, 7000);
        m->sensors[i].drift = 0;
        m->sensors[i].gap_left = 0;
    }
}

/* One reading; false: the sensor is silent. */
static bool read_sensor(model *m, sensor *s, int64_t time_ms, int32_t *value) {
    const uint64_t luck = next_random(m);
    s->drift += below(luck, 41) - 20 - s->drift / 4096;
    if (s->gap_left > 0) {
        s->gap_left -= 1;
        return false;
    }
    if ((luck >> 32) % 20000 == 0) {
        s->gap_left = between(m, 5, 400);
    }
    *value = s->base + s->swing * daily_wave(time_ms) / 1000 + s->drift + noise(next_random(m));
    if ((luck >> 32) % 5000 == 1) {
        *value += between(m, 15000, 40000);
    }
    return true;
}

static char *put_number(char *at, uint64_t number) {
    char digits[20];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) {
        *at++ = digits[--count];
    }
    return at;
}

/* Hundredths of a degree, always with both decimals. */
static char *put_celsius(char *at, int32_t thousandths) {
    if (thousandths < 0) {
        *at++ = '-';
        thousandths = -thousandths;
    }
    const uint32_t hundredths = (uint32_t)thousandths / 10;
    at = put_number(at, hundredths / 100);
    *at++ = '.';
    *at++ = (char)('0' + hundredths / 10 % 10);
    *at++ = (char)('0' + hundredths % 10);
    return at;
}

static char *put_row(char *at, model *m) {
    const int index = (int)(m->row % SENSORS);
    const int64_t time_ms =
        FIRST_DAY * (int64_t)DAY_MS + m->row * ROW_INTERVAL_MS + below(next_random(m), JITTER_MS);
    int32_t value;
    at = put_number(at, (uint64_t)time_ms);
    *at++ = ',';
    *at++ = 's';
    *at++ = (char)('0' + index / 10);
    *at++ = (char)('0' + index % 10);
    *at++ = ',';
    if (read_sensor(m, &m->sensors[index], time_ms, &value)) {
        at = put_celsius(at, value);
    }
    *at++ = '\n';
    m->row += 1;
    return at;
}

static bool parse_count(const char *text, uint64_t *count) {
    char *end;
    errno = 0;
    *count = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

int main(int count, char **arguments) {
    static char buffer[BUFFER_BYTES];
    static model m;
    uint64_t rows;
    uint64_t seed = 1;
    if (count < 2 || count > 3 || !parse_count(arguments[1], &rows) ||
        (count == 3 && !parse_count(arguments[2], &seed))) {
        fputs("usage: sensor_model ROWS [SEED]\n", stderr);
        return 2;
    }
    start(&m, seed);
    fputs("ts,sensor,celsius\n", stdout);
    char *at = buffer;
    for (uint64_t row = 0; row < rows; row++) {
        at = put_row(at, &m);
        if (at - buffer > BUFFER_BYTES - LINE_MAX_BYTES) {
            if (fwrite(buffer, 1, (size_t)(at - buffer), stdout) != (size_t)(at - buffer)) {
                break;
            }
            at = buffer;
        }
    }
    fwrite(buffer, 1, (size_t)(at - buffer), stdout);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("sensor_model");
        return 1;
    }
    return 0;
}
