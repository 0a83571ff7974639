"""The publisher of stored calls."""

from typing import Any

import pytest
from kafka import KafkaConsumer

from tests.fixtures.broker import KafkaBench
from watchkeeper.errors import BadMessage, Transient
from watchkeeper.streams.kafka_calls import CallsPublisher
from watchkeeper.streams.kafka_sink import ProducerConfig

pytestmark = pytest.mark.kafka


def test_flushed_messages_are_there_and_equal_keys_meet(kafka: KafkaBench) -> None:
    topic = kafka.topic(4)
    publisher = kafka.closing(CallsPublisher(ProducerConfig(kafka.connection), topic))
    for i in range(8):
        publisher.publish("openai/gpt-4o" if i % 2 else "anthropic/claude", b"arrow-%d" % i)
    publisher.flush(20)
    consumer = kafka.closing(
        KafkaConsumer(topic, bootstrap_servers=kafka.broker.bootstrap, auto_offset_reset="earliest")
    )
    records: list[Any] = []
    while len(records) < 8:
        records += [record for found in consumer.poll(1000).values() for record in found]
    partitions = {key: {r.partition for r in records if r.key == key} for key in {r.key for r in records}}
    assert sorted(record.value for record in records) == [b"arrow-%d" % i for i in range(8)]
    assert {key: len(found) for key, found in partitions.items()} == {b"openai/gpt-4o": 1, b"anthropic/claude": 1}


def test_a_message_beyond_the_topics_limit_is_refused(kafka: KafkaBench) -> None:
    publisher = kafka.closing(CallsPublisher(ProducerConfig(kafka.connection, max_message_bytes=10_000), kafka.topic()))
    with pytest.raises(BadMessage, match="too_large"):
        publisher.publish("key", b"x" * 10_001)
    publisher.flush(1)


def test_an_unknown_topic_is_transient(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    publisher = kafka.closing(CallsPublisher(ProducerConfig(kafka.connection, block_ms=200), "nowhere"))
    with pytest.raises(Transient, match="nowhere"):
        publisher.publish("key", b"x")
