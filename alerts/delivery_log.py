"""What became of messages: into the store at once, and later where it does not answer."""

import threading
from collections import deque
from datetime import datetime

from alerts.message import Message
from watchkeeper.errors import WatchkeeperError
from watchkeeper.storage.alert_deliveries import Delivery, Outcome, log_deliveries
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import Metrics, logger

_log = logger("alerts")
_MOST_UNWRITTEN = 10_000


class DeliveryLog:
    """Workers write, the service reads. Safe to share between threads."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store, self._metrics = store, metrics
        self._lock = threading.Lock()
        self._unwritten: deque[Delivery] = deque(maxlen=_MOST_UNWRITTEN)
        self._settled: set[str] = set()

    def __call__(self, delivery: Delivery) -> None:
        """Note it; never raises because of the store."""
        self._metrics.alert_messages.labels(delivery.channel, delivery.outcome.value).inc()
        with self._lock:
            self._unwritten.append(delivery)
            if delivery.outcome is not Outcome.FAILED:
                self._settled.add(delivery.key)
        try:
            self.flush()
        except WatchkeeperError as error:
            _log.warning("a delivery is noted later", error=str(error))

    def flush(self) -> None:
        """Write what is not written. Raises what the store raises."""
        with self._lock:
            rows = list(self._unwritten)
            if rows:
                log_deliveries(self._store, rows)
                self._unwritten.clear()

    def settled(self) -> frozenset[str]:
        """Keys of messages that were delivered or given up since :meth:`forget`."""
        with self._lock:
            return frozenset(self._settled)

    def forget(self, keys: frozenset[str]) -> None:
        """These are out of what is remembered."""
        with self._lock:
            self._settled -= keys


def delivery(message: Message, at: datetime, outcome: Outcome, attempt: int, error: str) -> Delivery:
    """The row of one attempt to deliver ``message``; ``attempt`` 0: none was made."""
    return Delivery(
        key=message.key,
        at=at,
        outcome=outcome,
        attempt=attempt,
        error=error,
        channel=message.channel,
        case=message.case,
        rule=message.rule,
        verdict=message.verdict.value,
        severity=message.severity.value,
        title=message.title,
        reason=message.reason,
        events=tuple(subject.id for subject in message.subjects),
        made_at=message.at,
    )
