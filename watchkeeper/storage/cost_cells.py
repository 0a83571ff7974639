"""What each part of the traffic did and cost in a period: the cells in which the drivers of cost are told apart."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from watchkeeper.errors import ConfigError
from watchkeeper.schema import ROLLUP_KEYS, CostStatus, Outcome
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_source import CostSource

MOST_CELLS = 20_000
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_COSTS = ("cost_usd", "cost_input_usd", "cost_cache_read_usd", "cost_cache_write_usd", "cost_output_usd")
_CELL = ("service", "environment", "route", "operation", "provider", "model")


@dataclass(frozen=True, slots=True)
class CostCell:
    """Calls of one route to one model in a period, with a useful answer (outcome ``ok``) or without.

    Tokens and costs are those of ``known_calls``; a gateway's cache hits have none.
    """

    service: str
    environment: str
    route: str
    operation: str
    provider: str
    model: str
    useful: bool
    calls: int
    gateway_hits: int
    """Answered from a gateway's cache, at no cost."""
    known_calls: int
    """Calls whose cost is known, gateway hits left out."""
    unpriced_calls: int
    input_tokens: float
    output_tokens: float
    cache_read_tokens: float
    cache_write_tokens: float
    cost_usd: Decimal
    cost_input_usd: Decimal
    cost_cache_read_usd: Decimal
    cost_cache_write_usd: Decimal
    cost_output_usd: Decimal


def read_cost_cells(store: Store, chosen: CallFilter, source: CostSource) -> list[CostCell]:
    """The cells of ``chosen`` from ``source``, whose buckets its times must fit (:meth:`CostSource.reading`).

    A rollup does not tell the tokens of priced and unpriced calls apart. Where both fall into one bucket of one model,
    tokens count in the proportion of the priced calls; costs are exact in any case.

    Raises :class:`~watchkeeper.errors.ConfigError` for more than :data:`MOST_CELLS` cells.
    """
    where, parameters = chosen.where("c", source.time_column)
    inner = _bucket_rows(source.table) if source.bucket_s else _CALL_ROWS
    rows = store.query_rows(_SQL.format(inner=inner.format(where=where)), parameters)
    if len(rows) > MOST_CELLS:
        raise ConfigError(
            f"more than {MOST_CELLS:,} combinations of service, route and model: filter on a service or a route"
        )
    return [CostCell(**_plain(row)) for row in rows]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "useful": bool(row["useful"])}


_SQL = f"""
SELECT
  {", ".join(f"toString({name}) AS {name}" for name in _CELL)},
  outcome = '{Outcome.OK}' AS useful,
  toInt64(sum(r_calls)) AS calls, toInt64(sumIf(r_calls, r_hit)) AS gateway_hits,
  toInt64(sum(r_known)) AS known_calls, toInt64(sum(r_unpriced)) AS unpriced_calls,
  {", ".join(f"sum(r_{name} * r_share) AS {name}" for name in _TOKENS)},
  {", ".join(f"sum(r_{name}) AS {name}" for name in _COSTS)}
FROM ({{inner}})
GROUP BY {", ".join(_CELL)}, useful
ORDER BY {", ".join(_CELL)}, useful
LIMIT {MOST_CELLS + 1}
"""

_CALL_ROWS = f"""
  SELECT {", ".join(f"c.{name} AS {name}" for name in (*_CELL, "outcome"))},
    c.gateway_cache_hit AS r_hit, c.calls AS r_calls,
    c.cost_usd IS NOT NULL AND NOT r_hit AS r_known,
    c.cost_status = '{CostStatus.UNPRICED}' AS r_unpriced,
    toFloat64(r_known) AS r_share,
    {", ".join(f"ifNull(c.{name}, 0) AS r_{name}" for name in _TOKENS)},
    {", ".join(f"toDecimal128(ifNull(c.{name}, 0), 9) AS r_{name}" for name in _COSTS)}
  FROM calls AS c WHERE {{where}}"""


def _bucket_rows(table: str) -> str:
    """One row a bucket and key, as the parts of a rollup may not be merged yet."""
    keys = ", ".join(f"c.{name} AS {name}" for name in ROLLUP_KEYS)
    return f"""
  SELECT {", ".join(dict.fromkeys((*_CELL, "outcome")))},
    gateway_cache_hit AS r_hit, sum(c.calls) AS r_calls, sum(c.calls_with_usage) AS used,
    greatest(0, reinterpretAsInt64(sum(c.calls_unpriced))) AS r_unpriced,
    multiIf(r_hit, 0, used > 0, toInt64(used) - r_unpriced, r_cost_usd > 0, toInt64(r_calls), 0) AS counted,
    greatest(r_cost_usd > 0, counted) AS r_known,
    if(used > 0, r_known / used, 1) AS r_share,
    {", ".join(f"sum(c.{name}) AS r_{name}" for name in (*_TOKENS, *_COSTS))}
  FROM {table} AS c WHERE {{where}}
  GROUP BY c.bucket, {keys}"""
