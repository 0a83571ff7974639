"""Histograms of times with bins of equal ratio: small, exact to add up, and good for any quantile.

Bin ``b`` counts times of ``[BASE**b, BASE**(b + 1))`` microseconds, so that whatever is read from it is right to
within 5 %, and within about 1 % where times are spread over several bins, since those of a bin are taken as spread
evenly in it. (The same idea as DDSketch, Masson, Rim and Lee 2019, without its limit on the number of bins.)
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

BASE = 1.05
"""Also in the migration that fills the histograms."""

Counts = npt.NDArray[np.float64]


def bin_of(us: float) -> int:
    """The bin that a time falls into; what is below a microsecond counts as one."""
    return int(math.log(max(us, 1.0)) / math.log(BASE))


def quantiles(counts: Counts, levels: Sequence[float]) -> list[list[float | None]]:
    """Microseconds at each of ``levels``, for each row of ``counts`` [rows, bins]; None for a row without any."""
    if not counts.size:
        return [[None] * len(levels) for _ in counts]
    cumulative = np.cumsum(counts, axis=1)
    totals, rows = cumulative[:, -1], np.arange(len(counts))
    found = np.empty((len(counts), len(levels)))
    for place, level in enumerate(levels):
        ranks = level * totals
        bins = (cumulative >= ranks[:, None]).argmax(axis=1)
        within = 1 - (cumulative[rows, bins] - ranks) / np.maximum(counts[rows, bins], 1)
        found[:, place] = BASE ** (bins + within)
    return [list(row) if total else [None] * len(levels) for row, total in zip(found.tolist(), totals, strict=True)]


def below(counts: Counts, us: float) -> npt.NDArray[np.int64]:
    """How many calls of each row took less than ``us``, to 5 % of it."""
    found: npt.NDArray[np.int64] = counts[:, : bin_of(us)].sum(axis=1).astype(np.int64)
    return found
