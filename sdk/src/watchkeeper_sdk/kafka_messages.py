"""Spans to Kafka messages: one a trace, OTLP protobuf, keyed by trace id, none larger than a limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

_RECORD_OVERHEAD = 128
"""Most bytes that Kafka adds to key and value, headers of record and batch included."""

EncodedSpan = tuple[Any, Any, Any]
"""OTLP ``ResourceSpans`` and ``ScopeSpans`` that the span stands in, and the ``Span``."""


@dataclass(frozen=True)
class Message:
    """One Kafka message: ``value`` is an OTLP ``ExportTraceServiceRequest``."""

    key: bytes
    """Trace id, 32 lower-case hexadecimal digits."""
    value: bytes
    spans: Sequence[EncodedSpan] = field(repr=False)
    """What ``value`` was made of, should it have to be split."""

    @property
    def size(self) -> int:
        """Most bytes that it takes on the wire, uncompressed."""
        return len(self.key) + len(self.value) + _RECORD_OVERHEAD


@dataclass
class Encoded:
    """What came of encoding: messages, and how many spans could not be sent."""

    messages: list[Message] = field(default_factory=list)
    oversize: int = 0
    """Spans that alone are larger than the limit."""
    unencodable: int = 0
    """Spans with something OTLP cannot carry, e.g. a name with lone surrogates."""

    def add(self, other: Encoded) -> None:
        """Take over what came of encoding more."""
        self.messages += other.messages
        self.oversize += other.oversize
        self.unencodable += other.unencodable


def encode(spans: Sequence[ReadableSpan], limit: int) -> Encoded:
    """Messages of at most ``limit`` bytes each."""
    encoded = Encoded()
    by_trace: dict[bytes, list[EncodedSpan]] = {}
    for one in _encoded_spans(spans, encoded):
        by_trace.setdefault(one[2].trace_id, []).append(one)
    for trace_id, group in by_trace.items():
        _fit(trace_id.hex().encode(), group, limit, encoded)
    return encoded


def split(message: Message, limit: int) -> Encoded:
    """The spans of ``message`` again, in messages of at most ``limit`` bytes."""
    encoded = Encoded()
    _fit(message.key, message.spans, limit, encoded)
    return encoded


def _fit(key: bytes, spans: Sequence[EncodedSpan], limit: int, encoded: Encoded) -> None:
    message = Message(key, _request(spans), spans)
    if message.size <= limit:
        encoded.messages.append(message)
    elif len(spans) == 1:
        encoded.oversize += 1
    else:
        middle = len(spans) // 2
        _fit(key, spans[:middle], limit, encoded)
        _fit(key, spans[middle:], limit, encoded)


def _request(spans: Sequence[EncodedSpan]) -> bytes:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415  an extra
        ExportTraceServiceRequest,
    )

    request = ExportTraceServiceRequest()
    resource: Any = None
    scope: Any = None
    copied_resource: Any = None
    copied_scope: Any = None
    for of_resource, of_scope, span in spans:
        if of_resource is not resource:
            resource, scope = of_resource, None
            copied_resource = request.resource_spans.add(resource=resource.resource, schema_url=resource.schema_url)
        if of_scope is not scope:
            scope = of_scope
            copied_scope = copied_resource.scope_spans.add(scope=scope.scope, schema_url=scope.schema_url)
        copied_scope.spans.append(span)
    return request.SerializeToString()


def _encoded_spans(spans: Sequence[ReadableSpan], encoded: Encoded) -> Iterator[EncodedSpan]:
    """All spans are encoded at once: resource and scope, the same for most, are then encoded once."""
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans  # noqa: PLC0415  an extra

    try:
        request = encode_spans(spans)
    except Exception:  # noqa: BLE001  one bad span must not keep the others
        good = [span for span in spans if _is_encodable(span, encode_spans)]
        encoded.unencodable += len(spans) - len(good)
        request = encode_spans(good)
    for of_resource in request.resource_spans:
        for of_scope in of_resource.scope_spans:
            for span in of_scope.spans:
                yield of_resource, of_scope, span


def _is_encodable(span: ReadableSpan, encode_spans: Any) -> bool:
    try:
        encode_spans([span])
    except Exception:  # noqa: BLE001  whatever it is, this span cannot be sent
        return False
    return True
