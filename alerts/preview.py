"""What the rules would have sent of what the store holds: the service's own decisions over the past."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from alerts.compose import compose
from alerts.feed import SETTLE
from alerts.from_notice import notice_event
from alerts.from_regression import regression_event
from alerts.message import Message
from alerts.mutes import Mute
from alerts.replay import Arrival, replay
from alerts.rules import Rules
from alerts.usage import Usage
from watchkeeper.series_id import ANY
from watchkeeper.storage.client import Store
from watchkeeper.storage.notices import read
from watchkeeper.storage.regression_stream import StreamPlace, micros, transitions_after

MOST_EVENTS = 50_000
_PAGE = 500
_FOR_READING = 0.5


@dataclass(frozen=True, slots=True)
class Preview:
    """Messages in their order, events that no message told of, and whether there was more than can be looked at."""

    messages: tuple[Message, ...]
    events: int
    untold: tuple[tuple[str, str], ...]
    """Id of the event, and the last reason."""
    complete: bool


@dataclass(frozen=True, slots=True)
class Past:
    """What is looked at: events stored in ``[begin, end)``."""

    begin: datetime
    end: datetime
    spent: Callable[[], float] = lambda: 0.0
    """Share of the time for it that is over: half of it is for reading, the rest for deciding."""


def previewed(store: Store, rules: Rules, mutes: tuple[Mute, ...], past: Past) -> Preview:
    """What ``rules`` would have sent of ``past``; the clock's own checks are not among it."""
    usage, by_environment = Usage(store), _by_environment(rules, mutes)
    arrivals, complete = list[Arrival](), True
    for one in _arrivals(store, past.begin, past.end):
        # A question to the store for each event, which most rules do not need an answer to.
        needed = by_environment or one.event.route == ANY
        arrivals.append(Arrival(one.at, usage.located(one.event)) if needed else one)
        if len(arrivals) >= MOST_EVENTS or past.spent() >= _FOR_READING:
            complete = False
            break
    messages, told, reasons = list[Message](), set[str](), dict[str, str]()
    for moment in replay(sorted(arrivals, key=lambda one: one.at), rules, mutes, past.end):
        for decided in moment.decided:
            reasons |= dict.fromkeys(decided.events, decided.decision.reason)
        for order in moment.orders:
            told |= {event.id for event in order.events}
            messages.append(compose(order, moment.at, "", None))
        if past.spent() >= 1:
            complete = False
            break
    ids = dict.fromkeys(one.event.id for one in arrivals)
    untold = tuple((name, reasons.get(name, "")) for name in ids if name not in told)
    return Preview(tuple(messages), len(ids), untold, complete)


def _by_environment(rules: Rules, mutes: tuple[Mute, ...]) -> bool:
    """Does any of them ask where calls come from?"""
    matches = [*(rule.match for rule in rules.rules), *(mute.match for mute in (*rules.mutes, *mutes))]
    return any(match.environment for match in matches)


def _arrivals(store: Store, begin: datetime, end: datetime) -> Iterator[Arrival]:
    place = StreamPlace(micros(begin))
    while True:
        rows = transitions_after(store, place, micros(end - SETTLE), _PAGE)
        yield from (Arrival(row.stored_at, regression_event(row)) for row in rows)
        if len(rows) < _PAGE:
            break
        place = StreamPlace.of(rows[-1])
    for notice in read(store, begin, MOST_EVENTS):
        if notice.at < end:
            yield Arrival(notice.at, notice_event(notice))
