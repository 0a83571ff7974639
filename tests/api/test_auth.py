"""Who may come in: tokens, keys, this machine; and how often."""

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.testclient import TestClient

from api.access import Caller, Scope, require
from api.auth import Access, peer_network
from api.problems import on_problem
from api.walls.access import AccessRates
from api.walls.rate import Rate
from api.walls.stack import Walls, build_walls
from tests.api.client import NOW, client, problem
from watchkeeper.clock import ManualClock
from watchkeeper.errors import WatchkeeperError
from watchkeeper.storage.api_keys import NewKey, create_key, revoke_key
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_ring import MOST_STALE_S, KeyRing

pytestmark = pytest.mark.clickhouse


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer three", "Basic one", "one", "Bearer one two", "Bearer ONE"])
def test_a_wrong_token_or_scheme_is_refused(shared_store: Store, header: str) -> None:
    answer = client(shared_store, tokens=("one", "two")).get("/v1/summary", headers={"Authorization": header})
    assert "WATCHKEEPER_TOKENS" in problem(answer, 401)["detail"]
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer one", "Bearer two", "bearer two", "BEARER  two"])
def test_each_of_the_tokens_opens(shared_store: Store, header: str) -> None:
    api = client(shared_store, tokens=("one", "two"))
    assert api.get("/v1/summary", headers={"Authorization": header}).status_code == 200


def test_a_token_that_is_no_ascii_is_refused_and_not_an_error(shared_store: Store) -> None:
    api = client(shared_store, tokens=("one",))
    problem(api.get("/v1/summary", headers={b"Authorization": b"Bearer \xfc"}), 401)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "localhost:8080"}, 200),
        ({"host": "[::1]:8080"}, 200),
        ({"host": "127.0.0.1", "origin": "http://localhost:3000"}, 200),
        ({"host": "rebound.example"}, 401),
        ({"host": "127.0.0.1.example"}, 401),
        ({"host": "[broken"}, 401),
        ({"host": "localhost", "origin": "https://evil.example"}, 401),
        ({"host": "localhost", "origin": "null"}, 401),
        ({"host": "localhost", "sec-fetch-site": "cross-site", "sec-fetch-dest": "image"}, 401),
        ({"host": "localhost", "sec-fetch-site": "cross-site", "sec-fetch-dest": "document"}, 200),
        ({"host": "localhost", "sec-fetch-site": "same-origin", "sec-fetch-dest": "image"}, 200),
        ({"host": "localhost", "authorization": "Bearer wrong"}, 401),
    ],
)
def test_an_api_on_loopback_is_open_to_this_machine_and_not_to_pages_of_others(
    shared_store: Store, headers: dict[str, str], status: int
) -> None:
    assert client(shared_store).get("/v1/summary", headers=headers).status_code == status


def test_where_a_key_is_required_this_machine_needs_one_too(shared_store: Store) -> None:
    problem(client(shared_store, access=Access(guarded=True)).get("/v1/summary"), 401)


def test_the_secret_of_the_commands_opens_as_the_command_line(shared_store: Store) -> None:
    api = scoped_app(Access(guarded=True, own_secret="own"), shared_store)
    assert api.get("/who", headers={"Authorization": "Bearer own"}).json() == ["cli", []]


def scoped_app(
    access: Access, store: Store, walls: Walls | None = None, clock: ManualClock | None = None
) -> TestClient:
    """Routes that need each scope, and one that keeps to the caller's tenants."""
    routes = APIRouter()
    for scope in Scope:

        @routes.post(f"/{scope}", dependencies=[Depends(require(scope))])
        async def anything() -> None: ...

    @routes.get("/who")
    async def who(caller: Annotated[Caller, Depends(require(Scope.READ, scoped=True))]) -> tuple[str, tuple[str, ...]]:
        return caller.name, caller.tenants

    app = FastAPI()
    app.add_exception_handler(WatchkeeperError, on_problem)
    app.include_router(routes)
    build_walls(app, walls or Walls(), access, store, clock or ManualClock(NOW))
    return TestClient(app, "http://127.0.0.1")


def keys(store: Store, *wanted: NewKey) -> tuple[KeyRing, dict[str, dict[str, str]]]:
    """A ring of new keys, and the headers that present each, by name."""
    made = [create_key(store, one, NOW, secrets.token_bytes) for one in wanted]
    ring = KeyRing(store, ManualClock(NOW))
    ring.refresh()
    return ring, {one.key.name: {"Authorization": f"Bearer {one.text}"} for one in made}


@pytest.mark.parametrize(
    ("own", "allowed"),
    [
        ("read", {"read"}),
        ("ingest", {"ingest"}),
        ("operate", {"read", "operate"}),
        ("admin", {"read", "ingest", "operate", "admin"}),
    ],
)
def test_a_scope_opens_what_it_says_and_what_it_implies(shared_store: Store, own: str, allowed: set[str]) -> None:
    ring, headers = keys(shared_store, NewKey("a", (own,)))
    api = scoped_app(Access(keys=ring, guarded=True), shared_store)
    answers = {scope: api.post(f"/{scope}", headers=headers["a"]) for scope in Scope}
    assert {scope for scope, answer in answers.items() if answer.status_code == 200} == allowed
    for scope in set(Scope) - allowed:
        assert f"the scope {scope}; a lacks it" in problem(answers[scope], 403)["detail"]


