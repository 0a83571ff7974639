"""How much more blocks of calls differ than independent calls would: the learned guard against dependence."""

from dataclasses import dataclass
from math import sqrt
from typing import Any, Self

import numpy as np

from detectors.columns import Floats


@dataclass(slots=True)
class Dispersion:
    """Running sums over blocks of one metric, each block with residual sum ``s`` and nominal variance ``v``.

    ``phi`` multiplies the nominal variance of a block (within-block dependence: bursts, AR noise); ``between`` is the
    standard deviation of what neighbouring blocks share (load that wanders), in the unit of ``s / v``.
    """

    blocks: float = 0.0
    s: float = 0.0
    v: float = 0.0
    ss: float = 0.0
    products: float = 0.0
    pairs: float = 0.0
    pair_count: float = 0.0
    sv: float = 0.0
    vv: float = 0.0
    pair_means: float = 0.0
    last_mean: float = 0.0
    last_v: float = 0.0

    def add(self, s: Floats, v: Floats) -> None:
        """Blocks in the order of time; those without calls (``v`` = 0) are skipped."""
        # Plain numbers: most series close few blocks at a time, and a few sums are sooner done than five arrays.
        blocks, sum_s, sum_v, ss, products, pairs, pair_count, sv, vv, pair_means, last_mean, last_v = self.state()
        for residual, variance in zip(s.tolist(), v.tolist(), strict=True):
            if variance <= 0:
                continue
            mean = residual / variance
            if last_v > 0:
                pair = sqrt(last_v * variance)
                products += pair * last_mean * mean
                pair_means += pair * (last_mean + mean)
                pairs += pair
                pair_count += 1.0
            blocks += 1.0
            sum_s += residual
            sum_v += variance
            ss += residual * residual
            sv += residual * variance
            vv += variance * variance
            last_mean, last_v = mean, variance
        self.blocks, self.s, self.v, self.ss, self.products, self.pairs = blocks, sum_s, sum_v, ss, products, pairs
        self.pair_count, self.sv, self.vv, self.pair_means = pair_count, sv, vv, pair_means
        self.last_mean, self.last_v = last_mean, last_v

    def merge(self, later: "Dispersion") -> None:
        """Take in the sums of later blocks."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.last_mean, self.last_v = later.last_mean, later.last_v

    def rebase(self, shift: float, scale: float) -> None:
        """Say the same of other expectations: every mean ``s / v`` lower by ``shift``, every ``v`` times ``scale``.

        Exact, so that blocks judged by an early, imprecise baseline do not look as if they differed from later ones.
        """
        self.products += shift * (shift * self.pairs - self.pair_means)
        self.products /= scale
        self.pair_means -= 2 * shift * self.pairs
        self.ss += shift * (shift * self.vv - 2 * self.sv)
        self.sv = scale * (self.sv - shift * self.vv)
        self.s -= shift * self.v
        self.last_mean = (self.last_mean - shift) / scale
        self.vv *= scale * scale
        self.pairs, self.v, self.last_v = self.pairs * scale, self.v * scale, self.last_v * scale

    def decay(self, factor: float) -> None:
        """Forget a part, so that what was long ago counts less."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) * factor)

    @property
    def phi(self) -> float:
        """At least 1; a little above 1 while few blocks were seen."""
        return max(1.0, (self.ss + _PRIOR_BLOCKS * _PRIOR_PHI * self._mean_v) / max(1e-12, self._total_v))

    @property
    def between(self) -> float:
        """Zero unless neighbouring blocks agree by more than two standard errors of chance."""
        if self.pair_count < 2 or self.v <= 0:
            return 0.0
        mean = self.s / self.v
        covariance = self.products / self.pairs - mean * mean
        variance_of_mean = self.phi / (self.v / self.blocks)
        noise = variance_of_mean / np.sqrt(self.pair_count)
        # Full only from three standard errors on: at two, one independent series in forty would get a large one.
        certain = min(1.0, max(0.0, covariance / noise - 2))
        return float(np.sqrt(max(0.0, covariance) * certain))

    @property
    def _mean_v(self) -> float:
        return self.v / self.blocks if self.blocks else 1.0

    @property
    def _total_v(self) -> float:
        return self.v + _PRIOR_BLOCKS * self._mean_v

    def state(self) -> list[float]:
        """For a snapshot."""
        return [getattr(self, name) for name in self.__slots__]

    @classmethod
    def restore(cls, state: list[Any]) -> Self:
        """From :meth:`state`."""
        return cls(*map(float, state))


_PRIOR_BLOCKS, _PRIOR_PHI = 4.0, 1.25
_SUMS = ("blocks", "s", "v", "ss", "products", "pairs", "pair_count", "sv", "vv", "pair_means")
