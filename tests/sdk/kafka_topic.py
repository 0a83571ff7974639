"""Topics as a reader sees them, and exporters that are shut down after the test."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from tests.fixtures.broker import KafkaBench
from tests.sdk.kafka_spans import numbers
from watchkeeper_sdk.kafka import KafkaSpanExporter

PATIENCE_S = 30.0


class Topic:
    """A new topic, read from its beginning."""

    def __init__(
        self, kafka: KafkaBench, partitions: int = 1, max_message_bytes: int = 8_388_608, name: str = ""
    ) -> None:
        self.name = name or f"spans-{uuid.uuid4().hex[:12]}"
        configs = {"max.message.bytes": str(max_message_bytes)}
        wanted = {"num_partitions": partitions, "replication_factor": 1, "configs": configs}
        admin = KafkaAdminClient(bootstrap_servers=kafka.broker.bootstrap)
        admin.create_topics({self.name: wanted}, wait_for_metadata=True)
        admin.close()
        self.records: list[Any] = []
        self._kafka = kafka
        self._partitions = [TopicPartition(self.name, partition) for partition in range(partitions)]
        self._consumer: Any = None

    def read_until(self, enough: Callable[[list[Any]], bool]) -> list[Any]:
        """All records, once they are ``enough``."""
        wait_until(lambda: enough(self._more()), "messages")
        return self.records

    def numbers(self, expected: set[int]) -> list[int]:
        """The numbers of all spans, once those ``expected`` are among them."""
        self.read_until(lambda records: expected <= set(numbers([record.value for record in records])))
        return numbers([record.value for record in self.records])

    def _more(self) -> list[Any]:
        if self._consumer is None:  # not before: the broker may have been restarted since
            consumer = KafkaConsumer(bootstrap_servers=self._kafka.broker.bootstrap, auto_offset_reset="earliest")
            self._consumer = self._kafka.closing(consumer)
            self._consumer.assign(self._partitions)
        for records in self._consumer.poll(timeout_ms=100).values():
            self.records.extend(records)
        return self.records


class _Closing:
    def __init__(self, exporter: KafkaSpanExporter) -> None:
        self.close = exporter.shutdown


def exporter_to(kafka: KafkaBench, topic: str, **settings: Any) -> KafkaSpanExporter:
    """An exporter to the session's broker."""
    exporter = KafkaSpanExporter(kafka.broker.bootstrap, topic=topic, **settings)
    kafka.closing(_Closing(exporter))
    return exporter


def wait_until(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Poll, and fail by saying what did not come."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {patience_s} s"
        time.sleep(0.01)
