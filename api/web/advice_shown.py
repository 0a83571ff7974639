"""Advice in words and marks of a page. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from api.advising.advice import Decision, Reason
from api.advising.considered import Status
from api.advising.facts import Level
from api.advising.models import ChangeItem
from api.comparing.verdict import Verdict
from api.requirements.models import Origin, RequirementField
from api.web.figures import UNKNOWN, words

_MARKS: Mapping[str, str] = {Decision.STAY: "good", Decision.RE_ROUTE: "bad", Decision.MIGRATE: "warn"}
_STUCK = frozenset(
    {Reason.DEGRADED_NO_ALTERNATIVE, Reason.REQUIREMENTS_MISSED_UNPROVEN, Reason.REQUIREMENTS_MISSED_NO_CANDIDATE}
)
"""Why a route stays though it is not well."""
LEVELS: Mapping[str, str] = {
    Level.PROVEN: "proven: both models ran on this route",
    Level.INDICATED: "indicated: both ran on like calls of another route",
    Level.CATALOGUE_ONLY: "catalogue only: it was not seen doing this work, so test it first",
}
STATUSES: Mapping[str, tuple[str, str]] = {
    Status.FITS: ("good", "fits"),
    Status.UNKNOWN: ("unsure", "a fact is missing"),
    Status.REJECTED: ("plain", "does not fit"),
}
VERDICTS: Mapping[str, tuple[str, str]] = {
    Verdict.BETTER: ("good", "better"),
    Verdict.NOT_WORSE: ("good", "not worse"),
    Verdict.WORSE: ("bad", "worse"),
    Verdict.CANNOT_TELL: ("unsure", "cannot tell"),
}
"""Kind of badge, and its text."""
_ORIGINS: Mapping[str, str] = {
    Origin.STATED: "stated",
    Origin.INFERRED: "inferred from its calls",
    Origin.ASSUMED: "assumed",
    Origin.UNKNOWN: "not known",
}


def mark(decision: str, reason: str) -> str:
    """Kind of badge of a decision."""
    return "warn" if decision == Decision.STAY and reason in _STUCK else _MARKS[decision]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One metric of the target against the model of now."""

    metric: str
    kind: str
    verdict: str
    size: str
    interval: str
    why: str


@dataclass(frozen=True, slots=True)
class RequirementRow:
    """One requirement that is in force, or that nobody stated."""

    name: str
    value: str
    origin: str
    why: str


def change_rows(changes: Iterable[ChangeItem]) -> tuple[ChangeRow, ...]:
    """In their order."""
    return tuple(_change(one) for one in changes)


def _change(one: ChangeItem) -> ChangeRow:
    kind, verdict = VERDICTS[one.verdict]
    unit = "points" if one.unit == "rate" else "%"
    needed = f"; a verdict takes {one.calls_needed:,} calls of either" if one.calls_needed else ""
    return ChangeRow(
        metric=words(one.metric),
        kind=kind,
        verdict=verdict,
        size=UNKNOWN if one.estimate is None else f"{100 * one.estimate:+.3g} {unit}",
        interval=_interval(one.low, one.high, unit),
        why=f"{one.reason}{needed}",
    )


def _interval(low: float | None, high: float | None, unit: str) -> str:
    if low is None and high is None:
        return UNKNOWN
    # An end that is not known is not bounded.
    ends = ("any less" if low is None else f"{100 * low:+.3g}", "any more" if high is None else f"{100 * high:+.3g}")
    return f"{ends[0]} to {ends[1]} {unit}"


def requirement_rows(fields: Iterable[RequirementField]) -> tuple[RequirementRow, ...]:
    """What holds first, what is not known last."""
    rows = [
        RequirementRow(words(one.name), _value(one.value), _ORIGINS[one.origin], one.why) for one in _ordered(fields)
    ]
    return tuple(rows)


def _ordered(fields: Iterable[RequirementField]) -> Sequence[RequirementField]:
    return sorted(fields, key=lambda one: one.value is None)


def _value(value: object) -> str:
    if value is None:
        return "nothing required"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    if isinstance(value, Mapping):
        return "; ".join(f"{words(str(name))}: {_value(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(one) for one in value)
    return str(value).replace("_", " ")
