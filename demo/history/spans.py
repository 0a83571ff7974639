"""Spans as real instrumentations write them: a captured request becomes a template that is filled call by call.

Each file under ``captured/`` is the body of an OTLP export request of a real package. A template keeps its bytes and
writes ids, times, token counts and names over, which costs a fraction of building spans through protobuf's classes.
"""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from watchkeeper_sdk import semconv

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_TRACE, _START, _END, _FIRST = b"\xf1~trace~marker~\xf1", b"\xf3~star~\xf3", b"\xf4~ende~\xf4", b"\x40~firs~\x40"
_RESPONSE = "~response~mark~"
_RESPONSE_IDS = ("gen_ai.response.id", "ai.response.id")
_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
_HEX: Bytes = np.frombuffer(b"".join(b"%02x" % n for n in range(256)), np.uint8).reshape(256, 2)
_HTTPS = 443
_FIRST_NUMBER = 1 << 27
"""Markers of counts: from here on varints are four bytes long, as every count is written."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The token counts of a captured call, by which they are found among its attributes; all different, 0: none."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def roles(self) -> dict[int, str]:
        """Which number means what."""
        told = {self.input: "input", self.output: "output", self.input + self.output: "total"}
        told |= {self.cache_read: "cache_read", self.cache_write: "cache_write"}
        told.pop(0, None)
        return told


@dataclass(frozen=True, slots=True)
class Capture:
    """One captured request and what stands in it."""

    body: bytes
    counted: Counted
    words: Mapping[str, str]
    """Names in it, each with what it is to be: models, routes, hosts."""


@dataclass(frozen=True, slots=True, eq=False)
class Filling:
    """What ``n`` calls differ in, in columns [n]."""

    number: npt.NDArray[np.uint64]
    """Unique over all calls: ids come from it."""
    start_ns: Counts
    end_ns: Counts
    first_s: Floats
    """Seconds to the first token."""
    input: Counts
    output: Counts
    cache_read: Counts
    cache_write: Counts

    def count(self, role: str) -> Counts:
        """The column of one of :meth:`Counted.roles`."""
        if role == "total":
            return self.input + self.output
        column: Counts = getattr(self, role)
        return column


class SpanTemplate:
    """The spans of one call, ready to be filled; ``head`` is what their export request says of resource and scope."""

    def __init__(self, capture: Capture, resource: Mapping[str, str], extra: Mapping[str, str | bool]) -> None:
        request = ExportTraceServiceRequest.FromString(capture.body)
        (resource_spans,) = request.resource_spans
        (scope_spans,) = resource_spans.scope_spans
        for pair in resource_spans.resource.attributes:
            if pair.key in resource:
                pair.value.string_value = resource[pair.key]
        self.head = Head(
            resource_spans.resource.SerializeToString(),
            scope_spans.scope.SerializeToString(),
            scope_spans.schema_url,
        )
        spans = list(scope_spans.spans)
        self._roles = _mark(spans, capture)
        _extend(spans, extra)
        raw = b"".join(b"\x12" + _varint(len(body)) + body for body in (span.SerializeToString() for span in spans))
        self._bytes: Bytes = np.frombuffer(raw, np.uint8)
        self._traces, self._starts, self._ends = (_places(raw, mark) for mark in (_TRACE, _START, _END))
        self._spans = [_places(raw, _span_mark(n)) for n in range(len(spans))]
        self._firsts, self._responses = _places(raw, _FIRST), _places(raw, _RESPONSE.encode())
        self._counts = [(_places(raw, b"\x18" + _varint(mark)), role) for mark, role in self._roles]

    def fill(self, calls: Filling) -> list[bytes]:
        """The spans of each call, as they stand in an export request."""
        size = len(self._bytes)
        rows = np.tile(self._bytes, (len(calls.number), 1))
        ids = _mixed(calls.number)
        _write(rows, self._traces, np.hstack([_as_bytes(ids), _as_bytes(~ids)]))
        for n, places in enumerate(self._spans):
            _write(rows, places, _as_bytes(_mixed(ids + np.uint64(n + 1))))
        _write(rows, self._starts, _as_bytes(calls.start_ns))
        _write(rows, self._ends, _as_bytes(calls.end_ns))
        _write(rows, self._firsts, _as_bytes(calls.first_s))
        _write(rows, self._responses, _HEX[_as_bytes(ids)].reshape(len(ids), 16)[:, : len(_RESPONSE)])
        for places, role in self._counts:
            _write(rows, places + 1, _wide_varints(calls.count(role)))
        raw = rows.tobytes()
        return [raw[at : at + size] for at in range(0, len(raw), size)]


@dataclass(frozen=True, slots=True)
class Head:
    """What an export request says of the resource and the scope of its spans."""

    resource: bytes
    scope: bytes
    schema_url: str


def export_request(head: Head, calls: Sequence[bytes]) -> bytes:
    """An OTLP export request of these calls' spans."""
    schema = b"\x1a" + _varint(len(head.schema_url)) + head.schema_url.encode() if head.schema_url else b""
    scope_spans = b"".join(chain((_field(b"\x0a", head.scope),), calls, (schema,)))
    return _field(b"\x0a", _field(b"\x0a", head.resource) + _field(b"\x12", scope_spans))


