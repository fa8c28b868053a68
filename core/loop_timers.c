/* loop_timers: when which timer fires. */
#include "loop_parts.h"

static uint64_t ngi_key_of(ng_time when) { return (uint64_t)when ^ (uint64_t)1 << 63; }

static ng_time ngi_time_of(uint64_t key) { return (ng_time)(key ^ (uint64_t)1 << 63); }

void ngi_timers_init(ng_loop *loop) {
    ngi_wheel *wheel = &loop->wheel;
    wheel->now = wheel->present = ngi_key_of(loop->now);
    wheel->earliest_known = false;
    wheel->earliest = UINT64_MAX;
    wheel->levels = 0;
    wheel->collecting = 0;
    for (size_t level = 0; level < NGI_WHEEL_LEVELS; level++) {
        wheel->filled[level] = 0;
        for (size_t i = 0; i < NGI_WHEEL_AHEAD; i++) {
            wheel->ahead[level][i] = NULL;
        }
    }
    for (size_t i = 0; i < 2; i++) {
        wheel->late[i].first = wheel->late[i].last = NULL;
    }
}

static unsigned ngi_digit(uint64_t key, unsigned level) {
    return (unsigned)(key >> level * NGI_WHEEL_BITS) & (NGI_WHEEL_SLOTS - 1);
}

static void ngi_slot_append(ngi_slot *slot, ng_timer *timer, bool is_empty) {
    timer->next = NULL;
    if (is_empty) {
        timer->previous = NULL;
        slot->first = timer;
    } else {
        timer->previous = slot->last;
        slot->last->next = timer;
    }
    slot->last = timer;
}

/* Where a timer stands that is not late: `now` never moves so that this changes. */
static unsigned ngi_level_of(const ngi_wheel *wheel, uint64_t key) {
    const uint64_t differs = (key ^ wheel->now) | 1;
    return (unsigned)(63 - __builtin_clzll(differs)) / NGI_WHEEL_BITS;
}

/* Puts a timer that is later than the wheel's `now` into its slot. */
static void ngi_wheel_put(ngi_wheel *wheel, ng_timer *timer) {
    const unsigned level = ngi_level_of(wheel, timer->key);
    const unsigned digit = ngi_digit(timer->key, level);
    const uint64_t bit = (uint64_t)1 << digit;
    ngi_slot_append(&wheel->slots[level][digit], timer, (wheel->filled[level] & bit) == 0);
    wheel->filled[level] |= bit;
    wheel->levels |= 1u << level;
}

/* The list that `timer` is the first or the last of. */
static ngi_slot *ngi_slot_of(ngi_wheel *wheel, const ng_timer *timer, unsigned level) {
    for (size_t i = 0; i < 2; i++) {
        if (wheel->late[i].first == timer || wheel->late[i].last == timer) {
            return &wheel->late[i];
        }
    }
    return &wheel->slots[level][ngi_digit(timer->key, level)];
}

static void ngi_wheel_emptied(ngi_wheel *wheel, unsigned level, unsigned digit) {
    wheel->filled[level] &= ~((uint64_t)1 << digit);
    if (wheel->filled[level] == 0) {
        wheel->levels &= ~(1u << level);
    }
}

static void ngi_slot_take(ngi_wheel *wheel, ng_timer *timer, unsigned level) {
    ngi_slot *const slot = ngi_slot_of(wheel, timer, level);
    if (timer->previous == NULL) {
        slot->first = timer->next;
    } else {
        timer->previous->next = NULL;
    }
    if (timer->next == NULL) {
        slot->last = timer->previous;
    } else {
        timer->next->previous = NULL;
    }
    if (slot->first == NULL && slot != &wheel->late[0] && slot != &wheel->late[1]) {
        ngi_wheel_emptied(wheel, level, ngi_digit(timer->key, level));
    }
}

static void ngi_wheel_take(ng_loop *loop, ng_timer *timer) {
    ngi_wheel *const wheel = &loop->wheel;
    const unsigned level = ngi_level_of(wheel, timer->key);
    ng_timer **const ahead = &wheel->ahead[level][ngi_digit(timer->key, level) % NGI_WHEEL_AHEAD];
    if (*ahead == timer) {
        *ahead = timer->next;
    }
    if (timer->previous != NULL && timer->next != NULL) {
        timer->previous->next = timer->next;
        timer->next->previous = timer->previous;
    } else {
        ngi_slot_take(wheel, timer, level);
    }
    timer->loop = NULL;
    loop->timers--;
}

/* Reads on in one of the lists that follow. */
static void ngi_wheel_look_ahead(ng_timer **ahead) {
    if (*ahead != NULL) {
        *ahead = (*ahead)->next;
        __builtin_prefetch(*ahead, 1);
    }
}

/* Moves what stands in a slot, of level 1 or above, to the levels below. */
static void ngi_wheel_spread(ngi_wheel *wheel, unsigned level, unsigned digit) {
    ng_timer **const ahead = wheel->ahead[level];
    ng_timer *timer = wheel->slots[level][digit].first;
    const unsigned later = digit + NGI_WHEEL_AHEAD;
    const bool follows = later < NGI_WHEEL_SLOTS && (wheel->filled[level] >> later & 1) != 0;
    ahead[digit % NGI_WHEEL_AHEAD] = follows ? wheel->slots[level][later].first : NULL;
    ngi_wheel_emptied(wheel, level, digit);
    for (unsigned turn = digit; timer != NULL; turn++) {
        ng_timer *const next = timer->next;
        ngi_wheel_look_ahead(&ahead[turn % NGI_WHEEL_AHEAD]);
        ngi_wheel_put(wheel, timer);
        timer = next;
    }
}

