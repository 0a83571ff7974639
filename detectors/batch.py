"""What passes between a series and its metrics: the calls of a batch for one metric, and sums over its blocks."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from detectors.alternatives import ALTERNATIVES
from detectors.columns import Bools, Floats, Ints
from detectors.hours import hour_cells

FEATURES = 6
"""Sums kept since the onset of a change, enough to say how large it is.

A rate: calls, bad calls, bad calls expected. A value: calls, scores/scale, 1/scale², calls beyond the baseline's
95th and 99th percentile, logarithms expected.
"""
BASELINES = 2
"""Pinned and trailing."""


@dataclass(frozen=True, eq=False)
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

    @cached_property
    def hours(self) -> Ints:
        """[n] cells of :func:`.hours.hour_cells`."""
        return hour_cells(self.ts)

    @cached_property
    def numbers(self) -> Ints:
        """[n] by which residuals are spread over bins: as different for calls that come one at a time as for many."""
        return (self.ts * 1e6).astype(np.int64) + np.arange(len(self.ts))

    def where(self, kept: Bools) -> "MetricCalls":
        """Those calls where ``kept`` [n]."""
        if kept.all():
            return self
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


@dataclass(frozen=True, slots=True, eq=False)
class SeriesSums:
    """The sums of ``M`` metrics over the same ``B`` blocks side by side."""

    evidence: Floats
    """[2, B, M, K]"""
    features: Floats
    """[2, B, M, FEATURES]"""
    calls: Floats
    """[2, B, M]"""
    s: Floats
    """[B, M]"""
    v: Floats
    """[B, M]"""

    @classmethod
    def zeros(cls, blocks: int, metrics: int) -> Self:
        """No calls."""
        of_metric = (BASELINES, blocks, metrics)
        return cls(
            np.zeros((*of_metric, ALTERNATIVES)),
            np.zeros((*of_metric, FEATURES)),
            np.zeros(of_metric),
            np.zeros(of_metric[1:]),
            np.zeros(of_metric[1:]),
        )

    def of(self, metric: int) -> BlockSums:
        """Those of one metric; what is written there is written here."""
        return BlockSums(
            self.evidence[:, :, metric],
            self.features[:, :, metric],
            self.calls[:, :, metric],
            self.s[:, metric],
            self.v[:, metric],
        )

    def add_first(self, before: "SeriesSums") -> None:
        """Take the one block of ``before`` into the first one."""
        self.evidence[:, :1] += before.evidence
        self.features[:, :1] += before.features
        self.calls[:, :1] += before.calls
        self.s[:1] += before.s
        self.v[:1] += before.v

    def closed(self) -> "SeriesSums":
        """All blocks but the last one."""
        return SeriesSums(self.evidence[:, :-1], self.features[:, :-1], self.calls[:, :-1], self.s[:-1], self.v[:-1])

    def last(self) -> "SeriesSums":
        """The last block, in arrays of its own."""
        return SeriesSums(
            self.evidence[:, -1:].copy(),
            self.features[:, -1:].copy(),
            self.calls[:, -1:].copy(),
            self.s[-1:].copy(),
            self.v[-1:].copy(),
        )

    def clear(self, metric: int) -> None:
        """Forget what is there of one metric."""
        of_metric = self.of(metric)
        for name in BlockSums.__slots__:
            getattr(of_metric, name)[:] = 0.0

    def state(self) -> list[Floats]:
        """For a snapshot."""
        return [getattr(self, name) for name in self.__slots__]

    @classmethod
    def restore(cls, state: list[Any]) -> Self:
        """From :meth:`state`."""
        return cls(*(np.array(array, np.float64) for array in state))
