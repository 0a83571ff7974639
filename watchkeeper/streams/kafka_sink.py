"""OTLP in, Kafka out: what the receivers take is answered when the brokers have acknowledged it."""

import logging
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from kafka import KafkaProducer, errors

from watchkeeper.clock import Clock
from watchkeeper.errors import Transient
from watchkeeper.streams.kafka_connection import KafkaConnection
from watchkeeper.streams.kafka_key import trace_key
from watchkeeper.streams.kafka_message import CONTENT_TYPE, content_type
from watchkeeper.streams.otlp_sink import STORED, Reply, Verdict, answered
from watchkeeper.streams.source import Encoding, Signal

_log = logging.getLogger(__name__)

_BATCH_BYTES = 256 * 1024
_RECORD_OVERHEAD = 1024
_BLOCK_MS = 50
_TOPIC_S = 15.0
_CLOSED = Reply(Verdict.UNAVAILABLE, "the gateway is shutting down; send again later")
_FULL = Reply(Verdict.BUSY, "too much is waiting for the brokers; send again a little later")
_AWAY = Reply(Verdict.UNAVAILABLE, "the brokers did not acknowledge it in time; send again later")


@dataclass(frozen=True, slots=True)
class ProducerConfig:
    """How messages are written: by all in-sync replicas, in order, without repetition by our own retries."""

    connection: KafkaConnection
    compression: str = "lz4"
    linger_ms: int = 5
    max_message_bytes: int = 4 * 2**20
    delivery_timeout_s: float = 30.0
    block_ms: int = 10_000

    def producer_settings(self) -> dict[str, Any]:
        """The client library's keyword arguments."""
        delivery_ms = int(self.delivery_timeout_s * 1000)
        return self.connection.settings() | {
            "acks": "all",
            "enable_idempotence": True,
            "compression_type": self.compression or None,
            "linger_ms": self.linger_ms,
            "batch_size": _BATCH_BYTES,
            "max_request_size": self.max_message_bytes,
            "max_block_ms": self.block_ms,
            "delivery_timeout_ms": delivery_ms,
            # Half of it, so that a request that got lost is sent once more before its messages are given up.
            "request_timeout_ms": max(1_000, (delivery_ms - self.linger_ms) // 2),
            "allow_auto_create_topics": False,
            "metrics_enabled": False,
        }


@dataclass(frozen=True, slots=True)
class KafkaSinkConfig:
    """Where each signal goes and how much may wait."""

    connection: KafkaConnection
    topic: str
    logs_topic: str
    queue_max_bytes: int = 64 * 2**20
    max_message_bytes: int = 4 * 2**20
    compression: str = "lz4"
    delivery_timeout_s: float = 25.0
    """Less than a client waits for its answer."""


class KafkaSpanSink:
    """The receivers' :class:`~watchkeeper.streams.otlp_sink.Sink` in gateway mode. Thread-safe.

    Raises :class:`~watchkeeper.errors.Transient` at construction where brokers or topics are not to be had.
    """

    def __init__(self, config: KafkaSinkConfig, clock: Clock) -> None:
        self._config = config
        self._topics = {Signal.TRACES: config.topic, Signal.LOGS: config.logs_topic}
        self._lock = threading.Lock()
        self._waiting_bytes = 0
        self._closed = False
        settings = ProducerConfig(
            config.connection,
            compression=config.compression,
            max_message_bytes=config.max_message_bytes,
            delivery_timeout_s=config.delivery_timeout_s,
            block_ms=_BLOCK_MS,
        )
        self._producer = config.connection.open(KafkaProducer, settings.producer_settings())
        self._find_topics(clock)

    @property
    def waiting_bytes(self) -> int:
        """Bytes taken and not yet acknowledged, for a metric."""
        return self._waiting_bytes

    def submit(self, signal: Signal, encoding: Encoding, body: bytes) -> Future[Reply]:
        """Send ``body`` on, untouched; see :class:`~watchkeeper.streams.otlp_sink.Sink`."""
        refusal = self._refuse(len(body))
        if refusal is not None:
            return answered(refusal)
        key = trace_key(encoding, body) if signal is Signal.TRACES else None
        headers = [(CONTENT_TYPE, content_type(encoding))]
        try:
            sent = self._producer.send(self._topics[signal], body, key=key, headers=headers)
        except errors.KafkaError as error:
            self._finish(len(body))
            _log.warning("not taken by the Kafka client: %s", type(error).__name__)
            return answered(_AWAY)
        reply: Future[Reply] = Future()
        sent.add_callback(partial(self._stored, reply, len(body)))
        sent.add_errback(partial(self._failed, reply, len(body)))
        return reply

    def close(self, timeout_s: float = 10.0) -> None:
        """Take nothing new and give what waits ``timeout_s``. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        try:
            self._producer.close(timeout=timeout_s)
        except errors.KafkaError as error:
            _log.warning("closed with messages that the brokers did not acknowledge: %s", type(error).__name__)

    def _refuse(self, size: int) -> Reply | None:
        if self._closed:
            return _CLOSED
        if size > self._config.max_message_bytes - _RECORD_OVERHEAD:
            limit = self._config.max_message_bytes
            return Reply(Verdict.MALFORMED, f"larger than the topic's limit of {limit} bytes; send smaller batches")
        with self._lock:
            if self._waiting_bytes and self._waiting_bytes + size > self._config.queue_max_bytes:
                return _FULL
            self._waiting_bytes += size
        return None

    def _stored(self, reply: Future[Reply], size: int, _: object) -> None:
        self._finish(size)
        reply.set_result(STORED)

    def _failed(self, reply: Future[Reply], size: int, error: BaseException) -> None:
        self._finish(size)
        _log.warning("not acknowledged by the brokers: %s", type(error).__name__)
        reply.set_result(_AWAY)

    def _finish(self, size: int) -> None:
        with self._lock:
            self._waiting_bytes -= size

    def _find_topics(self, clock: Clock) -> None:
        # Once a topic is known, `send` on the receivers' event loop never waits for it.
        deadline = clock.monotonic() + _TOPIC_S
        missing = set(self._topics.values())
        while missing:
            missing = {topic for topic in missing if not self._knows(topic)}
            if missing and clock.monotonic() > deadline:
                self._producer.close(timeout=0.1)
                names = ", ".join(sorted(missing))
                raise Transient(f"the brokers do not know the topic {names}: run `watchkeeper topics create`")

    def _knows(self, topic: str) -> bool:
        try:
            return bool(self._producer.partitions_for(topic))
        except errors.KafkaTimeoutError:
            return False
