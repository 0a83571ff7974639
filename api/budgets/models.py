"""What ``/v1/budgets`` takes and answers."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.answers.dollars import Dollars
from api.forecasting.models import SpendRange
from api.forecasting.ranges import spend_range
from watchkeeper.budgeting.status import BudgetStatus
from watchkeeper.choices import BudgetPeriod
from watchkeeper.storage.budgets import Budget, BudgetEvent

Percent = Annotated[int, Field(ge=1, le=1_000)]
Value = Annotated[str, Field(max_length=256)]
_EXAMPLE: dict[str, Any] = {
    "limit_usd": "500",
    "period": "month",
    "time_zone": "Europe/Berlin",
    "warn_percent": [50, 80, 100],
    "scope": {"service": ["shop"], "tag": ["team=search"]},
}


class BudgetBody(BaseModel):
    """Body of ``PUT /v1/budgets/{name}``: the whole budget, whatever it was before."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    limit_usd: Decimal = Field(gt=0, le=1_000_000_000, decimal_places=9, description="Dollars a period.")
    period: BudgetPeriod = Field(BudgetPeriod.MONTH, description="Weeks begin on Monday.")
    time_zone: str = Field("UTC", max_length=60, description="IANA name: whose days, weeks and months.")
    warn_percent: list[Percent] = Field(
        [50, 80, 100], min_length=1, max_length=10, description="Of the limit; each is an event once a period."
    )
    scope: dict[str, Annotated[list[Value], Field(min_length=1, max_length=50)]] = Field(
        default_factory=dict,
        max_length=16,
        description="Columns of calls with the values that count, and `tag` with NAME=VALUE; empty: all calls.",
    )


class BudgetItem(BaseModel):
    """One version of a budget."""

    name: str
    version: int
    period: BudgetPeriod
    time_zone: str
    limit_usd: Dollars
    warn_percent: list[int]
    scope: dict[str, list[str]]
    changed_by: str
    changed_at: datetime
    removed: bool


class LevelReached(BaseModel):
    """A warn level that was reached in the present period."""

    percent: int
    at: datetime = Field(description="When that was noticed.")
    spent_usd: Dollars
    limit_usd: Dollars = Field(description="The limit at that time.")


class BudgetStatusItem(BaseModel):
    """How a budget stands in its present period."""

    period_start: datetime
    period_end: datetime
    spent_usd: Dollars | None = Field(description="Null where there are calls and none has a known cost.")
    share: float | None = Field(description="Of the limit that is spent.")
    level: int | None = Field(description="The highest warn level reached, in percent; null below the lowest.")
    expected: SpendRange | None = Field(description="By the end of the period; null where that cannot be told yet.")
    chance_above_limit: float | None = Field(description="That more than the limit is spent by the end of the period.")
    limit_at: datetime | None = Field(
        description="When the limit was reached or, on the expected course, will be; null where it will not be, or "
        "where that cannot be told."
    )
    reached: list[LevelReached] = Field(description="Warn levels that were reported in this period.")
    unpriced_calls: int = Field(description="Calls of the period without a price: in no sum.")
    notes: list[str] = Field(description="What limits the status.")


class BudgetRow(BaseModel):
    """A budget and how it stands."""

    budget: BudgetItem
    status: BudgetStatusItem | None = Field(description="Null where it was not asked for.")


class BudgetsAnswer(BaseModel):
    """``GET /v1/budgets``."""

    rows: list[BudgetRow]
    next_cursor: str | None


class BudgetVersionsAnswer(BaseModel):
    """``GET /v1/budgets/{name}/versions``."""

    rows: list[BudgetItem] = Field(description="The newest first, at most 1,000.")


def budget_item(budget: Budget) -> BudgetItem:
    """A budget as the API shows it."""
    values = {name: getattr(budget, name) for name in BudgetItem.model_fields}
    return BudgetItem(
        **{
            **values,
            "warn_percent": list(budget.warn_percent),
            "scope": {column: list(chosen) for column, chosen in budget.scope.items()},
        }
    )


def status_item(
    status: BudgetStatus, reached: Sequence[BudgetEvent], unpriced_calls: int, notes: list[str]
) -> BudgetStatusItem:
    """A status as the API shows it."""
    return BudgetStatusItem(
        period_start=status.period_start,
        period_end=status.period_end,
        spent_usd=status.spent,
        share=status.share,
        level=status.level,
        expected=spend_range(status.expected) if status.expected else None,
        chance_above_limit=status.chance_above,
        limit_at=status.limit_at,
        reached=[
            LevelReached(percent=one.percent, at=one.at, spent_usd=one.spent_usd, limit_usd=one.limit_usd)
            for one in reached
        ],
        unpriced_calls=unpriced_calls,
        notes=notes,
    )
