"""What ``GET /v1/costs/drivers`` answers with."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.answers.dollars import Dollars


class PeriodSpending(BaseModel):
    """One of the two periods."""

    start: datetime = Field(
        description="As it was read: both ends are moved back to the begin of a bucket of `source`."
    )
    end: datetime
    days: float
    calls: int
    useful_answers: int = Field(description="Calls with the outcome `ok`.")
    cost_usd: Dollars | None = Field(description="Sum of the known costs; null where there are calls and none has one.")
    wasted_usd: Dollars | None = Field(description="Part of it: spent on calls with any other outcome than `ok`.")
    unpriced_calls: int = Field(description="Calls with tokens but without a price: in no sum here.")
    calls_without_usage: int = Field(description="Calls that told no tokens, failures for the most part.")


class Certainty(StrEnum):
    """Is there an answer?"""

    EXPLAINED = "explained"
    CANNOT_TELL = "cannot_tell"


class DriverItem(BaseModel):
    """One cause, with all that it did to the bill."""

    driver: str
    amount_usd: Dollars = Field(description="Above zero: it added to the cost.")
    share: float | None = Field(description="Of the difference; null where there is none. May exceed 1 or be negative.")
    is_negligible: bool = Field(description="Less than 0.05 % of what both periods cost.")
    sentence: str


class WaterfallStep(BaseModel):
    """One bar of a waterfall chart: the running sum before and after it."""

    step: str = Field(description="`before`, then each driver in the order in which a bill comes about, then `after`.")
    from_usd: Dollars
    to_usd: Dollars


class SliceParts(BaseModel):
    """What each driver did to the sum of known costs of one slice; together the slice's difference.

    A mix is above zero where a slice grew faster than all others, which show as much less.
    """

    period_length: Dollars
    volume: Dollars
    route_mix: Dollars
    model_mix: Dollars
    input_length: Dollars
    output_length: Dollars
    cache: Dollars
    unit_price: Dollars
    waste: Dollars
    coverage: Dollars


class SliceItem(BaseModel):
    """One route on one model."""

    service: str
    route: str
    provider: str
    model: str
    before_usd: Dollars | None = Field(description="Null where there are calls and none has a known cost.")
    after_usd: Dollars | None = Field(description="As `before_usd`.")
    difference_usd: Dollars | None = Field(description="Null where one of both is not known.")
    parts: SliceParts


class OtherSlices(BaseModel):
    """All slices beyond `limit`, together."""

    slices: int
    difference_usd: Dollars
    parts: SliceParts


class PriceChange(BaseModel):
    """What a token cost on one slice, where that changed by at least one percent: a price list, a service tier or a
    bracket of long prompts. Prices are what was paid, in dollars a million tokens."""

    service: str
    route: str
    provider: str
    model: str
    token_type: str = Field(description="`input` (not cached), `cache_read`, `cache_write` or `output`.")
    before_usd: float
    after_usd: float


_NOTHING: dict[str, Any] = dict.fromkeys(SliceParts.model_fields, "0.000000000")
_SLICE: dict[str, Any] = {
    "service": "shop",
    "route": "chat",
    "provider": "openai",
    "model": "gpt-4o-2024-08-06",
    "before_usd": "100.000000000",
    "after_usd": "130.000000000",
    "difference_usd": "30.000000000",
    "parts": {**_NOTHING, "volume": "30.000000000"},
}
_PERIOD: dict[str, Any] = {
    "start": "2026-11-14T10:00:00Z",
    "end": "2026-11-21T10:00:00Z",
    "days": 7.0,
    "calls": 13_400,
    "useful_answers": 13_000,
    "cost_usd": "130.000000000",
    "wasted_usd": "2.500000000",
    "unpriced_calls": 0,
    "calls_without_usage": 120,
}
_EXAMPLE: dict[str, Any] = {
    "certainty": "explained",
    "summary": "Cost went up by $30.00 (+30.0%), for the most part through volume (+$30.00).",
    "period": _PERIOD,
    "versus": {**_PERIOD, "start": "2026-11-07T10:00:00Z", "end": "2026-11-14T10:00:00Z", "cost_usd": "100.000000000"},
    "difference_usd": "30.000000000",
    "drivers": [
        {
            "driver": "volume",
            "amount_usd": "30.000000000",
            "share": 1.0,
            "is_negligible": False,
            "sentence": "Useful answers went from 1,429 to 1,857 a day (+30.0%): added $30.00.",
        }
    ],
    "waterfall": [
        {"step": "before", "from_usd": "0", "to_usd": "100.000000000"},
        {"step": "volume", "from_usd": "100.000000000", "to_usd": "130.000000000"},
        {"step": "after", "from_usd": "0", "to_usd": "130.000000000"},
    ],
    "slices": [_SLICE],
    "other_slices": None,
    "price_changes": [],
    "source": "calls_1h",
    "complete_since": "2024-11-21T10:03:00Z",
    "notes": [],
}


class CostDriversAnswer(BaseModel):
    """``GET /v1/costs/drivers``."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    certainty: Certainty = Field(description="`cannot_tell` where the cost of one of the periods is not known at all.")
    summary: str
    period: PeriodSpending
    versus: PeriodSpending
    difference_usd: Dollars | None = Field(description="Cost of the period less that of the other; null: not known.")
    drivers: list[DriverItem] = Field(description="Largest first; the amounts add up to the difference, exactly.")
    waterfall: list[WaterfallStep]
    slices: list[SliceItem] = Field(description="Those whose cost moved most, at most `limit`.")
    other_slices: OtherSlices | None = Field(description="Null where `slices` holds them all.")
    price_changes: list[PriceChange] = Field(description="At most 50, those that moved the cost most first.")
    source: str = Field(description="The table that was read.")
    complete_since: datetime | None = Field(
        description="From when on that table is complete; before it calls may be gone."
    )
    notes: list[str] = Field(description="What limits the answer.")
