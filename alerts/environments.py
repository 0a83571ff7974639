"""Which of the environments that use a model on a route an event concerns: the well ones are left out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from alerts.event import Event
from watchkeeper.storage.alert_facts import OutcomeCount
from watchkeeper.storage.call_meaning import NO_ANSWER
from watchkeeper.wilson import wilson

_FAILED = ("error", "timeout", "rate_limited")
_BAD: Mapping[str, tuple[str, ...]] = {
    "error": ("error",),
    "timeout": ("timeout",),
    "rate_limit": ("rate_limited",),
    "refusal": ("refused", "filtered"),
    "truncation": ("truncated",),
    "empty": ("empty",),
}
"""Outcomes that count as bad, by the metric of a regression; other metrics are not told by outcomes."""
_OF_ANSWERS = ("refusal", "truncation", "empty")
_ENOUGH = 30
"""Calls below which an environment is never thought to be well."""
_LATELY, _AT_FIRST = timedelta(hours=1), timedelta(minutes=15)
_OUT = 0.5
"""Share of calls that fail in an outage, at least."""


def has_outcomes(event: Event) -> bool:
    """Can outcomes of calls tell whether an environment is well?"""
    is_rate = event.kind == "regression" and event.metric in _BAD and event.size is not None
    return is_rate or event.kind == "outage"


def telling_times(event: Event) -> tuple[datetime, datetime]:
    """When its calls tell where it is: lately while it lasts, at first where it passes or is over."""
    if event.is_open and not event.passing:
        return max(event.since, event.at - _LATELY), event.at
    return event.since, min(event.at, event.since + _AT_FIRST)


def concerned(event: Event, environments: Sequence[str], counts: Iterable[OutcomeCount]) -> tuple[str, ...]:
    """``environments`` but for those whose calls show, at 95 %, that they are well.

    Well is where fewer are bad than half of the change would make. What cannot be told stays; where all seem well, all
    stay.
    """
    bad, ignored = _outcomes(event)
    calls, worse = dict.fromkeys(environments, 0), dict.fromkeys(environments, 0)
    for one in counts:
        if one.environment in calls and one.outcome not in ignored:
            calls[one.environment] += one.calls
            worse[one.environment] += one.calls if one.outcome in bad else 0
    limit = (event.size.before + event.size.after) / 2 if event.size is not None and event.kind != "outage" else _OUT
    well = {name for name in environments if calls[name] >= _ENOUGH and wilson(worse[name], calls[name])[1] < limit}
    left = tuple(name for name in environments if name not in well)
    return left or tuple(environments)


def _outcomes(event: Event) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those that are bad, and those that do not count."""
    if event.kind == "outage":
        return _FAILED, ("cancelled",)
    return _BAD[event.metric], NO_ANSWER if event.metric in _OF_ANSWERS else ("cancelled",)
