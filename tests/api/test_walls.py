"""The walls around every route: headers, size, time, load, audit."""

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Any

import pytest
from fastapi import Body, Depends, FastAPI, Request
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from api.access import Scope, require
from api.auth import Access
from api.problems import on_defect, on_problem
from api.walls.audit import AuditTrail
from api.walls.rate import Rate, TokenBuckets
from api.walls.stack import Walls, build_walls
from api.walls.time import TimeLimits
from tests.api.client import NOW, client, problem
from watchkeeper.clock import ManualClock
from watchkeeper.errors import QueryOverLimit, StoreUnavailable, WatchkeeperError
from watchkeeper.storage import summary
from watchkeeper.storage.audit_log import AuditEntry, AuditFilter, list_writes
from watchkeeper.storage.client import Store
from watchkeeper.storage.query_limits import QueryLimits

pytestmark = pytest.mark.clickhouse

WEEK = AuditFilter(NOW - timedelta(days=7), NOW + timedelta(days=1))


def walled(store: Store, app: FastAPI, **walls: Any) -> TestClient:
    app.add_exception_handler(WatchkeeperError, on_problem)
    app.add_exception_handler(Exception, on_defect)
    build_walls(app, replace(Walls(), **walls), Access(), store, ManualClock(NOW))
    return TestClient(app, "http://127.0.0.1", raise_server_exceptions=False)


@pytest.mark.parametrize("path", ["/v1/summary", "/healthz", "/nothing", "/v1/dead-letters/7"])
def test_every_answer_keeps_browsers_from_doing_more_with_it(shared_store: Store, path: str) -> None:
    headers = client(shared_store).get(path, headers={"Origin": "http://localhost:3000"}).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert not [name for name in headers if name.startswith("access-control")]


def test_a_defect_has_the_headers_too_and_tells_nothing_of_itself(shared_store: Store) -> None:
    app = FastAPI()

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("a secret")

    answer = walled(shared_store, app).get("/broken")
    assert "secret" not in problem(answer, 500)["detail"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_other_sites_are_told_nothing_of_what_they_might_do(shared_store: Store) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    answer = client(shared_store).options("/v1/summary", headers=asked)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_documentation_runs_its_own_script_and_no_other(shared_store: Store) -> None:
    answer = client(shared_store).get("/docs")
    assert "SwaggerUIBundle" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "'sha256-" in policy and "script-src 'self' " in policy
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]


def test_the_documentation_asks_no_other_site(shared_store: Store) -> None:
    api = client(shared_store, access=Access(tokens=("t",)))
    page = api.get("/docs")
    assert "http:" not in page.text + page.headers["content-security-policy"]
    assert "https:" not in page.text + page.headers["content-security-policy"]
    parts = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    kinds = {part: api.get(part).headers["content-type"].partition(";")[0] for part in parts}
    assert kinds == {
        "/docs/swagger-ui.css": "text/css",
        "/docs/favicon.png": "image/png",
        "/docs/swagger-ui-bundle.js": "text/javascript",
    }
    assert api.get("/docs/swagger-ui-bundle.js").headers["cache-control"] == "max-age=86400"
    assert "url(http" not in api.get("/docs/swagger-ui.css").text
    assert api.get("/docs/redoc.standalone.js").status_code == 404


def echo() -> FastAPI:
    app = FastAPI()

    @app.post("/echo")
    async def read(request: Request) -> int:
        return len(await request.body())

    @app.post("/parsed")
    async def parsed(body: Annotated[dict[str, str], Body()]) -> int:
        return len(body)

    return app


def pieces(count: int) -> Iterator[bytes]:
    yield from (b"x" * 100 for _ in range(count))


@pytest.mark.parametrize("path", ["/echo", "/parsed"])
@pytest.mark.parametrize("content", [b"x" * 1_001, pieces], ids=["announced", "in pieces"])
def test_a_body_may_be_so_large_and_no_larger(shared_store: Store, path: str, content: Any) -> None:
    api = walled(shared_store, echo(), max_body_bytes=1_000)
    given = content(11) if callable(content) else content
    answer = api.post(path, content=given, headers={"Content-Type": "application/json"})
    assert "1,000 bytes (WATCHKEEPER_API_MAX_BODY_BYTES)" in problem(answer, 413, "Too large")["detail"]


def test_a_body_of_just_that_size_goes_through(shared_store: Store) -> None:
    api = walled(shared_store, echo(), max_body_bytes=1_000)
    assert api.post("/echo", content=b"x" * 1_000).json() == 1_000
    assert api.post("/echo", content=pieces(10)).json() == 1_000


@pytest.fixture
def slow() -> Iterator[tuple[FastAPI, threading.Event]]:
    """Routes that wait for the event, which is set at the end."""
    app, go_on = FastAPI(), threading.Event()

    @app.api_route("/slow", methods=["GET", "POST"])
    def wait() -> str:
        go_on.wait(60)
        return "done"

    @app.get("/stream")
    def stream() -> StreamingResponse:
        def events() -> Iterator[str]:
            yield "first\n"
            go_on.wait(0.3)
            yield "second\n"

        return StreamingResponse(events())

    yield app, go_on
    go_on.set()


