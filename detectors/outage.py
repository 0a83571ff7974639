"""Hard outage: a model, or one workload of it, gives no answers any more. Found within seconds."""

from collections.abc import Iterator

import numpy as np

from detectors.columns import Ints
from detectors.failure_runs import WINDOW, Tries
from detectors.finding import DAY_S, Dict, Recent, closed, opened
from detectors.group_calls import GroupCalls
from detectors.metrics import Severity
from detectors.outage_scope import OutageScope, Turn
from detectors.records import FindingKind, Regression
from detectors.series import SeriesKey

_NO_CALLS_S = 7 * DAY_S
_MOST_FAILING = 4

_TOLD = {
    "never_answered": "never answered yet",
    "rate_limited": "turned away for the number of calls (429)",
    "outage": "no answers",
}


class Outage:
    """Errors, timeouts and 429s in a row, over the whole model first, then per workload.

    The number that counts as an outage follows from the series' own base rate, see
    :class:`~detectors.failure_runs.FailureRuns`; 27 failures of the last 30 calls count too, so that single answers in
    between hide nothing. A run of the whole model must hold failures of two workloads where it has two: one broken
    workload is no broken model. Five answers in a row end an outage. So do answers scattered among its
    failures: then its calls are taken for the series' habit, and the next outage is one that is worse.
    """

    def __init__(self, parent: SeriesKey) -> None:
        self._parent = parent
        self._model = OutageScope()
        self._scopes: Recent[OutageScope] = Recent(OutageScope)
        self._failing: dict[SeriesKey, float] = {}
        """When a call of each workload failed last; the latest few."""
        self._clock = 0.0
        self._answers_since = 0.0
        """When the model came back in the unit at hand, 0 where it did not."""

    def feed(self, calls: GroupCalls, now: float) -> list[Regression]:
        """See :class:`~detectors.finding.FindingDetector`."""
        found = self.advance(now)
        self._clock = max(self._clock, now)
        order = np.flatnonzero(calls.tried)
        if not len(order):
            return found
        ends = calls.ends()
        order = order[np.argsort(ends[order], kind="stable")]
        tries = Tries(calls.failed[order], calls.limited[order], ends[order])
        workload = calls.workload[order]
        for key in calls.workloads:
            self._scopes.touch(key)
        self._answers_since = 0.0
        found += self._whole(calls, tries, workload, now)
        failing = set(np.unique(workload[tries.failed]).tolist())
        counts = np.bincount(workload, minlength=len(calls.workloads)).tolist()
        last = np.zeros(len(counts))
        last[workload] = tries.ends
        for position, (key, count) in enumerate(zip(calls.workloads, counts, strict=True)):
            scope = self._scopes.touch(key)
            if scope.calm and position not in failing and count:
                scope.answers(count, float(last[position]), now, learn=not self._model.out)
            elif count:
                found += self._one(key, scope, tries.of(workload == position), now)
        return found

    def advance(self, now: float) -> list[Regression]:
        """An outage of a model that nobody calls any more ends after seven days."""
        if now < self._clock + _NO_CALLS_S:
            return []
        at = self._clock + _NO_CALLS_S
        return [self._closed(scope, at, "no calls for 7 days") for _, scope in self._all() if scope.record]

    def _all(self) -> Iterator[tuple[SeriesKey, OutageScope]]:
        yield self._parent, self._model
        yield from self._scopes.items()

    def _whole(self, calls: GroupCalls, tries: Tries, workload: Ints, now: float) -> list[Regression]:
        alone = [at for at, key in enumerate(calls.workloads) if self._is_out_alone(key)]
        if alone:
            kept = ~np.isin(workload, alone)
            tries, workload = tries.of(kept), workload[kept]
        if not len(tries.failed):
            return []
        found = []
        for turn in self._model.turns(tries, now, self._note_failing(calls, tries, workload)):
            if turn.out:
                found += self._went_out(self._parent, self._model, turn) + self._absorbed(turn.at)
            else:
                found += self._back(self._model, turn)
                self._released()
                self._answers_since = turn.at
        return found

    def _is_out_alone(self, key: SeriesKey) -> bool:
        scope = self._scopes.get(key)
        return scope is not None and scope.out

    def _note_failing(self, calls: GroupCalls, tries: Tries, workload: Ints) -> bool:
        """Are failures of two workloads (where the model has two) among its latest ones?"""
        failed, ends, workload = tries.failed[-WINDOW:], tries.ends[-WINDOW:], workload[-WINDOW:]
        for position, end in zip(workload[failed].tolist(), ends[failed].tolist(), strict=True):
            self._failing.pop(calls.workloads[position], None)
            self._failing[calls.workloads[position]] = end
        for key in list(self._failing)[:-_MOST_FAILING]:
            del self._failing[key]
        since = self._model.runs.run_since if self._model.runs.run else float(ends[0])
        recent = sum(end >= since for end in self._failing.values())
        return recent >= min(2, len(self._scopes.items()))

    def _one(self, key: SeriesKey, scope: OutageScope, tries: Tries, now: float) -> list[Regression]:
        detect = not self._model.out and len(self._scopes.items()) > 1
        # However much a unit holds: what failed before the model came back is part of the model's outage.
        during = tries.ends <= self._answers_since
        found = []
        for part, alone in ((tries.of(during), False), (tries.of(~during), True)):
            for turn in scope.turns(part, now, alone and detect, learn=alone and not self._model.out):
                found += self._went_out(key, scope, turn) if turn.out else self._back(scope, turn)
        return found

    def _absorbed(self, at: float) -> list[Regression]:
        """Outages of workloads become part of the model's; the workloads stay out."""
        found = []
        for _, scope in self._scopes.items():
            if scope.record:
                found.append(closed(scope.record, at, "part of the outage of the whole model"))
                scope.record = None
        return found

    def _released(self) -> None:
        """The model is back: a workload that still fails has an outage of its own."""
        for _, scope in self._scopes.items():
            scope.come_back()

    def _went_out(self, series: SeriesKey, scope: OutageScope, turn: Turn) -> list[Regression]:
        never = scope.what == "never_answered"
        where = (
            series.request_model if series.is_parent else f"{series.request_model} on {series.service}/{series.route}"
        )
        scope.record = opened(
            FindingKind.OUTAGE,
            series,
            at=turn.at,
            onset=turn.since,
            onset_low=None if never else scope.runs.last_answer,
            severity=Severity.NOTICE if never else Severity.PAGE,
            reason=f"{where}: {_TOLD[scope.what]}: {scope.told}",
            direction="up",
            size=scope.size(),
            evidence=scope.evidence(),
            details={"what": scope.what},
        )
        return [scope.record]

    def _back(self, scope: OutageScope, turn: Turn) -> list[Regression]:
        return [self._closed(scope, turn.at, "it answers again")] if scope.record else []

    def _closed(self, scope: OutageScope, at: float, reason: str) -> Regression:
        assert scope.record is not None
        done = closed(scope.record, at, reason)
        scope.record = None
        scope.come_back()
        return done

    def accept(self, finding: str, at: float) -> bool:
        """See :class:`~detectors.finding.FindingDetector`."""
        return False

    def state(self) -> Dict:
        """See :class:`~detectors.finding.FindingDetector`."""
        return {
            "model": self._model.state(),
            "scopes": self._scopes.state(lambda scope: scope.state()),
            "failing": [[list(key), end] for key, end in self._failing.items()],
            "clock": self._clock,
        }

    def restore(self, state: Dict) -> None:
        """See :class:`~detectors.finding.FindingDetector`."""
        self._model = OutageScope.of(state["model"])
        self._scopes.restore(state["scopes"], OutageScope.of)
        self._failing = {SeriesKey(*key): end for key, end in state["failing"]}
        self._clock = state["clock"]
