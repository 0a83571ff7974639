"""Do two events have one probable cause? Each answer is a reason in words."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from alerts.event import Event
from watchkeeper.series_id import ANY

_PAD = timedelta(minutes=15)
"""Onsets are estimates: so far apart they may be one."""
_FOUND_WITHIN = timedelta(hours=2)
"""What is found of a provider so soon after its trouble began is part of it, whatever its onset is thought to be."""
_TOGETHER = timedelta(minutes=5)
"""Outages of several providers that begin within so long."""
_WIDEST = timedelta(hours=6)
"""An onset that is known less well than this says nothing of when it was."""
_SAME_DAY = timedelta(hours=24)
_FAILING = ("error", "timeout", "rate_limit", "latency", "time_to_first_token", "time_per_output_token", "empty")
"""Metrics that get worse when a provider is in trouble."""
_GATHERED = ("deprecation", "unpriced")
"""Kinds that come in lists: one message for those of a day."""
_PIPELINE = ("pipeline", "traffic_stop")
_TELLING = ("service version", "prompt version")
"""What changed that is one cause for whatever it changed, of one service."""


def joins(event: Event, others: Iterable[Event]) -> str:
    """Why ``event`` belongs to ``others``; empty where it does not."""
    return next((reason for other in others if (reason := _link(event, other))), "")


def _link(event: Event, other: Event) -> str:
    if event.kind == other.kind and event.kind in _GATHERED:
        near = abs(event.found_at - other.found_at) <= _SAME_DAY
        return "found on the same day" if near else ""
    if reason := _same_provider(event, other):
        return reason
    if not _began_together(event, other):
        return ""
    return (
        _stopped_together(event, other)
        or _same_model(event, other)
        or _same_release(event, other)
        or _all_providers(event, other)
    )


def _same_model(event: Event, other: Event) -> str:
    mine = (event.provider, event.model)
    if "" in mine or event.whole_fleet or mine != (other.provider, other.model):
        return ""
    return f"the same model ({event.model}) at the same time"


def _same_provider(event: Event, other: Event) -> str:
    if not event.provider or event.provider != other.provider or not (is_failing(event) and is_failing(other)):
        return ""
    if not (_began_together(event, other) or _found_meanwhile(event, other) or _found_meanwhile(other, event)):
        return ""
    if event.model == other.model:
        return f"the same model ({event.model}) at the same time"
    return f"another model of {event.provider} fails or is slow since about the same time"


def _found_meanwhile(event: Event, other: Event) -> bool:
    return other.since - _PAD <= event.found_at <= other.since + _FOUND_WITHIN


def _same_release(event: Event, other: Event) -> str:
    if not event.service or event.service == ANY or event.service != other.service:
        return ""
    ours = {(mark.what, mark.after) for mark in event.marks if mark.what in _TELLING}
    both = sorted(ours & {(mark.what, mark.after) for mark in other.marks})
    return f"{both[0][0]} {both[0][1]} of {event.service} came with both" if both else ""


def _stopped_together(event: Event, other: Event) -> str:
    both = event.kind in _PIPELINE and other.kind in _PIPELINE
    if not both or not any(one.whole_fleet or one.kind == "pipeline" for one in (event, other)):
        return ""
    return "what carries the calls stands still"


def _all_providers(event: Event, other: Event) -> str:
    if event.kind != "outage" or other.kind != "outage" or abs(event.since - other.since) > _TOGETHER:
        return ""
    return "several providers do not answer since the same moment: look at your own network first"


def is_failing(event: Event) -> bool:
    """Is it what a provider in trouble looks like?"""
    return event.kind == "outage" or (event.kind == "regression" and event.metric in _FAILING)


def _began_together(event: Event, other: Event) -> bool:
    low, high = _onset(event)
    begin, end = _onset(other)
    return low - _PAD <= end and high + _PAD >= begin


def _onset(event: Event) -> tuple[datetime, datetime]:
    low, high = min(event.since_low, event.since), max(event.since_high, event.since)
    return (event.since, event.since) if high - low > _WIDEST else (low, high)
