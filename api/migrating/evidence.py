"""How surely a candidate is worse than the baseline, from the calls of a window: chances under "both are the same".

The triggers are looked at every few seconds for days, so that what happens once in a thousand looks happens often. Each
test therefore returns the chance that two equal models differ so much or more, to be held against a very small level.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import hypergeom
from scipy.stats import t as student

from watchkeeper.score_names import lower_is_better
from watchkeeper.storage.route_arms import Floats, RouteArm, Scores

_SLOW = (0.5, 0.75, 0.9)
"""Quantiles of both models' calls together beyond which a call counts as slow."""
_RANGES = ((0.0, 1.0), (-1.0, 1.0), (1.0, 5.0), (0.0, 5.0), (0.0, 10.0), (0.0, 100.0))
"""What feedback usually lies in; the narrowest that holds all of it is taken, else one from 0 to the largest number."""


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Means of the same feedback about both models, brought to the scale from 0 to 1 on which 1 is good."""

    name: str
    baseline: float
    candidate: float
    scores: tuple[int, int]
    chance: float
    """That equal models differ so much."""


def more_often(bad: int, calls: int, usual_bad: int, usual_calls: int) -> float:
    """Chance of at least ``bad`` of ``calls`` at the candidate, were the baseline's rate the same.

    Fisher's exact test; 1 where the baseline has no calls: nothing can be said.
    """
    if not calls or not usual_calls:
        return 1.0
    return float(hypergeom.sf(bad - 1, calls + usual_calls, bad + usual_bad, calls))


def slower(candidate: Floats, baseline: Floats) -> float:
    """Chance of so many slow calls at the candidate, were both of one law: quantile tests on the calls of both.

    Several levels of slow, as one alone says little where one model has most of the calls (Bonferroni).
    """
    levels = np.quantile(np.concatenate([candidate, baseline]), _SLOW)
    slow = [(int((candidate > level).sum()), int((baseline > level).sum())) for level in levels]
    chances = [more_often(new, len(candidate), old, len(baseline)) for new, old in slow]
    return min(1.0, len(chances) * min(chances))


def dearer(candidate: RouteArm, baseline: RouteArm) -> float:
    """Chance of so high a cost per useful call at the candidate (of its logarithm, delta method, Student's t)."""
    spread = _log_variance(candidate) + _log_variance(baseline)
    usual, now = baseline.cost_per_useful_call, candidate.cost_per_useful_call
    if not usual or not now or not 0 < spread < math.inf:
        return 1.0
    freedom = max(1, min(candidate.useful, baseline.useful) - 1)
    return float(student.sf(math.log(now / usual) / math.sqrt(spread), freedom))


def satisfaction(name: str, baseline: Scores, candidate: Scores) -> Satisfaction:
    """Both models' feedback of one name. The chance is 1 where its numbers are too large to be added up."""
    low, high = _range(min(baseline.least, candidate.least), max(baseline.most, candidate.most))
    old, new = (_mean(arm, low, high) for arm in (baseline, candidate))
    if lower_is_better(name):
        old, new = 1 - old, 1 - new
    spread = _variance(baseline, low, high) / baseline.count + _variance(candidate, low, high) / candidate.count
    freedom = max(1, min(baseline.count, candidate.count) - 1)
    chance = float(student.sf((old - new) / math.sqrt(spread), freedom)) if 0 < spread < math.inf else 1.0
    return Satisfaction(name, old, new, (baseline.count, candidate.count), chance)


def _log_variance(arm: RouteArm) -> float:
    """Of the logarithm of cost over useful calls."""
    if not arm.useful or arm.cost <= 0:
        return math.inf
    ratio = arm.cost / arm.useful
    squares = arm.cost_squared - 2 * ratio * arm.cost_of_useful + ratio * ratio * arm.useful
    return max(squares, ratio * ratio) / (arm.cost * arm.cost)


def _mean(arm: Scores, low: float, high: float) -> float:
    return (arm.total / arm.count - low) / (high - low)


def _variance(arm: Scores, low: float, high: float) -> float:
    """Of one score on the scale from 0 to 1, with one more at either end, so that scores all alike have one."""
    n, width = arm.count + 2, high - low
    mean = (arm.total + low + high) / n
    return max(0.0, (arm.squares + low * low + high * high) / n - mean * mean) / (width * width)


def _range(least: float, most: float) -> tuple[float, float]:
    fitting = [(low, high) for low, high in _RANGES if low <= least and most <= high]
    if fitting:
        return min(fitting, key=lambda ends: ends[1] - ends[0])
    # Not from the least that was given: from 940 to 920 points of a thousand is no fall from 1 to 0.
    largest = max(abs(least), abs(most))
    return (0.0, largest) if least >= 0 else (-largest, largest)
