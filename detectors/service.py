"""The detectors on Kafka: stored calls in, transitions of regressions out.

    poll ► for each message: engine ► insert ► publish ► (now and then) save the state with its offset ► commit

The state in the store says where reading goes on, not the group's offset: state and offset are saved as one. Whoever
gets a partition, after a kill or a rebalance, starts from the same state at the same offset, finds the same
transitions, and leaves out those that are in the table and on the topic already.
"""

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

from detectors.action_feed import ActionFeed
from detectors.engine_metrics import EngineMetrics
from detectors.engines import Engines
from detectors.followed import Followed
from detectors.records import Regression
from detectors.reporting import Reporter
from detectors.saving import StateKeeper
from detectors.score_inbox import ScoreInbox
from watchkeeper.clock import Clock
from watchkeeper.codec import decode_calls
from watchkeeper.errors import BadMessage, PartitionLost, Transient, WatchkeeperError
from watchkeeper.storage.client import Store
from watchkeeper.storage.dead_letters import NewLetter, letters_table
from watchkeeper.storage.regressions import TransitionKey
from watchkeeper.streams.bad_messages import BadMessageGuard
from watchkeeper.streams.kafka_follower import Follower
from watchkeeper.streams.kafka_source import KafkaSource
from watchkeeper.streams.source import Batch, RawMessage, Rejection
from watchkeeper.telemetry import Metrics, logger

_log = logger("detectors")
_POLL_S = 0.5
_SOURCE_AWAY_S = 1.0
_TICK_S = 5.0
_NOTE_S = 2.0
ACTION_LAG_S = 15.0
"""What people say takes effect so long after it was stored: by then every instance has been able to read it."""
SCORE_LAG_S = 60.0
"""Scores are worked on so long after they came: by then their calls are on the topic."""
SETTLE_S = 45.0
"""A message is on the topic by so long after its timestamp: a producer gives up after 30 s."""

Place = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True, slots=True)
class ServiceParts:
    """What the service is made of."""

    store: Store
    engines: Engines
    keeper: StateKeeper
    reporter: Reporter
    actions: ActionFeed
    scores: ScoreInbox
    guard: BadMessageGuard
    metrics: Metrics
    clock: Clock


@dataclass(slots=True)
class _Assigned:
    """A partition that is ours: its state, and what its earlier owners published."""

    followed: Followed
    published: set[TransitionKey]
    found: list[Regression] = field(default_factory=list)
    """Not reported yet."""
    is_whole: bool = True
    """No batch is half done: the state may be saved."""


