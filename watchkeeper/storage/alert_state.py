"""Table ``alert_state``: what the alerts service remembers, and which process works for it."""

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime

import pyarrow as pa

from watchkeeper.storage.client import Store


@dataclass(frozen=True, slots=True)
class AlertState:
    """One save. The one with the highest ``step`` counts; of two with the same step, the earlier."""

    owner: str
    step: int
    saved_by: str
    """The process; empty where it has ended and anybody may go on."""
    state: str
    """JSON."""
    saved_at: datetime


_SCHEMA: pa.Schema = pa.schema(
    [
        ("owner", pa.string()),
        ("step", pa.uint64()),
        ("saved_by", pa.string()),
        ("state", pa.string()),
        ("saved_at", pa.timestamp("us", tz="UTC")),
    ]
)
_COLUMNS = ", ".join(_SCHEMA.names)
_LATEST = f"SELECT {_COLUMNS} FROM alert_state WHERE owner = {{owner:String}} ORDER BY step DESC, saved_at LIMIT 1"
_HOLDER = "SELECT saved_by FROM alert_state WHERE owner = {owner:String} ORDER BY step DESC, saved_at LIMIT 1"


def save_alert_state(store: Store, saved: AlertState) -> None:
    """Keep ``saved``."""
    store.insert_arrow("alert_state", pa.Table.from_pylist([asdict(saved)], _SCHEMA), uuid.uuid4().hex)


def load_alert_state(store: Store, owner: str) -> AlertState | None:
    """The save that counts; None where there is none."""
    rows = store.query_rows(_LATEST, {"owner": owner})
    return AlertState(**rows[0]) if rows else None


def alert_state_holder(store: Store, owner: str) -> str | None:
    """Who saved last; None where nobody did."""
    rows = store.query_rows(_HOLDER, {"owner": owner})
    return str(rows[0]["saved_by"]) if rows else None
