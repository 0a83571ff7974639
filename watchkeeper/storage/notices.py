"""Table ``notices``: what the chat alerts tell besides regressions, such as a comparison that went worse."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from watchkeeper.storage.client import Store

KINDS = ("budget", "comparison", "migration", "deprecation")
STATES = ("open", "resolved", "info")
SEVERITIES = ("info", "warning", "critical")
MOST_READ = 10_000


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell, once. It holds no prompt, answer, user or secret.

    Raises :class:`ValueError` for a kind, state or severity that is none, and for a time without a zone.
    """

    notice_id: str
    """The same for what is opened and resolved again."""
    kind: str
    """One of :data:`KINDS`."""
    subject: str
    """What it is about, such as a route or the name of a comparison."""
    state: str
    """One of :data:`STATES`."""
    severity: str
    """One of :data:`SEVERITIES`."""
    title: str
    """A sentence for people."""
    facts: Mapping[str, str | float | None]
    """The numbers behind it, with their names; unknown ones are None."""
    at: datetime

    def __post_init__(self) -> None:
        for value, known in ((self.kind, KINDS), (self.state, STATES), (self.severity, SEVERITIES)):
            if value not in known:
                raise ValueError(f"{value!r} is none of {', '.join(known)}")
        if self.at.tzinfo is None:
            raise ValueError("the time of a notice needs a zone")


_NOTICES: pa.Schema = pa.schema(
    [
        ("notice_id", pa.string()),
        ("state", pa.string()),
        ("kind", pa.string()),
        ("subject", pa.string()),
        ("severity", pa.string()),
        ("title", pa.string()),
        ("facts", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
    ]
)
# With ties: who goes on after the last time would else miss the rest of it.
_READ = f"""
SELECT {", ".join(_NOTICES.names)} FROM (
  SELECT {", ".join(_NOTICES.names)} FROM notices FINAL
  WHERE at > fromUnixTimestamp64Micro({{after:Int64}}, 'UTC')
  ORDER BY at LIMIT {{limit:UInt32}} WITH TIES
) ORDER BY at, notice_id, state
"""


def write(store: Store, notices: Sequence[Notice]) -> None:
    """Store what is told. Of the same ``notice_id`` and ``state`` the first stays as it was."""
    rows = [{name: getattr(notice, name) for name in _NOTICES.names} for notice in notices]
    for row in rows:
        row["facts"] = json.dumps(dict(row["facts"]), allow_nan=False)
    store.insert_arrow("notices", pa.Table.from_pylist(rows, _NOTICES), uuid.uuid4().hex)


def read(store: Store, after: datetime, limit: int) -> list[Notice]:
    """About ``limit`` notices (at most :data:`MOST_READ`) of times behind ``after``, the oldest first.

    All of the last time come together, so that the next call may go on after it. ``at`` is when something happened: a
    notice may be stored a little later than one with a later time.
    """
    parameters = {"after": round(after.timestamp() * 1_000_000), "limit": min(limit, MOST_READ)}
    rows = store.query_rows(_READ, parameters)
    return [Notice(**{**row, "facts": json.loads(row["facts"])}) for row in rows]
