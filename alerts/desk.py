"""The desk: events come in, cases are kept, orders for messages go out. Its state is data; nothing here acts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import Field

from alerts.case import Case, Told, new_case, with_event
from alerts.cause import joins
from alerts.decide import Path, Surroundings, decide, decide_owed, paths, places_of
from alerts.event import Event
from alerts.record import Record
from alerts.verdict import Decision, Verdict
from watchkeeper.series_id import ANY

MOST_CASES = 2_000
KEPT = timedelta(hours=24)
"""A case that is over is remembered for so long: what comes back is the same case, what comes late belongs to it."""
NO_CHANNEL = ""
"""Stands for the channel in decisions about events that no rule sends anywhere."""


class DeskState(Record):
    """All cases that are open or were until lately."""

    cases: dict[str, Case] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """One message to one channel: what is to be told, and why."""

    case: Case
    channel: str
    rule: str
    decision: Decision
    events: tuple[Event, ...]
    """What it is about; further events of the case have the same cause."""
    number: int
    """Of the messages of this case to this channel."""
    first: bool
    """Nothing of it is open at the channel yet."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that differs from the one before."""

    case: str
    events: tuple[str, ...]
    channel: str
    rule: str
    decision: Decision


@dataclass(slots=True)
class Round:
    """What one look at all cases brought."""

    state: DeskState
    orders: list[Order] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    due: datetime | None = None
    """When time alone may change a decision."""


def take(state: DeskState, events: Iterable[Event], now: datetime) -> DeskState:
    """``state`` after ``events``, which come in the order they happened; a step that is known changes nothing."""
    cases = dict(state.cases)
    held = {one: case.id for case in cases.values() if not _is_forgotten(case, now) for one in case.events}
    for event in events:
        found, why = (cases[held[event.id]], "") if event.id in held else _cause_of(cases, event, now)
        if found is None:
            made = new_case(event, now)
        elif _is_newer(event, found.events.get(event.id)):
            made = with_event(found, event, why, now)
        else:
            continue
        cases[made.id], held[event.id] = made, made.id
    return DeskState(cases=cases)


def look(state: DeskState, around: Surroundings) -> Round:
    """Decide on every case; the new state has what is told as told, and has forgotten what is long over."""
    cases: dict[str, Case] = {}
    made = Round(state)
    for case in state.cases.values():
        after, waits = _look_at(case, around, made)
        if waits or not _is_forgotten(after, around.now):
            cases[after.id] = after
    made.state = DeskState(cases=cases)
    return made


def _cause_of(cases: dict[str, Case], event: Event, now: datetime) -> tuple[Case | None, str]:
    """The case that ``event`` belongs to, an open one rather than one that is over, and why."""
    remembered = [case for case in cases.values() if not _is_forgotten(case, now)]
    found = [(case, why) for case in remembered if (why := joins(event, case.events.values()))]
    if not found and len(cases) >= MOST_CASES:
        found = [(case, f"more than {MOST_CASES:,} cases at once: told together") for case in cases.values()]
    return max(found, key=lambda one: _nearness(one[0]), default=(None, ""))


def _nearness(case: Case) -> tuple[bool, datetime, str]:
    return case.over_at is None, case.changed_at, case.id


def _is_newer(event: Event, known: Event | None) -> bool:
    return known is None or (event != known and (event.seq, event.at) >= (known.seq, known.at))


def _is_forgotten(case: Case, now: datetime) -> bool:
    return case.over_at is not None and not case.owes_an_end and now >= max(case.over_at, case.changed_at) + KEPT


def _look_at(case: Case, around: Surroundings, made: Round) -> tuple[Case, bool]:
    """The case as it is afterwards, and whether a decision waits for time to pass."""
    ways, waits, said = paths(case, around.rules), False, dict[str, str]()
    after = case
    for channel in dict.fromkeys((*ways, *case.told)):
        if channel not in around.rules.channels:
            continue
        path = ways.get(channel)
        decision = decide(case, path, around) if path else decide_owed(case, channel, around)
        rule = path.rule.name if path else case.told[channel].rule
        said[channel] = _told_as(decision)
        if case.said.get(channel) != said[channel]:
            made.decided.append(Decided(case.id, tuple(case.events), channel, rule, decision))
        if decision.until is not None:
            waits = True
            made.due = min(made.due or decision.until, decision.until)
        if decision.verdict.sends:
            order = _order(case, channel, path, decision)
            made.orders.append(order)
            after = _with_told(after, order, around.now)
    _note_unrouted(case, around, made, said)
    return after if after.said == said else after.model_copy(update={"said": said}), waits


def _note_unrouted(case: Case, around: Surroundings, made: Round, said: dict[str, str]) -> None:
    """Say of events that no rule fits why."""
    lost = [event for event in case.events.values() if not around.rules.of(event)]
    if not lost:
        return
    reason = f"no rule fits: {around.rules.misfits(lost[-1])}"
    said[NO_CHANNEL] = reason
    if case.said.get(NO_CHANNEL) != reason:
        ids = tuple(event.id for event in lost)
        made.decided.append(Decided(case.id, ids, NO_CHANNEL, "", Decision(Verdict.NOTHING, reason)))


def _told_as(decision: Decision) -> str:
    until = f" (until {decision.until:%Y-%m-%d %H:%M} UTC)" if decision.until else ""
    return f"{decision.verdict}: {decision.reason}{until}"


def _order(case: Case, channel: str, path: Path | None, decision: Decision) -> Order:
    told = case.told.get(channel)
    before = told.events if told is not None and told.ended_at is None else ()
    events = {event.id: event for event in path.events} if path else {}
    events |= {one: case.events[one] for one in before if one in case.events}
    return Order(
        case=case,
        channel=channel,
        rule=path.rule.name if path else (told.rule if told else ""),
        decision=decision,
        events=tuple(_worth_telling(events.values(), decision.verdict, before)),
        number=(told.messages if told else 0) + 1,
        first=told is None or told.ended_at is not None,
    )


def _worth_telling(events: Iterable[Event], verdict: Verdict, before: tuple[str, ...]) -> list[Event]:
    """Of an end, all that was told; else what lasts, and changes; the worst first."""
    told = [event for event in events if verdict is Verdict.END or event.state != "resolved" or event.id in before]
    return sorted(told, key=_weight)


def _weight(event: Event) -> tuple[bool, int, bool, bool, datetime, str]:
    """The worst first: what lasts, an outage, what is of all routes, what began earlier."""
    return (
        not event.is_open, -event.severity.rank, event.kind != "outage", event.route != ANY, event.since, event.id,
    )  # fmt: skip


def _with_told(case: Case, order: Order, now: datetime) -> Case:
    before = case.told.get(order.channel)
    ended = order.decision.verdict is Verdict.END
    lasting = [event for event in order.events if event.is_open]
    told = Told(
        rule=order.rule,
        first_at=now if order.first or before is None else before.first_at,
        last_at=now,
        messages=order.number,
        severity=max((event.severity for event in lasting or order.events), key=lambda one: one.rank),
        events=tuple(event.id for event in order.events),
        places=places_of(order.events),
        needs_end=bool(lasting) or ended or (before is not None and before.needs_end and not order.first),
        ended_at=now if ended else None,
    )
    return case.model_copy(update={"told": {**case.told, order.channel: told}, "changed_at": now})
