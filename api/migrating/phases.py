"""The phases of a migration: what share of a route's calls the candidate gets, and what it takes to leave each."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


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
ENDED = frozenset({Phase.DONE, Phase.ROLLED_BACK, Phase.CANCELLED})


@dataclass(frozen=True, slots=True)
class Gate:
    """What a phase has to show before the next may begin."""

    candidate_percent: int
    """Of the route's calls that the candidate answers."""
    shadowed: bool
    """Are calls sent to the candidate as well, its answers thrown away?"""
    calls: int
    """Least calls of the candidate in the phase."""
    hours: float
    """Least time in the phase: at least one busy hour, from 50 % on a day."""


GATES: Mapping[Phase, Gate] = {
    Phase.EVALUATION: Gate(0, False, 50, 0.0),
    Phase.SHADOW: Gate(0, True, 500, 1.0),
    Phase.CANARY_5: Gate(5, False, 200, 1.0),
    Phase.CANARY_25: Gate(25, False, 500, 2.0),
    Phase.CANARY_50: Gate(50, False, 1_000, 24.0),
    Phase.FULL: Gate(100, False, 2_000, 72.0),
    Phase.OPTIMISE: Gate(100, False, 0, 0.0),
    Phase.DONE: Gate(100, False, 0, 0.0),
    Phase.ROLLED_BACK: Gate(0, False, 0, 0.0),
    Phase.CANCELLED: Gate(0, False, 0, 0.0),
}


def following(phase: Phase) -> Phase:
    """The phase after ``phase``. Raises :class:`ValueError` for one that ends a migration."""
    if phase in ENDED:
        raise ValueError(f"nothing follows {phase}")
    return ORDER[ORDER.index(phase) + 1]
