"""What ``GET /v1/costs/forecast`` answers with."""

import datetime as dt
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.answers.dollars import Dollars


class Certainty(StrEnum):
    """Is there a forecast?"""

    FORECAST = "forecast"
    CANNOT_TELL = "cannot_tell"


class SpendRange(BaseModel):
    """Dollars: what is as likely exceeded as not, and the bounds that hold the truth in 80 and in 95 of 100 cases."""

    expected_usd: Dollars
    low_80_usd: Dollars
    high_80_usd: Dollars
    low_95_usd: Dollars
    high_95_usd: Dollars


class ForecastDay(BaseModel):
    """One day to come; today is what is left of it."""

    day: dt.date
    expected_usd: Dollars = Field(description="Of the day alone.")
    total: SpendRange = Field(description="Spent from the begin of the period to the end of the day.")


_RANGE = {
    "expected_usd": "812.400000",
    "low_80_usd": "760.100000",
    "high_80_usd": "871.900000",
    "low_95_usd": "731.000000",
    "high_95_usd": "918.200000",
}
_EXAMPLE: dict[str, Any] = {
    "certainty": "forecast",
    "summary": "Expected by 2026-12-01 00:00 UTC: $812.40, with 80 % certainty between $760.10 and $871.90.",
    "missing": None,
    "start": "2026-11-01T00:00:00Z",
    "now": "2026-11-21T10:00:00Z",
    "until": "2026-12-01T00:00:00Z",
    "time_zone": "UTC",
    "spent_usd": "550.200000000",
    "total": _RANGE,
    "days": [{"day": "2026-11-30", "expected_usd": "14.100000", "total": _RANGE}],
    "whole_days_of_history": 56,
    "unpriced_calls": 0,
    "complete_since": "2024-11-21T10:00:00Z",
    "method": "Structural time series …",
    "notes": [],
}


class ForecastAnswer(BaseModel):
    """``GET /v1/costs/forecast``."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    certainty: Certainty
    summary: str
    missing: str | None = Field(description="What is missing where there is no forecast.")
    start: dt.datetime = Field(description="From here on spending counts: the begin of this month.")
    now: dt.datetime
    until: dt.datetime
    time_zone: str
    spent_usd: Dollars | None = Field(description="From start to now; null where there are calls and none has a cost.")
    total: SpendRange | None = Field(description="Spent and to come, together.")
    days: list[ForecastDay]
    whole_days_of_history: int
    unpriced_calls: int = Field(description="Since start: calls without a price, which no sum holds.")
    complete_since: dt.datetime | None = Field(
        description="From when on calls are complete; before it they may be gone."
    )
    method: str
    notes: list[str] = Field(description="What limits the answer.")
