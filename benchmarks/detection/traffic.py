"""How many calls come when, and in which blocks the engine would judge them."""

from dataclasses import dataclass

import numpy as np

from detectors.blocks import CALLS, LONGEST_S, SHORTEST_S
from detectors.columns import Floats

DAY_S = 86_400.0
_SWING = 2 / 3
"""Of the day's rhythm: the busiest hour has five times the calls of the quietest."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Poisson arrivals with a day's rhythm."""

    name: str
    per_second: float
    """Mean over a day."""

    @property
    def block_s(self) -> float:
        """Length of a block that mean traffic fills, between the engine's shortest and longest."""
        return float(np.clip(CALLS / self.per_second, SHORTEST_S, LONGEST_S))

    def blocks(self, days: float) -> int:
        """How many there are."""
        return round(days * DAY_S / self.block_s)

    def expected(self, first: int, last: int) -> Floats:
        """[last - first] calls expected in those blocks."""
        middle = (np.arange(first, last) + 0.5) * self.block_s
        rhythm: Floats = 1 - _SWING * np.cos(2 * np.pi * middle / DAY_S)
        return rhythm * (self.per_second * self.block_s)


TRAFFICS: tuple[Traffic, ...] = (
    Traffic("10/h", 10 / 3_600),
    Traffic("100/h", 100 / 3_600),
    Traffic("1,000/h", 1_000 / 3_600),
    Traffic("5/s", 5.0),
    Traffic("5,000/s", 5_000.0),
)
