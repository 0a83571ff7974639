"""Spans to export to Kafka, and what is in messages of them."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.util.types import AttributeValue

START_NS = 1_795_000_000_000_000_000
RESOURCE = Resource({"service.name": "checkout", "service.version": "1.2.3"})
SCOPE = InstrumentationScope("opentelemetry.instrumentation.genai.openai", "1.0")


def chat(trace: int, number: int, *, scope: InstrumentationScope = SCOPE, **attributes: AttributeValue) -> ReadableSpan:
    """An ended chat span; ``number`` makes its id and its tokens."""
    return ReadableSpan(
        "chat gpt-4o-mini",
        context=SpanContext(trace, number, is_remote=False, trace_flags=TraceFlags(1)),
        resource=RESOURCE,
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.response.id": f"chatcmpl-{number}",
            "gen_ai.response.finish_reasons": ("stop",),
            "gen_ai.usage.input_tokens": 100 + number,
            "gen_ai.usage.output_tokens": number,
            **attributes,
        },
        kind=SpanKind.CLIENT,
        status=Status(StatusCode.OK),
        start_time=START_NS + number,
        end_time=START_NS + number + 1_000_000_000,
        instrumentation_scope=scope,
    )


def chats(count: int, first: int = 1) -> list[ReadableSpan]:
    """Spans of a trace each, numbered from ``first``."""
    return [chat(number, number) for number in range(first, first + count)]


def numbers(values: Sequence[bytes]) -> list[int]:
    """The spans' numbers in messages, in their order."""
    found: list[int] = []
    for value in values:
        for of_resource in ExportTraceServiceRequest.FromString(value).resource_spans:
            for of_scope in of_resource.scope_spans:
                found.extend(int.from_bytes(span.span_id, "big") for span in of_scope.spans)
    return found
