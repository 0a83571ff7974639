"""The live keys, held in memory and read anew every few seconds, so that a check costs no query."""

import threading
from collections.abc import Mapping
from datetime import datetime

from watchkeeper.clock import Clock
from watchkeeper.errors import StoreUnavailable, WatchkeeperError
from watchkeeper.storage.api_keys import ApiKey, list_keys, note_uses
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_secret import fits, split
from watchkeeper.telemetry import logger

REFRESH_S = 3.0
"""Longest time that a revoked key still opens, while the store answers."""
MOST_STALE_S = 600.0
"""How long the keys known last are trusted while the store does not answer; after that none can be checked."""

_log = logger("keys")


class KeyRing:
    """Finds the live key of a text. Shared between threads; :meth:`start` keeps it fresh, :meth:`stop` ends that."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._keys: Mapping[str, ApiKey] = {}
        self._fresh_at: float | None = None
        self._used: dict[str, datetime] = {}
        self._noted: dict[str, datetime] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="key-ring", daemon=True)

    def start(self) -> None:
        """Read the keys now and every :data:`REFRESH_S`. A store that does not answer is asked again."""
        self._try_refresh()
        self._thread.start()

    def stop(self) -> None:
        """End the reading; uses not yet noted are. Safe to call twice and before :meth:`start`."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(REFRESH_S)

    def refresh(self) -> None:
        """Read the keys; note which were used. Raises what the store raises."""
        keys = list_keys(self._store, self._clock.now(), live_only=True)
        self._keys = {key.id: key for key in keys}
        self._fresh_at = self._clock.monotonic()
        self._note_uses()

    def is_empty(self) -> bool:
        """Is there no live key at all? Raises as :meth:`find` does."""
        self._check_fresh()
        return not self._keys

    def find(self, text: bytes) -> ApiKey | None:
        """The live key with this text, compared in constant time; None for any other text.

        Raises :class:`~watchkeeper.errors.StoreUnavailable` when the keys could not be read for too long to say.
        """
        parts = split(text)
        if parts is None:
            return None
        self._check_fresh()
        key_id, secret = parts
        key, now = self._keys.get(key_id), self._clock.now()
        if key is None:
            fits(secret)
            return None
        if not fits(secret, key.salt, key.hash) or not key.is_live(now):
            return None
        self._note_use(key_id, now)
        return key

    def live(self, key_id: str) -> ApiKey | None:
        """The key of this id, whose text was checked before, if it still opens. Raises as :meth:`find` does."""
        self._check_fresh()
        key, now = self._keys.get(key_id), self._clock.now()
        if key is None or not key.is_live(now):
            return None
        self._note_use(key_id, now)
        return key

    def _note_use(self, key_id: str, now: datetime) -> None:
        self._used[key_id] = now.replace(minute=0, second=0, microsecond=0)

    def _check_fresh(self) -> None:
        if self._fresh_at is None or self._clock.monotonic() - self._fresh_at > MOST_STALE_S:
            raise StoreUnavailable("the keys cannot be checked: the store does not answer")

    def _note_uses(self) -> None:
        used = {key_id: at for key_id, at in dict(self._used).items() if self._noted.get(key_id) != at}
        keys = {self._keys[key_id]: at for key_id, at in used.items() if key_id in self._keys}
        if keys:
            note_uses(self._store, keys)
        self._noted = {key_id: at for key_id, at in (self._noted | used).items() if key_id in self._keys}
        for key_id in [key_id for key_id in dict(self._used) if key_id not in self._keys]:
            self._used.pop(key_id, None)

    def _run(self) -> None:
        while not self._ended.wait(REFRESH_S):
            self._try_refresh()

    def _try_refresh(self) -> None:
        try:
            self.refresh()
        except WatchkeeperError as error:
            _log.warning("the keys could not be read; those known last are used", error=str(error))
