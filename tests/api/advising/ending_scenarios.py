"""Routes whose model will not stay."""

from dataclasses import replace
from datetime import date
from typing import Any

from api.advising.advice import Reason
from api.advising.facts import Option
from tests.api.advising.made_facts import (
    BIG,
    CATALOGUE,
    DEGRADED,
    ELSEWHERE,
    HINT,
    INDICATED,
    MIGRATE,
    PROVEN,
    RE_ROUTE,
    STAY,
    TRAFFIC,
    TRUTH,
    Scenario,
    known,
    option,
    route,
)


def ending() -> list[Scenario]:
    """Each a row of the table."""

    def ends(**facts: Any) -> Option:
        return replace(BIG, known=known("big", **facts))

    soon = ends(retirement_date=date(2027, 2, 1))
    return [
        Scenario(
            "retires-proven",
            "Retires in ten weeks; a dearer model is proven",
            route(soon, option("openai", "next", 1_300, evidence=TRUTH)),
            *(MIGRATE, Reason.ENDING, "openai/next", PROVEN),
        ),
        Scenario(
            "retires-no-evidence",
            "Retires in ten weeks; nothing was compared, the provider names a successor",
            route(
                ends(retirement_date=date(2027, 2, 1), replacement="next"),
                option("openai", "cheap", 300),
                option("openai", "next", 900),
            ),
            *(MIGRATE, Reason.ENDING, "openai/next", CATALOGUE, True),
        ),
        Scenario(
            "deprecated-no-date",
            "Deprecated without a date; a candidate was seen on another route",
            route(ends(deprecated=True), option("openai", "next", 900, evidence=HINT)),
            *(MIGRATE, Reason.ENDING, "openai/next", INDICATED),
        ),
        Scenario(
            "deprecated-nothing-fits",
            "Deprecated; no candidate's context is large enough",
            route(ends(deprecated=True), option("openai", "tiny", 10, known=known("tiny", context_tokens=8_000))),
            *(MIGRATE, Reason.ENDING),
            rejected={"openai/tiny": "context"},
        ),
        Scenario(
            "retires-in-years",
            "Retires in two years: no reason yet",
            route(ends(retirement_date=date(2028, 11, 1)), option("openai", "next", 1_300, evidence=TRUTH)),
            *(STAY, Reason.NO_SAVING),
        ),
        Scenario(
            "deprecated-few-calls",
            "Deprecated, hardly called, a successor from the catalogue",
            route(ends(deprecated=True), option("openai", "next"), traffic=replace(TRAFFIC, calls=10)),
            *(MIGRATE, Reason.ENDING, "openai/next", CATALOGUE, True),
        ),
        Scenario(
            "deprecated-successor-deprecated",
            "Deprecated, and so is the only successor",
            route(ends(deprecated=True), option("openai", "next", known=known("next", deprecated=True))),
            *(MIGRATE, Reason.ENDING),
            rejected={"openai/next": "deprecation"},
        ),
        Scenario(
            "degraded-and-ending",
            "Degraded now and deprecated; the same model is in use elsewhere: out of the fire first",
            route(replace(ends(deprecated=True), standing=DEGRADED), replace(ELSEWHERE, known=known("big"))),
            *(RE_ROUTE, Reason.DEGRADED, "azure/big", CATALOGUE),
        ),
        Scenario(
            "degraded-and-ending-no-alternative",
            "Degraded now and deprecated; nothing is proven: the plan still comes",
            route(replace(ends(deprecated=True), standing=DEGRADED), option("openai", "next")),
            *(MIGRATE, Reason.ENDING, "openai/next", CATALOGUE, True),
        ),
    ]
