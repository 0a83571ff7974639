"""What is known of one series, for whoever checks a verdict: baselines, guards, statistics, distance to alarm."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from detectors.alternatives import rate_label, value_label
from detectors.columns import Floats
from detectors.engine import Engine
from detectors.hours import CELLS
from detectors.learning import Schedule
from detectors.metrics import Kind
from detectors.rate_learner import RateLearner
from detectors.rules import patience_s
from detectors.series_watch import SeriesWatch
from detectors.statuses import MetricStatus, series_statuses
from detectors.strata import StrataIndex
from detectors.value_learner import Reference, ValueHistory, ValueLearner
from watchkeeper.errors import ConfigError

_REST_S = 60.0
"""A statistic this far from zero, over the patience, is where the way to an alarm begins."""
_CANDIDATES = 10
_FLAT = 0.005


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


def explain(engine: Engine, text: str) -> SeriesExplanation:
    """The series that ``text`` names: whole, by its id, or by a part that only one has.

    Raises :class:`ConfigError` with what there is where none or several match.
    """
    watch = _found([watch for group in engine.groups.values() for watch in group.series.values()], text)
    patience = patience_s(engine.config)
    by_name = {one.metric: one for one in series_statuses(watch, patience)}
    weights = watch.weights
    metrics = [
        _metric(watch, m, by_name[settings.metric.name], weights[:, m], patience)
        for m, settings in enumerate(watch.settings)
        if settings.metric.name in by_name
    ]
    return SeriesExplanation(
        series=str(watch.key),
        series_id=watch.key.id,
        calls=watch.calls,
        first_seen=_instant(watch.first_seen),
        last_seen=_instant(watch.last_seen),
        inherited_from=watch.inherited_from,
        patience_days=patience / 86_400.0,
        metrics=tuple(metrics),
    )


def _found(watches: Iterable[SeriesWatch], text: str) -> SeriesWatch:
    known = sorted(watches, key=lambda watch: watch.key)
    exact = [watch for watch in known if text in (str(watch.key), watch.key.id)]
    matching = exact or [watch for watch in known if text.lower() in str(watch.key).lower()]
    if len(matching) == 1:
        return matching[0]
    shown = [f"{watch.key.id}  {watch.key}" for watch in (matching or known)[:_CANDIDATES]]
    more = len(matching or known) - len(shown)
    listed = "\n  ".join(shown) + (f"\n  … and {more} more" if more > 0 else "")
    if not known:
        raise ConfigError("no series is known yet: there were no calls")
    problem = f"{len(matching)} series match {text!r}" if matching else f"no series matches {text!r}"
    raise ConfigError(f"{problem}; write the id or more of the text of one of\n  {listed}")


def _metric(watch: SeriesWatch, m: int, status: MetricStatus, weights: Floats, patience: float) -> MetricExplanation:
    settings, learner = watch.settings[m], watch.learners[m]
    mass = (weights * watch.monitor.statistics.statistic[:, m]).sum(axis=0)
    label = rate_label if settings.metric.kind is Kind.RATE else value_label
    if isinstance(learner, RateLearner):
        baselines = _rate_baselines(learner, watch.strata["rate"])
    else:
        baselines = _value_baselines(learner)
    return MetricExplanation(
        status=status,
        unit=settings.metric.unit,
        tolerance=settings.tolerance,
        direction=settings.direction.value,
        severity=settings.severity.value,
        leading=label(int(np.argmax(mass))) if mass.any() else "",
        way_to_alarm=way_to_alarm(status.level, patience),
        baselines=tuple(baselines),
    )


def way_to_alarm(level: float, patience: float) -> float:
    """The share of the way that the logarithm of a statistic has gone, from where it rests to an alarm at 1."""
    if level <= 0:
        return 0.0
    return float(np.clip(1 - np.log(level) / np.log(_REST_S / patience), 0.0, 1.0))


def _rate_baselines(learner: RateLearner, index: StrataIndex) -> Iterable[BaselineFacts]:
    sources = (
        ("pinned", learner.pinned, learner.fixed or learner.total),
        ("trailing", learner.trailing, learner.total),
    )
    for name, baseline, sums in sources:
        if baseline is None:
            continue
        size = len(baseline.share)
        labels = _labels(index, size, rate=True)
        strata = [
            StratumFacts(
                labels[s],
                round(sums.calls[s]),
                float(baseline.share[s]),
                float(baseline.null[s]),
                bool(baseline.known[s]),
            )
            for s in range(size)
            if sums.calls[s] >= 1
        ]
        yield _facts(name, learner.schedule, sums.total, baseline.phi, sums.dispersion.between, strata, {})


def _value_baselines(learner: ValueLearner) -> Iterable[BaselineFacts]:
    sources = (
        ("pinned", learner.pinned, learner.fixed or learner.total),
        ("trailing", learner.trailing, learner.total),
    )
    for name, reference, history in sources:
        if reference is None:
            continue
        strata = _value_strata(reference, history, learner.strata)
        sums = history.sums
        phi, between = reference.baseline.phi, sums.dispersion.between
        yield _facts(name, learner.schedule, sums.total, phi, between, strata, _hours(reference.offsets))


def _value_strata(reference: Reference, history: ValueHistory, index: StrataIndex) -> list[StratumFacts]:
    baseline, calls = reference.baseline, history.sums.calls
    labels = _labels(index, len(baseline.location), rate=False)
    allowed = baseline.tolerance + baseline.guard * baseline.scale * baseline.core
    return [
        StratumFacts(
            labels[s],
            round(calls[s]),
            float(np.exp(baseline.location[s])),
            float(np.exp(baseline.location[s] + allowed[s])),
            bool(baseline.known[s]),
        )
        for s in range(len(baseline.location))
        if calls[s] >= 1
    ]


def _facts(
    name: str, schedule: Schedule, calls: float, phi: float, between: float, strata: list[StratumFacts],
    hours: dict[str, float],
) -> BaselineFacts:  # fmt: skip
    until = schedule.accepted if name == "pinned" and schedule.accepted else schedule.extended
    days = (until - schedule.begun) / 86_400.0
    accepted = bool(schedule.accepted)
    return BaselineFacts(
        name, round(calls), _instant(schedule.begun), days, accepted, phi, between, tuple(strata), hours
    )


def _labels(index: StrataIndex, size: int, *, rate: bool) -> list[str]:
    """In words, which calls each stratum number takes."""
    labels = ["all other calls"]
    for prompt, output in index.coordinates[1:size].astype(int).tolist():
        parts = [_range("prompt", 2 * prompt if rate else prompt, 2 if rate else 1), _range("output", output, 1)]
        labels.append(", ".join(part for part in parts if part) or "all calls")
    return labels + ["?"] * (size - len(labels))


def _range(what: str, bucket: int, octaves: int) -> str:
    """``prompt 512 to 1,023 tokens``; empty for bucket 0, which says nothing of its size."""
    return f"{what} {2**bucket:,} to {2 ** (bucket + octaves) - 1:,} tokens" if bucket else ""


def _hours(offsets: Floats) -> dict[str, float]:
    names = [f"{'Mon-Fri' if cell < CELLS // 2 else 'Sat-Sun'} {cell % 24:02d}h" for cell in range(CELLS)]
    return {
        name: float(np.exp(offset)) for name, offset in zip(names, offsets.tolist(), strict=True) if abs(offset) > _FLAT
    }


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
