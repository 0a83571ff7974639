"""The OpenAPI document: what FastAPI knows of the routes, and the problems that the walls around them answer with."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.problems import ProblemDocument, problem_description

_ALWAYS = {
    400: "Not possible as things are; the detail says why",
    401: "No key, or one that is not known",
    403: "The key may not do this",
    422: "A parameter does not fit, or the question is too large",
    429: "Too many requests; come again after `Retry-After` seconds",
    503: "The store does not answer, or too many requests are in work; come again after `Retry-After` seconds",
    504: "There was no answer in time; ask for less",
}
"""Of every route that needs a key."""
_WITH_BODY = {413: "The body is larger than WATCHKEEPER_API_MAX_BODY_BYTES"}
_WITH_PLACE = {404: "There is nothing of that name"}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_WAITS = (429, 503)


def described(document: dict[str, Any]) -> dict[str, Any]:
    """``document`` with every problem that a guarded operation may answer; what a route states itself stays."""
    for operation in _operations(document):
        if "security" in operation:
            responses = operation["responses"]
            # FastAPI's own description of 422 is of errors in its form, not in ours.
            responses.pop("422", None)
            for status, what in _problems(operation).items():
                responses.setdefault(str(status), _response(status, what))
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["ProblemDocument"] = ProblemDocument.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return document


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def _problems(operation: Mapping[str, Any]) -> dict[int, str]:
    has_place = any(parameter["in"] == "path" for parameter in operation.get("parameters", ()))
    return {
        **_ALWAYS,
        **(_WITH_BODY if "requestBody" in operation else {}),
        **(_WITH_PLACE if has_place else {}),
    }


def _response(status: int, what: str) -> dict[str, Any]:
    answer = problem_description(what)
    return {**answer, "headers": _RETRY_AFTER} if status in _WAITS else answer
