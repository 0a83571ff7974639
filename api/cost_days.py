"""Whole days of all calls, held in memory for a few seconds: questions about long periods differ, their days do not.

What the 1-day rollup holds of a month is read once and kept as numbers: a code for each word, and the sums. Every
question that it can answer is then a matter of choosing and adding up rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from api.kept import Kept
from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError
from watchkeeper.schema import ROLLUP_KEYS
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_plan import DAYS, CostPlan, CostQuery, Interval, Segment
from watchkeeper.storage.cost_sums import Ints, Sums, fold_rows, joined
from watchkeeper.storage.costs import CellSource, read_cells

MOST_ROWS = 40_000
"""Of a month; a larger one is left to the store."""
_MOST_MONTHS = 16
_DAY_S = 86_400
_HIT = "gateway_cache_hit"
_WORDS = tuple(name for name in ROLLUP_KEYS if name != _HIT)


@dataclass(frozen=True, slots=True, eq=False)
class _Month:
    """Rows of a month; none of them where there are too many."""

    days: Ints
    """Unix seconds."""
    words: Mapping[str, pa.DictionaryArray]
    names: tuple[str, ...]
    values: Ints
    """[rows, names]"""
    is_whole: bool = True


_TOO_LARGE = _Month(np.zeros(0, np.int64), {}, (), np.zeros((0, 0), np.int64), is_whole=False)


class CostDays:
    """Safe to share between threads."""

    def __init__(self, store: Store, clock: Clock, fresh_s: float) -> None:
        self._store = store
        self._months: Kept[_Month] = Kept(clock, fresh_s, _MOST_MONTHS)

    def cells(self, query: CostQuery, segment: Segment, keys: Sequence[str]) -> Sums | None:
        """As :func:`~watchkeeper.storage.costs.read_cells`, of whole days; None where there are too many rows."""
        found = []
        for begin, end in _months(segment.chosen):
            month = self._months.get(begin, partial(self._read, begin, end))
            if not month.is_whole:
                return None
            found.append(_chosen(month, query, segment, keys))
        return joined(found)

    def _read(self, begin: datetime, end: datetime) -> _Month:
        segment = Segment(DAYS, CallFilter(begin, end))
        source = CellSource(self._store, CostQuery(segment.chosen, (_HIT,), Interval.DAY))
        try:
            cells = read_cells(source, CostPlan((segment,), None), _WORDS, MOST_ROWS)
        except ConfigError:
            return _TOO_LARGE
        words = {name: cells.keys[name].dictionary_encode() for name in _WORDS}
        words[_HIT] = cells.keys["d0"].dictionary_encode()
        days = np.asarray(cells.keys["interval"].to_numpy())
        return _Month(days, words, tuple(cells.values), np.stack([*cells.values.values()], axis=1))


def _months(chosen: CallFilter) -> Iterator[tuple[datetime, datetime]]:
    begin = chosen.begin.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while begin < chosen.end:
        end = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
        yield begin, end
        begin = end


def _chosen(month: _Month, query: CostQuery, segment: Segment, keys: Sequence[str]) -> Sums:
    """The rows of ``month`` that are asked for, added up by group and ``keys``."""
    rows = np.flatnonzero(_fitting(month, segment.chosen))
    named = {f"d{place}": month.words[name] for place, name in enumerate(query.dimensions)}
    named |= {name: month.words[name] for name in keys if name != "day"}
    days = month.days[rows]
    columns = {"interval": pa.array(_starts(days, query.interval))}
    columns |= {name: column.take(pa.array(rows)) for name, column in named.items()}
    columns |= {"day": pa.array(days)} if "day" in keys else {}
    sums = fold_rows(columns, month.names, month.values[rows])
    plain = {
        name: column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        for name, column in sums.keys.items()
    }
    return Sums(plain, sums.values)


def _fitting(month: _Month, chosen: CallFilter) -> npt.NDArray[np.bool_]:
    begin, end = (int(moment.timestamp()) for moment in (chosen.begin, chosen.end))
    fits = (month.days >= begin) & (month.days < end)
    for name, values in chosen.chosen.items():
        column = month.words[name]
        wanted = np.isin(np.array(column.dictionary.to_pylist(), object), np.array(values, object))
        fits &= wanted[column.indices.to_numpy()]
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
