"""Signs of life of the platform itself, as its tables show them: are calls stored, soon, read, and priced?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from watchkeeper.storage.client import Store

MOST_UNPRICED = 200
_CALLS = """
SELECT sum(calls) AS n FROM calls_1m
WHERE bucket >= toDateTime({begin:Int64}, 'UTC') AND bucket < toDateTime({end:Int64}, 'UTC')
"""
_NEWEST = """
SELECT toUnixTimestamp(max(bucket)) AS at FROM calls_1m
WHERE bucket >= toDateTime({begin:Int64}, 'UTC') AND bucket < toDateTime({end:Int64}, 'UTC') AND calls > 0
"""
# By when they were made, which the table is sorted by, and within that by when they were stored.
_DELAY = """
SELECT quantileExact(0.5)(toUnixTimestamp(ingested_at) - toUnixTimestamp64Micro(ts) / 1e6) AS median, count() AS n
FROM calls
WHERE ts >= fromUnixTimestamp64Micro({oldest:Int64} * 1000000, 'UTC')
  AND ts < fromUnixTimestamp64Micro({end:Int64} * 1000000, 'UTC')
  AND ingested_at >= toDateTime({begin:Int64}, 'UTC') AND ingested_at < toDateTime({end:Int64}, 'UTC')
"""
_DEAD = """
SELECT count(DISTINCT id) AS n, topK(1)(reason) AS reasons FROM dead_letters
WHERE stored_at >= fromUnixTimestamp64Micro({begin:Int64} * 1000000, 'UTC')
  AND stored_at < fromUnixTimestamp64Micro({end:Int64} * 1000000, 'UTC') AND replayed_at IS NULL
"""
_SAVED = """
SELECT max(saved_at) AS at, count() AS n FROM detector_state
WHERE saved_at >= fromUnixTimestamp64Micro({begin:Int64} * 1000000, 'UTC')
"""
_UNPRICED = f"""
SELECT provider, request_model, sum(calls_unpriced) AS n, min(bucket) AS since
FROM calls_1h
WHERE bucket >= toDateTime({{begin:Int64}}, 'UTC') AND bucket < toDateTime({{end:Int64}}, 'UTC')
GROUP BY provider, request_model
HAVING n > 0
ORDER BY n DESC, provider, request_model
LIMIT {MOST_UNPRICED}
"""


@dataclass(frozen=True, slots=True)
class Period:
    """From ``begin`` to before ``end``, both aware."""

    begin: datetime
    end: datetime

    def parameters(self) -> dict[str, int]:
        """For SQL."""
        return {"begin": int(self.begin.timestamp()), "end": int(self.end.timestamp())}


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Calls of a model that have usage and no price."""

    provider: str
    request_model: str
    calls: int
    since: datetime
    """The first hour of the period in which there were any."""


def calls_in(store: Store, periods: Sequence[Period]) -> list[int]:
    """Calls that were made in each of ``periods``, by whole minutes."""
    return [int(store.query_rows(_CALLS, period.parameters())[0]["n"]) for period in periods]


def newest_call(store: Store, period: Period) -> datetime | None:
    """The minute of the last call of ``period``; None where there is none."""
    at = int(store.query_rows(_NEWEST, period.parameters())[0]["at"])
    return datetime.fromtimestamp(at, UTC) if at else None


def storing_delay_s(store: Store, stored: Period, oldest: datetime) -> float | None:
    """Median seconds from the start of a call to its row, of calls stored in ``stored``; None where none was.

    Calls that were made before ``oldest`` do not count.
    """
    (row,) = store.query_rows(_DELAY, {**stored.parameters(), "oldest": int(oldest.timestamp())})
    return float(row["median"]) if row["n"] else None


def dead_letters_in(store: Store, stored: Period) -> tuple[int, str]:
    """Messages that could not be read and were not replayed, and the most frequent reason."""
    (row,) = store.query_rows(_DEAD, stored.parameters())
    return int(row["n"]), next(iter(row["reasons"]), "")


def detectors_saved_at(store: Store, period: Period) -> datetime | None:
    """When a detector saved its state last, since the begin of ``period``; None where none did."""
    (row,) = store.query_rows(_SAVED, period.parameters())
    return row["at"] if row["n"] else None


def unpriced_models(store: Store, period: Period) -> list[Unpriced]:
    """Models with calls without a price, by whole hours; those with the most first."""
    rows = store.query_rows(_UNPRICED, period.parameters())
    return [Unpriced(row["provider"], row["request_model"], int(row["n"]), row["since"]) for row in rows]
