"""What the tests of ``route()`` have in common: a fresh follower, weights to follow, and servers that misbehave."""

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.api.route_server import PATIENCE_S
from watchkeeper.clock import SystemClock
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_weights import RouteWeights, Target, write
from watchkeeper_sdk import _safety, routing
from watchkeeper_sdk.routing_following import FollowTimes

A, B = Target("openai", "a", 100, "primary"), Target("openai", "b", 100, "primary")
QUICK = FollowTimes(wait_s=5.0, again_s=0.05, patient_after_s=0.2, back_off_s=(0.05, 0.1))
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test meets the weights of one before it, nor settings from outside."""
    for name in ("API_URL", "API_KEY", "ROUTES_CACHE", "ROUTES_WAIT_S"):
        monkeypatch.delenv(f"WATCHKEEPER_{name}", raising=False)
    monkeypatch.setenv("WATCHKEEPER_STRICT", "0")
    _safety._said_at.clear()
    monkeypatch.setattr(routing, "_follower", None)
    yield
    if routing._follower is not None:
        routing._follower.stop()
    until(lambda: not followers())


def put(store: Store, version: int, *targets: Target, name: str = "chat") -> None:
    write(store, RouteWeights(name, version, targets, (), (), "", None, "a test", SystemClock().now()))


def until(condition: Callable[[], bool]) -> None:
    """Poll, with a deadline."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def followers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "watchkeeper-routes"}


@contextmanager
def answering(answer: Callable[[http.server.BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A server that misbehaves as ``answer`` does; gives its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            """Not into the test's output."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
