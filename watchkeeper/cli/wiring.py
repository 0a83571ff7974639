"""Settings to objects: what several commands build the same way."""

import secrets
from dataclasses import dataclass, replace

from api.server import Listen
from collector.memory import CallMemory
from collector.pipeline import Parts, Pipeline, Publisher
from collector.price_book import PriceBook
from collector.stage import Stage, StageOptions
from collector.writer import Writer
from watchkeeper.clock import Clock
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.migrate import Migration, Migrator
from watchkeeper.storage.retention import Retention
from watchkeeper.streams.bad_messages import BadMessageGuard
from watchkeeper.streams.kafka_connection import KafkaConnection
from watchkeeper.streams.otlp_auth import Admit
from watchkeeper.streams.otlp_config import ReceiverConfig
from watchkeeper.streams.otlp_linger import Linger
from watchkeeper.streams.otlp_queue import OtlpSource, QueueLimits
from watchkeeper.streams.source import Source
from watchkeeper.telemetry import Metrics
from watchkeeper.topics import TOPICS, Topic


def store_config(settings: Settings) -> StoreConfig:
    """Where the store is."""
    return StoreConfig(
        kind="chdb" if settings.store == "chdb" else "clickhouse",
        database=settings.database,
        data_dir=settings.data_dir if settings.store == "chdb" else None,
        url=settings.clickhouse_url,
        user=settings.clickhouse_user,
        password=settings.clickhouse_password.get_secret_value(),
    )


def retention(settings: Settings) -> Retention:
    """How long each table keeps its rows."""
    return Retention(
        calls_days=settings.calls_ttl_days,
        rollup_1m_days=settings.rollup_1m_ttl_days,
        rollup_1h_days=settings.rollup_1h_ttl_days,
        scores_days=settings.scores_ttl_days,
        dead_letters_days=settings.dead_letters_ttl_days,
        content_days=settings.content_ttl_days,
        regressions_days=settings.regressions_ttl_days,
        audit_days=settings.audit_ttl_days,
    )


def migrate(store: Store, settings: Settings) -> list[Migration]:
    """Bring the database up to date; returns what was applied."""
    return Migrator(store, retention(settings)).run()


def pending_migrations(store: Store, settings: Settings) -> list[Migration]:
    """What :func:`migrate` would apply; all of them where there is no database yet."""
    return Migrator(store, retention(settings)).pending()


def stage(settings: Settings) -> Stage:
    """What reads spans, with prices and duplicate memory."""
    options = StageOptions(
        calls_ttl_days=settings.calls_ttl_days,
        capture_content=settings.capture_content,
        user_salt=settings.user_hash_salt.get_secret_value().encode(),
    )
    return Stage(CallMemory(settings.dedupe_calls), PriceBook.load(settings.price_file), options)


@dataclass(frozen=True, slots=True)
class Outside:
    """What a pipeline meets: where spans come from, where calls go."""

    source: Source
    store: Store
    publisher: Publisher


def pipeline(settings: Settings, outside: Outside, metrics: Metrics, clock: Clock) -> Pipeline:
    """The collector's main path over ``outside``."""
    return Pipeline(
        Parts(
            source=outside.source,
            stage=stage(settings),
            writer=Writer(outside.store, clock, settings.dedupe_calls),
            publisher=outside.publisher,
            guard=BadMessageGuard(settings.dead_letter_max_ratio, settings.dead_letter_max_consecutive),
            metrics=metrics,
            clock=clock,
        )
    )


def otlp_source(settings: Settings, clock: Clock) -> OtlpSource:
    """The queue between the receivers and the pipeline."""
    limits = QueueLimits(
        max_bytes=settings.queue_max_bytes,
        batch_max_bytes=settings.batch_max_bytes,
        batch_max_messages=settings.batch_max_messages,
        linger=Linger(longest_s=settings.batch_linger_ms / 1000),
    )
    return OtlpSource(limits, clock, secrets.token_hex(8))


def receiver_config(settings: Settings, admit: Admit | None = None) -> ReceiverConfig:
    """Addresses and bounds of the OTLP receivers; ``admit`` lets in who has a key."""
    return ReceiverConfig(
        host=settings.host,
        http_port=settings.otlp_http_port,
        grpc_port=settings.otlp_grpc_port,
        tokens=settings.tokens,
        admit=admit,
        tls_cert_file=settings.tls_cert_file,
        tls_key_file=settings.tls_key_file,
        max_request_bytes=settings.max_request_bytes,
        request_timeout_s=settings.request_timeout_s,
    )


def api_listen(settings: Settings) -> Listen:
    """Where the API listens."""
    return Listen(
        settings.host,
        settings.api_port,
        "--api-port or WATCHKEEPER_API_PORT",
        settings.tls_cert_file,
        settings.tls_key_file,
    )


def kafka_connection(settings: Settings, patience_s: float = 30.0) -> KafkaConnection:
    """Addresses and credentials of the brokers, which may take ``patience_s`` to answer at first."""
    return KafkaConnection(
        bootstrap_timeout_s=patience_s,
        bootstrap_servers=settings.kafka_bootstrap_servers,
        security_protocol=settings.kafka_security_protocol,
        sasl_mechanism=settings.kafka_sasl_mechanism,
        sasl_username=settings.kafka_sasl_username,
        sasl_password=settings.kafka_sasl_password.get_secret_value(),
        ssl_cafile=str(settings.kafka_ssl_cafile or ""),
    )


def configured_topics(settings: Settings) -> list[Topic]:
    """The topics of :mod:`watchkeeper.topics` under the names that are configured."""
    spans, logs, calls, regressions = TOPICS
    wanted = [replace(spans, name=name) for name in settings.kafka_topics]
    wanted += [replace(logs, name=name) for name in settings.kafka_log_topics]
    optional = ((calls, settings.kafka_calls_topic), (regressions, settings.kafka_regressions_topic))
    return wanted + [replace(topic, name=name) for topic, name in optional if name]
