"""``watchkeeper collector``: Kafka to ClickHouse (or to the embedded store, then with the API beside it)."""

import contextlib
from collections.abc import Callable, Iterator

from fastapi import FastAPI

from api.app import ApiParts, create_app
from api.routes import health
from api.server import ApiServer, Listen
from collector.pipeline import Publisher
from collector.publisher import KafkaPublisher
from watchkeeper.cli import garbage, guarding, wiring
from watchkeeper.cli.repricing import reprice_with
from watchkeeper.cli.running import Ending, PipelineThread
from watchkeeper.cli.up import open_embedded
from watchkeeper.clock import Clock, SystemClock
from watchkeeper.errors import WatchkeeperError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_ring import KeyRing
from watchkeeper.streams.kafka_calls import CallsPublisher
from watchkeeper.streams.kafka_partition import BatchLimits
from watchkeeper.streams.kafka_sink import ProducerConfig
from watchkeeper.streams.kafka_source import KafkaSource
from watchkeeper.streams.kafka_source_config import KafkaSourceConfig
from watchkeeper.telemetry import Metrics, configure_logs

DECODER_VERSION = "1"
"""Part of every insert token: a collector that would build other rows from the same messages needs another one."""


def kafka_source(settings: Settings, clock: Clock) -> KafkaSource:
    """A member of the consumer group."""
    config = KafkaSourceConfig(
        connection=wiring.kafka_connection(settings),
        group=settings.kafka_group,
        topics=settings.kafka_topics,
        log_topics=settings.kafka_log_topics,
        version=DECODER_VERSION,
        group_instance_id=settings.kafka_group_instance_id,
        limits=BatchLimits(settings.batch_max_messages, settings.batch_max_bytes, settings.batch_linger_ms / 1000),
    )
    return KafkaSource(config, clock)


def publisher(settings: Settings) -> Publisher:
    """To the topic of stored calls, or to nobody."""
    if not settings.kafka_calls_topic:
        return Publisher()
    config = ProducerConfig(wiring.kafka_connection(settings))
    return KafkaPublisher(CallsPublisher(config, settings.kafka_calls_topic))


@contextlib.contextmanager
def _store(settings: Settings, clock: Clock) -> Iterator[Store]:
    store = open_embedded(settings, clock) if settings.store == "chdb" else Store.open(wiring.store_config(settings))
    with contextlib.closing(store):
        yield store


def run(settings: Settings) -> None:
    """Consume until SIGINT or SIGTERM. Raises what ended the pipeline, among it :class:`DeadLetterLimit`."""
    configure_logs(settings.log_level, settings.log_format)
    clock, metrics, ending, listen = SystemClock(), Metrics(), Ending(), _listen(settings)
    with _store(settings, clock) as store, contextlib.ExitStack() as outside:
        # The doors first: whoever may not start is told so before a broker is waited for.
        ring = outside.enter_context(guarding.key_ring(settings, store, clock)) if settings.store == "chdb" else None
        out = outside.enter_context(contextlib.closing(publisher(settings)))
        source = kafka_source(settings, clock)
        line = wiring.pipeline(settings, wiring.Outside(source, store, out), metrics, clock)
        thread = PipelineThread(line, _lag_watch(source, metrics), ending.ask)
        server = ApiServer(_app(settings, store, metrics, thread, ring), listen, clock)
        garbage.search_less_often()
        thread.start()
        try:
            server.start()
            ending.listen()
            ending.wait()
        finally:
            thread.stop(settings.shutdown_timeout_s)
            source.close()
            server.stop()
    if thread.error is not None:
        raise WatchkeeperError(f"the pipeline stopped: {thread.error}")


def _lag_watch(source: KafkaSource, metrics: Metrics) -> Callable[[], None]:
    def note() -> None:
        for (topic, partition), lag in source.lag().items():
            metrics.kafka_lag.labels(topic, str(partition)).set(lag)

    return note


def _app(settings: Settings, store: Store, metrics: Metrics, thread: PipelineThread, ring: KeyRing | None) -> FastAPI:
    """The whole API over an embedded store, which no other process can open; else health and metrics only."""
    if ring is not None:
        clock = SystemClock()
        reprice = reprice_with(store, settings, clock)
        return create_app(
            ApiParts(
                store,
                metrics,
                clock,
                thread.checks,
                access=guarding.access(settings, ring),
                walls=guarding.walls(settings),
                bounds=guarding.bounds(settings),
                query_limits=guarding.query_limits(settings),
                reprice=reprice,
            )
        )
    app = FastAPI(title="Watchkeeper collector")
    app.include_router(health.router(thread.checks, metrics))
    return app


def _listen(settings: Settings) -> Listen:
    if settings.store == "chdb":
        return wiring.api_listen(settings)
    return Listen(settings.host, settings.metrics_port, "WATCHKEEPER_METRICS_PORT")
