"""How a budget stands, and what of that is news."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from watchkeeper.forecasting.forecast import Forecast, Range
from watchkeeper.forecasting.spending import Outlook
from watchkeeper.storage.budgets import Budget, BudgetEvent


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """Where a budget stands at ``now`` in the period that begins at ``period_start``."""

    budget: Budget
    now: datetime
    period_start: datetime
    period_end: datetime
    spent: Decimal | None
    """None where no call of the period has a known cost."""
    level: int | None
    """The highest warn level (percent) that was reached; None below the lowest."""
    expected: Range | None
    """By the end of the period; None where that cannot be told."""
    chance_above: float | None
    """That the limit is exceeded by the end of the period."""
    limit_at: datetime | None
    """When the limit was reached or, on the expected course, will be; None where it will not be, or cannot be told."""

    @property
    def share(self) -> float | None:
        """Of the limit that is spent."""
        return None if self.spent is None else float(self.spent / self.budget.limit_usd)


def budget_status(budget: Budget, seen: Outlook) -> BudgetStatus:
    """The status from what was spent and is to come in the budget's period."""
    limit, found = budget.limit_usd, seen.forecast
    spent = Decimal(0) if seen.spent is None else seen.spent
    reached = [percent for percent in budget.warn_percent if spent * 100 >= limit * percent]
    over = spent >= limit
    return BudgetStatus(
        budget=budget,
        now=seen.now,
        period_start=seen.begin,
        period_end=seen.end,
        spent=seen.spent,
        level=max(reached, default=None) if seen.spent is not None else None,
        expected=found.total if found else None,
        chance_above=1.0 if over else found.chance_above(limit) if found else None,
        limit_at=_was_reached(limit, seen) if over else _will_be_reached(limit, found, seen.now) if found else None,
    )


def budget_events(before: Collection[BudgetEvent], now: BudgetStatus) -> tuple[BudgetEvent, ...]:
    """The warn levels that are reached now and were not before in this period, the lowest first.

    ``before`` is what was reported already (:func:`~watchkeeper.storage.budgets.reached_levels`); events of other
    periods do not count. So each level comes once a period, whoever asks and however often, across restarts and
    changes of the budget. Whoever asks writes the answer down (``insert_budget_events``) before it tells anybody.
    """
    if now.spent is None:
        return ()
    reported = {event.percent for event in before if event.period_start == now.period_start}
    budget = now.budget
    return tuple(
        BudgetEvent(budget.name, now.period_start, percent, budget.version, now.now, now.spent, budget.limit_usd)
        for percent in sorted(budget.warn_percent)
        if percent not in reported and now.spent * 100 >= budget.limit_usd * percent
    )


def _was_reached(limit: Decimal, seen: Outlook) -> datetime | None:
    """The begin of the step in which the sum passed ``limit``."""
    total = Decimal(0)
    for step in seen.steps:
        total += step.cost_usd
        if total >= limit:
            return step.at
    return None


def _will_be_reached(limit: Decimal, found: Forecast, now: datetime) -> datetime | None:
    """On the median course, with even spending within a day."""
    course = np.median(found.courses, axis=0)
    if course[-1] < float(limit):
        return None
    day = int(np.argmax(course >= float(limit)))
    begin = found.ends[day - 1] if day else now
    so_far = float(course[day - 1]) if day else float(found.spent)
    part = (float(limit) - so_far) / (float(course[day]) - so_far)
    return begin + timedelta(seconds=round((found.ends[day] - begin).total_seconds() * part))
