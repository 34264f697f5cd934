"""What the service counts: turns, their time, what waits. Numbers only, by channel and outcome."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.stepping import Turned
from flows.events import Event


class Metrics:
    """A registry of its own, so that two services in one process don't count together."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        turns = ("channel", "outcome")
        self._turns = Counter("takepart_turns", "Events taken through a turn.", turns, registry=self.registry)
        self._seconds = Histogram(
            "takepart_batch_seconds", "How long a batch of turns took to store.", registry=self.registry
        )
        self._size = Histogram(
            "takepart_batch_events",
            "How many events a batch held.",
            buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=self.registry,
        )
        self.failures = Counter("takepart_turn_failures", "Turns that failed.", registry=self.registry)
        self.refused = Counter(
            "takepart_requests_refused", "Webhooks not taken, by reason.", ("reason",), registry=self.registry
        )
        self._queue = Gauge("takepart_queue", "Events that wait for a turn.", registry=self.registry)
        self._outbox = Gauge(
            "takepart_outbox", "Messages by class and state.", ("class", "state"), registry=self.registry
        )

    def batch(self, events: int, seconds: float) -> None:
        self._size.observe(events)
        self._seconds.observe(seconds)

    def turn(self, event: Event, result: Turned) -> None:
        self._turns.labels(event.channel, "repeat" if result.repeat else "taken").inc()

    def page(self, *, queue: int, outbox: Mapping[tuple[str, str], int]) -> bytes:
        """Everything in Prometheus's text form; what is read from elsewhere is handed in."""
        self._queue.set(queue)
        self._outbox.clear()
        for (klass, state), count in outbox.items():
            self._outbox.labels(klass, state).set(count)
        return generate_latest(self.registry)
