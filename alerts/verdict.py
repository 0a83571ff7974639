"""What was decided about one case and one channel, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What happens now."""

    OPEN = "open"
    """Tell it for the first time."""
    WORSE = "worse"
    """Tell that it is more severe or on many more routes."""
    REPEAT = "repeat"
    """Tell that it still lasts."""
    ESCALATE = "escalate"
    """Tell somebody else, as nobody acknowledged it."""
    END = "end"
    """Tell that it is over."""
    WAIT = "wait"
    """Not now, maybe later."""
    NOTHING = "nothing"
    """There is nothing to tell unless something happens."""

    @property
    def sends(self) -> bool:
        """Does a message go out?"""
        return self not in (Verdict.WAIT, Verdict.NOTHING)


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reason; ``until`` is when time alone may change it."""

    verdict: Verdict
    reason: str
    until: datetime | None = None


def wait(reason: str, until: datetime) -> Decision:
    """Not before ``until``."""
    return Decision(Verdict.WAIT, reason, until)


def nothing(reason: str) -> Decision:
    """Not unless something happens."""
    return Decision(Verdict.NOTHING, reason)
