"""One look at a migration: stay, go on or go back."""

from dataclasses import replace

import pytest

from api.comparing.verdict import Verdict
from api.migrating.decide import Look, Step, decide
from api.migrating.phases import ENDED, GATES, ORDER, Phase, following
from api.migrating.triggers import Arm, Limits

LIMITS = Limits()
GOOD = Arm(calls=400, errors=4, p95_s=2.0, satisfaction=0.9, scores=50, format_checked=400, format_broken=8)
PASSED = Look(Phase.CANARY_25, 3.0, 800, Verdict.NOT_WORSE, "within all margins", GOOD, GOOD)


def test_a_phase_with_enough_calls_time_and_a_verdict_is_passed() -> None:
    decision = decide(PASSED, LIMITS)
    assert (decision.step, decision.to) == (Step.PROMOTE, Phase.CANARY_50)
    assert "within all margins" in decision.reason


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"candidate_calls": 499}, "1 more calls"),
        ({"hours": 1.5}, "0.5 more hours"),
        ({"verdict": Verdict.CANNOT_TELL}, "a verdict"),
        ({"candidate": replace(GOOD, errors=25, calls=500)}, "an end of the warnings"),
    ],
)
def test_a_gate_stays_shut_and_says_what_is_missing(change: dict[str, object], missing: str) -> None:
    look = replace(PASSED, baseline=replace(GOOD, errors=12), **change)  # type: ignore[arg-type]
    decision = decide(look, LIMITS)
    assert (decision.step, decision.to) == (Step.HOLD, Phase.CANARY_25)
    assert missing in decision.reason


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (replace(GOOD, errors=40), "error rate 10.0%"),
        (replace(GOOD, p95_s=3.1), "p95 latency 3.10 s against 2.00 s"),
        (replace(GOOD, satisfaction=0.7), "satisfaction 0.70 against 0.90: 22% lower"),
        (replace(GOOD, format_broken=40), "10.0% of answers break the format"),
        (replace(GOOD, cost_per_useful_call=0.02), "$0.020000 a useful call"),
    ],
)
def test_each_trigger_rolls_back_with_its_numbers(candidate: Arm, reason: str) -> None:
    look = replace(PASSED, baseline=replace(GOOD, cost_per_useful_call=0.01), candidate=candidate)
    decision = decide(look, LIMITS)
    assert (decision.step, decision.to) == (Step.ROLL_BACK, Phase.ROLLED_BACK)
    assert reason in decision.reason


@pytest.mark.parametrize(
    "candidate",
    [
        replace(GOOD, calls=19, errors=19),
        replace(GOOD, errors=4, calls=30),
        replace(GOOD, p95_s=2.9),
        replace(GOOD, satisfaction=0.1, scores=19),
        replace(GOOD, format_broken=14),
        replace(GOOD, cost_per_useful_call=0.014),
    ],
)
def test_chance_is_no_trigger(candidate: Arm) -> None:
    look = replace(PASSED, baseline=replace(GOOD, cost_per_useful_call=0.01), candidate=candidate)
    assert decide(look, LIMITS).step is not Step.ROLL_BACK


def test_trouble_of_both_models_is_not_held_against_the_candidate() -> None:
    down = replace(GOOD, errors=200, p95_s=9.0)
    assert decide(replace(PASSED, baseline=down, candidate=down), LIMITS).step is Step.PROMOTE


def test_a_verdict_of_worse_rolls_back_whatever_the_phase_still_needs() -> None:
    decision = decide(replace(PASSED, candidate_calls=60, verdict=Verdict.WORSE, compared="latency +30 %"), LIMITS)
    assert decision.step is Step.ROLL_BACK
    assert "latency +30 %" in decision.reason


@pytest.mark.parametrize("phase", sorted(ENDED))
def test_what_ended_stays_ended(phase: Phase) -> None:
    bad = replace(GOOD, errors=400)
    assert decide(replace(PASSED, phase=phase, candidate=bad), LIMITS).step is Step.HOLD
    with pytest.raises(ValueError, match="nothing follows"):
        following(phase)


def test_phases_give_the_candidate_ever_more_of_the_calls() -> None:
    percents = [GATES[phase].candidate_percent for phase in ORDER]
    assert percents == sorted(percents)
    assert percents[0] == 0
    assert percents[-1] == 100
