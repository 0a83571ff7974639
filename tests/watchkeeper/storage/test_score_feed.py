"""Scores as a feed: each once, when both it and its call are stored, whatever came first."""

from typing import Any

import pyarrow as pa
import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.storage.client import Store
from watchkeeper.storage.score_feed import SCORED_SCHEMA, WAIT_S, ScoreFeed
from watchkeeper.storage.scores import SCORES_SCHEMA

pytestmark = pytest.mark.clickhouse

START = FIRST_TS_US // 1_000_000 // 3_600 * 3_600 + 7_200
NO_TRACE, NO_SPAN = bytes(16), bytes(8)


def put_calls(store: Store, second: int, rows: int = 4, **columns: Any) -> pa.Table:
    calls = call_rows(rows, seed=second, **columns)
    stored = pa.array([START + second] * rows, pa.timestamp("s", tz="UTC"))
    store.insert_arrow("calls", calls.append_column("ingested_at", stored), f"calls {second} {columns}")
    return calls


def put_scores(store: Store, second: int, scores: list[dict[str, Any]], given: int | None = None) -> None:
    usual = {
        "ts": (START + (second if given is None else given)) * 1_000_000,
        "label": "",
        "source": "feedback",
        "response_id": "",
        "trace_id": NO_TRACE,
        "span_id": NO_SPAN,
        "service": "front",
        "explanation_present": False,
        "attributes": [],
    }
    rows = pa.Table.from_pylist([usual | one for one in scores], SCORES_SCHEMA)
    stored = pa.array([START + second] * len(scores), pa.timestamp("s", tz="UTC"))
    store.insert_arrow("scores", rows.append_column("stored_at", stored), f"scores {second} {scores}")


def of_span(calls: pa.Table, row: int, value: float | None = 1.0, **more: Any) -> dict[str, Any]:
    ids = {name: calls[name][row].as_py() for name in ("trace_id", "span_id")}
    return {"name": "thumbs", "value": value, **ids, **more}


def of_response(calls: pa.Table, row: int, value: float = 1.0) -> dict[str, Any]:
    return {"name": "judge", "value": value, "response_id": calls["response_id"][row].as_py()}


def read(store: Store, begin: int, end: int, max_rows: int = 20_000) -> list[tuple[int, str, float | None]]:
    """(second, name, value) of all that comes in [begin, end), however many reads it takes."""
    found, missed, at = [], 0, START + begin
    while at < START + end:
        batch = ScoreFeed(store, max_rows).read(at, START + end)
        assert at < batch.end <= START + end
        for one in batch.seconds:
            assert at <= one.second < batch.end and one.scores.schema == SCORED_SCHEMA
            names = one.scores["name"].to_pylist()
            found += [(one.second - START, *row) for row in zip(names, one.scores["value"].to_pylist(), strict=True)]
        at, missed = batch.end, missed + batch.missed
    assert not missed
    return found


def test_a_score_is_joined_by_span_or_by_response(shared_store: Store) -> None:
    calls = put_calls(shared_store, 0, route="help", input_tokens=7)
    put_scores(
        shared_store, 5, [of_span(calls, 0, 0.0), of_response(calls, 1, 4.5), of_span(calls, 2, None, label="good")]
    )
    (second,) = ScoreFeed(shared_store).read(START, START + 60).seconds
    rows = {row["name"] + row["label"]: row for row in second.scores.to_pylist()}
    assert second.second == START + 5
    assert rows["thumbs"]["value"] == 0.0 and rows["judge"]["value"] == 4.5 and rows["thumbsgood"]["value"] is None
    one = rows["judge"]
    assert (one["route"], one["model"], one["service"]) == ("help", "gpt-4o-2024-08-06", "shop")
    assert one["input_tokens"] == 7 and one["gateway_cache_hit"] is False and one["variant"] == "primary"
    assert one["called"] == calls["ts"][1].value


def test_tokens_that_are_unknown_stay_unknown(shared_store: Store) -> None:
    calls = put_calls(shared_store, 0, input_tokens=None)
    put_scores(shared_store, 1, [of_span(calls, 0)])
    (second,) = ScoreFeed(shared_store).read(START, START + 60).seconds
    assert second.scores["input_tokens"].to_pylist() == [None]


