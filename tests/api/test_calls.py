"""``/v1/calls``: search, pages, one trace, export."""

import io
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from fastapi.testclient import TestClient
from pyarrow import parquet

from api.calls.models import CallsAnswer, TraceAnswer
from api.routes.calls import FinishReason
from collector.dialects import FINISH_SEVERITY
from tests.api.client import of_tenant, problem
from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.schema import CALLS_SCHEMA
from watchkeeper.storage.client import Store
from watchkeeper.storage.scores import SCORES_SCHEMA

pytestmark = pytest.mark.clickhouse

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def rows(api: TestClient, **query: Any) -> Sequence[dict[str, Any]]:
    answer = api.get("/v1/calls", params=query)
    assert answer.status_code == 200, answer.text
    CallsAnswer.model_validate_json(answer.content)
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def test_a_call_is_shown_as_it_is_stored_and_the_latest_first(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow(
        "calls", call_rows(3, ttft_us=250_000, user_hash="h", duration_us=[1_000, 2_000, 3_000]), "a"
    )
    found = rows(api)
    assert [row["duration_ms"] for row in found] == [3.0, 2.0, 1.0]
    assert [found[0][name] for name in ("ts", "model", "ttft_ms", "cost_usd", "parent_span_id", "http_status")] == [
        "2026-05-28T20:26:40.020000Z",
        "gpt-4o-2024-08-06",
        250.0,
        "0.003500000",
        None,
        200,
    ]
    assert (len(found[0]["trace_id"]), found[0]["completes_earlier_call"]) == (32, False)


@pytest.mark.parametrize("order", ["time", "duration", "cost"])
def test_pages_hold_every_call_once_while_others_come_in(shared_store: Store, api: TestClient, order: str) -> None:
    # Equal times, durations and costs, and costs that are not known.
    cost = [None if n % 4 == 0 else 1_000 * (n % 3) for n in range(40)]
    same = pa.array(np.full(40, FIRST_TS_US))
    shared_store.insert_arrow(
        "calls", call_rows(40, ts=same, duration_us=[n % 5 for n in range(40)], cost_usd=cost), "a"
    )
    known = {row["span_id"] for row in rows(api, limit=100)}
    found: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        answer = api.get("/v1/calls", params={"limit": 7, "order": order, "cursor": cursor}).json()
        found += [row["span_id"] for row in answer["rows"]]
        cursor, pages = answer["next_cursor"], pages + 1
        if pages == 2:
            later = call_rows(5, seed=9, duration_us=10**9, cost_usd=10**9)
            shared_store.insert_arrow("calls", later, "later")
    assert (len(found), set(found)) == (40, known)


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"min_duration_ms": 3}, [3, 2]),
        ({"max_duration_ms": 1, "min_duration_ms": 1}, [0]),
        ({"min_cost_usd": "0.000002"}, [3, 2]),
        ({"error_type": "timeout"}, [1]),
        ({"finish_reason": "length"}, [2]),
        ({"format_valid": "false"}, [3]),
        ({"format_valid": "true"}, [0]),
        ({"response_id": "r2"}, [2]),
        ({"conversation_id": "c1"}, [1]),
        ({"has_fallback": "true"}, [3]),
        ({"has_fallback": "false", "service": "shop"}, [2, 1, 0]),
        ({"tag": "team=a"}, [1, 0]),
        ({"service": "mail"}, []),
        ({"period": "15m"}, []),
    ],
    ids=str,
)
def test_filters_restrict(shared_store: Store, api: TestClient, query: dict[str, Any], places: list[int]) -> None:
    stored = call_rows(
        4,
        span_id=[bytes([0] * 7 + [n]) for n in range(4)],
        duration_us=[1_000, 2_000, 3_000, 4_000],
        cost_usd=[0, 1_000, 2_000, 3_000],
        error_type=["", "timeout", "", ""],
        finish_reason=["stop", "stop", "length", "stop"],
        format_valid=[True, None, None, False],
        response_id=[f"r{n}" for n in range(4)],
        conversation_id=[f"c{n}" for n in range(4)],
        fallback_from=["", "", "", "gpt-4"],
        attributes=[[("watchkeeper.tag.team", "a")]] * 2 + [[]] * 2,
    )
    shared_store.insert_arrow("calls", stored, "a")
    assert [int(row["span_id"], 16) for row in rows(api, **query)] == places


def test_a_row_that_completes_a_call_says_so(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(2, calls=[1, 0]), "a")
    assert [row["completes_earlier_call"] for row in rows(api)] == [True, False]


