"""How budgets stand, what is news, and when their periods are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.watchkeeper.forecasting.test_forecast import BEGIN, DAY, ahead, steps
from watchkeeper.budgeting.periods import budget_period
from watchkeeper.budgeting.status import BudgetStatus, budget_events, budget_status
from watchkeeper.choices import BudgetPeriod
from watchkeeper.forecasting.spending import Outlook
from watchkeeper.storage.budgets import Budget
from watchkeeper.storage.spend import Spend
from watchkeeper.time_zone import time_zone

NOW = BEGIN + 28 * DAY
BUDGET = Budget("team", 3, BudgetPeriod.MONTH, "UTC", Decimal(400), (50, 80, 100), {}, "me", BEGIN)


def status(dollars: float, limit: int = 400, **changed: Any) -> BudgetStatus:
    """28 even days are spent, 7 of ten dollars each are expected."""
    found = ahead([10.0] * 28, 7 * DAY, spent=str(dollars))
    seen = Outlook(
        begin=BEGIN,
        now=NOW,
        end=NOW + 7 * DAY,
        spent=Decimal(str(dollars)),
        steps=tuple(steps([dollars / 28] * 28)),
        forecast=found,
        missing="",
        whole_days=28,
        complete_since=None,
    )
    return budget_status(replace(BUDGET, limit_usd=Decimal(limit)), replace(seen, **changed))


@pytest.mark.parametrize(("spent", "level"), [(199.99, None), (200, 50), (319, 50), (320, 80), (400, 100), (900, 100)])
def test_the_highest_level_reached(spent: float, level: int | None) -> None:
    found = status(spent)
    assert found.level == level
    assert found.share == pytest.approx(spent / 400)


def test_when_the_limit_will_be_reached() -> None:
    found = status(360)
    assert found.limit_at is not None
    assert abs(found.limit_at - (NOW + 4 * DAY)) < timedelta(hours=6)
    assert found.chance_above == 1
    assert found.expected is not None and float(found.expected.expected) == pytest.approx(430, rel=0.02)
    below = status(280)
    assert (below.limit_at, below.chance_above) == (None, 0)


def test_when_the_limit_was_reached() -> None:
    found = status(560)
    assert found.limit_at is not None
    assert abs(found.limit_at - (BEGIN + 20 * DAY)) <= timedelta(hours=1)
    assert found.chance_above == 1


def test_without_a_forecast_the_rest_still_stands() -> None:
    found = status(320, forecast=None, missing="3 whole days of calls are needed")
    assert (found.level, found.expected, found.chance_above, found.limit_at) == (80, None, None, None)


def test_unknown_spending_is_no_spending() -> None:
    found = status(0, spent=None)
    assert (found.share, found.level) == (None, None)
    assert budget_events([], found) == ()


def test_each_level_comes_once_a_period() -> None:
    first = budget_events([], status(210))
    assert [(event.percent, event.budget, event.version) for event in first] == [(50, "team", 3)]
    assert (first[0].at, first[0].period_start, first[0].spent_usd) == (NOW, BEGIN, Decimal(210))
    assert budget_events(first, status(215)) == ()
    rest = budget_events(first, status(401))
    assert [event.percent for event in rest] == [80, 100]
    assert budget_events([*first, *rest], status(900)) == ()
    # A level that was reported stays so, though a higher limit moves it out of reach and back in.
    assert [event.percent for event in budget_events(first, status(640, limit=800))] == [80]


def test_a_new_period_begins_anew() -> None:
    old = budget_events([], status(500))
    assert [event.percent for event in budget_events(old, replace(status(210), period_start=NOW))] == [50]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "zone", "now", "begin", "end"),
    [
        (BudgetPeriod.DAY, "UTC", "2026-03-31T23:59", "2026-03-31T00:00", "2026-04-01T00:00"),
        (BudgetPeriod.DAY, "Asia/Kolkata", "2026-03-31T23:59", "2026-03-31T18:30", "2026-04-01T18:30"),
        (BudgetPeriod.DAY, "Europe/Berlin", "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00"),
        (BudgetPeriod.WEEK, "UTC", "2026-03-29T12:00", "2026-03-23T00:00", "2026-03-30T00:00"),
        (BudgetPeriod.WEEK, "UTC", "2026-03-30T00:00", "2026-03-30T00:00", "2026-04-06T00:00"),
        (BudgetPeriod.MONTH, "UTC", "2026-12-31T12:00", "2026-12-01T00:00", "2027-01-01T00:00"),
        (BudgetPeriod.MONTH, "America/New_York", "2026-03-01T03:00", "2026-02-01T05:00", "2026-03-01T05:00"),
    ],
    ids=["day", "half an hour off", "the day of 23 hours", "sunday", "monday", "december", "still february there"],
)
def test_periods_are_those_of_the_time_zone(period: BudgetPeriod, zone: str, now: str, begin: str, end: str) -> None:
    assert budget_period(period, at(now), time_zone(zone)) == (at(begin), at(end))


def test_an_outlook_says_what_limits_it() -> None:
    seen = Outlook(BEGIN, NOW, NOW + DAY, Decimal(1), (Spend(BEGIN, 5, Decimal(1), 3, 2),), None, "", 28, NOW)
    assert list(seen.notes()) == [
        "Calls from before 2026-03-30 00:00 UTC may be gone: the sum so far is cut off.",
        "3 calls without a price are in no sum.",
    ]
