"""What rolls a migration back at once, and what only warns.

A trigger compares the candidate with the baseline over the same minutes, so that trouble of both (a provider is down,
the load is high) is not held against the candidate. It must hold for as long as it says and rest on enough calls to be
more than chance: the candidate's rate must lie above the baseline's beyond the Wilson interval.
"""

from dataclasses import dataclass
from enum import StrEnum

from watchkeeper.wilson import wilson


class Action(StrEnum):
    """What a trigger asks for."""

    ROLL_BACK = "roll_back"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Arm:
    """One model's calls on the route in the window of the triggers; None: not known."""

    calls: int
    errors: int
    """Errors and timeouts."""
    p95_s: float | None = None
    satisfaction: float | None = None
    """Mean of the scores, on the scale from 0 to 1."""
    scores: int = 0
    format_checked: int = 0
    format_broken: int = 0
    cost_per_useful_call: float | None = None

    @property
    def error_rate(self) -> float:
        return self.errors / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """When to go back. Ratios are candidate over baseline."""

    window_s: float = 300.0
    least_calls: int = 20
    least_errors: int = 5
    error_ratio: float = 2.0
    warn_error_ratio: float = 1.3
    p95_ratio: float = 1.5
    satisfaction_loss: float = 0.20
    """Relative fall that rolls back."""
    warn_satisfaction_loss: float = 0.15
    """Absolute fall that warns."""
    least_scores: int = 20
    format_margin: float = 0.02
    """Percentage points of broken answers more than the baseline's, over 100."""
    cost_ratio: float = 1.5
    error_floor: float = 0.01
    """A baseline without errors is taken to have so many: 2 × 0 would roll back at the first one."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A trigger whose condition is met, with its numbers in words."""

    name: str
    action: Action
    reason: str


def fired(baseline: Arm, candidate: Arm, limits: Limits) -> list[Fired]:
    """The triggers whose conditions are met, those that roll back first."""
    if candidate.calls < limits.least_calls:
        return []
    found = [
        *_errors(baseline, candidate, limits),
        *_slow(baseline, candidate, limits),
        *_unhappy(baseline, candidate, limits),
        *_format(baseline, candidate, limits),
        *_dear(baseline, candidate, limits),
    ]
    return sorted(found, key=lambda one: (one.action is Action.WARN, one.name))


def _errors(baseline: Arm, candidate: Arm, limits: Limits) -> list[Fired]:
    usual = max(baseline.error_rate, limits.error_floor)
    low = wilson(candidate.errors, candidate.calls)[0]
    if candidate.errors < limits.least_errors or low <= usual:
        return []
    told = f"error rate {candidate.error_rate:.1%} ({candidate.errors} of {candidate.calls}) against {usual:.1%}"
    if candidate.error_rate > limits.error_ratio * usual:
        return [Fired("error_rate", Action.ROLL_BACK, f"{told}: more than {limits.error_ratio:g} ×")]
    if candidate.error_rate > limits.warn_error_ratio * usual:
        return [Fired("error_rate", Action.WARN, f"{told}: more than {limits.warn_error_ratio:g} ×")]
    return []


def _slow(baseline: Arm, candidate: Arm, limits: Limits) -> list[Fired]:
    if baseline.p95_s is None or candidate.p95_s is None or baseline.calls < limits.least_calls:
        return []
    if candidate.p95_s <= limits.p95_ratio * baseline.p95_s:
        return []
    told = f"p95 latency {candidate.p95_s:.2f} s against {baseline.p95_s:.2f} s: more than {limits.p95_ratio:g} ×"
    return [Fired("p95_latency", Action.ROLL_BACK, told)]


def _unhappy(baseline: Arm, candidate: Arm, limits: Limits) -> list[Fired]:
    if baseline.satisfaction is None or candidate.satisfaction is None:
        return []
    if min(baseline.scores, candidate.scores) < limits.least_scores:
        return []
    loss = baseline.satisfaction - candidate.satisfaction
    told = f"satisfaction {candidate.satisfaction:.2f} against {baseline.satisfaction:.2f}"
    if loss > limits.satisfaction_loss * baseline.satisfaction:
        return [Fired("satisfaction", Action.ROLL_BACK, f"{told}: {loss / baseline.satisfaction:.0%} lower")]
    if loss > limits.warn_satisfaction_loss:
        return [Fired("satisfaction", Action.WARN, f"{told}: {loss:.2f} lower")]
    return []


def _format(baseline: Arm, candidate: Arm, limits: Limits) -> list[Fired]:
    if candidate.format_checked < limits.least_calls or not baseline.format_checked:
        return []
    usual = baseline.format_broken / baseline.format_checked
    low = wilson(candidate.format_broken, candidate.format_checked)[0]
    if low <= usual + limits.format_margin:
        return []
    share = candidate.format_broken / candidate.format_checked
    told = (
        f"{share:.1%} of answers break the format against {usual:.1%}: beyond the margin of {limits.format_margin:.1%}"
    )
    return [Fired("format", Action.ROLL_BACK, told)]


def _dear(baseline: Arm, candidate: Arm, limits: Limits) -> list[Fired]:
    usual, now = baseline.cost_per_useful_call, candidate.cost_per_useful_call
    if usual is None or now is None or usual <= 0 or now <= limits.cost_ratio * usual:
        return []
    told = f"${now:.6f} a useful call against ${usual:.6f}: more than {limits.cost_ratio:g} ×"
    return [Fired("cost", Action.ROLL_BACK, told)]
