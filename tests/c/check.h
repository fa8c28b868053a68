/* check: what a test program in C needs. CHECK counts; a failure is printed and the program goes
 * on, `check_report` prints the sum and answers the exit status. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

static unsigned long check_count, check_failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        check_count++;                                                                             \
        if (!(condition)) {                                                                        \
            check_failures++;                                                                      \
            (void)printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                   \
        }                                                                                          \
    } while (0)

/* The same with a text that says which case it was. */
#define CHECK_CASE(condition, name)                                                                \
    do {                                                                                           \
        check_count++;                                                                             \
        if (!(condition)) {                                                                        \
            check_failures++;                                                                      \
            (void)printf("%s:%d: failed: %s: %s\n", __FILE__, __LINE__, (name), #condition);       \
        }                                                                                          \
    } while (0)

static inline int check_report(void) {
    (void)printf("%lu checks, %lu failed\n", check_count, check_failures);
    return check_failures > 0 || check_count == 0;
}

#endif
