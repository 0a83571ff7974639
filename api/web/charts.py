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

from watchkeeper.clock import Clock

_MOST_KEPT = 64
_MOST_WAITING = 8
_LONGEST_REST_S = 0.25
BUSY = Markup(
    '<p class="muted">Many pictures are being drawn: load the page again for this one. Its numbers are below.</p>'
)
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
    """Draws specifications; what was drawn of late is kept. Safe to share between threads.

    Other threads stand still while one draws. So few wait for their turn, and after each picture the others, such as
    those that take calls, have as long as it took.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Markup] = OrderedDict()
        self._places = threading.BoundedSemaphore(_MOST_WAITING)
        self._turn = threading.Lock()
        self._rested_at = float("-inf")

    def svg(self, spec: Mapping[str, Any]) -> Markup:
        """The picture of a Vega-Lite specification with its data in it; of ``config`` the page's own is used. A
        sentence instead where many wait for pictures.

        Where ``spec`` has a ``width``, a second picture for narrow screens comes with it: the style sheet shows one.
        """
        if "width" not in spec:
            return self._drawn({"marks": _text(spec)})
        return self._drawn({"wide-chart": _text(spec), "narrow-chart": _text({**spec, "width": _NARROW})})

    def warm(self) -> None:
        """Load the library, so that the first picture somebody looks at comes as soon as any."""
        self.svg(_SMALLEST)

    def _drawn(self, wanted: Mapping[str, str]) -> Markup:
        """By the names of their classes."""
        if (found := self._held(wanted)) is not None:
            return found
        if not self._places.acquire(blocking=False):
            return BUSY
        try:
            with self._turn:
                # Whoever had the turn before may have wanted the same.
                return self._held(wanted) or self._draw(wanted)
        finally:
            self._places.release()

    def _held(self, wanted: Mapping[str, str]) -> Markup | None:
        with self._lock:
            if not self._kept.keys() >= set(wanted.values()):
                return None
            for text in wanted.values():
                self._kept.move_to_end(text)
            return Markup("").join(self._kept[text] for text in wanted.values())

    def _draw(self, wanted: Mapping[str, str]) -> Markup:
        self._clock.sleep(max(0.0, self._rested_at - self._clock.monotonic()))
        begun = self._clock.monotonic()
        drawn = {text: _draw(text, name) for name, text in wanted.items()}
        ended = self._clock.monotonic()
        self._rested_at = ended + min(ended - begun, _LONGEST_REST_S)
        with self._lock:
            self._kept.update(drawn)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return Markup("").join(drawn.values())


def _text(spec: Mapping[str, Any]) -> str:
    return json.dumps({**spec, "config": _CONFIG}, separators=(",", ":"))


def _draw(spec: str, name: str) -> Markup:
    engine = importlib.import_module("vl_convert")
    # No addresses: data comes with the specification, from nowhere else.
    drawn: str = engine.vegalite_to_svg(spec, allowed_base_urls=[])
    # As the library escaped it.
    return Markup(drawn.replace('class="marks"', f'class="{name}" aria-hidden="true" focusable="false"', 1))
