/* Where a test runs: as a program, as a WASM module with one import, or on Linux without a libc. A
 * test defines `int check(int argument_count)`, which gives the number of failures, and speaks by
 * `put`. */
#include <stddef.h>
#include <stdint.h>

static int check(int argument_count);

#if defined(__wasm__)
__attribute__((import_module("world"), import_name("put"))) void world_put(const char *text,
                                                                           size_t n);
static void put_bytes(const char *text, size_t n) { world_put(text, n); }
__attribute__((export_name("check"))) int world_check(int argument_count);
int world_check(int argument_count) { return check(argument_count); }

#elif defined(WORLD_WITHOUT_LIBC)
static long linux_call(long number, long a, long b, long c) {
    register long call __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(call), "r"(x1), "r"(x2) : "memory");
    return x0;
}
static void put_bytes(const char *text, size_t n) { (void)linux_call(64, 1, (long)text, (long)n); }
/* The compiler may call these. */
void *memcpy(void *to, const void *from, size_t n);
void *memcpy(void *to, const void *from, size_t n) {
    for (size_t i = 0; i < n; i++) {
        ((volatile char *)to)[i] = ((const char *)from)[i];
    }
    return to;
}
void *memset(void *to, int byte, size_t n);
void *memset(void *to, int byte, size_t n) {
    for (size_t i = 0; i < n; i++) {
        ((volatile char *)to)[i] = (char)byte;
    }
    return to;
}
void world_start(const long *stack);
void world_start(const long *stack) {
    const int failures = check((int)stack[0]);
    (void)linux_call(93, failures != 0, 0, 0);
}
__asm__(".global _start\n_start: mov x0, sp\n bl world_start\n");

#else
#include <stdio.h>
static void put_bytes(const char *text, size_t n) { (void)fwrite(text, 1, n, stdout); }
int main(int argument_count, char **arguments) {
    (void)arguments;
    return check(argument_count) != 0;
}
#endif

static void put(const char *text) {
    size_t n = 0;
    while (text[n] != 0) {
        n++;
    }
    put_bytes(text, n);
}

static void put_number(uint64_t number, unsigned base) {
    char text[64];
    size_t at = sizeof text;
    do {
        text[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    put_bytes(text + at, sizeof text - at);
}
