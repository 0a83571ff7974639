"""``/costs/drivers``: why cost moved from one period to the other."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.access import Scope
from api.cost_drivers.models import PeriodSpending
from api.filters import named_period
from api.routes.cost_drivers import Periods, checked_spans, explain_costs
from api.web.address import Address
from api.web.asking import Question, answered, question
from api.web.cost_tabs import cost_tabs
from api.web.costs_breakdown import DEFAULT_PERIOD
from api.web.doors import Visit, visiting
from api.web.parts import WebParts
from api.web.waterfall import waterfall_chart
from watchkeeper.storage.call_filter import CallFilter

Reader = Annotated[Visit, Depends(visiting(Scope.READ, scoped=True))]
_SLICES = 25
_VERSUS = ("versus", "versus_start", "versus_end")


def router(parts: WebParts) -> APIRouter:
    """The page."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/costs/drivers")
    def drivers(request: Request, visit: Reader) -> Response:
        def page(address: Address) -> Response:
            asked = question(parts, address, visit.caller.tenants, DEFAULT_PERIOD, _VERSUS)
            return parts.renderer.page(request, "costs_drivers.html", **_shown(parts, asked))

        return answered(parts, request, "Why cost changed", page)

    return routes


def _shown(parts: WebParts, asked: Question) -> dict[str, Any]:
    answer = explain_costs(parts.reader, _both(parts, asked), parts.clock.now(), _SLICES)
    return {
        "asked": asked,
        "tabs": cost_tabs(asked.address, "/costs/drivers"),
        "answer": answer,
        "both": [("before", answer.versus, _a_day(answer.versus)), ("after", answer.period, _a_day(answer.period))],
        "chart": waterfall_chart(parts.drawing, answer),
        "told": [driver for driver in answer.drivers if not driver.is_negligible],
        "negligible": sum(driver.is_negligible for driver in answer.drivers),
    }


def _a_day(spending: PeriodSpending) -> Decimal | None:
    if spending.cost_usd is None or not spending.days:
        return None
    return spending.cost_usd / Decimal(spending.days)


def _both(parts: WebParts, asked: Question) -> list[CallFilter]:
    """The calls of the other period and of the period."""
    address, now = asked.address, parts.clock.now()
    periods = Periods(
        period="",
        start=asked.span[0],
        end=asked.span[1],
        versus=address.one("versus"),
        versus_start=address.moment("versus_start"),
        versus_end=address.moment("versus_end"),
    )
    if periods.versus:
        # Said of the parameter itself, before it is compared with the period.
        named_period(periods.versus, now)
    spans = checked_spans(periods, now, parts.bounds)
    return [asked.chosen.within(span, asked.tenants) for span in spans]
