"""Baselines of values: mergeable sums of learned calls, frozen into the table that blocks are judged by."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from scipy.special import ndtri

from detectors.alternatives import ALTERNATIVES, DOWN, SHIFTS, SLOW_BY, SLOW_SHARE, TAIL, UP
from detectors.columns import Floats, Ints
from detectors.dispersion import Dispersion
from detectors.rate_evidence import Guard
from detectors.value_evidence import BINS, ValueBaseline, bin_scores, bins_of

_SHRINK = 20.0
"""Calls by which a stratum's location is drawn to the regression over all strata."""
_SHRINK_SCALE = 40.0
_KNOWN_LEAST, _KNOWN_MOST, _KNOWN_SHARE = 20, 200, 0.02
"""Calls below which a stratum gives no evidence: a fiftieth of the baseline's, within these bounds."""
_NARROWEST = 0.01
"""Least scale: a constant is known to one per cent, not better."""
_TAIL_CALLS = 1_000
"""Calls below which a baseline says nothing of its tail."""
_OWN_ERROR = 0.25
"""Share of a stratum's own error in the guard: over many strata the errors cancel, in one they do not."""


@dataclass(slots=True)
class ValueSums:
    """Learned calls of one metric, in sums over strata, residual bins and blocks. Grows with the strata."""

    calls: Floats = field(default_factory=lambda: np.zeros(1))
    """[S]"""
    logs: Floats = field(default_factory=lambda: np.zeros(1))
    """[S] sums of logarithms, hour's offset taken away."""
    squares: Floats = field(default_factory=lambda: np.zeros(1))
    """[S]"""
    bins: Floats = field(default_factory=lambda: np.zeros(BINS))
    """[BINS] residuals, standardised by the baseline in force when they came."""
    dispersion: Dispersion = field(default_factory=Dispersion)

    _total: float | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def total(self) -> float:
        """Calls in all."""
        if self._total is None:
            self._total = float(self.calls.sum())
        return self._total

    def add(self, logs: Floats, stratum: Ints, strata: int) -> None:
        """Calls with ``logs`` and ``stratum`` [n] of ``strata`` known by now."""
        self.grow(strata)
        self._total = None
        self.calls += np.bincount(stratum, minlength=strata)
        self.logs += np.bincount(stratum, logs, strata)
        self.squares += np.bincount(stratum, logs * logs, strata)

    def grow(self, strata: int) -> None:
        """Room for ``strata``."""
        missing = strata - len(self.calls)
        if missing > 0:
            self._total = None
            self.calls, self.logs, self.squares = (
                np.append(array, np.zeros(missing)) for array in (self.calls, self.logs, self.squares)
            )

    def merge(self, other: "ValueSums", keep: float = 1.0) -> None:
        """Take in ``other``, of what was known so far only the share ``keep``."""
        self.grow(len(other.calls))
        other.grow(len(self.calls))
        self._total = None
        self.calls = self.calls * keep + other.calls
        self.logs = self.logs * keep + other.logs
        self.squares = self.squares * keep + other.squares
        self.bins = self.bins * keep + other.bins
        self.dispersion.decay(keep)
        self.dispersion.merge(other.dispersion)

    def state(self) -> dict[str, Any]:
        """For a snapshot."""
        arrays = {name: getattr(self, name) for name in ("calls", "logs", "squares", "bins")}
        return arrays | {"dispersion": self.dispersion.state()}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """From :meth:`state`."""
        arrays = {name: np.array(state[name], np.float64) for name in ("calls", "logs", "squares", "bins")}
        return cls(**arrays, dispersion=Dispersion.restore(state["dispersion"]))


def locations(sums: ValueSums, coordinates: Floats) -> tuple[Floats, Floats]:
    """Location and scale [S] of the logarithm in each stratum with ``coordinates`` [S, 2] (prompt, output bucket).

    A stratum's mean is drawn to a regression over all strata, quadratic in both buckets, weighted by calls.
    """
    calls = sums.calls
    present = calls > 0
    means = np.divide(sums.logs, calls, out=np.zeros_like(calls), where=present)
    fitted = _regression(coordinates[: len(calls)], means, calls)
    location = (calls * means + _SHRINK * fitted) / (calls + _SHRINK)
    within = np.maximum(sums.squares - calls * means * means, 0.0)
    freedom = max(1.0, float(calls.sum() - present.sum()))
    pooled = float(within.sum()) / freedom
    variance = (within + _SHRINK_SCALE * pooled) / (np.maximum(calls - 1, 0) + _SHRINK_SCALE)
    return location, np.maximum(np.sqrt(variance), _NARROWEST)


def _regression(coordinates: Floats, means: Floats, calls: Floats) -> Floats:
    centre = np.average(coordinates, axis=0, weights=calls) if calls.sum() else np.zeros(2)
    a, b = (coordinates - centre).T
    design = np.column_stack([np.ones_like(a), a, b, a * a, b * b])
    weight = np.sqrt(calls)[:, None]
    ridge = np.diag(np.sqrt([1e-9, 1.0, 1.0, 4.0, 4.0]))
    found = np.linalg.lstsq(
        np.vstack([design * weight, ridge]), np.append(means * weight[:, 0], np.zeros(5)), rcond=None
    )[0]
    fitted: Floats = design @ found
    return fitted


