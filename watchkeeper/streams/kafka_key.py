"""The Kafka key of an OTLP trace message: the lower-case hex trace id of its first span, found without decoding.

Copies of one message then meet in one partition, where repeated spans are recognised.
"""

import re

from watchkeeper.streams.source import Encoding

_TRACE_ID = re.compile(rb'"trace_?[iI]d"\s*:\s*"([0-9a-fA-F]{32})"')
_RESOURCE_SPANS = 1
_SCOPE_SPANS = 2
_SPANS = 2
_TRACE_ID_FIELD = 1
_TRACE_ID_BYTES = 16
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


def trace_key(encoding: Encoding, body: bytes) -> bytes | None:
    """The key, or None where there is no span, or the bytes are no OTLP traces."""
    if encoding is Encoding.JSON:
        found = _TRACE_ID.search(body)
        return found[1].lower() if found else None
    try:
        return _first_trace_id(body)
    except IndexError:  # a length or a varint that points beyond the end
        return None


def _first_trace_id(body: bytes) -> bytes | None:
    start, end = 0, len(body)
    for field in (_RESOURCE_SPANS, _SCOPE_SPANS, _SPANS, _TRACE_ID_FIELD):
        inner = _find(body, start, end, field)
        if inner is None:
            return None
        start, end = inner
    trace_id = body[start:end]
    return trace_id.hex().encode() if len(trace_id) == _TRACE_ID_BYTES else None


def _find(body: bytes, position: int, end: int, wanted: int) -> tuple[int, int] | None:
    """Where the first length-delimited field ``wanted`` begins and ends."""
    while position < end:
        tag, position = _varint(body, position)
        kind = tag & 7
        if kind == _LENGTH:
            length, position = _varint(body, position)
            if tag >> 3 == wanted:
                return position, position + length
            position += length
        elif kind == _VARINT:
            _, position = _varint(body, position)
        elif kind in (_FIXED64, _FIXED32):
            position += 8 if kind == _FIXED64 else 4
        else:
            return None
    return None


def _varint(body: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80 or shift > 63:
            return value, position
        shift += 7
