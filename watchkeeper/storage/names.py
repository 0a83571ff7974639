"""Names of databases and tables on their way into SQL text."""

import re

from watchkeeper.errors import ConfigError

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def identifier(name: str) -> str:
    """``name``, if it can stand in SQL as it is. Raises :class:`ConfigError`: nothing else may get into SQL text."""
    if not _IDENTIFIER.fullmatch(name):
        raise ConfigError(f"{name!r} is no name for a database or table: use letters, digits and _")
    return name
