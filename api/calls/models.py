"""What the API says of single calls. Never content, never a user's id. Null: not known."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.answers.dollars import Dollars
from watchkeeper.storage.call_search import StoredScore

_EXAMPLE: dict[str, Any] = {
    "ts": "2026-11-21T09:30:00.123456Z",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "span_id": "00f067aa0ba902b7",
    "service": "shop",
    "route": "support",
    "provider": "openai",
    "request_model": "gpt-4o",
    "model": "gpt-4o-2024-08-06",
    "outcome": "ok",
    "duration_ms": 1834.2,
    "input_tokens": 1250,
    "output_tokens": 180,
    "cost_usd": "0.004925000",
}


class CallItem(BaseModel):
    """One call."""

    ts: datetime = Field(description="Its begin.")
    trace_id: str
    span_id: str
    parent_span_id: str | None
    completes_earlier_call: bool = Field(
        description="No call of its own: tokens and cost of one that was stored before they were known."
    )
    service: str
    service_version: str
    environment: str
    route: str
    prompt_name: str
    prompt_version: str
    tenant: str
    user_hash: str
    region: str
    service_tier: str
    variant: str
    provider: str
    request_model: str
    model: str
    operation: str
    outcome: str
    outcome_reason: str
    error_type: str
    http_status: int | None
    finish_reason: str
    format_valid: bool | None
    is_stream: bool
    duration_ms: float
    duration_complete: bool = Field(description="False: the span ended before the answer did.")
    ttft_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: Dollars | None
    cost_status: str = Field(description="priced, reported, unpriced or no_usage.")
    response_id: str
    conversation_id: str
    server_address: str
    system_fingerprint: str
    attempt: int
    fallback_from: str
    gateway_cache_hit: bool


class CallsAnswer(BaseModel):
    """``GET /v1/calls``."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "start": "2026-11-20T10:00:00Z",
                "end": "2026-11-21T10:00:00Z",
                "complete_since": "2026-10-22T10:00:00Z",
                "complete": True,
                "rows": [_EXAMPLE],
                "next_cursor": None,
            }
        }
    )

    start: datetime
    end: datetime
    complete_since: datetime | None = Field(description="Older calls may be gone; null: none ever goes.")
    complete: bool = Field(description="Does the period begin after `complete_since`?")
    rows: list[CallItem]
    next_cursor: str | None = Field(description="Parameter `cursor` of the next page; null: there is none.")


class ScoreItem(BaseModel):
    """Feedback or the result of an evaluation."""

    ts: datetime
    name: str
    value: float | None
    label: str
    source: str = Field(description="feedback, evaluation or judge.")


class TraceCallItem(CallItem):
    """One call of a trace."""

    parent_call: str | None = Field(description="Span id of its parent, where that is a call of the trace.")
    attributes: dict[str, str]
    scores: list[ScoreItem]


class TraceAnswer(BaseModel):
    """``GET /v1/calls/{trace_id}``."""

    trace_id: str
    start: datetime
    end: datetime = Field(description="End of the call that ended last.")
    cost_usd: Dollars | None = Field(description="Sum of the known costs; null where no call has one.")
    unpriced_calls: int
    other_scores: list[ScoreItem] = Field(description="Of the trace, but of none of these calls.")
    rows: list[TraceCallItem] = Field(description="In the order of their begin, at most 2,000.")


def call_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of :class:`CallItem` of a stored call."""
    values = {name: row[name] for name in CallItem.model_fields if name in row}
    return {
        **values,
        "parent_span_id": row["parent_span_id"] if row["parent_span_id"].strip("0") else None,
        "completes_earlier_call": row["calls"] == 0,
        "duration_ms": row["duration_us"] / 1000,
        "ttft_ms": None if row["ttft_us"] is None else row["ttft_us"] / 1000,
    }


def score_item(score: StoredScore) -> ScoreItem:
    """One score as the API shows it."""
    return ScoreItem(**{name: getattr(score, name) for name in ScoreItem.model_fields})
