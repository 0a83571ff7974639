"""When a budget's period begins and ends."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from watchkeeper.choices import BudgetPeriod
from watchkeeper.time_zone import midnight


def budget_period(period: BudgetPeriod, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Begin and end (UTC) of the day, the week from Monday on or the month in which ``now`` lies in ``zone``."""
    today = now.astimezone(zone).date()
    if period is BudgetPeriod.DAY:
        first, after = today, today + timedelta(days=1)
    elif period is BudgetPeriod.WEEK:
        first = today - timedelta(days=today.weekday())
        after = first + timedelta(days=7)
    else:
        first = today.replace(day=1)
        after = (first + timedelta(days=31)).replace(day=1)
    return midnight(first, zone), midnight(after, zone)
