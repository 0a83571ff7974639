"""Sums of days chosen from rows that were put in order once, against the rows added up one by one."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from api.costs.day_sums import DaySums, Wanted
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.cost_plan import Interval

FIRST = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH = CallFilter(FIRST, FIRST + 30 * DAY)
HUGE = 2**60


def table(rows: int) -> pa.Table:
    """Calls and cost of random days, services and models; one cost that no floating-point number holds exactly."""
    rng = np.random.default_rng(rows)
    days = int(FIRST.timestamp()) + rng.integers(0, 30, rows) * 86_400
    words = {name: pa.array(rng.choice(["a", "b", "c"], rows)).dictionary_encode() for name in ("service", "model")}
    cost = rng.integers(-5, 1_000, rows)
    cost[:1] = HUGE + 1
    return pa.table({"day": pa.array(days), **words, "calls": pa.array(rng.integers(0, 9, rows)), "cost": cost})


def by_hand(rows: pa.Table, chosen: CallFilter, by_day: bool) -> dict[tuple[int, str], tuple[int, int]]:
    found: dict[tuple[int, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in rows.to_pylist():
        day = datetime.fromtimestamp(row["day"], UTC)
        if chosen.begin <= day < chosen.end and (not chosen.service or row["service"] in chosen.service):
            key = (row["day"] if by_day else 0, row["model"])
            calls, cost = found[key]
            found[key] = (calls + row["calls"], cost + row["cost"])
    return dict(found)


@pytest.mark.parametrize("interval", [Interval.NONE, Interval.DAY])
@pytest.mark.parametrize(
    ("begin", "days", "services"),
    [(0, 30, ()), (0, 30, ("a",)), (3, 9, ("b", "c")), (0, 30, ("nobody",)), (29, 1, ())],
    ids=["all", "one service", "some days", "none", "last day"],
)
def test_chosen_rows_are_added_up_exactly(interval: Interval, begin: int, days: int, services: tuple[str, ...]) -> None:
    rows = table(2_000)
    chosen = CallFilter(FIRST + begin * DAY, FIRST + (begin + days) * DAY, service=services)
    filtered = ("service",) if services else ()
    wanted = Wanted(("model",), (), interval, filtered, by_day=days < 30)
    sums = DaySums.of(rows, ("calls", "cost"), wanted).chosen(chosen)
    keys = zip(sums.keys["interval"].to_pylist(), sums.keys["d0"].to_pylist(), strict=True)
    values = zip(sums["calls"].tolist(), sums["cost"].tolist(), strict=True)
    assert dict(zip(keys, values, strict=True)) == by_hand(rows, chosen, interval is Interval.DAY)


def test_one_order_answers_for_all_values_of_its_filters() -> None:
    rows = table(500)
    ordered = DaySums.of(rows, ("calls", "cost"), Wanted((), ("model",), Interval.NONE, ("service",), by_day=False))
    calls = [
        int(ordered.chosen(CallFilter(MONTH.begin, MONTH.end, service=(one,)))["calls"].sum())
        for one in ("a", "b", "c")
    ]
    assert sum(calls) == sum(rows["calls"].to_pylist())


def test_some_days_are_chosen_of_groups_that_are_kept_apart_by_day() -> None:
    rows, chosen = table(500), CallFilter(FIRST + 3 * DAY, FIRST + 5 * DAY)
    wanted = Wanted(("model",), ("day",), Interval.NONE, (), by_day=True)
    sums = DaySums.of(rows, ("calls", "cost"), wanted).chosen(chosen)
    keys = zip(sums.keys["day"].to_pylist(), sums.keys["d0"].to_pylist(), strict=True)
    values = zip(sums["calls"].tolist(), sums["cost"].tolist(), strict=True)
    assert dict(zip(keys, values, strict=True)) == by_hand(rows, chosen, by_day=True)


def test_no_rows_are_no_groups() -> None:
    wanted = Wanted(("model",), (), Interval.DAY, ("service",), by_day=True)
    sums = DaySums.of(table(10).slice(0, 0), ("calls", "cost"), wanted).chosen(MONTH)
    assert len(sums) == 0 and sums["cost"].tolist() == []
