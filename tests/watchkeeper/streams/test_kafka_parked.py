import pytest

from tests.fixtures.broker import KafkaBench
from watchkeeper.clock import SystemClock
from watchkeeper.streams.kafka_partition import BatchLimits

_PARTITIONS = 4
_MESSAGES = 2_500
_DEADLINE_S = 30.0


@pytest.mark.kafka
def test_partitions_that_were_paused_with_records_at_hand_are_read_to_their_end(kafka: KafkaBench) -> None:
    topic = kafka.topic(_PARTITIONS)
    producer = kafka.producer(linger_ms=200)
    for partition in range(_PARTITIONS):
        for number in range(_MESSAGES):
            producer.send(topic, b"%d" % number, partition=partition)
    producer.flush()
    source = kafka.source(topic, limits=BatchLimits(max_messages=500, linger_s=0.02))
    found = dict.fromkeys(range(_PARTITIONS), 0)
    clock = SystemClock()
    deadline = clock.monotonic() + _DEADLINE_S
    while sum(found.values()) < _PARTITIONS * _MESSAGES and clock.monotonic() < deadline:
        batches = source.poll(0.5)
        source.begin(batches)
        for batch in batches:
            found[batch.partition] += len(batch.messages)
            source.acknowledge(batch, {})
    assert found == dict.fromkeys(range(_PARTITIONS), _MESSAGES)
