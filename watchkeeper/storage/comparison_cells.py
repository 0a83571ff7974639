"""One cohort of calls in sums: by like calls (route, prompt size, kind of output) and block of time."""

from datetime import datetime
from math import ceil

import pyarrow as pa

from watchkeeper.errors import ConfigError
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.call_meaning import MEANING
from watchkeeper.storage.client import Store

BLOCK_S = 600
"""Calls of one block share their load. Long periods have longer blocks, see :func:`block_seconds`."""
STEADY_BLOCK_S = 1
"""Of calls that were made back to back, where time is held to have no part in how they went."""
MOST_BLOCKS = 500
MOST_CELLS = 500_000

RATES: dict[str, tuple[str, str]] = {
    "error": ("tried", "c.outcome IN ('error', 'timeout')"),
    "rate_limit": ("tried", "c.outcome = 'rate_limited'"),
    "refusal": ("answered", "c.outcome IN ('refused', 'filtered')"),
    "truncation": ("answered", "c.outcome = 'truncated'"),
    "format_failure": ("answered", "broken"),
    "empty": ("answered", "c.outcome = 'empty'"),
}
"""Rate → (the calls it counts, those that are bad), as SQL on ``calls AS c``."""

VALUES: dict[str, str] = {
    "latency": "if(good AND c.duration_complete, c.duration_us / 1e6, 0)",
    "time_to_first_token": "if(good, ifNull(c.ttft_us, 0) / 1e6, 0)",
    "time_per_output_token": """if(good AND c.duration_complete AND ifNull(c.output_tokens, 0) > 0,
        (c.duration_us - least(ifNull(c.ttft_us, 0), c.duration_us)) / 1e6 / assumeNotNull(c.output_tokens), 0)""",
    "output_tokens": "if(good, ifNull(c.output_tokens, 0), 0)",
}
"""Value → SQL of a positive number; 0 where the call has none."""

_COUNTED = "c.calls = 1 AND NOT c.gateway_cache_hit"
HALF_OCTAVE = 0.34657359027997264
"""Of prompt length: calls within it are like calls, and a slope takes out what is left."""


def block_seconds(begin: datetime, end: datetime, shortest: int = BLOCK_S) -> int:
    """Length of a block for calls of ``[begin, end)``: ``shortest``, or more where that made too many blocks."""
    return max(shortest, ceil((end - begin).total_seconds() / MOST_BLOCKS))


def comparison_cells(store: Store, chosen: CallFilter, block_s: int = BLOCK_S) -> pa.Table:
    """The cells of one cohort.

    Columns ``route``, ``bucket``, ``output_type``, ``block`` (Unix time over ``block_s``); ``n_R`` and ``bad_R`` of
    each rate R; of each value V over its ``n_V`` calls the sums ``y_V``, ``yy_V``, ``x_V``, ``xx_V``, ``xy_V`` of its
    logarithm y and that of the prompt's tokens x; ``n_cost``, ``cost``, ``cost_squared``, ``useful``,
    ``cost_of_useful`` over the calls with a known cost; ``calls``, and ``known_format_failure`` of them whose format
    was checked. Gateway cache hits are left out.

    Raises :class:`~watchkeeper.errors.ConfigError` for more than :data:`MOST_CELLS` cells.
    """
    condition, parameters = chosen.where("c")
    found = store.query_arrow(_sql(condition), {**parameters, "block_s": block_s, "limit": MOST_CELLS + 1})
    if found.num_rows > MOST_CELLS:
        raise ConfigError(f"more than {MOST_CELLS:,} groups of like calls: compare a shorter period or fewer routes")
    return found


def calls_of(store: Store, chosen: CallFilter) -> int:
    """How many calls a cohort has, as its cells count them."""
    condition, parameters = chosen.where("c")
    sql = f"SELECT count() AS calls FROM calls AS c WHERE {_COUNTED} AND {condition}"
    (found,) = store.query_rows(sql, parameters)
    return int(found["calls"])


def _sql(condition: str) -> str:
    rates = [
        f"toFloat64(countIf({counted})) AS n_{name}, toFloat64(countIf({counted} AND {bad})) AS bad_{name}"
        for name, (counted, bad) in RATES.items()
    ]
    values = [_value(name) for name in VALUES]
    logarithms = ", ".join(f"{sql} AS raw_{name}" for name, sql in VALUES.items())
    return f"""
        WITH {MEANING},
          log(greatest(ifNull(c.input_tokens, 1), 1)) AS x,
          {logarithms}
        SELECT
          toString(c.route) AS route,
          toInt32(floor(x / {HALF_OCTAVE})) AS bucket,
          toString(c.output_type) AS output_type,
          toInt64(intDiv(toUnixTimestamp(c.ts), {{block_s:UInt32}})) AS block,
          toFloat64(count()) AS calls,
          {", ".join(rates)},
          {", ".join(values)},
          toFloat64(countIf(answered AND (c.format_valid IS NOT NULL OR broken))) AS known_format_failure,
          toFloat64(countIf(known)) AS n_cost,
          sumIf(spent, known) AS cost,
          sumIf(spent * spent, known) AS cost_squared,
          toFloat64(countIf(known AND useful_call)) AS useful,
          sumIf(spent, known AND useful_call) AS cost_of_useful
        FROM calls AS c
        WHERE {_COUNTED} AND {condition}
        GROUP BY route, bucket, output_type, block
        ORDER BY route, bucket, output_type, block
        LIMIT {{limit:UInt32}}"""


def _value(name: str) -> str:
    raw, given = f"raw_{name}", f"raw_{name} > 0"
    y = f"log(greatest({raw}, 1e-12))"
    sums = {"y": y, "yy": f"{y} * {y}", "x": "x", "xx": "x * x", "xy": f"x * {y}"}
    columns = [f"sumIf({sql}, {given}) AS {short}_{name}" for short, sql in sums.items()]
    return ", ".join([f"toFloat64(countIf({given})) AS n_{name}", *columns])
