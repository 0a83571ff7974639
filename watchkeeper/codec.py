"""Calls between bytes and columns: what travels on ``llm_calls``.

A message is one Arrow IPC stream with the schema :data:`~watchkeeper.schema.CALLS_SCHEMA` and its version in the
metadata. A reader accepts its own version and older ones: columns that an older writer did not know are null.
"""

import pyarrow as pa

from watchkeeper.errors import BadMessage
from watchkeeper.schema import CALLS_SCHEMA, SCHEMA_VERSION

_VERSION = b"watchkeeper.schema_version"
_COMPRESSION = pa.ipc.IpcWriteOptions(compression="zstd")


def encode_calls(calls: pa.Table) -> bytes:
    """A table of calls as one message."""
    sink = pa.BufferOutputStream()
    # One dictionary a column: the stream format has no room for a second version of it.
    with pa.ipc.new_stream(sink, CALLS_SCHEMA, options=_COMPRESSION) as writer:
        writer.write_table(calls.cast(CALLS_SCHEMA).unify_dictionaries().combine_chunks())
    value: bytes = sink.getvalue().to_pybytes()
    return value


def decode_calls(message: bytes) -> pa.Table:
    """The table in a message, in our schema.

    Raises :class:`BadMessage` when it is no Arrow stream of calls or from a newer version than ours.
    """
    try:
        with pa.ipc.open_stream(message) as reader:
            table = reader.read_all()
    except (pa.ArrowException, OSError):
        raise BadMessage("malformed_arrow", "no Arrow IPC stream of calls") from None
    version = (table.schema.metadata or {}).get(_VERSION, b"none")
    if not (version.isdigit() and 1 <= int(version) <= SCHEMA_VERSION):
        shown = version[:20].decode(errors="replace")
        raise BadMessage("unknown_schema_version", f"version {shown}, this reader knows 1 to {SCHEMA_VERSION}")
    return _in_our_schema(table)


def _in_our_schema(table: pa.Table) -> pa.Table:
    columns = []
    for field in CALLS_SCHEMA:
        try:
            known = table.schema.get_field_index(field.name) >= 0
            columns.append(table[field.name].cast(field.type) if known else pa.nulls(len(table), field.type))
        except pa.ArrowException:
            raise BadMessage("malformed_arrow", f"column {field.name} is no {field.type}") from None
    return pa.table(columns, schema=CALLS_SCHEMA)
