"""One look at a migration under way: stay, go on, or go back, with the reason. A pure function of what was seen."""

from dataclasses import dataclass
from enum import StrEnum

from api.comparing.verdict import Verdict
from api.migrating.phases import ENDED, GATES, Phase, following
from api.migrating.triggers import Action, Arm, Fired, Limits, fired


class Step(StrEnum):
    """What is to be done."""

    HOLD = "hold"
    PROMOTE = "promote"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of both models on the route."""

    phase: Phase
    hours: float
    """Since the phase began."""
    candidate_calls: int
    """In the phase."""
    verdict: Verdict
    """Of the comparison since the phase began; *better* and *not worse* open a gate."""
    compared: str
    """What the comparison says, in words."""
    baseline: Arm
    """In the window of the triggers, as is the candidate's."""
    candidate: Arm


@dataclass(frozen=True, slots=True)
class Decision:
    """A step, why, and what only warns."""

    step: Step
    to: Phase
    reason: str
    warnings: tuple[str, ...] = ()


def decide(look: Look, limits: Limits) -> Decision:
    """What to do after ``look``. What ended stays ended: whoever wants to try again begins another migration."""
    if look.phase in ENDED:
        return Decision(Step.HOLD, look.phase, f"{look.phase} is the end")
    found = fired(look.baseline, look.candidate, limits)
    for one in found:
        if one.action is Action.ROLL_BACK:
            return Decision(Step.ROLL_BACK, Phase.ROLLED_BACK, one.reason)
    return _gate(look, tuple(_in_words(one) for one in found))


def _gate(look: Look, warnings: tuple[str, ...]) -> Decision:
    gate = GATES[look.phase]
    if look.verdict is Verdict.WORSE:
        return Decision(Step.ROLL_BACK, Phase.ROLLED_BACK, f"worse than the baseline: {look.compared}", warnings)
    missing = []
    if look.candidate_calls < gate.calls:
        missing.append(f"{gate.calls - look.candidate_calls:,} more calls of the candidate")
    if look.hours < gate.hours:
        missing.append(f"{gate.hours - look.hours:.1f} more hours")
    if look.verdict is Verdict.CANNOT_TELL and gate.calls:
        missing.append(f"a verdict ({look.compared})")
    if warnings:
        missing.append("an end of the warnings")
    if missing:
        return Decision(Step.HOLD, look.phase, f"{look.phase} needs {', '.join(missing)}", warnings)
    return Decision(Step.PROMOTE, following(look.phase), f"{look.phase} is passed: {look.compared}")


def _in_words(one: Fired) -> str:
    return f"{one.name}: {one.reason}"
