"""What the rollups held before every call was grouped once is in them afterwards."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fixtures.store import FOREVER, call_rows
from watchkeeper.errors import StoreRejected
from watchkeeper.storage.client import Store
from watchkeeper.storage.migrate import Migrator, shipped_migrations
from watchkeeper.storage.reconcile import Reconciler

pytestmark = pytest.mark.clickhouse

_PUT_ASIDE, _ONE_GROUPING = 27, 28
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_SUMS = (
    "sum(calls) AS c, sum(calls_with_usage) AS w, sum(input_tokens) AS i, sum(cost_usd) AS u, sum(duration_us_sum) AS d"
)
_TIMES = "sumMap(duration_counts) AS d, sumMap(ttft_counts) AS t, sumMap(token_us_counts) AS o"


def read(store: Store, table: str, columns: str) -> dict[str, Any]:
    return store.query_rows(f"SELECT {columns} FROM {table}")[0]


@pytest.fixture
def earlier(bare_store: Store) -> Store:
    """A store of the version before, with calls of May and an hour of 2025 that only the rollup by hour still has."""
    Migrator(bare_store, FOREVER, [m for m in shipped_migrations() if m.version < _PUT_ASIDE]).run()
    bare_store.insert_arrow("calls", call_rows(50, ttft_us=300_000), "a")
    bare_store.insert_arrow("calls", call_rows(7, cost_usd=None, cost_status="unpriced", outcome="error"), "b")
    bare_store.command(
        "INSERT INTO calls_1h (bucket, service, calls, calls_with_usage, calls_unpriced, cost_usd) "
        "VALUES ('2025-01-01 00:00:00', 'old', 10, 9, 2, 5)"
    )
    return bare_store


def test_sums_and_histograms_are_carried_over(earlier: Store) -> None:
    hours, minutes = read(earlier, "calls_1h", _SUMS), read(earlier, "calls_1m", _SUMS)
    facts = "sum(calls_with_cost) AS n, max(last_call) AS l"
    health, times = read(earlier, "health_1h", facts), read(earlier, "health_1h", _TIMES)
    Migrator(earlier, FOREVER).run()
    assert (read(earlier, "calls_1h", _SUMS), read(earlier, "calls_1m", _SUMS)) == (hours, minutes)
    assert read(earlier, "calls_1h", _TIMES) == read(earlier, "calls_1m", _TIMES) == times
    # Of the old hour only what had tokens and a price.
    assert read(earlier, "calls_1h", facts) == {"n": health["n"] + 7, "l": health["l"]}
    assert Reconciler(earlier).run(LONG_AGO) == []
    left = earlier.query_rows("SELECT name FROM system.tables WHERE database = currentDatabase()")
    assert not {"calls_1h_before", "health_1h", "calls_1h_mv"} & {row["name"] for row in left}


@pytest.mark.parametrize("cut_off", [_PUT_ASIDE, _ONE_GROUPING])
def test_a_migration_that_was_cut_off_counts_nothing_twice(earlier: Store, cut_off: int) -> None:
    hours, times = read(earlier, "calls_1h", _SUMS), read(earlier, "health_1h", _TIMES)
    until = [m for m in shipped_migrations() if m.version <= cut_off]
    broken = replace(until[-1], text=until[-1].text + "\nSELECT cut_off;\n")
    with pytest.raises(StoreRejected, match="cut_off"):
        Migrator(earlier, FOREVER, [*until[:-1], broken]).run()
    Migrator(earlier, FOREVER).run()
    earlier.insert_arrow("calls", call_rows(5, service="new"), "c")
    assert read(earlier, "calls_1h WHERE service != 'new'", _SUMS) == hours
    assert read(earlier, "calls_1m WHERE service != 'new'", _TIMES) == times
    for table in ("calls_1m", "calls_1h", "calls_1d"):
        assert read(earlier, f"{table} WHERE service = 'new'", "sum(calls) AS n")["n"] == 5
