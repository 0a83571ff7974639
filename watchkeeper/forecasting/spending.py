"""Spending so far and what is to come, read from the store: what a forecast and a budget's status have in common."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from watchkeeper.forecasting.forecast import Ahead, Forecast, forecast, missing_for_forecast
from watchkeeper.forecasting.history import HISTORY_DAYS, Steps, spend_history
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_source import kept_since
from watchkeeper.storage.spend import HOUR_S, QUARTER_S, Spend, read_spend, spend_source
from watchkeeper.time_zone import has_whole_hours, midnight

_SEED = 20_260_101
"""The same calls give the same forecast."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What was spent since ``begin``, and what will be by ``end``; None where ``missing`` says what that would need."""

    begin: datetime
    now: datetime
    end: datetime
    spent: Decimal | None
    """None where there are calls and none has a known cost."""
    steps: tuple[Spend, ...]
    """Since ``begin``."""
    forecast: Forecast | None
    missing: str
    whole_days: int
    complete_since: datetime | None

    @property
    def unpriced_calls(self) -> int:
        return sum(step.unpriced_calls for step in self.steps)

    def notes(self) -> Iterator[str]:
        """What limits it, in sentences."""
        if self.complete_since and self.begin < self.complete_since:
            yield f"Calls from before {self.complete_since:%Y-%m-%d %H:%M} UTC may be gone: the sum so far is cut off."
        if self.unpriced_calls:
            yield f"{self.unpriced_calls:,} calls without a price are in no sum."


def outlook(store: Store, chosen: CallFilter, now: datetime, zone: ZoneInfo) -> Outlook:
    """The outlook for the period of ``chosen``, which begins at a midnight in ``zone`` and lasts beyond ``now``."""
    today = now.astimezone(zone).date()
    window = midnight(today - timedelta(days=HISTORY_DAYS), zone)
    begin, end = chosen.begin.astimezone(UTC), chosen.end.astimezone(UTC)
    step_s = HOUR_S if has_whole_hours(zone, min(window, begin), end) else QUARTER_S
    since = kept_since(store, now).get(spend_source(chosen, step_s).table)
    read = read_spend(store, replace(chosen, begin=min(window, begin), end=now), step_s)
    first = _first_whole_day(window, since, zone)
    history = spend_history(Steps([step for step in read if step.at >= first], step_s, first, zone), now)
    steps = tuple(step for step in read if step.at >= begin)
    spent = sum((step.cost_usd for step in steps), Decimal(0))
    missing = missing_for_forecast(history)
    rng = np.random.default_rng(_SEED)
    return Outlook(
        begin=begin,
        now=now,
        end=end,
        spent=spent if any(step.known_calls for step in steps) or not steps else None,
        steps=steps,
        forecast=None if missing else forecast(history, Ahead(now, end, spent, zone), rng),
        missing=missing,
        whole_days=len(history.days),
        complete_since=since,
    )


def _first_whole_day(window: datetime, since: datetime | None, zone: ZoneInfo) -> datetime:
    if since is None or since <= window:
        return window
    return midnight(since.astimezone(zone).date() + timedelta(days=1), zone)
