package nagare;

import org.reactivestreams.Subscriber;
import org.reactivestreams.tck.SubscriberBlackboxVerification;
import org.reactivestreams.tck.TestEnvironment;

public final class SubscriberTest extends SubscriberBlackboxVerification<Long> {
    private static final long SIGNAL_MS = 2000;
    private static final long SILENCE_MS = 50;

    public SubscriberTest() {
        super(new TestEnvironment(SIGNAL_MS, SILENCE_MS));
    }

    @Override
    public Subscriber<Long> createSubscriber() {
        return new NagareSubscriber();
    }

    @Override
    public Long createElement(int element) {
        return (long) element;
    }
}
