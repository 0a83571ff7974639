"""Forecasts of spending, on histories whose continuation is known."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from benchmarks.cost_forecast import one
from watchkeeper.forecasting.forecast import FEWEST_DAYS, Ahead, Forecast, forecast, missing_for_forecast
from watchkeeper.forecasting.history import SpendHistory, Steps, spend_history
from watchkeeper.forecasting.model import DayObserved, learn
from watchkeeper.storage.spend import HOUR_S, QUARTER_S, Spend

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""
DAY = timedelta(days=1)
UTC_ZONE = ZoneInfo("UTC")


def steps(days: Sequence[float], step: timedelta = timedelta(hours=1), begin: datetime = BEGIN) -> list[Spend]:
    """Each day's dollars, spread evenly over its steps."""
    of_day = DAY // step
    return [
        Spend(begin + (number * of_day + place) * step, 1, Decimal(f"{spent / of_day:.9f}"), 0, 1)
        for number, spent in enumerate(days)
        for place in range(of_day)
    ]


def history(days: Sequence[float], now: datetime | None = None, zone: ZoneInfo = UTC_ZONE) -> SpendHistory:
    return spend_history(Steps(steps(days), HOUR_S, BEGIN, zone), now or BEGIN + len(days) * DAY)


def ahead(days: Sequence[float], until: timedelta, spent: str = "0") -> Forecast:
    now = BEGIN + len(days) * DAY
    return forecast(history(days), Ahead(now, now + until, Decimal(spent), UTC_ZONE), np.random.default_rng(0))


def test_even_days_go_on_and_what_is_spent_is_in_it() -> None:
    found = ahead([10.0] * 28, 7 * DAY, spent="280")
    assert float(found.total.expected) == pytest.approx(350, rel=0.01)
    assert found.total.low_95 < found.total.low_80 < found.total.expected < found.total.high_80 < found.total.high_95
    assert float(found.total.high_80 - found.total.low_80) < 10
    assert [one.day for one in found.days] == [date(2026, 3, 30) + number * DAY for number in range(7)]
    assert all(float(one.expected) == pytest.approx(10, rel=0.05) for one in found.days)


def test_a_weekly_rhythm_is_learnt() -> None:
    week = [10.0, 10.0, 10.0, 10.0, 10.0, 2.0, 0.0]
    found = ahead(week * 6, 7 * DAY)
    assert [float(one.expected) for one in found.days] == pytest.approx([10, 10, 10, 10, 10, 2, 0.2], rel=0.15)


def test_growth_goes_on_and_is_damped() -> None:
    days = [10 * 1.02**number for number in range(42)]
    found = ahead(days, 28 * DAY)
    last, later = float(found.days[0].expected), float(found.days[-1].expected)
    assert last == pytest.approx(10 * 1.02**42, rel=0.05)
    assert last * 1.1 < later < last * 1.02**27


def test_few_days_make_a_wide_interval_and_more_days_a_narrow_one() -> None:
    rng = np.random.default_rng(2)
    days = rng.lognormal(2, 0.1, 56).tolist()

    def width(seen: int) -> float:
        total = ahead(days[:seen], 14 * DAY).total
        return float((total.high_80 - total.low_80) / total.expected)

    assert width(3) > 2 * width(14) > 2 * width(56)


@pytest.mark.parametrize(
    ("days", "named"),
    [([], "No call"), ([5.0] * (FEWEST_DAYS - 1), "ask again in 1 day."), ([0.0] * 10, "Nothing was spent")],
    ids=["no days", "too few", "nothing spent"],
)
def test_what_is_missing_is_named(days: list[float], named: str) -> None:
    assert named in missing_for_forecast(history(days))
    with pytest.raises(ValueError, match=named):
        ahead(days, DAY)


