"""Makes the rollups agree with the raw rows again after the embedded store was killed.

An insert is four writes: raw rows, 1-minute, 1-hour and 1-day rollup, each whole or not at all. A process that is
killed between them leaves raw rows that a rollup lacks. The next process, before its first insert, compares the buckets
that were written to last and computes those that differ anew from the raw rows. A repetition after another kill gives
the same result.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.storage.client import Store

ROLLUPS: Mapping[str, str] = {
    "calls_1m": "toStartOfMinute",
    "calls_1h": "toStartOfHour",
    "calls_1d": "toStartOfDay",
}
"""Each rollup and the function that gives a call its bucket."""

BUCKET_S: Mapping[str, int] = {"calls_1m": 60, "calls_1h": 3600, "calls_1d": 86_400}
_GROUPED = "call_minutes"
"""What an insert adds by minute, handed on to every rollup. ``NAME_fill`` is the view that fills NAME."""
_LOOK_BACK_S = 120
"""Longer than any insert takes: what was under way at the kill began after this, counted from the last insert."""
_BUCKETS_AT_ONCE = 5_000
_MOST_MINUTES = 4_000_000
"""Seven years of them: more than any retention keeps."""
_RECENT_MINUTES = """
SELECT DISTINCT toUnixTimestamp(toStartOfMinute(ts)) AS minute
FROM calls
WHERE ingested_at >= (SELECT max(ingested_at) FROM calls) - {look_back:UInt32}
LIMIT {limit:UInt32}
"""
_ROLLUP_SUMS = "(sum(calls), sum(input_tokens), sum(duration_us_sum))"
_RAW_SUMS = "(sum(calls), sum(ifNull(input_tokens, 0)), sumIf(duration_us, calls = 1))"
_TRUTH: Mapping[str, tuple[str, str, str]] = {
    "calls_1m": ("calls", "ts", _RAW_SUMS),
    # Once the minutes are right, they can speak for the raw rows, of which an hour may hold very many.
    "calls_1h": ("calls_1m", "bucket", _ROLLUP_SUMS),
    "calls_1d": ("calls_1h", "bucket", _ROLLUP_SUMS),
}
"""What each rollup is compared with: table, time column, sums."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A rollup of which buckets were computed anew."""

    rollup: str
    buckets: int


class Reconciler:
    """Compares and mends. Only for a store that nobody writes to meanwhile: embedded, before the first insert."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, oldest: datetime) -> list[Mended]:
        """Mend what differs, except in buckets before ``oldest``, whose raw rows may have expired already."""
        mended = []
        minutes = self._recent_minutes()
        for rollup, function in ROLLUPS.items():
            length_s = BUCKET_S[rollup]
            recent = {minute - minute % length_s for minute in minutes}
            kept = sorted(bucket for bucket in recent if bucket >= oldest.timestamp())
            rebuilt = 0
            for first in range(0, len(kept), _BUCKETS_AT_ONCE):
                buckets = self._different(rollup, kept[first : first + _BUCKETS_AT_ONCE])
                if buckets:
                    self._rebuild(rollup, function, buckets)
                rebuilt += len(buckets)
            if rebuilt:
                mended.append(Mended(rollup, rebuilt))
        return mended

    def _recent_minutes(self) -> list[int]:
        rows = self._store.query_rows(_RECENT_MINUTES, {"look_back": _LOOK_BACK_S, "limit": _MOST_MINUTES})
        return [row["minute"] for row in rows]

    def _different(self, rollup: str, buckets: list[int]) -> list[int]:
        if not buckets:
            return []
        parameters = {"buckets": buckets, "first": min(buckets), "end": max(buckets) + BUCKET_S[rollup]}
        return [row["bucket"] for row in self._store.query_rows(_different_sql(rollup), parameters)]

    def _rebuild(self, rollup: str, function: str, buckets: list[int]) -> None:
        chosen = ", ".join(str(int(bucket)) for bucket in buckets)
        self._store.command(f"DELETE FROM {rollup} WHERE toUnixTimestamp(bucket) IN ({chosen})")
        select, _, group_by = self._filling(_GROUPED).rpartition(" GROUP BY ")
        grouped = f"({select} WHERE toUnixTimestamp({function}(c.ts)) IN ({chosen}) GROUP BY {group_by})"
        # What goes into a rollup itself reaches no other one.
        columns, _, rest = self._filling(rollup).partition(" FROM ")
        self._store.command(
            f"INSERT INTO {rollup} ({', '.join(self._columns(rollup))}) "
            f"{columns} FROM {grouped}{rest[rest.index(' AS b') :]} "
            "SETTINGS async_insert = 0, max_insert_threads = 1, insert_deduplicate = 0"
        )

    def _filling(self, table: str) -> str:
        """The statement of the view that fills ``table``."""
        rows = self._store.query_rows(
            "SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = {name:String}",
            {"name": f"{table}_fill"},
        )
        return str(rows[0]["as_select"])

    def _columns(self, table: str) -> list[str]:
        """What that statement gives, in its order: not that of the table."""
        rows = self._store.query_rows(
            "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {name:String} "
            "ORDER BY position",
            {"name": f"{table}_fill"},
        )
        return [row["name"] for row in rows]


def _different_sql(rollup: str) -> str:
    """Those of the given buckets, as Unix seconds, whose sums differ between the rollup and what it sums."""
    table, time, sums = _TRUTH[rollup]
    bucket = f"toUnixTimestamp({ROLLUPS[rollup]}({time}))"
    return f"""
        SELECT start AS bucket
        FROM (
          SELECT {bucket} AS start, {sums} AS sums FROM {table}
          WHERE {time} >= toDateTime({{first:Int64}}, 'UTC') AND {time} < toDateTime({{end:Int64}}, 'UTC')
            AND {bucket} IN {{buckets:Array(UInt32)}}
          GROUP BY start
          UNION ALL
          SELECT toUnixTimestamp(r.bucket) AS start, {_ROLLUP_SUMS} AS sums FROM {rollup} AS r
          WHERE start IN {{buckets:Array(UInt32)}}
          GROUP BY start
        )
        GROUP BY start
        HAVING count() = 1 OR uniqExact(sums) > 1"""
