"""What people said about regressions and findings, as engines take it: in the order it was stored, at a fixed moment.

An action takes effect at ``due``, between the units and ticks before that moment and those after it. That moment
follows from when the action was stored alone, so that a repetition after a crash takes it at the very same place.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from detectors.series import SeriesKey
from watchkeeper.storage.regression_actions import ActionKind, MetricOf, StoredAction


@dataclass(frozen=True, slots=True)
class Subject:
    """One metric of one series."""

    series: SeriesKey
    metric: str


@dataclass(frozen=True, slots=True)
class Action:
    """One action. Times in Unix seconds."""

    kind: ActionKind
    regression: str
    by: str
    model: SeriesKey
    """The parent of the series concerned."""
    subjects: tuple[Subject, ...]
    """What the regression was about when the action was made."""
    stored: int
    due: float


def known_actions(stored: Iterable[StoredAction], lag_s: float) -> list[Action]:
    """``stored`` as engines take it, ``lag_s`` after the second it was stored in. Kinds that this version does not
    know are left out.
    """
    return [_action(one, lag_s) for one in stored if one.action in set(ActionKind)]


def _subject(member: MetricOf) -> Subject | None:
    """None for what an earlier version wrote otherwise: what is open is known without it."""
    try:
        return Subject(SeriesKey.parse(member.series), member.metric)
    except ValueError:
        return None


def _action(one: StoredAction, lag_s: float) -> Action:
    subjects = tuple(subject for member in one.members if (subject := _subject(member)) is not None)
    model = SeriesKey("", "", one.provider, one.request_model, "").parent
    kind = ActionKind(one.action)
    # At the end of its second: others of the same second take effect together with it.
    return Action(kind, one.regression_id, one.made_by, model, subjects, one.stored_at, one.stored_at + 1 + lag_s)
