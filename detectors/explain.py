"""What is known of one series, for whoever checks a verdict: baselines, guards, statistics, distance to alarm."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from detectors.alternatives import rate_label, value_label
from detectors.columns import Floats
from detectors.engine import Engine
from detectors.explain_parent import explain_parent
from detectors.explanations import BaselineFacts, MetricExplanation, SeriesExplanation, StratumFacts, way_to_alarm
from detectors.hours import CELLS
from detectors.late_calls import Late
from detectors.learning import Schedule
from detectors.metrics import Direction, Kind
from detectors.model_group import ModelGroup
from detectors.rate_learner import RateLearner
from detectors.rules import patience_s
from detectors.score_baseline import score_label
from detectors.score_learner import ScoreLearner
from detectors.series import SeriesKey
from detectors.series_watch import SeriesWatch
from detectors.statuses import MetricStatus, series_statuses
from detectors.strata import StrataIndex
from detectors.value_learner import Reference, ValueHistory, ValueLearner
from watchkeeper.errors import ConfigError
from watchkeeper.series_id import is_begin

_CANDIDATES = 10
_FLAT = 0.005
_LABELS = {Kind.RATE: rate_label, Kind.VALUE: value_label, Kind.SCORE: score_label}


def explain(engine: Engine, text: str) -> SeriesExplanation:
    """The series, or model over all its routes, that ``text`` names: whole, by its id (or its begin), or by a part
    only one has.

    Raises :class:`ConfigError` with what there is where none or several match.
    """
    key = _found(engine, text)
    group = engine.groups[key.parent]
    found = explain_parent(group) if key == group.key else _of_series(engine, group, key)
    late = engine.late_calls.of(key)
    return replace(found, late_calls=late.calls, late_last=_instant(late.last)) if late else found


def _of_series(engine: Engine, group: ModelGroup, key: SeriesKey) -> SeriesExplanation:
    watch = group.series[key]
    scores = [one.watch for one in group.scores.of(watch.key)]
    patience = patience_s(engine.config)
    by_name = {one.metric: one for one in series_statuses(watch)}
    weights = watch.weights
    metrics = [
        _metric(watch, m, by_name[settings.metric.name], weights[:, m])
        for m, settings in enumerate(watch.settings)
        if settings.metric.name in by_name
    ]
    metrics += [_metric(one, 0, status, one.weights[:, 0]) for one in scores for status in series_statuses(one)]
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


def _found(engine: Engine, text: str) -> SeriesKey:
    """A series, or the parent of several."""
    groups = [engine.groups[key] for key in sorted(engine.groups)]
    parents = [group.key for group in groups if len(group.series) > 1]
    known = parents + sorted(key for group in groups for key in group.series)
    exact = [key for key in known if text in (str(key), key.id)]
    matching = exact or [key for key in known if _has(key, text)]
    if len(matching) == 1:
        return matching[0]
    shown = [f"{key.id}  {key}{'  (all routes together)' if key.is_parent else ''}" for key in matching or known]
    more = len(shown) - _CANDIDATES
    listed = "\n  ".join(shown[:_CANDIDATES]) + (f"\n  … and {more} more" if more > 0 else "")
    late = "".join(f"; {_told_late(key, one)}" for key, one in engine.late_calls.all().items() if _has(key, text))
    if not known:
        raise ConfigError(f"no series is known yet: there were no calls{late}")
    problem = f"{len(matching)} series match {text!r}" if matching else f"no series matches {text!r}{late}"
    raise ConfigError(f"{problem}; write the id or more of the text of one of\n  {listed}")


def _has(key: SeriesKey, text: str) -> bool:
    return text.lower() in f"{key}\n{'|'.join(key)}".lower() or is_begin(text, key.id)


def _told_late(key: SeriesKey, late: Late) -> str:
    last = _instant(late.last)
    return f"{late.calls:,} calls of {key} came too late to be judged, the last at {last:%Y-%m-%d %H:%M} UTC"


def _metric(watch: SeriesWatch, m: int, status: MetricStatus, weights: Floats) -> MetricExplanation:
    settings, learner, patience = watch.settings[m], watch.learners[m], float(watch.monitor.patience[m])
    mass = (weights * watch.monitor.statistics.statistic[:, m]).sum(axis=0)
    label = _LABELS[settings.metric.kind]
    if isinstance(learner, ScoreLearner):
        baselines = _score_baselines(learner, watch.strata["rate"])
    elif isinstance(learner, RateLearner):
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
        false_alarms=int(watch.monitor.false_alarms[m]),
        patience_days=patience / 86_400.0,
        way_to_alarm=way_to_alarm(status.level, patience),
        baselines=tuple(baselines),
    )


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


def _score_baselines(learner: ScoreLearner, index: StrataIndex) -> Iterable[BaselineFacts]:
    sources = (
        ("pinned", learner.pinned, learner.fixed or learner.total),
        ("trailing", learner.trailing, learner.total),
    )
    worse = 1.0 if learner.direction is Direction.UP else -1.0
    for name, baseline, sums in sources:
        if baseline is None:
            continue
        labels, counts = _labels(index, len(baseline.mean), rate=True), sums.counts.sum(axis=1)
        limits = baseline.mean + worse * baseline.allowed * baseline.scale
        strata = [
            StratumFacts(
                labels[s], round(counts[s]), float(baseline.mean[s]), float(limits[s]), bool(baseline.known[s])
            )
            for s in np.flatnonzero(counts >= 1).tolist()
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
