"""What was spent, in steps of an hour or a quarter of one: the history that forecasts and budgets are made of."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from watchkeeper.schema import CostStatus
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_source import CALLS, HOURS, MINUTES, CostSource

HOUR_S = 3600
QUARTER_S = 900
"""Fits the begin of a day in every time zone in use."""


@dataclass(frozen=True, slots=True)
class Spend:
    """One step that has calls; ``at`` is its begin."""

    at: datetime
    calls: int
    cost_usd: Decimal
    unpriced_calls: int
    known_calls: int
    """Calls whose cost is known; at least one where there is a cost."""


def spend_source(chosen: CallFilter, step_s: int) -> CostSource:
    """The table that answers for ``chosen`` in steps of ``step_s``: :data:`HOUR_S` or :data:`QUARTER_S`."""
    if not chosen.fits_rollups():
        return CALLS
    return HOURS if step_s == HOUR_S else MINUTES


def read_spend(store: Store, chosen: CallFilter, step_s: int) -> list[Spend]:
    """By time. A rollup's period takes in the whole bucket that its end lies in, so that an end of now is up to now."""
    source = spend_source(chosen, step_s)
    where, parameters = chosen.where("c", source.time_column)
    sql = _SQL.format(where=where, table=source.table, **(_CALLS if source is CALLS else _BUCKETS))
    return [Spend(**row) for row in store.query_rows(sql, {**parameters, "step": step_s})]


_SQL = """
SELECT
  toDateTime(intDiv(toUnixTimestamp({time}), {{step:UInt32}}) * {{step:UInt32}}, 'UTC') AS at,
  toInt64(sum(c.calls)) AS calls, {cost} AS cost_usd, toInt64({unpriced}) AS unpriced_calls,
  toInt64({known}) AS known_calls
FROM {table} AS c
WHERE {where}
GROUP BY at
ORDER BY at
"""
_CALLS = {
    "time": "toDateTime(c.ts)",
    "cost": "toDecimal128(sum(ifNull(c.cost_usd, 0)), 9)",
    "unpriced": f"countIf(c.cost_status = '{CostStatus.UNPRICED}')",
    "known": "countIf(c.cost_usd IS NOT NULL)",
}
_BUCKETS = {
    "time": "c.bucket",
    "cost": "sum(c.cost_usd)",
    # A repricing lowers the count by adding its two's complement.
    "unpriced": "greatest(0, reinterpretAsInt64(sum(c.calls_unpriced)))",
    "known": (
        "greatest(toInt64(sum(c.cost_usd) > 0), "
        "toInt64(sum(c.calls_with_usage)) - greatest(0, reinterpretAsInt64(sum(c.calls_unpriced))))"
    ),
}
