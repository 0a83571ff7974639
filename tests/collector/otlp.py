"""OTLP requests for tests, written with OpenTelemetry's own protobuf classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from collector.memory import CallMemory
from collector.price_book import PriceBook
from collector.stage import Stage, Staged, StageOptions
from watchkeeper.streams.source import Batch, RawMessage

START_NS = 1_795_000_000_000_000_000
BOOK = PriceBook.load(None)


def any_value(value: Any) -> AnyValue:
    """A Python object as an ``AnyValue``."""
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, (list, tuple)):
        wrapped = AnyValue()
        wrapped.array_value.values.extend(any_value(item) for item in value)
        return wrapped
    return AnyValue(string_value=value)


def key_values(attributes: Mapping[str, Any]) -> list[KeyValue]:
    """Attributes as OTLP writes them."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


CHAT: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 20,
}


@dataclass(slots=True)
class SpanSpec:
    """One span; ids are small numbers."""

    span: int
    trace: int = 1
    parent: int = 0
    start_ms: float = 0.0
    end_ms: float = 1000.0
    name: str = "chat gpt-4o-mini"
    scope: str = "opentelemetry.instrumentation.genai.openai"
    service: str = "checkout"
    instance: str = "one"
    error: str = ""
    attributes: Mapping[str, Any] = field(default_factory=lambda: CHAT)
    events: Sequence[tuple[str, Mapping[str, Any]]] = ()


def request(*spans: SpanSpec) -> bytes:
    """One export request; each span in a resource of its own."""
    exported = ExportTraceServiceRequest()
    for spec in spans:
        resource_spans = exported.resource_spans.add()
        resource_spans.resource.attributes.extend(
            key_values({"service.name": spec.service, "service.instance.id": spec.instance})
        )
        scope_spans = resource_spans.scope_spans.add()
        scope_spans.scope.name = spec.scope
        span = scope_spans.spans.add()
        span.trace_id = spec.trace.to_bytes(16, "big")
        span.span_id = spec.span.to_bytes(8, "big")
        span.parent_span_id = spec.parent.to_bytes(8, "big") if spec.parent else b""
        span.name, span.kind = spec.name, Span.SPAN_KIND_CLIENT
        span.start_time_unix_nano = START_NS + int(spec.start_ms * 1e6)
        span.end_time_unix_nano = START_NS + int(spec.end_ms * 1e6)
        span.attributes.extend(key_values(spec.attributes))
        if spec.error:
            span.status.code, span.status.message = Status.STATUS_CODE_ERROR, spec.error
        for name, attributes in spec.events:
            event = span.events.add(name=name, time_unix_nano=span.start_time_unix_nano + 5_000_000)
            event.attributes.extend(key_values(attributes))
    return exported.SerializeToString()


def stage(**options: Any) -> Stage:
    """A fresh stage with the built-in prices."""
    return Stage(CallMemory(10_000), BOOK, StageOptions(**options))


def read(reader: Stage, *bodies: bytes, received_at_us: int = 0) -> Staged:
    """Read and remember one batch of messages."""
    messages = [RawMessage(body, offset, received_at_us=received_at_us) for offset, body in enumerate(bodies)]
    staged = reader.read(Batch("otlp_spans", 3, messages, "token"))
    reader.stored(staged)
    return staged


def rows(*specs: SpanSpec) -> list[dict[str, Any]]:
    """The calls of one request with these spans."""
    found: list[dict[str, Any]] = read(stage(), request(*specs)).calls.to_pylist()
    return found
