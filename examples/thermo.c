/* A ready-made kernel in a C program: temperatures in, those inside a band out, and their totals.
 *
 *     cc -O2 -I. examples/thermo.c -o thermo && ./thermo
 */
#define NAGARE_IMPLEMENTATION /* in one file of the program */
#include "../kernels/thermo.h"

#include <stdio.h>

enum { ROWS = 7, ROOM = 2 };

static const float celsius[ROWS] = {-3.5F, 12.0F, 0.0F, 31.25F, 21.5F, 35.0F, 26.0F};
static const uint8_t there[] = {0x7b}; /* bit 2 is 0: row 2 is null, whatever stands there */

/* Prints what lies in the band, two rows at a time: when `out` is full, the kernel stops. */
static ng_status print_band(void) {
    float fahrenheit[ROOM];
    uint8_t valid[(ROOM + 7) / 8];
    thermo_band k;
    thermo_band_init(&k, &(thermo_band_params){.low = 50, .high = 90});
    thermo_band_in in = {.celsius = celsius, .celsius_valid = there, .offset = 0};
    while (in.offset < ROWS) {
        thermo_band_out out = {
            .fahrenheit = fahrenheit, .fahrenheit_valid = valid, .capacity = ROOM};
        const ng_step step = thermo_band_push(&k, &in, ROWS - in.offset, &out);
        if (step.status < 0) {
            return step.status;
        }
        in.offset += step.consumed;
        for (size_t row = 0; row < out.rows; row++) {
            printf("%.2f\n", (double)fahrenheit[row]);
        }
    }
    return NG_OK;
}

/* Totals come out at the end of the stream: from `flush`. */
static ng_status print_totals(void) {
    int64_t n;
    double mean;
    float least, most;
    uint8_t mean_valid, least_valid, most_valid;
    thermo_totals_out out = {.n = &n,
                             .mean = &mean,
                             .mean_valid = &mean_valid,
                             .least = &least,
                             .least_valid = &least_valid,
                             .most = &most,
                             .most_valid = &most_valid,
                             .capacity = 1};
    thermo_totals k;
    thermo_totals_init(&k, NULL); /* the defaults of the river file */
    ng_step step = thermo_totals_push(
        &k, &(thermo_totals_in){.celsius = celsius, .celsius_valid = there}, ROWS, &out);
    if (step.status >= 0) {
        step = thermo_totals_flush(&k, &out);
    }
    if (step.status >= 0 && (mean_valid & 1) != 0) {
        printf("%d readings, mean %.3f, from %.2f to %.2f\n", (int)n, mean, (double)least,
               (double)most);
    }
    return step.status;
}

int main(void) {
    ng_status status = print_band();
    if (status >= 0) {
        status = print_totals();
    }
    if (status < 0) {
        fprintf(stderr, "thermo: %s\n", ng_status_text(status));
        return 1;
    }
    return 0;
}
