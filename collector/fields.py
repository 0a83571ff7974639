"""Canonical fields of a batch of spans, filled from attributes in columns.

A field starts empty everywhere; each reading of its table fills the rows that are still empty. Words are codes
into a list of distinct texts (code 0 is the empty word), numbers are floats with NaN for *absent*, flags are
-1 (absent), 0 or 1.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from collector.any_value import Bools, Floats, as_number
from collector.attributes import AttributeTable, Rows
from collector.dialects import HIDDEN_VALUES, Reading
from collector.structured import walk

Flags = npt.NDArray[np.int8]

_LONGEST_WORD = 512
_TRUE = frozenset(("true", "1", "yes", "on"))
_FALSE = frozenset(("false", "0", "no", "off"))


class TextField:
    """A column of words that fills up."""

    def __init__(self, count: int) -> None:
        self.codes: Rows = np.zeros(count, np.int32)
        self.values: list[str] = [""]
        self._index: dict[str, int] = {"": 0}

    def codes_of(self, words: list[str]) -> Rows:
        """The codes of many words, each as :meth:`code` gives it."""
        words = [word[:_LONGEST_WORD] for word in words]
        known = len(self.values)
        for word in dict.fromkeys(words):
            if word not in self._index:
                self._index[word] = len(self.values)
                self.values.append(word)
        if known == 1 and len(self.values) - 1 == len(words):
            return np.arange(1, len(self.values), dtype=np.int32)
        return np.array([self._index[word] for word in words], np.int32)

    def code(self, word: str) -> int:
        """The code of ``word``, new or known; longer words than we keep are cut."""
        word = word[:_LONGEST_WORD]
        found = self._index.get(word)
        if found is None:
            found = self._index[word] = len(self.values)
            self.values.append(word)
        return found

    def fill(self, rows: Rows, codes: Rows) -> None:
        """Set ``rows`` to ``codes`` where still empty."""
        empty = self.codes[rows] == 0
        self.codes[rows[empty]] = codes[empty]

    def set(self, row: int, word: str) -> None:
        """Set one row, whatever it holds."""
        self.codes[row] = self.code(word)

    def get(self, row: int) -> str:
        """The word of one row."""
        return self.values[int(self.codes[row])]

    def map(self, change: Callable[[str], str]) -> "TextField":
        """A new field with ``change`` applied to every distinct word."""
        changed = TextField(len(self.codes))
        codes = changed.codes_of([change(word) for word in self.values])
        changed.codes = codes[self.codes]
        return changed

    def where(self, test: Callable[[str], bool]) -> Bools:
        """Rows whose word passes ``test``."""
        passes = np.array([test(word) for word in self.values], np.bool_)
        return passes[self.codes]

    def take(self, rows: npt.NDArray[np.intp]) -> "TextField":
        """The field for ``rows`` only; the list of words is shared."""
        taken = TextField(0)
        taken.codes, taken.values, taken._index = self.codes[rows], self.values, self._index
        return taken


class Scope:
    """Which rows a reading may touch: all, or those of one dialect."""

    def __init__(self, dialect_codes: Rows, dialects: Sequence[str]) -> None:
        self._masks: dict[str, Bools] = {
            name: dialect_codes == code for code, name in enumerate(dialects) if (dialect_codes == code).any()
        }

    def selects(self, dialect: str) -> bool:
        """Does any row belong to ``dialect``?"""
        return not dialect or dialect in self._masks

    def limit(self, rows: Rows, dialect: str) -> Bools | None:
        """Mask over ``rows``; None means all."""
        return self._masks[dialect][rows] if dialect else None


def as_word(value: Any) -> str:
    """A Python object as a word; empty for what hides or says nothing."""
    if type(value) is str:
        return "" if value in HIDDEN_VALUES else value.strip().strip('"')
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list) and len(value) == 1:
        return as_word(value[0])
    return ""


def as_flag(value: Any) -> int:
    """A Python object as 1, 0 or -1 (says nothing)."""
    if value is None:
        return -1
    if isinstance(value, (bool, int, float)):
        return int(bool(value))
    word = str(value).strip().lower()
    return 1 if word in _TRUE else 0 if word in _FALSE else -1


def read_texts(table: AttributeTable, readings: Iterable[Reading], scope: Scope, count: int) -> dict[str, TextField]:
    """All text fields named by ``readings``."""
    fields: dict[str, TextField] = {}
    for reading in readings:
        field = fields.setdefault(reading.field, TextField(count))
        found = table.get(reading.key)
        if found is None or not scope.selects(reading.only):
            continue
        codes = field.codes_of(_mapped(found, reading, as_word))[found.codes]
        mask = scope.limit(found.rows, reading.only)
        field.fill(*(found.rows, codes) if mask is None else (found.rows[mask], codes[mask]))
    return fields


def read_numbers(
    table: AttributeTable, readings: Iterable[Reading], scope: Scope, count: int
) -> tuple[dict[str, Floats], dict[str, npt.NDArray[np.int16]]]:
    """All number fields named by ``readings``, and for each row the position of the reading it came from (or -1)."""
    fields: dict[str, Floats] = {}
    sources: dict[str, npt.NDArray[np.int16]] = {}
    for position, reading in enumerate(readings):
        field = fields.setdefault(reading.field, np.full(count, np.nan))
        source = sources.setdefault(reading.field, np.full(count, -1, np.int16))
        found = table.get(reading.key)
        if found is None or not scope.selects(reading.only):
            continue
        if reading.path:
            numbers = np.array(_mapped(found, reading, as_number), np.float64)[found.codes]
        else:
            numbers = found.numbers
        use = np.isnan(field[found.rows]) & ~np.isnan(numbers)
        mask = scope.limit(found.rows, reading.only)
        if mask is not None:
            use &= mask
        rows = found.rows[use]
        with np.errstate(over="ignore"):
            field[rows] = numbers[use] * reading.scale
        source[rows] = position
    return fields, sources


def read_flags(table: AttributeTable, readings: Iterable[Reading], scope: Scope, count: int) -> dict[str, Flags]:
    """All flag fields named by ``readings``."""
    fields: dict[str, Flags] = {}
    for reading in readings:
        field = fields.setdefault(reading.field, np.full(count, -1, np.int8))
        found = table.get(reading.key)
        if found is None or not scope.selects(reading.only):
            continue
        flags = np.array(_mapped(found, reading, as_flag), np.int8)[found.codes]
        use = (field[found.rows] < 0) & (flags >= 0)
        mask = scope.limit(found.rows, reading.only)
        if mask is not None:
            use &= mask
        field[found.rows[use]] = flags[use]
    return fields


def _mapped(found: Any, reading: Reading, convert: Callable[[Any], Any]) -> list[Any]:
    if not reading.path:
        return [convert(value) for value in found.objects]
    return [convert(walk(value, reading.path)) for value in found.structures]
