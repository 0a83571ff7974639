"""The keys in memory: found without a query, gone soon after they are revoked, kept while the store is away."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchkeeper.clock import ManualClock, SystemClock
from watchkeeper.errors import StoreUnavailable
from watchkeeper.storage import key_ring
from watchkeeper.storage.api_keys import CreatedKey, NewKey, create_key, list_keys, revoke_key
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_ring import MOST_STALE_S, KeyRing

pytestmark = pytest.mark.clickhouse

NOW = datetime(2026, 5, 1, 12, 34, 56, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def make(store: Store, name: str = "a", days: int = 9) -> CreatedKey:
    return create_key(store, NewKey(name, ("read",), (), NOW + timedelta(days=days)), NOW, secrets.token_bytes)


def away(*_: Any, **__: Any) -> Any:
    raise StoreUnavailable("the store did not answer")


def test_a_key_is_found_by_its_text_and_by_no_other(shared_store: Store, clock: ManualClock) -> None:
    made, other = make(shared_store), make(shared_store, "b")
    ring = KeyRing(shared_store, clock)
    ring.refresh()
    assert ring.find(made.text.encode()) == made.key
    mixed = f"wk_{made.key.id}_{other.text.rpartition(other.key.id + '_')[2]}"
    for wrong in (mixed, made.text + "x", made.text.upper(), f"wk_{'0' * 12}_{'a' * 43}", ""):
        assert ring.find(wrong.encode()) is None


def test_finding_asks_the_store_nothing(
    shared_store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(shared_store)
    ring = KeyRing(shared_store, clock)
    ring.refresh()
    monkeypatch.setattr(Store, "query_rows", away)
    assert ring.find(made.text.encode()) == made.key


def test_an_end_counts_at_once_and_a_revocation_from_the_next_reading_on(
    shared_store: Store, clock: ManualClock
) -> None:
    short, long = make(shared_store, "short", days=1), make(shared_store, "long")
    ring = KeyRing(shared_store, clock)
    ring.refresh()
    revoke_key(shared_store, "long", NOW)
    assert ring.find(long.text.encode()) is not None
    ring.refresh()
    assert ring.find(long.text.encode()) is None
    assert ring.find(short.text.encode()) is not None
    clock.sleep(86_400)
    ring.refresh()
    assert ring.find(short.text.encode()) is None
    assert ring.is_empty()


def test_it_reads_anew_by_itself(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_ring, "REFRESH_S", 0.01)
    system = SystemClock()
    ring = KeyRing(shared_store, system)
    ring.start()
    try:
        assert ring.is_empty()
        key = create_key(shared_store, NewKey("a", ("read",)), system.now(), secrets.token_bytes)
        deadline = system.monotonic() + 20
        while ring.find(key.text.encode()) is None:
            assert system.monotonic() < deadline
            system.sleep(0.01)
    finally:
        ring.stop()
        ring.stop()


def test_while_the_store_is_away_the_keys_known_last_open_for_a_while(
    shared_store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(shared_store)
    ring = KeyRing(shared_store, clock)
    ring.refresh()
    monkeypatch.setattr(shared_store, "query_rows", away)
    with pytest.raises(StoreUnavailable):
        ring.refresh()
    clock.sleep(MOST_STALE_S)
    assert ring.find(made.text.encode()) == made.key
    clock.sleep(1)
    for asked in (lambda: ring.find(made.text.encode()), ring.is_empty):
        with pytest.raises(StoreUnavailable, match="the keys cannot be checked"):
            asked()
    assert ring.find(b"no key at all") is None


def test_a_store_that_is_away_at_the_start_is_no_reason_not_to_start(
    shared_store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_store, "query_rows", away)
    ring = KeyRing(shared_store, clock)
    ring.start()
    ring.stop()
    with pytest.raises(StoreUnavailable):
        ring.is_empty()


def test_uses_are_noted_to_the_hour_and_once(shared_store: Store, clock: ManualClock) -> None:
    made = make(shared_store)
    ring = KeyRing(shared_store, clock)
    ring.refresh()
    for _ in range(3):
        ring.find(made.text.encode())
        ring.refresh()
    assert shared_store.query_rows("SELECT count() AS rows FROM api_keys FINAL") == [{"rows": 1}]
    (key,) = list_keys(shared_store, NOW)
    assert key.used_at == NOW.replace(minute=0, second=0)
    clock.sleep(3600)
    ring.refresh()
    ring.find(made.text.encode())
    ring.refresh()
    (key,) = list_keys(shared_store, NOW)
    assert key.used_at == NOW.replace(hour=13, minute=0, second=0)