@pytest.mark.parametrize("step", [15, 60])
@pytest.mark.parametrize("max_rows", [1, 20_000])
def test_every_score_comes_once_whichever_was_stored_first(shared_store: Store, step: int, max_rows: int) -> None:
    late = put_calls(shared_store, 40)
    early = put_calls(shared_store, 3)
    put_scores(shared_store, 10, [of_span(late, 0, 0.1), of_span(early, 0, 0.2), of_response(late, 1, 0.3)])
    put_scores(shared_store, 41, [of_response(late, 1, 0.4), of_span(early, 0, 0.5), of_span(early, 0, 0.5)])
    put_scores(shared_store, 50, [of_response(early, 3, 0.6)])
    expected = [(10, 0.2), (40, 0.1), (40, 0.3), (41, 0.4), (41, 0.5), (41, 0.5), (50, 0.6)]
    found = [one for begin in range(0, 60, step) for one in read(shared_store, begin, begin + step, max_rows)]
    assert sorted((second, value) for second, _, value in found) == expected


def test_of_two_calls_with_one_id_the_first_stored_is_meant(shared_store: Store) -> None:
    first = put_calls(shared_store, 0, rows=1, route="first")
    again = first.set_column(first.column_names.index("route"), "route", pa.array(["second"]))
    stored = pa.array([START + 30], pa.timestamp("s", tz="UTC"))
    shared_store.insert_arrow("calls", again.append_column("ingested_at", stored), "again")
    put_scores(shared_store, 1, [of_response(first, 0)])
    assert [second for second, *_ in read(shared_store, 0, 20)] == [1]
    assert read(shared_store, 20, 60) == []


def test_completions_of_calls_are_not_judged(shared_store: Store) -> None:
    calls = put_calls(shared_store, 0, calls=0)
    put_scores(shared_store, 1, [of_span(calls, 0)])
    assert read(shared_store, 0, 60) == []


def test_a_score_without_a_call_waits_an_hour_and_is_counted(shared_store: Store) -> None:
    known = put_calls(shared_store, 0)
    put_scores(shared_store, 5, [{"name": "thumbs", "value": 1.0, "response_id": "lost"}, of_span(known, 0)])
    feed = ScoreFeed(shared_store)
    assert feed.read(START, START + 60).missed == 0
    assert feed.read(START + WAIT_S, START + WAIT_S + 5).missed == 0
    assert feed.read(START + WAIT_S + 5, START + WAIT_S + 20).missed == 1
    put_calls(shared_store, WAIT_S + 30, response_id="lost")
    assert read(shared_store, WAIT_S + 30, WAIT_S + 60) == []


def test_a_read_is_bounded_and_says_how_far_it_got(shared_store: Store) -> None:
    calls = put_calls(shared_store, 0)
    for second in (1, 2, 3):
        put_scores(shared_store, second, [of_span(calls, row) for row in range(3)])
    batch = ScoreFeed(shared_store, max_rows=5).read(START, START + 60)
    assert batch.end == START + 2 and [one.scores.num_rows for one in batch.seconds] == [3]


def test_without_scores_there_is_nothing(shared_store: Store) -> None:
    put_calls(shared_store, 0)
    batch = ScoreFeed(shared_store).read(START, START + 60)
    assert (batch.seconds, batch.end, batch.missed) == ((), START + 60, 0)


def test_days_without_scores_are_not_read(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = put_calls(shared_store, 0)
    put_scores(shared_store, 5, [of_span(calls, 0, 0.1), of_span(calls, 1, 0.2)])
    put_scores(shared_store, 6, [of_span(calls, 2, 0.3)], given=86_400 * 3)
    asked: list[str] = []
    query = Store.query_arrow

    def counted(store: Store, sql: str, *more: Any) -> pa.Table:
        asked.append(sql)
        return query(store, sql, *more)

    monkeypatch.setattr(Store, "query_arrow", counted)
    tables = list(ScoreFeed(shared_store).given(START - 400 * 86_400, START + 400 * 86_400))
    assert [table["value"].to_pylist() for table in tables] == [[0.1, 0.2], [0.3]]
    assert len(asked) == 4


def test_scores_of_a_period_come_by_when_they_were_given(shared_store: Store) -> None:
    calls = put_calls(shared_store, 0)
    put_scores(shared_store, 90, [of_span(calls, 0, 0.3)], given=30)
    put_scores(shared_store, 80, [of_response(calls, 1, 0.2)], given=20)
    put_scores(shared_store, 70, [of_span(calls, 2, 0.9)], given=60)
    tables = list(ScoreFeed(shared_store).given(START, START + 60, step_s=25))
    found = [
        (second - START, value)
        for one in tables
        for second, value in zip(one["second"].to_pylist(), one["value"].to_pylist(), strict=True)
    ]
    assert found == [(20, 0.2), (30, 0.3)]
