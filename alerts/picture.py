"""A chart as a picture that says the same without colour: a line, a shaded band, a dashed mark, each with its name."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from alerts.amounts import clock_time
from alerts.chart import Chart
from alerts.length import length_words
from watchkeeper.telemetry import logger

_log = logger("alerts")
_PROGRAM = Path(__file__).with_name("picture_process.py")
DEADLINE_S = 10.0
"""A picture that takes longer is left out."""
_MOST_BYTES = 2_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_INK, _MUTED, _GRID, _SHADE, _LINE = "#1b1f24", "#4b5563", "#e5e7eb", "#d1d5db", "#0b4f8a"
_WIDTH, _HEIGHT = 560, 180


def picture(chart: Chart, program: Sequence[str] = (sys.executable, "-I", str(_PROGRAM))) -> bytes | None:
    """``chart`` as PNG; None, and a line in the log, where it cannot be drawn within :data:`DEADLINE_S`."""
    try:
        done = subprocess.run(
            program, input=orjson.dumps(specification(chart)), capture_output=True, timeout=DEADLINE_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        _log.warning("a message goes without its picture", error=type(error).__name__)
        return None
    if not done.stdout.startswith(_PNG) or len(done.stdout) > _MOST_BYTES:
        _log.warning("a message goes without its picture", error="what was drawn is no PNG that a channel takes")
        return None
    return done.stdout


def specification(chart: Chart) -> dict[str, Any]:
    """The picture in Vega-Lite."""
    layers = [*_band(chart), _values(chart), *_begin(chart)]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "white",
        "padding": 12,
        "width": _WIDTH,
        "height": _HEIGHT,
        "title": {"text": chart.title, "subtitle": _subtitle(chart), "anchor": "start", "limit": _WIDTH + 60},
        "layer": layers,
        "config": _CONFIG,
    }


_CONFIG = {
    "font": "Liberation Sans, Arial, sans-serif",
    "view": {"stroke": None},
    "title": {"fontSize": 15, "color": _INK, "subtitleColor": _MUTED, "subtitleFontSize": 12, "subtitlePadding": 4},
    "axis": {"labelColor": _MUTED, "gridColor": _GRID, "domainColor": _MUTED, "labelFontSize": 11, "titleFontSize": 11},
    "text": {"fontSize": 12, "color": _INK},
}
_MEANINGS = {
    "share": "share of calls",
    "s": "median, in seconds",
    "tokens": "tokens a call, on average",
    "USD": "dollars a call, on average",
}


def _subtitle(chart: Chart) -> str:
    usual = "; shaded: as usual before" if chart.usual is not None else ""
    return f"{_MEANINGS[chart.unit]}, by {length_words(chart.step)}, times in UTC{usual}"


def _values(chart: Chart) -> dict[str, Any]:
    """A gap where nothing is known; single points show as well."""
    rows = [{"t": _ms(point.at), "v": point.value} for point in chart.with_gaps]
    return {
        "data": {"values": rows},
        "mark": {
            "type": "line",
            "color": _LINE,
            "strokeWidth": 2,
            "strokeJoin": "round",
            "point": {"color": _LINE, "size": 16},
        },
        "encoding": {"x": _time_axis(chart), "y": _value_axis(chart)},
    }


def _time_axis(chart: Chart) -> dict[str, Any]:
    days = chart.points[-1].at - chart.points[0].at
    shape = "%d %b %H:%M" if days.days >= 1 else "%H:%M"
    axis = {"title": None, "format": shape, "tickCount": 6, "grid": False, "labelOverlap": True}
    return {"field": "t", "type": "temporal", "scale": {"type": "utc"}, "axis": axis}


def _value_axis(chart: Chart) -> dict[str, Any]:
    shape = {"share": ".1~%", "USD": "$.3~g"}.get(chart.unit, ".3~g")
    return {
        "field": "v",
        "type": "quantitative",
        "scale": {"zero": True, "nice": True},
        "axis": {"title": None, "format": shape, "tickCount": 5},
    }


def _band(chart: Chart) -> list[dict[str, Any]]:
    if chart.usual is None:
        return []
    row = {"low": chart.usual.low, "high": chart.usual.high}
    rect = {
        "data": {"values": [row]},
        "mark": {"type": "rect", "color": _SHADE, "opacity": 0.7},
        "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}},
    }
    return [rect]


def _begin(chart: Chart) -> list[dict[str, Any]]:
    """A dashed line with the time beside it, on the side where there is room."""
    first, last = chart.points[0].at, chart.points[-1].at
    if not first <= chart.since <= last:
        return []
    right = (chart.since - first) > (last - first) / 2
    data = {"values": [{"t": _ms(chart.since), "said": f"began {clock_time(chart.since)}"}]}
    place = {"field": "t", "type": "temporal", "scale": {"type": "utc"}}
    words = {"type": "text", "align": "right" if right else "left", "dx": -6 if right else 6, "y": 8}
    return [
        {"data": data, "mark": {"type": "rule", "color": _INK, "strokeDash": [5, 4]}, "encoding": {"x": place}},
        {"data": data, "mark": words, "encoding": {"x": place, "text": {"field": "said"}}},
    ]


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