def test_several_scopes_add_up(shared_store: Store) -> None:
    ring, headers = keys(shared_store, NewKey("a", ("ingest", "read")))
    api = scoped_app(Access(keys=ring, guarded=True), shared_store)
    assert [api.post(f"/{scope}", headers=headers["a"]).status_code for scope in Scope] == [200, 200, 403, 403]


def test_a_key_of_tenants_is_refused_unless_the_route_keeps_to_them(shared_store: Store) -> None:
    ring, headers = keys(shared_store, NewKey("a", ("operate",), ("acme", "globex")))
    api = scoped_app(Access(keys=ring, guarded=True), shared_store)
    assert api.get("/who", headers=headers["a"]).json() == ["a", ["acme", "globex"]]
    assert "all tenants" in problem(api.post("/read", headers=headers["a"]), 403)["detail"]
    assert (
        "all tenants" in problem(client_of(ring, shared_store).get("/v1/summary", headers=headers["a"]), 403)["detail"]
    )


def client_of(ring: KeyRing, store: Store) -> TestClient:
    return client(store, access=Access(keys=ring, guarded=True))


def test_a_revoked_or_expired_key_is_refused(shared_store: Store) -> None:
    ring, headers = keys(
        shared_store, NewKey("a", ("read",)), NewKey("b", ("read",), expires_at=NOW + timedelta(days=1))
    )
    api = client_of(ring, shared_store)
    assert [api.get("/v1/summary", headers=one).status_code for one in headers.values()] == [200, 200]
    revoke_key(shared_store, "a", NOW)
    ring.refresh()
    problem(api.get("/v1/summary", headers=headers["a"]), 401)
    late = KeyRing(shared_store, ManualClock(NOW + timedelta(days=2)))
    late.refresh()
    problem(client_of(late, shared_store).get("/v1/summary", headers=headers["b"]), 401)


def test_keys_that_cannot_be_checked_are_a_503_and_tokens_open_still(shared_store: Store) -> None:
    clock = ManualClock(NOW)
    ring = KeyRing(shared_store, clock)
    ring.refresh()
    clock.sleep(MOST_STALE_S + 1)
    api = client(shared_store, access=Access(tokens=("one",), keys=ring))
    text = f"Bearer wk_{'0' * 12}_{'a' * 43}"
    answer = api.get("/v1/summary", headers={"Authorization": text})
    assert "cannot be checked" in problem(answer, 503)["detail"]
    assert answer.headers["retry-after"] == "5"
    assert api.get("/v1/summary", headers={"Authorization": "Bearer one"}).status_code == 200


def test_a_key_that_asks_too_often_is_told_when_to_come_again(shared_store: Store) -> None:
    ring, headers = keys(shared_store, NewKey("a", ("read",)), NewKey("b", ("read",)))
    clock = ManualClock(NOW)
    walls = replace(Walls(), rates=AccessRates(key=Rate(0.5, 2)))
    api = scoped_app(Access(keys=ring, guarded=True), shared_store, walls, clock)
    assert [api.get("/who", headers=headers["a"]).status_code for _ in range(2)] == [200, 200]
    answer = api.get("/who", headers=headers["a"])
    assert "The key a asks more often" in problem(answer, 429)["detail"]
    assert answer.headers["retry-after"] == "2"
    assert api.get("/who", headers=headers["b"]).status_code == 200
    clock.sleep(2)
    assert api.get("/who", headers=headers["a"]).status_code == 200
    assert api.get("/who", headers=headers["a"]).status_code == 429


def test_whoever_tries_keys_is_told_to_wait_even_when_one_fits(shared_store: Store) -> None:
    clock = ManualClock(NOW)
    walls = replace(Walls(), rates=AccessRates(failures=Rate(0.1, 3)))
    api = scoped_app(Access(tokens=("right",)), shared_store, walls, clock)
    wrong, right = ({"Authorization": f"Bearer {token}"} for token in ("wrong", "right"))
    assert [api.get("/who", headers=wrong).status_code for _ in range(4)] == [401, 401, 401, 429]
    answer = api.get("/who", headers=right)
    assert "Too many wrong keys" in problem(answer, 429)["detail"]
    assert answer.headers["retry-after"] == "10"
    clock.sleep(10)
    assert api.get("/who", headers=right).status_code == 200
    # To come without any key is not to try one.
    assert [api.get("/who").status_code for _ in range(5)] == [401] * 5


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_peer_is_its_address_and_of_ipv6_its_network(host: str, network: str) -> None:
    assert peer_network(host) == network