/* The first timer that is due at `limit`, taken out, or NULL. */
static ng_timer *ngi_wheel_pop(ng_loop *loop, uint64_t limit) {
    ngi_wheel *wheel = &loop->wheel;
    while (wheel->levels != 0) {
        const unsigned level = (unsigned)__builtin_ctz(wheel->levels);
        const unsigned digit = (unsigned)__builtin_ctzll(wheel->filled[level]);
        ng_timer *timer = wheel->slots[level][digit].first;
        /* A timer that is alone needs no way down through the levels. */
        if (level == 0 || timer->next == NULL) {
            if (timer->key > limit) {
                return NULL;
            }
            ngi_wheel_take(loop, timer);
            wheel->now = wheel->present = timer->key;
            return timer;
        }
        const uint64_t begins = timer->key >> level * NGI_WHEEL_BITS << level * NGI_WHEEL_BITS;
        if (begins > limit) {
            return NULL;
        }
        wheel->now = begins;
        ngi_wheel_spread(wheel, level, digit);
    }
    return NULL;
}

static void ngi_timer_set(ng_loop *loop, ng_timer *timer, uint64_t key) {
    ngi_wheel *wheel = &loop->wheel;
    timer->loop = loop;
    timer->key = key;
    loop->timers++;
    if (key <= wheel->present) {
        ngi_slot *late = &wheel->late[wheel->collecting];
        ngi_slot_append(late, timer, late->first == NULL);
    } else {
        ngi_wheel_put(wheel, timer);
    }
    if (key < wheel->earliest) {
        wheel->earliest = key;
    }
}

static void ngi_timer_fire(ng_loop *loop, ng_timer *timer) {
    if (timer->period > 0) {
        const ng_time due = ngi_time_of(timer->key);
        ng_time next = ng_time_add(due, timer->period);
        if (next <= loop->now) {
            const uint64_t behind = (uint64_t)loop->now - (uint64_t)next;
            const uint64_t missed = behind / (uint64_t)timer->period + 1;
            timer->missed += missed;
            next =
                ng_time_add(loop->now, timer->period - (ng_time)(behind % (uint64_t)timer->period));
        }
        ngi_timer_set(loop, timer, ngi_key_of(next));
    }
    timer->fire(timer);
}

void ngi_timers_run(ng_loop *loop) {
    ngi_wheel *wheel = &loop->wheel;
    const uint64_t limit = ngi_key_of(loop->now);
    if (wheel->earliest > limit) {
        wheel->present = limit;
        return;
    }
    wheel->earliest_known = false;
    ngi_slot *late = &wheel->late[wheel->collecting];
    wheel->collecting ^= 1;
    while (late->first != NULL) {
        ng_timer *timer = late->first;
        ngi_wheel_take(loop, timer);
        ngi_timer_fire(loop, timer);
    }
    for (;;) {
        ng_timer *timer = ngi_wheel_pop(loop, limit);
        if (timer == NULL) {
            break;
        }
        ngi_timer_fire(loop, timer);
    }
    wheel->present = limit;
}

static uint64_t ngi_wheel_earliest(const ngi_wheel *wheel) {
    if (wheel->late[wheel->collecting].first != NULL) {
        return wheel->present;
    }
    if (wheel->levels == 0) {
        return UINT64_MAX;
    }
    const unsigned level = (unsigned)__builtin_ctz(wheel->levels);
    const ng_timer *timer =
        wheel->slots[level][(unsigned)__builtin_ctzll(wheel->filled[level])].first;
    uint64_t earliest = timer->key;
    for (; timer != NULL && level > 0; timer = timer->next) {
        earliest = timer->key < earliest ? timer->key : earliest;
    }
    return earliest;
}

ng_time ngi_timers_next(ng_loop *loop) {
    ngi_wheel *wheel = &loop->wheel;
    if (!wheel->earliest_known || loop->timers == 0) {
        wheel->earliest = ngi_wheel_earliest(wheel);
        wheel->earliest_known = true;
    }
    return ngi_time_of(wheel->earliest);
}

ng_status ng_timer_at(ng_loop *loop, ng_timer *timer, ng_time when) {
    if (loop == NULL || timer == NULL || timer->fire == NULL) {
        return NG_INVALID;
    }
    if (timer->loop != NULL && timer->loop != loop) {
        return NG_MISUSED;
    }
    ng_timer_stop(timer);
    timer->period = 0;
    timer->missed = 0;
    ngi_timer_set(loop, timer, ngi_key_of(when));
    ngi_loop_changed(loop);
    return NG_OK;
}

ng_status ng_timer_after(ng_loop *loop, ng_timer *timer, ng_time delay) {
    if (delay < 0) {
        return NG_INVALID;
    }
    return ng_timer_at(loop, timer, ng_time_add(ng_loop_now(loop), delay));
}

ng_status ng_timer_every(ng_loop *loop, ng_timer *timer, ng_time period) {
    if (period <= 0) {
        return NG_INVALID;
    }
    const ng_status status = ng_timer_at(loop, timer, ng_loop_now(loop));
    if (status == NG_OK) {
        timer->period = period;
    }
    return status;
}

void ng_timer_stop(ng_timer *timer) {
    if (timer != NULL && timer->loop != NULL) {
        ngi_wheel_take(timer->loop, timer);
    }
}
