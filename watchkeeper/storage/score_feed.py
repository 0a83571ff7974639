"""Stored scores with the calls they judge: as a feed in the order in which both were stored, and of a period.

A score belongs to the call with its response id or, where it has none, with its span. It comes into the feed at the
second in which the later of the two was stored; one whose call is not stored within :data:`WAIT_S` never does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from watchkeeper.storage.client import Store

WAIT_S = 3_600
"""How long a score waits for its call to be stored."""
_LONGEST_DAYS = 31
"""How long before its score a call may have been made, and a score before it was stored."""

SCORED_SCHEMA: pa.Schema = pa.schema(
    [
        ("second", pa.int64()),
        ("called", pa.int64()),
        ("name", pa.string()),
        ("value", pa.float64()),
        ("label", pa.string()),
        ("service", pa.string()),
        ("route", pa.string()),
        ("provider", pa.string()),
        ("request_model", pa.string()),
        ("model", pa.string()),
        ("variant", pa.string()),
        ("gateway_cache_hit", pa.bool_()),
        ("input_tokens", pa.float64()),
    ]
)
"""``second``: when both were stored, Unix seconds (of a period: when the score was given); ``called``: when the call
began, Unix microseconds."""

_FACTS = ("service", "route", "provider", "request_model", "model", "variant")
_BY_RESPONSE = ("response_id",)
_BY_SPAN = ("trace_id", "span_id")
_STORED = "stored_at >= toDateTime({first:Int64}, 'UTC') AND stored_at < toDateTime({last:Int64}, 'UTC')"
_GIVEN = "ts >= toDateTime64({first:Int64}, 6, 'UTC') AND ts < toDateTime64({last:Int64}, 6, 'UTC')"
_RECENT = f"ts >= toDateTime({{first:Int64}}, 'UTC') - INTERVAL {_LONGEST_DAYS} DAY"
_ANY_CALL = "ingested_at < toDateTime({end:Int64}, 'UTC')"
_NEW_CALL = f"{_ANY_CALL} AND ingested_at >= toDateTime({{begin:Int64}}, 'UTC')"

_COUNT = f"""
SELECT countIf(response_id != '') AS by_response, countIf(response_id = '') AS by_span
FROM scores WHERE {_STORED} AND {_RECENT}
"""
_SECONDS = f"""
SELECT toUnixTimestamp(stored_at) AS second, count() AS scores
FROM scores WHERE {_STORED} AND {_RECENT}
GROUP BY second ORDER BY second LIMIT {{limit:UInt32}}
"""
_STEPS = f"""
SELECT DISTINCT intDiv(toInt64(toUnixTimestamp(ts)) - {{first:Int64}}, {{step:Int64}}) AS step
FROM scores WHERE {_GIVEN} ORDER BY step
"""
_SECONDS_AT_ONCE = 3_600


@dataclass(frozen=True, slots=True)
class ScoredSecond:
    """All scores (:data:`SCORED_SCHEMA`) that came into the feed in one second."""

    second: int
    scores: pa.Table


@dataclass(frozen=True, slots=True)
class ScoreBatch:
    """What :meth:`ScoreFeed.read` found: everything of the seconds before ``end``."""

    seconds: Sequence[ScoredSecond]
    end: int
    missed: int
    """Scores whose wait for their call ended in this time."""


class ScoreFeed:
    """The table ``scores`` in the order it grew, each score with its call."""

    def __init__(self, store: Store, max_rows: int = 20_000) -> None:
        self._store = store
        self._max_rows = max_rows

    def read(self, begin: int, end: int) -> ScoreBatch:
        """What came in the first seconds of ``[begin, end)``: about ``max_rows`` scores, and always whole seconds.

        ``end`` must lie far enough back that no insert that began before it is still under way.
        """
        keys = self._keys(begin - WAIT_S, end)
        if not keys:
            return ScoreBatch((), end, 0)
        end = self._bounded(begin, end)
        times = {"begin": begin, "end": end}
        fresh = [self._joined(key, _STORED, _ANY_CALL, times | {"first": begin, "last": end}) for key in keys]
        late = [self._joined(key, _STORED, _NEW_CALL, times | {"first": begin - WAIT_S, "last": begin}) for key in keys]
        found = pa.concat_tables([*fresh, *late])
        return ScoreBatch(_by_second(found), end, self._missed(keys, begin - WAIT_S, end - WAIT_S, end))

    def given(self, begin: int, end: int, step_s: int = 86_400) -> Iterator[pa.Table]:
        """Scores given in ``[begin, end)`` (Unix seconds) whose call is stored, by when they were given, day by day."""
        steps = self._store.query_rows(_STEPS, {"first": begin, "last": end, "step": step_s})
        for first in (begin + int(row["step"]) * step_s for row in steps):
            times = {"first": first, "last": min(end, first + step_s), "begin": 0, "end": 2**32 - 1}
            parts = [self._joined(key, _GIVEN, _ANY_CALL, times) for key in (_BY_RESPONSE, _BY_SPAN)]
            found = pa.concat_tables(parts)
            if found.num_rows:
                yield found.sort_by([("second", "ascending"), ("called", "ascending"), ("name", "ascending")])

    def _keys(self, first: int, last: int) -> list[tuple[str, ...]]:
        """How the scores stored in that time name their calls."""
        (found,) = self._store.query_rows(_COUNT, {"first": first, "last": last})
        named = {_BY_RESPONSE: found["by_response"], _BY_SPAN: found["by_span"]}
        return [key for key, scores in named.items() if scores]

    def _bounded(self, begin: int, end: int) -> int:
        rows = self._store.query_rows(_SECONDS, {"first": begin, "last": end, "limit": _SECONDS_AT_ONCE})
        last, total = None, 0
        for row in rows:
            total += row["scores"]
            if last is not None and total > self._max_rows:
                return last + 1
            last = int(row["second"])
        return end if last is None or len(rows) < _SECONDS_AT_ONCE else last + 1

    def _joined(self, key: tuple[str, ...], scores: str, calls: str, times: Mapping[str, int]) -> pa.Table:
        found = self._store.query_arrow(_rows_sql(key, scores, calls), dict(times))
        return found.select(SCORED_SCHEMA.names).cast(SCORED_SCHEMA)

    def _missed(self, keys: Sequence[tuple[str, ...]], first: int, last: int, end: int) -> int:
        times = {"first": first, "last": last, "begin": 0, "end": end}
        (stored,) = self._store.query_rows(_COUNT, {"first": first, "last": last})
        total = int(stored["by_response"]) + int(stored["by_span"])
        if not total:
            return 0
        joined: int = sum(self._joined(key, _STORED, _ANY_CALL, times).num_rows for key in keys)
        return total - joined


def _rows_sql(key: tuple[str, ...], scores: str, calls: str) -> str:
    """Scores with the first of their calls. Both in the time that :meth:`ScoreFeed.read` asks for."""
    names = ", ".join(key)
    has_key = "response_id != ''" if key == _BY_RESPONSE else "response_id = '' AND span_id != toFixedString('', 8)"
    second = "toUnixTimestamp(ts)" if scores == _GIVEN else "toUnixTimestamp(stored_at)"
    both = "stored" if scores == _GIVEN else "greatest(stored, ingested)"
    wanted = f"""
  SELECT {names}, name, value, label, {second} AS stored
  FROM scores WHERE {scores} AND {_RECENT} AND {has_key}"""
    of_calls = f"calls = 1 AND {_RECENT} AND {key[0]} IN (SELECT {key[0]} FROM ({wanted}))"
    if calls == _NEW_CALL:
        of_calls = f"{of_calls} AND {key[0]} IN (SELECT {key[0]} FROM calls WHERE {of_calls} AND {calls})"
    facts = ", ".join(f"toString(argMin({name}, place)) AS {name}" for name in _FACTS)
    return f"""
