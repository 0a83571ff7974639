"""Query parameters that a route does not have are refused: a misspelt filter must not be silently ignored."""

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.problems import Problem


def _names(dependant: Dependant) -> Iterator[str]:
    """Of its own query parameters and those of its dependencies."""
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _names(inner)


def known_only(request: Request) -> None:
    """Refuse (422) a query parameter that the route does not have. The application asks it of every route of /v1."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not route.path.startswith("/v1/"):
        return
    names = sorted(_names(route.dependant))
    if unknown := sorted(set(request.query_params).difference(names)):
        shown = ", ".join(repr(name[:40]) for name in unknown[:5])
        there = f"there are {', '.join(names)}" if names else "this route has none"
        raise Problem(422, "A parameter does not fit", f"there is no parameter {shown}; {there}.")
