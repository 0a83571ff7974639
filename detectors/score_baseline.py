"""Baselines of scores: counts over a fixed grid by stratum, frozen into the table that blocks are judged by.

Feedback and judges' scores come as 0 or 1, as stars, as fractions with many ties or none. What fits them all is the
exponential family around the law that was learned: under a change by ``theta`` a score ``x`` is ``exp(theta x) / M``
times as likely, with ``M`` the mean of ``exp(theta x)`` under the baseline. For 0 and 1 that is the odds ratio.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from detectors.alternatives import ALTERNATIVES, DOWN, UP, is_down
from detectors.columns import Floats, Ints
from detectors.dispersion import Dispersion
from detectors.rate_evidence import Guard

BINS = 65
"""Places of the grid, so that stars, tenths and quarters each have one of their own."""
STEPS: Floats = np.array([0.2, 0.4, 0.8, 1.6])
"""Alternatives, each way: tilts by so much for a standard deviation of the scores, which moves a mean about as far."""
_WORDS = ("a little", "clearly", "strongly", "very strongly")
_FARTHEST: Floats = np.log(30.0) * np.array([0.25, 0.5, 0.75, 1.0])
"""Most evidence of a score at the far end: beyond it two scores in a row of a rare kind would be a change."""
_RANGES = ((0.0, 1.0), (-1.0, 1.0), (1.0, 5.0), (0.0, 5.0), (0.0, 10.0), (-5.0, 5.0), (0.0, 100.0))
"""What scores usually lie in; the narrowest that holds the first ones is taken."""
_SHRINK = 50.0
"""Scores by which a stratum's law is drawn to the whole series'."""
_KNOWN = 30
"""Scores below which a stratum gives no evidence."""
_PRIOR = 0.5
"""Scores that are added at either end of the grid, so that nothing is impossible."""
_ROOM = 0.02
"""A law whose mean is this near to an end, as a share of the grid, cannot move there."""
_MOST_OF_GAP = 2.5
_STEEPEST, _HALVINGS = 20.0, 40
_ERRORS = 0.5
"""Share of the baseline's standard errors in the guard: whole ones cost a fifth more scores and spare no alarm."""


def score_label(position: int) -> str:
    """The alternative at ``position`` in words, e.g. ``falls clearly``."""
    way = "falls" if is_down(position) else "rises"
    return f"{way} {_WORDS[position % len(STEPS)]}"


@dataclass(frozen=True, slots=True)
class Grid:
    """The range that scores are sorted into; what lies outside counts for its end."""

    low: float
    high: float

    @classmethod
    def of(cls, scores: Floats) -> Self:
        """The range that ``scores`` [n] suggest."""
        low, high = float(scores.min()), float(scores.max())
        fitting = [(a, b) for a, b in _RANGES if a <= low and high <= b]
        if fitting:
            return cls(*min(fitting, key=lambda ends: ends[1] - ends[0]))
        margin = (high - low) / 2 or max(1.0, abs(high)) / 2
        return cls(low - margin, high + margin)

    def bins(self, scores: Floats) -> Ints:
        """[n] the nearest place of each score."""
        place = np.rint((scores - self.low) / (self.high - self.low) * (BINS - 1))
        return np.clip(place, 0, BINS - 1).astype(np.int64)

    @property
    def places(self) -> Floats:
        """[BINS] the score of each place."""
        return np.linspace(self.low, self.high, BINS)


@dataclass(slots=True)
class ScoreSums:
    """Learned scores, counted over strata and grid, and how their blocks differed. Grows with the strata."""

    counts: Floats = field(default_factory=lambda: np.zeros((1, BINS)))
    """[S, BINS]"""
    dispersion: Dispersion = field(default_factory=Dispersion)

    @property
    def total(self) -> float:
        return float(self.counts.sum())

    def add(self, bins: Ints, stratum: Ints, strata: int) -> None:
        """Scores [n] at places ``bins``."""
        self.grow(strata)
        self.counts += np.bincount(stratum * BINS + bins, minlength=strata * BINS).reshape(strata, BINS)

    def grow(self, strata: int) -> None:
        """Room for ``strata``."""
        missing = strata - len(self.counts)
        if missing > 0:
            self.counts = np.vstack([self.counts, np.zeros((missing, BINS))])

    def merge(self, other: "ScoreSums", keep: float = 1.0) -> None:
        """Take in ``other``, of what was known so far only the share ``keep``."""
        self.grow(len(other.counts))
        other.grow(len(self.counts))
        self.counts = self.counts * keep + other.counts
        self.dispersion.decay(keep)
        self.dispersion.merge(other.dispersion)

    def state(self) -> dict[str, Any]:
        """For a snapshot."""
        return {"counts": self.counts, "dispersion": self.dispersion.state()}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """From :meth:`state`."""
        counts = np.array(state["counts"], np.float64).reshape(-1, BINS)
        return cls(counts, Dispersion.restore(state["dispersion"]))


