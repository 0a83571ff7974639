"""Reading OTLP ``AnyValue`` bytes, many at a time.

An ``AnyValue`` is a protobuf oneof: its first byte says which kind follows (opentelemetry-proto,
``common/v1/common.proto``). Numbers are read for a whole column with numpy; everything else is read once for each
distinct value, because attribute values repeat.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from watchkeeper.errors import BadMessage

STRING, BOOL, INT, DOUBLE = 0x0A, 0x10, 0x18, 0x21
_DOUBLE_LENGTH = 9
_SHORT_STRING = 130
"""Values shorter than this have a length of one byte before the text."""
_MAX_DEPTH = 16

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def binary_buffers(values: pa.Array) -> tuple[Ints, npt.NDArray[np.uint8]]:
    """Offsets (n + 1) and data bytes of a binary array, without a copy of the data."""
    _, offset_buffer, data_buffer = values.buffers()
    count = len(values)
    if offset_buffer is None:
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    offsets = np.frombuffer(offset_buffer, np.int32)[values.offset : values.offset + count + 1].astype(np.int64)
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.zeros(0, np.uint8)
    return offsets, data


def _string_body(value: bytes) -> bytes | None:
    length, shift = 0, 0
    for position in range(1, min(len(value), 6)):
        byte = value[position]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            body = value[position + 1 :]
            return body if len(body) == length else None
    return None


def decode(value: bytes) -> Any:
    """One ``AnyValue`` as a Python object (str, bool, int, float, list, dict, bytes or None).

    Raises :class:`BadMessage` when the bytes are no ``AnyValue``.
    """
    if not value:
        return None
    if value[0] == STRING:
        body = _string_body(value)
        if body is not None:
            return body.decode("utf-8", "replace")
    try:
        return plain(AnyValue.FromString(value))
    except DecodeError:
        raise BadMessage("malformed_attribute", "an attribute value is no AnyValue") from None


def decode_all(values: pa.Array) -> list[Any]:
    """Each ``AnyValue`` as a Python object; a column of short strings at Arrow's speed."""
    offsets, data = binary_buffers(values)
    starts, lengths = offsets[:-1], np.diff(offsets)
    if len(lengths) and lengths.min() > 1 and lengths.max() < _SHORT_STRING and (data[starts] == STRING).all():
        # An explicit stop: without one, pyarrow computes a negative length.
        try:
            texts: list[Any] = pc.binary_slice(values, 2, _SHORT_STRING).cast(pa.string()).to_pylist()
        except pa.ArrowInvalid:
            pass
        else:
            return texts
    return [decode(value) for value in values.to_pylist()]


def plain(value: AnyValue, depth: int = 0) -> Any:
    """An ``AnyValue`` message as plain Python; deeper nesting than any instrumentation writes is cut."""
    kind = value.WhichOneof("value")
    if kind is None or depth > _MAX_DEPTH:
        return None
    if kind == "array_value":
        return [plain(item, depth + 1) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {item.key: plain(item.value, depth + 1) for item in value.kvlist_value.values}
    return getattr(value, kind)


def numbers(values: pa.Array) -> Floats:
    """Each value as a finite number, NaN where it is none; numeric strings count (trap 1 of the dialects)."""
    offsets, data = binary_buffers(values)
    starts, lengths = offsets[:-1], np.diff(offsets)
    result = np.full(len(lengths), np.nan)
    filled = np.flatnonzero(lengths > 1)
    tags = data[starts[filled]]
    _read_varints(result, filled[(tags == INT) | (tags == BOOL)], starts, lengths, data)
    _read_doubles(result, filled[(tags == DOUBLE) & (lengths[filled] == _DOUBLE_LENGTH)], starts, data)
    texts = filled[tags == STRING]
    if len(texts):
        encoded = values.take(pa.array(texts)).dictionary_encode()
        parsed = np.array([as_number(decode(v)) for v in encoded.dictionary.to_pylist()], np.float64)
        result[texts] = parsed[encoded.indices.to_numpy()]
    result[~np.isfinite(result)] = np.nan
    return result


def _read_varints(result: Floats, rows: Ints, starts: Ints, lengths: Ints, data: npt.NDArray[np.uint8]) -> None:
    if not len(rows):
        return
    value = np.zeros(len(rows), np.uint64)
    for byte in range(int(min(lengths[rows].max() - 1, 10))):
        present = lengths[rows] > byte + 1
        septet = data[starts[rows[present]] + 1 + byte].astype(np.uint64) & np.uint64(0x7F)
        value[present] |= septet << np.uint64(7 * byte)
    result[rows] = value.view(np.int64)


def _read_doubles(result: Floats, rows: Ints, starts: Ints, data: npt.NDArray[np.uint8]) -> None:
    if len(rows):
        octets = data[starts[rows, None] + np.arange(1, 9)]
        result[rows] = np.ascontiguousarray(octets).view("<f8").ravel()


def as_number(value: Any) -> float:
    """A Python object as a finite number; NaN when it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return float("nan")
    return number if np.isfinite(number) else float("nan")
