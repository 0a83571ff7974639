"""New actions from the store, by the clock: asked for once, whatever number of engines waits for them."""

import math

from detectors.actions import Action, known_actions
from detectors.followed import Followed
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.regression_actions import MOST_READ, actions_between

SETTLE_S = 10.0
"""A second is read once it is over for so long: an insert takes less, and its row has the second it began in."""
_MOST_KEPT = 10_000


class ActionFeed:
    """Hands engines what was said since their places. One thread owns it.

    Actions take effect ``lag_s`` after the second they were stored in. With 0, engines must work on nothing that was
    received within the last :data:`SETTLE_S`; else ``lag_s`` must be longer than that.
    """

    def __init__(self, store: Store, clock: Clock, lag_s: float = 0.0) -> None:
        self._store = store
        self._clock = clock
        self._lag_s = lag_s
        self._kept: list[Action] = []
        self._from = self._until = 0
        """All actions of the seconds in [from, until) are kept."""

    def fill(self, followed: Followed, until: float) -> None:
        """Let ``followed`` hear all that takes effect up to ``until`` (Unix seconds).

        Raises :class:`~watchkeeper.errors.Transient` while the store does not answer; call again then.
        """
        settled = math.floor(self._clock.now().timestamp() - SETTLE_S)
        end = min(math.floor(until - self._lag_s), settled)
        while followed.heard < end:
            self._read_from(followed.heard, settled)
            followed.hear([one for one in self._kept if one.stored >= followed.heard], self._until)

    def _read_from(self, second: int, settled: int) -> None:
        """Have the actions from ``second`` on kept, those of one second at least."""
        if self._from <= second < self._until:
            return
        if second != self._until or len(self._kept) > _MOST_KEPT:
            self._kept, self._from = [], second
        found = actions_between(self._store, second, settled)
        self._until = settled if len(found) < MOST_READ else found[-1].stored_at + 1
        self._kept += known_actions(found, self._lag_s)
