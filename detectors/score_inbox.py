"""Scores from the store on their way into engines, by the clock, at moments that a repetition after a crash repeats."""

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from watchkeeper.clock import Clock
from watchkeeper.storage.score_feed import ScoredSecond, ScoreFeed
from watchkeeper.telemetry import Metrics

SETTLE_S = 10.0
"""A second is read once it is over for so long: an insert takes less, and its rows have the second it began in."""
_SLOT_S = 15
"""Scores are asked for once in so many seconds, and those of one such slot are due together."""
_MOST_KEPT = 100_000


@dataclass(slots=True)
class ScoreQueue:
    """The scores that one engine has still to take."""

    place: int = 0
    """All scores that came before this Unix second were taken, or wait; 0: nothing was asked for yet."""
    _waiting: deque[tuple[float, ScoredSecond]] = field(default_factory=deque)
    """When they are due, and they."""

    def put(self, second: ScoredSecond, due: float) -> None:
        """To be called in the order of time."""
        self._waiting.append((due, second))

    def due(self, until: float) -> Iterator[pa.Table]:
        """Those due up to ``until`` (Unix seconds), second by second."""
        while self._waiting and self._waiting[0][0] <= until:
            yield self._waiting.popleft()[1].scores

    @property
    def saved(self) -> int:
        """Where to go on after a restart."""
        return self._waiting[0][1].second if self._waiting else self.place


class ScoreInbox:
    """Asks the store once, whatever number of queues waits. One thread owns it.

    Scores are due ``lag_s`` after their slot is over: by then the calls of that time have been worked on. With 0,
    engines must work on nothing that was received within the last :data:`SETTLE_S`; else it must be more than that.
    """

    def __init__(self, feed: ScoreFeed, clock: Clock, metrics: Metrics, lag_s: float = 0.0) -> None:
        self._feed = feed
        self._clock = clock
        self._missed = metrics.detector_left_out_scores.labels("no_call")
        self._lag_s = lag_s
        self._kept: list[ScoredSecond] = []
        self._from = self._until = 0
        """All scores of the seconds in [from, until) are kept."""

    def fill(self, queue: ScoreQueue, since: float, until: float) -> None:
        """Put into ``queue`` all that is due up to ``until`` (Unix seconds); of a new one, nothing before ``since``.

        Raises :class:`~watchkeeper.errors.Transient` while the store does not answer; call again then.
        """
        settled = _slot(self._clock.now().timestamp() - SETTLE_S)
        end = min(_slot(until - self._lag_s), settled)
        queue.place = queue.place or _slot(since - self._lag_s)
        while queue.place < end:
            self._read_from(queue.place, settled)
            for one in self._kept:
                if one.second >= queue.place:
                    queue.put(one, _slot(one.second) + _SLOT_S + self._lag_s)
            queue.place = self._until

    def _read_from(self, second: int, settled: int) -> None:
        """Have the scores from ``second`` on kept, those of one second at least."""
        if self._from <= second < self._until:
            return
        if second != self._until or sum(one.scores.num_rows for one in self._kept) > _MOST_KEPT:
            self._kept, self._from = [], second
        found = self._feed.read(second, settled)
        self._until = found.end
        self._kept += found.seconds
        self._missed.inc(found.missed)


def _slot(moment: float) -> int:
    return math.floor(moment / _SLOT_S) * _SLOT_S
