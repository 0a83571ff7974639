"""Strings that hold structures: JSON, and the Python literals some instrumentations write instead."""

import ast
from typing import Any

import orjson

_LONGEST_LITERAL = 100_000
_OPENERS = ("{", "[", '"')


def parse_structured(value: Any) -> Any:
    """``value`` parsed where it is a JSON document or a Python literal, else ``value`` itself.

    Doubly quoted JSON (a JSON string that holds JSON) is opened once more.
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text.startswith(_OPENERS):
        return value
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _python_literal(text, value)
    return parsed if not isinstance(parsed, str) else _inner(parsed)


def _inner(text: str) -> Any:
    try:
        return orjson.loads(text) if text.lstrip().startswith(_OPENERS) else text
    except orjson.JSONDecodeError:
        return text


def _python_literal(text: str, otherwise: Any) -> Any:
    if len(text) > _LONGEST_LITERAL or "'" not in text:
        return otherwise
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return otherwise


def walk(value: Any, path: tuple[str | int, ...]) -> Any:
    """The part of ``value`` at ``path``, parsing embedded JSON on the way; None where there is none."""
    for step in path:
        value = parse_structured(value)
        if isinstance(step, int) and isinstance(value, list):
            value = value[step] if -len(value) <= step < len(value) else None
        elif isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value
