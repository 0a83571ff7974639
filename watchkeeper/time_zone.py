"""Days and months where the user is."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from watchkeeper.errors import ConfigError

_HOUR = timedelta(hours=1)
_OF_THE_MACHINE = ("localtime", "posixrules")
"""Names that mean another zone on each machine."""


def time_zone(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises :class:`ConfigError` for what is none."""
    try:
        if name in _OF_THE_MACHINE:
            raise ValueError(name)
        return ZoneInfo(name)
    # What is wrong with a name comes out as one of several errors, with its path.
    except (KeyError, ValueError, OSError):
        raise ConfigError(
            f"time zone {name[:60]!r} is not known: use a name such as UTC, Europe/Berlin or Asia/Kolkata"
        ) from None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The begin of ``day`` in ``zone``, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def has_whole_hours(zone: ZoneInfo, begin: datetime, end: datetime) -> bool:
    """Is ``zone`` a whole number of hours off UTC at ``begin`` and at ``end``?"""
    offsets = (moment.astimezone(zone).utcoffset() or timedelta(0) for moment in (begin, end))
    return all(offset % _HOUR == timedelta(0) for offset in offsets)
