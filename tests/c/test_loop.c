/* The loop: tasks, timers and deadlines in virtual time, against what a plain list says. */
#include "nagare.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

static ng_sim sim;
static ng_sim_loop world;
static ng_loop *const loop = &world.loop;

static char seen[64];
static size_t seen_count;

static void see(char c) {
    if (seen_count + 1 < sizeof seen) {
        seen[seen_count++] = c;
        seen[seen_count] = '\0';
    }
}

static void begin(void) {
    memset(&world, 0xa5, sizeof world); /* starting must set all that is read */
    ng_sim_init(&sim, 1);
    CHECK(ng_sim_loop_init(&sim, &world) == NG_OK);
    seen_count = 0;
    seen[0] = '\0';
}

/* Runs the loop, and checks what was seen. */
#define RUNS(status, expected)                                                                     \
    do {                                                                                           \
        CHECK(ng_loop_run(loop) == (status));                                                      \
        CHECK_CASE(strcmp(seen, (expected)) == 0, seen);                                           \
    } while (0)

/* ---- tasks ----------------------------------------------------------------------------------- */

typedef struct worker {
    ng_task task;
    char name;
    int runs; /* how often it runs before it finishes */
} worker;

static void work(ng_task *task) {
    worker *const w = (worker *)task;
    see(w->name);
    if (--w->runs > 0) {
        CHECK(ng_yield(task) == NG_OK);
        CHECK(ng_yield(task) == NG_OK); /* saying it twice changes nothing */
        CHECK(ng_task_park(task) == NG_MISUSED);
    }
}

static worker worker_of(char name, int runs) {
    worker w;
    memset(&w, 0, sizeof w);
    w.task.run = work;
    w.name = name;
    w.runs = runs;
    return w;
}

static void test_tasks_take_turns(void) {
    worker a = worker_of('a', 3), b = worker_of('b', 1), c = worker_of('c', 2);
    begin();
    CHECK(!ng_task_is_pending(&a.task));
    CHECK(ng_spawn(loop, &a.task) == NG_OK);
    CHECK(ng_spawn(loop, &b.task) == NG_OK);
    CHECK(ng_spawn(loop, &c.task) == NG_OK);
    CHECK(ng_spawn(loop, &b.task) == NG_MISUSED);
    CHECK(ng_task_is_pending(&b.task));
    CHECK(ng_yield(&b.task) == NG_MISUSED);
    CHECK(ng_task_park(&b.task) == NG_MISUSED);
    RUNS(NG_OK, "abcaca");
    CHECK(b.task.status == NG_OK);
    CHECK(!ng_task_is_pending(&b.task));
    b.runs = 1;
    CHECK(ng_spawn(loop, &b.task) == NG_OK);
    RUNS(NG_OK, "abcacab");
}

static void test_joins(void) {
    worker a = worker_of('a', 3), b = worker_of('b', 1), c = worker_of('c', 1),
           d = worker_of('d', 1);
    begin();
    CHECK(ng_task_join(&a.task, &b.task) == NG_MISUSED); /* never spawned */
    CHECK(ng_spawn(loop, &a.task) == NG_OK);
    CHECK(ng_task_join(&a.task, &a.task) == NG_INVALID);
    CHECK(ng_task_join(&a.task, NULL) == NG_INVALID);
    CHECK(ng_task_join(&a.task, &b.task) == NG_OK);
    CHECK(ng_task_join(&a.task, &c.task) == NG_OK);
    CHECK(ng_task_join(&a.task, &c.task) == NG_MISUSED); /* waits already */
    CHECK(ng_task_is_pending(&b.task));
    CHECK(ng_spawn(loop, &b.task) == NG_MISUSED);
    RUNS(NG_OK, "aaabc");
    CHECK(ng_task_join(&a.task, &d.task) == NG_OK); /* it has finished already */
    RUNS(NG_OK, "aaabcd");
}

static worker joined, sleeper;
static ng_timer nap;

static void join_then_end(ng_task *task) {
    worker *const w = (worker *)task;
    see(w->name);
    if (w->runs-- > 0) {
        CHECK(ng_task_join(&joined.task, task) == NG_OK);
    }
}

static void test_a_running_task_joins_another(void) {
    worker a = worker_of('a', 1);
    a.task.run = join_then_end;
    joined = worker_of('j', 3);
    begin();
    CHECK(ng_spawn(loop, &a.task) == NG_OK);
    CHECK(ng_spawn(loop, &joined.task) == NG_OK);
    RUNS(NG_OK, "ajjja");
    a.runs = 1; /* joining what has finished goes on at once */
    CHECK(ng_spawn(loop, &a.task) == NG_OK);
    RUNS(NG_OK, "ajjjaaa");
}

