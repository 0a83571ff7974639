"""What messages say of one event and of many, of their begin, their end and their cost."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from alerts import phrases
from alerts.event import EffectSize
from alerts.from_regression import regression_event
from alerts.impact import Impact
from tests.alerts.made_events import at, event
from tests.alerts.service_bench import transition


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "errors 1.00% → 12% of calls"),
        ({"metric": "rate_limit"}, "calls turned away (429) 1.00% → 12% of calls"),
        (
            {
                "metric": "time_to_first_token",
                "size": EffectSize(before=0.38, after=0.474, low=0.4, high=0.5, ratio=1.247, unit="s"),
            },
            "time to first token +25%: 0.38 s → 0.474 s",
        ),
        (
            {
                "metric": "input_tokens",
                "size": EffectSize(before=999.7, after=18_512.4, low=18_000, high=19_000, ratio=18.5, unit="tokens"),
            },
            "input tokens +1750%: 1,000 tokens → 18,512 tokens",
        ),
        ({"size": None}, "errors 1.0 % → 12 %"),
        ({"kind": "budget", "what": "half is spent"}, "half is spent"),
    ],
    ids=["rate", "named as people say", "value", "large", "no size", "notice"],
)
def test_what_happened_is_said_as_people_say_it(changes: dict[str, Any], words: str) -> None:
    assert phrases.what(event("r1", at(), **changes)) == words


def test_several_models_are_named_once_and_what_else_happened_with_its_place() -> None:
    events = [event(f"r{n}", at(), model=f"m{n % 2}", route=str(n), kind="outage", what=f"w{n}") for n in range(5)]
    assert phrases.everywhere(events) == "openai/m0, openai/m1"
    said = "openai/m1 (served by gpt-x) on shop/1: w1"
    assert phrases.further(events).startswith(said) and phrases.further(events).endswith(" and 1 more")
    assert phrases.headline(events) == "openai: 2 models affected (m0, m1): outage: w0"
    assert phrases.routes(events[:1]) == ""
    placed = [event("r1", at(), environments=("prod", "eu")), event("r2", at(), environments=("prod",))]
    assert phrases.environments(placed) == "prod, eu"


def test_the_begin_that_is_known_best_counts() -> None:
    vague = event("r1", at(), since=at(hours=-8), since_low=at(hours=-30), since_high=at(minutes=30))
    sure = event("o1", at(), since=at(minutes=-2))
    assert phrases.since([vague, sure], at()) == "2026-05-31 23:58 UTC, 2 min ago"
    assert phrases.since([vague], at()).endswith("8 h ago; not known exactly: 2026-05-30 18:00 to 2026-06-01 00:30 UTC")


SPENT = Impact(calls=100, failed=5, spent_usd=Decimal(3), unpriced=15)


@pytest.mark.parametrize(
    ("impact", "words"),
    [
        (SPENT, "5 of 100 calls since then failed; they cost $3.00 (15 without a price left out)"),
        (Impact(100, 5, None, 100), "5 of 100 calls since then failed; what they cost is not known"),
        (Impact(0, 0, None, 0), "no call is stored since then"),
    ],
    ids=["known", "unpriced", "no calls"],
)
def test_what_it_cost_is_said_or_said_not_to_be_known(impact: Impact, words: str) -> None:
    assert phrases.costs(impact, event("r1", at())) == words


def test_dearer_calls_say_how_much_more_they_cost() -> None:
    size = EffectSize(before=0.01, after=0.035, low=0.03, high=0.04, ratio=3.5, unit="USD")
    said = phrases.costs(SPENT, event("r1", at(), metric="cost", size=size))
    assert said.endswith(", about $2.00 more than before")


def member(route: str, state: str) -> dict[str, str]:
    return {"series": f"shop|{route}|openai|gpt-x|gpt-x", "state": state}


@pytest.mark.parametrize(
    ("members", "passing"),
    [
        ([member("*", "open"), member("buy", "closed")], False),
        ([member("*", "closed"), member("*", "recovering"), member("buy", "open")], True),
        ([member("*", "closed"), member("*", "open")], False),
        ([member("buy", "closed"), member("pay", "open")], False),
        ([], False),
    ],
    ids=["as bad", "single routes lag", "one metric lags", "only routes", "none"],
)
def test_it_passes_when_all_routes_together_look_as_before(members: list[dict[str, str]], passing: bool) -> None:
    row = transition("r1", at(), record=orjson.dumps({"members": members}).decode())
    assert regression_event(row).passing is passing


def test_a_part_of_the_calls_that_is_all_of_them_is_not_told() -> None:
    parts = [{"dimension": "model", "value": "gpt-x"}, {"dimension": "region", "value": "eu"}]
    slices = [{**part, "share": 1.0, "calls": 47} for part in parts]
    made = regression_event(transition("r1", at(), record=orjson.dumps({"slices": slices}).decode()))
    assert made.slices == ("region eu (100% of it, 47 calls)",)
    assert made.found_at - made.since == timedelta(minutes=5)
