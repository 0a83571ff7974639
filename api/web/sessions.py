"""Who is logged in: sessions in the memory of this process, found by a random id that only the browser holds."""

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from api.access import Caller
from watchkeeper.clock import Clock

LIFETIME_S = 12 * 3_600.0
"""A session ends so long after its login, used or not."""
_MOST, MOST_OF_ONE = 1_000, 100
_ID_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """One login."""

    caller: Caller
    """As they were at the login: whether their key still opens is asked at every request."""
    csrf: str
    """What every form of the session carries."""
    ends: float
    """On the monotonic clock."""


class Sessions:
    """Safe to share between threads. Of more than 1,000 sessions the one opened first ends; of more than 100 of one key
    the first of these, so that nobody's logins end the sessions of others.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: OrderedDict[bytes, Session] = OrderedDict()

    def open(self, caller: Caller) -> str:
        """A new session of ``caller``; its id, which is held nowhere else."""
        text = secrets.token_urlsafe(_ID_BYTES)
        session = Session(caller, secrets.token_urlsafe(_ID_BYTES), self._clock.monotonic() + LIFETIME_S)
        with self._lock:
            own = [digest for digest, one in self._open.items() if one.caller.key_id == caller.key_id]
            if len(own) >= MOST_OF_ONE:
                del self._open[own[0]]
            self._open[_digest(text)] = session
            if len(self._open) > _MOST:
                self._open.popitem(last=False)
        return text

    def find(self, text: str) -> Session | None:
        """The session of this id; None where there is none or it has ended."""
        with self._lock:
            session = self._open.get(_digest(text))
            if session is not None and self._clock.monotonic() >= session.ends:
                del self._open[_digest(text)]
                return None
            return session

    def close(self, text: str) -> None:
        """End it; nothing happens where there is none."""
        with self._lock:
            self._open.pop(_digest(text), None)


def _digest(text: str) -> bytes:
    # Found by its digest: how long a look-up takes tells nothing of the ids that are open.
    return hashlib.sha256(text.encode(errors="replace")).digest()
