"""What a migration came to: each phase with both models' numbers, what went well, what did not, every decision."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, Field

from api.migrating.models import DecisionItem, MigrationItem, decision_item, migration_item
from api.migrating.phases import ENDED, Phase
from api.migrating.standing import WATCHKEEPER, Standing
from api.migrating.triggers import Seen
from api.migrating.watching import Watching
from watchkeeper.storage.model_migrations import MigrationDecision
from watchkeeper.storage.route_arms import RouteArm
from watchkeeper.wilson import wilson

_CLEAR = 0.05
"""Relative difference in latency or cost that is worth a sentence."""


class ArmItem(BaseModel):
    """What one model did in a phase; null: unknown."""

    calls: int
    error_rate: float | None
    error_rate_low: float | None = Field(description="95 % interval (Wilson).")
    error_rate_high: float | None
    p95_s: float | None
    format_failures: float | None = Field(description="Share of the answers whose format was checked.")
    cost_per_useful_call: float | None = Field(description="USD.")
    satisfaction: float | None = Field(description="Mean feedback on the scale from 0 to 1, 1 is good.")


class PhaseItem(BaseModel):
    """One phase."""

    phase: Phase
    began_at: datetime
    ended_at: datetime
    hours: float
    baseline: ArmItem
    candidate: ArmItem
    compared_with: str = Field(description="Which calls of the baseline.")


class MigrationReport(BaseModel):
    """``GET /v1/migrations/{id}/report``."""

    migration: MigrationItem
    hours: float = Field(description="From begin to end, or until now.")
    phases: list[PhaseItem]
    went_well: list[str]
    went_badly: list[str]
    decisions: list[DecisionItem]


@dataclass(frozen=True, slots=True)
class Stay:
    """How long a migration was in a phase."""

    first: MigrationDecision
    ended_at: datetime


def report(watching: Watching, standing: Standing, log: Sequence[MigrationDecision], now: datetime) -> MigrationReport:
    """The report of a migration, which may be under way still."""
    until = now if standing.is_active else standing.last.decided_at
    stays = list(_stays(log, until))
    seen = [(stay, watching.of_phase(Standing(standing.migration, stay.first), stay.ended_at)) for stay in stays]
    return MigrationReport(
        migration=migration_item(standing.migration, standing.last, standing.is_active),
        hours=_hours(standing.migration.created_at, until),
        phases=[_phase_item(stay, one) for stay, one in seen],
        went_well=[*_good_steps(standing, log), *(_judged(seen[-1][1], good=True) if seen else [])],
        went_badly=[*_bad_steps(log), *(_judged(seen[-1][1], good=False) if seen else [])],
        decisions=[decision_item(one) for one in log],
    )


def _stays(log: Sequence[MigrationDecision], until: datetime) -> Iterator[Stay]:
    entered = [one for place, one in enumerate(log) if not place or one.phase != log[place - 1].phase]
    for place, one in enumerate(entered):
        if one.phase not in ENDED:
            yield Stay(one, entered[place + 1].decided_at if place + 1 < len(entered) else until)


def _phase_item(stay: Stay, seen: Seen) -> PhaseItem:
    found = seen.satisfaction
    return PhaseItem(
        phase=Phase(stay.first.phase),
        began_at=stay.first.phase_began_at,
        ended_at=stay.ended_at,
        hours=_hours(stay.first.phase_began_at, stay.ended_at),
        baseline=_arm_item(seen.baseline, found.baseline if found else None),
        candidate=_arm_item(seen.candidate, found.candidate if found else None),
        compared_with=seen.words,
    )


def _arm_item(arm: RouteArm, satisfaction: float | None) -> ArmItem:
    low, high = wilson(arm.errors, arm.calls) if arm.calls else (None, None)
    return ArmItem(
        calls=arm.calls,
        error_rate=arm.error_rate,
        error_rate_low=low,
        error_rate_high=high,
        p95_s=arm.p95_s,
        format_failures=arm.format_failures,
        cost_per_useful_call=arm.cost_per_useful_call,
        satisfaction=satisfaction,
    )


def _good_steps(standing: Standing, log: Sequence[MigrationDecision]) -> list[str]:
    passed = [one for one in log if one.step == "promote" and one.decided_by == WATCHKEEPER]
    found = [f"{len(passed)} phases passed by their gates"] if passed else []
    if standing.phase is Phase.DONE and not any(one.step == "warn" for one in log):
        found.append("no trigger fired, none warned")
    return found


def _bad_steps(log: Sequence[MigrationDecision]) -> list[str]:
    words = {"roll_back": "went back", "cancel": "ended by a person", "warn": "warned", "pause": "paused"}
    found = [f"{words[one.step]} in {_phase_of(log, one)}: {one.reason}" for one in log if one.step in words]
    by_hand = [one for one in log if one.step == "promote" and one.decided_by != WATCHKEEPER]
    return found + [f"left {_phase_of(log, one)} before its gate was passed ({one.reason})" for one in by_hand]


def _phase_of(log: Sequence[MigrationDecision], decision: MigrationDecision) -> str:
    """The phase in which it was decided."""
    return next((one.phase for one in reversed(log) if one.seq < decision.seq), decision.phase)


def _judged(seen: Seen, *, good: bool) -> list[str]:
    """Latency and cost in the last phase, where they differ clearly; as points, not as proofs: the verdicts are."""
    pairs = (
        ("p95 latency", seen.baseline.p95_s, seen.candidate.p95_s, "{:.2f} s"),
        ("cost per useful call", seen.baseline.cost_per_useful_call, seen.candidate.cost_per_useful_call, "${:.6f}"),
    )
    found = []
    for name, old, new, form in pairs:
        if old and new and abs(new / old - 1) >= _CLEAR and (new < old) is good:
            found.append(f"{name} {form.format(new)} against {form.format(old)} ({new / old - 1:+.0%})")
    return found


def _hours(begin: datetime, end: datetime) -> float:
    return (end - begin).total_seconds() / 3600