class DetectorService(Follower):
    """Follows one consumer group's source. One thread owns it; :meth:`stop` may be called from any."""

    def __init__(self, parts: ServiceParts, connect: Callable[[Follower], KafkaSource]) -> None:
        self._parts = parts
        self._metrics = EngineMetrics(parts.metrics)
        self._assigned: dict[Place, _Assigned] = {}
        self._stop = threading.Event()
        self._ticked_at = parts.clock.monotonic()
        self._note_at = self._ticked_at
        self._source = connect(self)

    def stop(self) -> None:
        """End :meth:`run` after the batch in work."""
        self._stop.set()

    def run(self, after_round: Callable[[], None] = lambda: None) -> None:
        """Poll until stopped. Raises :class:`~watchkeeper.errors.DeadLetterLimit` when most input is unreadable."""
        while not self._stop.is_set():
            self.run_once(_POLL_S)
            after_round()

    def close(self) -> None:
        """Save every state and leave the group. Safe to call twice."""
        for place in tuple(self._assigned):
            self.lost(*place)
        self._source.close()

    def run_once(self, timeout_s: float) -> bool:
        """One round; false when there was nothing to do."""
        try:
            batches = self._source.poll(timeout_s)
            for batch in batches:
                self._handle(batch)
            self._tick()
            self._save_due()
        except (PartitionLost, Transient) as error:
            _log.warning("an outside part does not answer, trying again", error=str(error))
            self._stop.wait(_SOURCE_AWAY_S)
            return True
        self._note()
        return bool(batches)

    def opened(self, topic: str, partition: int) -> int:
        """Where the saved state has read to; the oldest message where nothing is saved."""
        followed = self._parts.keeper.load(topic, partition, with_repeats=True)
        if followed is None:
            followed = Followed.begin(self._parts.engines, self._parts.clock.now(), 0, with_repeats=True)
        published = self._parts.reporter.published_since(followed.marks)
        self._assigned[topic, partition] = _Assigned(followed, published)
        self._metrics.opened(followed)
        _log.info("reading stored calls", topic=topic, partition=partition, offset=followed.position)
        return followed.position

    def lost(self, topic: str, partition: int) -> None:
        """Save what was learnt: whoever has the partition now may be glad of it later."""
        assigned = self._assigned.pop((topic, partition), None)
        if assigned is not None and assigned.is_whole:
            try:
                self._save((topic, partition), assigned)
            except WatchkeeperError as error:
                _log.warning("a partition goes without its last state, which is learnt again", error=str(error))
        self._parts.keeper.forget(topic, partition)

    # --- one batch

    def _handle(self, batch: Batch) -> None:
        place = (batch.source, batch.partition)
        try:
            assigned = self._require(place)
            self._until_done(place, lambda: self._ask(batch, assigned.followed))
            assigned.is_whole = False
            bad = self._work(batch, assigned)
            self._parts.guard.check(batch, bad)
            if bad:
                self._until_done(place, lambda: self._put_aside(batch, bad))
            self._report(place, assigned)
            assigned.is_whole = True
            self._source.acknowledge(batch, {n: Rejection(error.reason, error.detail) for n, error in bad.items()})
        except (PartitionLost, Transient) as error:
            self._source.release(batch, error)
            self._begin_again(place)

    def _begin_again(self, place: Place) -> None:
        """A batch is half done: what of it the engine has had can only be told from the state that was saved."""
        if self._assigned.pop(place, None) is not None:
            self._source.start_again(*place)

    def _ask(self, batch: Batch, followed: Followed) -> None:
        """What people said, and scores, that are due while the batch is worked on."""
        received = [message.received_at_us / 1e6 for message in batch.messages]
        if received:
            self._parts.actions.fill(followed, max(received))
            self._parts.scores.fill(followed.scores, min(received), max(received))

    def _work(self, batch: Batch, assigned: _Assigned) -> dict[int, BadMessage]:
        """Give each message to the engine; those that cannot be read, by their index."""
        begun = self._parts.clock.monotonic()
        bad: dict[int, BadMessage] = {}
        followed = assigned.followed
        for number, message in enumerate(batch.messages):
            try:
                calls = decode_calls(message.body)
            except BadMessage as error:
                bad[number] = error
                continue
            assigned.found += followed.take(calls, message.received_at_us / 1e6, message.offset + 1)
        self._parts.metrics.detector_seconds.inc(self._parts.clock.monotonic() - begun)
        return bad

    def _put_aside(self, batch: Batch, bad: Mapping[int, BadMessage]) -> None:
        now_us = int(self._parts.clock.now().timestamp() * 1e6)
        letters = [_letter(batch, batch.messages[number], error) for number, error in bad.items()]
        self._parts.store.insert_arrow("dead_letters", letters_table(letters, now_us), f"{batch.token}:dead")
        for letter in letters:
            self._parts.metrics.dead_letters.labels(letter.reason).inc()

    def _report(self, place: Place, assigned: _Assigned) -> None:
        if not assigned.found:
            return
        # Another may have got the partition meanwhile, and with it what there is to report.
        self._source.keep_alive()
        self._until_done(place, lambda: self._parts.reporter.report(assigned.found, assigned.published))
        assigned.found.clear()

    def _until_done(self, place: Place, step: Callable[[], None]) -> None:
        """Try again until it is done, the partition is lost or we are to stop."""
        for attempt in Retrying(
            retry=retry_if_exception_type(Transient),
            wait=wait_exponential(multiplier=0.2, max=5),
            stop=lambda _: self._stop.is_set(),
            sleep=self._wait,
            before_sleep=_note_retry,
            reraise=True,
        ):
            with attempt:
                self._require(place)
                step()

    def _wait(self, seconds: float) -> None:
        with contextlib.suppress(Transient):
            self._source.keep_alive()
        self._stop.wait(seconds)

    def _require(self, place: Place) -> _Assigned:
        assigned = self._assigned.get(place)
        if assigned is None:
            raise PartitionLost(f"{place[0]}-{place[1]} is another's now")
        return assigned

    # --- between batches

    def _tick(self) -> None:
        """Where nothing comes, let the engines know what time it is, once the brokers say that nothing waits."""
        now = self._parts.clock.monotonic()
        if now - self._ticked_at < _TICK_S:
            return
        self._ticked_at = now
        until = self._parts.clock.now().timestamp() - SETTLE_S
        for place in self._source.read_to_end():
            assigned = self._assigned.get(place)
            if assigned is not None and assigned.is_whole:
                self._tick_one(place, assigned, until)

    def _tick_one(self, place: Place, assigned: _Assigned, until: float) -> None:
        self._parts.actions.fill(assigned.followed, until)
        self._parts.scores.fill(assigned.followed.scores, until, until)
        try:
            assigned.is_whole = False
            assigned.found += assigned.followed.tick(until)
            self._report(place, assigned)
            assigned.is_whole = True
        except Transient:
            self._begin_again(place)
            raise

    def _save_due(self) -> None:
        for place, assigned in tuple(self._assigned.items()):
            if assigned.is_whole and self._parts.keeper.is_due(*place, assigned.followed):
                self._save(place, assigned)

    def _save(self, place: Place, assigned: _Assigned) -> None:
        self._parts.keeper.save(*place, assigned.followed, self._parts.reporter.marks())

    def _note(self) -> None:
        if self._parts.clock.monotonic() < self._note_at:
            return
        self._note_at = self._parts.clock.monotonic() + _NOTE_S
        metrics, lags = self._parts.metrics, self._source.lag()
        for (topic, partition), lag in lags.items():
            metrics.kafka_lag.labels(topic, str(partition)).set(lag)
        behind = [self._assigned[place] for place, lag in lags.items() if lag and place in self._assigned]
        newest = [one.followed.clock.newest for one in behind]
        now = self._parts.clock.now().timestamp()
        metrics.detector_lag.set(max((now - at for at in newest if at is not None), default=0.0))
        metrics.detector_snapshot_age.set(self._parts.keeper.age_s())
        self._metrics.write([assigned.followed for assigned in self._assigned.values()])


def _letter(batch: Batch, message: RawMessage, error: BadMessage) -> NewLetter:
    return NewLetter(
        source=batch.source,
        partition=batch.partition,
        offset=message.offset,
        signal="calls",
        encoding="arrow",
        reason=error.reason,
        detail=error.detail,
        body=message.body,
        received_at_us=message.received_at_us,
    )


def _note_retry(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    if state.attempt_number in (1, 10) or state.attempt_number % 100 == 0:
        _log.warning("cannot report now, trying again", attempt=state.attempt_number, error=str(error))
