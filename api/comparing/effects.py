"""How much the candidate differs from the baseline among like calls, and how sure that is.

Calls are compared within their stratum only, and strata weigh as in Mantel and Haenszel (1959): by the calls that both
cohorts have there. A cohort with other routes or longer prompts therefore does not look better or worse for it. What is
left of a prompt's length within a stratum is taken out by one regression slope (analysis of covariance). Calls of one
block of time depend on each other; the variance is multiplied by how much more blocks differ than independent calls.
"""

from dataclasses import dataclass, replace

import numpy as np

from api.comparing.cells import BASELINE, CANDIDATE, Cells, Floats, Measured, Spent
from api.comparing.dispersion import dispersion

_SMOOTHING = 2.0
"""Calls by which a stratum's rate is drawn to the rate of all: a stratum without failures still has a variance."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Candidate minus baseline, in the metric's own unit (a rate's difference, or a difference of logarithms)."""

    estimate: float
    variance: float
    """Of the estimate; infinite where nothing can be said."""
    baseline: float
    """The baseline's level among the compared calls (a rate, or a mean logarithm)."""
    calls: tuple[int, int]
    """Compared calls of either cohort: those in strata that both have."""
    overlap: float
    """Share of all calls that could be compared."""
    dispersion: float = 1.0
    """By what factor the variance exceeds that of independent calls."""
    spread: float = 0.0
    """Of a value: the standard deviation of like calls."""
    blocks: int = 0
    """Blocks of time in which the cohort that has fewer has calls."""

    @property
    def information(self) -> float:
        return 1 / self.variance if 0 < self.variance < np.inf else 0.0


def rate_effect(cells: Cells, measured: Measured) -> Effect:
    """Difference of rates. ``measured.y`` counts the bad calls."""
    n, k = cells.by_stratum(measured.n), cells.by_stratum(measured.y)
    weight = _weights(n)
    if not weight.any():
        return _nothing(n)
    share = k / np.maximum(n, 1)
    overall = (k.sum() + 0.5) / (n.sum() + 1)
    pooled = (k.sum(axis=0) + _SMOOTHING * overall) / (n.sum(axis=0) + _SMOOTHING)
    spread = pooled * (1 - pooled)
    own = np.where(n > 0, share, 0.0)[cells.cohort, cells.stratum]
    pull = _pull(cells, weight, n)
    free = _freely(cells, measured.n, n) * spread[cells.stratum]
    found = _effect(weight, n, share, spread)
    return _dispersed(found, cells, measured.n, pull * (measured.y - measured.n * own), pull * pull * free)


def value_effect(cells: Cells, measured: Measured) -> Effect:
    """Difference of mean logarithms; ``exp`` of it is a ratio of typical values."""
    n = cells.by_stratum(measured.n)
    weight = _weights(n)
    if not weight.any():
        return _nothing(n)
    slope = _slope(cells, measured, n)
    y = measured.y if measured.x is None else measured.y - slope * measured.x
    mean = cells.by_stratum(y) / np.maximum(n, 1)
    freedom = max(1.0, float(n.sum() - (n > 0).sum()))
    squares = _squares(measured, slope)
    variance = max(1e-12, (float(squares.sum()) - float((n * mean * mean).sum())) / freedom)
    pull = _pull(cells, weight, n)
    residual = pull * (y - measured.n * mean[cells.cohort, cells.stratum])
    free = pull * pull * _freely(cells, measured.n, n) * variance
    found = _effect(weight, n, mean, np.full(cells.strata, variance))
    raw = cells.by_stratum(measured.y)[BASELINE] / np.maximum(n[BASELINE], 1)
    found = replace(found, baseline=float((weight * raw).sum() / weight.sum()), spread=float(np.sqrt(variance)))
    return _dispersed(found, cells, measured.n, residual, free)


