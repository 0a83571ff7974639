"""Values: each call's place among like calls of the baseline, and how likely a block is under a shift or a longer tail.

A call's logarithm is compared within its stratum and hour (location and scale), its rank read off the baseline's
pooled distribution of such residuals and turned into a normal score. A bin of residuals has the mean score of its
quantile range, so that scores have mean 0 under the baseline however ties and gaps lie (integer counts, constants).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from detectors.alternatives import ALTERNATIVES, DOWN, SHIFTS, TAIL, UP
from detectors.columns import Floats, Ints

BINS = 128
_LOWEST, _WIDTH = -5.0, 0.125
_GOLDEN = (5**0.5 - 1) / 2
_SPREADS = 2**20
"""Numbers beyond it begin anew: multiples of the golden ratio keep their fractions only up to a size."""
FEATURES = 10
"""Sums of a block: calls, scores/scale, guards/scale, 1/scale², beyond the 95th and 99th percentile, 4 for tails."""


@dataclass(frozen=True, slots=True, eq=False)
class ValueBaseline:
    """What like calls took. ``S`` strata."""

    location: Floats
    """[S] mean logarithm."""
    scale: Floats
    """[S] standard deviation of the logarithm."""
    core: float
    """Spread of the middle two thirds of the residuals over that of a normal law: below 1 where tails are heavy."""
    guard: Floats
    """[S] standard deviations by which the baseline is taken worse."""
    known: Floats
    """[S] 1 where a stratum has enough calls to judge by."""
    score: Floats
    """[BINS] normal score of a residual's bin."""
    tail_bins: tuple[int, int]
    """First bin beyond the 95th and the 99th percentile."""
    tail_shares: tuple[float, float]
    """Share of calls from there on."""
    tail_evidence: Floats
    """[BINS, 4] log likelihood ratio of a call in that bin for each kind of slow tail."""
    tolerance: float
    """Shift of the logarithm that counts as none."""
    resolved: Floats
    """[12] 1 where the baseline is precise enough to tell the alternative from its own error."""
    calls: float
    phi: float


def bins_of(residual: Floats, number: Ints | None = None) -> Ints:
    """The bin of standardised residuals [n]; the outer ones take everything beyond.

    Residuals are spread by up to a bin either way, evenly (multiples of the golden ratio): values that occur often,
    such as whole numbers of tokens, must not jump from bin to bin when a baseline's location moves a little. Which
    way a residual is spread follows from its ``number`` [n], that of its place where none is given: give numbers
    wherever calls come a few at a time, or all of them are spread the way of the first places.
    """
    numbers = np.arange(len(residual)) if number is None else number % _SPREADS
    spread = (numbers * _GOLDEN) % 1.0 * 2 - 1
    return np.clip(((residual - _LOWEST) / _WIDTH + spread).astype(np.int64), 0, BINS - 1)


def bin_scores(counts: Floats) -> Floats:
    """[BINS] mean normal score of each bin's range of quantiles, half a call added at either end."""
    total = counts.sum() + 1.0
    above = np.cumsum(counts[::-1])[::-1] + 0.5
    high = above / total
    low = np.maximum(above - counts, 0.5) / total
    density_low, density_high = _density(-ndtri(high)), _density(-ndtri(low))
    width = high - low
    middle = -ndtri((high + low) / 2)
    scores: Floats = np.where(width > 1e-12, (density_low - density_high) / np.maximum(width, 1e-12), middle)
    return scores


def value_evidence(baseline: ValueBaseline, features: Floats) -> Floats:
    """[B, 12] log likelihood ratios of blocks with the sums ``features`` [B, 10] (see :func:`block_features`)."""
    scores, guards, precision = features[:, 1:4].T
    result = np.empty((len(features), ALTERNATIVES))
    step = SHIFTS - baseline.tolerance
    penalty = np.outer(precision, step * baseline.tolerance + step * step / 2)
    result[:, UP] = np.outer(scores - guards, step) - penalty
    result[:, DOWN] = np.outer(-scores - guards, step) - penalty
    result[:, TAIL] = features[:, 6:]
    result /= baseline.phi
    return result


def block_features(
    baseline: ValueBaseline, logs: Floats, stratum: Ints, block: Ints, blocks: int, number: Ints | None = None
) -> tuple[Floats, Floats]:
    """Sums [blocks, 10] and sums of plain scores [blocks] of calls with ``logs``, ``stratum`` and ``block`` [n].

    ``logs`` have the hour's offset taken away. Calls of unknown strata count nowhere. ``number``: see :func:`bins_of`.
    """
    bins = bins_of((logs - baseline.location[stratum]) / baseline.scale[stratum], number)
    known = baseline.known[stratum]
    counts = np.bincount(block * BINS + bins, known, blocks * BINS).reshape(blocks, BINS)
    scaled, guarded, squared = (weight[stratum] for weight in _per_stratum(baseline))
    of_calls = (known, baseline.score[bins] * scaled, guarded, squared)
    sums = np.empty((blocks, FEATURES))
    for position, column in enumerate(of_calls):
        sums[:, position] = np.bincount(block, column, blocks)
    beyond_95, beyond_99 = baseline.tail_bins
    sums[:, 4] = counts[:, beyond_95:].sum(axis=1)
    sums[:, 5] = counts[:, beyond_99:].sum(axis=1)
    sums[:, 6:] = counts @ baseline.tail_evidence
    return sums, counts @ baseline.score


def _per_stratum(baseline: ValueBaseline) -> tuple[Floats, Floats, Floats]:
    inverse = baseline.known / (baseline.scale * baseline.core)
    return inverse, inverse * baseline.guard, inverse * inverse


def _density(z: Floats) -> Floats:
    density: Floats = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
    return density
