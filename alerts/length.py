"""Lengths of time as rules files write them: ``30s``, ``10m``, ``4h``, ``1d``, ``2w``."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

_TEXT = re.compile(r"(\d{1,5})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _length(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = _TEXT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{str(value)[:40]!r} is no length of time: write a number and s, m, h, d or w, such as 30m")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _repeat(value: Any) -> Any:
    return None if value in ("never", None) else _length(value)


Length = Annotated[timedelta, BeforeValidator(_length)]
"""A length of time."""
Repeat = Annotated[timedelta | None, BeforeValidator(_repeat)]
"""A length of time, or ``never``, which is None."""


def length_words(length: timedelta) -> str:
    """``length`` for people, in its two largest units."""
    seconds = max(0, round(length.total_seconds()))
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
