import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collector.spans import decode, span_keys, trace_keys
from tests.collector.otlp import SpanSpec, request

GOOD = request(SpanSpec(1), SpanSpec(2))


def test_a_malformed_message_is_named_and_its_neighbours_are_unharmed() -> None:
    decoded = decode([GOOD, b"\x0a\xff\xff", GOOD, b"hello world", GOOD])
    assert sorted(decoded.bad) == [1, 3]
    assert decoded.bad[1].reason == "malformed_protobuf"
    assert decoded.spans.message.tolist() == [0, 0, 2, 2, 4, 4]


def test_a_message_with_a_malformed_attribute_is_bad_as_a_whole() -> None:
    length = GOOD.index(b"gpt-4o-mini-2024") - 1
    broken = GOOD[:length] + bytes([GOOD[length] + 1]) + GOOD[length + 1 :]
    decoded = decode([GOOD, broken])
    assert decoded.bad[1].reason == "malformed_protobuf"
    assert decoded.spans.message.tolist() == [0, 0]


def test_text_that_is_not_utf8_is_a_fault_of_its_message_and_named() -> None:
    broken = GOOD.replace(b"gpt-4o-mini-2024-07-18", b"gpt-4o-mini-2024-07-18"[:-1] + b"\xff")
    decoded = decode([GOOD, broken])
    assert decoded.bad[1].reason == "invalid_utf8"
    assert decoded.spans.message.tolist() == [0, 0]


def test_span_keys_differ_although_a_trace_id_ends_in_its_span_id() -> None:
    """Some tracers make the second half of a trace id from the root span's id."""
    numbers = np.arange(1, 100_001, dtype=">u8").view(np.uint8).reshape(-1, 8)
    traces = np.hstack([np.full_like(numbers, 0xA5), numbers])
    assert len(np.unique(span_keys(trace_keys(traces), numbers))) == len(numbers)


def test_nothing_decodes_to_nothing() -> None:
    assert decode([]).spans.count == 0
    assert decode([b""]).spans.count == 0
    assert not decode([b""]).bad


def test_ids_of_a_wrong_length_become_zero() -> None:
    exported = ExportTraceServiceRequest.FromString(GOOD)
    exported.resource_spans[0].scope_spans[0].spans[0].trace_id = b"short"
    spans = decode([exported.SerializeToString()]).spans
    assert not spans.trace_id[0].any()
    assert spans.trace_id[1].any()


@pytest.mark.property
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_messages_are_read_like_protobuf_reads_them_or_refused(data: st.DataObject) -> None:
    """What the official decoder refuses, ours refuses; ours never raises and never harms the neighbour."""
    body = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(body) - 1))
        body[position] = data.draw(st.integers(0, 255))
    body = body[: data.draw(st.integers(0, len(body)))]
    decoded = decode([GOOD, bytes(body), GOOD])
    assert 0 not in decoded.bad
    assert 2 not in decoded.bad
    counted = decoded.spans.message.tolist()
    assert counted.count(0) == counted.count(2) == 2
    try:
        official = ExportTraceServiceRequest.FromString(bytes(body))
    except DecodeError:
        assert 1 in decoded.bad
        return
    if 1 not in decoded.bad:
        wanted = sum(len(scope.spans) for part in official.resource_spans for scope in part.scope_spans)
        assert counted.count(1) == wanted
