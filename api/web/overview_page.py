"""``/``: how each model fares, what is open, what is spent, and how fresh all of it is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.background import BackgroundTask

from api.access import Scope
from api.web.doors import Visit, visiting
from api.web.overview import OverviewReader
from api.web.parts import WebParts
from api.web.wording import plain

Reader = Annotated[Visit, Depends(visiting(Scope.READ, scoped=True))]


def router(parts: WebParts) -> APIRouter:
    """The page."""
    routes = APIRouter(include_in_schema=False)
    reader = OverviewReader(parts)

    @routes.get("/")
    def overview(request: Request, visit: Reader) -> Response:
        page = parts.renderer.page(request, "overview.html", seen=reader.read(visit.caller.tenants), plain=plain)
        # Whoever looks here opens a page with a chart next.
        page.background = BackgroundTask(parts.drawing.warm)
        return page

    return routes