def spans(n: int) -> dict[str, Any]:
    """``n`` calls of one trace, each below the one before; the first below a span that is no call."""
    ids = [bytes([7] * 7 + [number]) for number in range(n + 1)]
    return {"trace_id": bytes.fromhex(TRACE), "span_id": ids[1:], "parent_span_id": ids[:-1]}


def score(**given: Any) -> dict[str, Any]:
    empty = {"ts": FIRST_TS_US, "name": "helpful", "value": 1.0, "label": "", "source": "feedback", "response_id": ""}
    ids = {"trace_id": bytes(16), "span_id": bytes(8)}
    return {**empty, **ids, "service": "shop", "explanation_present": False, "attributes": []} | given


def test_a_trace_has_its_calls_in_order_with_parents_and_scores(shared_store: Store, api: TestClient) -> None:
    answers = ["r0", "r1", ""]
    stored = call_rows(3, response_id=answers, cost_usd=[1_000, None, 2_000], tenant="t", **spans(3))
    shared_store.insert_arrow("calls", stored, "a")
    shared_store.insert_arrow("calls", call_rows(2), "others")
    scores = [
        score(response_id="r1", name="of r1"),
        score(trace_id=bytes.fromhex(TRACE), span_id=bytes([7] * 7 + [3]), name="of a span", value=None, label="bad"),
        score(trace_id=bytes.fromhex(TRACE), name="of the trace"),
        score(response_id="elsewhere", name="of another"),
    ]
    shared_store.insert_arrow("scores", pa.Table.from_pylist(scores, SCORES_SCHEMA), "s")
    answer = api.get(f"/v1/calls/{TRACE.upper()}")
    TraceAnswer.model_validate_json(answer.content)
    found = answer.json()
    assert [row["span_id"][-1] for row in found["rows"]] == ["1", "2", "3"]
    assert [row["parent_call"] for row in found["rows"]] == [None, "0707070707070701", "0707070707070702"]
    assert [[one["name"] for one in row["scores"]] for row in found["rows"]] == [[], ["of r1"], ["of a span"]]
    assert [one["name"] for one in found["other_scores"]] == ["of the trace"]
    assert (found["cost_usd"], found["trace_id"]) == ("0.000003000", TRACE)


def test_a_key_of_a_tenant_finds_no_trace_of_another(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(2, tenant=["mine", "theirs"], **spans(2)), "a")
    told = [score(trace_id=bytes.fromhex(TRACE), span_id=bytes([7] * 7 + [n]), name=f"of {n}") for n in (1, 2)]
    shared_store.insert_arrow("scores", pa.Table.from_pylist(told, SCORES_SCHEMA), "s")
    app = of_tenant(shared_store, "mine")
    assert [row["tenant"] for row in rows(app)] == ["mine"]
    found = app.get(f"/v1/calls/{TRACE}").json()
    assert [[one["name"] for one in row["scores"]] for row in found["rows"]] == [["of 1"]]
    assert found["other_scores"] == []
    assert app.get("/v1/calls?tenant=theirs").status_code == 403


def test_a_trace_of_too_many_calls_is_refused_not_told_in_part(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(2_001, trace_id=bytes.fromhex(TRACE)), "a")
    told = problem(api.get(f"/v1/calls/{TRACE}"), 400)
    assert "more than 2,000 calls" in told["detail"]


def test_dear_calls_are_ordered_by_what_they_cost(shared_store: Store, api: TestClient) -> None:
    # In nano-dollars, of which a product of decimals holds nine dollars' worth.
    shared_store.insert_arrow("calls", call_rows(3, cost_usd=[50 * 10**9, None, 200 * 10**9]), "a")
    assert [row["cost_usd"] for row in rows(api, order="cost")] == ["200.000000000", "50.000000000", None]
    health = api.get("/v1/health", params={"period": "45m"})
    assert health.status_code == 200, health.text


@pytest.mark.parametrize("path", ["costs", "costs/drivers", "health", "models", "calls", "calls/export"])
@pytest.mark.parametrize(
    "period",
    ["end=0001-01-01T00:00:01Z", "start=9999-06-01T00:00:00Z&end=9999-12-31T23:59:59.999999Z"],
    ids=["first second", "last second"],
)
def test_the_ends_of_the_calendar_are_no_period(shared_store: Store, api: TestClient, path: str, period: str) -> None:
    problem(api.get(f"/v1/{path}?{period}"), 422)


