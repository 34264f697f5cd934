"""What the service counts: turns, what is sent, what waits. Numbers only; no label is about a member."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from storage.running.figures import Figures

Numbers = Mapping[tuple[str, ...], float]  # by labels


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How things are at one moment. `down` are those of the `loops` that don't run well.

    `figures` is None while the database does not answer; what is read there is left out then.
    """

    now: datetime
    queue: int = 0
    lanes: Collection[str] = ()
    loops: Collection[str] = ()
    down: Collection[str] = ()
    figures: Figures | None = field(default_factory=Figures)


class Metrics:
    """What one process has counted; a registry of its own, so that two services don't count together."""

    def __init__(self) -> None:
        # Nobody asks since when each is counted.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._turns = self._counter(
            "turns", "Messages and steps of calls that came in.", "channel", "outcome"
        )
        self._turn_seconds = Histogram(
            "takepart_turn_seconds",
            "From when one was handed in until its answer was stored.",
            ("channel",),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "takepart_batch_seconds", "How long a batch of turns took to store.", registry=self.registry
        )
        self._size = Histogram(
            "takepart_batch_events",
            "How many events a batch held.",
            buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=self.registry,
        )
        self.refused = self._counter("requests_refused", "Requests not taken, by reason.", "reason")
        self._sends = self._counter("sends", "Tries to send, by what came of them.", "lane", "outcome")

    def batch(self, events: int, seconds: float) -> None:
        """So many events were stored together in so much time."""
        self._size.observe(events)
        self._seconds.observe(seconds)

    def turn(self, channel: str, outcome: str, seconds: float) -> None:
        """One event was answered so long after it was handed in."""
        self._turns.labels(channel, outcome).inc()
        self._turn_seconds.labels(channel).observe(seconds)

    def sent(self, lane: str, outcome: str) -> None:
        """A lane tried to send something, and this came of it."""
        self._sends.labels(lane, outcome).inc()

    def page(self, state: State) -> bytes:
        """Everything in Prometheus's text form: what was counted, and how things are now."""
        moment = CollectorRegistry()
        moment.register(_Moment(state))
        return generate_latest(self.registry) + generate_latest(moment)

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"takepart_{name}", told, labels, registry=self.registry)


class _Moment(Collector):
    """Shows one state: nothing stays behind of what was so earlier."""

    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from _process(self._state)
        yield from _data(self._state)


def _process(state: State) -> Iterator[GaugeMetricFamily]:
    yield _one("queue", "Events that wait for a turn.", state.queue)
    down: Numbers = {(loop,): loop in state.down for loop in state.loops}
    yield _gauge("loop_down", "1 for each part of the service that does not run well.", down, "loop")
    yield _one("database_up", "1 while the database answers.", state.figures is not None)


def _data(state: State) -> Iterator[GaugeMetricFamily]:
    """What is read from the database, or nothing but the names."""
    known = state.figures is not None
    found = state.figures or Figures()
    counts: Numbers = {key: pile.number for key, pile in found.outbox.items()}
    told = "Messages that have not gone, by lane, class and state."
    yield _gauge("outbox", told, counts, "lane", "class", "state")
    told = "How long the message that is longest due has waited."
    yield _gauge("outbox_age_seconds", told, _ages(found, state.now), "lane", "class")
    paused: Numbers = {(lane,): lane in found.paused for lane in {*state.lanes, *found.paused} if known}
    yield _gauge("lane_paused", "1 for a lane that waits because the fault is ours.", paused, "lane")
    for name, told, number in (
        ("held", "1 while nothing is sent until `takepart resume`.", found.held),
        ("problems", "Events that could not be answered and that nobody has seen to.", found.problems),
        ("alerts_open", "Alerts that nobody has seen.", found.alerts),
        ("alert_age_seconds", "How long the first of them has waited.", _waits(found, state.now)),
        ("files_waiting", "Photos and recordings that are still to be fetched.", found.files),
        (
            "sendings_overdue",
            "Briefs, votes and results that are due and not done.",
            found.overdue,
        ),
        ("notices_too_late", "Messages that were out of date before they could go, in a day.", found.late),
        ("segments_today", "Parts of texts sent today, by all groups.", found.segments),
        ("call_minutes_today", "Minutes of calls today, by all groups.", found.minutes),
        ("groups_near_limit", "Groups that have spent most of what they may today.", found.near),
    ):
        yield _gauge(name, told, {(): number} if known else {})


def _waits(found: Figures, now: datetime) -> float:
    return (now - found.alerts_since).total_seconds() if found.alerts_since else 0.0


def _ages(found: Figures, now: datetime) -> Numbers:
    return {
        (lane, klass): max(0.0, (now - pile.due).total_seconds())
        for (lane, klass, state), pile in found.outbox.items()
        if state == "waiting"
    }


def _one(name: str, told: str, number: float) -> GaugeMetricFamily:
    return _gauge(name, told, {(): number})


def _gauge(name: str, told: str, numbers: Numbers, *labels: str) -> GaugeMetricFamily:
    made = GaugeMetricFamily(f"takepart_{name}", told, labels=labels)
    for key, number in numbers.items():
        made.add_metric(key, number)
    return made
