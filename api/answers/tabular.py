"""Answers as tables: rows of a pydantic model to Arrow, and Arrow to CSV, an Arrow stream or Parquet.

A route of rows takes ``form: Wanted`` (:mod:`api.answers.negotiation`), states ``responses=RESPONSES`` and ends with::

    answer = ThingsAnswer(start=…, end=…, rows=rows, next_cursor=…)
    return respond(answer, table_of(Thing, rows), form) if form is not Form.JSON else answer

What the JSON answer says beside its rows (the period, the totals, the next cursor) goes along as JSON in the header
``Watchkeeper-Answer`` and, in Arrow and Parquet, in the schema's metadata under ``watchkeeper``. A table too large to
build at once is written as it is read, with :func:`stream`.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import orjson
import pyarrow as pa
from fastapi.responses import StreamingResponse
from pyarrow import csv, parquet
from pydantic import BaseModel

from api.answers.csv_text import plain
from api.answers.negotiation import MEDIA_TYPES, RESPONSES, Form, Wanted

__all__ = ["RESPONSES", "Form", "Wanted", "respond", "stream", "table_of"]

ABOUT_HEADER = "Watchkeeper-Answer"
_ABOUT_METADATA = b"watchkeeper"
_MOST_ABOUT_BYTES = 4_000
"""What proxies let through of one header."""
_ARROW: Mapping[type, pa.DataType] = {
    str: pa.string(),
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    Decimal: pa.decimal128(38, 9),
    datetime: pa.timestamp("us", tz="UTC"),
    date: pa.date32(),
}


def table_of(
    model: type[BaseModel], rows: Iterable[BaseModel], spread: Mapping[str, Sequence[str]] | None = None
) -> pa.Table:
    """``rows`` (of ``model``) in columns, in the order of the model's fields.

    A field that is itself a model becomes one column a field, ``outer_inner``; a dictionary named in ``spread`` one
    column for each of the given keys; any other list or dictionary becomes JSON. Decimals keep nine places.
    """
    columns = list(_columns(model, (), "", spread or {}))
    values = list(rows)
    arrays = [pa.array([_shown(_at(row, path), kind) for row in values], kind) for _, path, kind in columns]
    return pa.table(arrays, names=[name for name, _, _ in columns])


_Path = tuple[str, ...]


def _columns(
    model: type[BaseModel], path: _Path, prefix: str, spread: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, _Path, pa.DataType]]:
    for name, field in model.model_fields.items():
        kind = _without_none(field.annotation)
        if name in spread:
            yield from ((key, (*path, name, key), pa.string()) for key in spread[name])
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _columns(kind, (*path, name), f"{prefix}{name}_", {})
        else:
            yield f"{prefix}{name}", (*path, name), _arrow(kind)


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        inner = [part for part in get_args(annotation) if part is not type(None)]
        return _plain(inner[0]) if len(inner) == 1 else annotation
    return _plain(annotation)


def _plain(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _arrow(kind: Any) -> pa.DataType:
    if not isinstance(kind, type):
        return pa.string()
    return next((_ARROW[base] for base in kind.__mro__ if base in _ARROW), pa.string())


def _at(value: Any, path: _Path) -> Any:
    for name in path:
        if value is None:
            return None
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name)
    return value


def _shown(value: Any, kind: pa.DataType) -> Any:
    if value is None or not pa.types.is_string(kind) or isinstance(value, str):
        return value
    return orjson.dumps(value, default=_jsonable).decode()


def _jsonable(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def respond(answer: BaseModel, table: pa.Table, form: Form, rows: str = "rows") -> StreamingResponse:
    """``table`` in ``form`` (not JSON), with all that ``answer`` says but its field ``rows``."""
    about = answer.model_dump(mode="json", exclude={rows})
    return stream(table.schema, table.to_batches(max_chunksize=10_000), form, about)


def stream(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], form: Form, about: Mapping[str, Any]
) -> StreamingResponse:
    """Batches of ``schema`` in ``form`` (not JSON), written as they come; at most one is held.

    The first batch is read before the answer begins, so that what goes wrong at once is still a problem document.
    Raises :class:`ValueError` for JSON.
    """
    if form not in _OPENERS:
        raise ValueError(f"{form} is written by the route itself")
    told = json.dumps(about, separators=(",", ":"))
    remaining = iter(batches)
    first = list(islice(remaining, 1))
    pieces = _written(form, schema.with_metadata({_ABOUT_METADATA: told.encode()}), chain(first, remaining))
    headers = {"Content-Disposition": f'attachment; filename="watchkeeper.{form}"', "Vary": "Accept"}
    if len(told) <= _MOST_ABOUT_BYTES:
        headers[ABOUT_HEADER] = told
    return StreamingResponse(pieces, media_type=MEDIA_TYPES[form], headers=headers)


class _Draining(io.BytesIO):
    """A file that hands over what was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self._handed_over = 0

    def tell(self) -> int:
        """Counted from the beginning: Parquet's footer holds positions."""
        return self._handed_over + super().tell()

    def drain(self) -> bytes:
        """What was written since the last time."""
        written = self.getvalue()
        self._handed_over += len(written)
        self.seek(0)
        self.truncate()
        return written


def _written(form: Form, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """The bytes of a whole file, in pieces."""
    sink = _Draining()
    writer = _OPENERS[form](sink, schema)
    for batch in batches:
        writer.write(pa.Table.from_batches([batch]).replace_schema_metadata(schema.metadata))
        yield sink.drain()
    writer.close()
    yield sink.drain()


class _CsvWriter:
    """As pyarrow's writers, after :func:`~api.answers.csv_text.plain`; lines end as RFC 4180 says."""

    def __init__(self, sink: io.BytesIO, schema: pa.Schema) -> None:
        self._sink = sink
        self._write(schema.empty_table(), include_header=True)

    def write(self, table: pa.Table) -> None:
        """Further lines."""
        self._write(table, include_header=False)

    def close(self) -> None:
        """Nothing follows the last line."""

    def _write(self, table: pa.Table, *, include_header: bool) -> None:
        options = csv.WriteOptions(include_header=include_header, eol="\r\n")
        csv.write_csv(plain(table), self._sink, options)


_OPENERS: Mapping[Form, Any] = {
    Form.CSV: _CsvWriter,
    Form.ARROW: pa.ipc.new_stream,
    Form.PARQUET: parquet.ParquetWriter,
}
