"""The metrics that are watched, in the order of their columns everywhere in this package."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a metric is measured: a share of calls, a positive number a call, or a verdict on some of them."""

    RATE = "rate"
    VALUE = "value"
    SCORE = "score"


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


def _rate(name: str, meaning: str, strata: Strata = Strata.PROMPT, severity: Severity = Severity.PAGE) -> Metric:
    return Metric(name, Kind.RATE, "share", Direction.UP, strata, 0.25, severity, meaning)


def _failure(name: str, meaning: str) -> Metric:
    # A call that failed or was filtered seldom says how long its prompt was. Kept apart by that, failures would have a
    # stratum of their own, all of it bad, and however many came they would be as many as usual there.
    return _rate(name, meaning, Strata.NONE)


def _value(name: str, unit: str, strata: Strata, direction: Direction, meaning: str) -> Metric:
    severity = Severity.NOTICE if name == "input_tokens" else Severity.PAGE
    return Metric(name, Kind.VALUE, unit, direction, strata, 0.05 if unit == "s" else 0.1, severity, meaning)


RATES: tuple[Metric, ...] = (
    _failure("error", "calls that failed, among all calls but cancelled ones"),
    _failure("timeout", "calls that timed out"),
    _failure("rate_limit", "calls the provider turned away for their number"),
    _failure("refusal", "answers that refuse or were filtered, among all answers"),
    _rate("truncation", "answers cut off at the output limit, among all answers"),
    _rate("format_failure", "answers that break the format asked for, among those that were checked"),
    _rate("empty", "answers without content, among all answers"),
    _rate(
        "cache_miss",
        "calls that read nothing from the provider's prompt cache, where it says",
        severity=Severity.NOTICE,
    ),
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

SCORE = len(RATES) + len(VALUES)
"""Number that stands for any score, whose names are the users' own."""

METRICS: dict[str, Metric] = {metric.name: metric for metric in RATES + VALUES}
