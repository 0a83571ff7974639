"""One message a trace, in OTLP's own schema, split where it is too large."""

from __future__ import annotations

import math

import pytest
from kafka.record.default_records import DefaultRecordBatchBuilder
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext

from tests.sdk.kafka_spans import RESOURCE, chat, chats, numbers
from watchkeeper_sdk.kafka_messages import Message, encode, split

NO_LIMIT = 1_000_000
OTHER_SCOPE = InstrumentationScope("mine", "2", "https://opentelemetry.io/schemas/1.37.0", {"a": 1})


def test_a_trace_is_a_message_of_the_bytes_that_opentelemetry_writes() -> None:
    spans = [chat(7, 1), chat(9, 2), chat(7, 3), chat(7, 4, scope=OTHER_SCOPE)]
    of_7, of_9 = encode(spans, NO_LIMIT).messages
    assert (of_7.key, of_9.key) == (b"0" * 31 + b"7", b"0" * 31 + b"9")
    assert of_7.value == encode_spans([spans[0], spans[2], spans[3]]).SerializeToString()
    assert of_9.value == encode_spans([spans[1]]).SerializeToString()


def test_the_value_is_an_export_request_and_traces_data_alike() -> None:
    span = chat(0xABCDEF << 100, 5, watchkeeper=True)
    (message,) = encode([span], NO_LIMIT).messages
    assert message.key == f"{0xABCDEF << 100:032x}".encode()
    request = ExportTraceServiceRequest.FromString(message.value)
    assert request.resource_spans == TracesData.FromString(message.value).resource_spans
    (of_resource,) = request.resource_spans
    (found,) = of_resource.scope_spans[0].spans
    values = {one.key: one.value for one in found.attributes}
    assert {one.key: one.value.string_value for one in of_resource.resource.attributes} == dict(RESOURCE.attributes)
    assert found.name == "chat gpt-4o-mini" and found.trace_id.hex().encode() == message.key
    assert (found.start_time_unix_nano, found.end_time_unix_nano) == (span.start_time, span.end_time)
    assert values["gen_ai.usage.input_tokens"].int_value == 105 and values["watchkeeper"].bool_value


@pytest.mark.parametrize("limit", [2_000, 5_000, 10_000])
def test_a_trace_that_is_too_large_is_split_and_nothing_of_it_lost(limit: int) -> None:
    messages = encode([chat(1, number) for number in range(1, 41)], limit).messages
    assert len(messages) > 1 and all(message.size <= limit for message in messages)
    assert {message.key for message in messages} == {b"0" * 31 + b"1"}
    assert numbers([message.value for message in messages]) == list(range(1, 41))
    assert len(messages) <= 2 * math.ceil(sum(message.size for message in messages) / limit)


@pytest.mark.parametrize("length", [0, 100, 20_000, 3_000_000])
def test_the_client_never_finds_a_message_larger_than_we_do(length: int) -> None:
    message = Message(b"0" * 32, b"x" * length, ())
    assert DefaultRecordBatchBuilder.estimate_size_in_bytes(message.key, message.value, []) <= message.size


def test_a_message_can_be_split_later() -> None:
    (message,) = encode([chat(1, number) for number in range(1, 9)], NO_LIMIT).messages
    parts = split(message, message.size // 2).messages
    assert len(parts) > 1 and numbers([part.value for part in parts]) == list(range(1, 9))


def test_a_span_that_alone_is_too_large_is_counted_and_the_others_kept() -> None:
    spans = [chat(1, 1), chat(1, 2, prompt="x" * 5_000), chat(1, 3)]
    encoded = encode(spans, 3_000)
    assert (encoded.oversize, encoded.unencodable) == (1, 0)
    assert numbers([message.value for message in encoded.messages]) == [1, 3]


def test_a_span_that_otlp_cannot_carry_is_counted_and_the_others_kept() -> None:
    bad = ReadableSpan("\ud800", context=SpanContext(1, 2, is_remote=False), start_time=1, end_time=2)
    encoded = encode([chat(1, 1), bad, *chats(1, 3)], NO_LIMIT)
    assert (encoded.oversize, encoded.unencodable) == (0, 1)
    assert numbers([message.value for message in encoded.messages]) == [1, 3]
