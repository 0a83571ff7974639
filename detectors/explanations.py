"""What is told of one series to whoever checks a verdict."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from detectors.statuses import MetricStatus

_REST_S = 60.0
"""A statistic this far from zero, over the patience, is where the way to an alarm begins."""


@dataclass(frozen=True, slots=True)
class StratumFacts:
    """Calls that are compared with each other."""

    calls_like: str
    calls: int
    usual: float
    """Share of bad calls, or the typical value in the metric's unit."""
    limit: float
    """The same taken worse by tolerance and guard: what lies within is no change."""
    judged: bool
    """False: too few calls to judge by."""


@dataclass(frozen=True, slots=True)
class BaselineFacts:
    """What calls are compared with."""

    name: str
    """``pinned`` or ``trailing``."""
    calls: int
    since: datetime
    days: float
    accepted: bool
    phi: float
    """How much more blocks of calls differ than independent calls would (1: not at all)."""
    between: float
    """What neighbouring blocks share, in standard deviations of one call's value, or in standard errors of a share."""
    strata: tuple[StratumFacts, ...]
    hours: dict[str, float]
    """By what factor an hour (UTC) differs from the others; only those by more than half a per cent."""


@dataclass(frozen=True, slots=True)
class MetricExplanation:
    """One metric of the series."""

    status: MetricStatus
    unit: str
    tolerance: float
    direction: str
    severity: str
    leading: str
    """The alternative that has gathered most."""
    false_alarms: int
    """Alarms of it that people called false; each doubles its patience, up to five times."""
    patience_days: float
    way_to_alarm: float
    """0: as far as can be; 0.5: suspect; 1: alarm. On a logarithmic scale."""
    baselines: tuple[BaselineFacts, ...]


@dataclass(frozen=True, slots=True)
class SeriesExplanation:
    """All of a series."""

    series: str
    series_id: str
    calls: int
    first_seen: datetime
    last_seen: datetime
    inherited_from: str
    """The model that served this workload before, whose baselines it is judged by; empty: its own."""
    patience_days: float
    metrics: tuple[MetricExplanation, ...]
    late_calls: int = 0
    """Calls of the last days that came too late to be judged."""
    late_last: datetime | None = None
    """When one of these came last."""


def way_to_alarm(level: float, patience: float) -> float:
    """The share of the way that the logarithm of a statistic has gone, from where it rests to an alarm at 1."""
    if level <= 0:
        return 0.0
    return float(np.clip(1 - np.log(level) / np.log(_REST_S / patience), 0.0, 1.0))
