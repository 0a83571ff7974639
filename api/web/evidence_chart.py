"""Draws a metric over time with the onset of its change and the level before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from api.regressions.models import RegressionDetail
from api.web.charts import ACCENT, ALARM, BAND, INK, MUTED, Chart, Drawing
from api.web.evidence_metrics import Point, Shown
from api.web.figures import between, moment
from api.web.wording import amount, place
from watchkeeper.wilson import wilson

WIDTH, HEIGHT = 620, 220
_BAND = (0.05, 0.95)
_LEAST_BEFORE = 5
"""Fewer intervals before the onset make no band."""
_EVERY = {
    300: "5 minutes",
    900: "15 minutes",
    1_800: "30 minutes",
    3_600: "hour",
    10_800: "3 hours",
    21_600: "6 hours",
    86_400: "day",
}
_FORMATS = {"share": "~%", "s": "~g", "USD": "$~g", "USD/h": "$,~r"}
_TITLES = {"share": None, "s": "seconds", "USD": None, "USD/h": "an hour", "calls/h": "calls an hour"}
_CLOCK = {"minutes": "%H:%M", "hours": "%H:%M", "date": "%d %b", "day": "%d %b", "week": "%d %b", "month": "%b"}
_TIME_AXIS = {"format": _CLOCK, "tickCount": {"expr": "ceil(width / 85)"}}

Points = Sequence[tuple[datetime, Point]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is drawn: ``points`` of ``shown`` by the starts of their intervals of ``step_s``."""

    found: RegressionDetail
    shown: Shown
    points: Points
    step_s: int


@dataclass(frozen=True, slots=True)
class Before:
    """Where the metric lay before the onset, and what of it that is, in words."""

    low: float
    high: float
    words: str


def drawn(evidence: Evidence, drawing: Drawing) -> Chart:
    """The picture with its words and numbers."""
    before = _before(evidence)
    unit = evidence.shown.unit
    return Chart(
        title=f"{evidence.shown.title} — {place(evidence.found)}",
        summary=_summary(evidence, before),
        svg=drawing.svg(_spec(evidence, before)),
        columns=("Interval from (UTC)", evidence.shown.title, "95 % interval"),
        rows=[
            (moment(at).removesuffix(" UTC"), amount(point.value, unit), _interval(point))
            for at, point in evidence.points
        ],
    )


def time_axis() -> dict[str, Any]:
    """An encoding of the time ``t`` (milliseconds), in UTC and with 24 hours."""
    return {"field": "t", "type": "temporal", "title": "UTC", "scale": {"type": "utc"}, "axis": _TIME_AXIS}


def onset_marks(onset: datetime) -> list[dict[str, Any]]:
    """Layers: a line, and what it is."""
    data = {"data": {"values": [{"t": onset.timestamp() * 1000}]}, "encoding": {"x": time_axis()}}
    line = {"type": "rule", "color": ALARM, "strokeDash": [5, 3], "strokeWidth": 1.6}
    label = {"type": "text", "text": "onset", "align": "left", "dx": 4, "y": 8, "color": INK}
    return [{**data, "mark": line}, {**data, "mark": label}]


def _interval(point: Point) -> str:
    return between(point.low, point.high) if point.low is not None and point.high is not None else ""


def _before(evidence: Evidence) -> Before | None:
    # Only intervals that had ended when it may have begun.
    began = evidence.found.onset_low or evidence.found.onset
    length = timedelta(seconds=evidence.step_s)
    points = [point for at, point in evidence.points if at + length <= began]
    if len(points) < _LEAST_BEFORE:
        return None
    of = sum(point.of for point in points)
    if of:
        low, high = wilson(sum(point.bad for point in points), of)
        return Before(
            low, high, f"Before it the share was {between(low, high)} (95 % interval, {of:,} calls; the band)."
        )
    low, high = (float(level) for level in np.quantile([point.value for point in points], _BAND))
    words = " and ".join(amount(level, evidence.shown.unit) for level in (low, high))
    return Before(low, high, f"Nine of ten intervals before it lay between {words} (the band).")


def _summary(evidence: Evidence, before: Before | None) -> str:
    onset, size = moment(evidence.found.onset), evidence.found.size
    text = f"One point for every {_EVERY[evidence.step_s]}. The line marks the estimated onset, {onset}."
    if before is not None:
        text += f" {before.words}"
    if evidence.shown.compared and size is not None:
        text += f" Judged at like calls it went from {amount(size.before, size.unit)} to "
        text += f"{amount(size.after, size.unit)}."
    return text


def _spec(evidence: Evidence, before: Before | None) -> Mapping[str, Any]:
    points, unit = evidence.points, evidence.shown.unit
    rows = [{"t": at.timestamp() * 1000, "v": one.value, "low": one.low, "high": one.high} for at, one in points]
    axis = {"format": _FORMATS.get(unit, "~g"), "tickCount": 5}
    value = {"type": "quantitative", "title": _TITLES.get(unit, unit), "axis": axis, "scale": {"zero": True}}
    between_levels = {"y": {"field": "low", **value}, "y2": {"field": "high"}}
    layers: list[dict[str, Any]] = []
    if before is not None:
        band = {"type": "rect", "color": BAND, "opacity": 0.6}
        data = {"values": [{"low": before.low, "high": before.high}]}
        layers.append({"data": data, "mark": band, "encoding": between_levels})
    if any(one.low is not None for _, one in points):
        rule = {"type": "rule", "color": MUTED, "opacity": 0.5}
        layers.append({"mark": rule, "encoding": {"x": time_axis(), **between_levels}})
    line = {"type": "line", "color": ACCENT, "strokeWidth": 1.6, "point": {"size": 14, "color": ACCENT}}
    layers.append({"mark": line, "encoding": {"x": time_axis(), "y": {"field": "v", **value}}})
    layers += onset_marks(evidence.found.onset)
    return {"width": WIDTH, "height": HEIGHT, "data": {"values": rows}, "layer": layers}
