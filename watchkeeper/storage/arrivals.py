"""What arrives: calls of late by where they came from, how their spans were recognised, and which service made them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeeper.storage.client import Store

MOST_ARRIVALS = 200
_LATEST_MADE = timedelta(days=2)
"""Calls that were made earlier do not count: the table is sorted by when they were made."""
_ARRIVALS = f"""
SELECT source, dialect, service, sum(calls) AS n, max(ingested_at) AS last_at,
  sumIf(calls, ingested_at >= toDateTime({{lately:Int64}}, 'UTC')) AS n_lately,
  quantileExactIf(0.5)(toUnixTimestamp(ingested_at) - toUnixTimestamp64Micro(ts) / 1e6, duration_complete) AS delay_s,
  countIf(duration_complete) AS measured
FROM calls
WHERE ts >= fromUnixTimestamp64Micro({{oldest:Int64}} * 1000000, 'UTC')
  AND ingested_at >= toDateTime({{begin:Int64}}, 'UTC')
GROUP BY source, dialect, service
ORDER BY n DESC, source, dialect, service
LIMIT {MOST_ARRIVALS}
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Calls of one service that came one way."""

    source: str
    """Topic of the broker, or the receiver."""
    dialect: str
    service: str
    calls: int
    calls_lately: int
    last_at: datetime
    """When one of them was stored last."""
    delay_s: float | None
    """Median from the begin of a call to its row; None where no call's length is known."""


def arrivals(store: Store, now: datetime, since: timedelta, lately: timedelta) -> list[Arrival]:
    """Of calls stored within ``since`` and made within two days, those with the most first, at most
    :data:`MOST_ARRIVALS`; ``calls_lately`` are those stored within ``lately``.
    """
    moments = {"begin": now - since, "lately": now - lately, "oldest": now - since - _LATEST_MADE}
    rows = store.query_rows(_ARRIVALS, {name: int(at.timestamp()) for name, at in moments.items()})
    return [
        Arrival(
            source=row["source"],
            dialect=row["dialect"],
            service=row["service"],
            calls=int(row["n"]),
            calls_lately=int(row["n_lately"]),
            last_at=row["last_at"],
            delay_s=float(row["delay_s"]) if row["measured"] else None,
        )
        for row in rows
    ]
