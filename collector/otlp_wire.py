"""The part of OTLP's trace protocol that we read, as protobuf descriptors.

Wire-equal to ``opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest`` (opentelemetry-proto 1.x),
with two deliberate differences that make decoding in columns cheap: fields we never read are left out (a decoder
skips them), and ``KeyValue.value`` is declared as bytes. A nested message and a bytes field look the same on the
wire, so every attribute value arrives as its undecoded ``AnyValue`` and only the values of keys that are looked
for are ever read. Strings are declared as bytes too: their UTF-8 is checked once, before (:mod:`collector.spans`).
"""

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FileDescriptor

_PACKAGE = "watchkeeper.otlp"
_Field = descriptor_pb2.FieldDescriptorProto

_BYTES = _Field.TYPE_BYTES
_INT32 = _Field.TYPE_INT32
_FIXED64 = _Field.TYPE_FIXED64

# message -> (field name, number, scalar type or message name, repeated)
_MESSAGES: dict[str, tuple[tuple[str, int, "int | str", bool], ...]] = {
    "KeyValue": (("key", 1, _BYTES, False), ("value", 2, _BYTES, False)),
    "Resource": (("attributes", 1, "KeyValue", True),),
    "Scope": (("name", 1, _BYTES, False), ("version", 2, _BYTES, False)),
    "Event": (
        ("time_unix_nano", 1, _FIXED64, False),
        ("name", 2, _BYTES, False),
        ("attributes", 3, "KeyValue", True),
    ),
    "Status": (("message", 2, _BYTES, False), ("code", 3, _INT32, False)),
    "Span": (
        ("trace_id", 1, _BYTES, False),
        ("span_id", 2, _BYTES, False),
        ("parent_span_id", 4, _BYTES, False),
        ("name", 5, _BYTES, False),
        ("kind", 6, _INT32, False),
        ("start_time_unix_nano", 7, _FIXED64, False),
        ("end_time_unix_nano", 8, _FIXED64, False),
        ("attributes", 9, "KeyValue", True),
        ("events", 11, "Event", True),
        ("status", 15, "Status", False),
    ),
    "ScopeSpans": (("scope", 1, "Scope", False), ("spans", 2, "Span", True)),
    "ResourceSpans": (("resource", 1, "Resource", False), ("scope_spans", 2, "ScopeSpans", True)),
    "Request": (("resource_spans", 1, "ResourceSpans", True),),
}


def _file() -> FileDescriptor:
    proto = descriptor_pb2.FileDescriptorProto(name="watchkeeper_otlp.proto", package=_PACKAGE, syntax="proto3")
    for message, fields in _MESSAGES.items():
        described = proto.message_type.add(name=message)
        for name, number, kind, repeated in fields:
            field = described.field.add(name=name, number=number)
            field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
            if isinstance(kind, str):
                field.type = _Field.TYPE_MESSAGE
                field.type_name = f".{_PACKAGE}.{kind}"
            else:
                field.type = kind  # type: ignore[assignment]
    pool = descriptor_pool.DescriptorPool()
    pool.Add(proto)
    return pool.FindFileByName(proto.name)


FILE: FileDescriptor = _file()
REQUEST: Descriptor = FILE.message_types_by_name["Request"]
