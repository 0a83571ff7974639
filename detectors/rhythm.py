"""When a workload calls: per hour of the week, how few calls an hour had and how long the silences were."""

from base64 import b64decode, b64encode
from typing import Any, Self

import numpy as np

from detectors.columns import Floats
from detectors.finding import DAY_S, HOUR_S

SLOTS = 168
SURE_S = 14 * DAY_S
"""History with which every hour of the week was seen twice."""
_YOUNG_S = 3 * DAY_S
_STEADY_GAP_S = HOUR_S
_MISSING = 20.0
"""Calls that must be missing, counted by the weakest weeks."""
_TIMES_LONGEST = 4.0
_TIMES_LONGEST_YOUNG = 6.0
_SHORTEST_S = 300.0
_SHORTEST_YOUNG_S = 1_800.0
_SOFTEN = 0.25
"""How fast a slot forgets its weakest week; one holiday is forgiven after some weeks."""
_FADE = 0.7
_HORIZON_H = 2 * SLOTS


class Rhythm:
    """Calls and silences of one workload by hour of the week (UTC; slot 0 began at the Unix epoch).

    ``allowed`` is where a silence becomes a stop: longer than four times the longest silence that these hours have
    known, and so long that by the weakest weeks twenty calls are missing. Nights, weekends and batch jobs have their
    own silences, so they have their own patience.
    """

    def __init__(self) -> None:
        self.first = 0.0
        self.last = 0.0
        self.latest_call = 0.0
        self._watched_since = 0.0
        self._hour = 0
        self._count = 0
        self._gap = 0.0
        self.longest = 0.0
        """The longest silence ever, seconds."""
        self._low = np.zeros(SLOTS)
        self._longest = np.zeros(SLOTS)
        self._seen = np.zeros(SLOTS)

    def arrived(self, calls: int, latest_call: float, now: float) -> None:
        """``calls`` were received at ``now``; the latest of them started at ``latest_call``."""
        if not self.first:
            self.first = self.last = self._watched_since = now
            self._hour = int(now // HOUR_S)
        now = max(now, self.last)
        gap, hour = now - self.last, int(now // HOUR_S)
        self._gap = max(self._gap, gap)
        self.longest = max(self.longest, gap)
        if hour > self._hour:
            self._turn(hour, gap)
        self._count += calls
        self.last, self.latest_call = now, max(self.latest_call, latest_call)

    def resumed(self, now: float) -> None:
        """A stop ended: its silence is no habit."""
        self.last = self._watched_since = max(now, self.last)
        self._hour, self._count, self._gap = int(self.last // HOUR_S), 0, 0.0

    def _turn(self, hour: int, gap: float) -> None:
        if self._watched_since <= self._hour * HOUR_S:
            self._learn(self._hour % SLOTS, self._count, self._gap)
        for silent in range(max(self._hour + 1, hour - SLOTS), hour):
            self._learn(silent % SLOTS, 0, gap)
        self._hour, self._count, self._gap = hour, 0, gap

    def _learn(self, slot: int, count: int, gap: float) -> None:
        low = self._low[slot]
        fresh = self._seen[slot] == 0
        self._low[slot] = count if fresh or count < low else low + _SOFTEN * (count - low)
        self._longest[slot] = max(gap, _FADE * self._longest[slot])
        self._seen[slot] += 1

    def deadline(self) -> float:
        """When the silence since ``last`` becomes a stop; infinite where the rhythm cannot tell. Unix seconds."""
        if self.last - self.first >= SURE_S:
            return self._by_slot()
        steady = self.last - self.first >= _YOUNG_S and self.longest <= _STEADY_GAP_S
        weakest = self._weakest()
        if not steady or weakest <= 0:
            return float("inf")
        return self.last + max(_SHORTEST_YOUNG_S, _TIMES_LONGEST_YOUNG * self.longest, _MISSING / weakest)

    def _by_slot(self) -> float:
        begin = int(self.last // HOUR_S)
        hours = begin + np.arange(_HORIZON_H)
        slots = hours % SLOTS
        ends = (hours + 1) * HOUR_S
        starts = np.maximum(hours * HOUR_S, self.last)
        low = np.where(self._seen[slots] >= 2, self._low[slots], 0.0) / HOUR_S
        missing = np.cumsum(low * (ends - starts))
        patience = np.maximum.accumulate(np.maximum(_SHORTEST_S, _TIMES_LONGEST * self._longest[slots]))
        enough = self._reached(starts, low, missing)
        met = np.maximum(enough, self.last + patience)
        told = np.flatnonzero(met <= ends)
        return float(max(met[told[0]], starts[told[0]])) if len(told) else float("inf")

    def _reached(self, starts: Floats, low: Floats, missing: Floats) -> Floats:
        """For every hour: when in it the missing calls are enough; infinite where they are not."""
        before = np.concatenate([[0.0], missing[:-1]])
        with np.errstate(divide="ignore"):
            wait = np.where(low > 0, (_MISSING - before) / np.where(low > 0, low, 1.0), np.inf)
        return np.where(before >= _MISSING, starts, starts + np.maximum(wait, 0.0))

    def busy(self) -> bool:
        """Were calls coming as usual when they stopped, or is this an hour that never began?"""
        slot = int(self.last // HOUR_S) % SLOTS
        previous = (slot - 1) % SLOTS
        usual = max(self._low[slot], self._low[previous])
        into = max(self.last % HOUR_S, 60.0) / HOUR_S
        return self.longest <= _STEADY_GAP_S or (usual >= _MISSING and self._count >= 0.3 * self._low[slot] * into)

    def missing(self, until: float) -> float:
        """Calls that the weakest weeks had between the last call and ``until``."""
        return self._weakest_weeks(self.last, until)

    def expected(self, since: float, until: float) -> float:
        """At least so many calls usually come between two moments; 0 where the rhythm is too young to tell."""
        if self.sure:
            return self._weakest_weeks(since, until)
        return self._weakest() * (until - since) if self.last - self.first >= _YOUNG_S else 0.0

    def _weakest(self) -> float:
        """Calls a second of the hours seen so far, the median of the weakest."""
        seen = self._seen > 0
        return float(np.median(self._low[seen])) / HOUR_S if seen.any() else 0.0

    def _weakest_weeks(self, since: float, until: float) -> float:
        hours = np.arange(int(since // HOUR_S), int(until // HOUR_S) + 1)[:_HORIZON_H]
        spans = np.minimum((hours + 1) * HOUR_S, until) - np.maximum(hours * HOUR_S, since)
        return float((self._low[hours % SLOTS] / HOUR_S * spans).sum())

    @property
    def sure(self) -> bool:
        """Was every hour of the week seen twice?"""
        return self.last - self.first >= SURE_S

    def state(self) -> dict[str, Any]:
        """As JSON knows it; the three tables as base64 of float64."""
        tables = {name: _packed(table) for name, table in self._tables().items()}
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {**plain, **tables}

    @classmethod
    def of(cls, state: dict[str, Any]) -> Self:
        """The inverse of :meth:`state`."""
        rhythm = cls()
        for name in _PLAIN:
            setattr(rhythm, name, state[name])
        for name, table in rhythm._tables().items():
            table[:] = np.frombuffer(b64decode(state[name]))
        return rhythm

    def _tables(self) -> dict[str, Floats]:
        return {"low": self._low, "longest_by_slot": self._longest, "seen": self._seen}


_PLAIN = ("first", "last", "latest_call", "_watched_since", "_hour", "_count", "_gap", "longest")


def _packed(table: Floats) -> str:
    return b64encode(table.tobytes()).decode()
