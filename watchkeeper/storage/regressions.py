"""Table ``regressions``: every transition of a regression or finding, once, as it was first reported."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from watchkeeper.storage.client import Store

TransitionKey = tuple[str, int]
"""``(id, seq)``: names a transition for good."""

MOST_LISTED = 10_000
FOREVER_US = 4_102_444_800_000_000
"""The year 2100."""
_MICROS = pa.timestamp("us", tz="UTC")
_TIMES = ("at", "onset", "detected_at", "closed_at", "stored_at")


@dataclass(frozen=True, slots=True)
class TransitionRow:
    """One transition: what is asked for by column, and the whole ``record`` as JSON. Times are aware."""

    id: str
    seq: int
    kind: str
    severity: str
    state: str
    at: datetime
    reason: str
    series_id: str
    service: str
    route: str
    provider: str
    request_model: str
    model: str
    metric: str
    direction: str
    onset: datetime
    detected_at: datetime
    closed_at: datetime | None
    transient: bool
    confidence: float
    record: str
    stored_at: datetime

    @property
    def key(self) -> TransitionKey:
        return self.id, self.seq


@dataclass(frozen=True, slots=True)
class RegressionFilter:
    """Which regressions to list; what is empty does not restrict."""

    kind: str = ""
    severity: str = ""
    state: str = ""
    """Of the latest transition."""
    provider: str = ""
    request_model: str = ""
    since_us: int = 0
    """Latest transition at this Unix time in microseconds, or later."""
    until_us: int = FOREVER_US
    """Latest transition before this Unix time in microseconds."""
    model: str = ""
    """Asked for or served."""
    service: str = ""
    route: str = ""
    before_us: int = FOREVER_US
    before_id: str = ""
    """With ``before_us``: those that come after this place in a list."""


_SCHEMA: pa.Schema = pa.schema(
    [(name, pa.string()) for name in TransitionRow.__slots__ if name not in (*_TIMES, "seq", "transient", "confidence")]
    + [(name, _MICROS) for name in _TIMES]
    + [("seq", pa.uint32()), ("transient", pa.bool_()), ("confidence", pa.float64())]
)
_KNOWN = "SELECT DISTINCT id, seq FROM regressions WHERE id IN {ids:Array(String)}"
_COLUMNS = ", ".join(TransitionRow.__slots__)
_HISTORY = f"SELECT {_COLUMNS} FROM regressions FINAL WHERE id = {{id:String}} ORDER BY seq"
_BEGINNING = "SELECT DISTINCT id FROM regressions WHERE startsWith(id, {begin:String}) ORDER BY id LIMIT {limit:UInt32}"
_LATEST = f"""
SELECT {_COLUMNS}
FROM (SELECT * FROM regressions FINAL ORDER BY id, seq DESC LIMIT 1 BY id)
WHERE ({{kind:String}} = '' OR kind = {{kind:String}})
  AND ({{severity:String}} = '' OR severity = {{severity:String}})
  AND ({{state:String}} = '' OR state = {{state:String}})
  AND ({{provider:String}} = '' OR provider = {{provider:String}})
  AND ({{request_model:String}} = '' OR request_model = {{request_model:String}})
  AND ({{model:String}} = '' OR {{model:String}} IN (model, request_model))
  AND ({{service:String}} = '' OR service = {{service:String}})
  AND ({{route:String}} = '' OR route = {{route:String}})
  AND at >= fromUnixTimestamp64Micro({{since_us:Int64}}, 'UTC')
  AND at < fromUnixTimestamp64Micro({{until_us:Int64}}, 'UTC')
  AND (toUnixTimestamp64Micro(at) < {{before_us:Int64}}
    OR (toUnixTimestamp64Micro(at) = {{before_us:Int64}} AND id > {{before_id:String}}))
ORDER BY at DESC, id
LIMIT {{limit:UInt32}}
"""


def insert_transitions(store: Store, rows: Sequence[TransitionRow]) -> int:
    """Store those that are not there yet; how many those were. May be called again with the same rows at any time."""
    known = known_transitions(store, {row.id for row in rows})
    missing = [asdict(row) for row in rows if row.key not in known]
    # A token of its own for every attempt: after a kill, the embedded engine may know the token of rows it has not.
    # Should an attempt whose outcome is unknown have succeeded, the table itself drops the repetition.
    store.insert_arrow("regressions", pa.Table.from_pylist(missing, _SCHEMA), uuid.uuid4().hex)
    return len(missing)


def known_transitions(store: Store, ids: Collection[str]) -> set[TransitionKey]:
    """The transitions of these regressions that are stored."""
    if not ids:
        return set()
    return {(row["id"], row["seq"]) for row in store.query_rows(_KNOWN, {"ids": sorted(ids)})}


def latest_regressions(store: Store, chosen: RegressionFilter, limit: int = 100) -> list[TransitionRow]:
    """Each regression as it stands, the latest transition first (at most :data:`MOST_LISTED`)."""
    parameters: dict[str, Any] = {name: getattr(chosen, name) for name in RegressionFilter.__slots__}
    rows = store.query_rows(_LATEST, {**parameters, "limit": min(limit, MOST_LISTED)})
    return [TransitionRow(**row) for row in rows]


def regressions_that_begin(store: Store, begin: str, limit: int) -> list[str]:
    """The first ``limit`` ids that begin so."""
    return [row["id"] for row in store.query_rows(_BEGINNING, {"begin": begin, "limit": limit})]


def regression_history(store: Store, regression_id: str) -> list[TransitionRow]:
    """All transitions of one regression, in order; empty where it is not known."""
    return [TransitionRow(**row) for row in store.query_rows(_HISTORY, {"id": regression_id})]
