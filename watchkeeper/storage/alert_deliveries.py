"""Table ``alert_deliveries``: every attempt to deliver a message, and how it ended."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

import pyarrow as pa

from watchkeeper.storage.client import Store

MOST_LISTED = 1_000


class Outcome(StrEnum):
    """How an attempt ended."""

    SENT = "sent"
    FAILED = "failed"
    """It is tried again."""
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt. It holds no secret and nothing of what was said in a call."""

    key: str
    """The same for all attempts of one message."""
    at: datetime
    outcome: Outcome
    attempt: int
    error: str
    channel: str
    case: str
    rule: str
    verdict: str
    severity: str
    title: str
    reason: str
    """Why the message was made."""
    events: tuple[str, ...]
    made_at: datetime


_MICROS = pa.timestamp("us", tz="UTC")
_SCHEMA: pa.Schema = pa.schema(
    [
        ("key", pa.string()),
        ("at", _MICROS),
        ("outcome", pa.string()),
        ("attempt", pa.uint32()),
        ("error", pa.string()),
        ("channel", pa.string()),
        ("case", pa.string()),
        ("rule", pa.string()),
        ("verdict", pa.string()),
        ("severity", pa.string()),
        ("title", pa.string()),
        ("reason", pa.string()),
        ("events", pa.list_(pa.string())),
        ("made_at", _MICROS),
    ]
)
_COLUMNS = ", ".join(f"`{name}`" for name in _SCHEMA.names)
_SETTLED = "SELECT DISTINCT key FROM alert_deliveries WHERE key IN {keys:Array(String)} AND outcome != 'failed'"
# Of each message the attempt that counts: the latest, and one that settled it before any other.
_LIST = f"""
SELECT {_COLUMNS}
FROM (SELECT * FROM alert_deliveries ORDER BY key, outcome = 'failed', at DESC LIMIT 1 BY key)
WHERE ({{event:String}} = '' OR has(events, {{event:String}}))
  AND ({{channel:String}} = '' OR channel = {{channel:String}})
ORDER BY at DESC, key
LIMIT {{limit:UInt32}}
"""


def log_deliveries(store: Store, rows: Sequence[Delivery]) -> None:
    """Append ``rows``."""
    made = [{**asdict(row), "outcome": row.outcome.value} for row in rows]
    store.insert_arrow("alert_deliveries", pa.Table.from_pylist(made, _SCHEMA), uuid.uuid4().hex)


def settled_keys(store: Store, keys: Collection[str]) -> set[str]:
    """Those of ``keys`` that were delivered or given up."""
    if not keys:
        return set()
    return {row["key"] for row in store.query_rows(_SETTLED, {"keys": sorted(keys)})}


def list_deliveries(store: Store, limit: int = 50, event: str = "", channel: str = "") -> list[Delivery]:
    """Messages, each as its latest attempt left it, the latest first (at most :data:`MOST_LISTED`)."""
    rows = store.query_rows(_LIST, {"limit": min(limit, MOST_LISTED), "event": event, "channel": channel})
    return [Delivery(**{**row, "outcome": Outcome(row["outcome"]), "events": tuple(row["events"])}) for row in rows]
