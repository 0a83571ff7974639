"""What calls did and cost per service and model, from the rollups."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from watchkeeper.errors import ConfigError
from watchkeeper.storage.client import Store

_MINUTE_S = 60
_HOUR_S = 3600
_MINUTES_UP_TO_S = 6 * _HOUR_S
"""Longer periods without an interval are read from the 1-hour rollup."""
MOST_ROWS = 50_000
_LAST_S = 2**32 - 1

_UNANSWERED = "('error', 'rate_limited', 'cancelled')"
"""Outcomes whose duration says nothing of the model: a refused connection would look like a fast answer."""


@dataclass(frozen=True, slots=True)
class SummaryQuery:
    """Which calls to summarise: ``begin <= ts < end`` (aware), both widened to whole buckets of the rollup."""

    begin: datetime
    end: datetime
    interval_s: int = 0
    """Length of the rows' intervals, whole minutes; 0: one row for the whole period."""
    service: str = ""
    model: str = ""

    @property
    def rollup(self) -> str:
        """The coarsest rollup that can answer."""
        if self.interval_s:
            return "calls_1m" if self.interval_s % _HOUR_S else "calls_1h"
        short = (self.end - self.begin).total_seconds() <= _MINUTES_UP_TO_S
        return "calls_1m" if short else "calls_1h"


@dataclass(frozen=True, slots=True)
class Latency:
    """Quantiles in microseconds, each about 1 % exact; None where no call was measured."""

    p50_us: float | None
    p95_us: float | None
    p99_us: float | None


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One service and model, in one interval where intervals were asked for.

    Latency is that of answered calls (and timeouts) whose span ended with the answer, gateway cache hits left out.
    """

    interval: datetime | None
    service: str
    provider: str
    model: str
    calls: int
    outcomes: dict[str, int]
    calls_with_usage: int
    calls_unpriced: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: Decimal
    """Sum of the known costs; ``calls_unpriced`` says how many calls it leaves out."""
    latency: Latency
    ttft: Latency
    us_per_output_token: Latency


def summarise(store: Store, query: SummaryQuery) -> list[SummaryRow]:
    """Rows by interval, then by calls.

    Raises :class:`~watchkeeper.errors.ConfigError` for an interval that is no whole number of minutes, and for more
    than :data:`MOST_ROWS` rows.
    """
    if query.interval_s < 0 or query.interval_s % _MINUTE_S:
        raise ConfigError(f"interval is {query.interval_s} s: choose whole minutes")
    bucket_s = _MINUTE_S if query.rollup == "calls_1m" else _HOUR_S
    begin, end = int(query.begin.timestamp()), query.end.timestamp()
    rows = store.query_rows(
        _sql(query.rollup),
        {
            # ClickHouse's DateTime has 32 bits; what is beyond them would wrap around.
            "begin": max(0, begin - begin % bucket_s),
            "end": min(_LAST_S, -int(-end // bucket_s) * bucket_s),
            "interval": query.interval_s,
            "service": query.service,
            "model": query.model,
            "limit": MOST_ROWS + 1,
        },
    )
    if len(rows) > MOST_ROWS:
        raise ConfigError(f"more than {MOST_ROWS:,} rows: choose a shorter period, a longer interval or a filter")
    return [_row(row, bool(query.interval_s)) for row in rows]


def _sql(rollup: str) -> str:
    levels = "quantilesDDMergeIf(0.01, 0.5, 0.9, 0.95, 0.99)"
    # An empty sketch gives not-a-number, which is no number of JSON.
    sketches = ", ".join(
        f"arrayMap(q -> ifNotFinite(q, NULL), {levels}({sketch}, measured)) AS {name}"
        for name, sketch in _SKETCHES.items()
    )
    sums = ", ".join(f"sum(r.{name}) AS {name}" for name in _SUMS)
    return f"""
        WITH NOT r.gateway_cache_hit AND r.outcome NOT IN {_UNANSWERED} AS measured
        SELECT
          toDateTime(intDiv(toUnixTimestamp(r.bucket), greatest({{interval:UInt32}}, 1))
            * {{interval:UInt32}}, 'UTC') AS interval,
          service, provider, model, sumMap(map(r.outcome, r.calls)) AS outcomes, {sums}, {sketches}
        FROM {rollup} AS r
        WHERE r.bucket >= toDateTime({{begin:Int64}}, 'UTC')
          AND r.bucket < toDateTime({{end:Int64}}, 'UTC')
          AND ({{service:String}} = '' OR service = {{service:String}})
          AND ({{model:String}} = '' OR model = {{model:String}})
        GROUP BY interval, service, provider, model
        ORDER BY interval, calls DESC, service, provider, model
        LIMIT {{limit:UInt32}}"""


_SUMS = (
    "calls",
    "calls_with_usage",
    "calls_unpriced",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_usd",
)
_SKETCHES = {"latency": "r.duration_sketch", "ttft": "r.ttft_sketch", "us_per_output_token": "r.token_us_sketch"}


def _row(row: Mapping[str, Any], by_interval: bool) -> SummaryRow:
    values = dict(row)
    values["interval"] = row["interval"] if by_interval else None
    values["outcomes"] = {outcome: calls for outcome, calls in sorted(row["outcomes"].items()) if calls}
    for name in _SKETCHES:
        p50, _, p95, p99 = row[name]
        values[name] = Latency(p50, p95, p99)
    return SummaryRow(**values)
