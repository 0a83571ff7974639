"""Where each metric of each series stands: its state, why, what it still needs, and what it could see."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from detectors.alternatives import DOWN, SHIFTS, UP
from detectors.columns import Floats
from detectors.detectable import Visible, visible_rate, visible_value
from detectors.engine import Engine
from detectors.learning import FEWEST_CALLS
from detectors.metrics import Direction
from detectors.model_group import ModelGroup
from detectors.rate_learner import RateLearner
from detectors.records import State
from detectors.rules import MetricSettings
from detectors.score_detectable import visible_score
from detectors.score_learner import ScoreLearner
from detectors.series import SeriesKey
from detectors.series_watch import Learner, SeriesWatch
from detectors.value_learner import ValueLearner

_RESOLVED_ERRORS = 4.0
"""A change is looked for if it exceeds so many standard errors of the baseline (see :mod:`.value_baseline`)."""


@dataclass(frozen=True, slots=True)
class MetricStatus:
    """One metric of one series."""

    series: str
    series_id: str
    metric: str
    state: State
    calls: int
    """Calls that the baseline holds, or that were gathered for one."""
    needed: int
    """Calls still needed until it can be judged; 0: none, or none would help."""
    why: str
    level: float
    """The statistic; an alarm at 1."""
    detectable: tuple[Visible, ...]
    """The smallest visible change within an hour, a day, a week; empty while learning."""


def statuses(engine: Engine) -> list[MetricStatus]:
    """All watched metrics that have seen calls, by series."""
    return [
        status
        for group in _groups(engine)
        for key in sorted(group.series)
        for watch in (group.series[key], *(one.watch for one in group.scores.of(key)))
        for status in series_statuses(watch)
    ]


def series_statuses(watch: SeriesWatch) -> Iterator[MetricStatus]:
    """The watched metrics of one series that have seen calls, in their order."""
    weights = watch.weights
    for m, learner in enumerate(watch.learners):
        # A metric whose past was just given up has no calls, and is learning all the same.
        if watch.settings[m].watch and (gathered(learner) or watch.monitor.last[m]):
            yield _status(watch, m, weights[:, m])


def state_of(watch: SeriesWatch, m: int, weights: Floats) -> State:
    """Where metric ``m`` with ``weights`` [2, K] stands."""
    learning = watch.learners[m].pinned is None
    return watch.monitor.state(m, able=bool(weights.any()), learning=learning)


def gathered(learner: Learner) -> float:
    """Calls a metric has learned from, or keeps for its first baseline."""
    if learner.known or isinstance(learner, ValueLearner):
        return learner.known
    return learner.fresh.total


def _status(watch: SeriesWatch, m: int, weights: Floats) -> MetricStatus:
    learner, settings = watch.learners[m], watch.settings[m]
    state = state_of(watch, m, weights)
    calls = gathered(learner)
    needed, why = _reason(learner, settings, state, calls)
    return MetricStatus(
        series=str(watch.key),
        series_id=watch.key.id,
        metric=settings.metric.name,
        state=state,
        calls=round(calls),
        needed=needed,
        why=why,
        level=float(watch.monitor.level[m]),
        detectable=detectable(learner, settings, weights, float(watch.monitor.patience[m])),
    )


def _reason(learner: Learner, settings: MetricSettings, state: State, calls: float) -> tuple[int, str]:
    if state is State.LEARNING:
        needed = max(1, FEWEST_CALLS - round(calls))
        return needed, f"learns what is usual: {needed} more calls needed"
    if state is State.CANNOT_TELL:
        if isinstance(learner, ScoreLearner):
            return _blind_score(learner)
        return _blind_rate(learner) if isinstance(learner, RateLearner) else _blind_value(learner, settings)
    return 0, _TOLD[state]


_TOLD = {
    State.OK: "as usual",
    State.SUSPECT: "more than half of the way to an alarm",
    State.OPEN: "a regression is open",
    State.RECOVERING: "a regression is open, the last calls look as before it",
    State.CLOSED: "a regression has closed",
}


def _blind_rate(learner: RateLearner) -> tuple[int, str]:
    assert learner.pinned is not None
    if not learner.pinned.known.any():
        return FEWEST_CALLS, "its calls are spread over too many prompt sizes to judge any: more calls needed"
    share = float(np.average(learner.pinned.share, weights=learner.pinned.known))
    return 0, f"{share:.0%} of the calls are bad as it is: it cannot get worse"


def _blind_score(learner: ScoreLearner) -> tuple[int, str]:
    assert learner.pinned is not None
    if not learner.pinned.known.any():
        return FEWEST_CALLS, "its scores are spread over too many prompt sizes to judge any: more scores needed"
    return 0, "its scores are as bad as can be: they cannot get worse"


def _blind_value(learner: ValueLearner, settings: MetricSettings) -> tuple[int, str]:
    assert learner.pinned is not None
    baseline, sums = learner.pinned.baseline, (learner.fixed or learner.total).sums
    spread = float(np.average(baseline.scale, weights=sums.calls + 1e-9)) * baseline.core
    step = float(SHIFTS[-1]) - baseline.tolerance
    if step <= 0:
        return 0, f"its tolerance of {settings.tolerance:.0%} is wider than any change that is looked for"
    enough = baseline.phi * (_RESOLVED_ERRORS * spread / step) ** 2
    needed = max(1, round(enough - baseline.calls))
    return needed, f"it varies so much that even a doubling cannot be told from chance: {needed} more calls needed"


def detectable(learner: Learner, settings: MetricSettings, weights: Floats, patience: float) -> tuple[Visible, ...]:
    """The smallest visible changes at the metric's own traffic; none while there is no traffic to go by."""
    per_second = traffic(learner)
    if learner.pinned is None or per_second is None:
        return ()
    name, in_force = settings.metric.name, weights[0]
    if isinstance(learner, ScoreLearner):
        return tuple(visible_score(name, learner, in_force, per_second, patience))
    if isinstance(learner, RateLearner):
        calls = (learner.fixed or learner.total).calls[: len(learner.pinned.share)]
        return tuple(visible_rate(name, learner.pinned, calls, in_force, per_second, patience))
    baseline = learner.pinned.baseline
    calls = (learner.fixed or learner.total).sums.calls[: len(baseline.location)]
    shifts = in_force[DOWN if settings.direction is Direction.DOWN else UP]
    return tuple(visible_value(name, baseline, calls, shifts, per_second, patience))


def traffic(learner: Learner) -> float | None:
    """Calls a second while the pinned baseline was learned; None where they all came at one moment."""
    schedule = learner.schedule
    covered = (schedule.accepted or schedule.extended) - schedule.begun
    return learner.known / covered if schedule.begun and covered > 0 else None


def _groups(engine: Engine) -> list[ModelGroup]:
    return [engine.groups[key] for key in sorted(engine.groups)]


def found_series(engine: Engine) -> dict[str, SeriesKey]:
    """All series and parents that the engine knows, by their id."""
    keys = [key for group in engine.groups.values() for key in (group.key, *group.series)]
    return {key.id: key for key in keys}
