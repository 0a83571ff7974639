"""How a metric of some calls went over time, from the rollups: what a chart of it shows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper.log_histogram import quantiles
from watchkeeper.storage.alert_facts import CallScope
from watchkeeper.storage.client import Store
from watchkeeper.storage.histograms import added_up
from watchkeeper.storage.outcome_rates import FAILURE, OUTCOME_RATES

MOST_POINTS = 96
_STEPS_S = (60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400)
_HOUR_S = 3_600
_CALLS_A_POINT = 20
_FEWEST_POINTS = 24
_RATES = {**OUTCOME_RATES, "failure": FAILURE}
_TIMES = {
    "latency": "duration_counts",
    "time_to_first_token": "ttft_counts",
    "time_per_output_token": "token_us_counts",
}
_SUM = {"input_tokens": "input_tokens", "output_tokens": "output_tokens"}
METRICS = (*_RATES, *_TIMES, *_SUM, "format_failure", "cost")
"""What can be traced. ``failure``: errors, timeouts and calls turned away."""


@dataclass(frozen=True, slots=True)
class TracePoint:
    """The calls of one interval from ``at`` on. ``value`` is None where none says anything of the metric."""

    at: datetime
    calls: int
    """Those that ``value`` is of."""
    value: float | None
    """A share, the median in seconds, the mean in tokens or USD."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Intervals of ``step`` in their order, those without calls left out."""

    step: timedelta
    points: tuple[TracePoint, ...]


def metric_trace(store: Store, metric: str, scope: CallScope, period: tuple[datetime, datetime]) -> Trace:
    """``metric`` (of :data:`METRICS`) over ``period``, in at most :data:`MOST_POINTS` intervals.

    Intervals are as long as some 20 calls take, where that leaves enough of them. Cached answers of a gateway are left
    out. Raises what the store raises.
    """
    parameters = _parameters(scope, period)
    (sums,) = store.query_rows(_CALLS, parameters)
    step_s = _step_s(int(sums["n"]), period)
    # From the begin of an interval on: the first is whole, and rollups have whole hours only.
    whole = {**parameters, "begin": parameters["begin"] // step_s * step_s, "step": step_s}
    found = store.query_arrow(_sql(metric, step_s), whole)
    starts = [datetime.fromtimestamp(start, UTC) for start in found["start"].to_pylist()]
    values = (
        _medians(found) if metric in _TIMES else zip(found["n"].to_pylist(), found["value"].to_pylist(), strict=True)
    )
    points = (TracePoint(at, int(n), value if n else None) for at, (n, value) in zip(starts, values, strict=True))
    return Trace(timedelta(seconds=step_s), tuple(points))


def _medians(found: pa.Table) -> list[tuple[int, float | None]]:
    """Calls whose time is known, and the median of their times in seconds, by interval."""
    counts = added_up(found["counts"], np.arange(found.num_rows), found.num_rows)
    measured = counts.sum(axis=1).astype(int).tolist()
    return [(n, None if us is None else us / 1e6) for n, (us,) in zip(measured, quantiles(counts, (0.5,)), strict=True)]


def _step_s(calls: int, period: tuple[datetime, datetime]) -> int:
    seconds = (period[1] - period[0]).total_seconds()
    points = max(_FEWEST_POINTS, min(MOST_POINTS - 1, calls // _CALLS_A_POINT))
    return next((step for step in _STEPS_S if step * points >= seconds), _STEPS_S[-1])


_WHERE = """
bucket >= toDateTime({begin:Int64}, 'UTC') AND bucket < toDateTime({end:Int64}, 'UTC') AND NOT gateway_cache_hit
AND ({provider:String} IN ('', '*') OR provider = {provider:String})
AND ({model:String} IN ('', '*') OR request_model = {model:String})
AND ({service:String} IN ('', '*') OR service = {service:String})
AND ({route:String} IN ('', '*') OR route = {route:String})
"""
_CALLS = f"SELECT sum(calls) AS n FROM calls_1m WHERE {_WHERE}"


def _sql(metric: str, step_s: int) -> str:
    table = "calls_1h" if step_s % _HOUR_S == 0 else "calls_1m"
    return f"""
        SELECT intDiv(toUnixTimestamp(bucket), {{step:UInt32}}) * {{step:UInt32}} AS start, {_expressions(metric)}
        FROM {table} WHERE {_WHERE}
        GROUP BY start ORDER BY start LIMIT {MOST_POINTS + 1}"""


def _expressions(metric: str) -> str:
    """Calls and the value over them, or counts of their times."""
    if metric in _TIMES:
        return f"sumMap({_TIMES[metric]}) AS counts"
    if (rate := _RATES.get(metric)) is not None:
        n = f"toInt64(sumIf(calls, outcome NOT IN {rate.ignored})) AS n"
        return f"{n}, sumIf(calls, outcome IN {rate.bad}) / n AS value"
    if metric == "format_failure":
        return "toInt64(sum(format_valid_calls + format_invalid_calls)) AS n, sum(format_invalid_calls) / n AS value"
    if metric == "cost":
        # A call that has tokens and a price has a cost.
        return (
            "toInt64(sum(calls_with_usage)) - toInt64(sum(calls_unpriced)) AS n, toFloat64(sum(cost_usd)) / n AS value"
        )
    return f"toInt64(sum(calls_with_usage)) AS n, sum({_SUM[metric]}) / n AS value"


def _parameters(scope: CallScope, period: tuple[datetime, datetime]) -> dict[str, Any]:
    begin, end = (int(moment.timestamp()) for moment in period)
    names = {"provider": scope.provider, "model": scope.request_model, "service": scope.service, "route": scope.route}
    return {**names, "begin": begin, "end": end}
