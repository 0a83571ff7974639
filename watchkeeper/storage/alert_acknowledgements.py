"""Table ``alert_acknowledgements``: who looks after a notice, or after what the clock noticed."""

import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

import pyarrow as pa

from watchkeeper.storage.client import Store

MOST_ASKED = 1_000


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody says that they look after ``event``, as it stands at that time."""

    event: str
    at: datetime
    made_by: str
    comment: str


_SCHEMA: pa.Schema = pa.schema(
    [
        ("event", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("made_by", pa.string()),
        ("comment", pa.string()),
    ]
)
_LATEST = f"""
SELECT {", ".join(_SCHEMA.names)} FROM alert_acknowledgements
WHERE event IN {{events:Array(String)}}
ORDER BY event, at DESC, made_by LIMIT 1 BY event
"""


def save_acknowledgement(store: Store, made: Acknowledgement) -> None:
    """Append ``made``."""
    store.insert_arrow("alert_acknowledgements", pa.Table.from_pylist([asdict(made)], _SCHEMA), uuid.uuid4().hex)


def latest_acknowledgements(store: Store, events: Collection[str]) -> dict[str, Acknowledgement]:
    """The latest of each of ``events`` (the first :data:`MOST_ASKED` by name) that has one."""
    if not events:
        return {}
    rows = store.query_rows(_LATEST, {"events": sorted(events)[:MOST_ASKED]})
    return {row["event"]: Acknowledgement(**row) for row in rows}
