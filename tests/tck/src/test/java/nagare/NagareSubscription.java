package nagare;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import org.reactivestreams.Subscription;

/** The handle of an ng_subscription. It does not know its subscriber, so holds on to nothing. */
final class NagareSubscription implements Subscription {
    static final Cleaner CLEANER = Cleaner.create();

    private final long world;

    NagareSubscription(long world) {
        this.world = world;
        CLEANER.register(this, () -> Bridge.abandon(world));
    }

    @Override
    public void request(long rows) {
        Bridge.request(world, rows);
        Reference.reachabilityFence(this);
    }

    @Override
    public void cancel() {
        Bridge.cancel(world);
        Reference.reachabilityFence(this);
    }
}
