"""What ``POST /v1/costs/reconcile`` answers with."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.answers.dollars import Dollars


class Reason(StrEnum):
    """Why two sides may differ. The likeliest are listed first in each row."""

    NOT_INSTRUMENTED = "not_instrumented"
    HISTORY_GONE = "history_gone"
    USAGE_NOT_REPORTED = "usage_not_reported"
    UNPRICED = "unpriced"
    BATCH_DISCOUNT = "batch_discount"
    TIER_PRICE = "tier_price"
    PRICE_DIFFERS = "price_differs"
    CACHE_COUNTED_DIFFERENTLY = "cache_counted_differently"
    DAY_BOUNDARIES = "day_boundaries"
    REPORTED_LATER = "reported_later"
    REPEATED_CALLS = "repeated_calls"
    NOT_IN_EXPORT = "not_in_export"
    TOKENS_NOT_IN_EXPORT = "tokens_not_in_export"
    MODEL_NOT_IN_EXPORT = "model_not_in_export"
    NO_TOKENS_OF_A_CALL = "no_tokens_of_a_call"


class Verdict(StrEnum):
    """The whole comparison in a word."""

    AGREES = "agrees"
    DIFFERS = "differs"
    CANNOT_TELL = "cannot_tell"


class Side(BaseModel):
    """Usage and cost as one side has them. Null: it does not say."""

    requests: int | None
    input_tokens: int | None = Field(description="Cached and cache-writing ones included.")
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    usd: Dollars | None


class ReasonItem(BaseModel):
    """One likely reason of a difference."""

    reason: Reason
    sentence: str


class ReconcileRow(BaseModel):
    """One day of one model."""

    day: datetime = Field(description="Its begin, as the export cuts days.")
    model: str = Field(description="The model, or what several spellings of it have in common; empty: not told.")
    models_here: list[str] = Field(description="Names that it has on stored calls.")
    models_there: list[str] = Field(description="Names that it has in the export.")
    provider: Side
    stored: Side
    difference: Side = Field(description="Provider less stored.")
    agrees: bool | None = Field(description="Within the tolerance in all that both sides tell; null: nothing is.")
    reasons: list[ReasonItem]


class OtherItem(BaseModel):
    """What the provider charges beside the tokens of calls, in all."""

    item: str
    usd: Dollars


class ReasonTotal(BaseModel):
    """A reason over all rows that have it as their likeliest."""

    reason: Reason
    rows: int
    difference_usd: Dollars | None
    difference_tokens: int | None
    sentence: str


_THERE = {
    "requests": 120,
    "input_tokens": 100_000,
    "cache_read_tokens": 20_000,
    "cache_write_tokens": 0,
    "output_tokens": 9_000,
    "usd": None,
}
_HERE = {**_THERE, "requests": 90, "input_tokens": 75_000, "cache_read_tokens": 15_000, "output_tokens": 6_800}
_MORE = {**_THERE, "requests": 30, "input_tokens": 25_000, "cache_read_tokens": 5_000, "output_tokens": 2_200}
_WHY = {"reason": "not_instrumented", "sentence": "25.0% of the provider's tokens are in no stored call."}
_EXAMPLE: Any = {
    "form": "OpenAI Usage API (JSON, 2026-11)",
    "provider": "openai",
    "start": "2026-11-01T00:00:00Z",
    "end": "2026-11-02T00:00:00Z",
    "complete_since": "2024-11-21T00:00:00Z",
    "tolerance": 0.01,
    "tolerance_usd": "0.01",
    "verdict": "differs",
    "sentence": "The provider counts 109,000 tokens, stored calls 81,800. The most of it: …",
    "notes": ["The export has no amounts: tokens alone are compared. Compare the export of costs too."],
    "provider_total": _THERE,
    "stored_total": _HERE,
    "difference": _MORE,
    "reasons": [{**_WHY, "rows": 1, "difference_usd": None, "difference_tokens": 27_200}],
    "other_items": [],
    "rows": [
        {
            "day": "2026-11-01T00:00:00Z",
            "model": "gpt-4o-2024-08-06",
            "models_here": ["gpt-4o-2024-08-06"],
            "models_there": ["gpt-4o-2024-08-06"],
            "provider": _THERE,
            "stored": _HERE,
            "difference": _MORE,
            "agrees": False,
            "reasons": [_WHY],
        }
    ],
    "rows_total": 1,
}


class ReconcileAnswer(BaseModel):
    """``POST /v1/costs/reconcile``."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    form: str = Field(description="What the file was recognised as.")
    provider: str
    start: datetime = Field(description="Begin of the first day of the export.")
    end: datetime
    complete_since: datetime | None = Field(description="Stored usage from before this time may be gone.")
    tolerance: float = Field(description="Part of the provider's number that may differ.")
    tolerance_usd: Dollars = Field(description="Difference that is no difference, of a day and model.")
    verdict: Verdict
    sentence: str
    notes: list[str] = Field(description="What the comparison leaves out or takes for granted.")
    provider_total: Side
    stored_total: Side
    difference: Side = Field(description="Provider less stored.")
    reasons: list[ReasonTotal] = Field(description="Most dollars (or tokens) first.")
    other_items: list[OtherItem]
    rows: list[ReconcileRow] = Field(description="Largest difference first.")
    rows_total: int = Field(description="Rows there are; JSON lists `limit` of them, tables all.")
