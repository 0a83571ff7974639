"""``/costs``: what calls cost, from the whole down to one model of one route; what was wasted; what the cache saves."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.access import Scope
from api.costs.models import CostItem
from api.costs.reader import CostReader, CostReading
from api.web.address import Address
from api.web.asking import Question, answered, question
from api.web.cost_tabs import cost_tabs
from api.web.costs_breakdown import (
    DEFAULT_PERIOD,
    breakdown,
    calls_link,
    dimension_of,
    interval_of,
    items_of,
    waste_rows,
)
from api.web.costs_chart import costs_chart
from api.web.doors import Visit, visiting
from api.web.parts import WebParts
from watchkeeper.storage.cost_plan import CostQuery, Interval

Reader = Annotated[Visit, Depends(visiting(Scope.READ, scoped=True))]
_FIRST, _MOST = 25, 500
"""Groups that are listed."""


def router(parts: WebParts) -> APIRouter:
    """The page."""
    routes = APIRouter(include_in_schema=False)
    reader = CostReader(parts.reader, parts.clock, parts.bounds.max_rows)

    @routes.get("/costs")
    def costs(request: Request, visit: Reader) -> Response:
        def page(address: Address) -> Response:
            asked = question(parts, address, visit.caller.tenants, DEFAULT_PERIOD, ("by", "limit", "retries"))
            return parts.renderer.page(request, "costs.html", **_shown(parts, reader, asked))

        return answered(parts, request, "Costs", page)

    return routes


def _shown(parts: WebParts, reader: CostReader, asked: Question) -> dict[str, Any]:
    address, by = asked.address, dimension_of(asked.address)
    limit = address.whole("limit", _FIRST, _MOST)
    retries = address.choice("retries", ("", "yes"), "") == "yes"
    reading = reader.read(CostQuery(asked.calls, (by,), Interval.NONE, retries), with_caching=True)
    totals = _totals(reading)
    groups = len(reading.columns)
    items = items_of(reading.columns.page(0, limit).rows())
    return {
        "asked": asked,
        "tabs": cost_tabs(address, "/costs"),
        "totals": totals,
        "plan": reading.plan,
        "breakdown": breakdown(address, by, items, totals, (groups, _MOST)),
        "waste": waste_rows(address, totals),
        "retries": address.link(retries=None if retries else "yes"),
        "with_retries": retries,
        "single_calls": calls_link(address),
        "chart": _over_time(parts, reader, asked),
    }


def _totals(reading: CostReading) -> CostItem:
    return items_of(reading.totals.rows())[0]


def _over_time(parts: WebParts, reader: CostReader, asked: Question) -> Any:
    interval = interval_of(asked.days)
    reading = reader.read(CostQuery(asked.calls, (), interval), with_caching=False)
    return costs_chart(parts.drawing, items_of(reading.columns.rows()), interval)
