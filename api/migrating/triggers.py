"""What rolls a migration back at once, and what only warns.

A trigger compares the candidate with the baseline over the same minutes, so that trouble of both (a provider is down,
the load is high) is not held against the candidate. Its number must lie beyond the limit, and the difference must be
more than chance (:mod:`api.migrating.evidence`): few calls suffice where all of them fail, and a slow call or two among
few roll nothing back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from api.migrating.evidence import Satisfaction, dearer, more_often, slower
from watchkeeper.errors import ConfigError
from watchkeeper.storage.route_arms import RouteArm


class Action(StrEnum):
    """What a trigger asks for."""

    ROLL_BACK = "roll_back"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Limits:
    """When to go back. Ratios are candidate over baseline."""

    window_s: float = 300.0
    least_calls: int = 20
    """Of either model, below which p95, formats and costs are not compared."""
    least_errors: int = 5
    error_ratio: float = 2.0
    warn_error_ratio: float = 1.3
    error_floor: float = 0.01
    """A baseline without errors is taken to have so many: 2 × 0 would roll back at the first ones."""
    p95_ratio: float = 1.5
    satisfaction_loss: float = 0.20
    """Relative fall that rolls back."""
    warn_satisfaction_loss: float = 0.15
    """Absolute fall, on the scale from 0 to 1, that warns."""
    least_scores: int = 20
    format_margin: float = 0.02
    """Broken answers more than the baseline's, as a share of the answers."""
    cost_ratio: float = 1.5
    chance: float = 1e-6
    """Of a look: how rarely two equal models may differ so much. Measured: docs/migrations.md."""


_BOUNDS: Mapping[str, tuple[float, float]] = {
    "window_s": (60, 3_600),
    "least_calls": (5, 100_000),
    "least_errors": (1, 100_000),
    "error_ratio": (1.01, 100),
    "warn_error_ratio": (1.01, 100),
    "error_floor": (0.0001, 0.5),
    "p95_ratio": (1.01, 100),
    "satisfaction_loss": (0.01, 1),
    "warn_satisfaction_loss": (0.01, 1),
    "least_scores": (5, 100_000),
    "format_margin": (0.001, 1),
    "cost_ratio": (1.01, 1_000),
}


_WHOLE = "least_"


def limits_of(changes: Mapping[str, float]) -> Limits:
    """The limits with what differs from the usual.

    Raises :class:`ConfigError` for a name that is none, or a value out of bounds.
    """
    for name, value in changes.items():
        if name not in _BOUNDS:
            raise ConfigError(f"there is no limit {name[:40]!r}: there are {', '.join(_BOUNDS)}")
        low, high = _BOUNDS[name]
        if not low <= value <= high:
            raise ConfigError(f"limit {name} is {value:g}: choose from {low:g} to {high:,.9g}")
        if name.startswith(_WHOLE) and value != int(value):
            raise ConfigError(f"limit {name} is {value:g}: choose a whole number")
    whole = {name: int(value) for name, value in changes.items() if name.startswith(_WHOLE)}
    return replace(Limits(), **{**changes, **whole})  # type: ignore[arg-type]  # each of its field's own kind


def limits_values(limits: Limits) -> dict[str, float]:
    """Those that may be changed, by name."""
    return {name: float(getattr(limits, name)) for name in _BOUNDS}


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Both models over the same time."""

    words: str
    """Which time, e.g. ``the last 5 minutes``."""
    baseline: RouteArm
    candidate: RouteArm
    satisfaction: Satisfaction | None = None
    """None: it was not looked at, or one of the models has none."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A trigger whose condition is met, with its numbers in words."""

    name: str
    action: Action
    reason: str


def fired(seen: Seen, limits: Limits) -> list[Fired]:
    """The triggers whose conditions are met, those that roll back first."""
    tests = (_errors, _slow, _unhappy, _format, _dear)
    found = [one for test in tests if (one := test(seen, limits)) is not None]
    return sorted(found, key=lambda one: (one.action is Action.WARN, one.name))


def _errors(seen: Seen, limits: Limits) -> Fired | None:
    old, new = seen.baseline, seen.candidate
    if old.error_rate is None or new.error_rate is None or new.errors < limits.least_errors:
        return None
    usual, ratio = max(old.error_rate, limits.error_floor), limits.warn_error_ratio
    if new.error_rate <= ratio * usual or more_often(new.errors, new.calls, old.errors, old.calls) > limits.chance:
        return None
    action = Action.WARN
    if new.error_rate > limits.error_ratio * usual:
        action, ratio = Action.ROLL_BACK, limits.error_ratio
    counts = f"({new.errors:,} of {new.calls:,} calls) against {old.error_rate:.1%} ({old.errors:,} of {old.calls:,})"
    told = f"error rate {new.error_rate:.1%} {counts} in {seen.words}: more than {ratio:g} ×"
    return Fired(
        "error_rate", action, told if usual == old.error_rate else f"{told} {usual:.1%}, the least that counts"
    )


def _slow(seen: Seen, limits: Limits) -> Fired | None:
    old, new = seen.baseline.latencies_s, seen.candidate.latencies_s
    usual, now = seen.baseline.p95_s, seen.candidate.p95_s
    if old is None or new is None or usual is None or now is None or min(len(old), len(new)) < limits.least_calls:
        return None
    if now <= limits.p95_ratio * usual or slower(new, old) > limits.chance:
        return None
    told = f"p95 latency {now:.2f} s against {usual:.2f} s in {seen.words}: more than {limits.p95_ratio:g} ×"
    return Fired("p95_latency", Action.ROLL_BACK, told)


def _unhappy(seen: Seen, limits: Limits) -> Fired | None:
    found = seen.satisfaction
    if found is None or min(found.scores) < limits.least_scores or found.chance > limits.chance:
        return None
    loss = found.baseline - found.candidate
    told = f"satisfaction ({found.name}) {found.candidate:.2f} against {found.baseline:.2f} in {seen.words}"
    if loss > limits.satisfaction_loss * found.baseline:
        return Fired("satisfaction", Action.ROLL_BACK, f"{told}: {loss / found.baseline:.0%} lower")
    if loss > limits.warn_satisfaction_loss:
        return Fired("satisfaction", Action.WARN, f"{told}: {loss:.2f} lower")
    return None


def _format(seen: Seen, limits: Limits) -> Fired | None:
    old, new = seen.baseline, seen.candidate
    usual, now = old.format_failures, new.format_failures
    if usual is None or now is None or min(old.format_checked, new.format_checked) < limits.least_calls:
        return None
    if now <= usual + limits.format_margin:
        return None
    if more_often(new.format_broken, new.format_checked, old.format_broken, old.format_checked) > limits.chance:
        return None
    told = f"{now:.1%} of the answers break the format against {usual:.1%} in {seen.words}"
    return Fired("format", Action.ROLL_BACK, f"{told}: beyond the margin of {limits.format_margin:.1%}")


def _dear(seen: Seen, limits: Limits) -> Fired | None:
    usual, now = seen.baseline.cost_per_useful_call, seen.candidate.cost_per_useful_call
    if not usual or not now or min(seen.baseline.useful, seen.candidate.useful) < limits.least_calls:
        return None
    if now <= limits.cost_ratio * usual or dearer(seen.candidate, seen.baseline) > limits.chance:
        return None
    told = f"${now:.6f} a useful call against ${usual:.6f} in {seen.words}: more than {limits.cost_ratio:g} ×"
    return Fired("cost", Action.ROLL_BACK, told)
