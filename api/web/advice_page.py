"""``/advice``: what is advised of each route, with the evidence, and everything that was considered for one of them."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.access import Scope
from api.advising.models import AdviceItem
from api.kept import Kept
from api.routes.advice import AdvicePage, AdviceParts, Asked, Assumptions, advice_page
from api.web.address import Address, validated
from api.web.advice_shown import LEVELS, STATUSES, change_rows, mark, requirement_rows
from api.web.asking import answered
from api.web.doors import Visit, visiting
from api.web.filters_shown import PERIOD, periods
from api.web.parts import WebParts
from watchkeeper.errors import WatchkeeperError

# Regressions are of all tenants, as in the route of the API.
Reader = Annotated[Visit, Depends(visiting(Scope.READ))]
_PERIOD = "30d"
_ROUTES = 10
_FRESH_S = 60.0
"""It rests on weeks of calls; what is open now is at most so old."""
_OWN = ("route", "cursor")


def router(parts: WebParts) -> APIRouter:
    """The page."""
    routes = APIRouter(include_in_schema=False)
    adviser = _Adviser(parts)

    @routes.get("/advice")
    def advice(request: Request, _: Reader) -> Response:
        def page(address: Address) -> Response:
            address.check_known((*PERIOD, *_OWN))
            if address.one("route"):
                return parts.renderer.page(request, "advice_route.html", **adviser.one(address))
            # As it is made: a route takes a second where there are many calls.
            return parts.renderer.stream(request, "advice.html", **adviser.all(address))

        return answered(parts, request, "Advice", page)

    return routes


class _Adviser:
    """What the page shows; of each route for a moment the same."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts
        self._kept: Kept[AdviceItem] = Kept(parts.clock, _FRESH_S, most=256)

    def all(self, address: Address) -> dict[str, Any]:
        """Routes, each advised when its turn comes. Raises :class:`~api.problems.Problem` (422)."""
        found = self._page(address)
        return {
            **_around(address, found),
            "items": self._items(address, found) if found else (),
            "following": _following(address, found),
        }

    def one(self, address: Address) -> dict[str, Any]:
        """One route. Raises :class:`~api.problems.Problem` (404, 422)."""
        found = self._page(address)
        # Without a catalogue there is no advice on any route, and the page says so.
        item = self._item(address, found, found.routes[0]) if found else None
        shown = (
            {"changes": change_rows(item.changes), "requirements": requirement_rows(item.requirements)} if item else {}
        )
        return {**_around(address, found), "item": item, "statuses": STATUSES, **shown}

    def _items(self, address: Address, found: AdvicePage) -> Iterator[tuple[str, AdviceItem | None, str]]:
        """Route, advice, and why there is none: by then the page has begun, and the other routes still come."""
        for route in found.routes:
            try:
                yield route, self._item(address, found, route), ""
            except WatchkeeperError as error:
                yield route, None, str(error)

    def _item(self, address: Address, found: AdvicePage, route: str) -> AdviceItem:
        period = tuple(address.one(name) for name in PERIOD)
        return self._kept.get((route, period, address.one("cursor")), lambda: found.item(route))

    def _page(self, address: Address) -> AdvicePage | None:
        parts = self._parts
        if parts.catalog is None:
            return None
        made = AdviceParts(parts.reader, parts.clock, parts.bounds, parts.catalog, parts.book)
        given = {
            "route": address.one("route"),
            "period": address.one("period"),
            "start": address.moment("start"),
            "end": address.moment("end"),
            "limit": _ROUTES,
            "cursor": address.one("cursor"),
        }
        return advice_page(made, validated(Asked, given), Assumptions().assumed())


def _around(address: Address, found: AdvicePage | None) -> dict[str, Any]:
    return {
        "found": found,
        "address": address,
        "periods": periods(address, _PERIOD),
        "mark": mark,
        "levels": LEVELS,
    }


def _following(address: Address, found: AdvicePage | None) -> str | None:
    if found is None or found.next_cursor is None:
        return None
    return address.link(cursor=found.next_cursor, period=None, start=None, end=None)
