package nagare;

import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;

public final class PublisherTest extends PublisherVerification<Long> {
    /** Milliseconds to wait for a signal, and to see that none comes. */
    private static final long SIGNAL_MS = 2000;
    private static final long SILENCE_MS = 50;

    public PublisherTest() {
        super(new TestEnvironment(SIGNAL_MS, SILENCE_MS), 300);
    }

    @Override
    public Publisher<Long> createPublisher(long elements) {
        return new NagarePublisher(elements, false);
    }

    @Override
    public Publisher<Long> createFailedPublisher() {
        return new NagarePublisher(0, true);
    }
}
