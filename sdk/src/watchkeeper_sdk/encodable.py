"""What OTLP can carry: text that is UTF-8 and integers of 64 bits.

An encoder fails on anything else, and with it the whole batch, time after time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


def encodable_text(text: object) -> str:
    """``text`` with what is half a character, as half an emoji, replaced by ``?``."""
    plain = text if isinstance(text, str) else str(text)
    return plain if plain.isascii() else plain.encode("utf-8", "replace").decode()


def encodable(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """``attributes`` as they can be sent; integers that are too large are left out."""
    kept: dict[str, Any] = {}
    for key, value in attributes.items():
        sent = value if _is_plain(value) else _value(value)
        if sent is not None:
            kept[key if key.isascii() else encodable_text(key)] = sent
    return kept


def _is_plain(value: Any) -> bool:
    """The usual case, which costs little to tell."""
    kind = type(value)
    return (kind is str and value.isascii()) or kind is float or (kind is int and _LEAST <= value <= _MOST)


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return encodable_text(value)
    if isinstance(value, int):
        return value if _LEAST <= value <= _MOST else None
    if isinstance(value, (list, tuple)):
        return [one for one in map(_value, value) if one is not None]
    return encodable(value) if isinstance(value, Mapping) else value
