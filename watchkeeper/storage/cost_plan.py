"""From which tables a question about costs is read, and which period that really is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.cost_source import CALLS, HOURS, MINUTES, CostSource

DAYS = CostSource("calls_1d", 86_400)
_MINUTES_UP_TO = timedelta(days=2)
_FEWEST_DAYS = timedelta(days=14)
"""Fewer whole days are read by the hour: two more tables in one statement cost as much as they save."""


class Interval(StrEnum):
    """Length of the rows' intervals; all begin in UTC, weeks on Monday."""

    NONE = ""
    HOUR = "1h"
    SIX_HOURS = "6h"
    DAY = "1d"
    WEEK = "1w"
    MONTH = "1mo"

    def start(self, moment: str) -> str:
        """SQL for the start of the interval in which the SQL expression ``moment`` lies, in Unix seconds."""
        return f"toUnixTimestamp(toDateTime({_STARTS[self].format(moment)}, 'UTC'))"

    @property
    def has_whole_days(self) -> bool:
        """Does no interval end within a day?"""
        return self not in (Interval.HOUR, Interval.SIX_HOURS)


_STARTS: Mapping[Interval, str] = {
    Interval.NONE: "0",
    Interval.HOUR: "toStartOfHour({})",
    Interval.SIX_HOURS: "toStartOfInterval({}, INTERVAL 6 HOUR)",
    Interval.DAY: "toStartOfDay({})",
    Interval.WEEK: "toMonday({})",
    Interval.MONTH: "toStartOfMonth({})",
}


@dataclass(frozen=True, slots=True)
class CostQuery:
    """What is asked: which calls, by what they are grouped, in which intervals."""

    chosen: CallFilter
    dimensions: tuple[str, ...] = ()
    interval: Interval = Interval.NONE
    retries: bool = False
    """Find answers that a later attempt replaced, which only single calls tell."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Part of the period, from one table; its ends lie on the table's buckets."""

    source: CostSource
    chosen: CallFilter


@dataclass(frozen=True, slots=True)
class CostPlan:
    """Segments that follow one another without a gap."""

    segments: tuple[Segment, ...]
    complete_since: datetime | None
    """What is older may be gone from one of the tables; None where nothing is ever removed."""

    @property
    def begin(self) -> datetime:
        return self.segments[0].chosen.begin

    @property
    def end(self) -> datetime:
        return self.segments[-1].chosen.end

    @property
    def tables(self) -> tuple[str, ...]:
        """Each table once, in the order of time."""
        return tuple(dict.fromkeys(segment.source.table for segment in self.segments))


def plan(query: CostQuery, kept: Mapping[str, datetime], now: datetime) -> CostPlan:
    """The tables that answer ``query`` soonest without changing a number.

    Single calls where the rollups do not keep apart what is asked; minutes for up to two days that do not begin and
    end on the hour; else hours, and days for the whole days of a longer period. ``kept`` is what
    :func:`~.cost_source.kept_since` found. A period is widened to whole buckets, and to whole days where it is longer
    and its intervals are; that of today is read whole, as nothing lies behind ``now``.
    """
    chosen = query.chosen
    if query.retries or not chosen.fits_rollups(query.dimensions):
        segments = [Segment(CALLS, chosen)]
    elif _wants_minutes(chosen) and kept.get(MINUTES.table, chosen.begin) <= chosen.begin:
        segments = [Segment(MINUTES, _widened(MINUTES, chosen))]
    else:
        segments = _by_hour_and_day(_widened(HOURS, chosen), query.interval, now)
    starts = [kept[segment.source.table] for segment in segments if segment.source.table in kept]
    return CostPlan(tuple(segments), max(starts, default=None))


def _wants_minutes(chosen: CallFilter) -> bool:
    return chosen.end - chosen.begin <= _MINUTES_UP_TO and _widened(HOURS, chosen) != chosen


def _widened(source: CostSource, chosen: CallFilter) -> CallFilter:
    return replace(chosen, begin=source.whole(chosen.begin), end=_not_before(source, chosen.end))


def _not_before(source: CostSource, moment: datetime) -> datetime:
    begin = source.whole(moment)
    return begin if begin == moment else begin + timedelta(seconds=source.bucket_s)


def _by_hour_and_day(chosen: CallFilter, interval: Interval, now: datetime) -> list[Segment]:
    whole = _widened(DAYS, chosen)
    first = whole.begin if interval else _not_before(DAYS, chosen.begin)
    last = whole.end if interval or chosen.end >= now else DAYS.whole(chosen.end)
    if last - first < _FEWEST_DAYS or not interval.has_whole_days:
        return [Segment(HOURS, chosen)]
    parts: Sequence[tuple[CostSource, datetime, datetime]] = (
        (HOURS, chosen.begin, first),
        (DAYS, first, last),
        (HOURS, last, chosen.end),
    )
    return [Segment(source, replace(chosen, begin=begin, end=end)) for source, begin, end in parts if begin < end]
