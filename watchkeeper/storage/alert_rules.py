"""Table ``alert_rules``: rules that were set through the API, every version; the newest counts."""

from dataclasses import asdict, dataclass
from datetime import datetime

import pyarrow as pa

from watchkeeper.storage.client import Store

MOST_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class AlertRules:
    """One version."""

    version: int
    """1 for the first; the writer gives the former one + 1."""
    rules: str
    """JSON, as the alerts service reads it."""
    changed_by: str
    changed_at: datetime


_SCHEMA: pa.Schema = pa.schema(
    [
        ("version", pa.uint32()),
        ("rules", pa.string()),
        ("changed_by", pa.string()),
        ("changed_at", pa.timestamp("us", tz="UTC")),
    ]
)
_COLUMNS = ", ".join(_SCHEMA.names)
# The first of a version counts, for every reader alike.
_FIRST = "ORDER BY version DESC, stored_at, changed_at, changed_by LIMIT 1 BY version"
_NEWEST = f"SELECT {_COLUMNS} FROM alert_rules {_FIRST} LIMIT 1"
_ONE = f"SELECT {_COLUMNS} FROM alert_rules WHERE version = {{version:UInt32}} {_FIRST}"
_ALL = f"SELECT {_COLUMNS} FROM alert_rules {_FIRST} LIMIT {MOST_LISTED}"
_NUMBER = "SELECT max(version) AS version FROM alert_rules"


def newest_rules(store: Store) -> AlertRules | None:
    """Those that count; None where none were ever set."""
    found = store.query_rows(_NEWEST)
    return AlertRules(**found[0]) if found else None


def newest_version(store: Store) -> int:
    """The number of those that count; 0 where none were ever set."""
    return int(store.query_rows(_NUMBER)[0]["version"])


def save_rules(store: Store, rules: AlertRules) -> bool:
    """Store one version; false where somebody stored this version before, whose rules count then."""
    table = pa.Table.from_pylist([asdict(rules)], _SCHEMA)
    store.insert_arrow("alert_rules", table, f"alert_rules:{rules.version}")
    found = store.query_rows(_ONE, {"version": rules.version})
    return bool(found) and AlertRules(**found[0]) == rules


def rules_history(store: Store) -> list[AlertRules]:
    """All versions, the newest first (at most :data:`MOST_LISTED`)."""
    return [AlertRules(**row) for row in store.query_rows(_ALL)]
