/* link: a ring of batches, with what was sent and taken counted on both sides. */
#include "link.h"

#include "sizes.h"

/* Counters wrap around; only their distances matter, which are bounded by the marks. */

size_t ng_link_size(const ng_link_options *o) {
    const bool power = o != NULL && o->batches != 0 && (o->batches & (o->batches - 1)) == 0;
    if (!power || o->high_rows == 0 || o->high_rows > SIZE_MAX / 2 || o->low_rows >= o->high_rows ||
        o->overflow < NG_OVERFLOW_BLOCK || o->overflow > NG_OVERFLOW_FAIL) {
        return 0;
    }
    const size_t size = ngi_size_times(o->batches, sizeof(ng_batch));
    return size == SIZE_MAX ? 0 : size;
}

ng_status ng_link_init(ng_link *link, const ng_link_options *options, void *slots) {
    if (link == NULL || slots == NULL || ng_link_size(options) == 0) {
        return NG_INVALID;
    }
    link->slots = (ng_batch *)slots;
    link->options = *options;
    link->tail = link->sent_rows = link->sent_bytes = 0;
    link->dropped_rows = link->front_rows = 0;
    link->ended = NG_OK;
    link->throttled = false;
    link->head = link->taken_rows = link->taken_bytes = 0;
    link->cancelled = false;
    return NG_OK;
}

