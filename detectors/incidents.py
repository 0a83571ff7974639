"""Alarms of one cause become one regression: many metrics, many routes of one model, one record with its story."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from detectors.alarms import Alarm, alarm_state, restore_alarm
from detectors.config import DAY_S
from detectors.finding import instant
from detectors.metrics import METRICS, Severity
from detectors.records import CoTimed, Evidence, FindingKind, Member, MixSplit, Regression, Size, Slice, State
from detectors.series import SeriesKey
from detectors.sizes import confidence_of, direction_of, hypothesis_of, interval

_NAMES = tuple(METRICS)
_APART_S = 6 * 3600.0
"""An alarm of the same metric joins a regression that opened or grew at most so long ago, whatever its onset."""
_PAD_S = 900.0
TRANSIENT_S = 1_800.0
_MOST_MEMBERS = 200
_KEPT_CLOSED_S = DAY_S


@dataclass(frozen=True, slots=True)
class RaisedAlarm:
    """An alarm with what the monitor does not know of it."""

    series: SeriesKey
    alarm: Alarm
    size: Size
    severity: Severity
    detector: str
    baseline: str
    cross_check: str = ""
    stricter: float = 1.0
    """How many times the usual patience it took: false alarms, as people said, raise it."""
    score: str = ""
    """Name of the metric where it is a score."""

    @property
    def metric(self) -> str:
        """Name of the metric."""
        return self.score or _NAMES[self.alarm.metric]


@dataclass(slots=True)
class Part:
    """One series' metric in an incident."""

    raised: RaisedAlarm
    state: State = State.OPEN
    by_hand: bool = False
    """Somebody closed it, without taking what it is now as usual."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What attribution found."""

    slices: tuple[Slice, ...] = ()
    mix: MixSplit | None = None
    co_timed: tuple[CoTimed, ...] = ()


@dataclass(slots=True)
class Incident:
    """A regression under way."""

    parts: list[Part]
    patience_s: float
    seq: int = 0
    grown: float = 0.0
    closed: float = 0.0
    explained: Explained = field(default_factory=Explained)
    acknowledged_by: str = ""
    ended_by: str = ""
    """Who closed it; empty: it was over by itself, or is not over."""

    @property
    def first(self) -> RaisedAlarm:
        return self.parts[0].raised

    @property
    def id(self) -> str:
        """Sixteen hex digits that follow from the first alarm."""
        one = self.first
        text = "\0".join((*one.series, one.metric, f"{one.alarm.at:.6f}"))
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    @property
    def lead(self) -> RaisedAlarm:
        """The parent where it came first or several workloads have it; else the first route's."""
        parents = [part.raised for part in self.parts if part.raised.series.is_parent]
        routes = {part.raised.series.workload for part in self.parts if not part.raised.series.is_parent}
        if parents and (len(routes) != 1 or self.first.series.is_parent):
            return parents[0]
        return next((part.raised for part in self.parts if not part.raised.series.is_parent), self.first)

    def takes(self, raised: RaisedAlarm) -> bool:
        """May ``raised`` have the same cause? The same metric of the model meanwhile, or an onset that may be one.

        Of what somebody closed, only the very metric that was closed: it is as bad as before.
        """
        if len(self.parts) >= _MOST_MEMBERS:
            return False
        if self.closed:
            closed = [part.raised for part in self.parts if part.by_hand]
            return any((one.series, one.metric) == (raised.series, raised.metric) for one in closed)
        same = any(part.raised.metric == raised.metric for part in self.parts)
        if same and raised.alarm.at - self.grown <= _APART_S:
            return True
        low, high = _widened(raised.alarm)
        begin, end = zip(*(_widened(part.raised.alarm) for part in self.parts), strict=True)
        return bool(low <= max(end) and high >= min(begin))

    def join(self, raised: RaisedAlarm) -> str:
        """Take ``raised``; the reason of that transition, without what was raised."""
        self.parts.append(Part(raised))
        self.grown = raised.alarm.at
        if not self.closed:
            return "the same change shows in"
        by = self.ended_by
        self.reopen()
        return f"open again by calls that came since {by} closed it:"

    def reopen(self) -> None:
        """It is not over. Whoever acknowledged it has done so of what was before."""
        self.closed, self.ended_by, self.acknowledged_by = 0.0, "", ""
        for part in self.parts:
            part.by_hand = False

    def part(self, series: SeriesKey, alarm: Alarm, score: str = "") -> Part | None:
        """The part that ``alarm`` of a series became, of a ``score`` by its name.

        A metric may have several, one after another.
        """
        mine = (part for part in self.parts if part.raised.series == series)
        wanted = (alarm.metric, alarm.at, score)
        return next((p for p in mine if (p.raised.alarm.metric, p.raised.alarm.at, p.raised.score) == wanted), None)

    def record(self, at: float, reason: str) -> Regression:
        """The next transition."""
        self.seq += 1
        lead = self.lead
        low, high = interval(lead.alarm)
        detected = min(part.raised.alarm.at for part in self.parts)
        return Regression(
            id=self.id,
            seq=self.seq,
            kind=FindingKind.REGRESSION,
            severity=_highest(part.raised.severity for part in self.parts),
            state=self._state(),
            at=instant(at),
            reason=reason,
            series=str(lead.series),
            series_id=lead.series.id,
            **lead.series._asdict(),
            metric=lead.metric,
            direction=direction_of(lead.alarm).value,
            onset=instant(lead.alarm.onset),
            onset_low=instant(low),
            onset_high=instant(high),
            detected_at=instant(detected),
            closed_at=instant(self.closed) if self.closed else None,
            transient=bool(self.closed) and not self.ended_by and self.closed - detected < TRANSIENT_S,
            confidence=confidence_of(self.patience_s * lead.stricter),
            size=lead.size,
            evidence=_evidence(lead, self.patience_s),
            members=tuple(_member(part, self.patience_s) for part in self.parts),
            slices=self.explained.slices,
            mix=self.explained.mix,
            co_timed=self.explained.co_timed,
            acknowledged_by=self.acknowledged_by,
        )

    def _state(self) -> State:
        states = {part.state for part in self.parts}
        if states == {State.CLOSED}:
            return State.CLOSED
        return State.OPEN if State.OPEN in states else State.RECOVERING

    def snapshot(self) -> dict[str, Any]:
        """For :func:`restore_incident`."""
        return {
            "parts": [[_raised_state(part.raised), part.state.value, part.by_hand] for part in self.parts],
            "numbers": [self.seq, self.grown, self.closed],
            "people": [self.acknowledged_by, self.ended_by],
            "slices": [one.model_dump(mode="json") for one in self.explained.slices],
            "mix": self.explained.mix.model_dump(mode="json") if self.explained.mix else None,
            "co_timed": [one.model_dump(mode="json") for one in self.explained.co_timed],
        }


