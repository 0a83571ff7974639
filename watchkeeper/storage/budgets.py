"""Tables ``budgets`` (every version of each, the newest counts) and ``budget_events`` (warn levels reached)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from watchkeeper.choices import BudgetPeriod
from watchkeeper.storage.client import Store

MOST_BUDGETS = 1_000
_MONEY = pa.decimal128(38, 9)
_MICROS = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Budget:
    """One version of a budget."""

    name: str
    version: int
    """1 for the first."""
    period: BudgetPeriod
    time_zone: str
    """IANA name: whose days, weeks and months."""
    limit_usd: Decimal
    warn_percent: tuple[int, ...]
    """Of the limit; ascending."""
    scope: Mapping[str, tuple[str, ...]]
    """Columns of calls (and ``tag``) with the values that count; empty: all calls."""
    changed_by: str
    changed_at: datetime
    removed: bool = False


@dataclass(frozen=True, slots=True)
class BudgetEvent:
    """A warn level that a budget reached in a period, once."""

    budget: str
    period_start: datetime
    percent: int
    version: int
    """Of the budget, when it happened."""
    at: datetime
    spent_usd: Decimal
    limit_usd: Decimal


_BUDGETS: pa.Schema = pa.schema(
    [
        ("name", pa.string()),
        ("version", pa.uint32()),
        ("removed", pa.bool_()),
        ("period", pa.string()),
        ("time_zone", pa.string()),
        ("limit_usd", _MONEY),
        ("warn_percent", pa.list_(pa.uint16())),
        ("scope", pa.map_(pa.string(), pa.list_(pa.string()))),
        ("changed_by", pa.string()),
        ("changed_at", _MICROS),
    ]
)
_EVENTS: pa.Schema = pa.schema(
    [
        ("budget", pa.string()),
        ("period_start", _MICROS),
        ("percent", pa.uint16()),
        ("version", pa.uint32()),
        ("at", _MICROS),
        ("spent_usd", _MONEY),
        ("limit_usd", _MONEY),
    ]
)
_COLUMNS = ", ".join(_BUDGETS.names)
# Two writers at the same time may make the same version; then the later one counts, for every reader alike.
_NEWEST = f"SELECT {_COLUMNS} FROM budgets ORDER BY name, version DESC, changed_at DESC, limit_usd LIMIT 1 BY name"
_LIST = f"SELECT * FROM ({_NEWEST}) WHERE NOT removed AND name > {{after:String}} ORDER BY name LIMIT {{limit:UInt32}}"
_ONE = f"SELECT * FROM ({_NEWEST}) WHERE name = {{name:String}}"
_HISTORY = (
    f"SELECT {_COLUMNS} FROM budgets WHERE name = {{name:String}} ORDER BY version DESC, changed_at DESC LIMIT 1000"
)
_REACHED = f"""
SELECT {", ".join(_EVENTS.names)} FROM budget_events FINAL
WHERE budget = {{budget:String}} AND period_start = fromUnixTimestamp64Micro({{start:Int64}}, 'UTC')
ORDER BY percent
"""


def save_budget(store: Store, budget: Budget) -> None:
    """Store one version; it counts from now on."""
    row = {**asdict(budget), "scope": [(column, list(values)) for column, values in budget.scope.items()]}
    store.insert_arrow("budgets", pa.Table.from_pylist([row], _BUDGETS), uuid.uuid4().hex)


def find_budget(store: Store, name: str) -> Budget | None:
    """The newest version, even one that says the budget was removed; None where there never was one."""
    found = store.query_rows(_ONE, {"name": name})
    return _budget(found[0]) if found else None


def list_budgets(store: Store, limit: int, after: str = "") -> list[Budget]:
    """Those that were not removed, by name, from the one behind ``after`` on."""
    return [_budget(row) for row in store.query_rows(_LIST, {"limit": limit, "after": after})]


def budget_history(store: Store, name: str) -> list[Budget]:
    """All versions, the newest first (at most 1,000)."""
    return [_budget(row) for row in store.query_rows(_HISTORY, {"name": name})]


def insert_budget_events(store: Store, events: Sequence[BudgetEvent]) -> None:
    """Store what was reached. An event that is stored already stays as it was."""
    rows = [asdict(event) for event in events]
    store.insert_arrow("budget_events", pa.Table.from_pylist(rows, _EVENTS), uuid.uuid4().hex)


def reached_levels(store: Store, budget: str, period_start: datetime) -> list[BudgetEvent]:
    """The events of one period, the lowest level first."""
    start = int(period_start.timestamp() * 1_000_000)
    return [BudgetEvent(**row) for row in store.query_rows(_REACHED, {"budget": budget, "start": start})]


def _budget(row: Mapping[str, Any]) -> Budget:
    return Budget(
        **{
            **row,
            "period": BudgetPeriod(row["period"]),
            "warn_percent": tuple(row["warn_percent"]),
            "scope": {column: tuple(values) for column, values in sorted(row["scope"].items())},
        }
    )
