"""Options of commands that compare two cohorts, and the request that they make."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from watchkeeper.cli.asking import conditions
from watchkeeper.errors import ConfigError

Baseline = Annotated[
    list[str] | None,
    typer.Option(help="The model now: COLUMN=VALUE, with commas, also period=7d, ago=7d, start=, end=."),
]
Candidate = Annotated[list[str] | None, typer.Option(help="The other one, in the same words.")]
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", help="E.g. latency, error, score:NAME, score:*; repeated or with commas."),
]
Margins = Annotated[
    list[str] | None,
    typer.Option("--margin", help="Of a metric: latency=10%, error=0.5pp (percentage points), score:NAME=0.1."),
]
Level = Annotated[float, typer.Option(min=0.001, max=0.2, help="Chance of any wrong better or worse, over all looks.")]
Steady = Annotated[bool, typer.Option("--steady", help="Calls made back to back, as in an evaluation.")]
_PERIODS = ("period", "ago", "start", "end")
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)(%|pp|)")


@dataclass(frozen=True, slots=True)
class Sides:
    """Both cohorts in words, and what holds for both."""

    baseline: Sequence[str] | None
    candidate: Sequence[str] | None
    where: Sequence[str] | None = None
    period: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """How two cohorts are compared."""

    metrics: Sequence[str] | None = None
    margins: Sequence[str] | None = None
    level: float = 0.05
    steady: bool = False


def request_of(sides: Sides, terms: Terms) -> dict[str, Any]:
    """Body of ``POST /v1/compare``. Raises :class:`ConfigError` for words that say nothing."""
    metrics = [metric for given in terms.metrics or () for metric in given.split(",") if metric]
    return {
        "baseline": _cohort("--baseline", sides.baseline, sides),
        "candidate": _cohort("--candidate", sides.candidate, sides),
        "margins": dict(_margin(word) for word in terms.margins or ()),
        "level": terms.level,
        "steady": terms.steady,
        **({"metrics": metrics} if metrics else {}),
    }


def _cohort(option: str, words: Sequence[str] | None, sides: Sides) -> dict[str, Any]:
    if not words:
        raise ConfigError(f"{option} is missing: say which calls, such as {option} request_model=gpt-4o,route=checkout")
    body: dict[str, Any] = {"period": sides.period} if sides.period else {}
    kept = list(sides.where or ())
    for word in (part for given in words for part in given.split(",")):
        column, equals, value = word.partition("=")
        if not equals or not value:
            raise ConfigError(f"{option} {word!r}: write COLUMN=VALUE, such as request_model=gpt-4o or period=7d")
        if column in _PERIODS:
            body[column] = value
        else:
            kept.append(word)
    if "start" in body or "end" in body:
        # A pinned period goes before the one that holds for both.
        body = {name: value for name, value in body.items() if name != "period" or value != sides.period}
    return {**body, "where": conditions(kept)}


def _margin(word: str) -> tuple[str, dict[str, float]]:
    metric, _, amount = word.rpartition("=")
    read = _AMOUNT.fullmatch(amount)
    if not metric or not read:
        raise ConfigError(f"--margin {word!r}: write METRIC=AMOUNT, such as latency=10% or error=0.5pp")
    number, unit = float(read[1]), read[2]
    if unit == "%":
        return metric, {"relative": number / 100}
    return metric, {"absolute": number / 100 if unit == "pp" else number}
