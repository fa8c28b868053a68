/* counter: numbers that one thread writes and any thread reads, without locks.
 *
 * A counter only grows, a gauge goes up and down. Each has one thread that writes it; reading one
 * from any thread gives a value that it had, whole, and one reader never sees a counter go back.
 * Nothing more is ordered by it: what another counter says may be older or newer.
 *
 * Where a pointer has 64 bits the value is one atomic word. Elsewhere no such word can be relied
 * on: there the value stands twice, in halves, and a turn says which of the two is whole. The
 * writer fills the other one and then moves the turn on, so it never waits; a reader begins again
 * only if the writer has gone on meanwhile, so it never waits for a writer that stands still (as
 * one does that an interrupt has stopped). A reader that sleeps in the middle of a read for exactly
 * 2^32 writes, or a multiple, could take halves that do not belong together.
 *
 * All-zero is a counter at 0 and a gauge at 0. NULL: nothing happens, and it reads as 0. */
#ifndef NGI_COUNTER_H
#define NGI_COUNTER_H

#include "base.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Whether 64-bit values stand in halves. */
#if !defined(NGI_CELL_HALVES)
#if UINTPTR_MAX > UINT32_MAX
#define NGI_CELL_HALVES 0
#else
#define NGI_CELL_HALVES 1
#endif
#endif

/* Internal: 64 bits that one thread writes and any thread reads. */
typedef struct ngi_cell {
#if NGI_CELL_HALVES
    uint32_t turn;         /* its lowest bit is the whole one of */
    uint32_t halves[2][2]; /* the value, low half first */
#else
    uint64_t word;
#endif
} ngi_cell;

/* Private inside. */
typedef struct ng_counter {
    ngi_cell cell;
} ng_counter;
typedef struct ng_gauge {
    ngi_cell cell; /* the bits of a double */
} ng_gauge;

#if NGI_CELL_HALVES
static inline uint64_t ngi_cell_load(const ngi_cell *cell) {
    uint32_t turn, low, high;
    /* A half of a later turn is read only together with the turn that was there before it. */
    do {
        turn = __atomic_load_n(&cell->turn, __ATOMIC_ACQUIRE);
        low = __atomic_load_n(&cell->halves[turn & 1][0], __ATOMIC_ACQUIRE);
        high = __atomic_load_n(&cell->halves[turn & 1][1], __ATOMIC_ACQUIRE);
    } while (__atomic_load_n(&cell->turn, __ATOMIC_RELAXED) != turn);
    return (uint64_t)high << 32 | low;
}
static inline void ngi_cell_store(ngi_cell *cell, uint64_t value) {
    const uint32_t turn = __atomic_load_n(&cell->turn, __ATOMIC_RELAXED) + 1;
    __atomic_store_n(&cell->halves[turn & 1][0], (uint32_t)value, __ATOMIC_RELEASE);
    __atomic_store_n(&cell->halves[turn & 1][1], (uint32_t)(value >> 32), __ATOMIC_RELEASE);
    __atomic_store_n(&cell->turn, turn, __ATOMIC_RELEASE);
}
#else
static inline uint64_t ngi_cell_load(const ngi_cell *cell) {
    return __atomic_load_n(&cell->word, __ATOMIC_RELAXED);
}
static inline void ngi_cell_store(ngi_cell *cell, uint64_t value) {
    __atomic_store_n(&cell->word, value, __ATOMIC_RELAXED);
}
#endif

/* Adds `n`; the count stays at UINT64_MAX once it is there. The thread that writes it. */
static inline void ng_counter_add(ng_counter *counter, uint64_t n) {
    if (counter != NULL) {
        const uint64_t sum = ngi_cell_load(&counter->cell) + n;
        ngi_cell_store(&counter->cell, sum < n ? UINT64_MAX : sum);
    }
}

/* What it has counted. Any thread. */
static inline uint64_t ng_counter_read(const ng_counter *counter) {
    return counter != NULL ? ngi_cell_load(&counter->cell) : 0;
}

/* Gives it a value, or adds to the one it has. The thread that writes it. */
void ng_gauge_set(ng_gauge *gauge, double value);
void ng_gauge_add(ng_gauge *gauge, double value);

/* Its value. Any thread. */
double ng_gauge_read(const ng_gauge *gauge);

#if defined(__cplusplus)
}
#endif

#endif
