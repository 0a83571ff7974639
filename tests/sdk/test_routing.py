"""``route()`` against a real API: it follows, in one thread, through restarts, forks and refusals."""

import contextlib
import http.server
import threading
from typing import Any

import pytest

from api.auth import Access
from api.routing.watch import WaitLimits
from tests.api.route_server import served
from tests.sdk.following import QUICK, A, B, answering, followers, forgetful, put, until
from tests.sdk.own_process import run
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_weights import Target
from watchkeeper_sdk import configure_routes, route, routing

__all__ = ["forgetful"]

pytestmark = [pytest.mark.clickhouse, pytest.mark.usefixtures("forgetful")]


def test_the_first_pick_waits_for_the_weights_and_later_ones_follow(shared_store: Store) -> None:
    put(shared_store, 1, A)
    put(shared_store, 1, Target("vllm", "c", 100, "primary"), name="search")
    with served(shared_store) as at:
        before = followers()
        configure_routes(at.url, first_wait_s=10.0, times=QUICK)
        pick = route("chat", "default")
        assert (pick.route, pick.provider, pick.model, pick.variant) == ("chat", "openai", "a", "primary")
        assert route("search", "default").model == "c"
        assert route("none", "default", provider="openai").model == "default"
        put(shared_store, 2, B)
        until(lambda: route("chat", "default").model == "b")
        put(shared_store, 3, A)
        until(lambda: route("chat", "default").model == "a")
        assert len(followers() - before) == 1, "one thread, not one a route"


def test_of_threads_whose_first_picks_come_at_once_one_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting, begun, configure = threading.Barrier(2), list[str](), routing.configure_routes

    def configured() -> None:
        begun.append(threading.current_thread().name)
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(0.3)
        configure()

    monkeypatch.setattr(routing, "configure_routes", configured)
    threads = [threading.Thread(target=route, args=("chat", "default")) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 1


def test_what_is_known_is_used_while_the_api_is_away_and_it_is_found_again(shared_store: Store) -> None:
    put(shared_store, 1, A)
    with served(shared_store) as at:
        configure_routes(at.url, first_wait_s=10.0, times=QUICK)
        assert route("chat").model == "a"
        port = int(at.url.rpartition(":")[2])
    put(shared_store, 2, B)
    assert route("chat", "default").model == "a"
    with served(shared_store, port=port):
        until(lambda: route("chat").model == "b")


def test_the_key_goes_to_the_api_and_nowhere_else(caplog: pytest.LogCaptureFixture, monkeypatch: Any) -> None:
    elsewhere: list[str | None] = []
    seen: list[str | None] = []

    def other(handler: http.server.BaseHTTPRequestHandler) -> None:
        elsewhere.append(handler.headers.get("Authorization"))
        handler.send_error(404)

    with answering(other) as away:

        def redirects(handler: http.server.BaseHTTPRequestHandler) -> None:
            seen.append(handler.headers.get("Authorization"))
            handler.send_response(307)
            handler.send_header("Location", away)
            handler.end_headers()

        with answering(redirects) as url:
            monkeypatch.setenv("WATCHKEEPER_API_URL", url.replace("http://", "http://me:hidden@"))
            monkeypatch.setenv("WATCHKEEPER_API_KEY", "wk_secret")
            configure_routes(url, times=QUICK, first_wait_s=10.0)
            assert route("chat", "default").model == "default"
            until(lambda: len(seen) >= 2)
    assert set(seen) == {"Bearer wk_secret"}
    assert elsewhere == []
    assert "wk_secret" not in caplog.text and "hidden" not in caplog.text
    assert "wk_secret" not in repr(routing._follower.__dict__ if routing._follower else "")


def test_a_wrong_key_is_named(shared_store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with served(shared_store, access=Access(tokens=("right",))) as at:
        configure_routes(at.url, api_key="wrong", first_wait_s=10.0, times=QUICK)
        assert route("chat", "default").model == "default"
        assert "status 401: WATCHKEEPER_API_KEY" in caplog.text
        put(shared_store, 1, A)
        configure_routes(at.url, api_key="right", first_wait_s=10.0, times=QUICK)
        assert route("chat", "default").model == "a"


def test_where_too_many_wait_it_asks_now_and_then(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.app.wait_limits", lambda _: WaitLimits(waiters=0))
    put(shared_store, 1, A)
    with served(shared_store) as at:
        configure_routes(at.url, first_wait_s=10.0, times=QUICK)
        assert route("chat").model == "a"
        put(shared_store, 2, B)
        until(lambda: route("chat").model == "b")


FORKS = """
    import http.server, json, os, threading, time, warnings
    from watchkeeper_sdk import configure_routes, route
    from watchkeeper_sdk.routing_following import FollowTimes

    warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads, which is what is tried
    model = ["a"]

    class Api(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            tag = f'"{model[0]}"'
            self.send_response(304 if self.headers.get("If-None-Match") == tag else 200)
            self.send_header("ETag", tag)
            self.end_headers()
            target = {"provider": "openai", "model": model[0], "weight": 100, "variant": "primary"}
            self.wfile.write(json.dumps({"rows": [{"route": "chat", "targets": [target]}]}).encode())

        def log_message(self, *_):
            pass

    def until(wanted):
        deadline = time.monotonic() + 20
        while route("chat", "default").model != wanted:
            assert time.monotonic() < deadline, route("chat", "default")
            time.sleep(0.01)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    times = FollowTimes(again_s=0.05, back_off_s=(0.05, 0.1))
    configure_routes(f"http://127.0.0.1:{server.server_address[1]}", first_wait_s=10.0, times=times)
    until("a")
    theirs, ours = os.pipe()
    child = os.fork()
    if not child:
        known = route("chat", "default").model
        threads = [thread.name for thread in threading.enumerate() if thread.name == "watchkeeper-routes"]
        os.write(ours, b"known" if (known, len(threads)) == ("a", 1) else b"wrong")
        until("b")
        os._exit(7)
    assert os.read(theirs, 5) == b"known"
    model[0] = "b"
    until("b")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""


def test_a_forked_child_knows_what_its_parent_knew_and_follows_itself() -> None:
    run(FORKS)


def test_picks_from_many_threads_while_weights_change(shared_store: Store) -> None:
    put(shared_store, 1, A)
    with served(shared_store) as at:
        configure_routes(at.url, first_wait_s=10.0, times=QUICK)
        over, wrong = threading.Event(), list[str]()

        def picks() -> None:
            while not over.is_set():
                model = route("chat", "default", key=threading.get_ident()).model
                if model not in ("a", "b"):
                    wrong.append(model)

        route("chat")
        threads = [threading.Thread(target=picks) for _ in range(4)]
        for thread in threads:
            thread.start()
        for version, targets in enumerate((B, A, B), 2):
            put(shared_store, version, targets)
            until(lambda wanted=targets.model: route("chat").model == wanted)  # type: ignore[misc]
        over.set()
        for thread in threads:
            thread.join()
        assert wrong == []