def restore_incident(patience_s: float, state: dict[str, Any]) -> Incident:
    """From :meth:`Incident.snapshot`."""
    parts = [Part(_restored(raised), State(value), by_hand) for raised, value, by_hand in state["parts"]]
    seq, grown, closed = state["numbers"]
    explained = Explained(
        tuple(Slice.model_validate(one) for one in state["slices"]),
        MixSplit.model_validate(state["mix"]) if state["mix"] else None,
        tuple(CoTimed.model_validate(one) for one in state["co_timed"]),
    )
    return Incident(parts, patience_s, int(seq), float(grown), float(closed), explained, *state["people"])


def _member(part: Part, patience_s: float) -> Member:
    raised = part.raised
    low, high = interval(raised.alarm)
    return Member(
        series=str(raised.series),
        series_id=raised.series.id,
        metric=raised.metric,
        direction=direction_of(raised.alarm).value,
        state=part.state,
        onset=instant(raised.alarm.onset),
        onset_low=instant(low),
        onset_high=instant(high),
        detected_at=instant(raised.alarm.at),
        size=raised.size,
        evidence=_evidence(raised, patience_s),
    )


def _evidence(raised: RaisedAlarm, patience_s: float) -> Evidence:
    return Evidence(
        detector=raised.detector,
        statistic=raised.alarm.level,
        hypothesis=hypothesis_of(raised.alarm),
        baseline=raised.baseline,
        calls=round(raised.alarm.features[0]),
        patience_days=patience_s * raised.stricter / DAY_S,
        cross_check=raised.cross_check,
    )


def _widened(alarm: Alarm) -> tuple[float, float]:
    low, high = interval(alarm)
    return low - _PAD_S, max(high, alarm.onset) + _PAD_S


def _highest(severities: Any) -> Severity:
    return Severity.PAGE if Severity.PAGE in set(severities) else Severity.NOTICE


def _raised_state(raised: RaisedAlarm) -> list[Any]:
    return [
        list(raised.series), alarm_state(raised.alarm), raised.size.model_dump(mode="json"), raised.severity.value,
        raised.detector, raised.baseline, raised.cross_check, raised.stricter, raised.score,
    ]  # fmt: skip


def _restored(state: list[Any]) -> RaisedAlarm:
    series, alarm, size, severity, detector, baseline, cross_check, stricter, score = state
    return RaisedAlarm(
        SeriesKey(*series), restore_alarm(alarm), Size.model_validate(size), Severity(severity), detector, baseline,
        cross_check, float(stricter), score,
    )  # fmt: skip


def is_over(incident: Incident, now: float) -> bool:
    """Closed long enough to be forgotten."""
    return bool(incident.closed) and now - incident.closed >= _KEPT_CLOSED_S
