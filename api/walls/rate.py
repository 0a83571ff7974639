"""Token buckets: how often somebody may come."""

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass

from watchkeeper.clock import Clock

_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second on average, and ``burst`` at once after a pause. A rate of 0 is no limit."""

    per_s: float
    burst: float


class TokenBuckets:
    """A bucket for each name, full at first. Of names beyond 10,000 the one seen longest ago is forgotten."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str) -> int:
        """Take a token of ``name``: 0, or the whole seconds until there is one."""
        return self._ask(name, 1.0)

    def wait(self, name: str) -> int:
        """As :meth:`take`, without taking it."""
        return self._ask(name, 0.0)

    def _ask(self, name: str, taken: float) -> int:
        if self._rate.per_s <= 0:
            return 0
        with self._lock:
            level = self._level(name)
            enough = level >= 1.0
            self._levels[name] = (level - taken if enough else level, self._clock.monotonic())
            self._levels.move_to_end(name)
            if len(self._levels) > _MOST_REMEMBERED:
                self._levels.popitem(last=False)
        return 0 if enough else max(1, math.ceil((1.0 - level) / self._rate.per_s))

    def _level(self, name: str) -> float:
        level, at = self._levels.get(name, (self._rate.burst, self._clock.monotonic()))
        return min(self._rate.burst, level + (self._clock.monotonic() - at) * self._rate.per_s)
