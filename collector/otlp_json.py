"""OTLP/JSON to OTLP/protobuf: the slow, careful road, so that everything after it is one path.

OTLP's JSON mapping differs from protobuf's own in one point: ids are hex, not base64 (OTLP specification,
"JSON Protobuf Encoding").
"""

import base64
import binascii
from typing import Any

import orjson
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from watchkeeper.errors import BadMessage
from watchkeeper.streams.source import Signal

_ID_NAMES = frozenset(("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"))
_REQUESTS: dict[Signal, type[Message]] = {
    Signal.TRACES: ExportTraceServiceRequest,
    Signal.LOGS: ExportLogsServiceRequest,
}
_MAX_DEPTH = 100


def to_protobuf(body: bytes, signal: Signal = Signal.TRACES) -> bytes:
    """One OTLP/JSON export request as protobuf bytes.

    Raises :class:`BadMessage` when the text is no JSON, or no export request.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadMessage("malformed_json", f"not JSON at position {error.pos}") from None
    if not isinstance(document, dict):
        raise BadMessage("malformed_json", "an export request is a JSON object")
    request = _REQUESTS[signal]()
    try:
        _ids_to_base64(document, 0)
        ParseDict(document, request, ignore_unknown_fields=True, max_recursion_depth=_MAX_DEPTH)
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError):
        raise BadMessage("malformed_json", "the JSON is no OTLP export request") from None
    return request.SerializeToString()


def _ids_to_base64(value: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise BadMessage("malformed_json", "nested too deeply")
    if isinstance(value, list):
        for item in value:
            _ids_to_base64(item, depth + 1)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in _ID_NAMES and isinstance(inner, str):
                value[name] = _id_to_base64(inner)
            else:
                _ids_to_base64(inner, depth + 1)


def _id_to_base64(text: str) -> str:
    try:
        return base64.b64encode(binascii.unhexlify(text)).decode()
    except (binascii.Error, ValueError):
        raise BadMessage("malformed_json", "a trace or span id is not hexadecimal") from None
