"""A comparison in one line."""

import math

from api.comparing.compare import RATES, Compared
from api.comparing.verdict import Judged, Verdict

_PLAIN = {
    "cost_per_useful_call": "cost per useful call",
    "rate_limit": "rate limits",
    "format_failure": "broken formats",
    "empty": "empty answers",
}


def in_words(compared: Compared) -> str:
    """What decided: the metrics with the verdict of all, each with its interval."""
    if not compared.metrics:
        return "no calls to compare yet"
    deciding = {name: one for name, one in compared.metrics.items() if one.verdict is compared.verdict}
    if compared.verdict is Verdict.NOT_WORSE:
        return f"not worse in {_listed(deciding)}"
    return "; ".join(_metric(name, one) for name, one in deciding.items())


def _listed(metrics: dict[str, Judged]) -> str:
    return ", ".join(_name(name) for name in metrics)


def _metric(name: str, judged: Judged) -> str:
    verdict = judged.verdict.replace("_", " ")
    if judged.verdict is Verdict.CANNOT_TELL:
        needed = judged.calls_needed
        still = f", about {needed:,} calls of each in all are needed" if needed else ""
        return f"{_name(name)}: {verdict}, {judged.reason}{still}"
    return f"{_name(name)} {verdict}: {_change(name, judged.low)} to {_change(name, judged.high)}"


def _change(name: str, effect: float) -> str:
    if name in RATES:
        return f"{100 * effect:+.1f} points"
    return f"{100 * math.expm1(min(effect, 10.0)):+.0f} %"


def _name(metric: str) -> str:
    return _PLAIN.get(metric, metric.replace("_", " "))
