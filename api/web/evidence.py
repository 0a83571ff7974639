"""The picture of a regression: its metric over time, the onset, and where the metric lay before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from api.health.reader import HealthReader
from api.regressions.models import RegressionDetail
from api.web.charts import Chart, Drawing
from api.web.evidence_chart import Evidence, Points, drawn
from api.web.evidence_metrics import Point, Shown, shown_for
from api.web.served_chart import served_chart
from watchkeeper.clock import Clock
from watchkeeper.series_id import ANY
from watchkeeper.storage.call_filter import from_mapping
from watchkeeper.storage.client import Store
from watchkeeper.storage.series_cells import SERIES, HealthQuery
from watchkeeper.storage.series_health import series_health

STEPS = (300, 900, 1_800, 3_600, 10_800, 21_600, 86_400)
"""Seconds that an interval may have."""
_HOUR_S = 3_600
_MOST_STEPS = 240
_SHORT = timedelta(hours=6)
_FEW_CALLS = 20
"""Intervals with fewer calls on average say little: longer ones are taken."""
_LEAST_STEPS = 12
_RATE = "calls/h"


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is drawn, in intervals of ``step_s``."""

    begin: datetime
    end: datetime
    step_s: int

    def starts(self) -> list[datetime]:
        """Of all intervals."""
        first, last = round(self.begin.timestamp()), self.end.timestamp()
        return [datetime.fromtimestamp(at, UTC) for at in range(first, int(last), self.step_s)]

    def coarser(self) -> "Window | None":
        """The same in longer intervals; None where too few would be left."""
        step = next((step for step in STEPS if step > self.step_s), None)
        if step is None or (self.end - self.begin).total_seconds() / step < _LEAST_STEPS:
            return None
        return replace(self, begin=_floor(self.begin, step), step_s=step)


def window(onset: datetime, over: datetime, now: datetime) -> Window:
    """Around what began at ``onset`` and was ``over``, or still went on, then: about as much before as it lasted, at
    least two days before what lasted hours and six hours before what lasted less.
    """
    lasted = max(timedelta(0), over - onset)
    before = max(timedelta(hours=6), 2 * lasted) if lasted < _SHORT else max(timedelta(days=2), lasted)
    begin, end = onset - before, max(onset + timedelta(minutes=5), min(now, over + before / 4))
    length = (end - begin).total_seconds()
    smallest = STEPS[0] if lasted < _SHORT else _HOUR_S
    step = next((step for step in STEPS if step >= smallest and length / step <= _MOST_STEPS), STEPS[-1])
    earliest = _floor(end, step) - timedelta(seconds=_MOST_STEPS * step)
    return Window(max(_floor(begin, step), earliest), end, step)


def _floor(moment: datetime, step_s: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // step_s * step_s, UTC)


class EvidenceReader:
    """Draws what the rollups have. Safe to share between threads."""

    def __init__(self, store: Store, health: HealthReader, drawing: Drawing, clock: Clock) -> None:
        self._store = store
        self._health = health
        self._drawing = drawing
        self._clock = clock

    def chart(self, found: RegressionDetail) -> Chart | None:
        """None where no rollup has the metric, or there are too few intervals to draw a line."""
        span = window(found.onset, found.closed_at or self._clock.now(), self._clock.now())
        if found.kind == "served_model_change":
            rows = series_health(self._store, _query(found, span, "model"))
            return served_chart(found, rows, self._drawing)
        shown = shown_for(found.kind, found.metric, found.size.unit if found.size else "")
        if shown is None:
            return None
        span, rows_of_span = self._read(found, span, shown)
        points = _points(shown, span, rows_of_span)
        return drawn(Evidence(found, shown, points, span.step_s), self._drawing) if len(points) > 1 else None

    def _read(self, found: RegressionDetail, span: Window, shown: Shown) -> tuple[Window, Sequence[Mapping[str, Any]]]:
        """In the shortest intervals of which most have enough calls."""
        rows = self._health.history(_query(found, span))
        calls = sum(row["calls"] for row in rows)
        longer = span.coarser() if shown.unit != _RATE else None
        if longer is None or calls >= _FEW_CALLS * len(rows):
            return span, rows
        return self._read(found, longer, shown)


def _query(found: RegressionDetail, span: Window, *further: str) -> HealthQuery:
    # Over all served models: of a change of these, what came before is the point.
    series = {name: getattr(found, name) for name in SERIES if name != "model"}
    fixed = {name: (value,) for name, value in series.items() if value not in (ANY, "")}
    by = (*fixed, *further) or SERIES[:1]
    return HealthQuery(from_mapping(span.begin, span.end, fixed, stored=True), by, span.step_s)


def _points(shown: Shown, span: Window, rows: Sequence[Mapping[str, Any]]) -> Points:
    found = {row["start"]: point for row in rows if (point := shown.read(row)) is not None}
    if shown.unit == _RATE:
        # Intervals without calls are no rows, and here they are the news.
        found = {start: found.get(start, Point(0.0)) for start in span.starts()}
    return sorted(found.items(), key=lambda item: item[0])
