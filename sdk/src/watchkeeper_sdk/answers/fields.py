"""Reading one field of an object nobody vouches for: an SDK's model, its dict form, or anything else."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

MOST_TEXT = 1_000_000
"""Characters of a streamed answer that are kept; a longer one has no text."""

_MOST_WORD = 256
_MOST_COUNT = 1 << 53
_TEXT_TYPES = (None, "text", "output_text")


def get(source: object, name: str) -> Any:
    """The item or attribute ``name``; ``None`` where there is none or reading it fails."""
    if source is None:
        return None
    try:
        if isinstance(source, dict):
            return source.get(name)
        fields = source.__dict__
        if name in fields:
            return fields[name]
        # Asking a pydantic model for what it has not takes microseconds; its other fields are known to be here.
        extra = source.__pydantic_extra__  # type: ignore[attr-defined]
        return extra.get(name) if extra else None
    except Exception:  # noqa: BLE001  a property of somebody else's object
        return attribute(source, name)


def attribute(source: object, name: str) -> Any:
    """The attribute ``name``, private ones and properties included; ``None`` as for :func:`get`."""
    try:
        return getattr(source, name, None)
    except Exception:  # noqa: BLE001  a property of somebody else's object
        return None


def either(source: object, name: str, in_json: str) -> Any:
    """The field ``name``, which is spelt ``in_json`` in dicts that come straight from the wire."""
    value = get(source, name)
    return source.get(in_json) if value is None and isinstance(source, dict) else value


def items(value: object) -> Sequence[Any]:
    """The elements of a list or tuple; of anything else none."""
    return value if isinstance(value, (list, tuple)) else ()


def word(value: object) -> str:
    """A name or id as plain text of bounded length that can be encoded; empty for anything else."""
    if isinstance(value, Enum):
        value = value.name.lower()
    if not isinstance(value, str):
        return ""
    if type(value) is str and len(value) <= _MOST_WORD and value.isascii():
        return value
    return str.__str__(value)[:_MOST_WORD].encode("utf-8", "replace").decode()


def words(values: Iterable[object]) -> tuple[str, ...]:
    """Those of ``values`` that are words."""
    return tuple(found for value in values if (found := word(value)))


def count(value: object) -> int | None:
    """A number of tokens; ``None`` for what is none. Cohere counts in floats."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= _MOST_COUNT else None


def total(*counts: int | None) -> int | None:
    """Sum of the known; ``None`` where the first is unknown, for the others are only what it leaves out."""
    return None if not counts or counts[0] is None else sum(part or 0 for part in counts)


def text_of(content: object) -> str | None:
    """The text of a message's content: a string, or the text parts of a list. ``None``: it has no text."""
    if isinstance(content, str):
        return content
    pieces = [piece for part in items(content) if isinstance(piece := part_text(part), str)]
    return "".join(pieces) if pieces else None


def part_text(part: object) -> object:
    """The text of one content part, which may be a string itself."""
    if isinstance(part, str):
        return part
    return get(part, "text") if get(part, "type") in _TEXT_TYPES else None


class TextBuffer:
    """A streamed answer's text, bounded."""

    __slots__ = ("_buffer", "_left")

    def __init__(self, most: int = MOST_TEXT) -> None:
        self._buffer: io.StringIO | None = None
        self._left = most

    def add(self, piece: str) -> None:
        """Append, unless the bound is passed: then everything is let go."""
        self._left -= len(piece)
        if self._left < 0:
            self._buffer = None
            return
        if self._buffer is None:
            self._buffer = io.StringIO()
        self._buffer.write(piece)

    @property
    def overflowed(self) -> bool:
        """Was there more text than is kept?"""
        return self._left < 0

    def text(self) -> str | None:
        """All of it; ``None`` when there was none or too much."""
        return None if self._buffer is None else self._buffer.getvalue()
