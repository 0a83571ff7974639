"""The only reader of the environment: one frozen class, prefix ``WATCHKEEPER_``.

Every field has a default, a unit and a sentence; docs/configuration.md is generated from it. A variable with our
prefix that neither a field nor watchkeeper-sdk, which may live in the same environment, knows is an error: a misspelt
setting must not be silently ignored.
"""

import json
import os
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from watchkeeper.errors import ConfigError
from watchkeeper.topics import LLM_CALLS, LLM_REGRESSIONS, OTLP_LOGS, OTLP_SPANS
from watchkeeper_sdk.environment import NAMES as SDK_VARIABLES

PREFIX = "WATCHKEEPER_"

_MAY_BE_EMPTY = ("kafka_log_topics", "kafka_calls_topic", "kafka_regressions_topic")
"""Settings where an empty variable says "none", not "the default"."""

Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """All settings of the platform's services."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    # --- Kafka
    kafka_bootstrap_servers: Words = Field(("localhost:9092",), description="Kafka brokers, comma-separated host:port.")
    kafka_security_protocol: str = Field("PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.")
    kafka_sasl_mechanism: str = Field("", description="SASL mechanism, e.g. PLAIN or SCRAM-SHA-512; empty: none.")
    kafka_sasl_username: str = Field("", description="SASL user name.")
    kafka_sasl_password: SecretStr = Field(SecretStr(""), description="SASL password.")
    kafka_ssl_cafile: Path | None = Field(None, description="CA file the broker's certificate is checked with.")
    kafka_group: str = Field("watchkeeper-collector", description="Consumer group; it scales by partitions.")
    kafka_group_instance_id: str = Field("", description="Static member id: restarts without a rebalance; empty: none.")
    kafka_topics: Words = Field((OTLP_SPANS,), description="Topics with OTLP spans, comma-separated.")
    kafka_log_topics: Words = Field(
        (OTLP_LOGS,), description="Topics with OTLP logs (evaluation results), comma-separated."
    )
    kafka_calls_topic: str = Field(
        LLM_CALLS, description="Topic the stored calls are published to (Arrow IPC); empty: not published."
    )
    kafka_detectors_group: str = Field(
        "watchkeeper-detectors", description="Consumer group of `watchkeeper detectors run`, and owner of its state."
    )
    kafka_regressions_topic: str = Field(
        LLM_REGRESSIONS, description="Topic the transitions of regressions are published to; empty: not published."
    )
    kafka_replication: int = Field(1, ge=1, description="Replication factor for `watchkeeper topics create`.")

    # --- store
    store: str = Field("chdb", pattern="^(chdb|clickhouse)$", description="`chdb` (embedded) or `clickhouse` (server).")
    data_dir: Path = Field(Path("watchkeeper-data"), description="Data directory of the embedded store.")
    clickhouse_url: str = Field("http://localhost:8123", description="ClickHouse HTTP(S) address.")
    clickhouse_user: str = Field("default", description="ClickHouse user.")
    clickhouse_password: SecretStr = Field(SecretStr(""), description="ClickHouse password.")
    database: str = Field("watchkeeper", pattern="^[A-Za-z_][A-Za-z0-9_]*$", description="Database name.")
    calls_ttl_days: int = Field(30, ge=1, description="Days a stored call is kept.")
    rollup_1m_ttl_days: int = Field(90, ge=1, description="Days the 1-minute rollup is kept.")
    rollup_1h_ttl_days: int = Field(730, ge=1, description="Days the 1-hour rollup is kept.")
    scores_ttl_days: int = Field(730, ge=1, description="Days feedback and evaluation scores are kept.")
    dead_letters_ttl_days: int = Field(14, ge=1, description="Days unreadable messages are kept.")
    content_ttl_days: int = Field(3, ge=1, description="Days captured content is kept, where it is captured at all.")
    audit_ttl_days: int = Field(730, ge=1, description="Days the audit log keeps a write.")
    regressions_ttl_days: int = Field(730, ge=1, description="Days regressions are kept after their last transition.")

    # --- collector
    batch_max_messages: int = Field(2_000, ge=1, description="Most messages in one insert.")
    batch_max_bytes: int = Field(32 * 2**20, ge=2**16, description="Most bytes of raw messages in one insert.")
    batch_linger_ms: int = Field(200, ge=0, description="Longest wait in milliseconds for a batch to fill.")
    dead_letter_max_ratio: float = Field(
        0.5, gt=0, le=1, description="Share of unreadable messages among the last 1,000 that stops a Kafka consumer."
    )
    dead_letter_max_consecutive: int = Field(
        500, ge=1, description="Unreadable messages in a row that stop a Kafka consumer."
    )
    dedupe_calls: int = Field(
        500_000, ge=1_000, description="How many recent calls are remembered to recognise repeated and layered spans."
    )
    capture_content: bool = Field(False, description="Store prompts and answers (in a table of their own).")
    user_hash_salt: SecretStr = Field(SecretStr(""), description="Salt for the hash of end-user ids; empty: no hash.")
    price_file: Path | None = Field(None, description="YAML file with your own prices (docs/pricing.md).")
    catalog_file: Path | None = Field(None, description="YAML file with your own facts on models (docs/catalog.md).")
    requirements_file: Path | None = Field(
        None, description="YAML file with what routes need of their models (docs/advice.md)."
    )

    # --- detectors
    detectors: bool = Field(True, description="Look for regressions in `watchkeeper up`.")
    detector: str = Field("e_detector", description="Which detector decides (docs/detection.md compares them).")
    detector_rules_file: Path | None = Field(None, description="YAML file with your rules for routes and metrics.")
    detector_false_page_days: float = Field(
        7.0, gt=0, description="At most one false page of the whole fleet in so many days, on average."
    )
    detector_fleet_series: int = Field(300, ge=1, description="Series that this budget is shared among.")
    detector_max_series: int = Field(5_000, ge=1, description="Most series watched; the one silent longest goes.")
    detector_snapshot_s: float = Field(
        60.0, gt=0, description="Seconds between two saves of what the detectors know; a restart repeats that much."
    )

    # --- alerts
    alert_rules_file: Path | None = Field(
        None, description="YAML file with channels and rules (docs/alerts.md); empty: those set through the API count."
    )
    alert_secrets: Annotated[dict[str, SecretStr], NoDecode] = Field(
        {}, description='Secrets that the alert rules name, as JSON: `{"slack": "https://…"}`.', repr=False
    )
    alert_secrets_dir: Path | None = Field(
        None, description="Directory with one file a secret, named as the alert rules name it."
    )
    alert_private_targets: Words = Field(
        (),
        description="Hosts, addresses and networks outside the public internet that messages may go to, by commas.",
    )
    public_url: str = Field("", description="Address of the API as people reach it, for links in messages.")

    # --- Grafana
    grafana_url: str = Field("", description="Grafana that `watchkeeper grafana` pushes to.")
    grafana_token: SecretStr = Field(SecretStr(""), description="Token of a service account of that Grafana.")
    grafana_ca_file: Path | None = Field(
        None, description="CA file Grafana's certificate is checked with; empty: the machine's own authorities."
    )
    grafana_timeout_s: float = Field(10.0, gt=0, description="Seconds until Grafana's answer begins.")
    grafana_clickhouse_url: str = Field(
        "", description="ClickHouse as Grafana reaches it; empty: `WATCHKEEPER_CLICKHOUSE_URL`."
    )
    grafana_clickhouse_user: str = Field("grafana", description="ClickHouse user that Grafana reads as.")
    grafana_clickhouse_password: SecretStr = Field(SecretStr(""), description="Its password.")

    # --- receivers and API
    host: str = Field("127.0.0.1", description="Address that all ports are bound to.")
    otlp_http_port: int = Field(4318, ge=0, le=65535, description="OTLP/HTTP port; 0: any free one.")
    otlp_grpc_port: int = Field(4317, ge=0, le=65535, description="OTLP/gRPC port; 0: any free one.")
    api_port: int = Field(8080, ge=0, le=65535, description="API, health and metrics port; 0: any free one.")
    api_url: str = Field(
        "", description="API that commands ask; empty: that of a running `up`, else they open the store themselves."
    )
    api_key: SecretStr = Field(
        SecretStr(""), description="Key or token that commands send to the API; empty: the first of the tokens."
    )
    metrics_port: int = Field(9464, ge=0, le=65535, description="Metrics and health port of `watchkeeper collector`.")
    tokens: Words = Field(
        (),
        description="Bearer tokens with all rights, comma-separated. Beyond loopback these or keys are needed.",
        repr=False,
    )
    auth: str = Field(
        "auto",
        pattern="^(auto|required)$",
        description="`auto`: without tokens, an API bound to loopback is open to this machine; `required`: never.",
    )
    api_rate_per_s: float = Field(
        50.0, ge=0, description="Requests a second that a key may send on average, four times as many at once; 0: any."
    )
    api_failures_per_minute: float = Field(
        10.0, ge=1, description="Wrong keys a minute from one address before it is told to wait."
    )
    api_timeout_s: float = Field(30.0, gt=0, description="Seconds until an answer begins; its query ends earlier.")
    api_write_timeout_s: float = Field(600.0, gt=0, description="The same for requests that change or compute.")
    api_max_body_bytes: int = Field(4 * 2**20, ge=1024, description="Largest request body of the API.")
    api_query_memory_bytes: int = Field(
        4 * 2**30, ge=2**26, description="Memory that one query of the API may take in the store."
    )
    api_max_days: int = Field(800, ge=1, description="Longest period that one question covers, in days.")
    api_max_groups: int = Field(4, ge=1, le=10, description="Most dimensions that one question groups by.")
    api_max_rows: int = Field(50_000, ge=1, description="Most rows in one answer.")
    tls_cert_file: Path | None = Field(None, description="PEM certificate for the receivers and the API.")
    tls_key_file: Path | None = Field(None, description="PEM private key for the receivers and the API.")
    max_request_bytes: int = Field(16 * 2**20, ge=1024, description="Largest OTLP request, after decompression.")
    queue_max_bytes: int = Field(
        64 * 2**20,
        ge=2**16,
        description="Bytes of OTLP requests waiting for the store before clients are told to wait.",
    )
    request_timeout_s: float = Field(30.0, gt=0, description="Seconds a client waits for its request to be stored.")
    shutdown_timeout_s: float = Field(10.0, gt=0, description="Seconds a clean shutdown may take.")

    # --- logs
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error.")
    log_format: str = Field("console", pattern="^(console|json)$", description="console or json.")

    @field_validator(
        "kafka_bootstrap_servers", "kafka_topics", "kafka_log_topics", "tokens", "alert_private_targets", mode="before"
    )
    @classmethod
    def _split_words(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("alert_secrets", mode="before")
    @classmethod
    def _read_secrets(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            found = json.loads(value)
        except ValueError:
            found = None
        # Whatever it is, it is not shown: it may hold a secret.
        if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
            raise ValueError('write JSON with a text for each name, such as {"slack": "https://…"}')
        return found

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Settings from the environment, ``overrides`` (command-line options) first.

        Raises :class:`ConfigError` naming each wrong or unknown variable.
        """
        known = {PREFIX + name.upper() for name in cls.model_fields}
        ours = {name for name in os.environ if name.upper().startswith(PREFIX)}
        unknown = sorted(name for name in ours if name.upper() not in known | SDK_VARIABLES)
        if unknown:
            raise ConfigError(
                f"unknown setting {', '.join(unknown)} in the environment; docs/configuration.md lists all of them"
            )
        none = {name: "" for name in _MAY_BE_EMPTY if os.environ.get(PREFIX + name.upper()) == ""}
        try:
            return cls(**none | {name: value for name, value in overrides.items() if value is not None})
        except ValidationError as error:
            wrong = "; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
            raise ConfigError(f"wrong setting: {wrong}") from None
