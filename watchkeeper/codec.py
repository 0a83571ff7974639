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

    Raises :class:`BadMessage` when it is no Arrow stream or from a newer version than ours.
    """
    try:
        with pa.ipc.open_stream(message) as reader:
            table = reader.read_all()
    except (pa.ArrowInvalid, OSError):
        raise BadMessage("malformed_arrow", "no Arrow IPC stream of calls") from None
    version = int((table.schema.metadata or {}).get(_VERSION, b"0"))
    if not 1 <= version <= SCHEMA_VERSION:
        raise BadMessage("unknown_schema_version", f"version {version}, this reader knows up to {SCHEMA_VERSION}")
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in CALLS_SCHEMA
    ]
    return pa.table(columns, schema=CALLS_SCHEMA)
