"""What the rollups say of calls."""

from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.store import call_rows
from watchkeeper import schema
from watchkeeper.storage.client import Store

pytestmark = [pytest.mark.clickhouse, pytest.mark.parametrize("rollup", ["calls_1m", "calls_1h"])]


def total(store: Store, rollup: str, columns: str) -> dict[str, Any]:
    return store.query_rows(f"SELECT {columns} FROM {rollup}")[0]


def quantile(store: Store, rollup: str, sketch: str) -> float:
    found = total(store, rollup, f"quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)({sketch}) AS q")
    return float(found["q"][0])


def test_sums_equal_the_raw_rows(store: Store, rollup: str) -> None:
    store.insert_arrow("calls", call_rows(500, cache_read_tokens=7), "a")
    store.insert_arrow("calls", call_rows(300, seed=1, model="other"), "b")
    columns = "sum(calls) AS c, sum(input_tokens) AS i, sum(cache_read_tokens) AS r, sum(cost_usd) AS u, "
    raw = total(store, "calls", columns + "sum(duration_us) AS d")
    assert total(store, rollup, columns + "sum(duration_us_sum) AS d") == raw
    assert raw["u"] == Decimal("2.8")


def test_missing_usage_and_price_are_counted_and_not_zero(store: Store, rollup: str) -> None:
    nothing: dict[str, Any] = {"input_tokens": None, "output_tokens": None, "cost_usd": None, "cost_status": "no_usage"}
    store.insert_arrow("calls", call_rows(3, **nothing), "a")
    store.insert_arrow("calls", call_rows(4, cost_usd=None, cost_status="unpriced"), "b")
    found = total(
        store, rollup, "sum(calls) AS c, sum(calls_with_usage) AS u, sum(calls_unpriced) AS p, sum(cost_usd) AS usd"
    )
    assert found == {"c": 7, "u": 4, "p": 4, "usd": 0}


def test_a_row_that_completes_a_call_adds_tokens_but_no_call(store: Store, rollup: str) -> None:
    store.insert_arrow("calls", call_rows(1, input_tokens=None, output_tokens=None, duration_us=1_000), "a")
    store.insert_arrow("calls", call_rows(1, calls=0, input_tokens=50, duration_us=9_000_000, format_valid=True), "b")
    columns = "sum(calls) AS c, sum(input_tokens) AS i, sum(calls_with_usage) AS u, sum(duration_us_sum) AS d, "
    found = total(store, rollup, columns + "sum(format_valid_calls) AS f")
    assert found == {"c": 1, "i": 50, "u": 1, "d": 1_000, "f": 0}


def test_format_and_stream_counts(store: Store, rollup: str) -> None:
    store.insert_arrow(
        "calls",
        call_rows(6, format_valid=[True, True, True, False, None, None], is_stream=[True] * 2 + [False] * 4),
        "a",
    )
    columns = "sum(format_valid_calls) AS v, sum(format_invalid_calls) AS i, sum(stream_calls) AS s"
    assert total(store, rollup, columns) == {"v": 3, "i": 1, "s": 2}


def test_sketches_leave_out_durations_that_mean_nothing(store: Store, rollup: str) -> None:
    store.insert_arrow("calls", call_rows(100, duration_us=1_000_000, ttft_us=200_000, output_tokens=100), "a")
    store.insert_arrow("calls", call_rows(300, duration_us=5, duration_complete=False, output_tokens=100), "b")
    assert quantile(store, rollup, "duration_sketch") == pytest.approx(1_000_000, rel=0.02)
    assert quantile(store, rollup, "ttft_sketch") == pytest.approx(200_000, rel=0.02)
    assert quantile(store, rollup, "token_us_sketch") == pytest.approx(8_000, rel=0.02)


def test_every_key_separates(store: Store, rollup: str) -> None:
    store.insert_arrow("calls", call_rows(1), "plain")
    for key in schema.ROLLUP_KEYS:
        changed: dict[str, Any] = {key: True if key == "gateway_cache_hit" else "changed"}
        store.insert_arrow("calls", call_rows(1, **changed), key)
    store.command(f"OPTIMIZE TABLE {rollup} FINAL")
    assert total(store, rollup, "count() AS n")["n"] == len(schema.ROLLUP_KEYS) + 1
