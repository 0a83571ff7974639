"""What ``GET /v1/advice`` answers with. Null: not known."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.advising.advice import Decision, Reason, StepKind
from api.advising.considered import Status
from api.advising.examples import ADVICE
from api.advising.facts import Level
from api.answers.dollars import Dollars
from api.comparing.verdict import Verdict
from api.requirements.models import RequirementField


class ModelItem(BaseModel):
    """A model as calls name it."""

    provider: str
    model: str


class ChangeItem(BaseModel):
    """One metric of a candidate against the model of now; positive is worse."""

    metric: str
    verdict: Verdict
    estimate: float | None = Field(description="Difference of a rate, or share of today's figure.")
    low: float | None = Field(description="The interval holds at every look; null: nothing can be said.")
    high: float | None
    unit: str = Field(description="rate or share")
    reason: str
    calls_needed: int | None = Field(description="Of either model, in all, for a verdict.")


class SavingItem(BaseModel):
    """Dollars a month; negative where the candidate costs more."""

    usd: Dollars
    low_usd: Dollars
    high_usd: Dollars
    share: float = Field(description="Of today's cost.")
    basis: str


class EffortItem(BaseModel):
    """What moving takes, by what is assumed; months until the saving has paid for it."""

    days: float
    usd: Dollars
    payback_months: float | None
    payback_low_months: float | None = Field(description="Soonest.")
    payback_high_months: float | None = Field(description="Latest; null: perhaps never.")


class ObjectionItem(BaseModel):
    """What speaks against a candidate."""

    constraint: str
    reason: str
    unknown: bool = Field(description="A fact is missing: it may fit.")


class CandidateItem(BaseModel):
    """A model that was considered."""

    provider: str
    model: str
    status: Status
    same_model: bool = Field(description="The model of now at another provider.")
    evidence: Level
    evidence_routes: list[str] = Field(description="Where both ran, if not on this route.")
    calls: int = Field(description="Of the candidate, there.")
    thin: str = Field(description="Why the evidence does not carry a move; empty: it does.")
    objections: list[ObjectionItem]
    monthly_usd: Dollars | None = Field(description="For this route's calls.")
    usd_per_useful_call: Dollars | None
    saving: SavingItem | None
    effort: EffortItem
    changes: list[ChangeItem]
    dominated_by: str = Field(description="A candidate that is no worse in cost, time and outcomes, and better in one.")


class TrialItem(BaseModel):
    """The test that would settle it: both models alike, four in five such tests end with a verdict."""

    calls: int | None = Field(description="Of either model.")
    decided_by: str = Field(description="The metric that takes most calls.")
    shadow_share: float
    days: float | None
    usd: Dollars | None


class NextStepItem(BaseModel):
    """One thing to do: the command, and the request that does the same."""

    kind: StepKind
    text: str
    command: str
    request: str


class AdviceItem(BaseModel):
    """The advice on one route."""

    route: str
    decision: Decision
    reason: Reason
    why: str
    current: ModelItem | None
    monthly_usd: Dollars | None = Field(description="What the model of now costs.")
    usd_per_useful_call: Dollars | None = Field(description="Failed calls are paid for by those that succeed.")
    calls: int = Field(description="To the model of now, in the period.")
    target: ModelItem | None = Field(description="Where to go; of a test what to test.")
    evidence: Level | None = Field(description="Of the target.")
    saving: SavingItem | None
    effort: EffortItem | None
    changes: list[ChangeItem] = Field(description="The target against the model of now.")
    trial: TrialItem | None
    move_back: str = Field(description="Of a re-route: when to go back.")
    risks: list[str]
    unknown: list[str]
    next_step: NextStepItem
    considered: list[CandidateItem] = Field(description="All candidates; those that fit first, the best first.")
    left_out: dict[str, int] = Field(description="Models of the catalogue that were not looked at more closely, why.")
    requirements: list[RequirementField]


class AdviceAnswer(BaseModel):
    """``GET /v1/advice``."""

    model_config = ConfigDict(json_schema_extra={"example": ADVICE})

    start: datetime
    end: datetime
    total: int = Field(description="Routes on all pages.")
    rows: list[AdviceItem]
    next_cursor: str | None
    assumptions: dict[str, Any] = Field(description="What was taken for granted; parameters of the same names set it.")
