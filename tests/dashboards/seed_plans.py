"""Budgets, comparisons that recur, a migration and route weights."""

from datetime import datetime, timedelta
from decimal import Decimal

from watchkeeper.choices import BudgetPeriod, Recurrence
from watchkeeper.storage import model_migrations, route_weights
from watchkeeper.storage.budgets import Budget, BudgetEvent, insert_budget_events, save_budget
from watchkeeper.storage.client import Store
from watchkeeper.storage.model_migrations import MigrationDecision, ModelMigration, Served
from watchkeeper.storage.route_weights import RouteWeights, Target
from watchkeeper.storage.scheduled_comparisons import (
    ComparisonResult,
    ScheduledComparison,
    save_comparison,
    save_result,
)

_HOUR = timedelta(hours=1)
_TARGETS = (Target("openai", "gpt-4o", 95, "primary"), Target("anthropic", "claude-sonnet-4", 5, "canary"))


def seed_plans(store: Store, begin: datetime, end: datetime) -> None:
    """One of each; the migration is in its first canary."""
    _budget(store, begin, end - 6 * _HOUR)
    save_comparison(store, ScheduledComparison("nightly", 1, Recurrence.DAY, "{}", "ops", begin))
    for hours, verdict in ((20, "worse"), (44, "not_worse")):
        at = begin + hours * _HOUR
        save_result(store, ComparisonResult("nightly", at, 1, at, verdict, f"the candidate is {verdict}", "", "{}"))
    _migration(store, end)
    alone = (Target("openai", "gpt-4o", 100, "primary"),)
    for version, targets in enumerate((alone, _TARGETS), 1):
        weights = RouteWeights("chat", version, targets, (), (), "canary", "m1", "ops", end - 5 * _HOUR)
        route_weights.write(store, weights)


def _budget(store: Store, begin: datetime, reached: datetime) -> None:
    limit, spent = Decimal(100), Decimal("80.5")
    save_budget(store, Budget("team", 1, BudgetPeriod.MONTH, "UTC", limit, (80, 100), {}, "ops", begin))
    insert_budget_events(store, [BudgetEvent("team", begin, 80, 1, reached, spent, limit)])


def _migration(store: Store, end: datetime) -> None:
    baseline, candidate = Served("openai", "gpt-4o"), Served("anthropic", "claude-sonnet-4")
    start = end - 6 * _HOUR
    model_migrations.begin(
        store,
        ModelMigration("m1", "chat", 1, baseline, candidate, {}, {}, "", "", "cheaper", _TARGETS, (), (), "ops", start),
    )
    for seq, (step, phase) in enumerate((("start", "shadow"), ("promote", "canary_5")), 1):
        at = start + seq * _HOUR
        facts = {"phase.baseline.calls": 950.0, "phase.candidate.calls": 50.0, "phase.hours": None}
        model_migrations.decide(
            store, MigrationDecision("m1", seq, f"d{seq}", step, phase, at, False, step, {}, "ops", at, 1, facts)
        )
