/* loop: turns, waking, what other threads leave, and watches. */
#include "loop_parts.h"

ng_status ng_loop_init(ng_loop *loop, const ng_port *port) {
    if (loop == NULL || port == NULL || port->now == NULL || port->wait == NULL ||
        port->wake == NULL) {
        return NG_INVALID;
    }
    loop->port = *port;
    loop->now = port->now(port->ctx);
    loop->ready.first = loop->ready.last = NULL;
    loop->timers = loop->watches = loop->channels = 0;
    loop->inbox = NULL;
    loop->state = NGI_OUTSIDE;
    loop->stopping = 0;
    loop->turn = 0;
    loop->in_turn = loop->woken = loop->stopped = false;
    ngi_timers_init(loop);
    return NG_OK;
}

ng_time ng_loop_now(ng_loop *loop) {
    if (loop == NULL) {
        return 0;
    }
    if (!loop->in_turn) {
        const ng_time now = loop->port.now(loop->port.ctx);
        if (now > loop->now) {
            loop->now = now;
        }
    }
    return loop->now;
}

/* Of those who wake a loop that is between turns the first tells the port; during a turn the loop
 * finds out at its end. */
void ng_wake(ng_loop *loop) {
    if (loop != NULL &&
        __atomic_exchange_n(&loop->state, NGI_WOKEN, __ATOMIC_SEQ_CST) == NGI_OUTSIDE) {
        loop->port.wake(loop->port.ctx);
    }
}

void ng_loop_stop(ng_loop *loop) {
    if (loop != NULL) {
        __atomic_store_n(&loop->stopping, 1, __ATOMIC_SEQ_CST);
        ng_wake(loop);
    }
}

