"""``GET /v1/costs``: unit costs, unknowns, paging, forms, and what it refuses."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from pyarrow import csv, parquet

from api.access import Caller, Scope
from api.bounds import Bounds
from api.costs import days as cost_days
from api.costs.models import EXAMPLE, CostsAnswer
from tests.api.client import NOW, client, problem
from tests.api.costs import costs
from tests.fixtures.store import call_rows
from watchkeeper.clock import ManualClock
from watchkeeper.schema import ROLLUP_KEYS
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse
NOTHING: dict[str, Any] = dict.fromkeys(
    ("input_tokens", "output_tokens", "cost_usd", "cost_input_usd", "cost_output_usd")
)
UNPRICED: dict[str, Any] = {
    "cost_status": "unpriced",
    **dict.fromkeys(("cost_usd", "cost_input_usd", "cost_output_usd")),
}


def test_the_example_of_the_document_is_an_answer() -> None:
    example = CostsAnswer.model_validate(EXAMPLE)
    assert example.model_dump(mode="json") == EXAMPLE
    (row,) = example.rows
    assert row.cost_usd == row.uncached_input_usd + row.cache_read_usd + row.output_usd  # type: ignore[operator]


def test_unit_costs_divide_by_the_calls_that_they_are_about(shared_store: Store, api: TestClient) -> None:
    outcomes = ["ok"] * 6 + ["refused"] * 2
    shared_store.insert_arrow("calls", call_rows(8, outcome=outcomes), "a")
    shared_store.insert_arrow("calls", call_rows(2, outcome="error", cost_status="no_usage", **NOTHING), "b")
    (row,) = costs(api)["rows"]
    assert [row[name] for name in ("calls", "successful_calls", "known_calls", "calls_without_usage")] == [10, 6, 8, 2]
    assert (row["cost_usd"], row["cost_per_call_usd"]) == ("0.028000000", "0.003500000")
    assert row["cost_per_successful_call_usd"] == "0.004666667"
    assert row["cost_per_1000_tokens_usd"] == "0.003181818"
    assert (row["wasted_usd"], row["wasted_share"], row["wasted"]) == ("0.007000000", 0.25, {"refused": "0.007000000"})


def test_without_a_success_there_is_no_cost_of_one(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(3, outcome="truncated"), "a")
    (row,) = costs(api)["rows"]
    assert (row["cost_per_successful_call_usd"], row["wasted_share"]) == (None, 1.0)


def test_unpriced_calls_are_beside_the_sum_and_spoil_no_unit_cost(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(4), "a")
    shared_store.insert_arrow("calls", call_rows(6, model="house", **UNPRICED), "b")
    answer = costs(api, group_by="model")
    known, unknown = answer["rows"]
    assert (unknown["group"], unknown["unpriced_calls"]) == ({"model": "house"}, 6)
    money = [name for name in unknown if name.endswith("_usd")]
    assert len(money) == 12 and {unknown[name] for name in money} == {None}
    assert (known["cost_per_1000_tokens_usd"], known["unpriced_calls"]) == ("0.003181818", 0)
    total = answer["totals"]
    assert (total["calls"], total["unpriced_calls"], total["cost_per_call_usd"]) == (10, 6, "0.003500000")
    assert (total["cost_per_1000_tokens_usd"], total["cost_per_successful_call_usd"]) == (None, "0.003500000")


@pytest.mark.parametrize("table", ["calls_1m", "calls_1h", "calls_1d"])
def test_rows_of_a_repricing_move_sums_and_count_no_calls(shared_store: Store, api: TestClient, table: str) -> None:
    shared_store.insert_arrow("calls", call_rows(2, **UNPRICED), "a")
    keys = ", ".join(ROLLUP_KEYS)
    function = {"calls_1m": "Minute", "calls_1h": "Hour", "calls_1d": "Day"}[table]
    # As a repricing adds it: two unpriced calls less, which wraps round, and their cost.
    shared_store.command(
        f"INSERT INTO {table} (bucket, {keys}, calls_unpriced, cost_usd, cost_input_usd) "
        f"SELECT toStartOf{function}(ts), {keys}, toUInt64(-2), toDecimal128(0.5, 9), toDecimal128(0.5, 9) "
        "FROM calls LIMIT 1"
    )
    spans: dict[str, dict[str, Any]] = {
        "calls_1m": {"start": "2026-05-28T20:05:00Z", "end": "2026-05-28T20:59:30Z"},
        "calls_1h": {"period": "24h"},
        "calls_1d": {"period": "30d"},
    }
    answer = costs(api, **spans[table])
    (row,) = answer["rows"]
    assert answer["source"][-1] == table
    assert [row[name] for name in ("calls", "known_calls", "unpriced_calls")] == [2, 2, 0]
    assert (row["cost_usd"], row["cost_per_call_usd"]) == ("0.500000000", "0.250000000")


def test_an_empty_period_cost_nothing(api: TestClient) -> None:
    answer = costs(api)
    assert (answer["rows"], answer["groups"], answer["next_cursor"]) == ([], 0, None)
    assert (answer["totals"]["cost_usd"], answer["totals"]["cost_per_call_usd"]) == ("0.000000000", None)


def test_an_answer_that_a_retry_replaced_is_waste_once(shared_store: Store, api: TestClient) -> None:
    trace = [bytes([number]) * 16 for number in (1, 1, 2, 2, 3)]
    outcomes = ["ok", "ok", "refused", "ok", "ok"]
    rows = call_rows(5, trace_id=trace, attempt=[1, 2, 1, 2, 1], outcome=outcomes)
    shared_store.insert_arrow("calls", rows, "a")
    assert costs(api)["totals"]["wasted"] == {"refused": "0.003500000"}
    answer = costs(api, include="retries")
    assert answer["source"] == ["calls"]
    assert answer["totals"]["wasted"] == {"refused": "0.003500000", "superseded": "0.003500000"}
    assert answer["totals"]["wasted_usd"] == "0.007000000"


def test_pages_follow_one_another_and_keep_their_period(shared_store: Store, api: TestClient) -> None:
    services = [f"s{number}" for number in range(7)]
    shared_store.insert_arrow("calls", call_rows(7, service=services, cost_usd=list(range(7, 0, -1))), "a")
    query: dict[str, Any] = {"group_by": "service", "limit": 3}
    first = costs(api, **query)
    found, cursor = [row["group"]["service"] for row in first["rows"]], first["next_cursor"]
    later = client(shared_store)
    while cursor:
        page = costs(later, **query, cursor=cursor)
        assert (page["asked_start"], page["asked_end"]) == (first["asked_start"], first["asked_end"])
        assert page["totals"] == first["totals"]
        found, cursor = found + [row["group"]["service"] for row in page["rows"]], page["next_cursor"]
    assert found == services


def test_a_cursor_of_another_question_is_refused(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(2, service=["a", "b"]), "a")
    cursor = costs(api, group_by="service", limit=1)["next_cursor"]
    answer = api.get("/v1/costs", params={"group_by": "service", "limit": 1, "cursor": cursor, "model": "other"})
    assert "another question" in problem(answer, 422)["detail"]


@pytest.mark.parametrize("form", ["csv", "arrow", "parquet"])
def test_tables_hold_the_numbers_of_the_json_answer(shared_store: Store, api: TestClient, form: str) -> None:
    outcomes = ["ok", "refused"] * 3
    shared_store.insert_arrow("calls", call_rows(6, outcome=outcomes, route=["=1+1", "b", "c"] * 2), "a")
    query: dict[str, Any] = {"group_by": "route", "interval": "1d"}
    rows = costs(api, **query)["rows"]
    content = api.get("/v1/costs", params=query | {"format": form}).content
    table = {
        "csv": lambda: csv.read_csv(io.BytesIO(content)),
        "arrow": lambda: pa.ipc.open_stream(content).read_all(),
        "parquet": lambda: parquet.read_table(pa.BufferReader(content)),
    }[form]()
    shown = "'=1+1" if form == "csv" else "=1+1"
    assert table["route"].to_pylist() == [row["group"]["route"].replace("=1+1", shown) for row in rows]
    for name in ("calls", "input_tokens", "cost_usd", "cost_per_call_usd", "wasted_usd"):
        assert [Decimal(str(value)) for value in table[name].to_pylist()] == [Decimal(row[name]) for row in rows]
    refused = [Decimal(row["wasted"].get("refused", 0)) for row in rows]
    assert [Decimal(str(value)) for value in table["wasted_refused_usd"].to_pylist()] == refused


def test_what_a_table_leaves_out_is_in_its_header(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(2, service=["a", "b"]), "a")
    answer = api.get("/v1/costs", params={"group_by": "service", "limit": 1}, headers={"Accept": "text/csv"})
    about = orjson.loads(answer.headers["watchkeeper-answer"])
    assert (about["groups"], about["totals"]["calls"], bool(about["next_cursor"])) == (2, 2, True)


def test_a_history_that_is_cut_off_is_not_shown_as_whole(shared_store: Store) -> None:
    api = client(shared_store)
    answer = costs(api, period="1w", group_by="tenant")
    assert (answer["source"], answer["complete"]) == (["calls"], True)
    long_ago = costs(api, group_by="tenant", start="1960-01-01T00:00:00Z", end="1960-02-01T00:00:00Z")
    assert (long_ago["complete"], long_ago["rows"]) == (False, [])


def test_the_period_is_widened_to_whole_buckets_and_says_so(api: TestClient) -> None:
    begin = NOW - timedelta(days=40, minutes=-5)
    answer = costs(api, start=begin.isoformat(), end=NOW.isoformat(), interval="1d")
    assert (answer["start"], answer["end"]) == ("2026-04-18T00:00:00Z", "2026-05-29T00:00:00Z")
    assert datetime.fromisoformat(answer["asked_start"]) == begin.astimezone(UTC)
    short = costs(api, start="2026-05-28T10:17:30Z", end="2026-05-28T11:00:00Z")
    assert (short["start"], short["source"]) == ("2026-05-28T10:17:00Z", ["calls_1m"])


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"group_by": "colour"}, "cannot group by 'colour'"),
        ({"group_by": "tag:a b"}, "tag:NAME"),
        ({"modle": "gpt-4o"}, "no parameter 'modle'"),
        ({"interval": "7m"}, "query.interval"),
        ({"include": "everything"}, "query.include"),
        ({"cursor": "!!"}, "next_cursor"),
        ({"cursor": "AAAA"}, "next_cursor"),
        ({"limit": "0"}, "query.limit"),
        ({"period": "soon"}, "24h"),
        ({"tag": "team"}, "NAME=VALUE"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_does_not_fit_is_named_with_what_would(api: TestClient, query: dict[str, str], named: str) -> None:
    answer = api.get("/v1/costs", params=query)
    assert answer.status_code in (400, 422)
    assert named in problem(answer, answer.status_code)["detail"]


def test_an_answer_is_a_few_seconds_old_at_most(shared_store: Store) -> None:
    clock = ManualClock(NOW)
    api = client(shared_store, clock=clock)
    shared_store.insert_arrow("calls", call_rows(2), "a")
    ask: dict[str, Any] = {"period": "30d"}
    first = costs(api, **ask)
    assert (first["totals"]["calls"], first["source"][-1]) == (2, "calls_1d")
    shared_store.insert_arrow("calls", call_rows(3, seed=1), "b")
    assert costs(api, **ask)["totals"]["calls"] == 2
    clock.sleep(10.1)
    later = costs(api, **ask)
    assert (later["totals"]["calls"], later["as_of"]) == (5, "2026-05-28T21:00:10.100000Z")


@pytest.mark.parametrize("most_rows", [1, 40_000])
def test_months_too_large_to_hold_are_read_from_the_store(
    shared_store: Store, monkeypatch: pytest.MonkeyPatch, most_rows: int
) -> None:
    monkeypatch.setattr(cost_days, "MOST_ROWS", most_rows)
    shared_store.insert_arrow("calls", call_rows(4, route=["a", "a", "b", "c"], service=["x", "y", "x", "x"]), "a")
    answer = costs(client(shared_store), period="30d", group_by="route", service=["x", "z"])
    assert answer["source"][-1] == "calls_1d"
    assert [(row["group"]["route"], row["calls"]) for row in answer["rows"]] == [("a", 1), ("b", 1), ("c", 1)]


def test_more_groups_than_an_answer_holds_are_refused_not_cut_off(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(3, service=["a", "b", "c"]), "a")
    api = client(shared_store, bounds=Bounds(max_rows=2))
    answer = api.get("/v1/costs", params={"group_by": "service"})
    assert "more than 2" in problem(answer, answer.status_code)["detail"]
    assert costs(api, group_by="service", service="a")["groups"] == 1


def test_a_key_of_one_tenant_sees_its_calls_only(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    shared_store.insert_arrow("calls", call_rows(5, tenant=["acme", "acme", "globex", "", "acme"]), "a")
    scoped = Caller("k", "acme's", frozenset({Scope.READ}), ("acme",))
    monkeypatch.setattr("api.auth.LOCAL", scoped)
    api = client(shared_store)
    answer = costs(api, group_by="tenant")
    assert ([row["group"] for row in answer["rows"]], answer["totals"]["calls"]) == ([{"tenant": "acme"}], 3)
    assert problem(api.get("/v1/costs", params={"tenant": "globex"}), 403)
