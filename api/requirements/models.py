"""What a route needs of its model, as people state it, and as ``/v1/routes/{route}/requirements`` tells it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.answers.dollars import Dollars
from api.health.models import LatencyClass

MOST_TOKENS = 2**32 - 1
Word = Annotated[str, Field(min_length=1, max_length=100)]
Words = Annotated[tuple[Word, ...], Field(min_length=1, max_length=50)]
Modality = Literal["text", "image", "audio", "video", "pdf"]
Modalities = Annotated[tuple[Modality, ...], Field(min_length=1, max_length=5)]
MarginOf = Literal[
    "error",
    "rate_limit",
    "refusal",
    "truncation",
    "format_failure",
    "empty",
    "latency",
    "time_to_first_token",
    "time_per_output_token",
    "output_tokens",
    "cost_per_useful_call",
]
"""Metrics of :data:`api.comparing.compare.METRICS`; a test compares."""
Share = Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)]
_EXAMPLE: dict[str, Any] = {
    "task_type": "summary",
    "latency_class": "interactive",
    "max_usd_per_call": "0.02",
    "max_usd_per_month": "1500",
    "min_context_tokens": 32000,
    "input_modalities": ["text"],
    "structured_output": True,
    "providers": ["openai", "aws_bedrock"],
    "regions": ["eu-central-1"],
    "provider_regions": {"aws_bedrock": ["eu-central-1"]},
    "accuracy": "must_be_correct",
    "margins": {"latency": 0.2},
}


class Accuracy(StrEnum):
    """What a wrong answer costs."""

    GOOD_ENOUGH = "good_enough"
    MUST_BE_CORRECT = "must_be_correct"


class Requirements(BaseModel):
    """What is stated of a route. What is left out, or null, is inferred from its calls."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": _EXAMPLE})

    task_type: str | None = Field(
        default=None, min_length=1, max_length=60, description="For people: what the route is for."
    )
    latency_class: LatencyClass | None = Field(
        default=None,
        description="95 % of the calls end within 0.5 s (real_time), 2 s (interactive), 10 s (near_real_time).",
    )
    max_usd_per_call: Annotated[Dollars, Field(gt=0, le=1_000_000, decimal_places=9)] | None = Field(
        default=None, description="Of a useful call: failed calls and retries are paid for by those that succeed."
    )
    max_usd_per_month: Annotated[Dollars, Field(gt=0, le=1_000_000_000, decimal_places=9)] | None = None
    min_context_tokens: Annotated[int, Field(ge=1, le=MOST_TOKENS)] | None = Field(
        default=None, description="Input and output of one call together."
    )
    input_modalities: Modalities | None = None
    output_modalities: Modalities | None = None
    structured_output: bool | None = Field(default=None, description="Answers keep to a schema.")
    tools: bool | None = Field(default=None, description="The model calls tools.")
    self_hosted_only: bool | None = Field(default=None, description="Calls never leave machines of your own.")
    self_hosted_providers: Words | None = Field(
        default=None, description="Providers that are machines of your own, beside servers such as vllm and ollama."
    )
    providers: Words | None = Field(default=None, description="Calls go to these only.")
    regions: Words | None = Field(default=None, description="Calls are answered in these only; see provider_regions.")
    provider_regions: Annotated[dict[Word, Words], Field(max_length=50)] | None = Field(
        default=None, description="Where providers answer your calls, by contract: no catalogue knows that."
    )
    accuracy: Accuracy | None = Field(
        default=None,
        description="must_be_correct: only a model that was compared on this route's own calls may take over.",
    )
    margins: dict[MarginOf, Share] | None = Field(
        default=None, description="How much worse is not worse yet, as a share of today's figure."
    )


class Origin(StrEnum):
    """Where a requirement comes from."""

    STATED = "stated"
    INFERRED = "inferred"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


class RequirementField(BaseModel):
    """One requirement as it is applied."""

    name: str
    value: Any = Field(description="Null: nothing is required, or it is not known.")
    origin: Origin
    why: str = Field(description="From what it was inferred, or why it could not be.")


class RequirementsAnswer(BaseModel):
    """``GET /v1/routes/{route}/requirements``."""

    route: str
    stated: Requirements | None = Field(description="What people said; null where nobody did.")
    source: Literal["api", "file"] | None
    version: int | None = Field(description="Of what was stated through the API.")
    changed_by: str | None
    changed_at: datetime | None
    fields: list[RequirementField] = Field(description="What is applied, inferred parts included.")


NO_REQUIREMENTS = Requirements()