static void test_cancelled_tasks(void) {
    worker a = worker_of('a', 5), b = worker_of('b', 1), c = worker_of('c', 1);
    begin();
    ng_task_cancel(NULL);
    ng_task_cancel(&a.task); /* nothing is under way */
    CHECK(ng_spawn(loop, &a.task) == NG_OK);
    CHECK(ng_spawn(loop, &c.task) == NG_OK);
    CHECK(ng_task_join(&a.task, &b.task) == NG_OK);
    ng_task_cancel(&a.task);
    CHECK(a.task.status == NG_CANCELLED);
    RUNS(NG_OK, "cb");
    CHECK(b.task.status == NG_OK);
    CHECK(ng_spawn(loop, &a.task) == NG_OK);
    CHECK(ng_task_join(&a.task, &b.task) == NG_OK);
    ng_task_cancel(&b.task); /* a waiter does not wait any more */
    a.runs = 1;
    RUNS(NG_OK, "cba");
}

static void cancel_itself(ng_task *task) {
    see('x');
    ng_task_cancel(task);
    CHECK(ng_yield(task) == NG_CANCELLED);
    CHECK(ng_task_sleep(task, &nap, 5) == NG_CANCELLED);
}

static void test_a_task_cancels_itself(void) {
    worker a = worker_of('a', 1), b = worker_of('b', 1);
    a.task.run = cancel_itself;
    begin();
    CHECK(ng_spawn(loop, &a.task) == NG_OK);
    CHECK(ng_task_join(&a.task, &b.task) == NG_OK);
    RUNS(NG_OK, "xb");
    CHECK(a.task.status == NG_CANCELLED);
}

static void sleep_a_while(ng_task *task) {
    worker *const w = (worker *)task;
    see(w->name);
    if (--w->runs > 0) {
        CHECK(ng_task_sleep(task, &nap, -1) == NG_INVALID);
        CHECK(ng_task_sleep(task, &nap, 10) == NG_OK);
        CHECK(ng_task_sleep(task, &nap, 10) == NG_MISUSED);
    }
}

static void wake_sleeper(ng_timer *timer) {
    (void)timer;
    see('!');
    CHECK(ng_task_resume(&sleeper.task) == NG_OK);
    CHECK(ng_task_resume(&sleeper.task) == NG_OK);
}

static void test_sleeping(void) {
    ng_timer early = {wake_sleeper, NULL, 0, NULL, NULL, NULL, 0, 0};
    begin();
    sleeper = worker_of('s', 4);
    sleeper.task.run = sleep_a_while;
    memset(&nap, 0, sizeof nap);
    CHECK(ng_task_resume(&sleeper.task) == NG_MISUSED);
    CHECK(ng_task_resume(NULL) == NG_INVALID);
    CHECK(ng_spawn(loop, &sleeper.task) == NG_OK);
    CHECK(ng_timer_at(loop, &early, 13) == NG_OK);
    RUNS(NG_OK, "ss!ss");
    CHECK(sim.now == 23); /* 0, 10, 13 because it was woken, 23 */
    sleeper.runs = 2;
    CHECK(ng_spawn(loop, &sleeper.task) == NG_OK);
    CHECK(ng_loop_turn(loop, NG_NOW) == NG_OK);
    ng_task_cancel(&sleeper.task); /* its timer goes with it */
    RUNS(NG_OK, "ss!sss");
    CHECK(sim.now == 23);
}

static void park(ng_task *task) {
    worker *const w = (worker *)task;
    see(w->name);
    if (--w->runs > 0) {
        CHECK(ng_task_park(task) == NG_OK);
        if (w->runs == 1) {
            CHECK(ng_task_resume(task) == NG_OK); /* before it has come to rest */
        }
    }
}

static void test_parked_tasks_do_not_keep_the_loop(void) {
    worker a = worker_of('a', 3), b = worker_of('b', 1);
    a.task.run = park;
    begin();
    CHECK(ng_spawn(loop, &a.task) == NG_OK);
    RUNS(NG_OK, "a");
    CHECK(ng_task_is_pending(&a.task));
    CHECK(ng_task_join(&a.task, &b.task) == NG_OK);
    CHECK(ng_task_resume(&a.task) == NG_OK);
    RUNS(NG_OK, "aaab");
}

