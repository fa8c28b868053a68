package nagare;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.reactivestreams.Processor;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.IdentityProcessorVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

public final class ProcessorTest extends IdentityProcessorVerification<Long> {
    private static final long SIGNAL_MS = 2000;
    private static final long SILENCE_MS = 50;

    private ExecutorService executor;

    public ProcessorTest() {
        super(new TestEnvironment(SIGNAL_MS, SILENCE_MS), 300);
    }

    @BeforeClass
    public void startExecutor() {
        executor = Executors.newCachedThreadPool();
    }

    @AfterClass
    public void stopExecutor() {
        executor.shutdownNow();
    }

    @Override
    public ExecutorService publisherExecutorService() {
        return executor;
    }

    @Override
    public Processor<Long, Long> createIdentityProcessor(int bufferSize) {
        return new NagareProcessor();
    }

    @Override
    public Publisher<Long> createFailedPublisher() {
        return new NagarePublisher(0, true);
    }

    @Override
    public Long createElement(int element) {
        return (long) element;
    }

    /** A graph's end has one subscriber; several take from a fork, which is built before it runs. */
    @Override
    public long maxSupportedSubscribers() {
        return 1;
    }
}
