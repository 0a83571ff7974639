"""The axis of a chart in dollars, with as many digits as its range needs."""

from collections.abc import Mapping
from typing import Any

_FORMATS = ((0.1, "$~g"), (10.0, "$,.2f"), (10_000.0, "$,.0f"))


def dollar_axis(span: float, title: str = "US dollars") -> Mapping[str, Any]:
    """For values that lie within ``span`` of each other; where the axis begins at nothing, the largest of them."""
    spelt = next((form for below, form in _FORMATS if span < below), "$~s")
    return {"title": title, "format": spelt, "tickCount": 4}