def _field(tag: bytes, body: bytes) -> bytes:
    return tag + _varint(len(body)) + body


def _mark(spans: Sequence[Span], capture: Capture) -> list[tuple[int, str]]:
    """Put a marker wherever calls differ; the markers of counts with what they count."""
    roles, counts = capture.counted.roles(), list[tuple[int, str]]()
    known = {bytes(span.span_id): _span_mark(n) for n, span in enumerate(spans)}
    for span in spans:
        span.trace_id, span.span_id = _TRACE, known[bytes(span.span_id)]
        if span.parent_span_id:
            span.parent_span_id = known.get(bytes(span.parent_span_id), b"")
        span.start_time_unix_nano = int.from_bytes(_START, "little")
        span.end_time_unix_nano = int.from_bytes(_END, "little")
        span.name = _renamed(span.name, capture.words)
        span.status.message = _renamed(span.status.message, capture.words)
        for event in span.events:
            event.time_unix_nano = span.end_time_unix_nano
        for pair in span.attributes:
            if pair.value.int_value in roles:
                counts.append((_FIRST_NUMBER + len(counts), roles[pair.value.int_value]))
                pair.value.int_value = counts[-1][0]
            _mark_word(pair, capture.words)
    return counts


def _mark_word(pair: KeyValue, words: Mapping[str, str]) -> None:
    if pair.key == "server.port":
        pair.value.int_value = _HTTPS
    elif pair.key == _FIRST_CHUNK:
        (pair.value.double_value,) = struct.unpack("<d", _FIRST)
    elif pair.key in _RESPONSE_IDS:
        pair.value.string_value = pair.value.string_value[: -len(_RESPONSE)] + _RESPONSE
    elif pair.value.string_value:
        pair.value.string_value = _renamed(pair.value.string_value, words)


def _renamed(text: str, words: Mapping[str, str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda found: words[found[0]], text)


def _extend(spans: Sequence[Span], extra: Mapping[str, str | bool]) -> None:
    """What the application or the SDK adds: to the innermost span, which is the call."""
    call = spans[0]
    for key, value in extra.items():
        given = AnyValue(bool_value=value) if isinstance(value, bool) else AnyValue(string_value=value)
        call.attributes.append(KeyValue(key=key, value=given))


def sdk_attributes(route: str, prompt_version: str, format_valid: bool | None, refused: bool) -> dict[str, str | bool]:
    """What ``watchkeeper-sdk`` adds to a span."""
    extra: dict[str, str | bool] = {semconv.ROUTE: route}
    if prompt_version:
        extra |= {semconv.PROMPT_NAME: route, semconv.PROMPT_VERSION: prompt_version}
    if format_valid is not None:
        extra[semconv.FORMAT_VALID] = format_valid
    if refused:
        extra[semconv.REFUSED] = True
    return extra


def _span_mark(n: int) -> bytes:
    return b"\xf2~spn%02d~" % n


def _places(raw: bytes, mark: bytes) -> npt.NDArray[np.intp]:
    """Where ``mark`` lies, as indices [times, its length]."""
    starts = list(_found(raw, mark))
    return np.array(starts, np.intp)[:, None] + np.arange(len(mark), dtype=np.intp)


def _found(raw: bytes, mark: bytes) -> Iterator[int]:
    at = raw.find(mark)
    while at >= 0:
        yield at
        at = raw.find(mark, at + 1)


def _write(rows: Bytes, places: npt.NDArray[np.intp], values: Bytes) -> None:
    for place in places:
        at = int(place[0])
        rows[:, at : at + values.shape[1]] = values


def _wide_varints(values: Counts) -> Bytes:
    """[n, 4]: each value below 2^28 as a varint of exactly four bytes, so that no length around it changes."""
    shifts = np.array([0, 7, 14, 21])
    groups = (values[:, None] >> shifts) & 0x7F
    groups[:, :3] |= 0x80
    wide: Bytes = groups.astype(np.uint8)
    return wide


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Numbers that look random, one for one: xor-shifts and odd multipliers can be undone, so none collide."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _as_bytes(column: npt.NDArray[np.uint64] | Counts | Floats) -> Bytes:
    """[n, 8]: little-endian, as on the wire."""
    return np.frombuffer(column.tobytes(), np.uint8).reshape(-1, 8)
