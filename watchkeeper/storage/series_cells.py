"""Calls by series, outcome and interval, added up by the store: what :mod:`.series_health` makes its rows of.

Read from the rollup ``calls_1h``, or from ``calls`` where the rollup does not keep apart what is asked for or is too
coarse for the period.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from watchkeeper.errors import ConfigError
from watchkeeper.log_histogram import BASE
from watchkeeper.schema import Outcome
from watchkeeper.storage.call_filter import CallFilter, expression
from watchkeeper.storage.client import Store

SERIES = ("service", "route", "provider", "request_model", "model")
"""What makes a series."""
SUMS = ("calls", "calls_with_usage", "calls_with_cost", "calls_unpriced", "input_tokens", "output_tokens", "cost_nano")
"""Whole numbers; ``cost_nano`` is the sum of the known costs in 1e-9 USD."""
COUNTS = ("duration_counts", "ttft_counts", "token_us_counts")
"""Histograms (:mod:`watchkeeper.log_histogram`) of total time, time to first token, time per output token."""
MOST_CELLS = 100_000

_HOUR_S = 3_600
_SINGLE_CALLS_UP_TO = timedelta(hours=1)
_ONE_THREAD_UP_TO = timedelta(days=3)
_UNTIMED = tuple(map(str, (Outcome.ERROR, Outcome.RATE_LIMITED, Outcome.CANCELLED)))
"""Outcomes whose duration says nothing of the model: a refused connection would look like a fast answer."""
_TOKEN_US = "(c.duration_us - least(ifNull(c.ttft_us, 0), c.duration_us)) / greatest(ifNull(c.output_tokens, 0), 1)"


@dataclass(frozen=True, slots=True)
class HealthQuery:
    """Rows of ``by`` (dimensions of calls) over ``chosen``, in intervals of ``interval_s`` seconds (0: one)."""

    chosen: CallFilter
    by: tuple[str, ...] = SERIES
    interval_s: int = 0

    @property
    def table(self) -> str:
        """What is read."""
        fits = self.chosen.fits_rollups(self.by) and not self.interval_s % _HOUR_S
        short = self.chosen.end - self.chosen.begin <= _SINGLE_CALLS_UP_TO
        return "calls_1h" if fits and (not short or self._in_hours == self.chosen) else "calls"

    @property
    def read(self) -> CallFilter:
        """``chosen`` with the period that is really read: widened to whole hours where the rollup answers."""
        return self.chosen if self.table == "calls" else self._in_hours

    @property
    def chosen_later(self) -> dict[str, tuple[str, ...]]:
        """Values that are wanted of what the cells of all series keep apart."""
        return {name: values for name, values in self.chosen.chosen.items() if name in (*SERIES, "outcome")}

    @property
    def chooses_groups(self) -> bool:
        """Is each group of :attr:`of_all_series` either wanted as it is or not at all?"""
        return self.table != "calls" and self.chosen_later.keys() <= {*self.by}

    @property
    def of_all_series(self) -> "HealthQuery":
        """The same of every series: its cells hold those of this one."""
        none: dict[str, Any] = dict.fromkeys((*SERIES, "outcome"), ())
        return replace(self, chosen=replace(self.chosen, **none))

    @property
    def _in_hours(self) -> CallFilter:
        begin, end = self.chosen.begin.timestamp() // _HOUR_S, -(-self.chosen.end.timestamp() // _HOUR_S)
        return replace(self.chosen, begin=_hour(begin), end=_hour(end))


def _hour(number: float) -> datetime:
    return datetime.fromtimestamp(number * _HOUR_S, UTC)


def read_cells(store: Store, query: HealthQuery) -> pa.Table:
    """One row a series, outcome, interval and further dimension of ``query.by`` (column ``by_N`` at its place N).

    Further columns: ``start`` and ``last_call`` (Unix seconds), :data:`SUMS` and :data:`COUNTS`. A filter on model or
    outcome is left to the caller. Raises :class:`~watchkeeper.errors.ConfigError` for more than :data:`MOST_CELLS`.
    """
    read = replace(query.read, model=(), outcome=())
    where, parameters = read.where("c", "bucket" if query.table == "calls_1h" else "ts")
    cells = store.query_arrow(_sql(query, where), {**parameters, "interval": query.interval_s, "limit": MOST_CELLS + 1})
    if cells.num_rows > MOST_CELLS:
        raise ConfigError(
            f"the answer would need more than {MOST_CELLS:,} sums: choose a shorter period, a longer interval, fewer "
            "dimensions or a filter"
        )
    return cells


def _sql(query: HealthQuery, where: str) -> str:
    table = query.table
    further = {
        f"by_{place}": expression(name, "c") for place, name in enumerate(query.by) if name not in (*SERIES, "outcome")
    }
    keys = {name: f"c.{name}" for name in (*SERIES, "outcome")} | further
    values = _OF_ONE_CALL if table == "calls" else _OF_ROLLUP
    sums = [f"sum({values[name]}) AS {name}" for name in SUMS]
    maps = [f"sumMap({values[name]}) AS {name}" for name in COUNTS]
    time = "c.ts" if table == "calls" else "c.bucket"
    # Many ask for the last day at once: to share out so little work costs a tenth more of it than to do it.
    small = table == "calls_1h" and query.read.end - query.read.begin <= _ONE_THREAD_UP_TO
    threads = ", max_threads = 1" if small else ""
    return f"""
        SELECT intDiv(toUnixTimestamp({time}), greatest({{interval:UInt32}}, 1)) * {{interval:UInt32}} AS start,
          {", ".join(f"{value} AS {name}" for name, value in keys.items())},
          toUnixTimestamp(max({values["last_call"]})) AS last_call, {", ".join([*sums, *maps])}
        FROM {table} AS c
        WHERE {where}
        GROUP BY start, {", ".join(keys)}
        LIMIT {{limit:UInt32}}
        SETTINGS output_format_arrow_low_cardinality_as_dictionary = 1{threads}"""


def _histogram(us: str, condition: str) -> str:
    """As the materialized view of the rollup has it, for one call."""
    timed = f"c.calls = 1 AND {condition} AND NOT c.gateway_cache_hit AND c.outcome NOT IN {_UNTIMED}"
    one = f"map(toUInt16(log(greatest({us}, 1)) / log({BASE})), toUInt64(1))"
    return f"if({timed}, {one}, CAST(map(), 'Map(UInt16, UInt64)'))"


_OF_ONE_CALL = {
    "calls": "c.calls",
    "calls_with_usage": "toUInt64(c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL)",
    "calls_with_cost": "toUInt64(c.cost_usd IS NOT NULL)",
    "calls_unpriced": "toUInt64(c.cost_status = 'unpriced')",
    "input_tokens": "ifNull(c.input_tokens, 0)",
    "output_tokens": "ifNull(c.output_tokens, 0)",
    "cost_nano": "reinterpretAsInt64(ifNull(c.cost_usd, 0))",
    "last_call": "c.ts",
    "duration_counts": _histogram("c.duration_us", "c.duration_complete"),
    "ttft_counts": _histogram("ifNull(c.ttft_us, 1)", "c.ttft_us IS NOT NULL"),
    "token_us_counts": _histogram(_TOKEN_US, "c.duration_complete AND ifNull(c.output_tokens, 0) > 0"),
}
_OF_ROLLUP = {name: f"c.{name}" for name in _OF_ONE_CALL} | {"cost_nano": "toInt64(c.cost_usd * 1000000000)"}