@dataclass(frozen=True, slots=True, eq=False)
class ScoreBaseline:
    """Laws to test against. ``S`` strata."""

    mean: Floats
    """[S] expected score."""
    scale: Floats
    """[S] standard deviation of a score."""
    allowed: Floats
    """[S] standard deviations by which the mean may move without that being a change."""
    known: Floats
    """[S] 1 where a stratum has enough scores to judge by."""
    evidence: Floats
    """[S, BINS, 12] log likelihood ratio of a score at that place for each alternative; zero in unknown strata."""
    resolved: Floats
    """[12] 1 where the scores have room for the alternative."""
    calls: float
    phi: float


def score_baseline(sums: ScoreSums, grid: Grid, guard: Guard) -> ScoreBaseline:
    """Freeze what was learned. ``guard.tolerance`` is in standard deviations of the scores.

    Where nearly all scores lie at one end, a standard deviation is many times what the mean lacks of it: then a tenth
    of one is a quarter of that gap, as for a rate.
    """
    places, total = grid.places, max(1.0, sums.total)
    laws = score_laws(sums.counts)
    mean = laws @ places
    scale = np.sqrt(np.maximum(laws @ (places * places) - mean * mean, 1e-12))
    known = (sums.counts.sum(axis=1) >= _KNOWN).astype(float)
    phi = sums.dispersion.phi
    gap = np.minimum(mean - grid.low, grid.high - mean)
    allowed = guard.tolerance * np.minimum(1.0, _MOST_OF_GAP * gap / scale) + guard.between * sums.dispersion.between
    error = _ERRORS * guard.errors * float(np.sqrt(phi / total))
    evidence = np.zeros((len(laws), BINS, ALTERNATIVES))
    for s in np.flatnonzero(known).tolist():
        z = (places - mean[s]) / scale[s]
        evidence[s, :, UP] = _tilts(laws[s], z, float(allowed[s]), error)
        evidence[s, :, DOWN] = _tilts(laws[s], -z, float(allowed[s]), error)
    place = float(np.average(mean, weights=sums.counts.sum(axis=1) + 1e-9) - grid.low) / (grid.high - grid.low)
    return ScoreBaseline(mean, scale, allowed, known, evidence, _resolved(place), total, phi)


def score_laws(counts: Floats) -> Floats:
    """[S, BINS] the share of each place in learned ``counts`` [S, BINS], a stratum's drawn to that of all."""
    pooled = counts.sum(axis=0)
    pooled[[0, -1]] += _PRIOR
    pooled /= pooled.sum()
    laws: Floats = (counts + _SHRINK * pooled) / (counts.sum(axis=1, keepdims=True) + _SHRINK)
    return laws


def _tilts(law: Floats, z: Floats, allowed: float, error: float) -> Floats:
    """[BINS, 4] log likelihood ratio of each place for a rise of ``z``, against the law risen by ``allowed`` already.

    Divided by its own mean under that null, ``error`` standard deviations of the ratio added.
    """
    null = tilted(law, z, allowed)
    theta = np.minimum(STEPS, _FARTHEST / float(z.max()))
    ratio = np.exp(theta * z[:, None])
    mean = null @ ratio
    deviation = np.sqrt(np.maximum(null @ (ratio * ratio) - mean * mean, 0.0))
    evidence: Floats = np.log(ratio / (mean + error * deviation))
    return evidence


def tilted(law: Floats, z: Floats, by: float) -> Floats:
    """[BINS] ``law`` tilted so that the mean of ``z`` [BINS] is higher by ``by``, or half of the way to its end."""
    raised = law * np.exp(_slope(law, z, by) * (z - z.max()))
    risen: Floats = raised / raised.sum()
    return risen


def _slope(law: Floats, z: Floats, by: float) -> float:
    """The tilt that lifts the mean of ``z`` under ``law`` by ``by``, or as far as half of the way to its end."""
    goal, low, high = min(by, float(z.max()) / 2), 0.0, _STEEPEST
    for _ in range(_HALVINGS):
        slope = (low + high) / 2
        raised = law * np.exp(slope * (z - z.max()))
        low, high = (slope, high) if raised @ z < goal * raised.sum() else (low, slope)
    return (low + high) / 2


def _resolved(place: float) -> Floats:
    """[12] for which alternatives there is room; ``place`` is where the mean lies, 0 to 1 over the grid."""
    resolved = np.zeros(ALTERNATIVES)
    resolved[UP] = place < 1 - _ROOM
    resolved[DOWN] = place > _ROOM
    return resolved
