"""Budgets by the clock: each warn level that is reached, and that a limit is expected to be passed, once a period."""

from collections.abc import Iterator
from datetime import datetime

from alerts.amounts import moment, money
from alerts.checks import Condition
from alerts.event import Severity, cut
from watchkeeper.budgeting.periods import budget_period
from watchkeeper.budgeting.status import BudgetStatus, budget_events, budget_status
from watchkeeper.errors import ConfigError, QueryOverLimit
from watchkeeper.forecasting.spending import outlook
from watchkeeper.storage.budgets import Budget, insert_budget_events, list_budgets, reached_levels
from watchkeeper.storage.call_filter import from_mapping
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import logger
from watchkeeper.time_zone import time_zone

_log = logger("alerts")
MOST_BUDGETS = 200
"""Looked at in one round, by name."""
_EXPECTED = 0.9
"""Chance to pass the limit from which it is told."""
_FULL = 100


def budget_conditions(store: Store, now: datetime) -> list[Condition]:
    """What holds of every budget in its present period; levels that are reached for the first time are written down."""
    found: list[Condition] = []
    for budget in list_budgets(store, MOST_BUDGETS):
        try:
            status = _status(store, budget, now)
        except (ConfigError, QueryOverLimit) as error:
            _log.warning("a budget cannot be looked at", budget=budget.name, error=str(error))
            continue
        insert_budget_events(store, budget_events(reached_levels(store, budget.name, status.period_start), status))
        found += conditions_of(status)
    return found


def conditions_of(status: BudgetStatus) -> Iterator[Condition]:
    """Each level that is reached, and the limit where it is likely to be. What is not known is not told."""
    if status.spent is None:
        return
    budget, reached = status.budget, status.level or 0
    for percent in (one for one in budget.warn_percent if one <= reached):
        what = (
            f"budget {budget.name}: {percent} % of {money(budget.limit_usd)} for this {budget.period} are spent: "
            f"{money(status.spent)} since {moment(status.period_start)}"
        )
        severity = Severity.CRITICAL if percent >= _FULL else Severity.WARNING
        yield _condition(status, str(percent), severity, what)
    if status.chance_above is not None and status.chance_above >= _EXPECTED and status.spent < budget.limit_usd:
        by = f" by {moment(status.limit_at)}" if status.limit_at else ""
        what = (
            f"budget {budget.name}: {money(budget.limit_usd)} for this {budget.period} will be passed{by}, with "
            f"{status.chance_above:.0%} certainty; {money(status.spent)} are spent"
        )
        yield _condition(status, "expected", Severity.WARNING, what)


def _status(store: Store, budget: Budget, now: datetime) -> BudgetStatus:
    zone = time_zone(budget.time_zone)
    chosen = from_mapping(*budget_period(budget.period, now, zone), budget.scope, stored=True)
    return budget_status(budget, outlook(store, chosen, now, zone))


def _condition(status: BudgetStatus, level: str, severity: Severity, what: str) -> Condition:
    name = f"budget:{status.budget.name}:{status.period_start:%Y-%m-%dT%H:%M}:{level}"
    return Condition(
        id=cut(name, 200),
        kind="budget",
        severity=severity,
        since=status.period_start,
        what=what,
        subject=cut(status.budget.name),
        service=_only(status.budget, "service"),
        route=_only(status.budget, "route"),
        environments=tuple(cut(one) for one in status.budget.scope.get("environment", ())),
        facts={"spent_usd": str(status.spent), "limit_usd": str(status.budget.limit_usd)},
        once=True,
    )


def _only(budget: Budget, column: str) -> str:
    """The one value that the budget's scope has of ``column``; empty where it has none, or several."""
    values = budget.scope.get(column, ())
    return cut(values[0]) if len(values) == 1 else ""
