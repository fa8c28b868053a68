/* loop_tasks: tasks and deadlines. */
#include "loop_parts.h"

static void ngi_tasks_append(ngi_tasks *list, ng_task *task) {
    task->next = NULL;
    task->previous = list->last;
    if (list->last != NULL) {
        list->last->next = task;
    } else {
        list->first = task;
    }
    list->last = task;
}

static void ngi_tasks_remove(ngi_tasks *list, ng_task *task) {
    if (task->previous != NULL) {
        task->previous->next = task->next;
    } else {
        list->first = task->next;
    }
    if (task->next != NULL) {
        task->next->previous = task->previous;
    } else {
        list->last = task->previous;
    }
}

static void ngi_task_queue(ng_task *task) {
    task->state = NGI_TASK_QUEUED;
    task->turn = task->loop->turn;
    ngi_tasks_append(&task->loop->ready, task);
    ngi_loop_changed(task->loop);
}

static void ngi_task_finish(ng_task *task, ng_status status) {
    task->state = NGI_TASK_FINISHED;
    task->status = status;
    while (task->waiters.first != NULL) {
        ng_task *waiter = task->waiters.first;
        ngi_tasks_remove(&task->waiters, waiter);
        waiter->joined = NULL;
        if (waiter->state == NGI_TASK_RUNNING) {
            waiter->after = NGI_TASK_QUEUED;
        } else {
            ngi_task_queue(waiter);
        }
    }
}

static bool ngi_task_is_done(const ng_task *task) {
    return task->state == NGI_TASK_IDLE || task->state == NGI_TASK_FINISHED;
}

/* Takes the task out of whatever it waits for. */
static void ngi_task_detach(ng_task *task) {
    if (task->joined != NULL) {
        ngi_tasks_remove(&task->joined->waiters, task);
        task->joined = NULL;
    }
    if (task->sleeping != NULL) {
        ng_timer *timer = task->sleeping;
        task->sleeping = NULL;
        ng_timer_stop(timer);
    }
}

ng_status ng_spawn(ng_loop *loop, ng_task *task) {
    if (loop == NULL || task == NULL || task->run == NULL) {
        return NG_INVALID;
    }
    if (!ngi_task_is_done(task)) {
        return NG_MISUSED;
    }
    task->loop = loop;
    task->status = NG_OK;
    ngi_task_queue(task);
    return NG_OK;
}

/* What the running task does next, if nothing is decided yet. */
static ng_status ngi_task_goes_on(ng_task *task, uint8_t after) {
    if (task == NULL) {
        return NG_INVALID;
    }
    if (task->state != NGI_TASK_RUNNING) {
        return NG_MISUSED;
    }
    if (task->after == NGI_TASK_ENDED_EARLY) {
        return NG_CANCELLED;
    }
    if (task->after != NGI_TASK_FINISHED && task->after != after) {
        return NG_MISUSED;
    }
    task->after = after;
    return NG_OK;
}

ng_status ng_yield(ng_task *task) { return ngi_task_goes_on(task, NGI_TASK_QUEUED); }

ng_status ng_task_park(ng_task *task) { return ngi_task_goes_on(task, NGI_TASK_PARKED); }

static void ngi_task_slept(ng_timer *timer) {
    ng_task *task = (ng_task *)timer->ctx;
    task->sleeping = NULL;
    ngi_task_queue(task);
}

ng_status ng_task_sleep(ng_task *task, ng_timer *timer, ng_time duration) {
    if (task == NULL || timer == NULL || duration < 0) {
        return NG_INVALID;
    }
    if (timer->loop != NULL || task->sleeping != NULL) {
        return NG_MISUSED;
    }
    const ng_status status = ngi_task_goes_on(task, NGI_TASK_PARKED);
    if (status != NG_OK) {
        return status;
    }
    timer->fire = ngi_task_slept;
    timer->ctx = task;
    task->sleeping = timer;
    return ng_timer_after(task->loop, timer, duration);
}

ng_status ng_task_resume(ng_task *task) {
    if (task == NULL) {
        return NG_INVALID;
    }
    if (task->state == NGI_TASK_QUEUED ||
        (task->state == NGI_TASK_RUNNING && task->after == NGI_TASK_QUEUED)) {
        return NG_OK;
    }
    if (task->state == NGI_TASK_RUNNING && task->after == NGI_TASK_PARKED) {
        ngi_task_detach(task);
        task->after = NGI_TASK_QUEUED;
        return NG_OK;
    }
    if (task->state != NGI_TASK_PARKED) {
        return NG_MISUSED;
    }
    ngi_task_detach(task);
    ngi_task_queue(task);
    return NG_OK;
}

