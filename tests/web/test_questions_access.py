"""Who may see and do what on the pages about costs, advice, migrations, calls and intake."""

import re
import secrets
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from api.auth import Access
from tests.api.client import NOW, client
from tests.api.migrating.world import World
from tests.api.test_migrations import begin
from tests.fixtures.store import call_rows
from watchkeeper.clock import ManualClock
from watchkeeper.storage.api_keys import NewKey, create_key
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_ring import KeyRing
from watchkeeper.storage.model_migrations import last_decisions

pytestmark = pytest.mark.clickhouse

SCOPED = ("/costs", "/costs/drivers", "/costs/forecast", "/costs/what-if", "/calls")
OF_ALL = ("/advice", "/migrations", "/doctor")
Opened = Callable[..., TestClient]


@pytest.fixture
def opened(shared_store: Store) -> Opened:
    """A browser that presents a key of its own."""

    def make(*scopes: str, tenants: tuple[str, ...] = (), clock: ManualClock | None = None) -> TestClient:
        at = clock or ManualClock(NOW)
        key = create_key(shared_store, NewKey("-".join(scopes), scopes, tenants), at.now(), secrets.token_bytes)
        ring = KeyRing(shared_store, at)
        ring.refresh()
        made = client(shared_store, clock=at, access=Access(keys=ring, guarded=True))
        made.headers.update({"Authorization": f"Bearer {key.text}", "Accept": "text/html"})
        return made

    return make


def test_nobody_sees_a_page_without_a_key(shared_store: Store) -> None:
    asked = client(shared_store, access=Access(guarded=True))
    for path in (*SCOPED, *OF_ALL, "/migrations/m1", "/migrations/m1/roll-back"):
        answer = asked.get(path, headers={"Accept": "text/html"}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login"), path


def test_a_key_of_a_tenant_sees_its_own_calls_alone(shared_store: Store, opened: Opened) -> None:
    shared_store.insert_arrow("calls", call_rows(30, tenant="acme", service="theirs"), "a")
    shared_store.insert_arrow("calls", call_rows(50, tenant="other", service="others", seed=1), "b")
    asked = opened("read", tenants=("acme",))
    for path in SCOPED:
        page = asked.get(path)
        assert page.status_code == 200 and "others" not in page.text, path
    assert "theirs" in asked.get("/costs").text
    assert asked.get("/costs?tenant=other").status_code == 403
    assert asked.get("/calls?tenant=other").status_code == 403
    trace = shared_store.query_rows("SELECT lower(hex(trace_id)) AS t FROM calls WHERE tenant = 'other' LIMIT 1")[0][
        "t"
    ]
    assert asked.get(f"/calls/{trace}").status_code == 404
    assert [asked.get(path).status_code for path in OF_ALL] == [403] * len(OF_ALL)


def test_whoever_may_only_read_is_shown_no_buttons_and_cannot_act(shared_store: Store, opened: Opened) -> None:
    world = World(shared_store)
    world.past()
    made = begin(client(shared_store, clock=world.clock))
    place = f"/migrations/{made['id']}"
    reading, operating = opened("read", clock=world.clock), opened("operate", clock=world.clock)
    assert "Roll back …" not in reading.get(place).text
    assert '<form method="post" action="/migrations' not in reading.get(f"{place}/roll-back").text
    token = _token(operating.get(f"{place}/roll-back").text)
    here = {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"}
    given = {"reason": "x", "csrf": token}
    own = {**given, "csrf": _token(reading.get("/migrations").text)}
    assert reading.post(f"{place}/roll-back", data=own, headers=here).status_code == 403
    away = {**here, "Sec-Fetch-Site": "cross-site"}
    assert operating.post(f"{place}/roll-back", data=given, headers=away).status_code == 403
    assert operating.post(f"{place}/roll-back", data={"reason": "x"}, headers=here).status_code == 403
    missing = operating.post(f"{place}/roll-back", data={"csrf": token, "reason": " "}, headers=here)
    assert missing.status_code == 422 and "reason" in missing.text
    assert last_decisions(shared_store, [made["id"]])[made["id"]].phase == "evaluation"
    done = operating.post(f"{place}/roll-back", data=given, headers=here, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, place)
    assert last_decisions(shared_store, [made["id"]])[made["id"]].phase == "rolled_back"
    again = operating.post(f"{place}/pause", data=given, headers=here)
    assert again.status_code == 409 and "It has ended" in again.text


def _token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    return found[1] if found else ""
