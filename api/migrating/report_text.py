"""A migration's report as Markdown."""

import re
from collections.abc import Iterator

from api.migrating.models import DecisionItem
from api.migrating.report import ArmItem, MigrationReport, PhaseItem
from api.migrating.watching import LAST_DAYS

_NONE = "–"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")


def markdown(report: MigrationReport) -> str:
    """The report. Names and reasons of people are escaped: they are text, no markup."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: MigrationReport) -> Iterator[str]:
    migration = report.migration
    old, new = (_plain(f"{one.provider} {one.model}") for one in (migration.baseline, migration.candidate))
    yield f"# Migration of route {_plain(migration.route)}"
    yield ""
    yield f"From {old} to {new}: **{migration.phase.replace('_', ' ')}** after {report.hours:.1f} hours."
    begun = f"Begun by {_plain(migration.created_by)} on {migration.created_at:%Y-%m-%d %H:%M} UTC"
    yield f"{begun}: {_plain(migration.reason)}"
    yield ""
    yield f"Last decision: {_plain(migration.last_reason)}"
    for title, points in (("What went well", report.went_well), ("What did not", report.went_badly)):
        yield from ("", f"## {title}", "", *([f"- {_plain(point)}" for point in points] or ["Nothing to tell."]))
    yield from ("", "## Phases", "", *_phases(report.phases))
    yield from (
        "",
        "## Decisions",
        "",
        "| # | at (UTC) | step | phase | by | reason |",
        "| --- | --- | --- | --- | --- | --- |",
    )
    yield from (_decision(one) for one in report.decisions)


def _phases(phases: list[PhaseItem]) -> Iterator[str]:
    yield "| phase | hours | model | calls | error rate | p95 | broken formats | $ a useful call | satisfaction |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for one in phases:
        name = one.phase.replace("_", " ")
        yield f"| {name} | {one.hours:.1f} | baseline | {_arm(one.baseline)} |"
        yield f"| {name} | {one.hours:.1f} | candidate | {_arm(one.candidate)} |"
    other_days = [one.phase.replace("_", " ") for one in phases if one.compared_with == LAST_DAYS]
    if other_days:
        yield ""
        yield f"The baseline had no calls in {', '.join(other_days)}: the numbers there are of {LAST_DAYS}."


def _arm(arm: ArmItem) -> str:
    errors = _NONE
    if arm.error_rate is not None:
        errors = f"{arm.error_rate:.2%} ({arm.error_rate_low:.2%} to {arm.error_rate_high:.2%})"
    p95 = _NONE if arm.p95_s is None else f"{arm.p95_s:.2f} s"
    broken = _NONE if arm.format_failures is None else f"{arm.format_failures:.2%}"
    cost = "unknown" if arm.cost_per_useful_call is None else f"{arm.cost_per_useful_call:.6f}"
    happy = _NONE if arm.satisfaction is None else f"{arm.satisfaction:.2f}"
    return f"{arm.calls:,} | {errors} | {p95} | {broken} | {cost} | {happy}"


def _decision(one: DecisionItem) -> str:
    at, phase = f"{one.decided_at:%Y-%m-%d %H:%M:%S}", one.phase.replace("_", " ")
    who, step = _plain(one.decided_by), one.step.replace("_", " ")
    return f"| {one.seq} | {at} | {step} | {phase} | {who} | {_plain(one.reason)} |"


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
