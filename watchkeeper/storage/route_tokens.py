"""Token counts of some calls in sums: enough to price them anywhere with one scan, size brackets included."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.errors import ConfigError
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store

MOST_CELLS = 5_000
_INPUT = "toInt64(ifNull(c.input_tokens, 0))"
_OUTPUT = "toInt64(ifNull(c.output_tokens, 0))"
_COUNTED = "c.input_tokens IS NOT NULL AND NOT c.gateway_cache_hit"


@dataclass(frozen=True, slots=True)
class TokenSums:
    """Calls of one tier whose input is above ``size`` of the bounds that were asked for."""

    request_model: str
    model: str
    service_tier: str
    size: int
    calls: int
    uncached: int
    cache_read: int
    cache_write: int
    plain_output: int
    reasoning: int


def token_sums(store: Store, chosen: CallFilter, above: Sequence[int]) -> list[TokenSums]:
    """Sums over the calls of ``chosen`` whose tokens are known, kept apart by the bounds ``above`` of input tokens.

    Raises :class:`~watchkeeper.errors.ConfigError` for more than :data:`MOST_CELLS`.
    """
    where, parameters = chosen.where("c")
    rows = store.query_rows(_sums(where), {**parameters, "above": list(above), "limit": MOST_CELLS + 1})
    if len(rows) > MOST_CELLS:
        raise ConfigError(f"more than {MOST_CELLS:,} combinations of model, tier and size: choose a shorter period")
    return [TokenSums(**row) for row in rows]


def calls_above(store: Store, chosen: CallFilter, limits: Sequence[int]) -> dict[int, int]:
    """How many calls of ``chosen`` hold more tokens (input and output together) than each of ``limits``."""
    if not limits:
        return {}
    where, parameters = chosen.where("c")
    (row,) = store.query_rows(_above(where), {**parameters, "limits": list(limits)})
    return dict(zip(limits, row["calls"] or [0] * len(limits), strict=True))


def _sums(where: str) -> str:
    return f"""
        WITH
          {_INPUT} AS input, {_OUTPUT} AS output,
          toInt64(ifNull(c.cache_read_tokens, 0)) AS read, toInt64(ifNull(c.cache_write_tokens, 0)) AS write,
          least(toInt64(ifNull(c.reasoning_tokens, 0)), output) AS thought
        SELECT
          toString(c.request_model) AS request_model, toString(c.model) AS model,
          toString(c.service_tier) AS service_tier,
          arrayCount(bound -> bound < input, {{above:Array(Int64)}}) AS size,
          count() AS calls,
          sum(greatest(input - read - write, 0)) AS uncached, sum(read) AS cache_read, sum(write) AS cache_write,
          sum(output - thought) AS plain_output, sum(thought) AS reasoning
        FROM calls AS c
        WHERE {_COUNTED} AND {where}
        GROUP BY request_model, model, service_tier, size
        ORDER BY request_model, model, service_tier, size
        LIMIT {{limit:UInt32}}"""


def _above(where: str) -> str:
    return f"""
        SELECT sumForEach(arrayMap(bound -> toUInt64({_INPUT} + {_OUTPUT} > bound), {{limits:Array(Int64)}})) AS calls
        FROM calls AS c WHERE {_COUNTED} AND {where}"""
