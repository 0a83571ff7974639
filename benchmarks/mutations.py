"""Messages gone bad in the ways that wires, disks and people make them bad; equal seeds give equal messages."""

import gzip
from collections.abc import Callable, Iterator
from random import Random

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from watchkeeper.streams.kafka_message import sniff
from watchkeeper.streams.source import Encoding

Mutation = Callable[[bytes, Random], bytes]

_START_GROUP, _END_GROUP = 0x0B, 0x0C
_HUGE = b"\x0a\xff\xff\xff\xff\x0f"
_JSON = (
    b"{",
    b'{"resourceSpans": 5}',
    b'{"resourceSpans": [{"scopeSpans": [{"spans": "none"}]}]}',
    b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": 12}]}]}]}',
    b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "zz", "spanId"',
    b"{]}\xff\xfe",
)


def _flip_bits(body: bytes, dice: Random) -> bytes:
    changed = bytearray(body)
    for _ in range(dice.randint(1, 8)):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _truncate(body: bytes, dice: Random) -> bytes:
    return body[: dice.randrange(1, len(body))]


def _random_bytes(_: bytes, dice: Random) -> bytes:
    return dice.randbytes(dice.randint(1, 4_000))


def _random_stretch(body: bytes, dice: Random) -> bytes:
    start = dice.randrange(len(body))
    return body[:start] + dice.randbytes(dice.randint(1, 64)) + body[start + dice.randint(0, 64) :]


def _wrong_wire_type(body: bytes, dice: Random) -> bytes:
    """The tag of a field that is there says another type than the bytes after it are of."""
    keys = [at for at in range(len(body) - 12) if body[at : at + 8] == b"gen_ai.r"]
    at = dice.choice(keys) - dice.choice((2, 4))
    return body[:at] + bytes([(body[at] & 0xF8) | dice.choice((0, 1, 3, 4, 5, 6, 7))]) + body[at + 1 :]


def _huge_length(body: bytes, dice: Random) -> bytes:
    return _HUGE + body if dice.random() < 0.5 else body + _HUGE + dice.randbytes(10)


def _invalid_utf8(body: bytes, dice: Random) -> bytes:
    at = body.index(dice.choice((b"gen_ai.response.model", b"gpt-", b"chatcmpl-", b"api.openai.com", b"chat gpt")))
    return body[:at] + dice.choice((b"\xff\xfe", b"\xc3\x28", b"\xed\xa0")) + body[at + 2 :]


def _nested_groups(body: bytes, dice: Random) -> bytes:
    depth = dice.choice((3, 90, 150, 5_000))
    closed = dice.choice((depth, depth - 1))
    return body + bytes([_START_GROUP]) * depth + bytes([_END_GROUP]) * closed


def _json_garbage(_: bytes, dice: Random) -> bytes:
    return dice.choice(_JSON) + b" " * dice.randint(0, 40)


def _gzipped(body: bytes, dice: Random) -> bytes:
    return gzip.compress(body, dice.randint(1, 9), mtime=0)


MUTATIONS: tuple[Mutation, ...] = (
    _flip_bits,
    _truncate,
    _random_bytes,
    _random_stretch,
    _wrong_wire_type,
    _huge_length,
    _invalid_utf8,
    _nested_groups,
    _json_garbage,
    _gzipped,
)


def mutated(bodies: Iterator[bytes], seed: int) -> Iterator[bytes]:
    """Each body once, in turn through every kind of mutation."""
    dice = Random(seed)
    for number, body in enumerate(bodies):
        yield MUTATIONS[number % len(MUTATIONS)](body, dice)


def is_refused(body: bytes) -> bool:
    """Does OpenTelemetry's own decoder refuse it? What looks like JSON is always garbage here."""
    if sniff(body) is Encoding.JSON:
        return True
    try:
        ExportTraceServiceRequest.FromString(body)
    except DecodeError:
        return True
    return False
