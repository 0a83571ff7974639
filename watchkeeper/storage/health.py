"""What the store says of itself, for ``watchkeeper doctor`` and ``/readyz``."""

from dataclasses import dataclass
from datetime import datetime

from watchkeeper.storage.client import Store

OLDEST_SERVER = (25, 8)
"""First version of ClickHouse that all our statements run on."""


@dataclass(frozen=True, slots=True)
class TableHealth:
    """One table: how much is in it, and from how many parts a query has to read."""

    table: str
    rows: int
    bytes_on_disk: int
    parts: int
    most_parts_in_a_partition: int


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """The engine and our tables."""

    version: str
    now: datetime
    """The store's own clock."""
    tables: tuple[TableHealth, ...]
    oldest_call: datetime | None
    newest_call: datetime | None
    last_stored: datetime | None

    @property
    def version_supported(self) -> bool:
        major, minor = self.version.split(".")[:2]
        return (int(major), int(minor)) >= OLDEST_SERVER


_TABLES = """
SELECT table, sum(part_rows) AS rows, sum(part_bytes) AS bytes_on_disk, sum(active_parts) AS parts,
       max(active_parts) AS most_parts_in_a_partition
FROM (
  SELECT table, partition, sum(rows) AS part_rows, sum(bytes_on_disk) AS part_bytes, count() AS active_parts
  FROM system.parts WHERE database = currentDatabase() AND active
  GROUP BY table, partition
)
GROUP BY table ORDER BY table
"""
_CALLS = "SELECT count() AS calls, min(ts) AS oldest, max(ts) AS newest, max(ingested_at) AS stored FROM calls"


def engine_version(store: Store) -> str:
    """Version of ClickHouse; raises :class:`~watchkeeper.errors.StoreUnavailable` when it does not answer."""
    return str(store.query_rows("SELECT version() AS version")[0]["version"])


def store_health(store: Store) -> StoreHealth:
    """Everything at once; the database must be migrated."""
    engine = store.query_rows("SELECT version() AS version, now64(3) AS now")[0]
    calls = store.query_rows(_CALLS)[0]
    stored = bool(calls["calls"])
    return StoreHealth(
        version=engine["version"],
        now=engine["now"],
        tables=tuple(TableHealth(**row) for row in store.query_rows(_TABLES)),
        oldest_call=calls["oldest"] if stored else None,
        newest_call=calls["newest"] if stored else None,
        last_stored=calls["stored"] if stored else None,
    )
