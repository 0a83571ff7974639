"""All weights, held in memory, and those who wait for the next change: the store is asked once, however many wait."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from api.problems import Problem
from api.walls.time import only_waiting
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_weights import RouteWeights, count_versions, read_all

Weights = Mapping[str, RouteWeights]


@dataclass(frozen=True, slots=True)
class WaitLimits:
    """Bounds of waiting."""

    waiters: int = 400
    every_s: float = 0.25
    """Between two looks at the store while somebody waits."""
    longest_s: float = 24.0
    """Then a waiter is told that nothing changed, and comes again."""


class WeightsWatch:
    """The newest weights of all routes. Safe to share between threads and event loops.

    While requests wait, the one that wakes up first looks at the store for all of them, on a worker thread that it has
    for that moment alone; the others only compare what it found.
    """

    def __init__(self, store: Store, closing: threading.Event, limits: WaitLimits) -> None:
        self._store = store
        self._closing = closing
        self.limits = limits
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(limits.waiters)
        self._weights: Weights = {}
        self._versions = -1
        self._looks = 0
        """How many were begun."""
        self._looked_at = float("-inf")
        """On an event loop's clock, for those who wait."""
        self._looking = False

    async def current(self) -> Weights:
        """The weights by route, as the store has them now. Raises what the store raises."""
        return await run_in_threadpool(self._look, self._looks)

    async def changed(self, request: Request, seconds: float, is_same: Callable[[Weights], bool]) -> Weights:
        """The weights as soon as ``is_same`` says no; the same ones after ``seconds``, and when the server ends.

        Raises :class:`Problem` (503) where as many wait already as may.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(seconds, self.limits.longest_s)
        with self._place(), only_waiting(request.scope):
            while True:
                weights = await self._recent(loop.time())
                left = deadline - loop.time()
                if left <= 0 or not is_same(weights) or self._closing.is_set() or await request.is_disconnected():
                    return weights
                await asyncio.sleep(min(self.limits.every_s, left))

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            detail = f"{self.limits.waiters} wait already. Ask without wait= every few seconds, or try again later."
            raise Problem(503, "Too many wait", detail, {"Retry-After": "5"})
        try:
            yield
        finally:
            self._places.release()

    async def _recent(self, now: float) -> Weights:
        if self._looking or now - self._looked_at < self.limits.every_s:
            return self._weights
        # Between this line and the thread nothing else of this loop runs.
        self._looking, self._looked_at = True, now
        try:
            return await run_in_threadpool(self._look, self._looks)
        finally:
            self._looking = False

    def _look(self, looks_before: int) -> Weights:
        """The weights as they are now, or were at any time since ``looks_before`` had been begun."""
        with self._lock:
            if self._looks > looks_before:
                return self._weights
            self._looks += 1
            versions = count_versions(self._store)
            if versions != self._versions:
                self._weights = {weights.route: weights for weights in read_all(self._store)}
                self._versions = versions
            return self._weights
