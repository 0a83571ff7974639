"""Many series of one metric side by side, simulated block by block instead of call by call.

Arrivals are Poisson and calls independent, so a block's calls of each kind (bad and good; residual in bin 1, 2, …) are
independent Poisson counts, and a block of 50,000 calls costs what one of 50 does. Evidence and statistics are the
engine's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from scipy.special import ndtri

from benchmarks.detection.rates import bernoulli
from benchmarks.detection.traffic import DAY_S, Traffic
from benchmarks.detection.values import MEDIAN_S, lognormal
from detectors.alternatives import ODDS, value_weights
from detectors.columns import Floats, Ints
from detectors.metrics import Direction
from detectors.rate_evidence import RateBaseline, rate_evidence
from detectors.rate_sr import RateSR
from detectors.score_sr import ScoreSR
from detectors.shiryaev_roberts import ALARM, ShiryaevRoberts
from detectors.value_evidence import ValueBaseline, bins_of, block_features, value_evidence

Baseline = TypeVar("Baseline", RateBaseline, ValueBaseline)
_QUANTILES = 200_000
_NUMBERS_AT_A_TIME = 4_000_000


class Series(Protocol):
    """One series with its baseline, and the law that its calls follow."""

    @property
    def weight(self) -> Floats:
        """[K] of its alternatives."""
        ...

    def evidence(self, random: np.random.Generator, expected: Floats) -> Floats:
        """[T, K] of blocks in which so many calls are ``expected`` [T]."""
        ...


@dataclass(frozen=True, slots=True)
class RateSeries:
    """Independent failures at rate ``p``."""

    p: float
    baseline: RateBaseline

    @classmethod
    def known(cls, p: float) -> "RateSeries":
        """With the true rate as its baseline."""
        share = np.array([p])
        return cls(p, RateBaseline(share, share, np.ones(1), np.inf, 1.0))

    @classmethod
    def learned(cls, p: float, random: np.random.Generator, calls: int) -> "RateSeries":
        """With a baseline learned from ``calls`` calls."""
        detector = RateSR(learn=calls)
        detector.update_many(bernoulli(p)(random, calls))
        return cls(p, _there(detector.baseline))

    @property
    def weight(self) -> Floats:
        """All alternatives alike."""
        return np.full(len(ODDS), 1 / len(ODDS))

    def evidence(self, random: np.random.Generator, expected: Floats) -> Floats:
        """[T, K] of blocks."""
        bad = random.poisson(expected * self.p).astype(np.float64)
        good = random.poisson(expected * (1 - self.p))
        return rate_evidence(self.baseline, (good + bad)[:, None], bad[:, None])


@dataclass(frozen=True, slots=True, eq=False)
class ValueSeries:
    """Independent lognormal latencies, in the bins of their baseline."""

    baseline: ValueBaseline
    share: Floats
    """[bins] of calls, under the true law."""
    features: Floats
    """[bins, F] what one call of the bin adds to a block."""

    @classmethod
    def learned(cls, spread: float, random: np.random.Generator, calls: int) -> "ValueSeries":
        """With a baseline learned from ``calls`` calls."""
        detector = ScoreSR(learn=calls)
        detector.update_many(lognormal(spread)(random, calls))
        baseline = _there(detector.baseline)
        logs = np.log(MEDIAN_S) + spread * ndtri((np.arange(_QUANTILES) + 0.5) / _QUANTILES)
        bins = bins_of((logs - baseline.location[0]) / baseline.scale[0])
        kinds, example, counts = np.unique(bins, return_index=True, return_counts=True)
        features, _ = block_features(baseline, logs[example], _zeros(len(kinds)), np.arange(len(kinds)), len(kinds))
        return cls(baseline, counts / _QUANTILES, features)

    @property
    def weight(self) -> Floats:
        """Of the alternatives that its baseline can resolve."""
        return value_weights(Direction.UP, self.baseline.resolved)

    def evidence(self, random: np.random.Generator, expected: Floats) -> Floats:
        """[T, K] of blocks."""
        counts = random.poisson(expected[:, None] * self.share).astype(np.float64)
        return value_evidence(self.baseline, counts @ self.features)


def false_alarms(
    series: Sequence[Series], traffic: Traffic, days: float, patience_days: Floats, random: np.random.Generator
) -> Ints:
    """[series] alarms in ``days`` of each; after an alarm testing starts anew with the same baseline."""
    weight = np.stack([one.weight for one in series])[None]
    statistics = ShiryaevRoberts.start(1, len(series), weight.shape[2], 1)
    arrival = traffic.block_s / (patience_days * DAY_S)
    nothing, found = np.zeros((1, len(series), 1)), _zeros(len(series))
    blocks, part = traffic.blocks(days), max(1, _NUMBERS_AT_A_TIME // weight.size)
    for first in range(0, blocks, part):
        expected = traffic.expected(first, min(first + part, blocks))
        evidence = np.stack([one.evidence(random, expected) for one in series], axis=1)
        for number, row in enumerate(evidence, first):
            level = statistics.step(row[None], weight, arrival, float(number), nothing)
            for position in np.flatnonzero(level[0] >= ALARM).tolist():
                found[position] += 1
                statistics.reset(position, float(number))
    return found


def _zeros(n: int) -> Ints:
    return np.zeros(n, np.int64)


def _there(baseline: Baseline | None) -> Baseline:
    if baseline is None:
        raise RuntimeError("the detector has not learned from the calls that it was given to learn from")
    return baseline
