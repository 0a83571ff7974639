"""What advice is made of. Pure values; None is "not known", never "no" and never 0."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from api.comparing.verdict import Verdict
from api.health.models import LatencyClass
from api.requirements.inferring import Needs
from watchkeeper.catalog.facts import ModelFacts
from watchkeeper.storage.route_weights import RouteWeights

TIMES = frozenset({"latency", "time_to_first_token", "time_per_output_token"})
"""Metrics of how long an answer takes; all others tell whether it is one."""


class Level(StrEnum):
    """What is known of a candidate in place of the model of now, the strongest first."""

    PROVEN = "proven"
    """Both ran on this route."""
    INDICATED = "indicated"
    """Both ran on another route, on calls like those of this one."""
    CATALOGUE_ONLY = "catalogue_only"


@dataclass(frozen=True, slots=True, order=True)
class Model:
    """A model as calls name it."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A regression or outage that is not over."""

    id: str
    metric: str
    size: str
    """In words."""
    since: datetime
    recovering: bool = False

    @property
    def words(self) -> str:
        """What and how much; most sizes begin with the name of their metric."""
        return self.size if self.size.startswith(self.metric) else f"{self.metric} {self.size}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a model fares now; ``seen`` is false where none of its calls is."""

    troubles: tuple[Trouble, ...] = ()
    seen: bool = True

    @property
    def is_degraded(self) -> bool:
        """Is a regression or outage open that is not recovering already?"""
        return any(not trouble.recovering for trouble in self.troubles)

    @property
    def is_failing(self) -> bool:
        """Is it degraded, and in more than the time its answers take?"""
        return any(not one.recovering and one.metric not in TIMES for one in self.troubles)


@dataclass(frozen=True, slots=True)
class Change:
    """One metric, the candidate against the model of now; positive is worse, the interval holds at every look."""

    verdict: Verdict
    estimate: float
    """Of a rate: difference; of latency and cost: share of today's figure."""
    low: float
    high: float
    is_rate: bool
    reason: str = ""
    calls_needed: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """How the candidate did against the model of now, and where that was seen."""

    level: Level = Level.CATALOGUE_ONLY
    changes: Mapping[str, Change] = field(default_factory=dict)
    calls: tuple[int, int] = (0, 0)
    """Of the model of now and of the candidate, there."""
    routes: tuple[str, ...] = ()
    """Where, when it was not this route."""
    last_at: datetime | None = None
    """The candidate's last call there."""


@dataclass(frozen=True, slots=True)
class MonthlyCost:
    """What this route's calls cost a month on a model; the range is an interval, or what the assumptions leave open."""

    usd: Decimal
    low: Decimal
    high: Decimal
    basis: str
    """In words."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a model did on this route: an ability that was seen needs no catalogue."""

    largest_tokens: int = 0
    tools: bool = False
    structured_output: bool = False
    latency_class: LatencyClass | None = None
    """That its calls certainly meet."""
    p95_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """A model that serves the route, or might."""

    model: Model
    known: ModelFacts | None = None
    standing: Standing = Standing()
    cost: MonthlyCost | None = None
    usd_per_useful_call: Decimal | None = None
    evidence: Evidence = Evidence()
    seen: Seen = Seen()
    same_model: bool = False
    """Is it the model of now at another provider?"""
    smaller: bool = False
    """Is it of a smaller size than the model of now, as the catalogue counts it?"""
    too_large: int = 0
    """Calls of this route that would not fit into it."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """The route's calls to the model of now."""

    calls: int
    calls_per_day: float
    rates: Mapping[str, float]
    """Share of bad calls by metric of the comparison."""
    latency_spread: float | None
    """Standard deviation of the logarithm of total time."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What advice takes for granted; everything can be set."""

    min_saving_usd: Decimal = Decimal(50)
    """A month; less is minor."""
    min_saving_share: float = 0.10
    """Of today's cost; less is minor."""
    max_payback_months: float = 12.0
    day_usd: Decimal = Decimal(800)
    """What a day of work costs."""
    same_model_days: float = 1.0
    """Work to move to the same model at another provider."""
    same_provider_days: float = 3.0
    other_provider_days: float = 5.0
    notice_days: int = 180
    """A model that retires within so many days needs a plan."""
    token_share: float = 0.20
    """By how much another model may need more or fewer tokens for the same work, where nothing was measured."""


@dataclass(frozen=True, slots=True)
class Away:
    """The route's weights send calls elsewhere since ``origin`` was in trouble on it."""

    origin: Model
    trouble: str
    """Id of the regression that was open when the weights were set."""
    since: datetime
    """When they were set."""
    closed_at: datetime | None
    """Of the regression; None: it is open."""
    share: int
    """Percent of the calls that ``origin`` still has, without which nobody can see that it is well again."""


@dataclass(frozen=True, slots=True)
class Moving:
    """A migration of the route that is under way."""

    id: str
    candidate: Model
    phase: str
    paused: bool = False


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """Everything that is known of one route. ``now`` is aware; ``current`` None: no model is called."""

    route: str
    now: datetime
    current: Option | None
    traffic: Traffic
    needs: Needs = Needs()
    candidates: tuple[Option, ...] = ()
    shares: Mapping[Model, float] = field(default_factory=dict)
    """Models that the route is called with besides, by share of the calls of the last day."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Models of the catalogue that were not looked at more closely, by reason."""
    weights: RouteWeights | None = None
    """Where calls are sent; None: nobody has set any."""
    away: Away | None = None
    moving: Moving | None = None
