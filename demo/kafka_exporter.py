"""Writes spans as OTLP protobuf to Kafka, as the OpenTelemetry Collector's kafka exporter does."""

from collections.abc import Sequence

from kafka import KafkaProducer
from kafka.errors import KafkaError
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import format_trace_id

from watchkeeper.topics import OTLP_SPANS

_SEND_S = 30.0


class KafkaSpanExporter(SpanExporter):
    """One message a trace, keyed by the hex trace id; success means that the broker acknowledged them all."""

    def __init__(self, bootstrap: str, topic: str = OTLP_SPANS) -> None:
        self._topic = topic
        self._producer = KafkaProducer(
            bootstrap_servers=bootstrap.split(","), acks="all", linger_ms=20, compression_type="lz4"
        )

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            sent = [
                self._producer.send(self._topic, encode_spans(group).SerializeToString(), key=trace_id)
                for trace_id, group in _by_trace(spans).items()
            ]
            for future in sent:
                future.get(timeout=_SEND_S)
        except KafkaError:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self._producer.close(timeout=_SEND_S)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        self._producer.flush(timeout=timeout_millis / 1000)
        return True


def _by_trace(spans: Sequence[ReadableSpan]) -> dict[bytes, list[ReadableSpan]]:
    grouped: dict[bytes, list[ReadableSpan]] = {}
    for span in spans:
        if span.context is not None:
            grouped.setdefault(format_trace_id(span.context.trace_id).encode(), []).append(span)
    return grouped
