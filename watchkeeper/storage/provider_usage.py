"""What stored calls used and cost by day and model, cut into days as a provider's bill is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from watchkeeper.errors import ConfigError
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store

MOST_ROWS = 50_000
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class StoredUsage:
    """One day of one model. What a gateway's cache answered never reached the provider: ``gateway_hits`` alone."""

    day: datetime
    """Its begin."""
    provider: str
    model: str
    calls: int
    calls_with_usage: int
    unpriced_calls: int
    gateway_hits: int
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    usd: Decimal


@dataclass(frozen=True, slots=True)
class ServedFacts:
    """What only single calls tell, of one model in a whole period."""

    provider: str
    model: str
    repeated_answers: int
    """Calls beyond the first that carry the same response id."""
    tiers: dict[str, int]
    """Calls by service tier."""


def rollup_for(day_offset: timedelta) -> str:
    """The coarsest rollup whose buckets such days consist of."""
    return "calls_1m" if day_offset % _HOUR else "calls_1h"


def stored_usage(store: Store, chosen: CallFilter, day_offset: timedelta) -> list[StoredUsage]:
    """Usage by day (beginning ``day_offset`` after midnight UTC), provider and model, from a rollup.

    ``chosen`` must fit the rollups, and its period must consist of such days. Raises :class:`ConfigError` for more
    than :data:`MOST_ROWS` rows.
    """
    where, parameters = chosen.where("c", "bucket")
    rows = store.query_rows(
        _USAGE.format(table=rollup_for(day_offset), where=where),
        {**parameters, "offset": int(day_offset.total_seconds()), "limit": MOST_ROWS + 1},
    )
    if len(rows) > MOST_ROWS:
        raise ConfigError(f"more than {MOST_ROWS:,} days and models were called: take a shorter export")
    return [StoredUsage(**row) for row in rows]


def served_facts(store: Store, chosen: CallFilter) -> list[ServedFacts]:
    """Repeated answers and tiers of ``chosen``, from single calls."""
    where, parameters = chosen.where("c")
    rows = store.query_rows(_FACTS.format(where=where), {**parameters, "limit": MOST_ROWS})
    return [ServedFacts(**row) for row in rows]


_USAGE = """
SELECT
  toDateTime(intDiv(toUnixTimestamp(c.bucket) - {{offset:Int64}}, 86400) * 86400 + {{offset:Int64}}, 'UTC') AS day,
  c.provider AS provider, c.model AS model,
  sumIf(c.calls, NOT c.gateway_cache_hit) AS calls,
  sumIf(c.calls_with_usage, NOT c.gateway_cache_hit) AS calls_with_usage,
  sumIf(c.calls_unpriced, NOT c.gateway_cache_hit) AS unpriced_calls,
  sumIf(c.calls, c.gateway_cache_hit) AS gateway_hits,
  sumIf(c.input_tokens, NOT c.gateway_cache_hit) AS input_tokens,
  sumIf(c.cache_read_tokens, NOT c.gateway_cache_hit) AS cache_read_tokens,
  sumIf(c.cache_write_tokens, NOT c.gateway_cache_hit) AS cache_write_tokens,
  sumIf(c.output_tokens, NOT c.gateway_cache_hit) AS output_tokens,
  sum(c.cost_usd) AS usd
FROM {table} AS c WHERE {where}
GROUP BY day, provider, model ORDER BY day, provider, model LIMIT {{limit:UInt32}}
"""

_FACTS = """
SELECT provider, model, sum(calls) - sum(answers) AS repeated_answers, sumMap(map(service_tier, calls)) AS tiers
FROM (
  SELECT c.provider AS provider, c.model AS model, c.service_tier AS service_tier,
         countIf(c.response_id != '' AND c.calls = 1) AS identified, count() AS calls,
         uniqExactIf(c.response_id, c.response_id != '' AND c.calls = 1) + calls - identified AS answers
  FROM calls AS c WHERE {where} AND NOT c.gateway_cache_hit
  GROUP BY provider, model, service_tier
)
GROUP BY provider, model ORDER BY provider, model LIMIT {{limit:UInt32}}
"""
