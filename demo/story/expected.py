"""What has to be reported of each planted event, and what has to be advised: nothing less, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from demo.history.events import ALIAS, CACHE, FORMAT, MIX, OUTAGE, REFUSALS, Event
from demo.history.workloads import GEMINI, GPT_4O, GPT_5_4, GPT_5_4_MINI, SONNET, Model

_ALL = "*"
_MINUTE_S = 60.0
_HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Sign:
    """One record that must be there once: its kind, its scope, its onset, and what it blames."""

    kind: str
    metric: str
    model: Model
    service: str = _ALL
    route: str = _ALL
    severity: str = "page"
    tolerance_s: float = 20 * _MINUTE_S
    """How far the onset may be from the truth."""
    within_s: float = 3 * _HOUR_S
    """How long after the onset it must have been found."""
    co_timed: tuple[str, str, str] | None = None
    """What changed at the same time: what, before, after."""
    part: tuple[str, str] | None = None
    """The slice that carries the change: dimension and value."""
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    also: tuple[str, ...] = ()
    """Further metrics in the same record."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A planted event and its signs."""

    event: Event
    signs: tuple[Sign, ...]
    messages: int = 1
    """Alerts that tell of it for the first time."""


@dataclass(frozen=True, slots=True)
class ExpectedAdvice:
    """What must be advised for a route."""

    route: str
    decision: str
    reason: str
    to: Model
    evidence: str = "proven"


_PROMPT = ("prompt version", "v7", "v8")
_SERVED = (GPT_4O.served, ALIAS.change.served)

EXPECTED = (
    Expected(
        OUTAGE,
        (
            Sign("outage", "outage", GEMINI, tolerance_s=5 * _MINUTE_S, within_s=10 * _MINUTE_S),
            Sign("regression", "error", GEMINI, within_s=_HOUR_S, also=("timeout",)),
        ),
    ),
    Expected(REFUSALS, (Sign("regression", "refusal", SONNET, "community", "draft-reply"),)),
    Expected(
        FORMAT,
        (
            Sign("regression", "format_failure", GPT_5_4_MINI, "shop", "extract-order", co_timed=_PROMPT),
            Sign("regression", "format_failure", GEMINI, "shop", "extract-order", co_timed=_PROMPT),
        ),
    ),
    Expected(
        MIX,
        (Sign("mix_shift", "mix_shift", GEMINI, severity="notice", within_s=12 * _HOUR_S),),
    ),
    Expected(
        ALIAS,
        (
            Sign(
                "served_model_change",
                "served_model_change",
                GPT_4O,
                tolerance_s=10 * _MINUTE_S,
                details={"before": _SERVED[0], "after": _SERVED[1]},
            ),
            Sign("regression", "latency", GPT_4O, co_timed=("served model", *_SERVED)),
        ),
        # That another model answers is told at once, that it is slower as soon as that is sure.
        messages=2,
    ),
    Expected(
        CACHE,
        (
            Sign("cost_spike", "cost_spike", SONNET, tolerance_s=_HOUR_S, details={"driver": "cache share"}),
            Sign(
                "regression",
                "cache_miss",
                SONNET,
                tolerance_s=30 * _MINUTE_S,
                part=("route", "review-clause"),
                co_timed=("service version", "1.12.3", CACHE.change.version),
                also=("cost",),
            ),
        ),
    ),
)

ADVICE = (
    ExpectedAdvice("answer-question", "re_route", "degraded", GPT_5_4),
    ExpectedAdvice("summarise-week", "migrate", "cheaper", GPT_5_4_MINI),
)
"""Every other route is to stay."""
