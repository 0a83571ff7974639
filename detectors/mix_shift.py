"""Workload mix shift: other workloads, longer prompts or longer answers than on the days before. A notice, no fault."""

import numpy as np

from detectors.columns import Ints
from detectors.finding import ACCEPTED_S, DAY_S, Dict, closed, dumped, loaded, opened
from detectors.group_calls import GroupCalls
from detectors.metrics import Severity
from detectors.mix_cells import Histogram, largest_psi, pooled, psi, told
from detectors.records import FindingKind, Regression
from detectors.series import SeriesKey

PERIOD_S = DAY_S / 4
_OF_DAY = 4
_LEAST_CALLS = 200
_LEAST_PERIODS = 7
"""A week, so that a weekend is known."""
_MOST_PERIODS = 14
_LARGE = 0.25
_TIMES_USUAL = 2.0
_QUIET_PERIODS = 2
_BUCKETS = 64


class MixShift:
    """Compares each quarter of a day with the same quarter of the last 7 to 14 days, by population stability index.

    A shift must be large (0.25) and twice as large as any of these days was from the others, so that weekends and
    restless workloads are no news. Quarters with fewer than 200 calls say nothing.
    """

    def __init__(self, parent: SeriesKey) -> None:
        self._parent = parent
        self._period = 0
        self._current = Histogram()
        self._past: list[list[Histogram]] = [[] for _ in range(_OF_DAY)]
        self._after: list[list[Histogram]] = [[] for _ in range(_OF_DAY)]
        """Since a shift is open: what becomes the past when it is accepted."""
        self._quiet = 0
        self._open: Regression | None = None

    def feed(self, calls: GroupCalls, now: float) -> list[Regression]:
        """See :class:`~detectors.finding.FindingDetector`."""
        found: list[Regression] = []
        if not len(calls):
            return found
        periods = np.maximum((calls.ts // PERIOD_S).astype(np.int64), self._period)
        self._period = self._period or int(periods[0])
        for period in np.unique(periods).tolist():
            if period > self._period:
                found += self._ended(period * PERIOD_S)
                self._period = period
            rows = np.flatnonzero(calls.answered & (periods == period))
            self._count(calls, rows)
        return found

    def advance(self, now: float) -> list[Regression]:
        """Periods end with the first call of the next one; time alone brings nothing."""
        return []

    def _count(self, calls: GroupCalls, rows: Ints) -> None:
        prompt = np.minimum(calls.prompt_bucket()[rows], _BUCKETS - 1)
        output = np.minimum(calls.output_bucket()[rows], _BUCKETS - 1)
        codes = (calls.workload[rows] * _BUCKETS + prompt) * _BUCKETS + output
        found, counts = np.unique(codes, return_counts=True)
        for code, count in zip(found.tolist(), counts.tolist(), strict=True):
            key = calls.workloads[code // _BUCKETS**2]
            cell = (f"{key.service}/{key.route}", code // _BUCKETS % _BUCKETS, code % _BUCKETS)
            self._current.add(cell, count)

    def _ended(self, at: float) -> list[Regression]:
        done, self._current = self._current, Histogram()
        quarter = self._period % _OF_DAY
        if done.calls < _LEAST_CALLS:
            return []
        past = self._past[quarter]
        if len(past) < _LEAST_PERIODS:
            past.append(done)
            return []
        begun = self._period * PERIOD_S
        return self._while_open(quarter, done, at) if self._open else self._judged(past, quarter, done, begun, at)

    def _judged(
        self, past: list[Histogram], quarter: int, done: Histogram, begun: float, at: float
    ) -> list[Regression]:
        before = pooled(past)
        distance = psi(before, done)
        usual = largest_psi(past)
        if distance < max(_LARGE, _TIMES_USUAL * usual):
            self._past[quarter] = [*past, done][-_MOST_PERIODS:]
            return []
        self._quiet, self._after = 0, [[] for _ in range(_OF_DAY)]
        self._after[quarter].append(done)
        self._open = opened(
            FindingKind.MIX_SHIFT,
            self._parent,
            at=at,
            onset=begun,
            onset_low=begun - PERIOD_S,
            severity=Severity.NOTICE,
            reason=f"{self._parent.request_model} is used otherwise than before: {told(before, done)}",
            details={
                "moved": told(before, done),
                "psi": f"{distance:.2f}",
                "usual_psi": f"{usual:.2f}",
                "calls": str(done.calls),
            },
        )
        return [self._open]

    def _while_open(self, quarter: int, done: Histogram, at: float) -> list[Regression]:
        assert self._open is not None
        past = self._past[quarter]
        alike = psi(pooled(past), done) < max(_LARGE, _TIMES_USUAL * largest_psi(past)) / 2
        self._quiet = self._quiet + 1 if alike else 0
        self._after[quarter] = [*self._after[quarter], done][-_MOST_PERIODS:]
        if self._quiet >= _QUIET_PERIODS:
            return self._closed(at, "the mix is as before again")
        if at < self._open.detected_at.timestamp() + ACCEPTED_S:
            return []
        self._past = [new or old for old, new in zip(self._past, self._after, strict=True)]
        return self._closed(at, "stayed so for 7 days: taken as the new mix")

    def _closed(self, at: float, reason: str) -> list[Regression]:
        assert self._open is not None
        done, self._open = closed(self._open, at, reason), None
        self._after = [[] for _ in range(_OF_DAY)]
        return [done]

    def accept(self, finding: str, at: float) -> bool:
        """See :class:`~detectors.finding.FindingDetector`."""
        if self._open is None or self._open.id != finding:
            return False
        # Quarters of the day that were not seen since are learnt anew, or each would be a shift of its own.
        self._past, self._after = self._after, [[] for _ in range(_OF_DAY)]
        self._open = None
        return True

    def state(self) -> Dict:
        """See :class:`~detectors.finding.FindingDetector`."""
        return {
            "period": self._period,
            "current": self._current.state(),
            "past": [[one.state() for one in quarter] for quarter in self._past],
            "after": [[one.state() for one in quarter] for quarter in self._after],
            "quiet": self._quiet,
            "open": dumped(self._open),
        }

    def restore(self, state: Dict) -> None:
        """See :class:`~detectors.finding.FindingDetector`."""
        self._period, self._quiet = state["period"], state["quiet"]
        self._current = Histogram.of(state["current"])
        self._past = [[Histogram.of(one) for one in quarter] for quarter in state["past"]]
        self._after = [[Histogram.of(one) for one in quarter] for quarter in state["after"]]
        self._open = loaded(state["open"])
