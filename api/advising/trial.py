"""How many calls it takes to know: what a test must hold before advice can rest on it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from api.advising.facts import Model, Option, Traffic
from api.comparing.compare import RATES, Margin
from api.comparing.replacing import REPLACING
from api.comparing.sequence import half_width
from api.comparing.verdict import FEWEST_CALLS

LEVEL = 0.05
_POWER_Z = 0.84
"""Normal quantile of 80 %: so often the test ends with a verdict where both models are equal."""
SHADOW_SHARE = 0.10


@dataclass(frozen=True, slots=True)
class Trial:
    """A test of ``candidate``: calls of either model on the route, and how long and dear that is."""

    candidate: Model
    calls: int | None
    """Of either model; None where traffic does not tell."""
    decided_by: str
    """The metric that takes most calls."""
    shadow_share: float
    """Of the route's calls that the candidate answers beside the model of now, its answers not used."""
    days: float | None
    usd: Decimal | None
    """What the candidate's calls cost."""


def trial(candidate: Option, traffic: Traffic, margins: Mapping[str, Margin]) -> Trial:
    """The test that would settle it, at level :data:`LEVEL` over all metrics and with 80 % power."""
    sizes = dict(_still_needed(candidate)) or dict(_needed(traffic, margins))
    metric = max(sizes, key=lambda name: sizes[name], default="")
    calls = max(FEWEST_CALLS, sizes[metric]) if metric else None
    per_day = traffic.calls_per_day * SHADOW_SHARE
    days = round(calls / per_day, 1) if calls and per_day > 0 else None
    each = candidate.usd_per_useful_call
    return Trial(candidate.model, calls, metric, SHADOW_SHARE, days, each * calls if each and calls else None)


def _still_needed(candidate: Option) -> Iterator[tuple[str, int]]:
    """As the comparison foresees it from the calls there are."""
    for name, change in candidate.evidence.changes.items():
        if change.calls_needed is not None:
            yield name, change.calls_needed


def _needed(traffic: Traffic, margins: Mapping[str, Margin]) -> Iterator[tuple[str, int]]:
    """From the traffic alone: both models alike, the interval as wide as the margin leaves room."""
    alpha = LEVEL / len(REPLACING)
    unit = half_width(1.0, alpha, 1.0) + _POWER_Z
    for name, variance, margin in _variances(traffic, margins):
        yield name, math.ceil(variance * (unit / margin) ** 2)


def _variances(traffic: Traffic, margins: Mapping[str, Margin]) -> Iterator[tuple[str, float, float]]:
    """Of the difference of two calls, one of either model; and the margin in the same unit."""
    for name in REPLACING:
        if name in RATES and name in traffic.rates:
            rate = traffic.rates[name]
            margin = max(margins[name].absolute, margins[name].relative * rate)
            yield name, 2 * rate * (1 - rate), margin
    if traffic.latency_spread is not None:
        yield "latency", 2 * traffic.latency_spread**2, math.log1p(margins["latency"].relative)
