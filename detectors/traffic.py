"""Traffic stop: a workload that always calls at this hour of the week calls no more. Found by the clock."""

import numpy as np

from detectors.finding import DAY_S, Dict, Recent, closed, dumped, instant, loaded, opened
from detectors.fleet_stop import Silence
from detectors.group_calls import GroupCalls
from detectors.metrics import Severity
from detectors.records import FindingKind, Regression, State
from detectors.rhythm import Rhythm
from detectors.series import SeriesKey

_LEAST_SILENCE_S = 300.0
_MOST_WORKLOADS = 200
_ACCEPTED_S = 14 * DAY_S


class _Watched:
    """The rhythm of one workload and the stop it is in, if any."""

    def __init__(self) -> None:
        self.rhythm = Rhythm()
        self.record: Regression | None = None
        self.deadline: float | None = None
        """Of the silence under way, once worked out."""

    def stops_at(self) -> float:
        """When the silence under way is a stop; infinite: never, or it is one already."""
        if self.deadline is None:
            self.deadline = float("inf") if self.record else self.rhythm.deadline()
        return self.deadline

    def forget(self) -> None:
        """It was taken out of use; what it does later is learnt anew."""
        self.rhythm, self.record, self.deadline = Rhythm(), None, float("inf")

    def state(self) -> Dict:
        return {"rhythm": self.rhythm.state(), "record": dumped(self.record)}

    @classmethod
    def of(cls, state: Dict) -> "_Watched":
        watched = cls()
        watched.rhythm, watched.record = Rhythm.of(state["rhythm"]), loaded(state["record"])
        return watched


class TrafficStop:
    """Silences of a model and of each of its workloads, measured by when calls were received.

    A stop begins at a moment that follows from the rhythm alone, so the clock and the next call find the same record.
    It is a page where calls came as usual until the stop, a notice where they only failed to begin (a holiday looks so)
    or the rhythm is younger than two weeks. Where the whole model is silent, its workloads are not told apart.
    """

    def __init__(self, parent: SeriesKey) -> None:
        self._parent = parent
        self._model = _Watched()
        self._workloads: Recent[_Watched] = Recent(_Watched, _MOST_WORKLOADS)
        self._check = 0.0

    def feed(self, calls: GroupCalls, now: float) -> list[Regression]:
        """See :class:`~detectors.finding.FindingDetector`."""
        if not len(calls):
            return self.advance(now)
        found = self.advance(now)
        found += self._arrived(self._model, len(calls), float(calls.ts[-1]), now)
        counts = np.bincount(calls.workload, minlength=len(calls.workloads)).tolist()
        latest = np.zeros(len(counts))
        latest[calls.workload] = calls.ts
        for key, count, last in zip(calls.workloads, counts, latest.tolist(), strict=True):
            if count:
                found += self._arrived(self._workloads.touch(key), count, last, now)
        return found

    def advance(self, now: float) -> list[Regression]:
        """See :class:`~detectors.finding.FindingDetector`."""
        if now < self._check:
            return []
        found = self._stopped(self._parent, self._model, now)
        for key, watched in self._workloads.items():
            if not self._model_is_silent(watched, now):
                found += self._stopped(key, watched, now)
        self._check = self._next_check(now)
        return sorted(found, key=lambda record: record.at)

    def silence(self, begin: float, at: float) -> Silence:
        """Of the whole model, between ``begin`` and ``at``, Unix seconds."""
        rhythm = self._model.rhythm
        return Silence(rhythm.last, rhythm.expected(max(begin, min(rhythm.last, at)), at), bool(self._model.record))

    def _arrived(self, watched: _Watched, calls: int, latest: float, now: float) -> list[Regression]:
        found = []
        if watched.record:
            watched.rhythm.resumed(now)
            found.append(closed(watched.record, now, "calls come again"))
            watched.record = None
        watched.rhythm.arrived(calls, latest, now)
        watched.deadline = None
        self._check = min(self._check, now + _LEAST_SILENCE_S)
        return found

    def _stopped(self, key: SeriesKey, watched: _Watched, now: float) -> list[Regression]:
        if watched.record:
            return self._accepted(watched, now)
        if now < watched.rhythm.last + _LEAST_SILENCE_S or now < (at := watched.stops_at()):
            return []
        watched.record = self._opened(key, watched.rhythm, at)
        watched.deadline = None
        return [watched.record]

    def _accepted(self, watched: _Watched, now: float) -> list[Regression]:
        """A workload that stays silent for two weeks was taken out of use; what it does later is learnt anew."""
        record = watched.record
        if record is None or record.state is State.CLOSED:
            return []
        accepted = record.detected_at.timestamp() + _ACCEPTED_S
        if now < accepted:
            return []
        watched.forget()
        return [closed(record, accepted, "silent for 14 days: taken out of use")]

    def _model_is_silent(self, watched: _Watched, now: float) -> bool:
        """Did the whole model fall silent before this workload's silence became a stop?"""
        silent_since = self._model.rhythm.last
        at = min(watched.stops_at(), now) if watched.record is None else now
        many = len(self._workloads.items()) > 1
        return watched.record is None and (not many or silent_since <= at - _LEAST_SILENCE_S)

    def _next_check(self, now: float) -> float:
        times = [self._due(watched) for watched in self._everyone()]
        return min((time for time in times if time > now), default=now + _LEAST_SILENCE_S)

    def _due(self, watched: _Watched) -> float:
        if watched.record:
            return watched.record.detected_at.timestamp() + _ACCEPTED_S
        return max(watched.deadline or 0.0, watched.rhythm.last + _LEAST_SILENCE_S)

    def _opened(self, key: SeriesKey, rhythm: Rhythm, at: float) -> Regression:
        where = key.request_model if key.is_parent else f"{key.request_model} on {key.service}/{key.route}"
        missing = rhythm.missing(at)
        return opened(
            FindingKind.TRAFFIC_STOP,
            key,
            at=at,
            onset=rhythm.last,
            severity=Severity.PAGE if rhythm.sure and rhythm.busy() else Severity.NOTICE,
            reason=(
                f"{where}: no calls since {instant(rhythm.last):%Y-%m-%d %H:%M} UTC; "
                f"at these hours there were at least {missing:.0f} in weeks before"
            ),
            direction="down",
            confidence=0.99 if rhythm.sure else 0.9,
            details={
                "silent_s": f"{at - rhythm.last:.0f}",
                "missing_calls": f"{missing:.0f}",
                "began": "while calls came as usual" if rhythm.busy() else "before the calls of the day",
            },
        )

    def accept(self, finding: str, at: float) -> bool:
        """See :class:`~detectors.finding.FindingDetector`."""
        silent = [one for one in self._everyone() if one.record and one.record.id == finding]
        for one in silent:
            one.forget()
        return bool(silent)

    def _everyone(self) -> list[_Watched]:
        return [self._model, *(watched for _, watched in self._workloads.items())]

    def state(self) -> Dict:
        """See :class:`~detectors.finding.FindingDetector`."""
        return {
            "model": self._model.state(),
            "workloads": self._workloads.state(lambda watched: watched.state()),
        }

    def restore(self, state: Dict) -> None:
        """See :class:`~detectors.finding.FindingDetector`."""
        self._model = _Watched.of(state["model"])
        self._workloads.restore(state["workloads"], _Watched.of)
        self._check = 0.0
