"""Transitions into the store and onto the topic, each once however often it is reported."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from detectors.records import Regression
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import TransitionKey, TransitionRow, insert_transitions
from watchkeeper.streams.kafka_regressions import RegressionMessage, RegressionsTopic
from watchkeeper.telemetry import Metrics


class Reporter:
    """First the store, then the topic, where there is one. One thread owns it."""

    def __init__(self, store: Store, clock: Clock, metrics: Metrics, topic: RegressionsTopic | None = None) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._topic = topic

    def marks(self) -> Mapping[int, int]:
        """Where the topic ends now. Raises :class:`~watchkeeper.errors.Transient` while the brokers do not say."""
        return self._topic.ends() if self._topic is not None else {}

    def published_since(self, marks: Mapping[int, int]) -> set[TransitionKey]:
        """What was published after ``marks``. Raises as :meth:`marks` does."""
        return self._topic.published_since(marks) if self._topic is not None else set()

    def report(self, found: Sequence[Regression], published: Collection[TransitionKey] = ()) -> None:
        """Store and publish what is not stored, or not ``published``, yet.

        Raises :class:`~watchkeeper.errors.Transient`: call again with the same transitions then.
        """
        if not found:
            return
        now = self._clock.now()
        insert_transitions(self._store, [transition_row(one, now) for one in found])
        if self._topic is not None:
            self._topic.publish([_message(one) for one in found if (one.id, one.seq) not in published])
        for one in found:
            self._metrics.regression_transitions.labels(one.kind, one.state).inc()


def transition_row(found: Regression, now: datetime) -> TransitionRow:
    """``found`` as the store keeps it, stored at ``now``."""
    columns = {name: getattr(found, name) for name in TransitionRow.__slots__ if name not in ("record", "stored_at")}
    return TransitionRow(**columns, record=found.model_dump_json(), stored_at=now)


def _message(found: Regression) -> RegressionMessage:
    key = f"{found.provider}/{found.request_model}"
    return RegressionMessage(key, found.id, found.seq, found.model_dump_json().encode())
