"""Spans to a Kafka topic, as the OpenTelemetry Collector's Kafka exporter writes them.

Usable in any OpenTelemetry set-up::

    provider.add_span_processor(BatchSpanProcessor(KafkaSpanExporter("broker:9092")))

or without code: ``OTEL_TRACES_EXPORTER=watchkeeper_kafka``.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from watchkeeper_sdk._safety import is_strict, say, swallowed
from watchkeeper_sdk.kafka_client_logs import client_logs
from watchkeeper_sdk.kafka_config import KafkaConfig
from watchkeeper_sdk.kafka_delivery import Outcome, deliver
from watchkeeper_sdk.kafka_failures import tell
from watchkeeper_sdk.kafka_messages import Encoded, Message, encode, split
from watchkeeper_sdk.kafka_producer import Producer, load_libraries, thread_name
from watchkeeper_sdk.kafka_slot import ProducerSlot

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

_LEAST_SPLIT_BYTES: Final = 64 * 1024
"""Brokers that refuse messages smaller than this need a person."""

_exporters: weakref.WeakSet[KafkaSpanExporter] = weakref.WeakSet()


class KafkaSpanExporter(SpanExporter):
    """One message a trace: OTLP protobuf, keyed by the trace id as 32 lower-case hexadecimal digits.

    Every argument is also read from the environment (``WATCHKEEPER_KAFKA_<NAME>``; the brokers from
    ``WATCHKEEPER_KAFKA`` first, ``timeout_s`` from ``WATCHKEEPER_KAFKA_TIMEOUT``).

    ``bootstrap_servers``: ``host:port``, several as a list or separated by commas (``localhost:9092``).
    ``topic`` (``otlp_spans``), ``client_id`` (``watchkeeper-sdk``).
    ``compression``: ``lz4`` (default), ``zstd``, ``gzip``, ``snappy`` or ``none``; gzip where its library is missing.
    ``max_message_bytes`` (1,000,000): a trace that is larger is split into several messages.
    ``timeout_s`` (10): how long one :meth:`export` waits, in all.
    ``security_protocol``: ``PLAINTEXT`` (default), ``SSL``, ``SASL_PLAINTEXT`` or ``SASL_SSL``;
    ``sasl_mechanism``: ``PLAIN``, ``SCRAM-SHA-256`` or ``SCRAM-SHA-512``, with ``sasl_username`` and ``sasl_password``;
    ``ssl_cafile``, ``ssl_certfile``, ``ssl_keyfile``: paths of PEM files.

    Raises :class:`ValueError` for a wrong setting and :class:`ImportError` where a library is missing; both say what
    to do. Making one connects to nothing. Thread-safe; goes on in forked children with a connection of their own.
    """

    def __init__(
        self,
        bootstrap_servers: str | Sequence[str] | None = None,
        *,
        topic: str | None = None,
        client_id: str | None = None,
        compression: str | None = None,
        max_message_bytes: int | None = None,
        timeout_s: float | None = None,
        security_protocol: str | None = None,
        sasl_mechanism: str | None = None,
        sasl_username: str | None = None,
        sasl_password: str | None = None,
        ssl_cafile: str | None = None,
        ssl_certfile: str | None = None,
        ssl_keyfile: str | None = None,
    ) -> None:
        given = {**locals()}
        del given["self"]
        self._config = KafkaConfig.read(given)
        load_libraries()
        self._limit = self._config.max_message_bytes
        self._oversize = 0
        self._unencodable = 0
        self._closed = False
        self._thread_name = thread_name(self._config)
        client_logs.hush(self._thread_name)
        self._slot = ProducerSlot(self._open, self._failed_to_open)
        self._begin()
        _exporters.add(self)

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._exporting = 0

    def __repr__(self) -> str:
        servers = ",".join(self._config.bootstrap_servers)
        return f"{type(self).__name__}({servers!r}, topic={self._config.topic!r})"

    @property
    def dropped(self) -> int:
        """Spans that were given up, for whatever reason."""
        return self.dropped_oversize + self.dropped_unencodable

    @property
    def dropped_oversize(self) -> int:
        """Spans dropped because one alone was larger than a message may be."""
        return self._oversize

    @property
    def dropped_unencodable(self) -> int:
        """Spans dropped because OTLP cannot carry something in them."""
        return self._unencodable

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """``SUCCESS`` when the brokers acknowledged everything.

        After ``FAILURE`` the same spans may be exported again: some may then be there twice, none is lost.
        Waits at most ``timeout_s``, and not at all while the brokers could not be reached a moment ago.
        """
        try:
            with self._counted() as is_open:
                if is_open and (not spans or self._deliver(spans)):
                    return SpanExportResult.SUCCESS
        except Exception as error:
            if is_strict():
                raise
            swallowed("Kafka export", error)
        return SpanExportResult.FAILURE

    def force_flush(self, timeout_millis: float = 30_000) -> bool:
        """Wait for the exports under way; there is nothing else that could be flushed. False when time was short."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._exporting, timeout_millis / 1000)

    def shutdown(self, timeout_millis: float = 10_000) -> None:
        """Wait for the exports under way, then let go of the brokers, all within the time. Twice is harmless."""
        deadline = time.monotonic() + timeout_millis / 1000
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.wait_for(lambda: not self._exporting, timeout_millis / 1000)
        with client_logs.ours(self._thread_name):
            self._slot.close(deadline - time.monotonic())

    @contextmanager
    def _counted(self) -> Iterator[bool]:
        """Gives whether exporting is still allowed; shutdown and flush wait for the block's end."""
        changed = self._changed
        with changed:
            self._exporting += 1
        try:
            yield not self._closed
        finally:
            with changed:
                self._exporting -= 1
                changed.notify_all()

    def _deliver(self, spans: Sequence[ReadableSpan]) -> bool:
        deadline = time.monotonic() + self._config.timeout_s
        with client_logs.ours(self._thread_name):
            producer = self._slot.take(self._config.timeout_s)
            encoded = encode(spans, self._limit) if producer is not None else Encoded()
            while encoded.messages and producer is not None:
                outcome = deliver(producer, self._config.topic, encoded.messages, deadline)
                if outcome.error is not None or (outcome.refused and not self._make_smaller(outcome.refused)):
                    return self._failed(producer, outcome)
                encoded.messages = []
                for refused in outcome.refused:
                    encoded.add(split(refused, self._limit))
                if outcome.refused:
                    # After a refusal the client library fails all that follows: that producer is of no more use.
                    self._slot.give_up(producer, wait=False)
                    producer = self._slot.take(deadline - time.monotonic()) if encoded.messages else producer
        if producer is None:
            return False
        self._slot.delivered()
        self._count_dropped(encoded)
        return True

    def _count_dropped(self, encoded: Encoded) -> None:
        """Only when the others were delivered: until then the same spans may come again."""
        if not (encoded.oversize or encoded.unencodable):
            return
        with self._changed:
            self._oversize += encoded.oversize
            self._unencodable += encoded.unencodable
        say(
            "kafka:dropped",
            "watchkeeper_sdk: dropped so far: %d spans larger than %d bytes (see "
            "WATCHKEEPER_KAFKA_MAX_MESSAGE_BYTES), %d spans that OTLP cannot carry",
            self._oversize,
            self._limit,
            self._unencodable,
        )

    def _make_smaller(self, refused: Sequence[Message]) -> bool:
        """Halve the limit after a refusal; false when that is no help any more."""
        largest = max(message.size for message in refused)
        with self._changed:
            before = self._limit
            self._limit = min(before, max(_LEAST_SPLIT_BYTES, min(before, largest) // 2))
        say(
            "kafka:limit",
            "watchkeeper_sdk: the brokers refuse messages as large as %d bytes; at most %d from now on (raise "
            "max.message.bytes of topic %s, or lower WATCHKEEPER_KAFKA_MAX_MESSAGE_BYTES)",
            largest,
            self._limit,
            self._config.topic,
        )
        return self._limit < before

    def _failed(self, producer: Producer, outcome: Outcome) -> bool:
        self._slot.give_up(producer)
        error = outcome.error
        if error is None:
            from kafka.errors import MessageSizeTooLargeError  # noqa: PLC0415  an extra

            error = MessageSizeTooLargeError()
        tell(self._config, "deliver spans", error, client_logs.take_cause(self._thread_name))
        return False

    def _open(self) -> Producer:
        client_logs.take_cause(self._thread_name)  # of an earlier attempt
        return Producer(self._config)

    def _failed_to_open(self, error: Exception) -> None:
        tell(self._config, "connect", error, client_logs.take_cause(self._thread_name))

    def _forked(self) -> None:
        self._begin()
        self._slot.forget()


def _forked() -> None:
    """Runs in every forked child, before anything else: the locks and the connection are the parent's."""
    for exporter in list(_exporters):
        exporter._forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
