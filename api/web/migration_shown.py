"""A migration as a page shows it: phases, gates, measurements, triggers. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from api.comparing.verdict import Verdict
from api.migrating.models import MigrationAnswer
from api.migrating.phases import ENDED, ORDER, Gate, Phase, gate
from api.web.figures import UNKNOWN, count, money, percent, words

PHASE_MARKS: Mapping[str, str] = {
    **dict.fromkeys(ORDER, "plain"),
    Phase.DONE: "good",
    Phase.ROLLED_BACK: "bad",
    Phase.CANCELLED: "unsure",
}
"""Kind of badge by phase."""
_OPEN = (Verdict.BETTER, Verdict.NOT_WORSE)
_ARMS = ("baseline", "candidate")
_WINDOWS = {"minutes": "last minutes", "so_far": "this phase"}
_TRIGGERS = {
    "window_s": "length of the window that triggers look at, s",
    "least_calls": "fewest calls of either model before times, formats and costs are compared",
    "least_errors": "fewest errors before error rates are compared",
    "error_ratio": "rolls back: error rate, candidate over baseline",
    "warn_error_ratio": "warns: error rate, candidate over baseline",
    "error_floor": "error rate that the baseline is taken to have at least",
    "p95_ratio": "rolls back: 95th percentile of time, candidate over baseline",
    "satisfaction_loss": "rolls back: relative fall of users' satisfaction",
    "warn_satisfaction_loss": "warns: fall of users' satisfaction, on a scale from 0 to 1",
    "least_scores": "fewest scores before satisfaction is compared",
    "format_margin": "rolls back: broken answers more than the baseline's, as a share",
    "cost_ratio": "rolls back: cost of a useful call, candidate over baseline",
}


@dataclass(frozen=True, slots=True)
class PhaseStep:
    """One phase on the way."""

    name: str
    place: str
    """``past``, ``current`` or ``ahead``."""


@dataclass(frozen=True, slots=True)
class GateRow:
    """One condition of the gate of the present phase."""

    name: str
    kind: str
    """Of its badge."""
    state: str
    so_far: tuple[str, ...]
    """One after the other."""
    needed: str


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """One number of both models over the same time."""

    window: str
    name: str
    baseline: str
    candidate: str


def phase_steps(answer: MigrationAnswer) -> tuple[PhaseStep, ...]:
    """The way of the migration; one that ended early ends with how."""
    migration = answer.migration
    gone = [Phase(one.phase) for one in answer.decisions]
    if migration.phase in ENDED and migration.phase is not Phase.DONE:
        seen = list(dict.fromkeys(phase for phase in gone if phase in ORDER))
        return (*(PhaseStep(words(one), "past") for one in seen), PhaseStep(words(migration.phase), "current"))
    first = ORDER.index(gone[0]) if gone and gone[0] in ORDER else 0
    now = ORDER.index(migration.phase)
    return tuple(PhaseStep(words(one), _place(number, now)) for number, one in enumerate(ORDER) if number >= first)


def _place(number: int, now: int) -> str:
    if number == now:
        return "current"
    return "past" if number < now else "ahead"


def waits_for(gates: Iterable[GateRow]) -> tuple[str, ...]:
    """The conditions that are not met."""
    return tuple(one.name for one in gates if one.kind != "good")


def gate_rows(answer: MigrationAnswer) -> tuple[GateRow, ...]:
    """What the present phase has to show, and has shown; empty where the migration has ended."""
    outlook = answer.outlook
    if outlook is None:
        return ()
    wanted = gate(answer.migration.phase, answer.gates)
    rows = [
        _reached("calls of the candidate", outlook.facts.get("phase.candidate.calls"), float(wanted.calls)),
        _reached("hours in the phase", outlook.facts.get("phase.hours"), wanted.hours),
        _verdict(wanted, outlook.verdict, outlook.compared),
        _none("warnings", {*answer.migration.warnings, *outlook.warnings}),
        _none("pause", ["until somebody resumes it"] if answer.migration.paused else []),
    ]
    return tuple(rows)


def _reached(name: str, so_far: float | None, needed: float) -> GateRow:
    if so_far is None:
        return GateRow(name, "unsure", "cannot tell", (UNKNOWN,), f"{needed:,.3g}")
    met = so_far >= needed
    # Whole numbers of calls; hours with a decimal.
    spelt = count(so_far) if "calls" in name else f"{so_far:,.1f}"
    least = count(needed) if "calls" in name else f"{needed:,.1f}"
    return GateRow(name, "good" if met else "unsure", "met" if met else "not yet", (spelt,), least)


def _verdict(wanted: Gate, verdict: str, compared: str) -> GateRow:
    name = "verdict of the comparison"
    if not wanted.verdict:
        return GateRow(name, "good", "met", (compared,), "none is asked for")
    needed, told = "better or not worse", tuple(compared.split("; "))
    if verdict in _OPEN:
        return GateRow(name, "good", words(verdict), told, needed)
    kind = "bad" if verdict == Verdict.WORSE else "unsure"
    return GateRow(name, kind, words(verdict), told, needed)


def _none(name: str, found: Iterable[str]) -> GateRow:
    told = tuple(words(one) for one in sorted(found))
    kind, state = ("warn", "not met") if told else ("good", "met")
    return GateRow(name, kind, state, told or ("none",), "none")


def measured_rows(answer: MigrationAnswer) -> tuple[MeasuredRow, ...]:
    """Both models by window, from what would be decided on now or, after the end, from the last decision."""
    facts = answer.outlook.facts if answer.outlook else answer.decisions[-1].facts if answer.decisions else {}
    rows = []
    for window, told in _WINDOWS.items():
        for name, label in _NUMBERS.items():
            values = [facts.get(f"{window}.{arm}.{name}", _MISSING) for arm in _ARMS]
            if values != [_MISSING, _MISSING]:
                baseline, candidate = (_number(name, value) for value in values)
                rows.append(MeasuredRow(told, label, baseline, candidate))
    return tuple(rows)


_MISSING = object()
_NUMBERS = {
    "calls": "calls",
    "error_rate": "error rate",
    "p95_s": "95th percentile of time",
    "format_failures": "broken answers",
    "cost_per_useful_call": "cost of a useful call",
    "satisfaction": "satisfaction, 1 is best",
}


def _number(name: str, value: object) -> str:
    if not isinstance(value, int | float):
        return UNKNOWN
    if name == "cost_per_useful_call":
        return money(value)
    if name == "p95_s":
        return f"{value:,.2f} s"
    if name == "error_rate":
        return percent(value)
    return f"{value:.2f}" if name == "satisfaction" else count(value)


def trigger_rows(answer: MigrationAnswer) -> tuple[tuple[str, str], ...]:
    """What rolls it back or warns, with the limits in force."""
    return tuple((_TRIGGERS.get(name, words(name)), f"{value:,.6g}") for name, value in answer.limits.items())