void ngi_loop_post(ng_loop *loop, ngi_post *post) {
    ngi_post *first = __atomic_load_n(&loop->inbox, __ATOMIC_RELAXED);
    do {
        post->next = first;
    } while (!__atomic_compare_exchange_n(&loop->inbox, &first, post, true, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    ng_wake(loop);
}

void ngi_bell_init(ngi_bell *bell, ng_loop *loop, void (*rung)(ngi_bell *bell)) {
    bell->loop = loop;
    bell->rung = rung;
    bell->armed = bell->posted = 0;
}

static void ngi_bell_deliver(ngi_post *post) {
    ngi_bell *const bell = (ngi_bell *)(void *)post; /* its first field */
    (void)__atomic_exchange_n(&bell->posted, 0, __ATOMIC_SEQ_CST);
    bell->rung(bell);
}

void ngi_bell_ring(ngi_bell *bell) {
    if (bell->loop != NULL && __atomic_load_n(&bell->armed, __ATOMIC_SEQ_CST) != 0 &&
        __atomic_exchange_n(&bell->armed, 0, __ATOMIC_SEQ_CST) != 0 &&
        __atomic_exchange_n(&bell->posted, 1, __ATOMIC_SEQ_CST) == 0) {
        bell->post.deliver = ngi_bell_deliver;
        ngi_loop_post(bell->loop, &bell->post);
    }
}

/* The inbox is a stack: what was left first comes last. */
static void ngi_loop_deliver(ng_loop *loop) {
    ngi_post *post = __atomic_exchange_n(&loop->inbox, NULL, __ATOMIC_SEQ_CST), *in_order = NULL;
    while (post != NULL) {
        ngi_post *next = post->next;
        post->next = in_order;
        in_order = post;
        post = next;
    }
    while (in_order != NULL) {
        ngi_post *next = in_order->next;
        in_order->deliver(in_order);
        in_order = next;
    }
}

static bool ngi_loop_is_idle(const ng_loop *loop) {
    return loop->ready.first == NULL && loop->timers == 0 && loop->watches == 0 &&
           loop->channels == 0 && !loop->woken;
}

/* A turn without the wait. Whether there is a reason to go on. */
static bool ngi_loop_pass(ng_loop *loop) {
    ng_loop_now(loop);
    loop->in_turn = true;
    __atomic_exchange_n(&loop->state, NGI_AWAKE, __ATOMIC_SEQ_CST);
    ngi_loop_deliver(loop);
    ngi_timers_run(loop);
    ngi_tasks_run(loop);
    loop->in_turn = false;
    loop->woken = __atomic_exchange_n(&loop->state, NGI_OUTSIDE, __ATOMIC_SEQ_CST) == NGI_WOKEN;
    loop->stopped = __atomic_exchange_n(&loop->stopping, 0, __ATOMIC_SEQ_CST) != 0;
    return !loop->stopped && !ngi_loop_is_idle(loop);
}

ng_time ng_loop_next(ng_loop *loop) {
    if (loop == NULL) {
        return NG_FOREVER;
    }
    return loop->ready.first != NULL || loop->woken ? loop->now : ngi_timers_next(loop);
}

static ng_status ngi_loop_wait(ng_loop *loop, ng_time until) {
    if (loop->ready.first != NULL || loop->woken) {
        until = NG_NOW;
    } else if (until != NG_NOW) {
        const ng_time next = ngi_timers_next(loop);
        until = next < until ? next : until;
    }
    return loop->port.wait(loop->port.ctx, until);
}

ng_status ng_loop_turn(ng_loop *loop, ng_time until) {
    if (loop == NULL) {
        return NG_INVALID;
    }
    if (loop->in_turn) {
        return NG_MISUSED;
    }
    if (!ngi_loop_pass(loop)) {
        return NG_END;
    }
    const ng_status status = ngi_loop_wait(loop, until);
    return status < 0 ? status : NG_OK;
}

ng_status ng_loop_run(ng_loop *loop) {
    if (loop == NULL) {
        return NG_INVALID;
    }
    if (loop->in_turn) {
        return NG_MISUSED;
    }
    while (ngi_loop_pass(loop)) {
        const ng_status status = ngi_loop_wait(loop, NG_FOREVER);
        if (status != NG_OK) {
            return status;
        }
    }
    return NG_OK;
}

/* ---- watches ---- */

static void ngi_watch_run(ng_task *task) {
    ng_watch *watch = (ng_watch *)task->ctx;
    const unsigned seen = watch->seen;
    watch->seen = 0;
    watch->ready(watch, seen);
}

ng_status ng_watch_start(ng_loop *loop, ng_watch *watch) {
    if (loop == NULL || watch == NULL || watch->ready == NULL || watch->file < 0 ||
        watch->events == 0 || watch->events > (NG_READABLE | NG_WRITABLE)) {
        return NG_INVALID;
    }
    if (watch->loop != NULL) {
        return NG_MISUSED;
    }
    if (loop->port.watch == NULL || loop->port.unwatch == NULL) {
        return NG_UNSUPPORTED;
    }
    const ng_status status = loop->port.watch(loop->port.ctx, watch);
    if (status == NG_OK) {
        watch->loop = loop;
        watch->seen = 0;
        watch->task.run = ngi_watch_run;
        watch->task.ctx = watch;
        loop->watches++;
        ngi_loop_changed(loop);
    }
    return status;
}

void ng_watch_stop(ng_watch *watch) {
    if (watch != NULL && watch->loop != NULL) {
        watch->loop->port.unwatch(watch->loop->port.ctx, watch);
        watch->loop->watches--;
        watch->loop = NULL;
        ng_task_cancel(&watch->task);
    }
}

void ng_watch_ready(ng_watch *watch, unsigned events) {
    if (watch != NULL && watch->loop != NULL && events != 0) {
        watch->seen |= events;
        ngi_task_notify(watch->loop, &watch->task);
    }
}

/* ---- threads ---- */

ng_status ng_thread_start(const ng_port *port, ng_thread *thread) {
    if (port == NULL || thread == NULL || thread->run == NULL) {
        return NG_INVALID;
    }
    if (thread->started) {
        return NG_MISUSED;
    }
    if (port->start_thread == NULL || port->join_thread == NULL) {
        return NG_UNSUPPORTED;
    }
    const ng_status status = port->start_thread(port->ctx, thread);
    thread->started = status == NG_OK;
    return status;
}

ng_status ng_thread_join(const ng_port *port, ng_thread *thread) {
    if (port == NULL || thread == NULL) {
        return NG_INVALID;
    }
    if (!thread->started || port->join_thread == NULL) {
        return NG_MISUSED;
    }
    const ng_status status = port->join_thread(port->ctx, thread);
    thread->started = status != NG_OK;
    return status;
}