def test_today_counts_for_what_has_passed_of_it() -> None:
    days = [10.0] * 28
    now = BEGIN + 28 * DAY + timedelta(hours=12)
    surge = steps([*days, 40.0])[: 28 * 24 + 12]
    spent = Decimal(20)
    for passed, expected in ((surge, 40.0), (steps([*days, 10.0])[: 28 * 24 + 12], 10.0)):
        known = spend_history(Steps(passed, HOUR_S, BEGIN, UTC_ZONE), now)
        found = forecast(known, Ahead(now, now + timedelta(hours=12), spent, UTC_ZONE), np.random.default_rng(0))
        # Half of a surging day says that the day surges.
        assert float(found.total.expected - spent) == pytest.approx(expected / 2, rel=0.5)
    assert known.elapsed(now) == pytest.approx(0.5, abs=0.01)


def test_the_first_day_is_left_out_unless_calls_were_kept_before_it() -> None:
    days = steps([10.0] * 5)[6:]
    now = BEGIN + 5 * DAY
    assert len(spend_history(Steps(days, HOUR_S, BEGIN, UTC_ZONE), now).days) == 5
    assert len(spend_history(Steps(days, HOUR_S, BEGIN - DAY, UTC_ZONE), now).days) == 4


def test_days_are_those_of_the_time_zone() -> None:
    zone = ZoneInfo("Asia/Kolkata")
    begin = BEGIN - timedelta(hours=5, minutes=30)
    spent = steps([10.0, 20.0, 30.0, 40.0], timedelta(minutes=15), begin)
    known = spend_history(Steps(spent, QUARTER_S, begin, zone), begin + 4 * DAY)
    assert (known.first, known.days.tolist()) == (date(2026, 3, 2), pytest.approx([10, 20, 30, 40]))
    assert known.elapsed(datetime(2026, 3, 6, 18, tzinfo=zone)) == pytest.approx(0.75, abs=0.01)


def test_days_without_calls_cost_nothing() -> None:
    spent = [step for step in steps([10.0] * 6) if step.at.day != 4]
    assert spend_history(Steps(spent, HOUR_S, BEGIN, UTC_ZONE), BEGIN + 6 * DAY).days.tolist() == pytest.approx(
        [10, 10, 0, 10, 10, 10]
    )


def test_the_same_history_gives_the_same_forecast_and_another_seed_nearly() -> None:
    days = np.random.default_rng(1).lognormal(2, 0.2, 30).tolist()
    assert ahead(days, 9 * DAY).total == ahead(days, 9 * DAY).total
    now = BEGIN + 30 * DAY
    other = forecast(history(days), Ahead(now, now + 9 * DAY, Decimal(0), UTC_ZONE), np.random.default_rng(8))
    assert float(other.total.expected) == pytest.approx(float(ahead(days, 9 * DAY).total.expected), rel=0.02)


def test_a_chance_is_the_share_of_courses_above() -> None:
    found = ahead([10.0] * 28, 7 * DAY)
    assert found.chance_above(Decimal(20)) == 1
    assert found.chance_above(Decimal(200)) == 0
    assert found.chance_above(found.total.expected) == pytest.approx(0.5, abs=0.02)


def test_a_day_that_is_not_known_changes_nothing_but_the_certainty() -> None:
    days = [DayObserved(number % 7, 1.0) for number in range(28)]
    gaps = [None if number in (9, 10) else day for number, day in enumerate(days)]
    whole, holed = (learn(known).draw(np.random.default_rng(0), range(7), 2_000) for known in (days, gaps))
    assert np.median(holed) == pytest.approx(np.median(whole), abs=0.02)
    with pytest.raises(ValueError, match="no day"):
        learn([None])


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """A small part of benchmarks/cost_forecast.py."""
    rng = np.random.default_rng(3)
    found = [one(rng) for _ in range(60)]
    assert 0.7 <= np.mean([outcome.in_80 for outcome in found]) <= 0.95
    assert np.mean([outcome.in_95 for outcome in found]) >= 0.9
