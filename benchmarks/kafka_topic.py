"""A topic for a benchmark: made, filled, and asked how much of it a consumer group has still to store."""

import threading
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

with warnings.catch_warnings():
    # The client library reads its protocol tables with a deprecated call while it is imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    import kafka as _kafka  # noqa: F401

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from watchkeeper.streams.kafka_key import trace_key
from watchkeeper.streams.source import Encoding

_MAX_MESSAGE = 8 * 2**20
_ASK_MS = 5_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """What of a topic a group has not finished."""

    messages: int
    in_work: int
    """Partitions of which a batch was being stored when their consumer last said something."""

    @property
    def is_done(self) -> bool:
        return not self.messages and not self.in_work


@dataclass(frozen=True, slots=True)
class BenchTopic:
    """A topic on a broker."""

    bootstrap: str
    name: str
    partitions: int

    def create(self) -> None:
        """Make it; it must not be there."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        wanted = {"num_partitions": self.partitions, "replication_factor": 1}
        admin.create_topics({self.name: wanted}, wait_for_metadata=True)
        admin.close()

    def producer(self) -> KafkaProducer:
        """One that outlives a restart of the broker and writes each message once."""
        return KafkaProducer(
            bootstrap_servers=self.bootstrap,
            compression_type="lz4",
            linger_ms=5,
            max_request_size=_MAX_MESSAGE,
            reconnect_backoff_max_ms=1_000,
        )

    def fill(self, bodies: Iterable[bytes]) -> int:
        """Send all and wait for the broker; returns how many messages that were."""
        producer, count = self.producer(), 0
        for body in bodies:
            self.send(producer, body)
            count += 1
        producer.flush(60)
        producer.close()
        return count

    def send(self, producer: KafkaProducer, body: bytes) -> None:
        """Queue one OTLP message under the key that the product's own producers use."""
        producer.send(self.name, body, key=trace_key(Encoding.PROTOBUF, body))

    def backlog(self, group: str) -> Backlog | None:
        """As the broker tells it; None while it does not answer."""
        try:
            done, ends = self._committed(group), self._ends()
        except KafkaError:
            return None
        left = sum(end - (done[place].offset if place in done else 0) for place, end in ends.items())
        return Backlog(left, sum(bool(found.metadata) for place, found in done.items() if place in ends))

    def _committed(self, group: str) -> Mapping[TopicPartition, OffsetAndMetadata]:
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=_ASK_MS)
        try:
            found: Mapping[TopicPartition, OffsetAndMetadata] = admin.list_group_offsets([group])[group]
            return found
        finally:
            admin.close()

    def _ends(self) -> Mapping[TopicPartition, int]:
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=_ASK_MS)
        try:
            places = [TopicPartition(self.name, number) for number in range(self.partitions)]
            ends: Mapping[TopicPartition, int] = consumer.end_offsets(places, timeout_ms=_ASK_MS)
            return ends
        finally:
            consumer.close()


class SteadyProducer:
    """Sends messages on a thread of its own, a pause between each two, as far as it was allowed to."""

    def __init__(self, topic: BenchTopic, bodies: Iterable[bytes], pause_s: float) -> None:
        self._topic = topic
        self._bodies = bodies
        self._pause_s = pause_s
        self._allowed = threading.Semaphore(0)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._sent = 0
        self._thread.start()

    def allow(self, messages: int) -> None:
        """Let it send that many more."""
        self._allowed.release(messages) if messages > 0 else None

    def finish(self, seconds: float) -> int:
        """Wait until everything is acknowledged; returns how many messages were sent."""
        self._thread.join(seconds)
        if not self._ended.is_set():
            raise TimeoutError(f"the producer has sent only {self._sent} messages within {seconds:.0f} s")
        return self._sent

    def _run(self) -> None:
        producer = self._topic.producer()
        for body in self._bodies:
            self._allowed.acquire()
            self._topic.send(producer, body)
            self._sent += 1
            threading.Event().wait(self._pause_s)
        producer.flush(120)
        producer.close()
        self._ended.set()
