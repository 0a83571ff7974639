"""Hours of the week in a time zone: quiet hours and maintenance windows that come again."""

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from alerts.record import Record
from watchkeeper.errors import ConfigError
from watchkeeper.time_zone import time_zone

DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[DayName, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def _clock(value: Any) -> Any:
    if isinstance(value, time):
        return value
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        # Without quotes YAML takes 22:00 for the number 1320.
        raise ValueError('write a time of the day in quotes, such as "22:00"')
    return time(int(found[1]), int(found[2]))


def known_zone(value: Any) -> Any:
    """``value``, if it is the name of a time zone. Raises :class:`ValueError` otherwise."""
    try:
        time_zone(str(value))
    except ConfigError as error:
        raise ValueError(str(error)) from None
    return value


Clock = Annotated[time, BeforeValidator(_clock)]
ZoneName = Annotated[str, BeforeValidator(known_zone)]


class Hours(Record):
    """From ``begin`` to ``end`` o'clock, past midnight where ``end`` is not later; ``days`` are those it begins on."""

    begin: Clock = Field(alias="from")
    end: Clock = Field(alias="to")
    days: tuple[DayName, ...] = _DAYS
    time_zone: ZoneName | None = None
    """None: that of the file."""

    def end_of(self, now: datetime, zone: str) -> datetime | None:
        """When the window in which ``now`` lies ends; None outside. ``zone`` is that of the file."""
        where = time_zone(self.time_zone or zone)
        local = now.astimezone(where)
        for ago in (1, 0):
            day = local.date() - timedelta(days=ago)
            begin = datetime.combine(day, self.begin, where)
            after = day + timedelta(days=1) if self.end <= self.begin else day
            end = datetime.combine(after, self.end, where)
            if _DAYS[day.weekday()] in self.days and _utc(begin) <= _utc(now) < _utc(end):
                return _utc(end)
        return None


def _utc(moment: datetime) -> datetime:
    # Two times of one zone are compared by the wall clock, which jumps twice a year.
    return moment.astimezone(ZoneInfo("UTC"))
