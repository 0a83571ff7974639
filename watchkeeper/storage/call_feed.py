"""Stored calls read back in columns: as a feed in the order they were stored, and as the history of one model."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from watchkeeper.errors import StoreRejected
from watchkeeper.schema import CALLS_SCHEMA
from watchkeeper.storage.client import Store
from watchkeeper.storage.names import identifier

HISTORY_ROWS = 200_000
"""Most rows of :class:`StoredCalls`' answers; of more calls a sample is read."""
_SECONDS_AT_ONCE = 3_600

_SECONDS = """
SELECT toUnixTimestamp(ingested_at) AS second, count() AS calls
FROM calls
WHERE ingested_at >= toDateTime({begin:Int64}, 'UTC') AND ingested_at < toDateTime({end:Int64}, 'UTC')
GROUP BY second ORDER BY second LIMIT {limit:UInt32}
"""
_ROWS = f"""
SELECT {", ".join(CALLS_SCHEMA.names)}, toUnixTimestamp(ingested_at) AS second
FROM calls
WHERE ingested_at >= toDateTime({{begin:Int64}}, 'UTC') AND ingested_at < toDateTime({{end:Int64}}, 'UTC')
ORDER BY second, ts, span_id, trace_id, calls
"""
_OLDEST = "SELECT toUnixTimestamp(min(ingested_at)) AS oldest, count() AS calls FROM calls"
_OF_MODEL = """
FROM calls
WHERE provider = {provider:String} AND request_model = {request_model:String}
  AND ts >= fromUnixTimestamp64Micro({begin:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({end:Int64}, 'UTC')
"""
# The last four bytes of the span id, little-endian: the same sample as of the form over an Arrow table.
_SAMPLE = "reinterpretAsUInt32(substring(span_id, 5, 4)) % {thinning:UInt32} = 0"


@dataclass(frozen=True, slots=True)
class StoredSecond:
    """All calls stored in one second (``calls``: :data:`~watchkeeper.schema.CALLS_SCHEMA`, by time and span id)."""

    second: int
    """Unix time."""
    calls: pa.Table


class CallFeed:
    """The table ``calls`` in the order it grew: a store of its own kind of queue, read by second."""

    def __init__(self, store: Store, max_rows: int = 50_000) -> None:
        self._store = store
        self._max_rows = max_rows

    def oldest(self) -> int | None:
        """Second of the oldest stored call; None where there is none."""
        (found,) = self._store.query_rows(_OLDEST)
        return int(found["oldest"]) if found["calls"] else None

    def read(self, begin: int, end: int) -> Sequence[StoredSecond]:
        """The first seconds with calls in ``[begin, end)``: about ``max_rows`` calls, and always whole seconds.

        ``end`` must lie far enough back that no insert that began before it is still under way.
        """
        last = self._last_second(begin, end)
        if last is None:
            return ()
        found = self._store.query_arrow(_ROWS, {"begin": begin, "end": last + 1})
        seconds = found["second"].to_numpy()
        calls = calls_in_schema(found.drop_columns(["second"]))
        changes = (np.flatnonzero(np.diff(seconds)) + 1).tolist()
        edges = [0, *changes, calls.num_rows]
        return [StoredSecond(int(seconds[a]), calls.slice(a, b - a)) for a, b in pairwise(edges) if b > a]

    def _last_second(self, begin: int, end: int) -> int | None:
        rows = self._store.query_rows(_SECONDS, {"begin": begin, "end": end, "limit": _SECONDS_AT_ONCE})
        last, total = None, 0
        for row in rows:
            total += row["calls"]
            if last is not None and total > self._max_rows:
                break
            last = int(row["second"])
        return last


class StoredCalls:
    """The history of a model, over the store: a form of ``detectors.history.CallHistory``."""

    def __init__(self, store: Store, max_rows: int = HISTORY_ROWS) -> None:
        self._store = store
        self._max_rows = max_rows

    def calls(
        self, provider: str, request_model: str, begin: float, end: float, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Stored calls that began in ``[begin, end)`` Unix seconds, by time; of too many every n-th by span id.

        ``columns`` of :data:`~watchkeeper.schema.CALLS_SCHEMA`, all by default.
        """
        chosen = list(columns or CALLS_SCHEMA.names)
        parameters = {
            "provider": provider,
            "request_model": request_model,
            "begin": round(begin * 1e6),
            "end": round(end * 1e6),
        }
        (found,) = self._store.query_rows(f"SELECT count() AS calls {_OF_MODEL}", parameters)
        thinning = -(-found["calls"] // self._max_rows) or 1
        names = ", ".join(identifier(name) for name in chosen)
        sql = f"SELECT {names} {_OF_MODEL} AND {_SAMPLE} ORDER BY ts, span_id"
        return calls_in_schema(self._store.query_arrow(sql, {**parameters, "thinning": thinning}))


def calls_in_schema(found: pa.Table) -> pa.Table:
    """Columns as the store gives them, in the types of :data:`~watchkeeper.schema.CALLS_SCHEMA`."""
    fields = [CALLS_SCHEMA.field(name) for name in found.column_names]
    try:
        columns = [found[field.name].cast(field.type) for field in fields]
    except pa.ArrowException as error:
        raise StoreRejected(f"the table calls is not as this version knows it: {type(error).__name__}") from None
    return pa.table(columns, schema=pa.schema(fields, CALLS_SCHEMA.metadata))
