/* number_time: timestamps to ISO 8601 and back. Internal.
 *
 * Dates follow H. Hinnant, "chrono-compatible low-level date algorithms" (2013). */
#ifndef NGI_NUMBER_TIME_H
#define NGI_NUMBER_TIME_H

#include "number.h"
#include "number_text.h"

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

#endif
