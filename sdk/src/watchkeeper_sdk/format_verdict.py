"""The verdict on one answer's format, and the signal that a check cannot be carried out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

LONGEST_REASON: Final = 200
"""Characters of a reason; a longer one is cut."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Did an answer keep the format? True as a condition exactly when it did.

    ``reason`` names a rule and a path and holds no piece of the answer; neither does the repr.
    """

    valid: bool | None
    """None: cannot tell, ``reason`` says why."""

    reason: str = ""
    """Empty when valid."""

    value: Any = field(default=None, repr=False, hash=False)
    """What the answer was parsed into; only when valid."""

    def __post_init__(self) -> None:
        if len(self.reason) > LONGEST_REASON:
            object.__setattr__(self, "reason", self.reason[: LONGEST_REASON - 1] + "…")

    def __bool__(self) -> bool:
        return self.valid is True


class Unusable(Exception):
    """A check that can tell nothing of any answer; the text is the reason and the mend."""


class ValidatorMissing(Unusable):
    """Only an optional package is missing: whether an answer is JSON at all can still be told."""
