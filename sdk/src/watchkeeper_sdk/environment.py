"""Environment variables that the SDK reads besides OpenTelemetry's own ``OTEL_*``."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "WATCHKEEPER_"

STRICT: Final = "WATCHKEEPER_STRICT"
"""``1`` lets the SDK's own exceptions reach the caller; for tests."""

ARGUMENTS: Final = (
    "WATCHKEEPER_KAFKA",
    "WATCHKEEPER_ENDPOINT",
    "WATCHKEEPER_SERVICE",
    "WATCHKEEPER_SERVICE_VERSION",
    "WATCHKEEPER_ENVIRONMENT",
    "WATCHKEEPER_ROUTE",
    "WATCHKEEPER_TENANT",
    "WATCHKEEPER_VARIANT",
    "WATCHKEEPER_REGION",
    "WATCHKEEPER_INSTRUMENT",
    "WATCHKEEPER_CHECK_ANSWERS",
    "WATCHKEEPER_REFUSAL_PHRASES",
    "WATCHKEEPER_CAPTURE_CONTENT",
    "WATCHKEEPER_USER_HASH_SALT",
    "WATCHKEEPER_EXPORT_ALL",
    "WATCHKEEPER_QUEUE_SIZE",
    "WATCHKEEPER_FLUSH_S",
    "WATCHKEEPER_PROPAGATE_THREADS",
)
"""One variable for each argument of :func:`watchkeeper_sdk.init`."""

KAFKA: Final = (
    "WATCHKEEPER_KAFKA_BOOTSTRAP_SERVERS",
    "WATCHKEEPER_KAFKA_TOPIC",
    "WATCHKEEPER_KAFKA_COMPRESSION",
    "WATCHKEEPER_KAFKA_MAX_MESSAGE_BYTES",
    "WATCHKEEPER_KAFKA_TIMEOUT",
    "WATCHKEEPER_KAFKA_CLIENT_ID",
    "WATCHKEEPER_KAFKA_SECURITY_PROTOCOL",
    "WATCHKEEPER_KAFKA_SASL_MECHANISM",
    "WATCHKEEPER_KAFKA_SASL_USERNAME",
    "WATCHKEEPER_KAFKA_SASL_PASSWORD",
    "WATCHKEEPER_KAFKA_SSL_CAFILE",
    "WATCHKEEPER_KAFKA_SSL_CERTFILE",
    "WATCHKEEPER_KAFKA_SSL_KEYFILE",
)
"""Settings of :class:`watchkeeper_sdk.kafka.KafkaSpanExporter`; names shared with the platform mean the same."""

ROUTING: Final = (
    "WATCHKEEPER_API_URL",
    "WATCHKEEPER_API_KEY",
    "WATCHKEEPER_ROUTES_CACHE",
    "WATCHKEEPER_ROUTES_WAIT_S",
)
"""Settings of :func:`watchkeeper_sdk.route`; names shared with the platform mean the same."""

NAMES: Final = frozenset((STRICT, *ARGUMENTS, *KAFKA, *ROUTING))
