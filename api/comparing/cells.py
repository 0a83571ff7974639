"""What two cohorts did, in sums: by cohort, stratum of like calls, and block of time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
COHORTS = 2
BASELINE, CANDIDATE = 0, 1


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """``R`` cells: each one cohort (0 baseline, 1 candidate), stratum and block of ten minutes."""

    cohort: Ints
    stratum: Ints
    block: Ints

    @property
    def strata(self) -> int:
        return int(self.stratum.max(initial=-1)) + 1

    def by_stratum(self, values: Floats) -> Floats:
        """[2, S] sums of ``values`` [R]."""
        flat = np.bincount(self.cohort * self.strata + self.stratum, values, COHORTS * self.strata)
        return flat.reshape(COHORTS, self.strata).astype(np.float64)

    def by_block(self, values: Floats) -> Floats:
        """[B] sums of ``values`` [R], a block of one cohort each."""
        span = int(self.block.max(initial=0)) + 1
        _, place = np.unique(self.cohort * span + self.block, return_inverse=True)
        return np.bincount(place, values).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Sums [R] over the calls of each cell that a metric counts."""

    n: Floats
    y: Floats
    """Of the value: a logarithm, or 1 for a call that failed in the way of the metric."""
    yy: Floats
    x: Floats | None = None
    """Of the logarithm of the prompt's tokens, where the metric follows it."""
    xx: Floats | None = None
    xy: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Spent:
    """Sums [R] over the calls of each cell: cost in USD and calls that brought a useful answer."""

    n: Floats
    cost: Floats
    cost_squared: Floats
    useful: Floats
    cost_of_useful: Floats
    """Of the useful calls alone: the sum of cost times usefulness."""
