"""The sums of days in the order of the groups that a question asks for, whichever of them it chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.cost_plan import Interval
from watchkeeper.storage.cost_sums import Ints, Sums, grouped

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which columns keep rows apart: those of the groups, and those that some rows are chosen by."""

    dimensions: tuple[str, ...]
    keys: tuple[str, ...]
    interval: Interval
    filtered: tuple[str, ...]
    by_day: bool
    """Are some of the days chosen?"""


@dataclass(frozen=True, slots=True)
class _Filter:
    """What is in a column: words, and the number of the word of each row."""

    words: tuple[str, ...]
    codes: Ints


@dataclass(frozen=True, slots=True, eq=False)
class DaySums:
    """Rows in the order of their groups. Made once, asked often."""

    keys: Mapping[str, Any]
    """Of each group, as :class:`~watchkeeper.storage.cost_sums.Sums` has them."""
    group: Ints
    """The number of the group of each row; it never falls."""
    days: Ints | None
    filters: Mapping[str, _Filter]
    names: tuple[str, ...]
    sums: npt.NDArray[np.int64]
    """[rows, names]"""

    @classmethod
    def of(cls, rows: pa.Table, sums: tuple[str, ...], wanted: Wanted) -> "DaySums":
        """From ``rows`` with a column ``day`` (Unix seconds), columns of words as dictionaries, and ``sums``."""
        keys = {"interval": pa.array(_starts(rows["day"].to_numpy(), wanted.interval))}
        keys |= {f"d{place}": rows[name].combine_chunks() for place, name in enumerate(wanted.dimensions)}
        keys |= {name: rows[name].combine_chunks() for name in wanted.keys}
        further = {f"by {name}": rows[name].combine_chunks() for name in wanted.filtered}
        # Groups may be kept apart by day already.
        further |= {"day": rows["day"].combine_chunks()} if wanted.by_day and "day" not in keys else {}
        apart = pa.table({**keys, **further, **{f"sum {name}": rows[name] for name in sums}})
        added = apart.group_by([*keys, *further], use_threads=False).aggregate(
            [(f"sum {name}", "sum") for name in sums]
        )
        number, first = grouped([added[name].combine_chunks() for name in keys])
        order = np.argsort(number, kind="stable")
        placed = pa.array(order)
        return cls(
            keys={name: _plain(added[name].combine_chunks().take(pa.array(first))) for name in keys},
            group=number[order],
            days=added["day"].to_numpy()[order] if wanted.by_day else None,
            filters={name: _filter(added[f"by {name}"].combine_chunks().take(placed)) for name in wanted.filtered},
            names=sums,
            sums=np.stack([added[f"sum {name}_sum"].to_numpy()[order] for name in sums], axis=1),
        )

    def chosen(self, chosen: CallFilter) -> Sums:
        """The groups of ``chosen``, added up of its rows."""
        rows = np.flatnonzero(self._fits(chosen))
        group = self.group[rows]
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        summed = np.add.reduceat(self.sums[rows], starts, axis=0) if len(rows) else self.sums[rows]
        present = pa.array(group[starts])
        keys = {name: column.take(present) for name, column in self.keys.items()}
        return Sums(keys, dict(zip(self.names, np.ascontiguousarray(summed.T), strict=True)))

    def _fits(self, chosen: CallFilter) -> npt.NDArray[np.bool_]:
        fits = np.ones(len(self.group), np.bool_)
        if self.days is not None:
            fits &= (self.days >= int(chosen.begin.timestamp())) & (self.days < int(chosen.end.timestamp()))
        for name, values in chosen.chosen.items():
            one = self.filters[name]
            fits &= np.array([word in values for word in one.words], np.bool_)[one.codes]
        return fits


def _filter(column: Any) -> _Filter:
    return _Filter(tuple(column.dictionary.to_pylist()), column.indices.to_numpy().astype(np.int64))


def _plain(column: Any) -> Any:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _starts(days: Ints, interval: Interval) -> Ints:
    if interval is Interval.NONE:
        return np.zeros_like(days)
    if interval is Interval.WEEK:
        # The first day of 1970 was a Thursday.
        return days - (days // _DAY_S + 3) % 7 * _DAY_S
    if interval is Interval.MONTH:
        return days.astype("datetime64[s]").astype("datetime64[M]").astype("datetime64[s]").astype(np.int64)
    return days
