"""What people said about a model's regressions and findings, obeyed."""

from collections.abc import Iterable

from detectors.actions import Action, Subject
from detectors.alarms import Alarm, Change
from detectors.incidents import Incident, RaisedAlarm
from detectors.model_group import ModelGroup
from detectors.records import Regression, State
from detectors.watched_metric import WatchedMetric, of_all_series, watched_metric
from watchkeeper.storage.regression_actions import ActionKind

_MOST_DOUBTED = 1_000
"""Regressions of a model whose false alarm is remembered, so that it counts once."""

_REASONS = {
    ActionKind.ACKNOWLEDGE: "acknowledged by {by}",
    ActionKind.CLOSE: "closed by {by}: it opens again on new evidence only",
    ActionKind.ACCEPT: "accepted by {by}: what is usual is learnt anew from here",
    ActionKind.FALSE_ALARM: "a false alarm, says {by}: what is usual is learnt anew and asks for more evidence",
    ActionKind.REOPEN: "opened again by {by}",
}


def act(group: ModelGroup, action: Action) -> list[Regression]:
    """The transitions that ``action`` brings.

    What names nothing that is open brings none; but a false alarm counts even when it is long over.
    """
    incident = next((one for one in group.incidents if one.id == action.regression), None)
    if action.kind is ActionKind.FALSE_ALARM:
        _doubt(group, action, incident)
    if incident is None:
        return group.ledger.act(action, group.findings)
    if action.kind is ActionKind.REOPEN:
        return _reopen(group, incident, action)
    if incident.closed or action.kind is ActionKind.COMMENT:
        return []
    if action.kind is ActionKind.ACKNOWLEDGE:
        incident.acknowledged_by = action.by
        return [incident.record(action.due, _reason(action))]
    return _end(group, incident, action)


def _reason(action: Action) -> str:
    return _REASONS[action.kind].format(by=action.by)


def _subject(raised: RaisedAlarm) -> Subject:
    return Subject(raised.series, raised.metric)


def _watched(group: ModelGroup, subjects: Iterable[Subject]) -> list[WatchedMetric]:
    """Each once; those that are not watched any more are left out."""
    found = (watched_metric(group, subject) for subject in dict.fromkeys(subjects))
    return [one for one in found if one is not None]


def _doubt(group: ModelGroup, action: Action, incident: Incident | None) -> None:
    """Each metric of the regression asks for more evidence from now on."""
    if action.regression in group.doubted:
        return
    if len(group.doubted) >= _MOST_DOUBTED:
        del group.doubted[next(iter(group.doubted))]
    group.doubted[action.regression] = None
    subjects = [_subject(part.raised) for part in incident.parts] if incident else action.subjects
    for one in _watched(group, subjects):
        one.monitor.doubt(one.place)


def _end(group: ModelGroup, incident: Incident, action: Action) -> list[Regression]:
    """It is over by somebody's word and, unless it is only closed, what is usual is learnt anew."""
    open_parts = [part for part in incident.parts if part.state is not State.CLOSED]
    anew = action.kind is not ActionKind.CLOSE
    for part in open_parts:
        part.state, part.by_hand = State.CLOSED, not anew
    incident.closed, incident.ended_by = action.due, action.by
    concerned = _watched(group, [_subject(part.raised) for part in open_parts])
    if not anew:
        for one in concerned:
            one.restart(action.due)
        return [incident.record(action.due, _reason(action))]
    others = _learn(group, incident, concerned, action)
    return [incident.record(action.due, _reason(action)), *others]


def _learn(group: ModelGroup, incident: Incident, concerned: list[WatchedMetric], action: Action) -> list[Regression]:
    """Learn anew; the transitions of other regressions whose metrics lost their past by it.

    A parent has no past of its own: what is usual of it is what is usual of its series.
    """
    told: list[Regression] = []
    for metric in dict.fromkeys(one.subject.metric for one in concerned):
        of_metric = [one for one in concerned if one.subject.metric == metric]
        series = [one for one in of_metric if not one.subject.series.is_parent]
        if len(series) < len(of_metric):
            series = list(of_all_series(group, metric))
        ended = [(one, one.relearn(action.due, group.config.detector)) for one in series]
        for one, alarm in [*ended, *_restart_parent(group, incident, metric, action.due)]:
            told += _closed(group, incident, one, alarm, action)
    return told


def _restart_parent(
    group: ModelGroup, incident: Incident, metric: str, at: float
) -> list[tuple[WatchedMetric, Alarm | None]]:
    """Forget what the parent has gathered against the former past, unless it has an alarm of another cause."""
    parent = watched_metric(group, Subject(group.key, metric))
    if parent is None:
        return []
    alarm = parent.open()
    if alarm is not None and incident.part(group.key, alarm, parent.score) is None:
        return []
    return [(parent, parent.restart(at))]


def _closed(
    group: ModelGroup, incident: Incident, one: WatchedMetric, alarm: Alarm | None, action: Action
) -> list[Regression]:
    """The transition of the regression that ``alarm`` is a part of, where it is another one."""
    series = one.subject.series
    if alarm is None or incident.part(series, alarm, one.score) is not None:
        return []
    return group.move(series, Change(alarm.metric, action.due, State.CLOSED, alarm, _reason(action)), one.score)


def _reopen(group: ModelGroup, incident: Incident, action: Action) -> list[Regression]:
    """Take a ``close`` back: the alarms that it ended are open again."""
    parts = [part for part in incident.parts if part.by_hand]
    if not incident.closed or not parts:
        return []
    incident.reopen()
    for part in parts:
        one = watched_metric(group, _subject(part.raised))
        if one is not None and one.reopen(part.raised.alarm):
            part.state = State.OPEN
    return [incident.record(action.due, _reason(action))]
