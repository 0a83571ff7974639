"""``GET /v1/summary`` against rows whose sums are known."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from api.bounds import Bounds
from tests.api.client import client, problem
from tests.collector.otlp import SpanSpec, read, request, stage
from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.errors import StoreUnavailable
from watchkeeper.storage import summary
from watchkeeper.storage.client import Store
from watchkeeper.storage.query_limits import QueryLimits

pytestmark = pytest.mark.clickhouse

UNKNOWN = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost_usd")


def rows(api: TestClient, **query: str) -> Sequence[dict[str, Any]]:
    answer = api.get("/v1/summary", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def test_an_empty_store_has_no_rows_in_the_last_day(api: TestClient) -> None:
    answer = api.get("/v1/summary").json()
    assert answer == {"start": "2026-05-27T21:01:00Z", "end": "2026-05-28T21:01:00Z", "rows": []}


def test_calls_tokens_cost_and_latency_of_a_model(shared_store: Store, api: TestClient) -> None:
    outcomes = ["ok"] * 15 + ["refused"] * 5
    stored = call_rows(20, outcome=outcomes, ttft_us=250_000, duration_us=2_000_000, cache_read_tokens=10)
    shared_store.insert_arrow("calls", stored, "a")
    (row,) = rows(api)
    assert {name: row[name] for name in ("interval", "service", "provider", "model", "calls", "outcomes")} == {
        "interval": None,
        "service": "shop",
        "provider": "openai",
        "model": "gpt-4o-2024-08-06",
        "calls": 20,
        "outcomes": {"ok": 15, "refused": 5},
    }
    assert (row["input_tokens"], row["output_tokens"], row["cache_read_tokens"]) == (20_000, 2_000, 200)
    assert (row["calls_with_usage"], row["unpriced_calls"], row["cost_usd"]) == (20, 0, "0.070000000")
    assert [row["latency_p50_ms"], row["latency_p95_ms"], row["ttft_p50_ms"]] == pytest.approx(
        [2000, 2000, 250], rel=0.05
    )


def test_what_the_collector_reads_comes_out_as_it_went_in(shared_store: Store, api: TestClient) -> None:
    calls = read(stage(), request(SpanSpec(1), SpanSpec(2, trace=2, error="timeout"))).calls
    shared_store.insert_arrow("calls", calls, "a")
    (row,) = rows(api, start="2026-11-18T00:00:00Z", end="2026-11-19T00:00:00Z")
    assert (row["service"], row["calls"], row["cost_usd"]) == ("checkout", 2, str(sum(calls["cost_usd"].to_pylist())))
    assert sum(row["outcomes"].values()) == 2


def test_what_is_not_known_is_null_and_not_zero(shared_store: Store, api: TestClient) -> None:
    nothing: dict[str, Any] = dict.fromkeys(
        ("input_tokens", "output_tokens", "cost_usd", "cost_input_usd", "cost_output_usd")
    )
    unknown = call_rows(3, cost_status="no_usage", duration_complete=False, **nothing)
    shared_store.insert_arrow("calls", unknown, "a")
    (row,) = rows(api)
    assert {row[name] for name in UNKNOWN} == {None}
    assert {row[name] for name in row if name.endswith(("_ms", "_p50"))} == {None}
    assert (row["calls"], row["calls_with_usage"], row["unpriced_calls"]) == (3, 0, 0)


def test_unpriced_calls_have_tokens_and_no_cost(shared_store: Store, api: TestClient) -> None:
    no_cost: dict[str, Any] = dict.fromkeys(("cost_usd", "cost_input_usd", "cost_output_usd"))
    shared_store.insert_arrow("calls", call_rows(3, cost_status="unpriced", **no_cost), "a")
    (row,) = rows(api)
    assert (row["input_tokens"], row["cost_usd"], row["unpriced_calls"]) == (3_000, None, 3)


def test_intervals_divide_the_period(shared_store: Store, api: TestClient) -> None:
    ts = pa.array(FIRST_TS_US + np.arange(60) * 60_000_000)
    shared_store.insert_arrow("calls", call_rows(60, ts=ts), "a")
    found = rows(api, interval="15m", start="2026-05-28T20:00:00Z", end="2026-05-28T21:00:00Z")
    assert [(row["interval"], row["calls"]) for row in found] == [
        ("2026-05-28T20:15:00Z", 4),
        ("2026-05-28T20:30:00Z", 15),
        ("2026-05-28T20:45:00Z", 15),
    ]


def test_filters_restrict(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(4), "a")
    shared_store.insert_arrow("calls", call_rows(2, model="other"), "b")
    shared_store.insert_arrow("calls", call_rows(1, service="mail"), "c")
    assert [row["calls"] for row in rows(api, model="other")] == [2]
    assert [row["calls"] for row in rows(api, service="mail")] == [1]
    assert rows(api, service="' OR 1=1 --") == []
    assert rows(api, start="2026-05-27T00:00:00Z", end="2026-05-28T00:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"interval": "7m"}, "use one of 1m, 5m, 15m, 1h, 6h, 1d"),
        ({"start": "2026-05-28T20:00:00"}, "2026-01-31T12:00:00Z"),
        ({"start": "yesterday"}, "query.start"),
        ({"start": "2026-05-28T20:00:00Z", "end": "2026-05-27T20:00:00Z"}, "before"),
        ({"start": "2026-05-28T20:00:00Z", "end": "0001-01-01T00:00:00Z"}, "before"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named_with_what_would(
    api: TestClient, query: dict[str, str], named: str
) -> None:
    document = problem(api.get("/v1/summary", params=query), 422, "A parameter does not fit")
    assert named in document["detail"]


@pytest.mark.parametrize(
    "query",
    [
        {"start": "0001-01-01T00:00:00Z"},
        {"start": "1901-01-01T00:00:00Z", "end": "9999-12-31T23:59:59Z"},
        {"start": "2026-05-28T22:20:00+02:00", "interval": "1d"},
    ],
)
def test_far_times_and_other_zones_are_taken_as_they_are_meant(shared_store: Store, query: dict[str, str]) -> None:
    shared_store.insert_arrow("calls", call_rows(3), "a")
    api = client(shared_store, bounds=Bounds(max_days=4_000_000))
    assert [row["calls"] for row in rows(api, **query)] == [3]


def test_a_period_beyond_the_bound_is_refused_with_the_setting_that_sets_it(api: TestClient) -> None:
    detail = problem(api.get("/v1/summary?start=2020-01-01T00:00:00Z"), 422, "Too much at once")["detail"]
    assert "choose at most 800" in detail and "WATCHKEEPER_API_MAX_DAYS" in detail


def test_nothing_lies_before_the_first_day(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(3), "a")
    assert rows(api, end="0001-01-01T12:00:00Z") == []


def test_more_rows_than_an_answer_holds_are_refused_not_cut_off(
    shared_store: Store, api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "MOST_ROWS", 2)
    shared_store.insert_arrow("calls", call_rows(3, service=["a", "b", "c"]), "a")
    assert "longer interval" in problem(api.get("/v1/summary"), 400)["detail"]
    assert len(rows(api, service="a")) == 1


def test_a_store_that_is_away_is_a_503_to_be_tried_again(
    shared_store: Store, api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise StoreUnavailable("the store is not available now: error 210 (NETWORK_ERROR)")

    monkeypatch.setattr(shared_store.reader(QueryLimits()), "query_arrow", away)
    answer = api.get("/v1/summary")
    assert "NETWORK_ERROR" in problem(answer, 503)["detail"]
    assert answer.headers["retry-after"] == "5"


def test_a_store_without_our_tables_tells_no_sql(bare_store: Store) -> None:
    bare_store.create_database()
    document = problem(client(bare_store).get("/v1/summary"), 500)
    assert "SELECT" not in str(document)
