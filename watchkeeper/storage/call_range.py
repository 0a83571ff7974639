"""Stored calls of a period by their own time, in pieces of bounded size."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from watchkeeper.schema import CALLS_SCHEMA
from watchkeeper.storage.call_feed import calls_in_schema
from watchkeeper.storage.client import Store

ROWS_AT_ONCE = 200_000
_MINUTES_AT_ONCE = 50_000

_MINUTES = """
SELECT toUnixTimestamp(toStartOfMinute(ts)) AS minute, count() AS calls
FROM calls
WHERE ts >= fromUnixTimestamp64Micro({begin:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({end:Int64}, 'UTC')
GROUP BY minute ORDER BY minute LIMIT {limit:UInt32}
"""
_ROWS = f"""
SELECT {", ".join(CALLS_SCHEMA.names)}
FROM calls
WHERE ts >= fromUnixTimestamp64Micro({{begin:Int64}}, 'UTC') AND ts < fromUnixTimestamp64Micro({{end:Int64}}, 'UTC')
ORDER BY ts, span_id, trace_id, calls
"""
_COUNT = """
SELECT count() AS calls
FROM calls
WHERE ts >= fromUnixTimestamp64Micro({begin:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({end:Int64}, 'UTC')
"""


@dataclass(frozen=True, slots=True)
class CallRange:
    """The stored calls that began in [begin, end), Unix microseconds."""

    store: Store
    begin: int
    end: int

    def count(self) -> int:
        """How many there are."""
        (found,) = self.store.query_rows(_COUNT, {"begin": self.begin, "end": self.end})
        return int(found["calls"])

    def read(self, max_rows: int = ROWS_AT_ONCE) -> Iterator[pa.Table]:
        """All of them by time (``CALLS_SCHEMA``), about ``max_rows`` at once and always whole minutes."""
        begin = self.begin
        while (last := self._last_minute(begin, max_rows)) is not None:
            end = min(self.end, (last + 60) * 1_000_000)
            yield calls_in_schema(self.store.query_arrow(_ROWS, {"begin": begin, "end": end}))
            begin = end

    def _last_minute(self, begin: int, max_rows: int) -> int | None:
        parameters = {"begin": begin, "end": self.end, "limit": _MINUTES_AT_ONCE}
        last, total = None, 0
        for row in self.store.query_rows(_MINUTES, parameters):
            total += row["calls"]
            if last is not None and total > max_rows:
                break
            last = int(row["minute"])
        return last
