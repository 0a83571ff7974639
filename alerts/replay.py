"""What rules would have sent: the desk driven through events of the past, from one moment that matters to the next."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from alerts.decide import Surroundings
from alerts.desk import Decided, DeskState, Order, look, take
from alerts.event import Event
from alerts.mutes import Mute
from alerts.rules import Rules

_STEP = timedelta(seconds=5)
"""Moments closer together are one: as the service looks."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event and when it came."""

    at: datetime
    event: Event


@dataclass(frozen=True, slots=True)
class Moment:
    """What was decided at one moment."""

    at: datetime
    orders: Sequence[Order]
    decided: Sequence[Decided]
    state: DeskState


def replay(arrivals: Iterable[Arrival], rules: Rules, mutes: Sequence[Mute], until: datetime) -> Iterator[Moment]:
    """Each moment up to ``until`` at which something was decided. ``arrivals`` come in the order of time."""
    state, due = DeskState(), None
    for at, group in groupby(arrivals, key=lambda one: one.at):
        while due is not None and due < at:
            moment, due = _look(state, Surroundings(rules, mutes, due))
            state = moment.state
            yield moment
        moment, due = _look(take(state, [one.event for one in group], at), Surroundings(rules, mutes, at))
        state = moment.state
        yield moment
    while due is not None and due <= until:
        moment, due = _look(state, Surroundings(rules, mutes, due))
        state = moment.state
        yield moment


def _look(state: DeskState, around: Surroundings) -> tuple[Moment, datetime | None]:
    made = look(state, around)
    # After what was sent, what comes next is decided at once.
    due = around.now + _STEP if made.orders else made.due
    if due is not None:
        due = max(due, around.now + _STEP)
    return Moment(around.now, made.orders, made.decided, made.state), due
