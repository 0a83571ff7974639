"""What each route asks of its models, as its calls tell: one row a route, provider and requested model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any

from watchkeeper.errors import ConfigError
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_weights import RouteWeights
from watchkeeper.storage.series_health import WITHIN_MS, Series, Times

MOST_ARMS = 5_000
NOT_COMPARED = ("embeddings", "rerank")
"""Operations whose model cannot be replaced by another one call at a time: the vectors of both do not mix."""

_MOST_SERIES = 50
_NAMES = ("route", "provider", "request_model")
_RECENT_S = 86_400
_ENOUGH_FOR_P999 = 2_000
_SKETCH_ERROR = 0.01
_UNTIMED = "('error', 'rate_limited', 'cancelled')"


@dataclass(frozen=True, slots=True)
class RouteArm:
    """The calls of one route to one requested model at one provider, shadow calls included."""

    route: str
    provider: str
    request_model: str
    calls: int
    primary_calls: int
    """Without shadow calls: those whose answers were used."""
    recent_calls: int
    """Of them, in the last day in which the route was called at all."""
    tried: int
    """Without those that the application gave up."""
    useful: int
    """That ended ``ok``."""
    first_at: datetime
    last_at: datetime
    series: tuple[Series, ...]
    """Some of the series that the calls are of."""
    calls_with_usage: int
    input_tokens: int
    output_tokens: int
    p999_tokens: int | None
    """Of input and output of one call together, up to 3 % above; the largest of few; None where no call tells them."""
    largest_tokens: int | None
    calls_with_cost: int
    calls_unpriced: int
    cost_usd: Decimal
    """Sum of the known costs of the calls whose answers were used."""
    useful_with_cost: int
    tool_calls: int
    """That asked for a tool."""
    json_calls: int
    """Whose answer was to be structured."""
    output_types: tuple[str, ...]
    duration: Times


def route_arms(store: Store, chosen: CallFilter) -> list[RouteArm]:
    """All arms of the calls in ``chosen``, gateway cache hits and :data:`NOT_COMPARED` left out; by route, then name.

    Raises :class:`~watchkeeper.errors.ConfigError` for more than :data:`MOST_ARMS`.
    """
    condition, parameters = chosen.where("c")
    rows = store.query_rows(_sql(condition), {**parameters, "limit": MOST_ARMS + 1})
    if len(rows) > MOST_ARMS:
        raise ConfigError(
            f"more than {MOST_ARMS:,} combinations of route, provider and model were called: choose a shorter period"
        )
    return [_arm(row) for row in rows]


def current_arm(arms: Iterable[RouteArm], weights: RouteWeights | None) -> RouteArm | None:
    """Of one route's ``arms`` the model of now: the target with the largest of its ``weights``, once it is called.

    Without weights the model with most calls in the last day in which the route was called; None where no answer of a
    model was used.
    """
    called = [arm for arm in arms if arm.primary_calls]
    return (weights and _largest(called, weights)) or max(
        called,
        key=lambda arm: (arm.recent_calls, arm.primary_calls, arm.provider, arm.request_model),
        default=None,
    )


def _largest(called: Sequence[RouteArm], weights: RouteWeights) -> RouteArm | None:
    target = max(weights.targets, key=lambda one: one.weight)
    names = (target.provider, target.model)
    return next((arm for arm in called if (arm.provider, arm.request_model) == names), None)


def _sql(condition: str) -> str:
    within = ", ".join(f"countIf(timed AND c.duration_us < {limit * 1_000}) AS within_{limit}" for limit in WITHIN_MS)
    return f"""
        WITH
          c.calls = 1 AS one,
          c.variant != 'shadow' AS used,
          c.outcome = 'ok' AS good,
          c.input_tokens IS NOT NULL AS counted,
          toInt64(ifNull(c.input_tokens, 0)) + toInt64(ifNull(c.output_tokens, 0)) AS tokens,
          c.cost_usd IS NOT NULL AS known,
          one AND c.duration_complete AND c.outcome NOT IN {_UNTIMED} AS timed
        SELECT
          toString(c.route) AS route, toString(c.provider) AS provider, toString(c.request_model) AS request_model,
          countIf(one) AS calls,
          countIf(one AND used) AS primary_calls,
          countIf(one AND used AND c.ts >= l.last_at - {_RECENT_S}) AS recent_calls,
          countIf(one AND c.outcome != 'cancelled') AS tried,
          countIf(one AND good) AS useful,
          min(c.ts) AS first_at, max(c.ts) AS last_at,
          groupUniqArray({_MOST_SERIES})((toString(c.service), toString(c.model))) AS names,
          countIf(one AND counted) AS calls_with_usage,
          sum(ifNull(c.input_tokens, 0)) AS input_tokens,
          sum(ifNull(c.output_tokens, 0)) AS output_tokens,
          quantileDDIf({_SKETCH_ERROR}, 0.999)(toFloat64(tokens), counted) AS p999,
          maxIf(tokens, counted) AS largest,
          countIf(one AND known AND used) AS calls_with_cost,
          countIf(c.cost_status = 'unpriced') AS calls_unpriced,
          sumIf(reinterpretAsInt64(ifNull(c.cost_usd, 0)), used) AS cost_nano,
          countIf(one AND good AND known AND used) AS useful_with_cost,
          countIf(one AND (c.finish_reason = 'tool_call' OR c.outcome = 'tool_invalid')) AS tool_calls,
          countIf(one AND c.output_type = 'json') AS json_calls,
          groupUniqArrayIf(10)(toString(c.output_type), c.output_type != '') AS output_types,
          countIf(timed) AS timed_calls, {within},
          quantilesDDIf(0.01, 0.5, 0.95, 0.99)(toFloat64(c.duration_us), timed) AS us
        FROM calls AS c
        INNER JOIN (
          SELECT c.route AS route, max(c.ts) AS last_at FROM calls AS c WHERE {condition} GROUP BY route
        ) AS l ON c.route = l.route
        WHERE NOT c.gateway_cache_hit AND c.operation NOT IN {NOT_COMPARED} AND {condition}
        GROUP BY route, provider, request_model
        HAVING calls > 0
        ORDER BY route, provider, request_model
        LIMIT {{limit:UInt32}}"""


def _arm(row: Mapping[str, Any]) -> RouteArm:
    route, provider, model = (row[name] for name in _NAMES)
    used = row["calls_with_usage"] > 0
    computed = ("first_at", "last_at", "series", "p999_tokens", "largest_tokens", "cost_usd", "output_types")
    plain = [name for name in RouteArm.__slots__ if name not in (*computed, "duration")]
    return RouteArm(
        **{name: row[name] for name in plain},
        first_at=row["first_at"],
        last_at=row["last_at"],
        series=tuple(sorted((service, route, provider, model, served) for service, served in row["names"])),
        p999_tokens=_p999(row) if used else None,
        largest_tokens=row["largest"] if used else None,
        cost_usd=Decimal(row["cost_nano"]).scaleb(-9),
        output_types=tuple(sorted(row["output_types"])),
        duration=_times(row),
    )


def _times(row: Mapping[str, Any]) -> Times:
    timed = row["timed_calls"]
    p50, p95, p99 = row["us"] if timed else (None, None, None)
    return Times(timed, p50, p95, p99, tuple(row[f"within_{limit}"] for limit in WITHIN_MS))


def _p999(row: Mapping[str, Any]) -> int:
    # Of few calls the quantile would be too low, and so may the sketch's be: a context chosen by it would not hold.
    largest = int(row["largest"])
    above = ceil(row["p999"] * (1 + 2 * _SKETCH_ERROR))
    return largest if row["calls_with_usage"] < _ENOUGH_FOR_P999 else min(largest, above)
