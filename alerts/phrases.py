"""Events in words: what, where, since when, how much, how sure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.amounts import amount, moment, money, span
from alerts.event import EffectSize, Event
from alerts.impact import Impact
from alerts.length import length_words
from watchkeeper.series_id import ANY

_NAMED = 8
_SAME = timedelta(minutes=2)
_METRICS = {
    "error": "errors",
    "timeout": "timeouts",
    "rate_limit": "calls turned away (429)",
    "refusal": "refusals",
    "truncation": "answers cut off",
    "format_failure": "answers in a wrong format",
    "empty": "empty answers",
    "cache_miss": "calls that miss the prompt cache",
    "failure": "calls that failed",
}


def metric_words(metric: str) -> str:
    """A metric as people call it."""
    return _METRICS.get(metric, metric.replace("_", " "))


def what(event: Event) -> str:
    """What happened, with its size where it has one."""
    size = event.size
    if event.kind != "regression" or size is None or not event.metric:
        return event.what
    before, after = amount(size.before, size.unit), amount(size.after, size.unit)
    change = "" if size.unit == "share" or size.ratio is None else f" {size.ratio - 1:+.0%}:"
    among = " of calls" if size.unit == "share" else ""
    return f"{metric_words(event.metric)}{change} {before} → {after}{among}"


def headline(events: Sequence[Event]) -> str:
    """All of them in one line; the first is the worst."""
    lead = events[0]
    kind = "outage: " if lead.kind == "outage" else ""
    providers = _providers(events)
    if len(providers) > 1:
        return f"{len(providers)} providers affected ({_listed(providers, 4)}): {kind}{what(lead)}"
    models = _models(events)
    if len(models) > 1:
        of = f"{providers[0]}: " if providers else ""
        return f"{of}{len(models)} models affected ({_listed(models, 3)}): {kind}{what(lead)}"
    place = where(lead)
    told = f"{what(lead)}, {place}" if place and place not in what(lead) else what(lead)
    more = f", and {len(events) - 1} more of the same cause" if len(events) > 1 else ""
    return kind + told + more


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


def everywhere(events: Sequence[Event]) -> str:
    """Where all of them are: each model once."""
    models = list(dict.fromkeys((event.provider, event.model) for event in events if event.model not in ("", ANY)))
    if len(models) < 2:
        return where(events[0])
    return _listed(["/".join(part for part in model if part) for model in models], _NAMED)


def environments(events: Sequence[Event]) -> str:
    """Environments that are concerned, each once."""
    return _listed(list(dict.fromkeys(name for event in events for name in event.environments)), _NAMED)


def further(events: Sequence[Event]) -> str:
    """What happened besides the first, and where."""
    return _listed([f"{where(event)}: {what(event)}" for event in events[1:]], 3, "; ")


def routes(events: Sequence[Event]) -> str:
    """Every route by name, as far as there is room; empty where :func:`where` has said it."""
    named = sorted({place for event in events for place in event.places})
    if len(events) == 1 and events[0].route != ANY and len(named) < 2:
        return ""
    more = sum(event.more_places for event in events)
    text = _listed(named, _NAMED)
    return f"{text} and {more} more" if more and text else text


def since(events: Sequence[Event], now: datetime) -> str:
    """When it began, how exactly that is known, and how long ago it is."""
    first = surest(events)
    text = f"{moment(first.since)}, {length_words(now - first.since)} ago"
    if first.since_high - first.since_low > _SAME:
        text += f"; not known exactly: {span(first.since_low, first.since_high)}"
    return text


def surest(events: Sequence[Event]) -> Event:
    """The event whose begin is known best: of one cause all began together; some are noticed with few calls only."""
    return min(events, key=lambda event: (max(event.since_high - event.since_low, _SAME), event.since))


def duration(events: Sequence[Event]) -> str:
    """From the begin until the calls looked as before."""
    return length_words(_as_before(events) - surest(events).since)


def lasted(events: Sequence[Event]) -> str:
    """From when to when, and when the end was certain, if that was later."""
    begin, back, end = surest(events).since, _as_before(events), max(event.at for event in events)
    text = f"{span(begin, back)}, {duration(events)}"
    certain = f"; certain{' for each route' if events[0].route == ANY else ''} at {moment(end)}"
    return text + certain if end - back > _SAME else text


def _as_before(events: Sequence[Event]) -> datetime:
    """When the calls of all routes together looked as before, or it was over."""
    return max(event.passing_since or event.at for event in events)


def ended(events: Sequence[Event]) -> str:
    """Why it is over: of several, the last."""
    last = max(events, key=lambda event: event.at)
    return f"{last.reason} (the last of {len(events)})" if len(events) > 1 and last.reason else last.reason


def how_much(size: EffectSize, *, is_over: bool = False) -> str:
    """After against before, with the interval."""
    before, after, low, high = (amount(value, size.unit) for value in (size.before, size.after, size.low, size.high))
    return f"{after} {'while it lasted' if is_over else 'now'} (95 % interval {low} to {high}), {before} before"


def how_sure(event: Event) -> str:
    """Confidence and what it stands on; empty where nothing is known."""
    parts = []
    if event.sure.confidence is not None:
        parts.append(f"{event.sure.confidence:.1%} of such alarms are real")
    if event.sure.calls:
        parts.append(f"{event.sure.calls:,} calls decided it")
    if event.sure.by_chance_days:
        parts.append(f"by chance about once in {event.sure.by_chance_days:,.0f} days")
    return "; ".join(parts)


def at_the_same_time(events: Sequence[Event]) -> str:
    """What else changed."""
    marks = dict.fromkeys(mark for event in events for mark in event.marks)
    said = [f"{m.what} {f'{m.before} → ' if m.before else ''}{m.after} at {moment(m.at)}" for m in marks]
    return _listed(said, 3)


def costs(impact: Impact, lead: Event) -> str:
    """Failures, calls and money since the begin."""
    if not impact.calls:
        return "no call is stored since then"
    text = f"{impact.failed:,} of {impact.calls:,} calls since then failed; "
    if impact.spent_usd is None:
        return text + "what they cost is not known"
    left_out = f" ({impact.unpriced:,} without a price left out)" if impact.unpriced else ""
    return f"{text}they cost {money(impact.spent_usd)}{left_out}{_more_than_before(impact, lead)}"


def _more_than_before(impact: Impact, lead: Event) -> str:
    """Of a change of what a call costs."""
    if lead.metric != "cost" or lead.size is None or lead.size.unit != "USD":
        return ""
    more = Decimal(repr(lead.size.after - lead.size.before)) * (impact.calls - impact.failed - impact.unpriced)
    return f", about {money(abs(more))} {'more' if more > 0 else 'less'} than before"


def _providers(events: Sequence[Event]) -> list[str]:
    return sorted({event.provider for event in events if event.provider not in ("", ANY)})


def _models(events: Sequence[Event]) -> list[str]:
    return sorted({event.model for event in events if event.model not in ("", ANY)})


def _listed(words: Sequence[str], most: int, between: str = ", ") -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return between.join(words[:most]) + more
