"""``watchkeeper detectors run``: stored calls from Kafka, regressions into the store and onto a topic."""

import contextlib
from collections.abc import Iterator

from fastapi import FastAPI

from api.routes import health
from api.server import ApiServer, Listen
from detectors.action_feed import ActionFeed
from detectors.reporting import Reporter
from detectors.saving import StateKeeper
from detectors.score_inbox import ScoreInbox
from detectors.service import ACTION_LAG_S, SCORE_LAG_S, DetectorService, ServiceParts
from watchkeeper.cli import wiring
from watchkeeper.cli.detecting import engines
from watchkeeper.cli.running import Ending, PipelineThread
from watchkeeper.clock import Clock, SystemClock
from watchkeeper.errors import ConfigError, WatchkeeperError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.storage.score_feed import ScoreFeed
from watchkeeper.streams.bad_messages import BadMessageGuard
from watchkeeper.streams.kafka_follower import Follower
from watchkeeper.streams.kafka_partition import BatchLimits
from watchkeeper.streams.kafka_regressions import RegressionsTopic
from watchkeeper.streams.kafka_sink import ProducerConfig
from watchkeeper.streams.kafka_source import KafkaSource
from watchkeeper.streams.kafka_source_config import KafkaSourceConfig
from watchkeeper.telemetry import Metrics, configure_logs

_LIMITS = BatchLimits(max_messages=500, max_bytes=8 * 2**20, linger_s=0.05)


def run(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM. Raises what ended the service, among it :class:`DeadLetterLimit`."""
    configure_logs(settings.log_level, settings.log_format)
    clock, metrics, ending = SystemClock(), Metrics(), Ending()
    with _store(settings) as store, contextlib.ExitStack() as outside:
        service = _service(settings, store, metrics, clock, outside)
        thread = PipelineThread(service, lambda: None, ending.ask)
        app = FastAPI(title="Watchkeeper detectors")
        app.include_router(health.router(thread.checks, metrics))
        server = ApiServer(app, Listen(settings.host, settings.metrics_port, "WATCHKEEPER_METRICS_PORT"), clock)
        thread.start()
        try:
            server.start()
            ending.listen()
            ending.wait()
        finally:
            if thread.stop(settings.shutdown_timeout_s):
                service.close()
            server.stop()
    if thread.error is not None:
        raise WatchkeeperError(f"the detectors stopped: {thread.error}")


@contextlib.contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    with contextlib.closing(Store.open(wiring.store_config(settings))) as store:
        if settings.store == "chdb":
            wiring.migrate(store, settings)
        yield store


def _service(
    settings: Settings, store: Store, metrics: Metrics, clock: Clock, outside: contextlib.ExitStack
) -> DetectorService:
    if not settings.kafka_calls_topic:
        raise ConfigError("the detectors read the topic of stored calls: set WATCHKEEPER_KAFKA_CALLS_TOPIC")
    topic = None
    if settings.kafka_regressions_topic:
        config = ProducerConfig(wiring.kafka_connection(settings))
        topic = outside.enter_context(
            contextlib.closing(RegressionsTopic(config, settings.kafka_regressions_topic, clock))
        )
    made = engines(settings, store)
    parts = ServiceParts(
        store=store,
        engines=made,
        keeper=StateKeeper(store, clock, made, settings.kafka_detectors_group, settings.detector_snapshot_s),
        reporter=Reporter(store, clock, metrics, topic),
        actions=ActionFeed(store, clock, ACTION_LAG_S),
        scores=ScoreInbox(ScoreFeed(store), clock, metrics, SCORE_LAG_S),
        guard=BadMessageGuard(settings.dead_letter_max_ratio, settings.dead_letter_max_consecutive),
        metrics=metrics,
        clock=clock,
    )
    return DetectorService(parts, lambda follower: _source(settings, clock, follower))


def _source(settings: Settings, clock: Clock, follower: Follower) -> KafkaSource:
    config = KafkaSourceConfig(
        connection=wiring.kafka_connection(settings),
        group=settings.kafka_detectors_group,
        topics=(settings.kafka_calls_topic,),
        group_instance_id=settings.kafka_group_instance_id,
        limits=_LIMITS,
    )
    return KafkaSource(config, clock, follower)
