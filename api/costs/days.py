"""Whole days of all calls, held in memory for a moment: questions about long periods differ, their days do not.

What the 1-day rollup holds of a month is read once and kept as numbers: a code for each word, and the sums. Every
question that it can answer is then a matter of choosing and adding up rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.kept import Kept
from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError
from watchkeeper.schema import ROLLUP_KEYS
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_plan import DAYS, CostPlan, CostQuery, Interval, Segment
from watchkeeper.storage.cost_sums import Ints, Sums, joined
from watchkeeper.storage.costs import CellSource, read_cells

MOST_ROWS = 40_000
"""Of a month; a larger one is left to the store."""
PAST_FRESH_S = 60.0
_MOST_MONTHS = 16
_SETTLED = timedelta(days=1)
_DAY_S = 86_400
_HIT = "gateway_cache_hit"
_WORDS = tuple(name for name in ROLLUP_KEYS if name != _HIT)


@dataclass(frozen=True, slots=True)
class _Month:
    """Columns ``day`` (Unix seconds), :data:`~watchkeeper.schema.ROLLUP_KEYS` as codes, and the sums."""

    rows: pa.Table | None
    """None where there are too many."""
    sums: tuple[str, ...] = ()


class CostDays:
    """Safe to share between threads."""

    def __init__(self, store: Store, clock: Clock, fresh_s: float) -> None:
        self._store = store
        self._clock = clock
        self._months: Kept[_Month] = Kept(clock, fresh_s, most=2)
        # Only late calls and a repricing change a month that is over.
        self._past: Kept[_Month] = Kept(clock, PAST_FRESH_S, _MOST_MONTHS)

    def cells(self, query: CostQuery, segment: Segment, keys: Sequence[str]) -> Sums | None:
        """As :func:`~watchkeeper.storage.costs.read_cells`, of whole days; None where there are too many rows."""
        found = []
        for begin, end in _months(segment.chosen):
            held = self._past if end <= self._clock.now() - _SETTLED else self._months
            month = held.get(begin, partial(self._read, begin, end))
            if month.rows is None:
                return None
            found.append(_added_up(month, query, segment, keys))
        return joined(found)

    def _read(self, begin: datetime, end: datetime) -> _Month:
        segment = Segment(DAYS, CallFilter(begin, end))
        source = CellSource(self._store, CostQuery(segment.chosen, (_HIT,), Interval.DAY))
        try:
            cells = read_cells(source, CostPlan((segment,), None), _WORDS, MOST_ROWS)
        except ConfigError:
            return _Month(None)
        words = {name: cells.keys[name] for name in _WORDS} | {_HIT: cells.keys["d0"]}
        codes = {name: column.dictionary_encode() for name, column in words.items()}
        return _Month(pa.table({"day": cells.keys["interval"], **codes, **cells.values}), tuple(cells.values))


def _months(chosen: CallFilter) -> Iterator[tuple[datetime, datetime]]:
    begin = chosen.begin.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while begin < chosen.end:
        end = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
        yield begin, end
        begin = end


def _added_up(month: _Month, query: CostQuery, segment: Segment, keys: Sequence[str]) -> Sums:
    """The rows of ``month`` that are asked for, added up by group and ``keys``."""
    rows: Any = month.rows
    groups = {"interval": pa.array(_starts(rows["day"].to_numpy(), query.interval))}
    groups |= {f"d{place}": rows[name] for place, name in enumerate(query.dimensions)}
    groups |= {name: rows[name] for name in keys}
    table = pa.table({**groups, **{f"sum_{name}": rows[name] for name in month.sums}})
    chosen = table.filter(_fitting(rows, segment.chosen))
    # One thread: several questions at a time share the cores better.
    sums = chosen.group_by([*groups], use_threads=False).aggregate([(f"sum_{name}", "sum") for name in month.sums])
    return Sums(
        {name: _plain(sums[name].combine_chunks()) for name in groups},
        {name: np.asarray(sums[f"sum_{name}_sum"].to_numpy()) for name in month.sums},
    )


def _plain(column: Any) -> Any:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _fitting(rows: pa.Table, chosen: CallFilter) -> Any:
    begin, end = (int(moment.timestamp()) for moment in (chosen.begin, chosen.end))
    fits = pc.and_(pc.greater_equal(rows["day"], begin), pc.less(rows["day"], end))
    for name, values in chosen.chosen.items():
        fits = pc.and_(fits, pc.is_in(rows[name], value_set=pa.array(values, pa.string())))
    return fits


def _starts(days: Ints, interval: Interval) -> Ints:
    if interval is Interval.NONE:
        return np.zeros_like(days)
    if interval is Interval.WEEK:
        # The first day of 1970 was a Thursday.
        return days - (days // _DAY_S + 3) % 7 * _DAY_S
    if interval is Interval.MONTH:
        return days.astype("datetime64[s]").astype("datetime64[M]").astype("datetime64[s]").astype(np.int64)
    return days
