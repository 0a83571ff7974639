"""Who is guarded against whom, from settings and keys."""

import secrets
from datetime import UTC, datetime
from typing import Any

import pytest

from api.access import Scope
from watchkeeper.cli import guarding
from watchkeeper.clock import ManualClock
from watchkeeper.errors import ConfigError, StoreUnavailable
from watchkeeper.settings import Settings
from watchkeeper.storage.api_keys import NewKey, create_key
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

NOW = datetime(2026, 5, 1, tzinfo=UTC)
FAR: dict[str, Any] = {"host": "0.0.0.0"}


def settings(**given: Any) -> Settings:
    return Settings(**given)


@pytest.mark.parametrize(
    ("given", "guarded"),
    [
        ({}, False),
        ({"host": "localhost"}, False),
        ({"auth": "required"}, True),
        ({"tokens": ("one",)}, True),
        (FAR, True),
        ({"host": "watchkeeper.example"}, True),
    ],
)
def test_all_but_loopback_without_tokens_is_guarded(given: dict[str, Any], guarded: bool) -> None:
    assert guarding.is_guarded(settings(**given)) is guarded


@pytest.mark.parametrize("given", [FAR, {"auth": "required"}])
def test_where_nobody_could_come_in_nothing_starts(shared_store: Store, given: dict[str, Any]) -> None:
    with (
        pytest.raises(ConfigError, match="watchkeeper keys create NAME --scope read"),
        guarding.key_ring(settings(**given), shared_store, ManualClock(NOW)),
    ):
        pass


@pytest.mark.parametrize("given", [{}, {**FAR, "tokens": ("one",)}])
def test_loopback_or_tokens_need_no_key(shared_store: Store, given: dict[str, Any]) -> None:
    with guarding.key_ring(settings(**given), shared_store, ManualClock(NOW)) as ring:
        assert ring.is_empty()


def test_one_key_suffices(shared_store: Store) -> None:
    create_key(shared_store, NewKey("a", ("read",)), NOW, secrets.token_bytes)
    with guarding.key_ring(settings(**FAR), shared_store, ManualClock(NOW)) as ring:
        assert not ring.is_empty()


def test_a_store_that_is_away_keeps_the_doors_shut_and_the_process_running(
    shared_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise StoreUnavailable("the store did not answer")

    monkeypatch.setattr(shared_store, "query_rows", away)
    with guarding.key_ring(settings(**FAR), shared_store, ManualClock(NOW)) as ring:
        admit = guarding.admit(settings(**FAR), ring)
        assert admit is not None
        with pytest.raises(StoreUnavailable):
            admit(f"Bearer wk_{'0' * 12}_{'a' * 43}".encode())


@pytest.mark.parametrize(
    ("scope", "admitted"), [("ingest", True), ("admin", True), ("operate", False), ("read", False)]
)
def test_keys_that_may_send_are_admitted_at_the_receivers(shared_store: Store, scope: str, admitted: bool) -> None:
    made = create_key(shared_store, NewKey("a", (str(Scope(scope)),)), NOW, secrets.token_bytes)
    with guarding.key_ring(settings(**FAR), shared_store, ManualClock(NOW)) as ring:
        admit = guarding.admit(settings(**FAR), ring)
        assert admit is not None
        assert admit(f"Bearer {made.text}".encode()) is admitted
        assert not admit(b"Bearer nothing")
        assert not admit(b"")
        assert guarding.admit(settings(), ring) is None


def test_settings_reach_the_walls() -> None:
    given = settings(
        api_rate_per_s=2.0,
        api_failures_per_minute=30.0,
        api_timeout_s=8.0,
        api_write_timeout_s=60.0,
        api_max_body_bytes=2_048,
        api_query_memory_bytes=2**27,
        api_max_days=10,
        api_max_groups=1,
        api_max_rows=5,
    )
    walls, bounds, limits = guarding.walls(given), guarding.bounds(given), guarding.query_limits(given)
    assert (walls.rates.key.per_s, walls.rates.key.burst) == (2.0, 8.0)
    assert (walls.rates.failures.per_s, walls.rates.failures.burst) == (0.5, 30.0)
    assert (walls.times.read_s, walls.times.write_s, walls.max_body_bytes) == (8.0, 60.0, 2_048)
    assert (bounds.max_days, bounds.max_groups, bounds.max_rows) == (10, 1, 5)
    # The query ends before its request does.
    assert (limits.seconds, limits.memory_bytes) == (4.0, 2**27)
    assert guarding.query_limits(settings(api_timeout_s=60.0)).seconds == 55.0
