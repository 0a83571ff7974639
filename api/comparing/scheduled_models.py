"""What ``/v1/comparisons`` takes and answers."""

from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from api.comparing.models import CompareAnswer, CompareRequest
from api.comparing.verdict import Verdict
from watchkeeper.choices import Recurrence
from watchkeeper.storage.scheduled_comparisons import ComparisonResult, ScheduledComparison

_EXAMPLE: dict[str, Any] = {
    "every": "day",
    "request": {
        "baseline": {
            "start": "2026-05-01T00:00:00Z",
            "end": "2026-05-15T00:00:00Z",
            "where": {"route": ["checkout"], "prompt_version": ["12"]},
        },
        "candidate": {"period": "7d", "where": {"route": ["checkout"], "prompt_version": ["13"]}},
    },
}


class ComparisonBody(BaseModel):
    """Body of ``PUT /v1/comparisons/{name}``: the whole comparison, whatever it was before."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": _EXAMPLE})

    every: Recurrence = Field(
        Recurrence.DAY, description="At the full hour, at midnight UTC, or on Mondays at midnight UTC."
    )
    request: CompareRequest = Field(description="As `POST /v1/compare` takes it; periods end when it is due.")


class ComparisonItem(BaseModel):
    """A comparison that recurs."""

    name: str
    version: int
    every: Recurrence
    request: CompareRequest
    changed_by: str
    changed_at: datetime


class ComparisonRow(BaseModel):
    """One comparison and its last result. Null: it did not run yet."""

    name: str
    version: int
    every: Recurrence
    changed_by: str
    changed_at: datetime
    last_at: datetime | None = Field(description="The time the last result is for.")
    last_verdict: Verdict | None
    last_sentence: str | None
    is_open: bool = Field(description="It went worse and is not well again yet.")


class ComparisonsAnswer(BaseModel):
    """Answer of ``GET /v1/comparisons``."""

    rows: list[ComparisonRow]


class ResultRow(BaseModel):
    """What a comparison found at one of its times."""

    scheduled_at: datetime = Field(description="The time it was due; its periods are relative to this.")
    at: datetime = Field(description="When it ran.")
    version: int = Field(description="Of the comparison, when it ran.")
    verdict: Verdict
    sentence: str
    is_open: bool = Field(description="It went worse and is not well again yet.")
    answer: CompareAnswer | None = Field(description="As of `POST /v1/compare`; null where the sentence says why.")


class ResultsAnswer(BaseModel):
    """Answer of ``GET /v1/comparisons/{name}/results``."""

    rows: list[ResultRow]
    next_before: datetime | None = Field(description="`before` of the next page; null on the last.")


def comparison_item(comparison: ScheduledComparison) -> ComparisonItem:
    """As it is answered."""
    return ComparisonItem(
        name=comparison.name,
        version=comparison.version,
        every=comparison.every,
        request=CompareRequest.model_validate_json(comparison.request),
        changed_by=comparison.changed_by,
        changed_at=comparison.changed_at,
    )


def comparison_row(comparison: ScheduledComparison, last: ComparisonResult | None) -> ComparisonRow:
    """As it is listed."""
    return ComparisonRow(
        name=comparison.name,
        version=comparison.version,
        every=comparison.every,
        changed_by=comparison.changed_by,
        changed_at=comparison.changed_at,
        last_at=last.scheduled_at if last else None,
        last_verdict=Verdict(last.verdict) if last else None,
        last_sentence=last.sentence if last else None,
        is_open=bool(last and last.open_notice),
    )


def result_row(result: ComparisonResult) -> ResultRow:
    """As it is answered."""
    return ResultRow(
        scheduled_at=result.scheduled_at,
        at=result.at,
        version=result.version,
        verdict=Verdict(result.verdict),
        sentence=result.sentence,
        is_open=bool(result.open_notice),
        answer=CompareAnswer.model_validate(orjson.loads(result.answer)) if result.answer else None,
    )
