"""What will have been spent at a later time: what is spent, and the range of what may come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from watchkeeper.forecasting.history import SpendHistory
from watchkeeper.forecasting.model import DayObserved, Floats, SpendModel, learn

FEWEST_DAYS = 3
MOST_DAYS_AHEAD = 366
METHOD = (
    "Structural time series on the logarithm of daily spending: level, damped trend, weekday and noise, averaged over "
    "how strong each may be (Harvey 1989); today counts for as much of it as has passed. Expected is the median of "
    "4,000 simulated courses, the intervals their quantiles."
)
_DRAWS = 4_000
_FLOOR = 0.02
"""Of a mean day: a day without spending is taken for one with so little, as nothing has no logarithm."""
_CEILING = 20
"""Times the largest day so far: beyond it no simulated day goes."""
_SEEN = 0.3
"""From this share of a day on, what it cost so far says something of the whole."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Range:
    """Dollars: the median and the quantiles of the 80 and 95 % intervals."""

    expected: Decimal
    low_80: Decimal
    high_80: Decimal
    low_95: Decimal
    high_95: Decimal


@dataclass(frozen=True, slots=True)
class DayAhead:
    """One day of the forecast: what it costs, and what is spent by its end (or by the end of the period)."""

    day: date
    expected: Decimal
    total: Range


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """``courses`` holds what is spent by each of ``ends``, a row for each simulated course, from ``spent`` on."""

    spent: Decimal
    total: Range
    days: Sequence[DayAhead]
    courses: Floats
    ends: Sequence[datetime]

    def chance_above(self, limit: Decimal) -> float:
        """That more than ``limit`` is spent by the end."""
        return float(np.mean(self.courses[:, -1] > float(limit)))


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is asked: spending by ``end``, when it is ``now`` and ``spent`` is spent, with days as in ``zone``."""

    now: datetime
    end: datetime
    spent: Decimal
    zone: ZoneInfo


def missing_for_forecast(history: SpendHistory) -> str:
    """Why nothing can be told yet, and what is missing; empty where nothing is."""
    if not history.known_calls:
        return (
            "No call of the last eight weeks has a known cost: send calls with usage, and see docs/pricing.md for "
            "those without a price."
        )
    if len(history.days) < FEWEST_DAYS:
        missing = FEWEST_DAYS - len(history.days)
        return (
            f"{FEWEST_DAYS} whole days of calls are needed, {len(history.days)} are there: "
            f"ask again in {missing} day{'s' if missing > 1 else ''}."
        )
    if not history.days.any():
        return f"Nothing was spent on the last {len(history.days)} whole days."
    return ""


def forecast(history: SpendHistory, ahead: Ahead, rng: np.random.Generator) -> Forecast:
    """The forecast. Raises :class:`ValueError` where :func:`missing_for_forecast` says that something is missing."""
    if missing := missing_for_forecast(history):
        raise ValueError(missing)
    days, shares, ends = _days_ahead(history, ahead)
    logs = _model(history, ahead).draw(rng, [day.weekday() for day in days], _DRAWS)
    ceiling = np.log(_CEILING * history.days.max())
    daily = np.exp(np.minimum(logs, ceiling)) * shares
    courses = float(ahead.spent) + np.cumsum(daily, axis=1)
    listed = [
        DayAhead(day, _dollars(float(np.median(daily[:, number]))), _range(courses[:, number]))
        for number, day in enumerate(days)
    ]
    return Forecast(ahead.spent, listed[-1].total, listed, courses, ends)


def _model(history: SpendHistory, ahead: Ahead) -> SpendModel:
    floor = _FLOOR * float(history.days[history.days > 0].mean())
    days = [
        DayObserved((history.first + number * _DAY).weekday(), float(np.log(max(spent, floor))))
        for number, spent in enumerate(history.days)
    ]
    seen = history.elapsed(ahead.now.astimezone(ahead.zone))
    if seen < _SEEN:
        return learn(days)
    whole = max(history.today_usd / seen, floor)
    return learn(days, DayObserved(history.today.weekday(), float(np.log(whole)), seen))


def _days_ahead(history: SpendHistory, ahead: Ahead) -> tuple[list[date], Floats, list[datetime]]:
    """The days from today to the end, which share of each lies ahead, and when each of these shares ends."""
    end = ahead.end.astimezone(ahead.zone)
    last = end.date() if end.time() != datetime.min.time() else end.date() - _DAY
    days = [history.today + number * _DAY for number in range((last - history.today).days + 1)]
    shares = np.ones(len(days))
    if end.date() == last:
        shares[-1] = history.elapsed(end)
    shares[0] -= history.elapsed(ahead.now.astimezone(ahead.zone))
    midnights = [datetime(day.year, day.month, day.day, tzinfo=ahead.zone) + _DAY for day in days[:-1]]
    return days, np.maximum(shares, 0), [*midnights, ahead.end]


def _range(totals: Floats) -> Range:
    low_95, low_80, middle, high_80, high_95 = np.quantile(totals, (0.025, 0.1, 0.5, 0.9, 0.975)).tolist()
    return Range(*(_dollars(amount) for amount in (middle, low_80, high_80, low_95, high_95)))


def _dollars(amount: float) -> Decimal:
    return Decimal(f"{amount:.6f}")
