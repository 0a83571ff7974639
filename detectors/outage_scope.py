"""Whether one series, or a model over all of them, is out: opened by failures in a row, closed by answers in a row."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np

from detectors.failure_runs import (
    FALSE_PER_DAY,
    WINDOW,
    WINDOW_FAILED,
    FailureRuns,
    Tries,
    first_run,
    first_scattered,
    first_window,
    marks,
)
from detectors.finding import dumped, loaded
from detectors.records import Evidence, Regression, Size

_ANSWERS = 5
"""Answers in a row that end an outage."""
_SCATTERED = 5
"""Answers right after a failure, among the last :data:`~detectors.failure_runs.WINDOW` calls, that end it too: of a
series whose calls mostly fail as it is, five in a row never come, and the next outage would be silent."""
_NEVER = 20
"""Failures of a series that never answered before it is worth a line."""


class Turn(NamedTuple):
    """Out (or not any more) at ``at``, since ``since``."""

    out: bool
    at: float
    since: float


@dataclass(slots=True)
class OutageScope:
    """The runs of one series and the outage it is in, if any."""

    runs: FailureRuns = field(default_factory=FailureRuns)
    out: bool = False
    good: int = 0
    """Answers in a row while out."""
    since_out: str = ""
    """The last calls of an outage, as in :attr:`~detectors.failure_runs.FailureRuns.recent`."""
    during: list[int] = field(default_factory=lambda: [0, 0, 0])
    """Calls of the outage, those that failed, and those of them right after another one."""
    record: Regression | None = None

    def turns(self, tries: Tries, now: float, detect: bool, learn: bool = True) -> Iterator[Turn]:
        """Take ``tries`` and yield where the series goes out (where ``detect``) and comes back.

        The consumer sees the scope as it stands at each turn. ``learn``: the calls belong to its base rate.
        """
        begin = 0
        while begin < len(tries.failed):
            part = tries.part(begin)
            turn = self._turn(part, detect)
            taken = part if turn is None else part.part(0, turn + 1)
            self._take(taken, turn is not None, now, learn)
            begin += len(taken.failed)
            if turn is not None:
                if not self.out:
                    self._go_out()
                else:
                    self._learn_outage(now)
                    self.come_back()
                yield Turn(self.out, float(taken.ends[-1]), self._since())

    def come_back(self) -> None:
        """It is out no more."""
        self.out, self.good, self.since_out, self.during = False, 0, "", [0, 0, 0]

    def _learn_outage(self, now: float) -> None:
        """An outage in which calls were answered all along is how this series is, and no outage the next time."""
        if self.good < _ANSWERS:
            tried, failed, paired = self.during
            self.runs.settle(tried, failed, paired, now)

    def _go_out(self) -> None:
        self.out, self.good, self.since_out, self.during = True, 0, "", [0, 0, 0]

    @property
    def calm(self) -> bool:
        """Would answers alone change nothing but counts?"""
        return not self.out and self.record is None

    def answers(self, calls: int, last_end: float, now: float, learn: bool) -> None:
        """What :meth:`turns` does with ``calls`` that were all answered, for a calm scope."""
        if learn:
            self.runs.learn(calls, 0, 0, now)
        self.runs.answers(calls, last_end)

    def _take(self, tries: Tries, turned: bool, now: float, learn: bool) -> None:
        opening = turned and not self.out
        failed = int(tries.failed.sum())
        if opening:
            self.runs.forget_latest()
        paired = self.runs.follow(tries)
        if learn and not self.out and not opening:
            self.runs.learn(len(tries.failed), failed, paired, now)
        if self.out:
            good = np.flatnonzero(tries.failed)
            self.good = self.good + len(tries.failed) if not len(good) else len(tries.failed) - 1 - int(good[-1])
            self.since_out = (self.since_out + marks(tries.failed))[-WINDOW:]
            counted = (len(tries.failed), failed, paired)
            self.during = [had + more for had, more in zip(self.during, counted, strict=True)]

    def _turn(self, tries: Tries, detect: bool) -> int | None:
        if not self.out:
            return self._outage(tries) if detect else None
        ended = (
            first_run(~tries.failed, self.good, _ANSWERS),
            first_scattered(tries.failed, self.since_out, _SCATTERED),
        )
        return min((position for position in ended if position is not None), default=None)

    def _outage(self, tries: Tries) -> int | None:
        if not tries.failed.any():
            return None
        runs = self.runs
        if not runs.answered and tries.failed.all():
            return first_run(tries.failed, runs.run, _NEVER)
        reached = [first_run(tries.failed, runs.run, runs.longest_by_chance()), first_window(tries.failed, runs.recent)]
        if reached[1] is not None and not runs.window_is_telling():
            reached[1] = None
        found = [position for position in reached if position is not None]
        return min(found) if found else None

    def _since(self) -> float:
        """When the failures began: the first in a row, or the first of a window with some answers in between."""
        return self.runs.first_of_window() if self._in_window else self.runs.run_since

    @property
    def _in_window(self) -> bool:
        return self.runs.answered > 0 and self.runs.run < self.runs.longest_by_chance()

    @property
    def told(self) -> str:
        """How many calls failed, in words."""
        if self._in_window:
            return f"{WINDOW_FAILED} of the last {WINDOW} calls failed"
        return f"{self.runs.run} calls in a row failed"

    @property
    def what(self) -> str:
        """``never_answered``, ``rate_limited`` or ``outage``, of the run under way."""
        if not self.runs.answered:
            return "never_answered"
        return "rate_limited" if self.runs.run_limited >= 0.8 * max(1, self.runs.run) else "outage"

    def size(self) -> Size:
        """Failures among all calls, before and since."""
        before = self.runs.rate
        after = WINDOW_FAILED / WINDOW if self._in_window else 1.0
        low = after * 0.05 ** (1 / max(WINDOW_FAILED if self._in_window else 1, self.runs.run))
        text = f"{self.told}, where about {before:.1%} are expected"
        return Size(before=before, after=after, low=low, high=1.0, ratio=after / before, unit="share", text=text)

    def evidence(self) -> Evidence:
        """Why this is no chance."""
        longest = self.runs.longest_by_chance()
        return Evidence(
            detector="failure_run",
            statistic=self.runs.run / longest,
            hypothesis=f"{longest} failures in a row are beyond chance",
            baseline=f"learned ({self.runs.rate:.2%} failures, {self.runs.again:.0%} right after one)",
            calls=self.runs.run,
            patience_days=1.0 / FALSE_PER_DAY,
        )

    def state(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {
            "runs": self.runs.state(),
            "out": self.out,
            "good": self.good,
            "since_out": self.since_out,
            "during": self.during,
            "record": dumped(self.record),
        }

    @classmethod
    def of(cls, state: dict[str, Any]) -> Self:
        """The inverse of :meth:`state`."""
        runs, record = FailureRuns.of(state["runs"]), loaded(state["record"])
        return cls(runs, state["out"], state["good"], state["since_out"], state["during"], record)
