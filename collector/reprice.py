"""Price stored calls again with today's prices, and keep raw rows and rollups equal while doing so.

``preview`` shows what would change; ``apply`` writes it, slice by slice; ``resume`` finishes what an interruption left.
The order of steps of a slice is the safety argument, see :class:`watchkeeper.storage.repricing.Repricing`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa

from collector.nano_dollars import Flags, Ints, from_decimals
from collector.price_book import PriceBook
from collector.pricing import PriceInput, price
from watchkeeper.storage.repricing import Period, Repricing, Run
from watchkeeper.storage.repricing_sql import COST_COLUMNS, PRICED_FROM

_MOST_CALLS = 100_000
_NANO = Decimal("1e-9")
_SUMMED = ("calls", "changed", "newly_priced", "no_longer_priced", "old", "new")


@dataclass(frozen=True, slots=True)
class ModelChange:
    """What a repricing changes for one model. ``changed`` and the two after it count stored rows.

    The sums are over every call of the period that has a cost.
    """

    provider: str
    model: str
    calls: int
    changed: int
    newly_priced: int
    no_longer_priced: int
    old_usd: Decimal
    new_usd: Decimal


class Repricer:
    """Runs repricings, one at a time. ``new_id`` gives letters and digits that it never gave before."""

    def __init__(
        self, table: Repricing, book: PriceBook, new_id: Callable[[], str], most_calls: int = _MOST_CALLS
    ) -> None:
        self._table = table
        self._book = book
        self._new_id = new_id
        self._most_calls = most_calls

    def preview(self, period: Period) -> list[ModelChange]:
        """What :meth:`apply` would change now, largest difference first. Writes nothing."""
        sums: dict[tuple[str, str], Ints] = {}
        for part in self._parts(period):
            for name, counts in _by_model(_compared(self._table.calls(part), self._book)):
                sums[name] = sums.get(name, 0) + counts
        changes = [_model_change(name, counts) for name, counts in sums.items()]
        return sorted(changes, key=lambda c: (-abs(c.new_usd - c.old_usd), -c.changed, c.provider, c.model))

    def apply(self, period: Period, on_slice: Callable[[datetime], None] = lambda _: None) -> None:
        """Write today's prices into ``period``; ``on_slice`` hears up to where it is done."""
        run = Run(self._new_id(), period, period.begin)
        self._table.record(run)
        self._continue(run, on_slice)

    def resume(self, on_slice: Callable[[datetime], None] = lambda _: None) -> list[Run]:
        """Finish the runs that were interrupted, with today's prices where they had not come to; returns them."""
        resumed = []
        while run := self._table.unfinished():
            resumed.append(run)
            self._continue(self._finish_slice(run, check=True) if run.slice_id else run, on_slice)
        return resumed

    def _parts(self, period: Period) -> Iterable[Period]:
        for begin, end in self._table.slices(period, self._most_calls):
            yield replace(period, begin=begin, end=end)

    def _continue(self, run: Run, on_slice: Callable[[datetime], None]) -> None:
        for part in self._parts(replace(run.period, begin=run.done_until)):
            run = self._price_slice(run, part)
            on_slice(part.end)
        self._table.record(run.completed())

    def _price_slice(self, run: Run, part: Period) -> Run:
        compared = _compared(self._table.calls(part), self._book)
        changed = compared.table.filter(pa.array(compared.changed))
        if not changed.num_rows:
            return run
        slice_id = f"slice_{self._new_id()}"
        self._table.stage(slice_id, changed)
        run = run.staged(slice_id, part.end)
        self._table.record(run)
        return self._finish_slice(run, check=False)

    def _finish_slice(self, run: Run, *, check: bool) -> Run:
        """From a recorded stage to a done slice; every step may be repeated."""
        self._table.shift_rollups(run.slice_id, check=check)
        self._table.rewrite_calls(run.slice_id)
        done = run.advanced(run.slice_end)
        self._table.record(done)
        self._table.forget()
        return done


def _model_change(name: tuple[str, str], sums: Ints) -> ModelChange:
    calls, changed, newly_priced, no_longer_priced, old, new = sums.tolist()
    return ModelChange(*name, calls, changed, newly_priced, no_longer_priced, old * _NANO, new * _NANO)


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """Calls with ``old_…`` and ``new_…`` costs, in columns."""

    table: pa.Table
    changed: Flags
    old: tuple[Ints, Flags]
    new: tuple[Ints, Flags]


def _compared(calls: pa.Table, book: PriceBook) -> _Compared:
    calls = calls.combine_chunks()
    output = price(_input(calls), book)
    table, changed = calls, np.zeros(calls.num_rows, np.bool_)
    for name in COST_COLUMNS:
        (old, was_known), (new, is_known) = from_decimals(calls[name]), from_decimals(getattr(output, name))
        changed |= (was_known != is_known) | (old != new)
    for name in (*COST_COLUMNS, "cost_status", "price_version"):
        table = table.append_column(f"old_{name}", calls[name]).append_column(f"new_{name}", getattr(output, name))
    statuses = (table[f"{age}_cost_status"].cast(pa.string()).to_numpy(zero_copy_only=False) for age in ("old", "new"))
    changed |= np.not_equal(*statuses)
    return _Compared(table, changed, from_decimals(calls["cost_usd"]), from_decimals(output.cost_usd))


def _input(calls: pa.Table) -> PriceInput:
    columns = {name: calls[name] for name in PRICED_FROM}
    return PriceInput(cost_reported=columns.pop("cost_reported_usd"), **columns)


def _by_model(compared: _Compared) -> Iterable[tuple[tuple[str, str], Ints]]:
    (old, was_known), (new, is_known) = compared.old, compared.new
    calls = compared.table["calls"].to_numpy()
    counts = (calls, compared.changed, ~was_known & is_known, was_known & ~is_known, old, new)
    table = compared.table.select(["provider", "model"])
    for name, column in zip(_SUMMED, counts, strict=True):
        table = table.append_column(name, pa.array(column.astype(np.int64)))
    grouped = table.group_by(["provider", "model"]).aggregate([(name, "sum") for name in _SUMMED])
    for row in grouped.to_pylist():
        yield (row["provider"], row["model"]), np.array([row[f"{name}_sum"] for name in _SUMMED], np.int64)
