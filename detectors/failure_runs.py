"""Failures in a row of one series, and how many of them its own base rate can explain."""

from dataclasses import asdict, dataclass, field
from math import ceil, comb, exp, log
from typing import Any, NamedTuple, Self

import numpy as np

from detectors.columns import Bools, Floats
from detectors.finding import DAY_S

FALSE_PER_DAY = 1e-6
"""Runs that long, by chance, in a day of one series: one in a thousand years for 3 series."""
_LEAST_RUN = 5
_MEMORY_S = 7 * DAY_S
WINDOW = 30
WINDOW_FAILED = 27
_PRIOR_FAILED, _PRIOR_TRIED = 0.5, 19.5
_HIGHEST = 0.97
_LATE_CALLS = 100
_FEWEST_LATELY = 10


class Tries(NamedTuple):
    """``n`` calls that were not cancelled, in the order in which they were over."""

    failed: Bools
    limited: Bools
    """[n] those of ``failed`` that were turned away for their number."""
    ends: Floats
    """[n] Unix seconds, ascending."""

    def part(self, begin: int, end: int | None = None) -> "Tries":
        """Calls ``begin`` to ``end``."""
        return self.of(slice(begin, end))

    def of(self, rows: Bools | slice) -> "Tries":
        """Those of ``rows``."""
        return Tries(self.failed[rows], self.limited[rows], self.ends[rows])


@dataclass(slots=True)
class FailureRuns:
    """What is known of a series' failures.

    Assumption of the stated false-alarm rate: after a failure the next call fails with one probability ``q``, after an
    answer with another, ``p`` (a two-state Markov chain; bursts of errors make ``q`` larger than ``p``). Then a day
    with ``n`` calls holds about ``n p q**(k-1)`` runs of ``k`` failures, and ``k`` is the least that makes it
    :data:`FALSE_PER_DAY`. Both rates are learnt outside of outages and
    100 to 200 calls late, remembered for a week, and start from a prior; in its first 100 calls a series is taken as
    one that fails half the time.
    """

    tried: float = 0.0
    failed: float = 0.0
    paired: float = 0.0
    """Failures right after another one."""
    days: float = 0.0
    """Days that the counts are of."""
    waiting: list[int] = field(default_factory=lambda: [0] * 6)
    """[tried, failed, paired] of the last calls and of those before: an outage must not raise its own base rate."""
    clock: float = 0.0
    answered: int = 0
    """Answers ever seen."""
    last_answer: float = 0.0
    run: int = 0
    run_since: float = 0.0
    run_limited: int = 0
    recent: str = ""
    """The last calls, at most :data:`WINDOW`: 1 failed, 0 answered."""
    failed_ends: list[float] = field(default_factory=list)
    """When those of them that failed were over."""

    @property
    def again(self) -> float:
        """``q``: how likely a failure follows a failure."""
        mean = (self.paired + _PRIOR_FAILED) / (self.failed + _PRIOR_TRIED)
        spread: float = (mean * (1 - mean) / (self.failed + _PRIOR_TRIED)) ** 0.5
        young = 0.5 if self.tried < _LATE_CALLS else 0.0
        return min(_HIGHEST, max(mean + spread, self.rate, young, self._lately))

    @property
    def _lately(self) -> float:
        """Share of failures among the last calls before the present run.

        A model that has begun to fail half of its calls is a regression; its runs of failures are chance, no outages.
        """
        before = self.recent[: max(0, len(self.recent) - self.run)]
        return before.count("1") / max(_FEWEST_LATELY, len(before))

    @property
    def rate(self) -> float:
        """The base rate of failures."""
        return min(_HIGHEST, (self.failed + _PRIOR_FAILED) / (self.tried + 10 * _PRIOR_TRIED))

    @property
    def calls_per_day(self) -> float:
        """At least 100, so that a young series has a rule too."""
        return max(100.0, self.tried / max(self.days, 1.0 / 24.0))

    def longest_by_chance(self) -> int:
        """Failures in a row that are an outage."""
        starts = self.calls_per_day * self.rate
        return max(_LEAST_RUN, 1 + ceil(log(max(1.0, starts / FALSE_PER_DAY)) / -log(self.again)))

    def window_is_telling(self) -> bool:
        """Is :data:`WINDOW_FAILED` failures of the last :data:`WINDOW` calls beyond chance as well?"""
        q = self.again
        terms = (comb(WINDOW, k) * q**k * (1 - q) ** (WINDOW - k) for k in range(WINDOW_FAILED, WINDOW + 1))
        chance: float = sum(terms)
        return self.calls_per_day * chance <= FALSE_PER_DAY

    def learn(self, tried: int, failed: int, paired: int, now: float) -> None:
        """Count calls outside of an outage; ``paired`` failures came right after another one."""
        waiting = self.waiting
        waiting[0], waiting[1], waiting[2] = waiting[0] + tried, waiting[1] + failed, waiting[2] + paired
        if waiting[0] >= _LATE_CALLS:
            self.settle(waiting[3], waiting[4], waiting[5], now)
            self.waiting = [0, 0, 0, *waiting[:3]]

    def forget_latest(self) -> None:
        """The latest calls were no part of the base rate but the beginning of an outage."""
        self.waiting = [0] * 6

    def settle(self, tried: int, failed: int, paired: int, now: float) -> None:
        """As :meth:`learn`, at once."""
        elapsed = max(0.0, now - self.clock) if self.clock else 0.0
        fade = exp(-elapsed / _MEMORY_S)
        self.tried = self.tried * fade + tried
        self.failed = self.failed * fade + failed
        self.paired = self.paired * fade + paired
        self.days = self.days * fade + elapsed / DAY_S
        self.clock = max(self.clock, now)

    def answers(self, calls: int, last_end: float) -> None:
        """Take ``calls`` that were all answered, the last at ``last_end``."""
        self.run = self.run_limited = 0
        self.answered += calls
        self.last_answer = last_end
        self._remember("0" * min(calls, WINDOW), [])

    def follow(self, tries: Tries) -> int:
        """Take calls that are over into the run and the window; how many failures came right after another one."""
        failed, ends = tries.failed, tries.ends
        good = np.flatnonzero(~failed)
        tail = int(good[-1]) + 1 if len(good) else 0
        paired = int((failed[1:] & failed[:-1]).sum()) + int(bool(self.run) and bool(failed[0]))
        if len(good):
            self.run = self.run_limited = 0
            self.answered += len(good)
            self.last_answer = float(ends[good[-1]])
        if tail < len(failed):
            self.run_since = self.run_since if self.run else float(ends[tail])
            self.run += len(failed) - tail
            self.run_limited += int(tries.limited[tail:].sum())
        latest = failed[-WINDOW:]
        self._remember(marks(latest), ends[-WINDOW:][latest].tolist())
        return paired

    def _remember(self, marks: str, failed_ends: list[float]) -> None:
        self.recent = (self.recent + marks)[-WINDOW:]
        held = self.recent.count("1")
        self.failed_ends = (self.failed_ends + failed_ends)[-held:] if held else []

    def first_of_window(self) -> float:
        """When the first failure of the last calls was over."""
        return self.failed_ends[0] if self.failed_ends else self.run_since

    def state(self) -> dict[str, Any]:
        """As JSON knows it."""
        return asdict(self)

    @classmethod
    def of(cls, state: dict[str, Any]) -> Self:
        """The inverse of :meth:`state`."""
        return cls(**state)