void ngi_task_notify(ng_loop *loop, ng_task *task) {
    if (ngi_task_is_done(task)) {
        task->loop = loop;
        task->status = NG_OK;
        ngi_task_queue(task);
    } else if (task->state == NGI_TASK_PARKED) {
        ngi_task_detach(task);
        ngi_task_queue(task);
    }
}

ng_status ng_task_join(ng_task *task, ng_task *waiter) {
    if (task == NULL || waiter == NULL || task == waiter || waiter->run == NULL) {
        return NG_INVALID;
    }
    if (task->loop == NULL) {
        return NG_MISUSED;
    }
    const bool runs = waiter->state == NGI_TASK_RUNNING;
    if (!ngi_task_is_done(waiter) && waiter->loop != task->loop) {
        return NG_INVALID;
    }
    if (runs) {
        const ng_status status = ngi_task_goes_on(waiter, NGI_TASK_JOINING);
        if (status != NG_OK || waiter->joined != NULL) {
            return status == NG_OK ? NG_MISUSED : status;
        }
    } else if (waiter->state == NGI_TASK_QUEUED || waiter->state == NGI_TASK_JOINING) {
        return NG_MISUSED;
    }
    ngi_task_detach(waiter);
    waiter->loop = task->loop;
    if (ngi_task_is_done(task)) {
        if (runs) {
            waiter->after = NGI_TASK_QUEUED;
        } else {
            ngi_task_queue(waiter);
        }
        return NG_OK;
    }
    if (!runs) {
        waiter->state = NGI_TASK_JOINING;
    }
    waiter->joined = task;
    ngi_tasks_append(&task->waiters, waiter);
    return NG_OK;
}

void ng_task_cancel(ng_task *task) {
    if (task == NULL || ngi_task_is_done(task)) {
        return;
    }
    ngi_task_detach(task);
    if (task->state == NGI_TASK_RUNNING) {
        task->after = NGI_TASK_ENDED_EARLY;
        return;
    }
    if (task->state == NGI_TASK_QUEUED) {
        ngi_tasks_remove(&task->loop->ready, task);
    }
    ngi_task_finish(task, NG_CANCELLED);
}

bool ng_task_is_pending(const ng_task *task) { return task != NULL && !ngi_task_is_done(task); }

static void ngi_task_run(ng_task *task) {
    task->state = NGI_TASK_RUNNING;
    task->after = NGI_TASK_FINISHED;
    task->run(task);
    switch (task->after) {
    case NGI_TASK_QUEUED:
        ngi_task_queue(task);
        break;
    case NGI_TASK_PARKED:
    case NGI_TASK_JOINING:
        task->state = task->after;
        break;
    default:
        ngi_task_finish(task, task->after == NGI_TASK_FINISHED ? NG_OK : NG_CANCELLED);
    }
}

void ngi_tasks_run(ng_loop *loop) {
    const uint32_t turn = ++loop->turn;
    while (loop->ready.first != NULL && loop->ready.first->turn != turn) {
        ng_task *task = loop->ready.first;
        ngi_tasks_remove(&loop->ready, task);
        ngi_task_run(task);
    }
}

/* ---- deadlines ---- */

static void ngi_deadline_joined(ng_task *waiter) {
    ng_deadline *deadline = (ng_deadline *)waiter->ctx;
    const ng_status status = deadline->task->status;
    ng_timer_stop(&deadline->timer);
    deadline->task = NULL;
    deadline->done(deadline, status);
}

/* A task that has finished in the same turn was in time. */
static void ngi_deadline_passed(ng_timer *timer) {
    ng_deadline *deadline = (ng_deadline *)timer->ctx;
    if (deadline->waiter.state == NGI_TASK_JOINING) {
        ng_deadline_stop(deadline);
        deadline->done(deadline, NG_TIMEOUT);
    }
}

ng_status ng_deadline_start(ng_deadline *deadline, ng_task *task, ng_time when) {
    if (deadline == NULL || task == NULL || deadline->done == NULL) {
        return NG_INVALID;
    }
    if (deadline->task != NULL) {
        return NG_MISUSED;
    }
    deadline->waiter.run = ngi_deadline_joined;
    deadline->waiter.ctx = deadline;
    const ng_status status = ng_task_join(task, &deadline->waiter);
    if (status != NG_OK) {
        return status;
    }
    deadline->task = task;
    deadline->timer.fire = ngi_deadline_passed;
    deadline->timer.ctx = deadline;
    return ng_timer_at(task->loop, &deadline->timer, when);
}

void ng_deadline_stop(ng_deadline *deadline) {
    if (deadline != NULL && deadline->task != NULL) {
        deadline->task = NULL;
        ng_timer_stop(&deadline->timer);
        ng_task_cancel(&deadline->waiter);
    }
}
