"""The API over a real store, spoken to through FastAPI's test client."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import ApiParts, create_app
from api.auth import Access
from watchkeeper.clock import ManualClock
from watchkeeper.storage.api_keys import NewKey, create_key
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_ring import KeyRing
from watchkeeper.telemetry import Metrics

NOW = datetime(2026, 5, 28, 21, tzinfo=UTC)
"""Half an hour after the first of ``call_rows``."""
PROBLEM = "application/problem+json"

Connect = Callable[..., TestClient]


def client(store: Store, **parts: Any) -> TestClient:
    """A client of an API whose clock stands at :data:`NOW`."""
    given = ApiParts(store, Metrics(), ManualClock(NOW), checks=dict)
    if "tokens" in parts:
        parts["access"] = Access(tokens=parts.pop("tokens"))
    return TestClient(create_app(replace(given, **parts)), "http://127.0.0.1", raise_server_exceptions=False)


def of_tenant(store: Store, tenant: str, **parts: Any) -> TestClient:
    """The same, asked with a key that sees the calls of one tenant."""
    clock = ManualClock(NOW)
    made = create_key(store, NewKey(f"of-{tenant}", ("read",), (tenant,)), NOW, secrets.token_bytes)
    ring = KeyRing(store, clock)
    ring.refresh()
    asked = client(store, clock=clock, access=Access(keys=ring), **parts)
    asked.headers["Authorization"] = f"Bearer {made.text}"
    return asked


def problem(response: Any, status: int, title: str = "") -> Mapping[str, Any]:
    """The problem document of ``response``, whose shape is checked."""
    assert (response.status_code, response.headers["content-type"]) == (status, PROBLEM)
    document: dict[str, Any] = response.json()
    assert sorted(document) == ["detail", "status", "title", "type"]
    assert (document["type"], document["status"]) == ("about:blank", status)
    assert document["title"] == title if title else document["title"]
    return document


@pytest.fixture
def api(shared_store: Store) -> TestClient:
    """An API without tokens over an empty store."""
    return client(shared_store)
