"""What passes between a series and its metrics: the calls of a batch for one metric, and sums over its blocks."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from detectors.alternatives import ALTERNATIVES
from detectors.columns import Bools, Floats, Ints

FEATURES = 6
"""Sums kept since the onset of a change, enough to say how large it is.

A rate: calls, bad calls, bad calls expected. A value: calls, scores/scale, 1/scale², calls beyond the baseline's
95th and 99th percentile, logarithms expected.
"""
BASELINES = 2
"""Pinned and trailing."""


@dataclass(frozen=True, slots=True, eq=False)
class MetricCalls:
    """Those ``n`` calls of a batch that count for a metric, in the order of time."""

    ts: Floats
    value: Floats
    """A rate: 1 for bad, else 0. A value: the logarithm."""
    stratum: Ints
    strata: int
    """Strata numbered so far."""
    block: Ints
    """Position of the call's block in the batch, 0 being the one left open before."""
    first_block: int
    """Running number of block 0."""

    def where(self, kept: Bools) -> "MetricCalls":
        """Those calls where ``kept`` [n]."""
        return MetricCalls(
            self.ts[kept], self.value[kept], self.stratum[kept], self.strata, self.block[kept], self.first_block
        )


@dataclass(slots=True)
class BlockSums:
    """Sums over ``B`` blocks for one metric. All are additive, so that a block may come in parts."""

    evidence: Floats
    """[2, B, K] log likelihood ratios under either baseline."""
    features: Floats
    """[2, B, FEATURES]"""
    calls: Floats
    """[2, B] calls that were judged."""
    s: Floats
    """[B] residuals from the plain baseline."""
    v: Floats
    """[B] their nominal variance."""

    @classmethod
    def zeros(cls, blocks: int) -> Self:
        """No calls."""
        return cls(
            np.zeros((BASELINES, blocks, ALTERNATIVES)),
            np.zeros((BASELINES, blocks, FEATURES)),
            np.zeros((BASELINES, blocks)),
            np.zeros(blocks),
            np.zeros(blocks),
        )
