"""Topic ``llm_regressions``: each transition once, also where its writer was killed and repeats its work."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import orjson
from kafka import KafkaConsumer, TopicPartition

from watchkeeper.clock import Clock
from watchkeeper.errors import Transient
from watchkeeper.streams.kafka_calls import CallsPublisher
from watchkeeper.streams.kafka_sink import ProducerConfig

_TIMEOUT_S = 10.0
_READ_S = 60.0

TransitionKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class RegressionMessage:
    """``key`` decides the partition; ``body`` is a JSON object with ``id`` and ``seq``, which name the transition."""

    key: str
    id: str
    seq: int
    body: bytes


class RegressionsTopic:
    """Writes transitions, and reads back what is there. One thread owns it.

    Raises :class:`~watchkeeper.errors.Transient` from any method while the brokers do not answer.
    """

    def __init__(self, config: ProducerConfig, topic: str, clock: Clock) -> None:
        self._topic = topic
        self._clock = clock
        self._connection = config.connection
        self._publisher = CallsPublisher(config, topic)
        self._reader = config.connection.open(KafkaConsumer, _reader_settings(config))
        self._settle_s = config.delivery_timeout_s + _TIMEOUT_S
        self._uncertain_since: Mapping[int, int] | None = None

    def ends(self) -> dict[int, int]:
        """Where the topic ends now: offset by partition."""
        places = self._places()
        with self._told():
            found = self._reader.end_offsets(places, timeout_ms=int(_TIMEOUT_S * 1000))
        return {place.partition: offset for place, offset in found.items()}

    def published_since(self, marks: Mapping[int, int]) -> set[TransitionKey]:
        """The transitions that were written after ``marks``; in partitions it does not name, from the beginning."""
        ends = self.ends()
        with self._told():
            self._go_to(marks, ends)
            return self._read_to(ends)

    def publish(self, messages: Sequence[RegressionMessage]) -> None:
        """Write them and wait until the brokers have them. After a failure call again with the same messages:
        those of which the brokers have taken note meanwhile are left out.
        """
        known = set() if self._uncertain_since is None else self.published_since(self._uncertain_since)
        self._uncertain_since = self.ends() if self._uncertain_since is None else self._uncertain_since
        for message in messages:
            if (message.id, message.seq) not in known:
                self._publisher.publish(message.key, message.body)
        # Until the client library has given up what it could not send: it would send it after us.
        self._publisher.flush(self._settle_s)
        self._uncertain_since = None

    def close(self) -> None:
        """Let go of the brokers."""
        self._publisher.close()
        with self._told():
            self._reader.close(autocommit=False)

    def _told(self) -> AbstractContextManager[None]:
        return self._connection.told(f"read {self._topic}")

    def _places(self) -> list[TopicPartition]:
        with self._told():
            partitions = self._reader.partitions_for_topic(self._topic)
        if not partitions:
            raise Transient(f"the brokers do not know the topic {self._topic}: run `watchkeeper topics create`")
        return [TopicPartition(self._topic, partition) for partition in sorted(partitions)]

    def _go_to(self, marks: Mapping[int, int], ends: Mapping[int, int]) -> None:
        self._reader.assign([TopicPartition(self._topic, partition) for partition in ends])
        for partition in ends:
            place = TopicPartition(self._topic, partition)
            if partition in marks:
                self._reader.seek(place, marks[partition])
            else:
                self._reader.seek_to_beginning(place)

    def _read_to(self, ends: Mapping[int, int]) -> set[TransitionKey]:
        found: set[TransitionKey] = set()
        deadline = self._clock.monotonic() + _READ_S
        while self._behind(ends):
            if self._clock.monotonic() > deadline:
                raise Transient(f"could not read {self._topic} to its end within {_READ_S:.0f} s")
            for records in self._reader.poll(timeout_ms=500).values():
                found.update(key for key in map(_key, records) if key is not None)
        return found

    def _behind(self, ends: Mapping[int, int]) -> bool:
        return any(
            (self._reader.position(TopicPartition(self._topic, partition), timeout_ms=int(_TIMEOUT_S * 1000)) or 0)
            < end
            for partition, end in ends.items()
        )


def _reader_settings(config: ProducerConfig) -> dict[str, Any]:
    return config.connection.settings() | {
        "group_id": None,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "isolation_level": "read_committed",
        "allow_auto_create_topics": False,
        "metrics_enabled": False,
    }


def _key(record: Any) -> TransitionKey | None:
    try:
        said = orjson.loads(record.value or b"")
        return str(said["id"]), int(said["seq"])
    except (ValueError, KeyError, TypeError):
        return None  # not ours; whoever wrote it, it is no transition that we would write again
