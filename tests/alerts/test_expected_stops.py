"""A model that a route's weights left is silent, and nobody is woken; every other silence is told."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.case import new_case
from alerts.decide import Path, Surroundings, decide
from alerts.event import Event
from alerts.expected_stops import ExpectedStops, why_left
from alerts.rules import Rules
from alerts.usage import Usage
from alerts.verdict import Verdict
from tests.alerts.made_events import event
from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.storage import route_weights
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_weights import RouteWeights, Target

FIRST = datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC)


def weights(*targets: Target, shadow: tuple[Target, ...] = (), fallbacks: tuple[Target, ...] = ()) -> RouteWeights:
    return RouteWeights("chat", 3, targets, shadow, fallbacks, "moved", None, "me", FIRST)


def target(model: str, weight: int = 100) -> Target:
    return Target("openai", model, weight, "primary")


@pytest.mark.parametrize(
    ("routes", "is_expected"),
    [
        pytest.param([weights(target("new"))], True, id="left"),
        pytest.param([weights(target("new"), fallbacks=(target("old", 0),))], True, id="fallback"),
        pytest.param([weights(target("new", 90), target("old", 10))], False, id="a_tenth_stays"),
        pytest.param([weights(target("new"), shadow=(target("old", 5),))], False, id="shadow"),
        pytest.param([weights(target("new")), None], False, id="another_route_without_weights"),
        pytest.param([], False, id="no_routes"),
    ],
)
def test_a_stop_is_expected_only_where_no_route_asks_for_the_model(
    routes: list[RouteWeights | None], is_expected: bool
) -> None:
    assert bool(why_left("openai", "old", routes)) is is_expected
    assert not why_left("openai", "new", routes)


@pytest.mark.clickhouse
def test_weights_are_looked_up_by_the_routes_that_were_called(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(40, provider="openai", request_model="old"), "a")
    stops = ExpectedStops(shared_store, Usage(shared_store))
    stop = event("s", FIRST, kind="traffic_stop", provider="openai", model="old", route="*", service="*", since=FIRST)
    assert not stops.explained(stop).expected
    route_weights.write(shared_store, weights(target("new")))
    assert stops.explained(stop).expected == "the weights of route 'chat' send it no calls, since version 3"
    assert not stops.explained(stop.model_copy(update={"kind": "regression"})).expected


def verdict_on(told: Event) -> Verdict:
    rules = Rules.model_validate(
        {
            "channels": {"chat": {"type": "slack", "url": "https://hooks.example.com/x"}},
            "rules": [{"name": "all", "channels": ["chat"]}],
        }
    )
    later = told.found_at + timedelta(hours=1)
    way = Path("chat", rules.rules[0], (told,))
    return decide(new_case(told, told.found_at), way, Surroundings(rules, (), later)).verdict


def test_what_is_expected_is_told_to_nobody() -> None:
    stop = event("s", FIRST, kind="traffic_stop")
    assert verdict_on(stop) is Verdict.OPEN
    assert verdict_on(stop.model_copy(update={"expected": "meant"})) is Verdict.NOTHING
