"""The calibration on one's own traffic: how often the detectors alarm while nothing changes, how soon when it does.

Runs of the engine over traffic drawn anew take turns: one without a change, then one with each known change at six
tenths of the time. The time before a change counts as unchanged as well.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from scipy.special import gammaincinv

from detectors.backtest import Backtest, backtest
from detectors.config import DetectorConfig
from detectors.engine import Engine
from detectors.finding import DAY_S
from detectors.records import Member
from detectors.resample import KNOWN_CHANGES, KnownChange, Rng
from detectors.series import SeriesKey

_CHANGE_AT = 0.6
_PER_DAYS = 30.0
_RUNS = (None, *KNOWN_CHANGES)
Traffic = Callable[[Rng], pa.Table]
"""A fleet's calls by time, drawn anew."""


@dataclass(slots=True)
class FalseAlarms:
    """Alarms while nothing changed. One series' metric counts once a regression."""

    alarms: int = 0
    regressions: int = 0
    pages: int = 0
    series_days: float = 0.0

    @property
    def rate(self) -> tuple[float, float, float]:
        """Alarms in 30 series-days, with the 95 % interval of a Poisson count."""
        scale = _PER_DAYS / self.series_days if self.series_days else 0.0
        low, high = poisson_interval(self.alarms)
        return self.alarms * scale, low * scale, high * scale


@dataclass(slots=True)
class Found:
    """How one known change fared, over series."""

    name: str
    series: int = 0
    delays_s: list[float] = field(default_factory=list)
    delays_calls: list[int] = field(default_factory=list)

    @property
    def share(self) -> float:
        return len(self.delays_s) / self.series if self.series else 0.0


@dataclass(slots=True)
class Calibration:
    """What the runs showed."""

    runs: int = 0
    calls: int = 0
    false_alarms: FalseAlarms = field(default_factory=FalseAlarms)
    found: list[Found] = field(default_factory=lambda: [Found(change.name) for change in KNOWN_CHANGES])


def calibrate(
    config: DetectorConfig, traffic: Traffic, seed: int, most_runs: int, go_on: Callable[[], bool] = lambda: True
) -> Calibration:
    """At most ``most_runs`` runs on ``traffic``, as long as ``go_on`` says so (asked between runs)."""
    result = Calibration()
    while result.runs < most_runs and (not result.runs or go_on()):
        rng = np.random.default_rng([seed, result.runs])
        position = result.runs % len(_RUNS)
        change = _RUNS[position]
        calls = traffic(rng)
        times = calls["ts"].cast(pa.int64()).to_numpy() / 1e6
        at = float(times[0] + _CHANGE_AT * (times[-1] - times[0])) if change else float("inf")
        if change is not None:
            calls = change.apply(calls, times >= at, rng)
        run = backtest(Engine(config), [calls])
        _count_false(run, at, result.false_alarms)
        if change is not None:
            _count_found(run, calls, at, change, result.found[position - 1])
        result.runs += 1
        result.calls += calls.num_rows
    return result


def poisson_interval(count: int) -> tuple[float, float]:
    """The exact 95 % interval of the mean of a Poisson count."""
    low = float(gammaincinv(count, 0.025)) if count else 0.0
    return low, float(gammaincinv(count + 1, 0.975))


def _count_false(run: Backtest, at: float, total: FalseAlarms) -> None:
    for record in run.regressions:
        early = [one for one in record.members if one.detected_at.timestamp() < at]
        total.alarms += len(early)
        total.regressions += bool(early)
        total.pages += bool(early) and record.severity.value == "page"
    for group in run.engine.groups.values():
        for watch in group.series.values():
            total.series_days += max(0.0, min(at, watch.last_seen) - watch.first_seen) / DAY_S


def _count_found(run: Backtest, calls: pa.Table, at: float, change: KnownChange, found: Found) -> None:
    first: dict[str, float] = {}
    for member in (member for record in run.regressions for member in record.members):
        detected = _detected(member, change, at)
        if detected is not None:
            first[member.series_id] = min(detected, first.get(member.series_id, np.inf))
    after = _calls_after(calls, at)
    for key, times in after.items():
        found.series += 1
        detected = min(first.get(key.id, np.inf), first.get(key.parent.id, np.inf))
        if np.isfinite(detected):
            found.delays_s.append(detected - at)
            found.delays_calls.append(int(np.searchsorted(times, detected, "right")))


def _detected(member: Member, change: KnownChange, at: float) -> float | None:
    detected = member.detected_at.timestamp()
    return detected if member.metric in change.metrics and detected >= at else None


def _calls_after(calls: pa.Table, at: float) -> dict[SeriesKey, np.ndarray]:
    """Times of each series' calls since ``at``."""
    times = calls["ts"].cast(pa.int64()).to_numpy() / 1e6
    rows = calls.slice(int(np.searchsorted(times, at)))
    names = [rows[name].cast(pa.string()).fill_null("").to_pylist() for name in SeriesKey._fields]
    found: dict[SeriesKey, list[float]] = {}
    for moment, *key in zip(times[len(times) - rows.num_rows :].tolist(), *names, strict=True):
        found.setdefault(SeriesKey(*key), []).append(moment)
    return {key: np.array(moments) for key, moments in found.items()}
