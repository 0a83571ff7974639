"""What the rules would have sent of what the store holds: the service's own decisions over the past."""

from collections.abc import Iterator
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
from watchkeeper.storage.client import Store
from watchkeeper.storage.notices import read
from watchkeeper.storage.regression_stream import StreamPlace, micros, transitions_after

MOST_EVENTS = 50_000
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Preview:
    """Messages in their order, events that no message told of, and whether there was more than can be looked at."""

    messages: tuple[Message, ...]
    events: int
    untold: tuple[tuple[str, str], ...]
    """Id of the event, and the last reason."""
    complete: bool


def previewed(store: Store, rules: Rules, mutes: tuple[Mute, ...], period: tuple[datetime, datetime]) -> Preview:
    """What ``rules`` would have sent of the events stored in ``period``; the clock's own checks are not among them."""
    usage = Usage(store)
    arrivals = [Arrival(one.at, usage.located(one.event)) for one in _arrivals(store, *period)]
    messages, told, reasons = list[Message](), set[str](), dict[str, str]()
    for moment in replay(sorted(arrivals, key=lambda one: one.at), rules, mutes, period[1]):
        for decided in moment.decided:
            reasons |= dict.fromkeys(decided.events, decided.decision.reason)
        for order in moment.orders:
            told |= {event.id for event in order.events}
            messages.append(compose(order, moment.at, "", None))
    ids = dict.fromkeys(one.event.id for one in arrivals)
    untold = tuple((name, reasons.get(name, "")) for name in ids if name not in told)
    return Preview(tuple(messages), len(ids), untold, len(arrivals) < MOST_EVENTS)


def _arrivals(store: Store, begin: datetime, end: datetime) -> Iterator[Arrival]:
    place, count = StreamPlace(micros(begin)), 0
    while count < MOST_EVENTS:
        rows = transitions_after(store, place, micros(end - SETTLE), _PAGE)
        yield from (Arrival(row.stored_at, regression_event(row)) for row in rows)
        count += len(rows)
        if len(rows) < _PAGE:
            break
        place = StreamPlace.of(rows[-1])
    for notice in read(store, begin, MOST_EVENTS):
        if notice.at < end:
            yield Arrival(notice.at, notice_event(notice))