def rebin(logs: Floats, stratum: Ints, location: Floats, scale: Floats) -> Floats:
    """[BINS] counts of the residuals of learned calls."""
    bins = bins_of((logs - location[stratum]) / scale[stratum])
    return np.bincount(bins, minlength=BINS).astype(np.float64)


def value_baseline(sums: ValueSums, coordinates: Floats, guard: Guard) -> ValueBaseline:
    """Freeze what was learned. ``guard.tolerance`` is relative, e.g. 0.05 for 5 %."""
    location, scale = locations(sums, coordinates)
    phi, between = sums.dispersion.phi, sums.dispersion.between
    total = max(1.0, sums.total)
    enough = np.clip(_KNOWN_SHARE * total, _KNOWN_LEAST, _KNOWN_MOST)
    known = (sums.calls >= enough).astype(float)
    own = _OWN_ERROR / (sums.calls + _SHRINK)
    distance = guard.errors * np.sqrt(phi * (1 / total + own)) + guard.between * between
    core = _core(sums.bins)
    tolerance = float(np.log1p(guard.tolerance))
    mean_scale = float(np.average(scale, weights=sums.calls + 1e-9)) * core
    mean_distance = float(np.average(distance, weights=sums.calls + 1e-9))
    tail_bins, tail_shares = _tails(sums.bins)
    score = np.minimum(bin_scores(sums.bins), _highest(total))
    worse = mean_distance + tolerance / mean_scale
    return ValueBaseline(
        location=location,
        scale=scale,
        core=core,
        guard=distance,
        known=known,
        score=score,
        tail_bins=tail_bins,
        tail_shares=tail_shares,
        tail_evidence=_tail_evidence(score, sums.bins, worse, _tail_errors(guard, total) * np.sqrt(phi / total)),
        tolerance=tolerance,
        resolved=_resolved(mean_scale, tolerance, phi / total, total),
        calls=total,
        phi=phi,
    )


def _tail_errors(guard: Guard, total: float) -> float:
    """Standard errors for the tail: half as many where many calls speak of it, up to 1.5 more where few do."""
    return 0.5 * guard.errors + 1.5 * min(1.0, _TAIL_CALLS / total)


def _highest(total: float) -> float:
    """The score beyond which a baseline has six calls (twenty, if it is small): further out all places are one."""
    beyond = 6 + 14 * min(1.0, 2 * _TAIL_CALLS / total)
    return float(-ndtri(min(0.2, beyond / total)))


def _tail_evidence(score: Floats, bins: Floats, worse: float, error: float) -> Floats:
    """[BINS, 4] log likelihood ratio of each bin for each slow tail against the null of scores ``worse`` higher.

    The alternative mixes a share of calls that are standard deviations slower into the baseline. The ratio is
    divided by its own mean under the null, one ``error`` of that mean added, so that its expectation is at most 1.
    """
    tilt = np.exp(SLOW_BY * score[:, None] - SLOW_BY * SLOW_BY / 2)
    ratio = 1 - SLOW_SHARE + SLOW_SHARE * tilt
    # Scores that are all higher by a little: the density ratio of that is a tilt as well.
    null = (bins + 1e-9) * np.exp(worse * score)
    null = null / null.sum()
    mean = null @ ratio
    deviation = np.sqrt(np.maximum(null @ (ratio * ratio) - mean * mean, 0.0))
    evidence: Floats = np.log(ratio / (mean + error * deviation))
    return evidence


def _core(bins: Floats) -> float:
    """Half the distance of the residuals' 16th and 84th percentile, between a half and one."""
    rank = np.cumsum(bins) / max(1.0, bins.sum())
    low, high = np.searchsorted(rank, [0.1587, 0.8413])
    return float(np.clip((high - low) * 0.125 / 2, 0.5, 1.0))


def _tails(bins: Floats) -> tuple[tuple[int, int], tuple[float, float]]:
    """The first bins beyond the 95th and 99th percentile, and the share of calls in them and beyond."""
    total = bins.sum() + 1.0
    beyond = (np.cumsum(bins[::-1])[::-1] + 0.5) / total
    places = [min(BINS - 1, int(np.argmax(beyond <= share))) for share in (0.055, 0.0125)]
    return (places[0], places[1]), (float(beyond[places[0]]), float(beyond[places[1]]))


def _resolved(scale: float, tolerance: float, variance: float, total: float) -> Floats:
    """[12] which alternatives exceed the tolerance, and by more than four standard errors of the baseline."""
    wide = ((SHIFTS - tolerance) / scale > 4 * np.sqrt(variance)) & (tolerance + 0.02 < SHIFTS)
    resolved = np.ones(ALTERNATIVES)
    resolved[UP] = resolved[DOWN] = wide
    resolved[TAIL] = total >= _TAIL_CALLS
    return resolved
