"""Table ``api_keys``: made, rotated, revoked; only a hash is kept."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.errors import ConfigError
from watchkeeper.storage import api_keys
from watchkeeper.storage.api_keys import (
    ApiKey,
    CreatedKey,
    NewKey,
    create_key,
    list_keys,
    note_uses,
    revoke_key,
    rotate_key,
)
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_secret import fits, new_secret, split

pytestmark = pytest.mark.clickhouse

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def make(store: Store, name: str = "grafana", now: datetime = NOW, **wanted: object) -> CreatedKey:
    fields = {"scopes": ("read",), **wanted}
    return create_key(store, NewKey(name, **fields), now, secrets.token_bytes)  # type: ignore[arg-type]


def test_a_secret_has_256_random_bits_and_only_its_hash_is_kept(shared_store: Store) -> None:
    drawn: list[int] = []

    def entropy(count: int) -> bytes:
        drawn.append(count)
        return secrets.token_bytes(count)

    made = create_key(shared_store, NewKey("a", ("read",)), NOW, entropy)
    assert sorted(drawn) == [6, 16, 32]
    parts = split(made.text.encode())
    assert parts is not None and parts[0] == made.key.id
    (row,) = shared_store.query_rows("SELECT * FROM api_keys")
    assert parts[1].decode() not in str(row)
    assert made.text not in repr(made) and made.key.hash not in repr(made)


def test_only_the_secret_itself_fits() -> None:
    one, other = new_secret(secrets.token_bytes), new_secret(secrets.token_bytes)
    key_id, secret = split(one.text.encode()) or ("", b"")
    assert key_id == one.id
    assert fits(secret, one.salt, one.hash)
    assert not fits(secret, other.salt, one.hash)
    assert not fits(secret[:-1] + b"!", one.salt, one.hash)
    assert not fits(secret)


@pytest.mark.parametrize("text", [b"", b"wk_", b"token", b"wk_0123456789ab_short", b"WK_0123456789ab_" + b"a" * 43])
def test_other_texts_are_no_keys(text: bytes) -> None:
    assert split(text) is None


def test_a_key_is_listed_as_it_was_made(shared_store: Store) -> None:
    made = make(shared_store, tenants=("acme", 'über, "quoted"'), expires_at=NOW + 90 * DAY)
    (found,) = list_keys(shared_store, NOW)
    assert found == made.key
    assert (found.tenants, found.expires_at) == (("acme", 'über, "quoted"'), NOW + 90 * DAY)
    assert found.is_live(NOW) and not found.is_live(NOW + 90 * DAY)


def test_a_name_belongs_to_one_live_key(shared_store: Store) -> None:
    make(shared_store, expires_at=NOW + DAY)
    with pytest.raises(ConfigError, match="there is a key named grafana: rotate or revoke it"):
        make(shared_store)
    make(shared_store, now=NOW + 2 * DAY)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (NewKey("no spaces", ("read",)), "'no spaces' is no name for a key"),
        (NewKey("a" * 65, ("read",)), "is no name for a key"),
        (NewKey("a", ()), "a key needs a scope"),
        (NewKey("a", ("read",), expires_at=NOW), "which has passed"),
        (NewKey("a", ("read", "admin"), ("acme",)), "only keys with the scopes read and operate"),
        (NewKey("a", ("ingest",), ("acme",)), "calls name their tenant themselves"),
    ],
)
def test_what_cannot_be_kept_to_is_refused_with_a_sentence(shared_store: Store, wanted: NewKey, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        create_key(shared_store, wanted, NOW, secrets.token_bytes)
    assert list_keys(shared_store, NOW) == []


def test_there_are_only_so_many_keys(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "MOST_LIVE", 2)
    make(shared_store, "a")
    make(shared_store, "b", expires_at=NOW + DAY)
    with pytest.raises(ConfigError, match="there are 2 keys"):
        make(shared_store, "c")
    make(shared_store, "c", now=NOW + DAY)


def test_a_successor_has_the_same_rights_for_as_long_and_the_key_before_ends(shared_store: Store) -> None:
    before = make(shared_store, scopes=("operate",), tenants=("acme",), expires_at=NOW + 90 * DAY)
    later = NOW + 80 * DAY
    after = rotate_key(shared_store, "grafana", DAY, later, secrets.token_bytes)
    assert (after.key.scopes, after.key.tenants) == (("operate",), ("acme",))
    assert after.key.expires_at == later + 90 * DAY
    ends = {key.id: key.expires_at for key in list_keys(shared_store, later, live_only=True)}
    assert ends == {before.key.id: later + DAY, after.key.id: later + 90 * DAY}


def test_no_rotation_makes_a_key_live_longer(shared_store: Store) -> None:
    before = make(shared_store, expires_at=NOW + DAY)
    rotate_key(shared_store, "grafana", 30 * DAY, NOW, secrets.token_bytes)
    ends = {key.id: key.expires_at for key in list_keys(shared_store, NOW)}
    assert ends[before.key.id] == NOW + DAY


def test_revoking_ends_all_live_keys_of_a_name_for_good(shared_store: Store) -> None:
    before = make(shared_store)
    rotate_key(shared_store, "grafana", DAY, NOW, secrets.token_bytes)
    make(shared_store, "other")
    assert revoke_key(shared_store, "grafana", NOW + timedelta(hours=1)) == 2
    assert [key.name for key in list_keys(shared_store, NOW, live_only=True)] == ["other"]
    # What another process still held of it does not bring it back.
    note_uses(shared_store, {before.key: NOW + DAY})
    assert [key.name for key in list_keys(shared_store, NOW, live_only=True)] == ["other"]
    for change in (lambda: revoke_key(shared_store, "grafana", NOW), lambda: _rotate(shared_store)):
        with pytest.raises(ConfigError, match="no live key is named 'grafana'"):
            change()


def _rotate(store: Store) -> None:
    rotate_key(store, "grafana", DAY, NOW, secrets.token_bytes)


def test_changes_fold_whatever_their_order_and_after_merges(shared_store: Store) -> None:
    made = make(shared_store, expires_at=NOW + 9 * DAY).key
    note_uses(shared_store, {made: NOW + timedelta(hours=2)})
    note_uses(shared_store, {made: NOW + timedelta(hours=1)})
    revoke_key(shared_store, "grafana", NOW + DAY)
    expected = [replace(made, used_at=NOW + timedelta(hours=2), revoked_at=NOW + DAY)]
    assert list_keys(shared_store, NOW) == expected
    shared_store.command("OPTIMIZE TABLE api_keys FINAL")
    found: list[ApiKey] = list_keys(shared_store, NOW)
    assert found == expected
