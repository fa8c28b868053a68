/* What the Technology Compatibility Kit of Reactive Streams sees of the core: a graph in a thread
 * of its own, behind a queue of what other threads tell it. All answers come from the core; this
 * passes them on. Calls from within a callback reach the core at once, as they do in C. */
#include <jni.h>
#include <pthread.h>
#include <stdlib.h>
#define NAGARE_IMPLEMENTATION
#include "nagare.h"

static JavaVM *machine;
static jclass bridge;
static struct {
    jmethodID subscribed, row, complete, error, pass_error, ask, refuse;
} java;

/* ---- what a world is told -------------------------------------------------------------------- */

typedef enum tale {
    TALE_REQUEST,
    TALE_CANCEL,
    TALE_SUBSCRIBER,
    TALE_SUBSCRIBED,
    TALE_ROW,
    TALE_COMPLETE,
    TALE_FAIL,
} tale;

typedef struct letter {
    tale tells;
    jlong value;  /* rows asked for, or the row */
    jobject peer; /* a global reference, or NULL */
    struct letter *next;
} letter;

typedef struct world {
    ng_graph graph;
    ng_subscription subscription;
    ng_river source; /* of a receiver */
    pthread_mutex_t lock;
    pthread_cond_t told;
    pthread_t thread;
    letter *first, **last;
    unsigned holders; /* in Java; with `first`, `last` and `thread`, under the lock */
    JNIEnv *env;      /* its thread's, as all that follows */
    jobject subscriber, upstream, thrown; /* global references, or NULL */
    bool receives, running;
    bool asked, filled; /* a receiver has asked for a row; it has come */
    int64_t row;
    ng_status ending; /* of what a receiver is told; NG_OK: there may be more */
} world;

static void *heap(void *ctx, void *block, size_t old_size, size_t size) {
    (void)ctx;
    (void)old_size;
    if (size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, size);
}

static void throw_new(JNIEnv *env, const char *name, const char *text) {
    const jclass kind = (*env)->FindClass(env, name);
    if (kind != NULL) {
        (void)(*env)->ThrowNew(env, kind, text);
    }
}

/* A subscriber must not throw (rule 2.13); of one that does, no more is heard. */
static void after_call(world *w) {
    if ((*w->env)->ExceptionCheck(w->env)) {
        (*w->env)->ExceptionDescribe(w->env);
        (*w->env)->ExceptionClear(w->env);
        ng_subscription_cancel(&w->subscription);
    }
}

/* ---- from the core to a subscriber ----------------------------------------------------------- */

static void on_subscribe(ng_subscription *subscription, void *ctx) {
    world *const w = (world *)ctx;
    (void)subscription;
    pthread_mutex_lock(&w->lock);
    w->holders++; /* the subscription in Java */
    pthread_mutex_unlock(&w->lock);
    (*w->env)->CallStaticVoidMethod(w->env, bridge, java.subscribed, w->subscriber,
                                    (jlong)(intptr_t)w);
    after_call(w);
}

static void on_next(ng_subscription *subscription, ng_row row, void *ctx) {
    world *const w = (world *)ctx;
    (void)subscription;
    (*w->env)->CallStaticVoidMethod(w->env, bridge, java.row, w->subscriber,
                                    (jlong)ng_get_i64(row, 0));
    after_call(w);
}

static void on_complete(void *ctx) {
    world *const w = (world *)ctx;
    (*w->env)->CallStaticVoidMethod(w->env, bridge, java.complete, w->subscriber);
    after_call(w);
}

static void on_error(ng_status status, void *ctx) {
    world *const w = (world *)ctx;
    if (w->thrown != NULL && status == w->ending) { /* what upstream said more of it */
        (*w->env)->CallStaticVoidMethod(w->env, bridge, java.pass_error, w->subscriber, w->thrown);
        after_call(w);
        return;
    }
    const jstring text = (*w->env)->NewStringUTF(w->env, ng_status_text(status));
    if (text != NULL) {
        (*w->env)->CallStaticVoidMethod(w->env, bridge, java.error, w->subscriber,
                                        (jboolean)(status == NG_INVALID), text);
    }
    after_call(w);
    (*w->env)->DeleteLocalRef(w->env, text);
}

