"""Stored calls that fit a filter, all their columns, in pieces of bounded size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from watchkeeper.schema import CALLS_SCHEMA
from watchkeeper.storage.call_feed import calls_in_schema
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.names import identifier

ROWS_AT_ONCE = 200_000
_MINUTES_AT_ONCE = 50_000
# The last four bytes of the span id, little-endian: the same sample as a detector's history takes of a table.
_SAMPLE = "reinterpretAsUInt32(substring(c.span_id, 5, 4)) % {thinning:UInt32} = 0"


@dataclass(frozen=True, slots=True)
class CallExport:
    """The stored calls of ``chosen``: every ``thinning``-th by its span id, ``columns`` of ``CALLS_SCHEMA``."""

    store: Store
    chosen: CallFilter
    columns: Sequence[str] = tuple(CALLS_SCHEMA.names)
    thinning: int = 1

    @property
    def schema(self) -> pa.Schema:
        """Of every piece."""
        return pa.schema([CALLS_SCHEMA.field(name) for name in self.columns], CALLS_SCHEMA.metadata)

    def count(self) -> int:
        """How many there are, before thinning."""
        where, parameters = self.chosen.where("c")
        (found,) = self.store.query_rows(f"SELECT count() AS calls FROM calls AS c WHERE {where}", parameters)
        return int(found["calls"])

    def read(self, max_rows: int = ROWS_AT_ONCE) -> Iterator[pa.Table]:
        """All of them by time, about ``max_rows`` at once and always whole minutes."""
        rest = self.chosen
        while rest.begin < rest.end and (last := self._last_minute(rest, max_rows)) is not None:
            end = min(rest.end, last + timedelta(minutes=1))
            yield self._rows(replace(rest, end=end))
            rest = replace(rest, begin=end)

    def _rows(self, piece: CallFilter) -> pa.Table:
        where, parameters = piece.where("c")
        names = ", ".join(f"c.{identifier(name)} AS {name}" for name in self.columns)
        sql = (
            f"SELECT {names} FROM calls AS c WHERE {where} AND {_SAMPLE} ORDER BY c.ts, c.span_id, c.trace_id, c.calls"
        )
        return calls_in_schema(self.store.query_arrow(sql, {**parameters, "thinning": self.thinning}))

    def _last_minute(self, rest: CallFilter, max_rows: int) -> datetime | None:
        where, parameters = rest.where("c")
        sql = (
            "SELECT toUnixTimestamp(toStartOfMinute(c.ts)) AS minute, count() AS calls "
            f"FROM calls AS c WHERE {where} AND {_SAMPLE} GROUP BY minute ORDER BY minute LIMIT {{limit:UInt32}}"
        )
        last, total = None, 0
        bounds = {"limit": _MINUTES_AT_ONCE, "thinning": self.thinning}
        for row in self.store.query_rows(sql, {**parameters, **bounds}):
            total += row["calls"]
            if last is not None and total > max_rows:
                break
            last = int(row["minute"])
        return None if last is None else datetime.fromtimestamp(last, UTC)
