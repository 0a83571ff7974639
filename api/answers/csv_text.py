"""Arrow columns as the text of CSV: readable by people and spreadsheets, and harmless in both."""

from datetime import UTC
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

_FORMULA = "^[=+\\-@\t\r\n]"
"""Beginnings that make a spreadsheet compute a cell, as OWASP's page on CSV injection lists them."""


def plain(batch: pa.RecordBatch | pa.Table) -> pa.Table:
    """``batch`` with every column a number, a truth value or a text that may go into a CSV file as it is.

    Times are ISO 8601 in UTC, decimals have no exponent, bytes are hex, lists and maps JSON. A text that a
    spreadsheet would take for a formula gets a leading apostrophe; numbers are never quoted or changed.
    """
    columns = [_text(batch.column(place)) for place in range(batch.num_columns)]
    return pa.table(columns, names=batch.schema.names)


def _text(column: Any) -> Any:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _harmless(column.cast(pa.string()))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _harmless(column)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind):
        return column
    if pa.types.is_floating(kind):
        return pc.if_else(pc.is_finite(column), column, None)
    return pa.array([None if value is None else _written(value, kind) for value in column.to_pylist()], pa.string())


def _written(value: Any, kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return format(value, "f")
    if pa.types.is_timestamp(kind):
        return str((value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()).replace("+00:00", "Z")
    if pa.types.is_date(kind):
        return str(value.isoformat())
    if isinstance(value, bytes):
        return value.hex()
    # Begins with a bracket, so no spreadsheet takes it for a formula.
    return orjson.dumps(dict(value) if pa.types.is_map(kind) else value, default=str).decode()


def _harmless(column: Any) -> Any:
    return pc.replace_substring_regex(column, _FORMULA, r"'\0")