static const ng_subscriber teller = {on_subscribe, on_next, on_complete, on_error};

static ng_status fails(ng_row out, void *ctx) {
    (void)out;
    (void)ctx;
    return NG_FAILED;
}

/* ---- from outside to the core, for a receiver ------------------------------------------------ */

/* The graph wants a row: what it has room for is what is asked for upstream. */
static ng_status take(ng_row out, void *ctx) {
    world *const w = (world *)ctx;
    if (!w->filled && w->ending == NG_OK && !w->asked) {
        w->asked = true;
        (*w->env)->CallStaticVoidMethod(w->env, bridge, java.ask, w->upstream, (jlong)1);
        after_call(w); /* it may have brought the row already */
    }
    if (w->filled) {
        ng_set_i64(out, 0, w->row);
        w->filled = w->asked = false;
        return NG_OK;
    }
    return w->ending == NG_OK ? NG_AGAIN : w->ending;
}

static void want_first(ng_subscription *subscription, void *ctx) {
    (void)ctx;
    ng_request(subscription, 1);
}

static void want_next(ng_subscription *subscription, ng_row row, void *ctx) {
    (void)row;
    (void)ctx;
    ng_request(subscription, 1);
}

static ng_status same(ng_row in, ng_row out, void *ctx) {
    (void)ctx;
    ng_set_i64(out, 0, ng_get_i64(in, 0));
    return NG_OK;
}

static int any(ng_row row, void *ctx) {
    (void)row;
    (void)ctx;
    return 1;
}

static const ng_subscriber drain = {want_first, want_next, NULL, NULL};

