"""Lengths of time on the command line: 30m, 24h, 90d, 4w."""

import re
from datetime import timedelta

from watchkeeper.errors import ConfigError

_TEXT = re.compile(r"(\d{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str, option: str) -> timedelta:
    """What ``text`` means. Raises :class:`ConfigError`, which names ``option``, for what is no length of time."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ConfigError(f"{option} is {text[:40]!r}: write a number and m, h, d or w, such as 24h or 90d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
