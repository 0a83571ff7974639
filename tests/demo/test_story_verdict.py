"""The check of the story accepts what was planted, and nothing more, less or else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import httpx
import pytest
from rich.console import Console

from demo.story.expected import ADVICE, EXPECTED, Expected, Sign
from demo.story.report import show_story, show_verdict
from demo.story.told import Advice, Alert, Amount, CoTimed, Finding, Member, Saving, Slice, Target, Told
from demo.story.verdict import HOUR_S, judge

BEGIN = 1_788_134_400.0


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(BEGIN + seconds, UTC)


def finding(expected: Expected, sign: Sign, number: int) -> Finding:
    onset = expected.event.begin * HOUR_S
    details = {name: word for name, word in sign.details.items() if name != "driver"}
    if "driver" in sign.details:
        details |= {"driver calls": "-1.00 USD", f"driver {sign.details['driver']}": "+1,234.50 USD"}
    return Finding(
        id=f"{number}",
        kind=sign.kind,
        severity=sign.severity,
        state="open",
        service=sign.service,
        route=sign.route,
        provider=sign.model.provider,
        request_model=sign.model.asked,
        model="*",
        metric=sign.metric,
        onset=moment(onset + 60),
        detected_at=moment(onset + 480),
        confidence=0.99,
        reason="it is so",
        size=Amount(text=f"{sign.metric} up"),
        members=[Member(series="s", metric=metric) for metric in (sign.metric, *sign.also)],
        slices=[Slice(dimension=sign.part[0], value=sign.part[1])] if sign.part else [],
        co_timed=[CoTimed(what=sign.co_timed[0], before=f"{sign.co_timed[1]} (51%)", after=sign.co_timed[2])]
        if sign.co_timed
        else [],
        details=details,
    )


def alerts(expected: Expected) -> list[Alert]:
    at = moment(expected.event.begin * HOUR_S + 600)
    title = f"something of {expected.signs[0].model.asked}"
    return [Alert(at=at, verdict="open", severity="critical", title=title)] * expected.messages


def right() -> Told:
    pairs = [(expected, sign) for expected in EXPECTED for sign in expected.signs]
    advice = [
        Advice(
            route=one.route,
            decision=one.decision,
            reason=one.reason,
            why="because",
            target=Target(provider=one.to.provider, model=one.to.asked),
            evidence=one.evidence,
            saving=Saving(usd=Decimal(5)),
        )
        for one in ADVICE
    ]
    return Told(
        tuple(finding(expected, sign, number) for number, (expected, sign) in enumerate(pairs)),
        (*advice, Advice(route="elsewhere", decision="stay", reason="no_saving", why="all is well")),
        tuple(alert for expected in EXPECTED for alert in alerts(expected)),
    )


def problems(told: Told) -> Sequence[str]:
    return [f"{line.expected}: {line.problem}" for line in judge(told, BEGIN).problems]


def changed(number: int, **fields: object) -> Told:
    told = right()
    findings = list(told.findings)
    findings[number] = findings[number].model_copy(update=fields)
    return replace(told, findings=tuple(findings))


def test_what_was_planted_is_accepted() -> None:
    assert problems(right()) == []


def test_a_part_of_the_alerts_is_not_taken_for_all() -> None:
    assert problems(replace(right(), whole=False)) == ["alerts of the whole history: the preview did not get through"]


def test_advice_that_is_wrong_is_a_problem_also_without_words() -> None:
    told = right()
    wrong = tuple(one.model_copy(update={"decision": "keep", "why": ""}) for one in told.advice)
    assert len(problems(replace(told, advice=wrong))) == len(wrong)


@pytest.mark.parametrize("number", range(sum(len(one.signs) for one in EXPECTED)))
def test_each_sign_is_missed_when_it_is_not_there(number: int) -> None:
    told = right()
    left = tuple(one for one in told.findings if one.id != str(number))
    (problem,) = problems(replace(told, findings=left))
    assert problem.endswith(": missing")


@pytest.mark.parametrize("number", range(sum(len(one.signs) for one in EXPECTED)))
@pytest.mark.parametrize(
    "fields",
    [
        {"onset": moment(5 * HOUR_S)},
        {"request_model": "another-model"},
        {"route": "another-route"},
        {"metric": "another"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_wrong_onset_or_scope_is_both_missing_and_unexpected(number: int, fields: dict[str, object]) -> None:
    found = problems(changed(number, **fields))
    assert [problem.rpartition(": ")[2] for problem in found] == ["missing", "nobody planted it"]


@pytest.mark.parametrize(
    ("fields", "number", "told"),
    [
        ({"severity": "info"}, 0, "severity info, not page"),
        ({"detected_at": moment(400 * HOUR_S)}, 0, "found too late"),
        ({"members": []}, 1, "does not hold timeout"),
        ({"co_timed": []}, 3, "does not name the prompt version"),
        ({"details": {}}, 6, "before is , not gpt-4o-2024-08-06, after is , not gpt-4o-2024-11-20"),
        ({"details": {"driver calls": "+9.00 USD", "driver cache share": "+1.00 USD"}}, 8, "driver is calls"),
        ({"slices": []}, 9, "does not name the route review-clause"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_wrong_with_a_sign_is_told(fields: dict[str, object], number: int, told: str) -> None:
    (problem,) = problems(changed(number, **fields))
    assert told in problem


def test_a_record_more_is_one_too_many() -> None:
    told = right()
    again = told.findings[0].model_copy(update={"id": "again"})
    (problem,) = problems(replace(told, findings=(*told.findings, again)))
    assert problem == "nothing else: nobody planted it"


def test_other_advice_than_expected_is_told() -> None:
    told = right()
    first, *others = told.advice
    for wrong in (
        first.model_copy(update={"target": None}),
        first.model_copy(update={"evidence": "indicated"}),
        first.model_copy(update={"decision": "migrate"}),
        first.model_copy(update={"reason": "other"}),
    ):
        assert len(problems(replace(told, advice=(wrong, *others)))) == 1
    assert problems(replace(told, advice=tuple(others))) == [f"advice for {first.route}: missing"]
    eager = others[-1].model_copy(update={"decision": "migrate"})
    assert problems(replace(told, advice=(first, *others[:-1], eager))) == ["advice for elsewhere: stay: all is well"]


def test_alerts_are_counted_by_event_and_none_may_be_left() -> None:
    told = right()
    silent = problems(replace(told, alerts=told.alerts[1:]))
    assert silent == [f"{EXPECTED[0].event.name}: alerts: not 1"]
    stray = Alert(at=moment(0.0), verdict="open", severity="critical", title="something of gpt-4o")
    assert problems(replace(told, alerts=(stray, *told.alerts))) == ["no other alert: nobody planted it"]
    over = stray.model_copy(update={"verdict": "end"})
    assert problems(replace(told, alerts=(over, *told.alerts))) == []


def costs(request: httpx.Request) -> httpx.Response:
    assert request.url.path == "/v1/costs" and request.url.params["request_model"]
    return httpx.Response(200, json={"totals": {"calls": 1_000, "successful_calls": 900, "cost_usd": "12.5"}})


def test_the_story_fits_a_hundred_columns_and_sixty_lines() -> None:
    out = StringIO()
    console = Console(file=out, width=100)
    with httpx.Client(transport=httpx.MockTransport(costs)) as client:
        show_story(console, right(), client, "http://api", BEGIN)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 100 and len(lines) <= 45
    for expected in EXPECTED:
        assert any(expected.event.name in line and "sure" in line for line in lines)
    assert sum("1,000 calls, 100 of no use, $12.50" in line for line in lines) == len(EXPECTED)
    assert any("re-route to openai/gpt-5.4 (proven)" in line for line in lines)


def test_the_verdict_names_each_problem() -> None:
    out = StringIO()
    show_verdict(Console(file=out, width=100), judge(changed(0, severity="info"), BEGIN))
    assert "  no  provider outage" in out.getvalue() and "severity info, not page" in out.getvalue()
    assert "1 of " in out.getvalue() and "lines are wrong" in out.getvalue()
