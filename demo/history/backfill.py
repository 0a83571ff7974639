"""The history through the real pipeline: queue, stage, writer, rollups, and the detectors in the time of the calls.

The parts are those of ``watchkeeper up``, built by the same functions; only the clock is another. Stored calls reach
the detectors as they do in production, from what the pipeline publishes; ``up`` goes on from the state that is saved
at the end.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from collector.pipeline import Pipeline, Publisher
from collector.stage import Staged
from demo.history.requests import SpanOfCall, Traffic, export_requests
from detectors.embedded import OWNER
from detectors.followed import Followed
from detectors.reporting import Reporter
from detectors.saving import StateKeeper
from watchkeeper.cli import wiring
from watchkeeper.cli.detecting import engines
from watchkeeper.cli.up import open_embedded
from watchkeeper.errors import WatchkeeperError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.streams.otlp_queue import OtlpSource
from watchkeeper.streams.otlp_sink import Verdict
from watchkeeper.streams.source import Batch, Encoding, Signal
from watchkeeper.telemetry import Metrics

HOUR_S = 3_600.0
_HOURS_AT_ONCE = 2
_UNIT_S = 1_800.0
_TABLE = "calls"


class EventClock:
    """The time of the calls, for parts that take a clock; the timer is the machine's."""

    def __init__(self, now: float) -> None:
        self._now = now

    def move(self, now: float) -> None:
        """It is ``now`` (Unix seconds)."""
        self._now = now

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._now, UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self._now += seconds


class DetectingPublisher(Publisher):
    """Hands stored calls to the detectors, in units by the time they were made."""

    def __init__(self, followed: Followed, reporter: Reporter, clock: EventClock) -> None:
        self._followed = followed
        self._reporter = reporter
        self._clock = clock

    def publish(self, staged: Staged, batch: Batch) -> None:
        calls, now = staged.calls.sort_by("ts"), self._clock.now().timestamp()
        times = calls["ts"].cast(pa.int64()).to_numpy() / 1e6
        for unit, end in _units(calls, times):
            end = min(end, now)
            self._clock.move(end)
            self._reporter.report(self._followed.take(unit, end, self._followed.position))
        self._clock.move(now)


class Backfill:
    """Fills the empty data directory of ``settings`` with ``traffic``, which begins at ``begin_s`` (Unix time)."""

    def __init__(self, settings: Settings, traffic: Traffic, begin_s: float) -> None:
        self._begin_s = begin_s
        self._traffic = traffic
        self._clock = EventClock(begin_s)
        self._store: Store = open_embedded(settings, self._clock)
        metrics = Metrics()
        made = engines(settings, self._store)
        self._keeper = StateKeeper(self._store, self._clock, made, OWNER)
        # The keeper writes down where it saves next when it looks for what was saved before.
        self._keeper.load(_TABLE, 0, with_repeats=False)
        self._followed = Followed.begin(made, self._clock.now(), 0, with_repeats=False)
        publisher = DetectingPublisher(self._followed, Reporter(self._store, self._clock, metrics), self._clock)
        self._source: OtlpSource = wiring.otlp_source(settings, self._clock)
        outside = wiring.Outside(self._source, self._store, publisher)
        self._line: Pipeline = wiring.pipeline(settings, outside, metrics, self._clock)

    def run(self, end_s: float, progress: Callable[[int], None]) -> None:
        """All calls that end by ``end_s`` (Unix time); ``progress`` is told the number of calls after each step."""
        hours = (end_s - self._begin_s) / HOUR_S
        waiting: list[SpanOfCall] = []
        for first in range(0, int(np.ceil(hours)), _HOURS_AT_ONCE):
            last = min(first + _HOURS_AT_ONCE, hours)
            for hour in range(first, int(np.ceil(last))):
                waiting += self._traffic.hour(hour)
            now = [call for call in waiting if call.end_s <= last * HOUR_S]
            waiting = [call for call in waiting if call.end_s > last * HOUR_S]
            self._send(now, self._begin_s + last * HOUR_S)
            progress(len(now))

    def close(self, position: int) -> None:
        """Save what the detectors know; they go on with what is stored from ``position`` (Unix seconds) on."""
        self._followed.position = position
        self._keeper.save(_TABLE, 0, self._followed, {})
        self._store.close()

    def _send(self, calls: list[SpanOfCall], now_s: float) -> None:
        self._clock.move(now_s)
        submit = self._source.submit
        replies = [submit(Signal.TRACES, Encoding.PROTOBUF, body) for body in export_requests(calls)]
        while self._line.run_once(0.0):
            pass
        for reply in replies:
            if not reply.done() or reply.result().verdict is not Verdict.STORED:
                raise WatchkeeperError("the pipeline did not store a request of the history; its log says why")


def _units(calls: pa.Table, times: npt.NDArray[np.float64]) -> Iterator[tuple[pa.Table, float]]:
    spans = times // _UNIT_S
    edges = [0, *(np.flatnonzero(np.diff(spans)) + 1).tolist(), len(times)]
    for first, last in zip(edges, edges[1:], strict=False):
        yield calls.slice(first, last - first), (spans[first] + 1) * _UNIT_S
