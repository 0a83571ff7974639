"""Making, comparing and looking at topics."""

import uuid

import pytest

from tests.fixtures.broker import KafkaBench
from tests.watchkeeper.streams.source_steps import take_and_store
from watchkeeper.errors import ConfigError, Transient
from watchkeeper.streams.kafka_connection import KafkaConnection
from watchkeeper.streams.kafka_partition import BatchLimits
from watchkeeper.streams.kafka_topics import TopicState, create_topics, probe
from watchkeeper.topics import Topic

pytestmark = pytest.mark.kafka


def topic(partitions: int = 3, retention_hours: int = 5) -> Topic:
    return Topic(f"made-{uuid.uuid4().hex[:12]}", "for a test", partitions, retention_hours)


def test_topics_are_made_once_and_then_compared(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    wanted = topic()
    changed = Topic(wanted.name, "for a test", 6, 7)
    states = [create_topics(kafka.connection, [one], 1)[0] for one in (wanted, wanted, changed)]
    assert [report.state for report in states] == [TopicState.CREATED, TopicState.EXISTING, TopicState.DIFFERENT]
    assert states[0].partitions == 3
    assert "3 partitions instead of 6" in states[2].detail


def test_a_different_retention_is_told_in_hours(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    wanted = topic()
    create_topics(kafka.connection, [wanted], 1)
    changed = Topic(wanted.name, "for a test", 3, 7)
    assert create_topics(kafka.connection, [changed], 1)[0].detail == "kept 5 h instead of 7 h"


def test_too_many_replicas_are_refused_in_the_brokers_words(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    with pytest.raises(ConfigError, match="refuse to create made-.*replication"):
        create_topics(kafka.connection, [topic()], 3)


def test_the_probe_names_missing_topics_and_counts_the_lag(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    name = kafka.topic(2)
    kafka.send(name, [b"a", b"b", b"c"])
    missing = topic()
    group = f"probed-{name}"
    before = probe(kafka.connection, [Topic(name, "", 2, 168), missing], group)
    take_and_store(kafka.source(name, group, limits=BatchLimits(max_messages=2, linger_s=0.3)))
    after = probe(kafka.connection, [Topic(name, "", 2, 168), missing], group)
    assert before.brokers == 1
    assert [report.state for report in before.topics][1] is TopicState.MISSING
    assert before.lag == {}
    assert after.lag == {(name, 0): 1}


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the client library's, while it is refused
def test_without_a_broker_the_address_is_in_the_error(kafka: KafkaBench) -> None:
    kafka.will_be_refused()
    nobody = KafkaConnection(("127.0.0.1:1",), bootstrap_timeout_s=0.5)
    with pytest.raises(Transient, match=r"127\.0\.0\.1:1.*BOOTSTRAP_SERVERS"):
        probe(nobody, [topic()], "nobody")
