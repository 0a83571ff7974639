"""An order of the desk as a message: in plain words, bounded, without anything that was said in a call."""

import hashlib
import shlex
from collections.abc import Iterator
from datetime import datetime

from alerts import phrases
from alerts.advice import advice
from alerts.chart import Chart
from alerts.desk import Order
from alerts.event import Event, Severity, cut
from alerts.impact import Impact
from alerts.message import Line, Message, Subject
from alerts.verdict import Verdict

MOST_SUBJECTS = 20
_MOST_TEXT = 600
_MOST_TITLE = 220
_BEFORE = {Verdict.WORSE: "Worse: ", Verdict.REPEAT: "Still: ", Verdict.ESCALATE: "Not acknowledged: "}


def compose(order: Order, now: datetime, link_base: str, impact: Impact | None, chart: Chart | None = None) -> Message:
    """The message of ``order``, with a link below ``link_base`` where there is one."""
    lines = (Line(label=label, text=cut(text, _MOST_TEXT)) for label, text in _lines(order, now, impact) if text)
    verdict, lasting = order.decision.verdict, any(event.is_open for event in order.events)
    return Message(
        key=message_key(order),
        case=order.case.id,
        channel=order.channel,
        rule=order.rule,
        verdict=verdict,
        reason=order.decision.reason,
        number=order.number,
        severity=max((event.severity for event in order.events), key=lambda one: one.rank, default=Severity.INFO),
        at=now,
        title=_title(order),
        lines=tuple(lines),
        link=_link(link_base, order.events[0]),
        subjects=tuple(_subject(event) for event in order.events[:MOST_SUBJECTS]),
        more_subjects=max(0, len(order.events) - MOST_SUBJECTS),
        ends=lasting or verdict is Verdict.END,
        chart=chart,
    )


def message_key(order: Order) -> str:
    """Follows from the case, the channel and the number of the message alone."""
    text = "\0".join((order.case.id, order.channel, str(order.number)))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _title(order: Order) -> str:
    before = _BEFORE.get(order.decision.verdict, "")
    if order.decision.verdict is Verdict.END:
        before = f"Over after {phrases.duration(order.events)}: "
    return cut(before + phrases.headline(order.events), _MOST_TITLE)


def _lines(order: Order, now: datetime, impact: Impact | None) -> Iterator[tuple[str, str]]:
    events, lead, is_end = order.events, order.events[0], order.decision.verdict is Verdict.END
    yield "What", phrases.what(lead)
    yield "Where", phrases.everywhere(events)
    yield "Environment", phrases.environments(events)
    yield "Also", phrases.further(events)
    yield "Routes", phrases.routes(events)
    if is_end:
        yield "Lasted", phrases.lasted(events)
        yield "Ended", phrases.ended(events)
    else:
        yield "Since", phrases.since(events, now)
    if lead.size is not None:
        yield "How much", phrases.how_much(lead.size, is_over=is_end)
    if not is_end:
        yield "How sure", phrases.how_sure(lead)
    yield "Carried by", ", ".join(lead.slices)
    yield "At the same time", phrases.at_the_same_time(events)
    yield "Why together", _why_together(order)
    yield "Facts", ", ".join(f"{name} {value}" for name, value in lead.facts.items() if value is not None)
    if impact is not None:
        yield "Cost", phrases.costs(impact, lead)
    yield "Acknowledged by", lead.acknowledged_by
    if not is_end:
        yield "To do", advice(lead)
        yield "To stop repeats", _how_to_acknowledge(lead)
    yield "Sent because", _why(order)


def _how_to_acknowledge(lead: Event) -> str:
    """A command for a shell: names of others are in the ids of notices."""
    waits = lead.is_open and not lead.acknowledged_by
    return f"watchkeeper alerts acknowledge {shlex.quote(lead.id)}" if waits else ""


def _why(order: Order) -> str:
    if order.decision.verdict is Verdict.OPEN:
        return f"rule {order.rule!r} fits"
    return f"{order.decision.reason} (rule {order.rule})"


def _why_together(order: Order) -> str:
    reasons = (order.case.joined.get(event.id, "") for event in order.events)
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason)) if len(order.events) > 1 else ""


def _link(base: str, lead: Event) -> str:
    return f"{base}/v1/regressions/{lead.id}" if base and _is_of_detectors(lead) else base


def _is_of_detectors(event: Event) -> bool:
    """Others have their kind in the id."""
    return ":" not in event.id


def _subject(event: Event) -> Subject:
    named = {name: getattr(event, name) for name in Subject.model_fields if name != "confidence"}
    return Subject(**named, confidence=event.sure.confidence)
