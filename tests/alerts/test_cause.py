"""One cause, one message: what belongs together, what does not, and a month of a fleet in eight messages."""

from datetime import timedelta

import pytest

from alerts.cause import joins
from alerts.compose import compose
from alerts.event import Event, EventState, Severity
from alerts.replay import replay
from tests.alerts.made_events import arrivals, at, ended, event, mark, rules, step

FIRST = event("a", at())


@pytest.mark.parametrize(
    ("other", "word"),
    [
        (event("b", at(minutes=4), model="gpt-y", kind="outage"), "another model of openai"),
        (event("b", at(minutes=4), metric="refusal", route="pay"), "the same model"),
        (event("b", at(hours=30), model="gpt-y", since=at(minutes=-8)), "another model of openai"),
    ],
    ids=["provider", "model", "found late"],
)
def test_what_belongs_together(other: Event, word: str) -> None:
    assert word in joins(other, [FIRST])


@pytest.mark.parametrize(
    "other",
    [
        event("b", at(hours=3)),
        event("b", at(minutes=1), provider="anthropic", model="claude-x"),
        event("b", at(minutes=1), model="gpt-y", metric="refusal"),
        event("b", at(minutes=1), model="gpt-y", metric="cost"),
    ],
    ids=["another time", "another provider", "refusals of another model", "cost of another model"],
)
def test_what_does_not(other: Event) -> None:
    assert joins(other, [FIRST]) == ""


def test_a_release_explains_what_it_changed_on_any_model() -> None:
    release = (mark("service version", "2.4", at()),)
    one = event("a", at(), marks=release, metric="refusal")
    two = event("b", at(), marks=release, metric="cost", provider="anthropic", model="claude-x")
    assert joins(two, [one]) == "service version 2.4 of shop came with both"
    assert joins(two.model_copy(update={"service": "other"}), [one]) == ""


def test_outages_of_several_providers_are_one_s_own_network() -> None:
    one = event("a", at(), kind="outage")
    two = event("b", at(minutes=1), kind="outage", provider="anthropic", model="claude-x")
    assert "your own network" in joins(two, [one])


def test_a_stop_of_the_fleet_takes_the_pipeline_with_it() -> None:
    stop = event("a", at(), kind="traffic_stop", provider="*", model="*", service="*", route="*")
    check = event("b", at(), kind="pipeline", provider="", model="", service="", route="")
    assert "stands still" in joins(check, [stop])
    assert joins(check, [event("c", at(), kind="traffic_stop")]) != ""


def outage(begin: timedelta) -> list[Event]:
    """Forty series of one provider fail for fifty minutes; slow ones notice late, in their own time."""
    made = []
    for number in range(40):
        since = at() + begin + timedelta(seconds=number % 7)
        found = since + timedelta(seconds=30 + 2 * number, minutes=40 if number % 10 == 9 else 0)
        one = event(
            f"outage {number}", found, since=since, model=f"gpt-{number % 4}", route=f"r{number}",
            places=(f"shop/r{number}",),
            kind="outage" if number < 4 else "regression", metric="outage" if number < 4 else "error",
        )  # fmt: skip
        made += [one, ended(one, since + timedelta(minutes=50 + number))]
    return made


def regression(name: str, begin: timedelta, **fields: object) -> list[Event]:
    """One of nine hours that shows on ever more routes, and is nearly over once in between."""
    one = event(name, at() + begin, **fields)
    grown = step(one, one.at + timedelta(minutes=40), reason="the same change shows in shop/pay")
    passing = step(grown, one.at + timedelta(hours=4), state=EventState.RESOLVED)
    back = step(passing, passing.at + timedelta(minutes=2), state=EventState.OPEN)
    return [one, grown, passing, back, ended(back, one.at + timedelta(hours=9))]


def test_a_month_with_an_outage_and_three_regressions_makes_eight_messages() -> None:
    events = [
        *outage(timedelta(days=5, hours=10)),
        *regression("slow", timedelta(days=11, hours=3), provider="anthropic", model="claude-x", metric="latency"),
        *regression("refusing", timedelta(days=17, hours=20), metric="refusal", severity=Severity.WARNING),
        *regression("dear", timedelta(days=24, hours=14), provider="google", model="gemini", metric="cost"),
    ]
    moments = list(replay(arrivals(*events), rules(), (), at(days=30)))
    orders = [order for moment in moments for order in moment.orders]
    assert [order.decision.verdict.value for order in orders] == ["open", "end"] * 4
    told = {one.id for order in orders for one in order.events}
    assert told == {one.id for one in events}
    first = compose(orders[0], moments[0].at, "", None)
    assert first.title.startswith("openai: 4 models affected")
    assert "shop/r0" in next(line.text for line in first.lines if line.label == "Routes")


def test_what_began_in_an_outage_and_outlasts_it_is_told() -> None:
    lasting = event("late", at(hours=1), since=at(minutes=-9), model="gpt-y")
    events = (FIRST, ended(FIRST, at(minutes=30)), lasting)
    moments = replay(arrivals(*events), rules(), (), at(hours=12))
    sent = [(order.decision.verdict.value, moment.at) for moment in moments for order in moment.orders]
    assert sent == [("open", at(minutes=2)), ("end", at(minutes=35)), ("open", at(hours=3))]


def test_what_is_found_during_a_provider_s_trouble_is_part_of_it_though_its_onset_is_vague() -> None:
    """As of real detectors: the rate of errors of a slow route, begun at any time in the last day and a half."""
    outage_found = event("o", at(minutes=10), kind="outage", since=at())
    vague = {"since": at(hours=-8), "since_low": at(hours=-33), "since_high": at(minutes=35)}
    assert "fails or is slow" in joins(event("e", at(minutes=35), model="gpt-y", **vague), [outage_found])
    assert joins(event("e", at(hours=5), model="gpt-y", **vague), [outage_found]) == ""
