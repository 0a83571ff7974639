"""Attributes of many spans (or events, or resources) at once, sorted by key.

Building the table sorts once; after that the values of one key are a contiguous, zero-copy slice. Nothing is
decoded until somebody asks for a key.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from collector import any_value
from collector.any_value import Floats
from collector.structured import parse_structured

Rows = npt.NDArray[np.int32]


class AttributeValues:
    """The values of one key: ``rows`` are the owners (ascending), ``values`` their undecoded ``AnyValue``."""

    def __init__(self, rows: Rows, values: pa.Array) -> None:
        self.rows = rows
        self.values = values

    @cached_property
    def _encoded(self) -> pa.DictionaryArray:
        return self.values.dictionary_encode()

    @cached_property
    def codes(self) -> Rows:
        """For each row the position of its value in :attr:`objects`."""
        return np.asarray(self._encoded.indices.to_numpy(), np.int32)

    @cached_property
    def objects(self) -> list[Any]:
        """The distinct values as Python objects."""
        return any_value.decode_all(self._encoded.dictionary)

    @cached_property
    def structures(self) -> list[Any]:
        """The distinct values with JSON and Python-literal strings parsed."""
        return [parse_structured(value) for value in self.objects]

    @cached_property
    def numbers(self) -> Floats:
        """Each row's value as a number, NaN where it is none."""
        return any_value.numbers(self.values)


class AttributeTable:
    """All attributes of ``owners`` owners; ``owner`` is ascending."""

    def __init__(self, owner: Rows, keys: pa.Array, values: pa.Array) -> None:
        encoded = keys.dictionary_encode()
        codes = encoded.indices.to_numpy()
        self.names = [key.decode("utf-8", "replace") for key in encoded.dictionary.to_pylist()]
        # numpy sorts 16-bit integers by radix, several times faster than wider ones.
        narrow = codes.astype(np.int16) if len(self.names) < 2**15 else codes
        order = np.argsort(narrow, kind="stable")
        self._rows = owner[order]
        self._values = values.take(pa.array(order))
        bounds = np.zeros(len(self.names) + 1, np.int64)
        np.cumsum(np.bincount(codes, minlength=len(self.names)), out=bounds[1:])
        self._bounds: dict[str, tuple[int, int]] = {}
        self._found: dict[str, AttributeValues] = {}
        for position, name in enumerate(self.names):
            self._bounds.setdefault(name, (int(bounds[position]), int(bounds[position + 1])))

    def __contains__(self, key: str) -> bool:
        return key in self._bounds

    def __iter__(self) -> Iterator[str]:
        return iter(self._bounds)

    def get(self, key: str) -> AttributeValues | None:
        """The values of ``key``, or None where no owner has it."""
        if key not in self._bounds:
            return None
        if key not in self._found:
            start, end = self._bounds[key]
            self._found[key] = AttributeValues(self._rows[start:end], self._values.slice(start, end - start))
        return self._found[key]
