"""``/calls``: search single calls, a page at a time, and see all calls of one trace. Never what was said in them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from api.access import Scope
from api.calls.models import CallsAnswer
from api.filters import Chosen
from api.routes.calls import CallFinder, CallParts, CallsAsked, Sought
from api.web.address import Address
from api.web.asking import answered
from api.web.calls_shown import CALL_FIELDS, MORE_FIELDS, OUTCOME_MARKS, call_details, search_fields
from api.web.doors import Visit, visiting
from api.web.filters_shown import FILTERS, PERIOD, chips, periods
from api.web.parts import WebParts

Reader = Annotated[Visit, Depends(visiting(Scope.READ, scoped=True))]
TraceId = Annotated[str, Path(pattern="^[0-9a-fA-F]{32}$")]
_PERIOD = "24h"
_LISTED, _MOST = 50, 500


def router(parts: WebParts) -> APIRouter:
    """The pages."""
    routes = APIRouter(prefix="/calls", include_in_schema=False)
    finder = CallFinder(CallParts(parts.reader, parts.clock, parts.bounds))

    @routes.get("")
    def search(request: Request, visit: Reader) -> Response:
        def page(address: Address) -> Response:
            return parts.renderer.page(request, "calls.html", **_found(finder, address, visit.caller.tenants))

        return answered(parts, request, "Calls", page)

    @routes.get("/{trace_id}")
    def trace(request: Request, trace_id: TraceId, visit: Reader) -> Response:
        answer = finder.trace(trace_id, visit.caller.tenants)
        return parts.renderer.page(
            request,
            "trace.html",
            answer=answer,
            marks=OUTCOME_MARKS,
            details=[call_details(one) for one in answer.rows],
        )

    return routes


def _found(finder: CallFinder, address: Address, tenants: tuple[str, ...]) -> dict[str, Any]:
    address.check_known((*FILTERS, *PERIOD, *MORE_FIELDS, "limit", "cursor"))
    asked = CallsAsked(
        chosen=address.read(Chosen),
        sought=address.read(Sought),
        tenants=tenants,
        limit=address.whole("limit", _LISTED, _MOST),
        cursor=address.one("cursor"),
    )
    answer = finder.search(asked, address.one("period"), address.moment("start"), address.moment("end"))
    return {
        "answer": answer,
        "address": address,
        "fields": search_fields(address, CALL_FIELDS),
        "more_fields": search_fields(address, MORE_FIELDS),
        "is_narrowed": any(address.one(name) for name in MORE_FIELDS if name != "order"),
        "others": address.without((*CALL_FIELDS, *MORE_FIELDS, "cursor")),
        "chips": chips(address),
        "periods": periods(address, _PERIOD),
        "marks": OUTCOME_MARKS,
        "first": address.link(cursor=None) if address.one("cursor") else None,
        "following": _following(address, answer),
    }


def _following(address: Address, answer: CallsAnswer) -> str | None:
    return address.link(cursor=answer.next_cursor) if answer.next_cursor else None
