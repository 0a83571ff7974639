"""Cost over time, as bars."""

from collections.abc import Sequence
from datetime import datetime

from api.costs.models import CostItem
from api.web.charts import ACCENT, MOST_ROWS, Chart, Drawing
from api.web.dollar_axis import dollar_axis
from api.web.figures import count, money
from watchkeeper.storage.cost_plan import Interval

_WIDTH, _HEIGHT = 640, 160
_NAMES = {
    Interval.HOUR: "hour",
    Interval.SIX_HOURS: "six hours",
    Interval.DAY: "day",
    Interval.WEEK: "week",
    Interval.MONTH: "month",
}
_FEWEST = 2


def costs_chart(drawing: Drawing, items: Sequence[CostItem], interval: Interval) -> Chart | None:
    """Known cost by ``interval``; None where fewer than two intervals have one."""
    points = [(item.interval, item) for item in items if item.interval is not None][-MOST_ROWS:]
    known = [(at, item.cost_usd) for at, item in points if item.cost_usd is not None]
    if len(known) < _FEWEST:
        return None
    name = _NAMES[interval]
    most_at, most = max(known, key=lambda point: point[1])
    last_at, last = known[-1]
    return Chart(
        title=f"Cost by {name}",
        summary=f"The dearest {name} began {_begin(most_at, interval)} UTC and cost {money(most)}; "
        f"the last, from {_begin(last_at, interval)} UTC, cost {money(last)} so far.",
        svg=drawing.svg(_spec([(at, float(usd)) for at, usd in known], interval)),
        columns=("from (UTC)", "cost", "calls", "without a price"),
        rows=[
            (_begin(at, interval), money(item.cost_usd), count(item.calls), count(item.unpriced_calls))
            for at, item in points
        ],
    )


def _begin(at: datetime, interval: Interval) -> str:
    return f"{at:%Y-%m-%d}" if interval.has_whole_days else f"{at:%Y-%m-%d %H:%M}"


_UNITS = {
    Interval.HOUR: "utcyearmonthdatehours",
    Interval.SIX_HOURS: "utcyearmonthdatehours",
    Interval.DAY: "utcyearmonthdate",
    Interval.WEEK: "utcyearmonthdate",
    Interval.MONTH: "utcyearmonth",
}


def _spec(points: Sequence[tuple[datetime, float]], interval: Interval) -> dict[str, object]:
    data = [{"at": at.isoformat(), "usd": usd} for at, usd in points]
    thick = max(1, min(24, int(_WIDTH / len(points) * 0.7)))
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "data": {"values": data},
        "mark": {"type": "bar", "color": ACCENT, "width": thick},
        "encoding": {
            "x": {
                "field": "at",
                "type": "temporal",
                "timeUnit": _UNITS[interval],
                "scale": {"type": "utc"},
                "axis": {"title": None, "grid": False, "labelOverlap": True},
            },
            "y": {
                "field": "usd",
                "type": "quantitative",
                "axis": dollar_axis(max(usd for _, usd in points)),
            },
        },
    }
