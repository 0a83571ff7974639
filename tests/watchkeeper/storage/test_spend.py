"""Spending by the hour and by the quarter of one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from tests.fixtures.store import call_rows
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_source import CALLS, HOURS, MINUTES
from watchkeeper.storage.spend import HOUR_S, QUARTER_S, Spend, read_spend, spend_source

pytestmark = pytest.mark.clickhouse

BEGIN = datetime(2026, 5, 28, tzinfo=UTC)
MINUTE_US = 60_000_000
CENT = Decimal("0.01")


def put(store: Store, *minutes: int) -> None:
    """A call of one cent at each of these minutes after the begin; the last one has no price."""
    n = len(minutes)
    first = int(BEGIN.timestamp() * 1e6)
    cost = [*[10_000_000] * (n - 1), None]
    status = [*["priced"] * (n - 1), "unpriced"]
    rows = call_rows(n, ts=pa.array([first + minute * MINUTE_US for minute in minutes]), cost_usd=cost, tenant="acme")
    rows = rows.set_column(
        rows.schema.get_field_index("cost_status"),
        rows.schema.field("cost_status"),
        pa.array(status).dictionary_encode().cast(rows.schema.field("cost_status").type),
    )
    store.insert_arrow("calls", rows, "a")


def at(minutes: int) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


@pytest.mark.parametrize("chosen", [{}, {"tenant": ("acme",)}], ids=["rollup", "calls"])
@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (HOUR_S, [(0, 3, 3, 0), (60, 2, 1, 1)]),
        (QUARTER_S, [(0, 1, 1, 0), (15, 2, 2, 0), (60, 1, 1, 0), (75, 1, 0, 1)]),
    ],
    ids=["hours", "quarters"],
)
def test_spending_step_by_step(
    shared_store: Store, chosen: dict[str, tuple[str, ...]], step: int, expected: list[tuple[int, int, int, int]]
) -> None:
    put(shared_store, 14, 15, 29, 61, 75)
    asked = CallFilter(BEGIN, BEGIN + timedelta(hours=5), tenant=chosen.get("tenant", ()))
    assert read_spend(shared_store, asked, step) == [
        Spend(at(minute), calls, known * CENT, unpriced, known) for minute, calls, known, unpriced in expected
    ]


def test_up_to_now_takes_in_the_hour_that_is_not_over(shared_store: Store) -> None:
    put(shared_store, 14, 61, 62, 400)
    asked = CallFilter(BEGIN, BEGIN + timedelta(minutes=70))
    assert sum(step.cost_usd for step in read_spend(shared_store, asked, HOUR_S)) == 3 * CENT


def test_the_table_depends_on_the_step_and_on_what_is_filtered_on() -> None:
    every = CallFilter(BEGIN, BEGIN)
    assert (spend_source(every, HOUR_S), spend_source(every, QUARTER_S)) == (HOURS, MINUTES)
    assert spend_source(CallFilter(BEGIN, BEGIN, tags=(("team", "x"),)), HOUR_S) == CALLS
