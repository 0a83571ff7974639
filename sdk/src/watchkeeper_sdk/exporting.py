"""Which exporter: Kafka where brokers are named, else OTLP/HTTP. Both come from extras."""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

from opentelemetry.sdk.trace.export import SpanExporter

from watchkeeper_sdk.configuration import Configuration
from watchkeeper_sdk.otlp import QuietExporter

_OTLP_PATH = "/v1/traces"
_TIMEOUT_S = 10


class NoExporter(ValueError):
    """None can be made; the text says why and what to do."""


def make_exporter(configuration: Configuration) -> tuple[SpanExporter, str]:
    """An exporter that has done no I/O yet, and where it sends to in words. Raises :class:`NoExporter`."""
    return _kafka(configuration.kafka) if configuration.kafka else _otlp(configuration.endpoint)


def _kafka(bootstrap_servers: str) -> tuple[SpanExporter, str]:
    from watchkeeper_sdk.kafka import KafkaSpanExporter  # noqa: PLC0415  an extra

    try:
        return KafkaSpanExporter(bootstrap_servers), f"Kafka at {bootstrap_servers}"
    except (ImportError, ValueError) as error:
        raise NoExporter(str(error)) from error


def _otlp(endpoint: str) -> tuple[SpanExporter, str]:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  an extra
    except ImportError:
        raise NoExporter(
            "no exporter is installed: pip install 'watchkeeper-sdk[otlp]' for OTLP, or 'watchkeeper-sdk[kafka]' and "
            "set WATCHKEEPER_KAFKA"
        ) from None
    if endpoint:
        address = _with_path(endpoint)
        return _quiet(OTLPSpanExporter(endpoint=address, timeout=_TIMEOUT_S), _without_user(address))
    stated = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return _quiet(OTLPSpanExporter(timeout=_TIMEOUT_S), _without_user(stated or "http://localhost:4318"))


def _quiet(exporter: SpanExporter, address: str) -> tuple[SpanExporter, str]:
    where = f"OTLP at {address}"
    return QuietExporter(exporter, where), where


def _with_path(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise NoExporter("endpoint must be an address such as http://collector:4318")
    path = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=path if path.endswith(_OTLP_PATH) else path + _OTLP_PATH))


def _without_user(address: str) -> str:
    """Credentials before the ``@``, and keys in a query, are nobody's to read in a log."""
    scheme, _, rest = address.partition("?")[0].partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if rest else scheme.rpartition("@")[2]
