"""What Watchkeeper says of the history, asked through its API: regressions, advice, alerts, cost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field

DAYS = 15
_ROUTES_AT_ONCE = "2"
"""Advice compares every model of a route with every other: an answer of a few routes comes soon."""
_RULES = {
    "channels": {"chat": {"type": "slack", "url": {"secret": "slack"}}},
    "rules": [{"name": "everything", "channels": ["chat"], "repeat": "never"}],
}
"""All that is found goes to one chat, which does not exist: the messages are those that would have gone out."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Amount(_Answer):
    """How much changed, in words."""

    text: str


class CoTimed(_Answer):
    """What else changed at that time."""

    what: str
    before: str
    after: str


class Slice(_Answer):
    """A part of the calls that carries the change."""

    dimension: str
    value: str


class Member(_Answer):
    """One metric of one series."""

    series: str
    metric: str


class Finding(_Answer):
    """A regression or finding as ``GET /v1/regressions/{id}`` tells it."""

    id: str
    kind: str
    severity: str
    state: str
    service: str
    route: str
    provider: str
    request_model: str
    model: str
    metric: str
    onset: datetime
    detected_at: datetime
    closed_at: datetime | None = None
    confidence: float
    reason: str
    size: Amount | None = None
    members: list[Member] = Field(default_factory=list)
    slices: list[Slice] = Field(default_factory=list)
    co_timed: list[CoTimed] = Field(default_factory=list)
    details: dict[str, str] = Field(default_factory=dict)


class Target(_Answer):
    """A model at a provider."""

    provider: str
    model: str


class Saving(_Answer):
    """Of a month."""

    usd: Decimal


class Advice(_Answer):
    """What is advised for one route."""

    route: str
    decision: str
    reason: str
    why: str
    target: Target | None = None
    evidence: str | None = None
    saving: Saving | None = None


class Alert(_Answer):
    """A message that would have gone out."""

    at: datetime
    verdict: str
    severity: str
    title: str


class Cost(_Answer):
    """What happened to calls and money, the totals of ``GET /v1/costs``."""

    calls: int
    successful_calls: int
    cost_usd: Decimal | None = None

    @property
    def sentence(self) -> str:
        """In words."""
        spent = "cost unknown" if self.cost_usd is None else f"${self.cost_usd:,.2f}"
        return f"{self.calls:,} calls, {self.calls - self.successful_calls:,} of no use, {spent}"


@dataclass(frozen=True, slots=True)
class Told:
    """Everything together; findings by when they were made."""

    findings: tuple[Finding, ...]
    advice: tuple[Advice, ...]
    alerts: tuple[Alert, ...]
    whole: bool = True
    """Are these all alerts? False where the preview did not get through."""


def read_told(client: httpx.Client, api: str) -> Told:
    """Ask for all of it. Raises :class:`httpx.HTTPError` where the API does not answer well."""
    ids = [row["id"] for row in _pages(client, f"{api}/v1/regressions")]
    findings = [Finding.model_validate(_get(client, f"{api}/v1/regressions/{name}")) for name in ids]
    advice = [Advice.model_validate(row) for row in _pages(client, f"{api}/v1/advice", {"limit": _ROUTES_AT_ONCE})]
    asked = client.post(f"{api}/v1/alerts/preview", json={"days": DAYS, "rules": _RULES}).raise_for_status().json()
    alerts = [Alert.model_validate(row) for row in asked["messages"]]
    return Told(
        tuple(sorted(findings, key=lambda one: (one.onset, one.detected_at))),
        tuple(advice),
        tuple(sorted(alerts, key=lambda one: one.at)),
        asked["complete"] and asked["messages_total"] == len(alerts),
    )


def read_cost(client: httpx.Client, api: str, of: Finding, until: Finding) -> Cost:
    """Of the calls that ``of`` is about, from its onset to the end of ``until``."""
    query = {"start": of.onset.isoformat(), "provider": of.provider, "request_model": of.request_model}
    query |= {name: word for name in ("service", "route") if (word := getattr(of, name)) != "*"}
    if until.closed_at is not None:
        query["end"] = until.closed_at.isoformat()
    return Cost.model_validate(_get(client, f"{api}/v1/costs", query)["totals"])


def _pages(client: httpx.Client, url: str, query: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    cursor: str | None = ""
    while cursor is not None:
        page = _get(client, url, {**(query or {}), **({"cursor": cursor} if cursor else {})})
        yield from page["rows"]
        cursor = page.get("next_cursor") or None


def _get(client: httpx.Client, url: str, query: dict[str, str] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(url, params=query).raise_for_status().json()
    return answer