/* ---- timers ---------------------------------------------------------------------------------- */

static void show(ng_timer *timer) { see(*(const char *)timer->ctx); }

static ng_timer timer_of(void (*fire)(ng_timer *timer), const char *name) {
    ng_timer timer;
    memset(&timer, 0, sizeof timer);
    timer.fire = fire;
    timer.ctx = (void *)(uintptr_t)name;
    return timer;
}

static void test_timers_by_time_and_order(void) {
    ng_timer a = timer_of(show, "a"), b = timer_of(show, "b"), c = timer_of(show, "c"),
             d = timer_of(show, "d");
    begin();
    CHECK(ng_loop_next(loop) == NG_FOREVER);
    CHECK(ng_timer_at(loop, &a, 20) == NG_OK);
    CHECK(ng_timer_at(loop, &b, 10) == NG_OK);
    CHECK(ng_timer_at(loop, &c, 20) == NG_OK);
    CHECK(ng_timer_at(loop, &d, -5) == NG_OK); /* long ago: now */
    CHECK(ng_loop_next(loop) <= 0);
    RUNS(NG_OK, "dbac");
    CHECK(sim.now == 20);
    CHECK(ng_timer_after(loop, &a, 5) == NG_OK);
    CHECK(ng_loop_next(loop) == 25);
    CHECK(ng_timer_after(loop, &a, 50) == NG_OK); /* instead */
    CHECK(ng_timer_after(loop, &b, 10) == NG_OK);
    ng_timer_stop(&b);
    ng_timer_stop(&b);
    ng_timer_stop(NULL);
    RUNS(NG_OK, "dbaca");
    CHECK(sim.now == 70);
}

static ng_timer chained;

static void set_chained(ng_timer *timer) {
    show(timer);
    CHECK(ng_timer_at(loop, &chained, 15) == NG_OK);
}

static void set_again(ng_timer *timer) {
    show(timer);
    if (seen_count < 4) {
        CHECK(ng_timer_after(loop, timer, 0) == NG_OK);
    }
}

static void test_timers_set_by_timers(void) {
    ng_timer a = timer_of(set_chained, "a"), b = timer_of(show, "b"),
             again = timer_of(set_again, "i");
    begin();
    chained = timer_of(show, "c");
    sim.oversleep = 0;
    CHECK(ng_timer_at(loop, &a, 10) == NG_OK);
    CHECK(ng_timer_at(loop, &b, 20) == NG_OK);
    sim.now = 30; /* late: all in one turn, in order */
    CHECK(ng_loop_turn(loop, NG_NOW) == NG_END);
    CHECK_CASE(strcmp(seen, "acb") == 0, seen);
    begin();
    CHECK(ng_timer_at(loop, &again, 0) == NG_OK);
    CHECK(ng_loop_turn(loop, NG_NOW) == NG_OK);
    CHECK_CASE(strcmp(seen, "i") == 0, seen); /* no turn is endless */
    RUNS(NG_OK, "iiii");
}

typedef struct ticker {
    ng_timer timer;
    ng_time at[16];
    size_t count, stop_after;
} ticker;

static void tick(ng_timer *timer) {
    ticker *const t = (ticker *)timer;
    t->at[t->count++] = ng_loop_now(loop);
    if (t->count == t->stop_after) {
        ng_timer_stop(timer);
    } else if (t->count == 3) {
        sim.now += 35; /* the program takes its time */
    }
}

static void test_intervals_do_not_drift(void) {
    ticker t;
    memset(&t, 0, sizeof t);
    t.timer.fire = tick;
    t.stop_after = 6;
    begin();
    sim.now = 7;
    CHECK(ng_timer_every(loop, &t.timer, 0) == NG_INVALID);
    CHECK(ng_timer_every(loop, &t.timer, 10) == NG_OK);
    CHECK(ng_loop_run(loop) == NG_OK);
    const ng_time expected[] = {7, 17, 27, 62, 67, 77};
    CHECK(t.count == 6);
    CHECK(memcmp(t.at, expected, sizeof expected) == 0);
    CHECK(t.timer.missed == 2); /* 37 fired at 62, for 47 and 57 too */
}

/* ---- many timers against a list -------------------------------------------------------------- */

enum { MANY = 400 };
typedef struct listed {
    ng_timer timer;
    ng_time due;
    uint64_t order; /* when it was set */
    bool set;
} listed;
static listed many[MANY];
static uint64_t orders;

