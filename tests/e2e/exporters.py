"""Calls as an application sends them: the OpenTelemetry SDK with its own exporters."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind

from tests.collector.otlp import CHAT


def over_http(url: str) -> SpanExporter:
    return HttpExporter(endpoint=f"{url}/v1/traces")


def over_grpc(address: str) -> SpanExporter:
    return GrpcExporter(endpoint=address, insecure=True)


def send_calls(exporter: SpanExporter, service: str, count: int) -> None:
    """``count`` calls of ``service``; returns once all are acknowledged."""
    with _provider(exporter, service) as provider:
        tracer = provider.get_tracer("opentelemetry.instrumentation.genai.openai")
        for _ in range(count):
            with tracer.start_as_current_span("chat gpt-4o-mini", kind=SpanKind.CLIENT, attributes=CHAT):
                pass


@contextmanager
def _provider(exporter: SpanExporter, service: str) -> Iterator[TracerProvider]:
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    yield provider
    assert provider.force_flush(20_000)
    provider.shutdown()
