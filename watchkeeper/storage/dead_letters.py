"""Table ``dead_letters``: messages that could not be read, byte for byte, until they are replayed or expire."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import pyarrow as pa

from watchkeeper.storage.client import Store

MOST_LISTED = 10_000
_NAMESPACE = UUID("6f1f4c1e-53d6-5c0e-9a53-0f6d1f1f8f5c")

DEAD_LETTERS_SCHEMA: pa.Schema = pa.schema(
    [
        ("id", pa.string()),
        ("revision", pa.uint32()),
        ("source", pa.string()),
        ("partition", pa.uint16()),
        ("offset", pa.uint64()),
        ("signal", pa.string()),
        ("encoding", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("body", pa.binary()),
        ("received_at", pa.timestamp("us", tz="UTC")),
        ("stored_at", pa.timestamp("us", tz="UTC")),
        ("replayed_at", pa.timestamp("us", tz="UTC")),
    ]
)
"""As it is written. The same message from the same place has the same ``id``; ``revision`` is 0 at first."""


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A message that could not be read, where it came from and why, on its way into the table."""

    source: str
    partition: int
    offset: int
    signal: str
    encoding: str
    reason: str
    detail: str
    body: bytes
    received_at_us: int
    """Unix time in microseconds; 0: not known."""

    @property
    def id(self) -> UUID:
        """The same message has the same id, however often it comes."""
        return uuid5(_NAMESPACE, f"{self.source}/{self.partition}/{self.offset}")


def letters_table(letters: Sequence[NewLetter], now_us: int) -> pa.Table:
    """``letters`` as they are inserted, stored at ``now_us`` (Unix time in microseconds)."""
    rows = [
        {
            **{name: getattr(letter, name) for name in NewLetter.__slots__ if name != "received_at_us"},
            "id": str(letter.id),
            "revision": 0,
            "received_at": letter.received_at_us or now_us,
            "stored_at": now_us,
        }
        for letter in letters
    ]
    return pa.Table.from_pylist(rows, DEAD_LETTERS_SCHEMA)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message that could not be read, where it came from and why."""

    id: UUID
    source: str
    partition: int
    offset: int
    signal: str
    encoding: str
    reason: str
    detail: str
    size: int
    """Bytes of the message."""
    received_at: datetime
    stored_at: datetime
    replayed_at: datetime | None
    body: bytes = b""
    """The message itself; empty in a listing."""


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """Which dead letters to list; what is empty does not restrict."""

    reason: str = ""
    source: str = ""
    since_us: int = 0
    """Received at this Unix time in microseconds, or later."""
    waiting_only: bool = False
    """Leave out those that were replayed."""


_SHOWN = (
    "id, source, partition, offset, signal, encoding, reason, detail, length(body) AS size, received_at, stored_at, "
    "replayed_at"
)
_LIST = f"""
SELECT {_SHOWN}
FROM dead_letters FINAL
WHERE ({{reason:String}} = '' OR reason = {{reason:String}})
  AND ({{source:String}} = '' OR source = {{source:String}})
  AND received_at >= fromUnixTimestamp64Micro({{since_us:Int64}}, 'UTC')
  AND (NOT {{waiting_only:Bool}} OR replayed_at IS NULL)
ORDER BY received_at DESC, id
LIMIT {{limit:UInt32}}
"""
_GET = f"SELECT {_SHOWN}, base64Encode(body) AS encoded FROM dead_letters FINAL WHERE id = {{id:UUID}}"
_MARK = """
INSERT INTO dead_letters SETTINGS async_insert = 0
SELECT * REPLACE (revision + 1 AS revision, fromUnixTimestamp64Micro({at_us:Int64}, 'UTC') AS replayed_at)
FROM dead_letters FINAL WHERE id IN {ids:Array(UUID)}
"""
_WAITING = """
SELECT reason, count() AS letters
FROM dead_letters FINAL
WHERE replayed_at IS NULL
GROUP BY reason
ORDER BY letters DESC
"""


def list_dead_letters(store: Store, chosen: DeadLetterFilter, limit: int = 100) -> list[DeadLetter]:
    """The newest ``limit`` letters that fit (at most :data:`MOST_LISTED`), without their bytes."""
    parameters = {
        "reason": chosen.reason,
        "source": chosen.source,
        "since_us": chosen.since_us,
        "waiting_only": chosen.waiting_only,
        "limit": min(limit, MOST_LISTED),
    }
    return [_letter(row) for row in store.query_rows(_LIST, parameters)]


def get_dead_letter(store: Store, letter_id: UUID) -> DeadLetter | None:
    """One letter with its bytes, or None."""
    rows = store.query_rows(_GET, {"id": str(letter_id)})
    return _letter(rows[0]) if rows else None


def mark_replayed(store: Store, letter_ids: Sequence[UUID], at: datetime) -> None:
    """Remember that these letters were sent again. Marking once more changes only the time."""
    at_us = int(at.timestamp() * 1_000_000)
    store.command(_MARK, {"ids": [str(letter_id) for letter_id in letter_ids], "at_us": at_us})


def waiting_dead_letters(store: Store) -> dict[str, int]:
    """How many letters were not replayed, by reason."""
    return {row["reason"]: row["letters"] for row in store.query_rows(_WAITING)}


def _letter(row: Mapping[str, Any]) -> DeadLetter:
    values = dict(row)
    return DeadLetter(body=b64decode(values.pop("encoded", "")), **values)
