"""Where blocks of calls end: enough calls and enough time, so that a burst is one piece of evidence."""

from dataclasses import dataclass

import numpy as np

from detectors.columns import Floats, Ints

CALLS = 50
SHORTEST_S = 10.0
LONGEST_S = 600.0


@dataclass(slots=True)
class OpenBlock:
    """The block that calls are added to at present."""

    start: float = 0.0
    calls: int = 0
    end: float = 0.0
    """Time of its last call."""

    def cut(self, ts: Floats) -> tuple[Ints, list[float]]:
        """Assign ascending times [n] to blocks: positions [n], 0 being the open one, and the ends of those closed.

        A block closes after its 50th call once it is 10 s old (or all its calls have one time stamp), and before a
        call that comes 10 minutes after its first.
        """
        position = np.zeros(len(ts), np.int64)
        ends: list[float] = []
        i = 0
        while i < len(ts):
            if self.calls and ts[i] >= self.start + LONGEST_S:
                ends.append(self._close())
            if not self.calls:
                self.start = float(ts[i])
            stop = self._last(ts, i)
            position[i:stop] = len(ends)
            self.calls += stop - i
            self.end = max(self.end, float(ts[stop - 1]))
            if self._full():
                ends.append(self._close())
            i = stop
        return position, ends

    def expire(self, now: float) -> float | None:
        """Close a block that is over by the clock; its end, or None."""
        return self._close() if self.calls and now >= self.start + LONGEST_S else None

    def _last(self, ts: Floats, i: int) -> int:
        """One past the last call that still belongs to the open block."""
        enough = i + max(0, CALLS - self.calls - 1)
        if enough >= len(ts):
            return self._within(int(ts.searchsorted(self.start + LONGEST_S)), ts, i)
        aged = enough if ts[enough] <= self.start else int(ts.searchsorted(self.start + SHORTEST_S))
        over = int(ts.searchsorted(self.start + LONGEST_S))
        return self._within(min(max(enough, aged) + 1, over), ts, i)

    @staticmethod
    def _within(place: int, ts: Floats, i: int) -> int:
        """``place``, but after ``i`` and at most at the end."""
        return min(max(place, i + 1), len(ts))

    def _full(self) -> bool:
        age = self.end - self.start
        return self.calls >= CALLS and (age >= SHORTEST_S or age <= 0)

    def _close(self) -> float:
        end, self.calls = self.end, 0
        return end
