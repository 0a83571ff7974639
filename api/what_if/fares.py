"""Stored sums and histograms as the API tells them: rates with intervals, latency classes, means. No I/O."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from api.health.models import LatencyClass
from watchkeeper.schema import Outcome
from watchkeeper.storage.series_health import HealthRow, Times
from watchkeeper.wilson import bounds, wilson

_P95 = 0.95
_CLASSES = (LatencyClass.REAL_TIME, LatencyClass.INTERACTIVE, LatencyClass.NEAR_REAL_TIME)
"""In the order of :data:`~watchkeeper.storage.series_health.WITHIN_MS`."""
_NO_ANSWER = (Outcome.ERROR, Outcome.TIMEOUT, Outcome.RATE_LIMITED)
_FAILURES = {"ok": (Outcome.OK,), **{str(outcome): (outcome,) for outcome in _NO_ANSWER}}
_BAD_ANSWERS = {
    "refused": (Outcome.REFUSED, Outcome.FILTERED),
    "truncated": (Outcome.TRUNCATED,),
    "format_invalid": (Outcome.FORMAT_INVALID, Outcome.TOOL_INVALID),
    "empty": (Outcome.EMPTY,),
}
_ENDS = {**_FAILURES, **_BAD_ANSWERS}
"""In the order of :class:`~api.health.models.RatesItem`."""
_NINE_PLACES = Decimal("1e-9")


def fares(rows: Sequence[HealthRow], hours: Sequence[float]) -> list[dict[str, Any]]:
    """The fields of :class:`~api.health.models.FareItem` for each of ``rows``, whose calls came in so many hours.

    Plain values, not models: to make and check models would take longer than to read what is in them.
    """
    return [
        _fare(row, length, shares)
        for row, length, shares in zip(rows, hours, rates([r.outcomes for r in rows]), strict=True)
    ]


def _fare(row: HealthRow, hours: float, shares: dict[str, Any]) -> dict[str, Any]:
    found, why = latency_class(row.duration)
    known = row.calls_with_cost
    return {
        "calls": row.calls,
        "calls_per_hour": round(row.calls / hours, 3) if hours > 0 else None,
        "outcomes": row.outcomes,
        "rates": shares,
        "latency": _latency(row.duration),
        "latency_class": found,
        "latency_class_reason": why,
        "ttft": _latency(row.ttft),
        "output_tokens_per_s": _speed(row.us_per_output_token),
        "input_tokens_per_call": _mean(row.input_tokens, row.calls_with_usage),
        "output_tokens_per_call": _mean(row.output_tokens, row.calls_with_usage),
        "cost_per_call_usd": (row.cost_usd / known).quantize(_NINE_PLACES) if known else None,
        "cost_usd": row.cost_usd if known else None,
        "unpriced_calls": row.calls_unpriced,
    }


def rates(outcomes: Sequence[dict[str, int]]) -> list[dict[str, Any]]:
    """The fields of :class:`~api.health.models.RatesItem` for each of ``outcomes`` (calls by outcome).

    Cancelled calls are no trial: the application gave up.
    """
    counts = np.array([[_count(one, kinds) for kinds in _ENDS.values()] for one in outcomes], np.float64)
    counts = counts.reshape(-1, len(_ENDS))
    tried = np.array([sum(one.values()) - one.get(Outcome.CANCELLED, 0) for one in outcomes], np.float64)
    answered = tried - np.array([_count(one, _NO_ANSWER) for one in outcomes], np.float64)
    of = np.where([name in _FAILURES for name in _ENDS], tried[:, None], answered[:, None])
    low, high = bounds(counts, of)
    shares = np.round(np.stack([counts / np.maximum(of, 1), low, high]), 6)
    return [
        {name: _rate(*figures) for name, figures in zip(_ENDS, zip(*row, strict=True), strict=True)}
        for row in zip(counts.astype(int).tolist(), of.astype(int).tolist(), *shares.tolist(), strict=True)
    ]


def latency_class(duration: Times) -> tuple[LatencyClass | None, str]:
    """The fastest class that the 95th percentile certainly meets, and why; None where calls leave it open.

    Certain is what the share of calls below the class's limit says with 95 % confidence (Wilson's interval).
    """
    if not duration.calls:
        return None, "no call was timed"
    possible: list[LatencyClass] = []
    for name, within in zip(_CLASSES, duration.within, strict=True):
        low, high = wilson(within, duration.calls)
        if low >= _P95:
            return _told([*possible, name], duration.calls)
        if high >= _P95:
            possible.append(name)
    return _told([*possible, LatencyClass.BATCH], duration.calls)


def _told(possible: list[LatencyClass], calls: int) -> tuple[LatencyClass | None, str]:
    if len(possible) == 1:
        return possible[0], f"by the 95th percentile of {calls:,} calls"
    names = " or ".join(str(name).replace("_", "-") for name in possible)
    return None, f"{names}: {calls:,} calls are too few to tell"


def _count(outcomes: dict[str, int], kinds: Collection[str]) -> int:
    return sum(outcomes.get(kind, 0) for kind in kinds)


def _rate(calls: int, of: int, rate: float, low: float, high: float) -> dict[str, Any]:
    if not of:
        return {"calls": calls, "of": 0, "rate": None, "low": None, "high": None}
    return {"calls": calls, "of": of, "rate": rate, "low": low, "high": high}


def _latency(times: Times) -> dict[str, Any]:
    quantiles = {"p50_ms": times.p50_us, "p95_ms": times.p95_us, "p99_ms": times.p99_us}
    return {
        "calls": times.calls,
        **{name: None if us is None else round(us / 1000, 1) for name, us in quantiles.items()},
    }


def _speed(times: Times) -> dict[str, Any]:
    return {"calls": times.calls, "p50": _per_second(times.p50_us), "p05": _per_second(times.p95_us)}


def _per_second(us: float | None) -> float | None:
    return None if us is None else round(1e6 / us, 1)


def _mean(total: int, calls: int) -> float | None:
    return round(total / calls, 2) if calls else None
