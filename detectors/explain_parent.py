"""What is known of a model over all its routes: the evidence of its series, added up."""

from datetime import UTC, datetime

import numpy as np

from detectors.alternatives import rate_label, value_label
from detectors.explanations import MetricExplanation, SeriesExplanation, way_to_alarm
from detectors.metrics import METRICS, RATES
from detectors.model_group import ModelGroup
from detectors.records import State
from detectors.rules import MetricSettings, patience_s, settings_for
from detectors.series_watch import SeriesWatch
from detectors.statuses import MetricStatus, gathered

_DAY_S = 86_400.0


def explain_parent(group: ModelGroup) -> SeriesExplanation:
    """Everything of ``group`` as a whole. A parent has no baseline of its own: each series is held to its own past."""
    watches = list(group.series.values())
    settings = settings_for(group.config, group.key)
    found = [_metric(group, m, settings[m]) for m in range(len(METRICS)) if _counted(watches, m)]
    return SeriesExplanation(
        series=str(group.key),
        series_id=group.key.id,
        calls=sum(one.calls for one in watches),
        first_seen=datetime.fromtimestamp(min(one.first_seen for one in watches), UTC),
        last_seen=datetime.fromtimestamp(max(one.last_seen for one in watches), UTC),
        inherited_from="",
        patience_days=patience_s(group.config) / _DAY_S,
        metrics=tuple(found),
    )


def _counted(watches: list[SeriesWatch], m: int) -> list[SeriesWatch]:
    """The series that watch a metric and have seen calls that count for it."""
    return [one for one in watches if one.settings[m].watch and gathered(one.learners[m])]


def _metric(group: ModelGroup, m: int, settings: MetricSettings) -> MetricExplanation:
    assert group.parent is not None
    parent, monitor = group.parent, group.parent.monitor
    mass = (parent.weights[:, m] * monitor.statistics.statistic[:, m]).sum(axis=0)
    label = rate_label if m < len(RATES) else value_label
    patience = float(monitor.patience[m])
    status = _status(group, m, settings.metric.name)
    return MetricExplanation(
        status=status,
        unit=settings.metric.unit,
        tolerance=settings.tolerance,
        direction=settings.direction.value,
        severity=settings.severity.value,
        leading=label(int(np.argmax(mass))) if mass.any() else "",
        false_alarms=int(monitor.false_alarms[m]),
        patience_days=patience / _DAY_S,
        way_to_alarm=way_to_alarm(status.level, patience),
        baselines=(),
    )


def _status(group: ModelGroup, m: int, name: str) -> MetricStatus:
    assert group.parent is not None
    counted = _counted(list(group.series.values()), m)
    able = [one for one in counted if one.weights[:, m].any()]
    learning = all(one.learners[m].pinned is None for one in counted)
    state = group.parent.monitor.state(m, able=bool(able), learning=learning)
    return MetricStatus(
        series=str(group.key),
        series_id=group.key.id,
        metric=name,
        state=state,
        calls=round(sum(gathered(one.learners[m]) for one in counted)),
        needed=0,
        why=_why(state, len(able), len(counted)),
        level=float(group.parent.monitor.level[m]),
        detectable=(),
    )


def _why(state: State, able: int, counted: int) -> str:
    if state is State.LEARNING:
        return f"none of its {counted} series knows yet what is usual"
    if state is State.CANNOT_TELL:
        return f"none of its {counted} series can tell"
    return f"the evidence of {able} of {counted} series, each against its own past"
