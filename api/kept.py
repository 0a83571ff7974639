"""Answers that are kept for a moment, so that many who ask the same at once cost as much as one."""

import contextlib
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from watchkeeper.clock import Clock
from watchkeeper.errors import WatchkeeperError

Value = TypeVar("Value")


class _Place(Generic[Value]):
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made_at = float("-inf")
        self.value: Value | None = None
        self.failed_at = float("-inf")
        self.error: WatchkeeperError | None = None


class Kept(Generic[Value]):
    """Values by key, each made anew when it is older than ``fresh_s``; the ``most`` used last are held.

    A value that ``keeps`` says no to, as it is too large, is made every time. Who asks while a value is being made
    waits for it; with ``behind`` only where there is none that was fresh ``stale_s`` ago, and values are made anew in
    the background. Who waited while making it failed is told the same failure: what takes long to fail is not made by
    each of them in turn. Safe to share between threads.
    """

    def __init__(
        self,
        clock: Clock,
        fresh_s: float,
        most: int = 128,
        *,
        behind: bool = False,
        stale_s: float = math.inf,
        keeps: Callable[[Value], bool] = lambda _: True,
    ) -> None:
        self._keeps = keeps
        self._clock = clock
        self._fresh_s = fresh_s
        self._most = most
        self._behind = behind
        self._stale_s = stale_s
        self._lock = threading.Lock()
        self._places: OrderedDict[Hashable, _Place[Value]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of ``key``. Raises what ``make`` raises; nothing is kept then."""
        place = self._place(key)
        if self._behind and place.value is not None and self._age_s(place) < self._fresh_s + self._stale_s:
            if not self._is_fresh(place) and place.lock.acquire(blocking=False):
                threading.Thread(target=self._make_behind, args=(place, make), name="kept", daemon=True).start()
            return place.value
        asked_at = self._clock.monotonic()
        with place.lock:
            if place.value is not None and self._is_fresh(place):
                return place.value
            if place.error is not None and place.failed_at > asked_at:
                raise place.error
            return self._make(place, make)

    def _is_fresh(self, place: _Place[Value]) -> bool:
        return self._age_s(place) < self._fresh_s

    def _age_s(self, place: _Place[Value]) -> float:
        return self._clock.monotonic() - place.made_at

    def _make(self, place: _Place[Value], make: Callable[[], Value]) -> Value:
        try:
            value = make()
        except WatchkeeperError as error:
            place.error, place.failed_at = error, self._clock.monotonic()
            raise
        if self._keeps(value):
            place.value, place.made_at = value, self._clock.monotonic()
        return value

    def _make_behind(self, place: _Place[Value], make: Callable[[], Value]) -> None:
        # The value of before stays where this fails; the next who asks tries again.
        try:
            with contextlib.suppress(WatchkeeperError):
                self._make(place, make)
        finally:
            place.lock.release()

    def _place(self, key: Hashable) -> _Place[Value]:
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            if len(self._places) > self._most:
                self._places.popitem(last=False)
            return place
