package nagare;

import java.lang.ref.Reference;
import java.util.Objects;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/** A graph whose source takes what it is told, and asks for as much as the graph wants of it. */
final class NagareSubscriber implements Subscriber<Long> {
    private final long world = Bridge.receiver(false);

    NagareSubscriber() {
        final long handle = world;
        NagareSubscription.CLEANER.register(this, () -> Bridge.abandon(handle));
    }

    // The core has no null references: that a reference is none is said here.

    @Override
    public void onSubscribe(Subscription subscription) {
        Bridge.subscribed(world, Objects.requireNonNull(subscription));
        Reference.reachabilityFence(this);
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
