"""The metrics that are watched, in the order of their columns everywhere in this package."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a metric is measured: a share of calls, or a positive number a call."""

    RATE = "rate"
    VALUE = "value"


class Direction(StrEnum):
    """Which way is worth an alarm."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


class Strata(StrEnum):
    """By what the baseline is kept apart, so that another mix of calls is not taken for another model."""

    PROMPT = "prompt"
    PROMPT_OUTPUT = "prompt_output"
    OUTPUT = "output"
    NONE = "none"


class Severity(StrEnum):
    """What a regression is worth: waking someone, or a line in a list."""

    PAGE = "page"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Metric:
    """One watched metric. ``tolerance`` is relative: a change within it is none."""

    name: str
    kind: Kind
    unit: str
    direction: Direction
    strata: Strata
    tolerance: float
    severity: Severity
    meaning: str


def _rate(name: str, meaning: str, severity: Severity = Severity.PAGE) -> Metric:
    return Metric(name, Kind.RATE, "share", Direction.UP, Strata.PROMPT, 0.25, severity, meaning)


def _value(name: str, unit: str, strata: Strata, direction: Direction, meaning: str) -> Metric:
    severity = Severity.NOTICE if name == "input_tokens" else Severity.PAGE
    return Metric(name, Kind.VALUE, unit, direction, strata, 0.05 if unit == "s" else 0.1, severity, meaning)


RATES: tuple[Metric, ...] = (
    _rate("error", "calls that failed, among all calls but cancelled ones"),
    _rate("timeout", "calls that timed out"),
    _rate("rate_limit", "calls the provider turned away for their number"),
    _rate("refusal", "answers that refuse or were filtered, among all answers"),
    _rate("truncation", "answers cut off at the output limit, among all answers"),
    _rate("format_failure", "answers that break the format asked for, among those that were checked"),
    _rate("empty", "answers without content, among all answers"),
    _rate("cache_miss", "calls that read nothing from the provider's prompt cache, where it says", Severity.NOTICE),
)
"""``bad = 1``: a rate can only rise."""

VALUES: tuple[Metric, ...] = (
    _value("latency", "s", Strata.PROMPT_OUTPUT, Direction.UP, "total time of successful calls"),
    _value("time_to_first_token", "s", Strata.PROMPT, Direction.UP, "time to the first token of streamed answers"),
    _value("time_per_output_token", "s", Strata.OUTPUT, Direction.UP, "time after the first token, per output token"),
    _value("input_tokens", "tokens", Strata.NONE, Direction.BOTH, "input tokens a call: the workload's own doing"),
    _value("output_tokens", "tokens", Strata.PROMPT, Direction.BOTH, "output tokens an answer"),
    _value("cost", "USD", Strata.PROMPT, Direction.BOTH, "cost of an answer, at like prompt size"),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in RATES + VALUES}
