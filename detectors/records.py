"""What is reported: regressions and findings, each with its transitions, as written to the store and the topic."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from detectors.metrics import Severity


class FindingKind(StrEnum):
    """What was found."""

    REGRESSION = "regression"
    SERVED_MODEL_CHANGE = "served_model_change"
    OUTAGE = "outage"
    TRAFFIC_STOP = "traffic_stop"
    USAGE_MISSING = "usage_missing"
    MIX_SHIFT = "mix_shift"
    COST_SPIKE = "cost_spike"


class State(StrEnum):
    """Where a series' metric stands, or a regression."""

    LEARNING = "learning"
    CANNOT_TELL = "cannot_tell"
    OK = "ok"
    SUSPECT = "suspect"
    OPEN = "open"
    RECOVERING = "recovering"
    CLOSED = "closed"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Size(_Record):
    """How much, in plain units. ``ratio`` is after over before; the interval is of ``after``, at 95 %."""

    before: float
    after: float
    low: float
    high: float
    ratio: float
    unit: str
    text: str


class Evidence(_Record):
    """Why we say so. ``statistic`` at 1 is an alarm; ``calls`` are those since the onset that decided it."""

    detector: str
    statistic: float
    hypothesis: str
    baseline: str
    calls: int
    patience_days: float
    cross_check: str = ""


class Slice(_Record):
    """A part of the calls that carries the change: ``share`` of it, with the part's own before and after."""

    dimension: str
    value: str
    calls: int
    before: float | None
    after: float | None
    share: float


class MixSplit(_Record):
    """Kitagawa's split of the raw change: what another mix explains, what the same kind of call does worse."""

    raw: float
    mix: float
    within: float
    unit: str


class CoTimed(_Record):
    """Something else that changed at about the same time."""

    what: str
    before: str
    after: str
    at: datetime


class Member(_Record):
    """One metric of one series in a regression."""

    series: str
    series_id: str
    metric: str
    direction: str
    state: State
    onset: datetime
    onset_low: datetime
    onset_high: datetime
    detected_at: datetime
    size: Size
    evidence: Evidence


class Regression(_Record):
    """A regression or finding as it stands after its transition number ``seq``.

    ``(id, seq)`` names a transition for good: whoever reads one twice may drop the second.
    """

    id: str
    seq: int
    kind: FindingKind
    severity: Severity
    state: State
    at: datetime
    """When this transition happened, in the time of the calls."""
    reason: str
    """Why this transition happened, in a sentence."""
    series: str
    series_id: str
    service: str
    route: str
    provider: str
    request_model: str
    model: str
    metric: str
    direction: str
    onset: datetime
    onset_low: datetime
    onset_high: datetime
    detected_at: datetime
    closed_at: datetime | None = None
    transient: bool = False
    confidence: float = Field(ge=0, le=1)
    size: Size | None = None
    evidence: Evidence | None = None
    members: tuple[Member, ...] = ()
    slices: tuple[Slice, ...] = ()
    mix: MixSplit | None = None
    co_timed: tuple[CoTimed, ...] = ()
    acknowledged_by: str = ""
    """Who said to look after it: the name of a key, or ``cli``."""
    details: dict[str, str] = Field(default_factory=dict)
    """Further facts of a finding, e.g. the models before and after; never content."""
