/* runtime_sim: a world of which every detail follows from a seed.
 *
 * Time begins at 0 and passes only while all loops of the world wait, so a year takes no time, and
 * what a program does takes none. Which of several loops goes on first, how long a wake is under
 * way and how late a wait ends are drawn from the seed, and so are a program's own dice. The same
 * program with the same seed does the same, to the last detail, on every machine; ng_sim_note
 * collects what it did in one number that tells two runs apart.
 *
 *     ng_sim sim;
 *     ng_sim_loop one, other;
 *     ng_sim_init(&sim, seed);
 *     if (ng_sim_loop_init(&sim, &one) == NG_OK && ng_sim_loop_init(&sim, &other) == NG_OK) {
 *         ... set tasks, timers and channels on one.loop and other.loop ...
 *         status = ng_sim_run(&sim, NG_FOREVER);
 *     }
 *     printf("seed %llu: %016llx\n", seed, sim.trace);
 *
 * The generator is SplitMix64. It, what is drawn in which order, and the trace are part of the
 * interface: a seed that found a mistake finds it in later versions, too. A world belongs to one
 * thread, and its loops stand in for threads. */
#ifndef NGI_RUNTIME_SIM_H
#define NGI_RUNTIME_SIM_H

#include "loop.h"

#if defined(__cplusplus)
extern "C" {
#endif

struct ng_sim;

/* A loop in a world, with what the world knows of it. */
typedef struct ng_sim_loop {
    ng_loop loop;
    struct ng_sim *sim; /* private from here on */
    struct ng_sim_loop *next;
    ng_time wakes; /* when a wake arrives */
} ng_sim_loop;

typedef struct ng_sim {
    ng_time now;          /* read-only */
    ng_time wall_offset;  /* the wall clock is ahead of `now` by this; may be changed at any time */
    ng_time wake_delay;   /* the longest a wake is under way; 0 */
    ng_time oversleep;    /* the longest a wait lasts too long; 0 */
    uint64_t trace;       /* read-only: what was noted */
    uint64_t turns;       /* read-only: of all loops, in ng_sim_run */
    uint64_t fail_at;     /* the request for memory, from 1, that fails; 0: none */
    uint64_t fail_one_in; /* requests for memory fail once in so many, by chance; 0: none */
    uint64_t requests;    /* read-only: for memory */
    uint64_t seed;        /* private from here on */
    ng_sim_loop *loops;
    ng_allocator inner;
} ng_sim;

/* Begins a world, in which nothing is late and no memory is refused. */
void ng_sim_init(ng_sim *sim, uint64_t seed);

/* Starts a loop in the world, on a port of its own. Both are kept. NG_INVALID for NULL. */
NG_NODISCARD ng_status ng_sim_loop_init(ng_sim *sim, ng_sim_loop *loop);

/* Runs the loops, a turn of one of them at a time, until `until`: NG_AGAIN, or until nothing can
 * happen any more: NG_OK, or NG_END if a loop waits for what never comes (it has an open channel).
 * A loop that is stopped rests until the next call. Below 0: as ng_loop_turn. With a single loop
 * ng_loop_run does as well. */
NG_NODISCARD ng_status ng_sim_run(ng_sim *sim, ng_time until);

/* Mixes a number into the trace, which depends on the order. */
void ng_sim_note(ng_sim *sim, uint64_t number);

/* 64 bits of the seed. */
uint64_t ng_sim_random(ng_sim *sim);

/* True once in `one_in` times, on average; always for 1, never for 0. Draws one number, but for 0.
 */
bool ng_sim_chance(ng_sim *sim, uint64_t one_in);

/* A duration from 0 to `longest`, both included. Draws one number if `longest` is above 0. */
ng_time ng_sim_delay(ng_sim *sim, ng_time longest);

/* Memory from `inner`, and, by `fail_at` and `fail_one_in`, none. Taking memory back never fails. A
 * world has one such allocator. */
ng_allocator ng_sim_allocator(ng_sim *sim, ng_allocator inner);

#if defined(__cplusplus)
}
#endif

#endif