/* A graph has one beginning: the core refuses a second start. */
static void be_subscribed(world *w, jobject upstream) {
    if (ng_graph_start(&w->graph) != NG_OK) {
        (*w->env)->CallStaticVoidMethod(w->env, bridge, java.refuse, upstream);
        after_call(w);
        (*w->env)->DeleteGlobalRef(w->env, upstream);
        return;
    }
    w->running = true;
    w->upstream = upstream;
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void act(world *w, const letter *told) {
    switch (told->tells) {
    case TALE_REQUEST: /* the core counts without a sign: less than 0 is none as well */
        ng_request(&w->subscription, told->value < 0 ? 0 : (uint64_t)told->value);
        return;
    case TALE_CANCEL:
        ng_subscription_cancel(&w->subscription);
        return;
    case TALE_SUBSCRIBER:
        w->subscriber = told->peer;
        return;
    case TALE_SUBSCRIBED:
        be_subscribed(w, told->peer);
        return;
    case TALE_ROW:
        w->row = told->value;
        w->filled = true;
        break;
    case TALE_COMPLETE:
        w->ending = NG_END;
        break;
    case TALE_FAIL:
        w->ending = NG_FAILED;
        w->thrown = told->peer;
        break;
    }
    ng_graph_wake(w->source);
}

static void drop(world *w, jobject *reference) {
    if (*reference != NULL) {
        (*w->env)->DeleteGlobalRef(w->env, *reference);
        *reference = NULL;
    }
}

static void let_go(world *w) {
    ng_account all;
    ng_error at;
    if (ng_audit(&w->graph, &all, &at) != NG_OK) {
        (*w->env)->FatalError(w->env, "the books of a graph do not add up");
    }
    ng_graph_close(&w->graph);
    w->running = false;
    if (w->upstream != NULL && w->ending == NG_OK) { /* the graph is over before its source */
        (*w->env)->CallStaticVoidMethod(w->env, bridge, java.refuse, w->upstream);
        after_call(w);
    }
    drop(w, &w->subscriber);
    drop(w, &w->upstream);
    drop(w, &w->thrown);
}

/* One thing that a world was told, or one call of its graph. False: there is nothing to do. The
 * lock is held before and after, not meanwhile. */
static bool go_on(world *w, bool *idle) {
    letter *const told = w->first;
    if (told != NULL) {
        w->first = told->next;
        w->last = w->first == NULL ? &w->first : w->last;
        pthread_mutex_unlock(&w->lock);
        act(w, told);
        free(told);
        *idle = false;
    } else if (w->running && !*idle) {
        pthread_mutex_unlock(&w->lock);
        const ng_status status = ng_graph_step(&w->graph, 1);
        *idle = status == NG_OK;
        if (status == NG_END || status < 0) {
            let_go(w);
        }
    } else {
        return false;
    }
    pthread_mutex_lock(&w->lock);
    return true;
}

static void begin(world *w) {
    if (ng_graph_start(&w->graph) != NG_OK) {
        (*w->env)->FatalError(w->env, "a graph that was built does not start");
    }
    w->running = true;
}

static void *live(void *argument) {
    world *const w = (world *)argument;
    bool idle = false;
    if ((*machine)->AttachCurrentThreadAsDaemon(machine, (void **)&w->env, NULL) != JNI_OK) {
        abort(); /* there is no one to tell */
    }
    pthread_mutex_lock(&w->lock); /* whoever made this thread has written down which it is */
    pthread_mutex_unlock(&w->lock);
    if (!w->receives) {
        begin(w);
    }
    pthread_mutex_lock(&w->lock);
    for (;;) {
        if (go_on(w, &idle)) {
            continue;
        }
        if (w->holders == 0) {
            break;
        }
        pthread_cond_wait(&w->told, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    let_go(w);
    (void)(*machine)->DetachCurrentThread(machine);
    pthread_cond_destroy(&w->told);
    pthread_mutex_destroy(&w->lock);
    free(w);
    return NULL;
}

static void tell(JNIEnv *env, jlong handle, letter told) {
    world *const w = (world *)(intptr_t)handle;
    pthread_mutex_lock(&w->lock);
    if (pthread_equal(w->thread, pthread_self())) {
        pthread_mutex_unlock(&w->lock);
        act(w, &told);
        return;
    }
    letter *const kept = (letter *)malloc(sizeof *kept);
    if (kept == NULL) {
        (*env)->FatalError(env, "out of memory");
        return;
    }
    *kept = told;
    *w->last = kept;
    w->last = &kept->next;
    pthread_cond_signal(&w->told);
    pthread_mutex_unlock(&w->lock);
}

/* ---- what Java calls ------------------------------------------------------------------------- */

static world *world_new(JNIEnv *env) {
    ng_graph_options options = ng_graph_defaults((ng_allocator){heap, NULL});
    world *const w = (world *)calloc(1, sizeof *w);
    options.batch_rows = 16; /* so that the thread hears of a cancel before many rows more */
    if (w == NULL || ng_graph_init(&w->graph, &options) != NG_OK) {
        (*env)->FatalError(env, "a graph cannot be made");
    }
    w->last = &w->first;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->told, NULL);
    return w;
}

static void world_begin(JNIEnv *env, world *w) {
    pthread_mutex_lock(&w->lock);
    if (pthread_create(&w->thread, NULL, live, w) != 0) {
        (*env)->FatalError(env, "a thread cannot be made");
    }
    pthread_detach(w->thread);
    pthread_mutex_unlock(&w->lock);
}

static const ng_field number_fields[] = {NG_FIELD("value", NG_I64)};
static const ng_schema numbers = {number_fields, 1};

JNIEXPORT void JNICALL Java_nagare_Bridge_subscribe(JNIEnv *env, jclass self, jlong elements,
                                                    jboolean failing, jobject subscriber) {
    world *const w = world_new(env);
    (void)self;
    const ng_river river = failing ? ng_generate(&w->graph, &numbers, fails, NULL)
                                   : ng_range(&w->graph, 0, elements, 1);
    (void)ng_subscribe(river, &w->subscription, subscriber == NULL ? NULL : &teller, w);
    const ng_status status = ng_graph_error(&w->graph).status;
    if (status != NG_OK) { /* the core refuses no subscriber; Java has a name for that */
        throw_new(env, "java/lang/NullPointerException", ng_status_text(status));
        ng_graph_close(&w->graph);
        free(w);
        return;
    }
    w->subscriber = (*env)->NewGlobalRef(env, subscriber);
    world_begin(env, w);
}

JNIEXPORT jlong JNICALL Java_nagare_Bridge_receiver(JNIEnv *env, jclass self, jboolean passes) {
    world *const w = world_new(env);
    (void)self;
    w->receives = true;
    w->holders = 1;
    w->source = ng_generate(&w->graph, &numbers, take, w);
    const ng_river river = passes ? ng_filter(ng_map(w->source, same, NULL), any, NULL) : w->source;
    (void)ng_subscribe(river, &w->subscription, passes ? &teller : &drain, w);
    world_begin(env, w);
    return (jlong)(intptr_t)w;
}

JNIEXPORT void JNICALL Java_nagare_Bridge_request(JNIEnv *env, jclass self, jlong w, jlong rows) {
    (void)self;
    tell(env, w, (letter){TALE_REQUEST, rows, NULL, NULL});
}

JNIEXPORT void JNICALL Java_nagare_Bridge_cancel(JNIEnv *env, jclass self, jlong w) {
    (void)self;
    tell(env, w, (letter){TALE_CANCEL, 0, NULL, NULL});
}

JNIEXPORT void JNICALL Java_nagare_Bridge_attach(JNIEnv *env, jclass self, jlong w,
                                                 jobject subscriber) {
    (void)self;
    tell(env, w, (letter){TALE_SUBSCRIBER, 0, (*env)->NewGlobalRef(env, subscriber), NULL});
}

JNIEXPORT void JNICALL Java_nagare_Bridge_subscribed(JNIEnv *env, jclass self, jlong w,
                                                     jobject upstream) {
    (void)self;
    tell(env, w, (letter){TALE_SUBSCRIBED, 0, (*env)->NewGlobalRef(env, upstream), NULL});
}

JNIEXPORT void JNICALL Java_nagare_Bridge_row(JNIEnv *env, jclass self, jlong w, jlong value) {
    (void)self;
    tell(env, w, (letter){TALE_ROW, value, NULL, NULL});
}

JNIEXPORT void JNICALL Java_nagare_Bridge_complete(JNIEnv *env, jclass self, jlong w) {
    (void)self;
    tell(env, w, (letter){TALE_COMPLETE, 0, NULL, NULL});
}

JNIEXPORT void JNICALL Java_nagare_Bridge_fail(JNIEnv *env, jclass self, jlong w, jobject error) {
    (void)self;
    tell(env, w, (letter){TALE_FAIL, 0, (*env)->NewGlobalRef(env, error), NULL});
}

JNIEXPORT void JNICALL Java_nagare_Bridge_abandon(JNIEnv *env, jclass self, jlong handle) {
    world *const w = (world *)(intptr_t)handle;
    (void)env;
    (void)self;
    pthread_mutex_lock(&w->lock);
    w->holders--;
    pthread_cond_signal(&w->told);
    pthread_mutex_unlock(&w->lock);
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved) {
    JNIEnv *env;
    (void)reserved;
    machine = vm;
    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK) {
        return JNI_ERR;
    }
    bridge = (jclass)(*env)->NewGlobalRef(env, (*env)->FindClass(env, "nagare/Bridge"));
    const struct {
        jmethodID *to;
        const char *name, *shape;
    } methods[] = {
        {&java.subscribed, "tellSubscribed", "(Lorg/reactivestreams/Subscriber;J)V"},
        {&java.row, "tellRow", "(Lorg/reactivestreams/Subscriber;J)V"},
        {&java.complete, "tellComplete", "(Lorg/reactivestreams/Subscriber;)V"},
        {&java.error, "tellError", "(Lorg/reactivestreams/Subscriber;ZLjava/lang/String;)V"},
        {&java.pass_error, "passError", "(Lorg/reactivestreams/Subscriber;Ljava/lang/Throwable;)V"},
        {&java.ask, "ask", "(Lorg/reactivestreams/Subscription;J)V"},
        {&java.refuse, "refuse", "(Lorg/reactivestreams/Subscription;)V"},
    };
    for (size_t k = 0; k < sizeof methods / sizeof *methods; k++) {
        *methods[k].to = (*env)->GetStaticMethodID(env, bridge, methods[k].name, methods[k].shape);
        if (*methods[k].to == NULL) {
            return JNI_ERR;
        }
    }
    return JNI_VERSION_1_8;
}
