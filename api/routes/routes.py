"""``/v1/routes``: which models serve a route, to be followed, set and exported.

A route's name may hold slashes, so that it is the rest of the path; what comes behind one, ``/export`` here and what
other modules add, is found first. A route whose name ends like that is read with ``GET /v1/routes?route=NAME``.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from api.access import Caller, Scope, require
from api.answers.tabular import RESPONSES, Form, Wanted, respond, table_of
from api.problems import Problem, problem_description
from api.routing.change import Change, set_weights
from api.routing.export import ExportedFile, export
from api.routing.items import route_tag, routes_tag, weights_item
from api.routing.models import RouteItem, RoutesAnswer, WeightsBody
from api.routing.reader import Chosen, RouteReader
from api.routing.watch import WaitLimits, Weights, WeightsWatch
from api.tags import tag_fits, tag_headers, tagged, unchanged
from watchkeeper.choices import ExportForm
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store

NOTES_HEADER = "Watchkeeper-Notes"
_MOST_NOTES_BYTES = 4_000
_MOST_WAIT_S = 60.0
_LONGEST_WAIT_S = 24.0
"""Proxies between us and a client often end what is silent for half a minute."""
_MOST_NAMED = 100

_READER = Depends(require(Scope.READ))
Writer = Annotated[Caller, Depends(require(Scope.OPERATE))]
Route = Annotated[str, Path(description="Name of the route; may hold slashes.", min_length=1, max_length=300)]
NewRoute = Annotated[
    str,
    Path(
        description="Name of the route; may hold slashes, no control characters.",
        min_length=1,
        max_length=300,
        pattern=r"^[^\x00-\x1F\x7F]+$",
    ),
]
Named = Annotated[
    list[Annotated[str, Query(max_length=300)]],
    Query(alias="route", max_length=_MOST_NAMED, description="Only these; repeated."),
]
IfNoneMatch = Annotated[
    str | None, Header(max_length=500, description="The ETag that is known: 304 where nothing changed.")
]
Wait = Annotated[
    float,
    Query(
        ge=0,
        le=_MOST_WAIT_S,
        description="With `If-None-Match`: seconds to wait for a change; 24 at most, less where "
        "WATCHKEEPER_API_TIMEOUT_S is below 30.",
    ),
]
WithObserved = Annotated[bool, Query(description="Routes without weights, too, as their calls of the last week are.")]
_TAG = {"ETag": {"description": "Changes with the weights.", "schema": {"type": "string"}}}
_SAME: dict[int | str, dict[str, Any]] = {
    200: {"headers": _TAG},
    304: {"description": "As it was", "headers": _TAG},
    503: {
        **problem_description("The store does not answer, too many requests are in work, or too many wait"),
        "headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
    },
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {"application/json": {}, "text/plain": {}},
        "headers": {
            NOTES_HEADER: {"description": "What to look at: a JSON list of texts.", "schema": {"type": "string"}}
        },
    }
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    409: problem_description("A migration is under way, somebody else was faster, or there are too many routes"),
    412: problem_description("The weights are no longer those of `If-Match`"),
}


@dataclass(frozen=True, slots=True)
class RoutingParts:
    """What the routes are made of."""

    reader: Store
    writer: Store
    clock: Clock
    closing: threading.Event
    """Set when the server is about to end: those who wait are answered first."""
    limits: WaitLimits = WaitLimits()


def wait_limits(read_s: float) -> WaitLimits:
    """Bounds of waiting where an answer has to begin within ``read_s``."""
    return WaitLimits(longest_s=min(_LONGEST_WAIT_S, read_s * 0.8))


def router(parts: RoutingParts) -> APIRouter:
    """The routes; to be added after those of other modules below ``/v1/routes/{route}/``."""
    routes = APIRouter(prefix="/v1/routes", tags=["routes"])
    desk = _Desk(WeightsWatch(parts.reader, parts.closing, parts.limits), RouteReader(parts.reader, parts.clock))
    _add_listing(routes, desk)
    _add_exports(routes, desk)
    _add_one(routes, desk)
    _add_setting(routes, parts)
    return routes


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the routes do."""

    watch: WeightsWatch
    routes: RouteReader

    async def chosen(self, chosen: Chosen) -> list[RouteItem]:
        """The chosen routes as they are now."""
        return await self.routes.items(await self.watch.current(), chosen)

    async def changed(
        self, request: Request, seconds: float, chosen: Chosen, seen: Sequence[RouteItem]
    ) -> list[RouteItem]:
        """The chosen routes once their versions are no longer those ``seen``, or time is up."""
        versions = {item.route: item.version for item in seen if item.version}

        def is_same(weights: Weights) -> bool:
            return versions == {
                route: one.version for route, one in weights.items() if not chosen.routes or route in chosen.routes
            }

        return await self.routes.items(await self.watch.changed(request, seconds, is_same), chosen)

    async def one(self, route: str) -> RouteItem:
        """One route. Raises :class:`Problem` 404 where nothing is known of it."""
        return _only(await self.chosen(Chosen(frozenset({route}))), route)


