"""Routes that something cheaper may serve."""

from dataclasses import replace
from decimal import Decimal

from api.advising.advice import Reason
from api.advising.facts import Assumed, Seen
from api.health.models import LatencyClass
from tests.api.advising.made_facts import (
    BIG,
    CATALOGUE,
    CORRECT,
    ELSEWHERE,
    HINT,
    INDICATED,
    MIGRATE,
    PROVEN,
    SMALL,
    STAY,
    TRUTH,
    UNCLEAR,
    UNSEEN,
    WORSE,
    Scenario,
    change,
    compared,
    cost,
    option,
    route,
)


def cheaper() -> list[Scenario]:
    """Each a row of the table."""
    mix = change(UNCLEAR, reason="only 20% of the calls have like calls in the other cohort")
    slower = change(WORSE, 0.4, is_rate=False)
    fast = Seen(latency_class=LatencyClass.INTERACTIVE, p95_ms=1_600.0)
    return [
        Scenario(
            "cheaper-proven",
            "A cheaper model is proven on the route",
            route(BIG, SMALL),
            *(MIGRATE, Reason.CHEAPER, "openai/small", PROVEN),
        ),
        Scenario(
            "cheaper-unproven",
            "A cheaper model is known from the catalogue only",
            route(BIG, option("openai", "small", 400)),
            *(STAY, Reason.UNPROVEN_SAVING, "openai/small", CATALOGUE, True),
        ),
        Scenario(
            "cheaper-indicated",
            "A cheaper model was compared on like calls of another route; good is enough",
            route(BIG, replace(SMALL, evidence=HINT)),
            *(MIGRATE, Reason.CHEAPER, "openai/small", INDICATED),
        ),
        Scenario(
            "cheaper-indicated-must-be-correct",
            "The same, but answers must be correct",
            route(BIG, replace(SMALL, evidence=HINT), accuracy=CORRECT),
            *(STAY, Reason.UNPROVEN_SAVING, "openai/small", INDICATED, True),
        ),
        Scenario(
            "cheaper-proven-must-be-correct",
            "Answers must be correct; the cheaper model is proven on the route",
            route(BIG, SMALL, accuracy=CORRECT),
            *(MIGRATE, Reason.CHEAPER, "openai/small", PROVEN),
        ),
        Scenario(
            "cheaper-thin",
            "The cheaper model ran here, too little to tell",
            route(BIG, replace(SMALL, evidence=compared(refusal=change(UNCLEAR, reason="few", calls_needed=9_000)))),
            *(STAY, Reason.UNPROVEN_SAVING, "openai/small", PROVEN, True),
        ),
        Scenario(
            "bad-mix",
            "The cheaper model ran here on other calls: short ones alone",
            route(BIG, replace(SMALL, evidence=compared(error=mix))),
            *(STAY, Reason.UNPROVEN_SAVING, "openai/small", PROVEN, True),
        ),
        Scenario(
            "cheaper-worse",
            "The cheaper model refuses more",
            route(BIG, replace(SMALL, evidence=compared(refusal=change(WORSE, 0.05)))),
            *(STAY, Reason.NO_CANDIDATE),
            rejected={"openai/small": "evidence"},
        ),
        Scenario(
            "cheaper-slower",
            "The cheaper model is slower; nobody stated how fast it has to be",
            route(BIG, replace(SMALL, evidence=compared(latency=slower), seen=fast)),
            *(STAY, Reason.NO_CANDIDATE),
            rejected={"openai/small": "evidence"},
        ),
        Scenario(
            "cheaper-slower-but-fast-enough",
            "The cheaper model is slower, and certainly within the class stated",
            route(BIG, replace(SMALL, evidence=compared(latency=slower), seen=fast), latency_class="interactive"),
            *(MIGRATE, Reason.CHEAPER, "openai/small", PROVEN),
        ),
        Scenario(
            "minor-saving",
            "A proven model is 6 % cheaper, and moving costs next to nothing",
            route(BIG, option("openai", "like", 940, evidence=TRUTH)),
            *(STAY, Reason.MINOR_SAVING),
            assumed=Assumed(day_usd=Decimal(1)),
        ),
        Scenario(
            "minor-in-dollars",
            "A proven model is half as dear, moving costs next to nothing, and the route costs $40 a month",
            route(option("openai", "big", 40), option("openai", "small", 20, evidence=TRUTH)),
            *(STAY, Reason.MINOR_SAVING),
            assumed=Assumed(day_usd=Decimal(1)),
        ),
        Scenario(
            "late-payback",
            "A proven model saves $150 a month, and moving is five days of work",
            route(BIG, option("mistral", "other", 850, evidence=TRUTH)),
            *(STAY, Reason.PAYS_BACK_TOO_LATE),
        ),
        Scenario(
            "late-payback-assumed-otherwise",
            "The same, where a day of work is said to cost $200",
            route(BIG, option("mistral", "other", 850, evidence=TRUTH)),
            *(MIGRATE, Reason.CHEAPER, "mistral/other", PROVEN),
            assumed=Assumed(day_usd=Decimal(200)),
        ),
        Scenario(
            "saving-may-be-none",
            "A proven model is cheaper, but the interval of its cost reaches today's",
            route(BIG, replace(SMALL, cost=cost(600, 200, 1_050))),
            *(STAY, Reason.UNPROVEN_SAVING, "openai/small", PROVEN, True),
        ),
        Scenario(
            "proven-before-cheapest",
            "One is proven; another is cheaper still by the catalogue",
            route(BIG, option("openai", "nano", 100), SMALL),
            *(MIGRATE, Reason.CHEAPER, "openai/small", PROVEN),
        ),
        Scenario(
            "proven-before-indicated",
            "One is proven; another is cheaper still, and was compared on another route",
            route(BIG, option("openai", "nano", 100, evidence=HINT), SMALL),
            *(MIGRATE, Reason.CHEAPER, "openai/small", PROVEN),
        ),
        Scenario(
            "dominated",
            "Two are proven; one is surely cheaper, the other probably cheaper still, and faster",
            route(
                BIG,
                replace(
                    SMALL,
                    cost=cost(400, 390, 410),
                    evidence=compared(latency=change(estimate=0.02, is_rate=False)),
                ),
                option(
                    "openai",
                    "best",
                    cost=cost(380, 200, 600),
                    evidence=compared(latency=change(estimate=-0.2, is_rate=False)),
                ),
            ),
            *(MIGRATE, Reason.CHEAPER, "openai/best", PROVEN),
        ),
        Scenario(
            "cheaper-same-model",
            "The same model is cheaper at another provider, not seen there yet",
            route(BIG, replace(ELSEWHERE, cost=cost(600), standing=UNSEEN)),
            *(STAY, Reason.UNPROVEN_SAVING, "azure/big", CATALOGUE, True),
        ),
    ]
