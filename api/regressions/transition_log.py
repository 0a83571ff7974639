"""New transitions of regressions for whoever listens: the store is asked once a second, however many listen."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from api.problems import Problem
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.regression_stream import StreamPlace, micros, transitions_after
from watchkeeper.storage.regressions import TransitionRow

_SETTLE_US = 2_000_000
"""A transition is told once it was stored so long ago: by then all that were stored before it can be read."""
_PAGE = 500


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Bounds of the stream."""

    listeners: int = 32
    every_s: float = 1.0
    """Between two looks at the store."""
    longest_s: float = 3_600.0
    """Then a listener has to come again, where its last event was; its key is checked anew."""


class TransitionLog:
    """Safe to share between threads."""

    def __init__(self, store: Store, clock: Clock, limits: StreamLimits) -> None:
        self._store = store
        self._clock = clock
        self.limits = limits
        self._lock = threading.Lock()
        self._recent: deque[TransitionRow] = deque(maxlen=_PAGE)
        self._from = self._until = StreamPlace(0)
        """All transitions after ``from`` and up to ``until`` are among the recent ones."""
        self._looked_at = float("-inf")
        self._listeners = 0

    def present(self) -> StreamPlace:
        """Where somebody begins who wants to know what comes."""
        return StreamPlace(self._settled_us())

    @contextmanager
    def listening(self) -> Iterator[None]:
        """One more listener. Raises :class:`Problem` (503) where there are as many as may be."""
        with self._lock:
            if self._listeners >= self.limits.listeners:
                most = self.limits.listeners
                raise Problem(503, "Too many listeners", f"{most} listen already. Try again later.")
            self._listeners += 1
        try:
            yield
        finally:
            with self._lock:
                self._listeners -= 1

    def after(self, place: StreamPlace) -> list[TransitionRow]:
        """What came after ``place``, at most 500; from the store where it is longer ago than what is kept."""
        with self._lock:
            now = self._clock.monotonic()
            if now - self._looked_at >= self.limits.every_s:
                self._looked_at = now
                self._look(place)
            if place >= self._from:
                return [row for row in self._recent if StreamPlace.of(row) > place]
        return transitions_after(self._store, place, self._settled_us(), _PAGE)

    def _look(self, place: StreamPlace) -> None:
        if not self._recent and place > self._until:
            self._from = self._until = place
        found = transitions_after(self._store, self._until, self._settled_us(), _PAGE)
        lost = len(self._recent) + len(found) - _PAGE
        if lost > 0:
            self._from = StreamPlace.of([*self._recent, *found][lost - 1])
        self._recent.extend(found)
        self._until = StreamPlace.of(found[-1]) if found else self._until

    def _settled_us(self) -> int:
        return micros(self._clock.now()) - _SETTLE_US