/* What a list would fire next: the earliest, and of equal times the one that was set first. */
static listed *first_of_list(void) {
    listed *first = NULL;
    for (size_t i = 0; i < MANY; i++) {
        if (many[i].set && (first == NULL || many[i].due < first->due ||
                            (many[i].due == first->due && many[i].order < first->order))) {
            first = &many[i];
        }
    }
    return first;
}

/* Deadlines of all sizes, many of them equal. */
static ng_time drawn_delay(void) {
    const uint64_t bits = ng_sim_random(&sim);
    const uint64_t shift = bits % 60;
    return bits % 7 == 0 ? (ng_time)(bits >> 32 & 3) : (ng_time)(bits >> 8 >> shift);
}

static void set_drawn(void) {
    listed *const one = &many[ng_sim_random(&sim) % MANY];
    const ng_time now = ng_loop_now(loop), when = ng_time_add(now, drawn_delay());
    one->timer.fire = many[0].timer.fire;
    CHECK(ng_timer_at(loop, &one->timer, when) == NG_OK);
    one->due = when;
    one->order = ++orders;
    one->set = true;
}

static void fire_listed(ng_timer *timer) {
    listed *const fired = (listed *)timer;
    CHECK(fired == first_of_list());
    CHECK(fired->due <= ng_loop_now(loop));
    fired->set = false;
    const uint64_t dice = ng_sim_random(&sim);
    for (uint64_t i = dice % 4; i-- > 0 && orders < 20000;) {
        set_drawn();
    }
    if (dice % 5 == 0) {
        listed *const stopped = &many[dice >> 8 & 255];
        ng_timer_stop(&stopped->timer);
        stopped->set = false;
    }
}

/* With one timer a turn, so that a time that has come is never behind another that has. */
static void test_many_timers(uint64_t seed) {
    begin();
    ng_sim_init(&sim, seed);
    CHECK(ng_sim_loop_init(&sim, &world) == NG_OK);
    memset(many, 0, sizeof many);
    orders = 0;
    many[0].timer.fire = fire_listed;
    for (int i = 0; i < 300; i++) {
        set_drawn();
        if (i % 3 == 0) { /* time passes between, without reaching a timer, or with */
            const ng_time now = ng_loop_now(loop);
            CHECK(ng_loop_turn(loop, ng_time_add(now, drawn_delay() >> 20)) >= NG_OK);
        }
    }
    CHECK(ng_loop_run(loop) == NG_OK);
    CHECK(first_of_list() == NULL);
    CHECK(loop->timers == 0);
}

/* ---- timers that go ------------------------------------------------------------------------- */

enum { CROWD = 4096 };
static ng_timer *crowd[CROWD];
static size_t crowd_left;
static ng_time crowd_fired;

static void leave_crowd(size_t place) {
    ng_timer_stop(crowd[place]);
    free(crowd[place]);
    crowd[place] = NULL;
    crowd_left--;
}

/* Frees this timer, and one that is set for later. */
static void fire_in_crowd(ng_timer *timer) {
    const ng_time due = *(const ng_time *)timer->ctx;
    CHECK(due >= crowd_fired && due <= ng_loop_now(loop));
    crowd_fired = due;
    for (size_t i = 0; i < CROWD; i++) {
        if (crowd[i] == timer) {
            leave_crowd(i);
        }
    }
    const size_t other = (size_t)(ng_sim_random(&sim) % CROWD);
    if (crowd[other] != NULL) {
        leave_crowd(other);
    }
}

/* So many that lists are long and are read ahead; where a timer has gone nothing may look. */
static void test_timers_are_freed_among_many(uint64_t seed) {
    static ng_time dues[CROWD];
    begin();
    ng_sim_init(&sim, seed);
    CHECK(ng_sim_loop_init(&sim, &world) == NG_OK);
    crowd_left = CROWD;
    crowd_fired = 0;
    for (size_t i = 0; i < CROWD; i++) {
        crowd[i] = (ng_timer *)calloc(1, sizeof **crowd);
        if (crowd[i] == NULL) {
            abort();
        }
        crowd[i]->fire = fire_in_crowd;
        crowd[i]->ctx = &dues[i];
        dues[i] = (ng_time)(ng_sim_random(&sim) >> 46); /* below 2^18 */
        CHECK(ng_timer_at(loop, crowd[i], dues[i]) == NG_OK);
    }
    CHECK(ng_loop_run(loop) == NG_OK);
    CHECK(crowd_left == 0 && loop->timers == 0);
}

