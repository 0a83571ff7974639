"""Login with a key of the API, logout, and the switch between light and dark."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.access import Scope
from api.problems import Problem
from api.web.doors import LoginNeeded, check_own_site, doors_of, is_secure
from api.web.forms import Form, posting, read_fields
from api.web.parts import WebParts
from api.web.places import own_place
from api.web.rendering import THEME_COOKIE, THEMES

_YEAR_S = 365 * 86_400
_LONGEST_KEY = 1_000


def router(parts: WebParts) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)
    _add_login(routes, parts)

    @routes.post("/logout")
    async def logout(request: Request, form: Annotated[Form, Depends(posting(Scope.READ, scoped=True))]) -> Response:
        response = RedirectResponse("/login", 303)
        doors_of(request).log_out(request, response, form.visit)
        return response

    @routes.post("/theme")
    async def theme(request: Request) -> Response:
        check_own_site(request)
        fields = await read_fields(request)
        if (chosen := fields.get("theme", "")) not in THEMES:
            raise Problem(422, "A field does not fit", f"theme is {chosen[:40]!r}: use {', '.join(THEMES)}.")
        response = RedirectResponse(own_place(fields.get("next", "")), 303)
        response.set_cookie(
            THEME_COOKIE, chosen, max_age=_YEAR_S, secure=is_secure(request), httponly=True, samesite="strict"
        )
        return response

    return routes


def _add_login(routes: APIRouter, parts: WebParts) -> None:
    @routes.get("/login")
    def login(request: Request, following: Annotated[str, Query(alias="next")] = "/") -> Response:
        place = own_place(following)
        try:
            request.state.visit = doors_of(request).visit(request)
        except LoginNeeded:
            return parts.renderer.page(request, "login.html", following=place, wrong="")
        return RedirectResponse(place, 303)

    @routes.post("/login")
    async def enter(request: Request) -> Response:
        check_own_site(request)
        fields = await read_fields(request)
        place = own_place(fields.get("next", ""))
        response = RedirectResponse(place, 303)
        caller = doors_of(request).log_in(request, response, fields.get("key", "")[:_LONGEST_KEY])
        wrong = "" if caller and caller.may(Scope.READ) else _WRONG[caller is not None]
        if wrong:
            return parts.renderer.page(request, "login.html", 403, following=place, wrong=wrong)
        return response


_WRONG = ("This key opens nothing here.", "This key may send calls but not read: use one with the scope read.")
