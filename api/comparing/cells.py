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
    """``R`` cells: each one cohort (0 baseline, 1 candidate), stratum and block of time.

    Strata and blocks are numbered from 0 without gaps, blocks in the order of time.
    """

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
        """[B] sums of ``values`` [R] over both cohorts, in the order of time."""
        return np.bincount(self.block, values).astype(np.float64)

    def blocks(self, of_cell: Floats) -> int:
        """In how many blocks the cohort that has fewer has calls; ``of_cell`` [R] says how many each cell has."""
        sides = (self.by_block(of_cell * (self.cohort == side)) for side in range(COHORTS))
        return min(int((calls > 0).sum()) for calls in sides)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Sums [R] over the calls of each cell that a metric counts."""

    n: Floats
    y: Floats
    """Of the value: a logarithm, a score (its sign turned where more is better), or 1 for a call that failed."""
    yy: Floats | None = None
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
