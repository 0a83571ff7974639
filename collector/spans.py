"""Raw OTLP messages to one table of spans, in columns.

A message that does not decode is found by bisection and reported alone; the others of its batch are unharmed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import ptars
import pyarrow as pa
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collector.any_value import Ints, binary_buffers
from collector.attributes import AttributeTable, Rows
from collector.otlp_wire import FILE, REQUEST
from watchkeeper.errors import BadMessage

_HANDLER = ptars.HandlerPool([FILE]).get_for_message(REQUEST)

Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Words:
    """A column of words: ``values[codes[i]]``."""

    codes: Rows
    values: list[str]


@dataclass(frozen=True, slots=True)
class Events:
    """Span events: ``span`` is the owner's row, ``time_ns`` Unix time."""

    span: Rows
    time_ns: Ints
    name: Words
    attributes: AttributeTable


@dataclass(frozen=True, slots=True)
class Spans:
    """All spans of a batch of messages, row by row in order of arrival."""

    count: int
    message: Rows
    resource: Rows
    scope: Rows
    resource_attributes: AttributeTable
    resource_count: int
    scope_names: list[tuple[str, str]]
    """Name and version of each scope; ``scope`` points here."""
    trace_id: npt.NDArray[np.uint8]
    """n × 16 bytes, zero where the id is missing or of a wrong length."""
    span_id: npt.NDArray[np.uint8]
    parent_span_id: npt.NDArray[np.uint8]
    name: Words
    kind: Rows
    start_ns: Ints
    end_ns: Ints
    status_code: Rows
    status_message: Words
    attributes: AttributeTable
    events: Events


@dataclass(frozen=True, slots=True)
class Decoded:
    """Spans of the messages that decode, and the reason for each that does not (by position)."""

    spans: Spans
    bad: dict[int, BadMessage]


def decode(bodies: Sequence[bytes]) -> Decoded:
    """Decode protobuf ``ExportTraceServiceRequest`` messages together.

    OpenTelemetry's own classes say which messages are well-formed, down to the last attribute and the last character:
    what they refuse is refused here, although reading in columns would get past many such faults.
    """
    bad = {i: error for i, error in enumerate(map(_fault, bodies)) if error is not None}
    good = [i for i in range(len(bodies)) if i not in bad]
    batch = _to_arrow(bodies, good)
    if batch is None:
        readable = set(_readable(bodies, good))
        bad |= {i: BadMessage("malformed_protobuf", "no OTLP trace export") for i in good if i not in readable}
        good = [i for i in good if i in readable]
        batch = _HANDLER.list_to_record_batch([bodies[i] for i in good])
    return Decoded(_spans(batch, np.array(good, np.int32)), bad)


def _fault(body: bytes) -> BadMessage | None:
    try:
        ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        if "UTF-8" in str(error):
            return BadMessage("invalid_utf8", "a name or an attribute is not UTF-8")
        return BadMessage("malformed_protobuf", "no OTLP trace export")
    return None


def _to_arrow(bodies: Sequence[bytes], positions: list[int]) -> pa.RecordBatch | None:
    try:
        return _HANDLER.list_to_record_batch([bodies[i] for i in positions])
    except ValueError:
        return None


def _readable(bodies: Sequence[bytes], positions: list[int]) -> list[int]:
    """Bisect: the positions whose messages decode."""
    if not positions or _to_arrow(bodies, positions) is not None:
        return positions
    if len(positions) == 1:
        return []
    middle = len(positions) // 2
    return _readable(bodies, positions[:middle]) + _readable(bodies, positions[middle:])


def _lengths(lists: pa.ListArray) -> Ints:
    lengths: Ints = np.diff(lists.offsets.to_numpy()).astype(np.int64)
    return lengths


def _repeat(lists: pa.ListArray) -> Rows:
    """For each item of the lists, the row of its list."""
    return np.repeat(np.arange(len(lists), dtype=np.int32), _lengths(lists))


def _words(values: pa.Array) -> Words:
    encoded = values.dictionary_encode()
    texts = [value.decode("utf-8", "replace") for value in encoded.dictionary.to_pylist()]
    return Words(np.asarray(encoded.indices.to_numpy(), np.int32), texts)


