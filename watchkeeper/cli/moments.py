"""Dates and times as they are written on the command line."""

from datetime import UTC, datetime

from watchkeeper.errors import ConfigError


def moment(text: str, option: str) -> datetime:
    """An ISO date or time; without a zone it is UTC. Raises :class:`ConfigError` that names ``option``."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{option} is {text!r}: write a date or time such as 2026-01-31 or 2026-01-31T12:00Z"
        ) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
