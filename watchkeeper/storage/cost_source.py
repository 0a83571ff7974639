"""Which table a question about spending is read from, and from when on that table is complete."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store

_MINUTES_UP_TO = timedelta(days=2)
_CALLS_UP_TO = timedelta(hours=1)
_TTL = re.compile(r" TTL .*?toIntervalDay\((\d+)\)")
_ENGINES = (
    "SELECT name, engine_full FROM system.tables "
    "WHERE database = currentDatabase() AND name IN ('calls', 'calls_1m', 'calls_1h', 'calls_1d')"
)


@dataclass(frozen=True, slots=True)
class CostSource:
    """A table, and the length of its buckets in seconds; 0 where it holds single calls."""

    table: str
    bucket_s: int

    @property
    def time_column(self) -> str:
        return "bucket" if self.bucket_s else "ts"

    def whole(self, moment: datetime) -> datetime:
        """The begin of the bucket that ``moment`` lies in; ``moment`` itself where there are no buckets."""
        if not self.bucket_s:
            return moment
        seconds = int(moment.timestamp())
        return datetime.fromtimestamp(seconds - seconds % self.bucket_s, UTC)

    def reading(self, chosen: CallFilter) -> CallFilter:
        """``chosen`` with the period that is really read.

        Both ends move back to the begin of a bucket: the bucket of the present is not complete, and of two periods
        that meet none is read twice.
        """
        return replace(chosen, begin=self.whole(chosen.begin), end=self.whole(chosen.end))


CALLS = CostSource("calls", 0)
MINUTES = CostSource("calls_1m", 60)
HOURS = CostSource("calls_1h", 3600)


def kept_since(store: Store, now: datetime) -> dict[str, datetime]:
    """From when on each table of calls is complete: what is older than its retention may be gone."""
    found = {row["name"]: _TTL.search(row["engine_full"]) for row in store.query_rows(_ENGINES)}
    return {table: now - timedelta(days=int(match[1])) for table, match in found.items() if match}


def choose_source(periods: Sequence[CallFilter], kept: dict[str, datetime]) -> CostSource:
    """The coarsest table that answers for all ``periods`` (which differ in their times only) as exactly as they ask.

    Hours for long periods and for those that begin and end on the hour, minutes for others, single calls below an hour
    or where the rollups do not keep apart what is filtered on. A finer table that lost part of a period to its
    retention is no better than a coarser one that did not.
    """
    if not all(chosen.fits_rollups() for chosen in periods):
        return CALLS
    first = min(chosen.begin for chosen in periods)
    shortest = min(chosen.end - chosen.begin for chosen in periods)
    finer = [CALLS] if shortest <= _CALLS_UP_TO else [MINUTES] if shortest <= _MINUTES_UP_TO else []
    if all(_on_the(HOURS, chosen) for chosen in periods):
        finer = []
    elif all(_on_the(MINUTES, chosen) for chosen in periods) and finer == [CALLS]:
        finer = [MINUTES]
    return next((source for source in finer if kept.get(source.table, first) <= first), HOURS)


def _on_the(source: CostSource, chosen: CallFilter) -> bool:
    return all(source.whole(moment) == moment for moment in (chosen.begin, chosen.end))
