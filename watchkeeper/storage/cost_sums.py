"""Sums of whole numbers by group, exact in 64 bits: what an aggregating query left apart is brought together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
_FITS = 2**62
_DENSE = 1 << 18
_RADIX = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Groups, each with its keys and its sums; all arrays are equally long and in one order."""

    keys: Mapping[str, Any]
    """Arrow arrays."""
    values: Mapping[str, Ints]
    """Counts as they are, money in nano-dollars."""

    def __len__(self) -> int:
        return len(next(iter(self.keys.values())))

    def __getitem__(self, name: str) -> Ints:
        return self.values[name]

    def totals(self) -> dict[str, int]:
        """Each of ``values`` over all groups."""
        return {name: int(values.sum()) for name, values in self.values.items()}


def joined(parts: Sequence[Sums]) -> Sums:
    """The rows of all ``parts``, which have the same keys and values; the same keys may occur more than once."""
    if len(parts) == 1:
        return parts[0]
    return Sums(
        {name: pa.concat_arrays([part.keys[name] for part in parts]) for name in parts[0].keys},
        {name: np.concatenate([part[name] for part in parts]) for name in parts[0].values},
    )


def whole(column: Any) -> Ints:
    """An Arrow column of integers, truth values or decimals of nine places as integers; money as nano-dollars.

    Unsigned counts that a repricing moved below zero wrap round in ClickHouse and come out negative here.
    """
    if pa.types.is_decimal(column.type):
        return _nano(column.combine_chunks())
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    return np.asarray(column.to_numpy()).astype(np.int64)


def _nano(array: Any) -> Ints:
    if array.type.scale != 9 or array.null_count:
        raise ValueError(f"decimals of nine places without nulls are needed, not {array.type}")
    # 16 bytes a value, little-endian; the upper half only repeats the sign below nine billion dollars.
    pairs = np.frombuffer(array.cast(pa.decimal128(38, 9)).buffers()[1], np.int64).reshape(-1, 2)
    found: Ints = pairs[array.offset : array.offset + len(array), 0]
    return found


def fold(keys: Mapping[str, Any], values: Mapping[str, Ints]) -> Sums:
    """``values`` added up where all of ``keys`` (Arrow arrays) are equal."""
    place, first = grouped(list(keys.values()))
    # Numbers of 16 bits are sorted by radix.
    order = np.argsort(place.astype(np.uint16) if len(first) < _RADIX else place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(first)))
    rows = np.stack([*values.values()], axis=1)[order]
    summed = np.add.reduceat(rows, starts, axis=0) if len(order) else rows
    chosen = pa.array(first)
    return Sums({name: column.take(chosen) for name, column in keys.items()}, dict(zip(values, summed.T, strict=True)))


def grouped(columns: Sequence[Any]) -> tuple[Ints, Ints]:
    """The number of the group of each row, and a row of each group, for Arrow arrays of equal length."""
    place, size = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        codes = column.dictionary_encode()
        if size * len(codes.dictionary) > _FITS:
            place = np.unique(place, return_inverse=True)[1].astype(np.int64)
            size = len(place)
        place = place * len(codes.dictionary) + codes.indices.to_numpy().astype(np.int64)
        size *= len(codes.dictionary)
    return _numbered(place, size)


def _numbered(place: Ints, size: int) -> tuple[Ints, Ints]:
    """Places below ``size`` numbered without gaps, in their order; and a row of each."""
    if size > _DENSE:
        _, first, dense = np.unique(place, return_index=True, return_inverse=True)
        return dense.astype(np.int64), first.astype(np.int64)
    # A table of all places is several times faster than sorting while it fits a cache.
    row_of = np.full(size, -1, np.int64)
    row_of[place] = np.arange(len(place))
    present = np.flatnonzero(row_of >= 0)
    number = np.empty(size, np.int64)
    number[present] = np.arange(len(present))
    return number[place], row_of[present]
