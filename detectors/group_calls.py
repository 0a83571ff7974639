"""The calls of one model in one unit, as detectors of findings read them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from detectors.columns import Bools, CallColumns, Floats, Ints
from detectors.metrics import RATES
from detectors.series import SeriesKey

_RATE = {metric.name: position for position, metric in enumerate(RATES)}
Rows = Ints | slice


class Words(NamedTuple):
    """A column of words: ``names[codes[i]]`` is the word of call ``i``; unknown is the empty string."""

    names: list[str]
    codes: Ints


class UnitCalls:
    """The columns of a unit beyond :class:`CallColumns`, decoded when first asked for, once for all models."""

    def __init__(self, columns: CallColumns) -> None:
        self.columns = columns
        self._words: dict[str, Words] = {}
        self._numbers: dict[str, Floats] = {}
        self._derived: dict[str, Floats] = {}

    def words(self, name: str) -> Words:
        """Column ``name`` of all calls of the unit."""
        if name not in self._words:
            self._words[name] = decoded(self.columns.table[name])
        return self._words[name]

    def numbers(self, name: str) -> Floats:
        """Column ``name`` of all calls of the unit; unknown is NaN."""
        if name not in self._numbers:
            self._numbers[name] = self.columns.table[name].cast(pa.float64()).to_numpy()
        return self._numbers[name]

    def derived(self, name: str, make: Callable[["UnitCalls"], Floats]) -> Floats:
        """What ``make`` derives from the whole unit, made once; rows first."""
        if name not in self._derived:
            self._derived[name] = make(self)
        return self._derived[name]


@dataclass(frozen=True, slots=True, eq=False)
class GroupCalls:
    """``n`` calls of one requested model, in the order of their start."""

    unit: UnitCalls
    rows: Rows
    """Where they are in the unit."""
    parent: SeriesKey
    workloads: tuple[SeriesKey, ...]
    """The workloads that occur (served model: any)."""
    workload: Ints
    """[n] positions in ``workloads``."""
    ts: Floats
    """[n] start, Unix seconds, ascending."""
    tried: Bools
    """[n] all but cancelled calls."""
    answered: Bools
    """[n] an answer came, good or not."""
    limited: Bools
    """[n] turned away for their number (429)."""
    failed: Bools
    """[n] error, timeout or turned away."""

    def __len__(self) -> int:
        return len(self.ts)

    def words(self, name: str) -> Words:
        """Column ``name`` of these calls."""
        names, codes = self.unit.words(name)
        return Words(names, codes[self.rows])

    def numbers(self, name: str) -> Floats:
        """Column ``name`` of these calls; unknown is NaN."""
        return self.unit.numbers(name)[self.rows]

    def prompt_bucket(self) -> Ints:
        """[n] log2 of the input tokens, 0 where unknown."""
        return self.unit.columns.prompt_bucket[self.rows]

    def output_bucket(self) -> Ints:
        """[n] log2 of the output tokens, 0 where unknown."""
        return self.unit.columns.output_bucket[self.rows]

    def ends(self) -> Floats:
        """[n] when each call was over, Unix seconds."""
        return self.ts + np.nan_to_num(self.numbers("duration_us")) / 1e6


def by_model(columns: CallColumns) -> list[GroupCalls]:
    """The calls of a unit, apart by provider and requested model; models in the order of ``columns.keys``."""
    if not len(columns):
        return []
    unit = UnitCalls(columns)
    parents = list(dict.fromkeys(key.parent for key in columns.keys))
    if len(parents) == 1:
        return [_group(unit, slice(None), parents[0])]
    position = {parent: at for at, parent in enumerate(parents)}
    of_series = np.array([position[key.parent] for key in columns.keys], np.int64)
    of_call = of_series[columns.series]
    order = np.argsort(of_call, kind="stable")
    cuts = np.searchsorted(of_call[order], np.arange(len(parents) + 1)).tolist()
    parts = zip(cuts, cuts[1:], parents, strict=False)
    return [_group(unit, order[begin:end], parent) for begin, end, parent in parts if begin < end]


def _group(unit: UnitCalls, rows: Rows, parent: SeriesKey) -> GroupCalls:
    columns = unit.columns
    counted, bad = columns.counted[rows], columns.bad[rows]
    workloads, workload = _workloads(columns, columns.series[rows])
    limited = bad[:, _RATE["rate_limit"]]
    return GroupCalls(
        unit=unit,
        rows=rows,
        parent=parent,
        workloads=workloads,
        workload=workload,
        ts=columns.ts[rows],
        tried=counted[:, _RATE["error"]],
        answered=counted[:, _RATE["refusal"]],
        limited=limited,
        failed=bad[:, _RATE["error"]] | bad[:, _RATE["timeout"]] | limited,
    )


def _workloads(columns: CallColumns, series: Ints) -> tuple[tuple[SeriesKey, ...], Ints]:
    """The workloads of ``series`` [n], positions in ``columns.keys``, and for each call a position in them."""
    occurring = np.flatnonzero(np.bincount(series, minlength=len(columns.keys)))
    of_series = np.zeros(len(columns.keys), np.int64)
    position: dict[SeriesKey, int] = {}
    for at in occurring.tolist():
        of_series[at] = position.setdefault(columns.keys[at].workload, len(position))
    return tuple(position), of_series[series]


def decoded(column: pa.ChunkedArray) -> Words:
    """A column of words, nulls as the empty string."""
    plain = column.cast(pa.string()) if not pa.types.is_dictionary(column.type) else column
    whole = plain.combine_chunks()
    encoded = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    names = [name or "" for name in encoded.dictionary.to_pylist()]
    if len(codes) and codes.min() < 0:
        codes = np.where(codes < 0, len(names), codes)
        names.append("")
    return Words(names, codes)
