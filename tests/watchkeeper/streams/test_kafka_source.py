"""KafkaSource against a real broker: reading, batches, commits, repetition after a crash."""

import time

import pytest
from kafka import TopicPartition

from tests.fixtures.broker import KafkaBench
from tests.watchkeeper.streams.source_steps import bodies, crash, store, take, take_and_store
from watchkeeper.errors import PartitionLost
from watchkeeper.streams.kafka_partition import BatchLimits
from watchkeeper.streams.source import Encoding

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("compression", [None, "gzip", "lz4", "snappy", "zstd"])
def test_messages_arrive_whatever_their_compression(kafka: KafkaBench, compression: str | None) -> None:
    topic = kafka.topic()
    producer = kafka.producer(compression_type=compression)
    sent = [b"\n\x05" + bytes([i]) * 3_000 for i in range(20)]
    for body in sent:
        producer.send(topic, body)
    producer.flush(20)
    source = kafka.source(topic)
    received: list[bytes] = []
    while len(received) < len(sent):
        batches = take(source)
        received += bodies(batches)
        store(source, batches)
    assert received == sent


def test_the_encoding_is_taken_from_the_header_and_else_from_the_first_byte(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    producer = kafka.producer()
    producer.send(topic, b"\n\x02\n\x00")
    producer.send(topic, b' \n{"resourceSpans": []}')
    producer.send(topic, b"\n\x00", headers=[("content-type", b"application/json; charset=utf-8")])
    producer.send(topic, b"{", headers=[("Content-Type", b"application/x-protobuf")])
    producer.send(topic, None, key=b"tombstone")
    producer.flush(20)
    source = kafka.source(topic, limits=BatchLimits(linger_s=0.3))
    messages = take(source)[0].messages
    assert [m.encoding for m in messages] == [
        Encoding.PROTOBUF, Encoding.JSON, Encoding.JSON, Encoding.PROTOBUF, Encoding.PROTOBUF,
    ]  # fmt: skip
    assert messages[-1].body == b""
    assert all(abs(m.received_at_us / 1e6 - time.time()) < 300 for m in messages)


def test_a_batch_ends_at_the_limit_of_messages_and_of_bytes(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    kafka.send(topic, [b"x" * 100] * 10)
    by_count = kafka.source(topic, limits=BatchLimits(max_messages=4, linger_s=0.3))
    by_bytes = kafka.source(topic, limits=BatchLimits(max_bytes=250, linger_s=0.3))
    assert [len(take_and_store(by_count).messages) for _ in range(3)] == [4, 4, 2]
    assert [len(take_and_store(by_bytes).messages) for _ in range(5)] == [2] * 5


def test_begin_records_the_range_and_acknowledge_moves_the_offset(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    kafka.send(topic, [b"a", b"b", b"c"])
    source = kafka.source(topic, "recorder", limits=BatchLimits(linger_s=0.3))
    batches = take(source)
    source.begin(batches)
    begun = kafka.committed("recorder", topic)
    source.acknowledge(batches[0], {})
    acknowledged = kafka.committed("recorder", topic)
    assert begun is not None and acknowledged is not None
    assert (begun.offset, acknowledged.offset, acknowledged.metadata or "") == (0, 3, "")
    if kafka.broker.is_complete:
        assert begun.metadata.startswith('{"pending_to":2,"v":"1.')
    assert batches[0].token.startswith(f"{topic}:0:0-2:1.")


def test_one_commit_acknowledges_all_batches_of_a_poll(kafka: KafkaBench) -> None:
    topic = kafka.topic(2)
    kafka.send(topic, [b"a"], 0)
    kafka.send(topic, [b"b"], 1)
    source = kafka.source(topic, "together", limits=BatchLimits(linger_s=0.5))
    batches = take(source)
    assert len(batches) == 2
    source.begin(batches)
    source.acknowledge(batches[0], {})
    before = kafka.committed("together", topic, batches[0].partition)
    source.acknowledge(batches[1], {})
    after = [kafka.committed("together", topic, partition) for partition in (0, 1)]
    assert before is not None and before.offset == 0
    assert [found.offset for found in after if found is not None] == [1, 1]


def test_a_consumer_lost_after_begin_leaves_exactly_its_range_to_the_next(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    topic = kafka.topic()
    kafka.send(topic, [b"a", b"b", b"c"])
    first = kafka.source(topic, "heirs", limits=BatchLimits(linger_s=0.3))
    begun = take(first)[0]
    first.begin([begun])
    crash(first)
    kafka.send(topic, [b"d", b"e"])
    second = kafka.source(topic, "heirs", version="2", limits=BatchLimits(max_messages=2, linger_s=0.3))
    again = take_and_store(second)
    rest = take_and_store(second)
    assert (again.token, bodies([again])) == (begun.token, [b"a", b"b", b"c"])
    assert (again.opening, rest.opening, bodies([rest])) == (True, False, [b"d", b"e"])
    assert rest.token.startswith(f"{topic}:0:3-4:2.")


def test_a_consumer_lost_before_begin_leaves_nothing_pending(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    kafka.send(topic, [b"a", b"b"])
    first = kafka.source(topic, "unbegun", limits=BatchLimits(linger_s=0.3))
    assert bodies(take(first)) == [b"a", b"b"]
    crash(first)
    second = kafka.source(topic, "unbegun", limits=BatchLimits(max_messages=1))
    assert bodies([take_and_store(second)]) == [b"a"]


def test_a_pending_range_whose_messages_are_gone_does_not_stop_the_partition(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    topic = kafka.topic()
    kafka.send(topic, [b"a", b"b"])
    first = kafka.source(topic, "bereaved", limits=BatchLimits(linger_s=0.3))
    first.begin(take(first))
    crash(first)
    delete_up_to(kafka, topic, 2)
    kafka.send(topic, [b"c"])
    second = kafka.source(topic, "bereaved")
    assert bodies(take(second)) == [b"c"]


def test_a_pending_range_that_lost_its_first_message_keeps_its_token(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    topic = kafka.topic()
    kafka.send(topic, [b"a", b"b"])
    first = kafka.source(topic, "half", limits=BatchLimits(linger_s=0.3))
    begun = take(first)[0]
    first.begin([begun])
    crash(first)
    delete_up_to(kafka, topic, 1)
    second = kafka.source(topic, "half")
    again = take(second)[0]
    assert (again.token, bodies([again])) == (begun.token, [b"b"])
    second.begin([again])
    committed = kafka.committed("half", topic)
    assert committed is not None and committed.offset == 0


def delete_up_to(kafka: KafkaBench, topic: str, offset: int) -> None:
    kafka.admin().delete_records({TopicPartition(topic, 0): offset})


def test_an_aborted_transaction_is_a_gap_and_not_a_message(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    topic = kafka.topic()
    producer = kafka.producer(transactional_id=f"tx-{topic}")
    producer.init_transactions()
    for body, keep in ((b"kept", True), (b"aborted", False), (b"kept too", True)):
        producer.begin_transaction()
        producer.send(topic, body).get(20)
        producer.commit_transaction() if keep else producer.abort_transaction()
    source = kafka.source(topic, "gaps", limits=BatchLimits(linger_s=0.3))
    batch = take_and_store(source)
    assert bodies([batch]) == [b"kept", b"kept too"]
    assert batch.last_offset - batch.first_offset > 1


def test_a_released_batch_comes_again_as_it_was(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    kafka.send(topic, [b"a", b"b"])
    source = kafka.source(topic, limits=BatchLimits(max_messages=1))
    batch = take(source)[0]
    source.begin([batch])
    assert source.owns(batch)
    source.release(batch, RuntimeError("the store is away"))
    again = take(source)[0]
    assert again is batch
    store(source, [again])
    assert bodies([take_and_store(source)]) == [b"b"]
    assert not source.owns(batch)


def test_the_lag_counts_what_is_not_stored_yet(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    kafka.send(topic, [b"a"] * 5)
    source = kafka.source(topic, limits=BatchLimits(max_messages=2, linger_s=0.3))
    batches = take(source)
    assert source.lag() == {(topic, 0): 5}
    store(source, batches)
    assert source.lag() == {(topic, 0): 3}


def test_an_acknowledged_batch_cannot_be_acknowledged_again(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    kafka.send(topic, [b"a"])
    source = kafka.source(topic)
    batch = take_and_store(source)
    with pytest.raises(PartitionLost):
        source.acknowledge(batch, {})


def test_reading_ahead_stays_within_the_bound_and_loses_nothing(kafka: KafkaBench) -> None:
    topic = kafka.topic(3)
    for partition in range(3):
        kafka.send(topic, [bytes([partition]) * 20_000] * 30, partition)
    limits = BatchLimits(max_bytes=100_000, linger_s=0.05)
    source = kafka.source(topic, limits=limits, buffer_max_bytes=200_000)
    seen = 0
    while seen < 90:
        batches = take(source)
        assert sum(len(body) for body in bodies(batches)) <= 400_000
        seen += len(bodies(batches))
        store(source, batches)
    assert seen == 90


def test_close_may_be_called_twice(kafka: KafkaBench) -> None:
    source = kafka.source(kafka.topic())
    source.poll(0.1)
    source.close()
    source.close()
