"""Which export a file is, told by its content, and its rows."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from api.problems import Problem
from api.reconciling import anthropic, openai
from api.reconciling.export import MOST_ROWS, Export, Fields, unreadable

FORMS = (
    "OpenAI: Costs API and Usage API (JSON pages, one or a list of them), the dashboard's CSV of costs or usage; "
    "Anthropic: usage_report/messages and cost_report (JSON pages), the Console's CSV of usage or costs"
)
_DELIMITERS = ",;\t"
_CSV: Sequence[tuple[frozenset[str], Callable[[Iterable[Fields]], Export]]] = (
    (frozenset({"start_time", "amount_value"}), openai.from_costs_csv),
    (frozenset({"start_time", "input_tokens", "output_tokens"}), openai.from_usage_csv),
    (frozenset({"start_time", "input_tokens", "num_model_requests"}), openai.from_usage_csv),
    (frozenset({"usage_date_utc", "usage_input_tokens_no_cache"}), anthropic.from_usage_csv),
    (frozenset({"usage_date_utc", "cost_usd"}), anthropic.from_costs_csv),
)
"""Columns that tell a file, and its reader."""


def read_export(content: bytes, provider: str = "") -> Export:
    """``content`` as rows. Raises :class:`Problem` (422) naming the place and what was expected there.

    ``provider`` is what the caller believes it to be from; an export of another one is refused.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable(f"byte {error.start}", "the file is not UTF-8 (is it compressed, or a spreadsheet?)") from None
    if not text.strip():
        raise Problem(422, "The export cannot be read", f"It is empty. What can be read: {FORMS}.")
    export = _from_json(text) if text.lstrip()[0] in "{[" else _from_csv(text)
    if provider and export.provider != provider:
        raise Problem(422, "Another provider's export", f"This is {export.form}, not an export of {provider}.")
    if not export.buckets:
        raise Problem(422, "The export cannot be read", "It has a header and no rows: ask for a period with usage.")
    if len(export.rows) > MOST_ROWS:
        raise Problem(422, "Too much at once", f"The export has more than {MOST_ROWS:,} rows: take a shorter period.")
    return export


def _from_json(text: str) -> Export:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise unreadable(f"line {error.lineno}, column {error.colno}", f"no JSON: {error.msg}") from None
    pages = [Fields(page, place) for place, page in _pages(document)]
    buckets = [bucket for page in pages for bucket in page.objects("data")]
    if not buckets:
        raise Problem(422, "The export cannot be read", "It has no time buckets: ask for a period with usage.")
    if "start_time" in buckets[0].values:
        return openai.from_pages(pages)
    if "starting_at" in buckets[0].values:
        return anthropic.from_pages(pages)
    raise unreadable(buckets[0].place, f"neither start_time nor starting_at. What can be read: {FORMS}")


def _pages(document: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    listed = document if isinstance(document, list) else [document]
    for number, page in enumerate(listed):
        place = f"[{number}]" if isinstance(document, list) else ""
        if not isinstance(page, dict) or not isinstance(page.get("data"), list):
            raise unreadable(place or "the document", f"no page with a list `data`. What can be read: {FORMS}")
        yield place, page


def _from_csv(text: str) -> Export:
    header = text.splitlines()[0]
    delimiter = max(_DELIMITERS, key=header.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [name.strip().lower() for name in _next(lines, 1)]
    for columns, reader in _CSV:
        if columns <= set(names):
            return reader(_fields(lines, names))
    shown = ", ".join(names)[:200]
    raise unreadable("row 1", f"the columns {shown!r} are of no export we know. What can be read: {FORMS}")


def _fields(lines: Iterator[list[str]], names: Sequence[str]) -> Iterator[Fields]:
    number = 1
    while True:
        number += 1
        try:
            line = _next(lines, number)
        except StopIteration:
            return
        if not any(cell.strip() for cell in line):
            continue
        if len(line) > len(names):
            raise unreadable(f"row {number}", f"{len(line)} cells, but the first row names {len(names)} columns")
        if number > MOST_ROWS + 2:
            raise Problem(
                422, "Too much at once", f"The export has more than {MOST_ROWS:,} rows: take a shorter period."
            )
        yield Fields(dict(zip(names, line, strict=False)), f"row {number}")


def _next(lines: Iterator[list[str]], number: int) -> list[str]:
    try:
        return next(lines)
    except csv.Error as error:
        raise unreadable(f"row {number}", f"no CSV: {error}") from None
