"""When and where the state of the detectors is kept."""

from dataclasses import dataclass

from detectors.engines import Engines
from detectors.followed import Followed, Marks
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.detector_state import StatePlace, load_state, save_state
from watchkeeper.telemetry import logger

_log = logger("detectors")
EVERY_S = 60.0
EVERY_UNITS = 20_000


@dataclass(slots=True)
class _Saved:
    step: int
    """-1: nothing is saved."""
    at: float


class StateKeeper:
    """The states of one owner (a consumer group, or the embedded detectors) in the store. One thread owns it."""

    def __init__(self, store: Store, clock: Clock, engines: Engines, owner: str, every_s: float = EVERY_S) -> None:
        self._store = store
        self._clock = clock
        self._engines = engines
        self._owner = owner
        self._every_s = every_s
        self._saved: dict[tuple[str, int], _Saved] = {}

    def load(self, topic: str, partition: int, *, with_repeats: bool) -> Followed | None:
        """The state as it was saved last, by whichever process; None where there is none that can be read.

        Raises :class:`~watchkeeper.errors.Transient` while the store does not answer.
        """
        saved = load_state(self._store, self._place(topic, partition))
        step = saved.step if saved is not None else -1
        self._saved[topic, partition] = _Saved(step, self._clock.monotonic())
        if saved is None:
            return None
        try:
            return Followed.restore(self._engines, saved, with_repeats=with_repeats)
        except Exception as error:  # noqa: BLE001  whatever is wrong with it, the calls to learn from are still there
            _log.error("a saved state cannot be read and is learnt anew", reason=type(error).__name__, topic=topic)
            return None

    def is_due(self, topic: str, partition: int, followed: Followed) -> bool:
        """Has enough time passed, or enough come, since the state was saved?"""
        saved = self._saved[topic, partition]
        if saved.step == followed.step:
            return False
        many = saved.step >= 0 and followed.step - saved.step >= EVERY_UNITS
        return many or self._clock.monotonic() - saved.at >= self._every_s

    def save(self, topic: str, partition: int, followed: Followed, marks: Marks) -> None:
        """Keep the state, unless it is kept already. Everything found up to it must have been reported."""
        saved = self._saved[topic, partition]
        if saved.step != followed.step:
            save_state(self._store, self._place(topic, partition), followed.save(marks), self._clock.now())
            self._saved[topic, partition] = _Saved(followed.step, self._clock.monotonic())

    def forget(self, topic: str, partition: int) -> None:
        """The partition is another's now."""
        self._saved.pop((topic, partition), None)

    def age_s(self) -> float:
        """Seconds since the oldest of the states was saved or loaded."""
        now = self._clock.monotonic()
        return max((now - saved.at for saved in self._saved.values()), default=0.0)

    def _place(self, topic: str, partition: int) -> StatePlace:
        return StatePlace(self._owner, topic, partition, self._engines.version)
