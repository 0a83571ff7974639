"""``/costs/forecast``: what will have been spent by the end of the month, and how budgets stand."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from api.access import Caller, Scope
from api.budgets.models import BudgetsAnswer
from api.costs.reader import CostReader
from api.filters import Chosen
from api.kept import Kept
from api.routes.budgets import BudgetDesk
from api.routes.forecast import forecast_answer, next_month
from api.web.address import Address
from api.web.asking import answered
from api.web.cost_tabs import cost_tabs
from api.web.costs_breakdown import items_of
from api.web.doors import Visit, visiting
from api.web.filters_shown import FILTERS, PERIOD, chips
from api.web.forecast_chart import forecast_chart
from api.web.parts import WebParts
from watchkeeper.forecasting.spending import outlook
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.cost_plan import CostQuery, Interval
from watchkeeper.time_zone import midnight

Reader = Annotated[Visit, Depends(visiting(Scope.READ, scoped=True))]
_UTC = ZoneInfo("UTC")
_MOST_BUDGETS = 20
"""Each takes a forecast of its own."""
_FRESH_S = 30.0


def router(parts: WebParts) -> APIRouter:
    """The page."""
    routes = APIRouter(include_in_schema=False)
    months = _Months(parts)

    @routes.get("/costs/forecast")
    def forecast(request: Request, visit: Reader) -> Response:
        def page(address: Address) -> Response:
            # The period of the other pages about costs is carried along; a forecast has its own.
            address.check_known((*FILTERS, *PERIOD))
            return parts.renderer.page(request, "costs_forecast.html", **months.shown(address, visit.caller))

        return answered(parts, request, "Forecast and budgets", page)

    return routes


class _Months:
    """What the page shows; of each question for a moment the same."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts
        self._costs = CostReader(parts.reader, parts.clock, parts.bounds.max_rows)
        self._budgets = BudgetDesk(parts.reader, parts.store, parts.clock)
        self._kept: Kept[dict[str, Any]] = Kept(parts.clock, _FRESH_S, most=16)
        # The same whatever filters are set, and what takes longest.
        self._standing: Kept[BudgetsAnswer] = Kept(parts.clock, _FRESH_S, most=16)

    def shown(self, address: Address, caller: Caller) -> dict[str, Any]:
        """Raises :class:`~api.problems.Problem` for filters that make no sense."""
        now = self._parts.clock.now()
        first = now.astimezone(UTC).date().replace(day=1)
        span = midnight(first, _UTC), midnight(next_month(first), _UTC)
        calls = address.read(Chosen).within(span, caller.tenants)
        found = self._kept.get((calls, caller.tenants), lambda: self._read(calls, now, caller))
        return {**found, "address": address, "tabs": cost_tabs(address, "/costs/forecast"), "chips": chips(address)}

    def _read(self, calls: CallFilter, now: datetime, caller: Caller) -> dict[str, Any]:
        answer = forecast_answer(outlook(self._parts.reader, calls, now, _UTC), _UTC)
        spent = self._costs.read(CostQuery(calls, (), Interval.DAY), with_caching=False)
        budgets = self._standing.get(
            caller.tenants, lambda: self._budgets.page(caller, _MOST_BUDGETS, "", with_status=True)
        )
        return {
            "answer": answer,
            "chart": forecast_chart(self._parts.drawing, answer, items_of(spent.columns.rows())),
            "budgets": budgets,
        }
