"""Money in columns: int64 nano-dollars on our side, ``decimal128(18, 9)`` on Arrow's; no object a row."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from watchkeeper.schema import COST_SCALE

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
COST = pa.decimal128(18, COST_SCALE)
_MOST = 10**18 - 1
"""The largest value of 18 digits, about a billion dollars."""


def divided_half_even(values: Ints, divisor: int) -> Ints:
    """``values / divisor`` as integers, halves to the even neighbour. ``values`` must not be negative."""
    quotient = values // divisor
    twice = (values - quotient * divisor) * 2
    up: Flags = (twice > divisor) | ((twice == divisor) & ((quotient & 1) == 1))
    rounded: Ints = quotient + up
    return rounded


def to_decimals(nano: Ints, known: Flags) -> pa.Array:
    """A decimal column; null where not ``known``."""
    words = np.empty((len(nano), 2), dtype="<i8")
    words[:, 0] = nano
    words[:, 1] = nano >> 63
    unknown = len(known) - int(np.count_nonzero(known))
    bits = pa.py_buffer(np.packbits(known, bitorder="little")) if unknown else None
    return pa.Array.from_buffers(COST, len(nano), [bits, pa.py_buffer(words)], unknown)


def from_decimals(column: Any) -> tuple[Ints, Flags]:
    """Nano-dollars of a decimal Arrow column, or of a float column in dollars, and which rows hold a number.

    A number that no cost column can hold (negative, not finite, a billion dollars) counts as none.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.Array) and (pa.types.is_decimal(column.type) or pa.types.is_null(column.type)):
        return _from_decimal128(column.cast(COST))
    plain = column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column
    dollars = np.asarray(plain, np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        nano = np.rint(dollars * 1e9)
        known = (nano >= 0) & (nano <= float(_MOST))
    return np.where(known, nano, 0.0).astype(np.int64), known


def _from_decimal128(column: Any) -> tuple[Ints, Flags]:
    known = np.asarray(column.is_valid().to_numpy(zero_copy_only=False), np.bool_)
    words = np.frombuffer(column.buffers()[1], dtype="<i8").reshape(-1, 2)
    nano = words[column.offset : column.offset + len(column), 0]
    known &= nano >= 0
    return np.where(known, nano, 0), known
