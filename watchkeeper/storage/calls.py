"""Table ``calls``: what of a batch is stored already, and what is to be remembered of earlier calls.

Calls are written with :meth:`~.client.Store.insert_arrow`; materialized views fill both rollups in the same insert.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.storage.client import Store

REMEMBERED_S = 2 * 3600
"""How far back, from the newest insert, earlier calls are read to recognise repetitions."""

Ids = npt.NDArray[np.uint8]

_RECENT = """
SELECT trace_id, span_id, parent_span_id, response_id, toUnixTimestamp64Micro(ts) AS start_us, duration_us
FROM calls
WHERE ingested_at >= (SELECT max(ingested_at) FROM calls) - {look_back:UInt32}
  AND (
    source != {source:String} OR source_partition != {partition:UInt16} OR source_offset < {offset:UInt64}
  )
ORDER BY ingested_at DESC
LIMIT {limit:UInt64}
"""

_STORED = """
SELECT trace_id, span_id, calls
FROM calls
WHERE source = {source:String} AND source_partition = {partition:UInt16}
  AND source_offset BETWEEN {first:UInt64} AND {last:UInt64}
  AND ts BETWEEN fromUnixTimestamp64Micro({oldest:Int64}, 'UTC') AND fromUnixTimestamp64Micro({newest:Int64}, 'UTC')
"""


@dataclass(frozen=True, slots=True, eq=False)
class RecentCalls:
    """Identities and times of stored calls, one row a call; ids are rows of bytes."""

    trace_id: Ids
    span_id: Ids
    parent_span_id: Ids
    response_id: Sequence[str]
    start_us: npt.NDArray[np.int64]
    duration_us: npt.NDArray[np.int64]


def recent_calls(store: Store, source: str, partition: int, before_offset: int, limit: int) -> RecentCalls:
    """The latest ``limit`` stored calls, at most :data:`REMEMBERED_S` older than the newest.

    Of the given source and partition only those before ``before_offset``: a batch that comes again must not be
    recognised as its own repetition.
    """
    found = store.query_arrow(
        _RECENT,
        {
            "source": source,
            "partition": partition,
            "offset": before_offset,
            "limit": limit,
            "look_back": REMEMBERED_S,
        },
    )
    return RecentCalls(
        trace_id=_bytes_of(found["trace_id"], 16),
        span_id=_bytes_of(found["span_id"], 8),
        parent_span_id=_bytes_of(found["parent_span_id"], 8),
        response_id=found["response_id"].to_pylist(),
        start_us=found["start_us"].to_numpy().astype(np.int64),
        duration_us=found["duration_us"].to_numpy().astype(np.int64),
    )


def missing_calls(store: Store, batch: pa.Table) -> pa.Table:
    """The rows of ``batch`` (of one source and partition) that are not stored.

    For a batch that an earlier process may have stored in part, once that process is certainly gone. Insert what is
    missing with a token never used before: the engine writes a token down just before it puts the rows in place,
    so that after a kill it may know a token whose rows do not exist, and would drop them for ever.
    """
    if batch.num_rows == 0:
        return batch
    stored = store.query_arrow(_STORED, _extent(batch))
    if stored.num_rows == 0:
        return batch
    return batch.filter(pa.array(~np.isin(_keys(batch), _keys(stored))))


def _extent(batch: pa.Table) -> dict[str, Any]:
    offsets = pc.min_max(batch["source_offset"]).as_py()
    times = pc.min_max(batch["ts"].cast(pa.int64())).as_py()
    return {
        "source": batch["source"][0].as_py(),
        "partition": batch["source_partition"][0].as_py(),
        "first": offsets["min"],
        "last": offsets["max"],
        "oldest": times["min"],
        "newest": times["max"],
    }


def _bytes_of(column: pa.ChunkedArray, width: int) -> Ids:
    chunk = column.cast(pa.binary(width)).combine_chunks()
    if not len(chunk):
        return np.zeros((0, width), np.uint8)
    data = np.frombuffer(chunk.buffers()[1], np.uint8)
    return data[chunk.offset * width : (chunk.offset + len(chunk)) * width].reshape(-1, width)


def _keys(rows: pa.Table) -> npt.NDArray[np.void]:
    """What tells the rows of a batch apart, as one comparable value a row."""
    calls = rows["calls"].to_numpy().astype(np.uint8).reshape(-1, 1)
    joined = np.hstack([_bytes_of(rows["trace_id"], 16), _bytes_of(rows["span_id"], 8), calls])
    return np.ascontiguousarray(joined).view(np.dtype((np.void, 25))).ravel()