SELECT toInt64({both}) AS second, called, name, value, label, {", ".join(_FACTS)}, gateway_cache_hit, input_tokens
FROM ({wanted}) AS judged
INNER JOIN (
  SELECT {names}, min(toUnixTimestamp(ingested_at)) AS ingested, min(toUnixTimestamp64Micro(ts)) AS called, {facts},
    argMin(gateway_cache_hit, place) AS gateway_cache_hit,
    argMin(tuple(toFloat64(input_tokens)), place).1 AS input_tokens
  FROM (SELECT *, tuple(ingested_at, ts) AS place FROM calls WHERE {of_calls} AND {_ANY_CALL})
  GROUP BY {names}
) AS called_first USING ({names})
WHERE {"ingested >= {begin:Int64}" if calls == _NEW_CALL else "1"}
ORDER BY second, called, name, value, label
"""


def _by_second(found: pa.Table) -> Sequence[ScoredSecond]:
    found = found.sort_by([("second", "ascending"), ("called", "ascending"), ("name", "ascending")])
    seconds = found["second"].to_numpy()
    edges = [0, *(np.flatnonzero(np.diff(seconds)) + 1).tolist(), found.num_rows]
    return [ScoredSecond(int(seconds[a]), found.slice(a, b - a)) for a, b in pairwise(edges) if b > a]
