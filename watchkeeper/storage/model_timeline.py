"""Which model answered for which requested one, when, where and for how much; and under which fingerprints."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from watchkeeper.errors import ConfigError
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.call_meaning import NO_ANSWER
from watchkeeper.storage.client import Store

MOST_ROWS = 200_000
_HOUR_S = 3_600
_ANSWERED = f"NOT (c.model = c.request_model AND c.outcome IN {NO_ANSWER})"
"""A call without an answer names the model that was asked for, not one that answered."""


@dataclass(frozen=True, slots=True)
class ServedDay:
    """Answers of one model to calls for another name, on one UTC day."""

    provider: str
    request_model: str
    model: str
    day: date
    calls: int
    first_seen: datetime
    """The begin of the hour where a rollup was read."""
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class ModelUse:
    """Calls of one route to one model, and what they cost; failed calls included."""

    provider: str
    request_model: str
    service: str
    route: str
    calls: int
    calls_with_cost: int
    calls_unpriced: int
    cost_usd: Decimal


@dataclass(frozen=True, slots=True)
class FingerprintUse:
    """Answers of one model that carried one fingerprint of the provider's."""

    model: str
    fingerprint: str
    calls: int
    first_seen: datetime
    last_seen: datetime


_SERVED = """
SELECT c.provider AS provider, c.request_model AS request_model, c.model AS model, toDate({time}, 'UTC') AS day,
  sum(c.calls) AS calls, min({time}) AS first_seen, max({last}) AS last_seen
FROM {table} AS c
WHERE {where} AND {answered}
GROUP BY provider, request_model, model, day
HAVING calls > 0
ORDER BY provider, request_model, day, calls DESC, model
LIMIT {{limit:UInt32}}
"""
_USES = """
SELECT c.provider AS provider, c.request_model AS request_model, c.service AS service, c.route AS route,
  sum(c.calls) AS calls, {with_cost} AS calls_with_cost, {unpriced} AS calls_unpriced, {cost} AS cost_usd
FROM {table} AS c
WHERE {where}
GROUP BY provider, request_model, service, route
ORDER BY cost_usd DESC, calls DESC, provider, request_model, service, route
LIMIT {{limit:UInt32}}
"""
_OF_ROLLUP = {
    "table": "calls_1h",
    "time": "c.bucket",
    "last": "c.last_call",
    "with_cost": "sum(c.calls_with_cost)",
    "unpriced": "sum(c.calls_unpriced)",
    "cost": "sum(c.cost_usd)",
}
_OF_CALLS = {
    "table": "calls",
    "time": "c.ts",
    "last": "c.ts",
    "with_cost": "countIf(c.cost_usd IS NOT NULL)",
    "unpriced": "countIf(c.cost_status = 'unpriced')",
    "cost": "toDecimal128(sum(ifNull(c.cost_usd, 0)), 9)",
}
_FINGERPRINTS = """
SELECT c.model AS model, c.system_fingerprint AS fingerprint, sum(c.calls) AS calls, min(c.ts) AS first_seen,
  max(c.ts) AS last_seen
FROM calls AS c
WHERE {where} AND {answered} AND c.system_fingerprint != ''
GROUP BY model, fingerprint
ORDER BY calls DESC, model, fingerprint
LIMIT {{limit:UInt32}}
"""


def source_of(chosen: CallFilter) -> tuple[str, CallFilter]:
    """The table that answers for ``chosen``, and the period that is really read: whole hours of the rollup."""
    if not chosen.fits_rollups():
        return "calls", chosen
    begin, end = chosen.begin.timestamp() // _HOUR_S, -(-chosen.end.timestamp() // _HOUR_S)
    moments = [datetime.fromtimestamp(hour * _HOUR_S, UTC) for hour in (begin, end)]
    return "calls_1h", replace(chosen, begin=moments[0], end=moments[1])


def served_days(store: Store, chosen: CallFilter) -> list[ServedDay]:
    """By provider, requested model and day; those with most answers of a day first.

    Raises :class:`ConfigError` for more than :data:`MOST_ROWS`, as :func:`model_uses` does.
    """
    return [ServedDay(**row) for row in _read(store, _SERVED, chosen, MOST_ROWS)]


def model_uses(store: Store, chosen: CallFilter) -> list[ModelUse]:
    """Where models are used, the most expensive first."""
    return [ModelUse(**row) for row in _read(store, _USES, chosen, MOST_ROWS)]


def fingerprint_uses(store: Store, chosen: CallFilter, limit: int = 200) -> list[FingerprintUse]:
    """The fingerprints of the calls of ``chosen``, those with most calls first."""
    where, parameters = chosen.where("c")
    rows = store.query_rows(_FINGERPRINTS.format(where=where, answered=_ANSWERED), {**parameters, "limit": limit})
    return [FingerprintUse(**row) for row in rows]


def _read(store: Store, sql: str, chosen: CallFilter, limit: int) -> Sequence[dict[str, Any]]:
    table, read = source_of(chosen)
    where, parameters = read.where("c", "ts" if table == "calls" else "bucket")
    names = _OF_CALLS if table == "calls" else _OF_ROLLUP
    rows = store.query_rows(sql.format(**names, where=where, answered=_ANSWERED), {**parameters, "limit": limit + 1})
    if len(rows) > limit:
        raise ConfigError(
            f"there are more than {limit:,} combinations of models with days or routes: choose a shorter period, or "
            "filter on a provider, a requested model or a service"
        )
    return rows


SPEND_PERIOD = timedelta(days=30)
"""Of which spend on a model is told."""
