"""Detectors on a real broker and a real store, with a small engine and a clock that the test moves."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyarrow as pa
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from detectors.action_feed import ActionFeed
from detectors.engines import Engines
from detectors.followed import Followed
from detectors.reporting import Reporter
from detectors.saving import StateKeeper
from detectors.score_inbox import ScoreInbox
from detectors.service import ACTION_LAG_S, SCORE_LAG_S, DetectorService, ServiceParts
from tests.detectors.standin import StandInEngines
from tests.fixtures.broker import KafkaBench
from watchkeeper.clock import ManualClock, SystemClock
from watchkeeper.codec import encode_calls
from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import RegressionFilter, latest_regressions, regression_history
from watchkeeper.storage.score_feed import ScoreFeed
from watchkeeper.streams.bad_messages import BadMessageGuard
from watchkeeper.streams.kafka_follower import Follower
from watchkeeper.streams.kafka_partition import BatchLimits
from watchkeeper.streams.kafka_regressions import RegressionsTopic
from watchkeeper.streams.kafka_sink import ProducerConfig
from watchkeeper.streams.kafka_source import KafkaSource
from watchkeeper.streams.kafka_source_config import KafkaSourceConfig
from watchkeeper.telemetry import Metrics

PATIENCE_S = 120.0
Told = tuple[str, int, str]
"""Id, number and reason of a transition; the stand-in's reason depends on everything that came before."""


@dataclass
class ServiceBench:
    """Topics of one test, and services on them. ``every`` calls of a model are a transition."""

    kafka: KafkaBench
    store: Store
    every: int = 50
    partitions: int = 1
    calls_topic: str = ""
    regressions_topic: str = ""
    group: str = field(default_factory=lambda: f"detectors-{uuid.uuid4().hex[:12]}")
    clock: ManualClock = field(default_factory=lambda: ManualClock(SystemClock().now()))
    metrics: Metrics = field(default_factory=Metrics)
    snapshot_s: float = 1e9

    def __post_init__(self) -> None:
        self.calls_topic = self.kafka.topic(self.partitions)
        self.regressions_topic = self.kafka.topic(2)

    @property
    def engines(self) -> Engines:
        return StandInEngines(self.every)

    def service(self, **source: Any) -> DetectorService:
        topic = self.kafka.closing(
            RegressionsTopic(ProducerConfig(self.kafka.connection), self.regressions_topic, SystemClock())
        )
        keeper = StateKeeper(self.store, self.clock, self.engines, self.group, self.snapshot_s)
        reporter = Reporter(self.store, self.clock, self.metrics, topic)
        guard = BadMessageGuard(1.0, 5)
        actions = ActionFeed(self.store, self.clock, ACTION_LAG_S)
        scores = ScoreInbox(ScoreFeed(self.store), self.clock, self.metrics, SCORE_LAG_S)
        parts = ServiceParts(
            self.store, self.engines, keeper, reporter, actions, scores, guard, self.metrics, self.clock
        )
        config = KafkaSourceConfig(
            self.kafka.connection, self.group, (self.calls_topic,),
            limits=BatchLimits(max_messages=3, linger_s=0.0), **source,
        )  # fmt: skip

        def connect(follower: Follower) -> KafkaSource:
            source: KafkaSource = self.kafka.closing(KafkaSource(config, SystemClock(), follower))
            return source

        return DetectorService(parts, connect)

    def send(self, bodies: Sequence[tuple[bytes, float]], partition: int = 0) -> None:
        """Messages and the Unix seconds they are sent at."""
        producer = KafkaProducer(bootstrap_servers=self.kafka.broker.bootstrap)
        for body, at in bodies:
            producer.send(self.calls_topic, body, partition=partition, timestamp_ms=round(at * 1000))
        producer.flush(20)
        producer.close()

    def table(self) -> list[Told]:
        ids = [row.id for row in latest_regressions(self.store, RegressionFilter())]
        rows = [row for one in sorted(ids) for row in regression_history(self.store, one)]
        return [(row.id, row.seq, row.reason) for row in rows]

    def rows(self) -> int:
        (found,) = self.store.query_rows("SELECT count() AS rows FROM regressions")
        return int(found["rows"])

    def topic(self, count: int) -> list[Told]:
        """All that was published, at least ``count``."""
        consumer = KafkaConsumer(bootstrap_servers=self.kafka.broker.bootstrap, auto_offset_reset="earliest")
        places = [TopicPartition(self.regressions_topic, number) for number in range(2)]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        found: list[Told] = []
        deadline = time.monotonic() + PATIENCE_S
        while any(consumer.position(place) < ends[place] for place in places):
            assert time.monotonic() < deadline
            for records in consumer.poll(timeout_ms=200).values():
                said = [orjson.loads(record.value) for record in records]
                found += [(one["id"], one["seq"], one["reason"]) for one in said]
        consumer.close()
        assert len(found) >= count, found
        return sorted(found)

    def expected(self, bodies: Sequence[tuple[pa.Table, float]]) -> list[Told]:
        """What an undisturbed engine says of these units."""
        followed = Followed.begin(self.engines, self.clock.now(), 0, with_repeats=True)
        found = [one for calls, at in bodies for one in followed.take(calls, at, 0)]
        return sorted((one.id, one.seq, one.reason) for one in found)


def encoded(units: Sequence[tuple[pa.Table, float]]) -> list[tuple[bytes, float]]:
    return [(encode_calls(calls), at) for calls, at in units]


def work_until(condition: Callable[[], bool], what: str, *services: DetectorService) -> None:
    """Let the services work in turn until ``condition`` holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {PATIENCE_S} s"
        for service in services:
            service.run_once(0.2)
