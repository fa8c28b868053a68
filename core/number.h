/* number: values to text and back, free of locale, libc and allocation.
 *
 * What is written reads back to the same value, and it is the shortest text that does. What is read
 * is rounded correctly, to the nearest value and ties to even, whatever the number of digits.
 *
 * The writers put at most NG_NUMBER_TEXT_MAX characters into `out`, without a NUL behind them, and
 * answer how many. The readers take the whole of `text` (`size` bytes, borrowed, no NUL needed),
 * with spaces and tabs around it allowed; they answer false, and leave `*out` alone, if it is not a
 * value of the type. All of them may be called from any thread. */
#ifndef NGI_NUMBER_H
#define NGI_NUMBER_H

#include "base.h"

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

#endif
