"""How a benchmark ends: one line with claim, figure and measurement, and an exit code that says whether it holds."""

import sys
from dataclasses import dataclass
from typing import NoReturn, Self

_HOLDS, _FAILS = "holds", "FAILS"
_SEPARATOR = " | "


@dataclass(frozen=True, slots=True)
class Verdict:
    """One claim against what was measured. The texts hold no ``|``."""

    claim: str
    figure: str
    measured: str
    holds: bool

    def line(self) -> str:
        """As a benchmark prints it, last."""
        return _SEPARATOR.join((_HOLDS if self.holds else _FAILS, self.claim, self.figure, self.measured))

    @classmethod
    def read(cls, line: str) -> Self | None:
        """What :meth:`line` wrote; None for any other line."""
        fields = line.strip().split(_SEPARATOR)
        if len(fields) != 4 or fields[0] not in (_HOLDS, _FAILS):
            return None
        return cls(fields[1], fields[2], fields[3], fields[0] == _HOLDS)


def conclude(verdict: Verdict) -> NoReturn:
    """Print ``verdict`` and end the process: 0 if the claim holds, else 1."""
    print(verdict.line(), flush=True)
    sys.exit(0 if verdict.holds else 1)
