"""``watchkeeper decode``: OTLP files to calls, as the collector would store them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from rich.console import Console
from rich.table import Table

from collector.memory import CallMemory
from collector.price_book import PriceBook
from collector.stage import Stage, Staged, StageOptions
from watchkeeper.errors import BadMessage
from watchkeeper.streams.source import Batch, Encoding, RawMessage

_BATCH_BYTES = 32 * 2**20
_ID_COLUMNS = ("trace_id", "span_id", "parent_span_id")
_MEMORY = 500_000

Row = dict[str, Any]


def messages_of(path: Path) -> list[RawMessage]:
    """The OTLP messages in a file: protobuf, one JSON document, or one JSON document a line.

    Raises :class:`BadMessage` when the file cannot be read.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise BadMessage("unreadable_file", error.strerror or "cannot be opened") from None
    if body.lstrip()[:1] != b"{":
        return [RawMessage(body, 0)]
    lines = [line for line in body.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.lstrip()[:1] == b"{" and _is_json(line) for line in lines):
        return [RawMessage(line, number, encoding=Encoding.JSON) for number, line in enumerate(lines)]
    return [RawMessage(body, 0, encoding=Encoding.JSON)]


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def decode_files(
    paths: Sequence[Path], price_file: Path | None = None
) -> Iterator[tuple[list[Row], list[Row], list[str]]]:
    """Calls, skipped spans and errors of ``paths``, batch by batch, read as one stream in the order given."""
    stage = Stage(CallMemory(_MEMORY), PriceBook.load(price_file), StageOptions())
    messages: list[RawMessage] = []
    names: list[str] = []
    errors: list[str] = []
    size = 0
    for path in paths:
        try:
            found = messages_of(path)
        except BadMessage as error:
            errors.append(f"{path}: {error}")
            continue
        messages += found
        names += [str(path)] * len(found)
        size += sum(len(message.body) for message in found)
        if size > _BATCH_BYTES:
            yield _decode(stage, messages, names, errors)
            messages, names, errors, size = [], [], [], 0
    yield _decode(stage, messages, names, errors)


def _decode(
    stage: Stage, messages: list[RawMessage], names: list[str], errors: list[str]
) -> tuple[list[Row], list[Row], list[str]]:
    if not messages:
        return [], [], errors
    numbered = [RawMessage(m.body, i, m.signal, m.encoding) for i, m in enumerate(messages)]
    staged = stage.read(Batch("file", 0, numbered, "decode"))
    stage.stored(staged)
    failures = [f"{names[position]}: {error}" for position, error in sorted(staged.bad.items())]
    return _calls(staged, names), _skipped(staged, names), [*errors, *failures]


def _calls(staged: Staged, names: list[str]) -> list[Row]:
    rows: list[Row] = staged.calls.drop_columns(["source", "source_partition", "source_offset"]).to_pylist()
    for row, message in zip(rows, staged.call_message.tolist(), strict=True):
        row["file"] = names[message]
        for name in _ID_COLUMNS:
            row[name] = row[name].hex()
        row["attributes"] = dict(row["attributes"])
    return rows


def _skipped(staged: Staged, names: list[str]) -> list[Row]:
    spans = staged.spans
    return [
        {
            "file": names[spans.message[row]],
            "trace_id": spans.trace_id[row].tobytes().hex(),
            "span_id": spans.span_id[row].tobytes().hex(),
            "name": spans.name.values[spans.name.codes[row]],
            "skipped": reason,
        }
        for reason, rows in staged.skipped.items()
        for row in np.asarray(rows).tolist()
    ]


def as_json(row: Row) -> str:
    """One row as one line of JSON; money as a decimal string's number, times in ISO 8601."""
    return orjson.dumps(row, default=_plain).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)


_SHOWN = (
    "file",
    "service",
    "provider",
    "request_model",
    "model",
    "outcome",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "duration_us",
)


def print_table(rows: list[Row], console: Console) -> None:
    """Rows as a table for people."""
    table = Table(*_SHOWN)
    for row in rows:
        shown = {**row, "file": Path(str(row["file"])).name}
        table.add_row(*("" if shown.get(name) is None else str(shown.get(name)) for name in _SHOWN))
    console.print(table)
