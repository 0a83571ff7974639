"""Which of the environments that use a model on a route an event concerns: the well ones are left out."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from alerts.event import Event
from watchkeeper.storage.alert_facts import OutcomeCount
from watchkeeper.storage.outcome_rates import FAILURE, OUTCOME_RATES
from watchkeeper.wilson import wilson

_ENOUGH = 30
"""Calls below which an environment is never thought to be well."""
_LATELY, _AT_FIRST = timedelta(hours=1), timedelta(minutes=15)
_OUT = 0.5
"""Share of calls that fail in an outage, at least."""


def has_outcomes(event: Event) -> bool:
    """Can outcomes of calls tell whether an environment is well?"""
    is_rate = event.kind == "regression" and event.metric in OUTCOME_RATES and event.size is not None
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
    rate = FAILURE if event.kind == "outage" else OUTCOME_RATES[event.metric]
    calls, worse = dict.fromkeys(environments, 0), dict.fromkeys(environments, 0)
    for one in counts:
        if one.environment in calls and one.outcome not in rate.ignored:
            calls[one.environment] += one.calls
            worse[one.environment] += one.calls if one.outcome in rate.bad else 0
    limit = (event.size.before + event.size.after) / 2 if event.size is not None and event.kind != "outage" else _OUT
    well = {name for name in environments if calls[name] >= _ENOUGH and wilson(worse[name], calls[name])[1] < limit}
    left = tuple(name for name in environments if name not in well)
    return left or tuple(environments)
