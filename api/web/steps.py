"""What happened to a regression, step by step, and what people said meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.regressions.models import RegressionDetail


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened."""

    at: datetime
    what: str
    text: str


def story(found: RegressionDetail) -> Sequence[Step]:
    """In the order of time."""
    steps = [Step(one.at, one.state, one.reason) for one in found.transitions]
    steps += [
        Step(one.at, f"{one.action.value.replace('_', ' ')} by {one.made_by}", one.comment) for one in found.actions
    ]
    return sorted(steps, key=lambda step: step.at)
