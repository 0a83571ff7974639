"""Table ``alert_deliveries``: every attempt to deliver a message, and how it ended."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

import pyarrow as pa

from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import FOREVER_US

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
  AND ({{outcome:String}} = '' OR outcome = {{outcome:String}})
  AND ({{verdict:String}} = '' OR verdict = {{verdict:String}})
  AND ({{severity:String}} = '' OR severity = {{severity:String}})
  AND made_at >= fromUnixTimestamp64Micro({{since:Int64}}, 'UTC')
  AND made_at < fromUnixTimestamp64Micro({{until:Int64}}, 'UTC')
  AND (made_at, key) < (fromUnixTimestamp64Micro({{before:Int64}}, 'UTC'), {{before_key:String}})
ORDER BY made_at DESC, key DESC
LIMIT {{limit:UInt32}}
"""


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which messages to list: made in ``[since, until)`` (Unix microseconds); an empty word is any."""

    event: str = ""
    channel: str = ""
    outcome: str = ""
    verdict: str = ""
    severity: str = ""
    since: int = 0
    until: int = FOREVER_US
    before: int = FOREVER_US
    """With ``before_key`` the place where a page begins: behind this message."""
    before_key: str = ""


def log_deliveries(store: Store, rows: Sequence[Delivery]) -> None:
    """Append ``rows``."""
    made = [{**asdict(row), "outcome": row.outcome.value} for row in rows]
    store.insert_arrow("alert_deliveries", pa.Table.from_pylist(made, _SCHEMA), uuid.uuid4().hex)


def settled_keys(store: Store, keys: Collection[str]) -> set[str]:
    """Those of ``keys`` that were delivered or given up."""
    if not keys:
        return set()
    return {row["key"] for row in store.query_rows(_SETTLED, {"keys": sorted(keys)})}


def list_deliveries(store: Store, chosen: DeliveryFilter, limit: int = 50) -> list[Delivery]:
    """Messages, each as its latest attempt left it, those made last first (at most :data:`MOST_LISTED`)."""
    rows = store.query_rows(_LIST, {**asdict(chosen), "limit": min(limit, MOST_LISTED)})
    return [Delivery(**{**row, "outcome": Outcome(row["outcome"]), "events": tuple(row["events"])}) for row in rows]
