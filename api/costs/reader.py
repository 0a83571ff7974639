"""Reads what calls cost; what many ask for within a few seconds is read, and written as JSON, once."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import orjson
import pyarrow as pa

from api.costs.caching import CELL, Caching, caching
from api.costs.columns import CostColumns, cost_columns, total_columns
from api.costs.days import CostDays
from api.kept import Kept
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_plan import CostPlan, CostQuery, plan
from watchkeeper.storage.cost_source import kept_since
from watchkeeper.storage.cost_sums import Sums, grouped
from watchkeeper.storage.costs import CellSource, group_keys, read_costs, read_folded

FRESH_S = 5.0
_MOST_KEPT = 8
_SINCE_FRESH_S = 60.0
"""How long calls are kept changes when a service starts with another setting."""


@dataclass(frozen=True, slots=True, eq=False)
class CostReading:
    """What one question found."""

    plan: CostPlan
    columns: CostColumns
    """Every group, by interval and then the most expensive first."""
    totals: CostColumns
    """One row."""
    as_of: datetime


class CostReader:
    """Safe to share between threads."""

    def __init__(self, store: Store, clock: Clock, most_groups: int) -> None:
        self._store = store
        self._clock = clock
        self._most_groups = most_groups
        self._readings: Kept[CostReading] = Kept(clock, FRESH_S, _MOST_KEPT)
        self._pages: Kept[bytes] = Kept(clock, FRESH_S, _MOST_KEPT)
        self._days = CostDays(store, clock, FRESH_S)
        self._since: Kept[dict[str, datetime]] = Kept(clock, _SINCE_FRESH_S)

    def read(self, query: CostQuery, *, with_caching: bool) -> CostReading:
        """All groups. Raises :class:`~watchkeeper.errors.ConfigError` for more than an answer may have."""
        now = self._clock.now()
        chosen = plan(query, self._since.get("", lambda: kept_since(self._store, now)), now)
        key = (chosen.segments, query.dimensions, query.interval, query.retries, with_caching)
        return self._readings.get(key, lambda: self._read(query, chosen, with_caching))

    def page(self, reading: CostReading, offset: int, limit: int) -> bytes:
        """Rows of ``reading`` as a JSON array."""
        key = (reading, offset, limit)
        return self._pages.get(key, lambda: orjson.dumps(reading.columns.page(offset, limit).rows()))

    def _read(self, query: CostQuery, chosen: CostPlan, with_caching: bool) -> CostReading:
        as_of = self._clock.now()
        sums = read_costs(self._store, query, chosen, self._most_groups, self._days.cells)
        each, together = self._caching(query, chosen, sums) if with_caching else (None, None)
        columns = cost_columns(sums, query.dimensions, each)
        return CostReading(chosen, columns, total_columns(sums, together), as_of)

    def _caching(self, query: CostQuery, chosen: CostPlan, sums: Sums) -> tuple[Caching, Caching]:
        """Of each group of ``sums``, and of all together."""
        cells = read_folded(CellSource(self._store, query, self._days.cells), chosen, CELL)
        place, _ = grouped([pa.concat_arrays([sums.keys[name], cells.keys[name]]) for name in group_keys(query)])
        number = np.full(len(place), -1, np.int64)
        number[place[: len(sums)]] = np.arange(len(sums))
        of_group = number[place[len(sums) :]]
        # Calls that came between the two statements may make a group that the first has not.
        present = of_group >= 0
        cells = Sums(
            {name: column.filter(pa.array(present)) for name, column in cells.keys.items()},
            {name: values[present] for name, values in cells.values.items()},
        )
        return caching(cells, of_group[present], len(sums)), caching(cells, np.zeros(present.sum(), np.int64), 1)
