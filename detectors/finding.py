"""What the detectors of findings share: their contract, and how a finding opens, moves and closes.

A finding under way is its own last record; every transition is made from the one before. Times are Unix seconds here
and aware datetimes in records.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from detectors.group_calls import GroupCalls
from detectors.metrics import Severity
from detectors.records import Evidence, FindingKind, Regression, Size, State
from detectors.series import SeriesKey

DAY_S = 86_400.0
HOUR_S = 3_600.0
TRANSIENT_S = 1_800.0
"""A finding that closes sooner than this was transient."""
ACCEPTED_S = 7 * DAY_S
"""A change that stays so long is taken as the new normal."""
MOST_WORKLOADS = 500
"""Workloads of one model that a detector remembers; beyond it the one that was silent longest goes."""
_NAMED = 20

Dict = dict[str, Any]
Value = TypeVar("Value")


class FindingDetector(Protocol):
    """A detector of one kind of finding for one requested model.

    Everything follows from the units fed: ``advance`` only finds sooner what the next ``feed`` would find, with the
    same record. ``now`` is when a unit was received, Unix seconds.
    """

    def feed(self, calls: GroupCalls, now: float) -> list[Regression]:
        """The transitions that the calls of one unit bring."""

    def advance(self, now: float) -> list[Regression]:
        """The transitions that the time brings."""

    def accept(self, finding: str, at: float) -> bool:
        """Take what the open finding with the id ``finding`` reports as usual from ``at`` on, without another word.

        False where it is none of ours, or there is nothing to learn but to wait for its end.
        """

    def state(self) -> Dict:
        """Everything remembered, as JSON knows it; bounded."""

    def restore(self, state: Dict) -> None:
        """Continue from ``state`` exactly as the detector that gave it would have."""


class Recent(Generic[Value]):
    """What is remembered of workloads, at most ``limit`` of them; ``evicted`` counts those that had to go."""

    def __init__(self, make: Callable[[], Value], limit: int = MOST_WORKLOADS) -> None:
        self._make, self._limit = make, limit
        self._held: dict[SeriesKey, Value] = {}
        self.evicted = 0

    def touch(self, key: SeriesKey) -> Value:
        """What is remembered of ``key``, which is now the most recent one."""
        value = self._held.pop(key, None)
        if value is None:
            value = self._make()
            if len(self._held) >= self._limit:
                del self._held[next(iter(self._held))]
                self.evicted += 1
        self._held[key] = value
        return value

    def forget(self, key: SeriesKey) -> None:
        """What is remembered of ``key`` begins anew."""
        if key in self._held:
            self._held[key] = self._make()

    def get(self, key: SeriesKey) -> Value | None:
        """What is remembered of ``key``, if anything."""
        return self._held.get(key)

    def items(self) -> list[tuple[SeriesKey, Value]]:
        """All, the one silent longest first."""
        return list(self._held.items())

    def state(self, of_value: Callable[[Value], Any]) -> Dict:
        """As JSON knows it."""
        return {"evicted": self.evicted, "held": [[list(key), of_value(v)] for key, v in self._held.items()]}

    def restore(self, state: Dict, value_of: Callable[[Any], Value]) -> None:
        """The inverse of :meth:`state`."""
        self.evicted = state["evicted"]
        self._held = {SeriesKey(*key): value_of(value) for key, value in state["held"]}


def instant(seconds: float) -> datetime:
    """Unix seconds as an aware datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def finding_id(kind: FindingKind, series: SeriesKey, onset: float, *facts: str) -> str:
    """Sixteen hex digits that follow from what was found, where and since when."""
    text = "\0".join((kind.value, *series, f"{onset:.6f}", *facts))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def opened(
    kind: FindingKind,
    series: SeriesKey,
    *,
    at: float,
    onset: float,
    onset_low: float | None = None,
    severity: Severity,
    reason: str,
    direction: str = "both",
    confidence: float = 0.99,
    size: Size | None = None,
    evidence: Evidence | None = None,
    details: dict[str, str] | None = None,
) -> Regression:
    """The first transition of a finding; ``details`` and ``onset`` are part of what its id follows from."""
    facts = dict(details or {})
    return Regression(
        id=finding_id(kind, series, onset, facts.get("before", ""), facts.get("after", "")),
        seq=1,
        kind=kind,
        severity=severity,
        state=State.OPEN,
        at=instant(max(at, onset)),
        reason=reason,
        series=str(series),
        series_id=series.id,
        **series._asdict(),
        metric=kind.value,
        direction=direction,
        onset=instant(onset),
        onset_low=instant(min(onset, onset if onset_low is None else onset_low)),
        onset_high=instant(onset),
        detected_at=instant(max(at, onset)),
        confidence=confidence,
        size=size,
        evidence=evidence,
        details=facts,
    )


def moved(record: Regression, at: float, reason: str, **changes: Any) -> Regression:
    """The next transition of ``record``; never before the last one."""
    when = max(instant(at), record.at)
    return record.model_copy(update={"seq": record.seq + 1, "at": when, "reason": reason, **changes})


def closed(record: Regression, at: float, reason: str) -> Regression:
    """The last transition of ``record``."""
    done = moved(record, at, reason, state=State.CLOSED)
    short = (done.at - done.detected_at).total_seconds() < TRANSIENT_S
    return done.model_copy(update={"closed_at": done.at, "transient": short})


def dumped(record: Regression | None) -> Dict | None:
    """A record as JSON knows it."""
    return record.model_dump(mode="json") if record else None


def loaded(state: Dict | None) -> Regression | None:
    """The inverse of :func:`dumped`."""
    return Regression.model_validate(state) if state else None


class Shared:
    """One finding of a model that several workloads have in common.

    It moves when the number of workloads has doubled, and closes when the last one has left.
    """

    def __init__(self, record: Regression, workload: SeriesKey) -> None:
        self.workloads = {workload: None}
        self._told = 1
        self.record = self._named(record)

    def join(self, workload: SeriesKey, at: float) -> list[Regression]:
        """``workload`` has it too."""
        self.workloads[workload] = None
        if len(self.workloads) < 2 * self._told:
            return []
        self._told = len(self.workloads)
        reason = f"now on {self._told} workloads: {self.routes()}"
        self.record = self._named(moved(self.record, at, reason))
        return [self.record]

    def leave(self, workload: SeriesKey, at: float, reason: str) -> list[Regression]:
        """``workload`` has it no more; ``reason`` is told when it was the last."""
        self.workloads.pop(workload, None)
        return [] if self.workloads else [closed(self.record, at, reason)]

    def routes(self) -> str:
        """The workloads in words, the first of them."""
        names = sorted({f"{key.service}/{key.route}" for key in self.workloads})
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return ", ".join(names[:_NAMED]) + more

    def _named(self, record: Regression) -> Regression:
        return record.model_copy(update={"details": {**record.details, "workloads": self.routes()}})

    def state(self) -> Dict:
        """As JSON knows it."""
        return {
            "record": dumped(self.record),
            "workloads": [list(key) for key in self.workloads],
            "told": self._told,
        }

    @classmethod
    def of(cls, state: Dict) -> "Shared":
        """The inverse of :meth:`state`."""
        shared = cls.__new__(cls)
        shared.record = Regression.model_validate(state["record"])
        shared.workloads = {SeriesKey(*key): None for key in state["workloads"]}
        shared._told = state["told"]
        return shared
