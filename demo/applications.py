"""The demo's applications: which models they call on which routes, and what watches them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from types import MappingProxyType

from demo.draw import Api


class Instrumentation(StrEnum):
    """Real packages that turn vendor calls into spans; a process each, as they patch the same client."""

    OTEL_GENAI = "opentelemetry-instrumentation-genai-openai"
    OPENINFERENCE = "openinference-instrumentation-openai"
    OPENLLMETRY = "opentelemetry-instrumentation-openai"
    ANTHROPIC_NATIVE = "anthropic"
    """The Anthropic client's own spans: no instrumentation package at all."""


@dataclass(frozen=True, slots=True)
class Workload:
    """One route of an application. ``share`` is relative to the application's other routes."""

    route: str
    model: str
    api: Api = Api.CHAT
    share: float = 1.0
    stream: bool = False
    include_usage: bool = True
    wants_json: bool = False
    tool: str = ""
    max_retries: int = 0


@dataclass(frozen=True, slots=True)
class Application:
    """A service with its routes; one worker process plays it."""

    name: str
    version: str
    instrumentation: Instrumentation
    workloads: tuple[Workload, ...]
    calls_per_second: float = 18.0


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """When to make which call, counted from the start of the traffic."""

    number: int
    at_s: float
    workload: Workload


_ALL = (
    Application(
        "checkout-bot",
        "1.4.2",
        Instrumentation.OTEL_GENAI,
        (
            Workload("answer-question", "gpt-4o-mini", share=4, stream=True),
            Workload("suggest-extras", "gpt-4o-mini", share=1, stream=True, include_usage=False),
            Workload("pick-shipping", "gpt-4.1-mini", share=3, tool="choose_shipping", max_retries=1),
            Workload("explain-refund", "gpt-5-mini", Api.RESPONSES, share=2),
        ),
        22.0,
    ),
    Application(
        "support-agent",
        "2.0.1",
        Instrumentation.OPENINFERENCE,
        (
            Workload("triage", "gpt-4.1", share=3, wants_json=True),
            Workload("draft-reply", "gpt-4o-mini", share=2, stream=True),
        ),
        16.0,
    ),
    Application(
        "doc-search",
        "0.9.0",
        Instrumentation.OPENLLMETRY,
        (
            Workload("index", "text-embedding-3-small", Api.EMBEDDINGS, share=3),
            Workload("summarise", "gpt-4.1-mini", share=3, stream=True),
            Workload("tag", "gpt-4o-mini", share=1, wants_json=True),
            Workload("condense", "house-summariser-v2", share=2),
        ),
        20.0,
    ),
    Application(
        "contract-review",
        "3.1.0",
        Instrumentation.ANTHROPIC_NATIVE,
        (
            Workload("find-clauses", "claude-sonnet-4-6", Api.MESSAGES, share=2, stream=True),
            Workload("classify", "claude-haiku-4-5", Api.MESSAGES, share=3, wants_json=True),
        ),
        12.0,
    ),
)

APPLICATIONS: Mapping[str, Application] = MappingProxyType({playing.name: playing for playing in _ALL})


def plan(application: Application, seconds: float, seed: int) -> tuple[PlannedCall, ...]:
    """Calls at random moments of ``seconds``; their number and mix depend on the arguments alone."""
    rng = Random(f"{seed}/{application.name}")
    count = round(seconds * application.calls_per_second)
    moments = sorted(rng.uniform(0, seconds) for _ in range(count))
    workloads = rng.choices(application.workloads, [w.share for w in application.workloads], k=count)
    return tuple(
        PlannedCall(number, at_s, workload)
        for number, (at_s, workload) in enumerate(zip(moments, workloads, strict=True), start=1)
    )
