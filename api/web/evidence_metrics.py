"""Which number of a stored interval shows what a regression is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Fare = Mapping[str, Any]
"""The fields of :class:`~api.health.models.FareItem`."""


@dataclass(frozen=True, slots=True)
class Point:
    """One interval's number; where it is a share, of how many calls, with Wilson's interval at 95 %."""

    value: float
    low: float | None = None
    high: float | None = None
    bad: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """What is drawn for a metric."""

    title: str
    """With the unit of what ``read`` returns."""
    unit: str
    """As :func:`~api.web.wording.amount` takes it."""
    read: Callable[[Fare], Point | None]
    """None where the interval has no such number."""
    compared: bool = True
    """Is it the same measure as the regression's own size, so that both may stand in one picture?"""


_RATE = ("rate", "low", "high", "calls", "of")


def _share(name: str) -> Callable[[Fare], Point | None]:
    def read(fare: Fare) -> Point | None:
        rate = fare["rates"][name]
        return None if rate["rate"] is None else Point(*(rate[field] for field in _RATE))

    return read


def _quantile(name: str, level: str) -> Callable[[Fare], Point | None]:
    def read(fare: Fare) -> Point | None:
        found = fare[name][level]
        return None if found is None else Point(found / 1000)

    return read


def _number(name: str) -> Callable[[Fare], Point | None]:
    def read(fare: Fare) -> Point | None:
        return None if fare[name] is None else Point(float(fare[name]))

    return read


def _token_time(fare: Fare) -> Point | None:
    speed = fare["output_tokens_per_s"]["p50"]
    return Point(1 / speed) if speed else None


def _spend_rate(fare: Fare) -> Point | None:
    if fare["cost_usd"] is None or not fare["calls"] or not fare["calls_per_hour"]:
        return None
    return Point(float(fare["cost_usd"]) * fare["calls_per_hour"] / fare["calls"])


def _rate(title: str, name: str) -> Shown:
    return Shown(f"{title}, share of calls", "share", _share(name))


_CALLS = Shown("Calls an hour", "calls/h", _number("calls_per_hour"), compared=False)
_METRICS: Mapping[str, Shown] = {
    "error": _rate("Errors", "error"),
    "timeout": _rate("Timeouts", "timeout"),
    "rate_limit": _rate("Rate limits", "rate_limited"),
    "refusal": _rate("Refused or filtered answers", "refused"),
    "truncation": _rate("Truncated answers", "truncated"),
    "format_failure": Shown(
        "Answers that break the format, share of all answers", "share", _share("format_invalid"), compared=False
    ),
    "empty": _rate("Empty answers", "empty"),
    "latency": Shown("Total time, median of answered calls", "s", _quantile("latency", "p50_ms")),
    "time_to_first_token": Shown("Time to first token, median", "s", _quantile("ttft", "p50_ms")),
    "time_per_output_token": Shown("Time an output token, median", "s", _token_time),
    "input_tokens": Shown("Input tokens a call, mean", "tokens", _number("input_tokens_per_call"), compared=False),
    "output_tokens": Shown("Output tokens a call, mean", "tokens", _number("output_tokens_per_call"), compared=False),
    "cost": Shown("Cost a call, mean", "USD", _number("cost_per_call_usd"), compared=False),
}
_KINDS: Mapping[str, Shown] = {
    "outage": Shown("Errors, share of calls", "share", _share("error"), compared=False),
    "traffic_stop": _CALLS,
    "usage_missing": _CALLS,
    "mix_shift": Shown("Input tokens a call, mean", "tokens", _number("input_tokens_per_call"), compared=False),
    "cost_spike": Shown("Cost an hour", "USD/h", _spend_rate),
}


def shown_for(kind: str, metric: str, unit: str) -> Shown | None:
    """What to draw for a regression of ``metric`` or a finding of ``kind``; None where no rollup has it.

    A size of another ``unit`` than the metric's own (a longer tail is a share of calls) is not compared.
    """
    found = _METRICS.get(metric) if kind == "regression" else _KINDS.get(kind)
    if found is None or (found.unit == unit or not found.compared):
        return found
    tail = Shown("Total time, 95th percentile", "s", _quantile("latency", "p95_ms"), compared=False)
    return tail if metric == "latency" else Shown(found.title, found.unit, found.read, compared=False)


def unit_of(metric: str) -> str:
    """The unit of a metric of regressions; of one that is none of ours, such as a score, ``score``."""
    if metric == "cache_miss":
        return "share"
    return _METRICS[metric].unit if metric in _METRICS else "score"
