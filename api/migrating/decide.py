"""One look at a migration under way: stay, go on, or go back, with the reason. A pure function of what was seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from api.comparing.verdict import Verdict
from api.migrating.phases import ENDED, Gate, Phase, following
from api.migrating.triggers import Action, Limits, Seen, fired

_SILENT_CALLS = 20.0
"""Calls of the candidate to be expected by now: that none came by chance has odds of one in 500 million."""


class Step(StrEnum):
    """What is to be done."""

    HOLD = "hold"
    PROMOTE = "promote"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class Progress:
    """What the phase has shown so far; made anew about once a minute."""

    candidate_calls: int
    baseline_calls: int
    verdict: Verdict
    """Of the comparison; *better* and *not worse* open a gate."""
    words: str
    """What the comparison says."""


NOTHING_YET = Progress(0, 0, Verdict.CANNOT_TELL, "nothing is compared yet")


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What was seen of both models on the route."""

    phase: Phase
    gate: Gate
    hours: float
    """Since the phase began."""
    progress: Progress = NOTHING_YET
    minutes: Seen | None = None
    """The window of the triggers; None: no call in it."""
    so_far: Seen | None = None
    """The phase so far, at which the triggers look too: where calls are few, minutes hold too little."""
    paused: bool = False
    warned: bool = False
    """Has something warned within the last minutes?"""


@dataclass(frozen=True, slots=True)
class Decision:
    """A step, why, and what only warns, by name."""

    step: Step
    to: Phase
    reason: str
    warnings: Mapping[str, str] = field(default_factory=dict)


def decide(look: Look, limits: Limits) -> Decision:
    """What to do after ``look``. What ended stays ended: whoever wants to try again begins another migration.

    A paused migration is not promoted; it is rolled back as any other.
    """
    if look.phase in ENDED:
        return Decision(Step.HOLD, look.phase, f"{look.phase} is the end")
    found = [one for seen in (look.minutes, look.so_far) if seen for one in fired(seen, limits)]
    for one in found:
        if one.action is Action.ROLL_BACK:
            return Decision(Step.ROLL_BACK, Phase.ROLLED_BACK, one.reason)
    if look.gate.verdict and look.progress.verdict is Verdict.WORSE:
        return Decision(Step.ROLL_BACK, Phase.ROLLED_BACK, f"worse than the baseline: {look.progress.words}")
    return _gate(look, {one.name: one.reason for one in reversed(found)} | _silence(look))


def _gate(look: Look, warnings: Mapping[str, str]) -> Decision:
    missing = _missing(look, warnings)
    if missing:
        return Decision(Step.HOLD, look.phase, f"{look.phase} needs {', '.join(missing)}", warnings)
    told = look.progress.words if look.gate.verdict else f"{look.hours:.0f} hours without a trigger"
    return Decision(Step.PROMOTE, following(look.phase), f"{look.phase} is passed: {told}")


def _missing(look: Look, warnings: Mapping[str, str]) -> list[str]:
    gate, progress = look.gate, look.progress
    missing = []
    if look.paused:
        missing.append("somebody to resume it")
    if progress.candidate_calls < gate.calls:
        missing.append(f"{gate.calls - progress.candidate_calls:,} more calls of the candidate")
    if look.hours < gate.hours:
        missing.append(f"{gate.hours - look.hours:.1f} more hours")
    if gate.verdict and progress.verdict is Verdict.CANNOT_TELL:
        missing.append(f"a verdict ({progress.words})")
    if warnings or look.warned:
        missing.append("an end of the warnings")
    return missing


def _silence(look: Look) -> dict[str, str]:
    """Told where the candidate should have calls by now and has none."""
    gate, progress = look.gate, look.progress
    share = gate.shadow_percent / 100 or gate.candidate_percent / max(1, 100 - gate.candidate_percent)
    if progress.candidate_calls or progress.baseline_calls * share < _SILENT_CALLS:
        return {}
    told = f"no call of the candidate in this phase, and {progress.baseline_calls:,} of the baseline"
    return {"silent": f"{told}: the router does not follow the weights, or its calls come under another name"}
