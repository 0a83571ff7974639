"""Strata: which calls are alike enough to be compared, numbered as they turn up, in bounded number."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detectors.columns import Floats, Ints
from detectors.metrics import Kind, Metric, Strata

_WIDE = 64
_MOST = 127


@dataclass(slots=True)
class StrataIndex:
    """Numbers of the (prompt bucket, output bucket) pairs of one series, for one way of keeping calls apart.

    Number 0 takes whatever turns up after ``most`` strata were numbered; the baseline never learns it apart.
    """

    most: int
    codes: list[int] = field(default_factory=list)
    """Code of each number from 1 on."""
    _lookup: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros(_WIDE * _WIDE, np.int8))

    def __post_init__(self) -> None:
        if not 1 <= self.most <= _MOST:
            raise ValueError(f"max_strata is {self.most}: choose 1 to {_MOST}")
        self._lookup[self.codes] = np.arange(1, len(self.codes) + 1, dtype=np.int8)

    def number(self, codes: Ints) -> Ints:
        """[n] numbers of ``codes`` [n], new ones in the order of their code."""
        numbers = self._lookup[codes].astype(np.int64)
        if len(self.codes) < self.most and not numbers.all():
            for code in np.unique(codes[numbers == 0]).tolist()[: self.most - len(self.codes)]:
                self.codes.append(code)
                self._lookup[code] = len(self.codes)
            numbers = self._lookup[codes].astype(np.int64)
        return numbers

    def settled(self, codes: Ints) -> Ints | None:
        """[n] numbers of ``codes`` [n] where none of them is to be numbered yet; else None."""
        numbers = self._lookup[codes]
        if len(self.codes) < self.most and not numbers.all():
            return None
        return numbers.astype(np.int64)

    @property
    def size(self) -> int:
        """Numbers in use, 0 included."""
        return len(self.codes) + 1

    @property
    def coordinates(self) -> Floats:
        """[size, 2] prompt and output bucket of each number; the middle of them for number 0."""
        codes = np.array(self.codes, np.int64)
        known = np.column_stack([codes // _WIDE, codes % _WIDE]).astype(np.float64)
        first = known.mean(axis=0) if len(known) else np.zeros(2)
        return np.vstack([first, known])


def stratum_codes(metric: Metric, prompt: Ints, output: Ints) -> Ints:
    """[n] codes of calls with buckets ``prompt`` and ``output``; but for values, two octaves of the prompt are one."""
    prompt, output = np.minimum(prompt, _WIDE - 1), np.minimum(output, _WIDE - 1)
    if metric.strata is Strata.NONE:
        return np.zeros_like(prompt)
    if metric.strata is Strata.OUTPUT:
        return output
    if metric.kind is not Kind.VALUE:
        return prompt // 2 * _WIDE
    return prompt * _WIDE + (output if metric.strata is Strata.PROMPT_OUTPUT else 0)
