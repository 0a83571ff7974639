"""Puts the pages into the application: routes, files, logins, and what happens to whoever is not known."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import URL

from api.auth import Access
from api.problems import on_defect
from api.walls.access import AccessRates
from api.walls.headers import add_headers
from api.web import (
    advice_page,
    calls_page,
    cost_drivers_page,
    cost_forecast_page,
    costs_page,
    doctor_page,
    login,
    migrations_page,
    overview_page,
    regression_page,
    regressions_page,
    what_if_page,
)
from api.web.doors import Doors, LoginNeeded
from api.web.error_wall import ErrorWall, is_for_people
from api.web.parts import WebParts
from api.web.places import place_of
from api.web.rendering import ASSETS, PAGE_HEADERS, Renderer

_COSTS = (costs_page, cost_drivers_page, cost_forecast_page, what_if_page)
_PLANS = (advice_page, migrations_page, calls_page, doctor_page)
_KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
_AGAIN = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Watchkeeper</title>
<meta http-equiv="refresh" content="0"></head><body><p><a href="">Go on to Watchkeeper</a></p></body></html>"""


def add_pages(app: FastAPI, parts: WebParts, access: Access, rates: AccessRates) -> None:
    """Mount the pages at ``/``; all other routes are there already. ``app`` has its walls already."""
    app.state.doors = Doors(access, rates, parts.clock)
    app.add_exception_handler(LoginNeeded, _to_login)
    app.add_middleware(ErrorWall, renderer=parts.renderer)
    _add_defects(app, parts.renderer)
    for page in (login, overview_page, regressions_page, regression_page, *_COSTS, *_PLANS):
        app.include_router(page.router(parts))
    app.include_router(_static(parts))


def _add_defects(app: FastAPI, renderer: Renderer) -> None:
    """What nobody foresaw is answered outside of all walls."""

    async def defect(request: Request, error: Exception) -> Response:
        answer = await on_defect(request, error)
        if not is_for_people(request.scope):
            return answer
        page = renderer.page(request, "error.html", answer.status_code, problem=orjson.loads(bytes(answer.body)))
        add_headers(page.headers)
        return page

    app.add_exception_handler(Exception, defect)


def _static(parts: WebParts) -> APIRouter:
    routes = APIRouter(prefix="/static", include_in_schema=False)
    for name, media_type in ASSETS.items():
        _add_file(routes, parts, name, media_type)
    return routes


def _add_file(routes: APIRouter, parts: WebParts, name: str, media_type: str) -> None:
    body = parts.renderer.assets[name]

    @routes.get(f"/{parts.renderer.digests[name]}/{name}")
    async def asset() -> Response:
        return Response(body, headers=_KEPT, media_type=media_type)


def _to_login(request: Request, _: Exception) -> Response:
    if request.method not in ("GET", "HEAD"):
        return RedirectResponse("/login", 303)
    if request.headers.get("sec-fetch-site") == "cross-site":
        # Browsers keep the session's cookie back from whoever comes by a link of another site, such as a chat; asked
        # again from here, they send it.
        return HTMLResponse(_AGAIN, headers=PAGE_HEADERS)
    place = place_of(request.scope)
    query: Mapping[str, Any] = {"next": place} if place != "/" else {}
    return RedirectResponse(str(URL("/login").include_query_params(**query)), 303)
