"""A chart of what a message is about: numbers over time, what was usual, and when it began."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.event import Event, cut
from alerts.phrases import metric_words, where
from alerts.record import Record
from watchkeeper.storage.metric_trace import METRICS, TracePoint

_FAILURES = ("outage",)
_UNITS = {
    "latency": "s",
    "time_to_first_token": "s",
    "time_per_output_token": "s",
    "input_tokens": "tokens",
    "output_tokens": "tokens",
    "cost": "USD",
}
_BEFORE, _LEAST_BEFORE, _MOST_BEFORE = 2, timedelta(hours=2), timedelta(hours=24)
_LONGEST = timedelta(days=30)
_FEWEST_USUAL = 5
_USUAL = 0.8


class ChartPoint(Record):
    """One interval from ``at`` on. ``value`` None: no call says anything."""

    at: datetime
    calls: int
    value: float | None


class Band(Record):
    """Where the middle four fifths of the intervals before the begin lay."""

    low: float
    high: float


class Chart(Record):
    """What channels that take pictures draw, and the signed webhook sends as numbers."""

    title: str
    metric: str
    unit: str
    """``share``, ``s``, ``tokens`` or ``USD``; times are medians, tokens and money means of a call."""
    step_s: int
    since: datetime
    points: tuple[ChartPoint, ...]
    usual: Band | None
    """None: too little was seen before."""

    @property
    def step(self) -> timedelta:
        """Length of an interval."""
        return timedelta(seconds=self.step_s)

    @property
    def with_gaps(self) -> tuple[ChartPoint, ...]:
        """The points, and one without a value after each that others do not follow at once."""
        made: list[ChartPoint] = []
        for point in self.points:
            if made and point.at - made[-1].at > self.step:
                made.append(ChartPoint(at=made[-1].at + self.step, calls=0, value=None))
            made.append(point)
        return tuple(made)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a chart of an event needs to know."""

    metric: str
    begin: datetime
    end: datetime


def wanted(event: Event, now: datetime) -> Wanted | None:
    """What to draw of ``event``; None where it is about nothing that can be drawn."""
    metric = "failure" if event.kind in _FAILURES else event.metric if event.kind == "regression" else ""
    if metric not in METRICS or not event.provider:
        return None
    lasted = max(now - event.since, timedelta(0))
    before = min(max(_BEFORE * lasted, _LEAST_BEFORE), _MOST_BEFORE)
    return Wanted(metric, max(event.since - before, now - _LONGEST), now)


def charted(event: Event, metric: str, step: timedelta, points: Sequence[TracePoint]) -> Chart | None:
    """The chart of ``event``; None where there is no number in it."""
    if not any(point.value is not None for point in points):
        return None
    return Chart(
        title=cut(f"{metric_words(metric)}, {where(event)}", 90),
        metric=metric,
        unit=_UNITS.get(metric, "share"),
        step_s=int(step.total_seconds()),
        since=event.since,
        points=tuple(ChartPoint(at=point.at, calls=point.calls, value=point.value) for point in points),
        usual=_usual([point for point in points if point.at + step <= event.since]),
    )


def _usual(before: Sequence[TracePoint]) -> Band | None:
    values = sorted(point.value for point in before if point.value is not None)
    if len(values) < _FEWEST_USUAL:
        return None
    left_out = round(len(values) * (1 - _USUAL) / 2)
    return Band(low=values[left_out], high=values[-1 - left_out])
