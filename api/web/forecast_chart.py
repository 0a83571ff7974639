"""What was spent this month and what is to come, as a course with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from api.costs.models import CostItem
from api.forecasting.models import ForecastAnswer
from api.web.charts import ACCENT, BAND, INK, Chart, Drawing
from api.web.dollar_axis import dollar_axis
from api.web.figures import money

_WIDTH, _HEIGHT = 640, 200
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Point:
    """Spent from the begin of the month to the end of a day."""

    day: date
    usd: Decimal
    low: Decimal | None = None
    high: Decimal | None = None


def forecast_chart(drawing: Drawing, answer: ForecastAnswer, spent: Sequence[CostItem]) -> Chart | None:
    """``spent`` is the cost of each day so far, in the order of time; None where there is no forecast."""
    if not answer.days or answer.total is None:
        return None
    today = answer.now.date()
    past = _summed([item for item in spent if item.interval and item.interval.date() < today])
    ahead = [
        _Point(one.day, one.total.expected_usd, one.total.low_80_usd, one.total.high_80_usd) for one in answer.days
    ]
    return Chart(
        title="Spent this month, and expected",
        summary=answer.summary,
        svg=drawing.svg(_spec(past, ahead)),
        columns=("by the end of (UTC)", "spent or expected", "80 % between", "and"),
        rows=[(f"{one.day:%Y-%m-%d}", money(one.usd), _end(one.low), _end(one.high)) for one in (*past, *ahead)],
    )


def _end(amount: Decimal | None) -> str:
    return "" if amount is None else money(amount)


def _summed(items: Sequence[CostItem]) -> list[_Point]:
    found, total = [], Decimal(0)
    for item in items:
        total += item.cost_usd or Decimal(0)
        if item.interval is not None:
            found.append(_Point(item.interval.date(), total))
    return found


def _spec(past: Sequence[_Point], ahead: Sequence[_Point]) -> dict[str, object]:
    seam = [{"at": _end_of(past[-1].day), "usd": float(past[-1].usd)}] if past else []
    spent = [{"at": _end_of(one.day), "usd": float(one.usd)} for one in past]
    expected = [{"at": _end_of(one.day), "usd": float(one.usd)} for one in ahead]
    band = [{"at": _end_of(one.day), "low": float(one.low or 0), "high": float(one.high or 0)} for one in ahead]
    if seam:
        band = [{"at": seam[0]["at"], "low": seam[0]["usd"], "high": seam[0]["usd"]}, *band]
    x = {"field": "at", "type": "temporal", "scale": {"type": "utc"}, "axis": {"title": None, "grid": False}}
    most = max(float(one.high or one.usd) for one in ahead)
    y = {"type": "quantitative", "axis": dollar_axis(most, "US dollars since the 1st")}
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "layer": [
            {
                "data": {"values": band},
                "mark": {"type": "area", "color": BAND},
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "data": {"values": [*seam, *expected]},
                "mark": {"type": "line", "color": INK, "strokeDash": [5, 4]},
                "encoding": {"x": x, "y": {**y, "field": "usd"}},
            },
            {
                "data": {"values": spent},
                "mark": {"type": "line", "color": ACCENT, "strokeWidth": 2, "point": len(spent) == 1},
                "encoding": {"x": x, "y": {**y, "field": "usd"}},
            },
        ],
    }


def _end_of(day: date) -> str:
    return f"{day + _DAY:%Y-%m-%d}T00:00:00Z"
