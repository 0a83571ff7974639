"""One Kafka record as a raw OTLP message: whose signal, which encoding, received when."""

from collections.abc import Sequence
from typing import Any

from watchkeeper.streams.source import Encoding, RawMessage, Signal

CONTENT_TYPE = "content-type"

_BY_NAME = {
    b"application/x-protobuf": Encoding.PROTOBUF,
    b"application/protobuf": Encoding.PROTOBUF,
    b"application/json": Encoding.JSON,
    # How the OpenTelemetry Collector names the encodings of its Kafka exporter.
    b"otlp_proto": Encoding.PROTOBUF,
    b"otlp_json": Encoding.JSON,
}
_NAMED_BY = frozenset({CONTENT_TYPE, "encoding"})
_SPACE = b" \t\r\n"


def read_record(record: Any, signal: Signal) -> RawMessage:
    """``record`` is the client library's. A tombstone (no value) becomes a message with an empty body."""
    body: bytes = record.value or b""
    encoding = _named(record.headers) or sniff(body)
    return RawMessage(body, record.offset, signal, encoding, max(0, record.timestamp or 0) * 1000)


def content_type(encoding: Encoding) -> bytes:
    """The header value that names ``encoding``."""
    return b"application/json" if encoding is Encoding.JSON else b"application/x-protobuf"


def sniff(body: bytes) -> Encoding:
    """JSON where the first byte that is no space is ``{``, else protobuf."""
    if body[:1] == b"{":
        return Encoding.JSON
    if body[:1] not in (b" ", b"\t", b"\r", b"\n") or body[:64].lstrip(_SPACE)[:1] != b"{":
        return Encoding.PROTOBUF
    return Encoding.PROTOBUF if _opens_a_field(body) else Encoding.JSON


def _opens_a_field(body: bytes) -> bool:
    """Is a leading newline the tag of protobuf field 1, and the ``{`` after it its length (123 bytes)?"""
    end = 2 + ord("{")
    return body[:2] == b"\n{" and (len(body) == end or body[end : end + 1] == b"\n")


def _named(headers: Sequence[tuple[str, bytes | None]]) -> Encoding | None:
    for name, value in headers:
        if value is not None and name.lower() in _NAMED_BY:
            return _BY_NAME.get(value.split(b";")[0].strip().lower())
    return None
