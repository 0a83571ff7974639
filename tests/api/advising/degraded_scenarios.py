"""Routes whose model is degraded now."""

from dataclasses import replace

from api.advising.advice import Reason
from tests.api.advising.made_facts import (
    BIG,
    CATALOGUE,
    CORRECT,
    DEGRADED,
    ELSEWHERE,
    PROVEN,
    RE_ROUTE,
    RECOVERING,
    SLOW,
    SMALL,
    STAY,
    UNCLEAR,
    UNSEEN,
    WORSE,
    Scenario,
    change,
    compared,
    option,
    route,
)


def degraded() -> list[Scenario]:
    """Each a row of the table."""
    sick = replace(BIG, standing=DEGRADED)
    slower = compared(latency=change(WORSE, 0.12, is_rate=False))
    thin = compared(error=change(UNCLEAR, reason="the interval is wide", calls_needed=40_000))
    return [
        Scenario(
            "degraded-same-model-elsewhere",
            "Degraded now; the same model is in use at another provider; a cheaper proven one too",
            route(sick, SMALL, ELSEWHERE),
            *(RE_ROUTE, Reason.DEGRADED, "azure/big", CATALOGUE),
        ),
        Scenario(
            "degraded-proven-alternative",
            "Degraded now; another model is proven on the route",
            route(sick, SMALL),
            *(RE_ROUTE, Reason.DEGRADED, "openai/small", PROVEN),
        ),
        Scenario(
            "degraded-alternative-too",
            "Degraded now, and so is the only alternative",
            route(sick, replace(SMALL, standing=DEGRADED)),
            *(STAY, Reason.DEGRADED_NO_ALTERNATIVE),
            rejected={"openai/small": "health"},
        ),
        Scenario(
            "degraded-alternative-recovering",
            "Degraded now; the alternative is only just recovering",
            route(sick, replace(SMALL, standing=RECOVERING)),
            *(STAY, Reason.DEGRADED_NO_ALTERNATIVE),
            rejected={"openai/small": "health"},
        ),
        Scenario(
            "degraded-alternative-unproven",
            "Degraded now; another model is known from the catalogue only",
            route(sick, option("openai", "small", 400, standing=UNSEEN)),
            *(STAY, Reason.DEGRADED_NO_ALTERNATIVE, "openai/small", CATALOGUE, True),
        ),
        Scenario(
            "degraded-same-model-never-called",
            "Degraded now; the same model is sold elsewhere, where no call of yours ever went",
            route(sick, replace(ELSEWHERE, standing=UNSEEN)),
            *(STAY, Reason.DEGRADED_NO_ALTERNATIVE, "azure/big", CATALOGUE, True),
        ),
        Scenario(
            "degraded-must-be-correct",
            "Degraded now; answers must be correct; the same model elsewhere was not compared here, another model was",
            route(sick, ELSEWHERE, SMALL, accuracy=CORRECT),
            *(RE_ROUTE, Reason.DEGRADED, "openai/small", PROVEN),
        ),
        Scenario(
            "degraded-must-be-correct-thin",
            "Degraded now; answers must be correct; the comparison cannot tell",
            route(sick, replace(SMALL, evidence=thin), accuracy=CORRECT),
            *(STAY, Reason.DEGRADED_NO_ALTERNATIVE, "openai/small", PROVEN, True),
        ),
        Scenario(
            "degraded-privacy",
            "Degraded now; the same model elsewhere is outside the providers that are allowed",
            route(sick, ELSEWHERE, providers=("openai",)),
            *(STAY, Reason.DEGRADED_NO_ALTERNATIVE),
            rejected={"azure/big": "providers"},
        ),
        Scenario(
            "degraded-alternative-slower",
            "Calls fail now; the proven alternative is 12 % slower",
            route(sick, replace(SMALL, evidence=slower)),
            *(RE_ROUTE, Reason.DEGRADED, "openai/small", PROVEN),
        ),
        Scenario(
            "degraded-alternative-slower-or-not",
            "Calls fail now; one proven alternative is slower and cheaper, the other is not worse in anything",
            route(sick, replace(SMALL, evidence=slower), option("openai", "dear", 1_200, evidence=compared())),
            *(RE_ROUTE, Reason.DEGRADED, "openai/dear", PROVEN),
        ),
        Scenario(
            "slow-alternative-slower",
            "Slow now; the proven alternative is slower still",
            route(replace(BIG, standing=SLOW), replace(SMALL, evidence=slower)),
            *(STAY, Reason.DEGRADED_NO_ALTERNATIVE),
            rejected={"openai/small": "evidence"},
        ),
        Scenario(
            "degraded-alternative-fails-more",
            "Calls fail now; the proven alternative refuses more",
            route(sick, replace(SMALL, evidence=compared(refusal=change(WORSE, 0.05)))),
            *(STAY, Reason.DEGRADED_NO_ALTERNATIVE),
            rejected={"openai/small": "evidence"},
        ),
        Scenario(
            "recovering",
            "The model of now is recovering already",
            route(replace(BIG, standing=RECOVERING), ELSEWHERE),
            *(STAY, Reason.NO_SAVING),
        ),
    ]
