"""Bodies that the gateway refuses before Kafka sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.watchkeeper.streams.otlp_fakes import span_request
from watchkeeper.streams.otlp_validate import malformed_reason
from watchkeeper.streams.source import Encoding, Signal


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (Encoding.PROTOBUF, b""),
        (Encoding.PROTOBUF, b"\x0a\x00"),
        (Encoding.JSON, b""),
        (Encoding.JSON, b"{}"),
        (Encoding.JSON, b'{"someNewField": 1}'),
    ],
)
def test_wellformed_bodies_pass(signal: Signal, encoding: Encoding, body: bytes) -> None:
    assert malformed_reason(signal, encoding, body) is None


def test_real_spans_pass() -> None:
    assert malformed_reason(Signal.TRACES, Encoding.PROTOBUF, span_request(100)) is None
    body = b'{"resourceSpans": [{"scopeSpans": []}]}'
    assert malformed_reason(Signal.TRACES, Encoding.JSON, body) is None


@pytest.mark.parametrize(
    ("encoding", "body", "reason"),
    [
        (Encoding.PROTOBUF, b"\xff\xff", "protobuf"),
        (Encoding.PROTOBUF, span_request()[:-1], "protobuf"),
        (Encoding.JSON, b"{", "not JSON"),
        (Encoding.JSON, b"[]", "not a JSON object"),
        (Encoding.JSON, b'{"resourceSpans": {}}', "resourceSpans"),
        (Encoding.JSON, b'{"resourceSpans": [1]}', "resourceSpans"),
    ],
)
def test_malformed_bodies_are_told_why(encoding: Encoding, body: bytes, reason: str) -> None:
    assert reason in str(malformed_reason(Signal.TRACES, encoding, body))


@pytest.mark.property
@given(st.sampled_from(Signal), st.sampled_from(Encoding), st.binary(max_size=300))
def test_no_body_makes_it_raise(signal: Signal, encoding: Encoding, body: bytes) -> None:
    malformed_reason(signal, encoding, body)
