"""Events in words: what, where, since when, how much, how sure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.event import EffectSize, Event
from alerts.impact import Impact
from alerts.length import length_words
from watchkeeper.series_id import ANY

_NAMED = 8
_SAME = timedelta(seconds=60)


def headline(events: Sequence[Event]) -> str:
    """All of them in one line; the first is the worst."""
    lead = events[0]
    if len(events) == 1:
        place = where(lead)
        return f"{lead.what}, {place}" if place and place not in lead.what else lead.what
    providers = sorted({event.provider for event in events if event.provider not in ("", ANY)})
    models = sorted({event.model for event in events if event.model not in ("", ANY)})
    if len(models) > 1 and len(providers) == 1:
        return f"{providers[0]}: {len(models)} models affected: {_listed(models, 3)}; first: {lead.what}"
    if len(providers) > 1:
        return f"{len(providers)} providers affected: {_listed(providers, 4)}; first: {lead.what}"
    return f"{headline(events[:1])}, and {len(events) - 1} more of the same cause"


def where(event: Event) -> str:
    """The model and its routes in few words; empty where neither is known."""
    if event.whole_fleet:
        return "all models"
    model = "/".join(part for part in (event.provider, event.model) if part)
    served = f" (served by {event.served})" if event.served not in ("", ANY, event.model) else ""
    if event.route == ANY:
        return f"{model}{served} on all routes"
    place = "/".join(part for part in (event.service, event.route) if part)
    return f"{model}{served} on {place}" if place and model else model + served or place


def routes(events: Sequence[Event]) -> str:
    """Every route by name, as far as there is room."""
    named = sorted({place for event in events for place in event.places})
    more = sum(event.more_places for event in events)
    text = _listed(named, _NAMED)
    return f"{text} and {more} more" if more and text else text


def since(events: Sequence[Event], now: datetime) -> str:
    """The earliest begin, how exactly it is known, and how long ago that is."""
    first = min(events, key=lambda event: event.since)
    text = f"{moment(first.since)}, {length_words(now - first.since)} ago"
    if first.since_high - first.since_low > _SAME:
        text += f" (between {moment(first.since_low)} and {moment(first.since_high)})"
    return text


def lasted(events: Sequence[Event]) -> str:
    """From the earliest begin to the last end."""
    begin, end = min(event.since for event in events), max(event.at for event in events)
    return f"{moment(begin)} to {moment(end)}, {length_words(end - begin)}"


def how_much(size: EffectSize) -> str:
    """After against before, with the interval."""
    before, after, low, high = (amount(value, size.unit) for value in (size.before, size.after, size.low, size.high))
    return f"{after} now (95 % interval {low} to {high}), {before} before"


def how_sure(event: Event) -> str:
    """Confidence and what it stands on; empty where nothing is known."""
    parts = []
    if event.sure.confidence is not None:
        parts.append(f"{event.sure.confidence:.1%} of such alarms are real")
    if event.sure.calls:
        parts.append(f"from {event.sure.calls:,} calls")
    if event.sure.by_chance_days:
        parts.append(f"by chance once in {event.sure.by_chance_days:,.0f} days")
    return ", ".join(parts)


def at_the_same_time(events: Sequence[Event]) -> str:
    """What else changed."""
    marks = dict.fromkeys(mark for event in events for mark in event.marks)
    said = [f"{m.what} {f'{m.before} → ' if m.before else ''}{m.after} at {moment(m.at)}" for m in marks]
    return _listed(said, 3)


def costs(impact: Impact) -> str:
    """Calls, failures and money since the begin."""
    text = f"{impact.calls:,} calls since then, {impact.failed:,} of them failed; "
    if impact.spent_usd is None:
        return text + "what they cost is not known" if impact.calls else text + "nothing was spent"
    left_out = f", {impact.unpriced:,} calls without a price left out" if impact.unpriced else ""
    return text + f"they cost {money(impact.spent_usd)}{left_out}"


def amount(value: float, unit: str) -> str:
    """``value`` with its unit."""
    if unit == "share":
        return f"{value:.2%}" if value < 0.1 else f"{value:.0%}"
    if unit == "USD":
        return money(Decimal(repr(value)))
    return f"{value:,.3g} {unit}".rstrip()


def money(value: Decimal) -> str:
    """Dollars; small amounts with two digits that count."""
    return f"${value:,.2f}" if abs(value) >= 1 or value == 0 else f"${value:.2g}"


def moment(at: datetime) -> str:
    """UTC, to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _listed(words: Sequence[str], most: int) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
