"""The topic of regressions: each transition once, and what is there can be told."""

from typing import Any

import orjson
import pytest
from kafka import KafkaConsumer

from tests.fixtures.broker import KafkaBench
from watchkeeper.clock import SystemClock
from watchkeeper.errors import Transient
from watchkeeper.streams.kafka_calls import CallsPublisher
from watchkeeper.streams.kafka_regressions import RegressionMessage, RegressionsTopic
from watchkeeper.streams.kafka_sink import ProducerConfig

pytestmark = pytest.mark.kafka


def open_topic(kafka: KafkaBench, name: str) -> RegressionsTopic:
    topic: RegressionsTopic = kafka.closing(RegressionsTopic(ProducerConfig(kafka.connection), name, SystemClock()))
    return topic


def message(regression_id: str, seq: int, model: str = "gpt-4o") -> RegressionMessage:
    body = orjson.dumps({"id": regression_id, "seq": seq, "state": "open"})
    return RegressionMessage(f"openai/{model}", regression_id, seq, body)


def records(kafka: KafkaBench, name: str, count: int) -> list[Any]:
    consumer = kafka.closing(
        KafkaConsumer(name, bootstrap_servers=kafka.broker.bootstrap, auto_offset_reset="earliest")
    )
    found: list[Any] = []
    while len(found) < count:
        found += [record for some in consumer.poll(1000).values() for record in some]
    return found


def test_transitions_of_a_model_meet_in_one_partition_in_order(kafka: KafkaBench) -> None:
    name = kafka.topic(4)
    open_topic(kafka, name).publish([message("a", seq) for seq in range(1, 6)])
    found = records(kafka, name, 5)
    assert len({record.partition for record in found}) == 1
    assert {record.key for record in found} == {b"openai/gpt-4o"}
    assert [orjson.loads(record.value)["seq"] for record in found] == [1, 2, 3, 4, 5]


def test_what_was_published_since_can_be_told(kafka: KafkaBench) -> None:
    name = kafka.topic(3)
    topic = open_topic(kafka, name)
    assert topic.published_since({}) == set() and topic.ends() == {0: 0, 1: 0, 2: 0}
    topic.publish([message("a", 1), message("b", 1, "gpt-5")])
    marks = topic.ends()
    assert sum(marks.values()) == 2
    kafka.send(name, [b"not ours", b"[]", b'{"id": "x"}'])
    topic.publish([message("a", 2), message("c", 1, "claude")])
    assert topic.published_since(marks) == {("a", 2), ("c", 1)}
    assert topic.published_since({}) == {("a", 1), ("b", 1), ("a", 2), ("c", 1)}
    assert topic.published_since(topic.ends()) == set()


def test_after_a_publish_of_unknown_outcome_only_what_is_missing_is_sent(
    kafka: KafkaBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = kafka.topic(2)
    topic = open_topic(kafka, name)
    publish, flush = CallsPublisher.publish, CallsPublisher.flush

    def cut_off(self: CallsPublisher, timeout_s: float) -> None:
        flush(self, timeout_s)
        raise Transient("no answer")

    def half(self: CallsPublisher, key: str, body: bytes) -> None:
        if b'"seq":1' in body:
            publish(self, key, body)

    with monkeypatch.context() as patch, pytest.raises(Transient):
        patch.setattr(CallsPublisher, "publish", half)
        patch.setattr(CallsPublisher, "flush", cut_off)
        topic.publish([message("a", 1), message("a", 2)])
    topic.publish([message("a", 1), message("a", 2)])
    topic.publish([message("a", 3)])
    assert [orjson.loads(record.value)["seq"] for record in records(kafka, name, 3)] == [1, 2, 3]


def test_a_topic_that_does_not_exist_is_told_with_its_mend(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    with pytest.raises(Transient, match="nowhere.*topics create"):
        open_topic(kafka, "nowhere").ends()
