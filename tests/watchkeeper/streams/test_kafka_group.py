"""KafkaSource as a member of a group: rebalances, long pauses, a broker that goes away and comes back."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import pytest

from tests.fixtures.broker import KafkaBench
from tests.watchkeeper.streams.source_steps import PATIENCE_S, bodies, crash, store, take
from watchkeeper.clock import SystemClock
from watchkeeper.errors import PartitionLost, Transient
from watchkeeper.streams.kafka_partition import BatchLimits
from watchkeeper.streams.kafka_source import KafkaSource
from watchkeeper.streams.kafka_source_config import KafkaSourceConfig

pytestmark = pytest.mark.kafka

PARTITIONS = 4
EACH = 60


def eventually(what: str, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {PATIENCE_S} s: {what}")


@dataclass(slots=True)
class TokenStore:
    """What a store that drops known tokens would hold."""

    by_token: dict[str, list[bytes]] = field(default_factory=dict)
    inserts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def insert(self, token: str, messages: list[bytes]) -> None:
        with self.lock:
            assert self.by_token.setdefault(token, messages) == messages, "one token, two contents"
            self.inserts[token] += 1

    def stored(self) -> list[bytes]:
        with self.lock:
            return [message for messages in self.by_token.values() for message in messages]


@dataclass(slots=True)
class Member:
    """A consumer working in a thread of its own until it is told to leave."""

    source: KafkaSource
    held: TokenStore
    leaving: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def leave(self) -> None:
        self.leaving.set()
        self.thread.join(PATIENCE_S)

    def _work(self) -> None:
        while not self.leaving.is_set():
            batches = self.source.poll(0.1)
            try:
                self.source.begin(batches)
                for batch in batches:
                    self.held.insert(batch.token, bodies([batch]))
                    self.source.acknowledge(batch, {})
            except PartitionLost:
                continue
        self.source.close()


@dataclass(slots=True)
class Group:
    """Members of one group on one topic, and everything that was sent to it."""

    kafka: KafkaBench
    topic: str
    held: TokenStore = field(default_factory=TokenStore)
    members: list[Member] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)

    def send_round(self, number: int) -> None:
        for partition in range(PARTITIONS):
            messages = [b"%d-%d-%d" % (number, partition, i) for i in range(EACH)]
            self.kafka.send(self.topic, messages, partition)
            self.sent.extend(messages)

    def join(self) -> Member:
        limits = BatchLimits(max_messages=5, linger_s=0.01)
        member = Member(self.kafka.source(self.topic, f"group-of-{self.topic}", limits=limits), self.held)
        self.members.append(member)
        return member

    def disband(self) -> None:
        for member in self.members:
            member.leave()


@pytest.fixture
def group(kafka: KafkaBench) -> Iterator[Group]:
    made = Group(kafka, kafka.topic(PARTITIONS))
    yield made
    made.disband()


def test_members_come_and_go_and_every_message_is_stored_once(group: Group) -> None:
    group.kafka.needs_complete_broker()
    group.send_round(0)
    first = group.join()
    eventually("the first member stores", lambda: len(group.held.stored()) >= EACH)
    second = group.join()
    group.send_round(1)
    eventually("the second member has partitions", second.source.lag)
    group.join()
    group.send_round(2)
    first.leave()
    group.send_round(3)
    eventually("all is stored", lambda: len(group.held.stored()) >= len(group.sent))
    group.disband()
    assert Counter(group.held.stored()) == Counter(group.sent)
    again = sum(count - 1 for count in group.held.inserts.values())
    assert again <= 2 * PARTITIONS, "a rebalance repeats at most the batches in work"


def test_joining_ends_in_an_assignment_however_short_the_polls(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    for _ in range(12):  # the client library loses about one join in seven to a race
        topic = kafka.topic()
        kafka.send(topic, [b"a"])
        source = kafka.source(topic, limits=BatchLimits(linger_s=0.0))
        eventually("the partition is assigned", partial(source.poll, 0))
        source.close()


def test_added_partitions_are_found_even_by_short_polls(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    topic = kafka.topic()
    connection = replace(kafka.connection, metadata_max_age_s=0.2)
    config = KafkaSourceConfig(connection, f"growing-{topic}", (topic,), limits=BatchLimits(linger_s=0.0))
    source = kafka.closing(KafkaSource(config, SystemClock()))
    stored: list[bytes] = []

    def is_stored(body: bytes) -> bool:
        batches = source.poll(0)
        store(source, batches)
        stored.extend(bodies(batches))
        return body in stored

    for count in range(2, 6):
        kafka.admin().create_partitions({topic: count})
        kafka.send(topic, [b"%d" % count], count - 1)
        eventually(f"partition {count - 1} is read", partial(is_stored, b"%d" % count))


def test_keep_alive_outlasts_the_poll_interval(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    kafka.send(topic, [b"a"])
    source = kafka.source(topic, max_poll_interval_s=1.5, session_timeout_s=6)
    batch = take(source)[0]
    source.begin([batch])
    kafka.send(topic, [b"b"])
    until = time.monotonic() + 4
    while time.monotonic() < until:
        source.keep_alive()
    assert source.owns(batch)
    source.acknowledge(batch, {})
    assert bodies(take(source)) == [b"b"]


def test_without_keep_alive_the_batch_is_lost_and_comes_again(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    kafka.send(topic, [b"a"])
    source = kafka.source(topic, max_poll_interval_s=1.5, session_timeout_s=6)
    batch = take(source)[0]
    source.begin([batch])
    eventually("the consumer is put out of its group", lambda: not source.owns(batch))
    with pytest.raises(PartitionLost):
        source.acknowledge(batch, {})
    again = take(source)[0]
    assert bodies([again]) == [b"a"]
    assert again.opening
    if kafka.broker.is_complete:
        assert again.token == batch.token
    store(source, [again])


def test_a_partition_taken_during_an_outage_is_repeated_by_its_new_owner(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    topic = kafka.topic(2)
    kafka.send(topic, [b"a"], 0)
    kafka.send(topic, [b"b"], 1)
    first = kafka.source(topic, "outage", limits=BatchLimits(linger_s=0.5))
    batches = take(first)
    assert len(batches) == 2
    first.begin(batches)
    second = kafka.source(topic, "outage")
    taken, over = threading.Event(), threading.Event()
    found: list[str] = []

    def take_over() -> None:
        found.extend(batch.token for batch in take(second))
        taken.set()
        # A member that is silent keeps the group from coming to rest, and the first one from committing.
        while not over.is_set():
            second.keep_alive()

    thread = threading.Thread(target=take_over)
    thread.start()

    def rebalanced() -> bool:
        first.keep_alive()
        return taken.is_set()

    try:
        eventually("the second member repeats a batch", rebalanced)
        lost = [batch for batch in batches if not first.owns(batch)]
        kept = [batch for batch in batches if first.owns(batch)]
        assert [batch.token for batch in lost] == found
        assert len(kept) == 1
        first.acknowledge(kept[0], {})
        with pytest.raises(PartitionLost):
            first.acknowledge(lost[0], {})
    finally:
        over.set()
        thread.join(PATIENCE_S)
    committed = kafka.committed("outage", topic, kept[0].partition)
    assert committed is not None and committed.offset == 1


def test_a_broker_that_dies_and_comes_back_is_picked_up_again(kafka: KafkaBench) -> None:
    broker = kafka.needs_restart()
    topic = kafka.topic()
    kafka.send(topic, [b"a", b"b"])
    source = kafka.source(topic, limits=BatchLimits(max_messages=1))
    batch = take(source)[0]
    source.begin([batch])
    broker.restart(hard=True)

    def acknowledged() -> bool:
        try:
            source.acknowledge(batch, {})
        except Transient:
            return False
        return True

    eventually("the commit goes through", acknowledged)
    kafka.send(topic, [b"c"])
    rest: list[bytes] = []
    while len(rest) < 2:
        batches = take(source)
        rest += bodies(batches)
        store(source, batches)
    assert rest == [b"b", b"c"]


def test_a_static_member_comes_back_without_a_rebalance(kafka: KafkaBench) -> None:
    kafka.needs_complete_broker()
    topic = kafka.topic()
    kafka.send(topic, [b"a"])
    first = kafka.source(topic, "static", group_instance_id="one", session_timeout_s=30)
    begun = take(first)[0]
    first.begin([begun])
    crash(first)
    began = time.monotonic()
    second = kafka.source(topic, "static", group_instance_id="one", session_timeout_s=30)
    assert take(second)[0].token == begun.token
    assert time.monotonic() - began < 25, "waited for the session to end"
