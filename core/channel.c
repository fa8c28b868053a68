/* channel: a ring of slots that many threads fill and one empties. */
#include "channel.h"
#include "loop_parts.h"

/* A count, the item, and what aligns the next count. 0: too large. */
static size_t ngi_slot_size(size_t item_size) {
    const size_t more = 2 * sizeof(size_t) - 1;
    return item_size > SIZE_MAX - more ? 0 : (item_size + more) / sizeof(size_t) * sizeof(size_t);
}

size_t ng_channel_size(size_t capacity, size_t item_size) {
    const size_t slot_size = ngi_slot_size(item_size);
    /* Counts go up in steps of 2, and must tell a full ring from an empty one. */
    if (capacity == 0 || (capacity & (capacity - 1)) != 0 || capacity > SIZE_MAX / 8 ||
        item_size == 0 || slot_size == 0 || slot_size > SIZE_MAX / 2 / capacity) {
        return 0;
    }
    return capacity * slot_size;
}

static size_t *ngi_slot_count(const ng_channel *channel, size_t count) {
    return (size_t *)(void *)(channel->slots + (count >> 1 & channel->mask) * channel->slot_size);
}

static void ngi_channel_rung(ngi_bell *bell) {
    ng_channel *const channel =
        (ng_channel *)(void *)((unsigned char *)bell - offsetof(ng_channel, bell));
    if (channel->reader != NULL) {
        ngi_task_notify(bell->loop, channel->reader);
    }
}

static bool ngi_channel_may_listen(const ng_loop *loop, const ng_task *reader) {
    return (loop == NULL) == (reader == NULL) &&
           (reader == NULL || (reader->run != NULL && !ng_task_is_pending(reader)));
}

static void ngi_channel_set_reader(ng_channel *channel, ng_loop *loop, ng_task *reader) {
    ngi_bell_init(&channel->bell, loop, ngi_channel_rung);
    channel->bell.armed = 1;
    channel->reader = reader;
    if (loop != NULL) {
        loop->channels++;
    }
}

ng_status ng_channel_init(ng_channel *channel, void *block, size_t block_size, size_t capacity,
                          size_t item_size, ng_loop *loop, ng_task *reader) {
    const size_t size = ng_channel_size(capacity, item_size);
    if (channel == NULL || block == NULL || (uintptr_t)block % sizeof(size_t) != 0 || size == 0 ||
        block_size < size || !ngi_channel_may_listen(loop, reader)) {
        return NG_INVALID;
    }
    channel->slots = (unsigned char *)block;
    channel->mask = capacity - 1;
    channel->item_size = item_size;
    channel->slot_size = ngi_slot_size(item_size);
    channel->sent = channel->received = 0;
    channel->waits = NULL;
    channel->ended = false;
    for (size_t i = 0; i < capacity; i++) {
        *ngi_slot_count(channel, 2 * i) = 2 * i;
    }
    ngi_channel_set_reader(channel, loop, reader);
    return NG_OK;
}

static bool ngi_channel_has_item(const ng_channel *channel) {
    const size_t at = channel->received;
    return __atomic_load_n(ngi_slot_count(channel, at), __ATOMIC_SEQ_CST) == at + 1;
}

ng_status ng_channel_listen(ng_channel *channel, ng_loop *loop, ng_task *reader) {
    if (channel == NULL || !ngi_channel_may_listen(loop, reader)) {
        return NG_INVALID;
    }
    if (channel->bell.loop != NULL && !channel->ended) {
        channel->bell.loop->channels--;
    }
    ngi_channel_set_reader(channel, loop, reader);
    const bool closed = (__atomic_load_n(&channel->sent, __ATOMIC_SEQ_CST) & 1) != 0;
    if (ngi_channel_has_item(channel) || closed) {
        ngi_bell_ring(&channel->bell);
    }
    return NG_OK;
}

/* ---- sending --------------------------------------------------------------------------------- */

