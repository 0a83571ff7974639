"""``/v1/keys`` and ``/v1/audit``: keys are made, shown, rotated and revoked, and all of that is in the log."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.auth import Access
from tests.api.client import NOW, client, problem
from watchkeeper.clock import ManualClock
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_ring import KeyRing

pytestmark = pytest.mark.clickhouse

ADMIN = {"Authorization": "Bearer root"}
READER = {"name": "grafana", "scopes": ["read"]}


@pytest.fixture
def api(shared_store: Store) -> TestClient:
    """An API whose keys are checked."""
    ring = KeyRing(shared_store, ManualClock(NOW))
    ring.refresh()
    return client(shared_store, access=Access(tokens=("root",), keys=ring))


def make(api: TestClient, **wanted: Any) -> Any:
    answer = api.post("/v1/keys", json={**READER, **wanted}, headers=ADMIN)
    assert answer.status_code == 201, answer.text
    return answer.json()


def status(api: TestClient, secret: str) -> int:
    return api.get("/v1/summary", headers={"Authorization": f"Bearer {secret}"}).status_code


def test_a_new_key_opens_at_once_and_its_secret_is_shown_once(api: TestClient) -> None:
    made = make(api, expires_at="2026-08-01T00:00:00Z")
    assert made["secret"].startswith(f"wk_{made['key']['id']}_")
    assert status(api, made["secret"]) == 200
    (listed,) = api.get("/v1/keys", headers=ADMIN).json()
    assert listed == {
        "id": made["key"]["id"],
        "name": "grafana",
        "state": "live",
        "scopes": ["read"],
        "tenants": [],
        "created_at": "2026-05-28T21:00:00Z",
        "expires_at": "2026-08-01T00:00:00Z",
        "revoked_at": None,
        "used_at": None,
    }
    assert made["secret"].rpartition("_")[2] not in api.get("/v1/keys", headers=ADMIN).text


def test_a_rotated_key_opens_beside_its_successor_for_a_while(api: TestClient) -> None:
    before = make(api)
    after = api.post("/v1/keys/grafana/rotate", json={"overlap_s": 60}, headers=ADMIN).json()
    assert [status(api, one["secret"]) for one in (before, after)] == [200, 200]
    at_once = api.post("/v1/keys/grafana/rotate", json={"overlap_s": 0}, headers=ADMIN).json()
    assert [status(api, one["secret"]) for one in (before, after, at_once)] == [401, 401, 200]
    assert [key["state"] for key in api.get("/v1/keys", headers=ADMIN).json()].count("expired") == 2


def test_a_revoked_key_is_refused_at_once(api: TestClient) -> None:
    made = make(api)
    assert api.post("/v1/keys/grafana/revoke", headers=ADMIN).json() == {"revoked": 1}
    assert status(api, made["secret"]) == 401
    assert [key["state"] for key in api.get("/v1/keys", headers=ADMIN).json()] == ["revoked"]
    assert "no live key" in problem(api.post("/v1/keys/grafana/revoke", headers=ADMIN), 400)["detail"]


def test_only_an_admin_makes_keys(api: TestClient) -> None:
    operator = {"Authorization": f"Bearer {make(api, scopes=['operate'])['secret']}"}
    problem(api.post("/v1/keys", json=READER, headers=operator), 403)
    problem(api.get("/v1/keys", headers=operator), 403)
    problem(api.get("/v1/audit", headers=operator), 403)


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        ({"name": ""}, 422, "body.name"),
        ({"name": "a b"}, 400, "'a b' is no name for a key"),
        ({"scopes": []}, 422, "body.scopes"),
        ({"scopes": ["root"]}, 422, "body.scopes.0"),
        ({"tenants": [""]}, 422, "body.tenants.0"),
        ({"scopes": ["admin"], "tenants": ["acme"]}, 400, "admin keys see everything"),
        ({"expires_at": "2027-01-01T00:00:00"}, 422, "body.expires_at"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 400, "which has passed"),
    ],
)
def test_what_no_key_can_be_is_named(api: TestClient, wanted: dict[str, Any], status: int, said: str) -> None:
    assert said in problem(api.post("/v1/keys", json={**READER, **wanted}, headers=ADMIN), status)["detail"]


def test_the_log_names_who_made_and_revoked_what(api: TestClient) -> None:
    operator = {"Authorization": f"Bearer {make(api, name='ops', scopes=['operate'])['secret']}"}
    api.post("/v1/keys/ops/rotate", json={}, headers=operator)
    api.post("/v1/keys/ops/revoke", headers=ADMIN)
    found = api.get("/v1/audit", headers=ADMIN).json()
    assert {(entry["key_name"], entry["path"], entry["status"]) for entry in found} == {
        ("token 1", "/v1/keys", 201),
        ("ops", "/v1/keys/ops/rotate", 403),
        ("token 1", "/v1/keys/ops/revoke", 200),
    }
    (own,) = api.get("/v1/audit?key=ops", headers=ADMIN).json()
    assert own["key_id"] not in ("", "token-1")
    before = (NOW - timedelta(hours=1)).isoformat()
    assert api.get("/v1/audit", params={"end": before}, headers=ADMIN).json() == []
    assert len(api.get("/v1/audit", params={"limit": 1, "start": before}, headers=ADMIN).json()) == 1


def test_a_time_outside_the_calendar_is_named(api: TestClient) -> None:
    problem(api.get("/v1/audit?end=0001-01-01T00:00:00Z", headers=ADMIN), 422, "A parameter does not fit")
