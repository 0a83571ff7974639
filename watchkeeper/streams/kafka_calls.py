"""Publishes stored calls for the detectors: after the insert, before the acknowledgement."""

from typing import Any

from kafka import KafkaProducer, errors

from watchkeeper.errors import BadMessage, Transient
from watchkeeper.streams.kafka_sink import ProducerConfig


class CallsPublisher:
    """Writes Arrow IPC messages to ``topic``. One thread owns it.

    What :meth:`publish` takes is only queued; :meth:`flush` says whether the brokers have it. After a failed
    flush the same messages may be published again: readers must expect a message twice, as after a crash.
    """

    def __init__(self, config: ProducerConfig, topic: str) -> None:
        self._told = config.connection.told
        self._topic = topic
        self._sent: list[Any] = []
        self._producer = config.connection.open(KafkaProducer, config.producer_settings())

    def publish(self, key: str, body: bytes) -> None:
        """Queue one message; equal keys meet in one partition.

        Raises :class:`~watchkeeper.errors.BadMessage` where it is larger than the topic takes, and
        :class:`~watchkeeper.errors.Transient` while the brokers do not say where the topic is.
        """
        try:
            with self._told(f"publish to {self._topic}"):
                self._sent.append(self._send(key, body))
        except OverflowError:
            raise BadMessage("too_large", f"{len(body)} bytes are more than {self._topic} takes") from None

    def flush(self, timeout_s: float) -> None:
        """Wait until the brokers have everything. Raises :class:`~watchkeeper.errors.Transient` if they have not."""
        sent, self._sent = self._sent, []
        if not sent:
            return
        with self._told(f"publish to {self._topic}"):
            self._producer.flush(timeout=timeout_s)
        failed = [future.exception for future in sent if future.failed()]
        if failed:
            reason = type(failed[0]).__name__
            raise Transient(f"{len(failed)} of {len(sent)} messages to {self._topic} were not taken: {reason}")

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what is queued within ``timeout_s`` and let go. Safe to call twice."""
        with self._told(f"publish to {self._topic}"):
            self._producer.close(timeout=timeout_s)

    def _send(self, key: str, body: bytes) -> Any:
        try:
            return self._producer.send(self._topic, body, key=key.encode())
        except errors.MessageSizeTooLargeError:
            raise OverflowError from None
