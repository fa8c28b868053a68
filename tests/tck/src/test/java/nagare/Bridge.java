package nagare;

import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/** The native side, bridge.c: graphs of nagare, each with a thread of its own. */
final class Bridge {
    static {
        System.load(System.getProperty("nagare.bridge"));
    }

    private Bridge() {}

    /** The numbers from 0 on; `failing`: a source that fails at its first row. */
    static native void subscribe(long elements, boolean failing, Subscriber<? super Long> subscriber);

    static native void request(long world, long rows);

    static native void cancel(long world);

    /**
     * A graph that waits for rows from outside. `passes`: it gives them to the subscriber that is
     * attached before upstream subscribes; else it takes them for itself.
     */
    static native long receiver(boolean passes);

    static native void attach(long world, Subscriber<? super Long> subscriber);

    static native void subscribed(long world, Subscription subscription);

    static native void row(long world, long value);

    static native void complete(long world);

    static native void fail(long world, Throwable error);

    /**
     * One of those who can reach it from Java is gone. Without any, it ends when what was asked for
     * has come.
     */
    static native void abandon(long world);

    // Called by bridge.c, on the thread of a graph.

    static void tellSubscribed(Subscriber<? super Long> subscriber, long world) {
        subscriber.onSubscribe(new NagareSubscription(world));
    }

    static void tellRow(Subscriber<? super Long> subscriber, long value) {
        subscriber.onNext(value);
    }

    static void tellComplete(Subscriber<? super Long> subscriber) {
        subscriber.onComplete();
    }

    static void tellError(Subscriber<? super Long> subscriber, boolean invalid, String text) {
        subscriber.onError(
                invalid ? new IllegalArgumentException(text) : new IllegalStateException(text));
    }

    static void passError(Subscriber<? super Long> subscriber, Throwable error) {
        subscriber.onError(error);
    }

    static void ask(Subscription upstream, long rows) {
        upstream.request(rows);
    }

    static void refuse(Subscription upstream) {
        upstream.cancel();
    }
}
