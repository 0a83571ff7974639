"""Routes whose requirements decide."""

from dataclasses import replace
from typing import Any

from api.advising.advice import Reason
from api.advising.facts import Option, Seen
from api.health.models import LatencyClass
from tests.api.advising.made_facts import (
    BIG,
    CATALOGUE,
    DEGRADED,
    HINT,
    MIGRATE,
    PROVEN,
    SMALL,
    STAY,
    TRUTH,
    Scenario,
    cost,
    known,
    option,
    route,
)


def constraints() -> list[Scenario]:
    """Each a row of the table."""

    def small(**facts: Any) -> Option:
        return replace(SMALL, **facts)

    vllm = option("vllm", "own", 200, evidence=TRUTH)
    return [
        Scenario(
            "context-too-small",
            "The cheaper model's context is below what the calls need",
            route(BIG, small(known=known("small", context_tokens=16_000))),
            *(STAY, Reason.NO_CANDIDATE),
            rejected={"openai/small": "context"},
        ),
        Scenario(
            "context-unknown",
            "Nobody knows the context of the cheaper model, seen elsewhere",
            route(BIG, small(known=known("small", context_tokens=None), evidence=HINT)),
            *(STAY, Reason.NO_CANDIDATE),
            rejected={"openai/small": "context"},
        ),
        Scenario(
            "context-seen",
            "The catalogue does not know it, but it took calls of that size here",
            route(BIG, small(known=None, seen=Seen(largest_tokens=25_000, structured_output=True))),
            *(MIGRATE, Reason.CHEAPER, "openai/small", PROVEN),
        ),
        Scenario(
            "no-structured-output",
            "The cheaper model keeps to no schema, and the calls ask for one",
            route(BIG, small(known=known("small", structured_output=False))),
            *(STAY, Reason.NO_CANDIDATE),
            rejected={"openai/small": "structured_output"},
        ),
        Scenario(
            "no-tools",
            "Tools are required; whether the cheaper model calls them is not known",
            route(BIG, small(known=known("small", tools=None)), tools=True),
            *(STAY, Reason.NO_CANDIDATE),
            rejected={"openai/small": "tools"},
        ),
        Scenario(
            "no-images",
            "Prompts carry images; the cheaper model reads text alone",
            route(BIG, small(), input_modalities=("text", "image")),
            *(STAY, Reason.REQUIREMENTS_MISSED_NO_CANDIDATE),
            rejected={"openai/small": "input_modalities"},
        ),
        Scenario(
            "self-hosted-only",
            "Calls must stay in the house; one candidate does, a cheaper one does not",
            route(option("vllm", "big"), SMALL, replace(vllm, cost=cost(500)), self_hosted_only=True),
            *(MIGRATE, Reason.CHEAPER, "vllm/own", PROVEN),
            rejected={"openai/small": "self_hosted_only"},
        ),
        Scenario(
            "whose-machines",
            "Calls must stay in the house; the provider's name does not say whose machines",
            route(option("vllm", "big"), option("custom", "own", 200, evidence=TRUTH), self_hosted_only=True),
            *(STAY, Reason.NO_CANDIDATE),
            rejected={"custom/own": "self_hosted_only"},
        ),
        Scenario(
            "region-unknown",
            "The region is prescribed, and nobody said where the provider answers",
            route(
                BIG,
                option("mistral", "other", 300, evidence=TRUTH),
                regions=("eu",),
                provider_regions={"openai": ("eu",)},
            ),
            *(STAY, Reason.NO_CANDIDATE),
            rejected={"mistral/other": "regions"},
        ),
        Scenario(
            "region-stated",
            "The region is prescribed, and stated for the provider",
            route(
                BIG,
                option("mistral", "other", 300, evidence=TRUTH),
                regions=("eu",),
                provider_regions={"openai": ("eu",), "mistral_ai": ("eu",)},
            ),
            *(MIGRATE, Reason.CHEAPER, "mistral/other", PROVEN),
        ),
        Scenario(
            "over-budget",
            "Over its budget; a proven model is below it",
            route(BIG, SMALL, max_usd_per_month="800"),
            *(MIGRATE, Reason.REQUIREMENTS_MISSED, "openai/small", PROVEN),
        ),
        Scenario(
            "too-slow",
            "Slower than stated; a faster model is known from the catalogue only",
            route(
                replace(BIG, seen=Seen(latency_class=LatencyClass.BATCH, p95_ms=14_000.0)),
                option("openai", "quick", 1_200),
                latency_class="interactive",
            ),
            *(STAY, Reason.REQUIREMENTS_MISSED_UNPROVEN, "openai/quick", CATALOGUE, True),
        ),
        Scenario(
            "candidate-too-slow",
            "The cheaper model certainly misses the class that today's calls meet",
            route(BIG, small(seen=Seen(latency_class=LatencyClass.NEAR_REAL_TIME, p95_ms=6_000.0))),
            *(STAY, Reason.NO_CANDIDATE),
            rejected={"openai/small": "latency_class"},
        ),
        Scenario(
            "candidate-degraded",
            "The cheaper, proven model is degraded now",
            route(BIG, small(standing=DEGRADED)),
            *(STAY, Reason.NO_CANDIDATE),
            rejected={"openai/small": "health"},
        ),
    ]
