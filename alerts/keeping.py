"""What the service remembers between two rounds, saved as one row; and which of several processes works."""

from datetime import datetime, timedelta

from pydantic import Field, ValidationError

from alerts.desk import DeskState
from alerts.event import Event
from alerts.feed import FeedPlace, place_at
from alerts.message import Message
from alerts.record import Record
from watchkeeper.errors import ConfigError, Transient
from watchkeeper.storage.alert_state import AlertState, alert_state_holder, load_alert_state, save_alert_state
from watchkeeper.storage.client import Store

OWNER = "alerts"
FIRST_LOOK_BACK = timedelta(hours=24)
"""A service that begins tells what was found since so long ago and is still open."""
LEASE = timedelta(seconds=90)
"""A process that has not saved for so long is taken for dead."""
BEAT = timedelta(seconds=30)
"""At least so often a process says that it lives."""


class ServiceState(Record):
    """All of it."""

    desk: DeskState = DeskState()
    place: FeedPlace
    conditions: dict[str, Event] = Field(default_factory=dict)
    """What the clock noticed and lasts."""
    outbox: dict[str, Message] = Field(default_factory=dict)


class AnotherWorks(Transient):
    """Another process has taken over."""


class Keeper:
    """Saves and loads. ``alone``: nothing else can work on this store, as it holds its directory."""

    def __init__(self, store: Store, me: str, *, alone: bool) -> None:
        self._store, self._me, self._alone = store, me, alone
        self._step = 0
        self._saved_at: datetime | None = None

    def take_over(self, now: datetime) -> ServiceState | None:
        """What was saved last, to go on from; None while another process works.

        Raises :class:`ConfigError` where it was saved by a newer version.
        """
        found = load_alert_state(self._store, OWNER)
        if found is None:
            return ServiceState(place=place_at(now - FIRST_LOOK_BACK))
        if not self._alone and found.saved_by not in ("", self._me) and now - found.saved_at < LEASE:
            return None
        self._step, self._saved_at = found.step, None
        try:
            return ServiceState.model_validate_json(found.state)
        except ValidationError:
            raise ConfigError(
                "what the alerts service remembers was saved by another version: install the newer one again"
            ) from None

    def save(self, state: ServiceState, now: datetime) -> None:
        """Keep ``state``. Raises :class:`AnotherWorks` where another process has saved since."""
        self._write(state, now, self._me)

    def release(self, state: ServiceState, now: datetime) -> None:
        """Keep ``state`` and let anybody go on at once."""
        self._write(state, now, "")

    def beat_is_due(self, now: datetime) -> bool:
        """Is it time to say that we live?"""
        return not self._alone and (self._saved_at is None or now - self._saved_at >= BEAT)

    def _write(self, state: ServiceState, now: datetime, by: str) -> None:
        if not self._alone and self._saved_at is not None:
            holder = alert_state_holder(self._store, OWNER)
            if holder not in (None, self._me):
                raise AnotherWorks("another process works for the alerts now")
        saved = AlertState(OWNER, self._step + 1, by, state.model_dump_json(), now)
        save_alert_state(self._store, saved)
        self._step, self._saved_at = self._step + 1, now
