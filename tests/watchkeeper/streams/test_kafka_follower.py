"""Partitions whose place of reading is kept elsewhere: the follower says where to start, and hears of every change."""

from dataclasses import dataclass, field

import pytest

from tests.fixtures.broker import KafkaBench
from tests.watchkeeper.streams.source_steps import bodies, take, take_and_store
from watchkeeper.clock import SystemClock
from watchkeeper.errors import Transient
from watchkeeper.streams.kafka_follower import Follower
from watchkeeper.streams.kafka_partition import BatchLimits
from watchkeeper.streams.kafka_source import KafkaSource
from watchkeeper.streams.kafka_source_config import KafkaSourceConfig

pytestmark = pytest.mark.kafka


@dataclass
class Recorded(Follower):
    start: int | None
    faults: int = 0
    told: list[tuple[str, int]] = field(default_factory=list)

    def opened(self, topic: str, partition: int) -> int | None:
        if self.faults:
            self.faults -= 1
            raise Transient("not now")
        self.told.append(("opened", partition))
        return self.start

    def lost(self, topic: str, partition: int) -> None:
        self.told.append(("lost", partition))


def following(kafka: KafkaBench, topic: str, follower: Follower, group: str) -> KafkaSource:
    config = KafkaSourceConfig(kafka.connection, group, (topic,), limits=BatchLimits(linger_s=0.3))
    source: KafkaSource = kafka.closing(KafkaSource(config, SystemClock(), follower))
    return source


def test_reading_starts_where_the_follower_says_not_where_the_group_stopped(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    kafka.send(topic, [b"a", b"b", b"c", b"d"])
    group = f"kept-{topic}"
    first = kafka.source(topic, group, limits=BatchLimits(linger_s=0.3))
    assert bodies([take_and_store(first)]) == [b"a", b"b", b"c", b"d"]
    first.close()
    follower = Recorded(start=1)
    source = following(kafka, topic, follower, group)
    assert bodies(take(source)) == [b"b", b"c", b"d"]
    assert follower.told == [("opened", 0)]


def test_without_an_answer_the_group_decides(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    kafka.send(topic, [b"a", b"b"])
    group = f"kept-{topic}"
    first = kafka.source(topic, group, limits=BatchLimits(max_messages=1, linger_s=0.3))
    take_and_store(first)
    first.close()
    assert bodies(take(following(kafka, topic, Recorded(start=None), group))) == [b"b"]


def test_a_follower_that_cannot_say_yet_is_asked_again(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    kafka.send(topic, [b"a", b"b"])
    follower = Recorded(start=1, faults=2)
    source = following(kafka, topic, follower, f"kept-{topic}")
    refused = 0
    while refused < 2:
        try:
            assert not source.poll(5.0)
        except Transient as error:
            assert str(error) == "not now"
            refused += 1
    assert bodies(take(source)) == [b"b"] and follower.told == [("opened", 0)]


def test_a_partition_that_is_started_again_asks_the_follower_anew(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    kafka.send(topic, [b"a", b"b", b"c"])
    follower = Recorded(start=0)
    source = following(kafka, topic, follower, f"kept-{topic}")
    (batch,) = take(source)
    source.release(batch, Transient("half done"))
    follower.start = 2
    source.start_again(topic, 0)
    assert bodies(take(source)) == [b"c"]
    assert follower.told == [("opened", 0), ("opened", 0)]


def test_the_end_is_what_the_brokers_say_and_work_in_hand_is_no_end(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    kafka.send(topic, [b"a"])
    source = following(kafka, topic, Recorded(start=0), f"kept-{topic}")
    (batch,) = take(source)
    assert source.read_to_end() == set()
    source.acknowledge(batch, {})
    source.poll(0.1)
    assert source.read_to_end() == {(topic, 0)}
    kafka.send(topic, [b"b"])
    assert source.read_to_end() == set()


def test_a_partition_that_goes_is_told(kafka: KafkaBench) -> None:
    topic = kafka.topic(2)
    one, two = Recorded(start=0), Recorded(start=0)
    first = following(kafka, topic, one, f"kept-{topic}")
    while len(one.told) < 2:
        first.poll(0.2)
    second = following(kafka, topic, two, f"kept-{topic}")
    while not two.told:
        first.poll(0.1)
        second.poll(0.1)
    (lost,) = [partition for what, partition in one.told if what == "lost"]
    assert two.told == [("opened", lost)]
