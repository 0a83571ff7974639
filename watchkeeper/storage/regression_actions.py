"""Table ``regression_actions``: what people said about regressions and findings, one row an action, never changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import pyarrow as pa

from watchkeeper.storage.client import Store

MOST_READ = 1_000
"""Actions that one read returns, and those of the second it ends in."""
MOST_OF_ONE = 1_000
"""Actions of one regression that are listed, the latest ones."""


class ActionKind(StrEnum):
    """What somebody may say of a regression or finding."""

    ACKNOWLEDGE = "acknowledge"
    """Somebody looks after it."""
    CLOSE = "close"
    """It is over; what is usual stays as it was learnt."""
    FALSE_ALARM = "false_alarm"
    """It never was one: as ``accept``, and its metrics need more evidence from now on."""
    ACCEPT = "accept"
    """The new level is what is usual from now on."""
    COMMENT = "comment"
    REOPEN = "reopen"
    """A ``close`` that was a mistake."""


class MetricOf(NamedTuple):
    """One metric of one series that an action is about, as the record of the regression writes it."""

    series: str
    metric: str


@dataclass(frozen=True, slots=True)
class NewAction:
    """One action on its way into the table. ``at`` is aware; ``comment`` is plain text of the person who acts."""

    id: str
    regression_id: str
    action: ActionKind
    made_by: str
    """Name of the key, or ``cli``."""
    at: datetime
    comment: str
    provider: str
    request_model: str
    members: tuple[MetricOf, ...]
    """What the regression was about when the action was made."""


@dataclass(frozen=True, slots=True)
class StoredAction:
    """One action as it is stored; ``stored_at`` (Unix seconds) orders actions for whoever follows them."""

    id: str
    regression_id: str
    action: str
    made_by: str
    at: datetime
    comment: str
    provider: str
    request_model: str
    members: tuple[MetricOf, ...]
    stored_at: int


REGRESSION_ACTIONS_SCHEMA: pa.Schema = pa.schema(
    [
        ("id", pa.string()),
        ("regression_id", pa.string()),
        ("action", pa.string()),
        ("made_by", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("comment", pa.string()),
        ("provider", pa.string()),
        ("request_model", pa.string()),
        ("members", pa.list_(pa.struct([(name, pa.string()) for name in MetricOf._fields]))),
    ]
)
"""As it is written; the store adds ``stored_at``."""

_COLUMNS = (
    "id, regression_id, action, made_by, at, comment, provider, request_model, members, "
    "toUnixTimestamp(stored_at) AS stored"
)
# Whole seconds, so that the place of a reader is a second: WITH TIES never cuts one in two.
_BETWEEN = f"""
SELECT {_COLUMNS}
FROM regression_actions
WHERE stored_at >= toDateTime({{begin:Int64}}, 'UTC') AND stored_at < toDateTime({{end:Int64}}, 'UTC')
ORDER BY stored LIMIT {{limit:UInt32}} WITH TIES
"""
_OF = f"""
SELECT {_COLUMNS}
FROM (
  SELECT * FROM regression_actions WHERE regression_id IN {{ids:Array(String)}}
  ORDER BY at DESC, id LIMIT {{most:UInt32}} BY regression_id
)
ORDER BY regression_id, at, id
"""


def insert_action(store: Store, action: NewAction) -> None:
    """Store ``action``. The same action, known by its id, is stored once however often this is called."""
    row = {**asdict(action), "members": [one._asdict() for one in action.members]}
    store.insert_arrow("regression_actions", pa.Table.from_pylist([row], REGRESSION_ACTIONS_SCHEMA), action.id)


def actions_between(store: Store, begin: int, end: int, limit: int = MOST_READ) -> list[StoredAction]:
    """The first actions stored in ``[begin, end)`` (Unix seconds), by second and id; always whole seconds.

    ``limit`` of them and the rest of the last one's second. Fewer than ``limit`` are all there are. ``end`` must lie
    far enough back that no insert that began before it is still under way.
    """
    rows = store.query_rows(_BETWEEN, {"begin": begin, "end": end, "limit": limit})
    return sorted((_action(row) for row in rows), key=lambda one: (one.stored_at, one.id))


def actions_of(store: Store, regression_ids: Collection[str]) -> dict[str, list[StoredAction]]:
    """The actions on these regressions in the order they were made; at most :data:`MOST_OF_ONE` each, the latest."""
    if not regression_ids:
        return {}
    found: dict[str, list[StoredAction]] = {}
    for row in store.query_rows(_OF, {"ids": sorted(regression_ids), "most": MOST_OF_ONE}):
        found.setdefault(row["regression_id"], []).append(_action(row))
    return found


def _action(row: Mapping[str, Any]) -> StoredAction:
    members: Sequence[Any] = row["members"]
    values = {name: row[name] for name in StoredAction.__slots__ if name not in ("members", "stored_at")}
    return StoredAction(**values, members=tuple(_member(one) for one in members), stored_at=int(row["stored"]))


def _member(value: Any) -> MetricOf:
    return MetricOf(**value) if isinstance(value, Mapping) else MetricOf(*value)