/* ---- deadlines ------------------------------------------------------------------------------- */

static void deadline_done(ng_deadline *deadline, ng_status status) {
    see(*(const char *)deadline->ctx);
    see(status == NG_OK ? '+' : status == NG_TIMEOUT ? 't' : '-');
}

static void test_deadlines(void) {
    ng_deadline d;
    memset(&d, 0, sizeof d);
    d.ctx = (void *)(uintptr_t)"d";
    begin();
    sleeper = worker_of('s', 3); /* ends at 20 */
    sleeper.task.run = sleep_a_while;
    memset(&nap, 0, sizeof nap);
    CHECK(ng_deadline_start(&d, &sleeper.task, 5) == NG_INVALID);
    d.done = deadline_done;
    CHECK(ng_deadline_start(&d, &sleeper.task, 5) == NG_MISUSED); /* was not spawned */
    CHECK(ng_spawn(loop, &sleeper.task) == NG_OK);
    CHECK(ng_deadline_start(&d, &sleeper.task, 25) == NG_OK);
    CHECK(ng_deadline_start(&d, &sleeper.task, 25) == NG_MISUSED);
    RUNS(NG_OK, "sssd+");
    CHECK(sim.now == 20);
    sleeper.runs = 3; /* ends at 40 */
    CHECK(ng_spawn(loop, &sleeper.task) == NG_OK);
    CHECK(ng_deadline_start(&d, &sleeper.task, 35) == NG_OK);
    RUNS(NG_OK, "sssd+ssdts");
    sleeper.runs = 3;
    CHECK(ng_spawn(loop, &sleeper.task) == NG_OK);
    CHECK(ng_deadline_start(&d, &sleeper.task, 100) == NG_OK);
    ng_task_cancel(&sleeper.task);
    RUNS(NG_OK, "sssd+ssdtsd-");
    CHECK(ng_spawn(loop, &sleeper.task) == NG_OK);
    sleeper.runs = 1;
    CHECK(ng_deadline_start(&d, &sleeper.task, 1000) == NG_OK);
    ng_deadline_stop(&d);
    ng_deadline_stop(&d);
    ng_deadline_stop(NULL);
    RUNS(NG_OK, "sssd+ssdtsd-s");
    CHECK(sim.now == 40);
}

/* ---- the loop itself ------------------------------------------------------------------------- */

static void stop_loop(ng_timer *timer) {
    show(timer);
    ng_loop_stop(loop);
    CHECK(ng_loop_run(loop) == NG_MISUSED);
    CHECK(ng_loop_turn(loop, NG_NOW) == NG_MISUSED);
}

static void test_stopping_loses_nothing(void) {
    ng_timer a = timer_of(stop_loop, "a"), b = timer_of(show, "b");
    worker w = worker_of('w', 1);
    begin();
    CHECK(ng_timer_at(loop, &a, 10) == NG_OK);
    CHECK(ng_timer_at(loop, &b, 20) == NG_OK);
    RUNS(NG_OK, "a");
    CHECK(sim.now == 10);
    RUNS(NG_OK, "ab");
    ng_loop_stop(loop); /* before it runs: the next one stops after a turn */
    CHECK(ng_spawn(loop, &w.task) == NG_OK);
    RUNS(NG_OK, "abw");
}

static void test_a_turn_waits_no_longer_than_told(void) {
    ng_timer a = timer_of(show, "a");
    begin();
    CHECK(ng_timer_at(loop, &a, 100) == NG_OK);
    CHECK(ng_loop_turn(loop, 40) == NG_OK); /* setting the timer was a wake */
    CHECK(ng_loop_now(loop) == 0);
    CHECK(ng_loop_turn(loop, 40) == NG_OK);
    CHECK(ng_loop_now(loop) == 40);
    ng_wake(loop);
    CHECK(ng_loop_turn(loop, 1000) == NG_OK);
    CHECK(ng_loop_now(loop) == 40);
    CHECK(ng_loop_turn(loop, 1000) == NG_OK);
    CHECK(ng_loop_now(loop) == 100);
    CHECK(seen_count == 0);
    CHECK(ng_loop_turn(loop, 1000) == NG_END);
    CHECK_CASE(strcmp(seen, "a") == 0, seen);
}

static void no_ready(ng_watch *watch, unsigned events) {
    (void)watch;
    (void)events;
}

static void run_nothing(void *ctx) { (void)ctx; }