@pytest.mark.parametrize("form", ["arrow", "parquet", "csv", ""])
def test_an_export_holds_all_calls_and_columns(shared_store: Store, api: TestClient, form: str) -> None:
    stored = call_rows(50, attributes=[[("a", "b")]] * 50)
    shared_store.insert_arrow("calls", stored, "a")
    answer = api.get("/v1/calls/export", params={"format": form} if form else {})
    assert answer.status_code == 200, answer.text
    assert '"calls":50' in answer.headers["watchkeeper-answer"]
    if form == "csv":
        assert answer.text.splitlines()[0].split(",")[:3] == ['"ts"', '"calls"', '"trace_id"']
        assert answer.text.count("\r\n") == 51
        return
    content = io.BytesIO(answer.content)
    found = parquet.read_table(content) if form == "parquet" else pa.ipc.open_stream(content).read_all()
    assert found.schema.names == CALLS_SCHEMA.names
    if form != "parquet":
        assert found.schema.equals(CALLS_SCHEMA)
        assert found.cast(CALLS_SCHEMA).equals(stored.cast(CALLS_SCHEMA))


def test_an_export_of_some_columns_and_of_a_sample(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(400, model=["a", "b"] * 200), "a")
    answer = api.get("/v1/calls/export", params={"columns": ["model", "ts"], "sample": 50, "model": "a"})
    found = pa.ipc.open_stream(answer.content).read_all()
    assert found.schema.names == ["ts", "model"]
    assert 5 < found.num_rows < 120 and pc.unique(found["model"]).to_pylist() == ["a"]
    assert '"calls":200,"every":4' in answer.headers["watchkeeper-answer"]


def test_an_export_of_nothing_is_an_empty_table(api: TestClient) -> None:
    found = pa.ipc.open_stream(api.get("/v1/calls/export").content).read_all()
    assert (found.num_rows, found.schema.names) == (0, CALLS_SCHEMA.names)


def test_more_calls_than_an_export_has_are_refused(
    shared_store: Store, api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_store.insert_arrow("calls", call_rows(5), "a")
    monkeypatch.setattr("api.routes.calls.MOST_EXPORTED", 4)
    assert "these are 5 calls" in problem(api.get("/v1/calls/export"), 422, "Too much at once")["detail"]


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        ("/v1/calls?limit=0", 422, "query.limit"),
        ("/v1/calls?cursor=abc", 422, "none that an answer gave"),
        ("/v1/calls?cursor=W10", 422, "none that an answer gave"),
        ("/v1/calls?colour=red", 422, "there is no parameter 'colour'"),
        ("/v1/calls?min_cost_usd=nan", 422, "query.min_cost_usd"),
        ("/v1/calls?order=colour", 422, "query.order"),
        ("/v1/calls?outcome=ok&outcome=refussed", 422, "outcome is 'refussed': use ok, error, timeout, rate_limited,"),
        ("/v1/calls?variant=prod", 422, "variant is 'prod': use primary, shadow, canary, control."),
        ("/v1/calls?finish_reason=end_turn", 422, "'content_filter', 'refusal', 'error' or 'unknown'"),
        ("/v1/calls/export?outcome=fine", 422, "outcome is 'fine'"),
        ("/v1/costs?outcome=fine", 422, "outcome is 'fine'"),
        ("/v1/health?variant=fine", 422, "variant is 'fine'"),
        ("/v1/models?outcome=fine", 422, "outcome is 'fine'"),
        ("/v1/regressions?state=gone", 422, "'open', 'recovering' or 'closed'"),
        ("/v1/calls/zz", 422, "path.trace_id"),
        (f"/v1/calls/{TRACE}", 404, "/v1/calls lists calls that are"),
        ("/v1/calls/export?columns=secret", 422, "'secret' is none"),
        ("/v1/calls/export?period=9999d", 422, "choose at most"),
        ("/v1/scores/export?period=soon", 422, "period is 'soon'"),
    ],
)
def test_bad_questions_are_told_with_the_mend(api: TestClient, path: str, status: int, named: str) -> None:
    assert named in problem(api.get(path), status)["detail"]


def test_the_finish_reasons_that_may_be_asked_for_are_those_that_are_stored() -> None:
    assert {*get_args(FinishReason)} == {*FINISH_SEVERITY}


def test_a_cursor_of_another_search_is_refused(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(3), "a")
    cursor = api.get("/v1/calls?limit=1").json()["next_cursor"]
    assert "belongs to another" in problem(api.get(f"/v1/calls?order=cost&cursor={cursor}"), 422)["detail"]
