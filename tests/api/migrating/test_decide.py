"""One look at a migration: stay, go on or go back."""

from dataclasses import replace
from typing import Any

import pytest

from api.comparing.verdict import Verdict
from api.migrating.decide import Look, Progress, Step, decide
from api.migrating.phases import CHANGEABLE, ENDED, GATES, ORDER, Phase, check_gates, following, gate
from api.migrating.triggers import Limits, Seen, limits_of, limits_values
from tests.api.migrating.made_arms import arm
from watchkeeper.errors import ConfigError

LIMITS = Limits()
GOOD = Seen("the last 5 minutes", arm(), arm())
PROGRESS = Progress(800, 2_400, Verdict.NOT_WORSE, "not worse in error")
PASSED = Look(Phase.CANARY_25, GATES[Phase.CANARY_25], 3.0, PROGRESS, GOOD, GOOD)
WARNED = replace(GOOD, baseline=arm(4_000, 400), candidate=arm(4_000, 600))


def test_a_phase_with_enough_calls_time_and_a_verdict_is_passed() -> None:
    decision = decide(PASSED, LIMITS)
    assert (decision.step, decision.to) == (Step.PROMOTE, Phase.CANARY_50)
    assert "not worse in error" in decision.reason


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"progress": replace(PROGRESS, candidate_calls=499)}, "1 more calls of the candidate"),
        ({"hours": 1.5}, "0.5 more hours"),
        ({"progress": replace(PROGRESS, verdict=Verdict.CANNOT_TELL, words="30 calls")}, "a verdict (30 calls)"),
        ({"minutes": WARNED}, "an end of the warnings"),
        ({"warned": True}, "an end of the warnings"),
        ({"paused": True}, "somebody to resume it"),
    ],
)
def test_a_gate_stays_shut_and_says_what_is_missing(change: dict[str, Any], missing: str) -> None:
    decision = decide(replace(PASSED, **change), LIMITS)
    assert (decision.step, decision.to) == (Step.HOLD, Phase.CANARY_25)
    assert decision.reason == f"canary_25 needs {missing}"


@pytest.mark.parametrize("window", ["minutes", "so_far"])
def test_either_window_rolls_back_even_while_paused(window: str) -> None:
    change: dict[str, Any] = {window: replace(GOOD, candidate=arm(400, 80))}
    decision = decide(replace(PASSED, paused=True, **change), LIMITS)
    assert (decision.step, decision.to) == (Step.ROLL_BACK, Phase.ROLLED_BACK)


def test_a_rollback_comes_before_a_warning() -> None:
    decision = decide(replace(PASSED, minutes=WARNED, so_far=replace(GOOD, candidate=arm(400, 80))), LIMITS)
    assert decision.step is Step.ROLL_BACK


def test_a_verdict_of_worse_rolls_back_whatever_the_phase_still_needs() -> None:
    worse = Progress(60, 60, Verdict.WORSE, "latency worse: +20 % to +40 %")
    decision = decide(replace(PASSED, progress=worse), LIMITS)
    assert decision.step is Step.ROLL_BACK
    assert "latency worse: +20 % to +40 %" in decision.reason


def test_optimising_asks_for_time_alone() -> None:
    look = Look(Phase.OPTIMISE, GATES[Phase.OPTIMISE], 169.0, Progress(0, 0, Verdict.CANNOT_TELL, ""), None, None)
    assert decide(look, LIMITS).to is Phase.DONE
    assert "needs 1.0 more hours" in decide(replace(look, hours=167.0), LIMITS).reason
    worse = replace(look, progress=Progress(1, 1, Verdict.WORSE, ""), hours=1.0)
    assert decide(worse, LIMITS).step is Step.HOLD


@pytest.mark.parametrize(
    ("phase", "baseline_calls", "told"),
    [
        (Phase.EVALUATION, 10_000, False),
        (Phase.SHADOW, 99, False),
        (Phase.SHADOW, 100, True),
        (Phase.CANARY_5, 379, False),
        (Phase.CANARY_5, 381, True),
        (Phase.FULL, 1, True),
        (Phase.FULL, 0, False),
    ],
)
def test_a_silent_candidate_is_told_where_its_calls_should_be_there(
    phase: Phase, baseline_calls: int, told: bool
) -> None:
    look = Look(phase, GATES[phase], 1.0, Progress(0, baseline_calls, Verdict.CANNOT_TELL, ""))
    assert ("silent" in decide(look, LIMITS).warnings) is told
    heard = replace(look, progress=Progress(1, baseline_calls, Verdict.CANNOT_TELL, ""))
    assert not decide(heard, LIMITS).warnings


@pytest.mark.parametrize("phase", sorted(ENDED))
def test_what_ended_stays_ended(phase: Phase) -> None:
    bad = replace(GOOD, candidate=arm(400, 400))
    assert decide(replace(PASSED, phase=phase, minutes=bad), LIMITS).step is Step.HOLD
    with pytest.raises(ValueError, match="nothing follows"):
        following(phase)


def test_phases_give_the_candidate_ever_more_of_the_calls() -> None:
    percents = [GATES[phase].candidate_percent for phase in ORDER]
    assert percents == sorted(percents)
    assert percents[0] == 0
    assert percents[-1] == 100


def test_gates_and_limits_take_what_differs() -> None:
    changed = gate(Phase.CANARY_5, {"canary_5.calls": 7, "canary_5.margin": 2.5, "full.calls": 1})
    assert changed == replace(GATES[Phase.CANARY_5], calls=7, margin=2.5)
    check_gates(dict.fromkeys(CHANGEABLE, 1))
    with pytest.raises(ConfigError, match="there is no gate"):
        check_gates({"done.hours": 1})
    with pytest.raises(ConfigError, match="choose from 0 to"):
        check_gates({"full.hours": float("nan")})
    assert limits_of({"least_errors": 9.0}) == replace(LIMITS, least_errors=9)
    assert limits_of(limits_values(LIMITS)) == LIMITS
    with pytest.raises(ConfigError, match="limit cost_ratio is 1"):
        limits_of({"cost_ratio": 1})
    with pytest.raises(ConfigError, match="there is no limit 'chance'"):
        limits_of({"chance": 0.5})
