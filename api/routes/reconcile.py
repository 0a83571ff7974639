"""``POST /v1/costs/reconcile``: a provider's export of usage or cost against stored calls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool

from api.access import Scope, require
from api.answers.tabular import RESPONSES, Form, Wanted, respond, table_of
from api.bounds import Bounds
from api.filters import Chosen
from api.problems import Problem
from api.reconciling.answer import Bill, balanced_models, reconcile_answer
from api.reconciling.export import MOST_ROWS, Export
from api.reconciling.match import Cell, cells, day_of, is_of
from api.reconciling.models import ReconcileAnswer, ReconcileRow
from api.reconciling.read import FORMS, read_export
from api.reconciling.reasons import Circumstances, Tolerance
from watchkeeper.clock import Clock
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_source import kept_since
from watchkeeper.storage.provider_usage import ServedFacts, rollup_for, served_facts, stored_usage

_DAY = timedelta(days=1)
_MEDIA = ("application/json", "text/csv", "application/octet-stream")
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"The file as the provider gave it. {FORMS}.",
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in _MEDIA},
    }
}


@dataclass(frozen=True)
class Comparing:
    """A dependency: how the comparison is made."""

    chosen: Annotated[Chosen, Depends()]
    provider: Annotated[
        Literal["", "openai", "anthropic"], Query(alias="export_of", description="Refuse another one's export.")
    ] = ""
    tolerance: Annotated[
        Decimal, Query(ge=0, le=1, max_digits=9, description="Part of the larger number that may differ.")
    ] = Decimal("0.01")
    tolerance_usd: Annotated[
        Decimal, Query(ge=0, le=1_000_000, max_digits=15, description="Dollars that a day of a model may differ by.")
    ] = Decimal("0.01")
    limit: Annotated[int, Query(ge=1, le=10_000, description="Rows listed in JSON; tables hold all.")] = 200


def router(store: Store, clock: Clock, bounds: Bounds) -> APIRouter:
    """The route over ``store``."""
    routes = APIRouter(prefix="/v1/costs", tags=["costs"], dependencies=[Depends(require(Scope.READ))])

    @routes.post(
        "/reconcile",
        summary="A provider's usage or cost export against stored calls",
        response_model=ReconcileAnswer,
        responses={**RESPONSES},
        openapi_extra=_BODY,
    )
    async def reconcile(request: Request, comparing: Annotated[Comparing, Depends()], form: Wanted) -> Any:
        """Differences by day and model, each with its likely reason, and a verdict; nothing is stored.

        See docs/reconcile.md.

        The filters choose stored calls, for an export of one project: `environment`, `service`, `route`, `model`, ….
        """
        content = await request.body()
        # The file may be large and the store takes its time: neither may hold up other requests.
        answer = await run_in_threadpool(_reconciled, _Desk(store, clock, bounds, comparing), content, form)
        if form is Form.JSON:
            return answer
        # What goes along with a table has to fit into a header.
        short = answer.model_copy(update={"reasons": [], "notes": [], "other_items": []})
        return respond(short, table_of(ReconcileRow, answer.rows), form)

    return routes


@dataclass(frozen=True, slots=True)
class _Desk:
    store: Store
    clock: Clock
    bounds: Bounds
    comparing: Comparing


def _reconciled(desk: _Desk, content: bytes, form: Form) -> ReconcileAnswer:
    comparing = desk.comparing
    export = read_export(content, comparing.provider)
    begin = day_of(min(export.buckets), export.day_offset)
    end = day_of(max(export.buckets), export.day_offset) + _DAY
    desk.bounds.check_period(begin, end)
    chosen = comparing.chosen.within((begin, end))
    if not chosen.fits_rollups():
        raise Problem(
            422,
            "A parameter does not fit",
            "bills are compared with hourly sums: filter on service, environment, route, provider or model only.",
        )
    both = _both_sides(desk.store, chosen, export)
    around = _circumstances(desk, chosen, export, both)
    return reconcile_answer(Bill(export, both, around), comparing.limit if form is Form.JSON else MOST_ROWS)


def _both_sides(store: Store, chosen: CallFilter, export: Export) -> list[Cell]:
    usage = stored_usage(store, chosen, export.day_offset)
    return cells(export, [row for row in usage if is_of(row, export.provider)])


def _circumstances(desk: _Desk, chosen: CallFilter, export: Export, both: Sequence[Cell]) -> Circumstances:
    now, tolerance = desk.clock.now(), Tolerance(desk.comparing.tolerance, desk.comparing.tolerance_usd)
    kept = kept_since(desk.store, now)
    around = Circumstances(
        tolerance=tolerance,
        now=now,
        last_day=day_of(max(export.buckets), export.day_offset),
        complete_since=kept.get(rollup_for(export.day_offset)),
        balanced=balanced_models(both, tolerance),
    )
    if all(tolerance.agrees(cell.theirs, cell.ours) for cell in both):
        return around
    facts = _facts(desk.store, chosen, kept.get("calls"))
    return replace(
        around,
        repeated={one.model: one.repeated_answers for one in facts},
        tiers={one.model: one.tiers for one in facts},
    )


def _facts(store: Store, chosen: CallFilter, kept: datetime | None) -> list[ServedFacts]:
    """Of the part of the period whose single calls are kept."""
    begin = max(chosen.begin, kept) if kept is not None else chosen.begin
    return served_facts(store, replace(chosen, begin=begin)) if begin < chosen.end else []
