/* channel: a bounded queue of items from any number of threads to the one thread of a loop.
 *
 *     static void read_all(ng_task *task) {
 *         reading item;
 *         while (ng_receive(task->ctx, &item) == NG_OK) {
 *             ... use it ...
 *         }
 *     }
 *
 *     ng_task reader = {read_all, &channel};
 *     ng_status status = ng_channel_init(&channel, block, sizeof block, 1024, sizeof(reading),
 *                                        &loop, &reader);
 *
 * The reader runs when there is something after ng_receive has said that there is nothing. So it
 * receives until then, or it yields and goes on in the next turn; if it stops before, no one calls
 * it again. The end of the stream is something too: the reader is called to receive NG_END. Now and
 * then it is called for nothing. */
#ifndef NGI_CHANNEL_H
#define NGI_CHANNEL_H

#include "loop.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* All fields are private. The counts advance by 2 for an item; the lowest bit of `sent` says that
 * the channel is closed. The slots begin with a count of their own: that of the item which they are
 * free for, or that plus 1 while they hold it. */
typedef struct ng_channel {
    size_t sent; /* atomic */
    unsigned char *slots;
    size_t mask, item_size, slot_size;
    ng_task *reader;
    struct ng_channel_wait *waits; /* atomic: senders that wait for room */
    size_t apart[8];               /* keeps what senders write away from what the receiver does */
    size_t received;
    bool ended;
    ngi_bell bell; /* the receiver's */
} ng_channel;

/* A sender that waits for room. The caller's, all zeros; it stays where it is until it was told, or
 * as long as the channel does. */
typedef struct ng_channel_wait {
    ngi_bell bell; /* private */
    ng_task *task; /* NULL: no one is there any more */
    struct ng_channel_wait *next;
    bool waiting;
} ng_channel_wait;

/* Bytes of the block that a channel needs. `capacity` is a power of two, `item_size` at least 1; 0
 * if they are not, or the size does not fit. Any thread. */
size_t ng_channel_size(size_t capacity, size_t item_size);

/* Starts a channel. Kept: `block` (of `block_size` bytes, at least ng_channel_size, aligned for
 * size_t), `loop` and `reader`, a task which is not under way. The loop does not end while the
 * channel is open or has items. `loop` and `reader` both NULL: any one thread receives, and looks
 * for itself. NG_INVALID: an argument is wrong. For the thread of the loop. */
NG_NODISCARD ng_status ng_channel_init(ng_channel *channel, void *block, size_t block_size,
                                       size_t capacity, size_t item_size, ng_loop *loop,
                                       ng_task *reader);

/* Copies an item in. NG_AGAIN: the channel is full. NG_CLOSED: it is closed. What one thread sends
 * arrives in that order. Any thread. */
NG_NODISCARD ng_status ng_send(ng_channel *channel, const void *item);

/* Runs `task` in `loop`, that of this thread, as soon as there may be room, or the channel is
 * closed; once, and at once if there is. For after ng_send has said NG_AGAIN; until then `wait` may
 * not be used for another. NG_MISUSED: it waits already. Any thread. */
ng_status ng_channel_await(ng_channel *channel, ng_channel_wait *wait, ng_loop *loop,
                           ng_task *task);

/* Has the channel call another reader, or, with NULL for both, none: `loop` and `reader` as in
 * ng_channel_init. For the receiving thread, before anyone sends or after the end. */
NG_NODISCARD ng_status ng_channel_listen(ng_channel *channel, ng_loop *loop, ng_task *reader);

/* Copies the oldest item out. NG_AGAIN: there is none; the reader runs when there is. NG_END: the
 * channel is closed and empty. For the receiving thread. */
NG_NODISCARD ng_status ng_receive(ng_channel *channel, void *item);

/* The receiver wants no more: closes the channel, lets go of its items and its reader. Idempotent.
 * For the receiving thread. */
void ng_channel_leave(ng_channel *channel);

/* Nothing more can be sent; what was sent can still be received. Idempotent. Any thread, both
 * sides; no one may use the channel after its last receive has answered NG_END and the senders have
 * stopped. */
void ng_channel_close(ng_channel *channel);

#if defined(__cplusplus)
}
#endif

#endif
