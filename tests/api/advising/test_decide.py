"""Advice, situation by situation."""

import shlex
from dataclasses import replace
from decimal import Decimal

import pytest

from api.advising.advice import Decision, StepKind
from api.advising.considered import Status
from api.advising.decide import decide
from api.advising.facts import Model
from api.migrating.models import MigrationBody
from api.routing.models import WeightsBody
from tests.api.advising.made_facts import BIG, NOW, SMALL, Scenario, route
from tests.api.advising.scenarios import SCENARIOS
from watchkeeper.storage.route_weights import RouteWeights, Target


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[one.name for one in SCENARIOS])
def test_the_advice_of_each_situation(scenario: Scenario) -> None:
    found = decide(scenario.facts, scenario.assumed)
    target = str(found.target.option.model) if found.target else ""
    assert (found.finding.decision, found.finding.reason) == (scenario.decision, scenario.reason), found.finding.why
    assert (target, found.evidence) == (scenario.target, scenario.evidence)
    assert (found.next_step.kind is StepKind.TEST, found.trial is not None) == (scenario.tests, scenario.tests)
    by_model = {str(one.option.model): one for one in found.considered}
    for model, constraint in scenario.rejected.items():
        assert constraint in [one.constraint for one in by_model[model].objections]
        assert by_model[model].status is not Status.FITS


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[one.name for one in SCENARIOS])
def test_what_is_never_advised(scenario: Scenario) -> None:
    found = decide(scenario.facts, scenario.assumed)
    assert len(found.considered) == len(scenario.facts.candidates)
    if found.target is None:
        assert found.finding.decision is not Decision.RE_ROUTE
        return
    option = found.target.option
    assert found.target.fits
    assert not option.standing.troubles
    assert option.known is None or not option.known.deprecated
    if found.finding.decision is Decision.MIGRATE and found.trial is None:
        assert option.evidence.changes, "a migration without anything measured"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[one.name for one in SCENARIOS])
def test_the_next_step_is_one_that_the_api_takes(scenario: Scenario) -> None:
    facts = replace(scenario.facts, route="a b/c", shares={Model("x", "y"): 0.07} if scenario.tests else {})
    step = decide(facts, scenario.assumed).next_step
    method, _, rest = step.request.partition(" ")
    path, _, body = rest.partition(" ")
    words = shlex.split(step.command)
    if step.kind is StepKind.NONE:
        assert (step.command, step.request) == ("", "")
    elif method == "PUT":
        found = WeightsBody.model_validate_json(body)
        assert (path, words[:4]) == ("/v1/routes/a%20b/c", ["watchkeeper", "routes", "set", "a b/c"])
        assert [f"{one.provider}/{one.model}={one.weight}" for one in found.targets] == words[5::2][
            : len(found.targets)
        ]
    elif method == "POST":
        asked = MigrationBody.model_validate_json(body)
        assert (path, asked.route, words[:4]) == (
            "/v1/migrations",
            "a b/c",
            ["watchkeeper", "migrations", "start", "a b/c"],
        )
        assert f"{asked.candidate.provider}/{asked.candidate.model}" == words[5]
    elif step.kind is StepKind.FOLLOW:
        assert words == ["watchkeeper", "migrations", "show", path.removeprefix("/v1/migrations/")]
    else:
        assert step.request == "GET /v1/routes/a%20b/c/requirements"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("region-unknown", Status.REJECTED),
        ("whose-machines", Status.REJECTED),
        ("context-unknown", Status.UNKNOWN),
        ("no-tools", Status.UNKNOWN),
        ("context-too-small", Status.REJECTED),
    ],
)
def test_what_is_not_known_rejects_for_privacy_and_else_stands_apart(name: str, status: Status) -> None:
    scenario = next(one for one in SCENARIOS if one.name == name)
    (one,) = decide(scenario.facts).considered
    assert one.status is status


def test_there_are_enough_situations_and_each_is_told_once() -> None:
    names = [one.name for one in SCENARIOS]
    assert len(names) >= 35
    assert len(set(names)) == len(names) == len({one.situation for one in SCENARIOS})


def test_the_order_of_candidates_does_not_matter() -> None:
    for one in SCENARIOS:
        backwards = replace(one.facts, candidates=one.facts.candidates[::-1])
        assert decide(backwards, one.assumed) == decide(one.facts, one.assumed)


def test_a_re_route_says_when_to_move_back() -> None:
    (first, *_) = SCENARIOS
    found = decide(first.facts)
    assert "when r1 is closed" in found.move_back
    assert found.next_step.kind is StepKind.RE_ROUTE


def test_a_test_leaves_the_weights_as_they_are_and_adds_a_shadow() -> None:
    scenario = next(one for one in SCENARIOS if one.name == "cheaper-unproven")
    split = (Target("openai", "big", 97, "primary"), Target("x", "y", 3, "canary"))
    weights = RouteWeights(
        *("a", 4, split),
        shadow=(Target("x", "z", 5, "shadow"),),
        fallbacks=(Target("x", "y", 0, "primary"),),
        reason="",
        migration_id=None,
        changed_by="me",
        changed_at=NOW,
    )
    step = decide(replace(scenario.facts, weights=weights)).next_step
    body = WeightsBody.model_validate_json(step.request.split(" ", 2)[2])
    assert [(one.model, one.weight) for one in body.targets] == [("big", 97), ("y", 3)]
    assert [(one.model, one.weight) for one in body.shadow] == [("z", 5), ("small", 10)]
    assert [one.model for one in body.fallbacks] == ["y"]


def test_a_migration_tells_saving_effort_and_pay_back() -> None:
    found = decide(route(BIG, SMALL)).target
    assert found is not None and found.saving is not None
    assert (found.saving.usd, found.saving.low, found.saving.high) == tuple(map(Decimal, (600, 560, 640)))
    assert found.saving.share == pytest.approx(0.6)
    assert (found.effort.days, found.effort.usd) == (3.0, Decimal(2_400))
    assert (found.effort.payback_months, found.effort.payback_low, found.effort.payback_high) == (4.0, 3.8, 4.3)
