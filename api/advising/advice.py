"""What is advised of one route."""

from dataclasses import dataclass
from enum import StrEnum

from api.advising.considered import Considered
from api.advising.facts import Level, Model
from api.advising.trial import Trial


class Decision(StrEnum):
    """What to do."""

    STAY = "stay"
    RE_ROUTE = "re_route"
    """Now, in minutes, and back again later."""
    MIGRATE = "migrate"
    """For good, in phases."""


class Reason(StrEnum):
    """Why."""

    NOT_CALLED = "not_called"
    UNDER_WAY = "under_way"
    """A migration is."""
    DEGRADED = "degraded"
    DEGRADED_NO_ALTERNATIVE = "degraded_no_alternative"
    AWAY = "away"
    """Re-routed, and what was left is not well again yet."""
    RECOVERED = "recovered"
    """It is: back."""
    ENDING = "ending"
    REQUIREMENTS_MISSED = "requirements_missed"
    REQUIREMENTS_MISSED_UNPROVEN = "requirements_missed_unproven"
    REQUIREMENTS_MISSED_NO_CANDIDATE = "requirements_missed_no_candidate"
    FEW_CALLS = "few_calls"
    NO_CANDIDATE = "no_candidate"
    COST_UNKNOWN = "cost_unknown"
    NO_SAVING = "no_saving"
    MINOR_SAVING = "minor_saving"
    PAYS_BACK_TOO_LATE = "pays_back_too_late"
    UNPROVEN_SAVING = "unproven_saving"
    CHEAPER = "cheaper"


class StepKind(StrEnum):
    """What the next step is."""

    NONE = "none"
    TEST = "test"
    RE_ROUTE = "re_route"
    PROBE = "probe"
    """Send a small share where calls went before, to see whether it is well again."""
    MIGRATE = "migrate"
    FOLLOW = "follow"
    """See how the migration that is under way gets on."""
    STATE = "state"
    """Somebody has to say something that calls do not tell."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing to do: the command, and the request that does the same. Empty: there is none."""

    kind: StepKind
    text: str
    command: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says."""

    decision: Decision
    reason: Reason
    why: str


@dataclass(frozen=True, slots=True)
class Advice:
    """The advice on one route."""

    route: str
    finding: Finding
    current: Model | None
    next_step: NextStep
    target: Considered | None = None
    """Where to go; of a test plan what to test."""
    considered: tuple[Considered, ...] = ()
    trial: Trial | None = None
    move_back: str = ""
    risks: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def evidence(self) -> Level | None:
        """Of ``target``."""
        return self.target.option.evidence.level if self.target else None
