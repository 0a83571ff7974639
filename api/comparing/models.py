"""What ``POST /v1/compare`` is asked and answers with."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.answers.dollars import Dollars
from api.comparing.compare import DEFAULT
from api.comparing.verdict import Verdict
from api.filters import PERIOD_HELP
from watchkeeper.storage.comparison_scores import MOST_SCORES

Value = Annotated[str, Field(max_length=256)]
Metric = Annotated[str, Field(min_length=1, max_length=120)]
Part = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]
MOST_METRICS = 16
_LAST_WEEK: dict[str, Any] = {"period": "7d", "where": {"request_model": ["gpt-4o"], "route": ["checkout"]}}
_COMPARED: dict[str, Any] = {
    "baseline": _LAST_WEEK,
    "candidate": {"period": "7d", "where": {"request_model": ["gpt-4o-mini"], "route": ["checkout"]}},
    "metrics": ["error", "refusal", "latency", "cost_per_useful_call", "score:helpful"],
    "margins": {"latency": {"relative": 0.2}},
}


class _Asked(BaseModel):
    """Whatever it does not know, it refuses: a misspelt condition must not be left out silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CohortBody(_Asked):
    """Some calls. A period is relative to now, of a scheduled comparison to the time it is due."""

    period: str = Field("", max_length=20, description=f"{PERIOD_HELP}. Not together with start and end; default: 7d.")
    ago: str = Field(
        "", pattern=r"^([0-9]{1,6}[mhdw])?$", description="With a period: end it this long before now, such as 7d."
    )
    start: datetime | None = Field(None, description="From this time (ISO 8601 with zone), for a pinned period.")
    end: datetime | None = Field(None, description="Up to this time; default: now.")
    where: dict[str, Annotated[list[Value], Field(min_length=1, max_length=50)]] = Field(
        default_factory=dict,
        max_length=16,
        description="Columns of calls with the values that count, and `tag` with NAME=VALUE; empty: all calls.",
    )


class MarginBody(_Asked):
    """How much worse counts as not worse: the larger of both."""

    relative: Part = Field(0.0, description="Part of the baseline, such as 0.1 for 10 %.")
    absolute: Part = Field(
        0.0, description="Of a rate a difference, 0.005 for half a percentage point; of a score too."
    )


class CompareRequest(_Asked):
    """Body of ``POST /v1/compare``."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": _COMPARED})

    baseline: CohortBody = Field(description="The model now.")
    candidate: CohortBody = Field(description="The other one.")
    metrics: tuple[Metric, ...] = Field(
        DEFAULT,
        min_length=1,
        max_length=MOST_METRICS,
        description=f"`score:NAME` is the mean of a score, `score:*` the {MOST_SCORES} most frequent ones.",
    )
    margins: dict[Metric, MarginBody] = Field(default_factory=dict, max_length=MOST_METRICS + MOST_SCORES)
    level: float = Field(
        0.05, ge=0.001, le=0.2, description="Chance of any wrong better or worse, however often somebody looks."
    )
    steady: bool = Field(
        False,
        description="The calls were made back to back, as in an evaluation: time had no part in how they went. Then "
        "less than an hour may suffice.",
    )


class CohortItem(BaseModel):
    """Some calls, as they were read."""

    start: datetime
    end: datetime
    where: dict[str, list[str]]
    calls: int = Field(description="Without gateway cache hits.")


class MetricRow(BaseModel):
    """One metric. Null: not known."""

    metric: str
    verdict: Verdict
    reason: str
    unit: str = Field(
        description="Of difference, low, high and margin. `percentage_points`; `ratio`: candidate divided by baseline, "
        "1 for no difference; `score`."
    )
    worse_when: str = Field(description="`higher` or `lower`.")
    baseline: float | None = Field(
        description="Typical value among like calls: a share, seconds, tokens, USD, a score."
    )
    candidate: float | None
    difference: float | None
    low: float | None = Field(description="The interval holds for all looks together.")
    high: float | None
    margin: float | None = Field(description="Where worse begins to matter.")
    difference_usd: Dollars | None = Field(description="Of cost per useful call.")
    low_usd: Dollars | None
    high_usd: Dollars | None
    baseline_calls: int = Field(description="Calls that have like calls in the other cohort.")
    candidate_calls: int
    calls_needed: int | None = Field(
        description="Of either cohort, in all, for a verdict at the difference seen so far."
    )
    overlap: float = Field(description="Part of all calls that have like calls in the other cohort.")
    dispersion: float = Field(description="By what factor calls of one time depend on each other.")


class CompareAnswer(BaseModel):
    """Answer of ``POST /v1/compare``."""

    verdict: Verdict
    sentence: str
    level: float
    level_per_metric: float = Field(description="The level, shared out among all metrics that were asked for.")
    baseline: CohortItem
    candidate: CohortItem
    caveats: list[str]
    rows: list[MetricRow]
