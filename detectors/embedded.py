"""The detectors beside an embedded store: the table of calls is their queue, read second by second.

What goes wrong here stays here: it is told, and tried again from the state that was saved last.
"""

import threading
from dataclasses import dataclass

from detectors.action_feed import ActionFeed
from detectors.engine_metrics import EngineMetrics
from detectors.engines import Engines
from detectors.followed import Followed
from detectors.reporting import Reporter
from detectors.saving import StateKeeper
from detectors.score_inbox import ScoreInbox
from watchkeeper.clock import Clock
from watchkeeper.errors import WatchkeeperError, in_words
from watchkeeper.storage.call_feed import CallFeed
from watchkeeper.telemetry import Metrics, logger

_log = logger("detectors")
OWNER = "embedded"
_TABLE = "calls"
_IDLE_S = 1.0
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0
SETTLE_S = 10.0
"""A second is read once it is over for so long: an insert takes less, and its rows have the second it began in."""


@dataclass(frozen=True, slots=True)
class EmbeddedParts:
    """What the loop is made of."""

    feed: CallFeed
    actions: ActionFeed
    scores: ScoreInbox
    engines: Engines
    keeper: StateKeeper
    reporter: Reporter
    metrics: Metrics
    clock: Clock


class EmbeddedDetectors:
    """One engine for the whole store. One thread runs it; :meth:`stop` and :meth:`problem` may be called from any."""

    def __init__(self, parts: EmbeddedParts) -> None:
        self._parts = parts
        self._metrics = EngineMetrics(parts.metrics)
        self._followed: Followed | None = None
        self._stop = threading.Event()
        self._problem = ""

    def stop(self) -> None:
        """End :meth:`run` after the calls in work."""
        self._stop.set()

    def problem(self) -> str:
        """Why the latest round failed, in words fit for a user; empty where it did not."""
        return self._problem

    def run(self) -> None:
        """Work until stopped, then save. Whatever fails is tried again, with longer and longer waits."""
        wait_s = _FIRST_WAIT_S
        while not self._stop.is_set():
            try:
                worked = self.run_once()
            except Exception as error:  # noqa: BLE001  no fault of the detectors may end the process that takes calls
                self._failed(error)
                self._stop.wait(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
                continue
            self._problem, wait_s = "", _FIRST_WAIT_S
            if not worked:
                self._stop.wait(_IDLE_S)
        self._save_last()

    def run_once(self) -> bool:
        """Read on; false when all calls that are settled are worked on.

        After an error the state counts for nothing: the next call begins with the one that was saved last.
        """
        followed, self._followed = self._followed or self._open(), None
        now = self._parts.clock.now().timestamp()
        settled = int(now - SETTLE_S)
        seconds = self._parts.feed.read(followed.position, settled)
        self._parts.actions.fill(followed, float(settled))
        since, until = (seconds[0].second, seconds[-1].second) if seconds else (settled, settled)
        self._parts.scores.fill(followed.scores, since, until)
        begun = self._parts.clock.monotonic()
        found = []
        for one in seconds:
            found += followed.take(one.calls, float(one.second), one.second + 1)
        if not seconds:
            found += followed.tick(float(settled))
            followed.position = max(followed.position, settled)
        self._parts.metrics.detector_seconds.inc(self._parts.clock.monotonic() - begun)
        self._parts.reporter.report(found)
        if self._parts.keeper.is_due(_TABLE, 0, followed):
            self._parts.keeper.save(_TABLE, 0, followed, {})
        self._note(followed, now if seconds else None)
        self._followed = followed
        return bool(seconds)

    def _open(self) -> Followed:
        followed = self._parts.keeper.load(_TABLE, 0, with_repeats=False)
        if followed is None:
            oldest = self._parts.feed.oldest() or 0
            followed = Followed.begin(self._parts.engines, self._parts.clock.now(), oldest, with_repeats=False)
        self._metrics.opened(followed)
        return followed

    def _failed(self, error: Exception) -> None:
        self._problem = in_words(error)
        self._parts.metrics.detector_failures.inc()
        _log.error("the detectors failed and try again from their last state", error=self._problem)

    def _save_last(self) -> None:
        if self._followed is None:
            return
        try:
            self._parts.keeper.save(_TABLE, 0, self._followed, {})
        except WatchkeeperError as error:
            _log.warning("the last state is not saved, it is learnt again", error=str(error))

    def _note(self, followed: Followed, behind_at: float | None) -> None:
        self._parts.metrics.detector_lag.set(behind_at - followed.position if behind_at is not None else 0.0)
        self._parts.metrics.detector_snapshot_age.set(self._parts.keeper.age_s())
        self._metrics.write([followed])