def marks(failed: Bools) -> str:
    """1 for each call that failed, 0 for each that was answered."""
    return "".join("1" if bad else "0" for bad in failed.tolist())


def first_scattered(failed: Bools, recent: str, least: int) -> int | None:
    """Position in ``failed`` where ``least`` of the last :data:`WINDOW` calls were answered right after a failure.

    ``recent`` are the calls before, which came after a failure.
    """
    joined = np.concatenate([np.array([True, *(mark == "1" for mark in recent)]), failed])
    sums = np.cumsum(joined[:-1] & ~joined[1:])
    sums[WINDOW:] -= sums[:-WINDOW].copy()
    reached = np.flatnonzero(sums[len(recent) :] >= least)
    return int(reached[0]) if len(reached) else None


def first_run(failed: Bools, before: int, longest: int) -> int | None:
    """Position in ``failed`` where a run reaches ``longest``, if ``before`` failures in a row came already."""
    if not failed.any() or before + len(failed) < longest:
        return None
    position = np.arange(len(failed))
    last_good = np.maximum.accumulate(np.where(failed, -1, position))
    length = np.where(last_good < 0, position + 1 + before, position - last_good)
    reached = np.flatnonzero(failed & (length >= longest))
    return int(reached[0]) if len(reached) else None


def first_window(failed: Bools, recent: str) -> int | None:
    """Position in ``failed`` where :data:`WINDOW_FAILED` of the last :data:`WINDOW` calls have failed."""
    past = np.array([mark == "1" for mark in recent], bool)
    joined = np.concatenate([past, failed])
    if len(joined) < WINDOW or joined.sum() < WINDOW_FAILED:
        return None
    sums = np.convolve(joined, np.ones(WINDOW), "valid")
    reached = np.flatnonzero(sums >= WINDOW_FAILED - 0.5) + WINDOW - 1 - len(past)
    reached = reached[reached >= 0]
    reached = reached[failed[reached]]
    return int(reached[0]) if len(reached) else None
