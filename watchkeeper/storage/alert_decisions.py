"""Table ``alert_decisions``: what the alerts service decided about a case and a channel, each change of mind once."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import pyarrow as pa

from watchkeeper.storage.client import Store

MOST_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision; ``channel`` is empty where no rule fits."""

    at: datetime
    case: str
    events: tuple[str, ...]
    channel: str
    rule: str
    verdict: str
    reason: str
    until: datetime | None
    """When time alone may change it."""


_MICROS = pa.timestamp("us", tz="UTC")
_SCHEMA: pa.Schema = pa.schema(
    [
        ("at", _MICROS),
        ("case", pa.string()),
        ("events", pa.list_(pa.string())),
        ("channel", pa.string()),
        ("rule", pa.string()),
        ("verdict", pa.string()),
        ("reason", pa.string()),
        ("until", _MICROS),
    ]
)
_OF = f"""
SELECT {", ".join(f"`{name}`" for name in _SCHEMA.names)}
FROM alert_decisions
WHERE has(events, {{event:String}})
ORDER BY at DESC, channel
LIMIT {MOST_LISTED}
"""


def log_decisions(store: Store, rows: Sequence[DecisionRow]) -> None:
    """Append ``rows``."""
    store.insert_arrow(
        "alert_decisions", pa.Table.from_pylist([asdict(row) for row in rows], _SCHEMA), uuid.uuid4().hex
    )


def decisions_about(store: Store, event: str) -> list[DecisionRow]:
    """Those about one event, in the order they were made; the latest :data:`MOST_LISTED`."""
    rows = store.query_rows(_OF, {"event": event})
    return [DecisionRow(**{**row, "events": tuple(row["events"])}) for row in reversed(rows)]
