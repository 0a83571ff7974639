"""Rates: the baseline share of each stratum, and how likely a block is under larger odds than under these."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from detectors.alternatives import ODDS
from detectors.columns import Floats
from watchkeeper.wilson import wilson

_SHRINK = 50.0
"""Calls by which a stratum's share is drawn to the whole series'."""
_KNOWN = 30
"""Calls below which a stratum gives no evidence."""
_MOST = 0.98
_LOG_ODDS: Floats = np.log(ODDS)


@dataclass(frozen=True, eq=False)
class RateBaseline:
    """Shares to test against. ``S`` strata."""

    share: Floats
    """[S] expected share of bad calls."""
    null: Floats
    """[S] the same taken worse by tolerance and guard: what a change is measured from."""
    known: Floats
    """[S] 1 where a stratum has enough calls to judge by."""
    calls: float
    phi: float

    @cached_property
    def growth(self) -> Floats:
        """[S, K] what a call of a stratum takes from the log likelihood ratio of each of :data:`.alternatives.ODDS`."""
        return np.log1p(np.outer(self.null, ODDS - 1)) * self.known[:, None]

    @cached_property
    def expected(self) -> Floats:
        """[S] expected share of bad calls, 0 where a stratum is not known."""
        return self.share * self.known

    @cached_property
    def variance(self) -> Floats:
        """[S] of one call."""
        return self.share * (1 - self.share)

    @property
    def testable(self) -> bool:
        """Can it get worse at all, and is there a stratum to tell by?"""
        return bool(self.known.any()) and float(self.null[self.known > 0].min()) < _MOST


@dataclass(frozen=True, slots=True)
class Guard:
    """How much worse than learned a baseline is taken."""

    tolerance: float = 0.0
    """Relative change that counts as none."""
    floor: float = 0.0
    """The same in absolute terms (rates only)."""
    errors: float = 1.0
    """Standard errors of the baseline."""
    between: float = 2.0
    """Standard deviations of what neighbouring blocks share."""


def rate_baseline(calls: Floats, bad: Floats, phi: float, between: float, guard: Guard) -> RateBaseline:
    """From the counts [S] of learned calls. The pooled share has half a bad call added, so none is ever zero.

    ``between`` is in units of the share (see :class:`~detectors.dispersion.Dispersion`).
    """
    total = float(calls.sum())
    pooled = (float(bad.sum()) + 0.5) / (total + 1.0)
    share = (bad + 0.5 * calls / (total + 1.0) + _SHRINK * pooled) / (calls + _SHRINK)
    highest = max(pooled, wilson(float(bad.sum()) / phi, total / phi, guard.errors)[1])
    worse = share * (highest + guard.between * between) / pooled
    null = worse + np.maximum(worse * guard.tolerance, guard.floor)
    return RateBaseline(share, np.minimum(null, _MOST), (calls >= _KNOWN).astype(float), total, phi)


def rate_evidence(baseline: RateBaseline, calls: Floats, bad: Floats) -> Floats:
    """[B, K] log likelihood ratios of blocks with ``calls`` and ``bad`` [B, S] calls against the null odds."""
    seen: Floats = (bad @ baseline.known)[:, None] * _LOG_ODDS - calls @ baseline.growth
    return seen / baseline.phi
