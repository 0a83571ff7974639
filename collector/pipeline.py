"""The collector's main path, top to bottom.

    poll ► begin ► read (decode, recognise, normalise, classify, price) ► insert ► publish ► acknowledge

Acknowledge is the last step: until then the source still has the batch, and whatever happens it comes again with
the same messages and the same insert token. Everything before the insert may be thrown away at any moment.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

from collector.report import Report
from collector.stage import Stage, Staged
from collector.writer import Prepared, Writer
from watchkeeper.clock import Clock
from watchkeeper.errors import BadMessage, PartitionLost, Transient
from watchkeeper.streams.bad_messages import BadMessageGuard
from watchkeeper.streams.source import Batch, Rejection, Source
from watchkeeper.telemetry import Metrics, logger

_log = logger("pipeline")
_POLL_S = 0.5
_SOURCE_AWAY_S = 1.0
T = TypeVar("T")


class Publisher:
    """Tells others of stored calls; the base class tells nobody."""

    def publish(self, staged: Staged, batch: Batch) -> None:
        """Send and wait until it is safe. Raises :class:`Transient` when it cannot be sent now."""

    def close(self) -> None:
        """Let go of the outside."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a pipeline is made of."""

    source: Source
    stage: Stage
    writer: Writer
    publisher: Publisher
    guard: BadMessageGuard
    metrics: Metrics
    clock: Clock


class Pipeline:
    """Runs one source into one store. One thread owns it; :meth:`stop` may be called from any."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._report = Report(parts.metrics)
        self._stop = threading.Event()

    def stop(self) -> None:
        """End :meth:`run` after the batch in work."""
        self._stop.set()

    def run(self, after_round: Callable[[], None] = lambda: None) -> None:
        """Poll until stopped; ``after_round`` is called after each poll and what came of it.

        Raises :class:`DeadLetterLimit` when most input is unreadable.
        """
        while not self._stop.is_set():
            self.run_once(_POLL_S)
            after_round()

    def drain(self) -> None:
        """After the source's intake was closed: finish what it still holds."""
        while self.run_once(0.0):
            pass

    def run_once(self, timeout_s: float) -> bool:
        """One round; false when there was nothing to do."""
        try:
            batches = self._parts.source.poll(timeout_s)
        except Transient as error:
            _log.warning("the source does not answer, trying again", error=str(error))
            self._stop.wait(_SOURCE_AWAY_S)
            return True
        if not batches:
            return False
        try:
            self._parts.source.begin(batches)
        except (PartitionLost, Transient) as error:
            # Nothing was stored: the batches come again, to us or to the partition's new owner.
            for batch in batches:
                self._give_back(batch, error)
            return True
        for batch in batches:
            self._handle(batch)
        return True

    def _handle(self, batch: Batch) -> None:
        parts = self._parts
        try:
            if batch.opening:
                self._until_stored(batch, lambda: parts.writer.warm(parts.stage.memory, batch))
            staged = parts.stage.read(batch)
            if parts.source.stops_on_dead_letters:
                parts.guard.check(batch, staged.bad)
            prepared = self._until_stored(batch, lambda: parts.writer.prepare(staged, batch))
            self._until_stored(batch, lambda: self._write(prepared))
            self._until_stored(batch, lambda: parts.publisher.publish(staged, batch))
            # Not before it is published: a batch given back for that must be read as new when it comes again.
            parts.stage.stored(staged)
            parts.source.acknowledge(batch, _rejections(staged.bad))
        except (PartitionLost, Transient) as error:
            self._give_back(batch, error)
            return
        self._report.stored(batch, staged, parts.clock.now())
        parts.metrics.remembered_calls.set(len(parts.stage.memory))

    def _write(self, prepared: Prepared) -> None:
        begun = self._parts.clock.monotonic()
        self._parts.writer.write(prepared)
        self._parts.metrics.insert_seconds.observe(self._parts.clock.monotonic() - begun)

    def _until_stored(self, batch: Batch, step: Callable[[], T]) -> T:
        """Try the same bytes with the same token until they are in, the partition is lost or we are to stop."""
        for attempt in Retrying(
            retry=retry_if_exception_type(Transient),
            wait=wait_exponential(multiplier=0.2, max=5),
            stop=lambda _: self._stop.is_set(),
            sleep=self._wait,
            before_sleep=self._note_retry,
            reraise=True,
        ):
            with attempt:
                if not self._parts.source.owns(batch):
                    raise PartitionLost("the partition went to another consumer")
                return step()
        raise Transient("no attempt was made")

    def _wait(self, seconds: float) -> None:
        self._parts.source.keep_alive()
        self._stop.wait(seconds)

    def _note_retry(self, state: RetryCallState) -> None:
        self._parts.metrics.insert_retries.inc()
        error = state.outcome.exception() if state.outcome else None
        if state.attempt_number in (1, 10) or state.attempt_number % 100 == 0:
            _log.warning("store does not take the batch, trying again", attempt=state.attempt_number, error=str(error))

    def _give_back(self, batch: Batch, error: Exception) -> None:
        self._parts.metrics.released_batches.labels(batch.source).inc()
        self._parts.source.release(batch, error)


def _rejections(bad: Mapping[int, BadMessage]) -> dict[int, Rejection]:
    return {position: Rejection(error.reason, error.detail) for position, error in bad.items()}
