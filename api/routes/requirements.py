"""``/v1/routes/{route}/requirements``: what a route needs of its model, stated or inferred."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response

from api.access import Caller, Scope, require
from api.problems import Problem, problem_description
from api.requirements.book import RequirementsBook, Stated
from api.requirements.inferring import needs_of
from api.requirements.models import Requirements, RequirementsAnswer
from watchkeeper.clock import Clock
from watchkeeper.storage import route_weights
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_profile import RouteArm, current_arm, route_arms

# A route is of all tenants, so whoever sees one tenant alone neither sees nor states what it needs.
Reader = Annotated[Caller, Depends(require(Scope.READ))]
Writer = Annotated[Caller, Depends(require(Scope.OPERATE))]
Route = Annotated[
    str,
    Path(description="As calls name it; it may hold slashes.", pattern=r"^[^\x00-\x1f\x7f]+$", max_length=256),
]
Responses = dict[int | str, dict[str, Any]]
_SEEN = timedelta(days=30)
_IN_FILE: Responses = {409: problem_description("The requirements file states this route.")}


def router(reader: Store, clock: Clock, book: RequirementsBook) -> APIRouter:
    """The routes. Include them before ``/v1/routes/{route}``, which would take their paths for a route's name."""
    routes = APIRouter(prefix="/v1/routes", tags=["routes"])
    desk = _Desk(reader, clock, book)

    @routes.get("/{route:path}/requirements", summary="What a route needs of its model, stated or inferred")
    def show(route: Route, _: Reader) -> RequirementsAnswer:
        """Inferred from the calls of the last 30 days to the model of now."""
        return desk.answer(route, must_exist=True)

    @routes.put(
        "/{route:path}/requirements",
        summary="State what a route needs, as a whole; what is left out is inferred",
        responses=_IN_FILE,
    )
    def put(route: Route, body: Requirements, caller: Writer) -> RequirementsAnswer:
        book.put(route, body, caller.name)
        return desk.answer(route, must_exist=False)

    @routes.delete(
        "/{route:path}/requirements",
        summary="Take back what was stated of a route; all of it is inferred then",
        status_code=204,
        responses=_IN_FILE,
    )
    def delete(route: Route, caller: Writer) -> Response:
        book.remove(route, caller.name)
        return Response(status_code=204)

    return routes


class _Desk:
    """What the routes do."""

    def __init__(self, reader: Store, clock: Clock, book: RequirementsBook) -> None:
        self._reader, self._clock, self._book = reader, clock, book

    def answer(self, route: str, *, must_exist: bool) -> RequirementsAnswer:
        """Raises :class:`Problem` 404 where the route is neither called nor stated and ``must_exist``."""
        stated, now = self._book.find(route), self._clock.now()
        arm = self._arm(route)
        if stated is None and arm is None and must_exist:
            raise Problem(
                404,
                "No such route",
                "No call of the last 30 days has this route, and nothing is stated of it: "
                "GET /v1/health?by=route lists routes, PUT states what this one needs.",
            )
        needs = needs_of(stated.requirements if stated else None, arm, now)
        return RequirementsAnswer(route=route, fields=needs.fields(), **_origin(stated))

    def _arm(self, route: str) -> RouteArm | None:
        now = self._clock.now()
        arms = route_arms(self._reader, CallFilter(now - _SEEN, now, route=(route,)))
        return current_arm(arms, route_weights.read(self._reader, route))


def _origin(stated: Stated | None) -> dict[str, Any]:
    version = stated.version if stated else None
    return {
        "stated": stated.requirements if stated else None,
        "source": None if stated is None else "file" if version is None else "api",
        "version": version.version if version else None,
        "changed_by": version.changed_by if version else None,
        "changed_at": version.changed_at if version else None,
    }