ng_status ng_send(ng_channel *channel, const void *item) {
    if (channel == NULL || item == NULL) {
        return NG_INVALID;
    }
    size_t at = __atomic_load_n(&channel->sent, __ATOMIC_RELAXED);
    for (;;) {
        if ((at & 1) != 0) {
            return NG_CLOSED;
        }
        size_t *count = ngi_slot_count(channel, at);
        const size_t free_for = __atomic_load_n(count, __ATOMIC_ACQUIRE);
        if (free_for == at) {
            if (__atomic_compare_exchange_n(&channel->sent, &at, at + 2, true, __ATOMIC_RELAXED,
                                            __ATOMIC_RELAXED)) {
                __builtin_memcpy(count + 1, item, channel->item_size);
                /* Sequentially consistent, as is the receiver's announcement that it waits: one of
                 * both sees the other. */
                __atomic_store_n(count, at + 1, __ATOMIC_SEQ_CST);
                ngi_bell_ring(&channel->bell);
                return NG_OK;
            }
        } else if (at - free_for <= SIZE_MAX / 2) {
            return NG_AGAIN; /* it holds an item of a round ago */
        } else {
            at = __atomic_load_n(&channel->sent, __ATOMIC_RELAXED);
        }
    }
}

static void ngi_channel_wait_rung(ngi_bell *bell) {
    ng_channel_wait *const wait = (ng_channel_wait *)(void *)bell; /* its first field */
    ng_task *const task = wait->task;
    wait->waiting = false;
    wait->task = NULL;
    if (task != NULL) {
        ngi_task_notify(bell->loop, task);
    }
}

/* There is room, or there will be none: tells all who wait for it. */
static void ngi_channel_tell_senders(ng_channel *channel) {
    if (__atomic_load_n(&channel->waits, __ATOMIC_SEQ_CST) == NULL) {
        return;
    }
    ng_channel_wait *wait =
        __atomic_exchange_n(&channel->waits, (ng_channel_wait *)NULL, __ATOMIC_SEQ_CST);
    while (wait != NULL) {
        ng_channel_wait *const next = wait->next;
        ngi_bell_ring(&wait->bell);
        wait = next;
    }
}

/* Whether ng_send would not say NG_AGAIN. */
static bool ngi_channel_has_room(const ng_channel *channel) {
    const size_t at = __atomic_load_n(&channel->sent, __ATOMIC_SEQ_CST);
    return (at & 1) != 0 || __atomic_load_n(ngi_slot_count(channel, at), __ATOMIC_SEQ_CST) == at;
}

ng_status ng_channel_await(ng_channel *channel, ng_channel_wait *wait, ng_loop *loop,
                           ng_task *task) {
    if (channel == NULL || wait == NULL || loop == NULL || task == NULL || task->run == NULL) {
        return NG_INVALID;
    }
    if (wait->waiting) {
        return NG_MISUSED;
    }
    ngi_bell_init(&wait->bell, loop, ngi_channel_wait_rung);
    wait->bell.armed = 1;
    wait->waiting = true;
    wait->task = task;
    wait->next = __atomic_load_n(&channel->waits, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&channel->waits, &wait->next, wait, true, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
    }
    if (ngi_channel_has_room(channel)) {
        ngi_channel_tell_senders(channel);
    }
    return NG_OK;
}

/* ---- receiving ------------------------------------------------------------------------------- */

static ng_status ngi_channel_ended(ng_channel *channel) {
    if (!channel->ended) {
        channel->ended = true;
        if (channel->bell.loop != NULL) {
            channel->bell.loop->channels--;
        }
    }
    return NG_END;
}

ng_status ng_receive(ng_channel *channel, void *item) {
    if (channel == NULL || item == NULL) {
        return NG_INVALID;
    }
    const size_t at = channel->received;
    size_t *count = ngi_slot_count(channel, at);
    if (__atomic_load_n(count, __ATOMIC_ACQUIRE) != at + 1) {
        ngi_bell_arm(&channel->bell);
        const size_t sent = __atomic_load_n(&channel->sent, __ATOMIC_SEQ_CST);
        if (!ngi_channel_has_item(channel)) {
            return sent == at + 1 ? ngi_channel_ended(channel) : NG_AGAIN;
        }
        ngi_bell_disarm(&channel->bell);
    }
    __builtin_memcpy(item, count + 1, channel->item_size);
    channel->received = at + 2;
    __atomic_store_n(count, at + 2 * (channel->mask + 1), __ATOMIC_SEQ_CST);
    ngi_channel_tell_senders(channel);
    return NG_OK;
}

void ng_channel_close(ng_channel *channel) {
    if (channel != NULL && (__atomic_fetch_or(&channel->sent, 1, __ATOMIC_SEQ_CST) & 1) == 0) {
        ngi_bell_ring(&channel->bell);
        ngi_channel_tell_senders(channel);
    }
}

void ng_channel_leave(ng_channel *channel) {
    if (channel != NULL) {
        channel->reader = NULL;
        ng_channel_close(channel);
        (void)ngi_channel_ended(channel);
    }
}
