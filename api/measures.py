"""Columns of numbers, some of them unknown, written as JSON values and as Arrow arrays."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbers = npt.NDArray[Any]
Known = npt.NDArray[np.bool_]
_EXPONENT_BELOW = 1_000
_DECIMAL = pa.decimal128(38, 9)


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """One column: ``values`` where ``known``, null elsewhere."""

    values: Numbers
    known: Known

    def arrow(self) -> Any:
        """As an Arrow array."""
        return pa.array(self.values, mask=~self.known)

    def json(self) -> list[Any]:
        """As values of JSON."""
        return self.with_nulls(self.values.tolist())

    def with_nulls(self, values: list[Any]) -> list[Any]:
        """``values`` with None where this is not known; changed in place."""
        for place in np.flatnonzero(~self.known).tolist():
            values[place] = None
        return values


class Money(Measure):
    """``values`` are whole nano-dollars: decimals of nine places in Arrow, text in JSON (:func:`json_columns`)."""

    __slots__ = ()

    def arrow(self) -> Any:
        """As an Arrow array."""
        return _decimals(self.values, pa.py_buffer(np.packbits(self.known, bitorder="little").tobytes()))


def json_columns(measures: Mapping[str, Measure]) -> dict[str, list[Any]]:
    """:meth:`Measure.json` of each of ``measures``, which are equally long; all money is written at once."""
    money = [name for name, measure in measures.items() if isinstance(measure, Money)]
    texts = iter(usd(np.concatenate([measures[name].values for name in money]))) if money else iter(())
    written = {name: list(islice(texts, len(measures[name].values))) for name in money}
    return {
        name: measure.with_nulls(written[name]) if name in written else measure.json()
        for name, measure in measures.items()
    }


def usd(nano: Numbers) -> list[str]:
    """Nano-dollars as dollars with nine places."""
    written = _decimals(nano).cast(pa.string()).to_numpy(zero_copy_only=False)
    # Arrow writes these with an exponent.
    small = np.flatnonzero((np.abs(nano) < _EXPONENT_BELOW) & (nano != 0))
    written[small] = [f"{'-' if value < 0 else ''}0.{abs(value):09d}" for value in nano[small].tolist()]
    written[nano == 0] = "0.000000000"
    return list(written.tolist())


def _decimals(nano: Numbers, valid: Any = None) -> Any:
    pairs = np.empty((len(nano), 2), np.int64)
    pairs[:, 0], pairs[:, 1] = nano, nano >> 63
    return pa.Array.from_buffers(_DECIMAL, len(nano), [valid, pa.py_buffer(pairs.tobytes())])


def rounded(nano: npt.NDArray[np.float64]) -> Money:
    """Estimated nano-dollars; NaN is unknown."""
    known = np.isfinite(nano)
    return Money(np.rint(np.where(known, nano, 0.0)).astype(np.int64), known)


def share(part: Numbers, whole: Numbers, known: Known) -> Measure:
    """``part`` of ``whole``; unknown where there is no whole."""
    known = known & (whole > 0)
    return Measure(np.divide(part, whole, out=np.zeros(len(whole)), where=known), known)


def unit_cost(nano: Numbers, units: Numbers, known: Known, times: int = 1) -> Money:
    """Nano-dollars a unit (``times`` units), to the nearest; unknown without units."""
    known = known & (units > 0)
    each = np.divide(nano.astype(np.float64) * times, units, out=np.zeros(len(units)), where=known)
    return Money(np.rint(each).astype(np.int64), known)


def objects(columns: Mapping[str, Iterable[Any]]) -> list[dict[str, Any]]:
    """One dictionary a row, of columns of JSON values."""
    names = tuple(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
