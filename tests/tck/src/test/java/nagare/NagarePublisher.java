package nagare;

import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;

/** The numbers from 0 on, made by a new graph for each subscriber. */
final class NagarePublisher implements Publisher<Long> {
    private final long elements;
    private final boolean failing;

    NagarePublisher(long elements, boolean failing) {
        this.elements = elements;
        this.failing = failing;
    }

    @Override
    public void subscribe(Subscriber<? super Long> subscriber) {
        Bridge.subscribe(elements, failing, subscriber);
    }
}
