"""Was every planted event reported rightly, and was nothing else?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from demo.story.expected import ADVICE, EXPECTED, Expected, ExpectedAdvice, Sign
from demo.story.told import Advice, Alert, CoTimed, Finding, Told

HOUR_S = 3_600.0
_STAY = "stay"
_OPENS = "open"
_OTHERWISE = "nobody expects it"
_TOLD_WITHIN_S = HOUR_S
"""After it had to be found."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was expected, or that was found and not expected; ``problem`` is empty where all is well."""

    expected: str
    found: str
    problem: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All lines of the comparison."""

    lines: tuple[Line, ...]

    @property
    def problems(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.problem)


def judge(told: Told, begin_s: float) -> Verdict:
    """Compare ``told`` with what was planted in a history that begins at ``begin_s`` (Unix time)."""
    left = list(told.findings)
    lines = [_sign(sign, expected, left, begin_s) for expected in EXPECTED for sign in expected.signs]
    lines += [Line("nothing else", f"{one.kind} {scope(one)}: {one.reason}", "nobody planted it") for one in left]
    lines += _advice(told.advice)
    lines += _alerts(told.alerts, begin_s)
    if not told.whole:
        lines.append(Line("alerts of the whole history", "those of a part", "the preview did not get through"))
    return Verdict(tuple(lines))


def of_event(expected: Expected, findings: Sequence[Finding], begin_s: float) -> list[Finding]:
    """Those of ``findings`` that are signs of the event."""
    onset = begin_s + expected.event.begin * HOUR_S
    return [one for one in findings if any(_fits(sign, one) and _near(sign, one, onset) for sign in expected.signs)]


def scope(finding: Finding) -> str:
    """Model and workload, in words."""
    where = "all routes" if finding.route == "*" else f"{finding.service}/{finding.route}"
    return f"{finding.request_model} on {where}"


def _sign(sign: Sign, expected: Expected, left: list[Finding], begin_s: float) -> Line:
    onset = begin_s + expected.event.begin * HOUR_S
    what = sign.metric if sign.metric == sign.kind else f"{sign.kind} {sign.metric}"
    wanted = f"{expected.event.name}: {what}, {sign.model.asked}{'' if sign.route == '*' else ' on ' + sign.route}"
    fitting = [one for one in left if _fits(sign, one)]
    near = [one for one in fitting if _near(sign, one, onset)]
    if not near:
        found = "; ".join(f"onset {one.onset:%d %b %H:%M}" for one in fitting) or "nothing of this kind and scope"
        return Line(wanted, found, "missing")
    left.remove(near[0])
    wrong = ", ".join(_wrong(sign, near[0], onset))
    late = (near[0].detected_at.timestamp() - onset) / 60
    return Line(wanted, f"after {late:,.0f} min", wrong)


def _fits(sign: Sign, one: Finding) -> bool:
    asked = (sign.kind, sign.metric, sign.model.provider, sign.model.asked, sign.service, sign.route)
    return asked == (one.kind, one.metric, one.provider, one.request_model, one.service, one.route)


def _near(sign: Sign, one: Finding, onset: float) -> bool:
    return abs(one.onset.timestamp() - onset) <= sign.tolerance_s


def _wrong(sign: Sign, one: Finding, onset: float) -> Iterator[str]:
    if one.severity != sign.severity:
        yield f"severity {one.severity}, not {sign.severity}"
    if one.detected_at.timestamp() - onset > sign.within_s:
        yield "found too late"
    if sign.co_timed and sign.co_timed not in map(_change, one.co_timed):
        yield f"does not name the {sign.co_timed[0]}"
    if sign.part and sign.part not in [(part.dimension, part.value) for part in one.slices]:
        yield f"does not name the {sign.part[0]} {sign.part[1]}"
    for name, value in sign.details.items():
        if _detail(one, name) != value:
            yield f"{name} is {_detail(one, name)}, not {value}"
    for metric in sign.also:
        if metric not in {member.metric for member in one.members}:
            yield f"does not hold {metric}"


def _change(told: CoTimed) -> tuple[str, str, str]:
    """A change that most calls made; of how many the old word was is told behind it."""
    return told.what, told.before.partition(" (")[0], told.after


def _detail(one: Finding, name: str) -> str:
    if name != "driver":
        return one.details.get(name, "")
    drivers = {key.removeprefix("driver "): _usd(value) for key, value in one.details.items() if key[:7] == "driver "}
    return max(drivers, key=lambda key: drivers[key], default="")


def _usd(text: str) -> float:
    return float(text.removesuffix(" USD").replace(",", ""))


def _advice(advice: Sequence[Advice]) -> Iterator[Line]:
    expected = {one.route: one for one in ADVICE}
    for one in advice:
        wanted = expected.pop(one.route, None)
        found = one.decision + (f" → {one.target.model} ({one.evidence})" if one.target else "")
        if wanted is not None:
            right = _is_right(wanted, one)
            yield Line(
                f"advice for {one.route}: {wanted.decision} → {wanted.to.asked}",
                found,
                "" if right else one.why or _OTHERWISE,
            )
        elif one.decision != _STAY:
            yield Line(f"advice for {one.route}: {_STAY}", found, one.why or _OTHERWISE)
    stays = sum(one.decision == _STAY for one in advice)
    yield Line("advice for all other routes: stay", f"stay, {stays} times", "")
    for route in expected:
        yield Line(f"advice for {route}", "no advice", "missing")


def _is_right(wanted: ExpectedAdvice, one: Advice) -> bool:
    asked = (wanted.decision, wanted.reason, wanted.to.provider, wanted.to.asked, wanted.evidence)
    target = one.target
    return target is not None and asked == (one.decision, one.reason, target.provider, target.model, one.evidence)


def _alerts(alerts: Sequence[Alert], begin_s: float) -> Iterator[Line]:
    left = [alert for alert in alerts if alert.verdict == _OPENS]
    for expected in EXPECTED:
        onset = begin_s + expected.event.begin * HOUR_S
        mine = [alert for alert in left if _is_about(alert, expected, onset)]
        left = [alert for alert in left if alert not in mine]
        problem = "" if len(mine) == expected.messages else f"not {expected.messages}"
        yield Line(f"{expected.event.name}: alerts", f"{len(mine)} told", problem)
    for alert in left:
        yield Line("no other alert", alert.title, "nobody planted it")


def _is_about(alert: Alert, expected: Expected, onset: float) -> bool:
    named = any(sign.model.asked in alert.title for sign in expected.signs)
    within = max(sign.within_s for sign in expected.signs) + _TOLD_WITHIN_S
    return named and 0 <= alert.at.timestamp() - onset <= within
