"""The phases of a migration: what share of a route's calls the candidate gets, and what it takes to leave each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from watchkeeper.errors import ConfigError


class Phase(StrEnum):
    """In the order they are gone through; the last three end a migration."""

    EVALUATION = "evaluation"
    SHADOW = "shadow"
    CANARY_5 = "canary_5"
    CANARY_25 = "canary_25"
    CANARY_50 = "canary_50"
    FULL = "full"
    OPTIMISE = "optimise"
    DONE = "done"
    ROLLED_BACK = "rolled_back"
    CANCELLED = "cancelled"


ORDER = (
    Phase.EVALUATION,
    Phase.SHADOW,
    Phase.CANARY_5,
    Phase.CANARY_25,
    Phase.CANARY_50,
    Phase.FULL,
    Phase.OPTIMISE,
    Phase.DONE,
)
FIRST = ORDER[:3]
"""A migration may begin with any of these."""
ALONE = frozenset({Phase.FULL, Phase.OPTIMISE, Phase.DONE})
"""The baseline has no calls of its own at the same time."""
ENDED = frozenset({Phase.DONE, Phase.ROLLED_BACK, Phase.CANCELLED})


@dataclass(frozen=True, slots=True)
class Gate:
    """What a phase has to show before the next may begin."""

    candidate_percent: int
    """Of the route's calls that the candidate answers."""
    shadow_percent: int
    """Of the route's calls that are sent to the candidate as well, its answers thrown away."""
    calls: int
    """Least calls of the candidate in the phase."""
    hours: float
    """Least time in the phase: at least one busy hour, from 50 % on a day."""
    margin: float = 1.0
    """Times the margins of the comparison: while few calls are at stake, a rougher look will do."""
    verdict: bool = True
    """Must the comparison say "better" or "not worse"?"""


GATES: Mapping[Phase, Gate] = {
    Phase.EVALUATION: Gate(0, 0, 50, 0.0, margin=4.0),
    Phase.SHADOW: Gate(0, 20, 500, 1.0, margin=4.0),
    Phase.CANARY_5: Gate(5, 0, 200, 1.0, margin=4.0),
    Phase.CANARY_25: Gate(25, 0, 500, 2.0, margin=2.0),
    Phase.CANARY_50: Gate(50, 0, 1_000, 24.0),
    Phase.FULL: Gate(100, 0, 2_000, 72.0),
    # Prompts, caching and limits are tuned for the new model meanwhile: calls differ, so no comparison is asked for.
    Phase.OPTIMISE: Gate(100, 0, 0, 168.0, verdict=False),
    Phase.DONE: Gate(100, 0, 0, 0.0, verdict=False),
    Phase.ROLLED_BACK: Gate(0, 0, 0, 0.0, verdict=False),
    Phase.CANCELLED: Gate(0, 0, 0, 0.0, verdict=False),
}
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "calls": (0, 10_000_000),
    "hours": (0, 24 * 90),
    "margin": (0.1, 100),
    "shadow_percent": (1, 100),
}
_WHOLE = ("calls", "shadow_percent")
CHANGEABLE = (
    *(f"{phase}.{name}" for phase in ORDER[:-1] for name in ("calls", "hours", "margin")),
    "shadow.shadow_percent",
)
"""Names that :func:`gate` takes."""


def gate(phase: Phase, changes: Mapping[str, float]) -> Gate:
    """The gate of ``phase``, with what differs from the usual: of names in :data:`CHANGEABLE`."""
    usual = GATES[phase]
    return replace(
        usual,
        calls=int(changes.get(f"{phase}.calls", usual.calls)),
        hours=changes.get(f"{phase}.hours", usual.hours),
        margin=changes.get(f"{phase}.margin", usual.margin),
        shadow_percent=int(changes.get(f"{phase}.shadow_percent", usual.shadow_percent)),
    )


def check_gates(changes: Mapping[str, float]) -> None:
    """Raises :class:`ConfigError` for a name that is not in :data:`CHANGEABLE` or a value out of bounds."""
    for name, value in changes.items():
        if name not in CHANGEABLE:
            raise ConfigError(f"there is no gate {name[:40]!r}: there are {', '.join(CHANGEABLE)}")
        kind = name.partition(".")[2]
        low, high = _BOUNDS[kind]
        if not low <= value <= high:
            raise ConfigError(f"gate {name} is {value:g}: choose from {low:g} to {high:,.9g}")
        if kind in _WHOLE and value != int(value):
            raise ConfigError(f"gate {name} is {value:g}: choose a whole number")


def following(phase: Phase) -> Phase:
    """The phase after ``phase``. Raises :class:`ValueError` for one that ends a migration."""
    if phase in ENDED:
        raise ValueError(f"nothing follows {phase}")
    return ORDER[ORDER.index(phase) + 1]
