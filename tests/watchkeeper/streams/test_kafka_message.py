"""Encoding and key of a message, found without decoding it."""

from collections import namedtuple

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from watchkeeper.streams.kafka_key import trace_key
from watchkeeper.streams.kafka_message import content_type, read_record, sniff
from watchkeeper.streams.source import Encoding, Signal

Record = namedtuple("Record", "offset timestamp value headers")


def request(spans: int = 1, scope: str = "scope") -> ExportTraceServiceRequest:
    made = ExportTraceServiceRequest()
    resource_spans = made.resource_spans.add()
    resource_spans.resource.attributes.add().key = "service.name"
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = scope
    for number in range(spans):
        scope_spans.spans.add(trace_id=bytes([number + 1]) * 16, span_id=b"12345678", name="chat")
    return made


@pytest.mark.parametrize("body", [b"{}", b' {"resourceSpans":[]}', b"\r\n\t{}", b"\n{\n}", b'\n{"a":1}'])
def test_a_brace_after_spaces_is_json(body: bytes) -> None:
    assert sniff(body) is Encoding.JSON


@pytest.mark.parametrize("body", [b"", b"\n", b"\n\x05hello", b"\x00{", b" x", b"\xff{}"])
def test_anything_else_is_protobuf(body: bytes) -> None:
    assert sniff(body) is Encoding.PROTOBUF


def test_every_length_of_a_real_protobuf_message_is_recognised() -> None:
    # One of them has the length 123 in its second byte: a newline and a brace, as JSON could begin.
    bodies = [request(scope="s" * length).SerializeToString() for length in range(200)]
    assert any(body.startswith(b"\n{") for body in bodies)
    assert {sniff(body) for body in bodies} == {Encoding.PROTOBUF}


def test_a_tombstone_is_an_empty_body_and_an_unknown_time_is_zero() -> None:
    message = read_record(Record(7, -1, None, []), Signal.TRACES)
    assert (message.body, message.offset, message.received_at_us) == (b"", 7, 0)


@pytest.mark.parametrize("encoding", list(Encoding))
def test_the_header_we_write_is_the_header_we_read(encoding: Encoding) -> None:
    headers = [("traceparent", None), ("content-type", content_type(encoding))]
    assert read_record(Record(0, 1, b"?", headers), Signal.LOGS).encoding is encoding


def test_the_key_is_the_first_spans_trace_id() -> None:
    assert trace_key(Encoding.PROTOBUF, request(3).SerializeToString()) == b"01" * 16
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId": "ABCDEF00112233445566778899AABBCC"}]}]}]}'
    assert trace_key(Encoding.JSON, body) == b"abcdef00112233445566778899aabbcc"


@pytest.mark.parametrize("encoding", list(Encoding))
def test_what_has_no_span_has_no_key(encoding: Encoding) -> None:
    whole = request().SerializeToString()
    for body in (b"", b"\x00", b"\xff" * 40, request(0).SerializeToString(), *(whole[:cut] for cut in range(12))):
        assert trace_key(encoding, body) is None
