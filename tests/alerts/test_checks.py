"""What the clock notices, from signs alone and from real tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from alerts.budget_watch import budget_conditions, conditions_of
from alerts.checks import Signs, UnpricedModel, conditions, steps
from alerts.event import EventState, Severity
from alerts.signs import read_signs
from alerts.usage import Usage
from tests.alerts.made_events import at, event
from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.budgeting.status import BudgetStatus
from watchkeeper.choices import BudgetPeriod
from watchkeeper.storage.budgets import Budget, reached_levels, save_budget
from watchkeeper.storage.client import Store

NOW = at(hours=12)
WELL = Signs(NOW, 50, (60, 55, 70), None, 3.0, 0, "", NOW, ())


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ({}, []),
        ({"calls": 0}, ["pipeline:no-calls"]),
        ({"calls": 0, "usual": (60, 5, 70)}, []),
        ({"calls": 0, "usual": ()}, []),
        ({"delay_s": 1_200.0}, ["pipeline:late-calls"]),
        ({"delay_s": None}, []),
        ({"dead_letters": 10, "dead_reason": "not protobuf"}, ["pipeline:dead-letters"]),
        ({"dead_letters": 9}, []),
        ({"detectors_at": NOW - timedelta(minutes=16)}, ["pipeline:no-detectors"]),
        ({"detectors_at": NOW - timedelta(minutes=16), "calls": 0, "usual": ()}, []),
        ({"detectors_at": None}, []),
        ({"unpriced": (UnpricedModel("openai", "gpt-z", 7, at()),)}, ["unpriced:openai/gpt-z"]),
    ],
    ids=str,
)
def test_what_holds(changes: dict[str, Any], held: list[str]) -> None:
    assert [one.id for one in conditions(replace(WELL, **changes))] == held


def test_a_condition_begins_once_and_ends_once() -> None:
    silent = conditions(replace(WELL, calls=0))
    begun = steps({}, silent, NOW)
    (opened,) = begun.values()
    assert (opened.state, opened.severity) == (EventState.OPEN, Severity.CRITICAL)
    assert steps(begun, silent, NOW) == {}
    (over,) = steps(begun, [], NOW + timedelta(minutes=5)).values()
    assert over.state is EventState.RESOLVED and over.seq > opened.seq


def test_a_model_without_a_price_is_told_once() -> None:
    (one,) = steps({}, conditions(replace(WELL, unpriced=(UnpricedModel("o", "m", 7, at()),))), NOW).values()
    assert one.state is EventState.INFO
    assert "what they cost is not known" in one.what


@pytest.mark.clickhouse
def test_signs_of_real_tables(shared_store: Store) -> None:
    first = datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC)
    rows = call_rows(40, cost_status="unpriced", cost_usd=None, request_model="gpt-new")
    shared_store.insert_arrow("calls", rows, "a")
    found = read_signs(shared_store, first + timedelta(minutes=10))
    assert (found.calls, found.usual, found.dead_letters, found.detectors_at) == (40, (0, 0, 0), 0, None)
    assert [(one.model, one.calls) for one in found.unpriced] == [("gpt-new", 40)]
    later = read_signs(shared_store, first + timedelta(weeks=1, minutes=10))
    assert (later.calls, later.usual[0], later.newest_call) == (0, 40, None)
    hours_later = read_signs(shared_store, first + timedelta(hours=5))
    assert hours_later.newest_call is not None and first - timedelta(minutes=1) <= hours_later.newest_call
    assert conditions(hours_later)[-1].kind == "unpriced"


@pytest.mark.clickhouse
def test_routes_environments_and_costs_come_from_calls(shared_store: Store) -> None:
    first = datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC)
    shared_store.insert_arrow("calls", call_rows(40, provider="openai", request_model="gpt-x"), "a")
    usage = Usage(shared_store)
    outage = event("o", first, kind="outage", service="*", route="*", places=(), since=first)
    located = usage.located(outage)
    assert located.places == ("shop/chat",) and located.environments == ("test",)
    impact = usage.of((located,), first + timedelta(hours=1))
    assert impact is not None and impact.calls == 40 and impact.spent_usd is not None
    assert usage.of((event("b", first, kind="budget"),), first) is None
    nobody = usage.of((event("n", first, provider="nobody"),), first + timedelta(hours=1))
    assert nobody is not None and (nobody.calls, nobody.spent_usd) == (0, None)


def budget(**fields: Any) -> Budget:
    made = {
        "name": "team", "version": 1, "period": BudgetPeriod.MONTH, "time_zone": "UTC", "limit_usd": Decimal(10),
        "warn_percent": (50, 80, 100), "scope": {}, "changed_by": "me", "changed_at": at(),
    }  # fmt: skip
    return Budget(**{**made, **fields})


def status(**fields: Any) -> BudgetStatus:
    made = {
        "budget": budget(), "now": NOW, "period_start": at(), "period_end": at(days=30),
        "spent": Decimal(9), "level": 80,
        "expected": None, "chance_above": None, "limit_at": None,
    }  # fmt: skip
    return BudgetStatus(**{**made, **fields})


@pytest.mark.parametrize(
    ("changes", "levels"),
    [
        ({}, ["50", "80"]),
        ({"level": None}, []),
        ({"spent": None, "level": None, "chance_above": 1.0}, []),
        ({"chance_above": 0.95, "level": 50}, ["50", "expected"]),
        ({"chance_above": 0.5, "level": None}, []),
        ({"chance_above": 1.0, "level": 100, "spent": Decimal(11)}, ["50", "80", "100"]),
    ],
    ids=str,
)
def test_each_level_of_a_budget_is_told_once_a_period(changes: dict[str, Any], levels: list[str]) -> None:
    found = list(conditions_of(status(**changes)))
    assert [one.id.rpartition(":")[2] for one in found] == levels
    assert all(one.once and one.subject == "team" for one in found)


@pytest.mark.clickhouse
def test_a_budget_that_is_spent_is_found_and_written_down(shared_store: Store) -> None:
    first = datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC)
    shared_store.insert_arrow("calls", call_rows(100), "a")
    save_budget(shared_store, budget(limit_usd=Decimal("0.3"), changed_at=first))
    now = first + timedelta(hours=2)
    found = budget_conditions(shared_store, now)
    assert [one.severity for one in found] == [Severity.WARNING, Severity.WARNING, Severity.CRITICAL]
    assert "100 % of $0.30 for this month are spent: $0.35" in found[-1].what
    start = datetime(2026, 5, 1, tzinfo=UTC)
    assert [one.percent for one in reached_levels(shared_store, "team", start)] == [50, 80, 100]
    assert budget_conditions(shared_store, now) == found
