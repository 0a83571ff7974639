"""The findings of one model that are not over, as they were told: where people may have a say in them.

A detector of findings knows nothing of people. What somebody closed it may see on; that is not told again until it has
seen the end of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from detectors.actions import Action
from detectors.finding import FindingDetector, closed, moved
from detectors.records import Regression, State
from watchkeeper.storage.regression_actions import ActionKind

_MOST = 1_000

_TOLD = {
    ActionKind.ACKNOWLEDGE: "acknowledged by {by}",
    ActionKind.CLOSE: "closed by {by}: told again only if it ends and comes back",
    ActionKind.ACCEPT: "accepted by {by}: taken as what is usual from now on",
    ActionKind.FALSE_ALARM: "a false alarm, says {by}: taken as what is usual from now on",
    ActionKind.REOPEN: "opened again by {by}",
}


@dataclass(slots=True)
class _Told:
    record: Regression
    """The last transition that was told."""
    added: int = 0
    """Transitions that people brought, by which those of the detector count higher."""
    muted: bool = False
    """Somebody closed it, and the detector has not seen its end yet."""


class FindingLedger:
    """Open findings by id; beyond a thousand the one told first is not known any more."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}

    def passed_on(self, found: Iterable[Regression]) -> list[Regression]:
        """What of the detectors' transitions is to be told, numbered on."""
        return [told for record in found if (told := self._passed_on(record)) is not None]

    def act(self, action: Action, detectors: Iterable[FindingDetector]) -> list[Regression]:
        """The transition that somebody's word brings; none for a finding that is not known or not open."""
        one = self._told.get(action.regression)
        if one is None or action.kind is ActionKind.COMMENT or one.muted is not (action.kind is ActionKind.REOPEN):
            return []
        one.added += 1
        one.record = _after(one.record, action)
        one.muted = one.record.state is State.CLOSED
        if action.kind in (ActionKind.ACCEPT, ActionKind.FALSE_ALARM):
            learnt = [detector.accept(action.regression, action.due) for detector in detectors]
            if any(learnt):
                del self._told[action.regression]
        return [one.record]

    def _passed_on(self, record: Regression) -> Regression | None:
        one = self._told.get(record.id)
        if record.state is State.CLOSED:
            self._told.pop(record.id, None)
        if one is None:
            if record.state is not State.CLOSED:
                self._remember(record)
            return record
        if one.muted:
            return None
        by = one.record.acknowledged_by
        one.record = record.model_copy(update={"seq": record.seq + one.added, "acknowledged_by": by})
        return one.record

    def _remember(self, record: Regression) -> None:
        if len(self._told) >= _MOST:
            del self._told[next(iter(self._told))]
        self._told[record.id] = _Told(record)

    def state(self) -> list[Any]:
        """As JSON knows it."""
        return [[one.record.model_dump(mode="json"), one.added, one.muted] for one in self._told.values()]

    @classmethod
    def of(cls, state: list[Any]) -> Self:
        """The inverse of :meth:`state`."""
        ledger = cls()
        for record, added, muted in state:
            ledger._told[record["id"]] = _Told(Regression.model_validate(record), added, muted)
        return ledger


def _after(record: Regression, action: Action) -> Regression:
    """The transition that ``action`` makes."""
    reason = _TOLD[action.kind].format(by=action.by)
    if action.kind is ActionKind.ACKNOWLEDGE:
        return moved(record, action.due, reason, acknowledged_by=action.by)
    if action.kind is ActionKind.REOPEN:
        return moved(record, action.due, reason, state=State.OPEN, closed_at=None, acknowledged_by="")
    return closed(record, action.due, reason).model_copy(update={"transient": False})
