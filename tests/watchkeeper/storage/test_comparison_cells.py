"""Cells of a cohort: what counts for which metric."""

from datetime import UTC, datetime, timedelta
from math import log
from typing import Any

import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.errors import ConfigError
from watchkeeper.storage import comparison_cells as module
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.comparison_cells import BLOCK_S, block_seconds, calls_of, comparison_cells

BEGIN = datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC)
DAY = CallFilter(BEGIN, BEGIN + timedelta(days=1))
OUTCOMES = ("ok", "error", "timeout", "rate_limited", "refused", "filtered", "truncated", "empty", "cancelled")


def row(store: Store, **columns: Any) -> dict[str, Any]:
    """The one cell of such calls."""
    store.insert_arrow("calls", call_rows(len(next(iter(columns.values()))), **columns), str(columns))
    (found,) = comparison_cells(store, DAY).to_pylist()
    return dict(found)


@pytest.mark.clickhouse
def test_rates_count_calls_or_answers(shared_store: Store) -> None:
    found = row(shared_store, outcome=list(OUTCOMES))
    wanted = {"error": (8, 2), "rate_limit": (8, 1), "refusal": (5, 2), "truncation": (5, 1), "empty": (5, 1)}
    assert {name: (found[f"n_{name}"], found[f"bad_{name}"]) for name in wanted} == wanted
    assert (found["calls"], found["useful"], found["n_cost"]) == (9, 1, 8)


@pytest.mark.clickhouse
def test_times_are_those_of_good_answers(shared_store: Store) -> None:
    found = row(
        shared_store,
        outcome=["ok", "ok", "error", "ok"],
        duration_us=[3_000_000, 5_000_000, 9, 7_000_000],
        duration_complete=[True, True, True, False],
        ttft_us=[1_000_000, None, 5, 2_000_000],
        output_tokens=[20, None, 5, 10],
    )
    assert (found["n_latency"], found["y_latency"]) == (2, pytest.approx(log(3) + log(5)))
    assert (found["n_time_to_first_token"], found["y_time_to_first_token"]) == (2, pytest.approx(log(1) + log(2)))
    assert (found["n_time_per_output_token"], found["y_time_per_output_token"]) == (1, pytest.approx(log(0.1)))
    assert (found["n_output_tokens"], found["y_output_tokens"]) == (2, pytest.approx(log(20) + log(10)))
    x = log(1_000)
    assert (found["x_latency"], found["xy_latency"]) == (pytest.approx(2 * x), pytest.approx(x * (log(3) + log(5))))


@pytest.mark.clickhouse
def test_cost_is_that_of_calls_with_a_known_one(shared_store: Store) -> None:
    found = row(shared_store, outcome=["ok", "ok", "error"], cost_usd=[2_000_000_000, None, 1_000_000_000])
    assert [found[name] for name in ("n_cost", "cost", "cost_squared", "useful", "cost_of_useful")] == [2, 3, 5, 1, 2]


@pytest.mark.clickhouse
def test_cached_and_completing_rows_are_left_out(shared_store: Store) -> None:
    rows = call_rows(3, gateway_cache_hit=[True, False, False], calls=[1, 0, 1])
    shared_store.insert_arrow("calls", rows, "a")
    assert calls_of(shared_store, DAY) == 1
    assert comparison_cells(shared_store, DAY)["calls"].to_pylist() == [1]


@pytest.mark.clickhouse
def test_too_many_cells_are_refused_with_the_mend(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CELLS", 1)
    shared_store.insert_arrow("calls", call_rows(2, route=["a", "b"]), "a")
    with pytest.raises(ConfigError, match="compare a shorter period or fewer routes"):
        comparison_cells(shared_store, DAY)


def test_blocks_are_as_short_as_they_may_be() -> None:
    assert block_seconds(BEGIN, BEGIN + timedelta(hours=1)) == BLOCK_S
    assert block_seconds(BEGIN, BEGIN + timedelta(days=30)) == 5_184
    assert block_seconds(BEGIN, BEGIN + timedelta(seconds=10), 1) == 1
