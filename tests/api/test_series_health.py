"""``/v1/health`` and the history of a series, over a real store with regressions and statuses beside the calls."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from api.health import reader
from api.health.models import HealthAnswer, HistoryAnswer
from api.health.series_state import Concern, Standing
from api.routes.detectors import DetectorViews
from tests.api.client import NOW, client, of_tenant, problem
from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.clock import ManualClock
from watchkeeper.series_id import ANY, series_id
from watchkeeper.storage import series_cells
from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import TransitionRow, insert_transitions

pytestmark = pytest.mark.clickhouse

SERIES = ("shop", "chat", "openai", "gpt-4o", "gpt-4o-2024-08-06")
PARENT = (ANY, ANY, "openai", "gpt-4o", ANY)
ONSET = datetime(2026, 5, 28, 20, 30, tzinfo=UTC)


def transition(name: str, about: tuple[str, ...] = SERIES, **changes: Any) -> TransitionRow:
    """A regression of latency that is open."""
    record = {"size": {"text": "1.0 s → 2.0 s"}, "members": changes.pop("members", [])}
    row = TransitionRow(
        id=name,
        seq=1,
        kind="regression",
        severity="page",
        state="open",
        at=ONSET,
        reason="slower",
        series_id=series_id(*about),
        service=about[0],
        route=about[1],
        provider=about[2],
        request_model=about[3],
        model=about[4],
        metric="latency",
        direction="up",
        onset=ONSET,
        detected_at=ONSET,
        closed_at=None,
        transient=False,
        confidence=0.99,
        record=json.dumps(record),
        stored_at=ONSET,
    )
    return replace(row, **changes)


def status(state: str, metric: str = "latency", **changes: Any) -> Mapping[str, Any]:
    """Of the series of ``call_rows``."""
    return {"series_id": series_id(*SERIES), "metric": metric, "state": state, "needed": 0, "why": "so", **changes}


def views(*statuses: Mapping[str, Any]) -> DetectorViews:
    def nothing(_: str) -> Mapping[str, Any]:
        raise AssertionError

    return DetectorViews(nothing, lambda: statuses)


def rows(api: TestClient, path: str = "/v1/health", **query: Any) -> Sequence[dict[str, Any]]:
    answer = api.get(path, params=query)
    assert answer.status_code == 200, answer.text
    HealthAnswer.model_validate_json(answer.content)
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def test_an_empty_store_has_no_rows_and_says_what_was_read(api: TestClient) -> None:
    answer = api.get("/v1/health").json()
    assert (answer["rows"], answer["next_cursor"], answer["source"], answer["complete"]) == (
        [],
        None,
        ["calls_1h"],
        True,
    )
    assert (answer["start"], answer["asked_start"]) == ("2026-05-27T21:00:00Z", "2026-05-27T21:00:00Z")


def test_traffic_rates_times_and_cost_of_a_series(shared_store: Store, api: TestClient) -> None:
    outcomes = ["ok"] * 70 + ["error"] * 20 + ["refused"] * 6 + ["cancelled"] * 4
    ms = [400_000] * 100
    shared_store.insert_arrow("calls", call_rows(100, outcome=outcomes, duration_us=ms, ttft_us=100_000), "a")
    (row,) = rows(api)
    assert (row["series_id"], row["calls"], row["calls_per_hour"]) == (series_id(*SERIES), 100, 4.167)
    assert row["rates"]["error"] == {"calls": 20, "of": 96, "rate": 0.208333, "low": 0.139107, "high": 0.300004}
    assert (row["rates"]["refused"]["of"], row["rates"]["timeout"]["rate"]) == (76, 0.0)
    assert row["latency"]["calls"] == 76 and row["latency"]["p95_ms"] == pytest.approx(400, rel=0.05)
    assert (row["latency_class"], row["latency_class_reason"]) == ("real_time", "by the 95th percentile of 76 calls")
    assert (row["cost_per_call_usd"], row["cost_usd"], row["unpriced_calls"]) == ("0.003500000", "0.350000000", 0)
    assert (row["input_tokens_per_call"], row["output_tokens_per_call"]) == (1_000.0, 100.0)
    assert (row["state"], row["regressions"]) == ("cannot_tell", [])


@pytest.mark.parametrize(
    "query",
    [
        {"service": ["a", "b"]},
        {"model": "served"},
        {"service": "b", "route": "chat"},
        {"outcome": "error"},
        {"by": "service", "service": "a"},
        {"by": "outcome", "outcome": ["ok", "refused"]},
        {"by": "service", "model": "served"},
        {"service": "nobody"},
    ],
    ids=str,
)
def test_groups_chosen_of_all_series_are_those_read_for_themselves(
    shared_store: Store, monkeypatch: pytest.MonkeyPatch, query: dict[str, Any]
) -> None:
    ends = ["ok"] * 6 + ["refused"] * 2
    for service, number in (("a", 8), ("b", 5), ("c", 3)):
        stored = call_rows(number, seed=number, service=service, outcome=ends[-number:], model="served")
        shared_store.insert_arrow("calls", stored, service)
    # Without an answer, these name the model that was asked for, and count with the one that answered.
    shared_store.insert_arrow("calls", call_rows(4, service="b", model="gpt-4o", outcome="error"), "failed")
    chosen = rows(client(shared_store), **query)
    monkeypatch.setattr(reader, "_MOST_SHARED_CELLS", -1)
    assert rows(client(shared_store), **query) == chosen
    assert bool(chosen) == (query.get("service") != "nobody")


def test_what_is_not_known_is_null(shared_store: Store, api: TestClient) -> None:
    nothing: dict[str, Any] = dict.fromkeys(("input_tokens", "output_tokens", "cost_usd"))
    shared_store.insert_arrow("calls", call_rows(3, cost_status="no_usage", duration_complete=False, **nothing), "a")
    (row,) = rows(api)
    for name in ("input_tokens_per_call", "cost_per_call_usd", "cost_usd", "latency_class"):
        assert row[name] is None
    assert row["latency"] == {"calls": 0, "p50_ms": None, "p95_ms": None, "p99_ms": None}
    assert row["latency_class_reason"] == "no call was timed"


def test_calls_that_cost_nothing_known_as_zero_are_plain_digits(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(2, cost_usd=0), "a")
    (row,) = rows(api)
    assert (row["cost_usd"], row["cost_per_call_usd"]) == ("0.000000000", "0.000000000")


@pytest.mark.parametrize(
    ("row", "state", "reason", "told"),
    [
        (transition("a"), "regressed", "latency: 1.0 s → 2.0 s", 1),
        (transition("a", PARENT), "regressed", "latency: 1.0 s → 2.0 s", 1),
        (transition("a", PARENT, members=[{"series_id": series_id(*SERIES)}]), "regressed", "latency", 1),
        (transition("a", PARENT, members=[{"series_id": series_id(*PARENT)}]), "regressed", "latency", 1),
        (transition("a", PARENT, members=[{"series_id": "0" * 12}]), "fine", "1 of 2 metrics as usual", 0),
        (transition("a", (ANY, ANY, "openai", "other", ANY)), "fine", "1 of 2 metrics as usual", 0),
        (transition("a", PARENT, kind="mix_shift"), "fine", "1 of 2 metrics as usual", 1),
        (transition("a", state="closed", closed_at=NOW), "fine", "1 of 2 metrics as usual; cost: so", 0),
    ],
    ids=["own", "of its model", "as member", "parent is member", "of others", "another model", "a notice", "closed"],
)
def test_the_state_says_what_is_open(
    shared_store: Store, row: TransitionRow, state: str, reason: str, told: int
) -> None:
    shared_store.insert_arrow("calls", call_rows(5), "a")
    insert_transitions(shared_store, [row])
    api = client(shared_store, detectors=views(status("ok"), status("learning", "cost", needed=7)))
    (found,) = rows(api)
    assert found["state"] == state and found["state_reason"].startswith(reason)
    assert all(
        one["size"] == "1.0 s → 2.0 s" and one["since"] == "2026-05-28T20:30:00Z" for one in found["regressions"]
    )
    (coarse,) = rows(api, by="service")
    assert (coarse["state"], coarse["series_id"], coarse["group"]) == (state, None, {"service": "shop"})


@pytest.mark.parametrize(
    ("statuses", "reason"),
    [
        ((), "the detectors have not judged any of its calls yet"),
        ((status("learning", needed=30, why="30 more calls needed"),), "latency: 30 more calls needed"),
        (
            (status("cannot_tell", "error"), status("learning", "cost", needed=9), status("learning", needed=5)),
            "latency: so",
        ),
    ],
    ids=["unknown", "learning", "the one that needs least"],
)
def test_a_series_that_is_not_judged_says_what_is_missing(
    shared_store: Store, statuses: Sequence[Mapping[str, Any]], reason: str
) -> None:
    shared_store.insert_arrow("calls", call_rows(5), "a")
    (row,) = rows(client(shared_store, detectors=views(*statuses)))
    assert (row["state"], row["state_reason"]) == ("cannot_tell", reason)


@pytest.mark.parametrize(
    ("statuses", "state", "before"),
    [
        ((), "cannot_tell", "the detectors have not judged any of its calls yet"),
        ((status("ok"),), "fine", "1 of 1 metrics as usual"),
    ],
    ids=["unknown", "judged"],
)
def test_calls_that_came_too_late_are_told(
    shared_store: Store, statuses: Sequence[Mapping[str, Any]], state: str, before: str
) -> None:
    shared_store.insert_arrow("calls", call_rows(5), "a")
    (name, now) = (series_id(*SERIES), NOW.timestamp())
    for last, told in ((now - 3_600, "; 1,234 calls came too late to be judged"), (now - 2 * 86_400, "")):
        late = {name: {"calls": 1_234, "last": last}, "another": {"calls": 5, "last": now}}
        known = replace(views(*statuses), late=partial(dict, late))
        (row,) = rows(client(shared_store, detectors=known))
        assert (row["state"], row["state_reason"]) == (state, before + told)


def test_where_more_is_open_than_is_read_nothing_is_called_fine(
    shared_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.health.reader.MOST_OPEN", 2)
    monkeypatch.setattr("api.health.reader.MOST_REGRESSIONS", 2)
    shared_store.insert_arrow("calls", call_rows(5), "a")
    elsewhere = (*SERIES[:1], "elsewhere", *SERIES[2:])
    insert_transitions(shared_store, [transition(name, elsewhere) for name in ("a", "b")])
    knowing = client(shared_store, detectors=views(status("ok")))
    path = f"/v1/series/{series_id(*SERIES)}/history?period=1d"
    assert rows(knowing)[0]["state"] == "fine"
    assert knowing.get(path).json()["regressions_truncated"] is False
    insert_transitions(shared_store, [transition("c", elsewhere)])
    knowing = client(shared_store, detectors=views(status("ok")))
    (row,) = rows(knowing)
    assert row["state"] == "cannot_tell" and "close what is over" in row["state_reason"]
    assert knowing.get(path).json()["regressions_truncated"] is True


def test_a_series_is_named_by_the_begin_of_its_id_where_no_other_begins_so(
    shared_store: Store, api: TestClient
) -> None:
    services = [str(number) for number in range(700)]
    shared_store.insert_arrow("calls", call_rows(700, service=services), "a")
    ids = [series_id(service, *SERIES[1:]) for service in services]
    shared = Counter(one[:4] for one in ids)
    twice = next(begin for begin, count in shared.items() if count > 1)
    one = next(name for name in ids if shared[name[:4]] == 1)
    found = api.get(f"/v1/series/{one[:4]}/history?period=1d").json()
    assert (found["series_id"], len(found["rows"])) == (one, 1)
    several = problem(api.get(f"/v1/series/{twice}/history?period=1d"), 404, "Not one series")["detail"]
    assert all(name in several for name in ids if name.startswith(twice)) and "write more of the id" in several
    assert "path.series" in problem(api.get(f"/v1/series/{one[:3]}/history"), 422)["detail"]


def test_pages_hold_every_group_once(shared_store: Store, api: TestClient) -> None:
    names = [f"s{number}" for number in range(7)]
    shared_store.insert_arrow("calls", call_rows(28, service=names * 4), "a")
    found: list[str] = []
    cursor = ""
    while True:
        answer = api.get("/v1/health", params={"by": "service", "limit": 3, "cursor": cursor}).json()
        found += [row["group"]["service"] for row in answer["rows"]]
        cursor = answer["next_cursor"]
        if not cursor:
            break
    assert found == names
    other = api.get("/v1/health", params={"by": "route", "cursor": api.get("/v1/health?limit=1").json()["next_cursor"]})
    assert "belongs to another question" in problem(other, 422)["detail"]


def test_the_same_question_within_seconds_is_read_once(shared_store: Store) -> None:
    clock = ManualClock(NOW + timedelta(minutes=10))
    api = client(shared_store, clock=clock)
    shared_store.insert_arrow("calls", call_rows(2), "a")
    assert [row["calls"] for row in rows(api)] == [2]
    shared_store.insert_arrow("calls", call_rows(3), "b")
    clock.sleep(4)
    assert [row["calls"] for row in rows(api)] == [2]
    assert [row["calls"] for row in rows(api, by="service")] == [5]
    clock.sleep(7)
    assert [row["calls"] for row in rows(api)] == [5]


def test_others_of_the_same_hours_are_told_from_what_was_read(
    shared_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_store.insert_arrow("calls", call_rows(6, service=["a", "b"] * 3), "a")
    shared_store.insert_arrow("calls", call_rows(2, service="a", model="gpt-4o", outcome="error"), "b")
    api = client(shared_store)
    assert [row["calls"] for row in rows(api)] == [5, 3]
    monkeypatch.setattr("api.health.reader.read_cells", None)
    (row,) = rows(api, service="a", outcome="error")
    assert (row["group"]["model"], row["calls"]) == ("gpt-4o-2024-08-06", 2)
    assert rows(api, model="gpt-4o") == rows(api, provider="elsewhere") == []


def test_a_few_of_too_many_series_are_read_by_themselves(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series_cells, "MOST_CELLS", 2)
    shared_store.insert_arrow("calls", call_rows(6, service=["a", "b", "c"] * 2), "a")
    api = client(shared_store)
    assert "choose a shorter period" in problem(api.get("/v1/health"), 400)["detail"]
    assert [row["calls"] for row in rows(api, service="b")] == [2]


def test_a_key_of_a_tenant_sees_its_calls_and_no_regressions(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(5, tenant=["a", "a", "b", "b", "b"]), "a")
    insert_transitions(shared_store, [transition("r")])
    (row,) = rows(client(shared_store), tenant="a")
    assert (row["calls"], row["state"]) == (2, "regressed")
    bound = of_tenant(shared_store, "b")
    (row,) = rows(bound)
    assert (row["calls"], row["state"], row["regressions"]) == (3, "cannot_tell", [])
    history = bound.get(f"/v1/series/{series_id(*SERIES)}/history?period=1d").json()
    assert (history["source"], history["regressions"], history["rows"][0]["calls"]) == (["calls"], [], 3)
    nobody = of_tenant(shared_store, "c")
    problem(nobody.get(f"/v1/series/{series_id(*SERIES)}/history?period=1d"), 404)


def test_the_rows_as_a_table(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(5, outcome=["ok"] * 4 + ["error"]), "a")
    answer = api.get("/v1/health", headers={"Accept": "application/vnd.apache.arrow.stream"})
    (row,) = pa.ipc.open_stream(answer.content).read_all().to_pylist()
    assert (row["service"], row["calls"], row["rates_error_rate"], row["latency_calls"]) == ("shop", 5, 0.2, 4)
    text = api.get("/v1/health?format=csv&by=model").text
    assert text.startswith('"model","series_id","state"') and text.count("\r\n") == 2


def test_the_history_of_a_series_with_its_regressions(shared_store: Store, api: TestClient) -> None:
    ts = pa.array([FIRST_TS_US + number * 600_000_000 for number in range(6)])
    shared_store.insert_arrow("calls", call_rows(6, ts=ts, outcome=["ok"] * 5 + ["error"]), "a")
    insert_transitions(
        shared_store,
        [
            transition("r", closed_at=NOW, state="closed"),
            transition("other", (*SERIES[:1], "elsewhere", *SERIES[2:])),
            transition("old", onset=ONSET - timedelta(days=9), closed_at=ONSET - timedelta(days=8), state="closed"),
        ],
    )
    path = f"/v1/series/{series_id(*SERIES)}/history"
    answer = api.get(path, params={"period": "1d", "end": ""} | {"interval": "1h"})
    assert answer.status_code == 422
    answer = api.get(path, params={"start": "2026-05-28T20:00:00Z", "end": "2026-05-28T22:00:00Z", "interval": "1h"})
    HistoryAnswer.model_validate_json(answer.content)
    found = answer.json()
    assert [(row["start"], row["calls"]) for row in found["rows"]] == [
        ("2026-05-28T20:00:00Z", 4),
        ("2026-05-28T21:00:00Z", 2),
    ]
    # Of the hour that has just begun, as far as it has come.
    assert [row["calls_per_hour"] for row in found["rows"]] == [4.0, None]
    assert [one["id"] for one in found["regressions"]] == ["r"]
    assert (found["service"], found["interval"]) == ("shop", "1h")
    fine = api.get(path, params={"start": "2026-05-28T20:00:00Z", "end": "2026-05-28T21:00:00Z"}).json()
    assert (fine["interval"], fine["source"], len(fine["rows"])) == ("5m", ["calls"], 4)
    parent = api.get(f"/v1/series/{series_id(*PARENT)}/history?period=2d").json()
    assert (parent["service"], sum(row["calls"] for row in parent["rows"])) == ("*", 4)
    assert {one["id"] for one in parent["regressions"]} == {"r", "other"}


@pytest.mark.parametrize(
    ("path", "status_code", "named"),
    [
        ("/v1/health?by=colour", 422, "by: cannot group by 'colour'"),
        ("/v1/health?by=service,route,model,variant,outcome", 422, "choose at most 4"),
        ("/v1/health?servise=x", 422, "there is no parameter 'servise'"),
        ("/v1/health?period=9999d", 422, "choose at most"),
        ("/v1/health?cursor=abc", 422, "none that an answer gave"),
        ("/v1/series/xyz/history", 422, "path.series"),
        (f"/v1/series/{'0' * 12}/history", 404, "/v1/health lists what had"),
        (f"/v1/series/{'0' * 12}/history?interval=2h", 422, "use 1m, 5m, 15m, 1h, 6h, 1d"),
        (f"/v1/series/{'0' * 12}/history?interval=1m&period=30d", 422, "choose a longer interval"),
    ],
)
def test_bad_questions_are_told_with_the_mend(api: TestClient, path: str, status_code: int, named: str) -> None:
    assert named in problem(api.get(path), status_code)["detail"]


def test_what_is_open_is_told_once_and_the_latest_first() -> None:
    early = replace(transition("early"), onset=ONSET - timedelta(hours=1))
    standing = Standing([Concern.of(early), Concern.of(transition("late"))])
    assert [one.id for one in standing.open([SERIES, SERIES])] == ["late", "early"]
