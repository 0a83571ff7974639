"""Query parameters that a route does not have are refused: a misspelt filter must not be silently ignored."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.problems import Problem


def _names(dependant: Dependant) -> Iterator[str]:
    """Of its own query parameters and those of its dependencies."""
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _names(inner)


def _known(request: Request) -> None:
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    names = sorted(_names(route.dependant))
    if unknown := sorted(set(request.query_params).difference(names)):
        shown = ", ".join(repr(name[:40]) for name in unknown[:5])
        raise Problem(422, "A parameter does not fit", f"there is no parameter {shown}; there are {', '.join(names)}.")


KnownOnly = Annotated[None, Depends(_known)]
"""A parameter of a route that refuses query parameters it does not have."""
