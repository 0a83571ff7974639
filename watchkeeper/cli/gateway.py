"""``watchkeeper gateway``: OTLP in, Kafka out. Answers after Kafka's acknowledgement."""

import contextlib
from collections.abc import Iterator

from fastapi import FastAPI

from api.routes import health
from api.server import ApiServer, Listen
from watchkeeper.cli import guarding, wiring
from watchkeeper.cli.running import Ending
from watchkeeper.clock import Clock, SystemClock
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.streams.kafka_sink import KafkaSinkConfig, KafkaSpanSink
from watchkeeper.streams.otlp_auth import Admit
from watchkeeper.streams.otlp_receivers import OtlpReceivers
from watchkeeper.streams.otlp_validate import malformed_reason
from watchkeeper.telemetry import Metrics, configure_logs, logger

_log = logger("gateway")


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""
    configure_logs(settings.log_level, settings.log_format)
    clock, metrics, ending = SystemClock(), Metrics(), Ending()
    config = KafkaSinkConfig(
        connection=wiring.kafka_connection(settings),
        topic=settings.kafka_topics[0],
        logs_topic=settings.kafka_log_topics[0],
        queue_max_bytes=settings.queue_max_bytes,
    )
    with contextlib.closing(KafkaSpanSink(config, clock)) as sink, _admit(settings, clock) as admit:
        receivers = OtlpReceivers(wiring.receiver_config(settings, admit), sink, validate=malformed_reason)
        app = FastAPI(title="Watchkeeper gateway")
        app.include_router(health.router(dict, metrics))
        server = ApiServer(app, Listen(settings.host, settings.metrics_port, "WATCHKEEPER_METRICS_PORT"), clock)
        ports = receivers.start()
        try:
            server.start()
            _log.info("taking OTLP", http=ports.http, grpc=ports.grpc, topic=config.topic)
            ending.listen()
            ending.wait()
        finally:
            receivers.stop(settings.shutdown_timeout_s * 0.6)
            server.stop()


@contextlib.contextmanager
def _admit(settings: Settings, clock: Clock) -> Iterator[Admit | None]:
    """Keys are known to a gateway that has a server to ask; it starts while that is away, too."""
    if settings.store == "chdb":
        yield None
        return
    with (
        contextlib.closing(Store(wiring.store_config(settings))) as store,
        guarding.key_ring(settings, store, clock) as ring,
    ):
        yield guarding.admit(settings, ring)
