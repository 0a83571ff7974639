"""Routes that were re-routed away from a model that was degraded."""

from dataclasses import replace
from datetime import timedelta

from api.advising.advice import Reason
from api.advising.facts import Away, Model, Option, RouteFacts
from tests.api.advising.made_facts import BIG, DEGRADED, NOW, PROVEN, RE_ROUTE, STAY, TRUTH, Scenario, option, route

LEFT = Away(Model("openai", "big"), "r1", NOW - timedelta(hours=30), None, 5)
CLOSED = replace(LEFT, closed_at=NOW - timedelta(hours=3))
OVER = replace(LEFT, closed_at=NOW - timedelta(hours=24))
WELL = replace(BIG, same_model=True, evidence=TRUTH)


def away() -> list[Scenario]:
    """Each a row of the table."""
    sick = replace(WELL, standing=DEGRADED)
    return [
        Scenario(
            "away-still-degraded",
            "Re-routed; what was left is degraded still and has 5 % of the calls",
            _away(LEFT, sick),
            *(STAY, Reason.AWAY),
        ),
        Scenario(
            "away-without-calls",
            "Re-routed; what was left has no calls, so that nobody sees it recover",
            _away(replace(LEFT, share=0), sick),
            *(STAY, Reason.AWAY),
        ),
        Scenario(
            "away-just-closed",
            "Re-routed; the regression of what was left is closed since three hours",
            _away(CLOSED, WELL),
            *(STAY, Reason.AWAY),
        ),
        Scenario(
            "away-over",
            "Re-routed; the regression of what was left is closed since a day",
            _away(OVER, WELL),
            *(RE_ROUTE, Reason.RECOVERED, "openai/big", PROVEN),
        ),
        Scenario(
            "away-degraded-anew",
            "The same, but it is degraded anew by something else",
            _away(OVER, sick),
            *(STAY, Reason.NO_CANDIDATE),
            rejected={"openai/big": "health"},
        ),
        Scenario(
            "away-for-good",
            "Re-routed three weeks ago: where calls go now is where they belong",
            _away(replace(OVER, since=NOW - timedelta(days=21)), WELL),
            *(STAY, Reason.NO_SAVING),
        ),
    ]


def _away(left: Away, *candidates: Option) -> RouteFacts:
    return replace(route(option("azure", "big"), *candidates), away=left)
