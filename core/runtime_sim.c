/* runtime_sim: the world that follows from a seed. */
#include "runtime_sim.h"

static uint64_t ngi_sim_mixed(uint64_t bits) {
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return bits ^ bits >> 31;
}

void ng_sim_init(ng_sim *sim, uint64_t seed) {
    if (sim != NULL) {
        sim->now = sim->wall_offset = sim->wake_delay = sim->oversleep = 0;
        sim->trace = sim->turns = 0;
        sim->fail_at = sim->fail_one_in = sim->requests = 0;
        sim->seed = seed;
        sim->loops = NULL;
        sim->inner.resize = NULL;
        sim->inner.ctx = NULL;
    }
}

uint64_t ng_sim_random(ng_sim *sim) {
    return sim == NULL ? 0 : ngi_sim_mixed(sim->seed += UINT64_C(0x9e3779b97f4a7c15));
}

bool ng_sim_chance(ng_sim *sim, uint64_t one_in) {
    return sim != NULL && one_in != 0 && ng_sim_random(sim) % one_in == 0;
}

ng_time ng_sim_delay(ng_sim *sim, ng_time longest) {
    return sim == NULL || longest <= 0 ? 0
                                       : (ng_time)(ng_sim_random(sim) % ((uint64_t)longest + 1));
}

void ng_sim_note(ng_sim *sim, uint64_t number) {
    if (sim != NULL) {
        sim->trace = ngi_sim_mixed((sim->trace ^ number) + UINT64_C(0x9e3779b97f4a7c15));
    }
}

/* ---- memory ---- */

static void *ngi_sim_resize(void *ctx, void *block, size_t old_size, size_t size) {
    ng_sim *sim = (ng_sim *)ctx;
    if (size > 0) {
        sim->requests++;
        if (sim->requests == sim->fail_at || ng_sim_chance(sim, sim->fail_one_in)) {
            return NULL;
        }
    }
    return sim->inner.resize(sim->inner.ctx, block, old_size, size);
}

ng_allocator ng_sim_allocator(ng_sim *sim, ng_allocator inner) {
    ng_allocator allocator = {NULL, NULL};
    if (sim != NULL && inner.resize != NULL) {
        sim->inner = inner;
        allocator.resize = ngi_sim_resize;
        allocator.ctx = sim;
    }
    return allocator;
}

/* ---- the port ---- */

static ng_time ngi_sim_now(void *ctx) { return ((const ng_sim_loop *)ctx)->sim->now; }

static ng_time ngi_sim_wall(void *ctx) {
    const ng_sim *sim = ((const ng_sim_loop *)ctx)->sim;
    return (ng_time)((uint64_t)sim->now + (uint64_t)sim->wall_offset);
}

static uint64_t ngi_sim_dice(void *ctx) { return ng_sim_random(((const ng_sim_loop *)ctx)->sim); }

static void ngi_sim_wake(void *ctx) {
    ng_sim_loop *loop = (ng_sim_loop *)ctx;
    const ng_time arrives =
        ng_time_add(loop->sim->now, ng_sim_delay(loop->sim, loop->sim->wake_delay));
    if (arrives < loop->wakes) {
        loop->wakes = arrives;
    }
}

/* Lets time pass until `until`, or a bit longer. */
static void ngi_sim_pass(ng_sim *sim, ng_time until) {
    if (until > sim->now) {
        sim->now = ng_time_add(until, ng_sim_delay(sim, sim->oversleep));
    }
}

static ng_status ngi_sim_wait(void *ctx, ng_time until) {
    ng_sim_loop *loop = (ng_sim_loop *)ctx;
    if (until == NG_NOW) {
        return NG_OK;
    }
    if (loop->sim->loops != loop || loop->next != NULL) {
        return NG_MISUSED; /* the others would stand still */
    }
    until = loop->wakes < until ? loop->wakes : until;
    if (until == NG_FOREVER) {
        return NG_END;
    }
    ngi_sim_pass(loop->sim, until);
    if (loop->wakes <= loop->sim->now) {
        loop->wakes = NG_FOREVER;
    }
    return NG_OK;
}

ng_status ng_sim_loop_init(ng_sim *sim, ng_sim_loop *loop) {
    ng_port port;
    if (sim == NULL || loop == NULL) {
        return NG_INVALID;
    }
    port.now = ngi_sim_now;
    port.wall = ngi_sim_wall;
    port.wait = ngi_sim_wait;
    port.wake = ngi_sim_wake;
    port.random = ngi_sim_dice;
    port.watch = NULL;
    port.unwatch = NULL;
    port.read = NULL;
    port.write = NULL;
    port.start_thread = NULL;
    port.join_thread = NULL;
    port.ctx = loop;
    loop->sim = sim;
    loop->wakes = NG_FOREVER;
    loop->next = NULL;
    ng_sim_loop **last = &sim->loops;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = loop;
    return ng_loop_init(&loop->loop, &port);
}

/* ---- the world ---- */

static ng_time ngi_sim_due(ng_sim_loop *loop) {
    if (loop->loop.stopped) {
        return NG_FOREVER;
    }
    const ng_time next = ng_loop_next(&loop->loop);
    return next < loop->wakes ? next : loop->wakes;
}

/* One of the loops that have something to do now, or NULL and when one will have. */
static ng_sim_loop *ngi_sim_choose(ng_sim *sim, ng_time *next) {
    uint64_t count = 0;
    *next = NG_FOREVER;
    for (ng_sim_loop *loop = sim->loops; loop != NULL; loop = loop->next) {
        const ng_time due = ngi_sim_due(loop);
        count += due <= sim->now;
        *next = due < *next ? due : *next;
    }
    if (count == 0) {
        return NULL;
    }
    uint64_t skip = ng_sim_random(sim) % count;
    for (ng_sim_loop *loop = sim->loops;; loop = loop->next) {
        if (ngi_sim_due(loop) <= sim->now && skip-- == 0) {
            return loop;
        }
    }
}

static ng_status ngi_sim_end(const ng_sim *sim) {
    for (const ng_sim_loop *loop = sim->loops; loop != NULL; loop = loop->next) {
        if (!loop->loop.stopped && (loop->loop.channels > 0 || loop->loop.timers > 0)) {
            return NG_END;
        }
    }
    return NG_OK;
}

ng_status ng_sim_run(ng_sim *sim, ng_time until) {
    if (sim == NULL) {
        return NG_INVALID;
    }
    for (ng_sim_loop *loop = sim->loops; loop != NULL; loop = loop->next) {
        loop->loop.stopped = false;
    }
    for (;;) {
        ng_time next;
        ng_sim_loop *loop = ngi_sim_choose(sim, &next);
        if (loop == NULL) {
            if (next == NG_FOREVER) {
                return ngi_sim_end(sim);
            }
            if (next > until) {
                sim->now = until > sim->now ? until : sim->now;
                return NG_AGAIN;
            }
            ngi_sim_pass(sim, next);
            continue;
        }
        if (loop->wakes <= sim->now) {
            loop->wakes = NG_FOREVER;
        }
        sim->turns++;
        const ng_status status = ng_loop_turn(&loop->loop, NG_NOW);
        if (status < 0) {
            return status;
        }
    }
}
