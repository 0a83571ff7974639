"""What the hour does to a value: offsets of its logarithm by hour of day, weekdays and weekends apart, shrunk."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from detectors.columns import Bools, Floats, Ints
from detectors.config import DAY_S

CELLS = 48
_SHRINK = 30.0
"""Calls by which an hour's mean is drawn to that hour on all days, and that to no offset."""
_WEEKEND_AFTER_S = 6 * DAY_S
_SEEN = 5
_UNKNOWN_AN_HOUR, _MOST_UNKNOWN, _OTHER_DAYS = 0.03, 0.12, 0.1
_FIRST_MONDAY_S = 4 * DAY_S
"""1970-01-05, a Monday, as Unix time."""


def hour_cells(ts: Floats) -> Ints:
    """[n] 0 to 23 for hours (UTC) of Monday to Friday, 24 to 47 for those of the weekend."""
    hour = ((ts % DAY_S) // 3600).astype(np.int64)
    weekend = ((ts - _FIRST_MONDAY_S) % (7 * DAY_S)) >= 5 * DAY_S
    return hour + 24 * weekend


@dataclass(slots=True)
class HourSums:
    """Residuals of learned calls by cell."""

    calls: Floats = field(default_factory=lambda: np.zeros(CELLS))
    residuals: Floats = field(default_factory=lambda: np.zeros(CELLS))

    def add(self, cells: Ints, residual: Floats) -> None:
        """Calls [n] whose logarithm lies ``residual`` above its stratum's location."""
        self.calls += np.bincount(cells, minlength=CELLS)
        self.residuals += np.bincount(cells, residual, CELLS)

    def merge(self, other: "HourSums", keep: float) -> None:
        """Take in ``other``, of what was known only the share ``keep``."""
        self.calls = self.calls * keep + other.calls
        self.residuals = self.residuals * keep + other.residuals

    def offsets(self, covered_s: float) -> tuple[Floats, Floats]:
        """[48] offsets of the logarithm, and [48] how much slower than that an hour may be without being a change.

        An hour that was never seen has the offset of the nearest one that was, and may be 3 % slower for each hour
        between, up to 12 %; a weekend (or weekday) before the first one may be 10 % slower. After a week all is seen.
        """
        calls = self.calls.reshape(2, 24)
        centre = self.residuals.sum() / max(1.0, self.calls.sum())
        sums = (self.residuals - centre * self.calls).reshape(2, 24)
        by_hour = calls.sum(axis=0)
        daily = sums.sum(axis=0) / (by_hour + _SHRINK)
        seen = np.ones(24, np.bool_) if covered_s >= 7 * DAY_S else by_hour >= _SEEN
        nearest, distance = _nearest(seen)
        daily = daily[nearest]
        unknown = np.tile(np.minimum(_MOST_UNKNOWN, _UNKNOWN_AN_HOUR * distance), (2, 1))
        if covered_s < _WEEKEND_AFTER_S:
            unknown[calls.sum(axis=1) < _SEEN] = np.maximum(unknown, _OTHER_DAYS)[calls.sum(axis=1) < _SEEN]
            return np.tile(daily, 2), unknown.ravel()
        both: Floats = ((sums + _SHRINK * daily) / (calls + _SHRINK)).ravel()
        return both, unknown.ravel()

    def state(self) -> list[Floats]:
        """For a snapshot."""
        return [self.calls, self.residuals]

    @classmethod
    def restore(cls, state: list[Any]) -> Self:
        """From :meth:`state`."""
        return cls(*(np.array(array, np.float64) for array in state))


def _nearest(seen: Bools) -> tuple[Ints, Floats]:
    """[24] for each hour of the day the nearest one that was seen, itself first, and how many hours lie between."""
    hours = np.arange(24)
    apart = np.abs(hours[:, None] - hours)
    apart = np.where(seen, np.minimum(apart, 24 - apart), 24)
    nearest = np.argmin(apart, axis=1)
    if not seen.any():
        return hours, np.full(24, 24.0)
    return nearest, apart[hours, nearest].astype(np.float64)
