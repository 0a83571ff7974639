"""Forms that pages post: read within bounds, checked to be ours, and open only to whoever may do what they do."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from fastapi import Request

from api.access import Scope, require
from api.problems import Problem
from api.web.doors import Visit, check_own_site, check_token, doors_of

TOKEN = "csrf"
_MOST_FIELDS = 100
_MOST_BYTES = 64 * 1024
_URLENCODED = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was sent."""

    visit: Visit
    fields: Mapping[str, str]
    """By name; of a repeated one the last."""

    def text(self, name: str, most: int = 2_000) -> str:
        """The field without white space around it; empty where it is missing. Raises :class:`Problem` (422) beyond
        ``most`` characters and for control characters.
        """
        found = self.fields.get(name, "").strip().replace("\r\n", "\n")
        if len(found) > most:
            raise Problem(422, "A field does not fit", f"{name} has {len(found):,} characters: write at most {most:,}.")
        if any(ord(letter) < 32 and letter not in "\n\t" or letter == "\x7f" for letter in found):
            raise Problem(422, "A field does not fit", f"{name} holds control characters: write plain text.")
        return found


class Posting:
    """The dependency that :func:`posting` makes."""

    def __init__(self, scope: Scope, *, scoped: bool) -> None:
        self._require = require(scope, scoped=scoped)

    async def __call__(self, request: Request) -> Form:
        check_own_site(request)
        visit = doors_of(request).visit(request)
        request.state.visit = visit
        fields = await read_fields(request)
        check_token(visit, fields.get(TOKEN, ""))
        # Last: only what its sender meant to send is recorded under their name.
        await self._require(request, None)
        return Form(visit, fields)


def posting(scope: Scope, *, scoped: bool = False) -> Posting:
    """A dependency that returns the :class:`Form` that somebody with ``scope`` sent from a page of ours.

    A request with a scope beyond ``read`` is written to the audit log. Raises :class:`~api.web.doors.LoginNeeded`,
    and :class:`Problem` 403 without right or token, 413, 415 and 422 for what is no such form.
    """
    return Posting(scope, scoped=scoped)


async def read_fields(request: Request) -> Mapping[str, str]:
    """The fields of a URL-encoded body. Raises :class:`Problem` for another type, a large or a broken one."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _URLENCODED:
        raise Problem(415, "Not a form", f"Send {_URLENCODED}; scripts use the API under /v1.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise Problem(413, "Too large", f"A form may have {_MOST_BYTES:,} bytes: write less.")
    try:
        return dict(
            parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        )
    except ValueError:
        raise Problem(422, "Not a form", "The body is no URL-encoded form of UTF-8 text.") from None
