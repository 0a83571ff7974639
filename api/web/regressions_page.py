"""``/regressions``: what was found, narrowed by a form."""

from typing import Annotated, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access import Scope
from api.routes.regressions import Chosen, Kind, list_regressions
from api.web.doors import Visit, visiting
from api.web.parts import WebParts
from api.web.wording import place, what

Reader = Annotated[Visit, Depends(visiting(Scope.READ))]
_PAGE = 50
_CHOICES = {
    "state": ("open", "recovering", "closed"),
    "severity": ("page", "notice"),
    "kind": tuple(kind for kind in get_args(Kind) if kind),
}
_WORDS = ("provider", "model", "service", "route")


def router(parts: WebParts) -> APIRouter:
    """The page."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/regressions")
    def regressions(
        request: Request,
        visit: Reader,
        chosen: Annotated[Chosen, Depends()],
        cursor: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        found = list_regressions(parts.reader, chosen, _PAGE, cursor)
        given = {name: getattr(chosen, name) for name in (*_CHOICES, *_WORDS) if getattr(chosen, name)}
        following = urlencode({**given, "cursor": found.next_cursor}) if found.next_cursor else ""
        return parts.renderer.page(
            request,
            "regressions.html",
            rows=found.rows,
            what=what,
            place=place,
            choices=_CHOICES,
            words=_WORDS,
            given=given,
            following=following,
            further=bool(cursor),
        )

    return routes
