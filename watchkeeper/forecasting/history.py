"""Steps of spending put together to days, and to the usual course of a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from watchkeeper.forecasting.model import Floats
from watchkeeper.storage.spend import QUARTER_S, Spend

HISTORY_DAYS = 56
"""Eight weeks: longer ago a team did other things."""
_SLOTS = 96
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class SpendHistory:
    """Whole days up to yesterday, one after the other, and what is known of today."""

    first: date
    days: Floats
    """Dollars."""
    today: date
    today_usd: float
    course: Floats
    """Share of a day's spending by the end of each quarter of an hour."""
    known_calls: int

    def elapsed(self, moment: datetime) -> float:
        """Share of a usual day's spending that comes before the (local) time of day of ``moment``."""
        seconds = timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second) / _DAY
        return float(np.interp(seconds * _SLOTS, np.arange(_SLOTS + 1), [0.0, *self.course]))


@dataclass(frozen=True, slots=True)
class Steps:
    """Spending in steps of ``step_s`` seconds, from ``begin``, a midnight in ``zone``, up to now."""

    steps: Sequence[Spend]
    step_s: int
    begin: datetime
    zone: ZoneInfo


def spend_history(read: Steps, now: datetime) -> SpendHistory:
    """The history up to ``now``.

    A day without calls cost nothing. The first day with calls is left out unless calls were kept from the begin on: it
    may have begun before we did.
    """
    of_day: dict[date, Decimal] = {}
    for step in read.steps:
        day = step.at.astimezone(read.zone).date()
        of_day[day] = of_day.get(day, Decimal(0)) + step.cost_usd
    today = now.astimezone(read.zone).date()
    first = min(of_day, default=today)
    if first > read.begin.astimezone(read.zone).date():
        first += _DAY
    length = max(0, (today - first).days)
    return SpendHistory(
        first=first,
        days=np.array([float(of_day.get(first + number * _DAY, 0)) for number in range(length)]),
        today=today,
        today_usd=float(of_day.get(today, 0)),
        course=_course(read, first, today),
        known_calls=sum(step.known_calls for step in read.steps),
    )


def _course(read: Steps, first: date, today: date) -> Floats:
    """With one day of even spending mixed in, so that an hour that was quiet so far is not ruled out."""
    slots, width = np.zeros(_SLOTS), read.step_s // QUARTER_S
    for step in read.steps:
        local = step.at.astimezone(read.zone)
        if first <= local.date() < today:
            slot = (local.hour * 60 + local.minute) // 15
            slots[slot : slot + width] += float(step.cost_usd) / width
    days, even = max(0, (today - first).days), np.full(_SLOTS, 1 / _SLOTS)
    usual = slots / slots.sum() if slots.any() else even
    return np.cumsum((days * usual + even) / (days + 1))
