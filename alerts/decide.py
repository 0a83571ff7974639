"""Whether a channel is told of a case now: a pure function of what happened, what was told, the rules and the time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.case import Case, Told
from alerts.event import Event, EventState, Severity
from alerts.length import length_words
from alerts.mutes import Mute, silence
from alerts.rules import Escalation, Rule, Rules
from alerts.verdict import Decision, Verdict, nothing, wait
from watchkeeper.series_id import ANY

LATE_HOLD = timedelta(hours=2)
"""What began while a case lasted whose end was told is told once it has outlasted that for so long."""
_MOST_DOUBLINGS = 4
_LEAST_GROWTH = 3


@dataclass(frozen=True, slots=True)
class Path:
    """What leads from a case to a channel: the rule, and the events that come this way."""

    channel: str
    rule: Rule
    events: tuple[Event, ...]
    step: Escalation | None = None
    """Set where the channel is told only because nobody acknowledged it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a decision depends on besides the case."""

    rules: Rules
    mutes: Sequence[Mute]
    """Besides those of the rules."""
    now: datetime


def paths(case: Case, rules: Rules) -> dict[str, Path]:
    """The ways from ``case`` by channel. Where several rules lead to one channel, the first of the file decides how."""
    found: dict[str, Path] = {}
    routed = {event.id: rules.of(event) for event in case.events.values()}
    for rule in rules.rules:
        events = tuple(event for event in case.events.values() if rule in routed[event.id])
        if not events:
            continue
        for channel in rule.channels:
            found[channel] = _merged(found.get(channel), Path(channel, rule, events))
        for step in rule.escalate:
            for channel in step.channels:
                found.setdefault(channel, Path(channel, rule, events, step))
    return found


def _merged(first: Path | None, second: Path) -> Path:
    if first is None or first.step is not None:
        return second
    known = {event.id for event in first.events}
    more = tuple(event for event in second.events if event.id not in known)
    return Path(first.channel, first.rule, first.events + more)


def decide(case: Case, path: Path, around: Surroundings) -> Decision:
    """What ``path.channel`` is told of ``case`` now."""
    told = case.told.get(path.channel)
    if told is None or told.ended_at is not None or not told.needs_end:
        return _first(case, path, told, around)
    # An event that was told may come another way by now, as it got more severe: it lasts all the same.
    known = {event.id for event in path.events}
    kept = tuple(case.events[one] for one in told.events if one in case.events and one not in known)
    path = replace(path, events=path.events + kept)
    lasting = tuple(event for event in path.events if event.is_open)
    return _lasting(path, told, lasting, around) if lasting else _ended(case, path, told, around)


def decide_owed(case: Case, channel: str, around: Surroundings) -> Decision:
    """The same for a channel that was told and to which no rule leads any more: the end is told all the same."""
    told = case.told[channel]
    if told.ended_at is not None or not told.needs_end:
        return nothing("no rule leads here any more")
    if any(case.events[one].is_open for one in told.events if one in case.events):
        return nothing("no rule leads here any more; its end will be told")
    return Decision(Verdict.END, "it is over; no rule leads here any more, but it was told")


# --- not told yet, or told and over


def _first(case: Case, path: Path, told: Told | None, around: Surroundings) -> Decision:
    fresh = tuple(event for event in path.events if _is_news(event, told))
    if not fresh:
        return nothing(_why_no_news(told))
    unexpected = tuple(event for event in fresh if not event.expected)
    if not unexpected:
        return nothing(f"expected: {fresh[0].expected}")
    audible, muted = _audible(unexpected, around)
    if not audible:
        return muted
    who = _acknowledged(audible)
    if who and (path.step is not None or not _has_worse(audible)):
        return nothing(f"acknowledged by {who} before it was told")
    due, why = _due(case, path.rule, audible, told)
    if around.now < due:
        return wait(why, due)
    if quiet := _quiet(path.rule, _worst(audible), around):
        return quiet
    if path.step is not None:
        return _escalation(case, path, path.step, around)
    again = " again" if told is not None and told.ended_at is not None else ""
    return Decision(Verdict.OPEN, f"rule {path.rule.name!r} fits and nothing holds it back{again}")


def _is_news(event: Event, told: Told | None) -> bool:
    if event.state is EventState.INFO:
        return told is None or event.id not in told.events
    return event.is_open


def _why_no_news(told: Told | None) -> str:
    if told is None:
        return "it was over before it was told"
    return "its end was told" if told.ended_at is not None else "it was told; it has no end to wait for"


def _due(case: Case, rule: Rule, audible: tuple[Event, ...], told: Told | None) -> tuple[datetime, str]:
    """From when on it may be told, and why not before."""
    first = min(event.found_at for event in audible)
    if told is not None and told.ended_at is not None:
        ended = told.ended_at
        if all(event.since <= ended for event in audible):
            return first + LATE_HOLD, "it began while this lasted, which is over: told if it outlasts it"
    hold = rule.hold * damping(case)
    return first + hold, f"told once it has lasted {length_words(hold)}" + _why_damped(case)


def damping(case: Case) -> int:
    """By how much a case that comes and goes is held back: doubled by every return, sixteen times at most."""
    return 1 << min(case.turns, _MOST_DOUBLINGS)


def _why_damped(case: Case) -> str:
    return f", as it came again {case.turns} times" if case.turns else ""


def _escalation(case: Case, path: Path, step: Escalation, around: Surroundings) -> Decision:
    told = [case.told[name] for name in path.rule.channels if name in case.told]
    lasting = [one.first_at for one in told if one.ended_at is None and one.needs_end]
    if not lasting:
        return nothing(f"told only if nobody acknowledges it within {length_words(step.after)} of the first message")
    due = min(lasting) + step.after
    words = length_words(step.after)
    if around.now < due:
        return wait(f"told if nobody acknowledges it within {words}", due)
    return Decision(Verdict.ESCALATE, f"nobody acknowledged it within {words}")


# --- told, and it lasts


def _lasting(path: Path, told: Told, lasting: tuple[Event, ...], around: Surroundings) -> Decision:
    audible, muted = _audible(lasting, around)
    if not audible:
        return muted
    worst = _worst(audible)
    if quiet := _quiet(path.rule, worst, around):
        return quiet
    if worst.rank > told.severity.rank:
        return Decision(Verdict.WORSE, f"it is {worst.value} now")
    reached = places_of([event for event in audible if not event.passing], whole=path.events)
    if reached >= 2 * told.places and reached - told.places >= _LEAST_GROWTH:
        due = told.last_at + path.rule.update
        words = f"it is on {reached} routes or models now"
        if around.now < due:
            return wait(f"{words}; told at most every {length_words(path.rule.update)}", due)
        return Decision(Verdict.WORSE, f"{words}, {told.places} when it was told")
    return _again(path, told, audible, around)


def _again(path: Path, told: Told, audible: tuple[Event, ...], around: Surroundings) -> Decision:
    if who := _acknowledged(audible):
        return nothing(f"acknowledged by {who}: it is not repeated")
    if all(event.passing for event in audible):
        return nothing("the last calls of all routes together look as before it: it is not repeated")
    if path.rule.repeat is None:
        return nothing(f"told; rule {path.rule.name!r} repeats nothing")
    due = told.last_at + path.rule.repeat
    words = length_words(path.rule.repeat)
    if around.now < due:
        return wait(f"told; repeated after {words}", due)
    return Decision(Verdict.REPEAT, f"it still lasts {words} after it was told, and nobody acknowledged it")


# --- told, and it is over


def _ended(case: Case, path: Path, told: Told, around: Surroundings) -> Decision:
    ends = [event.at for event in path.events if event.state is EventState.RESOLVED]
    settle = path.rule.settle * damping(case)
    due = max(ends, default=told.last_at) + settle
    if around.now < due:
        return wait(f"over; its end is told once it has stayed so for {length_words(settle)}", due)
    # Silence was asked for about what is wrong. That it is over is told whoever asked, but not in the night.
    if quiet := _quiet(path.rule, told.severity, around):
        return quiet
    return Decision(Verdict.END, f"it has been over for {length_words(settle)}")


# --- what several of them ask


def _audible(events: tuple[Event, ...], around: Surroundings) -> tuple[tuple[Event, ...], Decision]:
    """Events that nobody muted, and what is decided where there are none."""
    mutes = (*around.rules.mutes, *around.mutes)
    muted = [(event, silence(mutes, event, around.now, around.rules.time_zone)) for event in events]
    found = [one for _, one in muted if one is not None]
    audible = tuple(event for event, one in muted if one is None)
    if audible:
        return audible, nothing("")
    mute, until = min(found, key=lambda one: one[1])
    return (), wait(mute.words, until)


def _quiet(rule: Rule, worst: Severity, around: Surroundings) -> Decision | None:
    ends = [
        end
        for hours in rule.quiet_hours
        if worst not in hours.but and (end := hours.end_of(around.now, around.rules.time_zone)) is not None
    ]
    return wait(f"quiet hours of rule {rule.name!r}", max(ends)) if ends else None


def _acknowledged(events: tuple[Event, ...]) -> str:
    return next((event.acknowledged_by for event in events if event.acknowledged_by), "")


def _has_worse(events: tuple[Event, ...]) -> bool:
    """Is one that nobody has acknowledged worse than all that somebody has?"""
    seen = max((one.severity.rank for one in events if one.acknowledged_by), default=-1)
    return any(one.severity.rank > seen for one in events)


def _worst(events: tuple[Event, ...]) -> Severity:
    return max((event.severity for event in events), key=lambda one: one.rank)


def places_of(events: Sequence[Event], whole: Sequence[Event] = ()) -> int:
    """Routes that the events concern together.

    All routes of a model are one, however many of them are known yet: those of events of all its routes, be they in
    ``events`` or in ``whole``.
    """
    models = {(event.provider, event.model) for event in (*events, *whole) if event.route == ANY}
    concerned = {(event.provider, event.model) for event in events} & models
    single = [event for event in events if (event.provider, event.model) not in models]
    named = {place for event in single for place in event.places}
    return max(1, len(concerned) + len(named) + sum(event.more_places for event in single))
