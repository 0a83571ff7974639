"""People's actions on regressions: what may be said of which, and into the table with it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from api.problems import Problem
from api.regressions.naming import history_of
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.regression_actions import (
    MOST_OF_ONE,
    ActionKind,
    MetricOf,
    NewAction,
    StoredAction,
    actions_of,
    insert_action,
)
from watchkeeper.storage.regressions import TransitionRow

_ENDING = (ActionKind.CLOSE, ActionKind.ACCEPT, ActionKind.FALSE_ALARM)
_STATES = (*_ENDING, ActionKind.REOPEN)
_REMEMBERED = timedelta(days=1)
"""Detectors remember what was closed for so long."""
_OBEYED_WITHIN = timedelta(minutes=2)
_WORDS = {
    ActionKind.ACKNOWLEDGE: "acknowledged",
    ActionKind.CLOSE: "closed",
    ActionKind.ACCEPT: "accepted",
    ActionKind.FALSE_ALARM: "called a false alarm",
    ActionKind.REOPEN: "reopened",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of a regression."""

    kind: ActionKind
    by: str
    comment: str


def take(store: Store, clock: Clock, regression_id: str, said: Said) -> NewAction:
    """Store what was said; the detectors obey within a minute.

    Raises :class:`Problem` 404 for a regression that is not there, and 409 for what does not fit how it stands.
    """
    history = history_of(store, regression_id)
    regression_id = history[-1].id
    latest, before = history[-1], actions_of(store, [regression_id]).get(regression_id, [])
    reason = _refusal(history, before, said.kind, clock)
    if reason:
        raise Problem(409, "Not as it stands", f"{regression_id} {reason}")
    action = NewAction(
        id=uuid.uuid4().hex,
        regression_id=regression_id,
        action=said.kind,
        made_by=said.by,
        at=clock.now(),
        comment=said.comment,
        provider=latest.provider,
        request_model=latest.request_model,
        members=_members(orjson.loads(latest.record), latest),
    )
    insert_action(store, action)
    return action


def _refusal(history: Sequence[TransitionRow], before: Sequence[StoredAction], kind: ActionKind, clock: Clock) -> str:
    """Why ``kind`` does not fit; empty where it does."""
    latest = history[-1]
    if len(before) >= MOST_OF_ONE:
        return f"has {MOST_OF_ONE:,} actions: that is all it may have."
    if kind is ActionKind.COMMENT:
        return ""
    if kind is ActionKind.FALSE_ALARM and any(one.action == kind for one in before):
        return "is marked as a false alarm already: it counts once."
    if kind is ActionKind.REOPEN:
        return _no_reopening(before, clock)
    waiting = _waiting(history, before, clock)
    if waiting is not None:
        word = _WORDS[ActionKind(waiting.action)]
        return f"was {word} by {waiting.made_by} a moment ago; the detectors obey within a minute."
    if latest.state == "closed" and kind is not ActionKind.FALSE_ALARM:
        return f"is closed already ({latest.reason}); it cannot be {_WORDS[kind]}."
    return ""


def _waiting(history: Sequence[TransitionRow], before: Sequence[StoredAction], clock: Clock) -> StoredAction | None:
    """What was said to end it and was not obeyed yet; after two minutes it is taken for lost."""
    last = next((one for one in reversed(before) if one.action in _STATES), None)
    if last is None or last.action not in _ENDING or clock.now() - last.at >= _OBEYED_WITHIN:
        return None
    return None if any(row.state == "closed" and row.stored_at > last.at for row in history) else last


def _no_reopening(before: Sequence[StoredAction], clock: Clock) -> str:
    last = next((one for one in reversed(before) if one.action in _STATES), None)
    if last is None or last.action != ActionKind.CLOSE:
        return "was not closed by anybody; only a `close` can be taken back."
    if clock.now() - last.at >= _REMEMBERED:
        return "was closed more than a day ago: the detectors have forgotten it. If it lasts, they report it anew."
    return ""


def _members(record: dict[str, Any], latest: TransitionRow) -> tuple[MetricOf, ...]:
    """The metrics that take part; of a finding, itself."""
    members = tuple(MetricOf(one["series"], one["metric"]) for one in record.get("members", ()))
    return members or (MetricOf(record.get("series", ""), latest.metric),)