def _add_listing(routes: APIRouter, desk: _Desk) -> None:
    @routes.get(
        "",
        summary="All routes and the models that serve them",
        response_model=RoutesAnswer,
        responses={**RESPONSES, **_SAME, 200: {**RESPONSES[200], **_SAME[200]}},
        dependencies=[_READER],
    )
    async def listing(
        request: Request,
        form: Wanted,
        named: Named = [],  # noqa: B006  FastAPI copies it
        observed: WithObserved = True,
        wait: Wait = 0.0,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
        if_none_match: IfNoneMatch = None,
    ) -> Response:
        """`wait` ends with a change of the weights of one of the routes; what is observed is read anew then."""
        chosen = Chosen(frozenset(named), observed)
        items = await desk.chosen(chosen)
        if wait and tag_fits(if_none_match, routes_tag(items)):
            items = await desk.changed(request, wait, chosen, items)
        tag = routes_tag(items)
        if tag_fits(if_none_match, tag):
            return unchanged(tag)
        answer = RoutesAnswer(rows=items[:limit], complete=len(items) <= limit)
        if form is Form.JSON:
            return tagged(answer, tag)
        response = respond(answer, table_of(RouteItem, answer.rows), form)
        response.headers.update(tag_headers(tag))
        return response


def _add_exports(routes: APIRouter, desk: _Desk) -> None:
    form = Query(alias="format", description="Whose form.")

    @routes.get("/export", summary="All routes as another router reads them", responses=_FILE, dependencies=[_READER])
    async def export_all(
        form: Annotated[ExportForm, form] = ExportForm.LITELLM,
        named: Named = [],  # noqa: B006  FastAPI copies it
        observed: WithObserved = False,
    ) -> Response:
        """Keys are names of environment variables."""
        return _file(export(await desk.chosen(Chosen(frozenset(named), observed)), form))

    @routes.get(
        "/{route:path}/export",
        summary="One route as another router reads it",
        responses=_FILE,
        dependencies=[_READER],
    )
    async def export_one(route: Route, form: Annotated[ExportForm, form] = ExportForm.LITELLM) -> Response:
        """Keys are names of environment variables."""
        return _file(export([await desk.one(route)], form))


def _add_one(routes: APIRouter, desk: _Desk) -> None:
    @routes.get(
        "/{route:path}",
        summary="The models that serve a route",
        response_model=RouteItem,
        responses=_SAME,
        dependencies=[_READER],
    )
    async def one(request: Request, route: Route, wait: Wait = 0.0, if_none_match: IfNoneMatch = None) -> Response:
        """The ETag is the version. With `wait` it is answered as soon as the version is another one."""
        item = await desk.one(route)
        if wait and tag_fits(if_none_match, route_tag(item)):
            chosen = Chosen(frozenset({route}))
            item = _only(await desk.changed(request, wait, chosen, [item]), route)
        tag = route_tag(item)
        return unchanged(tag) if tag_fits(if_none_match, tag) else tagged(item, tag)


def _add_setting(routes: APIRouter, parts: RoutingParts) -> None:
    @routes.put(
        "/{route:path}",
        summary="Set the weights of a route by hand",
        response_model=RouteItem,
        responses={200: {"headers": _TAG}, **_REFUSED},
    )
    def put(
        route: NewRoute,
        body: WeightsBody,
        caller: Writer,
        if_match: Annotated[
            str | None, Header(max_length=500, description="The ETag that was seen: 412 where it is another one now.")
        ] = None,
        force: Annotated[bool, Query(description="Also while a migration sets them.")] = False,
    ) -> Response:
        """The whole weights, whatever they were before; the same again change nothing."""
        made = weights_item(set_weights(parts.writer, parts.clock, Change(route, body, caller, if_match, force)))
        return tagged(made, route_tag(made))


def _only(items: Sequence[RouteItem], route: str) -> RouteItem:
    if not items:
        raise Problem(
            404,
            "No such route",
            f"{route!r:.120} has neither weights nor calls of the last week: GET /v1/routes lists those that have, "
            "PUT sets weights.",
        )
    return items[0]


def _file(made: ExportedFile) -> Response:
    headers = {NOTES_HEADER: _notes(made.notes)} if made.notes else {}
    return Response(made.text, media_type=made.media_type, headers=headers)


def _notes(notes: Sequence[str]) -> str:
    """As many as a header holds."""
    for count in range(len(notes), 0, -1):
        more = [f"{len(notes) - count} more"] if count < len(notes) else []
        told = json.dumps([*notes[:count], *more])
        if len(told) <= _MOST_NOTES_BYTES:
            return told
    return json.dumps([f"{len(notes)} notes, too long to tell"])
