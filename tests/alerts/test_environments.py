"""Which environments an event concerns: by its calls, without those that are well."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.budget_watch import conditions_of
from alerts.environments import concerned, has_outcomes, telling_times
from alerts.event import Event, EventState
from alerts.from_notice import notice_event
from alerts.usage import Usage
from tests.alerts.made_events import at, event
from tests.alerts.test_checks import budget, status
from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.storage.alert_facts import OutcomeCount
from watchkeeper.storage.client import Store
from watchkeeper.storage.notices import Notice

BEGUN = datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC)
BOTH = ("prod", "staging")


def counts(**bad: tuple[int, int]) -> list[OutcomeCount]:
    """Bad and other calls by environment."""
    return [
        OutcomeCount(name, outcome, calls)
        for name, pair in bad.items()
        for outcome, calls in zip(("error", "ok"), pair, strict=True)
    ]


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (counts(prod=(0, 300), staging=(40, 260)), ("staging",)),
        (counts(prod=(30, 270), staging=(40, 260)), BOTH),
        (counts(prod=(0, 20), staging=(40, 260)), BOTH),
        (counts(staging=(40, 260)), BOTH),
        (counts(prod=(0, 300), staging=(0, 300)), BOTH),
    ],
    ids=["prod is well", "both", "too few to tell", "no calls", "all seem well"],
)
def test_an_environment_is_left_out_where_its_calls_show_that_it_is_well(
    given: list[OutcomeCount], left: tuple[str, ...]
) -> None:
    assert concerned(event("r", at()), BOTH, given) == left


def test_of_answers_only_answers_count_and_cancelled_calls_never_do() -> None:
    refusals = event("r", at(), metric="refusal")
    given = [
        OutcomeCount("prod", "error", 500),
        OutcomeCount("prod", "refused", 20),
        OutcomeCount("staging", "ok", 300),
    ]
    assert concerned(refusals, BOTH, given) == ("prod",)
    outage = event("o", at(), kind="outage", size=None)
    failing = [*counts(prod=(200, 0), staging=(2, 100)), OutcomeCount("prod", "cancelled", 900)]
    assert concerned(outage, BOTH, failing) == ("prod",)


def test_what_outcomes_do_not_tell_is_not_asked() -> None:
    assert not has_outcomes(event("l", at(), metric="latency"))
    assert not has_outcomes(event("e", at(), size=None))
    assert has_outcomes(event("o", at(), kind="outage", metric="", size=None))


def test_calls_are_looked_at_lately_while_it_lasts_and_at_first_when_it_is_over() -> None:
    long = event("r", at(hours=9), since=at())
    assert telling_times(long) == (at(hours=8), at(hours=9))
    for over in ({"state": EventState.RESOLVED}, {"passing": True}):
        assert telling_times(long.model_copy(update=over)) == (at(), at(minutes=15))


@pytest.mark.clickhouse
def test_a_regression_is_where_its_calls_fail(shared_store: Store) -> None:
    for name, outcome in (("prod", "ok"), ("staging", "error")):
        rows = call_rows(60, environment=name, service="shop", route="buy", request_model="gpt-x", outcome=outcome)
        shared_store.insert_arrow("calls", rows, name)
    found = Usage(shared_store).located(located(since=BEGUN, service="shop", route="buy"))
    assert found.environments == ("staging",)
    slow = Usage(shared_store).located(located(since=BEGUN, service="shop", route="buy", metric="latency"))
    assert set(slow.environments) == set(BOTH)


@pytest.mark.clickhouse
def test_notices_and_conditions_have_those_of_what_they_name(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(5, environment="prod", route="chat"), "one")
    shared_store.insert_arrow("calls", call_rows(5, environment="staging", route="other"), "two")
    usage, when = Usage(shared_store), BEGUN + timedelta(minutes=1)

    def told(kind: str, subject: str, **facts: str) -> Event:
        return usage.located(notice_event(Notice("n", kind, subject, "open", "warning", "x", facts, when)))

    assert told("migration", "chat").environments == ("prod",)
    assert told("deprecation", "gpt-4o", model="gpt-4o").environments == ("prod", "staging")
    assert told("comparison", "old and new").environments == ()
    assert told("comparison", "old and new", environment="canary").environments == ("canary",)


@pytest.mark.parametrize(
    ("scope", "environments", "route"),
    [
        ({}, (), ""),
        ({"environment": ("prod",), "route": ("chat",)}, ("prod",), "chat"),
        ({"route": ("a", "b")}, (), ""),
    ],
    ids=["all", "one", "several"],
)
def test_a_budget_says_of_what_it_is(scope: dict[str, tuple[str, ...]], environments: Any, route: str) -> None:
    (condition,) = conditions_of(status(budget=budget(scope=scope), level=50))
    assert (condition.environments, condition.route) == (environments, route)


def located(**fields: Any) -> Event:
    return event("r", fields["since"] + timedelta(minutes=5), **fields)
