"""One thread of our own that follows the weights of all routes."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.context import attach, detach

from watchkeeper_sdk._safety import say
from watchkeeper_sdk.routing_cache import RouteCache
from watchkeeper_sdk.routing_fetch import Fetched, RouteApi, fetch
from watchkeeper_sdk.routing_weights import Weighted, read_routes
from watchkeeper_sdk.untraced import untraced

_OK, _NOT_MODIFIED = 200, 304
_NO_ACCESS = (401, 403)
_UNAVAILABLE = 503
_HELD_S = 1.0
"""An answer "nothing changed" that comes sooner was not held back: something between us and the API does not wait."""
_SPREAD_S = 0.3


@dataclass(frozen=True)
class FollowTimes:
    """Seconds."""

    wait_s: float = 24.0
    """That the API is asked to wait for a change; it may wait less."""
    again_s: float = 5.0
    """Between two questions where the API does not let us wait."""
    patient_after_s: float = 60.0
    """Then it is asked to let us wait again."""
    back_off_s: tuple[float, float] = (0.5, 30.0)
    """After a failure, doubling."""
    save_s: float = 3_600.0
    """Between two saves of weights that did not change."""


class Follower:
    """Knows the weights by route. Reading ``routes`` takes no lock: it is replaced as a whole."""

    def __init__(self, api: RouteApi | None, cache: RouteCache | None = None, times: FollowTimes | None = None) -> None:
        """Without ``api`` nothing is ever known."""
        self.routes: Mapping[str, Weighted] = {}
        self._api = api
        self._cache = cache
        self._times = times or FollowTimes()
        self._ended = False
        self.begin_anew()

    def begin_anew(self) -> None:
        """At first, and in a forked child: what is known stays, the thread was the parent's."""
        self.is_started = False
        self._lock = threading.Lock()
        self._known = threading.Event()
        self._pausing = threading.Event()
        self._has_waited = False
        self._tag = ""
        self._rows: Any = None
        self._failures = 0
        self._patient_from = 0.0
        self._saved_at = float("-inf")

    def start(self) -> None:
        """Begin to follow; once."""
        with self._lock:
            if self.is_started or self._ended:
                return
            self.is_started = True
            if self._api is None:
                self._known.set()
                return
            thread = threading.Thread(target=self._run, args=(self._api,), name="watchkeeper-routes", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the interpreter is ending, or no thread can be had
                self._known.set()

    def stop(self) -> None:
        """Ask no more; a question under way is still answered."""
        self._ended = True
        self._pausing.set()

    def wait_for_first(self, seconds: float) -> None:
        """Until the API has answered or failed once. Who comes after somebody waited in vain does not wait."""
        if not self._has_waited and not self._known.wait(seconds):
            self._has_waited = True

    def _run(self, api: RouteApi) -> None:
        token = attach(untraced())
        try:
            self._load()
            pause_s = 0.0
            while not self._ended:
                self._pausing.wait(pause_s)
                pause_s = self._ask(api)
                self._known.set()
        finally:
            detach(token)

    def _ask(self, api: RouteApi) -> float:
        """One question; gives the seconds until the next."""
        began = time.monotonic()
        is_patient = began >= self._patient_from
        try:
            answer = fetch(api, self._tag, self._times.wait_s if is_patient else 0.0)
            if answer.status == _OK:
                self._take(answer)
        except Exception as error:  # noqa: BLE001  whatever it is, it must not end our thread
            return self._failed(api, type(error).__name__, 0.0)
        if answer.status not in (_OK, _NOT_MODIFIED):
            return self._refused(api, answer)
        self._failures = 0
        self._save()
        was_held = answer.status == _OK or time.monotonic() - began > _HELD_S
        # Many processes hear of a change at once: they do not come back at once.
        return random.uniform(0.0, _SPREAD_S) if is_patient and was_held else _about(self._times.again_s)

    def _take(self, answer: Fetched) -> None:
        rows = json.loads(answer.body)["rows"]
        self.routes = read_routes(rows)
        self._tag, self._rows, self._saved_at = answer.tag, rows, float("-inf")

    def _refused(self, api: RouteApi, answer: Fetched) -> float:
        if answer.status == _UNAVAILABLE:
            # Too many wait, perhaps; an answer at once may still be had.
            self._patient_from = time.monotonic() + self._times.patient_after_s
        mend = f"status {answer.status}"
        if answer.status in _NO_ACCESS:
            mend += ": WATCHKEEPER_API_KEY has to be a key with the scope read that is not bound to tenants"
        return self._failed(api, mend, answer.retry_after_s)

    def _failed(self, api: RouteApi, reason: str, retry_after_s: float) -> float:
        least, most = self._times.back_off_s
        pause_s = min(most, least * 2.0 ** min(self._failures, 10))
        self._failures += 1
        if self._ended:
            return 0.0
        say(
            f"routes:{api.shown}",
            "watchkeeper_sdk: the weights of routes could not be read from %s (%s); those known last are used, else "
            "the defaults",
            api.shown,
            reason,
        )
        return _about(max(pause_s, min(retry_after_s, most)))

    def _load(self) -> None:
        if self._cache is None or self.routes:
            return
        try:
            self.routes = read_routes(self._cache.load())
        except Exception as error:  # noqa: BLE001  a file of somebody else's
            self._told_of_cache(error)

    def _save(self) -> None:
        if self._cache is None or time.monotonic() - self._saved_at < self._times.save_s:
            return
        self._saved_at = time.monotonic()
        try:
            self._cache.save(self._rows)
        except Exception as error:  # noqa: BLE001  a full disk must not end our thread
            self._told_of_cache(error)

    def _told_of_cache(self, error: Exception) -> None:
        say(
            "routes-cache",
            "watchkeeper_sdk: the file of WATCHKEEPER_ROUTES_CACHE could not be used (%s); look whether it may be "
            "written, or remove it",
            type(error).__name__,
        )


def _about(seconds: float) -> float:
    """Up to a quarter more, so that many processes do not keep step."""
    return seconds * random.uniform(1.0, 1.25)
