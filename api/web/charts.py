"""Charts: Vega-Lite specifications drawn on the server as SVG, with their numbers as a table.

The library brings a JavaScript engine, which is loaded when somebody has looked at the overview: some 85 MB of memory
and half a second of CPU. docs/decisions/0016-charts-of-the-page.md has the comparison.
"""

import importlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

_MOST_KEPT = 64
_NARROW = 300
"""Width of the picture that narrow screens show."""
MOST_ROWS = 400
"""Points a chart has at most: more do not show at its width."""

INK, MUTED, GRID = "var(--ink)", "var(--muted)", "var(--line)"
ACCENT, BAND, ALARM, CALM = "var(--accent)", "var(--band)", "var(--alarm)", "var(--calm)"
SERIES = tuple(f"var(--series-{number})" for number in range(1, 7))
"""Colours as custom properties of the page's style sheet: a chart is light or dark as its page is."""

_CONFIG: Mapping[str, Any] = {
    "background": None,
    "aria": False,  # the page says it in words: parts of a picture that has a text of its own are not read out
    "font": "inherit",
    "view": {"stroke": None},
    "axis": {
        "domainColor": GRID,
        "gridColor": GRID,
        "tickColor": GRID,
        "labelColor": MUTED,
        "titleColor": MUTED,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 260,
    },
    "legend": {"labelColor": INK, "titleColor": MUTED, "labelFontSize": 12, "titleFontSize": 12, "orient": "top"},
    "text": {"color": INK, "fontSize": 12},
    "range": {"category": list(SERIES)},
}

_SMALLEST: Mapping[str, Any] = {"data": {"values": [{}]}, "mark": "point"}


@dataclass(frozen=True, slots=True)
class Chart:
    """What the macro ``figure`` of ``parts.html`` shows."""

    title: str
    summary: str
    """What the picture tells, in words, for whoever does not see it."""
    svg: Markup
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    """Its numbers as text, a cell for each of ``columns``."""


class Drawing:
    """Draws specifications; what was drawn of late is kept. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Markup] = OrderedDict()

    def svg(self, spec: Mapping[str, Any]) -> Markup:
        """The picture of a Vega-Lite specification with its data in it; of ``config`` the page's own is used.

        Where ``spec`` has a ``width``, a second picture for narrow screens comes with it: the style sheet shows one.
        """
        if "width" not in spec:
            return self._drawn({**spec, "config": _CONFIG}, "marks")
        wide = self._drawn({**spec, "config": _CONFIG}, "wide-chart")
        return wide + self._drawn({**spec, "width": _NARROW, "config": _CONFIG}, "narrow-chart")

    def warm(self) -> None:
        """Load the library, so that the first picture somebody looks at comes as soon as any."""
        self.svg(_SMALLEST)

    def _drawn(self, spec: Mapping[str, Any], name: str) -> Markup:
        text = json.dumps(spec, separators=(",", ":"))
        with self._lock:
            drawn = self._kept.pop(text, None) or _draw(text, name)
            self._kept[text] = drawn
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return drawn


def _draw(spec: str, name: str) -> Markup:
    engine = importlib.import_module("vl_convert")
    # No addresses: data comes with the specification, from nowhere else.
    drawn: str = engine.vegalite_to_svg(spec, allowed_base_urls=[])
    # As the library escaped it.
    return Markup(drawn.replace('class="marks"', f'class="{name}" aria-hidden="true" focusable="false"', 1))
