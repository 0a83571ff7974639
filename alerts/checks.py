"""What the clock notices: that calls, detectors or prices are missing. Signs in, conditions out; nothing here asks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.event import Event, EventState, Severity, cut
from alerts.length import length_words

QUIET = timedelta(minutes=15)
"""No call for so long, where there were always many, is told."""
_USUAL_CALLS = 30
"""In each of the last weeks at that time."""
_DELAY_S = 900.0
_DEAD_LETTERS = 10
_UNSAVED = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class UnpricedModel:
    """Calls of the last day without a price."""

    provider: str
    model: str
    calls: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Signs:
    """What tables say at ``now``. None is not known."""

    now: datetime
    calls: int
    """In the last :data:`QUIET`."""
    usual: tuple[int, ...]
    """In the same minutes one, two and three weeks ago."""
    newest_call: datetime | None
    delay_s: float | None
    """Median from a call to its row, lately."""
    dead_letters: int
    dead_reason: str
    detectors_at: datetime | None
    """When a detector saved its state last."""
    unpriced: tuple[UnpricedModel, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that holds now."""

    id: str
    kind: str
    severity: Severity
    since: datetime
    what: str
    provider: str = ""
    model: str = ""
    facts: dict[str, str | float | None] = field(default_factory=dict)
    subject: str = ""
    service: str = ""
    route: str = ""
    environments: tuple[str, ...] = ()
    once: bool = False
    """It is told once; nobody waits for its end."""


def conditions(signs: Signs) -> list[Condition]:
    """What holds, by ``signs``. What cannot be told does not hold."""
    found = [_no_calls(signs), _late_calls(signs), _dead_letters(signs), _no_detectors(signs)]
    return [one for one in found if one is not None] + [_unpriced(one) for one in signs.unpriced]


def _no_calls(signs: Signs) -> Condition | None:
    if signs.calls or len(signs.usual) < 2 or min(signs.usual) < _USUAL_CALLS:
        return None
    since = signs.newest_call or signs.now - QUIET
    usual = min(signs.usual)
    what = f"no call was stored for {length_words(signs.now - since)}; at this time of the week {usual:,} or more come"
    facts: dict[str, str | float | None] = {"usual_calls": usual}
    return Condition("pipeline:no-calls", "pipeline", Severity.CRITICAL, since, what, facts=facts)


def _late_calls(signs: Signs) -> Condition | None:
    if signs.delay_s is None or signs.delay_s < _DELAY_S:
        return None
    delay = timedelta(seconds=signs.delay_s)
    what = f"calls are stored {length_words(delay)} after they began: the collector is behind"
    return Condition("pipeline:late-calls", "pipeline", Severity.WARNING, signs.now - delay, what)


def _dead_letters(signs: Signs) -> Condition | None:
    if signs.dead_letters < _DEAD_LETTERS:
        return None
    reason = f", mostly: {signs.dead_reason}" if signs.dead_reason else ""
    what = f"{signs.dead_letters:,} messages could not be read within {length_words(QUIET)}{reason}"
    return Condition("pipeline:dead-letters", "pipeline", Severity.WARNING, signs.now - QUIET, what)


def _no_detectors(signs: Signs) -> Condition | None:
    # Where there are no calls, there is nothing to save.
    if signs.detectors_at is None or not signs.calls or signs.now - signs.detectors_at < _UNSAVED:
        return None
    what = f"the detectors have not saved what they know for {length_words(signs.now - signs.detectors_at)}"
    return Condition("pipeline:no-detectors", "pipeline", Severity.CRITICAL, signs.detectors_at, what)


def _unpriced(one: UnpricedModel) -> Condition:
    what = f"{one.calls:,} calls of {one.provider}/{one.model} within a day have no price: what they cost is not known"
    name = cut(f"unpriced:{one.provider}/{one.model}", 200)
    return Condition(name, "unpriced", Severity.WARNING, one.since, what, cut(one.provider), cut(one.model), once=True)


def steps(known: dict[str, Event], held: list[Condition], now: datetime) -> dict[str, Event]:
    """The events that begin or end now, by id; ``known`` are those that held before."""
    by_id = {one.id: one for one in held}
    begun = {name: _begun(one, now) for name, one in by_id.items() if name not in known}
    over = {name: _over(event, now) for name, event in known.items() if name not in by_id}
    return {**begun, **over}


def _begun(one: Condition, now: datetime) -> Event:
    return Event(
        id=one.id,
        seq=int(now.timestamp()),
        kind=one.kind,
        severity=one.severity,
        state=EventState.INFO if one.once else EventState.OPEN,
        at=now,
        found_at=now,
        since=one.since,
        since_low=one.since,
        since_high=one.since,
        what=cut(one.what, 300),
        subject=one.subject,
        service=one.service,
        route=one.route,
        environments=one.environments,
        provider=one.provider,
        model=one.model,
        facts=one.facts,
    )


def _over(event: Event, now: datetime) -> Event:
    changes = {"seq": max(event.seq + 1, int(now.timestamp())), "at": now, "reason": "it holds no more"}
    return event.model_copy(update={**changes, "state": EventState.RESOLVED})
