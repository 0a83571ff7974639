"""What the API says of models over time: what was asked for, what answered, how long it stays. Null: not known."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.answers.dollars import Dollars
from api.health.models import PastRegressionItem


class ServedSpanItem(BaseModel):
    """A model that answered, on consecutive days on which there were answers at all."""

    model: str
    first_seen: datetime = Field(description="To the hour where a rollup was read.")
    last_seen: datetime
    calls: int
    share: float = Field(description="Of the answers from its first to its last day.")


class RepointItem(BaseModel):
    """Most answers came from another model than on the day with answers before."""

    at: datetime = Field(description="When the new model was first seen in the span in which it took over.")
    before: str
    after: str


class RouteUseItem(BaseModel):
    """Where a model is asked for."""

    service: str
    route: str
    calls: int
    cost_usd: Dollars | None = Field(description="Sum of the known costs; null where no call has one.")
    unpriced_calls: int


class EndOfLifeItem(BaseModel):
    """What the catalogue says of how long a model stays, one a model that was asked for or answered."""

    model: str
    deprecated: bool | None
    deprecation_date: date | None
    retirement_date: date | None = Field(description="First day on which calls fail.")
    days_left: int | None = Field(description="Until the retirement; negative: it is past.")
    replacement: str
    sources: list[str]


class ModelItem(BaseModel):
    """A requested model of a provider."""

    provider: str
    request_model: str
    answers: int = Field(description="Calls of the period with an answer.")
    served: list[ServedSpanItem] = Field(description="In the order in which they were first seen.")
    serving_now: list[str] = Field(
        description="Models of its last day with answers, the one with most first; several: a mixed fleet."
    )
    repoints: list[RepointItem]
    findings: list[PastRegressionItem] = Field(description="What the detectors found of its served models.")
    end_of_life: list[EndOfLifeItem] = Field(description="Empty where the catalogue knows of no date and no notice.")
    calls_30d: int = Field(description="Of the last 30 days, failed ones included.")
    cost_30d_usd: Dollars | None = Field(description="Sum of the known costs; null where no call has one.")
    unpriced_calls_30d: int
    routes_30d: list[RouteUseItem] = Field(description="The most expensive first, at most 100.")


class FingerprintItem(BaseModel):
    """Answers that carried one `system_fingerprint`."""

    model: str
    fingerprint: str
    first_seen: datetime
    last_seen: datetime
    calls: int
    share: float = Field(description="Of the model's answers with a fingerprint.")


class ModelDetail(ModelItem):
    """One requested model with its fingerprints, which are read from single calls."""

    fingerprints: list[FingerprintItem] = Field(description="In the order in which they were first seen, at most 200.")
    fingerprints_complete_since: datetime | None


_EXAMPLE: dict[str, Any] = {
    "provider": "openai",
    "request_model": "gpt-4o",
    "answers": 120000,
    "served": [
        {
            "model": "gpt-4o-2024-08-06",
            "first_seen": "2026-10-22T10:00:00Z",
            "last_seen": "2026-11-12T14:03:11Z",
            "calls": 80000,
            "share": 0.99,
        },
        {
            "model": "gpt-4o-2024-11-20",
            "first_seen": "2026-11-12T14:00:00Z",
            "last_seen": "2026-11-21T09:59:58Z",
            "calls": 40000,
            "share": 0.98,
        },
    ],
    "serving_now": ["gpt-4o-2024-11-20"],
    "repoints": [{"at": "2026-11-12T14:00:00Z", "before": "gpt-4o-2024-08-06", "after": "gpt-4o-2024-11-20"}],
    "findings": [],
    "end_of_life": [],
    "calls_30d": 121000,
    "cost_30d_usd": "1843.120000000",
    "unpriced_calls_30d": 0,
    "routes_30d": [
        {
            "service": "shop",
            "route": "support",
            "calls": 121000,
            "cost_usd": "1843.120000000",
            "unpriced_calls": 0,
        }
    ],
}


class ModelsAnswer(BaseModel):
    """``GET /v1/models``."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "start": "2026-10-22T10:00:00Z",
                "end": "2026-11-21T10:00:00Z",
                "asked_start": "2026-10-22T10:30:00Z",
                "asked_end": "2026-11-21T10:00:00Z",
                "source": ["calls_1h"],
                "complete_since": "2024-11-21T10:00:00Z",
                "complete": True,
                "findings_truncated": False,
                "rows": [_EXAMPLE],
                "next_cursor": None,
            }
        }
    )

    start: datetime = Field(description="From when on calls were really read: rollups have whole hours.")
    end: datetime
    asked_start: datetime
    asked_end: datetime
    source: list[str] = Field(description="Tables that were read: single `calls`, or sums by hour.")
    complete_since: datetime | None = Field(description="Older calls may be gone from `source`; null: none ever goes.")
    complete: bool = Field(description="Does the period begin after `complete_since`?")
    findings_truncated: bool = Field(
        description="Of all findings only the 1,000 that moved last were read: /v1/regressions has all."
    )
    rows: list[ModelItem] = Field(description="The most expensive of the last 30 days first.")
    next_cursor: str | None = Field(description="Parameter `cursor` of the next page; null: there is none.")
