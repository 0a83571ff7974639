"""Made-up facts of routes and candidates, and what a scenario is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from api.advising.advice import Decision, Reason
from api.advising.facts import (
    Assumed,
    Change,
    Evidence,
    Level,
    Model,
    MonthlyCost,
    Option,
    RouteFacts,
    Standing,
    Traffic,
    Trouble,
)
from api.comparing.verdict import Verdict
from api.health.models import LatencyClass
from api.requirements.inferring import Needs
from api.requirements.models import Accuracy, Requirements
from watchkeeper.catalog.facts import ModelFacts

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
STAY, RE_ROUTE, MIGRATE = Decision.STAY, Decision.RE_ROUTE, Decision.MIGRATE
PROVEN, INDICATED, CATALOGUE = Level.PROVEN, Level.INDICATED, Level.CATALOGUE_ONLY
CORRECT = Accuracy.MUST_BE_CORRECT


@dataclass(frozen=True, slots=True)
class Scenario:
    """A situation, and what is expected of it."""

    name: str
    situation: str
    facts: RouteFacts
    decision: Decision
    reason: Reason
    target: str = ""
    evidence: Level | None = None
    tests: bool = False
    """Is the next step a test?"""
    rejected: Mapping[str, str] = field(default_factory=dict)
    """Model → the constraint that rejects it, or of which nobody knows."""
    assumed: Assumed = Assumed()


def known(model: str, **facts: Any) -> ModelFacts:
    """What a catalogue says of an able model."""
    able = {"tools": True, "structured_output": True, "input_modalities": ("text",), "output_modalities": ("text",)}
    return ModelFacts(**{"provider": "x", "model": model, "context_tokens": 128_000, **able, **facts})


def cost(usd: float, low: float | None = None, high: float | None = None) -> MonthlyCost:
    """A month's cost; without bounds 10 % either way."""
    middle = Decimal(str(usd))
    ends = [middle * nine if end is None else Decimal(str(end)) for end, nine in zip((low, high), _TENTH, strict=True)]
    return MonthlyCost(middle, ends[0], ends[1], "made up")


_TENTH = (Decimal("0.9"), Decimal("1.1"))


def option(provider: str, model: str, usd: float | None = 1_000, **facts: Any) -> Option:
    """A model that costs so much a month for the route's calls."""
    price = None if usd is None else cost(usd)
    given = {"known": known(model), "cost": price, "usd_per_useful_call": Decimal("0.01"), **facts}
    return Option(Model(provider, model), **given)


def change(verdict: Verdict = Verdict.NOT_WORSE, estimate: float = 0.0, **more: Any) -> Change:
    """One metric."""
    return Change(verdict, estimate, estimate - 0.01, estimate + 0.01, more.pop("is_rate", True), **more)


def compared(level: Level = PROVEN, **metrics: Change) -> Evidence:
    """Both models ran; not worse in anything but what is said."""
    rates = {"error": change(), "refusal": change(), "format_failure": change()}
    changes = {**rates, "latency": change(is_rate=False), **metrics}
    routes = ("elsewhere",) if level is INDICATED else ()
    return Evidence(level, changes, (20_000, 5_000), routes, NOW - timedelta(hours=2))


TRUTH = compared()
HINT = compared(INDICATED)
WORSE, UNCLEAR = Verdict.WORSE, Verdict.CANNOT_TELL
TROUBLE = Trouble("r1", "error rate", "1 % → 9 % (7 to 11 %)", NOW - timedelta(hours=1))
DEGRADED = Standing((TROUBLE,))
SLOW = Standing((replace(TROUBLE, metric="latency", size="latency +60 % (50 to 70 %)"),))
RECOVERING = Standing((replace(TROUBLE, recovering=True),))
UNSEEN = Standing(seen=False)
BIG = option("openai", "big")
SMALL = option("openai", "small", 400, evidence=TRUTH)
ELSEWHERE = option("azure", "big", 1_000, same_model=True)
TRAFFIC = Traffic(20_000, 1_000.0, {"error": 0.01, "refusal": 0.005, "format_failure": 0.02}, 0.6)
INFERRED = Requirements(
    latency_class=LatencyClass.INTERACTIVE,
    min_context_tokens=20_000,
    output_modalities=("text",),
    structured_output=True,
    tools=False,
    accuracy=Accuracy.GOOD_ENOUGH,
)


def route(current: Option | None, *candidates: Option, traffic: Traffic = TRAFFIC, **stated: Any) -> RouteFacts:
    """A route with a model of now, candidates, and what somebody stated."""
    needs = Needs(Requirements(**stated), INFERRED)
    return RouteFacts("support", NOW, current, traffic, needs, candidates)
