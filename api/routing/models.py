"""What ``/v1/routes`` takes and answers."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_TARGETS = 20
MOST_FALLBACKS = 10
MOST_SHADOWS = 5

_PLAIN = r"^[^\x00-\x1F\x7F]*$"
Provider = Annotated[str, Field(max_length=100, pattern=_PLAIN, description="As spans name it, e.g. `openai`.")]
Model = Annotated[str, Field(min_length=1, max_length=300, pattern=_PLAIN, description="As it is asked for.")]
Percent = Annotated[int, Field(ge=1, le=100)]
_EXAMPLE: dict[str, Any] = {
    "targets": [
        {"provider": "openai", "model": "gpt-4o", "weight": 95},
        {"provider": "openai", "model": "gpt-4.1-mini", "weight": 5},
    ],
    "fallbacks": [{"provider": "anthropic", "model": "claude-sonnet-4-5"}],
    "reason": "trying the smaller model",
}


class TargetBody(BaseModel):
    """A model that answers a part of the calls."""

    model_config = ConfigDict(extra="forbid")

    provider: Provider = ""
    model: Model
    weight: Percent = Field(description="Percent of the calls; all targets together have 100.")
    variant: Literal["primary", "canary"] | None = Field(
        None, description="What its calls are marked as; the largest is `primary`, the others `canary` by default."
    )


class ShadowBody(BaseModel):
    """A model that gets copies of calls."""

    model_config = ConfigDict(extra="forbid")

    provider: Provider = ""
    model: Model
    weight: Percent = Field(100, description="Percent of the calls that are copied to it.")


class FallbackBody(BaseModel):
    """A model that is asked where another one failed."""

    model_config = ConfigDict(extra="forbid")

    provider: Provider = ""
    model: Model


class WeightsBody(BaseModel):
    """Body of ``PUT /v1/routes/{route}``: all weights of the route, whatever they were before."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    targets: list[TargetBody] = Field(min_length=1, max_length=MOST_TARGETS)
    shadow: list[ShadowBody] = Field(default_factory=list, max_length=MOST_SHADOWS)
    fallbacks: list[FallbackBody] = Field(
        default_factory=list, max_length=MOST_FALLBACKS, description="In the order they are tried."
    )
    reason: str = Field("", max_length=500, pattern=_PLAIN, description="For people; no prompts, no user ids.")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = sum(target.weight for target in self.targets)
        if total != 100:
            raise ValueError(f"the weights of targets add up to {total}: make it 100")
        for name in ("targets", "shadow", "fallbacks"):
            named = [(one.provider, one.model) for one in getattr(self, name)]
            if len(set(named)) < len(named):
                raise ValueError(f"{name} names a model twice: give each provider and model once")
        return self


class TargetItem(BaseModel):
    """A model of a route."""

    provider: str
    model: str
    weight: int = Field(
        description="Percent of the calls; of a shadow, percent of the calls copied to it; of a fallback 0."
    )
    variant: str = Field(description="`primary`, `canary` or `shadow`: what calls sent there are marked as.")


class RouteItem(BaseModel):
    """Which models serve a route."""

    route: str
    source: Literal["weights", "observed"] = Field(
        description="`observed`: nobody has set weights; these are the shares of the calls of the last week."
    )
    version: int = Field(description="1 for the first weights that were set; 0 of what is observed.")
    targets: list[TargetItem]
    shadow: list[TargetItem]
    fallbacks: list[TargetItem] = Field(description="In the order they are tried.")
    reason: str
    migration_id: str | None = Field(description="The migration that set the weights; null where a person did.")
    changed_by: str | None
    changed_at: datetime | None
    calls: int | None = Field(description="Calls that the shares come from; null of weights that were set.")


class RoutesAnswer(BaseModel):
    """``GET /v1/routes``."""

    rows: list[RouteItem] = Field(description="By name.")
    complete: bool = Field(description="False where there are more routes than one answer has: name those you mean.")
