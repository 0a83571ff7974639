"""Routes where there is little to say."""

from dataclasses import replace

from api.advising.advice import Reason
from api.advising.facts import Level, Moving
from api.comparing.verdict import Verdict
from tests.api.advising.made_facts import (
    BIG,
    DEGRADED,
    SMALL,
    STAY,
    TRAFFIC,
    Scenario,
    change,
    compared,
    option,
    route,
)


def others() -> list[Scenario]:
    """Each a row of the table."""
    better = compared(error=change(Verdict.BETTER, -0.005))
    moving = Moving("0123456789abcdef0123456789abcdef", SMALL.model, "canary_25")
    return [
        Scenario(
            "migration-under-way",
            "A migration to a cheaper, proven model is under way",
            replace(route(BIG, SMALL), moving=moving),
            *(STAY, Reason.UNDER_WAY),
        ),
        Scenario(
            "migration-under-way-degraded",
            "A migration is under way, and the model of now is degraded",
            replace(route(replace(BIG, standing=DEGRADED), SMALL), moving=moving),
            *(STAY, Reason.UNDER_WAY),
        ),
        Scenario(
            "newer-model",
            "A newer model of the same price, of which the catalogue says much good",
            route(BIG, option("openai", "newest", 1_000)),
            *(STAY, Reason.NO_SAVING),
        ),
        Scenario(
            "better-but-dearer",
            "A proven model fails less and costs more; today's meets its requirements",
            route(BIG, option("openai", "best", 1_500, evidence=better)),
            *(STAY, Reason.NO_SAVING),
        ),
        Scenario(
            "smaller-or-as-large",
            "Two models are known from the catalogue only: one as large and cheaper, one smaller and cheaper still",
            route(BIG, option("openai", "tiny", 10, smaller=True), option("openai", "peer", 500)),
            *(STAY, Reason.UNPROVEN_SAVING, "openai/peer", Level.CATALOGUE_ONLY, True),
        ),
        Scenario("no-evidence-at-all", "No candidate is known", route(BIG), *(STAY, Reason.NO_CANDIDATE)),
        Scenario(
            "unpriced",
            "Today's calls have no price",
            route(option("openai", "big", None), SMALL),
            *(STAY, Reason.COST_UNKNOWN),
        ),
        Scenario(
            "candidate-unpriced",
            "The proven candidate has no price",
            route(BIG, replace(SMALL, cost=None)),
            *(STAY, Reason.NO_SAVING),
        ),
        Scenario(
            "few-calls",
            "Twelve calls in the period; a cheaper model is proven",
            route(BIG, SMALL, traffic=replace(TRAFFIC, calls=12)),
            *(STAY, Reason.FEW_CALLS),
        ),
        Scenario("not-called", "No calls", route(None), *(STAY, Reason.NOT_CALLED)),
    ]
