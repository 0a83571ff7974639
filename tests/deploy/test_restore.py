"""A back-up put back, and what came after it read from Kafka again: each call is stored once."""

import shutil
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, OffsetAndMetadata, TopicPartition

from tests.e2e.load import SPANS, numbered
from tests.e2e.stored import stored
from tests.e2e.test_kafka_collector import GROUP, Topics, running, wait_until_ready
from tests.fixtures.broker import KafkaBench

pytestmark = [pytest.mark.e2e, pytest.mark.kafka, pytest.mark.clickhouse]

BEFORE, AFTER = 6, 4


def rewind(kafka: KafkaBench, topics: Topics, offset: int) -> None:
    """As ``kafka-consumer-groups.sh --reset-offsets --to-offset`` does: plain offsets, no metadata."""
    admin = KafkaAdminClient(bootstrap_servers=kafka.broker.bootstrap)
    try:
        place = {TopicPartition(topics.spans, 0): OffsetAndMetadata(offset, "", None)}
        errors = admin.alter_group_offsets(f"{GROUP}-{topics.spans}", place)
        assert {error.errno for error in errors.values()} == {0}, errors
    finally:
        admin.close()


def test_a_copied_directory_and_a_rewound_group_give_each_call_once(kafka: KafkaBench, tmp_path: Path) -> None:
    kafka.needs_complete_broker()
    topics = Topics(kafka.topic(), kafka.topic(), kafka.topic())
    settings = topics.settings(kafka)
    kafka.send(topics.spans, [numbered(number) for number in range(BEFORE)])
    with running("collector", tmp_path, settings) as collector:
        wait_until_ready(collector)
        collector.wait_for_calls(BEFORE * SPANS)
        assert collector.end() == 0
    shutil.copytree(tmp_path / "data", tmp_path / "backup", symlinks=True)
    kafka.send(topics.spans, [numbered(number) for number in range(BEFORE, BEFORE + AFTER)])
    with running("collector", tmp_path, settings) as collector:
        wait_until_ready(collector)
        collector.wait_for_calls((BEFORE + AFTER) * SPANS)
        assert collector.end() == 0
    shutil.rmtree(tmp_path / "data")
    shutil.move(tmp_path / "backup", tmp_path / "data")
    # Earlier than the back-up, as one does who does not know the offset of that moment.
    rewind(kafka, topics, BEFORE // 2)
    with running("collector", tmp_path, settings) as collector:
        wait_until_ready(collector)
        collector.wait_for_calls((BEFORE + AFTER) * SPANS)
        assert collector.end() == 0
    found = stored(tmp_path / "data")
    assert found.is_once() and set(found.calls) == set(range(BEFORE + AFTER))
