"""Which tables a question about costs is read from."""

from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.cost_plan import CostPlan, CostQuery, Interval, plan

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NOW = NOON + timedelta(days=100)


def planned(begin: datetime, end: datetime, interval: Interval = Interval.NONE, now: datetime = NOW) -> CostPlan:
    return plan(CostQuery(CallFilter(begin, end), ("model",), interval), {}, now)


def segments(found: CostPlan) -> list[tuple[str, datetime, datetime]]:
    return [(one.source.table, one.chosen.begin, one.chosen.end) for one in found.segments]


def test_the_whole_days_of_a_long_period_are_read_by_day() -> None:
    first, last = datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 12, 20, tzinfo=UTC)
    assert segments(planned(NOON, NOON + 30 * DAY)) == [
        ("calls_1h", NOON, first),
        ("calls_1d", first, last),
        ("calls_1h", last, NOON + 30 * DAY),
    ]


def test_nothing_lies_behind_the_present_so_today_is_a_whole_day() -> None:
    end = NOON + 30 * DAY
    assert segments(planned(NOON, end, now=end))[-1] == ("calls_1d", NOON + DAY / 2, end + DAY / 2)


def test_intervals_of_days_are_read_in_whole_days() -> None:
    assert segments(planned(NOON, NOON + 30 * DAY, Interval.WEEK)) == [
        ("calls_1d", NOON - DAY / 2, NOON + 30 * DAY + DAY / 2)
    ]


@pytest.mark.parametrize(
    ("begin", "end", "interval", "table"),
    [
        (NOON, NOON + 30 * DAY, Interval.HOUR, "calls_1h"),
        (NOON, NOON + 13 * DAY, Interval.NONE, "calls_1h"),
        (NOON, NOON + DAY, Interval.NONE, "calls_1h"),
        (NOON + timedelta(minutes=5), NOON + DAY, Interval.NONE, "calls_1m"),
        (NOON + timedelta(seconds=5), NOON + 3 * DAY, Interval.NONE, "calls_1h"),
    ],
)
def test_a_plan_covers_the_period_in_whole_buckets(
    begin: datetime, end: datetime, interval: Interval, table: str
) -> None:
    found = planned(begin, end, interval)
    assert found.tables == (table,)
    assert found.begin <= begin < end <= found.end
    assert found.begin > begin - timedelta(hours=1) and found.end < end + timedelta(hours=1)


def test_minutes_that_are_gone_are_read_by_the_hour() -> None:
    query = CostQuery(CallFilter(NOON + timedelta(minutes=5), NOON + DAY))
    found = plan(query, {"calls_1m": NOON + DAY, "calls_1h": NOON - DAY}, NOW)
    assert (found.tables, found.complete_since) == (("calls_1h",), NOON - DAY)


@pytest.mark.parametrize(
    "query",
    [
        CostQuery(CallFilter(NOON, NOON + 90 * DAY, tenant=("acme",))),
        CostQuery(CallFilter(NOON, NOON + 90 * DAY), ("user_hash",)),
        CostQuery(CallFilter(NOON, NOON + 90 * DAY), ("tag:team",)),
        CostQuery(CallFilter(NOON, NOON + 90 * DAY), retries=True),
    ],
    ids=["filter", "dimension", "tag", "retries"],
)
def test_single_calls_are_read_exactly_as_asked(query: CostQuery) -> None:
    found = plan(query, {"calls": NOON + DAY}, NOW)
    assert (found.tables, found.begin, found.end) == (("calls",), NOON, NOON + 90 * DAY)
    assert found.complete_since == NOON + DAY