def cost_effect(cells: Cells, spent: Spent) -> Effect:
    """Difference of the logarithms of cost per useful call, among like calls (ratio estimator, delta method)."""
    n = cells.by_stratum(spent.n)
    weight = _weights(n)
    share = weight / max(1e-12, weight.sum())
    cost, useful = (cells.by_stratum(part) / np.maximum(n, 1) for part in (spent.cost, spent.useful))
    total, answered = (cost * share).sum(axis=1), (useful * share).sum(axis=1)
    if not weight.any() or (total <= 0).any() or (answered <= 0).any():
        return _nothing(n)
    ratio = total / answered
    own = ratio[cells.cohort]
    squares = spent.cost_squared - 2 * own * spent.cost_of_useful + own * own * spent.useful
    mean = cost - ratio[:, None] * useful
    within = np.maximum(cells.by_stratum(squares) / np.maximum(n, 1) - mean * mean, 0.0)
    pooled = (n * within).sum(axis=1) / np.maximum(1.0, n.sum(axis=1) - (n > 0).sum(axis=1))
    residual = spent.cost - own * spent.useful - spent.n * mean[cells.cohort, cells.stratum]
    pull = _pull(cells, weight, n) / total[cells.cohort]
    free = _freely(cells, spent.n, n) * pooled[cells.cohort]
    of_cohort = (share * share * pooled[:, None] / np.maximum(n, 1)).sum(axis=1) / (total * total)
    estimate = float(np.log(ratio[CANDIDATE] / ratio[BASELINE]))
    found = Effect(estimate, float(of_cohort.sum()), float(np.log(ratio[BASELINE])), _compared(n), _overlap(n))
    return _dispersed(found, cells, spent.n, pull * residual, pull * pull * free)


def _weights(n: Floats) -> Floats:
    """[S] harmonic sums of the calls of both cohorts; 0 where one has none."""
    weights: Floats = n[BASELINE] * n[CANDIDATE] / np.maximum(n.sum(axis=0), 1)
    return weights


def _effect(weight: Floats, n: Floats, mean: Floats, spread: Floats) -> Effect:
    total = weight.sum()
    estimate = float((weight * (mean[CANDIDATE] - mean[BASELINE])).sum() / total)
    variance = float((weight * spread).sum() / (total * total))
    level = float((weight * mean[BASELINE]).sum() / total)
    return Effect(estimate, variance, level, _compared(n), _overlap(n))


def _dispersed(effect: Effect, cells: Cells, of_cell: Floats, moved: Floats, expected: Floats) -> Effect:
    """``effect`` of independent calls, with the variance that its calls have: arrays [R], see :mod:`.dispersion`."""
    phi = dispersion(cells.by_block(moved), cells.by_block(expected), cells.by_block(of_cell))
    return replace(effect, variance=effect.variance * phi, dispersion=phi, blocks=cells.blocks(of_cell))


def _slope(cells: Cells, measured: Measured, n: Floats) -> float:
    """Of the value on the logarithm of the prompt's tokens within strata, pooled."""
    if measured.x is None or measured.xx is None or measured.xy is None:
        return 0.0
    x, y = cells.by_stratum(measured.x), cells.by_stratum(measured.y)
    within = float(measured.xx.sum() - (x * x / np.maximum(n, 1)).sum())
    return float(measured.xy.sum() - (x * y / np.maximum(n, 1)).sum()) / within if within > 1e-9 else 0.0


def _squares(measured: Measured, slope: float) -> Floats:
    """[R] sums of squares of the value less what the prompt's length explains. Raises :class:`ValueError` without."""
    if measured.yy is None:
        raise ValueError("a value needs the sums of its squares")
    if measured.xx is None or measured.xy is None:
        return measured.yy
    squares: Floats = measured.yy - 2 * slope * measured.xy + slope * slope * measured.xx
    return squares


def _freely(cells: Cells, of_cell: Floats, n: Floats) -> Floats:
    """[R] calls of each cell, less what the mean of its cohort and stratum, fitted to the same calls, takes away."""
    left: Floats = of_cell * (1 - of_cell / np.maximum(n[cells.cohort, cells.stratum], 1))
    return left


def _pull(cells: Cells, weight: Floats, n: Floats) -> Floats:
    """[R] by how much one call of each cell moves the estimate."""
    share = weight / weight.sum() / np.maximum(n, 1)
    sign = np.where(cells.cohort == CANDIDATE, 1.0, -1.0)
    moved: Floats = sign * share[cells.cohort, cells.stratum]
    return moved


def _compared(n: Floats) -> tuple[int, int]:
    both = (n > 0).all(axis=0)
    return int(n[BASELINE, both].sum()), int(n[CANDIDATE, both].sum())


def _overlap(n: Floats) -> float:
    return sum(_compared(n)) / max(1.0, float(n.sum()))


def _nothing(n: Floats) -> Effect:
    return Effect(0.0, np.inf, 0.0, _compared(n), _overlap(n))
