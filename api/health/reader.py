"""Reads how series fare, with what is open of them; what many ask for at once is read once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from api.health.models import PastRegressionItem
from api.health.series_state import MOST_OPEN, Concern, Judged, Judgement, Standing, by_series
from api.kept import Kept
from api.what_if.fares import fares
from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError
from watchkeeper.series_id import ANY, series_id
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_source import kept_since
from watchkeeper.storage.regressions import RegressionFilter, latest_regressions
from watchkeeper.storage.series_cells import SERIES, HealthQuery, read_cells
from watchkeeper.storage.series_health import HealthRow, Series, health_rows, series_health

MOST_GROUPS = 5_000
MOST_REGRESSIONS = 1_000
_FRESH_S = 5.0
_MOST_KEPT_BYTES = 2**21
_MOST_SHARED_CELLS = 3_000
"""Of how many the groups of all series are made, of which each question chooses its own."""
_STANDING_FRESH_S = 2.0
_STATUSES_FRESH_S = 60.0
"""The detectors save their states as often; to read one takes seconds where there are many series."""
_LATE_TOLD_S = 86_400.0
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HealthReading:
    """All groups of a question, those with most calls first."""

    items: Sequence[dict[str, Any]]
    """The fields of :class:`~api.health.models.HealthItem`."""
    as_of: datetime


@dataclass(frozen=True, slots=True)
class _Cells:
    table: pa.Table
    as_of: datetime


def _is_small(cells: _Cells) -> bool:
    return bool(cells.table.nbytes <= _MOST_KEPT_BYTES)


class HealthReader:
    """Safe to share between threads."""

    def __init__(self, store: Store, clock: Clock, judgement: Judgement | None) -> None:
        self._store = store
        self._clock = clock
        self._judgement = judgement
        self._answers: Kept[HealthReading] = Kept(clock, _FRESH_S, most=8)
        self._wholes: Kept[HealthReading] = Kept(clock, _FRESH_S, most=48)
        self._cells: Kept[_Cells] = Kept(clock, _FRESH_S, most=64, behind=True, stale_s=_FRESH_S, keeps=_is_small)
        self._concerns: Kept[tuple[list[Concern], bool]] = Kept(clock, _STANDING_FRESH_S)
        self._judged: Kept[Judged] = Kept(clock, _STATUSES_FRESH_S, behind=True)
        self._since: Kept[dict[str, datetime]] = Kept(clock, _STATUSES_FRESH_S)

    def health(self, query: HealthQuery, *, sees_all: bool) -> HealthReading:
        """Every group; ``sees_all``: may regressions be told, which are of all tenants?

        Raises :class:`ConfigError` for more than :data:`MOST_GROUPS` of them.
        """
        cells = self._shared_cells(query)
        if cells.table.num_rows <= _MOST_SHARED_CELLS and query.chooses_groups:
            every = query.of_all_series
            key = (every.read, every.by, sees_all, cells.as_of)
            return _chosen(self._wholes.get(key, lambda: self._health(every, cells, sees_all)), query)
        key = (query.read, query.by, sees_all, cells.as_of)
        return self._answers.get(key, lambda: self._health(query, cells, sees_all))

    def history(self, query: HealthQuery) -> list[dict[str, Any]]:
        """The fields of :class:`~api.health.models.HistoryItem`, one an interval with calls, in the order of time."""
        rows = series_health(self._store, query)
        starts = [row.start for row in rows if row.start is not None]
        found = fares(rows, [self._hours(query, start) for start in starts])
        return [{"start": start, **one} for start, one in zip(starts, found, strict=True)]

    def past_regressions(self, series: Series, begin: datetime, end: datetime) -> tuple[list[PastRegressionItem], bool]:
        """What was open of ``series`` at some time of ``[begin, end)``, the latest onset first; and were there more
        regressions of its requested model than are read?
        """
        chosen = RegressionFilter(provider=series[2], request_model=series[3])
        rows = latest_regressions(self._store, chosen, MOST_REGRESSIONS + 1)
        meant = [
            (row, concern)
            for row in rows[:MOST_REGRESSIONS]
            if row.onset < end and (row.closed_at is None or row.closed_at >= begin)
            if _is_about(concern := Concern.of(row), series)
        ]
        items = [PastRegressionItem(**concern.item.model_dump(), closed_at=row.closed_at) for row, concern in meant]
        return sorted(items, key=lambda item: item.since, reverse=True), len(rows) > MOST_REGRESSIONS

    def open_count(self) -> int:
        """Regressions and findings that are open or recovering (at most :data:`~.series_state.MOST_OPEN` of each)."""
        concerns, _ = self._concerns.get("", self._open)
        return len(concerns)

    def complete_since(self, table: str) -> datetime | None:
        """Older rows of ``table`` may be gone; None: none ever goes."""
        return self._since.get("", lambda: kept_since(self._store, self._clock.now())).get(table)

    def _health(self, query: HealthQuery, cells: _Cells, sees_all: bool) -> HealthReading:
        rows = health_rows(cells.table, query)
        if len(rows) > MOST_GROUPS:
            raise ConfigError(f"there are more than {MOST_GROUPS:,} groups: choose fewer dimensions or a filter")
        standing = self._standing() if sees_all else Standing()
        hours = (min(query.read.end, cells.as_of) - query.read.begin) / _HOUR
        found = fares(rows, [hours] * len(rows))
        heads = [_head(row, standing, query.by == SERIES) for row in rows]
        return HealthReading([{**head, **one} for head, one in zip(heads, found, strict=True)], cells.as_of)

    def _shared_cells(self, query: HealthQuery) -> _Cells:
        """Of a rollup those of all series, which cost little more and serve whoever asks for others of them."""
        if query.table == "calls":
            return self._read_cells(query)
        every = query.of_all_series
        try:
            return self._cells.get((every.read, every.by), lambda: self._read_cells(every))
        except ConfigError:
            # Of all series there may be too many, and few enough of those that are asked for.
            return self._read_cells(query)

    def _read_cells(self, query: HealthQuery) -> _Cells:
        as_of = self._clock.now()
        return _Cells(read_cells(self._store, query), as_of)

    def _standing(self) -> Standing:
        concerns, truncated = self._concerns.get("", self._open)
        judgement = self._judgement
        judged = None if judgement is None else self._judged.get("", lambda: self._read(judgement))
        return Standing(concerns, judged, truncated)

    def _open(self) -> tuple[list[Concern], bool]:
        found = [
            latest_regressions(self._store, RegressionFilter(state=state), MOST_OPEN + 1)
            for state in ("open", "recovering")
        ]
        concerns = [Concern.of(row) for rows in found for row in rows[:MOST_OPEN]]
        return concerns, any(len(rows) > MOST_OPEN for rows in found)

    def _read(self, judgement: Judgement) -> Judged:
        since = self._clock.now().timestamp() - _LATE_TOLD_S
        late = {name: int(one["calls"]) for name, one in judgement.late().items() if one["last"] >= since}
        return Judged(by_series(judgement.statuses()), late)

    def _hours(self, query: HealthQuery, start: datetime) -> float:
        end = min(start + timedelta(seconds=query.interval_s), query.read.end, self._clock.now())
        return (end - max(start, query.read.begin)) / _HOUR


def _chosen(whole: HealthReading, query: HealthQuery) -> HealthReading:
    """Of the groups of all series those that ``query`` chooses."""
    wanted = [(name, frozenset(values)) for name, values in query.chosen_later.items()]
    items = [item for item in whole.items if all(item["group"][name] in values for name, values in wanted)]
    return HealthReading(items, whole.as_of)


def _head(row: HealthRow, standing: Standing, is_series: bool) -> dict[str, Any]:
    items = standing.open(row.series)
    state, why = standing.state(row.series, items)
    return {
        "group": row.group,
        "series_id": series_id(*row.series[0]) if is_series else None,
        "state": state,
        "state_reason": why,
        "regressions": [item.model_dump() for item in items],
        "last_call": row.last_call,
    }


def _is_about(concern: Concern, series: Series) -> bool:
    # Of a model over all its routes, whatever concerns one of them.
    return series[0] == ANY or concern.concerns(series)
