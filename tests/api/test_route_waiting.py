"""Waiting for a change of weights, over a real server: told at once, bounded, and over when the server ends."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from unittest.mock import patch

import httpx
import pytest

import api.routes.routes
import api.routing.watch
from api.routing.watch import WaitLimits
from api.walls.stack import Walls
from api.walls.time import TimeLimits
from tests.api.client import problem
from tests.api.route_server import PATIENCE_S, Served, served
from tests.watchkeeper.storage.test_route_weights import WEIGHTS
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_weights import count_versions, write

pytestmark = pytest.mark.clickhouse

CHAT = replace(WEIGHTS, route="chat")
SOON_S = 10.0
"""Far above what a change takes to be told (a quarter of a second), far below the wait."""


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that looked at the store."""
    seen: list[str] = []

    def counting(store: Store) -> int:
        seen.append(threading.current_thread().name)
        return count_versions(store)

    monkeypatch.setattr(api.routing.watch, "count_versions", counting)
    return seen


def waiting(at: Served, pool: ThreadPoolExecutor, path: str, tag: str) -> "Future[httpx.Response]":
    return pool.submit(at.http.get, path, params={"wait": 20}, headers={"If-None-Match": tag})


def until(condition: Callable[[], bool]) -> None:
    """Poll, with a deadline."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


@pytest.mark.parametrize("path", ["/v1/routes/chat", "/v1/routes", "/v1/routes?route=chat&route=other"])
def test_a_change_ends_the_wait(shared_store: Store, path: str, looks: list[str]) -> None:
    write(shared_store, CHAT)
    with served(shared_store) as at, ThreadPoolExecutor() as pool:
        tag = at.http.get(path).headers["etag"]
        answer = waiting(at, pool, path, tag)
        until(lambda: len(looks) >= 4)
        assert not answer.done()
        began = time.monotonic()
        write(shared_store, replace(CHAT, version=2))
        changed = answer.result(PATIENCE_S)
        assert time.monotonic() - began < SOON_S
        assert changed.status_code == 200 and changed.headers["etag"] != tag
        document = changed.json()
        assert (document["rows"][0] if "rows" in document else document)["version"] == 2


def test_the_first_weights_end_the_wait_for_what_was_observed(shared_store: Store, looks: list[str]) -> None:
    with served(shared_store) as at, ThreadPoolExecutor() as pool:
        answer = waiting(
            at, pool, "/v1/routes?observed=false", at.http.get("/v1/routes?observed=false").headers["etag"]
        )
        until(lambda: len(looks) >= 3)
        write(shared_store, CHAT)
        assert answer.result(PATIENCE_S).json()["rows"][0]["route"] == "chat"


def test_another_route_does_not_end_it_and_time_does(shared_store: Store) -> None:
    write(shared_store, CHAT)
    with served(shared_store) as at:
        write(shared_store, replace(CHAT, route="other"))
        same = at.http.get("/v1/routes/chat", params={"wait": 0.3}, headers={"If-None-Match": '"1"'})
        assert (same.status_code, same.headers["etag"]) == (304, '"1"')


def test_without_a_tag_or_with_another_nobody_waits(shared_store: Store) -> None:
    write(shared_store, CHAT)
    with served(shared_store) as at:
        began = time.monotonic()
        for headers in ({}, {"If-None-Match": '"7"'}):
            assert at.http.get("/v1/routes/chat?wait=20", headers=headers).status_code == 200
        assert time.monotonic() - began < SOON_S


def test_many_who_wait_cost_as_much_as_one_and_keep_nobody_from_work(shared_store: Store, looks: list[str]) -> None:
    """Sixty wait: more than there are worker threads, more than there may be requests in work."""
    write(shared_store, CHAT)
    walls = Walls(times=TimeLimits(in_work=4))
    many = 60

    async def all_of_them(url: str) -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_S, trust_env=False) as http:

            async def one() -> httpx.Response:
                while True:
                    answer = await http.get("/v1/routes/chat?wait=20", headers={"If-None-Match": '"1"'})
                    if answer.status_code != 503:
                        return answer

            asked = [asyncio.ensure_future(one()) for _ in range(many)]
            while watch_waiters() < many:
                await asyncio.sleep(0.02)
            before = len(looks)
            for _ in range(20):
                assert (await http.get("/healthz")).status_code == 200
            await asyncio.sleep(1.0)
            assert len(looks) - before <= 6, "at most one look a quarter of a second"
            await asyncio.to_thread(write, shared_store, replace(CHAT, version=2))
            return await asyncio.gather(*asked)

    places: list[threading.BoundedSemaphore] = []
    limits = WaitLimits(waiters=100)

    def watch_waiters() -> int:
        return limits.waiters - places[0]._value

    made = api.routing.watch.WeightsWatch.__init__

    def remember(self: api.routing.watch.WeightsWatch, *arguments: object) -> None:
        made(self, *arguments)  # type: ignore[arg-type]
        places.append(self._places)

    with (
        patch.object(api.routing.watch.WeightsWatch, "__init__", remember),
        patch.object(api.app, "wait_limits", lambda _: limits),
        served(shared_store, walls=walls) as at,
    ):
        answers = asyncio.run(all_of_them(at.url))
    assert [(one.status_code, one.headers["etag"]) for one in answers] == [(200, '"2"')] * many


def test_those_who_wait_are_bounded(shared_store: Store, looks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.app.wait_limits", lambda _: WaitLimits(waiters=1))
    write(shared_store, CHAT)
    with served(shared_store) as at, ThreadPoolExecutor() as pool:
        first = waiting(at, pool, "/v1/routes/chat", '"1"')
        until(lambda: len(looks) >= 3)
        refused = at.http.get("/v1/routes/chat?wait=20", headers={"If-None-Match": '"1"'})
        assert "1 wait already" in problem(refused, 503, "Too many wait")["detail"]
        assert refused.headers["retry-after"] == "5"
        assert at.http.get("/v1/routes/chat", headers={"If-None-Match": '"1"'}).status_code == 304
        write(shared_store, replace(CHAT, version=2))
        assert first.result(PATIENCE_S).status_code == 200
        assert at.http.get("/v1/routes/chat?wait=0.1", headers={"If-None-Match": '"2"'}).status_code == 304


def test_who_leaves_frees_the_place(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.app.wait_limits", lambda _: WaitLimits(waiters=1))
    write(shared_store, CHAT)
    with served(shared_store) as at:
        with pytest.raises(httpx.ReadTimeout):
            at.http.get("/v1/routes/chat?wait=20", headers={"If-None-Match": '"1"'}, timeout=1.0)
        until(lambda: at.http.get("/v1/routes/chat?wait=0.01", headers={"If-None-Match": '"1"'}).status_code == 304)


def test_the_end_of_the_server_ends_the_wait(shared_store: Store, looks: list[str]) -> None:
    write(shared_store, CHAT)
    with served(shared_store) as at, ThreadPoolExecutor() as pool:
        answer = waiting(at, pool, "/v1/routes/chat", '"1"')
        until(lambda: len(looks) >= 3)
        began = time.monotonic()
        at.server.stop()
        assert answer.result(PATIENCE_S).status_code == 304
        assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize(("read_s", "longest"), [(30.0, 24.0), (600.0, 24.0), (5.0, 4.0)])
def test_the_wait_is_shorter_than_the_time_an_answer_may_take(read_s: float, longest: float) -> None:
    assert api.routes.routes.wait_limits(read_s).longest_s == longest
