"""Table ``alert_mutes``: mutes that people set and lifted."""

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import pyarrow as pa

from watchkeeper.storage.client import Store

MOST_MUTES = 1_000


@dataclass(frozen=True, slots=True)
class StoredMute:
    """A mute as somebody set it, or the word that it is lifted."""

    id: str
    mute: str
    """JSON, as the alerts service reads it."""
    until: datetime | None
    """None: as its hours say, for ever."""
    by: str
    at: datetime
    lifted: bool = False


_SCHEMA: pa.Schema = pa.schema(
    [
        ("id", pa.string()),
        ("lifted", pa.bool_()),
        ("mute", pa.string()),
        ("until", pa.timestamp("us", tz="UTC")),
        ("by", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
    ]
)
_NOT_LIFTED = "id NOT IN (SELECT id FROM alert_mutes WHERE lifted)"
_STANDING = f"""
SELECT id, lifted, mute, until, by, at FROM alert_mutes
WHERE NOT lifted AND {_NOT_LIFTED} AND (until IS NULL OR until > fromUnixTimestamp64Micro({{now:Int64}}, 'UTC'))
ORDER BY at DESC, id
LIMIT 1 BY id
LIMIT {MOST_MUTES}
"""


def save_mute(store: Store, mute: StoredMute) -> None:
    """Store ``mute``."""
    store.insert_arrow("alert_mutes", pa.Table.from_pylist([asdict(mute)], _SCHEMA), uuid.uuid4().hex)


def lift_mute(store: Store, mute_id: str, by: str, at: datetime) -> bool:
    """Lift it; false where none of that id stands."""
    standing = next((mute for mute in standing_mutes(store, at) if mute.id == mute_id), None)
    if standing is None:
        return False
    save_mute(store, replace(standing, lifted=True, by=by, at=at))
    return True


def standing_mutes(store: Store, now: datetime) -> list[StoredMute]:
    """Those that are or will be in force and were not lifted, the latest first (at most :data:`MOST_MUTES`)."""
    rows = store.query_rows(_STANDING, {"now": round(now.timestamp() * 1_000_000)})
    return [StoredMute(**row) for row in rows]
