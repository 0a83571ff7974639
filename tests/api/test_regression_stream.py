"""The stream of regressions over a real server: in order, resumed, bounded, and over when the server ends."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import fastapi.routing
import httpx
import orjson
import pytest
from fastapi.testclient import TestClient

from api.app import ApiParts, create_app
from api.regressions.transition_log import StreamLimits, TransitionLog
from api.server import ApiServer, Listen
from detectors.reporting import transition_row
from tests.api.client import NOW, problem
from tests.api.test_regressions import record
from watchkeeper.clock import ManualClock, SystemClock
from watchkeeper.storage.client import Store
from watchkeeper.storage.regression_stream import StreamPlace
from watchkeeper.storage.regressions import insert_transitions
from watchkeeper.telemetry import Metrics

pytestmark = pytest.mark.clickhouse

PATIENCE_S = 20.0
FROM_THE_START = {"Last-Event-ID": "0-0-"}


@contextmanager
def served(store: Store, **limits: Any) -> Iterator[tuple[httpx.Client, ApiServer]]:
    """A server whose streams look at the store all the time."""
    clock, closing = SystemClock(), threading.Event()
    given = StreamLimits(**{"every_s": 0.02, **limits})
    app = create_app(ApiParts(store, Metrics(), clock, checks=dict, stream=given, closing=closing))
    server = ApiServer(app, Listen("127.0.0.1", 0, "a test"), clock, closing)
    address = f"http://127.0.0.1:{server.start()}"
    try:
        with httpx.Client(base_url=address, timeout=PATIENCE_S, trust_env=False) as http:
            yield http, server
    finally:
        server.stop()


def put(store: Store, *keys: tuple[str, int], ago_s: float = 60.0) -> None:
    at = SystemClock().now() - timedelta(seconds=ago_s)
    insert_transitions(store, [transition_row(record(name, seq), at) for name, seq in keys])


def events(lines: Iterator[str], count: int) -> list[dict[str, str]]:
    """The next ``count`` events."""
    found: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    while len(found) < count:
        name, _, value = next(lines).partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            found.append(fields)
            fields = {}
    return found


def test_all_steps_come_in_order_and_go_on_after_the_last_one_that_was_heard(shared_store: Store) -> None:
    put(shared_store, ("a", 1), ("b", 1), ago_s=60)
    put(shared_store, ("a", 2), ago_s=50)
    with served(shared_store) as (http, _):
        with http.stream("GET", "/v1/regressions/stream", headers=FROM_THE_START) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            heard = events(answer.iter_lines(), 3)
        told = [orjson.loads(event["data"]) for event in heard]
        assert [(one["id"], one["seq"]) for one in told] == [("a", 1), ("b", 1), ("a", 2)]
        assert {event["event"] for event in heard} == {"transition"}
        put(shared_store, ("b", 2), ago_s=40)
        with http.stream("GET", "/v1/regressions/stream", headers={"Last-Event-ID": heard[1]["id"]}) as answer:
            again = [orjson.loads(event["data"]) for event in events(answer.iter_lines(), 2)]
        assert [(one["id"], one["seq"]) for one in again] == [("a", 2), ("b", 2)]


def test_without_a_place_only_what_comes_is_told(shared_store: Store) -> None:
    put(shared_store, ("old", 1))
    with served(shared_store) as (http, _), http.stream("GET", "/v1/regressions/stream") as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith(": ")
        put(shared_store, ("new", 1), ago_s=0)
        (event,) = events(lines, 1)
        assert orjson.loads(event["data"])["id"] == "new"


def test_silence_is_told_by_a_heartbeat(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastapi.routing, "_PING_INTERVAL", 0.05)
    with served(shared_store) as (http, _), http.stream("GET", "/v1/regressions/stream") as answer:
        assert ": ping" in answer.iter_lines()


def test_listeners_are_bounded_and_a_place_is_free_again_when_one_leaves(shared_store: Store) -> None:
    with served(shared_store, listeners=1) as (http, _):
        with http.stream("GET", "/v1/regressions/stream") as answer:
            lines = answer.iter_lines()  # held: the client hangs up when it is collected
            next(lines)
            refused = http.get("/v1/regressions/stream")
            assert "1 listen already" in problem(refused, 503, "Too many listeners")["detail"]
            assert int(refused.headers["retry-after"]) > 0
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with http.stream("GET", "/v1/regressions/stream") as answer:
                if answer.status_code == 200:
                    break
            assert time.monotonic() < deadline


def test_the_stream_ends_with_the_server_and_after_its_longest_time(shared_store: Store) -> None:
    with served(shared_store) as (http, server), http.stream("GET", "/v1/regressions/stream") as answer:
        lines = answer.iter_lines()
        next(lines)
        ending = threading.Thread(target=server.stop)
        ending.start()
        # Ended as a stream ends, not cut off.
        list(lines)
        ending.join(PATIENCE_S)
        assert not ending.is_alive()
    with served(shared_store, longest_s=0.0) as (http, _):
        assert http.get("/v1/regressions/stream").status_code == 200


@pytest.mark.parametrize("place", ["x", "1-2", "-1-0-a", "1e3-0-a", "9" * 30 + "-0-a"])
def test_a_place_that_is_none_of_ours_is_named(api: TestClient, place: str) -> None:
    answer = api.get("/v1/regressions/stream", headers={"Last-Event-ID": place})
    assert "Last-Event-ID is none of ours" in problem(answer, 422)["detail"]


def test_the_store_is_asked_once_for_all_listeners(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    insert_transitions(shared_store, [transition_row(record(f"r{n:03}"), NOW) for n in range(600)])
    clock = ManualClock(NOW + timedelta(minutes=1))
    log, asked = TransitionLog(shared_store, clock, StreamLimits()), []
    query = Store.query_rows

    def counted(self: Store, sql: str, parameters: Any = None) -> Any:
        asked.append(sql)
        return query(self, sql, parameters)

    monkeypatch.setattr(Store, "query_rows", counted)
    first = log.after(StreamPlace(0))
    assert len(first) == 500 and len(asked) == 1
    assert [len(log.after(StreamPlace(0))) for _ in range(4)] == [500] * 4 and len(asked) == 1
    clock.sleep(1)
    # Another look brings the rest; whoever is far behind reads from the store.
    assert [row.id for row in log.after(StreamPlace.of(first[-1]))] == [f"r{n:03}" for n in range(500, 600)]
    assert len(asked) == 2
    assert len(log.after(StreamPlace(0))) == 500 and len(asked) == 3
