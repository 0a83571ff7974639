"""Cost spike: an hour costs far more than this hour of the week does, and what drives it."""

from base64 import b64decode, b64encode
from math import exp, log

import numpy as np

from detectors.columns import Floats
from detectors.finding import ACCEPTED_S, DAY_S, HOUR_S, Dict, closed, dumped, loaded, opened
from detectors.group_calls import GroupCalls
from detectors.metrics import Severity
from detectors.records import FindingKind, Regression, Size
from detectors.series import SeriesKey
from detectors.spend import Spend, by_model, drivers, priced

_SLOTS = 168
_LEARN_S = 8 * DAY_S
"""A week of expectations and a day of seeing how well they hold."""
_TIMES = 2.0
_LEAST_USD = 5.0
_SPREADS = 3.0
_COVERAGE = 0.5
_WEIGHT = 0.4
_SPREAD_WEIGHT = 0.02
_PROFILE_FADE = 0.99
_OVER = 1.3
_ERRORS = 6.0


class CostSpike:
    """Spend an hour of one requested model against the same hour of the weeks before.

    A page where an hour costs at least ``times`` the expectation, ``least_usd`` more than it, more than three spreads
    of what hours usually differ from theirs, and more than a few dear calls of the usual kind can make; found as soon
    as the running hour has spent that much. Answers without a price count as the average of those with one; an hour
    with a price for less than half of them says nothing.
    """

    def __init__(self, parent: SeriesKey, times: float = _TIMES, least_usd: float = _LEAST_USD) -> None:
        self._parent, self._times, self._least = parent, times, least_usd
        self._hour = 0
        self._first = 0.0
        self._spend = Spend()
        self._answers = 0
        self._usd = np.zeros(_SLOTS)
        self._calls = np.zeros(_SLOTS)
        self._seen = np.zeros(_SLOTS)
        self._profile = Spend()
        self._squares = 0.0
        self._squares_now = 0.0
        """Sums of squared dollars a call, of the profile and of the running hour."""
        self._variance = 0.0
        self._excess = 0.0
        self._open: Regression | None = None

    def feed(self, calls: GroupCalls, now: float) -> list[Regression]:
        """See :class:`~detectors.finding.FindingDetector`."""
        found: list[Regression] = []
        if not len(calls):
            return found
        hours = np.maximum((calls.ts // HOUR_S).astype(np.int64), self._hour)
        if not self._hour:
            self._hour, self._first = int(hours[0]), float(calls.ts[0])
        answers = priced(calls)
        for hour in range(int(hours[0]), int(hours[-1]) + 1) if hours[0] != hours[-1] else [int(hours[0])]:
            found += self._turn_to(hour)
            mine = hours == hour
            self._answers += int((calls.answered & mine).sum())
            counted = mine[answers.rows]
            self._spend.take(by_model(calls, answers, counted))
            self._squares_now += float((answers.usd[counted] ** 2).sum())
            found += self._judged(float(calls.ts[mine][-1])) if mine.any() else []
        return found

    def advance(self, now: float) -> list[Regression]:
        """Hours end with the first call of a later one; time alone brings nothing."""
        return []

    def _turn_to(self, hour: int) -> list[Regression]:
        found: list[Regression] = []
        if hour <= self._hour:
            return found
        found += self._ended((self._hour + 1) * HOUR_S)
        self._clear()
        for silent in range(max(self._hour + 1, hour - _SLOTS), hour):
            self._hour = silent
            found += self._ended((silent + 1) * HOUR_S)
        self._hour = hour
        return found

    def _clear(self) -> None:
        self._spend, self._answers, self._squares_now = Spend(), 0, 0.0

    def _estimate(self) -> float | None:
        """Dollars of the hour so far, or None where too few answers have a price."""
        if not self._answers:
            return 0.0
        known = self._spend.calls / self._answers
        return self._spend.usd / known if known >= _COVERAGE else None

    def _expected(self) -> tuple[float, float]:
        """(dollars, calls) of the dearest of this hour and its neighbours: clocks change, jobs start late."""
        near = [(self._hour + step) % _SLOTS for step in (0, -1, 1)]
        slot = max(near, key=lambda slot: self._usd[slot])
        return float(self._usd[slot]), float(self._calls[slot])

    def _limit(self, expected: float, calls: float) -> float:
        times = max(self._times, exp(_SPREADS * self._variance**0.5))
        square = self._squares / max(1.0, self._profile.calls)
        chance: float = _ERRORS * (square * (calls + 1)) ** 0.5
        return max(times * expected, expected + self._least, expected + chance)

    def _judged(self, at: float) -> list[Regression]:
        spent = self._estimate()
        ready = at - self._first >= _LEARN_S and self._seen[self._hour % _SLOTS] > 0
        if self._open or spent is None or not ready:
            return []
        expected, calls = self._expected()
        if spent < self._limit(expected, calls):
            return []
        self._excess = 0.0
        self._open = self._opened(at, spent, expected, calls)
        return [self._open]

    def _ended(self, at: float) -> list[Regression]:
        spent = self._estimate()
        if spent is None:
            return []
        if self._open is None:
            self._learn(spent)
            return []
        expected, _ = self._expected()
        self._excess += spent - expected
        return self._maybe_closed(at, spent <= max(_OVER * expected, expected + self._least / 2))

    def _maybe_closed(self, at: float, over: bool) -> list[Regression]:
        assert self._open is not None
        accepted = at >= self._open.detected_at.timestamp() + ACCEPTED_S
        if not (over or accepted):
            return []
        reason = "spend is as expected again" if over else "stayed so for 7 days: taken as the new normal"
        if accepted and not over:
            self._forget()
        done, self._open = closed(self._open, at, f"{reason}; {self._excess:,.2f} USD above expectation in all"), None
        return [done]

    def _forget(self) -> None:
        self._first, self._variance, self._profile = self._hour * HOUR_S, 0.0, Spend()
        self._squares = 0.0
        self._usd[:], self._calls[:], self._seen[:] = 0.0, 0.0, 0.0

    def _learn(self, spent: float) -> None:
        slot = self._hour % _SLOTS
        if self._hour * HOUR_S < self._first:
            return
        if self._seen[slot]:
            off = log((spent + self._least / 5) / (self._usd[slot] + self._least / 5))
            self._variance += _SPREAD_WEIGHT * (off**2 - self._variance)
        weight = _WEIGHT if self._seen[slot] else 1.0
        self._usd[slot] += weight * (spent - self._usd[slot])
        self._calls[slot] += weight * (self._answers - self._calls[slot])
        self._seen[slot] += 1
        self._profile.fade(_PROFILE_FADE)
        self._profile.take(self._spend)
        self._squares = _PROFILE_FADE * self._squares + self._squares_now

    def _opened(self, at: float, spent: float, expected: float, calls: float) -> Regression:
        split = drivers(self._profile, calls, expected, self._spend)
        scale = (spent - expected) / (sum(split.values()) or 1.0)
        split = {name: usd * scale for name, usd in split.items()}
        begun = self._hour * HOUR_S
        text = f"{spent:,.2f} USD in the hour from {_clock(begun)} UTC, expected {expected:,.2f}"
        return opened(
            FindingKind.COST_SPIKE,
            self._parent,
            at=at,
            onset=begun,
            onset_low=begun - HOUR_S,
            severity=Severity.PAGE,
            reason=f"{self._parent.request_model}: {text}; driven by {_told(split)}",
            direction="up",
            size=Size(
                before=expected,
                after=spent,
                low=spent,
                high=spent * HOUR_S / max(60.0, at - begun),
                ratio=spent / max(expected, 0.01),
                unit="USD/h",
                text=text,
            ),
            details={
                **{f"driver {name}": f"{usd:+,.2f} USD" for name, usd in split.items()},
                "priced": f"{self._spend.calls / max(1, self._answers):.0%} of the answers",
            },
        )

    def accept(self, finding: str, at: float) -> bool:
        """See :class:`~detectors.finding.FindingDetector`."""
        if self._open is None or self._open.id != finding:
            return False
        self._forget()
        self._open = None
        return True

    def state(self) -> Dict:
        """See :class:`~detectors.finding.FindingDetector`."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            **{name: b64encode(table.tobytes()).decode() for name, table in self._tables().items()},
            "spend": self._spend.state(),
            "profile": self._profile.state(),
            "open": dumped(self._open),
        }

    def restore(self, state: Dict) -> None:
        """See :class:`~detectors.finding.FindingDetector`."""
        for name in _PLAIN:
            setattr(self, name, state[name])
        for name, table in self._tables().items():
            table[:] = np.frombuffer(b64decode(state[name]))
        self._spend, self._profile = Spend.of(state["spend"]), Spend.of(state["profile"])
        self._open = loaded(state["open"])

    def _tables(self) -> dict[str, Floats]:
        return {"usd": self._usd, "calls": self._calls, "seen": self._seen}


_PLAIN = ("_hour", "_first", "_answers", "_variance", "_excess", "_squares", "_squares_now")


def _clock(seconds: float) -> str:
    return f"{int(seconds // HOUR_S) % 24:02d}:00"


def _told(split: dict[str, float]) -> str:
    """The drivers that make up a fifth or more, the largest first."""
    whole = sum(split.values())
    large = sorted((item for item in split.items() if item[1] >= 0.2 * whole), key=lambda item: -item[1])
    return ", ".join(f"{name} ({usd:+,.2f} USD)" for name, usd in large) or "no single cause"
