"""What ``GET /v1/costs`` answers with."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.answers.dollars import Dollars

_EXAMPLE: dict[str, Any] = {
    "group": {"model": "gpt-4o-2024-08-06"},
    "interval": "2026-11-21T00:00:00Z",
    "calls": 1200,
    "successful_calls": 1150,
    "known_calls": 1190,
    "unpriced_calls": 0,
    "calls_without_usage": 10,
    "cost_usd": "4.165000000",
    "uncached_input_usd": "2.000000000",
    "cache_read_usd": "0.250000000",
    "cache_write_usd": "0.000000000",
    "output_usd": "1.915000000",
    "reported_usd": "0.000000000",
    "input_tokens": 1000000,
    "output_tokens": 191500,
    "cache_read_tokens": 200000,
    "cache_write_tokens": 0,
    "reasoning_tokens": 0,
    "reasoning_share": 0.0,
    "cache_hit_share": 0.2,
    "cost_per_call_usd": "0.003500000",
    "cost_per_successful_call_usd": "0.003621739",
    "cost_per_1000_tokens_usd": "0.003495594",
    "wasted_usd": "0.105000000",
    "wasted_share": 0.025210084,
    "wasted": {"refused": "0.105000000"},
    "cache_savings_usd": None,
    "cache_could_save_usd": None,
}
EXAMPLE: dict[str, Any] = {
    "start": "2026-11-21T00:00:00Z",
    "end": "2026-11-22T00:00:00Z",
    "asked_start": "2026-11-21T00:00:00Z",
    "asked_end": "2026-11-22T00:00:00Z",
    "as_of": "2026-11-22T09:00:00Z",
    "source": ["calls_1h"],
    "complete_since": "2024-11-22T09:00:00Z",
    "complete": True,
    "totals": {**_EXAMPLE, "group": {}, "interval": None},
    "groups": 1,
    "rows": [_EXAMPLE],
    "next_cursor": None,
}


class CostItem(BaseModel):
    """What the calls of one group cost, in one interval where intervals were asked for. Null: not known."""

    group: dict[str, str] = Field(description="Values of the dimensions that were grouped by.")
    interval: datetime | None = Field(description="Start of the interval; null without intervals.")
    calls: int
    successful_calls: int = Field(description="Calls with the outcome `ok`.")
    known_calls: int = Field(description="Calls whose cost is known.")
    unpriced_calls: int = Field(description="Calls with tokens but without a price: in no sum here.")
    calls_without_usage: int = Field(description="Calls that told no tokens, failures for the most part.")
    cost_usd: Dollars | None = Field(description="Sum of the known costs; null where there are calls and none has one.")
    uncached_input_usd: Dollars | None = Field(
        description="Part of it: input neither read from nor written to a cache."
    )
    cache_read_usd: Dollars | None
    cache_write_usd: Dollars | None
    output_usd: Dollars | None = Field(description="Reasoning included.")
    reported_usd: Dollars | None = Field(description="Part of it that emitters reported and we could not price.")
    input_tokens: int | None = Field(description="Cached ones included; null where no call told its tokens.")
    output_tokens: int | None = Field(description="Reasoning included.")
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    reasoning_share: float | None = Field(description="Reasoning tokens of all output tokens.")
    cache_hit_share: float | None = Field(description="Input tokens read from the cache, of all input tokens.")
    cost_per_call_usd: Dollars | None = Field(description="`cost_usd` by `known_calls`.")
    cost_per_successful_call_usd: Dollars | None = Field(
        description="Cost of all calls, failed ones too, by the successful calls whose cost is known; null without any."
    )
    cost_per_1000_tokens_usd: Dollars | None = Field(
        description="Input and output together; null where some calls with tokens have no price."
    )
    wasted_usd: Dollars | None = Field(description="Spent on calls that gave no useful answer: the sum of `wasted`.")
    wasted_share: float | None = Field(description="Of `cost_usd`.")
    wasted: dict[str, Dollars] = Field(
        description="By outcome; each call counts once. `superseded` (with `include=retries`): calls that went well, "
        "but whose answer a later attempt of the same call replaced."
    )
    cache_savings_usd: Dollars | None = Field(
        description="With `include=caching`: what tokens read from and written to a cache would have cost uncached, "
        "less what they cost. Below zero where writing cost more than reading saved."
    )
    cache_could_save_usd: Dollars | None = Field(
        description="With `include=caching`: estimate of what would have been saved, had every route read the share of "
        "its input from the cache that it read on its best day; null for routes that never did."
    )


class CostsAnswer(BaseModel):
    """``GET /v1/costs``."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    start: datetime = Field(description="From when on calls were really read: the period is widened to whole buckets.")
    end: datetime
    asked_start: datetime
    asked_end: datetime
    as_of: datetime = Field(
        description="When it was read. Sums of whole days may be ten seconds older, of past months two minutes."
    )
    source: list[str] = Field(description="Tables that were read: single `calls`, or sums by minute, hour or day.")
    complete_since: datetime | None = Field(description="Older calls may be gone from `source`; null: none ever goes.")
    complete: bool = Field(description="Does the period begin after `complete_since`?")
    totals: CostItem = Field(description="Of all groups, also of those on other pages.")
    groups: int = Field(description="Number of rows on all pages.")
    rows: list[CostItem] = Field(description="By interval, then the most expensive first.")
    next_cursor: str | None = Field(description="For the next page; null on the last.")