def _ids(values: pa.Array, size: int) -> npt.NDArray[np.uint8]:
    offsets, data = binary_buffers(values)
    lengths = np.diff(offsets)
    if len(lengths) and (lengths == size).all():
        return data[offsets[0] : offsets[-1]].reshape(-1, size)
    ids = np.zeros((len(lengths), size), np.uint8)
    rows = np.flatnonzero(lengths == size)
    ids[rows] = data[offsets[rows, None] + np.arange(size)]
    return ids


def _table(lists: pa.ListArray) -> AttributeTable:
    pairs = lists.flatten()
    return AttributeTable(_repeat(lists), pairs.field("key"), pairs.field("value"))


def _scopes(scopes: pa.StructArray) -> tuple[Rows, list[tuple[str, str]]]:
    """Code of each ScopeSpans' scope and the distinct (name, version) pairs."""
    names, versions = _words(scopes.field("name")), _words(scopes.field("version"))
    pairs: dict[tuple[str, str], int] = {}
    codes = [
        pairs.setdefault((names.values[n], versions.values[v]), len(pairs))
        for n, v in zip(names.codes.tolist(), versions.codes.tolist(), strict=True)
    ]
    return np.array(codes, np.int32), list(pairs)


def _spans(batch: pa.RecordBatch, positions: Rows) -> Spans:
    requests = batch.column("resource_spans")
    resource_spans = requests.flatten()
    message_of_resource = positions[_repeat(requests)]
    scope_lists = resource_spans.field("scope_spans")
    scope_spans = scope_lists.flatten()
    resource_of_scope = _repeat(scope_lists)
    scope_codes, scope_names = _scopes(scope_spans.field("scope"))
    span_lists = scope_spans.field("spans")
    spans = span_lists.flatten()
    scope_span_of_span = _repeat(span_lists)
    resource = resource_of_scope[scope_span_of_span]
    event_lists = spans.field("events")
    events = event_lists.flatten()
    status = spans.field("status")
    return Spans(
        count=len(spans),
        message=message_of_resource[resource] if len(spans) else np.zeros(0, np.int32),
        resource=resource,
        scope=scope_codes[scope_span_of_span] if len(spans) else np.zeros(0, np.int32),
        resource_attributes=_table(resource_spans.field("resource").field("attributes")),
        resource_count=len(resource_spans),
        scope_names=scope_names,
        trace_id=_ids(spans.field("trace_id"), 16),
        span_id=_ids(spans.field("span_id"), 8),
        parent_span_id=_ids(spans.field("parent_span_id"), 8),
        name=_words(spans.field("name")),
        kind=np.asarray(spans.field("kind").to_numpy(zero_copy_only=False), np.int32),
        start_ns=_times(spans.field("start_time_unix_nano")),
        end_ns=_times(spans.field("end_time_unix_nano")),
        status_code=np.asarray(status.field("code").to_numpy(zero_copy_only=False), np.int32),
        status_message=_words(status.field("message")),
        attributes=_table(spans.field("attributes")),
        events=Events(
            span=_repeat(event_lists),
            time_ns=_times(events.field("time_unix_nano")),
            name=_words(events.field("name")),
            attributes=_table(events.field("attributes")),
        ),
    )


def _times(values: pa.Array) -> Ints:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.uint64).astype(np.int64)


def trace_keys(trace_id: npt.NDArray[np.uint8]) -> Keys:
    """A 64-bit key of each trace id of n × 16 bytes, both halves mixed.

    The second half is mixed too: in some tracers it is the root's span id, which a span key adds once more, and a
    number that meets itself unmixed loses half of its bits.
    """
    halves = np.ascontiguousarray(trace_id).view("<u8").reshape(-1, 2)
    return _mix(_mix(halves[:, 0]) ^ halves[:, 1])


def span_keys(trace: Keys, span_id: npt.NDArray[np.uint8]) -> Keys:
    """A 64-bit key of (trace id, span id); equal pairs have equal keys."""
    return _mix(trace + np.ascontiguousarray(span_id).view("<u8").ravel())


def _mix(values: Keys) -> Keys:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit."""
    mixed = values.copy()
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
