package nagare;

import java.lang.ref.Reference;
import java.util.Objects;
import org.reactivestreams.Processor;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * A graph from outside through operators to one subscriber. It begins when both its ends are there,
 * as a graph of nagare is built whole before it runs.
 */
final class NagareProcessor implements Processor<Long, Long> {
    private static final Subscription NOTHING =
            new Subscription() {
                @Override
                public void request(long rows) {}

                @Override
                public void cancel() {}
            };

    private final long world = Bridge.receiver(true);
    private boolean taken;
    private Subscription early;

    NagareProcessor() {
        final long handle = world;
        NagareSubscription.CLEANER.register(this, () -> Bridge.abandon(handle));
    }

    @Override
    public void subscribe(Subscriber<? super Long> subscriber) {
        Objects.requireNonNull(subscriber);
        if (!attach(subscriber)) {
            subscriber.onSubscribe(NOTHING);
            subscriber.onError(new IllegalStateException("it has its one subscriber already"));
        }
    }

    private synchronized boolean attach(Subscriber<? super Long> subscriber) {
        if (taken) {
            return false;
        }
        taken = true;
        Bridge.attach(world, subscriber);
        if (early != null) {
            Bridge.subscribed(world, early);
            early = null;
        }
        return true;
    }

    @Override
    public synchronized void onSubscribe(Subscription subscription) {
        Objects.requireNonNull(subscription);
        if (taken) {
            Bridge.subscribed(world, subscription);
        } else if (early == null) {
            early = subscription;
        } else {
            subscription.cancel();
        }
    }

    @Override
    public void onNext(Long value) {
        Bridge.row(world, Objects.requireNonNull(value));
        Reference.reachabilityFence(this);
    }

    @Override
    public void onComplete() {
        Bridge.complete(world);
        Reference.reachabilityFence(this);
    }

    @Override
    public void onError(Throwable error) {
        Bridge.fail(world, Objects.requireNonNull(error));
        Reference.reachabilityFence(this);
    }
}
