"""Time for engines between calls: ticks that depend on the units alone, so that a repetition has the very same ones.

A tick is due before the first unit that was received at or after it. Live, where no unit comes, ticks are made once no
unit received before them can come any more; then it makes no difference whether the present makes them or, after a
crash, the next unit does.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

_STEPS = ((600.0, 15.0), (86_400.0, 60.0), (math.inf, 3_600.0))
"""Silence up to (seconds) and the distance of ticks in it: a topic that was silent for a month costs little to wake."""


@dataclass(slots=True)
class StreamClock:
    """Unix seconds of the newest unit and of the latest tick; None before the first unit."""

    newest: float | None = None
    ticked: float | None = None

    def due(self, until: float) -> Iterator[float]:
        """Make the ticks up to ``until``, included, that were not made yet. None before the first unit."""
        while self.newest is not None:
            tick = self._next(self.newest)
            if tick > until:
                return
            self.ticked = tick
            yield tick

    def move(self, received_at: float) -> float:
        """A unit was received: the time it counts for, which never goes back."""
        self.newest = max(received_at, self.newest or received_at, self.ticked or received_at)
        return self.newest

    def _next(self, newest: float) -> float:
        last = max(newest, self.ticked or newest)
        step = next(step for silence, step in _STEPS if last - newest < silence)
        return (math.floor(last / step) + 1) * step
