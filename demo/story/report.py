"""The story for the reader: what was found, how soon, how surely, at what cost, and what is advised."""

from collections.abc import Iterable, Iterator, Sequence

import httpx
from rich.console import Console

from demo.history.workloads import WORKLOADS
from demo.story.expected import EXPECTED, Expected
from demo.story.told import Advice, Cost, Finding, Told, read_cost
from demo.story.verdict import HOUR_S, Verdict, of_event, scope

_WIDTH = 100
_EXPECTED_WIDTH = 74
_STAY = "stay"
_MOST_MESSAGES = 8


def show_story(console: Console, told: Told, client: httpx.Client, api: str, begin_s: float) -> None:
    """Print it; what each event cost is asked of ``api``."""
    routes, models = ({one.route for one in WORKLOADS}, {one.model for one in WORKLOADS})
    console.print(f"\nFound in 14 days of {len(routes)} routes over {len(models)} models (times are UTC):\n")
    for expected in EXPECTED:
        found = of_event(expected, told.findings, begin_s)
        if found:
            cost = read_cost(client, api, found[0], _end(found))
            for line in _event(expected, found, cost, begin_s):
                console.print(_cut(line), markup=False)
    console.print("\nAdvice:")
    for line in _advice(told.advice):
        console.print(_cut(line), markup=False)
    opening = [alert for alert in told.alerts if alert.verdict == "open"]
    console.print(
        f"\nMessages that a chat would have got: {len(opening)}, and {len(told.alerts) - len(opening)} later on"
    )
    for alert in opening[:_MOST_MESSAGES]:
        console.print(_cut(f"  {alert.at:%d %b %H:%M}  {alert.title}"), markup=False)


def show_acts(console: Console, acts: Iterable[str]) -> None:
    """What a team does about it, a line each."""
    console.print("\nThen a team acts on it, through the API:")
    for act in acts:
        console.print(_cut(f"  {act}"), markup=False)


def show_verdict(console: Console, verdict: Verdict) -> None:
    """The table of what was expected and what was found."""
    console.print("\nExpected and found:")
    for line in verdict.lines:
        told = f"  {'no' if line.problem else 'ok'}  {line.expected:{_EXPECTED_WIDTH}}  {line.found}"
        console.print(_cut(told), markup=False)
        if line.problem:
            console.print(f"      {line.problem}", markup=False)
    wrong, lines = len(verdict.problems), len(verdict.lines)
    told = f"{wrong} of {lines} lines are wrong" if wrong else f"All {lines} are as they have to be"
    console.print(f"{told}.", style="red" if wrong else "green")


def _event(expected: Expected, found: Sequence[Finding], cost: Cost, begin_s: float) -> Iterator[str]:
    onset = begin_s + expected.event.begin * HOUR_S
    first, end = min(found, key=lambda one: one.detected_at), _end(found)
    late = (first.detected_at.timestamp() - onset) / 60
    kind = "a notice" if {one.severity for one in found} == {"notice"} else "a page"
    sure = max(one.confidence for one in found)
    yield f"  {expected.event.name}: {kind}, {sure:.1%} sure, found after {max(1.0, late):.0f} min"
    lasted = f"to {end.closed_at:%d %b %H:%M}" if end.closed_at else "until now"
    yield f"      {'; '.join([f'{first.onset:%d %b %H:%M} {lasted}', cost.sentence, *_above(found)])}"
    sized = next((one for one in found if one.size and one.kind == "regression"), first)
    what = sized.size.text.partition(" (")[0] if sized.size else sized.reason
    yield f"      {'; '.join([f'{scope(sized)}: {what}', *_causes(found)])}"


def _end(found: Sequence[Finding]) -> Finding:
    """The one that lasted longest."""
    return max(found, key=lambda one: (one.closed_at is None, one.closed_at or one.onset))


def _causes(found: Sequence[Finding]) -> Iterator[str]:
    told = dict.fromkeys((one.what, one.before, one.after) for finding in found for one in finding.co_timed)
    for what, before, after in list(told)[:2]:
        yield f"{what} {before} → {after}"
    parts = dict.fromkeys(part.value for finding in found for part in finding.slices if part.dimension == "route")
    for value in parts:
        yield f"route {value}"
    for finding in found:
        if "moved" in finding.details:
            yield finding.details["moved"]


def _above(found: Sequence[Finding]) -> Iterator[str]:
    for one in found:
        if one.kind == "cost_spike" and "above expectation" in one.reason:
            yield one.reason.rpartition("; ")[2].removesuffix(" in all")


def _advice(advice: Sequence[Advice]) -> Iterator[str]:
    for one in advice:
        if one.decision != _STAY and one.target is not None:
            decision = one.decision.replace("_", "-")
            yield f"  {one.route}: {decision} to {one.target.provider}/{one.target.model} ({one.evidence})"
            yield f"      {one.why}"
    stay = [one.route for one in advice if one.decision == _STAY]
    yield f"  stay: {', '.join(stay)}"


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"
