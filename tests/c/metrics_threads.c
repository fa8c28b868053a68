/* metrics_threads: one thread writes a counter and a gauge, others read them all the while. Both
 * halves of each value are the same, so a torn one shows. */
#include "check.h"
#include "../../core/counter.h"

#include <pthread.h>
#include <string.h>

#define WRITES 200000
#define READERS 2

static ng_counter counter;
static ng_gauge gauge;
static int ended;

static void *write_values(void *unused) {
    for (uint64_t i = 1; i <= WRITES; i++) {
        const uint64_t bits = i << 32 | i;
        double value;
        memcpy(&value, &bits, sizeof value);
        ng_counter_add(&counter, UINT64_C(1) << 32 | 1);
        ng_gauge_set(&gauge, value);
    }
    __atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
    return unused;
}

/* Counts what it saw that it should not see. */
static void *read_values(void *wrong) {
    uint64_t before = 0;
    bool last = false;
    while (!last) {
        last = __atomic_load_n(&ended, __ATOMIC_ACQUIRE) != 0;
        const uint64_t count = ng_counter_read(&counter);
        const double value = ng_gauge_read(&gauge);
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        *(unsigned long *)wrong += (count >> 32) != (count & UINT32_MAX) || count < before ||
                                   (bits >> 32) != (bits & UINT32_MAX);
        before = count;
    }
    *(unsigned long *)wrong += before != ((uint64_t)WRITES << 32 | WRITES);
    return NULL;
}

int main(void) {
    pthread_t writer, readers[READERS];
    unsigned long wrong[READERS] = {0};
    for (int i = 0; i < READERS; i++) {
        CHECK(pthread_create(&readers[i], NULL, read_values, &wrong[i]) == 0);
    }
    CHECK(pthread_create(&writer, NULL, write_values, NULL) == 0);
    CHECK(pthread_join(writer, NULL) == 0);
    for (int i = 0; i < READERS; i++) {
        CHECK(pthread_join(readers[i], NULL) == 0 && wrong[i] == 0);
    }
    return check_report();
}
