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

static void ngi_channel_deliver(ngi_post *post) {
    ng_channel *channel =
        (ng_channel *)(void *)((unsigned char *)post - offsetof(ng_channel, post));
    __atomic_exchange_n(&channel->is_posted, 0, __ATOMIC_SEQ_CST);
    ngi_task_notify(channel->loop, channel->reader);
}

/* Those who have made a difference tell the receiver, once each time it has found nothing. */
static void ngi_channel_tell(ng_channel *channel) {
    if (channel->loop != NULL &&
        __atomic_load_n(&channel->is_waiting, __ATOMIC_SEQ_CST) != 0 &&
        __atomic_exchange_n(&channel->is_waiting, 0, __ATOMIC_SEQ_CST) != 0 &&
        __atomic_exchange_n(&channel->is_posted, 1, __ATOMIC_SEQ_CST) == 0) {
        ngi_loop_post(channel->loop, &channel->post);
    }
}

ng_status ng_channel_init(ng_channel *channel, void *block, size_t block_size, size_t capacity,
                          size_t item_size, ng_loop *loop, ng_task *reader) {
    const size_t size = ng_channel_size(capacity, item_size);
    if (channel == NULL || block == NULL || (uintptr_t)block % sizeof(size_t) != 0 || size == 0 ||
        block_size < size || (loop == NULL) != (reader == NULL) ||
        (reader != NULL && (reader->run == NULL || ng_task_is_pending(reader)))) {
        return NG_INVALID;
    }
    channel->slots = (unsigned char *)block;
    channel->mask = capacity - 1;
    channel->item_size = item_size;
    channel->slot_size = ngi_slot_size(item_size);
    channel->sent = channel->received = 0;
    channel->loop = loop;
    channel->reader = reader;
    channel->is_waiting = 1;
    channel->is_posted = 0;
    channel->ended = false;
    channel->post.deliver = ngi_channel_deliver;
    for (size_t i = 0; i < capacity; i++) {
        *ngi_slot_count(channel, 2 * i) = 2 * i;
    }
    if (loop != NULL) {
        loop->channels++;
    }
    return NG_OK;
}

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
                ngi_channel_tell(channel);
                return NG_OK;
            }
        } else if (at - free_for <= SIZE_MAX / 2) {
            return NG_AGAIN; /* it holds an item of a round ago */
        } else {
            at = __atomic_load_n(&channel->sent, __ATOMIC_RELAXED);
        }
    }
}

static ng_status ngi_channel_ended(ng_channel *channel) {
    if (!channel->ended) {
        channel->ended = true;
        if (channel->loop != NULL) {
            channel->loop->channels--;
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
        __atomic_store_n(&channel->is_waiting, 1, __ATOMIC_SEQ_CST);
        const size_t sent = __atomic_load_n(&channel->sent, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(count, __ATOMIC_SEQ_CST) != at + 1) {
            return sent == at + 1 ? ngi_channel_ended(channel) : NG_AGAIN;
        }
        __atomic_store_n(&channel->is_waiting, 0, __ATOMIC_SEQ_CST);
    }
    __builtin_memcpy(item, count + 1, channel->item_size);
    __atomic_store_n(count, at + 2 * (channel->mask + 1), __ATOMIC_RELEASE);
    channel->received = at + 2;
    return NG_OK;
}

void ng_channel_close(ng_channel *channel) {
    if (channel != NULL &&
        (__atomic_fetch_or(&channel->sent, 1, __ATOMIC_SEQ_CST) & 1) == 0) {
        ngi_channel_tell(channel);
    }
}
