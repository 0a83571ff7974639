"""Daily spending as level, damped trend, weekday and noise: what is learnt from some days, and what may follow.

A structural time series on the logarithm of each day's dollars::

    log spend = level + weekday + noise        level' = level + trend + shock        trend' = 0.97 trend + shock

How strong noise and shocks are is not estimated but averaged over: a Kalman filter runs for each of a grid of
strengths, and each counts by its likelihood. So few days give wide intervals, weekdays that were not seen yet are as
uncertain as weekdays are in general, and the width narrows by itself as days come in.

Source: A. C. Harvey, Forecasting, Structural Time Series Models and the Kalman Filter (1989), chapters 3 and 4; the
damped trend E. S. Gardner and E. McKenzie, Forecasting trends in time series (Management Science 31, 1985).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WEEKDAYS = 7
_DAMPING = 0.97
_LEVEL_SD = 2.0
"""Prior of the level around the mean of the logarithms."""
_TREND_SD = 0.01
"""Prior of the daily growth: about one percent, either way."""
_WEEKDAY_SD = 0.6
"""Prior of a weekday: between half and twice the usual."""
_GRID = np.array(
    list(product(np.geomspace(0.02, 1.2, 9), (0.0, 0.001, 0.01, 0.05, 0.2, 0.6), (0.0, 1e-4, 1e-3))), np.float64
)
"""Noise (standard deviation), and the variances of both shocks in units of the noise's."""
_LEVEL, _TREND, _FIRST_WEEKDAY = 0, 1, 2


@dataclass(frozen=True, slots=True)
class DayObserved:
    """One day's spending."""

    weekday: int
    """0 is Monday."""
    log_spend: float
    seen: float = 1.0
    """Which share of the day it was extrapolated from; less is noisier."""


@dataclass(frozen=True, slots=True, eq=False)
class SpendModel:
    """What is known of the day that follows the last whole one: a state for each point of the grid, and its weight."""

    weights: Floats
    mean: Floats
    """A row a point: level, trend, seven weekdays."""
    covariance: Floats
    today: DayObserved | None = None
    """What is seen of that next day: its noise is the day's own, so that the rest of it goes on as it began."""

    def draw(self, rng: np.random.Generator, weekdays: Sequence[int], draws: int) -> Floats:
        """``draws`` possible courses of log spending on the days that follow, which have these ``weekdays``."""
        points = rng.choice(len(self.weights), draws, p=self.weights)
        noise, level_shock, trend_shock = _strengths(points)
        state = self._states(rng, points)
        level, trend, of_weekday = state[:, _LEVEL], state[:, _TREND], state[:, _FIRST_WEEKDAY:]
        found = np.empty((draws, len(weekdays)))
        for ahead, weekday in enumerate(weekdays):
            usual = level + of_weekday[:, weekday]
            seen = self.today if ahead == 0 else None
            own, unseen = (seen.seen * (seen.log_spend - usual), 1 - seen.seen) if seen else (0.0, 1.0)
            found[:, ahead] = usual + own + noise * np.sqrt(unseen) * rng.standard_normal(draws)
            level = level + trend + level_shock * rng.standard_normal(draws)
            trend = _DAMPING * trend + trend_shock * rng.standard_normal(draws)
        return found

    def _states(self, rng: np.random.Generator, points: npt.NDArray[np.intp]) -> Floats:
        # Rounding may leave an eigenvalue a hair below zero.
        values, vectors = np.linalg.eigh(self.covariance)
        roots = vectors * np.sqrt(np.maximum(values, 0))[:, np.newaxis, :]
        normal = rng.standard_normal((len(points), roots.shape[-1]))
        return np.asarray(self.mean[points] + np.einsum("nij,nj->ni", roots[points], normal))


def learn(days: Sequence[DayObserved | None], today: DayObserved | None = None) -> SpendModel:
    """The model after whole ``days``, one after the other (None: not known), and after what is seen of the next one.

    Raises :class:`ValueError` where no day is known.
    """
    known = [day.log_spend for day in days if day is not None]
    if not known:
        raise ValueError("no day is known")
    mean = np.zeros((len(_GRID), _FIRST_WEEKDAY + WEEKDAYS))
    mean[:, _LEVEL] = np.mean(known)
    prior = np.diag([_LEVEL_SD**2, _TREND_SD**2, *[_WEEKDAY_SD**2] * WEEKDAYS])
    covariance = np.repeat(prior[np.newaxis], len(_GRID), axis=0)
    likelihood = np.zeros(len(_GRID))
    for day in days:
        if day is not None:
            likelihood += _observe(mean, covariance, day)
        _step(mean, covariance)
    if today is not None:
        likelihood += _observe(mean, covariance, today)
    weights = np.exp(likelihood - likelihood.max())
    return SpendModel(weights / weights.sum(), mean, covariance, today)


def _strengths(points: npt.NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
    noise, level, trend = _GRID[points].T
    return noise, noise * np.sqrt(level), noise * np.sqrt(trend)


def _observe(mean: Floats, covariance: Floats, day: DayObserved) -> Floats:
    """Update in place; the log likelihood of each point."""
    place = _FIRST_WEEKDAY + day.weekday
    surprise = day.log_spend - mean[:, _LEVEL] - mean[:, place]
    with_state = covariance[:, :, _LEVEL] + covariance[:, :, place]
    variance = with_state[:, _LEVEL] + with_state[:, place] + _GRID[:, 0] ** 2 / day.seen
    gain = with_state / variance[:, np.newaxis]
    mean += gain * surprise[:, np.newaxis]
    covariance -= gain[:, :, np.newaxis] * with_state[:, np.newaxis, :]
    return np.asarray(-(np.log(variance) + surprise**2 / variance) / 2)


def _step(mean: Floats, covariance: Floats) -> None:
    """One day on, in place."""
    mean[:, _LEVEL] += mean[:, _TREND]
    mean[:, _TREND] *= _DAMPING
    covariance[:, _LEVEL, :] += covariance[:, _TREND, :]
    covariance[:, :, _LEVEL] += covariance[:, :, _TREND]
    covariance[:, _TREND, :] *= _DAMPING
    covariance[:, :, _TREND] *= _DAMPING
    _, level_shock, trend_shock = _strengths(np.arange(len(_GRID)))
    covariance[:, _LEVEL, _LEVEL] += level_shock**2
    covariance[:, _TREND, _TREND] += trend_shock**2
