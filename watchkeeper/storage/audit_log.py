"""Table ``audit_log``: who changed what through the API, and how it ended."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from watchkeeper.storage.client import Store

MOST_LISTED = 10_000

AUDIT_SCHEMA: pa.Schema = pa.schema(
    [
        ("id", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("key_id", pa.string()),
        ("key_name", pa.string()),
        ("method", pa.string()),
        ("path", pa.string()),
        ("status", pa.uint16()),
        ("body_digest", pa.string()),
    ]
)
"""As it is written."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One write. ``id`` is its own; ``body_digest`` is the start of the body's SHA-256, empty without a body."""

    id: str
    at: datetime
    key_id: str
    key_name: str
    method: str
    path: str
    status: int
    body_digest: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to list: ``begin <= at < end`` (aware); an empty name is any."""

    begin: datetime
    end: datetime
    key_name: str = ""


def record_writes(store: Store, entries: Sequence[AuditEntry]) -> None:
    """Keep ``entries``; the same ones given again are kept once."""
    rows = [{name: getattr(entry, name) for name in AUDIT_SCHEMA.names} for entry in entries]
    token = str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(entry.id for entry in entries)))
    store.insert_arrow("audit_log", pa.Table.from_pylist(rows, AUDIT_SCHEMA), token)


def list_writes(store: Store, chosen: AuditFilter, limit: int = 100) -> list[AuditEntry]:
    """The newest ``limit`` entries that fit (at most :data:`MOST_LISTED`)."""
    parameters = {
        "begin": int(chosen.begin.timestamp() * 1_000_000),
        "end": int(chosen.end.timestamp() * 1_000_000),
        "key_name": chosen.key_name,
        "limit": min(limit, MOST_LISTED),
    }
    return [AuditEntry(**row) for row in store.query_rows(_LIST, parameters)]


_LIST = """
SELECT id, at, key_id, key_name, method, path, status, body_digest
FROM audit_log
WHERE at >= fromUnixTimestamp64Micro({begin:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({end:Int64}, 'UTC')
  AND ({key_name:String} = '' OR key_name = {key_name:String})
ORDER BY at DESC, id
LIMIT {limit:UInt32}
"""
