"""One requested model: its series, their parent, the regressions under way and the findings of other kinds."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from detectors.alarms import Alarm, Change
from detectors.alternatives import is_tail
from detectors.columns import CallColumns, Ints
from detectors.config import DAY_S, DetectorConfig
from detectors.detector_names import E_DETECTOR
from detectors.finding import FindingDetector, instant
from detectors.finding_ledger import FindingLedger
from detectors.group_calls import GroupCalls
from detectors.incidents import Explained, Incident, Part, RaisedAlarm, is_over, restore_incident
from detectors.metrics import METRICS, RATES, Severity
from detectors.monitor import Monitor
from detectors.parent import Contribution, Parent
from detectors.records import Regression, State
from detectors.relearning import pin_anew
from detectors.rules import patience_s, settings_for
from detectors.score_columns import ScoreColumns
from detectors.score_group import ScoreChange, ScoreFate, ScoreGroup
from detectors.series import SeriesKey, in_words
from detectors.series_calls import series_calls
from detectors.series_watch import SeriesWatch
from detectors.sizes import size_of
from detectors.unanswered import with_their_answers
from detectors.value_learner import ValueLearner

_INPUT = list(METRICS).index("input_tokens")
_FOLLOW_PROMPTS = (list(METRICS).index("output_tokens"), list(METRICS).index("cost"))
"""What follows from the prompts more than from the model, even at like prompt size."""
_NO_CALLS_S = 7 * DAY_S
Explain = Callable[[RaisedAlarm], Explained]
Sharpen = Callable[[Sequence[SeriesWatch], Alarm], Alarm]


@dataclass(slots=True)
class ModelGroup:
    """All of one (provider, requested model)."""

    key: SeriesKey
    """The parent."""
    config: DetectorConfig
    explain: Explain
    sharpen: Sharpen
    findings: list[FindingDetector]
    series: dict[SeriesKey, SeriesWatch] = field(default_factory=dict)
    parent: Parent | None = None
    incidents: list[Incident] = field(default_factory=list)
    scores: ScoreGroup = field(init=False)
    ledger: FindingLedger = field(default_factory=FindingLedger)
    doubted: dict[str, None] = field(default_factory=dict)
    """Regressions that people called false alarms."""

    def __post_init__(self) -> None:
        self.scores = ScoreGroup(self.key, self.config)
        if self.parent is None:
            self.parent = Parent(Monitor(patience_s(self.config)))

    def feed(
        self, columns: CallColumns, rows_of: dict[SeriesKey, Ints], calls: GroupCalls, now: float
    ) -> list[Regression]:
        """The calls of one unit, by series; the transitions they bring."""
        changed: list[tuple[SeriesKey, Change]] = []
        contributions = []
        rows_of = with_their_answers(columns, rows_of, self.series)
        for key in sorted(rows_of):
            watch = self.series.get(key) or self._begin(key)
            calls_of = series_calls(columns, rows_of[key])
            changed += [(key, change) for change in pin_anew(watch, calls_of.ts, self.config.detector)]
            blocks, changes = watch.feed(calls_of)
            changed += [(key, change) for change in changes]
            contributions.append(Contribution(blocks, watch.weights))
        changed += self._over_all(contributions)
        transitions = self._tell(changed)
        for finding in self.findings:
            transitions += self.ledger.passed_on(finding.feed(calls, now))
        return transitions

    def feed_scores(
        self, scores: ScoreColumns, rows_of: dict[SeriesKey, Ints], counted: Counter[ScoreFate]
    ) -> list[Regression]:
        """The scores of one unit, by series; the transitions they bring. What became of them goes to ``counted``."""
        known = {key: rows for key, rows in rows_of.items() if key in self.series}
        counted[ScoreFate.NO_SERIES] += sum(len(rows) for key, rows in rows_of.items() if key not in known)
        return self._tell_scores(self.scores.feed(scores, known, counted))

    def advance(self, now: float) -> list[Regression]:
        """What the clock brings: blocks that are over, calls that do not come."""
        changed: list[tuple[SeriesKey, Change]] = []
        contributions = []
        for key in sorted(self.series):
            watch = self.series[key]
            expired = watch.expire(now)
            if expired is not None:
                changed += [(key, change) for change in expired[1]]
                contributions.append(Contribution(expired[0], watch.weights))
        changed += self._over_all(contributions)
        transitions = self._tell(changed) + self._silent(now) + self._tell_scores(self.scores.expire(now))
        for finding in self.findings:
            transitions += self.ledger.passed_on(finding.advance(now))
        self.incidents = [one for one in self.incidents if not is_over(one, now)]
        return transitions

    def oldest(self) -> float:
        """When the series that was silent longest was last seen, Unix seconds."""
        return min(watch.last_seen for watch in self.series.values())

    def drop_oldest(self, now: float) -> list[Regression]:
        """Give up the series that was silent longest, and the model with its last one; what was open of it closes."""
        key = min(self.series, key=lambda key: (self.series[key].last_seen, key))
        del self.series[key]
        self.scores.drop(key)
        gone = {key} if self.series else {key, self.key}
        return self._let_go(gone, now, "no longer watched, for there are more series than max_series")

    def _silent(self, now: float) -> list[Regression]:
        """Close what is open of series that nobody calls any more."""
        gone = {key for key, one in self.series.items() if one.monitor.open and now - one.last_seen >= _NO_CALLS_S}
        for key in gone:
            self.series[key].monitor.forget(now)
        newest = max(one.last_seen for one in self.series.values())
        if self.parent and self.parent.monitor.open and now - newest >= _NO_CALLS_S:
            self.parent.monitor.forget(now)
            gone.add(self.key)
        return self._let_go(gone, now, "no calls for 7 days") if gone else []

    def _let_go(self, gone: set[SeriesKey], at: float, reason: str) -> list[Regression]:
        transitions = []
        for incident in self.incidents:
            parts = [p for p in incident.parts if p.raised.series in gone and p.state is not State.CLOSED]
            for part in parts:
                part.state = State.CLOSED
            if parts:
                if all(one.state is State.CLOSED for one in incident.parts):
                    incident.closed = at
                transitions.append(incident.record(at, f"{_name(parts[0].raised)}: {reason}"))
        return transitions

    def _begin(self, key: SeriesKey) -> SeriesWatch:
        watch = SeriesWatch.start(key, self.config)
        elders = [one for one in self.series.values() if one.key.workload == key.workload and one.calls]
        if elders:
            watch.inherit(max(elders, key=lambda one: (one.calls, one.key)))
        self.series[key] = watch
        return watch

    def _over_all(self, contributions: list[Contribution]) -> list[tuple[SeriesKey, Change]]:
        assert self.parent is not None
        if len(self.series) < 2:
            return []
        if contributions:
            busiest = max(self.series.values(), key=lambda one: (one.calls, one.key))
            self.parent.monitor.young = busiest.monitor.young
        return [(self.key, change) for change in self.parent.feed(contributions)]

    def _tell(self, changed: list[tuple[SeriesKey, Change]]) -> list[Regression]:
        transitions: list[Regression] = []
        for key, change in sorted(changed, key=lambda one: (one[1].at, one[0], one[1].metric)):
            if change.state is State.OPEN and change.alarm.at == change.at:
                transitions.append(self._raise(self._raised(key, change)))
            else:
                transitions += self.move(key, change)
        return transitions

    def _tell_scores(self, changes: list[ScoreChange]) -> list[Regression]:
        transitions: list[Regression] = []
        for one in sorted(changes, key=lambda one: (one.change.at, one.series, one.metric)):
            if one.raised is not None:
                transitions.append(self._raise(one.raised))
            else:
                transitions += self.move(one.series, one.change, one.metric)
        return transitions

    def _raised(self, key: SeriesKey, change: Change) -> RaisedAlarm:
        assert self.parent is not None
        watch = self.series.get(key)
        monitor = watch.monitor if watch else self.parent.monitor
        alarm = self.sharpen([watch] if watch else list(self.series.values()), change.alarm)
        settings = watch.settings if watch else settings_for(self.config, key)
        phi, tails = self._parent_phi(change.metric), (0.05, 0.01)
        if watch is not None:
            phi = float(watch.phi[change.metric])
            learner = watch.learners[change.metric]
            if isinstance(learner, ValueLearner) and learner.pinned:
                tails = learner.pinned.baseline.tail_shares
        return RaisedAlarm(
            key,
            alarm,
            size_of(alarm, phi, tails),
            Severity.NOTICE if self._of_the_workload(key, alarm) else settings[change.metric].severity,
            *_decided_by(watch, change.metric, ("pinned", "trailing")[alarm.slab]),
            stricter=float(monitor.patience[change.metric] / monitor.patience_s),
        )

    def _of_the_workload(self, key: SeriesKey, alarm: Alarm) -> bool:
        """Did the prompts change as well, so that longer answers, cost or a longer tail cannot be told from theirs?"""
        if alarm.metric not in _FOLLOW_PROMPTS and not (alarm.metric >= len(RATES) and is_tail(alarm.alternative)):
            return False
        watches = self.series.values() if key.is_parent else [self.series[key]]
        return any(_INPUT in one.monitor.open or one.monitor.suspects(_INPUT) for one in watches)

    def _parent_phi(self, metric: int) -> float:
        assert self.parent is not None
        return self.parent.learned[metric].phi

    def _raise(self, raised: RaisedAlarm) -> Regression:
        at = raised.alarm.at
        for incident in reversed(self.incidents):
            if incident.takes(raised):
                lead = incident.lead
                told = incident.join(raised)
                if incident.lead is not lead:
                    incident.explained = self.explain(incident.lead)
                return incident.record(at, f"{told} {_name(raised)}: {raised.size.text}")
        incident = Incident([Part(raised)], patience_s(self.config), grown=at)
        incident.explained = self.explain(raised)
        self.incidents.append(incident)
        return incident.record(at, f"{_name(raised)}: {raised.size.text}")

    def move(self, key: SeriesKey, change: Change, score: str = "") -> list[Regression]:
        """The transition that a change of a metric's (or ``score``'s) state brings to the regression it is part of."""
        for incident in self.incidents:
            part = incident.part(key, change.alarm, score)
            if part is None or incident.closed:
                continue
            part.state = change.state
            if all(one.state is State.CLOSED for one in incident.parts):
                incident.closed = change.at
            return [incident.record(change.at, f"{_name(part.raised)}: {change.reason}")]
        return []

    def snapshot(self) -> dict[str, Any]:
        """For :meth:`restore`."""
        assert self.parent is not None
        return {
            "key": list(self.key),
            "series": [watch.snapshot() for watch in self.series.values()],
            "parent": self.parent.snapshot(),
            "incidents": [incident.snapshot() for incident in self.incidents],
            "scores": self.scores.snapshot(),
            "findings": [finding.state() for finding in self.findings],
            "ledger": self.ledger.state(),
            "doubted": list(self.doubted),
        }

    @classmethod
    def restore(
        cls,
        state: dict[str, Any],
        config: DetectorConfig,
        explain: Explain,
        sharpen: Sharpen,
        findings: list[FindingDetector],
    ) -> "ModelGroup":
        """From :meth:`snapshot`, bit for bit."""
        patience = patience_s(config)
        group = cls(SeriesKey(*state["key"]), config, explain, sharpen, findings)
        for kept in state["series"]:
            key = SeriesKey(*kept["key"])
            group.series[key] = SeriesWatch.restore(kept, config)
        group.parent = Parent.restore(patience, state["parent"])
        group.scores = ScoreGroup.restore(group.key, config, state["scores"])
        group.incidents = [restore_incident(patience, one) for one in state["incidents"]]
        for finding, kept in zip(findings, state["findings"], strict=True):
            finding.restore(kept)
        group.ledger = FindingLedger.of(state["ledger"])
        group.doubted = dict.fromkeys(state["doubted"])
        return group


def _name(raised: RaisedAlarm) -> str:
    return f"{raised.metric} of {in_words(*raised.series[:4])}"


def _decided_by(watch: SeriesWatch | None, metric: int, baseline: str) -> tuple[str, str, str]:
    """Name of the detector that decided, the baseline, and what the detector beside it says."""
    decider = watch.deciders[metric] if watch else None
    if decider is None:
        return E_DETECTOR, baseline, ""
    if decider.decides:
        return decider.preset.name, baseline, ""
    said = f"fired at {instant(decider.last):%Y-%m-%d %H:%M:%S} UTC" if decider.last else "has not fired"
    return E_DETECTOR, baseline, f"{decider.preset.name} on the same residuals {said}"
