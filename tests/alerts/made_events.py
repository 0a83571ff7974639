"""Made-up events, rules and times for tests of alerts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from alerts.event import EffectSize, Event, EventState, Mark, Severity
from alerts.replay import Arrival
from alerts.rules import Rules

START = datetime(2026, 6, 1, tzinfo=UTC)
"""A Monday."""
SECRETS = {"hook": SecretStr("https://hooks.example.com/T000/B000/xyz"), "key": SecretStr("k" * 32)}
CHANNELS: dict[str, Any] = {
    "chat": {"type": "slack", "url": {"secret": "hook"}},
    "oncall": {"type": "pagerduty", "routing_key": {"secret": "key"}},
}


def at(**passed: float) -> datetime:
    """So long after :data:`START`, e.g. ``hours=2``."""
    return START + timedelta(**passed)


def rules(*made: dict[str, Any], **others: Any) -> Rules:
    """Rules with the channels ``chat`` and ``oncall``; without any, everything goes to the chat."""
    wanted = [
        {"name": f"rule {number}", "channels": ["chat"], "hold": "2m", **one}
        for number, one in enumerate(made or ({},), 1)
    ]
    raw = {"channels": CHANNELS, "rules": wanted, **others}
    return Rules.model_validate(raw, context={"secrets": SECRETS})


def event(name: str, when: datetime, **fields: Any) -> Event:
    """A regression of the error rate of ``openai/gpt-x`` on ``shop/buy`` that began ten minutes before ``when``."""
    since = fields.pop("since", when - timedelta(minutes=10))
    made: dict[str, Any] = {
        "id": name,
        "seq": 1,
        "kind": "regression",
        "severity": Severity.CRITICAL,
        "state": EventState.OPEN,
        "at": when,
        "found_at": when,
        "since": since,
        "since_low": since,
        "since_high": since,
        "what": "errors 1.0 % → 12 %",
        "reason": "an alarm",
        "service": "shop",
        "route": "buy",
        "provider": "openai",
        "model": "gpt-x",
        "served": "gpt-x",
        "metric": "error",
        "places": ("shop/buy",),
        "size": EffectSize(before=0.01, after=0.12, low=0.1, high=0.15, ratio=12.0, unit="share"),
    }
    return Event(**{**made, **fields})


def ended(opened: Event, when: datetime, reason: str = "as before again") -> Event:
    """The end of ``opened``."""
    return step(opened, when, state=EventState.RESOLVED, reason=reason)


def step(before: Event, when: datetime, **changes: Any) -> Event:
    """The next step of ``before``."""
    return before.model_copy(update={"seq": before.seq + 1, "at": when, **changes})


def mark(what: str, after: str, when: datetime) -> Mark:
    """Something else that changed."""
    return Mark(what=what, before="", after=after, at=when)


def arrivals(*events: Event) -> list[Arrival]:
    """Each event arrives when it happened."""
    return sorted((Arrival(one.at, one) for one in events), key=lambda one: one.at)
