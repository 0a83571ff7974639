"""Triggers: what rolls back, what warns, what is chance."""

from dataclasses import replace

import numpy as np
import pytest

from api.migrating.evidence import Satisfaction, dearer, more_often, satisfaction, slower
from api.migrating.triggers import Action, Limits, Seen, fired
from tests.api.migrating.made_arms import LATENCIES, arm
from watchkeeper.storage.route_arms import RouteArm, Scores

LIMITS = Limits()
HAPPY = Satisfaction("stars", 0.9, 0.9, (500, 500), 1.0)


def seen(baseline: RouteArm, candidate: RouteArm, happy: Satisfaction | None = None) -> Seen:
    return Seen("the last 5 minutes", baseline, candidate, happy)


@pytest.mark.parametrize(
    ("candidate", "name", "reason"),
    [
        (arm(errors=40), "error_rate", "error rate 10.0% (40 of 400 calls) against 1.0% (4 of 400)"),
        (arm(latency=1.6), "p95_latency", "more than 1.5 ×"),
        (arm(format_broken=60), "format", "15.2% of the answers break the format against 1.8%"),
        (arm(cost=0.016), "cost", "$0.016162 a useful call against $0.010101"),
    ],
)
def test_each_trigger_rolls_back_with_its_numbers(candidate: RouteArm, name: str, reason: str) -> None:
    (found,) = fired(seen(arm(), candidate), LIMITS)
    assert (found.name, found.action) == (name, Action.ROLL_BACK)
    assert reason in found.reason and "the last 5 minutes" in found.reason


@pytest.mark.parametrize(
    "candidate",
    [
        arm(errors=8),
        arm(4, 4),
        arm(10, 5, latency=1.0),
        arm(latency=1.45),
        arm(30, 0, latency=1.6),
        arm(format_broken=14),
        arm(cost=0.0148),
        RouteArm(),
    ],
    ids=["twice", "four", "one-of-two", "within", "few-slow", "margin", "price", "none"],
)
def test_chance_and_what_is_within_the_limits_fires_nothing(candidate: RouteArm) -> None:
    baseline = arm(20, 1) if candidate.calls == 10 else arm()
    assert fired(seen(baseline, candidate), LIMITS) == []


def test_five_failures_of_five_are_enough_beside_a_busy_baseline() -> None:
    failing = arm(5, 5)
    assert failing.latencies_s is None
    (found,) = fired(seen(arm(400, 0), failing), LIMITS)
    assert found.action is Action.ROLL_BACK
    assert "2 × 1.0%, the least that counts" in found.reason
    assert fired(seen(arm(20, 0), failing), LIMITS) == []


def test_trouble_of_both_models_is_not_held_against_the_candidate() -> None:
    down = arm(errors=200, latency=9.0)
    assert fired(seen(down, down), LIMITS) == []


def test_an_error_rate_between_the_ratios_warns() -> None:
    (found,) = fired(seen(arm(4_000, 400), arm(4_000, 600)), LIMITS)
    assert (found.name, found.action) == ("error_rate", Action.WARN)
    assert "1.3 ×" in found.reason


@pytest.mark.parametrize(
    ("happy", "action"),
    [
        (replace(HAPPY, candidate=0.71, chance=1e-9), Action.ROLL_BACK),
        (replace(HAPPY, candidate=0.74, chance=1e-9), Action.WARN),
        (replace(HAPPY, candidate=0.76, chance=1e-9), None),
        (replace(HAPPY, candidate=0.2, chance=1e-3), None),
        (replace(HAPPY, candidate=0.2, chance=1e-9, scores=(500, 19)), None),
        (replace(HAPPY, baseline=0.5, candidate=0.39, chance=1e-9), Action.ROLL_BACK),
    ],
)
def test_satisfaction(happy: Satisfaction, action: Action | None) -> None:
    assert [one.action for one in fired(seen(arm(), arm(), happy), LIMITS)] == ([action] if action else [])


def test_feedback_is_brought_to_one_scale_on_which_more_is_better() -> None:
    old, new = Scores(100, 450.0, 2_050.0, 3.0, 5.0), Scores(100, 250.0, 700.0, 1.0, 4.0)
    stars = satisfaction("stars", old, new)
    assert [stars.baseline, stars.candidate] == pytest.approx([0.875, 0.375])
    assert stars.chance < 1e-12
    complaints = satisfaction("complaint", Scores(50, 1.0, 1.0, 0.0, 1.0), Scores(50, 25.0, 25.0, 0.0, 1.0))
    assert [complaints.baseline, complaints.candidate] == pytest.approx([0.98, 0.5])
    assert complaints.chance < 1e-5
    alike = satisfaction("thumbs", Scores(30, 30.0, 30.0, 1.0, 1.0), Scores(30, 30.0, 30.0, 1.0, 1.0))
    assert alike.chance == pytest.approx(0.5)


@pytest.mark.parametrize("alike", [120.0, -5.0, 1e300], ids=str)
def test_feedback_that_is_all_one_number_on_an_unknown_scale_says_nothing(alike: float) -> None:
    same = Scores(50, 50 * alike, 50 * alike * alike, alike, alike)
    found = satisfaction("points", same, same)
    assert found.baseline == found.candidate
    assert found.chance >= 0.5


def test_an_unknown_scale_begins_at_nought_not_at_the_least_that_was_given() -> None:
    old, new = Scores(500, 470_000.0, 441_850_000.0, 930.0, 950.0), Scores(500, 460_000.0, 423_250_000.0, 910.0, 930.0)
    found = satisfaction("points", old, new)
    assert [found.baseline, found.candidate] == pytest.approx([0.989, 0.968], abs=0.001)
    assert fired(seen(arm(), arm(), found), LIMITS) == []


def test_chances_are_exact_and_none_without_a_baseline() -> None:
    assert more_often(2, 2, 0, 2) == pytest.approx(1 / 6)
    assert more_often(5, 5, 0, 0) == 1.0
    assert more_often(0, 5, 3, 5) == 1.0
    assert dearer(arm(), arm(cost_squared=0.0, cost=0.0, useful=0)) == 1.0


def test_equal_models_are_rarely_found_slower() -> None:
    rng = np.random.default_rng(3)
    chances = [slower(rng.lognormal(0, 1, 40), rng.lognormal(0, 1, 300)) for _ in range(2_000)]
    assert np.mean(np.array(chances) < 0.01) < 0.012
    assert slower(3 * LATENCIES, LATENCIES) < 1e-20
