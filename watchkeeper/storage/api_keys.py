"""Table ``api_keys``: who may ask the API and send calls. A key is only ever narrowed: an earlier end, a revocation."""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from watchkeeper.errors import ConfigError
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_secret import Entropy, new_secret

MOST_LIVE = 1_000
MOST_LISTED = 10_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_MICROS = pa.timestamp("us", tz="UTC")

API_KEYS_SCHEMA: pa.Schema = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "name", "salt", "hash", "scopes", "tenants")),
        *((name, _MICROS) for name in ("created_at", "expires_at", "revoked_at", "used_at")),
    ]
)
"""As it is written; ``scopes`` and ``tenants`` are lists in JSON."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is to be. No ``tenants``: all of them; no ``expires_at``: it does not end by itself."""

    name: str
    scopes: tuple[str, ...]
    tenants: tuple[str, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. ``used_at`` is exact to an hour."""

    id: str
    name: str
    salt: str = field(repr=False)
    hash: str = field(repr=False)
    scopes: tuple[str, ...]
    tenants: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Does it open anything at ``now``?"""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A key and its secret ``text``, which nobody sees again."""

    key: ApiKey
    text: str = field(repr=False)


def create_key(store: Store, wanted: NewKey, now: datetime, entropy: Entropy) -> CreatedKey:
    """Write a new key.

    Raises :class:`~watchkeeper.errors.ConfigError` for a name that is none or is taken by a live key, an end that has
    passed, tenants that cannot be kept to, and when there are :data:`MOST_LIVE` keys.
    """
    _check(wanted, now)
    live = list_keys(store, now, live_only=True)
    if any(key.name == wanted.name for key in live):
        raise ConfigError(f"there is a key named {wanted.name}: rotate or revoke it, or choose another name")
    if len(live) >= MOST_LIVE:
        raise ConfigError(f"there are {len(live):,} keys, the most there may be: revoke some that nobody uses")
    return _write_new(store, wanted, now, entropy)


def rotate_key(store: Store, name: str, overlap: timedelta, now: datetime, entropy: Entropy) -> CreatedKey:
    """A successor with the same name and rights, for as long as its forerunner; the keys before end after ``overlap``.

    Raises :class:`~watchkeeper.errors.ConfigError` when no live key has that name.
    """
    before = _named(store, name, now)
    newest = max(before, key=lambda key: (key.created_at, key.id))
    end = newest.expires_at and now + (newest.expires_at - newest.created_at)
    made = _write_new(store, NewKey(name, newest.scopes, newest.tenants, end), now, entropy)
    _write(store, [replace(key, expires_at=min(now + overlap, key.expires_at or now + overlap)) for key in before])
    return made


def revoke_key(store: Store, name: str, now: datetime) -> int:
    """End every live key of that name at once; how many there were.

    Raises :class:`~watchkeeper.errors.ConfigError` when there was none.
    """
    found = _named(store, name, now)
    _write(store, [replace(key, revoked_at=now) for key in found])
    return len(found)


def note_uses(store: Store, used: Mapping[ApiKey, datetime]) -> None:
    """Remember when keys were last used."""
    _write(store, [replace(key, used_at=at) for key, at in used.items()])


def list_keys(store: Store, now: datetime, *, live_only: bool = False) -> list[ApiKey]:
    """Keys, the newest first, at most :data:`MOST_LISTED`."""
    parameters = {"live_only": live_only, "now_us": int(now.timestamp() * 1_000_000), "limit": MOST_LISTED}
    return [_key(row) for row in store.query_rows(_LIST, parameters)]


_LIST = """
SELECT
  id, any(k.name) AS name, any(k.salt) AS salt, any(k.hash) AS hash, any(k.scopes) AS scopes,
  any(k.tenants) AS tenants, min(k.created_at) AS created_at, min(k.expires_at) AS expires_at,
  min(k.revoked_at) AS revoked_at, max(k.used_at) AS used_at
FROM api_keys AS k
GROUP BY id
HAVING NOT {live_only:Bool} OR (
  revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > fromUnixTimestamp64Micro({now_us:Int64}, 'UTC'))
)
ORDER BY created_at DESC, id
LIMIT {limit:UInt32}
"""


def _check(wanted: NewKey, now: datetime) -> None:
    if not _NAME.fullmatch(wanted.name):
        raise ConfigError(f"{wanted.name[:80]!r} is no name for a key: up to 64 letters, digits and . _ @ -")
    if not wanted.scopes:
        raise ConfigError("a key needs a scope: read, ingest, operate or admin")
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise ConfigError(
            f"the key would end on {wanted.expires_at.isoformat()}, which has passed: choose a later time"
        )
    if wanted.tenants and {"admin", "ingest"} & set(wanted.scopes):
        raise ConfigError(
            "only keys with the scopes read and operate can be bound to tenants: admin keys see everything, and "
            "calls name their tenant themselves"
        )


def _named(store: Store, name: str, now: datetime) -> list[ApiKey]:
    found = [key for key in list_keys(store, now, live_only=True) if key.name == name]
    if not found:
        raise ConfigError(f"no live key is named {name[:80]!r}; 'watchkeeper keys list' shows all")
    return found


def _write_new(store: Store, wanted: NewKey, now: datetime, entropy: Entropy) -> CreatedKey:
    secret = new_secret(entropy)
    scopes, tenants = tuple(dict.fromkeys(wanted.scopes)), tuple(dict.fromkeys(wanted.tenants))
    key = ApiKey(secret.id, wanted.name, secret.salt, secret.hash, scopes, tenants, now, wanted.expires_at)
    _write(store, [key])
    return CreatedKey(key, secret.text)


def _write(store: Store, keys: Sequence[ApiKey]) -> None:
    rows = [
        {
            **{name: getattr(key, name) for name in API_KEYS_SCHEMA.names},
            "scopes": json.dumps(key.scopes),
            "tenants": json.dumps(key.tenants),
        }
        for key in keys
    ]
    # Written twice is as good as once, so that no token needs to be known again.
    store.insert_arrow("api_keys", pa.Table.from_pylist(rows, API_KEYS_SCHEMA), uuid.uuid4().hex)


def _key(row: Mapping[str, Any]) -> ApiKey:
    return ApiKey(**{**row, "scopes": tuple(json.loads(row["scopes"])), "tenants": tuple(json.loads(row["tenants"]))})