static void test_what_is_refused(void) {
    ng_port port;
    ng_watch watch;
    ng_thread thread = {run_nothing, NULL, 0, false};
    ng_timer timer = timer_of(NULL, "x");
    worker w = worker_of('w', 1);
    static ng_sim_loop other;
    begin();
    memset(&watch, 0, sizeof watch);
    port = loop->port;
    CHECK(ng_loop_init(NULL, &port) == NG_INVALID);
    CHECK(ng_loop_init(loop, NULL) == NG_INVALID);
    port.now = NULL;
    CHECK(ng_loop_init(loop, &port) == NG_INVALID);
    port = loop->port;
    port.wait = NULL;
    CHECK(ng_loop_init(loop, &port) == NG_INVALID);
    port = loop->port;
    port.wake = NULL;
    CHECK(ng_loop_init(loop, &port) == NG_INVALID);
    CHECK(ng_loop_run(NULL) == NG_INVALID);
    CHECK(ng_loop_turn(NULL, NG_NOW) == NG_INVALID);
    CHECK(ng_loop_next(NULL) == NG_FOREVER);
    CHECK(ng_loop_now(NULL) == 0);
    ng_loop_stop(NULL);
    ng_wake(NULL);
    CHECK(ng_spawn(NULL, &w.task) == NG_INVALID);
    CHECK(ng_spawn(loop, NULL) == NG_INVALID);
    CHECK(ng_yield(NULL) == NG_INVALID);
    CHECK(ng_task_park(NULL) == NG_INVALID);
    CHECK(ng_task_sleep(NULL, &nap, 1) == NG_INVALID);
    CHECK(ng_timer_at(NULL, &timer, 1) == NG_INVALID);
    CHECK(ng_timer_at(loop, NULL, 1) == NG_INVALID);
    CHECK(ng_timer_at(loop, &timer, 1) == NG_INVALID); /* nothing to call */
    timer.fire = show;
    CHECK(ng_timer_after(loop, &timer, -1) == NG_INVALID);
    CHECK(ng_timer_at(loop, &timer, 1) == NG_OK);
    CHECK(ng_sim_loop_init(&sim, &other) == NG_OK);
    CHECK(ng_timer_at(&other.loop, &timer, 1) == NG_MISUSED); /* is set in another */
    CHECK(ng_loop_turn(loop, 5) == NG_MISUSED); /* one of two cannot let time pass alone */
    CHECK(ng_watch_start(loop, &watch) == NG_INVALID);
    CHECK(ng_watch_start(NULL, &watch) == NG_INVALID);
    watch.ready = no_ready;
    watch.events = 8;
    CHECK(ng_watch_start(loop, &watch) == NG_INVALID);
    watch.events = NG_READABLE;
    watch.file = -1;
    CHECK(ng_watch_start(loop, &watch) == NG_INVALID);
    watch.file = 0;
    CHECK(ng_watch_start(loop, &watch) == NG_UNSUPPORTED);
    ng_watch_stop(&watch);
    ng_watch_stop(NULL);
    ng_watch_ready(NULL, NG_READABLE);
    ng_watch_ready(&watch, NG_READABLE);
    CHECK(ng_thread_start(NULL, &thread) == NG_INVALID);
    CHECK(ng_thread_start(&loop->port, &thread) == NG_UNSUPPORTED);
    CHECK(ng_thread_join(NULL, &thread) == NG_INVALID);
    CHECK(ng_thread_join(&loop->port, &thread) == NG_MISUSED);
    CHECK(ng_time_add(NG_FOREVER - 5, 10) == NG_FOREVER);
    CHECK(ng_time_add(NG_NOW, NG_FOREVER) == -1);
}

int main(void) {
    test_tasks_take_turns();
    test_joins();
    test_a_running_task_joins_another();
    test_cancelled_tasks();
    test_a_task_cancels_itself();
    test_sleeping();
    test_parked_tasks_do_not_keep_the_loop();
    test_timers_by_time_and_order();
    test_timers_set_by_timers();
    test_intervals_do_not_drift();
    for (uint64_t seed = 1; seed <= 30; seed++) {
        test_many_timers(seed);
    }
    for (uint64_t seed = 0; seed < 4; seed++) {
        test_timers_are_freed_among_many(seed);
    }
    test_deadlines();
    test_stopping_loses_nothing();
    test_a_turn_waits_no_longer_than_told();
    test_what_is_refused();
    return check_report();
}
