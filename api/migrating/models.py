"""What ``/v1/migrations`` takes and answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.migrating.phases import FIRST, Phase
from watchkeeper.storage.model_migrations import MigrationDecision, ModelMigration, Served
from watchkeeper.storage.route_weights import Target

_PLAIN = r"^[^\x00-\x1F\x7F]*$"
Words = Annotated[
    str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1F\x7F]*[^\x00-\x20\x7F][^\x00-\x1F\x7F]*$")
]
_MODEL = Annotated[str, Field(min_length=1, max_length=256, pattern=_PLAIN)]
_EXAMPLE: dict[str, Any] = {
    "route": "checkout-chat",
    "candidate": {"provider": "openai", "model": "gpt-4o-mini"},
    "baseline": {"provider": "openai", "model": "gpt-4o"},
    "begin_with": "canary_5",
    "limits": {"error_ratio": 1.5, "format_margin": 0.01},
    "gates": {"canary_50.hours": 48, "canary_5.calls": 500},
    "reason": "A third of the cost at the same quality, says the evaluation.",
}


class ServedModel(BaseModel):
    """A model at a provider, by the name it is requested or served under."""

    model_config = ConfigDict(extra="forbid")

    provider: _MODEL
    model: _MODEL


class ServedItem(BaseModel):
    """The same as it is answered: whatever calls and weights name."""

    provider: str
    model: str


class MigrationBody(BaseModel):
    """Body of ``POST /v1/migrations``."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    route: str = Field(min_length=1, max_length=256, pattern=_PLAIN, description="As calls are recorded with it.")
    candidate: ServedModel = Field(description="The model to go to.")
    baseline: ServedModel | None = Field(
        None, description="The model to leave; without it the one with the largest weight or, lately, the most calls."
    )
    begin_with: Phase = Field(
        Phase.EVALUATION,
        description=f"One of {', '.join(FIRST)}: what comes before is left out.",
        json_schema_extra={"enum": list(FIRST)},
    )
    limits: dict[str, float] = Field(
        default_factory=dict, max_length=20, description="What differs from the usual triggers; see docs/migrations.md."
    )
    gates: dict[str, float] = Field(
        default_factory=dict, max_length=50, description="What differs from the usual gates, e.g. `canary_5.calls`."
    )
    score: str = Field(
        "",
        max_length=200,
        pattern=_PLAIN,
        description="Feedback that tells how satisfied users are; empty: the one given most often.",
    )
    advice: str = Field(
        "", max_length=128, pattern=_PLAIN, description="Id of the advice that is followed; empty for none."
    )
    reason: Words


class ActionBody(BaseModel):
    """Body of what a person does to a migration."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "Complaints in the forum."}})

    reason: Words


class TargetItem(BaseModel):
    """One model that calls of the route go to."""

    provider: str
    model: str
    weight: int = Field(description="Percent.")
    variant: str


class DecisionItem(BaseModel):
    """One decision, with its numbers."""

    seq: int
    step: str = Field(description="start, promote, roll_back, cancel, pause, resume, warn or warnings_end.")
    phase: Phase = Field(description="From then on.")
    phase_began_at: datetime
    paused: bool
    reason: str
    warnings: dict[str, str] = Field(description="What warned from then on, by trigger.")
    decided_by: str
    decided_at: datetime
    weights_version: int = Field(description="Of the route's weights; 0: none was ever written.")
    facts: dict[str, float | None] = Field(description="What was measured, by name; null: unknown.")


class MigrationItem(BaseModel):
    """A migration and how it stands."""

    id: str
    route: str
    baseline: ServedItem
    candidate: ServedItem
    phase: Phase
    phase_began_at: datetime
    paused: bool
    active: bool
    warnings: dict[str, str]
    last_step: str
    last_reason: str
    decided_by: str
    decided_at: datetime
    advice: str
    reason: str
    created_by: str
    created_at: datetime


class MigrationsAnswer(BaseModel):
    """``GET /v1/migrations``."""

    rows: list[MigrationItem] = Field(description="The latest first.")
    complete: bool = Field(description="False where there are more than `limit`, or than 10,000 of all routes.")


class OutlookItem(BaseModel):
    """What would be decided now."""

    step: str = Field(description="hold, promote or roll_back.")
    reason: str = Field(description="For hold: what the phase still needs.")
    warnings: dict[str, str]
    verdict: str = Field(description="Of the comparison in this phase.")
    compared: str
    facts: dict[str, float | None]


class MigrationAnswer(BaseModel):
    """``GET /v1/migrations/{id}``."""

    migration: MigrationItem
    limits: dict[str, float] = Field(description="Of the triggers, all of them.")
    gates: dict[str, float] = Field(description="What differs from the usual.")
    score: str
    targets: list[TargetItem] = Field(description="Weights of the route in this phase.")
    shadow: list[TargetItem]
    fallbacks: list[TargetItem]
    outlook: OutlookItem | None = Field(description="Null where it was not asked for, or the migration has ended.")
    decisions: list[DecisionItem] = Field(description="In order.")


def migration_item(migration: ModelMigration, last: MigrationDecision, active: bool) -> MigrationItem:
    """A migration as the API shows it."""
    return MigrationItem(
        id=migration.id,
        route=migration.route,
        baseline=served_item(migration.baseline),
        candidate=served_item(migration.candidate),
        phase=Phase(last.phase),
        phase_began_at=last.phase_began_at,
        paused=last.paused,
        active=active,
        warnings=dict(last.warnings),
        last_step=last.step,
        last_reason=last.reason,
        decided_by=last.decided_by,
        decided_at=last.decided_at,
        advice=migration.advice,
        reason=migration.reason,
        created_by=migration.created_by,
        created_at=migration.created_at,
    )


def served_item(served: Served) -> ServedItem:
    """A model as the API shows it."""
    return ServedItem(provider=served.provider, model=served.model)


def decision_item(decision: MigrationDecision) -> DecisionItem:
    """A decision as the API shows it."""
    values: Mapping[str, Any] = {name: getattr(decision, name) for name in DecisionItem.model_fields}
    return DecisionItem(**values)


def target_items(targets: tuple[Target, ...]) -> list[TargetItem]:
    """Targets as the API shows them."""
    return [
        TargetItem(provider=one.provider, model=one.model, weight=one.weight, variant=one.variant) for one in targets
    ]