static size_t ngi_link_see(const size_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

static void ngi_link_say(size_t *counter, size_t value) {
    __atomic_store_n(counter, value, __ATOMIC_RELEASE);
}

static ng_batch *ngi_link_slot(const ng_link *link, size_t place) {
    return &link->slots[place & (link->options.batches - 1)];
}

size_t ng_link_queued(const ng_link *link) {
    const size_t taken = ngi_link_see(&link->taken_rows);
    return ngi_link_see(&link->sent_rows) - taken;
}

size_t ng_link_desired(const ng_link *link) {
    return link->options.high_rows - ng_link_queued(link);
}

bool ng_link_is_cancelled(const ng_link *link) {
    return __atomic_load_n(&link->cancelled, __ATOMIC_ACQUIRE);
}

/* ---- sending --------------------------------------------------------------------------------- */

static bool ngi_link_drops(const ng_link *link) {
    return link->options.overflow != NG_OVERFLOW_BLOCK &&
           link->options.overflow != NG_OVERFLOW_FAIL;
}

/* Rows for which there is room, whatever the low-water mark says. */
static size_t ngi_link_room(const ng_link *link) {
    const size_t queued_bytes = link->sent_bytes - ngi_link_see(&link->taken_bytes);
    const bool no_slot = link->tail - ngi_link_see(&link->head) >= link->options.batches;
    if (no_slot || (link->options.high_bytes != 0 && queued_bytes >= link->options.high_bytes)) {
        return 0;
    }
    return link->options.high_rows - (link->sent_rows - ngi_link_see(&link->taken_rows));
}

size_t ng_link_credit(ng_link *link) {
    if (ngi_link_drops(link)) {
        return link->options.high_rows;
    }
    const size_t room = ngi_link_room(link);
    if (room == 0) {
        link->throttled = true;
    } else if (link->throttled && link->options.high_rows - room <= link->options.low_rows) {
        link->throttled = false;
    }
    return link->throttled ? 0 : room;
}

static void ngi_link_put(ng_link *link, ng_batch *batch) {
    const size_t bytes = link->options.high_bytes == 0 ? 0 : (size_t)ng_batch_bytes(batch);
    *ngi_link_slot(link, link->tail) = *batch;
    batch->block = NULL;
    link->sent_bytes += bytes;
    ngi_link_say(&link->sent_rows, link->sent_rows + batch->rows);
    ngi_link_say(&link->tail, link->tail + 1);
}

static void ngi_link_pop(ng_link *link) {
    ng_batch *const first = ngi_link_slot(link, link->head);
    const size_t bytes = link->options.high_bytes == 0 ? 0 : (size_t)ng_batch_bytes(first);
    const size_t rows = first->rows;
    (void)ng_batch_release(first);
    ngi_link_say(&link->taken_bytes, link->taken_bytes + bytes);
    ngi_link_say(&link->taken_rows, link->taken_rows + rows);
    ngi_link_say(&link->head, link->head + 1);
}

static void ngi_link_drop_first(ng_link *link) {
    const size_t rows = ngi_link_slot(link, link->head)->rows;
    link->dropped_rows += rows;
    link->front_rows += rows;
    ngi_link_pop(link);
}

static ng_status ngi_link_overflow(ng_link *link, ng_batch *batch) {
    switch (link->options.overflow) {
    case NG_OVERFLOW_FAIL:
        return NG_FULL;
    case NG_OVERFLOW_DROP_NEWEST:
        link->dropped_rows += batch->rows;
        return ng_batch_release(batch);
    case NG_OVERFLOW_DROP_OLDEST:
    case NG_OVERFLOW_LATEST:
        while (ng_link_first(link) != NULL && ngi_link_room(link) < batch->rows) {
            ngi_link_drop_first(link);
        }
        ngi_link_put(link, batch);
        return NG_OK;
    default:
        return NG_AGAIN;
    }
}

ng_status ng_link_send(ng_link *link, ng_batch *batch) {
    if (batch == NULL || batch->block == NULL || batch->rows == 0) {
        return NG_INVALID;
    }
    if (link->ended != NG_OK) {
        return NG_MISUSED;
    }
    if (ng_link_is_cancelled(link)) {
        return NG_CANCELLED;
    }
    if (batch->rows > link->options.high_rows) {
        return NG_NO_CREDIT;
    }
    if (link->options.overflow == NG_OVERFLOW_LATEST) {
        while (ng_link_first(link) != NULL) {
            ngi_link_drop_first(link);
        }
    }
    if (batch->rows > ngi_link_room(link)) {
        return ngi_link_overflow(link, batch);
    }
    ngi_link_put(link, batch);
    return NG_OK;
}

ng_status ng_link_end(ng_link *link, ng_status how) {
    if (how != NG_END && how >= NG_OK) {
        return NG_INVALID;
    }
    if (link->ended != NG_OK) {
        return NG_MISUSED;
    }
    __atomic_store_n(&link->ended, (int32_t)how, __ATOMIC_RELEASE);
    return NG_OK;
}

/* ---- taking ---------------------------------------------------------------------------------- */

const ng_batch *ng_link_first(const ng_link *link) {
    return ngi_link_see(&link->tail) == link->head ? NULL : ngi_link_slot(link, link->head);
}

ng_status ng_link_take(ng_link *link, size_t rows) {
    ng_batch *const first =
        ngi_link_see(&link->tail) == link->head ? NULL : ngi_link_slot(link, link->head);
    if (first == NULL || rows > first->rows) {
        return NG_INVALID;
    }
    if (rows == first->rows) {
        ngi_link_pop(link);
        return NG_OK;
    }
    const size_t before = link->options.high_bytes == 0 ? 0 : (size_t)ng_batch_bytes(first);
    first->offset += rows;
    first->rows -= rows;
    const size_t after = link->options.high_bytes == 0 ? 0 : (size_t)ng_batch_bytes(first);
    ngi_link_say(&link->taken_bytes, link->taken_bytes + (before - after));
    ngi_link_say(&link->taken_rows, link->taken_rows + rows);
    return NG_OK;
}

ng_status ng_link_state(const ng_link *link) {
    /* The end is read before the queue: what was sent before the end is seen then. */
    const ng_status ended = (ng_status)__atomic_load_n(&link->ended, __ATOMIC_ACQUIRE);
    return ng_link_first(link) != NULL ? NG_OK : ended;
}

void ng_link_close(ng_link *link) {
    while (ng_link_first(link) != NULL) {
        ngi_link_pop(link);
    }
}

void ng_link_cancel(ng_link *link) {
    __atomic_store_n(&link->cancelled, true, __ATOMIC_RELEASE);
    ng_link_close(link);
}
