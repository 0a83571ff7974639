"""Test messages to channels: they wake people, so not too many of them."""

import math
import threading

from api.alerting.engine import AlertEngine, UnknownChannel
from api.alerting.models import TrialAnswer
from api.problems import Problem
from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError

EVERY_S = 10.0


class Trials:
    """At most one in :data:`EVERY_S` for each channel."""

    def __init__(self, engine: AlertEngine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}

    def send(self, channel: str) -> TrialAnswer:
        """Try ``channel``. Raises :class:`Problem` 404 where there is none of that name, 409 where rules or secrets are
        missing, 429 for too many.
        """
        self._take_turn(channel)
        try:
            error = self._engine.try_channel(channel)
        except UnknownChannel as wrong:
            raise Problem(404, "No such channel", f"{wrong}.") from None
        except ConfigError as wrong:
            raise Problem(409, "It cannot be tried", f"{wrong}.") from None
        return TrialAnswer(channel=channel, delivered=not error, error=error or None)

    def _take_turn(self, channel: str) -> None:
        now = self._clock.monotonic()
        with self._lock:
            self._last = {name: at for name, at in self._last.items() if now - at < EVERY_S}
            if channel in self._last:
                seconds = math.ceil(EVERY_S - (now - self._last[channel]))
                raise Problem(
                    429,
                    "Too many requests",
                    f"{channel} was tried a moment ago: wait {seconds} s.",
                    {"Retry-After": str(seconds)},
                )
            self._last[channel] = now
