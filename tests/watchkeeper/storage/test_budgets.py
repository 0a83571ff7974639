"""Versions of budgets, and levels reached."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from watchkeeper.choices import BudgetPeriod
from watchkeeper.storage.budgets import (
    Budget,
    BudgetEvent,
    budget_history,
    find_budget,
    insert_budget_events,
    list_budgets,
    reached_levels,
    save_budget,
)
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

AT = datetime(2026, 5, 1, 12, 30, 0, 123_456, tzinfo=UTC)
BUDGET = Budget(
    "team",
    1,
    BudgetPeriod.WEEK,
    "Europe/Berlin",
    Decimal("12.345678901"),
    (50, 80, 100),
    {"model": ("a", "b"), "tag": ("team=x",)},
    "somebody",
    AT,
)
EVENT = BudgetEvent("team", AT, 50, 1, AT + timedelta(hours=1), Decimal("6.2"), Decimal("12.345678901"))


def test_a_budget_comes_back_as_it_was_saved(shared_store: Store) -> None:
    save_budget(shared_store, BUDGET)
    save_budget(shared_store, replace(BUDGET, name="all", scope={}))
    assert find_budget(shared_store, "team") == BUDGET
    assert find_budget(shared_store, "nobody") is None
    assert [one.name for one in list_budgets(shared_store, 10)] == ["all", "team"]
    assert [one.name for one in list_budgets(shared_store, 1)] == ["all"]
    assert [one.name for one in list_budgets(shared_store, 10, after="all")] == ["team"]


def test_the_newest_version_counts_and_all_are_kept(shared_store: Store) -> None:
    versions = [replace(BUDGET, version=number, limit_usd=Decimal(number)) for number in (2, 1, 3)]
    for one in versions:
        save_budget(shared_store, one)
    assert find_budget(shared_store, "team") == versions[2]
    assert [one.version for one in budget_history(shared_store, "team")] == [3, 2, 1]


def test_of_two_writers_of_one_version_the_later_counts(shared_store: Store) -> None:
    later = replace(BUDGET, changed_at=AT + timedelta(microseconds=1), limit_usd=Decimal(7))
    save_budget(shared_store, later)
    save_budget(shared_store, BUDGET)
    assert find_budget(shared_store, "team") == later


def test_a_removed_budget_is_known_but_not_listed(shared_store: Store) -> None:
    save_budget(shared_store, BUDGET)
    gone = replace(BUDGET, version=2, removed=True)
    save_budget(shared_store, gone)
    assert list_budgets(shared_store, 10) == []
    assert find_budget(shared_store, "team") == gone


def test_a_level_is_reached_once_and_stays_as_it_was_first(shared_store: Store) -> None:
    later = replace(EVENT, at=EVENT.at + timedelta(hours=1), spent_usd=Decimal(9))
    for events in ([EVENT], [later, replace(later, percent=80)], [replace(EVENT, period_start=AT + timedelta(days=7))]):
        insert_budget_events(shared_store, events)
    assert reached_levels(shared_store, "team", AT) == [EVENT, replace(later, percent=80)]
    assert reached_levels(shared_store, "other", AT) == []
