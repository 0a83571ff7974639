"""``route()`` without an API, or with a bad one: a default, at once, whatever is asked."""

import asyncio
import http.server
import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.api.route_server import PATIENCE_S, served
from tests.sdk.following import NOWHERE, QUICK, A, answering, followers, forgetful, put, until
from watchkeeper.storage.client import Store
from watchkeeper_sdk import configure_routes, route, routing
from watchkeeper_sdk.routing_cache import RouteCache

__all__ = ["forgetful"]

pytestmark = [pytest.mark.clickhouse, pytest.mark.usefixtures("forgetful")]


def test_without_an_api_it_is_the_default_and_nobody_waits_long(caplog: pytest.LogCaptureFixture) -> None:
    configure_routes(NOWHERE, first_wait_s=10.0, times=QUICK)
    began = time.monotonic()
    pick = route("chat", "default", provider="openai", key="somebody")
    assert time.monotonic() - began < 5.0, "it fails at once, so the wait ends at once"
    assert (pick.model, pick.provider, pick.variant, pick.fallbacks, pick.shadow) == (
        "default",
        "openai",
        "primary",
        (),
        (),
    )
    with pick as entered:
        assert entered is pick
    assert NOWHERE in caplog.text and "those known last" in caplog.text


def test_without_an_address_there_is_no_thread_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    before = followers()
    assert route("chat", "default").model == "default"
    assert not followers() - before
    assert "WATCHKEEPER_API_URL is not set" in caplog.text


def _hangs(over: threading.Event) -> Callable[[http.server.BaseHTTPRequestHandler], None]:
    def answer(_: http.server.BaseHTTPRequestHandler) -> None:
        over.wait(PATIENCE_S)

    return answer


def test_an_api_that_never_answers_holds_up_the_first_pick_for_the_stated_time_once() -> None:
    over = threading.Event()
    with answering(_hangs(over)) as url:
        configure_routes(url, first_wait_s=0.2)
        began = time.monotonic()
        assert route("chat", "default").model == "default"
        first = time.monotonic() - began
        assert 0.2 <= first < 5.0
        began = time.monotonic()
        for number in range(100):
            assert route(f"chat-{number}", "default").model == "default"
        assert time.monotonic() - began < 0.2 * 50
        over.set()


def test_in_an_event_loop_nobody_waits() -> None:
    over = threading.Event()

    async def first() -> float:
        began = time.monotonic()
        assert route("chat", "default").model == "default"
        return time.monotonic() - began

    with answering(_hangs(over)) as url:
        configure_routes(url, first_wait_s=10.0)
        assert asyncio.run(first()) < 5.0
        over.set()


ODD: dict[str, tuple[int, dict[str, str], bytes]] = {
    "html": (200, {}, b"<html>not what you think</html>"),
    "list": (200, {}, b"[]"),
    "null": (200, {}, b"null"),
    "empty": (200, {}, b""),
    "latin": (200, {}, b"\xff\xfe"),
    "not-there": (404, {}, b""),
    "broken": (500, {"Retry-After": "soon"}, b""),
    "never-changed": (304, {}, b""),
    "deep": (200, {}, b'{"rows":' + b"[" * 100_000),
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_answers_leave_the_default_and_the_thread_alive(odd: str) -> None:
    status, headers, body = ODD[odd]
    asked: list[str] = []

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    with answering(answer) as url:
        configure_routes(url, first_wait_s=10.0, times=QUICK)
        assert route("chat", "default").model == "default"
        until(lambda: len(asked) >= 3)


def test_weights_survive_a_restart_while_the_api_is_away(shared_store: Store, tmp_path: Path) -> None:
    file = tmp_path / "routes.json"
    put(shared_store, 1, A)
    with served(shared_store) as at:
        configure_routes(at.url, cache=file, first_wait_s=10.0, times=QUICK)
        assert route("chat").model == "a"
        until(file.exists)
        url = at.url
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["routes.json"]
    configure_routes(url, cache=file, first_wait_s=10.0, times=QUICK)
    assert route("chat", "default").model == "a"
    configure_routes(NOWHERE, cache=file, first_wait_s=10.0, times=QUICK)
    assert route("chat", "default").model == "default", "weights of another API"


@pytest.mark.parametrize(
    "text",
    [b"", b"{}", b"[", b"\xff", b'{"api": "http://127.0.0.1:1", "saved_at": 0, "rows": []}', b'{"api": 1}'],
    ids=range(6),
)
def test_a_file_that_cannot_be_used_is_as_good_as_none(text: bytes, tmp_path: Path) -> None:
    file = tmp_path / "routes.json"
    file.write_bytes(text)
    configure_routes(NOWHERE, cache=file, first_wait_s=10.0, times=QUICK)
    assert route("chat", "default").model == "default"


def test_weights_of_last_month_are_not_used(tmp_path: Path) -> None:
    cache = RouteCache(tmp_path / "routes.json", NOWHERE)
    cache.save([{"route": "chat"}])
    assert cache.load() == [{"route": "chat"}]
    old = json.loads(cache.file.read_text())
    cache.file.write_text(json.dumps({**old, "saved_at": old["saved_at"] - 30 * 86_400}))
    assert cache.load() is None


def test_a_file_that_cannot_be_written_is_told_and_harms_nothing(
    shared_store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(shared_store, 1, A)
    with served(shared_store) as at:
        configure_routes(at.url, cache=tmp_path / "no" / "such" / "file", first_wait_s=10.0, times=QUICK)
        assert route("chat").model == "a"
        until(lambda: "WATCHKEEPER_ROUTES_CACHE" in caplog.text)


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("API_URL", "localhost:8080", "must begin with http:// or https://"),
        ("API_URL", "http://", "must begin with http:// or https://"),
        ("ROUTES_WAIT_S", "soon", "from 0 to 10 seconds"),
        ("ROUTES_WAIT_S", "-1", "from 0 to 10 seconds"),
        ("ROUTES_WAIT_S", "nan", "from 0 to 10 seconds"),
    ],
)
def test_wrong_settings_are_told_and_left_out(
    variable: str, value: str, named: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WATCHKEEPER_API_URL", NOWHERE)
    monkeypatch.setenv(f"WATCHKEEPER_{variable}", value)
    assert route("chat", "default").model == "default"
    assert named in caplog.text


@pytest.mark.parametrize("name", [None, 3, "", "\ud800", ["a"], "x" * 10_000], ids=range(6))
def test_whatever_is_asked_nothing_is_raised(name: Any) -> None:
    class Sulks:
        def __str__(self) -> str:
            raise RuntimeError("no")

    put_here: Any = routing
    configure_routes(NOWHERE, first_wait_s=0.0, times=QUICK)
    assert route(name, "default", key=Sulks()).model == "default"
    assert put_here._follower is not None
    with route(name, "default"):
        pass
