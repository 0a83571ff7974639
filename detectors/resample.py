"""Traffic to calibrate on: hours of real calls drawn anew, or made up from a rate; and known changes put into it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from detectors.finding import DAY_S, HOUR_S
from watchkeeper.schema import CALLS_SCHEMA, Outcome

Rng = np.random.Generator
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Change = Callable[[pa.Table, Bools, Rng], pa.Table]
"""Calls, where they come after the change [n], and chance: the calls as they are then."""

_HOUR_US = int(HOUR_S * 1e6)
_START_US = 1_767_571_200_000_000
"""Monday, 2026-01-05: when made-up traffic begins."""
_LEAST_ERRORS = 0.005
_MEDIAN_S, _SPREAD = 2.0, 0.6
_KEY = ("service", "route", "provider", "request_model", "model")


def resampled(calls: pa.Table, hours: int, rng: Rng) -> pa.Table:
    """``hours`` hours of traffic, each an hour of ``calls`` (by time) drawn from those of the same hour of day.

    Whole hours with all their series are drawn, so that bursts and load stay together. Of calls over less than two
    days any hour may be drawn.
    """
    times: Ints = calls["ts"].cast(pa.int64()).to_numpy()
    source = times // _HOUR_US
    first, count = int(source[0]), int(source[-1] - source[0]) + 1
    edges = np.searchsorted(source, first + np.arange(count + 1))
    daily = count * HOUR_S >= 2 * DAY_S
    drawn = np.array([_draw(first, count, hour, daily, rng) for hour in range(hours)])
    rows = [np.arange(edges[one], edges[one + 1]) for one in drawn]
    shift = np.repeat((np.arange(hours) - drawn) * _HOUR_US, [len(part) for part in rows])
    taken = np.concatenate(rows)
    return _at(calls.take(pa.array(taken)), times[taken] + shift)


def _draw(first: int, count: int, hour: int, daily: bool, rng: Rng) -> int:
    """Which hour of the source becomes hour number ``hour``."""
    if not daily:
        return int(rng.integers(count))
    alike = np.arange(hour % 24, count, 24)
    return int(rng.choice(alike))


def made_up(per_hour: float, errors: float, series: int, hours: int, rng: Rng) -> pa.Table:
    """Independent calls of ``series`` workloads at ``per_hour`` each, a share of ``errors``, log-normal times."""
    number = rng.poisson(per_hour * hours, series)
    which = np.repeat(np.arange(series), number)
    times = _START_US + (rng.random(len(which)) * hours * _HOUR_US).astype(np.int64)
    order = np.argsort(times, kind="stable")
    which, times, n = which[order], times[order], len(which)
    tokens = np.maximum(1, rng.lognormal(5.0, 0.7, n)).astype(np.int64)
    failed = rng.random(n) < errors
    columns = {
        "ts": pa.array(times),
        "calls": pa.array(np.ones(n, np.uint8)),
        "service": pa.array(["simulated"] * n),
        "route": pa.array([f"route-{one}" for one in which.tolist()]),
        "provider": pa.array(["simulated"] * n),
        "request_model": pa.array([f"model-{one}" for one in which.tolist()]),
        "model": pa.array([f"model-{one}" for one in which.tolist()]),
        "outcome": pa.array(np.where(failed, Outcome.ERROR.value, Outcome.OK.value)),
        "duration_us": pa.array(_MEDIAN_S * 1e6 * rng.lognormal(0.0, _SPREAD, n)),
        "duration_complete": pa.array(np.ones(n, np.bool_)),
        "input_tokens": pa.array(np.maximum(1, rng.lognormal(6.5, 1.0, n)).astype(np.int64)),
        "output_tokens": pa.array(tokens),
    }
    arrays = [_typed(columns.get(field.name), field, n) for field in CALLS_SCHEMA]
    return pa.table(arrays, schema=CALLS_SCHEMA)


def _typed(column: pa.Array | None, field: pa.Field, n: int) -> pa.Array:
    if column is None:
        return pa.nulls(n, field.type)
    column = column.dictionary_encode() if pa.types.is_dictionary(field.type) else column
    return column.cast(field.type, safe=False)


@dataclass(frozen=True, slots=True)
class KnownChange:
    """A change that is put into traffic, and the metrics that should show it."""

    name: str
    metrics: tuple[str, ...]
    apply: Change


def _more_errors(calls: pa.Table, after: Bools, rng: Rng) -> pa.Table:
    """Three times the errors of each series, from at least half a per cent."""
    series = _series(calls)
    outcome = calls["outcome"].cast(pa.string())
    failed = pc.equal(outcome, Outcome.ERROR.value).fill_null(False).to_numpy()
    share = np.maximum(_LEAST_ERRORS, np.bincount(series, failed) / np.maximum(1, np.bincount(series)))
    more = np.clip(2 * share / np.maximum(1e-9, 1 - share), 0, 1)[series]
    turned = after & ~failed & (rng.random(calls.num_rows) < more)
    found = pc.if_else(pa.array(turned), pa.scalar(Outcome.ERROR.value), outcome)
    return _with(calls, "outcome", found.combine_chunks().dictionary_encode())


def _slower(factor: float) -> Change:
    return lambda calls, after, rng: _timed(calls, np.where(after, factor, 1.0))


def _slow_tail(calls: pa.Table, after: Bools, rng: Rng) -> pa.Table:
    return _timed(calls, np.where(after & (rng.random(calls.num_rows) < 0.03), 8.0, 1.0))


_LATENCY = ("latency", "time_to_first_token", "time_per_output_token")
KNOWN_CHANGES: tuple[KnownChange, ...] = (
    KnownChange("errors x3", ("error",), _more_errors),
    KnownChange("latency +20%", _LATENCY, _slower(1.2)),
    KnownChange("latency +50%", _LATENCY, _slower(1.5)),
    KnownChange("3% of calls 8x slower", _LATENCY, _slow_tail),
)


def _timed(calls: pa.Table, factor: npt.NDArray[np.float64]) -> pa.Table:
    for name in ("duration_us", "ttft_us"):
        calls = _with(calls, name, pc.round(pc.multiply(calls[name].cast(pa.float64()), pa.array(factor))))
    return calls


def _at(calls: pa.Table, times: Ints) -> pa.Table:
    """``calls`` at other times, in order."""
    order = np.argsort(times, kind="stable")
    return _with(calls.take(pa.array(order)), "ts", pa.array(times[order]))


def _with(calls: pa.Table, name: str, column: pa.Array) -> pa.Table:
    position = calls.schema.get_field_index(name)
    field = calls.schema.field(position)
    return calls.set_column(position, field, column.cast(field.type))


def _series(calls: pa.Table) -> Ints:
    """[n] a number for each series."""
    codes = np.zeros(calls.num_rows, np.int64)
    for name in _KEY:
        encoded = calls[name].cast(pa.string()).combine_chunks().dictionary_encode()
        codes = codes * (len(encoded.dictionary) + 1) + encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
        codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    return codes
