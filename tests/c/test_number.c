/* Tests of core/number. Without arguments it runs its own checks. With one it answers a line for
 * each line of its input, for a caller that knows the answers from elsewhere:
 *
 *   read   TEXT             -> the bits as f64 and as f32, or `-`
 *   write  BITS64 BITS32    -> the texts of the f64 and of the f32
 *   time   UNIT TEXT        -> the count, or `-`
 *   date   UNIT COUNT       -> its text
 *   round                   -> reads no lines: prints and reads many floats, and counts
 */
#include "../../core/number.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

static const ng_type units[4] = {NG_TIMESTAMP_S, NG_TIMESTAMP_MS, NG_TIMESTAMP_US, NG_TIMESTAMP_NS};

static double f64_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t bits_of_f64(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float f32_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of_f32(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* A copy of exactly the text's size, so that a sanitizer sees a byte read behind it. */
static char *exact_copy(const char *text, size_t size) {
    char *copy = (char *)malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, text, size);
    return copy;
}

static void answer_read(const char *line, size_t size) {
    char *text = exact_copy(line, size);
    double wide;
    float narrow;
    if (ng_read_f64(text, size, &wide)) {
        (void)printf("%016llx", (unsigned long long)bits_of_f64(wide));
    } else {
        (void)printf("-");
    }
    if (ng_read_f32(text, size, &narrow)) {
        (void)printf(" %08lx\n", (unsigned long)bits_of_f32(narrow));
    } else {
        (void)printf(" -\n");
    }
    free(text);
}

static void answer_write(const char *line) {
    char *rest;
    const uint64_t wide = strtoull(line, &rest, 16);
    const uint32_t narrow = (uint32_t)strtoul(rest, NULL, 16);
    char text[2][NG_NUMBER_TEXT_MAX];
    const size_t first = ng_write_f64(text[0], f64_of(wide));
    const size_t second = ng_write_f32(text[1], f32_of(narrow));
    (void)printf("%.*s %.*s\n", (int)first, text[0], (int)second, text[1]);
}

static void answer_time(const char *line, size_t size) {
    char *text = exact_copy(line + 2, size - 2);
    int64_t count;
    if (ng_read_timestamp(text, size - 2, units[line[0] - '0'], &count)) {
        (void)printf("%lld\n", (long long)count);
    } else {
        (void)printf("-\n");
    }
    free(text);
}

static void answer_date(const char *line) {
    char text[NG_NUMBER_TEXT_MAX];
    const size_t size = ng_write_timestamp(text, strtoll(line + 2, NULL, 10), units[line[0] - '0']);
    (void)printf("%.*s\n", (int)size, text);
}

static int answer_lines(const char *what) {
    static char line[1 << 16];
    while (fgets(line, sizeof line, stdin) != NULL) {
        const size_t size = strcspn(line, "\n");
        line[size] = '\0';
        if (strcmp(what, "read") == 0) {
            answer_read(line, size);
        } else if (strcmp(what, "write") == 0) {
            answer_write(line);
        } else if (strcmp(what, "time") == 0) {
            answer_time(line, size);
        } else if (strcmp(what, "date") == 0) {
            answer_date(line);
        } else {
            return 2;
        }
    }
    return 0;
}

/* ---- its own checks -------------------------------------------------------------------------- */

static void check_written(size_t size, const char *text, const char *wanted) {
    CHECK_CASE(size == strlen(wanted) && memcmp(text, wanted, size) == 0, wanted);
}

static void check_f64(double value, const char *wanted) {
    char text[NG_NUMBER_TEXT_MAX];
    check_written(ng_write_f64(text, value), text, wanted);
}

static void check_f32(float value, const char *wanted) {
    char text[NG_NUMBER_TEXT_MAX];
    check_written(ng_write_f32(text, value), text, wanted);
}

static void test_writing_floats(void) {
    check_f64(0.0, "0");
    check_f64(-0.0, "-0");
    check_f64(1.0, "1");
    check_f64(-21.5, "-21.5");
    check_f64(0.1, "0.1");
    check_f64(0.0001, "0.0001");
    check_f64(0.00001, "1e-05");
    check_f64(0.00012345678901234567, "0.00012345678901234567");
    check_f64(123456789012345.0, "123456789012345");
    check_f64(1e15, "1000000000000000");
    check_f64(1e16, "1e+16");
    check_f64(9007199254740993.0, "9007199254740992");
    check_f64(1e23, "1e+23");
    check_f64(9.5e-7, "9.5e-07");
    check_f64(1.7976931348623157e308, "1.7976931348623157e+308");
    check_f64(f64_of(1), "5e-324");
    check_f64(f64_of(2), "1e-323");
    check_f64(f64_of(UINT64_C(0x7ff0000000000000)), "inf");
    check_f64(f64_of(UINT64_C(0xfff0000000000000)), "-inf");
    check_f64(f64_of(UINT64_C(0x7ff8000000000000)), "nan");
    check_f64(f64_of(UINT64_C(0xfff8000000000001)), "nan");
    check_f32(0.1F, "0.1");
    check_f32(16777216.0F, "16777216");
    check_f32(3.4028235e38F, "3.4028235e+38");
    check_f32(f32_of(1), "1e-45");
    check_f32(-0.0F, "-0");
    check_f32(f32_of(0x7f800000), "inf");
    check_f32(f32_of(0xff800000), "-inf");
    check_f32(f32_of(0xffc00001), "nan");
}

static void test_writing_integers(void) {
    char text[NG_NUMBER_TEXT_MAX];
    check_written(ng_write_u64(text, 0), text, "0");
    check_written(ng_write_u64(text, UINT64_MAX), text, "18446744073709551615");
    check_written(ng_write_i64(text, INT64_MIN), text, "-9223372036854775808");
    check_written(ng_write_i64(text, INT64_MAX), text, "9223372036854775807");
    check_written(ng_write_i64(text, -7), text, "-7");
    /* Each power of ten, and its neighbours, against the C library. */
    uint64_t power = 1;
    for (int digits = 1; digits <= 20; digits++, power *= 10) {
        for (uint64_t value = power - 1; value <= power + 1; value++) {
            char wanted[NG_NUMBER_TEXT_MAX];
            (void)snprintf(wanted, sizeof wanted, "%llu", (unsigned long long)value);
            check_written(ng_write_u64(text, value), text, wanted);
        }
    }
}

/* Every writer stays within NG_NUMBER_TEXT_MAX; the longest texts there are. */
static void test_longest_texts(void) {
    char *text = (char *)malloc(NG_NUMBER_TEXT_MAX);
    CHECK(text != NULL && ng_write_f64(text, -1.7976931348623157e308) == 24);
    CHECK(text != NULL && ng_write_f64(text, -0.00012345678901234567) == 23);
    CHECK(text != NULL && ng_write_timestamp(text, INT64_MIN, NG_TIMESTAMP_NS) == 30);
    CHECK(text != NULL && ng_write_timestamp(text, INT64_MIN, NG_TIMESTAMP_S) == 20);
    free(text);
}

static void check_refused(const char *text) {
    const size_t size = strlen(text);
    double wide = 7;
    float narrow = 7;
    CHECK_CASE(!ng_read_f64(text, size, &wide) && bits_of_f64(wide) == bits_of_f64(7.0), text);
    CHECK_CASE(!ng_read_f32(text, size, &narrow) && bits_of_f32(narrow) == bits_of_f32(7.0F), text);
}

static void check_read(const char *text, uint64_t wanted, uint32_t wanted_narrow) {
    double wide = 7;
    float narrow = 7;
    CHECK_CASE(ng_read_f64(text, strlen(text), &wide) && bits_of_f64(wide) == wanted, text);
    CHECK_CASE(ng_read_f32(text, strlen(text), &narrow) && bits_of_f32(narrow) == wanted_narrow,
               text);
}

static void test_reading_floats(void) {
    static const char *const refused[] = {
        "",    " ",    "+",         "-",     ".",     "-.",  "e5",   ".e5",
        "1e",  "1e+",  "1e+x",      "1x",    "1 2",   "--1", "+-1",  "1.2.3",
        "0x1", "1_0",  "1,0",       "nanx",  "na",    "in",  "infi", "infinit",
        "1f",  "1e5.", "infinityy", "1e5 5", "n a n", "\n1", "1\n"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        check_refused(refused[i]);
    }
    const uint64_t one = UINT64_C(0x3ff0000000000000);
    check_read("1", one, 0x3f800000);
    check_read("+1", one, 0x3f800000);
    check_read(" \t1.\t ", one, 0x3f800000);
    check_read("00000000000000000000000001", one, 0x3f800000);
    check_read("1.00000000000000000000000000000000", one, 0x3f800000);
    check_read(".1e1", one, 0x3f800000);
    check_read("10E-1", one, 0x3f800000);
    check_read("-0", UINT64_C(1) << 63, UINT32_C(1) << 31);
    check_read("-0e99999999999999999999", UINT64_C(1) << 63, UINT32_C(1) << 31);
    check_read("1e99999999999999999999", UINT64_C(0x7ff0000000000000), 0x7f800000);
    check_read("-1e-99999999999999999999", UINT64_C(1) << 63, UINT32_C(1) << 31);
    check_read("nan", UINT64_C(0x7ff8000000000000), 0x7fc00000);
    check_read("-NaN", UINT64_C(0x7ff8000000000000), 0x7fc00000);
    check_read("+Inf", UINT64_C(0x7ff0000000000000), 0x7f800000);
    check_read("-INFINITY", UINT64_C(0xfff0000000000000), 0xff800000);
    check_read(" infinity ", UINT64_C(0x7ff0000000000000), 0x7f800000);
}

static void test_reading_integers(void) {
    static const char *const refused[] = {"",
                                          " ",
                                          "-",
                                          "+",
                                          "1.0",
                                          "1e3",
                                          "0x1",
                                          "--1",
                                          "1 1",
                                          "99999999999999999999",
                                          "100000000000000000000",
                                          "18446744073709551616",
                                          "20000000000000000000",
                                          "28446744073709551615",
                                          "-9223372036854775809"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        int64_t with_sign = 7;
        uint64_t without = 7;
        CHECK_CASE(!ng_read_i64(refused[i], strlen(refused[i]), &with_sign), refused[i]);
        CHECK_CASE(!ng_read_u64(refused[i], strlen(refused[i]), &without), refused[i]);
        CHECK(with_sign == 7 && without == 7);
    }
    int64_t with_sign;
    uint64_t without;
    CHECK(ng_read_u64("18446744073709551615", 20, &without) && without == UINT64_MAX);
    CHECK(ng_read_u64("10000000000000000000", 20, &without) &&
          without == UINT64_C(10000000000000000000));
    CHECK(ng_read_u64("000000000000000000000018446744073709551615", 42, &without) &&
          without == UINT64_MAX);
    CHECK(ng_read_u64("-0", 2, &without) && without == 0);
    CHECK(!ng_read_u64("-1", 2, &without));
    CHECK(!ng_read_i64("9223372036854775808", 19, &with_sign));
    CHECK(ng_read_i64("9223372036854775807", 19, &with_sign) && with_sign == INT64_MAX);
    CHECK(ng_read_i64("-9223372036854775808", 20, &with_sign) && with_sign == INT64_MIN);
    CHECK(ng_read_i64("  +1700000000123\t", 17, &with_sign) && with_sign == INT64_C(1700000000123));
}

static void test_reading_bools(void) {
    static const struct {
        const char *text;
        int wanted; /* 2: refused */
    } cases[] = {{"true", 1},  {"FALSE", 0}, {" True ", 1},  {"1", 1},     {"0", 0},  {"", 2},
                 {"truex", 2}, {"tru", 2},   {"2", 2},       {"yes", 2},   {"10", 2}, {"01", 2},
                 {"t", 2},     {"nul", 2},   {"fAlSe\t", 0}, {"TRUE\n", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool value = false;
        const bool ok = ng_read_bool(cases[i].text, strlen(cases[i].text), &value);
        CHECK_CASE((ok ? (int)value : 2) == cases[i].wanted, cases[i].text);
    }
}

static void test_every_day(void) {
    /* A calendar that only knows the lengths of months walks along. */
    static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = -719162;
    for (int year = 1; year <= 9999; year++) {
        const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            const int length = lengths[month - 1] + (month == 2 && leap);
            for (int day = 1; day <= length + 1; day++) {
                char wanted[64], text[NG_NUMBER_TEXT_MAX];
                int64_t seconds = 0;
                (void)snprintf(wanted, sizeof wanted, "%04d-%02d-%02dT23:59:59Z", year, month, day);
                const bool ok = ng_read_timestamp(wanted, 20, NG_TIMESTAMP_S, &seconds);
                if (day > length) {
                    CHECK_CASE(!ok, wanted);
                    break;
                }
                CHECK_CASE(ok && seconds == days * 86400 + 86399, wanted);
                check_written(ng_write_timestamp(text, seconds, NG_TIMESTAMP_S), text, wanted);
                days++;
            }
        }
    }
    CHECK(days == 2932897);
}

/* Prints many floats and reads them again; also the texts one unit away in their last digit must
 * not be shorter. The seed is fixed: the same floats each time. */
static int check_round_trips(unsigned long count) {
    uint64_t state = 88172645463325252U;
    for (unsigned long i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char text[NG_NUMBER_TEXT_MAX];
        double wide = 0;
        float narrow = 0;
        const double from_wide = f64_of(state);
        const float from_narrow = f32_of((uint32_t)(state >> 32));
        size_t size = ng_write_f64(text, from_wide);
        CHECK(ng_read_f64(text, size, &wide));
        CHECK(bits_of_f64(wide) == state || from_wide != from_wide);
        size = ng_write_f32(text, from_narrow);
        CHECK(ng_read_f32(text, size, &narrow));
        CHECK(bits_of_f32(narrow) == (uint32_t)(state >> 32) || from_narrow != from_narrow);
    }
    return check_report();
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "round") == 0) {
        return check_round_trips(strtoul(argv[2], NULL, 10));
    }
    if (argc > 1) {
        return answer_lines(argv[1]);
    }
    test_writing_floats();
    test_writing_integers();
    test_longest_texts();
    test_reading_floats();
    test_reading_integers();
    test_reading_bools();
    test_every_day();
    return check_report();
}
