"""What the API says of how calls fare. Null: not known, or nothing to tell it from."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from api.answers.dollars import Dollars
from api.health.examples import HEALTH, HISTORY


class RateItem(BaseModel):
    """A share of calls with its 95 % interval (Wilson)."""

    calls: int = Field(description="Calls that ended so.")
    of: int = Field(description="Calls that it is a share of.")
    rate: float | None
    low: float | None
    high: float | None


class RatesItem(BaseModel):
    """How calls ended. Failures are shares of all calls but cancelled ones, bad answers of all answers."""

    ok: RateItem
    error: RateItem
    timeout: RateItem
    rate_limited: RateItem
    refused: RateItem = Field(description="Refused by the model, or filtered by the provider.")
    truncated: RateItem
    format_invalid: RateItem = Field(description="Broke the format or the tool call that was asked for.")
    empty: RateItem


class LatencyItem(BaseModel):
    """Milliseconds, right to about 2 %; of answers and timeouts, gateway cache hits left out."""

    calls: int = Field(description="Calls measured; p99 is rough below some 1,000.")
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class SpeedItem(BaseModel):
    """Output tokens a second, after the first token."""

    calls: int
    p50: float | None = Field(description="Half of the calls are faster.")
    p05: float | None = Field(description="95 % of the calls are faster.")


class LatencyClass(StrEnum):
    """By the 95th percentile of total time."""

    REAL_TIME = "real_time"
    INTERACTIVE = "interactive"
    NEAR_REAL_TIME = "near_real_time"
    BATCH = "batch"


class FareItem(BaseModel):
    """How some calls fared."""

    calls: int
    calls_per_hour: float | None
    outcomes: dict[str, int] = Field(description="Calls by outcome.")
    rates: RatesItem
    latency: LatencyItem
    latency_class: LatencyClass | None = Field(
        description="real_time (p95 below 500 ms), interactive (2 s), near_real_time (10 s), batch; null: cannot tell."
    )
    latency_class_reason: str
    ttft: LatencyItem = Field(description="Time to the first token of streamed answers.")
    output_tokens_per_s: SpeedItem
    input_tokens_per_call: float | None = Field(description="Mean, of calls whose tokens are known.")
    output_tokens_per_call: float | None
    cost_per_call_usd: Dollars | None = Field(description="Mean, of calls whose cost is known.")
    cost_usd: Dollars | None = Field(description="Sum of the known costs; null where no call has one.")
    unpriced_calls: int = Field(description="Calls with tokens but without a price: cost leaves them out.")


class HealthState(StrEnum):
    """What the detectors say of it."""

    FINE = "fine"
    REGRESSED = "regressed"
    CANNOT_TELL = "cannot_tell"


class OpenItem(BaseModel):
    """A regression or finding that is open: ``/v1/regressions/{id}`` tells all of it."""

    id: str
    kind: str
    severity: str
    state: str
    metric: str
    since: datetime = Field(description="Estimated onset.")
    size: str = Field(description="How much, in words.")


class StandingItem(BaseModel):
    """Who, and how they stand."""

    group: dict[str, str] = Field(description="A value for each dimension of `by`.")
    series_id: str | None = Field(description="For `/v1/series/{id}/history`; null for what is coarser than a series.")
    state: HealthState
    state_reason: str
    regressions: list[OpenItem] = Field(description="What is open, the latest onset first.")
    last_call: datetime


class HealthItem(FareItem, StandingItem):
    """One series, or what `by` makes of them."""


class ReadAnswer(BaseModel):
    """What an answer was read from."""

    start: datetime = Field(description="From when on calls were really read: rollups have whole hours.")
    end: datetime
    asked_start: datetime
    asked_end: datetime
    source: list[str] = Field(description="Tables that were read: single `calls`, or sums by hour.")
    complete_since: datetime | None = Field(description="Older calls may be gone from `source`; null: none ever goes.")
    complete: bool = Field(description="Does the period begin after `complete_since`?")
    as_of: datetime = Field(description="When it was read; an answer is kept for a few seconds.")


class HealthAnswer(ReadAnswer):
    """``GET /v1/health``."""

    model_config = ConfigDict(json_schema_extra={"example": HEALTH})

    rows: list[HealthItem]
    next_cursor: str | None = Field(description="Parameter `cursor` of the next page; null: there is none.")


class IntervalItem(BaseModel):
    """When."""

    start: datetime = Field(description="Of the interval.")


class HistoryItem(FareItem, IntervalItem):
    """A series in one interval; intervals without calls are left out."""


class PastRegressionItem(OpenItem):
    """A regression of the series that was open at some time of the period."""

    closed_at: datetime | None


class HistoryAnswer(ReadAnswer):
    """``GET /v1/series/{id}/history``."""

    model_config = ConfigDict(json_schema_extra={"example": HISTORY})

    series_id: str
    service: str = Field(description="* is all of them.")
    route: str
    provider: str
    request_model: str
    model: str
    interval: str
    regressions: list[PastRegressionItem]
    regressions_truncated: bool = Field(
        description="Of the model's regressions only the 1,000 that moved last were read: /v1/regressions has all."
    )
    rows: list[HistoryItem]
