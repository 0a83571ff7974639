"""Whole days of all calls, held in memory for a moment: questions about long periods differ, their days do not.

What the 1-day rollup holds of a month is read once and kept as numbers: a code for each word, and the sums. For each
set of columns that a question needs, whatever values it asks for, they are added up once and put in the order of its
groups (:mod:`api.costs.day_sums`); the question itself then only chooses rows and adds up neighbours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import pyarrow as pa

from api.costs.day_sums import DaySums, Wanted
from api.kept import Kept
from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError
from watchkeeper.schema import ROLLUP_KEYS
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_plan import DAYS, CostPlan, CostQuery, Interval, Segment
from watchkeeper.storage.cost_sums import Sums, joined
from watchkeeper.storage.costs import CellSource, read_cells

MOST_ROWS = 40_000
"""Of a month; a larger one is left to the store."""
PAST_FRESH_S = 60.0
_MOST_MONTHS = 16
_MOST_ORDERED = 32
"""Each of some megabytes at most."""
_SETTLED = timedelta(days=1)
_HIT = "gateway_cache_hit"
_WORDS = tuple(name for name in ROLLUP_KEYS if name != _HIT)


@dataclass(frozen=True, slots=True, eq=False)
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
        # Many who ask at once would all wait for a month to be read again, so it is read while they get the older one.
        self._months: Kept[_Month] = Kept(clock, fresh_s, most=2, behind=True, stale_s=fresh_s)
        # Only late calls and a repricing change a month that is over.
        self._past: Kept[_Month] = Kept(clock, PAST_FRESH_S, _MOST_MONTHS, behind=True, stale_s=PAST_FRESH_S)
        self._ordered: Kept[DaySums] = Kept(clock, PAST_FRESH_S, _MOST_ORDERED)

    def cells(self, query: CostQuery, segment: Segment, keys: Sequence[str]) -> Sums | None:
        """As :func:`~watchkeeper.storage.costs.read_cells`, of whole days; None where there are too many rows."""
        found = []
        for begin, end in _months(segment.chosen):
            held = self._past if end <= self._clock.now() - _SETTLED else self._months
            month = held.get(begin, partial(self._read, begin, end))
            if month.rows is None:
                return None
            whole = segment.chosen.begin <= begin and end <= segment.chosen.end
            wanted = Wanted(query.dimensions, tuple(keys), query.interval, (*segment.chosen.chosen,), not whole)
            # The month itself is part of the key: what was made of one that is read anew is not found again.
            ordered = self._ordered.get((month, wanted), partial(DaySums.of, month.rows, month.sums, wanted))
            found.append(ordered.chosen(segment.chosen))
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
