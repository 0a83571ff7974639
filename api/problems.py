"""Errors as ``application/problem+json`` (RFC 9457): what is wrong, where, and what to do."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.walls.headers import add_headers
from watchkeeper.errors import QueryOverLimit, StoreRejected, Transient, WatchkeeperError


class Problem(WatchkeeperError):
    """An answer that is an error: a status, a title, and what the client can do."""

    def __init__(self, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{title}: {detail}")
        self.headers = headers
        self.status = status
        self.title = title
        self.detail = detail


PROBLEM_SCHEMA: Mapping[str, str] = {"$ref": "#/components/schemas/ProblemDocument"}


class ProblemDocument(BaseModel):
    """What every error is answered with."""

    type: str
    status: int
    title: str
    detail: str = Field(description="What is wrong, where, and what to do.")


def problem_description(what: str) -> dict[str, Any]:
    """For the ``responses`` of a route: a problem that it answers with besides those of :mod:`api.openapi`."""
    return {"description": what, "content": {"application/problem+json": {"schema": PROBLEM_SCHEMA}}}


def problem_response(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """One problem document; 503 carries Retry-After, 401 the scheme that is asked for."""
    headers = headers or {503: {"Retry-After": "5"}, 401: {"WWW-Authenticate": "Bearer"}}.get(status)
    document = {"type": "about:blank", "status": status, "title": title, "detail": detail}
    return JSONResponse(document, status, headers, media_type="application/problem+json")


async def on_problem(_: Request, error: Exception) -> JSONResponse:
    """Our own errors."""
    if isinstance(error, Problem):
        return problem_response(error.status, error.title, error.detail, error.headers)
    if isinstance(error, QueryOverLimit):
        status, title = (504, "Took too long") if error.limit == "time" else (422, "Too much at once")
        return problem_response(status, title, f"{error}.")
    if isinstance(error, Transient):
        return problem_response(503, "The store does not answer", f"{error}. Try again in a few seconds.")
    if isinstance(error, StoreRejected):
        return problem_response(500, "The store refused the query", "The log of the API says why.")
    return problem_response(400, "Not possible", str(error))


async def on_defect(_: Request, __: Exception) -> JSONResponse:
    """What nobody foresaw."""
    answer = problem_response(500, "A defect of Watchkeeper", "The log of the API says more; please report it.")
    add_headers(answer.headers)
    return answer


async def on_invalid(_: Request, error: Exception) -> JSONResponse:
    """Parameters that do not fit; names each with its place."""
    details = error.errors() if isinstance(error, RequestValidationError) else []
    places = "; ".join(f"{'.'.join(str(part) for part in d['loc'])}: {d['msg']}" for d in details)
    return problem_response(422, "A parameter does not fit", f"{places}. /docs describes every parameter.")


async def on_http(_: Request, error: Exception) -> JSONResponse:
    """Unknown paths and methods."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    title = {404: "No such page", 405: "Not this method"}.get(status, "Not possible")
    # With the headers of the error: 405 names the methods that are allowed.
    return problem_response(status, title, "/docs lists what there is.", getattr(error, "headers", None))
