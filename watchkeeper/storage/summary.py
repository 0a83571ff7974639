"""What calls did and cost per service and model, from the rollups."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper.errors import ConfigError
from watchkeeper.log_histogram import quantiles
from watchkeeper.storage.client import Store
from watchkeeper.storage.histograms import added_up

_MINUTE_S = 60
_HOUR_S = 3600
_MINUTES_UP_TO_S = 6 * _HOUR_S
"""Longer periods without an interval are read from the 1-hour rollup."""
MOST_ROWS = 50_000
_LAST_S = 2**32 - 1
_LEVELS = (0.5, 0.95, 0.99)
_ROWS_AT_ONCE = 2_000
"""Some 20 MB of counts."""


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
    """Quantiles in microseconds (:mod:`watchkeeper.log_histogram` says how exact); None where no call was measured."""

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
    table = store.query_arrow(
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
    if table.num_rows > MOST_ROWS:
        raise ConfigError(f"more than {MOST_ROWS:,} rows: choose a shorter period, a longer interval or a filter")
    return _rows(table, bool(query.interval_s))


def _sql(rollup: str) -> str:
    sums = ", ".join(f"sum(r.{name}) AS {name}" for name in _SUMS)
    histograms = ", ".join(f"sumMap(r.{column}) AS {name}" for name, column in _HISTOGRAMS.items())
    return f"""
        SELECT
          intDiv(toUnixTimestamp(r.bucket), greatest({{interval:UInt32}}, 1)) * {{interval:UInt32}} AS interval,
          toString(r.service) AS service, toString(r.provider) AS provider, toString(r.model) AS model,
          sumMap(map(toString(r.outcome), r.calls)) AS outcomes, {sums}, {histograms}
        FROM {rollup} AS r
        WHERE r.bucket >= toDateTime({{begin:Int64}}, 'UTC')
          AND r.bucket < toDateTime({{end:Int64}}, 'UTC')
          AND ({{service:String}} = '' OR r.service = {{service:String}})
          AND ({{model:String}} = '' OR r.model = {{model:String}})
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
_HISTOGRAMS = {"latency": "duration_counts", "ttft": "ttft_counts", "us_per_output_token": "token_us_counts"}


def _rows(table: pa.Table, by_interval: bool) -> list[SummaryRow]:
    plain = table.drop_columns(list(_HISTOGRAMS)).to_pylist()
    times = [_latencies(table[name]) for name in _HISTOGRAMS]
    return [
        _row({**row, **dict(zip(_HISTOGRAMS, three, strict=True))}, by_interval)
        for row, *three in zip(plain, *times, strict=True)
    ]


def _latencies(maps: pa.ChunkedArray) -> list[Latency]:
    found: list[Latency] = []
    for first in range(0, len(maps), _ROWS_AT_ONCE):
        part = maps.slice(first, _ROWS_AT_ONCE)
        counts = added_up(part, np.arange(len(part)), len(part))
        found.extend(Latency(*three) for three in quantiles(counts, _LEVELS))
    return found


def _row(row: dict[str, Any], by_interval: bool) -> SummaryRow:
    row["interval"] = datetime.fromtimestamp(row["interval"], UTC) if by_interval else None
    row["outcomes"] = {outcome: calls for outcome, calls in sorted(row["outcomes"]) if calls}
    return SummaryRow(**row)
