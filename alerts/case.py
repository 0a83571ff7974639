"""A case: events of one probable cause, and what each channel was told of it."""

import hashlib
from datetime import datetime

from pydantic import Field

from alerts.event import Event, Severity
from alerts.record import Record

MOST_EVENTS = 500
"""Events of a case; the first to be over goes when more come."""


class Told(Record):
    """What one channel was told of one case."""

    rule: str
    first_at: datetime
    """Of the opening that is not over yet."""
    last_at: datetime
    messages: int
    """Ever, of this case: numbers the next one."""
    severity: Severity
    events: tuple[str, ...]
    """Ids of all events that were told and whose end was not."""
    places: int
    """Routes that were concerned when it was last told."""
    needs_end: bool
    """Something was told that ends."""
    ended_at: datetime | None = None
    """When the end was told."""


class Case(Record):
    """Events of one probable cause. Times are those of the desk's clock but for the events' own."""

    id: str
    opened_at: datetime
    events: dict[str, Event]
    """The latest step of each, in the order they came."""
    joined: dict[str, str] = Field(default_factory=dict)
    """Why an event belongs here, by its id; not of the first."""
    told: dict[str, Told] = Field(default_factory=dict)
    """By channel."""
    said: dict[str, str] = Field(default_factory=dict)
    """The latest decision in words, by channel."""
    over_at: datetime | None = None
    """Since when no event is open."""
    turns: int = 0
    """How often it came again after it had been over."""
    changed_at: datetime
    """Last step of an event, or message."""

    @property
    def open_events(self) -> tuple[Event, ...]:
        """Those that last."""
        return tuple(event for event in self.events.values() if event.is_open)

    @property
    def owes_an_end(self) -> bool:
        """Was something told whose end was not?"""
        return any(told.needs_end and told.ended_at is None for told in self.told.values())


def new_case(event: Event, now: datetime) -> Case:
    """A case of one event, with its id."""
    over_at = None if event.is_open else now
    # A subject that comes back when its case is forgotten makes another case, whose messages have other keys.
    text = "\0".join((event.id, str(event.seq), event.state, event.at.isoformat()))
    name = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return Case(id=name, opened_at=now, events={event.id: event}, changed_at=now, over_at=over_at)


def with_event(case: Case, event: Event, why: str, now: datetime) -> Case:
    """``case`` after a step of ``event``, which belongs to it because of ``why``."""
    was_over = case.over_at is not None
    events = _bounded({**case.events, event.id: _remembering(event, case.events.get(event.id))})
    joined = case.joined if event.id in case.events else {**case.joined, event.id: why}
    is_open = any(one.is_open for one in events.values())
    return case.model_copy(
        update={
            "events": events,
            "joined": {key: value for key, value in joined.items() if key in events},
            "over_at": None if is_open else case.over_at or now,
            "turns": case.turns + (1 if was_over and is_open else 0),
            "changed_at": now,
        }
    )


def _remembering(event: Event, before: Event | None) -> Event:
    """``event`` with what only its steps before it tell: since when it has been passing."""
    known = before.passing_since if before is not None else None
    since = (known or event.at) if event.passing else known if not event.is_open else None
    return event if since is None else event.model_copy(update={"passing_since": since})


def _bounded(events: dict[str, Event]) -> dict[str, Event]:
    if len(events) <= MOST_EVENTS:
        return events
    newest = next(reversed(events))
    gone = next((key for key, event in events.items() if not event.is_open), next(iter(events)))
    return {key: event for key, event in events.items() if key != gone or key == newest}
