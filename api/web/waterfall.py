"""Why cost moved, as a waterfall: the two periods, and what each driver added or took between them."""

from api.cost_drivers.models import CostDriversAnswer, WaterfallStep
from api.web.charts import ACCENT, ALARM, CALM, INK, Chart, Drawing
from api.web.dollar_axis import dollar_axis
from api.web.figures import money, signed, words

_WIDTH, _STEP = 560, 30
_MORE, _LESS = "added", "saved"


def waterfall_chart(drawing: Drawing, answer: CostDriversAnswer) -> Chart | None:
    """None where there is nothing to explain."""
    steps = answer.waterfall
    if not any(step.from_usd != step.to_usd for step in steps if not _is_period(step)):
        return None
    small = {driver.driver for driver in answer.drivers if driver.is_negligible}
    return Chart(
        title="From the one period to the other",
        summary=answer.summary,
        svg=drawing.svg(_spec([step for step in steps if step.step not in small])),
        columns=("step", "effect", "running sum after it"),
        rows=[(words(step.step), _effect(step), money(step.to_usd)) for step in steps],
    )


def _is_period(step: WaterfallStep) -> bool:
    return step.step in ("before", "after")


def _effect(step: WaterfallStep) -> str:
    return "" if _is_period(step) else signed(step.to_usd - step.from_usd)


def _point(step: WaterfallStep) -> dict[str, object]:
    if _is_period(step):
        at = float(step.to_usd)
        return {"step": words(step.step), "from": at, "to": at, "end": at, "period": True, "label": money(step.to_usd)}
    return {
        "step": words(step.step),
        "from": float(step.from_usd),
        "to": float(step.to_usd),
        "end": float(max(step.from_usd, step.to_usd)),
        "kind": _MORE if step.to_usd > step.from_usd else _LESS,
        "period": False,
        "label": signed(step.to_usd - step.from_usd),
    }


def _spec(steps: list[WaterfallStep]) -> dict[str, object]:
    place = {
        "field": "step",
        "type": "nominal",
        "sort": [words(step.step) for step in steps],
        "axis": {"title": None, "ticks": False, "domain": False},
    }
    colour = {
        "field": "kind",
        "type": "nominal",
        "scale": {"domain": [_MORE, _LESS], "range": [ALARM, CALM]},
        "legend": {"title": None},
    }
    ends = [
        float(end) for step in steps for end in ((step.to_usd,) if _is_period(step) else (step.from_usd, step.to_usd))
    ]
    # Periods are marks and not bars, so that the axis may begin where the drivers are.
    amount = {
        "type": "quantitative",
        "axis": dollar_axis(max(ends) - min(ends)),
        "scale": {"zero": False, "padding": 48},
    }
    return {
        "width": _WIDTH,
        "height": {"step": _STEP},
        "data": {"values": [_point(step) for step in steps]},
        "encoding": {"y": place},
        "layer": [
            {
                "transform": [{"filter": "!datum.period"}],
                "mark": {"type": "bar", "height": {"band": 0.62}},
                "encoding": {"x": {**amount, "field": "from"}, "x2": {"field": "to"}, "color": colour},
            },
            {
                # The sign says what the colour says.
                "mark": {"type": "text", "align": "left", "dx": 6, "color": INK},
                "encoding": {"x": {"field": "end", "type": "quantitative"}, "text": {"field": "label"}},
            },
            {
                "transform": [{"filter": "datum.period"}],
                "mark": {"type": "tick", "color": ACCENT, "thickness": 4, "height": {"band": 0.62}},
                "encoding": {"x": {**amount, "field": "to"}},
            },
        ],
    }
