"""Topics as :mod:`watchkeeper.topics` declares them: make them, compare them, look at brokers and lag."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kafka import KafkaAdminClient, OffsetSpec, TopicPartition, errors
from kafka.admin import ConfigResource, ConfigResourceType

from watchkeeper.errors import ConfigError
from watchkeeper.streams.kafka_connection import KafkaConnection
from watchkeeper.topics import Topic

_HOUR_MS = 3_600_000
_NONE = 0


class TopicState(StrEnum):
    """What was found or done."""

    CREATED = "created"
    EXISTING = "existing"
    DIFFERENT = "different"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class TopicReport:
    """One topic; ``detail`` says in words what differs and how to mend it."""

    name: str
    state: TopicState
    partitions: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class KafkaReport:
    """What `watchkeeper doctor` wants to know."""

    brokers: int
    version: str
    """What the brokers' protocol tells: at least this version."""
    topics: Sequence[TopicReport]
    lag: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """Messages the group has not acknowledged, by topic and partition; empty where it never committed."""


def create_topics(connection: KafkaConnection, topics: Sequence[Topic], replication: int) -> list[TopicReport]:
    """Make the missing ones and compare the others; what exists is never changed. May be run again.

    Raises :class:`~watchkeeper.errors.ConfigError` where the brokers refuse, :class:`~watchkeeper.errors.Transient`
    where they do not answer.
    """
    with connection.told("create topics"), _admin(connection) as admin:
        missing = [topic for topic, found in _compare(admin, topics) if found.state is TopicState.MISSING]
        created = {topic.name for topic in missing if _create(admin, topic, replication)}
        return [
            TopicReport(found.name, TopicState.CREATED, found.partitions) if found.name in created else found
            for _, found in _compare(admin, topics)
        ]


def probe(connection: KafkaConnection, topics: Sequence[Topic], group: str) -> KafkaReport:
    """Look, change nothing. Raises as :func:`create_topics` does."""
    with connection.told("look at the brokers"), _admin(connection) as admin:
        brokers = len(admin.describe_cluster()["brokers"])
        found = [report for _, report in _compare(admin, topics)]
        there = {report.name for report in found if report.state is not TopicState.MISSING}
        return KafkaReport(brokers, _version(admin), found, _lag(admin, group, there))


@contextmanager
def _admin(connection: KafkaConnection) -> Iterator[Any]:
    admin = connection.open(KafkaAdminClient)
    try:
        yield admin
    finally:
        admin.close()


def _create(admin: Any, topic: Topic, replication: int) -> bool:
    configs = {"retention.ms": str(topic.retention_hours * _HOUR_MS), "max.message.bytes": str(topic.max_message_bytes)}
    wanted = {"num_partitions": topic.partitions, "replication_factor": replication, "configs": configs}
    said = admin.create_topics({topic.name: wanted}, raise_errors=False)["topics"][0]
    error = errors.for_code(said["error_code"])
    if error is errors.TopicAlreadyExistsError:
        return False
    if said["error_code"] != _NONE:
        raise ConfigError(f"the brokers refuse to create {topic.name}: {said['error_message'] or error.__name__}")
    admin.wait_for_topics([topic.name])
    return True


def _compare(admin: Any, topics: Sequence[Topic]) -> list[tuple[Topic, TopicReport]]:
    described = {found["name"]: found for found in admin.describe_topics([topic.name for topic in topics])}
    return [(topic, _compare_one(admin, topic, described[topic.name])) for topic in topics]


def _compare_one(admin: Any, topic: Topic, found: Mapping[str, Any]) -> TopicReport:
    error = errors.for_code(found["error_code"])
    if error is errors.UnknownTopicOrPartitionError:
        return TopicReport(topic.name, TopicState.MISSING, detail="run `watchkeeper topics create`")
    if found["error_code"] != _NONE:
        raise error(topic.name)
    partitions = len(found["partitions"])
    wrong = list(_differences(topic, partitions, _configs(admin, topic.name)))
    state = TopicState.DIFFERENT if wrong else TopicState.EXISTING
    return TopicReport(topic.name, state, partitions, "; ".join(wrong))


def _differences(topic: Topic, partitions: int, configs: Mapping[str, int]) -> Iterator[str]:
    if partitions != topic.partitions:
        yield f"{partitions} partitions instead of {topic.partitions}"
    retention_ms = configs.get("retention.ms")
    if retention_ms is not None and retention_ms != topic.retention_hours * _HOUR_MS:
        kept = "for ever" if retention_ms < 0 else f"{retention_ms / _HOUR_MS:g} h"
        yield f"kept {kept} instead of {topic.retention_hours} h"
    largest = configs.get("max.message.bytes")
    if largest is not None and largest < topic.max_message_bytes:
        yield f"messages up to {largest} bytes instead of {topic.max_message_bytes}: larger ones are refused"


def _configs(admin: Any, name: str) -> dict[str, int]:
    resource = ConfigResource(ConfigResourceType.TOPIC, name, ["retention.ms", "max.message.bytes"])
    said = admin.describe_configs([resource], config_filter="all").get("topic", {}).get(name, {})
    return {key: int(entry["value"]) for key, entry in said.items() if entry.get("value") is not None}


def _lag(admin: Any, group: str, topics: Collection[str]) -> dict[tuple[str, int], int]:
    try:
        committed = admin.list_group_offsets([group]).get(group, {})
    except errors.CoordinatorNotAvailableError:  # no group has ever committed anything here
        return {}
    places = [place for place, found in committed.items() if found.offset >= 0 and place.topic in topics]
    if not places:
        return {}
    ends = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
    return {_name(place): max(0, ends[place].offset - committed[place].offset) for place in places}


def _name(place: TopicPartition) -> tuple[str, int]:
    return place.topic, place.partition


def _version(admin: Any) -> str:
    version = admin.config.get("api_version")
    return ".".join(map(str, version)) if version else "unknown"
