"""What the rollups say of calls."""

from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.store import call_rows
from watchkeeper import schema
from watchkeeper.log_histogram import bin_of
from watchkeeper.storage.client import Store

pytestmark = [pytest.mark.clickhouse, pytest.mark.parametrize("rollup", ["calls_1m", "calls_1h"])]


def total(store: Store, rollup: str, columns: str) -> dict[str, Any]:
    return store.query_rows(f"SELECT {columns} FROM {rollup}")[0]


def counted(store: Store, rollup: str, histogram: str) -> dict[int, int]:
    found: dict[int, int] = total(store, rollup, f"sumMap({histogram}) AS counts")["counts"]
    return found


def test_sums_equal_the_raw_rows(shared_store: Store, rollup: str) -> None:
    shared_store.insert_arrow("calls", call_rows(500, cache_read_tokens=7), "a")
    shared_store.insert_arrow("calls", call_rows(300, seed=1, model="other"), "b")
    columns = "sum(calls) AS c, sum(input_tokens) AS i, sum(cache_read_tokens) AS r, sum(cost_usd) AS u, "
    raw = total(shared_store, "calls", columns + "sum(duration_us) AS d")
    assert total(shared_store, rollup, columns + "sum(duration_us_sum) AS d") == raw
    assert raw["u"] == Decimal("2.8")


def test_missing_usage_and_price_are_counted_and_not_zero(shared_store: Store, rollup: str) -> None:
    nothing: dict[str, Any] = {"input_tokens": None, "output_tokens": None, "cost_usd": None, "cost_status": "no_usage"}
    shared_store.insert_arrow("calls", call_rows(3, **nothing), "a")
    shared_store.insert_arrow("calls", call_rows(4, cost_usd=None, cost_status="unpriced"), "b")
    found = total(
        shared_store,
        rollup,
        "sum(calls) AS c, sum(calls_with_usage) AS u, sum(calls_unpriced) AS p, sum(cost_usd) AS usd",
    )
    assert found == {"c": 7, "u": 4, "p": 4, "usd": 0}


def test_a_row_that_completes_a_call_adds_tokens_but_no_call(shared_store: Store, rollup: str) -> None:
    shared_store.insert_arrow("calls", call_rows(1, input_tokens=None, output_tokens=None, duration_us=1_000), "a")
    shared_store.insert_arrow(
        "calls", call_rows(1, calls=0, input_tokens=50, duration_us=9_000_000, format_valid=True), "b"
    )
    columns = "sum(calls) AS c, sum(input_tokens) AS i, sum(calls_with_usage) AS u, sum(duration_us_sum) AS d, "
    found = total(shared_store, rollup, columns + "sum(format_valid_calls) AS f")
    assert found == {"c": 1, "i": 50, "u": 1, "d": 1_000, "f": 0}


def test_format_and_stream_counts(shared_store: Store, rollup: str) -> None:
    shared_store.insert_arrow(
        "calls",
        call_rows(6, format_valid=[True, True, True, False, None, None], is_stream=[True] * 2 + [False] * 4),
        "a",
    )
    columns = "sum(format_valid_calls) AS v, sum(format_invalid_calls) AS i, sum(stream_calls) AS s"
    assert total(shared_store, rollup, columns) == {"v": 3, "i": 1, "s": 2}


def test_histograms_leave_out_times_that_mean_nothing(shared_store: Store, rollup: str) -> None:
    timed: dict[str, Any] = {"duration_us": 1_000_000, "ttft_us": 200_000, "output_tokens": 100}
    shared_store.insert_arrow("calls", call_rows(100, **timed), "a")
    shared_store.insert_arrow("calls", call_rows(300, duration_us=5, duration_complete=False, output_tokens=100), "b")
    shared_store.insert_arrow("calls", call_rows(20, **timed, outcome="rate_limited"), "failed")
    shared_store.insert_arrow("calls", call_rows(20, **timed, gateway_cache_hit=True), "hits")
    shared_store.insert_arrow("calls", call_rows(20, **timed, calls=0), "completing")
    assert counted(shared_store, rollup, "duration_counts") == {bin_of(1_000_000): 100}
    assert counted(shared_store, rollup, "ttft_counts") == {bin_of(200_000): 100}
    assert counted(shared_store, rollup, "token_us_counts") == {bin_of(8_000): 100}


def test_every_key_separates(shared_store: Store, rollup: str) -> None:
    shared_store.insert_arrow("calls", call_rows(1), "plain")
    for key in schema.ROLLUP_KEYS:
        changed: dict[str, Any] = {key: True if key == "gateway_cache_hit" else "changed"}
        shared_store.insert_arrow("calls", call_rows(1, **changed), key)
    shared_store.command(f"OPTIMIZE TABLE {rollup} FINAL")
    assert total(shared_store, rollup, "count() AS n")["n"] == len(schema.ROLLUP_KEYS) + 1
