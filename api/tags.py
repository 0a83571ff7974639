"""ETags of answers (RFC 9110, 8.8.3): what is known and unchanged is not sent again."""

from pydantic import BaseModel
from starlette.responses import Response


def tags(header: str) -> list[str]:
    """Those that an ``If-Match`` or ``If-None-Match`` names; weak ones as if they were not."""
    return [word.strip().removeprefix("W/") for word in header.split(",")]


def tag_fits(header: str | None, tag: str) -> bool:
    """Does an ``If-None-Match`` (RFC 9110, 13.1.2) name ``tag``?"""
    return header is not None and any(word in ("*", tag) for word in tags(header))


def tag_headers(tag: str) -> dict[str, str]:
    """Headers of an answer with ``tag``."""
    # Kept, but never used without asking.
    return {"ETag": tag, "Cache-Control": "no-cache"}


def tagged(answer: BaseModel, tag: str) -> Response:
    """``answer`` with its tag."""
    return Response(answer.model_dump_json(), media_type="application/json", headers=tag_headers(tag))


def unchanged(tag: str) -> Response:
    """304: what is known is still so."""
    return Response(status_code=304, headers=tag_headers(tag))
