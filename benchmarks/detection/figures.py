"""Figures with their uncertainty: false alarms per million calls, median delays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import stats

from detectors.columns import Floats

_COVER = 0.95
_RESAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Frequency:
    """Events per ``unit`` of exposure with a 95 % interval; ``runs`` are the streams it was counted on."""

    value: float
    low: float
    high: float
    events: int
    exposure: float
    runs: int

    @classmethod
    def of(cls, counts: Sequence[int], exposure: float) -> Self:
        """Of the events of each run in a common ``exposure`` (in the unit wanted).

        The interval is the exact Poisson one, on as many events as the counts are worth: where they differ between
        runs more than Poisson counts do (a poor baseline makes many alarms in one run), they are worth less.
        """
        events = int(sum(counts))
        worth = 1.0
        if len(counts) > 1 and events:
            worth = max(1.0, float(np.var(counts, ddof=1) / np.mean(counts)))
        tail, counted = (1 - _COVER) / 2, events / worth
        low = float(stats.gamma.ppf(tail, counted)) if events else 0.0
        high = float(stats.gamma.ppf(1 - tail, counted + 1))
        scale = worth / exposure
        return cls(events / exposure, low * scale, high * scale, events, exposure, len(counts))

    def __str__(self) -> str:
        return f"{_short(self.value)} ({_short(self.low)}..{_short(self.high)})"


@dataclass(frozen=True, slots=True)
class Delay:
    """Median calls from the change to the alarm with a 95 % interval (infinite: not found), and the share found."""

    median: float
    low: float
    high: float
    found: float
    runs: int

    @classmethod
    def of(cls, delays: Sequence[float]) -> Self:
        """Of one delay a run, infinite where the change was not found within its window."""
        ordered, n = np.sort(np.asarray(delays, np.float64)), len(delays)
        lower, upper = (int(rank) for rank in stats.binom.ppf(((1 - _COVER) / 2, (1 + _COVER) / 2), n, 0.5))
        return cls(
            median=float(ordered[(n - 1) // 2]),
            low=float(ordered[max(lower - 1, 0)]),
            high=float(ordered[min(upper, n - 1)]),
            found=float(np.mean(np.isfinite(ordered))),
            runs=n,
        )

    def __str__(self) -> str:
        share = "" if self.found == 1 else f", {self.found:.0%} found"
        return f"{_calls(self.median)} ({_calls(self.low)}..{_calls(self.high)}{share})"


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ratio of two median delays with a 95 % bootstrap interval (infinite: the first was mostly not found)."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, delays: Sequence[float], others: Sequence[float], seed: int = 1) -> Self:
        """Of delays over other delays; runs of one number saw the same calls and are drawn together."""
        paired = min(len(delays), len(others))
        above, below = np.asarray(delays, np.float64)[:paired], np.asarray(others, np.float64)[:paired]
        drawn = np.random.default_rng(seed).integers(0, paired, (_RESAMPLES, paired))
        medians = _median(above[drawn]) / _median(below[drawn])
        low, high = np.quantile(medians, ((1 - _COVER) / 2, (1 + _COVER) / 2), method="nearest").tolist()
        value = float(_median(above[None])[0] / _median(below[None])[0])
        return cls(value, low, high)

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f}..{self.high:.2f})" if np.isfinite(self.value) else "not found"


def _median(delays: Floats) -> Floats:
    """[rows] lower medians: infinite delays cannot be averaged."""
    ordered: Floats = np.sort(delays, axis=1)
    return ordered[:, (delays.shape[1] - 1) // 2]


def _calls(value: float) -> str:
    return f"{value:,.0f}" if np.isfinite(value) else "never"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
