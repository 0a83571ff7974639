"""Which form of an answer a client wants: ``?format=`` first, else the Accept header, else JSON."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from api.problems import Problem, ProblemDocument


class Form(StrEnum):
    """How an answer is written."""

    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"
    PARQUET = "parquet"


MEDIA_TYPES: Mapping[Form, str] = {
    Form.JSON: "application/json",
    Form.CSV: "text/csv",
    Form.ARROW: "application/vnd.apache.arrow.stream",
    Form.PARQUET: "application/vnd.apache.parquet",
}

RESPONSES: Mapping[int | str, dict[str, Any]] = {
    200: {
        "description": "The rows as JSON, or as a table in the form that was asked for",
        "content": {media: {} for form, media in MEDIA_TYPES.items() if form is not Form.JSON},
    },
    406: {
        "description": "None of the forms that the client accepts",
        "content": {"application/problem+json": {"schema": ProblemDocument.model_json_schema()}},
    },
}
"""Of every route that answers in these forms, for the OpenAPI document."""


def accepted(accept: str) -> Form | None:
    """The form that an Accept header (RFC 9110, 12.5.1) likes best; JSON without one; None where it takes none of ours.

    Of forms that are liked equally the first of :class:`Form` is taken.
    """
    if not accept.strip():
        return Form.JSON
    ranges = dict(_ranges(accept))
    liked = {form: _quality(media, ranges) for form, media in MEDIA_TYPES.items()}
    best = max(Form, key=lambda form: liked[form])
    return best if liked[best] > 0 else None


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        media, *parameters = (word.strip().lower() for word in part.split(";"))
        weights = [word.removeprefix("q=") for word in parameters if word.startswith("q=")]
        yield media, _weight(weights[0]) if weights else 1.0


def _weight(text: str) -> float:
    # A weight that is none is as good as not stated: no client means "not this" by it.
    return min(float(text), 1.0) if text.replace(".", "", 1).isdecimal() and text.isascii() else 1.0


def _quality(media: str, ranges: Mapping[str, float]) -> float:
    """The most specific range that covers ``media`` decides."""
    for name in (media, f"{media.split('/')[0]}/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0


def _wanted(
    request: Request,
    form: Annotated[Form | None, Query(alias="format", description="Goes before the Accept header.")] = None,
) -> Form:
    found = form or accepted(request.headers.get("accept", ""))
    if found is None:
        raise Problem(406, "Not in this form", f"Accept one of {', '.join(MEDIA_TYPES.values())}, or use ?format=.")
    return found


Wanted = Annotated[Form, Depends(_wanted)]
"""A parameter of a route: the form to answer in."""
