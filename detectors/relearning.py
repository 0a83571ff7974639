"""What is usual of one metric, learnt anew: because somebody said so, or because the rules pin it to a later moment."""

from detectors.alarms import Alarm, Change
from detectors.columns import Floats
from detectors.decider import decider_for
from detectors.dispersion import Dispersion
from detectors.parent import Parent
from detectors.rate_learner import RateLearner
from detectors.records import State
from detectors.series_watch import Learner, SeriesWatch, learner_for


def restart(watch: SeriesWatch, m: int, at: float) -> Alarm | None:
    """Judge metric ``m`` by calls after ``at`` alone; what is usual stays. The alarm that was open, if any."""
    watch.carry.clear(m)
    watch.waiting[m] = []
    return watch.monitor.restart(m, at)


def relearn(watch: SeriesWatch, m: int, at: float, choice: str) -> Alarm | None:
    """Forget what was usual of metric ``m``: it is learning again. ``choice``: the detector that decides.

    The alarm that was open, if any.
    """
    watch.learners[m] = learner_for(watch.settings[m], watch.strata)
    watch.deciders[m] = decider_for(choice, watch.settings[m].metric)
    watch.weighed = None
    return restart(watch, m, at)


def restart_parent(parent: Parent, m: int, at: float) -> Alarm | None:
    """As :func:`restart`. What a parent knows of how its routes wander together stays: it is no level."""
    parent.fresh[m] = Dispersion()
    pending = parent.pending
    for array in (pending.evidence, pending.features, pending.calls):
        array[:, :, m] = 0.0
    for array in (pending.s, pending.v):
        array[:, m] = 0.0
    return parent.monitor.restart(m, at)


def pin_anew(watch: SeriesWatch, ts: Floats, choice: str) -> list[Change]:
    """Before calls at ``ts`` (ascending) are fed: what was learnt before the moment that the rules pin is forgotten.

    The regressions that this ends.
    """
    changes = []
    for m, settings in enumerate(watch.settings):
        since = settings.pin_from
        if since and 0 < _begun(watch.learners[m]) < since <= ts[-1]:
            at = max(since, float(ts[0]))
            alarm = relearn(watch, m, at, choice)
            if alarm is not None:
                reason = "the rules say that what is usual is learnt anew from here (pin_from)"
                changes.append(Change(m, at, State.CLOSED, alarm, reason))
    return changes


def _begun(learner: Learner) -> float:
    """When the first call was learned from, Unix seconds; 0: none was."""
    if isinstance(learner, RateLearner) or not learner.first:
        return learner.schedule.begun
    return learner.first[0][0]