@pytest.mark.parametrize(("method", "hint"), [("GET", "shorter period"), ("POST", "may still be under way")])
def test_an_answer_that_does_not_come_is_a_504(
    shared_store: Store, slow: tuple[FastAPI, threading.Event], method: str, hint: str
) -> None:
    with walled(shared_store, slow[0], times=TimeLimits(0.05, 0.05)) as api:
        answer = api.request(method, "/slow")
        assert hint in problem(answer, 504, "Took too long")["detail"]
        slow[1].set()
        assert api.request(method, "/slow").json() == "done"


def test_an_answer_that_has_begun_may_take_longer(shared_store: Store, slow: tuple[FastAPI, threading.Event]) -> None:
    with walled(shared_store, slow[0], times=TimeLimits(0.2, 0.2)) as api:
        assert api.get("/stream").text == "first\nsecond\n"


def test_beyond_so_many_requests_in_work_more_are_told_to_wait(
    shared_store: Store, slow: tuple[FastAPI, threading.Event]
) -> None:
    with walled(shared_store, slow[0], times=TimeLimits(0.05, 0.05, in_work=2)) as api:
        assert [api.get("/slow").status_code for _ in range(2)] == [504, 504]
        answer = api.get("/slow")
        problem(answer, 503, "Too busy")
        assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize(("limit", "status"), [("time", 504), ("rows", 422), ("memory", 422)])
def test_a_query_beyond_its_limits_says_what_to_do(shared_store: Store, limit: str, status: int) -> None:
    app = FastAPI()

    @app.get("/large")
    def large() -> None:
        raise QueryOverLimit(limit)

    assert "choose a shorter period or a filter" in problem(walled(shared_store, app).get("/large"), status)["detail"]


def test_a_slow_query_of_a_route_is_ended_by_the_store(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "_sql", lambda _: "SELECT sum(cityHash64(number)) FROM numbers(100000000000)")
    api = client(shared_store, query_limits=QueryLimits(seconds=0.1))
    problem(api.get("/v1/summary"), 504, "Took too long")


def audited() -> FastAPI:
    app = FastAPI()

    @app.put("/v1/budgets/{name}", dependencies=[Depends(require(Scope.OPERATE))])
    async def write(name: str, request: Request) -> None:
        await request.body()

    @app.post("/v1/what-if", dependencies=[Depends(require(Scope.READ))])
    async def compute() -> None: ...

    @app.get("/v1/letters", dependencies=[Depends(require(Scope.OPERATE))])
    async def read() -> None: ...

    return app


def test_a_write_is_recorded_with_who_what_and_how_it_ended_and_without_its_content(shared_store: Store) -> None:
    api = walled(shared_store, audited())
    api.put("/v1/budgets/team-a", content=b'{"limit": 100}')
    api.put("/v1/budgets/team-b")
    first, second = sorted(list_writes(shared_store, WEEK), key=lambda entry: entry.path)
    digest = sha256(b'{"limit": 100}').hexdigest()[:16]
    expected = AuditEntry(first.id, NOW, "local", "local", "PUT", "/v1/budgets/team-a", 200, digest)
    assert first == expected
    assert (second.path, second.body_digest) == ("/v1/budgets/team-b", "")


def test_reading_and_computing_are_not_recorded_nor_is_who_is_unknown(shared_store: Store) -> None:
    api = walled(shared_store, audited())
    assert api.post("/v1/what-if").status_code == 200
    assert api.get("/v1/letters").status_code == 200
    assert api.put("/v1/budgets/a", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert list_writes(shared_store, WEEK) == []


def test_what_the_store_did_not_take_is_recorded_with_the_next(
    shared_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise StoreUnavailable("the store did not answer")

    trail = AuditTrail(shared_store)
    entry = AuditEntry("1", NOW, "k", "ops", "POST", "/v1/x", 200, "")
    with monkeypatch.context() as patched:
        patched.setattr(shared_store, "insert_arrow", away)
        trail.record(entry)
    assert list_writes(shared_store, WEEK) == []
    trail.record(replace(entry, id="2"))
    assert sorted(found.id for found in list_writes(shared_store, WEEK)) == ["1", "2"]
    trail.record(replace(entry, id="3"))
    assert len(list_writes(shared_store, WEEK)) == 3


def test_a_bucket_fills_again_and_no_further_than_its_burst() -> None:
    clock = ManualClock(NOW)
    buckets = TokenBuckets(Rate(2.0, 3.0), clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]
    clock.sleep(0.5)
    assert (buckets.wait("a"), buckets.wait("a"), buckets.take("a"), buckets.wait("a")) == (0, 0, 0, 1)
    clock.sleep(3_600)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]
    assert buckets.take("b") == 0


def test_without_a_rate_there_is_no_limit() -> None:
    buckets = TokenBuckets(Rate(0, 0), ManualClock(NOW))
    assert [buckets.take("a") for _ in range(100)] == [0] * 100


def test_of_too_many_names_the_one_seen_longest_ago_is_forgotten() -> None:
    buckets = TokenBuckets(Rate(0.001, 1), ManualClock(NOW))
    buckets.take("first")
    assert buckets.wait("first") == 1_000
    for number in range(10_000):
        buckets.take(f"peer-{number}")
    assert buckets.wait("first") == 0
    assert buckets.wait("peer-9999") == 1_000
